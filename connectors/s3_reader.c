/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading objects. Some are open at a time and are read in turn, so that their watermarks advance
 * side by side; of each one range waits to be handed over while the next one is on its way:
 *
 *   WAITS -> first range -> [ ready | under way ] -> ... -> DONE
 *
 * The first answer says how large the object is, and its ETag, which all others must have: an
 * object that is replaced while it is read is an error, never a mixture. gzip and zstd are
 * recognised by the first bytes; a position is a number of bytes before compression, so that a
 * compressed object is read from its beginning again, and "end" is one that needs no reading.
 *
 * Objects that come later are found by listing again; this reader takes those that no other has
 * taken (known_names.h).
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "connectors/known_names.h"
#include "connectors/s3.h"
#include "core/limits.h"
#include "core/time.h"
#include "text/decompress.h"
#include "text/number.h"

#define S3_OPEN_MAX    8
#define S3_RANGE_BYTES (4u << 20)

struct s3_reader;

struct s3_object {
  struct s3_reader *reader;
  const char *name, *key; /* s3://bucket/key; key lies in it */
  int64_t start;          /* position it was opened with */
  int64_t skip;           /* compressed: bytes that are still to be passed over */
  int64_t size;           /* -1: not known */
  int64_t modified_us;
  const struct wr_text *const *partitions; /* values in its name; NULL: NULL */
  char etag[80];
  struct wr_decompress *stream; /* NULL: plain */
  /* the range that is handed over, and the one behind it */
  char *bytes, *next;
  size_t at, length, next_length;
  bool has_next;
  int64_t from;             /* where the range behind them begins */
  int64_t under_way;        /* bytes that were asked for */
  struct wr_aws_call *call; /* NULL: none */
  bool is_open, is_first;   /* is_first: the answer says what it is */
};

struct s3_reader {
  struct wr_reader reader;
  struct wr_arena arena; /* of the reader: names */
  const char *table;
  struct wr_table_spec spec; /* options and partitions, which stay */
  struct wr_s3_place place;
  struct wr_aws *aws;
  struct s3_object **objects; /* one per split */
  struct wr_split *added;
  uint32_t opened_count, capacity;
  uint32_t first_waiting; /* below it none is to be opened */
  uint32_t open[S3_OPEN_MAX];
  uint32_t open_count, turn;
  struct wr_error failure;          /* of an answer; code WR_OK: none */
  int64_t known_bytes;              /* of the objects whose size is known */
  uint32_t known_count, done_count; /* done: at their end when they were opened */
  /* looking for new ones */
  int64_t monitor_us, listed_us;
  struct wr_known_names *known; /* shared; NULL: objects are listed once */
  struct wr_arena list_arena;
  struct wr_s3_list list;
  struct wr_aws_call *list_call;
  void (*note)(void *self, const char *message);
  void *note_self;
};

static int64_t s3_now_us(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * WR_US_PER_SECOND + now.tv_nsec / 1000;
}

/* ---- opening and closing */

static enum wr_code s3_add(struct s3_reader *self, const char *name, int64_t start, bool is_done,
                           struct wr_error *err)
{
  uint32_t split = self->reader.split_count;
  const struct wr_text *const *partitions = NULL;
  if (self->spec.partition_count) {
    enum wr_code code = wr_s3_partitions(&self->spec, name, &self->arena, &partitions, err);
    if (code != WR_OK)
      return code;
  }
  if (split == self->capacity) {
    self->capacity = self->capacity ? 2 * self->capacity : 16;
    self->objects = wr_memory_resize(self->objects, self->capacity * sizeof *self->objects);
    self->added = wr_memory_resize(self->added, self->capacity * sizeof *self->added);
    self->reader.states =
        wr_memory_resize(self->reader.states, self->capacity * sizeof *self->reader.states);
  }
  struct s3_object *object = WR_NEW(&self->arena, struct s3_object);
  object->reader = self;
  object->name = wr_arena_copy(&self->arena, name, strlen(name));
  object->key = object->name + strlen("s3://") + strlen(self->place.bucket) + 1;
  object->start = start;
  object->size = -1;
  object->modified_us = WR_TIME_NONE;
  object->partitions = partitions;
  self->objects[split] = object;
  self->reader.states[split] = is_done ? WR_SPLIT_DONE : WR_SPLIT_WAITS;
  self->done_count += is_done;
  self->reader.split_count++;
  return WR_OK;
}

static void s3_close(struct wr_reader *reader);

