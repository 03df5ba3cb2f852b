/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of RANDOM_CUT_FOREST and HOTSPOTS: their arguments, and the columns that they look at. */
#include "core/limits.h"
#include "planner/match.h"
#include "planner/model.h"

/* ---- columns */

static bool model_is_number(const struct wr_type *type)
{
  return wr_kind_is_integer(type->kind) || type->kind == WR_FLOAT || type->kind == WR_DOUBLE;
}

/* All numbers among the columns of the query that are no DECIMAL. */
static enum wr_code model_columns(const struct wr_binder *binder, const struct wr_cursor_call *call,
                                  struct wr_logical_model *model, struct wr_error *err)
{
  const char *name = call->function->name;
  uint32_t *columns = WR_NEW_ARRAY(binder->arena, uint32_t, (size_t)call->visible + 1);
  for (uint32_t c = 0; c < call->visible; c++)
    if (model_is_number(call->input->schema.fields[c].type))
      columns[model->column_count++] = c;
  model->columns = columns;
  if (model->column_count == 0) {
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_DATATYPE_MISMATCH, wr_cursor_span(call, 0),
                  "%s looks at columns of the types TINYINT, SMALLINT, INT, BIGINT, REAL, FLOAT "
                  "and DOUBLE, and the query has none of them",
                  name);
    return wr_hint(err, "a DECIMAL can be made one: CAST(x AS DOUBLE)");
  }
  if (model->column_count > WR_MODEL_COLUMNS_MAX) {
    wr_fail_at(err, WR_LIMIT, wr_cursor_span(call, 0),
               "%s would look at %u numbers of a row; the limit WR_MODEL_COLUMNS_MAX is %d", name,
               model->column_count, WR_MODEL_COLUMNS_MAX);
    return wr_hint(err, "name those that count in the query: CURSOR(SELECT STREAM a, b FROM ...)");
  }
  return WR_OK;
}

/* Whether a node works in several tasks, by keys. */
static bool model_spreads(const struct wr_logical *node)
{
  switch (node->kind) {
  case WR_LOGICAL_AGGREGATE: return node->aggregate.key_count > 0;
  case WR_LOGICAL_ASSIGN: return node->assign.key_count > 0;
  case WR_LOGICAL_OVER: return node->over.key_count > 0;
  case WR_LOGICAL_RANK: return node->rank.key_count > 0;
  case WR_LOGICAL_MATCH: return node->match->key_count > 0;
  case WR_LOGICAL_DISTINCT:
  case WR_LOGICAL_NORMALIZE: return true;
  default: return false;
  }
}

/* Whether rows of one time come to a node in an order that means nothing: several tasks, or several
 * inputs, have made them. */
static bool model_mixes(struct wr_arena *arena, struct wr_logical *input)
{
  struct wr_logical_order order = wr_logical_order(arena, &input, 1);
  for (uint32_t i = 0; i < order.count; i++)
    if (order.nodes[i]->input_count > 1 || model_spreads(order.nodes[i]))
      return true;
  return false;
}

/* What all of them need; the node is not made yet. */
static enum wr_code model_begin(const struct wr_binder *binder, const struct wr_cursor_call *call,
                                const char *const *added, struct wr_logical_model *model,
                                struct wr_error *err)
{
  enum wr_code code = wr_cursor_check_time(call, err);
  for (; code == WR_OK && *added; added++)
    code = wr_cursor_check_name(call, *added, err);
  if (code == WR_OK)
    code = model_columns(binder, call, model, err);
  if (code)
    return code;
  model->time_column = call->time_column;
  model->any_order = model_mixes(binder->arena, call->input);
  model->span = call->span;
  return WR_OK;
}

static struct wr_logical *model_node(const struct wr_binder *binder,
                                     const struct wr_cursor_call *call,
                                     const struct wr_logical_model *model)
{
  return wr_cursor_output(binder, call, wr_logical_model(binder->arena, call->input, model));
}

/* ---- RANDOM_CUT_FOREST */

