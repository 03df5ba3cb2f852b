/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/app_streams.h"

#include <assert.h>
#include <string.h>

#include "core/limits.h"
#include "planner/bind_over.h"
#include "planner/results.h"
#include "planner/rowtime.h"

static const struct wr_span app_nowhere = {WR_NO_POSITION, 0};

/* ---- pumps */

static const struct wr_memo *app_recall(const struct wr_binder *binder, const void *object)
{
  for (const struct wr_memo *memo = binder->memo; memo; memo = memo->next)
    if (memo->object == object)
      return memo;
  return NULL;
}

static struct wr_memo *app_remember(struct wr_binder *binder, const void *object)
{
  struct wr_memo *memo = WR_NEW(binder->arena, struct wr_memo);
  *memo =
      (struct wr_memo){.object = object, .is_app = true, .is_plain = true, .next = binder->memo};
  binder->memo = memo;
  return memo;
}

/* A stream only grows. */
static enum wr_code app_check_changes(const struct wr_binder *binder, const struct wr_pump *pump,
                                      const struct wr_app_stream *stream,
                                      const struct wr_logical *node, struct wr_error *err)
{
  if (!node->changes)
    return WR_OK;
  wr_fail_at(err, WR_SEMANTIC, pump->insert->query->span,
             "the rows for the stream '%s' change after they were given: those of %s", stream->name,
             wr_changes_cause(binder->arena, node));
  return wr_hint(err,
                 "rows of a stream stay as they are: give the group a window, such as GROUP BY "
                 "..., STEP(s.ROWTIME BY INTERVAL '1' MINUTE)");
}

/* The rows of a pump, as columns of its stream and ROWTIME. */
static enum wr_code app_pump(struct wr_binder *binder, const struct wr_pump *pump,
                             const struct wr_app_stream *stream, struct wr_logical **node,
                             struct wr_error *err)
{
  const struct wr_memo *known = app_recall(binder, pump);
  if (known) {
    *node = known->node;
    return WR_OK;
  }
  const struct wr_tree_insert *insert = pump->insert;
  enum wr_code code = WR_OK;
  struct wr_binder inner = *binder;
  inner.binding = pump->binding;
  if (insert->overwrite)
    code = wr_fail_at(err, WR_UNSUPPORTED, insert->overwrite_span,
                      "INSERT OVERWRITE is not supported: streams only grow");
  else if (insert->partition_span.length)
    code = wr_fail_at(err, WR_SEMANTIC, insert->partition_span, "the stream '%s' has no partitions",
                      stream->name);
  if (code == WR_OK)
    code = wr_bind_insert_rows(&inner, insert, stream->shape, node, err);
  if (code == WR_OK) {
    *node = wr_results_settled(&inner, *node);
    code = app_check_changes(binder, pump, stream, *node, err);
  }
  if (code == WR_OK)
    code = wr_check_over(binder->arena, node, 1, err);
  binder->memo = inner.memo;
  if (code)
    return code;
  struct wr_memo *memo = app_remember(binder, pump);
  memo->node = *node;
  memo->statement = pump->statement;
  return WR_OK;
}

bool wr_app_is_target(const struct wr_pump *pump, const struct wr_app_stream *stream)
{
  const struct wr_tree_identifiers *parts = &pump->insert->table.parts;
  return strcmp(parts->items[parts->count - 1]->text, stream->name) == 0;
}

/* The pumps of a stream in the order of the script; returns how many. */
static uint32_t app_pumps(const struct wr_binder *binder, const struct wr_app_stream *stream,
                          const struct wr_pump **pumps)
{
  uint32_t count = 0, at = 0;
  for (const struct wr_pump *pump = binder->catalogue->pumps; pump; pump = pump->next)
    count += wr_app_is_target(pump, stream);
  for (const struct wr_pump *pump = binder->catalogue->pumps; pump && pumps; pump = pump->next)
    if (wr_app_is_target(pump, stream))
      pumps[count - ++at] = pump;
  return count;
}

/* ---- streams */

/* "'a' from 'b' from 'a'" */
static enum wr_code app_fail_cycle(const struct wr_binder *binder,
                                   const struct wr_app_stream *stream, struct wr_span span,
                                   struct wr_error *err)
{
  const char *list = wr_arena_print(binder->arena, "'%s'", stream->name);
  for (const struct wr_app_way *way = binder->way; way; way = way->outer) {
    list = wr_arena_print(binder->arena, "'%s' from %s", way->stream->name, list);
    if (way->stream == stream)
      break;
  }
  wr_fail_at(err, WR_SEMANTIC, span, "the stream '%s' would read itself: pumps fill %s",
             stream->name, list);
  return wr_state(err, WR_STATE_INVALID_RECURSION);
}

