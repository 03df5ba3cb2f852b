/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of the shell: a backslash, a word, an argument, a line end. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/grid.h"
#include "cli/shell.h"
#include "core/reject.h"
#include "planner/catalogue.h"
#include "planner/show_create.h"

#define COMMAND_EDITED_MAX WR_SQL_BYTES_MAX

extern char **environ;

/* ---- other programs */

#define PROGRAM_NOT_THERE 127

/* Until its end: its exit status. Ctrl-C is the program's and not ours. input: its standard input,
 * or -1: ours. */
static int program_run(char *const *argv, int input)
{
  struct sigaction ignored = {.sa_handler = SIG_IGN}, before;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t usual;
  pid_t child;
  int status;
  bool began;
  sigemptyset(&usual);
  sigaddset(&usual, SIGINT);
  sigaddset(&usual, SIGPIPE);
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigdefault(&attributes, &usual);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  if (input >= 0)
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  sigaction(SIGINT, &ignored, &before);
  began = posix_spawn(&child, "/bin/sh", &actions, &attributes, argv, environ) == 0;
  while (began && waitpid(child, &status, 0) < 0)
    began = errno == EINTR;
  sigaction(SIGINT, &before, NULL);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return !began ? PROGRAM_NOT_THERE : WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- \d */

static const char *const object_kinds[] = {"table", "view", "stream of rejects", "stream"};

static int object_compare(const void *left, const void *right)
{
  return strcmp((*(const struct wr_object *const *)left)->name,
                (*(const struct wr_object *const *)right)->name);
}

static enum wr_shell_verdict command_list(struct wr_shell *shell, const char *argument)
{
  static const char *const names[] = {"name", "kind", "columns", "connector", "format"};
  struct wr_arena arena = {0};
  struct wr_grid grid = {.arena = &arena, .indent = " ", .sides = "llrll"};
  uint32_t count = 0, at = 0;
  const struct wr_object *object;
  (void)argument;
  for (object = shell->program.catalogue->first; object; object = object->next)
    count += object->kind != WR_OBJECT_REJECTS;
  const struct wr_object **all = WR_NEW_ARRAY(&arena, const struct wr_object *, count);
  for (object = shell->program.catalogue->first; object; object = object->next)
    if (object->kind != WR_OBJECT_REJECTS)
      all[at++] = object;
  if (count)
    qsort(all, count, sizeof *all, object_compare);
  wr_grid_add(&grid, names);
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_table *table = all[i]->table;
    const struct wr_schema *schema = table ? &table->row : &all[i]->view->schema;
    const char *cells[] = {all[i]->name, object_kinds[all[i]->kind],
                           wr_arena_print(&arena, "%u", schema->column_count),
                           table ? table->connector->name : "",
                           table && table->format ? table->format->name : ""};
    wr_grid_add(&grid, cells);
  }
  fputs(count ? wr_grid_text(&grid) : "nothing is declared yet: CREATE TABLE, or \\i FILE\n",
        shell->out);
  wr_arena_free(&arena);
  return WR_SHELL_GO;
}

static const char *object_key(const struct wr_object *object, struct wr_arena *arena)
{
  const struct wr_table *table = object->table;
  const char *key = "";
  for (uint32_t k = 0; table && k < table->key_count; k++)
    key =
        wr_arena_print(arena, "%s%s%s", key, k ? ", " : "", table->row.fields[table->keys[k]].name);
  return key;
}

static void object_columns(const struct wr_shell *shell, const struct wr_object *object,
                           const struct wr_schema *schema, struct wr_grid *grid)
{
  static const char *const names[] = {"column", "type", "null", ""};
  const struct wr_table *table = object->table;
  wr_grid_add(grid, names);
  for (uint32_t c = 0; c < schema->column_count; c++) {
    const struct wr_field *field = &schema->fields[c];
    char type[1024];
    wr_type_print(field->type, type, sizeof type);
    const char *extras = NULL;
    if (table)
      extras = wr_show_extras(shell->script.bytes, grid->arena, &table->definition->columns[c]);
    const char *cells[] = {field->name, wr_arena_copy(grid->arena, type, strlen(type)),
                           field->type->not_null ? "not null" : "", extras ? extras : ""};
    wr_grid_add(grid, cells);
  }
}

