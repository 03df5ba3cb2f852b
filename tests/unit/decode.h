/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Formats under test: decodes text and shows what came out as text, one line per row and fault in
 * the order of their records:
 *
 *   {"a":1,"b":null}
 *   ! column a: "x" is not a BIGINT
 *   -U {"a":1,"b":null}            if the format gives changes
 *
 * Bytes behind the text are hostile, and end where a decoder may no longer read.
 */
#ifndef WEIR_TESTS_UNIT_DECODE_H
#define WEIR_TESTS_UNIT_DECODE_H

#include <assert.h>
#include <stdlib.h>

#include "formats/format.h"
#include "tests/unit/check.h"
#include "text/json_write.h"

#define DECODE_FRAMES_MAX 64

/* A decoder to try. options: pairs of key and value, ends with NULL; NULL: none. */
struct decode_trial {
  const char *format;
  const struct wr_schema *schema;
  const char *const *options;
  const char *time_zone;
  bool
      apart; /* every record in memory of its own, as messages come; else as they lie in the text */
};

static inline struct wr_options decode_options(const char *const *pairs,
                                               struct wr_option_value *values)
{
  struct wr_options options = {.values = values};
  for (; pairs && *pairs; pairs += 2)
    values[options.value_count++] = (struct wr_option_value){.key = pairs[0], .value = pairs[1]};
  return options;
}

static inline char *decode_copy(const char *bytes, size_t length)
{
  char *copy = wr_memory_get(length + WR_PADDING);
  if (length)
    memcpy(copy, bytes, length);
  memset(copy + length, '"', WR_PADDING);
  return copy;
}

static inline void decode_show(const struct wr_schema *schema, const struct wr_decoded *decoded,
                               struct wr_buffer *out)
{
  static const char *const ops[] = {"+I", "-D", "+U", "-U"};
  struct wr_json_row_writer *writer = wr_json_row_writer_new(schema, NULL);
  uint32_t fault = 0;
  for (uint32_t row = 0; row <= decoded->row_count; row++) {
    bool last = row == decoded->row_count;
    uint32_t frame = last ? UINT32_MAX : decoded->row_frame ? decoded->row_frame[row] : row;
    for (; fault < decoded->fault_count && decoded->faults[fault].frame < frame; fault++)
      wr_buffer_print(out, "! %s\n", decoded->faults[fault].message);
    if (last)
      break;
    if (decoded->change)
      wr_buffer_print(out, "%s ", ops[decoded->change[row] & 3]);
    wr_json_row_write(writer, decoded->columns, row, out);
    wr_buffer_put_char(out, '\n');
  }
  wr_json_row_writer_free(writer);
}

static inline void decode_frames(struct wr_decoder *decoder, const struct decode_trial *trial,
                                 const struct wr_frame *frames, uint32_t count,
                                 struct wr_buffer *out)
{
  struct wr_decoded decoded;
  struct wr_frame apart[DECODE_FRAMES_MAX];
  assert(count <= DECODE_FRAMES_MAX);
  for (uint32_t i = 0; i < count; i++)
    apart[i] = (struct wr_frame){.bytes = decode_copy(frames[i].bytes, frames[i].length),
                                 .length = frames[i].length};
  decoder->format->decode(decoder, trial->apart ? apart : frames, count, &decoded);
  decode_show(trial->schema, &decoded, out);
  for (uint32_t i = 0; i < count; i++)
    free((char *)apart[i].bytes);
}

/* The text goes in by chunks of chunk_bytes: a chunk that holds no whole record grows by the next
 * one. */
static inline void decode_text(const struct decode_trial *trial, const char *text, size_t length,
                               size_t chunk_bytes, uint32_t frames_max, struct wr_buffer *out)
{
  struct wr_option_value values[16];
  struct wr_options options = decode_options(trial->options, values);
  uint32_t wanted[32];
  for (uint32_t i = 0; i < trial->schema->column_count; i++)
    wanted[i] = i;
  struct wr_format_spec spec = {.schema = trial->schema,
                                .wanted = wanted,
                                .wanted_count = trial->schema->column_count,
                                .options = &options,
                                .time_zone = trial->time_zone};
  const struct wr_format *format = wr_format_find(trial->format);
  struct wr_decoder *decoder;
  struct wr_error err;
  if (format->check(&spec, true, &err) != WR_OK ||
      format->decoder_new(&spec, &decoder, &err) != WR_OK) {
    wr_buffer_print(out, "error: %s\n", err.message);
    return;
  }
  struct wr_frame frames[DECODE_FRAMES_MAX];
  bool first = true;
  for (size_t at = 0, end = 0; at < length;) {
    end = length - end < chunk_bytes ? length : end + chunk_bytes;
    char *copy = decode_copy(text + at, end - at);
    size_t used = 0, consumed;
    for (;;) {
      uint32_t count = format->frame(decoder, copy + used, end - at - used, first, end == length,
                                     frames, frames_max, &consumed);
      first = first && consumed == 0;
      decode_frames(decoder, trial, frames, count, out);
      used += consumed;
      if (consumed == 0 || used == end - at)
        break;
    }
    at += used;
    free(copy);
    if (at < length && end == length && used == 0)
      break; /* a mistake: whole records are left that are not handed out */
  }
  format->decoder_free(decoder);
}

/* Decodes in several ways, all of which must give `expected`. */
static inline void decode_check(struct decode_trial trial, const char *text, size_t length,
                                const char *expected)
{
  static const size_t chunk_bytes[] = {1 << 20, 7, 64};
  static const uint32_t frames_max[] = {DECODE_FRAMES_MAX, 3, 1};
  struct wr_buffer out = {0};
  for (size_t way = 0; way < 2 * WR_COUNT(chunk_bytes); way++) {
    trial.apart = way % 2;
    wr_buffer_clear(&out);
    decode_text(&trial, text, length, chunk_bytes[way / 2], frames_max[way / 2], &out);
    WR_CHECK(strcmp(wr_buffer_string(&out), expected) == 0, "way %zu of %.60s\n%s  instead of\n%s",
             way, text, out.bytes, expected);
  }
  wr_buffer_free(&out);
}

static inline void decode_check_text(struct decode_trial trial, const char *text,
                                     const char *expected)
{
  decode_check(trial, text, strlen(text), expected);
}

#endif
