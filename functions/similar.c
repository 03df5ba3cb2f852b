/* SPDX-License-Identifier: Apache-2.0 */
/* value SIMILAR TO pattern [ESCAPE character]: SQL's own regular expressions (text/regex.h). */
#include "functions/regex_run.h"
#include "functions/text_call.h"
#include "text/utf8.h"

/* False: the escape is not one character. */
static bool similar_escape(struct wr_slice text, uint32_t *escape)
{
  size_t at = 0;
  if (text.length == 0)
    return false;
  *escape = wr_utf8_next(text.bytes, text.length, &at);
  return at == text.length;
}

WR_TEXT_ROWS(similar)
{
  struct wr_regex_run run = {.call = call};
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row), pattern = wr_text_arg(call, 1, row);
    const struct wr_regex *regex = call->prepared;
    uint32_t escape = WR_PATTERN_NO_ESCAPE;
    enum wr_regex_found found;
    if (!regex && call->arg_count > 2 && !similar_escape(wr_text_arg(call, 2, row), &escape)) {
      wr_call_fail_state(call, row, WR_STATE_INVALID_ESCAPE,
                         "the ESCAPE of SIMILAR TO must be one character");
      continue;
    }
    if (!regex)
      regex = wr_regex_run_similar(&run, pattern, escape);
    if (!regex)
      wr_call_fail_state(call, row, WR_STATE_INVALID_PATTERN, "'%.*s' is no pattern of SIMILAR TO",
                         wr_utf8_shown(pattern.bytes, pattern.length, 100), pattern.bytes);
    else if (!wr_regex_begin(&run.search, regex, text.bytes, text.length))
      wr_call_fail_state(call, row, WR_STATE_TOO_COMPLEX, "%s", run.search.why);
    else if ((found = wr_regex_next(&run.search)) == WR_REGEX_GAVE_UP)
      wr_call_fail_state(call, row, WR_STATE_TOO_COMPLEX, "%s", run.search.why);
    else
      ((uint8_t *)call->values)[row] = found == WR_REGEX_MATCH;
  }
  wr_regex_run_close(&run);
}
WR_TEXT_KERNEL(similar, WR_CAN_FAIL)

static enum wr_code bind_similar(struct wr_bind_site *site, struct wr_error *err)
{
  uint32_t escape = WR_PATTERN_NO_ESCAPE;
  const struct wr_expression *last = site->args[site->arg_count - 1];
  if (site->arg_count == 3 && wr_expression_is_known(last)) {
    const struct wr_text *text = wr_column_text(last->literal, 0);
    if (!similar_escape((struct wr_slice){wr_text_bytes(text), text->length}, &escape))
      return wr_fail_state(err, WR_SEMANTIC, WR_STATE_INVALID_ESCAPE, last->span,
                           "the ESCAPE of SIMILAR TO must be one character");
  }
  if (!wr_expression_is_known(last))
    return WR_OK;
  const struct wr_regex *regex;
  enum wr_code code = wr_regex_bind_similar(site, site->args[1], escape, &regex, err);
  site->prepared = regex;
  return code;
}

const struct wr_function wr_functions_similar[] = {
    {.name = "SIMILAR TO",
     .usage = "text SIMILAR TO pattern [ESCAPE character]",
     .help = "TRUE if the whole text matches: % and _ as in LIKE, and | * + ? {n,m} (...) [...]",
     .example = "'weir' SIMILAR TO '(w|x)[a-f]+%'",
     .result = "TRUE",
     .takes = {WR_VARCHAR, WR_VARCHAR, WR_VARCHAR},
     .least = 2,
     .most = 3,
     .gives = &wr_type_boolean,
     .kernel = &kernel_similar,
     .bind = bind_similar,
     .traits = WR_OPERATOR},
    {0},
};
