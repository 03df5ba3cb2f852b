/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/job.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/control.h"
#include "cli/job_facts.h"
#include "cli/progress.h"
#include "cli/resume.h"
#include "core/time.h"

#define JOB_LAST_EPOCH_MAX_US (60 * WR_US_PER_SECOND)
#define JOB_PAUSE_MIN_US      (1 * WR_US_PER_SECOND)
#define JOB_PAUSE_MAX_US      (60 * WR_US_PER_SECOND)
#define JOB_MANY_CHANGES      50 /* printed: more than somebody reads */

/* A job on its way. */
struct job {
  const struct wr_job_run *run;
  const struct wr_arguments *arguments;
  const struct wr_job *planned;
  FILE *messages;
  struct wr_execution_options options;
  struct wr_progress progress;
  struct wr_resume resume;
  struct wr_control *control; /* NULL: nobody can ask */
  uint32_t restarts;
  /* of all its executions */
  struct wr_execution_summary counts;
  struct wr_profile profile;
  bool began;
  bool starts;           /* an execution is being started: it may still come to nothing */
  bool stopped;          /* by a signal, or whoever else may */
  bool stopped_in_pause; /* between two executions: no last epoch was taken */
};

static bool job_is_asked_to_stop(const struct job *job)
{
  return atomic_load(&job->run->stopper->signals) > 0;
}

/* ---- one execution */

/* What those who watch see of it. */
static void job_show(const struct job *job, enum wr_job_status status,
                     struct wr_execution *execution, const char *failure)
{
  if (job->run->served)
    wr_served_job_set(job->run->served, status, execution, failure);
}

static bool has_rejects(const struct wr_execution_summary *summary)
{
  for (int kind = 0; kind < WR_REJECT_KIND_COUNT; kind++)
    if (summary->rejected[kind])
      return true;
  return false;
}

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

/* The last epoch of a stop takes too long. If the program may leave, it does: what is on the disk
 * is right at any moment. */
static void job_is_overdue(struct job *job)
{
  char failure[300];
  bool leaves = job->run->may_leave;
  snprintf(failure, sizeof failure,
           "the last epoch is not complete after %d s, probably because a sink still waits; %s",
           (int)(JOB_LAST_EPOCH_MAX_US / WR_US_PER_SECOND),
           leaves ? "leaving without it: the next start goes on from the newest one that is kept"
                  : "waiting on");
  wr_progress_clear(&job->progress);
  fprintf(job->messages, "weir: %s%s\n", leaves ? "failed: " : "", failure);
  if (!leaves)
    return;
  wr_control_close(job->control, &(struct wr_control_end){.failure = failure});
  _exit(WR_EXIT_FAILED);
}

static void job_watch(struct job *job, struct wr_execution *execution)
{
  struct wr_execution_summary summary;
  bool told = false, told_overdue = false;
  while (!wr_execution_wait(execution, 100)) {
    if (job_is_asked_to_stop(job) && !told) {
      bool durable = job->options.durable && !job->run->stopper->drain;
      const char *more = job->run->may_leave ? "; once more to leave at once" : "";
      char text[100];
      snprintf(text, sizeof text, "stopping%s%s", durable ? " after a last epoch" : "", more);
      wr_progress_note(&job->progress, text);
      job_show(job, WR_JOB_STOPPING, execution, NULL);
      told = true;
    }
    if (wr_execution_stopping_us(execution) > JOB_LAST_EPOCH_MAX_US && !told_overdue) {
      job_is_overdue(job);
      told_overdue = true;
    }
    wr_execution_summarize(execution, &summary);
    wr_progress_update(&job->progress, &summary);
  }
}

/* From now on this execution can be stopped and looked at; NULL: it does not run after all, or no
 * longer. */
static void job_begins(void *self, struct wr_execution *execution)
{
  const struct job *job = self;
  if (execution || job->starts) /* else its counts are taken first: see wr_served_job_past */
    job_show(job, execution ? WR_JOB_RUNNING : WR_JOB_STARTING, execution, NULL);
  wr_stopper_watch(job->run->stopper, execution);
  if (job->control)
    wr_control_watch(job->control, execution);
}

