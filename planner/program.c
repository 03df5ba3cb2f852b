/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The script, statement by statement. All INSERTs share one binder, so that they share tables and
 * views, and become one job at the end; it stands where the first of them stood. Every bare SELECT
 * and every EXPLAIN is a job of its own.
 */
#include "planner/planner.h"

#include <assert.h>

#include "parser/parser.h"
#include "planner/binder.h"
#include "planner/describe.h"
#include "planner/physical.h"
#include "planner/rule.h"
#include "planner/table.h"

/* Sinks that run together. */
struct draft {
  struct wr_binder binder;
  struct wr_logical **roots;
  uint32_t root_count, root_room;
  struct wr_span span; /* of its first statement */
  bool is_select, is_explain;
};

struct builder {
  struct wr_arena *arena;
  const char *text;
  const struct wr_planner_options *options;
  struct wr_settings settings;
  struct wr_catalogue catalogue;
  struct draft **drafts;
  uint32_t draft_count;
  struct draft *inserts; /* the common job, once there is one */
};

/* ---- drafts */

static struct draft *builder_add_draft(struct builder *builder, struct wr_span span)
{
  struct draft *draft = WR_NEW(builder->arena, struct draft);
  draft->binder = (struct wr_binder){.arena = builder->arena, .catalogue = &builder->catalogue};
  draft->span = span;
  builder->drafts[builder->draft_count++] = draft;
  return draft;
}

static void draft_add_root(struct draft *draft, struct wr_logical *root)
{
  if (draft->root_count == draft->root_room) {
    uint32_t room = draft->root_room ? 2 * draft->root_room : 4;
    struct wr_logical **roots = WR_NEW_ARRAY(draft->binder.arena, struct wr_logical *, room);
    for (uint32_t r = 0; r < draft->root_count; r++)
      roots[r] = draft->roots[r];
    draft->roots = roots;
    draft->root_room = room;
  }
  draft->roots[draft->root_count++] = root;
}

static const char *builder_statement_text(const struct builder *builder, struct wr_span span)
{
  return wr_arena_copy(builder->arena, builder->text + span.offset, span.length);
}

static enum wr_code builder_insert(struct builder *builder, struct draft *draft,
                                   const struct wr_tree_statement *statement, struct wr_error *err)
{
  assert(statement->kind == WR_TREE_INSERT);
  struct wr_logical *root;
  draft->binder.binding = builder->settings.binding;
  enum wr_code code = wr_bind_insert(&draft->binder, statement->insert,
                                     builder_statement_text(builder, statement->span), &root, err);
  if (code == WR_OK)
    draft_add_root(draft, root);
  return code;
}

static enum wr_code builder_inserts(struct builder *builder, struct draft *draft,
                                    const struct wr_tree_statements *list, struct wr_error *err)
{
  for (uint32_t i = 0; i < list->count; i++) {
    enum wr_code code = builder_insert(builder, draft, list->items[i], err);
    if (code)
      return code;
  }
  return WR_OK;
}

static bool logical_reads_rejects(const struct wr_logical *node)
{
  while (node->input)
    node = node->input;
  return node->kind == WR_LOGICAL_REJECTS;
}

static enum wr_code builder_select(struct builder *builder, struct draft *draft,
                                   const struct wr_tree_query *query, struct wr_span span,
                                   struct wr_error *err)
{
  struct wr_logical *root;
  draft->binder.binding = builder->settings.binding;
  enum wr_code code = wr_bind_console(&draft->binder, query, builder->options->result_format,
                                      builder_statement_text(builder, span), &root, err);
  if (code == WR_OK)
    draft_add_root(draft, root);
  return code;
}

/* A job of its own; but rejects are those of a job, so a look at error_stream joins the INSERTs
 * before it. */
static enum wr_code builder_query(struct builder *builder,
                                  const struct wr_tree_statement *statement, struct wr_error *err)
{
  struct draft *draft = builder_add_draft(builder, statement->span);
  draft->is_select = true;
  enum wr_code code = builder_select(builder, draft, statement->query, statement->span, err);
  if (code || !builder->inserts || !logical_reads_rejects(draft->roots[0]))
    return code;
  builder->draft_count--;
  return builder_select(builder, builder->inserts, statement->query, statement->span, err);
}

static enum wr_code builder_explain(struct builder *builder,
                                    const struct wr_tree_statement *explain, struct wr_error *err)
{
  const struct wr_tree_statement *statement = explain->explain.statement;
  struct draft *draft = builder_add_draft(builder, statement->span);
  enum wr_code code = WR_OK;
  switch (statement->kind) {
  case WR_TREE_QUERY:
    draft->is_select = true;
    code = builder_select(builder, draft, statement->query, statement->span, err);
    break;
  case WR_TREE_INSERT: code = builder_insert(builder, draft, statement, err); break;
  default:
    assert(statement->kind == WR_TREE_STATEMENT_SET);
    code = builder_inserts(builder, draft, &statement->statements, err);
    break;
  }
  draft->is_explain = true;
  return code;
}

/* ---- statements */

static enum wr_code builder_create_table(struct builder *builder,
                                         const struct wr_tree_create_table *tree,
                                         struct wr_error *err)
{
  bool create;
  const char *name;
  const struct wr_table *table;
  enum wr_code code = wr_catalogue_may_create(&builder->catalogue, &tree->name, tree->if_not_exists,
                                              tree->or_replace, &create, &name, err);
  if (code || !create)
    return code;
  code = wr_table_create(&builder->settings, name, tree, &table, err);
  if (code == WR_OK)
    wr_catalogue_add_table(&builder->catalogue, table);
  return code;
}

