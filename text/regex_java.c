/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Java's regular expressions and PCRE2's agree in nearly everything. This looks for the rest:
 *
 *   \u0041   \p{Alpha}   \p{IsLatin}     have another spelling in PCRE2: translated
 *   [a-z&&[^b]]   [a[bc]]                classes inside classes: PCRE2 would read other characters
 *   (?U) (?d) (?R) (?1) (*ACCEPT) \K     mean something in one of the two only: refused
 */
#include "text/regex_java.h"

#include <assert.h>
#include <string.h>

#include "text/number.h"
#include "text/pattern.h"
#include "text/utf8.h"

/* ---- what comes out */

struct regex_writer {
  struct wr_regex_source *source;
  uint32_t origin;
  size_t room;
};

static void writer_open(struct regex_writer *writer, struct wr_arena *arena, size_t room,
                        struct wr_regex_source *source)
{
  source->bytes = wr_arena_get(arena, room);
  source->origins = wr_arena_get(arena, sizeof *source->origins * (room + 1));
  source->length = 0;
  *writer = (struct regex_writer){.source = source, .room = room};
}

static void writer_put(struct regex_writer *writer, const char *bytes, size_t length)
{
  struct wr_regex_source *source = writer->source;
  assert(source->length + length <= writer->room);
  for (size_t i = 0; i < length; i++)
    source->origins[source->length + i] = writer->origin;
  memcpy(source->bytes + source->length, bytes, length);
  source->length += length;
}

static void writer_close(struct regex_writer *writer, size_t length)
{
  writer->source->origins[writer->source->length] = (uint32_t)length;
}

/* ---- Java */

struct java_reader {
  const char *bytes;
  size_t length, at;
  bool in_class, class_is_empty;
  struct regex_writer writer;
};

static char java_peek(const struct java_reader *reader, size_t ahead)
{
  return reader->at + ahead < reader->length ? reader->bytes[reader->at + ahead] : '\0';
}

/* Passes bytes on as they are. */
static void java_copy(struct java_reader *reader, size_t count)
{
  for (; count > 0 && reader->at < reader->length; count--, reader->at++) {
    reader->writer.origin = (uint32_t)reader->at;
    writer_put(&reader->writer, reader->bytes + reader->at, 1);
  }
}

/* Four hexadecimal digits at an offset, or -1. */
static int32_t java_hex4(const struct java_reader *reader, size_t ahead)
{
  int32_t value = 0;
  for (size_t i = 0; i < 4; i++) {
    int digit = wr_hex_digit(java_peek(reader, ahead + i));
    if (digit < 0)
      return -1;
    value = value << 4 | digit;
  }
  return value;
}

/* \u0041 as \x{000041}; two surrogates are one character. */
static const char *java_unicode(struct java_reader *reader)
{
  static const char digits[] = "0123456789abcdef";
  int32_t point = java_hex4(reader, 2);
  size_t length = 6;
  if (point < 0)
    return "\\u needs four hexadecimal digits";
  if (point >= 0xD800 && point < 0xE000) {
    bool pair = point < 0xDC00 && java_peek(reader, 6) == '\\' && java_peek(reader, 7) == 'u';
    int32_t low = pair ? java_hex4(reader, 8) : -1;
    if (low < 0xDC00 || low >= 0xE000)
      return "half a surrogate pair is no character";
    point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    length = 12;
  }
  char out[10] = "\\x{";
  for (int i = 0; i < 6; i++)
    out[3 + i] = digits[point >> (4 * (5 - i)) & 15];
  out[9] = '}';
  reader->writer.origin = (uint32_t)reader->at;
  writer_put(&reader->writer, out, sizeof out);
  reader->at += length;
  return NULL;
}

