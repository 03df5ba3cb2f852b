/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join beside nested loops: rows of both sides come and are taken back at random, for every kind of
 * join, key and condition, in batches of many sizes, with snapshots in the middle that go on with
 * other numbers of tasks. The reference looks at every pair of rows that are there. No row of the
 * result may be taken back before it was given.
 */
#include "operators/specs.h"

#include <stdlib.h>

#include "parser/parser.h"
#include "planner/binder.h"
#include "tests/unit/check.h"
#include "tests/unit/operate.h"
#include "tests/unit/random.h"

enum { ID, K, NAME, V, COLUMNS };
enum { NONE = -1 };

static const struct wr_field fields[2 * COLUMNS] = {
    {"lid", &wr_type_bigint},   {"lk", &wr_type_bigint},  {"lname", &wr_type_string},
    {"lv", &wr_type_int},       {"rid", &wr_type_bigint}, {"rk", &wr_type_bigint},
    {"rname", &wr_type_string}, {"rv", &wr_type_int},
};
static const struct wr_schema side_schemas[2] = {{COLUMNS, fields}, {COLUMNS, fields + COLUMNS}};
static const struct wr_schema pair_schema = {2 * COLUMNS, fields};
static const bool all_used[2 * COLUMNS] = {true, true, true, true, true, true, true, true};

/* A row comes, or is taken back. Rows of one number are equal. */
struct event {
  uint32_t side, number;
  bool gone;
};
struct stream {
  struct event *events;
  uint32_t count;
  uint32_t numbers; /* of rows of a side that differ */
  uint32_t keys;
  bool changes[2];
  int64_t ttl_us;
};

static int64_t key_of(const struct stream *stream, uint32_t number)
{
  return number % stream->keys;
}
static bool key_is_null(const struct stream *stream, uint32_t number)
{
  return number % stream->keys == stream->keys - 1;
}
static uint32_t name_of(uint32_t number)
{
  return number % 5;
}
static int32_t v_of(uint32_t side, uint32_t number)
{
  return (int32_t)((number / 3 + side) % 7);
}
static uint32_t name_make(uint32_t name, char *out)
{
  return (uint32_t)snprintf(out, 64, name % 2 ? "n%u" : "a name that does not fit inside %u", name);
}

struct key_case {
  const char *name;
  uint32_t keys[2], count;
};
static const struct key_case key_cases[] = {
    {"k", {K, 0}, 1}, {"name", {NAME, 0}, 1}, {"name and k", {NAME, K}, 2}, {"nothing", {0, 0}, 0}};
static const char *const kind_names[WR_JOIN_KIND_COUNT] = {"INNER", "LEFT", "RIGHT",
                                                           "FULL",  "SEMI", "ANTI"};
static const char *const conditions[] = {NULL, "lv < rv", "10 / (lv - rv) > 0"};

/* Rows come and go; often one that has just come. Of a side that does not change they only come. */
static struct stream stream_make(uint64_t seed, uint32_t count, uint32_t numbers, uint32_t keys,
                                 bool left_changes, bool right_changes)
{
  struct stream stream = {.events = wr_memory_get_zero(count * sizeof *stream.events),
                          .count = count,
                          .numbers = numbers,
                          .keys = keys,
                          .changes = {left_changes, right_changes}};
  uint32_t *there[2], there_count[2] = {0};
  for (uint32_t s = 0; s < 2; s++)
    there[s] = wr_memory_get((count + 1) * sizeof *there[s]);
  for (uint32_t i = 0; i < count; i++) {
    struct event *event = &stream.events[i];
    bool shrinks = i % 1000 > 600;
    event->side = random_next(&seed) % 3 == 0;
    uint32_t *left = &there_count[event->side];
    if (stream.changes[event->side] && *left && random_next(&seed) % 100 < (shrinks ? 70 : 35)) {
      uint32_t at = random_next(&seed) % 3 ? random_next(&seed) % *left : *left - 1;
      event->gone = true;
      event->number = there[event->side][at];
      there[event->side][at] = there[event->side][--*left];
    } else {
      event->number = random_next(&seed) % numbers;
      there[event->side][(*left)++] = event->number;
    }
  }
  free(there[0]);
  free(there[1]);
  return stream;
}