/* Bound once for its errors; what uses it binds it again in its own job. */
static enum wr_code builder_create_view(struct builder *builder,
                                        const struct wr_tree_create_view *tree,
                                        struct wr_error *err)
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
  wr_catalogue_add_view(&builder->catalogue, view);
  struct wr_binder trial = {.arena = builder->arena,
                            .catalogue = &builder->catalogue,
                            .binding = builder->settings.binding};
  struct wr_logical *node;
  return wr_bind_table_name(&trial, &tree->name, &node, err);
}

static enum wr_code builder_statement(struct builder *builder,
                                      const struct wr_tree_statement *statement,
                                      struct wr_error *err)
{
  switch (statement->kind) {
  case WR_TREE_CREATE_TABLE: return builder_create_table(builder, statement->create_table, err);
  case WR_TREE_CREATE_VIEW: return builder_create_view(builder, statement->create_view, err);
  case WR_TREE_DROP: return wr_catalogue_drop(&builder->catalogue, &statement->drop, err);
  case WR_TREE_SET: return wr_settings_set(&builder->settings, &statement->set, err);
  case WR_TREE_RESET: return wr_settings_reset(&builder->settings, statement->reset, err);
  case WR_TREE_SHOW_SETTINGS:
    wr_fail_at(err, WR_UNSUPPORTED, statement->span,
               "SET alone, which lists the settings, is not supported in a script");
    return wr_hint(err, "to change one: SET 'key' = 'value'");
  case WR_TREE_EXPLAIN: return builder_explain(builder, statement, err);
  case WR_TREE_QUERY: return builder_query(builder, statement, err);
  case WR_TREE_INSERT:
  case WR_TREE_STATEMENT_SET:
    if (!builder->inserts)
      builder->inserts = builder_add_draft(builder, statement->span);
    return statement->kind == WR_TREE_INSERT
               ? builder_insert(builder, builder->inserts, statement, err)
               : builder_inserts(builder, builder->inserts, &statement->statements, err);
  }
  assert(!"a statement of another kind");
  return WR_INTERNAL;
}

/* ---- jobs */

static void builder_finish_job(const struct builder *builder, struct draft *draft,
                               uint32_t parallelism, struct wr_job *job)
{
  struct wr_rewrite rewrite = {.arena = builder->arena,
                               .binding = builder->settings.binding,
                               .roots = draft->roots,
                               .root_count = draft->root_count};
  wr_rewrite_run(&rewrite, builder->options->rules_off);
  *job = (struct wr_job){
      .plan = wr_physical_plan(builder->arena, &builder->settings, parallelism, draft->roots,
                               draft->root_count),
      .logical = wr_logical_tree(builder->arena, draft->roots, draft->root_count),
      .is_select = draft->is_select,
      .is_explain = draft->is_explain,
  };
}

/* Rejects are those of the other steps of a job: alone, a look at them would never see anything. */
static enum wr_code draft_check_rejects(const struct draft *draft, struct wr_error *err)
{
  for (uint32_t r = 0; r < draft->root_count; r++)
    if (!logical_reads_rejects(draft->roots[r]))
      return WR_OK;
  if (draft->root_count == 0 || draft->is_explain)
    return WR_OK;
  wr_fail_at(err, WR_SEMANTIC, draft->span,
             "this reads error_stream, but nothing runs with it whose rows could be rejected");
  return wr_hint(err, "put it behind the INSERT INTO statements whose rejects it should see");
}

enum wr_code wr_program_build(const char *text, size_t length,
                              const struct wr_planner_options *options, struct wr_arena *arena,
                              struct wr_program *out, struct wr_error *err)
{
  struct wr_script *script;
  struct builder builder = {.arena = arena, .text = text, .options = options};
  *out = (struct wr_program){0};
  wr_catalogue_open(&builder.catalogue, arena);
  enum wr_code code =
      wr_settings_open(&builder.settings, arena, options->settings, options->setting_count, err);
  if (code == WR_OK)
    code = wr_parse(text, length, arena, &script, err);
  if (code)
    return code;
  builder.drafts = WR_NEW_ARRAY(arena, struct draft *, script->statements.count);
  for (uint32_t i = 0; i < script->statements.count; i++) {
    code = builder_statement(&builder, script->statements.items[i], err);
    if (code)
      return code;
  }
  for (uint32_t d = 0; d < builder.draft_count; d++)
    if ((code = draft_check_rejects(builder.drafts[d], err)) != WR_OK)
      return code;
  uint32_t parallelism =
      options->parallelism ? options->parallelism : wr_settings_parallelism(&builder.settings);
  struct wr_job *jobs = WR_NEW_ARRAY(arena, struct wr_job, builder.draft_count);
  uint32_t job_count = 0;
  for (uint32_t d = 0; d < builder.draft_count; d++)
    if (builder.drafts[d]->root_count)
      builder_finish_job(&builder, builder.drafts[d], parallelism, &jobs[job_count++]);
  *out = (struct wr_program){.jobs = jobs,
                             .job_count = job_count,
                             .warnings = builder.settings.warnings,
                             .warning_count = builder.settings.warning_count,
                             .name = wr_settings_text(&builder.settings, "pipeline.name")};
  return WR_OK;
}
