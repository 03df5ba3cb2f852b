/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CREATE, DROP, ALTER and USE: what changes the catalogue. A change is for the statements behind
 * it; those before have bound what they found. A name whose CREATE fails is remembered, so that
 * what only lacks it is not told as well.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "planner/program_builder.h"
#include "planner/rowtime.h"
#include "planner/table.h"
#include "planner/user_function.h"

static const char *declare_last(const struct wr_tree_name *name)
{
  return name->parts.items[name->parts.count - 1]->text;
}

/* Passes the code on, and remembers the name if it is an error. */
static enum wr_code declare_done(struct wr_program_builder *builder,
                                 const struct wr_tree_name *name, enum wr_code code)
{
  if (code)
    wr_catalogue_note_failed(&builder->catalogue, declare_last(name));
  return code;
}

/* ---- CREATE TABLE ... AS */

/* The columns of a query, found by binding it in a job of its own. */
static enum wr_code declare_query_schema(struct wr_program_builder *builder,
                                         const struct wr_tree_query *query,
                                         const struct wr_schema **out, struct wr_error *err)
{
  struct wr_binder trial = {.arena = builder->arena,
                            .catalogue = &builder->catalogue,
                            .binding = builder->settings.binding,
                            .settings = &builder->settings,
                            .trial = true};
  struct wr_logical *node;
  enum wr_code code = wr_bind_query(&trial, query, &node, err);
  if (code)
    return code;
  node = wr_rowtime_drop(&trial, node);
  *out = &node->schema;
  for (uint32_t c = 0; c < node->schema.column_count; c++) {
    const struct wr_field *field = &node->schema.fields[c];
    if (field->type->kind != WR_NULL)
      continue;
    wr_fail_at(err, WR_SEMANTIC, wr_tree_column_span(query, c),
               "the column '%s' is NULL and has no type", field->name);
    wr_state(err, WR_STATE_DATATYPE_MISMATCH);
    return wr_hint(err, "give it one: CAST(NULL AS STRING) AS %s", field->name);
  }
  return WR_OK;
}

/* INSERT INTO the new table (the columns of the query) query. */
static enum wr_code declare_fill(struct wr_program_builder *builder,
                                 const struct wr_tree_statement *statement,
                                 const struct wr_schema *query, struct wr_error *err)
{
  const struct wr_tree_create_table *tree = statement->create_table;
  struct wr_tree_insert insert = {.table = tree->name, .query = tree->query};
  uint32_t count = query->column_count;
  insert.columns.items = WR_NEW_ARRAY(builder->arena, struct wr_tree_identifier *, count);
  insert.columns.count = count;
  for (uint32_t c = 0; c < count; c++) {
    struct wr_tree_identifier *part = WR_NEW(builder->arena, struct wr_tree_identifier);
    *part = (struct wr_tree_identifier){.span = wr_tree_column_span(tree->query, c),
                                        .text = query->fields[c].name,
                                        .length = (uint32_t)strlen(query->fields[c].name)};
    insert.columns.items[c] = part;
  }
  struct wr_draft *draft = wr_program_inserts(builder, statement->span);
  struct wr_logical *root;
  draft->binder.binding = builder->settings.binding;
  const struct wr_binder before = draft->binder;
  enum wr_code code = wr_bind_insert(&draft->binder, &insert,
                                     wr_program_text(builder, statement->span), &root, err);
  if (code)
    draft->binder = before;
  else
    wr_draft_add_root(draft, root);
  return code;
}

/* ---- CREATE */

static enum wr_code declare_table(struct wr_program_builder *builder,
                                  const struct wr_tree_statement *statement, struct wr_error *err)
{
  const struct wr_tree_create_table *tree = statement->create_table;
  bool create;
  const char *name;
  const struct wr_schema *query = NULL;
  const struct wr_table_definition *definition;
  const struct wr_table *table;
  enum wr_code code = WR_OK;
  if (tree->query)
    code = declare_query_schema(builder, tree->query, &query, err);
  if (code == WR_OK) /* defined before the old one is replaced: LIKE and AS may speak of it */
    code = wr_table_define(&builder->settings, &builder->catalogue, declare_last(&tree->name), tree,
                           query, &definition, err);
  if (code == WR_OK)
    wr_table_warn_elsewhere(&builder->settings, definition);
  if (code == WR_OK)
    code = wr_catalogue_may_create(&builder->catalogue, &tree->name, tree->if_not_exists,
                                   tree->or_replace, &create, &name, err);
  if (code || !create)
    return code;
  code = wr_table_create(&builder->catalogue, definition, &table, err);
  if (code)
    return code;
  wr_catalogue_add_table(&builder->catalogue, table);
  bool fills = query && statement->span.offset >= builder->options->declared_bytes;
  return fills ? declare_fill(builder, statement, query, err) : WR_OK;
}

