/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values as plain text: what CAST(x AS STRING) gives and the connector print shows. Text
 * goes through as it is, BOOLEAN is true or false, BINARY is hexadecimal (0x6162), ROW is (1, abc,
 * NULL), ARRAY [1, NULL], MAP {a=1, b=NULL}, MULTISET {a=2}. Where nested values have to be read
 * again, or shown so that their texts can be told apart, they are written as JSON:
 * text/json_write.h.
 */
#ifndef WEIR_TEXT_VALUE_WRITE_H
#define WEIR_TEXT_VALUE_WRITE_H

#include "core/column.h"
#include "text/buffer.h"
#include "text/datetime.h"
#include "text/number.h"

/* One value; a NULL writes nothing and returns false, so that each caller can show it in its own
 * way. */
bool wr_value_write(struct wr_buffer *out, const struct wr_column *column, uint32_t row);

/* How values of the kinds with a bounded length are spelled. */
struct wr_scalar_style {
  enum wr_float_style floats;
  enum wr_datetime_style datetime;
  bool zone;             /* TIMESTAMP_LTZ ends in Z */
  bool interval_numbers; /* INTERVALs are numbers of months, or of milliseconds */
};

#define WR_SCALAR_CHARS 64

/* A value of any kind but text, binary and nested ones, that is not NULL. Returns the length; out
 * has room for WR_SCALAR_CHARS. */
size_t wr_scalar_format(const struct wr_column *column, uint32_t row,
                        const struct wr_scalar_style *style, char *out);

/* True for kinds that a table aligns to the right. */
bool wr_value_is_right_aligned(const struct wr_type *type);

/*
 * A CSV field (RFC 4180): in quotes, doubled inside, if it contains the delimiter, a quote or a
 * line break, begins or ends with a blank, or is empty (so that the empty text and NULL, which is
 * nothing at all, stay apart).
 */
void wr_csv_write_text(struct wr_buffer *out, const char *bytes, size_t length, char delimiter,
                       char quote);

#endif
