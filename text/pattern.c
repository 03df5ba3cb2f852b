/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LIKE. A pattern becomes pieces, what stands between the %; a piece becomes parts, each some `_`
 * and then literal bytes:
 *
 *   ab_c%_d      piece 0: (0 "ab") (1 "c")      piece 1: (1 "d")
 *
 * The first piece must begin where the text begins and the last end where it ends, unless there is
 * a % outside of them. Between the two every piece takes its first place from the left: a later one
 * could only leave less for the next pieces.
 */
#include "text/pattern.h"

#include <assert.h>
#include <string.h>

#include "core/limits.h"
#include "text/utf8.h"

struct pattern_part {
  uint32_t skip;   /* characters that may be anything */
  uint32_t length; /* of bytes, which follow them */
  const char *bytes;
};

struct pattern_piece {
  struct pattern_part *parts;
  uint32_t part_count;
  size_t length_min;   /* bytes that a match has at least */
  uint32_t characters; /* that a match has */
};

/* By the shape of the pattern. */
enum pattern_kind {
  PATTERN_ANY,    /* %     */
  PATTERN_EQUAL,  /* abc   */
  PATTERN_PREFIX, /* abc%  */
  PATTERN_SUFFIX, /* %abc  */
  PATTERN_INFIX,  /* %abc% */
  PATTERN_GENERAL /* the rest */
};

struct wr_pattern {
  enum pattern_kind kind;
  bool begins_open, ends_open; /* there is a % before the first, behind the last piece */
  uint32_t piece_count;
  struct pattern_piece *pieces;
};

/* ---- compiling */

/* A pattern being read. */
struct pattern_reader {
  const char *bytes;
  size_t length, at;
  uint32_t escape;
};

enum pattern_token { TOKEN_END, TOKEN_PERCENT, TOKEN_UNDERSCORE, TOKEN_LITERAL, TOKEN_BAD };

/* The next token; a literal character is bytes[*first .. at-1]. */
static enum pattern_token reader_next(struct pattern_reader *reader, size_t *first)
{
  if (reader->at == reader->length)
    return TOKEN_END;
  *first = reader->at;
  uint32_t point = wr_utf8_next(reader->bytes, reader->length, &reader->at);
  if (point == reader->escape) {
    if (reader->at == reader->length)
      return TOKEN_BAD;
    *first = reader->at;
    point = wr_utf8_next(reader->bytes, reader->length, &reader->at);
    return point == '%' || point == '_' || point == reader->escape ? TOKEN_LITERAL : TOKEN_BAD;
  }
  return point == '%' ? TOKEN_PERCENT : point == '_' ? TOKEN_UNDERSCORE : TOKEN_LITERAL;
}

/* The part that takes the next literal byte or, if skips, the next `_`. */
static struct pattern_part *piece_part(struct pattern_piece *piece, bool skips, char *literal)
{
  struct pattern_part *last = piece->part_count ? &piece->parts[piece->part_count - 1] : NULL;
  if (last && !(skips && last->length > 0))
    return last;
  last = &piece->parts[piece->part_count++];
  *last = (struct pattern_part){.bytes = literal};
  return last;
}

/* Reads all tokens into pieces. Room for parts and literals: one per byte of the pattern. */
static bool pattern_read(struct wr_pattern *pattern, struct pattern_reader *reader,
                         struct pattern_part *parts, char *literal)
{
  struct pattern_piece *piece = NULL;
  size_t first;
  for (;;) {
    enum pattern_token token = reader_next(reader, &first);
    if (token == TOKEN_END || token == TOKEN_BAD)
      return token == TOKEN_END;
    if (token == TOKEN_PERCENT) {
      pattern->begins_open = pattern->begins_open || pattern->piece_count == 0;
      pattern->ends_open = true;
      if (piece)
        parts += piece->part_count;
      piece = NULL;
      continue;
    }
    pattern->ends_open = false;
    if (!piece) {
      piece = &pattern->pieces[pattern->piece_count++];
      *piece = (struct pattern_piece){.parts = parts};
    }
    struct pattern_part *part = piece_part(piece, token == TOKEN_UNDERSCORE, literal);
    piece->characters++;
    if (token == TOKEN_UNDERSCORE) {
      part->skip++;
      piece->length_min++;
      continue;
    }
    size_t length = reader->at - first;
    memcpy(literal, reader->bytes + first, length);
    literal += length;
    part->length += (uint32_t)length;
    piece->length_min += length;
  }
}

static enum pattern_kind pattern_classify(const struct wr_pattern *pattern)
{
  if (pattern->piece_count == 0)
    return pattern->begins_open ? PATTERN_ANY
                                : PATTERN_EQUAL; /* only the empty text equals the empty pattern */
  bool literal = pattern->piece_count == 1 && pattern->pieces[0].part_count == 1 &&
                 pattern->pieces[0].parts[0].skip == 0;
  if (!literal)
    return PATTERN_GENERAL;
  if (pattern->begins_open)
    return pattern->ends_open ? PATTERN_INFIX : PATTERN_SUFFIX;
  return pattern->ends_open ? PATTERN_PREFIX : PATTERN_EQUAL;
}

