/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row meets the sessions of its key. First those leave that have closed by what the row knows;
 * then it joins what it overlaps (touching counts), at most two sessions, which become one; or it
 * is late; or it begins a session of its own.
 *
 *           [-- A --]--gap-->          <--gap--[-- B --]
 *                        x  joins A and B: one session from A's start to B's end
 *
 * Two sessions merge in the order of time, the later into the earlier, before the row is added.
 * Rows that go to the latest session of their key wait (`pending`) and are added together; before
 * such a session changes in another way, what waits for it is added.
 */
#include <assert.h>

#include "operators/session_state.h"

/* One row on its way. */
struct meeting {
  uint32_t i; /* number in the probe */
  int64_t time_us, known_us;
};

static struct wr_session_place join_latest(struct wr_session_operator *self, uint32_t i)
{
  return (struct wr_session_place){&self->latest, self->probe.entries, i};
}

/* Looked up at every use: texts that are put make entries move. */
static struct wr_session *join_session(struct wr_session_operator *self, uint32_t i)
{
  return wr_session_of(&self->latest, self->probe.entries[i]);
}

void wr_session_flush(struct wr_session_operator *self)
{
  self->pending.all = self->probe.entries;
  if (self->pending.count)
    wr_session_add(self, &self->pending);
  self->pending.count = 0;
  self->flush++;
}

/* Before the latest session of a key changes in another way than by rows that are added. */
static void join_settle(struct wr_session_operator *self, uint32_t i)
{
  if (self->has_texts ? self->pending.count > 0 : join_session(self, i)->flush == self->flush)
    wr_session_flush(self);
}

/* The entry of the slot for the key of row i; made: it is new, else it is there. */
static struct wr_session_place join_probe(struct wr_session_operator *self, struct wr_table *table,
                                          uint32_t i, uint64_t slot, bool made)
{
  struct wr_probe probe;
  uint64_t hash = wr_session_slot_hash(self->hashes[i], slot);
  self->slot[0] = (int64_t)slot;
  wr_table_probe(table, self->keys, &self->rows[i], &hash, 1,
                 made ? WR_PROBE_MAKE : WR_PROBE_CHANGE, &probe);
  assert(probe.entries[0] && probe.made_count == made);
  if (made)
    wr_session_init(&self->earlier, probe.entries[0]);
  return (struct wr_session_place){&self->earlier, probe.entries, 0};
}

static struct wr_session_place join_earlier(struct wr_session_operator *self, uint32_t i,
                                            uint64_t slot, bool made)
{
  return join_probe(self, self->earlier.table, i, slot, made);
}

static uint64_t join_new_slot(struct wr_session_operator *self)
{
  return self->next_slot++ << 16 | self->op.context->task;
}

/* ---- closing */

/* Sessions of the key that close at or before known_us leave. */
static enum wr_code join_advance(struct wr_session_operator *self, const struct meeting *row,
                                 struct wr_error *err)
{
  enum wr_code code = WR_OK;
  struct wr_session *session = join_session(self, row->i);
  while (code == WR_OK && session->earlier && wr_session_due(self, session) <= row->known_us) {
    const struct wr_session_list *list = wr_session_list_of(self, session);
    struct wr_session_place place =
        join_earlier(self, row->i, list->items[list->first].slot, false);
    char *entry = wr_session_entry(&place);
    code = wr_session_output(self, &self->earlier, &entry, 1, true, err);
    wr_table_remove(self->earlier.table, &entry, 1);
    wr_session_list_remove(self, session, list->first);
  }
  if (code != WR_OK || session->earlier || session->row_count == 0 ||
      wr_session_due(self, session) > row->known_us)
    return code;
  join_settle(self, row->i);
  struct wr_session_place place = join_latest(self, row->i);
  char *entry = wr_session_entry(&place);
  code = wr_session_output(self, &self->latest, &entry, 1, true, err);
  wr_session_reset(self, &place);
  join_session(self, row->i)->row_count = 0;
  return code;
}

/* ---- beginning */

static void session_begin(struct wr_session *session, int64_t time_us)
{
  session->start_us = session->last_us = time_us;
  session->row_count = 0;
}

static void session_extend(struct wr_session *session, int64_t time_us)
{
  session->start_us = time_us < session->start_us ? time_us : session->start_us;
  session->last_us = time_us > session->last_us ? time_us : session->last_us;
}

/* The row goes to an earlier session at once. */
static void join_add_earlier(struct wr_session_operator *self, uint32_t i,
                             const struct wr_session_place *place)
{
  char *entry = wr_session_entry(place);
  uint32_t row = self->rows[i], index = place->index;
  wr_session_of(&self->earlier, entry)->row_count++;
  const struct wr_session_adding adding = {.side = &self->earlier,
                                           .entries = &entry,
                                           .rows = &row,
                                           .indices = &index,
                                           .all = place->entries,
                                           .count = 1};
  self->held_rows++;
  wr_session_add(self, &adding);
}

/* The latest session becomes an earlier one. */
static void join_retire(struct wr_session_operator *self, uint32_t i)
{
  join_settle(self, i);
  const struct wr_session_item item = {join_session(self, i)->start_us,
                                       join_session(self, i)->last_us, join_new_slot(self)};
  struct wr_session_place from = join_latest(self, i), to = join_earlier(self, i, item.slot, true);
  wr_session_copy(self, &self->latest, wr_session_entry(&from), &to);
  struct wr_session *copy = wr_session_of(&self->earlier, wr_session_entry(&to));
  copy->start_us = item.start_us;
  copy->last_us = item.last_us;
  copy->row_count = join_session(self, i)->row_count;
  wr_session_list_add(self, join_session(self, i), &item);
  wr_session_reset(self, &from);
}

