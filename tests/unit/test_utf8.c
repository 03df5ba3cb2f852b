/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8: validity, counting, case and width. */
#include "text/utf8.h"

#include <string.h>

#include "tests/unit/check.h"

static void validity(void)
{
  static const struct {
    const char *text;
    bool valid;
  } rows[] = {
      {"", true},
      {"plain ascii of some length", true},
      {"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", true},
      {"0123456\xC3\xA4"
       "89abcdef\xE2\x82\xAC",
       true},
      {"\xC2\x80", true},
      {"\xEF\xBF\xBF", true},
      {"\xF4\x8F\xBF\xBF", true},
      {"\xC3", false},
      {"abcdefgh\xC3", false},
      {"\x80", false},
      {"\xC0\x80", false},
      {"\xC1\xBF", false},
      {"\xE0\x9F\xBF", false},
      {"\xED\xA0\x80", false},
      {"\xF0\x8F\xBF\xBF", false},
      {"\xF4\x90\x80\x80", false},
      {"\xF5\x80\x80\x80", false},
      {"\xE2\x82", false},
      {"\xE2\x28\xA1", false},
      {"\xF0\x9F\x98", false},
      {"\xFF", false},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++)
    WR_CHECK(wr_utf8_valid(rows[i].text, strlen(rows[i].text)) == rows[i].valid, "row %zu", i);
}

/* Whole words are looked at first: no place, above all not behind the last one, is passed over. */
static void every_byte_of_a_text_is_looked_at(void)
{
  char text[40];
  for (size_t length = 1; length <= sizeof text; length++)
    for (size_t at = 0; at < length; at++) {
      memset(text, 'a', sizeof text);
      WR_CHECK(wr_utf8_valid(text, length) && wr_utf8_is_ascii(text, length), "%zu bytes", length);
      text[at] = '\xFF';
      WR_CHECK(!wr_utf8_valid(text, length) && !wr_utf8_is_ascii(text, length), "%zu of %zu", at,
               length);
    }
}

static void characters_are_counted_and_found(void)
{
  static const char text[] = "a\xC3\xA4"
                             "b\xE2\x82\xAC"
                             "0123456789\xF0\x9F\x98\x80z";
  size_t length = sizeof text - 1;
  static const size_t offsets[] = {0,  1,  3,  4,  7,  8,  9,  10, 11, 12,
                                   13, 14, 15, 16, 17, 21, 22, 22, 22};
  CU_ASSERT_EQUAL(wr_utf8_count(text, length), 16);
  for (size_t i = 0; i < WR_COUNT(offsets); i++)
    WR_CHECK(wr_utf8_offset(text, length, i) == offsets[i], "character %zu: %zu", i,
             wr_utf8_offset(text, length, i));
  CU_ASSERT(wr_utf8_is_ascii("0123456789", 10));
  CU_ASSERT_FALSE(wr_utf8_is_ascii(text, length));
}

static void points_go_both_ways(void)
{
  static const uint32_t points[] = {0,     'a',    0x7F,   0x80,    0x7FF,
                                    0x800, 0xFFFD, 0xFFFF, 0x10000, 0x10FFFF};
  for (size_t i = 0; i < WR_COUNT(points); i++) {
    char text[WR_UTF8_BYTES_MAX];
    unsigned length = wr_utf8_put(points[i], text);
    size_t at = 0;
    WR_CHECK(wr_utf8_next(text, length, &at) == points[i] && at == length, "U+%04X", points[i]);
    WR_CHECK(wr_utf8_length(text[0]) == length, "U+%04X", points[i]);
  }
  size_t at = 0;
  CU_ASSERT(wr_utf8_next("\xE2\x82", 2, &at) == 0xFFFD && at == 1);
}

