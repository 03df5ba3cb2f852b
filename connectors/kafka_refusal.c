/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What brokers say to a transactional producer, in words of use to whoever has to do something
 * about it. Everything that is not in the table is tried again.
 */
#include <inttypes.h>

#include "connectors/kafka_transaction.h"
#include "core/time.h"

enum refusal_kind { REFUSAL_FINAL, REFUSAL_OF_RECORD };

struct refusal {
  rd_kafka_resp_err_t error;
  enum refusal_kind kind;
  const char *what, *hint;
};

#define REFUSAL_RIGHTS                                                                           \
  "exactly once needs WRITE and DESCRIBE for the transactional id, READ for the consumer group " \
  "of the same name, and READ besides WRITE for the topic"

static const struct refusal refusals[] = {
    {RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, REFUSAL_FINAL,
     "it is not allowed to use the transactional id", REFUSAL_RIGHTS},
    {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, REFUSAL_FINAL,
     "it is not allowed to use the consumer group of the same name", REFUSAL_RIGHTS},
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, REFUSAL_FINAL,
     "it is not allowed to write the topic, or to commit offsets of it", REFUSAL_RIGHTS},
    {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, REFUSAL_FINAL,
     "it is not allowed to be an idempotent producer",
     "brokers before 2.8 want IDEMPOTENT_WRITE for the cluster"},
    {RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT, REFUSAL_FINAL,
     "the brokers allow no transactions of so long a time (transaction.max.timeout.ms)",
     "lower 'properties.transaction.timeout.ms', or raise transaction.max.timeout.ms of the "
     "brokers"},
    {RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE, REFUSAL_FINAL,
     "the brokers take no text beside an offset that is as long as Weir's",
     "raise offset.metadata.max.bytes of the brokers to at least 128"},
    {RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, REFUSAL_FINAL,
     "the brokers are too old for transactions", "Kafka 2.5 or later is needed"},
    {RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION, REFUSAL_FINAL,
     "the brokers are too old for transactions", "Kafka 2.5 or later is needed"},
    {RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT, REFUSAL_FINAL,
     "the topic has records in a format without transactions",
     "change message.format.version of the topic"},
    {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, REFUSAL_OF_RECORD, "it is too long",
     "raise max.message.bytes of the topic and start the job again: nothing is lost"},
    {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, REFUSAL_OF_RECORD, "it is too long",
     "raise segment.bytes of the topic and start the job again: nothing is lost"},
    {RD_KAFKA_RESP_ERR_INVALID_MSG, REFUSAL_OF_RECORD, "the broker takes it for invalid",
     "a compacted topic takes no records without keys; change cleanup.policy and start the job "
     "again: nothing is lost"},
    {RD_KAFKA_RESP_ERR_INVALID_RECORD, REFUSAL_OF_RECORD, "the broker takes it for invalid",
     "a compacted topic takes no records without keys; change cleanup.policy and start the job "
     "again: nothing is lost"},
    {RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, REFUSAL_OF_RECORD, "its time is too far from the clock",
     "raise message.timestamp.difference.max.ms of the topic and start the job again: nothing is "
     "lost"},
    {RD_KAFKA_RESP_ERR_POLICY_VIOLATION, REFUSAL_OF_RECORD, "a policy of the brokers forbids it",
     "change the policy and start the job again: nothing is lost"},
    {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, REFUSAL_OF_RECORD, "there is no such partition",
     "the topic had more partitions when the epoch was taken"},
};

bool wr_kafka_is_fence(rd_kafka_resp_err_t error)
{
  return error == RD_KAFKA_RESP_ERR__FENCED || error == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
         error == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

bool wr_kafka_is_hopeless(const struct wr_kafka_transactor *self, rd_kafka_resp_err_t error,
                          const char *text, struct wr_error *err)
{
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    const struct refusal *row = &refusals[i];
    if (row->error != error)
      continue;
    if (row->kind == REFUSAL_OF_RECORD && self->has_failed)
      wr_fail(err, WR_CONNECTION,
              "table %s: a record of %zu bytes for partition %d of the topic '%s' was refused: %s "
              "(%s)",
              self->spec.table, self->failed_bytes, (int)self->failed_partition, self->topic_name,
              row->what, rd_kafka_err2str(error));
    else
      wr_fail(err, WR_CONNECTION,
              "table %s cannot be written exactly once to the topic '%s' at %s as '%s': %s (%s)",
              self->spec.table, self->topic_name, self->client.servers, self->id, row->what,
              text ? text : rd_kafka_err2str(error));
    wr_hint(err, "%s", row->hint);
    return true;
  }
  return false;
}

/* ---- waiting */

const char *wr_kafka_explain_waiting(rd_kafka_resp_err_t error)
{
  switch (error) {
  case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
  case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
  case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
  case RD_KAFKA_RESP_ERR__WAIT_COORD:
    return "there is no coordinator; are there fewer brokers than "
           "transaction.state.log.replication.factor or offsets.topic.replication.factor says, or "
           "fewer in sync than transaction.state.log.min.isr?";
  case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
  case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    return "fewer replicas are in sync than min.insync.replicas says";
  case RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS:
  case RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT:
    return "the brokers have not completed the transaction before this one";
  case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
  case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC: return "the topic is not there";
  default: return NULL;
  }
}

enum wr_code wr_kafka_fail_waiting(const struct wr_kafka_transactor *self,
                                   rd_kafka_resp_err_t error, int64_t waited_us,
                                   struct wr_error *err)
{
  const char *why = wr_kafka_explain_waiting(error), *reason = self->client.reason;
  if (why)
    wr_fail(err, WR_CONNECTION,
            "table %s cannot be written exactly once to Kafka at %s: within %" PRId64
            " ms the brokers only answered '%s'",
            self->spec.table, self->client.servers, waited_us / WR_US_PER_MS,
            rd_kafka_err2str(error));
  else
    wr_fail(err, WR_CONNECTION,
            "table %s: no Kafka broker at %s answered within %" PRId64 " ms%s%s%s",
            self->spec.table, self->client.servers, waited_us / WR_US_PER_MS, *reason ? " (" : "",
            reason, *reason ? ")" : "");
  err->retry = true;
  return wr_hint(err, "%s",
                 why ? why
                     : "is the broker running, and does "
                       "'properties.bootstrap.servers' name it?");
}