static void object_print(const struct wr_shell *shell, const struct wr_object *object)
{
  struct wr_arena arena = {0};
  struct wr_grid grid = {.arena = &arena, .indent = "   ", .sides = "llll"};
  const struct wr_table *table = object->table;
  const struct wr_schema *schema = wr_object_schema(object, shell->program.catalogue->kinesis);
  const char *key = object_key(object, &arena), *text = shell->script.bytes;
  fprintf(shell->out, "%s %s\n", object_kinds[object->kind], object->name);
  object_columns(shell, object, schema, &grid);
  fputs(wr_grid_text(&grid), shell->out);
  if (*key)
    fprintf(shell->out, "primary key: %s\n", key);
  if (table && table->time_column != UINT32_MAX) {
    struct wr_span span = table->definition->watermark->value->span;
    fprintf(shell->out, "watermark: %s as %.*s\n", schema->fields[table->time_column].name,
            (int)span.length, text + span.offset);
  }
  if (object->kind == WR_OBJECT_VIEW)
    fprintf(shell->out, "query: %.*s\n", (int)object->view->query->span.length,
            text + object->view->query->span.offset);
  for (uint32_t i = 0; table && i < table->definition->options.value_count; i++) {
    const struct wr_option_value *option = &table->definition->options.values[i];
    fprintf(shell->out, "%s'%s' = '%s'\n", i ? "  " : "options:\n  ", option->key,
            wr_show_hides(table->definition, option->key) ? "******" : option->value);
  }
  wr_arena_free(&arena);
}

/* By its name; where names fold, also by one that is not in upper case. */
static const struct wr_object *object_find(const struct wr_catalogue *catalogue, const char *name,
                                           struct wr_arena *arena)
{
  const struct wr_object *object = wr_catalogue_find(catalogue, name);
  if (object || !catalogue->kinesis)
    return object;
  char *upper = wr_arena_copy(arena, name, strlen(name));
  for (char *at = upper; *at; at++)
    *at = (char)toupper((unsigned char)*at);
  return wr_catalogue_find(catalogue, upper);
}

static enum wr_shell_verdict command_describe(struct wr_shell *shell, const char *argument)
{
  if (!*argument)
    return command_list(shell, argument);
  struct wr_arena arena = {0};
  const struct wr_object *object = object_find(shell->program.catalogue, argument, &arena);
  if (object) {
    object_print(shell, object);
    wr_arena_free(&arena);
    return WR_SHELL_GO;
  }
  uint32_t count = 0, at = 0;
  for (object = shell->program.catalogue->first; object; object = object->next)
    count++;
  const char **names = WR_NEW_ARRAY(&arena, const char *, count);
  for (object = shell->program.catalogue->first; object; object = object->next)
    names[at++] = object->name;
  const char *nearest = wr_nearest(argument, names, count);
  enum wr_shell_verdict verdict =
      nearest ? wr_shell_complain("there is no table or view '%s'; did you mean '%s'?", argument,
                                  nearest)
              : wr_shell_complain("there is no table or view '%s'; \\d lists them", argument);
  wr_arena_free(&arena);
  return verdict;
}

/* What was printed into the file: by the pager if it is taller than the screen. One that is not
 * there leaves it to us. */
static void page_show(int file)
{
  char usual[] = "command -v less >/dev/null || exit 127; exec less -FRX";
  char shell_name[] = "sh", option[] = "-c", block[4096];
  char *line = getenv("PAGER");
  char *argv[] = {shell_name, option, line ? line : usual, NULL};
  struct winsize size = {0};
  off_t at = 0;
  uint32_t lines = 0;
  for (ssize_t got; (got = pread(file, block, sizeof block, at)) > 0; at += got)
    for (ssize_t i = 0; i < got; i++)
      lines += block[i] == '\n';
  bool fits = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || lines < size.ws_row;
  bool has_pager = !line || line[strspn(line, " \t")];
  if (!fits && has_pager && lseek(file, 0, SEEK_SET) == 0 &&
      program_run(argv, file) != PROGRAM_NOT_THERE)
    return;
  at = 0;
  for (ssize_t got; (got = pread(file, block, sizeof block, at)) > 0; at += got)
    fwrite(block, 1, (size_t)got, stdout);
}

