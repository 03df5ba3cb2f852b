/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. */
#include "connectors/s3_complete.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/time.h"

#define COMPLETE_TIMEOUT_US   (10 * WR_US_PER_MINUTE) /* S3 may put thousands of parts together */
#define COMPLETE_FLYING_MAX   16
#define COMPLETE_REFUSALS_MAX 8                    /* that come with status 200 */
#define COMPLETE_REST_US      (100 * WR_US_PER_MS) /* behind the first of them; then twice as long */
#define COMPLETE_WAIT_MS      100

static int64_t complete_now_us(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * WR_US_PER_SECOND + now.tv_nsec / 1000;
}

/* ---- one request */

const char *wr_s3_escape(struct wr_arena *arena, const char *text)
{
  size_t length = strlen(text), size = 3 * length + 1;
  char *out = wr_arena_get(arena, size);
  wr_http_escape(text, length, false, out, size);
  return out;
}

static const char *result_header(const struct wr_aws_result *result, const char *name)
{
  for (uint32_t i = 0; i < result->header_count; i++)
    if (strcmp(result->headers[i].name, name) == 0)
      return result->headers[i].value;
  return "";
}

static const char *answer_copy(struct wr_arena *arena, const char *text)
{
  return wr_arena_copy(arena, text, strlen(text));
}

static void answer_take(const struct wr_s3_completer *completer, const struct wr_aws_result *result,
                        struct wr_arena *arena, struct wr_s3_answer *out)
{
  *out = (struct wr_s3_answer){.code = result->code, .status = result->status};
  out->error = answer_copy(arena, result->error);
  out->job = answer_copy(arena, result_header(result, WR_S3_META_JOB));
  out->body =
      wr_arena_copy(arena, result->body.bytes ? result->body.bytes : "", result->body.length);
  out->length = result->body.length;
  if (result->code != WR_OK)
    wr_aws_fail(completer->aws, NULL, result, &out->cause);
}

struct ask {
  const struct wr_s3_completer *completer;
  struct wr_arena *arena;
  struct wr_s3_answer *answer;
  bool is_done;
};

static void ask_on_answer(void *self, const struct wr_aws_result *result)
{
  struct ask *ask = self;
  answer_take(ask->completer, result, ask->arena, ask->answer);
  ask->is_done = true;
}

static enum wr_code fail_cancelled(const struct wr_s3_completer *completer, struct wr_error *err)
{
  return wr_fail(err, WR_STOPPED, "table %s: stopped before all of the epoch was published",
                 completer->table);
}

enum wr_code wr_s3_ask(struct wr_s3_completer *completer, struct wr_aws_request *request,
                       struct wr_arena *arena, struct wr_s3_answer *out, struct wr_error *err)
{
  struct ask ask = {.completer = completer, .arena = arena, .answer = out};
  struct wr_aws_call *call;
  request->attempts_max = completer->is_patient ? UINT32_MAX : 0;
  request->timeout_us = COMPLETE_TIMEOUT_US;
  request->done = ask_on_answer;
  request->self = &ask;
  enum wr_code code = wr_aws_start(completer->aws, request, &call, err);
  while (code == WR_OK && !ask.is_done) {
    wr_aws_pump(completer->aws, COMPLETE_WAIT_MS);
    if (ask.is_done || !atomic_load(&completer->is_cancelled))
      continue;
    wr_aws_cancel(call);
    code = fail_cancelled(completer, err);
  }
  return code;
}

enum wr_code wr_s3_ask_fail(const struct wr_s3_completer *completer,
                            const struct wr_s3_answer *answer, const char *what, const char *key,
                            struct wr_error *err)
{
  const struct wr_error cause = answer->cause;
  wr_fail(err, cause.code, "table %s cannot %s s3://%s/%s: %s", completer->table, what,
          completer->bucket, key, cause.message);
  err->retry = cause.retry;
  return err->code;
}

/* ---- what is learned of an upload */

/* The request of an item on its way. */
struct flight {
  struct flights *flights;
  struct wr_s3_item *item; /* NULL: there is none */
  struct wr_aws_call *call;
  char *body; /* lent to it */
};

struct flights {
  struct wr_s3_completer *completer;
  struct flight slots[COMPLETE_FLYING_MAX];
  uint32_t count;
  struct wr_error failure;
};

