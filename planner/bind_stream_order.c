/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream can be sorted as far as ROWTIME has come. By ROWTIME itself a row leaves when the
 * watermark passes it. By FLOOR(s.ROWTIME TO SECOND), score DESC the rows of a second wait for its
 * end: an Assign of these windows below the Sort, which then goes by window_time and lets the
 * watermark on in whole windows. The start of the window that rows are groups of goes as its end
 * does.
 *
 * ORDER BY ts WITHIN INTERVAL '10' SECOND, with ts AS ROWTIME, makes an order of its own: the
 * greatest ts so far is what the time is held against. So does x AS ROWTIME alone, within nothing.
 * What comes before has to be in order itself, for results not to depend on chance: behind an
 * exchange rows are put in the order of the old ROWTIME first.
 *
 * DISTINCT forgets with the bucket of the expression that follows ROWTIME. ROWTIME itself makes no
 * rows different, unless there is nothing else that follows it.
 */
#include "planner/stream_order.h"

#include <assert.h>
#include <string.h>

#include "planner/monotonic.h"
#include "planner/rowtime.h"
#include "planner/window_lengths.h"

static const struct wr_span order_nowhere = {WR_NO_POSITION, 0};

/* ROWTIME of a node; UINT32_MAX: it is no stream of the dialect. */
static uint32_t order_rowtime(const struct wr_binder *binder, const struct wr_logical *node,
                              uint32_t visible)
{
  struct wr_schema schema = node->schema;
  schema.column_count = visible;
  return visible ? wr_rowtime_column(binder->binding, &schema) : UINT32_MAX;
}

static enum wr_code order_find(const struct wr_binder *binder, const struct wr_logical *node,
                               uint32_t column, bool *found, struct wr_buckets *out,
                               struct wr_error *err)
{
  const struct wr_expression *value =
      wr_bind_column(binder->binding, column, node->schema.fields[column].type, order_nowhere);
  return wr_buckets_find(binder, node, value, found, out, err);
}

/* The first columns of a node. */
static struct wr_logical *order_first(const struct wr_binder *binder, struct wr_logical *node,
                                      uint32_t count)
{
  const struct wr_expression **expressions =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, count);
  const char **names = WR_NEW_ARRAY(binder->arena, const char *, count);
  for (uint32_t c = 0; c < count; c++) {
    names[c] = node->schema.fields[c].name;
    expressions[c] = wr_bind_column(binder->binding, c, node->schema.fields[c].type, order_nowhere);
  }
  return wr_logical_project(binder->arena, node, expressions, names, count);
}

/* The window that each row lies in, behind its columns. */
static enum wr_code order_assign(const struct wr_binder *binder, const struct wr_buckets *buckets,
                                 struct wr_logical **node, struct wr_error *err)
{
  struct wr_logical_assign assign = {.time_column = buckets->time_column};
  const struct wr_type *type = (*node)->schema.fields[buckets->time_column].type;
  enum wr_code code = wr_window_origin_of(binder, type, &buckets->window, &assign.origin, err);
  if (code == WR_OK)
    *node = wr_logical_assign(binder->arena, *node, &assign);
  return code;
}

/* ---- ORDER BY */

static enum wr_code order_fail(const struct wr_logical *node, const struct wr_tree_query *query,
                               const struct wr_sort_key *key, struct wr_error *err)
{
  struct wr_span span = query->order_by.items[0]->span;
  if (key->descending) {
    wr_fail_at(err, WR_UNSUPPORTED, span,
               "a stream cannot be sorted from the last row on: it goes along ROWTIME");
    return wr_hint(err, "what follows ROWTIME comes first and ascends, the rest may be DESC");
  }
  wr_fail_at(
      err, WR_UNSUPPORTED, span,
      "a stream cannot be sorted by '%s': it has no end, and any row to come may be the first",
      node->schema.fields[key->column].name);
  return wr_hint(err, "what follows ROWTIME comes first: ORDER BY FLOOR(s.ROWTIME TO SECOND), ...");
}

static bool order_windows_alike(const struct wr_window *a, const struct wr_window *b)
{
  return a->months == b->months && a->size_us == b->size_us && a->offset_us == b->offset_us;
}

/* The keys with another first column. */
static const struct wr_sort_key *order_keys(const struct wr_binder *binder,
                                            const struct wr_logical_sort *sort, uint32_t first)
{
  struct wr_sort_key *keys = WR_NEW_ARRAY(binder->arena, struct wr_sort_key, sort->key_count);
  memcpy(keys, sort->keys, sort->key_count * sizeof *keys);
  keys[0] = (struct wr_sort_key){.column = first};
  return keys;
}

