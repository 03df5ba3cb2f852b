/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the formats of formats/json_change.h share but for their names: each is a file with its
 * form, its options and three calls to these.
 */
#ifndef WEIR_FORMATS_JSON_CHANGE_FORMAT_H
#define WEIR_FORMATS_JSON_CHANGE_FORMAT_H

#include "formats/format.h"
#include "formats/json_change.h"

/* The options that all of them have; name: "debezium-json". */
#define WR_JSON_CHANGE_OPTIONS(format)                                                            \
  {.name = format ".ignore-parse-errors",                                                         \
   .kind = WR_OPTION_BOOL,                                                                        \
   .fallback = "false",                                                                           \
   .help = "Values that do not fit become NULL; bad records are left out without a word."},       \
      {.name = format ".timestamp-format.standard",                                               \
       .kind = WR_OPTION_CHOICE,                                                                  \
       .fallback = "SQL",                                                                         \
       .choices = "SQL|ISO-8601",                                                                 \
       .help = "Timestamps are written as 2026-01-02 03:04:05.678, or with a T; both are read."}, \
      {.name = format ".map-null-key.mode",                                                       \
       .kind = WR_OPTION_CHOICE,                                                                  \
       .fallback = "FAIL",                                                                        \
       .choices = "FAIL|DROP|LITERAL",                                                            \
       .help = "Entries of a MAP whose key is NULL, as with json."},                              \
      {.name = format ".map-null-key.literal",                                                    \
       .kind = WR_OPTION_TEXT,                                                                    \
       .fallback = "null",                                                                        \
       .help = "The name of a NULL key if the mode is LITERAL."},                                 \
      {.name = format ".encode.decimal-as-plain-number",                                          \
       .kind = WR_OPTION_BOOL,                                                                    \
       .fallback = "true",                                                                        \
       .help = "DECIMAL is written with all its digits, or as with json."},                       \
  {                                                                                               \
    .name = format ".encode.ignore-null-fields", .kind = WR_OPTION_BOOL, .fallback = "false",     \
    .help = "Columns and fields of ROWs that are NULL are left out instead of being written."     \
  }

/* form->name is that of format. As struct wr_format's calls. */
enum wr_code wr_json_change_check(const struct wr_format *format, const struct wr_format_spec *spec,
                                  bool reading, struct wr_error *err);
enum wr_code wr_json_change_decoder_new(const struct wr_format *format,
                                        const struct wr_json_change_form *form, bool wrapped,
                                        const struct wr_format_spec *spec, struct wr_decoder **out,
                                        struct wr_error *err);
void wr_json_change_encoder_new(const struct wr_format *format,
                                const struct wr_json_change_form *form,
                                const struct wr_format_spec *spec, struct wr_encoder **out);

void wr_json_change_decoder_free(struct wr_decoder *decoder);
uint32_t wr_json_change_frame(struct wr_decoder *decoder, const char *bytes, size_t length,
                              bool first, bool at_end, struct wr_frame *frames, uint32_t frames_max,
                              size_t *consumed);
void wr_json_change_decode(struct wr_decoder *decoder, const struct wr_frame *frames,
                           uint32_t frame_count, struct wr_decoded *out);
void wr_json_change_encoder_free(struct wr_encoder *encoder);
void wr_json_change_encode(struct wr_encoder *encoder, const struct wr_batch *batch,
                           struct wr_buffer *buffer, size_t *ends);

/* The row of the registry. */
#define WR_JSON_CHANGE_FORMAT(format_name, format_help, format_options, prefix)                   \
  {                                                                                               \
    .name = format_name, .help = format_help, .options = format_options, .check = prefix##_check, \
    .decoder_new = prefix##_decoder_new, .decoder_free = wr_json_change_decoder_free,             \
    .frame = wr_json_change_frame, .decode = wr_json_change_decode,                               \
    .encoder_new = prefix##_encoder_new, .encoder_free = wr_json_change_encoder_free,             \
    .encode = wr_json_change_encode, .separator = "\n", .rows_by_name = true, .changes = true     \
  }

#endif
