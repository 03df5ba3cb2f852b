/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources of messages whose decoding is helped with give the same as without: rows and rejects in
 * their order, with their places and what the connector knows of each record, and positions that
 * are exactly behind what was emitted; also where records are compressed one by one, where splits
 * appear and end meanwhile, and where the helper is another copy of the source that has no split.
 * What a reader was asked to keep is there until it is given back, and nothing else is.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "connectors/connector.h"
#include "runtime/source.h"
#include "tests/unit/decode_helpers.h"
#include "text/buffer.h"

enum { RECORDS = 3000, SPLITS = 3, SHOWN_BYTES = 30 };

/* ---- records */

struct letter {
  uint32_t split;
  int64_t offset; /* in its split */
  char *bytes;    /* NULL: a tombstone */
  uint32_t length;
};

struct letters {
  struct letter list[RECORDS];
  uint32_t count;
};

static void letter_compress(struct letter *letter)
{
  z_stream stream = {0};
  CU_ASSERT_EQUAL(deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  size_t bound = deflateBound(&stream, letter->length);
  char *out = wr_memory_get(bound);
  stream.next_in = (Bytef *)letter->bytes;
  stream.avail_in = letter->length;
  stream.next_out = (Bytef *)out;
  stream.avail_out = (uInt)bound;
  CU_ASSERT_EQUAL(deflate(&stream, Z_FINISH), Z_STREAM_END);
  deflateEnd(&stream);
  free(letter->bytes);
  letter->bytes = out;
  letter->length = (uint32_t)(bound - stream.avail_out);
}

/* Some are bad, some tombstones. The third split begins in the middle, the second one ends.
 * wrapped: most are compressed, some damaged, and some become many times as long. */
static struct letters *letters_new(uint32_t count, bool wrapped)
{
  struct letters *letters = wr_memory_get_zero(sizeof *letters);
  int64_t offsets[SPLITS] = {0};
  letters->count = count;
  for (uint32_t i = 0; i < count; i++) {
    struct letter *letter = &letters->list[i];
    uint32_t stretch = i / 7;
    letter->split = i > count / 2 ? stretch % 2 * 2 : stretch % 2;
    letter->offset = offsets[letter->split]++;
    if (i % 61 == 3)
      continue;
    int word = (int)(wrapped && i % 3 == 0 ? 40000 : i * 31u % 97);
    letter->bytes = wr_memory_get((size_t)word + 64);
    letter->length = (uint32_t)snprintf(
        letter->bytes, (size_t)word + 64,
        i % 41 == 5 ? "{\"n\":x%u%0*d}" : "{\"n\":%u,\"word\":\"%0*d\"}", i, word, 1);
    if (wrapped && i % 5)
      letter_compress(letter);
    if (wrapped && i % 29 == 1)
      letter->length /= 2;
  }
  return letters;
}

static void letters_free(struct letters *letters)
{
  for (uint32_t i = 0; i < letters->count; i++)
    free(letters->list[i].bytes);
  free(letters);
}

/* ---- the reader: each poll in memory of its own, which is gone when it should be */

struct mail_poll {
  struct wr_message *messages;
  char *bytes;
  uint32_t count;
  uint64_t number;
};

struct mail {
  struct wr_reader reader;
  enum wr_split_state states[SPLITS];
  struct wr_split added[SPLITS];
  const struct letters *letters; /* NULL: a copy without splits, that may get some */
  uint32_t opened_count, at, poll_records;
  int64_t next[SPLITS];
  struct mail_poll *poll; /* the last one, unless it is kept */
  uint64_t poll_count, released;
  uint32_t kept_count, kept_most;
};

/* What a run is made of; the connector's options, as it were. */
struct given {
  const struct letters *letters;
  uint32_t poll_records, batch_rows, split_count;
  const struct wr_option_value *option;
  const char *positions[SPLITS];
  uint32_t kept_most;
};

static _Thread_local struct given *given_now;

static const struct wr_reader_class mail_class;

static enum wr_code mail_open(const struct wr_table_spec *spec, const struct wr_split *splits,
                              uint32_t split_count, struct wr_reader **out, struct wr_error *err)
{
  struct mail *self = wr_memory_get_zero(sizeof *self);
  (void)spec, (void)err;
  self->reader = (struct wr_reader){.class = &mail_class,
                                    .states = self->states,
                                    .split_count = split_count,
                                    .added = self->added,
                                    .may_grow = split_count == 0};
  self->opened_count = split_count;
  if (split_count) {
    self->letters = given_now->letters;
    self->poll_records = given_now->poll_records;
  }
  for (uint32_t s = 0; s < split_count; s++)
    self->next[s] = splits[s].position ? strtoll(splits[s].position, NULL, 10) : 0;
  *out = &self->reader;
  return WR_OK;
}

static void poll_free(struct mail_poll *poll)
{
  if (!poll)
    return;
  memset(poll->messages, 0xDD, poll->count * sizeof *poll->messages);
  free(poll->messages);
  free(poll->bytes);
  free(poll);
}

static void mail_close(struct wr_reader *reader)
{
  struct mail *self = (struct mail *)reader;
  CU_ASSERT_EQUAL(self->kept_count, 0);
  if (self->letters)
    given_now->kept_most = self->kept_most;
  poll_free(self->poll);
  free(self);
}

static void *mail_keep(struct wr_reader *reader)
{
  struct mail *self = (struct mail *)reader;
  struct mail_poll *kept = self->poll;
  CU_ASSERT_PTR_NOT_NULL_FATAL(kept);
  self->poll = NULL;
  self->kept_count++;
  self->kept_most = self->kept_count > self->kept_most ? self->kept_count : self->kept_most;
  CU_ASSERT(self->kept_count <= WR_POLLS_KEPT_MAX);
  return kept;
}

static void mail_release(struct wr_reader *reader, void *kept)
{
  struct mail *self = (struct mail *)reader;
  struct mail_poll *poll = kept;
  CU_ASSERT(poll->number > self->released);
  self->released = poll->number;
  self->kept_count--;
  poll_free(poll);
}

/* The next records, into a poll. */
static void mail_fill(struct mail *self, struct mail_poll *poll)
{
  size_t room = 0, used = 0;
  for (uint32_t i = self->at; i < self->letters->count && i < self->at + self->poll_records; i++)
    room += self->letters->list[i].length;
  poll->messages = wr_memory_get_zero(self->poll_records * sizeof *poll->messages);
  poll->bytes = wr_memory_get_zero(room + WR_PADDING);
  while (poll->count < self->poll_records && self->at < self->letters->count) {
    const struct letter *letter = &self->letters->list[self->at];
    if (letter->split >= self->reader.split_count) { /* it has just been found */
      self->added[letter->split - self->opened_count] = (struct wr_split){.name = "2"};
      self->reader.split_count = letter->split + 1;
    }
    if (letter->offset < self->next[letter->split]) {
      self->at++;
      continue;
    }
    if (used + letter->length > room)
      break;
    self->at++;
    if (letter->length)
      memcpy(poll->bytes + used, letter->bytes, letter->length);
    poll->messages[poll->count++] =
        (struct wr_message){.bytes = letter->bytes ? poll->bytes + used : NULL,
                            .length = letter->length,
                            .key = "key",
                            .key_length = self->at % 4,
                            .split = letter->split,
                            .offset = letter->offset,
                            .time_us = self->at};
    used += letter->length;
  }
}

static enum wr_code mail_poll(struct wr_reader *reader, int wait_ms, struct wr_chunk *chunk,
                              struct wr_error *err)
{
  struct mail *self = (struct mail *)reader;
  (void)wait_ms, (void)err;
  poll_free(self->poll);
  self->poll = NULL;
  if (!self->letters)
    return WR_OK;
  for (uint32_t s = 0; s < self->reader.split_count; s++) /* a poll later, as connectors do */
    if (self->at == self->letters->count || (s == 1 && self->at > self->letters->count / 2 + 7))
      self->states[s] = WR_SPLIT_DONE;
  if (self->at == self->letters->count)
    return WR_OK;
  self->poll = wr_memory_get_zero(sizeof *self->poll);
  self->poll->number = ++self->poll_count;
  mail_fill(self, self->poll);
  chunk->messages = self->poll->messages;
  chunk->message_count = self->poll->count;
  return WR_OK;
}

static void mail_position_after(struct wr_reader *reader, const struct wr_message *message,
                                char *text, size_t size)
{
  (void)reader;
  snprintf(text, size, "%lld", (long long)message->offset + 1);
}

static void mail_place(struct wr_reader *reader, const struct wr_message *message, char *text,
                       size_t size)
{
  (void)reader;
  snprintf(text, size, "place %lld", (long long)message->offset);
}

static void mail_metadata(struct wr_reader *reader, uint32_t which,
                          const struct wr_message *const *messages, uint32_t count,
                          struct wr_builder *out)
{
  (void)reader, (void)which;
  for (uint32_t i = 0; i < count; i++)
    wr_builder_put_i64(out, messages[i]->time_us * 10 + messages[i]->key_length);
}

static const struct wr_reader_class mail_class = {.open = mail_open,
                                                  .close = mail_close,
                                                  .poll = mail_poll,
                                                  .keep = mail_keep,
                                                  .release = mail_release,
                                                  .position_after = mail_position_after,
                                                  .place = mail_place,
                                                  .metadata = mail_metadata};
static const struct wr_connector mail_connector = {.name = "mail", .reader = &mail_class};

/* ---- what comes of it */

struct heard {
  struct wr_buffer all, rows[SPLITS], rejects[SPLITS]; /* as texts, in their order */
  bool ended[SPLITS];
  char positions[SPLITS][32];
};

static _Thread_local struct heard *heard_now;

__attribute__((format(printf, 2, 3))) static void heard_say(struct wr_buffer *to,
                                                            const char *format, ...)
{
  char line[256];
  va_list args;
  va_start(args, format);
  vsnprintf(line, sizeof line, format, args);
  va_end(args);
  wr_buffer_put(to, line, strlen(line));
  wr_buffer_put(&heard_now->all, line, strlen(line));
}

static enum wr_code heard_batch(struct wr_operator *op, uint32_t input,
                                const struct wr_batch *batch, struct wr_error *err)
{
  (void)op, (void)input, (void)err;
  for (uint32_t r = 0; r < batch->run_count; r++) {
    const struct wr_run *run = &batch->runs[r];
    CU_ASSERT_FALSE(heard_now->ended[run->split]);
    for (uint32_t row = run->first; row < run->first + run->count; row++) {
      const struct wr_text *word = wr_column_text(&batch->columns[1], row);
      heard_say(&heard_now->rows[run->split], "%u: %lld %.*s (%u) %lld\n", run->split,
                (long long)wr_column_i64(&batch->columns[0], row),
                word->length < SHOWN_BYTES ? (int)word->length : SHOWN_BYTES, wr_text_bytes(word),
                word->length, (long long)wr_column_i64(&batch->columns[2], row));
    }
  }
  return WR_OK;
}

static enum wr_code heard_split(struct wr_operator *op, uint32_t split, int state, int64_t now_us,
                                struct wr_error *err)
{
  (void)op, (void)now_us, (void)err;
  if (state == WR_SPLIT_DONE)
    heard_now->ended[split] = true;
  return WR_OK;
}

static const struct wr_operator_class heard_class = {
    .name = "heard", .on_batch = heard_batch, .on_split = heard_split};

static void heard_reject(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  (void)sink;
  heard_say(&heard_now->rejects[reject->split[0] - '0'], "%s: bad at %.*s: %.60s %u\n",
            reject->split, (int)reject->position.length, reject->position.bytes, reject->message,
            reject->raw.length);
}

static void heard_free(struct heard *heard)
{
  wr_buffer_free(&heard->all);
  for (uint32_t s = 0; s < SPLITS; s++) {
    wr_buffer_free(&heard->rows[s]);
    wr_buffer_free(&heard->rejects[s]);
  }
}

static bool buffers_equal(const struct wr_buffer *a, const struct wr_buffer *b)
{
  return a->length == b->length && (a->length == 0 || memcmp(a->bytes, b->bytes, a->length) == 0);
}

/* ---- running it */

static const struct wr_field physical_fields[] = {{"n", &wr_type_bigint},
                                                  {"word", &wr_type_string}};
static const struct wr_schema physical = {2, physical_fields};
static const struct wr_field source_fields[] = {
    {"n", &wr_type_bigint}, {"word", &wr_type_string}, {"at", &wr_type_bigint}};
static const struct wr_schema source_schema = {3, source_fields};

/* A source and what stands behind it; stays where it is. */
struct line {
  struct wr_options options;
  struct wr_plan_source plan;
  struct wr_reject_sink rejects;
  struct wr_metrics metrics, sink_metrics;
  struct wr_operator_context context, sink_context;
  struct wr_operator sink;
  struct wr_target target;
  struct wr_source *source;
};

static void line_open(struct line *line, const struct given *given, struct wr_decode_pool *pool)
{
  static const uint32_t wanted[] = {0, 1}, metadata[] = {0};
  static const uint32_t *const no_fields[] = {NULL, NULL};
  static const char *const names[SPLITS] = {"0", "1", "2"};
  struct wr_split splits[SPLITS];
  struct wr_error err;
  memset(line, 0, sizeof *line);
  line->options = (struct wr_options){given->option, given->option ? 1 : 0};
  line->plan = (struct wr_plan_source){.table = {.name = "t",
                                                 .connector = &mail_connector,
                                                 .format = wr_format_find("json"),
                                                 .options = &line->options,
                                                 .physical = &physical,
                                                 .time_zone = "UTC"},
                                       .wanted = wanted,
                                       .wanted_count = 2,
                                       .made = &physical,
                                       .fields = no_fields,
                                       .metadata = metadata,
                                       .metadata_count = 1};
  for (uint32_t s = 0; s < given->split_count; s++)
    splits[s] = (struct wr_split){names[s], given->positions[s]};
  line->rejects = (struct wr_reject_sink){.put = heard_reject};
  line->context = (struct wr_operator_context){
      .task_count = 1, .name = "t", .rejects = &line->rejects, .metrics = &line->metrics};
  line->sink_context = (struct wr_operator_context){.name = "s", .metrics = &line->sink_metrics};
  line->sink = wr_operator_head(&heard_class, &line->sink_context);
  line->target = (struct wr_target){&line->sink, 0};
  const struct wr_source_settings settings = {
      .batch_rows = given->batch_rows ? given->batch_rows : 1, .pool = pool, .grows = true};
  CU_ASSERT_EQUAL_FATAL(wr_source_open(&line->plan, &source_schema, splits, given->split_count,
                                       &line->context, &settings, &line->source, &err),
                        WR_OK);
  wr_source_operator(line->source)->targets = &line->target;
  wr_source_operator(line->source)->target_count = 1;
}

static void heard_positions(struct heard *heard, const struct wr_source *source)
{
  struct wr_part_writer part = {0};
  struct wr_error err;
  wr_source_save(source, &part);
  struct wr_part_reader reader = {.bytes = part.bytes, .length = part.length};
  uint64_t count = 0;
  CU_ASSERT_EQUAL(wr_part_get_u64(&reader, &count, &err), WR_OK);
  for (uint64_t s = 0; s < count; s++) {
    const char *name, *text;
    size_t name_length, length;
    CU_ASSERT_EQUAL(wr_part_get_bytes(&reader, &name, &name_length, &err), WR_OK);
    CU_ASSERT_EQUAL(wr_part_get_bytes(&reader, &text, &length, &err), WR_OK);
    snprintf(heard->positions[s], sizeof heard->positions[s], "%.*s", (int)length, text);
  }
  wr_part_writer_free(&part);
}

/* So many steps at most, to the end if that is nearer. */
static void given_run(struct given *given, uint32_t steps_max, struct wr_decode_pool *pool,
                      struct heard *heard)
{
  struct line line;
  struct wr_error err;
  bool moved;
  memset(heard, 0, sizeof *heard);
  given_now = given;
  heard_now = heard;
  line_open(&line, given, pool);
  for (uint32_t step = 0; step < steps_max && !wr_source_is_done(line.source); step++)
    CU_ASSERT_EQUAL_FATAL(wr_source_step(line.source, 0, 0, &moved, &err), WR_OK);
  heard_positions(heard, line.source);
  wr_source_leave(line.source);
  wr_source_close(line.source);
}

static void given_run_helped(struct given *given, uint32_t steps_max, uint32_t helper_count,
                             struct heard *heard)
{
  struct helpers helpers;
  helpers_start(&helpers, 1, helper_count);
  given_run(given, steps_max, helpers.pool, heard);
  helpers_end(&helpers);
}

/* ---- tests */

/* exactly: also between splits, and between rows and rejects. */
static void check_same(const struct heard *plain, const struct heard *helped, bool exactly,
                       const char *what, uint32_t a, uint32_t b)
{
  if (exactly)
    WR_CHECK(buffers_equal(&plain->all, &helped->all), "%s, %u, %u", what, a, b);
  for (uint32_t s = 0; s < SPLITS; s++) {
    WR_CHECK(buffers_equal(&plain->rows[s], &helped->rows[s]), "%s, %u, %u: rows of %u", what, a, b,
             s);
    WR_CHECK(buffers_equal(&plain->rejects[s], &helped->rejects[s]), "%s, %u, %u: rejects of %u",
             what, a, b, s);
    CU_ASSERT_STRING_EQUAL(plain->positions[s], helped->positions[s]);
    CU_ASSERT(helped->ended[s] && plain->ended[s]);
  }
}

static void check_letters(uint32_t count, const char *compression)
{
  static const uint32_t polls[] = {1, 60, 1000, 5000}, batches[] = {1, 7, 4096};
  const struct wr_option_value option = {.key = "value.compression", .value = compression};
  struct letters *letters = letters_new(count, compression != NULL);
  for (uint32_t p = 0; p < WR_COUNT(polls); p++) {
    for (uint32_t b = 0; b < WR_COUNT(batches); b++) {
      struct given given = {.letters = letters,
                            .poll_records = polls[p],
                            .batch_rows = batches[b],
                            .split_count = 2,
                            .option = compression ? &option : NULL};
      struct heard plain, helped;
      given_run(&given, UINT32_MAX, NULL, &plain);
      CU_ASSERT_EQUAL(given.kept_most, 0);
      CU_ASSERT(plain.rows[0].length > count && plain.rejects[0].length && plain.rows[2].length);
      for (uint32_t h = 1; h <= HELPERS_MAX; h += 2) {
        given_run_helped(&given, UINT32_MAX, h, &helped);
        CU_ASSERT(given.kept_most > 0);
        check_same(&plain, &helped, !compression, compression ? compression : "plain", polls[p],
                   batches[b]);
        heard_free(&helped);
      }
      heard_free(&plain);
    }
  }
  letters_free(letters);
}

static void test_the_same(void)
{
  check_letters(RECORDS, NULL);
}

static void test_the_same_unwrapped(void)
{
  check_letters(400, "auto");
  check_letters(400, "gzip");
}

/* Several polls are under way if they are worth it; small ones go on at once. */
static void test_several_polls(void)
{
  struct letters *letters = letters_new(RECORDS, false);
  struct given given = {
      .letters = letters, .poll_records = 500, .batch_rows = 4096, .split_count = 2};
  struct heard heard;
  given_run_helped(&given, UINT32_MAX, 3, &heard);
  CU_ASSERT(given.kept_most > 2);
  heard_free(&heard);
  given.poll_records = 20;
  given_run_helped(&given, UINT32_MAX, 3, &heard);
  CU_ASSERT_EQUAL(given.kept_most, 1);
  heard_free(&heard);
  letters_free(letters);
}

/* Left after any number of steps: who goes on from the positions gets the rest of each split, no
 * more and no less, whatever was under way. */
static void check_positions(uint32_t count, const char *compression)
{
  const struct wr_option_value option = {.key = "value.compression", .value = compression};
  struct letters *letters = letters_new(count, compression != NULL);
  struct given given = {.letters = letters,
                        .poll_records = 300,
                        .batch_rows = 50,
                        .split_count = SPLITS,
                        .option = compression ? &option : NULL};
  struct heard all, begun, rest;
  given_run(&given, UINT32_MAX, NULL, &all);
  for (uint32_t steps = 1; steps < 80; steps += steps / 3 + 1) {
    memset(given.positions, 0, sizeof given.positions);
    given_run_helped(&given, steps, 2, &begun);
    for (uint32_t s = 0; s < SPLITS; s++)
      given.positions[s] = begun.positions[s];
    given_run_helped(&given, UINT32_MAX, 1, &rest);
    for (uint32_t s = 0; s < SPLITS; s++) {
      const struct wr_buffer *a = &begun.rows[s], *b = &rest.rows[s], *whole = &all.rows[s];
      WR_CHECK(a->length + b->length == whole->length &&
                   (a->length == 0 || memcmp(a->bytes, whole->bytes, a->length) == 0) &&
                   (b->length == 0 || memcmp(b->bytes, whole->bytes + a->length, b->length) == 0),
               "%u steps, split %u at %s", steps, s, begun.positions[s]);
      CU_ASSERT_EQUAL(begun.rejects[s].length + rest.rejects[s].length, all.rejects[s].length);
    }
    heard_free(&begun);
    heard_free(&rest);
  }
  heard_free(&all);
  letters_free(letters);
}

static void test_positions(void)
{
  check_positions(RECORDS, NULL);
  check_positions(400, "auto");
}

/* Another copy of the source, without a split so far, in a thread of its own. */
struct copy {
  struct wr_decode_pool *pool;
  _Atomic bool over;
};

static void *copy_run(void *argument)
{
  struct copy *copy = argument;
  struct given given = {.split_count = 0};
  struct heard heard;
  struct line line;
  struct wr_error err;
  bool moved;
  memset(&heard, 0, sizeof heard);
  heard_now = &heard;
  given_now = &given;
  line_open(&line, &given, copy->pool);
  while (!atomic_load(&copy->over))
    CU_ASSERT_EQUAL_FATAL(wr_source_step(line.source, 5, 0, &moved, &err), WR_OK);
  CU_ASSERT_FALSE(wr_source_is_done(line.source));
  wr_source_leave(line.source);
  wr_source_close(line.source);
  heard_free(&heard);
  return NULL;
}

static void test_a_copy_helps(void)
{
  struct letters *letters = letters_new(RECORDS, false);
  struct given given = {
      .letters = letters, .poll_records = 600, .batch_rows = 200, .split_count = 2};
  struct copy copy = {.pool = wr_decode_pool_new(2)};
  struct heard plain, helped;
  pthread_t thread;
  given_run(&given, UINT32_MAX, NULL, &plain);
  CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, copy_run, &copy), 0);
  while (wr_decode_pool_helpers(copy.pool) == 0)
    sched_yield();
  given_run(&given, UINT32_MAX, copy.pool, &helped);
  CU_ASSERT(given.kept_most > 1);
  atomic_store(&copy.over, true);
  pthread_join(thread, NULL);
  CU_ASSERT_EQUAL(wr_decode_pool_helpers(copy.pool), 0);
  check_same(&plain, &helped, true, "a copy", 0, 0);
  wr_decode_pool_free(copy.pool);
  heard_free(&plain);
  heard_free(&helped);
  letters_free(letters);
}

static const struct wr_test tests[] = {
    {"the same with helpers", test_the_same},
    {"the same with helpers, unwrapped", test_the_same_unwrapped},
    {"several polls", test_several_polls},
    {"positions are behind what was emitted", test_positions},
    {"a copy without a split helps", test_a_copy_helps},
    {0},
};

const struct wr_suite wr_suite_helped_messages = {"helped_messages", tests};
