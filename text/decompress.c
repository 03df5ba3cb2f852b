/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams of gzip and zstd. Both libraries are driven alike: a round takes and makes something, or
 * there is nothing to do. What a frame of zstd may ask for (its window) is bounded, so that a few
 * bytes cannot claim gigabytes; gzip never needs more than 32 KiB.
 */
#include "text/decompress.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "core/arena.h"
#include "core/limits.h"

#define DECOMPRESS_GZIP_WINDOW (15 + 16) /* the greatest, with gzip's head and no other */
#define ZSTD_HEAD_BYTES        4

const char *const wr_compression_names[] = {"none", "gzip", "zstd"};

struct wr_decompress {
  enum wr_compression kind;
  z_stream gzip;
  ZSTD_DCtx *zstd;
  bool in_frame; /* of zstd; else in its first bytes, or before them */
  unsigned char head[ZSTD_HEAD_BYTES];
  unsigned head_length;
  bool is_whole; /* behind a complete member */
};

enum wr_compression wr_compression_of_bytes(const char *bytes, size_t length)
{
  if (length >= 2 && memcmp(bytes, "\x1f\x8b", 2) == 0)
    return WR_COMPRESSION_GZIP;
  if (length >= 4 && memcmp(bytes, "\x28\xb5\x2f\xfd", 4) == 0)
    return WR_COMPRESSION_ZSTD;
  return WR_COMPRESSION_NONE;
}

enum wr_compression wr_compression_of_name(const char *name)
{
  size_t length = strlen(name);
  if (length > 3 && strcmp(name + length - 3, ".gz") == 0)
    return WR_COMPRESSION_GZIP;
  if (length > 4 && strcmp(name + length - 4, ".zst") == 0)
    return WR_COMPRESSION_ZSTD;
  return WR_COMPRESSION_NONE;
}

enum wr_code wr_decompress_new(enum wr_compression compression, struct wr_decompress **out,
                               struct wr_error *err)
{
  assert(compression != WR_COMPRESSION_NONE);
  struct wr_decompress *stream = wr_memory_get_zero(sizeof *stream);
  stream->kind = compression;
  bool is_ready;
  if (compression == WR_COMPRESSION_GZIP) {
    is_ready = inflateInit2(&stream->gzip, DECOMPRESS_GZIP_WINDOW) == Z_OK;
  } else {
    stream->zstd = ZSTD_createDCtx();
    is_ready = stream->zstd && !ZSTD_isError(ZSTD_DCtx_setParameter(
                                   stream->zstd, ZSTD_d_windowLogMax, WR_ZSTD_WINDOW_LOG_MAX));
  }
  if (!is_ready) {
    wr_decompress_free(stream);
    return wr_fail(err, WR_LIMIT, "there is no memory to read %s data",
                   wr_compression_names[compression]);
  }
  *out = stream;
  return WR_OK;
}

void wr_decompress_free(struct wr_decompress *stream)
{
  if (!stream)
    return;
  inflateEnd(&stream->gzip); /* refuses, and does nothing, where none was begun */
  ZSTD_freeDCtx(stream->zstd);
  free(stream);
}

void wr_decompress_reset(struct wr_decompress *stream)
{
  stream->is_whole = stream->in_frame = false;
  stream->head_length = 0;
  if (stream->kind == WR_COMPRESSION_GZIP)
    inflateReset(&stream->gzip);
  else
    ZSTD_DCtx_reset(stream->zstd, ZSTD_reset_session_only);
}

enum wr_compression wr_decompress_kind(const struct wr_decompress *stream)
{
  return stream->kind;
}

bool wr_decompress_is_whole(const struct wr_decompress *stream)
{
  return stream->is_whole;
}

/* ---- gzip */

/* Behind a member: another one, or zeros to the end. */
static enum wr_code gzip_begin_member(struct wr_decompress *stream, const char *in, size_t length,
                                      size_t *taken, struct wr_error *err)
{
  while (*taken < length && in[*taken] == '\0')
    ++*taken;
  if (*taken == length)
    return WR_OK;
  if ((unsigned char)in[*taken] != 0x1f)
    return wr_fail(err, WR_DATA, "has bytes behind its gzip data that are none");
  inflateReset(&stream->gzip);
  stream->is_whole = false;
  return WR_OK;
}

