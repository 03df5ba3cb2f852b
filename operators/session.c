/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session: SESSION windows. The rows of a batch are looked up by key all together; nearly all of
 * them belong to the one open session of their key, which is a few comparisons in its entry, and
 * are then added to the aggregates together. Everything else a row may bring about is in
 * session_join.c. So the result is that of one row at a time, each key advanced to what its row
 * knows of the watermark before the row is applied. Sessions of processing time make the watermark
 * for everything below (operators/clock.h).
 *
 * A STAGGER window is a session that no row prolongs, of rows in the order of their times
 * (session_wait.c): a key never has more than one that is open.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/limits.h"
#include "operators/session_wait.h"
#include "windows/local_time.h"

#define SAVE_PAGES    4 /* pages copied per step of a snapshot */
#define SAVE_VERSION  3
#define SAVE_NAMELESS 2  /* the version before aggregates had names */
#define FETCH_AHEAD   12 /* rows whose sessions are on their way into the cache */

/* ---- opening and closing */

static void session_open_choices(struct wr_session_operator *self)
{
  const struct wr_window_aggregate_spec spec = {.aggregates = self->aggregates,
                                                .columns = self->columns,
                                                .aggregate_count = self->aggregate_count,
                                                .state_ids = self->spec->state_ids};
  wr_window_rows_open(&self->choices, &spec);
  const struct wr_schema *schema = self->spec->input_schema;
  self->set_values = wr_memory_get_zero((self->choices.set_count + 1) * sizeof *self->set_values);
  for (uint32_t s = 0; s < self->choices.set_count; s++) {
    const struct wr_window_set *set = &self->choices.sets[s];
    self->set_values[s] = wr_memory_get_zero((set->arg_count + 1) * sizeof **self->set_values);
    for (uint32_t i = 0; i < set->arg_count; i++)
      wr_builder_open(&self->set_values[s][i], schema->fields[set->args[i]].type);
  }
  self->has_texts = self->choices.set_count > 0;
  for (uint32_t a = 0; a < self->aggregate_count; a++)
    self->has_texts |= self->aggregates[a].code->has_text;
}

static void session_set_timer(struct wr_session_operator *self)
{
  self->op.timer_us = WR_TIME_END;
  if (!self->window.by_clock)
    return;
  if (self->timers.count > 0)
    self->op.timer_us =
        wr_window_clock_due(&self->window, wr_timers_next(&self->timers) + self->window.tick_us);
  wr_clock_want(&self->clock, self->op.timer_us);
  int64_t told_us = wr_clock_due(&self->clock);
  self->op.timer_us = told_us < self->op.timer_us ? told_us : self->op.timer_us;
}

static enum wr_code session_open(const void *argument, const struct wr_operator_context *context,
                                 struct wr_operator **out, struct wr_error *err)
{
  (void)err;
  struct wr_session_operator *self = wr_memory_get_zero(sizeof *self);
  const struct wr_session_spec *spec = argument;
  self->op = wr_operator_head(&wr_operator_class_session, context);
  self->spec = spec;
  self->window = spec->window;
  self->gap_us = spec->window.size_us;
  self->is_stagger = self->window.kind == WR_WINDOW_STAGGER;
  self->slack_us = self->gap_us - (spec->held || self->is_stagger ? 0 : self->window.tick_us);
  assert((self->window.kind == WR_WINDOW_SESSION || self->is_stagger) && self->window.tick_us > 0);
  assert(!self->is_stagger || (!spec->rows && !self->window.by_clock && !self->window.zone));
  assert(self->gap_us >= self->window.tick_us && self->gap_us <= WR_WINDOW_TIME_MAX);
  assert(context->task < 1u << 16);
  self->aggregates = spec->aggregates;
  self->columns = spec->columns;
  self->aggregate_count = spec->aggregate_count;
  if (spec->rows) {
    wr_session_keeper_open(self);
    self->aggregates = &self->keeper;
    self->columns = &self->keeper_columns;
    self->aggregate_count = 1;
  }
  assert(spec->schema->column_count == 3 + (spec->rows ? spec->input_schema->column_count
                                                       : spec->key_count + spec->aggregate_count));
  session_open_choices(self);
  wr_session_side_open(self, &self->latest, false);
  wr_session_side_open(self, &self->earlier, true);
  self->scratch = wr_table_new(self->earlier.space, 1, true);
  self->spaces[0] = self->latest.space;
  self->spaces[1] = self->earlier.space;
  self->keys = wr_memory_get_zero((spec->key_count + 1) * sizeof *self->keys);
  self->slot_column =
      (struct wr_column){.type = &wr_type_bigint, .constant = true, .values = self->slot};
  self->args = wr_memory_get_zero((self->aggregate_count + 1) * sizeof *self->args);
  self->closed_us = WR_TIME_NONE;
  self->flush = 1;
  self->now_us = WR_TIME_NONE;
  if (self->window.by_clock)
    wr_clock_open(&self->clock, &self->window);
  else if (spec->patient || self->is_stagger)
    self->wait = wr_session_wait_new(spec);
  session_set_timer(self);
  wr_result_rows_open(&self->output, &self->op, spec->schema);
  *out = &self->op;
  return WR_OK;
}

