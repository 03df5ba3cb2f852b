/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of gzip and zstd in pieces of every size, and records that are compressed one by one. */
#include "text/decompress.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "core/arena.h"
#include "core/limits.h"
#include "formats/unwrap.h"
#include "tests/unit/check.h"

static void put_gzip(struct wr_buffer *out, const char *text, size_t length)
{
  z_stream stream = {0};
  CU_ASSERT_EQUAL(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  size_t bound = deflateBound(&stream, length);
  stream.next_in = (Bytef *)text;
  stream.avail_in = (uInt)length;
  stream.next_out = (Bytef *)wr_buffer_reserve(out, bound);
  stream.avail_out = (uInt)bound;
  CU_ASSERT_EQUAL(deflate(&stream, Z_FINISH), Z_STREAM_END);
  wr_buffer_added(out, bound - stream.avail_out);
  deflateEnd(&stream);
}

static void put_zstd(struct wr_buffer *out, const char *text, size_t length)
{
  size_t bound = ZSTD_compressBound(length);
  size_t made = ZSTD_compress(wr_buffer_reserve(out, bound), bound, text, length, 3);
  CU_ASSERT_FALSE(ZSTD_isError(made));
  wr_buffer_added(out, made);
}

static void put(enum wr_compression kind, struct wr_buffer *out, const char *text, size_t length)
{
  (kind == WR_COMPRESSION_GZIP ? put_gzip : put_zstd)(out, text, length);
}

static const enum wr_compression kinds[] = {WR_COMPRESSION_GZIP, WR_COMPRESSION_ZSTD};

/* All of the bytes through a stream, in_piece bytes at a time into room for out_piece. */
static enum wr_code run(enum wr_compression kind, const struct wr_buffer *in, size_t in_piece,
                        size_t out_piece, struct wr_buffer *out, bool *is_whole,
                        struct wr_error *err)
{
  struct wr_decompress *stream;
  CU_ASSERT_EQUAL_FATAL(wr_decompress_new(kind, &stream, err), WR_OK);
  enum wr_code code = WR_OK;
  size_t at = 0, taken, made;
  do {
    size_t piece = in->length - at < in_piece ? in->length - at : in_piece;
    code = wr_decompress_run(stream, in->bytes + at, piece, &taken,
                             wr_buffer_reserve(out, out_piece), out_piece, &made, err);
    at += taken;
    wr_buffer_added(out, made);
  } while (code == WR_OK && (made || at < in->length));
  *is_whole = wr_decompress_is_whole(stream);
  wr_decompress_free(stream);
  return code;
}

static void in_pieces_of_any_size(void)
{
  static const size_t in_pieces[] = {1, 2, 7, 1000, 1 << 20}, out_pieces[] = {1, 3, 4096, 1 << 20};
  struct wr_buffer text = {0};
  for (int i = 0; text.length < 20000; i++)
    wr_buffer_print(&text, "{\"n\":%d,\"square\":%d}\n", i, i * i);
  for (size_t k = 0; k < WR_COUNT(kinds); k++) {
    struct wr_buffer packed = {0};
    put(kinds[k], &packed, text.bytes, 7000); /* three members, the middle one empty */
    put(kinds[k], &packed, text.bytes, 0);
    put(kinds[k], &packed, text.bytes + 7000, text.length - 7000);
    CU_ASSERT_EQUAL(wr_compression_of_bytes(packed.bytes, packed.length), kinds[k]);
    for (size_t i = 0; i < WR_COUNT(in_pieces); i++)
      for (size_t o = 0; o < WR_COUNT(out_pieces); o++) {
        struct wr_buffer out = {0};
        struct wr_error err;
        bool is_whole;
        WR_CHECK(run(kinds[k], &packed, in_pieces[i], out_pieces[o], &out, &is_whole, &err) ==
                         WR_OK &&
                     is_whole && out.length == text.length &&
                     memcmp(out.bytes, text.bytes, text.length) == 0,
                 "%s, %zu to %zu", wr_compression_names[kinds[k]], in_pieces[i], out_pieces[o]);
        wr_buffer_free(&out);
      }
    wr_buffer_free(&packed);
  }
  wr_buffer_free(&text);
}

/* Wherever it is cut, what came out is the beginning of the text, and it is not whole. */
static void truncated_is_not_whole(void)
{
  static const char text[] = "one two three two three one three one two";
  for (size_t k = 0; k < WR_COUNT(kinds); k++) {
    struct wr_buffer packed = {0};
    put(kinds[k], &packed, text, sizeof text);
    for (size_t length = packed.length; length-- > 0;) {
      struct wr_buffer cut = {packed.bytes, length, packed.capacity}, out = {0};
      struct wr_error err;
      bool is_whole;
      WR_CHECK(run(kinds[k], &cut, length + 1, 16, &out, &is_whole, &err) == WR_OK && !is_whole &&
                   out.length <= sizeof text && memcmp(out.bytes, text, out.length) == 0,
               "%s cut to %zu", wr_compression_names[kinds[k]], length);
      wr_buffer_free(&out);
    }
    wr_buffer_free(&packed);
  }
}

static void what_stands_behind(void)
{
  static const struct {
    const char *bytes;
    size_t length;
    const char *problem; /* of gzip, NULL: none */
  } rows[] = {{"\0\0\0\0", 4, NULL},
              {"x", 1, "has bytes behind its gzip data that are none"},
              {"\0x", 2, "has bytes behind its gzip data that are none"},
              {"\x1fx", 2, "is damaged gzip data: incorrect header check"}};
  static const char no_zstd[] = "has bytes that are no zstd data where a frame should begin";
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_buffer packed = {0}, out = {0};
    struct wr_error err = {0};
    bool is_whole;
    put_gzip(&packed, "text", 4);
    wr_buffer_put(&packed, rows[i].bytes, rows[i].length);
    enum wr_code code = run(WR_COMPRESSION_GZIP, &packed, 3, 64, &out, &is_whole, &err);
    WR_CHECK(rows[i].problem ? code == WR_DATA && strcmp(err.message, rows[i].problem) == 0
                             : code == WR_OK && is_whole,
             "row %zu: %s", i, err.message);
    CU_ASSERT(out.length == 4 && memcmp(out.bytes, "text", 4) == 0);
    packed.length = out.length = 0; /* of zstd nothing may */
    put_zstd(&packed, "text", 4);
    wr_buffer_put(&packed, rows[i].bytes, rows[i].length);
    WR_CHECK(run(WR_COMPRESSION_ZSTD, &packed, 3, 64, &out, &is_whole, &err) == WR_DATA &&
                 strcmp(err.message, no_zstd) == 0 && out.length == 4,
             "row %zu: %s", i, err.message);
    wr_buffer_free(&packed);
    wr_buffer_free(&out);
  }
}

