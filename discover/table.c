/* SPDX-License-Identifier: Apache-2.0 */
/* A discovery as CREATE TABLE: columns with what was seen in comments, the event time, the options.
 */
#include "discover/discover.h"

#include <stdio.h>

#include "text/datetime.h"

#define TABLE_COMMENT_COLUMN 40 /* where comments begin, if columns are shorter */

struct table_printer {
  const struct wr_discovery *found;
  const struct wr_discovered_table *table;
  struct wr_buffer *out;
};

static void table_put_text(struct wr_buffer *out, const char *text)
{
  wr_buffer_put_char(out, '\'');
  for (; *text; text++) {
    if (*text == '\'')
      wr_buffer_put_char(out, '\'');
    wr_buffer_put_char(out, *text);
  }
  wr_buffer_put_char(out, '\'');
}

/* "12 % NULL; 17, 18, 19" */
static void table_put_seen(const struct wr_discovery *found, const struct wr_shape *column,
                           struct wr_buffer *out)
{
  uint64_t rows = found->columns->looks[WR_LOOK_OBJECT];
  uint64_t there = column->count - column->looks[WR_LOOK_NULL];
  there = there < rows ? there : rows;
  const char *separator = "";
  if (there == 0) {
    wr_buffer_put_string(out, "never a value");
    separator = "; ";
  } else if (there < rows) {
    double percent = 100.0 * (double)(rows - there) / (double)rows;
    wr_buffer_print(out, percent < 1 ? "%.2g %% NULL" : "%.0f %% NULL", percent);
    separator = "; ";
  }
  if (wr_shape_look(column) == WR_LOOK_COUNT) {
    wr_buffer_print(out, "%svalues of several types", separator);
    separator = "; ";
  }
  for (uint32_t i = 0; i < column->example_count; i++, separator = ", ")
    wr_buffer_print(out, "%s%s", separator, column->examples[i]);
}

static void table_pad(struct wr_buffer *out, size_t line)
{
  size_t width = out->length - line;
  do {
    wr_buffer_put_char(out, ' ');
  } while (++width < TABLE_COMMENT_COLUMN);
}

static void table_put_column(const struct table_printer *self, const struct wr_shape *column,
                             const char *comma)
{
  size_t line = self->out->length;
  bool is_lines = self->found->format == WR_DISCOVERED_LINES;
  wr_buffer_put_string(self->out, "  ");
  wr_shape_put_name(column->name, self->out);
  wr_buffer_put_char(self->out, ' ');
  if (is_lines)
    wr_buffer_put_string(self->out, "STRING");
  else
    wr_shape_put_type(column, 0, self->out);
  wr_buffer_put_string(self->out, comma);
  table_pad(self->out, line);
  wr_buffer_put_string(self->out, "-- ");
  table_put_seen(self->found, column, self->out);
  wr_buffer_put_char(self->out, '\n');
}

/* ---- event time */

/* Among those of the records. */
static bool table_has_column(const struct wr_discovery *found, const char *name)
{
  for (uint32_t i = 0; i < found->columns->member_count; i++) {
    struct wr_slice has = found->columns->members[i]->name;
    if (has.length == strlen(name) && memcmp(has.bytes, name, has.length) == 0)
      return true;
  }
  return false;
}

static bool table_has_name(const struct table_printer *self, const char *name)
{
  for (uint32_t i = 0; i < self->table->folder_count; i++)
    if (strcmp(self->table->folders[i].column, name) == 0)
      return true;
  return table_has_column(self->found, name);
}

static void table_free_name(const struct table_printer *self, char *name, size_t size)
{
  snprintf(name, size, "event_time");
  for (unsigned n = 2; table_has_name(self, name); n++)
    snprintf(name, size, "event_time_%u", n);
}

static void table_put_path(const struct wr_discovered_time *time, struct wr_buffer *out)
{
  if (time->outer) {
    wr_shape_put_name(time->outer->name, out);
    wr_buffer_put_char(out, '.');
  }
  wr_shape_put_name(time->column->name, out);
}