static void session_close(struct wr_operator *op)
{
  struct wr_session_operator *self = (struct wr_session_operator *)op;
  wr_result_rows_close(&self->output);
  wr_session_side_close(&self->latest);
  wr_session_side_close(&self->earlier);
  wr_session_lists_free(self);
  wr_timers_free(&self->timers);
  wr_session_wait_free(self->wait);
  for (uint32_t s = 0; s < self->choices.set_count; s++) {
    for (uint32_t i = 0; i < self->choices.sets[s].arg_count; i++)
      wr_builder_close(&self->set_values[s][i]);
    free(self->set_values[s]);
  }
  free(self->set_values);
  wr_window_rows_close(&self->choices);
  free(self->keys);
  free(self->args);
  wr_arena_free(&self->arena);
  free(self);
}

static void session_count_state(const struct wr_session_operator *self)
{
  struct wr_metrics *metrics = self->op.context->metrics;
  uint64_t keys =
               wr_table_space_keys(self->latest.space) + wr_table_space_keys(self->earlier.space),
           bytes = wr_table_space_memory(self->latest.space) +
                   wr_table_space_memory(self->earlier.space) + self->list_bytes +
                   self->timers.count * sizeof(struct wr_timer) +
                   (self->wait ? wr_session_wait_bytes(self->wait) : 0);
  atomic_store_explicit(&metrics->state_bytes, bytes, memory_order_relaxed);
  atomic_store_explicit(&metrics->spare_bytes,
                        wr_table_space_spare(self->latest.space) +
                            wr_table_space_spare(self->earlier.space),
                        memory_order_relaxed);
  atomic_store_explicit(&metrics->state_keys, keys, memory_order_relaxed);
}

/* ---- rows */

/* The rows whose time can be used; the others are rejected. */
static uint32_t session_usable(struct wr_session_operator *self, const struct wr_batch *batch)
{
  const struct wr_column *column = &self->times.column;
  const int64_t *times = column->values;
  uint32_t count = 0;
  self->rows = wr_arena_get(&self->arena, (batch->picked_count + 1) * sizeof *self->rows);
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    self->rows[count] = row;
    if (wr_column_is_null(column, row)) {
      wr_operator_reject(&self->op, batch, row, WR_REJECT_TIME, "the time of the row is NULL");
      continue;
    }
    int64_t time_us = times[wr_column_row(column, row)];
    if (time_us < -WR_WINDOW_TIME_MAX || time_us > WR_WINDOW_TIME_MAX) {
      wr_operator_reject(&self->op, batch, row, WR_REJECT_TIME,
                         "the time of the row is out of range");
      continue;
    }
    count++;
  }
  return count;
}