/* A frame of zstd says how much memory its reader needs: 2^31 bytes are more than anybody gets. */
static void window_is_bounded(void)
{
  static const char frame[] = "\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00";
  struct wr_buffer packed = {(char *)frame, sizeof frame - 1, sizeof frame - 1}, out = {0};
  struct wr_error err = {0};
  bool is_whole;
  CU_ASSERT_EQUAL(run(WR_COMPRESSION_ZSTD, &packed, 64, 64, &out, &is_whole, &err), WR_DATA);
  WR_CHECK(strstr(err.message, "WR_ZSTD_WINDOW_LOG_MAX") != NULL, "%s", err.message);
  wr_buffer_free(&out);
}

static void names(void)
{
  CU_ASSERT_EQUAL(wr_compression_of_name("a/b.json.gz"), WR_COMPRESSION_GZIP);
  CU_ASSERT_EQUAL(wr_compression_of_name("b.csv.zst"), WR_COMPRESSION_ZSTD);
  CU_ASSERT_EQUAL(wr_compression_of_name(".gz"), WR_COMPRESSION_NONE);
  CU_ASSERT_EQUAL(wr_compression_of_name("gz"), WR_COMPRESSION_NONE);
}

/* ---- records */

static const char plain[] = "{\"n\":1}";

static void check_record(const char *kind, const struct wr_buffer *record, const char *want,
                         const char *problem)
{
  struct wr_unwrap *unwrap = wr_unwrap_new(wr_unwrap_kind_of(kind));
  struct wr_buffer out = {0};
  struct wr_error err = {0};
  wr_buffer_put(&out, "before", 6);
  for (int twice = 0; twice < 2; twice++) { /* the streams are used again */
    out.length = 6;
    bool made = wr_unwrap_record(unwrap, record->bytes, record->length, &out, &err);
    if (want)
      WR_CHECK(made && out.length == 6 + strlen(want) &&
                   memcmp(out.bytes + 6, want, strlen(want)) == 0,
               "%s: %s", kind, err.message);
    else
      WR_CHECK(!made && out.length == 6 && strstr(err.message, problem), "%s: %s", kind,
               err.message);
  }
  wr_buffer_free(&out);
  wr_unwrap_free(unwrap);
}

