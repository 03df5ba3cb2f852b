/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings are options without a table around them: the same rows, the same checks, the same hints.
 * Values from the command line stand first in the list and are found first.
 */
#include "planner/settings.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "core/hash.h"
#include "core/limits.h"
#include "core/time.h"
#include "functions/zone.h"

const char wr_on_error_choices[] = "stream|fail|skip";

const struct wr_option wr_settings_table[] = {
    {"sql.dialect", WR_OPTION_CHOICE, false, false, "flink", "flink|kinesis",
     "The SQL dialect of the statements behind it. A script that does not say it and has a CREATE "
     "STREAM or CREATE PUMP is written in kinesis as a whole."},
    {"sql.frozen-current-timestamp", WR_OPTION_BOOL, false, false, "false", NULL,
     "In the kinesis dialect CURRENT_TIMESTAMP and its like are the time at which the job was planned, "
     "in all rows, as they were in that service; else that of each row."},
    {"pipeline.name", WR_OPTION_TEXT, false, false, NULL, NULL, "The name of the job."},
    {"parallelism.default", WR_OPTION_INTEGER, false, false, NULL, NULL,
     "Copies of each step, 1 to 256."},
    {"table.exec.resource.default-parallelism", WR_OPTION_INTEGER, false, false, NULL, NULL,
     "The same as parallelism.default, which wins."},
    {"table.local-time-zone", WR_OPTION_TEXT, false, false, "UTC", NULL,
     "The time zone of TIMESTAMP_LTZ values in texts and casts."},
    {"table.exec.on-error", WR_OPTION_CHOICE, false, false, "stream", wr_on_error_choices,
     "What happens to rows that an expression or a window cannot take."},
    {"table.exec.source.idle-timeout", WR_OPTION_DURATION, false, false, "30 s", NULL,
     "How long a split may be silent before watermarks stop waiting for it; 0: for ever."},
    {"table.exec.sink.not-null-enforcer", WR_OPTION_CHOICE, false, false, "ERROR", "ERROR|DROP",
     "What INSERT does with NULL for a NOT NULL column: the row is rejected, or left out."},
    {"table.exec.sink.type-length-enforcer", WR_OPTION_CHOICE, false, false, "IGNORE",
     "IGNORE|TRIM_PAD|ERROR",
     "What INSERT does with values longer than CHAR, VARCHAR, BINARY and VARBINARY say: nothing, "
     "cut and fill them, or reject the row."},
    {"table.exec.sink.upsert-materialize", WR_OPTION_CHOICE, false, false, "AUTO",
     "AUTO|FORCE|NONE",
     "Whether a sink with a PRIMARY KEY remembers the rows of each key: if its key is not that of "
     "the rows, always, or never."},
    {"table.exec.source.cdc-events-duplicate", WR_OPTION_BOOL, false, false, "false", NULL,
     "Sources of changes may say the same twice: rows of tables with a PRIMARY KEY are remembered, "
     "and what changes nothing is left out."},
    {"execution.runtime-mode", WR_OPTION_CHOICE, false, false, "automatic",
     "automatic|batch|streaming",
     "When results are given that change: as rows come where they are printed as changes and where "
     "the input does not end, else once at the end; always at the end; always as rows come."},
    {"table.exec.mini-batch.enabled", WR_OPTION_BOOL, false, false, "false", NULL,
     "Results that are printed as changes say what a batch of rows has changed, not what each row "
     "has. Where batches end cannot be set."},
    {"table.exec.state.ttl", WR_OPTION_DURATION, false, false, "0 ms", NULL,
     "How long steps without a window keep what was not written again: groups, joins, DISTINCT, "
     "Top-N, rows by key; 0 ms: for ever."},
    {"table.exec.emit.early-fire.enabled", WR_OPTION_BOOL, false, false, "false", NULL,
     "Windows give results before they close, as updates."},
    {"table.exec.emit.early-fire.delay", WR_OPTION_DURATION, false, false, NULL, NULL,
     "How often, by the clock; 0 ms: with every change."},
    {"table.exec.emit.late-fire.enabled", WR_OPTION_BOOL, false, false, "false", NULL,
     "Windows that have closed give results again when late rows are let in."},
    {"table.exec.emit.late-fire.delay", WR_OPTION_DURATION, false, false, NULL, NULL,
     "How often, by the clock; 0 ms: with every change."},
    {"table.exec.emit.allow-lateness", WR_OPTION_DURATION, false, false, NULL, NULL,
     "For how long after its end, in event time, late rows still count in a window."},
    {"execution.checkpointing.interval", WR_OPTION_DURATION, false, false, NULL, NULL,
     "How often an epoch is taken, with `--state-dir`: 10 s if nothing is said. Without it: how often "
     "Kafka learns the offsets of a group, 5 s."},
    {"checkpoint.interval", WR_OPTION_DURATION, false, false, NULL, NULL,
     "The same as execution.checkpointing.interval, which wins."},
    {"execution.checkpointing.tolerable-failed-checkpoints", WR_OPTION_INTEGER, false, false, "10",
     NULL, "How many epochs in a row may fail to be written before the job stops."},
    {"execution.checkpointing.timeout", WR_OPTION_DURATION, false, false, "10 min", NULL,
     "How long an epoch may take until every step has saved its state and every sink is safe; then "
     "it is given up and counts as failed."},
    {"execution.checkpointing.num-retained", WR_OPTION_INTEGER, false, false, NULL, NULL,
     "How many epochs a state directory keeps, 1 to 1000: 3 if nothing is said."},
    {"state.checkpoints.num-retained", WR_OPTION_INTEGER, false, false, NULL, NULL,
     "The same as execution.checkpointing.num-retained, which wins."},
    {"live.views", WR_OPTION_BOOL, false, false, "true", NULL,
     "With `--http`, views can be followed: their rows are computed as the view says, so conditions "
     "of queries over it are not moved into it."},
    {0},
};

