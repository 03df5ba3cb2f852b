/* SPDX-License-Identifier: Apache-2.0 */
/* Regular expressions: what Java writes otherwise, searching, limits; and the functions over them.
 */
#include "text/regex.h"

#include <string.h>

#include "core/limits.h"
#include "core/packed.h"
#include "tests/unit/express.h"

/* Matches as [text]s, or why there are none. */
static const char *matches_of(const char *pattern, const char *text, size_t length)
{
  static char result[2000];
  struct wr_buffer out = {0};
  struct wr_arena arena = {0};
  const struct wr_regex *regex;
  struct wr_error err;
  struct wr_regex_search search = {0};
  size_t at;
  if (wr_regex_new(&arena, pattern, strlen(pattern), &regex, &at, &err)) {
    wr_buffer_print(&out, "! %zu %s", at, err.state);
  } else if (!wr_regex_begin(&search, regex, text, length)) {
    wr_buffer_print(&out, "! %s", search.why);
  } else {
    enum wr_regex_found found;
    while ((found = wr_regex_next(&search)) == WR_REGEX_MATCH)
      wr_buffer_print(&out, "[%.*s]", (int)(search.groups[1] - search.groups[0]),
                      text + search.groups[0]);
    if (found == WR_REGEX_GAVE_UP)
      wr_buffer_print(&out, "! %s", search.why);
  }
  wr_regex_search_close(&search);
  wr_arena_free(&arena);
  snprintf(result, sizeof result, "%s", wr_buffer_string(&out));
  wr_buffer_free(&out);
  return result;
}

