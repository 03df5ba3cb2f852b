/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON records that say what became of a row: every form, in several chunkings, among bad
 * neighbours; and what is written of changes.
 */
#include "core/builder.h"
#include "tests/unit/decode.h"

static const struct wr_field fields[] = {{"id", &wr_type_bigint}, {"n", &wr_type_string}};
static const struct wr_schema schema = {2, fields};

static struct decode_trial trial(const char *format, const char *const *options)
{
  return (struct decode_trial){.format = format, .schema = &schema, .options = options};
}

static void test_debezium(void)
{
  decode_check_text(trial("debezium-json", NULL),
                    "{\"before\":null,\"after\":{\"id\":1,\"n\":\"a\"},\"op\":\"c\"}\n"
                    "{\"op\":\"u\",\"before\":{\"n\":\"a\",\"id\":1},\"after\":{\"id\":1}}\n"
                    "{\"before\":{\"id\":1},\"after\":null,\"op\":\"d\",\"ts_ms\":5}\n"
                    "{\"after\":{\"id\":2,\"n\":\"b\"},\"op\":\"r\"}\n",
                    "+I {\"id\":1,\"n\":\"a\"}\n"
                    "-U {\"id\":1,\"n\":\"a\"}\n"
                    "+U {\"id\":1,\"n\":null}\n"
                    "-D {\"id\":1,\"n\":null}\n"
                    "+I {\"id\":2,\"n\":\"b\"}\n");
}

/* Nothing of a bad record is left, and its neighbours do not notice; of fields with one name the
 * last counts, and what an earlier record had does not. */
static void test_debezium_bad(void)
{
  decode_check_text(trial("debezium-json", NULL),
                    "{\"before\":{\"id\":1},\"after\":{\"id\":\"x\"},\"op\":\"u\"}\n"
                    "{\"after\":{\"id\":2},\"op\":\"c\"}\n"
                    "{\"op\":\"u\",\"after\":{\"id\":3}}\n"
                    "{\"after\":{\"id\":4},\"after\":null,\"op\":\"c\"}\n"
                    "{\"after\":null,\"after\":{\"id\":5},\"op\":\"d\",\"op\":\"c\"}\n"
                    "{\"after\":{\"id\":6},\"op\":\"c\"\n"
                    "{\"after\":{\"id\":7},\"op\":null}\n"
                    "{}\n"
                    "[1]\n"
                    "{\"after\":[{\"id\":8}],\"op\":\"c\"}\n"
                    "{\"after\":{\"id\":9},\"op\":\"c\"}\n",
                    "! column after.id: \"x\" is not a BIGINT\n"
                    "+I {\"id\":2,\"n\":null}\n"
                    "! 'before' of an update is NULL: a table of PostgreSQL needs REPLICA IDENTITY "
                    "FULL\n"
                    "! 'after' of a row that comes is NULL\n"
                    "+I {\"id\":5,\"n\":null}\n"
                    "! the record is not JSON: it ends too early\n"
                    "! 'op' is null, but must be one of c, r, u, d\n"
                    "! the record has no 'op'\n"
                    "! the record is not JSON: at byte 2 an object is expected\n"
                    "! 'after' is no object\n"
                    "+I {\"id\":9,\"n\":null}\n");
}

static void test_debezium_wrapped(void)
{
  static const char *const options[] = {"debezium-json.schema-include", "true", NULL};
  decode_check_text(trial("debezium-json", options),
                    "{\"schema\":{\"op\":1},\"payload\":{\"after\":{\"id\":1},\"op\":\"c\"}}\n"
                    "{\"payload\":null}\n"
                    "{\"after\":{\"id\":2},\"op\":\"c\"}\n"
                    "{\"payload\":{\"before\":{\"id\":1},\"op\":\"d\"}}\n",
                    "+I {\"id\":1,\"n\":null}\n"
                    "! the record has no object 'payload'\n"
                    "! the record has no object 'payload'\n"
                    "-D {\"id\":1,\"n\":null}\n");
}

