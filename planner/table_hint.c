/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same table with other options: ALTER TABLE SET and RESET, and the hint OPTIONS(...) behind a
 * table's name. Two uses with the same options get the same table, so that it is read once.
 */
#include "planner/table.h"

#include <string.h>

enum wr_code wr_table_merge_options(struct wr_arena *arena, const struct wr_options *under,
                                    const struct wr_tree_options *over, struct wr_options *out,
                                    struct wr_error *err)
{
  struct wr_option_value *values =
      WR_NEW_ARRAY(arena, struct wr_option_value, (size_t)under->value_count + over->count);
  uint32_t count = under->value_count;
  if (count)
    memcpy(values, under->values, sizeof *values * count);
  for (uint32_t i = 0; i < over->count; i++) {
    const struct wr_tree_option *option = over->items[i];
    for (uint32_t j = 0; j < i; j++)
      if (strcmp(over->items[j]->key.bytes, option->key.bytes) == 0) {
        wr_fail_at(err, WR_SEMANTIC, option->key.span, "the option '%s' is given twice",
                   option->key.bytes);
        return wr_state(err, WR_STATE_INVALID_OPTION_NAME);
      }
    uint32_t at = 0;
    while (at < count && strcmp(values[at].key, option->key.bytes) != 0)
      at++;
    values[at] = (struct wr_option_value){.key = option->key.bytes,
                                          .value = option->value.bytes,
                                          .key_span = option->key.span,
                                          .value_span = option->value.span};
    count += at == count;
  }
  *out = (struct wr_options){.values = values, .value_count = count};
  return WR_OK;
}

enum wr_code wr_table_with_options(struct wr_arena *arena, const struct wr_table *table,
                                   const char *name, const struct wr_options *options,
                                   const struct wr_table **out, struct wr_error *err)
{
  const struct wr_option_value *connector = wr_options_find_value(options, "connector");
  struct wr_table_definition *definition = WR_NEW(arena, struct wr_table_definition);
  struct wr_table *copy = WR_NEW(arena, struct wr_table);
  *definition = *table->definition;
  definition->name = name;
  definition->options = *options;
  definition->inherited_count = 0; /* those of LIKE fitted; what does not is new */
  *copy = *table;
  copy->name = name;
  copy->definition = definition;
  copy->options = &definition->options;
  copy->variants = WR_NEW(arena, struct wr_table_variant *);
  if (connector && strcmp(connector->value, table->connector->name) != 0) {
    wr_fail_at(err, WR_SEMANTIC, connector->value_span,
               "the connector of '%s' is '%s' and cannot become '%s'", name, table->connector->name,
               connector->value);
    wr_state(err, WR_STATE_INVALID_OPTION_VALUE);
    return wr_hint(err, "declare the table anew: CREATE OR REPLACE TABLE");
  }
  *out = copy;
  enum wr_code code = wr_table_read_options(arena, copy, err);
  return code ? code : wr_table_read_keyed(arena, copy, err);
}

/* The options of all hints; the only hint that tables know. */
static enum wr_code hint_options(struct wr_arena *arena, const struct wr_table *table,
                                 const struct wr_tree_hints *hints, struct wr_options *out,
                                 struct wr_error *err)
{
  *out = table->definition->options;
  for (uint32_t i = 0; i < hints->count; i++) {
    const struct wr_tree_hint *hint = hints->items[i];
    if (strcmp(hint->name->text, "OPTIONS") != 0) {
      wr_fail_at(err, WR_UNSUPPORTED, hint->span, "there is no hint %s for tables",
                 hint->name->text);
      return wr_hint(err, "tables take OPTIONS('key' = 'value')");
    }
    if (hint->words.count || hint->options.count == 0) {
      wr_fail_at(err, WR_SEMANTIC, hint->span, "the hint OPTIONS takes 'key' = 'value'");
      return wr_state(err, WR_STATE_SYNTAX_ERROR);
    }
    enum wr_code code = wr_table_merge_options(arena, out, &hint->options, out, err);
    if (code)
      return code;
  }
  return WR_OK;
}

static bool hint_same_options(const struct wr_options *a, const struct wr_options *b)
{
  for (uint32_t i = 0; i < a->value_count; i++) {
    const char *other = wr_options_find(b, a->values[i].key);
    if (!other || strcmp(other, a->values[i].value) != 0)
      return false;
  }
  return a->value_count == b->value_count;
}

enum wr_code wr_table_hinted(struct wr_arena *arena, const struct wr_table *table,
                             const struct wr_tree_hints *hints, const struct wr_table **out,
                             struct wr_error *err)
{
  struct wr_options options;
  *out = table;
  if (hints->count == 0)
    return WR_OK;
  enum wr_code code = hint_options(arena, table, hints, &options, err);
  if (code == WR_OK)
    code = wr_table_check_elsewhere_hint(table, &options, err);
  if (code || hint_same_options(&options, &table->definition->options))
    return code;
  for (const struct wr_table_variant *other = *table->variants; other; other = other->next)
    if (hint_same_options(&options, &other->table->definition->options)) {
      *out = other->table;
      return WR_OK;
    }
  code = wr_table_with_options(arena, table, table->name, &options, out, err);
  if (code)
    return code;
  struct wr_table_variant *variant = WR_NEW(arena, struct wr_table_variant);
  *variant = (struct wr_table_variant){.table = *out, .next = *table->variants};
  *table->variants = variant;
  return WR_OK;
}
