/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records on their way to a service that takes what it likes: batches, order, resending, rates. The
 * service is made up, and so is its clock, which only moves while the queue waits. A record is
 * {"k":key,"n":number}; the service notes what it takes, in the order in which it does.
 */
#include "connectors/put_queue.h"

#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "tests/unit/check.h"
#include "text/json_scan.h"

enum { KEYS = 50, RECORDS = 3000, UNDERWAY_MAX = 32 };
#define MS INT64_C(1000)

struct call {
  struct wr_aws_request request;
  int64_t due_us;
  bool is_open;
};

struct service {
  int64_t now_us;
  uint64_t dice;
  struct call calls[UNDERWAY_MAX];
  uint32_t underway, most_underway, requests, records_most;
  size_t bytes_most;
  /* in percent: records that are refused, requests that are refused as a whole */
  uint32_t refuses, throttles;
  const char *refusal; /* "ProvisionedThroughputExceededException" */
  const char *fails;   /* error code of every request, which is final */
  bool is_silent;      /* its answers say nothing about records */
  uint32_t rate;       /* records that it takes per second, on average; 0: any number */
  double allowance;
  int64_t allowance_us;
  /* what it has taken */
  uint32_t next[KEYS]; /* numbers of a key begin with 0 */
  uint32_t taken, refused, out_of_order;
  struct wr_json_tape tape;
  int64_t slow_us; /* more that it needs for an answer */
  const char *trouble;
  char notes[1200];
};

static uint32_t service_throw(struct service *self, uint32_t below)
{
  self->dice = self->dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(self->dice >> 33) % below;
}

static enum wr_code service_start(void *service, const struct wr_aws_request *request,
                                  struct wr_error *err)
{
  struct service *self = service;
  (void)err;
  uint32_t i = 0;
  while (i < UNDERWAY_MAX && self->calls[i].is_open)
    i++;
  CU_ASSERT_FATAL(i < UNDERWAY_MAX);
  self->calls[i] =
      (struct call){.request = *request,
                    .due_us = self->now_us + 5 * MS + service_throw(self, 20000) + self->slow_us,
                    .is_open = true};
  self->requests++;
  self->underway++;
  if (self->underway > self->most_underway)
    self->most_underway = self->underway;
  return WR_OK;
}

static bool service_takes(struct service *self)
{
  if (self->refuses && service_throw(self, 100) < self->refuses)
    return false;
  if (!self->rate)
    return true;
  self->allowance += (double)self->rate * (double)(self->now_us - self->allowance_us) / 1e6;
  self->allowance_us = self->now_us;
  if (self->allowance > self->rate / 5.0) /* a fifth of a second's */
    self->allowance = self->rate / 5.0;
  if (self->allowance < 1)
    return false;
  self->allowance -= 1;
  return true;
}

static int64_t service_number(const struct wr_json_tape *tape, uint32_t object, const char *name)
{
  uint32_t node = wr_json_member(tape, object, name, 1);
  int64_t number = 0;
  for (uint32_t i = node ? tape->nodes[node].first : 0; node && i < tape->nodes[node].end; i++)
    number = 10 * number + (tape->bytes[i] - '0');
  return node ? number : -1;
}

/* Takes what it likes and writes an entry for every record. */
static void service_handle(struct service *self, const struct call *call, struct wr_buffer *answer)
{
  const struct wr_json_tape *tape = &self->tape;
  CU_ASSERT_FATAL(wr_json_scan(&self->tape, call->request.body, call->request.body_length));
  uint32_t list = wr_json_member(tape, 0, "Records", 7), at = wr_json_first(list), count;
  CU_ASSERT_FATAL(list != 0);
  count = tape->nodes[list].length;
  self->records_most = count > self->records_most ? count : self->records_most;
  wr_buffer_put_string(answer, "{\"FailedRecordCount\":0,\"Records\":[");
  for (uint32_t i = 0; i < count && !self->is_silent; i++, at = tape->nodes[at].next) {
    int64_t key = service_number(tape, at, "k"), number = service_number(tape, at, "n");
    bool takes = service_takes(self);
    if (takes) {
      self->out_of_order += self->next[key] != (uint32_t)number;
      self->next[key] = (uint32_t)number + 1;
      self->taken++;
    } else {
      self->refused++;
    }
    wr_buffer_print(answer,
                    takes ? "%s{\"SequenceNumber\":\"1\",\"ErrorCode\":null}"
                          : "%s{\"ErrorCode\":\"%s\",\"ErrorMessage\":\"no\"}",
                    i ? "," : "", self->refusal);
  }
  wr_buffer_put_string(answer, "]}");
}