/* \p{Name}: Java's names of ASCII classes, and Is in front of scripts and properties. */
static const char *java_property(struct java_reader *reader)
{
  static const char *const posix[] = {"Lower", "Upper",  "ASCII", "Alpha", "Digit",
                                      "Alnum", "Punct",  "Graph", "Print", "Blank",
                                      "Cntrl", "XDigit", "Space", NULL};
  const char *name = reader->bytes + reader->at + 3, *end = reader->bytes + reader->length;
  if (java_peek(reader, 2) != '{' || !(end = memchr(name, '}', (size_t)(end - name)))) {
    java_copy(reader, 2);
    return NULL;
  }
  size_t length = (size_t)(end - name), whole = length + 4;
  reader->writer.origin = (uint32_t)reader->at;
  bool negated = java_peek(reader, 1) == 'P';
  for (size_t i = 0; posix[i]; i++) {
    if (strlen(posix[i]) != length || memcmp(posix[i], name, length) != 0)
      continue;
    char lower[8];
    for (size_t c = 0; c < length; c++)
      lower[c] = (char)(name[c] | 0x20);
    writer_put(&reader->writer, reader->in_class ? "[:" : "[[:", reader->in_class ? 2 : 3);
    if (negated)
      writer_put(&reader->writer, "^", 1);
    writer_put(&reader->writer, lower, length);
    writer_put(&reader->writer, ":]]", reader->in_class ? 2 : 3);
    reader->at += whole;
    return NULL;
  }
  if (length > 2 && memcmp(name, "Is", 2) == 0) {
    writer_put(&reader->writer, negated ? "\\P{" : "\\p{", 3);
    writer_put(&reader->writer, name + 2, length - 2);
    writer_put(&reader->writer, "}", 1);
    reader->at += whole;
    return NULL;
  }
  java_copy(reader, whole);
  return NULL;
}

static const char *java_escape(struct java_reader *reader)
{
  char next = java_peek(reader, 1);
  if (next == 'u')
    return java_unicode(reader);
  if (next == 'p' || next == 'P')
    return java_property(reader);
  if (next == 'Q') {
    const char *begin = reader->bytes + reader->at;
    const char *end = memmem(begin, reader->length - reader->at, "\\E", 2);
    java_copy(reader, end ? (size_t)(end - begin) + 2 : reader->length - reader->at);
    return NULL;
  }
  if (next && strchr("KNgoCLlU", next))
    return "this escape is none of Java's regular expressions";
  java_copy(reader, 2);
  return NULL;
}

/* Inside [ ]. */
static const char *java_class(struct java_reader *reader)
{
  char c = java_peek(reader, 0);
  if (c == ']' && !reader->class_is_empty) {
    reader->in_class = false;
  } else if (c == '[' && java_peek(reader, 1) == ':') {
    const char *begin = reader->bytes + reader->at;
    const char *end = memmem(begin, reader->length - reader->at, ":]", 2);
    reader->class_is_empty = false;
    java_copy(reader, end ? (size_t)(end - begin) + 2 : 1);
    return NULL;
  } else if (c == '[') {
    return "a class inside a class is not supported; write \\[ for the character";
  } else if (c == '&' && java_peek(reader, 1) == '&') {
    return "an intersection of classes (&&) is not supported";
  }
  reader->class_is_empty = false;
  java_copy(reader, 1);
  return NULL;
}

/* What stands behind "(?". */
static const char *java_group(struct java_reader *reader)
{
  char c = java_peek(reader, 2);
  size_t flags = 2;
  if (c == '<') {
    char name = java_peek(reader, 3);
    bool is_name = (name | 0x20) >= 'a' && (name | 0x20) <= 'z';
    if (name != '=' && name != '!' && !is_name)
      return "the name of a group begins with a letter";
    java_copy(reader, 3);
    return NULL;
  }
  if (c != ':' && c != '=' && c != '!' && c != '>') {
    while (java_peek(reader, flags) && strchr("imsx-", java_peek(reader, flags)))
      flags++;
    c = java_peek(reader, flags);
    if (flags == 2 || (c != ':' && c != ')')) {
      reader->at += flags;
      return c == 'U' || c == 'u' || c == 'd' ? "this flag is not supported"
                                              : "this group is none of Java's";
    }
  }
  java_copy(reader, 2);
  return NULL;
}

static const char *java_token(struct java_reader *reader)
{
  char c = java_peek(reader, 0);
  if (c == '\\') {
    reader->class_is_empty = false;
    return java_escape(reader);
  }
  if (reader->in_class)
    return java_class(reader);
  if (c == '[') {
    reader->in_class = reader->class_is_empty = true;
    java_copy(reader, java_peek(reader, 1) == '^' ? 2 : 1);
    return NULL;
  }
  if (c == '(' && java_peek(reader, 1) == '*')
    return "there is nothing in front of the *";
  if (c == '(' && java_peek(reader, 1) == '?')
    return java_group(reader);
  java_copy(reader, 1);
  return NULL;
}