static enum wr_code s3_open(const struct wr_table_spec *spec, const struct wr_split *splits,
                            uint32_t split_count, struct wr_reader **out, struct wr_error *err)
{
  struct s3_reader *self = wr_memory_get_zero(sizeof *self);
  self->reader = (struct wr_reader){.class = &wr_s3_reader, .may_grow = spec->shared != NULL};
  self->table = wr_arena_copy(&self->arena, spec->table, strlen(spec->table));
  self->spec = *spec;
  self->spec.table = self->table;
  wr_s3_place_of(spec, &self->arena, &self->place);
  self->list = (struct wr_s3_list){.place = &self->place, .arena = &self->list_arena};
  self->known = spec->shared;
  self->monitor_us = wr_s3_monitor_us(spec);
  self->listed_us = s3_now_us();
  self->note = spec->note;
  self->note_self = spec->note_self;
  enum wr_code code = wr_s3_open_client(spec, &self->aws, err);
  for (uint32_t i = 0; code == WR_OK && i < split_count; i++) {
    int64_t start = 0;
    const char *position = splits[i].position;
    bool is_done = position && strcmp(position, WR_S3_END) == 0;
    if (position && !is_done && (!wr_parse_i64(position, strlen(position), &start) || start < 0))
      code = wr_fail(err, WR_INTERNAL, "table %s: '%s' is no position in %s", spec->table, position,
                     splits[i].name);
    if (code == WR_OK)
      code = s3_add(self, splits[i].name, start, is_done, err);
  }
  self->opened_count = split_count;
  if (code != WR_OK)
    s3_close(&self->reader);
  else
    *out = &self->reader;
  return code;
}

static void object_close(struct s3_object *object)
{
  if (object->call)
    wr_aws_cancel(object->call);
  wr_decompress_free(object->stream);
  free(object->bytes);
  free(object->next);
  object->call = NULL;
  object->stream = NULL;
  object->bytes = object->next = NULL;
  object->is_open = object->has_next = false;
}

static void s3_close(struct wr_reader *reader)
{
  struct s3_reader *self = (struct s3_reader *)reader;
  for (uint32_t i = 0; i < reader->split_count; i++)
    object_close(self->objects[i]);
  if (self->list_call)
    wr_aws_cancel(self->list_call);
  wr_s3_list_free(&self->list);
  wr_aws_close(self->aws);
  free(self->objects);
  free(self->added);
  free(reader->states);
  wr_arena_free(&self->list_arena);
  struct wr_arena arena = self->arena;
  free(self);
  wr_arena_free(&arena);
}

/* ---- answers */

static void s3_fail(struct s3_reader *self, const struct s3_object *object,
                    const struct wr_aws_result *result)
{
  struct wr_error cause;
  wr_aws_fail(self->aws, NULL, result, &cause);
  if (result->status == 412)
    wr_fail(&self->failure, WR_IO, "table %s: %s was replaced while it was read", self->table,
            object->name);
  else
    wr_fail(&self->failure, cause.code, "table %s cannot read %s: %s", self->table, object->name,
            cause.message);
  self->failure.retry = cause.retry;
}

static const char *s3_header(const struct wr_aws_result *result, const char *name)
{
  for (uint32_t i = 0; i < result->header_count; i++)
    if (strcmp(result->headers[i].name, name) == 0)
      return result->headers[i].value;
  return NULL;
}

/* Size, ETag and time of the first answer. False: it does not say them. */
static bool object_learn(struct s3_object *object, const struct wr_aws_result *result)
{
  const char *range = s3_header(result, "content-range"); /* bytes 0-99/1234 */
  const char *etag = s3_header(result, "etag"), *time = s3_header(result, "last-modified");
  const char *slash = range ? strchr(range, '/') : NULL;
  struct tm parts = {0};
  if (result->status == 200)
    object->size = result->body.length;
  else if (!slash || !wr_parse_i64(slash + 1, strlen(slash + 1), &object->size))
    return false;
  if (etag && strlen(etag) < sizeof object->etag)
    snprintf(object->etag, sizeof object->etag, "%s", etag);
  if (time && strptime(time, "%a, %d %b %Y %H:%M:%S", &parts))
    object->modified_us = timegm(&parts) * WR_US_PER_SECOND;
  return object->size >= 0;
}

static void object_set(struct s3_object *object, struct wr_slice body)
{
  if (!object->next)
    object->next = wr_memory_get(S3_RANGE_BYTES);
  memcpy(object->next, body.bytes, body.length);
  object->next_length = body.length;
  object->has_next = true;
}

