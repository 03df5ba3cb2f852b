/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames beside a plain reference that keeps all values of all panes and looks at them anew for
 * every total: panes that come in order or late, one key at a time and many, that go one by one or
 * all at once, saved and loaded in between.
 */
#include "operators/frame_saved.h"

#include <stdlib.h>

#include "core/batch.h"
#include "state/table.h"
#include "tests/unit/check.h"
#include "tests/unit/random.h"

enum {
  PANE_BYTES_MAX = 512,
  KEYS = 30,
  PANES_MAX = 700,
  VALUES_MAX = 3,
  AGGREGATES_MAX = 4,
  SEED = 5
};

/* What is aggregated; "COUNT*" is COUNT(*). Then: what it is after a snapshot, if something else.
 */
struct aggregates_case {
  const char *name;
  const char *calls[AGGREGATES_MAX];
  bool ordered;
  const char *then[AGGREGATES_MAX];
};
static const struct aggregates_case aggregates_cases[] = {
    {"exact", {"COUNT*", "COUNT", "SUM", "AVG"}, false, {NULL}},
    {"stacks", {"MIN", "MAX"}, false, {NULL}},
    {"both", {"MAX", "SUM", "MIN", "COUNT"}, false, {NULL}},
    {"ordered", {"FIRST_VALUE", "SUM", "LAST_VALUE"}, true, {NULL}},
    {"nothing", {NULL}, false, {NULL}},
    {"other places", {"MAX", "SUM", "MIN"}, false, {"MIN", "MAX", "SUM"}},
    {"stacks come", {"SUM", "COUNT*"}, false, {"MAX", "SUM", "MIN"}},
    {"stacks go", {"MAX", "SUM", "MIN"}, false, {"SUM", "COUNT"}},
    {"one for another", {"MAX", "COUNT"}, false, {"COUNT", "AVG", "MIN"}},
    {"from nothing", {NULL}, false, {"MAX", "SUM"}},
    {"order comes", {"SUM", "MAX"}, true, {"LAST_VALUE", "MAX", "SUM"}},
};
static const char *const all_calls[] = {"COUNT*", "COUNT", "SUM",         "AVG",
                                        "MIN",    "MAX",   "FIRST_VALUE", "LAST_VALUE"};

/* How panes come: the size of the window in steps, panes of 100 steps that a key has, and of 100
 * panes that are late. */
struct flow_case {
  uint32_t size, often, late, jump;
};
static const struct flow_case flow_cases[] = {{5, 100, 0, 0},  {60, 100, 0, 0},  {60, 100, 8, 0},
                                              {60, 30, 30, 0}, {300, 95, 2, 40}, {1, 70, 0, 5}};

struct pane {
  int64_t until, values[VALUES_MAX];
  uint32_t value_count, row_count;
  bool old; /* from before the aggregates changed */
};

/* The panes of a key, by until; equal ones by arrival. */
struct model {
  struct pane panes[PANES_MAX];
  uint32_t count;
};

struct fixture {
  const struct aggregates_case *what;
  struct wr_arena arena;
  const char *const *calls; /* of `what` */
  uint64_t ids[AGGREGATES_MAX];
  bool is_new[AGGREGATES_MAX];
  struct wr_aggregate aggregates[AGGREGATES_MAX];
  uint32_t aggregate_count;
  struct wr_frame *frame;
  struct wr_table_space *space;
  struct wr_table *table;
  const struct wr_layout *layout;
  struct model *models; /* KEYS of them */
  int64_t keys[KEYS + 8];
  uint64_t hashes[KEYS];
  char *panes[KEYS];
  uint64_t seed;
};

