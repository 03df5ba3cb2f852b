/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The script, statement by statement. All INSERTs share one binder, so that they share tables and
 * views, and become one job at the end; it stands where the first of them stood. Every bare SELECT,
 * SHOW and EXPLAIN is a job of its own. The rows of a SELECT that EXPLAIN ANALYZE runs go nowhere.
 *
 * In the kinesis dialect pumps may stand before what they read: whatever runs is only bound when
 * all declarations are known (app_streams.h). Jobs keep the order of their statements.
 *
 * A statement that fails is left out and the next one is looked at, so that all mistakes of a file
 * are told at once; names that it would have declared are remembered, and what only fails for want
 * of them is not told again.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "parser/parser.h"
#include "planner/app_streams.h"
#include "planner/bind_over.h"
#include "planner/describe.h"
#include "planner/dialect.h"
#include "planner/physical.h"
#include "planner/rule.h"

/* ---- drafts */

struct wr_draft *wr_program_add_draft(struct wr_program_builder *builder, struct wr_span span)
{
  struct wr_draft *draft = WR_NEW(builder->arena, struct wr_draft);
  draft->binder =
      (struct wr_binder){.arena = builder->arena,
                         .catalogue = &builder->catalogue,
                         .binding = builder->settings.binding,
                         .settings = &builder->settings,
                         .endless = builder->options->endless,
                         .printed = builder->options->changelog ||
                                    (builder->options->result_format &&
                                     strcmp(builder->options->result_format, "json") == 0)};
  draft->span = span;
  builder->drafts[builder->draft_count++] = draft;
  return draft;
}

struct wr_draft *wr_program_inserts(struct wr_program_builder *builder, struct wr_span span)
{
  if (!builder->inserts)
    builder->inserts = wr_program_add_draft(builder, span);
  return builder->inserts;
}

void wr_draft_add_root(struct wr_draft *draft, struct wr_logical *root)
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

const char *wr_program_text(const struct wr_program_builder *builder, struct wr_span span)
{
  return wr_arena_copy(builder->arena, builder->text + span.offset, span.length);
}

/* How many of the leaves beneath these sinks are error_stream, and how many are something else. */
struct leaves {
  uint32_t rejects, others;
};

static struct leaves draft_leaves(const struct wr_draft *draft)
{
  struct wr_logical_order order =
      wr_logical_order(draft->binder.arena, draft->roots, draft->root_count);
  struct leaves leaves = {0};
  for (uint32_t i = 0; i < order.count; i++) {
    leaves.rejects += order.nodes[i]->kind == WR_LOGICAL_REJECTS;
    leaves.others += order.nodes[i]->input_count == 0 && order.nodes[i]->kind != WR_LOGICAL_REJECTS;
  }
  return leaves;
}

/* ---- errors */

void wr_program_add_error(struct wr_program_builder *builder, const struct wr_error *err)
{
  assert(err->code != WR_OK);
  const struct wr_error_list *told = builder->errors;
  bool is_told = strcmp(err->state, WR_STATE_FOLLOWS) == 0;
  for (uint32_t i = 0; i < told->count && !is_told; i++) { /* a pump may be bound in several jobs */
    const struct wr_error *old = &told->items[i];
    bool is_circle = strcmp(err->state, WR_STATE_INVALID_RECURSION) == 0;
    is_told = err->span.length && strcmp(old->state, err->state) == 0 &&
              (is_circle ||
               (old->span.offset == err->span.offset && strcmp(old->message, err->message) == 0));
  }
  if (!is_told)
    wr_error_list_add(builder->errors, builder->arena, err);
}

static int error_compare(const void *a, const void *b)
{
  const struct wr_error *left = a, *right = b;
  if (left->span.offset != right->span.offset)
    return left->span.offset < right->span.offset ? -1 : 1;
  return left->span.length < right->span.length ? -1 : left->span.length > right->span.length;
}

/* Errors without a place stand last. */
static void errors_sort(struct wr_error_list *errors)
{
  if (errors->count)
    qsort(errors->items, errors->count, sizeof *errors->items, error_compare);
}

/* What a failed binding has left half done is forgotten. */
static void draft_restore(struct wr_draft *draft, const struct wr_binder *before, enum wr_code code)
{
  if (code)
    draft->binder = *before;
}

/* ---- INSERT, SELECT, EXPLAIN */

static enum wr_code builder_insert(struct wr_program_builder *builder, struct wr_draft *draft,
                                   const struct wr_tree_statement *statement, struct wr_error *err)
{
  assert(statement->kind == WR_TREE_INSERT);
  struct wr_logical *root;
  draft->binder.binding = builder->settings.binding;
  const struct wr_binder before = draft->binder;
  enum wr_code code = wr_bind_insert(&draft->binder, statement->insert,
                                     wr_program_text(builder, statement->span), &root, err);
  if (code == WR_OK)
    code = wr_check_over(builder->arena, &root, 1, err);
  draft_restore(draft, &before, code);
  if (code == WR_OK)
    wr_draft_add_root(draft, root);
  return code;
}

