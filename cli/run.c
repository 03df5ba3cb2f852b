/* SPDX-License-Identifier: Apache-2.0 */
/* weir run: the jobs of a script, one after the other. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/job.h"
#include "cli/job_facts.h"
#include "cli/watchers.h"
#include "core/time.h"

/* A script on its way. */
struct script {
  const struct wr_arguments *arguments;
  const struct wr_program *program;
  struct wr_arena *arena;
  FILE *profile_file;
  struct wr_stopper stopper;
  struct wr_watchers watchers;
  uint32_t shown; /* jobs that those who watch know */
};

/* ---- what cannot be: false after saying so */

static bool jobs_are_possible(const struct wr_arguments *arguments,
                              const struct wr_program *program)
{
  uint32_t readers = 0;
  for (uint32_t i = 0; i < program->job_count; i++)
    readers += wr_job_runs(&program->jobs[i]) && wr_job_reads_stdin(&program->jobs[i]);
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
    if (wr_job_runs(&program->jobs[i]) && wr_job_is_endless(&program->jobs[i])) {
      fprintf(stderr,
              "weir: warning: job %u of %u never ends by itself, so the ones behind it never run\n",
              i + 1, program->job_count);
      break;
    }
  return true;
}

static bool sinks_are_possible(const struct wr_arguments *arguments,
                               const struct wr_program *program)
{
  struct wr_error err;
  for (uint32_t i = 0; i < program->job_count; i++) {
    if (wr_job_check_sinks(&program->jobs[i], arguments->state_dir != NULL, &err) == WR_OK)
      continue;
    fprintf(stderr, "weir: error: %s\nhint: %s\n", err.message, err.hint);
    return false;
  }
  return true;
}

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

/* A state directory belongs to one job: false after saying so. */
static bool state_is_possible(const struct wr_program *program)
{
  uint32_t count = 0;
  for (uint32_t i = 0; i < program->job_count; i++)
    count += wr_job_keeps_state(&program->jobs[i]);
  if (count <= 1)
    return true;
  fprintf(stderr, "weir: error: --state-dir is for one job, and this script has %u:\n", count);
  for (uint32_t i = 0; i < program->job_count; i++) {
    const struct wr_plan *plan = program->jobs[i].plan;
    if (wr_job_keeps_state(&program->jobs[i]))
      print_statement(plan->nodes[plan->node_count - 1].statement);
  }
  fprintf(stderr,
          "hint: all INSERTs of a script are one job, every bare SELECT is another; give each "
          "job a script and a directory of its own\n");
  return false;
}

/* ---- running */

/* "app", "app-2", ...: the job of that number as those who watch see it. */
static enum wr_code script_show(struct script *script, uint32_t number, const char **name,
                                struct wr_served_job **served, struct wr_error *err)
{
  const struct wr_arguments *arguments = script->arguments;
  const struct wr_program *program = script->program;
  const char *base = program->name ? wr_job_name(script->arena, program->name)
                     : strcmp(arguments->name, "-e") == 0 || strcmp(arguments->name, "stdin") == 0
                         ? "query"
                         : wr_job_name_of_file(script->arena, arguments->name);
  uint32_t count = ++script->shown;
  *name = count > 1 ? wr_arena_print(script->arena, "%s-%u", base, count) : base;
  const struct wr_job_facts facts = {
      .name = *name,
      .file = arguments->name,
      .sql = arguments->text,
      .sql_length = arguments->length,
      .job = &program->jobs[number],
      .state_dir = wr_job_keeps_state(&program->jobs[number]) ? arguments->state_dir : NULL,
      .epoch_interval_us = program->epochs.interval_us,
      .epoch_timeout_us = program->epochs.timeout_us};
  return wr_watchers_add(&script->watchers, facts, &script->stopper, served, err);
}

static int script_run_job(struct script *script, uint32_t number)
{
  struct wr_job_run run = {.arguments = script->arguments,
                           .program = script->program,
                           .number = number,
                           .stopper = &script->stopper,
                           .profile_file = script->profile_file,
                           .hub = script->watchers.hub,
                           .may_leave = true};
  struct wr_job_end end;
  if (script->watchers.server &&
      script_show(script, number, &run.name, &run.served, &end.err) != WR_OK) {
    fprintf(stderr, "weir: error: %s\n", end.err.message);
    return WR_EXIT_FAILED;
  }
  if (script->watchers.server)
    wr_watchers_tell(&script->watchers, script->arguments);
  wr_job_run(&run, &end);
  return end.exit_code;
}

static int script_run(struct script *script)
{
  int exit_code = WR_EXIT_DONE;
  for (uint32_t i = 0; exit_code == WR_EXIT_DONE && i < script->program->job_count &&
                       !atomic_load(&script->stopper.signals);
       i++) {
    const struct wr_job *job = &script->program->jobs[i];
    if (wr_job_runs(job))
      exit_code = script_run_job(script, i);
    else
      fputs(job->explain_json ? wr_explain_json(script->arena, job)
                              : wr_explain_text(script->arena, job),
            stdout);
  }
  return exit_code;
}

/* --http-wait: whatever has become of the jobs can still be looked at. */
static void script_linger(struct script *script)
{
  if (!script->arguments->http_wait || atomic_load(&script->stopper.signals))
    return;
  if (!script->arguments->quiet)
    fprintf(stderr, "weir: all jobs are over, what they have left can be watched until Ctrl-C\n");
  fflush(stdout);
  while (wr_stopper_pause(&script->stopper, WR_US_PER_HOUR)) {
  }
}

static int run_script(const struct wr_arguments *arguments, const struct wr_program *program,
                      struct wr_arena *arena)
{
  struct script script = {.arguments = arguments, .program = program, .arena = arena};
  int exit_code = WR_EXIT_FAILED;
  script.profile_file = arguments->profile_file ? fopen(arguments->profile_file, "w") : stderr;
  if (!script.profile_file) {
    fprintf(stderr, "weir run: %s cannot be written: %s\n", arguments->profile_file,
            strerror(errno));
    return WR_EXIT_USAGE;
  }
  wr_stopper_start(&script.stopper, arguments->drain);
  if (!arguments->http.address || wr_watchers_open(&script.watchers, arguments)) {
    exit_code = script_run(&script);
    if (script.watchers.server)
      wr_watchers_tell(&script.watchers, arguments); /* no job has run */
    script_linger(&script);
    if (script.watchers.server)
      wr_watchers_close(&script.watchers);
  }
  wr_stopper_end(&script.stopper);
  if (script.profile_file != stderr && fclose(script.profile_file) != 0) {
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
  if (wr_arguments_parse(argc, argv, "run",
                         WR_TAKES_FORMAT | WR_TAKES_QUIET | WR_TAKES_STATE | WR_TAKES_HTTP |
                             WR_TAKES_APPLICATION,
                         &arena, &arguments)) {
    exit_code = WR_EXIT_SQL;
    if (wr_program_load(&arguments, arguments.parallelism, &arena, &program)) {
      wr_report_warnings(&arguments, &program);
      if (program.job_count == 0)
        fprintf(stderr, "weir: nothing to run: %s has no INSERT and no SELECT\n", arguments.name);
      if (jobs_are_possible(&arguments, &program) && sinks_are_possible(&arguments, &program) &&
          (!arguments.state_dir || state_is_possible(&program)))
        exit_code = run_script(&arguments, &program, &arena);
    }
  }
  wr_arena_free(&arena);
  return exit_code;
}
