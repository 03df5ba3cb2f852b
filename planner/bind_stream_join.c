/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/stream_join.h"

#include <assert.h>
#include <string.h>

#include "core/limits.h"
#include "planner/bind_over.h"
#include "planner/lookup.h"
#include "planner/rowtime.h"
#include "planner/ttl.h"
#include "windows/window.h"

static const struct wr_span nowhere = {WR_NO_POSITION, 0};

/* ---- tables of reference */

bool wr_is_reference(const struct wr_binder *binder, const struct wr_tree_relation *relation)
{
  if (!binder->binding->kinesis || relation->kind != WR_TREE_TABLE || relation->table.as_of)
    return false;
  const struct wr_tree_name *name = &relation->table.name;
  for (const struct wr_common *common = binder->commons; common && name->parts.count == 1;
       common = common->outer)
    if (strcmp(common->tree->name->text, name->parts.items[0]->text) == 0)
      return false;
  const struct wr_object *object;
  struct wr_error err;
  wr_error_clear(&err);
  if (wr_catalogue_get(binder->catalogue, name, &object, &err) != WR_OK ||
      object->kind != WR_OBJECT_TABLE)
    return false;
  return object->table->time_column == UINT32_MAX && wr_table_is_bounded(object->table);
}

struct wr_tree_relation *wr_reference_turned(const struct wr_binder *binder,
                                             const struct wr_tree_relation *join)
{
  if (!wr_is_reference(binder, join->join.left) || wr_is_reference(binder, join->join.right))
    return NULL;
  struct wr_tree_relation *turned = WR_NEW(binder->arena, struct wr_tree_relation);
  *turned = *join;
  turned->join.left = join->join.right;
  turned->join.right = join->join.left;
  if (join->join.kind == WR_TREE_LEFT)
    turned->join.kind = WR_TREE_RIGHT;
  else if (join->join.kind == WR_TREE_RIGHT)
    turned->join.kind = WR_TREE_LEFT;
  return turned;
}

void wr_reference_turn_scope(struct wr_arena *arena, const struct wr_tree_relation *table,
                             struct wr_scope *scope)
{
  const struct wr_tree_identifiers *parts = &table->table.name.parts;
  const char *relation = table->alias ? table->alias->text : parts->items[parts->count - 1]->text;
  struct wr_scope_column *columns =
      WR_NEW_ARRAY(arena, struct wr_scope_column, scope->column_count);
  uint32_t next = 0;
  for (unsigned pass = 0; pass < 3; pass++) /* names of USING, the table, the stream */
    for (uint32_t i = 0; i < scope->column_count; i++) {
      const struct wr_scope_column *column = &scope->columns[i];
      bool is_merged = !column->relation && !column->hidden,
           is_table = column->relation && strcmp(column->relation, relation) == 0;
      if (pass == (is_merged ? 0u : is_table ? 1u : 2u))
        columns[next++] = *column;
    }
  scope->columns = columns;
}

/* ---- windows of streams */

struct side_window {
  struct wr_over_frame frame; /* RANGE CURRENT ROW if there is none */
  struct wr_span span;
};

static const struct wr_tree_window *side_find(const struct wr_tree_windows *windows,
                                              const struct wr_tree_identifier *name)
{
  for (uint32_t i = 0; windows && i < windows->count; i++)
    if (strcmp(windows->items[i]->name->text, name->text) == 0)
      return windows->items[i];
  return NULL;
}

static enum wr_code side_fail(struct wr_span span, const char *message, const char *hint,
                              struct wr_error *err)
{
  wr_fail_at(err, WR_UNSUPPORTED, span, "%s", message);
  wr_state(err, WR_STATE_WINDOWING_ERROR);
  return hint ? wr_hint(err, "%s", hint) : err->code;
}

