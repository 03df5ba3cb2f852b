/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A statement is planned behind the text of all that has been declared and set before: nothing but
 * text is kept between two statements, so what is true in a file is true here, ALTER and OR REPLACE
 * included. Planning takes about a millisecond. Places in errors are counted from the statement.
 *
 * Settings of the shell itself, and statements about its jobs, are no SQL of the planner's.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli/shell.h"
#include "core/time.h"
#include "parser/parser.h"
#include "planner/catalogue.h"
#include "planner/settings.h"
#include "planner/show_create.h"

/* ---- settings of the shell */

static const char *const mode_names[] = {"table", "changelog", "tableau"};
static const char *const sync_names[] = {"false", "true"};

#define STATEMENT_NAMES_MAX 128 /* that are compared with one that is not there */

#define SHELL_RESULT_MODE "sql-client.execution.result-mode"
#define SHELL_DML_SYNC    "table.dml-sync"

static const struct shell_setting {
  const char *name;
  const char *const *choices;
  uint32_t choice_count, fallback;
} settings[] = {
    {SHELL_RESULT_MODE, mode_names, 3, WR_SHELL_MODE_TABLE},
    {SHELL_DML_SYNC, sync_names, 2, true},
};
enum { SETTING_COUNT = sizeof settings / sizeof *settings };

static const struct shell_setting *statement_setting(const char *key)
{
  for (uint32_t i = 0; i < SETTING_COUNT; i++)
    if (strcasecmp(settings[i].name, key) == 0)
      return &settings[i];
  return NULL;
}

const char *wr_shell_setting_name(uint32_t number)
{
  return number < SETTING_COUNT ? settings[number].name : NULL;
}

const char *wr_shell_setting(const struct wr_shell *shell, const char *key)
{
  return strcmp(key, SHELL_RESULT_MODE) == 0 ? mode_names[shell->mode]
         : strcmp(key, SHELL_DML_SYNC) == 0  ? sync_names[shell->dml_sync]
                                             : NULL;
}

/* A setting of the shell that a key may be meant to be which is none at all; or NULL. */
static const char *statement_setting_near(const char *key)
{
  const char *names[STATEMENT_NAMES_MAX];
  uint32_t count = 0;
  for (; count < SETTING_COUNT; count++)
    names[count] = settings[count].name;
  for (const struct wr_option *option = wr_settings_table;
       option->name && count < STATEMENT_NAMES_MAX; option++)
    names[count++] = option->name;
  const char *near = wr_nearest(key, names, count);
  return near && statement_setting(near) ? near : NULL;
}

static void statement_apply(struct wr_shell *shell, const struct shell_setting *setting,
                            uint32_t choice)
{
  if (strcmp(setting->name, SHELL_RESULT_MODE) == 0)
    shell->mode = (enum wr_shell_result_mode)choice;
  else
    shell->dml_sync = choice;
}

static enum wr_code statement_set(struct wr_shell *shell, const struct shell_setting *setting,
                                  const struct wr_tree_option *option, struct wr_error *err)
{
  for (uint32_t c = 0; c < setting->choice_count; c++)
    if (strcasecmp(setting->choices[c], option->value.bytes) == 0) {
      statement_apply(shell, setting, c);
      return WR_OK;
    }
  char choices[64] = "";
  for (uint32_t c = 0, at = 0; c < setting->choice_count && at < sizeof choices; c++)
    at += (uint32_t)snprintf(choices + at, sizeof choices - at, "%s%s", c ? ", " : "",
                             setting->choices[c]);
  const char *nearest = wr_nearest(option->value.bytes, setting->choices, setting->choice_count);
  wr_fail_at(err, WR_SEMANTIC, option->value.span, "'%s' is one of %s and not '%s'", setting->name,
             choices, option->value.bytes);
  return nearest ? wr_hint(err, "did you mean '%s'?", nearest) : err->code;
}

static enum wr_code statement_no_setting(const struct wr_tree_text *key, const char *near,
                                         struct wr_error *err)
{
  wr_fail_at(err, WR_SEMANTIC, key->span, "SET does not know the option '%s'", key->bytes);
  wr_state(err, WR_STATE_INVALID_OPTION_NAME);
  return wr_hint(err, "did you mean '%s'?", near);
}

