/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/resume.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/time.h"
#include "state/store_directory.h"

#define RESUME_SPLITS_SHOWN 3
#define RESUME_STATE_BYTES  400 /* shown of what a state is made of */

static void resume_print(void *self, const char *message)
{
  (void)self;
  fprintf(stderr, "weir: %s\n", message);
}

static enum wr_resume_verdict resume_fail(const struct wr_error *err)
{
  fprintf(stderr, "weir: error: %s\n", err->message);
  if (err->hint[0])
    fprintf(stderr, "hint: %s\n", err->hint);
  return WR_RESUME_FAILED;
}

const char *wr_age_print(struct wr_arena *arena, int64_t age_us)
{
  static const struct {
    const char *unit;
    int64_t us;
  } units[] = {
      {"d", WR_US_PER_DAY}, {"h", 3600 * WR_US_PER_SECOND}, {"min", 60 * WR_US_PER_SECOND}};
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (age_us >= 2 * units[i].us)
      return wr_arena_print(arena, "%" PRId64 " %s", age_us / units[i].us, units[i].unit);
  return wr_arena_print(arena, "%" PRId64 " s", age_us > 0 ? age_us / WR_US_PER_SECOND : 0);
}

int wr_position_length(const char *position)
{
  return (int)strcspn(position, " ");
}

/* ---- which epoch */

static const struct wr_store_epoch *epochs_find(const struct wr_store_epoch *epochs, uint32_t count,
                                                uint64_t epoch)
{
  for (uint32_t i = 0; i < count; i++)
    if (epochs[i].epoch == epoch)
      return &epochs[i];
  return NULL;
}

/* "3, 4, 5" */
static const char *epochs_print(struct wr_arena *arena, const struct wr_store_epoch *epochs,
                                uint32_t count)
{
  const char *text = "";
  for (uint32_t i = count; i-- > 0;)
    text = wr_arena_print(arena, "%s%s%" PRIu64, text, *text ? ", " : "", epochs[i].epoch);
  return text;
}

static void resume_tell_damage(void *self, uint64_t epoch, const struct wr_error *damage)
{
  (void)self;
  fprintf(stderr, "weir: warning: epoch %" PRIu64 " cannot be used: %s\n", epoch, damage->message);
}

/* The newest epoch that is sound. An older one than the newest only makes sinks write again what
 * came behind it, which is what at-least-once allows. */
static enum wr_resume_verdict resume_choose_newest(struct wr_resume *resume, uint64_t *epoch)
{
  uint64_t newest;
  *epoch = 0;
  if (!resume->store->class->latest(resume->store, &newest))
    return WR_RESUME_GO;
  if (!wr_store_find_sound(resume->store, epoch, resume_tell_damage, NULL)) {
    fprintf(stderr, "weir: error: no epoch in %s can be used\nhint: --from none starts anew\n",
            resume->arguments->state_dir);
    return WR_RESUME_FAILED;
  }
  if (*epoch != newest)
    fprintf(stderr,
            "weir: warning: going on from epoch %" PRIu64
            " instead; sinks get again what came behind it\n",
            *epoch);
  return WR_RESUME_GO;
}

static enum wr_resume_verdict resume_choose(struct wr_resume *resume, uint64_t *epoch)
{
  const struct wr_arguments *arguments = resume->arguments;
  struct wr_error err;
  uint32_t count;
  *epoch = 0;
  if (arguments->from == WR_FROM_NONE)
    return WR_RESUME_GO;
  if (arguments->from == WR_FROM_LATEST)
    return resume_choose_newest(resume, epoch);
  const struct wr_store_epoch *epochs =
      resume->store->class->list(resume->store, &resume->arena, &count);
  if (!epochs_find(epochs, count, arguments->from_epoch)) {
    wr_fail(&err, WR_IO, "there is no epoch %" PRIu64 " in %s", arguments->from_epoch,
            arguments->state_dir);
    wr_hint(&err, count ? "there are %s" : "there are none",
            epochs_print(&resume->arena, epochs, count));
    return resume_fail(&err);
  }
  *epoch = arguments->from_epoch;
  if (resume->store->class->check(resume->store, *epoch, &err) == WR_OK)
    return WR_RESUME_GO;
  wr_hint(&err, "weir state %s shows the others", arguments->state_dir);
  return resume_fail(&err);
}