/* Every INSERT of a set is looked at; the last error is left to the caller. */
static enum wr_code builder_insert_set(struct wr_program_builder *builder, struct wr_draft *draft,
                                       const struct wr_tree_statements *list, struct wr_error *err)
{
  enum wr_code failed = WR_OK;
  for (uint32_t i = 0; i < list->count; i++) {
    struct wr_error next;
    wr_error_clear(&next);
    enum wr_code code = builder_insert(builder, draft, list->items[i], &next);
    if (code == WR_OK)
      continue;
    if (failed)
      wr_program_add_error(builder, err);
    failed = code;
    *err = next;
  }
  return failed;
}

static enum wr_code builder_select(struct wr_program_builder *builder, struct wr_draft *draft,
                                   const struct wr_tree_query *query, struct wr_span span,
                                   struct wr_error *err)
{
  struct wr_logical *root;
  draft->binder.binding = builder->settings.binding;
  const struct wr_binder before = draft->binder;
  const char *format = draft->is_analyze ? WR_RESULT_NOWHERE : builder->options->result_format;
  enum wr_code code =
      wr_bind_console(&draft->binder, query, format, wr_program_text(builder, span), &root, err);
  if (code == WR_OK)
    code = wr_check_over(builder->arena, &root, 1, err);
  draft_restore(draft, &before, code);
  if (code == WR_OK)
    wr_draft_add_root(draft, root);
  return code;
}

/* A job of its own; but rejects are those of a job, so a look at error_stream joins the INSERTs
 * before it. */
static enum wr_code builder_query(struct wr_program_builder *builder,
                                  const struct wr_tree_statement *statement, struct wr_error *err)
{
  struct wr_draft *draft = wr_program_add_draft(builder, statement->span);
  draft->is_select = true;
  enum wr_code code = builder_select(builder, draft, statement->query, statement->span, err);
  if (code || !builder->inserts || draft_leaves(draft).rejects == 0)
    return code;
  builder->draft_count--;
  builder->inserts->has_results = true;
  return builder_select(builder, builder->inserts, statement->query, statement->span, err);
}

static enum wr_code builder_explain(struct wr_program_builder *builder,
                                    const struct wr_tree_statement *explain, struct wr_error *err)
{
  const struct wr_tree_explain *tree = &explain->explain;
  const struct wr_tree_statement *statement = tree->statement;
  if (tree->estimated_cost)
    wr_settings_warn(&builder->settings, explain->span,
                     "ESTIMATED_COST adds nothing here: plans are not chosen by cost");
  if (tree->plan_advice)
    wr_settings_warn(&builder->settings, explain->span,
                     "PLAN_ADVICE adds nothing here: advice is given as warnings, as it is now");
  struct wr_draft *draft = wr_program_add_draft(builder, statement->span);
  draft->is_explain = true;
  draft->is_analyze = tree->analyze;
  draft->explain_changelog = tree->changelog_mode;
  draft->explain_json = tree->json;
  switch (statement->kind) {
  case WR_TREE_QUERY:
    draft->is_select = true;
    return builder_select(builder, draft, statement->query, statement->span, err);
  case WR_TREE_INSERT: return builder_insert(builder, draft, statement, err);
  default:
    assert(statement->kind == WR_TREE_STATEMENT_SET);
    return builder_insert_set(builder, draft, &statement->statements, err);
  }
}

/* ---- statements */

static enum wr_code builder_statement(struct wr_program_builder *builder,
                                      const struct wr_tree_statement *statement,
                                      struct wr_error *err)
{
  switch (statement->kind) {
  case WR_TREE_CREATE_TABLE: return wr_program_create_table(builder, statement, err);
  case WR_TREE_CREATE_VIEW: return wr_program_create_view(builder, statement->create_view, err);
  case WR_TREE_CREATE_FUNCTION:
    return wr_program_create_function(builder, statement->create_function, err);
  case WR_TREE_DROP: return wr_program_drop(builder, &statement->drop, err);
  case WR_TREE_ALTER: return wr_program_alter(builder, statement->alter, err);
  case WR_TREE_USE: return wr_program_use(builder, &statement->use, err);
  case WR_TREE_SET: return wr_settings_set(&builder->settings, &statement->set, err);
  case WR_TREE_RESET: return wr_settings_reset(&builder->settings, statement->reset, err);
  case WR_TREE_SHOW_SETTINGS:
  case WR_TREE_SHOW:
  case WR_TREE_DESCRIBE: return wr_program_show(builder, statement, err);
  case WR_TREE_EXPLAIN: return builder_explain(builder, statement, err);
  case WR_TREE_QUERY: return builder_query(builder, statement, err);
  case WR_TREE_INSERT:
    return builder_insert(builder, wr_program_inserts(builder, statement->span), statement, err);
  case WR_TREE_STATEMENT_SET:
    return builder_insert_set(builder, wr_program_inserts(builder, statement->span),
                              &statement->statements, err);
  case WR_TREE_CREATE_STREAM: return wr_program_create_stream(builder, statement, err);
  case WR_TREE_CREATE_PUMP: return wr_program_create_pump(builder, statement, err);
  }
  assert(!"a statement of another kind");
  return WR_INTERNAL;
}

