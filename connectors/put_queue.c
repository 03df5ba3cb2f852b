/* SPDX-License-Identifier: Apache-2.0 */
#include "connectors/put_queue.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connectors/put_notice.h"
#include "connectors/put_pace.h"
#include "core/arena.h"
#include "core/limits.h"
#include "core/time.h"
#include "text/json_scan.h"

#define QUEUE_DUE_NONE INT64_MAX

/* What was added between two barriers. */
struct segment {
  uint64_t epoch; /* of the barrier behind it; 0: still open */
  uint64_t waiting;
  struct segment *next;
};

struct record {
  struct record *next;                 /* in a list */
  struct record *bucket_next;          /* leaders of keys */
  struct record *behind, *behind_last; /* of a leader: the others of its key, by `next` */
  struct segment *segment;
  uint64_t key;
  int64_t added_us, due_us;
  uint32_t bytes, length, refusals;
  bool has_key;
  char json[];
};

struct list {
  struct record *first, *last;
  uint32_t count;
  uint64_t bytes;
};

/* A request, or room for one. */
struct request {
  struct wr_put_queue *queue;
  struct record **records;
  uint32_t count; /* 0: not under way */
  struct wr_buffer body;
};

struct wr_put_queue {
  struct wr_put_settings settings;
  struct list ready, resting;
  int64_t due_us;          /* of the first that has rested enough, at the earliest */
  struct record **leaders; /* by key */
  uint32_t leader_mask;
  struct segment *oldest, *open;
  uint64_t waiting, waiting_bytes; /* bytes: of memory */
  struct request *requests;
  uint32_t underway;
  struct wr_put_pace pace;
  uint64_t dice;
  struct wr_json_tape tape;
  struct wr_put_notice notice;
  bool has_failed;
  struct wr_error failure;
};

static int64_t queue_now(const struct wr_put_queue *queue)
{
  return queue->settings.transport.now_us(queue->settings.transport.self);
}

static uint64_t queue_throw(struct wr_put_queue *queue)
{
  queue->dice = queue->dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return queue->dice >> 20;
}

/* ---- lists ---- */

static void list_put_last(struct list *list, struct record *record)
{
  record->next = NULL;
  if (list->last)
    list->last->next = record;
  else
    list->first = record;
  list->last = record;
  list->count++;
  list->bytes += record->bytes;
}

static void list_put_first(struct list *list, struct record *record)
{
  record->next = list->first;
  list->first = record;
  if (!list->last)
    list->last = record;
  list->count++;
  list->bytes += record->bytes;
}

static struct record *list_take_first(struct list *list)
{
  struct record *record = list->first;
  list->first = record->next;
  if (!list->first)
    list->last = NULL;
  list->count--;
  list->bytes -= record->bytes;
  return record;
}

static void list_free(struct list *list)
{
  while (list->first) {
    struct record *record = list_take_first(list);
    for (struct record *behind = record->behind, *next; behind; behind = next) {
      next = behind->next;
      free(behind);
    }
    free(record);
  }
}

/* ---- keys ---- */

static struct record **leader_find(struct wr_put_queue *queue, uint64_t key)
{
  struct record **at = &queue->leaders[key & queue->leader_mask];
  while (*at && (*at)->key != key)
    at = &(*at)->bucket_next;
  return at;
}

/* A record with a key: stands behind others of it, or is ready. */
static void queue_place(struct wr_put_queue *queue, struct record *record)
{
  struct record **leader = record->has_key ? leader_find(queue, record->key) : NULL;
  if (leader && *leader) {
    record->next = NULL;
    if ((*leader)->behind_last)
      (*leader)->behind_last->next = record;
    else
      (*leader)->behind = record;
    (*leader)->behind_last = record;
    return;
  }
  if (leader)
    *leader = record;
  list_put_last(&queue->ready, record);
}

/* The service has it: the next of its key may go. */
static void queue_taken(struct wr_put_queue *queue, struct record *record)
{
  if (record->has_key) {
    struct record **leader = leader_find(queue, record->key), *next = record->behind;
    assert(*leader == record);
    *leader = record->bucket_next;
    if (next) {
      next->behind = next->next;
      next->behind_last = next->behind ? record->behind_last : NULL;
      next->bucket_next = *leader;
      *leader = next;
      list_put_last(&queue->ready, next);
    }
  }
  assert(record->segment->waiting > 0 && queue->waiting > 0);
  record->segment->waiting--;
  queue->waiting--;
  queue->waiting_bytes -= sizeof *record + record->length;
  free(record);
}

