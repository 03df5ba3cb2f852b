/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Casts from and to text and BINARY. Blanks around a text do not count; a number with fractions is
 * refused for an integer. Towards CHAR(n) and VARCHAR(n) characters beyond n are cut off, and CHAR
 * is filled up with blanks. In the kinesis dialect only texts are cut; what is no text must fit.
 */
#include <assert.h>
#include <strings.h>

#include "functions/cast.h"
#include "functions/bind_site.h"
#include "functions/interval.h"
#include "functions/kernel.h"
#include "functions/text_call.h"
#include "functions/zone.h"
#include "text/datetime.h"
#include "text/decimal.h"
#include "text/number.h"
#include "text/utf8.h"
#include "text/value_write.h"

#define TYPE_CHARS  64
#define SHOWN_BYTES 60 /* of a text in a message */

/* ---- from text ---- */

struct slice {
  const char *bytes;
  uint32_t length;
};

/* Without the blanks around it. */
static struct slice text_trim(const struct wr_text *text)
{
  struct slice slice = {wr_text_bytes(text), text->length};
  for (; slice.length && slice.bytes[0] == ' '; slice.length--)
    slice.bytes++;
  while (slice.length && slice.bytes[slice.length - 1] == ' ')
    slice.length--;
  return slice;
}

static bool parse_boolean(struct slice text, uint8_t *value)
{
  static const char *const words[2][5] = {{"false", "f", "no", "n", "0"},
                                          {"true", "t", "yes", "y", "1"}};
  for (uint8_t truth = 0; truth < 2; truth++) {
    for (int i = 0; i < 5; i++) {
      if (strlen(words[truth][i]) == text.length &&
          strncasecmp(words[truth][i], text.bytes, text.length) == 0) {
        *value = truth;
        return true;
      }
    }
  }
  return false;
}

/* The step that a fraction is cut to. */
static int64_t cut_fraction(int64_t us, unsigned digits)
{
  int64_t unit = 1;
  for (; digits < 6; digits++)
    unit *= 10;
  int64_t rest = us % unit;
  return us - (rest < 0 ? rest + unit : rest);
}

/* A date, or the date of a timestamp. */
static bool parse_date(struct slice text, int32_t *days)
{
  int64_t us;
  if (wr_parse_date(text.bytes, text.length, days))
    return true;
  if (!wr_parse_timestamp(text.bytes, text.length, &us))
    return false;
  const int64_t day_us = INT64_C(86400000000);
  *days = (int32_t)(us / day_us - (us % day_us < 0));
  return true;
}

static bool parse_moment(const struct wr_call *call, struct slice text, int64_t *us)
{
  const struct wr_zone *zone = call->prepared;
  int64_t offset_us;
  if (wr_zone_is_fixed(zone, &offset_us))
    return wr_parse_timestamp_ltz(text.bytes, text.length, offset_us, us);
  int64_t as_utc, as_shifted;
  if (!wr_parse_timestamp_ltz(text.bytes, text.length, 0, &as_utc) ||
      !wr_parse_timestamp_ltz(text.bytes, text.length, 1, &as_shifted))
    return false;
  *us = as_utc == as_shifted
            ? as_utc
            : wr_zone_to_utc(zone, as_utc); /* equal: the text itself names a zone */
  return true;
}

/* What stands behind a decimal point is cut off, as in Flink; at least one digit there must be. */
static bool parse_integer(struct slice text, unsigned bits, int64_t *value)
{
  if (wr_parse_integer(text.bytes, text.length, bits, value))
    return true;
  const char *point = text.length ? memchr(text.bytes, '.', text.length) : NULL;
  if (!point)
    return false;
  for (const char *at = point + 1; at < text.bytes + text.length; at++) {
    if (*at < '0' || *at > '9')
      return false;
  }
  size_t whole = (size_t)(point - text.bytes);
  bool only_sign = whole == 1 && (*text.bytes == '-' || *text.bytes == '+');
  if (whole > 0 && !only_sign)
    return wr_parse_integer(text.bytes, whole, bits, value);
  *value = 0;
  return whole + 1 < text.length;
}

/* The kinesis dialect takes yyyy-MM-dd HH:mm:ss and nothing else: prepared is not NULL then. */
static bool parse_timestamp(const struct wr_call *call, struct slice text, int64_t *us)
{
  if (call->prepared && (text.length != strlen("yyyy-MM-dd HH:mm:ss") || text.bytes[10] != ' '))
    return false;
  return wr_parse_timestamp(text.bytes, text.length, us);
}