static void fixture_bind(struct fixture *f)
{
  struct wr_binding binding = {.arena = &f->arena, .time_zone = "UTC"};
  struct wr_span nowhere = {WR_NO_POSITION, 0};
  struct wr_error err;
  const struct wr_expression *value = wr_bind_column(&binding, 0, &wr_type_bigint, nowhere);
  for (; f->aggregate_count < AGGREGATES_MAX && f->calls[f->aggregate_count];
       f->aggregate_count++) {
    const char *name = f->calls[f->aggregate_count];
    while (strcmp(all_calls[f->ids[f->aggregate_count]], name) != 0)
      f->ids[f->aggregate_count]++;
    bool star = strcmp(name, "COUNT*") == 0;
    const struct wr_aggregate_call call = {
        .name = star ? "COUNT" : name, .args = star ? NULL : &value, .arg_count = !star};
    CU_ASSERT_EQUAL_FATAL(
        wr_bind_aggregate(&binding, &call, &f->aggregates[f->aggregate_count], &err), WR_OK);
  }
}

static void table_open(struct fixture *f)
{
  static const struct wr_type *const key[] = {&wr_type_bigint};
  const struct wr_state_piece piece = wr_frame_piece(f->frame);
  f->space = wr_table_space_new(wr_layout_new(key, 1, &piece, 1));
  f->table = wr_table_new(f->space, 1, false);
  f->layout = wr_table_space_layout(f->space);
}

static struct fixture *fixture_open(const struct aggregates_case *what, uint64_t flip_panes,
                                    uint64_t seed)
{
  struct fixture *f = wr_memory_get_zero(sizeof *f);
  f->what = what;
  f->calls = what->calls;
  f->seed = seed;
  fixture_bind(f);
  CU_ASSERT(wr_frame_fits(f->aggregates, f->aggregate_count));
  f->frame = wr_frame_new(f->aggregates, f->aggregate_count, flip_panes);
  table_open(f);
  f->models = wr_memory_get_zero(KEYS * sizeof *f->models);
  for (uint32_t k = 0; k < KEYS; k++) {
    f->keys[k] = k;
    f->panes[k] = wr_memory_get(PANE_BYTES_MAX);
  }
  const struct wr_column column = {.type = &wr_type_bigint, .values = f->keys};
  const struct wr_column *const columns[] = {&column};
  wr_hash_keys(columns, 1, NULL, KEYS, SEED, f->hashes);
  return f;
}

static void fixture_close(struct fixture *f)
{
  for (uint32_t k = 0; k < KEYS; k++)
    free(f->panes[k]);
  wr_table_space_free(f->space);
  wr_frame_free(f->frame);
  wr_arena_free(&f->arena);
  free(f->models);
  free(f);
}

static void probe_keys(struct fixture *f, const uint32_t *rows, uint32_t count,
                       enum wr_probe_mode mode, struct wr_probe *probe)
{
  uint64_t hashes[KEYS];
  const struct wr_column column = {.type = &wr_type_bigint, .values = f->keys};
  const struct wr_column *const columns[] = {&column};
  for (uint32_t i = 0; i < count; i++)
    hashes[i] = f->hashes[rows[i]];
  wr_table_probe(f->table, columns, rows, hashes, count, mode, probe);
}

/* Random rows as a pane and as values. */
static void pane_make(struct fixture *f, int64_t until, struct pane *model, char *pane)
{
  int64_t values[VALUES_MAX + 8] = {0};
  uint64_t valid[8] = {0};
  *model = (struct pane){.until = until, .row_count = 1 + random_next(&f->seed) % VALUES_MAX};
  for (uint32_t i = 0; i < model->row_count; i++) {
    if (random_next(&f->seed) % 5 == 0)
      continue;
    values[i] = (int64_t)(random_next(&f->seed) % 2001) - 1000;
    wr_bit_set(valid, i);
    model->values[model->value_count++] = values[i];
  }
  const struct wr_column column = {.type = &wr_type_bigint, .values = values, .valid = valid};
  const struct wr_column *const args[] = {&column};
  const uint32_t rows[VALUES_MAX] = {0, 1, 2};
  char *entries[VALUES_MAX] = {pane, pane, pane};
  wr_frame_pane_init(f->frame, pane);
  for (uint32_t a = 0; a < f->aggregate_count; a++) {
    const struct wr_aggregate_rows in = {.entries = entries,
                                         .offset = wr_frame_pane_state(f->frame, a),
                                         .args = args,
                                         .prepared = f->aggregates[a].prepared,
                                         .rows = rows,
                                         .row_count = model->row_count};
    f->aggregates[a].code->add(&in);
  }
}

