/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IS_ALPHA, IS_DIGIT, IS_DECIMAL: of what a text is made. They are never NULL: of a NULL they say
 * FALSE, and so they do of values that are neither text nor number.
 */
#include <unictype.h>

#include "functions/bind_site.h"
#include "functions/text_call.h"
#include "text/number.h"
#include "text/utf8.h"

static bool point_is_letter(uint32_t point)
{
  if (point < 0x80)
    return (point | 0x20) >= 'a' && (point | 0x20) <= 'z';
  return uc_is_general_category(point, UC_LETTER);
}

static bool point_is_digit(uint32_t point)
{
  if (point < 0x80)
    return point >= '0' && point <= '9';
  return uc_is_general_category(point, UC_DECIMAL_DIGIT_NUMBER);
}

/* A number as Java's parser of doubles reads it: blanks around it, an f or d behind it. */
static bool slice_is_decimal(struct wr_slice text)
{
  double value;
  while (text.length && (unsigned char)text.bytes[0] <= ' ') {
    text.bytes++;
    text.length--;
  }
  while (text.length && (unsigned char)text.bytes[text.length - 1] <= ' ')
    text.length--;
  if (text.length == 0)
    return false;
  if (wr_parse_f64(text.bytes, text.length, &value))
    return true;
  char last = text.bytes[text.length - 1],
       before = text.length > 1 ? text.bytes[text.length - 2] : ' ';
  return last && strchr("fFdD", last) && ((before >= '0' && before <= '9') || before == '.') &&
         wr_parse_f64(text.bytes, text.length - 1, &value);
}

static bool slice_is_all(struct wr_slice text, bool (*is)(uint32_t point))
{
  for (size_t at = 0; at < text.length;)
    if (!is(wr_utf8_next(text.bytes, text.length, &at)))
      return false;
  return text.length > 0;
}

WR_TEXT_ROWS(is_alpha)
{
  WR_EACH_ROW(row)
  ((uint8_t *)call->values)[row] = !wr_column_is_null(call->args[0], row) &&
                                   slice_is_all(wr_text_arg(call, 0, row), point_is_letter);
}
WR_TEXT_KERNEL(is_alpha, WR_SEES_NULL)

WR_TEXT_ROWS(is_digit)
{
  WR_EACH_ROW(row)
  ((uint8_t *)call->values)[row] = !wr_column_is_null(call->args[0], row) &&
                                   slice_is_all(wr_text_arg(call, 0, row), point_is_digit);
}
WR_TEXT_KERNEL(is_digit, WR_SEES_NULL)

WR_TEXT_ROWS(is_decimal)
{
  WR_EACH_ROW(row)
  ((uint8_t *)call->values)[row] =
      !wr_column_is_null(call->args[0], row) && slice_is_decimal(wr_text_arg(call, 0, row));
}
WR_TEXT_KERNEL(is_decimal, WR_SEES_NULL)

/* Of a text the kernel decides; a number of some kinds is what is asked for if it is not NULL. */
static enum wr_code bind_kind(struct wr_bind_site *site, const struct wr_kernel *kernel, bool holds,
                              struct wr_error *err)
{
  enum wr_kind kind = site->args[0]->type->kind;
  site->type = &wr_type_boolean;
  site->kernel = kernel;
  if (wr_kind_is_text(kind))
    return WR_OK;
  if (holds)
    return wr_bind_call(site->binding, "IS NOT NULL", site->args, 1, site->span, &site->instead,
                        err);
  site->instead = wr_bind_boolean(site->binding, false, site->span);
  return WR_OK;
}

static enum wr_code bind_is_alpha(struct wr_bind_site *site, struct wr_error *err)
{
  return bind_kind(site, &kernel_is_alpha, false, err);
}

static enum wr_code bind_is_digit(struct wr_bind_site *site, struct wr_error *err)
{
  return bind_kind(site, &kernel_is_digit, wr_kind_is_integer(site->args[0]->type->kind), err);
}

static enum wr_code bind_is_decimal(struct wr_bind_site *site, struct wr_error *err)
{
  return bind_kind(site, &kernel_is_decimal, wr_kind_is_number(site->args[0]->type->kind), err);
}

#define KIND_ROW(upper, hook, says, shows, gives_text)                                             \
  {                                                                                                \
    .name = upper, .usage = upper "(value)", .help = says, .example = shows, .result = gives_text, \
    .least = 1, .most = 1, .bind = hook                                                            \
  }

const struct wr_function wr_functions_text_kind[] = {
    KIND_ROW("IS_ALPHA", bind_is_alpha, "TRUE for a text of letters, at least one",
             "IS_ALPHA('weir')", "TRUE"),
    KIND_ROW("IS_DIGIT", bind_is_digit,
             "TRUE for a text of digits, at least one, and for an integer", "IS_DIGIT('12.5')",
             "FALSE"),
    KIND_ROW("IS_DECIMAL", bind_is_decimal, "TRUE for a text that is a number, and for a number",
             "IS_DECIMAL('12.5')", "TRUE"),
    {0},
};
