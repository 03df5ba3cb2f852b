/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format 'debezium-json': what Debezium writes of a table, each record with the row before and
 * after. An update without the row before is a bad record: nobody could say which row it takes
 * back.
 */
#include "formats/json_change_format.h"

static const struct wr_option debezium_options[] = {
    {.name = "debezium-json.schema-include",
     .kind = WR_OPTION_BOOL,
     .fallback = "false",
     .help = "Reading: records are made with value.converter.schemas.enable = true, and what "
             "matters is in their field payload."},
    WR_JSON_CHANGE_OPTIONS("debezium-json"),
    {.name = NULL},
};

static const struct wr_json_op_word debezium_words[] = {{"c", WR_JSON_OP_INSERT},
                                                        {"r", WR_JSON_OP_INSERT},
                                                        {"u", WR_JSON_OP_UPDATE},
                                                        {"d", WR_JSON_OP_DELETE},
                                                        {NULL, WR_JSON_OP_NOTHING}};

static const struct wr_json_change_form debezium_form = {
    .name = "debezium-json",
    .wrapper = "payload",
    .op = "op",
    .before = "before",
    .after = "after",
    .no_before = "a table of PostgreSQL needs REPLICA IDENTITY FULL",
    .words = debezium_words,
    .insert = {"{\"before\":null,\"after\":", ",\"op\":\"c\"}"},
    .delete = {"{\"before\":", ",\"after\":null,\"op\":\"d\"}"},
};

extern const struct wr_format wr_format_debezium;

static bool debezium_is_wrapped(const struct wr_format_spec *spec)
{
  return wr_options_bool(spec->options, debezium_options, "debezium-json.schema-include");
}

static enum wr_code debezium_check(const struct wr_format_spec *spec, bool reading,
                                   struct wr_error *err)
{
  if (!reading && debezium_is_wrapped(spec))
    return wr_fail(err, WR_SEMANTIC,
                   "'debezium-json.schema-include' is for reading: records are written without a "
                   "schema");
  return wr_json_change_check(&wr_format_debezium, spec, reading, err);
}

static enum wr_code debezium_decoder_new(const struct wr_format_spec *spec, struct wr_decoder **out,
                                         struct wr_error *err)
{
  return wr_json_change_decoder_new(&wr_format_debezium, &debezium_form, debezium_is_wrapped(spec),
                                    spec, out, err);
}

static enum wr_code debezium_encoder_new(const struct wr_format_spec *spec, struct wr_encoder **out,
                                         struct wr_error *err)
{
  (void)err;
  wr_json_change_encoder_new(&wr_format_debezium, &debezium_form, spec, out);
  return WR_OK;
}

const struct wr_format wr_format_debezium = WR_JSON_CHANGE_FORMAT(
    "debezium-json", "changes of a table as Debezium writes them: rows before and after, and op",
    debezium_options, debezium);
