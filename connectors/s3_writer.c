/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing objects. Rows are gathered in memory, of each partition apart, until an object has its
 * size or its age, an epoch ends, or too much is gathered; then it is stored in one request,
 * several at a time, while rows go on. Nobody ever sees half an object.
 *
 *   rows -> gathered (compressed as they come) -> PUT under way -> stored
 *
 * At least once: an epoch has settled when all that was gathered before it is stored. What was
 * stored behind the last epoch is stored again under another name when the job goes on from it.
 *
 * Exactly once: an object is an upload of parts, which nobody sees until the publisher completes
 * it. It is begun with its first row; write() waits until S3 has said what it is called, so that an
 * outbox always can. Parts are sent as they fill, the last one with the end of the object. An epoch
 * has settled when all parts of its uploads are stored.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <zlib.h>

#include "connectors/s3_outbox.h"
#include "core/hash.h"
#include "core/limits.h"
#include "core/time.h"

#define S3_PUTS_MAX       16
#define S3_PUTS_BYTES_MAX (64u << 20)  /* under way: writing waits above it */
#define S3_GATHERED_MAX   (128u << 20) /* of all partitions: then the largest goes */
#define S3_GATHERED_LEAST (1u << 20)   /* of both, however little memory there is */
#define S3_PUT_TIMEOUT_US (10 * WR_US_PER_MINUTE)
#define S3_DEFLATE_BYTES  (16u << 10)
#define S3_WAIT_MS        100
#define S3_PART_BYTES     (8u << 20) /* of all parts of an upload but the last one */
#define S3_PART_BYTES_MIN (5u << 20) /* S3 takes no smaller ones */

/* What will be an object. */
struct s3_part {
  char *partition; /* "day=2026-01-02", or ""; not terminated */
  uint32_t partition_length;
  uint64_t hash;
  struct wr_buffer bytes; /* as they will be stored */
  bool is_open;           /* gzip: the stream is begun */
  z_stream gzip;
  uint64_t size;     /* before compression */
  uint64_t gathered; /* bytes of it in memory, as they were counted last */
  int64_t begun_us;
  /* exactly once */
  char *key, *upload; /* upload: NULL until S3 has said it */
  uint32_t sent;      /* parts */
  uint64_t sent_bytes;
};

/* Being stored, or an upload that is being begun. */
struct s3_put {
  struct s3_writer *writer;
  struct s3_put *next;
  struct wr_buffer bytes;
  struct s3_part *begins; /* whose upload; it stays until the answer is there */
  uint64_t epoch;         /* it belongs to */
};

struct s3_writer {
  struct wr_writer writer;
  struct wr_arena arena;
  struct wr_arena call; /* of one request */
  const char *table, *separator, *extension;
  const _Atomic bool *aborting;
  struct wr_s3_place place;
  struct wr_aws *aws;
  char run[17]; /* in the names of all objects of this life */
  uint32_t task;
  uint64_t number;
  bool compress;
  uint64_t size_max;
  int64_t age_max_us;
  struct s3_part *parts[WR_PARTITION_FILES_MAX];
  uint32_t part_count;
  struct s3_put *puts;
  uint32_t put_count;
  uint64_t put_bytes, gathered_bytes;
  uint64_t put_bytes_max, gathered_max; /* a quarter each of what the writer may have */
  uint64_t epoch;                       /* what is written now belongs to the one behind it */
  struct wr_error failure;
  const char *job;          /* NULL: at least once */
  struct wr_s3_names names; /* exactly once */
  struct wr_buffer entries; /* of objects that are at their end and in no outbox yet */
  uint64_t entry_count;
};

static int64_t s3_clock_us(void)
{
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * WR_US_PER_SECOND + now.tv_nsec / 1000;
}

/* ---- storing */

static void put_free(struct s3_put *put)
{
  wr_buffer_free(&put->bytes);
  free(put);
}

static char *s3_copy(const char *text)
{
  size_t size = strlen(text) + 1;
  return memcpy(wr_memory_get(size), text, size);
}

