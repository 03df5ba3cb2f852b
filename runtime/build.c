/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A group is a set of plan nodes fused by FORWARD inputs; its head is the one node without such an
 * input. Copy c of a group is one task. Rejects of every group that does not itself stand behind
 * error_stream go to its readers.
 *
 *   plan:   Source -> Watermark -> Filter =HASH=> Aggregate -> Sink
 *   tasks:  [Source Watermark Filter] x 3  ==channels==>  [Aggregate Sink] x 3
 */
#include "runtime/build.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connectors/connector.h"
#include "core/arena.h"
#include "runtime/budget.h"
#include "runtime/decode_pool.h"
#include "runtime/exchange.h"
#include "runtime/inventory.h"
#include "runtime/reference.h"
#include "runtime/sink.h"

#define BUILD_SEED UINT64_C(0x57656972)

struct builder {
  const struct wr_plan *plan;
  struct wr_task_shared *shared;
  struct wr_rejects_shown *shown;
  struct wr_build *build;
  struct wr_arena arena; /* of the call */
  uint32_t *group;       /* per node */
  uint32_t *first_task;  /* per group */
  uint32_t *copies;      /* per group */
  uint32_t group_count;
  bool *reads_rejects;         /* per group: it stands behind error_stream */
  struct wr_plan_input gather; /* how rejects travel */
};

/* ---- the passing-on head of error_stream ---- */

static enum wr_code pass_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  (void)input;
  return wr_emit_batch(op, batch, err);
}

static void pass_close(struct wr_operator *op)
{
  free(op);
}

static const struct wr_operator_class pass_class = {
    .name = "pass", .on_batch = pass_on_batch, .close = pass_close};

static struct wr_operator *pass_new(const struct wr_operator_context *context)
{
  struct wr_operator *op = wr_memory_get_zero(sizeof *op);
  *op = wr_operator_head(&pass_class, context);
  return op;
}

/* ---- groups and tasks ---- */

static void builder_make_groups(struct builder *builder)
{
  const struct wr_plan *plan = builder->plan;
  builder->group = WR_NEW_ARRAY(&builder->arena, uint32_t, plan->node_count);
  builder->copies = WR_NEW_ARRAY(&builder->arena, uint32_t, plan->node_count);
  builder->first_task = WR_NEW_ARRAY(&builder->arena, uint32_t, plan->node_count);
  builder->reads_rejects = WR_NEW_ARRAY(&builder->arena, bool, plan->node_count);
  for (uint32_t n = 0; n < plan->node_count; n++) {
    const struct wr_plan_node *node = &plan->nodes[n];
    assert(node->id == n);
    if (node->input_count == 1 && node->inputs[0].exchange == WR_EXCHANGE_FORWARD) {
      builder->group[n] = builder->group[node->inputs[0].node];
      assert(node->parallelism == builder->copies[builder->group[n]]);
    } else {
      builder->group[n] = builder->group_count;
      builder->copies[builder->group_count] = node->parallelism;
      builder->first_task[builder->group_count] = builder->build->task_count;
      builder->build->task_count += node->parallelism;
      builder->group_count++;
    }
    bool *behind = &builder->reads_rejects[builder->group[n]];
    *behind = *behind || n == plan->error_stream;
    for (uint32_t i = 0; i < node->input_count; i++)
      *behind = *behind || builder->reads_rejects[builder->group[node->inputs[i].node]];
  }
}