/* SET alone. */
static void statement_show_settings(struct wr_shell *shell)
{
  const struct wr_settings *set = shell->program.settings;
  shell->said_nothing = false;
  for (uint32_t i = 0; i < SETTING_COUNT; i++)
    fprintf(shell->out, "'%s' = '%s'\n", settings[i].name,
            wr_shell_setting(shell, settings[i].name));
  for (const struct wr_option *option = wr_settings_table; option->name; option++) {
    const char *value = wr_settings_text(set, option->name);
    if (value)
      fprintf(shell->out, "'%s' = '%s'\n", option->name, value);
  }
  fflush(shell->out);
}

/* ---- words that are no SQL */

#define STATEMENT_WORDS_MAX 8

/* The words and quoted texts of a short statement; 0: it is a longer one. */
static uint32_t statement_words(const struct wr_shell_statement *statement, struct wr_arena *arena,
                                const char **words)
{
  const char *at = wr_arena_copy(arena, statement->text, statement->length);
  const char *end = at + statement->length;
  uint32_t count = 0;
  while (at < end) {
    size_t blanks = strspn(at, " \t\r\n;");
    at += blanks < (size_t)(end - at) ? blanks : (size_t)(end - at);
    if (at == end)
      break;
    size_t length = strcspn(at, " \t\r\n;");
    if (*at == '\'') {
      const char *stop = memchr(at + 1, '\'', (size_t)(end - at - 1));
      length = stop ? (size_t)(stop - at) + 1 : 1;
    }
    length = length < (size_t)(end - at) ? length : (size_t)(end - at);
    if (count == STATEMENT_WORDS_MAX)
      return 0;
    words[count++] = wr_arena_copy(arena, at, length);
    at += length;
  }
  return count;
}

static bool words_are(const char *const *words, uint32_t count, const char *first,
                      const char *second)
{
  return count >= (second ? 2 : 1) && strcasecmp(words[0], first) == 0 &&
         (!second || strcasecmp(words[1], second) == 0);
}

/* STOP JOB 'id' [WITH DRAIN] */
static enum wr_shell_verdict statement_stop_job(struct wr_shell *shell, struct wr_arena *arena,
                                                const char *const *words, uint32_t count)
{
  bool drain = false;
  if (count < 3)
    return wr_shell_complain("which job? STOP JOB 'id'; SHOW JOBS lists them");
  for (uint32_t w = 3; w < count; w++) {
    bool is_with = strcasecmp(words[w], "WITH") == 0;
    if (strcasecmp(words[w], "SAVEPOINT") == 0)
      return wr_shell_complain("jobs of the shell keep no state, so there is nothing to save; "
                               "weir run --state-dir keeps it");
    drain = drain || strcasecmp(words[w], "DRAIN") == 0;
    if (!is_with && strcasecmp(words[w], "DRAIN") != 0)
      return wr_shell_complain("STOP JOB 'id' WITH DRAIN is known, and not %s", words[w]);
  }
  const char *id = words[2];
  size_t length = strlen(id);
  if (length >= 2 && *id == '\'')
    id = wr_arena_copy(arena, id + 1, length - 2);
  return wr_shell_stop_job(shell, id, drain);
}

/* SHOW JOBZ: the word, if SHOW JOBS is what may be meant and nothing that the parser knows. */
static bool statement_is_near_jobs(struct wr_arena *arena, const char *const *words, uint32_t count)
{
  static const char *const names[] = {"JOBS", "JARS", "TABLES", "VIEWS", "FUNCTIONS", "MODELS"};
  if (count != 2 || strcasecmp(words[0], "SHOW") != 0)
    return false;
  char *word = wr_arena_copy(arena, words[1], strlen(words[1]));
  for (char *at = word; *at; at++)
    *at = (char)toupper((unsigned char)*at);
  return wr_nearest(word, names, sizeof names / sizeof *names) == names[0];
}

