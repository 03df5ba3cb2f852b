/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions. A constant pattern is compiled when the call is bound, and a
 * bad one is refused there, at the character at fault. Other patterns are compiled as they come,
 * and the last few kept: what is no regular expression then gives NULL (REGEXP: FALSE), as in
 * Flink. Positions count characters from 1.
 */
#include <stdlib.h>

#include "core/limits.h"
#include "core/packed.h"
#include "functions/bind_site.h"
#include "functions/regex_run.h"
#include "functions/text_call.h"
#include "text/utf8.h"

/* The expression of a row, from argument 1, or NULL. */
static const struct wr_regex *run_regex(struct wr_regex_run *run, uint32_t row)
{
  if (run->call->prepared)
    return run->call->prepared;
  return wr_regex_run_find(run, wr_text_arg(run->call, 1, row));
}

/* Begins to search the text of a row; false: its result is decided, namely NULL or failed. */
static bool run_begin(struct wr_regex_run *run, uint32_t row)
{
  const struct wr_regex *regex = run_regex(run, row);
  struct wr_slice text = wr_text_arg(run->call, 0, row);
  if (!regex) {
    wr_call_set_null(run->call, row);
    return false;
  }
  if (wr_regex_begin(&run->search, regex, text.bytes, text.length))
    return true;
  wr_call_fail_state(run->call, row, WR_STATE_TOO_COMPLEX, "%s", run->search.why);
  return false;
}

/* The next match. A search that gave up fails the row. */
static enum wr_regex_found run_next(struct wr_regex_run *run, uint32_t row)
{
  enum wr_regex_found found = wr_regex_next(&run->search);
  if (found == WR_REGEX_GAVE_UP)
    wr_call_fail_state(run->call, row, WR_STATE_TOO_COMPLEX, "%s", run->search.why);
  return found;
}

/* ---- yes or no, how many, where ---- */

WR_TEXT_ROWS(regexp)
{
  struct wr_regex_run run = {.call = call};
  uint8_t *out = call->values;
  WR_EACH_ROW(row)
  {
    const struct wr_regex *regex = run_regex(&run, row);
    struct wr_slice text = wr_text_arg(call, 0, row);
    out[row] = false;
    if (!regex || wr_text_arg(call, 1, row).length == 0)
      continue;
    if (!wr_regex_begin(&run.search, regex, text.bytes, text.length))
      wr_call_fail_state(call, row, WR_STATE_TOO_COMPLEX, "%s", run.search.why);
    else
      out[row] = run_next(&run, row) == WR_REGEX_MATCH;
  }
  wr_regex_run_close(&run);
}
WR_TEXT_KERNEL(regexp, WR_CAN_FAIL)

WR_TEXT_ROWS(count)
{
  struct wr_regex_run run = {.call = call};
  WR_EACH_ROW(row)
  {
    size_t count = 0;
    if (!run_begin(&run, row))
      continue;
    while (run_next(&run, row) == WR_REGEX_MATCH)
      count++;
    wr_call_put_int(call, row, count);
  }
  wr_regex_run_close(&run);
}
WR_TEXT_KERNEL(count, WR_CAN_FAIL | WR_MAKES_NULL)

WR_TEXT_ROWS(instr)
{
  struct wr_regex_run run = {.call = call};
  WR_EACH_ROW(row)
  {
    if (!run_begin(&run, row))
      continue;
    bool found = run_next(&run, row) == WR_REGEX_MATCH;
    wr_call_put_int(call, row,
                    found ? wr_utf8_count(run.search.bytes, run.search.groups[0]) + 1 : 0);
  }
  wr_regex_run_close(&run);
}
WR_TEXT_KERNEL(instr, WR_CAN_FAIL | WR_MAKES_NULL)

/* ---- pieces ---- */

/* The first match, or a group of it; NULL if there is none, or no such group. */
WR_TEXT_ROWS(extract)
{
  struct wr_regex_run run = {.call = call};
  WR_EACH_ROW(row)
  {
    int32_t group = call->arg_count > 2 ? wr_int_arg(call, 2, row) : 0;
    if (!run_begin(&run, row))
      continue;
    bool found = run_next(&run, row) == WR_REGEX_MATCH && group >= 0 &&
                 (uint32_t)group <= wr_regex_groups(run.search.regex);
    const size_t *ends = found ? run.search.groups + 2 * (size_t)group : NULL;
    if (found && ends[0] != WR_REGEX_NO_GROUP)
      wr_call_lend_text(call, row, run.search.bytes + ends[0], ends[1] - ends[0]);
    else
      wr_call_set_null(call, row);
  }
  wr_regex_run_close(&run);
}
WR_TEXT_KERNEL(extract, WR_CAN_FAIL | WR_MAKES_NULL)