/* The copies of a group with their nodes, not yet opened. */
static void builder_make_tasks(struct builder *builder)
{
  const struct wr_plan *plan = builder->plan;
  struct wr_build *build = builder->build;
  build->tasks = wr_memory_get_zero(build->task_count * sizeof *build->tasks);
  for (uint32_t g = 0; g < builder->group_count; g++) {
    uint32_t node_count = 0;
    for (uint32_t n = 0; n < plan->node_count; n++)
      node_count += builder->group[n] == g;
    for (uint32_t c = 0; c < builder->copies[g]; c++) {
      struct wr_task *task = wr_memory_get_zero(sizeof *task);
      build->tasks[builder->first_task[g] + c] = task;
      task->shared = builder->shared;
      task->group = g;
      task->copy = c;
      task->copy_count = builder->copies[g];
      task->nodes = wr_memory_get_zero(node_count * sizeof *task->nodes);
      wr_inbox_open(&task->inbox);
      for (uint32_t n = 0; n < plan->node_count; n++) {
        if (builder->group[n] != g)
          continue;
        struct wr_task_node *node = &task->nodes[task->node_count++];
        node->plan = &plan->nodes[n];
        node->key = wr_inventory_key(&build->arena, node->plan);
        node->is_sink = node->plan->kind == WR_PLAN_SINK;
        atomic_init(&node->metrics.watermark_us, WR_TIME_NONE);
      }
    }
  }
}

static struct wr_task_node *task_find_node(struct wr_task *task, uint32_t id)
{
  for (uint32_t i = 0; i < task->node_count; i++)
    if (task->nodes[i].plan->id == id)
      return &task->nodes[i];
  return NULL;
}

/* ---- rejects and contexts ---- */

static uint64_t builder_seed(const struct builder *builder)
{
  uint64_t seed = builder->shared->options.hash_seed;
  return seed ? seed : BUILD_SEED;
}

static void task_make_context(const struct builder *builder, struct wr_task *task,
                              struct wr_task_node *node)
{
  node->context = (struct wr_operator_context){
      .task = task->copy,
      .task_count = task->copy_count,
      .hash_seed = builder_seed(builder),
      .name = node->plan->name,
      .statement = node->plan->statement,
      .pump = node->plan->pump,
      .time_zone = builder->plan->time_zone,
      .rejects = wr_rejects_sink(task->rejects),
      .metrics = &node->metrics,
      .watch = &task->watch,
      .timed = builder->shared->options.timed,
      .portion = node->plan->portion,
      .watermarks = task->nodes[0].plan->source ? &task->watermarks : NULL,
  };
  struct wr_reference_loader *reference = builder->build->references[node->plan->id];
  node->context.reference = reference ? wr_reference_of(reference) : NULL;
}

static void task_make_rejects(const struct builder *builder, struct wr_task *task)
{
  const struct wr_execution_options *options = &builder->shared->options;
  task->rejects_context = (struct wr_operator_context){.task = task->copy,
                                                       .task_count = task->copy_count,
                                                       .name = "rejects",
                                                       .metrics = &task->edge_metrics};
  uint32_t read = builder->plan->error_stream;
  task->rejects = wr_rejects_new(
      &task->rejects_context,
      read == UINT32_MAX ? &wr_error_stream_schema : builder->plan->nodes[read].schema,
      builder->shown, builder->plan->on_error, options->note, options->note_self);
}

/* ---- splits of sources ---- */

/* Whether two nodes are sources of the same alignment group. */
static bool nodes_align(const struct wr_plan_node *a, const struct wr_plan_node *b)
{
  const char *group = a->source ? a->source->alignment.group : NULL;
  const char *other = b->source ? b->source->alignment.group : NULL;
  return group && other && strcmp(group, other) == 0;
}

/* The tasks of a source become members of its group, and this one learns of its splits. */
static void builder_align(struct builder *builder, const struct wr_plan_node *node,
                          struct wr_task *task, uint32_t split_count)
{
  const struct wr_plan *plan = builder->plan;
  const struct wr_plan_alignment *alignment = &node->source->alignment;
  uint32_t first = UINT32_MAX, member_count = 0, member = task->copy;
  for (uint32_t n = 0; n < plan->node_count; n++) {
    if (!nodes_align(&plan->nodes[n], node))
      continue;
    first = first == UINT32_MAX ? n : first;
    member += n < node->id ? plan->nodes[n].parallelism : 0;
    member_count += plan->nodes[n].parallelism;
  }
  struct wr_alignment_group **group = &builder->build->alignments[first];
  if (!*group)
    *group = wr_alignment_group_new(member_count);
  wr_alignment_open(&task->alignment, *group, member, split_count, alignment->max_drift_us,
                    alignment->interval_us);
  for (uint32_t i = 0; i < task->node_count; i++)
    task->nodes[i].context.alignment = &task->alignment;
}

