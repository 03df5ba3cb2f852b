/* SPDX-License-Identifier: Apache-2.0 */
/* The handshake and frames of RFC 6455; JSON of replies. */
#include "server/websocket_frame.h"

#include <math.h>
#include <string.h>

#include "core/batch.h"
#include "server/json.h"
#include "tests/unit/check.h"

static void test_accept(void)
{
  char out[WR_WEBSOCKET_ACCEPT_CHARS + 1];
  CU_ASSERT(wr_websocket_accept("dGhlIHNhbXBsZSBub25jZQ==", out)); /* RFC 6455, 1.3 */
  CU_ASSERT_STRING_EQUAL(out, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  static const char *const bad[] = {"",
                                    "dGhlIHNhbXBsZSBub25jZQ=",
                                    "dGhlIHNhbXBsZSBub25jZQ===",
                                    "dGhlIHNhbXBsZSBub25jZ===",
                                    "dGhlIHNhbXBsZSBub25j Q==",
                                    "dGhlIHNhbXBsZSBub25jZQab"};
  for (size_t i = 0; i < WR_COUNT(bad); i++)
    WR_CHECK(!wr_websocket_accept(bad[i], out), "%s", bad[i]);
}

static const struct {
  const char *bytes;
  size_t length;
  int taken;
  bool is_final;
  uint8_t opcode;
  uint64_t payload;
} heads[] = {
    {"\x81\x85MASK", 6, 6, true, 1, 5},
    {"\x01\x80MASK", 6, 6, false, 1, 0},
    {"\x80\x80MASK", 6, 6, true, 0, 0},
    {"\x82\xFE\x01\x00MASK", 8, 8, true, 2, 256},
    {"\x82\xFF\x00\x00\x00\x00\x00\x01\x00\x00MASK", 14, 14, true, 2, 65536},
    {"\x88\x82MASK", 6, 6, true, 8, 2},
    {"\x89\xFDMASK", 6, 6, true, 9, 125},
    {"", 0, 0, false, 0, 0},
    {"\x81", 1, 0, false, 0, 0},
    {"\x81\x85MAS", 5, 0, false, 0, 0},
    {"\x82\xFE\x01", 3, 0, false, 0, 0},
    {"\x82\xFF\x00\x00\x00\x00\x00\x01\x00\x00MAS", 13, 0, false, 0, 0},
    {"\x81\x05MASK", 6, -1, false, 0, 0}, /* no mask */
    {"\xC1\x85MASK", 6, -1, false, 0, 0}, /* reserved bits */
    {"\xA1\x85MASK", 6, -1, false, 0, 0},
    {"\x91\x85MASK", 6, -1, false, 0, 0},
    {"\x83\x85MASK", 6, -1, false, 0, 0}, /* unknown opcodes */
    {"\x8B\x85MASK", 6, -1, false, 0, 0},
    {"\x08\x80MASK", 6, -1, false, 0, 0},         /* control in parts */
    {"\x89\xFE\x00\x7EMASK", 8, -1, false, 0, 0}, /* long control */
    {"\x81\xFE\x00\x7DMASK", 8, -1, false, 0, 0}, /* longer than needed */
    {"\x81\xFF\x00\x00\x00\x00\x00\x00\xFF\xFFMASK", 14, -1, false, 0, 0},
    {"\x81\xFF\x80\x00\x00\x00\x00\x01\x00\x00MASK", 14, -1, false, 0, 0},
};

static void test_heads(void)
{
  for (size_t i = 0; i < WR_COUNT(heads); i++) {
    struct wr_websocket_head head;
    int taken = wr_websocket_head_read(heads[i].bytes, heads[i].length, &head);
    WR_CHECK(taken == heads[i].taken, "head %zu: %d", i, taken);
    WR_CHECK(taken <= 0 || (head.is_final == heads[i].is_final && head.opcode == heads[i].opcode &&
                            head.length == heads[i].payload && !memcmp(&head.mask, "MASK", 4)),
             "head %zu", i);
  }
}

static void test_written(void)
{
  static const struct {
    uint64_t length;
    size_t head;
    const char *bytes;
  } rows[] = {{0, 2, "\x81\x00"},
              {125, 2, "\x81\x7D"},
              {126, 4, "\x81\x7E\x00\x7E"},
              {65535, 4, "\x81\x7E\xFF\xFF"},
              {65536, 10, "\x81\x7F\x00\x00\x00\x00\x00\x01\x00\x00"}};
  char out[WR_WEBSOCKET_HEAD_BYTES_MAX];
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    size_t head = wr_websocket_head_write(out, true, WR_WEBSOCKET_TEXT, rows[i].length);
    WR_CHECK(head == rows[i].head && !memcmp(out, rows[i].bytes, head), "%llu",
             (unsigned long long)rows[i].length);
  }
  wr_websocket_head_write(out, false, WR_WEBSOCKET_CONTINUE, 1);
  CU_ASSERT(!memcmp(out, "\x00\x01", 2));
}

