/* SPDX-License-Identifier: Apache-2.0 */
/* Packed collections: whatever goes in comes out, from every type of item, and moves like a text.
 */
#include "core/packed.h"

#include "core/hash.h"
#include "core/page.h"
#include "functions/item.h"
#include "tests/unit/check.h"
#include "text/json_write.h"

/* Appends the row that a seed stands for: every third is NULL, unless `whole`. */
static void put_seed(struct wr_builder *builder, uint32_t seed, bool whole)
{
  static const char text[] = "a text that is longer than a few bytes";
  const struct wr_type *type = builder->type;
  wr_builder_reserve(builder, 1);
  if (!whole && seed % 3 == 2) {
    wr_builder_put_null(builder);
    return;
  }
  if (type->kind == WR_ROW) {
    for (uint32_t i = 0; i < type->field_count; i++)
      put_seed(&builder->children[i], seed + i, false);
    wr_builder_put_valid(builder);
  } else if (wr_kind_is_packed(type->kind)) {
    for (uint32_t i = 0; i < seed % 5; i++)
      for (uint32_t k = 0; k < type->field_count; k++)
        put_seed(&builder->children[k], seed * 7 + i + k, type->kind != WR_ARRAY);
    wr_builder_put_collected(builder);
  } else if (type->physical == WR_TEXT) {
    wr_builder_put_copy(builder, text, seed % (sizeof text - 1));
  } else if (type->physical == WR_F32) {
    wr_builder_put_f32(builder, (float)seed / 4);
  } else if (type->physical == WR_F64) {
    wr_builder_put_f64(builder, (double)seed / 4);
  } else if (type->physical == WR_U8) {
    wr_builder_put_u8(builder, seed % 2);
  } else {
    wr_builder_put_integer(builder, seed % 100);
  }
}

/* The types of items; the last ones nest. */
struct types {
  struct wr_arena arena;
  const struct wr_type *list[40];
  uint32_t count;
};

static void types_fill(struct types *types)
{
  static const struct wr_type *const plain[] = {
      &wr_type_boolean,
      &wr_type_tinyint,
      &wr_type_smallint,
      &wr_type_int,
      &wr_type_bigint,
      &wr_type_float,
      &wr_type_double,
      &wr_type_string,
      &wr_type_bytes,
      &wr_type_date,
      &wr_type_time,
      &wr_type_timestamp3,
      &wr_type_timestamp_ltz6,
      &wr_type_interval_month,
      &wr_type_interval_second,
  };
  struct wr_arena *arena = &types->arena;
  for (size_t i = 0; i < WR_COUNT(plain); i++)
    types->list[types->count++] = plain[i];
  types->list[types->count++] = wr_type_decimal(arena, 10, 2);
  types->list[types->count++] = wr_type_decimal(arena, 38, 9);
  types->list[types->count++] = wr_type_text(arena, WR_CHAR, 4);
  struct wr_field fields[] = {{"b", &wr_type_boolean}, {"s", &wr_type_string}, {"n", &wr_type_int}};
  const struct wr_type *row = wr_type_row(arena, fields, 3);
  const struct wr_type *map = wr_type_map(arena, &wr_type_string, &wr_type_double);
  struct wr_field deep_fields[] = {{"map", map}, {"row", row}, {"x", &wr_type_smallint}};
  const struct wr_type *deep = wr_type_row(arena, deep_fields, 3);
  const struct wr_type *nested[] = {
      row,
      map,
      wr_type_multiset(arena, &wr_type_string),
      wr_type_array(arena, &wr_type_int),
      wr_type_array(arena, wr_type_array(arena, &wr_type_string)),
      wr_type_array(arena, deep),
      wr_type_map(arena, &wr_type_int, wr_type_array(arena, deep)),
      wr_type_multiset(arena, row),
      deep,
  };
  for (size_t i = 0; i < WR_COUNT(nested); i++)
    types->list[types->count++] = nested[i];
}

static const char *shown(const struct wr_column *column, uint32_t row, struct wr_buffer *buffer)
{
  wr_buffer_clear(buffer);
  wr_json_write_value(buffer, column, row, NULL);
  wr_buffer_put_char(buffer, '\0');
  return buffer->bytes;
}

static void check_same(const struct wr_column *a, const struct wr_column *b, uint32_t rows,
                       const char *what)
{
  struct wr_buffer x = {0}, y = {0};
  for (uint32_t row = 0; row < rows; row++) {
    const char *p = shown(a, row, &x), *q = shown(b, row, &y);
    WR_CHECK(strcmp(p, q) == 0, "%s, row %u: %s became %s", what, row, p, q);
  }
  wr_buffer_free(&x);
  wr_buffer_free(&y);
}

enum { SEEDS = 17 };

