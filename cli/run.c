/* SPDX-License-Identifier: Apache-2.0 */
/* weir run: the jobs of a script, one after the other. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/control.h"
#include "cli/progress.h"
#include "cli/resume.h"
#include "cli/stopper.h"
#include "connectors/connector.h"
#include "core/time.h"
#include "runtime/publisher.h"

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

static bool job_runs(const struct wr_job *job)
{
  return !job->is_explain || job->is_analyze;
}

/* What several jobs of one script cannot have: false after saying so. */
static bool jobs_are_possible(const struct wr_arguments *arguments,
                              const struct wr_program *program)
{
  uint32_t readers = 0;
  for (uint32_t i = 0; i < program->job_count; i++)
    readers += job_runs(&program->jobs[i]) && job_reads_stdin(program->jobs[i].plan);
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
    if (!program->jobs[i].plan->bounded && job_runs(&program->jobs[i])) {
      fprintf(stderr,
              "weir: warning: job %u of %u never ends by itself, so the ones behind it never run\n",
              i + 1, program->job_count);
      break;
    }
  return true;
}

static bool job_writes_terminal(const struct wr_job *job)
{
  if (job->is_analyze && job->is_select)
    return false;
  if (job->is_select)
    return isatty(STDOUT_FILENO);
  for (uint32_t n = 0; n < job->plan->node_count; n++)
    if (job->plan->nodes[n].sink &&
        strcmp(job->plan->nodes[n].sink->table.connector->name, "print") == 0)
      return isatty(STDOUT_FILENO);
  return false;
}

/* ---- state */

#define STATEMENT_BYTES_SHOWN 60

/* A statement on one line, cut. */
static void print_statement(const char *statement)
{
  char line[STATEMENT_BYTES_SHOWN + 1];
  size_t length = 0;
  for (const char *at = statement ? statement : "several INSERTs"; *at; at++) {
    bool space = strchr(" \t\r\n", *at) != NULL;
    if (length == STATEMENT_BYTES_SHOWN)
      break;
    if (!space || (length && line[length - 1] != ' '))
      line[length++] = space ? ' ' : *at;
  }
  fprintf(stderr, "  %.*s%s\n", (int)length, line, length == STATEMENT_BYTES_SHOWN ? "..." : "");
}

static bool job_keeps_state(const struct wr_job *job)
{
  return !job->is_explain && (job_has_source(job->plan) || wr_publishers_are_asked(job->plan));
}

/* Sinks that cannot keep what they promise: false after saying so. */
static bool sinks_are_possible(const struct wr_arguments *arguments,
                               const struct wr_program *program)
{
  struct wr_error err;
  for (uint32_t i = 0; i < program->job_count; i++) {
    const struct wr_job *job = &program->jobs[i];
    bool durable = arguments->state_dir && !job->is_analyze;
    if (!job_runs(job) || wr_publishers_check(job->plan, durable, &err) == WR_OK)
      continue;
    fprintf(stderr, "weir: error: %s\nhint: %s\n", err.message,
            job->is_analyze ? "EXPLAIN ANALYZE keeps no state; weir run --profile with --state-dir "
                              "shows the same figures"
                            : err.hint);
    return false;
  }
  return true;
}

/* A state directory belongs to one job: false after saying so. */
static bool state_is_possible(const struct wr_program *program)
{
  uint32_t count = 0;
  for (uint32_t i = 0; i < program->job_count; i++)
    count += job_keeps_state(&program->jobs[i]);
  if (count <= 1)
    return true;
  fprintf(stderr, "weir: error: --state-dir is for one job, and this script has %u:\n", count);
  for (uint32_t i = 0; i < program->job_count; i++) {
    const struct wr_plan *plan = program->jobs[i].plan;
    if (job_keeps_state(&program->jobs[i]))
      print_statement(plan->nodes[plan->node_count - 1].statement);
  }
  fprintf(stderr,
          "hint: all INSERTs of a script are one job, every bare SELECT is another; give each "
          "job a script and a directory of its own\n");
  return false;
}

