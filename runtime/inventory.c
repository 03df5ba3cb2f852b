/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Format of a description:
 *
 *   format | node count | (key, name, kind, state, is source, copies)...
 */
#include "runtime/inventory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "connectors/connector.h"

#define INVENTORY_FORMAT         1
#define INVENTORY_NODE_BYTES_MIN 48 /* of one in a description, all texts empty */

const char *wr_inventory_key(struct wr_arena *arena, const struct wr_plan_node *node)
{
  return node->identity ? wr_arena_print(arena, "%s", node->identity)
                        : wr_arena_print(arena, "node-%u", node->id);
}

void wr_inventory_of_plan(const struct wr_plan *plan, struct wr_arena *arena,
                          struct wr_inventory *out)
{
  struct wr_inventory_node *nodes =
      WR_NEW_ARRAY(arena, struct wr_inventory_node, plan->node_count + 1);
  *out = (struct wr_inventory){.nodes = nodes};
  for (uint32_t n = 0; n < plan->node_count; n++) {
    const struct wr_plan_node *node = &plan->nodes[n];
    bool is_source = node->kind == WR_PLAN_SOURCE && node->source;
    bool keeps = is_source || (node->kind == WR_PLAN_OPERATOR && node->operator_class->save);
    if (!keeps)
      continue;
    nodes[out->node_count++] = (struct wr_inventory_node){
        .key = wr_inventory_key(arena, node),
        .name = node->name,
        .kind = is_source ? node->source->table.connector->name : node->operator_class->name,
        .state = node->state ? node->state : "",
        .is_source = is_source,
        .copies = node->parallelism};
  }
}

static void inventory_put_text(struct wr_part_writer *part, const char *text)
{
  wr_part_put_bytes(part, text, strlen(text));
}

void wr_inventory_write(const struct wr_inventory *inventory, struct wr_part_writer *part)
{
  wr_part_put_u64(part, INVENTORY_FORMAT);
  wr_part_put_u64(part, inventory->node_count);
  for (uint32_t i = 0; i < inventory->node_count; i++) {
    const struct wr_inventory_node *node = &inventory->nodes[i];
    inventory_put_text(part, node->key);
    inventory_put_text(part, node->name);
    inventory_put_text(part, node->kind);
    inventory_put_text(part, node->state);
    wr_part_put_u64(part, node->is_source);
    wr_part_put_u64(part, node->copies);
  }
}

static enum wr_code inventory_get_text(struct wr_part_reader *part, struct wr_arena *arena,
                                       const char **text, struct wr_error *err)
{
  const char *bytes;
  size_t length;
  enum wr_code code = wr_part_get_bytes(part, &bytes, &length, err);
  if (code == WR_OK)
    *text = wr_arena_copy(arena, bytes, length);
  return code;
}

static enum wr_code inventory_get_node(struct wr_part_reader *part, struct wr_arena *arena,
                                       struct wr_inventory_node *node, struct wr_error *err)
{
  uint64_t is_source = 0, copies = 0;
  const char **texts[] = {&node->key, &node->name, &node->kind, &node->state};
  enum wr_code code = WR_OK;
  for (size_t i = 0; code == WR_OK && i < sizeof texts / sizeof *texts; i++)
    code = inventory_get_text(part, arena, texts[i], err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &is_source, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &copies, err);
  node->is_source = is_source != 0;
  node->copies = (uint32_t)copies;
  return code;
}

enum wr_code wr_inventory_read(const struct wr_snapshot *snapshot, struct wr_arena *arena,
                               struct wr_inventory *out, struct wr_error *err)
{
  struct wr_part_reader part = {snapshot->description, snapshot->description_length, 0};
  uint64_t format, count = 0;
  *out = (struct wr_inventory){0};
  enum wr_code code = wr_part_get_u64(&part, &format, err);
  if (code == WR_OK && format != INVENTORY_FORMAT)
    code = wr_fail(
        err, WR_DATA, "epoch %llu describes its job in format %llu, this version reads format %d",
        (unsigned long long)snapshot->epoch, (unsigned long long)format, INVENTORY_FORMAT);
  if (code == WR_OK)
    code = wr_part_get_u64(&part, &count, err);
  if (code == WR_OK && count > (part.length - part.at) / INVENTORY_NODE_BYTES_MIN)
    code = wr_fail(err, WR_DATA, "the saved state is damaged: epoch %llu cannot have %llu steps",
                   (unsigned long long)snapshot->epoch, (unsigned long long)count);
  if (code != WR_OK)
    return code;
  struct wr_inventory_node *nodes = WR_NEW_ARRAY(arena, struct wr_inventory_node, count + 1);
  for (uint64_t i = 0; code == WR_OK && i < count; i++)
    code = inventory_get_node(&part, arena, &nodes[i], err);
  *out = (struct wr_inventory){nodes, (uint32_t)count};
  return code;
}