static void syntax_is_that_of_java(void)
{
  static const struct {
    const char *pattern, *text, *matches;
  } rows[] = {
      {"a", "banana", "[a][a][a]"},
      {"a+?", "aab", "[a][a]"},
      {"a*", "baac", "[][aa][][]"},
      {"", "ab", "[][][]"},
      {"$", "ab\n", "[][]"},
      {"(?m)^.", "ab\ncd\r\nef", "[a][c][e]"},
      {".+", "ab\rcd", "[ab][cd]"},
      {"(?s).+", "ab\ncd", "[ab\ncd]"},
      {"\\w+",
       "\xC3\xA4"
       "bc_1",
       "[bc_1]"},
      {"(?i)AB", "ab", "[ab]"},
      {"\\u0061\\u00e4", "a\xC3\xA4", "[a\xC3\xA4]"},
      {"[\\u00e0-\\u00ff]", "a\xC3\xA4", "[\xC3\xA4]"},
      {"\\ud83d\\ude00", "\xF0\x9F\x98\x80", "[\xF0\x9F\x98\x80]"},
      {"\\x{1F600}", "\xF0\x9F\x98\x80", "[\xF0\x9F\x98\x80]"},
      {"\\p{Alpha}+", "ab1\xC3\xA4", "[ab]"},
      {"\\P{Alpha}+", "ab1-c", "[1-]"},
      {"[\\p{Upper}\\d]+", "aB1c", "[B1]"},
      {"[^\\p{XDigit}]", "fg", "[g]"},
      {"\\p{L}+",
       "a\xC3\xA4"
       "1",
       "[a\xC3\xA4]"},
      {"\\p{IsGreek}+", "a\xCE\xB1", "[\xCE\xB1]"},
      {"\\p{IsAlphabetic}", "1\xCE\xB1", "[\xCE\xB1]"},
      {"\\Qa.[\\E.", "a.[x", "[a.[x]"},
      {"[a\\]]+", "a]b", "[a]]"},
      {"(?<name>a)\\k<name>", "aab", "[aa]"},
      {"(a)(b)?", "ac", "[a]"},
      {"(?<=a)b(?!c)", "abc ab", "[b]"},
      {"x*+y", "xxy", "[xxy]"},
      {"(?x) a b # text", "ab", "[ab]"},
      {"[[:digit:]]+", "a12", "[12]"},
      {"[a-z&&[^b]]", "abc", "! 4 2201B"},
      {"[a[bc]]", "abc", "! 2 2201B"},
      {"(?U)a", "a", "! 2 2201B"},
      {"(?R)", "a", "! 2 2201B"},
      {"(?P<n>a)", "a", "! 2 2201B"},
      {"(?1)", "a", "! 2 2201B"},
      {"(*UCP)a", "a", "! 0 2201B"},
      {"a\\Kb", "ab", "! 1 2201B"},
      {"\\u12", "a", "! 0 2201B"},
      {"\\ud800x", "a", "! 0 2201B"},
      {"(a", "a", "! 2 2201B"},
      {"a)", "a", "! 1 2201B"},
      {"\\p{Alpha}(", "a", "! 10 2201B"},
      {"[a", "a", "! 2 2201B"},
      {"*a", "a", "! 0 2201B"},
      {"a{2,1}", "a", "! 5 2201B"},
      {"\\", "a", "! 1 2201B"},
      {"\\p{Nonsense}", "a", "! 12 2201B"},
      {"\xFF", "a", "! 0 2201B"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    const char *found = matches_of(rows[i].pattern, rows[i].text, strlen(rows[i].text));
    WR_CHECK(strcmp(found, rows[i].matches) == 0, "%s in %s\n  expected %s\n  found    %s",
             rows[i].pattern, rows[i].text, rows[i].matches, found);
  }
}

static void no_pattern_hangs(void)
{
  static char text[1 << 20];
  memset(text, 'a', sizeof text);
  CU_ASSERT_PTR_NOT_NULL(
      strstr(matches_of("(a|aa)+[bc]", text, 64), "WR_REGEX_STEPS_MAX (2000000)"));
  CU_ASSERT_PTR_NOT_NULL(strstr(matches_of("(a+)+[bc]", text, 100), "WR_REGEX_STEPS_MAX"));
  CU_ASSERT_PTR_NOT_NULL(strstr(matches_of("(?:(a)|b)*c", text, sizeof text), "! the pattern"));
  CU_ASSERT_STRING_EQUAL(matches_of("[a]", "\xC3", 1),
                         "! a text of 1 bytes is not UTF-8: no pattern can be looked for in it");
}

/* For those who evaluate patterns of others on a thread that many need. */
static void steps_can_be_fewer(void)
{
  struct wr_arena arena = {0};
  struct wr_regex_search search = {0};
  struct wr_error err;
  const struct wr_regex *regex;
  size_t at;
  CU_ASSERT_EQUAL_FATAL(wr_regex_new(&arena, "(a+)+[bc]", 9, &regex, &at, &err), WR_OK);
  for (int limited = 0; limited < 2; limited++) {
    if (limited)
      wr_regex_limit(regex, 20);
    CU_ASSERT_TRUE(wr_regex_begin(&search, regex, "aaaaaaaaaa", 10));
    CU_ASSERT_EQUAL(wr_regex_next(&search), limited ? WR_REGEX_GAVE_UP : WR_REGEX_NOTHING);
  }
  CU_ASSERT_PTR_NOT_NULL(strstr(search.why, "WR_REGEX_STEPS_MAX (20)"));
  wr_regex_search_close(&search);
  wr_arena_free(&arena);
}

static void too_long_patterns_name_the_limit(void)
{
  static char pattern[WR_PATTERN_BYTES_MAX + 1];
  struct wr_arena arena = {0};
  const struct wr_regex *regex;
  struct wr_error err;
  size_t at;
  memset(pattern, 'a', sizeof pattern);
  CU_ASSERT_EQUAL(wr_regex_new(&arena, pattern, sizeof pattern, &regex, &at, &err), WR_LIMIT);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "WR_PATTERN_BYTES_MAX"));
  CU_ASSERT_EQUAL(wr_regex_new(&arena, pattern, sizeof pattern - 1, &regex, &at, &err), WR_OK);
  memset(pattern, '[', sizeof pattern);
  CU_ASSERT_NOT_EQUAL(wr_regex_new(&arena, pattern, sizeof pattern - 1, &regex, &at, &err), WR_OK);
  wr_arena_free(&arena);
}