/* dice: one throw per answer, so that what was refused together goes together. */
static void queue_refused(struct wr_put_queue *queue, struct record *record, int64_t now_us,
                          uint64_t dice)
{
  record->due_us = now_us + wr_put_pace_rest_us(record->refusals++, dice);
  list_put_last(&queue->resting, record);
  if (record->due_us < queue->due_us)
    queue->due_us = record->due_us;
}

/* Those that have rested go before others, in their order. */
static void queue_wake(struct wr_put_queue *queue, int64_t now_us)
{
  struct list still = {0}, rested = {0};
  if (now_us < queue->due_us)
    return;
  queue->due_us = QUEUE_DUE_NONE;
  while (queue->resting.first) {
    struct record *record = list_take_first(&queue->resting);
    list_put_last(record->due_us <= now_us ? &rested : &still, record);
    if (record->due_us > now_us && record->due_us < queue->due_us)
      queue->due_us = record->due_us;
  }
  queue->resting = still;
  while (queue->ready.first)
    list_put_last(&rested, list_take_first(&queue->ready));
  queue->ready = rested;
}

/* ---- opening and closing ---- */

static void queue_add_segment(struct wr_put_queue *queue)
{
  struct segment *segment = wr_memory_get_zero(sizeof *segment);
  if (queue->open)
    queue->open->next = segment;
  else
    queue->oldest = segment;
  queue->open = segment;
}

struct wr_put_queue *wr_put_queue_new(const struct wr_put_settings *settings)
{
  struct wr_put_queue *queue = wr_memory_get_zero(sizeof *queue);
  uint32_t room = 64;
  assert(settings->batch_records && settings->requests_max && settings->records_max);
  queue->settings = *settings;
  queue->dice = settings->dice;
  queue->due_us = QUEUE_DUE_NONE;
  while (room < 2 * settings->records_max)
    room *= 2;
  queue->leaders = wr_memory_get_zero(room * sizeof(struct record *));
  queue->leader_mask = room - 1;
  queue->requests = wr_memory_get_zero(settings->requests_max * sizeof *queue->requests);
  for (uint32_t i = 0; i < settings->requests_max; i++) {
    queue->requests[i].queue = queue;
    queue->requests[i].records =
        wr_memory_get_zero(settings->batch_records * sizeof(struct record *));
  }
  queue->notice = (struct wr_put_notice){.table = settings->table,
                                         .service = settings->protocol->service,
                                         .note = settings->note,
                                         .note_self = settings->note_self,
                                         .calm_us = queue_now(queue)};
  queue_add_segment(queue);
  return queue;
}

void wr_put_queue_free(struct wr_put_queue *queue)
{
  for (uint32_t i = 0; i < queue->settings.requests_max; i++) {
    struct request *request = &queue->requests[i];
    for (uint32_t r = 0; r < request->count; r++)
      list_put_last(&queue->ready, request->records[r]);
    wr_buffer_free(&request->body);
    free(request->records);
  }
  list_free(&queue->ready);
  list_free(&queue->resting);
  for (struct segment *segment = queue->oldest, *next; segment; segment = next) {
    next = segment->next;
    free(segment);
  }
  wr_json_tape_free(&queue->tape);
  free(queue->requests);
  free(queue->leaders);
  free(queue);
}

/* ---- answers ---- */

static void queue_fail(struct wr_put_queue *queue, const struct wr_error *failure)
{
  if (!queue->has_failed)
    queue->failure = *failure;
  queue->has_failed = true;
}