/* A page of parts: they have to be those that were sent, in their order. */
static void item_take_parts(struct flights *flights, struct wr_s3_item *item,
                            const struct wr_s3_answer *answer)
{
  const struct wr_s3_entry *entry = &item->entry;
  struct wr_s3_parts parts;
  if (!wr_s3_parts_parse(answer->body, answer->length, item->arena, &parts)) {
    wr_fail(&flights->failure, WR_IO, "table %s: the list of parts of s3://%s/%s makes no sense",
            flights->completer->table, entry->bucket, entry->key);
    return;
  }
  if (!item->etags)
    item->etags = WR_NEW_ARRAY(item->arena, const char *, entry->part_count);
  for (uint32_t i = 0; i < parts.part_count; i++) {
    if (item->part_count == entry->part_count || parts.parts[i].number != item->part_count + 1) {
      item->state = WR_S3_ITEM_SHORT;
      return;
    }
    item->etags[item->part_count++] = parts.parts[i].etag;
    item->bytes += (uint64_t)parts.parts[i].size;
  }
  if (parts.next && parts.part_count)
    return; /* the next page */
  bool is_whole = item->part_count == entry->part_count && item->bytes == entry->bytes;
  item->state = is_whole ? WR_S3_ITEM_READY : WR_S3_ITEM_SHORT;
}

static void item_fail(struct flights *flights, const struct wr_s3_item *item,
                      const struct wr_s3_answer *answer, const char *what)
{
  if (flights->failure.code == WR_OK)
    wr_s3_ask_fail(flights->completer, answer, what, item->entry.key, &flights->failure);
}

static void item_take_completed(struct flights *flights, struct wr_s3_item *item,
                                const struct wr_s3_answer *answer)
{
  if (wr_s3_completed_parse(answer->body, answer->length))
    item->state = WR_S3_ITEM_DONE;
  else if (++item->refusals <= COMPLETE_REFUSALS_MAX)
    item->rests_until_us = complete_now_us() + (COMPLETE_REST_US << (item->refusals - 1));
  else
    wr_fail(&flights->failure, WR_IO, "table %s: s3://%s/%s is not completed: %.200s",
            flights->completer->table, item->entry.bucket, item->entry.key, answer->body);
}

static void item_take(struct flights *flights, struct wr_s3_item *item,
                      const struct wr_s3_answer *answer)
{
  bool is_away = answer->status == 404 && strcmp(answer->error, "NoSuchBucket") != 0;
  bool is_ok = answer->code == WR_OK;
  switch (item->state) {
  case WR_S3_ITEM_LOOK:
    if (is_ok)
      item_take_parts(flights, item, answer);
    else if (is_away)
      item->state = WR_S3_ITEM_FIND;
    else
      item_fail(flights, item, answer, "list the parts of");
    break;
  case WR_S3_ITEM_FIND:
    if (is_ok || is_away)
      item->state = is_ok && strcmp(answer->job, flights->completer->job) == 0 ? WR_S3_ITEM_DONE
                                                                               : WR_S3_ITEM_MISSING;
    else
      item_fail(flights, item, answer, "look for");
    break;
  case WR_S3_ITEM_COMPLETE:
    if (is_ok)
      item_take_completed(flights, item, answer);
    else if (is_away)
      item->state = WR_S3_ITEM_FIND;
    else
      item_fail(flights, item, answer, "complete the upload of");
    break;
  default: assert(false);
  }
}

/* ---- many requests */

static void flight_on_answer(void *self, const struct wr_aws_result *result)
{
  struct flight *flight = self;
  struct flights *flights = flight->flights;
  struct wr_s3_answer answer;
  answer_take(flights->completer, result, flight->item->arena, &answer);
  item_take(flights, flight->item, &answer);
  free(flight->body);
  flight->body = NULL;
  flight->item = NULL;
  flights->count--;
}

/* ETags stand in quotes, and have nothing in them that XML would have to escape but these. */
static void item_put_parts(const struct wr_s3_item *item, struct wr_buffer *out)
{
  wr_buffer_put_string(out, "<CompleteMultipartUpload>");
  for (uint32_t i = 0; i < item->part_count; i++) {
    wr_buffer_print(out, "<Part><PartNumber>%u</PartNumber><ETag>", i + 1);
    for (const char *c = item->etags[i]; *c; c++)
      if (*c == '&' || *c == '<' || *c == '>')
        wr_buffer_print(out, "&#%d;", *c);
      else
        wr_buffer_put_char(out, *c);
    wr_buffer_put_string(out, "</ETag></Part>");
  }
  wr_buffer_put_string(out, "</CompleteMultipartUpload>");
}

