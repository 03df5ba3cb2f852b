/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weir shell: statements one after the other, from a terminal, from files or from standard input.
 * What declares and sets is kept, what asks is run. A script goes no further than its first
 * mistake; at a terminal people go on.
 *
 *   a line -> \command?  -> shell_command.c
 *          -> the statement so far, up to its semicolon -> shell_statement.c -> shell_job.c
 */
#include "cli/shell.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "config.h"

enum wr_shell_verdict wr_shell_complain(const char *format, ...)
{
  va_list args;
  fflush(stdout);
  fputs("weir: ", stderr);
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fputc('\n', stderr);
  return WR_SHELL_WRONG;
}

/* ---- lines to statements */

/* Where lines come from. */
struct shell_input {
  const char *name;       /* for messages */
  FILE *file;             /* NULL: the terminal, or text */
  const char *text, *end; /* NULL: not a text */
  char *line;             /* of getline */
  size_t line_room;
  uint32_t number; /* of the newest line */
  /* the statement that is being read; its bytes are in shell->statement */
  struct wr_shell_scan scan;
  uint32_t first_number; /* of the line that shell->statement begins in */
  uint32_t first_column; /* and how many characters stand before it there */
};

static bool shell_is_typed(const struct shell_input *input)
{
  return !input->file && !input->text;
}

static const char *shell_prompt(const struct wr_shell_scan *scan)
{
  switch (wr_shell_scan_open(scan)) {
  case '=': return "weir> ";
  case '\'': return "   '> ";
  case '"': return "   \"> ";
  case '`': return "   `> ";
  case '*': return "  /*> ";
  case '(': return "   (> ";
  case 's': return " set> ";
  default: return "   -> ";
  }
}

/* The next line with its line end; NULL: there are no more. */
static const char *shell_next_line(struct wr_shell *shell, struct shell_input *input,
                                   bool *interrupted)
{
  *interrupted = false;
  input->number++;
  if (input->text) {
    if (input->text == input->end)
      return NULL;
    const char *stop = memchr(input->text, '\n', (size_t)(input->end - input->text));
    size_t length = (size_t)((stop ? stop : input->end) - input->text);
    input->line = wr_memory_resize(input->line, length + 2);
    memcpy(input->line, input->text, length);
    memcpy(input->line + length, "\n", 2);
    input->text += length + (stop != NULL);
    return input->line;
  }
  if (!input->file) {
    wr_shell_tell_jobs(shell);
    return wr_shell_edit_line(shell->edit, shell_prompt(&input->scan), interrupted);
  }
  ssize_t length = getline(&input->line, &input->line_room, input->file);
  if (length <= 0)
    return NULL;
  if (input->line[length - 1] != '\n') { /* the last one; getline leaves room for the NUL only */
    input->line = wr_memory_resize(input->line, input->line_room = (size_t)length + 2);
    memcpy(input->line + length, "\n", 2);
  }
  return input->line;
}

static void shell_forget_statement(struct wr_shell *shell, struct shell_input *input)
{
  wr_buffer_clear(&shell->statement);
  input->scan = (struct wr_shell_scan){0};
}

/* Characters behind the last line end. */
static uint32_t shell_columns(const char *text, size_t length)
{
  uint32_t columns = 0;
  for (size_t i = length; i > 0 && text[i - 1] != '\n'; i--)
    columns += (text[i - 1] & 0xc0) != 0x80;
  return columns;
}

/* The first `length` bytes of what was typed, from its first word on. */
static enum wr_shell_verdict shell_run(struct wr_shell *shell, struct shell_input *input,
                                       size_t length)
{
  const char *text = shell->statement.bytes;
  size_t first = input->scan.first;
  struct wr_shell_statement statement = {
      .text = text + first, .length = length - first, .name = input->name};
  statement.line = input->first_number;
  for (size_t i = 0; i < first; i++)
    statement.line += text[i] == '\n';
  statement.column = shell_columns(text, first) + 1;
  if (statement.line == input->first_number)
    statement.column += input->first_column;
  if (!shell_is_typed(input))
    return wr_shell_run_statement(shell, &statement);
  /* as typed: its first line is line 1 */
  statement.line = statement.column = 1;
  wr_shell_edit_remember(shell->edit, statement.text, statement.length);
  return wr_shell_run_statement(shell, &statement);
}

