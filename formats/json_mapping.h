/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns from anywhere in a JSON record, by the paths of an input schema (formats/mapping_path.h).
 * All paths together are a tree; its inner nodes are ROWs as far as formats/json_walk.h is
 * concerned, so that one walk over the record finds every value. If an array gives rows, its
 * objects are walked one after the other behind that, and what stands outside of it is converted
 * for the first row only and repeated.
 *
 *   $.id  $.place.city  $.orders[0:].item     {id, place {city}, orders}  and of each order  {item}
 */
#ifndef WEIR_FORMATS_JSON_MAPPING_H
#define WEIR_FORMATS_JSON_MAPPING_H

#include "formats/json_put.h"
#include "formats/mapping_path.h"

/* What the options say: paths from the record, one per column that is read. */
struct wr_json_mapping_plan {
  struct wr_mapping_path list; /* the array whose objects are rows; count 0: there is none */
  bool list_is_rows; /* it is the path of the rows: where it is empty or missing there are none */
  const struct wr_mapping_path *paths; /* of columns */
};

struct wr_json_mapping;

/* Everything lives in the arena. Columns are of scalar types. */
struct wr_json_mapping *wr_json_mapping_new(struct wr_arena *arena,
                                            const struct wr_json_mapping_plan *plan,
                                            const struct wr_field *const *fields, uint32_t count);
/* The shape that is reset with every tape. */
struct wr_json_shape *wr_json_mapping_shape(struct wr_json_mapping *mapping);

/* The record's object whose { is position `number`: walks it and finds its rows. Returns the number
 * behind it; 0: tape->problem says what is wrong. */
uint32_t wr_json_mapping_begin(struct wr_json_mapping *mapping, struct wr_json_tape *tape,
                               uint32_t number);
/* Is there one more row? If so it has to be put before the next question. */
bool wr_json_mapping_next(const struct wr_json_mapping *mapping);
/* Adds the row; as wr_json_fields_put. */
bool wr_json_mapping_put(struct wr_json_mapping *mapping, struct wr_json_put *put,
                         struct wr_builder *builders);

#endif
