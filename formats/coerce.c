/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. Times are tried as they are written usually first: formats/value.h remembers
 * their date. */
#include "formats/coerce.h"

#include <assert.h>
#include <strings.h>

#include "core/limits.h"
#include "core/time.h"
#include "text/datetime.h"
#include "text/utf8.h"

/* A text with so many bytes of one kind behind it. */
static struct wr_text text_filled(struct wr_builder *builder, const char *bytes, uint32_t length,
                                  uint32_t more, char with)
{
  char *room = wr_arena_get(&builder->texts, (size_t)length + more);
  memcpy(room, bytes, length);
  memset(room + length, with, more);
  return wr_text_make(room, length + more);
}

void wr_coerce_fit(struct wr_builder *builder)
{
  assert(wr_kind_is_text(builder->type->kind) && builder->row_count > 0);
  struct wr_text *text = (struct wr_text *)builder->values + builder->row_count - 1;
  uint32_t most = builder->type->length;
  bool is_filled = builder->type->kind == WR_CHAR && most <= WR_TEXT_BYTES_MAX;
  if (text->length <= most && !is_filled)
    return; /* no character has less than one byte */
  const struct wr_text whole = *text;
  const char *bytes = wr_text_bytes(&whole);
  uint32_t at = 0, count = 0;
  for (; at < whole.length; at++) {
    bool begins = ((unsigned char)bytes[at] & 0xC0) != 0x80;
    if (begins && count++ == most)
      break;
  }
  if (count < most && is_filled)
    *text = text_filled(builder, bytes, at, most - count, ' ');
  else if (at < whole.length)
    *text = wr_text_make(bytes, at);
}

/* The same of bytes. */
static void coerce_fit_bytes(struct wr_builder *builder)
{
  struct wr_text *text = (struct wr_text *)builder->values + builder->row_count - 1;
  uint32_t most = builder->type->length;
  const struct wr_text whole = *text;
  if (whole.length > most)
    *text = wr_text_make(wr_text_bytes(&whole), most);
  else if (whole.length < most && builder->type->kind == WR_BINARY && most <= WR_TEXT_BYTES_MAX)
    *text = text_filled(builder, wr_text_bytes(&whole), whole.length, most - whole.length, 0);
}

static int hex_digit(char c)
{
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

/* X'0aff'; false: it is something else. */
static bool coerce_hex(struct wr_builder *builder, const char *bytes, uint32_t length)
{
  if (length < 3 || (*bytes != 'X' && *bytes != 'x') || bytes[1] != '\'' ||
      bytes[length - 1] != '\'' || length % 2 == 0)
    return false;
  uint32_t count = (length - 3) / 2;
  char *out = wr_arena_get(&builder->texts, (size_t)count + 1);
  for (uint32_t i = 0; i < count; i++) {
    int high = hex_digit(bytes[2 + 2 * i]), low = hex_digit(bytes[3 + 2 * i]);
    if (high < 0 || low < 0)
      return false;
    out[i] = (char)(high << 4 | low);
  }
  wr_builder_put_text(builder, wr_text_make(out, count));
  return true;
}

/* A time that its own type does not take as it is: with a zone, or with more than the type has. */
static bool coerce_time(struct wr_builder *builder, const char *bytes, uint32_t length)
{
  const struct wr_type *type = builder->type;
  int64_t us;
  if (!wr_parse_timestamp_ltz(bytes, length, 0, &us))
    return false;
  switch (type->kind) {
  case WR_DATE: wr_builder_put_integer(builder, wr_floor_div(us, WR_US_PER_DAY)); return true;
  case WR_TIME: us = wr_floor_mod(us, WR_US_PER_DAY); break;
  default: break;
  }
  wr_builder_put_i64(builder, wr_value_cut_time(type, us));
  return true;
}

bool wr_coerce_text(struct wr_value_reader *reader, struct wr_builder *builder, const char *bytes,
                    uint32_t length)
{
  switch (builder->type->kind) {
  case WR_CHAR:
  case WR_VARCHAR:
    wr_builder_put_text(builder, wr_text_make(bytes, length));
    wr_coerce_fit(builder);
    return true;
  case WR_BOOLEAN:
    wr_builder_put_u8(builder, length == 4 && strncasecmp(bytes, "true", 4) == 0);
    return true;
  case WR_BINARY:
  case WR_VARBINARY:
    if (!coerce_hex(builder, bytes, length) && !wr_value_put(reader, builder, bytes, length))
      return false;
    coerce_fit_bytes(builder);
    return true;
  case WR_DATE:
  case WR_TIME:
  case WR_TIMESTAMP:
  case WR_TIMESTAMP_LTZ:
    return wr_value_put(reader, builder, bytes, length) || coerce_time(builder, bytes, length);
  default: return wr_value_put(reader, builder, bytes, length);
  }
}

void wr_coerce_repeat(struct wr_builder *builder)
{
  assert(builder->row_count > 0 && builder->row_count < builder->row_capacity);
  uint32_t last = builder->row_count - 1;
  if (!wr_bit_get(builder->valid, last)) {
    wr_builder_put_null(builder);
    return;
  }
  size_t width = wr_physical_bytes[builder->type->physical];
  char *values = builder->values;
  assert(width > 0);
  memcpy(values + (last + 1) * width, values + last * width, width);
  wr_builder_put_valid(builder);
}
