/* SPDX-License-Identifier: Apache-2.0 */
/* One table row per kind of node: its name and how its line is written. */
#include "planner/describe.h"

#include <assert.h>
#include <string.h>

#include "core/hash.h"
#include "planner/describe_changes.h"
#include "planner/describe_rows.h"
#include "planner/lookup.h"
#include "planner/match.h"
#include "planner/model.h"
#include "planner/streams.h"
#include "planner/ttl.h"
#include "planner/writing.h"

static const char *const describe_windows[] = {
    [WR_WINDOW_TUMBLE] = "TUMBLE",     [WR_WINDOW_HOP] = "HOP",
    [WR_WINDOW_CUMULATE] = "CUMULATE", [WR_WINDOW_SESSION] = "SESSION",
    [WR_WINDOW_STAGGER] = "STAGGER",
};

/* "TUMBLE(1 min)", "HOP(10 s every 5 s)", "SESSION(gap 30 s)" */
static void describe_window(struct wr_writing *out, const struct wr_window *window)
{
  bool has_slide = window->kind == WR_WINDOW_HOP || window->kind == WR_WINDOW_CUMULATE;
  if (window->kind == WR_WINDOW_ATTACHED) {
    wr_write(out, "WINDOW");
    return;
  }
  if (window->kind == WR_WINDOW_ALL) {
    wr_write(out, "at the end of the input");
    return;
  }
  wr_write(out, "%s(%s", describe_windows[window->kind],
           window->kind == WR_WINDOW_SESSION ? "gap " : "");
  if (window->months)
    wr_write(out, window->months == 1 ? "1 month" : "%u months", window->months);
  else
    wr_write_duration(out, window->size_us);
  if (has_slide) {
    wr_write(out, window->kind == WR_WINDOW_HOP ? " every " : " in steps of ");
    wr_write_duration(out, window->slide_us);
  }
  if (window->offset_us) {
    wr_write(out, ", offset ");
    wr_write_duration(out, window->offset_us);
  }
  wr_write(out, ")");
}

static void describe_scan(struct wr_writing *out, const struct wr_logical *node)
{
  const struct wr_table *table = node->scan.table;
  uint32_t read = node->schema.column_count, all = table->raw.column_count;
  if (read == 0) {
    wr_write(out, "none of %u columns", all);
    return;
  }
  if (read < all)
    wr_write(out, "%u of %u columns: ", read, all);
  wr_write_columns(out, &node->schema);
}

static void describe_rejects(struct wr_writing *out, const struct wr_logical *node)
{
  (void)node;
  wr_write(out, "rejected rows and records of this job");
}

static void describe_values(struct wr_writing *out, const struct wr_logical *node)
{
  uint32_t count = node->schema.column_count;
  if (node->values.row_count > 1) {
    wr_write(out, "%u rows", node->values.row_count);
    return;
  }
  for (uint32_t c = 0; c < count; c++)
    wr_write(out, "%s%s", c ? ", " : "",
             wr_expression_print(out->arena, node->values.rows[c], &node->schema));
}

static void describe_watermark(struct wr_writing *out, const struct wr_logical *node)
{
  const struct wr_schema *schema = &wr_logical_input(node)->schema;
  wr_write(out, "FOR %s AS %s", schema->fields[node->watermark.time_column].name,
           wr_expression_print(out->arena, node->watermark.expression, schema));
}

static void describe_filter(struct wr_writing *out, const struct wr_logical *node)
{
  wr_write(
      out, "%s",
      wr_expression_print(out->arena, node->filter.condition, &wr_logical_input(node)->schema));
}

static void describe_project(struct wr_writing *out, const struct wr_logical *node)
{
  for (uint32_t c = 0; c < node->schema.column_count; c++) {
    const struct wr_expression *expression = node->project.expressions[c];
    const char *name = node->schema.fields[c].name;
    const char *text =
        expression->kind == WR_EXPRESSION_COLUMN
            ? wr_logical_input(node)->schema.fields[expression->column].name
            : wr_expression_print(out->arena, expression, &wr_logical_input(node)->schema);
    wr_write(out, "%s%s", c ? ", " : "", text);
    if (strcmp(text, name) != 0)
      wr_write(out, " AS %s", name);
  }
}

/* What more there is to say about a window: the zone of its hours, the clock. */
static void describe_origin(struct wr_writing *out, const struct wr_logical *node,
                            const struct wr_window_origin *origin)
{
  if (origin->time_zone)
    wr_write(out, "; in the zone %s", origin->time_zone);
  if (wr_logical_has_clock(node))
    wr_write(out, "; by the clock");
}

