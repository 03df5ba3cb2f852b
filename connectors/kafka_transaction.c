/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every call into the library that waits does so in short turns, so that a cancelled job ends soon
 * and the user hears of brokers that are away. Records are not copied: the library sends them from
 * the outboxes, so no producer outlives a call in which one of its transactions failed.
 */
#include "connectors/kafka_transaction.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "connectors/kafka_aside.h"
#include "connectors/kafka_outbox.h"
#include "core/time.h"

#define TRANSACTOR_TURN_MS      200
#define TRANSACTOR_ASK_MS       500 /* for an answer, at first; twice that the next time */
#define TRANSACTOR_ASK_MS_MAX   4000
#define TRANSACTOR_PATIENCE_US  (2 * WR_US_PER_SECOND)
#define TRANSACTOR_SOON_US      (20 * WR_US_PER_MS) /* behind an answer that came at once */
#define TRANSACTOR_QUEUE_KB     "65536"
#define TRANSACTOR_QUEUE_COUNT  "200000"
#define TRANSACTOR_FULL_MS      1    /* between two looks at a full queue, which wakes nobody */
#define TRANSACTOR_POLL_RECORDS 4096 /* between two looks at what was refused */
/* Below what brokers allow if nobody changed them, 15 minutes; above any pause that a broker makes.
 * It only matters to readers when a job died in the middle of a transaction and is not started
 * again: for that long they see nothing new. */
#define TRANSACTOR_TIMEOUT_MS "600000"

/* ---- opening and closing */

static void transactor_on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *record, void *opaque)
{
  struct wr_kafka_client *client = opaque;
  struct wr_kafka_transactor *self = client->owner;
  (void)rk;
  if (record->err == RD_KAFKA_RESP_ERR_NO_ERROR || self->has_failed ||
      record->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
      record->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
    return;
  self->has_failed = true;
  self->failure = record->err;
  self->failed_partition = record->partition;
  self->failed_bytes = record->len + record->key_len;
}

static void transactor_hang_up(struct wr_kafka_transactor *self)
{
  bool is_away = self->client.is_away;
  if (self->topic)
    rd_kafka_topic_destroy(self->topic);
  self->topic = NULL;
  wr_kafka_client_close(&self->client);
  self->client = (struct wr_kafka_client){.is_away = is_away};
  self->is_ready = false;
}

static enum wr_code transactor_connect(struct wr_kafka_transactor *self, struct wr_error *err)
{
  const struct wr_kafka_property properties[] = {
      {"transactional.id", self->id},
      {"transaction.timeout.ms", TRANSACTOR_TIMEOUT_MS},
      {"enable.idempotence", "true"},
      {"acks", "all"},
      {"linger.ms", "5"},
      {"queue.buffering.max.kbytes", TRANSACTOR_QUEUE_KB},
      {"queue.buffering.max.messages", TRANSACTOR_QUEUE_COUNT},
      {"partitioner", "murmur2_random"},
      {"socket.nagle.disable", "true"},
      {"reconnect.backoff.max.ms", "2000"},
      {"delivery.report.only.error", "true"},
      {NULL, NULL},
  };
  if (self->client.rk)
    return WR_OK;
  self->client.owner = self;
  self->client.on_delivery = transactor_on_delivery;
  self->has_failed = false;
  enum wr_code code =
      wr_kafka_client_open(&self->client, &self->spec, RD_KAFKA_PRODUCER, properties, err);
  if (code == WR_OK)
    self->topic = rd_kafka_topic_new(self->client.rk, self->topic_name, NULL);
  if (code == WR_OK && !self->topic) {
    wr_fail(err, WR_SEMANTIC, "table %s: '%s' cannot be a topic: %s", self->spec.table,
            self->topic_name, rd_kafka_err2str(rd_kafka_last_error()));
    transactor_hang_up(self);
    return err->code;
  }
  return code;
}

static void transactor_copy_spec(struct wr_kafka_transactor *self, const struct wr_table_spec *spec)
{
  uint32_t count = spec->options->value_count;
  struct wr_option_value *values = WR_NEW_ARRAY(&self->arena, struct wr_option_value, count);
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_option_value *value = &spec->options->values[i];
    values[i] = *value;
    values[i].key = wr_arena_copy(&self->arena, value->key, strlen(value->key));
    values[i].value = wr_arena_copy(&self->arena, value->value, strlen(value->value));
  }
  self->options = (struct wr_options){.values = values, .value_count = count};
  struct wr_option_value *reading = WR_NEW_ARRAY(&self->arena, struct wr_option_value, count);
  uint32_t reading_count = 0;
  for (uint32_t i = 0; i < count; i++)
    if (strcmp(values[i].key, "properties.group.id") != 0 &&
        strcmp(values[i].key, "properties.isolation.level") != 0)
      reading[reading_count++] = values[i];
  self->reader_options = (struct wr_options){.values = reading, .value_count = reading_count};
  self->spec =
      (struct wr_table_spec){.table = wr_arena_copy(&self->arena, spec->table, strlen(spec->table)),
                             .options = &self->options,
                             .task_count = 1,
                             .note = spec->note,
                             .note_self = spec->note_self};
}

