/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/live.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "live/row_json.h"
#include "tests/unit/check.h"

static const struct wr_field live_fields[] = {
    {"k", &wr_type_int}, {"v", &wr_type_bigint}, {"s", &wr_type_string}};
const struct wr_schema live_schema = {3, live_fields};

void live_rows_add(struct live_rows *rows, enum wr_change change, int32_t k, int64_t v,
                   const char *s, uint32_t s_length)
{
  uint32_t i = rows->count++;
  rows->k[i] = k;
  rows->v[i] = v;
  rows->change[i] = (uint8_t)change;
  if (s_length) {
    wr_bit_set(rows->s_valid, i);
    rows->s[i] = wr_text_make(s, s_length);
  } else {
    wr_bit_clear(rows->s_valid, i);
  }
}

struct wr_batch live_rows_batch(const struct live_rows *rows, struct wr_column columns[3])
{
  columns[0] = (struct wr_column){.type = &wr_type_int, .values = rows->k};
  columns[1] = (struct wr_column){.type = &wr_type_bigint, .values = rows->v};
  columns[2] =
      (struct wr_column){.type = &wr_type_string, .valid = rows->s_valid, .values = rows->s};
  return (struct wr_batch){.schema = &live_schema,
                           .columns = columns,
                           .row_count = rows->count,
                           .picked_count = rows->count,
                           .change = rows->change,
                           .others_us = WR_TIME_END};
}

void live_rows_push(struct live_rows *rows, struct wr_feed *feed)
{
  struct wr_column columns[3];
  struct wr_batch batch = live_rows_batch(rows, columns);
  wr_feed_push(feed, &batch);
  rows->count = 0;
}

static int64_t live_now(void *self)
{
  return *(int64_t *)self;
}

struct wr_hub *live_hub(uint64_t memory_bytes, int64_t *now_us)
{
  struct wr_hub *hub = NULL;
  struct wr_error err;
  CU_ASSERT_EQUAL_FATAL(wr_hub_make(memory_bytes, false, live_now, now_us, &hub, &err), WR_OK);
  return hub;
}

struct wr_feed *live_feed(struct wr_hub *hub, const char *name, bool keyed, bool changes,
                          uint64_t rows_max)
{
  static const uint32_t key[] = {0};
  const struct wr_feed_spec spec = {.job = "job",
                                    .name = name,
                                    .kind = WR_FEED_VIEW,
                                    .schema = &live_schema,
                                    .key = key,
                                    .key_count = keyed,
                                    .time_column = UINT32_MAX,
                                    .changes = changes,
                                    .always = true,
                                    .lossless = false,
                                    .rows_max = rows_max,
                                    .encoder = wr_row_json_encoder(&live_schema)};
  struct wr_feed *feed = NULL;
  struct wr_error err;
  CU_ASSERT_EQUAL_FATAL(wr_hub_feed(hub, &spec, &feed, &err), WR_OK);
  return feed;
}

/* ---- filters */

_Atomic int live_filters;

static uint32_t filter_pick(struct wr_feed_filter *filter, const struct wr_batch *batch,
                            const uint32_t *rows, uint32_t count, uint32_t *out)
{
  int64_t divisor = strtoll(filter->text, NULL, 10);
  uint32_t picked = 0;
  for (uint32_t i = 0; i < count; i++)
    if (wr_column_i64(&batch->columns[1], rows[i]) % divisor == 0)
      out[picked++] = rows[i];
  return picked;
}

static void filter_free(struct wr_feed_filter *filter)
{
  live_filters--;
  free(filter);
}

struct wr_feed_filter *live_filter(const char *text)
{
  struct wr_feed_filter *filter = wr_memory_get_zero(sizeof *filter);
  *filter = (struct wr_feed_filter){.text = text, .pick = filter_pick, .free = filter_free};
  live_filters++;
  return filter;
}

/* ---- frames: asserts, as several threads read some */

static void frame_copy(char *out, size_t size, const char *begin, const char *end)
{
  size_t length = end > begin ? (size_t)(end - begin) : 0;
  assert(length < size);
  memcpy(out, begin, length);
  out[length] = '\0';
}

static void frame_set_id(struct live_frame *frame, const char *id, size_t length)
{
  frame_copy(frame->id, sizeof frame->id, id, id + length);
  const char *dash = strchr(frame->id, '-');
  assert(dash != NULL);
  frame->number = strtoull(dash + 1, NULL, 10);
  frame->of_snapshot = frame->id[length - 1] == 's';
}

/* {"op":"+I","row":{"k":1,"v":2,...}} or what is in the braces of an event. */
static void frame_set_row(struct live_frame *frame, const char *op)
{
  long long v = 0;
  memcpy(frame->kind, op, 2);
  int fields = sscanf(op + 2, "\",\"row\":{\"k\":%d,\"v\":%lld,\"s\":", &frame->k, &v);
  assert(fields == 2);
  (void)fields;
  frame->v = v;
}

static void frame_parse_event_stream(char *text, struct live_frame *frame)
{
  char *line = text, *next;
  for (; *line; line = next) {
    next = strchr(line, '\n');
    assert(next != NULL);
    *next++ = '\0';
    if (strncmp(line, "id: ", 4) == 0)
      frame_set_id(frame, line + 4, strlen(line + 4));
    else if (strncmp(line, "event: ", 7) == 0)
      frame_copy(frame->kind, sizeof frame->kind, line + 7, line + strlen(line));
    else if (strncmp(line, "data: {\"op\":\"", 13) == 0)
      frame_set_row(frame, line + 13);
    else if (strncmp(line, "data: {", 7) == 0)
      frame_copy(frame->fields, sizeof frame->fields, line + 7, line + strlen(line) - 1);
    else
      assert(*line == '\0');
  }
}

static void frame_parse_line(const char *text, struct live_frame *frame)
{
  const char *id = strstr(text, "\"id\":\""), *op = strstr(text, "\"op\":\"");
  const char *event = strstr(text, "{\"event\":\"");
  size_t length = strlen(text);
  assert(length > 2 && strcmp(text + length - 2, "}\n") == 0);
  if (id)
    frame_set_id(frame, id + 6, strcspn(id + 6, "\""));
  if (event == text) {
    frame_copy(frame->kind, sizeof frame->kind, text + 10, strchr(text + 10, '"'));
    const char *fields = id ? strchr(id + 6, '"') + 1 : strchr(text + 10, '"') + 1;
    frame_copy(frame->fields, sizeof frame->fields, fields + (*fields == ','), text + length - 2);
  } else {
    assert(id == text + 1 && op != NULL);
    frame_set_row(frame, op + 6);
  }
}

size_t live_frame_parse(enum wr_framing framing, const char *bytes, size_t length,
                        struct live_frame *frame)
{
  const char *end_mark = framing == WR_FRAMING_EVENTS ? "\n\n" : "\n";
  const char *end = length ? memmem(bytes, length, end_mark, strlen(end_mark)) : NULL;
  *frame = (struct live_frame){.kind = ""};
  if (!end)
    return 0;
  size_t whole = (size_t)(end - bytes) + strlen(end_mark);
  char *text = wr_memory_get(whole + 1);
  memcpy(text, bytes, whole);
  text[whole] = '\0';
  if (framing == WR_FRAMING_EVENTS)
    frame_parse_event_stream(text, frame);
  else
    frame_parse_line(text, frame);
  free(text);
  return whole;
}
