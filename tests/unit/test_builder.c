/* SPDX-License-Identifier: Apache-2.0 */
/* Builders and columns: values, NULLs, ROWs, growing, taking back. */
#include "core/builder.h"

#include "tests/unit/check.h"

static void integers_and_nulls_grow(void)
{
  struct wr_builder builder;
  wr_builder_open(&builder, &wr_type_int);
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < 1000; i++) {
      wr_builder_reserve(&builder, 1);
      if (i % 7 == 3)
        wr_builder_put_null(&builder);
      else
        wr_builder_put_integer(&builder, i - 500);
    }
    struct wr_column column = wr_builder_view(&builder);
    for (uint32_t i = 0; i < 1000; i++) {
      CU_ASSERT_EQUAL(wr_column_is_null(&column, i), i % 7 == 3);
      if (i % 7 != 3)
        CU_ASSERT_EQUAL(wr_column_i64(&column, i), (int64_t)i - 500);
    }
    wr_builder_reset(&builder);
  }
  wr_builder_close(&builder);
}

static void without_nulls_there_are_no_bits(void)
{
  struct wr_builder builder;
  wr_builder_open(&builder, &wr_type_double);
  wr_builder_reserve(&builder, 1);
  wr_builder_put_f64(&builder, 1.5);
  struct wr_column column = wr_builder_view(&builder);
  CU_ASSERT_PTR_NULL(column.valid);
  CU_ASSERT_EQUAL(wr_column_f64(&column, 0), 1.5);
  wr_builder_close(&builder);
}

static void texts_are_lent_or_copied(void)
{
  struct wr_builder builder;
  char bytes[] = "a text of more than twelve bytes";
  wr_builder_open(&builder, &wr_type_string);
  wr_builder_reserve(&builder, 3);
  wr_builder_put_text(&builder, wr_text_make(bytes, sizeof bytes - 1));
  wr_builder_put_copy(&builder, bytes, sizeof bytes - 1);
  wr_builder_put_copy(&builder, "short", 5);
  struct wr_column column = wr_builder_view(&builder);
  CU_ASSERT(wr_text_equal(wr_column_text(&column, 0), wr_column_text(&column, 1)));
  CU_ASSERT_PTR_EQUAL(wr_text_bytes(wr_column_text(&column, 0)), bytes);
  CU_ASSERT_PTR_NOT_EQUAL(wr_text_bytes(wr_column_text(&column, 1)), bytes);
  CU_ASSERT_NSTRING_EQUAL(wr_text_bytes(wr_column_text(&column, 2)), "short", 5);
  wr_builder_close(&builder);
}

static void rows_nest(void)
{
  struct wr_arena arena = {0};
  struct wr_field inner[] = {{"x", &wr_type_bigint}, {"y", &wr_type_string}};
  struct wr_field outer[] = {{"a", &wr_type_int}, {"r", wr_type_row(&arena, inner, 2)}};
  struct wr_builder builder, copy;
  wr_builder_open(&builder, wr_type_row(&arena, outer, 2));
  wr_builder_open(&copy, builder.type);
  wr_builder_reserve(&builder, 3);
  wr_builder_put_integer(&builder.children[0], 1);
  wr_builder_put_integer(&builder.children[1].children[0], 2);
  wr_builder_put_copy(&builder.children[1].children[1], "three is a long text", 20);
  wr_builder_put_valid(&builder.children[1]);
  wr_builder_put_valid(&builder);
  wr_builder_put_null(&builder);
  wr_builder_put_null(&builder);
  wr_builder_pop(&builder);
  struct wr_column column = wr_builder_view(&builder);
  wr_builder_reserve(&copy, 2);
  wr_builder_put_row(&copy, &column, 1, true);
  wr_builder_put_row(&copy, &column, 0, true);
  wr_builder_reset(&builder);
  struct wr_column copied = wr_builder_view(&copy);
  CU_ASSERT(wr_column_is_null(&copied, 0) && !wr_column_is_null(&copied, 1));
  CU_ASSERT(wr_column_is_null(&copied.children[1].children[1], 0));
  CU_ASSERT_EQUAL(wr_column_i64(&copied.children[1].children[0], 1), 2);
  CU_ASSERT_NSTRING_EQUAL(wr_text_bytes(wr_column_text(&copied.children[1].children[1], 1)),
                          "three is a", 10);
  wr_builder_close(&copy);
  wr_builder_close(&builder);
  wr_arena_free(&arena);
}

static void null_columns_have_every_type(void)
{
  struct wr_arena arena = {0};
  struct wr_field field = {"x", &wr_type_string};
  struct wr_column column = wr_column_null(&arena, wr_type_row(&arena, &field, 1));
  CU_ASSERT(wr_column_is_null(&column, 5) && wr_column_is_null(&column.children[0], 77));
  struct wr_column wide = wr_column_null(&arena, wr_type_decimal(&arena, 38, 0));
  CU_ASSERT(wr_column_is_null(&wide, 3) && wr_column_i128(&wide, 3) == 0);
  wr_arena_free(&arena);
}

static void texts_compare_by_bytes(void)
{
  static const char *const ascending[] = {
      "", "a", "aa", "ab", "abcdefghijkl", "abcdefghijklm", "abcdefghijkln", "b", "\xC3\xA4"};
  for (size_t i = 0; i < WR_COUNT(ascending); i++) {
    for (size_t j = 0; j < WR_COUNT(ascending); j++) {
      struct wr_text a = wr_text_make(ascending[i], (uint32_t)strlen(ascending[i]));
      struct wr_text b = wr_text_make(ascending[j], (uint32_t)strlen(ascending[j]));
      int order = wr_text_compare(&a, &b);
      WR_CHECK((order > 0) - (order < 0) == (i > j) - (i < j), "%s, %s", ascending[i],
               ascending[j]);
      WR_CHECK(wr_text_equal(&a, &b) == (i == j), "%s, %s", ascending[i], ascending[j]);
    }
  }
}

static const struct wr_test tests[] = {
    {"integers_and_nulls_grow", integers_and_nulls_grow},
    {"without_nulls_there_are_no_bits", without_nulls_there_are_no_bits},
    {"texts_are_lent_or_copied", texts_are_lent_or_copied},
    {"rows_nest", rows_nest},
    {"null_columns_have_every_type", null_columns_have_every_type},
    {"texts_compare_by_bytes", texts_compare_by_bytes},
    {NULL, NULL},
};

const struct wr_suite wr_suite_builder = {"builder", tests};
