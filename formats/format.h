/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Formats turn bytes into rows and back. Decoding has two steps that are kept apart: `frame` finds
 * where records end, cheap and in order; `decode` turns a list of framed records into columns and
 * is a pure function of them. A record that cannot be decoded becomes a fault and never takes its
 * neighbours along. Only the columns that the plan reads are built.
 */
#ifndef WEIR_FORMATS_FORMAT_H
#define WEIR_FORMATS_FORMAT_H

#include "core/batch.h"
#include "core/error.h"
#include "core/options.h"

struct wr_buffer; /* text/buffer.h */

/* One record. WR_PADDING bytes behind it, and behind the key, are readable. */
struct wr_frame {
  const char *bytes; /* NULL: it has no value (formats/keyed.h) */
  uint32_t length;
  uint32_t key_length;
  const char *key; /* NULL: it has none, or nobody reads it */
};

/* A record that could not be decoded, or a row that could not be encoded. */
struct wr_fault {
  uint32_t frame;
  const char *message; /* lent until the next call */
};

/* Lent until the decoder decodes again; texts may point into the framed bytes. */
struct wr_decoded {
  uint32_t row_count;
  const struct wr_column *columns; /* one per wanted column, in the order of `wanted` */
  const uint32_t *row_frame;       /* the frame each row came from; NULL: row i is frame i */
  const uint8_t *change;           /* enum wr_change per row; NULL: all inserts */
  const struct wr_fault *faults;   /* ascending frames */
  uint32_t fault_count;
};

struct wr_format_spec {
  const struct wr_schema *schema; /* all physical columns of the table, in order */
  const uint32_t *wanted;         /* decoding: numbers of the columns to build, ascending */
  uint32_t wanted_count;
  const struct wr_options *options; /* of the table; already checked */
  const char *time_zone;
  bool changes; /* encoding: the rows may take back (formats that cannot say so refuse) */
};

struct wr_decoder {
  const struct wr_format *format;
};
/* The faults of the last batch: rows that the format has no form for. `frame` is then the number of
 * the row among those that count; its record is empty and must not be written. */
struct wr_encoder {
  const struct wr_format *format;
  const struct wr_fault *faults; /* ascending, lent until the next batch */
  uint32_t fault_count;
};

/* What an encoder wrote: row i's bytes end at ends[i] in the buffer (ascending); ends has room for
 * all rows of the batch. */
struct wr_format {
  const char *name, *help;
  const struct wr_option *options; /* keys carry the format's name in front:
                                      "json.ignore-parse-errors"; ends with NULL */

  /* Refuses schemas the format cannot carry. reading: for decoding, else for encoding. */
  enum wr_code (*check)(const struct wr_format_spec *spec, bool reading, struct wr_error *err);

  /* NULL: cannot decode. */
  enum wr_code (*decoder_new)(const struct wr_format_spec *spec, struct wr_decoder **out,
                              struct wr_error *err);
  void (*decoder_free)(struct wr_decoder *decoder);
  /*
   * Finds up to frames_max whole records at the start of bytes; consumed tells how far they go,
   * separators included. at_end: nothing follows, an unfinished last record counts as whole.
   * Returns how many. first: nothing of the split was consumed so far (a CSV header is skipped
   * there). Nothing is remembered between the calls: splits take turns. Records longer than
   * WR_RECORD_BYTES_MAX are the caller's to refuse: 0 frames and 0 consumed mean "give me more
   * bytes".
   */
  uint32_t (*frame)(struct wr_decoder *decoder, const char *bytes, size_t length, bool first,
                    bool at_end, struct wr_frame *frames, uint32_t frames_max, size_t *consumed);
  void (*decode)(struct wr_decoder *decoder, const struct wr_frame *frames, uint32_t frame_count,
                 struct wr_decoded *out);

  /* NULL: cannot encode. */
  enum wr_code (*encoder_new)(const struct wr_format_spec *spec, struct wr_encoder **out,
                              struct wr_error *err);
  void (*encoder_free)(struct wr_encoder *encoder);
  /* Appends the rows that count (batch->picked) to the buffer; ends[i] is the buffer's length
   * behind the i-th of them. Records carry no separator: the connector adds `separator` where
   * records share a file. */
  void (*encode)(struct wr_encoder *encoder, const struct wr_batch *batch, struct wr_buffer *buffer,
                 size_t *ends);
  const char *separator; /* "\n" */
  bool rows_by_name;     /* fields of a ROW are found by their names: some may be left out */
  bool checks_all;       /* a record of which any column does not fit gives no row, read or not */
  bool changes; /* its records say what became of a row: decoding gives changes, encoding takes
                   them */
};

/* By name, or NULL; all of them for help and hints. */
const struct wr_format *wr_format_find(const char *name);
const struct wr_format *const *wr_format_all(uint32_t *count);

#endif