/* Tables are loaded before the execution begins; false: it shall not. */
static bool job_loads(void *self, bool loading)
{
  const struct job *job = self;
  wr_stopper_expect(job->run->stopper, loading);
  return !job_is_asked_to_stop(job);
}

/* Starts an execution and waits for its end. *started: it failed, if it did, while running. */
static enum wr_code job_execute(struct job *job, const struct wr_plan *plan, bool *started,
                                struct wr_error *err)
{
  struct wr_execution *execution;
  struct wr_execution_summary counts;
  job->options.begins_self = job;
  job->starts = true;
  enum wr_code code = wr_execution_start(plan, &job->options, &execution, err);
  job->starts = false;
  *started = code == WR_OK;
  if (code == WR_STOPPED && job_is_asked_to_stop(job)) { /* that is an end as well */
    job->stopped = true;
    wr_progress_note(&job->progress, err->message);
    return WR_OK;
  }
  if (code != WR_OK) {
    job_show(job, WR_JOB_STARTING, NULL, NULL);
    return code;
  }
  job->began = true;
  job_watch(job, execution);
  job_begins(job, NULL);
  wr_progress_clear(&job->progress);
  job->stopped = job_is_asked_to_stop(job);
  wr_execution_summarize(execution, &counts);
  counts_add(&job->counts, &counts);
  if (job->run->served)
    wr_served_job_past(job->run->served, &counts,
                       job->resume.store ? wr_resume_newest(&job->resume) : 0);
  wr_profile_add(&job->profile, execution);
  code = wr_execution_result(execution, err);
  wr_execution_free(execution);
  return code;
}

/* The second half of a job that tests have cut: built anew, at another parallelism, going on from
 * the store. */
static enum wr_code job_execute_rest(struct job *job, struct wr_error *err)
{
  const struct wr_arguments *arguments = job->arguments;
  struct wr_arena arena = {0};
  struct wr_program program;
  struct wr_snapshot snapshot;
  uint64_t epoch;
  bool started;
  uint32_t parallelism =
      arguments->test_cut_parallelism ? arguments->test_cut_parallelism : arguments->parallelism;
  enum wr_code code = WR_INTERNAL;
  job->options.cut_after_records = 0;
  job->options.cut_epochs = 0;
  job->options.from = &snapshot;
  if (!job->options.store->class->latest(job->options.store, &epoch) ||
      epoch <= arguments->test_cut_epochs)
    return WR_OK; /* it came to its end before it was cut */
  if (wr_program_load(arguments, parallelism, &arena, &program))
    code = wr_snapshot_read(job->options.store, epoch, &arena, &snapshot, err);
  if (code == WR_OK)
    code = job_execute(job, program.jobs[job->run->number].plan, &started, err);
  wr_arena_free(&arena);
  return code;
}

/* ---- executions until one of them ends well */

static void job_resume_options(struct job *job)
{
  const struct wr_resume *resume = &job->resume;
  job->options.store = resume->store;
  job->options.hash_seed = resume->store->hash_seed;
  job->options.from = resume->has_snapshot ? &resume->snapshot : NULL;
  if (job->run->served && resume->has_snapshot)
    wr_served_job_from(job->run->served, resume->snapshot.epoch);
}

/* Twice as long after every failure in a row, and nobody in step with others. */
static int64_t pause_after(uint32_t failures)
{
  int64_t pause_us = JOB_PAUSE_MIN_US;
  for (uint32_t i = 1; i < failures && pause_us < JOB_PAUSE_MAX_US; i++)
    pause_us *= 2;
  if (pause_us > JOB_PAUSE_MAX_US)
    pause_us = JOB_PAUSE_MAX_US;
  return pause_us + wr_now_us() % (pause_us / 4);
}