/* Error codes that say: not so fast. */
static bool error_is_throttling(const char *error, size_t length)
{
  static const char *const words[] = {"Throughput",         "Throttl",
                                      "LimitExceeded",      "SlowDown",
                                      "ServiceUnavailable", "TooManyRequests"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (memmem(error, length, words[i], strlen(words[i])))
      return true;
  return false;
}

/* When the record was added that waits longest. Behind others of their key are none. */
static int64_t queue_oldest_us(const struct wr_put_queue *queue, int64_t now_us)
{
  const struct record *const firsts[] = {queue->ready.first, queue->resting.first};
  int64_t oldest_us = now_us;
  for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++)
    for (const struct record *record = firsts[i]; record; record = record->next)
      oldest_us = record->added_us < oldest_us ? record->added_us : oldest_us;
  for (uint32_t i = 0; i < queue->settings.requests_max; i++)
    for (uint32_t r = 0; r < queue->requests[i].count; r++) {
      int64_t added_us = queue->requests[i].records[r]->added_us;
      oldest_us = added_us < oldest_us ? added_us : oldest_us;
    }
  return oldest_us;
}

static void queue_remind(struct wr_put_queue *queue, int64_t now_us)
{
  const struct wr_put_transport *transport = &queue->settings.transport;
  if (wr_put_notice_is_due(&queue->notice, queue->waiting, now_us))
    wr_put_notice_remind(&queue->notice, queue->waiting, queue_oldest_us(queue, now_us),
                         transport->trouble(transport->self), now_us);
}

static void queue_fail_record(struct wr_put_queue *queue, const char *error, size_t length,
                              uint32_t node)
{
  struct wr_buffer text = {0};
  struct wr_error failure;
  wr_error_clear(&failure);
  uint32_t message = wr_json_member(&queue->tape, node, "ErrorMessage", strlen("ErrorMessage"));
  if (message && queue->tape.nodes[message].kind == WR_JSON_STRING)
    wr_json_put_string(&queue->tape, message, &text);
  wr_fail(&failure, WR_CONNECTION, "table %s: a record was refused: %.*s: %s",
          queue->settings.table, (int)length, error, wr_buffer_string(&text));
  wr_buffer_free(&text);
  queue_fail(queue, &failure);
}

/* One record's entry; true: it was taken. *throttled: not so fast. */
static bool answer_entry(struct wr_put_queue *queue, uint32_t node, int64_t now_us, bool *throttled)
{
  const struct wr_json_tape *tape = &queue->tape;
  uint32_t error = tape->nodes[node].kind == WR_JSON_OBJECT
                       ? wr_json_member(tape, node, "ErrorCode", strlen("ErrorCode"))
                       : 0;
  if (!error || tape->nodes[error].kind != WR_JSON_STRING)
    return true;
  const char *text = tape->bytes + tape->nodes[error].first;
  size_t length = tape->nodes[error].end - tape->nodes[error].first;
  *throttled = error_is_throttling(text, length);
  wr_put_notice_refuse(&queue->notice, text, length, now_us);
  if (!*throttled && queue->settings.fails_on_errors)
    queue_fail_record(queue, text, length, node);
  return false;
}

/* Who was taken; false: the answer does not say it. */
static bool answer_read(struct request *request, const struct wr_slice *body, int64_t now_us)
{
  struct wr_put_queue *queue = request->queue;
  struct wr_json_tape *tape = &queue->tape;
  const char *name = queue->settings.protocol->results;
  if (!wr_json_scan(tape, body->bytes, body->length) || tape->nodes[0].kind != WR_JSON_OBJECT)
    return false;
  uint32_t list = wr_json_member(tape, 0, name, strlen(name)), refused = 0;
  if (!list || tape->nodes[list].kind != WR_JSON_ARRAY ||
      tape->nodes[list].length != request->count)
    return false;
  uint32_t at = wr_json_first(list), count = request->count;
  uint64_t dice = queue_throw(queue);
  request->count = 0;
  for (uint32_t i = 0; i < count; i++, at = tape->nodes[at].next) {
    bool throttled = false;
    if (answer_entry(queue, at, now_us, &throttled))
      queue_taken(queue, request->records[i]);
    else
      queue_refused(queue, request->records[i], now_us, dice);
    refused += throttled;
  }
  wr_put_pace_learn(&queue->pace, count, refused, now_us);
  wr_put_notice_tell(&queue->notice, queue->waiting, now_us);
  return true;
}

/* The transport's words, and which table it is about. */
static void queue_name_failure(const struct wr_put_queue *queue, const struct wr_aws_result *result,
                               struct wr_error *failure)
{
  struct wr_error cause;
  wr_error_clear(&cause);
  queue->settings.transport.fail(queue->settings.transport.self, result, &cause);
  wr_fail(failure, result->code, "table %s: %s", queue->settings.table, cause.message);
  failure->retry = cause.retry;
  if (cause.hint[0])
    wr_hint(failure, "%s", cause.hint);
}