static enum wr_code gzip_run(struct wr_decompress *stream, const char *in, size_t in_length,
                             size_t *taken, char *out, size_t out_size, size_t *made,
                             struct wr_error *err)
{
  z_stream *gzip = &stream->gzip;
  for (;;) {
    if (stream->is_whole) {
      enum wr_code code = gzip_begin_member(stream, in, in_length, taken, err);
      if (code != WR_OK || stream->is_whole)
        return code;
    }
    size_t in_left = in_length - *taken, out_left = out_size - *made;
    uInt in_now = in_left < UINT_MAX ? (uInt)in_left : UINT_MAX;
    uInt out_now = out_left < UINT_MAX ? (uInt)out_left : UINT_MAX;
    gzip->next_in = (Bytef *)(in + *taken);
    gzip->avail_in = in_now;
    gzip->next_out = (Bytef *)(out + *made);
    gzip->avail_out = out_now;
    int status = inflate(gzip, Z_NO_FLUSH);
    *taken += in_now - gzip->avail_in;
    *made += out_now - gzip->avail_out;
    if (status == Z_BUF_ERROR) /* nothing was left to do */
      return WR_OK;
    if (status == Z_MEM_ERROR)
      return wr_fail(err, WR_LIMIT, "needs more memory than there is to read its gzip data");
    if (status != Z_OK && status != Z_STREAM_END)
      return wr_fail(err, WR_DATA, "is damaged gzip data: %s",
                     gzip->msg ? gzip->msg : "it makes no sense");
    stream->is_whole = status == Z_STREAM_END;
  }
}

/* ---- zstd */

static enum wr_code zstd_fail(size_t status, struct wr_error *err)
{
  if (ZSTD_getErrorCode(status) == ZSTD_error_frameParameter_windowTooLarge)
    return wr_fail(err, WR_DATA,
                   "wants a window of zstd of more than %u bytes (WR_ZSTD_WINDOW_LOG_MAX)",
                   1u << WR_ZSTD_WINDOW_LOG_MAX);
  if (ZSTD_getErrorCode(status) == ZSTD_error_memory_allocation)
    return wr_fail(err, WR_LIMIT, "needs more memory than there is to read its zstd data");
  return wr_fail(err, WR_DATA, "is damaged zstd data: %s", ZSTD_getErrorName(status));
}

/* The first bytes of a frame are looked at before the library sees them, which would read forms
 * from before the standard, too: 28 b5 2f fd, or 50..5f 2a 4d 18, which is to be skipped. */
static enum wr_code zstd_begin_frame(struct wr_decompress *stream, const char *in, size_t length,
                                     size_t *taken, struct wr_error *err)
{
  static const unsigned char frame[ZSTD_HEAD_BYTES] = {0x28, 0xb5, 0x2f, 0xfd};
  static const unsigned char other[ZSTD_HEAD_BYTES] = {0x50, 0x2a, 0x4d, 0x18};
  while (*taken < length && stream->head_length < ZSTD_HEAD_BYTES) {
    stream->head[stream->head_length++] = (unsigned char)in[(*taken)++];
    stream->is_whole = false;
    unsigned char first = stream->head[0];
    const unsigned char *want = first == frame[0] ? frame : other;
    if ((want == other && (first & 0xf0) != other[0]) ||
        memcmp(stream->head + 1, want + 1, stream->head_length - 1) != 0)
      return wr_fail(err, WR_DATA, "has bytes that are no zstd data where a frame should begin");
  }
  if (stream->head_length < ZSTD_HEAD_BYTES)
    return WR_OK;
  ZSTD_inBuffer from = {stream->head, ZSTD_HEAD_BYTES, 0};
  ZSTD_outBuffer to = {stream->head, 0, 0};
  size_t status = ZSTD_decompressStream(stream->zstd, &to, &from);
  if (ZSTD_isError(status))
    return zstd_fail(status, err);
  assert(from.pos == ZSTD_HEAD_BYTES); /* a frame is longer */
  stream->in_frame = true;
  stream->head_length = 0;
  return WR_OK;
}

static enum wr_code zstd_run(struct wr_decompress *stream, const char *in, size_t in_length,
                             size_t *taken, char *out, size_t out_size, size_t *made,
                             struct wr_error *err)
{
  for (;;) {
    if (!stream->in_frame) {
      enum wr_code code = zstd_begin_frame(stream, in, in_length, taken, err);
      if (code != WR_OK || !stream->in_frame)
        return code;
    }
    ZSTD_inBuffer from = {in, in_length, *taken};
    ZSTD_outBuffer to = {out, out_size, *made};
    size_t status = ZSTD_decompressStream(stream->zstd, &to, &from);
    bool moved = from.pos > *taken || to.pos > *made;
    *taken = from.pos;
    *made = to.pos;
    if (ZSTD_isError(status))
      return zstd_fail(status, err);
    if (!moved)
      return WR_OK;
    stream->is_whole = status == 0;
    stream->in_frame = status != 0;
  }
}

enum wr_code wr_decompress_run(struct wr_decompress *stream, const char *in, size_t in_length,
                               size_t *taken, char *out, size_t out_size, size_t *made,
                               struct wr_error *err)
{
  assert(out_size > 0);
  *taken = *made = 0;
  enum wr_code code = stream->kind == WR_COMPRESSION_GZIP
                          ? gzip_run(stream, in, in_length, taken, out, out_size, made, err)
                          : zstd_run(stream, in, in_length, taken, out, out_size, made, err);
  assert(*taken <= in_length && *made <= out_size);
  return code;
}
