/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See the header. Every step looks at the character a position points to and goes on only if it is
 * the expected one. The positions behind the last one point to a blank, which is never expected: no
 * step needs to ask whether there is a next. A broken record may lead into its neighbour; as
 * nothing is built before the whole value has been walked, it is enough to see afterwards that the
 * end lies inside the record. Only opening brackets are checked at once, so that many records
 * without an end cost no more than as many good ones.
 */
#include "formats/json_walk.h"

#include <assert.h>
#include <string.h>

#define NAME_COPY_MAX 255u /* longer names that nobody wants are not remembered */
#define NAME_FRAME    3u   /* quotes and colon */

/*
 * A field name as it usually stands in the text, "name":, with quotes and colon. Equal bytes mean
 * an equal name, and say at the same time that there is a string and a colon behind it.
 */
struct wr_json_name {
  uint64_t head, head_mask, tail,
      tail_mask; /* the first and second 8 bytes as they lie in memory */
  const char *bytes;
  uint32_t length;           /* with quotes and colon */
  uint32_t column;           /* column_count: not wanted */
  struct wr_json_name *next; /* which came behind it the last time */
};

enum { CLASS_BROKEN, CLASS_SCALAR, CLASS_OPEN };

/* What may begin a value. */
static const uint8_t value_class[256] = {
    ['"'] = CLASS_SCALAR, ['-'] = CLASS_SCALAR, ['0'] = CLASS_SCALAR, ['1'] = CLASS_SCALAR,
    ['2'] = CLASS_SCALAR, ['3'] = CLASS_SCALAR, ['4'] = CLASS_SCALAR, ['5'] = CLASS_SCALAR,
    ['6'] = CLASS_SCALAR, ['7'] = CLASS_SCALAR, ['8'] = CLASS_SCALAR, ['9'] = CLASS_SCALAR,
    ['t'] = CLASS_SCALAR, ['f'] = CLASS_SCALAR, ['n'] = CLASS_SCALAR, ['{'] = CLASS_OPEN,
    ['['] = CLASS_OPEN,
};

