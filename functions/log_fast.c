/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FAST_REGEX_LOG_PARSE: a pattern that is never matched twice at one place. It is cut into
 * segments, one for each group and one for what stands between two; what has a fixed length at the
 * front of a segment goes to the one before. So every piece is a part of any length, V, and then
 * one of a fixed length, F, by which the end of V is found: it is the first F that comes. Nothing
 * is tried again, and all of the line must be used up.
 *
 *   (.*)_+(<Alpha>.*)      V .*  F _     V _*  F <Alpha>     V .* up to the end
 *
 * Where F is empty nothing says how long V is: inside a group as short as may be, between groups as
 * long as may be, at the end of the pattern up to the end of the line.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/limits.h"
#include "functions/log_row.h"
#include "functions/regex_run.h"
#include "functions/text_call.h"
#include "text/utf8.h"

#define FAST_NESTING_MAX 100
#define FAST_NUMBERS_MAX 1000 /* of <n-m>, which becomes as many alternatives */
#define FAST_ANY_LENGTH  (-1)
#define FAST_LAZY        '\x01' /* in a regular expression that is being made: ?, or nothing */

struct fast_piece {
  const struct wr_regex *regex; /* group 1 is V */
};

/* Where a group begins or ends: so many characters behind V of a piece. */
struct fast_mark {
  uint32_t piece, characters;
};

struct fast_plan {
  struct fast_piece *pieces;
  struct fast_mark *marks; /* two for each group */
  uint32_t piece_count, group_count;
};

/* ---- reading a pattern ---- */

struct fast_reader {
  struct wr_bind_site *site;
  const char *bytes;
  size_t length, at;
  unsigned depth;
  const char *why; /* it is bad */
};

static char fast_peek(const struct fast_reader *reader)
{
  return reader->at < reader->length ? reader->bytes[reader->at] : 0;
}

static int64_t fast_fail(struct fast_reader *reader, const char *why)
{
  if (!reader->why)
    reader->why = why;
  return FAST_ANY_LENGTH;
}

static void fast_put_literal(struct wr_buffer *out, const char *bytes, size_t length)
{
  if (length == 1 && (unsigned char)*bytes < 0x80 && strchr("\\^$.|?*+()[]{}-#&~\"<>@", *bytes))
    wr_buffer_put_char(out, '\\');
  wr_buffer_put(out, bytes, length);
}

/* [a-z], [^a-z]: copied, but for what only Java knows. */
static int64_t fast_class(struct fast_reader *reader, struct wr_buffer *out)
{
  size_t begin = reader->at++;
  wr_buffer_put_char(out, '[');
  if (fast_peek(reader) == '^') {
    wr_buffer_put_char(out, '^');
    reader->at++;
  }
  for (size_t first = reader->at; reader->at < reader->length; reader->at++) {
    char c = reader->bytes[reader->at];
    if (c == ']' && reader->at > first) {
      wr_buffer_put_char(out, ']');
      reader->at++;
      return 1;
    }
    if (c == '\\' && reader->at + 1 < reader->length)
      c = reader->bytes[++reader->at];
    else if (c == '-') {
      wr_buffer_put_char(out, '-');
      continue;
    }
    fast_put_literal(out, &c, 1);
  }
  reader->at = begin;
  return fast_fail(reader, "a class has no end");
}

