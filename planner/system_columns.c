/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. */
#include "planner/system_columns.h"

#include <string.h>

#include "planner/catalogue.h"
#include "planner/table.h"

static bool is_system_name(const char *name)
{
  static const char *const names[] = {"APPROXIMATE_ARRIVAL_TIME", "PARTITION_KEY",
                                      "SEQUENCE_NUMBER", "SHARD_ID"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(name, names[i]) == 0)
      return true;
  return false;
}

/* An ordinary column may have such a name as well. */
static bool is_system_column(const struct wr_table_definition *table, const char *name)
{
  for (uint32_t i = 0; i < table->column_count; i++)
    if (strcmp(table->columns[i].name, name) == 0)
      return table->columns[i].kind != WR_TREE_PHYSICAL;
  return false;
}

void wr_system_columns_hide(const struct wr_binder *binder, const struct wr_tree_name *name,
                            struct wr_scope *scope)
{
  const char *first = name->parts.items[0]->text;
  const struct wr_object *object;
  struct wr_error err;
  if (!binder->binding->kinesis)
    return;
  for (const struct wr_common *common = binder->commons; common && name->parts.count == 1;
       common = common->outer)
    if (strcmp(common->tree->name->text, first) == 0)
      return;
  if (wr_catalogue_get(binder->catalogue, name, &object, &err) != WR_OK || !object->table)
    return;
  struct wr_scope_column *columns =
      WR_NEW_ARRAY(binder->arena, struct wr_scope_column, scope->column_count);
  memcpy(columns, scope->columns, scope->column_count * sizeof *columns);
  for (uint32_t i = 0; i < scope->column_count; i++)
    columns[i].hidden |= is_system_name(columns[i].name) &&
                         is_system_column(object->table->definition, columns[i].name);
  scope->columns = columns;
}
