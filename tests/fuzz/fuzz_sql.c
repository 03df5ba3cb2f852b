/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL text into the parser. A text that is read must give a tree that can be walked, with all spans
 * inside the text and its names in order; one that is not must give a sentence with a place inside
 * the text. The first error must be the same whether the parser stops there or goes on.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "parser/dump.h"
#include "parser/parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_tree(const struct wr_script *script, size_t size)
{
  uint32_t end = 0;
  for (uint32_t i = 0; i < script->statements.count; i++) {
    struct wr_span span = script->statements.items[i]->span;
    assert(span.length > 0 && span.offset >= end && span.offset + (size_t)span.length <= size);
    end = span.offset + span.length;
  }
  end = 0;
  for (uint32_t i = 0; i < script->names.count; i++) {
    struct wr_span span = script->names.items[i]->span;
    assert(span.length > 0 && span.offset >= end && span.offset + (size_t)span.length <= size);
    end = span.offset;
  }
  char *text = NULL;
  size_t length = 0;
  FILE *file = open_memstream(&text, &length);
  assert(file);
  wr_tree_dump(file, script);
  fclose(file);
  free(text);
}

static void check_error(const struct wr_error *err, const char *text, size_t size)
{
  struct wr_source_place place;
  assert(err->message[0] != '\0');
  assert(err->span.offset <= size && err->span.offset + (size_t)err->span.length <= size);
  wr_source_locate(text, size, err->span, &place);
  assert(place.line >= 1 && place.column >= 1 && place.width >= 1);
  assert(place.line_text >= text && place.line_text + place.line_length <= text + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char *text = malloc(size > 0 ? size : 1); /* of its own, so that reading behind the end is seen */
  struct wr_arena arena = {0};
  struct wr_script *script;
  struct wr_error err;
  assert(text);
  if (size > 0) {
    memcpy(text, data, size);
  }
  wr_error_clear(&err);
  enum wr_code code = wr_parse(text, size, &arena, &script, &err);
  assert((code == WR_OK) == (script != NULL));
  if (script) {
    check_tree(script, size);
  } else {
    check_error(&err, text, size);
  }
  struct wr_error_list list = {0};
  assert(wr_parse_all(text, size, &arena, &script, &list) == code);
  assert((code == WR_OK) == (list.count == 0));
  for (uint32_t i = 0; i < list.count; i++) {
    check_error(&list.items[i], text, size);
  }
  assert(code == WR_OK || strcmp(list.items[0].message, err.message) == 0);
  if (script) {
    check_tree(script, size);
  }
  wr_arena_free(&arena);
  free(text);
  return 0;
}
