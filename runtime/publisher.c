/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/publisher.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "connectors/publisher.h"
#include "core/arena.h"
#include "runtime/sink.h"

struct job_sink {
  uint32_t node;
  const char *name, *key;
  struct wr_publisher *publisher; /* NULL: not open yet */
};

struct wr_publishers {
  struct wr_publishers_options options; /* from is forgotten after the start */
  struct wr_arena arena;
  struct job_sink *sinks; /* in the order of the plan */
  uint32_t sink_count;
  struct wr_slice *slices; /* of one call */
  uint32_t slice_room;
  _Atomic bool cancelled;
};

/* ---- which sinks */

/* Whether the options of a SINK node ask for exactly once. *by_itself: nobody needs to ask, the
 * connector does so wherever it can. */
static bool node_wants_once(const struct wr_plan_node *node, bool *by_itself)
{
  *by_itself = false;
  if (node->kind != WR_PLAN_SINK || !node->sink->table.connector->publisher)
    return false;
  const struct wr_connector *connector = node->sink->table.connector;
  const struct wr_sink_settings settings = {.task_count = node->parallelism};
  const struct wr_table_spec spec = wr_sink_spec(node->sink, &settings);
  *by_itself = connector->wants_exactly_once == NULL;
  return *by_itself || connector->wants_exactly_once(&spec);
}

static const struct wr_plan_node *plan_find_asking(const struct wr_plan *plan)
{
  bool by_itself;
  for (uint32_t n = 0; n < plan->node_count; n++)
    if (node_wants_once(&plan->nodes[n], &by_itself) && !by_itself)
      return &plan->nodes[n];
  return NULL;
}

bool wr_publishers_are_wanted(const struct wr_plan *plan)
{
  bool by_itself;
  for (uint32_t n = 0; n < plan->node_count; n++)
    if (node_wants_once(&plan->nodes[n], &by_itself))
      return true;
  return false;
}

bool wr_publishers_are_asked(const struct wr_plan *plan)
{
  return plan_find_asking(plan) != NULL;
}

enum wr_code wr_publishers_check(const struct wr_plan *plan, bool durable, struct wr_error *err)
{
  const struct wr_plan_node *node = durable ? NULL : plan_find_asking(plan);
  if (!node)
    return WR_OK;
  wr_fail(err, WR_SEMANTIC,
          "table %s is to be written exactly once, which needs a state directory: what was written "
          "but not yet published is kept there",
          node->sink->table.name);
  return wr_hint(err, "--state-dir DIR");
}

static bool table_is_written(const struct wr_plan *plan, const char *table)
{
  for (uint32_t n = 0; n < plan->node_count; n++)
    if (plan->nodes[n].kind == WR_PLAN_SINK && strcmp(plan->nodes[n].sink->table.name, table) == 0)
      return true;
  return false;
}

/* All sinks have a number among those of their table, so that a name does not depend on what others
 * want. What is the name of a table as well is passed over. */
static const char *sink_name(struct wr_arena *arena, const struct wr_plan *plan, uint32_t node)
{
  const char *table = plan->nodes[node].sink->table.name, *name = table;
  uint32_t number = 1;
  for (uint32_t n = 0; n < node; n++) {
    if (plan->nodes[n].kind != WR_PLAN_SINK || strcmp(plan->nodes[n].sink->table.name, table) != 0)
      continue;
    do
      name = wr_arena_print(arena, "%s-%u", table, ++number);
    while (table_is_written(plan, name));
  }
  return name;
}

static void publishers_find_sinks(struct wr_publishers *publishers)
{
  const struct wr_plan *plan = publishers->options.plan;
  bool by_itself;
  publishers->sinks = WR_NEW_ARRAY(&publishers->arena, struct job_sink, plan->node_count + 1);
  for (uint32_t n = 0; n < plan->node_count; n++) {
    if (!node_wants_once(&plan->nodes[n], &by_itself))
      continue;
    struct job_sink *sink = &publishers->sinks[publishers->sink_count++];
    sink->node = n;
    sink->name = sink_name(&publishers->arena, plan, n);
    sink->key = wr_arena_print(&publishers->arena, "sink %s", sink->name);
  }
}