/* Known to be harmless: they tune or steer another engine. */
static const struct wr_option settings_elsewhere[] = {
    {.name = "execution.*"},
    {.name = "state.*"},
    {.name = "restart-strategy*"},
    {.name = "sql-client.*"},
    {.name = "taskmanager.*"},
    {.name = "jobmanager.*"},
    {.name = "rest.*"},
    {.name = "metrics.*"},
    {.name = "heartbeat.*"},
    {.name = "high-availability*"},
    {.name = "cluster.*"},
    {.name = "pipeline.auto-watermark-interval"},
    {.name = "pipeline.object-reuse"},
    {.name = "pipeline.operator-chaining*"},
    {.name = "pipeline.max-parallelism"},
    {.name = "pipeline.jars"},
    {.name = "parallelism.max"},
    {.name = "table.dml-sync"},
    {.name = "table.planner"},
    {.name = "table.optimizer.*"},
    {.name = "table.exec.mini-batch.*"},
    {.name = "table.exec.async-*"},
    {.name = "table.exec.sink.keyed-shuffle"},
    {.name = "table.exec.window-agg.*"},
    {.name = "table.exec.rank.*"},
    {.name = "table.exec.local-hash-agg.*"},
    {.name = "table.exec.spill-compression.*"},
    {.name = "table.exec.operator-fusion-codegen.*"},
    {.name = "table.generated-code.*"},
    {.name = "table.display.*"},
    {.name = "table.plan.*"},
    {0},
};

/* They would change results, so silence would be wrong. */
static const struct wr_option settings_refused[] = {
    {.name = "table.exec.source.rowtime-null-handling"},
    {.name = "table.exec.interval-join.*"},
    {.name = "table.exec.legacy-cast-behaviour"},
    {.name = "table.sql-dialect"},
    {0},
};

