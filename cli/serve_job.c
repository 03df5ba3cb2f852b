/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/serve_job.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/changes.h"
#include "cli/job_facts.h"
#include "cli/log.h"
#include "cli/units.h"
#include "parser/parser.h"
#include "state/store_directory.h"

#define SERVE_COMPARE_TRIES 3 /* while the job that runs takes epochs away */

struct wr_serve_text {
  struct wr_arena arena;
  struct wr_arguments arguments;
  struct wr_program program;
  uint32_t number; /* of its job */
  struct wr_stopper stopper;
  _Atomic bool is_replaced; /* it stops for another one */
  struct wr_job_run run;
};

/* ---- texts */

static void text_free(struct wr_serve_text *text)
{
  if (!text)
    return;
  wr_stopper_close(&text->stopper);
  wr_arena_free(&text->arena);
  free(text);
}

static struct wr_serve_text *text_new(struct wr_serve_job *job)
{
  struct wr_serve_text *text = wr_memory_get_zero(sizeof *text);
  const struct wr_serve_house *house = job->house;
  text->arguments = *house->arguments;
  text->arguments.name = job->path;
  text->arguments.text = wr_arena_copy(&text->arena, job->seen, job->seen_length);
  text->arguments.length = job->seen_length;
  text->arguments.state_dir = wr_arena_print(&text->arena, "%s/%s", house->state_root, job->name);
  text->arguments.memory_bytes = house->share_bytes;
  text->arguments.format = WR_RESULT_NOWHERE; /* streams that nobody reads can be followed */
  text->arguments.messages = job->log;
  wr_stopper_open(&text->stopper, text->arguments.drain);
  return text;
}

/* A file of a folder holds one job that goes on by itself: what reads rows in passing is refused.
 */
static enum wr_code text_check(struct wr_serve_text *text, struct wr_error *err)
{
  const struct wr_program *program = &text->program;
  uint32_t found = 0;
  for (uint32_t i = 0; i < program->job_count; i++) {
    const struct wr_job *job = &program->jobs[i];
    if (job->is_select || job->is_explain) {
      wr_fail(err, WR_SEMANTIC, "%s has %s, whose rows nobody would see here", text->arguments.name,
              job->is_explain ? "an EXPLAIN" : "a statement that shows rows");
      return wr_hint(err, "SELECT, SHOW, DESCRIBE and EXPLAIN are for weir run; here rows go "
                          "somewhere with INSERT INTO ... SELECT");
    }
    found++;
    text->number = i;
    if (wr_job_reads_stdin(job))
      return wr_fail(err, WR_SEMANTIC, "%s reads standard input, which a served job has not",
                     text->arguments.name);
    if (wr_job_check_sinks(job, true, err) != WR_OK)
      return err->code;
  }
  if (found == 1)
    return WR_OK;
  return wr_fail(err, WR_SEMANTIC,
                 found ? "%s has several jobs; a served file has one"
                       : "%s has no INSERT: nothing to run",
                 text->arguments.name);
}

/* "app.sql:3:8: there is no column..." of the first error. */
static void errors_print(const struct wr_arguments *arguments, const struct wr_error_list *errors,
                         char *out, size_t size)
{
  const struct wr_error *err = &errors->items[0];
  struct wr_source_place place;
  if (err->span.offset == WR_NO_POSITION) {
    snprintf(out, size, "%s: %s", arguments->name, err->message);
    return;
  }
  wr_source_locate(arguments->text, arguments->length, err->span, &place);
  snprintf(out, size, "%s:%u:%u: %s", arguments->name, place.line, place.column, err->message);
}

/* Whether the newest epoch of the job has nothing that this text would lose. What it would lose is
 * told in the log. */
