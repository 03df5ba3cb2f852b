/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join: snapshots. One has nothing but the kept rows, page by page, as they were when it began:
 * keys and lists are made anew from them, by whichever task owns their keys then. How many matches
 * each row has is counted again before the first batch, where there is a condition; but where rows
 * that met it may have gone by themselves, the numbers stand before each page.
 *
 *   version | seed | inputs that have ended | MATCHES: sides with numbers | pages ... | END
 *   page    side + 1 | numbers, 4 bytes each, if its side has them | rows, as kept_rows.c writes
 * them
 */
#include <assert.h>
#include <stdlib.h>

#include "core/hash.h"
#include "operators/join_steps.h"

#define SAVE_PAGES   4 /* written per step */
#define SAVE_VERSION 1
#define SAVE_MATCHES 2
#define SAVE_END     0

/* ---- writing */

static uint64_t save_sides(const struct wr_join *self)
{
  return (uint64_t)self->sides[0].has_matches | (uint64_t)self->sides[1].has_matches << 1;
}

void wr_join_save(struct wr_operator *op, struct wr_part_writer *part)
{
  struct wr_join *self = (struct wr_join *)op;
  assert(!self->part);
  wr_part_put_u64(part, self->saves_matches ? SAVE_MATCHES : SAVE_VERSION);
  wr_part_put_u64(part, op->context->hash_seed);
  wr_part_put_u64(part, self->is_ended[0] | (uint64_t)self->is_ended[1] << 1);
  if (self->saves_matches)
    wr_part_put_u64(part, save_sides(self));
  for (uint32_t s = 0; s < 2; s++)
    wr_kept_rows_save_begin(&self->sides[s].kept);
  self->part = part;
}

void wr_join_freeze_matches(struct wr_join_rows *rows, uint32_t page)
{
  size_t bytes = (rows->kept.pages[page].frozen_rows + 1) * sizeof(uint32_t);
  rows->pages[page].frozen = wr_memory_get(bytes);
  memcpy(rows->pages[page].frozen, rows->pages[page].matches, bytes - sizeof(uint32_t));
}

/* The numbers of the page that is written next. */
static void save_matches(struct wr_join_rows *rows, struct wr_part_writer *part)
{
  uint32_t numbers[WR_BATCH_ROWS], saved[WR_BATCH_ROWS], count;
  struct wr_join_page *page = &rows->pages[wr_kept_rows_unsaved(&rows->kept, saved, &count)];
  const uint32_t *matches = page->frozen ? page->frozen : page->matches;
  for (uint32_t i = 0; i < count; i++)
    numbers[i] = matches[saved[i]];
  wr_part_put_bytes(part, numbers, count * sizeof *numbers);
  free(page->frozen);
  page->frozen = NULL;
}

bool wr_join_save_step(struct wr_operator *op, struct wr_part_writer *part)
{
  struct wr_join *self = (struct wr_join *)op;
  uint32_t pages = SAVE_PAGES;
  (void)part;
  if (!self->part)
    return true;
  for (uint32_t s = 0; s < 2; s++)
    for (struct wr_kept_rows *kept = &self->sides[s].kept; kept->unsaved_count > 0; pages--) {
      if (pages == 0)
        return false;
      wr_part_put_u64(self->part, 1 + s);
      if (self->saves_matches && self->sides[s].has_matches)
        save_matches(&self->sides[s], self->part);
      wr_kept_rows_save_next(kept, self->part);
    }
  wr_part_put_u64(self->part, SAVE_END);
  self->part = NULL;
  return true;
}

/* ---- reading */

struct join_loader {
  struct wr_join *self;
  uint32_t side;
  const char *numbers; /* of matches; NULL: not saved */
  size_t numbers_bytes;
  enum wr_code code;
  struct wr_error *err;
};

