/* SPDX-License-Identifier: Apache-2.0 */
/* Pages and compaction: whatever goes in comes out, in one page or in many. */
#include "core/page.h"

#include <stdlib.h>

#include "core/builder.h"
#include "text/buffer.h"
#include "text/value_write.h"
#include "tests/unit/check.h"

enum { ROWS = 3000 };

/* A batch of all shapes: fixed widths, long and short texts, a nested ROW, NULLs, a constant. */
struct fixture {
  struct wr_arena arena;
  struct wr_schema schema;
  struct wr_field fields[5];
  struct wr_builder builders[4];
  struct wr_column columns[5];
  uint8_t change[ROWS];
  int64_t arrived_us[ROWS];
  uint32_t rows[ROWS];
  struct wr_batch batch;
};

static const char lorem[] =
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor "
    "incididunt ut labore et dolore magna aliqua";
static const struct wr_text constant_text = {.length = 40, .head = "Lore", .bytes = lorem};

static void fixture_put(struct fixture *f, uint32_t i)
{
  wr_builder_put_integer(&f->builders[0], (int64_t)i * 1000003);
  if (i % 3 == 1)
    wr_builder_put_null(&f->builders[1]);
  else
    wr_builder_put_text(&f->builders[1], wr_text_make(lorem + i % 7, i % 60));
  wr_builder_put_integer(&f->builders[2], i % 200);
  if (i % 11 == 5) {
    wr_builder_put_null(&f->builders[3]);
    return;
  }
  wr_builder_put_i128(&f->builders[3].children[0], (wr_i128)i << 70);
  wr_builder_put_text(&f->builders[3].children[1], wr_text_make(lorem, i % 23));
  wr_builder_put_valid(&f->builders[3]);
}

static void fixture_open(struct fixture *f)
{
  *f = (struct fixture){.schema = {5, f->fields}};
  struct wr_field inner[] = {{"n", wr_type_decimal(&f->arena, 38, 0)}, {"t", &wr_type_string}};
  f->fields[0] = (struct wr_field){"a", &wr_type_bigint};
  f->fields[1] = (struct wr_field){"b", &wr_type_string};
  f->fields[2] = (struct wr_field){"c", &wr_type_smallint};
  f->fields[3] = (struct wr_field){"d", wr_type_row(&f->arena, inner, 2)};
  f->fields[4] = (struct wr_field){"e", &wr_type_string};
  for (int b = 0; b < 4; b++) {
    wr_builder_open(&f->builders[b], f->fields[b].type);
    wr_builder_reserve(&f->builders[b], ROWS);
  }
  for (uint32_t i = 0; i < ROWS; i++) {
    fixture_put(f, i);
    f->change[i] = i % 4;
    f->arrived_us[i] = (int64_t)i * 10;
    f->rows[i] = i;
  }
  for (int b = 0; b < 4; b++)
    f->columns[b] = wr_builder_view(&f->builders[b]);
  f->columns[4] =
      (struct wr_column){.type = &wr_type_string, .constant = true, .values = &constant_text};
  f->batch = (struct wr_batch){.schema = &f->schema,
                               .columns = f->columns,
                               .row_count = ROWS,
                               .picked_count = ROWS,
                               .change = f->change,
                               .arrived_us = f->arrived_us,
                               .others_us = WR_TIME_END,
                               .now_us = 77};
}

static void fixture_close(struct fixture *f)
{
  for (int b = 0; b < 4; b++)
    wr_builder_close(&f->builders[b]);
  wr_arena_free(&f->arena);
}

static bool rows_equal(const struct wr_batch *a, uint32_t row_a, const struct wr_batch *b,
                       uint32_t row_b)
{
  struct wr_buffer left = {0}, right = {0};
  bool equal = true;
  for (uint32_t c = 0; c < a->schema->column_count; c++) {
    wr_buffer_clear(&left);
    wr_buffer_clear(&right);
    bool left_null = wr_value_write(&left, &a->columns[c], row_a);
    bool right_null = wr_value_write(&right, &b->columns[c], row_b);
    equal = equal && left_null == right_null && left.length == right.length &&
            (left.length == 0 || memcmp(left.bytes, right.bytes, left.length) == 0);
  }
  wr_buffer_free(&left);
  wr_buffer_free(&right);
  return equal;
}

