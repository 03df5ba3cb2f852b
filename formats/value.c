/* SPDX-License-Identifier: Apache-2.0 */
/* One small function per kind of type, found through a table; a kind without one cannot be read
 * from text. */
#include "formats/value.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <strings.h>

#include "core/packed.h"
#include "core/time.h"
#include "text/datetime.h"
#include "text/decimal.h"
#include "text/number.h"

struct value_text {
  const char *bytes;
  uint32_t length;
  struct wr_value_reader *reader;
};

static bool value_put_boolean(struct wr_builder *builder, const struct value_text *text)
{
  bool yes = text->length == 4 && strncasecmp(text->bytes, "true", 4) == 0;
  bool no = text->length == 5 && strncasecmp(text->bytes, "false", 5) == 0;
  if (yes || no)
    wr_builder_put_u8(builder, yes);
  return yes || no;
}

static bool value_put_integer(struct wr_builder *builder, const struct value_text *text)
{
  int64_t value;
  unsigned bits = wr_physical_bytes[builder->type->physical] * 8u;
  if (!wr_parse_integer(text->bytes, text->length, bits, &value))
    return false;
  wr_builder_put_integer(builder, value);
  return true;
}

/* Infinity has to be asked for by name: a number that is too large is an error. */
static bool value_is_finite_or_named(double value, const struct value_text *text)
{
  return !isinf(value) || memchr(text->bytes, 'I', text->length) ||
         memchr(text->bytes, 'i', text->length);
}

static bool value_put_float(struct wr_builder *builder, const struct value_text *text)
{
  float value;
  if (!wr_parse_f32(text->bytes, text->length, &value) || !value_is_finite_or_named(value, text))
    return false;
  wr_builder_put_f32(builder, value);
  return true;
}

static bool value_put_double(struct wr_builder *builder, const struct value_text *text)
{
  double value;
  if (!wr_parse_f64(text->bytes, text->length, &value) || !value_is_finite_or_named(value, text))
    return false;
  wr_builder_put_f64(builder, value);
  return true;
}

static bool value_put_decimal(struct wr_builder *builder, const struct value_text *text)
{
  const struct wr_type *type = builder->type;
  wr_i128 value;
  if (!wr_parse_decimal(text->bytes, text->length, type->precision, type->scale, &value))
    return false;
  if (type->physical == WR_I64)
    wr_builder_put_i64(builder, (int64_t)value);
  else
    wr_builder_put_i128(builder, value);
  return true;
}

static bool value_put_text(struct wr_builder *builder, const struct value_text *text)
{
  wr_builder_put_text(builder, wr_text_make(text->bytes, text->length));
  return true;
}

/* 0 to 63, or 64 for what is no digit of base64; the alphabet for URLs is understood as well. */
static unsigned base64_digit(char c)
{
  if (c >= 'A' && c <= 'Z')
    return (unsigned)(c - 'A');
  if (c >= 'a' && c <= 'z')
    return (unsigned)(c - 'a') + 26;
  if (c >= '0' && c <= '9')
    return (unsigned)(c - '0') + 52;
  return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : 64;
}

/* RFC 4648; the padding may be left out. out has room for length * 3 / 4 bytes. */
static bool base64_read(const char *bytes, uint32_t length, char *out, uint32_t *out_length)
{
  if (length % 4 == 0)
    for (int i = 0; i < 2 && length && bytes[length - 1] == '='; i++)
      length--;
  if (length % 4 == 1)
    return false;
  uint32_t bits = 0, used = 0;
  for (uint32_t i = 0; i < length; i++) {
    unsigned digit = base64_digit(bytes[i]);
    if (digit == 64)
      return false;
    bits = bits << 6 | digit;
    if (i % 4 != 0)
      out[used++] = (char)(bits >> (6 - i % 4 * 2));
  }
  *out_length = used;
  return true;
}

static bool value_put_binary(struct wr_builder *builder, const struct value_text *text)
{
  char *out = wr_arena_get(&builder->texts, (size_t)text->length * 3 / 4 + 1);
  uint32_t length;
  if (!base64_read(text->bytes, text->length, out, &length))
    return false;
  wr_builder_put_text(builder, wr_text_make(out, length));
  return true;
}

static bool value_put_date(struct wr_builder *builder, const struct value_text *text)
{
  int32_t days;
  if (!wr_parse_date(text->bytes, text->length, &days))
    return false;
  wr_builder_put_i32(builder, days);
  return true;
}

static bool value_put_time(struct wr_builder *builder, const struct value_text *text)
{
  int64_t us;
  if (!wr_parse_time(text->bytes, text->length, &us))
    return false;
  wr_builder_put_i64(builder, wr_value_cut_time(builder->type, us));
  return true;
}