/* <Alpha>, <1-31> */
static int64_t fast_named(struct fast_reader *reader, struct wr_buffer *out)
{
  static const struct {
    const char *name, *regex;
  } names[] = {{"Digit", "[0-9]"},
               {"Upper", "[A-Z]"},
               {"Lower", "[a-z]"},
               {"ASCII", "[\\x00-\\x7F]"},
               {"Alpha", "[a-zA-Z]"},
               {"Alnum", "[a-zA-Z0-9]"},
               {"Punct", "\\p{Punct}"},
               {"Blank", "[ \\t]"},
               {"Space", "[ \\t\\n\\f\\r\\x0B]"},
               {"Cntrl", "[\\x00-\\x1F\\x7F]"},
               {"XDigit", "[0-9a-fA-F]"},
               {"Print", "[!-~]"},
               {"Graph", "[!-~]"}};
  const char *begin = reader->bytes + reader->at + 1,
             *end = memchr(begin, '>', reader->length - reader->at - 1);
  if (!end)
    return fast_fail(reader, "a < has no > behind it");
  size_t length = (size_t)(end - begin);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (strlen(names[i].name) != length || strncasecmp(names[i].name, begin, length) != 0)
      continue;
    wr_buffer_put_string(out, names[i].regex);
    reader->at += length + 2;
    return 1;
  }
  unsigned long low, high;
  char text[24], rest;
  if (length >= sizeof text)
    return fast_fail(reader, "there is no pattern of this name");
  memcpy(text, begin, length);
  text[length] = 0;
  if (sscanf(text, "%9lu-%9lu%c", &low, &high, &rest) != 2 || low > high)
    return fast_fail(reader, "there is no pattern of this name");
  if (high - low >= FAST_NUMBERS_MAX)
    return fast_fail(reader, "<n-m> with more than 1000 numbers is not supported");
  wr_buffer_put_string(out, "(?:");
  for (unsigned long number = high + 1; number-- > low;) /* 12 before 1 */
    wr_buffer_print(out, "%s%lu", number == high ? "" : "|", number);
  wr_buffer_put_char(out, ')');
  reader->at += length + 2;
  int digits[2] = {snprintf(text, sizeof text, "%lu", low),
                   snprintf(text, sizeof text, "%lu", high)};
  return digits[0] == digits[1] ? digits[0] : FAST_ANY_LENGTH;
}

static int64_t fast_union(struct fast_reader *reader, struct wr_buffer *out);

/* One thing without what repeats it; its length in characters, or FAST_ANY_LENGTH. */
static int64_t fast_atom(struct fast_reader *reader, struct wr_buffer *out)
{
  const char *here = reader->bytes + reader->at;
  size_t left = reader->length - reader->at, width = wr_utf8_length(*here);
  switch (*here) {
  case '(': {
    reader->at++;
    wr_buffer_put_string(out, "(?:");
    int64_t length = fast_union(reader, out);
    wr_buffer_put_char(out, ')');
    if (fast_peek(reader) != ')')
      return fast_fail(reader, "a bracket is not closed");
    reader->at++;
    return length;
  }
  case '[': return fast_class(reader, out);
  case '<': return fast_named(reader, out);
  case '.': wr_buffer_put_string(out, "(?s:.)"); break;
  case '#': wr_buffer_put_string(out, "(?!)"); break;
  case '@':
    wr_buffer_put_string(out, "(?s:.)*");
    wr_buffer_put_char(out, FAST_LAZY);
    reader->at++;
    return FAST_ANY_LENGTH;
  case '"': {
    const char *end = memchr(here + 1, '"', left - 1);
    if (!end)
      return fast_fail(reader, "a double quote has no end");
    size_t length = (size_t)(end - here) - 1;
    wr_buffer_put_string(out, "(?:");
    for (size_t i = 0; i < length; i++)
      fast_put_literal(out, here + 1 + i, 1);
    wr_buffer_put_char(out, ')');
    reader->at += length + 2;
    return (int64_t)wr_utf8_count(here + 1, length);
  }
  case '&': return fast_fail(reader, "an intersection, &, is not supported");
  case '*':
  case '+':
  case '?':
  case '{': return fast_fail(reader, "there is nothing to repeat");
  case '\\':
    if (left == 1)
      return fast_fail(reader, "there is nothing behind the backslash");
    reader->at++;
    here++;
    width = wr_utf8_length(*here);
    /* fall through */
  default: fast_put_literal(out, here, width); break;
  }
  reader->at += width;
  return 1;
}