/* *known: it was one of them. */
static enum wr_shell_verdict statement_of_shell(struct wr_shell *shell,
                                                const struct wr_shell_statement *statement,
                                                bool *known)
{
  struct wr_arena arena = {0};
  const char *words[STATEMENT_WORDS_MAX];
  uint32_t count = statement_words(statement, &arena, words);
  enum wr_shell_verdict verdict = WR_SHELL_GO;
  *known = true;
  if (count == 1 && words_are(words, count, "HELP", NULL))
    wr_shell_print_help(shell->out);
  else if (count == 1 &&
           (words_are(words, count, "QUIT", NULL) || words_are(words, count, "EXIT", NULL)))
    verdict = wr_shell_leave(shell);
  else if (count == 1 && words_are(words, count, "CLEAR", NULL))
    fputs(shell->edit ? "\033[H\033[2J" : "", stdout);
  else if (count == 2 && words_are(words, count, "SHOW", "JOBS"))
    wr_shell_show_jobs(shell);
  else if (words_are(words, count, "STOP", "JOB"))
    verdict = statement_stop_job(shell, &arena, words, count);
  else if (statement_is_near_jobs(&arena, words, count))
    verdict = wr_shell_complain("there is no SHOW %s; did you mean SHOW JOBS?", words[1]);
  else
    *known = false;
  fflush(stdout);
  wr_arena_free(&arena);
  return verdict;
}

/* ---- errors, as places in what was typed */

/* The statement behind so many lines and characters, so that places count from where it stands in
 * its file. */
static struct wr_arguments statement_place(const struct wr_shell_statement *statement,
                                           struct wr_arena *arena, size_t *before)
{
  *before = (size_t)statement->line - 1 + statement->column - 1;
  char *text = wr_arena_get(arena, *before + statement->length + 1);
  memset(text, '\n', statement->line - 1);
  memset(text + statement->line - 1, ' ', statement->column - 1);
  memcpy(text + *before, statement->text, statement->length);
  text[*before + statement->length] = '\0';
  return (struct wr_arguments){
      .name = statement->name, .text = text, .length = *before + statement->length};
}

static void span_shift(struct wr_span *span, size_t declared, size_t before)
{
  if (span->offset == WR_NO_POSITION)
    return;
  if (span->offset < declared)
    *span = (struct wr_span){WR_NO_POSITION, 0}; /* of something declared earlier */
  else
    span->offset = (uint32_t)(span->offset - declared + before);
}

static enum wr_shell_verdict statement_report(const struct wr_shell_statement *statement,
                                              struct wr_error_list *errors, size_t declared)
{
  struct wr_arena arena = {0};
  size_t before;
  struct wr_arguments place = statement_place(statement, &arena, &before);
  for (uint32_t e = 0; e < errors->count; e++)
    span_shift(&errors->items[e].span, declared, before);
  fflush(stdout);
  wr_report_errors(&place, errors);
  wr_arena_free(&arena);
  return WR_SHELL_WRONG;
}

static void statement_warn(const struct wr_shell_statement *statement,
                           const struct wr_program *program, struct wr_arena *arena,
                           size_t declared)
{
  size_t before;
  struct wr_arguments place = statement_place(statement, arena, &before);
  struct wr_warning *warnings = WR_NEW_ARRAY(arena, struct wr_warning, program->warning_count);
  struct wr_program shown = *program;
  shown.warning_count = 0;
  for (uint32_t w = 0; w < program->warning_count; w++) {
    struct wr_warning warning = program->warnings[w];
    bool is_old = warning.span.offset != WR_NO_POSITION && warning.span.offset < declared;
    if (is_old || (warning.span.offset == WR_NO_POSITION && declared > 0))
      continue;
    span_shift(&warning.span, declared, before);
    warnings[shown.warning_count++] = warning;
  }
  shown.warnings = warnings;
  wr_report_warnings(&place, &shown);
}

/* ---- planning */

static bool statement_declares(enum wr_tree_statement_kind kind)
{
  switch (kind) {
  case WR_TREE_CREATE_TABLE:
  case WR_TREE_CREATE_VIEW:
  case WR_TREE_CREATE_FUNCTION:
  case WR_TREE_CREATE_STREAM:
  case WR_TREE_CREATE_PUMP:
  case WR_TREE_DROP:
  case WR_TREE_ALTER:
  case WR_TREE_USE:
  case WR_TREE_SET:
  case WR_TREE_RESET: return true;
  default: return false;
  }
}

