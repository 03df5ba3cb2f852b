/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a topic exactly once, the writer's half: records are collected in memory until the epoch
 * takes them away; nothing is sent from here. What the broker would refuse is refused at once, as
 * far as it can be known: an epoch that is sealed must be publishable.
 */
#ifndef WEIR_CONNECTORS_KAFKA_COLLECTOR_H
#define WEIR_CONNECTORS_KAFKA_COLLECTOR_H

#include "connectors/connector.h"
#include "connectors/kafka_outbox.h"

struct wr_kafka_collector;

enum wr_kafka_partitioner wr_kafka_partitioner(const struct wr_table_spec *spec);

/* Asks the broker about the topic, and hangs up. */
enum wr_code wr_kafka_collector_open(const struct wr_table_spec *spec,
                                     struct wr_kafka_collector **out, struct wr_error *err);
void wr_kafka_collector_close(struct wr_kafka_collector *collector);
enum wr_code wr_kafka_collector_write(struct wr_kafka_collector *collector,
                                      const struct wr_outgoing *records, uint32_t count,
                                      struct wr_error *err);
/* Appends the outbox to `bytes`; the next one begins. */
enum wr_code wr_kafka_collector_take(struct wr_kafka_collector *collector, struct wr_buffer *bytes,
                                     struct wr_error *err);
uint64_t wr_kafka_collector_bytes(const struct wr_kafka_collector *collector);

#endif
