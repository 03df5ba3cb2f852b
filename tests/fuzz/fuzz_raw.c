/* SPDX-License-Identifier: Apache-2.0 */
/* The format raw. The first byte chooses the type, the character set and the order of bytes; the
 * rest are the records. */
#include "tests/fuzz/decode.h"
#include "text/charset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const struct wr_type *const types[] = {
      &wr_type_string, &wr_type_bytes,  &wr_type_boolean, &wr_type_tinyint, &wr_type_smallint,
      &wr_type_int,    &wr_type_bigint, &wr_type_float,   &wr_type_double};
  enum { TYPE_COUNT = sizeof types / sizeof *types };
  static const uint32_t wanted = 0;
  if (size == 0)
    return 0;
  uint32_t choice = data[0];
  const struct wr_field field = {"a", types[choice % TYPE_COUNT]};
  const struct wr_schema schema = {1, &field};
  choice /= TYPE_COUNT;
  const struct wr_option_value values[] = {
      {.key = "raw.charset", .value = wr_charset_names[choice % WR_CHARSET_COUNT]},
      {.key = "raw.endianness",
       .value = choice / WR_CHARSET_COUNT % 2 ? "little-endian" : "big-endian"},
  };
  const struct wr_options options = {.values = values, .value_count = 2};
  struct wr_format_spec spec = {.schema = &schema,
                                .wanted = &wanted,
                                .wanted_count = 1,
                                .options = &options,
                                .time_zone = "UTC"};
  fuzz_decode("raw", &spec, true, (const char *)data + 1, size - 1);
  return 0;
}