static void model_put(struct model *model, const struct pane *pane)
{
  uint32_t at = model->count++;
  CU_ASSERT_FATAL(at < PANES_MAX);
  for (; at > 0 && model->panes[at - 1].until > pane->until; at--)
    model->panes[at] = model->panes[at - 1];
  model->panes[at] = *pane;
}

static void model_expire(struct model *model, int64_t passed)
{
  uint32_t gone = 0;
  while (gone < model->count && model->panes[gone].until <= passed)
    gone++;
  model->count -= gone;
  memmove(model->panes, model->panes + gone, model->count * sizeof *model->panes);
}

/* ---- what a total should be */

struct expected {
  int64_t rows, values, sum, least, greatest, first, last;
};

static struct expected model_total(const struct model *model, bool only_new)
{
  struct expected total = {.least = INT64_MAX, .greatest = INT64_MIN};
  for (uint32_t p = 0; p < model->count; p++) {
    const struct pane *pane = &model->panes[p];
    if (only_new && pane->old)
      continue;
    total.rows += pane->row_count;
    for (uint32_t i = 0; i < pane->value_count; i++) {
      int64_t value = pane->values[i];
      total.first = total.values++ ? total.first : value;
      total.last = value;
      total.sum += value;
      total.least = value < total.least ? value : total.least;
      total.greatest = value > total.greatest ? value : total.greatest;
    }
  }
  return total;
}

static int64_t expected_of(const struct expected *total, const char *call, bool *is_null)
{
  *is_null = total->values == 0 && strncmp(call, "COUNT", 5) != 0;
  if (*is_null)
    return 0;
  return strcmp(call, "COUNT*") == 0        ? total->rows
         : strcmp(call, "COUNT") == 0       ? total->values
         : strcmp(call, "SUM") == 0         ? total->sum
         : strcmp(call, "AVG") == 0         ? total->sum / total->values
         : strcmp(call, "MIN") == 0         ? total->least
         : strcmp(call, "MAX") == 0         ? total->greatest
         : strcmp(call, "FIRST_VALUE") == 0 ? total->first
                                            : total->last;
}

/* Totals that are not as they should be. expected: over all panes, and over those that aggregates
 * know that came later. */
static uint32_t totals_differ(struct fixture *f, const char *const *panes,
                              const struct expected expected[2][KEYS], uint32_t count)
{
  uint32_t different = 0;
  for (uint32_t a = 0; a < f->aggregate_count; a++) {
    struct wr_builder out;
    uint64_t failed[8] = {0};
    wr_builder_open(&out, f->aggregates[a].type);
    wr_builder_reserve(&out, count);
    const struct wr_aggregate_results results = {.entries = panes,
                                                 .offset = wr_frame_pane_state(f->frame, a),
                                                 .count = count,
                                                 .type = f->aggregates[a].type,
                                                 .prepared = f->aggregates[a].prepared,
                                                 .out = &out,
                                                 .failed = failed};
    f->aggregates[a].code->result(&results);
    struct wr_column column = wr_builder_view(&out);
    for (uint32_t i = 0; i < count; i++) {
      bool is_null;
      int64_t value = expected_of(&expected[f->is_new[a]][i], f->calls[a], &is_null);
      different += wr_column_is_null(&column, i) != is_null ||
                   (!is_null && ((const int64_t *)column.values)[i] != value);
    }
    wr_builder_close(&out);
  }
  return different;
}

