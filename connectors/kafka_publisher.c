/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Publishing a sink's epochs, each in one transaction with its marker (kafka_transaction.h). The
 * marker's offset is the epoch, and its text is
 *
 *   weir <job> <outboxes> <life>
 *
 * outboxes: the sum of the numbers that were drawn for the outboxes of that epoch. Two lives that
 * went on from copies of one state both make an epoch 8; the sums tell them apart. life: drawn for
 * each publisher, and written at the start before anything is published. Who finds another life
 * there has been replaced.
 *
 *   what the group says        epoch to go on from was ...
 *   the epoch itself           published
 *   the one before             sealed, but not published: that happens now
 *   a later one                overtaken by a life that these state files do not know of
 *   one before the one before  preceded by epochs that nobody published
 *   nothing                    perhaps published; nothing is certain, unless the sink is new here
 *   something of another job   the same
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "connectors/kafka_outbox.h"
#include "connectors/kafka_transaction.h"
#include "connectors/publisher.h"
#include "core/time.h"

#define PUBLISHER_NUMBER_DIGITS 16
#define PUBLISHER_TRIES_MAX     200 /* of one epoch, while brokers answer: some minutes */
#define PUBLISHER_PAUSE_US      (20 * WR_US_PER_MS) /* twice that the next time */
#define PUBLISHER_PAUSE_US_MAX  (2 * WR_US_PER_SECOND)
#define PUBLISHER_OWNER_US      (3 * WR_US_PER_SECOND) /* for another process to write its life */

struct kafka_publisher {
  struct wr_publisher publisher;
  struct wr_kafka_transactor transactor;
  const char *job;
  uint64_t life;
  int64_t connect_us;           /* how long to wait for a first broker */
  struct wr_kafka_marker known; /* what the group says, as far as we know */
  bool owns;                    /* the known one was written by this life */
};

/* ---- markers */

static struct wr_kafka_marker publisher_marker(const struct kafka_publisher *self, uint64_t epoch,
                                               uint64_t outboxes)
{
  struct wr_kafka_marker marker = {.epoch = (int64_t)epoch};
  snprintf(marker.text, sizeof marker.text, "weir %s %016" PRIx64 " %016" PRIx64, self->job,
           outboxes, self->life);
  return marker;
}

struct marker_parts {
  bool is_weirs, is_ours; /* of a Weir job; of this one */
  char job[WR_KAFKA_MARKER_TEXT];
  char outboxes[PUBLISHER_NUMBER_DIGITS + 1];
};

static struct marker_parts publisher_read_text(const struct kafka_publisher *self,
                                               const struct wr_kafka_marker *marker)
{
  struct marker_parts parts = {0};
  const char *text = marker->text;
  if (strncmp(text, "weir ", 5) != 0)
    return parts;
  parts.is_weirs = true;
  text += 5;
  int length = (int)strcspn(text, " ");
  snprintf(parts.job, sizeof parts.job, "%.*s", length, text);
  parts.is_ours = strcmp(parts.job, self->job) == 0;
  text += length;
  text += *text == ' ';
  snprintf(parts.outboxes, sizeof parts.outboxes, "%.*s", (int)strcspn(text, " "), text);
  return parts;
}

static enum wr_code publisher_sum(const struct wr_slice *outboxes, uint32_t outbox_count,
                                  uint64_t *sum, struct wr_error *err)
{
  *sum = 0;
  for (uint32_t i = 0; i < outbox_count; i++) {
    struct wr_kafka_outbox_reader reader;
    enum wr_code code = wr_kafka_outbox_open(&reader, &outboxes[i], err);
    if (code != WR_OK)
      return code;
    *sum += reader.head.number;
  }
  return WR_OK;
}

/* ---- opening and closing */

static void publisher_close(struct wr_publisher *publisher)
{
  struct kafka_publisher *self = (struct kafka_publisher *)publisher;
  wr_kafka_transactor_close(&self->transactor);
  free(self);
}

static void publisher_cancel(struct wr_publisher *publisher)
{
  atomic_store(&((struct kafka_publisher *)publisher)->transactor.is_cancelled, true);
}

