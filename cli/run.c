/* SPDX-License-Identifier: Apache-2.0 */
/* weir run: the jobs of a script, one after the other. */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/progress.h"
#include "connectors/connector.h"

/* A thread of its own waits for SIGINT and SIGTERM, so that they also work while a server is being
 * looked for. */
struct stopper {
  pthread_t thread;
  pthread_mutex_t lock;
  struct wr_execution *execution; /* under lock: the one that runs */
  _Atomic int signals;
};

static void *stopper_wait(void *argument)
{
  struct stopper *stopper = argument;
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  for (;;) {
    int signal_number;
    if (sigwait(&signals, &signal_number) != 0)
      continue;
    pthread_mutex_lock(&stopper->lock);
    if (atomic_fetch_add(&stopper->signals, 1) > 0 || !stopper->execution)
      _exit(128 + signal_number);
    wr_execution_stop(stopper->execution, false);
    pthread_mutex_unlock(&stopper->lock);
  }
  return NULL;
}

static void stopper_start(struct stopper *stopper)
{
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, NULL); /* for this thread and all that it starts */
  signal(SIGPIPE, SIG_IGN);
  pthread_mutex_init(&stopper->lock, NULL);
  stopper->execution = NULL;
  atomic_init(&stopper->signals, 0);
  pthread_create(&stopper->thread, NULL, stopper_wait, stopper);
}

static void stopper_watch(struct stopper *stopper, struct wr_execution *execution)
{
  pthread_mutex_lock(&stopper->lock);
  stopper->execution = execution;
  pthread_mutex_unlock(&stopper->lock);
}

static void stopper_end(struct stopper *stopper)
{
  pthread_cancel(stopper->thread); /* it waits for signals: the only place where it can be ended */
  pthread_join(stopper->thread, NULL);
  pthread_mutex_destroy(&stopper->lock);
}

static bool job_has_source(const struct wr_plan *plan)
{
  for (uint32_t n = 0; n < plan->node_count; n++)
    if (plan->nodes[n].source)
      return true;
  return false;
}

static bool has_rejects(const struct wr_execution_summary *summary)
{
  for (int kind = 0; kind < WR_REJECT_KIND_COUNT; kind++)
    if (summary->rejected[kind])
      return true;
  return false;
}

static bool job_reads_stdin(const struct wr_plan *plan)
{
  for (uint32_t n = 0; n < plan->node_count; n++)
    if (plan->nodes[n].source && strcmp(plan->nodes[n].source->table.connector->name, "stdin") == 0)
      return true;
  return false;
}

/* What several jobs of one script cannot have: false after saying so. */
static bool jobs_are_possible(const struct wr_arguments *arguments,
                              const struct wr_program *program)
{
  uint32_t readers = 0;
  for (uint32_t i = 0; i < program->job_count; i++)
    readers += job_reads_stdin(program->jobs[i].plan);
  if (readers > 0 && strcmp(arguments->name, "stdin") == 0) {
    fprintf(stderr, "weir: error: standard input holds the script and cannot also be a table\n"
                    "hint: give the script as a file or with -e\n");
    return false;
  }
  if (readers > 1) {
    fprintf(stderr, "weir: error: standard input can be read by one job only\n"
                    "hint: all INSERTs are one job, every bare SELECT is another\n");
    return false;
  }
  for (uint32_t i = 0; i + 1 < program->job_count; i++)
    if (!program->jobs[i].plan->bounded && !program->jobs[i].is_explain) {
      fprintf(stderr,
              "weir: warning: job %u of %u never ends by itself, so the ones behind it never run\n",
              i + 1, program->job_count);
      break;
    }
  return true;
}

static bool job_writes_terminal(const struct wr_job *job)
{
  if (job->is_select)
    return isatty(STDOUT_FILENO);
  for (uint32_t n = 0; n < job->plan->node_count; n++)
    if (job->plan->nodes[n].sink &&
        strcmp(job->plan->nodes[n].sink->table.connector->name, "print") == 0)
      return isatty(STDOUT_FILENO);
  return false;
}

/* Starts a job and waits for its end; *stopped: by a signal. */
static enum wr_code run_execution(const struct wr_job *job,
                                  const struct wr_execution_options *options,
                                  struct wr_progress *progress, struct stopper *stopper,
                                  struct wr_execution_summary *summary, bool *stopped,
                                  struct wr_error *err)
{
  struct wr_execution *execution;
  enum wr_code code = wr_execution_start(job->plan, options, &execution, err);
  if (code != WR_OK)
    return code;
  stopper_watch(stopper, execution);
  bool told = false;
  while (!wr_execution_wait(execution, 100)) {
    if (atomic_load(&stopper->signals) && !told) {
      wr_progress_note(progress, "stopping; once more to leave at once");
      told = true;
    }
    wr_execution_summarize(execution, summary);
    wr_progress_update(progress, summary);
  }
  stopper_watch(stopper, NULL);
  wr_progress_clear(progress);
  *stopped = atomic_load(&stopper->signals) > 0;
  wr_execution_summarize(execution, summary);
  code = wr_execution_result(execution, err);
  wr_execution_free(execution);
  return code;
}