static void case_is_mapped(void)
{
  static const struct {
    const char *lower, *upper;
  } rows[] = {
      {"", ""},
      {"hello, world [`{@] 09", "HELLO, WORLD [`{@] 09"},
      {"AZ iS nOt aLl", "AZ IS NOT ALL"},
      {"\xC3\xA4\xC3\xB6\xC3\xBC", "\xC3\x84\xC3\x96\xC3\x9C"},
      {"\xCE\xB1\xCE\xB2\xCE\xB3 abcdefgh", "\xCE\x91\xCE\x92\xCE\x93 ABCDEFGH"},
      {"\xD0\xB6", "\xD0\x96"},
      {"\xE2\xB1\xA5", "\xC8\xBA"}, /* three bytes, two bytes */
      {"\xF0\x90\x90\xA8", "\xF0\x90\x90\x80"},
      {"\xE4\xB8\xAD\xF0\x9F\x98\x80", "\xE4\xB8\xAD\xF0\x9F\x98\x80"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    char out[100];
    size_t length = wr_utf8_upper(rows[i].lower, strlen(rows[i].lower), out);
    WR_CHECK(length == strlen(rows[i].upper) && memcmp(out, rows[i].upper, length) == 0,
             "row %zu, upper", i);
    if (i == 2)
      continue;
    length = wr_utf8_lower(rows[i].upper, strlen(rows[i].upper), out);
    WR_CHECK(length == strlen(rows[i].lower) && memcmp(out, rows[i].lower, length) == 0,
             "row %zu, lower", i);
  }
}

static void case_may_change_lengths(void)
{
  static const struct {
    const char *text, *upper, *lower, *initcap;
  } rows[] = {
      {"stra\xC3\x9F"
       "e",
       "STRASSE",
       "stra\xC3\x9F"
       "e",
       "Stra\xC3\x9F"
       "e"},
      {"\xCE\x9F\xCE\x94\xCE\xA5\xCE\xA3\xCE\xA3\xCE\x95\xCE\xA5\xCE\xA3",
       "\xCE\x9F\xCE\x94\xCE\xA5\xCE\xA3\xCE\xA3\xCE\x95\xCE\xA5\xCE\xA3",
       "\xCE\xBF\xCE\xB4\xCF\x85\xCF\x83\xCF\x83\xCE\xB5\xCF\x85\xCF\x82", /* the last sigma */
       "\xCE\x9F\xCE\xB4\xCF\x85\xCF\x83\xCF\x83\xCE\xB5\xCF\x85\xCF\x82"},
      {"\xEF\xAC\x83 \xC5\x89", "FFI \xCA\xBCN", "\xEF\xAC\x83 \xC5\x89", "\xEF\xAC\x83 \xC5\x89"},
      {"it's a 2nd WORD-pair", "IT'S A 2ND WORD-PAIR", "it's a 2nd word-pair",
       "It'S A 2nd Word-Pair"},
      {"\xC3\xA9t\xC3\x89 \xC7\x86x", "\xC3\x89T\xC3\x89 \xC7\x84X", "\xC3\xA9t\xC3\xA9 \xC7\x86x",
       "\xC3\x89t\xC3\xA9 \xC7\x85x"},
      {"a text of more than thirty-two bytes, Which are ASCII",
       "A TEXT OF MORE THAN THIRTY-TWO BYTES, WHICH ARE ASCII",
       "a text of more than thirty-two bytes, which are ascii",
       "A Text Of More Than Thirty-Two Bytes, Which Are Ascii"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    char out[300];
    size_t bytes = strlen(rows[i].text);
    out[wr_utf8_upper(rows[i].text, bytes, out)] = '\0';
    WR_CHECK(strcmp(out, rows[i].upper) == 0, "row %zu, upper: %s", i, out);
    out[wr_utf8_lower(rows[i].text, bytes, out)] = '\0';
    WR_CHECK(strcmp(out, rows[i].lower) == 0, "row %zu, lower: %s", i, out);
    out[wr_utf8_initcap(rows[i].text, bytes, out)] = '\0';
    WR_CHECK(strcmp(out, rows[i].initcap) == 0, "row %zu, initcap: %s", i, out);
  }
  char out[12];
  CU_ASSERT(wr_utf8_upper("a\xC3", 2, out) <=
            6); /* what is no UTF-8 gives something inside the room */
  CU_ASSERT(wr_utf8_initcap("a\xF0\x9F", 3, out) <= 9);
}

static void width_is_what_a_terminal_needs(void)
{
  static const struct {
    const char *text;
    size_t width;
  } rows[] = {{"", 0},
              {"abc", 3},
              {"\xC3\xA4", 1},
              {"a\xCC\x88", 1},
              {"\xE4\xB8\xAD\xE6\x96\x87", 4},
              {"\xF0\x9F\x98\x80!", 3},
              {"\xE2\x82\xAC", 1}};
  for (size_t i = 0; i < WR_COUNT(rows); i++)
    WR_CHECK(wr_utf8_width(rows[i].text, strlen(rows[i].text)) == rows[i].width, "row %zu", i);
}

static const struct wr_test tests[] = {
    {"validity", validity},
    {"every_byte_of_a_text_is_looked_at", every_byte_of_a_text_is_looked_at},
    {"characters_are_counted_and_found", characters_are_counted_and_found},
    {"points_go_both_ways", points_go_both_ways},
    {"case_is_mapped", case_is_mapped},
    {"case_may_change_lengths", case_may_change_lengths},
    {"width_is_what_a_terminal_needs", width_is_what_a_terminal_needs},
    {NULL, NULL},
};

const struct wr_suite wr_suite_utf8 = {"utf8", tests};