static void request_on_done(void *self, const struct wr_aws_result *result)
{
  struct request *request = self;
  struct wr_put_queue *queue = request->queue;
  int64_t now_us = queue_now(queue);
  struct wr_error failure;
  queue->underway--;
  if (result->code == WR_OK && answer_read(request, &result->body, now_us))
    return;
  uint32_t count = request->count;
  wr_error_clear(&failure);
  if (result->code == WR_OK)
    wr_fail(&failure, WR_CONNECTION,
            "table %s: an answer to %s does not say what became of %u "
            "records",
            queue->settings.table, queue->settings.protocol->target, count);
  else
    queue_name_failure(queue, result, &failure);
  uint64_t dice = queue_throw(queue);
  request->count = 0;
  for (uint32_t i = 0; i < count; i++)
    queue_refused(queue, request->records[i], now_us, dice);
  if (!result->retry) {
    queue_fail(queue, &failure);
    return;
  }
  wr_put_pace_learn(&queue->pace, count, count, now_us);
  wr_put_notice_refuse(&queue->notice, result->error, strlen(result->error), now_us);
  wr_put_notice_tell(&queue->notice, queue->waiting, now_us);
}

/* ---- requests ---- */

static struct request *queue_find_room(struct wr_put_queue *queue)
{
  for (uint32_t i = 0; i < queue->settings.requests_max; i++)
    if (queue->requests[i].count == 0)
      return &queue->requests[i];
  return NULL;
}

/* Whether the ready ones are to leave now, without waiting for more. */
static bool queue_wants(const struct wr_put_queue *queue, int64_t now_us)
{
  const struct wr_put_settings *settings = &queue->settings;
  if (queue->ready.count == 0)
    return false;
  return queue->ready.count >= settings->batch_records ||
         queue->ready.bytes >= settings->batch_bytes || queue->underway == 0 ||
         queue->notice.hurries ||
         queue->waiting > queue->open->waiting || /* a barrier is behind some */
         now_us - queue->ready.first->added_us >= settings->linger_us;
}

static enum wr_code queue_start(struct wr_put_queue *queue, struct request *request,
                                uint32_t records_max, struct wr_error *err)
{
  const struct wr_put_settings *settings = &queue->settings;
  size_t bytes = 0;
  request->body.length = 0;
  wr_buffer_put_string(&request->body, settings->head);
  while (queue->ready.first && request->count < records_max &&
         (request->count == 0 || bytes + queue->ready.first->bytes <= settings->batch_bytes)) {
    struct record *record = list_take_first(&queue->ready);
    if (request->count)
      wr_buffer_put_char(&request->body, ',');
    wr_buffer_put(&request->body, record->json, record->length);
    bytes += record->bytes;
    request->records[request->count++] = record;
  }
  wr_buffer_put_string(&request->body, "]}");
  wr_put_pace_sent(&queue->pace, request->count);
  queue->underway++;
  const struct wr_aws_request sent = {.target = settings->protocol->target,
                                      .body = request->body.bytes,
                                      .body_length = request->body.length,
                                      .attempts_max = UINT32_MAX,
                                      .own_throttling = true,
                                      .done = request_on_done,
                                      .self = request};
  enum wr_code code = settings->transport.start(settings->transport.self, &sent, err);
  if (code == WR_OK)
    return WR_OK;
  queue->underway--;
  while (request->count)
    list_put_first(&queue->ready, request->records[--request->count]);
  queue_fail(queue, err);
  return code;
}

static enum wr_code queue_send(struct wr_put_queue *queue, struct wr_error *err)
{
  const struct wr_put_settings *settings = &queue->settings;
  int64_t now_us = queue_now(queue);
  enum wr_code code = WR_OK;
  queue_wake(queue, now_us);
  while (code == WR_OK && queue->underway < settings->requests_max && queue_wants(queue, now_us)) {
    uint32_t allowed = wr_put_pace_allows(&queue->pace, settings->batch_records, now_us);
    if (allowed == 0)
      break;
    code = queue_start(queue, queue_find_room(queue), allowed, err);
  }
  return code;
}