/* Appends rows[0..count-1] over as many pages as needed and compares what comes out. */
static void check_through_pages(const struct wr_batch *batch, const uint32_t *rows, uint32_t count)
{
  struct wr_page_layout *layout = wr_page_layout_new(batch->schema);
  struct wr_page *page = wr_page_new();
  struct wr_page_view view = {0};
  uint32_t done = 0, pages = 0;
  while (done < count) {
    uint32_t piece = count - done < 700 ? count - done : 700; /* several appends per page */
    uint32_t first = done;
    for (uint32_t fitted;
         (fitted = wr_page_append(page, layout, batch, rows + done,
                                  piece < count - done ? piece : count - done)) > 0;)
      done += fitted;
    struct wr_batch out;
    wr_page_open(page, layout, &view, &out);
    CU_ASSERT_EQUAL(out.row_count, done - first);
    CU_ASSERT_EQUAL(out.now_us, batch->now_us);
    for (uint32_t i = 0; i < out.row_count; i++) {
      uint32_t row = rows[first + i];
      WR_CHECK(rows_equal(&out, i, batch, row), "row %u", row);
      WR_CHECK(!batch->change || out.change[i] == batch->change[row], "change of row %u", row);
      WR_CHECK(!batch->arrived_us || out.arrived_us[i] == batch->arrived_us[row],
               "arrival of row %u", row);
    }
    CU_ASSERT(out.row_count > 0);
    wr_page_clear(page);
    pages++;
  }
  CU_ASSERT(pages > 1);
  wr_page_view_close(&view);
  wr_page_free(page);
  wr_page_layout_free(layout);
}

static void rows_come_out_as_they_went_in(void)
{
  struct fixture f;
  fixture_open(&f);
  check_through_pages(&f.batch, f.rows, ROWS);
  for (uint32_t i = 0; i < ROWS; i++)
    f.rows[i] = ROWS - 1 - i;
  f.batch.change = NULL;
  check_through_pages(&f.batch, f.rows, ROWS - 7);
  fixture_close(&f);
}

static void nulls_may_begin_later(void)
{
  static const uint32_t picked[] = {0, 2, 3, 6, 8, 9, 1, 4, 5, 16, 17, 18, 19, 20};
  struct fixture f;
  fixture_open(&f);
  struct wr_page_layout *layout = wr_page_layout_new(&f.schema);
  struct wr_page *page = wr_page_new();
  struct wr_page_view view = {0};
  struct wr_batch out;
  wr_page_append(page, layout, &f.batch, picked, 6);
  wr_page_open(page, layout, &view, &out);
  CU_ASSERT(!out.columns[1].valid && !out.columns[3].valid); /* though their columns have NULLs */
  wr_page_append(page, layout, &f.batch, picked + 6, 3);
  wr_page_append(page, layout, &f.batch, picked + 9, 5); /* one behind the other */
  wr_page_open(page, layout, &view, &out);
  CU_ASSERT_EQUAL(out.row_count, WR_COUNT(picked));
  for (uint32_t i = 0; i < out.row_count; i++)
    WR_CHECK(rows_equal(&out, i, &f.batch, picked[i]), "row %u", picked[i]);
  wr_page_view_close(&view);
  wr_page_free(page);
  wr_page_layout_free(layout);
  fixture_close(&f);
}

static void changes_may_begin_later(void)
{
  struct fixture f;
  fixture_open(&f);
  struct wr_page_layout *layout = wr_page_layout_new(&f.schema);
  struct wr_page *page = wr_page_new();
  struct wr_page_view view = {0};
  struct wr_batch plain = f.batch, out;
  plain.change = NULL;
  plain.arrived_us = NULL;
  wr_page_append(page, layout, &plain, f.rows, 2);
  wr_page_append(page, layout, &f.batch, f.rows, 2);
  wr_page_append(page, layout, &plain, f.rows, 2);
  wr_page_open(page, layout, &view, &out);
  static const uint8_t changes[] = {0, 0, 0, 1, 0, 0};
  static const int64_t arrived[] = {WR_TIME_NONE, WR_TIME_NONE, 0, 10, WR_TIME_NONE, WR_TIME_NONE};
  CU_ASSERT_EQUAL(out.row_count, 6);
  CU_ASSERT_EQUAL(memcmp(out.change, changes, sizeof changes), 0);
  CU_ASSERT_EQUAL(memcmp(out.arrived_us, arrived, sizeof arrived), 0);
  wr_page_clear(page);
  wr_page_append(page, layout, &plain, f.rows, 1);
  wr_page_open(page, layout, &view, &out);
  CU_ASSERT_PTR_NULL(out.change);
  CU_ASSERT_PTR_NULL(out.arrived_us);
  wr_page_view_close(&view);
  wr_page_free(page);
  wr_page_layout_free(layout);
  fixture_close(&f);
}

