/* SPDX-License-Identifier: Apache-2.0 */
/* The format csv over ARRAYs and a ROW. The first byte chooses the options, the rest is the text.
 */
#include "tests/fuzz/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const struct wr_option_value choices[] = {
      {.key = "csv.ignore-parse-errors", .value = "true"},
      {.key = "csv.null-literal", .value = "N"},
      {.key = "csv.escape-character", .value = "\\"},
      {.key = "csv.array-element-delimiter", .value = ","},
      {.key = "csv.array-element-delimiter", .value = "abab"},
      {.key = "csv.array-element-delimiter", .value = "\""},
      {.key = "csv.field-delimiter", .value = ";"},
      {.key = "csv.disable-quote-character", .value = "true"},
  };
  if (size == 0)
    return 0;
  struct wr_arena arena = {0};
  const struct wr_field inner[] = {{"x", &wr_type_int}, {"y", &wr_type_string}};
  const struct wr_field fields[] = {{"a", wr_type_array(&arena, &wr_type_string)},
                                    {"b", wr_type_array(&arena, &wr_type_tinyint)},
                                    {"c", wr_type_row(&arena, inner, 2)}};
  enum { FIELD_COUNT = sizeof fields / sizeof *fields };
  const struct wr_schema schema = {FIELD_COUNT, fields};
  static const uint32_t wanted[FIELD_COUNT] = {0, 1, 2};
  struct wr_option_value values[8];
  struct wr_options options = {.values = values};
  for (uint32_t i = 0; i < 8; i++)
    if (data[0] >> i & 1)
      values[options.value_count++] = choices[i];
  struct wr_format_spec spec = {.schema = &schema,
                                .wanted = wanted,
                                .wanted_count = FIELD_COUNT,
                                .options = &options,
                                .time_zone = "UTC"};
  bool is_exact = !(data[0] & 1); /* else an item may be NULL that has no form */
  fuzz_decode("csv", &spec, is_exact, (const char *)data + 1, size - 1);
  wr_arena_free(&arena);
  return 0;
}