static enum wr_code flight_start(struct flight *flight, struct wr_s3_item *item,
                                 struct wr_error *err)
{
  const struct wr_s3_completer *completer = flight->flights->completer;
  const struct wr_s3_entry *entry = &item->entry;
  const char *upload = wr_s3_escape(item->arena, entry->upload);
  struct wr_aws_request request;
  struct wr_buffer body = {0};
  const char *method = item->state == WR_S3_ITEM_LOOK   ? "GET"
                       : item->state == WR_S3_ITEM_FIND ? "HEAD"
                                                        : "POST";
  wr_s3_request(completer->aws, item->arena, method, entry->bucket, entry->key, &request);
  if (item->state == WR_S3_ITEM_LOOK && item->part_count) {
    request.query =
        wr_arena_print(item->arena, "part-number-marker=%u&uploadId=%s", item->part_count, upload);
  } else if (item->state != WR_S3_ITEM_FIND) {
    request.query = wr_arena_print(item->arena, "uploadId=%s", upload);
  }
  if (item->state == WR_S3_ITEM_COMPLETE) {
    item->is_tried = true;
    item_put_parts(item, &body);
  }
  flight->item = item;
  flight->body = body.bytes;
  flight->flights->count++;
  request.body = body.bytes;
  request.body_length = body.length;
  request.attempts_max = completer->is_patient ? UINT32_MAX : 0;
  request.timeout_us = COMPLETE_TIMEOUT_US;
  request.done = flight_on_answer;
  request.self = flight;
  return wr_aws_start(completer->aws, &request, &flight->call, err);
}

static bool item_is_due(const struct wr_s3_item *item)
{
  return item->state == WR_S3_ITEM_LOOK || item->state == WR_S3_ITEM_FIND ||
         item->state == WR_S3_ITEM_COMPLETE;
}

static bool flights_have(const struct flights *flights, const struct wr_s3_item *item)
{
  for (uint32_t f = 0; f < COMPLETE_FLYING_MAX; f++)
    if (flights->slots[f].item == item)
      return true;
  return false;
}

/* Starts what is due from item *first on, behind which everything begins that is not settled.
 * *rests: something will be due later. */
static enum wr_code flights_start(struct flights *flights, struct wr_s3_items *items, size_t *first,
                                  bool *rests, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  int64_t now_us = complete_now_us();
  *rests = false;
  while (*first < items->count && !item_is_due(&items->items[*first]))
    ++*first;
  for (size_t i = *first; code == WR_OK && i < items->count && flights->count < COMPLETE_FLYING_MAX;
       i++) {
    uint32_t free_slot = 0;
    if (!item_is_due(&items->items[i]) || flights_have(flights, &items->items[i]))
      continue;
    if (items->items[i].rests_until_us > now_us) {
      *rests = true;
      continue;
    }
    while (flights->slots[free_slot].item)
      free_slot++;
    flights->slots[free_slot].flights = flights;
    code = flight_start(&flights->slots[free_slot], &items->items[i], err);
  }
  return code;
}

/* Until none is due. */
static enum wr_code flights_run(struct wr_s3_completer *completer, struct wr_s3_items *items,
                                struct wr_error *err)
{
  struct flights flights = {.completer = completer};
  enum wr_code code = WR_OK;
  size_t first = 0;
  bool rests;
  for (;;) {
    code = flights_start(&flights, items, &first, &rests, err);
    if (code != WR_OK || (flights.count == 0 && !rests))
      break;
    if (flights.count)
      wr_aws_pump(completer->aws, COMPLETE_WAIT_MS);
    else
      nanosleep(&(const struct timespec){.tv_nsec = COMPLETE_WAIT_MS * 1000000L}, NULL);
    if (flights.failure.code != WR_OK) {
      *err = flights.failure;
      code = err->code;
      break;
    }
    if (atomic_load(&completer->is_cancelled)) {
      code = fail_cancelled(completer, err);
      break;
    }
  }
  for (uint32_t f = 0; f < COMPLETE_FLYING_MAX; f++) {
    struct flight *flight = &flights.slots[f];
    if (flight->item && flight->call)
      wr_aws_cancel(flight->call);
    free(flight->body);
  }
  return code;
}

enum wr_code wr_s3_complete_look(struct wr_s3_completer *completer, struct wr_s3_items *items,
                                 struct wr_error *err)
{
  return flights_run(completer, items, err);
}

enum wr_code wr_s3_complete(struct wr_s3_completer *completer, struct wr_s3_items *items,
                            struct wr_error *err)
{
  for (size_t i = 0; i < items->count; i++)
    if (items->items[i].state == WR_S3_ITEM_READY)
      items->items[i].state = WR_S3_ITEM_COMPLETE;
  return flights_run(completer, items, err);
}