/* ---- what has changed */

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

static void change_print_misfit(const struct wr_inventory_change *change)
{
  bool other_kind = strcmp(change->before->kind, change->after->kind) != 0;
  fprintf(stderr, "  %-12s  was %.*s\n", "", RESUME_STATE_BYTES,
          other_kind ? change->before->kind : change->before->state);
  fprintf(stderr, "  %-12s  is  %.*s\n", "", RESUME_STATE_BYTES,
          other_kind ? change->after->kind : change->after->state);
}

static void changes_print(const struct wr_resume *resume, const struct wr_inventory_change *changes,
                          uint32_t count)
{
  static const char *const verdicts[] = {[WR_INVENTORY_KEPT] = "goes on",
                                         [WR_INVENTORY_NEW] = "starts empty",
                                         [WR_INVENTORY_DROPPED] = "dropped",
                                         [WR_INVENTORY_CHANGED] = "does not fit"};
  fprintf(stderr, "weir: this SQL is not that of epoch %" PRIu64 ":\n", resume->snapshot.epoch);
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_inventory_node *node = change_node(&changes[i]);
    if (!node_is_minor(node))
      fprintf(stderr, "  %-12s  %s%s%s\n", verdicts[changes[i].verdict],
              node->is_source ? "" : node->name, node->is_source ? "" : ": ", node->key);
    if (changes[i].verdict == WR_INVENTORY_CHANGED)
      change_print_misfit(&changes[i]);
  }
}

static bool changes_drop(const struct wr_inventory_change *changes, uint32_t count, const char *key)
{
  for (uint32_t i = 0; i < count; i++)
    if (changes[i].verdict == WR_INVENTORY_CHANGED && strcmp(changes[i].before->key, key) == 0)
      return true;
  return false;
}

/* State that does not fit is not looked at. */
static void resume_leave_out(struct wr_resume *resume, const struct wr_inventory_change *changes,
                             uint32_t count)
{
  struct wr_snapshot *snapshot = &resume->snapshot;
  struct wr_snapshot_part *parts =
      WR_NEW_ARRAY(&resume->arena, struct wr_snapshot_part, snapshot->part_count + 1);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < snapshot->part_count; i++)
    if (!changes_drop(changes, count, snapshot->parts[i].node_key))
      parts[kept++] = snapshot->parts[i];
  snapshot->parts = parts;
  snapshot->part_count = kept;
}

static enum wr_resume_verdict resume_compare(struct wr_resume *resume,
                                             const struct wr_inventory *before)
{
  struct wr_inventory after;
  uint32_t count;
  wr_inventory_of_plan(resume->plan, &resume->arena, &after);
  struct wr_inventory_change *changes =
      wr_inventory_compare(before, &after, &resume->arena, &count);
  uint32_t added = changes_count(changes, count, WR_INVENTORY_NEW);
  uint32_t dropped = changes_count(changes, count, WR_INVENTORY_DROPPED);
  uint32_t misfits = changes_count(changes, count, WR_INVENTORY_CHANGED);
  if (added + dropped + misfits == 0)
    return WR_RESUME_GO;
  changes_print(resume, changes, count);
  if (misfits)
    resume_leave_out(resume, changes, count);
  uint32_t lost = dropped + misfits;
  if (lost == 0 || resume->arguments->allow_dropped_state)
    return WR_RESUME_GO;
  fprintf(stderr,
          "weir: error: what %u step%s of epoch %" PRIu64 " ha%s kept would be lost\n"
          "hint: --allow-dropped-state goes on without it, --from none starts everything anew\n",
          lost, lost == 1 ? "" : "s", resume->snapshot.epoch, lost == 1 ? "s" : "ve");
  return WR_RESUME_FAILED;
}

/* ---- going on */

/* A split is known by the end of its path. */
static const char *split_short(const char *split)
{
  const char *slash = strrchr(split, '/');
  return slash && slash[1] ? slash + 1 : split;
}

