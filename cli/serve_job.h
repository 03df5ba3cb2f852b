/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file of weir serve as a job: its text is planned, runs in a thread of its own, and is
 * replaced when the file has another one. A text that cannot take the place of the one that runs
 * (it does not plan, or would lose state) does not disturb it. Everything here belongs to the
 * thread of weir serve.
 *
 *   offer --plans, state fits--> next --the old one has ended--> text, running
 *     +--else--> refused: the old one goes on, or the job is shown as failed
 */
#ifndef WEIR_CLI_SERVE_JOB_H
#define WEIR_CLI_SERVE_JOB_H

#include <pthread.h>
#include <stdatomic.h>

#include "cli/job.h"
#include "cli/watchers.h"

/* What all jobs of a folder have in common. */
struct wr_serve_house {
  const struct wr_arguments *arguments;
  const char *state_root;
  struct wr_watchers *watchers;
  uint64_t share_bytes; /* of the memory, for jobs that start from now on */
  int wake_fd;          /* an eventfd: some job has ended */
};

struct wr_serve_text; /* a text of the file, planned */

struct wr_serve_job {
  const struct wr_serve_house *house;
  char *name, *path;
  FILE *log;
  char *seen; /* the newest text of the file */
  size_t seen_length;
  bool refused;                   /* that text is not the one that runs */
  bool was_stopped;               /* or failed: it runs again when that is asked for */
  bool again;                     /* it has run before in this process */
  bool is_found;                  /* by the scan of the folder that is under way */
  bool leaves;                    /* its file has gone: it goes as soon as it has ended */
  struct wr_serve_text *text;     /* runs, or was the last to run; NULL: none has */
  struct wr_serve_text *next;     /* runs as soon as that has ended, or at begin */
  struct wr_serve_text *fallback; /* ran before; runs again if the text does not even begin */
  struct wr_served_job *served;
  bool runs;
  pthread_t thread;
  _Atomic bool ended; /* the thread is done, and may be waited for */
  struct wr_job_end end;
};

/* Name, path and log; nothing else happens. NULL: there is no memory for a log. */
struct wr_serve_job *wr_serve_job_new(const struct wr_serve_house *house, const char *name,
                                      const char *path);
/* It does not run. */
void wr_serve_job_free(struct wr_serve_job *job);

/* The file has this text (copied): it is to run, now (begin) or behind the one that does, or is
 * refused. */
void wr_serve_job_offer(struct wr_serve_job *job, const char *text, size_t length);
/* It has a text that plans, so that it needs its share of the memory. */
bool wr_serve_job_counts(const struct wr_serve_job *job);
/* What was offered begins, unless another text still runs. */
void wr_serve_job_begin(struct wr_serve_job *job);
/* The file cannot be read, or cannot be a job. */
void wr_serve_job_refuse(struct wr_serve_job *job, const char *why);
/* The same text from the newest epoch, with the share of memory that jobs have now. */
void wr_serve_job_again(struct wr_serve_job *job);
/* With a last epoch. */
void wr_serve_job_stop(struct wr_serve_job *job);
/* Who sees that it is over may ask for it at once: what is shown as over counts as such from now
 * on.
 */
void wr_serve_job_settle(struct wr_serve_job *job);
/* To be called now and then: looks whether it has ended, and starts what follows. */
void wr_serve_job_look(struct wr_serve_job *job, bool stopping);

#endif
