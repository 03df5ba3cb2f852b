/* SPDX-License-Identifier: Apache-2.0 */
/* What the planner says to operators that make streams of changes whole again, as
 * operators/specs.h does to the others. */
#ifndef WEIR_OPERATORS_SPECS_CHANGES_H
#define WEIR_OPERATORS_SPECS_CHANGES_H

#include "operators/operator.h"

/*
 * materialize: the newest row of each key, as changes: +I, then -U and +U, then -D. Output schema =
 * input schema. Every row of the input counts by itself, so what leaves does not depend on batches.
 *
 *   upserts   a row takes the place of the one that its key has, and -D takes that away, whatever
 *             its other columns; -U says nothing: ChangelogNormalize. A row equal to the one that
 * is there already gives nothing. else      a key has all rows that were given and not taken back,
 * in their order: the input is whole, but by another key. SinkMaterializer.
 */
struct wr_materialize_spec {
  const struct wr_schema *schema;
  const uint64_t *column_ids; /* as in struct wr_over_spec */
  const uint32_t *keys;
  uint32_t key_count;
  bool upserts;
  /* A row that came so long ago, by the clock, is gone without a word. Then a row that takes the
   * place of an equal one is told. 0: rows stay for ever. */
  int64_t ttl_us;
};

/* fold: of input that ends, the rows that are left then, as rows that stay. Output schema = input
 * schema, without ROWs. No watermark goes by before the end. */
struct wr_fold_spec {
  const struct wr_schema *schema;
};

extern const struct wr_operator_class wr_operator_class_fold;
extern const struct wr_operator_class wr_operator_class_materialize;

#endif
