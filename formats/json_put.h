/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON values into the builder of a column. What is taken for which type, beyond the plain cases:
 *
 *   numbers      also as strings ("5"); integers also as 5.0 or 5e2, but never with a rest behind
 * the point text         numbers, true and false as they are written; objects and arrays as their
 * JSON text DECIMAL      read from the digits, rounded to the scale; never through a double binary
 * base64          times: strings, see formats/value.h          ROW: an object null         NULL,
 * for every type
 */
#ifndef WEIR_FORMATS_JSON_PUT_H
#define WEIR_FORMATS_JSON_PUT_H

#include "core/builder.h"
#include "formats/json_walk.h"
#include "formats/value.h"
#include "text/buffer.h"

struct wr_json_put;

/* A column, or a field of a ROW column. */
struct wr_json_field {
  const char *path; /* its name for messages: "bid.price" */
  const struct wr_type *type;
  bool (*put)(struct wr_json_put *put, const struct wr_json_field *field,
              struct wr_builder *builder, uint32_t number);
  const struct wr_json_field *fields; /* ROW */
  const struct wr_json_shape *shape;  /* ROW: where the walk noted its fields */
};

/* What all conversions share. */
struct wr_json_put {
  struct wr_json_tape *tape;
  const char *lent; /* the byte that texts may stay lent from, for the byte `begin` of the tape */
  uint32_t begin;   /* where the current record begins */
  struct wr_buffer scratch; /* unescaped text */
  struct wr_value_reader reader;
  bool fail_on_missing, forgive;
  /* Why the last call failed. */
  const struct wr_json_field *failed;
  uint32_t failed_number; /* of its value; 0: it is missing */
};

/* The fields of a shape, ready to be put. Everything lives in the arena. */
struct wr_json_field *wr_json_fields_new(struct wr_arena *arena,
                                         const struct wr_field *const *fields, uint32_t count,
                                         const struct wr_json_shape *shape, const char *prefix);

/*
 * Adds one row to the builders, one per field, from what the walk found; room must have been
 * reserved and put->failed be NULL. If a value does not fit, takes back what it added, notes the
 * field in put->failed and returns false. put->forgive makes such a value NULL.
 */
bool wr_json_fields_put(struct wr_json_put *put, const struct wr_json_field *fields,
                        const struct wr_json_shape *shape, struct wr_builder *builders);

/* The sentence about put->failed, in the arena. */
const char *wr_json_put_complain(struct wr_json_put *put, struct wr_arena *arena);

#endif
