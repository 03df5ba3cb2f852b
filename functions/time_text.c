/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times written by a pattern and read from text, and seconds since 1970. A text that cannot be read
 * gives NULL, as in Flink. Patterns (functions/date_pattern.h) and the session's zone are looked up
 * once if they are constant, which they nearly always are.
 */
#include <assert.h>
#include <string.h>

#include "core/time.h"
#include "functions/cast.h"
#include "functions/date_pattern.h"
#include "functions/bind_site.h"
#include "functions/kernel.h"
#include "functions/kinesis_time.h"
#include "functions/zone.h"
#include "text/datetime.h"
#include "text/decimal.h"

struct time_plan {
  const struct wr_zone *zone;            /* the session's, or argument zone_arg */
  const struct wr_zone *zone_to;         /* CONVERT_TZ */
  const struct wr_date_pattern *pattern; /* NULL: not constant, or none was given */
  int64_t step_us;   /* times in the same step look the same by the pattern, but for the fraction */
  unsigned fraction; /* digits of the only fraction; 0: none */
  bool repeats;      /* there are not several fractions */
};

/* ---- the pattern of a row ---- */

#define CACHE_ZONES 2 /* as many as a function takes */

/* For patterns and zones that are not constant, in memory of the loop: the pattern is compiled for
 * the row, a zone is looked up when its name differs from that of the row before. */
struct pattern_cache {
  struct wr_arena arena;
  struct {
    struct wr_arena arena;
    const char *name;
    const struct wr_zone *zone;
  } zones[CACHE_ZONES];
};

static void pattern_cache_free(struct pattern_cache *cache)
{
  wr_arena_free(&cache->arena);
  for (int i = 0; i < CACHE_ZONES; i++)
    wr_arena_free(&cache->zones[i].arena);
}

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
  wr_call_fail_state(call, row, err.state, "%s", err.message);
  return NULL;
}

/* The zone named by argument 1 or 2, or NULL after failing the row. */
static const struct wr_zone *row_zone(const struct wr_call *call, uint32_t i, uint32_t row,
                                      struct pattern_cache *cache)
{
  const struct wr_text *text = wr_column_text(call->args[i], row);
  uint32_t slot = i - 1;
  assert(slot < CACHE_ZONES);
  const char *known = cache->zones[slot].name;
  if (known && strlen(known) == text->length &&
      memcmp(known, wr_text_bytes(text), text->length) == 0)
    return cache->zones[slot].zone;
  struct wr_error err;
  wr_arena_reset(&cache->zones[slot].arena);
  const char *name = wr_arena_copy(&cache->zones[slot].arena, wr_text_bytes(text), text->length);
  cache->zones[slot].name = NULL;
  if (wr_zone_find_old(&cache->zones[slot].arena, name, &cache->zones[slot].zone, &err)) {
    wr_call_fail_state(call, row, err.state, "%s", err.message);
    return NULL;
  }
  cache->zones[slot].name = name;
  return cache->zones[slot].zone;
}

/* ---- writing ---- */

static const char only_read[] =
    "the letters X, x and Z of a date pattern are only read, not written";

/* What was written last: rows of one stream mostly fall into the second, or whatever the pattern
 * shows, of the row before. */
struct written {
  int64_t step;
  struct wr_text text;
  size_t fraction_at;
};

static void write_constant(const struct wr_call *call, uint32_t row, int64_t us,
                           struct written *last)
{
  const struct time_plan *plan = call->prepared;
  struct wr_text *out = (struct wr_text *)call->values + row;
  int64_t step = wr_floor_div(us, plan->step_us);
  if (step != last->step || !plan->repeats) {
    char *room = wr_call_room(call, wr_date_pattern_chars(plan->pattern));
    wr_call_put_text(call, row, wr_date_pattern_write(plan->pattern, us, room, &last->fraction_at));
    last->text = *out;
    last->step = step;
  } else if (plan->fraction) {
    char *room = wr_call_room(call, last->text.length);
    memcpy(room, wr_text_bytes(&last->text), last->text.length);
    wr_date_fraction_write(us, plan->fraction, room + last->fraction_at);
    wr_call_put_text(call, row, last->text.length);
  } else {
    *out = last->text;
  }
}

