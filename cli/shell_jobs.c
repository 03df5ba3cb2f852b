/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs in the background: INSERTs after SET 'table.dml-sync' = 'false'. They live as long as the
 * shell. Of those that are over the newest are remembered, so that SHOW JOBS can tell how they
 * ended.
 */
#include <ctype.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/grid.h"
#include "cli/shell_job.h"
#include "cli/units.h"
#include "core/time.h"

#define JOBS_TEXT_SHOWN 60
#define JOBS_LOOK_MS    100

static bool jobs_is_over(const struct wr_shell_job *job)
{
  return atomic_load(&job->is_over);
}

static void jobs_remove(struct wr_shell *shell, uint32_t number)
{
  struct wr_shell_job *job = shell->jobs[number];
  shell->job_count--;
  for (uint32_t j = number; j < shell->job_count; j++)
    shell->jobs[j] = shell->jobs[j + 1];
  wr_shell_job_join(job);
  wr_shell_job_close(job);
}

/* Room for one more. */
static bool jobs_make_room(struct wr_shell *shell)
{
  for (uint32_t j = 0; shell->job_count == WR_SHELL_JOBS_MAX && j < shell->job_count; j++)
    if (jobs_is_over(shell->jobs[j]))
      jobs_remove(shell, j);
  return shell->job_count < WR_SHELL_JOBS_MAX;
}

bool wr_shell_adopt_job(struct wr_shell *shell, struct wr_shell_job *job, struct wr_arena *arena)
{
  if (!jobs_make_room(shell))
    return false;
  snprintf(job->id, sizeof job->id, "%u", ++shell->last_job);
  job->arena = *arena;
  *arena = (struct wr_arena){0};
  shell->jobs[shell->job_count++] = job;
  return true;
}

enum wr_shell_verdict wr_shell_begin_job(struct wr_shell *shell, const struct wr_shell_plan *plan)
{
  if (!wr_shell_can_run(plan->job))
    return WR_SHELL_WRONG;
  wr_shell_tell_jobs(shell);
  if (!jobs_make_room(shell))
    return wr_shell_complain(
        "%d jobs run already, which is WR_SHELL_JOBS_MAX; STOP JOB 'id' stops one",
        WR_SHELL_JOBS_MAX);
  struct wr_shell_job *job = wr_memory_get_zero(sizeof *job);
  wr_shell_adopt_job(shell, job, plan->arena);
  wr_shell_job_start(job, shell, plan->job->plan, plan->text);
  printf("job %s runs in the background; SHOW JOBS, STOP JOB '%s'\n", job->id, job->id);
  fflush(stdout);
  return WR_SHELL_GO;
}

static const char *jobs_status(struct wr_shell_job *job)
{
  if (!jobs_is_over(job))
    return job->stops ? "STOPPING" : "RUNNING";
  return job->code ? "FAILED" : job->stops ? "STOPPED" : "FINISHED";
}

void wr_shell_tell_jobs(struct wr_shell *shell)
{
  struct wr_execution_summary counts;
  struct wr_arena arena = {0};
  struct wr_buffer notes = {0};
  for (uint32_t j = 0; j < shell->job_count; j++) {
    struct wr_shell_job *job = shell->jobs[j];
    bool over = jobs_is_over(job);
    wr_buffer_clear(&notes);
    wr_shell_job_look(job, &notes, &counts);
    for (const char *at = notes.bytes, *end = at + notes.length, *stop; at < end; at = stop + 1) {
      stop = memchr(at, '\n', (size_t)(end - at));
      fprintf(stderr, "job %s: %.*s\n", job->id, (int)(stop - at), at);
    }
    if (!over || job->told)
      continue;
    job->told = true;
    fprintf(stderr, "job %s: %s, %s rows in, %s rows out\n", job->id, jobs_status(job),
            wr_count_print(&arena, counts.rows_in), wr_count_print(&arena, counts.rows_out));
    if (job->code)
      wr_shell_tell_failure(&job->err);
  }
  wr_buffer_free(&notes);
  wr_arena_free(&arena);
}

/* A statement on one line, cut. */
static const char *jobs_text(struct wr_arena *arena, const char *text)
{
  char *line = wr_arena_get(arena, JOBS_TEXT_SHOWN + 4);
  size_t length = 0;
  for (; *text && length < JOBS_TEXT_SHOWN; text++)
    if (!isspace((unsigned char)*text))
      line[length++] = *text;
    else if (length > 0 && line[length - 1] != ' ')
      line[length++] = ' ';
  while (length > 0 && ((line[length - 1] & 0x80) || line[length - 1] == ' ') && *text)
    length--; /* no half of a character */
  memcpy(line + length, *text ? "..." : "", *text ? 4 : 1);
  return line;
}