/* Takes what was run away from the statement under way. */
static void shell_cut(struct wr_shell *shell, struct shell_input *input, size_t length)
{
  struct wr_buffer *typed = &shell->statement;
  uint32_t columns = shell_columns(typed->bytes, length);
  bool same_line = !memchr(typed->bytes, '\n', length);
  for (size_t i = 0; i < length; i++)
    input->first_number += typed->bytes[i] == '\n';
  input->first_column = columns + (same_line ? input->first_column : 0);
  wr_buffer_clear(&shell->last);
  wr_buffer_put(&shell->last, typed->bytes + input->scan.first, length - input->scan.first);
  memmove(typed->bytes, typed->bytes + length, typed->length - length);
  typed->length -= length;
  input->scan = (struct wr_shell_scan){0};
}

/* All statements that are complete; at a terminal also those behind one that is wrong. */
static enum wr_shell_verdict shell_run_typed(struct wr_shell *shell, struct shell_input *input)
{
  while (wr_shell_scan(&input->scan, shell->statement.bytes, shell->statement.length)) {
    enum wr_shell_verdict verdict = WR_SHELL_GO;
    size_t length = input->scan.at;
    if (input->scan.has_words)
      verdict = shell_run(shell, input, length);
    shell_cut(shell, input, length);
    bool goes_on = verdict == WR_SHELL_GO || (shell_is_typed(input) && verdict != WR_SHELL_LEAVE);
    if (!goes_on)
      return verdict;
  }
  if (!input->scan.has_words && !input->scan.open) /* only blanks and comments so far */
    shell_forget_statement(shell, input);
  return WR_SHELL_GO;
}

/* A word alone that people type to get out or to be helped; Flink's end with a semicolon. */
static const char *shell_bare_word(const char *line)
{
  static const char *const words[][2] = {{"exit", "\\q"}, {"quit", "\\q"}, {"help", "\\?"}};
  size_t blanks = strspn(line, " \t"), length = strcspn(line + blanks, " \t\r\n;");
  if (line[blanks + length + strspn(line + blanks + length, " \t\r\n")] != '\0')
    return NULL;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strlen(words[i][0]) == length && strncasecmp(line + blanks, words[i][0], length) == 0)
      return words[i][1];
  return NULL;
}

static enum wr_shell_verdict shell_take_line(struct wr_shell *shell, struct shell_input *input,
                                             const char *line)
{
  bool between = wr_shell_scan_open(&input->scan) == '=';
  bool typed = shell_is_typed(input);
  const char *begin = line + strspn(line, " \t"), *word = NULL;
  if (between && typed)
    word = shell_bare_word(line);
  if (between && (*begin == '\\' || word)) {
    if (typed)
      wr_shell_edit_remember(shell->edit, line, strlen(line));
    return wr_shell_run_command(shell, word ? word : begin);
  }
  if (shell->statement.length == 0) {
    input->first_number = input->number;
    input->first_column = 0;
  }
  if (shell->statement.length + strlen(line) > WR_SQL_BYTES_MAX) {
    shell_forget_statement(shell, input);
    return wr_shell_complain("%s: this statement has more than %d bytes (WR_SQL_BYTES_MAX)",
                             input->name, (int)WR_SQL_BYTES_MAX);
  }
  wr_buffer_put_string(&shell->statement, line);
  return shell_run_typed(shell, input);
}