/* All matches of a row into a builder, but not more than could fit if they were empty; false: the
 * row has failed. */
static bool extract_all_row(struct wr_regex_run *run, uint32_t row, uint32_t group,
                            struct wr_builder *out)
{
  enum wr_regex_found found;
  wr_builder_reset(out);
  while ((found = run_next(run, row)) == WR_REGEX_MATCH &&
         out->row_count <= WR_TEXT_BYTES_MAX / 4) {
    const size_t *ends = run->search.groups + 2 * (size_t)group;
    wr_builder_reserve(out, 1);
    if (ends[0] == WR_REGEX_NO_GROUP)
      wr_builder_put_null(out);
    else
      wr_builder_put_text(out,
                          wr_text_make(run->search.bytes + ends[0], (uint32_t)(ends[1] - ends[0])));
  }
  return found != WR_REGEX_GAVE_UP;
}

WR_TEXT_ROWS(extract_all)
{
  struct wr_regex_run run = {.call = call};
  struct wr_builder items;
  wr_builder_open(&items, &wr_type_string);
  WR_EACH_ROW(row)
  {
    int32_t group = call->arg_count > 2 ? wr_int_arg(call, 2, row) : 1;
    if (!run_begin(&run, row))
      continue;
    if (group < 0 || (uint32_t)group > wr_regex_groups(run.search.regex)) {
      wr_call_fail_state(call, row, WR_STATE_INVALID_PARAMETER,
                         "REGEXP_EXTRACT_ALL is asked for group %d of a pattern with %u groups",
                         group, wr_regex_groups(run.search.regex));
      continue;
    }
    if (!extract_all_row(&run, row, (uint32_t)group, &items))
      continue;
    struct wr_column column = wr_builder_view(&items);
    size_t bytes = wr_pack_list_bytes(&column, 0, items.row_count);
    if (!wr_call_text_fits(call, row, bytes))
      continue;
    wr_pack_list(wr_call_room(call, bytes), &column, 0, items.row_count);
    wr_call_put_text(call, row, bytes);
  }
  wr_builder_close(&items);
  wr_regex_run_close(&run);
}
WR_TEXT_KERNEL(extract_all, WR_CAN_FAIL | WR_MAKES_NULL)

/* ---- replacing ---- */

/* Where the matches of one text begin and end. */
struct match_list {
  size_t (*items)[2];
  size_t count, capacity;
};

static void match_list_add(struct match_list *list, const size_t *ends)
{
  if (list->count == list->capacity) {
    list->capacity = list->capacity ? list->capacity * 2 : 64;
    list->items = wr_memory_resize(list->items, sizeof *list->items * list->capacity);
  }
  list->items[list->count][0] = ends[0];
  list->items[list->count++][1] = ends[1];
}

static void replace_row(const struct wr_call *call, uint32_t row, const struct match_list *list)
{
  struct wr_slice text = wr_text_arg(call, 0, row), by = wr_text_arg(call, 2, row);
  size_t total = text.length + list->count * by.length, done = 0;
  for (size_t i = 0; i < list->count; i++)
    total -= list->items[i][1] - list->items[i][0];
  if (!wr_call_text_fits(call, row, total))
    return;
  char *at = wr_call_room(call, total);
  for (size_t i = 0; i < list->count; i++) {
    size_t between = list->items[i][0] - done;
    memcpy(at, text.bytes + done, between);
    memcpy(at + between, by.bytes, by.length);
    at += between + by.length;
    done = list->items[i][1];
  }
  memcpy(at, text.bytes + done, text.length - done);
  wr_call_put_text(call, row, total);
}