static enum wr_code publisher_open(const struct wr_table_spec *spec, struct wr_publisher **out,
                                   struct wr_error *err)
{
  struct kafka_publisher *self = wr_memory_get_zero(sizeof *self);
  struct wr_arena *arena = &self->transactor.arena;
  const char *prefix = wr_options_find(spec->options, "sink.transactional-id-prefix");
  enum wr_code code = WR_OK;
  assert(spec->job && spec->sink && wr_kafka_wants_exactly_once(spec));
  self->publisher.class = &wr_kafka_publisher;
  self->known.epoch = WR_KAFKA_NO_MARKER;
  self->job = wr_arena_copy(arena, spec->job, strlen(spec->job));
  self->connect_us =
      wr_options_duration_us(spec->options, wr_kafka_options, "sink.connect.timeout");
  const char *id = prefix ? wr_arena_print(arena, "%s-%s", prefix, spec->sink)
                          : wr_arena_print(arena, "weir-%s-%s", spec->job, spec->sink);
  ssize_t got;
  do
    got = getrandom(&self->life, sizeof self->life, 0);
  while (got < 0 && errno == EINTR);
  if (got != sizeof self->life)
    code = wr_fail(err, WR_IO, "table %s: the system gives no random numbers: %m", spec->table);
  if (code == WR_OK)
    code = wr_kafka_transactor_open(&self->transactor, spec, id, err);
  if (code != WR_OK) {
    publisher_close(&self->publisher);
    return code;
  }
  *out = &self->publisher;
  return WR_OK;
}

/* ---- one transaction, once */

static enum wr_code publisher_fail_fenced(const struct kafka_publisher *self, struct wr_error *err)
{
  const struct wr_kafka_transactor *transactor = &self->transactor;
  wr_fail(err, WR_CONNECTION,
          "table %s: another process writes the topic '%s' with the same transactional id '%s'",
          transactor->spec.table, transactor->topic_name, transactor->id);
  return wr_hint(err, "has this job been started a second time, perhaps from a copy of its state "
                      "directory? What it had not published the other one publishes");
}

/* A new producer. *done: what we want to be written is written already. */
static enum wr_code publisher_take_over(struct kafka_publisher *self,
                                        const struct wr_kafka_marker *wanted, int64_t deadline_us,
                                        bool *done, struct wr_error *err)
{
  struct wr_kafka_marker found;
  enum wr_code code = wr_kafka_transactor_begin(&self->transactor, deadline_us, err);
  if (code == WR_OK)
    code = wr_kafka_transactor_read(&self->transactor, deadline_us, &found, err);
  if (code != WR_OK)
    return code;
  *done = wr_kafka_marker_equal(&found, wanted);
  if (*done || wr_kafka_marker_equal(&found, &self->known))
    return WR_OK;
  return publisher_fail_fenced(self, err);
}

/* The brokers say that another producer has taken our id. They say that too when they have ended a
 * transaction that took too long, and the library may do it to itself. Whoever took it in earnest
 * writes its life at once. */
static enum wr_code publisher_find_owner(struct kafka_publisher *self,
                                         const struct wr_kafka_marker *wanted, struct wr_error *err)
{
  int64_t end_us = wr_monotonic_us() + PUBLISHER_OWNER_US;
  struct wr_kafka_marker found;
  do {
    if (!self->owns)
      return publisher_fail_fenced(self, err);
    enum wr_code code = wr_kafka_transactor_read(&self->transactor, INT64_MAX, &found, err);
    if (code != WR_OK)
      return code;
    if (!wr_kafka_marker_equal(&found, &self->known) && !wr_kafka_marker_equal(&found, wanted))
      return publisher_fail_fenced(self, err);
    code = wr_kafka_transactor_pause(&self->transactor, PUBLISHER_OWNER_US / 10, err);
    if (code != WR_OK)
      return code;
  } while (wr_monotonic_us() < end_us);
  return WR_OK;
}