enum wr_code wr_kafka_transactor_open(struct wr_kafka_transactor *self,
                                      const struct wr_table_spec *spec, const char *id,
                                      struct wr_error *err)
{
  transactor_copy_spec(self, spec);
  self->id = wr_arena_copy(&self->arena, id, strlen(id));
  self->topic_name = wr_options_find(&self->options, "topic");
  return transactor_connect(self, err);
}

void wr_kafka_transactor_close(struct wr_kafka_transactor *self)
{
  transactor_hang_up(self);
  wr_arena_free(&self->arena);
}

/* ---- waiting */

/* In place of the word that brokers do not answer. */
static void transactor_note(struct wr_kafka_transactor *self, const char *explained,
                            const char *effect)
{
  char message[700];
  if (self->client.is_away)
    return;
  self->client.is_away = true;
  snprintf(message, sizeof message, "table %s: Kafka at %s answers, but %s; %s", self->spec.table,
           self->client.servers, explained, effect);
  self->client.note(self->client.note_self, message);
}

/* Whether brokers answer at all: the library does not say why it has no coordinator. */
static bool transactor_hears(struct wr_kafka_transactor *self)
{
  const struct rd_kafka_metadata *metadata;
  if (rd_kafka_metadata(self->client.rk, 0, self->topic, &metadata, TRANSACTOR_ASK_MS) !=
      RD_KAFKA_RESP_ERR_NO_ERROR)
    return false;
  rd_kafka_metadata_destroy(metadata);
  return true;
}

/* One more turn of waiting for something that does not come: why is the last answer. */
static enum wr_code transactor_wait(struct wr_kafka_transactor *self, int64_t began_us,
                                    int64_t deadline_us, rd_kafka_resp_err_t why,
                                    struct wr_error *err)
{
  char effect[64];
  const char *explained = wr_kafka_explain_waiting(why);
  int64_t now_us = wr_monotonic_us();
  if (atomic_load(&self->is_cancelled))
    return wr_fail(err, WR_STOPPED, "table %s: stopped while waiting for Kafka", self->spec.table);
  if (now_us >= deadline_us)
    return wr_kafka_fail_waiting(self, why, now_us - began_us, err);
  if (now_us - self->calm_us < TRANSACTOR_PATIENCE_US)
    return WR_OK;
  if (!self->client.reason[0])
    snprintf(self->client.reason, sizeof self->client.reason, "%s", rd_kafka_err2str(why));
  if (self->epoch)
    snprintf(effect, sizeof effect, "epoch %" PRIu64 " waits to be published", self->epoch);
  else
    snprintf(effect, sizeof effect, "waiting for it");
  if (explained)
    transactor_note(self, explained, effect);
  else
    wr_kafka_client_away(&self->client, effect);
  return WR_OK;
}

