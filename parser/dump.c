/* SPDX-License-Identifier: Apache-2.0 */
/* Statements and queries; expressions and types are in dump_expression.c. */
#include "parser/dump.h"

#include <assert.h>

#include "parser/dump_part.h"

static void dump_hints(FILE *file, const struct wr_tree_hints *hints)
{
  for (uint32_t i = 0; i < hints->count; i++) {
    const struct wr_tree_hint *hint = hints->items[i];
    fprintf(file, " (hint %s", hint->name->text);
    wr_dump_options(file, &hint->options);
    for (uint32_t w = 0; w < hint->words.count; w++)
      fprintf(file, " %s", hint->words.items[w]->bytes);
    fputc(')', file);
  }
}

static void dump_flags(FILE *file, bool first, const char *first_word, bool second,
                       const char *second_word)
{
  if (first)
    fprintf(file, " %s", first_word);
  if (second)
    fprintf(file, " %s", second_word);
}

static void dump_part(FILE *file, const char *word, const struct wr_tree_expression *value)
{
  if (!value)
    return;
  fprintf(file, " (%s ", word);
  wr_dump_expression(file, value);
  fputc(')', file);
}

/* ---- relations */

static void dump_relation(FILE *file, const struct wr_tree_relation *relation);

static void dump_join(FILE *file, const struct wr_tree_relation *relation)
{
  static const char *const kinds[] = {"comma", "cross", "inner", "left", "right", "full"};
  fprintf(file, "(%s%s ", relation->join.natural ? "natural " : "", kinds[relation->join.kind]);
  dump_relation(file, relation->join.left);
  fputc(' ', file);
  dump_relation(file, relation->join.right);
  dump_part(file, "on", relation->join.on);
  wr_dump_identifiers(file, "using", &relation->join.using);
  fputc(')', file);
}

static void dump_named(FILE *file, const struct wr_tree_identifier *name,
                       const struct wr_tree_expression *value)
{
  fputs(" (as ", file);
  wr_dump_identifier(file, name);
  fputc(' ', file);
  wr_dump_expression(file, value);
  fputc(')', file);
}

/* A, A{2,}, A{0,1}? */
static void dump_match_step(FILE *file, const struct wr_tree_match_step *step)
{
  fputc(' ', file);
  wr_dump_identifier(file, step->variable);
  if (step->quantifier.length == 0)
    return;
  fprintf(file, "{%u", step->least);
  if (step->most == WR_TREE_NO_MOST)
    fputc(',', file);
  else if (step->most != step->least)
    fprintf(file, ",%u", step->most);
  fputs(step->reluctant ? "}?" : "}", file);
}

static void dump_match(FILE *file, const struct wr_tree_match *match)
{
  static const char *const skips[] = {"to-next-row", "past-last-row", "to-first", "to-last"};
  fputs("(match ", file);
  dump_relation(file, match->input);
  wr_dump_expressions(file, "partition", &match->partition_by);
  wr_dump_orders(file, "order", &match->order_by);
  if (match->measures.count > 0)
    fputs(" (measures", file);
  for (uint32_t i = 0; i < match->measures.count; i++)
    dump_named(file, match->measures.items[i]->alias, match->measures.items[i]->value);
  fputs(match->measures.count > 0 ? ") (skip " : " (skip ", file);
  fputs(skips[match->skip], file);
  if (match->skip_variable) {
    fputc(' ', file);
    wr_dump_identifier(file, match->skip_variable);
  }
  fputs(") (pattern", file);
  for (uint32_t i = 0; i < match->steps.count; i++)
    dump_match_step(file, match->steps.items[i]);
  fputc(')', file);
  dump_part(file, "within", match->within);
  if (match->definitions.count > 0)
    fputs(" (define", file);
  for (uint32_t i = 0; i < match->definitions.count; i++)
    dump_named(file, match->definitions.items[i]->variable, match->definitions.items[i]->condition);
  if (match->definitions.count > 0)
    fputc(')', file);
}

