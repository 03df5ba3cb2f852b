/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON scanner and SQL/JSON paths. Up to the first line break stands a path, behind it a text.
 * What is scanned must be written compactly into a text that scans to the same nodes.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "functions/json_path.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const struct wr_json_tape *tape)
{
  struct wr_buffer compact = {0}, one = {0}, other = {0};
  struct wr_json_tape again = {0};
  wr_json_put_compact(tape, 0, &compact);
  bool scanned = wr_json_scan(&again, compact.bytes, compact.length);
  assert(scanned && again.count == tape->count);
  for (uint32_t i = 0; i < tape->count; i++) {
    assert(tape->nodes[i].kind == again.nodes[i].kind &&
           tape->nodes[i].next == again.nodes[i].next);
    if (tape->nodes[i].kind != WR_JSON_STRING)
      continue;
    wr_buffer_clear(&one);
    wr_buffer_clear(&other);
    wr_json_put_string(tape, i, &one);
    wr_json_put_string(&again, i, &other);
    assert(one.length == other.length && wr_utf8_valid(one.bytes, one.length));
    assert(wr_json_string_is(tape, i, other.bytes, other.length));
  }
  (void)scanned;
  wr_json_tape_free(&again);
  wr_buffer_free(&compact);
  wr_buffer_free(&one);
  wr_buffer_free(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const char *bytes = (const char *)data;
  const char *line = size ? memchr(bytes, '\n', size) : NULL;
  size_t path_length = line ? (size_t)(line - bytes) : 0;
  const char *text = line ? line + 1 : bytes;
  size_t length = (size_t)(bytes + size - text);
  struct wr_arena arena = {0};
  struct wr_json_tape tape = {0};
  struct wr_json_matches matches = {0};
  const struct wr_json_path *path;
  struct wr_error err;
  enum wr_json_kind kind;
  uint32_t at;
  bool scanned = wr_json_scan(&tape, text, length);
  assert(scanned || tape.problem_at <= length);
  assert(tape.too_large || scanned == wr_json_check(text, length, &kind));
  if (scanned)
    check_again(&tape);
  bool compiled = !wr_json_path_new(&arena, bytes, path_length, &path, &at, &err);
  assert(compiled || at <= path_length);
  if (scanned && compiled && wr_json_path_find(path, &tape, &matches) == WR_JSON_FOUND) {
    assert(!wr_json_path_is_definite(path) || matches.count == 1);
    for (uint32_t i = 0; i < matches.count; i++)
      assert(matches.nodes[i] < tape.count);
  }
  wr_json_matches_free(&matches);
  wr_json_tape_free(&tape);
  wr_arena_free(&arena);
  return 0;
}
