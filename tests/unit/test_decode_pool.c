/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Helpers that decode chunks of a split. Threads take from each other what waits; and a source of
 * bytes gives the same with helpers as without, however the bytes come and however small the
 * chunks are: rows and rejects in their order, with their places, and positions that are exactly
 * behind what was emitted.
 */
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "connectors/connector.h"
#include "core/limits.h"
#include "runtime/source.h"
#include "tests/unit/decode_helpers.h"

enum { LINES = 3000, SPLITS = 2, SHOWN_BYTES = 40 };

/* ---- the pool by itself: a format whose decoders wait for each other */

struct meeting {
  struct wr_decoder decoder;
  sem_t *mine, *theirs;
  pthread_t thread;
};

static void meeting_decode(struct wr_decoder *decoder, const struct wr_frame *frames,
                           uint32_t frame_count, struct wr_decoded *out)
{
  struct meeting *self = (struct meeting *)decoder;
  (void)frames, (void)frame_count;
  *out = (struct wr_decoded){0};
  self->thread = pthread_self();
  sem_post(self->theirs);
  sem_wait(self->mine);
}

static const struct wr_format meeting_format = {.name = "meeting", .decode = meeting_decode};

/* Two chunks that can only be decoded at the same time: by the helper and by their owner, whoever
 * comes first. */
static void test_both_decode(void)
{
  for (uint32_t turn = 0; turn < 50; turn++) {
    struct helpers helpers;
    sem_t first, second;
    sem_init(&first, 0, 0);
    sem_init(&second, 0, 0);
    struct meeting a = {.decoder = {&meeting_format}, .mine = &first, .theirs = &second};
    struct meeting b = {.decoder = {&meeting_format}, .mine = &second, .theirs = &first};
    struct wr_decode_job jobs[2] = {{.decoder = &a.decoder}, {.decoder = &b.decoder}};
    helpers_start(&helpers, 1, 1);
    wr_decode_pool_put(helpers.pool, &jobs[0]);
    wr_decode_pool_put(helpers.pool, &jobs[1]);
    wr_decode_pool_finish(helpers.pool, &jobs[0]);
    wr_decode_pool_finish(helpers.pool, &jobs[1]);
    CU_ASSERT_FALSE(pthread_equal(a.thread, b.thread));
    wr_decode_pool_leave(helpers.pool, NULL, 0);
    helpers_end(&helpers);
    sem_destroy(&first);
    sem_destroy(&second);
  }
}

/* Helpers leave when the last source has, or when the pool is aborted; a source takes back what
 * nobody has begun. */
static void test_leaving(void)
{
  struct helpers helpers;
  struct wr_decode_job job = {0};
  struct wr_decode_job *jobs[] = {&job};
  helpers_start(&helpers, 2, 0);
  wr_decode_pool_put(helpers.pool, &job);
  wr_decode_pool_leave(helpers.pool, jobs, 1);
  CU_ASSERT_EQUAL(job.state, WR_DECODE_NONE);
  wr_decode_pool_leave(helpers.pool, NULL, 0);
  wr_decode_pool_help(helpers.pool, NULL, NULL);
  helpers_end(&helpers);
  helpers_start(&helpers, 1, 2);
  wr_decode_pool_abort(helpers.pool);
  helpers_end(&helpers);
}

/* A source task without a split counts as a helper, but looks after its own affairs while nothing
 * is put up; then it decodes until its time is over. */
struct lender {
  struct wr_decode_pool *pool;
  sem_t joined;
  bool helped_before, helped;
};

static void *lender_run(void *argument)
{
  struct lender *self = argument;
  uint64_t seen = 0;
  wr_decode_pool_join(self->pool);
  self->helped_before = wr_decode_pool_help_for(self->pool, 1000000, &seen, NULL, NULL);
  sem_post(&self->joined);
  while (!wr_decode_pool_help_for(self->pool, 20, &seen, NULL, NULL))
    sched_yield();
  self->helped = true;
  while (wr_decode_pool_help_for(self->pool, 20, &seen, NULL, NULL))
    ; /* what it is put up for; then nothing comes, and it does not wait any more */
  wr_decode_pool_quit(self->pool);
  wr_decode_pool_leave(self->pool, NULL, 0);
  return NULL;
}