/* How often what stands before is repeated; false: there is nothing of the kind. most -1: any. */
static bool fast_repeat(struct fast_reader *reader, int64_t *least, int64_t *most)
{
  char c = fast_peek(reader);
  int used = 0;
  unsigned low = 0, high = 0;
  *least = c == '+';
  *most = c == '?' ? 1 : -1;
  if (c == '*' || c == '+' || c == '?')
    return ++reader->at;
  if (c != '{')
    return false;
  char text[24];
  size_t length =
      reader->length - reader->at < sizeof text ? reader->length - reader->at : sizeof text - 1;
  memcpy(text, reader->bytes + reader->at, length);
  text[length] = 0;
  if (sscanf(text, "{%4u}%n", &low, &used) == 1 && used)
    high = low;
  else if (sscanf(text, "{%4u,%4u}%n", &low, &high, &used) != 2 || !used) {
    used = 0;
    if (sscanf(text, "{%4u,}%n", &low, &used) != 1 || !used)
      return fast_fail(reader, "a repetition is written {n}, {n,} or {n,m}"), false;
    high = UINT32_MAX;
  }
  reader->at += (size_t)used;
  *least = low;
  *most = high == UINT32_MAX ? -1 : (int64_t)high;
  if (*most >= 0 && *most < *least)
    fast_fail(reader, "a repetition ends before it begins");
  return true;
}

static void fast_put_repeat(struct wr_buffer *out, int64_t least, int64_t most)
{
  if (most < 0)
    wr_buffer_print(out, "{%lld,}", (long long)least);
  else
    wr_buffer_print(out, "{%lld,%lld}", (long long)least, (long long)most);
  wr_buffer_put_char(out, FAST_LAZY);
}

/* An atom and what repeats it, inside of something larger. */
static int64_t fast_repeated(struct fast_reader *reader, struct wr_buffer *out)
{
  int64_t least, most, length;
  struct wr_buffer atom = {0};
  length = fast_atom(reader, &atom);
  if (!reader->why && fast_repeat(reader, &least, &most)) {
    wr_buffer_put_string(out, "(?:");
    wr_buffer_put(out, atom.bytes, atom.length);
    wr_buffer_put_char(out, ')');
    fast_put_repeat(out, least, most);
    length = length >= 0 && least == most ? length * least : FAST_ANY_LENGTH;
  } else {
    wr_buffer_put(out, atom.bytes, atom.length);
  }
  wr_buffer_free(&atom);
  return length;
}

/* a|b, up to a bracket or the end. */
static int64_t fast_union(struct fast_reader *reader, struct wr_buffer *out)
{
  int64_t all = 0;
  bool same = true;
  if (++reader->depth > FAST_NESTING_MAX)
    fast_fail(reader, "brackets are nested too deeply");
  for (bool first = true; !reader->why; first = false) {
    int64_t own = 0;
    while (!reader->why && fast_peek(reader) && fast_peek(reader) != ')' &&
           fast_peek(reader) != '|') {
      int64_t length = fast_repeated(reader, out);
      own = own < 0 || length < 0 ? FAST_ANY_LENGTH : own + length;
    }
    same = same && (first || own == all);
    all = own;
    if (fast_peek(reader) != '|')
      break;
    wr_buffer_put_char(out, '|');
    reader->at++;
  }
  reader->depth--;
  return same ? all : FAST_ANY_LENGTH;
}

/* ---- cutting it into pieces ---- */

struct fast_builder {
  struct fast_reader reader;
  struct fast_plan *plan;
  struct wr_buffer vary, fixed; /* of the piece that is being made */
  uint32_t fixed_characters;
  bool in_group, vary_in_group, segment_varies;
  struct wr_error *err;
};

