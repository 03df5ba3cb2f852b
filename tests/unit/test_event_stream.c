/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of an event stream: whole, in parts, and damaged at every byte. */
#include <zlib.h>

#include "connectors/event_stream.h"
#include "tests/unit/check.h"
#include "text/buffer.h"

static void put_u32(struct wr_buffer *out, uint32_t value)
{
  for (int shift = 24; shift >= 0; shift -= 8)
    wr_buffer_put_char(out, (char)(value >> shift));
}

static void put_text_header(struct wr_buffer *out, const char *name, const char *value)
{
  wr_buffer_put_char(out, (char)strlen(name));
  wr_buffer_put_string(out, name);
  wr_buffer_put_char(out, 7);
  wr_buffer_put_char(out, 0);
  wr_buffer_put_char(out, (char)strlen(value));
  wr_buffer_put_string(out, value);
}

static void put_frame(struct wr_buffer *out, const struct wr_buffer *headers, const char *payload)
{
  size_t begin = out->length;
  put_u32(out, (uint32_t)(headers->length + strlen(payload) + 16));
  put_u32(out, (uint32_t)headers->length);
  put_u32(out, (uint32_t)crc32(0, (const Bytef *)out->bytes + begin, 8));
  wr_buffer_put(out, headers->bytes, headers->length);
  wr_buffer_put_string(out, payload);
  put_u32(out, (uint32_t)crc32(0, (const Bytef *)out->bytes + begin, (uInt)(out->length - begin)));
}

static bool is_text(struct wr_slice slice, const char *text)
{
  return slice.length == strlen(text) && memcmp(slice.bytes, text, slice.length) == 0;
}

/* Two frames: an event among headers of every type, and an exception. */
static struct wr_buffer make_stream(void)
{
  static const char others[] = "\1a\0\1b\1\1c\2x\1d\3xy\1e\4xxxx\1f\5xxxxxxxx\1g\6\0\2xy"
                               "\1h\10xxxxxxxx\1i\11xxxxxxxxxxxxxxxx";
  struct wr_buffer headers = {0}, stream = {0};
  put_text_header(&headers, ":message-type", "event");
  wr_buffer_put(&headers, others, sizeof others - 1);
  put_text_header(&headers, ":event-type", "SubscribeToShardEvent");
  put_frame(&stream, &headers, "{\"Records\":[]}");
  wr_buffer_clear(&headers);
  put_text_header(&headers, ":message-type", "exception");
  put_text_header(&headers, ":exception-type", "ResourceInUseException");
  put_frame(&stream, &headers, "");
  wr_buffer_free(&headers);
  return stream;
}

static void test_frames(void)
{
  struct wr_buffer stream = make_stream();
  struct wr_event event;
  const char *problem = "";
  size_t used = 0, second;
  CU_ASSERT_EQUAL_FATAL(wr_event_read(stream.bytes, stream.length, &event, &used, &problem),
                        WR_EVENT_WHOLE);
  CU_ASSERT_TRUE(is_text(event.message_type, "event"));
  CU_ASSERT_TRUE(is_text(event.event_type, "SubscribeToShardEvent"));
  CU_ASSERT_TRUE(is_text(event.payload, "{\"Records\":[]}"));
  CU_ASSERT_EQUAL(event.exception_type.length, 0);
  CU_ASSERT_EQUAL_FATAL(
      wr_event_read(stream.bytes + used, stream.length - used, &event, &second, &problem),
      WR_EVENT_WHOLE);
  CU_ASSERT_TRUE(is_text(event.exception_type, "ResourceInUseException"));
  CU_ASSERT_EQUAL(event.payload.length, 0);
  CU_ASSERT_EQUAL(used + second, stream.length);
  wr_buffer_free(&stream);
}

static void test_parts(void)
{
  struct wr_buffer stream = make_stream();
  struct wr_event event;
  const char *problem = "";
  size_t used = 0, again;
  wr_event_read(stream.bytes, stream.length, &event, &used, &problem);
  for (size_t length = 0; length < used; length++)
    WR_CHECK(wr_event_read(stream.bytes, length, &event, &again, &problem) == WR_EVENT_PART,
             "length %zu", length);
  wr_buffer_free(&stream);
}

static void test_damage(void)
{
  struct wr_buffer stream = make_stream();
  struct wr_event event;
  const char *problem = "";
  size_t used = 0, again;
  wr_event_read(stream.bytes, stream.length, &event, &used, &problem);
  for (size_t at = 0; at < used; at++)
    for (int bit = 0; bit < 8; bit++) {
      stream.bytes[at] ^= (char)(1 << bit);
      WR_CHECK(wr_event_read(stream.bytes, used, &event, &again, &problem) == WR_EVENT_BAD,
               "bit %d of byte %zu", bit, at);
      stream.bytes[at] ^= (char)(1 << bit);
    }
  wr_buffer_free(&stream);
}

/* Checksums are right, but what they cover is not. */
static void test_lies(void)
{
  static const struct {
    const char *what, *bytes;
    size_t length;
  } rows[] = {
      {"a name without end", "\5ab", 3},       {"no type", "\1a", 2},
      {"an unknown type", "\1a\12", 3},        {"a value without end", "\1a\4xx", 5},
      {"a text without length", "\1a\7\0", 4}, {"a text without end", "\1a\7\0\5abc", 8},
  };
  struct wr_event event;
  const char *problem = "";
  size_t used;
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_buffer headers = {0}, stream = {0};
    wr_buffer_put(&headers, rows[i].bytes, rows[i].length);
    put_frame(&stream, &headers, "");
    WR_CHECK(wr_event_read(stream.bytes, stream.length, &event, &used, &problem) == WR_EVENT_BAD,
             "%s", rows[i].what);
    wr_buffer_free(&headers);
    wr_buffer_free(&stream);
  }
}

static void test_lengths(void)
{
  static const uint32_t rows[][2] = {{15, 0}, {16, 1}, {0, 0}, {UINT32_MAX, 0}, {100, 85}};
  struct wr_event event;
  const char *problem = "";
  size_t used;
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_buffer stream = {0};
    put_u32(&stream, rows[i][0]);
    put_u32(&stream, rows[i][1]);
    put_u32(&stream, (uint32_t)crc32(0, (const Bytef *)stream.bytes, 8));
    WR_CHECK(wr_event_read(stream.bytes, stream.length, &event, &used, &problem) == WR_EVENT_BAD,
             "row %zu", i);
    wr_buffer_free(&stream);
  }
}

static const struct wr_test tests[] = {
    {"frames are taken apart", test_frames},
    {"a part of a frame waits for the rest", test_parts},
    {"every damaged bit is noticed", test_damage},
    {"headers that do not fit", test_lies},
    {"lengths that do not fit", test_lengths},
    {NULL, NULL},
};
const struct wr_suite wr_suite_event_stream = {"event_stream", tests};
