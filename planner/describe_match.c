/* SPDX-License-Identifier: Apache-2.0 */
/* MATCH_RECOGNIZE in EXPLAIN, and what its state is found by and made of. */
#include <string.h>

#include "planner/describe.h"
#include "planner/match.h"
#include "planner/rule.h"

/* "A B+ C{2,}?" */
static void match_pattern(struct wr_writing *out, const struct wr_logical_match *match)
{
  for (uint32_t s = 0; s < match->step_count; s++) {
    const struct wr_match_step *step = &match->steps[s];
    bool is_option = step->least == 0 && step->most == 1, is_one = step->most == 1;
    wr_write(out, "%s%s", s ? " " : "", match->variables[step->variable].name);
    if (is_option)
      wr_write(out, "?");
    else if (step->most == UINT32_MAX && step->least < 2)
      wr_write(out, step->least ? "+" : "*");
    else if (step->most == UINT32_MAX)
      wr_write(out, "{%u,}", step->least);
    else if (step->most != step->least)
      wr_write(out, "{%u,%u}", step->least, step->most);
    else if (!is_one)
      wr_write(out, "{%u}", step->least);
    if (step->reluctant && !is_option && step->most != step->least)
      wr_write(out, "?");
  }
}

static void match_skip(struct wr_writing *out, const struct wr_logical_match *match)
{
  static const char *const words[] = {[WR_MATCH_PAST_LAST_ROW] = " SKIP PAST LAST ROW",
                                      [WR_MATCH_TO_NEXT_ROW] = " SKIP TO NEXT ROW",
                                      [WR_MATCH_TO_FIRST] = " SKIP TO FIRST ",
                                      [WR_MATCH_TO_LAST] = " SKIP TO LAST "};
  wr_write(out, "%s", words[match->skip]);
  if (match->skip == WR_MATCH_TO_FIRST || match->skip == WR_MATCH_TO_LAST)
    wr_write(out, "%s", match->variables[match->skip_variable].name);
}

static bool match_is_defined(const struct wr_match_variable *variable)
{
  return variable->condition || variable->column != UINT32_MAX;
}

/* "PATTERN (A B+ C) WITHIN 1 h by symbol ORDER BY ts DEFINE B AS B.price < A.price: A.price,
 * COUNT(*)"
 */
void wr_describe_match(struct wr_writing *out, const struct wr_logical *node)
{
  const struct wr_logical_match *match = node->match;
  const struct wr_schema *input = &wr_logical_input(node)->schema;
  uint32_t defined = 0;
  wr_write(out, "PATTERN (");
  match_pattern(out, match);
  wr_write(out, ")");
  if (match->within_us) {
    wr_write(out, " WITHIN ");
    wr_write_duration(out, match->within_us);
  }
  match_skip(out, match);
  for (uint32_t k = 0; k < match->key_count; k++)
    wr_write(out, "%s%s", k ? ", " : " by ", input->fields[match->keys[k]].name);
  for (uint32_t k = 0; k < match->order_count; k++)
    wr_write(out, "%s%s%s%s", k ? ", " : " ORDER BY ", input->fields[match->order[k].column].name,
             match->order[k].descending ? " DESC" : "",
             match->order[k].nulls_last == match->order[k].descending ? ""
             : match->order[k].nulls_last                             ? " NULLS LAST"
                                                                      : " NULLS FIRST");
  if (wr_match_by_clock(node))
    wr_write(out, " by the clock");
  for (uint32_t v = 0; v < match->variable_count; v++) {
    const struct wr_match_variable *variable = &match->variables[v];
    if (!match_is_defined(variable))
      continue;
    wr_write(out, "%s%s AS %s", defined++ ? ", " : " DEFINE ", variable->name,
             variable->condition
                 ? wr_expression_print_as(out->arena, variable->condition,
                                          wr_schema_names(out->arena, variable->schema))
                 : input->fields[variable->column].name);
  }
  for (uint32_t m = 0; m < match->measure_count; m++)
    wr_write(out, "%s%s", m ? ", " : ": ", match->fields[m].name);
}

/* ---- state */

const char *wr_identity_match(struct wr_arena *arena, const struct wr_logical *node)
{
  const struct wr_logical_match *match = node->match;
  const struct wr_logical *input = wr_logical_input(node);
  struct wr_writing out = {.arena = arena};
  wr_write(&out, "match %s", wr_identity_source(arena, node));
  for (uint32_t k = 0; k < match->key_count; k++)
    wr_write(&out, "%s%s", k ? ", " : " by ", wr_identity_column(arena, input, match->keys[k]));
  for (uint32_t k = 0; k < match->order_count; k++)
    wr_write(&out, "%s%s%s", k ? ", " : " order ",
             wr_identity_column(arena, input, match->order[k].column),
             match->order[k].descending ? " desc" : "");
  return wr_written(&out);
}

