/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL text into the planner, behind a few tables. What can be planned is explained in every way,
 * with rules and without; what cannot gives a sentence, and a place inside the text if it has one.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "planner/planner.h"
#include "tests/unit/planner.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void plan(const char *text, size_t length, bool rules_off)
{
  struct wr_arena arena = {0};
  struct wr_program program;
  struct wr_error_list errors = {0};
  const struct wr_planner_options options = {.rules_off = rules_off, .parallelism = 3};
  enum wr_code code = wr_program_build(text, length, &options, &arena, &program, &errors);
  if (code == WR_OK) {
    for (uint32_t j = 0; j < program.job_count; j++) {
      assert(strlen(wr_explain_text(&arena, &program.jobs[j])) > 0);
      assert(strlen(wr_explain_json(&arena, &program.jobs[j])) > 0);
    }
  }
  assert((code != WR_OK) == (errors.count > 0));
  for (uint32_t i = 0; i < errors.count; i++) {
    const struct wr_error *err = &errors.items[i];
    assert(err->code != WR_OK && err->code != WR_INTERNAL && err->message[0] != '\0');
    assert(err->span.offset == WR_NO_POSITION ||
           (err->span.offset <= length && err->span.offset + (size_t)err->span.length <= length));
  }
  wr_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char tables[] = PLANNER_TABLES;
  size_t length = sizeof tables - 1 + size;
  char *text = malloc(length); /* of its own, so that reading behind the end is seen */
  assert(text);
  memcpy(text, tables, sizeof tables - 1);
  if (size > 0)
    memcpy(text + sizeof tables - 1, data, size);
  plan(text, length, false);
  plan(text, length, true);
  free(text);
  return 0;
}