/* ---- starting */

static enum wr_code publishers_add_slice(struct wr_publishers *publishers, uint32_t count,
                                         const struct wr_outbox *outbox, struct wr_error *err)
{
  const struct wr_part_reader *part = &outbox->part;
  if (part->length - part->at > UINT32_MAX) /* no sink gives so much (wr_sink_barrier) */
    return wr_fail(err, WR_DATA, "the saved state is damaged: an outbox of %s has %zu bytes",
                   outbox->node_key, part->length - part->at);
  if (count == publishers->slice_room) {
    publishers->slice_room = publishers->slice_room ? 2 * publishers->slice_room : 16;
    publishers->slices =
        wr_memory_resize(publishers->slices, publishers->slice_room * sizeof *publishers->slices);
  }
  publishers->slices[count] =
      (struct wr_slice){part->bytes + part->at, (uint32_t)(part->length - part->at)};
  return WR_OK;
}

static bool publishers_have_key(const struct wr_publishers *publishers, const char *key)
{
  for (uint32_t s = 0; s < publishers->sink_count; s++)
    if (strcmp(publishers->sinks[s].key, key) == 0)
      return true;
  return false;
}

static bool publishers_have_published(const struct wr_snapshot *from)
{
  const struct wr_store_class *class = from->store->class;
  return class->published && class->published(from->store) >= from->epoch;
}

/* Rows of a sink that is not there any more: nobody would publish them, and nobody knows whether
 * that has happened. */
static enum wr_code publishers_check_lost(struct wr_publishers *publishers, struct wr_error *err)
{
  const struct wr_snapshot *from = publishers->options.from;
  enum wr_code code = WR_OK;
  if (from && publishers_have_published(from))
    return WR_OK;
  for (uint32_t i = 0; from && code == WR_OK && i < from->part_count; i++) {
    const struct wr_snapshot_part *part = &from->parts[i];
    const void *bytes;
    size_t length = 0;
    if (!part->outbox || publishers_have_key(publishers, part->node_key))
      continue;
    code = from->store->class->get(from->store, from->epoch, part->name, &bytes, &length, err);
    if (code != WR_OK || length == 0)
      continue;
    code = wr_fail(err, WR_DATA,
                   "epoch %llu of %s has rows of the %s that may not be published yet, and this "
                   "SQL does not write it exactly once",
                   (unsigned long long)from->epoch, publishers->options.state_dir, part->node_key);
    wr_hint(err,
            "start the SQL of that epoch once more and stop it, or accept with --allow-gap that "
            "these rows may be missing");
  }
  if (from)
    from->store->class->release(from->store);
  return code;
}

static enum wr_code publishers_start(struct wr_publishers *publishers, struct job_sink *sink,
                                     struct wr_error *err)
{
  const struct wr_publishers_options *options = &publishers->options;
  const struct wr_plan_node *node = &options->plan->nodes[sink->node];
  const struct wr_publisher_class *class = node->sink->table.connector->publisher;
  const struct wr_sink_settings settings = {.job = options->job,
                                            .sink = sink->name,
                                            .task_count = node->parallelism,
                                            .note = options->note,
                                            .note_self = options->note_self};
  const struct wr_table_spec spec = wr_sink_spec(node->sink, &settings);
  struct wr_recovery recovery = {.epoch = options->from ? options->from->epoch : 0,
                                 .previous = options->from ? options->from->previous : 0,
                                 .is_published =
                                     options->from && publishers_have_published(options->from),
                                 .allow_duplicates = options->allow_duplicates,
                                 .allow_gap = options->allow_gap,
                                 .state_dir = options->state_dir};
  struct wr_arena arena = {0};
  struct wr_outbox *outboxes = NULL;
  enum wr_code code = class->open(&spec, &sink->publisher, err);
  if (code == WR_OK)
    code = wr_snapshot_outboxes(options->from, sink->key, &arena, &outboxes, &recovery.outbox_count,
                                err);
  for (uint32_t i = 0; code == WR_OK && i < recovery.outbox_count; i++)
    code = publishers_add_slice(publishers, i, &outboxes[i], err);
  recovery.outboxes = publishers->slices;
  if (code == WR_OK)
    code = sink->publisher->class->recover(sink->publisher, &recovery, err);
  if (options->from)
    options->from->store->class->release(options->from->store);
  wr_arena_free(&arena);
  return code;
}

