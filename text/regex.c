/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCRE2 behind text/regex.h. Expressions are compiled to machine code where PCRE2 can do that. One
 * without any special character is looked for as a literal, which is quicker still.
 *
 * Texts are checked to be UTF-8 before a search, since PCRE2 may read beyond the end of broken ones
 * when it is told not to look itself; the check of text/utf8.h is the quicker one.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/regex.h"

#include <pcre2.h>
#include <stdio.h>
#include <string.h>

#include "core/arena_end.h"
#include "core/limits.h"
#include "text/pattern.h"
#include "text/regex_java.h"
#include "text/utf8.h"

#define REGEX_SHOWN_BYTES 100
#define REGEX_STACK_FIRST 32768

struct wr_regex {
  pcre2_code *code; /* NULL: `bytes` is a literal */
  bool has_jit;
  uint32_t groups, steps_max;
  const char *bytes; /* as it was written, for messages */
  size_t length;
};

/* ---- compiling */

static void regex_drop(void *code)
{
  pcre2_code_free(code);
}

static enum wr_code regex_is_bad(const char *bytes, size_t length, size_t at, const char *why,
                                 struct wr_error *err)
{
  wr_fail(err, WR_DATA, "the pattern '%.*s' is not valid at byte %zu: %s",
          wr_utf8_shown(bytes, length, REGEX_SHOWN_BYTES), bytes, at + 1, why);
  return wr_state(err, WR_STATE_INVALID_PATTERN);
}

/* Compiles what is PCRE2's syntax already. */
static enum wr_code regex_compile(struct wr_arena *arena, struct wr_regex *regex,
                                  const struct wr_regex_source *source, uint32_t options,
                                  size_t *at, struct wr_error *err)
{
  int error;
  PCRE2_SIZE offset;
  pcre2_compile_context *context = pcre2_compile_context_create(NULL);
  if (!context)
    return wr_fail(err, WR_LIMIT, "there is no memory for a regular expression");
  pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
  regex->code =
      pcre2_compile((PCRE2_SPTR)source->bytes, source->length,
                    options | PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &error, &offset, context);
  pcre2_compile_context_free(context);
  if (!regex->code) {
    PCRE2_UCHAR why[120];
    pcre2_get_error_message(error, why, sizeof why);
    *at = source->origins[offset <= source->length ? offset : source->length];
    return regex_is_bad(regex->bytes, regex->length, *at, (const char *)why, err);
  }
  wr_arena_at_end(arena, regex_drop, regex->code);
  regex->has_jit = pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE) == 0;
  pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &regex->groups);
  return WR_OK;
}

static enum wr_code regex_begin(struct wr_arena *arena, const char *bytes, size_t length,
                                struct wr_regex **regex, size_t *at, struct wr_error *err)
{
  *at = 0;
  if (length > WR_PATTERN_BYTES_MAX)
    return wr_fail(err, WR_LIMIT, "a pattern has %zu bytes; the limit WR_PATTERN_BYTES_MAX is %d",
                   length, WR_PATTERN_BYTES_MAX);
  if (!wr_utf8_valid(bytes, length))
    return regex_is_bad("", 0, 0, "it is not UTF-8", err);
  *regex = WR_NEW(arena, struct wr_regex);
  (*regex)->bytes = wr_arena_copy(arena, bytes, length);
  (*regex)->length = length;
  (*regex)->steps_max = WR_REGEX_STEPS_MAX;
  return WR_OK;
}

static bool regex_is_literal(const char *bytes, size_t length)
{
  for (size_t i = 0; i < length; i++)
    if (bytes[i] == '\0' || strchr("\\^$.|?*+()[]{}", bytes[i]))
      return false;
  return length > 0;
}

enum wr_code wr_regex_new(struct wr_arena *arena, const char *bytes, size_t length,
                          const struct wr_regex **regex, size_t *at, struct wr_error *err)
{
  struct wr_regex *made = NULL;
  enum wr_code code = regex_begin(arena, bytes, length, &made, at, err);
  if (code)
    return code;
  if (regex_is_literal(bytes, length)) {
    *regex = made;
    return WR_OK;
  }
  struct wr_arena scratch = {0};
  struct wr_regex_source source;
  const char *why = wr_regex_from_java(&scratch, bytes, length, &source, at);
  code = why ? regex_is_bad(bytes, length, *at, why, err)
             : regex_compile(arena, made, &source, 0, at, err);
  wr_arena_free(&scratch);
  if (!code)
    *regex = made;
  return code;
}

static enum wr_code regex_similar(struct wr_arena *arena, const char *bytes, size_t length,
                                  uint32_t escape, bool has_parts, const struct wr_regex **regex,
                                  size_t *at, struct wr_error *err)
{
  struct wr_regex *made = NULL;
  enum wr_code code = regex_begin(arena, bytes, length, &made, at, err);
  if (code)
    return code;
  struct wr_arena scratch = {0};
  struct wr_regex_source source;
  const char *why = wr_regex_from_similar(&scratch, bytes, length, escape, has_parts, &source, at);
  code = why ? regex_is_bad(bytes, length, *at, why, err)
             : regex_compile(arena, made, &source,
                             PCRE2_DOTALL | (has_parts ? 0 : PCRE2_ANCHORED | PCRE2_ENDANCHORED),
                             at, err);
  wr_arena_free(&scratch);
  if (!code)
    *regex = made;
  return code;
}

enum wr_code wr_regex_similar_new(struct wr_arena *arena, const char *bytes, size_t length,
                                  uint32_t escape, const struct wr_regex **regex, size_t *at,
                                  struct wr_error *err)
{
  return regex_similar(arena, bytes, length, escape, false, regex, at, err);
}