/* Brings records and marker to the topic, all or nothing, whatever happens in between. */
static enum wr_code publisher_bring(struct kafka_publisher *self, const struct wr_slice *outboxes,
                                    uint32_t outbox_count, const struct wr_kafka_marker *wanted,
                                    int64_t deadline_us, struct wr_error *err)
{
  int64_t pause_us = PUBLISHER_PAUSE_US;
  bool done = false;
  enum wr_kafka_outcome outcome = WR_KAFKA_UNKNOWN_OUTCOME;
  enum wr_code code = WR_OK;
  for (uint32_t tries = 0; tries < PUBLISHER_TRIES_MAX; tries++) {
    if (!self->transactor.is_ready)
      code = publisher_take_over(self, wanted, deadline_us, &done, err);
    if (code == WR_OK && !done)
      code = wr_kafka_transactor_send(&self->transactor, outboxes, outbox_count, wanted,
                                      deadline_us, &outcome, err);
    if (code != WR_OK)
      return code;
    if (done || outcome == WR_KAFKA_COMMITTED) {
      self->known = *wanted;
      self->owns = true;
      return WR_OK;
    }
    code = outcome == WR_KAFKA_FENCED ? publisher_find_owner(self, wanted, err)
                                      : wr_kafka_transactor_pause(&self->transactor, pause_us, err);
    if (code != WR_OK)
      return code;
    pause_us = pause_us * 2 < PUBLISHER_PAUSE_US_MAX ? pause_us * 2 : PUBLISHER_PAUSE_US_MAX;
  }
  wr_fail(err, WR_CONNECTION, "table %s: the topic '%s' took no transaction in %d tries: %s",
          self->transactor.spec.table, self->transactor.topic_name, PUBLISHER_TRIES_MAX,
          self->transactor.trouble);
  err->retry = true;
  return err->code;
}

static enum wr_code publisher_publish(struct wr_publisher *publisher, uint64_t epoch,
                                      const struct wr_slice *outboxes, uint32_t outbox_count,
                                      struct wr_error *err)
{
  struct kafka_publisher *self = (struct kafka_publisher *)publisher;
  uint64_t sum;
  enum wr_code code = publisher_sum(outboxes, outbox_count, &sum, err);
  if (code != WR_OK)
    return code;
  assert(epoch <= INT64_MAX && (int64_t)epoch > self->known.epoch);
  struct wr_kafka_marker wanted = publisher_marker(self, epoch, sum);
  self->transactor.epoch = epoch;
  code = publisher_bring(self, outboxes, outbox_count, &wanted, INT64_MAX, err);
  self->transactor.epoch = 0;
  return code;
}

/* ---- the start */

/* What is to be done with the epoch that the job goes on from. */
struct decision {
  bool publish;
  uint64_t claim; /* the epoch of the marker that this life writes first */
  uint64_t claim_outboxes;
};

