/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of join do for each other: see operators/join_state.h. */
#ifndef WEIR_OPERATORS_JOIN_STEPS_H
#define WEIR_OPERATORS_JOIN_STEPS_H

#include "core/time.h"
#include "operators/join_state.h"

/* ---- join.c */

void wr_join_count_state(const struct wr_join *self);
/* Hashes of the keys of rows of a side; their columns are key_columns then. */
void wr_join_hash_keys(struct wr_join *self, uint32_t side, const struct wr_batch *batch,
                       const uint32_t *rows, uint32_t count, uint64_t *hashes);

/* ---- join_fold.c */

/* What the batch comes to: rows that come and go, or the other way round, cancel out. Fills
 * in.rows and in.keyless. */
void wr_join_fold(struct wr_join *self, const struct wr_batch *batch, uint32_t side);
/* True if two rows of a side are equal in all columns that are made; NULLs are. */
bool wr_join_rows_equal(const struct wr_join_rows *side, const struct wr_batch *a, uint32_t a_row,
                        const struct wr_batch *b, uint32_t b_row);

/* Hashes of these columns of some rows. */
void wr_join_hash_rows(struct wr_join *self, uint32_t side, const struct wr_batch *batch,
                       const uint32_t *rows, uint32_t row_count, uint64_t *hashes);

/* ---- join_lists.c */

/* The addresses of the rows of one side, `counts[side]` of them; lent until rows come or go. */
static inline const uint64_t *wr_join_list(const struct wr_join_entry *entry, uint32_t side)
{
  return entry->counts[side] > 1 ? (const uint64_t *)(uintptr_t)entry->rows[side] + 1
                                 : &entry->rows[side];
}
/* places: it is the list of a key, and its rows know where they stand in it. */
void wr_join_list_add(struct wr_join *self, uint32_t side, struct wr_join_entry *entry,
                      uint64_t address, bool places);
void wr_join_list_remove(struct wr_join *self, uint32_t side, struct wr_join_entry *entry,
                         uint32_t at, bool places);
void wr_join_list_set(struct wr_join_entry *entry, uint32_t side, uint32_t at, uint64_t address);
/* Keeps rows rows[i] of a batch with their entries. */
enum wr_code wr_join_keep(struct wr_join *self, uint32_t side, const struct wr_batch *batch,
                          const uint32_t *rows, char *const *entries, const uint32_t *matches,
                          uint32_t row_count, struct wr_error *err);
/* Takes one kept row out that is equal to that of the batch; false: there is none. The row itself
 * stays until wr_join_settle. */
bool wr_join_take_out(struct wr_join *self, uint32_t side, struct wr_join_entry *entry,
                      const struct wr_batch *batch, uint32_t row);
/* Lets go of rows that were taken out, and tidies pages that are mostly empty. */
void wr_join_settle(struct wr_join *self, uint32_t side);
/* These kept rows leave the lists of their entries. */
void wr_join_leave(struct wr_join *self, uint32_t side, char *const *entries,
                   const uint64_t *addresses, uint32_t count);
/* Keys that have no rows any more. */
void wr_join_forget(struct wr_join *self, char *const *entries, uint32_t count);
void wr_join_lists_free(struct wr_join *self);
/* The number of matches of a kept row. */
static inline uint32_t *wr_join_matches(struct wr_join_rows *rows, uint64_t address)
{
  return &rows->pages[address >> WR_KEPT_ROW_BITS]
              .matches[address & ((1u << WR_KEPT_ROW_BITS) - 1)];
}
/* The entries of kept rows; lent until the next batch. */
char **wr_join_find_kept(struct wr_join *self, uint32_t side, const uint64_t *addresses,
                         uint32_t count);
/* Kept rows of a side are forgotten: at most a batch of them. */
void wr_join_drop_rows(struct wr_join *self, uint32_t side, const uint64_t *addresses,
                       uint32_t count);

/* ---- join_times.c */

/* Of the input's rows those that nothing can meet come too late: they are rejected, or, of a side
 * that may be padded, put among the keyless ones. */
void wr_join_judge(struct wr_join *self);
/* The batch with the column of the operator's own, as its rows are kept. */
struct wr_batch wr_join_with_own(struct wr_join *self);
/* What rows of the batch that leave alone tell those below of the watermark before them; NULL:
 * none of them is late there. */
