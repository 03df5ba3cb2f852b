/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PRINTF, with the formats of java.util.Formatter that make sense for values of SQL:
 *
 *   %[index$][flags][width][.precision]conversion
 *   conversions  s S b B   any value          c  an integer, as a character
 *                d x X o   an integer         f e E  a FLOAT, DOUBLE or DECIMAL
 *                n %       a line end, a percent sign
 *   flags        - left     0 zeros     + sign     blank for a plus     , groups of digits
 *
 * A NULL is "null", and false for %b. Numbers are rounded half up from their shortest digits. A
 * constant format is checked against its arguments when the call is bound; others fail their rows.
 */
#include <stdio.h>

#include "core/limits.h"
#include "functions/bind_site.h"
#include "functions/text_call.h"
#include "text/buffer.h"
#include "text/decimal.h"
#include "text/number.h"
#include "text/utf8.h"

#define PRINTF_SIZE_MAX 1000 /* width, precision */
#define PRINTF_DIGITS   44   /* of a number, before rounding */

/* ---- the format */

struct printf_spec {
  char conversion; /* 0: plain text of the format */
  bool left, zeros, plus, blank, groups, upper;
  int32_t width, precision; /* -1: none */
  uint32_t arg;             /* from 1; 0: none is taken */
  const char *text;
  size_t length;
};

struct printf_reader {
  const char *bytes;
  size_t length, at;
  uint32_t next; /* argument of the next conversion without index */
};

static bool printf_digits(struct printf_reader *reader, int32_t *value)
{
  size_t begin = reader->at;
  int64_t sum = 0;
  for (; reader->at < reader->length; reader->at++) {
    char c = reader->bytes[reader->at];
    if (c < '0' || c > '9')
      break;
    sum = sum > PRINTF_SIZE_MAX ? sum : sum * 10 + (c - '0');
  }
  *value = (int32_t)sum;
  return reader->at > begin;
}

static bool printf_flag(struct printf_spec *spec, char c)
{
  switch (c) {
  case '-': spec->left = true; return true;
  case '0': spec->zeros = true; return true;
  case '+': spec->plus = true; return true;
  case ' ': spec->blank = true; return true;
  case ',': spec->groups = true; return true;
  default: return false;
  }
}

static const char *printf_check(const struct printf_spec *spec)
{
  bool number = strchr("dfeE", spec->conversion) != NULL;
  if (spec->width > PRINTF_SIZE_MAX || spec->precision > PRINTF_SIZE_MAX)
    return "a width or precision is above 1000";
  if (!strchr("sSbBcdxXofeEn%", spec->conversion))
    return "there is no such conversion here";
  if ((spec->left || spec->zeros) && spec->width < 0)
    return "the flags - and 0 need a width";
  if (spec->left && spec->zeros)
    return "the flags - and 0 exclude each other";
  if (spec->zeros && !number && !strchr("xXo", spec->conversion))
    return "only numbers can be filled with zeros";
  if ((spec->plus || spec->blank) && !number)
    return "only numbers have a sign";
  if (spec->groups && !strchr("df", spec->conversion))
    return "only %d and %f have groups of digits";
  if (spec->precision >= 0 && strchr("dxXocn%", spec->conversion))
    return "this conversion has no precision";
  return NULL;
}

/* The next piece of the format; NULL, or why it is none. */
static const char *printf_next(struct printf_reader *reader, struct printf_spec *spec)
{
  *spec = (struct printf_spec){.width = -1, .precision = -1};
  spec->text = reader->bytes + reader->at;
  const char *percent = memchr(spec->text, '%', reader->length - reader->at);
  size_t plain = percent ? (size_t)(percent - spec->text) : reader->length - reader->at;
  if (plain > 0) {
    spec->length = plain;
    reader->at += plain;
    return NULL;
  }
  size_t begin = ++reader->at;
  int32_t index = 0;
  bool has_index = printf_digits(reader, &index) && reader->at < reader->length &&
                   reader->bytes[reader->at] == '$' && index > 0;
  reader->at = has_index ? reader->at + 1 : begin;
  while (reader->at < reader->length && printf_flag(spec, reader->bytes[reader->at]))
    reader->at++;
  int32_t size;
  if (printf_digits(reader, &size))
    spec->width = size;
  if (reader->at < reader->length && reader->bytes[reader->at] == '.') {
    reader->at++;
    if (!printf_digits(reader, &spec->precision))
      return "a precision has digits";
  }
  if (reader->at == reader->length)
    return "the conversion has no end";
  spec->conversion = reader->bytes[reader->at++];
  const char *why = spec->conversion ? printf_check(spec) : "there is no such conversion here";
  if (why)
    return why;
  spec->upper = strchr("SBXE", spec->conversion) != NULL;
  if (strchr("SBXE", spec->conversion))
    spec->conversion = (char)(spec->conversion | 0x20);
  if (spec->conversion != 'n' && spec->conversion != '%')
    spec->arg = has_index ? (uint32_t)index : reader->next++;
  return NULL;
}

