/* SPDX-License-Identifier: Apache-2.0 */
/* Date parts in the path of a table that is written: !{timestamp:yyyy/MM/dd/HH}, in UTC. */
#include <string.h>
#include <time.h>

#include "connectors/s3.h"
#include "core/time.h"

#define S3_PREFIX_BEGIN "!{timestamp:"

static const struct {
  const char *letters;
  int width;
} prefix_fields[] = {{"yyyy", 4}, {"MM", 2}, {"dd", 2}, {"HH", 2}, {"mm", 2}};

static int prefix_value(const struct tm *parts, size_t field)
{
  const int values[] = {parts->tm_year + 1900, parts->tm_mon + 1, parts->tm_mday, parts->tm_hour,
                        parts->tm_min};
  return values[field];
}

/* Appends what a pattern between the braces becomes; false: there is something else in it. */
static bool prefix_put_pattern(const char *pattern, size_t length, const struct tm *parts,
                               struct wr_buffer *out)
{
  for (size_t at = 0; at < length;) {
    size_t f = 0, fields = sizeof prefix_fields / sizeof *prefix_fields;
    while (f < fields &&
           (length - at < (size_t)prefix_fields[f].width ||
            strncmp(pattern + at, prefix_fields[f].letters, (size_t)prefix_fields[f].width) != 0))
      f++;
    if (f < fields) {
      wr_buffer_print(out, "%0*d", prefix_fields[f].width, prefix_value(parts, f));
      at += (size_t)prefix_fields[f].width;
    } else if (strchr("/-_=.:", pattern[at])) {
      wr_buffer_put_char(out, pattern[at++]);
    } else {
      return false;
    }
  }
  return length > 0;
}

bool wr_s3_prefix_put(const char *key, int64_t time_us, struct wr_buffer *out)
{
  time_t seconds = (time_t)wr_floor_div(time_us, WR_US_PER_SECOND);
  struct tm parts;
  gmtime_r(&seconds, &parts);
  while (*key) {
    if (strncmp(key, "!{", 2) != 0) {
      wr_buffer_put_char(out, *key++);
      continue;
    }
    const char *end = strchr(key, '}');
    size_t begin = strlen(S3_PREFIX_BEGIN);
    if (!end || strncmp(key, S3_PREFIX_BEGIN, begin) != 0 ||
        !prefix_put_pattern(key + begin, (size_t)(end - key) - begin, &parts, out))
      return false;
    key = end + 1;
  }
  return true;
}