/* What the first bytes say: how to go on. */
static enum wr_code object_begin(struct s3_object *object, struct wr_slice body,
                                 struct wr_error *err)
{
  enum wr_compression kind = wr_compression_of_bytes(body.bytes, body.length);
  enum wr_code code = WR_OK;
  if (kind != WR_COMPRESSION_NONE)
    code = wr_decompress_new(kind, &object->stream, err);
  if (kind == WR_COMPRESSION_NONE && object->start > object->size)
    code = wr_fail(err, WR_IO,
                   "table %s: %s was read up to byte %" PRId64 " and now has only %" PRId64,
                   object->reader->table, object->name, object->start, object->size);
  object->skip = kind == WR_COMPRESSION_NONE ? 0 : object->start;
  bool is_peek = object->start > 0;
  object->from = !is_peek ? (int64_t)body.length : kind ? 0 : object->start;
  if (code == WR_OK && !is_peek && body.length)
    object_set(object, body);
  object->reader->known_bytes += object->size;
  object->reader->known_count++;
  return code;
}

static void object_on_answer(void *self, const struct wr_aws_result *result)
{
  struct s3_object *object = self;
  struct s3_reader *reader = object->reader;
  object->call = NULL;
  if (object->is_first && result->status == 416) { /* it has no bytes at all */
    object->is_first = false;
    object->size = 0;
    object_begin(object, (struct wr_slice){"", 0}, &reader->failure);
    return;
  }
  if (result->code != WR_OK) {
    s3_fail(reader, object, result);
    return;
  }
  if (!object->is_first) {
    if (result->body.length != (size_t)object->under_way)
      wr_fail(&reader->failure, WR_IO, "table %s: S3 has sent %u bytes of %s instead of %" PRId64,
              reader->table, result->body.length, object->name, object->under_way);
    else
      object_set(object, result->body);
    object->from += object->under_way;
    return;
  }
  object->is_first = false;
  if (!object_learn(object, result) || result->body.length > S3_RANGE_BYTES)
    wr_fail(&reader->failure, WR_IO, "table %s: S3 does not say how large %s is", reader->table,
            object->name);
  else
    object_begin(object, result->body, &reader->failure);
}

/* ---- questions */

static enum wr_code object_ask(struct s3_object *object, int64_t from, int64_t length,
                               struct wr_error *err)
{
  struct s3_reader *self = object->reader;
  struct wr_arena arena = {0};
  struct wr_aws_request request;
  char range[64];
  snprintf(range, sizeof range, "bytes=%" PRId64 "-%" PRId64, from, from + length - 1);
  const struct wr_http_header headers[] = {{"range", range}, {"if-match", object->etag}};
  wr_s3_request(self->aws, &arena, "GET", self->place.bucket, object->key, &request);
  request.headers = headers;
  request.header_count = *object->etag ? 2 : 1;
  request.done = object_on_answer;
  request.self = object;
  enum wr_code code = wr_aws_start(self->aws, &request, &object->call, err);
  wr_arena_free(&arena);
  return code;
}

/* The first range of an object, or the one behind what is there. */
static enum wr_code object_go_on(struct s3_object *object, struct wr_error *err)
{
  if (object->call || object->has_next)
    return WR_OK;
  if (!object->is_open) {
    object->is_open = object->is_first = true;
    return object_ask(object, 0, object->start ? WR_COMPRESSION_HEAD_BYTES : S3_RANGE_BYTES, err);
  }
  int64_t left = object->size - object->from;
  object->under_way = left < S3_RANGE_BYTES ? left : S3_RANGE_BYTES;
  return left > 0 ? object_ask(object, object->from, object->under_way, err) : WR_OK;
}

/* ---- new objects */

static void s3_take_list(struct s3_reader *self)
{
  struct wr_s3_list *list = &self->list;
  wr_s3_list_sort(list);
  for (uint32_t i = 0; i < list->key_count && self->failure.code == WR_OK; i++) {
    const char *name = wr_s3_name(&self->list_arena, self->place.bucket, list->keys[i]);
    if (!wr_known_names_claim(self->known, name) ||
        s3_add(self, name, 0, false, &self->failure) != WR_OK)
      continue;
    uint32_t split = self->reader.split_count - 1;
    self->added[split - self->opened_count] = (struct wr_split){.name = self->objects[split]->name};
    self->reader.added = self->added;
  }
  list->key_count = 0;
  wr_arena_reset(&self->list_arena);
}