/* "; source clicks: clicks-0 at 4711, clicks-1 at 4698 and 2 more" for every source */
static const char *resume_positions(struct wr_resume *resume, const struct wr_inventory *inventory)
{
  struct wr_arena *arena = &resume->arena;
  const char *text = "";
  for (uint32_t i = 0; i < inventory->node_count; i++) {
    struct wr_inventory_position *positions;
    struct wr_error err;
    uint32_t count;
    if (!inventory->nodes[i].is_source ||
        wr_inventory_positions(&resume->snapshot, inventory->nodes[i].key, arena, &positions,
                               &count, &err) != WR_OK)
      continue;
    text = wr_arena_print(arena, "%s; %s", text, inventory->nodes[i].key);
    for (uint32_t p = 0; p < count && p < RESUME_SPLITS_SHOWN; p++)
      text = wr_arena_print(arena, "%s%s %s at %.*s", text, p ? "," : ":",
                            split_short(positions[p].split),
                            *positions[p].position ? wr_position_length(positions[p].position) : 5,
                            *positions[p].position ? positions[p].position : "start");
    if (count > RESUME_SPLITS_SHOWN)
      text = wr_arena_print(arena, "%s and %u more", text, count - RESUME_SPLITS_SHOWN);
  }
  return text;
}

static enum wr_resume_verdict resume_load(struct wr_resume *resume, uint64_t epoch, bool again)
{
  struct wr_error err;
  struct wr_inventory inventory;
  uint32_t count;
  const struct wr_store_epoch *epochs =
      resume->store->class->list(resume->store, &resume->arena, &count);
  const struct wr_store_epoch *chosen = epochs_find(epochs, count, epoch);
  enum wr_code code =
      wr_snapshot_read(resume->store, epoch, &resume->arena, &resume->snapshot, &err);
  if (code == WR_OK)
    code = wr_inventory_read(&resume->snapshot, &resume->arena, &inventory, &err);
  if (code != WR_OK)
    return resume_fail(&err);
  const char *age = wr_age_print(&resume->arena, chosen ? wr_now_us() - chosen->sealed_us : 0);
  resume->has_snapshot = true;
  if (chosen)
    resume->store->hash_seed = chosen->hash_seed;
  if (again)
    return WR_RESUME_GO;
  if (resume->snapshot.ended) {
    fprintf(stderr,
            "weir: the job of %s has come to its end with epoch %" PRIu64
            ", %s ago: there is nothing left to do\nhint: --from none runs it again\n",
            resume->arguments->state_dir, epoch, age);
    return WR_RESUME_ENDED;
  }
  enum wr_resume_verdict verdict = resume_compare(resume, &inventory);
  if (verdict == WR_RESUME_GO)
    fprintf(stderr, "weir: going on from epoch %" PRIu64 " of %s, %s old%s\n", epoch,
            resume->arguments->state_dir, age, resume_positions(resume, &inventory));
  resume->store->class->release(resume->store);
  return verdict;
}

enum wr_resume_verdict wr_resume_open(struct wr_resume *resume,
                                      const struct wr_arguments *arguments,
                                      const struct wr_plan *plan, uint32_t epochs_kept)
{
  struct wr_error err;
  uint64_t epoch = 0;
  *resume = (struct wr_resume){.arguments = arguments, .plan = plan};
  const struct wr_store_directory_options options = {.epochs_kept = epochs_kept,
                                                     .note = resume_print};
  if (wr_store_directory_open(arguments->state_dir, &options, &resume->store, &err) != WR_OK)
    return resume_fail(&err);
  resume->newest_before = wr_resume_newest(resume);
  enum wr_resume_verdict verdict = resume_choose(resume, &epoch);
  if (verdict == WR_RESUME_GO && epoch)
    verdict = resume_load(resume, epoch, false);
  if (verdict != WR_RESUME_GO)
    wr_resume_close(resume);
  return verdict;
}

bool wr_resume_again(struct wr_resume *resume)
{
  uint64_t epoch;
  if (wr_resume_newest(resume) <= resume->newest_before)
    return true; /* what this run has begun with is still right */
  if (resume_choose_newest(resume, &epoch) != WR_RESUME_GO)
    return false;
  if (epoch <= resume->newest_before)
    return true;
  wr_arena_free(&resume->arena);
  return resume_load(resume, epoch, true) == WR_RESUME_GO;
}

uint64_t wr_resume_newest(const struct wr_resume *resume)
{
  uint64_t epoch;
  return resume->store->class->latest(resume->store, &epoch) ? epoch : 0;
}

void wr_resume_close(struct wr_resume *resume)
{
  if (resume->store)
    resume->store->class->close(resume->store);
  wr_arena_free(&resume->arena);
  *resume = (struct wr_resume){0};
}
