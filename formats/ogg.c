/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format 'ogg-json': what Oracle GoldenGate writes of a table with its JSON formatter, the row
 * before and after in each record.
 */
#include "formats/json_change_format.h"

static const struct wr_option ogg_options[] = {
    WR_JSON_CHANGE_OPTIONS("ogg-json"),
    {.name = NULL},
};

static const struct wr_json_op_word ogg_words[] = {{"I", WR_JSON_OP_INSERT},
                                                   {"U", WR_JSON_OP_UPDATE},
                                                   {"D", WR_JSON_OP_DELETE},
                                                   {NULL, WR_JSON_OP_NOTHING}};

static const struct wr_json_change_form ogg_form = {
    .name = "ogg-json",
    .op = "op_type",
    .before = "before",
    .after = "after",
    .no_before = "Oracle needs supplemental logging of all columns",
    .insert = {"{\"before\":null,\"after\":", ",\"op_type\":\"I\"}"},
    .delete = {"{\"before\":", ",\"after\":null,\"op_type\":\"D\"}"},
    .words = ogg_words,
};

extern const struct wr_format wr_format_ogg;

static enum wr_code ogg_check(const struct wr_format_spec *spec, bool reading, struct wr_error *err)
{
  return wr_json_change_check(&wr_format_ogg, spec, reading, err);
}

static enum wr_code ogg_decoder_new(const struct wr_format_spec *spec, struct wr_decoder **out,
                                    struct wr_error *err)
{
  return wr_json_change_decoder_new(&wr_format_ogg, &ogg_form, false, spec, out, err);
}

static enum wr_code ogg_encoder_new(const struct wr_format_spec *spec, struct wr_encoder **out,
                                    struct wr_error *err)
{
  (void)err;
  wr_json_change_encoder_new(&wr_format_ogg, &ogg_form, spec, out);
  return WR_OK;
}

const struct wr_format wr_format_ogg = WR_JSON_CHANGE_FORMAT(
    "ogg-json",
    "changes of a table as Oracle GoldenGate writes them: rows before and after, and op_type",
    ogg_options, ogg);
