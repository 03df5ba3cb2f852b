/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values as JSON (RFC 8259), into a buffer. Numbers are exact: DECIMAL and 64-bit integers are
 * plain JSON numbers with all their digits. Floating numbers that JSON does not have are the
 * strings "NaN", "Infinity" and "-Infinity", which formats/json_put.h reads back.
 *
 *   BOOLEAN true        integers -12        DECIMAL(10,2) 1.50       FLOAT, DOUBLE 2.0
 *   CHAR, VARCHAR "ab"  BINARY "base64"     DATE "2026-01-02"        TIME "03:04:05"
 *   TIMESTAMP(3) "2026-01-02 03:04:05.678"  TIMESTAMP_LTZ(3) "2026-01-02 03:04:05.678Z"
 *   INTERVAL "+1 00:00:00.000"              ROW {"a":1,"b":null}
 *   ARRAY [1,null]                          MAP {"key":1}: keys as text, whatever their type
 *   MULTISET {"element":2}: how often each is there
 */
#ifndef WEIR_TEXT_JSON_WRITE_H
#define WEIR_TEXT_JSON_WRITE_H

#include "core/batch.h"
#include "text/buffer.h"
#include "text/datetime.h"

/* What becomes of an entry of a MAP whose key is NULL; names of fields cannot be. */
enum wr_json_null_key {
  WR_JSON_NULL_KEY_LITERAL, /* style->null_key is its name */
  WR_JSON_NULL_KEY_DROP,
  WR_JSON_NULL_KEY_FAIL
};

/* All zero: SQL times, NULLs shown, "null" for NULL keys, plain decimals. */
struct wr_json_style {
  enum wr_datetime_style datetime;
  bool leave_out_null; /* fields that are NULL do not appear in their object */
  enum wr_json_null_key null_keys;
  const char *null_key;   /* NULL: "null"; lent */
  bool decimal_exponents; /* DECIMAL without trailing zeros, 1.5E-8 and 1E+3 like Java's BigDecimal;
                             else all digits */
  bool interval_numbers;  /* INTERVAL as a number of months, or of milliseconds; else as text */
  bool null_floats;       /* NaN and infinities as null; else as words in quotes */
};

/* A JSON string with its quotes. Bytes that are not UTF-8 go through as they are. */
void wr_json_write_string(struct wr_buffer *out, const char *bytes, size_t length);

/* One value; row may be any row of the column; style NULL: all zero. False: a key is NULL and the
 * style says that this fails; then what has been written is no JSON. */
bool wr_json_write_value(struct wr_buffer *out, const struct wr_column *column, uint32_t row,
                         const struct wr_json_style *style);

/* Standard base64 with padding, without quotes: how many characters, and writing them. */
static inline size_t wr_base64_chars(size_t length)
{
  return (length + 2) / 3 * 4;
}
void wr_base64_put(const char *bytes, size_t length, char *out);
/* The same behind what a buffer holds. */
void wr_base64_write(struct wr_buffer *out, const char *bytes, size_t length);

/* Writes rows of one schema as objects, in column order. Names are escaped once; nothing of the
 * schema is kept. */
struct wr_json_row_writer;
struct wr_json_row_writer *wr_json_row_writer_new(const struct wr_schema *schema,
                                                  const struct wr_json_style *style);
void wr_json_row_writer_free(struct wr_json_row_writer *writer);
/* {"a":1,"b":"x"} without a line break; columns are those of the schema, in its order.
 * False: as wr_json_write_value. */
bool wr_json_row_write(const struct wr_json_row_writer *writer, const struct wr_column *columns,
                       uint32_t row, struct wr_buffer *out);

#endif
