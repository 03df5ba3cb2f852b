/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may follow, guessed from the words before the cursor: the parser cannot help, because a
 * statement that is being typed is hardly ever right. Inside quotes it is options, their values,
 * connectors and settings; outside, names that may stand there, and else everything that begins so.
 */
#include <ctype.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/shell.h"
#include "connectors/connector.h"
#include "core/grow.h"
#include "formats/format.h"
#include "functions/aggregate_table.h"
#include "functions/function.h"
#include "parser/keyword.h"
#include "planner/catalogue.h"
#include "planner/settings.h"
#include "planner/table.h"

#define COMPLETE_BEFORE 3 /* words before the cursor that are looked at */
#define COMPLETE_WORD   64

struct completion {
  const struct wr_shell *shell;
  struct wr_shell_matches *out;
  const char *text; /* all of the statement before the cursor */
  size_t length;
  const char *prefix; /* what a match begins with */
  size_t prefix_length;
  char before[COMPLETE_BEFORE][COMPLETE_WORD]; /* the nearest first; "" none. Upper case, signs are
                                                  words of their own, texts keep their quotes */
};

/* ---- matches */

static void complete_add(struct completion *it, const char *text)
{
  struct wr_shell_matches *out = it->out;
  if (strncasecmp(text, it->prefix, it->prefix_length) != 0)
    return;
  out->texts = wr_grow(out->arena, out->texts, out->count, &out->room, sizeof *out->texts);
  out->texts[out->count++] = text;
}

/* A word that may be written in any case: in that of what was typed. */
static void complete_add_word(struct completion *it, const char *word, const char *behind)
{
  bool lower = it->prefix_length > 0 && islower((unsigned char)it->prefix[0]);
  char *copy = wr_arena_print(it->out->arena, "%s%s", word, behind);
  for (char *c = copy; lower && *c; c++)
    *c = (char)tolower((unsigned char)*c);
  complete_add(it, copy);
}