/* At a terminal what a manual prints is kept in a file until its end, to know how long it is. */
static int page_manual(int (*manual)(int argc, char **argv), int argc, char **argv)
{
  FILE *file = tmpfile();
  fflush(stdout);
  int terminal = file ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0) : -1;
  bool kept = terminal >= 0 && dup2(fileno(file), STDOUT_FILENO) >= 0;
  int code = manual(argc, argv);
  fflush(stdout);
  if (kept) {
    dup2(terminal, STDOUT_FILENO);
    page_show(fileno(file));
  }
  if (terminal >= 0)
    close(terminal);
  if (file)
    fclose(file);
  return code;
}

/* One of the manuals of the program. */
static enum wr_shell_verdict command_manual(const struct wr_shell *shell,
                                            int (*manual)(int argc, char **argv),
                                            const char *argument)
{
  struct wr_arena arena = {0};
  char *argv[] = {wr_arena_copy(&arena, argument, strlen(argument)), NULL};
  int argc = *argument ? 1 : 0;
  bool pages = shell->edit && isatty(STDOUT_FILENO);
  int code = pages ? page_manual(manual, argc, argv) : manual(argc, argv);
  wr_arena_free(&arena);
  fflush(stdout);
  return code == WR_EXIT_DONE ? WR_SHELL_GO : WR_SHELL_WRONG;
}

static enum wr_shell_verdict command_functions(struct wr_shell *shell, const char *argument)
{
  const struct wr_user_function *mine = shell->program.catalogue->functions;
  if (*argument && wr_catalogue_find_function(shell->program.catalogue, argument)) {
    mine = wr_catalogue_find_function(shell->program.catalogue, argument);
    fprintf(shell->out, "%s: a function of this script\n", mine->name);
    return WR_SHELL_GO;
  }
  enum wr_shell_verdict verdict = command_manual(shell, wr_command_functions, argument);
  if (!*argument && mine)
    fputs("of this script:\n", shell->out);
  for (; !*argument && mine; mine = mine->next)
    fprintf(shell->out, "  %s\n", mine->name);
  return verdict;
}

static enum wr_shell_verdict command_connectors(struct wr_shell *shell, const char *argument)
{
  return command_manual(shell, wr_command_connectors, argument);
}

/* ---- files */

static enum wr_shell_verdict command_include(struct wr_shell *shell, const char *argument)
{
  if (!*argument)
    return wr_shell_complain("\\i wants a file");
  return wr_shell_include(shell, argument);
}

static enum wr_shell_verdict command_output(struct wr_shell *shell, const char *argument)
{
  FILE *file = *argument ? fopen(argument, "we") : stdout;
  if (!file)
    return wr_shell_complain("%s cannot be written: %s", argument, strerror(errno));
  enum wr_shell_verdict verdict = WR_SHELL_GO;
  if (shell->out != stdout && fclose(shell->out) != 0)
    verdict = wr_shell_complain("%s cannot be written: %s", shell->out_path, strerror(errno));
  free(shell->out_path);
  shell->out_path = NULL;
  shell->out = file;
  if (*argument) {
    shell->out_path = wr_memory_get(strlen(argument) + 1);
    memcpy(shell->out_path, argument, strlen(argument) + 1);
  }
  return verdict;
}

/* What has been declared and set, as a file for weir run. It may hold passwords. */
static enum wr_shell_verdict command_write(struct wr_shell *shell, const char *argument)
{
  if (!*argument)
    return wr_shell_complain("\\w wants a file");
  FILE *file = fopen(argument, "wxe");
  if (!file)
    return wr_shell_complain("%s cannot be written: %s", argument, strerror(errno));
  size_t written = fwrite(wr_buffer_string(&shell->script), 1, shell->script.length, file);
  bool failed = fclose(file) != 0 || written != shell->script.length;
  return failed ? wr_shell_complain("%s cannot be written: %s", argument, strerror(errno))
                : WR_SHELL_GO;
}

