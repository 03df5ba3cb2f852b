/* SPDX-License-Identifier: Apache-2.0 */
/* The format json over a table with a column of every kind. The first byte chooses the options, the
 * rest is the text. */
#include "tests/fuzz/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const struct wr_option_value values[] = {
      {.key = "json.ignore-parse-errors", .value = "true"},
      {.key = "json.fail-on-missing-field", .value = "true"}};
  if (size == 0)
    return 0;
  struct wr_arena arena = {0};
  const struct wr_field inner[] = {{"x", &wr_type_int}, {"y", &wr_type_string}};
  const struct wr_field item[] = {{"x", &wr_type_double},
                                  {"y", wr_type_array(&arena, &wr_type_string)},
                                  {"z", wr_type_map(&arena, &wr_type_date, &wr_type_bigint)}};
  const struct wr_type *row = wr_type_row(&arena, item, 3);
  const struct wr_field fields[] = {
      {"a", &wr_type_bigint},
      {"b", &wr_type_string},
      {"c", wr_type_decimal(&arena, 10, 2)},
      {"d", &wr_type_double},
      {"e", &wr_type_tinyint},
      {"f", &wr_type_boolean},
      {"g", &wr_type_bytes},
      {"h", &wr_type_timestamp3},
      {"i", &wr_type_timestamp_ltz6},
      {"j", &wr_type_date},
      {"k", &wr_type_float},
      {"r", wr_type_row(&arena, inner, 2)},
      {"long name", wr_type_decimal(&arena, 38, 9)},
      {"l", wr_type_array(&arena, wr_type_with_not_null(&arena, &wr_type_smallint, true))},
      {"m", wr_type_map(&arena, &wr_type_string, wr_type_array(&arena, row))},
      {"n", wr_type_map(&arena, &wr_type_double, &wr_type_boolean)},
      {"o", wr_type_multiset(&arena, wr_type_decimal(&arena, 4, 1))},
      {"p", wr_type_array(&arena, wr_type_array(&arena, &wr_type_bytes))},
  };
  enum { FIELD_COUNT = sizeof fields / sizeof *fields };
  const struct wr_schema schema = {FIELD_COUNT, fields};
  uint32_t wanted[FIELD_COUNT];
  for (uint32_t i = 0; i < FIELD_COUNT; i++)
    wanted[i] = i;
  struct wr_options options = {.values = values + (data[0] & 1), .value_count = data[0] >> 1 & 1};
  struct wr_format_spec spec = {.schema = &schema,
                                .wanted = wanted,
                                .wanted_count = FIELD_COUNT,
                                .options = &options,
                                .time_zone = data[0] & 4 ? "Asia/Tokyo" : "UTC"};
  fuzz_decode("json", &spec, true, (const char *)data + 1, size - 1);
  wr_arena_free(&arena);
  return 0;
}