/* "; early results every 1 s", "; rows up to 10 ms late count, with results at every change" */
static void describe_emit(struct wr_writing *out, const struct wr_window_emit *emit)
{
  if (emit->early_us == 0)
    wr_write(out, "; early results at every change");
  if (emit->early_us > 0) {
    wr_write(out, "; early results every ");
    wr_write_duration(out, emit->early_us);
  }
  if (emit->lateness_us == 0)
    return;
  wr_write(out, "; rows up to ");
  wr_write_duration(out, emit->lateness_us);
  wr_write(out, " late count, with results %s", emit->late_us > 0 ? "every " : "at every change");
  if (emit->late_us > 0)
    wr_write_duration(out, emit->late_us);
}

static void describe_assign(struct wr_writing *out, const struct wr_logical *node)
{
  describe_window(out, &node->assign.origin->window);
  wr_write(out, " of %s", node->schema.fields[node->assign.time_column].name);
  for (uint32_t k = 0; k < node->assign.key_count; k++)
    wr_write(out, "%s%s", k ? ", " : " by ", node->schema.fields[node->assign.keys[k]].name);
  describe_origin(out, node, node->assign.origin);
}

static void describe_aggregate(struct wr_writing *out, const struct wr_logical *node)
{
  const struct wr_logical_aggregate *aggregate = &node->aggregate;
  const struct wr_schema *input = &wr_logical_input(node)->schema;
  if (aggregate->continuous)
    wr_write(out, "all rows");
  else
    describe_window(out, &aggregate->window);
  if (aggregate->window.kind == WR_WINDOW_ATTACHED)
    wr_write(out, " %s, %s", input->fields[aggregate->start_column].name,
             input->fields[aggregate->end_column].name);
  else if (aggregate->window.kind != WR_WINDOW_ALL)
    wr_write(out, " of %s", input->fields[aggregate->time_column].name);
  for (uint32_t k = 0; k < aggregate->key_count; k++)
    wr_write(out, "%s%s", k ? ", " : " by ", input->fields[aggregate->keys[k]].name);
  for (uint32_t a = 0; a < aggregate->aggregate_count; a++)
    wr_write(out, "%s%s", a ? ", " : ": ", node->schema.fields[aggregate->key_count + a].name);
  if (aggregate->origin)
    describe_origin(out, node, aggregate->origin);
  describe_emit(out, &aggregate->emit);
  if (aggregate->continuous)
    wr_describe_ttl(out, aggregate->ttl_us,
                    aggregate->key_count && !aggregate->ends ? "; kept for ever" : "");
}

static void describe_union(struct wr_writing *out, const struct wr_logical *node)
{
  wr_write(out, "%u inputs", node->input_count);
}

/* "(a, b), (a), ()": the sets */
static void describe_expand(struct wr_writing *out, const struct wr_logical *node)
{
  const struct wr_logical_expand *expand = &node->expand;
  for (uint32_t s = 0; s < expand->set_count; s++) {
    uint32_t count = 0;
    wr_write(out, "%s(", s ? ", " : "");
    for (uint32_t k = 0; k < expand->key_count; k++)
      if (!(expand->sets[s].absent >> k & 1))
        wr_write(out, "%s%s", count++ ? ", " : "", node->schema.fields[expand->keys[k]].name);
    wr_write(out, ")");
  }
}

static void describe_distinct(struct wr_writing *out, const struct wr_logical *node)
{
  if (node->distinct.keys)
    for (uint32_t k = 0; k < node->distinct.key_count; k++)
      wr_write(out, "%s%s", k ? ", " : "BY ", node->schema.fields[node->distinct.keys[k]].name);
  else
    wr_write_columns(out, &node->schema);
  if (node->distinct.end_column == UINT32_MAX)
    wr_describe_ttl(out, node->distinct.ttl_us, "; remembered for ever");
  else
    wr_write(out, "; remembered until %s", node->schema.fields[node->distinct.end_column].name);
}

static void describe_unnest(struct wr_writing *out, const struct wr_logical *node)
{
  const struct wr_schema *input = &wr_logical_input(node)->schema;
  wr_write(out, "%s AS", input->fields[node->unnest.column].name);
  for (uint32_t c = input->column_count; c < node->schema.column_count; c++)
    wr_write(out, "%s%s", c > input->column_count ? ", " : " ", node->schema.fields[c].name);
  if (node->unnest.outer)
    wr_write(out, ", NULL if there are none");
}

