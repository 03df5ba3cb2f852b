/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines from a terminal through libedit: history, completion by TAB, Ctrl-C as a key of its own, so
 * that no signal can come in the middle of something. A TAB inside of what is pasted is no request
 * to complete: then more is already waiting behind it.
 */
#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#include "cli/folders.h"
#include "cli/shell.h"
#include "text/utf8.h"

#define EDIT_HISTORY_MAX 1000
#define EDIT_LIST_MAX    200 /* of the matches of a TAB that are shown */
#define EDIT_GAP         2

struct wr_shell_edit {
  struct wr_shell *shell;
  EditLine *line;
  History *history;
  char *path; /* of the history; NULL: it is not kept */
  const char *prompt;
  locale_t locale;
  bool interrupted;
};

static struct wr_shell_edit *edit_of(EditLine *line)
{
  void *edit = NULL;
  el_get(line, EL_CLIENTDATA, &edit);
  return edit;
}

static char *edit_prompt(EditLine *line)
{
  return (char *)edit_of(line)->prompt;
}

/* ---- keys */

static unsigned char edit_interrupt(EditLine *line, wint_t key)
{
  (void)key;
  edit_of(line)->interrupted = true;
  return CC_NEWLINE;
}

static bool edit_is_pasting(void)
{
  struct pollfd more = {.fd = STDIN_FILENO, .events = POLLIN};
  return poll(&more, 1, 0) > 0;
}

/* How much all matches have in common. */
static size_t edit_common(const struct wr_shell_matches *matches)
{
  size_t length = strlen(matches->texts[0]);
  for (uint32_t i = 1; i < matches->count; i++) {
    size_t same = 0;
    while (same < length && matches->texts[i][same] == matches->texts[0][same])
      same++;
    length = same;
  }
  while (length > 0 && (matches->texts[0][length] & 0xc0) == 0x80)
    length--;
  return length;
}

/* In columns, as many as fit. */
static void edit_list(const struct wr_shell_matches *matches)
{
  struct winsize size;
  size_t widest = 0, room = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
  uint32_t count = matches->count < EDIT_LIST_MAX ? matches->count : EDIT_LIST_MAX;
  for (uint32_t i = 0; i < count; i++) {
    size_t width = wr_utf8_width(matches->texts[i], strlen(matches->texts[i]));
    widest = width > widest ? width : widest;
  }
  uint32_t columns = (uint32_t)((room ? room : 80) / (widest + EDIT_GAP));
  columns = columns ? columns : 1;
  uint32_t lines = (count + columns - 1) / columns;
  for (uint32_t l = 0; l < lines; l++) {
    fputc('\n', stdout);
    for (uint32_t i = l; i < count; i += lines) {
      size_t width = wr_utf8_width(matches->texts[i], strlen(matches->texts[i]));
      bool last = i + lines >= count;
      printf("%s%*s", matches->texts[i], last ? 0 : (int)(widest - width + EDIT_GAP), "");
    }
  }
  if (count < matches->count)
    printf("\nand %u more", matches->count - count);
  fputc('\n', stdout);
  fflush(stdout);
}

static unsigned char edit_complete(EditLine *line, wint_t key)
{
  (void)key;
  struct wr_shell_edit *edit = edit_of(line);
  const LineInfo *info = el_line(line);
  size_t typed = (size_t)(info->cursor - info->buffer);
  size_t blanks = strspn(info->buffer, " \t");
  if (edit_is_pasting() || blanks >= typed)
    return el_insertstr(line, edit_is_pasting() ? " " : "  ") ? CC_ERROR : CC_REFRESH;
  struct wr_arena arena = {0};
  struct wr_shell_matches matches = {.arena = &arena};
  struct wr_buffer text = {0};
  unsigned char result = CC_ERROR;
  wr_buffer_put(&text, edit->shell->statement.bytes, edit->shell->statement.length);
  wr_buffer_put(&text, info->buffer, typed);
  wr_shell_complete(edit->shell, text.bytes, text.length, &matches);
  size_t prefix = text.length - matches.begin, common = matches.count ? edit_common(&matches) : 0;
  if (matches.count == 1 || common > prefix) {
    el_deletestr(line, (int)(prefix < typed ? prefix : typed));
    const char *put = wr_arena_print(&arena, "%.*s%s", (int)common, matches.texts[0],
                                     matches.count == 1 ? matches.behind : "");
    result = el_insertstr(line, put) ? CC_ERROR : CC_REFRESH;
  } else if (matches.count > 1) {
    edit_list(&matches);
    result = CC_REDISPLAY;
  }
  wr_buffer_free(&text);
  wr_arena_free(&arena);
  return result;
}

/* ---- history */

/* $WEIR_HISTORY (empty: none), or weir/history in the user's folder for state. */
static char *edit_history_path(void)
{
  struct wr_arena arena = {0};
  const char *given = getenv("WEIR_HISTORY"), *state = getenv("XDG_STATE_HOME"),
             *home = getenv("HOME");
  const char *path = NULL;
  if (given)
    path = *given ? given : NULL;
  else if (state && *state == '/')
    path = wr_arena_print(&arena, "%s/weir/history", state);
  else if (home && *home)
    path = wr_arena_print(&arena, "%s/.local/state/weir/history", home);
  char *copy = NULL;
  if (path) {
    copy = wr_memory_get(strlen(path) + 1);
    memcpy(copy, path, strlen(path) + 1);
  }
  wr_arena_free(&arena);
  return copy;
}

