/* SPDX-License-Identifier: Apache-2.0 */
/* Ends a running job in order, whatever it is doing: asked by its control socket, by HTTP, or by
 * SIGINT and SIGTERM, of which the first one ends the job and the second one the program. */
#ifndef WEIR_CLI_STOPPER_H
#define WEIR_CLI_STOPPER_H

#include <pthread.h>
#include <stdatomic.h>

#include "runtime/execution.h"

struct wr_stopper {
  pthread_t
      thread; /* that waits for signals, so that they also work while a server is looked for */
  pthread_mutex_t lock;
  struct wr_execution *execution; /* under lock: the one that runs */
  bool pausing;                   /* under lock: none runs, but somebody looks at `signals` */
  bool drain;                     /* open windows fire; settled once `signals` is not 0 */
  _Atomic int signals;            /* how many have come, or other wishes to stop */
};

/* Without signals: for one job of many. */
void wr_stopper_open(struct wr_stopper *stopper, bool drain);
void wr_stopper_close(struct wr_stopper *stopper);
/* With them. */
void wr_stopper_start(struct wr_stopper *stopper, bool drain);
void wr_stopper_end(struct wr_stopper *stopper);
/* Which execution is to be stopped; NULL: none, a signal ends the program at once. */
void wr_stopper_watch(struct wr_stopper *stopper, struct wr_execution *execution);
/* As if the first signal had come; drain: open windows fire although nobody has said so before. Any
 * thread. */
void wr_stopper_stop(struct wr_stopper *stopper, bool drain);
/* Somebody looks at `signals` now, or does no longer: the first signal does not end the program. */
void wr_stopper_expect(struct wr_stopper *stopper, bool looks);
/* Waits; false: a signal came before or meanwhile. */
bool wr_stopper_pause(struct wr_stopper *stopper, int64_t pause_us);

#endif
