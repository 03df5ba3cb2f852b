/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options of Flink's filesystem connector that are known by name. Those that only steer when files
 * are merged or how partitions are timed change no row: they are taken, with a warning. Those that
 * announce finished partitions to others are refused, because somebody would wait for that.
 */
#include <string.h>

#include "planner/table.h"

static const char elsewhere_connector[] = "filesystem";

const struct wr_option wr_table_elsewhere_options[] = {
    {.name = "auto-compaction", .kind = WR_OPTION_BOOL},
    {.name = "compaction.*"},
    {.name = "partition.time-extractor.*"},
    {.name = "sink.partition-commit.trigger"},
    {.name = "sink.partition-commit.delay"},
    {.name = "sink.partition-commit.watermark-time-zone"},
    {.name = "sink.shuffle-by-partition.enable", .kind = WR_OPTION_BOOL},
    {0},
};

bool wr_table_takes_elsewhere(const struct wr_table *table)
{
  return strcmp(table->connector->name, elsewhere_connector) == 0;
}

static bool elsewhere_has(const char *key)
{
  for (const struct wr_option *option = wr_table_elsewhere_options; option->name; option++) {
    size_t length = strlen(option->name);
    if (option->name[length - 1] == '*' ? strncmp(option->name, key, length - 1) == 0
                                        : strcmp(option->name, key) == 0)
      return true;
  }
  return false;
}

enum wr_code wr_table_check_elsewhere(const struct wr_table *table, struct wr_error *err)
{
  static const char announces[] = "sink.partition-commit.policy.",
                    named[] = "sink.partition-commit.success-file.name";
  for (uint32_t i = 0; wr_table_takes_elsewhere(table) && i < table->options->value_count; i++) {
    const struct wr_option_value *value = &table->options->values[i];
    if (strncmp(value->key, announces, sizeof announces - 1) != 0 && strcmp(value->key, named) != 0)
      continue;
    wr_fail_at(err, WR_UNSUPPORTED, value->key_span,
               "the option '%s' is not supported yet: no _SUCCESS file and no metastore tells that "
               "a partition is complete",
               value->key);
    return wr_hint(err, "leave it out; a file appears under its name once it is complete");
  }
  return WR_OK;
}

enum wr_code wr_table_check_elsewhere_hint(const struct wr_table *table,
                                           const struct wr_options *options, struct wr_error *err)
{
  for (uint32_t i = 0; wr_table_takes_elsewhere(table) && i < options->value_count; i++) {
    const struct wr_option_value *value = &options->values[i];
    if (elsewhere_has(value->key) && !wr_options_find(table->options, value->key))
      return wr_fail_at(err, WR_UNSUPPORTED, value->key_span,
                        "the option '%s' has no effect here; leave it out of the hint", value->key);
  }
  return WR_OK;
}

void wr_table_warn_elsewhere(struct wr_settings *settings,
                             const struct wr_table_definition *definition)
{
  const struct wr_options *options = &definition->options;
  const char *connector = wr_options_find(options, "connector");
  if (!connector || strcmp(connector, elsewhere_connector) != 0)
    return;
  for (uint32_t i = definition->inherited_count; i < options->value_count; i++) {
    const struct wr_option_value *value = &options->values[i];
    if (elsewhere_has(value->key) && strcmp(value->value, "false") != 0)
      wr_settings_warn(
          settings, value->key_span,
          wr_arena_print(settings->arena, "the option '%s' has no effect here", value->key));
  }
}
