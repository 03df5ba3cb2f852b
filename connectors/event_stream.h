/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frames of application/vnd.amazon.eventstream, as SubscribeToShard answers in them:
 *
 *   | total | headers | crc of these two | headers ... | payload ... | crc of all before |
 *   4 bytes each, big-endian; a header is | length | name | type | value |
 *
 * Nothing is copied: an event lies in the bytes it was read from.
 */
#ifndef WEIR_CONNECTORS_EVENT_STREAM_H
#define WEIR_CONNECTORS_EVENT_STREAM_H

#include <stddef.h>

#include "core/batch.h"

/* Of the headers those that say what an event is; the others are checked and left. Empty: absent.
 */
struct wr_event {
  struct wr_slice message_type;   /* ":message-type": event, exception, error */
  struct wr_slice event_type;     /* ":event-type" of an event, e.g. SubscribeToShardEvent */
  struct wr_slice exception_type; /* ":exception-type" of an exception */
  struct wr_slice error_code;     /* ":error-code" of an error */
  struct wr_slice error_message;  /* ":error-message" of an error */
  struct wr_slice payload;
};

enum wr_event_state {
  WR_EVENT_WHOLE,
  WR_EVENT_PART, /* the frame goes on behind these bytes */
  WR_EVENT_BAD
};

/* Reads the frame at the beginning of bytes; *used: its length. Bad: *problem says why, a clause.
 */
enum wr_event_state wr_event_read(const char *bytes, size_t length, struct wr_event *event,
                                  size_t *used, const char **problem);

#endif