static void functions_of_patterns(void)
{
  static const struct express_row rows[] = {
      {"REGEXP(t, '^[a-z]+$')", "TRUE|FALSE|NULL|FALSE|FALSE"},
      {"REGEXP(t, '')", "FALSE|FALSE|NULL|FALSE|FALSE"},
      {"REGEXP('abc', '(')",
       "! the pattern '(' is not valid at byte 2: missing closing parenthesis"},
      {"REGEXP_COUNT(t, 'e')", "1|0|NULL|2|1"},
      {"REGEXP_COUNT('aaa', 'aa')", "1"},
      {"REGEXP_COUNT('ab', '')", "3"},
      {"REGEXP_INSTR(t, 'e')", "2|0|NULL|7|4"},
      {"REGEXP_SUBSTR(t, '[a-f]+')", "e|NULL|NULL|a|fe"},
      {"REGEXP_EXTRACT(t, '(.)e(.)', 2)", "i|NULL|NULL|r|l"},
      {"REGEXP_EXTRACT(t, '(.)e(.)')", "wei|NULL|NULL|ger|fel"},
      {"REGEXP_EXTRACT(t, '(.)e(.)', 3)", "NULL|NULL|NULL|NULL|NULL"},
      {"REGEXP_EXTRACT(t, '(.)e(.)', -1)", "NULL|NULL|NULL|NULL|NULL"},
      {"REGEXP_EXTRACT('ac', '(a)(b)?', 2)", "NULL"},
      {"REGEXP_REPLACE(t, '[aeiou]', '<$1>')",
       "w<$1><$1>r||NULL|<$1> l<$1>ng<$1>r t<$1>xt th<$1>n 12|\xC3\x84pf<$1>l"},
      {"REGEXP_REPLACE('abc', '', '-')", "-a-b-c-"},
      {"REGEXP_REPLACE('\xC3\xA4\xC3\xB6', '', '-')", "-\xC3\xA4-\xC3\xB6-"},
      {"REGEXP_REPLACE(t, t, 'x')", "x|x|NULL|x|x"},
      {"REGEXP_COUNT(t, '[' || t)", "NULL|NULL|NULL|NULL|NULL"},
      {"REGEXP_REPLACE(t, '(' || t, 'x')", "NULL|NULL|NULL|NULL|NULL"},
      {"REGEXP(t, '(' || t)", "FALSE|FALSE|NULL|FALSE|FALSE"},
      {"REGEXP_COUNT(REPEAT('a', 64), '(a+)+[bc]')",
       "! the pattern '(a+)+[bc]' takes more than WR_REGEX_STEPS_MAX (2000000) steps in a text of 64 "
       "bytes"},
      {"REGEXP_EXTRACT_ALL('a', 'a')",
       "! REGEXP_EXTRACT_ALL gives group 1, and the pattern has no group"},
      {"REGEXP_EXTRACT_ALL('a', '(a)', 2)", "! there is no group 2: the pattern has 1"},
      {"REGEXP_EXTRACT_ALL('a', '(a)', -1)", "! there is no group -1: the pattern has 1"},
      {"t SIMILAR TO '(w|%12)_*'", "TRUE|FALSE|NULL|TRUE|FALSE"},
      {"t NOT SIMILAR TO '%e%'", "FALSE|TRUE|NULL|FALSE|FALSE"},
      {"t SIMILAR TO t", "TRUE|TRUE|NULL|TRUE|TRUE"},
      {"'a.b' SIMILAR TO 'a.b'", "TRUE"},
      {"'axb' SIMILAR TO 'a.b'", "FALSE"},
      {"'ab12' SIMILAR TO '[:ALPHA:]+[[:DIGIT:]]{2}'", "TRUE"},
      {"'a-c' SIMILAR TO 'a[b-]c'", "TRUE"},
      {"'axc' SIMILAR TO 'a[^b-y]c'", "FALSE"},
      {"'100%' SIMILAR TO '1_+\\%' ESCAPE '\\'", "TRUE"},
      {"'ab' SIMILAR TO 'a|b'", "FALSE"},
      {"'abab' SIMILAR TO '(ab){2}'", "TRUE"},
      {"'a\nb' SIMILAR TO 'a_b'", "TRUE"},
      {"'a' SIMILAR TO '(a'", "! the pattern '(a' is not valid at byte 3: a bracket is not closed"},
      {"'a' SIMILAR TO 'a)b('",
       "! the pattern 'a)b(' is not valid at byte 2: a bracket is closed that was not opened"},
      {"'a' SIMILAR TO '[a'", "! the pattern '[a' is not valid at byte 1: the class has no end"},
      {"'a' SIMILAR TO 'a\\b' ESCAPE '\\'",
       "! the pattern 'a\\b' is not valid at byte 2: the escape character must stand before a special "
       "character or itself"},
      {"'a' SIMILAR TO 'a' ESCAPE 'xx'", "! the ESCAPE of SIMILAR TO must be one character"},
      {"t SIMILAR TO '(' || t",
       "! '(weir' is no pattern of SIMILAR TO|! '(' is no pattern of SIMILAR TO|NULL|! '(a longer "
       "text than 12' is no pattern of SIMILAR TO|! '(\xC3\x84pfel' is no pattern of SIMILAR TO"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

/* ---- results that are collections */

/* Items of the ARRAY in row 0 as [item], NULL as NULL. */
static void show_list(struct wr_buffer *out, const struct wr_list *list)
{
  for (uint32_t i = 0; i < list->count; i++) {
    struct wr_slice item = wr_list_item(list, i);
    if (wr_list_is_null(list, i))
      wr_buffer_put_string(out, "NULL");
    else
      wr_buffer_print(out, "[%.*s]", (int)item.length, item.bytes);
  }
}

static void collections(void)
{
  static const struct express_row rows[] = {
      {"REGEXP_EXTRACT_ALL('a1-b2-c', '([a-z])([0-9])?')", "[a][b][c]"},
      {"REGEXP_EXTRACT_ALL('a1-b2-c', '([a-z])([0-9])?', 2)", "[1][2]NULL"},
      {"REGEXP_EXTRACT_ALL('a1-b2-c', '[a-z][0-9]', 0)", "[a1][b2]"},
      {"REGEXP_EXTRACT_ALL('a1', 'x', 0)", ""},
      {"SPLIT('a,b,,c,', ',')", "[a][b][][c][]"},
      {"SPLIT('', ',')", ""},
      {"SPLIT('a\xC3\xA4\xF0\x9F\x98\x80', '')", "[a][\xC3\xA4][\xF0\x9F\x98\x80]"},
      {"SPLIT('a--b-c', '--')", "[a][b-c]"},
      {"STR_TO_MAP('a=1,b=2,a=3')", "[a][b]=[3][2]"},
      {"STR_TO_MAP('')", "="},
      {"STR_TO_MAP(',,')", "="},
      {"STR_TO_MAP('a=,,b,=x,a=y=z,')", "[a][][b]=[y=z][x]NULL"},
      {"STR_TO_MAP('a:1; b:22;c', ';\\s*', ':')", "[a][b][c]=[1][22]NULL"},
      {"STR_TO_MAP('a1|b2', '|', '[0-9]')", "[a][][|][b]=NULL[]NULLNULL"},
  };
  struct express express;
  express_open(&express, "UTC");
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    const struct wr_expression *expression = express_bind(&express, rows[i].sql);
    CU_ASSERT_FATAL(expression != NULL);
    struct wr_evaluation evaluation;
    struct wr_evaluator *evaluator = wr_evaluator_new(&expression, 1);
    wr_evaluator_run(evaluator, &express.batch, &evaluation);
    struct wr_list list, values;
    const struct wr_text *packed = wr_column_text(&evaluation.columns[0], 0);
    wr_buffer_clear(&express.out);
    if (expression->type->kind == WR_MAP) {
      wr_map_open(&list, &values, expression->type, packed);
      show_list(&express.out, &list);
      wr_buffer_put_char(&express.out, '=');
      show_list(&express.out, &values);
    } else {
      wr_list_open(&list, expression->type, packed);
      show_list(&express.out, &list);
    }
    WR_CHECK(strcmp(wr_buffer_string(&express.out), rows[i].expected) == 0,
             "%s\n  expected %s\n  found    %s", rows[i].sql, rows[i].expected,
             wr_buffer_string(&express.out));
    wr_evaluator_free(evaluator);
  }
  express_close(&express);
}

static void errors_stand_at_the_character(void)
{
  struct express express;
  express_open(&express, "UTC");
  CU_ASSERT_PTR_NULL(express_bind(&express, "REGEXP(t, 'ab[c')"));
  CU_ASSERT_STRING_EQUAL(express.err.state, "2201B");
  CU_ASSERT_EQUAL(express.err.code, WR_SEMANTIC);
  CU_ASSERT_EQUAL(express.err.span.offset,
                  7 + 11 + 4); /* behind SELECT; behind its last character */
  CU_ASSERT_PTR_NULL(express_bind(&express, "REGEXP(t, '(?U)')"));
  CU_ASSERT_EQUAL(express.err.span.offset, 7 + 11 + 2);
  CU_ASSERT_PTR_NULL(express_bind(&express, "REGEXP(t, 'it''s (')"));
  CU_ASSERT_EQUAL(express.err.span.offset, 7 + 10); /* doubled quotes: the whole literal */
  express_close(&express);
}

static const struct wr_test tests[] = {
    {"syntax_is_that_of_java", syntax_is_that_of_java},
    {"no_pattern_hangs", no_pattern_hangs},
    {"steps_can_be_fewer", steps_can_be_fewer},
    {"too_long_patterns_name_the_limit", too_long_patterns_name_the_limit},
    {"functions_of_patterns", functions_of_patterns},
    {"collections", collections},
    {"errors_stand_at_the_character", errors_stand_at_the_character},
    {NULL, NULL},
};

const struct wr_suite wr_suite_regex = {"regex", tests};