enum wr_code wr_program_create_table(struct wr_program_builder *builder,
                                     const struct wr_tree_statement *statement,
                                     struct wr_error *err)
{
  return declare_done(builder, &statement->create_table->name,
                      declare_table(builder, statement, err));
}

/* Bound once for its errors and its columns; what uses it binds it again in its own job. */
static enum wr_code declare_view(struct wr_program_builder *builder, struct wr_view *view,
                                 const struct wr_tree_name *name, struct wr_error *err)
{
  struct wr_binder trial = {.arena = builder->arena,
                            .catalogue = &builder->catalogue,
                            .binding = builder->settings.binding,
                            .settings = &builder->settings,
                            .trial = true};
  struct wr_logical *node;
  view->binding = builder->settings.binding;
  enum wr_code code = wr_bind_table_name(&trial, name, &node, err);
  if (code == WR_OK)
    view->schema = node->schema;
  return code;
}

enum wr_code wr_program_create_view(struct wr_program_builder *builder,
                                    const struct wr_tree_create_view *tree, struct wr_error *err)
{
  bool create;
  struct wr_view *view = WR_NEW(builder->arena, struct wr_view);
  enum wr_code code = wr_catalogue_may_create(&builder->catalogue, &tree->name, tree->if_not_exists,
                                              tree->or_replace, &create, &view->name, err);
  if (code || !create)
    return code;
  view->query = tree->query;
  view->columns = &tree->columns;
  view->binding = builder->settings.binding;
  view->comment = tree->comment ? tree->comment->bytes : NULL;
  view->temporary = tree->temporary;
  wr_catalogue_add_view(&builder->catalogue, view);
  code = declare_view(builder, view, &tree->name, err);
  if (code)
    wr_catalogue_remove(&builder->catalogue, wr_catalogue_find(&builder->catalogue, view->name));
  return declare_done(builder, &tree->name, code);
}

/* ---- functions */

static enum wr_code declare_function_again(const struct wr_tree_create_function *tree,
                                           const char *name, struct wr_error *err)
{
  if (tree->if_not_exists)
    return WR_OK;
  wr_fail_at(err, WR_SEMANTIC, tree->name.span, "a function '%s' exists already", name);
  wr_state(err, WR_STATE_DUPLICATE_FUNCTION);
  return wr_hint(err,
                 tree->is_routine
                     ? "functions of one name have different parameters: replace it with CREATE "
                       "OR REPLACE FUNCTION or choose another name"
                     : "a name has one function, whatever its parameters: replace it with CREATE "
                       "OR REPLACE FUNCTION or choose another name");
}

static enum wr_code declare_function(struct wr_program_builder *builder,
                                     const struct wr_tree_create_function *tree,
                                     struct wr_error *err)
{
  const char *name;
  struct wr_user_function *function;
  const struct wr_user_function *old = NULL;
  enum wr_code code = wr_catalogue_plain_name(&tree->name, &name, err);
  if (code)
    return code;
  if (!tree->or_replace && !tree->is_routine &&
      (old = wr_catalogue_find_function(&builder->catalogue, name)) != NULL)
    return declare_function_again(tree, name, err);
  code = wr_bind_user_function(&builder->catalogue, builder->settings.binding, tree, name,
                               &function, err);
  if (code)
    return code;
  for (old = builder->catalogue.functions; old; old = old->next)
    if (strcasecmp(old->name, name) == 0 && wr_user_functions_collide(old, function))
      break;
  if (old && !tree->or_replace)
    return declare_function_again(tree, name, err);
  wr_catalogue_put_function(&builder->catalogue, function, old);
  return WR_OK;
}