/* " LIMIT 10 OFFSET 5" */
static void describe_range(struct wr_writing *out, uint64_t limit, uint64_t offset)
{
  if (limit != UINT64_MAX)
    wr_write(out, " LIMIT %llu", (unsigned long long)limit);
  if (offset)
    wr_write(out, " OFFSET %llu", (unsigned long long)offset);
}

static void describe_sort(struct wr_writing *out, const struct wr_logical *node)
{
  for (uint32_t k = 0; k < node->sort.key_count; k++) {
    const struct wr_sort_key *key = &node->sort.keys[k];
    wr_write(out, "%s%s%s%s", k ? ", " : "BY ", node->schema.fields[key->column].name,
             key->descending ? " DESC" : "",
             key->nulls_last == key->descending ? ""
             : key->nulls_last                  ? " NULLS LAST"
                                                : " NULLS FIRST");
  }
  describe_range(out, node->sort.limit, node->sort.offset);
  if (node->sort.within) {
    wr_write(out, ", within ");
    wr_write_duration(out, node->sort.within_us);
  } else if (node->sort.by_time) {
    wr_write(out, ", as far as the watermark has come");
  }
}

static void describe_limit(struct wr_writing *out, const struct wr_logical *node)
{
  struct wr_writing range = {.arena = out->arena};
  describe_range(&range, node->limit.limit, node->limit.offset);
  wr_write(out, "%s", wr_written(&range) + 1);
}

static void describe_stream(struct wr_writing *out, const struct wr_logical *node)
{
  wr_write(out, "%s", node->stream.name);
}

static void describe_sink(struct wr_writing *out, const struct wr_logical *node)
{
  wr_write_columns(out, &node->sink.table->written);
}

static const struct {
  const char *name;
  void (*detail)(struct wr_writing *out, const struct wr_logical *node);
} describe_kinds[WR_LOGICAL_KIND_COUNT] = {
    [WR_LOGICAL_SCAN] = {"Source", describe_scan},
    [WR_LOGICAL_REJECTS] = {"Source(error_stream)", describe_rejects},
    [WR_LOGICAL_VALUES] = {"Values", describe_values},
    [WR_LOGICAL_WATERMARK] = {"Watermark", describe_watermark},
    [WR_LOGICAL_FILTER] = {"Filter", describe_filter},
    [WR_LOGICAL_PROJECT] = {"Project", describe_project},
    [WR_LOGICAL_ASSIGN] = {"Window", describe_assign},
    [WR_LOGICAL_AGGREGATE] = {"Aggregate", describe_aggregate},
    [WR_LOGICAL_EXPAND] = {"Expand", describe_expand},
    [WR_LOGICAL_DISTINCT] = {"Distinct", describe_distinct},
    [WR_LOGICAL_UNNEST] = {"Unnest", describe_unnest},
    [WR_LOGICAL_SORT] = {"Sort", describe_sort},
    [WR_LOGICAL_LIMIT] = {"Limit", describe_limit},
    [WR_LOGICAL_UNION] = {"Union", describe_union},
    [WR_LOGICAL_OVER] = {"Over", wr_describe_over},
    [WR_LOGICAL_RANK] = {"Rank", wr_describe_rank},
    [WR_LOGICAL_JOIN] = {"WindowJoin", wr_describe_join},
    [WR_LOGICAL_NORMALIZE] = {"ChangelogNormalize", wr_describe_normalize},
    [WR_LOGICAL_LOOKUP] = {"LookupJoin", wr_describe_lookup},
    [WR_LOGICAL_MATCH] = {"Match", wr_describe_match},
    [WR_LOGICAL_MODEL] = {"Model", wr_describe_model},
    [WR_LOGICAL_STREAM] = {"Stream", describe_stream},
    [WR_LOGICAL_SINK] = {"Sink", describe_sink},
};