/* One value into the result; false: the text does not say one. */
static bool text_parse_row(const struct wr_call *call, uint32_t row, struct slice text)
{
  const struct wr_type *to = call->expression->type;
  int64_t integer;
  wr_i128 wide;
  switch (to->kind) {
  case WR_BOOLEAN: return parse_boolean(text, (uint8_t *)call->values + row);
  case WR_TINYINT:
    return parse_integer(text, 8, &integer) &&
           (((int8_t *)call->values)[row] = (int8_t)integer, true);
  case WR_SMALLINT:
    return parse_integer(text, 16, &integer) &&
           (((int16_t *)call->values)[row] = (int16_t)integer, true);
  case WR_INT:
    return parse_integer(text, 32, &integer) &&
           (((int32_t *)call->values)[row] = (int32_t)integer, true);
  case WR_BIGINT: return parse_integer(text, 64, (int64_t *)call->values + row);
  case WR_FLOAT: return wr_parse_f32(text.bytes, text.length, (float *)call->values + row);
  case WR_DOUBLE: return wr_parse_f64(text.bytes, text.length, (double *)call->values + row);
  case WR_DECIMAL:
    if (!wr_parse_decimal(text.bytes, text.length, to->precision, to->scale, &wide))
      return false;
    if (to->physical == WR_I64)
      ((int64_t *)call->values)[row] = (int64_t)wide;
    else
      ((wr_i128 *)call->values)[row] = wide;
    return true;
  case WR_DATE: return parse_date(text, (int32_t *)call->values + row);
  case WR_TIME:
    if (!wr_parse_time(text.bytes, text.length, &integer))
      return false;
    break;
  case WR_TIMESTAMP:
    if (!parse_timestamp(call, text, &integer))
      return false;
    break;
  default:
    assert(to->kind == WR_TIMESTAMP_LTZ);
    if (!parse_moment(call, text, &integer))
      return false;
  }
  ((int64_t *)call->values)[row] = cut_fraction(integer, to->precision);
  return true;
}

/* The SQLSTATE of a text that says no value of a type; a number may only be too large for it. */
static const char *text_state(const struct wr_type *to, struct slice text)
{
  double number;
  size_t digits = 0, points = 0;
  switch (to->kind) {
  case WR_DATE:
  case WR_TIME:
  case WR_TIMESTAMP:
  case WR_TIMESTAMP_LTZ: return WR_STATE_INVALID_DATETIME;
  case WR_BOOLEAN: return WR_STATE_INVALID_TEXT;
  case WR_DECIMAL:
  case WR_FLOAT:
  case WR_DOUBLE:
    return wr_parse_f64(text.bytes, text.length, &number) ? WR_STATE_NUMBER_OUT_OF_RANGE
                                                          : WR_STATE_INVALID_TEXT;
  default:
    for (size_t i = 0; i < text.length; i++) {
      digits += text.bytes[i] >= '0' && text.bytes[i] <= '9';
      points += text.bytes[i] == '.';
    }
    bool sign = text.length && (text.bytes[0] == '-' || text.bytes[0] == '+');
    return digits && points <= 1 && digits + points + sign == text.length
               ? WR_STATE_NUMBER_OUT_OF_RANGE
               : WR_STATE_INVALID_TEXT;
  }
}

static void rows_from_text(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  WR_EACH_ROW(row)
  {
    const struct wr_text *text = wr_column_text(call->args[0], row);
    if (text_parse_row(call, row, text_trim(text)))
      continue;
    char type[TYPE_CHARS];
    wr_type_print(call->expression->type, type, sizeof type);
    uint32_t shown = text->length <= SHOWN_BYTES
                         ? text->length
                         : (uint32_t)wr_utf8_offset(wr_text_bytes(text), SHOWN_BYTES, 40);
    wr_call_fail_state(call, row, text_state(call->expression->type, text_trim(text)),
                       "'%.*s'%s cannot be read as %s", (int)shown, wr_text_bytes(text),
                       shown < text->length ? "..." : "", type);
  }
}
static const struct wr_kernel kernel_from_text = {.rows = rows_from_text, .traits = WR_CAN_FAIL};

/* ---- to text ---- */

/* A result of the declared length: cut, and filled up with blanks if it is CHAR. */
static void put_fitted(const struct wr_call *call, uint32_t row, const char *bytes, size_t length,
                       bool lent)
{
  const struct wr_type *to = call->expression->type;
  bool counts_bytes = to->kind == WR_BINARY || to->kind == WR_VARBINARY;
  size_t cut = length, blanks = 0;
  if (length > to->length)
    cut = counts_bytes ? to->length : wr_utf8_offset(bytes, length, to->length);
  if (to->kind == WR_CHAR || to->kind == WR_BINARY) {
    size_t count = counts_bytes ? cut : wr_utf8_count(bytes, cut);
    blanks = count < to->length ? to->length - count : 0;
  }
  if (lent && blanks == 0) {
    wr_call_lend_text(call, row, bytes, cut);
    return;
  }
  if (cut + blanks > WR_TEXT_INLINE && !wr_call_text_fits(call, row, cut + blanks))
    return;
  char *room = wr_call_room(call, cut + blanks);
  memmove(room, bytes, cut);
  memset(room + cut, to->kind == WR_CHAR ? ' ' : 0, blanks);
  wr_call_put_text(call, row, cut + blanks);
}