enum wr_code wr_program_create_function(struct wr_program_builder *builder,
                                        const struct wr_tree_create_function *tree,
                                        struct wr_error *err)
{
  return declare_done(builder, &tree->name, declare_function(builder, tree, err));
}

/* ---- DROP */

static enum wr_code declare_drop_function(struct wr_program_builder *builder,
                                          const struct wr_tree_drop *tree, struct wr_error *err)
{
  const char *name;
  enum wr_code code = wr_catalogue_plain_name(&tree->name, &name, err);
  if (code)
    return code;
  const struct wr_user_function *function = wr_catalogue_find_function(&builder->catalogue, name);
  bool is_mine = function != NULL;
  for (; function; function = wr_catalogue_find_function(&builder->catalogue, name))
    wr_catalogue_drop_function(&builder->catalogue, function);
  if (is_mine || tree->if_exists)
    return WR_OK;
  bool is_built_in = wr_function_exists(name) || wr_aggregate_exists(name);
  wr_fail_at(err, WR_SEMANTIC, tree->name.span,
             is_built_in ? "the built-in function %s cannot be dropped"
                         : "there is no function '%s'",
             name);
  if (is_built_in)
    return wr_state(err, WR_STATE_RESERVED_NAME);
  wr_state(err, wr_catalogue_has_failed(&builder->catalogue, name) ? WR_STATE_FOLLOWS
                                                                   : WR_STATE_UNDEFINED_FUNCTION);
  const char *near = wr_catalogue_nearest_function(&builder->catalogue, name);
  return near ? wr_hint(err, "did you mean %s?", near) : err->code;
}

enum wr_code wr_program_drop(struct wr_program_builder *builder, const struct wr_tree_drop *tree,
                             struct wr_error *err)
{
  return tree->object == WR_TREE_OBJECT_FUNCTION
             ? declare_drop_function(builder, tree, err)
             : wr_catalogue_drop(&builder->catalogue, tree, err);
}

/* ---- ALTER */

/* An option that is missing now: it is the RESET that took it away. */
static void alter_blame_reset(const struct wr_tree_texts *keys, struct wr_error *err)
{
  char quoted[160];
  for (uint32_t k = 0; k < keys->count; k++) {
    snprintf(quoted, sizeof quoted, "'%.150s'", keys->items[k]->bytes);
    if (!strstr(err->message, quoted) && !strstr(err->hint, quoted))
      continue;
    err->span = keys->items[k]->span;
    return;
  }
}

static enum wr_code alter_options(struct wr_program_builder *builder,
                                  const struct wr_tree_alter *tree, const struct wr_object *object,
                                  struct wr_error *err)
{
  const struct wr_options *old = &object->table->definition->options;
  struct wr_options options;
  enum wr_code code = WR_OK;
  if (tree->kind == WR_TREE_ALTER_SET_OPTIONS) {
    code = wr_table_merge_options(builder->arena, old, &tree->options, &options, err);
  } else {
    struct wr_option_value *kept =
        WR_NEW_ARRAY(builder->arena, struct wr_option_value, old->value_count);
    options = (struct wr_options){.values = kept};
    for (uint32_t i = 0; i < old->value_count; i++) {
      uint32_t k = 0;
      while (k < tree->keys.count && strcmp(tree->keys.items[k]->bytes, old->values[i].key) != 0)
        k++;
      if (k == tree->keys.count)
        kept[options.value_count++] = old->values[i];
    }
  }
  const struct wr_table *table;
  if (code == WR_OK)
    code =
        wr_table_with_options(builder->arena, object->table, object->name, &options, &table, err);
  if (code == WR_OK)
    wr_table_warn_elsewhere(&builder->settings, table->definition);
  if (code != WR_OK && tree->kind == WR_TREE_ALTER_RESET_OPTIONS)
    alter_blame_reset(&tree->keys, err);
  if (code == WR_OK)
    wr_catalogue_replace(&builder->catalogue, object, object->name, table, NULL);
  return code;
}

