/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/resume.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/changes.h"
#include "cli/folders.h"
#include "cli/units.h"
#include "core/time.h"
#include "runtime/publisher.h"
#include "state/store_directory.h"

#define RESUME_SPLITS_SHOWN 3

static void resume_print(void *self, const char *message)
{
  const struct wr_resume *resume = self;
  fprintf(wr_messages(resume->arguments), "weir: %s\n", message);
}

static enum wr_resume_verdict resume_fail(struct wr_resume *resume, const struct wr_error *err)
{
  FILE *file = wr_messages(resume->arguments);
  fprintf(file, "weir: error: %s\n", err->message);
  if (err->hint[0])
    fprintf(file, "hint: %s\n", err->hint);
  resume->failure = *err;
  return WR_RESUME_FAILED;
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
  const struct wr_resume *resume = self;
  fprintf(wr_messages(resume->arguments), "weir: warning: epoch %" PRIu64 " cannot be used: %s\n",
          epoch, damage->message);
}

/* The newest epoch that is sound. An older one than the newest only makes sinks write again what
 * came behind it, which is what at-least-once allows; those that deliver exactly once look
 * themselves, when they are opened, whether that would double something. */
static enum wr_resume_verdict resume_choose_newest(struct wr_resume *resume, uint64_t *epoch)
{
  uint64_t newest;
  *epoch = 0;
  if (!resume->store->class->latest(resume->store, &newest)) {
    if (!resume->store->id_is_new)
      fprintf(
          wr_messages(resume->arguments),
          "weir: warning: %s was used before, but there is no epoch in it: the job begins anew\n",
          resume->arguments->state_dir);
    return WR_RESUME_GO;
  }
  if (!wr_store_find_sound(resume->store, epoch, resume_tell_damage, resume)) {
    struct wr_error err;
    wr_fail(&err, WR_IO, "no epoch in %s can be used", resume->arguments->state_dir);
    wr_hint(&err, "--from none starts anew");
    return resume_fail(resume, &err);
  }
  if (*epoch != newest)
    fprintf(wr_messages(resume->arguments),
            "weir: warning: going on from epoch %" PRIu64
            " instead; sinks get again what came behind it%s\n",
            *epoch,
            wr_publishers_are_wanted(resume->plan)
                ? ", those that deliver exactly once only if they do not have it yet"
                : "");
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
    return resume_fail(resume, &err);
  }
  *epoch = arguments->from_epoch;
  if (resume->store->class->check(resume->store, *epoch, &err) == WR_OK)
    return WR_RESUME_GO;
  wr_hint(&err, "weir state %s shows the others", arguments->state_dir);
  return resume_fail(resume, &err);
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

enum wr_code wr_resume_publish_end(struct wr_resume *resume, struct wr_error *err)
{
  struct wr_publishers *publishers = NULL;
  const struct wr_publishers_options options = {.plan = resume->plan,
                                                .job = resume->store->id,
                                                .from = &resume->snapshot,
                                                .allow_duplicates =
                                                    resume->arguments->allow_duplicates,
                                                .allow_gap = resume->arguments->allow_gap,
                                                .state_dir = resume->arguments->state_dir,
                                                .note = resume_print,
                                                .note_self = resume};
  enum wr_code code = wr_publishers_open(&options, &publishers, err);
  if (code == WR_OK)
    wr_publishers_free(publishers);
  return code;
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
    return resume_fail(resume, &err);
  const char *age = wr_age_print(&resume->arena, chosen ? wr_now_us() - chosen->sealed_us : 0);
  resume->has_snapshot = true;
  resume->store->base = epoch;
  if (chosen)
    resume->store->hash_seed = chosen->hash_seed;
  if (again)
    return WR_RESUME_GO;
  if (resume->snapshot.ended) {
    if (wr_resume_publish_end(resume, &err) != WR_OK)
      return resume_fail(resume, &err);
    fprintf(wr_messages(resume->arguments),
            "weir: the job of %s has come to its end with epoch %" PRIu64
            ", %s ago: there is nothing left to do\nhint: --from none runs it again\n",
            resume->arguments->state_dir, epoch, age);
    return WR_RESUME_ENDED;
  }
  enum wr_resume_verdict verdict = WR_RESUME_GO;
  if (wr_changes_accept(resume->plan, &inventory, &resume->snapshot,
                        resume->arguments->allow_dropped_state, wr_messages(resume->arguments),
                        &resume->arena, &err) != WR_OK)
    verdict = resume_fail(resume, &err);
  if (verdict == WR_RESUME_GO)
    fprintf(wr_messages(resume->arguments),
            "weir: going on from epoch %" PRIu64 " of %s, %s old%s\n", epoch,
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
  const struct wr_store_directory_options options = {
      .epochs_kept = epochs_kept, .note = resume_print, .note_self = resume};
  if (wr_folders_make_above(arguments->state_dir, &err) != WR_OK ||
      wr_store_directory_open(arguments->state_dir, &options, &resume->store, &err) != WR_OK)
    return resume_fail(resume, &err);
  resume->newest_before = wr_resume_newest(resume);
  enum wr_resume_verdict verdict = resume_choose(resume, &epoch);
  if (verdict == WR_RESUME_GO && epoch)
    verdict = resume_load(resume, epoch, false);
  if (verdict != WR_RESUME_GO) {
    struct wr_error failure = resume->failure;
    wr_resume_close(resume);
    resume->failure = failure;
  }
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