void wr_cast_put_text(const struct wr_call *call, uint32_t row, const char *bytes, size_t length)
{
  put_fitted(call, row, bytes, length, false);
}

static void rows_text_to_text(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  bool wants_text =
      wr_kind_is_text(call->expression->type->kind) && !wr_kind_is_text(call->args[0]->type->kind);
  WR_EACH_ROW(row)
  {
    /* A constant's short text lies in the column itself, which lives as long. */
    const struct wr_text *text = wr_column_text(call->args[0], row);
    if (wants_text && !wr_utf8_valid(wr_text_bytes(text), text->length))
      wr_call_fail_state(call, row, WR_STATE_INVALID_CHARACTERS, "%u bytes of BINARY are not UTF-8",
                         text->length);
    else
      put_fitted(call, row, wr_text_bytes(text), text->length, true);
  }
}
const struct wr_kernel wr_kernel_fit_text = {.rows = rows_text_to_text, .traits = WR_CAN_FAIL};

static void rows_boolean_to_text(const struct wr_call *call, const uint32_t *rows,
                                 uint32_t row_count)
{
  WR_EACH_ROW(row)
  {
    bool truth = WR_ARG(call, 0, uint8_t, row);
    put_fitted(call, row, truth ? "TRUE" : "FALSE", truth ? 4 : 5, true);
  }
}
static const struct wr_kernel kernel_boolean_to_text = {.rows = rows_boolean_to_text,
                                                        .traits = WR_CAN_FAIL};

/* True if no text of so many characters has to be cut or filled up: it can be written in place. */
static bool fits_always(const struct wr_call *call, uint32_t most)
{
  const struct wr_type *to = call->expression->type;
  return to->kind == WR_VARCHAR && to->length >= most;
}

static void rows_integer_to_text(const struct wr_call *call, const uint32_t *rows,
                                 uint32_t row_count)
{
  bool in_place = fits_always(call, WR_I64_CHARS);
  WR_EACH_ROW(row)
  {
    if (in_place) {
      int64_t value = wr_column_i64(call->args[0], row);
      wr_call_put_text(call, row, wr_format_i64(value, wr_call_room(call, WR_I64_CHARS)));
      continue;
    }
    char text[WR_I64_CHARS];
    size_t length = wr_format_i64(wr_column_i64(call->args[0], row), text);
    put_fitted(call, row, text, length, false);
  }
}
static const struct wr_kernel kernel_integer_to_text = {.rows = rows_integer_to_text,
                                                        .traits = WR_CAN_FAIL};

/* TIMESTAMP_LTZ is shown as the clock on the wall of the session's zone shows it. */
static void rows_moment_to_text(const struct wr_call *call, const uint32_t *rows,
                                uint32_t row_count)
{
  WR_EACH_ROW(row)
  {
    char text[WR_TIMESTAMP_CHARS];
    int64_t us = WR_ARG(call, 0, int64_t, row);
    us = (int64_t)((uint64_t)us + (uint64_t)wr_zone_offset_us(call->prepared, us));
    put_fitted(call, row, text,
               wr_format_timestamp(us, call->args[0]->type->precision, WR_DATETIME_SQL, text),
               false);
  }
}
static const struct wr_kernel kernel_moment_to_text = {.rows = rows_moment_to_text,
                                                       .traits = WR_CAN_FAIL};

/* The other kinds, whose texts have a bounded length. */
static void rows_value_to_text(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  static const struct wr_scalar_style style = {WR_FLOAT_PLAIN, WR_DATETIME_SQL, false, false};
  bool in_place = fits_always(call, WR_SCALAR_CHARS);
  WR_EACH_ROW(row)
  {
    char text[WR_SCALAR_CHARS];
    char *out = in_place ? wr_call_room(call, WR_SCALAR_CHARS) : text;
    size_t length = wr_scalar_format(call->args[0], row, &style, out);
    if (in_place)
      wr_call_put_text(call, row, length);
    else
      put_fitted(call, row, text, length, false);
  }
}
static const struct wr_kernel kernel_value_to_text = {.rows = rows_value_to_text,
                                                      .traits = WR_CAN_FAIL};

