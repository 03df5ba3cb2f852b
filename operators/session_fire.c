/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions that the watermark closes. Every key waits for one timer; when it comes up, the sessions
 * of the key that have closed leave, and if there is another one the key waits again. Entries are
 * read out and removed in groups.
 */
#include "operators/session_state.h"

#define FIRE_ENTRIES 1024
#define FIRE_TIMERS  128 /* whose keys are fetched together */
#define FOUND_MAX    8   /* keys of one 64-bit hash */

/* What leaves together. */
struct firing {
  char *latest[FIRE_ENTRIES + FIRE_TIMERS * FOUND_MAX], *earlier[FIRE_ENTRIES];
  uint32_t latest_count, earlier_count;
};

static enum wr_code fire_side(struct wr_session_operator *self, struct wr_session_side *side,
                              char *const *entries, uint32_t *count, struct wr_error *err)
{
  if (*count == 0)
    return WR_OK;
  bool stays = self->is_stagger; /* for what leaves next, session_wait.c */
  enum wr_code code = wr_session_output(self, side, entries, *count, stays, err);
  if (code == WR_OK && !stays && side->layout->text_count > 0) /* they are lent from the entries */
    code = wr_result_rows_flush(&self->output, self->now_us, err);
  wr_table_remove(side->table, entries, *count);
  *count = 0;
  return code;
}

/* The sessions of one key. */
static enum wr_code fire_key(struct wr_session_operator *self, char *entry, int64_t watermark_us,
                             struct firing *firing, struct wr_error *err)
{
  struct wr_session *session = wr_session_of(&self->latest, entry);
  uint64_t hash = wr_session_hash(&self->latest, entry);
  enum wr_code code = WR_OK;
  session->armed_us = WR_TIME_END;
  while (code == WR_OK && wr_session_due(self, session) <= watermark_us) {
    if (!session->earlier) {
      firing->latest[firing->latest_count++] = entry;
      return WR_OK;
    }
    const struct wr_session_list *list = wr_session_list_of(self, session);
    firing->earlier[firing->earlier_count++] =
        wr_session_find_earlier(self, hash, list->items[list->first].slot);
    wr_session_list_remove(self, session, list->first);
    if (firing->earlier_count == FIRE_ENTRIES)
      code = fire_side(self, &self->earlier, firing->earlier, &firing->earlier_count, err);
  }
  wr_session_arm(self, session, hash);
  return code;
}

static enum wr_code fire_group(struct wr_session_operator *self, struct firing *firing,
                               struct wr_error *err)
{
  enum wr_code code = fire_side(self, &self->earlier, firing->earlier, &firing->earlier_count, err);
  return code == WR_OK ? fire_side(self, &self->latest, firing->latest, &firing->latest_count, err)
                       : code;
}

/* The keys that a timer may belong to. */
static enum wr_code fire_timer(struct wr_session_operator *self, const struct wr_timer *timer,
                               int64_t watermark_us, struct firing *firing, struct wr_error *err)
{
  char *found[FOUND_MAX];
  uint32_t count =
      wr_table_find_hash(self->latest.table, timer->payload, WR_PROBE_CHANGE, found, FOUND_MAX);
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; i < count && code == WR_OK; i++)
    if (wr_session_of(&self->latest, found[i])->armed_us <= timer->time_us)
      code = fire_key(self, found[i], watermark_us, firing, err);
  return code;
}

/* All that there is. */
static enum wr_code fire_all(struct wr_session_operator *self, struct wr_session_side *side,
                             struct wr_error *err)
{
  char *entries[FIRE_ENTRIES];
  struct wr_table_cursor cursor = {0};
  enum wr_code code = WR_OK;
  uint32_t count;
  while (code == WR_OK && (count = wr_table_scan(side->table, &cursor, entries, FIRE_ENTRIES)) > 0)
    code = wr_session_output(self, side, entries, count, false, err);
  if (code == WR_OK)
    code = wr_result_rows_flush(&self->output, self->now_us, err);
  wr_table_free(side->table);
  side->table = wr_table_new(side->space, 0, false);
  return code;
}

static enum wr_code fire_the_end(struct wr_session_operator *self, struct wr_error *err)
{
  enum wr_code code = fire_all(self, &self->earlier, err);
  if (code == WR_OK)
    code = fire_all(self, &self->latest, err);
  wr_session_lists_free(self);
  wr_timers_free(&self->timers);
  return code;
}

enum wr_code wr_session_fire(struct wr_session_operator *self, int64_t watermark_us,
                             struct wr_error *err)
{
  if (watermark_us <= self->closed_us)
    return WR_OK;
  self->closed_us = watermark_us;
  if (watermark_us == WR_TIME_END && !self->is_stagger)
    return fire_the_end(self, err);
  struct firing firing;
  firing.latest_count = firing.earlier_count = 0;
  enum wr_code code = WR_OK;
  for (uint32_t count = FIRE_TIMERS; code == WR_OK && count == FIRE_TIMERS;) {
    struct wr_timer timers[FIRE_TIMERS];
    uint64_t hashes[FIRE_TIMERS];
    for (count = 0; count < FIRE_TIMERS; count++) {
      if (!wr_timers_take(&self->timers, watermark_us, &timers[count]))
        break;
      hashes[count] = timers[count].payload;
    }
    wr_table_fetch_hashes(self->latest.table, hashes, count);
    for (uint32_t i = 0; i < count && code == WR_OK; i++)
      code = fire_timer(self, &timers[i], watermark_us, &firing, err);
    if (code == WR_OK && firing.latest_count >= FIRE_ENTRIES)
      code = fire_group(self, &firing, err);
  }
  if (code == WR_OK)
    code = fire_group(self, &firing, err);
  if (code || self->is_stagger)
    return code;
  return wr_result_rows_flush(&self->output, self->now_us, err);
}
