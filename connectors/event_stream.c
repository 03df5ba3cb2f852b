/* SPDX-License-Identifier: Apache-2.0 */
/* Reading frames: both checksums are compared before anything inside is believed. */
#include "connectors/event_stream.h"

#include <string.h>
#include <zlib.h>

#include "core/limits.h"

#define FRAME_PRELUDE 12 /* total, headers, checksum */
#define FRAME_LEAST   16 /* the same and the last checksum */

/* Types of header values; those below 10 whose size is not fixed begin with two bytes of length. */
enum header_type { HEADER_BYTES = 6, HEADER_TEXT = 7, HEADER_TYPE_COUNT = 10 };
/* true, false, byte, short, int, long, bytes, text, time, uuid */
static const uint8_t header_sizes[HEADER_TYPE_COUNT] = {0, 0, 1, 2, 4, 8, 0, 0, 8, 16};

static uint32_t frame_u32(const char *at)
{
  const unsigned char *b = (const unsigned char *)at;
  return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static uint32_t frame_checksum(const char *bytes, size_t length)
{
  return (uint32_t)crc32(0, (const Bytef *)bytes, (uInt)length);
}

static void event_set(struct wr_event *event, struct wr_slice name, struct wr_slice value)
{
  const struct {
    const char *name;
    struct wr_slice *value;
  } known[] = {
      {":message-type", &event->message_type},     {":event-type", &event->event_type},
      {":exception-type", &event->exception_type}, {":error-code", &event->error_code},
      {":error-message", &event->error_message},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strlen(known[i].name) == name.length && memcmp(known[i].name, name.bytes, name.length) == 0)
      *known[i].value = value;
}

/* One header at *at; false: it does not end before `end`, or is of no known type. */
static bool header_read(const char **at, const char *end, struct wr_event *event)
{
  size_t name_length = (unsigned char)*(*at)++;
  if ((size_t)(end - *at) < name_length + 1)
    return false;
  struct wr_slice name = {*at, (uint32_t)name_length};
  *at += name_length;
  unsigned type = (unsigned char)*(*at)++;
  if (type >= HEADER_TYPE_COUNT)
    return false;
  size_t value_length = header_sizes[type];
  if (type == HEADER_BYTES || type == HEADER_TEXT) {
    if (end - *at < 2)
      return false;
    value_length = (size_t)(unsigned char)(*at)[0] << 8 | (unsigned char)(*at)[1];
    *at += 2;
  }
  if ((size_t)(end - *at) < value_length)
    return false;
  if (type == HEADER_TEXT)
    event_set(event, name, (struct wr_slice){*at, (uint32_t)value_length});
  *at += value_length;
  return true;
}

static enum wr_event_state frame_fail(const char **problem, const char *what)
{
  *problem = what;
  return WR_EVENT_BAD;
}

enum wr_event_state wr_event_read(const char *bytes, size_t length, struct wr_event *event,
                                  size_t *used, const char **problem)
{
  if (length < FRAME_PRELUDE)
    return WR_EVENT_PART;
  uint32_t total = frame_u32(bytes), headers = frame_u32(bytes + 4);
  if (frame_u32(bytes + 8) != frame_checksum(bytes, 8))
    return frame_fail(problem, "the checksum of a frame's beginning is wrong");
  if (total > WR_EVENT_BYTES_MAX)
    return frame_fail(problem, "a frame is longer than WR_EVENT_BYTES_MAX");
  if (total < FRAME_LEAST || headers > total - FRAME_LEAST)
    return frame_fail(problem, "the lengths of a frame do not fit");
  if (length < total)
    return WR_EVENT_PART;
  if (frame_u32(bytes + total - 4) != frame_checksum(bytes, total - 4))
    return frame_fail(problem, "the checksum of a frame is wrong");
  *event = (struct wr_event){
      .payload = {bytes + FRAME_PRELUDE + headers, total - FRAME_LEAST - headers}};
  const char *at = bytes + FRAME_PRELUDE, *end = at + headers;
  while (at < end)
    if (!header_read(&at, end, event))
      return frame_fail(problem, "the headers of a frame do not fit");
  *used = total;
  return WR_EVENT_WHOLE;
}
