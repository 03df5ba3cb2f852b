/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the values of one place looked like: a column, a member of an object, the items of an array.
 * Values are added one after the other and forgotten; what is left are counts, bounds and a few
 * examples, and from these a type that holds all of them.
 */
#ifndef WEIR_DISCOVER_SHAPE_H
#define WEIR_DISCOVER_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/batch.h"
#include "text/buffer.h"
#include "text/json_scan.h"

enum wr_look {
  WR_LOOK_NULL,
  WR_LOOK_BOOLEAN,
  WR_LOOK_INTEGER,
  WR_LOOK_NUMBER, /* with a fraction or an exponent */
  WR_LOOK_DATE,
  WR_LOOK_TIME,
  WR_LOOK_TIMESTAMP, /* without a zone */
  WR_LOOK_ZONED,
  WR_LOOK_TEXT,
  WR_LOOK_OBJECT,
  WR_LOOK_ARRAY,
  WR_LOOK_COUNT
};

#define WR_SHAPE_EXAMPLES      3
#define WR_SHAPE_EXAMPLE_BYTES 48
#define WR_SHAPE_DEPTH_MAX     16 /* objects and arrays deeper than that are text */

struct wr_shape {
  struct wr_slice name; /* of a column or member; empty: an item */
  uint64_t looks[WR_LOOK_COUNT];
  uint64_t count;          /* of all values, NULLs among them */
  int64_t least, greatest; /* of the integers that fit BIGINT */
  uint32_t digits, scale;  /* of numbers: the most before and behind the point */
  uint32_t significant;    /* of one number, the most */
  uint32_t fraction;       /* of times: the most digits behind the second */
  uint32_t length_max;     /* characters; of objects and arrays bytes as they stood there */
  bool is_beyond_bigint;
  /* How far values come behind a greater one of the same split: integers in their own unit, times
   * and other numbers in microseconds. */
  int64_t clock_top, clock_behind;
  uint32_t clock_split;
  char examples[WR_SHAPE_EXAMPLES][WR_SHAPE_EXAMPLE_BYTES + 1]; /* different, as they stood there */
  uint32_t example_count;
  struct wr_shape **members; /* of objects, in the order in which they were first seen */
  uint32_t member_count, member_capacity;
  uint32_t member_next;  /* where the next one is looked for first */
  struct wr_shape *item; /* of arrays; NULL: none had any */
};

/* Who adds. */
struct wr_shaper {
  struct wr_arena *arena; /* shapes and names live there */
  struct wr_buffer scratch;
  uint32_t split; /* of the value that is being added */
  uint64_t
      left_out_names; /* members that are no column: their names are empty, too long, too many */
  const char *left_out_name; /* the first that is not empty, fit for a comment; NULL: none yet */
};

struct wr_shape *wr_shape_new(struct wr_shaper *shaper, struct wr_slice name);
/* A value written as text, as in CSV; empty and not quoted: NULL. */
void wr_shape_add_field(struct wr_shaper *shaper, struct wr_shape *shape, const char *bytes,
                        uint32_t length, bool quoted);
void wr_shape_add_json(struct wr_shaper *shaper, struct wr_shape *shape,
                       const struct wr_json_tape *tape, uint32_t node, uint32_t depth);
/* The member of a name; made if it is not there. NULL: it cannot be one. */
struct wr_shape *wr_shape_member(struct wr_shaper *shaper, struct wr_shape *shape, const char *name,
                                 size_t length);

/* What a text looks like by itself: BOOLEAN, INTEGER, NUMBER only if as_number. */
enum wr_look wr_look_of_text(const char *bytes, uint32_t length, bool as_number);
/* The one look of all values that are not NULL, or WR_LOOK_COUNT; NULL if there are no others. Of
 * INTEGER and NUMBER it is NUMBER, of DATE and TIMESTAMP it is TIMESTAMP. */
enum wr_look wr_shape_look(const struct wr_shape *shape);
/* Names that are rather keys: most objects have others. */
bool wr_shape_is_map(const struct wr_shape *shape);
/* Appends the type. */
void wr_shape_put_type(const struct wr_shape *shape, uint32_t depth, struct wr_buffer *out);
/* Appends a name of SQL, in quotes if it needs them. */
void wr_shape_put_name(struct wr_slice name, struct wr_buffer *out);

#endif