static enum wr_code publisher_refuse(const struct kafka_publisher *self,
                                     const struct wr_recovery *recovery, const char *flags,
                                     struct wr_error *err, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

static enum wr_code publisher_refuse(const struct kafka_publisher *self,
                                     const struct wr_recovery *recovery, const char *flags,
                                     struct wr_error *err, const char *format, ...)
{
  char what[400];
  va_list args;
  va_start(args, format);
  vsnprintf(what, sizeof what, format, args);
  va_end(args);
  wr_fail(err, WR_DATA, "table %s cannot go on exactly once from epoch %" PRIu64 " of %s: %s",
          self->transactor.spec.table, recovery->epoch, recovery->state_dir, what);
  return wr_hint(err, "%s", flags);
}

#define PUBLISHER_HINT_EITHER                                                                     \
  "--allow-duplicates publishes the epoch, whose rows may then be there twice; --allow-gap does " \
  "not, and they may be missing"

/* Nobody knows whether the epoch was published: the user says what is better. */
static enum wr_code publisher_decide_unknown(const struct wr_recovery *recovery, uint64_t sum,
                                             struct decision *decision)
{
  decision->publish = recovery->allow_duplicates;
  decision->claim = decision->publish ? recovery->previous : recovery->epoch;
  decision->claim_outboxes = decision->publish ? 0 : sum;
  return WR_OK;
}

static enum wr_code publisher_decide_absent(const struct kafka_publisher *self,
                                            const struct wr_recovery *recovery, uint64_t sum,
                                            struct decision *decision, struct wr_error *err)
{
  if (recovery->outbox_count == 0) { /* a sink that was not there, or not exactly once */
    decision->claim = recovery->epoch;
    return WR_OK;
  }
  if (recovery->is_published) {
    decision->claim = recovery->epoch;
    decision->claim_outboxes = sum;
    return WR_OK;
  }
  if (recovery->allow_duplicates || recovery->allow_gap)
    return publisher_decide_unknown(recovery, sum, decision);
  return publisher_refuse(self, recovery, PUBLISHER_HINT_EITHER, err,
                          "the consumer group '%s', which says up to where the topic '%s' was "
                          "written, does not exist any more; brokers forget it when a job stands "
                          "still for longer than offsets.retention.minutes",
                          self->transactor.id, self->transactor.topic_name);
}

static enum wr_code publisher_decide_foreign(const struct kafka_publisher *self,
                                             const struct wr_recovery *recovery, uint64_t sum,
                                             const struct marker_parts *parts,
                                             struct decision *decision, struct wr_error *err)
{
  bool is_new = recovery->outbox_count == 0;
  if (is_new && recovery->allow_duplicates) {
    decision->claim = recovery->epoch;
    return WR_OK;
  }
  if (!is_new && (recovery->allow_duplicates || recovery->allow_gap))
    return publisher_decide_unknown(recovery, sum, decision);
  const char *flags =
      is_new ? "another job has the same 'sink.transactional-id-prefix'; give this one its own, "
               "or take over with --allow-duplicates, which ends the other job's writing"
             : PUBLISHER_HINT_EITHER;
  if (parts->is_weirs)
    return publisher_refuse(self, recovery, flags, err,
                            "the consumer group '%s' belongs to the job %s, and this one is %s",
                            self->transactor.id, parts->job, self->job);
  return publisher_refuse(self, recovery, flags, err,
                          "the offset of the consumer group '%s' for partition 0 of '%s' was not "
                          "committed by Weir",
                          self->transactor.id, self->transactor.topic_name);
}

static enum wr_code publisher_decide_ahead(const struct kafka_publisher *self,
                                           const struct wr_recovery *recovery, uint64_t found,
                                           uint64_t sum, struct decision *decision,
                                           struct wr_error *err)
{
  decision->claim = recovery->epoch;
  decision->claim_outboxes = sum;
  if (recovery->allow_duplicates)
    return WR_OK;
  return publisher_refuse(self, recovery,
                          "go on from the newest state directory of this job; --allow-duplicates "
                          "goes on from this one, and writes again what it does not know of",
                          err, "the topic '%s' was already written up to epoch %" PRIu64,
                          self->transactor.topic_name, found);
}

static enum wr_code publisher_decide_gap(const struct kafka_publisher *self,
                                         const struct wr_recovery *recovery, uint64_t found,
                                         struct decision *decision, struct wr_error *err)
{
  decision->publish = true;
  decision->claim = recovery->previous;
  if (recovery->allow_gap)
    return WR_OK;
  return publisher_refuse(self, recovery,
                          "was the topic restored from a copy, or its consumer group set back? "
                          "--allow-gap goes on without the rows of the epochs in between",
                          err,
                          "the topic '%s' was only written up to epoch %" PRIu64
                          ", but should have been up to %" PRIu64,
                          self->transactor.topic_name, found, recovery->previous);
}

/* Another life made an epoch of the same number from a copy of the state, and published that. */
static enum wr_code publisher_decide_twin(const struct kafka_publisher *self,
                                          const struct wr_recovery *recovery, uint64_t sum,
                                          struct decision *decision, struct wr_error *err)
{
  if (recovery->allow_duplicates || recovery->allow_gap)
    return publisher_decide_unknown(recovery, sum, decision);
  return publisher_refuse(self, recovery, PUBLISHER_HINT_EITHER, err,
                          "an epoch of this number was published to the topic '%s', but by a job "
                          "that went on from a copy of the state directory",
                          self->transactor.topic_name);
}

static void publisher_note_anew(const struct kafka_publisher *self, uint64_t epoch)
{
  const struct wr_table_spec *spec = &self->transactor.spec;
  char message[500];
  snprintf(message, sizeof message,
           "table %s: this job has already written the topic '%s' up to epoch %" PRIu64
           ", and begins anew",
           spec->table, self->transactor.topic_name, epoch);
  if (spec->note)
    spec->note(spec->note_self, message);
}

static enum wr_code publisher_decide(const struct kafka_publisher *self,
                                     const struct wr_recovery *recovery,
                                     const struct wr_kafka_marker *found, uint64_t sum,
                                     struct decision *decision, struct wr_error *err)
{
  char text[PUBLISHER_NUMBER_DIGITS + 1];
  *decision = (struct decision){0};
  if (found->epoch == WR_KAFKA_NO_MARKER)
    return publisher_decide_absent(self, recovery, sum, decision, err);
  struct marker_parts parts = publisher_read_text(self, found);
  uint64_t epoch = (uint64_t)found->epoch;
  if (!parts.is_ours)
    return publisher_decide_foreign(self, recovery, sum, &parts, decision, err);
  if (recovery->epoch == 0) { /* it begins anew */
    if (epoch > 0)
      publisher_note_anew(self, epoch);
    return WR_OK;
  }
  if (epoch > recovery->epoch)
    return publisher_decide_ahead(self, recovery, epoch, sum, decision, err);
  if (epoch < recovery->previous)
    return publisher_decide_gap(self, recovery, epoch, decision, err);
  snprintf(text, sizeof text, "%016" PRIx64, sum);
  bool is_same = strcmp(parts.outboxes, text) == 0;
  if (epoch != recovery->previous && !(epoch == recovery->epoch && is_same))
    return publisher_decide_twin(self, recovery, sum, decision, err);
  decision->publish = epoch != recovery->epoch;
  decision->claim = epoch;
  decision->claim_outboxes = decision->publish ? strtoull(parts.outboxes, NULL, 16) : sum;
  return WR_OK;
}

/* A marker that is refused is looked at again when no transaction is open: what the last life has
 * committed may not be completed yet, as when brokers come back together with the job. One that
 * stays open is of a life that has died in the middle of it: what was there before counts. */
static enum wr_code publisher_decide_settled(struct kafka_publisher *self,
                                             const struct wr_recovery *recovery, uint64_t sum,
                                             struct decision *decision, struct wr_error *err)
{
  const struct wr_error refusal = *err;
  int64_t deadline_us = wr_monotonic_us() + self->connect_us;
  struct wr_kafka_marker found;
  enum wr_code code = wr_kafka_transactor_read_settled(&self->transactor, deadline_us, &found, err);
  if (code == WR_OK && !wr_kafka_marker_equal(&found, &self->known)) {
    self->known = found;
    return publisher_decide(self, recovery, &found, sum, decision, err);
  }
  if (code != WR_OK && !err->retry)
    return code;
  *err = refusal;
  return err->code;
}

static enum wr_code publisher_recover(struct wr_publisher *publisher,
                                      const struct wr_recovery *recovery, struct wr_error *err)
{
  struct kafka_publisher *self = (struct kafka_publisher *)publisher;
  struct wr_kafka_transactor *transactor = &self->transactor;
  struct decision decision;
  uint64_t sum;
  int64_t deadline_us = wr_monotonic_us() + self->connect_us;
  assert(recovery->previous <= recovery->epoch && recovery->epoch <= INT64_MAX);
  enum wr_code code = publisher_sum(recovery->outboxes, recovery->outbox_count, &sum, err);
  /* Looked at before as well, so that a mistake throws nobody out. */
  for (int round = 0; round < 2 && code == WR_OK; round++) {
    if (round > 0)
      code = wr_kafka_transactor_begin(transactor, deadline_us, err);
    if (code == WR_OK)
      code = wr_kafka_transactor_read(transactor, deadline_us, &self->known, err);
    if (code == WR_OK)
      code = publisher_decide(self, recovery, &self->known, sum, &decision, err);
    if (code == WR_DATA && round == 0)
      code = publisher_decide_settled(self, recovery, sum, &decision, err);
  }
  if (code != WR_OK)
    return code;
  /* From here on the group names this life, and what the transactions need is known to work. */
  struct wr_kafka_marker wanted = publisher_marker(self, decision.claim, decision.claim_outboxes);
  code = publisher_bring(self, NULL, 0, &wanted, deadline_us, err);
  if (code != WR_OK || !decision.publish)
    return code;
  return publisher_publish(publisher, recovery->epoch, recovery->outboxes, recovery->outbox_count,
                           err);
}

const struct wr_publisher_class wr_kafka_publisher = {
    .open = publisher_open,
    .recover = publisher_recover,
    .publish = publisher_publish,
    .cancel = publisher_cancel,
    .close = publisher_close,
};