/* Looks the rows up and makes ready what they are added with. */
static void session_begin_batch(struct wr_session_operator *self, uint32_t count)
{
  const struct wr_session_spec *spec = self->spec;
  const struct wr_batch *batch = self->batch;
  struct wr_arena *arena = &self->arena;
  for (uint32_t k = 0; k < spec->key_count; k++)
    self->keys[k] = &batch->columns[spec->keys[k]];
  self->keys[spec->key_count] = &self->slot_column;
  self->hashes = wr_arena_get(arena, (count + 1) * sizeof *self->hashes);
  const uint32_t *rows = count == batch->row_count ? NULL : self->rows;
  wr_hash_keys(self->keys, spec->key_count, rows, count, self->op.context->hash_seed, self->hashes);
  wr_table_probe(self->latest.table, self->keys, rows, self->hashes, count, WR_PROBE_MAKE,
                 &self->probe);
  for (uint32_t m = 0; m < self->probe.made_count; m++)
    wr_session_init(&self->latest, self->probe.entries[self->probe.made[m]]);
  self->pending = (struct wr_session_adding){
      .side = &self->latest,
      .entries = wr_arena_get(arena, (count + 1) * sizeof *self->pending.entries),
      .rows = wr_arena_get(arena, (count + 1) * sizeof *self->pending.rows),
      .indices = wr_arena_get(arena, (count + 1) * sizeof *self->pending.indices)};
  self->empty = wr_arena_get(arena, (count + 1) * sizeof *self->empty);
  self->empty_count = 0;
  if (spec->rows) {
    const struct wr_column **args = wr_arena_get(arena, 2 * sizeof *args);
    self->row_column = (struct wr_column){.type = &self->keeping.type, .children = batch->columns};
    args[0] = &self->times.column;
    args[1] = &self->row_column;
    self->args[0] = args;
    return;
  }
  for (uint32_t a = 0; a < self->aggregate_count; a++)
    self->args[a] = wr_window_args(arena, batch, &self->aggregates[a], &self->columns[a]);
}

/* The hot loop. */
static enum wr_code session_apply(struct wr_session_operator *self, uint32_t count,
                                  struct wr_error *err)
{
  const struct wr_column *column = &self->times.column;
  const int64_t *times = column->values;
  const int64_t gap_us = self->gap_us, slack_us = self->slack_us, closed_us = self->closed_us;
  char *const *entries = self->probe.entries;
  struct wr_session_adding *pending = &self->pending;
  const bool moves = !self->is_stagger;
  uint64_t joined = 0;
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; i < count && code == WR_OK; i++) {
    uint32_t row = self->rows[i];
    if (i + FETCH_AHEAD < count)
      __builtin_prefetch(entries[i + FETCH_AHEAD] + self->latest.session_at, 1);
    int64_t time_us = times[wr_column_row(column, row)];
    int64_t known_us = wr_window_known(&self->times, row, closed_us);
    struct wr_session *session = wr_session_of(&self->latest, entries[i]);
    bool joins = session->row_count > 0 && session->earlier == 0 &&
                 time_us <= session->last_us + gap_us && time_us >= session->start_us - gap_us &&
                 session->last_us + slack_us > known_us;
    if (__builtin_expect(joins, true)) {
      session->last_us = time_us > session->last_us && moves ? time_us : session->last_us;
      session->start_us = time_us < session->start_us ? time_us : session->start_us;
    } else {
      code = wr_session_meet(self, i, time_us, known_us, &joins, err);
      if (!joins)
        continue;
      session = wr_session_of(&self->latest, entries[i]);
    }
    session->row_count++;
    session->flush = self->flush;
    joined++;
    pending->entries[pending->count] = entries[i];
    pending->rows[pending->count] = row;
    pending->indices[pending->count++] = i;
  }
  self->held_rows += joined;
  wr_session_flush(self);
  return code;
}

/* Keys that were looked up, or advanced, for rows that came too late. */
static void session_remove_empty(struct wr_session_operator *self)
{
  char **entries = wr_arena_get(&self->arena, (self->empty_count + 1) * sizeof *entries);
  uint32_t count = 0;
  for (uint32_t e = 0; e < self->empty_count; e++) {
    char *entry = self->probe.entries[self->empty[e]];
    struct wr_session *session = wr_session_of(&self->latest, entry);
    if (session->row_count > 0 || session->armed_us == WR_TIME_NONE)
      continue;
    session->armed_us = WR_TIME_NONE; /* only once */
    entries[count++] = entry;
  }
  wr_table_remove(self->latest.table, entries, count);
}

