/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kept rows beside a list of their JSON: rows of every kind of column are added and dropped at
 * random, read back, and saved page by page in between. A snapshot must have exactly the rows that
 * were kept when it began.
 */
#include <stdlib.h>

#include "core/packed.h"
#include "operators/kept_rows.h"
#include "tests/unit/check.h"
#include "tests/unit/random.h"
#include "text/json_write.h"

enum { COLUMNS = 7, ROWS_MAX = 60000, BATCH_MAX = 3000 };

struct model_row {
  uint64_t address;
  uint32_t number;
  bool kept;
};

/* Row `number` is made of its number alone. */
struct model {
  struct wr_arena arena;
  struct wr_field fields[COLUMNS];
  struct wr_schema schema;
  struct wr_builder builders[COLUMNS];
  struct wr_column columns[COLUMNS];
  struct wr_json_row_writer *writer;
  struct wr_kept_rows kept;
  struct model_row rows[ROWS_MAX];
  uint32_t row_count;
  uint64_t seed;
  bool frozen[ROWS_MAX]; /* kept when the snapshot began */
  uint32_t frozen_count;
};

static struct model *model_new(uint64_t seed, bool mixed)
{
  struct model *model = wr_memory_get_zero(sizeof *model);
  struct wr_arena *arena = &model->arena;
  struct wr_field *inner = WR_NEW_ARRAY(arena, struct wr_field, 1),
                  *outer = WR_NEW_ARRAY(arena, struct wr_field, 2);
  struct wr_type *wide = WR_NEW(arena, struct wr_type);
  *wide = (struct wr_type){.kind = WR_DECIMAL, .physical = WR_I128, .precision = 38, .scale = 2};
  inner[0] = (struct wr_field){"z", &wr_type_string};
  outer[0] = (struct wr_field){"x", &wr_type_int};
  outer[1] = (struct wr_field){"y", wr_type_row(arena, inner, 1)};
  const struct wr_field fields[COLUMNS] = {{"n", &wr_type_bigint},
                                           {"b", &wr_type_boolean},
                                           {"s", &wr_type_string},
                                           {"d", wide},
                                           {"r", wr_type_row(arena, outer, 2)},
                                           {"a", wr_type_array(arena, &wr_type_int)},
                                           {"f", &wr_type_float}};
  memcpy(model->fields, fields, sizeof fields);
  model->schema = (struct wr_schema){COLUMNS, model->fields};
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_open(&model->builders[c], fields[c].type);
  model->writer = wr_json_row_writer_new(&model->schema, NULL);
  wr_kept_rows_open(&model->kept, &model->schema);
  model->kept.mixed = mixed;
  model->seed = seed;
  return model;
}

static void model_free(struct model *model)
{
  wr_kept_rows_close(&model->kept);
  wr_json_row_writer_free(model->writer);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_close(&model->builders[c]);
  wr_arena_free(&model->arena);
  free(model);
}

static void put_text(struct wr_builder *builder, uint32_t number)
{
  char text[80];
  int length = snprintf(text, sizeof text,
                        number % 3 ? "%u" : "a text that does not fit inside, %u", number);
  wr_builder_put_copy(builder, text, (uint32_t)length);
}

static void put_row(struct wr_builder *builders, uint32_t number)
{
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_reserve(&builders[c], 1);
  wr_builder_put_i64(&builders[0], number);
  uint32_t nulls = number * 2654435761u >> 20;
  if (nulls & 1)
    wr_builder_put_null(&builders[1]);
  else
    wr_builder_put_u8(&builders[1], number & 1);
  if (nulls & 2)
    wr_builder_put_null(&builders[2]);
  else
    put_text(&builders[2], number);
  wr_builder_put_i128(&builders[3], (wr_i128)number << 60);
  if (nulls & 4) {
    wr_builder_put_null(&builders[4]);
  } else {
    struct wr_builder *fields = builders[4].children;
    wr_builder_put_i32(&fields[0], (int32_t)number);
    if (nulls & 8) {
      wr_builder_put_null(&fields[1]);
    } else {
      put_text(&fields[1].children[0], number + 1);
      wr_builder_put_valid(&fields[1]);
    }
    wr_builder_put_valid(&builders[4]);
  }
  wr_builder_reserve(&builders[5].children[0], number % 5 + 1);
  for (uint32_t i = 0; i < number % 5; i++)
    wr_builder_put_i32(&builders[5].children[0], (int32_t)(number + i));
  wr_builder_put_collected(&builders[5]);
  if (nulls & 16)
    wr_builder_put_null(&builders[6]);
  else
    wr_builder_put_f32(&builders[6], (float)number / 4);
}

