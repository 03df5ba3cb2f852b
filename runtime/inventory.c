/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Format of a description:
 *
 *   format | node count | (key, name, kind, state, is source, copies, conditions, sinks,
 *                          what has to fit, member count, (words, id, is column, is needed)...)...
 *
 * In format 1 a node ends with its copies.
 */
#include "runtime/inventory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "connectors/connector.h"

#define INVENTORY_FORMAT           2
#define INVENTORY_NAMELESS         1  /* the format before there were members */
#define INVENTORY_NODE_BYTES_MIN   48 /* of one in a description, all texts empty */
#define INVENTORY_MEMBER_BYTES_MIN 32

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
        .state = node->state ? node->state->words : "",
        .fits = node->state ? node->state->fits : "",
        .members = node->state ? node->state->members : NULL,
        .member_count = node->state ? node->state->member_count : 0,
        .conditions = node->state ? node->state->conditions : "",
        .sinks = node->state && node->state->sinks ? node->state->sinks : "",
        .is_source = is_source,
        .copies = node->parallelism};
  }
}

static void inventory_put_text(struct wr_part_writer *part, const char *text)
{
  wr_part_put_bytes(part, text, strlen(text));
}

static void inventory_put_members(struct wr_part_writer *part, const struct wr_inventory_node *node)
{
  wr_part_put_u64(part, node->member_count);
  for (uint32_t m = 0; m < node->member_count; m++) {
    bool is_column = node->members[m].is_column; /* what was there is not told, only what lacks */
    inventory_put_text(part, is_column ? "" : node->members[m].words);
    wr_part_put_u64(part, node->members[m].id);
    wr_part_put_u64(part, node->members[m].is_column);
    wr_part_put_u64(part, node->members[m].is_needed);
  }
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
    inventory_put_text(part, node->conditions);
    inventory_put_text(part, node->sinks);
    inventory_put_text(part, node->fits ? node->fits : "");
    inventory_put_members(part, node);
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

static enum wr_code inventory_get_members(struct wr_part_reader *part, struct wr_arena *arena,
                                          struct wr_inventory_node *node, struct wr_error *err)
{
  uint64_t count;
  enum wr_code code = wr_part_get_u64(part, &count, err);
  if (code == WR_OK && count > (part->length - part->at) / INVENTORY_MEMBER_BYTES_MIN)
    code = wr_fail(err, WR_DATA, "the saved state is damaged: a step of %llu parts cannot be",
                   (unsigned long long)count);
  if (code != WR_OK)
    return code;
  struct wr_plan_member *members = WR_NEW_ARRAY(arena, struct wr_plan_member, count + 1);
  for (uint64_t m = 0; code == WR_OK && m < count; m++) {
    uint64_t is_column = 0, is_needed = 0;
    code = inventory_get_text(part, arena, &members[m].words, err);
    if (code == WR_OK)
      code = wr_part_get_u64(part, &members[m].id, err);
    if (code == WR_OK)
      code = wr_part_get_u64(part, &is_column, err);
    if (code == WR_OK)
      code = wr_part_get_u64(part, &is_needed, err);
    members[m].is_column = is_column != 0;
    members[m].is_needed = is_needed != 0;
  }
  node->members = members;
  node->member_count = (uint32_t)count;
  return code;
}

static enum wr_code inventory_get_node(struct wr_part_reader *part, struct wr_arena *arena,
                                       uint64_t format, struct wr_inventory_node *node,
                                       struct wr_error *err)
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
  node->conditions = node->sinks = "";
  const char **more[] = {&node->conditions, &node->sinks, &node->fits};
  bool has_more = format != INVENTORY_NAMELESS;
  for (size_t i = 0; code == WR_OK && has_more && i < sizeof more / sizeof *more; i++)
    code = inventory_get_text(part, arena, more[i], err);
  if (code == WR_OK && has_more)
    code = inventory_get_members(part, arena, node, err);
  return code;
}

