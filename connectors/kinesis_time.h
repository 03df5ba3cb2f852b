/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times by a pattern of Java's SimpleDateFormat, as far as 'source.init.timestamp.format' needs it:
 * y M d H m s S for digits, X (Z, +01, +01:00) and Z (+0100) for the zone, 'text' for itself. What
 * the pattern does not name is 1970-01-01 00:00:00 UTC.
 */
#ifndef WEIR_CONNECTORS_KINESIS_TIME_H
#define WEIR_CONNECTORS_KINESIS_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* Whether every letter of the pattern is known; *letter: the first that is not, or '\'' for a text
 * that does not end. */
bool wr_kinesis_time_check(const char *pattern, char *letter);
/* The pattern was checked. *time_ms since 1970; false: the text does not fit. */
bool wr_kinesis_time_parse(const char *text, const char *pattern, int64_t *time_ms);

#endif
