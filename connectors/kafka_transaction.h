/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transactional producer that can be renewed: whenever it is not known what became of a
 * transaction, or the library gives up, it is thrown away. A new one with the same id keeps all
 * others out and completes or aborts what they left; then the marker says which of the two it was.
 *
 * The marker is an offset of the consumer group that is named like the producer, at partition 0 of
 * the topic, committed in every transaction: the offset is the epoch, and the text beside it says
 * whose. Groups are forgotten when nothing has been committed to them for days.
 */
#ifndef WEIR_CONNECTORS_KAFKA_TRANSACTION_H
#define WEIR_CONNECTORS_KAFKA_TRANSACTION_H

#include <stdatomic.h>

#include "connectors/kafka.h"

#define WR_KAFKA_MARKER_TEXT 128

struct wr_kafka_marker {
  int64_t epoch; /* WR_KAFKA_NO_MARKER: there is none, and no text */
  char text[WR_KAFKA_MARKER_TEXT];
};

#define WR_KAFKA_NO_MARKER (-1)

static inline bool wr_kafka_marker_equal(const struct wr_kafka_marker *a,
                                         const struct wr_kafka_marker *b)
{
  return a->epoch == b->epoch && strcmp(a->text, b->text) == 0;
}

/* Zero-initialised is closed. It must stay where it is until closed. */
struct wr_kafka_transactor {
  struct wr_kafka_client client;
  struct wr_arena arena;
  struct wr_table_spec spec;                 /* a copy of what a client needs */
  struct wr_options options, reader_options; /* the latter without what the reader must own */
  const char *topic_name, *id;               /* id: of the producer, and of the group */
  rd_kafka_topic_t *topic;
  bool is_ready; /* transactions may begin */
  atomic_bool is_cancelled;
  uint64_t epoch;    /* being published, for messages; 0: none */
  int64_t calm_us;   /* when we last saw that things go on */
  char trouble[300]; /* what was wrong with the last transaction that was lost */
  bool has_failed;   /* a record was refused: */
  rd_kafka_resp_err_t failure;
  int32_t failed_partition;
  size_t failed_bytes;
};

/* What became of a transaction. */
enum wr_kafka_outcome {
  WR_KAFKA_COMMITTED,
  WR_KAFKA_UNKNOWN_OUTCOME, /* begin, read the marker, and perhaps send it again */
  WR_KAFKA_FENCED           /* the same, but another producer may have this id */
};

/* Waits for nobody. */
enum wr_code wr_kafka_transactor_open(struct wr_kafka_transactor *self,
                                      const struct wr_table_spec *spec, const char *id,
                                      struct wr_error *err);
void wr_kafka_transactor_close(struct wr_kafka_transactor *self);

/* All of these wait for brokers until the deadline (monotonic; INT64_MAX: for ever), which is a
 * retryable error, and end soon with WR_STOPPED when is_cancelled is set. */

/* Keeps out all others with this id; their open transactions are aborted or completed. */
enum wr_code wr_kafka_transactor_begin(struct wr_kafka_transactor *self, int64_t deadline_us,
                                       struct wr_error *err);
/* Behind begin it is final: nobody else can change it without being noticed. */
enum wr_code wr_kafka_transactor_read(struct wr_kafka_transactor *self, int64_t deadline_us,
                                      struct wr_kafka_marker *marker, struct wr_error *err);
/* Without begin: waits while a transaction is open that moves the marker. Brokers answer a commit
 * before they have completed it, and whoever died in the middle of one leaves it open for long. */
enum wr_code wr_kafka_transactor_read_settled(struct wr_kafka_transactor *self, int64_t deadline_us,
                                              struct wr_kafka_marker *marker, struct wr_error *err);
/* All records and the marker in one transaction. Only what no repetition helps is an error. */
enum wr_code wr_kafka_transactor_send(struct wr_kafka_transactor *self,
                                      const struct wr_slice *outboxes, uint32_t outbox_count,
                                      const struct wr_kafka_marker *marker, int64_t deadline_us,
                                      enum wr_kafka_outcome *outcome, struct wr_error *err);
/* Lets time pass. */
enum wr_code wr_kafka_transactor_pause(struct wr_kafka_transactor *self, int64_t pause_us,
                                       struct wr_error *err);

/* ---- errors (kafka_refusal.c) */

/* Whether trying again can help. Fills err if not: with what was refused, and what to do. */
bool wr_kafka_is_hopeless(const struct wr_kafka_transactor *self, rd_kafka_resp_err_t error,
                          const char *text, struct wr_error *err);
bool wr_kafka_is_fence(rd_kafka_resp_err_t error);
/* Too long without an answer, or with always the same one. */
enum wr_code wr_kafka_fail_waiting(const struct wr_kafka_transactor *self,
                                   rd_kafka_resp_err_t error, int64_t waited_us,
                                   struct wr_error *err);
/* What the brokers lack who give this answer again and again, as part of a note; or NULL. */
const char *wr_kafka_explain_waiting(rd_kafka_resp_err_t error);

#endif