static void put_take_upload(struct s3_put *put, struct wr_slice body)
{
  struct s3_writer *writer = put->writer;
  struct wr_arena arena = {0};
  const char *upload = wr_s3_begun_parse(body.bytes, body.length, &arena);
  if (upload)
    put->begins->upload = s3_copy(upload);
  else
    wr_fail(&writer->failure, WR_IO, "table %s: what s3://%s answers to an upload makes no sense",
            writer->table, writer->place.bucket);
  wr_arena_free(&arena);
}

static void put_on_answer(void *self, const struct wr_aws_result *result)
{
  struct s3_put *put = self;
  struct s3_writer *writer = put->writer;
  if (result->code == WR_OK && put->begins) {
    put_take_upload(put, result->body);
  } else if (result->code != WR_OK) {
    struct wr_error cause;
    wr_aws_fail(writer->aws, NULL, result, &cause);
    wr_fail(&writer->failure, cause.code, "table %s cannot store an object in s3://%s: %s",
            writer->table, writer->place.bucket, cause.message);
    writer->failure.retry = cause.retry;
  }
  struct s3_put **at = &writer->puts;
  while (*at != put)
    at = &(*at)->next;
  *at = put->next;
  writer->put_count--;
  writer->put_bytes -= put->bytes.length;
  put_free(put);
}

/* Nobody needs a wait to be over once the job has failed. */
static enum wr_code s3_pump(struct s3_writer *self, int wait_ms, struct wr_error *err)
{
  if (wait_ms > 0 && self->aborting && atomic_load(self->aborting))
    return wr_fail(err, WR_STOPPED, "table %s: the job has failed elsewhere", self->table);
  if (self->put_count && self->failure.code == WR_OK)
    wr_aws_pump(self->aws, wait_ms);
  if (self->failure.code == WR_OK)
    return WR_OK;
  *err = self->failure;
  return err->code;
}

/* prefix/day=2026-01-02/part-<run>-<task>-<n>.json.gz; exactly once: see s3_outbox.h */
static const char *part_key(struct s3_writer *self, const struct s3_part *part)
{
  struct wr_buffer key = {0};
  wr_s3_prefix_put(self->place.key, part->begun_us, &key);
  if (key.length && key.bytes[key.length - 1] != '/')
    wr_buffer_put_char(&key, '/');
  wr_buffer_put(&key, part->partition, part->partition_length);
  if (part->partition_length)
    wr_buffer_put_char(&key, '/');
  if (self->job)
    wr_buffer_print(&key, "%s%u-%s", self->names.start, self->task, self->run);
  else
    wr_buffer_print(&key, "part-%s-%u", self->run, self->task);
  wr_buffer_print(&key, "-%06" PRIu64 ".%s%s", self->number++, self->extension,
                  self->compress ? ".gz" : "");
  const char *text = wr_arena_copy(&self->call, key.bytes, key.length);
  wr_buffer_free(&key);
  return text;
}

static void part_deflate(struct s3_part *part, const char *bytes, size_t length, int flush)
{
  z_stream *gzip = &part->gzip;
  gzip->next_in = (Bytef *)bytes;
  gzip->avail_in = (uInt)length;
  do {
    gzip->next_out = (Bytef *)wr_buffer_reserve(&part->bytes, S3_DEFLATE_BYTES);
    gzip->avail_out = S3_DEFLATE_BYTES;
    deflate(gzip, flush);
    wr_buffer_added(&part->bytes, S3_DEFLATE_BYTES - gzip->avail_out);
  } while (gzip->avail_out == 0);
  assert(gzip->avail_in == 0);
}

static void part_free(struct s3_part *part)
{
  if (part->is_open)
    deflateEnd(&part->gzip);
  wr_buffer_free(&part->bytes);
  free(part->partition);
  free(part->key);
  free(part->upload);
  free(part);
}