/* By an expression of the start of windows: one value for each. UINT32_MAX: it is not so. */
static uint32_t order_end(const struct wr_logical *node, const struct wr_buckets *buckets)
{
  if (!buckets->is_time && !order_windows_alike(&buckets->window, &buckets->origin->window))
    return UINT32_MAX;
  uint32_t end = wr_window_end_column(node, buckets->origin);
  return end != UINT32_MAX && node->roles[end].is_event_time ? end : UINT32_MAX;
}

static enum wr_code order_by_time(const struct wr_binder *binder, const struct wr_tree_query *query,
                                  const struct wr_logical_sort *sort,
                                  const struct wr_buckets *buckets, struct wr_logical **node,
                                  struct wr_error *err)
{
  struct wr_logical_sort by_time = *sort;
  uint32_t first = buckets->time_column;
  by_time.by_time = true;
  if (buckets->origin) {
    first = order_end(*node, buckets);
    if (first == UINT32_MAX)
      return order_fail(*node, query, &sort->keys[0], err);
  } else if (!buckets->is_time) {
    enum wr_code code = order_assign(binder, buckets, node, err);
    if (code)
      return code;
    by_time.held = (*node)->assign.origin;
    first = wr_logical_part_column(*node, WR_PART_TIME);
  }
  by_time.keys = order_keys(binder, sort, first);
  *node = wr_logical_sort(binder->arena, *node, &by_time);
  return WR_OK;
}

/* ---- times of its own */

/* Whether rows have been kept, or dealt out, since they left their source. */
static bool order_is_mixed(const struct wr_logical *node)
{
  for (; node->input_count == 1; node = node->inputs[0])
    if (wr_logical_keeps_rows(node))
      return true;
  return node->input_count > 1;
}

/* What ROWTIME was below: it, or the end of the window that the rows are groups of. */
static bool order_is_last(const struct wr_logical *node, uint32_t column)
{
  return node->roles[column].part == WR_PART_END ||
         strcmp(node->schema.fields[column].name, WR_ROWTIME) == 0;
}

/* The rows of a projection in the order of the ROWTIME below it, if they come in none; those of one
 * instant by what is ROWTIME from here on. */
static void order_below(const struct wr_binder *binder, bool always, uint32_t rowtime,
                        struct wr_logical **node)
{
  const struct wr_logical *project = *node;
  uint32_t count = project->schema.column_count, column = UINT32_MAX;
  if (project->kind != WR_LOGICAL_PROJECT || !(always || order_is_mixed(project)))
    return;
  const struct wr_logical *input = project->inputs[0];
  for (uint32_t c = 0; c < input->schema.column_count; c++)
    if (input->roles[c].is_event_time && (column == UINT32_MAX || !order_is_last(input, column)))
      column = c;
  if (column == UINT32_MAX)
    return;
  const struct wr_expression **expressions =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, (size_t)count + 1);
  const char **names = WR_NEW_ARRAY(binder->arena, const char *, (size_t)count + 1);
  for (uint32_t c = 0; c < count; c++) {
    names[c] = project->schema.fields[c].name;
    expressions[c] = project->project.expressions[c];
  }
  names[count] = input->schema.fields[column].name;
  expressions[count] =
      wr_bind_column(binder->binding, column, input->schema.fields[column].type, order_nowhere);
  struct wr_logical *wide =
      wr_logical_project(binder->arena, project->inputs[0], expressions, names, count + 1);
  struct wr_sort_key *keys = WR_NEW_ARRAY(binder->arena, struct wr_sort_key, 2);
  keys[0] = (struct wr_sort_key){.column = count};
  keys[1] = (struct wr_sort_key){.column = rowtime};
  const struct wr_logical_sort sort = {
      .keys = keys, .key_count = 2, .by_time = true, .limit = UINT64_MAX};
  *node = order_first(binder, wr_logical_sort(binder->arena, wide, &sort), count);
}

static enum wr_code order_check_type(const struct wr_type *type, struct wr_span span,
                                     struct wr_error *err)
{
  char text[128];
  if (type->kind == WR_TIMESTAMP)
    return WR_OK;
  wr_type_print(type, text, sizeof text);
  return wr_fail_state(err, WR_SEMANTIC, WR_STATE_DATATYPE_MISMATCH, span,
                       "ROWTIME is a TIMESTAMP, and this is %s", text);
}

