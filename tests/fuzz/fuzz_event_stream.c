/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of an event stream, as a server may send them. The fuzzer cannot guess checksums: the
 * input is read as it is, and once more with its checksums put right. Everything an event names
 * lies in its frame. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "connectors/event_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
  if (!holds)
    abort();
}

static void demand_inside(struct wr_slice slice, const char *frame, size_t length)
{
  demand(slice.length == 0 ||
         (slice.bytes >= frame && slice.bytes + slice.length <= frame + length));
}

static void read_all(const char *bytes, size_t size)
{
  struct wr_event event;
  const char *problem = NULL;
  size_t at = 0, used = 0;
  enum wr_event_state state;
  while ((state = wr_event_read(bytes + at, size - at, &event, &used, &problem)) ==
         WR_EVENT_WHOLE) {
    demand(used >= 16 && used <= size - at);
    const struct wr_slice all[] = {event.message_type,  event.event_type, event.exception_type,
                                   event.error_message, event.error_code, event.payload};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
      demand_inside(all[i], bytes + at, used);
    at += used;
  }
  demand(state == WR_EVENT_PART || problem != NULL);
}

static void put_u32(char *at, uint32_t value)
{
  for (int i = 0; i < 4; i++)
    at[i] = (char)(value >> (24 - 8 * i));
}

/* The first frame, whose length is all there is. */
static void repair(char *bytes, size_t size)
{
  put_u32(bytes, (uint32_t)size);
  put_u32(bytes + 8, (uint32_t)crc32(0, (const Bytef *)bytes, 8));
  put_u32(bytes + size - 4, (uint32_t)crc32(0, (const Bytef *)bytes, (uInt)size - 4));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char *bytes = malloc(size ? size : 1); /* of exactly this size: reading on is seen */
  memcpy(bytes, data, size);
  read_all(bytes, size);
  if (size >= 16 && size < UINT32_MAX) {
    repair(bytes, size);
    read_all(bytes, size);
  }
  free(bytes);
  return 0;
}
