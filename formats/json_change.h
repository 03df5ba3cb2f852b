/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON records that say what became of a row, as tools write them that follow a database:
 *
 *   debezium-json  {"before": {...}, "after": {...}, "op": "u"}      perhaps inside of "payload"
 *   ogg-json       {"before": {...}, "after": {...}, "op_type": "U"}
 *   maxwell-json   {"data": {...}, "old": {what has changed}, "type": "update"}
 *   canal-json     {"data": [{...}], "old": [{what has changed}], "type": "UPDATE"}
 *
 * A form is a table of these names. Reading goes along the positions of formats/json_walk.h as it
 * does for plain records; what comes out are images of rows, each of which becomes a row with its
 * change: an update gives -U, then +U.
 */
#ifndef WEIR_FORMATS_JSON_CHANGE_H
#define WEIR_FORMATS_JSON_CHANGE_H

#include "core/batch.h"
#include "formats/json_put.h"

enum wr_json_op { WR_JSON_OP_INSERT, WR_JSON_OP_UPDATE, WR_JSON_OP_DELETE, WR_JSON_OP_NOTHING };

struct wr_json_op_word {
  const char *word;
  enum wr_json_op op; /* NOTHING: no row comes of it */
};

struct wr_json_change_form {
  const char *name;    /* of the format */
  const char *wrapper; /* the field that holds all of it where a schema is included; NULL: never */
  const char *op, *before, *after;
  bool partial; /* before has only the columns that have changed; a row that is deleted is after */
  bool lists;   /* before and after are arrays */
  const char *no_before;               /* what to do if an update has no before */
  const struct wr_json_op_word *words; /* ends with NULL */
  /* Writing: what stands before and behind a row that comes, and one that goes. */
  const char *insert[2], *delete[2];
};

/* A row to be put: of every column the value in `over`, if there is one, else that in `shape`. */
struct wr_json_image {
  enum wr_change change;
  const struct wr_json_field *fields, *over_fields;
  const struct wr_json_shape *shape, *over; /* over NULL: none */
};

struct wr_json_change;

/* The shape that is reset with every tape is that of wr_json_change_shape. wrapped: all of it is
 * inside of form->wrapper. Everything lives in the arena. */
struct wr_json_change *wr_json_change_new(struct wr_arena *arena,
                                          const struct wr_json_change_form *form, bool wrapped,
                                          const struct wr_field *const *fields, uint32_t count);
struct wr_json_shape *wr_json_change_shape(struct wr_json_change *change);

/* The record's object whose { is position `number`: walks it and finds what it says. Returns the
 * number behind it; 0: tape->problem says what is wrong, or wr_json_change_problem. */
uint32_t wr_json_change_begin(struct wr_json_change *change, struct wr_json_tape *tape,
                              uint32_t number);
/* The next image of the record; false: there is none, or something is wrong, as above. */
bool wr_json_change_next(struct wr_json_change *change, struct wr_json_tape *tape,
                         struct wr_json_image *image);
/* What is wrong with the record beside its structure, in a sentence; NULL: nothing is. Good until
 * it is forgotten, which it has to be before the next record. */
const char *wr_json_change_problem(const struct wr_json_change *change);
void wr_json_change_forget(struct wr_json_change *change);

/* As wr_json_fields_put. */
bool wr_json_image_put(struct wr_json_put *put, const struct wr_json_image *image,
                       struct wr_builder *builders);

#endif
