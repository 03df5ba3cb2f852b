/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WINDOWED BY STAGGER (PARTITION BY a, b RANGE INTERVAL ...) instead of GROUP BY: what it is
 * partitioned by are the keys of an Aggregate, which finds the windows itself
 * (operators/session.c). The rest is that of any GROUP BY, bind_group.c, whose hooks these are.
 */
#include "planner/group.h"

#include <assert.h>

#include "core/time.h"
#include "planner/rowtime.h"
#include "planner/window_lengths.h"

/* The column by which windows open and close; UINT32_MAX: FROM has none, which is told. */
static enum wr_code stagger_time(const struct wr_group *group, uint32_t *column,
                                 struct wr_error *err)
{
  const struct wr_logical *input = group->selection->input;
  const struct wr_tree_stagger *tree = group->selection->tree->stagger;
  *column = wr_rowtime_column(group->binder->binding, &input->schema);
  if (!group->binder->binding->kinesis) {
    wr_fail_at(err, WR_UNSUPPORTED, tree->span,
               "WINDOWED BY STAGGER belongs to the kinesis dialect");
    return wr_hint(err, "SET 'sql.dialect' = 'kinesis'");
  }
  if (*column == UINT32_MAX) {
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, tree->span,
                  "WINDOWED BY STAGGER goes along ROWTIME, and these rows have none");
    return wr_hint(err, "read from a stream: tables of reference and VALUES have no ROWTIME");
  }
  return wr_window_check_time(input, *column, tree->span, err);
}

static enum wr_code stagger_origin(const struct wr_group *group, const struct wr_type *time,
                                   const struct wr_window_origin **out, struct wr_error *err)
{
  struct wr_arena *arena = group->binder->arena;
  const struct wr_tree_expression *range = group->selection->tree->stagger->range;
  struct wr_window_origin *origin = WR_NEW(arena, struct wr_window_origin);
  struct wr_window *window = &origin->window;
  *window = (struct wr_window){.kind = WR_WINDOW_STAGGER,
                               .tick_us = time->precision <= 3 ? WR_US_PER_MS : 1};
  *out = origin;
  enum wr_code code =
      wr_window_interval(group->binder, range, "RANGE of STAGGER", true, &window->size_us, err);
  if (code)
    return code;
  window->slide_us = window->size_us;
  if (window->size_us % window->tick_us)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, range->span,
                         "the RANGE of STAGGER must be whole milliseconds, as ROWTIME is");
  origin->time_type = wr_window_type(arena, time);
  origin->type = origin->time_type; /* a span of time behind a row: no clock of a zone shows it */
  origin->end_is_time = true;
  return WR_OK;
}

static enum wr_code stagger_keys(struct wr_group *group, struct wr_error *err)
{
  const struct wr_tree_expressions *trees = &group->selection->tree->stagger->partition_by;
  const struct wr_expression_context context = {.binder = group->binder,
                                                .scope = &group->selection->scope,
                                                .place = "PARTITION BY of STAGGER"};
  group->terms = WR_NEW_ARRAY(group->binder->arena, struct wr_group_term, trees->count);
  for (uint32_t i = 0; i < trees->count; i++) {
    const struct wr_expression *value;
    enum wr_code code = wr_bind_expression(&context, trees->items[i], &value, err);
    if (code == WR_OK)
      code = wr_bind_check(group->binder->binding, value, err);
    if (code)
      return code;
    if (value->type->physical == WR_NESTED) {
      wr_fail_at(err, WR_UNSUPPORTED, trees->items[i]->span,
                 "windows cannot be told apart by a ROW");
      return wr_hint(err, "partition by its fields: r.a, r.b");
    }
    uint32_t t = 0;
    while (t < group->term_count && !wr_expression_equal(group->terms[t].expression, value))
      t++;
    if (t == group->term_count)
      group->terms[group->term_count++] =
          (struct wr_group_term){.expression = value, .column = group->key_count++};
  }
  return WR_OK;
}

enum wr_code wr_group_read_stagger(struct wr_group *group, struct wr_error *err)
{
  const struct wr_tree_select *tree = group->selection->tree;
  uint32_t column;
  if (tree->group_span.length) {
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, tree->stagger->span,
                  "WINDOWED BY STAGGER stands instead of GROUP BY, not beside it");
    return wr_hint(err, "write what it is grouped by into PARTITION BY");
  }
  enum wr_code code = stagger_time(group, &column, err);
  if (code == WR_OK)
    code = stagger_keys(group, err);
  if (code)
    return code;
  const struct wr_type *time = group->selection->input->schema.fields[column].type;
  const struct wr_expression **args =
      WR_NEW_ARRAY(group->binder->arena, const struct wr_expression *, 1);
  *args = wr_bind_column(group->binder->binding, column, time, tree->stagger->span);
  group->window = (struct wr_group_window){
      .tree = tree->stagger->range, .function = "STAGGER", .args = args, .arg_count = 1};
  return stagger_origin(group, time, &group->origin, err);
}

void wr_group_stagger_rowtime(const struct wr_group *group)
{
  struct wr_selection *selection = group->selection;
  const struct wr_expression *item = selection->items[selection->rowtime];
  uint32_t column = wr_logical_part_column(selection->input, WR_PART_END);
  if (item->kind == WR_EXPRESSION_LITERAL) /* else the list says what is to be ROWTIME */
    selection->items[selection->rowtime] = wr_bind_column(
        group->binder->binding, column, selection->input->schema.fields[column].type, item->span);
}