/* But they may say what is so anyway. */
static const struct wr_option_value settings_so_anyway[] = {
    {.key = "table.exec.legacy-cast-behaviour", .value = "disabled"},
    {.key = "table.sql-dialect", .value = "default"},
    {0},
};

static const char settings_mode[] = "execution.runtime-mode", settings_dialect[] = "sql.dialect";

static bool settings_is_so_anyway(const struct wr_option_value *value)
{
  for (const struct wr_option_value *one = settings_so_anyway; one->key; one++)
    if (strcmp(one->key, value->key) == 0 && strcasecmp(one->value, value->value) == 0)
      return true;
  return false;
}

static bool settings_has(const struct wr_option *table, const char *key)
{
  for (const struct wr_option *option = table; option->name; option++) {
    size_t length = strlen(option->name);
    bool is_open = option->name[length - 1] == '*';
    if (is_open ? strncmp(option->name, key, length - 1) == 0 : strcmp(option->name, key) == 0)
      return true;
  }
  return false;
}

void wr_settings_warn(struct wr_settings *settings, struct wr_span span, const char *sentence)
{
  for (uint32_t i = 0; i < settings->warning_count; i++)
    if (settings->warnings[i].span.offset == span.offset &&
        strcmp(settings->warnings[i].message, sentence) == 0)
      return;
  if (settings->warning_count == WR_ERRORS_MAX)
    return;
  if (settings->warning_count == settings->warning_room) {
    uint32_t room = settings->warning_room ? 2 * settings->warning_room : 8;
    struct wr_warning *more = WR_NEW_ARRAY(settings->arena, struct wr_warning, room);
    for (uint32_t i = 0; i < settings->warning_count; i++)
      more[i] = settings->warnings[i];
    settings->warnings = more;
    settings->warning_room = room;
  }
  settings->warnings[settings->warning_count++] =
      (struct wr_warning){.span = span, .message = sentence};
}

static const struct wr_option_value *settings_find(const struct wr_settings *settings,
                                                   const char *key)
{
  for (uint32_t i = 0; i < settings->value_count; i++)
    if (strcmp(settings->values[i].key, key) == 0)
      return &settings->values[i];
  return NULL;
}

static void settings_put(struct wr_settings *settings, const struct wr_option_value *value)
{
  for (uint32_t i = 0; i < settings->value_count; i++) {
    if (strcmp(settings->values[i].key, value->key) != 0)
      continue;
    if (i >= settings->fixed_count)
      settings->values[i] = *value;
    return;
  }
  if (settings->value_count == settings->value_room) {
    uint32_t room = settings->value_room ? 2 * settings->value_room : 16;
    struct wr_option_value *more = WR_NEW_ARRAY(settings->arena, struct wr_option_value, room);
    for (uint32_t i = 0; i < settings->value_count; i++)
      more[i] = settings->values[i];
    settings->values = more;
    settings->value_room = room;
  }
  settings->values[settings->value_count++] = *value;
}

/* Bound expressions keep their binding, so a change makes a new one. */
static void settings_bind(struct wr_settings *settings)
{
  const char *time_zone = wr_settings_text(settings, "table.local-time-zone");
  bool kinesis = strcmp(wr_settings_text(settings, "sql.dialect"), "kinesis") == 0;
  bool frozen = wr_settings_bool(settings, "sql.frozen-current-timestamp");
  if (settings->binding && strcmp(settings->binding->time_zone, time_zone) == 0 &&
      settings->binding->kinesis == kinesis && (settings->binding->frozen_now_us != 0) == frozen)
    return;
  if (frozen && settings->frozen_now_us == 0)
    settings->frozen_now_us = wr_now_us();
  struct wr_binding *binding = WR_NEW(settings->arena, struct wr_binding);
  binding->arena = settings->arena;
  binding->time_zone = time_zone;
  binding->kinesis = kinesis;
  binding->frozen_now_us = frozen ? settings->frozen_now_us : 0;
  settings->binding = binding;
}

