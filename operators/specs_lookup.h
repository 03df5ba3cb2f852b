/* SPDX-License-Identifier: Apache-2.0 */
/* What the planner says to lookup, as operators/specs.h does to other operators. */
#ifndef WEIR_OPERATORS_SPECS_LOOKUP_H
#define WEIR_OPERATORS_SPECS_LOOKUP_H

#include "functions/expression.h"

/*
 * lookup: every row with each row of a table of reference that has its keys (NULL equals nothing);
 * no state. Which rows the table has: struct wr_operator_context.reference. Output schema: the
 * input's columns, then the first columns of the table; outer: where there is no match these are
 * NULL, else the row does not come out. Rows come out in order, those of one row together. A row
 * that takes back is looked up like any other.
 */
struct wr_lookup_spec {
  const struct wr_schema *schema; /* of the output */
  const struct wr_schema *input_schema;
  const struct wr_schema *table_schema; /* what is kept of the table: columns of the output, then
                                           further keys */
  const uint32_t *keys;                 /* of the input, one per key of the table, types alike */
  uint32_t key_count;
  bool outer;
  bool half;    /* outer: a row comes out once, with NULLs beside it, if it has a match; or */
  bool negated; /* if it has none */
  const struct wr_expression *condition; /* over the output: what must be TRUE beside the equal
                                            keys; NULL: nothing */
  const bool *used; /* per input column: somebody behind reads it, or the condition does */
  bool changes;     /* the table may be loaded anew */
};

extern const struct wr_operator_class wr_operator_class_lookup;

#endif