static void service_answer(struct service *self, struct call *call)
{
  struct wr_buffer answer = {0};
  struct wr_aws_result result = {.error = "", .message = "", .status = 200};
  bool throttles = self->throttles && service_throw(self, 100) < self->throttles;
  if (self->fails)
    result = (struct wr_aws_result){
        .code = WR_IO, .status = 400, .error = self->fails, .message = "it is not there"};
  else if (throttles)
    result = (struct wr_aws_result){.code = WR_CONNECTION,
                                    .retry = true,
                                    .status = 400,
                                    .error = "ThrottlingException",
                                    .message = "not so fast"};
  else
    service_handle(self, call, &answer);
  result.body = (struct wr_slice){answer.bytes, (uint32_t)answer.length};
  call->is_open = false;
  self->underway--;
  call->request.done(call->request.self, &result);
  wr_buffer_free(&answer);
}

static uint32_t service_pump(void *service, int wait_ms)
{
  struct service *self = service;
  int64_t until_us = self->now_us + wait_ms * MS;
  for (;;) {
    struct call *first = NULL;
    for (uint32_t i = 0; i < UNDERWAY_MAX; i++)
      if (self->calls[i].is_open && (!first || self->calls[i].due_us < first->due_us))
        first = &self->calls[i];
    if (!first || first->due_us > until_us)
      break;
    self->now_us = first->due_us > self->now_us ? first->due_us : self->now_us;
    service_answer(self, first);
    return self->underway;
  }
  self->now_us = until_us;
  return self->underway;
}

static enum wr_code service_fail(void *service, const struct wr_aws_result *result,
                                 struct wr_error *err)
{
  (void)service;
  return wr_fail(err, result->code, "%s: %s", result->error, result->message);
}

static int64_t service_now(void *service)
{
  return ((struct service *)service)->now_us;
}

static const char *service_trouble(void *service)
{
  const struct service *self = service;
  return self->trouble ? self->trouble : "";
}

static void service_note(void *service, const char *message)
{
  struct service *self = service;
  size_t length = strlen(self->notes);
  snprintf(self->notes + length, sizeof self->notes - length, "%s\n", message);
}

static const struct wr_put_protocol protocol = {"T.Put", "Records", "the stream"};

static struct wr_put_settings settings_of(struct service *service)
{
  *service = (struct service){.now_us = 1000 * MS, .dice = 7, .refusal = "InternalFailure"};
  return (struct wr_put_settings){.table = "t",
                                  .protocol = &protocol,
                                  .transport = {service, service_start, service_pump, service_fail,
                                                service_now, service_trouble},
                                  .head = "{\"Records\":[",
                                  .batch_records = 100,
                                  .requests_max = 8,
                                  .records_max = 1000,
                                  .batch_bytes = 5000,
                                  .linger_us = 100 * MS,
                                  .note = service_note,
                                  .note_self = service};
}

/* Waits while there is no room, as writers do. */
static enum wr_code queue_put(struct wr_put_queue *queue, uint32_t key, uint32_t number,
                              bool has_key, struct wr_error *err)
{
  char json[64];
  int length = snprintf(json, sizeof json, "{\"k\":%u,\"n\":%u}", key, number);
  struct wr_put_record record = {json, (uint32_t)length, 60, has_key, key};
  enum wr_code code = WR_OK;
  while (code == WR_OK && wr_put_queue_is_full(queue))
    code = wr_put_queue_work(queue, 100, err);
  return code == WR_OK ? wr_put_queue_add(queue, &record, err) : code;
}