/* Both ways of reading: by key, and of all keys. */
static uint32_t check_totals(struct fixture *f)
{
  struct wr_table_cursor cursor = {0};
  char *entries[KEYS];
  const char *totals[KEYS];
  struct expected expected[2][KEYS];
  uint32_t different = 0, offset = wr_layout_state(f->layout, 0), panes = 0, model_panes = 0;
  uint32_t count = wr_table_scan_change(f->table, &cursor, entries, KEYS);
  for (uint32_t i = 0; i < count; i++) {
    const struct model *model =
        &f->models[*(int64_t *)(void *)(entries[i] + f->layout->fields[0].offset)];
    const char *state = entries[i] + offset;
    expected[0][i] = model_total(model, false);
    expected[1][i] = model_total(model, true);
    wr_frame_total(f->frame, state, f->panes[i]);
    panes += wr_frame_pane_count(state);
    model_panes += model->count;
    different +=
        (wr_frame_pane_count(state) > 0) != (model->count > 0) ||
        wr_frame_oldest(f->frame, state) != (model->count ? model->panes[0].until : WR_TIME_END);
  }
  CU_ASSERT(panes <= model_panes);
  different += totals_differ(f, (const char *const *)f->panes, expected, count);
  const struct wr_frame_places places = {entries, count, offset, f->layout->hash_at, NULL};
  wr_frame_total_all(f->frame, &places, totals);
  return different + totals_differ(f, totals, expected, count);
}

/* ---- steps */

static void push_one(struct fixture *f, uint32_t key, int64_t until)
{
  struct wr_probe probe;
  struct pane pane;
  pane_make(f, until, &pane, f->panes[0]);
  probe_keys(f, &key, 1, WR_PROBE_MAKE, &probe);
  const struct wr_frame_place place = {probe.entries, 0, wr_layout_state(f->layout, 0),
                                       f->hashes[key], wr_table_space_texts(f->space)};
  wr_frame_push(f->frame, &place, until, f->panes[0]);
  model_put(&f->models[key], &pane);
}

static void push_many(struct fixture *f, int64_t until, uint32_t often)
{
  uint32_t keys[KEYS], count = 0;
  struct wr_probe probe;
  for (uint32_t k = 0; k < KEYS; k++) {
    if (random_next(&f->seed) % 100 >= often)
      continue;
    struct pane pane;
    pane_make(f, until, &pane, f->panes[count]);
    model_put(&f->models[k], &pane);
    keys[count++] = k;
  }
  probe_keys(f, keys, count, WR_PROBE_MAKE, &probe);
  const struct wr_frame_places places = {probe.entries, count, wr_layout_state(f->layout, 0),
                                         f->layout->hash_at, wr_table_space_texts(f->space)};
  wr_frame_push_all(f->frame, &places, until, (const char *const *)f->panes);
}

/* Every second time key by key. Keys without panes are removed. */
static void expire(struct fixture *f, int64_t passed, bool one_by_one)
{
  struct wr_table_cursor cursor = {0};
  char *entries[7];
  uint32_t count, offset = wr_layout_state(f->layout, 0);
  for (uint32_t k = 0; k < KEYS; k++)
    model_expire(&f->models[k], passed);
  while ((count = wr_table_scan_change(f->table, &cursor, entries, 7)) > 0) {
    uint32_t empty = 0;
    const struct wr_frame_places places = {entries, count, offset, f->layout->hash_at, NULL};
    if (!one_by_one)
      wr_frame_expire_all(f->frame, &places, passed);
    for (uint32_t i = 0; i < count; i++) {
      if (one_by_one)
        wr_frame_expire(f->frame, entries[i] + offset,
                        *(uint64_t *)(void *)(entries[i] + f->layout->hash_at), passed);
      if (wr_frame_pane_count(entries[i] + offset) == 0)
        entries[empty++] = entries[i];
    }
    wr_table_remove(f->table, entries, empty);
  }
}

struct loader {
  struct wr_table_loader loader;
  struct wr_table *table;
};
static struct wr_table *loader_find(struct wr_table_loader *loader, uint32_t space, uint64_t tag)
{
  return space == 0 && tag == 1 ? ((struct loader *)loader)->table : NULL;
}

