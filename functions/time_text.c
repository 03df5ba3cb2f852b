/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times written by a pattern and read from text, and seconds since 1970. A text that cannot be read
 * gives NULL, as in Flink. Patterns (functions/date_pattern.h) and the session's zone are looked up
 * once if they are constant, which they nearly always are.
 */
#include <assert.h>

#include "core/time.h"
#include "functions/cast.h"
#include "functions/date_pattern.h"
#include "functions/bind_site.h"
#include "functions/kernel.h"
#include "functions/zone.h"
#include "text/datetime.h"

struct time_plan {
  const struct wr_zone *zone;
  const struct wr_date_pattern *pattern; /* NULL: not constant, or none was given */
};

/* ---- the pattern of a row ---- */

struct pattern_cache { /* for patterns that are not constant: compiled for the row, in memory of the
                          loop */
  struct wr_arena arena;
};

/* The pattern of argument i, or NULL after failing the row. */
static const struct wr_date_pattern *row_pattern(const struct wr_call *call, uint32_t i,
                                                 uint32_t row, struct pattern_cache *cache)
{
  const struct time_plan *plan = call->prepared;
  if (plan->pattern)
    return plan->pattern;
  const struct wr_text *text = wr_column_text(call->args[i], row);
  const struct wr_date_pattern *pattern;
  struct wr_error err;
  wr_arena_reset(&cache->arena);
  if (!wr_date_pattern_new(&cache->arena, wr_text_bytes(text), text->length, &pattern, &err))
    return pattern;
  wr_call_fail(call, row, "%s", err.message);
  return NULL;
}

/* ---- writing ---- */

static void write_rows(const struct wr_call *call, const uint32_t *rows, uint32_t row_count,
                       bool is_seconds)
{
  static const char usual[] = "yyyy-MM-dd HH:mm:ss";
  const struct time_plan *plan = call->prepared;
  struct pattern_cache cache = {0};
  WR_EACH_ROW(row)
  {
    int64_t us = WR_ARG(call, 0, int64_t, row);
    if (is_seconds) {
      if (__builtin_mul_overflow(us, WR_US_PER_SECOND, &us) || us > INT64_MAX - WR_US_PER_DAY ||
          us < INT64_MIN + WR_US_PER_DAY) {
        wr_call_fail(call, row, "FROM_UNIXTIME: %lld seconds are beyond all calendars",
                     (long long)WR_ARG(call, 0, int64_t, row));
        continue;
      }
      us += wr_zone_offset_us(plan->zone, us);
    }
    const struct wr_date_pattern *pattern = NULL;
    if (call->arg_count == 1) {
      char *room = wr_call_room(call, sizeof usual + WR_TIMESTAMP_CHARS);
      wr_call_put_text(call, row, wr_format_timestamp(us, 0, WR_DATETIME_SQL, room));
    } else if ((pattern = row_pattern(call, 1, row, &cache))) {
      char *room = wr_call_room(call, wr_date_pattern_chars(pattern));
      wr_call_put_text(call, row, wr_date_pattern_write(pattern, us, room));
    }
  }
  wr_arena_free(&cache.arena);
}
static void rows_date_format(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  write_rows(call, rows, row_count, false);
}
static void rows_from_unixtime(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  write_rows(call, rows, row_count, true);
}
static const struct wr_kernel kernel_date_format = {.rows = rows_date_format,
                                                    .traits = WR_CAN_FAIL};
static const struct wr_kernel kernel_from_unixtime = {.rows = rows_from_unixtime,
                                                      .traits = WR_CAN_FAIL};

/* ---- reading ---- */

/* The text of a row by its pattern; false: it is NULL, or has failed. */
static bool row_read(const struct wr_call *call, uint32_t row, struct pattern_cache *cache,
                     int64_t *us)
{
  const struct wr_text *text = wr_column_text(call->args[0], row);
  const struct wr_date_pattern *pattern = NULL;
  if (call->arg_count > 1 && !(pattern = row_pattern(call, 1, row, cache)))
    return false;
  if (pattern ? wr_date_pattern_read(pattern, wr_text_bytes(text), text->length, us)
              : wr_parse_timestamp(wr_text_bytes(text), text->length, us))
    return true;
  wr_call_set_null(call, row);
  return false;
}

