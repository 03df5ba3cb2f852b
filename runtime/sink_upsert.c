/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. Keys are compared as they are written: what is one key for the other side is one
 * here. */
#include "runtime/sink_upsert.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "text/buffer.h"

struct wr_sink_upsert {
  const struct wr_keyed *keyed;
  struct wr_encoder *encoder; /* of keys */
  struct wr_column *key_columns, *value_columns;
  struct wr_buffer keys; /* of the batch, one behind the other */
  size_t *ends;
  struct wr_sink_state *states;
  uint32_t *value_rows;
  uint64_t *hashes;
  uint32_t *slots; /* hash table of places among the picked rows, from 1; 0: free */
  uint32_t slot_mask, room;
  bool *is_last;
  /* keys that wait, and those that have waited as records */
  struct wr_buffer waiting, waited;
  uint32_t *waiting_ends;
  uint32_t waiting_count, waiting_room;
  struct wr_outgoing *records;
};

enum wr_code wr_sink_upsert_open(const struct wr_plan_table *table, struct wr_sink_upsert **out,
                                 struct wr_error *err)
{
  const struct wr_keyed *keyed = table->keyed;
  const struct wr_format_spec spec = {
      .schema = keyed->key_schema, .options = keyed->key_options, .time_zone = table->time_zone};
  struct wr_encoder *encoder;
  enum wr_code code = keyed->key_format->encoder_new(&spec, &encoder, err);
  if (code)
    return code;
  struct wr_sink_upsert *self = wr_memory_get_zero(sizeof *self);
  self->keyed = keyed;
  self->encoder = encoder;
  self->key_columns =
      wr_memory_get_zero((keyed->key_schema->column_count + 1) * sizeof *self->key_columns);
  self->value_columns =
      wr_memory_get_zero((keyed->value_schema->column_count + 1) * sizeof *self->value_columns);
  *out = self;
  return WR_OK;
}

void wr_sink_upsert_close(struct wr_sink_upsert *self)
{
  if (!self)
    return;
  self->encoder->format->encoder_free(self->encoder);
  wr_buffer_free(&self->keys);
  wr_buffer_free(&self->waiting);
  wr_buffer_free(&self->waited);
  free(self->key_columns);
  free(self->value_columns);
  free(self->ends);
  free(self->states);
  free(self->value_rows);
  free(self->hashes);
  free(self->slots);
  free(self->is_last);
  free(self->waiting_ends);
  free(self->records);
  free(self);
}

static void upsert_reserve(struct wr_sink_upsert *self, uint32_t count)
{
  uint32_t slots = 64;
  if (count <= self->room)
    return;
  while (slots < 2 * count)
    slots *= 2;
  self->room = count;
  self->ends = wr_memory_resize(self->ends, count * sizeof *self->ends);
  self->states = wr_memory_resize(self->states, count * sizeof *self->states);
  self->value_rows = wr_memory_resize(self->value_rows, count * sizeof *self->value_rows);
  self->hashes = wr_memory_resize(self->hashes, count * sizeof *self->hashes);
  self->is_last = wr_memory_resize(self->is_last, count * sizeof *self->is_last);
  self->slots = wr_memory_resize(self->slots, slots * sizeof *self->slots);
  self->slot_mask = slots - 1;
}

static const char *upsert_key(const struct wr_sink_upsert *self, uint32_t i, uint32_t *length)
{
  size_t begin = i ? self->ends[i - 1] : 0;
  *length = (uint32_t)(self->ends[i] - begin);
  return self->keys.bytes + begin;
}

/* The slot of a key: that of its place, or a free one. */
static uint32_t upsert_slot(const struct wr_sink_upsert *self, const char *key, uint32_t length,
                            uint64_t hash)
{
  uint32_t slot = (uint32_t)hash & self->slot_mask;
  for (; self->slots[slot]; slot = (slot + 1) & self->slot_mask) {
    uint32_t place = self->slots[slot] - 1, other_length;
    const char *other = upsert_key(self, place, &other_length);
    if (self->hashes[place] == hash && other_length == length && memcmp(other, key, length) == 0)
      break;
  }
  return slot;
}

static uint64_t upsert_hash(const char *key, uint32_t length)
{
  return wr_hash_bytes(key, length, 0);
}

/* Marks the last row of each key. */
static void upsert_find_last(struct wr_sink_upsert *self, uint32_t count)
{
  uint32_t fault = self->encoder->fault_count;
  memset(self->slots, 0, ((size_t)self->slot_mask + 1) * sizeof *self->slots);
  for (uint32_t i = count; i-- > 0;) {
    uint32_t length;
    const char *key = upsert_key(self, i, &length);
    self->is_last[i] = false;
    while (fault > 0 && self->encoder->faults[fault - 1].frame > i)
      fault--;
    if (fault > 0 && self->encoder->faults[fault - 1].frame == i)
      continue;
    self->hashes[i] = upsert_hash(key, length);
    uint32_t slot = upsert_slot(self, key, length, self->hashes[i]);
    self->is_last[i] = !self->slots[slot];
    if (self->is_last[i])
      self->slots[slot] = i + 1;
  }
}

