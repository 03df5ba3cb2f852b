/* SPDX-License-Identifier: Apache-2.0 */
/* Filling struct wr_error: sentences are cut to fit, at a character boundary, and kept on one line.
 */
#include "core/error.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/limits.h"

/* The general SQLSTATE of a code. */
static const char *const error_states[] = {
    [WR_OK] = "00000",
    [WR_SYNTAX] = WR_STATE_SYNTAX_ERROR,
    [WR_SEMANTIC] = WR_STATE_SEMANTIC_ERROR,
    [WR_UNSUPPORTED] = WR_STATE_FEATURE_NOT_SUPPORTED,
    [WR_LIMIT] = WR_STATE_LIMIT_EXCEEDED,
    [WR_DATA] = WR_STATE_DATA_EXCEPTION,
    [WR_IO] = WR_STATE_IO_ERROR,
    [WR_CONNECTION] = WR_STATE_CONNECTION_FAILURE,
    [WR_STOPPED] = WR_STATE_QUERY_CANCELLED,
    [WR_INTERNAL] = WR_STATE_INTERNAL_ERROR,
};

void wr_error_clear(struct wr_error *err)
{
  err->code = WR_OK;
  err->retry = false;
  memcpy(err->state, error_states[WR_OK], sizeof err->state);
  err->span = (struct wr_span){WR_NO_POSITION, 0};
  err->message[0] = err->hint[0] = '\0';
}

/* Prints into text[size]; what does not fit ends in "..."; line breaks and other control characters
 * become spaces. */
static void error_print(char *text, size_t size, const char *format, va_list args)
{
  static const char dots[] = "...";
  int length = vsnprintf(text, size, format, args);
  assert(length >= 0);
  if ((size_t)length >= size) {
    size_t end = size - sizeof dots;
    while (end > 0 && ((unsigned char)text[end] & 0xC0) == 0x80)
      end--;
    memcpy(text + end, dots, sizeof dots);
  }
  for (char *c = text; *c; c++)
    if ((unsigned char)*c < ' ' || *c == 0x7F)
      *c = ' ';
}

enum wr_code wr_fail_va(struct wr_error *err, enum wr_code code, const char *format, va_list args)
{
  assert(err && code != WR_OK);
  wr_error_clear(err);
  err->code = code;
  memcpy(err->state, error_states[code], sizeof err->state);
  error_print(err->message, sizeof err->message, format, args);
  return code;
}

enum wr_code wr_fail(struct wr_error *err, enum wr_code code, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  wr_fail_va(err, code, format, args);
  va_end(args);
  return code;
}

enum wr_code wr_fail_at(struct wr_error *err, enum wr_code code, struct wr_span span,
                        const char *format, ...)
{
  va_list args;
  va_start(args, format);
  wr_fail_va(err, code, format, args);
  va_end(args);
  err->span = span;
  return code;
}

enum wr_code wr_fail_state(struct wr_error *err, enum wr_code code, const char *state,
                           struct wr_span span, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  wr_fail_va(err, code, format, args);
  va_end(args);
  err->span = span;
  return wr_state(err, state);
}

enum wr_code wr_hint(struct wr_error *err, const char *format, ...)
{
  assert(err && err->code != WR_OK);
  va_list args;
  va_start(args, format);
  error_print(err->hint, sizeof err->hint, format, args);
  va_end(args);
  return err->code;
}

enum wr_code wr_state(struct wr_error *err, const char *state)
{
  assert(err && err->code != WR_OK && strlen(state) == sizeof err->state - 1);
  memcpy(err->state, state, sizeof err->state);
  return err->code;
}

void wr_error_list_add(struct wr_error_list *list, struct wr_arena *arena,
                       const struct wr_error *err)
{
  if (list->count == WR_ERRORS_MAX) {
    list->left_out++;
    return;
  }
  if (list->count == list->room) {
    uint32_t room = list->room ? 2 * list->room : 4;
    struct wr_error *items = WR_NEW_ARRAY(arena, struct wr_error, room);
    if (list->count)
      memcpy(items, list->items, sizeof *items * list->count);
    list->items = items;
    list->room = room;
  }
  list->items[list->count++] = *err;
}
