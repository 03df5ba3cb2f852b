/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weir run --state-dir: opens the directory, chooses the epoch that the job goes on from, and
 * compares what it has with what the SQL wants. Everything that happens is told where people read
 * it.
 */
#ifndef WEIR_CLI_RESUME_H
#define WEIR_CLI_RESUME_H

#include "cli/command.h"
#include "runtime/inventory.h"
#include "state/store.h"

struct wr_resume {
  const struct wr_arguments *arguments;
  const struct wr_plan *plan;
  struct wr_store *store;
  struct wr_arena arena; /* of the snapshot */
  struct wr_snapshot snapshot;
  bool has_snapshot;       /* false: the job begins at its beginning */
  uint64_t newest_before;  /* of the directory as it was found */
  struct wr_error failure; /* WR_RESUME_FAILED: why */
};

enum wr_resume_verdict {
  WR_RESUME_GO,
  WR_RESUME_ENDED, /* the job has come to its end before */
  WR_RESUME_FAILED /* told why; also in `failure` */
};

enum wr_resume_verdict wr_resume_open(struct wr_resume *resume,
                                      const struct wr_arguments *arguments,
                                      const struct wr_plan *plan, uint32_t epochs_kept);
/* After a failure in this process: goes on from the newest epoch of the same job, if it has one.
 * False: told why not. No execution may have the store. */
bool wr_resume_again(struct wr_resume *resume);
/* What is left of a job whose epoch is that of its end: whoever came there may have been killed, or
 * may have failed, before all sinks had published it. */
enum wr_code wr_resume_publish_end(struct wr_resume *resume, struct wr_error *err);
/* The newest epoch in the directory; 0: none. */
uint64_t wr_resume_newest(const struct wr_resume *resume);
void wr_resume_close(struct wr_resume *resume);

/* Where a source is, for people: the part of a position that says so. */
int wr_position_length(const char *position);

#endif
