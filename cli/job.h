/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of one job: its state directory is opened, one execution follows another until one ends
 * well or cannot be tried again, and what there is to report is reported. Several may run in one
 * process, each in a thread of its own: nothing here belongs to the process. Everything is said in
 * the messages of the arguments.
 */
#ifndef WEIR_CLI_JOB_H
#define WEIR_CLI_JOB_H

#include "cli/command.h"
#include "cli/stopper.h"

/* What is run, and how; lent while it runs. */
struct wr_job_run {
  const struct wr_arguments *arguments;
  const struct wr_program *program;
  uint32_t number; /* which job of the program */
  struct wr_stopper *stopper;
  FILE *profile_file;
  /* Those who watch; NULL: nobody can. */
  struct wr_hub *hub;
  struct wr_served_job *served;
  const char *name;                /* of the job, there */
  bool again;                      /* it has run in this process before, maybe by another text */
  const _Atomic bool *is_replaced; /* when it has stopped it goes on by another text; may be NULL */
  /* When the last epoch of a stop does not become complete in time, the program leaves with
   * WR_EXIT_FAILED. False: this is only said. */
  bool may_leave;
};

struct wr_job_end {
  int exit_code;
  bool began;          /* rows were read: it is not only that it could not be started */
  struct wr_error err; /* unless it is WR_EXIT_DONE; message "": others have told why */
};

void wr_job_run(const struct wr_job_run *run, struct wr_job_end *end);

#endif
