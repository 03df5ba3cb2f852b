/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Aggregates. The state of one is relocatable bytes inside a state entry, without pointers; texts
 * are kept in the stored form of core/text.h through the table's wr_text_store. All functions work
 * on a batch of entries. A NULL function means "cannot": the planner chooses another plan or
 * refuses. Integer and DECIMAL sums accumulate in 128 bits and are range-checked in result only;
 * floating sums are compensated (A. Neumaier, 1974).
 */
#ifndef WEIR_FUNCTIONS_AGGREGATE_H
#define WEIR_FUNCTIONS_AGGREGATE_H

#include "core/builder.h"
#include "core/text_store.h"
#include "functions/bind.h"

/* entries[i] belongs to row rows[i] of arg. The state is at entries[i] + offset, aligned to
 * state_align. */
struct wr_aggregate_rows {
  char *const *entries;
  uint32_t offset;
  const struct wr_column *arg; /* NULL: COUNT(*) */
  const uint32_t *rows;
  uint32_t row_count;
  struct wr_text_store *store;
};

struct wr_aggregate_code {
  uint32_t state_bytes, state_align; /* align at most 16 */
  bool has_text; /* the state begins with a struct wr_text in stored form, kept through the store */
  void (*init)(char *state); /* of one entry; the bytes come zeroed */
  void (*add)(const struct wr_aggregate_rows *rows);
  void (*retract)(const struct wr_aggregate_rows *rows); /* NULL: cannot */
  /* merges the state at sources[i] + offset into entries[i] + offset; rows->arg and rows->rows are
   * unused */
  void (*merge)(const struct wr_aggregate_rows *rows, const char *const *sources);
  /* appends one value per entry to out; failed (a bitmap over the entries, cleared by the caller)
   * marks overflow: such an entry gets a NULL and the operator reports it. Texts stay lent from the
   * entries. */
  void (*result)(const char *const *entries, uint32_t offset, uint32_t count,
                 const struct wr_type *type, struct wr_builder *out, uint64_t *failed);
};

/* A bound aggregate call. */
struct wr_aggregate {
  const char *name;                /* "COUNT" */
  const struct wr_type *type;      /* of the result */
  const struct wr_expression *arg; /* with implicit casts; NULL: COUNT(*) */
  const struct wr_aggregate_code *code;
};

bool wr_aggregate_exists(const char *name);

/* Binds COUNT(*) (arg_count 0), COUNT, SUM, AVG, MIN, MAX by name. Result types as
 * docs/architecture.md section 4.10. */
enum wr_code wr_bind_aggregate(const struct wr_binding *binding, const char *name,
                               const struct wr_expression *const *args, uint32_t arg_count,
                               struct wr_span span, struct wr_aggregate *out, struct wr_error *err);

#endif