/* Sends bytes, which are taken, or an upload's beginning on its way. */
static enum wr_code s3_put(struct s3_writer *self, struct wr_aws_request *request,
                           struct wr_buffer *bytes, struct s3_part *begins, struct wr_error *err)
{
  struct s3_put *put = wr_memory_get_zero(sizeof *put);
  put->writer = self;
  put->epoch = self->epoch + 1;
  put->begins = begins;
  if (bytes) {
    put->bytes = *bytes;
    *bytes = (struct wr_buffer){0};
  }
  put->next = self->puts;
  self->puts = put;
  self->put_count++;
  self->put_bytes += put->bytes.length;
  request->body = put->bytes.bytes;
  request->body_length = put->bytes.length;
  request->timeout_us = S3_PUT_TIMEOUT_US;
  request->attempts_max = UINT32_MAX; /* away: until it is back */
  request->done = put_on_answer;
  request->self = put;
  return wr_aws_start(self->aws, request, NULL, err);
}

static void s3_count_gathered(struct s3_writer *self, struct s3_part *part)
{
  self->gathered_bytes += part->bytes.length;
  self->gathered_bytes -= part->gathered;
  part->gathered = part->bytes.length;
}

/* ---- uploads */

static enum wr_code upload_begin(struct s3_writer *self, struct s3_part *part, struct wr_error *err)
{
  const struct wr_http_header job = {WR_S3_META_JOB, self->job};
  struct wr_aws_request request;
  wr_arena_reset(&self->call);
  part->key = s3_copy(part_key(self, part));
  wr_s3_request(self->aws, &self->call, "POST", self->place.bucket, part->key, &request);
  request.query = "uploads";
  request.headers = &job;
  request.header_count = 1;
  return s3_put(self, &request, NULL, part, err);
}

static enum wr_code upload_wait(struct s3_writer *self, const struct s3_part *part,
                                struct wr_error *err)
{
  enum wr_code code = WR_OK;
  while (code == WR_OK && !part->upload)
    code = s3_pump(self, S3_WAIT_MS, err);
  return code;
}

/* Sends the first bytes of what was gathered as the next part. */
static enum wr_code upload_send(struct s3_writer *self, struct s3_part *part, size_t length,
                                struct wr_error *err)
{
  char upload[3 * WR_S3_UPLOAD_BYTES_MAX + 1];
  struct wr_buffer rest = {0};
  struct wr_aws_request request;
  enum wr_code code = upload_wait(self, part, err);
  if (code != WR_OK)
    return code;
  assert(length <= part->bytes.length && part->sent < WR_S3_PARTS_MAX);
  if (part->bytes.length > length)
    wr_buffer_put(&rest, part->bytes.bytes + length, part->bytes.length - length);
  part->bytes.length = length;
  part->sent++;
  part->sent_bytes += length;
  wr_http_escape(part->upload, strlen(part->upload), false, upload, sizeof upload);
  wr_arena_reset(&self->call);
  wr_s3_request(self->aws, &self->call, "PUT", self->place.bucket, part->key, &request);
  request.query = wr_arena_print(&self->call, "partNumber=%u&uploadId=%s", part->sent, upload);
  code = s3_put(self, &request, &part->bytes, NULL, err);
  part->bytes = rest;
  s3_count_gathered(self, part);
  return code;
}

static enum wr_code upload_send_full(struct s3_writer *self, struct s3_part *part,
                                     struct wr_error *err)
{
  enum wr_code code = WR_OK;
  while (code == WR_OK && part->bytes.length >= S3_PART_BYTES && part->sent < WR_S3_PARTS_MAX - 1)
    code = upload_send(self, part, S3_PART_BYTES, err);
  return code;
}

static enum wr_code upload_end(struct s3_writer *self, struct s3_part *part, struct wr_error *err)
{
  enum wr_code code = upload_send_full(self, part, err);
  if (code == WR_OK && part->bytes.length)
    code = upload_send(self, part, part->bytes.length, err);
  if (code != WR_OK)
    return code;
  const struct wr_s3_entry entry = {.bucket = self->place.bucket,
                                    .key = part->key,
                                    .upload = part->upload,
                                    .part_count = part->sent,
                                    .bytes = part->sent_bytes};
  wr_s3_outbox_put(&self->entries, &entry);
  self->entry_count++;
  return WR_OK;
}