/* The window that has a frame: the one that is written, or the one that it is named after. */
static enum wr_code side_resolve(const struct wr_tree_windows *windows,
                                 const struct wr_tree_window *window,
                                 const struct wr_tree_window **out, struct wr_error *err)
{
  for (uint32_t steps = 0;; steps++) {
    if (window->partition_by.count)
      return side_fail(window->partition_by.items[0]->span,
                       "the window of a side of a join takes no PARTITION BY",
                       "rows that belong together are found by ON", err);
    if (window->order_by.count)
      return side_fail(window->order_by.items[0]->value->span,
                       "the rows of a side of a join stand in the order of ROWTIME: its window "
                       "takes no ORDER BY",
                       NULL, err);
    *out = window;
    if (window->frame != WR_TREE_FRAME_NONE || !window->base)
      break;
    const struct wr_tree_window *base = side_find(windows, window->base);
    if (!base || steps > windows->count) {
      wr_fail_at(err, WR_SEMANTIC, window->base->span, "there is no window '%s'",
                 window->base->text);
      wr_state(err, WR_STATE_UNDEFINED_OBJECT);
      return wr_hint(err,
                     "windows are named at the end of the SELECT: WINDOW %s AS (RANGE "
                     "INTERVAL '1' MINUTE PRECEDING)",
                     window->base->text);
    }
    window = base;
  }
  if ((*out)->frame != WR_TREE_FRAME_NONE)
    return WR_OK;
  return side_fail(window->span, "the window of a side of a join has to say how far it goes back",
                   "for example OVER (RANGE INTERVAL '1' MINUTE PRECEDING)", err);
}

static enum wr_code side_bind(struct wr_binder *binder, const struct wr_tree_relation *relation,
                              struct side_window *out, struct wr_error *err)
{
  *out = (struct side_window){.span = relation->span};
  if (relation->kind == WR_TREE_JOIN || !relation->over)
    return WR_OK;
  const struct wr_tree_windows *windows = binder->ttl ? &binder->ttl->tree->windows : NULL;
  const struct wr_scope none = {0};
  const struct wr_expression_context context = {
      .binder = binder, .scope = &none, .place = "the window of a join"};
  const struct wr_tree_window *window = NULL;
  out->span = relation->over->span;
  enum wr_code code = side_resolve(windows, relation->over, &window, err);
  if (code == WR_OK)
    code = wr_bind_frame(&context, window, 1, &out->frame, err);
  if (code)
    return code;
  if (out->frame.unbounded)
    return side_fail(out->span,
                     "the window of a side of a join ends: all rows that ever came cannot be kept",
                     "for example OVER (RANGE INTERVAL '1' HOUR PRECEDING)", err);
  if (!out->frame.rows && out->frame.preceding > WR_WINDOW_BOUND_MAX)
    out->frame.preceding = WR_WINDOW_BOUND_MAX; /* no two times are further apart */
  return WR_OK;
}

enum wr_code wr_check_no_window(const struct wr_tree_relation *relation, struct wr_error *err)
{
  if (relation->kind == WR_TREE_JOIN || !relation->over)
    return WR_OK;
  return side_fail(relation->over->span,
                   "a window behind a stream says which of its rows those of another stream meet, "
                   "and here is none",
                   "aggregates over the rows before each row are written SUM(x) OVER (...)", err);
}

/* ---- joins of streams */

/* Windows say nothing where a side has no ROWTIME: they join by what they have. */
static enum wr_code streams_check_other(const struct wr_tree_relation *const relations[2],
                                        struct wr_error *err)
{
  for (unsigned s = 0; s < 2; s++)
    if (relations[s]->kind != WR_TREE_JOIN && relations[s]->over)
      return side_fail(relations[s]->over->span,
                       "streams with windows are joined by ROWTIME, which one side of this join "
                       "does not have",
                       "a table of reference is joined by its name: a CREATE TABLE of what ends, "
                       "without a WATERMARK",
                       err);
  return WR_OK;
}

static enum wr_code rowtime_plus(const struct wr_binder *binder, const struct wr_expression *time,
                                 int64_t by_us, const struct wr_expression **out,
                                 struct wr_error *err)
{
  const struct wr_expression *sum[] = {
      time, wr_bind_i64(binder->binding, &wr_type_interval_second, by_us, nowhere)};
  *out = time;
  if (by_us == 0)
    return WR_OK;
  enum wr_code code = wr_bind_call(binder->binding, "+", sum, 2, nowhere, out, err);
  if (code == WR_OK && !wr_type_equal((*out)->type, time->type))
    code = wr_bind_cast(binder->binding, *out, time->type, false, nowhere, out, err);
  return code;
}

