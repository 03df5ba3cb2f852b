/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scanner is a loop with two questions: what may come here (a value, a name, a comma, an end),
 * and which containers are open. The open ones are a stack of node indices; without a tape only
 * their kinds matter.
 */
#include "text/json_scan.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/limits.h"
#include "text/number.h"
#include "text/utf8.h"

#define NODES_FIRST   64     /* of a new tape */
#define REPLACEMENT   0xFFFD /* for half a surrogate pair */
#define ESCAPE_DIGITS 4
#define WORD_ONES     UINT64_C(0x0101010101010101)
#define WORD_HIGHS    UINT64_C(0x8080808080808080)

struct scanner {
  const char *at, *end, *begin;
  struct wr_json_tape *tape; /* NULL: only check */
  uint32_t depth;
  const char *problem;
  bool too_large;
  uint32_t open[WR_JSON_NESTING_MAX]; /* node indices, or kinds if there is no tape */
};

void wr_json_tape_free(struct wr_json_tape *tape)
{
  free(tape->nodes);
  *tape = (struct wr_json_tape){0};
}

/* ---- words of the text ---- */

static inline void skip_blanks(struct scanner *s)
{
  while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
    s->at++;
}

static bool fail(struct scanner *s, const char *problem)
{
  s->problem = problem;
  return false;
}

static bool fail_limit(struct scanner *s, const char *problem)
{
  s->too_large = true;
  return fail(s, problem);
}

static inline bool is_digit(const struct scanner *s)
{
  return s->at < s->end && *s->at >= '0' && *s->at <= '9';
}

static bool scan_number(struct scanner *s)
{
  if (*s->at == '-')
    s->at++;
  if (!is_digit(s))
    return fail(s, "a minus sign without digits");
  if (*s->at == '0') {
    s->at++;
    if (is_digit(s))
      return fail(s, "a number that begins with 0");
  }
  while (is_digit(s))
    s->at++;
  if (s->at < s->end && *s->at == '.') {
    s->at++;
    if (!is_digit(s))
      return fail(s, "a point without digits behind it");
    while (is_digit(s))
      s->at++;
  }
  if (s->at < s->end && (*s->at == 'e' || *s->at == 'E')) {
    s->at++;
    if (s->at < s->end && (*s->at == '+' || *s->at == '-'))
      s->at++;
    if (!is_digit(s))
      return fail(s, "an exponent without digits");
    while (is_digit(s))
      s->at++;
  }
  return true;
}

/* Not 0 iff one of eight bytes is a quote, a backslash, a control character or not ASCII. */
static inline uint64_t word_stops(uint64_t word)
{
  uint64_t quote = word ^ (WORD_ONES * '"'), backslash = word ^ (WORD_ONES * '\\');
  return ((word - WORD_ONES * 0x20) | (quote - WORD_ONES) | (backslash - WORD_ONES) | word) &
         WORD_HIGHS;
}

/* Behind the backslash; moves onto the last byte of the escape. */
static bool scan_escape(struct scanner *s)
{
  if (s->at == s->end)
    return fail(s, "a string that does not end");
  if (*s->at != 'u')
    return (*s->at && strchr("\"\\/bfnrt", *s->at)) || fail(s, "an escape that JSON does not have");
  for (int i = 0; i < ESCAPE_DIGITS; i++) {
    s->at++;
    if (s->at == s->end || wr_hex_digit(*s->at) < 0)
      return fail(s, "an escape \\u without four hexadecimal digits");
  }
  return true;
}

/* Behind the quote; moves onto the closing one. */
static bool scan_string(struct scanner *s, bool *escaped)
{
  const char *first = s->at;
  bool ascii = true;
  *escaped = false;
  for (;; s->at++) {
    for (uint64_t word; s->end - s->at >= 8; s->at += 8) {
      memcpy(&word, s->at, sizeof word);
      uint64_t stops = word_stops(word);
      if (stops) { /* the lowest one is right; a borrow may have made up those above it */
        s->at += __builtin_ctzll(stops) / 8;
        break;
      }
    }
    if (s->at == s->end)
      return fail(s, "a string that does not end");
    unsigned char c = (unsigned char)*s->at;
    if (c == '"')
      break;
    if (c < 0x20)
      return fail(s, "a control character in a string");
    ascii = ascii && c < 0x80;
    if (c != '\\')
      continue;
    *escaped = true;
    s->at++;
    if (!scan_escape(s))
      return false;
  }
  if (!ascii && !wr_utf8_valid(first, (size_t)(s->at - first)))
    return fail(s, "bytes that are not UTF-8");
  return true;
}