/* A session of the row's own; true: it is the latest one. */
static bool join_begin(struct wr_session_operator *self, const struct meeting *row)
{
  struct wr_session *session = join_session(self, row->i);
  bool is_latest = session->row_count == 0 || row->time_us > session->last_us;
  if (is_latest) {
    if (session->row_count > 0)
      join_retire(self, row->i);
    session_begin(join_session(self, row->i), row->time_us);
  } else {
    const struct wr_session_item item = {row->time_us, row->time_us, join_new_slot(self)};
    struct wr_session_place place = join_earlier(self, row->i, item.slot, true);
    session_begin(wr_session_of(&self->earlier, wr_session_entry(&place)), row->time_us);
    join_add_earlier(self, row->i, &place);
    wr_session_list_add(self, session, &item);
  }
  wr_session_arm(self, join_session(self, row->i), self->hashes[row->i]);
  return is_latest;
}

/* ---- two sessions become one */

/* The last of the earlier sessions and the latest: what comes of them is the latest. */
static void join_bridge_latest(struct wr_session_operator *self, uint32_t i, uint32_t at)
{
  join_settle(self, i);
  const struct wr_session_item item = wr_session_list_of(self, join_session(self, i))->items[at];
  struct wr_session_place latest = join_latest(self, i),
                          earlier = join_earlier(self, i, item.slot, false);
  wr_session_merge(self, &self->latest, wr_session_entry(&latest), &earlier);
  wr_session_reset(self, &latest);
  char *entry = wr_session_entry(&earlier);
  wr_session_copy(self, &self->earlier, entry, &latest);
  struct wr_session *session = join_session(self, i);
  session->start_us = item.start_us;
  session->row_count += wr_session_of(&self->earlier, entry)->row_count;
  wr_table_remove(self->earlier.table, &entry, 1);
  wr_session_list_remove(self, session, at);
}

/* Two neighbours among the earlier sessions: the first takes the second in. The second is copied
 * aside: making room for texts could move it. */
static void join_bridge_earlier(struct wr_session_operator *self, uint32_t i, uint32_t at)
{
  struct wr_session *session = join_session(self, i);
  struct wr_session_item *items = wr_session_list_of(self, session)->items;
  uint64_t slot = items[at + 1].slot, row_count;
  char *entry = wr_session_find_earlier(self, self->hashes[i], slot);
  row_count = wr_session_of(&self->earlier, entry)->row_count;
  struct wr_session_place aside = join_probe(self, self->scratch, i, slot, true);
  wr_session_copy(self, &self->earlier, entry, &aside);
  char *copy = wr_session_entry(&aside);
  wr_table_remove(self->earlier.table, &entry, 1);
  struct wr_session_place first = join_earlier(self, i, items[at].slot, false);
  wr_session_merge(self, &self->earlier, copy, &first);
  struct wr_session *merged = wr_session_of(&self->earlier, wr_session_entry(&first));
  merged->last_us = items[at].last_us = items[at + 1].last_us;
  merged->row_count += row_count;
  wr_table_remove(self->scratch, &copy, 1);
  wr_session_list_remove(self, session, at + 1);
}

/* ---- all of it */

/* The earlier session that the row overlaps; list->end: none. */
static uint32_t join_search(const struct wr_session_operator *self,
                            const struct wr_session_list *list, int64_t time_us)
{
  uint32_t at = wr_session_list_search(list, time_us, self->gap_us);
  return at < list->end && time_us >= list->items[at].start_us - self->gap_us ? at : list->end;
}

/* The row joins an earlier session, and perhaps the one behind it; true: that was the latest. */
static bool join_list(struct wr_session_operator *self, const struct meeting *row, uint32_t at,
                      bool latest)
{
  struct wr_session_list *list = wr_session_list_of(self, join_session(self, row->i));
  if (latest) {
    assert(at + 1 == list->end);
    join_bridge_latest(self, row->i, at);
    return true;
  }
  if (at + 1 < list->end && row->time_us >= list->items[at + 1].start_us - self->gap_us)
    join_bridge_earlier(self, row->i, at);
  struct wr_session_item *item = &list->items[at];
  struct wr_session_place place = join_earlier(self, row->i, item->slot, false);
  struct wr_session *session = wr_session_of(&self->earlier, wr_session_entry(&place));
  session_extend(session, row->time_us);
  item->start_us = session->start_us;
  item->last_us = session->last_us;
  join_add_earlier(self, row->i, &place);
  return false;
}

enum wr_code wr_session_meet(struct wr_session_operator *self, uint32_t i, int64_t time_us,
                             int64_t known_us, bool *joins, struct wr_error *err)
{
  const struct meeting row = {i, time_us, known_us};
  enum wr_code code = join_advance(self, &row, err);
  if (code != WR_OK)
    return code;
  const struct wr_session *session = join_session(self, i);
  *joins = session->row_count > 0 && time_us >= session->start_us - self->gap_us &&
           time_us <= session->last_us + self->gap_us;
  if (session->earlier) {
    const struct wr_session_list *list = wr_session_list_of(self, session);
    uint32_t at = join_search(self, list, time_us);
    if (at < list->end) {
      *joins = join_list(self, &row, at, *joins);
      if (*joins)
        session_extend(join_session(self, i), time_us);
      return WR_OK;
    }
  }
  if (!*joins) {
    if (time_us + self->slack_us <= known_us) {
      wr_window_reject_late(&self->op, &self->window, self->batch, self->rows[i], time_us,
                            time_us + self->gap_us, 0);
      if (session->row_count == 0)
        self->empty[self->empty_count++] = i;
      return WR_OK;
    }
    *joins = join_begin(self, &row);
  } else {
    session_extend(join_session(self, i), time_us);
  }
  return WR_OK;
}