static void dump_relation_body(FILE *file, const struct wr_tree_relation *relation)
{
  switch (relation->kind) {
  case WR_TREE_TABLE:
    fputs("(table ", file);
    wr_dump_name(file, &relation->table.name);
    dump_hints(file, &relation->table.hints);
    dump_part(file, "as-of", relation->table.as_of);
    break;
  case WR_TREE_DERIVED:
    fputs(relation->derived.lateral ? "(lateral " : "(derived ", file);
    wr_dump_query(file, relation->derived.query);
    break;
  case WR_TREE_TABLE_FUNCTION:
    fputs(relation->function.lateral ? "(lateral " : "(function ", file);
    wr_dump_expression(file, relation->function.call);
    break;
  case WR_TREE_UNNEST:
    fputs("(unnest", file);
    wr_dump_expressions(file, NULL, &relation->unnest.values);
    dump_flags(file, relation->unnest.with_ordinality, "ordinality", false, "");
    break;
  case WR_TREE_MATCH: dump_match(file, relation->match); break;
  case WR_TREE_JOIN: assert(!"handled by dump_join"); break;
  }
  fputc(')', file);
}

static void dump_relation(FILE *file, const struct wr_tree_relation *relation)
{
  if (relation->kind == WR_TREE_JOIN) {
    dump_join(file, relation);
    return;
  }
  if (relation->alias) {
    fputs("(as ", file);
    wr_dump_identifier(file, relation->alias);
    fputc(' ', file);
  }
  if (relation->over)
    fputs("(windowed ", file);
  dump_relation_body(file, relation);
  if (relation->over) {
    fputc(' ', file);
    wr_dump_window(file, relation->over);
    fputc(')', file);
  }
  if (!relation->alias)
    return;
  wr_dump_identifiers(file, "columns", &relation->alias_columns);
  fputc(')', file);
}

/* ---- queries */

static void dump_group(FILE *file, const struct wr_tree_group *group)
{
  static const char *const kinds[] = {"", "set", "grouping-sets", "rollup", "cube"};
  if (group->kind == WR_TREE_GROUP_VALUE) {
    wr_dump_expression(file, group->value);
    return;
  }
  fprintf(file, "(%s", kinds[group->kind]);
  wr_dump_expressions(file, NULL, &group->values);
  for (uint32_t i = 0; i < group->groups.count; i++) {
    fputc(' ', file);
    dump_group(file, group->groups.items[i]);
  }
  fputc(')', file);
}

static void dump_stagger(FILE *file, const struct wr_tree_stagger *stagger)
{
  if (!stagger)
    return;
  fputs(" (stagger", file);
  wr_dump_expressions(file, "partition", &stagger->partition_by);
  dump_part(file, "range", stagger->range);
  fputc(')', file);
}

static void dump_select(FILE *file, const struct wr_tree_select *select)
{
  fputs("(select", file);
  dump_flags(file, select->stream_span.length > 0, "stream", select->distinct, "distinct");
  dump_hints(file, &select->hints);
  fputs(" (items", file);
  for (uint32_t i = 0; i < select->items.count; i++) {
    const struct wr_tree_item *item = select->items.items[i];
    fputc(' ', file);
    if (item->alias) {
      fputs("(as ", file);
      wr_dump_identifier(file, item->alias);
      fputc(' ', file);
    }
    wr_dump_expression(file, item->value);
    if (item->alias)
      fputc(')', file);
  }
  fputc(')', file);
  if (select->from) {
    fputs(" (from ", file);
    dump_relation(file, select->from);
    fputc(')', file);
  }
  dump_part(file, "where", select->where);
  if (select->group_by.count > 0) {
    fputs(" (group", file);
    for (uint32_t i = 0; i < select->group_by.count; i++) {
      fputc(' ', file);
      dump_group(file, select->group_by.items[i]);
    }
    fputc(')', file);
  }
  dump_stagger(file, select->stagger);
  dump_part(file, "having", select->having);
  for (uint32_t i = 0; i < select->windows.count; i++) {
    fputc(' ', file);
    wr_dump_window(file, select->windows.items[i]);
  }
  dump_part(file, "qualify", select->qualify);
  if (select->emit_span.length > 0 && !select->emit_every)
    fputs(" (emit)", file);
  dump_part(file, "emit", select->emit_every);
  fputc(')', file);
}