static bool scan_word(struct scanner *s, const char *word)
{
  size_t length = strlen(word);
  if ((size_t)(s->end - s->at) < length || memcmp(s->at, word, length) != 0)
    return fail(s, "something that is no value");
  s->at += length;
  return true;
}

/* ---- nodes ---- */

static struct wr_json_node *tape_add(struct scanner *s, enum wr_json_kind kind)
{
  struct wr_json_tape *tape = s->tape;
  if (tape->count == tape->capacity) {
    if (tape->count >= WR_JSON_NODES_MAX) {
      fail_limit(s, "more values than WR_JSON_NODES_MAX");
      return NULL;
    }
    tape->capacity = tape->capacity ? 2 * tape->capacity : NODES_FIRST;
    tape->nodes = wr_memory_resize(tape->nodes, sizeof *tape->nodes * tape->capacity);
  }
  struct wr_json_node *node = &tape->nodes[tape->count++];
  *node = (struct wr_json_node){
      .kind = (uint8_t)kind, .first = (uint32_t)(s->at - s->begin), .next = tape->count};
  return node;
}

static bool is_object(const struct scanner *s)
{
  uint32_t top = s->open[s->depth - 1];
  return s->tape ? s->tape->nodes[top].kind == WR_JSON_OBJECT : top == WR_JSON_OBJECT;
}

static bool open_container(struct scanner *s, enum wr_json_kind kind)
{
  if (s->depth == WR_JSON_NESTING_MAX)
    return fail_limit(s, "more levels than WR_JSON_NESTING_MAX");
  s->open[s->depth] = kind;
  if (s->tape) {
    s->open[s->depth] = s->tape->count;
    if (!tape_add(s, kind))
      return false;
  }
  s->depth++;
  s->at++;
  return true;
}

static void close_container(struct scanner *s)
{
  s->at++;
  s->depth--;
  if (!s->tape)
    return;
  struct wr_json_node *node = &s->tape->nodes[s->open[s->depth]];
  node->end = (uint32_t)(s->at - s->begin);
  node->next = s->tape->count;
}

/* A string as a value or as a name. */
static bool add_string(struct scanner *s)
{
  bool escaped;
  s->at++;
  struct wr_json_node *node = s->tape ? tape_add(s, WR_JSON_STRING) : NULL;
  if ((s->tape && !node) || !scan_string(s, &escaped))
    return false;
  if (node) {
    node->escaped = escaped;
    node->end = (uint32_t)(s->at - s->begin);
  }
  s->at++;
  return true;
}

static bool add_plain(struct scanner *s, enum wr_json_kind kind)
{
  static const char *const words[] = {
      [WR_JSON_NULL] = "null", [WR_JSON_FALSE] = "false", [WR_JSON_TRUE] = "true"};
  struct wr_json_node *node = s->tape ? tape_add(s, kind) : NULL;
  if (s->tape && !node)
    return false;
  if (kind == WR_JSON_NUMBER ? !scan_number(s) : !scan_word(s, words[kind]))
    return false;
  if (node)
    node->end = (uint32_t)(s->at - s->begin);
  return true;
}

static bool kind_at(const struct scanner *s, enum wr_json_kind *kind)
{
  if (s->at == s->end)
    return false;
  switch (*s->at) {
  case '{': *kind = WR_JSON_OBJECT; return true;
  case '[': *kind = WR_JSON_ARRAY; return true;
  case '"': *kind = WR_JSON_STRING; return true;
  case 'n': *kind = WR_JSON_NULL; return true;
  case 't': *kind = WR_JSON_TRUE; return true;
  case 'f': *kind = WR_JSON_FALSE; return true;
  default: *kind = WR_JSON_NUMBER; return *s->at == '-' || (*s->at >= '0' && *s->at <= '9');
  }
}