static enum wr_code text_compare_once(struct wr_serve_text *text, struct wr_store *store, FILE *log,
                                      struct wr_error *err)
{
  struct wr_arena arena = {0};
  struct wr_snapshot snapshot;
  struct wr_inventory inventory;
  uint64_t epoch;
  char *told = NULL;
  size_t told_length = 0;
  enum wr_code code = WR_OK;
  if (!store->class->latest(store, &epoch))
    return WR_OK;
  code = wr_snapshot_read(store, epoch, &arena, &snapshot, err);
  if (code == WR_OK)
    code = wr_inventory_read(&snapshot, &arena, &inventory, err);
  FILE *file = code == WR_OK ? open_memstream(&told, &told_length) : NULL;
  if (file) {
    code = wr_changes_accept(text->program.jobs[text->number].plan, &inventory, &snapshot,
                             text->arguments.allow_dropped_state, file, &arena, err);
    fclose(file);
    if (code != WR_OK) {
      fwrite(told, 1, told_length, log);
      wr_hint(err,
              "weir serve --allow-dropped-state goes on without it; without %s the job starts anew",
              text->arguments.state_dir);
    }
    free(told);
  }
  wr_arena_free(&arena);
  return code;
}

static enum wr_code text_compare(struct wr_serve_text *text, FILE *log, struct wr_error *err)
{
  struct wr_store *store;
  enum wr_code code = WR_OK;
  if (access(text->arguments.state_dir, F_OK) != 0 ||
      !wr_job_keeps_state(&text->program.jobs[text->number]))
    return WR_OK;
  for (int i = 0; i < SERVE_COMPARE_TRIES; i++) {
    code = wr_store_directory_open_reading(text->arguments.state_dir, &store, err);
    if (code != WR_OK)
      return code;
    code = text_compare_once(text, store, log, err);
    store->class->close(store);
    if (code == WR_OK || code == WR_SEMANTIC)
      break;
  }
  return code;
}

/* ---- the job */

struct wr_serve_job *wr_serve_job_new(const struct wr_serve_house *house, const char *name,
                                      const char *path)
{
  struct wr_serve_job *job = wr_memory_get_zero(sizeof *job);
  job->house = house;
  job->name = wr_memory_get(strlen(name) + 1);
  job->path = wr_memory_get(strlen(path) + 1);
  memcpy(job->name, name, strlen(name) + 1);
  memcpy(job->path, path, strlen(path) + 1);
  job->log = wr_log_open(job->name, stderr);
  if (job->log)
    return job;
  wr_serve_job_free(job);
  return NULL;
}

void wr_serve_job_free(struct wr_serve_job *job)
{
  struct wr_watchers *watchers = job->house->watchers;
  if (job->served) {
    wr_jobs_remove(watchers->jobs, job->served);
    wr_hub_job_removed(watchers->hub, job->name);
  }
  text_free(job->text);
  text_free(job->next);
  text_free(job->fallback);
  if (job->log)
    wr_log_close(job->log);
  free(job->seen);
  free(job->name);
  free(job->path);
  free(job);
}

/* What those who watch see; a job without a text that runs has a plan without nodes. */
static bool serve_job_show(struct wr_serve_job *job, struct wr_serve_text *text)
{
  static const struct wr_plan no_plan;
  static const struct wr_job no_job = {.plan = &no_plan};
  struct wr_error err;
  struct wr_job_facts facts = {.name = job->name,
                               .file = job->path,
                               .sql = text ? text->arguments.text : "",
                               .sql_length = text ? text->arguments.length : 0,
                               .job = text ? &text->program.jobs[text->number] : &no_job};
  if (text && wr_job_keeps_state(facts.job))
    facts.state_dir = text->arguments.state_dir;
  if (text) {
    facts.epoch_interval_us = text->program.epochs.interval_us;
    facts.epoch_timeout_us = text->program.epochs.timeout_us;
  }
  if (job->served) {
    wr_watchers_change(job->served, facts, text ? &text->stopper : NULL);
  } else if (wr_watchers_add(job->house->watchers, facts, text ? &text->stopper : NULL,
                             &job->served, &err) != WR_OK) {
    fprintf(job->log, "error: %s\n", err.message);
    return false;
  }
  return true;
}

static void *serve_job_run(void *argument)
{
  struct wr_serve_job *job = argument;
  const uint64_t one = 1;
  wr_job_run(&job->text->run, &job->end);
  atomic_store(&job->ended, true);
  ssize_t written = write(job->house->wake_fd, &one, sizeof one);
  (void)written; /* full: it is awake already */
  return NULL;
}