/* The batch of rows first .. first+count-1 in the model's builders. */
static struct wr_batch model_batch(struct model *model, const uint32_t *numbers, uint32_t count)
{
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_reset(&model->builders[c]);
  for (uint32_t i = 0; i < count; i++)
    put_row(model->builders, numbers[i]);
  for (uint32_t c = 0; c < COLUMNS; c++)
    model->columns[c] = wr_builder_view(&model->builders[c]);
  return (struct wr_batch){.schema = &model->schema,
                           .columns = model->columns,
                           .row_count = count,
                           .picked_count = count,
                           .others_us = WR_TIME_END};
}

static void model_add(struct model *model, uint32_t count)
{
  uint32_t *numbers = wr_memory_get(count * sizeof *numbers),
           *rows = wr_memory_get(count * sizeof *rows);
  uint64_t *addresses = wr_memory_get(count * sizeof *addresses);
  for (uint32_t i = 0; i < count; i++) {
    numbers[i] = model->row_count + i;
    rows[i] = i;
  }
  const struct wr_batch batch = model_batch(model, numbers, count);
  wr_kept_rows_add(&model->kept, &batch, rows, count, addresses);
  for (uint32_t i = 0; i < count; i++)
    model->rows[model->row_count + i] = (struct model_row){addresses[i], numbers[i], true};
  model->row_count += count;
  free(numbers);
  free(rows);
  free(addresses);
}

/* The same rows as JSON. */
static bool rows_are(struct model *model, const struct wr_column *columns, uint32_t column_row,
                     uint32_t number)
{
  struct wr_buffer got = {0}, wanted = {0};
  wr_json_row_write(model->writer, columns, column_row, &got);
  model_batch(model, &number, 1);
  wr_json_row_write(model->writer, model->columns, 0, &wanted);
  bool same = got.length == wanted.length && memcmp(got.bytes, wanted.bytes, got.length) == 0;
  wr_buffer_free(&got);
  wr_buffer_free(&wanted);
  return same;
}

/* Reads some of the kept rows, one by one and gathered. */
static void model_check(struct model *model)
{
  uint64_t addresses[200];
  uint32_t numbers[200], count = 0, wrong = 0;
  for (uint32_t i = 0; i < 400 && model->row_count; i++) {
    const struct model_row *row = &model->rows[random_next(&model->seed) % model->row_count];
    if (!row->kept || count == 200)
      continue;
    addresses[count] = row->address;
    numbers[count++] = row->number;
    uint32_t at;
    const struct wr_batch *rows = wr_kept_row(&model->kept, row->address, &at);
    wrong += !rows_are(model, rows->columns, at, row->number);
  }
  struct wr_builder gathered[COLUMNS];
  struct wr_column columns[COLUMNS];
  for (uint32_t c = 0; c < COLUMNS; c++) {
    wr_builder_open(&gathered[c], model->fields[c].type);
    wr_kept_rows_gather(&model->kept, addresses, count, c, &gathered[c]);
    columns[c] = wr_builder_view(&gathered[c]);
  }
  for (uint32_t i = 0; i < count; i++)
    wrong += !rows_are(model, columns, i, numbers[i]);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_close(&gathered[c]);
  CU_ASSERT_EQUAL(wrong, 0);
}

/* Drops about one in `every` of the rows from `first` on. */
static void model_drop(struct model *model, uint32_t first, uint32_t every)
{
  for (uint32_t i = first; i < model->row_count; i++) {
    if (!model->rows[i].kept || random_next(&model->seed) % every)
      continue;
    wr_kept_rows_drop(&model->kept, model->rows[i].address);
    model->rows[i].kept = false;
  }
}

/* Rows of sparse pages are added anew, as owners do. */
static uint32_t model_move(struct model *model)
{
  uint32_t moved = 0;
  for (uint32_t page = 0; page < model->kept.page_count; page++) {
    if (!wr_kept_page_is_sparse(&model->kept, page))
      continue;
    for (uint32_t i = 0; i < model->row_count; i++) {
      struct model_row *row = &model->rows[i];
      if (!row->kept || row->address >> WR_KEPT_ROW_BITS != page + model->kept.first_page)
        continue;
      uint64_t old = row->address;
      uint32_t at;
      const struct wr_batch rows = *wr_kept_row(&model->kept, old, &at);
      wr_kept_rows_add(&model->kept, &rows, &at, 1, &row->address);
      wr_kept_rows_drop(&model->kept, old);
      moved++;
    }
  }
  return moved;
}

