/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of text whose delimiters are any strings, as input schemas of Kinesis Data Analytics for SQL
 * have them. A value may stand in double quotes, a quote in it twice; where something follows the
 * closing quote, or there is none, quotes mean nothing. Blanks around values do not count.
 */
#ifndef WEIR_FORMATS_KINESIS_CSV_SCAN_H
#define WEIR_FORMATS_KINESIS_CSV_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WR_DELIMITER_BYTES_MAX 64

struct wr_delimiter {
  char bytes[WR_DELIMITER_BYTES_MAX];
  uint32_t length;
};

struct wr_delimited_rules {
  struct wr_delimiter row, column;
  bool keeps_blanks; /* of the only column: the row as it is, but for a return at its end */
};

/* What ends a value. */
enum wr_delimited_end { WR_ENDS_VALUE, WR_ENDS_ROW, WR_ENDS_BYTES };

struct wr_delimited_value {
  const char *bytes; /* without its quotes */
  uint32_t length;
  bool quoted, doubled; /* doubled: there are quotes in it, each of them twice */
};

/* The value at *at, which goes behind it and what ends it. */
enum wr_delimited_end wr_delimited_next(const struct wr_delimited_rules *rules, const char **at,
                                        const char *end, struct wr_delimited_value *value);

/* The length of the row that bytes begin with, and of what separates it from the next one;
 * SIZE_MAX: more bytes are needed (never if at_end). */
size_t wr_delimited_row(const struct wr_delimited_rules *rules, const char *bytes, size_t length,
                        bool at_end, size_t *separator);

#endif
