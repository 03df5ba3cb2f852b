/* SPDX-License-Identifier: Apache-2.0 */
/* Places in a text for its reader. Only errors ask, so every question walks the text from its
 * beginning. */
#include "parser/parser.h"

#include <assert.h>
#include <string.h>

static uint32_t source_characters(const char *from, const char *end)
{
  uint32_t count = 0;
  for (; from < end; from++)
    count += ((unsigned char)*from & 0xC0) != 0x80;
  return count;
}

void wr_source_locate(const char *text, size_t length, struct wr_span span,
                      struct wr_source_place *place)
{
  assert((text || length == 0) && place);
  if (!text)
    text = "";
  size_t offset = span.offset < length ? span.offset : length;
  const char *at = text + offset, *line = text, *end = text + length;
  place->line = 1;
  for (const char *c = text; c < at; c++)
    if (*c == '\n') {
      place->line++;
      line = c + 1;
    }
  const char *line_end = memchr(at, '\n', (size_t)(end - at));
  if (!line_end)
    line_end = end;
  if (line_end > line && line_end[-1] == '\r')
    line_end--;
  const char *span_end = span.length < (size_t)(end - at) ? at + span.length : end;
  if (span_end > line_end)
    span_end = line_end;
  place->column = source_characters(line, at) + 1;
  place->line_text = line;
  place->line_length = (size_t)(line_end - line);
  place->width = span_end > at ? source_characters(at, span_end) : 1;
  if (place->width == 0)
    place->width = 1;
}
