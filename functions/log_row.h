/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the log parsers share: a line is cut into texts, which a kernel gives as a ROW; where other
 * types are wanted, each field of that ROW is cast by an expression of its own.
 */
#ifndef WEIR_FUNCTIONS_LOG_ROW_H
#define WEIR_FUNCTIONS_LOG_ROW_H

#include "core/batch.h"
#include "functions/bind_site.h"
#include "text/buffer.h"

#define WR_LOG_TEXT_CHARS 1024 /* of a field whose type was not given; what is longer is cut */

/* One field of the result. */
struct wr_log_column {
  const char *name;
  const struct wr_type *type;
  const char *pattern;  /* of a DATE, TIME or TIMESTAMP (functions/simple_date.h), or NULL */
  bool not_null;        /* a line without it is rejected */
  int64_t start, count; /* FIXED: characters from 0; count -1: was not given */
};

struct wr_log_columns {
  struct wr_log_column *items;
  uint32_t count;
};

/* How a list of columns is written: the words behind the name. */
enum wr_log_style {
  WR_LOG_PLAIN, /* a INTEGER, b */
  WR_LOG_TYPE,  /* a TYPE INTEGER NOT NULL, b TYPE TIMESTAMP 'dd/MMM/yyyy' */
  WR_LOG_FIXED  /* the same, and START 0 FOR 4 */
};

/* Reads the list from a constant text. */
enum wr_code wr_log_columns_read(struct wr_bind_site *site, const struct wr_expression *list,
                                 enum wr_log_style style, struct wr_log_columns *columns,
                                 struct wr_error *err);
/* COLUMN1, COLUMN2 ... VARCHAR(1024). */
enum wr_code wr_log_columns_number(struct wr_bind_site *site, int64_t count, struct wr_span span,
                                   struct wr_log_columns *columns, struct wr_error *err);

/* Gives the call its type, a ROW of texts, and casts the fields: site->kernel and site->prepared
 * stand already. */
enum wr_code wr_log_bind(struct wr_bind_site *site, const struct wr_log_columns *columns,
                         struct wr_error *err);

/* The text of a constant argument; false: it is not one. */
bool wr_log_constant(const struct wr_expression *arg, struct wr_slice *text);

/* ---- for kernels: the fields of one row, one behind the other ---- */

struct wr_log_line {
  struct wr_buffer bytes;
  uint32_t next;
};

void wr_log_line_begin(struct wr_log_line *line, uint32_t field_count);
/* bytes NULL: NULL. */
void wr_log_line_put(struct wr_log_line *line, const char *bytes, size_t length);
void wr_log_line_end(struct wr_log_line *line, const struct wr_call *call, uint32_t row);

#endif