/* The source of a task has found further splits: everybody in it knows their names. */
static void task_on_grown(void *self, const char *const *names, uint32_t count)
{
  struct wr_task *task = self;
  for (uint32_t i = 0; i < task->node_count; i++) {
    task->nodes[i].context.split_names = names;
    task->nodes[i].context.split_count = count;
  }
}

/* The copy of a source that gets these splits. Those that are gone are kept by the first one. */
static enum wr_code builder_open_copy(struct builder *builder, const struct wr_plan_node *node,
                                      struct wr_task *task, const struct wr_found_splits *found,
                                      const struct wr_split *own, uint32_t own_count,
                                      struct wr_error *err)
{
  const struct wr_execution_options *options = &builder->shared->options;
  struct wr_task_node *head = &task->nodes[0];
  struct wr_source_settings settings = {.batch_rows = options->batch_rows ? options->batch_rows
                                                                          : WR_BATCH_ROWS,
                                        .resumed = found->resumed,
                                        .grows = found->grows,
                                        .shared = found->shared,
                                        .pool = builder->build->pools[node->id],
                                        .gone = found->gone,
                                        .gone_count = task->copy == 0 ? found->gone_count : 0,
                                        .grown = task_on_grown,
                                        .grown_self = task,
                                        .note = options->note,
                                        .note_self = options->note_self};
  const char **names = WR_NEW_ARRAY(&builder->build->arena, const char *, own_count + 1);
  for (uint32_t s = 0; s < own_count; s++)
    names[s] = own[s].name;
  task_on_grown(task, names, own_count);
  for (uint32_t i = 0; i < task->node_count; i++)
    task->nodes[i].context.splits_grow = found->grows;
  if (node->source->alignment.group)
    builder_align(builder, node, task, own_count);
  enum wr_code code = wr_source_open(node->source, node->schema, own, own_count, &head->context,
                                     &settings, &head->source, err);
  if (code == WR_OK)
    head->op = wr_source_operator(head->source);
  return code;
}

/* Finds the splits of a source node once and deals them out to its copies. */
static enum wr_code builder_open_source(struct builder *builder, const struct wr_plan_node *node,
                                        struct wr_error *err)
{
  const struct wr_execution_options *options = &builder->shared->options;
  struct wr_found_splits *found = &builder->build->found[node->id];
  const struct wr_split_find find = {.plan = node->source,
                                     .key = wr_inventory_key(&builder->arena, node),
                                     .from = options->from,
                                     .task_count = node->parallelism,
                                     .note = options->note,
                                     .note_self = options->note_self};
  if (node->parallelism > 1 && node->source->table.format)
    builder->build->pools[node->id] = wr_decode_pool_new(node->parallelism);
  enum wr_code code = wr_splits_find(&find, &builder->build->arena, found, err);
  struct wr_split *own = WR_NEW_ARRAY(&builder->arena, struct wr_split, found->split_count + 1);
  for (uint32_t c = 0; code == WR_OK && c < node->parallelism; c++) {
    uint32_t own_count = 0;
    for (uint32_t s = c; s < found->split_count; s += node->parallelism)
      own[own_count++] = found->splits[s];
    struct wr_task *task = builder->build->tasks[builder->first_task[builder->group[node->id]] + c];
    code = builder_open_copy(builder, node, task, found, own, own_count, err);
  }
  return code;
}

/* ---- operators ---- */

/* What a sink writes, as it can be followed. */
static const struct wr_plan_stream *plan_find_stream(const struct wr_plan *plan,
                                                     const struct wr_plan_node *sink)
{
  for (uint32_t i = 0; i < plan->stream_count; i++) {
    const struct wr_plan_stream *stream = &plan->streams[i];
    if (stream->kind == WR_PLAN_STREAM_SINK && stream->node == sink->inputs[0].node &&
        strcmp(stream->name, sink->sink->table.name) == 0)
      return stream;
  }
  return NULL;
}

