/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns such as yyyy-MM-dd HH:mm:ss.SSS, compiled once, for writing and reading times. The
 * letters are those of Java's DateTimeFormatter, in English:
 *
 *   yyyy uuuu yy year     M MM month   MMM MMMM Jan, January   d dd day   D DDD day of the year   E
 * EEEE Mon, Monday H HH hour 0-23        h hh 1-12    k kk 1-24   K KK 0-11   a AM, PM   m mm
 * minute   s ss second   S ... fraction 'text' as it is, '' a quote; everything that is not a
 * letter as it is
 */
#ifndef WEIR_FUNCTIONS_DATE_PATTERN_H
#define WEIR_FUNCTIONS_DATE_PATTERN_H

#include "core/arena.h"
#include "core/error.h"

struct wr_date_pattern;

#define WR_DATE_PATTERN_MAX 256 /* bytes of a pattern */

/* Fails with WR_DATA, naming the letter that is not known. */
enum wr_code wr_date_pattern_new(struct wr_arena *arena, const char *bytes, size_t length,
                                 const struct wr_date_pattern **out, struct wr_error *err);

/* Bytes that writing needs at most. */
size_t wr_date_pattern_chars(const struct wr_date_pattern *pattern);
size_t wr_date_pattern_write(const struct wr_date_pattern *pattern, int64_t us, char *out);
/* All of the text must fit; fields that the pattern lacks are those of 1970-01-01 00:00:00. */
bool wr_date_pattern_read(const struct wr_date_pattern *pattern, const char *bytes, size_t length,
                          int64_t *us);

#endif