/* The column is what AS ROWTIME says, be it in the list as well. */
static bool order_is_new_time(const struct wr_logical *node, uint32_t rowtime, uint32_t column)
{
  return column == rowtime || (node->kind == WR_LOGICAL_PROJECT &&
                               wr_expression_equal(node->project.expressions[column],
                                                   node->project.expressions[rowtime]));
}

/* The item of the list that is to be ROWTIME; NULL: there is none. */
static const struct wr_tree_item *order_time_item(const struct wr_tree_query *query)
{
  for (uint32_t i = 0; query->kind == WR_TREE_SELECT && i < query->select->items.count; i++) {
    const struct wr_tree_identifier *alias = query->select->items.items[i]->alias;
    if (alias && strcmp(alias->text, WR_ROWTIME) == 0)
      return query->select->items.items[i];
  }
  return NULL;
}

/* Whether a column is ROWTIME as it was before. */
static bool order_is_old_time(const struct wr_logical *node, uint32_t column)
{
  if (node->kind != WR_LOGICAL_PROJECT)
    return true;
  const struct wr_expression *value = node->project.expressions[column];
  return value->kind == WR_EXPRESSION_COLUMN &&
         strcmp(node->inputs[0]->schema.fields[value->column].name, WR_ROWTIME) == 0;
}

/* ORDER BY ts WITHIN ... */
static enum wr_code order_within(const struct wr_binder *binder, const struct wr_tree_query *query,
                                 const struct wr_logical_sort *sort, uint32_t rowtime,
                                 struct wr_logical **node, struct wr_error *err)
{
  struct wr_logical_sort within = *sort;
  struct wr_span span = query->order_by.items[0]->span;
  within.by_time = within.within = true;
  enum wr_code code =
      wr_window_interval(binder, query->within, "time of WITHIN", true, &within.within_us, err);
  if (code)
    return code;
  if (!order_time_item(query) || order_is_old_time(*node, rowtime)) {
    wr_fail_at(err, WR_SEMANTIC, query->within->span,
               "WITHIN puts rows in the order of another time than ROWTIME, which they have");
    return wr_hint(err,
                   "select that column as ROWTIME: SELECT STREAM ts AS ROWTIME, ... ORDER BY ts "
                   "WITHIN INTERVAL '10' SECOND");
  }
  if (sort->keys[0].descending || !order_is_new_time(*node, rowtime, sort->keys[0].column)) {
    wr_fail_at(err, WR_SEMANTIC, span,
               "with WITHIN the rows are sorted by what is to be ROWTIME first, ascending");
    return wr_hint(err, "SELECT STREAM ts AS ROWTIME, ... ORDER BY ts WITHIN INTERVAL '10' SECOND");
  }
  code = order_check_type((*node)->schema.fields[rowtime].type, span, err);
  if (code)
    return code;
  order_below(binder, false, rowtime, node);
  within.keys = order_keys(binder, sort, rowtime);
  *node = wr_logical_sort(binder->arena, *node, &within);
  return WR_OK;
}

enum wr_code wr_bind_stream_order(const struct wr_binder *binder, const struct wr_tree_query *query,
                                  const struct wr_logical_sort *sort, uint32_t visible,
                                  struct wr_logical **node, bool *taken, struct wr_error *err)
{
  uint32_t rowtime = order_rowtime(binder, *node, visible);
  struct wr_buckets buckets;
  bool found = false;
  *taken = false;
  if (query->within && (rowtime == UINT32_MAX || (*node)->changes))
    return wr_fail_at(
        err, WR_UNSUPPORTED, query->within->span,
        "ORDER BY ... WITHIN is for streams of the kinesis dialect, which have ROWTIME");
  if (rowtime == UINT32_MAX || sort->key_count == 0 || (*node)->changes)
    return WR_OK;
  *taken = true;
  if (query->within)
    return order_within(binder, query, sort, rowtime, node, err);
  const struct wr_sort_key *key = &sort->keys[0];
  enum wr_code code = order_find(binder, *node, key->column, &found, &buckets, err);
  if (code == WR_OK && found && !key->descending)
    return order_by_time(binder, query, sort, &buckets, node, err);
  if (code == WR_OK && !query->limit)
    return order_fail(*node, query, key, err);
  *taken = code != WR_OK;
  return code;
}