static bool seconds_to_wall(const struct wr_call *call, uint32_t row, int64_t *us)
{
  const struct time_plan *plan = call->prepared;
  if (__builtin_mul_overflow(*us, WR_US_PER_SECOND, us) || *us > INT64_MAX - WR_US_PER_DAY ||
      *us < INT64_MIN + WR_US_PER_DAY) {
    wr_call_fail_state(call, row, WR_STATE_DATETIME_OVERFLOW,
                       "FROM_UNIXTIME: %lld seconds are beyond all calendars",
                       (long long)WR_ARG(call, 0, int64_t, row));
    return false;
  }
  *us += wr_zone_offset_us(plan->zone, *us);
  return true;
}

static void write_rows(const struct wr_call *call, const uint32_t *rows, uint32_t row_count,
                       bool is_seconds)
{
  static const char usual[] = "yyyy-MM-dd HH:mm:ss";
  const struct time_plan *plan = call->prepared;
  struct pattern_cache cache = {0};
  struct written last = {.step = INT64_MIN};
  WR_EACH_ROW(row)
  {
    int64_t us = WR_ARG(call, 0, int64_t, row);
    const struct wr_date_pattern *pattern = NULL;
    if (is_seconds && !seconds_to_wall(call, row, &us))
      continue;
    if (call->arg_count == 1) {
      char *room = wr_call_room(call, sizeof usual + WR_TIMESTAMP_CHARS);
      wr_call_put_text(call, row, wr_format_timestamp(us, 0, WR_DATETIME_SQL, room));
    } else if (plan->pattern) {
      write_constant(call, row, us, &last);
    } else if ((pattern = row_pattern(call, 1, row, &cache)) &&
               wr_date_pattern_reads_only(pattern)) {
      wr_call_fail_state(call, row, WR_STATE_INVALID_DATETIME, "%s", only_read);
    } else if (pattern) {
      char *room = wr_call_room(call, wr_date_pattern_chars(pattern));
      wr_call_put_text(call, row, wr_date_pattern_write(pattern, us, room, NULL));
    }
  }
  pattern_cache_free(&cache);
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

/* How strictly a text is read by its pattern, each as in Flink. */
enum reading {
  READ_ALL,         /* to the end */
  READ_FRONT,       /* whatever stands behind it */
  READ_ALL_OR_USUAL /* or as a date or time is usually written, whatever the pattern says */
};

/* A time as it is usually written, behind blanks; READ_FRONT: whatever stands behind a blank. */
static bool read_usual(const struct wr_text *text, enum reading reading, int64_t *us)
{
  const char *bytes = wr_text_bytes(text), *end = bytes + text->length;
  while (bytes < end && *bytes == ' ')
    bytes++;
  while (end > bytes && end[-1] == ' ')
    end--;
  const char *blank = end > bytes ? memchr(bytes, ' ', (size_t)(end - bytes)) : NULL;
  const char *next = blank ? memchr(blank + 1, ' ', (size_t)(end - blank - 1)) : NULL;
  if (reading == READ_FRONT && next)
    end = next;
  return wr_parse_timestamp(bytes, (size_t)(end - bytes), us);
}

/* The text of a row by its pattern; false: it is NULL, or has failed. */
static bool row_read(const struct wr_call *call, uint32_t row, struct pattern_cache *cache,
                     enum reading reading, int64_t *us, int64_t *offset_us)
{
  *offset_us = WR_NO_OFFSET;
  const struct wr_text *text = wr_column_text(call->args[0], row);
  const struct wr_date_pattern *pattern = NULL;
  if (call->arg_count > 1 && !(pattern = row_pattern(call, 1, row, cache)))
    return false;
  if (pattern ? wr_date_pattern_read(pattern, wr_text_bytes(text), text->length,
                                     reading != READ_FRONT, us, offset_us)
              : read_usual(text, reading, us))
    return true;
  bool other_form = memchr(wr_text_bytes(text), 'T', text->length) != NULL;
  if (pattern && reading == READ_ALL_OR_USUAL && !other_form && read_usual(text, READ_ALL, us))
    return *offset_us = WR_NO_OFFSET, true;
  wr_call_set_null(call, row);
  return false;
}

static void rows_to_timestamp(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  struct pattern_cache cache = {0};
  WR_EACH_ROW(row)
  {
    int64_t us, offset; /* which no TIMESTAMP keeps */
    if (row_read(call, row, &cache, READ_ALL_OR_USUAL, &us, &offset))
      ((int64_t *)call->values)[row] = us - wr_floor_mod(us, WR_US_PER_MS);
  }
  pattern_cache_free(&cache);
}
static void rows_to_date(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  struct pattern_cache cache = {0};
  WR_EACH_ROW(row)
  {
    int64_t us, offset;
    const struct wr_text *text = wr_column_text(call->args[0], row);
    int32_t *day = (int32_t *)call->values + row;
    if (call->arg_count == 1) {
      const char *bytes = wr_text_bytes(text), *blank = memchr(bytes, ' ', text->length);
      if (wr_parse_date(bytes, blank ? (size_t)(blank - bytes) : text->length, day))
        continue;
    }
    if (row_read(call, row, &cache, READ_FRONT, &us, &offset))
      *day = (int32_t)wr_floor_div(us, WR_US_PER_DAY);
  }
  pattern_cache_free(&cache);
}
static void rows_unix_timestamp(const struct wr_call *call, const uint32_t *rows,
                                uint32_t row_count)
{
  const struct time_plan *plan = call->prepared;
  struct pattern_cache cache = {0};
  WR_EACH_ROW(row)
  {
    int64_t us, offset;
    if (!row_read(call, row, &cache, READ_FRONT, &us, &offset))
      continue;
    us = offset == WR_NO_OFFSET ? wr_zone_to_utc(plan->zone, us) : us - offset;
    ((int64_t *)call->values)[row] = wr_floor_div(us, WR_US_PER_SECOND);
  }
  pattern_cache_free(&cache);
}
/* As a moment: of the zone in argument 2, or UTC. */
static void rows_text_to_ltz(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  const struct time_plan *plan = call->prepared;
  struct pattern_cache cache = {0};
  WR_EACH_ROW(row)
  {
    int64_t us, offset;
    if (!row_read(call, row, &cache, READ_ALL, &us, &offset))
      continue;
    const struct wr_zone *zone = plan->zone;
    if (call->arg_count > 2 && !zone && !(zone = row_zone(call, 2, row, &cache)))
      continue;
    if (offset != WR_NO_OFFSET)
      us -= offset;
    else if (zone)
      us = wr_zone_to_utc(zone, us);
    ((int64_t *)call->values)[row] = us - wr_floor_mod(us, WR_US_PER_MS);
  }
  pattern_cache_free(&cache);
}
static const struct wr_kernel kernel_text_to_ltz = {.rows = rows_text_to_ltz,
                                                    .traits = WR_CAN_FAIL | WR_MAKES_NULL};

/* What the clock of one zone shows as what that of another one shows at the same moment. */
static void rows_convert_tz(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  const struct time_plan *plan = call->prepared;
  struct pattern_cache cache = {0};
  WR_EACH_ROW(row)
  {
    const struct wr_text *text = wr_column_text(call->args[0], row);
    int64_t us;
    if (!read_usual(text, READ_FRONT, &us)) {
      wr_call_set_null(call, row);
      continue;
    }
    const struct wr_zone *zone = plan->zone ? plan->zone : row_zone(call, 1, row, &cache);
    if (!zone)
      continue;
    us = wr_zone_to_utc(zone, us);
    zone = plan->zone_to ? plan->zone_to : row_zone(call, 2, row, &cache);
    if (!zone)
      continue;
    us += wr_zone_offset_us(zone, us);
    char *room = wr_call_room(call, WR_TIMESTAMP_CHARS);
    wr_call_put_text(call, row, wr_format_timestamp(us, 0, WR_DATETIME_SQL, room));
  }
  pattern_cache_free(&cache);
}
static const struct wr_kernel kernel_convert_tz = {.rows = rows_convert_tz,
                                                   .traits = WR_CAN_FAIL | WR_MAKES_NULL};

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
      wr_call_fail_state(call, row, WR_STATE_INVALID_PARAMETER,
                         "TO_TIMESTAMP_LTZ takes seconds (0) or milliseconds (3), not %lld",
                         (long long)digits);
    else if (__builtin_mul_overflow(number, digits ? WR_US_PER_MS : WR_US_PER_SECOND,
                                    (int64_t *)call->values + row))
      wr_call_fail_state(call, row, WR_STATE_DATETIME_OVERFLOW,
                         "TO_TIMESTAMP_LTZ: %lld is beyond all calendars", (long long)number);
  }
}
static const struct wr_kernel kernel_to_ltz = {.rows = rows_to_ltz, .traits = WR_CAN_FAIL};

