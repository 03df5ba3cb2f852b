/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of text at their edges: positions of 0 and beyond, NULL, characters of several bytes.
 */
#include <string.h>

#include "tests/unit/express.h"

#define N "CAST(NULL AS STRING)"

static void case_and_codes(void)
{
  static const struct express_row rows[] = {
      {"UPPER(t)", "WEIR||NULL|A LONGER TEXT THAN 12|\xC3\x84PFEL"},
      {"LOWER(t)", "weir||NULL|a longer text than 12|\xC3\xA4pfel"},
      {"INITCAP(t)", "Weir||NULL|A Longer Text Than 12|\xC3\x84pfel"},
      {"UPPER('stra\xC3\x9F'||'e')", "STRASSE"},
      {"LOWER('\xCE\x9F\xCE\xA3')", "\xCE\xBF\xCF\x82"},
      {"ASCII(t)", "119|0|NULL|97|196"},
      {"CHR(i)", "\x01|\x00"},
      {"CHR(228)", "\xC3\xA4"},
      {"CHR(-1)", ""},
      {"CHR(4294967393)", "a"},
      {"CHAR_LENGTH(t)", "4|0|NULL|21|5"},
      {"OCTET_LENGTH(t)", "4|0|NULL|21|6"},
      {"REVERSE(t)", "riew||NULL|21 naht txet regnol a|lefp\xC3\x84"},
  };
  struct express express;
  express_open(&express, "UTC");
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    const char *found = express_results(&express, rows[i].sql);
    /* CHR(0) is a NUL byte: only what stands before it is compared. */
    WR_CHECK(strcmp(found, rows[i].expected) == 0, "%s\n  expected %s\n  found    %s", rows[i].sql,
             rows[i].expected, found);
  }
  express_close(&express);
}