/* The numbers of some rows of a page. */
static const uint32_t *load_matches(struct join_loader *loader, const struct wr_batch *batch,
                                    const uint32_t *rows, uint32_t count)
{
  struct wr_join *self = loader->self;
  if (!loader->numbers || !self->saves_matches || !self->sides[loader->side].has_matches)
    return NULL;
  if (loader->numbers_bytes != batch->row_count * sizeof(uint32_t)) {
    loader->code = wr_fail(loader->err, WR_DATA, "the saved state of %s has rows of another query",
                           self->op.context->name);
    return NULL;
  }
  uint32_t *matches = wr_arena_get(&self->arena, (count + 1) * sizeof *matches);
  for (uint32_t i = 0; i < count; i++)
    memcpy(&matches[i], loader->numbers + rows[i] * sizeof *matches, sizeof *matches);
  return matches;
}

/* Takes the rows of a page that belong to this task. */
static void join_take_loaded(void *argument, const struct wr_batch *batch)
{
  struct join_loader *loader = argument;
  struct wr_join *self = loader->self;
  const struct wr_operator_context *context = self->op.context;
  if (loader->code)
    return;
  wr_arena_reset(&self->arena);
  uint32_t *rows = wr_arena_get(&self->arena, (batch->row_count + 1) * sizeof *rows), count = 0;
  uint64_t *hashes = wr_arena_get(&self->arena, (batch->row_count + 1) * sizeof *hashes);
  wr_join_hash_keys(self, loader->side, batch, NULL, batch->row_count, hashes);
  for (uint32_t i = 0; i < batch->row_count; i++) {
    if (wr_key_group_task(wr_key_group(hashes[i]), context->task_count) != context->task)
      continue;
    hashes[count] = hashes[i];
    rows[count++] = i;
  }
  self->has_behind = self->spec->by_time && !self->spec->by_clock; /* there may be */
  const uint32_t *matches = load_matches(loader, batch, rows, count);
  if (loader->code)
    return;
  struct wr_probe probe;
  wr_table_probe(self->table, self->key_columns, rows, hashes, count, WR_PROBE_MAKE, &probe);
  loader->code =
      wr_join_keep(self, loader->side, batch, rows, probe.entries, matches, count, loader->err);
}

static enum wr_code load_page(struct join_loader *loader, uint64_t counted,
                              struct wr_part_reader *part, struct wr_error *err)
{
  struct wr_join *self = loader->self;
  enum wr_code code = WR_OK;
  loader->numbers = NULL;
  if (counted >> loader->side & 1)
    code = wr_part_get_bytes(part, &loader->numbers, &loader->numbers_bytes, err);
  if (code == WR_OK)
    code = wr_kept_rows_load(&self->sides[loader->side].kept, part, join_take_loaded, loader, err);
  return code == WR_OK ? loader->code : code;
}

static enum wr_code load_head(struct wr_join *self, uint64_t *counted, struct wr_part_reader *part,
                              struct wr_error *err)
{
  const struct wr_operator_context *context = self->op.context;
  uint64_t version = 0, seed = 0, ended = 0;
  enum wr_code code = wr_part_get_u64(part, &version, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &seed, err);
  if (code == WR_OK &&
      ((version != SAVE_VERSION && version != SAVE_MATCHES) || seed != context->hash_seed))
    code = wr_fail(err, WR_DATA, "the saved state of %s is of another version", context->name);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &ended, err);
  if (code == WR_OK && version == SAVE_MATCHES)
    code = wr_part_get_u64(part, counted, err);
  for (uint32_t s = 0; s < 2; s++)
    self->is_ended[s] = self->is_ended[s] || ended >> s & 1;
  return code;
}

enum wr_code wr_join_load(struct wr_operator *op, struct wr_part_reader *part, struct wr_error *err)
{
  struct wr_join *self = (struct wr_join *)op;
  struct join_loader loader = {.self = self, .err = err};
  uint64_t counted = 0, next = SAVE_END;
  enum wr_code code = load_head(self, &counted, part, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &next, err);
  while (code == WR_OK && next != SAVE_END) {
    if (next > 2)
      return wr_fail(err, WR_DATA, "the saved state of %s has rows of another query",
                     op->context->name);
    loader.side = (uint32_t)next - 1;
    code = load_page(&loader, counted, part, err);
    if (code == WR_OK)
      code = wr_part_get_u64(part, &next, err);
  }
  uint64_t wanted = save_sides(self);
  if (!self->saves_matches || (counted & wanted) != wanted)
    self->is_uncounted = wanted != 0;
  wr_join_count_state(self);
  return code;
}
