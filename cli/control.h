/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket of a job with a state directory: DIR/control, for its owner alone. What is
 * said there is in runtime/request.h. A thread of its own serves everybody; it only asks the
 * execution, so that whoever is slow or silent there holds up neither the job nor the others.
 */
#ifndef WEIR_CLI_CONTROL_H
#define WEIR_CLI_CONTROL_H

#include "cli/stopper.h"
#include "core/arena.h"
#include "core/error.h"

struct wr_control;
struct wr_store;

/* What the job has counted before the execution that is running now. */
struct wr_control_past {
  uint64_t rows_in, rows_out;
  uint32_t restarts;
};

/* ---- the job's side */

/* Listens; the directory must be locked by this process, so what lies there is left over. */
enum wr_code wr_control_open(const char *state_dir, struct wr_store *store,
                             struct wr_stopper *stopper, struct wr_control **out,
                             struct wr_error *err);
/* The execution that is to be asked from now on; NULL: none is, soon one of the two below follows.
 */
void wr_control_watch(struct wr_control *control, struct wr_execution *execution);
/* An execution has failed and another one follows: savepoints are refused until then. */
void wr_control_pause(struct wr_control *control, const struct wr_control_past *past,
                      const char *failure);

/* The end of the job. */
struct wr_control_end {
  const char *failure; /* NULL: it has ended well */
  bool ended;          /* with the end of its input; false: it was stopped */
  uint64_t epoch;      /* the newest one */
};
/* Tells whoever waits and waits a moment until they have heard it; removes the socket. control may
 * be NULL. */
void wr_control_close(struct wr_control *control, const struct wr_control_end *end);

/* ---- the other side */

/* A connection to the job that runs over a directory. */
struct wr_control_client {
  int fd;
  char *bytes; /* what came behind the last line */
  size_t length, capacity, used;
};

/* WR_CONNECTION: there is none; WR_IO: it cannot be reached, or there is no such directory. A
 * process that does not listen yet is waited for. *process: its number, 0: there is none. */
enum wr_code wr_control_connect(const char *state_dir, int64_t wait_us,
                                struct wr_control_client *client, int64_t *process,
                                struct wr_error *err);
/* Sends a request: a line without its line feed. */
enum wr_code wr_control_ask(struct wr_control_client *client, const char *request,
                            struct wr_error *err);
/* The next line of the answer, without its line feed and ended by NUL; lent until the next call.
 * WR_CONNECTION: none came until the deadline (wr_monotonic_us); WR_IO: the job has gone. */
enum wr_code wr_control_hear(struct wr_control_client *client, int64_t deadline_us,
                             const char **line, size_t *length, struct wr_error *err);
void wr_control_disconnect(struct wr_control_client *client);

#endif