/* Finishes a piece. */
static enum wr_code fast_close_piece(struct fast_builder *builder, bool is_last)
{
  struct wr_buffer whole = {0};
  bool greedy = !builder->vary_in_group && builder->fixed.length == 0;
  wr_buffer_put_string(&whole, "\\G(");
  for (size_t part = 0; part < 2; part++) {
    const struct wr_buffer *from = part ? &builder->fixed : &builder->vary;
    for (size_t i = 0; i < from->length; i++) {
      if (from->bytes[i] != FAST_LAZY)
        wr_buffer_put_char(&whole, from->bytes[i]);
      else if (!greedy)
        wr_buffer_put_char(&whole, '?');
    }
    if (part == 0)
      wr_buffer_put_char(&whole, ')');
  }
  if (is_last && builder->fixed.length == 0)
    wr_buffer_put_string(&whole, "\\z");
  size_t at;
  struct fast_piece *piece = &builder->plan->pieces[builder->plan->piece_count++];
  struct wr_bind_site *site = builder->reader.site;
  enum wr_code code = wr_regex_new(site->binding->arena, whole.bytes, whole.length, &piece->regex,
                                   &at, builder->err);
  if (!code && site->binding->regex_steps)
    wr_regex_limit(piece->regex, site->binding->regex_steps);
  wr_buffer_free(&whole);
  wr_buffer_clear(&builder->vary);
  wr_buffer_clear(&builder->fixed);
  builder->fixed_characters = 0;
  return code;
}

/* Adds what was read: to the front of its segment, which ends the piece before, or to a V. */
static enum wr_code fast_add(struct fast_builder *builder, const struct wr_buffer *regex,
                             int64_t length)
{
  if (regex->length == 0)
    return WR_OK;
  if (length >= 0 && !builder->segment_varies) {
    wr_buffer_put(&builder->fixed, regex->bytes, regex->length);
    builder->fixed_characters += (uint32_t)length;
    return WR_OK;
  }
  enum wr_code code = WR_OK;
  if (!builder->segment_varies) {
    code = fast_close_piece(builder, false);
    builder->segment_varies = true;
    builder->vary_in_group = builder->in_group;
  }
  wr_buffer_put(&builder->vary, regex->bytes, regex->length);
  return code;
}

/* An atom and what repeats it; x+ is x and x*. */
static enum wr_code fast_item(struct fast_builder *builder)
{
  struct fast_reader *reader = &builder->reader;
  struct wr_buffer atom = {0}, part = {0};
  int64_t least = 1, most = 1, length = fast_atom(reader, &atom);
  bool repeats = !reader->why && fast_repeat(reader, &least, &most);
  enum wr_code code = WR_OK;
  if (!repeats || length < 0) {
    wr_buffer_put_string(&part, "(?:");
    wr_buffer_put(&part, atom.bytes, atom.length);
    wr_buffer_put_char(&part, ')');
    if (repeats)
      fast_put_repeat(&part, least, most);
    code = fast_add(builder, &part, length);
  } else {
    if (least > 0) {
      wr_buffer_print(&part, "(?:%s){%lld}", wr_buffer_string(&atom), (long long)least);
      code = fast_add(builder, &part, length * least);
    }
    wr_buffer_clear(&part);
    if (!code && most != least) {
      wr_buffer_print(&part, "(?:%s)", wr_buffer_string(&atom));
      fast_put_repeat(&part, 0, most < 0 ? -1 : most - least);
      code = fast_add(builder, &part, FAST_ANY_LENGTH);
    }
  }
  wr_buffer_free(&atom);
  wr_buffer_free(&part);
  return code;
}

/* Whether the bracket here is a group: nothing repeats it. */
static bool fast_is_group(struct fast_reader *reader)
{
  struct fast_reader ahead = *reader;
  struct wr_buffer ignored = {0};
  int64_t least, most;
  fast_atom(&ahead, &ignored);
  wr_buffer_free(&ignored);
  bool repeats = !ahead.why && fast_repeat(&ahead, &least, &most);
  return !repeats;
}