static void test_ogg(void)
{
  decode_check_text(trial("ogg-json", NULL),
                    "{\"op_type\":\"I\",\"after\":{\"id\":1,\"n\":\"a\"}}\n"
                    "{\"op_type\":\"U\",\"before\":{\"id\":1,\"n\":\"a\"},\"after\":{\"id\":2}}\n"
                    "{\"op_type\":\"U\",\"after\":{\"id\":2}}\n"
                    "{\"op_type\":\"D\",\"before\":{\"id\":2}}\n"
                    "{\"op_type\":\"c\",\"before\":{\"id\":2}}\n",
                    "+I {\"id\":1,\"n\":\"a\"}\n"
                    "-U {\"id\":1,\"n\":\"a\"}\n"
                    "+U {\"id\":2,\"n\":null}\n"
                    "! 'before' of an update is NULL: Oracle needs supplemental logging of all "
                    "columns\n"
                    "-D {\"id\":2,\"n\":null}\n"
                    "! 'op_type' is \"c\", but must be one of I, U, D\n");
}

static void test_maxwell(void)
{
  decode_check_text(trial("maxwell-json", NULL),
                    "{\"type\":\"insert\",\"data\":{\"id\":1,\"n\":\"a\"}}\n"
                    "{\"type\":\"update\",\"data\":{\"id\":1,\"n\":\"b\"},\"old\":{\"n\":\"a\"}}\n"
                    "{\"type\":\"update\",\"data\":{\"id\":2,\"n\":\"b\"},\"old\":{\"id\":1}}\n"
                    "{\"type\":\"update\",\"data\":{\"id\":2,\"n\":\"c\"},\"old\":{\"n\":null}}\n"
                    "{\"type\":\"delete\",\"data\":{\"id\":2,\"n\":\"c\"}}\n"
                    "{\"type\":\"bootstrap-complete\",\"data\":{}}\n"
                    "{\"type\":\"update\",\"data\":{\"id\":2}}\n",
                    "+I {\"id\":1,\"n\":\"a\"}\n"
                    "-U {\"id\":1,\"n\":\"a\"}\n"
                    "+U {\"id\":1,\"n\":\"b\"}\n"
                    "-U {\"id\":1,\"n\":\"b\"}\n"
                    "+U {\"id\":2,\"n\":\"b\"}\n"
                    "-U {\"id\":2,\"n\":null}\n"
                    "+U {\"id\":2,\"n\":\"c\"}\n"
                    "-D {\"id\":2,\"n\":\"c\"}\n"
                    "! 'old' of an update is NULL\n");
}

static void test_canal(void)
{
  decode_check_text(
      trial("canal-json", NULL),
      "{\"type\":\"INSERT\",\"data\":[{\"id\":1,\"n\":\"a\"},{\"id\":\"2\",\"n\":\"b\"}]}\n"
      "{\"type\":\"UPDATE\",\"data\":[{\"id\":1,\"n\":\"A\"},{\"id\":2,\"n\":\"B\"}],"
      "\"old\":[{\"n\":\"a\"},{\"n\":\"b\"}]}\n"
      "{\"type\":\"UPDATE\",\"data\":[{\"id\":1}],\"old\":[]}\n"
      "{\"type\":\"INSERT\",\"data\":[{\"id\":3},4]}\n"
      "{\"type\":\"DELETE\",\"data\":[]}\n"
      "{\"type\":\"CREATE\",\"data\":null}\n"
      "{\"type\":\"DELETE\",\"data\":[{\"id\":1,\"n\":\"A\"}],\"old\":null}\n",
      "+I {\"id\":1,\"n\":\"a\"}\n"
      "+I {\"id\":2,\"n\":\"b\"}\n"
      "-U {\"id\":1,\"n\":\"a\"}\n"
      "+U {\"id\":1,\"n\":\"A\"}\n"
      "-U {\"id\":2,\"n\":\"b\"}\n"
      "+U {\"id\":2,\"n\":\"B\"}\n"
      "! 'old' and 'data' are not of the same length\n"
      "! an item of 'data' is no object\n"
      "-D {\"id\":1,\"n\":\"A\"}\n");
}

/* ---- writing */

