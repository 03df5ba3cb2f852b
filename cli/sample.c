/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. */
#include "cli/sample.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "connectors/partition_path.h"
#include "core/limits.h"
#include "core/time.h"
#include "text/utf8.h"

#define SAMPLE_SPLITS_MAX  16 /* files, or others that are streams of bytes */
#define SAMPLE_READ_BYTES  (64u << 10)
#define SAMPLE_FILE_BYTES  (4u << 20)  /* of each file, but never less than one line */
#define SAMPLE_TOTAL_BYTES (64u << 20) /* of all messages */
#define SAMPLE_POLL_MS     50

/* What was read of a file. */
struct sample_file {
  struct wr_buffer bytes;
  uint32_t lines;
};

struct sampler {
  const struct wr_sample_source *source;
  struct wr_arena *arena;
  struct wr_table_spec spec;
  struct wr_split *splits;
  uint32_t split_count; /* that are read */
  struct wr_reader *reader;
  struct wr_sample_piece *pieces;
  uint32_t piece_count, piece_capacity;
};

static void sample_note(void *self, const char *message)
{
  (void)self;
  fprintf(stderr, "weir: %s\n", message);
}

static void sample_add(struct sampler *self, const char *bytes, size_t length, uint32_t split,
                       bool is_whole)
{
  if (self->piece_count == self->piece_capacity) {
    self->piece_capacity = self->piece_capacity ? 2 * self->piece_capacity : 64;
    self->pieces = wr_memory_resize(self->pieces, self->piece_capacity * sizeof *self->pieces);
  }
  self->pieces[self->piece_count++] = (struct wr_sample_piece){
      .bytes = wr_arena_copy(self->arena, length ? bytes : "", length),
      .length = length,
      .split = split,
      .is_whole = is_whole,
      .name = self->source->connector->reader->next_split ? self->splits[split].name : NULL};
}

/* ---- streams of bytes */

static void sample_count_lines(struct sample_file *file, size_t length)
{
  const char *at = file->bytes.bytes + file->bytes.length - length;
  const char *end = file->bytes.bytes + file->bytes.length;
  while ((at = memchr(at, '\n', (size_t)(end - at)))) {
    file->lines++;
    at++;
  }
}

static enum wr_code sample_read_files(struct sampler *self, struct sample_file *files,
                                      struct wr_error *err)
{
  struct wr_reader *reader = self->reader;
  uint32_t lines_max = self->source->records_max / self->split_count + 2;
  bool *held = WR_NEW_ARRAY(self->arena, bool, self->split_count);
  uint32_t split;
  reader->held = held;
  while ((split = reader->class->next_split(reader)) < self->split_count) {
    struct sample_file *file = &files[split];
    struct wr_chunk chunk = {.space = wr_buffer_reserve(&file->bytes, SAMPLE_READ_BYTES),
                             .space_bytes = SAMPLE_READ_BYTES};
    enum wr_code code = reader->class->poll(reader, SAMPLE_POLL_MS, &chunk, err);
    if (code != WR_OK)
      return code;
    wr_buffer_added(&file->bytes, chunk.length);
    sample_count_lines(file, chunk.length);
    if (file->lines == 0 && file->bytes.length > WR_RECORD_BYTES_MAX)
      return wr_fail(err, WR_LIMIT,
                     "%s begins with a line of more than %u bytes (WR_RECORD_BYTES_MAX)",
                     self->splits[split].name, (unsigned)WR_RECORD_BYTES_MAX);
    held[split] =
        file->lines >= lines_max || (file->lines && file->bytes.length >= SAMPLE_FILE_BYTES);
  }
  return WR_OK;
}

static enum wr_code sample_files(struct sampler *self, struct wr_error *err)
{
  struct sample_file files[SAMPLE_SPLITS_MAX] = {0};
  enum wr_code code = sample_read_files(self, files, err);
  for (uint32_t s = 0; s < self->split_count; s++) {
    if (code == WR_OK)
      sample_add(self, files[s].bytes.bytes, files[s].bytes.length, s,
                 self->reader->states[s] == WR_SPLIT_DONE);
    wr_buffer_free(&files[s].bytes);
  }
  return code;
}

/* ---- messages */

/* Everything there was has been read, whether more may come or not. */
static bool sample_is_over(const struct sampler *self)
{
  bool is_over = true;
  for (uint32_t s = 0; s < self->reader->split_count; s++) {
    enum wr_split_state state = self->reader->states[s];
    is_over = is_over &&
              (state == WR_SPLIT_DONE || (state == WR_SPLIT_CAUGHT_UP && self->piece_count > 0));
  }
  return is_over;
}

static int64_t sample_now_us(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * WR_US_PER_SECOND + now.tv_nsec / 1000;
}

static enum wr_code sample_messages(struct sampler *self, struct wr_error *err)
{
  int64_t until_us = sample_now_us() + self->source->wait_us;
  size_t total = 0;
  enum wr_code code = WR_OK;
  while (code == WR_OK && self->piece_count < self->source->records_max &&
         total < SAMPLE_TOTAL_BYTES && sample_now_us() < until_us && !sample_is_over(self)) {
    struct wr_chunk chunk = {.space = NULL};
    code = self->reader->class->poll(self->reader, SAMPLE_POLL_MS, &chunk, err);
    for (uint32_t m = 0; code == WR_OK && m < chunk.message_count; m++) {
      const struct wr_message *message = &chunk.messages[m];
      if (!message->bytes || self->piece_count == self->source->records_max)
        continue;
      sample_add(self, message->bytes, message->length, message->split, true);
      total += message->length;
    }
  }
  return code;
}

