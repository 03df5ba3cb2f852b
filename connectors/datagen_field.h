/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one column of a generated table holds. Every value is a function of (seed, column, row
 * number): whoever makes row 1000 makes the same one, in whichever task and whatever was made
 * before. Only times that follow the clock do not repeat.
 */
#ifndef WEIR_CONNECTORS_DATAGEN_FIELD_H
#define WEIR_CONNECTORS_DATAGEN_FIELD_H

#include "connectors/connector.h"
#include "core/text.h"

struct wr_datagen_field {
  const struct wr_type *type;
  uint64_t key;                  /* seed of this column */
  uint64_t null_below;           /* a draw below it gives NULL */
  bool is_sequence;              /* else random */
  bool has_start;                /* sequence of times: from `start`, not from when the job began */
  bool has_range;                /* times: from min to max, not back from the clock */
  wr_i128 min, max;              /* random: integer-like values, both included */
  double number_min, number_max; /* random: FLOAT, DOUBLE */
  uint32_t length;               /* random: bytes of a text, items of a collection */
  const struct wr_text *values;  /* random texts are drawn from these; NULL: made up */
  uint32_t value_count;
  int64_t start, end, step; /* sequence */
  bool has_end;
  int64_t max_past_us;               /* times are up to this much earlier */
  struct wr_datagen_field *children; /* ROW: its fields; collections: the item, or key and value */
};

/*
 * The fields of a table as its options 'fields.<column>.<setting>' say; lives in the arena. With
 * rows_per_second > 0 sequences of times advance by that by default.
 */
enum wr_code wr_datagen_fields_new(const struct wr_table_spec *spec, int64_t rows_per_second,
                                   uint64_t seed, struct wr_arena *arena,
                                   struct wr_datagen_field **fields, struct wr_error *err);

/* Rows until the field's sequence has ended; INT64_MAX: never. */
int64_t wr_datagen_field_rows(const struct wr_datagen_field *field);

/* Adds rows first, first + stride, ... to a builder with room for them. begun_us: when the job
 * began; now_us: the clock. */
void wr_datagen_field_make(const struct wr_datagen_field *field, int64_t first, int64_t stride,
                           uint32_t count, int64_t begun_us, int64_t now_us,
                           struct wr_builder *out);

#endif