static enum wr_code forest_shape(const struct wr_binder *binder, const struct wr_cursor_call *call,
                                 struct wr_forest_shape *shape, struct wr_error *err)
{
  int64_t trees = 100, sample = 256, decay = 100000, shingle = 1;
  enum wr_code code =
      wr_cursor_integer(binder, call, 1, "the number of trees", 1, 1000, &trees, err);
  if (code == WR_OK)
    code = wr_cursor_integer(binder, call, 2, "the size of the sample", 10, WR_FOREST_SAMPLE_MAX,
                             &sample, err);
  if (code == WR_OK)
    code = wr_cursor_integer(binder, call, 3, "the time decay", 1, INT32_MAX, &decay, err);
  if (code == WR_OK)
    code = wr_cursor_integer(binder, call, 4, "the size of a shingle", 1, 30, &shingle, err);
  if (code)
    return code;
  if (sample >= decay)
    return wr_fail_state(
        err, WR_SEMANTIC, WR_STATE_INVALID_PARAMETER,
        wr_cursor_span(call, call->tree->call.arguments.count > 3 ? 3 : 2),
        "the size of the sample, %lld, must be less than the time decay, and this is %lld",
        (long long)sample, (long long)decay);
  *shape = (struct wr_forest_shape){.trees = (uint32_t)trees,
                                    .sample = (uint32_t)sample,
                                    .time_decay = decay,
                                    .shingle = (uint32_t)shingle,
                                    .columns = shape->columns};
  return WR_OK;
}

static enum wr_code forest_check_bytes(const struct wr_cursor_call *call,
                                       const struct wr_forest_shape *shape, struct wr_error *err)
{
  uint64_t bytes = wr_forest_bytes_max(shape);
  if (bytes <= WR_FOREST_BYTES_MAX)
    return WR_OK;
  wr_fail_at(err, WR_LIMIT, call->span,
             "%u trees with a sample of %u points of %u numbers would take %llu bytes; the limit "
             "WR_FOREST_BYTES_MAX is %llu",
             shape->trees, shape->sample, shape->columns * shape->shingle,
             (unsigned long long)bytes, (unsigned long long)WR_FOREST_BYTES_MAX);
  return wr_hint(err, "take fewer trees, a smaller sample or a shorter shingle");
}

static enum wr_code forest_bind(struct wr_binder *binder, const struct wr_cursor_call *call,
                                bool explained, struct wr_logical **out, struct wr_error *err)
{
  static const char *const added[] = {"ANOMALY_SCORE", "ANOMALY_EXPLANATION", NULL};
  static const char *const score[] = {"ANOMALY_SCORE", NULL};
  struct wr_logical_model model = {.kind = WR_MODEL_FOREST, .explained = explained};
  enum wr_code code = model_begin(binder, call, explained ? added : score, &model, err);
  model.forest.columns = model.column_count;
  if (code == WR_OK)
    code = forest_shape(binder, call, &model.forest, err);
  if (code == WR_OK && explained)
    code = wr_cursor_boolean(binder, call, 5, "whether directions are told", &model.with_direction,
                             err);
  if (code == WR_OK)
    code = forest_check_bytes(call, &model.forest, err);
  if (code == WR_OK)
    *out = model_node(binder, call, &model);
  return code;
}

enum wr_code wr_bind_forest(struct wr_binder *binder, const struct wr_cursor_call *call,
                            struct wr_logical **out, struct wr_error *err)
{
  return forest_bind(binder, call, false, out, err);
}

enum wr_code wr_bind_explained_forest(struct wr_binder *binder, const struct wr_cursor_call *call,
                                      struct wr_logical **out, struct wr_error *err)
{
  return forest_bind(binder, call, true, out, err);
}

/* ---- HOTSPOTS */

enum wr_code wr_bind_hotspots(struct wr_binder *binder, const struct wr_cursor_call *call,
                              struct wr_logical **out, struct wr_error *err)
{
  static const char *const added[] = {"HOTSPOTS_RESULT", NULL};
  struct wr_logical_model model = {.kind = WR_MODEL_HOTSPOTS};
  int64_t window = 0, least = 0;
  enum wr_code code = model_begin(binder, call, added, &model, err);
  if (code == WR_OK)
    code = wr_cursor_integer(binder, call, 1, "the size of the window", 100, 1000, &window, err);
  if (code == WR_OK)
    code = wr_cursor_number(binder, call, 2, "the scan radius", &model.hotspots.radius, err);
  if (code == WR_OK)
    code = wr_cursor_integer(binder, call, 3, "the least number of points of a hotspot", 2, window,
                             &least, err);
  if (code)
    return code;
  model.hotspots.window = (uint32_t)window;
  model.hotspots.least = (uint32_t)least;
  model.hotspots.columns = model.column_count;
  *out = model_node(binder, call, &model);
  return WR_OK;
}