/* NULL, or why an argument of this type cannot be written so. */
static const char *printf_refuses(const struct printf_spec *spec, const struct wr_type *type)
{
  bool fits = true;
  if (strchr("dxoc", spec->conversion))
    fits = wr_kind_is_integer(type->kind);
  else if (strchr("fe", spec->conversion))
    fits = type->kind == WR_FLOAT || type->kind == WR_DOUBLE || type->kind == WR_DECIMAL;
  return fits || type->kind == WR_NULL ? NULL : "the argument has another type";
}

/* ---- writing */

/* One value as it is, then filled up to the width. */
struct printf_out {
  struct wr_buffer all, one;
};

static void printf_fill(struct printf_out *out, const struct printf_spec *spec)
{
  size_t characters = wr_utf8_count(out->one.bytes, out->one.length);
  size_t missing =
      spec->width > 0 && (size_t)spec->width > characters ? (size_t)spec->width - characters : 0;
  for (size_t i = 0; i < missing && !spec->left; i++)
    wr_buffer_put_char(&out->all, ' ');
  if (out->one.length)
    wr_buffer_put(&out->all, out->one.bytes, out->one.length);
  for (size_t i = 0; i < missing && spec->left; i++)
    wr_buffer_put_char(&out->all, ' ');
}

/* The digits of a number with its sign, zeros and groups; digits in front of `point` are grouped.
 */
static void printf_number(struct printf_out *out, const struct printf_spec *spec, bool negative,
                          const char *digits, size_t length, size_t point)
{
  const char *sign = negative ? "-" : spec->plus ? "+" : spec->blank ? " " : "";
  size_t used = strlen(sign) + length + (spec->groups && point ? (point - 1) / 3 : 0);
  wr_buffer_put_string(&out->one, sign);
  for (; spec->zeros && (size_t)spec->width > used; used++)
    wr_buffer_put_char(&out->one, '0');
  for (size_t i = 0; i < length; i++) {
    if (spec->groups && i && i < point && (point - i) % 3 == 0)
      wr_buffer_put_char(&out->one, ',');
    wr_buffer_put_char(&out->one, digits[i]);
  }
}

static void printf_integer(struct printf_out *out, const struct printf_spec *spec, int64_t value,
                           unsigned bits)
{
  char digits[WR_I64_CHARS + 4];
  if (spec->conversion == 'd') {
    size_t length =
        wr_format_u64(value < 0 ? UINT64_C(0) - (uint64_t)value : (uint64_t)value, digits);
    printf_number(out, spec, value < 0, digits, length, length);
    return;
  }
  uint64_t bare = bits == 64 ? (uint64_t)value : (uint64_t)value & ((UINT64_C(1) << bits) - 1);
  unsigned shift = spec->conversion == 'x' ? 4 : 3;
  size_t at = sizeof digits;
  do {
    digits[--at] =
        (spec->upper ? "0123456789ABCDEF" : "0123456789abcdef")[bare & ((1u << shift) - 1)];
    bare >>= shift;
  } while (bare);
  printf_number(out, spec, false, digits + at, sizeof digits - at, 0);
}

/* A number as digits with the point behind `point` of them (which may lie outside). */
struct printf_digits {
  bool negative;
  size_t count;
  int32_t point;
  char digits[PRINTF_DIGITS + 1];
};