/* ---- objects */

/* Sends what was gathered on its way. The partition is forgotten. */
static enum wr_code s3_store(struct s3_writer *self, uint32_t number, struct wr_error *err)
{
  struct s3_part *part = self->parts[number];
  struct wr_aws_request request;
  enum wr_code code;
  if (part->is_open) {
    part_deflate(part, NULL, 0, Z_FINISH);
    deflateEnd(&part->gzip);
    part->is_open = false;
  }
  s3_count_gathered(self, part);
  if (self->job) {
    code = upload_end(self, part, err);
  } else {
    wr_arena_reset(&self->call);
    wr_s3_request(self->aws, &self->call, "PUT", self->place.bucket, part_key(self, part),
                  &request);
    code = s3_put(self, &request, &part->bytes, NULL, err);
  }
  if (code != WR_OK) /* it stays, as its upload may still be beginning */
    return code;
  s3_count_gathered(self, part);
  part_free(part);
  self->parts[number] = self->parts[--self->part_count];
  return WR_OK;
}

static enum wr_code s3_store_all(struct s3_writer *self, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  while (code == WR_OK && self->part_count)
    code = s3_store(self, self->part_count - 1, err);
  return code;
}

/* may_go_on: that less is gathered is enough, its object need not be at its end. */
static enum wr_code s3_store_largest(struct s3_writer *self, bool may_go_on, struct wr_error *err)
{
  uint32_t largest = 0;
  for (uint32_t i = 1; i < self->part_count; i++)
    if (self->parts[i]->bytes.length > self->parts[largest]->bytes.length)
      largest = i;
  struct s3_part *part = self->parts[largest];
  if (may_go_on && self->job && part->bytes.length >= S3_PART_BYTES_MIN &&
      part->sent < WR_S3_PARTS_MAX - 1)
    return upload_send(self, part, part->bytes.length, err);
  return s3_store(self, largest, err);
}

/* ---- gathering */

static enum wr_code s3_find_part(struct s3_writer *self, const struct wr_outgoing *record,
                                 uint32_t *number, struct wr_error *err)
{
  uint64_t hash =
      record->partition_length ? wr_hash_bytes(record->partition, record->partition_length, 0) : 0;
  for (uint32_t i = 0; i < self->part_count; i++) {
    const struct s3_part *part = self->parts[i];
    if (part->hash == hash && part->partition_length == record->partition_length &&
        (record->partition_length == 0 ||
         memcmp(part->partition, record->partition, record->partition_length) == 0)) {
      *number = i;
      return WR_OK;
    }
  }
  if (self->part_count == WR_PARTITION_FILES_MAX) {
    enum wr_code code = s3_store_largest(self, false, err);
    if (code != WR_OK)
      return code;
  }
  struct s3_part *part = wr_memory_get_zero(sizeof *part);
  if (self->compress && deflateInit2(&part->gzip, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8,
                                     Z_DEFAULT_STRATEGY) != Z_OK) {
    free(part);
    return wr_fail(err, WR_LIMIT, "table %s: there is no memory to compress", self->table);
  }
  part->is_open = self->compress;
  part->partition = wr_memory_get(record->partition_length + 1);
  if (record->partition_length)
    memcpy(part->partition, record->partition, record->partition_length);
  part->partition_length = record->partition_length;
  part->hash = hash;
  part->begun_us = s3_clock_us();
  *number = self->part_count;
  self->parts[self->part_count++] = part;
  return self->job ? upload_begin(self, part, err) : WR_OK;
}

static void part_put(struct s3_part *part, const char *bytes, size_t length)
{
  if (part->is_open)
    part_deflate(part, bytes, length, Z_NO_FLUSH);
  else
    wr_buffer_put(&part->bytes, bytes, length);
  part->size += length;
}

