/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "core/time.h"

const char *wr_bytes_print(struct wr_arena *arena, uint64_t bytes)
{
  static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double size = (double)bytes;
  size_t unit = 0;
  while (size >= 1024 && unit + 1 < sizeof units / sizeof *units) {
    size /= 1024;
    unit++;
  }
  return wr_arena_print(arena, unit ? "%.1f %s" : "%.0f %s", size, units[unit]);
}

const char *wr_count_print(struct wr_arena *arena, uint64_t count)
{
  char text[32]; /* 20 digits, 6 commas */
  const char *number = wr_arena_print(arena, "%" PRIu64, count);
  size_t length = strlen(number), at = 0;
  for (size_t i = 0; i < length; i++) {
    if (i && (length - i) % 3 == 0)
      text[at++] = ',';
    text[at++] = number[i];
  }
  return wr_arena_copy(arena, text, at);
}

const char *wr_duration_print(struct wr_arena *arena, int64_t us)
{
  if (us < WR_US_PER_MS)
    return wr_arena_print(arena, "%" PRId64 " us", us);
  if (us < WR_US_PER_SECOND)
    return wr_arena_print(arena, "%" PRId64 " ms", us / WR_US_PER_MS);
  if (us < 2 * WR_US_PER_MINUTE)
    return wr_arena_print(arena, "%.1f s", (double)us / 1e6);
  return wr_age_print(arena, us);
}

const char *wr_time_print(struct wr_arena *arena, uint64_t ns)
{
  static const char *const units[] = {"ns", "us", "ms", "s"};
  double time = (double)ns;
  size_t unit = 0;
  if (ns >= 1000 * (uint64_t)(120 * WR_US_PER_SECOND))
    return wr_age_print(arena, (int64_t)(ns / 1000));
  while (time >= 999.5 && unit + 1 < sizeof units / sizeof *units) {
    time /= 1000;
    unit++;
  }
  int digits = unit == 0 || time >= 99.95 ? 0 : time >= 9.995 ? 1 : 2;
  return wr_arena_print(arena, "%.*f %s", digits, time, units[unit]);
}

const char *wr_age_print(struct wr_arena *arena, int64_t age_us)
{
  static const struct {
    const char *unit;
    int64_t us;
  } units[] = {{"d", WR_US_PER_DAY}, {"h", WR_US_PER_HOUR}, {"min", WR_US_PER_MINUTE}};
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (age_us >= 2 * units[i].us)
      return wr_arena_print(arena, "%" PRId64 " %s", age_us / units[i].us, units[i].unit);
  return wr_arena_print(arena, "%" PRId64 " s", age_us > 0 ? age_us / WR_US_PER_SECOND : 0);
}

bool wr_epoch_parse(const char *text, uint64_t *epoch)
{
  char *end;
  if (!text || *text < '0' || *text > '9')
    return text && strcmp(text, "latest") == 0;
  errno = 0;
  *epoch = strtoull(text, &end, 10);
  return errno == 0 && *end == 0 && *epoch > 0;
}