/* Fractions of a second or millisecond count, in a DECIMAL exactly. */
static void rows_decimal_to_ltz(const struct wr_call *call, const uint32_t *rows,
                                uint32_t row_count)
{
  const struct wr_column *numbers = call->args[0];
  WR_EACH_ROW(row)
  {
    int32_t digits = call->arg_count > 1 ? WR_ARG(call, 1, int32_t, row) : 3;
    wr_i128 number = wr_column_i128(numbers, row) / wr_power_of_ten(numbers->type->scale);
    int64_t us;
    if (digits != 0 && digits != 3)
      wr_call_fail_state(call, row, WR_STATE_INVALID_PARAMETER,
                         "TO_TIMESTAMP_LTZ takes seconds (0) or milliseconds (3), not %d", digits);
    else if (__builtin_mul_overflow(number, digits ? WR_US_PER_MS : WR_US_PER_SECOND, &us))
      wr_call_fail_state(call, row, WR_STATE_DATETIME_OVERFLOW,
                         "TO_TIMESTAMP_LTZ: the number is beyond all calendars");
    else
      ((int64_t *)call->values)[row] = us;
  }
}
static void rows_double_to_ltz(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  WR_EACH_ROW(row)
  {
    double number = WR_ARG(call, 0, double, row);
    int32_t digits = call->arg_count > 1 ? WR_ARG(call, 1, int32_t, row) : 3;
    double ms = digits ? number : number * 1000;
    if (digits != 0 && digits != 3)
      wr_call_fail_state(call, row, WR_STATE_INVALID_PARAMETER,
                         "TO_TIMESTAMP_LTZ takes seconds (0) or milliseconds (3), not %d", digits);
    else if (!(ms > -9e15 && ms < 9e15))
      wr_call_fail_state(call, row, WR_STATE_DATETIME_OVERFLOW,
                         "TO_TIMESTAMP_LTZ: %g is beyond all calendars", number);
    else
      ((int64_t *)call->values)[row] = (int64_t)ms * WR_US_PER_MS;
  }
}
static const struct wr_kernel kernel_decimal_to_ltz = {.rows = rows_decimal_to_ltz,
                                                       .traits = WR_CAN_FAIL};
