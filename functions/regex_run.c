/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns of calls. A constant one is compiled when the call is bound. The others of one call over
 * one batch are kept in a few slots, by their hash: what comes again soon is not compiled again.
 */
#include "functions/regex_run.h"

#include <stdlib.h>

#include "functions/text_call.h"

#define REGEX_CACHE_SLOTS 16 /* patterns of one call that are not constant */

struct wr_regex_slot {
  struct wr_arena arena; /* the pattern's bytes and what is compiled */
  const char *bytes;
  uint32_t length;
  uint32_t escape;
  const struct wr_regex *regex; /* NULL: it is none */
};

void wr_regex_run_close(struct wr_regex_run *run)
{
  wr_regex_search_close(&run->search);
  for (uint32_t i = 0; run->slots && i < REGEX_CACHE_SLOTS; i++)
    wr_arena_free(&run->slots[i].arena);
  free(run->slots);
}

/* The pattern of a row, in the slot that its hash says. */
static const struct wr_regex_slot *run_slot(struct wr_regex_run *run, struct wr_slice pattern,
                                            bool similar, uint32_t escape)
{
  if (!run->slots)
    run->slots = wr_memory_get_zero(sizeof *run->slots * REGEX_CACHE_SLOTS);
  uint32_t hash = pattern.length;
  for (uint32_t i = 0; i < pattern.length; i++)
    hash = hash * 31 + (unsigned char)pattern.bytes[i];
  struct wr_regex_slot *slot = &run->slots[hash % REGEX_CACHE_SLOTS];
  if (slot->bytes && slot->length == pattern.length && slot->escape == escape &&
      memcmp(slot->bytes, pattern.bytes, pattern.length) == 0)
    return slot;
  wr_arena_reset(&slot->arena);
  slot->bytes = wr_arena_copy(&slot->arena, pattern.bytes, pattern.length);
  slot->length = pattern.length;
  slot->escape = escape;
  slot->regex = NULL;
  struct wr_error err;
  size_t at;
  if (similar)
    wr_regex_similar_new(&slot->arena, slot->bytes, slot->length, escape, &slot->regex, &at, &err);
  else
    wr_regex_new(&slot->arena, slot->bytes, slot->length, &slot->regex, &at, &err);
  return slot;
}

const struct wr_regex *wr_regex_run_find(struct wr_regex_run *run, struct wr_slice pattern)
{
  return run_slot(run, pattern, false, 0)->regex;
}

const struct wr_regex *wr_regex_run_similar(struct wr_regex_run *run, struct wr_slice pattern,
                                            uint32_t escape)
{
  return run_slot(run, pattern, true, escape)->regex;
}

/* ---- binding ---- */

/* An error at byte `at` of a constant pattern: where that is in the SQL text, if the literal is
 * written without doubled quotes. */
static enum wr_code pattern_is_bad(const struct wr_expression *pattern, size_t at,
                                   struct wr_error *err)
{
  uint32_t length = wr_column_text(pattern->literal, 0)->length;
  err->span = pattern->span;
  if (err->code != WR_DATA)
    return err->code;
  err->code = WR_SEMANTIC;
  if (pattern->span.offset != WR_NO_POSITION && pattern->span.length == length + 2)
    err->span = (struct wr_span){pattern->span.offset + 1 + (uint32_t)at, 1};
  return WR_SEMANTIC;
}

/* Where steps are limited, each pattern is compiled once, with that limit. */
static enum wr_code pattern_is_limited(const struct wr_bind_site *site,
                                       const struct wr_expression *pattern, struct wr_error *err)
{
  if (!site->binding->regex_steps)
    return WR_OK;
  return wr_fail_at(err, WR_UNSUPPORTED, pattern->span,
                    "this condition needs a pattern that is the same for all rows");
}

enum wr_code wr_regex_bind(struct wr_bind_site *site, const struct wr_expression *pattern,
                           const struct wr_regex **regex, struct wr_error *err)
{
  *regex = NULL;
  if (!wr_expression_is_known(pattern))
    return pattern_is_limited(site, pattern, err);
  const struct wr_text *text = wr_column_text(pattern->literal, 0);
  size_t at;
  if (wr_regex_new(site->binding->arena, wr_text_bytes(text), text->length, regex, &at, err))
    return pattern_is_bad(pattern, at, err);
  if (site->binding->regex_steps)
    wr_regex_limit(*regex, site->binding->regex_steps);
  return WR_OK;
}

enum wr_code wr_regex_bind_similar(struct wr_bind_site *site, const struct wr_expression *pattern,
                                   uint32_t escape, const struct wr_regex **regex,
                                   struct wr_error *err)
{
  *regex = NULL;
  if (!wr_expression_is_known(pattern))
    return pattern_is_limited(site, pattern, err);
  const struct wr_text *text = wr_column_text(pattern->literal, 0);
  size_t at;
  if (wr_regex_similar_new(site->binding->arena, wr_text_bytes(text), text->length, escape, regex,
                           &at, err))
    return pattern_is_bad(pattern, at, err);
  if (site->binding->regex_steps)
    wr_regex_limit(*regex, site->binding->regex_steps);
  return WR_OK;
}
