/* SPDX-License-Identifier: Apache-2.0 */
/* Texts are printed twice, once for their length: plans are short and made once. */
#include "planner/writing.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "text/datetime.h"

static void writing_reserve(struct wr_writing *writing, size_t more)
{
  if (writing->length + more + 1 <= writing->room)
    return;
  size_t room = 2 * (writing->length + more + 1) + 256;
  char *bytes = wr_arena_get(writing->arena, room);
  if (writing->length)
    memcpy(bytes, writing->bytes, writing->length);
  bytes[writing->length] = '\0';
  writing->bytes = bytes;
  writing->room = room;
}

void wr_write(struct wr_writing *writing, const char *format, ...)
{
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int length = vsnprintf(NULL, 0, format, again);
  va_end(again);
  assert(length >= 0);
  writing_reserve(writing, (size_t)length);
  vsnprintf(writing->bytes + writing->length, (size_t)length + 1, format, args);
  va_end(args);
  writing->length += (size_t)length;
}

void wr_write_spaces(struct wr_writing *writing, size_t count)
{
  wr_write(writing, "%*s", (int)count, "");
}

void wr_write_json(struct wr_writing *writing, const char *text)
{
  if (!text) {
    wr_write(writing, "null");
    return;
  }
  wr_write(writing, "\"");
  for (const char *c = text; *c; c++) {
    if (*c == '"' || *c == '\\')
      wr_write(writing, "\\%c", *c);
    else if (*c == '\n')
      wr_write(writing, "\\n");
    else if ((unsigned char)*c < 0x20)
      wr_write(writing, "\\u%04x", (unsigned)*c);
    else
      wr_write(writing, "%c", *c);
  }
  wr_write(writing, "\"");
}

void wr_write_duration(struct wr_writing *writing, int64_t us)
{
  char text[WR_INTERVAL_CHARS];
  wr_write(writing, "%.*s", (int)wr_format_duration(us, text), text);
}

void wr_write_columns(struct wr_writing *writing, const struct wr_schema *schema)
{
  for (uint32_t c = 0; c < schema->column_count; c++)
    wr_write(writing, "%s%s", c ? ", " : "", schema->fields[c].name);
}

const char *wr_written(const struct wr_writing *writing)
{
  return writing->bytes ? writing->bytes : "";
}
