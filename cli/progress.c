/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/time.h"

#define PROGRESS_INTERVAL_US (500 * WR_US_PER_MS)
#define PROGRESS_REPEAT_US   (3 * WR_US_PER_SECOND)
#define COUNT_BYTES          32
#define STEPS_SHOWN          8

/* 1234567 as 1,234,567. */
static const char *print_count(char *text, uint64_t count)
{
  char digits[COUNT_BYTES];
  int length = snprintf(digits, sizeof digits, "%" PRIu64, count), at = 0;
  for (int i = 0; i < length; i++) {
    if (i && (length - i) % 3 == 0)
      text[at++] = ',';
    text[at++] = digits[i];
  }
  text[at] = 0;
  return text;
}

void wr_progress_open(struct wr_progress *progress, FILE *file, bool line_wanted)
{
  *progress =
      (struct wr_progress){.file = file, .line_wanted = line_wanted, .last_us = wr_monotonic_us()};
  pthread_mutex_init(&progress->lock, NULL);
}

void wr_progress_close(struct wr_progress *progress)
{
  pthread_mutex_destroy(&progress->lock);
}

/* Under the lock. */
static void progress_clear(struct wr_progress *progress)
{
  if (progress->line_shown)
    fputs("\r\033[K", progress->file);
  progress->line_shown = false;
}

void wr_progress_note(void *self, const char *message)
{
  struct wr_progress *progress = self;
  int64_t now_us = wr_monotonic_us();
  pthread_mutex_lock(&progress->lock);
  bool again = strncmp(progress->last_note, message, sizeof progress->last_note - 1) == 0 &&
               now_us - progress->last_note_us < PROGRESS_REPEAT_US;
  if (!again) {
    progress_clear(progress);
    fprintf(progress->file, "weir: %s\n", message);
    snprintf(progress->last_note, sizeof progress->last_note, "%s", message);
    progress->last_note_us = now_us;
  }
  pthread_mutex_unlock(&progress->lock);
}

void wr_progress_clear(struct wr_progress *progress)
{
  pthread_mutex_lock(&progress->lock);
  progress_clear(progress);
  fflush(progress->file);
  pthread_mutex_unlock(&progress->lock);
}

void wr_progress_update(struct wr_progress *progress, const struct wr_execution_summary *summary)
{
  int64_t now_us = wr_monotonic_us(), passed_us = now_us - progress->last_us;
  if (!progress->line_wanted || passed_us < PROGRESS_INTERVAL_US)
    return;
  char in[COUNT_BYTES * 2], out[COUNT_BYTES * 2], rate[COUNT_BYTES * 2], left[96] = "";
  double per_second = (double)(summary->rows_in - progress->last_rows) * 1e6 / (double)passed_us;
  if (summary->progress_total > 0 && summary->progress_done <= summary->progress_total) {
    double done = (double)summary->progress_done / (double)summary->progress_total;
    double seconds = done > 0 ? (double)summary->duration_us / 1e6 * (1 - done) / done : 0;
    snprintf(left, sizeof left, ", %.0f %%, %.0f s to go", 100 * done, seconds);
  }
  pthread_mutex_lock(&progress->lock);
  fprintf(progress->file, "\r\033[K%s rows in, %s out, %s rows/s%s",
          print_count(in, summary->rows_in), print_count(out, summary->rows_out),
          print_count(rate, (uint64_t)per_second), left);
  fflush(progress->file);
  progress->line_shown = true;
  pthread_mutex_unlock(&progress->lock);
  progress->last_rows = summary->rows_in;
  progress->last_us = now_us;
}

void wr_progress_summarize(struct wr_progress *progress, const struct wr_execution_summary *summary,
                           bool stopped)
{
  char in[COUNT_BYTES * 2], out[COUNT_BYTES * 2], rate[COUNT_BYTES * 2], late[COUNT_BYTES * 2],
      bad[COUNT_BYTES * 2];
  double seconds = (double)summary->duration_us / 1e6;
  uint64_t rejected = 0;
  for (int kind = 0; kind < WR_REJECT_KIND_COUNT; kind++)
    rejected += kind == WR_REJECT_LATE ? 0 : summary->rejected[kind];
  wr_progress_clear(progress);
  fprintf(progress->file,
          "weir: %s: %s rows in, %s rows out, %s late, %s bad, %.2f s (%s rows/s)\n",
          stopped ? "stopped" : "done", print_count(in, summary->rows_in),
          print_count(out, summary->rows_out), print_count(late, summary->rejected[WR_REJECT_LATE]),
          print_count(bad, rejected), seconds,
          print_count(rate, seconds > 0 ? (uint64_t)((double)summary->rows_in / seconds) : 0));
  if (summary->held_rows && summary->last_epoch_kept)
    fprintf(progress->file,
            "weir: %s rows are in windows or groups that have not ended; epoch %" PRIu64
            " keeps them\n",
            print_count(in, summary->held_rows), summary->epochs);
  else if (summary->held_rows)
    fprintf(progress->file,
            "weir: %s rows were in windows or groups that had not ended; they are in no result\n",
            print_count(in, summary->held_rows));
}

uint64_t wr_progress_rejected(const struct wr_execution_step *step, bool late)
{
  uint64_t count = 0;
  for (int kind = 0; kind < WR_REJECT_KIND_COUNT; kind++)
    if ((kind == WR_REJECT_LATE) == late)
      count += step->rejected[kind];
  return count;
}

void wr_progress_summarize_steps(struct wr_progress *progress,
                                 const struct wr_execution_step *steps, uint32_t step_count)
{
  for (int late = 1; late >= 0; late--) {
    uint32_t shown = 0, more = 0;
    for (uint32_t i = 0; i < step_count; i++) {
      uint64_t count = wr_progress_rejected(&steps[i], late);
      char text[COUNT_BYTES * 2];
      if (count == 0)
        continue;
      if (shown == STEPS_SHOWN) {
        more++;
        continue;
      }
      fprintf(progress->file, "%s%s in #%u %s",
              shown++ ? ", "
              : late  ? "weir: late: "
                      : "weir: bad: ",
              print_count(text, count), i, steps[i].name);
    }
    if (more)
      fprintf(progress->file, " and in %u more steps", more);
    if (shown)
      fputc('\n', progress->file);
  }
}
