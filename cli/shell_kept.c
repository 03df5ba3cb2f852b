/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list in the order in which rows came, and a hash table over their bytes to find the one that is
 * taken back. Of an update the old row leaves its place open, and the new one takes the place that
 * has been open for longest: rows do not jump about in a table that people look at. At
 * WR_SHELL_ROWS_MAX the oldest row goes.
 */
#include "cli/shell_kept.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/hash.h"
#include "core/limits.h"

#define KEPT_NONE    UINT32_MAX
#define KEPT_BUCKETS 16384u /* a power of 2 */

struct kept_row {
  char *bytes; /* NULL: a place that is open */
  size_t length;
  uint64_t hash;
  uint32_t before, behind; /* in the list; behind also in the list of free ones */
  uint32_t chain;          /* in the bucket; of a place that is open: the next one */
};

struct wr_shell_kept {
  struct kept_row rows[WR_SHELL_ROWS_MAX];
  uint32_t buckets[KEPT_BUCKETS];
  uint32_t first, last, free;
  uint32_t first_open, last_open;
  uint64_t count, left_out;
};

struct wr_shell_kept *wr_shell_kept_new(void)
{
  struct wr_shell_kept *kept = wr_memory_get_zero(sizeof *kept);
  kept->first = kept->last = kept->first_open = kept->last_open = KEPT_NONE;
  for (uint32_t b = 0; b < KEPT_BUCKETS; b++)
    kept->buckets[b] = KEPT_NONE;
  for (uint32_t r = 0; r < WR_SHELL_ROWS_MAX; r++)
    kept->rows[r].behind = r + 1 < WR_SHELL_ROWS_MAX ? r + 1 : KEPT_NONE;
  return kept;
}

void wr_shell_kept_free(struct wr_shell_kept *kept)
{
  for (uint32_t r = 0; kept && r < WR_SHELL_ROWS_MAX; r++)
    free(kept->rows[r].bytes);
  free(kept);
}

static uint32_t *kept_bucket(struct wr_shell_kept *kept, uint64_t hash)
{
  return &kept->buckets[hash & (KEPT_BUCKETS - 1)];
}

/* Out of its bucket; the place stays in the list. */
static void kept_forget(struct wr_shell_kept *kept, uint32_t number)
{
  struct kept_row *row = &kept->rows[number];
  uint32_t *at = kept_bucket(kept, row->hash);
  while (*at != number)
    at = &kept->rows[*at].chain;
  *at = row->chain;
  free(row->bytes);
  row->bytes = NULL;
}

static void kept_unlink(struct wr_shell_kept *kept, uint32_t number)
{
  struct kept_row *row = &kept->rows[number];
  assert(!row->bytes);
  *(row->before == KEPT_NONE ? &kept->first : &kept->rows[row->before].behind) = row->behind;
  *(row->behind == KEPT_NONE ? &kept->last : &kept->rows[row->behind].before) = row->before;
  row->behind = kept->free;
  kept->free = number;
}

static void kept_fill(struct wr_shell_kept *kept, uint32_t number, uint64_t hash, const char *bytes,
                      size_t length)
{
  struct kept_row *row = &kept->rows[number];
  uint32_t *bucket = kept_bucket(kept, hash);
  row->bytes = wr_memory_get(length + 1);
  memcpy(row->bytes, bytes, length);
  row->bytes[length] = '\0';
  row->length = length;
  row->hash = hash;
  row->chain = *bucket;
  *bucket = number;
  kept->count++;
}

static uint32_t kept_take_open(struct wr_shell_kept *kept)
{
  uint32_t number = kept->first_open;
  if (number != KEPT_NONE)
    kept->first_open = kept->rows[number].chain;
  if (kept->first_open == KEPT_NONE)
    kept->last_open = KEPT_NONE;
  return number;
}

static void kept_drop_oldest(struct wr_shell_kept *kept)
{
  uint32_t open;
  while (kept->free == KEPT_NONE && (open = kept_take_open(kept)) != KEPT_NONE)
    kept_unlink(kept, open);
  if (kept->free != KEPT_NONE)
    return;
  uint32_t oldest = kept->first;
  kept_forget(kept, oldest);
  kept_unlink(kept, oldest);
  kept->left_out++;
}

static void kept_append(struct wr_shell_kept *kept, uint64_t hash, const char *bytes, size_t length)
{
  if (kept->free == KEPT_NONE)
    kept_drop_oldest(kept);
  uint32_t number = kept->free;
  struct kept_row *row = &kept->rows[number];
  kept->free = row->behind;
  row->before = kept->last;
  row->behind = KEPT_NONE;
  *(kept->last == KEPT_NONE ? &kept->first : &kept->rows[kept->last].behind) = number;
  kept->last = number;
  kept_fill(kept, number, hash, bytes, length);
}

static uint32_t kept_find(struct wr_shell_kept *kept, uint64_t hash, const char *bytes,
                          size_t length)
{
  uint32_t number = *kept_bucket(kept, hash);
  while (number != KEPT_NONE) {
    const struct kept_row *row = &kept->rows[number];
    if (row->hash == hash && row->length == length && memcmp(row->bytes, bytes, length) == 0)
      return number;
    number = row->chain;
  }
  return KEPT_NONE;
}

static void kept_leave_open(struct wr_shell_kept *kept, uint32_t number)
{
  kept->rows[number].chain = KEPT_NONE;
  *(kept->last_open == KEPT_NONE ? &kept->first_open : &kept->rows[kept->last_open].chain) = number;
  kept->last_open = number;
}

void wr_shell_kept_change(struct wr_shell_kept *kept, enum wr_shell_op op, const char *bytes,
                          size_t length)
{
  uint64_t hash = wr_hash_bytes(bytes, length, 0);
  uint32_t number;
  switch (op) {
  case WR_SHELL_ADDS: kept_append(kept, hash, bytes, length); return;
  case WR_SHELL_UPDATES:
    number = kept_take_open(kept);
    if (number == KEPT_NONE)
      kept_append(kept, hash, bytes, length);
    else
      kept_fill(kept, number, hash, bytes, length);
    return;
  case WR_SHELL_TAKES_BACK:
  case WR_SHELL_UPDATED: break;
  }
  if (kept->count > 0)
    kept->count--;
  number = kept_find(kept, hash, bytes, length);
  if (number == KEPT_NONE) { /* one of those that have gone */
    kept->left_out -= kept->left_out > 0;
    return;
  }
  kept_forget(kept, number);
  if (op == WR_SHELL_UPDATED)
    kept_leave_open(kept, number);
  else
    kept_unlink(kept, number);
}

uint64_t wr_shell_kept_count(const struct wr_shell_kept *kept)
{
  return kept->count;
}

uint64_t wr_shell_kept_left_out(const struct wr_shell_kept *kept)
{
  return kept->left_out;
}

void wr_shell_kept_show(const struct wr_shell_kept *kept, uint64_t count,
                        void (*show)(void *self, const char *bytes, size_t length), void *self)
{
  uint32_t number = kept->last;
  uint64_t found = 0;
  for (; number != KEPT_NONE; number = kept->rows[number].before) {
    found += kept->rows[number].bytes != NULL;
    if (found == count || kept->rows[number].before == KEPT_NONE)
      break;
  }
  for (; count > 0 && number != KEPT_NONE; number = kept->rows[number].behind)
    if (kept->rows[number].bytes)
      show(self, kept->rows[number].bytes, kept->rows[number].length);
}