#define SETTINGS_EPOCH_US_MIN    INT64_C(10000) /* as in Flink */
#define SETTINGS_EPOCH_US        (10 * WR_US_PER_SECOND)
#define SETTINGS_EPOCHS_KEPT     3
#define SETTINGS_EPOCHS_KEPT_MAX 1000

/* -1 means in Flink: not set. */
static const struct {
  const char *key;
  int64_t least, most;
  bool may_be_unset;
} settings_ranges[] = {
    {"parallelism.default", 1, WR_KEY_GROUPS, true},
    {"table.exec.resource.default-parallelism", 1, WR_KEY_GROUPS, true},
    {"execution.checkpointing.tolerable-failed-checkpoints", 0, 1000000, false},
    {"execution.checkpointing.num-retained", 1, SETTINGS_EPOCHS_KEPT_MAX, false},
    {"state.checkpoints.num-retained", 1, SETTINGS_EPOCHS_KEPT_MAX, false},
};

static enum wr_code settings_check_range(const struct wr_option_value *value, struct wr_error *err)
{
  const struct wr_options one = {.values = value, .value_count = 1};
  for (size_t i = 0; i < sizeof settings_ranges / sizeof *settings_ranges; i++) {
    if (strcmp(settings_ranges[i].key, value->key) != 0)
      continue;
    int64_t number = wr_options_integer(&one, wr_settings_table, value->key);
    if ((number == -1 && settings_ranges[i].may_be_unset) ||
        (number >= settings_ranges[i].least && number <= settings_ranges[i].most))
      return WR_OK;
    wr_fail_at(err, WR_SEMANTIC, value->value_span, "'%s' is %s, but must be from %lld to %lld",
               value->key, value->value, (long long)settings_ranges[i].least,
               (long long)settings_ranges[i].most);
    return wr_state(err, WR_STATE_INVALID_OPTION_VALUE);
  }
  bool is_time = strcmp(value->key, "execution.checkpointing.interval") == 0 ||
                 strcmp(value->key, "execution.checkpointing.timeout") == 0 ||
                 strcmp(value->key, "checkpoint.interval") == 0;
  if (!is_time ||
      wr_options_duration_us(&one, wr_settings_table, value->key) >= SETTINGS_EPOCH_US_MIN)
    return WR_OK;
  wr_fail_at(err, WR_SEMANTIC, value->value_span, "'%s' is %s, but must be at least 10 ms",
             value->key, value->value);
  return wr_state(err, WR_STATE_INVALID_OPTION_VALUE);
}

/* What the rows of the table cannot say. */
static enum wr_code settings_check_more(const struct wr_settings *settings,
                                        const struct wr_option_value *value, struct wr_error *err)
{
  if (strcmp(value->key, "table.local-time-zone") == 0) {
    const struct wr_zone *zone;
    enum wr_code code = wr_zone_find(settings->arena, value->value, &zone, err);
    if (code) {
      err->span = value->value_span;
      wr_state(err, WR_STATE_INVALID_OPTION_VALUE);
    }
    return code;
  }
  return settings_check_range(value, err);
}

/* A setting of Flink that tunes something else, unless it is one from here, misspelt. */
static void settings_warn_elsewhere(struct wr_settings *settings,
                                    const struct wr_option_value *value)
{
  const char *names[sizeof wr_settings_table / sizeof *wr_settings_table];
  uint32_t count = 0;
  const char *dot = strrchr(value->key, '.');
  size_t front = dot ? (size_t)(dot + 1 - value->key) : 0;
  for (const struct wr_option *option = wr_settings_table; option->name; option++)
    if (strncmp(option->name, value->key, front) == 0 && !strpbrk(option->name + front, ".*"))
      names[count++] = option->name + front;
  const char *near = wr_nearest(value->key + front, names, count);
  const char *sentence =
      wr_arena_print(settings->arena, "the setting '%s' has no effect here", value->key);
  if (near)
    sentence = wr_arena_print(settings->arena, "%s; did you mean '%.*s%s'?", sentence, (int)front,
                              value->key, near);
  wr_settings_warn(settings, value->key_span, sentence);
}