/* Items of every type in an ARRAY of any length, taken out again one by one. */
static void test_arrays(void)
{
  struct types types = {0};
  types_fill(&types);
  for (uint32_t t = 0; t < types.count; t++) {
    char name[128];
    wr_type_print(types.list[t], name, sizeof name);
    for (uint32_t count = 0; count <= SEEDS; count++) {
      struct wr_builder items, out;
      wr_builder_open(&items, types.list[t]);
      wr_builder_open(&out, types.list[t]);
      for (uint32_t i = 0; i < count; i++)
        put_seed(&items, i, false);
      struct wr_column column = wr_builder_view(&items);
      size_t size = wr_pack_list_bytes(&column, 0, count);
      char *bytes = wr_arena_get(&types.arena, size);
      WR_CHECK(wr_pack_list(bytes, &column, 0, count) == bytes + size, "%s", name);
      struct wr_text packed = wr_text_make(bytes, (uint32_t)size);
      struct wr_list list;
      wr_list_open(&list, wr_type_array(&types.arena, types.list[t]), &packed);
      WR_CHECK(list.count == count, "%s: %u items of %u", name, list.count, count);
      wr_builder_reserve(&out, count);
      for (uint32_t i = 0; i < list.count; i++) {
        WR_CHECK(wr_list_is_null(&list, i) == wr_column_is_null(&column, i), "%s %u", name, i);
        wr_list_put(&list, i, &out);
      }
      struct wr_column back = wr_builder_view(&out);
      check_same(&column, &back, count, name);
      wr_builder_close(&items);
      wr_builder_close(&out);
    }
  }
  wr_arena_free(&types.arena);
}

/* Collections of every item type put together by a builder, and taken over by another. */
static void test_collected(void)
{
  struct types types = {0};
  types_fill(&types);
  uint32_t plain_count = types.count;
  for (uint32_t t = 0; t < plain_count; t++) {
    const struct wr_type *item = types.list[t];
    const struct wr_type *kinds[] = {
        wr_type_array(&types.arena, item), wr_type_map(&types.arena, &wr_type_string, item),
        wr_type_map(&types.arena, item, &wr_type_string), wr_type_multiset(&types.arena, item)};
    for (size_t k = 0; k < WR_COUNT(kinds); k++) {
      char name[128];
      wr_type_print(kinds[k], name, sizeof name);
      struct wr_builder builder, copy;
      wr_builder_open(&builder, kinds[k]);
      wr_builder_open(&copy, kinds[k]);
      for (uint32_t seed = 0; seed < SEEDS; seed++)
        put_seed(&builder, seed, false);
      WR_CHECK(builder.children[0].row_count == 0, "%s", name);
      struct wr_column column = wr_builder_view(&builder);
      wr_builder_reserve(&copy, SEEDS);
      for (uint32_t row = 0; row < SEEDS; row++)
        wr_builder_put_row(&copy, &column, row, true);
      struct wr_column back = wr_builder_view(&copy);
      check_same(&column, &back, SEEDS, name);
      wr_builder_close(&builder);
      wr_builder_close(&copy);
    }
  }
  wr_arena_free(&types.arena);
}

/* Collected items that turn out to be unwanted leave nothing behind. */
static void test_dropped(void)
{
  struct wr_arena arena = {0};
  struct wr_builder builder;
  struct wr_buffer text = {0};
  wr_builder_open(&builder, wr_type_map(&arena, &wr_type_string, &wr_type_int));
  wr_builder_reserve(&builder, 2);
  put_seed(&builder.children[0], 1, true);
  wr_builder_drop_collected(&builder);
  wr_builder_put_collected(&builder);
  put_seed(&builder.children[0], 1, true);
  put_seed(&builder.children[1], 1, true);
  wr_builder_put_collected(&builder);
  struct wr_column column = wr_builder_view(&builder);
  CU_ASSERT_STRING_EQUAL(shown(&column, 0, &text), "{}");
  CU_ASSERT_STRING_EQUAL(shown(&column, 1, &text), "{\"a\":1}");
  wr_builder_close(&builder);
  wr_buffer_free(&text);
  wr_arena_free(&arena);
}