const char *wr_regex_from_java(struct wr_arena *arena, const char *bytes, size_t length,
                               struct wr_regex_source *source, size_t *at)
{
  struct java_reader reader = {.bytes = bytes, .length = length};
  writer_open(&reader.writer, arena, 2 * length + 16, source);
  while (reader.at < length) {
    const char *why = java_token(&reader);
    if (why) {
      *at = reader.at < length ? reader.at : length;
      return why;
    }
  }
  writer_close(&reader.writer, length);
  return NULL;
}

/* ---- SIMILAR TO */

struct similar_reader {
  const char *bytes;
  size_t length, at, open; /* open brackets */
  uint32_t escape;
  bool has_parts; /* SUBSTRING: an escaped double quote begins, then ends, what is wanted */
  unsigned quotes;
  struct regex_writer writer;
};

/* A character that means itself. */
static void similar_literal(struct similar_reader *reader, const char *bytes, size_t length)
{
  if (length == 1 && strchr("\\^$.|?*+()[]{}-#", bytes[0]) && bytes[0])
    writer_put(&reader->writer, "\\", 1);
  writer_put(&reader->writer, bytes, length);
}

/* True, and passes it on, if the next character is escaped. */
static bool similar_escaped(struct similar_reader *reader, const char **why)
{
  size_t at = reader->at;
  if (reader->escape == WR_PATTERN_NO_ESCAPE ||
      wr_utf8_next(reader->bytes, reader->length, &at) != reader->escape)
    return false;
  size_t first = at;
  if (at == reader->length) {
    *why = "there is nothing behind the escape character";
    return true;
  }
  uint32_t point = wr_utf8_next(reader->bytes, reader->length, &at);
  if (reader->has_parts && point == '"') {
    writer_put(&reader->writer, reader->quotes ? ")" : "(", 1);
    reader->quotes++;
    reader->at = at;
    if (reader->quotes > 2)
      *why = "there are more than two escaped double quotes";
    return true;
  }
  if (point != reader->escape && (point > 127 || !strchr("_%|*+?{}()[]^-", (int)point))) {
    *why = "the escape character must stand before a special character or itself";
    return true;
  }
  similar_literal(reader, reader->bytes + first, at - first);
  reader->at = at;
  return true;
}

/* [:ALPHA:] in any case; false: here is none. */
static bool similar_named_class(struct similar_reader *reader, const char *here, size_t left)
{
  const char *end =
      left > 2 && here[0] == '[' && here[1] == ':' ? memmem(here, left, ":]", 2) : NULL;
  if (!end)
    return false;
  for (const char *c = here; c < end; c++) {
    char lower = *c >= 'A' && *c <= 'Z' ? (char)(*c | 0x20) : *c;
    writer_put(&reader->writer, &lower, 1);
  }
  writer_put(&reader->writer, ":]", 2);
  reader->at += (size_t)(end - here) + 2;
  return true;
}

/* Where [a-z^b] has its second ^: the characters behind it are taken out. 0: there is none. */
static size_t similar_without(const struct similar_reader *reader)
{
  size_t at = reader->at + 1;
  for (at += at < reader->length && reader->bytes[at] == '^'; at < reader->length;) {
    size_t here = at;
    uint32_t point = wr_utf8_next(reader->bytes, reader->length, &at);
    if (point == ']' && here > reader->at + 1)
      return 0;
    if (point == '^' && here > reader->at + 1)
      return here;
    if (point == reader->escape && at < reader->length)
      wr_utf8_next(reader->bytes, reader->length, &at);
  }
  return 0;
}

static const char *similar_set(struct similar_reader *reader, size_t end);

/* [a-z^b] is (?![b])[a-z]. */
static const char *similar_difference(struct similar_reader *reader, size_t hat)
{
  size_t begin = reader->at;
  writer_put(&reader->writer, "(?:(?!", 6);
  reader->at = hat;
  const char *why = similar_set(reader, reader->length);
  size_t behind = reader->at;
  if (why)
    return why;
  writer_put(&reader->writer, ")", 1);
  reader->at = begin;
  why = similar_set(reader, hat);
  if (why)
    return why;
  writer_put(&reader->writer, ")", 1);
  reader->at = behind;
  return NULL;
}