/* ---- what waits for all declarations */

static void waiting_add(struct wr_program_builder *builder,
                        const struct wr_tree_statement *statement)
{
  builder->waiting[builder->waiting_count++] =
      (struct wr_waiting){.statement = statement, .binding = builder->settings.binding};
}

/* Whether a statement waits; sets of INSERTs wait one by one. */
static bool waiting_take(struct wr_program_builder *builder,
                         const struct wr_tree_statement *statement)
{
  switch (statement->kind) {
  case WR_TREE_STATEMENT_SET:
    for (uint32_t i = 0; i < statement->statements.count; i++)
      waiting_add(builder, statement->statements.items[i]);
    return true;
  case WR_TREE_QUERY:
  case WR_TREE_INSERT:
  case WR_TREE_EXPLAIN: waiting_add(builder, statement); return true;
  default: return false;
  }
}

static int draft_compare(const void *a, const void *b)
{
  const struct wr_draft *left = *(const struct wr_draft *const *)a,
                        *right = *(const struct wr_draft *const *)b;
  return left->span.offset < right->span.offset ? -1 : left->span.offset > right->span.offset;
}

static void builder_run_waiting(struct wr_program_builder *builder)
{
  const struct wr_binding *last = builder->settings.binding;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < builder->waiting_count; i++) {
    const struct wr_waiting *one = &builder->waiting[i];
    builder->settings.binding = one->binding;
    if (one->statement->kind != WR_TREE_INSERT || !wr_program_add_pump(builder, one->statement))
      builder->waiting[kept++] = *one;
  }
  wr_app_add_sinks(builder);
  for (uint32_t i = 0; i < kept; i++) {
    struct wr_error err;
    wr_error_clear(&err);
    builder->settings.binding = builder->waiting[i].binding;
    if (builder_statement(builder, builder->waiting[i].statement, &err))
      wr_program_add_error(builder, &err);
  }
  builder->settings.binding = last;
  wr_app_add_results(builder);
  if (builder->draft_count)
    qsort(builder->drafts, builder->draft_count, sizeof *builder->drafts, draft_compare);
}

static void builder_statements(struct wr_program_builder *builder, const struct wr_script *script)
{
  uint32_t inserts = 0; /* one more than statements: the job of pumps */
  for (uint32_t i = 0; i < script->statements.count; i++)
    if (script->statements.items[i]->kind == WR_TREE_STATEMENT_SET)
      inserts += script->statements.items[i]->statements.count;
  builder->drafts =
      WR_NEW_ARRAY(builder->arena, struct wr_draft *, (size_t)script->statements.count + 1);
  builder->waiting =
      WR_NEW_ARRAY(builder->arena, struct wr_waiting, (size_t)script->statements.count + inserts);
  for (uint32_t i = 0; i < script->lost.count; i++)
    wr_catalogue_note_failed(&builder->catalogue, script->lost.items[i]->text);
  for (uint32_t i = 0; i < script->statements.count; i++) {
    struct wr_error err;
    wr_error_clear(&err);
    builder->catalogue.kinesis |= builder->settings.binding->kinesis;
    if (builder->settings.binding->kinesis && waiting_take(builder, script->statements.items[i]))
      continue;
    if (builder_statement(builder, script->statements.items[i], &err))
      wr_program_add_error(builder, &err);
  }
  if (builder->waiting_count || builder->catalogue.pumps)
    builder_run_waiting(builder);
}

/* ---- jobs */