/* Whether an upload has no name yet. */
static bool s3_has_nameless(const struct s3_writer *self)
{
  for (uint32_t i = 0; self->job && i < self->part_count; i++)
    if (!self->parts[i]->upload)
      return true;
  return false;
}

static bool s3_must_wait(const struct s3_writer *self)
{
  return self->put_count >= S3_PUTS_MAX || self->put_bytes > self->put_bytes_max ||
         s3_has_nameless(self);
}

static enum wr_code s3_write_record(struct s3_writer *self, const struct wr_outgoing *record,
                                    struct wr_error *err)
{
  uint32_t number = 0;
  enum wr_code code = s3_find_part(self, record, &number, err);
  if (code != WR_OK)
    return code;
  struct s3_part *part = self->parts[number];
  part_put(part, record->bytes, record->length);
  part_put(part, self->separator, strlen(self->separator));
  s3_count_gathered(self, part);
  if (part->size >= self->size_max || part->sent == WR_S3_PARTS_MAX - 1)
    return s3_store(self, number, err);
  if (self->job && part->bytes.length >= S3_PART_BYTES)
    return upload_send_full(self, part, err);
  return self->gathered_bytes > self->gathered_max ? s3_store_largest(self, true, err) : WR_OK;
}

static enum wr_code s3_write(struct wr_writer *writer, const struct wr_outgoing *records,
                             uint32_t count, struct wr_error *err)
{
  struct s3_writer *self = (struct s3_writer *)writer;
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < count; i++)
    if (records[i].bytes) /* a file has no place for a tombstone */
      code = s3_write_record(self, &records[i], err);
  do
    code = code == WR_OK ? s3_pump(self, s3_must_wait(self) ? S3_WAIT_MS : 0, err) : code;
  while (code == WR_OK && s3_must_wait(self));
  return code;
}

/* ---- epochs, time, the end */

static enum wr_code s3_barrier(struct wr_writer *writer, uint64_t epoch, struct wr_error *err)
{
  struct s3_writer *self = (struct s3_writer *)writer;
  enum wr_code code = s3_store_all(self, err);
  for (struct s3_put *put = self->puts; put; put = put->next)
    put->epoch = put->epoch < epoch ? put->epoch : epoch;
  self->epoch = epoch;
  return code;
}

static enum wr_code s3_outbox(struct wr_writer *writer, uint64_t epoch, bool last,
                              struct wr_buffer *bytes, struct wr_error *err)
{
  struct s3_writer *self = (struct s3_writer *)writer;
  (void)last;
  enum wr_code code = s3_barrier(writer, epoch, err); /* waits for no name: write has */
  if (code != WR_OK || self->entry_count == 0)
    return code;
  wr_s3_outbox_begin(bytes, epoch, self->entry_count);
  wr_buffer_put(bytes, self->entries.bytes, self->entries.length);
  wr_buffer_clear(&self->entries);
  self->entry_count = 0;
  return WR_OK;
}

static uint64_t s3_outbox_bytes(const struct wr_writer *writer)
{
  const struct s3_writer *self = (const struct s3_writer *)writer;
  return self->gathered_bytes + self->put_bytes + self->entries.length;
}

static enum wr_code s3_settled(struct wr_writer *writer, uint64_t epoch, bool *settled,
                               struct wr_error *err)
{
  struct s3_writer *self = (struct s3_writer *)writer;
  enum wr_code code = s3_pump(self, 0, err);
  *settled = true;
  for (const struct s3_put *put = self->puts; put; put = put->next)
    *settled = *settled && put->epoch > epoch;
  return code;
}

static enum wr_code s3_tick(struct wr_writer *writer, int64_t now_us, struct wr_error *err)
{
  struct s3_writer *self = (struct s3_writer *)writer;
  enum wr_code code = WR_OK;
  int64_t clock_us = s3_clock_us();
  (void)now_us;
  for (uint32_t i = self->part_count; code == WR_OK && i-- > 0;)
    if (clock_us - self->parts[i]->begun_us >= self->age_max_us)
      code = s3_store(self, i, err);
  return code == WR_OK ? s3_pump(self, 0, err) : code;
}

