/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. Messages live in an arena until the next round; bad data is shown only in
 * harmless excerpts. */
#include "formats/fault.h"

#include <assert.h>
#include <stdlib.h>

#include "text/utf8.h"

void wr_faults_reset(struct wr_faults *faults)
{
  faults->count = 0;
  wr_arena_reset(&faults->messages);
}

void wr_faults_free(struct wr_faults *faults)
{
  free(faults->list);
  wr_arena_free(&faults->messages);
  *faults = (struct wr_faults){0};
}

void wr_faults_add(struct wr_faults *faults, uint32_t frame, const char *format, ...)
{
  assert(faults->count == 0 || faults->list[faults->count - 1].frame < frame);
  if (faults->count == faults->capacity) {
    faults->capacity = faults->capacity ? faults->capacity * 2 : 16;
    faults->list = wr_memory_resize(faults->list, sizeof *faults->list * faults->capacity);
  }
  va_list args;
  va_start(args, format);
  const char *message = wr_arena_print_va(&faults->messages, format, args);
  va_end(args);
  faults->list[faults->count++] = (struct wr_fault){.frame = frame, .message = message};
}

struct wr_excerpt wr_excerpt_make(const char *bytes, size_t length)
{
  struct wr_excerpt excerpt;
  size_t at = 0, used = 0;
  while (at < length) {
    char point_bytes[WR_UTF8_BYTES_MAX];
    uint32_t point = wr_utf8_next(bytes, length, &at);
    unsigned point_length = wr_utf8_put(point < ' ' || point == 0x7f ? 0xfffd : point, point_bytes);
    if (used + point_length > WR_FAULT_EXCERPT_BYTES) {
      memcpy(excerpt.text + used, "...", 3);
      used += 3;
      break;
    }
    memcpy(excerpt.text + used, point_bytes, point_length);
    used += point_length;
  }
  assert(used < sizeof excerpt.text);
  excerpt.text[used] = '\0';
  return excerpt;
}