enum wr_code wr_regex_parts_new(struct wr_arena *arena, const char *bytes, size_t length,
                                uint32_t escape, const struct wr_regex **regex, size_t *at,
                                struct wr_error *err)
{
  return regex_similar(arena, bytes, length, escape, true, regex, at, err);
}

void wr_regex_limit(const struct wr_regex *regex, uint32_t steps)
{
  ((struct wr_regex *)(uintptr_t)regex)->steps_max = steps; /* nobody shares it so far */
}

uint32_t wr_regex_groups(const struct wr_regex *regex)
{
  return regex->groups;
}

/* ---- searching */

static void search_out_of_memory(void)
{
  wr_memory_get(SIZE_MAX / 2); /* says so and ends the process */
}

/* Memory for the groups of this expression. */
static void search_prepare(struct wr_regex_search *search)
{
  if (!search->context) {
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    if (!context)
      search_out_of_memory();
    pcre2_set_heap_limit(context, WR_REGEX_STACK_BYTES / 1024);
    search->context = context;
  }
  pcre2_set_match_limit(search->context, search->regex->steps_max);
  if (search->match && search->match_groups >= search->regex->groups)
    return;
  pcre2_match_data_free(search->match);
  search->match_groups = search->regex->groups;
  search->match = pcre2_match_data_create(search->match_groups + 1, NULL);
  if (!search->match)
    search_out_of_memory();
}

bool wr_regex_begin(struct wr_regex_search *search, const struct wr_regex *regex, const char *bytes,
                    size_t length)
{
  search->regex = regex;
  search->bytes = bytes;
  search->length = length;
  search->next = 0;
  if (!regex->code)
    return true;
  if (!wr_utf8_valid(bytes, length)) {
    snprintf(search->why, sizeof search->why,
             "a text of %zu bytes is not UTF-8: no pattern can be looked for in it", length);
    return false;
  }
  search_prepare(search);
  return true;
}

static int search_run(struct wr_regex_search *search)
{
  const struct wr_regex *regex = search->regex;
  if (regex->has_jit)
    return pcre2_jit_match(regex->code, (PCRE2_SPTR)search->bytes, search->length, search->next,
                           PCRE2_NO_UTF_CHECK, search->match, search->context);
  return pcre2_match(regex->code, (PCRE2_SPTR)search->bytes, search->length, search->next,
                     PCRE2_NO_UTF_CHECK, search->match, search->context);
}

/* Machine code has 32 KiB of stack at first, which is nearly always enough; then it gets more. */
static bool search_more_stack(struct wr_regex_search *search)
{
  if (search->stack)
    return false;
  search->stack = pcre2_jit_stack_create(REGEX_STACK_FIRST, WR_REGEX_STACK_BYTES, NULL);
  if (!search->stack)
    return false;
  pcre2_jit_stack_assign(search->context, NULL, search->stack);
  return true;
}

static enum wr_regex_found search_gave_up(struct wr_regex_search *search, int error)
{
  const char *shown = search->regex->bytes;
  int length = wr_utf8_shown(shown, search->regex->length, REGEX_SHOWN_BYTES);
  if (error == PCRE2_ERROR_MATCHLIMIT)
    snprintf(
        search->why, sizeof search->why,
        "the pattern '%.*s' takes more than WR_REGEX_STEPS_MAX (%u) steps in a text of %zu bytes",
        length, shown, search->regex->steps_max, search->length);
  else if (error == PCRE2_ERROR_JIT_STACKLIMIT || error == PCRE2_ERROR_HEAPLIMIT ||
           error == PCRE2_ERROR_DEPTHLIMIT)
    snprintf(search->why, sizeof search->why,
             "the pattern '%.*s' needs more than WR_REGEX_STACK_BYTES (%d) in a text of %zu bytes",
             length, shown, WR_REGEX_STACK_BYTES, search->length);
  else
    snprintf(search->why, sizeof search->why, "the search for '%.*s' failed (PCRE2 error %d)",
             length, shown, error);
  return WR_REGEX_GAVE_UP;
}

/* Where to go on: behind an empty match one character further on. */
static void search_advance(struct wr_regex_search *search)
{
  size_t from = search->groups[0], to = search->groups[1];
  if (to > from && to > search->next) {
    search->next = to;
    return;
  }
  to = to > search->next ? to : search->next;
  search->next = to < search->length ? to + wr_utf8_length(search->bytes[to]) : search->length + 1;
}

static enum wr_regex_found search_literal(struct wr_regex_search *search)
{
  const struct wr_regex *regex = search->regex;
  const char *hit = memmem(search->bytes + search->next, search->length - search->next,
                           regex->bytes, regex->length);
  if (!hit)
    return WR_REGEX_NOTHING;
  search->literal[0] = (size_t)(hit - search->bytes);
  search->next = search->literal[1] = search->literal[0] + regex->length;
  search->groups = search->literal;
  return WR_REGEX_MATCH;
}

enum wr_regex_found wr_regex_next(struct wr_regex_search *search)
{
  if (search->next > search->length)
    return WR_REGEX_NOTHING;
  if (!search->regex->code)
    return search_literal(search);
  int found = search_run(search);
  if (found == PCRE2_ERROR_JIT_STACKLIMIT && search_more_stack(search))
    found = search_run(search);
  if (found == PCRE2_ERROR_NOMATCH) {
    search->next = search->length + 1;
    return WR_REGEX_NOTHING;
  }
  if (found < 0)
    return search_gave_up(search, found);
  search->groups = pcre2_get_ovector_pointer(search->match);
  search_advance(search);
  return WR_REGEX_MATCH;
}

void wr_regex_search_close(struct wr_regex_search *search)
{
  pcre2_match_data_free(search->match);
  pcre2_match_context_free(search->context);
  pcre2_jit_stack_free(search->stack);
  *search = (struct wr_regex_search){0};
}
