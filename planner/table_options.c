/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WITH (...): the options of a table are checked against the rows of the planner (here), of its
 * connector and of its format at once, so that a misspelt one is found whoever it was meant for.
 */
#include "planner/table.h"

#include <assert.h>
#include <string.h>

#include "core/hash.h"

const struct wr_option wr_table_options[] = {
    {"connector", WR_OPTION_TEXT, true, false, NULL, NULL, "Where the rows come from or go to."},
    {"on-error", WR_OPTION_CHOICE, false, false, "stream", wr_on_error_choices,
     "What happens to records that cannot be decoded: to error_stream, or the job fails, or they "
     "are only counted."},
    {0},
};

const struct wr_option wr_table_format_options[] = {
    {"format", WR_OPTION_TEXT, false, false, NULL, NULL, "How records are written: json, csv ..."},
    {"value.format", WR_OPTION_TEXT, false, false, NULL, NULL, "The same as format."},
    {0},
};

const struct wr_option wr_table_scan_options[] = {
    {"scan.watermark.idle-timeout", WR_OPTION_DURATION, false, false, NULL, NULL,
     "How long a split may be silent before the watermark stops waiting for it; 0: for ever. "
     "Otherwise as table.exec.source.idle-timeout says."},
    {"scan.watermark.max-ahead", WR_OPTION_DURATION, false, false, NULL, NULL,
     "Rows whose time is further ahead of the clock are rejected; 0: no limit. Otherwise 1 d, "
     "and no limit if reading ends "
     "by itself."},
    {"scan.watermark.idle-advance", WR_OPTION_BOOL, false, false, "false", NULL,
     "Whether the watermark follows the clock while there is nothing to read, so that the last "
     "windows close."},
    {"scan.watermark.idle-advance-delay", WR_OPTION_DURATION, false, false, "10 s", NULL,
     "How far behind the clock it then stays."},
    {"scan.parallelism", WR_OPTION_INTEGER, false, false, NULL, NULL,
     "Copies of the source, 1 to 256; otherwise as many as of the job's other steps."},
    {0},
};

const struct wr_option wr_table_sink_options[] = {
    {"sink.parallelism", WR_OPTION_INTEGER, false, false, NULL, NULL,
     "1: one writer takes all rows; otherwise there are as many as steps before it."},
    {0},
};

static const struct wr_option options_none[] = {{0}};

static struct wr_options *options_copy(struct wr_arena *arena, const struct wr_tree_options *tree)
{
  struct wr_option_value *values = WR_NEW_ARRAY(arena, struct wr_option_value, tree->count);
  for (uint32_t i = 0; i < tree->count; i++) {
    const struct wr_tree_option *option = tree->items[i];
    values[i] = (struct wr_option_value){.key = option->key.bytes,
                                         .value = option->value.bytes,
                                         .key_span = option->key.span,
                                         .value_span = option->value.span};
  }
  struct wr_options *options = WR_NEW(arena, struct wr_options);
  *options = (struct wr_options){.values = values, .value_count = tree->count};
  return options;
}

/* "json, csv or raw" for a hint. */
static const char *options_list(struct wr_arena *arena, const char *const *names, uint32_t count)
{
  const char *list = count ? names[0] : "";
  for (uint32_t i = 1; i < count; i++)
    list = wr_arena_print(arena, "%s%s%s", list, i + 1 == count ? " or " : ", ", names[i]);
  return list;
}

static enum wr_code options_fail_name(struct wr_arena *arena, const char *what,
                                      const struct wr_option_value *given, const char *const *names,
                                      uint32_t count, struct wr_error *err)
{
  wr_fail_at(err, WR_SEMANTIC, given->value_span, "there is no %s '%s'", what, given->value);
  const char *near = wr_nearest(given->value, names, count);
  if (near)
    return wr_hint(err, "did you mean '%s'?", near);
  return wr_hint(err, "choose %s", options_list(arena, names, count));
}

/* A number of copies; *out is 0 if it is not given. */
static enum wr_code options_parallelism(const struct wr_table *table, const struct wr_option *rows,
                                        const char *key, uint32_t most, uint32_t *out,
                                        struct wr_error *err)
{
  const struct wr_option_value *given = wr_options_find_value(table->options, key);
  *out = 0;
  if (!given)
    return WR_OK;
  int64_t number = wr_options_integer(table->options, rows, key);
  if (number >= 1 && number <= WR_KEY_GROUPS && number > most)
    return wr_fail_at(err, WR_UNSUPPORTED, given->value_span,
                      "'%s' can only be 1: there is no other way yet to spread rows over writers",
                      key);
  if (number < 1 || number > WR_KEY_GROUPS)
    return wr_fail_at(err, WR_SEMANTIC, given->value_span, "'%s' is %s, but must be from 1 to %u",
                      key, given->value, most);
  *out = (uint32_t)number;
  return WR_OK;
}

static enum wr_code options_connector(struct wr_arena *arena, struct wr_table *table,
                                      struct wr_span span, struct wr_error *err)
{
  uint32_t count, shown = 0;
  const struct wr_connector *const *all = wr_connector_all(&count);
  const char **names = WR_NEW_ARRAY(arena, const char *, count);
  for (uint32_t i = 0; i < count; i++)
    if (!all[i]->hidden)
      names[shown++] = all[i]->name;
  const struct wr_option_value *given = wr_options_find_value(table->options, "connector");
  if (!given) {
    wr_fail_at(err, WR_SEMANTIC, span, "the table '%s' does not say where its rows are",
               table->name);
    return wr_hint(err, "add WITH ('connector' = '...'): %s", options_list(arena, names, shown));
  }
  table->connector = wr_connector_find(given->value);
  if (!table->connector || table->connector->hidden)
    return options_fail_name(arena, "connector", given, names, shown, err);
  return WR_OK;
}

