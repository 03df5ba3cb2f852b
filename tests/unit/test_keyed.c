/* SPDX-License-Identifier: Apache-2.0 */
/* Records with a key: rows of both formats brought together, records without a value, bad ones of
 * every kind. */
#include "formats/keyed.h"
#include "tests/unit/decode.h"

enum { A, V, B, W, COLUMNS };

static const struct wr_field fields[COLUMNS] = {
    {"a", &wr_type_bigint}, {"v", &wr_type_string}, {"b", &wr_type_string}, {"w", &wr_type_bigint}};
static const struct wr_schema schema = {COLUMNS, fields};
/* The key is (b, a), as a PRIMARY KEY may name columns in any order. */
static const struct wr_field key_fields[] = {{"b", &wr_type_string}, {"a", &wr_type_bigint}};
static const struct wr_schema key_schema = {2, key_fields};
static const uint32_t keys[] = {B, A}, all[] = {A, V, B, W}, others[] = {V, W};
static const struct wr_field value_fields[] = {{"v", &wr_type_string}, {"w", &wr_type_bigint}};
static const struct wr_schema value_schema = {2, value_fields};
static const struct wr_options no_options = {0};

struct record {
  const char *key, *value; /* NULL: there is none */
};

static void check_as(bool upserts, bool except_key, const char *key_format, const uint32_t *wanted,
                     uint32_t wanted_count, const struct record *records, uint32_t count,
                     const char *expected)
{
  const struct wr_keyed keyed = {.upserts = upserts,
                                 .except_key = except_key,
                                 .key_format = wr_format_find(key_format),
                                 .value_format = wr_format_find("json"),
                                 .key_options = &no_options,
                                 .key_schema = &key_schema,
                                 .value_schema = except_key ? &value_schema : &schema,
                                 .keys = keys,
                                 .values = except_key ? others : all};
  const struct wr_format_spec spec = {
      .schema = &schema, .wanted = wanted, .wanted_count = wanted_count, .options = &no_options};
  struct wr_decoder *decoder;
  struct wr_error err;
  struct wr_frame frames[16] = {0};
  struct wr_field shown_fields[COLUMNS];
  const struct wr_schema shown = {wanted_count, shown_fields};
  CU_ASSERT_EQUAL_FATAL(wr_keyed_check(&keyed, &spec, true, &err), WR_OK);
  CU_ASSERT_EQUAL_FATAL(wr_keyed_decoder_new(&keyed, &spec, &decoder, &err), WR_OK);
  for (uint32_t i = 0; i < wanted_count; i++)
    shown_fields[i] = fields[wanted[i]];
  for (uint32_t i = 0; i < count; i++) {
    const struct record *record = &records[i];
    frames[i] = (struct wr_frame){.length = record->value ? (uint32_t)strlen(record->value) : 0,
                                  .key_length = record->key ? (uint32_t)strlen(record->key) : 0};
    frames[i].bytes = record->value ? decode_copy(record->value, frames[i].length) : NULL;
    frames[i].key = record->key ? decode_copy(record->key, frames[i].key_length) : NULL;
  }
  for (uint32_t round = 0; round < 2; round++) { /* nothing is left of an earlier call */
    struct wr_decoded decoded;
    struct wr_buffer out = {0};
    decoder->format->decode(decoder, frames, count, &decoded);
    decode_show(&shown, &decoded, &out);
    WR_CHECK(strcmp(wr_buffer_string(&out), expected) == 0, "%s\n  instead of\n%s", out.bytes,
             expected);
    wr_buffer_free(&out);
  }
  for (uint32_t i = 0; i < count; i++) {
    free((char *)frames[i].bytes);
    free((char *)frames[i].key);
  }
  decoder->format->decoder_free(decoder);
}

static void check(bool except_key, const char *key_format, const uint32_t *wanted,
                  uint32_t wanted_count, const struct record *records, uint32_t count,
                  const char *expected)
{
  check_as(true, except_key, key_format, wanted, wanted_count, records, count, expected);
}

