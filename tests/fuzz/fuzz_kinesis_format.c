/* SPDX-License-Identifier: Apache-2.0 */
/* The formats kinesis-json and kinesis-csv over a table of some kinds. The first byte chooses
 * format and options, the rest is the text. */
#include "tests/fuzz/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const struct wr_option_value json[] = {
      {.key = "kinesis-json.path.a", .value = "$.list[0:].a"},
      {.key = "kinesis-json.path.b", .value = "$.in.b"},
      {.key = "kinesis-json.path.c", .value = "$"},
      {.key = "kinesis-json.row-path", .value = "$.list[0:]"},
  };
  static const struct wr_option_value csv[] = {
      {.key = "kinesis-csv.column-delimiter", .value = "||"},
      {.key = "kinesis-csv.row-delimiter", .value = "|"},
  };
  static const struct wr_field fields[] = {{"a", &wr_type_int},    {"b", &wr_type_string},
                                           {"c", &wr_type_string}, {"d", &wr_type_bytes},
                                           {"e", &wr_type_double}, {"f", &wr_type_timestamp3}};
  enum { FIELD_COUNT = sizeof fields / sizeof *fields };
  static const struct wr_schema schema = {FIELD_COUNT, fields};
  static const uint32_t wanted[FIELD_COUNT] = {0, 1, 2, 3, 4, 5};
  if (size == 0)
    return 0;
  bool is_csv = data[0] & 1;
  struct wr_option_value values[4];
  struct wr_options options = {.values = values};
  for (uint32_t i = 0; i < (is_csv ? 2 : 4); i++)
    if (data[0] >> (i + 1) & 1)
      values[options.value_count++] = is_csv ? csv[i] : json[i];
  struct wr_format_spec spec = {.schema = &schema,
                                .wanted = wanted,
                                .wanted_count = FIELD_COUNT,
                                .options = &options,
                                .time_zone = "UTC"};
  fuzz_decode(is_csv ? "kinesis-csv" : "kinesis-json", &spec, false, (const char *)data + 1,
              size - 1);
  return 0;
}
