/* SPDX-License-Identifier: Apache-2.0 */
/* The format csv over a table of some kinds. The first byte chooses the options, the rest is the
 * text. */
#include "tests/fuzz/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const struct wr_option_value choices[] = {
      {.key = "csv.ignore-parse-errors", .value = "true"},
      {.key = "csv.allow-comments", .value = "true"},
      {.key = "csv.null-literal", .value = "NULL"},
      {.key = "csv.escape-character", .value = "\\"},
      {.key = "csv.header", .value = "true"},
      {.key = "csv.field-delimiter", .value = ";"},
      {.key = "csv.quote-character", .value = "'"},
      {.key = "csv.disable-quote-character", .value = "true"},
  };
  if (size == 0)
    return 0;
  static const struct wr_field fields[] = {{"a", &wr_type_int},
                                           {"b", &wr_type_string},
                                           {"c", &wr_type_bytes},
                                           {"d", &wr_type_timestamp3}};
  enum { FIELD_COUNT = sizeof fields / sizeof *fields };
  static const struct wr_schema schema = {FIELD_COUNT, fields};
  static const uint32_t wanted[FIELD_COUNT] = {0, 1, 2, 3};
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
  bool is_exact = wr_options_find(&options, "csv.null-literal") !=
                  NULL; /* else a NULL text reads as an empty one */
  fuzz_decode("csv", &spec, is_exact, (const char *)data + 1, size - 1);
  return 0;
}
