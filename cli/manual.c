/* SPDX-License-Identifier: Apache-2.0 */
/* weir connectors, formats, functions and types: the tables as text, or as Markdown for docs/. */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cli/command.h"
#include "connectors/connector.h"
#include "formats/format.h"
#include "functions/aggregate_table.h"
#include "functions/function.h"
#include "functions/type_manual.h"

static const char *const option_kinds[] = {"text",     "true or false", "integer", "number",
                                           "duration", "bytes",         "choice"};

static void print_option(const struct wr_option *option, bool markdown)
{
  const char *kind =
      option->kind == WR_OPTION_CHOICE ? option->choices : option_kinds[option->kind];
  if (markdown) {
    printf("| `%s` | ", option->name);
    for (const char *at = kind; *at; at++)
      fputs(*at == '|' ? " \\| " : (char[]){*at, 0}, stdout);
    printf(" | %s%s%s | %s |\n",
           option->fallback   ? "`"
           : option->required ? "required"
                              : "",
           option->fallback ? option->fallback : "", option->fallback ? "`" : "",
           option->help ? option->help : "");
    return;
  }
  printf("  '%s'%s\n", option->name, option->required ? "  (required)" : "");
  printf("      %s [%s%s%s]\n", option->help ? option->help : "", kind,
         option->fallback ? "; default " : "", option->fallback ? option->fallback : "");
}

static void print_options(const struct wr_option *options, bool markdown)
{
  if (!options || !options->name)
    return;
  if (markdown)
    puts("| option | value | default | |\n|---|---|---|---|");
  else
    puts("\noptions:");
  for (const struct wr_option *option = options; option->name; option++)
    print_option(option, markdown);
}

static void print_metadata(const struct wr_metadata *metadata, bool markdown)
{
  if (!metadata || !metadata->name)
    return;
  puts(markdown ? "\n| metadata column | type | |\n|---|---|---|" : "\nmetadata columns:");
  for (; metadata->name; metadata++) {
    char type[128];
    wr_type_print(metadata->type, type, sizeof type);
    printf(markdown ? "| `%s` | %s | %s%s |\n" : "  %-22s %-18s %s%s\n", metadata->name, type,
           metadata->help,
           metadata->part == WR_METADATA_READ_ONLY ? "" : " Can be written: leave out VIRTUAL.");
  }
}

static void print_connector(const struct wr_connector *connector, bool markdown)
{
  const char *role = !connector->writer   ? "source"
                     : !connector->reader ? "sink"
                                          : "source and sink";
  const char *once = !connector->publisher           ? ""
                     : connector->wants_exactly_once ? "exactly-once if its options say so, else "
                                                     : "exactly-once with a state directory, else ";
  printf(markdown ? "\n## %s\n\n%s. %s%s%s%s\n\n" : "%s: %s. %s%s%s%s\n", connector->name, role,
         connector->help, connector->delivery ? " Delivery: " : "", once,
         connector->delivery ? connector->delivery : "");
  print_options(connector->options, markdown);
  print_metadata(connector->metadata, markdown);
}

static void print_format(const struct wr_format *format, bool markdown)
{
  printf(markdown ? "\n## %s\n\n%s\n\n" : "%s: %s\n", format->name, format->help);
  print_options(format->options, markdown);
}

