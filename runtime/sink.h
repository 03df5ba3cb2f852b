/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a path, dressed as an operator: encodes rows with the table's format, if it has one,
 * and hands them to the connector's writer. */
#ifndef WEIR_RUNTIME_SINK_H
#define WEIR_RUNTIME_SINK_H

#include "operators/plan.h"

/* note: where the connector tells the user things. */
enum wr_code wr_sink_new(const struct wr_plan_sink *plan, const struct wr_operator_context *context,
                         void (*note)(void *self, const char *message), void *note_self,
                         struct wr_operator **out, struct wr_error *err);

/* An epoch ends here; the writer never waits. */
enum wr_code wr_sink_barrier(struct wr_operator *sink, uint64_t epoch, struct wr_error *err);
enum wr_code wr_sink_settled(struct wr_operator *sink, uint64_t epoch, bool *settled,
                             struct wr_error *err);
/* Time-driven work; about every 100 ms. */
enum wr_code wr_sink_tick(struct wr_operator *sink, int64_t now_us, struct wr_error *err);
/* Waits until everything written is safe at the other side. */
enum wr_code wr_sink_finish(struct wr_operator *sink, struct wr_error *err);

#endif
