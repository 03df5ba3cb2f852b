/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What takes longer than a request may: a thread follows savepoints that somebody has asked for
 * until they are kept, stops the job behind those that should, and reads which epochs lie in state
 * directories. Handlers ask for it and look at what it knows.
 */
#ifndef WEIR_SERVER_WATCH_H
#define WEIR_SERVER_WATCH_H

#include "runtime/epoch_list.h"
#include "server/jobs.h"

#define WR_WATCH_SAVEPOINTS 64  /* that are remembered; all under way: no further one is taken */
#define WR_WATCH_EPOCHS     100 /* newest ones of a job, that are listed */

struct wr_watch;

enum wr_code wr_watch_new(struct wr_jobs *jobs, struct wr_watch **out, struct wr_error *err);
void wr_watch_free(struct wr_watch *watch); /* may be NULL; what is under way is forgotten */

struct wr_watched_savepoint {
  uint64_t epoch; /* once it is sealed the one that is: it or a later one */
  enum wr_savepoint status;
  char failure[768]; /* FAILED: why */
};

/* Asks for an epoch of a job that is held and has an execution. stop: the job is stopped once it is
 * kept. WR_LIMIT: too many are under way. */
enum wr_code wr_watch_savepoint(struct wr_watch *watch, struct wr_served_job *job, bool stop,
                                bool drain, uint64_t *epoch, struct wr_error *err);
/* What has become of one; false: nobody has asked for it, or long ago. */
bool wr_watch_savepoint_look(struct wr_watch *watch, const char *job, uint64_t epoch,
                             struct wr_watched_savepoint *out);

/* The epochs of a job as they were a moment ago, copied into the arena. */
void wr_watch_epochs(struct wr_watch *watch, const char *job, struct wr_arena *arena,
                     struct wr_epoch_list *out);

#endif
