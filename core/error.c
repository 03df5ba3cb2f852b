/* SPDX-License-Identifier: Apache-2.0 */
/* Filling struct wr_error: sentences are cut to fit, at a character boundary, and kept on one line.
 */
#include "core/error.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void wr_error_clear(struct wr_error *err)
{
  err->code = WR_OK;
  err->retry = false;
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

enum wr_code wr_hint(struct wr_error *err, const char *format, ...)
{
  assert(err && err->code != WR_OK);
  va_list args;
  va_start(args, format);
  error_print(err->hint, sizeof err->hint, format, args);
  va_end(args);
  return err->code;
}