static void s3_on_list(void *reader, const struct wr_aws_result *result)
{
  struct s3_reader *self = reader;
  self->list_call = NULL;
  struct wr_error cause;
  enum wr_code code = result->code;
  if (code != WR_OK)
    wr_aws_fail(self->aws, "listing objects", result, &cause);
  else
    code = wr_s3_list_take(&self->list, self->table, result->body, &cause);
  if (code == WR_OK && self->list.is_complete) {
    s3_take_list(self);
  } else if (code != WR_OK && result->retry) { /* next time */
    if (self->note)
      self->note(self->note_self, cause.message);
    self->list.is_complete = true;
    self->list.key_count = 0;
    self->list.next = NULL;
  } else if (code != WR_OK) {
    self->failure = cause;
  }
}

static enum wr_code s3_look_for_more(struct s3_reader *self, struct wr_error *err)
{
  bool is_begun = self->list.next != NULL;
  if (!self->known || self->list_call ||
      (!is_begun && s3_now_us() - self->listed_us < self->monitor_us))
    return WR_OK;
  if (!is_begun)
    self->listed_us = s3_now_us();
  struct wr_arena arena = {0};
  struct wr_aws_request request;
  wr_s3_list_request(&self->list, self->aws, &arena, &request);
  request.done = s3_on_list;
  request.self = self;
  enum wr_code code = wr_aws_start(self->aws, &request, &self->list_call, err);
  wr_arena_free(&arena);
  return code;
}

/* ---- reading */

/* The range that waits comes to be handed over. */
static bool object_turn_over(struct s3_object *object)
{
  if (object->at < object->length)
    return true;
  if (!object->has_next)
    return false;
  char *old = object->bytes;
  object->bytes = object->next;
  object->next = old;
  object->length = object->next_length;
  object->at = 0;
  object->has_next = false;
  return true;
}

/* Nothing more will come of S3. */
static bool object_is_over(const struct s3_object *object)
{
  return object->is_open && !object->is_first && !object->call && !object->has_next &&
         object->at == object->length && object->from >= object->size;
}

static bool object_is_ready(const struct s3_object *object)
{
  return object->at < object->length || object->has_next || object_is_over(object);
}

static enum wr_code object_give_compressed(struct s3_object *object, char *space, size_t size,
                                           size_t *length, struct wr_error *err)
{
  struct s3_reader *self = object->reader;
  struct wr_error cause;
  for (;;) {
    size_t room = object->skip && object->skip < (int64_t)size ? (size_t)object->skip : size, taken;
    bool is_over = object_is_over(object);
    enum wr_code code =
        wr_decompress_run(object->stream, object->bytes + object->at, object->length - object->at,
                          &taken, space, room, length, &cause);
    object->at += taken;
    self->reader.progress_done += taken;
    if (code != WR_OK)
      return wr_fail(err, WR_IO, "table %s: %s %s", self->table, object->name, cause.message);
    if (*length && !object->skip)
      return WR_OK;
    object->skip -= (int64_t)*length;
    if (*length == 0 && is_over && !wr_decompress_is_whole(object->stream))
      return wr_fail(err, WR_IO, "table %s: %s ends in the middle of its %s data", self->table,
                     object->name, wr_compression_names[wr_decompress_kind(object->stream)]);
    if (*length == 0 && is_over && object->skip)
      return wr_fail(err, WR_IO,
                     "table %s: %s was read up to byte %" PRId64 " and now has only %" PRId64,
                     self->table, object->name, object->start, object->start - object->skip);
    if (*length == 0 && !object_turn_over(object))
      return WR_OK;
    *length = 0;
  }
}

static enum wr_code object_give(struct s3_object *object, char *space, size_t size, size_t *length,
                                struct wr_error *err)
{
  object_turn_over(object);
  if (object->stream)
    return object_give_compressed(object, space, size, length, err);
  *length = object->length - object->at < size ? object->length - object->at : size;
  if (*length)
    memcpy(space, object->bytes + object->at, *length);
  object->at += *length;
  object->reader->reader.progress_done += *length;
  return WR_OK;
}

/* Opens as many as may be; those that are held wait. */
static void s3_open_more(struct s3_reader *self)
{
  const struct wr_reader *reader = &self->reader;
  while (self->first_waiting < reader->split_count &&
         reader->states[self->first_waiting] != WR_SPLIT_WAITS)
    self->first_waiting++;
  for (uint32_t s = self->first_waiting; s < reader->split_count && self->open_count < S3_OPEN_MAX;
       s++) {
    if (reader->states[s] != WR_SPLIT_WAITS)
      continue;
    reader->states[s] = WR_SPLIT_READING;
    self->open[self->open_count++] = s;
  }
}