/* ---- snapshots */

struct loaded {
  struct model *model;
  uint32_t count, wrong;
};

static void loaded_take(void *argument, const struct wr_batch *batch)
{
  struct loaded *loaded = argument;
  for (uint32_t i = 0; i < batch->row_count; i++) {
    uint32_t number = (uint32_t)wr_column_i64(&batch->columns[0], i);
    bool wanted = number < ROWS_MAX && loaded->model->frozen[number];
    loaded->wrong += !wanted || !rows_are(loaded->model, batch->columns, i, number);
    if (wanted)
      loaded->model->frozen[number] = false; /* once */
    loaded->count++;
  }
}

static void model_freeze(struct model *model)
{
  model->frozen_count = 0;
  for (uint32_t i = 0; i < model->row_count; i++) {
    model->frozen[i] = model->rows[i].kept;
    model->frozen_count += model->rows[i].kept;
  }
}

static void model_check_part(struct model *model, const struct wr_part_writer *part)
{
  struct loaded loaded = {.model = model};
  struct wr_part_reader reader = {.bytes = part->bytes, .length = part->length};
  struct wr_error err;
  enum wr_code code = WR_OK;
  while (code == WR_OK && !wr_part_at_end(&reader))
    code = wr_kept_rows_load(&model->kept, &reader, loaded_take, &loaded, &err);
  CU_ASSERT_EQUAL(code, WR_OK);
  CU_ASSERT_EQUAL(loaded.wrong, 0);
  CU_ASSERT_EQUAL(loaded.count, model->frozen_count);
}

static void test_mixed(void)
{
  for (uint64_t seed = 1; seed <= 4; seed++) {
    struct model *model = model_new(seed, true);
    struct wr_part_writer part = {0};
    bool saving = false;
    uint64_t bytes_max = 0;
    uint32_t moved = 0;
    while (model->row_count + BATCH_MAX <= ROWS_MAX) {
      model_add(model, 1 + random_next(&model->seed) % BATCH_MAX);
      uint32_t first = model->row_count > 6000 ? model->row_count - 6000 : 0;
      model_drop(model, first, 2);
      model_drop(model, 0, 100); /* some stay for long */
      moved += model_move(model);
      model_check(model);
      if (saving && model->kept.unsaved_count == 0) {
        model_check_part(model, &part);
        wr_part_writer_free(&part);
        part = (struct wr_part_writer){0};
        saving = false;
      } else if (!saving) {
        model_freeze(model);
        wr_kept_rows_save_begin(&model->kept);
        saving = true;
      }
      for (uint32_t i = 0; i < 10 && model->kept.unsaved_count; i++)
        wr_kept_rows_save_next(&model->kept, &part);
      bytes_max = model->kept.bytes > bytes_max ? model->kept.bytes : bytes_max;
    }
    uint64_t kept = 0;
    for (uint32_t i = 0; i < model->row_count; i++)
      kept += model->rows[i].kept;
    CU_ASSERT_EQUAL(model->kept.row_count, kept);
    CU_ASSERT_TRUE(moved > 0);
    /* about 300 rows to a page, at least half of them kept */
    WR_CHECK(bytes_max < 400 * WR_PAGE_BYTES, "%llu bytes", (unsigned long long)bytes_max);
    model_drop(model, 0, 1);
    while (model->kept.unsaved_count)
      wr_kept_rows_save_next(&model->kept, &part);
    CU_ASSERT_EQUAL(model->kept.bytes, 0);
    wr_part_writer_free(&part);
    model_free(model);
  }
}

/* Pages that are not mixed: addresses rise, and what was at the front makes room. */
static void test_in_order(void)
{
  struct model *model = model_new(9, false);
  uint64_t last = 0;
  while (model->row_count + BATCH_MAX <= ROWS_MAX) {
    uint32_t before = model->row_count;
    model_add(model, BATCH_MAX);
    for (uint32_t i = before; i < model->row_count; i++) {
      CU_ASSERT_TRUE(i == 0 || model->rows[i].address > last);
      last = model->rows[i].address;
    }
    for (uint32_t i = 0; i < before; i++)
      if (model->rows[i].kept) {
        wr_kept_rows_drop(&model->kept, model->rows[i].address);
        model->rows[i].kept = false;
      }
    model_check(model);
    CU_ASSERT_TRUE(model->kept.page_count < 100);
  }
  struct wr_part_writer part = {0};
  model_drop(model, 0, 3);
  model_freeze(model);
  for (uint32_t page = 0; page < model->kept.page_count; page++)
    wr_kept_rows_save(&model->kept, page, &part); /* nothing of pages that are gone */
  model_check_part(model, &part);
  for (size_t length = 0; length < part.length; length += 1 + length / 20) {
    struct loaded loaded = {.model = model};
    struct wr_part_reader reader = {.bytes = part.bytes, .length = length};
    struct wr_error err;
    enum wr_code code = WR_OK;
    while (code == WR_OK && !wr_part_at_end(&reader))
      code = wr_kept_rows_load(&model->kept, &reader, loaded_take, &loaded, &err);
    CU_ASSERT_TRUE(code == WR_DATA || loaded.count < model->frozen_count);
  }
  wr_part_writer_free(&part);
  model_free(model);
}

