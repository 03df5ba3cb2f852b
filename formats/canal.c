/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format 'canal-json': what Canal writes of a table of MySQL. A record may have several rows;
 * of a row before an update there are the columns that it has changed. A record about the table
 * itself (CREATE and the like) gives no row.
 */
#include "formats/json_change_format.h"

static const struct wr_option canal_options[] = {
    WR_JSON_CHANGE_OPTIONS("canal-json"),
    {.name = NULL},
};

static const struct wr_json_op_word canal_words[] = {{"INSERT", WR_JSON_OP_INSERT},
                                                     {"UPDATE", WR_JSON_OP_UPDATE},
                                                     {"DELETE", WR_JSON_OP_DELETE},
                                                     {"CREATE", WR_JSON_OP_NOTHING},
                                                     {NULL, WR_JSON_OP_NOTHING}};

static const struct wr_json_change_form canal_form = {
    .name = "canal-json",
    .op = "type",
    .before = "old",
    .after = "data",
    .partial = true,
    .lists = true,
    .insert = {"{\"data\":[", "],\"type\":\"INSERT\"}"},
    .delete = {"{\"data\":[", "],\"type\":\"DELETE\"}"},
    .words = canal_words,
};

extern const struct wr_format wr_format_canal;

static enum wr_code canal_check(const struct wr_format_spec *spec, bool reading,
                                struct wr_error *err)
{
  return wr_json_change_check(&wr_format_canal, spec, reading, err);
}

static enum wr_code canal_decoder_new(const struct wr_format_spec *spec, struct wr_decoder **out,
                                      struct wr_error *err)
{
  return wr_json_change_decoder_new(&wr_format_canal, &canal_form, false, spec, out, err);
}

static enum wr_code canal_encoder_new(const struct wr_format_spec *spec, struct wr_encoder **out,
                                      struct wr_error *err)
{
  (void)err;
  wr_json_change_encoder_new(&wr_format_canal, &canal_form, spec, out);
  return WR_OK;
}

const struct wr_format wr_format_canal = WR_JSON_CHANGE_FORMAT(
    "canal-json", "changes of a table as Canal writes them: rows, what they were before, and type",
    canal_options, canal);
