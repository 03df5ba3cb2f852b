/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The units of an INTERVAL. Its values are months or microseconds whatever it was written with, but
 * the kinesis dialect also makes texts and numbers of intervals, and those count in the units: the
 * type carries them where they are known. They take no part in whether two types are equal.
 */
#ifndef WEIR_FUNCTIONS_INTERVAL_H
#define WEIR_FUNCTIONS_INTERVAL_H

#include "core/type.h"
#include "functions/bind_site.h"
#include "text/datetime.h"

/* From the first field up to the last one, as in DAY TO HOUR. */
const struct wr_type *wr_interval_type(struct wr_arena *arena, enum wr_interval_field first,
                                       enum wr_interval_field last);
/* False: not known. */
bool wr_interval_units(const struct wr_type *type, enum wr_interval_field *first,
                       enum wr_interval_field *last);
/* The units of a sum: those of both. */
const struct wr_type *wr_interval_type_of_both(struct wr_arena *arena, const struct wr_type *a,
                                               const struct wr_type *b);

/* Months or microseconds of one unit. */
int64_t wr_interval_field_size(enum wr_interval_field field);

/* +6:11 for MINUTE TO SECOND, +2 00 for DAY TO HOUR; out has room for WR_INTERVAL_CHARS. */
size_t wr_interval_format(int64_t value, enum wr_interval_field first, enum wr_interval_field last,
                          char *out);

/* A text as an interval whose units are known: CAST('1:30' AS INTERVAL MINUTE TO SECOND). */
const struct wr_expression *wr_interval_of_text(const struct wr_binding *binding,
                                                const struct wr_expression *text,
                                                const struct wr_type *type, bool try_cast,
                                                struct wr_span span);

/* args: an interval and a number. Months or microseconds, what is finer is cut off. */
enum wr_code wr_interval_bind_scale(struct wr_bind_site *site, bool divide, struct wr_error *err);

#endif
