/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the control socket share: control.c has the thread and the connections,
 * control_answer.c knows what is asked and answered. */
#ifndef WEIR_CLI_CONTROL_INNER_H
#define WEIR_CLI_CONTROL_INNER_H

#include "cli/control.h"
#include "runtime/request.h"
#include "state/store.h"
#include "text/buffer.h"

#define WR_CONTROL_NAME             "control"
#define WR_CONTROL_VISITORS_MAX     16
#define WR_CONTROL_STATUS_BYTES_MAX (1 << 20) /* of one answer */

/* Somebody who has connected. */
struct wr_control_visitor {
  int fd; /* -1: nobody */
  char in[WR_REQUEST_BYTES_MAX + 2];
  size_t in_length;
  struct wr_buffer out;
  size_t out_at;
  int64_t active_us; /* when it last said or took something */
  bool is_finished;  /* it says nothing more, but listens */
  bool leaves;       /* once it has heard everything */
  /* a savepoint that it waits for */
  bool waits, stopping; /* stopping: its epoch is sealed, now the job is to end */
  struct wr_request request;
  uint64_t epoch; /* 0: the execution has not been asked yet */
  uint64_t held;  /* epochs from this one on stay for it; 0: none */
  int64_t held_us;
};

struct wr_control {
  pthread_t thread;
  pthread_mutex_t lock; /* of all below */
  int folder_fd, listen_fd, wake_fd;
  struct wr_store *store;
  struct wr_stopper *stopper;
  struct wr_execution *execution; /* NULL: none runs */
  bool is_paused;                 /* none will for a while, */
  char why_not[800];              /* because */
  char failure[768];              /* of the last one that has failed; empty: none has */
  int64_t failed_us, started_us;
  struct wr_control_past past;
  int64_t deaf_us; /* until then nobody is accepted */
  bool closing;
  struct wr_control_visitor visitors[WR_CONTROL_VISITORS_MAX];
};

struct sockaddr_un;
/* The socket is named by way of its open folder, because a path of a socket has 107 bytes at most.
 */
void wr_control_address(int folder_fd, struct sockaddr_un *address);

/* The lock is held in all of these. */
void wr_control_answer(struct wr_control *control, struct wr_control_visitor *visitor,
                       const char *line, size_t length);
/* Looks how far the savepoint is that it waits for. */
void wr_control_follow(struct wr_control *control, struct wr_control_visitor *visitor);
void wr_control_reply(struct wr_control_visitor *visitor, const struct wr_reply *reply);
void wr_control_reply_failure(struct wr_control_visitor *visitor, const char *failure);
/* One JSON object about the running job. */
void wr_control_status(const struct wr_control *control, struct wr_buffer *out);

#endif