static void test_unmask(void)
{
  char bytes[] = "\x7F\x9F\x4D\x51\x58"; /* RFC 6455, 5.7 */
  uint32_t mask;
  memcpy(&mask, "\x37\xFA\x21\x3D", 4);
  wr_websocket_unmask(bytes, 5, mask);
  CU_ASSERT(!memcmp(bytes, "Hello", 5));
}

static void test_close(void)
{
  CU_ASSERT(wr_websocket_close_valid("", 0));
  CU_ASSERT(wr_websocket_close_valid("\x03\xE8", 2));
  CU_ASSERT(wr_websocket_close_valid("\x03\xE9gone", 6));
  CU_ASSERT(wr_websocket_close_valid("\x0F\xA0", 2)); /* 4000 */
  CU_ASSERT(!wr_websocket_close_valid("\x03", 1));
  CU_ASSERT(!wr_websocket_close_valid("\x03\xED", 2)); /* 1005 is never sent */
  CU_ASSERT(!wr_websocket_close_valid("\x03\xEE", 2));
  CU_ASSERT(!wr_websocket_close_valid("\x00\x00", 2));
  CU_ASSERT(!wr_websocket_close_valid("\x13\x88", 2)); /* 5000 */
  CU_ASSERT(!wr_websocket_close_valid("\x03\xE8\xFF", 3));
}

static void test_json(void)
{
  struct wr_buffer out = {0};
  struct wr_web_json json = {.out = &out};
  wr_web_json_open(&json, '{');
  wr_web_json_text(&json, "a\"", "x\n");
  wr_web_json_text(&json, "none", NULL);
  wr_web_json_bytes(&json, "cut", "a\xFF\xC3", 3);
  wr_web_json_name(&json, "list");
  wr_web_json_open(&json, '[');
  wr_web_json_number(&json, NULL, INT64_MIN);
  wr_web_json_count(&json, NULL, UINT64_MAX);
  wr_web_json_open(&json, '{');
  wr_web_json_close(&json, '}');
  wr_web_json_open(&json, '[');
  wr_web_json_close(&json, ']');
  wr_web_json_bool(&json, NULL, false);
  wr_web_json_close(&json, ']');
  wr_web_json_double(&json, "d", 0.5);
  wr_web_json_double(&json, "nan", (double)NAN);
  wr_web_json_time(&json, "t", INT64_C(1767323045678901));
  wr_web_json_time(&json, "never", WR_TIME_NONE);
  wr_web_json_time(&json, "end", WR_TIME_END);
  wr_web_json_raw(&json, "raw", "{}", 2);
  wr_web_json_close(&json, '}');
  CU_ASSERT_STRING_EQUAL(
      wr_buffer_string(&out),
      "{\"a\\\"\":\"x\\n\",\"none\":null,\"cut\":\"a\xEF\xBF\xBD\xEF\xBF\xBD\","
      "\"list\":[-9223372036854775808,18446744073709551615,{},[],false],\"d\":0.5,\"nan\":null,"
      "\"t\":\"2026-01-02T03:04:05.678Z\",\"never\":null,\"end\":null,\"raw\":{}}");
  wr_buffer_free(&out);
}

static const struct wr_test tests[] = {{"accept", test_accept},
                                       {"heads", test_heads},
                                       {"written", test_written},
                                       {"unmask", test_unmask},
                                       {"close", test_close},
                                       {"json", test_json},
                                       {0}};
const struct wr_suite wr_suite_websocket = {"websocket", tests};