static void test_lending_a_hand(void)
{
  struct wr_decode_pool *pool = wr_decode_pool_new(2);
  struct lender lender = {.pool = pool};
  sem_t first, second;
  pthread_t thread;
  sem_init(&lender.joined, 0, 0);
  sem_init(&first, 0, 0);
  sem_init(&second, 0, 0);
  struct meeting a = {.decoder = {&meeting_format}, .mine = &first, .theirs = &second};
  struct meeting b = {.decoder = {&meeting_format}, .mine = &second, .theirs = &first};
  struct wr_decode_job jobs[2] = {{.decoder = &a.decoder}, {.decoder = &b.decoder}};
  CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, lender_run, &lender), 0);
  sem_wait(&lender.joined);
  CU_ASSERT_FALSE(lender.helped_before);
  CU_ASSERT_EQUAL(wr_decode_pool_helpers(pool), 1);
  wr_decode_pool_put(pool, &jobs[0]);
  wr_decode_pool_put(pool, &jobs[1]);
  wr_decode_pool_finish(pool, &jobs[0]);
  wr_decode_pool_finish(pool, &jobs[1]);
  CU_ASSERT_FALSE(pthread_equal(a.thread, b.thread));
  pthread_join(thread, NULL);
  CU_ASSERT(lender.helped);
  CU_ASSERT_EQUAL(wr_decode_pool_helpers(pool), 0);
  wr_decode_pool_leave(pool, NULL, 0);
  wr_decode_pool_free(pool);
  sem_destroy(&first);
  sem_destroy(&second);
  sem_destroy(&lender.joined);
}

/* ---- a source of bytes: the same text in every split, in pieces of so many bytes */

struct pieces {
  struct wr_reader reader;
  enum wr_split_state states[SPLITS];
  size_t at[SPLITS];
};

/* What one run of the source is made of, and what has come of it. */
struct given {
  const char *text;
  size_t length, piece_bytes;
  uint32_t split_count;
  struct wr_metrics metrics;
  struct wr_operator_context context, sink_context;
  struct wr_metrics sink_metrics;
  struct wr_reject_sink rejects;
  uint32_t polls, polls_most; /* so far; in one step */
  char *said;                 /* rows and rejects, in their order */
  size_t said_length, said_room;
};

static _Thread_local struct given *given_now; /* the connector's options, as it were */

static const struct wr_reader_class pieces_class;

static enum wr_code pieces_open(const struct wr_table_spec *spec, const struct wr_split *splits,
                                uint32_t split_count, struct wr_reader **out, struct wr_error *err)
{
  struct pieces *self = wr_memory_get_zero(sizeof *self);
  (void)spec, (void)err;
  self->reader = (struct wr_reader){
      .class = &pieces_class, .states = self->states, .split_count = split_count};
  for (uint32_t s = 0; s < split_count; s++)
    self->at[s] = splits[s].position ? strtoull(splits[s].position, NULL, 10) : 0;
  *out = &self->reader;
  return WR_OK;
}

static void pieces_close(struct wr_reader *reader)
{
  free(reader);
}

static uint32_t pieces_next(struct wr_reader *reader)
{
  for (uint32_t s = 0; s < reader->split_count; s++)
    if (reader->states[s] != WR_SPLIT_DONE)
      return s;
  return UINT32_MAX;
}

static enum wr_code pieces_poll(struct wr_reader *reader, int wait_ms, struct wr_chunk *chunk,
                                struct wr_error *err)
{
  struct pieces *self = (struct pieces *)reader;
  uint32_t s = pieces_next(reader);
  size_t left = given_now->length - self->at[s];
  (void)wait_ms, (void)err;
  given_now->polls++;
  chunk->length = left < given_now->piece_bytes ? left : given_now->piece_bytes;
  chunk->length = chunk->length < chunk->space_bytes ? chunk->length : chunk->space_bytes;
  memcpy(chunk->space, given_now->text + self->at[s], chunk->length);
  self->at[s] += chunk->length;
  if (self->at[s] == given_now->length)
    self->states[s] = WR_SPLIT_DONE;
  return WR_OK;
}