/* ---- \e */

/* $VISUAL or $EDITOR with the file; they may hold arguments, so a shell takes them apart. */
static bool edit_run(struct wr_arena *arena, const char *path)
{
  const char *visual = getenv("VISUAL"), *editor = getenv("EDITOR");
  const char *chosen = visual && *visual ? visual : editor && *editor ? editor : "vi";
  char *line = wr_arena_print(arena, "%s \"$1\"", chosen);
  char shell_name[] = "sh", option[] = "-c", self[] = "weir";
  char *file = wr_arena_copy(arena, path, strlen(path));
  char *argv[] = {shell_name, option, line, self, file, NULL};
  return program_run(argv, -1) == 0;
}

static bool edit_read(const char *path, struct wr_buffer *out)
{
  FILE *file = fopen(path, "rbe");
  size_t length = 1;
  while (file && length > 0 && out->length <= COMMAND_EDITED_MAX) {
    length = fread(wr_buffer_reserve(out, 65536), 1, 65536, file);
    wr_buffer_added(out, length);
  }
  bool good = file && !ferror(file) && out->length <= COMMAND_EDITED_MAX;
  if (file)
    fclose(file);
  return good;
}

static enum wr_shell_verdict command_edit(struct wr_shell *shell, const char *argument)
{
  struct wr_arena arena = {0};
  struct wr_buffer text = {0};
  const char *folder = getenv("TMPDIR");
  enum wr_shell_verdict verdict = WR_SHELL_GO;
  if (*argument)
    return wr_shell_complain("\\e edits the statement before; it takes no argument");
  char *path = wr_arena_print(&arena, "%s/weir-XXXXXX.sql", folder && *folder ? folder : "/tmp");
  int fd = mkstemps(path, (int)strlen(".sql"));
  FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
  if (!file) {
    verdict = wr_shell_complain("%s cannot be made: %s", path, strerror(errno));
    wr_arena_free(&arena);
    return verdict;
  }
  fwrite(wr_buffer_string(&shell->last), 1, shell->last.length, file);
  if (fclose(file) != 0 || !edit_run(&arena, path) || !edit_read(path, &text))
    verdict = wr_shell_complain("the editor has failed; nothing was run");
  unlink(path);
  if (verdict == WR_SHELL_GO && text.length > 0) {
    fprintf(stdout, "%.*s", (int)text.length, text.bytes);
    fflush(stdout);
    if (shell->edit)
      wr_shell_edit_remember(shell->edit, text.bytes, text.length);
    verdict = wr_shell_take_text(shell, text.bytes, text.length);
  }
  wr_buffer_free(&text);
  wr_arena_free(&arena);
  return verdict;
}

/* ---- how results are shown */

static enum wr_shell_verdict command_switch(const char *name, const char *argument, bool *value)
{
  bool on = strcasecmp(argument, "on") == 0 || strcasecmp(argument, "true") == 0;
  bool off = strcasecmp(argument, "off") == 0 || strcasecmp(argument, "false") == 0;
  if (*argument && !on && !off)
    return wr_shell_complain("%s is on or off, and not %s", name, argument);
  *value = *argument ? on : !*value;
  printf("%s is %s\n", name, *value ? "on" : "off");
  return WR_SHELL_GO;
}

static enum wr_shell_verdict command_timing(struct wr_shell *shell, const char *argument)
{
  return command_switch("timing", argument, &shell->timing);
}

static enum wr_shell_verdict command_expanded(struct wr_shell *shell, const char *argument)
{
  return command_switch("expanded", argument, &shell->expanded);
}

static enum wr_shell_verdict command_set_format(struct wr_shell *shell, const char *value)
{
  static const char *const formats[] = {"auto", "table", "json", "csv"};
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
    if (strcasecmp(value, formats[i]) == 0) {
      shell->format = formats[i];
      return WR_SHELL_GO;
    }
  return wr_shell_complain("format is auto, table, json or csv, and not '%s'", value);
}

