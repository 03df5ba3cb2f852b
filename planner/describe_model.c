/* SPDX-License-Identifier: Apache-2.0 */
/* RANDOM_CUT_FOREST and HOTSPOTS in EXPLAIN, what their state is made of, and what their operator
 * is told. */
#include "planner/describe.h"
#include "planner/model.h"

const char *wr_model_name(const struct wr_logical *node)
{
  return node->model->kind == WR_MODEL_FOREST ? "RandomCutForest" : "Hotspots";
}

/* "100 trees of 256 rows, time decay 100000, shingle 1" */
static void model_shape(struct wr_writing *out, const struct wr_logical_model *model)
{
  const struct wr_forest_shape *forest = &model->forest;
  const struct wr_hotspots_shape *hotspots = &model->hotspots;
  if (model->kind == WR_MODEL_FOREST)
    wr_write(out, "%u trees of %u rows, time decay %lld, shingle %u", forest->trees, forest->sample,
             (long long)forest->time_decay, forest->shingle);
  else
    wr_write(out, "last %u rows, radius %.17g, at least %u of them", hotspots->window,
             hotspots->radius, hotspots->least);
}

/* "heart_rate, age: 100 trees of 256 rows, time decay 100000, shingle 1, explained" */
void wr_describe_model(struct wr_writing *out, const struct wr_logical *node)
{
  const struct wr_logical_model *model = node->model;
  const struct wr_schema *input = &wr_logical_input(node)->schema;
  for (uint32_t i = 0; i < model->column_count; i++)
    wr_write(out, "%s%s", i ? ", " : "", input->fields[model->columns[i]].name);
  wr_write(out, ": ");
  model_shape(out, model);
  if (model->explained)
    wr_write(out, model->with_direction ? ", explained with directions" : ", explained");
}

const char *wr_identity_model(struct wr_arena *arena, const struct wr_logical *node)
{
  const struct wr_logical_model *model = node->model;
  struct wr_writing out = {.arena = arena};
  wr_write(&out, "%s of %s", wr_model_name(node), wr_identity_source(arena, node));
  for (uint32_t i = 0; i < model->column_count; i++)
    wr_write(&out, "%s%s", i ? ", " : " by ",
             wr_identity_column(arena, wr_logical_input(node), model->columns[i]));
  return wr_written(&out);
}

/* Its shape, and the columns that it looks at, in their order. */
void wr_model_fits(struct wr_writing *out, const struct wr_logical *node)
{
  const struct wr_logical_model *model = node->model;
  const struct wr_logical *input = wr_logical_input(node);
  model_shape(out, model);
  for (uint32_t i = 0; i < model->column_count; i++) {
    char type[128];
    wr_type_print(input->schema.fields[model->columns[i]].type, type, sizeof type);
    wr_write(out, "%s%s %s", i ? ", " : " over ",
             wr_identity_column(out->arena, input, model->columns[i]), type);
  }
}

const void *wr_physical_model(const struct wr_placing *physical, const struct wr_logical *node,
                              const struct wr_schema *schema)
{
  const struct wr_logical_model *model = node->model;
  struct wr_model_spec *spec = WR_NEW(physical->arena, struct wr_model_spec);
  *spec = (struct wr_model_spec){.schema = schema,
                                 .input_schema = &wr_logical_input(node)->schema,
                                 .column_ids = wr_physical_column_ids(physical, node, 0),
                                 .time_column = model->time_column,
                                 .any_order = model->any_order,
                                 .kind = model->kind,
                                 .columns = model->columns};
  if (model->kind == WR_MODEL_HOTSPOTS) {
    spec->hotspots = model->hotspots;
    return spec;
  }
  spec->forest.shape = model->forest;
  spec->forest.explained = model->explained;
  spec->forest.with_direction = model->with_direction;
  return spec;
}
