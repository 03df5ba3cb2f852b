/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of a job with its figures: nodes, tasks, splits. */
#include <string.h>

#include "core/time.h"
#include "server/api.h"

#define NS_PER_MS 1000000u

static const char *const node_kinds[] = {
    [WR_PLAN_SOURCE] = "source", [WR_PLAN_OPERATOR] = "operator", [WR_PLAN_SINK] = "sink"};
static const char *const exchanges[] = {[WR_EXCHANGE_FORWARD] = "forward",
                                        [WR_EXCHANGE_HASH] = "hash",
                                        [WR_EXCHANGE_GATHER] = "gather",
                                        [WR_EXCHANGE_SPREAD] = "spread"};
static const char *const split_states[] = {[WR_SPLIT_READING] = "reading",
                                           [WR_SPLIT_CAUGHT_UP] = "caught_up",
                                           [WR_SPLIT_AWAY] = "away",
                                           [WR_SPLIT_WAITS] = "waits",
                                           [WR_SPLIT_DONE] = "done"};

struct plan_view {
  struct wr_web_json json;
  struct wr_arena *arena;
  const struct wr_plan *plan;
  const struct wr_figures *figures;
  int64_t now_us; /* clock of the machine */
};

/* ---- nodes */

static void put_inputs(struct plan_view *view, const struct wr_plan_node *node)
{
  struct wr_web_json *json = &view->json;
  wr_web_json_name(json, "inputs");
  wr_web_json_open(json, '[');
  for (uint32_t i = 0; i < node->input_count; i++) {
    const struct wr_plan_input *input = &node->inputs[i];
    const struct wr_schema *schema = view->plan->nodes[input->node].schema;
    wr_web_json_open(json, '{');
    wr_web_json_count(json, "node", input->node);
    wr_web_json_text(json, "exchange", exchanges[input->exchange]);
    wr_web_json_name(json, "keys");
    wr_web_json_open(json, '[');
    for (uint32_t k = 0; k < input->key_count; k++)
      wr_web_json_text(json, NULL, schema->fields[input->keys[k]].name);
    wr_web_json_close(json, ']');
    wr_web_json_close(json, '}');
  }
  wr_web_json_close(json, ']');
}

/* Those of a sink are the rows of its input. */
static bool stream_is_of(const struct wr_plan_stream *stream, const struct wr_plan_node *node)
{
  if (stream->kind != WR_PLAN_STREAM_SINK)
    return stream->node == node->id;
  if (!node->sink || node->input_count == 0 || stream->node != node->inputs[0].node)
    return false;
  return strcmp(stream->name, node->sink->table.name) == 0 || strcmp(stream->name, "result") == 0;
}

static void put_streams(struct plan_view *view, const struct wr_plan_node *node)
{
  wr_web_json_name(&view->json, "streams");
  wr_web_json_open(&view->json, '[');
  for (uint32_t i = 0; i < view->plan->stream_count; i++)
    if (stream_is_of(&view->plan->streams[i], node))
      wr_web_json_text(&view->json, NULL, view->plan->streams[i].name);
  wr_web_json_close(&view->json, ']');
}

static void put_figures(struct plan_view *view, const struct wr_execution_step *step)
{
  struct wr_web_json *json = &view->json;
  wr_web_json_name(json, "figures");
  wr_web_json_open(json, '{');
  wr_web_json_count(json, "rows_in", step->rows_in);
  wr_web_json_count(json, "rows_out", step->rows_out);
  wr_web_json_count(json, "bytes_in", step->bytes_in);
  wr_web_json_count(json, "bytes_out", step->bytes_out);
  wr_api_put_rejected(json, "rejected", step->rejected);
  wr_web_json_count(json, "state_bytes", step->state_bytes);
  wr_web_json_count(json, "state_keys", step->state_keys);
  wr_web_json_time(json, "watermark", step->watermark_us);
  wr_web_json_close(json, '}');
  uint64_t own_ns = step->own_ns + step->format_ns + step->connector_ns;
  wr_web_json_known(json, "own_ms", own_ns ? (int64_t)(own_ns / NS_PER_MS) : -1);
}

static void put_table(struct plan_view *view, const struct wr_plan_node *node)
{
  const struct wr_plan_table *table = node->source      ? &node->source->table
                                      : node->reference ? &node->reference->source.table
                                      : node->sink      ? &node->sink->table
                                                        : NULL;
  wr_web_json_text(&view->json, "table", table ? table->name : NULL);
  wr_web_json_text(&view->json, "connector", table ? table->connector->name : NULL);
  wr_web_json_text(&view->json, "delivery", wr_explain_delivery(view->arena, node));
}