/* \set alone shows; \set NAME VALUE sets. */
static enum wr_shell_verdict command_set(struct wr_shell *shell, const char *argument)
{
  size_t length = strcspn(argument, " \t=");
  const char *value = argument + length + strspn(argument + length, " \t=");
  if (length == 0) {
    fprintf(shell->out, "expanded = %s\nformat = %s\noutput = %s\ntiming = %s\n",
            shell->expanded ? "on" : "off", shell->format,
            shell->out_path ? shell->out_path : "standard output", shell->timing ? "on" : "off");
    return WR_SHELL_GO;
  }
  if (length == 6 && strncasecmp(argument, "format", 6) == 0)
    return command_set_format(shell, value);
  if (length == 8 && strncasecmp(argument, "expanded", 8) == 0)
    return command_expanded(shell, value);
  if (length == 6 && strncasecmp(argument, "timing", 6) == 0)
    return command_timing(shell, value);
  if (length == 6 && strncasecmp(argument, "output", 6) == 0)
    return command_output(shell, value);
  return wr_shell_complain("\\set knows expanded, format, output and timing, and not '%.*s'; "
                           "SET 'key' = 'value'; is for settings of jobs",
                           (int)length, argument);
}

/* ---- help and the end */

static enum wr_shell_verdict command_help(struct wr_shell *shell, const char *argument)
{
  return wr_shell_print_statement_help(shell->out, argument);
}

static enum wr_shell_verdict command_all(struct wr_shell *shell, const char *argument)
{
  (void)argument;
  wr_shell_print_help(shell->out);
  return WR_SHELL_GO;
}

enum wr_shell_verdict wr_shell_leave(struct wr_shell *shell)
{
  uint32_t running = wr_shell_running_jobs(shell);
  if (running == 0 || shell->leaving || !shell->edit)
    return WR_SHELL_LEAVE;
  fprintf(stderr, "weir: %u job%s of this shell would be stopped; once more to leave\n", running,
          running == 1 ? "" : "s");
  shell->leaving = true;
  return WR_SHELL_GO;
}

static enum wr_shell_verdict command_quit(struct wr_shell *shell, const char *argument)
{
  (void)argument;
  return wr_shell_leave(shell);
}

static const struct {
  const char *name;
  enum wr_shell_verdict (*run)(struct wr_shell *shell, const char *argument);
} commands[] = {
    {"\\?", command_all},        {"\\d", command_describe},    {"\\dc", command_connectors},
    {"\\df", command_functions}, {"\\e", command_edit},        {"\\h", command_help},
    {"\\i", command_include},    {"\\o", command_output},      {"\\q", command_quit},
    {"\\set", command_set},      {"\\timing", command_timing}, {"\\w", command_write},
    {"\\x", command_expanded},
};
enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

const char *wr_shell_command_name(uint32_t number)
{
  return number < COMMAND_COUNT ? commands[number].name : NULL;
}

enum wr_shell_verdict wr_shell_run_command(struct wr_shell *shell, const char *line)
{
  struct wr_arena arena = {0};
  size_t length = strcspn(line, " \t\r\n;");
  const char *name = wr_arena_copy(&arena, line, length), *rest = line + length;
  rest += strspn(rest, " \t");
  size_t end = strlen(rest);
  while (end > 0 && strchr(" \t\r\n;", rest[end - 1]))
    end--;
  bool quoted = end >= 2 && strchr("'\"`", *rest) && rest[end - 1] == *rest;
  const char *argument = wr_arena_copy(&arena, rest + quoted, end - 2 * (size_t)quoted);
  enum wr_shell_verdict verdict = WR_SHELL_WRONG;
  bool found = false;
  for (int c = 0; c < COMMAND_COUNT && !found; c++)
    if ((found = strcmp(commands[c].name, name) == 0))
      verdict = commands[c].run(shell, argument);
  if (!found)
    wr_shell_complain("there is no command %s; \\? lists them", name);
  if (found && verdict == WR_SHELL_GO && strcmp(name, "\\q") != 0)
    shell->leaving = false;
  fflush(stdout);
  fflush(shell->out);
  wr_arena_free(&arena);
  return verdict;
}