/* Shared by both: no argument lists, a name shows one, --markdown shows all for the manual. */
static int manual(int argc, char **argv, const char *command, const char *const *names,
                  uint32_t count, void (*list)(uint32_t i),
                  void (*print)(uint32_t i, bool markdown))
{
  if (argc > 1 || (argc == 1 && argv[0][0] == '-' && strcmp(argv[0], "--markdown") != 0)) {
    fprintf(stderr, "weir %s: takes one name at most\n", command);
    return WR_EXIT_USAGE;
  }
  for (uint32_t i = 0; argc == 0 && i < count; i++)
    list(i);
  for (uint32_t i = 0; argc == 1 && i < count; i++) {
    bool markdown = strcmp(argv[0], "--markdown") == 0;
    if (!markdown && strcmp(argv[0], names[i]) != 0)
      continue;
    print(i, markdown);
    if (!markdown)
      return WR_EXIT_DONE;
  }
  if (argc == 0 || strcmp(argv[0], "--markdown") == 0)
    return WR_EXIT_DONE;
  const char *nearest = wr_nearest(argv[0], names, count);
  fprintf(stderr, "weir %s: there is no %s%s%s%s\n", command, argv[0],
          nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
  return WR_EXIT_USAGE;
}

static void list_connector(uint32_t i)
{
  uint32_t count;
  const struct wr_connector *connector = wr_connector_all(&count)[i];
  if (!connector->hidden)
    printf("  %-12s %s\n", connector->name, connector->help);
}

static void show_connector(uint32_t i, bool markdown)
{
  uint32_t count;
  const struct wr_connector *connector = wr_connector_all(&count)[i];
  if (!connector->hidden)
    print_connector(connector, markdown);
}

static void list_format(uint32_t i)
{
  uint32_t count;
  const struct wr_format *format = wr_format_all(&count)[i];
  printf("  %-12s %s\n", format->name, format->help);
}

static void show_format(uint32_t i, bool markdown)
{
  uint32_t count;
  print_format(wr_format_all(&count)[i], markdown);
}

#define MANUAL_NAMES_MAX 64

int wr_command_connectors(int argc, char **argv)
{
  const char *names[MANUAL_NAMES_MAX];
  uint32_t count;
  const struct wr_connector *const *all = wr_connector_all(&count);
  for (uint32_t i = 0; i < count && i < MANUAL_NAMES_MAX; i++)
    names[i] = all[i]->name;
  return manual(argc, argv, "connectors", names, count, list_connector, show_connector);
}

int wr_command_formats(int argc, char **argv)
{
  const char *names[MANUAL_NAMES_MAX];
  uint32_t count;
  const struct wr_format *const *all = wr_format_all(&count);
  for (uint32_t i = 0; i < count && i < MANUAL_NAMES_MAX; i++)
    names[i] = all[i]->name;
  return manual(argc, argv, "formats", names, count, list_format, show_format);
}

/* ---- functions and aggregates: names are many, so they have a loop of their own */

/* What both kinds of table row have to say. */
struct callable {
  const char *name, *usage, *help, *example, *over, *result;
  const struct wr_function *function; /* NULL: an aggregate */
};

/* The i-th function, then the aggregates; false: there are no more. usage NULL: a further overload.
 */
static bool callable_at(uint32_t i, struct callable *out)
{
  const struct wr_function *function;
  uint32_t functions = 0;
  while ((function = wr_function_at(functions)) && functions < i)
    functions++;
  if (function) {
    *out = (struct callable){.name = function->name,
                             .usage = function->usage,
                             .help = function->help,
                             .example = function->example,
                             .result = function->result ? function->result : "NULL",
                             .function = function};
    return true;
  }
  const struct wr_aggregate_function *aggregate = wr_aggregate_at(i - functions);
  if (!aggregate)
    return false;
  *out = (struct callable){.name = aggregate->name,
                           .usage = aggregate->usage,
                           .help = aggregate->help,
                           .example = aggregate->example,
                           .over = aggregate->over,
                           .result = aggregate->result ? aggregate->result : "NULL"};
  return true;
}

static const char *const kind_words[WR_KIND_COUNT] = {
    [WR_NULL] = "any",
    [WR_BOOLEAN] = "BOOLEAN",
    [WR_TINYINT] = "TINYINT",
    [WR_SMALLINT] = "SMALLINT",
    [WR_INT] = "INT",
    [WR_BIGINT] = "BIGINT",
    [WR_FLOAT] = "FLOAT",
    [WR_DOUBLE] = "DOUBLE",
    [WR_DECIMAL] = "DECIMAL",
    [WR_CHAR] = "STRING",
    [WR_VARCHAR] = "STRING",
    [WR_BINARY] = "BYTES",
    [WR_VARBINARY] = "BYTES",
    [WR_DATE] = "DATE",
    [WR_TIME] = "TIME",
    [WR_TIMESTAMP] = "TIMESTAMP",
    [WR_TIMESTAMP_LTZ] = "TIMESTAMP_LTZ",
    [WR_INTERVAL_MONTH] = "INTERVAL of months",
    [WR_INTERVAL_SECOND] = "INTERVAL of seconds",
    [WR_ARRAY] = "ARRAY",
    [WR_MAP] = "MAP",
    [WR_MULTISET] = "MULTISET",
    [WR_ROW] = "ROW",
};

/* "(STRING, INT [, INT]) gives STRING" of one row of the table. */
static void print_overload(const struct wr_function *function)
{
  printf("    (");
  for (uint32_t i = 0; i < function->most && i < WR_FUNCTION_ARGS_MAX; i++)
    printf("%s%s%s", i == function->least ? " [" : "", i ? ", " : "",
           kind_words[function->takes[i]]);
  char gives[128];
  wr_type_print(function->gives, gives, sizeof gives);
  printf("%s) gives %s\n", function->most > function->least ? "]" : "", gives);
}

/* Rows without a kernel bind themselves, for any types: their usage says all there is. */
static void print_callable(const struct callable *row)
{
  printf("%s\n    %s\n", row->usage, row->help);
  for (const struct wr_function *function = row->function;
       function && function->name && strcmp(function->name, row->name) == 0 &&
       (function == row->function || !function->usage);
       function++)
    if (function->kernel && function->gives && !(function->traits & WR_OPERATOR))
      print_overload(function);
  if (row->function && row->function->traits & WR_KINESIS)
    puts("    of the kinesis dialect");
  if (row->example && row->over)
    printf("    %s  over  %s  gives  %s\n", row->example, row->over, row->result);
  else if (row->example)
    printf("    %s  gives  %s\n", row->example, row->result);
}

/* A cell of a Markdown table. */
static void print_cell(const char *text)
{
  for (; *text; text++)
    fputs(*text == '|' ? "\\|" : (char[]){*text, 0}, stdout);
}

static void print_callable_row(const struct callable *row)
{
  fputs("| `", stdout);
  print_cell(row->usage);
  fputs("` | ", stdout);
  print_cell(row->help);
  fputs(" | ", stdout);
  if (row->example) {
    putchar('`');
    print_cell(row->example);
    if (row->over) {
      fputs("` over `", stdout);
      print_cell(row->over);
    }
    fputs("` gives `", stdout);
    print_cell(row->result);
    putchar('`');
  }
  fputs(" |\n", stdout);
}

/* Before which usage a new chapter of the list begins. */
static const struct {
  const char *usage, *title;
} chapters[] = {
    {"a = b", "Comparison and logic"},
    {"a + b", "Arithmetic"},
    {"CAST(value AS type)", "Types"},
    {"ROW(a, b, ...)", "Collections"},
    {"value IN (a, b, ...)", "Conditions"},
    {"CURRENT_DATABASE()", "Context"},
    {"ABS(number)", "Numbers"},
    {"UPPER(text)", "Texts"},
    {"text IS JSON", "JSON"},
    {"EXTRACT(unit FROM time)", "Times"},
    {"(a - b) unit; (a - b) unit TO unit", "The kinesis dialect"},
    {"COUNT(*), COUNT(value, ...) or COUNT(DISTINCT value, ...)", "Aggregates"},
};

/* Functions of all chapters; next: the chapter that comes then. */
static void print_chapter(const char *usage, bool markdown, size_t *next)
{
  if (*next == sizeof chapters / sizeof *chapters || strcmp(usage, chapters[*next].usage) != 0)
    return;
  if (markdown)
    printf("\n## %s\n\n| function | | example |\n|---|---|---|\n", chapters[*next].title);
  else
    printf("%s%s\n", *next ? "\n" : "", chapters[*next].title);
  *next += 1;
}

int wr_command_functions(int argc, char **argv)
{
  const char *name = argc == 1 ? argv[0] : NULL;
  bool markdown = name && strcmp(name, "--markdown") == 0, found = false;
  if (argc > 1 || (name && strncmp(name, "--", 2) == 0 && !markdown)) {
    fputs("weir functions: takes one name at most\n", stderr);
    return WR_EXIT_USAGE;
  }
  struct callable row;
  size_t chapter = 0;
  for (uint32_t i = 0; callable_at(i, &row); i++) {
    if (!row.usage || (name && !markdown && strcasecmp(name, row.name) != 0))
      continue;
    found = true;
    if (markdown || !name)
      print_chapter(row.usage, markdown, &chapter);
    if (markdown)
      print_callable_row(&row);
    else if (name)
      print_callable(&row);
    else
      printf("  %-44s%s%s\n", row.usage,
             strlen(row.usage) > 44 ? "\n                                               " : " ",
             row.help);
  }
  /* a chapter that was not found has lost the row it begins with */
  assert((name && !markdown) || chapter == sizeof chapters / sizeof *chapters);
  if (found)
    return WR_EXIT_DONE;
  const char *nearest = wr_function_nearest(name);
  fprintf(stderr, "weir functions: there is no %s%s%s%s\n", name, nearest ? "; did you mean " : "",
          nearest ? nearest : "", nearest ? "?" : "; weir functions lists all");
  return WR_EXIT_USAGE;
}

/* ---- types */

int wr_command_types(int argc, char **argv)
{
  const char *name = argc == 1 ? argv[0] : NULL;
  bool markdown = name && strcmp(name, "--markdown") == 0;
  if (argc > 1 || (name && strncmp(name, "--", 2) == 0 && !markdown)) {
    fputs("weir types: takes one name at most\n", stderr);
    return WR_EXIT_USAGE;
  }
  const struct wr_type_row *row = name && !markdown ? wr_type_row_find(name) : NULL;
  if (name && !markdown && !row) {
    fprintf(stderr, "weir types: there is no %s\n", name);
    return WR_EXIT_USAGE;
  }
  struct wr_buffer out = {0};
  if (markdown)
    wr_type_manual_markdown(&out);
  else if (row)
    wr_type_manual_show(row, &out);
  else
    wr_type_manual_list(&out);
  fwrite(out.bytes, 1, out.length, stdout);
  wr_buffer_free(&out);
  return WR_EXIT_DONE;
}