enum wr_code wr_pattern_new(struct wr_arena *arena, const char *bytes, size_t length,
                            uint32_t escape, const struct wr_pattern **pattern,
                            struct wr_error *err)
{
  if (length > WR_PATTERN_BYTES_MAX)
    return wr_fail(err, WR_LIMIT,
                   "a LIKE pattern has %zu bytes; the limit WR_PATTERN_BYTES_MAX is %d", length,
                   WR_PATTERN_BYTES_MAX);
  struct wr_pattern *made = WR_NEW(arena, struct wr_pattern);
  made->pieces = WR_NEW_ARRAY(arena, struct pattern_piece, length + 1);
  struct pattern_part *parts = WR_NEW_ARRAY(arena, struct pattern_part, length + 1);
  char *literal = wr_arena_get(arena, length + 1);
  struct pattern_reader reader = {bytes, length, 0, escape};
  if (!pattern_read(made, &reader, parts, literal)) {
    wr_fail(err, WR_DATA,
            "in the LIKE pattern '%.*s' the escape character must stand before %%, _ or itself",
            wr_utf8_shown(bytes, length, 100), bytes);
    return wr_state(err, WR_STATE_INVALID_PATTERN);
  }
  made->kind = pattern_classify(made);
  *pattern = made;
  return WR_OK;
}

/* ---- matching */

/* Whether the piece matches at `at`; *behind is then where the match ends. */
static bool piece_matches_at(const struct pattern_piece *piece, const char *bytes, size_t length,
                             size_t at, size_t *behind)
{
  for (uint32_t i = 0; i < piece->part_count; i++) {
    const struct pattern_part *part = &piece->parts[i];
    for (uint32_t skip = part->skip; skip > 0; skip--) {
      if (at >= length)
        return false;
      at += wr_utf8_length(bytes[at]);
    }
    if (at > length || length - at < part->length ||
        memcmp(bytes + at, part->bytes, part->length) != 0)
      return false;
    at += part->length;
  }
  *behind = at;
  return true;
}

/* The first match from `at` on. A piece that begins with literal bytes is looked for by them. */
static bool piece_find(const struct pattern_piece *piece, const char *bytes, size_t length,
                       size_t at, size_t *behind)
{
  const struct pattern_part *first = &piece->parts[0];
  while (at <= length && length - at >= piece->length_min) {
    if (first->skip == 0) {
      const char *found = memmem(bytes + at, length - at, first->bytes, first->length);
      if (!found)
        return false;
      at = (size_t)(found - bytes);
    }
    if (piece_matches_at(piece, bytes, length, at, behind))
      return true;
    if (at >= length)
      return false;
    at += wr_utf8_length(bytes[at]);
  }
  return false;
}

/* Whether the piece, at the end of the text, begins at or behind `at`. */
static bool piece_ends(const struct pattern_piece *piece, const char *bytes, size_t length,
                       size_t at)
{
  size_t begin = length;
  for (uint32_t i = 0; i < piece->characters; i++) {
    do {
      if (begin <= at)
        return false;
      begin--;
    } while (((unsigned char)bytes[begin] & 0xC0) == 0x80 && begin > at);
  }
  size_t behind;
  return piece_matches_at(piece, bytes, length, begin, &behind) && behind == length;
}

static bool pattern_matches_general(const struct wr_pattern *pattern, const char *bytes,
                                    size_t length)
{
  uint32_t first = 0, count = pattern->piece_count;
  size_t at = 0;
  if (!pattern->begins_open) {
    if (!piece_matches_at(&pattern->pieces[0], bytes, length, 0, &at))
      return false;
    if (count == 1)
      return pattern->ends_open || at == length;
    first = 1;
  }
  uint32_t behind = pattern->ends_open ? count : count - 1;
  for (uint32_t i = first; i < behind; i++)
    if (!piece_find(&pattern->pieces[i], bytes, length, at, &at))
      return false;
  return pattern->ends_open || piece_ends(&pattern->pieces[count - 1], bytes, length, at);
}

bool wr_pattern_matches(const struct wr_pattern *pattern, const char *bytes, size_t length)
{
  static const struct pattern_part nothing = {0, 0, ""};
  const struct pattern_part *part = pattern->piece_count ? pattern->pieces[0].parts : &nothing;
  switch (pattern->kind) {
  case PATTERN_ANY: return true;
  case PATTERN_EQUAL: return length == part->length && memcmp(bytes, part->bytes, length) == 0;
  case PATTERN_PREFIX:
    return length >= part->length && memcmp(bytes, part->bytes, part->length) == 0;
  case PATTERN_SUFFIX:
    return length >= part->length &&
           memcmp(bytes + length - part->length, part->bytes, part->length) == 0;
  case PATTERN_INFIX: return memmem(bytes, length, part->bytes, part->length) != NULL;
  case PATTERN_GENERAL: return pattern_matches_general(pattern, bytes, length);
  }
  assert(!"a kind of pattern");
  return false;
}
