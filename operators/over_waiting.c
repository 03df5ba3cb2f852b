/* SPDX-License-Identifier: Apache-2.0 */
#include "operators/over_waiting.h"

#include <assert.h>
#include <stdlib.h>

#define RUN_ROOM_MIN     64
#define KEPT_ROOM_MAX    65536 /* of items: what is kept while nothing waits */
#define OVERLAP_FACTOR   4     /* of a batch: how much of the last run may have to move for it */
#define OVERLAP_ROWS     64
#define SORT_INSERT_ROWS 16 /* sorted by insertion */
#define SORT_BITS        11 /* of a digit */
#define SORT_DIGITS      3
#define SORT_DIGITS_MIN  1024 /* items that are worth it */

struct wr_over_run {
  struct wr_over_item *items; /* begin .. end-1 are still there */
  uint64_t begin, end, room;
};

/* ---- sorting */

static void items_insert(struct wr_over_item *items, uint32_t count)
{
  for (uint32_t i = 1; i < count; i++) {
    struct wr_over_item item = items[i];
    uint32_t at = i;
    for (; at > 0 && wr_over_item_before(&item, &items[at - 1]); at--)
      items[at] = items[at - 1];
    items[at] = item;
  }
}

static void items_merge(const struct wr_over_item *a, uint32_t a_count,
                        const struct wr_over_item *b, uint32_t b_count, struct wr_over_item *out)
{
  while (a_count && b_count) {
    bool second = wr_over_item_before(b, a);
    *out++ = *(second ? b : a);
    b += second;
    b_count -= second;
    a += !second;
    a_count -= !second;
  }
  memcpy(out, a, a_count * sizeof *a);
  memcpy(out + a_count, b, b_count * sizeof *b);
}

/* Whole batches that know of no watermark beyond their times, as it mostly is: by the digits of the
 * time, lowest first. Items come in order of arrival, and this keeps it. False: the times lie too
 * far apart. */
static bool items_sort_digits(struct wr_over_item *items, uint32_t count,
                              struct wr_over_item *scratch)
{
  uint64_t least = UINT64_MAX, greatest = 0;
  bool behind = false;
  for (uint32_t i = 0; i < count; i++) {
    uint64_t time = (uint64_t)items[i].time_us ^ UINT64_C(1) << 63;
    least = time < least ? time : least;
    greatest = time > greatest ? time : greatest;
    behind |= items[i].release_us != items[i].time_us;
  }
  if (behind || greatest - least >= UINT64_C(1) << (SORT_DIGITS * SORT_BITS))
    return false;
  uint32_t bits = 64 - (uint32_t)__builtin_clzll((greatest - least) | 1);
  uint32_t digits = (bits + SORT_BITS - 1) / SORT_BITS;
  for (uint32_t d = 0; d < digits; d++) {
    uint32_t ends[1 << SORT_BITS] = {0}, at = 0;
#define DIGIT(item)                                                              \
  ((((uint64_t)(item).time_us ^ UINT64_C(1) << 63) - least) >> (d * SORT_BITS) & \
   ((1 << SORT_BITS) - 1))
    for (uint32_t i = 0; i < count; i++)
      ends[DIGIT(items[i])]++;
    for (uint32_t b = 0; b < 1 << SORT_BITS; b++) {
      uint32_t here = ends[b];
      ends[b] = at;
      at += here;
    }
    for (uint32_t i = 0; i < count; i++)
      scratch[ends[DIGIT(items[i])]++] = items[i];
#undef DIGIT
    memcpy(items, scratch, count * sizeof *items);
  }
  return true;
}

void wr_over_items_sort(struct wr_over_item *items, uint32_t count, struct wr_over_item *scratch)
{
  uint32_t sorted = 1;
  while (sorted < count && !wr_over_item_before(&items[sorted], &items[sorted - 1]))
    sorted++;
  if (sorted >= count || (count >= SORT_DIGITS_MIN && items_sort_digits(items, count, scratch)))
    return;
  for (uint32_t first = 0; first < count; first += SORT_INSERT_ROWS)
    items_insert(items + first,
                 count - first < SORT_INSERT_ROWS ? count - first : SORT_INSERT_ROWS);
  for (uint32_t width = SORT_INSERT_ROWS; width < count; width *= 2) {
    for (uint32_t first = 0; first + width < count; first += 2 * width) {
      uint32_t second = first + width, end = count - first < 2 * width ? count : first + 2 * width;
      if (!wr_over_item_before(&items[second], &items[second - 1]))
        continue;
      memcpy(scratch, items + first, width * sizeof *items);
      /* The second half is never overtaken by what is written. */
      items_merge(scratch, width, items + second, end - second, items + first);
    }
  }
}

