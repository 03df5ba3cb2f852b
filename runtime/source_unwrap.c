/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages whose values are compressed ('value.compression'), between poll and decode. What they
 * become lies in one buffer until the next step; when that has grown enough the batch ends there,
 * so that a batch of small records that become large ones stays within bounds. A record that cannot
 * be decompressed is a reject at its place among those that cannot be decoded.
 */
#include "runtime/source_inner.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/unwrap.h"

#define SOURCE_UNWRAPPED_BYTES                                       \
  (1u << 20) /* a batch ends behind so much, and the record it is in \
              */

struct wr_source_fault {
  uint32_t message;
  char text[192];
};

struct wr_source_unwrap {
  struct wr_unwrap *unwrap;
  struct wr_buffer buffer;
  struct wr_source_fault *faults;
  uint32_t fault_count, fault_capacity;
  uint32_t fault_at; /* the next one to tell */
};

struct wr_source_unwrap *wr_source_unwrap_new(const struct wr_options *options)
{
  const char *choice = wr_options_find(options, "value.compression");
  struct wr_unwrap *unwrap = choice ? wr_unwrap_new(wr_unwrap_kind_of(choice)) : NULL;
  if (!unwrap)
    return NULL;
  struct wr_source_unwrap *self = wr_memory_get_zero(sizeof *self);
  self->unwrap = unwrap;
  return self;
}

void wr_source_unwrap_free(struct wr_source_unwrap *self)
{
  if (!self)
    return;
  wr_unwrap_free(self->unwrap);
  wr_buffer_free(&self->buffer);
  free(self->faults);
  free(self);
}

static void unwrap_add_fault(struct wr_source_unwrap *self, uint32_t message, const char *text)
{
  if (self->fault_count == self->fault_capacity) {
    self->fault_capacity = self->fault_capacity ? 2 * self->fault_capacity : 16;
    self->faults = wr_memory_resize(self->faults, self->fault_capacity * sizeof *self->faults);
  }
  struct wr_source_fault *fault = &self->faults[self->fault_count++];
  fault->message = message;
  snprintf(fault->text, sizeof fault->text, "%.*s", (int)sizeof fault->text - 1, text);
}

size_t wr_source_unwrapped_bytes(const struct wr_source_unwrap *unwrap)
{
  return unwrap->buffer.length;
}

/* The buffer moves while it grows: frames in it have no address until it is complete. */
static const char unwrap_nowhere;

static void unwrap_place(struct wr_source_records *records)
{
  struct wr_buffer *buffer = &records->unwrap->buffer;
  memset(wr_buffer_reserve(buffer, WR_PADDING), 0, WR_PADDING);
  const char *at = buffer->bytes;
  for (uint32_t f = 0; f < records->frame_count; f++) {
    struct wr_frame *frame = &records->frames[f];
    if (frame->bytes != &unwrap_nowhere)
      continue;
    frame->bytes = at;
    at += frame->length;
  }
  assert(at == buffer->bytes + buffer->length);
}

void wr_source_unwrap(struct wr_source_records *records)
{
  struct wr_source_unwrap *self = records->unwrap;
  uint32_t kept = 0;
  assert(self->fault_at == self->fault_count);
  self->fault_count = self->fault_at = 0;
  wr_buffer_clear(&self->buffer);
  for (uint32_t f = 0; f < records->frame_count; f++) {
    struct wr_frame frame = records->frames[f];
    uint32_t message = records->frame_message[f];
    if (frame.bytes && wr_unwrap_wants(self->unwrap, frame.bytes, frame.length)) {
      size_t begin = self->buffer.length;
      struct wr_error err;
      if (!wr_unwrap_record(self->unwrap, frame.bytes, frame.length, &self->buffer, &err)) {
        unwrap_add_fault(self, message, err.message);
        continue;
      }
      frame.bytes = &unwrap_nowhere;
      frame.length = (uint32_t)(self->buffer.length - begin);
    }
    records->frames[kept] = frame;
    records->frame_message[kept++] = message;
    if (self->buffer.length >= SOURCE_UNWRAPPED_BYTES) {
      records->message_count = message + 1;
      break;
    }
  }
  records->frame_count = kept;
  unwrap_place(records);
}

enum wr_code wr_source_reject_wrapped(struct wr_source *source,
                                      const struct wr_source_records *records, uint32_t before,
                                      int64_t now_us, struct wr_error *err)
{
  struct wr_source_unwrap *self = records->unwrap;
  enum wr_code code = WR_OK;
  while (self && code == WR_OK && self->fault_at < self->fault_count &&
         self->faults[self->fault_at].message < before) {
    const struct wr_source_fault *fault = &self->faults[self->fault_at++];
    const struct wr_message *message = &records->messages[fault->message];
    const struct wr_frame frame = {.bytes = message->bytes, .length = message->length};
    code = wr_source_reject_message(source, message, &frame, now_us, fault->text, err);
  }
  return code;
}
