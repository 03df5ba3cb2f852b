/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The half of a sink whose records have the key of their rows (formats/keyed.h): from changes to
 * the newest state of each key.
 *
 *   +I, +U  the value        -D  no value        -U  nothing: what takes its place follows
 *
 * Of the changes of a key in a batch only the last one is left. A row that is taken back by half an
 * update whose other half does not come (a filter has it) goes: such keys wait until the next
 * batch, or until somebody asks for everything, and have no value then.
 */
#ifndef WEIR_RUNTIME_SINK_UPSERT_H
#define WEIR_RUNTIME_SINK_UPSERT_H

#include "connectors/writer.h"
#include "formats/keyed.h"
#include "operators/plan.h"

struct wr_sink_upsert;

/* One state that is left of a batch. */
struct wr_sink_state {
  uint32_t row; /* of the batch */
  bool gone;
  const char *key;
  uint32_t key_length;
};

enum wr_code wr_sink_upsert_open(const struct wr_plan_table *table, struct wr_sink_upsert **out,
                                 struct wr_error *err);
void wr_sink_upsert_close(struct wr_sink_upsert *upsert);

/* Everything is lent until the next call. faults: rows whose key has no form, `frame` counting the
 * rows that are picked; they are in no state. Keys that have waited and are not in the batch are in
 * waited: records that come before the states. */
struct wr_sink_states {
  const struct wr_sink_state *states; /* by rows, ascending */
  uint32_t count;
  const struct wr_fault *faults;
  uint32_t fault_count;
  const struct wr_outgoing *waited;
  uint32_t waited_count;
  const uint32_t *value_rows; /* of the states with a value */
  uint32_t value_count;
};
void wr_sink_upsert_take(struct wr_sink_upsert *upsert, const struct wr_batch *batch,
                         struct wr_sink_states *out);
/* Keys that wait for the other half of an update wait no longer: their records. */
uint32_t wr_sink_upsert_flush(struct wr_sink_upsert *upsert, const struct wr_outgoing **waited);

/* The batch's columns of the value. */
void wr_sink_upsert_values(struct wr_sink_upsert *upsert, const struct wr_batch *batch,
                           struct wr_batch *out);

#endif