/* What stands at the end of a file without a semicolon. */
static enum wr_shell_verdict shell_run_rest(struct wr_shell *shell, struct shell_input *input)
{
  enum wr_shell_verdict verdict = WR_SHELL_GO;
  if (shell->statement.length > 0 && (input->scan.has_words || input->scan.open)) {
    verdict = shell_run(shell, input, shell->statement.length);
    shell_cut(shell, input, shell->statement.length);
  }
  shell_forget_statement(shell, input);
  return verdict;
}

static enum wr_shell_verdict shell_read(struct wr_shell *shell, struct shell_input *input)
{
  bool typed = shell_is_typed(input), interrupted;
  struct wr_buffer outer = shell->statement;
  enum wr_shell_verdict verdict = WR_SHELL_GO;
  shell->statement = (struct wr_buffer){0};
  for (;;) {
    const char *line = shell_next_line(shell, input, &interrupted);
    if (interrupted) {
      shell_forget_statement(shell, input);
      continue;
    }
    if (!line && typed && shell->statement.length == 0 && wr_shell_leave(shell) == WR_SHELL_GO)
      continue;
    if (!line)
      break;
    verdict = shell_take_line(shell, input, line);
    if (verdict == WR_SHELL_LEAVE || (verdict != WR_SHELL_GO && !typed))
      break;
  }
  if (!typed && verdict == WR_SHELL_GO)
    verdict = shell_run_rest(shell, input);
  wr_buffer_free(&shell->statement);
  shell->statement = outer;
  free(input->line);
  return typed ? WR_SHELL_LEAVE : verdict;
}

enum wr_shell_verdict wr_shell_include(struct wr_shell *shell, const char *path)
{
  struct shell_input input = {.name = path};
  if (shell->include_depth == WR_SHELL_INCLUDES_MAX)
    return wr_shell_complain("%s: %d files read each other; more than WR_SHELL_INCLUDES_MAX", path,
                             WR_SHELL_INCLUDES_MAX);
  input.file = fopen(path, "rbe");
  if (!input.file)
    return wr_shell_complain("%s cannot be opened: %s", path, strerror(errno));
  shell->include_depth++;
  enum wr_shell_verdict verdict = shell_read(shell, &input);
  shell->include_depth--;
  if (ferror(input.file))
    verdict = wr_shell_complain("%s cannot be read", path);
  fclose(input.file);
  return verdict;
}

enum wr_shell_verdict wr_shell_take_text(struct wr_shell *shell, const char *text, size_t length)
{
  struct shell_input input = {.name = "editor", .text = text, .end = text + length};
  return shell_read(shell, &input);
}

/* ---- the command */

static bool shell_parse_option(struct wr_shell *shell, int argc, char **argv, int *at)
{
  const char *name = argv[*at], *equals = strchr(name, '=');
  size_t length = equals ? (size_t)(equals - name) : strlen(name);
  const char *value = equals ? equals + 1 : *at + 1 < argc ? argv[*at + 1] : NULL;
  static const char *const formats[] = {"auto", "table", "json", "csv"};
  int64_t number = 0;
  *at += equals == NULL;
  if (!value) {
    fprintf(stderr, "weir shell: unknown option, or its value is missing: %s\n", name);
    return false;
  }
  if (strncmp(name, "--format", length) == 0 && length == strlen("--format"))
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
      if (strcmp(value, formats[i]) == 0)
        return (shell->format = formats[i]) != NULL;
  if (strncmp(name, "--memory", length) == 0 && length == strlen("--memory") &&
      wr_option_parse_bytes(value, &number) && number >= (int64_t)WR_MEMORY_BYTES_MIN)
    return (shell->memory_bytes = (uint64_t)number) > 0;
  if (strncmp(name, "--parallelism", length) == 0 && length == strlen("--parallelism")) {
    char *end;
    unsigned long count = strtoul(value, &end, 10);
    if (*end == '\0' && count >= 1 && count <= 256)
      return (shell->parallelism = (uint32_t)count) > 0;
  }
  const char *sign = strchr(value, '=');
  if (strncmp(name, "--set", length) == 0 && length == strlen("--set") && sign && sign != value &&
      shell->given_count < WR_SETTINGS_MAX) {
    static const struct wr_span nowhere = {WR_NO_POSITION, 0};
    shell->given[shell->given_count++] = (struct wr_option_value){
        .key = wr_arena_copy(&shell->options, value, (size_t)(sign - value)),
        .value = sign + 1,
        .key_span = nowhere,
        .value_span = nowhere};
    return true;
  }
  fprintf(stderr, "weir shell: this cannot be: %.*s %s\n", (int)length, name, value);
  return false;
}