static void dump_query_body(FILE *file, const struct wr_tree_query *query)
{
  static const char *const operators[] = {"union", "intersect", "except"};
  switch (query->kind) {
  case WR_TREE_SELECT: dump_select(file, query->select); break;
  case WR_TREE_VALUES:
    fputs("(values", file);
    wr_dump_expressions(file, NULL, &query->rows);
    fputc(')', file);
    break;
  case WR_TREE_TABLE_QUERY:
    fputs("(table ", file);
    wr_dump_name(file, &query->table);
    fputc(')', file);
    break;
  case WR_TREE_SET_OPERATION:
    fprintf(file, "(%s%s ", operators[query->set.operator], query->set.all ? " all" : "");
    wr_dump_query(file, query->set.left);
    fputc(' ', file);
    wr_dump_query(file, query->set.right);
    fputc(')', file);
    break;
  case WR_TREE_NESTED: wr_dump_query(file, query->nested); break;
  }
}

void wr_dump_query(FILE *file, const struct wr_tree_query *query)
{
  bool is_plain = query->with.count == 0 && query->order_by.count == 0 && !query->limit &&
                  !query->offset && query->kind != WR_TREE_NESTED;
  if (is_plain) {
    dump_query_body(file, query);
    return;
  }
  fputs("(query", file);
  for (uint32_t i = 0; i < query->with.count; i++) {
    const struct wr_tree_common *common = query->with.items[i];
    fprintf(file, " (with %s", common->name->text);
    wr_dump_identifiers(file, "columns", &common->columns);
    fputc(' ', file);
    wr_dump_query(file, common->query);
    fputc(')', file);
  }
  fputc(' ', file);
  dump_query_body(file, query);
  wr_dump_orders(file, "order", &query->order_by);
  dump_part(file, "within", query->within);
  dump_part(file, "limit", query->limit);
  dump_part(file, "offset", query->offset);
  fputc(')', file);
}

/* ---- statements */

static void dump_column(FILE *file, const struct wr_tree_column_definition *column)
{
  fputs(" (", file);
  wr_dump_identifier(file, column->name);
  fputc(' ', file);
  if (column->type)
    wr_dump_type(file, column->type);
  if (column->kind == WR_TREE_METADATA)
    fputs(" metadata", file);
  if (column->metadata_key)
    wr_dump_text(file, column->metadata_key);
  dump_flags(file, column->is_virtual, "virtual", false, "");
  if (column->value)
    wr_dump_expression(file, column->value);
  if (column->comment)
    wr_dump_text(file, column->comment);
  fputc(')', file);
}

/* What a table and a stream have. */
static void dump_table_body(FILE *file, const struct wr_tree_create_table *table)
{
  fputc(' ', file);
  wr_dump_name(file, &table->name);
  for (uint32_t i = 0; i < table->columns.count; i++)
    dump_column(file, table->columns.items[i]);
  for (uint32_t i = 0; i < table->watermarks.count; i++) {
    fputs(" (watermark ", file);
    wr_dump_name(file, &table->watermarks.items[i]->column);
    fputc(' ', file);
    wr_dump_expression(file, table->watermarks.items[i]->value);
    fputc(')', file);
  }
  for (uint32_t i = 0; i < table->keys.count; i++) {
    const struct wr_tree_key *key = table->keys.items[i];
    wr_dump_identifiers(file, key->not_enforced ? "key" : "enforced-key", &key->columns);
  }
}

static void dump_table_options(FILE *file, const struct wr_tree_create_table *table)
{
  if (table->options_span.length == 0)
    return;
  fputs(" (with", file);
  wr_dump_options(file, &table->options);
  fputc(')', file);
}

static void dump_create_table(FILE *file, const struct wr_tree_create_table *table)
{
  static const char *const actions[] = {"including", "excluding", "overwriting"};
  fputs("(create-table", file);
  dump_flags(file, table->or_replace, "or-replace", table->temporary, "temporary");
  dump_flags(file, table->if_not_exists, "if-not-exists", false, "");
  dump_table_body(file, table);
  if (table->comment)
    wr_dump_text(file, table->comment);
  wr_dump_identifiers(file, "partitioned", &table->partitioned_by);
  dump_table_options(file, table);
  if (table->like) {
    fputs(" (like ", file);
    wr_dump_name(file, table->like);
    for (uint32_t i = 0; i < table->like_options.count; i++)
      fprintf(file, " (%s %s)", actions[table->like_options.items[i]->action],
              table->like_options.items[i]->feature.bytes);
    fputc(')', file);
  }
  if (table->query) {
    fputc(' ', file);
    wr_dump_query(file, table->query);
  }
  fputc(')', file);
}

