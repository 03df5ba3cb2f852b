/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join: rows of two streams, whenever they come. A batch goes through four steps: what it comes to
 * (join_fold.c); its keys are looked up, and rows that are taken back leave their lists
 * (join_lists.c); what that changes goes out (join_emit.c); rows that come are kept.
 *
 * Once an input has ended, rows of the other one need not be kept, if nothing else asks for them.
 * So a snapshot says which have: rows that are taken back later were not kept either.
 */
#include <assert.h>
#include <stdlib.h>

#include "operators/join_steps.h"

#define CLOCK_LEAST_US (10 * WR_US_PER_MS) /* between two looks at rows that go by the clock */

/* ---- life */

static void join_open_space(struct wr_join *self)
{
  const struct wr_join_spec *spec = self->spec;
  const struct wr_type **keys = wr_memory_get((spec->key_count + 1) * sizeof *keys);
  for (uint32_t k = 0; k < spec->key_count; k++)
    keys[k] = spec->sides[0].schema->fields[spec->sides[0].keys[k]].type;
  const struct wr_state_piece pieces[] = {
      {sizeof(struct wr_join_entry), _Alignof(struct wr_join_entry), false},
      {sizeof(uint32_t), _Alignof(uint32_t), false}};
  struct wr_layout *layout = wr_layout_new(keys, spec->key_count, pieces, 2);
  self->entry_at = wr_layout_state(layout, 0);
  self->touched_at = wr_layout_state(layout, 1);
  self->space = wr_table_space_new(layout);
  self->table = wr_table_new(self->space, 0, true);
  self->key_columns = WR_NEW_ARRAY(&self->forever, const struct wr_column *, spec->key_count + 1);
  free(keys);
}

/* Columns that nobody reads may come with anything, or nothing. */
static void join_open_content(struct wr_join *self, uint32_t s)
{
  const struct wr_join_side *side = &self->spec->sides[s];
  struct wr_join_rows *rows = &self->sides[s];
  uint32_t first = s ? self->spec->sides[0].schema->column_count : 0;
  rows->content = WR_NEW_ARRAY(&self->forever, uint32_t, side->schema->column_count + 1);
  for (uint32_t c = 0; c < side->schema->column_count; c++) {
    bool is_made = self->spec->used[first + c];
    for (uint32_t k = 0; k < self->spec->key_count; k++)
      is_made = is_made || side->keys[k] == c;
    rows->content[rows->content_count] = c;
    rows->content_count += is_made;
  }
}

/* The columns of a side, then that of the operator's own. */
static const struct wr_schema *join_kept_schema(struct wr_join *self, uint32_t s)
{
  const struct wr_schema *schema = self->spec->sides[s].schema;
  struct wr_field *fields = WR_NEW_ARRAY(&self->forever, struct wr_field, schema->column_count + 1);
  memcpy(fields, schema->fields, schema->column_count * sizeof *fields);
  fields[schema->column_count] = (struct wr_field){.name = "own", .type = &wr_type_bigint};
  self->kept_schemas[s] = (struct wr_schema){schema->column_count + 1, fields};
  return &self->kept_schemas[s];
}

static void join_open_side(struct wr_join *self, uint32_t s)
{
  const struct wr_join_spec *spec = self->spec;
  const struct wr_join_side *side = &spec->sides[s];
  struct wr_join_rows *rows = &self->sides[s];
  bool goes = !spec->by_time && side->ttl_us > 0;
  wr_kept_rows_open(&rows->kept, self->has_own ? join_kept_schema(self, s) : side->schema);
  wr_kept_rows_name(&rows->kept, side->column_ids, side->schema->column_count);
  rows->kept.mixed = true;
  rows->kept.added_count = self->has_ttl;
  join_open_content(self, s);
  rows->changes = side->changes;
  rows->has_places = side->changes || spec->by_time || goes;
  rows->has_matches = (spec->condition || self->saves_matches) && wr_join_asks(spec->kind, s);
  self->counts = self->counts || rows->has_matches;
}