static void pieces_metadata(struct wr_reader *reader, uint32_t which,
                            const struct wr_message *const *messages, uint32_t count,
                            struct wr_builder *out)
{
  (void)reader, (void)which;
  for (uint32_t i = 0; i < count; i++)
    wr_builder_put_i64(out, messages[i]->offset);
}

static const struct wr_reader_class pieces_class = {.open = pieces_open,
                                                    .close = pieces_close,
                                                    .next_split = pieces_next,
                                                    .poll = pieces_poll,
                                                    .metadata = pieces_metadata};
static const struct wr_connector pieces_connector = {.name = "pieces", .reader = &pieces_class};

/* ---- what comes of it */

__attribute__((format(printf, 2, 3))) static void given_say(struct given *given, const char *format,
                                                            ...)
{
  char line[256];
  va_list args;
  va_start(args, format);
  int length = vsnprintf(line, sizeof line, format, args);
  va_end(args);
  if (given->said_length + (size_t)length + 1 > given->said_room) {
    given->said_room = 2 * (given->said_length + sizeof line);
    given->said = wr_memory_resize(given->said, given->said_room);
  }
  memcpy(given->said + given->said_length, line, (size_t)length + 1);
  given->said_length += (size_t)length;
}

static enum wr_code said_batch(struct wr_operator *op, uint32_t input, const struct wr_batch *batch,
                               struct wr_error *err)
{
  (void)op, (void)input, (void)err;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    const struct wr_text *word = wr_column_text(&batch->columns[1], row);
    given_say(given_now, "%u: %lld %.*s (%u) at %lld\n", batch->runs[0].split,
              (long long)wr_column_i64(&batch->columns[0], row),
              word->length < SHOWN_BYTES ? (int)word->length : SHOWN_BYTES, wr_text_bytes(word),
              word->length, (long long)wr_column_i64(&batch->columns[2], row));
  }
  return WR_OK;
}

static const struct wr_operator_class said_class = {.name = "said", .on_batch = said_batch};

static void said_reject(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  (void)sink;
  given_say(given_now, "%s: bad at %.*s: %.100s\n", reject->split, (int)reject->position.length,
            reject->position.bytes, reject->message);
}

/* ---- running it */

static const struct wr_field physical_fields[] = {{"n", &wr_type_bigint},
                                                  {"word", &wr_type_string}};
static const struct wr_schema physical = {2, physical_fields};
static const struct wr_field source_fields[] = {
    {"n", &wr_type_bigint}, {"word", &wr_type_string}, {"at", &wr_type_bigint}};
static const struct wr_schema source_schema = {3, source_fields};

/* Steps to the end, from the beginning or from `position`, or at most so many steps; what is said
 * is in given. The position of split 0 as it would be saved goes to out. */
