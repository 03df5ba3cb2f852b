/* SPDX-License-Identifier: Apache-2.0 */
/* Scanning JSON: what RFC 8259 allows and what it does not, limits, strings, and finding nodes. */
#include "text/json_scan.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/limits.h"
#include "tests/unit/check.h"

static const char *const good[] = {"null",
                                   "true",
                                   "false",
                                   "0",
                                   "-0",
                                   "1",
                                   "-1.5",
                                   "1e5",
                                   "1E+5",
                                   "1.25e-300",
                                   "\"\"",
                                   "\"a\"",
                                   " \t\r\n 1 \n",
                                   "[]",
                                   "[ ]",
                                   "[1]",
                                   "[1, [2, [3]], {}]",
                                   "{}",
                                   "{ }",
                                   "{\"a\":1}",
                                   "{\"a\" : {\"b\" : [] } , \"\" : null}",
                                   "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"",
                                   "\"\xC3\xA9\"",
                                   "\"\x7F\"",
                                   "\"\\uD834\\uDD1E\"",
                                   "\"\\uD834\"",
                                   "123456789012345678901234567890.123456789"};
static const char *const bad[] = {"",
                                  " ",
                                  "nul",
                                  "nulll",
                                  "True",
                                  "NaN",
                                  "Infinity",
                                  "+1",
                                  "-",
                                  "01",
                                  "-01",
                                  ".5",
                                  "1.",
                                  "1.e1",
                                  "1e",
                                  "1e+",
                                  "0x10",
                                  "\"",
                                  "\"a",
                                  "'a'",
                                  "\"\\x\"",
                                  "\"\\u12\"",
                                  "\"\\u12g4\"",
                                  "\"\n\"",
                                  "\"\t\"",
                                  "\"\\",
                                  "[",
                                  "]",
                                  "[1",
                                  "[1,",
                                  "[1,]",
                                  "[,1]",
                                  "[1 2]",
                                  "[1}",
                                  "{",
                                  "{\"a\"",
                                  "{\"a\":",
                                  "{\"a\":1",
                                  "{\"a\":1,",
                                  "{\"a\":1,}",
                                  "{a:1}",
                                  "{1:1}",
                                  "{\"a\" 1}",
                                  "{\"a\"::1}",
                                  "{\"a\":1]",
                                  "1 2",
                                  "{} {}",
                                  "[] x",
                                  "/* c */ 1",
                                  "\"\xC3\"",
                                  "\"\xED\xA0\x80\"",
                                  "\"\xFF\"",
                                  "\xEF\xBB\xBF"
                                  "1"};

static void what_is_json_and_what_is_not(void)
{
  struct wr_json_tape tape = {0};
  enum wr_json_kind kind;
  for (size_t i = 0; i < WR_COUNT(good); i++) {
    WR_CHECK(wr_json_scan(&tape, good[i], strlen(good[i])), "%s: %s", good[i], tape.problem);
    WR_CHECK(wr_json_check(good[i], strlen(good[i]), &kind), "%s", good[i]);
    WR_CHECK(tape.count > 0 && tape.nodes[0].kind == kind, "%s", good[i]);
    WR_CHECK(tape.nodes[0].next == tape.count, "%s", good[i]);
  }
  for (size_t i = 0; i < WR_COUNT(bad); i++) {
    WR_CHECK(!wr_json_scan(&tape, bad[i], strlen(bad[i])), "%s", bad[i]);
    WR_CHECK(tape.problem && !tape.too_large && tape.problem_at <= strlen(bad[i]), "%s", bad[i]);
    WR_CHECK(!wr_json_check(bad[i], strlen(bad[i]), &kind), "%s", bad[i]);
  }
  wr_json_tape_free(&tape);
}

static void a_byte_of_zero_is_no_end(void)
{
  struct wr_json_tape tape = {0};
  static const char text[] = "[1]\0";
  CU_ASSERT_FALSE(wr_json_scan(&tape, text, sizeof text - 1));
  static const char escape[] = "\"\\\0\"";
  CU_ASSERT_FALSE(wr_json_scan(&tape, escape, sizeof escape - 1));
  static const char zero[] = "\"a\\u0000b\"";
  struct wr_buffer out = {0};
  CU_ASSERT_TRUE(wr_json_scan(&tape, zero, sizeof zero - 1));
  wr_json_put_string(&tape, 0, &out);
  CU_ASSERT_EQUAL(out.length, 3);
  CU_ASSERT_EQUAL(memcmp(out.bytes, "a\0b", 3), 0);
  wr_buffer_free(&out);
  wr_json_tape_free(&tape);
}

/* depth times the open bracket, a 1, depth times the close bracket */
static char *nested(uint32_t depth, const char *open, const char *close)
{
  size_t one = strlen(open), other = strlen(close);
  char *text = wr_memory_get(depth * (one + other) + 2), *at = text;
  for (uint32_t i = 0; i < depth; i++, at += one)
    memcpy(at, open, one + 1);
  *at++ = '1';
  *at = '\0';
  for (uint32_t i = 0; i < depth; i++, at += other)
    memcpy(at, close, other + 1);
  return text;
}

