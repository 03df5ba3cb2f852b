/* SPDX-License-Identifier: Apache-2.0 */
/*
 * REGEX_REPLACE(text, pattern, by, start, occurrence) of the kinesis dialect: every match from a
 * position on, or only the one of that number. What a match is replaced by is written as Java has
 * it: $1 is what the first group has taken, and a backslash takes the next character as it is.
 */
#include "core/limits.h"
#include "functions/regex_run.h"
#include "functions/text_call.h"
#include "text/buffer.h"
#include "text/utf8.h"

/* The number behind a $: as many digits as there is a group of that number. False: no group. */
static bool replace_group(struct wr_slice by, size_t *at, uint32_t groups, uint32_t *group)
{
  if (*at == by.length || by.bytes[*at] < '0' || by.bytes[*at] > '9')
    return false;
  *group = (uint32_t)(by.bytes[(*at)++] - '0');
  while (*at < by.length && by.bytes[*at] >= '0' && by.bytes[*at] <= '9') {
    uint32_t longer = *group * 10 + (uint32_t)(by.bytes[*at] - '0');
    if (longer > groups)
      break;
    *group = longer;
    (*at)++;
  }
  return *group <= groups;
}

/* Appends what stands for a match, or more than any text may have; false: `by` is not written well.
 */
static bool replace_put(struct wr_buffer *out, const struct wr_regex_search *search,
                        struct wr_slice by)
{
  for (size_t at = 0; at < by.length && out->length <= WR_TEXT_BYTES_MAX;) {
    uint32_t group;
    char c = by.bytes[at++];
    if (c == '\\') {
      if (at == by.length)
        return false;
      wr_buffer_put(out, by.bytes + at++, 1);
    } else if (c != '$') {
      wr_buffer_put(out, &c, 1);
    } else {
      if (!replace_group(by, &at, wr_regex_groups(search->regex), &group))
        return false;
      const size_t *ends = search->groups + 2 * (size_t)group;
      if (ends[0] != WR_REGEX_NO_GROUP)
        wr_buffer_put(out, search->bytes + ends[0], ends[1] - ends[0]);
    }
  }
  return true;
}

enum replaced { REPLACE_DONE, REPLACE_GAVE_UP, REPLACE_BAD, REPLACE_TOO_LONG };

/* The text behind `from` with its matches replaced: all, or number `occurrence`. */
static enum replaced replace_text(struct wr_regex_run *run, struct wr_slice text,
                                  struct wr_slice by, int32_t occurrence, struct wr_buffer *out)
{
  enum wr_regex_found found;
  size_t done = 0;
  int32_t number = 0;
  while ((found = wr_regex_next(&run->search)) == WR_REGEX_MATCH) {
    number++;
    if (occurrence && number != occurrence)
      continue;
    const size_t *ends = run->search.groups;
    wr_buffer_put(out, text.bytes + done, ends[0] - done);
    if (!replace_put(out, &run->search, by))
      return REPLACE_BAD;
    if (out->length > WR_TEXT_BYTES_MAX)
      return REPLACE_TOO_LONG;
    done = ends[1];
    if (occurrence)
      break;
  }
  if (found == WR_REGEX_GAVE_UP)
    return REPLACE_GAVE_UP;
  wr_buffer_put(out, text.bytes + done, text.length - done);
  return REPLACE_DONE;
}

/* A row whose start and occurrence are good. */
static void replace_row(struct wr_regex_run *run, const struct wr_regex *regex, uint32_t row,
                        struct wr_buffer *out)
{
  const struct wr_call *call = run->call;
  struct wr_slice text = wr_text_arg(call, 0, row), by = wr_text_arg(call, 2, row);
  size_t from = wr_utf8_offset(text.bytes, text.length, (size_t)wr_int_arg(call, 3, row) - 1);
  struct wr_slice rest = {text.bytes + from, (uint32_t)(text.length - from)};
  enum replaced how = REPLACE_GAVE_UP;
  wr_buffer_clear(out);
  wr_buffer_put(out, text.bytes, from);
  if (wr_regex_begin(&run->search, regex, rest.bytes, rest.length))
    how = replace_text(run, rest, by, wr_int_arg(call, 4, row), out);
  if (how == REPLACE_GAVE_UP) {
    wr_call_fail_state(call, row, WR_STATE_TOO_COMPLEX, "%s", run->search.why);
  } else if (how == REPLACE_BAD) {
    wr_call_fail_state(call, row, WR_STATE_INVALID_PARAMETER,
                       "REGEX_REPLACE: '%.*s' has a $ without a group of the pattern, or ends with "
                       "a backslash",
                       wr_utf8_shown(by.bytes, by.length, 100), by.bytes);
  } else if (wr_call_text_fits(call, row, out->length)) {
    char *room = wr_call_room(call, out->length);
    memcpy(room, out->bytes, out->length);
    wr_call_put_text(call, row, out->length);
  }
}

WR_TEXT_ROWS(replace)
{
  struct wr_regex_run run = {.call = call};
  struct wr_buffer out = {0};
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row), pattern = wr_text_arg(call, 1, row);
    int32_t start = wr_int_arg(call, 3, row), occurrence = wr_int_arg(call, 4, row);
    const struct wr_regex *regex = call->prepared;
    if (!regex)
      regex = wr_regex_run_find(&run, pattern);
    if (start < 1 || occurrence < 0)
      wr_call_fail_state(call, row, WR_STATE_INVALID_PARAMETER, "REGEX_REPLACE: %s cannot be %d",
                         start < 1 ? "the first position" : "the number of a match",
                         start < 1 ? start : occurrence);
    else if (!regex)
      wr_call_fail_state(call, row, WR_STATE_INVALID_PATTERN, "'%.*s' is no regular expression",
                         wr_utf8_shown(pattern.bytes, pattern.length, 100), pattern.bytes);
    else if ((size_t)start > wr_utf8_count(text.bytes, text.length))
      wr_call_lend_text(call, row, text.bytes, text.length);
    else
      replace_row(&run, regex, row, &out);
  }
  wr_buffer_free(&out);
  wr_regex_run_close(&run);
}
WR_TEXT_KERNEL(replace, WR_CAN_FAIL)

static enum wr_code bind_replace(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_regex *regex;
  enum wr_code code = wr_regex_bind(site, site->args[1], &regex, err);
  if (!code)
    site->prepared = regex;
  return code;
}

#define T WR_VARCHAR
#define N WR_INT

const struct wr_function wr_functions_regex_replace[] = {
    {.name = "REGEX_REPLACE",
     .usage = "REGEX_REPLACE(text, pattern, by, start, occurrence)",
     .help = "The matches of a regular expression from a position on, or only the one of that "
             "number if it is not 0, replaced; $1 is what its first group has taken",
     .example = "REGEX_REPLACE('http://weir http://a', 'http://(.)', 'https://$1', 1, 0)",
     .result = "https://weir https://a",
     .takes = {T, T, T, N, N},
     .least = 5,
     .most = 5,
     .gives = &wr_type_string,
     .kernel = &kernel_replace,
     .bind = bind_replace,
     .traits = WR_KINESIS},
    {0},
};
