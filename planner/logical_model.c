/* SPDX-License-Identifier: Apache-2.0 */
/* The node of RANDOM_CUT_FOREST and HOTSPOTS: its columns, and how it goes on with fewer. */
#include <assert.h>
#include <string.h>

#include "planner/model.h"

static const struct wr_field model_score = {"ANOMALY_SCORE", &wr_type_double};
static const struct wr_field model_explanation = {"ANOMALY_EXPLANATION", &wr_type_string};
static const struct wr_field model_hotspots = {"HOTSPOTS_RESULT", &wr_type_string};

/* Rows leave when the watermark passes their time: as behind OVER, other times are event time if
 * they are not before it. */
static struct wr_column_role model_role(const struct wr_column_role *role,
                                        const struct wr_column_role *time)
{
  if (time->part == WR_PART_NONE || role->origin == time->origin)
    return *role;
  return (struct wr_column_role){.is_clock = role->is_clock, .lost_to_clock = role->lost_to_clock};
}

struct wr_logical *wr_logical_model(struct wr_arena *arena, struct wr_logical *input,
                                    const struct wr_logical_model *model)
{
  uint32_t count = input->schema.column_count;
  assert(!input->changes && input->roles[model->time_column].is_event_time);
  struct wr_logical *node = WR_NEW(arena, struct wr_logical);
  struct wr_logical_model *own = WR_NEW(arena, struct wr_logical_model);
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, (size_t)count + 2);
  struct wr_column_role *roles = WR_NEW_ARRAY(arena, struct wr_column_role, (size_t)count + 2);
  *own = *model;
  memcpy(fields, input->schema.fields, count * sizeof *fields);
  for (uint32_t c = 0; c < count; c++)
    roles[c] = model_role(&input->roles[c], &input->roles[model->time_column]);
  fields[count++] = model->kind == WR_MODEL_FOREST ? model_score : model_hotspots;
  if (model->explained)
    fields[count++] = model_explanation;
  node->kind = WR_LOGICAL_MODEL;
  node->inputs = WR_NEW_ARRAY(arena, struct wr_logical *, 1);
  node->inputs[0] = input;
  node->input_count = 1;
  node->reader_count = 1;
  node->schema = (struct wr_schema){.column_count = count, .fields = fields};
  node->roles = roles;
  node->span = model->span;
  node->model = own;
  return node;
}

/* ---- what it reads */

static bool model_is_wanted(const struct wr_logical *node, const bool *wanted)
{
  bool any = false;
  for (uint32_t c = wr_logical_input(node)->schema.column_count; c < node->schema.column_count; c++)
    any = any || wanted[c];
  return any;
}

void wr_model_reads(const struct wr_logical *node, const bool *wanted, bool *used)
{
  const struct wr_logical_model *model = node->model;
  used[model->time_column] = true;
  if (model_is_wanted(node, wanted))
    for (uint32_t i = 0; i < model->column_count; i++)
      used[model->columns[i]] = true;
  for (uint32_t c = 0; c < wr_logical_input(node)->schema.column_count; c++)
    used[c] = used[c] || wanted[c];
}

bool wr_model_has_surplus(const struct wr_logical *node, const bool *wanted)
{
  return !model_is_wanted(node, wanted) ||
         (node->model->explained && !wanted[node->schema.column_count - 1]);
}

struct wr_logical *wr_model_prune(struct wr_arena *arena, const struct wr_logical *node,
                                  struct wr_logical *input,
                                  const struct wr_expression *const *columns, const bool *wanted,
                                  bool *kept)
{
  const struct wr_logical_model *old = node->model;
  uint32_t before = wr_logical_input(node)->schema.column_count;
  if (!model_is_wanted(node, wanted))
    return input;
  struct wr_logical_model now = *old;
  uint32_t *numbers = WR_NEW_ARRAY(arena, uint32_t, (size_t)old->column_count + 1);
  for (uint32_t i = 0; i < old->column_count; i++)
    numbers[i] = columns[old->columns[i]]->column;
  now.columns = numbers;
  now.time_column = columns[old->time_column]->column;
  now.explained = old->explained && wanted[before + 1];
  kept[before] = true;
  if (old->explained)
    kept[before + 1] = now.explained;
  return wr_logical_model(arena, input, &now);
}

bool wr_model_equal(const struct wr_logical_model *a, const struct wr_logical_model *b)
{
  const struct wr_forest_shape *f = &a->forest, *g = &b->forest;
  const struct wr_hotspots_shape *h = &a->hotspots, *i = &b->hotspots;
  return a->kind == b->kind && a->time_column == b->time_column && a->any_order == b->any_order &&
         a->column_count == b->column_count &&
         memcmp(a->columns, b->columns, a->column_count * sizeof *a->columns) == 0 &&
         f->trees == g->trees && f->sample == g->sample && f->time_decay == g->time_decay &&
         f->shingle == g->shingle && a->explained == b->explained &&
         a->with_direction == b->with_direction && h->window == i->window && h->least == i->least &&
         memcmp(&h->radius, &i->radius, sizeof h->radius) == 0;
}