const char *wr_logical_name(struct wr_arena *arena, const struct wr_logical *node)
{
  static const char *const windows[] = {
      [WR_WINDOW_TUMBLE] = "Tumble",     [WR_WINDOW_HOP] = "Hop",
      [WR_WINDOW_CUMULATE] = "Cumulate", [WR_WINDOW_SESSION] = "Session",
      [WR_WINDOW_STAGGER] = "Stagger",   [WR_WINDOW_ATTACHED] = "Window",
      [WR_WINDOW_ALL] = "Group",
  };
  const char *kind = describe_kinds[node->kind].name;
  switch (node->kind) {
  case WR_LOGICAL_SCAN: return wr_arena_print(arena, "%s(%s)", kind, node->scan.table->name);
  case WR_LOGICAL_SINK: return wr_arena_print(arena, "%s(%s)", kind, node->sink.table->name);
  case WR_LOGICAL_NORMALIZE: return wr_normalize_name(node);
  case WR_LOGICAL_MODEL: return wr_model_name(node);
  case WR_LOGICAL_WATERMARK:
    return wr_arena_print(arena, "%s(%s)", kind, node->watermark.table->name);
  case WR_LOGICAL_LOOKUP: return wr_arena_print(arena, "%s(%s)", kind, node->lookup.table->name);
  case WR_LOGICAL_ASSIGN:
    return wr_arena_print(arena, "%s%s", windows[node->assign.origin->window.kind], kind);
  case WR_LOGICAL_AGGREGATE:
    return wr_arena_print(arena, "%s%s", windows[node->aggregate.window.kind], kind);
  case WR_LOGICAL_RANK:
    return node->rank.is_local ? "LocalWindowRank" : node->rank.origin ? "WindowRank" : kind;
  case WR_LOGICAL_JOIN:
    return node->join.way == WR_JOIN_BY_WINDOW  ? kind
           : node->join.way == WR_JOIN_REGULAR  ? "Join"
           : node->join.way == WR_JOIN_TEMPORAL ? "TemporalJoin"
                                                : "IntervalJoin";
  default: return kind;
  }
}

const char *wr_logical_detail(struct wr_arena *arena, const struct wr_logical *node)
{
  struct wr_writing out = {.arena = arena};
  describe_kinds[node->kind].detail(&out, node);
  return wr_written(&out);
}

/* ---- the tree */

/* A node whose inputs are being drawn. */
struct tree_branch {
  const struct wr_logical *node;
  uint32_t next; /* of its inputs */
  const struct tree_branch *reader;
};

/* What stands before a line of the inputs of a branch: a bar for every reader that has more to
 * come.
 */
static void tree_indent(struct wr_writing *out, const struct tree_branch *branch)
{
  if (!branch->reader)
    return;
  tree_indent(out, branch->reader);
  wr_write(out, branch->reader->next < branch->reader->node->input_count ? "│  " : "   ");
}

static void tree_draw(struct wr_writing *out, const struct wr_logical *node, bool *is_drawn,
                      const struct tree_branch *reader)
{
  if (reader) {
    tree_indent(out, reader);
    wr_write(out, reader->next < reader->node->input_count ? "├─ " : "└─ ");
  }
  wr_write(out, "%s", wr_logical_name(out->arena, node));
  if (node->reader_count > 1)
    wr_write(out, " #%u", node->number);
  if (is_drawn[node->number]) {
    wr_write(out, " (see above)\n");
    return;
  }
  const char *detail = wr_logical_detail(out->arena, node);
  wr_write(out, "%s%s\n", *detail ? "  " : "", detail);
  is_drawn[node->number] = true;
  struct tree_branch branch = {.node = node, .reader = reader};
  while (branch.next < node->input_count) {
    const struct wr_logical *input = node->inputs[branch.next++];
    tree_draw(out, input, is_drawn, &branch);
  }
}

const char *wr_logical_tree(struct wr_arena *arena, struct wr_logical *const *roots,
                            uint32_t root_count)
{
  struct wr_logical_order order = wr_logical_order(arena, roots, root_count);
  bool *is_drawn = WR_NEW_ARRAY(arena, bool, order.count);
  struct wr_writing out = {.arena = arena};
  for (uint32_t r = 0; r < root_count; r++)
    tree_draw(&out, roots[r], is_drawn, NULL);
  return wr_written(&out);
}

/* ---- identity */

static const char *identity_column(struct wr_arena *arena, const struct wr_logical *node,
                                   uint32_t column);

#define IDENTITY_BYTES_MAX 200

/* Views may say a + a of each other many times over: a long text gives way to its hash. */
static const char *identity_short(struct wr_arena *arena, const char *text)
{
  size_t length = strlen(text);
  if (length <= IDENTITY_BYTES_MAX)
    return text;
  return wr_arena_print(arena, "expression %016llx",
                        (unsigned long long)wr_hash_bytes(text, length, 0));
}