static inline uint64_t name_load(const char *bytes)
{
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

/* Keeps the first `length` bytes of a word in memory order; length up to 8. */
static inline uint64_t name_mask(uint32_t length)
{
  static const char bytes[17] = "\xff\xff\xff\xff\xff\xff\xff\xff";
  return name_load(bytes + 8 - length);
}

/* key: at its opening quote; room: bytes from there to the record's end. A longer name is not
 * compared: it would be another record's, and might go on behind what is readable. */
static inline bool name_matches(const struct wr_json_name *name, const char *key, int64_t room)
{
  uint64_t head = (name_load(key) & name->head_mask) ^ name->head;
  uint64_t tail = (name_load(key + 8) & name->tail_mask) ^ name->tail;
  return (head | tail) == 0 &&
         (name->length <= 16 ||
          (name->length <= room && memcmp(key + 16, name->bytes + 16, name->length - 16) == 0));
}

/* Of a name without quotes; 8 bytes are readable. */
static uint32_t name_hash(const char *bytes, uint32_t length)
{
  uint64_t hash =
      (name_load(bytes) & name_mask(length < 8 ? length : 8)) * UINT64_C(0x9E3779B97F4A7C15);
  if (length > 8)
    hash ^= name_load(bytes + length - 8) * UINT64_C(0xC2B2AE3D27D4EB4F);
  hash = (hash ^ hash >> 32 ^ length) * UINT64_C(0x9FB21C651E98DF25);
  return (uint32_t)(hash >> 32);
}

/* False for names that stand in JSON text only with escapes. */
static bool name_is_plain(const char *bytes, uint32_t length)
{
  for (uint32_t i = 0; i < length; i++)
    if ((unsigned char)bytes[i] < ' ' || bytes[i] == '"' || bytes[i] == '\\')
      return false;
  return true;
}

static struct wr_json_name *shape_add(struct wr_json_shape *shape, const char *bytes,
                                      uint32_t length, uint32_t column)
{
  assert(shape->name_count < shape->name_max && column <= shape->column_count);
  uint32_t number = shape->name_count++, framed_length = length + NAME_FRAME;
  char *copy = wr_arena_get_zero(shape->arena, framed_length + 16);
  copy[0] = '"';
  memcpy(copy + 1, bytes, length);
  memcpy(copy + 1 + length, "\":", 2);
  struct wr_json_name *name = &shape->names[number];
  *name = (struct wr_json_name){
      .bytes = copy, .length = framed_length, .column = column, .next = shape->names};
  name->head_mask = name_mask(framed_length < 8 ? framed_length : 8);
  name->tail_mask = name_mask(framed_length < 8 ? 0 : framed_length < 16 ? framed_length - 8 : 8);
  name->head = name_load(copy) & name->head_mask;
  name->tail = name_load(copy + 8) & name->tail_mask;
  if (!name_is_plain(bytes, length))
    name->head_mask = 0, name->head = 1; /* never equal to raw text */
  uint32_t slot = name_hash(copy + 1, length) & shape->slot_mask;
  while (shape->slots[slot])
    slot = (slot + 1) & shape->slot_mask;
  shape->slots[slot] = number;
  return name;
}

struct wr_json_shape *wr_json_shape_new(struct wr_arena *arena,
                                        const struct wr_field *const *fields, uint32_t field_count)
{
  struct wr_json_shape *shape = WR_NEW(arena, struct wr_json_shape);
  shape->arena = arena;
  shape->column_count = field_count;
  shape->found = WR_NEW_ARRAY(arena, uint32_t, field_count + 1);
  shape->nested = WR_NEW_ARRAY(arena, struct wr_json_shape *, field_count + 1);
  shape->name_max = 1 + field_count + WR_JSON_SPARE_NAMES_MAX;
  shape->names = WR_NEW_ARRAY(arena, struct wr_json_name, shape->name_max);
  uint32_t slot_count = 1024;
  while (slot_count < 2 * shape->name_max)
    slot_count *= 2;
  shape->slots = WR_NEW_ARRAY(arena, uint32_t, slot_count);
  shape->slot_mask = slot_count - 1;
  shape->first = shape->names;
  shape->names[0] = (struct wr_json_name){.head = 1, .column = field_count, .next = shape->names};
  shape->name_count = 1;
  for (uint32_t i = 0; i < field_count; i++) {
    shape_add(shape, fields[i]->name, (uint32_t)strlen(fields[i]->name), i);
    const struct wr_type *type = fields[i]->type;
    if (type->kind != WR_ROW)
      continue;
    const struct wr_field **inner = WR_NEW_ARRAY(arena, const struct wr_field *, type->field_count);
    for (uint32_t j = 0; j < type->field_count; j++)
      inner[j] = &type->fields[j];
    shape->nested[i] = wr_json_shape_new(arena, inner, type->field_count);
  }
  return shape;
}

void wr_json_shape_link(struct wr_json_shape *shape, struct wr_json_shape *item)
{
  assert(!item->next);
  item->next = shape->linked;
  shape->linked = item;
}

void wr_json_shape_reset(struct wr_json_shape *shape)
{
  for (struct wr_json_shape *item = shape->linked; item; item = item->next)
    wr_json_shape_reset(item);
  shape->begin = 0;
  memset(shape->found, 0, sizeof *shape->found * shape->column_count);
  for (uint32_t i = 0; i < shape->column_count; i++)
    if (shape->nested[i])
      wr_json_shape_reset(shape->nested[i]);
}

__attribute__((cold, noinline)) static uint32_t tape_fail(struct wr_json_tape *tape,
                                                          uint32_t number, const char *problem)
{
  tape->problem = problem;
  tape->problem_at = tape->at[number];
  return 0;
}

/* The name whose opening quote is position `number`; names[0] if it is new and not worth
 * remembering. */
__attribute__((noinline)) static struct wr_json_name *shape_find_name(
    struct wr_json_shape *shape, const struct wr_json_tape *tape, uint32_t number)
{
  const char *key = tape->bytes + tape->at[number] + 1;
  uint32_t length = wr_json_token_length(tape, number, number + 1);
  assert(length >= 2 && key[length - 2] == '"');
  length -= 2;
  bool plain = memchr(key, '\\', length) == NULL;
  if (!plain) {
    wr_buffer_clear(tape->names);
    char *scratch = wr_buffer_reserve(tape->names, (size_t)length + 64);
    size_t unescaped = wr_json_unescape(tape->index, key, scratch);
    if (unescaped == SIZE_MAX)
      return shape->names;
    key = scratch;
    length = (uint32_t)unescaped;
  }
  uint32_t slot = name_hash(key, length) & shape->slot_mask;
  for (; shape->slots[slot]; slot = (slot + 1) & shape->slot_mask) {
    struct wr_json_name *name = &shape->names[shape->slots[slot]];
    if (name->length == length + NAME_FRAME && memcmp(name->bytes + 1, key, length) == 0)
      return name;
  }
  if (!plain || length > NAME_COPY_MAX || shape->name_count == shape->name_max)
    return shape->names;
  return shape_add(shape, key, length, shape->column_count);
}

/* The value at position `number` that is no scalar, or is none at all; nested: the shape of the ROW
 * it should be, or NULL. */
__attribute__((noinline)) static uint32_t object_walk_value(struct wr_json_tape *tape,
                                                            struct wr_json_shape *nested,
                                                            uint32_t number)
{
  if (nested && tape->bytes[tape->at[number]] == '{' && tape->at[number] < tape->end)
    return wr_json_object_walk(tape, nested, number);
  return wr_json_value_skip(tape, number);
}

uint32_t wr_json_object_walk(struct wr_json_tape *tape, struct wr_json_shape *shape,
                             uint32_t number)
{
  const char *bytes = tape->bytes;
  const uint32_t *begin = tape->at, *at = begin + number;
  uint32_t *found = shape->found;
  struct wr_json_name **guess = &shape->first;
  assert(bytes[*at] == '{');
  shape->begin = number;
  if (bytes[*++at] == '}')
    return number + 2;
  for (;; at++) {
    struct wr_json_name *name = *guess;
    if (!name_matches(name, bytes + at[0], (int64_t)tape->end - at[0])) {
      if (bytes[at[0]] != '"')
        return tape_fail(tape, (uint32_t)(at - begin), "a field name in quotes is expected");
      if (bytes[at[1]] != ':')
        return tape_fail(tape, (uint32_t)(at + 1 - begin), "':' is expected");
      *guess = name = shape_find_name(shape, tape, (uint32_t)(at - begin));
    }
    guess = &name->next;
    found[name->column] = (uint32_t)(at + 2 - begin);
    if (value_class[(unsigned char)bytes[at[2]]] == CLASS_SCALAR) {
      at += 3;
    } else {
      number = object_walk_value(tape, shape->nested[name->column], (uint32_t)(at + 2 - begin));
      if (number == 0)
        return 0;
      at = begin + number;
    }
    if (bytes[*at] != ',')
      break;
  }
  if (bytes[*at] != '}')
    return tape_fail(tape, (uint32_t)(at - begin), "',' or '}' is expected");
  return (uint32_t)(at + 1 - begin);
}

/* A stack of bits: is the bracket at this depth that of an object? */
struct skip_stack {
  uint64_t objects[WR_JSON_DEPTH_MAX / 64];
  uint32_t depth;
};

static inline bool skip_is_object(const struct skip_stack *stack)
{
  uint32_t top = stack->depth - 1;
  return stack->objects[top / 64] >> (top % 64) & 1;
}

static inline void skip_push(struct skip_stack *stack, bool object)
{
  uint64_t bit = UINT64_C(1) << (stack->depth % 64);
  uint64_t *word = &stack->objects[stack->depth / 64];
  *word = object ? *word | bit : *word & ~bit;
  stack->depth++;
}

/* Steps over a name and its colon, if the innermost bracket is that of an object. */
static uint32_t skip_name(struct wr_json_tape *tape, const struct skip_stack *stack,
                          uint32_t number)
{
  if (!skip_is_object(stack))
    return number;
  if (tape->bytes[tape->at[number]] != '"')
    return tape_fail(tape, number, "a field name in quotes is expected");
  if (tape->bytes[tape->at[number + 1]] != ':')
    return tape_fail(tape, number + 1, "':' is expected");
  return number + 2;
}

uint32_t wr_json_value_skip(struct wr_json_tape *tape, uint32_t number)
{
  const char *bytes = tape->bytes;
  const uint32_t *at = tape->at;
  struct skip_stack stack;
  stack.depth = 0;
  for (;;) {
    char c = bytes[at[number]];
    uint8_t class = value_class[(unsigned char)c];
    if (class == CLASS_BROKEN || at[number] >= tape->end)
      return tape_fail(tape, number, "a value is expected");
    number++;
    if (class == CLASS_OPEN) {
      if (stack.depth == WR_JSON_DEPTH_MAX)
        return tape_fail(tape, number - 1, "it is nested deeper than WR_JSON_DEPTH_MAX (1024)");
      skip_push(&stack, c == '{');
      if (bytes[at[number]] != (c == '{' ? '}' : ']')) {
        number = skip_name(tape, &stack, number);
        if (number == 0)
          return 0;
        continue;
      }
    }
    /* Behind a value: close as many brackets as close here. */
    for (;; number++) {
      if (stack.depth == 0)
        return number;
      char close = skip_is_object(&stack) ? '}' : ']';
      if (bytes[at[number]] != close)
        break;
      stack.depth--;
    }
    if (bytes[at[number]] != ',')
      return tape_fail(tape, number, "',' or a closing bracket is expected");
    number = skip_name(tape, &stack, number + 1);
    if (number == 0)
      return 0;
  }
}