static enum wr_code settings_put_checked(struct wr_settings *settings,
                                         const struct wr_option_value *value, struct wr_error *err)
{
  struct wr_option_value lower;
  if (strcmp(value->key, settings_mode) == 0) { /* an enum of Flink, which takes any case */
    char *text = wr_arena_copy(settings->arena, value->value, strlen(value->value));
    for (char *at = text; *at; at++)
      *at = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
    lower = *value;
    lower.value = text;
    value = &lower;
  }
  if (settings_is_so_anyway(value))
    return WR_OK;
  if (settings_has(settings_refused, value->key))
    return wr_fail_at(err, WR_UNSUPPORTED, value->key_span,
                      "the setting '%s' would change results and is not supported yet", value->key);
  if (settings_has(settings_elsewhere, value->key) &&
      !settings_has(wr_settings_table, value->key)) {
    settings_warn_elsewhere(settings, value);
    return WR_OK;
  }
  const struct wr_options one = {.values = value, .value_count = 1};
  const struct wr_option *const tables[] = {wr_settings_table};
  enum wr_code code = wr_options_check(&one, tables, 1, "SET", value->key_span, err);
  if (code == WR_OK)
    code = settings_check_more(settings, value, err);
  if (code)
    return code;
  settings_put(settings, value);
  settings_bind(settings);
  return WR_OK;
}

enum wr_code wr_settings_open(struct wr_settings *settings, struct wr_arena *arena,
                              const struct wr_option_value *given, uint32_t given_count,
                              struct wr_error *err)
{
  *settings = (struct wr_settings){.arena = arena};
  settings_bind(settings);
  for (uint32_t i = 0; i < given_count; i++) {
    struct wr_option_value value = given[i];
    value.key_span = value.value_span = (struct wr_span){WR_NO_POSITION, 0};
    enum wr_code code = settings_put_checked(settings, &value, err);
    if (code)
      return code;
  }
  settings->fixed_count = settings->value_count;
  return WR_OK;
}

bool wr_settings_has_dialect(const struct wr_settings *settings)
{
  return settings_find(settings, settings_dialect) != NULL;
}

void wr_settings_assume_kinesis(struct wr_settings *settings)
{
  assert(settings->fixed_count == settings->value_count && !wr_settings_has_dialect(settings));
  const struct wr_option_value value = {.key = settings_dialect,
                                        .value = "kinesis",
                                        .key_span = {WR_NO_POSITION, 0},
                                        .value_span = {WR_NO_POSITION, 0}};
  settings_put(settings, &value);
  settings_bind(settings);
  settings->fixed_count = settings->value_count;
}

enum wr_code wr_settings_set(struct wr_settings *settings, const struct wr_tree_option *option,
                             struct wr_error *err)
{
  struct wr_option_value value = {.key = option->key.bytes,
                                  .value = option->value.bytes,
                                  .key_span = option->key.span,
                                  .value_span = option->value.span};
  return settings_put_checked(settings, &value, err);
}

enum wr_code wr_settings_reset(struct wr_settings *settings, const struct wr_tree_text *key,
                               struct wr_error *err)
{
  if (key && !settings_has(settings_elsewhere, key->bytes) &&
      !settings_has(settings_refused, key->bytes)) {
    const struct wr_option_value value = {
        .key = key->bytes, .value = "", .key_span = key->span, .value_span = key->span};
    const struct wr_options one = {.values = &value, .value_count = 1};
    const struct wr_option *const tables[] = {wr_settings_table};
    if (!settings_has(wr_settings_table, key->bytes))
      return wr_options_check(&one, tables, 1, "RESET", key->span, err);
  }
  uint32_t kept = settings->fixed_count;
  for (uint32_t i = settings->fixed_count; i < settings->value_count; i++)
    if (key && strcmp(settings->values[i].key, key->bytes) != 0)
      settings->values[kept++] = settings->values[i];
  settings->value_count = kept;
  settings_bind(settings);
  return WR_OK;
}

