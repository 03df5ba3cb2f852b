/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time zones: how far the clock on the wall is ahead of UTC. Fixed offsets (+02:00, UTC, Z, GMT+2)
 * and the zones of the system's IANA data (Europe/Berlin), read once from the TZif files of RFC
 * 8536.
 */
#ifndef WEIR_FUNCTIONS_ZONE_H
#define WEIR_FUNCTIONS_ZONE_H

#include "core/arena.h"
#include "core/error.h"

struct wr_zone;

/* By name; everything is in the arena. Fails with WR_SEMANTIC if there is no such zone. */
enum wr_code wr_zone_find(struct wr_arena *arena, const char *name, const struct wr_zone **out,
                          struct wr_error *err);

/* The same, and Java's old short names too, which calls may give, but not the session: PST, EST,
 * JST. */
enum wr_code wr_zone_find_old(struct wr_arena *arena, const char *name, const struct wr_zone **out,
                              struct wr_error *err);

/* True if the offset never changes; it is *offset_us then. */
bool wr_zone_is_fixed(const struct wr_zone *zone, int64_t *offset_us);
/* The offset at a moment given in UTC. */
int64_t wr_zone_offset_us(const struct wr_zone *zone, int64_t utc_us);
/* A stretch of time of one offset: begin (INT64_MIN: always) up to, but not with, end (INT64_MAX:
 * for ever). */
struct wr_zone_span {
  int64_t begin_us, end_us, offset_us;
};
/* The one that a moment lies in. */
struct wr_zone_span wr_zone_span_at(const struct wr_zone *zone, int64_t utc_us);
/*
 * The moment at which the clock on the wall shows local_us. Where it shows that twice (in autumn)
 * the first one counts, where it never does (in spring) the offset before the gap is used, as
 * java.time has it.
 */
int64_t wr_zone_to_utc(const struct wr_zone *zone, int64_t local_us);

#endif