/* All copies of all sinks, which share what is there for what they gather. */
static uint32_t builder_writers(const struct builder *builder)
{
  uint32_t count = 0;
  for (uint32_t i = 0; i < builder->plan->node_count; i++)
    count += builder->plan->nodes[i].sink ? builder->plan->nodes[i].parallelism : 0;
  assert(count);
  return count;
}

static enum wr_code builder_open_sink(struct builder *builder, struct wr_task_node *node,
                                      struct wr_error *err)
{
  const struct wr_task_shared *shared = builder->shared;
  const char *name = wr_publishers_sink(shared->publishers, node->plan->id);
  const struct wr_plan_node *input = &builder->plan->nodes[node->plan->inputs[0].node];
  const struct wr_sink_settings settings = {.job = name ? shared->options.store->id : NULL,
                                            .sink = name,
                                            .task = node->context.task,
                                            .task_count = node->context.task_count,
                                            .note = shared->options.note,
                                            .note_self = shared->options.note_self,
                                            .hub = shared->options.hub,
                                            .job_name = shared->options.job_name,
                                            .stream = plan_find_stream(builder->plan, node->plan),
                                            .changes = input->changes,
                                            .memory_bytes =
                                                shared->outbox_share / builder_writers(builder),
                                            .aborting = &shared->aborting};
  node->outbox_key = wr_publishers_key(shared->publishers, node->plan->id);
  return wr_sink_new(node->plan->sink, &node->context, &settings, &node->op, err);
}

static enum wr_code builder_open_node(struct builder *builder, struct wr_task *task,
                                      struct wr_task_node *node, struct wr_error *err)
{
  const struct wr_plan_node *plan = node->plan;
  enum wr_code code = WR_OK;
  (void)task;
  switch (plan->kind) {
  case WR_PLAN_SOURCE:
    if (!plan->source)
      node->op = pass_new(&node->context);
    break; /* the others are opened together, by builder_open_source */
  case WR_PLAN_SINK: code = builder_open_sink(builder, node, err); break;
  case WR_PLAN_OPERATOR:
    code = plan->operator_class->open(plan->spec, &node->context, &node->op, err);
    break;
  }
  return code;
}

/* A node whose state is restored. */
struct restored_node {
  const struct builder *builder;
  const struct wr_plan_node *node;
  bool is_too_large;
};

/* One saved part, into all copies of the node, each of which takes what is its own. So no part has
 * to be in memory for longer. */
static enum wr_code restore_part(void *self, struct wr_part_reader *part, struct wr_error *err)
{
  struct restored_node *restored = self;
  const struct builder *builder = restored->builder;
  const struct wr_task_shared *shared = builder->shared;
  uint32_t group = builder->group[restored->node->id];
  enum wr_code code = WR_OK;
  for (uint32_t c = 0; code == WR_OK && c < restored->node->parallelism; c++) {
    struct wr_task *task = builder->build->tasks[builder->first_task[group] + c];
    struct wr_operator *op = task_find_node(task, restored->node->id)->op;
    struct wr_part_reader own = *part;
    code = op->class->load(op, &own, err);
  }
  if (code != WR_OK)
    return code;
  code = wr_budget_check(builder->build, shared->options.memory_bytes, WR_BUDGET_RESTORED,
                         shared->options.from->epoch, err);
  restored->is_too_large = code != WR_OK;
  return code;
}

static enum wr_code builder_restore_node(struct builder *builder, const struct wr_plan_node *node,
                                         struct wr_error *err)
{
  const struct wr_snapshot *from = builder->shared->options.from;
  struct restored_node restored = {.builder = builder, .node = node};
  if (!from || node->kind != WR_PLAN_OPERATOR || !node->operator_class->load)
    return WR_OK;
  const char *key = wr_inventory_key(&builder->arena, node);
  enum wr_code code = wr_snapshot_restore(from, key, restore_part, &restored, err);
  from->store->class->release(from->store);
  if (code == WR_OK || restored.is_too_large)
    return code;
  struct wr_error cause = *err;
  return wr_fail(err, code, "the state of %s (%s) cannot be restored from epoch %llu: %s",
                 node->name, node->identity ? node->identity : "no name",
                 (unsigned long long)from->epoch, cause.message);
}

