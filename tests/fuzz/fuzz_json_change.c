/* SPDX-License-Identifier: Apache-2.0 */
/* The formats whose records say what became of a row. The first byte chooses the format and its
 * options, the rest is the text. */
#include "tests/fuzz/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char *const formats[] = {"debezium-json", "ogg-json", "maxwell-json", "canal-json"};
  static const struct wr_option_value values[] = {
      {.key = "debezium-json.ignore-parse-errors", .value = "true"},
      {.key = "ogg-json.ignore-parse-errors", .value = "true"},
      {.key = "maxwell-json.ignore-parse-errors", .value = "true"},
      {.key = "canal-json.ignore-parse-errors", .value = "true"},
      {.key = "debezium-json.schema-include", .value = "true"}};
  if (size == 0)
    return 0;
  struct wr_arena arena = {0};
  const struct wr_field inner[] = {{"x", &wr_type_int}, {"y", &wr_type_string}};
  const struct wr_type *row = wr_type_row(&arena, inner, 2);
  const struct wr_field fields[] = {{"a", &wr_type_bigint},
                                    {"b", &wr_type_string},
                                    {"r", row},
                                    {"l", wr_type_array(&arena, row)},
                                    {"op", &wr_type_timestamp3}};
  enum { FIELD_COUNT = sizeof fields / sizeof *fields };
  static const uint32_t wanted[FIELD_COUNT] = {0, 1, 2, 3, 4};
  const struct wr_schema schema = {FIELD_COUNT, fields};
  uint32_t which = data[0] & 3;
  bool wrapped = which == 0 && data[0] & 8;
  const struct wr_options options = {.values = wrapped ? values + 4 : values + which,
                                     .value_count = wrapped || data[0] & 4};
  const struct wr_format_spec spec = {.schema = &schema,
                                      .wanted = wanted,
                                      .wanted_count = FIELD_COUNT,
                                      .options = &options,
                                      .time_zone = "UTC"};
  /* what is written is not wrapped */
  fuzz_decode(formats[which], &spec, !wrapped, (const char *)data + 1, size - 1);
  wr_arena_free(&arena);
  return 0;
}