/* The streams of a side and how far their windows go back. Of a side that is a join itself each
 * stream keeps its own: what comes later meets a pair while both of its rows are in their windows.
 */
struct side_streams {
  struct side_stream {
    uint32_t column; /* its ROWTIME */
    int64_t preceding_us;
  } * items;
  uint32_t count, room;
  int64_t preceding_us; /* the longest */
  bool by_rows;         /* there is only one, of so many rows: */
  struct wr_over_frame frame;
};

static uint32_t side_rowtime(const struct wr_from *from, const char *relation)
{
  for (uint32_t i = 0; relation && i < from->scope.column_count; i++) {
    const struct wr_scope_column *column = &from->scope.columns[i];
    if (column->hidden && column->relation && strcmp(column->relation, relation) == 0)
      return column->column;
  }
  return UINT32_MAX;
}

static void side_put(struct wr_arena *arena, struct side_streams *out, uint32_t column,
                     int64_t preceding_us)
{
  if (out->count == out->room) {
    struct side_stream *items = WR_NEW_ARRAY(arena, struct side_stream, 2 * out->room + 4);
    for (uint32_t i = 0; i < out->count; i++)
      items[i] = out->items[i];
    out->items = items;
    out->room = 2 * out->room + 4;
  }
  out->items[out->count++] = (struct side_stream){column, preceding_us};
  if (preceding_us > out->preceding_us)
    out->preceding_us = preceding_us;
}

/* whole: the side's own ROWTIME, if it is no join. */
static enum wr_code side_collect(struct wr_binder *binder, const struct wr_tree_relation *relation,
                                 const struct wr_from *from, uint32_t whole,
                                 struct side_streams *out, struct wr_error *err)
{
  if (relation->kind == WR_TREE_JOIN) {
    enum wr_code code = side_collect(binder, relation->join.left, from, UINT32_MAX, out, err);
    return code ? code : side_collect(binder, relation->join.right, from, UINT32_MAX, out, err);
  }
  const struct wr_tree_identifiers *parts = &relation->table.name.parts;
  const char *name = relation->alias                   ? relation->alias->text
                     : relation->kind == WR_TREE_TABLE ? parts->items[parts->count - 1]->text
                                                       : NULL;
  uint32_t column = whole == UINT32_MAX ? side_rowtime(from, name) : whole;
  struct side_window window;
  if (column == UINT32_MAX) /* tables of reference, UNNEST */
    return WR_OK;
  enum wr_code code = side_bind(binder, relation, &window, err);
  if (code)
    return code;
  if (window.frame.rows && whole == UINT32_MAX)
    return side_fail(
        window.span,
        "a stream with a window of so many ROWS can only be joined to one other stream",
        "let a subquery join the two: FROM (SELECT STREAM ... FROM a OVER (ROWS 5 "
        "PRECEDING) JOIN b ON ...) AS ab JOIN c ON ...",
        err);
  out->by_rows = window.frame.rows;
  out->frame = window.frame;
  if (!window.frame.rows)
    side_put(binder->arena, out, column, window.frame.preceding);
  return WR_OK;
}

/* AND of what is there: other <= time of a stream + its window; or that is NULL. */
static enum wr_code side_limit(const struct wr_binder *binder, const struct wr_expression *other,
                               const struct wr_expression *time, int64_t preceding_us,
                               const struct wr_expression **condition, struct wr_error *err)
{
  const struct wr_binding *binding = binder->binding;
  const struct wr_expression *both[] = {other, NULL}, *either[2], *all[2] = {*condition, NULL};
  enum wr_code code = rowtime_plus(binder, time, preceding_us, &both[1], err);
  if (code == WR_OK)
    code = wr_bind_call(binding, "<=", both, 2, nowhere, &either[0], err);
  all[1] = either[0];
  if (code == WR_OK && !time->type->not_null) {
    code = wr_bind_call(binding, "IS NULL", &time, 1, nowhere, &either[1], err);
    if (code == WR_OK)
      code = wr_bind_logic(binding, WR_EXPRESSION_OR, either, 2, nowhere, &all[1], err);
  }
  if (code == WR_OK && *condition)
    return wr_bind_logic(binding, WR_EXPRESSION_AND, all, 2, nowhere, condition, err);
  *condition = all[1];
  return code;
}