static void save_and_load(struct fixture *f)
{
  struct wr_part_writer part = {0};
  struct wr_error err;
  wr_table_spaces_save(&f->space, 1, &part);
  while (!wr_table_spaces_save_step(&f->space, 1, 1))
    ;
  wr_table_space_free(f->space);
  table_open(f);
  struct loader loader = {{loader_find, 0, 1}, f->table};
  struct wr_part_reader reader = {.bytes = part.bytes, .length = part.length};
  CU_ASSERT_EQUAL(wr_table_spaces_load(&f->space, 1, &loader.loader, &reader, &err), WR_OK);
  wr_part_writer_free(&part);
}

/* The shape of the frames as they were saved. */
static void shape_load(struct fixture *f, struct wr_part_writer *part, struct wr_frame_saved *saved)
{
  struct wr_part_reader reader = {.bytes = part->bytes, .length = part->length};
  struct wr_error err;
  bool same = true;
  CU_ASSERT_EQUAL(wr_frame_load_shape(f->frame, f->ids, &reader, saved, &same, &err), WR_OK);
  CU_ASSERT(wr_part_at_end(&reader) && !same);
  for (size_t length = 0; length < part->length; length++) {
    struct wr_frame_saved cut;
    reader = (struct wr_part_reader){.bytes = part->bytes, .length = length};
    CU_ASSERT_EQUAL(wr_frame_load_shape(f->frame, f->ids, &reader, &cut, &same, &err), WR_DATA);
  }
}

static void frames_take(struct fixture *f, const struct fixture *old,
                        const struct wr_frame_saved *saved)
{
  struct wr_table_cursor cursor = {0};
  char *entries[KEYS];
  struct wr_probe probe;
  struct wr_error err;
  uint32_t count = wr_table_scan(old->table, &cursor, entries, KEYS);
  wr_table_probe_others(f->table, old->layout, (const char *const *)entries, count, WR_PROBE_MAKE,
                        &probe);
  CU_ASSERT_EQUAL(wr_frame_saved_piece(saved).bytes, wr_frame_piece(old->frame).bytes);
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_frame_place place = {probe.entries, i, wr_layout_state(f->layout, 0), 0,
                                         wr_table_space_texts(f->space)};
    CU_ASSERT_EQUAL(wr_frame_take_saved(f->frame, f->ids, saved,
                                        entries[i] + wr_layout_state(old->layout, 0), &place, &err),
                    WR_OK);
  }
}

/* Other aggregates from here on: those that stay know all panes, new ones only what comes. */
static void change_aggregates(struct fixture *f, uint64_t flip_panes)
{
  struct fixture old = *f;
  struct wr_part_writer part = {0};
  struct wr_frame_saved saved;
  wr_frame_save_shape(old.frame, old.ids, &part);
  f->calls = f->what->then;
  f->aggregate_count = 0;
  memset(f->ids, 0, sizeof f->ids);
  fixture_bind(f);
  for (uint32_t a = 0; a < f->aggregate_count; a++) {
    f->is_new[a] = true;
    for (uint32_t o = 0; o < old.aggregate_count; o++)
      f->is_new[a] = f->is_new[a] && old.ids[o] != f->ids[a];
  }
  for (uint32_t k = 0; k < KEYS; k++)
    for (uint32_t p = 0; p < f->models[k].count; p++)
      f->models[k].panes[p].old = true;
  f->frame = wr_frame_new(f->aggregates, f->aggregate_count, flip_panes);
  CU_ASSERT(wr_frame_pane_bytes(f->frame) <= PANE_BYTES_MAX);
  table_open(f);
  shape_load(f, &part, &saved);
  frames_take(f, &old, &saved);
  wr_frame_saved_free(&saved);
  wr_part_writer_free(&part);
  wr_frame_free(old.frame);
  wr_table_space_free(old.space);
}