static struct wr_options settings_options(const struct wr_settings *settings)
{
  return (struct wr_options){.values = settings->values, .value_count = settings->value_count};
}

const char *wr_settings_text(const struct wr_settings *settings, const char *key)
{
  struct wr_options options = settings_options(settings);
  return wr_options_text(&options, wr_settings_table, key);
}

int64_t wr_settings_duration_us(const struct wr_settings *settings, const char *key)
{
  struct wr_options options = settings_options(settings);
  return wr_options_duration_us(&options, wr_settings_table, key);
}

bool wr_settings_bool(const struct wr_settings *settings, const char *key)
{
  struct wr_options options = settings_options(settings);
  return wr_options_bool(&options, wr_settings_table, key);
}

enum wr_code wr_settings_zone(struct wr_settings *settings, const char *name,
                              const struct wr_zone **out, struct wr_error *err)
{
  for (const struct wr_settings_zone *known = settings->zones; known; known = known->next)
    if (strcmp(known->name, name) == 0) {
      *out = known->zone;
      return WR_OK;
    }
  enum wr_code code = wr_zone_find(settings->arena, name, out, err);
  if (code)
    return code;
  struct wr_settings_zone *zone = WR_NEW(settings->arena, struct wr_settings_zone);
  *zone = (struct wr_settings_zone){.name = name, .zone = *out, .next = settings->zones};
  settings->zones = zone;
  return WR_OK;
}

uint32_t wr_settings_parallelism(const struct wr_settings *settings)
{
  static const char *const keys[] = {"parallelism.default",
                                     "table.exec.resource.default-parallelism"};
  struct wr_options options = settings_options(settings);
  for (uint32_t i = 0; i < 2; i++) {
    if (!settings_find(settings, keys[i]))
      continue;
    int64_t number = wr_options_integer(&options, wr_settings_table, keys[i]);
    if (number > 0)
      return (uint32_t)number;
  }
  return 1;
}

struct wr_epoch_settings wr_settings_epochs(const struct wr_settings *settings)
{
  static const char *const intervals[] = {"execution.checkpointing.interval",
                                          "checkpoint.interval"};
  static const char *const kept[] = {"execution.checkpointing.num-retained",
                                     "state.checkpoints.num-retained"};
  struct wr_options options = settings_options(settings);
  struct wr_epoch_settings epochs = {
      .interval_us = SETTINGS_EPOCH_US,
      .epochs_kept = SETTINGS_EPOCHS_KEPT,
      .failures_tolerated = (uint32_t)wr_options_integer(
          &options, wr_settings_table, "execution.checkpointing.tolerable-failed-checkpoints"),
      .timeout_us =
          wr_options_duration_us(&options, wr_settings_table, "execution.checkpointing.timeout")};
  for (int i = 1; i >= 0; i--) {
    if (settings_find(settings, intervals[i])) {
      epochs.interval_us = wr_options_duration_us(&options, wr_settings_table, intervals[i]);
      epochs.has_interval = true;
    }
    if (settings_find(settings, kept[i]))
      epochs.epochs_kept = (uint32_t)wr_options_integer(&options, wr_settings_table, kept[i]);
  }
  return epochs;
}

enum wr_on_error wr_on_error_from_text(const char *text)
{
  assert(text);
  return text[0] == 'f' ? WR_ON_ERROR_FAIL : text[1] == 'k' ? WR_ON_ERROR_SKIP : WR_ON_ERROR_STREAM;
}

enum wr_on_error wr_settings_on_error(const struct wr_settings *settings)
{
  return wr_on_error_from_text(wr_settings_text(settings, "table.exec.on-error"));
}