/* The file, readable by its owner alone. */
static bool edit_make_history(const char *path)
{
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return false;
  bool good = fchmod(fd, 0600) == 0;
  close(fd);
  return good;
}

static void edit_open_history(struct wr_shell_edit *edit)
{
  HistEvent event;
  edit->history = history_init();
  history(edit->history, &event, H_SETSIZE, EDIT_HISTORY_MAX);
  history(edit->history, &event, H_SETUNIQUE, 1);
  edit->path = edit_history_path();
  if (!edit->path)
    return;
  struct wr_error err;
  if (wr_folders_make_above(edit->path, &err) == WR_OK && edit_make_history(edit->path)) {
    history(edit->history, &event, H_LOAD, edit->path);
    return;
  }
  fprintf(stderr, "weir: warning: the history cannot be kept in %s: %s\n", edit->path,
          strerror(errno));
  free(edit->path);
  edit->path = NULL;
}

/* As one line, unless a comment up to a line end is in it. */
void wr_shell_edit_remember(struct wr_shell_edit *edit, const char *text, size_t length)
{
  HistEvent event;
  struct wr_buffer line = {0};
  while (length > 0 && strchr(" \t\r\n", text[length - 1]))
    length--;
  bool joins = !memmem(text, length, "--", 2) && !memmem(text, length, "//", 2);
  for (size_t i = 0; i < length; i++)
    wr_buffer_put_char(&line, joins && text[i] == '\n' ? ' ' : text[i]);
  if (line.length > 0)
    history(edit->history, &event, H_ENTER, wr_buffer_string(&line));
  if (line.length > 0 && edit->path)
    history(edit->history, &event, H_SAVE, edit->path);
  wr_buffer_free(&line);
}

/* ---- beginning and end */

/* Characters are those of the terminal; of this thread only, and nothing else follows the locale.
 */
static locale_t edit_locale(void)
{
  locale_t base = newlocale(LC_CTYPE_MASK, "", NULL);
  if (base && uselocale(base) && MB_CUR_MAX > 1)
    return base;
  locale_t wide = newlocale(LC_CTYPE_MASK, "C.UTF-8", base);
  if (wide)
    uselocale(wide);
  return wide ? wide : base;
}

/* Ctrl-C between two lines, while something is planned, means nothing; programs that are started
 * (the editor) have it as usual. */
static void edit_do_nothing(int signal_number)
{
  (void)signal_number;
}

struct wr_shell_edit *wr_shell_edit_new(struct wr_shell *shell)
{
  struct wr_shell_edit *edit = wr_memory_get_zero(sizeof *edit);
  edit->shell = shell;
  edit->prompt = "";
  edit->locale = edit_locale();
  edit->line = el_init("weir", stdin, stdout, stderr);
  if (!edit->line) { /* it has said why */
    free(edit);
    return NULL;
  }
  edit_open_history(edit);
  sigaction(SIGINT, &(struct sigaction){.sa_handler = edit_do_nothing, .sa_flags = SA_RESTART},
            NULL);
  el_set(edit->line, EL_CLIENTDATA, edit);
  el_set(edit->line, EL_PROMPT, edit_prompt);
  el_set(edit->line, EL_SIGNAL, 1);
  el_set(edit->line, EL_HIST, history, edit->history);
  el_set(edit->line, EL_EDITOR, "emacs");
  el_source(edit->line, NULL);
  /* The narrow form would copy the texts and never free them. */
  el_wset(edit->line, EL_ADDFN, L"weir-complete", L"Completes the word before the cursor",
          edit_complete);
  el_wset(edit->line, EL_ADDFN, L"weir-interrupt", L"Gives up what was typed", edit_interrupt);
  el_set(edit->line, EL_BIND, "^I", "weir-complete", NULL);
  el_set(edit->line, EL_BIND, "^R", "em-inc-search-prev", NULL);
  el_set(edit->line, EL_SETTY, "-d", "-isig", NULL);
  el_set(edit->line, EL_BIND, "^C", "weir-interrupt", NULL);
  return edit;
}

const char *wr_shell_edit_line(struct wr_shell_edit *edit, const char *prompt, bool *interrupted)
{
  int length = 0;
  edit->prompt = prompt;
  edit->interrupted = false;
  const char *line = el_gets(edit->line, &length);
  *interrupted = edit->interrupted;
  if (edit->interrupted)
    fputs("^C\n", stdout);
  else if (!line || length <= 0)
    fputc('\n', stdout);
  fflush(stdout);
  return edit->interrupted ? "" : length > 0 ? line : NULL;
}

void wr_shell_edit_free(struct wr_shell_edit *edit)
{
  if (!edit)
    return;
  el_end(edit->line);
  history_end(edit->history);
  uselocale(LC_GLOBAL_LOCALE);
  if (edit->locale)
    freelocale(edit->locale);
  free(edit->path);
  free(edit);
}
