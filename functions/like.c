/* SPDX-License-Identifier: Apache-2.0 */
/* value LIKE pattern [ESCAPE character]. A constant pattern is compiled once, when the call is
 * bound. */
#include <assert.h>

#include "functions/bind_site.h"
#include "functions/kernel.h"
#include "text/pattern.h"
#include "text/utf8.h"

/* False: the escape is not one character. */
static bool like_escape(const struct wr_text *text, uint32_t *escape)
{
  size_t at = 0;
  const char *bytes = wr_text_bytes(text);
  if (text->length == 0)
    return false;
  *escape = wr_utf8_next(bytes, text->length, &at);
  return at == text->length;
}

static void like_prepared(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  const struct wr_pattern *pattern = call->prepared;
  uint8_t *out = call->values;
  WR_EACH_ROW(row)
  {
    const struct wr_text *text = wr_column_text(call->args[0], row);
    out[row] = wr_pattern_matches(pattern, wr_text_bytes(text), text->length);
  }
}
static const struct wr_kernel kernel_prepared = {.rows = like_prepared};

static void like_any(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  struct wr_arena arena = {0};
  WR_EACH_ROW(row)
  {
    const struct wr_text *text = wr_column_text(call->args[0], row),
                         *pattern_text = wr_column_text(call->args[1], row);
    const struct wr_pattern *pattern;
    struct wr_error err;
    uint32_t escape = WR_PATTERN_NO_ESCAPE;
    wr_arena_reset(&arena);
    if (call->arg_count == 3 && !like_escape(wr_column_text(call->args[2], row), &escape))
      wr_call_fail_state(call, row, WR_STATE_INVALID_ESCAPE,
                         "the ESCAPE of LIKE must be one character");
    else if (wr_pattern_new(&arena, wr_text_bytes(pattern_text), pattern_text->length, escape,
                            &pattern, &err))
      wr_call_fail_state(call, row, err.state, "%s", err.message);
    else
      ((uint8_t *)call->values)[row] =
          wr_pattern_matches(pattern, wr_text_bytes(text), text->length);
  }
  wr_arena_free(&arena);
}
static const struct wr_kernel kernel_any = {.rows = like_any, .traits = WR_CAN_FAIL};

static enum wr_code like_prepare(struct wr_bind_site *site, struct wr_error *err)
{
  uint32_t escape = WR_PATTERN_NO_ESCAPE;
  if (!wr_expression_is_known(site->args[1]) ||
      (site->arg_count == 3 && !wr_expression_is_known(site->args[2])))
    return WR_OK;
  if (site->arg_count == 3 && !like_escape(wr_column_text(site->args[2]->literal, 0), &escape))
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_INVALID_ESCAPE, site->args[2]->span,
                         "the ESCAPE of LIKE must be one character");
  const struct wr_text *text = wr_column_text(site->args[1]->literal, 0);
  const struct wr_pattern *pattern;
  enum wr_code code = wr_pattern_new(site->binding->arena, wr_text_bytes(text), text->length,
                                     escape, &pattern, err);
  if (code) {
    err->code = code == WR_DATA ? WR_SEMANTIC : code;
    err->span = site->args[1]->span;
    return err->code;
  }
  site->prepared = pattern;
  site->kernel = &kernel_prepared;
  return WR_OK;
}

const struct wr_function wr_functions_like[] = {
    {.name = "LIKE",
     .usage = "text LIKE pattern [ESCAPE character]",
     .help = "TRUE if the whole text matches; % is any run of characters, _ is one",
     .example = "'weir' LIKE 'w%_r'",
     .result = "TRUE",
     .takes = {WR_VARCHAR, WR_VARCHAR, WR_VARCHAR},
     .least = 2,
     .most = 3,
     .gives = &wr_type_boolean,
     .kernel = &kernel_any,
     .bind = like_prepare,
     .traits = WR_OPERATOR},
    {0},
};