/* ---- the loop ---- */

/* The name of a member, with its colon. */
static bool scan_name(struct scanner *s)
{
  if (s->at == s->end || *s->at != '"')
    return fail(s, "a member without a name in quotes");
  if (!add_string(s))
    return false;
  skip_blanks(s);
  if (s->at == s->end || *s->at != ':')
    return fail(s, "a name without a colon behind it");
  s->at++;
  skip_blanks(s);
  return true;
}

static void count_item(struct scanner *s)
{
  if (s->tape)
    s->tape->nodes[s->open[s->depth - 1]].length++;
}

/* Behind a value: closes what ends here; true with *more if another value of the innermost
 * container follows. */
static bool scan_end(struct scanner *s, bool *more)
{
  for (*more = false; s->depth > 0;) {
    skip_blanks(s);
    if (s->at == s->end)
      return fail(s, "an array or object that does not end");
    bool object = is_object(s);
    if (*s->at == ',') {
      s->at++;
      skip_blanks(s);
      count_item(s);
      *more = true;
      return !object || scan_name(s);
    }
    if (*s->at != (object ? '}' : ']'))
      return fail(s, "something that is neither a comma nor an end");
    close_container(s);
  }
  return true;
}

/* A container's begin; *entered if its first value follows. */
static bool scan_begin(struct scanner *s, enum wr_json_kind kind, bool *entered)
{
  *entered = false;
  if (!open_container(s, kind))
    return false;
  skip_blanks(s);
  if (s->at < s->end && *s->at == (kind == WR_JSON_OBJECT ? '}' : ']')) {
    close_container(s);
    return true;
  }
  count_item(s);
  *entered = true;
  return kind != WR_JSON_OBJECT || scan_name(s);
}

static bool scan_text(struct scanner *s, enum wr_json_kind *root)
{
  enum wr_json_kind kind;
  bool more = true;
  *root = WR_JSON_NULL;
  for (bool is_root = true; more; is_root = false) {
    skip_blanks(s);
    if (!kind_at(s, &kind))
      return fail(s,
                  s->at == s->end ? "an end where a value is due" : "something that is no value");
    if (is_root)
      *root = kind;
    bool entered = false;
    if (kind >= WR_JSON_ARRAY    ? !scan_begin(s, kind, &entered)
        : kind == WR_JSON_STRING ? !add_string(s)
                                 : !add_plain(s, kind))
      return false;
    if (!entered && !scan_end(s, &more))
      return false;
  }
  skip_blanks(s);
  return s->at == s->end || fail(s, "something behind the value");
}

bool wr_json_scan(struct wr_json_tape *tape, const char *bytes, size_t length)
{
  struct scanner s;
  enum wr_json_kind kind;
  s.at = s.begin = bytes;
  s.end = bytes + length;
  s.tape = tape;
  s.depth = 0;
  s.too_large = false;
  tape->bytes = bytes;
  tape->count = 0;
  tape->problem = NULL;
  if (length <= WR_RECORD_BYTES_MAX ? scan_text(&s, &kind)
                                    : fail_limit(&s, "more bytes than WR_RECORD_BYTES_MAX"))
    return true;
  tape->problem = s.problem;
  tape->too_large = s.too_large;
  tape->problem_at = (uint32_t)(s.at - s.begin);
  tape->count = 0;
  return false;
}

bool wr_json_check(const char *bytes, size_t length, enum wr_json_kind *kind)
{
  struct scanner s;
  s.at = s.begin = bytes;
  s.end = bytes + length;
  s.tape = NULL;
  s.depth = 0;
  s.too_large = false;
  return scan_text(&s, kind);
}

/* ---- strings ---- */

static uint32_t hex_value(const char *digits)
{
  uint32_t value = 0;
  for (int i = 0; i < ESCAPE_DIGITS; i++)
    value = value << 4 | (uint32_t)wr_hex_digit(digits[i]);
  return value;
}