/* Columns and nothing else, for those who only look at them. */
static struct wr_logical *app_columns(const struct wr_binder *binder,
                                      const struct wr_app_stream *stream)
{
  const struct wr_schema *schema = &stream->shape->written;
  uint32_t count = schema->column_count;
  const struct wr_expression **columns =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, count);
  const char **names = WR_NEW_ARRAY(binder->arena, const char *, count);
  struct wr_logical *node = wr_logical_values(binder->arena, schema, NULL, 0);
  for (uint32_t c = 0; c < count; c++) {
    columns[c] = wr_bind_column(binder->binding, c, schema->fields[c].type, app_nowhere);
    names[c] = schema->fields[c].name;
  }
  node = wr_logical_project(binder->arena, node, columns, names, count);
  struct wr_column_role *roles = WR_NEW_ARRAY(binder->arena, struct wr_column_role, count);
  roles[count - 1].is_event_time = true;
  node->roles = roles;
  return node;
}

static enum wr_code app_fail_empty(const struct wr_app_stream *stream, struct wr_span span,
                                   struct wr_error *err)
{
  wr_fail_at(err, WR_SEMANTIC, span,
             "the stream '%s' has neither a pump that inserts into it nor a connector",
             stream->name);
  wr_state(err, WR_STATE_UNDEFINED_OBJECT);
  return wr_hint(
      err,
      "add a pump: CREATE PUMP p AS INSERT INTO \"%s\" SELECT STREAM ...; or say where its "
      "rows come from: CREATE STREAM \"%s\" (...) WITH ('connector' = '...')",
      stream->name, stream->name);
}

static enum wr_code app_union(struct wr_binder *binder, const struct wr_app_stream *stream,
                              struct wr_span span, struct wr_logical **node, struct wr_error *err)
{
  uint32_t count = app_pumps(binder, stream, NULL);
  if (count == 0)
    return app_fail_empty(stream, span, err);
  if (count > WR_UNION_INPUTS_MAX)
    return wr_fail_at(err, WR_LIMIT, span,
                      "the stream '%s' has %u pumps; the limit WR_UNION_INPUTS_MAX is %d",
                      stream->name, count, WR_UNION_INPUTS_MAX);
  const struct wr_pump **pumps = WR_NEW_ARRAY(binder->arena, const struct wr_pump *, count);
  struct wr_logical **inputs = WR_NEW_ARRAY(binder->arena, struct wr_logical *, count);
  enum wr_code code = WR_OK;
  app_pumps(binder, stream, pumps);
  for (uint32_t i = 0; code == WR_OK && i < count; i++)
    code = app_pump(binder, pumps[i], stream, &inputs[i], err);
  if (code == WR_OK)
    *node = count == 1 ? inputs[0] : wr_logical_union(binder->arena, inputs, count);
  return code;
}

enum wr_code wr_bind_app_stream(struct wr_binder *binder, const struct wr_app_stream *stream,
                                struct wr_span span, struct wr_logical **node, struct wr_error *err)
{
  const struct wr_memo *known = app_recall(binder, stream);
  if (known && !known->node)
    return app_fail_cycle(binder, stream, span, err);
  if (known) {
    *node = known->node;
    return WR_OK;
  }
  if (binder->trial) {
    *node = app_columns(binder, stream);
    return WR_OK;
  }
  if (binder->depth == WR_SQL_NESTING_MAX)
    return wr_fail_state(err, WR_LIMIT, WR_STATE_TOO_COMPLEX, span,
                         "streams are more than WR_SQL_NESTING_MAX (%d) deep", WR_SQL_NESTING_MAX);
  const struct wr_app_way way = {.stream = stream, .outer = binder->way};
  struct wr_memo *memo = app_remember(binder, stream);
  struct wr_binder inner = *binder;
  inner.depth++;
  inner.way = &way;
  inner.commons = NULL;
  inner.enclosing = NULL;
  inner.no_queries = NULL;
  inner.windows = NULL;
  inner.ttl = NULL;
  inner.told = inner.may_settle = false;
  enum wr_code code = app_union(&inner, stream, span, node, err);
  binder->memo = inner.memo;
  if (code)
    return code;
  memo->node = *node;
  memo->stream = stream->name;
  memo->stream_kind = WR_PLAN_STREAM_VIEW;
  return WR_OK;
}

bool wr_app_has_pumps(const struct wr_catalogue *catalogue, const struct wr_app_stream *stream)
{
  for (const struct wr_pump *pump = catalogue->pumps; pump; pump = pump->next)
    if (wr_app_is_target(pump, stream))
      return true;
  return false;
}

enum wr_code wr_bind_app_pump(struct wr_binder *binder, const struct wr_pump *pump,
                              const struct wr_app_stream *stream, struct wr_logical **node,
                              struct wr_error *err)
{
  const struct wr_app_way way = {.stream = stream};
  struct wr_binder inner = *binder;
  inner.way = &way;
  inner.told = inner.may_settle = false;
  enum wr_code code = app_pump(&inner, pump, stream, node, err);
  binder->memo = inner.memo;
  return code;
}