enum wr_code wr_bind_stream_time(const struct wr_binder *binder, const struct wr_tree_query *query,
                                 uint32_t visible, struct wr_logical **node, struct wr_error *err)
{
  uint32_t rowtime = order_rowtime(binder, *node, visible);
  const struct wr_tree_item *item = order_time_item(query);
  if (rowtime == UINT32_MAX || !item || query->within || (*node)->roles[rowtime].is_event_time ||
      (*node)->changes)
    return WR_OK;
  enum wr_code code = order_check_type((*node)->schema.fields[rowtime].type, item->span, err);
  bool follows = false;
  struct wr_buckets buckets;
  if (code == WR_OK)
    code = order_find(binder, *node, rowtime, &follows, &buckets, err);
  if (code)
    return code;
  bool is_computed = (*node)->kind == WR_LOGICAL_PROJECT;
  if (is_computed)
    code = wr_buckets_find(binder, wr_logical_input(*node), (*node)->project.expressions[rowtime],
                           &follows, &buckets, err);
  order_below(binder, follows, rowtime, node);
  struct wr_sort_key *key = WR_NEW(binder->arena, struct wr_sort_key);
  *key = (struct wr_sort_key){.column = rowtime};
  const struct wr_logical_sort sort = {
      .keys = key, .key_count = 1, .by_time = true, .within = true, .limit = UINT64_MAX};
  *node = wr_logical_sort(binder->arena, *node, &sort);
  return code;
}

/* ---- DISTINCT */

struct distinct_way {
  uint32_t end_column;       /* there already; UINT32_MAX: not */
  struct wr_buckets buckets; /* else */
  bool has_buckets;
  bool *is_rowtime; /* per column: ROWTIME under its name */
};

static enum wr_code distinct_look(const struct wr_binder *binder, const struct wr_logical *node,
                                  uint32_t rowtime, struct distinct_way *way, struct wr_error *err)
{
  bool has_instants = false;
  struct wr_buckets instants;
  way->end_column = UINT32_MAX;
  way->is_rowtime = WR_NEW_ARRAY(binder->arena, bool, (size_t)rowtime + 1);
  for (uint32_t c = 0; c < rowtime; c++) {
    bool found;
    struct wr_buckets buckets;
    enum wr_code code = order_find(binder, node, c, &found, &buckets, err);
    if (code)
      return code;
    if (!found)
      continue;
    if (buckets.origin) {
      uint32_t end = order_end(node, &buckets);
      way->end_column = way->end_column == UINT32_MAX ? end : way->end_column;
    } else if (buckets.is_time) {
      way->is_rowtime[c] = wr_means_rowtime(node, rowtime, c);
      has_instants = true;
      instants = buckets;
    } else if (!way->has_buckets) {
      way->has_buckets = true;
      way->buckets = buckets;
    }
  }
  if (way->has_buckets || way->end_column != UINT32_MAX || !has_instants)
    return WR_OK;
  way->has_buckets = true;
  way->buckets = instants;
  memset(way->is_rowtime, false, rowtime);
  return WR_OK;
}

enum wr_code wr_bind_stream_distinct(const struct wr_binder *binder,
                                     const struct wr_tree_query *query, uint32_t visible,
                                     struct wr_logical **node, bool *taken, struct wr_error *err)
{
  struct distinct_way way = {0};
  uint32_t rowtime = order_rowtime(binder, *node, visible), key_count = 0;
  struct wr_span span = query->kind == WR_TREE_SELECT ? query->select->distinct_span : query->span;
  *taken = rowtime != UINT32_MAX && !(*node)->changes;
  if (!*taken)
    return WR_OK;
  enum wr_code code = distinct_look(binder, *node, rowtime, &way, err);
  if (code)
    return code;
  if (!way.has_buckets && way.end_column == UINT32_MAX) {
    wr_fail_state(
        err, WR_SEMANTIC, WR_STATE_GROUPING_ERROR, span,
        "the rows of a stream that have come would be kept for ever: nothing here follows "
        "ROWTIME");
    return wr_hint(err, query->kind == WR_TREE_SELECT
                            ? "add such a column: SELECT STREAM DISTINCT ..., STEP(s.ROWTIME BY "
                              "INTERVAL '60' SECOND)"
                            : "UNION ALL keeps every row");
  }
  uint32_t *keys = WR_NEW_ARRAY(binder->arena, uint32_t, (size_t)rowtime + 1);
  for (uint32_t c = 0; c < rowtime; c++)
    if (!way.is_rowtime[c])
      keys[key_count++] = c;
  if (way.end_column == UINT32_MAX) {
    code = order_assign(binder, &way.buckets, node, err);
    if (code)
      return code;
    way.end_column = wr_logical_part_column(*node, WR_PART_END);
  }
  keys[key_count++] = way.end_column;
  *node = wr_logical_distinct_by(binder->arena, *node, keys, key_count, way.end_column);
  (*node)->span = span;
  if ((*node)->schema.column_count > visible)
    *node = order_first(binder, *node, visible);
  return WR_OK;
}