static void table_put_computed(const struct table_printer *self, const char *name)
{
  static const char *const forms[][2] = {
      [WR_TIME_UNIT_ITSELF] = {"", ""},
      [WR_TIME_UNIT_SECONDS] = {"TO_TIMESTAMP_LTZ(", ", 0)"},
      [WR_TIME_UNIT_FRACTIONS] = {"TO_TIMESTAMP_LTZ(CAST(", " * 1000 AS BIGINT), 3)"},
      [WR_TIME_UNIT_MS] = {"TO_TIMESTAMP_LTZ(", ", 3)"},
      [WR_TIME_UNIT_US] = {"TO_TIMESTAMP_LTZ(", " / 1000, 3)"},
      [WR_TIME_UNIT_NS] = {"TO_TIMESTAMP_LTZ(", " / 1000000, 3)"},
  };
  const struct wr_discovered_time *time = &self->found->time;
  wr_buffer_print(self->out, "  %s AS %s", name, forms[time->unit][0]);
  table_put_path(time, self->out);
  wr_buffer_print(self->out, "%s,\n", forms[time->unit][1]);
}

static void table_put_delay(const struct table_printer *self, struct wr_slice name,
                            int64_t delay_us)
{
  static const struct {
    int64_t seconds;
    const char *unit;
  } units[] = {{86400, "DAY"}, {3600, "HOUR"}, {60, "MINUTE"}, {1, "SECOND"}};
  int64_t seconds = delay_us / 1000000;
  size_t u = 0;
  while (seconds % units[u].seconds)
    u++;
  wr_buffer_put_string(self->out, "  WATERMARK FOR ");
  wr_shape_put_name(name, self->out);
  wr_buffer_put_string(self->out, " AS ");
  wr_shape_put_name(name, self->out);
  wr_buffer_print(self->out, " - INTERVAL '%lld' %s", (long long)(seconds / units[u].seconds),
                  units[u].unit);
}

static void table_put_time(const struct table_printer *self)
{
  const struct wr_discovered_time *time = &self->found->time;
  char made[32], behind[WR_INTERVAL_CHARS + 1];
  table_free_name(self, made, sizeof made);
  struct wr_slice name = {made, (uint32_t)strlen(made)};
  if (time->unit == WR_TIME_UNIT_NONE) {
    wr_buffer_print(self->out, "  %s TIMESTAMP_LTZ(3) METADATA FROM '%s' VIRTUAL,\n", made,
                    self->table->record_time);
    table_put_delay(self, name, 5000000);
    wr_buffer_put_string(self->out, "  -- no column looks like the time\n");
    return;
  }
  if (time->unit == WR_TIME_UNIT_ITSELF && !time->outer)
    name = time->column->name;
  else
    table_put_computed(self, made);
  size_t line = self->out->length;
  table_put_delay(self, name, time->delay_us);
  table_pad(self->out, line);
  behind[wr_format_duration(time->behind_us, behind)] = '\0';
  if (time->behind_us > time->delay_us)
    wr_buffer_print(self->out,
                    "-- rows came up to %s behind earlier ones; 7 d is the most that is proposed, "
                    "what comes later is late\n",
                    behind);
  else if (time->behind_us)
    wr_buffer_print(self->out, "-- rows came up to %s behind earlier ones\n", behind);
  else
    wr_buffer_put_string(self->out, "-- rows came in order\n");
}

/* ---- folders */

static struct wr_slice table_slice(const char *text)
{
  return (struct wr_slice){text, (uint32_t)strlen(text)};
}

/* The next folder from *at on that no column of the records is called like; NULL: none. */
static const struct wr_discovered_folder *table_next_folder(const struct table_printer *self,
                                                            uint32_t *at)
{
  while (*at < self->table->folder_count) {
    const struct wr_discovered_folder *folder = &self->table->folders[(*at)++];
    if (!table_has_column(self->found, folder->column))
      return folder;
  }
  return NULL;
}

static bool table_is_partitioned(const struct table_printer *self)
{
  uint32_t at = 0;
  return table_next_folder(self, &at) != NULL;
}

static void table_put_folder_columns(const struct table_printer *self, const char *last_comma)
{
  uint32_t at = 0;
  const struct wr_discovered_folder *folder = table_next_folder(self, &at), *next;
  for (; folder; folder = next) {
    size_t line = self->out->length;
    next = table_next_folder(self, &at);
    wr_buffer_put_string(self->out, "  ");
    wr_shape_put_name(table_slice(folder->column), self->out);
    wr_buffer_print(self->out, " STRING%s", next ? "," : last_comma);
    table_pad(self->out, line);
    wr_buffer_print(self->out, "-- of the files' folders; %s\n", folder->value);
  }
}

