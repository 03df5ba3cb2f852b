/* SPDX-License-Identifier: Apache-2.0 */
/* One table row per kind of node: its name and how its line is written. */
#include "planner/describe.h"

#include <assert.h>
#include <string.h>

#include "core/hash.h"
#include "planner/writing.h"

/* "TUMBLE(1 min)", "HOP(10 s every 5 s)" */
static void describe_window(struct wr_writing *out, const struct wr_window *window)
{
  if (window->kind == WR_WINDOW_ATTACHED) {
    wr_write(out, "WINDOW");
    return;
  }
  wr_write(out, "%s(", window->kind == WR_WINDOW_TUMBLE ? "TUMBLE" : "HOP");
  wr_write_duration(out, window->size_us);
  if (window->kind == WR_WINDOW_HOP) {
    wr_write(out, " every ");
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
  const struct wr_schema *schema = &node->input->schema;
  wr_write(out, "FOR %s AS %s", schema->fields[node->watermark.time_column].name,
           wr_expression_print(out->arena, node->watermark.expression, schema));
}

static void describe_filter(struct wr_writing *out, const struct wr_logical *node)
{
  wr_write(out, "%s",
           wr_expression_print(out->arena, node->filter.condition, &node->input->schema));
}

static void describe_project(struct wr_writing *out, const struct wr_logical *node)
{
  for (uint32_t c = 0; c < node->schema.column_count; c++) {
    const struct wr_expression *expression = node->project.expressions[c];
    const char *name = node->schema.fields[c].name;
    const char *text = expression->kind == WR_EXPRESSION_COLUMN
                           ? node->input->schema.fields[expression->column].name
                           : wr_expression_print(out->arena, expression, &node->input->schema);
    wr_write(out, "%s%s", c ? ", " : "", text);
    if (strcmp(text, name) != 0)
      wr_write(out, " AS %s", name);
  }
}

static void describe_assign(struct wr_writing *out, const struct wr_logical *node)
{
  describe_window(out, &node->assign.origin->window);
  wr_write(out, " of %s", node->schema.fields[node->assign.time_column].name);
}

static void describe_aggregate(struct wr_writing *out, const struct wr_logical *node)
{
  const struct wr_logical_aggregate *aggregate = &node->aggregate;
  const struct wr_schema *input = &node->input->schema;
  describe_window(out, &aggregate->window);
  if (aggregate->window.kind == WR_WINDOW_ATTACHED)
    wr_write(out, " %s, %s", input->fields[aggregate->start_column].name,
             input->fields[aggregate->end_column].name);
  else
    wr_write(out, " of %s", input->fields[aggregate->time_column].name);
  for (uint32_t k = 0; k < aggregate->key_count; k++)
    wr_write(out, "%s%s", k ? ", " : " by ", input->fields[aggregate->keys[k]].name);
  for (uint32_t a = 0; a < aggregate->aggregate_count; a++)
    wr_write(out, "%s%s", a ? ", " : ": ", node->schema.fields[aggregate->key_count + a].name);
}

static void describe_sink(struct wr_writing *out, const struct wr_logical *node)
{
  wr_write_columns(out, &node->sink.table->physical);
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
    [WR_LOGICAL_SINK] = {"Sink", describe_sink},
};

const char *wr_logical_name(struct wr_arena *arena, const struct wr_logical *node)
{
  static const char *const windows[] = {
      [WR_WINDOW_TUMBLE] = "Tumble", [WR_WINDOW_HOP] = "Hop", [WR_WINDOW_ATTACHED] = "Window"};
  const char *kind = describe_kinds[node->kind].name;
  switch (node->kind) {
  case WR_LOGICAL_SCAN: return wr_arena_print(arena, "%s(%s)", kind, node->scan.table->name);
  case WR_LOGICAL_SINK: return wr_arena_print(arena, "%s(%s)", kind, node->sink.table->name);
  case WR_LOGICAL_WATERMARK:
    return wr_arena_print(arena, "%s(%s)", kind, node->watermark.table->name);
  case WR_LOGICAL_ASSIGN:
    return wr_arena_print(arena, "%s%s", windows[node->assign.origin->window.kind], kind);
  case WR_LOGICAL_AGGREGATE:
    return wr_arena_print(arena, "%s%s", windows[node->aggregate.window.kind], kind);
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

const char *wr_logical_tree(struct wr_arena *arena, struct wr_logical *const *roots,
                            uint32_t root_count)
{
  struct wr_logical_order order = wr_logical_order(arena, roots, root_count);
  bool *is_drawn = WR_NEW_ARRAY(arena, bool, order.count);
  struct wr_writing out = {.arena = arena};
  for (uint32_t r = 0; r < root_count; r++) {
    uint32_t depth = 0;
    for (const struct wr_logical *node = roots[r]; node; node = node->input, depth++) {
      const char *detail = wr_logical_detail(arena, node);
      if (depth)
        wr_write_spaces(&out, 3 * (depth - 1));
      wr_write(&out, "%s%s", depth ? "└─ " : "", wr_logical_name(arena, node));
      if (node->reader_count > 1)
        wr_write(&out, " #%u", node->number);
      if (is_drawn[node->number]) {
        wr_write(&out, " (see above)\n");
        break;
      }
      wr_write(&out, "%s%s\n", *detail ? "  " : "", detail);
      is_drawn[node->number] = true;
    }
  }
  return wr_written(&out);
}

/* ---- identity */

static const char *identity_column(struct wr_arena *arena, const struct wr_logical *node,
                                   uint32_t column);

#define IDENTITY_BYTES_MAX 200

/* An expression over a node's input, in terms of the tables beneath. Views may say a + a of each
 * other many times over: a long text gives way to its hash. */
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
  size_t length = strlen(text);
  if (length <= IDENTITY_BYTES_MAX)
    return text;
  return wr_arena_print(arena, "expression %016llx",
                        (unsigned long long)wr_hash_bytes(text, length, 0));
}

static const char *identity_column(struct wr_arena *arena, const struct wr_logical *node,
                                   uint32_t column)
{
  switch (node->kind) {
  case WR_LOGICAL_SCAN:
    return wr_arena_print(arena, "%s.%s", node->scan.table->name, node->schema.fields[column].name);
  case WR_LOGICAL_PROJECT:
    return identity_expression(arena, node->input, node->project.expressions[column]);
  case WR_LOGICAL_ASSIGN:
    return column < node->input->schema.column_count ? identity_column(arena, node->input, column)
                                                     : node->schema.fields[column].name;
  case WR_LOGICAL_AGGREGATE:
    return column < node->aggregate.key_count
               ? identity_column(arena, node->input, node->aggregate.keys[column])
               : node->schema.fields[column].name;
  case WR_LOGICAL_REJECTS:
  case WR_LOGICAL_VALUES: return node->schema.fields[column].name;
  default: return identity_column(arena, node->input, column);
  }
}

static const char *identity_source(const struct wr_logical *node)
{
  while (node->input)
    node = node->input;
  return node->kind == WR_LOGICAL_SCAN ? node->scan.table->name : describe_kinds[node->kind].name;
}

static const char *identity_aggregate(struct wr_arena *arena, const struct wr_logical *node)
{
  const struct wr_logical_aggregate *aggregate = &node->aggregate;
  struct wr_writing out = {.arena = arena};
  if (aggregate->state_name)
    return aggregate->state_name;
  wr_write(&out, "aggregate ");
  describe_window(&out, &aggregate->origin->window);
  wr_write(&out, "%s of %s by ", aggregate->window.kind == WR_WINDOW_ATTACHED ? " attached" : "",
           identity_source(node));
  for (uint32_t k = 0; k < aggregate->key_count; k++)
    wr_write(&out, "%s%s", k ? ", " : "", identity_column(arena, node->input, aggregate->keys[k]));
  return wr_written(&out);
}

const char *wr_logical_identity(struct wr_arena *arena, const struct wr_logical *node)
{
  switch (node->kind) {
  case WR_LOGICAL_SCAN: return wr_arena_print(arena, "source %s", node->scan.table->name);
  case WR_LOGICAL_WATERMARK:
    return wr_arena_print(arena, "watermark %s", node->watermark.table->name);
  case WR_LOGICAL_SINK: return wr_arena_print(arena, "sink %s", node->sink.table->name);
  case WR_LOGICAL_AGGREGATE: return identity_aggregate(arena, node);
  default: return NULL;
  }
}