/* ---- results */

/* Rows of the result: numbers of the rows of each side; and how often. */
struct result {
  int32_t ids[2], count;
  uint32_t sequence;
};
struct outcome {
  struct result *results;
  uint32_t count, room, taken_back;
};

static void outcome_add(struct outcome *outcome, int32_t left, int32_t right, int32_t count)
{
  if (outcome->count == outcome->room) {
    outcome->room = outcome->room ? 2 * outcome->room : 1024;
    outcome->results = wr_memory_resize(outcome->results, outcome->room * sizeof *outcome->results);
  }
  outcome->results[outcome->count] = (struct result){{left, right}, count, outcome->count};
  outcome->count++;
  outcome->taken_back += count < 0;
}

static int result_compare(const void *a, const void *b)
{
  const struct result *x = a, *y = b;
  for (uint32_t s = 0; s < 2; s++)
    if (x->ids[s] != y->ids[s])
      return x->ids[s] < y->ids[s] ? -1 : 1;
  return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

/* What is left of equal rows; never less than none. */
static void outcome_fold(struct outcome *outcome)
{
  uint32_t left = 0;
  bool was_negative = false;
  if (outcome->count)
    qsort(outcome->results, outcome->count, sizeof *outcome->results, result_compare);
  for (uint32_t i = 0, end; i < outcome->count; i = end) {
    struct result sum = outcome->results[i];
    sum.count = 0;
    for (end = i; end < outcome->count && outcome->results[end].ids[0] == sum.ids[0] &&
                  outcome->results[end].ids[1] == sum.ids[1];
         end++) {
      sum.count += outcome->results[end].count;
      was_negative = was_negative || sum.count < 0;
    }
    sum.sequence = 0;
    if (sum.count)
      outcome->results[left++] = sum;
  }
  outcome->count = left;
  CU_ASSERT(!was_negative);
}

/* ---- the reference */

static bool rows_match(const struct stream *stream, uint32_t left, uint32_t right,
                       const struct key_case *keys, uint32_t condition)
{
  for (uint32_t k = 0; k < keys->count; k++)
    if (keys->keys[k] == NAME
            ? name_of(left) != name_of(right)
            : key_is_null(stream, left) || key_of(stream, left) != key_of(stream, right))
      return false;
  int32_t l = v_of(0, left), r = v_of(1, right);
  if (condition == 0)
    return true;
  return condition == 1 ? l < r : l != r && 10 / (l - r) > 0;
}

static struct outcome expected(const struct stream *stream, uint32_t end, enum wr_join_kind kind,
                               const struct key_case *keys, uint32_t condition)
{
  struct outcome outcome = {0};
  int32_t *there[2];
  bool *matched[2], is_half = kind == WR_JOIN_SEMI || kind == WR_JOIN_ANTI;
  for (uint32_t s = 0; s < 2; s++) {
    there[s] = wr_memory_get_zero(stream->numbers * sizeof *there[s]);
    matched[s] = wr_memory_get_zero(stream->numbers * sizeof *matched[s]);
  }
  for (uint32_t i = 0; i < end; i++)
    there[stream->events[i].side][stream->events[i].number] += stream->events[i].gone ? -1 : 1;
  for (uint32_t l = 0; l < stream->numbers; l++)
    for (uint32_t r = 0; there[0][l] && r < stream->numbers; r++) {
      if (!there[1][r] || !rows_match(stream, l, r, keys, condition))
        continue;
      matched[0][l] = matched[1][r] = true;
      if (!is_half)
        outcome_add(&outcome, (int32_t)l, (int32_t)r, there[0][l] * there[1][r]);
    }
  for (uint32_t s = 0; s < 2; s++)
    for (uint32_t n = 0; n < stream->numbers; n++) {
      bool keeps = kind == WR_JOIN_FULL || kind == (s ? WR_JOIN_RIGHT : WR_JOIN_LEFT) ||
                   (s == 0 && kind == WR_JOIN_ANTI);
      if (there[s][n] && (matched[s][n] ? s == 0 && kind == WR_JOIN_SEMI : keeps))
        outcome_add(&outcome, s ? NONE : (int32_t)n, s ? (int32_t)n : NONE, there[s][n]);
    }
  for (uint32_t s = 0; s < 2; s++) {
    free(there[s]);
    free(matched[s]);
  }
  outcome_fold(&outcome);
  return outcome;
}

/* ---- the operator, and a sink behind it */

struct sink {
  struct wr_operator op;
  struct outcome *outcome; /* of all tasks */
  const struct stream *stream;
};

/* The number of the row on one side of the result; its other columns must be that row's. */
static int32_t sink_read(const struct sink *sink, const struct wr_batch *batch, uint32_t row,
                         uint32_t side)
{
  const struct wr_column *columns = batch->columns + (side ? COLUMNS : 0);
  if (batch->schema->column_count <= side * COLUMNS)
    return NONE;
  if (wr_column_is_null(&columns[ID], row)) {
    for (uint32_t c = 0; c < COLUMNS; c++)
      CU_ASSERT(wr_column_is_null(&columns[c], row));
    return NONE;
  }
  uint32_t number = (uint32_t)wr_column_i64(&columns[ID], row);
  char name[64];
  uint32_t length = name_make(name_of(number), name);
  const struct wr_text *text = wr_column_text(&columns[NAME], row);
  CU_ASSERT(text->length == length && memcmp(wr_text_bytes(text), name, length) == 0);
  CU_ASSERT_EQUAL(wr_column_is_null(&columns[K], row), key_is_null(sink->stream, number));
  CU_ASSERT(key_is_null(sink->stream, number) ||
            wr_column_i64(&columns[K], row) == key_of(sink->stream, number));
  CU_ASSERT_EQUAL(wr_column_i64(&columns[V], row), v_of(side, number));
  return (int32_t)number;
}

static enum wr_code sink_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  struct sink *sink = (struct sink *)op;
  (void)input, (void)err;
  CU_ASSERT(!batch->arrived_us && batch->row_count <= WR_BATCH_ROWS);
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    bool gone = batch->change && batch->change[row] & WR_DELETE;
    outcome_add(sink->outcome, sink_read(sink, batch, row, 0), sink_read(sink, batch, row, 1),
                gone ? -1 : 1);
  }
  return WR_OK;
}

