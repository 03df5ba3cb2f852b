/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compressed data from outside. The first byte chooses the kind and the size of the pieces: what
 * comes out, and whether it is whole, must not depend on them. Then the same as a record.
 */
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "formats/unwrap.h"
#include "text/decompress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OUT_BYTES_MAX (1u << 20)

static void demand(bool holds)
{
  if (!holds)
    abort();
}

/* True: all bytes made sense. */
static bool run(enum wr_compression kind, const char *bytes, size_t size, size_t in_piece,
                size_t out_piece, struct wr_buffer *out, bool *is_whole)
{
  struct wr_decompress *stream;
  struct wr_error err;
  demand(wr_decompress_new(kind, &stream, &err) == WR_OK);
  enum wr_code code;
  size_t at = 0, taken, made;
  do {
    size_t piece = size - at < in_piece ? size - at : in_piece;
    code = wr_decompress_run(stream, bytes + at, piece, &taken, wr_buffer_reserve(out, out_piece),
                             out_piece, &made, &err);
    demand(code != WR_OK || taken || made || piece == 0);
    at += taken;
    wr_buffer_added(out, made);
  } while (code == WR_OK && (made || at < size) && out->length < OUT_BYTES_MAX);
  *is_whole = code == WR_OK && wr_decompress_is_whole(stream);
  wr_decompress_free(stream);
  return code == WR_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size == 0)
    return 0;
  const char *bytes = (const char *)data + 1;
  enum wr_compression kind = data[0] & 1 ? WR_COMPRESSION_ZSTD : WR_COMPRESSION_GZIP;
  struct wr_buffer one = {0}, two = {0};
  struct wr_error err;
  bool one_whole, two_whole;
  size--;
  bool one_good = run(kind, bytes, size, size + 1, 1u << 16, &one, &one_whole);
  bool two_good =
      run(kind, bytes, size, 1 + (data[0] >> 1 & 7), 1 + (data[0] >> 4), &two, &two_whole);
  if (one.length < OUT_BYTES_MAX) {
    demand(one_good == two_good && one_whole == two_whole);
    /* zlib and libzstd may hold back what stands before damage */
    size_t same = one.length < two.length ? one.length : two.length;
    demand(same == 0 || memcmp(one.bytes, two.bytes, same) == 0);
    demand(!one_good || one.length == two.length);
  }
  struct wr_unwrap *unwrap = wr_unwrap_new(WR_UNWRAP_AUTO);
  two.length = 0;
  bool made = wr_unwrap_record(unwrap, bytes, size, &two, &err);
  demand(made || two.length == 0);
  demand(two.length <= WR_RECORD_BYTES_MAX);
  if (made && wr_compression_of_bytes(bytes, size) == kind && one.length < OUT_BYTES_MAX)
    demand(one_whole && two.length == one.length);
  wr_unwrap_free(unwrap);
  wr_buffer_free(&one);
  wr_buffer_free(&two);
  return 0;
}