static void run_flow(const struct aggregates_case *what, const struct flow_case *flow,
                     uint32_t number)
{
  struct fixture *f = fixture_open(what, number % 2 ? flow->size : 0, number * 97 + 3);
  uint32_t steps = 4 * flow->size + 60, different = 0;
  int64_t now = -100;
  for (uint32_t step = 0; step < steps; step++, now++) {
    push_many(f, now + flow->size, flow->often);
    for (uint32_t i = 0; i < KEYS; i++) {
      if (random_next(&f->seed) % 100 >= flow->late)
        continue;
      /* Late ones of any age; without late ones more rows of the youngest pane. */
      uint32_t age = what->ordered ? 0 : random_next(&f->seed) % flow->size;
      push_one(f, i, now + flow->size - age);
    }
    if (step == steps / 2)
      save_and_load(f);
    if (step == steps / 2 && what->then[0])
      change_aggregates(f, number % 2 ? flow->size : 0);
    if (flow->jump && random_next(&f->seed) % flow->jump == 0)
      now += random_next(&f->seed) % (2 * flow->size);
    expire(f, now, step % 2);
    different += step % 3 == 0 ? check_totals(f) : 0;
  }
  WR_CHECK(different == 0, "%s, window of %u, %u of 100 panes, %u late", what->name, flow->size,
           flow->often, flow->late);
  expire(f, INT64_MAX - 1, true);
  CU_ASSERT_EQUAL(wr_table_keys(f->table), 0);
  fixture_close(f);
}

static void like_a_reference(void)
{
  uint32_t number = 0;
  for (uint32_t w = 0; w < sizeof aggregates_cases / sizeof aggregates_cases[0]; w++)
    for (uint32_t c = 0; c < sizeof flow_cases / sizeof flow_cases[0]; c++)
      for (uint32_t hinted = 0; hinted < 2; hinted++)
        run_flow(&aggregates_cases[w], &flow_cases[c], number++);
}

/* Room follows the panes, and is no more than a window needs. */
static void room_comes_back(void)
{
  struct fixture *f = fixture_open(&aggregates_cases[2], 600, 1);
  uint32_t offset = wr_layout_state(f->layout, 0);
  for (uint32_t i = 0; i < 600; i++)
    push_one(f, 3, i);
  struct wr_probe probe;
  uint32_t key = 3;
  probe_keys(f, &key, 1, WR_PROBE_CHANGE, &probe);
  const struct wr_text *records = (const void *)(probe.entries[0] + offset);
  uint32_t full = records->length;
  CU_ASSERT(full <= 602 * (wr_frame_pane_bytes(f->frame) + 16));
  wr_frame_expire(f->frame, probe.entries[0] + offset, f->hashes[3], 590);
  model_expire(&f->models[3], 590);
  CU_ASSERT_EQUAL(wr_frame_pane_count(probe.entries[0] + offset), 9);
  CU_ASSERT_EQUAL(check_totals(f), 0);
  push_one(f, 3, 600);
  probe_keys(f, &key, 1, WR_PROBE_CHANGE, &probe);
  records = (const void *)(probe.entries[0] + offset);
  CU_ASSERT(records->length < full / 10);
  CU_ASSERT(wr_table_space_bytes(f->space) <= 4096);
  CU_ASSERT_EQUAL(check_totals(f), 0);
  fixture_close(f);
}

static void texts_do_not_fit(void)
{
  struct wr_arena arena = {0};
  struct wr_binding binding = {.arena = &arena, .time_zone = "UTC"};
  struct wr_span nowhere = {WR_NO_POSITION, 0};
  struct wr_error err;
  const struct wr_expression *text = wr_bind_column(&binding, 0, &wr_type_string, nowhere);
  const struct wr_aggregate_call calls[] = {{.name = "COUNT"},
                                            {.name = "MAX", .args = &text, .arg_count = 1}};
  struct wr_aggregate aggregates[2];
  for (uint32_t a = 0; a < 2; a++)
    CU_ASSERT_EQUAL(wr_bind_aggregate(&binding, &calls[a], &aggregates[a], &err), WR_OK);
  CU_ASSERT(wr_frame_fits(aggregates, 1));
  CU_ASSERT_FALSE(wr_frame_fits(aggregates, 2));
  wr_arena_free(&arena);
}

static const struct wr_test tests[] = {
    {"like_a_reference", like_a_reference},
    {"room_comes_back", room_comes_back},
    {"texts_do_not_fit", texts_do_not_fit},
    {NULL, NULL},
};

const struct wr_suite wr_suite_frame = {"frame", tests};