static void job_note_restart(struct job *job, int64_t pause_us, const struct wr_error *err)
{
  const struct wr_resume *resume = &job->resume;
  char text[sizeof err->message + 128];
  if (resume->has_snapshot)
    snprintf(text, sizeof text, "failed: %s; starting again from epoch %" PRIu64 " in %.1f s",
             err->message, resume->snapshot.epoch, (double)pause_us / 1e6);
  else
    snprintf(text, sizeof text, "failed: %s; starting again from the beginning in %.1f s",
             err->message, (double)pause_us / 1e6);
  wr_progress_note(&job->progress, text);
}

/* It has failed and starts again soon: for those who ask. */
static void job_show_pause(struct job *job, const struct wr_error *err)
{
  const struct wr_control_past past = {.rows_in = job->counts.rows_in,
                                       .rows_out = job->counts.rows_out,
                                       .restarts = ++job->restarts};
  if (job->control)
    wr_control_pause(job->control, &past, err->message);
  job_show(job, WR_JOB_RESTARTING, NULL, err->message);
}

/* Those who follow its streams are told that rows may come again. */
static void job_tell_again(const struct job *job)
{
  if (job->run->hub)
    wr_hub_job_restarted(job->run->hub, job->run->name,
                         job->resume.has_snapshot ? job->resume.snapshot.epoch : 0);
}

/* What may pass by itself is tried again, unless this is the very first start: then it is more
 * probably a mistake, and somebody is looking. */
static bool job_may_pass(const struct job *job, bool started, uint32_t failures,
                         const struct wr_error *err)
{
  bool passing = err->retry || err->code == WR_CONNECTION;
  return passing && !job->stopped && (started || failures || job->resume.has_snapshot);
}

static enum wr_code job_execute_durable(struct job *job, struct wr_error *err)
{
  struct wr_resume *resume = &job->resume;
  uint32_t failures = 0;
  for (;;) {
    bool started = true;
    uint64_t newest = wr_resume_newest(resume);
    job_resume_options(job);
    bool has_ended = resume->has_snapshot && resume->snapshot.ended;
    enum wr_code code = has_ended ? wr_resume_publish_end(resume, err)
                                  : job_execute(job, job->planned->plan, &started, err);
    if (code == WR_OK || !job_may_pass(job, started, failures, err))
      return code;
    if (wr_resume_newest(resume) > newest)
      failures = 0;
    int64_t pause_us = pause_after(++failures);
    job_show_pause(job, err);
    if (!wr_resume_again(resume))
      return code;
    job_note_restart(job, pause_us, err);
    if (!wr_stopper_pause(job->run->stopper, pause_us)) {
      job->stopped = job->stopped_in_pause = true;
      return code; /* the newest epoch that is kept counts */
    }
    job_tell_again(job);
  }
}

/* ---- its end */

static void job_summarize(struct job *job)
{
  const struct wr_execution_summary *counts = &job->counts;
  if (job->arguments->quiet)
    return;
  if (wr_job_has_source(job->planned) || has_rejects(counts)) {
    wr_progress_summarize(&job->progress, counts, job->stopped);
    wr_progress_summarize_steps(&job->progress, job->profile.steps,
                                job->profile.steps ? job->planned->plan->node_count : 0);
  } else if (!job->planned->is_select && !job->planned->is_explain) {
    fprintf(job->messages, "weir: done: %" PRIu64 " row%s written\n", counts->rows_out,
            counts->rows_out == 1 ? "" : "s");
  }
}

/* Whoever sees many changes may have wanted what is left of them. Said once, to people. */
static void job_advise(const struct job *job)
{
  if (job->arguments->quiet || job->counts.rows_out < JOB_MANY_CHANGES ||
      !wr_job_tells_changes(job->planned) || job->messages != stderr || !isatty(STDERR_FILENO))
    return;
  for (uint32_t i = 0; i < job->run->number; i++)
    if (wr_job_tells_changes(&job->run->program->jobs[i]))
      return;
  fputs("weir: every change of the result was printed; --format table, or SET "
        "'execution.runtime-mode' = 'batch', gives only what is left at the end\n",
        job->messages);
}