/* ---- folders */

static bool sample_is_name(const struct wr_buffer *text)
{
  for (size_t i = 0; i < text->length; i++)
    if (iscntrl((unsigned char)text->bytes[i]))
      return false;
  return text->length > 0 && wr_utf8_valid(text->bytes, text->length);
}

/* Whether all files lie in a folder of the column, so that it could be one of PARTITIONED BY. */
static bool sample_is_partition(const struct wr_split *splits, uint32_t split_count,
                                const char *column)
{
  struct wr_buffer value = {0};
  bool is_one = true;
  for (uint32_t s = 0; is_one && s < split_count; s++) {
    wr_buffer_clear(&value);
    is_one = wr_partition_find(splits[s].name, column, &value) &&
             wr_utf8_valid(value.bytes, value.length);
  }
  wr_buffer_free(&value);
  return is_one;
}

static void sample_add_folder(const struct sampler *self, uint32_t split_count, const char *name,
                              struct wr_sample_folders *out)
{
  struct wr_discovered_folder *folder = &out->at[out->count];
  struct wr_buffer value = {0};
  for (uint32_t i = 0; i < out->count; i++)
    if (strcmp(out->at[i].column, name) == 0)
      return;
  if (out->count == WR_PARTITION_COLUMNS_MAX ||
      !sample_is_partition(self->splits, split_count, name))
    return;
  wr_partition_find(self->splits->name, name, &value);
  folder->column = name;
  folder->value =
      sample_is_name(&value) ? wr_arena_copy(self->arena, value.bytes, value.length) : "...";
  out->count++;
  wr_buffer_free(&value);
}

static void sample_folders(const struct sampler *self, uint32_t split_count,
                           struct wr_sample_folders *out)
{
  struct wr_buffer column = {0};
  const char *path = self->splits->name;
  for (const char *end; (end = strchr(path, '/')); path = end + 1) {
    wr_buffer_clear(&column);
    if (wr_partition_column(path, end, &column) && column.length <= WR_SQL_NAME_BYTES_MAX &&
        sample_is_name(&column))
      sample_add_folder(self, split_count, wr_arena_copy(self->arena, column.bytes, column.length),
                        out);
  }
  wr_buffer_free(&column);
}

/* ---- both */

static enum wr_code sample_open(struct sampler *self, uint32_t *split_count, struct wr_error *err)
{
  static const struct wr_schema no_columns = {0};
  const struct wr_connector *connector = self->source->connector;
  const struct wr_reader_class *class = connector->reader;
  self->spec = (struct wr_table_spec){.table = self->source->table,
                                      .options = &self->source->options,
                                      .schema = &no_columns,
                                      .task_count = 1,
                                      .note = sample_note};
  enum wr_code code = connector->check ? connector->check(&self->spec, false, err) : WR_OK;
  if (code == WR_OK)
    code = class->discover(&self->spec, self->arena, &self->splits, split_count, err);
  if (code != WR_OK)
    return code;
  self->split_count = *split_count;
  if (class->next_split && self->split_count > SAMPLE_SPLITS_MAX)
    self->split_count = SAMPLE_SPLITS_MAX;
  if (self->split_count == 0)
    return wr_fail(err, WR_DATA, "there is nothing to read in %s", self->source->table);
  if (class->share && !class->next_split) /* of files, those that are there now are enough */
    code = class->share(&self->spec, self->splits, *split_count, NULL, 0, &self->spec.shared, err);
  if (code == WR_OK)
    code = class->open(&self->spec, self->splits, self->split_count, &self->reader, err);
  return code;
}

/* Those of a split beside one another, in its order. */
static void sample_sort(const struct sampler *self, struct wr_sample_piece *out)
{
  uint32_t splits = 0, at = 0;
  for (uint32_t i = 0; i < self->piece_count; i++)
    splits = self->pieces[i].split < splits ? splits : self->pieces[i].split + 1;
  uint32_t *firsts = WR_NEW_ARRAY(self->arena, uint32_t, splits + 1);
  for (uint32_t i = 0; i < self->piece_count; i++)
    firsts[self->pieces[i].split]++;
  for (uint32_t s = 0; s < splits; s++) {
    uint32_t count = firsts[s];
    firsts[s] = at;
    at += count;
  }
  for (uint32_t i = 0; i < self->piece_count; i++)
    out[firsts[self->pieces[i].split]++] = self->pieces[i];
}

enum wr_code wr_sample_read(const struct wr_sample_source *source, struct wr_arena *arena,
                            struct wr_sample *out, struct wr_sample_folders *folders,
                            struct wr_error *err)
{
  uint32_t split_count = 0;
  struct sampler self = {.source = source, .arena = arena};
  const struct wr_reader_class *class = source->connector->reader;
  enum wr_code code = sample_open(&self, &split_count, err);
  folders->count = 0;
  if (code == WR_OK && class->next_split)
    sample_folders(&self, split_count, folders);
  if (code == WR_OK)
    code = class->next_split ? sample_files(&self, err) : sample_messages(&self, err);
  if (self.reader)
    class->close(self.reader);
  if (self.spec.shared && class->unshare)
    class->unshare(self.spec.shared);
  if (code == WR_OK) {
    out->is_messages = !class->next_split;
    struct wr_sample_piece *pieces =
        WR_NEW_ARRAY(arena, struct wr_sample_piece, self.piece_count + 1);
    out->pieces = pieces;
    out->piece_count = self.piece_count;
    sample_sort(&self, pieces);
  }
  free(self.pieces);
  return code;
}