/* In the units that the interval was written with. */
static void rows_interval_to_text(const struct wr_call *call, const uint32_t *rows,
                                  uint32_t row_count)
{
  enum wr_interval_field first, last;
  bool known = wr_interval_units(call->args[0]->type, &first, &last);
  assert(known);
  WR_EACH_ROW(row)
  {
    char text[WR_INTERVAL_CHARS];
    size_t length =
        known ? wr_interval_format(wr_column_i64(call->args[0], row), first, last, text) : 0;
    put_fitted(call, row, text, length, false);
  }
}
static const struct wr_kernel kernel_interval_to_text = {.rows = rows_interval_to_text,
                                                         .traits = WR_CAN_FAIL};

/* In the kinesis dialect: the text of something else, which must fit. A time may lose its fraction:
 * prepared is how many characters it needs without. */
static void rows_must_fit(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  const struct wr_type *to = call->expression->type;
  const uint32_t least = *(const uint32_t *)call->prepared;
  WR_EACH_ROW(row)
  {
    const struct wr_text *text = wr_column_text(call->args[0], row);
    size_t count = wr_utf8_count(wr_text_bytes(text), text->length);
    char type[TYPE_CHARS];
    if (count <= to->length || (least && to->length >= least)) {
      put_fitted(call, row, wr_text_bytes(text), text->length, true);
      continue;
    }
    wr_type_print(to, type, sizeof type);
    wr_call_fail_state(call, row, WR_STATE_TEXT_TOO_LONG, "'%.*s' does not fit into %s",
                       wr_utf8_shown(wr_text_bytes(text), text->length, SHOWN_BYTES),
                       wr_text_bytes(text), type);
  }
}
static const struct wr_kernel kernel_must_fit = {.rows = rows_must_fit, .traits = WR_CAN_FAIL};

/* ---- binding ---- */

static enum wr_code bind_must_fit(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_expression *value = site->args[0];
  uint32_t *least = WR_NEW(site->binding->arena, uint32_t);
  *least = wr_kind_is_timestamp(value->type->kind) ? 19 : value->type->kind == WR_TIME ? 8 : 0;
  site->prepared = least;
  site->kernel = &kernel_must_fit;
  return wr_cast_make(site->binding, value, &wr_type_string, site->function->traits & WR_QUIET,
                      site->span, &site->args[0], err);
}

/* The kinesis dialect has a way of its own. */
static enum wr_code bind_kinesis(struct wr_bind_site *site, bool *is_done, struct wr_error *err)
{
  static const char strict;
  enum wr_interval_field first, last;
  const struct wr_type *from = site->args[0]->type, *to = site->type;
  *is_done = false;
  if (wr_kind_is_text(from->kind) && to->kind == WR_TIMESTAMP)
    site->prepared = &strict;
  if (wr_kind_is_text(to->kind) && from->kind < WR_ARRAY && !wr_type_equal(to, &wr_type_string) &&
      !(from->kind >= WR_CHAR && from->kind <= WR_VARBINARY)) {
    *is_done = true;
    return bind_must_fit(site, err);
  }
  if (wr_kind_is_text(to->kind) && wr_interval_units(from, &first, &last)) {
    site->kernel = &kernel_interval_to_text;
    *is_done = true;
  }
  return WR_OK;
}

static bool kind_is_bytes(enum wr_kind kind)
{
  return kind >= WR_CHAR && kind <= WR_VARBINARY;
}

enum wr_code wr_cast_text(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_type *from = site->args[0]->type, *to = site->type;
  if (from->kind == WR_TIMESTAMP_LTZ || to->kind == WR_TIMESTAMP_LTZ) {
    const struct wr_zone *zone;
    enum wr_code code = wr_zone_find(site->binding->arena, site->binding->time_zone, &zone, err);
    if (code)
      return code;
    site->prepared = zone;
  }
  if (from->kind >= WR_ARRAY || to->kind >= WR_ARRAY)
    return WR_OK;
  bool is_done = false;
  enum wr_code kinesis_code = site->binding->kinesis ? bind_kinesis(site, &is_done, err) : WR_OK;
  if (kinesis_code || is_done)
    return kinesis_code;
  if (kind_is_bytes(from->kind) && kind_is_bytes(to->kind))
    site->kernel = &wr_kernel_fit_text;
  else if (wr_kind_is_text(from->kind))
    site->kernel = &kernel_from_text;
  else if (!wr_kind_is_text(to->kind))
    site->kernel = NULL;
  else if (from->kind == WR_BOOLEAN)
    site->kernel = &kernel_boolean_to_text;
  else if (wr_kind_is_integer(from->kind))
    site->kernel = &kernel_integer_to_text;
  else if (from->kind == WR_TIMESTAMP_LTZ)
    site->kernel = &kernel_moment_to_text;
  else
    site->kernel = &kernel_value_to_text;
  return WR_OK;
}