/* The second half of a job that tests have cut: built anew, at another parallelism, going on from
 * the store. */
static enum wr_code run_rest(const struct wr_arguments *arguments, uint32_t job_number,
                             struct wr_execution_options options, struct wr_progress *progress,
                             struct stopper *stopper, struct wr_execution_summary *summary,
                             bool *stopped, struct wr_error *err)
{
  struct wr_arena arena = {0};
  struct wr_program program;
  struct wr_execution_summary rest = {0};
  uint32_t parallelism =
      arguments->test_cut_parallelism ? arguments->test_cut_parallelism : arguments->parallelism;
  enum wr_code code = WR_INTERNAL;
  options.cut_after_records = 0;
  if (wr_program_load(arguments, parallelism, &arena, &program))
    code =
        run_execution(&program.jobs[job_number], &options, progress, stopper, &rest, stopped, err);
  summary->rows_in += rest.rows_in;
  summary->rows_out += rest.rows_out;
  for (int kind = 0; kind < WR_REJECT_KIND_COUNT; kind++)
    summary->rejected[kind] += rest.rejected[kind];
  summary->held_rows = rest.held_rows;
  wr_arena_free(&arena);
  return code;
}

static int run_job(const struct wr_arguments *arguments, const struct wr_job *job,
                   uint32_t job_number, struct stopper *stopper)
{
  struct wr_progress progress;
  struct wr_execution_summary summary = {0};
  struct wr_error err;
  bool stopped = false;
  wr_error_clear(&err);
  wr_progress_open(&progress,
                   !arguments->quiet && isatty(STDERR_FILENO) && !job_writes_terminal(job));
  struct wr_execution_options options = {.note = wr_progress_note,
                                         .note_self = &progress,
                                         .batch_rows = arguments->test_batch_rows,
                                         .cut_after_records = arguments->test_cut};
  if (arguments->test_cut)
    options.store = wr_store_memory_new();
  enum wr_code code = run_execution(job, &options, &progress, stopper, &summary, &stopped, &err);
  uint64_t epoch;
  if (code == WR_OK && options.store && options.store->class->latest(options.store, &epoch) &&
      !stopped)
    code = run_rest(arguments, job_number, options, &progress, stopper, &summary, &stopped, &err);
  if (options.store)
    options.store->class->close(options.store);
  if (code == WR_OK && !arguments->quiet && (job_has_source(job->plan) || has_rejects(&summary)))
    wr_progress_summarize(&progress, &summary, stopped);
  wr_progress_close(&progress);
  if (code == WR_OK)
    return WR_EXIT_DONE;
  fprintf(stderr, "weir: failed: %s\n", err.message);
  if (err.hint[0])
    fprintf(stderr, "hint: %s\n", err.hint);
  return WR_EXIT_FAILED;
}

int wr_command_run(int argc, char **argv)
{
  struct wr_arena arena = {0};
  struct wr_arguments arguments;
  struct wr_program program;
  struct stopper stopper;
  int exit_code = WR_EXIT_USAGE;
  if (wr_arguments_parse(argc, argv, "run", WR_TAKES_FORMAT | WR_TAKES_QUIET, &arena, &arguments)) {
    exit_code = WR_EXIT_SQL;
    if (wr_program_load(&arguments, arguments.parallelism, &arena, &program)) {
      exit_code = WR_EXIT_DONE;
      wr_report_warnings(&arguments, &program);
      if (program.job_count == 0)
        fprintf(stderr, "weir: nothing to run: %s has no INSERT and no SELECT\n", arguments.name);
      if (!jobs_are_possible(&arguments, &program)) {
        wr_arena_free(&arena);
        return WR_EXIT_SQL;
      }
      stopper_start(&stopper);
      for (uint32_t i = 0;
           exit_code == WR_EXIT_DONE && i < program.job_count && !atomic_load(&stopper.signals);
           i++) {
        if (program.jobs[i].is_explain)
          fputs(program.jobs[i].explain_json ? wr_explain_json(&arena, &program.jobs[i])
                                             : wr_explain_text(&arena, &program.jobs[i]),
                stdout);
        else
          exit_code = run_job(&arguments, &program.jobs[i], i, &stopper);
      }
      stopper_end(&stopper);
    }
  }
  wr_arena_free(&arena);
  return exit_code;
}