/* Keys that say nothing of other rows: every row is one more. */
static void test_inserts(void)
{
  static const struct record records[] = {{"{\"b\":\"x\",\"a\":1}", "{\"v\":\"p\",\"w\":5}"},
                                          {NULL, "{\"v\":\"q\"}"},
                                          {"{\"b\":\"x\",\"a\":1}", "{\"v\":\"r\"}"}};
  check_as(false, true, "json", all, 4, records, 3,
           "{\"a\":1,\"v\":\"p\",\"b\":\"x\",\"w\":5}\n"
           "! the record has no key\n"
           "{\"a\":1,\"v\":\"r\",\"b\":\"x\",\"w\":null}\n");
}

static void test_whole(void)
{
  static const struct record records[] = {
      {"{\"b\":\"x\",\"a\":1}", "{\"a\":9,\"v\":\"p\",\"b\":\"other\",\"w\":5}"},
      {"{\"a\":2,\"b\":\"y\"}", "{\"v\":\"q\"}"}};
  check(false, "json", all, 4, records, 2,
        "+U {\"a\":1,\"v\":\"p\",\"b\":\"x\",\"w\":5}\n"
        "+U {\"a\":2,\"v\":\"q\",\"b\":\"y\",\"w\":null}\n");
  check(true, "json", all, 4, records, 2,
        "+U {\"a\":1,\"v\":\"p\",\"b\":\"x\",\"w\":5}\n"
        "+U {\"a\":2,\"v\":\"q\",\"b\":\"y\",\"w\":null}\n");
}

static void test_gone(void)
{
  static const struct record records[] = {{"\"long enough not to fit inside\",1", "{\"w\":7}"},
                                          {"\"long enough not to fit inside\",1", NULL},
                                          {",2", "{\"w\":8}"}};
  static const uint32_t wanted[] = {A, B, W};
  check(true, "csv", wanted, 3, records, 3,
        "+U {\"a\":1,\"b\":\"long enough not to fit inside\",\"w\":7}\n"
        "-D {\"a\":1,\"b\":\"long enough not to fit inside\",\"w\":null}\n"
        "+U {\"a\":2,\"b\":\"\",\"w\":8}\n");
}

static void test_bad(void)
{
  static const struct record records[] = {
      {NULL, "{\"w\":1}"},
      {"{\"a\":\"x\",\"b\":\"b\"}", "{\"w\":2}"},
      {"{\"a\":3,\"b\":\"b\"}", "{\"w\":\"w\"}"},
      {"{\"a\":4,\"b\":\"b\"}", "{\"w\":4}"},
      {"{\"a\":5,\"b\":\"b\"}{\"a\":6,\"b\":\"b\"}", "{\"w\":5}"},
      {"{\"a\":7,\"b\":\"b\"}", "[{\"w\":7},{\"w\":8}]"},
      {"not json", NULL},
      {NULL, NULL},
      {"{\"a\":8,\"b\":\"b\"}", "[]"},
      {"{\"a\":9,\"b\":\"b\"}", NULL}};
  static const uint32_t wanted[] = {A, W};
  check(false, "json", wanted, 2, records, 10,
        "! the record has no key\n"
        "! in the key: column a: \"x\" is not a BIGINT\n"
        "! column w: \"w\" is not a BIGINT\n"
        "+U {\"a\":4,\"w\":4}\n"
        "! the record has several rows, but one key\n"
        "! the record has several rows, but one key\n"
        "! in the key: the record is not JSON: at byte 1 an object is expected\n"
        "! the record has no key\n"
        "-D {\"a\":9,\"w\":null}\n");
}

static const struct wr_test keyed_tests[] = {
    {"whole records", test_whole},
    {"rows that go", test_gone},
    {"bad records", test_bad},
    {"inserts", test_inserts},
    {0},
};

const struct wr_suite wr_suite_keyed = {"keyed", keyed_tests};