static enum wr_code join_open(const void *argument, const struct wr_operator_context *context,
                              struct wr_operator **out, struct wr_error *err)
{
  const struct wr_join_spec *spec = argument;
  (void)err;
  struct wr_join *self = wr_memory_get_zero(sizeof *self);
  self->op = wr_operator_head(&wr_operator_class_join, context);
  self->spec = spec;
  assert(spec->pair_schema->column_count ==
         spec->sides[0].schema->column_count + spec->sides[1].schema->column_count);
  assert(!spec->by_time ||
         (!wr_join_is_half(spec->kind) && !spec->sides[0].changes && !spec->sides[1].changes));
  assert(spec->by_time || (!spec->by_clock && !spec->by_range));
  self->has_ttl = !spec->by_time && (spec->sides[0].ttl_us || spec->sides[1].ttl_us);
  self->has_own = spec->by_time || self->has_ttl;
  self->saves_matches = self->has_own;
  self->now_us = self->dated_us = WR_TIME_NONE;
  join_open_space(self);
  wr_join_index_open(self);
  for (uint32_t s = 0; s < 2; s++)
    join_open_side(self, s);
  wr_join_output_open(self);
  *out = &self->op;
  return WR_OK;
}

static void join_close(struct wr_operator *op)
{
  struct wr_join *self = (struct wr_join *)op;
  wr_join_lists_free(self);
  wr_table_space_free(self->space);
  wr_table_space_free(self->index_space);
  wr_timers_free(&self->timers);
  wr_join_output_close(self);
  for (uint32_t s = 0; s < 2; s++)
    wr_kept_rows_close(&self->sides[s].kept);
  wr_arena_free(&self->arena);
  wr_arena_free(&self->forever);
  free(self);
}

void wr_join_count_state(const struct wr_join *self)
{
  struct wr_metrics *metrics = self->op.context->metrics;
  uint64_t bytes = wr_table_space_memory(self->space) + wr_table_space_memory(self->index_space) +
                   self->sides[0].kept.bytes + self->sides[1].kept.bytes + self->list_bytes +
                   self->timers.count * sizeof(struct wr_timer);
  atomic_store_explicit(&metrics->state_bytes, bytes, memory_order_relaxed);
  atomic_store_explicit(&metrics->spare_bytes, wr_table_space_spare(self->space),
                        memory_order_relaxed);
  atomic_store_explicit(&metrics->state_keys, wr_table_space_keys(self->space),
                        memory_order_relaxed);
}

/* ---- keys */

void wr_join_hash_keys(struct wr_join *self, uint32_t side, const struct wr_batch *batch,
                       const uint32_t *rows, uint32_t count, uint64_t *hashes)
{
  for (uint32_t k = 0; k < self->spec->key_count; k++)
    self->key_columns[k] = &batch->columns[self->spec->sides[side].keys[k]];
  wr_hash_keys(self->key_columns, self->spec->key_count, rows, count, self->op.context->hash_seed,
               hashes);
}

/* The entries of the input's rows; wr_join_hash_keys has set the key columns. */
static void join_find(struct wr_join *self, const uint64_t *hashes)
{
  struct wr_join_input *in = &self->in;
  struct wr_probe probe;
  wr_table_probe(self->table, self->key_columns, in->rows, hashes, in->row_count,
                 wr_join_keeps(self, in->side) ? WR_PROBE_MAKE : WR_PROBE_FIND, &probe);
  in->entries = probe.entries;
}

/* ---- a batch */

static struct wr_join_touched *join_touch(struct wr_join *self, char *entry)
{
  uint32_t *number = (uint32_t *)(entry + self->touched_at);
  if (*number == 0) {
    struct wr_join_entry *state = wr_join_entry_of(self, entry);
    uint32_t before = state->counts[self->in.side];
    self->touched[self->touched_count] = (struct wr_join_touched){state, before, before};
    *number = ++self->touched_count;
  }
  return &self->touched[*number - 1];
}

/* Rows that are taken back leave their lists; those that were not there are of no account. */
static void join_take_out(struct wr_join *self)
{
  struct wr_join_input *in = &self->in;
  const uint32_t gone_count = in->gone_count;
  uint32_t left = 0;
  for (uint32_t i = 0; i < in->row_count; i++) {
    char *entry = in->entries[i];
    bool is_gone = i < gone_count, keeps = wr_join_keeps(self, in->side);
    struct wr_join_touched *touched = self->touched && entry ? join_touch(self, entry) : NULL;
    if (is_gone && keeps &&
        !wr_join_take_out(self, in->side, wr_join_entry_of(self, entry), in->batch, in->rows[i])) {
      in->gone_count--;
      continue;
    }
    if (touched && is_gone)
      touched->after--;
    else if (touched)
      touched->after++;
    in->rows[left] = in->rows[i];
    in->entries[left++] = entry;
  }
  in->row_count = left;
}

