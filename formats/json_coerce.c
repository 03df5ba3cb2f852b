/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See the header. A column is a field of json_put.c whose conversion is replaced: it looks at the
 * first character of the value, and leaves to the usual one what that does as well.
 */
#include "formats/json_coerce.h"

#include <assert.h>

#include "formats/coerce.h"
#include "text/decimal.h"
#include "text/number.h"

struct wr_json_coerced {
  struct wr_json_field field;
  const struct wr_json_field *usual;
};

/* A scalar as it stands in the text. */
struct coerce_token {
  const char *bytes;
  uint32_t length;
};

static struct coerce_token coerce_token(const struct wr_json_put *put, uint32_t number)
{
  return (struct coerce_token){put->tape->bytes + put->tape->at[number],
                               wr_json_token_length(put->tape, number, number + 1)};
}

static bool token_is(struct coerce_token token, const char *word)
{
  return token.length == strlen(word) && memcmp(token.bytes, word, token.length) == 0;
}

static bool coerce_usually(struct wr_json_put *put, const struct wr_json_field *field,
                           struct wr_builder *builder, uint32_t number)
{
  const struct wr_json_field *usual = ((const struct wr_json_coerced *)field)->usual;
  return usual->put(put, usual, builder, number);
}

/* A string for a type that is no text. Escapes are so rare there that the usual way is right. */
static bool coerce_string(struct wr_json_put *put, const struct wr_json_field *field,
                          struct wr_builder *builder, uint32_t number)
{
  struct coerce_token token = coerce_token(put, number);
  if (token.length < 2 || token.bytes[token.length - 1] != '"')
    return false;
  bool escaped = memchr(token.bytes, '\\', token.length) != NULL;
  return escaped ? coerce_usually(put, field, builder, number)
                 : wr_coerce_text(&put->reader, builder, token.bytes + 1, token.length - 2);
}

/* True if a JSON number has digits that a DECIMAL of this scale would lose. */
static bool number_loses(struct coerce_token token, unsigned digits)
{
  const char *point = memchr(token.bytes, '.', token.length);
  bool exponent = memchr(token.bytes, 'e', token.length) || memchr(token.bytes, 'E', token.length);
  uint32_t behind = point ? token.length - (uint32_t)(point - token.bytes) - 1 : 0;
  wr_i128 value;
  unsigned precision, scale;
  if (behind <= digits && !exponent)
    return false;
  if (!wr_parse_decimal_as_written(token.bytes, token.length, &value, &precision, &scale))
    return true;
  return scale > digits && value % wr_power_of_ten(scale - digits) != 0;
}

/* Numbers of all kinds, and intervals. */
static bool coerce_number(struct wr_json_put *put, const struct wr_json_field *field,
                          struct wr_builder *builder, uint32_t number)
{
  struct coerce_token token = coerce_token(put, number);
  switch (*token.bytes) {
  case '"': return coerce_string(put, field, builder, number);
  case 't': return token_is(token, "true") && wr_value_put(&put->reader, builder, "1", 1);
  case 'f': return token_is(token, "false") && wr_value_put(&put->reader, builder, "0", 1);
  default:
    if (field->type->kind == WR_DECIMAL && number_loses(token, field->type->scale))
      return false;
    return coerce_usually(put, field, builder, number);
  }
}

static bool coerce_boolean(struct wr_json_put *put, const struct wr_json_field *field,
                           struct wr_builder *builder, uint32_t number)
{
  struct coerce_token token = coerce_token(put, number);
  double value;
  if (*token.bytes == '"')
    return coerce_string(put, field, builder, number);
  if (!wr_json_is_number(token.bytes, token.length))
    return coerce_usually(put, field, builder, number);
  if (!wr_parse_f64(token.bytes, token.length, &value))
    return false;
  wr_builder_put_u8(builder, value != 0);
  return true;
}

static bool coerce_text(struct wr_json_put *put, const struct wr_json_field *field,
                        struct wr_builder *builder, uint32_t number)
{
  if (!coerce_usually(put, field, builder, number))
    return false;
  wr_coerce_fit(builder);
  return true;
}