static const struct wr_kernel kernel_double_to_ltz = {.rows = rows_double_to_ltz,
                                                      .traits = WR_CAN_FAIL};

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
                           err)) {
    plan->step_us = wr_date_pattern_step_us(plan->pattern);
    plan->repeats = wr_date_pattern_fractions(plan->pattern, &plan->fraction) <= 1;
    return WR_OK;
  }
  err->code = WR_SEMANTIC;
  err->span = site->args[1]->span;
  return WR_SEMANTIC;
}

static enum wr_code prepare_writing(struct wr_bind_site *site, struct wr_error *err)
{
  enum wr_code code = prepare(site, err);
  const struct time_plan *plan = site->prepared;
  if (code || !plan->pattern || !wr_date_pattern_reads_only(plan->pattern))
    return code;
  return wr_fail_at(err, WR_UNSUPPORTED, site->args[1]->span, "%s", only_read);
}

/* The zone of a constant argument. */
static enum wr_code prepare_zone(struct wr_bind_site *site, uint32_t i, const struct wr_zone **zone,
                                 struct wr_error *err)
{
  struct wr_arena *arena = site->binding->arena;
  *zone = NULL;
  if (i >= site->arg_count || !wr_expression_is_known(site->args[i]))
    return WR_OK;
  const struct wr_text *text = wr_column_text(site->args[i]->literal, 0);
  enum wr_code code =
      wr_zone_find_old(arena, wr_arena_copy(arena, wr_text_bytes(text), text->length), zone, err);
  if (code)
    err->span = site->args[i]->span;
  return code;
}