enum wr_code wr_publishers_open(const struct wr_publishers_options *options,
                                struct wr_publishers **out, struct wr_error *err)
{
  struct wr_publishers *publishers = wr_memory_get_zero(sizeof *publishers);
  publishers->options = *options;
  publishers->options.job = wr_arena_print(&publishers->arena, "%s", options->job);
  atomic_init(&publishers->cancelled, false);
  publishers_find_sinks(publishers);
  enum wr_code code = options->allow_gap ? WR_OK : publishers_check_lost(publishers, err);
  for (uint32_t s = 0; code == WR_OK && s < publishers->sink_count; s++)
    code = publishers_start(publishers, &publishers->sinks[s], err);
  if (code == WR_OK && options->from && publishers->sink_count &&
      options->from->store->class->set_published)
    options->from->store->class->set_published(options->from->store, options->from->epoch);
  publishers->options.from = NULL;
  if (code != WR_OK)
    wr_publishers_free(publishers);
  else
    *out = publishers;
  return code;
}

void wr_publishers_free(struct wr_publishers *publishers)
{
  if (!publishers)
    return;
  for (uint32_t s = 0; s < publishers->sink_count; s++)
    if (publishers->sinks[s].publisher)
      publishers->sinks[s].publisher->class->close(publishers->sinks[s].publisher);
  free(publishers->slices);
  wr_arena_free(&publishers->arena);
  free(publishers);
}

static const struct job_sink *publishers_find(const struct wr_publishers *publishers, uint32_t node)
{
  for (uint32_t s = 0; publishers && s < publishers->sink_count; s++)
    if (publishers->sinks[s].node == node)
      return &publishers->sinks[s];
  return NULL;
}

const char *wr_publishers_sink(const struct wr_publishers *publishers, uint32_t node)
{
  const struct job_sink *sink = publishers_find(publishers, node);
  return sink ? sink->name : NULL;
}

const char *wr_publishers_key(const struct wr_publishers *publishers, uint32_t node)
{
  const struct job_sink *sink = publishers_find(publishers, node);
  return sink ? sink->key : NULL;
}

uint32_t wr_publishers_count(const struct wr_publishers *publishers)
{
  return publishers ? publishers->sink_count : 0;
}

/* ---- publishing */

enum wr_code wr_publishers_publish(void *self, uint64_t epoch, const struct wr_outbox *outboxes,
                                   uint32_t count, struct wr_error *err)
{
  struct wr_publishers *publishers = self;
  enum wr_code code = WR_OK;
  for (uint32_t s = 0; code == WR_OK && s < publishers->sink_count; s++) {
    const struct job_sink *sink = &publishers->sinks[s];
    uint32_t own = 0;
    if (atomic_load(&publishers->cancelled))
      return wr_fail(err, WR_STOPPED, "publishing epoch %llu was cancelled",
                     (unsigned long long)epoch);
    for (uint32_t i = 0; code == WR_OK && i < count; i++)
      if (strcmp(outboxes[i].node_key, sink->key) == 0)
        code = publishers_add_slice(publishers, own++, &outboxes[i], err);
    if (code == WR_OK)
      code = sink->publisher->class->publish(sink->publisher, epoch, publishers->slices, own, err);
  }
  return code;
}

void wr_publishers_cancel(struct wr_publishers *publishers)
{
  if (!publishers)
    return;
  atomic_store(&publishers->cancelled, true);
  for (uint32_t s = 0; s < publishers->sink_count; s++) {
    struct wr_publisher *publisher = publishers->sinks[s].publisher;
    if (publisher && publisher->class->cancel)
      publisher->class->cancel(publisher);
  }
}
