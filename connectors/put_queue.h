/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records on their way to a service of AWS that takes them in batches and may take only a part of
 * one (PutRecords, PutRecordBatch): they are collected, sent in several requests at a time, and
 * sent again until they are taken.
 *
 *   add -> ready -> request -> taken
 *    \       ^         |
 *  behind    '- rests -'  refused
 *
 * Order of a key: of the records that have one, the first alone is ready or under way; the others
 * stand behind it. A service may refuse a record and take the next one of the same request, so not
 * even these two may have the same key. Without keys nothing waits for anything.
 *
 * All calls come from one thread; answers come while wr_put_queue_work pumps.
 */
#ifndef WEIR_CONNECTORS_PUT_QUEUE_H
#define WEIR_CONNECTORS_PUT_QUEUE_H

#include "net/aws.h"

/* What a service's requests and answers look like. */
struct wr_put_protocol {
  const char *target;  /* "Kinesis_20131202.PutRecords" */
  const char *results; /* the list of an answer that has an entry per record: "Records" */
  const char *service; /* for messages: "the stream" */
};

/* Where requests go. The first three as net/aws.h; tests have their own. */
struct wr_put_transport {
  void *self;
  enum wr_code (*start)(void *self, const struct wr_aws_request *request, struct wr_error *err);
  uint32_t (*pump)(void *self, int wait_ms);
  enum wr_code (*fail)(void *self, const struct wr_aws_result *result, struct wr_error *err);
  int64_t (*now_us)(void *self);      /* monotonic */
  const char *(*trouble)(void *self); /* what keeps requests from being answered; "": nothing */
};
/* Over a client, which outlives the queue. */
struct wr_put_transport wr_put_transport_aws(struct wr_aws *aws);

struct wr_put_settings {
  const char *table;
  const struct wr_put_protocol *protocol;
  struct wr_put_transport transport;
  const char *head; /* a request up to its first record; behind the last one comes "]}" */
  uint32_t batch_records, requests_max, records_max;
  size_t batch_bytes;   /* as the service counts them */
  int64_t linger_us;    /* how long a record waits for others while requests are under way */
  bool fails_on_errors; /* a refusal that is no throttling ends the job */
  uint64_t dice;        /* for jitter */
  void (*note)(void *self, const char *message);
  void *note_self;
};

struct wr_put_queue;
struct wr_put_queue *wr_put_queue_new(const struct wr_put_settings *settings);
void wr_put_queue_free(struct wr_put_queue *queue);

struct wr_put_record {
  const char *json;            /* as it stands in the list; copied */
  uint32_t json_length, bytes; /* bytes: as the service counts them */
  bool has_key;
  uint64_t key; /* a hash: keys that share one wait for each other, too */
};
/* Never waits; see is_full. May start requests. */
enum wr_code wr_put_queue_add(struct wr_put_queue *queue, const struct wr_put_record *record,
                              struct wr_error *err);
bool wr_put_queue_is_full(const struct wr_put_queue *queue);
/* Sends what is to be sent and takes answers, waiting for at most wait_ms if there is nothing else
 * to do. The first failure is told from then on. */
enum wr_code wr_put_queue_work(struct wr_put_queue *queue, int wait_ms, struct wr_error *err);
/* What was added until now belongs to this epoch; it need not wait for more. */
void wr_put_queue_barrier(struct wr_put_queue *queue, uint64_t epoch);
bool wr_put_queue_has_settled(struct wr_put_queue *queue, uint64_t epoch);
/* Nothing more comes: what is there leaves at once. */
void wr_put_queue_hurry(struct wr_put_queue *queue);
/* Records that were added and not taken yet. */
uint64_t wr_put_queue_waiting(const struct wr_put_queue *queue);

#endif