/* An expression over a node's input, in terms of the tables beneath. */
static const char *identity_expression(struct wr_arena *arena, const struct wr_logical *input,
                                       const struct wr_expression *expression)
{
  uint32_t count = input->schema.column_count;
  bool *used = WR_NEW_ARRAY(arena, bool, count);
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, count);
  wr_expression_columns(expression, used);
  for (uint32_t c = 0; c < count; c++)
    fields[c] = (struct wr_field){.name = used[c] ? identity_column(arena, input, c) : "",
                                  .type = input->schema.fields[c].type};
  if (expression->kind == WR_EXPRESSION_COLUMN)
    return fields[expression->column].name;
  const struct wr_schema schema = {.column_count = count, .fields = fields};
  const char *text = wr_expression_print(arena, expression, &schema);
  return identity_short(arena, text);
}

static const char *identity_column(struct wr_arena *arena, const struct wr_logical *node,
                                   uint32_t column)
{
  if (node->mark && node->mark->called)
    return wr_arena_print(arena, "%s.%s", node->mark->called, node->mark->names[column]);
  switch (node->kind) {
  case WR_LOGICAL_SCAN:
    return wr_arena_print(arena, "%s.%s", node->scan.table->name, node->schema.fields[column].name);
  case WR_LOGICAL_PROJECT:
    node = node->otherwise ? node->otherwise : node;
    return identity_expression(arena, wr_logical_input(node), node->project.expressions[column]);
  case WR_LOGICAL_LOOKUP: return wr_identity_lookup_column(arena, node, column);
  case WR_LOGICAL_UNNEST:
  case WR_LOGICAL_EXPAND:
  case WR_LOGICAL_OVER:
  case WR_LOGICAL_RANK:
  case WR_LOGICAL_MODEL:
  case WR_LOGICAL_ASSIGN:
    return column < wr_logical_input(node)->schema.column_count
               ? identity_column(arena, wr_logical_input(node), column)
               : node->schema.fields[column].name;
  case WR_LOGICAL_AGGREGATE:
    return column < node->aggregate.key_count
               ? identity_column(arena, wr_logical_input(node), node->aggregate.keys[column])
               : node->schema.fields[column].name;
  case WR_LOGICAL_MATCH:
    return column < node->match->key_count
               ? identity_column(arena, wr_logical_input(node), node->match->keys[column])
               : node->schema.fields[column].name;
  case WR_LOGICAL_JOIN: {
    uint32_t before = node->inputs[0]->schema.column_count;
    return identity_column(arena, node->inputs[column >= before],
                           column >= before ? column - before : column);
  }
  case WR_LOGICAL_REJECTS:
  case WR_LOGICAL_UNION:
  case WR_LOGICAL_VALUES: return node->schema.fields[column].name;
  default: return identity_column(arena, wr_logical_input(node), column);
  }
}

/* The tables beneath a node: "clicks", "clicks + views". */
static const char *identity_source(struct wr_arena *arena, const struct wr_logical *node)
{
  while (node->input_count == 1 && (!node->mark || !node->mark->called))
    node = node->inputs[0];
  if (node->mark && node->mark->called)
    return node->mark->called;
  if (node->input_count == 0)
    return node->kind == WR_LOGICAL_SCAN ? node->scan.table->name : describe_kinds[node->kind].name;
  struct wr_writing out = {.arena = arena};
  for (uint32_t i = 0; i < node->input_count; i++)
    wr_write(&out, "%s%s", i ? " + " : "", identity_source(arena, node->inputs[i]));
  return identity_short(arena, wr_written(&out));
}

const char *wr_identity_column(struct wr_arena *arena, const struct wr_logical *node,
                               uint32_t column)
{
  return identity_short(arena, identity_column(arena, node, column));
}

const char *wr_identity_expression(struct wr_arena *arena, const struct wr_logical *input,
                                   const struct wr_expression *expression)
{
  return identity_expression(arena, input, expression);
}

const char *wr_identity_source(struct wr_arena *arena, const struct wr_logical *node)
{
  return identity_source(arena, node);
}

/* Bounds that are kept are those of the zone. */
static void identity_window(struct wr_writing *out, const struct wr_window_origin *origin)
{
  describe_window(out, &origin->window);
  if (origin->time_zone)
    wr_write(out, " in %s", origin->time_zone);
}

