/* SPDX-License-Identifier: Apache-2.0 */
/* One stream of each kind, begun anew with every record: what it costs to make them is paid once.
 */
#include "formats/unwrap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/limits.h"
#include "text/decompress.h"

#define UNWRAP_ROOM_MIN 1024u

struct wr_unwrap {
  enum wr_unwrap_kind kind;
  struct wr_decompress *streams[WR_COMPRESSION_ZSTD + 1]; /* NULL: not needed so far */
};

enum wr_unwrap_kind wr_unwrap_kind_of(const char *text)
{
  static const char *const names[] = {"none", "gzip", "zstd", "auto"};
  for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(text, names[i]) == 0)
      return (enum wr_unwrap_kind)i;
  assert(!"one of WR_UNWRAP_CHOICES");
  return WR_UNWRAP_NONE;
}

struct wr_unwrap *wr_unwrap_new(enum wr_unwrap_kind kind)
{
  if (kind == WR_UNWRAP_NONE)
    return NULL;
  struct wr_unwrap *unwrap = wr_memory_get_zero(sizeof *unwrap);
  unwrap->kind = kind;
  return unwrap;
}

void wr_unwrap_free(struct wr_unwrap *unwrap)
{
  if (!unwrap)
    return;
  for (int i = 0; i <= WR_COMPRESSION_ZSTD; i++)
    wr_decompress_free(unwrap->streams[i]);
  free(unwrap);
}

bool wr_unwrap_wants(const struct wr_unwrap *unwrap, const char *bytes, size_t length)
{
  return unwrap->kind != WR_UNWRAP_AUTO ||
         wr_compression_of_bytes(bytes, length) != WR_COMPRESSION_NONE;
}

/* The whole record, with room that grows as it has to. An error is a clause about the record. */
static enum wr_code unwrap_run(struct wr_decompress *stream, const char *bytes, size_t length,
                               struct wr_buffer *out, struct wr_error *err)
{
  size_t begin = out->length, taken, made, room = 4 * length + UNWRAP_ROOM_MIN;
  enum wr_code code;
  for (;;) {
    size_t left = WR_RECORD_BYTES_MAX + 1 - (out->length - begin);
    room = room < left ? room : left;
    char *to = wr_buffer_reserve(out, room);
    code = wr_decompress_run(stream, bytes, length, &taken, to, room, &made, err);
    wr_buffer_added(out, made);
    if (code != WR_OK)
      return code;
    if (out->length - begin > WR_RECORD_BYTES_MAX)
      return wr_fail(err, WR_LIMIT,
                     "becomes longer than %u bytes (WR_RECORD_BYTES_MAX) when it is decompressed",
                     (unsigned)WR_RECORD_BYTES_MAX);
    if (made < room)
      break;
    bytes += taken;
    length -= taken;
    room = out->length - begin;
  }
  if (!wr_decompress_is_whole(stream))
    return wr_fail(err, WR_DATA, "ends in the middle of its %s data",
                   wr_compression_names[wr_decompress_kind(stream)]);
  return WR_OK;
}

bool wr_unwrap_record(struct wr_unwrap *unwrap, const char *bytes, size_t length,
                      struct wr_buffer *out, struct wr_error *err)
{
  enum wr_compression found = wr_compression_of_bytes(bytes, length);
  enum wr_compression wanted = unwrap->kind == WR_UNWRAP_GZIP   ? WR_COMPRESSION_GZIP
                               : unwrap->kind == WR_UNWRAP_ZSTD ? WR_COMPRESSION_ZSTD
                                                                : found;
  if (wanted == WR_COMPRESSION_NONE) {
    wr_buffer_put(out, bytes, length);
    return true;
  }
  if (found != wanted) {
    wr_fail(err, WR_DATA, "the record is no %s data%s%s", wr_compression_names[wanted],
            found ? " but " : "", found ? wr_compression_names[found] : "");
    return false;
  }
  struct wr_decompress **stream = &unwrap->streams[wanted];
  if (!*stream && wr_decompress_new(wanted, stream, err) != WR_OK)
    return false;
  wr_decompress_reset(*stream);
  size_t begin = out->length;
  if (unwrap_run(*stream, bytes, length, out, err) == WR_OK)
    return true;
  out->length = begin;
  const struct wr_error cause = *err;
  wr_fail(err, cause.code, "the record %s", cause.message);
  return false;
}
