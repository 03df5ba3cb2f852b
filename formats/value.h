/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A value written as text into the builder of a column, by the column's type: what CSV fields and
 * JSON strings hold. The accepted forms are those of Flink's formats; blanks around anything but
 * text are skipped.
 *
 *   BOOLEAN true, FALSE      integers -12, +7          FLOAT, DOUBLE 1.5e3, NaN, Infinity
 *   DECIMAL 1.50 (rounded)   CHAR, VARCHAR as it is    BINARY, VARBINARY base64
 *   INTERVAL 14 (months, or milliseconds)
 *   DATE 2026-01-02          TIME 03:04:05.678         TIMESTAMP 2026-01-02 03:04:05.678, also with
 * T TIMESTAMP_LTZ the same with Z or +01:00; without a zone only where the session's zone is UTC
 */
#ifndef WEIR_FORMATS_VALUE_H
#define WEIR_FORMATS_VALUE_H

#include "core/builder.h"
#include "core/error.h"

/*
 * What a decoder keeps for reading values: the session's zone, and the date of the last timestamp,
 * because nearly all timestamps of a stream have the date of the one before. Zero-initialised with
 * zone_is_utc set is valid.
 */
struct wr_value_reader {
  bool zone_is_utc;
  char date[10]; /* 2026-01-02 */
  int64_t date_us;
};

/* Adds one row and returns true, or adds none if the text is no value of the type. Long texts stay
 * lent from bytes. */
bool wr_value_put(struct wr_value_reader *reader, struct wr_builder *builder, const char *bytes,
                  uint32_t length);

/* Cuts a time in microseconds off to the fraction digits of its type. */
int64_t wr_value_cut_time(const struct wr_type *type, int64_t us);

/* True if session times without a zone are UTC; NULL: they are. */
bool wr_value_zone_is_utc(const char *time_zone);

/* Why a text is no value of a type: "is not a BIGINT", "does not fit INT". */
void wr_value_complain(const struct wr_type *type, const char *bytes, uint32_t length, char *out,
                       size_t size);

/* Fail, naming the field, if a text format cannot read or write its type. nested: ROW, ARRAY, MAP
 * and MULTISET are taken if what is in them is; keys only if they are scalar. */
enum wr_code wr_value_check_readable(const char *format, const struct wr_field *field, bool nested,
                                     struct wr_error *err);
enum wr_code wr_value_check_writable(const char *format, const struct wr_field *field, bool nested,
                                     struct wr_error *err);

#endif