static void rows_to_timestamp(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  struct pattern_cache cache = {0};
  WR_EACH_ROW(row)
  {
    int64_t us;
    if (row_read(call, row, &cache, &us))
      ((int64_t *)call->values)[row] = us - wr_floor_mod(us, WR_US_PER_MS);
  }
  wr_arena_free(&cache.arena);
}
static void rows_to_date(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  struct pattern_cache cache = {0};
  WR_EACH_ROW(row)
  {
    int64_t us;
    const struct wr_text *text = wr_column_text(call->args[0], row);
    int32_t *day = (int32_t *)call->values + row;
    if (call->arg_count == 1 && wr_parse_date(wr_text_bytes(text), text->length, day))
      continue;
    if (row_read(call, row, &cache, &us))
      *day = (int32_t)wr_floor_div(us, WR_US_PER_DAY);
  }
  wr_arena_free(&cache.arena);
}
static void rows_unix_timestamp(const struct wr_call *call, const uint32_t *rows,
                                uint32_t row_count)
{
  const struct time_plan *plan = call->prepared;
  struct pattern_cache cache = {0};
  WR_EACH_ROW(row)
  {
    int64_t us;
    if (row_read(call, row, &cache, &us))
      ((int64_t *)call->values)[row] =
          wr_floor_div(wr_zone_to_utc(plan->zone, us), WR_US_PER_SECOND);
  }
  wr_arena_free(&cache.arena);
}
static const struct wr_kernel kernel_to_timestamp = {.rows = rows_to_timestamp,
                                                     .traits = WR_CAN_FAIL | WR_MAKES_NULL};
static const struct wr_kernel kernel_to_date = {.rows = rows_to_date,
                                                .traits = WR_CAN_FAIL | WR_MAKES_NULL};
static const struct wr_kernel kernel_unix_timestamp = {.rows = rows_unix_timestamp,
                                                       .traits = WR_CAN_FAIL | WR_MAKES_NULL};

/* ---- numbers ---- */

static void rows_to_ltz(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  WR_EACH_ROW(row)
  {
    int64_t number = WR_ARG(call, 0, int64_t, row),
            digits = call->arg_count > 1 ? WR_ARG(call, 1, int32_t, row) : 3;
    if (digits != 0 && digits != 3)
      wr_call_fail(call, row, "TO_TIMESTAMP_LTZ takes seconds (0) or milliseconds (3), not %lld",
                   (long long)digits);
    else if (__builtin_mul_overflow(number, digits ? WR_US_PER_MS : WR_US_PER_SECOND,
                                    (int64_t *)call->values + row))
      wr_call_fail(call, row, "TO_TIMESTAMP_LTZ: %lld is beyond all calendars", (long long)number);
  }
}
static const struct wr_kernel kernel_to_ltz = {.rows = rows_to_ltz, .traits = WR_CAN_FAIL};

static bool clock_seconds(const struct wr_call *call, uint32_t row_count)
{
  assert(row_count == 1);
  (void)row_count;
  *(int64_t *)call->values = wr_floor_div(call->now_us, WR_US_PER_SECOND);
  return true;
}
static const struct wr_kernel kernel_seconds = {.total = clock_seconds};

/* ---- binding ---- */

/* The plan: the session's zone, and the pattern if argument 1 is a constant. */
static enum wr_code prepare(struct wr_bind_site *site, struct wr_error *err)
{
  struct time_plan *plan = WR_NEW(site->binding->arena, struct time_plan);
  site->prepared = plan;
  enum wr_code code =
      wr_zone_find(site->binding->arena, site->binding->time_zone, &plan->zone, err);
  if (code || site->arg_count < 2 || !wr_expression_is_known(site->args[1]))
    return code;
  const struct wr_text *text = wr_column_text(site->args[1]->literal, 0);
  if (!wr_date_pattern_new(site->binding->arena, wr_text_bytes(text), text->length, &plan->pattern,
                           err))
    return WR_OK;
  err->code = WR_SEMANTIC;
  err->span = site->args[1]->span;
  return WR_SEMANTIC;
}

