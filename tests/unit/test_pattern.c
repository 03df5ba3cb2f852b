/* SPDX-License-Identifier: Apache-2.0 */
/* LIKE: shapes of patterns, escapes, many bytes per character, and no explosion. */
#include "text/pattern.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "text/utf8.h"
#include "tests/unit/check.h"

static bool matches(const char *pattern, const char *text)
{
  struct wr_arena arena = {0};
  struct wr_error err;
  const struct wr_pattern *compiled = NULL;
  enum wr_code code = wr_pattern_new(&arena, pattern, strlen(pattern), '\\', &compiled, &err);
  WR_CHECK(code == WR_OK, "%s: %s", pattern, err.message);
  bool result = !code && wr_pattern_matches(compiled, text, strlen(text));
  wr_arena_free(&arena);
  return result;
}

static void patterns_match(void)
{
  static const struct {
    const char *pattern, *yes, *no; /* separated by | */
  } rows[] = {
      {"", "", "a"},
      {"%", "|a|abc", NULL},
      {"%%", "|a", NULL},
      {"abc", "abc", "|ab|abcd|xabc|ABC"},
      {"abc%", "abc|abcd", "|ab|xabc"},
      {"%abc", "abc|xabc|abcabc", "|abcx|bc"},
      {"%abc%", "abc|xabcx|ababc", "|ab|abxc"},
      {"a%c", "ac|abc|axxc|acc", "a|c|acx|xac"},
      {"_", "a|\xC3\xA4|\xF0\x9F\x98\x80", "|ab"},
      {"__", "ab|\xC3\xA4\xC3\xB6", "a|abc|\xC3\xA4"},
      {"_%", "a|ab", ""},
      {"%_", "a|ab|x\xC3\xA4", ""},
      {"a_c",
       "abc|a\xC3\xA4"
       "c",
       "ac|abbc"},
      {"%a_c%", "xabcx|aabc|abcabc|aaxc", "acac|ab"},
      {"a%b%c", "abc|axbxc|abcbc", "acb|ab"},
      {"%ab%ab%", "abab|xabxabx", "ab|aba"},
      {"a%a", "aa|aba", "a|ab"},
      {"ab%b", "abb|abxb", "ab"},
      {"%ab_", "abx|xabab\xC3\xA4", "ab|abxy"},
      {"_a%",
       "ba|\xC3\xA4"
       "a1",
       "a|ab"},
      {"%__", "ab|abc", "a|\xC3\xA4"},
      {"a\\%b", "a%b", "axb|a\\%b"},
      {"a\\_b", "a_b", "axb"},
      {"a\\\\b", "a\\b", "ab"},
      {"\\%%", "%|%abc", "a"},
      {"%\\%", "%|50%", "50"},
      {"%\xC3\xA4%", "x\xC3\xA4y", "xay|\xC3\xA5"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    for (int wanted = 0; wanted < 2; wanted++) {
      const char *texts = wanted ? rows[i].yes : rows[i].no;
      while (texts) {
        const char *bar = strchr(texts, '|');
        char text[64] = "";
        size_t length = bar ? (size_t)(bar - texts) : strlen(texts);
        memcpy(text, texts, length);
        WR_CHECK(matches(rows[i].pattern, text) == (wanted == 1), "'%s' LIKE '%s'", text,
                 rows[i].pattern);
        texts = bar ? bar + 1 : NULL;
      }
    }
  }
}

/* The definition, word by word: exponential, but short texts do not mind. */
static bool matches_slowly(const char *pattern, const char *text)
{
  if (*pattern == '\0')
    return *text == '\0';
  if (*pattern == '%')
    return matches_slowly(pattern + 1, text) ||
           (*text && matches_slowly(pattern, text + wr_utf8_length(*text)));
  if (*text == '\0')
    return false;
  if (*pattern == '_')
    return matches_slowly(pattern + 1, text + wr_utf8_length(*text));
  return *pattern == *text && matches_slowly(pattern + 1, text + 1);
}

static void random_patterns_agree_with_the_definition(void)
{
  static const char *const pieces[] = {"a", "b", "ab", "_", "%", "\xC3\xA4"};
  uint64_t random = 88172645463325252;
  for (int i = 0; i < 20000; i++) {
    char pattern[32] = "", text[32] = "";
    for (int j = 0; j < 12; j++) {
      random ^= random << 13;
      random ^= random >> 7;
      random ^= random << 17;
      if (j < 5)
        strcat(pattern, random % 7 < 6 ? pieces[random % 7 % 6] : "");
      else
        strcat(text, random % 5 < 4 ? pieces[(random >> 8) % 4 == 3 ? 5 : (random >> 8) % 4] : "");
    }
    WR_CHECK(matches(pattern, text) == matches_slowly(pattern, text), "'%s' LIKE '%s'", text,
             pattern);
  }
}

static void wrong_escapes_are_refused(void)
{
  static const char *const patterns[] = {"a\\", "a\\b", "\\"};
  struct wr_arena arena = {0};
  const struct wr_pattern *compiled;
  for (size_t i = 0; i < WR_COUNT(patterns); i++) {
    struct wr_error err;
    WR_CHECK(wr_pattern_new(&arena, patterns[i], strlen(patterns[i]), '\\', &compiled, &err) ==
                 WR_DATA,
             "%s", patterns[i]);
  }
  struct wr_error err;
  CU_ASSERT_EQUAL(wr_pattern_new(&arena, "a\\b", 3, WR_PATTERN_NO_ESCAPE, &compiled, &err), WR_OK);
  CU_ASSERT(wr_pattern_matches(compiled, "a\\b", 3));
  char *long_pattern = wr_memory_get_zero(WR_PATTERN_BYTES_MAX + 1);
  CU_ASSERT_EQUAL(
      wr_pattern_new(&arena, long_pattern, WR_PATTERN_BYTES_MAX + 1, '\\', &compiled, &err),
      WR_LIMIT);
  free(long_pattern);
  wr_arena_free(&arena);
}

static void hard_patterns_end_soon(void)
{
  char text[2001], pattern[200] = "";
  memset(text, 'a', 2000);
  text[2000] = '\0';
  for (int i = 0; i < 40; i++)
    strcat(pattern, "a%_");
  strcat(pattern, "b");
  CU_ASSERT_FALSE(matches(pattern, text));
}

static const struct wr_test tests[] = {
    {"patterns_match", patterns_match},
    {"random_patterns_agree_with_the_definition", random_patterns_agree_with_the_definition},
    {"wrong_escapes_are_refused", wrong_escapes_are_refused},
    {"hard_patterns_end_soon", hard_patterns_end_soon},
    {NULL, NULL},
};

const struct wr_suite wr_suite_pattern = {"pattern", tests};
