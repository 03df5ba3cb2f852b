/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values as JSON (RFC 8259), into a buffer. Numbers are exact: DECIMAL and 64-bit integers are
 * plain JSON numbers with all their digits. Floating numbers that JSON does not have become null.
 *
 *   BOOLEAN true        integers -12        DECIMAL(10,2) 1.50       FLOAT, DOUBLE 2.0
 *   CHAR, VARCHAR "ab"  BINARY "base64"     DATE "2026-01-02"        TIME "03:04:05"
 *   TIMESTAMP(3) "2026-01-02 03:04:05.678"  TIMESTAMP_LTZ(3) "2026-01-02 03:04:05.678Z"
 *   INTERVAL "+1 00:00:00.000"              ROW {"a":1,"b":null}
 */
#ifndef WEIR_TEXT_JSON_WRITE_H
#define WEIR_TEXT_JSON_WRITE_H

#include "core/batch.h"
#include "text/buffer.h"
#include "text/datetime.h"

struct wr_json_style {
  enum wr_datetime_style datetime;
  bool leave_out_null; /* fields that are NULL do not appear in their object */
};

/* A JSON string with its quotes. Bytes that are not UTF-8 go through as they are. */
void wr_json_write_string(struct wr_buffer *out, const char *bytes, size_t length);

/* One value; row may be any row of the column; style NULL: SQL times, NULLs shown. */
void wr_json_write_value(struct wr_buffer *out, const struct wr_column *column, uint32_t row,
                         const struct wr_json_style *style);

/* Standard base64 with padding, without quotes. */
void wr_base64_write(struct wr_buffer *out, const char *bytes, size_t length);

/* Writes rows of one schema as objects, in column order. Names are escaped once; nothing of the
 * schema is kept. */
struct wr_json_row_writer;
struct wr_json_row_writer *wr_json_row_writer_new(const struct wr_schema *schema,
                                                  const struct wr_json_style *style);
void wr_json_row_writer_free(struct wr_json_row_writer *writer);
/* {"a":1,"b":"x"} without a line break; columns are those of the schema, in its order. */
void wr_json_row_write(const struct wr_json_row_writer *writer, const struct wr_column *columns,
                       uint32_t row, struct wr_buffer *out);

#endif