static void transactor_goes_on(struct wr_kafka_transactor *self)
{
  self->calm_us = wr_monotonic_us();
  self->client.is_troubled = false;
  wr_kafka_client_back(&self->client);
  self->client.reason[0] = '\0';
}

enum wr_code wr_kafka_transactor_pause(struct wr_kafka_transactor *self, int64_t pause_us,
                                       struct wr_error *err)
{
  int64_t end_us = wr_monotonic_us() + pause_us;
  enum wr_code code = transactor_connect(self, err);
  for (int64_t now_us; code == WR_OK && (now_us = wr_monotonic_us()) < end_us;) {
    int64_t left_ms = (end_us - now_us) / WR_US_PER_MS + 1;
    rd_kafka_poll(self->client.rk,
                  (int)(left_ms < TRANSACTOR_TURN_MS ? left_ms : TRANSACTOR_TURN_MS));
    if (atomic_load(&self->is_cancelled))
      return wr_fail(err, WR_STOPPED, "table %s: stopped while waiting for Kafka",
                     self->spec.table);
  }
  return code;
}

/* ---- beginning */

/* The code of an error that is used up; a fatal one stands for the one that caused it. */
static rd_kafka_resp_err_t transactor_code(struct wr_kafka_transactor *self,
                                           rd_kafka_error_t *error, char *text, size_t size)
{
  rd_kafka_resp_err_t code = rd_kafka_error_code(error), cause;
  snprintf(text, size, "%s", rd_kafka_error_string(error));
  rd_kafka_error_destroy(error);
  if (code == RD_KAFKA_RESP_ERR__FATAL &&
      (cause = rd_kafka_fatal_error(self->client.rk, text, size)) != RD_KAFKA_RESP_ERR_NO_ERROR)
    code = cause;
  return code;
}

enum wr_code wr_kafka_transactor_begin(struct wr_kafka_transactor *self, int64_t deadline_us,
                                       struct wr_error *err)
{
  char text[300];
  int64_t began_us = wr_monotonic_us();
  self->calm_us = began_us;
  while (!self->is_ready) {
    enum wr_code code = transactor_connect(self, err);
    if (code != WR_OK)
      return code;
    rd_kafka_error_t *error = rd_kafka_init_transactions(self->client.rk, TRANSACTOR_ASK_MS);
    rd_kafka_poll(self->client.rk, 0);
    if (!error)
      break;
    bool is_retriable = rd_kafka_error_is_retriable(error);
    rd_kafka_resp_err_t why = transactor_code(self, error, text, sizeof text);
    if (wr_kafka_is_hopeless(self, why, text, err)) {
      transactor_hang_up(self);
      return err->code;
    }
    if (why == RD_KAFKA_RESP_ERR__TIMED_OUT && is_retriable && transactor_hears(self))
      why = RD_KAFKA_RESP_ERR__WAIT_COORD;
    if (!is_retriable) /* such as a state that the library cannot come out of */
      transactor_hang_up(self);
    code = transactor_wait(self, began_us, deadline_us, why, err);
    if (code == WR_OK && !is_retriable)
      code = wr_kafka_transactor_pause(self, TRANSACTOR_TURN_MS * WR_US_PER_MS, err);
    if (code != WR_OK) {
      transactor_hang_up(self);
      return code;
    }
  }
  self->is_ready = true;
  transactor_goes_on(self);
  return WR_OK;
}

/* ---- the marker */

static rd_kafka_topic_partition_list_t *transactor_place(const struct wr_kafka_transactor *self)
{
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, self->topic_name, 0);
  return list;
}