/* What has closed by the clock leaves, and those below are told. */
static enum wr_code session_clock(struct wr_session_operator *self, int64_t now_us,
                                  struct wr_error *err)
{
  self->now_us = now_us > self->now_us ? now_us : self->now_us;
  if (!self->window.by_clock)
    return WR_OK;
  wr_clock_move(&self->clock, self->now_us);
  enum wr_code code = wr_session_fire(self, wr_clock_closed(&self->clock), err);
  return code == WR_OK ? wr_clock_tell(&self->clock, &self->op, err) : code;
}

enum wr_code wr_session_rows(struct wr_session_operator *self, const struct wr_batch *batch,
                             struct wr_error *err)
{
  wr_arena_reset(&self->arena);
  enum wr_code code = session_clock(self, batch->now_us, err);
  if (code != WR_OK)
    return code;
  struct wr_batch rows = *batch;
  rows.now_us = self->now_us;
  self->batch = batch = &rows;
  wr_window_times_of(&self->window, batch, self->spec->time_column, &self->arena, &self->times);
  uint32_t count = session_usable(self, batch);
  session_begin_batch(self, count);
  code = session_apply(self, count, err);
  if (code == WR_OK && !self->is_stagger)
    code = wr_result_rows_flush(&self->output, self->now_us, err);
  session_remove_empty(self);
  self->batch = NULL;
  session_count_state(self);
  session_set_timer(self);
  if (code == WR_OK && self->is_full)
    code = wr_fail(err, WR_LIMIT,
                   "a session of %s has more bytes of rows than the limit "
                   "WR_SESSION_ROWS_BYTES_MAX, %u",
                   self->op.context->name, WR_SESSION_ROWS_BYTES_MAX);
  return code;
}

static enum wr_code session_on_batch(struct wr_operator *op, uint32_t input,
                                     const struct wr_batch *batch, struct wr_error *err)
{
  struct wr_session_operator *self = (struct wr_session_operator *)op;
  (void)input;
  assert(input == 0);
  for (uint32_t i = 0; batch->change && i < batch->picked_count; i++)
    assert(!(batch->change[wr_batch_row(batch, i)] & WR_DELETE));
  if (!self->wait)
    return wr_session_rows(self, batch, err);
  self->now_us = batch->now_us;
  enum wr_code code = wr_session_wait_add(self, batch, err);
  session_count_state(self);
  return code;
}

/* ---- time */

/* By the clock, only the end closes what the clock has not closed yet. */
static enum wr_code session_on_watermark(struct wr_operator *op, int64_t watermark_us,
                                         struct wr_error *err)
{
  struct wr_session_operator *self = (struct wr_session_operator *)op;
  if (self->window.by_clock && watermark_us < WR_TIME_END)
    return wr_clock_end(&self->clock, op, watermark_us, err);
  enum wr_code code = self->wait ? wr_session_wait_pass(self, watermark_us, err) : WR_OK;
  wr_arena_reset(&self->arena);
  if (code == WR_OK)
    code = wr_session_fire(self, wr_window_watermark(&self->window, watermark_us), err);
  if (code == WR_OK && self->is_stagger)
    code = wr_result_rows_flush(&self->output, self->now_us, err);
  session_count_state(self);
  if (self->spec->held && !self->is_stagger && watermark_us < WR_TIME_END)
    watermark_us -= self->window.tick_us; /* the window_time of what will close next */
  if (code == WR_OK)
    code = self->window.by_clock ? wr_clock_end(&self->clock, op, watermark_us, err)
                                 : wr_emit_watermark(op, watermark_us, err);
  session_set_timer(self);
  return code;
}

static enum wr_code session_on_idle(struct wr_operator *op, uint32_t input, bool idle,
                                    struct wr_error *err)
{
  (void)input;
  bool by_clock = ((struct wr_session_operator *)op)->window.by_clock;
  return by_clock ? WR_OK : wr_emit_idle(op, idle, err);
}

static enum wr_code session_on_timer(struct wr_operator *op, int64_t now_us, struct wr_error *err)
{
  struct wr_session_operator *self = (struct wr_session_operator *)op;
  wr_arena_reset(&self->arena);
  enum wr_code code = session_clock(self, now_us, err);
  session_count_state(self);
  session_set_timer(self);
  return code;
}

/* ---- snapshots */

