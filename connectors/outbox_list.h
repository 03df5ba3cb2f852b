/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list that an outbox of files or uploads is: which of them an epoch counts on. It lies in
 * state directories, so its bytes never change. Numbers are little-endian, texts end with a NUL:
 *
 *   magic, 8 bytes   epoch u64   entries u64   { numbers and texts of an entry }
 *
 * What an entry is made of, and which of them are good, is up to those who have entries
 * (filesystem_outbox.c, s3_outbox.c).
 */
#ifndef WEIR_CONNECTORS_OUTBOX_LIST_H
#define WEIR_CONNECTORS_OUTBOX_LIST_H

#include "core/batch.h"
#include "core/error.h"
#include "text/buffer.h"

enum { WR_OUTBOX_MAGIC_BYTES = 8, WR_OUTBOX_NUMBERS = 2, WR_OUTBOX_TEXTS = 3 };

struct wr_outbox_list_kind {
  const char *magic, *of;              /* of: "files" */
  int number_bytes[WR_OUTBOX_NUMBERS]; /* of each number, 1 to 8 */
  size_t text_least, text_most[WR_OUTBOX_TEXTS];
};

struct wr_outbox_list_entry {
  uint64_t numbers[WR_OUTBOX_NUMBERS];
  const char *texts[WR_OUTBOX_TEXTS];
};

/* ---- writing */

void wr_outbox_list_begin(struct wr_buffer *bytes, const struct wr_outbox_list_kind *kind,
                          uint64_t epoch, uint64_t entry_count);
void wr_outbox_list_put(struct wr_buffer *bytes, const struct wr_outbox_list_kind *kind,
                        const struct wr_outbox_list_entry *entry);

/* ---- reading, over lent bytes */

struct wr_outbox_list {
  const struct wr_outbox_list_kind *kind;
  const char *at, *end;
  uint64_t epoch; /* for which it was written */
  uint64_t left;  /* entries that were not read yet */
};

/* No bytes are a list without entries. Both fail with WR_DATA: there must be as many entries as are
 * promised, and nothing behind them. Texts of an entry are lent from the list. */
enum wr_code wr_outbox_list_open(struct wr_outbox_list *list,
                                 const struct wr_outbox_list_kind *kind, struct wr_slice bytes,
                                 struct wr_error *err);
enum wr_code wr_outbox_list_next(struct wr_outbox_list *list, struct wr_outbox_list_entry *entry,
                                 struct wr_error *err);
/* WR_DATA, "a list of files in the epoch is damaged: WHAT" */
enum wr_code wr_outbox_list_fail(const struct wr_outbox_list *list, const char *what,
                                 struct wr_error *err);

#endif