static enum wr_code builder_open_nodes(struct builder *builder, struct wr_error *err)
{
  const struct wr_execution_options *options = &builder->shared->options;
  enum wr_code code =
      wr_references_open(builder->plan, options, builder_seed(builder), builder->build, err);
  for (uint32_t t = 0; t < builder->build->task_count; t++) {
    struct wr_task *task = builder->build->tasks[t];
    task_make_rejects(builder, task);
    for (uint32_t i = 0; i < task->node_count; i++)
      task_make_context(builder, task, &task->nodes[i]);
    task->exchange_context = task->nodes[0].context;
    task->exchange_context.metrics = &task->edge_metrics;
    task->exchange_context.watch = &task->watch;
    task->exchange_context.timed = builder->shared->options.timed;
  }
  for (uint32_t n = 0; code == WR_OK && n < builder->plan->node_count; n++)
    if (builder->plan->nodes[n].kind == WR_PLAN_SOURCE && builder->plan->nodes[n].source)
      code = builder_open_source(builder, &builder->plan->nodes[n], err);
  for (uint32_t t = 0; t < builder->build->task_count; t++) {
    struct wr_task *task = builder->build->tasks[t];
    for (uint32_t i = 0; code == WR_OK && i < task->node_count; i++)
      code = builder_open_node(builder, task, &task->nodes[i], err);
  }
  for (uint32_t n = 0; code == WR_OK && n < builder->plan->node_count; n++)
    code = builder_restore_node(builder, &builder->plan->nodes[n], err);
  return code;
}

/* ---- connections ---- */

static void node_add_target(struct wr_task_node *node, struct wr_operator *op, uint32_t input)
{
  node->targets = wr_memory_resize(node->targets, (node->target_count + 1) * sizeof *node->targets);
  node->targets[node->target_count++] = (struct wr_target){op, input};
}

static void task_add_channel(struct wr_task *task, struct wr_channel *channel)
{
  task->channels =
      wr_memory_resize(task->channels, (task->channel_count + 1) * sizeof(struct wr_channel *));
  task->channels[task->channel_count++] = channel;
}

/* Which copies of a group read from a copy of another: all of them, but a share each if SPREAD.
 * Then every reader has somebody to read from, and rows keep their order as far as there are
 * readers enough. */
static bool builder_reads(const struct wr_plan_input *input, uint32_t reader, uint32_t readers,
                          uint32_t writer, uint32_t writers)
{
  if (input->exchange != WR_EXCHANGE_SPREAD)
    return true;
  return writers >= readers ? writer % readers == reader : reader % writers == writer;
}

/* Nothing will come of it: its source is done, and no step of it holds rows. */
static bool task_is_spent(const struct wr_task *task)
{
  if (!task->nodes[0].source || !wr_source_is_done(task->nodes[0].source))
    return false;
  for (uint32_t i = 1; i < task->node_count; i++) {
    const struct wr_operator *op = task->nodes[i].op;
    if (op->class->held_rows && op->class->held_rows(op) > 0)
      return false;
  }
  return true;
}