static void warn_of_stdin(const struct wr_plan *plan)
{
  struct stat status;
  bool is_file = fstat(STDIN_FILENO, &status) == 0 && S_ISREG(status.st_mode);
  if (job_reads_stdin(plan) && !is_file)
    fprintf(stderr, "weir: warning: standard input cannot be read again, so this job cannot go on "
                    "after it was stopped or killed\n");
}

/* ---- one execution */

#define RUN_LAST_EPOCH_MAX_US (60 * WR_US_PER_SECOND)
#define RUN_PAUSE_MIN_US      (1 * WR_US_PER_SECOND)
#define RUN_PAUSE_MAX_US      (60 * WR_US_PER_SECOND)

/* A job on its way. */
struct run {
  const struct wr_arguments *arguments;
  struct wr_execution_options options;
  struct wr_progress progress;
  struct wr_stopper *stopper;
  struct wr_control *control; /* NULL: nobody can ask */
  uint32_t restarts;
  /* of all its executions */
  struct wr_execution_summary counts;
  struct wr_profile profile;
  FILE *profile_file;
  bool stopped; /* by a signal */
};

static void counts_add(struct wr_execution_summary *counts, const struct wr_execution_summary *more)
{
  counts->rows_in += more->rows_in;
  counts->rows_out += more->rows_out;
  counts->duration_us += more->duration_us;
  counts->held_rows = more->held_rows;
  counts->last_epoch_kept = more->last_epoch_kept;
  counts->epochs = more->epochs ? more->epochs : counts->epochs;
  for (int kind = 0; kind < WR_REJECT_KIND_COUNT; kind++)
    counts->rejected[kind] += more->rejected[kind];
}

/* Nothing can be waited for any longer: what is on the disk is right at any moment. */
static void leave_without_last_epoch(struct run *run)
{
  char failure[300];
  snprintf(
      failure, sizeof failure,
      "the last epoch is not complete after %d s, probably because a sink still waits; leaving "
      "without it: the next start goes on from the newest one that is kept",
      (int)(RUN_LAST_EPOCH_MAX_US / WR_US_PER_SECOND));
  wr_progress_clear(&run->progress);
  fprintf(stderr, "weir: failed: %s\n", failure);
  wr_control_close(run->control, &(struct wr_control_end){.failure = failure});
  _exit(WR_EXIT_FAILED);
}

static void watch_execution(struct run *run, struct wr_execution *execution)
{
  struct wr_execution_summary summary;
  bool told = false;
  while (!wr_execution_wait(execution, 100)) {
    if (atomic_load(&run->stopper->signals) && !told) {
      wr_progress_note(&run->progress,
                       run->options.durable && !run->stopper->drain
                           ? "stopping after a last epoch; once more to leave at once"
                           : "stopping; once more to leave at once");
      told = true;
    }
    if (wr_execution_stopping_us(execution) > RUN_LAST_EPOCH_MAX_US)
      leave_without_last_epoch(run);
    wr_execution_summarize(execution, &summary);
    wr_progress_update(&run->progress, &summary);
  }
}

static void watch_from_now(void *self, struct wr_execution *execution)
{
  const struct run *run = self;
  wr_stopper_watch(run->stopper, execution);
  if (run->control)
    wr_control_watch(run->control, execution);
}

/* Starts a job and waits for its end. *started: it failed, if it did, while running. */
static enum wr_code run_execution(struct run *run, const struct wr_plan *plan, bool *started,
                                  struct wr_error *err)
{
  struct wr_execution *execution;
  struct wr_execution_summary counts;
  enum wr_code code = wr_execution_start(plan, &run->options, &execution, err);
  *started = code == WR_OK;
  if (code != WR_OK)
    return code;
  watch_execution(run, execution);
  watch_from_now(run, NULL);
  wr_progress_clear(&run->progress);
  run->stopped = atomic_load(&run->stopper->signals) > 0;
  wr_execution_summarize(execution, &counts);
  counts_add(&run->counts, &counts);
  wr_profile_add(&run->profile, execution);
  code = wr_execution_result(execution, err);
  wr_execution_free(execution);
  return code;
}

/* The second half of a job that tests have cut: built anew, at another parallelism, going on from
 * the store. */
