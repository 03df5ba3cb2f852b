/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the rejects of one task go. They are counted where they happen; here the first few of each
 * kind are shown to the user, and all of them are rendered as rows of error_stream if the job reads
 * it. A task's rejects is an operator without input whose target is the exchange to the readers of
 * error_stream.
 */
#ifndef WEIR_RUNTIME_REJECTS_H
#define WEIR_RUNTIME_REJECTS_H

#include <stdatomic.h>

#include "operators/plan.h"

#define WR_REJECTS_SHOWN 3

struct wr_reject_ring; /* runtime/reject_ring.h */

/* Shared by the tasks of a job. */
struct wr_rejects_shown {
  struct wr_reject_ring *ring;
  _Atomic uint32_t counts[WR_REJECT_KIND_COUNT];
};

struct wr_rejects;

/* schema: of the rows, wr_error_stream_schema or wr_pump_rejects_schema. */
struct wr_rejects *wr_rejects_new(const struct wr_operator_context *context,
                                  const struct wr_schema *schema, struct wr_rejects_shown *shown,
                                  enum wr_on_error on_error,
                                  void (*note)(void *self, const char *message), void *note_self);
void wr_rejects_free(struct wr_rejects *rejects);
struct wr_reject_sink *wr_rejects_sink(struct wr_rejects *rejects);
/* The operator whose targets are the readers; targets NULL: nobody reads. */
struct wr_operator *wr_rejects_operator(struct wr_rejects *rejects);

/* Hands on the rows gathered so far; returns what went wrong since the last call, also WR_DATA if
 * the job is to fail on the first reject of an operator. */
enum wr_code wr_rejects_flush(struct wr_rejects *rejects, struct wr_error *err);

#endif
