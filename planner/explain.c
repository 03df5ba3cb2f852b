/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EXPLAIN for people: what the query means, top down, and what will run, in the order in which rows
 * pass. Of a table's options only those are shown that its connector lists by name and not as
 * secret.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "connectors/connector.h"
#include "formats/format.h"
#include "operators/specs.h"
#include "planner/planner.h"
#include "planner/writing.h"

static void explain_indented(struct wr_writing *out, const char *text)
{
  for (const char *line = text; *line;) {
    const char *end = strchr(line, '\n');
    size_t length = end ? (size_t)(end - line) : strlen(line);
    wr_write(out, "  %.*s\n", (int)length, line);
    line += length + (end != NULL);
  }
}

/* The row of an option, unless it is secret or the row is for many keys, of which some may be. */
static bool explain_may_show(const struct wr_option *options, const char *key)
{
  for (const struct wr_option *option = options; option && option->name; option++)
    if (strcmp(option->name, key) == 0)
      return !option->secret;
  return false;
}

/* "kafka, json, 'topic' = 'clicks'" */
static void explain_table(struct wr_writing *out, const struct wr_plan_table *table)
{
  wr_write(out, "%s", table->connector->name);
  if (table->format)
    wr_write(out, ", %s", table->format->name);
  for (uint32_t i = 0; i < table->options->value_count; i++) {
    const struct wr_option_value *option = &table->options->values[i];
    if (explain_may_show(table->connector->options, option->key))
      wr_write(out, ", '%s' = '%s'", option->key, option->value);
  }
}

static void explain_source(struct wr_writing *out, const struct wr_plan_node *node)
{
  if (!node->source && !node->reference)
    return;
  static const char *const on_error[] = {[WR_ON_ERROR_STREAM] = "go to error_stream",
                                         [WR_ON_ERROR_FAIL] = "stop the job",
                                         [WR_ON_ERROR_SKIP] = "are only counted"};
  const struct wr_plan_source *source = node->source ? node->source : &node->reference->source;
  explain_table(out, &source->table);
  wr_write(out, "; %s; bad records %s",
           node->reference   ? "loaded before the job begins"
           : source->bounded ? "bounded"
                             : "unbounded",
           on_error[source->on_error]);
}

/* What a sink promises; NULL: nothing is said. Options may ask for more or less than the connector
 * does by itself. */
static const char *explain_delivery(struct wr_arena *arena, const struct wr_plan_table *table)
{
  const struct wr_connector *connector = table->connector;
  const char *guarantee = wr_options_find(table->options, "sink.delivery-guarantee");
  const struct wr_table_spec spec = {.table = table->name,
                                     .options = table->options,
                                     .schema = table->physical,
                                     .partitions = table->partitions,
                                     .partition_count = table->partition_count};
  if (guarantee && strcmp(guarantee, "none") == 0)
    return "none";
  if (connector->publisher && !connector->wants_exactly_once)
    return wr_arena_print(arena, "exactly-once with a state directory, else %s",
                          connector->delivery);
  if (connector->publisher && connector->wants_exactly_once(&spec))
    return "exactly-once: published when its epoch is kept, which needs a state directory";
  return connector->delivery;
}

const char *wr_explain_delivery(struct wr_arena *arena, const struct wr_plan_node *node)
{
  return node->sink ? explain_delivery(arena, &node->sink->table) : NULL;
}

static void explain_sink(struct wr_writing *out, const struct wr_plan_node *node)
{
  const char *delivery = explain_delivery(out->arena, &node->sink->table);
  explain_table(out, &node->sink->table);
  if (delivery)
    wr_write(out, "; delivery: %s", delivery);
  if (node->sink->changes)
    wr_write(out, "; takes changes");
}

/* "#2 by hash(page)" */
static void explain_inputs(struct wr_writing *out, const struct wr_plan *plan,
                           const struct wr_plan_node *node)
{
  for (uint32_t i = 0; i < node->input_count; i++) {
    const struct wr_plan_input *input = &node->inputs[i];
    const struct wr_schema *schema = plan->nodes[input->node].schema;
    wr_write(out, "%s#%u", i ? ", " : "", input->node);
    if (input->exchange == WR_EXCHANGE_GATHER)
      wr_write(out, " gathered");
    if (input->exchange == WR_EXCHANGE_SPREAD)
      wr_write(out, " spread");
    if (input->exchange != WR_EXCHANGE_HASH)
      continue;
    wr_write(out, " by hash(");
    for (uint32_t k = 0; k < input->key_count; k++)
      wr_write(out, "%s%s", k ? ", " : "", schema->fields[input->keys[k]].name);
    wr_write(out, ")");
  }
}

