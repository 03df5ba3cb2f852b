/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns such as dd/MMM/yyyy:HH:mm:ss z for the functions of the kinesis dialect, which has the
 * letters of Java's SimpleDateFormat, in English and on a clock that shows UTC:
 *
 *   G AD   y yy yyyy year   Y year of the week   M MM month   MMM MMMM Jan, January
 *   w W week of the year, of the month   D day of the year   d day   F which of its weekday in the
 *   month   E EEEE Mon, Monday   u day of the week, Monday is 1   a AM, PM   H k 0-23, 1-24
 *   K h 0-11, 1-12   m minute   s second   S millisecond   z UTC   Z +0000   X Z
 *   'text' as it is, '' a quote; what is not a letter as it is
 *
 * Other than functions/date_pattern.h: numbers may be read with fewer or more digits than letters,
 * a fraction is a number of milliseconds, and reading stops where the pattern ends.
 */
#ifndef WEIR_FUNCTIONS_SIMPLE_DATE_H
#define WEIR_FUNCTIONS_SIMPLE_DATE_H

#include "core/arena.h"
#include "core/error.h"

struct wr_simple_date;

/* Fails with WR_DATA, naming the letter that is not known; at most WR_DATE_PATTERN_MAX bytes. */
enum wr_code wr_simple_date_new(struct wr_arena *arena, const char *bytes, size_t length,
                                const struct wr_simple_date **out, struct wr_error *err);

/* Bytes that writing needs at most. */
size_t wr_simple_date_chars(const struct wr_simple_date *pattern);
/* A time of the years 1 to 9999. */
size_t wr_simple_date_write(const struct wr_simple_date *pattern, int64_t us, char *out);

/* The front of the text must fit; fields that the pattern lacks are those of 1970-01-01 00:00:00. A
 * zone in the text brings the time to UTC. */
bool wr_simple_date_read(const struct wr_simple_date *pattern, const char *bytes, size_t length,
                         int64_t *us);

#endif
