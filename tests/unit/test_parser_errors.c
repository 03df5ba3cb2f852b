/* SPDX-License-Identifier: Apache-2.0 */
/* What the parser says when it cannot read a text: the code, the place, the sentence and the hint;
 * and its limits. */
#include "parser/parser.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "parser/keyword.h"
#include "tests/unit/check.h"

struct error_case {
  const char *sql, *place; /* line:column+width */
  const char *message;     /* the sentence */
  const char *hint;        /* or "" */
};

static const struct error_case found_and_expected[] = {
    {"SELECT a FROM t WHERE", "1:22+1", "the text ends here, expected an expression", ""},
    {"SELECT a FROM\n t GROUP a", "2:10+1", "found \"a\", expected BY", ""},
    {"SELECT (1 + 2 FROM t", "1:15+4", "found \"FROM\", expected \",\", \")\" or an operator", ""},
    {"SELECT CASE WHEN a THEN b", "1:26+1",
     "the text ends here, expected ELSE, END, WHEN or an operator", ""},
    {"SELECT INTERVAL '5' FOO", "1:21+3", "found \"FOO\", expected a unit such as DAY or SECOND",
     ""},
    {"INSERT t SELECT 1", "1:8+1", "found \"t\", expected INTO or OVERWRITE", ""},
    {"INSERT INTO t", "1:14+1", "the text ends here, expected a query", ""},
    {"CREATE TABLE t (a, b INT)", "1:18+1", "found \",\", expected a type or AS", ""},
    {"CREATE TABLE t (a INT) WITH ('k' 'v')", "1:34+3", "found 'v', expected \"=\"", ""},
    {"SELECT a WHERE b = 1 WHERE c = 2", "1:22+5",
     "found \"WHERE\", expected GROUP, HAVING, ORDER, LIMIT, EXCEPT, FETCH ...", ""},
    {"FROM t SELECT a", "1:1+4",
     "found \"FROM\", expected a statement such as SELECT, INSERT or CREATE TABLE", ""},
    {"SELECT a FROM (SELECT 1) t)", "1:27+1",
     "found \")\", expected \",\", JOIN, WHERE, GROUP, HAVING, ORDER ...", ""},
    {"SELECT 1 /*+ X */", "1:10+3",
     "found \"/*+\", expected a name, \",\", AS, FROM, WHERE, GROUP ...", ""},
    {"SELECT f(a FROM b)", "1:12+4", "found \"FROM\", expected \",\" or \")\"",
     "f takes its arguments separated by commas"},
    {"CREATE TABLE t LIKE s (INCLUDING PONIES)", "1:34+6",
     "found \"PONIES\", expected ALL, CONSTRAINTS, DISTRIBUTION, GENERATED, METADATA, OPTIONS, "
     "PARTITIONS or WATERMARKS",
     ""},
    {"SELECT INTERVAL '1' SECOND TO DAY", "1:21+13",
     "an interval goes from YEAR TO MONTH, or from DAY, HOUR or MINUTE to a finer unit down to "
     "SECOND",
     ""},
    {"SELECT MAP['a', 1, 'b']", "1:8+16", "MAP[key, value, ...] needs pairs; there are 3 entries",
     ""},
    {"SELECT CAST(a AS CHAR(99999999999))", "1:23+11",
     "the number 99999999999 is too large here; at most 2147483647", ""},
};

