/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A path is a list of steps. A search keeps the list of nodes found so far and replaces it step by
 * step; since nodes are numbered in the order of the text, walking all that lies beneath a node
 * (the step behind two points) is counting.
 */
#include "functions/json_path.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/limits.h"
#include "text/utf8.h"

#define INDEX_DIGITS_MAX 9
#define MATCHES_FIRST    16
#define PATH_SHOWN_BYTES 200 /* of a path in a message */

enum step_kind { STEP_KEY, STEP_INDEX, STEP_ALL, STEP_SLICE };

struct step {
  enum step_kind kind;
  bool deep;        /* behind two points: of the node and of everything beneath */
  const char *name; /* KEY */
  uint32_t length;
  int32_t from, to; /* INDEX: from; SLICE: from .. to - 1; below 0: counted from the end */
  bool has_from, has_to;
};

struct wr_json_path {
  bool strict, definite;
  uint32_t step_count;
  struct step steps[WR_JSON_PATH_STEPS_MAX];
};

/* ---- compiling ---- */

struct compiler {
  struct wr_arena *arena;
  const char *begin, *at, *end;
  struct wr_json_path *path;
  struct wr_error *err;
};

static enum wr_code fail(struct compiler *c, const char *problem)
{
  wr_fail(c->err, WR_DATA, "the JSON path '%.*s' has %s at character %u",
          wr_utf8_shown(c->begin, (size_t)(c->end - c->begin), PATH_SHOWN_BYTES), c->begin, problem,
          (unsigned)wr_utf8_count(c->begin, (size_t)(c->at - c->begin)) + 1);
  return wr_state(c->err, WR_STATE_INVALID_PATTERN);
}

static bool is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(struct compiler *c)
{
  while (c->at < c->end && is_blank(*c->at))
    c->at++;
}

static bool sees(const struct compiler *c, char wanted)
{
  return c->at < c->end && *c->at == wanted;
}

/* "lax " or "strict " in front, in any case. */
static void compile_mode(struct compiler *c)
{
  static const char *const words[] = {"lax", "strict"};
  c->path->strict = true;
  skip_blanks(c);
  for (int strict = 0; strict < 2; strict++) {
    size_t length = strlen(words[strict]);
    if ((size_t)(c->end - c->at) <= length || strncasecmp(c->at, words[strict], length) != 0 ||
        !is_blank(c->at[length]))
      continue;
    c->path->strict = strict;
    c->at += length;
    skip_blanks(c);
    return;
  }
}

/* A name in quotes, with backslashes before quotes and backslashes. */
static enum wr_code compile_quoted(struct compiler *c, struct step *step)
{
  char quote = *c->at++;
  char *name = wr_arena_get(c->arena, (size_t)(c->end - c->at) + 1), *to = name;
  while (c->at < c->end && *c->at != quote) {
    if (*c->at == '\\' && c->at + 1 < c->end)
      c->at++;
    *to++ = *c->at++;
  }
  if (c->at == c->end)
    return fail(c, "a name without a closing quote");
  c->at++;
  step->kind = STEP_KEY;
  step->name = name;
  step->length = (uint32_t)(to - name);
  return WR_OK;
}

/* .key: up to what has a meaning of its own. */
static enum wr_code compile_plain(struct compiler *c, struct step *step)
{
  const char *first = c->at;
  while (c->at < c->end && *c->at && !strchr(" \t\r\n.[]()'\",*?", *c->at))
    c->at++;
  if (sees(c, '('))
    return fail(c, "a function, which is not supported,");
  if (c->at == first)
    return fail(c, "no name");
  step->kind = STEP_KEY;
  step->name = wr_arena_copy(c->arena, first, (size_t)(c->at - first));
  step->length = (uint32_t)(c->at - first);
  return WR_OK;
}

static enum wr_code compile_number(struct compiler *c, int32_t *value, bool *present)
{
  bool minus = sees(c, '-');
  const char *first = c->at += minus;
  for (*value = 0; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
    if (c->at - first == INDEX_DIGITS_MAX)
      return fail(c, "too long a number");
    *value = *value * 10 + (*c->at - '0');
  }
  *present = c->at > first;
  if (minus && !*present)
    return fail(c, "a minus sign without digits");
  if (minus)
    *value = -*value;
  return WR_OK;
}

