/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job in the foreground: its rows, its progress and Ctrl-C. Rows of a query come through a pipe
 * from the console connector, so a terminal that is slow slows the query and nothing else; JSON and
 * CSV the connector writes where they belong by itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "cli/progress.h"
#include "cli/shell_job.h"
#include "cli/shell_rows.h"
#include "cli/units.h"
#include "connectors/connector.h"
#include "core/time.h"

#define RUN_LOOK_MS   100
#define RUN_STATUS_US (500 * WR_US_PER_MS) /* without a row, until it says how it goes */
#define RUN_PATIENCE_US                                                    \
  (1 * WR_US_PER_SECOND) /* with a job that is to stop before it has begun \
                          */
#define RUN_LEAVE_US   (2 * WR_US_PER_SECOND)
#define RUN_PIPE_BYTES 65536
#define RUN_READS_MAX  32 /* of the pipe between two looks at the rest */

/* A job in front of people. */
struct foreground {
  struct wr_shell *shell;
  const struct wr_job *job;
  struct wr_shell_job *run;
  struct wr_profile profile;
  struct wr_shell_rows *rows; /* NULL: the console shows them, or there are none */
  struct wr_progress progress;
  struct wr_buffer notes;
  int pipe[2]; /* -1: none */
  int signals;
  int64_t began_us, stopped_us, row_us;
  int signal_number; /* that has stopped it; 0: none */
  bool is_terminal;
  bool is_quiet; /* the terminal shows nothing of what is typed */
  struct termios before;
};

/* ---- where the rows go */

static const struct wr_plan_node *run_console(const struct wr_plan *plan)
{
  for (uint32_t n = 0; n < plan->node_count; n++)
    if (plan->nodes[n].sink && strcmp(plan->nodes[n].sink->table.connector->name, "console") == 0)
      return &plan->nodes[n];
  return NULL;
}

static bool run_has_source(const struct wr_plan *plan)
{
  for (uint32_t n = 0; n < plan->node_count; n++)
    if (plan->nodes[n].source)
      return true;
  return false;
}

/* The same plan, whose console writes in that format to that file descriptor. */
static const struct wr_plan *run_plan(struct wr_arena *arena, const struct wr_plan *plan,
                                      const char *format, int descriptor, bool says_op)
{
  static const struct wr_span nowhere = {WR_NO_POSITION, 0};
  const struct wr_plan_node *console = run_console(plan);
  struct wr_plan *copy = WR_NEW(arena, struct wr_plan);
  struct wr_plan_node *nodes = WR_NEW_ARRAY(arena, struct wr_plan_node, plan->node_count);
  struct wr_plan_sink *sink = WR_NEW(arena, struct wr_plan_sink);
  struct wr_options *options = WR_NEW(arena, struct wr_options);
  struct wr_option_value *values = WR_NEW_ARRAY(arena, struct wr_option_value, 3);
  values[0] = (struct wr_option_value){"format", format, nowhere, nowhere};
  values[1] = (struct wr_option_value){"descriptor", wr_arena_print(arena, "%d", descriptor),
                                       nowhere, nowhere};
  values[2] = (struct wr_option_value){"changes", "true", nowhere, nowhere};
  *options =
      (struct wr_options){.values = values, .value_count = 2 + (console->sink->changes || says_op)};
  for (uint32_t n = 0; n < plan->node_count; n++)
    nodes[n] = plan->nodes[n];
  *sink = *console->sink;
  sink->table.options = options;
  nodes[console->id].sink = sink;
  *copy = *plan;
  copy->nodes = nodes;
  return copy;
}

/* How the rows of this plan are shown. */
static struct wr_shell_rows_options run_style(const struct foreground *run,
                                              const struct wr_plan_sink *sink)
{
  const struct wr_shell *shell = run->shell;
  struct wr_shell_rows_options options = {.schema = sink->table.physical,
                                          .expanded = shell->expanded,
                                          .status =
                                              run->is_terminal && run_has_source(run->job->plan),
                                          .file = shell->out};
  if (shell->mode == WR_SHELL_MODE_CHANGELOG && run_has_source(run->job->plan))
    options.shows_op = true;
  else if (shell->mode == WR_SHELL_MODE_TABLEAU)
    options.shows_op = sink->changes;
  else if (!run_has_source(run->job->plan))
    options.style = WR_SHELL_FINAL;
  else if (sink->changes)
    options.style = run->is_terminal && !shell->expanded ? WR_SHELL_LIVE : WR_SHELL_FINAL;
  return options;
}

