/* SPDX-License-Identifier: Apache-2.0 */
/* SQL/JSON paths: what they find, what is missing in strict and lax ones, and what is refused. */
#include "functions/json_path.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "tests/unit/check.h"

/* Found nodes as JSON with blanks between them; "-" for none, "missing", "too many". */
static void find(const char *json, const char *path_text, struct wr_buffer *out)
{
  struct wr_arena arena = {0};
  struct wr_json_tape tape = {0};
  struct wr_json_matches matches = {0};
  const struct wr_json_path *path;
  struct wr_error err;
  uint32_t at;
  wr_buffer_clear(out);
  WR_CHECK(wr_json_scan(&tape, json, strlen(json)), "%s: %s", json, tape.problem);
  enum wr_code code = wr_json_path_new(&arena, path_text, strlen(path_text), &path, &at, &err);
  WR_CHECK(code == WR_OK, "%s: %s", path_text, err.message);
  enum wr_json_search found = code ? WR_JSON_MISSING : wr_json_path_find(path, &tape, &matches);
  if (found != WR_JSON_FOUND)
    wr_buffer_put_string(out, found == WR_JSON_MISSING ? "missing" : "too many");
  else if (matches.count == 0)
    wr_buffer_put_char(out, '-');
  for (uint32_t i = 0; found == WR_JSON_FOUND && i < matches.count; i++) {
    if (i)
      wr_buffer_put_char(out, ' ');
    wr_json_put_compact(&tape, matches.nodes[i], out);
  }
  wr_json_matches_free(&matches);
  wr_json_tape_free(&tape);
  wr_arena_free(&arena);
}

static void paths_find_values(void)
{
  static const char store[] =
      "{\"a\": {\"b\": [10, 20, 30, {\"c\": null}]}, \"x y\": 1, \"@t\": \"q\", \"b\": [{\"b\": 2}]}";
  static const struct {
    const char *path, *found;
  } rows[] = {
      {"$.x-y", "missing"},
      {"$['x y']", "1"},
      {"$[\"x y\"]", "1"},
      {"$.\"x y\"", "1"},
      {"$.['x y']", "1"},
      {"$.@t", "\"q\""},
      {"$.a.b[0]", "10"},
      {"$.a.b[ 2 ]", "30"},
      {"$.a.b[-1].c", "null"},
      {"$.a.b[4]", "missing"},
      {"$.a.b[-5]", "missing"},
      {"LAX $.a.b[4]", "missing"},
      {"  strict\t$.a.b.c", "missing"},
      {"$.a[0]", "missing"},
      {"$.a.b[*]", "10 20 30 {\"c\":null}"},
      {"$.a.b[1:3]", "20 30"},
      {"$.a.b[:2]", "10 20"},
      {"$.a.b[-2:]", "30 {\"c\":null}"},
      {"$.a.b[:]", "10 20 30 {\"c\":null}"},
      {"$.a.b[3:1]", "-"},
      {"$.a.b[9:]", "-"},
      {"$.a[0:1]", "missing"},
      {"$.a.b[*].c", "null"},
      {"$.a.b[*].d", "-"},
      {"$.a.*", "[10,20,30,{\"c\":null}]"},
      {"$.a.b[0].*", "-"},
      {"$.a.b[0].x", "missing"},
      {"$..b", "[{\"b\":2}] [10,20,30,{\"c\":null}] 2"},
      {"$..b[0]", "{\"b\":2} 10"},
      {"$..[0]", "10 {\"b\":2}"},
      {"$..nothing", "-"},
      {"$.nothing..b", "missing"},
      {"$..b..b", "2"},
  };
  struct wr_buffer out = {0};
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    find(store, rows[i].path, &out);
    WR_CHECK(strcmp(wr_buffer_string(&out), rows[i].found) == 0, "%s: %s", rows[i].path,
             wr_buffer_string(&out));
  }
  find("[1, [2]]", "$", &out);
  CU_ASSERT_STRING_EQUAL(wr_buffer_string(&out), "[1,[2]]");
  find("[1, [2]]", "$..*", &out);
  CU_ASSERT_STRING_EQUAL(wr_buffer_string(&out), "1 [2] 2");
  find("7", "$..*", &out);
  CU_ASSERT_STRING_EQUAL(wr_buffer_string(&out), "-");
  find("{\"k\\u0065y\": 1, \"key\": 2}", "$.key", &out);
  CU_ASSERT_STRING_EQUAL(wr_buffer_string(&out), "2");
  find("{\"it's\": 1}", "$['it\\'s']", &out);
  CU_ASSERT_STRING_EQUAL(wr_buffer_string(&out), "1");
  wr_buffer_free(&out);
}