/* Equal items are equal: numbers by value, the rest by bytes. */
static void test_items_equal(void)
{
  struct wr_arena arena = {0};
  const struct wr_type *type = wr_type_array(&arena, &wr_type_double);
  struct wr_builder builder;
  wr_builder_open(&builder, type);
  wr_builder_reserve(&builder, 1);
  const double values[] = {0.0, -0.0, 1.5, 0.0 / 0.0, -(0.0 / 0.0), 1.5};
  wr_builder_reserve(&builder.children[0], WR_COUNT(values));
  for (size_t i = 0; i < WR_COUNT(values); i++)
    wr_builder_put_f64(&builder.children[0], values[i]);
  wr_builder_put_collected(&builder);
  struct wr_column column = wr_builder_view(&builder);
  struct wr_list list;
  wr_list_open(&list, type, wr_column_text(&column, 0));
  static const bool equal[6][6] = {
      {1, 1, 0, 0, 0, 0}, {1, 1, 0, 0, 0, 0}, {0, 0, 1, 0, 0, 1},
      {0, 0, 0, 1, 1, 0}, {0, 0, 0, 1, 1, 0}, {0, 0, 1, 0, 0, 1},
  };
  for (uint32_t i = 0; i < 6; i++)
    for (uint32_t j = 0; j < 6; j++)
      WR_CHECK(wr_item_equal(list.type, wr_list_item(&list, i), wr_list_item(&list, j)) ==
                   equal[i][j],
               "%u %u", i, j);
  wr_builder_close(&builder);
  wr_arena_free(&arena);
}

/* Pages, compaction and hashing take collections for the texts they are. */
static void test_moves(void)
{
  struct types types = {0};
  types_fill(&types);
  const struct wr_type *deep = types.list[types.count - 1];
  struct wr_field fields[] = {{"a", wr_type_array(&types.arena, deep)},
                              {"r", deep},
                              {"m", wr_type_map(&types.arena, &wr_type_string, deep)}};
  struct wr_schema schema = {3, fields};
  struct wr_builder builders[3];
  struct wr_column columns[3];
  for (uint32_t c = 0; c < 3; c++) {
    wr_builder_open(&builders[c], fields[c].type);
    for (uint32_t seed = 0; seed < SEEDS; seed++)
      put_seed(&builders[c], seed, false);
    columns[c] = wr_builder_view(&builders[c]);
  }
  struct wr_batch batch = {.schema = &schema,
                           .columns = columns,
                           .row_count = SEEDS,
                           .picked_count = SEEDS,
                           .others_us = WR_TIME_END};
  /* equal keys have equal hashes, different ones nearly always different */
  const struct wr_column *key = &columns[0];
  uint64_t hashes[SEEDS];
  wr_hash_keys(&key, 1, NULL, SEEDS, 42, hashes);
  struct wr_buffer x = {0}, y = {0};
  for (uint32_t i = 0; i < SEEDS; i++)
    for (uint32_t j = 0; j < SEEDS; j++)
      WR_CHECK((strcmp(shown(key, i, &x), shown(key, j, &y)) == 0) == (hashes[i] == hashes[j]),
               "rows %u and %u", i, j);

  uint32_t picked[2 * SEEDS];
  for (uint32_t i = 0; i < 2 * SEEDS; i++)
    picked[i] = i / 2; /* every row twice: more than there are */
  struct wr_batch twice = batch, out;
  twice.picked = picked;
  twice.picked_count = 2 * SEEDS;
  struct wr_compactor compactor = {0};
  wr_batch_compact(&compactor, &twice, NULL, &out);
  for (uint32_t c = 0; c < 3; c++)
    for (uint32_t i = 0; i < 2 * SEEDS; i++)
      CU_ASSERT_STRING_EQUAL(shown(&out.columns[c], i, &x), shown(&columns[c], i / 2, &y));

  struct wr_page_layout *layout = wr_page_layout_new(&schema);
  struct wr_page *page = wr_page_new();
  struct wr_page_view view = {0};
  uint32_t rows[SEEDS];
  for (uint32_t i = 0; i < SEEDS; i++)
    rows[i] = i;
  for (uint32_t done = 0, more; done < SEEDS; done += more) {
    struct wr_batch unpacked;
    wr_page_clear(page);
    more = wr_page_append(page, layout, &batch, rows + done, SEEDS - done);
    CU_ASSERT_FATAL(more > 0);
    wr_page_open(page, layout, &view, &unpacked);
    for (uint32_t c = 0; c < 3; c++)
      for (uint32_t i = 0; i < more; i++)
        CU_ASSERT_STRING_EQUAL(shown(&unpacked.columns[c], i, &x),
                               shown(&columns[c], done + i, &y));
  }
  wr_page_view_close(&view);
  wr_page_free(page);
  wr_page_layout_free(layout);
  wr_buffer_free(&x);
  wr_buffer_free(&y);
  wr_compactor_close(&compactor);
  for (uint32_t c = 0; c < 3; c++)
    wr_builder_close(&builders[c]);
  wr_arena_free(&types.arena);
}

static const struct wr_test packed_tests[] = {
    {"arrays of every type of item", test_arrays},
    {"collected by builders", test_collected},
    {"dropped items", test_dropped},
    {"equal items", test_items_equal},
    {"moved like texts", test_moves},
    {0},
};

const struct wr_suite wr_suite_packed = {"packed", packed_tests};