/* TO_TIMESTAMP_LTZ(text [, pattern [, zone]]): without a zone the text is of UTC. */
static enum wr_code prepare_ltz(struct wr_bind_site *site, struct wr_error *err)
{
  enum wr_code code = prepare(site, err);
  struct time_plan *plan = (struct time_plan *)site->prepared;
  return code ? code : prepare_zone(site, 2, &plan->zone, err);
}

static enum wr_code prepare_convert(struct wr_bind_site *site, struct wr_error *err)
{
  struct time_plan *plan = WR_NEW(site->binding->arena, struct time_plan);
  site->prepared = plan;
  enum wr_code code = prepare_zone(site, 1, &plan->zone, err);
  return code ? code : prepare_zone(site, 2, &plan->zone_to, err);
}

/* DATE_FORMAT(text, pattern): a text that is no time gives NULL. */
static enum wr_code bind_text_time(struct wr_bind_site *site, struct wr_error *err)
{
  return wr_cast_make(site->binding, site->args[0], &wr_type_timestamp6, true, site->args[0]->span,
                      &site->args[0], err);
}

/* DATE_FORMAT(time, pattern): TIMESTAMP_LTZ as the clock on the wall shows it. */
static enum wr_code bind_date_format(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_type *type = site->args[0]->type;
  enum wr_code code;
  if (type->kind == WR_TIMESTAMP_LTZ)
    code = wr_cast_make(site->binding, site->args[0], &wr_type_timestamp6, false, site->span,
                        &site->args[0], err);
  else if (wr_kind_is_text(type->kind))
    code = bind_text_time(site, err);
  else if (type->kind != WR_TIMESTAMP)
    code = wr_bind_arg(site, 0, &wr_type_timestamp6, err);
  else
    code = WR_OK;
  if (!code && !wr_kind_is_text(site->args[1]->type->kind))
    code = wr_bind_arg(site, 1, &wr_type_string, err);
  site->type = &wr_type_string;
  site->kernel = &kernel_date_format;
  return code ? code : prepare_writing(site, err);
}

/* An overload that only the kinesis dialect has; its hook chooses the kernel. */
#define KINESIS_ROW(upper, kind, type, hook)                                         \
  {                                                                                  \
    .name = upper, .takes = {kind}, .least = 1, .most = 1, .gives = &wr_type_##type, \
    .kernel = &kernel_seconds, .bind = wr_bind_kinesis_##hook, .traits = WR_KINESIS  \
  }