const char *wr_explain_inputs(struct wr_arena *arena, const struct wr_plan *plan,
                              const struct wr_plan_node *node)
{
  struct wr_writing out = {.arena = arena};
  explain_inputs(&out, plan, node);
  return wr_written(&out);
}

/* Length of a text in characters. */
static size_t explain_width(const char *text)
{
  size_t width = 0;
  for (; *text; text++)
    width += ((unsigned char)*text & 0xC0) != 0x80;
  return width;
}

/* CHANGELOG_MODE: the kinds of rows that a step gives. */
static const char *explain_changelog(struct wr_arena *arena, const struct wr_plan_node *node)
{
  static const char *const names[] = {"I", "UB", "UA", "D"};
  struct wr_writing out = {.arena = arena};
  for (unsigned i = 0; i < 4; i++)
    if (node->kinds >> i & 1)
      wr_write(&out, "%s%s", out.length ? "," : "[", names[i]);
  wr_write(&out, "]");
  return wr_written(&out);
}

/* "of bid auction, price; of person dateTime": where not all fields of a ROW are made. */
static void explain_fields(struct wr_writing *out, const struct wr_plan_source *source)
{
  bool some = false;
  for (uint32_t i = 0; i < source->wanted_count; i++) {
    const struct wr_field *field = &source->made->fields[source->wanted[i]];
    if (!source->fields[i])
      continue;
    wr_write(out, "%sof %s ", some ? "; " : "       ", field->name);
    for (uint32_t f = 0; f < field->type->field_count; f++)
      wr_write(out, "%s%s", f ? ", " : "", field->type->fields[f].name);
    some = true;
  }
  if (some)
    wr_write(out, "\n");
}

static void explain_operators(struct wr_writing *out, const struct wr_plan *plan, bool changelog,
                              const struct wr_explain_figures *figures)
{
  size_t width = 0;
  for (uint32_t i = 0; i < plan->node_count; i++) {
    size_t name = explain_width(plan->nodes[i].name);
    width = name > width ? name : width;
  }
  for (uint32_t i = 0; i < plan->node_count; i++) {
    const struct wr_plan_node *node = &plan->nodes[i];
    wr_write(out, "  #%-3u %s", node->id, node->name);
    wr_write_spaces(out, width - explain_width(node->name));
    wr_write(out, "  x%u%s%s", node->parallelism, changelog ? "  " : "",
             changelog ? explain_changelog(out->arena, node) : "");
    wr_write(out, "%s", node->input_count ? "  <- " : "");
    explain_inputs(out, plan, node);
    wr_write(out, "\n");
    struct wr_writing note = {.arena = out->arena};
    if (node->kind == WR_PLAN_SOURCE || node->reference)
      explain_source(&note, node);
    else if (node->kind == WR_PLAN_SINK)
      explain_sink(&note, node);
    if (note.length)
      wr_write(out, "       %s\n", wr_written(&note));
    if (node->detail)
      wr_write(out, "       %s%s\n", node->kind == WR_PLAN_SOURCE && node->source ? "reads " : "",
               node->detail);
    if (node->kind == WR_PLAN_SOURCE && node->source)
      explain_fields(out, node->source);
    if (figures)
      wr_write(out, "%s", figures->steps[i]);
  }
}

/* endless[n]: rows of node n never come to an end. */
bool wr_plan_is_endless(const struct wr_plan *plan)
{
  bool *endless = wr_memory_get_zero(plan->node_count + 1), any = false;
  for (uint32_t n = 0; n < plan->node_count; n++) {
    const struct wr_plan_node *node = &plan->nodes[n];
    endless[n] = node->source && !node->source->bounded;
    for (uint32_t i = 0; i < node->input_count; i++)
      endless[n] = endless[n] || endless[node->inputs[i].node];
    if (node->operator_class == &wr_operator_class_limit &&
        ((const struct wr_limit_spec *)node->spec)->limit < UINT64_MAX)
      endless[n] = false;
    any = any || (endless[n] && node->kind == WR_PLAN_SINK);
  }
  free(endless);
  return any;
}

const char *wr_explain_text(struct wr_arena *arena, const struct wr_job *job)
{
  return wr_explain_text_with(arena, job, NULL);
}

const char *wr_explain_text_with(struct wr_arena *arena, const struct wr_job *job,
                                 const struct wr_explain_figures *figures)
{
  struct wr_writing out = {.arena = arena};
  const struct wr_plan *plan = job->plan;
  wr_write(&out, "Logical plan\n");
  explain_indented(&out, job->logical);
  wr_write(&out, "\nOperators (%s)\n",
           plan->bounded ? "bounded: the job ends by itself"
           : wr_plan_is_endless(plan)
               ? "unbounded: the job runs until it is stopped"
               : "unbounded: the job ends when it has the rows of its LIMIT");
  explain_operators(&out, plan, job->explain_changelog, figures);
  if (figures)
    wr_write(&out, "\n%s", figures->job);
  return wr_written(&out);
}