/* A sending end in `task` towards the copies of a group; its channels join the readers. */
static struct wr_operator *builder_add_exchange(struct builder *builder, struct wr_task *task,
                                                const struct wr_plan_input *input,
                                                uint32_t from_layout,
                                                const struct wr_schema *schema, uint32_t group,
                                                uint32_t input_number)
{
  struct wr_build *build = builder->build;
  uint32_t readers = builder->copies[group];
  assert(readers == 1 || input->exchange != WR_EXCHANGE_GATHER);
  if (!build->layouts[from_layout])
    build->layouts[from_layout] = wr_page_layout_new(schema);
  struct wr_channel **channels = wr_memory_get_zero(readers * sizeof(struct wr_channel *));
  build->edges = wr_memory_resize(build->edges, (build->edge_count + 1) * sizeof *build->edges);
  build->edges[build->edge_count++] = channels;
  uint32_t count = 0;
  for (uint32_t c = 0; c < readers; c++) {
    struct wr_task *reader = build->tasks[builder->first_task[group] + c];
    if (!builder_reads(input, c, readers, task->copy, task->copy_count))
      continue;
    channels[count] = wr_channel_new(&reader->inbox, build->layouts[from_layout], input_number);
    task_add_channel(reader, channels[count]);
    if (task_is_spent(task))
      channels[count]->watermark_us = WR_TIME_END; /* it holds nobody back */
    count++;
  }
  bool changes =
      from_layout < builder->plan->node_count && builder->plan->nodes[from_layout].changes;
  struct wr_operator *exchange = wr_exchange_new(
      input, channels, count, build->layouts[from_layout], changes, &task->exchange_context);
  task->exchanges =
      wr_memory_resize(task->exchanges, (task->exchange_count + 1) * sizeof(struct wr_operator *));
  task->exchanges[task->exchange_count++] = exchange;
  return exchange;
}

static void builder_connect(struct builder *builder)
{
  const struct wr_plan *plan = builder->plan;
  for (uint32_t n = 0; n < plan->node_count; n++) {
    for (uint32_t i = 0; i < plan->nodes[n].input_count; i++) {
      const struct wr_plan_input *input = &plan->nodes[n].inputs[i];
      uint32_t from = builder->group[input->node], to = builder->group[n];
      for (uint32_t c = 0; c < builder->copies[from]; c++) {
        struct wr_task *task = builder->build->tasks[builder->first_task[from] + c];
        struct wr_task_node *producer = task_find_node(task, input->node);
        struct wr_operator *target;
        assert(from == to || input->exchange != WR_EXCHANGE_FORWARD);
        if (input->exchange == WR_EXCHANGE_FORWARD)
          target = task_find_node(task, n)->op;
        else
          target = builder_add_exchange(builder, task, input, input->node,
                                        plan->nodes[input->node].schema, to, i);
        node_add_target(producer, target, input->exchange == WR_EXCHANGE_FORWARD ? i : 0);
      }
    }
  }
}

static void builder_connect_rejects(struct builder *builder)
{
  uint32_t node = builder->plan->error_stream;
  if (node == UINT32_MAX)
    return;
  /* static: exchanges keep pointing at it */
  static const struct wr_plan_input gather = {.exchange = WR_EXCHANGE_GATHER};
  for (uint32_t t = 0; t < builder->build->task_count; t++) {
    struct wr_task *task = builder->build->tasks[t];
    if (builder->reads_rejects[task->group])
      continue;
    struct wr_operator *exchange =
        builder_add_exchange(builder, task, &gather, builder->plan->node_count,
                             builder->plan->nodes[node].schema, builder->group[node], 0);
    task->rejects_target = (struct wr_target){exchange, 0};
    wr_rejects_operator(task->rejects)->targets = &task->rejects_target;
    wr_rejects_operator(task->rejects)->target_count = 1;
  }
}

/* Streams that can be followed: a consumer more in every copy of their nodes. */
static void builder_connect_taps(struct builder *builder, const struct wr_taps *taps)
{
  const struct wr_plan *plan = builder->plan;
  for (uint32_t i = 0; taps->feeds && i < plan->stream_count; i++) {
    const struct wr_plan_stream *stream = &plan->streams[i];
    uint32_t group = builder->group[stream->node];
    for (uint32_t c = 0; taps->feeds[i] && c < builder->copies[group]; c++) {
      struct wr_task *task = builder->build->tasks[builder->first_task[group] + c];
      struct wr_operator *tap = wr_tap_new(taps->feeds[i], stream, &task->exchange_context);
      task->taps =
          wr_memory_resize(task->taps, (task->tap_count + 1) * sizeof(struct wr_operator *));
      task->taps[task->tap_count++] = tap;
      node_add_target(task_find_node(task, stream->node), tap, 0);
    }
  }
}