static int complete_compare(const void *left, const void *right)
{
  return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void complete_sort(struct wr_shell_matches *out)
{
  uint32_t kept = 0;
  if (out->count == 0)
    return;
  qsort(out->texts, out->count, sizeof *out->texts, complete_compare);
  for (uint32_t i = 0; i < out->count; i++)
    if (kept == 0 || strcmp(out->texts[kept - 1], out->texts[i]) != 0)
      out->texts[kept++] = out->texts[i];
  out->count = kept;
}

/* ---- what there is */

static void complete_words(struct completion *it, const char *const *words)
{
  for (; *words; words++)
    complete_add_word(it, *words, "");
}

static void complete_keywords(struct completion *it)
{
  size_t count;
  const struct wr_keyword *keywords = wr_keyword_list(&count);
  for (size_t i = 0; i < count; i++)
    complete_add_word(it, keywords[i].text, "");
}

static void complete_functions(struct completion *it)
{
  const struct wr_function *function;
  const struct wr_aggregate_function *aggregate;
  for (uint32_t i = 0; (function = wr_function_at(i)) != NULL; i++)
    if (function->usage && !(function->traits & WR_OPERATOR) &&
        isalpha((unsigned char)function->name[0]))
      complete_add_word(it, function->name, "(");
  for (uint32_t i = 0; (aggregate = wr_aggregate_at(i)) != NULL; i++)
    complete_add_word(it, aggregate->name, "(");
  const struct wr_user_function *mine = it->shell->program.catalogue->functions;
  for (; mine; mine = mine->next)
    complete_add(it, wr_arena_print(it->out->arena, "%s(", mine->name));
}

static void complete_objects(struct completion *it)
{
  const struct wr_object *object = it->shell->program.catalogue->first;
  for (; object; object = object->next)
    complete_add(it, object->name);
}

static void complete_columns_of(struct completion *it, const struct wr_object *object)
{
  const struct wr_schema *schema = wr_object_schema(object, it->shell->program.catalogue->kinesis);
  for (uint32_t c = 0; c < schema->column_count; c++)
    complete_add(it, schema->fields[c].name);
}

/* Of the tables whose names stand in the statement; where no name stands yet, of all. */
static void complete_columns(struct completion *it)
{
  const struct wr_object *object, *first = it->shell->program.catalogue->first;
  uint32_t named = 0;
  for (int pass = 0; pass < 2 && named == 0; pass++)
    for (object = first; object; object = object->next) {
      bool is_named = memmem(it->text, it->length, object->name, strlen(object->name)) != NULL;
      if (pass == 0 && !is_named)
        continue;
      named += is_named;
      complete_columns_of(it, object);
    }
}

static void complete_option_rows(struct completion *it, const struct wr_option *rows)
{
  for (; rows && rows->name; rows++) {
    size_t length = strlen(rows->name);
    bool open = rows->name[length - 1] == '*';
    complete_add(it, open ? wr_arena_copy(it->out->arena, rows->name, length - 1) : rows->name);
  }
}

static void complete_choices(struct completion *it, const struct wr_option *rows, const char *key)
{
  for (; rows && rows->name; rows++) {
    const char *at = strcmp(rows->name, key) == 0 ? rows->choices : NULL;
    if (strcmp(rows->name, key) == 0 && rows->kind == WR_OPTION_BOOL)
      at = "true|false";
    while (at && *at) {
      size_t length = strcspn(at, "|");
      complete_add(it, wr_arena_copy(it->out->arena, at, length));
      at += length + (at[length] == '|');
    }
  }
}

static void complete_connectors(struct completion *it)
{
  uint32_t count;
  const struct wr_connector *const *all = wr_connector_all(&count);
  for (uint32_t i = 0; i < count; i++)
    if (!all[i]->hidden)
      complete_add(it, all[i]->name);
}

static void complete_formats(struct completion *it)
{
  uint32_t count;
  const struct wr_format *const *all = wr_format_all(&count);
  for (uint32_t i = 0; i < count; i++)
    complete_add(it, all[i]->name);
}

/* ---- inside of quotes */

/* The text behind 'key' = in the statement, or NULL. */
static const char *complete_value(const struct completion *it, const char *key)
{
  const char *quoted = wr_arena_print(it->out->arena, "'%s'", key);
  const char *at = memmem(it->text, it->length, quoted, strlen(quoted));
  const char *end = it->text + it->length;
  if (!at)
    return NULL;
  for (at += strlen(quoted); at < end && (isspace((unsigned char)*at) || *at == '='); at++)
    continue;
  const char *stop = at < end && *at == '\'' ? memchr(at + 1, '\'', (size_t)(end - at - 1)) : NULL;
  return stop ? wr_arena_copy(it->out->arena, at + 1, (size_t)(stop - at) - 1) : NULL;
}

static const struct wr_option *complete_format_options(const struct completion *it)
{
  uint32_t count;
  const char *name = complete_value(it, "format");
  const struct wr_format *const *all = wr_format_all(&count);
  for (uint32_t i = 0; name && i < count; i++)
    if (strcmp(all[i]->name, name) == 0)
      return all[i]->options;
  return NULL;
}

static void complete_setting_names(struct completion *it)
{
  const char *name;
  for (uint32_t i = 0; (name = wr_shell_setting_name(i)) != NULL; i++)
    complete_add(it, name);
  complete_option_rows(it, wr_settings_table);
}

static void complete_setting_value(struct completion *it, const char *key)
{
  static const struct wr_option shell_settings[] = {
      {.name = "sql-client.execution.result-mode",
       .kind = WR_OPTION_CHOICE,
       .choices = "table|changelog|tableau"},
      {.name = "table.dml-sync", .kind = WR_OPTION_BOOL},
      {.name = NULL},
  };
  complete_choices(it, shell_settings, key);
  complete_choices(it, wr_settings_table, key);
}

static void complete_option_value(struct completion *it, const char *key)
{
  const char *name = complete_value(it, "connector");
  const struct wr_connector *connector = name ? wr_connector_find(name) : NULL;
  if (strcmp(key, "connector") == 0)
    complete_connectors(it);
  else if (strcmp(key, "format") == 0)
    complete_formats(it);
  if (connector)
    complete_choices(it, connector->options, key);
  complete_choices(it, complete_format_options(it), key);
  complete_choices(it, wr_table_options, key);
  complete_choices(it, wr_table_format_options, key);
  complete_choices(it, wr_table_scan_options, key);
  complete_choices(it, wr_table_sink_options, key);
}

static void complete_option_name(struct completion *it)
{
  const char *name = complete_value(it, "connector");
  const struct wr_connector *connector = name ? wr_connector_find(name) : NULL;
  complete_add(it, "connector");
  if (connector)
    complete_option_rows(it, connector->options);
  if (connector && connector->takes_format) {
    complete_add(it, "format");
    complete_option_rows(it, complete_format_options(it));
    complete_option_rows(it, wr_table_format_options);
  }
  if (connector && connector->reader)
    complete_option_rows(it, wr_table_scan_options);
  if (connector && connector->writer)
    complete_option_rows(it, wr_table_sink_options);
  if (connector)
    complete_option_rows(it, wr_table_options);
}

static void complete_quoted(struct completion *it)
{
  const char *before = it->before[0];
  bool is_value = strcmp(before, "=") == 0;
  char key[COMPLETE_WORD] = "";
  size_t length = strlen(it->before[1]);
  if (is_value && length >= 2 && it->before[1][0] == '\'')
    memcpy(key, it->before[1] + 1, length - 2);
  it->out->behind = "'";
  if (is_value && strcmp(it->before[2], "SET") == 0)
    complete_setting_value(it, key);
  else if (is_value)
    complete_option_value(it, key);
  else if (strcmp(before, "SET") == 0 || strcmp(before, "RESET") == 0)
    complete_setting_names(it);
  else if (strcmp(before, "JOB") == 0)
    for (uint32_t j = 0; wr_shell_job_id(it->shell, j); j++)
      complete_add(it, wr_shell_job_id(it->shell, j));
  else if (strcmp(before, "(") == 0 || strcmp(before, ",") == 0)
    complete_option_name(it);
  bool is_name = !is_value && strcmp(before, "RESET") != 0 && strcmp(before, "JOB") != 0;
  if (is_name && it->out->count == 1) {
    length = strlen(it->out->texts[0]);
    it->out->behind = it->out->texts[0][length - 1] == '.' ? "" : "' = '";
  }
}

/* ---- outside */

static const char *const beginnings[] = {
    "ALTER",   "CLEAR", "CREATE",      "DESCRIBE", "DROP",  "EXECUTE STATEMENT SET BEGIN",
    "EXPLAIN", "HELP",  "INSERT INTO", "QUIT",     "RESET", "SELECT",
    "SET",     "SHOW",  "STOP JOB",    "WITH",     NULL};
static const char *const shown[] = {"COLUMNS FROM",   "CREATE TABLE", "CREATE VIEW",
                                    "FUNCTIONS",      "JOBS",         "TABLES",
                                    "USER FUNCTIONS", "VIEWS",        NULL};
static const char *const created[] = {"FUNCTION", "OR REPLACE", "TABLE", "TEMPORARY", "VIEW", NULL};
static const char *const explained[] = {
    "ANALYZE", "CHANGELOG_MODE",      "INSERT INTO", "JSON_EXECUTION_PLAN",
    "SELECT",  "STATEMENT SET BEGIN", NULL};

static bool complete_is(const char *word, const char *const *words)
{
  for (; *words; words++)
    if (strcmp(word, *words) == 0)
      return true;
  return false;
}

static void complete_word(struct completion *it)
{
  static const char *const names_follow[] = {"FROM",  "JOIN", "INTO",   "DESCRIBE", "DESC",
                                             "TABLE", "VIEW", "EXISTS", "LIKE",     NULL};
  const char *before = it->before[0];
  const char *dot = memrchr(it->prefix, '.', it->prefix_length);
  it->out->behind = " ";
  if (dot) { /* of a table */
    const char *name = wr_arena_copy(it->out->arena, it->prefix, (size_t)(dot - it->prefix));
    const struct wr_object *object = wr_catalogue_find(it->shell->program.catalogue, name);
    it->out->begin += (size_t)(dot + 1 - it->prefix);
    it->prefix_length -= (size_t)(dot + 1 - it->prefix);
    it->prefix = dot + 1;
    if (object)
      complete_columns_of(it, object);
    it->out->behind = "";
    return;
  }
  if (!*before || strcmp(before, ";") == 0) {
    complete_words(it, beginnings);
  } else if (strcmp(before, "SHOW") == 0) {
    complete_words(it, shown);
  } else if (strcmp(before, "CREATE") == 0 && !*it->before[1]) {
    complete_words(it, created);
  } else if (strcmp(before, "EXPLAIN") == 0) {
    complete_words(it, explained);
  } else if (complete_is(before, names_follow)) {
    complete_objects(it);
    if (strcmp(before, "FROM") == 0)
      complete_add_word(it, "TABLE", "(");
  } else {
    complete_columns(it);
    complete_objects(it);
    if (it->prefix_length > 0) {
      complete_keywords(it);
      complete_functions(it);
    }
  }
  bool opens = it->out->count == 1 && strchr(it->out->texts[0], '(');
  it->out->behind = opens ? "" : " ";
}

/* ---- commands */

static void complete_files(struct completion *it)
{
  glob_t found;
  const char *pattern = wr_arena_print(it->out->arena, "%.*s*", (int)it->prefix_length, it->prefix);
  it->out->behind = "";
  if (glob(pattern, GLOB_MARK, NULL, &found) != 0)
    return;
  for (size_t i = 0; i < found.gl_pathc; i++)
    complete_add(it, wr_arena_copy(it->out->arena, found.gl_pathv[i], strlen(found.gl_pathv[i])));
  globfree(&found);
}

static void complete_command(struct completion *it, const char *line, const char *end)
{
  const char *name, *blank = memchr(line, ' ', (size_t)(end - line));
  if (!blank) {
    it->prefix = line;
    it->prefix_length = (size_t)(end - line);
    for (uint32_t c = 0; (name = wr_shell_command_name(c)) != NULL; c++)
      complete_add(it, name);
  } else {
    while (blank < end && *blank == ' ')
      blank++;
    it->prefix = blank;
    it->prefix_length = (size_t)(end - blank);
  }
  it->out->begin = (size_t)(it->prefix - it->text);
  it->out->behind = " ";
  if (!blank)
    return;
  size_t length = strcspn(line, " ");
  if (length == 2 && line[1] == 'd')
    complete_objects(it);
  else if (length == 3 && strncmp(line, "\\dc", 3) == 0)
    complete_connectors(it);
  else if (length == 3 && strncmp(line, "\\df", 3) == 0)
    complete_functions(it);
  else if (length == 2 && strchr("iow", line[1]))
    complete_files(it);
  else if (length == 2 && line[1] == 'h')
    for (uint32_t t = 0; (name = wr_shell_help_topic(t)) != NULL; t++)
      complete_add_word(it, name, "");
}

/* ---- where the cursor stands */

static bool complete_is_word(char c)
{
  return isalnum((unsigned char)c) || c == '_' || c == '$' || c == '.' || (unsigned char)c >= 0x80;
}

/* The word, sign or text that ends before `end`; returns where it begins. */
static size_t complete_back(const char *text, size_t end, char *word)
{
  size_t begin, length;
  while (end > 0 && isspace((unsigned char)text[end - 1]))
    end--;
  begin = end;
  if (begin > 0 && text[begin - 1] == '\'') {
    for (begin--; begin > 0 && text[begin - 1] != '\'';)
      begin--;
    begin -= begin > 0;
  } else if (begin > 0 && complete_is_word(text[begin - 1])) {
    while (begin > 0 && complete_is_word(text[begin - 1]))
      begin--;
  } else {
    begin -= begin > 0;
  }
  length = end - begin < COMPLETE_WORD - 1 ? end - begin : COMPLETE_WORD - 1;
  bool is_text = length > 0 && text[begin] == '\'';
  for (size_t i = 0; i < length; i++)
    word[i] = is_text ? text[begin + i] : (char)toupper((unsigned char)text[begin + i]);
  word[length] = '\0';
  return begin;
}

void wr_shell_complete(const struct wr_shell *shell, const char *text, size_t length,
                       struct wr_shell_matches *out)
{
  struct wr_shell_scan scan = {0};
  size_t from = 0;
  char *ended = wr_arena_print(out->arena, "%.*s ", (int)length, text);
  while (wr_shell_scan(&scan, ended + from, length + 1 - from)) { /* only the last statement */
    from += scan.at;
    scan = (struct wr_shell_scan){0};
  }
  struct completion it = {
      .shell = shell, .out = out, .text = ended + from, .length = length - from};
  size_t begin = it.length;
  out->behind = "";
  const char *line = it.text + strspn(it.text, " \t\r\n");
  if (*line == '\\') {
    complete_command(&it, line, it.text + it.length);
  } else if (scan.open == '-' || scan.open == '*') {
    return;
  } else {
    if (scan.open)
      while (begin > 0 && it.text[begin - 1] != scan.open)
        begin--;
    else
      while (begin > 0 && complete_is_word(it.text[begin - 1]))
        begin--;
    it.prefix = it.text + begin;
    it.prefix_length = it.length - begin;
    out->begin = begin;
    begin -= scan.open && begin > 0;
    for (int w = 0; w < COMPLETE_BEFORE; w++)
      begin = complete_back(it.text, begin, it.before[w]);
    if (scan.open == '\'')
      complete_quoted(&it);
    else if (!scan.open)
      complete_word(&it);
    else
      complete_objects(&it);
  }
  out->begin += from;
  complete_sort(out);
}