/* ---- what writers call ---- */

enum wr_code wr_put_queue_add(struct wr_put_queue *queue, const struct wr_put_record *record,
                              struct wr_error *err)
{
  struct record *added = wr_memory_get(sizeof *added + record->json_length);
  *added = (struct record){.segment = queue->open,
                           .key = record->key,
                           .has_key = record->has_key,
                           .bytes = record->bytes,
                           .length = record->json_length,
                           .added_us = queue_now(queue)};
  memcpy(added->json, record->json, record->json_length);
  if (queue->waiting == 0)
    wr_put_notice_fill(&queue->notice, added->added_us);
  queue->open->waiting++;
  queue->waiting++;
  queue->waiting_bytes += sizeof *added + added->length;
  queue_place(queue, added);
  if (queue->ready.count < queue->settings.batch_records &&
      queue->ready.bytes < queue->settings.batch_bytes)
    return WR_OK;
  return queue->underway < queue->settings.requests_max ? queue_send(queue, err) : WR_OK;
}

bool wr_put_queue_is_full(const struct wr_put_queue *queue)
{
  return queue->waiting >= queue->settings.records_max ||
         queue->waiting_bytes >= WR_PUT_WAITING_BYTES_MAX;
}

/* No longer than until something is due. */
static int queue_wait_ms(const struct wr_put_queue *queue, int wait_ms)
{
  int64_t until_us = queue->due_us;
  if (queue->pace.limit > 0 && queue->ready.count)
    until_us = queue_now(queue) + 10 * WR_US_PER_MS;
  if (until_us == QUEUE_DUE_NONE)
    return wait_ms;
  int64_t left_ms = (until_us - queue_now(queue) + WR_US_PER_MS - 1) / WR_US_PER_MS;
  return left_ms < 0 ? 0 : left_ms < wait_ms ? (int)left_ms : wait_ms;
}

enum wr_code wr_put_queue_work(struct wr_put_queue *queue, int wait_ms, struct wr_error *err)
{
  const struct wr_put_transport *transport = &queue->settings.transport;
  enum wr_code code = queue->has_failed ? WR_OK : queue_send(queue, err);
  if (code == WR_OK) {
    transport->pump(transport->self, queue_wait_ms(queue, wait_ms));
    code = queue->has_failed ? WR_OK : queue_send(queue, err);
    queue_remind(queue, queue_now(queue));
  }
  if (!queue->has_failed)
    return code;
  *err = queue->failure;
  return err->code;
}

void wr_put_queue_barrier(struct wr_put_queue *queue, uint64_t epoch)
{
  assert(epoch > 0);
  queue->open->epoch = epoch;
  queue_add_segment(queue);
}

bool wr_put_queue_has_settled(struct wr_put_queue *queue, uint64_t epoch)
{
  while (queue->oldest != queue->open && queue->oldest->waiting == 0) {
    struct segment *segment = queue->oldest;
    queue->oldest = segment->next;
    free(segment);
  }
  return queue->oldest == queue->open || queue->oldest->epoch > epoch;
}

void wr_put_queue_hurry(struct wr_put_queue *queue)
{
  wr_put_notice_hurry(&queue->notice, queue_now(queue));
}

uint64_t wr_put_queue_waiting(const struct wr_put_queue *queue)
{
  return queue->waiting;
}

/* ---- over a client ---- */

static enum wr_code aws_start(void *self, const struct wr_aws_request *request,
                              struct wr_error *err)
{
  return wr_aws_start(self, request, NULL, err);
}

static uint32_t aws_pump(void *self, int wait_ms)
{
  return wr_aws_pump(self, wait_ms);
}

static enum wr_code aws_fail(void *self, const struct wr_aws_result *result, struct wr_error *err)
{
  return wr_aws_fail(self, NULL, result, err);
}

static const char *aws_trouble(void *self)
{
  return wr_aws_trouble(self);
}

static int64_t aws_now(void *self)
{
  (void)self;
  return wr_monotonic_us();
}

struct wr_put_transport wr_put_transport_aws(struct wr_aws *aws)
{
  return (struct wr_put_transport){.self = aws,
                                   .start = aws_start,
                                   .pump = aws_pump,
                                   .fail = aws_fail,
                                   .now_us = aws_now,
                                   .trouble = aws_trouble};
}
