/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a path, dressed as an operator: encodes rows with the table's format, if it has one,
 * and hands them to the connector's writer. */
#ifndef WEIR_RUNTIME_SINK_H
#define WEIR_RUNTIME_SINK_H

#include "connectors/connector.h"
#include "operators/plan.h"

/* What a connector is told of the sink besides its table. */
struct wr_sink_settings {
  const char *job, *sink; /* see struct wr_table_spec; NULL: it does not deliver exactly once */
  uint32_t task, task_count;
  void (*note)(void *self, const char *message); /* where the connector tells the user things */
  void *note_self;
  struct wr_hub *hub; /* as in wr_table_spec, the following too */
  const char *job_name;
  const struct wr_plan_stream *stream; /* what it writes, to be watched; NULL: it cannot be */
  bool changes;                        /* of its input */
  uint64_t memory_bytes;               /* as in wr_table_spec */
  const _Atomic bool *aborting;
};
struct wr_table_spec wr_sink_spec(const struct wr_plan_sink *plan,
                                  const struct wr_sink_settings *settings);

enum wr_code wr_sink_new(const struct wr_plan_sink *plan, const struct wr_operator_context *context,
                         const struct wr_sink_settings *settings, struct wr_operator **out,
                         struct wr_error *err);

/* An epoch ends here; the writer never waits. An outbox is put into the part, which is empty and
 * remains so if the sink has none. last: no row follows that counts; what comes all the same is
 * left out. */
enum wr_code wr_sink_barrier(struct wr_operator *sink, uint64_t epoch, bool last,
                             struct wr_part_writer *part, struct wr_error *err);
/* Whether it delivers exactly once: every epoch has an outbox then. */
bool wr_sink_has_outbox(const struct wr_operator *sink);
enum wr_code wr_sink_settled(struct wr_operator *sink, uint64_t epoch, bool *settled,
                             struct wr_error *err);
/* Time-driven work; about every 100 ms. */
enum wr_code wr_sink_tick(struct wr_operator *sink, int64_t now_us, struct wr_error *err);
/* Waits until everything written is safe at the other side, or in the outbox. */
enum wr_code wr_sink_finish(struct wr_operator *sink, struct wr_error *err);

#endif