/* True if a | stands in the group that begins here, not deeper. */
static bool fast_has_union(const struct fast_reader *reader)
{
  struct fast_reader ahead = *reader;
  struct wr_buffer ignored = {0};
  while (!ahead.why && fast_peek(&ahead) && !strchr(")|", fast_peek(&ahead)))
    fast_repeated(&ahead, &ignored);
  wr_buffer_free(&ignored);
  return !ahead.why && fast_peek(&ahead) == '|';
}

static void fast_mark(struct fast_builder *builder)
{
  struct fast_plan *plan = builder->plan;
  struct fast_mark *mark = &plan->marks[2 * plan->group_count + !builder->in_group];
  *mark = (struct fast_mark){plan->piece_count, builder->fixed_characters};
  if (!builder->in_group)
    plan->group_count++;
  builder->segment_varies = false;
}

static enum wr_code fast_build(struct fast_builder *builder)
{
  struct fast_reader *reader = &builder->reader;
  enum wr_code code = WR_OK;
  while (!code && !reader->why && reader->at < reader->length) {
    char c = fast_peek(reader);
    if (c == '(' && !builder->in_group && fast_is_group(reader)) {
      reader->at++;
      builder->in_group = true;
      fast_mark(builder);
      if (fast_has_union(reader)) {
        struct wr_buffer all = {0};
        wr_buffer_put_string(&all, "(?:");
        int64_t length = fast_union(reader, &all);
        wr_buffer_put_char(&all, ')');
        code = fast_add(builder, &all, length);
        wr_buffer_free(&all);
      }
    } else if (c == ')' && builder->in_group) {
      reader->at++;
      builder->in_group = false;
      fast_mark(builder);
    } else if (c == ')' || c == '|') {
      fast_fail(reader, c == ')' ? "a bracket is closed that was not opened"
                                 : "alternatives outside of brackets are not supported");
    } else {
      code = fast_item(builder);
    }
  }
  if (!reader->why && builder->in_group)
    fast_fail(reader, "a bracket is not closed");
  return code || reader->why ? code : fast_close_piece(builder, true);
}

/* ---- running ---- */

/* The ends of V and of the whole of every piece; false: the line does not match, or gave up. */
static bool fast_run(const struct fast_plan *plan, struct wr_regex_search *search,
                     struct wr_slice text, size_t *vary_ends, bool *gave_up)
{
  size_t at = 0;
  for (uint32_t i = 0; i < plan->piece_count; i++) {
    *gave_up = !wr_regex_begin(search, plan->pieces[i].regex, text.bytes, text.length);
    if (*gave_up)
      return false;
    search->next = at;
    enum wr_regex_found found = wr_regex_next(search);
    *gave_up = found == WR_REGEX_GAVE_UP;
    if (found != WR_REGEX_MATCH)
      return false;
    vary_ends[i] = search->groups[3];
    at = search->groups[1];
  }
  return at == text.length;
}

WR_TEXT_ROWS(fast)
{
  const struct fast_plan *plan = call->prepared;
  struct wr_regex_search search = {0};
  struct wr_log_line line = {0};
  struct wr_arena arena = {0};
  size_t *ends = WR_NEW_ARRAY(&arena, size_t, plan->piece_count);
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row);
    bool gave_up = false;
    if (!fast_run(plan, &search, text, ends, &gave_up)) {
      if (gave_up)
        wr_call_fail_state(call, row, WR_STATE_TOO_COMPLEX, "%s", search.why);
      else
        wr_call_set_null(call, row);
      continue;
    }
    wr_log_line_begin(&line, plan->group_count);
    for (uint32_t g = 0; g < plan->group_count; g++) {
      size_t limits[2];
      for (int i = 0; i < 2; i++) {
        const struct fast_mark *mark = &plan->marks[2 * g + (uint32_t)i];
        size_t from = ends[mark->piece];
        limits[i] = from + wr_utf8_offset(text.bytes + from, text.length - from, mark->characters);
      }
      wr_log_line_put(&line, text.bytes + limits[0], limits[1] - limits[0]);
    }
    wr_log_line_end(&line, call, row);
  }
  wr_arena_free(&arena);
  wr_buffer_free(&line.bytes);
  wr_regex_search_close(&search);
}
WR_TEXT_KERNEL(fast, WR_CAN_FAIL | WR_MAKES_NULL)

