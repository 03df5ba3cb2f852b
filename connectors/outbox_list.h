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

enum { WR_OUTBOX_MAGIC_BYTES = 8 };

struct wr_outbox_list_kind {
  const char *magic, *of; /* of: "files" */
  uint32_t entry_bytes_least;
};

/* ---- writing */

void wr_outbox_list_begin(struct wr_buffer *bytes, const struct wr_outbox_list_kind *kind,
                          uint64_t epoch, uint64_t entry_count);
void wr_outbox_list_put_number(struct wr_buffer *bytes, uint64_t value, int width);
void wr_outbox_list_put_text(struct wr_buffer *bytes, const char *text);

/* ---- reading, over lent bytes */

struct wr_outbox_list {
  const struct wr_outbox_list_kind *kind;
  const char *at, *end;
  uint64_t epoch; /* for which it was written */
  uint64_t left;  /* entries that were not read yet */
};

/* No bytes are a list without entries. Fails with WR_DATA, as the two around an entry do: bytes for
 * the least entry must be there before, and behind the last entry nothing. */
enum wr_code wr_outbox_list_open(struct wr_outbox_list *list,
                                 const struct wr_outbox_list_kind *kind, struct wr_slice bytes,
                                 struct wr_error *err);
enum wr_code wr_outbox_list_begin_entry(struct wr_outbox_list *list, struct wr_error *err);
enum wr_code wr_outbox_list_end_entry(struct wr_outbox_list *list, struct wr_error *err);
/* Of so many bytes, which must be there. */
uint64_t wr_outbox_list_get_number(struct wr_outbox_list *list, int width);
/* A text of `least` to `most` bytes, lent from the list; NULL: there is none. */
const char *wr_outbox_list_get_text(struct wr_outbox_list *list, size_t least, size_t most);
/* WR_DATA, "a list of files in the epoch is damaged: WHAT" */
enum wr_code wr_outbox_list_fail(const struct wr_outbox_list *list, const char *what,
                                 struct wr_error *err);

#endif