static const struct wr_plan *run_open_rows(struct foreground *run, struct wr_arena *arena)
{
  const struct wr_shell *shell = run->shell;
  const struct wr_plan *plan = run->job->plan;
  const struct wr_plan_node *console = run_console(plan);
  if (!console)
    return plan;
  const char *format = shell->format;
  if (strcmp(format, "auto") == 0)
    format = run->is_terminal ? "table" : "json";
  if (strcmp(format, "table") != 0)
    return run_plan(arena, plan, format, fileno(shell->out),
                    shell->mode == WR_SHELL_MODE_CHANGELOG && run_has_source(plan));
  if (pipe2(run->pipe, O_CLOEXEC) != 0) {
    wr_shell_complain("there is no pipe for the rows: %s", strerror(errno));
    return NULL;
  }
  fcntl(run->pipe[0], F_SETFL, O_NONBLOCK);
  const struct wr_shell_rows_options options = run_style(run, console->sink);
  run->rows = wr_shell_rows_new(&options);
  return run_plan(arena, plan, "cells", run->pipe[1], false);
}

/* ---- while it runs */

/* What is in the pipe now, but not for ever. */
static void run_read_rows(struct foreground *run, uint32_t reads_max)
{
  char *space = wr_memory_get(RUN_PIPE_BYTES);
  for (uint32_t i = 0; i < reads_max; i++) {
    ssize_t length = read(run->pipe[0], space, RUN_PIPE_BYTES);
    if (length <= 0)
      break;
    wr_shell_rows_take(run->rows, space, (size_t)length);
    run->row_us = wr_monotonic_us();
  }
  free(space);
}

static void run_draw(struct foreground *run, const struct wr_execution_summary *counts,
                     bool in_place)
{
  struct wr_arena arena = {0};
  int64_t now_us = wr_monotonic_us();
  if (in_place || now_us - run->row_us > RUN_STATUS_US) {
    uint64_t count = wr_shell_rows_count(run->rows);
    const char *status =
        wr_arena_print(&arena, "%s rows in, %s row%s, %" PRId64 " s%s",
                       wr_count_print(&arena, counts->rows_in), wr_count_print(&arena, count),
                       count == 1 ? "" : "s", (now_us - run->began_us) / WR_US_PER_SECOND,
                       run->signal_number ? "; stopping" : "; Ctrl-C ends the query");
    wr_shell_rows_draw(run->rows, now_us, status);
  }
  wr_arena_free(&arena);
}

static void run_show(struct foreground *run)
{
  struct wr_execution_summary counts;
  wr_shell_job_look(run->run, &run->notes, &counts);
  if (run->notes.length) {
    if (run->rows)
      wr_shell_rows_clear(run->rows);
    wr_progress_clear(&run->progress);
    fwrite(run->notes.bytes, 1, run->notes.length, stderr);
    wr_buffer_clear(&run->notes);
  }
  if (run->rows)
    run_draw(run, &counts,
             run->shell->mode == WR_SHELL_MODE_TABLE && run_console(run->job->plan)->sink->changes);
  else
    wr_progress_update(&run->progress, &counts);
}

/* What is typed while rows come would stand among them; it is kept for the next prompt. */
static void run_hush(struct foreground *run, bool quiet)
{
  struct termios now;
  if (quiet) {
    run->is_quiet = run->shell->edit && tcgetattr(STDIN_FILENO, &run->before) == 0;
    now = run->before;
    now.c_lflag &= ~(tcflag_t)ECHO;
  }
  if (run->is_quiet)
    tcsetattr(STDIN_FILENO, TCSADRAIN, quiet ? &now : &run->before);
}

/* Ctrl-C stops the job. Again and again, when it does not stop: leaves the shell. */
static void run_signal(struct foreground *run)
{
  int signal_number = wr_shell_signals_read(run->signals);
  int64_t now_us = wr_monotonic_us();
  if (signal_number == 0)
    return;
  if (run->signal_number == 0) {
    run->signal_number = signal_number;
    run->stopped_us = now_us;
    wr_shell_job_stop(run->run, false);
  } else if (now_us - run->stopped_us > RUN_LEAVE_US) {
    fputs("\nweir: leaving, although the job has not stopped yet\n", stderr);
    run_hush(run, false);
    _exit(128 + signal_number);
  }
}

/* A query whose source does not answer (a broker that is away) cannot be stopped before it gives up
 * by itself. Nobody has to wait for that: it becomes a job in the background. */
static bool run_leave_behind(struct foreground *run, const struct wr_shell_plan *plan)
{
  bool waits = run->signal_number && wr_monotonic_us() - run->stopped_us > RUN_PATIENCE_US &&
               !wr_shell_job_has_begun(run->run);
  bool needs_us = run->run->profile || (!run->rows && run->shell->out != stdout);
  if (!waits || needs_us || !wr_shell_adopt_job(run->shell, run->run, plan->arena))
    return false;
  if (run->rows) {
    run->run->output = run->pipe[1]; /* open as long as something may be written to it */
    close(run->pipe[0]);
    wr_shell_rows_clear(run->rows);
  }
  wr_progress_clear(&run->progress);
  fprintf(stderr, "stopped; job %s still waits for its source, in the background\n", run->run->id);
  return true;
}