static const struct {
  const char *format, *expected;
} written[] = {
    {"debezium-json", "{\"before\":null,\"after\":{\"id\":1,\"n\":\"a\"},\"op\":\"c\"}\n"
                      "{\"before\":{\"id\":2,\"n\":null},\"after\":null,\"op\":\"d\"}\n"
                      "{\"before\":null,\"after\":{\"id\":3,\"n\":\"c\"},\"op\":\"c\"}\n"
                      "{\"before\":{\"id\":4,\"n\":\"d\"},\"after\":null,\"op\":\"d\"}\n"},
    {"ogg-json", "{\"before\":null,\"after\":{\"id\":1,\"n\":\"a\"},\"op_type\":\"I\"}\n"
                 "{\"before\":{\"id\":2,\"n\":null},\"after\":null,\"op_type\":\"D\"}\n"
                 "{\"before\":null,\"after\":{\"id\":3,\"n\":\"c\"},\"op_type\":\"I\"}\n"
                 "{\"before\":{\"id\":4,\"n\":\"d\"},\"after\":null,\"op_type\":\"D\"}\n"},
    {"maxwell-json", "{\"data\":{\"id\":1,\"n\":\"a\"},\"type\":\"insert\"}\n"
                     "{\"data\":{\"id\":2,\"n\":null},\"type\":\"delete\"}\n"
                     "{\"data\":{\"id\":3,\"n\":\"c\"},\"type\":\"insert\"}\n"
                     "{\"data\":{\"id\":4,\"n\":\"d\"},\"type\":\"delete\"}\n"},
    {"canal-json", "{\"data\":[{\"id\":1,\"n\":\"a\"}],\"type\":\"INSERT\"}\n"
                   "{\"data\":[{\"id\":2,\"n\":null}],\"type\":\"DELETE\"}\n"
                   "{\"data\":[{\"id\":3,\"n\":\"c\"}],\"type\":\"INSERT\"}\n"
                   "{\"data\":[{\"id\":4,\"n\":\"d\"}],\"type\":\"DELETE\"}\n"},
};

static void check_written(const char *name, const char *expected)
{
  static const int64_t ids[] = {1, 2, 3, 4};
  static const uint8_t change[] = {WR_INSERT, WR_UPDATE_BEFORE, WR_UPDATE_AFTER, WR_DELETE};
  static const char *const names[] = {"a", NULL, "c", "d"};
  struct wr_builder texts = {0};
  wr_builder_open(&texts, &wr_type_string);
  wr_builder_reserve(&texts, 4);
  for (uint32_t i = 0; i < 4; i++) {
    if (names[i])
      wr_builder_put_text(&texts, wr_text_make(names[i], 1));
    else
      wr_builder_put_null(&texts);
  }
  const struct wr_column columns[] = {{.type = &wr_type_bigint, .values = ids},
                                      wr_builder_view(&texts)};
  const struct wr_batch batch = {
      .schema = &schema, .columns = columns, .row_count = 4, .picked_count = 4, .change = change};
  const struct wr_format *format = wr_format_find(name);
  const struct wr_options none = {0};
  const struct wr_format_spec spec = {.schema = &schema, .options = &none, .changes = true};
  struct wr_encoder *encoder;
  struct wr_error err;
  struct wr_buffer out = {0}, lines = {0};
  size_t ends[4], begin = 0;
  CU_ASSERT_EQUAL_FATAL(format->check(&spec, false, &err), WR_OK);
  CU_ASSERT_EQUAL_FATAL(format->encoder_new(&spec, &encoder, &err), WR_OK);
  format->encode(encoder, &batch, &out, ends);
  CU_ASSERT_EQUAL(encoder->fault_count, 0);
  for (uint32_t i = 0; i < 4; begin = ends[i++])
    wr_buffer_print(&lines, "%.*s\n", (int)(ends[i] - begin), out.bytes + begin);
  WR_CHECK(strcmp(wr_buffer_string(&lines), expected) == 0, "%s:\n%s", name, lines.bytes);
  format->encoder_free(encoder);
  wr_builder_close(&texts);
  wr_buffer_free(&out);
  wr_buffer_free(&lines);
}

static void test_written(void)
{
  for (uint32_t i = 0; i < WR_COUNT(written); i++)
    check_written(written[i].format, written[i].expected);
}

static void test_refused(void)
{
  static const struct wr_option_value include[] = {
      {.key = "debezium-json.schema-include", .value = "true"}};
  const struct wr_options options = {.values = include, .value_count = 1};
  const struct wr_format_spec spec = {.schema = &schema, .options = &options};
  struct wr_error err;
  const struct wr_format *format = wr_format_find("debezium-json");
  CU_ASSERT_EQUAL(format->check(&spec, true, &err), WR_OK);
  CU_ASSERT_EQUAL(format->check(&spec, false, &err), WR_SEMANTIC);
}

static const struct wr_test json_change_tests[] = {
    {"debezium", test_debezium},
    {"debezium, bad records", test_debezium_bad},
    {"debezium with a schema", test_debezium_wrapped},
    {"ogg", test_ogg},
    {"maxwell", test_maxwell},
    {"canal", test_canal},
    {"written", test_written},
    {"refused", test_refused},
    {0},
};

const struct wr_suite wr_suite_json_change = {"json_change", json_change_tests};