static enum wr_code join_take(struct wr_join *self, struct wr_error *err)
{
  struct wr_join_input *in = &self->in;
  enum wr_join_kind kind = self->spec->kind;
  uint32_t probed = in->row_count, gone_count = in->gone_count;
  uint64_t *hashes = wr_arena_get(&self->arena, (in->row_count + 1) * sizeof *hashes);
  wr_join_hash_keys(self, in->side, in->batch, in->rows, in->row_count, hashes);
  join_find(self, hashes);
  char **entries = in->entries;
  if (!self->counts && wr_join_asks(kind, !in->side) && in->row_count)
    self->touched = wr_arena_get(&self->arena, in->row_count * sizeof *self->touched);
  if (gone_count) {
    in->entries = wr_arena_get(&self->arena, probed * sizeof *in->entries);
    memcpy(in->entries, entries, probed * sizeof *entries);
  }
  if (gone_count || self->touched)
    join_take_out(self);
  if (self->counts)
    in->matches = wr_arena_get_zero(&self->arena, (in->row_count + 1) * sizeof *in->matches);
  enum wr_code code = wr_operator_needs_rows(&self->op) ? wr_join_emit(self, err) : WR_OK;
  for (uint32_t t = 0; t < self->touched_count; t++)
    *(uint32_t *)((char *)self->touched[t].entry - self->entry_at + self->touched_at) = 0;
  struct wr_batch kept = self->has_own ? wr_join_with_own(self) : *in->batch;
  if (code == WR_OK && wr_join_keeps(self, in->side))
    code = wr_join_keep(
        self, in->side, &kept, in->rows + in->gone_count, in->entries + in->gone_count,
        in->matches ? in->matches + in->gone_count : NULL, in->row_count - in->gone_count, err);
  if (gone_count)
    wr_join_forget(self, entries, probed);
  wr_join_settle(self, in->side);
  return code;
}

/* Rows go by the clock: a few of them together. */
static void join_want_timer(struct wr_join *self)
{
  if (!self->spec->by_clock && !self->has_ttl)
    return;
  int64_t next = wr_timers_next(&self->timers), least;
  if (next < WR_TIME_END) { /* its millisecond has to be over, by_clock */
    if (__builtin_add_overflow(next, WR_US_PER_MS, &next))
      next = WR_TIME_END;
    if (__builtin_add_overflow(self->now_us, CLOCK_LEAST_US, &least))
      least = WR_TIME_END;
    next = next < least ? least : next;
  }
  self->op.timer_us = next;
}

static enum wr_code join_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  struct wr_join *self = (struct wr_join *)op;
  assert(input < 2);
  wr_arena_reset(&self->arena);
  if (self->is_uncounted) {
    wr_join_count(self);
    self->is_uncounted = false;
    wr_arena_reset(&self->arena);
  }
  enum wr_code code = wr_join_move_clock(self, batch->now_us, err);
  if (code)
    return code;
  self->touched = NULL;
  self->touched_count = 0;
  wr_join_fold(self, batch, input);
  if (self->spec->by_time)
    wr_join_judge(self);
  code = join_take(self, err);
  join_want_timer(self);
  wr_join_count_state(self);
  return code;
}

static enum wr_code join_on_watermark(struct wr_operator *op, int64_t watermark_us,
                                      struct wr_error *err)
{
  struct wr_join *self = (struct wr_join *)op;
  bool is_end = watermark_us == WR_TIME_END;
  enum wr_code code = WR_OK;
  if (self->spec->by_time && (is_end ? self->counts : !self->spec->by_clock)) {
    code = wr_join_expire(
        self, self->spec->by_range ? wr_join_watermark(self, watermark_us) : watermark_us, err);
    wr_join_count_state(self);
  }
  if (is_end)
    op->timer_us = WR_TIME_END;
  return code == WR_OK ? wr_emit_watermark(op, wr_join_watermark(self, watermark_us), err) : code;
}

static enum wr_code join_on_timer(struct wr_operator *op, int64_t now_us, struct wr_error *err)
{
  struct wr_join *self = (struct wr_join *)op;
  enum wr_code code = wr_join_move_clock(self, now_us, err);
  join_want_timer(self);
  wr_join_count_state(self);
  return code;
}

static enum wr_code join_on_input_end(struct wr_operator *op, uint32_t input, struct wr_error *err)
{
  (void)err;
  ((struct wr_join *)op)->is_ended[input] = true;
  return WR_OK;
}

const struct wr_operator_class wr_operator_class_join = {
    .name = "Join",
    .open = join_open,
    .on_batch = join_on_batch,
    .on_watermark = join_on_watermark,
    .on_timer = join_on_timer,
    .on_input_end = join_on_input_end,
    .save = wr_join_save,
    .save_step = wr_join_save_step,
    .load = wr_join_load,
    .close = join_close,
};