/* DATE_FORMAT(time, pattern): TIMESTAMP_LTZ as the clock on the wall shows it. */
static enum wr_code bind_date_format(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_type *type = site->args[0]->type;
  enum wr_code code;
  if (type->kind == WR_TIMESTAMP_LTZ)
    code = wr_cast_make(site->binding, site->args[0], &wr_type_timestamp6, false, site->span,
                        &site->args[0], err);
  else if (type->kind != WR_TIMESTAMP)
    code = wr_bind_arg(site, 0, &wr_type_timestamp6, err);
  else
    code = WR_OK;
  if (!code && !wr_kind_is_text(site->args[1]->type->kind))
    code = wr_bind_arg(site, 1, &wr_type_string, err);
  site->type = &wr_type_string;
  site->kernel = &kernel_date_format;
  return code ? code : prepare(site, err);
}

const struct wr_function wr_functions_time_text[] = {
    {.name = "DATE_FORMAT",
     .usage = "DATE_FORMAT(time, pattern)",
     .help = "A time written by a pattern of letters as in yyyy-MM-dd HH:mm:ss.SSS",
     .example = "DATE_FORMAT(TIMESTAMP '2026-02-03 04:05:06', 'dd.MM.yyyy HH:mm')",
     .result = "03.02.2026 04:05",
     .least = 2,
     .most = 2,
     .bind = bind_date_format},
    {.name = "TO_TIMESTAMP",
     .usage = "TO_TIMESTAMP(text [, pattern])",
     .help = "A text as TIMESTAMP(3); NULL if it cannot be read",
     .example = "TO_TIMESTAMP('03.02.2026 04:05', 'dd.MM.yyyy HH:mm')",
     .result = "2026-02-03 04:05:00.000",
     .takes = {WR_VARCHAR, WR_VARCHAR},
     .least = 1,
     .most = 2,
     .gives = &wr_type_timestamp3,
     .kernel = &kernel_to_timestamp,
     .bind = prepare},
    {.name = "TO_DATE",
     .usage = "TO_DATE(text [, pattern])",
     .help = "A text as DATE; NULL if it cannot be read",
     .example = "TO_DATE('2026/02/03', 'yyyy/MM/dd')",
     .result = "2026-02-03",
     .takes = {WR_VARCHAR, WR_VARCHAR},
     .least = 1,
     .most = 2,
     .gives = &wr_type_date,
     .kernel = &kernel_to_date,
     .bind = prepare},
    {.name = "TO_TIMESTAMP_LTZ",
     .usage = "TO_TIMESTAMP_LTZ(number [, 0 or 3])",
     .help = "Seconds (0) or milliseconds (3, also if left out) since 1970 as TIMESTAMP_LTZ(3)",
     .example = "TO_TIMESTAMP_LTZ(1700000000, 0)",
     .result = "2023-11-14 22:13:20.000",
     .takes = {WR_BIGINT, WR_INT},
     .least = 1,
     .most = 2,
     .gives = &wr_type_timestamp_ltz3,
     .kernel = &kernel_to_ltz},
    {.name = "FROM_UNIXTIME",
     .usage = "FROM_UNIXTIME(seconds [, pattern])",
     .help = "Seconds since 1970 as local time; yyyy-MM-dd HH:mm:ss unless a pattern is given",
     .example = "FROM_UNIXTIME(1700000000)",
     .result = "2023-11-14 22:13:20",
     .takes = {WR_BIGINT, WR_VARCHAR},
     .least = 1,
     .most = 2,
     .gives = &wr_type_string,
     .kernel = &kernel_from_unixtime,
     .bind = prepare},
    {.name = "UNIX_TIMESTAMP",
     .usage = "UNIX_TIMESTAMP([text [, pattern]])",
     .help = "Seconds since 1970: now, or of a local time; NULL if that cannot be read",
     .example = "UNIX_TIMESTAMP('2023-11-14 22:13:20')",
     .result = "1700000000",
     .takes = {WR_VARCHAR, WR_VARCHAR},
     .least = 1,
     .most = 2,
     .gives = &wr_type_bigint,
     .kernel = &kernel_unix_timestamp,
     .bind = prepare},
    {.name = "UNIX_TIMESTAMP",
     .gives = &wr_type_bigint,
     .kernel = &kernel_seconds,
     .traits = WR_CLOCK},
    {0},
};