static enum wr_code alter_rename(struct wr_program_builder *builder,
                                 const struct wr_tree_alter *tree, const struct wr_object *object,
                                 struct wr_error *err)
{
  const char *name;
  bool create;
  enum wr_code code = wr_catalogue_may_create(&builder->catalogue, tree->new_name, false, false,
                                              &create, &name, err);
  if (code)
    return code;
  if (object->kind == WR_OBJECT_VIEW) {
    struct wr_view *view = WR_NEW(builder->arena, struct wr_view);
    *view = *object->view;
    view->name = name;
    wr_catalogue_replace(&builder->catalogue, object, name, NULL, view);
    return WR_OK;
  }
  struct wr_table *table = WR_NEW(builder->arena, struct wr_table);
  struct wr_table_definition *definition = WR_NEW(builder->arena, struct wr_table_definition);
  *table = *object->table;
  *definition = *table->definition;
  table->name = definition->name = name;
  table->definition = definition;
  table->variants = WR_NEW(builder->arena, struct wr_table_variant *);
  wr_catalogue_replace(&builder->catalogue, object, name, table, NULL);
  return WR_OK;
}

/* The new query must hold before it takes the place of the old one. */
static enum wr_code alter_query(struct wr_program_builder *builder,
                                const struct wr_tree_alter *tree, const struct wr_object *object,
                                struct wr_error *err)
{
  static const struct wr_tree_identifiers no_columns = {0};
  const struct wr_view *old = object->view;
  struct wr_view *view = WR_NEW(builder->arena, struct wr_view);
  *view = *old;
  view->query = tree->query;
  view->columns = &no_columns;
  wr_catalogue_replace(&builder->catalogue, object, object->name, NULL, view);
  enum wr_code code = declare_view(builder, view, &tree->name, err);
  if (code)
    wr_catalogue_replace(&builder->catalogue, object, object->name, NULL, old);
  return code;
}

enum wr_code wr_program_alter(struct wr_program_builder *builder, const struct wr_tree_alter *tree,
                              struct wr_error *err)
{
  const struct wr_object *object;
  enum wr_code code = wr_catalogue_get(&builder->catalogue, &tree->name, &object, err);
  if (code) {
    bool is_unknown = strcmp(err->state, WR_STATE_UNDEFINED_TABLE) == 0;
    return tree->if_exists && is_unknown ? WR_OK : code;
  }
  bool wants_view = tree->object == WR_TREE_OBJECT_VIEW;
  enum wr_object_kind wanted = wants_view ? WR_OBJECT_VIEW : WR_OBJECT_TABLE;
  if (object->kind != wanted) {
    wr_fail_at(err, WR_SEMANTIC, tree->name.span, "'%s' is %s and no %s", object->name,
               object->kind == WR_OBJECT_REJECTS  ? "the built-in stream of rejected rows"
               : object->kind == WR_OBJECT_STREAM ? "a stream"
               : wants_view                       ? "a table"
                                                  : "a view",
               wants_view ? "view" : "table");
    return wr_state(err, WR_STATE_WRONG_OBJECT_TYPE);
  }
  switch (tree->kind) {
  case WR_TREE_ALTER_RENAME: return alter_rename(builder, tree, object, err);
  case WR_TREE_ALTER_SET_OPTIONS:
  case WR_TREE_ALTER_RESET_OPTIONS: return alter_options(builder, tree, object, err);
  case WR_TREE_ALTER_AS: return alter_query(builder, tree, object, err);
  }
  assert(!"a change of another kind");
  return WR_INTERNAL;
}

/* ---- USE */

/* There is one catalogue with one database; saying so is allowed. */
enum wr_code wr_program_use(struct wr_program_builder *builder, const struct wr_tree_use *tree,
                            struct wr_error *err)
{
  static const char *const places[] = {"default_catalog", "default_database"};
  (void)builder;
  const struct wr_tree_identifiers *parts = &tree->name.parts;
  uint32_t first = tree->catalog || parts->count > 1 ? 0 : 1, most = tree->catalog ? 1 : 2;
  for (uint32_t i = 0; i < parts->count; i++) {
    const struct wr_tree_identifier *part = parts->items[i];
    uint32_t place = first + i;
    if (i < most && place < 2 && strcmp(part->text, places[place]) == 0)
      continue;
    wr_fail_at(err, WR_UNSUPPORTED, part->span, "there is no %s '%s'",
               place == 0 ? "catalogue" : "database", part->text);
    wr_state(err, WR_STATE_UNDEFINED_OBJECT);
    return wr_hint(err, "there is only %s", places[place == 0 ? 0 : 1]);
  }
  return WR_OK;
}