/* Rows of such a query would have the ROWTIME at which the table was read, and meet nothing. */
static enum wr_code streams_check_query(const struct wr_binder *binder,
                                        const struct wr_tree_relation *relation,
                                        struct wr_error *err)
{
  const struct wr_tree_query *query =
      relation->kind == WR_TREE_DERIVED ? relation->derived.query : NULL;
  if (!query || query->kind != WR_TREE_SELECT || !query->select->from ||
      !wr_is_reference(binder, query->select->from))
    return WR_OK;
  wr_fail_at(err, WR_UNSUPPORTED, relation->span,
             "a stream cannot be joined to a query over a table of reference");
  return wr_hint(err, "join the table itself, and write the conditions behind ON or WHERE");
}

static enum wr_code streams_fail_rows(const struct wr_tree_relation *join, struct wr_error *err)
{
  return side_fail(join->join.at.length ? join->join.at : join->span,
                   "where a side has a window of so many ROWS only rows that meet come out",
                   "write JOIN, or windows by time: OVER (RANGE INTERVAL '1' MINUTE PRECEDING)",
                   err);
}

enum wr_code wr_bind_stream_join(struct wr_binder *binder, const struct wr_tree_relation *join,
                                 const struct wr_from *left, const struct wr_from *right,
                                 struct wr_logical_join *open, struct wr_stream_rows *rows,
                                 struct wr_error *err)
{
  const struct wr_from *const sides[] = {left, right};
  const struct wr_tree_relation *const relations[] = {join->join.left, join->join.right};
  struct side_streams streams[2] = {0};
  const uint32_t firsts[] = {0, left->node->schema.column_count};
  const struct wr_expression *times[2];
  for (unsigned s = 0; s < 2; s++) {
    enum wr_code code = streams_check_query(binder, relations[s], err);
    if (code)
      return code;
    const struct wr_schema *schema = &sides[s]->node->schema;
    uint32_t column = open->time_columns[s] = wr_rowtime_column(binder->binding, schema);
    if (column == UINT32_MAX)
      return streams_check_other(relations, err);
    times[s] =
        wr_bind_column(binder->binding, firsts[s] + column, schema->fields[column].type, nowhere);
  }
  for (unsigned s = 0; s < 2; s++) {
    bool is_join = relations[s]->kind == WR_TREE_JOIN;
    enum wr_code code =
        side_collect(binder, relations[s], sides[s], is_join ? UINT32_MAX : open->time_columns[s],
                     &streams[s], err);
    for (uint32_t i = 0; i < streams[s].count && streams[s].count > 1 && code == WR_OK; i++) {
      const struct side_stream *stream = &streams[s].items[i];
      const struct wr_type *type = sides[s]->node->schema.fields[stream->column].type;
      code = side_limit(binder, times[!s],
                        wr_bind_column(binder->binding, firsts[s] + stream->column, type, nowhere),
                        stream->preceding_us, &open->condition, err);
    }
    if (code)
      return code;
  }
  rows->by_rows = streams[0].by_rows || streams[1].by_rows;
  for (unsigned s = 0; s < 2 && rows->by_rows; s++) {
    rows->frames[s] = streams[s].frame;
    rows->frames[s].preceding =
        streams[s].by_rows ? streams[s].frame.preceding : streams[s].preceding_us;
  }
  if (rows->by_rows)
    return open->kind == WR_JOIN_INNER ? WR_OK : streams_fail_rows(join, err);
  open->by_range = true;
  open->low_us = -streams[0].preceding_us;
  open->high_us = streams[1].preceding_us;
  return WR_OK;
}

/* ---- the time of the result */

/* A CASE has no use for `prepared`; copies keep it. */
static const char rowtime_mark;

bool wr_is_later_rowtime(const struct wr_expression *expression)
{
  return expression->kind == WR_EXPRESSION_CASE && expression->prepared == &rowtime_mark;
}

/* Time of a side that is the result's needs no mark: what a join says of it flows on. */
static const struct wr_expression *rowtime_mark_case(struct wr_arena *arena,
                                                     const struct wr_expression *value)
{
  if (value->kind != WR_EXPRESSION_CASE)
    return value;
  struct wr_expression *marked = WR_NEW(arena, struct wr_expression);
  *marked = *value;
  marked->prepared = &rowtime_mark;
  return marked;
}