/* ---- runs */

static void run_reserve(struct wr_over_run *run, uint64_t more)
{
  if (run->end + more <= run->room)
    return;
  uint64_t count = run->end - run->begin;
  if (run->begin >= count + more) {
    memcpy(run->items, run->items + run->begin, count * sizeof *run->items);
  } else {
    uint64_t room = 2 * (count + more) < RUN_ROOM_MIN ? RUN_ROOM_MIN : 2 * (count + more);
    struct wr_over_item *items = wr_memory_get(room * sizeof *items);
    if (count)
      memcpy(items, run->items + run->begin, count * sizeof *items);
    free(run->items);
    run->items = items;
    run->room = room;
  }
  run->begin = 0;
  run->end = count;
}

/* How many items of the run stand before this one. */
static uint64_t run_before(const struct wr_over_run *run, const struct wr_over_item *item)
{
  uint64_t low = run->begin, high = run->end;
  while (low < high) {
    uint64_t middle = low + (high - low) / 2;
    if (wr_over_item_before(&run->items[middle], item))
      low = middle + 1;
    else
      high = middle;
  }
  return low - run->begin;
}

/* How many items of the run leave with a watermark. Mostly it is few, or all. */
static uint64_t run_ready(const struct wr_over_run *run, int64_t until_us)
{
  uint64_t count = run->end - run->begin, reach = 1;
  if (count == 0 || run->items[run->end - 1].release_us <= until_us)
    return count;
  while (reach < count && run->items[run->begin + reach].release_us <= until_us)
    reach *= 2;
  uint64_t low = 0, high = reach < count ? reach : count;
  while (low < high) {
    uint64_t middle = low + (high - low) / 2;
    if (run->items[run->begin + middle].release_us <= until_us)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* Merges sorted items into a run, from behind: what stands before them is not touched. */
static void run_merge(struct wr_over_run *run, const struct wr_over_item *items, uint64_t count)
{
  run_reserve(run, count);
  struct wr_over_item *to = run->items + run->end + count;
  uint64_t left = run->end - run->begin;
  run->end += count;
  while (count) {
    if (left && wr_over_item_before(&items[count - 1], to - count - 1)) {
      to--;
      *to = *(to - count);
      left--;
    } else {
      *--to = items[--count];
    }
  }
}

static struct wr_over_run *waiting_add_run(struct wr_over_waiting *waiting)
{
  if (waiting->run_count == waiting->run_room) {
    waiting->run_room = waiting->run_room ? 2 * waiting->run_room : 4;
    waiting->runs = wr_memory_resize(waiting->runs, waiting->run_room * sizeof *waiting->runs);
  }
  struct wr_over_run *run = &waiting->runs[waiting->run_count++];
  *run = (struct wr_over_run){0};
  return run;
}

/* Empty runs go; a run that is not twice as long as the next is merged with it. */
static void waiting_tidy(struct wr_over_waiting *waiting)
{
  uint32_t kept = 0;
  for (uint32_t i = 0; i < waiting->run_count; i++) {
    struct wr_over_run run = waiting->runs[i];
    if (run.begin == run.end && waiting->run_count > 1)
      free(run.items);
    else
      waiting->runs[kept++] = run;
  }
  waiting->run_count = kept;
  while (waiting->run_count > 1) {
    struct wr_over_run *last = &waiting->runs[waiting->run_count - 1], *before = last - 1;
    if (before->end - before->begin >= 2 * (last->end - last->begin))
      break;
    run_merge(before, last->items + last->begin, last->end - last->begin);
    free(last->items);
    waiting->run_count--;
  }
}

/* Nothing waits: memory that much once needed is given back. */
static void waiting_shrink(struct wr_over_waiting *waiting)
{
  waiting_tidy(waiting);
  if (waiting->taken_room > KEPT_ROOM_MAX) {
    free(waiting->taken);
    waiting->taken = NULL;
    waiting->taken_room = 0;
  }
  if (waiting->run_count && waiting->runs[0].room > KEPT_ROOM_MAX) {
    free(waiting->runs[0].items);
    waiting->runs[0] = (struct wr_over_run){0};
  }
}

static void waiting_add_items(struct wr_over_waiting *waiting, const struct wr_over_item *items,
                              uint32_t count)
{
  struct wr_over_run *last =
      waiting->run_count ? &waiting->runs[waiting->run_count - 1] : waiting_add_run(waiting);
  uint64_t behind = last->end - last->begin - run_before(last, items);
  if (behind > (uint64_t)OVERLAP_FACTOR * count + OVERLAP_ROWS)
    last = waiting_add_run(waiting);
  run_merge(last, items, count);
  waiting_tidy(waiting);
}

/* ---- rows */

void wr_over_waiting_open(struct wr_over_waiting *waiting, const struct wr_schema *schema,
                          const uint64_t *column_ids)
{
  *waiting = (struct wr_over_waiting){.schema = schema};
  uint32_t count = schema->column_count;
  struct wr_field *fields = wr_memory_get((count + 1) * sizeof *fields);
  for (uint32_t c = 0; c < count; c++)
    fields[c] = schema->fields[c];
  fields[count] = (struct wr_field){"release", &wr_type_bigint};
  waiting->kept_schema = (struct wr_schema){count + 1, fields};
  waiting->columns = wr_memory_get_zero((count + 1) * sizeof *waiting->columns);
  wr_kept_rows_open(&waiting->kept, &waiting->kept_schema);
  wr_kept_rows_name(&waiting->kept, column_ids, count);
}

void wr_over_waiting_close(struct wr_over_waiting *waiting)
{
  for (uint32_t i = 0; i < waiting->run_count; i++)
    free(waiting->runs[i].items);
  free(waiting->runs);
  free(waiting->taken);
  free(waiting->addresses);
  free(waiting->rows);
  free(waiting->items);
  free(waiting->releases);
  free(waiting->columns);
  wr_kept_rows_close(&waiting->kept);
  free((void *)waiting->kept_schema.fields);
  wr_part_writer_free(&waiting->saved);
}

uint64_t wr_over_waiting_bytes(const struct wr_over_waiting *waiting)
{
  uint64_t items = waiting->taken_room;
  for (uint32_t i = 0; i < waiting->run_count; i++)
    items += waiting->runs[i].room;
  return waiting->kept.bytes + items * sizeof(struct wr_over_item);
}

static void waiting_reserve(struct wr_over_waiting *waiting, uint32_t count, uint32_t row_count)
{
  uint32_t room = count > row_count ? count : row_count;
  if (room <= waiting->row_room)
    return;
  waiting->row_room = room;
  waiting->addresses = wr_memory_resize(waiting->addresses, room * sizeof *waiting->addresses);
  waiting->rows = wr_memory_resize(waiting->rows, room * sizeof *waiting->rows);
  waiting->items = wr_memory_resize(waiting->items, room * sizeof *waiting->items);
  waiting->releases =
      wr_memory_resize(waiting->releases, room * sizeof *waiting->releases + WR_PADDING);
}

void wr_over_waiting_add(struct wr_over_waiting *waiting, const struct wr_batch *batch,
                         const struct wr_over_item *items, uint32_t count)
{
  if (count == 0)
    return;
  uint32_t column_count = waiting->schema->column_count;
  waiting_reserve(waiting, count, batch->row_count);
  for (uint32_t i = 0; i < count; i++) {
    waiting->rows[i] = (uint32_t)items[i].at;
    waiting->releases[items[i].at] = items[i].release_us;
  }
  memcpy(waiting->columns, batch->columns, column_count * sizeof *waiting->columns);
  waiting->columns[column_count] =
      (struct wr_column){.type = &wr_type_bigint, .values = waiting->releases};
  struct wr_batch kept = *batch;
  kept.schema = &waiting->kept_schema;
  kept.columns = waiting->columns;
  kept.change = NULL;
  wr_kept_rows_add(&waiting->kept, &kept, waiting->rows, count, waiting->addresses);
  struct wr_over_item *kept_items = waiting->items;
  for (uint32_t i = 0; i < count; i++)
    kept_items[i] =
        (struct wr_over_item){items[i].release_us, items[i].time_us, waiting->addresses[i]};
  waiting_add_items(waiting, kept_items, count);
}

bool wr_over_waiting_ends_before(const struct wr_over_waiting *waiting, int64_t until_us,
                                 const struct wr_over_item *item)
{
  for (uint32_t i = 0; i < waiting->run_count; i++) {
    const struct wr_over_run *run = &waiting->runs[i];
    uint64_t ready = run_ready(run, until_us);
    struct wr_over_item last = ready ? run->items[run->begin + ready - 1] : *item;
    if (ready && (last.release_us > item->release_us ||
                  (last.release_us == item->release_us && last.time_us >= item->time_us)))
      return false;
  }
  return true;
}

uint64_t wr_over_waiting_take(struct wr_over_waiting *waiting, int64_t until_us,
                              const struct wr_over_item **items)
{
  struct wr_over_run taken = {.items = waiting->taken, .room = waiting->taken_room};
  struct wr_over_run *only = NULL;
  uint64_t only_count = 0;
  bool several = false;
  for (uint32_t i = waiting->run_count; i-- > 0;) {
    struct wr_over_run *run = &waiting->runs[i];
    uint64_t ready = run_ready(run, until_us);
    if (ready == 0)
      continue;
    if (only) {
      if (!several)
        run_merge(&taken, only->items + only->begin - only_count, only_count);
      several = true;
      run_merge(&taken, run->items + run->begin, ready);
    }
    only = run;
    only_count = ready;
    run->begin += ready;
  }
  waiting->taken = taken.items;
  waiting->taken_room = taken.room;
  if (several) {
    *items = taken.items;
    return taken.end;
  }
  *items = only ? only->items + only->begin - only_count : NULL;
  return only_count;
}

/* ---- gathering */

/* Items whose rows lie in the same page, one behind the other. */
struct gather_piece {
  const struct wr_batch *page;
  uint32_t first, count;
};

struct gather {
  struct wr_arena *arena;
  const struct gather_piece *pieces;
  uint32_t piece_count, count;
  const uint32_t *rows;
};

#define GATHER(ctype)                                      \
  for (uint32_t p = 0; p < gather->piece_count; p++) {     \
    const struct gather_piece *piece = &gather->pieces[p]; \
    const ctype *from = sources[p]->values;                \
    ctype *to = (ctype *)out + piece->first;               \
    for (uint32_t i = 0; i < piece->count; i++)            \
      to[i] = from[gather->rows[piece->first + i]];        \
  }

static const void *gather_values(const struct gather *gather,
                                 const struct wr_column *const *sources, uint32_t width)
{
  char *out = wr_arena_get(gather->arena, (size_t)gather->count * width + WR_PADDING);
  switch (width) {
  case 1: GATHER(uint8_t) break;
  case 2: GATHER(uint16_t) break;
  case 4: GATHER(uint32_t) break;
  case 8: GATHER(uint64_t) break;
  default: assert(width == 16); GATHER(wr_i128) break;
  }
  memset(out + (size_t)gather->count * width, 0, WR_PADDING);
  return out;
}
#undef GATHER

/* NULL if no row is NULL. */
static const uint64_t *gather_valid(const struct gather *gather,
                                    const struct wr_column *const *sources)
{
  bool has_null = false;
  for (uint32_t p = 0; p < gather->piece_count; p++)
    has_null |= sources[p]->valid != NULL;
  if (!has_null)
    return NULL;
  uint64_t *out =
      wr_arena_get_zero(gather->arena, wr_bit_words(gather->count) * sizeof *out + WR_PADDING);
  for (uint32_t p = 0; p < gather->piece_count; p++) {
    const struct gather_piece *piece = &gather->pieces[p];
    const uint64_t *valid = sources[p]->valid;
    for (uint32_t i = piece->first; i < piece->first + piece->count; i++)
      if (!valid || wr_bit_get(valid, gather->rows[i]))
        wr_bit_set(out, i);
  }
  return out;
}

static struct wr_column gather_column(const struct gather *gather, const struct wr_type *type,
                                      const struct wr_column *const *sources)
{
  struct wr_column out = {.type = type, .valid = gather_valid(gather, sources)};
  if (type->kind != WR_ROW) {
    out.values = gather_values(gather, sources, wr_physical_bytes[type->physical]);
    return out;
  }
  struct wr_column *children = WR_NEW_ARRAY(gather->arena, struct wr_column, type->field_count);
  const struct wr_column **inner =
      wr_arena_get(gather->arena, (gather->piece_count + 1) * sizeof(struct wr_column *));
  for (uint32_t f = 0; f < type->field_count; f++) {
    for (uint32_t p = 0; p < gather->piece_count; p++)
      inner[p] = &sources[p]->children[f];
    children[f] = gather_column(gather, type->fields[f].type, inner);
  }
  out.children = children;
  return out;
}

void wr_over_waiting_gather(const struct wr_over_waiting *waiting, const struct wr_over_item *items,
                            uint32_t count, struct wr_arena *arena, struct wr_batch *out)
{
  struct gather_piece *pieces = wr_arena_get(arena, (count + 1) * sizeof *pieces);
  uint32_t *rows = wr_arena_get(arena, (count + 1) * sizeof *rows), piece_count = 0;
  uint64_t page = UINT64_MAX;
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_batch *batch = wr_kept_row(&waiting->kept, items[i].at, &rows[i]);
    if (items[i].at >> WR_KEPT_ROW_BITS != page)
      pieces[piece_count++] = (struct gather_piece){.page = batch, .first = i};
    page = items[i].at >> WR_KEPT_ROW_BITS;
    pieces[piece_count - 1].count++;
  }
  const struct gather gather = {arena, pieces, piece_count, count, rows};
  const struct wr_schema *schema = waiting->schema;
  struct wr_column *columns = WR_NEW_ARRAY(arena, struct wr_column, schema->column_count + 1);
  const struct wr_column **sources =
      wr_arena_get(arena, (piece_count + 1) * sizeof(struct wr_column *));
  for (uint32_t c = 0; c < schema->column_count; c++) {
    for (uint32_t p = 0; p < piece_count; p++)
      sources[p] = &pieces[p].page->columns[c];
    columns[c] = gather_column(&gather, schema->fields[c].type, sources);
  }
  *out = (struct wr_batch){.schema = schema,
                           .columns = columns,
                           .row_count = count,
                           .picked_count = count,
                           .others_us = WR_TIME_END};
}

/* ---- dropping, and snapshots */

/* Pages that were gone at the barrier have no rows, and may not even have a number any more. */
static void waiting_save_page(struct wr_over_waiting *waiting)
{
  const struct wr_kept_rows *kept = &waiting->kept;
  if (waiting->save_page < kept->first_page) {
    waiting->save_page = kept->first_page;
    return;
  }
  uint32_t page = (uint32_t)(waiting->save_page++ - kept->first_page);
  if (!kept->pages[page].page)
    return;
  struct wr_part_writer *part = waiting->part ? waiting->part : &waiting->saved;
  wr_part_put_u64(part, 1);
  wr_kept_rows_save(kept, page, part);
}

void wr_over_waiting_drop(struct wr_over_waiting *waiting, const struct wr_over_item *items,
                          uint32_t count)
{
  if (waiting->saving) /* pages are written in their order, which is that of arrival */
    for (uint32_t i = 0; i < count; i++)
      while (waiting->save_page < waiting->save_end &&
             items[i].at >> WR_KEPT_ROW_BITS >= waiting->save_page &&
             items[i].at >> WR_KEPT_ROW_BITS < waiting->save_end)
        waiting_save_page(waiting);
  for (uint32_t i = 0; i < count; i++)
    wr_kept_rows_drop(&waiting->kept, items[i].at);
  if (waiting->kept.row_count == 0)
    waiting_shrink(waiting);
}

void wr_over_waiting_save(struct wr_over_waiting *waiting)
{
  assert(!waiting->saving);
  struct wr_kept_rows *kept = &waiting->kept;
  waiting->saving = true;
  kept->sealed = true; /* pages that are there take no more rows */
  waiting->save_page = kept->first_page;
  waiting->save_end = kept->first_page + kept->page_count;
  waiting->saved.length = 0;
}

void wr_over_waiting_save_to(struct wr_over_waiting *waiting, struct wr_part_writer *part)
{
  assert(waiting->saving && !waiting->part);
  wr_part_put_u64(&waiting->saved, 0);
  wr_part_put_bytes(part, waiting->saved.bytes, waiting->saved.length);
  wr_part_writer_free(&waiting->saved);
  waiting->saved = (struct wr_part_writer){0};
  waiting->part = part;
}

bool wr_over_waiting_save_step(struct wr_over_waiting *waiting, uint32_t page_count)
{
  assert(waiting->part);
  for (; page_count && waiting->save_page < waiting->save_end; page_count--)
    waiting_save_page(waiting);
  if (waiting->save_page < waiting->save_end)
    return false;
  wr_part_put_u64(waiting->part, 0);
  waiting->part = NULL;
  waiting->saving = false;
  return true;
}

static enum wr_code waiting_load_pages(struct wr_over_waiting *waiting, struct wr_part_reader *part,
                                       void (*take)(void *self, const struct wr_batch *batch),
                                       void *self, struct wr_error *err)
{
  uint64_t more = 0;
  enum wr_code code = wr_part_get_u64(part, &more, err);
  while (code == WR_OK && more) {
    code = wr_kept_rows_load(&waiting->kept, part, take, self, err);
    if (code == WR_OK)
      code = wr_part_get_u64(part, &more, err);
  }
  return code;
}

enum wr_code wr_over_waiting_load(struct wr_over_waiting *waiting, struct wr_part_reader *aside,
                                  struct wr_part_reader *part,
                                  void (*take)(void *self, const struct wr_batch *batch),
                                  void *self, struct wr_error *err)
{
  enum wr_code code = waiting_load_pages(waiting, aside, take, self, err);
  if (code == WR_OK && part)
    code = waiting_load_pages(waiting, part, take, self, err);
  return code;
}