static void table_put_partitioned(const struct table_printer *self)
{
  uint32_t at = 0;
  const char *separator = "PARTITIONED BY (";
  for (const struct wr_discovered_folder *folder; (folder = table_next_folder(self, &at));
       separator = ", ") {
    wr_buffer_put_string(self->out, separator);
    wr_shape_put_name(table_slice(folder->column), self->out);
  }
  wr_buffer_put_string(self->out, ") ");
}

/* What the folders say and the table does not. */
static void table_put_folder_comments(const struct table_printer *self)
{
  for (uint32_t i = 0; i < self->table->folder_count; i++)
    if (table_has_column(self->found, self->table->folders[i].column))
      wr_buffer_print(self->out,
                      "-- The column %s is that of the records; the folders have one, too (%s).\n",
                      self->table->folders[i].column, self->table->folders[i].value);
}

/* ---- the whole */

static void table_put_head(const struct table_printer *self)
{
  const struct wr_discovery *found = self->found;
  struct wr_buffer *out = self->out;
  wr_buffer_print(out, "-- From %llu record%s (%llu bytes) of %s.\n",
                  (unsigned long long)found->record_count, found->record_count == 1 ? "" : "s",
                  (unsigned long long)found->byte_count, self->table->source);
  if (found->bad_count)
    wr_buffer_print(out,
                    "-- %llu of them do not fit the table: they go to error_stream when it is "
                    "read.\n",
                    (unsigned long long)found->bad_count);
  if (found->left_out_names)
    wr_buffer_print(out,
                    "-- %llu value%s left out: names cannot be those of columns, or are too many; "
                    "one is '%s'.\n",
                    (unsigned long long)found->left_out_names,
                    found->left_out_names == 1 ? " is" : "s are", found->left_out_name);
  if (found->format == WR_DISCOVERED_CSV && !found->is_header_sure)
    wr_buffer_print(out,
                    "-- Files seem to begin with%s names of columns; --header %s says otherwise.\n",
                    found->has_header ? "" : "out", found->has_header ? "no" : "yes");
  table_put_folder_comments(self);
}

static void table_put_option(struct wr_buffer *out, const char *separator, const char *key,
                             const char *value)
{
  wr_buffer_print(out, "%s  ", separator);
  table_put_text(out, key);
  wr_buffer_put_string(out, " = ");
  table_put_text(out, value);
}

static void table_put_options(const struct table_printer *self)
{
  static const char *const formats[] = {"json", "csv", "raw"};
  const struct wr_discovery *found = self->found;
  struct wr_buffer *out = self->out;
  const char *separator = "";
  for (const char *const *option = self->table->options; *option; option += 2) {
    table_put_option(out, separator, option[0], option[1]);
    separator = ",\n";
  }
  table_put_option(out, separator, "format", formats[found->format]);
  if (found->compression)
    table_put_option(out, ",\n", "value.compression", found->compression);
  if (found->format == WR_DISCOVERED_CSV && found->delimiter != ',') {
    const char delimiter[] = {found->delimiter, '\0'};
    table_put_option(out, ",\n", "csv.field-delimiter", *delimiter == '\t' ? "\\t" : delimiter);
  }
  if (found->format == WR_DISCOVERED_CSV && found->has_header)
    table_put_option(out, ",\n", "csv.header", "true");
  for (const char *const *key = self->table->secrets; *key; key++)
    wr_buffer_print(out, "\n  -- , '%s' = '...' has to be filled in", *key);
}

void wr_discover_put_table(const struct wr_discovery *found,
                           const struct wr_discovered_table *table, struct wr_buffer *out)
{
  const struct table_printer self = {found, table, out};
  const struct wr_shape *columns = found->columns;
  bool has_time = found->time.unit != WR_TIME_UNIT_NONE || table->record_time;
  bool is_partitioned = table_is_partitioned(&self);
  table_put_head(&self);
  wr_buffer_put_string(out, "CREATE TABLE ");
  wr_shape_put_name((struct wr_slice){table->name, (uint32_t)strlen(table->name)}, out);
  wr_buffer_put_string(out, " (\n");
  for (uint32_t i = 0; i < columns->member_count; i++)
    table_put_column(&self, columns->members[i],
                     has_time || is_partitioned || i + 1 < columns->member_count ? "," : "");
  if (is_partitioned)
    table_put_folder_columns(&self, has_time ? "," : "");
  if (has_time)
    table_put_time(&self);
  wr_buffer_put_string(out, ") ");
  if (is_partitioned)
    table_put_partitioned(&self);
  wr_buffer_put_string(out, "WITH (\n");
  table_put_options(&self);
  wr_buffer_put_string(out, "\n);\n");
}