/* "LAST(A.t.price, 1)", by the tables beneath */
static const char *match_reference(struct wr_arena *arena, const struct wr_logical *node,
                                   const struct wr_match_reference *reference)
{
  static const char *const words[] = {[WR_MATCH_FIRST] = "FIRST", [WR_MATCH_LAST] = "LAST"};
  const struct wr_logical *input = wr_logical_input(node);
  const struct wr_aggregate *aggregate = &reference->aggregate;
  bool is_aggregate = reference->kind == WR_MATCH_AGGREGATE;
  struct wr_writing out = {.arena = arena};
  wr_write(&out, "%s(%s", is_aggregate ? aggregate->name : words[reference->kind],
           reference->variable == WR_MATCH_ALL ? "*"
                                               : node->match->variables[reference->variable].name);
  if (!is_aggregate)
    wr_write(&out, ".%s, %llu", wr_identity_column(arena, input, reference->column),
             (unsigned long long)reference->offset);
  for (uint32_t a = 0; is_aggregate && a < aggregate->arg_count; a++)
    wr_write(&out, "%s%s", a ? ", " : ".",
             wr_identity_column(arena, input, reference->columns.args[a]));
  if (is_aggregate)
    wr_write(&out, "%s", aggregate->words);
  if (is_aggregate && reference->columns.filter != UINT32_MAX)
    wr_write(&out, ") FILTER (%s", wr_identity_column(arena, input, reference->columns.filter));
  wr_write(&out, ")");
  return wr_written(&out);
}

/* Of rows of a match that is not complete the operator keeps what conditions and measures look at,
 * in the order in which they do. */
struct match_kept {
  struct wr_writing *out;
  const struct wr_logical *input;
  bool *told;
  uint32_t count;
};

static void match_keeps(struct match_kept *kept, uint32_t column)
{
  char type[256];
  if (kept->told[column])
    return;
  kept->told[column] = true;
  wr_type_print(kept->input->schema.fields[column].type, type, sizeof type);
  wr_write(kept->out, "%s%s %s", kept->count++ ? ", " : "; rows with ",
           wr_identity_column(kept->out->arena, kept->input, column), type);
}

static void match_keeps_reference(struct match_kept *kept,
                                  const struct wr_match_reference *reference)
{
  if (reference->kind != WR_MATCH_AGGREGATE) {
    match_keeps(kept, reference->column);
    return;
  }
  for (uint32_t a = 0; a < reference->aggregate.arg_count; a++)
    match_keeps(kept, reference->columns.args[a]);
  if (reference->columns.filter != UINT32_MAX)
    match_keeps(kept, reference->columns.filter);
}

static void match_keeps_all(struct wr_writing *out, const struct wr_logical *node)
{
  const struct wr_logical_match *match = node->match;
  const struct wr_logical *input = wr_logical_input(node);
  struct match_kept kept = {.out = out,
                            .input = input,
                            .told = WR_NEW_ARRAY(out->arena, bool, input->schema.column_count + 1)};
  for (uint32_t v = 0; v < match->variable_count; v++) {
    const struct wr_match_variable *variable = &match->variables[v];
    if (variable->column != UINT32_MAX)
      match_keeps(&kept, variable->column);
    for (uint32_t i = 0; i < variable->reference_count; i++)
      match_keeps_reference(&kept, &variable->references[i]);
  }
  for (uint32_t m = 0; m < match->measure_count; m++)
    match_keeps_reference(&kept, &match->measures[m]);
}

void wr_match_fits(struct wr_writing *out, const struct wr_logical *node)
{
  const struct wr_logical_match *match = node->match;
  wr_write(out, "pattern ");
  match_pattern(out, match);
  match_skip(out, match);
  if (match->within_us)
    wr_write(out, " within %lld us", (long long)match->within_us);
  for (uint32_t v = 0; v < match->variable_count; v++) {
    const struct wr_match_variable *variable = &match->variables[v];
    if (variable->column != UINT32_MAX)
      wr_write(out, "; %s as %s", variable->name,
               wr_identity_column(out->arena, wr_logical_input(node), variable->column));
    if (!variable->condition)
      continue;
    const char **texts = WR_NEW_ARRAY(out->arena, const char *, variable->reference_count + 1);
    for (uint32_t i = 0; i < variable->reference_count; i++)
      texts[i] = match_reference(out->arena, node, &variable->references[i]);
    wr_write(out, "; %s as %s", variable->name,
             wr_expression_print_as(out->arena, variable->condition, texts));
  }
  match_keeps_all(out, node);
}