/* ---- binding ---- */

static enum wr_code fast_prepare(struct wr_bind_site *site, struct wr_slice pattern,
                                 struct fast_plan *plan, struct wr_error *err)
{
  struct wr_arena *arena = site->binding->arena;
  const struct wr_span span = site->args[1]->span;
  plan->pieces = WR_NEW_ARRAY(arena, struct fast_piece, pattern.length + 2);
  plan->marks = WR_NEW_ARRAY(arena, struct fast_mark, 2 * (size_t)pattern.length + 2);
  struct fast_builder builder = {
      .reader = {.site = site, .bytes = pattern.bytes, .length = pattern.length},
      .plan = plan,
      .vary_in_group = true,
      .err = err};
  enum wr_code code = fast_build(&builder);
  wr_buffer_free(&builder.vary);
  wr_buffer_free(&builder.fixed);
  if (builder.reader.why)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_INVALID_PATTERN, span,
                         "the pattern of %s is bad at character %zu: %s", site->function->name,
                         builder.reader.at + 1, builder.reader.why);
  if (!code)
    return WR_OK;
  err->span = span;
  return err->code = code == WR_DATA ? WR_SEMANTIC : code;
}

static enum wr_code bind_fast(struct wr_bind_site *site, struct wr_error *err)
{
  struct fast_plan *plan = WR_NEW(site->binding->arena, struct fast_plan);
  struct wr_slice pattern;
  enum wr_code code = WR_OK;
  if (!wr_kind_is_text(site->args[0]->type->kind))
    code = wr_bind_arg(site, 0, &wr_type_string, err);
  if (code)
    return code;
  if (!wr_log_constant(site->args[1], &pattern) || !pattern.length)
    return wr_fail_at(err, WR_UNSUPPORTED, site->args[1]->span,
                      "the pattern of %s must be a constant text", site->function->name);
  if (pattern.length > WR_PATTERN_BYTES_MAX / 16)
    return wr_fail_at(err, WR_LIMIT, site->args[1]->span,
                      "the pattern of %s has %u bytes; it may have a 16th of WR_PATTERN_BYTES_MAX "
                      "(%d)",
                      site->function->name, pattern.length, WR_PATTERN_BYTES_MAX);
  code = fast_prepare(site, pattern, plan, err);
  struct wr_log_columns columns;
  if (!code)
    code = wr_log_columns_number(site, plan->group_count, site->args[1]->span, &columns, err);
  site->prepared = plan;
  site->kernel = &kernel_fast;
  return code ? code : wr_log_bind(site, &columns, err);
}

#define FAST_ROW(upper, says)                                                        \
  {                                                                                  \
    .name = upper, .usage = upper "(text, pattern)", .help = says,                   \
    .example = upper "('Mary____had_a_little_lamb', '(.*)_+(<Alpha>.*)')",           \
    .result = "(Mary, had_a_little_lamb)", .least = 2, .most = 2, .bind = bind_fast, \
    .traits = WR_KINESIS                                                             \
  }

const struct wr_function wr_functions_log_fast[] = {
    FAST_ROW(
        "FAST_REGEX_LOG_PARSE",
        "A ROW of what the groups of a pattern have taken, COLUMN1, COLUMN2 ...: each up to the "
        "first place where what follows it is found; NULL if that leaves something over"),
    FAST_ROW("FAST_REGEX_LOG_PARSER", "The same as FAST_REGEX_LOG_PARSE"),
    {0},
};
