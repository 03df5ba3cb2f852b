/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LIKE patterns, compiled once and matched often: % is any run of characters, _ is one UTF-8
 * character, the escape character takes the meaning from the one behind it. The whole text must
 * match, byte by byte otherwise.
 *
 * Most patterns are one literal with % around it, and become a comparison or a search. The others
 * are pieces between the %: the first and the last are anchored, those in the middle are found from
 * left to right, earliest first, which needs no way back: time grows at worst with text length
 * times piece length.
 */
#ifndef WEIR_TEXT_PATTERN_H
#define WEIR_TEXT_PATTERN_H

#include "core/arena.h"
#include "core/error.h"
#include "core/text.h"

struct wr_pattern;

#define WR_PATTERN_NO_ESCAPE UINT32_MAX

/*
 * Compiles a pattern into the arena; escape: a code point, or WR_PATTERN_NO_ESCAPE. Fails with
 * WR_DATA if the escape stands before anything but %, _ or itself, or at the end, and with WR_LIMIT
 * beyond WR_PATTERN_BYTES_MAX.
 */
enum wr_code wr_pattern_new(struct wr_arena *arena, const char *bytes, size_t length,
                            uint32_t escape, const struct wr_pattern **pattern,
                            struct wr_error *err);

bool wr_pattern_matches(const struct wr_pattern *pattern, const char *bytes, size_t length);

#endif
