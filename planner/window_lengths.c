/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lengths of windows: constant intervals, whole ticks of the time column, and few enough windows
 * per row. Windows over a TIMESTAMP_LTZ are those of the session's time zone, so their bounds are
 * TIMESTAMPs.
 */
#include "planner/window_lengths.h"

#include "core/limits.h"
#include "core/time.h"
#include "functions/zone.h"

/* ---- the time column */

enum wr_code wr_hint_lost_to_clock(const char *column, struct wr_error *err)
{
  return wr_hint(err,
                 "from windows of processing time on, a stream goes by the clock: what is to go by "
                 "'%s' belongs below them",
                 column);
}

/* The name of window_time where that is the only event time; else NULL. */
static const char *window_find_time(const struct wr_logical *node)
{
  for (uint32_t c = 0; c < node->schema.column_count; c++)
    if (node->roles[c].is_event_time)
      return node->roles[c].part == WR_PART_TIME ? node->schema.fields[c].name : NULL;
  return NULL;
}

/* Why a column is no time of the stream, and what would make it one. */
static enum wr_code window_fail_time(const struct wr_logical *input, uint32_t column,
                                     struct wr_span span, struct wr_error *err)
{
  const char *name = input->schema.fields[column].name;
  char type[128];
  wr_type_print(input->schema.fields[column].type, type, sizeof type);
  wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, span,
                "the column '%s' (%s) is not the event time of the stream", name, type);
  if (input->roles[column].lost_to_clock)
    return wr_hint_lost_to_clock(name, err);
  for (uint32_t c = 0; c < input->schema.column_count; c++)
    if (input->roles[c].is_event_time)
      return wr_hint(err, "the event time here is '%s'", input->schema.fields[c].name);
  for (const struct wr_logical *node = input; node;
       node = node->input_count ? node->inputs[0] : NULL) {
    if (node->kind == WR_LOGICAL_RANK && !node->rank.origin)
      return wr_hint(err, "the first rows of a whole stream change as others come: those of each "
                          "window stay, PARTITION BY window_start, window_end");
    const char *window_time = window_find_time(node);
    if (window_time)
      return wr_hint(err,
                     "behind a window the event time is '%s': group by it as well, and hand it on",
                     window_time);
    if (node->kind == WR_LOGICAL_JOIN && node->join.way == WR_JOIN_REGULAR)
      return wr_hint(
          err, "behind a join without windows there is no event time; there is if ON says how "
               "far the times of both sides may be apart: a.ts BETWEEN b.ts - INTERVAL "
               "'1' HOUR AND b.ts");
    if (node->kind == WR_LOGICAL_WATERMARK)
      return wr_hint(
          err, "the event time got lost on the way here: hand the column '%s' of '%s' on unchanged",
          node->schema.fields[node->watermark.time_column].name, node->watermark.table->name);
  }
  bool is_number = wr_kind_is_number(input->schema.fields[column].type->kind);
  if (!wr_kind_is_timestamp(input->schema.fields[column].type->kind))
    return wr_hint(
        err,
        "declare a TIMESTAMP column with a watermark in the table; a text or number can be "
        "turned into one: "
        "ts AS %s(%s%s), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND",
        is_number ? "TO_TIMESTAMP_LTZ" : "TO_TIMESTAMP", name, is_number ? ", 3" : "");
  return wr_hint(err, "declare it in the table: WATERMARK FOR %s AS %s - INTERVAL '5' SECOND", name,
                 name);
}

enum wr_code wr_window_check_time(const struct wr_logical *input, uint32_t column,
                                  struct wr_span span, struct wr_error *err)
{
  const struct wr_column_role *role = &input->roles[column];
  return role->is_event_time || role->is_clock ? WR_OK : window_fail_time(input, column, span, err);
}

/* ---- lengths */

enum wr_code wr_window_interval(const struct wr_binder *binder,
                                const struct wr_tree_expression *tree, const char *what,
                                bool positive, int64_t *us, struct wr_error *err)
{
  const struct wr_scope none = {0};
  const struct wr_expression_context context = {
      .binder = binder, .scope = &none, .place = "a window"};
  const struct wr_expression *value;
  enum wr_code code = wr_bind_expression(&context, tree, &value, err);
  if (code)
    return code;
  if (value->type->kind == WR_INTERVAL_MONTH) {
    wr_fail_at(err, WR_UNSUPPORTED, tree->span, "the %s cannot be counted in months or years",
               what);
    return wr_hint(err, "months differ in length: use days, as in INTERVAL '30' DAY");
  }
  if (value->type->kind != WR_INTERVAL_SECOND || value->kind != WR_EXPRESSION_LITERAL ||
      wr_column_is_null(value->literal, 0)) {
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, tree->span,
                  "the %s must be a constant INTERVAL", what);
    return wr_hint(err, "for example INTERVAL '1' MINUTE");
  }
  *us = wr_column_i64(value->literal, 0);
  if (positive && *us <= 0)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, tree->span,
                         "the %s must be longer than nothing", what);
  if (*us > WR_WINDOW_TIME_MAX || *us < -WR_WINDOW_TIME_MAX)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, tree->span,
                         "the %s cannot be longer than 70,000 years", what);
  return WR_OK;
}