/* From -123.45E6. */
static void digits_read(struct printf_digits *number, const char *text, size_t length)
{
  *number = (struct printf_digits){.negative = length && text[0] == '-'};
  int64_t exponent = 0;
  bool behind = false;
  for (size_t i = number->negative; i < length; i++) {
    if (text[i] == '.') {
      behind = true;
    } else if (text[i] == 'E') {
      wr_parse_i64(text + i + 1, length - i - 1, &exponent);
      break;
    } else if (number->count || text[i] != '0') {
      number->digits[number->count++] = text[i];
      number->point += !behind;
    } else {
      number->point -= behind;
    }
  }
  number->point += (int32_t)exponent;
}

/* Keeps `count` digits, the last one rounded half up. */
static void digits_round(struct printf_digits *number, int64_t count)
{
  if (count >= (int64_t)number->count)
    return;
  bool up = count >= 0 && number->digits[count] >= '5';
  number->count = count < 0 ? 0 : (size_t)count;
  size_t i = number->count;
  while (up && i > 0 && number->digits[i - 1] == '9')
    number->digits[--i] = '0';
  if (up && i > 0) {
    number->digits[i - 1]++;
  } else if (up) {
    memmove(number->digits + 1, number->digits, number->count);
    number->digits[0] = '1';
    number->count++;
    number->point++;
  }
}

static char digits_at(const struct printf_digits *number, int64_t i)
{
  return i >= 0 && i < (int64_t)number->count ? number->digits[i] : '0';
}

static void printf_fixed(struct printf_out *out, const struct printf_spec *spec,
                         struct printf_digits *number, int32_t precision)
{
  struct wr_buffer digits = {0};
  digits_round(number, (int64_t)number->point + precision);
  int64_t first = number->point > 0 ? 0 : number->point - 1;
  for (int64_t i = first < 0 ? number->point - 1 : 0; i < number->point; i++)
    wr_buffer_put_char(&digits, digits_at(number, i));
  size_t point = digits.length;
  if (precision)
    wr_buffer_put_char(&digits, '.');
  for (int32_t i = 0; i < precision; i++)
    wr_buffer_put_char(&digits, digits_at(number, (int64_t)number->point + i));
  printf_number(out, spec, number->negative, digits.bytes, digits.length, point);
  wr_buffer_free(&digits);
}

static void printf_exponent(struct printf_out *out, const struct printf_spec *spec,
                            struct printf_digits *number, int32_t precision)
{
  struct wr_buffer digits = {0};
  digits_round(number, (int64_t)precision + 1);
  int32_t exponent = number->count ? number->point - 1 : 0;
  wr_buffer_put_char(&digits, digits_at(number, 0));
  if (precision)
    wr_buffer_put_char(&digits, '.');
  for (int32_t i = 1; i <= precision; i++)
    wr_buffer_put_char(&digits, digits_at(number, i));
  wr_buffer_print(&digits, "%c%c%02d", spec->upper ? 'E' : 'e', exponent < 0 ? '-' : '+',
                  exponent < 0 ? -exponent : exponent);
  printf_number(out, spec, number->negative, digits.bytes, digits.length, 0);
  wr_buffer_free(&digits);
}

static void printf_float(struct printf_out *out, const struct printf_spec *spec,
                         const struct wr_column *column, uint32_t row)
{
  char text[WR_DECIMAL_CHARS];
  size_t length;
  enum wr_kind kind = column->type->kind;
  if (kind == WR_DECIMAL)
    length = wr_format_decimal(wr_column_i128(column, row), column->type->scale, text);
  else if (kind == WR_FLOAT)
    length = wr_format_f32((float)wr_column_f64(column, row), WR_FLOAT_PLAIN, text);
  else
    length = wr_format_f64(wr_column_f64(column, row), WR_FLOAT_PLAIN, text);
  char last = text[length - 1];
  if (last < '0' || last > '9') { /* NaN, Infinity */
    const char *sign = text[0] == '-' || text[0] == 'N' ? ""
                       : spec->plus                     ? "+"
                       : spec->blank                    ? " "
                                                        : "";
    wr_buffer_put_string(&out->one, sign);
    wr_buffer_put(&out->one, text, length);
    return;
  }
  struct printf_digits number;
  int32_t precision = spec->precision < 0 ? 6 : spec->precision;
  digits_read(&number, text, length);
  if (spec->conversion == 'f')
    printf_fixed(out, spec, &number, precision);
  else
    printf_exponent(out, spec, &number, precision);
}