WR_TEXT_ROWS(replace)
{
  struct wr_regex_run run = {.call = call};
  struct match_list list = {0};
  WR_EACH_ROW(row)
  {
    enum wr_regex_found found;
    list.count = 0;
    if (!run_begin(&run, row))
      continue;
    while ((found = run_next(&run, row)) == WR_REGEX_MATCH)
      match_list_add(&list, run.search.groups);
    if (found == WR_REGEX_NOTHING && list.count == 0)
      wr_call_lend_text(call, row, run.search.bytes, run.search.length);
    else if (found == WR_REGEX_NOTHING)
      replace_row(call, row, &list);
  }
  free(list.items);
  wr_regex_run_close(&run);
}
WR_TEXT_KERNEL(replace, WR_CAN_FAIL | WR_MAKES_NULL)

/* ---- binding ---- */

static enum wr_code bind_regex(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_regex *regex;
  enum wr_code code = wr_regex_bind(site, site->args[1], &regex, err);
  if (code)
    return code;
  site->prepared = regex;
  return WR_OK;
}

static enum wr_code bind_extract_all(struct wr_bind_site *site, struct wr_error *err)
{
  enum wr_code code = bind_regex(site, err);
  site->type = wr_type_array(site->binding->arena, &wr_type_string);
  if (code || !site->prepared)
    return code;
  uint32_t groups = wr_regex_groups(site->prepared);
  if (site->arg_count == 2 && groups == 0) {
    wr_fail_at(err, WR_SEMANTIC, site->args[1]->span,
               "REGEXP_EXTRACT_ALL gives group 1, and the pattern has no group");
    return wr_hint(err, "write 0 as the third argument for the whole match");
  }
  if (site->arg_count == 3 && wr_expression_is_known(site->args[2])) {
    int64_t group = wr_column_i64(site->args[2]->literal, 0);
    if (group < 0 || group > groups)
      return wr_fail_at(err, WR_SEMANTIC, site->args[2]->span,
                        "there is no group %lld: the pattern has %u", (long long)group, groups);
  }
  return WR_OK;
}

/* ---- the table ---- */

#define T WR_VARCHAR
#define N WR_INT
#define REGEX_ROW(upper, arguments, kinds, fewest, greatest, type, code, hook, says, shows, \
                  gives_text)                                                               \
  {                                                                                         \
    .name = upper, .usage = upper "(" arguments ")", .help = says, .example = shows,        \
    .result = gives_text, .takes = kinds, .least = fewest, .most = greatest,                \
    .gives = &wr_type_##type, .kernel = &kernel_##code, .bind = hook                        \
  }

const struct wr_function wr_functions_regex[] = {
    REGEX_ROW("REGEXP", "text, pattern", WR_KINDS(T, T), 2, 2, boolean, regexp, bind_regex,
              "TRUE if the regular expression matches some part of the text; FALSE if it is empty",
              "REGEXP('weir 17', '[0-9]+$')", "TRUE"),
    REGEX_ROW("REGEXP_COUNT", "text, pattern", WR_KINDS(T, T), 2, 2, int, count, bind_regex,
              "How often the regular expression matches", "REGEXP_COUNT('a1b22c', '[0-9]+')", "2"),
    REGEX_ROW("REGEXP_EXTRACT", "text, pattern [, group]", WR_KINDS(T, T, N), 2, 3, string, extract,
              bind_regex,
              "The first match, or what its group in brackets has taken; NULL without a match",
              "REGEXP_EXTRACT('foothebar', 'foo(.*?)(bar)', 2)", "bar"),
    REGEX_ROW("REGEXP_EXTRACT_ALL", "text, pattern [, group]", WR_KINDS(T, T, N), 2, 3, string,
              extract_all, bind_extract_all,
              "What group 1, or another one, has taken in each match; group 0 is the whole match",
              "REGEXP_EXTRACT_ALL('a1-b2', '([a-z])([0-9])', 2)", "[1, 2]"),
    REGEX_ROW("REGEXP_INSTR", "text, pattern", WR_KINDS(T, T), 2, 2, int, instr, bind_regex,
              "Where the first match begins, from 1, or 0", "REGEXP_INSTR('hello', 'l+')", "3"),
    REGEX_ROW("REGEXP_REPLACE", "text, pattern, to", WR_KINDS(T, T, T), 3, 3, string, replace,
              bind_regex, "Every match by a text, in which no character is special",
              "REGEXP_REPLACE('foobar', 'oo|ar', '')", "fb"),
    REGEX_ROW("REGEXP_SUBSTR", "text, pattern", WR_KINDS(T, T), 2, 2, string, extract, bind_regex,
              "The first match, or NULL", "REGEXP_SUBSTR('x42y', '[0-9]+')", "42"),
    {0},
};