void wr_shell_show_jobs(struct wr_shell *shell)
{
  static const char *const names[] = {"job id",  "status",   "running for",
                                      "rows in", "rows out", "statement"};
  struct wr_arena arena = {0};
  struct wr_grid grid = {.arena = &arena, .indent = " ", .sides = "lllrrl"};
  struct wr_buffer notes = {0};
  wr_grid_add(&grid, names);
  for (uint32_t j = 0; j < shell->job_count; j++) {
    struct wr_shell_job *job = shell->jobs[j];
    struct wr_execution_summary counts;
    wr_shell_job_look(job, &notes, &counts);
    int64_t passed_us = jobs_is_over(job) ? counts.duration_us : wr_now_us() - job->began_us;
    const char *cells[] = {job->id,
                           jobs_status(job),
                           wr_duration_print(&arena, passed_us),
                           wr_count_print(&arena, counts.rows_in),
                           wr_count_print(&arena, counts.rows_out),
                           jobs_text(&arena, job->text)};
    wr_grid_add(&grid, cells);
  }
  fputs(wr_grid_text(&grid), shell->out);
  fprintf(shell->out, "(%u job%s)\n", shell->job_count, shell->job_count == 1 ? "" : "s");
  fwrite(wr_buffer_string(&notes), 1, notes.length, stderr);
  wr_buffer_free(&notes);
  fflush(shell->out);
  wr_arena_free(&arena);
}

const char *wr_shell_job_id(const struct wr_shell *shell, uint32_t number)
{
  return number < shell->job_count ? shell->jobs[number]->id : NULL;
}

uint32_t wr_shell_running_jobs(const struct wr_shell *shell)
{
  uint32_t count = 0;
  for (uint32_t j = 0; j < shell->job_count; j++)
    count += !jobs_is_over(shell->jobs[j]) && !shell->jobs[j]->stops;
  return count;
}

/* Until a job is over; Ctrl-C ends the waiting. */
static bool jobs_wait(struct wr_shell_job *job, int signals)
{
  struct pollfd fds[] = {{.fd = job->wake, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
  while (!jobs_is_over(job)) {
    poll(fds, 2, JOBS_LOOK_MS);
    if (wr_shell_signals_read(signals))
      return false;
  }
  return true;
}

enum wr_shell_verdict wr_shell_stop_job(struct wr_shell *shell, const char *id, bool drain)
{
  sigset_t before;
  struct wr_shell_job *job = NULL;
  for (uint32_t j = 0; j < shell->job_count; j++)
    if (strcmp(shell->jobs[j]->id, id) == 0)
      job = shell->jobs[j];
  if (!job)
    return wr_shell_complain("there is no job '%s'; SHOW JOBS lists them", id);
  if (jobs_is_over(job))
    return wr_shell_complain("job '%s' is over already", id);
  int signals = wr_shell_signals_open(&before);
  wr_shell_job_stop(job, drain);
  jobs_wait(job, signals);
  wr_shell_signals_close(signals, &before);
  wr_shell_tell_jobs(shell);
  return WR_SHELL_GO;
}

/* Those that wait for a source which does not answer have nothing to lose. */
static bool jobs_can_be_left(struct wr_shell_job *job)
{
  return job->stops && !wr_shell_job_has_begun(job);
}

bool wr_shell_end_jobs(struct wr_shell *shell, bool stop)
{
  sigset_t before;
  bool good = true;
  int signals = wr_shell_signals_open(&before);
  for (uint32_t j = 0; stop && j < shell->job_count; j++)
    wr_shell_job_stop(shell->jobs[j], false);
  for (uint32_t j = 0; j < shell->job_count; j++) {
    struct wr_shell_job *job = shell->jobs[j];
    if (jobs_can_be_left(job) || jobs_wait(job, signals))
      continue;
    for (uint32_t k = j; k < shell->job_count; k++) /* Ctrl-C: all of them end */
      wr_shell_job_stop(shell->jobs[k], false);
    if (!jobs_can_be_left(job) && !jobs_wait(job, signals))
      _exit(WR_EXIT_FAILED); /* asked twice */
  }
  wr_shell_signals_close(signals, &before);
  wr_shell_tell_jobs(shell);
  for (uint32_t j = shell->job_count; j > 0; j--)
    if (jobs_is_over(shell->jobs[j - 1])) {
      good = good && shell->jobs[j - 1]->code == WR_OK;
      jobs_remove(shell, j - 1);
    }
  return good;
}