/* EXPLAIN ANALYZE: the plan with what was measured. */
static void job_print_analyzed(struct job *job)
{
  const struct wr_job *planned = job->planned;
  struct wr_arena *arena = &job->profile.arena;
  enum wr_profile_format format = planned->explain_json ? WR_PROFILE_JSON : WR_PROFILE_TEXT;
  const struct wr_explain_figures figures = wr_profile_figures(&job->profile, format);
  fputs(planned->explain_json ? wr_explain_json_with(arena, planned, &figures)
                              : wr_explain_text_with(arena, planned, &figures),
        stdout);
  fflush(stdout);
}

/* What a job that has ended, in whatever way, leaves to be read. */
static void job_report(struct job *job, enum wr_code code)
{
  if (code == WR_OK) {
    job_summarize(job);
    job_advise(job);
  }
  if (code == WR_OK && job->planned->is_analyze)
    job_print_analyzed(job);
  else if (wr_job_has_source(job->planned))
    wr_profile_print(&job->profile, job->arguments->profile, job->run->profile_file);
}

/* For those who watch. */
static void job_show_end(const struct job *job, enum wr_code code, const struct wr_error *err)
{
  enum wr_job_status status = WR_JOB_FINISHED;
  if (code != WR_OK && !job->stopped_in_pause)
    status = WR_JOB_FAILED;
  else if (job->stopped && !(code == WR_OK && job->run->stopper->drain))
    status = WR_JOB_STOPPED;
  bool is_replaced =
      status == WR_JOB_STOPPED && job->run->is_replaced && atomic_load(job->run->is_replaced);
  job_show(job, is_replaced ? WR_JOB_STOPPING : status, NULL,
           status == WR_JOB_FAILED ? err->message : NULL);
  if (job->run->hub)
    wr_hub_job_ended(job->run->hub, job->run->name,
                     is_replaced ? "replaced" : wr_job_status_names[status]);
}

/* The job is over, for whoever has asked for a savepoint. */
static void job_close_control(struct job *job, enum wr_code code, const struct wr_error *err)
{
  struct wr_control_end end = {.failure = code == WR_OK ? NULL : err->message,
                               .ended = !job->stopped || job->run->stopper->drain};
  if (!job->control)
    return;
  end.epoch = wr_resume_newest(&job->resume);
  wr_control_close(job->control, &end);
  job->control = NULL;
}

/* ---- its beginning */

static void job_warn_of_stdin(const struct job *job)
{
  struct stat status;
  bool is_file = fstat(STDIN_FILENO, &status) == 0 && S_ISREG(status.st_mode);
  if (wr_job_reads_stdin(job->planned) && !is_file)
    fputs("weir: warning: standard input cannot be read again, so this job cannot go on after it "
          "was stopped or killed\n",
          job->messages);
}

static void job_note_endless(struct job *job)
{
  if (job->planned->is_analyze && !job->arguments->quiet && wr_job_is_endless(job->planned))
    wr_progress_note(&job->progress,
                     "the input of this query does not end: EXPLAIN ANALYZE shows its figures when "
                     "the query ends or you stop it");
}