/* HH:MM:SS of a word of text, as seconds; false if it is something else. */
static inline bool value_clock(const char *bytes, uint32_t *seconds)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  word ^= UINT64_C(0x30303A30303A3030); /* digits become their values, colons 0 */
  uint64_t above_9 = (word & UINT64_C(0x0F0F000F0F000F0F)) + UINT64_C(0x0606000606000606);
  if ((word & UINT64_C(0xF0F0FFF0F0FFF0F0)) | (above_9 & UINT64_C(0x1010001010001010)))
    return false;
  word = word * 10 + (word >> 8); /* bytes 0, 3 and 6 are the pairs */
  uint32_t hour = word & 0xff, minute = word >> 24 & 0xff, second = word >> 48 & 0xff;
  *seconds = hour * 3600 + minute * 60 + second;
  return hour < 24 && minute < 60 && second < 60;
#else
  (void)bytes;
  (void)seconds;
  return false;
#endif
}

/*
 * A timestamp with the date of the last one, 0 or 3 digits behind the second and no zone: the usual
 * one. False says nothing; then the text has to be read from its beginning.
 */
static bool value_timestamp_again(const struct value_text *text, uint32_t length, int64_t *us)
{
  const char *bytes = text->bytes;
  uint32_t seconds, milliseconds = 0;
  if ((length != 23 && length != 19) ||
      memcmp(bytes, text->reader->date, sizeof text->reader->date) != 0 ||
      (bytes[10] != ' ' && bytes[10] != 'T') || !value_clock(bytes + 11, &seconds))
    return false;
  if (length == 23) {
    uint32_t a = (unsigned char)bytes[20] - '0', b = (unsigned char)bytes[21] - '0',
             c = (unsigned char)bytes[22] - '0';
    if (bytes[19] != '.' || a > 9 || b > 9 || c > 9)
      return false;
    milliseconds = a * 100 + b * 10 + c;
  }
  *us = text->reader->date_us + ((int64_t)seconds * 1000 + milliseconds) * WR_US_PER_MS;
  return true;
}

/* Keeps the date of a timestamp without zone that was read from its beginning. */
static void value_keep_date(const struct value_text *text, int64_t us)
{
  if (text->length < 19 || us < 0 || (text->bytes[10] != ' ' && text->bytes[10] != 'T'))
    return;
  memcpy(text->reader->date, text->bytes, sizeof text->reader->date);
  text->reader->date_us = us - us % WR_US_PER_DAY;
}

static bool value_put_timestamp(struct wr_builder *builder, const struct value_text *text)
{
  int64_t us;
  if (!value_timestamp_again(text, text->length, &us)) {
    if (!wr_parse_timestamp(text->bytes, text->length, &us))
      return false;
    value_keep_date(text, us);
  }
  wr_builder_put_i64(builder, wr_value_cut_time(builder->type, us));
  return true;
}

/* A text says its zone if the session's zone makes no difference. */
static bool value_put_timestamp_ltz(struct wr_builder *builder, const struct value_text *text)
{
  int64_t us, elsewhere_us;
  bool is_utc = text->length && text->bytes[text->length - 1] == 'Z';
  if (is_utc && value_timestamp_again(text, text->length - 1, &us)) {
    wr_builder_put_i64(builder, wr_value_cut_time(builder->type, us));
    return true;
  }
  if (!wr_parse_timestamp_ltz(text->bytes, text->length, 0, &us))
    return false;
  if (is_utc)
    value_keep_date(text, us);
  if (!text->reader->zone_is_utc &&
      (!wr_parse_timestamp_ltz(text->bytes, text->length, WR_US_PER_HOUR, &elsewhere_us) ||
       elsewhere_us != us))
    return false;
  wr_builder_put_i64(builder, wr_value_cut_time(builder->type, us));
  return true;
}

/* Months, or milliseconds with up to three digits behind the point. */
static bool value_put_interval(struct wr_builder *builder, const struct value_text *text)
{
  int64_t months;
  wr_i128 value, us;
  unsigned precision, scale;
  if (builder->type->kind == WR_INTERVAL_MONTH) {
    if (!wr_parse_integer(text->bytes, text->length, 32, &months))
      return false;
    wr_builder_put_integer(builder, months);
    return true;
  }
  if (!wr_parse_decimal_as_written(text->bytes, text->length, &value, &precision, &scale) ||
      scale > 3 || !wr_parse_decimal(text->bytes, text->length, 19, 3, &us) || us < INT64_MIN ||
      us > INT64_MAX)
    return false;
  wr_builder_put_i64(builder, (int64_t)us);
  return true;
}