const int64_t *wr_join_arrived(struct wr_join *self, const uint32_t *rows, uint32_t count);
/* The same of pairs of rows of the batch and kept ones; by_range, else NULL. */
const int64_t *wr_join_pairs_arrived(struct wr_join *self, const uint32_t *rows,
                                     const uint64_t *addresses, uint32_t count);
/* Whether a row of the input may meet a kept one: neither was forgotten before the other came. */
bool wr_join_may_meet(const struct wr_join *self, uint32_t row, uint64_t address);
/* Whether that has to be asked. */
static inline bool wr_join_may_miss(const struct wr_join *self)
{
  return self->in.is_behind || self->has_behind || self->has_ttl || self->spec->by_clock ||
         self->spec->by_range;
}
/* When the watermark is behind everything that a row of this time can meet. */
int64_t wr_join_expiry(const struct wr_join *self, uint32_t side, int64_t time_us);
int64_t wr_join_kept_expiry(const struct wr_join *self, uint32_t side, uint64_t address);
/* Rows that nothing can meet any more are forgotten; those that have met nothing leave, if their
 * side is padded. */
enum wr_code wr_join_expire(struct wr_join *self, int64_t watermark_us, struct wr_error *err);
/* The watermark of what comes out. */
int64_t wr_join_watermark(const struct wr_join *self, int64_t watermark_us);
/* by_clock: the time of rows that come now, and the watermark that this is for those that came
 * before. */
static inline int64_t wr_join_clock_time(const struct wr_join *self)
{
  return wr_floor_div(self->now_us, WR_US_PER_MS) * WR_US_PER_MS;
}
/* The clock has moved on, by_clock or where rows go by themselves. */
enum wr_code wr_join_move_clock(struct wr_join *self, int64_t now_us, struct wr_error *err);

/* ---- join_ttl.c */

/* Whether a kept row has not been written for so long that it is not there any more. */
bool wr_join_is_gone(const struct wr_join *self, uint32_t side, uint64_t address);
/* A row has been kept: its page will be looked through when it may be gone. */
void wr_join_will_go(struct wr_join *self, uint32_t side, uint64_t address);
/* Rows that are gone leave. */
void wr_join_clean(struct wr_join *self);

/* ---- join_save.c */

void wr_join_save(struct wr_operator *op, struct wr_part_writer *part);
bool wr_join_save_step(struct wr_operator *op, struct wr_part_writer *part);
enum wr_code wr_join_load(struct wr_operator *op, struct wr_part_reader *part,
                          struct wr_error *err);
/* The numbers of matches of a page change: a snapshot that is being written wants them as they
 * were. */
void wr_join_freeze_matches(struct wr_join_rows *rows, uint32_t page);
static inline void wr_join_matches_change(const struct wr_join *self, struct wr_join_rows *rows,
                                          uint64_t address)
{
  uint32_t page = (uint32_t)(address >> WR_KEPT_ROW_BITS);
  if (self->part && self->saves_matches && rows->kept.pages[page].unsaved &&
      !rows->pages[page].frozen)
    wr_join_freeze_matches(rows, page);
}

/* ---- join_index.c */

void wr_join_index_open(struct wr_join *self);
/* Kept rows come into the index, or leave it. */
void wr_join_index_add(struct wr_join *self, uint32_t side, const uint64_t *addresses,
                       uint32_t count);
void wr_join_index_remove(struct wr_join *self, uint32_t side, const uint64_t *addresses,
                          uint32_t count);
/* One that is equal to the row leaves it; false: there is none. */
bool wr_join_index_take(struct wr_join *self, uint32_t side, const struct wr_batch *batch,
                        uint32_t row, uint64_t *address);
void wr_join_index_move(struct wr_join *self, uint32_t side, uint64_t old, uint64_t address);

/* ---- join_emit.c */

void wr_join_output_open(struct wr_join *self);
void wr_join_output_close(struct wr_join *self);
/* What the batch changes: rows that are taken back have left their lists, those that come are not
 * there yet. */
enum wr_code wr_join_emit(struct wr_join *self, struct wr_error *err);
/* Counts the matches of all rows that are kept. */
void wr_join_count(struct wr_join *self);
/* Those of some kept rows that have met nothing leave with NULLs. */
enum wr_code wr_join_emit_unmatched(struct wr_join *self, uint32_t side, const uint64_t *addresses,
                                    uint32_t count, struct wr_error *err);

#endif
