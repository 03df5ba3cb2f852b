/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records with a key, which is read by a format of its own: some columns of a row stand in the key,
 * and again, or not, in the value. A record without a value takes the row with its key away.
 *
 *   | key: a, b | value: c, d, perhaps a, b |      -> a, b, c, d
 *   | key: a, b | none                      |      -> -D a, b, NULL, NULL
 *
 * As a decoder this is one more of its kind: a pure function of frames, which carry both.
 */
#ifndef WEIR_FORMATS_KEYED_H
#define WEIR_FORMATS_KEYED_H

#include "formats/format.h"

/* How a table's records are made up. */
struct wr_keyed {
  bool upserts; /* a record takes the place of the one before it with its key; else keys are there
                   for others, and say nothing */
  bool except_key; /* columns of the key do not stand in the value */
  const struct wr_format *key_format, *value_format;
  const struct wr_options *key_options; /* those of the key format, by their plain names */
  const struct wr_schema *key_schema;   /* without the prefix that the columns may have */
  const struct wr_schema *value_schema;
  const uint32_t *keys, *values; /* columns of the table: one per column of these */
};

static inline bool wr_keyed_upserts(const struct wr_keyed *keyed)
{
  return keyed && keyed->upserts;
}
/* Whether the key has to be looked at to make a row. */
static inline bool wr_keyed_is_read(const struct wr_keyed *keyed)
{
  return keyed && (keyed->upserts || keyed->except_key);
}

/* spec is that of the table; only if wr_keyed_is_read. */
enum wr_code wr_keyed_decoder_new(const struct wr_keyed *keyed, const struct wr_format_spec *spec,
                                  struct wr_decoder **out, struct wr_error *err);
/* Whether both formats can carry their columns. */
enum wr_code wr_keyed_check(const struct wr_keyed *keyed, const struct wr_format_spec *spec,
                            bool reading, struct wr_error *err);

/* Columns of a table's batch, as a batch of the key's or the value's columns; lent is room for as
 * many. */
void wr_keyed_columns(const struct wr_schema *schema, const uint32_t *numbers,
                      const struct wr_batch *batch, struct wr_column *room, struct wr_batch *out);

#endif
