/* SPDX-License-Identifier: Apache-2.0 */
/* The binding to simdjson. No exceptions, no run-time types, no static objects: only what the
 * header declares. */
#include "formats/json_simdjson.h"

#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include <new>

/* Room for positions, 4 bytes for each of text, grows in steps; more than the second is given back.
 */
static const size_t capacity_step = 64 * 1024, capacity_kept = 1024 * 1024;

struct wr_json_index {
  simdjson::dom::parser parser;
  /* The portable code also checks UTF-8 only in part. */
  bool portable = simdjson::get_active_implementation()->name() == "fallback";
};

struct wr_json_index *wr_json_index_new(void)
{
  wr_json_index *index = new (std::nothrow) wr_json_index;
  if (index != nullptr && index->parser.allocate(capacity_step) != simdjson::SUCCESS) {
    delete index;
    return nullptr;
  }
  return index;
}

void wr_json_index_free(struct wr_json_index *index)
{
  delete index;
}

enum wr_json_index_fault wr_json_index_find(struct wr_json_index *index, const char *bytes,
                                            size_t length, uint32_t **at, uint32_t *count)
{
  if (length > index->parser.capacity() ||
      (length <= capacity_step && index->parser.capacity() > capacity_kept)) {
    size_t capacity = (length / capacity_step + 1) * capacity_step;
    if (index->parser.allocate(capacity) != simdjson::SUCCESS)
      return WR_JSON_INDEX_MEMORY;
  }
  simdjson::internal::dom_parser_implementation &stage = *index->parser.implementation;
  simdjson::error_code code = stage.stage1(reinterpret_cast<const uint8_t *>(bytes), length,
                                           simdjson::stage1_mode::regular);
  *at = stage.structural_indexes.get();
  *count = stage.n_structural_indexes;
  switch (code) {
  case simdjson::SUCCESS:
    return !index->portable || simdjson::validate_utf8(bytes, length) ? WR_JSON_INDEX_OK
                                                                      : WR_JSON_INDEX_UTF8;
  case simdjson::EMPTY: return WR_JSON_INDEX_EMPTY;
  case simdjson::UNCLOSED_STRING: return WR_JSON_INDEX_STRING;
  case simdjson::UNESCAPED_CHARS: return WR_JSON_INDEX_CONTROL;
  case simdjson::UTF8_ERROR: return WR_JSON_INDEX_UTF8;
  default: return WR_JSON_INDEX_MEMORY;
  }
}

bool wr_json_index_takes_many(const struct wr_json_index *index)
{
  return !index->portable;
}

size_t wr_json_unescape(const struct wr_json_index *index, const char *bytes, char *out)
{
  uint8_t *begin = reinterpret_cast<uint8_t *>(out);
  uint8_t *end =
      index->parser.implementation->parse_string(reinterpret_cast<const uint8_t *>(bytes), begin);
  return end != nullptr ? static_cast<size_t>(end - begin) : SIZE_MAX;
}