/* Text of at most `precision` characters, in upper case if it is wanted so. */
static void printf_text(struct printf_out *out, const struct printf_spec *spec, const char *bytes,
                        size_t length)
{
  if (spec->precision >= 0)
    length = wr_utf8_offset(bytes, length, (size_t)spec->precision);
  if (!spec->upper) {
    wr_buffer_put(&out->one, bytes, length);
    return;
  }
  char *room = wr_buffer_reserve(&out->one, WR_UTF8_CASE_BYTES(length));
  wr_buffer_added(&out->one, wr_utf8_upper(bytes, length, room));
}

/* One conversion over an argument. False: the number is no character. */
static bool printf_value(struct printf_out *out, const struct printf_spec *spec,
                         const struct wr_column *column, uint32_t row)
{
  bool is_null = wr_column_is_null(column, row) || column->type->kind == WR_NULL;
  enum wr_kind kind = column->type->kind;
  if (spec->conversion == 'b') {
    bool truth = !is_null && (kind != WR_BOOLEAN || wr_column_i64(column, row) != 0);
    printf_text(out, spec, truth ? "true" : "false", truth ? 4 : 5);
  } else if (is_null) {
    printf_text(out, spec, "null", 4);
  } else if (spec->conversion == 'f' || spec->conversion == 'e') {
    printf_float(out, spec, column, row);
  } else if (spec->conversion == 'c') {
    char character[WR_UTF8_BYTES_MAX];
    int64_t point = wr_column_i64(column, row);
    if (point < 0 || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000))
      return false;
    wr_buffer_put(&out->one, character, wr_utf8_put((uint32_t)point, character));
  } else if (spec->conversion != 's') {
    printf_integer(out, spec, wr_column_i64(column, row),
                   8u * wr_physical_bytes[column->type->physical]);
  } else if (kind == WR_BOOLEAN) {
    bool truth = wr_column_i64(column, row) != 0;
    printf_text(out, spec, truth ? "true" : "false", truth ? 4 : 5);
  } else if (wr_kind_is_text(kind)) {
    const struct wr_text *text = wr_column_text(column, row);
    printf_text(out, spec, wr_text_bytes(text), text->length);
  } else if (kind == WR_FLOAT || kind == WR_DOUBLE || kind == WR_DECIMAL) {
    char text[WR_DECIMAL_CHARS];
    size_t length = kind == WR_DECIMAL
                        ? wr_format_decimal(wr_column_i128(column, row), column->type->scale, text)
                    : kind == WR_FLOAT
                        ? wr_format_f32((float)wr_column_f64(column, row), WR_FLOAT_PLAIN, text)
                        : wr_format_f64(wr_column_f64(column, row), WR_FLOAT_PLAIN, text);
    printf_text(out, spec, text, length);
  } else {
    char text[WR_I64_CHARS];
    printf_text(out, spec, text, wr_format_i64(wr_column_i64(column, row), text));
  }
  return true;
}

/* ---- the call */

/* One row into out->all; NULL, or why it cannot be written. Ends early once it is too long anyway.
 */
static const char *printf_row(const struct wr_call *call, uint32_t row, struct printf_out *out)
{
  struct wr_slice format = wr_text_arg(call, 0, row);
  struct printf_reader reader = {.bytes = format.bytes, .length = format.length, .next = 1};
  while (reader.at < reader.length && out->all.length <= WR_TEXT_BYTES_MAX) {
    struct printf_spec spec;
    const char *why = printf_next(&reader, &spec);
    if (why)
      return why;
    wr_buffer_clear(&out->one);
    if (spec.conversion == 0) {
      wr_buffer_put(&out->all, spec.text, spec.length);
    } else if (spec.conversion == 'n' || spec.conversion == '%') {
      wr_buffer_put_char(&out->one, spec.conversion == 'n' ? '\n' : '%');
      printf_fill(out, &spec);
    } else if (spec.arg >= call->arg_count) {
      return "there are not so many arguments";
    } else if ((why = printf_refuses(&spec, call->args[spec.arg]->type))) {
      return why;
    } else if (!printf_value(out, &spec, call->args[spec.arg], row)) {
      return "the number is no character";
    } else {
      printf_fill(out, &spec);
    }
  }
  return NULL;
}

