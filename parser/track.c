/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in the script the parser stands, told from the tokens alone: which statement has begun,
 * whether a semicolon ends it, which brackets are open. The grammar knows this too, but not once it
 * has given up at an error, and then it matters: the parser goes on behind the statement.
 */
#include <assert.h>

#include "parser/build.h"
#include "parser/grammar.h"
#include "parser/keyword.h"
#include "parser/state.h"

/* The name behind CREATE ... TABLE, VIEW, FUNCTION, STREAM, PUMP or an unknown word, so that nobody
 * complains later that it is missing. */
static void track_created(struct wr_parser *parser, struct wr_token token,
                          const union WR_GRAMMAR_STYPE *value)
{
  struct wr_track *track = &parser->track;
  bool is_next = parser->last.kind == WR_TOKEN_CREATE || parser->last.kind == WR_TOKEN_REPLACE;
  if (is_next && (token.kind == WR_TOKEN_PUMP || token.kind == WR_TOKEN_STREAM))
    parser->is_application = true;
  switch (token.kind) {
  case WR_TOKEN_PUMP:
  case WR_TOKEN_STREAM:
  case WR_TOKEN_TABLE:
  case WR_TOKEN_VIEW:
  case WR_TOKEN_FUNCTION:
    if (track->created.length > 0)
      break;
    track->names_created = true;
    return;
  case WR_TOKEN_IF:
  case WR_TOKEN_NOT:
  case WR_TOKEN_EXISTS:
  case '.': return;
  case WR_TOKEN_NAME:
    if (!track->names_created) { /* CREATE MODEL, CREATE TABL */
      track->names_created = track->created.length == 0;
      return;
    }
    if (track->created.length > 0 && parser->last.kind != '.')
      break;
    track->created = token.span;
    track->created_name = value->identifier;
    return;
  default: break;
  }
  if (!track->names_created)
    return;
  if (token.kind != WR_TOKEN_NAME && (track->created.length == 0 || parser->last.kind == '.')) {
    if (wr_keyword_find(parser->text + token.span.offset, token.span.length)) {
      track->created = token.span;
      track->created_name = NULL;
      return;
    }
  }
  track->names_created = false;
}

static void track_begin(struct wr_parser *parser, struct wr_token token)
{
  parser->track = (struct wr_track){
      .first = token,
      .first_count = parser->token_count,
      .is_in_set = token.kind == WR_TOKEN_REST_OF_SET,
  };
}

static void track_open(struct wr_track *track, struct wr_token token)
{
  if (track->bracket_count < WR_TRACK_BRACKETS)
    track->brackets[track->bracket_count] = token.span.offset;
  track->bracket_count++;
}

static uint32_t track_innermost(const struct wr_track *track)
{
  bool is_kept = track->bracket_count > 0 && track->bracket_count <= WR_TRACK_BRACKETS;
  return is_kept ? track->brackets[track->bracket_count - 1] : 0;
}

void wr_track_token(struct wr_parser *parser, struct wr_token token,
                    const union WR_GRAMMAR_STYPE *value)
{
  struct wr_track *track = &parser->track;
  if (parser->last.kind == ';')
    track->case_depth = track->bracket_count = 0;
  if (track->is_between) {
    if (token.kind == ';')
      return;
    track_begin(parser, token);
  }
  if (track->first.kind == WR_TOKEN_CREATE && track->bracket_count == 0)
    track_created(parser, token, value);
  switch (token.kind) {
  case '(':
  case '[': track_open(track, token); break;
  case ')':
  case ']':
    track->is_unopened = track->bracket_count == 0;
    track->closed = track_innermost(track);
    track->bracket_count -= track->bracket_count > 0;
    break;
  case WR_TOKEN_CASE: track->case_depth++; break;
  case WR_TOKEN_END:
    if (track->case_depth > 0)
      track->case_depth--;
    else
      track->is_in_set = false;
    break;
  case WR_TOKEN_SET: /* EXECUTE STATEMENT SET, EXPLAIN STATEMENT SET, BEGIN STATEMENT SET; */
    if (parser->last.kind == WR_TOKEN_STATEMENT &&
        (track->first.kind == WR_TOKEN_EXECUTE || track->first.kind == WR_TOKEN_EXPLAIN ||
         track->first.kind == WR_TOKEN_BEGIN))
      track->is_in_set = true;
    break;
  case ';': track->is_between = !track->is_in_set; break;
  default: break;
  }
}

uint32_t wr_track_position(const struct wr_parser *parser)
{
  assert(parser->token_count >= parser->track.first_count);
  return parser->token_count - parser->track.first_count + 1;
}

struct wr_tree_identifier *wr_track_created(struct wr_parser *parser)
{
  const struct wr_track *track = &parser->track;
  if (track->first.kind != WR_TOKEN_CREATE || track->created.length == 0)
    return NULL;
  if (track->created_name)
    return track->created_name;
  struct wr_tree_identifier *name = WR_NEW(parser->arena, struct wr_tree_identifier);
  *name = (struct wr_tree_identifier){
      .span = track->created,
      .text =
          wr_arena_copy(parser->arena, parser->text + track->created.offset, track->created.length),
      .length = track->created.length,
  };
  wr_build_remember(parser, name);
  return name;
}