static rd_kafka_resp_err_t marker_take(const rd_kafka_topic_partition_t *place,
                                       struct wr_kafka_marker *marker)
{
  if (place->err != RD_KAFKA_RESP_ERR_NO_ERROR)
    return place->err; /* as long as a transaction is not completed: UNSTABLE_OFFSET_COMMIT */
  *marker = (struct wr_kafka_marker){.epoch = WR_KAFKA_NO_MARKER};
  if (place->offset < 0)
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  marker->epoch = place->offset;
  if (place->metadata && place->metadata_size)
    snprintf(marker->text, sizeof marker->text, "%.*s", (int)place->metadata_size,
             (const char *)place->metadata);
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* The producer could ask by itself, with rd_kafka_ListConsumerGroupOffsets, but librdkafka 2.0.2
 * crashes there when a coordinator answers that the question be repeated. */
static enum wr_code marker_open_reader(struct wr_kafka_transactor *self, bool settled,
                                       struct wr_kafka_client *reader, struct wr_error *err)
{
  const struct wr_kafka_property properties[] = {
      {"group.id", self->id},
      {"isolation.level", settled ? "read_committed" : "read_uncommitted"},
      {"enable.auto.commit", "false"},
      {"reconnect.backoff.max.ms", "2000"},
      {NULL, NULL},
  };
  struct wr_table_spec spec = self->spec;
  spec.options = &self->reader_options;
  return wr_kafka_client_open(reader, &spec, RD_KAFKA_CONSUMER, properties, err);
}

/* Why there is no answer, which a consumer is told in the place where its records come. silence:
 * what it means if brokers answer, but not this. */
static rd_kafka_resp_err_t marker_explain(struct wr_kafka_transactor *self,
                                          struct wr_kafka_client *reader, rd_kafka_resp_err_t why,
                                          rd_kafka_resp_err_t silence)
{
  rd_kafka_message_t *said = rd_kafka_consumer_poll(reader->rk, 0);
  if (said && said->err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
    why = said->err;
  if (said)
    rd_kafka_message_destroy(said);
  return why == RD_KAFKA_RESP_ERR__TIMED_OUT && transactor_hears(self) ? silence : why;
}

static enum wr_code marker_read(struct wr_kafka_transactor *self, struct wr_kafka_client *reader,
                                rd_kafka_resp_err_t silence, int64_t deadline_us,
                                struct wr_kafka_marker *marker, struct wr_error *err)
{
  int64_t began_us = wr_monotonic_us(), asked_us;
  int ask_ms = TRANSACTOR_ASK_MS;
  self->calm_us = began_us;
  for (;; ask_ms = ask_ms * 2 < TRANSACTOR_ASK_MS_MAX ? ask_ms * 2 : TRANSACTOR_ASK_MS_MAX) {
    asked_us = wr_monotonic_us();
    rd_kafka_topic_partition_list_t *place = transactor_place(self);
    rd_kafka_resp_err_t why = rd_kafka_committed(reader->rk, place, ask_ms);
    if (why == RD_KAFKA_RESP_ERR_NO_ERROR)
      why = marker_take(&place->elems[0], marker);
    rd_kafka_topic_partition_list_destroy(place);
    if (why == RD_KAFKA_RESP_ERR_NO_ERROR)
      return WR_OK;
    why = marker_explain(self, reader, why, silence);
    if (wr_kafka_is_hopeless(self, why, NULL, err))
      return err->code;
    if (reader->reason[0])
      memcpy(self->client.reason, reader->reason, sizeof reader->reason);
    enum wr_code code = transactor_wait(self, began_us, deadline_us, why, err);
    if (code == WR_OK && wr_monotonic_us() - asked_us < TRANSACTOR_TURN_MS * WR_US_PER_MS)
      code = wr_kafka_transactor_pause(self, TRANSACTOR_SOON_US, err);
    if (code != WR_OK)
      return code;
  }
}

static enum wr_code transactor_read(struct wr_kafka_transactor *self, bool settled,
                                    rd_kafka_resp_err_t silence, int64_t deadline_us,
                                    struct wr_kafka_marker *marker, struct wr_error *err)
{
  struct wr_kafka_client reader = {0};
  enum wr_code code = transactor_connect(self, err);
  if (code == WR_OK)
    code = marker_open_reader(self, settled, &reader, err);
  if (code == WR_OK)
    code = marker_read(self, &reader, silence, deadline_us, marker, err);
  wr_kafka_client_close(&reader);
  if (code == WR_OK)
    transactor_goes_on(self);
  return code;
}

/* What a dead life has left open is not waited for before begin ends it. */
enum wr_code wr_kafka_transactor_read(struct wr_kafka_transactor *self, int64_t deadline_us,
                                      struct wr_kafka_marker *marker, struct wr_error *err)
{
  return transactor_read(self, self->is_ready, RD_KAFKA_RESP_ERR__WAIT_COORD, deadline_us, marker,
                         err);
}

enum wr_code wr_kafka_transactor_read_settled(struct wr_kafka_transactor *self, int64_t deadline_us,
                                              struct wr_kafka_marker *marker, struct wr_error *err)
{
  return transactor_read(self, true, RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT, deadline_us, marker,
                         err);
}

/* ---- a transaction */

struct sending {
  struct wr_kafka_transactor *self;
  int64_t began_us, deadline_us;
  int64_t left;                  /* records in the queue when we last looked */
  uint64_t taken;                /* records that were given to the library */
  enum wr_kafka_outcome outcome; /* COMMITTED: nothing is wrong so far */
};

static void sending_lose(struct sending *sending, enum wr_kafka_outcome outcome, const char *why)
{
  struct wr_kafka_transactor *self = sending->self;
  sending->outcome = outcome;
  snprintf(self->trouble, sizeof self->trouble, "%s", why);
}

/* An error of the library, used up. False: the call may be repeated; else outcome or err are set.
 */
static bool sending_ends(struct sending *sending, rd_kafka_error_t *error, enum wr_code *code,
                         struct wr_error *err)
{
  struct wr_kafka_transactor *self = sending->self;
  char text[300];
  bool again = rd_kafka_error_is_retriable(error) && !rd_kafka_error_txn_requires_abort(error) &&
               !rd_kafka_error_is_fatal(error);
  rd_kafka_poll(self->client.rk, 0); /* which record was it? */
  rd_kafka_resp_err_t why = transactor_code(self, error, text, sizeof text);
  *code = WR_OK;
  if (self->has_failed && wr_kafka_is_hopeless(self, self->failure, NULL, err))
    *code = err->code;
  else if (wr_kafka_is_hopeless(self, why, text, err))
    *code = err->code;
  else if (again)
    *code = transactor_wait(self, sending->began_us, sending->deadline_us, why, err);
  else
    sending_lose(sending, wr_kafka_is_fence(why) ? WR_KAFKA_FENCED : WR_KAFKA_UNKNOWN_OUTCOME,
                 text);
  return *code != WR_OK || !again;
}

/* Looks at the queue while it drains. False: the transaction has failed. */
static bool sending_goes_on(struct sending *sending, enum wr_code *code, struct wr_error *err)
{
  struct wr_kafka_transactor *self = sending->self;
  int64_t left = rd_kafka_outq_len(self->client.rk);
  *code = WR_OK;
  if (self->has_failed && wr_kafka_is_hopeless(self, self->failure, NULL, err))
    *code = err->code;
  else if (self->has_failed || self->client.is_fatal)
    sending_lose(sending, WR_KAFKA_UNKNOWN_OUTCOME,
                 self->has_failed ? rd_kafka_err2str(self->failure) : self->client.reason);
  else if (left != sending->left)
    self->calm_us = wr_monotonic_us();
  else
    *code = transactor_wait(self, sending->began_us, sending->deadline_us,
                            RD_KAFKA_RESP_ERR__TIMED_OUT, err);
  sending->left = left;
  return *code == WR_OK && sending->outcome == WR_KAFKA_COMMITTED;
}

static int32_t sending_partition(const struct wr_kafka_outbox_reader *reader)
{
  const struct wr_kafka_outbox_head *head = &reader->head;
  uint64_t before = head->record_count - reader->left - 1;
  switch (head->partitioner) {
  case WR_KAFKA_PARTITION_FIXED: return (int32_t)head->partition;
  case WR_KAFKA_PARTITION_ROUND_ROBIN:
    return (int32_t)((head->partition + before) % head->partition_count);
  default: return RD_KAFKA_PARTITION_UA;
  }
}

static enum wr_code sending_put(struct sending *sending, const struct wr_outgoing *record,
                                int32_t partition, struct wr_error *err)
{
  struct wr_kafka_transactor *self = sending->self;
  rd_kafka_t *rk = self->client.rk;
  enum wr_code code;
  for (;;) {
    /* the time 0 means: now */
    rd_kafka_resp_err_t why = rd_kafka_producev(
        rk, RD_KAFKA_V_RKT(self->topic), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_VALUE((void *)record->bytes, record->bytes ? record->length : 0),
        RD_KAFKA_V_KEY(record->key, record->key_length),
        RD_KAFKA_V_TIMESTAMP(record->has_time ? record->time_us / WR_US_PER_MS : 0),
        RD_KAFKA_V_END);
    if (why == RD_KAFKA_RESP_ERR_NO_ERROR) {
      sending->taken++;
      return WR_OK;
    }
    rd_kafka_poll(rk, why == RD_KAFKA_RESP_ERR__QUEUE_FULL ? TRANSACTOR_FULL_MS : 0);
    if (!sending_goes_on(sending, &code, err))
      return code;
    if (why == RD_KAFKA_RESP_ERR__QUEUE_FULL)
      continue;
    if (!self->has_failed) { /* it was this one */
      self->has_failed = true;
      self->failed_bytes = record->length + record->key_length;
      self->failed_partition = partition;
    }
    if (wr_kafka_is_hopeless(self, why, NULL, err))
      return err->code;
    /* the transaction has failed in the meantime */
    sending_lose(sending, WR_KAFKA_UNKNOWN_OUTCOME, rd_kafka_err2str(why));
    return WR_OK;
  }
}

static enum wr_code sending_outbox(struct sending *sending, const struct wr_slice *outbox,
                                   struct wr_error *err)
{
  struct wr_kafka_outbox_reader reader;
  struct wr_outgoing record;
  enum wr_code code = wr_kafka_outbox_open(&reader, outbox, err);
  while (code == WR_OK && reader.left && sending->outcome == WR_KAFKA_COMMITTED) {
    code = wr_kafka_outbox_next(&reader, &record, err);
    if (code == WR_OK)
      code = sending_put(sending, &record, sending_partition(&reader), err);
    if (code == WR_OK && reader.left % TRANSACTOR_POLL_RECORDS == 0) {
      rd_kafka_poll(sending->self->client.rk, 0);
      if (!sending_goes_on(sending, &code, err))
        break;
    }
  }
  return code;
}

/* Until brokers have all records; without any, until they answer at all: what follows may not come
 * back while they are away (kafka_aside.h), so it is not begun before somebody is there. */
static enum wr_code sending_flush(struct sending *sending, struct wr_error *err)
{
  struct wr_kafka_transactor *self = sending->self;
  enum wr_code code = WR_OK;
  while (rd_kafka_outq_len(self->client.rk) > 0) {
    rd_kafka_poll(self->client.rk, TRANSACTOR_FULL_MS);
    if (!sending_goes_on(sending, &code, err))
      return code;
  }
  while (sending->taken == 0 && code == WR_OK && !transactor_hears(self))
    code = transactor_wait(self, sending->began_us, sending->deadline_us,
                           RD_KAFKA_RESP_ERR__TIMED_OUT, err);
  return code;
}

/* *error: what the library says, NULL or given. If it does not come back, the producer is left to
 * it: no record is lent to it any more, and the next one with its id keeps it out. */
static enum wr_code sending_offsets(struct sending *sending,
                                    const rd_kafka_topic_partition_list_t *place, int ask_ms,
                                    rd_kafka_error_t **error, struct wr_error *err)
{
  struct wr_kafka_transactor *self = sending->self;
  struct wr_kafka_aside *aside;
  enum wr_code code = wr_kafka_aside_begin(self->client.rk, place, self->id, ask_ms, &aside, err);
  if (code != WR_OK)
    return code;
  while (!wr_kafka_aside_wait(aside, TRANSACTOR_TURN_MS)) {
    rd_kafka_poll(self->client.rk, 0);
    code = transactor_wait(self, sending->began_us, sending->deadline_us,
                           RD_KAFKA_RESP_ERR__TIMED_OUT, err);
    if (code == WR_OK)
      continue;
    rd_kafka_topic_destroy(self->topic);
    self->topic = NULL;
    self->client.rk = NULL;
    wr_kafka_aside_leave(aside);
    return code;
  }
  *error = wr_kafka_aside_end(aside);
  return WR_OK;
}

static enum wr_code sending_marker(struct sending *sending, const struct wr_kafka_marker *marker,
                                   struct wr_error *err)
{
  struct wr_kafka_transactor *self = sending->self;
  rd_kafka_error_t *error = NULL;
  rd_kafka_topic_partition_list_t *place = transactor_place(self);
  place->elems[0].offset = marker->epoch;
  place->elems[0].metadata = (void *)marker->text; /* lent: taken back below */
  place->elems[0].metadata_size = strlen(marker->text);
  int ask_ms = TRANSACTOR_ASK_MS;
  enum wr_code code = sending_offsets(sending, place, ask_ms, &error, err);
  while (code == WR_OK && error && !sending_ends(sending, error, &code, err)) {
    ask_ms = ask_ms * 2 < TRANSACTOR_ASK_MS_MAX ? ask_ms * 2 : TRANSACTOR_ASK_MS_MAX;
    code = sending_offsets(sending, place, ask_ms, &error, err);
  }
  place->elems[0].metadata = NULL;
  place->elems[0].metadata_size = 0;
  rd_kafka_topic_partition_list_destroy(place);
  return code;
}

static enum wr_code sending_commit(struct sending *sending, struct wr_error *err)
{
  struct wr_kafka_transactor *self = sending->self;
  enum wr_code code = WR_OK;
  rd_kafka_error_t *error;
  while ((error = rd_kafka_commit_transaction(self->client.rk, TRANSACTOR_ASK_MS)))
    if (sending_ends(sending, error, &code, err))
      break;
  return code;
}

enum wr_code wr_kafka_transactor_send(struct wr_kafka_transactor *self,
                                      const struct wr_slice *outboxes, uint32_t outbox_count,
                                      const struct wr_kafka_marker *marker, int64_t deadline_us,
                                      enum wr_kafka_outcome *outcome, struct wr_error *err)
{
  struct sending sending = {
      .self = self, .began_us = wr_monotonic_us(), .deadline_us = deadline_us};
  enum wr_code code = WR_OK;
  rd_kafka_error_t *error;
  assert(self->is_ready && self->client.rk && marker->epoch >= 0);
  rd_kafka_poll(self->client.rk, 0); /* what happened while nobody published anything */
  self->calm_us = sending.began_us;
  self->client.is_troubled = false;
  self->client.reason[0] = '\0';
  if ((error = rd_kafka_begin_transaction(self->client.rk)) != NULL)
    (void)sending_ends(&sending, error, &code, err);
  for (uint32_t i = 0; i < outbox_count && code == WR_OK && sending.outcome == WR_KAFKA_COMMITTED;
       i++)
    code = sending_outbox(&sending, &outboxes[i], err);
  if (code == WR_OK && sending.outcome == WR_KAFKA_COMMITTED)
    code = sending_flush(&sending, err);
  if (code == WR_OK && sending.outcome == WR_KAFKA_COMMITTED)
    code = sending_marker(&sending, marker, err);
  if (code == WR_OK && sending.outcome == WR_KAFKA_COMMITTED)
    code = sending_commit(&sending, err);
  if (code == WR_OK && sending.outcome == WR_KAFKA_COMMITTED)
    transactor_goes_on(self);
  else
    transactor_hang_up(self);
  *outcome = sending.outcome;
  return code;
}
