/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walking over the structural characters of JSON text (formats/json_simdjson.h): checks the
 * structure of a value to its end and notes, in one pass over all fields of an object, where the
 * values of the wanted ones begin. Nothing is converted here; of fields with the same name the last
 * one counts.
 *
 * Field names are recognised by guessing. Objects of one stream have nearly always the same fields
 * in the same order, so every name that was ever seen remembers which name came behind it the last
 * time, and that one is compared first: two masked comparisons of 8 bytes for most names. Only when
 * the guess is wrong is the name looked up by its hash. Names that nobody wants are remembered as
 * well, up to a limit, because recognising them is as cheap as that.
 */
#ifndef WEIR_FORMATS_JSON_WALK_H
#define WEIR_FORMATS_JSON_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/type.h"
#include "formats/json_simdjson.h"
#include "text/buffer.h"

#define WR_JSON_DEPTH_MAX       1024u /* levels of nesting in one record */
#define WR_JSON_SPARE_NAMES_MAX 512u  /* unwanted field names remembered per object */

/* Are there backslashes in a window? Looked up when somebody asks. */
enum wr_json_escapes { WR_JSON_ESCAPES_UNKNOWN, WR_JSON_ESCAPES_NONE, WR_JSON_ESCAPES_SOME };

/* A window of text and its structural characters. Behind the last position stand
 * WR_JSON_INDEX_SPARE that point to a blank. */
struct wr_json_tape {
  const char *bytes;
  const uint32_t *at;
  uint32_t length;
  enum wr_json_escapes escapes;
  uint32_t end; /* of the current record, in bytes: what begins here or later is not its own */
  const struct wr_json_index *index; /* for names with escapes, and where they are put */
  struct wr_buffer *names;
  const char *problem; /* what was found wrong, a constant; and where */
  uint32_t problem_at;
};

struct wr_json_name;

/* An object of which fields are wanted. */
struct wr_json_shape {
  uint32_t column_count;
  uint32_t begin;  /* number of the position of the last object's { */
  uint32_t *found; /* per column: number of its value's position; not above begin: not there */
  struct wr_json_shape **nested;       /* per column: the shape of a ROW, or NULL */
  struct wr_json_shape *linked, *next; /* shapes of items in collections, reset with this one */
  /* the rest is json_walk.c's */
  struct wr_json_name *names; /* 0: none; 1 to column_count: columns; then others that were seen */
  struct wr_json_name *first;
  uint32_t name_count, name_max;
  uint32_t *slots, slot_mask; /* hash table of numbers in names; 0: free */
  struct wr_arena *arena;
};

/* The shape of objects with these fields. ROW fields get a shape of their own. Everything lives in
 * the arena. */
struct wr_json_shape *wr_json_shape_new(struct wr_arena *arena,
                                        const struct wr_field *const *fields, uint32_t field_count);

/* Makes an item's shape one of those that are reset together with another. */
void wr_json_shape_link(struct wr_json_shape *shape, struct wr_json_shape *item);

/* Forgets what was found, nested and linked shapes included: before another tape is walked. */
void wr_json_shape_reset(struct wr_json_shape *shape);

/* The number of the position where the column's value begins in the last object; 0: it is not
 * there. */
static inline uint32_t wr_json_shape_find(const struct wr_json_shape *shape, uint32_t column)
{
  return shape->found[column] > shape->begin ? shape->found[column] : 0;
}

/*
 * Walks over the object whose { is position number `number` and fills shape->found (and that of
 * nested shapes whose value is an object). Returns the number of the position behind its }, or 0
 * with tape->problem.
 */
uint32_t wr_json_object_walk(struct wr_json_tape *tape, struct wr_json_shape *shape,
                             uint32_t number);

/* The number behind the value that begins at position `number`, or 0 with tape->problem. */
uint32_t wr_json_value_skip(struct wr_json_tape *tape, uint32_t number);

static inline bool wr_json_is_blank(char c)
{
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The text of the value from position `number` up to the structural character number `next`, blanks
 * cut off. */
static inline uint32_t wr_json_token_length(const struct wr_json_tape *tape, uint32_t number,
                                            uint32_t next)
{
  const char *begin = tape->bytes + tape->at[number], *end = tape->bytes + tape->at[next];
  while (end > begin && (unsigned char)end[-1] <= ' ' && wr_json_is_blank(end[-1]))
    end--;
  return (uint32_t)(end - begin);
}

#endif