/* The character of an escape, *at behind its backslash; moves behind it. */
static uint32_t escape_next(const char **at, const char *end)
{
  static const char letters[] = "bfnrt", meant[] = "\b\f\n\r\t";
  char c = *(*at)++;
  if (c != 'u') {
    const char *letter = strchr(letters, c);
    return (unsigned char)(letter && *letter ? meant[letter - letters] : c);
  }
  uint32_t point = hex_value(*at);
  *at += ESCAPE_DIGITS;
  if (point < 0xD800 || point > 0xDFFF)
    return point;
  bool pair =
      point < 0xDC00 && end - *at >= 2 + ESCAPE_DIGITS && (*at)[0] == '\\' && (*at)[1] == 'u';
  uint32_t low = pair ? hex_value(*at + 2) : 0;
  if (low < 0xDC00 || low > 0xDFFF)
    return REPLACEMENT;
  *at += 2 + ESCAPE_DIGITS;
  return 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
}

void wr_json_put_string(const struct wr_json_tape *tape, uint32_t node, struct wr_buffer *out)
{
  const struct wr_json_node *string = &tape->nodes[node];
  const char *at = tape->bytes + string->first, *end = tape->bytes + string->end;
  if (!string->escaped) {
    wr_buffer_put(out, at, (size_t)(end - at));
    return;
  }
  wr_buffer_reserve(out, (size_t)(end - at)); /* no escape is shorter than what it means */
  while (at < end) {
    const char *escape = memchr(at, '\\', (size_t)(end - at));
    if (!escape)
      escape = end;
    wr_buffer_put(out, at, (size_t)(escape - at));
    at = escape;
    if (at < end) {
      at++;
      wr_buffer_added(out, wr_utf8_put(escape_next(&at, end), wr_buffer_reserve(out, 4)));
    }
  }
}

bool wr_json_string_is(const struct wr_json_tape *tape, uint32_t node, const char *bytes,
                       size_t length)
{
  const struct wr_json_node *string = &tape->nodes[node];
  const char *at = tape->bytes + string->first, *end = tape->bytes + string->end;
  if (!string->escaped)
    return (size_t)(end - at) == length && memcmp(at, bytes, length) == 0;
  size_t done = 0;
  while (at < end) {
    char character[WR_UTF8_BYTES_MAX];
    unsigned width = 1;
    character[0] = *at++;
    if (character[0] == '\\')
      width = wr_utf8_put(escape_next(&at, end), character);
    if (length - done < width || memcmp(bytes + done, character, width) != 0)
      return false;
    done += width;
  }
  return done == length;
}

/* ---- finding, writing ---- */

void wr_json_put_compact(const struct wr_json_tape *tape, uint32_t node, struct wr_buffer *out)
{
  const struct wr_json_node *top = &tape->nodes[node];
  bool string = top->kind == WR_JSON_STRING;
  const char *at = tape->bytes + top->first - string, *end = tape->bytes + top->end + string;
  /* between the quotes of a string nothing is a blank that may go */
  char *to = wr_buffer_reserve(out, (size_t)(end - at)), *begin = to;
  bool quoted = false;
  for (; at < end; at++) {
    if (quoted && *at == '\\') {
      *to++ = *at++;
    } else if (*at == '"') {
      quoted = !quoted;
    } else if (!quoted && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) {
      continue;
    }
    *to++ = *at;
  }
  wr_buffer_added(out, (size_t)(to - begin));
}

uint32_t wr_json_member(const struct wr_json_tape *tape, uint32_t object, const char *name,
                        size_t length)
{
  uint32_t found = 0, end = tape->nodes[object].next;
  if (tape->nodes[object].kind != WR_JSON_OBJECT)
    return 0;
  for (uint32_t at = wr_json_first(object); at < end; at = tape->nodes[at + 1].next) {
    if (wr_json_string_is(tape, at, name, length))
      found = at + 1;
  }
  return found;
}

uint32_t wr_json_item(const struct wr_json_tape *tape, uint32_t array, uint32_t number)
{
  if (tape->nodes[array].kind != WR_JSON_ARRAY || number >= tape->nodes[array].length)
    return 0;
  uint32_t at = wr_json_first(array);
  while (number--)
    at = tape->nodes[at].next;
  return at;
}