/* CASE WHEN a IS NULL THEN b + window WHEN b IS NULL THEN a + window WHEN a < b THEN b ELSE a END
 */
static enum wr_code rowtime_later(const struct wr_binder *binder,
                                  const struct wr_logical_join *open,
                                  const struct wr_expression *const times[2],
                                  const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_binding *binding = binder->binding;
  const int64_t windows[] = {-open->low_us, open->high_us};
  const struct wr_expression *parts[7];
  uint32_t count = 0;
  for (unsigned s = 0; s < 2; s++) {
    bool lacks = open->kind == WR_JOIN_FULL || open->kind == (s ? WR_JOIN_LEFT : WR_JOIN_RIGHT);
    if (!lacks)
      continue;
    enum wr_code code =
        wr_bind_call(binding, "IS NULL", &times[s], 1, nowhere, &parts[count++], err);
    if (code == WR_OK)
      code = rowtime_plus(binder, times[!s], windows[!s], &parts[count++], err);
    if (code)
      return code;
  }
  enum wr_code code = wr_bind_call(binding, "<", times, 2, nowhere, &parts[count++], err);
  parts[count++] = times[1];
  parts[count++] = times[0];
  return code ? code : wr_bind_case(binding, parts, count, nowhere, out, err);
}

/* A side whose window is that of the moment is never before the other one. */
static const struct wr_expression *rowtime_of_moment(const struct wr_logical_join *open,
                                                     const struct wr_expression *const times[2])
{
  const int64_t windows[] = {-open->low_us, open->high_us};
  for (unsigned s = 0; s < 2; s++) {
    bool lacks = open->kind == WR_JOIN_FULL || open->kind == (s ? WR_JOIN_LEFT : WR_JOIN_RIGHT);
    if (!lacks && windows[s] == 0)
      return times[s];
  }
  return NULL;
}

void wr_stream_join_scope(struct wr_arena *arena, uint32_t column, struct wr_from *out)
{
  uint32_t count = out->scope.column_count;
  struct wr_scope_column *columns = WR_NEW_ARRAY(arena, struct wr_scope_column, count + 1);
  for (uint32_t i = 0; i < count; i++) {
    columns[i] = out->scope.columns[i];
    columns[i].by_relation = columns[i].by_relation || columns[i].hidden;
  }
  columns[count] = (struct wr_scope_column){.name = WR_ROWTIME, .column = column, .hidden = true};
  out->scope.columns = columns;
  out->scope.column_count = count + 1;
  out->scope.schema = out->node->schema;
}

enum wr_code wr_stream_join_rowtime(const struct wr_binder *binder,
                                    const struct wr_logical_join *open, uint32_t left_count,
                                    struct wr_from *out, struct wr_error *err)
{
  const struct wr_schema *schema = &out->node->schema;
  struct wr_arena *arena = binder->arena;
  uint32_t count = schema->column_count;
  if (!open->by_range && !open->reference)
    return WR_OK;
  const struct wr_expression **items =
      WR_NEW_ARRAY(arena, const struct wr_expression *, (size_t)count + 1);
  const char **names = WR_NEW_ARRAY(arena, const char *, (size_t)count + 1);
  for (uint32_t c = 0; c < count; c++) {
    items[c] = wr_bind_column(binder->binding, c, schema->fields[c].type, nowhere);
    names[c] = schema->fields[c].name;
  }
  names[count] = WR_ROWTIME;
  enum wr_code code = WR_OK;
  if (open->by_range) {
    const struct wr_expression *times[] = {items[open->time_columns[0]],
                                           items[left_count + open->time_columns[1]]};
    items[count] = rowtime_of_moment(open, times);
    if (!items[count])
      code = rowtime_later(binder, open, times, &items[count], err);
    if (code)
      return code;
    items[count] = rowtime_mark_case(arena, items[count]);
  } else {
    if (strcmp(names[left_count - 1], WR_ROWTIME) != 0)
      return WR_OK;
    items[count] = items[left_count - 1]; /* the stream's */
  }
  out->node = wr_logical_project(arena, out->node, items, names, count + 1);
  wr_stream_join_scope(arena, count, out);
  return WR_OK;
}