/* Opens the state directory, if the job keeps state. */
static enum wr_resume_verdict job_open_state(struct job *job)
{
  const struct wr_arguments *arguments = job->arguments;
  const struct wr_epoch_settings *epochs = &job->run->program->epochs;
  struct wr_error err;
  if (epochs->has_interval)
    job->options.epoch_interval_us = epochs->interval_us;
  if (!arguments->state_dir || !wr_job_keeps_state(job->planned))
    return WR_RESUME_GO;
  job_warn_of_stdin(job);
  enum wr_resume_verdict verdict =
      wr_resume_open(&job->resume, arguments, job->planned->plan, epochs->epochs_kept);
  if (verdict != WR_RESUME_GO)
    return verdict;
  if (!job->resume.has_snapshot && !arguments->quiet)
    fprintf(job->messages, "weir: state is kept in %s, with an epoch every %g s\n",
            arguments->state_dir, (double)epochs->interval_us / 1e6);
  job->options.durable = true;
  job->options.failures_tolerated = epochs->failures_tolerated;
  job->options.epoch_interval_us = epochs->interval_us;
  job->options.epoch_timeout_us = epochs->timeout_us;
  if (wr_control_open(arguments->state_dir, job->resume.store, job->run->stopper, &job->control,
                      &err) != WR_OK)
    fprintf(job->messages,
            "weir: warning: %s; weir savepoint cannot reach this job, and weir state sees only its "
            "epochs\n",
            err.message);
  return WR_RESUME_GO;
}

static void job_set_options(struct job *job)
{
  const struct wr_arguments *arguments = job->arguments;
  job->options = (struct wr_execution_options){
      .note = wr_progress_note,
      .note_self = &job->progress,
      .begins = job_begins,
      .loads = job_loads,
      .memory_bytes = arguments->memory_bytes,
      .allow_duplicates = arguments->allow_duplicates,
      .allow_gap = arguments->allow_gap,
      .state_dir = arguments->state_dir,
      .timed = arguments->profile || job->planned->is_analyze,
      .hub = job->run->hub,
      .job_name = job->run->name,
      .batch_rows = arguments->test_batch_rows,
      .cut_after_records = arguments->test_cut,
      .cut_epochs = arguments->test_cut_epochs,
  };
}

static enum wr_code job_go(struct job *job, struct wr_error *err)
{
  bool is_cut = job->arguments->test_cut > 0, started;
  enum wr_code code;
  job_note_endless(job);
  if (is_cut)
    job->options.store = wr_store_memory_new();
  if (job->run->again)
    job_tell_again(job);
  if (job->options.durable)
    code = job_execute_durable(job, err);
  else
    code = job_execute(job, job->planned->plan, &started, err);
  if (code == WR_OK && is_cut && !job->stopped)
    code = job_execute_rest(job, err);
  if (is_cut)
    job->options.store->class->close(job->options.store);
  return code;
}

void wr_job_run(const struct wr_job_run *run, struct wr_job_end *end)
{
  const struct wr_arguments *arguments = run->arguments;
  struct job job = {.run = run,
                    .arguments = arguments,
                    .planned = &run->program->jobs[run->number],
                    .messages = wr_messages(arguments)};
  *end = (struct wr_job_end){.exit_code = WR_EXIT_DONE};
  wr_error_clear(&end->err);
  job_set_options(&job);
  enum wr_resume_verdict verdict = job_open_state(&job);
  if (verdict != WR_RESUME_GO) {
    end->exit_code = verdict == WR_RESUME_FAILED ? WR_EXIT_FAILED : WR_EXIT_DONE;
    end->err = job.resume.failure;
    job_show_end(&job, verdict == WR_RESUME_FAILED ? end->err.code : WR_OK, &end->err);
    return;
  }
  wr_progress_open(&job.progress, job.messages,
                   job.messages == stderr && !arguments->quiet && isatty(STDERR_FILENO) &&
                       !wr_job_writes_terminal(job.planned));
  wr_profile_open(&job.profile, job.planned->plan);
  enum wr_code code = job_go(&job, &end->err);
  job_close_control(&job, code, &end->err);
  wr_resume_close(&job.resume);
  job_report(&job, code);
  wr_profile_close(&job.profile);
  wr_progress_close(&job.progress);
  end->began = job.began;
  if (code != WR_OK) {
    end->exit_code = WR_EXIT_FAILED;
    fprintf(job.messages, "weir: failed: %s\n", end->err.message);
    if (end->err.hint[0])
      fprintf(job.messages, "hint: %s\n", end->err.hint);
  }
  job_show_end(&job, code, &end->err);
}
