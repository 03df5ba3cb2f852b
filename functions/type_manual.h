/* SPDX-License-Identifier: Apache-2.0 */
/* What the manual says of types: one row per kind, and the table of casts as functions/cast.c has
 * it. Behind `weir types` and docs/types.md. */
#ifndef WEIR_FUNCTIONS_TYPE_MANUAL_H
#define WEIR_FUNCTIONS_TYPE_MANUAL_H

#include "functions/cast.h"
#include "text/buffer.h"

struct wr_type_row {
  enum wr_kind kind;
  const char *name;    /* as a cast is looked up: TIMESTAMP_LTZ */
  const char *written; /* as SQL declares it: "TIMESTAMP_LTZ(p)" */
  const char *storage, *range, *json;
};

/* The row of a type's name in any case, also by its other names (STRING, INTEGER), or NULL. */
const struct wr_type_row *wr_type_row_find(const char *name);
/* How freely one becomes the other, in the words of the manual; "" for never. */
const char *wr_cast_rule_word(enum wr_cast_rule rule);

/* The whole page, for docs/. */
void wr_type_manual_markdown(struct wr_buffer *out);
/* A line per type. */
void wr_type_manual_list(struct wr_buffer *out);
/* One type and its casts from and to others. */
void wr_type_manual_show(const struct wr_type_row *row, struct wr_buffer *out);

#endif