/* ---- named columns */

struct named {
  uint64_t next, wrong;
};

/* Wanted: a column that was not saved, r, b, and the operator's own. */
static void named_take(void *argument, const struct wr_batch *batch)
{
  struct named *named = argument;
  for (uint32_t i = 0; i < batch->row_count; i++, named->next++) {
    uint32_t number = (uint32_t)named->next, nulls = number * 2654435761u >> 20;
    const struct wr_column *r = &batch->columns[1], *b = &batch->columns[2];
    named->wrong += !wr_column_is_null(&batch->columns[0], i);
    named->wrong += wr_column_is_null(r, i) != ((nulls & 4) != 0);
    named->wrong += !(nulls & 4) && ((const int32_t *)r->children[0].values)[i] != (int32_t)number;
    named->wrong += wr_column_is_null(b, i) != ((nulls & 1) != 0);
    named->wrong += !(nulls & 1) && ((const uint8_t *)b->values)[i] != (number & 1);
    named->wrong += wr_column_i64(&batch->columns[3], i) != (int64_t)number;
  }
}

/* Columns are found by id, whatever their places; n stands for one of the operator's own, which are
 * found by their number behind those of the query. */
static void test_named(void)
{
  static const uint64_t ids[] = {1000, 1001, 1002, 1003, 1004, 1005};
  struct model *model = model_new(5, false);
  for (uint32_t c = 0; c + 1 < COLUMNS; c++)
    model->fields[c] = model->fields[c + 1];
  model->fields[COLUMNS - 1] = (struct wr_field){"n", &wr_type_bigint};
  const struct wr_field fields[] = {
      {"new", &wr_type_string}, model->fields[3], model->fields[0], model->fields[COLUMNS - 1]};
  struct wr_batch batch;
  uint32_t numbers[700], rows[700];
  uint64_t addresses[700];
  for (uint32_t i = 0; i < 700; i++)
    numbers[i] = rows[i] = i;
  wr_kept_rows_close(&model->kept);
  wr_kept_rows_open(&model->kept, &model->schema);
  wr_kept_rows_name(&model->kept, ids, COLUMNS - 1);
  batch = model_batch(model, numbers, 700);
  const struct wr_column first = model->columns[0];
  memmove(model->columns, model->columns + 1, (COLUMNS - 1) * sizeof first);
  model->columns[COLUMNS - 1] = first;
  wr_kept_rows_add(&model->kept, &batch, rows, 700, addresses);
  struct wr_part_writer part = {0};
  for (uint32_t page = 0; page < model->kept.page_count; page++)
    wr_kept_rows_save(&model->kept, page, &part);
  const uint64_t other_ids[] = {1999, ids[3], ids[0]};
  const struct wr_schema schema = {4, (struct wr_field *)(uintptr_t)fields};
  struct wr_kept_rows other;
  wr_kept_rows_open(&other, &schema);
  wr_kept_rows_name(&other, other_ids, 3);
  for (size_t length = part.length;; length -= length < 997 ? length : 997) {
    struct named named = {0};
    struct wr_part_reader reader = {.bytes = part.bytes, .length = length};
    struct wr_error err;
    enum wr_code code = WR_OK;
    while (code == WR_OK && !wr_part_at_end(&reader))
      code = wr_kept_rows_load(&other, &reader, named_take, &named, &err);
    CU_ASSERT_EQUAL(named.wrong, 0);
    CU_ASSERT_TRUE(length == part.length ? code == WR_OK && named.next == 700 : named.next < 700);
    if (length == 0)
      break;
  }
  wr_kept_rows_close(&other);
  wr_part_writer_free(&part);
  model_free(model);
}

static const struct wr_test tests[] = {
    {"named", test_named},
    {"mixed", test_mixed},
    {"in_order", test_in_order},
    {NULL, NULL},
};

const struct wr_suite wr_suite_kept_rows = {"kept_rows", tests};
