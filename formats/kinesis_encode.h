/* SPDX-License-Identifier: Apache-2.0 */
/* What the formats 'kinesis-json' and 'kinesis-csv' share in writing: a TIMESTAMP has three digits
 * behind its seconds, whatever its type has. */
#ifndef WEIR_FORMATS_KINESIS_ENCODE_H
#define WEIR_FORMATS_KINESIS_ENCODE_H

#include "formats/format.h"

struct wr_kinesis_columns {
  const struct wr_schema *schema; /* as it is written */
  struct wr_column *columns;
};

/* In the arena; the schema is lent as long as that. */
struct wr_kinesis_columns wr_kinesis_columns_make(struct wr_arena *arena,
                                                  const struct wr_schema *schema);
/* The columns of a batch as they are written; lent like the batch. */
const struct wr_column *wr_kinesis_columns_view(struct wr_kinesis_columns *self,
                                                const struct wr_batch *batch);

/* Refuses types that are not scalar, and rows that take back. reading: for decoding. */
enum wr_code wr_kinesis_check_types(const char *format, const struct wr_format_spec *spec,
                                    bool reading, struct wr_error *err);

#endif