static struct wr_planner_options statement_options(const struct wr_shell *shell, size_t declared)
{
  return (struct wr_planner_options){.settings = shell->given,
                                     .setting_count = shell->given_count,
                                     .parallelism = shell->parallelism,
                                     .result_format = "auto",
                                     .changelog = shell->mode == WR_SHELL_MODE_CHANGELOG,
                                     .declared_bytes = declared,
                                     .interactive = true};
}

bool wr_shell_open_script(struct wr_shell *shell)
{
  struct wr_error_list errors = {0};
  const struct wr_planner_options options = statement_options(shell, 0);
  const struct wr_arguments none = {.name = "--set"};
  enum wr_code code = wr_program_build("", 0, &options, &shell->arena, &shell->program, &errors);
  if (code)
    wr_report_errors(&none, &errors);
  return code == WR_OK;
}

/* The statement has become a part of the script; its arena keeps the catalogue. */
static void statement_keep(struct wr_shell *shell, const struct wr_shell_statement *statement,
                           const struct wr_program *program, struct wr_arena *arena)
{
  bool ends = statement->length > 0 && statement->text[statement->length - 1] == ';';
  wr_buffer_put(&shell->script, statement->text, statement->length);
  wr_buffer_put_string(&shell->script, ends ? "\n" : ";\n");
  wr_arena_free(&shell->arena);
  shell->arena = *arena;
  shell->program = *program;
  *arena = (struct wr_arena){0};
}

static enum wr_shell_verdict statement_run_jobs(struct wr_shell *shell,
                                                const struct wr_shell_statement *statement,
                                                const struct wr_program *program,
                                                struct wr_arena *arena)
{
  enum wr_shell_verdict verdict = WR_SHELL_GO;
  shell->said_nothing = false;
  for (uint32_t j = 0; verdict == WR_SHELL_GO && j < program->job_count; j++) {
    const struct wr_job *job = &program->jobs[j];
    struct wr_shell_plan plan = {.job = job, .program = program, .arena = arena};
    plan.text = wr_arena_copy(arena, statement->text, statement->length);
    if (job->is_explain && !job->is_analyze) {
      fputs(job->explain_json ? wr_explain_json(arena, job) : wr_explain_text(arena, job),
            shell->out);
      fflush(shell->out);
    } else if (job->is_select || job->is_explain || shell->dml_sync) {
      verdict = wr_shell_run_job(shell, &plan);
    } else {
      return wr_shell_begin_job(shell, &plan); /* the arena is the job's now */
    }
  }
  return verdict;
}

/* The script and the statement behind it, planned; false: the mistakes have been told. */
static bool statement_build(struct wr_shell *shell, const struct wr_shell_statement *statement,
                            size_t declared, struct wr_arena *arena, struct wr_program *program)
{
  struct wr_error_list errors = {0};
  size_t before = shell->script.length, length = before + statement->length;
  char *text = wr_arena_get(arena, length + 1);
  if (before)
    memcpy(text, shell->script.bytes, before);
  memcpy(text + before, statement->text, statement->length);
  text[length] = '\0';
  const struct wr_planner_options options = statement_options(shell, declared);
  if (wr_program_build(text, length, &options, arena, program, &errors) == WR_OK)
    return true;
  statement_report(statement, &errors, before);
  return false;
}

/* SHOW CREATE as a text of several lines, where people look; false: it is something else. */
static bool statement_show_create(struct wr_shell *shell, const struct wr_tree_statement *tree,
                                  const struct wr_program *program, struct wr_arena *arena)
{
  const struct wr_object *object;
  struct wr_error err;
  bool is_create = tree->kind == WR_TREE_SHOW && (tree->show.kind == WR_TREE_SHOW_CREATE_TABLE ||
                                                  tree->show.kind == WR_TREE_SHOW_CREATE_VIEW);
  bool is_table = strcmp(shell->format, "table") == 0 ||
                  (strcmp(shell->format, "auto") == 0 && isatty(fileno(shell->out)));
  if (!is_create || !is_table ||
      wr_catalogue_get(program->catalogue, tree->show.name, &object, &err) != WR_OK)
    return false;
  const char *text = shell->script.bytes;
  fprintf(shell->out, "%s;\n",
          object->table ? wr_show_create_table(text, arena, object->table->definition)
                        : wr_show_create_view(text, arena, object->view));
  fflush(shell->out);
  shell->said_nothing = false;
  return true;
}

