/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format 'maxwell-json': what Maxwell's daemon writes of a table of MySQL. Of a row before an
 * update there are the columns that it has changed; the others are those of the row after it.
 */
#include "formats/json_change_format.h"

static const struct wr_option maxwell_options[] = {
    WR_JSON_CHANGE_OPTIONS("maxwell-json"),
    {.name = NULL},
};

static const struct wr_json_op_word maxwell_words[] = {{"insert", WR_JSON_OP_INSERT},
                                                       {"bootstrap-insert", WR_JSON_OP_INSERT},
                                                       {"update", WR_JSON_OP_UPDATE},
                                                       {"delete", WR_JSON_OP_DELETE},
                                                       {"bootstrap-start", WR_JSON_OP_NOTHING},
                                                       {"bootstrap-complete", WR_JSON_OP_NOTHING},
                                                       {NULL, WR_JSON_OP_NOTHING}};

static const struct wr_json_change_form maxwell_form = {
    .name = "maxwell-json",
    .op = "type",
    .before = "old",
    .after = "data",
    .partial = true,
    .insert = {"{\"data\":", ",\"type\":\"insert\"}"},
    .delete = {"{\"data\":", ",\"type\":\"delete\"}"},
    .words = maxwell_words,
};

extern const struct wr_format wr_format_maxwell;

static enum wr_code maxwell_check(const struct wr_format_spec *spec, bool reading,
                                  struct wr_error *err)
{
  return wr_json_change_check(&wr_format_maxwell, spec, reading, err);
}

static enum wr_code maxwell_decoder_new(const struct wr_format_spec *spec, struct wr_decoder **out,
                                        struct wr_error *err)
{
  return wr_json_change_decoder_new(&wr_format_maxwell, &maxwell_form, false, spec, out, err);
}

static enum wr_code maxwell_encoder_new(const struct wr_format_spec *spec, struct wr_encoder **out,
                                        struct wr_error *err)
{
  (void)err;
  wr_json_change_encoder_new(&wr_format_maxwell, &maxwell_form, spec, out);
  return WR_OK;
}

const struct wr_format wr_format_maxwell = WR_JSON_CHANGE_FORMAT(
    "maxwell-json",
    "changes of a table as Maxwell writes them: the row, what it was before, and type",
    maxwell_options, maxwell);