static enum wr_code window_check_tick(const struct wr_window *window, int64_t us,
                                      const struct wr_tree_expression *tree, struct wr_error *err)
{
  if (!tree || us % window->tick_us == 0)
    return WR_OK;
  wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, tree->span,
                "windows over a TIMESTAMP(3) column are whole milliseconds long");
  return wr_hint(err, "finer windows need a time column of TIMESTAMP(6)");
}

/* How size and slide go together. */
static enum wr_code window_check(const struct wr_window *window,
                                 const struct wr_window_lengths *lengths, struct wr_error *err)
{
  enum wr_code code = window_check_tick(window, window->size_us, lengths->size, err);
  if (code == WR_OK)
    code = window_check_tick(window, window->slide_us, lengths->slide, err);
  if (code == WR_OK)
    code = window_check_tick(window, window->offset_us, lengths->offset, err);
  if (code)
    return code;
  if (window->kind == WR_WINDOW_CUMULATE && window->size_us % window->slide_us) {
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, lengths->size->span,
                  "the size of a CUMULATE window must be a whole number of its steps");
    return wr_hint(err, "it is written with the step first, then the size");
  }
  if (window->size_us / window->slide_us > WR_WINDOWS_PER_ROW_MAX)
    return wr_fail_at(err, WR_LIMIT, lengths->slide->span,
                      "each row would lie in %lld windows; the limit WR_WINDOWS_PER_ROW_MAX is %d",
                      (long long)(window->size_us / window->slide_us), WR_WINDOWS_PER_ROW_MAX);
  return WR_OK;
}

/* A slide longer than the size: allowed, but mostly the two stand the wrong way round. */
static void window_warn_gaps(const struct wr_binder *binder, const struct wr_window *window,
                             const struct wr_window_lengths *lengths)
{
  if (window->kind == WR_WINDOW_HOP && window->slide_us > window->size_us && binder->settings)
    wr_settings_warn(binder->settings, lengths->slide->span,
                     "the slide is longer than the windows, so rows between them are in none: it "
                     "is written first, then the size");
}

/* Of a TIMESTAMP_LTZ. In UTC local times are the times themselves. */
static enum wr_code window_zone(const struct wr_binder *binder, struct wr_window_origin *origin,
                                struct wr_error *err)
{
  struct wr_window *window = &origin->window;
  int64_t offset_us;
  enum wr_code code =
      wr_settings_zone(binder->settings, binder->binding->time_zone, &window->zone, err);
  if (code == WR_OK && wr_zone_is_fixed(window->zone, &offset_us) && offset_us == 0)
    window->zone = NULL;
  else
    origin->time_zone = binder->binding->time_zone;
  return code;
}

/* What comes of the time column: types, ticks, whether window_end is event time (the kinesis
 * dialect). */
static void window_put_types(const struct wr_binder *binder, const struct wr_type *time,
                             struct wr_window_origin *origin)
{
  origin->time_type = wr_window_type(binder->arena, time);
  origin->type = wr_type_timestamp(binder->arena, WR_TIMESTAMP, origin->time_type->precision);
  origin->window.tick_us = time->precision <= 3 ? WR_US_PER_MS : 1;
  origin->end_is_time = binder->binding->kinesis && time->kind == WR_TIMESTAMP;
}

enum wr_code wr_window_origin_of(const struct wr_binder *binder, const struct wr_type *time,
                                 const struct wr_window *window,
                                 const struct wr_window_origin **out, struct wr_error *err)
{
  struct wr_window_origin *origin = WR_NEW(binder->arena, struct wr_window_origin);
  enum wr_code code = WR_OK;
  origin->window = *window;
  window_put_types(binder, time, origin);
  if (time->kind == WR_TIMESTAMP_LTZ)
    code = window_zone(binder, origin, err);
  if (code == WR_OK)
    wr_window_prepare(&origin->window);
  *out = origin;
  return code;
}

enum wr_code wr_window_origin(const struct wr_binder *binder, const struct wr_type *time,
                              bool by_clock, const struct wr_window_lengths *lengths,
                              const struct wr_window_origin **out, struct wr_error *err)
{
  bool is_session = lengths->kind == WR_WINDOW_SESSION;
  struct wr_window_origin *origin = WR_NEW(binder->arena, struct wr_window_origin);
  struct wr_window *window = &origin->window;
  enum wr_code code =
      wr_window_interval(binder, lengths->size, is_session ? "gap of a window" : "size of a window",
                         true, &window->size_us, err);
  window->kind = lengths->kind;
  window->slide_us = window->size_us;
  if (code == WR_OK && lengths->slide)
    code = wr_window_interval(binder, lengths->slide,
                              lengths->kind == WR_WINDOW_CUMULATE ? "step of a window"
                                                                  : "slide of a window",
                              true, &window->slide_us, err);
  if (code == WR_OK && lengths->offset)
    code = wr_window_interval(binder, lengths->offset, "offset of a window", false,
                              &window->offset_us, err);
  if (code)
    return code;
  window_put_types(binder, time, origin);
  window->by_clock = by_clock;
  code = window_check(window, lengths, err);
  if (code == WR_OK)
    window_warn_gaps(binder, window, lengths);
  if (code == WR_OK && time->kind == WR_TIMESTAMP_LTZ)
    code = window_zone(binder, origin, err);
  if (code == WR_OK && !is_session)
    wr_window_prepare(window);
  *out = origin;
  return code;
}