static enum wr_code s3_finish(struct wr_writer *writer, struct wr_error *err)
{
  struct s3_writer *self = (struct s3_writer *)writer;
  enum wr_code code = s3_store_all(self, err);
  while (code == WR_OK && self->put_count)
    code = s3_pump(self, S3_WAIT_MS, err);
  return code;
}

static void s3_writer_close(struct wr_writer *writer)
{
  struct s3_writer *self = (struct s3_writer *)writer;
  wr_aws_close(self->aws);
  for (struct s3_put *put = self->puts, *next; put; put = next) {
    next = put->next;
    put_free(put);
  }
  for (uint32_t i = 0; i < self->part_count; i++)
    part_free(self->parts[i]);
  wr_buffer_free(&self->entries);
  wr_arena_free(&self->arena);
  wr_arena_free(&self->call);
  free(self);
}

/* A quarter of the memory, within bounds. */
static uint64_t s3_memory(const struct wr_table_spec *spec, uint64_t most)
{
  uint64_t bytes = spec->memory_bytes ? spec->memory_bytes / 4 : most;
  bytes = bytes < most ? bytes : most;
  return bytes > S3_GATHERED_LEAST ? bytes : S3_GATHERED_LEAST;
}

static enum wr_code s3_writer_open(const struct wr_table_spec *spec, struct wr_writer **out,
                                   struct wr_error *err)
{
  struct s3_writer *self = wr_memory_get_zero(sizeof *self);
  const struct wr_options *options = spec->options;
  const char *format = wr_options_find(options, "format");
  uint64_t run;
  self->writer.class = &wr_s3_writer;
  self->table = wr_arena_copy(&self->arena, spec->table, strlen(spec->table));
  self->aborting = spec->aborting;
  self->separator = wr_arena_copy(&self->arena, spec->separator, strlen(spec->separator));
  format = format ? format : wr_options_find(options, "value.format");
  self->extension = wr_arena_copy(&self->arena, format, strlen(format));
  self->task = spec->task;
  self->compress = strcmp(wr_options_text(options, wr_s3_options, "compression"), "gzip") == 0;
  self->size_max =
      (uint64_t)wr_options_bytes(options, wr_s3_options, "sink.rolling-policy.file-size");
  self->age_max_us =
      wr_options_duration_us(options, wr_s3_options, "sink.rolling-policy.rollover-interval");
  self->put_bytes_max = s3_memory(spec, S3_PUTS_BYTES_MAX);
  self->gathered_max = s3_memory(spec, S3_GATHERED_MAX);
  wr_s3_place_parse(wr_options_find(options, "path"), &self->arena, &self->place);
  if (spec->job) {
    self->job = wr_arena_copy(&self->arena, spec->job, strlen(spec->job));
    wr_s3_names_make(spec, &self->place, &self->arena, &self->names);
  }
  ssize_t got;
  do
    got = getrandom(&run, sizeof run, 0);
  while (got < 0 && errno == EINTR);
  enum wr_code code = WR_OK;
  if (got != sizeof run)
    code = wr_fail(err, WR_IO, "table %s: the system gives no random numbers: %m", spec->table);
  snprintf(self->run, sizeof self->run, "%016" PRIx64, run);
  if (code == WR_OK)
    code = wr_s3_open_client(spec, &self->aws, err);
  if (code != WR_OK)
    s3_writer_close(&self->writer);
  else
    *out = &self->writer;
  return code;
}

const struct wr_writer_class wr_s3_writer = {
    .open = s3_writer_open,
    .write = s3_write,
    .barrier = s3_barrier,
    .outbox = s3_outbox,
    .outbox_bytes = s3_outbox_bytes,
    .settled = s3_settled,
    .tick = s3_tick,
    .finish = s3_finish,
    .close = s3_writer_close,
};