static void pieces(void)
{
  static const struct express_row rows[] = {
      {"SUBSTRING(t, 2, 3)", "eir||NULL| lo|pfe"},
      {"SUBSTRING(t, 0, 2)", "we||NULL|a |\xC3\x84p"},
      {"SUBSTRING(t, -2)", "ir||NULL|12|el"},
      {"SUBSTRING(t, -50, 2)", "||NULL||"},
      {"SUBSTRING(t, 1, -1)", "NULL|NULL|NULL|NULL|NULL"},
      {"SUBSTRING(t, i)", "weir||NULL||"},
      {"LEFT(t, -1)", "||NULL||"},
      {"RIGHT(t, -1)", "||NULL||"},
      {"RIGHT(t, -2147483648)", "||NULL||"},
      {"RIGHT(t, 3)", "eir||NULL| 12|fel"},
      {"LEFT(t, 1)", "w||NULL|a|\xC3\x84"},
      {"ELT(i, t, 'x')", "weir|NULL|NULL|NULL|NULL"},
      {"ELT(2, 'a', " N ")", "NULL"},
      {"ELT(3, 'a', 'b')", "NULL"},
      {"ELT(0, 'a', 'b')", "NULL"},
      {"ELT(1, 'a', 1)", "! there is no ELT(INT, CHAR(1), INT)"},
      {"SPLIT_INDEX('a/b/c', 47, 1)", "b"},
      {"SPLIT_INDEX('a/b/c', 0, 1)", "NULL"},
      {"SPLIT_INDEX('a/b/c', 256, 0)", "NULL"},
      {"SPLIT_INDEX('a b', '', 1)", "b"},
      {"SPLIT_INDEX('', ',', 0)", "NULL"},
      {"SPLIT_INDEX(',', ',', 1)", ""},
      {"SPLIT_INDEX('https://www.example.com/ab/cd/ef/item', '/', 3)", "ab"},
      {"SPLIT_INDEX('https://www.example.com/ab/cd/ef/item', '/', 6)", "item"},
      {"SPLIT_INDEX('https://www.example.com/ab/cd/ef/item', '/', 7)", "NULL"},
      {"SPLIT_INDEX('https://www.example.com/ab/cd/ef/item', '/', 0)", "https:"},
      {"SPLIT_INDEX('./0/./0/./0/./0/', '/', 7)", "0"},
      {"SPLIT_INDEX('\xCD\xAF\xCD\xAF\xCD\xAF\xCD\xAF/x', '/', 1)", "x"},
      {"SPLIT_INDEX('////////////', '/', 12)", ""},
      {"SPLIT_INDEX('////////////', '/', 13)", "NULL"},
      {"TRIM(t)", "weir||NULL|a longer text than 12|\xC3\x84pfel"},
      {"BTRIM('\xC3\xA4'||'x'||'\xC3\xA4', '\xC3\xA4')", "x"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static void joining(void)
{
  static const struct express_row rows[] = {
      {"OVERLAY(t PLACING '__' FROM 2)", "w__r||NULL|a__onger text than 12|\xC3\x84__el"},
      {"OVERLAY('abcdef' PLACING 'X' FROM 6 FOR 5)", "abcdeX"},
      {"OVERLAY('abc' PLACING 'X' FROM 0)", "abc"},
      {"OVERLAY('abc' PLACING 'X' FROM -1)", "abc"},
      {"OVERLAY('abc' PLACING 'X' FROM 4)", "abc"},
      {"OVERLAY('abc' PLACING 'X' FROM 2 FOR 0)", "aX"},
      {"OVERLAY('abc' PLACING 'X' FROM 2 FOR -3)", "aX"},
      {"OVERLAY('abc' PLACING 'X' FROM 2 FOR 2147483647)", "aX"},
      {"OVERLAY('\xC3\xA4\xC3\xB6\xC3\xBC' PLACING 'X' FROM 2 FOR 1)", "\xC3\xA4X\xC3\xBC"},
      {"OVERLAY(" N " PLACING 'X' FROM 1)", "NULL"},
      {"REPEAT(t, -1)", "||NULL||"},
      {"REPEAT('ab', 100000000)",
       "! REPEAT would give a text of 200000000 bytes; WR_TEXT_BYTES_MAX is 16777216"},
      {"LPAD(t, 6, '-+')", "-+weir|-+-+-+|NULL|a long|-\xC3\x84pfel"},
      {"RPAD(t, 6, '-+')", "weir-+|-+-+-+|NULL|a long|\xC3\x84pfel-"},
      {"LPAD(t, -1, 'x')", "NULL|NULL|NULL|NULL|NULL"},
      {"LPAD('a', 3, '')", "NULL"},
      {"CONCAT('a', " N ")", "NULL"},
      {"CONCAT_WS(" N ", 'a')", "NULL"},
      {"CONCAT_WS('-', " N ", " N ")", ""},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static void searching(void)
{
  static const struct express_row rows[] = {
      {"POSITION('e' IN t)", "2|0|NULL|7|4"},
      {"LOCATE('', 'abc', 3)", "1"},
      {"LOCATE('b', 'abcb', 3)", "4"},
      {"LOCATE('b', 'abcb', 0)", "2"},
      {"LOCATE('b', 'abcb', -5)", "2"},
      {"LOCATE('b', 'abcb', 9)", "0"},
      {"LOCATE('\xC3\xBC', '\xC3\xA4\xC3\xB6\xC3\xBC')", "3"},
      {"INSTR('banana', 'an')", "2"},
      {"INSTR('banana', 'an', 3)", "4"},
      {"INSTR('banana', 'an', 1, 3)", "0"},
      {"INSTR('banana', 'ana', 1, 2)", "4"},
      {"INSTR('banana', 'an', -1)", "4"},
      {"INSTR('banana', 'an', -1, 2)", "2"},
      {"INSTR('banana', 'an', -4)", "2"},
      {"INSTR('banana', 'an', -6)", "0"},
      {"INSTR('banana', 'an', -2147483648)", "0"},
      {"INSTR('banana', 'an', 0)", "0"},
      {"INSTR('banana', '')", "1"},
      {"INSTR('banana', '', -1)", "7"},
      {"INSTR('', '')", "1"},
      {"INSTR('', 'a')", "0"},
      {"INSTR('\xC3\xA4'||'b\xC3\xA4'||'b', '\xC3\xA4', -1)", "3"},
      {"INSTR('banana', 'an', 1, 0)", "! INSTR is asked for occurrence 0; the first is 1"},
      {"REPLACE(t, 'e', '')", "wir||NULL|a longr txt than 12|\xC3\x84pfl"},
      {"REPLACE('aaa', 'aa', 'b')", "ba"},
      {"REPLACE(t, '', '-')",
       "-w-e-i-r-|-|NULL|-a- -l-o-n-g-e-r- -t-e-x-t- -t-h-a-n- -1-2-|-\xC3\x84-p-f-e-l-"},
      {"TRANSLATE(t, 'e\xC3\x84t', 'E\xC3\xA4')", "wEir||NULL|a longEr Ex han 12|\xC3\xA4pfEl"},
      {"TRANSLATE('abc', 'aa', 'xy')", "xbc"},
      {"TRANSLATE('abc', '', 'xy')", "abc"},
      {"TRANSLATE('abc', " N ", 'xy')", "abc"},
      {"TRANSLATE('abc', 'ab', " N ")", "c"},
      {"TRANSLATE(" N ", 'ab', 'b')", "NULL"},
      {"TRANSLATE(t, t, REVERSE(t))", "riew||NULL|21 naht 1xttx1xg2a1 a|lefp\xC3\x84"},
      {"STARTSWITH(t, 'we')", "TRUE|FALSE|NULL|FALSE|FALSE"},
      {"STARTSWITH(CAST('ab' AS BYTES), CAST('a' AS BYTES))", "TRUE"},
      {"ENDSWITH(CAST('ab' AS BYTES), CAST('a' AS BYTES))", "FALSE"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static void kinds_of_text(void)
{
  static const struct express_row rows[] = {
      {"IS_ALPHA(t)", "TRUE|FALSE|FALSE|FALSE|TRUE"},
      {"IS_ALPHA(i)", "FALSE"},
      {"IS_DIGIT('123')", "TRUE"},
      {"IS_DIGIT('12x')", "FALSE"},
      {"IS_DIGIT('-1')", "FALSE"},
      {"IS_DIGIT('')", "FALSE"},
      {"IS_DIGIT('\xD9\xA3')", "TRUE"}, /* an Arabic three */
      {"IS_DIGIT(i)", "TRUE|TRUE|FALSE|TRUE|TRUE"},
      {"IS_DIGIT(d)", "FALSE"},
      {"IS_DECIMAL(d)", "TRUE|TRUE|FALSE|TRUE|TRUE"},
      {"IS_DECIMAL(m)", "TRUE|TRUE|FALSE|TRUE|TRUE"},
      {"IS_DECIMAL(b)", "FALSE"},
      {"IS_DECIMAL(t)", "FALSE|FALSE|FALSE|FALSE|FALSE"},
      {"IS_DECIMAL(' -1.5e3 ')", "TRUE"},
      {"IS_DECIMAL('1.5f')", "TRUE"},
      {"IS_DECIMAL('1.5x')", "FALSE"},
      {"IS_DECIMAL('f')", "FALSE"},
      {"IS_DECIMAL(NULL)", "FALSE"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static void encodings(void)
{
  static const struct express_row rows[] = {
      {"TO_BASE64(t)", "d2Vpcg==||NULL|YSBsb25nZXIgdGV4dCB0aGFuIDEy|w4RwZmVs"},
      {"FROM_BASE64(TO_BASE64(t))", "weir||NULL|a longer text than 12|\xC3\x84pfel"},
      {"FROM_BASE64('d2Vpcg')", "weir"},
      {"FROM_BASE64('d2V=pcg')", "! 'd2V=pcg' is not base 64"},
      {"FROM_BASE64('=')", "! '=' is not base 64"},
      {"FROM_BASE64('/w==')", "! the 1 bytes behind '/w==' are not UTF-8"},
      {"TO_BASE64(ENCODE('\xC3\xA4', 'utf-16'))", "/v8A5A=="},
      {"TO_BASE64(ENCODE('\xF0\x9F\x98\x80', 'UTF-16LE'))", "PdgA3g=="},
      {"DECODE(ENCODE(t, 'UTF-16'), 'UTF-16')", "weir||NULL|a longer text than 12|\xC3\x84pfel"},
      {"DECODE(ENCODE('\xF0\x9F\x98\x80\xE2\x82\xAC', 'UTF-16BE'), 'UTF-16BE')",
       "\xF0\x9F\x98\x80\xE2\x82\xAC"},
      {"DECODE(ENCODE('\xC3\xA4\xE2\x82\xAC', 'ISO-8859-1'), 'ISO-8859-1')", "\xC3\xA4?"},
      {"DECODE(ENCODE('\xC3\xA4', 'ISO-8859-1'), 'US-ASCII')", "\xEF\xBF\xBD"},
      {"DECODE(ENCODE('\xC3\xA4'||'b', 'ISO-8859-1'), 'UTF-8')", "\xEF\xBF\xBD"
                                                                 "b"},
      {"DECODE(ENCODE('a', 'US-ASCII'), 'UTF-16BE')", "\xEF\xBF\xBD"},
      {"DECODE(ENCODE('\xF0\x9F\x98\x80', 'UTF-16BE'), 'UTF-16LE')", "\xE3\xB7\x98\xC3\x9E"},
      {"ENCODE('a', 'KOI8')", "! there is no character set 'KOI8'"},
      {"DECODE(ENCODE('a', 'UTF-8'), t)",
       "! there is no character set 'weir'|! there is no character set ''|NULL|! there is no "
       "character set 'a longer text than 12'|! there is no character set '\xC3\x84pfel'"},
      {"JSON_QUOTE('\xC3\xA4 / \xF0\x9F\x98\x80')", "\"\\u00e4 \\/ \\ud83d\\ude00\""},
      {"JSON_QUOTE(CHR(1)||CHR(10))", "\"\\u0001\\n\""},
      {"JSON_UNQUOTE(JSON_QUOTE(t))", "weir||NULL|a longer text than 12|\xC3\x84pfel"},
      {"JSON_UNQUOTE('\"\\ud83d\\ude00\\ud83d\"')", "\xF0\x9F\x98\x80\xEF\xBF\xBD"},
      {"JSON_UNQUOTE('\"a')", "\"a"},
      {"JSON_UNQUOTE('\"a\"b\"')", "\"a\"b\""},
      {"JSON_UNQUOTE('\"\\x\"')", "\"\\x\""},
      {"JSON_UNQUOTE('[1]')", "[1]"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static void urls(void)
{
  static const char *const address = "'https://me:x@weir.io:8443/a/b.html?k=v&kk=w%26&=n#top'";
  static const struct {
    const char *part, *expected;
  } parts[] = {{"PROTOCOL", "https"},  {"AUTHORITY", "me:x@weir.io:8443"},
               {"USERINFO", "me:x"},   {"HOST", "weir.io"},
               {"PATH", "/a/b.html"},  {"QUERY", "k=v&kk=w%26&=n"},
               {"REF", "top"},         {"FILE", "/a/b.html?k=v&kk=w%26&=n"},
               {"host", "NULL"},       {"QUERY', 'kk", "w%26"},
               {"QUERY', 'x", "NULL"}, {"QUERY', '", "n"},
               {"HOST', 'k", "NULL"}};
  static const struct express_row rows[] = {
      {"PARSE_URL('http://[::1]:80/', 'HOST')", "[::1]"},
      {"PARSE_URL('http://[::1', 'HOST')", "NULL"},
      {"PARSE_URL('http://a:b/', 'HOST')", "NULL"},
      {"PARSE_URL('http://a@b@c/', 'HOST')", ""},
      {"PARSE_URL('http://weir.io?x=1', 'HOST')", "weir.io"},
      {"PARSE_URL('http://weir.io/' || CHR(0) || 'a?x=1', 'QUERY')", "x=1"},
      {"PARSE_URL('http://weir.io', 'PATH')", ""},
      {"PARSE_URL('mailto:me@weir.io', 'PATH')", "me@weir.io"},
      {"PARSE_URL(t, 'HOST')", "NULL|NULL|NULL|NULL|NULL"},
      {"PARSE_URL('//weir.io/', 'HOST')", "NULL"},
      {"URL_ENCODE('\xC3\xA4 +*-._~/')", "%C3%A4+%2B*-._%7E%2F"},
      {"URL_DECODE(URL_ENCODE(t))", "weir||NULL|a longer text than 12|\xC3\x84pfel"},
      {"URL_DECODE('%')", "NULL"},
      {"URL_DECODE('%4')", "NULL"},
      {"URL_DECODE('%41')", "A"},
      {"URL_DECODE('%zz')", "NULL"},
      {"URL_DECODE('%FF')", "NULL"},
      {"URL_DECODE_RECURSIVE('Hello%252520World', 2)", "Hello%20World"},
      {"URL_DECODE_RECURSIVE('100%2525')", "100%"},
      {"URL_DECODE_RECURSIVE('%')", "NULL"},
      {"URL_DECODE_RECURSIVE('a', 0)", "! URL_DECODE_RECURSIVE needs at least one round, not 0"},
  };
  struct express express;
  express_open(&express, "UTC");
  for (size_t i = 0; i < WR_COUNT(parts); i++) {
    const char *sql = wr_arena_print(&express.arena, "PARSE_URL(%s, '%s')", address, parts[i].part);
    const char *found = express_results(&express, sql);
    WR_CHECK(strcmp(found, parts[i].expected) == 0, "%s: %s", sql, found);
  }
  express_close(&express);
  express_check(rows, WR_COUNT(rows), "UTC");
}

static void formats(void)
{
  static const struct express_row rows[] = {
      {"PRINTF('%s|%S|%5s|%-5s|%.2s|', t, t, t, t, t)",
       "weir|WEIR| weir|weir |we||||     |     |||null|NULL| null|null |nu|"
       "|a longer text than 12|A LONGER TEXT THAN 12|a longer text than 12|a longer text than 12|a |"
       "|\xC3\x84pfel|\xC3\x84PFEL|\xC3\x84pfel|\xC3\x84pfel|\xC3\x84p|"},
      {"PRINTF('%d %05d %+d %,d %x %X %o', i, i, i, i, i, i, i)",
       "1 00001 +1 1 1 1 1|0 00000 +0 0 0 0 0|null  null null null null NULL null|"
       "2147483647 2147483647 +2147483647 2,147,483,647 7fffffff 7FFFFFFF 17777777777|"
       "-7 -0007 -7 -7 fffffff9 FFFFFFF9 37777777771"},
      {"PRINTF('%d', -9223372036854775808)", "-9223372036854775808"},
      {"PRINTF('%,012d', -1234567)", "-001,234,567"},
      {"PRINTF('%f %.1f %.0f %e', d, d, d, d)",
       "1.500000 1.5 2 1.500000e+00|0.000000 0.0 0 0.000000e+00|null n  null|"
       "NaN NaN NaN NaN|-Infinity -Infinity -Infinity -Infinity"},
      {"PRINTF('%.2f %.2f %.2f', m, m, m)",
       "1.25 1.25 1.25|0.00 0.00 0.00|nu nu nu|99999999.99 99999999.99 99999999.99|-0.05 -0.05 "
       "-0.05"},
      {"PRINTF('%.1f %.2f %.3f %.0f', 0.05, 1.005, 0.0005, 0.5)", "0.1 1.01 0.001 1"},
      {"PRINTF('%.2f %,.2f %08.2f', 1e20, 1234567.891, -3.14159)",
       "100000000000000000000.00 1,234,567.89 -0003.14"},
      {"PRINTF('%.0f %.1f %.3f %.2e %E', 9.5, 9.96, 0.0004, 9.999, 1e-300)",
       "10 10.0 0.000 1.00e+01 1.000000E-300"},
      {"PRINTF('%b %B %b %b', b, b, t, 5)",
       "true TRUE true true|false FALSE true true|false FALSE false true|true TRUE true "
       "true|false FALSE true true"},
      {"PRINTF('%c%c', 72, 228)", "H\xC3\xA4"},
      {"PRINTF('%c', -1)", "! the format '%c' of PRINTF is not valid: the number is no character"},
      {"PRINTF('%2$s %1$s %s %%%n', 'a', 'b')", "b a a %\n"},
      {"PRINTF('%s %s', TIMESTAMP '2026-01-31 10:00:00', DATE '2026-01-31')",
       "2026-01-31 10:00:00 2026-01-31"},
      {"PRINTF('no conversion')", "no conversion"},
      {"PRINTF(" N ", 1)", "NULL"},
      {"PRINTF('')", ""},
      {"PRINTF('%d', 'x')", "! '%d' in the format of PRINTF: the argument has another type"},
      {"PRINTF('%s %s', 'x')", "! '%s' in the format of PRINTF: there are not so many arguments"},
      {"PRINTF('%y', 1)", "! '%y' in the format of PRINTF: there is no such conversion here"},
      {"PRINTF('%', 1)", "! '%' in the format of PRINTF: the conversion has no end"},
      {"PRINTF('%-d', 1)", "! '%-d' in the format of PRINTF: the flags - and 0 need a width"},
      {"PRINTF('%9999d', 1)",
       "! '%9999d' in the format of PRINTF: a width or precision is above 1000"},
      {"PRINTF('%99999999999999999999d', 1)",
       "! '%99999999999999999999d' in the format of PRINTF: a width or precision is above 1000"},
      {"PRINTF(t || '%d', t)",
       "! the format 'weir%d' of PRINTF is not valid: the argument has another type|! the format "
       "'%d' of PRINTF is not valid: the argument has another type|NULL|! the format 'a longer "
       "text than 12%d' of PRINTF is not valid: the argument has another type|! the format "
       "'\xC3\x84pfel%d' of PRINTF is not valid: the argument has another type"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static void digests(void)
{
  static const struct express_row rows[] = {
      {"MD5('')", "d41d8cd98f00b204e9800998ecf8427e"},
      {"MD5(" N ")", "NULL"},
      {"MD5('\xC3\xA4') = MD5(ENCODE('\xC3\xA4', 'UTF-8'))", "TRUE"},
      {"SHA1('abc')", "a9993e364706816aba3e25717850c26c9cd0d89d"},
      {"SHA256('abc')", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"SHA2('abc', 256) = SHA256('abc')", "TRUE"},
      {"SHA2('abc', 224) = SHA224('abc')", "TRUE"},
      {"SHA2(t, 384) = SHA384(t)", "TRUE|TRUE|NULL|TRUE|TRUE"},
      {"SHA2(ENCODE(t, 'UTF-8'), 512) = SHA512(t)", "TRUE|TRUE|NULL|TRUE|TRUE"},
      {"SHA2('abc', 1)", "! SHA2 has 224, 256, 384 or 512 bits, not 1"},
      {"SHA2('abc', i + 256) IS NULL",
       "! SHA2 has 224, 256, 384 or 512 bits, not 257|FALSE|TRUE|! 2147483647 + 256 does not fit "
       "into INT|! SHA2 has 224, 256, 384 or 512 bits, not 249"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static const struct wr_test tests[] = {
    {"case_and_codes", case_and_codes},
    {"pieces", pieces},
    {"joining", joining},
    {"searching", searching},
    {"kinds_of_text", kinds_of_text},
    {"encodings", encodings},
    {"urls", urls},
    {"formats", formats},
    {"digests", digests},
    {NULL, NULL},
};

const struct wr_suite wr_suite_text_functions = {"text_functions", tests};