/* ---- JSON: the same facts */

static void json_table(struct wr_writing *out, const struct wr_plan_table *table)
{
  wr_write(out, ",\"table\":");
  wr_write_json(out, table->name);
  wr_write(out, ",\"connector\":");
  wr_write_json(out, table->connector->name);
  wr_write(out, ",\"format\":");
  wr_write_json(out, table->format ? table->format->name : NULL);
}

static void json_inputs(struct wr_writing *out, const struct wr_plan *plan,
                        const struct wr_plan_node *node)
{
  static const char *const exchanges[] = {[WR_EXCHANGE_FORWARD] = "forward",
                                          [WR_EXCHANGE_HASH] = "hash",
                                          [WR_EXCHANGE_GATHER] = "gather",
                                          [WR_EXCHANGE_SPREAD] = "spread"};
  wr_write(out, ",\"inputs\":[");
  for (uint32_t i = 0; i < node->input_count; i++) {
    const struct wr_plan_input *input = &node->inputs[i];
    wr_write(out, "%s{\"node\":%u,\"exchange\":\"%s\"", i ? "," : "", input->node,
             exchanges[input->exchange]);
    if (input->key_count) {
      wr_write(out, ",\"keys\":[");
      for (uint32_t k = 0; k < input->key_count; k++) {
        wr_write(out, "%s", k ? "," : "");
        wr_write_json(out, plan->nodes[input->node].schema->fields[input->keys[k]].name);
      }
      wr_write(out, "]");
    }
    wr_write(out, "}");
  }
  wr_write(out, "]");
}

static void json_columns(struct wr_writing *out, const struct wr_schema *schema)
{
  wr_write(out, ",\"columns\":[");
  for (uint32_t c = 0; c < schema->column_count; c++) {
    char type[512];
    wr_type_print(schema->fields[c].type, type, sizeof type);
    wr_write(out, "%s{\"name\":", c ? "," : "");
    wr_write_json(out, schema->fields[c].name);
    wr_write(out, ",\"type\":");
    wr_write_json(out, type);
    wr_write(out, "}");
  }
  wr_write(out, "]");
}

static void json_node(struct wr_writing *out, const struct wr_plan *plan,
                      const struct wr_plan_node *node, bool changelog,
                      const struct wr_explain_figures *figures)
{
  static const char *const kinds[] = {
      [WR_PLAN_SOURCE] = "source", [WR_PLAN_OPERATOR] = "operator", [WR_PLAN_SINK] = "sink"};
  wr_write(out, "{\"id\":%u,\"kind\":\"%s\",\"name\":", node->id, kinds[node->kind]);
  wr_write_json(out, node->name);
  wr_write(out, ",\"detail\":");
  wr_write_json(out, node->detail);
  wr_write(out, ",\"parallelism\":%u", node->parallelism);
  if (changelog)
    wr_write(out, ",\"changelog\":\"%s\"", explain_changelog(out->arena, node));
  if (node->source) {
    json_table(out, &node->source->table);
    wr_write(out, ",\"bounded\":%s", node->source->bounded ? "true" : "false");
  }
  if (node->reference)
    json_table(out, &node->reference->source.table);
  if (node->sink) {
    json_table(out, &node->sink->table);
    wr_write(out, ",\"delivery\":");
    wr_write_json(out, explain_delivery(out->arena, &node->sink->table));
  }
  json_inputs(out, plan, node);
  json_columns(out, node->schema);
  wr_write(out, ",\"state\":");
  wr_write_json(out, node->identity);
  if (figures)
    wr_write(out, ",%s", figures->steps[node->id]);
  wr_write(out, "}");
}

const char *wr_explain_json(struct wr_arena *arena, const struct wr_job *job)
{
  return wr_explain_json_with(arena, job, NULL);
}

const char *wr_explain_json_with(struct wr_arena *arena, const struct wr_job *job,
                                 const struct wr_explain_figures *figures)
{
  struct wr_writing out = {.arena = arena};
  const struct wr_plan *plan = job->plan;
  wr_write(&out, "{\"bounded\":%s,\"logical\":", plan->bounded ? "true" : "false");
  wr_write_json(&out, job->logical);
  wr_write(&out, ",\"operators\":[");
  for (uint32_t i = 0; i < plan->node_count; i++) {
    wr_write(&out, "%s\n", i ? "," : "");
    json_node(&out, plan, &plan->nodes[i], job->explain_changelog, figures);
  }
  wr_write(&out, "\n]%s%s}\n", figures ? "," : "", figures ? figures->job : "");
  return wr_written(&out);
}
