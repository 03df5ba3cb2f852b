/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the format 'csv': formats/csv.c reads the options, csv_decode.c and csv_encode.c do
 * the work. */
#ifndef WEIR_FORMATS_CSV_H
#define WEIR_FORMATS_CSV_H

#include "formats/csv_scan.h"
#include "formats/format.h"

/* What the options say. */
struct wr_csv_style {
  struct wr_csv_rules rules;
  bool forgive; /* values that do not fit are NULL, bad records are left out without a fault */
  bool header;  /* the first record of a split holds names */
  const char *null_literal; /* NULL: none */
  uint32_t null_length;
  const char *delimiter; /* between the items of an ARRAY, the fields of a ROW */
  uint32_t delimiter_length;
};

/* The texts of a style copied into an arena: the options that they come from may go. */
void wr_csv_style_keep(struct wr_csv_style *style, struct wr_arena *arena);

struct wr_csv_decode;

struct wr_csv_decode *wr_csv_decode_new(const struct wr_format_spec *spec,
                                        const struct wr_csv_style *style);
void wr_csv_decode_free(struct wr_csv_decode *decode);
/* As struct wr_format's frame and decode. */
uint32_t wr_csv_decode_frame(struct wr_csv_decode *decode, const char *bytes, size_t length,
                             bool first, bool at_end, struct wr_frame *frames, uint32_t frames_max,
                             size_t *consumed);
void wr_csv_decode_run(struct wr_csv_decode *decode, const struct wr_frame *frames,
                       uint32_t frame_count, struct wr_decoded *out);

/* Writes row `row` of the columns as a record without a line break. scratch holds nothing between
 * calls. Returns NULL; or what is wrong with column *failed, a constant for "column c ...". */
const char *wr_csv_encode_row(const struct wr_csv_style *style, const struct wr_column *columns,
                              uint32_t column_count, uint32_t row, struct wr_buffer *scratch,
                              struct wr_buffer *out, uint32_t *failed);

#endif