static void bad_paths_are_refused_with_their_place(void)
{
  static const struct {
    const char *path, *problem;
    uint32_t at;
  } rows[] = {
      {"", "no $ at character 1", 0},
      {"a.b", "no $ at character 1", 0},
      {"lax", "no $ at character 1", 0},
      {"lax$", "no $ at character 1", 0},
      {"lax x", "no $ at character 5", 4},
      {"$.", "no name at character 3", 2},
      {"$..", "no name at character 4", 3},
      {"$...a", "no name at character 4", 3},
      {"$.a b", "neither a point nor a bracket at character 4", 3},
      {"$a", "neither a point nor a bracket at character 2", 1},
      {"$.\xC3\xA4\xC3\xB6 b", "neither a point nor a bracket at character 5", 6},
      {"$[", "neither a number, a name in quotes, nor * at character 3", 2},
      {"$[]", "neither a number, a name in quotes, nor * at character 3", 2},
      {"$[a]", "neither a number, a name in quotes, nor * at character 3", 2},
      {"$[1", "no closing bracket at character 4", 3},
      {"$['a", "a name without a closing quote at character 5", 4},
      {"$[-]", "a minus sign without digits at character 4", 3},
      {"$[12345678901]", "too long a number", 11},
      {"$[0,1]", "several names or numbers in one bracket, which is not supported, at character 4",
       3},
      {"$['a','b']", "several names or numbers in one bracket", 5},
      {"$[0:4:2]", "a slice with a step, which is not supported, at character 6", 5},
      {"$.a[?(@.b > 1)]", "a filter, which is not supported, at character 5", 4},
      {"$.a ? (@ > 1)", "neither a point nor a bracket", 3},
      {"$.a?(@ > 1)", "a filter, which is not supported, at character 4", 3},
      {"$.length()", "a function, which is not supported, at character 9", 8},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_arena arena = {0};
    const struct wr_json_path *path;
    struct wr_error err;
    uint32_t at;
    enum wr_code code =
        wr_json_path_new(&arena, rows[i].path, strlen(rows[i].path), &path, &at, &err);
    WR_CHECK(code == WR_DATA && strstr(err.message, rows[i].problem) && at == rows[i].at,
             "%s: %s, %u", rows[i].path, code ? err.message : "taken", at);
    WR_CHECK(!code || strcmp(err.state, WR_STATE_INVALID_PATTERN) == 0, "%s", err.state);
    wr_arena_free(&arena);
  }
}

static void searches_are_bounded(void)
{
  struct wr_buffer json = {0}, out = {0};
  for (int i = 0; i < 400; i++)
    wr_buffer_put_string(&json, "{\"a\":[0,");
  wr_buffer_put_string(&json, "1");
  for (int i = 0; i < 400; i++)
    wr_buffer_put_string(&json, "]}");
  find(wr_buffer_string(&json), "$..a..a..a..a", &out);
  CU_ASSERT_STRING_EQUAL(wr_buffer_string(&out), "too many");
  wr_buffer_free(&json);
  wr_buffer_free(&out);
}

static const struct wr_test tests[] = {
    {"paths find values", paths_find_values},
    {"bad paths are refused with their place", bad_paths_are_refused_with_their_place},
    {"searches are bounded", searches_are_bounded},
    {NULL, NULL},
};

const struct wr_suite wr_suite_json_path = {"json_path", tests};