static void dump_description(FILE *file, const struct wr_tree_text *description)
{
  if (!description)
    return;
  fputs(" (description", file);
  wr_dump_text(file, description);
  fputc(')', file);
}

static void dump_create_stream(FILE *file, const struct wr_tree_create_stream *stream)
{
  fputs("(create-stream", file);
  dump_flags(file, stream->table.or_replace, "or-replace", false, "");
  dump_table_body(file, &stream->table);
  dump_description(file, stream->description);
  dump_table_options(file, &stream->table);
  fputc(')', file);
}

static void dump_create_view(FILE *file, const struct wr_tree_create_view *view)
{
  fputs("(create-view", file);
  dump_flags(file, view->or_replace, "or-replace", view->temporary, "temporary");
  dump_flags(file, view->if_not_exists, "if-not-exists", false, "");
  fputc(' ', file);
  wr_dump_name(file, &view->name);
  wr_dump_identifiers(file, "columns", &view->columns);
  if (view->comment)
    wr_dump_text(file, view->comment);
  fputc(' ', file);
  wr_dump_query(file, view->query);
  fputc(')', file);
}

static void dump_create_function(FILE *file, const struct wr_tree_create_function *function)
{
  fputs("(create-function", file);
  dump_flags(file, function->or_replace, "or-replace", function->temporary, "temporary");
  dump_flags(file, function->system, "system", function->if_not_exists, "if-not-exists");
  fputc(' ', file);
  wr_dump_name(file, &function->name);
  for (uint32_t i = 0; i < function->parameters.count; i++) {
    fputs(" (", file);
    wr_dump_identifier(file, function->parameters.items[i]->name);
    fputc(' ', file);
    wr_dump_type(file, function->parameters.items[i]->type);
    fputc(')', file);
  }
  if (function->class_name) {
    fputs(" (class", file);
    wr_dump_text(file, function->class_name);
    fputc(')', file);
  } else {
    fputs(" (returns ", file);
    wr_dump_type(file, function->returns);
    fputc(')', file);
    dump_flags(file, function->null_on_null, "null-on-null", false, "");
    dump_part(file, function->is_routine ? "return" : "as", function->value);
  }
  fputc(')', file);
}

static void dump_alter(FILE *file, const struct wr_tree_alter *alter)
{
  static const char *const words[] = {"rename", "set", "reset", "as"};
  fputs(alter->object == WR_TREE_OBJECT_TABLE ? "(alter-table" : "(alter-view", file);
  dump_flags(file, alter->if_exists, "if-exists", false, "");
  fputc(' ', file);
  wr_dump_name(file, &alter->name);
  fprintf(file, " (%s", words[alter->kind]);
  if (alter->new_name) {
    fputc(' ', file);
    wr_dump_name(file, alter->new_name);
  }
  wr_dump_options(file, &alter->options);
  for (uint32_t i = 0; i < alter->keys.count; i++)
    wr_dump_text(file, alter->keys.items[i]);
  if (alter->query) {
    fputc(' ', file);
    wr_dump_query(file, alter->query);
  }
  fputs("))", file);
}

static void dump_show(FILE *file, const struct wr_tree_show *show)
{
  static const char *const words[] = {
      "tables",      "views",    "columns",         "functions", "create-table",
      "create-view", "catalogs", "current-catalog", "databases", "current-database"};
  fprintf(file, "(show %s%s", show->user ? "user " : "", words[show->kind]);
  if (show->name) {
    fputc(' ', file);
    wr_dump_name(file, show->name);
  }
  if (show->like) {
    fprintf(file, " (%s%s", show->not_like ? "not " : "", show->ignore_case ? "ilike" : "like");
    wr_dump_text(file, show->like);
    fputc(')', file);
  }
  fputc(')', file);
}