static enum wr_code compile_numbers(struct compiler *c, struct step *step)
{
  enum wr_code code = compile_number(c, &step->from, &step->has_from);
  if (code)
    return code;
  skip_blanks(c);
  step->kind = STEP_INDEX;
  if (!sees(c, ':'))
    return step->has_from ? WR_OK : fail(c, "neither a number, a name in quotes, nor *");
  c->at++;
  skip_blanks(c);
  step->kind = STEP_SLICE;
  code = compile_number(c, &step->to, &step->has_to);
  if (code)
    return code;
  skip_blanks(c);
  return sees(c, ':') ? fail(c, "a slice with a step, which is not supported,") : WR_OK;
}

static enum wr_code compile_bracket(struct compiler *c, struct step *step)
{
  c->at++;
  skip_blanks(c);
  enum wr_code code = WR_OK;
  if (sees(c, '?') || sees(c, '(') || sees(c, '@'))
    return fail(c, "a filter, which is not supported,");
  if (sees(c, '*')) {
    c->at++;
    step->kind = STEP_ALL;
  } else if (sees(c, '\'') || sees(c, '"')) {
    code = compile_quoted(c, step);
  } else {
    code = compile_numbers(c, step);
  }
  if (code)
    return code;
  skip_blanks(c);
  if (sees(c, ','))
    return fail(c, "several names or numbers in one bracket, which is not supported,");
  if (!sees(c, ']'))
    return fail(c, "no closing bracket");
  c->at++;
  return WR_OK;
}

/* What stands behind one or two points, or a bracket. */
static enum wr_code compile_step(struct compiler *c, struct step *step)
{
  if (sees(c, '.')) {
    c->at++;
    step->deep = sees(c, '.');
    c->at += step->deep;
    if (sees(c, '*')) {
      c->at++;
      step->kind = STEP_ALL;
      return WR_OK;
    }
    if (sees(c, '"'))
      return compile_quoted(c, step);
    if (!sees(c, '['))
      return compile_plain(c, step);
  }
  if (sees(c, '['))
    return compile_bracket(c, step);
  return fail(c, sees(c, '?') ? "a filter, which is not supported,"
                              : "something that is neither a point nor a bracket");
}

enum wr_code wr_json_path_new(struct wr_arena *arena, const char *bytes, size_t length,
                              const struct wr_json_path **out, uint32_t *at, struct wr_error *err)
{
  struct compiler c = {
      .arena = arena, .begin = bytes, .at = bytes, .end = bytes + length, .err = err};
  *at = 0;
  if (length > WR_JSON_PATH_BYTES_MAX)
    return wr_fail(err, WR_LIMIT,
                   "a JSON path of %zu bytes is longer than WR_JSON_PATH_BYTES_MAX (%d)", length,
                   WR_JSON_PATH_BYTES_MAX);
  struct wr_json_path *path = c.path = WR_NEW(arena, struct wr_json_path);
  *out = path;
  path->definite = true;
  compile_mode(&c);
  while (c.end > c.at && is_blank(c.end[-1]))
    c.end--;
  enum wr_code code = sees(&c, '$') ? WR_OK : fail(&c, "no $");
  c.at += code == WR_OK;
  while (!code && c.at < c.end) {
    if (path->step_count == WR_JSON_PATH_STEPS_MAX) {
      code = fail(&c, "more steps than WR_JSON_PATH_STEPS_MAX");
      break;
    }
    struct step *step = &path->steps[path->step_count++];
    code = compile_step(&c, step);
    if (step->deep || step->kind >= STEP_ALL)
      path->definite = false;
  }
  *at = (uint32_t)(c.at - bytes);
  return code;
}

bool wr_json_path_is_strict(const struct wr_json_path *path)
{
  return path->strict;
}
bool wr_json_path_is_definite(const struct wr_json_path *path)
{
  return path->definite;
}

/* ---- searching ---- */

void wr_json_matches_free(struct wr_json_matches *matches)
{
  free(matches->nodes);
  free(matches->spare);
  *matches = (struct wr_json_matches){0};
}

struct search {
  const struct wr_json_tape *tape;
  struct wr_json_matches *matches;
  uint32_t found;   /* in matches->spare */
  uint64_t visited; /* nodes looked at */
  bool too_many;
};