static void session_save(struct wr_operator *op, struct wr_part_writer *part)
{
  struct wr_session_operator *self = (struct wr_session_operator *)op;
  wr_part_put_u64(part, SAVE_VERSION);
  wr_part_put_u64(part, op->context->hash_seed);
  wr_part_put_i64(part, self->closed_us);
  wr_part_put_i64(part, self->now_us);
  wr_part_put_u64(part, self->next_slot);
  wr_window_rows_save(&self->choices, part);
  wr_table_spaces_save(self->spaces, 2, part);
  self->tables_saved = false;
  if (self->wait)
    wr_session_wait_save(self->wait);
}

static bool session_save_step(struct wr_operator *op, struct wr_part_writer *part)
{
  struct wr_session_operator *self = (struct wr_session_operator *)op;
  if (!self->tables_saved) {
    self->tables_saved = wr_table_spaces_save_step(self->spaces, 2, SAVE_PAGES);
    if (self->tables_saved)
      wr_session_wait_save_to(self->wait, part);
    return self->tables_saved && !self->wait;
  }
  return wr_session_wait_save_step(self->wait);
}

struct session_loader {
  struct wr_table_loader loader;
  struct wr_session_operator *self;
};

static struct wr_table *session_loader_find(struct wr_table_loader *loader, uint32_t space,
                                            uint64_t tag)
{
  const struct session_loader *of = (const struct session_loader *)loader;
  if (tag != 0)
    return NULL;
  return space == 0 ? of->self->latest.table : of->self->earlier.table;
}

/* The sets lie in the entries, where they are found by name. */
static enum wr_code session_load_choices(struct wr_session_operator *self,
                                         struct wr_part_reader *part, struct wr_error *err)
{
  uint32_t *numbers, count;
  enum wr_code code = wr_window_rows_load(&self->choices, part, &numbers, &count, err);
  free(numbers);
  return code;
}

static enum wr_code session_load(struct wr_operator *op, struct wr_part_reader *part,
                                 struct wr_error *err)
{
  struct wr_session_operator *self = (struct wr_session_operator *)op;
  uint64_t version, seed = 0, next_slot = 0;
  int64_t closed_us = WR_TIME_NONE, now_us = WR_TIME_NONE;
  enum wr_code code = wr_part_get_u64(part, &version, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &seed, err);
  if (code == WR_OK &&
      ((version != SAVE_VERSION && version != SAVE_NAMELESS) || seed != op->context->hash_seed))
    code = wr_fail(err, WR_DATA, "the saved state of %s is of another version", op->context->name);
  if (code == WR_OK)
    code = wr_part_get_i64(part, &closed_us, err);
  if (code == WR_OK)
    code = wr_part_get_i64(part, &now_us, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &next_slot, err);
  if (code == WR_OK && version == SAVE_VERSION)
    code = session_load_choices(self, part, err);
  if (code != WR_OK)
    return code;
  struct session_loader loader = {{.find = session_loader_find,
                                   .task = op->context->task,
                                   .task_count = op->context->task_count},
                                  self};
  code = wr_table_spaces_load(self->spaces, 2, &loader.loader, part, err);
  if (code == WR_OK)
    code = wr_session_wait_load(self, version == SAVE_NAMELESS, part, err);
  /* By the clock an old task may have been behind the others: what it had is still to leave. */
  if (self->window.by_clock ? !self->loaded || closed_us < self->closed_us
                            : closed_us > self->closed_us)
    self->closed_us = closed_us;
  self->loaded = true;
  self->now_us = now_us > self->now_us ? now_us : self->now_us;
  self->next_slot = next_slot > self->next_slot ? next_slot : self->next_slot;
  if (code == WR_OK)
    code = wr_session_rebuild(self, err);
  session_count_state(self);
  session_set_timer(self);
  return code;
}

static uint64_t session_held_rows(const struct wr_operator *op)
{
  const struct wr_session_operator *self = (const struct wr_session_operator *)op;
  return self->held_rows + (self->wait ? wr_session_wait_rows(self->wait) : 0);
}

const struct wr_operator_class wr_operator_class_session = {
    .name = "Session",
    .open = session_open,
    .on_batch = session_on_batch,
    .on_watermark = session_on_watermark,
    .on_timer = session_on_timer,
    .on_idle = session_on_idle,
    .save = session_save,
    .save_step = session_save_step,
    .load = session_load,
    .held_rows = session_held_rows,
    .close = session_close,
};
