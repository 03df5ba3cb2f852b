/* SPDX-License-Identifier: Apache-2.0 */
/* First what is not as it was, step by step; then, in one line, how much is. */
#include "cli/changes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CHANGES_WORDS_BYTES 400 /* shown of what a state is made of */

/* Steps whose little state nobody misses: it goes with that of others. */
static bool node_is_minor(const struct wr_inventory_node *node)
{
  return strcmp(node->kind, "Watermark") == 0 || strcmp(node->kind, "Values") == 0;
}

static const struct wr_inventory_node *change_node(const struct wr_inventory_change *change)
{
  return change->after ? change->after : change->before;
}

static bool change_is(const struct wr_inventory_change *change, enum wr_inventory_verdict verdict)
{
  return change->verdict == verdict && !node_is_minor(change_node(change));
}

static uint32_t changes_count(const struct wr_inventory_change *changes, uint32_t count,
                              enum wr_inventory_verdict verdict)
{
  uint32_t found = 0;
  for (uint32_t i = 0; i < count; i++)
    found += change_is(&changes[i], verdict);
  return found;
}

static bool change_is_whole(const struct wr_inventory_change *change)
{
  return change->verdict == WR_INVENTORY_KEPT && change->added_count + change->lost_count == 0;
}

/* ---- telling */

static void change_print_line(FILE *file, const char *first, const char *words)
{
  fprintf(file, "  %-12s  %s%.*s\n", "", first, CHANGES_WORDS_BYTES, words);
}

static void change_print_misfit(FILE *file, const struct wr_inventory_change *change)
{
  const struct wr_inventory_node *before = change->before, *after = change->after;
  const char *was = before->state, *is = after->state;
  for (uint32_t i = 0; i < change->added_count; i++)
    change_print_line(file, "its rows do not have ", change->added[i]->words);
  if (change->added_count > 0)
    return;
  if (strcmp(before->kind, after->kind) != 0) {
    was = before->kind;
    is = after->kind;
  } else if (before->fits && after->fits) {
    was = before->fits;
    is = after->fits;
  }
  change_print_line(file, "was ", was);
  change_print_line(file, "is  ", is);
}

static void change_print(FILE *file, const struct wr_inventory_change *change)
{
  static const char *const verdicts[] = {[WR_INVENTORY_KEPT] = "goes on",
                                         [WR_INVENTORY_NEW] = "starts empty",
                                         [WR_INVENTORY_DROPPED] = "dropped",
                                         [WR_INVENTORY_CHANGED] = "does not fit"};
  const struct wr_inventory_node *node = change_node(change);
  bool has_conditions = !node->is_source && *node->conditions;
  fprintf(file, "  %-12s  %s%s%s%s%.*s\n", verdicts[change->verdict],
          node->is_source ? "" : node->name, node->is_source ? "" : ": ", node->key,
          has_conditions ? ", where " : "", CHANGES_WORDS_BYTES,
          has_conditions ? node->conditions : "");
  if (change->verdict == WR_INVENTORY_CHANGED) {
    change_print_misfit(file, change);
    return;
  }
  for (uint32_t i = 0; i < change->added_count; i++)
    change_print_line(file, "starts empty: ", change->added[i]->words);
  for (uint32_t i = 0; i < change->lost_count; i++)
    change_print_line(file, "dropped: ", change->lost[i]->words);
}

static void changes_print(FILE *file, uint64_t epoch, const struct wr_inventory_change *changes,
                          uint32_t count)
{
  uint32_t whole = 0, others = 0;
  fprintf(file, "weir: this SQL is not that of epoch %" PRIu64 ":\n", epoch);
  for (uint32_t i = 0; i < count; i++) {
    if (node_is_minor(change_node(&changes[i])))
      continue;
    whole += change_is_whole(&changes[i]);
    others += !change_is_whole(&changes[i]);
    if (!change_is_whole(&changes[i]))
      change_print(file, &changes[i]);
  }
  if (whole)
    fprintf(file, "  %-12s  %u %s%s as %s\n", "goes on", whole, others ? "other " : "",
            whole == 1 ? "step or source" : "steps and sources",
            whole == 1 ? "it was" : "they were");
}

/* ---- accepting */

static bool changes_drop(const struct wr_inventory_change *changes, uint32_t count, const char *key)
{
  for (uint32_t i = 0; i < count; i++)
    if (changes[i].verdict == WR_INVENTORY_CHANGED && strcmp(changes[i].before->key, key) == 0)
      return true;
  return false;
}

/* State that does not fit is not looked at. */
static void changes_leave_out(struct wr_snapshot *snapshot,
                              const struct wr_inventory_change *changes, uint32_t count,
                              struct wr_arena *arena)
{
  struct wr_snapshot_part *parts =
      WR_NEW_ARRAY(arena, struct wr_snapshot_part, snapshot->part_count + 1);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < snapshot->part_count; i++)
    if (!changes_drop(changes, count, snapshot->parts[i].node_key))
      parts[kept++] = snapshot->parts[i];
  snapshot->parts = parts;
  snapshot->part_count = kept;
}

/* "1 step and 2 aggregates" */
static const char *changes_lost(struct wr_arena *arena, uint32_t steps, uint32_t aggregates)
{
  const char *text = "";
  if (steps)
    text = wr_arena_print(arena, "%u step%s", steps, steps == 1 ? "" : "s");
  if (aggregates)
    text = wr_arena_print(arena, "%s%s%u aggregate%s", text, steps ? " and " : "", aggregates,
                          aggregates == 1 ? "" : "s");
  return text;
}

enum wr_code wr_changes_accept(const struct wr_plan *plan, struct wr_inventory *before,
                               struct wr_snapshot *snapshot, bool may_drop, FILE *file,
                               struct wr_arena *arena, struct wr_error *err)
{
  struct wr_inventory after;
  uint32_t count, members = 0, lost_members = 0;
  wr_inventory_of_plan(plan, arena, &after);
  wr_inventory_match(before, &after, snapshot, arena);
  const struct wr_inventory_change *changes = wr_inventory_compare(before, &after, arena, &count);
  for (uint32_t i = 0; i < count; i++)
    if (changes[i].verdict == WR_INVENTORY_KEPT) {
      members += changes[i].added_count;
      lost_members += changes[i].lost_count;
    }
  uint32_t misfits = changes_count(changes, count, WR_INVENTORY_CHANGED);
  uint32_t lost = changes_count(changes, count, WR_INVENTORY_DROPPED) + misfits;
  uint32_t added = changes_count(changes, count, WR_INVENTORY_NEW);
  if (added + lost + members + lost_members == 0)
    return WR_OK;
  changes_print(file, snapshot->epoch, changes, count);
  if (misfits)
    changes_leave_out(snapshot, changes, count, arena);
  if (lost + lost_members == 0 || may_drop)
    return WR_OK;
  wr_fail(err, WR_SEMANTIC, "what %s of epoch %" PRIu64 " ha%s kept would be lost",
          changes_lost(arena, lost, lost_members), snapshot->epoch,
          lost + lost_members == 1 ? "s" : "ve");
  return wr_hint(err, "--allow-dropped-state goes on without it, --from none starts everything "
                      "anew; a step is known by its kind, keys, window and tables");
}