static bool text_is_same(const struct wr_serve_text *text, const char *bytes, size_t length)
{
  return text && text->arguments.length == length &&
         memcmp(text->arguments.text, bytes, length) == 0;
}

/* The text becomes that of the job, which does not run. What made another text fail is forgotten.
 */
static void serve_job_start(struct wr_serve_job *job, struct wr_serve_text *text)
{
  struct wr_serve_text *before = job->text;
  bool is_other = !text_is_same(before, text->arguments.text, text->arguments.length);
  text->arguments.memory_bytes = job->house->share_bytes;
  if (!serve_job_show(job, text)) {
    text_free(text);
    return;
  }
  job->text = text;
  if (job->fallback != before)
    text_free(before);
  wr_served_job_set(job->served, WR_JOB_STARTING, NULL, is_other || job->refused ? "" : NULL);
  text->run = (struct wr_job_run){.arguments = &text->arguments,
                                  .program = &text->program,
                                  .number = text->number,
                                  .stopper = &text->stopper,
                                  .profile_file = job->log,
                                  .hub = job->house->watchers->hub,
                                  .served = job->served,
                                  .name = job->name,
                                  .again = job->again,
                                  .is_replaced = &text->is_replaced};
  wr_report_warnings(&text->arguments, &text->program);
  job->again = true;
  job->was_stopped = false;
  atomic_store(&job->ended, false);
  job->runs = pthread_create(&job->thread, NULL, serve_job_run, job) == 0;
  if (!job->runs) {
    fprintf(job->log, "error: no thread can be started for this job\n");
    wr_served_job_set(job->served, WR_JOB_FAILED, NULL, "no thread can be started for this job");
    job->was_stopped = true;
  }
}

void wr_serve_job_refuse(struct wr_serve_job *job, const char *why)
{
  job->refused = true;
  if (job->runs) {
    fprintf(job->log, "the text that runs goes on\n");
    wr_served_job_reload_failed(job->served, why);
    return;
  }
  job->was_stopped = true;
  if (job->served || serve_job_show(job, NULL))
    wr_served_job_set(job->served, WR_JOB_FAILED, NULL, why);
}

/* Plans what the file has; NULL: told why not. */
static struct wr_serve_text *serve_job_plan(struct wr_serve_job *job)
{
  struct wr_serve_text *text = text_new(job);
  struct wr_error_list errors = {0};
  struct wr_error err;
  char why[sizeof err.message + 512]; /* and where it is */
  if (!wr_program_plan(&text->arguments, text->arguments.parallelism, &text->arena, &text->program,
                       &errors)) {
    wr_report_errors(&text->arguments, &errors);
    errors_print(&text->arguments, &errors, why, sizeof why);
  } else if (text_check(text, &err) != WR_OK || text_compare(text, job->log, &err) != WR_OK) {
    fprintf(job->log, "error: %s\n", err.message);
    if (err.hint[0])
      fprintf(job->log, "hint: %s\n", err.hint);
    snprintf(why, sizeof why, "%s", err.message);
  } else {
    return text;
  }
  wr_serve_job_refuse(job, why);
  text_free(text);
  return NULL;
}

/* Also with --drain its windows stay open: it goes on. */
static void serve_job_replace(struct wr_serve_job *job)
{
  struct wr_stopper *stopper = &job->text->stopper;
  atomic_store(&job->text->is_replaced, true);
  pthread_mutex_lock(&stopper->lock);
  if (!atomic_load(&stopper->signals))
    stopper->drain = false;
  pthread_mutex_unlock(&stopper->lock);
  wr_serve_job_stop(job);
}

void wr_serve_job_offer(struct wr_serve_job *job, const char *text, size_t length)
{
  char *seen = wr_memory_get(length + 1);
  bool is_same = text_is_same(job->text, text, length);
  memcpy(seen, text, length);
  seen[length] = 0;
  free(job->seen);
  job->seen = seen;
  job->seen_length = length;
  if (job->runs && is_same && !atomic_load(&job->text->stopper.signals)) {
    job->refused = false; /* as it was before: it has never stopped */
    wr_served_job_reload_failed(job->served, NULL);
    return;
  }
  struct wr_serve_text *planned = serve_job_plan(job);
  if (!planned)
    return;
  if (job->served)
    wr_served_job_reload_failed(job->served, NULL);
  text_free(job->next);
  job->next = planned;
  if (!job->runs)
    return;
  job->refused = false;
  fprintf(job->log, "%s has changed: stopping, to go on with the new text\n", job->path);
  serve_job_replace(job);
}

