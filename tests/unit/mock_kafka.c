/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. */
#include "tests/unit/mock_kafka.h"

#include <stdio.h>

void mock_kafka_ignore_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
  (void)rk, (void)level, (void)facility, (void)text;
}

void mock_kafka_open(struct mock_kafka *cluster, const char *topic, int partition_count)
{
  mock_kafka_open_brokers(cluster, 1, topic, partition_count);
}

void mock_kafka_open_brokers(struct mock_kafka *cluster, int broker_count, const char *topic,
                             int partition_count)
{
  char why[256];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  rd_kafka_conf_set_log_cb(conf, mock_kafka_ignore_log);
  cluster->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
  cluster->mock = rd_kafka_mock_cluster_new(cluster->rk, broker_count);
  rd_kafka_mock_topic_create(cluster->mock, topic, partition_count, 1);
  snprintf(cluster->servers, sizeof cluster->servers, "%s",
           rd_kafka_mock_cluster_bootstraps(cluster->mock));
}

void mock_kafka_close(struct mock_kafka *cluster)
{
  rd_kafka_mock_cluster_destroy(cluster->mock);
  rd_kafka_destroy(cluster->rk);
}