static enum wr_code run_rest(struct run *run, uint32_t job_number, struct wr_error *err)
{
  const struct wr_arguments *arguments = run->arguments;
  struct wr_arena arena = {0};
  struct wr_program program;
  struct wr_snapshot snapshot;
  uint64_t epoch;
  bool started;
  uint32_t parallelism =
      arguments->test_cut_parallelism ? arguments->test_cut_parallelism : arguments->parallelism;
  enum wr_code code = WR_INTERNAL;
  run->options.cut_after_records = 0;
  run->options.cut_epochs = 0;
  run->options.from = &snapshot;
  if (!run->options.store->class->latest(run->options.store, &epoch) ||
      epoch <= arguments->test_cut_epochs)
    return WR_OK; /* it came to its end before it was cut */
  if (wr_program_load(arguments, parallelism, &arena, &program))
    code = wr_snapshot_read(run->options.store, epoch, &arena, &snapshot, err);
  if (code == WR_OK)
    code = run_execution(run, program.jobs[job_number].plan, &started, err);
  wr_arena_free(&arena);
  return code;
}

/* ---- executions until one of them ends well */

static void resume_options(struct run *run, const struct wr_resume *resume)
{
  run->options.store = resume->store;
  run->options.hash_seed = resume->store->hash_seed;
  run->options.from = resume->has_snapshot ? &resume->snapshot : NULL;
}

/* Twice as long after every failure in a row, and nobody in step with others. */
static int64_t pause_after(uint32_t failures)
{
  int64_t pause_us = RUN_PAUSE_MIN_US;
  for (uint32_t i = 1; i < failures && pause_us < RUN_PAUSE_MAX_US; i++)
    pause_us *= 2;
  if (pause_us > RUN_PAUSE_MAX_US)
    pause_us = RUN_PAUSE_MAX_US;
  return pause_us + wr_now_us() % (pause_us / 4);
}

static void note_restart(struct run *run, const struct wr_resume *resume, int64_t pause_us,
                         const struct wr_error *err)
{
  char text[sizeof err->message + 128];
  if (resume->has_snapshot)
    snprintf(text, sizeof text, "failed: %s; starting again from epoch %" PRIu64 " in %.1f s",
             err->message, resume->snapshot.epoch, (double)pause_us / 1e6);
  else
    snprintf(text, sizeof text, "failed: %s; starting again from the beginning in %.1f s",
             err->message, (double)pause_us / 1e6);
  wr_progress_note(&run->progress, text);
}

static void control_pause(struct run *run, const struct wr_error *err)
{
  const struct wr_control_past past = {.rows_in = run->counts.rows_in,
                                       .rows_out = run->counts.rows_out,
                                       .restarts = ++run->restarts};
  if (run->control)
    wr_control_pause(run->control, &past, err->message);
}

/* What may pass by itself is tried again, unless this is the very first start: then it is more
 * probably a mistake, and somebody is looking. */
static bool may_pass(const struct run *run, const struct wr_resume *resume, bool started,
                     uint32_t failures, const struct wr_error *err)
{
  bool passing = err->retry || err->code == WR_CONNECTION;
  return passing && !run->stopped && (started || failures || resume->has_snapshot);
}

static enum wr_code run_durable(struct run *run, const struct wr_plan *plan,
                                struct wr_resume *resume, struct wr_error *err)
{
  uint32_t failures = 0;
  for (;;) {
    bool started = true;
    uint64_t newest = wr_resume_newest(resume);
    resume_options(run, resume);
    bool has_ended = resume->has_snapshot && resume->snapshot.ended;
    enum wr_code code =
        has_ended ? wr_resume_publish_end(resume, err) : run_execution(run, plan, &started, err);
    if (code == WR_OK || !may_pass(run, resume, started, failures, err))
      return code;
    if (wr_resume_newest(resume) > newest)
      failures = 0;
    int64_t pause_us = pause_after(++failures);
    control_pause(run, err);
    if (!wr_resume_again(resume))
      return code;
    note_restart(run, resume, pause_us, err);
    if (!wr_stopper_pause(run->stopper, pause_us)) {
      run->stopped = true;
      return code; /* no last epoch was taken: the newest one that is kept counts */
    }
  }
}

/* ---- one job */