/* False: it was left behind. */
static bool run_watch(struct foreground *run, const struct wr_shell_plan *plan)
{
  struct pollfd fds[3] = {{.fd = run->signals, .events = POLLIN},
                          {.fd = run->run->wake, .events = POLLIN},
                          {.fd = run->pipe[0], .events = POLLIN}};
  while (!atomic_load(&run->run->is_over)) {
    poll(fds, run->rows ? 3 : 2, RUN_LOOK_MS);
    run_signal(run);
    if (run->rows)
      run_read_rows(run, RUN_READS_MAX);
    run_show(run);
    if (run_leave_behind(run, plan))
      return false;
  }
  wr_shell_job_join(run->run);
  if (!run->rows)
    return true;
  close(run->pipe[1]);
  run_read_rows(run, UINT32_MAX);
  close(run->pipe[0]);
  return true;
}

/* ---- its end */

static bool run_has_rejects(const struct wr_execution_summary *counts)
{
  for (int kind = 0; kind < WR_REJECT_KIND_COUNT; kind++)
    if (counts->rejected[kind])
      return true;
  return false;
}

static void run_print_analyzed(struct foreground *run)
{
  struct wr_profile *profile = run->run->profile;
  const struct wr_job *job = run->job;
  enum wr_profile_format format = job->explain_json ? WR_PROFILE_JSON : WR_PROFILE_TEXT;
  const struct wr_explain_figures figures = wr_profile_figures(profile, format);
  fputs(job->explain_json ? wr_explain_json_with(&profile->arena, job, &figures)
                          : wr_explain_text_with(&profile->arena, job, &figures),
        run->shell->out);
  fflush(run->shell->out);
}

static enum wr_shell_verdict run_end(struct foreground *run)
{
  struct wr_execution_summary counts;
  const struct wr_job *job = run->job;
  bool failed = run->run->code != WR_OK, is_query = job->is_select && !job->is_analyze;
  run_show(run);
  wr_shell_job_look(run->run, &run->notes, &counts);
  if (run->rows && (!failed || wr_shell_rows_count(run->rows) > 0))
    wr_shell_rows_finish(run->rows);
  wr_progress_clear(&run->progress);
  if (failed) {
    if (run->rows)
      wr_shell_rows_clear(run->rows);
    wr_shell_tell_failure(&run->run->err);
    return WR_SHELL_FAILED;
  }
  if (run_has_source(job->plan) && (!is_query || run_has_rejects(&counts)))
    wr_progress_summarize(&run->progress, &counts, run->signal_number != 0);
  else if (run->signal_number && run->is_terminal)
    fputs("stopped\n", stderr);
  if (job->is_analyze)
    run_print_analyzed(run);
  return run->signal_number == SIGTERM ? WR_SHELL_LEAVE
         : run->signal_number          ? WR_SHELL_STOPPED
                                       : WR_SHELL_GO;
}

/* Whether a line of progress would stand in the middle of something else. */
static bool run_prints(const struct wr_plan *plan)
{
  for (uint32_t n = 0; n < plan->node_count; n++) {
    const struct wr_plan_sink *sink = plan->nodes[n].sink;
    if (sink && (strcmp(sink->table.connector->name, "print") == 0 ||
                 strcmp(sink->table.connector->name, "console") == 0))
      return true;
  }
  return false;
}

/* What remains of the foreground when its job is over or was left behind. */
static void run_close(struct foreground *run)
{
  wr_progress_close(&run->progress);
  wr_profile_close(&run->profile);
  wr_shell_rows_free(run->rows);
  wr_buffer_free(&run->notes);
}

enum wr_shell_verdict wr_shell_run_job(struct wr_shell *shell, const struct wr_shell_plan *plan)
{
  struct foreground run = {.shell = shell, .job = plan->job, .pipe = {-1, -1}};
  sigset_t before;
  enum wr_shell_verdict verdict = WR_SHELL_STOPPED;
  if (!wr_shell_can_run(plan->job))
    return WR_SHELL_WRONG;
  fflush(shell->out);
  run.is_terminal = isatty(fileno(shell->out));
  run.began_us = run.row_us = wr_monotonic_us();
  const struct wr_plan *shown = run_open_rows(&run, plan->arena);
  if (!shown)
    return WR_SHELL_FAILED;
  run.run = wr_memory_get_zero(sizeof *run.run);
  wr_profile_open(&run.profile, plan->job->plan);
  run.run->profile = plan->job->is_analyze ? &run.profile : NULL;
  run.run->options.timed = plan->job->is_analyze;
  wr_progress_open(&run.progress, stderr,
                   shell->edit && isatty(STDERR_FILENO) && !run_prints(plan->job->plan));
  run.signals = wr_shell_signals_open(&before);
  run_hush(&run, true);
  wr_shell_job_start(run.run, shell, shown, plan->text);
  if (run_watch(&run, plan)) {
    verdict = run_end(&run);
    wr_shell_job_close(run.run);
  }
  run_hush(&run, false);
  wr_shell_signals_close(run.signals, &before);
  run_close(&run);
  if (ferror(shell->out)) {
    clearerr(shell->out);
    return shell->edit ? WR_SHELL_FAILED : WR_SHELL_LEAVE; /* nobody reads any more */
  }
  return verdict;
}
