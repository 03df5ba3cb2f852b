/* SPDX-License-Identifier: Apache-2.0 */
/* Types: spelling, widths and comparison. */
#include "core/type.h"

#include "tests/unit/check.h"

static const struct {
  const struct wr_type *type;
  const char *text;
} shared[] = {
    {&wr_type_null, "NULL"},
    {&wr_type_boolean, "BOOLEAN"},
    {&wr_type_int, "INT"},
    {&wr_type_string, "STRING"},
    {&wr_type_bytes, "BYTES"},
    {&wr_type_timestamp3, "TIMESTAMP(3)"},
    {&wr_type_timestamp_ltz6, "TIMESTAMP_LTZ(6)"},
    {&wr_type_interval_second, "INTERVAL DAY TO SECOND"},
};

static void check_print(const struct wr_type *type, const char *text)
{
  char buffer[200];
  size_t length = wr_type_print(type, buffer, sizeof buffer);
  WR_CHECK(strcmp(buffer, text) == 0 && length == strlen(text), "%s: %s", text, buffer);
  char small[6];
  WR_CHECK(wr_type_print(type, small, sizeof small) == length, "%s: length when cut", text);
  WR_CHECK(strncmp(small, text, sizeof small - 1) == 0, "%s: cut: %s", text, small);
}

static void types_print_as_sql(void)
{
  struct wr_arena arena = {0};
  for (size_t i = 0; i < WR_COUNT(shared); i++)
    check_print(shared[i].type, shared[i].text);
  check_print(wr_type_decimal(&arena, 10, 2), "DECIMAL(10, 2)");
  check_print(wr_type_text(&arena, WR_CHAR, 7), "CHAR(7)");
  check_print(wr_type_timestamp(&arena, WR_TIME, 3), "TIME(3)");
  struct wr_field fields[] = {{"a", &wr_type_int}, {"odd `name", &wr_type_string}};
  const struct wr_type *row = wr_type_row(&arena, fields, 2);
  check_print(row, "ROW<a INT, `odd ``name` STRING>");
  check_print(wr_type_row(&arena, &(struct wr_field){"r", row}, 1),
              "ROW<r ROW<a INT, `odd ``name` STRING>>");
  wr_arena_free(&arena);
}

static void decimals_are_as_wide_as_needed(void)
{
  struct wr_arena arena = {0};
  CU_ASSERT_EQUAL(wr_type_decimal(&arena, 18, 0)->physical, WR_I64);
  CU_ASSERT_EQUAL(wr_type_decimal(&arena, 19, 0)->physical, WR_I128);
  wr_arena_free(&arena);
}

static void equality_ignores_not_null(void)
{
  struct wr_arena arena = {0};
  const struct wr_type *a = wr_type_decimal(&arena, 10, 2);
  CU_ASSERT(wr_type_equal(a, wr_type_decimal(&arena, 10, 2)));
  CU_ASSERT_FALSE(wr_type_equal(a, wr_type_decimal(&arena, 10, 3)));
  CU_ASSERT_FALSE(wr_type_equal(a, &wr_type_bigint));
  const struct wr_type *not_null = wr_type_with_not_null(&arena, a, true);
  CU_ASSERT(not_null->not_null && wr_type_equal(a, not_null));
  CU_ASSERT_PTR_EQUAL(wr_type_with_not_null(&arena, a, false), a);
  struct wr_field x = {"x", &wr_type_int}, y = {"y", &wr_type_int};
  CU_ASSERT_FALSE(wr_type_equal(wr_type_row(&arena, &x, 1), wr_type_row(&arena, &y, 1)));
  CU_ASSERT(wr_type_equal(wr_type_row(&arena, &x, 1), wr_type_row(&arena, &x, 1)));
  wr_arena_free(&arena);
}

static const struct wr_test tests[] = {
    {"types_print_as_sql", types_print_as_sql},
    {"decimals_are_as_wide_as_needed", decimals_are_as_wide_as_needed},
    {"equality_ignores_not_null", equality_ignores_not_null},
    {NULL, NULL},
};

const struct wr_suite wr_suite_type = {"type", tests};
