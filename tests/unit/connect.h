/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of connectors: a table made of a list of texts, the way the planner would hand it over,
 * and a folder that goes away with everything in it. */
#ifndef WEIR_TESTS_UNIT_CONNECT_H
#define WEIR_TESTS_UNIT_CONNECT_H

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "connectors/connector.h"
#include "tests/unit/check.h"

struct connect_table {
  struct wr_arena arena;
  const struct wr_connector *connector;
  struct wr_options options;
  struct wr_option_value values[24];
  uint32_t wanted[16];
  struct wr_table_spec spec;
  char notes[1024]; /* what the connector told the user */
  struct wr_error err;
};

static inline void connect_note(void *self, const char *message)
{
  struct connect_table *table = self;
  size_t length = strlen(table->notes);
  snprintf(table->notes + length, sizeof table->notes - length, "%s\n", message);
}

/* options: key, value, ..., NULL. All columns are wanted. */
static inline void connect_open(struct connect_table *table, const char *connector,
                                const struct wr_schema *schema, const char *const *options)
{
  *table = (struct connect_table){.connector = wr_connector_find(connector)};
  for (; options && options[0]; options += 2) {
    struct wr_option_value value = {.key = options[0], .value = options[1]};
    table->values[table->options.value_count++] = value;
  }
  table->options.values = table->values;
  table->spec = (struct wr_table_spec){.table = "t",
                                       .options = &table->options,
                                       .schema = schema,
                                       .wanted = table->wanted,
                                       .wanted_count = schema ? schema->column_count : 0,
                                       .task_count = 1,
                                       .note = connect_note,
                                       .note_self = table};
  for (uint32_t i = 0; i < table->spec.wanted_count; i++)
    table->wanted[i] = i;
}

static inline void connect_close(struct connect_table *table)
{
  wr_arena_free(&table->arena);
}

/* What the planner does before anything is opened. */
static inline enum wr_code connect_check(struct connect_table *table, bool writing)
{
  const struct wr_option *tables[] = {table->connector->options};
  struct wr_span nowhere = {WR_NO_POSITION, 0};
  enum wr_code code = wr_options_check(&table->options, tables, 1, "table t", nowhere, &table->err);
  if (code == WR_OK && table->connector->check)
    code = table->connector->check(&table->spec, writing, &table->err);
  return code;
}

static inline void connect_remove_folder(const char *path)
{
  DIR *folder = opendir(path);
  for (struct dirent *entry; folder && (entry = readdir(folder));) {
    char below[600];
    snprintf(below, sizeof below, "%.300s/%.255s", path, entry->d_name);
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
      continue;
    if (unlink(below) != 0)
      connect_remove_folder(below);
  }
  if (folder)
    closedir(folder);
  rmdir(path);
}

#endif