static void put_node(struct plan_view *view, const struct wr_plan_node *node)
{
  struct wr_web_json *json = &view->json;
  wr_web_json_open(json, '{');
  wr_web_json_count(json, "id", node->id);
  wr_web_json_text(json, "name", node->name);
  wr_web_json_text(json, "kind", node_kinds[node->kind]);
  wr_web_json_text(json, "detail", node->detail);
  wr_web_json_text(json, "statement", wr_api_shown_sql(view->arena, node->statement));
  wr_web_json_count(json, "parallelism", node->parallelism);
  put_inputs(view, node);
  wr_api_put_columns(json, "columns", node->schema);
  put_table(view, node);
  put_streams(view, node);
  put_figures(view, &view->figures->steps[node->id]);
  wr_web_json_close(json, '}');
}

/* ---- tasks */

static void put_task(struct plan_view *view, const struct wr_figures_task *task)
{
  struct wr_web_json *json = &view->json;
  wr_web_json_open(json, '{');
  wr_web_json_count(json, "head", task->head);
  wr_web_json_name(json, "nodes");
  wr_web_json_open(json, '[');
  for (uint32_t n = 0; n < view->plan->node_count; n++)
    if (wr_figures_head(view->plan, n) == task->head)
      wr_web_json_count(json, NULL, n);
  wr_web_json_close(json, ']');
  wr_web_json_count(json, "copy", task->copy);
  wr_web_json_count(json, "busy_ms", task->busy_ns / NS_PER_MS);
  wr_web_json_count(json, "backpressured_ms", task->backpressured_ns / NS_PER_MS);
  wr_web_json_count(json, "idle_ms", task->idle_ns / NS_PER_MS);
  wr_web_json_count(json, "checkpoint_ms", task->checkpoint_ns / NS_PER_MS);
  wr_web_json_count(json, "cpu_ms", task->cpu_ns / NS_PER_MS);
  wr_web_json_close(json, '}');
}

/* ---- splits */

static void put_split(struct plan_view *view, const struct wr_execution_split *split)
{
  struct wr_web_json *json = &view->json;
  int64_t away_us = view->now_us > split->state_since_us ? view->now_us - split->state_since_us : 0;
  wr_web_json_open(json, '{');
  wr_web_json_count(json, "node", split->node);
  wr_web_json_text(json, "split", split->name);
  wr_web_json_count(json, "copy", split->copy);
  wr_web_json_text(json, "state", split_states[split->state]);
  wr_web_json_text(json, "position", split->position);
  wr_web_json_time(json, "watermark", split->watermark_us);
  wr_web_json_known(json, "behind_records", split->behind_records);
  wr_web_json_known(json, "behind_ms", split->behind_ms);
  wr_web_json_count(json, "rows", split->rows);
  wr_web_json_count(json, "bytes", split->bytes);
  wr_web_json_count(json, "throttles", split->throttles);
  wr_web_json_bool(json, "idle", split->idle);
  wr_web_json_bool(json, "holds", split->holds);
  wr_web_json_bool(json, "held", split->held);
  wr_web_json_known(json, "away_ms", split->state == WR_SPLIT_AWAY ? away_us / WR_US_PER_MS : -1);
  wr_web_json_close(json, '}');
}

/* ---- all of it */

static void put_plan(struct plan_view *view, const struct wr_api_look *look)
{
  struct wr_web_json *json = &view->json;
  wr_web_json_open(json, '{');
  wr_web_json_text(json, "job", look->facts->name);
  wr_web_json_text(json, "status", wr_job_status_names[look->look.status]);
  wr_web_json_time(json, "at", view->now_us);
  wr_web_json_number(json, "clock_ms", wr_monotonic_us() / WR_US_PER_MS);
  wr_web_json_name(json, "nodes");
  wr_web_json_open(json, '[');
  for (uint32_t n = 0; n < view->plan->node_count; n++)
    put_node(view, &view->plan->nodes[n]);
  wr_web_json_close(json, ']');
  wr_web_json_name(json, "tasks");
  wr_web_json_open(json, '[');
  for (uint32_t t = 0; t < view->figures->task_count; t++)
    put_task(view, &view->figures->tasks[t]);
  wr_web_json_close(json, ']');
  wr_web_json_name(json, "splits");
  wr_web_json_open(json, '[');
  for (uint32_t i = 0; i < view->figures->split_count; i++)
    put_split(view, &view->figures->splits[i]);
  wr_web_json_close(json, ']');
  wr_web_json_count(json, "splits_left_out", view->figures->splits_left_out);
  wr_web_json_close(json, '}');
}

enum wr_code wr_api_plan(const struct wr_web_request *request, struct wr_web_reply *reply,
                         struct wr_error *err)
{
  struct wr_api_look look;
  struct wr_figures figures;
  enum wr_code code = wr_api_hold(request, reply, &look, err);
  if (code != WR_OK)
    return code;
  wr_served_job_figures(look.job, 0, request->arena, &figures);
  struct plan_view view = {.json = wr_web_reply_json(reply),
                           .arena = request->arena,
                           .plan = look.plan,
                           .figures = &figures,
                           .now_us = wr_now_us()};
  put_plan(&view, &look);
  wr_served_job_release(look.job);
  return WR_OK;
}