/* true and false: all of its bytes are 0 but for the lowest bit. */
static bool coerce_binary(struct wr_json_put *put, const struct wr_json_field *field,
                          struct wr_builder *builder, uint32_t number)
{
  struct coerce_token token = coerce_token(put, number);
  if (*token.bytes == '"')
    return coerce_string(put, field, builder, number);
  bool yes = token_is(token, "true");
  if (!yes && !token_is(token, "false"))
    return false;
  uint32_t length = field->type->kind == WR_BINARY ? field->type->length : 1;
  if (length > WR_TEXT_BYTES_MAX)
    return false;
  char *bytes = wr_arena_get_zero(&builder->texts, length);
  bytes[length - 1] = (char)yes;
  wr_builder_put_text(builder, wr_text_make(bytes, length));
  return true;
}

static bool coerce_time(struct wr_json_put *put, const struct wr_json_field *field,
                        struct wr_builder *builder, uint32_t number)
{
  return put->tape->bytes[put->tape->at[number]] == '"' &&
         coerce_string(put, field, builder, number);
}

static bool (*const coerce_kinds[WR_KIND_COUNT])(struct wr_json_put *put,
                                                 const struct wr_json_field *field,
                                                 struct wr_builder *builder, uint32_t number) = {
    [WR_BOOLEAN] = coerce_boolean,
    [WR_TINYINT] = coerce_number,
    [WR_SMALLINT] = coerce_number,
    [WR_INT] = coerce_number,
    [WR_BIGINT] = coerce_number,
    [WR_FLOAT] = coerce_number,
    [WR_DOUBLE] = coerce_number,
    [WR_DECIMAL] = coerce_number,
    [WR_CHAR] = coerce_text,
    [WR_VARCHAR] = coerce_text,
    [WR_BINARY] = coerce_binary,
    [WR_VARBINARY] = coerce_binary,
    [WR_DATE] = coerce_time,
    [WR_TIME] = coerce_time,
    [WR_TIMESTAMP] = coerce_time,
    [WR_TIMESTAMP_LTZ] = coerce_time,
    [WR_INTERVAL_MONTH] = coerce_number,
    [WR_INTERVAL_SECOND] = coerce_number,
};

struct wr_json_coerced *wr_json_coerced_new(struct wr_arena *arena,
                                            const struct wr_field *const *fields, uint32_t count)
{
  struct wr_json_shape *shape = wr_json_shape_new(arena, fields, count);
  const struct wr_json_field *usual = wr_json_fields_new(arena, fields, count, shape, "");
  struct wr_json_coerced *out = WR_NEW_ARRAY(arena, struct wr_json_coerced, count + 1);
  for (uint32_t i = 0; i < count; i++) {
    assert(coerce_kinds[fields[i]->type->kind]);
    out[i] = (struct wr_json_coerced){.field = usual[i], .usual = &usual[i]};
    out[i].field.put = coerce_kinds[fields[i]->type->kind];
  }
  return out;
}

bool wr_json_coerced_put(struct wr_json_put *put, const struct wr_json_coerced *columns,
                         uint32_t column, struct wr_builder *builder, uint32_t number)
{
  return wr_json_field_put(put, &columns[column].field, builder, number);
}

bool wr_json_coerced_put_object(struct wr_json_put *put, const struct wr_json_coerced *columns,
                                uint32_t column, struct wr_builder *builder, uint32_t number)
{
  const struct wr_json_field *field = &columns[column].field;
  if (field->put(put, field, builder, number)) /* wr_json_field_put takes 0 for what is missing */
    return true;
  wr_json_coerced_fail(put, columns, column, "is the whole record, which only a text can hold");
  return false;
}

void wr_json_coerced_fail(struct wr_json_put *put, const struct wr_json_coerced *columns,
                          uint32_t column, const char *reason)
{
  put->failed = &columns[column].field;
  put->failed_number = 0;
  put->reason = reason;
}
