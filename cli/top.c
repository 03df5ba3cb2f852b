/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weir top: looks at running jobs every other second over REST. Rates are differences of two looks.
 * cli/top_fetch.h asks, cli/top_view.h draws, cli/screen.h is the terminal; here are the command
 * line, the keys, and what is looked at.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/screen.h"
#include "cli/top_view.h"
#include "core/time.h"

#define TOP_ADDRESS     "http://127.0.0.1:8080"
#define TOP_TOKEN_BYTES 4096
#define TOP_PLAIN_WIDTH 100
#define TOP_ONCE_US     WR_US_PER_SECOND /* between the two looks of --once */

struct top {
  struct wr_arena arena;
  struct wr_top_target target;
  const char *job_wanted, *token_file, *ca_file;
  double every_s;
  bool once;
  /* what is looked at, and seen */
  char *job; /* NULL: the table of all */
  char *chosen;
  enum wr_top_sort sort;
  struct wr_top_seen before, now;
  struct wr_error trouble;
  bool has_trouble;
};

/* ---- the command line */

static bool top_complain(const char *message, const char *what)
{
  fprintf(stderr, "weir top: %s%s%s\n", message, what ? ": " : "", what ? what : "");
  wr_help_hint("top");
  return false;
}

/* --name VALUE or --name=VALUE; *value NULL: it is missing. */
static bool top_option_is(int argc, char **argv, int *at, const char *name, const char **value)
{
  size_t length = strlen(name);
  if (strncmp(argv[*at], name, length) != 0 || (argv[*at][length] && argv[*at][length] != '='))
    return false;
  *value = argv[*at][length] ? argv[*at] + length + 1 : *at + 1 < argc ? argv[++*at] : NULL;
  return true;
}

static bool top_set_every(struct top *top, const char *text)
{
  char *end;
  errno = 0;
  double seconds = text ? strtod(text, &end) : 0;
  if (!text || end == text || *end || errno || !(seconds >= 0.1 && seconds <= 3600))
    return top_complain("--every wants seconds from 0.1 to 3600", text);
  top->every_s = seconds;
  return true;
}

static bool top_parse_option(struct top *top, int argc, char **argv, int *at)
{
  const char *value = NULL;
  if (strcmp(argv[*at], "--once") == 0)
    return top->once = true;
  if (top_option_is(argc, argv, at, "--every", &value))
    return top_set_every(top, value);
  if (top_option_is(argc, argv, at, "--job", &value))
    return (top->job_wanted = value) || top_complain("--job wants the name of a job", NULL);
  if (top_option_is(argc, argv, at, "--token-file", &value))
    return (top->token_file = value) || top_complain("--token-file wants a file", NULL);
  if (top_option_is(argc, argv, at, "--ca-file", &value))
    return (top->ca_file = value) || top_complain("--ca-file wants a file", NULL);
  return top_complain("unknown option", argv[*at]);
}

/* "127.0.0.1:8080/" becomes "http://127.0.0.1:8080". */
static const char *top_base(struct wr_arena *arena, const char *address)
{
  size_t length = strlen(address);
  while (length && address[length - 1] == '/')
    length--;
  return wr_arena_print(arena, "%s%.*s", strstr(address, "://") ? "" : "http://", (int)length,
                        address);
}

static bool top_parse(struct top *top, int argc, char **argv)
{
  const char *address = NULL;
  top->every_s = 2;
  for (int i = 0; i < argc; i++) {
    if (argv[i][0] == '-') {
      if (!top_parse_option(top, argc, argv, &i))
        return false;
    } else if (address) {
      return top_complain("one address at a time", argv[i]);
    } else {
      address = argv[i];
    }
  }
  top->target.base = top_base(&top->arena, address ? address : TOP_ADDRESS);
  return true;
}