static const char *identity_aggregate(struct wr_arena *arena, const struct wr_logical *node)
{
  const struct wr_logical_aggregate *aggregate = &node->aggregate;
  struct wr_writing out = {.arena = arena};
  if (aggregate->state_name)
    return aggregate->state_name;
  wr_write(&out, wr_logical_is_group(node) ? "group " : "aggregate ");
  if (aggregate->window.kind == WR_WINDOW_ALL)
    wr_write(&out, "all");
  else
    identity_window(&out, aggregate->origin);
  wr_write(&out, "%s of %s", aggregate->window.kind == WR_WINDOW_ATTACHED ? " attached" : "",
           identity_source(arena, node));
  for (uint32_t k = 0; k < aggregate->key_count; k++)
    wr_write(&out, "%s%s", k ? ", " : " by ",
             identity_column(arena, wr_logical_input(node), aggregate->keys[k]));
  return wr_written(&out);
}

const char *wr_identity_window(struct wr_arena *arena, const struct wr_window_origin *origin)
{
  struct wr_writing out = {.arena = arena};
  identity_window(&out, origin);
  return wr_written(&out);
}

/* SESSION keeps rows, others the clock: what they are told apart by is what an aggregate would be.
 */
static const char *identity_assign(struct wr_arena *arena, const struct wr_logical *node)
{
  struct wr_writing out = {.arena = arena};
  wr_write(&out, "window ");
  identity_window(&out, node->assign.origin);
  wr_write(&out, " of %s", identity_source(arena, node));
  for (uint32_t k = 0; k < node->assign.key_count; k++)
    wr_write(&out, "%s%s", k ? ", " : " by ",
             identity_column(arena, wr_logical_input(node), node->assign.keys[k]));
  return wr_written(&out);
}

static const char *identity_distinct(struct wr_arena *arena, const struct wr_logical *node)
{
  struct wr_writing out = {.arena = arena};
  const struct wr_logical_distinct *distinct = &node->distinct;
  wr_write(&out, "distinct of %s by ", identity_source(arena, node));
  for (uint32_t k = 0; k < (distinct->keys ? distinct->key_count : node->schema.column_count); k++)
    wr_write(
        &out, "%s%s", k ? ", " : "",
        identity_column(arena, wr_logical_input(node), distinct->keys ? distinct->keys[k] : k));
  return identity_short(arena, wr_written(&out));
}

static const char *identity_sort(struct wr_arena *arena, const struct wr_logical *node)
{
  struct wr_writing out = {.arena = arena};
  wr_write(&out, "sort %s", identity_source(arena, node));
  for (uint32_t k = 0; k < node->sort.key_count; k++)
    wr_write(&out, "%s%s%s", k ? ", " : " by ",
             identity_column(arena, wr_logical_input(node), node->sort.keys[k].column),
             node->sort.keys[k].descending ? " desc" : "");
  return wr_written(&out);
}

const char *wr_logical_identity(struct wr_arena *arena, const struct wr_logical *node)
{
  switch (node->kind) {
  case WR_LOGICAL_SCAN: return wr_arena_print(arena, "source %s", node->scan.table->name);
  case WR_LOGICAL_WATERMARK:
    return wr_arena_print(arena, "watermark %s", node->watermark.table->name);
  case WR_LOGICAL_VALUES: return "values";
  case WR_LOGICAL_SORT: return identity_sort(arena, node);
  case WR_LOGICAL_LIMIT: return wr_arena_print(arena, "limit %s", identity_source(arena, node));
  case WR_LOGICAL_SINK: return wr_arena_print(arena, "sink %s", node->sink.table->name);
  case WR_LOGICAL_AGGREGATE: return identity_aggregate(arena, node);
  case WR_LOGICAL_ASSIGN: return wr_logical_keeps_rows(node) ? identity_assign(arena, node) : NULL;
  case WR_LOGICAL_DISTINCT: return identity_distinct(arena, node);
  case WR_LOGICAL_OVER: return wr_identity_over(arena, node);
  case WR_LOGICAL_MATCH: return wr_identity_match(arena, node);
  case WR_LOGICAL_MODEL: return wr_identity_model(arena, node);
  case WR_LOGICAL_NORMALIZE: return wr_identity_normalize(arena, node);
  case WR_LOGICAL_RANK: return wr_identity_rank(arena, node);
  case WR_LOGICAL_JOIN: return wr_identity_join(arena, node);
  default: return NULL;
  }
}
