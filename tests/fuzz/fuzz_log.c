/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The patterns and lists of columns of the kinesis dialect, and lines read by them. The first byte
 * picks the function; up to the first line break stands its pattern, then come the texts, one a
 * line. Refusing a pattern and rejecting a text are fine.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "core/builder.h"
#include "functions/bind.h"
#include "functions/evaluator.h"
#include "text/utf8.h"

#define LINES_MAX 64
#define STEPS     20000

static const struct {
  const char *name;
  unsigned count, pattern; /* arguments, and which of them is the pattern */
} calls[] = {
    {"REGEX_LOG_PARSE", 2, 1},
    {"FAST_REGEX_LOG_PARSE", 2, 1},
    {"W3C_LOG_PARSE", 2, 1},
    {"FIXED_COLUMN_LOG_PARSE", 2, 1},
    {"VARIABLE_COLUMN_LOG_PARSE", 5, 1},
    {"CHAR_TO_TIMESTAMP", 2, 0},
    {"SUBSTRING_SIMILAR", 3, 1},
    {"SIMILAR TO", 2, 1},
    {"REGEX_REPLACE", 5, 1},
    {"SYS_LOG_PARSE", 1, 1},
};

static const struct wr_field text_field = {"t", &wr_type_string};
static const struct wr_schema text_schema = {1, &text_field};

static const struct wr_expression *bind_call(const struct wr_binding *binding, unsigned which,
                                             const char *pattern, uint32_t length)
{
  const struct wr_span nowhere = {WR_NO_POSITION, 0};
  const struct wr_expression *args[5], *call;
  struct wr_error err;
  unsigned at = calls[which].pattern;
  for (unsigned i = 0; i < calls[which].count; i++)
    args[i] = wr_bind_text(binding, i == 2 ? "," : i == 3 ? "\\" : "\"", 1, nowhere);
  if (which == 6)
    args[2] = wr_bind_text(binding, "#", 1, nowhere);
  if (which == 8) {
    args[2] = wr_bind_text(binding, "<$1>", 4, nowhere);
    args[3] = wr_bind_i64(binding, &wr_type_int, 2, nowhere);
    args[4] = wr_bind_i64(binding, &wr_type_int, 0, nowhere);
  }
  if (at < calls[which].count)
    args[at] = wr_bind_text(binding, pattern, length, nowhere);
  args[at == 0] = wr_bind_column(binding, 0, &wr_type_string, nowhere);
  if (which == sizeof calls / sizeof *calls - 1)
    args[0] = wr_bind_column(binding, 0, &wr_type_string, nowhere);
  return wr_bind_call(binding, calls[which].name, args, calls[which].count, nowhere, &call, &err)
             ? NULL
             : call;
}

static void run_call(const struct wr_expression *call, const char *at, const char *end)
{
  struct wr_builder texts;
  wr_builder_open(&texts, &wr_type_string);
  wr_builder_reserve(&texts, LINES_MAX);
  while (texts.row_count < LINES_MAX) {
    const char *stop = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    size_t length = (size_t)((stop ? stop : end) - at);
    wr_builder_put_copy(&texts, at, (uint32_t)length);
    if (!stop)
      break;
    at = stop + 1;
  }
  const struct wr_column column = wr_builder_view(&texts);
  const struct wr_batch batch = {.schema = &text_schema,
                                 .columns = &column,
                                 .row_count = texts.row_count,
                                 .picked_count = texts.row_count};
  struct wr_evaluator *evaluator = wr_evaluator_new(&call, 1);
  struct wr_evaluation evaluation;
  wr_evaluator_run(evaluator, &batch, &evaluation);
  wr_evaluator_free(evaluator);
  wr_builder_close(&texts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size < 1 || size > 4096)
    return 0;
  const char *at = (const char *)data + 1, *end = (const char *)data + size;
  const char *stop = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
  if (!wr_utf8_valid(at, (size_t)((stop ? stop : end) - at)))
    return 0; /* no SQL text has such a literal */
  struct wr_arena arena = {0};
  struct wr_binding binding = {
      .arena = &arena, .time_zone = "UTC", .kinesis = true, .regex_steps = STEPS};
  const struct wr_expression *call = bind_call(&binding, data[0] % (sizeof calls / sizeof *calls),
                                               at, (uint32_t)((stop ? stop : end) - at));
  if (call)
    run_call(call, stop ? stop + 1 : end, end);
  wr_arena_free(&arena);
  return 0;
}