static const struct error_case guesses[] = {
    {"SELECT * FORM t", "1:10+4",
     "found \"FORM\", expected \",\", FROM, WHERE, GROUP, HAVING, ORDER ...", "did you mean FROM?"},
    {"SELECT a FORM t", "1:15+1",
     "found \"t\", expected \",\", FROM, WHERE, GROUP, HAVING, ORDER ...",
     "did you mean FROM where \"FORM\" stands?"},
    {"SELECT a FROM t WHER x = 1", "1:22+1",
     "found \"x\", expected \",\", JOIN, WHERE, GROUP, HAVING, ORDER ...",
     "did you mean WHERE where \"WHER\" stands?"},
    {"SELCT 1", "1:1+5",
     "found \"SELCT\", expected a statement such as SELECT, INSERT or CREATE TABLE",
     "did you mean SELECT?"},
    {"CREATE TABL t (a INT)", "1:8+4", "found \"TABL\", expected OR, TABLE, TEMPORARY or VIEW",
     "did you mean TABLE?"},
    {"INSERT INTO t VALUE (1)", "1:15+5", "found \"VALUE\", expected a query",
     "did you mean VALUES?"},
    {"SELECT a, FROM t", "1:11+4", "found \"FROM\", expected an expression or \"*\"",
     "is there a comma too many before it?"},
    {"CREATE TABLE t (a INT,)", "1:23+1", "found \")\", expected a name, CONSTRAINT or PRIMARY",
     "is there a comma too many before it?"},
    {"CREATE TABLE t (a INT) WITH (\"k\" = 'v')", "1:30+3",
     "found \"k\", expected \")\" or a string",
     "a string stands in '...'; other quotes make a name"},
    {"SELECT a AS 'b'", "1:13+3", "found 'b', expected a name",
     "a name stands in `...`; '...' makes a string"},
    {"SELECT INTERVAL 5 DAY", "1:17+1", "found \"5\", expected a string, \"+\" or \"-\"",
     "the value stands in quotes: INTERVAL '5'"},
};

static const struct error_case reserved_words[] = {
    {"CREATE TABLE t (a INT, timestamp TIMESTAMP(3))", "1:24+9",
     "TIMESTAMP is a reserved word; write it as `timestamp`", ""},
    {"CREATE TABLE t (from INT)", "1:17+4", "FROM is a reserved word; write it as `from`", ""},
    {"SELECT a AS order FROM t", "1:13+5", "ORDER is a reserved word; write it as `order`", ""},
    {"SELECT 1 FROM user.table", "1:20+5", "TABLE is a reserved word; write it as `table`", ""},
    {"SELECT partition FROM t", "1:8+9",
     "found \"partition\", expected an expression, ALL, DISTINCT or \"*\"",
     "PARTITION is a reserved word; as a name write it as `partition`"},
    {"SELECT date FROM t", "1:13+4", "found \"FROM\", expected a string",
     "DATE is a reserved word; as a name write it as `date`"},
    {"SELECT a timestamp FROM t", "1:10+9",
     "found \"timestamp\", expected a name, \",\", AS, FROM, WHERE, GROUP ...",
     "TIMESTAMP is a reserved word; as a name write it as `timestamp`"},
};

static const struct error_case bad_tokens[] = {
    {"SELECT 'abc", "1:8+1", "a string begins here and does not end; expected '", ""},
    {"SELECT\n `abc", "2:2+1", "a quoted name begins here and does not end; expected `", ""},
    {"SELECT /* abc", "1:8+2", "a comment begins here and does not end; expected */", ""},
    {"SELECT ``", "1:8+2", "a quoted name is empty", ""},
    {"SELECT X'abc'", "1:8+6", "X'...' needs an even number of hex digits", ""},
    {"SELECT U&'\\D800'", "1:8+9",
     "the string has a wrong escape; U&'...' knows \\XXXX, \\+XXXXXX (hex digits of a Unicode "
     "character) and \\\\",
     ""},
    {"SELECT 1abc", "1:8+4", "a number runs into a name: \"1abc\"",
     "a name that begins with a digit stands in quotes: `1abc`"},
    {"SELECT a == b", "1:10+2", "the characters == have no meaning here", "to compare use ="},
    {"SELECT a ? b", "1:10+1", "the character ? has no meaning here",
     "parameters are not supported; write the value"},
    {"SELECT \x01", "1:8+1", "the control character 0x01 has no meaning here", ""},
    {"SELECT 'ä', “x”", "1:13+1", "the character “ (U+201C) has no meaning here",
     "these are typographic quotes; a string stands in '...', a name in `...`"},
    {"SELECT\xC2\xA0"
     "1",
     "1:7+1", "the character \xC2\xA0 (U+00A0) has no meaning here",
     "this is a no-break space; write a plain one"},
    {"SELECT 'a\xFF'", "1:10+1", "the SQL text is not UTF-8: byte 0xFF", "save the file as UTF-8"},
    {"SELECT '\xED\xA0\x80'", "1:9+1", "the SQL text is not UTF-8: byte 0xED",
     "save the file as UTF-8"},
    {"SELECT '\xC0\xAF'", "1:9+1", "the SQL text is not UTF-8: byte 0xC0",
     "save the file as UTF-8"},
};