static void long_rows_get_a_page_of_their_own(void)
{
  char *bytes = wr_memory_get(300000);
  memset(bytes, 'x', 300000);
  struct wr_text texts[] = {wr_text_make("a", 1), wr_text_make(bytes, 300000),
                            wr_text_make("c", 1)};
  struct wr_field field = {"t", &wr_type_string};
  struct wr_schema schema = {1, &field};
  struct wr_column column = {.type = &wr_type_string, .values = texts};
  struct wr_batch batch = {.schema = &schema,
                           .columns = &column,
                           .row_count = 3,
                           .picked_count = 3},
                  out;
  static const uint32_t rows[] = {0, 1, 2};
  struct wr_page_layout *layout = wr_page_layout_new(&schema);
  struct wr_page *page = wr_page_new();
  struct wr_page_view view = {0};
  CU_ASSERT_EQUAL(wr_page_append(page, layout, &batch, rows, 3), 1);
  CU_ASSERT_EQUAL(wr_page_append(page, layout, &batch, rows + 1, 2), 0);
  wr_page_clear(page);
  CU_ASSERT_EQUAL(wr_page_append(page, layout, &batch, rows + 1, 2), 1);
  wr_page_open(page, layout, &view, &out);
  CU_ASSERT(rows_equal(&out, 0, &batch, 1));
  wr_page_clear(page);
  CU_ASSERT_EQUAL(wr_page_append(page, layout, &batch, rows + 2, 1), 1);
  wr_page_view_close(&view);
  wr_page_free(page);
  wr_page_layout_free(layout);
  free(bytes);
}

static void many_columns_fit(void)
{
  enum { COLUMNS = 2000 };
  struct wr_field *fields = wr_memory_get(sizeof *fields * COLUMNS);
  struct wr_column *columns = wr_memory_get(sizeof *columns * COLUMNS);
  for (int c = 0; c < COLUMNS; c++) {
    fields[c] = (struct wr_field){"c", &wr_type_string};
    columns[c] =
        (struct wr_column){.type = &wr_type_string, .constant = true, .values = &constant_text};
  }
  struct wr_schema schema = {COLUMNS, fields};
  struct wr_batch batch = {.schema = &schema,
                           .columns = columns,
                           .row_count = 1,
                           .picked_count = 1},
                  out;
  struct wr_page_layout *layout = wr_page_layout_new(&schema);
  struct wr_page *page = wr_page_new();
  struct wr_page_view view = {0};
  uint32_t row = 0;
  CU_ASSERT_EQUAL(wr_page_append(page, layout, &batch, &row, 1), 1);
  wr_page_open(page, layout, &view, &out);
  CU_ASSERT(rows_equal(&out, 0, &batch, 0));
  wr_page_view_close(&view);
  wr_page_free(page);
  wr_page_layout_free(layout);
  free(fields);
  free(columns);
}

static void compaction_keeps_picked_rows(void)
{
  struct fixture f;
  fixture_open(&f);
  uint32_t picked[ROWS], count = 0;
  for (uint32_t i = 0; i < ROWS; i++)
    if (i % 13 == 2 || i > ROWS - 5)
      picked[count++] = i;
  f.batch.picked = picked;
  f.batch.picked_count = count;
  CU_ASSERT(wr_batch_is_sparse(&f.batch));
  struct wr_compactor compactor = {0};
  struct wr_batch out;
  wr_batch_compact(&compactor, &f.batch, NULL, &out);
  CU_ASSERT_EQUAL(out.row_count, count);
  CU_ASSERT_PTR_NULL(out.picked);
  for (uint32_t i = 0; i < count; i++) {
    WR_CHECK(rows_equal(&out, i, &f.batch, picked[i]), "row %u", picked[i]);
    WR_CHECK(out.change[i] == f.change[picked[i]] && out.arrived_us[i] == f.arrived_us[picked[i]],
             "row %u", picked[i]);
  }
  static const bool used[] = {true, false, true, false, true};
  wr_batch_compact(&compactor, &f.batch, used, &out);
  CU_ASSERT(!wr_column_is_null(&out.columns[0], 3) && wr_column_is_null(&out.columns[1], 3));
  CU_ASSERT(wr_column_is_null(&out.columns[3].children[1], 3));
  wr_compactor_close(&compactor);
  fixture_close(&f);
}

static const struct wr_test tests[] = {
    {"rows_come_out_as_they_went_in", rows_come_out_as_they_went_in},
    {"nulls_may_begin_later", nulls_may_begin_later},
    {"changes_may_begin_later", changes_may_begin_later},
    {"long_rows_get_a_page_of_their_own", long_rows_get_a_page_of_their_own},
    {"many_columns_fit", many_columns_fit},
    {"compaction_keeps_picked_rows", compaction_keeps_picked_rows},
    {NULL, NULL},
};

const struct wr_suite wr_suite_page = {"page", tests};