static enum wr_shell_verdict statement_plan(struct wr_shell *shell,
                                            const struct wr_shell_statement *statement,
                                            const struct wr_tree_statement *tree)
{
  struct wr_arena arena = {0};
  struct wr_program program;
  size_t declared = shell->script.length;
  enum wr_shell_verdict verdict = WR_SHELL_GO;
  if (!statement_build(shell, statement, declared, &arena, &program)) {
    wr_arena_free(&arena);
    return WR_SHELL_WRONG;
  }
  statement_warn(statement, &program, &arena, declared);
  bool declares = statement_declares(tree->kind);
  bool runs = program.job_count > 0 && !statement_show_create(shell, tree, &program, &arena);
  if (runs)
    verdict = statement_run_jobs(shell, statement, &program, &arena);
  bool builds = declares && verdict != WR_SHELL_WRONG;
  if (runs && builds) { /* CREATE TABLE ... AS: from now on it only declares */
    wr_arena_free(&arena);
    builds = statement_build(shell, statement, declared + statement->length, &arena, &program);
  }
  if (builds)
    statement_keep(shell, statement, &program, &arena);
  wr_arena_free(&arena);
  return verdict;
}

static enum wr_shell_verdict statement_take(struct wr_shell *shell,
                                            const struct wr_shell_statement *statement)
{
  struct wr_arena arena = {0};
  struct wr_script *script = NULL;
  struct wr_error_list errors = {0};
  struct wr_error err;
  const struct shell_setting *setting = NULL;
  enum wr_shell_verdict verdict = WR_SHELL_GO;
  wr_error_clear(&err);
  if (wr_parse_all(statement->text, statement->length, &arena, &script, &errors)) {
    verdict = statement_report(statement, &errors, 0);
  } else if (script->statements.count > 0) {
    const struct wr_tree_statement *tree = script->statements.items[0];
    const struct wr_tree_text *key = tree->kind == WR_TREE_SET     ? &tree->set.key
                                     : tree->kind == WR_TREE_RESET ? tree->reset
                                                                   : NULL;
    const char *near = NULL;
    if (key && !(setting = statement_setting(key->bytes)))
      near = statement_setting_near(key->bytes);
    if (tree->kind == WR_TREE_RESET && !tree->reset)
      for (uint32_t i = 0; i < SETTING_COUNT; i++)
        statement_apply(shell, &settings[i], settings[i].fallback);
    if (setting && tree->kind == WR_TREE_RESET)
      statement_apply(shell, setting, setting->fallback);
    else if (setting && statement_set(shell, setting, &tree->set, &err))
      wr_error_list_add(&errors, &arena, &err);
    else if (near && statement_no_setting(key, near, &err))
      wr_error_list_add(&errors, &arena, &err);
    else if (tree->kind == WR_TREE_SHOW_SETTINGS)
      statement_show_settings(shell);
    else if (!setting)
      verdict = statement_plan(shell, statement, tree);
    if (errors.count)
      verdict = statement_report(statement, &errors, 0);
  }
  wr_arena_free(&arena);
  return verdict;
}

enum wr_shell_verdict wr_shell_run_statement(struct wr_shell *shell,
                                             const struct wr_shell_statement *statement)
{
  bool known;
  int64_t began_us = wr_monotonic_us();
  enum wr_shell_verdict verdict = statement_of_shell(shell, statement, &known);
  shell->leaving = shell->leaving && known;
  shell->said_nothing = true;
  if (!known)
    verdict = statement_take(shell, statement);
  if (!known && shell->said_nothing && shell->edit && verdict == WR_SHELL_GO)
    puts("ok");
  if (shell->timing)
    fprintf(stderr, "time: %.3f s\n", (double)(wr_monotonic_us() - began_us) / 1e6);
  return verdict;
}
