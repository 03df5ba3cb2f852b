/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of tables. A sweep has a pace: a round takes a quarter of the time to live, so an entry
 * stays for a quarter longer at most; steps are of the same size, and come as often as the number
 * of entries asks for. Who is behind, as no timer came up while rows did, makes up for it by a few
 * steps at once: still more entries are looked at than a batch can make.
 */
#include "operators/ttl.h"

#include <assert.h>
#include <stdlib.h>

#include "core/arena.h"

#define SWEEP_ENTRIES 1024 /* looked at in a step */
#define SWEEP_STEPS   8    /* most of them at once */
#define SWEEP_ROUNDS  4    /* in a time to live */
#define STEP_US_MIN   1000

void wr_ttl_open(struct wr_ttl *ttl, int64_t ttl_us, uint32_t table_count)
{
  *ttl = (struct wr_ttl){.ttl_us = ttl_us, .table_count = table_count, .step_us = WR_TIME_END};
  if (ttl_us)
    ttl->tables = wr_memory_get_zero(table_count * sizeof *ttl->tables);
}

void wr_ttl_close(struct wr_ttl *ttl)
{
  free(ttl->tables);
}

static int64_t *ttl_written(const struct wr_ttl *ttl, uint32_t number, char *entry)
{
  return (int64_t *)(void *)(entry + ttl->tables[number].written_at);
}

/* Whether an entry (NULL: none) is over. */
static bool ttl_is_over(const struct wr_ttl *ttl, uint32_t number, char *entry, int64_t over_us)
{
  int64_t written_us = entry ? *ttl_written(ttl, number, entry) : 0;
  return written_us != 0 && written_us <= over_us;
}

bool wr_ttl_forget(struct wr_ttl *ttl, uint32_t number, const struct wr_probe *probe,
                   uint32_t count, int64_t now_us)
{
  int64_t over_us = now_us - ttl->ttl_us;
  uint32_t first = 0, gone = 0;
  while (first < count && !ttl_is_over(ttl, number, probe->entries[first], over_us))
    first++;
  if (first == count)
    return false;
  char **entries = wr_memory_get(count * sizeof *entries);
  for (uint32_t i = first; i < count; i++) {
    if (!ttl_is_over(ttl, number, probe->entries[i], over_us))
      continue;
    *ttl_written(ttl, number, probe->entries[i]) = 0; /* it may be there a second time */
    entries[gone++] = probe->entries[i];
  }
  for (uint32_t m = 0; m < probe->made_count; m++) /* the next probe is to tell of them again */
    entries[gone++] = probe->entries[probe->made[m]];
  wr_table_remove(ttl->tables[number].table, entries, gone);
  free(entries);
  return true;
}

void wr_ttl_write(const struct wr_ttl *ttl, uint32_t number, const struct wr_probe *probe,
                  uint32_t count, int64_t now_us)
{
  for (uint32_t i = 0; i < count; i++)
    if (probe->entries[i])
      *ttl_written(ttl, number, probe->entries[i]) = now_us;
}

/* ---- the sweep */

static uint64_t sweep_keys(const struct wr_ttl *ttl)
{
  uint64_t count = 0;
  for (uint32_t i = 0; i < ttl->table_count; i++)
    count += wr_table_keys(ttl->tables[i].table);
  return count;
}

/* How long it waits between two steps. */
static int64_t sweep_pace(const struct wr_ttl *ttl, uint64_t keys)
{
  int64_t round_us = ttl->ttl_us / SWEEP_ROUNDS;
  int64_t pace_us = round_us / (int64_t)(keys / SWEEP_ENTRIES + 1);
  return pace_us > STEP_US_MIN ? pace_us : STEP_US_MIN;
}

static bool sweep_step(struct wr_ttl *ttl, int64_t now_us)
{
  const struct wr_ttl_table *at = &ttl->tables[ttl->at];
  char *entries[SWEEP_ENTRIES];
  const struct wr_table_sweep sweep = {
      .written_at = at->written_at, .now_us = now_us, .over_us = now_us - ttl->ttl_us};
  uint32_t count = wr_table_sweep(at->table, &ttl->cursor, &sweep, entries, SWEEP_ENTRIES);
  wr_table_remove(at->table, entries, count);
  if (ttl->cursor.done) {
    ttl->cursor = (struct wr_table_cursor){0};
    ttl->at = (ttl->at + 1) % ttl->table_count;
  }
  return count > 0;
}

bool wr_ttl_sweep(struct wr_ttl *ttl, struct wr_operator *op, int64_t now_us)
{
  uint64_t keys = sweep_keys(ttl);
  int64_t pace_us = sweep_pace(ttl, keys);
  bool removed = false;
  if (ttl->step_us == WR_TIME_END)
    ttl->step_us = now_us + pace_us;
  for (uint32_t i = 0; keys && i < SWEEP_STEPS && ttl->step_us <= now_us; i++) {
    removed = sweep_step(ttl, now_us) || removed;
    ttl->step_us += pace_us;
  }
  if (ttl->step_us <= now_us) /* what cannot be made up for */
    ttl->step_us = now_us + STEP_US_MIN;
  if (sweep_keys(ttl) == 0)
    ttl->step_us = WR_TIME_END;
  op->timer_us = ttl->step_us;
  return removed;
}