/* From the file, or the environment. */
static bool top_read_token(struct top *top)
{
  char text[TOP_TOKEN_BYTES + 1];
  const char *given = getenv("WEIR_TOKEN");
  if (!top->token_file) {
    top->target.token = given && *given ? given : NULL;
    return true;
  }
  FILE *file = fopen(top->token_file, "r");
  if (!file) {
    fprintf(stderr, "weir top: %s cannot be read: %s\n", top->token_file, strerror(errno));
    return false;
  }
  size_t length = fread(text, 1, TOP_TOKEN_BYTES, file);
  fclose(file);
  text[length] = 0;
  length = strcspn(text, "\r\n");
  if (length == 0)
    return top_complain("there is no token in", top->token_file);
  top->target.token = wr_arena_copy(&top->arena, text, length);
  return true;
}

/* ---- looking */

static char *copy_of(const char *text)
{
  char *copy = wr_memory_get(strlen(text) + 1);
  memcpy(copy, text, strlen(text) + 1);
  return copy;
}

/* What was seen last becomes what was before; after a failure what is shown stays. */
static bool top_look(struct top *top)
{
  struct wr_top_seen seen;
  enum wr_code code = wr_top_fetch(&top->target, top->job, &seen, &top->trouble);
  top->has_trouble = code != WR_OK;
  if (code != WR_OK)
    return false;
  wr_top_forget(&top->before);
  top->before = top->now;
  top->now = seen;
  return true;
}

static struct wr_top_view top_view(const struct top *top)
{
  return (struct wr_top_view){.address = top->target.base,
                              .before = &top->before,
                              .now = &top->now,
                              .job = top->job,
                              .chosen = top->chosen,
                              .trouble = top->has_trouble ? top->trouble.message : NULL,
                              .sort = top->sort};
}

static int top_fail(const struct top *top)
{
  fprintf(stderr, "weir top: %s\n", top->trouble.message);
  if (top->trouble.hint[0])
    fprintf(stderr, "hint: %s\n", top->trouble.hint);
  return WR_EXIT_FAILED;
}

/* ---- plain text */

static void top_print(const struct top *top)
{
  struct winsize size;
  struct wr_canvas canvas = {.width = TOP_PLAIN_WIDTH};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
    canvas.width = size.ws_col;
  const struct wr_top_view view = top_view(top);
  wr_top_draw(&view, &canvas);
  fwrite(canvas.out.bytes, 1, canvas.out.length, stdout);
  wr_buffer_free(&canvas.out);
}

static bool top_look_twice(struct top *top)
{
  const struct timespec pause = {TOP_ONCE_US / WR_US_PER_SECOND, 0};
  wr_top_forget(&top->before);
  wr_top_forget(&top->now);
  if (!top_look(top))
    return false;
  nanosleep(&pause, NULL);
  return top_look(top);
}

/* The table, then every job, or only the one that is wanted. */
static int top_run_once(struct top *top)
{
  uint32_t count;
  if (!top_look_twice(top))
    return top_fail(top);
  if (!top->job) {
    top_print(top);
    const struct wr_top_view view = top_view(top);
    const char **names = wr_top_order(&view, &count);
    for (uint32_t i = 0; i < count; i++)
      names[i] = wr_arena_copy(&top->arena, names[i], strlen(names[i]));
    for (uint32_t i = 0; i < count; i++) {
      top->job = copy_of(names[i]);
      bool seen = top_look_twice(top);
      putchar('\n');
      if (seen)
        top_print(top);
      free(top->job);
      top->job = NULL;
      if (!seen) {
        free(names);
        return top_fail(top);
      }
    }
    free(names);
    return WR_EXIT_DONE;
  }
  top_print(top);
  return top->now.job ? WR_EXIT_DONE : WR_EXIT_FAILED;
}

/* ---- the screen */

static void top_choose(struct top *top, int step)
{
  uint32_t count, at = 0;
  const struct wr_top_view view = top_view(top);
  if (top->job || !top->now.jobs)
    return;
  const char **names = wr_top_order(&view, &count);
  while (at < count && top->chosen && strcmp(names[at], top->chosen) != 0)
    at++;
  bool is_there = at < count && top->chosen;
  if (!is_there)
    at = 0;
  else if (step < 0 && at > 0)
    at--;
  else if (step > 0 && at + 1 < count)
    at++;
  free(top->chosen);
  top->chosen = count ? copy_of(names[at]) : NULL;
  free(names);
}