WR_TEXT_ROWS(printf)
{
  struct printf_out out = {0};
  WR_EACH_ROW(row)
  {
    if (wr_column_is_null(call->args[0], row)) {
      wr_call_set_null(call, row);
      continue;
    }
    wr_buffer_clear(&out.all);
    const char *why = printf_row(call, row, &out);
    if (why) {
      struct wr_slice format = wr_text_arg(call, 0, row);
      wr_call_fail_state(call, row, WR_STATE_INVALID_PARAMETER,
                         "the format '%.*s' of PRINTF is not valid: %s",
                         wr_utf8_shown(format.bytes, format.length, 100), format.bytes, why);
    } else if (wr_call_text_fits(call, row, out.all.length)) {
      char *room = wr_call_room(call, out.all.length);
      if (out.all.length)
        memcpy(room, out.all.bytes, out.all.length);
      wr_call_put_text(call, row, out.all.length);
    }
  }
  wr_buffer_free(&out.all);
  wr_buffer_free(&out.one);
}
WR_TEXT_KERNEL(printf, WR_SEES_NULL | WR_MAKES_NULL | WR_CAN_FAIL)

/* A constant format against the types of the arguments. */
static enum wr_code printf_bind_format(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_text *text = wr_column_text(site->args[0]->literal, 0);
  struct printf_reader reader = {.bytes = wr_text_bytes(text), .length = text->length, .next = 1};
  struct wr_span span = site->args[0]->span;
  while (reader.at < reader.length) {
    struct printf_spec spec;
    size_t begin = reader.at;
    const char *why = printf_next(&reader, &spec);
    if (!why && spec.arg >= site->arg_count)
      why = "there are not so many arguments";
    if (!why && spec.arg)
      why = printf_refuses(&spec, site->args[spec.arg]->type);
    if (!why)
      continue;
    if (span.offset != WR_NO_POSITION && span.length == text->length + 2)
      span = (struct wr_span){span.offset + 1 + (uint32_t)begin, (uint32_t)(reader.at - begin)};
    wr_fail_at(err, WR_SEMANTIC, span, "'%.*s' in the format of PRINTF: %s",
               wr_utf8_shown(reader.bytes + begin, reader.at - begin, 60), reader.bytes + begin,
               why);
    wr_state(err, WR_STATE_INVALID_OPTION_VALUE);
    return wr_hint(err, "s S b B take any value, d x X o c an integer, f e E a DOUBLE or DECIMAL");
  }
  return WR_OK;
}

static bool printf_takes(enum wr_kind kind)
{
  return kind == WR_NULL || kind == WR_BOOLEAN || wr_kind_is_number(kind) || wr_kind_is_text(kind);
}

static enum wr_code bind_printf(struct wr_bind_site *site, struct wr_error *err)
{
  enum wr_code code = wr_bind_arg(site, 0, &wr_type_string, err);
  for (uint32_t i = 1; i < site->arg_count && !code; i++) {
    const struct wr_expression *arg = site->args[i];
    if (!printf_takes(arg->type->kind))
      code =
          wr_bind_cast(site->binding, arg, &wr_type_string, false, arg->span, &site->args[i], err);
  }
  if (!code && wr_expression_is_known(site->args[0]))
    code = printf_bind_format(site, err);
  site->type = &wr_type_string;
  site->kernel = &kernel_printf;
  return code;
}

const struct wr_function wr_functions_printf[] = {
    {.name = "PRINTF",
     .usage = "PRINTF(format, value, ...)",
     .help = "Values by a format as in Java: %s %d %x %f %e %c %b with flags, width and precision",
     .example = "PRINTF('%s has %05.1f %%', 'weir', 99.25)",
     .result = "weir has 099.3 %",
     .least = 1,
     .most = WR_ARGS_ANY,
     .bind = bind_printf},
    {0},
};