static const struct wr_operator_class sink_class = {.name = "Sink", .on_batch = sink_on_batch};

static void rejects_put(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  (void)sink;
  CU_ASSERT_EQUAL(reject->kind, WR_REJECT_VALUE);
}

/* Everything that one query needs, in up to OPERATE_TASKS_MAX tasks. */
struct query {
  struct wr_arena arena;
  struct wr_join_spec spec;
  const struct stream *stream;
  struct wr_reject_sink rejects;
  struct outcome outcome;
  struct sink sinks[OPERATE_TASKS_MAX];
  struct operate tasks;
  struct wr_builder builders[2][COLUMNS];
};

static const struct wr_expression *condition_bind(struct wr_arena *arena, const char *sql)
{
  struct wr_binding *binding = WR_NEW(arena, struct wr_binding);
  struct wr_binder *binder = WR_NEW(arena, struct wr_binder);
  struct wr_error err;
  struct wr_script *script;
  const struct wr_expression *expression = NULL;
  *binding = (struct wr_binding){.arena = arena, .time_zone = "UTC"};
  *binder = (struct wr_binder){.arena = arena, .binding = binding};
  struct wr_scope scope = wr_scope_over(arena, &pair_schema, NULL);
  struct wr_expression_context context = {.binder = binder, .scope = &scope, .place = "a test"};
  const char *text = wr_arena_print(arena, "SELECT %s", sql);
  CU_ASSERT_EQUAL(wr_parse(text, strlen(text), arena, &script, &err), WR_OK);
  const struct wr_tree_query *query = script->statements.items[0]->query;
  CU_ASSERT_EQUAL(
      wr_bind_expression(&context, query->select->items.items[0]->value, &expression, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_bind_check(binding, expression, &err), WR_OK);
  return expression;
}

static struct query *query_new(const struct stream *stream, enum wr_join_kind kind,
                               const struct key_case *keys, const char *condition)
{
  struct query *query = wr_memory_get_zero(sizeof *query);
  query->stream = stream;
  bool left_only = kind == WR_JOIN_SEMI || kind == WR_JOIN_ANTI;
  query->spec = (struct wr_join_spec){
      .schema = left_only ? &side_schemas[0] : &pair_schema,
      .kind = kind,
      .key_count = keys->count,
      .pair_schema = &pair_schema,
      .used = all_used,
      .condition = condition ? condition_bind(&query->arena, condition) : NULL,
  };
  for (uint32_t s = 0; s < 2; s++) {
    query->spec.sides[s] = (struct wr_join_side){.schema = &side_schemas[s],
                                                 .keys = keys->keys,
                                                 .changes = stream->changes[s],
                                                 .ttl_us = stream->ttl_us};
    for (uint32_t c = 0; c < COLUMNS; c++)
      wr_builder_open(&query->builders[s][c], fields[s * COLUMNS + c].type);
  }
  query->rejects.put = rejects_put;
  query->tasks = (struct operate){
      .class = &wr_operator_class_join, .spec = &query->spec, .rejects = &query->rejects};
  return query;
}

static void query_open(struct query *query, uint32_t task_count)
{
  for (uint32_t t = 0; t < task_count; t++)
    query->sinks[t] =
        (struct sink){operate_sink(&query->tasks, &sink_class), &query->outcome, query->stream};
  operate_open(&query->tasks, task_count, query->sinks, sizeof *query->sinks);
}

static void query_free(struct query *query)
{
  operate_close(&query->tasks);
  for (uint32_t c = 0; c < 2 * COLUMNS; c++)
    wr_builder_close(&query->builders[c / COLUMNS][c % COLUMNS]);
  wr_arena_free(&query->arena);
  free(query->outcome.results);
  free(query);
}

static void query_put_row(struct query *query, uint32_t side, uint32_t number)
{
  struct wr_builder *builders = query->builders[side];
  char name[64];
  uint32_t length = name_make(name_of(number), name);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_reserve(&builders[c], 1);
  wr_builder_put_i64(&builders[ID], number);
  if (key_is_null(query->stream, number))
    wr_builder_put_null(&builders[K]);
  else
    wr_builder_put_i64(&builders[K], key_of(query->stream, number));
  wr_builder_put_copy(&builders[NAME], name, length);
  wr_builder_put_i32(&builders[V], v_of(side, number));
}

/* Rows of one side, shared out over the tasks as an exchange would. */
static void query_side(struct query *query, uint32_t side, const struct event *events,
                       uint32_t count)
{
  struct wr_column columns[COLUMNS];
  const struct wr_column *keys[2];
  uint8_t change[WR_BATCH_ROWS + WR_PADDING];
  uint32_t row_count = 0;
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_reset(&query->builders[side][c]);
  for (uint32_t i = 0; i < count; i++) {
    if (events[i].side != side)
      continue;
    change[row_count++] = events[i].gone ? WR_DELETE : WR_INSERT;
    query_put_row(query, side, events[i].number);
  }
  if (row_count == 0)
    return;
  for (uint32_t c = 0; c < COLUMNS; c++)
    columns[c] = wr_builder_view(&query->builders[side][c]);
  for (uint32_t k = 0; k < 2; k++)
    keys[k] = &columns[query->spec.sides[side].keys[k]];
  const struct wr_batch batch = {.schema = &side_schemas[side],
                                 .columns = columns,
                                 .row_count = row_count,
                                 .change = query->stream->changes[side] ? change : NULL,
                                 .others_us = WR_TIME_END};
  operate_batch(&query->tasks, side, &batch, keys, query->spec.key_count, NULL);
}

static void query_events(struct query *query, uint32_t first, uint32_t end, uint32_t batch_rows)
{
  for (uint32_t at = first; at < end; at += batch_rows) {
    uint32_t count = end - at < batch_rows ? end - at : batch_rows;
    for (uint32_t s = 0; s < 2; s++)
      query_side(query, s, query->stream->events + at, count);
  }
}

static bool outcome_is(const struct query *query, const struct outcome *wanted)
{
  const struct outcome *got = &query->outcome;
  if (got->count != wanted->count)
    return false;
  for (uint32_t i = 0; i < got->count; i++) {
    const struct result *a = &got->results[i], *b = &wanted->results[i];
    if (a->ids[0] != b->ids[0] || a->ids[1] != b->ids[1] || a->count != b->count)
      return false;
  }
  return true;
}

/* ---- tests */

static void check_all(const struct stream *stream, uint32_t batch_rows)
{
  for (uint32_t kind = 0; kind < WR_JOIN_KIND_COUNT; kind++)
    for (size_t k = 0; k < WR_COUNT(key_cases); k++)
      for (uint32_t c = 0; c < WR_COUNT(conditions); c++) {
        struct query *query = query_new(stream, kind, &key_cases[k], conditions[c]);
        query_open(query, 1);
        for (uint32_t first = 0, end; first < stream->count; first = end) {
          end = first + stream->count / 3 + 1;
          end = end < stream->count ? end : stream->count;
          query_events(query, first, end, batch_rows);
          outcome_fold(&query->outcome);
          struct outcome outcome = expected(stream, end, kind, &key_cases[k], c);
          WR_CHECK(outcome_is(query, &outcome),
                   "%s by %s on %s, batches of %u, %u events: %u rows, not %u", kind_names[kind],
                   key_cases[k].name, conditions[c] ? conditions[c] : "nothing", batch_rows, end,
                   query->outcome.count, outcome.count);
          free(outcome.results);
        }
        bool may_change = stream->changes[0] || stream->changes[1] ||
                          (kind != WR_JOIN_INNER && kind != WR_JOIN_SEMI);
        CU_ASSERT(may_change || query->outcome.taken_back == 0);
        query_free(query);
      }
}

static void rows_come_and_go(void)
{
  static const uint32_t sizes[] = {1, 7, 64, 1500};
  struct stream stream = stream_make(5, 1500, 90, 12, true, true);
  for (size_t s = 0; s < WR_COUNT(sizes); s++)
    check_all(&stream, sizes[s]);
  free(stream.events);
}

static void rows_only_come(void)
{
  struct stream stream = stream_make(6, 300, 90, 12, false, false);
  check_all(&stream, 1);
  check_all(&stream, 50);
  free(stream.events);
}

static void one_side_changes(void)
{
  for (uint32_t left = 0; left < 2; left++) {
    struct stream stream = stream_make(7 + left, 500, 90, 12, left, !left);
    check_all(&stream, 3);
    check_all(&stream, 200);
    free(stream.events);
  }
}

/* Stops in the middle and goes on from the parts with another number of tasks. Rows that come while
 * the parts are being written, and what they cause, are forgotten with the old tasks. */
static void query_restore(struct query *query, uint32_t at, uint32_t task_count)
{
  struct operate_snapshot snapshot;
  uint32_t results = query->outcome.count, more = at;
  operate_save(&query->tasks, &snapshot);
  do {
    uint32_t end = more + 40 < query->stream->count ? more + 40 : query->stream->count;
    query_events(query, more, end, 20);
    more = end;
  } while (!operate_save_step(&query->tasks, &snapshot));
  operate_close(&query->tasks);
  query->outcome.count = results;
  query_open(query, task_count);
  operate_load(&query->tasks, &snapshot);
  operate_snapshot_free(&snapshot);
}

static void check_restored(int64_t ttl_us)
{
  struct stream stream = stream_make(9, 900, 90, 12, true, true);
  stream.ttl_us = ttl_us;
  for (uint32_t kind = 0; kind < WR_JOIN_KIND_COUNT; kind++)
    for (size_t k = 0; k + 1 < WR_COUNT(key_cases); k++)
      for (uint32_t c = 0; c < WR_COUNT(conditions); c++) {
        struct outcome outcome = expected(&stream, stream.count, kind, &key_cases[k], c);
        struct query *query = query_new(&stream, kind, &key_cases[k], conditions[c]);
        query_open(query, 2);
        query_events(query, 0, 300, 30);
        query_restore(query, 300, 3);
        query_events(query, 300, 610, 13);
        query_restore(query, 610, 1);
        query_events(query, 610, stream.count, 50);
        outcome_fold(&query->outcome);
        WR_CHECK(outcome_is(query, &outcome), "%s by %s on %s: %u rows, not %u", kind_names[kind],
                 key_cases[k].name, conditions[c] ? conditions[c] : "nothing", query->outcome.count,
                 outcome.count);
        query_free(query);
        free(outcome.results);
      }
  free(stream.events);
}

static void restored(void)
{
  check_restored(0);
}

/* Rows that go by themselves, but not yet: what is kept of them is more. */
static void kept_for_long(void)
{
  struct stream stream = stream_make(5, 900, 90, 12, true, true);
  stream.ttl_us = INT64_MAX;
  check_all(&stream, 1);
  check_all(&stream, 70);
  free(stream.events);
  check_restored(INT64_MAX - 1);
}

/* So many rows that pages fill, empty and are tidied, and lists become long. */
static void check_many_rows(int64_t ttl_us)
{
  static const enum wr_join_kind kinds[] = {WR_JOIN_INNER, WR_JOIN_FULL, WR_JOIN_ANTI};
  struct stream few = stream_make(11, 30000, 2500, 9, true, true),
                many = stream_make(12, 30000, 2500, 1000, true, true);
  const struct stream *const streams[] = {&few, &many};
  few.ttl_us = many.ttl_us = ttl_us;
  for (uint32_t s = 0; s < 2; s++)
    for (size_t i = 0; i < WR_COUNT(kinds); i++) {
      if (s == 0 && kinds[i] != WR_JOIN_ANTI)
        continue; /* too many pairs */
      for (uint32_t c = 0; c < 2; c++) {
        struct outcome outcome =
            expected(streams[s], streams[s]->count, kinds[i], &key_cases[0], c);
        struct query *query = query_new(streams[s], kinds[i], &key_cases[0], conditions[c]);
        query_open(query, 1);
        query_events(query, 0, 15000, 700);
        query_restore(query, 15000, 3);
        query_events(query, 15000, streams[s]->count, 3000);
        outcome_fold(&query->outcome);
        WR_CHECK(outcome_is(query, &outcome), "%s of many, condition %u: %u rows, not %u",
                 kind_names[kinds[i]], c, query->outcome.count, outcome.count);
        query_free(query);
        free(outcome.results);
      }
    }
  free(few.events);
  free(many.events);
}

static void many_rows(void)
{
  check_many_rows(0);
  check_many_rows(INT64_C(1000000000));
}

/* All rows of one side come first, and then its end: those of the other side need not be kept. Who
 * goes on from a snapshot knows of the end, also before it is told of it once more. */
static void one_side_ends(void)
{
  for (uint32_t ends = 0; ends < 2; ends++) {
    struct stream stream = stream_make(15 + ends, 700, 90, 12, true, true);
    struct event *events = wr_memory_get(stream.count * sizeof *events);
    uint32_t first = 0, next = 0;
    for (uint32_t side = 0; side < 2; side++)
      for (uint32_t i = 0; i < stream.count; i++) {
        if ((stream.events[i].side == ends) == (side == 0))
          events[next++] = stream.events[i];
        first = side == 0 ? next : first;
      }
    memcpy(stream.events, events, stream.count * sizeof *events);
    free(events);
    for (uint32_t kind = 0; kind < WR_JOIN_KIND_COUNT; kind++)
      for (uint32_t c = 0; c < WR_COUNT(conditions); c++) {
        struct outcome outcome = expected(&stream, stream.count, kind, &key_cases[2], c);
        struct query *query = query_new(&stream, kind, &key_cases[2], conditions[c]);
        struct wr_error err;
        query_open(query, 1);
        query_events(query, 0, first, 50);
        CU_ASSERT_EQUAL(wr_operator_input_end(query->tasks.ops[0], ends, &err), WR_OK);
        uint64_t keys = operate_state_keys(&query->tasks);
        query_events(query, first, (first + stream.count) / 2, 50);
        query_restore(query, (first + stream.count) / 2, 2);
        query_events(query, (first + stream.count) / 2, stream.count, 50);
        outcome_fold(&query->outcome);
        WR_CHECK(outcome_is(query, &outcome), "%s on %s, side %u ends: %u rows, not %u",
                 kind_names[kind], conditions[c] ? conditions[c] : "nothing", ends,
                 query->outcome.count, outcome.count);
        if (kind == WR_JOIN_INNER)
          CU_ASSERT_EQUAL(operate_state_keys(&query->tasks), keys);
        query_free(query);
        free(outcome.results);
      }
    free(stream.events);
  }
}

/* What is taken back without having been there is of no account, and leaves nothing behind. */
static void taken_back_first(void)
{
  struct event events[] = {{0, 3, true}, {1, 3, false}, {1, 4, true},
                           {1, 3, true}, {0, 3, false}, {0, 3, true}};
  const struct stream stream = {events, WR_COUNT(events), 90, 12, {true, true}, 0};
  for (uint32_t kind = 0; kind < WR_JOIN_KIND_COUNT; kind++) {
    struct query *query = query_new(&stream, kind, &key_cases[0], NULL);
    query_open(query, 1);
    query_events(query, 0, stream.count, 1);
    outcome_fold(&query->outcome);
    CU_ASSERT_EQUAL(query->outcome.count, 0);
    CU_ASSERT_EQUAL(operate_state_keys(&query->tasks), 0);
    query_free(query);
  }
}

/* What comes and goes within a batch, or goes and comes again, is not told. */
static void nothing_changes(void)
{
  struct event events[] = {{0, 3, false},  {1, 3, false}, {0, 3, true}, {0, 3, false},
                           {1, 15, false}, {1, 15, true}, {1, 3, true}, {1, 3, false}};
  const struct stream stream = {events, WR_COUNT(events), 90, 12, {true, true}, 0};
  for (uint32_t kind = 0; kind < WR_JOIN_KIND_COUNT; kind++) {
    struct query *query = query_new(&stream, kind, &key_cases[0], NULL);
    query_open(query, 1);
    query_events(query, 0, 2, 1);
    uint32_t before = query->outcome.count;
    query_events(query, 2, stream.count, stream.count - 2);
    CU_ASSERT_EQUAL(query->outcome.count, before);
    query_free(query);
  }
}

static void damaged(void)
{
  struct stream stream = stream_make(13, 400, 90, 12, true, true);
  struct query *query = query_new(&stream, WR_JOIN_FULL, &key_cases[2], NULL);
  struct operate_snapshot snapshot;
  struct wr_error err;
  query_open(query, 1);
  query_events(query, 0, stream.count, 100);
  operate_save_all(&query->tasks, &snapshot);
  for (size_t length = 0; length < snapshot.parts[0].length; length += 1 + length / 20) {
    operate_close(&query->tasks);
    query_open(query, 1);
    CU_ASSERT_NOT_EQUAL(operate_load_part(&query->tasks, &snapshot, length, &err), WR_OK);
  }
  operate_snapshot_free(&snapshot);
  query_free(query);
  free(stream.events);
}

static const struct wr_test tests[] = {
    {"rows_come_and_go", rows_come_and_go},
    {"rows_only_come", rows_only_come},
    {"one_side_changes", one_side_changes},
    {"restored", restored},
    {"kept_for_long", kept_for_long},
    {"many_rows", many_rows},
    {"one_side_ends", one_side_ends},
    {"taken_back_first", taken_back_first},
    {"nothing_changes", nothing_changes},
    {"damaged_parts_are_refused", damaged},
    {NULL, NULL},
};

const struct wr_suite wr_suite_join = {"join", tests};