static void top_show(struct top *top, const struct wr_screen *screen)
{
  struct wr_canvas canvas = {.width = screen->width, .height = screen->height, .terminal = true};
  const struct wr_top_view view = top_view(top);
  wr_top_draw(&view, &canvas);
  wr_screen_show(canvas.out.bytes, canvas.out.length);
  wr_buffer_free(&canvas.out);
}

/* Another job, or none: what was seen of the last one is of no use. */
static void top_open(struct top *top, const char *job)
{
  char *name = job ? copy_of(job) : NULL;
  free(top->job);
  top->job = name;
  struct wr_top_seen seen;
  if (wr_top_fetch(&top->target, name, &seen, &top->trouble) == WR_OK) {
    wr_top_forget(&top->before);
    wr_top_forget(&top->now);
    top->now = seen;
  } else {
    top->has_trouble = true;
  }
}

/* False: it is over. *again: it is time to look. */
static bool top_handle(struct top *top, enum wr_screen_event event, char key, bool *again)
{
  switch (event) {
  case WR_SCREEN_NOTHING:
  case WR_SCREEN_RESIZED: break;
  case WR_SCREEN_END: return false;
  case WR_SCREEN_UP:
  case WR_SCREEN_DOWN: top_choose(top, event == WR_SCREEN_UP ? -1 : 1); break;
  case WR_SCREEN_ENTER:
    if (!top->job && top->chosen)
      top_open(top, top->chosen);
    break;
  case WR_SCREEN_BACK:
    if (top->job)
      top_open(top, NULL);
    break;
  case WR_SCREEN_KEY:
    if (key == 'q' || key == 'Q')
      return false;
    if (key == 's' || key == 'S')
      top->sort = (top->sort + 1) % WR_TOP_SORT_COUNT;
    *again = key == ' ';
    break;
  }
  return true;
}

static int top_run(struct top *top)
{
  struct wr_screen screen;
  int64_t every_us = llrint(top->every_s * 1e6);
  if (!top_look(top)) /* before the screen is taken: a wrong address is said in a line */
    return top_fail(top);
  if (!wr_screen_open(&screen))
    return top_run_once(top);
  top_choose(top, 0);
  int64_t next_us = wr_monotonic_us() + (every_us < TOP_ONCE_US ? every_us : TOP_ONCE_US);
  for (bool goes_on = true; goes_on;) {
    char key = 0;
    bool again = false;
    top_show(top, &screen);
    int64_t wait_us = next_us - wr_monotonic_us();
    enum wr_screen_event event =
        wr_screen_wait(&screen, wait_us > 0 ? (int)(wait_us / 1000 + 1) : 0, &key);
    goes_on = top_handle(top, event, key, &again);
    if (goes_on && (again || wr_monotonic_us() >= next_us)) {
      top_look(top);
      next_us = wr_monotonic_us() + every_us;
    }
  }
  wr_screen_close(&screen);
  return WR_EXIT_DONE;
}

int wr_command_top(int argc, char **argv)
{
  struct top top = {0};
  int exit_code = WR_EXIT_USAGE;
  wr_error_clear(&top.trouble);
  if (top_parse(&top, argc, argv) && top_read_token(&top)) {
    const struct wr_http_settings settings = {.ca_file = top.ca_file};
    if (wr_http_open(&settings, &top.target.http, &top.trouble) != WR_OK) {
      exit_code = top_fail(&top);
    } else {
      top.job = top.job_wanted ? copy_of(top.job_wanted) : NULL;
      bool is_plain = top.once || !isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO);
      exit_code = is_plain ? top_run_once(&top) : top_run(&top);
      wr_http_close(top.target.http);
    }
  }
  wr_top_forget(&top.before);
  wr_top_forget(&top.now);
  free(top.job);
  free(top.chosen);
  wr_arena_free(&top.arena);
  return exit_code;
}