/* Options first or between; paths[0..*count-1] are the files. */
static bool shell_parse(struct wr_shell *shell, int argc, char **argv, const char **paths,
                        int *count)
{
  *count = 0;
  for (int i = 0; i < argc; i++) {
    if (argv[i][0] != '-' || !argv[i][1]) {
      paths[(*count)++] = argv[i];
    } else if (!shell_parse_option(shell, argc, argv, &i)) {
      wr_help_hint("shell");
      return false;
    }
  }
  return true;
}

static enum wr_shell_verdict shell_talk(struct wr_shell *shell)
{
  struct shell_input input = {.name = "stdin", .file = stdin};
  if (!shell->reads_stdin) {
    shell->edit = wr_shell_edit_new(shell);
    if (shell->edit) {
      printf("weir shell %s. \\? for help, \\q to leave; statements end with ;\n", PACKAGE_VERSION);
      input = (struct shell_input){.name = "statement"};
    }
  }
  enum wr_shell_verdict verdict = shell_read(shell, &input);
  wr_shell_edit_free(shell->edit);
  shell->edit = NULL;
  return verdict;
}

static int shell_run_all(struct wr_shell *shell, const char *const *paths, int count)
{
  static const int codes[] = {[WR_SHELL_GO] = WR_EXIT_DONE,
                              [WR_SHELL_WRONG] = WR_EXIT_SQL,
                              [WR_SHELL_FAILED] = WR_EXIT_FAILED,
                              [WR_SHELL_STOPPED] = WR_EXIT_DONE,
                              [WR_SHELL_LEAVE] = WR_EXIT_DONE};
  enum wr_shell_verdict verdict = WR_SHELL_GO;
  for (int i = 0; i < count && verdict == WR_SHELL_GO; i++)
    verdict = wr_shell_include(shell, paths[i]);
  bool goes_on = verdict == WR_SHELL_GO || (!shell->reads_stdin && verdict != WR_SHELL_LEAVE);
  if (goes_on)
    verdict = shell_talk(shell);
  bool stop = verdict != WR_SHELL_GO;
  if (!wr_shell_end_jobs(shell, stop) && codes[verdict] == WR_EXIT_DONE)
    return WR_EXIT_FAILED;
  return codes[verdict];
}

int wr_command_shell(int argc, char **argv)
{
  struct wr_shell shell = {.format = "auto", .dml_sync = true, .out = stdout};
  const char **paths = WR_NEW_ARRAY(&shell.options, const char *, argc + 1);
  int count, exit_code = WR_EXIT_USAGE;
  shell.reads_stdin = !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO);
  signal(SIGPIPE, SIG_IGN);
  if (shell_parse(&shell, argc, argv, paths, &count)) {
    exit_code = WR_EXIT_SQL;
    if (wr_shell_open_script(&shell))
      exit_code = shell_run_all(&shell, paths, count);
  }
  if (shell.out != stdout && fclose(shell.out) != 0)
    wr_shell_complain("%s cannot be written: %s", shell.out_path, strerror(errno));
  free(shell.out_path);
  if (shell.job_count > 0) {
    fflush(NULL);
    _exit(exit_code);
  }
  wr_buffer_free(&shell.script);
  wr_buffer_free(&shell.last);
  wr_arena_free(&shell.arena);
  wr_arena_free(&shell.options);
  return exit_code;
}
