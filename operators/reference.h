/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of reference: rows that are looked up by keys. They are loaded before the first row of the
 * stream comes (runtime/reference.h), never change, and are shared by all copies of an operator; a
 * table that is loaded anew is another one, which takes the place of the old between two batches.
 *
 *   columns   | - | a0 a1 a2 a3 ...    one array per column; row 0 is all NULL and nobody's match
 *   slots     | tag, row | ...         by hash & mask: the first row of each key, probed in turn
 *   next      | row | ...              per row: the next one with its key, in the order of loading
 */
#ifndef WEIR_OPERATORS_REFERENCE_H
#define WEIR_OPERATORS_REFERENCE_H

#include <stdatomic.h>

#include "core/batch.h"
#include "core/error.h"
#include "core/reject.h"

struct wr_reference_rows;

/* keys: columns of the schema; both are lent for as long as the rows are there. */
struct wr_reference_rows *wr_reference_rows_new(const struct wr_schema *schema,
                                                const uint32_t *keys, uint32_t key_count,
                                                uint64_t hash_seed);
void wr_reference_rows_free(struct wr_reference_rows *rows);

/* ---- loading */

/* Adds those rows that count; one with NULL among its keys matches nothing and is left out.
 * WR_LIMIT: there are more than WR_REFERENCE_ROWS_MAX. */
enum wr_code wr_reference_rows_add(struct wr_reference_rows *rows, const struct wr_batch *batch,
                                   struct wr_error *err);
/* Keeps a reject of the loading, with its texts; behind WR_REFERENCE_REJECTS_MAX they are only
 * counted. */
void wr_reference_rows_reject(struct wr_reference_rows *rows, const struct wr_reject *reject);
/* All rows are there: from now on they can be looked up, by several threads at a time. */
void wr_reference_rows_seal(struct wr_reference_rows *rows, int64_t loaded_us);
int64_t wr_reference_rows_loaded_us(const struct wr_reference_rows *rows);

uint64_t wr_reference_rows_count(const struct wr_reference_rows *rows);
/* Memory that they take, or will when they are sealed. */
uint64_t wr_reference_rows_bytes(const struct wr_reference_rows *rows);
/* Those that were kept, and how many more there were. */
const struct wr_reject *wr_reference_rows_rejects(const struct wr_reference_rows *rows,
                                                  uint32_t *count, uint64_t *more);

/* ---- looking up */

/* All rows, row 0 too: all_null false: that one has any values, so that columns without NULLs have
 * no bits. */
void wr_reference_rows_view(const struct wr_reference_rows *rows, bool all_null,
                            struct wr_column *columns, struct wr_batch *out);

struct wr_reference_found {
  uint32_t matched; /* rows with a match */
  bool several;     /* one of them has more than one */
};
/*
 * found[i]: the first row whose key is that of rows[i] (NULL: row i); 0: there is none, as for a
 * key with NULL. keys: columns of the types of those of the table; hashes: room for row_count.
 */
struct wr_reference_found wr_reference_rows_find(const struct wr_reference_rows *rows,
                                                 const struct wr_column *const *keys,
                                                 const uint32_t *picked, uint32_t row_count,
                                                 uint64_t *hashes, uint32_t *found);
/* The next row with the key of this one; 0: there is none. */
uint32_t wr_reference_rows_next(const struct wr_reference_rows *rows, uint32_t row);

/* ---- a table that may be loaded anew */

/* What an operator is given; whoever loads the table implements it. */
struct wr_reference {
  _Atomic uint64_t version; /* rises when there are other rows */
  /* The rows of now, sealed, which stay as they are until they are given back. */
  const struct wr_reference_rows *(*take)(struct wr_reference *self);
  void (*give_back)(struct wr_reference *self, const struct wr_reference_rows *rows);
};

#endif
