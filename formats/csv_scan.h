/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of CSV (RFC 4180): where a record ends, and what its fields are.
 *
 *   record = field *( delimiter field ) line-break        line-break = LF | CR LF
 *   field  = quote *( anything | quote quote ) quote | *( anything but delimiter and LF )
 *
 * A quote that is not the first character of a field is an ordinary character. An escape character,
 * if there is one, takes the meaning from the character behind it. Behind a closing quote only a
 * delimiter or a line break may follow: what breaks this rule, or never ends, is a broken record
 * and reaches only to the end of its first line, so that a stray quote costs one line and not the
 * rest of the file.
 */
#ifndef WEIR_FORMATS_CSV_SCAN_H
#define WEIR_FORMATS_CSV_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/buffer.h"

/* A quoted field that has not ended after so many bytes is taken for one whose quote was never
 * closed. */
#define WR_CSV_QUOTED_BYTES_MAX (1u << 20)

struct wr_csv_rules {
  char delimiter;
  bool has_quote, has_escape;
  char quote, escape;
  bool has_comments; /* lines that begin with # are left out */
};

/*
 * The record that bytes begin with: *record_length without its line break, *consumed with it.
 * False: it does not end here and more bytes are needed (never if at_end).
 */
bool wr_csv_find_record(const struct wr_csv_rules *rules, const char *bytes, size_t length,
                        bool at_end, size_t *record_length, size_t *consumed);

struct wr_csv_field {
  const char *bytes; /* quotes and escapes resolved: in the record, or in the scratch buffer */
  uint32_t length;
  bool quoted;
};

/* What is left of a record. more: there is a field at `at`, perhaps an empty one. */
struct wr_csv_cursor {
  const char *at, *end;
  bool more;
};

struct wr_csv_cursor wr_csv_cursor_make(const char *bytes, size_t length);

/*
 * The next field; cursor->more must be true. Fields with doubled quotes or escapes are put behind
 * the content of scratch, which must have room for all bytes of the record. False: the record is
 * broken, *problem says why.
 */
bool wr_csv_next_field(const struct wr_csv_rules *rules, struct wr_csv_cursor *cursor,
                       struct wr_buffer *scratch, struct wr_csv_field *field, const char **problem);

#endif