static void dump_drop(FILE *file, const struct wr_tree_drop *drop)
{
  static const char *const words[] = {"(drop-table", "(drop-view", "(drop-function"};
  fputs(words[drop->object], file);
  dump_flags(file, drop->temporary, "temporary", drop->system, "system");
  dump_flags(file, drop->if_exists, "if-exists", false, "");
  fputc(' ', file);
  wr_dump_name(file, &drop->name);
  fputc(')', file);
}

static void dump_insert(FILE *file, const struct wr_tree_insert *insert)
{
  fputs(insert->overwrite ? "(overwrite " : "(insert ", file);
  if (insert->expedited_span.length > 0)
    fputs("expedited ", file);
  wr_dump_name(file, &insert->table);
  dump_hints(file, &insert->hints);
  if (insert->partition.count > 0) {
    fputs(" (partition", file);
    wr_dump_options(file, &insert->partition);
    fputc(')', file);
  }
  wr_dump_identifiers(file, "columns", &insert->columns);
  fputc(' ', file);
  wr_dump_query(file, insert->query);
  fputc(')', file);
}

static void dump_create_pump(FILE *file, const struct wr_tree_create_pump *pump)
{
  fputs("(create-pump", file);
  dump_flags(file, pump->or_replace, "or-replace", pump->stopped_span.length > 0, "stopped");
  fputc(' ', file);
  wr_dump_name(file, &pump->name);
  dump_description(file, pump->description);
  fputc(' ', file);
  dump_insert(file, pump->insert);
  fputc(')', file);
}

static void dump_statement(FILE *file, const struct wr_tree_statement *statement)
{
  switch (statement->kind) {
  case WR_TREE_CREATE_TABLE: dump_create_table(file, statement->create_table); break;
  case WR_TREE_CREATE_VIEW: dump_create_view(file, statement->create_view); break;
  case WR_TREE_CREATE_FUNCTION: dump_create_function(file, statement->create_function); break;
  case WR_TREE_CREATE_STREAM: dump_create_stream(file, statement->create_stream); break;
  case WR_TREE_CREATE_PUMP: dump_create_pump(file, statement->create_pump); break;
  case WR_TREE_ALTER: dump_alter(file, statement->alter); break;
  case WR_TREE_SHOW: dump_show(file, &statement->show); break;
  case WR_TREE_DROP: dump_drop(file, &statement->drop); break;
  case WR_TREE_DESCRIBE:
    fputs("(describe ", file);
    wr_dump_name(file, &statement->describe);
    fputc(')', file);
    break;
  case WR_TREE_USE:
    fputs(statement->use.catalog ? "(use-catalog " : "(use ", file);
    wr_dump_name(file, &statement->use.name);
    fputc(')', file);
    break;
  case WR_TREE_INSERT: dump_insert(file, statement->insert); break;
  case WR_TREE_QUERY: wr_dump_query(file, statement->query); break;
  case WR_TREE_STATEMENT_SET:
    fputs("(statement-set", file);
    for (uint32_t i = 0; i < statement->statements.count; i++) {
      fputc(' ', file);
      dump_statement(file, statement->statements.items[i]);
    }
    fputc(')', file);
    break;
  case WR_TREE_EXPLAIN:
    fputs(statement->explain.analyze ? "(explain analyze" : "(explain", file);
    dump_flags(file, statement->explain.changelog_mode, "changelog-mode", statement->explain.json,
               "json");
    dump_flags(file, statement->explain.estimated_cost, "estimated-cost",
               statement->explain.plan_advice, "plan-advice");
    fputc(' ', file);
    dump_statement(file, statement->explain.statement);
    fputc(')', file);
    break;
  case WR_TREE_SET:
    fputs("(set", file);
    wr_dump_text(file, &statement->set.key);
    wr_dump_text(file, &statement->set.value);
    fputc(')', file);
    break;
  case WR_TREE_SHOW_SETTINGS: fputs("(set)", file); break;
  case WR_TREE_RESET:
    fputs("(reset", file);
    if (statement->reset)
      wr_dump_text(file, statement->reset);
    fputc(')', file);
    break;
  }
}

void wr_tree_dump(FILE *file, const struct wr_script *script)
{
  assert(file && script);
  for (uint32_t i = 0; i < script->statements.count; i++) {
    dump_statement(file, script->statements.items[i]);
    fputc('\n', file);
  }
}