static const struct error_case later[] = {
    {"SELECT 1; ALTER TABLE t", "1:11+5", "ALTER is not supported yet", ""},
    {"SELECT * FROM t MATCH_RECOGNIZE (", "1:17+15", "MATCH_RECOGNIZE is not supported yet", ""},
};

static void check_error(const char *sql, size_t length, enum wr_code expected_code,
                        const struct error_case *row)
{
  struct wr_arena arena = {0};
  struct wr_error err;
  struct wr_script *script;
  struct wr_source_place place;
  char shown[64];
  wr_error_clear(&err);
  enum wr_code code = wr_parse(sql, length, &arena, &script, &err);
  WR_CHECK(code == expected_code && err.code == code && !script, "%.80s: code %d", sql, code);
  wr_source_locate(sql, length, err.span, &place);
  snprintf(shown, sizeof shown, "%u:%u+%u", place.line, place.column, place.width);
  WR_CHECK(strcmp(shown, row->place) == 0, "%.80s: at %s", sql, shown);
  WR_CHECK(strcmp(err.message, row->message) == 0, "%.80s: %s", sql, err.message);
  WR_CHECK(strcmp(err.hint, row->hint) == 0, "%.80s: hint %s", sql, err.hint);
  wr_arena_free(&arena);
}

static void check_errors(const struct error_case *cases, size_t count, enum wr_code code)
{
  for (size_t i = 0; i < count; i++) {
    check_error(cases[i].sql, strlen(cases[i].sql), code, &cases[i]);
  }
}

static void errors_say_what_was_expected(void)
{
  check_errors(found_and_expected, WR_COUNT(found_and_expected), WR_SYNTAX);
}

static void errors_guess_what_was_meant(void)
{
  check_errors(guesses, WR_COUNT(guesses), WR_SYNTAX);
}

static void reserved_words_ask_for_quotes(void)
{
  check_errors(reserved_words, WR_COUNT(reserved_words), WR_SYNTAX);
}

static void bad_tokens_are_placed(void)
{
  check_errors(bad_tokens, WR_COUNT(bad_tokens), WR_SYNTAX);
}

static void later_constructs_are_named(void)
{
  check_errors(later, WR_COUNT(later), WR_UNSUPPORTED);
}

static void nul_bytes_are_refused(void)
{
  static const struct error_case row = {"", "1:8+1", "the SQL text contains a NUL byte", ""};
  check_error("SELECT \0 1", 10, WR_SYNTAX, &row);
}

/* ---- limits */

static void check_limit(const char *sql, size_t length, const char *limit)
{
  struct wr_arena arena = {0};
  struct wr_error err;
  struct wr_script *script;
  wr_error_clear(&err);
  WR_CHECK(wr_parse(sql, length, &arena, &script, &err) == WR_LIMIT, "%.40s", sql);
  WR_CHECK(strstr(err.message, limit) != NULL, "%.40s: %s", sql, err.message);
  wr_arena_free(&arena);
}