static void builder_set_targets(struct builder *builder)
{
  for (uint32_t t = 0; t < builder->build->task_count; t++) {
    struct wr_task *task = builder->build->tasks[t];
    for (uint32_t i = 0; i < task->node_count; i++) {
      task->nodes[i].op->targets = task->nodes[i].targets;
      task->nodes[i].op->target_count = task->nodes[i].target_count;
    }
  }
}

enum wr_code wr_build_tasks(const struct wr_plan *plan, struct wr_task_shared *shared,
                            struct wr_rejects_shown *shown, const struct wr_taps *taps,
                            struct wr_build *build, struct wr_error *err)
{
  struct builder builder = {.plan = plan, .shared = shared, .shown = shown, .build = build};
  build->layout_count = plan->node_count + 1; /* the last is that of error_stream */
  build->layouts = wr_memory_get_zero(build->layout_count * sizeof *build->layouts);
  build->alignments = wr_memory_get_zero((plan->node_count + 1) * sizeof *build->alignments);
  build->pools = wr_memory_get_zero((plan->node_count + 1) * sizeof(struct wr_decode_pool *));
  build->found = wr_memory_get_zero((plan->node_count + 1) * sizeof *build->found);
  builder_make_groups(&builder);
  builder_make_tasks(&builder);
  enum wr_code code = builder_open_nodes(&builder, err);
  if (code == WR_OK) {
    builder_connect(&builder);
    builder_connect_rejects(&builder);
    builder_connect_taps(&builder, taps);
    builder_set_targets(&builder);
  }
  wr_arena_free(&builder.arena);
  return code;
}

/* ---- taking down ---- */

static void task_free(struct wr_task *task)
{
  for (uint32_t i = 0; i < task->node_count; i++) {
    struct wr_task_node *node = &task->nodes[i];
    if (node->source)
      wr_source_close(node->source);
    else if (node->op)
      node->op->class->close(node->op);
    free(node->targets);
    wr_part_writer_free(&node->part);
  }
  for (uint32_t i = 0; i < task->exchange_count; i++)
    task->exchanges[i]->class->close(task->exchanges[i]);
  for (uint32_t i = 0; i < task->tap_count; i++)
    task->taps[i]->class->close(task->taps[i]);
  for (uint32_t i = 0; i < task->channel_count; i++)
    wr_channel_free(task->channels[i]);
  if (task->rejects)
    wr_rejects_free(task->rejects);
  wr_alignment_close(&task->alignment);
  wr_page_view_close(&task->view);
  wr_inbox_close(&task->inbox);
  free(task->nodes);
  free(task->exchanges);
  free(task->taps);
  free(task->channels);
  free(task);
}

void wr_build_free(struct wr_build *build)
{
  wr_references_stop(build, true);
  for (uint32_t t = 0; build->tasks && t < build->task_count; t++)
    task_free(build->tasks[t]);
  wr_references_close(build);
  for (uint32_t i = 0; i < build->edge_count; i++)
    free(build->edges[i]);
  for (uint32_t i = 0; i < build->layout_count; i++)
    if (build->layouts[i])
      wr_page_layout_free(build->layouts[i]);
  for (uint32_t i = 0; build->alignments && i < build->layout_count; i++)
    wr_alignment_group_free(build->alignments[i]);
  for (uint32_t i = 0; build->found && i < build->layout_count; i++)
    wr_splits_forget(&build->found[i]);
  free(build->found);
  for (uint32_t i = 0; build->pools && i < build->layout_count; i++)
    wr_decode_pool_free(build->pools[i]);
  free(build->pools);
  free(build->alignments);
  free(build->tasks);
  free(build->edges);
  free(build->layouts);
  wr_arena_free(&build->arena);
}
