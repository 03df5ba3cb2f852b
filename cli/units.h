/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as people read them, and back. */
#ifndef WEIR_CLI_UNITS_H
#define WEIR_CLI_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"

/* "999 B", "1.5 KiB" */
const char *wr_bytes_print(struct wr_arena *arena, uint64_t bytes);
/* "1,234,567" */
const char *wr_count_print(struct wr_arena *arena, uint64_t count);
/* "250 us", "12 ms", "1.5 s", "12 min" */
const char *wr_duration_print(struct wr_arena *arena, int64_t us);
/* The same of nanoseconds, with three digits: "1.23 us", "45.6 ms", "2.03 s". */
const char *wr_time_print(struct wr_arena *arena, uint64_t ns);
/* "3 min": how long ago, in whole ones of the largest unit that there are two of. */
const char *wr_age_print(struct wr_arena *arena, int64_t age_us);
/* The argument of --from: "latest", which leaves *epoch as it is, or the number of an epoch. */
bool wr_epoch_parse(const char *text, uint64_t *epoch);

#endif
