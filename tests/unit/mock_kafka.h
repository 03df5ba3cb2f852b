/* SPDX-License-Identifier: Apache-2.0 */
/* librdkafka's own mock cluster: one broker, or several, which can be taken down and made
 * to refuse. */
#ifndef WEIR_TESTS_UNIT_MOCK_KAFKA_H
#define WEIR_TESTS_UNIT_MOCK_KAFKA_H

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

struct mock_kafka {
  rd_kafka_t *rk;
  rd_kafka_mock_cluster_t *mock;
  char servers[256]; /* its address */
};

/* With one topic. */
void mock_kafka_open(struct mock_kafka *cluster, const char *topic, int partition_count);
void mock_kafka_open_brokers(struct mock_kafka *cluster, int broker_count, const char *topic,
                             int partition_count); /* brokers are numbered from 1 */
void mock_kafka_close(struct mock_kafka *cluster);
/* For clients whose words nobody wants to read. */
void mock_kafka_ignore_log(const rd_kafka_t *rk, int level, const char *facility, const char *text);

#endif
