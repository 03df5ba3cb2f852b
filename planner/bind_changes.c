/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/bind_changes.h"

#include <string.h>

#include "formats/keyed.h"
#include "planner/ttl.h"

struct wr_logical *wr_bind_normalized(const struct wr_binder *binder, const struct wr_table *table,
                                      struct wr_logical *node)
{
  bool doubles = binder->settings &&
                 wr_settings_bool(binder->settings, "table.exec.source.cdc-events-duplicate");
  if (!wr_keyed_upserts(table->keyed) && !(doubles && node->changes && table->key_count))
    return node;
  const struct wr_logical_normalize normalize = {
      .keys = table->keys, .key_count = table->key_count, .ttl_us = wr_ttl_set_us(binder)};
  return wr_logical_normalize(binder->arena, node, &normalize);
}

struct wr_logical *wr_bind_materialized(const struct wr_binder *binder,
                                        const struct wr_table *table, struct wr_logical *node)
{
  const char *mode = binder->settings
                         ? wr_settings_text(binder->settings, "table.exec.sink.upsert-materialize")
                         : "AUTO";
  if (!wr_keyed_upserts(table->keyed) || strcmp(mode, "NONE") == 0)
    return node;
  const struct wr_logical_normalize normalize = {.keys = table->keyed->keys,
                                                 .key_count =
                                                     table->keyed->key_schema->column_count,
                                                 .is_sink = true,
                                                 .ttl_us = wr_ttl_set_us(binder)};
  if (strcmp(mode, "FORCE") != 0 &&
      (!node->changes ||
       wr_logical_replaces_by(binder->arena, node, normalize.keys, normalize.key_count)))
    return node;
  return wr_logical_normalize(binder->arena, node, &normalize);
}
