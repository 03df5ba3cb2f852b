/* SPDX-License-Identifier: Apache-2.0 */
/* What a running job tells the person in front of it, all on standard error or in a log: notes, one
 * line of progress, a summary. */
#ifndef WEIR_CLI_PROGRESS_H
#define WEIR_CLI_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "runtime/execution.h"

struct wr_progress {
  pthread_mutex_t lock; /* notes come from any thread */
  FILE *file;
  bool line_wanted; /* a terminal that nothing else writes to */
  bool line_shown;
  uint64_t last_rows;
  int64_t last_us;
  char last_note[256]; /* parallel readers of one broker say the same within moments */
  int64_t last_note_us;
};

void wr_progress_open(struct wr_progress *progress, FILE *file, bool line_wanted);
void wr_progress_close(struct wr_progress *progress);
/* A sentence for the user; self is the progress. */
void wr_progress_note(void *self, const char *message);
/* Shows the line anew, at most twice a second. */
void wr_progress_update(struct wr_progress *progress, const struct wr_execution_summary *summary);
/* Takes the line away. */
void wr_progress_clear(struct wr_progress *progress);
/* The last words about a job. */
void wr_progress_summarize(struct wr_progress *progress, const struct wr_execution_summary *summary,
                           bool stopped);
/* Rows that a step rejected because they were late, or for any other reason. */
uint64_t wr_progress_rejected(const struct wr_execution_step *step, bool late);
/* Which steps of the plan rejected rows, if any did: a line for those that were late, one for the
 * others. */
void wr_progress_summarize_steps(struct wr_progress *progress,
                                 const struct wr_execution_step *steps, uint32_t step_count);

#endif