enum wr_code wr_inventory_read(const struct wr_snapshot *snapshot, struct wr_arena *arena,
                               struct wr_inventory *out, struct wr_error *err)
{
  struct wr_part_reader part = {.bytes = snapshot->description,
                                .length = snapshot->description_length};
  uint64_t format, count = 0;
  *out = (struct wr_inventory){0};
  enum wr_code code = wr_part_get_u64(&part, &format, err);
  if (code == WR_OK && format != INVENTORY_FORMAT && format != INVENTORY_NAMELESS)
    code =
        wr_fail(err, WR_DATA,
                "epoch %llu describes its job in format %llu, this version reads up to format %d",
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
    code = inventory_get_node(&part, arena, format, &nodes[i], err);
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

/* ---- steps that are alike */

/* Length of an identity without the ordinal among equals: "... #2". */
static size_t key_length(const char *key)
{
  size_t length = strlen(key), at = length;
  while (at > 0 && key[at - 1] >= '0' && key[at - 1] <= '9')
    at--;
  return at < length && at > 2 && key[at - 1] == '#' && key[at - 2] == ' ' ? at - 2 : length;
}

static bool nodes_are_alike(const struct wr_inventory_node *a, const struct wr_inventory_node *b)
{
  size_t length = key_length(a->key);
  return !a->is_source && !b->is_source && length == key_length(b->key) &&
         memcmp(a->key, b->key, length) == 0;
}

/* How much one of two steps that are alike is the other. */
static uint32_t nodes_likeness(const struct wr_inventory_node *before,
                               const struct wr_inventory_node *after)
{
  uint32_t likeness = strcmp(before->key, after->key) == 0;
  if (before->fits) /* else conditions are not known */
    likeness += 2 * (strcmp(before->sinks, after->sinks) == 0) +
                8 * (strcmp(before->conditions, after->conditions) == 0);
  return likeness + 4 * (strcmp(before->state, after->state) == 0);
}

struct match {
  uint32_t before, after, likeness;
};

static int match_compare(const void *a, const void *b)
{
  const struct match *x = a, *y = b;
  if (x->likeness != y->likeness)
    return x->likeness > y->likeness ? -1 : 1;
  if (x->before != y->before)
    return x->before < y->before ? -1 : 1;
  return (x->after > y->after) - (x->after < y->after);
}

/* Pairs of steps that are alike, best ones first. */
static struct match *matches_find(const struct wr_inventory *before,
                                  const struct wr_inventory *after, uint32_t *count)
{
  struct match *matches = NULL;
  uint32_t room = 0;
  *count = 0;
  for (uint32_t b = 0; b < before->node_count; b++)
    for (uint32_t a = 0; a < after->node_count; a++) {
      if (!nodes_are_alike(&before->nodes[b], &after->nodes[a]))
        continue;
      if (*count == room) {
        room = room ? 2 * room : 64;
        matches = wr_memory_resize(matches, room * sizeof *matches);
      }
      matches[(*count)++] =
          (struct match){b, a, nodes_likeness(&before->nodes[b], &after->nodes[a])};
    }
  if (*count)
    qsort(matches, *count, sizeof *matches, match_compare);
  return matches;
}

void wr_inventory_match(struct wr_inventory *before, const struct wr_inventory *after,
                        struct wr_snapshot *snapshot, struct wr_arena *arena)
{
  struct wr_inventory_node *nodes =
      WR_NEW_ARRAY(arena, struct wr_inventory_node, before->node_count + 1);
  bool *matched = WR_NEW_ARRAY(arena, bool, before->node_count + 1);
  bool *taken = WR_NEW_ARRAY(arena, bool, after->node_count + 1);
  uint32_t count;
  struct match *matches = matches_find(before, after, &count);
  if (before->node_count)
    memcpy(nodes, before->nodes, before->node_count * sizeof *nodes);
  for (uint32_t m = 0; m < count; m++) {
    const struct match *match = &matches[m];
    if (matched[match->before] || taken[match->after])
      continue;
    matched[match->before] = taken[match->after] = true;
    nodes[match->before].key = after->nodes[match->after].key;
  }
  free(matches);
  /* What is left over must not look like one that was given away. */
  for (uint32_t b = 0; b < before->node_count; b++)
    for (uint32_t a = 0; !matched[b] && a < after->node_count; a++)
      if (taken[a] && strcmp(nodes[b].key, after->nodes[a].key) == 0)
        nodes[b].key = wr_arena_print(arena, "%s (before)", nodes[b].key);
  struct wr_snapshot_part *parts =
      WR_NEW_ARRAY(arena, struct wr_snapshot_part, snapshot->part_count + 1);
  for (uint32_t p = 0; p < snapshot->part_count; p++) {
    parts[p] = snapshot->parts[p];
    for (uint32_t b = 0; !parts[p].outbox && b < before->node_count; b++)
      if (strcmp(snapshot->parts[p].node_key, before->nodes[b].key) == 0)
        parts[p].node_key = nodes[b].key;
  }
  snapshot->parts = parts;
  before->nodes = nodes;
}

/* ---- comparing */

static bool member_is_in(const struct wr_plan_member *member, const struct wr_inventory_node *node)
{
  for (uint32_t m = 0; m < node->member_count; m++)
    if (node->members[m].id == member->id && node->members[m].is_column == member->is_column)
      return true;
  return false;
}

/* Members of one node that another does not have: aggregates, or columns that are needed. */
static const struct wr_plan_member *const *members_only(const struct wr_inventory_node *node,
                                                        const struct wr_inventory_node *other,
                                                        bool columns, struct wr_arena *arena,
                                                        uint32_t *count)
{
  const struct wr_plan_member **found =
      WR_NEW_ARRAY(arena, const struct wr_plan_member *, node->member_count + 1);
  *count = 0;
  for (uint32_t m = 0; m < node->member_count; m++) {
    const struct wr_plan_member *member = &node->members[m];
    if (member->is_column == columns && (!columns || member->is_needed) &&
        !member_is_in(member, other))
      found[(*count)++] = member;
  }
  return found;
}

/* Both are there. */
static void change_judge(struct wr_inventory_change *change, struct wr_arena *arena)
{
  const struct wr_inventory_node *before = change->before, *after = change->after;
  change->verdict = WR_INVENTORY_CHANGED;
  if (strcmp(before->kind, after->kind) != 0)
    return;
  if (!before->fits || !after->fits) {
    if (strcmp(before->state, after->state) == 0)
      change->verdict = WR_INVENTORY_KEPT;
    return;
  }
  if (strcmp(before->fits, after->fits) != 0)
    return;
  change->added = members_only(after, before, true, arena, &change->added_count);
  if (change->added_count > 0)
    return;
  change->verdict = WR_INVENTORY_KEPT;
  change->added = members_only(after, before, false, arena, &change->added_count);
  change->lost = members_only(before, after, false, arena, &change->lost_count);
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
    else
      change_judge(change, arena);
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