static void records(void)
{
  struct wr_buffer gzip = {0}, zstd = {0}, none = {0}, cut = {0}, empty = {0};
  put_gzip(&gzip, plain, sizeof plain - 1);
  put_zstd(&zstd, plain, sizeof plain - 1);
  wr_buffer_put_string(&none, plain);
  wr_buffer_put(&cut, gzip.bytes, gzip.length - 1);
  wr_buffer_reserve(&empty, 1);
  check_record("gzip", &gzip, plain, NULL);
  check_record("zstd", &zstd, plain, NULL);
  check_record("auto", &gzip, plain, NULL);
  check_record("auto", &zstd, plain, NULL);
  check_record("auto", &none, plain, NULL);
  check_record("auto", &empty, "", NULL);
  check_record("gzip", &zstd, NULL, "the record is no gzip data but zstd");
  check_record("zstd", &none, NULL, "the record is no zstd data");
  check_record("gzip", &empty, NULL, "the record is no gzip data");
  check_record("gzip", &cut, NULL, "the record ends in the middle of its gzip data");
  gzip.bytes[12] ^= 0x55;
  check_record("auto", &gzip, NULL, "the record is damaged gzip data: ");
  CU_ASSERT_PTR_NULL(wr_unwrap_new(wr_unwrap_kind_of("none")));
  wr_buffer_free(&gzip);
  wr_buffer_free(&zstd);
  wr_buffer_free(&none);
  wr_buffer_free(&cut);
  wr_buffer_free(&empty);
}

/* As long as a record may be, and one byte longer; of 256 MiB no more is made than of that. */
static void bombs(void)
{
  static const size_t lengths[] = {WR_RECORD_BYTES_MAX, (size_t)WR_RECORD_BYTES_MAX + 1,
                                   (size_t)1 << 28};
  char *zeros = wr_memory_get_zero(lengths[2]);
  for (size_t k = 0; k < WR_COUNT(kinds); k++)
    for (size_t i = 0; i < WR_COUNT(lengths); i++) {
      struct wr_unwrap *unwrap = wr_unwrap_new(WR_UNWRAP_AUTO);
      struct wr_buffer packed = {0}, out = {0};
      struct wr_error err = {0};
      put(kinds[k], &packed, zeros, lengths[i]);
      bool made = wr_unwrap_record(unwrap, packed.bytes, packed.length, &out, &err);
      WR_CHECK(i == 0 ? made && out.length == lengths[i]
                      : !made && strstr(err.message, "WR_RECORD_BYTES_MAX"),
               "%s of %zu: %s", wr_compression_names[kinds[k]], lengths[i], err.message);
      CU_ASSERT(out.capacity <= 4 * (size_t)WR_RECORD_BYTES_MAX);
      wr_buffer_free(&packed);
      wr_buffer_free(&out);
      wr_unwrap_free(unwrap);
    }
  free(zeros);
}

static const struct wr_test tests[] = {
    {"in-pieces-of-any-size", in_pieces_of_any_size},
    {"truncated-is-not-whole", truncated_is_not_whole},
    {"what-stands-behind", what_stands_behind},
    {"window-is-bounded", window_is_bounded},
    {"names", names},
    {"records", records},
    {"bombs", bombs},
    {NULL, NULL},
};

const struct wr_suite wr_suite_decompress = {"decompress", tests};