static enum wr_code queue_finish(struct wr_put_queue *queue, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  wr_put_queue_hurry(queue);
  while (code == WR_OK && wr_put_queue_waiting(queue) > 0)
    code = wr_put_queue_work(queue, 100, err);
  return code;
}

static void service_close(struct service *service, struct wr_put_queue *queue)
{
  wr_put_queue_free(queue);
  wr_json_tape_free(&service->tape);
}

/* ---- tests */

/* Whatever is refused: every record once, those of a key in their order, and never more under way,
 * in a request or in bytes than allowed. */
static void everything_once_in_order(void)
{
  static const struct {
    uint32_t requests_max, keys, refuses, throttles;
    const char *refusal;
  } rows[] = {
      {1, KEYS, 0, 0, "InternalFailure"},
      {8, KEYS, 0, 0, "InternalFailure"},
      {8, KEYS, 10, 0, "InternalFailure"},
      {16, 3, 30, 0, "InternalFailure"},
      {16, KEYS, 60, 20, "InternalFailure"},
      {8, KEYS, 20, 50, "InternalFailure"},
      {4, 1, 20, 10, "ProvisionedThroughputExceededException"},
      {16, KEYS, 5, 0, "ProvisionedThroughputExceededException"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct service service;
    struct wr_put_settings settings = settings_of(&service);
    struct wr_error err;
    uint32_t numbers[KEYS] = {0};
    settings.requests_max = rows[i].requests_max;
    settings.batch_records = 20;
    service.refuses = rows[i].refuses;
    service.throttles = rows[i].throttles;
    service.refusal = rows[i].refusal;
    struct wr_put_queue *queue = wr_put_queue_new(&settings);
    for (uint32_t r = 0; r < RECORDS; r++) {
      uint32_t key = service_throw(&service, rows[i].keys);
      CU_ASSERT_EQUAL(queue_put(queue, key, numbers[key]++, true, &err), WR_OK);
    }
    CU_ASSERT_EQUAL(queue_finish(queue, &err), WR_OK);
    WR_CHECK(service.taken == RECORDS && service.out_of_order == 0,
             "row %u: %u taken, %u out of order", (unsigned)i, service.taken, service.out_of_order);
    WR_CHECK(service.most_underway <= rows[i].requests_max && service.records_most <= 20,
             "row %u: %u under way, %u records", (unsigned)i, service.most_underway,
             service.records_most);
    if (rows[i].keys == KEYS && rows[i].requests_max > 1)
      CU_ASSERT(service.most_underway > 1);
    service_close(&service, queue);
  }
}

/* The same check finds what happens without keys. */
static void without_keys_order_is_nobodys(void)
{
  struct service service;
  struct wr_put_settings settings = settings_of(&service);
  struct wr_error err;
  service.refuses = 10;
  struct wr_put_queue *queue = wr_put_queue_new(&settings);
  for (uint32_t r = 0; r < RECORDS; r++)
    CU_ASSERT_EQUAL(queue_put(queue, 0, r, false, &err), WR_OK);
  CU_ASSERT_EQUAL(queue_finish(queue, &err), WR_OK);
  CU_ASSERT_EQUAL(service.taken, RECORDS);
  CU_ASSERT(service.out_of_order > 0);
  service_close(&service, queue);
}

/* An epoch settles when all before its barrier is taken, whatever is behind it; a barrier sends
 * what would else wait for company. */
static void epochs(void)
{
  struct service service;
  struct wr_put_settings settings = settings_of(&service);
  struct wr_error err;
  service.refuses = 50;
  settings.linger_us = INT64_MAX / 4;
  struct wr_put_queue *queue = wr_put_queue_new(&settings);
  CU_ASSERT(wr_put_queue_has_settled(queue, 1));
  for (uint32_t epoch = 1; epoch <= 20; epoch++) {
    for (uint32_t r = 0; r < 15; r++)
      CU_ASSERT_EQUAL(queue_put(queue, r % 5, epoch * 3 + r / 5 - 3, true, &err), WR_OK);
    wr_put_queue_barrier(queue, epoch);
    CU_ASSERT_EQUAL(queue_put(queue, KEYS - 1, epoch - 1, true, &err), WR_OK);
    CU_ASSERT_FALSE(wr_put_queue_has_settled(queue, epoch));
    uint32_t rounds = 0;
    while (!wr_put_queue_has_settled(queue, epoch) && ++rounds < 1000)
      CU_ASSERT_EQUAL(wr_put_queue_work(queue, 10, &err), WR_OK);
    WR_CHECK(rounds < 1000, "epoch %u does not settle", epoch);
    for (uint32_t key = 0; key < 5; key++)
      CU_ASSERT_EQUAL(service.next[key], 3 * epoch);
  }
  CU_ASSERT_EQUAL(queue_finish(queue, &err), WR_OK);
  CU_ASSERT_EQUAL(service.next[KEYS - 1], 20);
  service_close(&service, queue);
}

/* Alone a record leaves at once; others wait for a full request or the time while one is under way.
 */
static void company(void)
{
  struct service service;
  struct wr_put_settings settings = settings_of(&service);
  struct wr_error err;
  struct wr_put_queue *queue = wr_put_queue_new(&settings);
  queue_put(queue, 0, 0, false, &err);
  CU_ASSERT_EQUAL(wr_put_queue_work(queue, 0, &err), WR_OK);
  CU_ASSERT_EQUAL(service.requests, 1);
  service.calls[0].due_us += 1000 * MS;
  for (uint32_t r = 1; r < 50; r++)
    queue_put(queue, 0, r, false, &err);
  wr_put_queue_work(queue, 50, &err);
  CU_ASSERT_EQUAL(service.requests, 1);
  wr_put_queue_work(queue, 60, &err);
  wr_put_queue_work(queue, 0, &err);
  CU_ASSERT_EQUAL(service.requests, 2); /* the time is over */
  for (uint32_t r = 50; r < 50 + 5000 / 60 + 1; r++)
    queue_put(queue, 0, r, false, &err);
  CU_ASSERT_EQUAL(service.requests, 3); /* bytes enough */
  CU_ASSERT_EQUAL(queue_finish(queue, &err), WR_OK);
  CU_ASSERT_EQUAL(service.taken, 50 + 5000 / 60 + 1);
  service_close(&service, queue);
}

/* A service that takes so many records a second gets about as many, and few that it refuses. The
 * user hears of it. */
static void rates_are_learnt(void)
{
  static const uint32_t rates[] = {100, 1000, 5000};
  for (size_t i = 0; i < WR_COUNT(rates); i++) {
    struct service service;
    struct wr_put_settings settings = settings_of(&service);
    struct wr_error err;
    uint32_t count = 30 * rates[i], number = 0;
    service.rate = rates[i];
    service.refusal = "ProvisionedThroughputExceededException";
    settings.batch_bytes = 1 << 20;
    struct wr_put_queue *queue = wr_put_queue_new(&settings);
    int64_t began_us = service.now_us;
    for (uint32_t r = 0; r < count; r++)
      CU_ASSERT_EQUAL(queue_put(queue, 0, number++, false, &err), WR_OK);
    CU_ASSERT_EQUAL(queue_finish(queue, &err), WR_OK);
    double seconds = (double)(service.now_us - began_us) / 1e6;
    WR_CHECK(seconds < 40, "%u records/s: %.1f s for 30 s of records", rates[i], seconds);
    WR_CHECK(service.refused < count / 2 + 2500,
             /* until it is known */ "%u records/s: %u of %u refused", rates[i], service.refused,
             count);
    WR_CHECK(strstr(service.notes, "refuses records (ProvisionedThroughputExceededException)") !=
                 NULL,
             "%u records/s: %s", rates[i], service.notes);
    service_close(&service, queue);
  }
}

/* Whoever waits long hears of it now and then, and why; at the end soon. */
static void waiting_is_told(void)
{
  static const struct {
    int64_t slow_s;
    const char *trouble;
    uint32_t work_s;
    const char *notes;
  } rows[] = {
      {20, NULL, 50, ""},
      {10, NULL, 1, "table t: 2 records wait to be taken by the stream\n"},
      {38, NULL, 35,
       "table t: the stream takes long: 2 records wait since 30 s\n"
       "table t: 2 records wait to be taken by the stream\n"},
      {1000, "x is away", 120,
       "table t: the stream takes long: 2 records wait since 30 s (x is away)\n"
       "table t: the stream takes long: 2 records wait since 90 s (x is away)\n"
       "table t: 2 records wait to be taken by the stream (x is away)\n"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct service service;
    struct wr_put_settings settings = settings_of(&service);
    struct wr_error err;
    service.slow_us = rows[i].slow_s * 1000 * MS;
    service.trouble = rows[i].trouble;
    struct wr_put_queue *queue = wr_put_queue_new(&settings);
    queue_put(queue, 0, 0, false, &err);
    queue_put(queue, 1, 0, false, &err);
    for (uint32_t s = 0; s < 10 * rows[i].work_s; s++)
      wr_put_queue_work(queue, 100, &err);
    wr_put_queue_hurry(queue);
    for (uint32_t s = 0; s < 30; s++)
      wr_put_queue_work(queue, 100, &err);
    WR_CHECK(strcmp(service.notes, rows[i].notes) == 0, "%zu: %s", i, service.notes);
    service_close(&service, queue);
  }
}

/* What will not pass is an error, told once more with every call. */
static void failures(void)
{
  static const struct {
    const char *fails, *refusal;
    bool is_silent, fails_on_errors;
    const char *part;
  } rows[] = {
      {"ResourceNotFoundException", "", false, false, "it is not there"},
      {NULL, "", true, false, "does not say what became of"},
      {NULL, "KMSDisabledException", false, true, "a record was refused: KMSDisabledException: no"},
      {NULL, "KMSDisabledException", false, false, NULL},
      {NULL, "ProvisionedThroughputExceededException", false, true, NULL},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct service service;
    struct wr_put_settings settings = settings_of(&service);
    struct wr_error err;
    settings.fails_on_errors = rows[i].fails_on_errors;
    service.fails = rows[i].fails;
    service.is_silent = rows[i].is_silent;
    service.refuses = 50;
    service.refusal = rows[i].refusal;
    struct wr_put_queue *queue = wr_put_queue_new(&settings);
    for (uint32_t r = 0; r < 30; r++)
      CU_ASSERT_EQUAL(queue_put(queue, r, 0, true, &err), WR_OK);
    enum wr_code code = queue_finish(queue, &err);
    CU_ASSERT_EQUAL(code == WR_OK, rows[i].part == NULL);
    if (rows[i].part) {
      WR_CHECK(strstr(err.message, rows[i].part) != NULL, "row %u: %s", (unsigned)i, err.message);
      CU_ASSERT_EQUAL(wr_put_queue_work(queue, 0, &err), code);
    }
    service_close(&service, queue);
  }
}

static const struct wr_test tests[] = {
    {"everything_once_in_order", everything_once_in_order},
    {"without_keys_order_is_nobodys", without_keys_order_is_nobodys},
    {"epochs", epochs},
    {"company", company},
    {"rates_are_learnt", rates_are_learnt},
    {"waiting_is_told", waiting_is_told},
    {"failures", failures},
    {NULL, NULL},
};

const struct wr_suite wr_suite_put_queue = {"put_queue", tests};