static bool (*const value_puts[WR_KIND_COUNT])(struct wr_builder *builder,
                                               const struct value_text *text) = {
    [WR_BOOLEAN] = value_put_boolean,
    [WR_TINYINT] = value_put_integer,
    [WR_SMALLINT] = value_put_integer,
    [WR_INT] = value_put_integer,
    [WR_BIGINT] = value_put_integer,
    [WR_FLOAT] = value_put_float,
    [WR_DOUBLE] = value_put_double,
    [WR_DECIMAL] = value_put_decimal,
    [WR_CHAR] = value_put_text,
    [WR_VARCHAR] = value_put_text,
    [WR_BINARY] = value_put_binary,
    [WR_VARBINARY] = value_put_binary,
    [WR_DATE] = value_put_date,
    [WR_TIME] = value_put_time,
    [WR_TIMESTAMP] = value_put_timestamp,
    [WR_TIMESTAMP_LTZ] = value_put_timestamp_ltz,
    [WR_INTERVAL_MONTH] = value_put_interval,
    [WR_INTERVAL_SECOND] = value_put_interval,
};

bool wr_value_put(struct wr_value_reader *reader, struct wr_builder *builder, const char *bytes,
                  uint32_t length)
{
  enum wr_kind kind = builder->type->kind;
  assert(value_puts[kind] && builder->row_count < builder->row_capacity);
  if (!wr_kind_is_text(kind)) {
    while (length && (*bytes == ' ' || *bytes == '\t'))
      bytes++, length--;
    while (length && (bytes[length - 1] == ' ' || bytes[length - 1] == '\t'))
      length--;
  }
  struct value_text text = {.bytes = bytes, .length = length, .reader = reader};
  return value_puts[kind](builder, &text);
}

int64_t wr_value_cut_time(const struct wr_type *type, int64_t us)
{
  if (type->precision >= 6)
    return us;
  int64_t unit_us = wr_powers_of_ten_i64[6 - type->precision];
  return us - wr_floor_mod(us, unit_us);
}

bool wr_value_zone_is_utc(const char *time_zone)
{
  static const char *const names[] = {"UTC", "Z", "GMT", "Etc/UTC", "+00:00"};
  if (!time_zone)
    return true;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(time_zone, names[i]) == 0)
      return true;
  return false;
}

void wr_value_complain(const struct wr_type *type, const char *bytes, uint32_t length, char *out,
                       size_t size)
{
  char name[96];
  double number;
  wr_type_print(type, name, sizeof name);
  bool is_number =
      wr_kind_is_number(type->kind) && wr_parse_f64(bytes, length, &number) && !isnan(number);
  bool has_fraction = is_number && wr_kind_is_integer(type->kind) && number != nearbyint(number);
  const char *article = strchr("AEIOU", name[0]) ? "an" : "a";
  if (is_number && !has_fraction)
    snprintf(out, size, "does not fit %s", name);
  else
    snprintf(out, size, "is not %s %s", article, name);
}

static bool value_is_scalar(const struct wr_type *type, bool reading)
{
  if (reading)
    return value_puts[type->kind] != NULL;
  return type->physical != WR_NESTED && !wr_kind_is_packed(type->kind) && type->kind != WR_NULL;
}

/* True if values of the type have a form; nested: ROWs and collections have one, too. */
static bool value_has_form(const struct wr_type *type, bool nested, bool reading)
{
  if (value_is_scalar(type, reading))
    return true;
  if (!nested || type->field_count == 0)
    return false;
  bool keys_fit = type->kind == WR_ROW || type->kind == WR_ARRAY ||
                  value_is_scalar(type->fields[0].type, reading);
  for (uint32_t i = 0; i < type->field_count && keys_fit; i++)
    keys_fit = value_has_form(type->fields[i].type, true, reading);
  return keys_fit;
}

/* True if a MAP or MULTISET in the type has keys that are nested themselves. */
static bool value_has_nested_keys(const struct wr_type *type)
{
  bool keyed = type->kind == WR_MAP || type->kind == WR_MULTISET;
  if (keyed && type->fields[0].type->field_count > 0)
    return true;
  for (uint32_t i = 0; i < type->field_count; i++)
    if (value_has_nested_keys(type->fields[i].type))
      return true;
  return false;
}

static enum wr_code value_check(const char *format, const struct wr_field *field, bool nested,
                                bool reading, struct wr_error *err)
{
  if (value_has_form(field->type, nested, reading))
    return WR_OK;
  char name[96];
  wr_type_print(field->type, name, sizeof name);
  wr_fail(err, WR_UNSUPPORTED, "the format '%s' cannot %s %s of type %s", format,
          reading ? "read" : "write", field->name, name);
  if (nested && value_has_nested_keys(field->type))
    return wr_hint(err, "keys become names of fields there: a ROW or collection cannot be one");
  if (reading && nested)
    return wr_hint(err, "declare it as STRING to get its JSON text");
  return err->code;
}

enum wr_code wr_value_check_readable(const char *format, const struct wr_field *field, bool nested,
                                     struct wr_error *err)
{
  return value_check(format, field, nested, true, err);
}

enum wr_code wr_value_check_writable(const char *format, const struct wr_field *field, bool nested,
                                     struct wr_error *err)
{
  return value_check(format, field, nested, false, err);
}