static void search_put(struct search *search, uint32_t node)
{
  struct wr_json_matches *matches = search->matches;
  if (search->found == WR_JSON_ITEMS_MAX) {
    search->too_many = true;
    return;
  }
  if (search->found == matches->spare_capacity) {
    matches->spare_capacity = matches->spare_capacity ? 2 * matches->spare_capacity : MATCHES_FIRST;
    matches->spare =
        wr_memory_resize(matches->spare, sizeof *matches->spare * matches->spare_capacity);
  }
  matches->spare[search->found++] = node;
}

/* Items or members number first to before. */
static void search_children(struct search *search, uint32_t node, int64_t first, int64_t before)
{
  const struct wr_json_node *nodes = search->tape->nodes;
  bool object = nodes[node].kind == WR_JSON_OBJECT;
  uint32_t at = wr_json_first(node), end = nodes[node].next;
  for (int64_t i = 0; at < end && i < before && !search->too_many; i++) {
    if (i >= first)
      search_put(search, at + object);
    at = nodes[at + object].next;
  }
}

static int64_t clamp_index(int64_t index, int64_t length)
{
  index = index < 0 ? index + length : index;
  return index < 0 ? 0 : index > length ? length : index;
}

/* One step at one node. False: the node is of a kind that the step cannot be made at. */
static bool search_step(struct search *search, const struct step *step, uint32_t node)
{
  const struct wr_json_node *at = &search->tape->nodes[node];
  bool array = at->kind == WR_JSON_ARRAY, object = at->kind == WR_JSON_OBJECT;
  int64_t length = at->length;
  search->visited += (uint64_t)length + 1;
  if (search->visited > WR_JSON_VISITS_MAX) {
    search->too_many = true;
    return true;
  }
  switch (step->kind) {
  case STEP_KEY: {
    uint32_t found = object ? wr_json_member(search->tape, node, step->name, step->length) : 0;
    if (found)
      search_put(search, found);
    return object;
  }
  case STEP_INDEX: {
    int64_t index = step->from < 0 ? step->from + length : step->from;
    if (array && index >= 0 && index < length)
      search_put(search, wr_json_item(search->tape, node, (uint32_t)index));
    return array;
  }
  case STEP_ALL:
    if (array || object)
      search_children(search, node, 0, length);
    return true;
  default:
    assert(step->kind == STEP_SLICE);
    if (array)
      search_children(search, node, step->has_from ? clamp_index(step->from, length) : 0,
                      step->has_to ? clamp_index(step->to, length) : length);
    return array;
  }
}

/* The step at a node and at every container beneath it. */
static void search_deep(struct search *search, const struct step *step, uint32_t node)
{
  const struct wr_json_node *nodes = search->tape->nodes;
  for (uint32_t at = node; at < nodes[node].next && !search->too_many; at++) {
    if (nodes[at].kind >= WR_JSON_ARRAY)
      search_step(search, step, at);
  }
}

enum wr_json_search wr_json_path_find(const struct wr_json_path *path,
                                      const struct wr_json_tape *tape,
                                      struct wr_json_matches *matches)
{
  struct search search = {.tape = tape, .matches = matches};
  bool definite = true; /* so far */
  assert(tape->count > 0);
  search_put(&search, 0);
  for (uint32_t i = 0;; i++) {
    uint32_t *nodes = matches->spare, capacity = matches->spare_capacity;
    matches->spare = matches->nodes;
    matches->spare_capacity = matches->capacity;
    matches->nodes = nodes;
    matches->capacity = capacity;
    matches->count = search.found;
    if (i == path->step_count)
      return WR_JSON_FOUND;
    const struct step *step = &path->steps[i];
    search.found = 0;
    bool possible = true;
    for (uint32_t k = 0; k < matches->count && !search.too_many; k++) {
      if (step->deep)
        search_deep(&search, step, nodes[k]);
      else
        possible = search_step(&search, step, nodes[k]);
    }
    if (search.too_many)
      return WR_JSON_TOO_MANY;
    if (definite && !step->deep && (!possible || (step->kind < STEP_ALL && search.found == 0)))
      return WR_JSON_MISSING;
    definite = definite && !step->deep && step->kind < STEP_ALL;
  }
}