static void summarize(struct run *run, const struct wr_job *job)
{
  const struct wr_execution_summary *counts = &run->counts;
  if (run->arguments->quiet || (!job_has_source(job->plan) && !has_rejects(counts)))
    return;
  wr_progress_summarize(&run->progress, counts, run->stopped);
  wr_progress_summarize_steps(run->profile.steps, run->profile.steps ? job->plan->node_count : 0);
}

/* EXPLAIN ANALYZE: the plan with what was measured. */
static void print_analyzed(struct run *run, const struct wr_job *job)
{
  struct wr_arena *arena = &run->profile.arena;
  enum wr_profile_format format = job->explain_json ? WR_PROFILE_JSON : WR_PROFILE_TEXT;
  const struct wr_explain_figures figures = wr_profile_figures(&run->profile, format);
  fputs(job->explain_json ? wr_explain_json_with(arena, job, &figures)
                          : wr_explain_text_with(arena, job, &figures),
        stdout);
  fflush(stdout);
}

/* What a job that has ended, in whatever way, leaves to be read. */
static void report(struct run *run, const struct wr_job *job, enum wr_code code)
{
  if (code == WR_OK)
    summarize(run, job);
  if (code == WR_OK && job->is_analyze)
    print_analyzed(run, job);
  else if (job_has_source(job->plan))
    wr_profile_print(&run->profile, run->arguments->profile, run->profile_file);
}

static void note_unbounded(struct run *run, const struct wr_job *job)
{
  if (job->is_analyze && !job->plan->bounded && !run->arguments->quiet)
    wr_progress_note(&run->progress,
                     "the input of this query does not end: EXPLAIN ANALYZE shows its figures when "
                     "the query ends or you stop it");
}

/* Opens the state directory, if the job keeps state; *code is then the exit code if there is
 * nothing to run. */
static bool open_state(struct run *run, const struct wr_job *job,
                       const struct wr_epoch_settings *epochs, struct wr_resume *resume, int *code)
{
  const struct wr_arguments *arguments = run->arguments;
  if (epochs->has_interval)
    run->options.epoch_interval_us = epochs->interval_us;
  if (!arguments->state_dir || !job_keeps_state(job))
    return true;
  warn_of_stdin(job->plan);
  enum wr_resume_verdict verdict =
      wr_resume_open(resume, arguments, job->plan, epochs->epochs_kept);
  *code = verdict == WR_RESUME_FAILED ? WR_EXIT_FAILED : WR_EXIT_DONE;
  if (verdict != WR_RESUME_GO)
    return false;
  if (!resume->has_snapshot && !arguments->quiet)
    fprintf(stderr, "weir: state is kept in %s, with an epoch every %g s\n", arguments->state_dir,
            (double)epochs->interval_us / 1e6);
  run->options.durable = true;
  run->options.failures_tolerated = epochs->failures_tolerated;
  run->options.epoch_interval_us = epochs->interval_us;
  run->options.epoch_timeout_us = epochs->timeout_us;
  struct wr_error err;
  if (wr_control_open(arguments->state_dir, resume->store, run->stopper, &run->control, &err) !=
      WR_OK)
    fprintf(stderr,
            "weir: warning: %s; weir savepoint cannot reach this job, and weir state sees only its "
            "epochs\n",
            err.message);
  return true;
}

/* The job is over, for whoever has asked for a savepoint. */
static void close_control(struct run *run, const struct wr_resume *resume, enum wr_code code,
                          const struct wr_error *err)
{
  struct wr_control_end end = {.failure = code == WR_OK ? NULL : err->message,
                               .ended = !run->stopped || run->stopper->drain};
  if (!run->control)
    return;
  end.epoch = wr_resume_newest(resume);
  wr_control_close(run->control, &end);
  run->control = NULL;
}

