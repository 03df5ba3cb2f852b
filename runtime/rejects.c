/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rejects.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/builder.h"
#include "core/time.h"
#include "runtime/reject_ring.h"
#include "text/buffer.h"
#include "text/utf8.h"

#define REJECTS_BATCH_ROWS 256
#define REJECTS_RAW_SHOWN  160

struct wr_rejects {
  struct wr_reject_sink sink; /* first: the sink's address is ours */
  struct wr_operator op;
  const struct wr_schema *schema;
  struct wr_rejects_shown *shown;
  enum wr_on_error on_error;
  void (*note)(void *self, const char *message);
  void *note_self;
  struct wr_builder *columns;
  uint32_t row_count;
  int64_t now_us;
  struct wr_buffer clean;
  enum wr_code failed; /* remembered until the next flush */
  struct wr_error failure;
};

static const struct wr_operator_class rejects_class = {.name = "rejects"};

/* "clicks, clicks-3 at 42" as far as it is known. */
static void rejects_print_place(const struct wr_reject *reject, char *text, size_t size)
{
  snprintf(text, size, "%s%s%s%s%.*s", reject->source ? reject->source : "",
           reject->split ? ", " : "", reject->split ? reject->split : "",
           reject->position.length ? " at " : "", (int)reject->position.length,
           reject->position.bytes ? reject->position.bytes : "");
}

/* Bytes from outside as text: what is not UTF-8 becomes U+FFFD. For a terminal also without control
 * characters, which could do anything to it. Lent until the next call. */
static struct wr_slice rejects_clean(struct wr_rejects *rejects, const char *bytes, size_t length,
                                     bool terminal)
{
  struct wr_buffer *clean = &rejects->clean;
  wr_buffer_clear(clean);
  for (size_t at = 0; at < length;) {
    unsigned char first = (unsigned char)bytes[at];
    unsigned more = wr_utf8_length(bytes[at]);
    if (terminal && (first < 0x20 || first == 0x7f)) {
      wr_buffer_print(clean, "\\x%02x", first);
      at++;
    } else if (more > 0 && more <= length - at && wr_utf8_valid(bytes + at, more)) {
      wr_buffer_put(clean, bytes + at, more);
      at += more;
    } else {
      wr_buffer_put_string(clean, "\xef\xbf\xbd");
      at++;
    }
  }
  wr_buffer_reserve(clean, 1);
  return (struct wr_slice){clean->bytes, (uint32_t)clean->length};
}

static void rejects_show(struct wr_rejects *rejects, const struct wr_reject *reject)
{
  uint32_t before =
      atomic_fetch_add_explicit(&rejects->shown->counts[reject->kind], 1, memory_order_relaxed);
  if (before > WR_REJECTS_SHOWN || rejects->op.target_count)
    return;
  char text[1024], place[256];
  rejects_print_place(reject, place, sizeof place);
  if (before == WR_REJECTS_SHOWN)
    snprintf(text, sizeof text,
             "more rows like that (%s) are counted; SELECT * FROM error_stream shows all of them",
             wr_reject_names[reject->kind]);
  else
    snprintf(text, sizeof text, "%s in %s: %s%s%.*s%s", wr_reject_names[reject->kind], place,
             reject->message, reject->raw.length ? ": " : "",
             (int)(reject->raw.length < REJECTS_RAW_SHOWN ? reject->raw.length : REJECTS_RAW_SHOWN),
             reject->raw.bytes ? reject->raw.bytes : "",
             reject->raw.length > REJECTS_RAW_SHOWN ? "..." : "");
  rejects_clean(rejects, text, strlen(text), true);
  rejects->note(rejects->note_self, wr_buffer_string(&rejects->clean));
}

static void rejects_put_string(struct wr_rejects *rejects, struct wr_builder *builder,
                               const char *bytes, size_t length)
{
  if (!bytes) {
    wr_builder_put_null(builder);
    return;
  }
  struct wr_slice text = {bytes, (uint32_t)length};
  if (!wr_utf8_valid(bytes, length))
    text = rejects_clean(rejects, bytes, length, false);
  wr_builder_put_copy(builder, text.bytes, text.length);
}

static void rejects_add_row(struct wr_rejects *rejects, const struct wr_reject *reject)
{
  const char *statement = reject->statement;
  struct wr_builder *columns = rejects->columns;
  for (uint32_t c = 0; c < rejects->schema->column_count; c++)
    wr_builder_reserve(&columns[c], 1);
  wr_builder_put_i64(&columns[0], wr_floor_div(reject->now_us, WR_US_PER_MS) * WR_US_PER_MS);
  rejects_put_string(rejects, &columns[1], "WARN", 4);
  rejects_put_string(rejects, &columns[2], wr_reject_names[reject->kind],
                     strlen(wr_reject_names[reject->kind]));
  rejects_put_string(rejects, &columns[3], reject->message, strlen(reject->message));
  rejects_put_string(rejects, &columns[4], reject->source,
                     reject->source ? strlen(reject->source) : 0);
  rejects_put_string(rejects, &columns[5], reject->split,
                     reject->split ? strlen(reject->split) : 0);
  rejects_put_string(rejects, &columns[6], reject->position.length ? reject->position.bytes : NULL,
                     reject->position.length);
  rejects_put_string(rejects, &columns[7], reject->raw.bytes, reject->raw.length);
  rejects_put_string(rejects, &columns[8], statement, statement ? strlen(statement) : 0);
  if (rejects->schema->column_count > wr_error_stream_schema.column_count)
    rejects_put_string(rejects, &columns[9], reject->pump, reject->pump ? strlen(reject->pump) : 0);
  rejects->row_count++;
  rejects->now_us = reject->now_us;
}