bool wr_serve_job_counts(const struct wr_serve_job *job)
{
  return job->runs || job->next || (job->text && !job->refused);
}

void wr_serve_job_begin(struct wr_serve_job *job)
{
  struct wr_serve_text *text = job->next;
  if (job->runs || !text)
    return;
  job->next = NULL;
  serve_job_start(job, text);
  job->refused = false;
}

void wr_serve_job_again(struct wr_serve_job *job)
{
  if (!job->runs || job->next || job->leaves)
    return;
  struct wr_serve_text *text = text_new(job), *old = job->text;
  struct wr_error_list errors = {0};
  text->arguments.text = wr_arena_copy(&text->arena, old->arguments.text, old->arguments.length);
  text->arguments.length = old->arguments.length;
  text->number = old->number;
  if (!wr_program_plan(&text->arguments, text->arguments.parallelism, &text->arena, &text->program,
                       &errors)) {
    text_free(text); /* a file that it names has changed: the old plan goes on */
    return;
  }
  job->next = text;
  fprintf(job->log, "starting again, with %s of memory\n",
          wr_bytes_print(&text->arena, text->arguments.memory_bytes));
  serve_job_replace(job);
}

void wr_serve_job_stop(struct wr_serve_job *job)
{
  if (job->runs)
    wr_stopper_stop(&job->text->stopper, false);
}

/* ---- its end */

/* The new text did not even begin, so nothing of the old one is lost. */
static void serve_job_fall_back(struct wr_serve_job *job)
{
  struct wr_serve_text *old = job->fallback;
  job->fallback = NULL;
  fprintf(job->log, "the new text does not start, so the old one goes on\n");
  wr_stopper_close(&old->stopper);
  wr_stopper_open(&old->stopper, old->arguments.drain);
  atomic_store(&old->is_replaced, false);
  serve_job_start(job, old);
  wr_served_job_reload_failed(job->served, job->end.err.message);
  job->refused = true;
}

static void serve_job_follow(struct wr_serve_job *job)
{
  bool failed = job->end.exit_code != WR_EXIT_DONE;
  struct wr_serve_text *next = job->next;
  job->next = NULL;
  if (next) {
    text_free(job->fallback);
    job->fallback = job->end.began ? job->text : NULL;
    serve_job_start(job, next);
  } else if (failed && !job->end.began && job->fallback &&
             !atomic_load(&job->text->stopper.signals)) {
    serve_job_fall_back(job);
  } else {
    job->was_stopped = failed || atomic_load(&job->text->stopper.signals) > 0;
    text_free(job->fallback);
    job->fallback = NULL;
  }
}

/* Whether it is shown as over: then its thread is about to end. */
static bool serve_job_is_shown_over(struct wr_serve_job *job)
{
  struct wr_job_look look;
  struct wr_served_job *held = wr_jobs_hold(job->house->watchers->jobs, job->name);
  if (!held)
    return false;
  wr_served_job_look(held, &look);
  wr_served_job_release(held);
  return look.status == WR_JOB_STOPPED || look.status == WR_JOB_FINISHED ||
         look.status == WR_JOB_FAILED;
}

void wr_serve_job_settle(struct wr_serve_job *job)
{
  if (!job->runs || !serve_job_is_shown_over(job))
    return;
  while (!atomic_load(&job->ended))
    sched_yield();
  wr_serve_job_look(job, false);
}

void wr_serve_job_look(struct wr_serve_job *job, bool stopping)
{
  if (!job->runs || !atomic_load(&job->ended))
    return;
  pthread_join(job->thread, NULL);
  job->runs = false;
  if (!stopping && !job->leaves)
    serve_job_follow(job);
}