const struct wr_function wr_functions_time_text[] = {
    {.name = "DATE_FORMAT",
     .usage = "DATE_FORMAT(time or text, pattern)",
     .help = "A time written by a pattern of letters as in yyyy-MM-dd HH:mm:ss.SSS; NULL if a text "
             "is no time",
     .example = "DATE_FORMAT(TIMESTAMP '2026-02-03 04:05:06', 'dd.MM.yyyy HH:mm')",
     .result = "03.02.2026 04:05",
     .least = 2,
     .most = 2,
     .bind = bind_date_format},
    {.name = "TO_TIMESTAMP",
     .usage = "TO_TIMESTAMP(text [, pattern])",
     .help =
         "A text as TIMESTAMP(3), by the pattern or as yyyy-MM-dd HH:mm:ss.SSS; NULL if it cannot "
         "be read; kinesis dialect: also TO_TIMESTAMP(milliseconds since 1970)",
     .example = "TO_TIMESTAMP('03.02.2026 04:05', 'dd.MM.yyyy HH:mm')",
     .result = "2026-02-03 04:05:00.000",
     .takes = {WR_VARCHAR, WR_VARCHAR},
     .least = 1,
     .most = 2,
     .gives = &wr_type_timestamp3,
     .kernel = &kernel_to_timestamp,
     .bind = prepare},
    KINESIS_ROW("TO_TIMESTAMP", WR_BIGINT, timestamp3, to_timestamp),
    KINESIS_ROW("TO_TIMESTAMP", WR_DECIMAL, timestamp3, to_timestamp),
    KINESIS_ROW("TO_TIMESTAMP", WR_DOUBLE, timestamp3, to_timestamp),
    {.name = "TO_DATE",
     .usage = "TO_DATE(text [, pattern])",
     .help = "A text as DATE, whatever stands behind it; NULL if it cannot be read",
     .example = "TO_DATE('2026/02/03', 'yyyy/MM/dd')",
     .result = "2026-02-03",
     .takes = {WR_VARCHAR, WR_VARCHAR},
     .least = 1,
     .most = 2,
     .gives = &wr_type_date,
     .kernel = &kernel_to_date,
     .bind = prepare},
    {.name = "TO_TIMESTAMP_LTZ",
     .usage = "TO_TIMESTAMP_LTZ(number [, 0 or 3]); TO_TIMESTAMP_LTZ(text [, pattern [, zone]])",
     .help =
         "Seconds (0) or milliseconds (3, also if left out) since 1970, or a text of a zone (UTC "
         "if left out), as TIMESTAMP_LTZ(3); NULL if a text cannot be read",
     .example = "TO_TIMESTAMP_LTZ(1700000000, 0)",
     .result = "2023-11-14 22:13:20.000",
     .takes = {WR_BIGINT, WR_INT},
     .least = 1,
     .most = 2,
     .gives = &wr_type_timestamp_ltz3,
     .kernel = &kernel_to_ltz},
    {.name = "TO_TIMESTAMP_LTZ",
     .takes = {WR_DOUBLE, WR_INT},
     .least = 1,
     .most = 2,
     .gives = &wr_type_timestamp_ltz3,
     .kernel = &kernel_double_to_ltz},
    {.name = "TO_TIMESTAMP_LTZ",
     .takes = {WR_DECIMAL, WR_INT},
     .least = 1,
     .most = 2,
     .gives = &wr_type_timestamp_ltz3,
     .kernel = &kernel_decimal_to_ltz},
    {.name = "TO_TIMESTAMP_LTZ",
     .takes = {WR_VARCHAR, WR_VARCHAR, WR_VARCHAR},
     .least = 1,
     .most = 3,
     .gives = &wr_type_timestamp_ltz3,
     .kernel = &kernel_text_to_ltz,
     .bind = prepare_ltz},
    {.name = "CONVERT_TZ",
     .usage = "CONVERT_TZ(text, from_zone, to_zone)",
     .help =
         "What the clock on the wall shows in another zone when it shows the text in the first; "
         "NULL if that cannot be read",
     .example = "CONVERT_TZ('2026-07-01 00:00:00', 'UTC', 'America/Los_Angeles')",
     .result = "2026-06-30 17:00:00",
     .takes = {WR_VARCHAR, WR_VARCHAR, WR_VARCHAR},
     .least = 3,
     .most = 3,
     .gives = &wr_type_string,
     .kernel = &kernel_convert_tz,
     .bind = prepare_convert},
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
     .bind = prepare_writing},
    {.name = "UNIX_TIMESTAMP",
     .usage = "UNIX_TIMESTAMP([text [, pattern]])",
     .help = "Seconds since 1970: now, or of a local time, whatever stands behind it; NULL if that "
             "cannot be read; kinesis dialect: UNIX_TIMESTAMP(timestamp) gives milliseconds",
     .example = "UNIX_TIMESTAMP('2023-11-14 22:13:20')",
     .result = "1700000000",
     .takes = {WR_VARCHAR, WR_VARCHAR},
     .least = 1,
     .most = 2,
     .gives = &wr_type_bigint,
     .kernel = &kernel_unix_timestamp,
     .bind = prepare},
    KINESIS_ROW("UNIX_TIMESTAMP", WR_TIMESTAMP, bigint, unix_timestamp),
    {.name = "UNIX_TIMESTAMP",
     .gives = &wr_type_bigint,
     .kernel = &kernel_seconds,
     .traits = WR_CLOCK},
    {0},
};