/* `head`, then `piece` over and over, then `tail`. */
static char *text_repeat(const char *head, const char *piece, size_t count, const char *tail,
                         size_t *length)
{
  size_t head_length = strlen(head), piece_length = strlen(piece);
  *length = head_length + piece_length * count + strlen(tail);
  char *text = malloc(*length + 1), *end = text + head_length;
  memcpy(text, head, head_length);
  for (size_t i = 0; i < count; i++, end += piece_length) {
    memcpy(end, piece, piece_length);
  }
  strcpy(end, tail);
  return text;
}

static void check_bomb(const char *head, const char *piece, size_t count, const char *tail,
                       const char *limit)
{
  size_t length;
  char *text = text_repeat(head, piece, count, tail, &length);
  check_limit(text, length, limit);
  free(text);
}

static void nesting_is_bounded(void)
{
  static const char *const pieces[] = {"(",
                                       "f(",
                                       "- ",
                                       "NOT ",
                                       "CASE WHEN ",
                                       "a + (",
                                       "ARRAY[",
                                       "(SELECT ",
                                       "CAST(",
                                       "a OR a AND NOT a = a + a * (",
                                       "EXISTS (SELECT * FROM (SELECT "};
  for (size_t i = 0; i < WR_COUNT(pieces); i++) {
    check_bomb("SELECT ", pieces[i], 100000, "", "WR_SQL_NESTING_MAX");
    check_bomb("SELECT ", pieces[i], WR_SQL_NESTING_MAX * 20, "", "WR_SQL_NESTING_MAX");
  }
  check_bomb("SELECT 1", " + 1", WR_SQL_NESTING_MAX, "", "WR_SQL_NESTING_MAX");
  check_bomb("SELECT 1", " UNION SELECT 1", WR_SQL_NESTING_MAX, "", "WR_SQL_NESTING_MAX");
  check_bomb("SELECT 1 FROM a", ", a", WR_SQL_NESTING_MAX, "", "WR_SQL_NESTING_MAX");
  check_bomb("SELECT CAST(a AS INT", " ARRAY", WR_TYPE_NESTING_MAX, ")", "WR_TYPE_NESTING_MAX");
}

static void nesting_below_the_limit_is_read(void)
{
  size_t length;
  char *sql = text_repeat("SELECT ", "(", WR_SQL_NESTING_MAX - 20, "1", &length);
  size_t open = WR_SQL_NESTING_MAX - 20;
  sql = realloc(sql, length + open + 1);
  memset(sql + length, ')', open);
  struct wr_arena arena = {0};
  struct wr_error err;
  struct wr_script *script;
  WR_CHECK(wr_parse(sql, length + open, &arena, &script, &err) == WR_OK, "%s", err.message);
  wr_arena_free(&arena);
  free(sql);
}

static void sizes_are_bounded(void)
{
  check_bomb("SELECT '", "x", 1 << 20, "'", "WR_SQL_LITERAL_BYTES_MAX");
  check_bomb("SELECT ", "1", 1 << 20, "", "WR_SQL_LITERAL_BYTES_MAX");
  check_bomb("SELECT X'", "00", 1 << 20, "'", "WR_SQL_LITERAL_BYTES_MAX");
  check_bomb("SELECT ", "x", 1 << 20, "", "WR_SQL_NAME_BYTES_MAX");
  check_bomb("SELECT `", "x", WR_SQL_NAME_BYTES_MAX + 1, "`", "WR_SQL_NAME_BYTES_MAX");
  check_bomb("SELECT 1", ",1", WR_SQL_TOKENS_MAX / 2, "", "WR_SQL_TOKENS_MAX");
  check_bomb("--", " ", WR_SQL_BYTES_MAX, "", "WR_SQL_BYTES_MAX");
}

/* ---- places and words */

