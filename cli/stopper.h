/* SPDX-License-Identifier: Apache-2.0 */
/* SIGINT and SIGTERM: the first one ends the running job in order, the second one the program. */
#ifndef WEIR_CLI_STOPPER_H
#define WEIR_CLI_STOPPER_H

#include <pthread.h>
#include <stdatomic.h>

#include "runtime/execution.h"

/* A thread of its own waits for the signals, so that they also work while a server is being looked
 * for. */
struct wr_stopper {
  pthread_t thread;
  pthread_mutex_t lock;
  struct wr_execution *execution; /* under lock: the one that runs */
  bool pausing;                   /* under lock: none runs, but somebody looks at `signals` */
  bool drain;                     /* open windows fire; settled once `signals` is not 0 */
  _Atomic int signals;            /* how many have come */
};

void wr_stopper_start(struct wr_stopper *stopper, bool drain);
/* Which execution is to be stopped; NULL: none, a signal ends the program at once. */
void wr_stopper_watch(struct wr_stopper *stopper, struct wr_execution *execution);
/* As if the first signal had come; drain: open windows fire although nobody has said so before. Any
 * thread. */
void wr_stopper_stop(struct wr_stopper *stopper, bool drain);
/* Waits; false: a signal came before or meanwhile. */
bool wr_stopper_pause(struct wr_stopper *stopper, int64_t pause_us);
void wr_stopper_end(struct wr_stopper *stopper);

#endif