static void given_run(struct given *given, const char *format, const struct wr_option_value *value,
                      uint32_t batch_rows, uint32_t helper_count, uint32_t steps_max,
                      const char *position, char *out, size_t out_bytes)
{
  static const uint32_t wanted[] = {0, 1}, metadata[] = {0};
  static const uint32_t *const no_fields[] = {NULL, NULL};
  const struct wr_options options = {value, value ? 1 : 0};
  const struct wr_plan_source plan = {.table = {.name = "t",
                                                .connector = &pieces_connector,
                                                .format = wr_format_find(format),
                                                .options = &options,
                                                .physical = &physical,
                                                .time_zone = "UTC"},
                                      .wanted = wanted,
                                      .wanted_count = 2,
                                      .made = &physical,
                                      .fields = no_fields,
                                      .metadata = metadata,
                                      .metadata_count = 1};
  const struct wr_split splits[SPLITS] = {{"0", position}, {"1", position}};
  struct helpers helpers = {0};
  struct wr_source *source;
  struct wr_error err;
  bool moved;
  given_now = given;
  given->said_length = 0;
  given->rejects = (struct wr_reject_sink){.put = said_reject};
  given->context = (struct wr_operator_context){
      .task_count = 1, .name = "t", .rejects = &given->rejects, .metrics = &given->metrics};
  given->sink_context = (struct wr_operator_context){.name = "s", .metrics = &given->sink_metrics};
  struct wr_operator sink = wr_operator_head(&said_class, &given->sink_context);
  const struct wr_target target = {&sink, 0};
  struct wr_source_settings settings = {.batch_rows = batch_rows};
  if (helper_count)
    helpers_start(&helpers, 1, helper_count);
  settings.pool = helpers.pool;
  CU_ASSERT_EQUAL_FATAL(wr_source_open(&plan, &source_schema, splits, given->split_count,
                                       &given->context, &settings, &source, &err),
                        WR_OK);
  wr_source_operator(source)->targets = &target;
  wr_source_operator(source)->target_count = 1;
  for (uint32_t step = 0; step < steps_max && !wr_source_is_done(source); step++) {
    given->polls = 0;
    CU_ASSERT_EQUAL_FATAL(wr_source_step(source, 0, 0, &moved, &err), WR_OK);
    given->polls_most = given->polls > given->polls_most ? given->polls : given->polls_most;
  }
  struct wr_part_writer part = {0};
  wr_source_save(source, &part);
  struct wr_part_reader reader = {.bytes = part.bytes, .length = part.length};
  uint64_t count;
  const char *name, *text;
  size_t name_length, length;
  CU_ASSERT_EQUAL(wr_part_get_u64(&reader, &count, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_part_get_bytes(&reader, &name, &name_length, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_part_get_bytes(&reader, &text, &length, &err), WR_OK);
  snprintf(out, out_bytes, "%.*s", (int)length, text);
  wr_part_writer_free(&part);
  wr_source_leave(source);
  wr_source_close(source);
  if (helper_count)
    helpers_end(&helpers);
}

/* Records of all lengths, some of them bad, some lines empty, the last one without an end. */
static char *make_text(bool csv, size_t *length)
{
  char *text = wr_memory_get(LINES * 700);
  size_t at = 0;
  if (csv)
    at += (size_t)snprintf(text, 700, "n,word\n");
  for (uint32_t i = 0; i < LINES; i++) {
    int word = (int)(i * 7919u % 97 == 0 ? 600 : i * 31u % 23);
    const char *end = i + 1 == LINES ? "" : i % 11 == 0 ? "\r\n" : "\n";
    if (i % 41 == 5)
      at += (size_t)snprintf(text + at, 700, csv ? "x%u,bad%s" : "{\"n\":x%u}%s", i, end);
    else if (i % 53 == 7)
      at += (size_t)snprintf(text + at, 700, "%s", end);
    else if (csv)
      at += (size_t)snprintf(text + at, 700, "%u,%s%0*d%s", i, i % 5 ? "" : "w", word, 1, end);
    else
      at += (size_t)snprintf(text + at, 700, "{\"n\":%u,\"word\":\"%s%0*d\"}%s", i,
                             i % 5 ? "" : "\\u0077", word, 1, end);
  }
  *length = at;
  return text;
}

static void check_format(const char *format, const struct wr_option_value *value, bool csv)
{
  static const size_t pieces[] = {13, 500, 100000};
  static const uint32_t batches[] = {1, 5, 4096};
  struct given plain = {.split_count = SPLITS}, helped = {.split_count = SPLITS};
  char position[64], helped_position[64];
  plain.text = helped.text = make_text(csv, &plain.length);
  helped.length = plain.length;
  for (uint32_t p = 0; p < WR_COUNT(pieces); p++) {
    for (uint32_t b = 0; b < WR_COUNT(batches); b++) {
      plain.piece_bytes = helped.piece_bytes = pieces[p];
      given_run(&plain, format, value, batches[b], 0, UINT32_MAX, NULL, position, sizeof position);
      CU_ASSERT(plain.said_length > (size_t)LINES * 10);
      for (uint32_t h = 1; h <= HELPERS_MAX; h += 2) {
        given_run(&helped, format, value, batches[b], h, UINT32_MAX, NULL, helped_position,
                  sizeof helped_position);
        WR_CHECK(helped.said_length == plain.said_length &&
                     memcmp(helped.said, plain.said, plain.said_length) == 0,
                 "%s, pieces of %zu, batches of %u, %u helpers", format, pieces[p], batches[b], h);
        CU_ASSERT_STRING_EQUAL(position, helped_position);
      }
    }
  }
  free((char *)plain.text);
  free(plain.said);
  free(helped.said);
}

static void test_json_is_the_same(void)
{
  check_format("json", NULL, false);
}

static void test_csv_is_the_same(void)
{
  const struct wr_option_value header = {.key = "csv.header", .value = "true"};
  check_format("csv", &header, true);
}

/* Records that are longer than what is read at once; one of them longer than any may be, which is
 * told in its place. */
static void test_long_records(void)
{
  static const size_t lengths[] = {40, 900000, 300000, 10, 3000000, WR_RECORD_BYTES_MAX + 7,
                                   20, 700000, 262000, 30, 131072,  5};
  struct given plain = {.split_count = SPLITS, .piece_bytes = 1000000}, helped = plain;
  char position[64], helped_position[64], *text = wr_memory_get(WR_RECORD_BYTES_MAX + 8000000);
  size_t at = 0;
  for (uint32_t i = 0; i < WR_COUNT(lengths); i++) {
    at += (size_t)snprintf(text + at, 40, "{\"n\":%u,\"word\":\"", i);
    memset(text + at, 'x', lengths[i]);
    at += lengths[i];
    at += (size_t)snprintf(text + at, 40, "\"}\n");
  }
  plain.text = helped.text = text;
  plain.length = helped.length = at;
  given_run(&plain, "json", NULL, 4, 0, UINT32_MAX, NULL, position, sizeof position);
  CU_ASSERT_PTR_NOT_NULL(strstr(plain.said, "WR_RECORD_BYTES_MAX"));
  given_run(&helped, "json", NULL, 4, 2, UINT32_MAX, NULL, helped_position, sizeof helped_position);
  CU_ASSERT_STRING_EQUAL(plain.said, helped.said);
  CU_ASSERT_STRING_EQUAL(position, helped_position);
  free(text);
  free(plain.said);
  free(helped.said);
}

/* Stopped after any number of steps, with chunks framed ahead or not: who goes on from the position
 * gets the rest, no more and no less. Batches of one, as what is told of a batch comes before its
 * rows. */
static void test_positions_are_behind_what_was_emitted(void)
{
  struct given all = {.split_count = 1, .piece_bytes = 3000}, begun = all, rest = all;
  char position[64], end[64];
  all.text = begun.text = rest.text = make_text(false, &all.length);
  begun.length = rest.length = all.length;
  given_run(&all, "json", NULL, 1, 0, UINT32_MAX, NULL, end, sizeof end);
  for (uint32_t steps = 1; steps < 2000; steps = 2 * steps + 1) {
    given_run(&begun, "json", NULL, 1, 2, steps, NULL, position, sizeof position);
    given_run(&rest, "json", NULL, 1, 2, UINT32_MAX, *position ? position : NULL, end, sizeof end);
    WR_CHECK(begun.said_length + rest.said_length == all.said_length &&
                 memcmp(begun.said, all.said, begun.said_length) == 0 &&
                 memcmp(rest.said, all.said + begun.said_length, rest.said_length) == 0,
             "%u steps, position %s", steps, position);
  }
  free((char *)all.text);
  free(all.said);
  free(begun.said);
  free(rest.said);
}

/* A step comes to its end although what it reads has none: between steps barriers are answered. */
static void test_steps_end(void)
{
  struct given helped = {.split_count = 1, .piece_bytes = 10000, .length = 2 * WR_RECORD_BYTES_MAX};
  char position[64], *text = wr_memory_get(helped.length);
  memset(text, 'x', helped.length);
  helped.text = text;
  given_run(&helped, "json", NULL, 4, 1, UINT32_MAX, NULL, position, sizeof position);
  CU_ASSERT_PTR_NOT_NULL(strstr(helped.said, "WR_RECORD_BYTES_MAX"));
  WR_CHECK(helped.polls_most > 1 && helped.polls_most < 100, "%u polls in a step",
           helped.polls_most);
  free(text);
  free(helped.said);
}

static const struct wr_test tests[] = {
    {"both decode", test_both_decode},
    {"leaving", test_leaving},
    {"lending a hand", test_lending_a_hand},
    {"JSON is the same", test_json_is_the_same},
    {"CSV is the same", test_csv_is_the_same},
    {"long records", test_long_records},
    {"steps end", test_steps_end},
    {"positions are behind what was emitted", test_positions_are_behind_what_was_emitted},
    {0},
};

const struct wr_suite wr_suite_decode_pool = {"decode_pool", tests};
