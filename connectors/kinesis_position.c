/* SPDX-License-Identifier: Apache-2.0 */
/* Positions in a shard as text, which is what epochs keep of them. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "connectors/kinesis.h"
#include "text/number.h"

bool wr_kinesis_is_sequence(const char *text, size_t length)
{
  if (length == 0 || length > WR_KINESIS_SEQUENCE_DIGITS)
    return false;
  for (size_t i = 0; i < length; i++)
    if (text[i] < '0' || text[i] > '9')
      return false;
  return true;
}

bool wr_kinesis_position_parse(const char *text, struct wr_kinesis_position *position)
{
  *position = (struct wr_kinesis_position){.place = WR_KINESIS_FIRST};
  if (strcmp(text, "first") == 0)
    return true;
  if (strcmp(text, "end") == 0) {
    position->place = WR_KINESIS_END;
    return true;
  }
  if (strncmp(text, "at:", 3) == 0) {
    position->place = WR_KINESIS_AT_TIME;
    return wr_parse_i64(text + 3, strlen(text + 3), &position->time_ms) && position->time_ms >= 0;
  }
  size_t digits = strcspn(text, ":");
  int64_t sub;
  if (!wr_kinesis_is_sequence(text, digits))
    return false;
  memcpy(position->sequence, text, digits);
  position->place = WR_KINESIS_AFTER;
  if (!text[digits])
    return true;
  position->place = WR_KINESIS_INSIDE;
  if (!wr_parse_i64(text + digits + 1, strlen(text + digits + 1), &sub) || sub < 0 ||
      sub > UINT32_MAX)
    return false;
  position->sub = (uint32_t)sub;
  return true;
}

void wr_kinesis_position_print(const struct wr_kinesis_position *position, char *text, size_t size)
{
  int length = 0;
  switch (position->place) {
  case WR_KINESIS_FIRST: length = snprintf(text, size, "first"); break;
  case WR_KINESIS_END: length = snprintf(text, size, "end"); break;
  case WR_KINESIS_AT_TIME: length = snprintf(text, size, "at:%" PRId64, position->time_ms); break;
  case WR_KINESIS_AFTER: length = snprintf(text, size, "%s", position->sequence); break;
  case WR_KINESIS_INSIDE:
    length = snprintf(text, size, "%s:%" PRIu32, position->sequence, position->sub);
    break;
  }
  assert(length > 0 && (size_t)length < size);
  (void)length;
}
