/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending the offsets of a transaction by a thread of its own. librdkafka 2.0.2 does not come back
 * from that call, whatever its time limit, before the group's coordinator can be reached; whoever
 * wants it done waits here in turns instead, and may leave.
 */
#ifndef WEIR_CONNECTORS_KAFKA_ASIDE_H
#define WEIR_CONNECTORS_KAFKA_ASIDE_H

#include <librdkafka/rdkafka.h>

#include "core/error.h"

struct wr_kafka_aside;

/* Begins. place and group are copied. */
enum wr_code wr_kafka_aside_begin(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *place,
                                  const char *group, int timeout_ms, struct wr_kafka_aside **out,
                                  struct wr_error *err);
/* Whether the call has come back, within that time. */
bool wr_kafka_aside_wait(struct wr_kafka_aside *aside, int timeout_ms);
/* It has: what it said, NULL or given. */
rd_kafka_error_t *wr_kafka_aside_end(struct wr_kafka_aside *aside);
/* Nobody waits any longer. rk is given: it is destroyed when the call comes back, so nothing may
 * hang on it any more. */
void wr_kafka_aside_leave(struct wr_kafka_aside *aside);

#endif
