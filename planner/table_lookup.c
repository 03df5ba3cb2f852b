/* SPDX-License-Identifier: Apache-2.0 */
/* What the options of a table say about looking rows up in it, by the names that Flink has for
 * them: their rows are those of tables that are read (table_options.c). */
#include <string.h>

#include "core/time.h"
#include "planner/table.h"

#define LOOKUP_CACHE         "lookup.cache"
#define LOOKUP_RELOAD        "lookup.full-cache."
#define LOOKUP_PERIODIC      LOOKUP_RELOAD "periodic-reload."
#define LOOKUP_RELOAD_US_MIN (100 * WR_US_PER_MS)

/* Refuses a choice that has no meaning here. */
static enum wr_code lookup_check_choice(const struct wr_table *table, const char *key,
                                        const char *only, const char *why, struct wr_error *err)
{
  const struct wr_option_value *given = wr_options_find_value(table->options, key);
  if (!given || strcmp(given->value, only) == 0)
    return WR_OK;
  wr_fail_at(err, WR_UNSUPPORTED, given->value_span, "'%s' = '%s' is not supported: %s", key,
             given->value, why);
  return wr_hint(err, "leave it out, or give '%s'", only);
}

enum wr_code wr_table_read_lookup(struct wr_table *table, struct wr_error *err)
{
  const struct wr_options *options = table->options;
  const struct wr_option_value *interval =
      wr_options_find_value(options, LOOKUP_PERIODIC "interval");
  const struct wr_option_value *mode =
      wr_options_find_value(options, LOOKUP_PERIODIC "schedule-mode");
  enum wr_code code = lookup_check_choice(
      table, LOOKUP_CACHE, "FULL", "a table is loaded as a whole before rows are looked up", err);
  if (code == WR_OK)
    code = lookup_check_choice(table, LOOKUP_RELOAD "reload-strategy", "PERIODIC",
                               "a table is loaded anew by an interval, not at a time of day", err);
  if (code)
    return code;
  if (mode && !interval) {
    wr_fail_at(err, WR_SEMANTIC, mode->key_span, "'%s' needs '" LOOKUP_PERIODIC "interval', too",
               mode->key);
    return wr_state(err, WR_STATE_INVALID_TABLE_DEFINITION);
  }
  if (!interval)
    return WR_OK;
  table->reload_us = wr_options_duration_us(options, wr_table_scan_options, interval->key);
  table->reload_fixed_rate =
      strcmp(wr_options_text(options, wr_table_scan_options, LOOKUP_PERIODIC "schedule-mode"),
             "FIXED_RATE") == 0;
  if (table->reload_us >= LOOKUP_RELOAD_US_MIN)
    return WR_OK;
  wr_fail_at(err, WR_SEMANTIC, interval->value_span, "'%s' is %s, but must be at least 100 ms",
             interval->key, interval->value);
  return wr_state(err, WR_STATE_INVALID_OPTION_VALUE);
}