static enum wr_code options_format(struct wr_arena *arena, struct wr_table *table,
                                   struct wr_span span, struct wr_error *err)
{
  if (!table->connector->takes_format)
    return WR_OK;
  uint32_t count;
  const struct wr_format *const *all = wr_format_all(&count);
  const char **names = WR_NEW_ARRAY(arena, const char *, count);
  for (uint32_t i = 0; i < count; i++)
    names[i] = all[i]->name;
  const struct wr_option_value *given = wr_options_find_value(table->options, "format");
  const struct wr_option_value *other = wr_options_find_value(table->options, "value.format");
  if (given && other)
    return wr_fail_at(err, WR_SEMANTIC, other->key_span,
                      "'format' and 'value.format' mean the same; give one of them");
  if (!given)
    given = other;
  if (!given) {
    wr_fail_at(err, WR_SEMANTIC, span, "the table '%s' lacks the option 'format'", table->name);
    return wr_hint(err, "choose %s", options_list(arena, names, count));
  }
  table->format = wr_format_find(given->value);
  return table->format ? WR_OK : options_fail_name(arena, "format", given, names, count, err);
}

static void options_read_scan(const struct wr_settings *settings, struct wr_table *table)
{
  const struct wr_options *options = table->options;
  const struct wr_option *rows = wr_table_scan_options;
  table->idle_timeout_us =
      wr_options_find(options, "scan.watermark.idle-timeout")
          ? wr_options_duration_us(options, rows, "scan.watermark.idle-timeout")
          : wr_settings_duration_us(settings, "table.exec.source.idle-timeout");
  table->max_ahead_us = wr_options_find(options, "scan.watermark.max-ahead")
                            ? wr_options_duration_us(options, rows, "scan.watermark.max-ahead")
                            : -1;
  table->idle_advance = wr_options_bool(options, rows, "scan.watermark.idle-advance");
  table->idle_advance_delay_us =
      wr_options_duration_us(options, rows, "scan.watermark.idle-advance-delay");
}

enum wr_code wr_table_read_options(const struct wr_settings *settings,
                                   const struct wr_tree_create_table *tree, struct wr_table *table,
                                   struct wr_error *err)
{
  struct wr_arena *arena = settings->arena;
  struct wr_span span = tree->options_span.length ? tree->options_span : tree->name.span;
  table->options = options_copy(arena, &tree->options);
  enum wr_code code = options_connector(arena, table, span, err);
  if (code == WR_OK)
    code = options_format(arena, table, span, err);
  if (code)
    return code;
  const struct wr_connector *connector = table->connector;
  const struct wr_option *const tables[] = {
      wr_table_options,
      connector->takes_format ? wr_table_format_options : options_none,
      connector->reader ? wr_table_scan_options : options_none,
      connector->writer ? wr_table_sink_options : options_none,
      connector->options ? connector->options : options_none,
      table->format && table->format->options ? table->format->options : options_none,
  };
  const char *what = wr_arena_print(arena, "table %s (%s)", table->name, connector->name);
  code = wr_options_check(table->options, tables, sizeof tables / sizeof *tables, what, span, err);
  if (code)
    return code;
  table->on_error =
      wr_on_error_from_text(wr_options_text(table->options, wr_table_options, "on-error"));
  uint32_t writers = 0;
  if (connector->reader) {
    options_read_scan(settings, table);
    code = options_parallelism(table, wr_table_scan_options, "scan.parallelism", WR_KEY_GROUPS,
                               &table->scan_parallelism, err);
  }
  if (code == WR_OK && connector->writer)
    code = options_parallelism(table, wr_table_sink_options, "sink.parallelism", 1, &writers, err);
  table->single_writer = connector->single_writer || writers == 1;
  return code;
}

struct wr_table_spec wr_table_spec_of(const struct wr_table *table)
{
  return (struct wr_table_spec){.table = table->name,
                                .options = table->options,
                                .schema = &table->physical,
                                .separator = table->format ? table->format->separator : NULL,
                                .task_count = 1};
}

enum wr_code wr_table_check_use(const struct wr_table *table, bool writing, struct wr_span span,
                                struct wr_error *err)
{
  const struct wr_connector *connector = table->connector;
  const struct wr_format *format = table->format;
  const char *verb = writing ? "written to" : "read from";
  if (writing ? !connector->writer : !connector->reader)
    return wr_fail_at(err, WR_SEMANTIC, span,
                      "the table '%s' cannot be %s: its connector '%s' only %s", table->name, verb,
                      connector->name, writing ? "reads" : "writes");
  if (format && (writing ? !format->encoder_new : !format->decoder_new))
    return wr_fail_at(err, WR_SEMANTIC, span,
                      "the table '%s' cannot be %s: its format '%s' only %s", table->name, verb,
                      format->name, writing ? "reads" : "writes");
  struct wr_table_spec spec = wr_table_spec_of(table);
  enum wr_code code = connector->check ? connector->check(&spec, writing, err) : WR_OK;
  if (code == WR_OK && format && format->check) {
    const struct wr_format_spec form = {
        .schema = &table->physical, .options = table->options, .time_zone = table->time_zone};
    code = format->check(&form, !writing, err);
  }
  if (code && err->span.offset == WR_NO_POSITION)
    err->span = span;
  return code;
}