/* ---- keys that wait */

static void upsert_wait(struct wr_sink_upsert *self, const char *key, uint32_t length)
{
  if (self->waiting_count == self->waiting_room) {
    self->waiting_room = self->waiting_room ? 2 * self->waiting_room : 64;
    self->waiting_ends =
        wr_memory_resize(self->waiting_ends, self->waiting_room * sizeof *self->waiting_ends);
  }
  wr_buffer_put(&self->waiting, key, length);
  self->waiting_ends[self->waiting_count++] = (uint32_t)self->waiting.length;
}

/* Those that have waited become records, but for keys of the batch at hand (has_batch). */
static uint32_t upsert_release(struct wr_sink_upsert *self, bool has_batch)
{
  uint32_t count = 0, begin = 0;
  if (self->waiting_count == 0)
    return 0;
  struct wr_buffer other = self->waited; /* they change places: records are lent from one of them */
  self->waited = self->waiting;
  self->waiting = other;
  wr_buffer_clear(&self->waiting);
  self->records = wr_memory_resize(self->records, self->waiting_count * sizeof *self->records);
  for (uint32_t i = 0; i < self->waiting_count; i++) {
    const char *key = self->waited.bytes + begin;
    uint32_t length = self->waiting_ends[i] - begin;
    begin = self->waiting_ends[i];
    if (has_batch && self->slots[upsert_slot(self, key, length, upsert_hash(key, length))])
      continue;
    self->records[count++] = (struct wr_outgoing){.key = key, .key_length = length};
  }
  self->waiting_count = 0;
  return count;
}

uint32_t wr_sink_upsert_flush(struct wr_sink_upsert *self, const struct wr_outgoing **waited)
{
  uint32_t count = upsert_release(self, false);
  *waited = self->records;
  return count;
}

/* ---- batches */

/* Keys that say nothing: every row is a record, but those whose key cannot be written. */
static void upsert_take_all(struct wr_sink_upsert *self, const struct wr_batch *batch,
                            struct wr_sink_states *out)
{
  uint32_t fault = 0;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    if (fault < out->fault_count && out->faults[fault].frame == i) {
      fault++;
      continue;
    }
    struct wr_sink_state state = {.row = wr_batch_row(batch, i)};
    state.key = upsert_key(self, i, &state.key_length);
    self->value_rows[out->value_count++] = state.row;
    self->states[out->count++] = state;
  }
}

void wr_sink_upsert_take(struct wr_sink_upsert *self, const struct wr_batch *batch,
                         struct wr_sink_states *out)
{
  struct wr_batch keys;
  uint32_t count = batch->picked_count;
  upsert_reserve(self, count);
  wr_keyed_columns(self->keyed->key_schema, self->keyed->keys, batch, self->key_columns, &keys);
  wr_buffer_clear(&self->keys);
  wr_buffer_reserve(&self->keys, 1); /* keys may all be empty */
  self->encoder->format->encode(self->encoder, &keys, &self->keys, self->ends);
  if (self->keyed->upserts)
    upsert_find_last(self, count);
  *out = (struct wr_sink_states){.states = self->states,
                                 .faults = self->encoder->faults,
                                 .fault_count = self->encoder->fault_count,
                                 .value_rows = self->value_rows};
  if (!self->keyed->upserts) {
    upsert_take_all(self, batch, out);
    return;
  }
  out->waited_count = upsert_release(self, true);
  out->waited = self->records;
  for (uint32_t i = 0; i < count; i++) {
    struct wr_sink_state state = {.row = wr_batch_row(batch, i)};
    enum wr_change change = batch->change ? batch->change[state.row] : WR_INSERT;
    if (!self->is_last[i])
      continue;
    state.key = upsert_key(self, i, &state.key_length);
    state.gone = (change & WR_DELETE) != 0;
    if (change == WR_UPDATE_BEFORE) {
      upsert_wait(self, state.key, state.key_length);
      continue;
    }
    if (!state.gone)
      self->value_rows[out->value_count++] = state.row;
    self->states[out->count++] = state;
  }
}

void wr_sink_upsert_values(struct wr_sink_upsert *self, const struct wr_batch *batch,
                           struct wr_batch *out)
{
  wr_keyed_columns(self->keyed->value_schema, self->keyed->values, batch, self->value_columns, out);
}
