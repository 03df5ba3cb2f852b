/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold of every format that decodes and encodes, whatever the bytes: the records that
 * frame finds lie in the bytes, each gives the same rows alone as among its neighbours, and rows
 * that are written read back the same.
 */
#ifndef WEIR_TESTS_FUZZ_DECODE_H
#define WEIR_TESTS_FUZZ_DECODE_H

#include <stdlib.h>
#include <string.h>

#include "formats/format.h"
#include "text/json_write.h"

#define FUZZ_FRAMES_MAX 256

static inline void fuzz_demand(bool holds)
{
  if (!holds)
    abort();
}

/* With exactly the padding that decoders may read. */
static inline char *fuzz_copy(const char *bytes, size_t length)
{
  char *copy = wr_memory_get(length + WR_PADDING);
  memcpy(copy, bytes, length);
  memset(copy + length, '"', WR_PADDING);
  return copy;
}

static inline void fuzz_show(const struct wr_schema *schema, const struct wr_decoded *decoded,
                             struct wr_buffer *out)
{
  struct wr_json_row_writer *writer = wr_json_row_writer_new(schema, NULL);
  uint32_t fault = 0;
  for (uint32_t row = 0; row <= decoded->row_count; row++) {
    bool last = row == decoded->row_count;
    uint32_t frame = last ? UINT32_MAX : decoded->row_frame ? decoded->row_frame[row] : row;
    for (; fault < decoded->fault_count && decoded->faults[fault].frame < frame; fault++)
      wr_buffer_print(out, "! %s\n", decoded->faults[fault].message);
    if (!last) {
      wr_buffer_print(out, "%d ", decoded->change ? decoded->change[row] : 0);
      wr_json_row_write(writer, decoded->columns, row, out);
      wr_buffer_put_char(out, '\n');
    }
  }
  wr_json_row_writer_free(writer);
}

static inline void fuzz_round_trip(const struct wr_format_spec *spec, struct wr_decoder *decoder,
                                   const struct wr_decoded *decoded)
{
  const struct wr_format *format = decoder->format;
  struct wr_encoder *encoder;
  struct wr_error err;
  struct wr_buffer written = {0}, before = {0}, after = {0};
  if (decoded->row_count == 0 || format->check(spec, false, &err) != WR_OK)
    return;
  struct wr_decoded good = {.row_count = decoded->row_count, .columns = decoded->columns};
  size_t *ends = wr_memory_get(sizeof *ends * good.row_count);
  struct wr_frame *frames = wr_memory_get(sizeof *frames * good.row_count);
  struct wr_batch batch = {.schema = spec->schema,
                           .columns = good.columns,
                           .row_count = good.row_count,
                           .picked_count = good.row_count};
  fuzz_demand(format->encoder_new(spec, &encoder, &err) == WR_OK);
  format->encode(encoder, &batch, &written, ends);
  fuzz_demand(encoder->fault_count == 0); /* what was read has a form */
  fuzz_show(spec->schema, &good, &before);
  for (uint32_t i = 0; i < good.row_count; i++) {
    size_t begin = i ? ends[i - 1] : 0;
    frames[i] = (struct wr_frame){.bytes = fuzz_copy(written.bytes + begin, ends[i] - begin),
                                  .length = (uint32_t)(ends[i] - begin)};
  }
  struct wr_decoded again;
  format->decode(decoder, frames, good.row_count, &again);
  fuzz_show(spec->schema, &again, &after);
  fuzz_demand(before.length == after.length &&
              memcmp(before.bytes, after.bytes, before.length) == 0);
  for (uint32_t i = 0; i < good.row_count; i++)
    free((char *)frames[i].bytes);
  free(frames);
  free(ends);
  format->encoder_free(encoder);
  wr_buffer_free(&written);
  wr_buffer_free(&before);
  wr_buffer_free(&after);
}

static inline void fuzz_frames(const struct wr_format_spec *spec, struct wr_decoder *decoder,
                               const struct wr_frame *frames, uint32_t count, bool is_exact)
{
  struct wr_buffer together = {0}, alone = {0};
  struct wr_decoded decoded;
  for (uint32_t i = 0; i < count; i++) {
    char *copy = fuzz_copy(frames[i].bytes, frames[i].length);
    struct wr_frame frame = {.bytes = copy, .length = frames[i].length};
    decoder->format->decode(decoder, &frame, 1, &decoded);
    fuzz_show(spec->schema, &decoded, &alone);
    free(copy);
  }
  decoder->format->decode(decoder, frames, count, &decoded);
  fuzz_show(spec->schema, &decoded, &together);
  fuzz_demand(together.length == alone.length &&
              (together.length == 0 || memcmp(together.bytes, alone.bytes, alone.length) == 0));
  if (is_exact)
    fuzz_round_trip(spec, decoder, &decoded);
  wr_buffer_free(&together);
  wr_buffer_free(&alone);
}

/* All columns of spec->schema are wanted. is_exact: what is written is what is read back, NULL as
 * well. */
static inline void fuzz_decode(const char *format_name, const struct wr_format_spec *spec,
                               bool is_exact, const char *bytes, size_t length)
{
  const struct wr_format *format = wr_format_find(format_name);
  struct wr_decoder *decoder;
  struct wr_error err;
  struct wr_frame frames[FUZZ_FRAMES_MAX];
  if (format->check(spec, true, &err) != WR_OK)
    return;
  fuzz_demand(format->decoder_new(spec, &decoder, &err) == WR_OK);
  char *copy = fuzz_copy(bytes, length);
  for (size_t at = 0, consumed = 0; at < length; at += consumed) {
    uint32_t count = format->frame(decoder, copy + at, length - at, at == 0, true, frames,
                                   FUZZ_FRAMES_MAX, &consumed);
    fuzz_demand(consumed > 0 && consumed <= length - at && count <= FUZZ_FRAMES_MAX);
    for (uint32_t i = 0; i < count; i++)
      fuzz_demand(frames[i].bytes >= copy + at &&
                  frames[i].bytes + frames[i].length <= copy + at + consumed);
    fuzz_frames(spec, decoder, frames, count, is_exact);
  }
  free(copy);
  format->decoder_free(decoder);
}

#endif
