/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON values into the builder of a column. What is taken for which type, beyond the plain cases:
 *
 *   numbers   also as strings ("5", "NaN"); integers also as 5.0 or 5e2, but never with a rest
 * behind the point text      numbers, true and false as they are written; objects and arrays as
 * their JSON text DECIMAL   read from the digits, rounded to the scale; never through a double
 *   binary    base64
 *   times     strings, see formats/value.h
 *   ROW       an object
 *   ARRAY     an array
 *   MAP       an object; names become keys by the key's type, the last of equal ones counts
 *   MULTISET  an object of counts
 *   null      NULL, for every type
 */
#ifndef WEIR_FORMATS_JSON_PUT_H
#define WEIR_FORMATS_JSON_PUT_H

#include "core/builder.h"
#include "core/limits.h"
#include "formats/json_walk.h"
#include "formats/value.h"
#include "text/buffer.h"

struct wr_json_put;

/* A column, a field of a ROW, or the items of a collection. */
struct wr_json_field {
  const char *path; /* for messages, from the column or the item that it is in: "bid.price",
                       ".price"; the item itself: "" */
  const struct wr_type *type;
  bool (*put)(struct wr_json_put *put, const struct wr_json_field *field,
              struct wr_builder *builder, uint32_t number);
  const struct wr_json_field *fields; /* ROW; ARRAY: its items; MAP, MULTISET: keys, values */
  struct wr_json_shape *shape;        /* ROW: where the walk noted its fields */
  uint32_t cells; /* values of scalar types in one: 1, or those of all fields of a ROW */
};

/* From a value that failed out to its column: one collection more. */
struct wr_json_step {
  const struct wr_json_field *collection;
  uint32_t index;      /* ARRAY: from 1; 0: a key */
  uint32_t key_number; /* MAP, MULTISET: of the key's position; 0: the key itself failed */
};

/* What all conversions share. */
struct wr_json_put {
  struct wr_json_tape *tape;
  const char *lent; /* the byte that texts may stay lent from, for the byte `begin` of the tape */
  uint32_t begin;   /* where the current record begins */
  struct wr_buffer scratch; /* unescaped text */
  struct wr_value_reader reader;
  bool fail_on_missing, forgive;
  uint64_t collected_bytes; /* packed for the current record */
  /* Why the last call failed. */
  const struct wr_json_field *failed;
  uint32_t failed_number; /* of its value; 0: it is missing */
  const char *reason;     /* a constant instead of "is not a ...", or NULL */
  struct wr_json_step steps[WR_TYPE_NESTING_MAX];
  uint32_t step_count;
  struct wr_buffer positions, key_slots; /* json_collect.c: of the MAPs being read; a hash table */
};

void wr_json_put_free(struct wr_json_put *put);

/* The fields of a shape, ready to be put. Everything lives in the arena. */
struct wr_json_field *wr_json_fields_new(struct wr_arena *arena,
                                         const struct wr_field *const *fields, uint32_t count,
                                         struct wr_json_shape *shape, const char *prefix);

/*
 * Adds one row to the builders, one per field, from what the walk found; room must have been
 * reserved and put->failed be NULL. If a value does not fit, takes back what it added, notes the
 * field in put->failed and returns false. put->forgive makes such a value NULL.
 */
bool wr_json_fields_put(struct wr_json_put *put, const struct wr_json_field *fields,
                        const struct wr_json_shape *shape, struct wr_builder *builders);

/* One value, with NULL and put->forgive as above; number 0: it is missing. On failure nothing is
 * added. */
bool wr_json_field_put(struct wr_json_put *put, const struct wr_json_field *field,
                       struct wr_builder *builder, uint32_t number);

/* The number behind the value that begins here; the walk has seen its end. */
uint32_t wr_json_value_end(const struct wr_json_put *put, uint32_t number);

/* RFC 8259; of a scalar as it stands in the text. */
bool wr_json_is_number(const char *bytes, uint32_t length);

/* ARRAY; MAP and MULTISET (formats/json_collect.c). As struct wr_json_field's put. */
bool wr_json_put_array(struct wr_json_put *put, const struct wr_json_field *field,
                       struct wr_builder *builder, uint32_t number);
bool wr_json_put_map(struct wr_json_put *put, const struct wr_json_field *field,
                     struct wr_builder *builder, uint32_t number);

/* The sentence about put->failed, in the arena. */
const char *wr_json_put_complain(struct wr_json_put *put, struct wr_arena *arena);

#endif