static void depth_and_size_are_bounded(void)
{
  static const char *const shapes[][2] = {{"[", "]"}, {"{\"a\":", "}"}, {" [ ", " ] "}};
  struct wr_json_tape tape = {0};
  enum wr_json_kind kind;
  for (size_t i = 0; i < WR_COUNT(shapes); i++) {
    char *text = nested(WR_JSON_NESTING_MAX, shapes[i][0], shapes[i][1]);
    WR_CHECK(wr_json_scan(&tape, text, strlen(text)), "%zu: %s", i, tape.problem);
    free(text);
    text = nested(WR_JSON_NESTING_MAX + 1, shapes[i][0], shapes[i][1]);
    WR_CHECK(!wr_json_scan(&tape, text, strlen(text)) && tape.too_large, "%zu", i);
    WR_CHECK(strstr(tape.problem, "WR_JSON_NESTING_MAX") != NULL, "%s", tape.problem);
    WR_CHECK(!wr_json_check(text, strlen(text), &kind), "%zu", i);
    free(text);
  }
  size_t items = WR_JSON_NODES_MAX, length = 2 * items + 1;
  char *list = wr_memory_get(length);
  memset(list, '1', length);
  for (size_t i = 0; i < length; i += 2)
    list[i] = ',';
  list[0] = '[';
  list[length - 1] = ']';
  CU_ASSERT_FALSE(wr_json_scan(&tape, list, length));
  CU_ASSERT_TRUE(tape.too_large);
  CU_ASSERT_TRUE(wr_json_check(list, length, &kind));
  free(list);
  wr_json_tape_free(&tape);
}

static void strings_are_unescaped(void)
{
  static const struct {
    const char *json, *text;
  } rows[] = {
      {"\"\"", ""},
      {"\"plain\"", "plain"},
      {"\"a\\nb\\tc\"", "a\nb\tc"},
      {"\"\\\"\\\\\\/\\b\\f\\r\"", "\"\\/\b\f\r"},
      {"\"\\u0041\\u00e9\\u20AC\"", "A\xC3\xA9\xE2\x82\xAC"},
      {"\"\\uD834\\uDD1E!\"", "\xF0\x9D\x84\x9E!"},
      {"\"\\uD834\"", "\xEF\xBF\xBD"},
      {"\"\\uDD1E\\uD834x\"", "\xEF\xBF\xBD\xEF\xBF\xBDx"},
      {"\"\\uD834\\u0041\"", "\xEF\xBF\xBD"
                             "A"},
      {"\"\\uD834\\n\"", "\xEF\xBF\xBD\n"},
      {"\"\xC3\xA9\\\\\"", "\xC3\xA9\\"},
  };
  struct wr_json_tape tape = {0};
  struct wr_buffer out = {0};
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    CU_ASSERT_TRUE(wr_json_scan(&tape, rows[i].json, strlen(rows[i].json)));
    wr_buffer_clear(&out);
    wr_json_put_string(&tape, 0, &out);
    WR_CHECK(strcmp(wr_buffer_string(&out), rows[i].text) == 0, "%s: %s", rows[i].json,
             wr_buffer_string(&out));
    WR_CHECK(wr_json_string_is(&tape, 0, rows[i].text, strlen(rows[i].text)), "%s", rows[i].json);
    WR_CHECK(!wr_json_string_is(&tape, 0, "other", 5), "%s", rows[i].json);
    WR_CHECK(!*rows[i].text || !wr_json_string_is(&tape, 0, rows[i].text, strlen(rows[i].text) - 1),
             "%s", rows[i].json);
  }
  wr_buffer_free(&out);
  wr_json_tape_free(&tape);
}

static void nodes_are_found_and_written(void)
{
  static const char text[] =
      " { \"a\" : [ 1 , \"x y\\\" \" , { } ] , \"b\":1e3, \"\\u0062\" : null , \"c\":{\"a\":[[],[2]]} } ";
  struct wr_json_tape tape = {0};
  struct wr_buffer out = {0};
  CU_ASSERT_TRUE_FATAL(wr_json_scan(&tape, text, sizeof text - 1));
  CU_ASSERT_EQUAL(tape.nodes[0].length, 4);
  uint32_t a = wr_json_member(&tape, 0, "a", 1), b = wr_json_member(&tape, 0, "b", 1),
           c = wr_json_member(&tape, 0, "c", 1);
  CU_ASSERT_EQUAL(tape.nodes[a].length, 3);
  CU_ASSERT_EQUAL(tape.nodes[b].kind, WR_JSON_NULL); /* the last of two with one name */
  CU_ASSERT_EQUAL(wr_json_member(&tape, 0, "d", 1), 0);
  CU_ASSERT_EQUAL(wr_json_member(&tape, a, "a", 1), 0);
  CU_ASSERT_EQUAL(tape.nodes[wr_json_item(&tape, a, 2)].kind, WR_JSON_OBJECT);
  CU_ASSERT_EQUAL(wr_json_item(&tape, a, 3), 0);
  CU_ASSERT_EQUAL(wr_json_item(&tape, c, 0), 0);
  wr_json_put_compact(&tape, 0, &out);
  CU_ASSERT_STRING_EQUAL(
      wr_buffer_string(&out),
      "{\"a\":[1,\"x y\\\" \",{}],\"b\":1e3,\"\\u0062\":null,\"c\":{\"a\":[[],[2]]}}");
  wr_buffer_clear(&out);
  wr_json_put_compact(&tape, wr_json_item(&tape, a, 1), &out);
  CU_ASSERT_STRING_EQUAL(wr_buffer_string(&out), "\"x y\\\" \"");
  wr_buffer_free(&out);
  wr_json_tape_free(&tape);
}

static const struct wr_test tests[] = {
    {"what is JSON and what is not", what_is_json_and_what_is_not},
    {"a byte of zero is no end", a_byte_of_zero_is_no_end},
    {"depth and size are bounded", depth_and_size_are_bounded},
    {"strings are unescaped", strings_are_unescaped},
    {"nodes are found and written", nodes_are_found_and_written},
    {NULL, NULL},
};

const struct wr_suite wr_suite_json_scan = {"json_scan", tests};