static int run_job(const struct wr_arguments *arguments, const struct wr_program *program,
                   uint32_t job_number, struct wr_stopper *stopper, FILE *profile_file)
{
  const struct wr_job *job = &program->jobs[job_number];
  struct run run = {.arguments = arguments, .stopper = stopper, .profile_file = profile_file};
  struct wr_resume resume = {0};
  struct wr_error err;
  bool started;
  int exit_code;
  enum wr_code code;
  wr_error_clear(&err);
  run.options = (struct wr_execution_options){.note = wr_progress_note,
                                              .note_self = &run.progress,
                                              .begins = watch_from_now,
                                              .begins_self = &run,
                                              .memory_bytes = arguments->memory_bytes,
                                              .allow_duplicates = arguments->allow_duplicates,
                                              .allow_gap = arguments->allow_gap,
                                              .state_dir = arguments->state_dir,
                                              .timed = arguments->profile || job->is_analyze,
                                              .batch_rows = arguments->test_batch_rows,
                                              .cut_after_records = arguments->test_cut,
                                              .cut_epochs = arguments->test_cut_epochs};
  if (!open_state(&run, job, &program->epochs, &resume, &exit_code))
    return exit_code;
  wr_progress_open(&run.progress,
                   !arguments->quiet && isatty(STDERR_FILENO) && !job_writes_terminal(job));
  wr_profile_open(&run.profile, job->plan);
  note_unbounded(&run, job);
  if (arguments->test_cut)
    run.options.store = wr_store_memory_new();
  if (run.options.durable)
    code = run_durable(&run, job->plan, &resume, &err);
  else
    code = run_execution(&run, job->plan, &started, &err);
  if (code == WR_OK && arguments->test_cut && !run.stopped)
    code = run_rest(&run, job_number, &err);
  if (arguments->test_cut)
    run.options.store->class->close(run.options.store);
  close_control(&run, &resume, code, &err);
  wr_resume_close(&resume);
  report(&run, job, code);
  wr_profile_close(&run.profile);
  wr_progress_close(&run.progress);
  if (code == WR_OK)
    return WR_EXIT_DONE;
  fprintf(stderr, "weir: failed: %s\n", err.message);
  if (err.hint[0])
    fprintf(stderr, "hint: %s\n", err.hint);
  return WR_EXIT_FAILED;
}

static int run_jobs(const struct wr_arguments *arguments, const struct wr_program *program,
                    struct wr_arena *arena)
{
  struct wr_stopper stopper;
  int exit_code = WR_EXIT_DONE;
  FILE *profile_file = arguments->profile_file ? fopen(arguments->profile_file, "w") : stderr;
  if (!profile_file) {
    fprintf(stderr, "weir run: %s cannot be written: %s\n", arguments->profile_file,
            strerror(errno));
    return WR_EXIT_USAGE;
  }
  wr_stopper_start(&stopper, arguments->drain);
  for (uint32_t i = 0;
       exit_code == WR_EXIT_DONE && i < program->job_count && !atomic_load(&stopper.signals); i++) {
    const struct wr_job *job = &program->jobs[i];
    if (!job_runs(job))
      fputs(job->explain_json ? wr_explain_json(arena, job) : wr_explain_text(arena, job), stdout);
    else
      exit_code = run_job(arguments, program, i, &stopper, profile_file);
  }
  wr_stopper_end(&stopper);
  if (profile_file != stderr && fclose(profile_file) != 0) {
    fprintf(stderr, "weir run: %s cannot be written: %s\n", arguments->profile_file,
            strerror(errno));
    return exit_code == WR_EXIT_DONE ? WR_EXIT_FAILED : exit_code;
  }
  return exit_code;
}

int wr_command_run(int argc, char **argv)
{
  struct wr_arena arena = {0};
  struct wr_arguments arguments;
  struct wr_program program;
  int exit_code = WR_EXIT_USAGE;
  if (wr_arguments_parse(argc, argv, "run", WR_TAKES_FORMAT | WR_TAKES_QUIET | WR_TAKES_STATE,
                         &arena, &arguments)) {
    exit_code = WR_EXIT_SQL;
    if (wr_program_load(&arguments, arguments.parallelism, &arena, &program)) {
      wr_report_warnings(&arguments, &program);
      if (program.job_count == 0)
        fprintf(stderr, "weir: nothing to run: %s has no INSERT and no SELECT\n", arguments.name);
      if (jobs_are_possible(&arguments, &program) && sinks_are_possible(&arguments, &program) &&
          (!arguments.state_dir || state_is_possible(&program)))
        exit_code = run_jobs(&arguments, &program, &arena);
    }
  }
  wr_arena_free(&arena);
  return exit_code;
}