static void places_count_characters(void)
{
  static const char text[] = "a\r\n\xC3\xA4\xC3\xB6x\n";
  static const struct {
    struct wr_span span;
    uint32_t line, column, width;
    const char *line_text;
  } rows[] = {
      {{0, 1}, 1, 1, 1, "a"},
      {{3, 2}, 2, 1, 1, "\xC3\xA4\xC3\xB6x"},
      {{7, 1}, 2, 3, 1, "\xC3\xA4\xC3\xB6x"},
      {{3, 100}, 2, 1, 3, "\xC3\xA4\xC3\xB6x"},
      {{9, 0}, 3, 1, 1, ""},
      {{1000, 5}, 3, 1, 1, ""},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_source_place place;
    wr_source_locate(text, sizeof text - 1, rows[i].span, &place);
    WR_CHECK(place.line == rows[i].line && place.column == rows[i].column &&
                 place.width == rows[i].width,
             "row %zu: %u:%u+%u", i, place.line, place.column, place.width);
    WR_CHECK(place.line_length == strlen(rows[i].line_text) &&
                 memcmp(place.line_text, rows[i].line_text, place.line_length) == 0,
             "row %zu: %.*s", i, (int)place.line_length, place.line_text);
  }
}

static bool parses(const char *format, const char *word)
{
  char sql[100];
  struct wr_arena arena = {0};
  struct wr_error err;
  struct wr_script *script;
  snprintf(sql, sizeof sql, format, word);
  enum wr_code code = wr_parse(sql, strlen(sql), &arena, &script, &err);
  wr_arena_free(&arena);
  return code == WR_OK;
}

/* The table of keyword.c and the rules free_word and column_word of grammar.y say the same. */
static void keywords_are_names_as_their_kind_says(void)
{
  size_t count;
  const struct wr_keyword *keywords = wr_keyword_list(&count);
  for (size_t i = 0; i < count; i++) {
    const struct wr_keyword *keyword = &keywords[i];
    bool is_name = keyword->kind == WR_KEYWORD_FREE || keyword->kind == WR_KEYWORD_COLUMN;
    WR_CHECK(i == 0 || strcmp(keywords[i - 1].text, keyword->text) < 0, "%s: order", keyword->text);
    WR_CHECK(wr_keyword_find(keyword->text, strlen(keyword->text)) == keyword, "%s", keyword->text);
    WR_CHECK(parses("SELECT 1 AS %s", keyword->text) == is_name, "%s as a name", keyword->text);
    WR_CHECK(parses("CREATE TABLE t (%s INT)", keyword->text) == is_name, "%s as a column",
             keyword->text);
    WR_CHECK(!is_name || parses("SELECT %s + 1 FROM t", keyword->text), "%s as a value",
             keyword->text);
    WR_CHECK(parses("SELECT 1 %s", keyword->text) == (keyword->kind == WR_KEYWORD_FREE),
             "%s as an alias", keyword->text);
    WR_CHECK(parses("SELECT 1 FROM t %s", keyword->text) == (keyword->kind == WR_KEYWORD_FREE),
             "%s as a table's alias", keyword->text);
    WR_CHECK(parses("SELECT `%s`", keyword->text), "%s in quotes", keyword->text);
  }
  CU_ASSERT_PTR_NULL(wr_keyword_find("SELEC", 5));
  CU_ASSERT_PTR_NOT_NULL(wr_keyword_find("sElEcT", 6));
}

static const struct wr_test tests[] = {
    {"errors_say_what_was_expected", errors_say_what_was_expected},
    {"errors_guess_what_was_meant", errors_guess_what_was_meant},
    {"reserved_words_ask_for_quotes", reserved_words_ask_for_quotes},
    {"bad_tokens_are_placed", bad_tokens_are_placed},
    {"later_constructs_are_named", later_constructs_are_named},
    {"nul_bytes_are_refused", nul_bytes_are_refused},
    {"nesting_is_bounded", nesting_is_bounded},
    {"nesting_below_the_limit_is_read", nesting_below_the_limit_is_read},
    {"sizes_are_bounded", sizes_are_bounded},
    {"places_count_characters", places_count_characters},
    {"keywords_are_names_as_their_kind_says", keywords_are_names_as_their_kind_says},
    {NULL, NULL},
};

const struct wr_suite wr_suite_parser_errors = {"parser_errors", tests};