/* [a-z], [^0-9], [[:ALPHA:]_], and [:ALPHA:] alone */
static const char *similar_class(struct similar_reader *reader)
{
  size_t hat = similar_without(reader);
  return hat ? similar_difference(reader, hat) : similar_set(reader, reader->length);
}

/* From the bracket, or hat, at reader->at to the bracket that closes it, or to `end` where another
 * set follows. */
static const char *similar_set(struct similar_reader *reader, size_t set_end)
{
  size_t begin = reader->at++;
  writer_put(&reader->writer, "[", 1);
  if (similar_named_class(reader, reader->bytes + begin, reader->length - begin)) {
    writer_put(&reader->writer, "]", 1);
    reader->at--;
    return NULL;
  }
  if (reader->at < reader->length && reader->bytes[reader->at] == '^') {
    writer_put(&reader->writer, "^", 1);
    reader->at++;
  }
  if (reader->at == set_end) {
    reader->at = begin;
    return "the class is empty";
  }
  for (size_t first = reader->at; reader->at < reader->length;) {
    const char *here = reader->bytes + reader->at, *why = NULL;
    size_t left = reader->length - reader->at;
    reader->writer.origin = (uint32_t)reader->at;
    if (reader->at == set_end) {
      writer_put(&reader->writer, "]", 1);
      return NULL;
    }
    if (*here == ']' && reader->at > first) {
      writer_put(&reader->writer, "]", 1);
      reader->at++;
      return NULL;
    }
    if (similar_escaped(reader, &why)) {
      if (why)
        return why;
      continue;
    }
    if (similar_named_class(reader, here, left))
      continue;
    size_t width = wr_utf8_length(*here);
    if (*here == '-')
      writer_put(&reader->writer, "-", 1);
    else
      similar_literal(reader, here, width);
    reader->at += width;
  }
  reader->at = begin;
  return "the class has no end";
}

static const char *similar_token(struct similar_reader *reader)
{
  const char *here = reader->bytes + reader->at, *why = NULL;
  reader->writer.origin = (uint32_t)reader->at;
  if (similar_escaped(reader, &why))
    return why;
  if (*here == '[')
    return similar_class(reader);
  size_t width = wr_utf8_length(*here);
  reader->at += width;
  switch (*here) {
  case '%': writer_put(&reader->writer, ".*?", reader->has_parts && !reader->quotes ? 3 : 2); break;
  case '_': writer_put(&reader->writer, ".", 1); break;
  case '(':
    writer_put(&reader->writer, "(?:", 3);
    reader->open++;
    break;
  case ')':
    if (reader->open-- == 0) {
      reader->at--;
      return "a bracket is closed that was not opened";
    }
    writer_put(&reader->writer, ")", 1);
    break;
  case '|':
  case '*':
  case '+':
  case '?':
  case '{':
  case '}': writer_put(&reader->writer, here, 1); break;
  default: similar_literal(reader, here, width);
  }
  return NULL;
}

const char *wr_regex_from_similar(struct wr_arena *arena, const char *bytes, size_t length,
                                  uint32_t escape, bool has_parts, struct wr_regex_source *source,
                                  size_t *at)
{
  struct similar_reader reader = {
      .bytes = bytes, .length = length, .escape = escape, .has_parts = has_parts};
  writer_open(&reader.writer, arena, 3 * length + 16, source);
  writer_put(&reader.writer, "(?:", 3);
  while (reader.at < length) {
    const char *why = similar_token(&reader);
    if (why) {
      *at = reader.at;
      return why;
    }
  }
  if (reader.open) {
    *at = length;
    return "a bracket is not closed";
  }
  if (has_parts && reader.quotes != 2) {
    *at = length;
    return "it needs two double quotes behind the escape character, around what is wanted";
  }
  reader.writer.origin = (uint32_t)length;
  writer_put(&reader.writer, ")", 1);
  writer_close(&reader.writer, length);
  return NULL;
}