static void builder_finish_job(const struct wr_program_builder *builder, struct wr_draft *draft,
                               uint32_t parallelism, struct wr_job *job)
{
  *job = (struct wr_job){.is_select = draft->is_select,
                         .is_explain = draft->is_explain,
                         .is_analyze = draft->is_analyze};
  if (builder->options->check_only)
    return;
  struct wr_rewrite rewrite = {.arena = builder->arena,
                               .binding = builder->settings.binding,
                               .roots = draft->roots,
                               .root_count = draft->root_count};
  bool streams = builder->options->streams && (!draft->is_explain || draft->is_analyze);
  struct wr_streams found;
  wr_streams_mark(builder->arena, draft->binder.memo, streams,
                  wr_settings_bool(&builder->settings, "live.views"), draft->roots,
                  draft->root_count);
  wr_rewrite_run(&rewrite, builder->options->rules_off);
  wr_streams_take(&rewrite, &found);
  if (!streams)
    found = (struct wr_streams){0};
  job->plan = wr_physical_plan(builder->arena, &builder->settings, parallelism, draft->roots,
                               draft->root_count, &found, builder->catalogue.pumps);
  job->logical = wr_logical_tree(builder->arena, draft->roots, draft->root_count);
  job->explain_changelog = draft->explain_changelog;
  job->explain_json = draft->explain_json;
}

/* Rejects are those of the other steps of a job: alone, a look at them would never see anything. */
static void builder_check_rejects(struct wr_program_builder *builder, const struct wr_draft *draft)
{
  bool is_run = !draft->is_explain || draft->is_analyze;
  if (draft->root_count == 0 || !is_run || draft_leaves(draft).others)
    return;
  struct wr_error err;
  wr_fail_at(&err, WR_SEMANTIC, draft->span,
             "this reads error_stream, but nothing runs with it whose rows could be rejected");
  wr_hint(&err, "put it behind the INSERT INTO statements whose rejects it should see");
  wr_program_add_error(builder, &err);
}

static void builder_check_watermarks(struct wr_program_builder *builder,
                                     const struct wr_draft *draft)
{
  struct wr_error err;
  wr_error_clear(&err);
  if (wr_check_current_watermark(builder->arena, draft->roots, draft->root_count, &err))
    wr_program_add_error(builder, &err);
}

static void builder_finish(struct wr_program_builder *builder, const struct wr_script *script,
                           struct wr_program *out)
{
  uint32_t parallelism = builder->options->parallelism
                             ? builder->options->parallelism
                             : wr_settings_parallelism(&builder->settings);
  struct wr_job *jobs = WR_NEW_ARRAY(builder->arena, struct wr_job, builder->draft_count);
  uint32_t job_count = 0;
  for (uint32_t d = 0; d < builder->draft_count; d++)
    if (builder->drafts[d]->root_count)
      builder_finish_job(builder, builder->drafts[d], parallelism, &jobs[job_count++]);
  *out = (struct wr_program){.jobs = jobs,
                             .job_count = job_count,
                             .warnings = builder->settings.warnings,
                             .warning_count = builder->settings.warning_count,
                             .name = wr_settings_text(&builder->settings, "pipeline.name"),
                             .epochs = wr_settings_epochs(&builder->settings),
                             .statement_count = script->statements.count};
  struct wr_catalogue *catalogue = WR_NEW(builder->arena, struct wr_catalogue);
  struct wr_settings *settings = WR_NEW(builder->arena, struct wr_settings);
  *catalogue = builder->catalogue;
  *settings = builder->settings;
  out->catalogue = catalogue;
  out->settings = settings;
  for (const struct wr_object *object = builder->catalogue.first; object; object = object->next) {
    out->table_count += object->kind == WR_OBJECT_TABLE || object->kind == WR_OBJECT_STREAM;
    out->view_count += object->kind == WR_OBJECT_VIEW;
  }
  for (const struct wr_user_function *mine = builder->catalogue.functions; mine; mine = mine->next)
    out->function_count++;
}

enum wr_code wr_program_build(const char *text, size_t length,
                              const struct wr_planner_options *options, struct wr_arena *arena,
                              struct wr_program *out, struct wr_error_list *errors)
{
  assert(errors->count == 0);
  struct wr_error err;
  struct wr_script *script = NULL;
  struct wr_program_builder builder = {
      .arena = arena, .text = text, .length = length, .options = options, .errors = errors};
  *out = (struct wr_program){0};
  wr_error_clear(&err);
  wr_catalogue_open(&builder.catalogue, arena);
  if (wr_settings_open(&builder.settings, arena, options->settings, options->setting_count, &err))
    wr_program_add_error(&builder, &err);
  else
    wr_parse_all(text, length, arena, &script, errors);
  if (script) {
    wr_dialect_settle(&builder.settings, arena, script);
    builder_statements(&builder, script);
  }
  for (uint32_t d = 0; errors->count == 0 && d < builder.draft_count; d++) {
    builder_check_rejects(&builder, builder.drafts[d]);
    builder_check_watermarks(&builder, builder.drafts[d]);
  }
  if (errors->count == 0)
    builder_finish(&builder, script, out);
  errors_sort(errors);
  return errors->count ? errors->items[0].code : WR_OK;
}
