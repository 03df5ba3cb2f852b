/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns such as yyyy-MM-dd HH:mm:ss.SSS, compiled once, for writing and reading times. The
 * letters are those of Java's DateTimeFormatter, in English:
 *
 *   yyyy uuuu yy year     M MM month   MMM MMMM Jan, January   d dd day   D DDD day of the year   E
 * EEEE Mon, Monday H HH hour 0-23        h hh 1-12    k kk 1-24   K KK 0-11   a AM, PM   m mm
 * minute   s ss second   S ... fraction 'text' as it is, '' a quote; everything that is not a
 * letter as it is
 *
 * X x Z, only read: how far the clock is ahead of UTC, as in Z +01 +0100 +01:00
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

/* The smallest unit that it shows, a fraction counted as a second: times within one are written
 * alike but for their fraction. */
int64_t wr_date_pattern_step_us(const struct wr_date_pattern *pattern);
/* Bytes that writing needs at most. */
size_t wr_date_pattern_chars(const struct wr_date_pattern *pattern);
/* *fraction_at, if given: where the last fraction of a second begins, or the length. */
size_t wr_date_pattern_write(const struct wr_date_pattern *pattern, int64_t us, char *out,
                             size_t *fraction_at);
/* How many fractions of a second it has, and of how many digits the last one. */
unsigned wr_date_pattern_fractions(const struct wr_date_pattern *pattern, unsigned *digits);
/* Only these digits, for a time in the second that was written before. */
void wr_date_fraction_write(int64_t us, unsigned digits, char *out);
/* It has a letter that cannot be written. */
bool wr_date_pattern_reads_only(const struct wr_date_pattern *pattern);

#define WR_NO_OFFSET INT64_MIN
/* All of the text must fit, or its front unless `to_the_end`; fields that the pattern lacks are
 * those of 1970-01-01 00:00:00. *offset_us: how far the text says to be ahead of UTC, or
 * WR_NO_OFFSET. */
bool wr_date_pattern_read(const struct wr_date_pattern *pattern, const char *bytes, size_t length,
                          bool to_the_end, int64_t *us, int64_t *offset_us);

#endif