static uint32_t s3_next_split(struct wr_reader *reader)
{
  struct s3_reader *self = (struct s3_reader *)reader;
  uint32_t waits = UINT32_MAX;
  s3_open_more(self);
  for (uint32_t i = 0; i < self->open_count; i++) {
    uint32_t split = self->open[(self->turn + i) % self->open_count];
    if (reader->held && reader->held[split])
      continue;
    if (object_is_ready(self->objects[split]))
      return split;
    waits = waits == UINT32_MAX ? split : waits;
  }
  return waits;
}

static void s3_end_split(struct s3_reader *self, uint32_t split)
{
  uint32_t i = 0;
  while (self->open[i] != split)
    i++;
  self->reader.states[split] = WR_SPLIT_DONE;
  object_close(self->objects[split]);
  self->open_count--;
  memmove(&self->open[i], &self->open[i + 1], (self->open_count - i) * sizeof *self->open);
}

/* Everything that is to be on its way is, and what has come is taken. */
static enum wr_code s3_pump(struct s3_reader *self, int wait_ms, struct wr_error *err)
{
  enum wr_code code = s3_look_for_more(self, err);
  for (uint32_t i = 0; code == WR_OK && i < self->open_count; i++)
    code = object_go_on(self->objects[self->open[i]], err);
  if (code != WR_OK)
    return code;
  wr_aws_pump(self->aws, wait_ms);
  if (self->failure.code != WR_OK) {
    *err = self->failure;
    return err->code;
  }
  if (self->known_count == self->reader.split_count - self->done_count)
    self->reader.progress_total = (uint64_t)self->known_bytes;
  return WR_OK;
}

static enum wr_code s3_poll(struct wr_reader *reader, int wait_ms, struct wr_chunk *chunk,
                            struct wr_error *err)
{
  struct s3_reader *self = (struct s3_reader *)reader;
  uint32_t split = chunk->space ? s3_next_split(reader) : UINT32_MAX;
  bool is_ready = split != UINT32_MAX && object_is_ready(self->objects[split]);
  enum wr_code code = s3_pump(self, is_ready ? 0 : wait_ms, err);
  if (code != WR_OK || split == UINT32_MAX)
    return code;
  struct s3_object *object = self->objects[split];
  size_t length = 0;
  if (!object_is_ready(object))
    return WR_OK;
  code = object_give(object, chunk->space, chunk->space_bytes, &length, err);
  if (code != WR_OK)
    return code;
  chunk->split = split;
  chunk->length = length;
  self->turn++;
  if (length == 0 && object_is_over(object))
    s3_end_split(self, split);
  return WR_OK;
}

/* ---- metadata columns */

static void s3_metadata(struct wr_reader *reader, uint32_t which,
                        const struct wr_message *const *messages, uint32_t count,
                        struct wr_builder *out)
{
  struct s3_reader *self = (struct s3_reader *)reader;
  for (uint32_t i = 0; which >= WR_METADATA_PARTITION && i < count; i++) {
    const struct s3_object *object = self->objects[messages[i]->split];
    const struct wr_text *value = object->partitions[which - WR_METADATA_PARTITION];
    if (value)
      wr_builder_put_text(out, *value);
    else
      wr_builder_put_null(out);
  }
  for (uint32_t i = 0; which < WR_METADATA_PARTITION && i < count; i++) {
    const struct s3_object *object = self->objects[messages[i]->split];
    const char *slash = strrchr(object->name, '/');
    const char *text = which == WR_S3_NAME ? slash + 1 : object->name;
    switch ((enum wr_s3_metadata)which) {
    case WR_S3_PATH:
    case WR_S3_NAME: wr_builder_put_text(out, wr_text_make(text, (uint32_t)strlen(text))); break;
    case WR_S3_SIZE: wr_builder_put_i64(out, object->size); break;
    case WR_S3_MODIFICATION_TIME:
      if (object->modified_us == WR_TIME_NONE)
        wr_builder_put_null(out);
      else
        wr_builder_put_i64(out, object->modified_us);
      break;
    }
  }
}

const struct wr_reader_class wr_s3_reader = {
    .discover = wr_s3_discover,
    .share = wr_s3_share,
    .unshare = wr_s3_unshare,
    .open = s3_open,
    .close = s3_close,
    .grows = wr_s3_grows,
    .end_position = WR_S3_END,
    .forgets = wr_s3_forgets,
    .next_split = s3_next_split,
    .poll = s3_poll,
    .metadata = s3_metadata,
};