static enum wr_code rejects_emit(struct wr_rejects *rejects, struct wr_error *err)
{
  struct wr_column views[16];
  uint32_t count = rejects->schema->column_count;
  assert(count <= 16);
  if (rejects->row_count == 0)
    return WR_OK;
  for (uint32_t c = 0; c < count; c++)
    views[c] = wr_builder_view(&rejects->columns[c]);
  struct wr_batch batch = {.schema = rejects->schema,
                           .columns = views,
                           .row_count = rejects->row_count,
                           .picked_count = rejects->row_count,
                           .others_us = WR_TIME_END,
                           .now_us = rejects->now_us};
  enum wr_code code = wr_emit_batch(&rejects->op, &batch, err);
  for (uint32_t c = 0; c < count; c++)
    wr_builder_reset(&rejects->columns[c]);
  rejects->row_count = 0;
  return code;
}

static void rejects_put(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  struct wr_rejects *rejects = (struct wr_rejects *)sink;
  bool from_operator =
      reject->kind != WR_REJECT_RECORD; /* records follow the rule of their table */
  if (from_operator && rejects->on_error == WR_ON_ERROR_SKIP)
    return;
  wr_reject_ring_put(rejects->shown->ring, reject, reject->statement);
  if (from_operator && rejects->on_error == WR_ON_ERROR_FAIL) {
    if (rejects->failed == WR_OK)
      rejects->failed =
          wr_fail(&rejects->failure, WR_DATA, "%s in %s: %s", wr_reject_names[reject->kind],
                  reject->source ? reject->source : "the job", reject->message);
    return;
  }
  rejects_show(rejects, reject);
  if (rejects->op.target_count == 0)
    return;
  rejects_add_row(rejects, reject);
  if (rejects->row_count >= REJECTS_BATCH_ROWS && rejects->failed == WR_OK)
    rejects->failed = rejects_emit(rejects, &rejects->failure);
}

static bool rejects_wants(const struct wr_reject_sink *sink, enum wr_reject_kind kind)
{
  const struct wr_rejects *rejects = (const struct wr_rejects *)sink;
  bool shown =
      atomic_load_explicit(&rejects->shown->counts[kind], memory_order_relaxed) > WR_REJECTS_SHOWN;
  return rejects->op.target_count > 0 || rejects->on_error == WR_ON_ERROR_FAIL ||
         (rejects->on_error == WR_ON_ERROR_STREAM &&
          (!shown || wr_reject_ring_wants(rejects->shown->ring)));
}

enum wr_code wr_rejects_flush(struct wr_rejects *rejects, struct wr_error *err)
{
  if (rejects->failed != WR_OK) {
    *err = rejects->failure;
    return rejects->failed;
  }
  return rejects_emit(rejects, err);
}

struct wr_rejects *wr_rejects_new(const struct wr_operator_context *context,
                                  const struct wr_schema *schema, struct wr_rejects_shown *shown,
                                  enum wr_on_error on_error,
                                  void (*note)(void *self, const char *message), void *note_self)
{
  struct wr_rejects *rejects = wr_memory_get_zero(sizeof *rejects);
  rejects->sink = (struct wr_reject_sink){.wants = rejects_wants, .put = rejects_put};
  rejects->op = wr_operator_head(&rejects_class, context);
  rejects->schema = schema;
  rejects->shown = shown;
  rejects->on_error = on_error;
  rejects->note = note;
  rejects->note_self = note_self;
  rejects->columns = wr_memory_get_zero(schema->column_count * sizeof *rejects->columns);
  for (uint32_t c = 0; c < schema->column_count; c++)
    wr_builder_open(&rejects->columns[c], schema->fields[c].type);
  return rejects;
}

void wr_rejects_free(struct wr_rejects *rejects)
{
  for (uint32_t c = 0; c < rejects->schema->column_count; c++)
    wr_builder_close(&rejects->columns[c]);
  free(rejects->columns);
  wr_buffer_free(&rejects->clean);
  free(rejects);
}

struct wr_reject_sink *wr_rejects_sink(struct wr_rejects *rejects)
{
  return &rejects->sink;
}
struct wr_operator *wr_rejects_operator(struct wr_rejects *rejects)
{
  return &rejects->op;
}