const struct wr_inventory_node *wr_inventory_find(const struct wr_inventory *inventory,
                                                  const char *key)
{
  for (uint32_t i = 0; i < inventory->node_count; i++)
    if (strcmp(inventory->nodes[i].key, key) == 0)
      return &inventory->nodes[i];
  return NULL;
}

struct wr_inventory_change *wr_inventory_compare(const struct wr_inventory *before,
                                                 const struct wr_inventory *after,
                                                 struct wr_arena *arena, uint32_t *count)
{
  struct wr_inventory_change *changes =
      WR_NEW_ARRAY(arena, struct wr_inventory_change, before->node_count + after->node_count + 1);
  *count = 0;
  for (uint32_t i = 0; i < after->node_count; i++) {
    struct wr_inventory_change *change = &changes[(*count)++];
    change->after = &after->nodes[i];
    change->before = wr_inventory_find(before, change->after->key);
    if (!change->before)
      change->verdict = WR_INVENTORY_NEW;
    else if (strcmp(change->before->state, change->after->state) != 0 ||
             strcmp(change->before->kind, change->after->kind) != 0)
      change->verdict = WR_INVENTORY_CHANGED;
    else
      change->verdict = WR_INVENTORY_KEPT;
  }
  for (uint32_t i = 0; i < before->node_count; i++)
    if (!wr_inventory_find(after, before->nodes[i].key))
      changes[(*count)++] = (struct wr_inventory_change){.verdict = WR_INVENTORY_DROPPED,
                                                         .before = &before->nodes[i]};
  return changes;
}

/* ---- positions ---- */

struct positions {
  struct wr_arena *arena;
  struct wr_inventory_position *items;
  uint32_t count, room;
};

static void positions_add(struct positions *positions, const char *split, const char *position)
{
  if (positions->count == positions->room) {
    positions->room = positions->room ? 2 * positions->room : 16;
    positions->items =
        wr_memory_resize(positions->items, positions->room * sizeof *positions->items);
  }
  positions->items[positions->count++] = (struct wr_inventory_position){split, position};
}

/* One copy of a source, as wr_source_save has written it. */
static enum wr_code positions_take(void *self, struct wr_part_reader *part, struct wr_error *err)
{
  struct positions *positions = self;
  uint64_t count;
  enum wr_code code = wr_part_get_u64(part, &count, err);
  for (uint64_t i = 0; code == WR_OK && i < count; i++) {
    const char *split = "", *position = "";
    code = inventory_get_text(part, positions->arena, &split, err);
    if (code == WR_OK)
      code = inventory_get_text(part, positions->arena, &position, err);
    if (code == WR_OK)
      positions_add(positions, split, position);
  }
  return code;
}

/* "clicks-9" stands before "clicks-10". */
static int positions_compare(const void *a, const void *b)
{
  return strverscmp(((const struct wr_inventory_position *)a)->split,
                    ((const struct wr_inventory_position *)b)->split);
}

enum wr_code wr_inventory_positions(const struct wr_snapshot *snapshot, const char *key,
                                    struct wr_arena *arena,
                                    struct wr_inventory_position **positions, uint32_t *count,
                                    struct wr_error *err)
{
  struct positions taken = {.arena = arena};
  enum wr_code code = wr_snapshot_restore(snapshot, key, positions_take, &taken, err);
  *count = taken.count;
  *positions = WR_NEW_ARRAY(arena, struct wr_inventory_position, taken.count + 1);
  if (taken.count) {
    memcpy(*positions, taken.items, taken.count * sizeof **positions);
    qsort(*positions, taken.count, sizeof **positions, positions_compare);
  }
  free(taken.items);
  return code;
}
