/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See the header. Every conversion gets the number of the position where its value begins; the
 * value ends where the next structural character (for scalars: the very next position) or the
 * blanks before it begin. So the end of a string is known without looking for it, and a number is
 * read as one machine word where it can be.
 */
#include "formats/json_put.h"

#include <assert.h>

#include "core/packed.h"
#include "formats/fault.h"
#include "text/datetime.h"
#include "text/decimal.h"
#include "text/number.h"

/* A scalar as it stands in the text. */
struct put_token {
  const char *bytes;
  uint32_t length;
};

static inline struct put_token put_token(const struct wr_json_put *put, uint32_t number)
{
  const struct wr_json_tape *tape = put->tape;
  return (struct put_token){tape->bytes + tape->at[number],
                            wr_json_token_length(tape, number, number + 1)};
}

static inline const char *put_lent(const struct wr_json_put *put, const char *bytes)
{
  return put->lent + (bytes - put->tape->bytes - put->begin);
}

static inline uint64_t put_load(const char *bytes)
{
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

/* wr_text_make where 16 bytes are readable: no branch on the length. */
static inline struct wr_text put_text_make(const char *bytes, uint32_t length)
{
  static const char masks[12 + 13] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
  if (length > WR_TEXT_INLINE)
    return wr_text_make(bytes, length);
  struct wr_text text = {.length = length};
  const char *mask = masks + WR_TEXT_INLINE - length;
  uint32_t head, head_mask;
  memcpy(&head, bytes, 4);
  memcpy(&head_mask, mask, 4);
  head &= head_mask;
  uint64_t tail = put_load(bytes + 4) & put_load(mask + 4);
  memcpy(text.head, &head, 4);
  memcpy(text.tail, &tail, 8);
  return text;
}

/* True if a backslash is among the bytes. Most windows have none at all, which is found out once.
 */
static inline bool put_has_escape(struct wr_json_put *put, struct put_token token)
{
  struct wr_json_tape *tape = put->tape;
  if (tape->escapes == WR_JSON_ESCAPES_UNKNOWN)
    tape->escapes =
        memchr(tape->bytes, '\\', tape->length) ? WR_JSON_ESCAPES_SOME : WR_JSON_ESCAPES_NONE;
  return tape->escapes == WR_JSON_ESCAPES_SOME && memchr(token.bytes, '\\', token.length);
}

/*
 * The text of a string token without its quotes; escapes are resolved into put->scratch (*escaped:
 * so it was). False for a broken escape.
 */
static inline bool put_string(struct wr_json_put *put, struct put_token *token, bool *escaped)
{
  *escaped = false;
  if (token->length < 2 || token->bytes[token->length - 1] != '"')
    return false;
  token->bytes++;
  token->length -= 2;
  if (!put_has_escape(put, *token))
    return true;
  wr_buffer_clear(&put->scratch);
  char *out = wr_buffer_reserve(&put->scratch, (size_t)token->length + 64);
  size_t length = wr_json_unescape(put->tape->index, token->bytes, out);
  if (length == SIZE_MAX)
    return false;
  *escaped = true;
  *token = (struct put_token){out, (uint32_t)length};
  return true;
}

static const char *put_digits_skip(const char *at, const char *end)
{
  while (at < end && *at >= '0' && *at <= '9')
    at++;
  return at;
}

/* RFC 8259: -?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)? */
static bool put_is_number(struct put_token token)
{
  const char *at = token.bytes, *end = at + token.length, *digits;
  if (at < end && *at == '-')
    at++;
  digits = at;
  at = put_digits_skip(at, end);
  if (at == digits || (*digits == '0' && at > digits + 1))
    return false;
  if (at < end && *at == '.') {
    digits = at + 1;
    at = put_digits_skip(digits, end);
    if (at == digits)
      return false;
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    at++;
    if (at < end && (*at == '+' || *at == '-'))
      at++;
    digits = at;
    at = put_digits_skip(digits, end);
    if (at == digits)
      return false;
  }
  return at == end;
}

bool wr_json_is_number(const char *bytes, uint32_t length)
{
  return put_is_number((struct put_token){bytes, length});
}

static bool put_is_word(struct put_token token, const char *word)
{
  return token.length == strlen(word) && memcmp(token.bytes, word, token.length) == 0;
}

uint32_t wr_json_value_end(const struct wr_json_put *put, uint32_t number)
{
  char c = put->tape->bytes[put->tape->at[number]];
  if (c != '{' && c != '[')
    return number + 1;
  uint32_t next = wr_json_value_skip(put->tape, number);
  assert(next > number + 1);
  return next;
}

/* Of any value: objects and arrays as a whole. */
static struct put_token put_whole_token(const struct wr_json_put *put, uint32_t number)
{
  struct put_token token = put_token(put, number);
  if (*token.bytes == '{' || *token.bytes == '[') {
    uint32_t last = wr_json_value_end(put, number) - 1;
    token.length = put->tape->at[last] + 1 - put->tape->at[number];
  }
  return token;
}

/* False for a number or word that JSON does not have. Skipped values are not looked at so closely.
 */
static bool put_is_scalar(struct put_token token)
{
  return *token.bytes == '"' || put_is_number(token) || put_is_word(token, "true") ||
         put_is_word(token, "false") || put_is_word(token, "null");
}

/* The same for everything inside of an object or array. */
static bool put_is_container(const struct wr_json_put *put, uint32_t number)
{
  for (uint32_t end = wr_json_value_end(put, number); number < end; number++) {
    struct put_token token = put_token(put, number);
    if (!strchr("{}[]:,", *token.bytes) && !put_is_scalar(token))
      return false;
  }
  return true;
}

/* A string as text of the column's type, which is no text type: escapes are so rare there that they
 * are tried last. */
static bool put_quoted(struct wr_json_put *put, struct wr_builder *builder, struct put_token token)
{
  if (token.length >= 2 && wr_value_put(&put->reader, builder, token.bytes + 1, token.length - 2))
    return true;
  bool escaped;
  return put_string(put, &token, &escaped) && escaped &&
         wr_value_put(&put->reader, builder, token.bytes, token.length);
}

static bool put_boolean(struct wr_json_put *put, const struct wr_json_field *field,
                        struct wr_builder *builder, uint32_t number)
{
  (void)field;
  struct put_token token = put_token(put, number);
  if (*token.bytes == '"')
    return put_quoted(put, builder, token);
  bool yes = put_is_word(token, "true");
  if (!yes && !put_is_word(token, "false"))
    return false;
  wr_builder_put_u8(builder, yes);
  return true;
}

/* A number with a point or an exponent, or one that is large: only integers without loss. */
static bool put_integer_slowly(struct wr_builder *builder, struct put_token token)
{
  wr_i128 value;
  unsigned precision, scale;
  if (!put_is_number(token) ||
      !wr_parse_decimal_as_written(token.bytes, token.length, &value, &precision, &scale))
    return false;
  wr_i128 unit = wr_power_of_ten(scale);
  if (value % unit != 0)
    return false;
  value /= unit;
  unsigned bits = wr_physical_bytes[builder->type->physical] * 8u;
  wr_i128 limit = (wr_i128)1 << (bits - 1);
  if (value < -limit || value >= limit)
    return false;
  wr_builder_put_integer(builder, (int64_t)value);
  return true;
}

/*
 * Up to 8 digits as a number (little-endian machines): the word is shifted so that the last digit
 * stands in the highest byte with zeros in front, then neighbours are joined to pairs, fours and
 * eights. *broken gets bits if they are no digits.
 */
static inline uint64_t put_digits(const char *bytes, unsigned count, uint64_t *broken)
{
  uint64_t word = (put_load(bytes) ^ UINT64_C(0x3030303030303030)) << (64 - count * 8);
  *broken |= (word | (word + UINT64_C(0x7676767676767676))) & UINT64_C(0x8080808080808080);
  word = word * 10 + (word >> 8);
  uint64_t pairs_1 = (word & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x000F424000000064);
  uint64_t pairs_2 = (word >> 16 & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x0000271000000001);
  return (pairs_1 + pairs_2) >> 32;
}

/* Plain integers of up to 16 digits; the rest goes the slow way. */
static inline bool put_integer_quickly(struct put_token token, int64_t *value)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  bool negative = *token.bytes == '-';
  const char *digits = token.bytes + negative;
  uint32_t count = token.length - negative;
  if (count - 1 >= 16 || (*digits == '0' && count > 1))
    return false;
  uint64_t broken = 0, number;
  if (count <= 8)
    number = put_digits(digits, count, &broken);
  else
    number = put_digits(digits, count - 8, &broken) * 100000000 +
             put_digits(digits + count - 8, 8, &broken);
  *value = negative ? -(int64_t)number : (int64_t)number;
  return broken == 0;
#else
  bool strange = *token.bytes == '+' || (*token.bytes == '0' && token.length > 1);
  return !strange && wr_parse_i64(token.bytes, token.length, value);
#endif
}

static bool put_bigint(struct wr_json_put *put, const struct wr_json_field *field,
                       struct wr_builder *builder, uint32_t number)
{
  (void)field;
  struct put_token token = put_token(put, number);
  int64_t value;
  if (!put_integer_quickly(token, &value))
    return *token.bytes == '"' ? put_quoted(put, builder, token)
                               : put_integer_slowly(builder, token);
  wr_builder_put_i64(builder, value);
  return true;
}

/* TINYINT, SMALLINT, INT. */
static bool put_integer(struct wr_json_put *put, const struct wr_json_field *field,
                        struct wr_builder *builder, uint32_t number)
{
  struct put_token token = put_token(put, number);
  int64_t value;
  if (!put_integer_quickly(token, &value))
    return *token.bytes == '"' ? put_quoted(put, builder, token)
                               : put_integer_slowly(builder, token);
  int64_t limit = INT64_C(1) << (wr_physical_bytes[field->type->physical] * 8 - 1);
  if (value < -limit || value >= limit)
    return false;
  wr_builder_put_integer(builder, value);
  return true;
}

/* FLOAT, DOUBLE, DECIMAL, INTERVAL: as text, once it is sure that it is a JSON number. */
static bool put_number(struct wr_json_put *put, const struct wr_json_field *field,
                       struct wr_builder *builder, uint32_t number)
{
  (void)field;
  struct put_token token = put_token(put, number);
  if (*token.bytes == '"')
    return put_quoted(put, builder, token);
  return put_is_number(token) && wr_value_put(&put->reader, builder, token.bytes, token.length);
}

static bool put_text(struct wr_json_put *put, const struct wr_json_field *field,
                     struct wr_builder *builder, uint32_t number)
{
  (void)field;
  struct put_token token = put_token(put, number);
  if (*token.bytes == '"') {
    bool escaped;
    if (!put_string(put, &token, &escaped))
      return false;
    if (escaped)
      wr_builder_put_copy(builder, token.bytes, token.length);
    else
      wr_builder_put_text(builder, put_text_make(put_lent(put, token.bytes), token.length));
    return true;
  }
  bool is_container = *token.bytes == '{' || *token.bytes == '[';
  if (is_container ? !put_is_container(put, number)
                   : !put_is_scalar(token) || put_is_word(token, "null"))
    return false;
  token = put_whole_token(put, number);
  wr_builder_put_text(builder, wr_text_make(put_lent(put, token.bytes), token.length));
  return true;
}

/* BINARY, DATE, TIME, TIMESTAMP: only strings. */
static bool put_from_string(struct wr_json_put *put, const struct wr_json_field *field,
                            struct wr_builder *builder, uint32_t number)
{
  (void)field;
  struct put_token token = put_token(put, number);
  return *token.bytes == '"' && put_quoted(put, builder, token);
}

static bool put_row(struct wr_json_put *put, const struct wr_json_field *field,
                    struct wr_builder *builder, uint32_t number)
{
  if (put->tape->bytes[put->tape->at[number]] != '{')
    return false;
  if (!wr_json_fields_put(put, field->fields, field->shape, builder->children))
    return false;
  wr_builder_put_valid(builder);
  return true;
}

/* A ROW in a collection: nobody has looked for its fields yet. */
static bool put_row_item(struct wr_json_put *put, const struct wr_json_field *field,
                         struct wr_builder *builder, uint32_t number)
{
  return put->tape->bytes[put->tape->at[number]] == '{' &&
         wr_json_object_walk(put->tape, field->shape, number) != 0 &&
         put_row(put, field, builder, number);
}

static bool (*const put_kinds[WR_KIND_COUNT])(struct wr_json_put *put,
                                              const struct wr_json_field *field,
                                              struct wr_builder *builder, uint32_t number) = {
    [WR_BOOLEAN] = put_boolean,
    [WR_TINYINT] = put_integer,
    [WR_SMALLINT] = put_integer,
    [WR_INT] = put_integer,
    [WR_BIGINT] = put_bigint,
    [WR_FLOAT] = put_number,
    [WR_DOUBLE] = put_number,
    [WR_DECIMAL] = put_number,
    [WR_CHAR] = put_text,
    [WR_VARCHAR] = put_text,
    [WR_BINARY] = put_from_string,
    [WR_VARBINARY] = put_from_string,
    [WR_DATE] = put_from_string,
    [WR_TIME] = put_from_string,
    [WR_TIMESTAMP] = put_from_string,
    [WR_TIMESTAMP_LTZ] = put_from_string,
    [WR_INTERVAL_MONTH] = put_number,
    [WR_INTERVAL_SECOND] = put_number,
    [WR_ARRAY] = wr_json_put_array,
    [WR_MAP] = wr_json_put_map,
    [WR_MULTISET] = wr_json_put_map,
    [WR_ROW] = put_row,
};

void wr_json_put_free(struct wr_json_put *put)
{
  wr_buffer_free(&put->scratch);
  wr_buffer_free(&put->positions);
  wr_buffer_free(&put->key_slots);
}

/* Pointers to the fields of a type. */
static const struct wr_field **type_fields(struct wr_arena *arena, const struct wr_type *type)
{
  const struct wr_field **fields =
      WR_NEW_ARRAY(arena, const struct wr_field *, type->field_count + 1);
  for (uint32_t i = 0; i < type->field_count; i++)
    fields[i] = &type->fields[i];
  return fields;
}

static struct wr_json_field *items_new(struct wr_arena *arena, const struct wr_type *collection,
                                       struct wr_json_shape *owner);

/* owner: the shape of the objects that the field stands in; shape: its own, if it is a ROW. inner:
 * what its path looks like from its fields. */
static void field_init(struct wr_json_field *field, struct wr_arena *arena,
                       const struct wr_type *type, struct wr_json_shape *owner,
                       struct wr_json_shape *shape, const char *inner)
{
  assert(put_kinds[type->kind]);
  field->type = type;
  field->put = put_kinds[type->kind];
  field->cells = 1;
  if (wr_kind_is_packed(type->kind))
    field->fields = items_new(arena, type, owner);
  if (type->kind != WR_ROW)
    return;
  field->shape = shape;
  field->fields =
      wr_json_fields_new(arena, type_fields(arena, type), type->field_count, shape, inner);
  field->cells = 0;
  for (uint32_t i = 0; i < type->field_count; i++)
    field->cells += field->fields[i].cells;
}

/* The items of a collection: one, or keys and values. */
static struct wr_json_field *items_new(struct wr_arena *arena, const struct wr_type *collection,
                                       struct wr_json_shape *owner)
{
  struct wr_json_field *out = WR_NEW_ARRAY(arena, struct wr_json_field, collection->field_count);
  for (uint32_t i = 0; i < collection->field_count; i++) {
    const struct wr_type *type = collection->fields[i].type;
    struct wr_json_shape *shape = NULL;
    if (type->kind == WR_ROW) {
      shape = wr_json_shape_new(arena, type_fields(arena, type), type->field_count);
      wr_json_shape_link(owner, shape);
    }
    field_init(&out[i], arena, type, owner, shape, ".");
    out[i].path = i == 0 && collection->kind != WR_ARRAY ? " (key)" : "";
    if (shape)
      out[i].put = put_row_item;
  }
  return out;
}

struct wr_json_field *wr_json_fields_new(struct wr_arena *arena,
                                         const struct wr_field *const *fields, uint32_t count,
                                         struct wr_json_shape *shape, const char *prefix)
{
  struct wr_json_field *out = WR_NEW_ARRAY(arena, struct wr_json_field, count + 1);
  for (uint32_t i = 0; i < count; i++) {
    out[i].path = wr_arena_print(arena, "%s%s", prefix, fields[i]->name);
    field_init(&out[i], arena, fields[i]->type, shape, shape->nested[i],
               wr_arena_print(arena, "%s.", out[i].path));
  }
  return out;
}

static bool put_is_null(const struct wr_json_put *put, uint32_t number)
{
  return put->tape->bytes[put->tape->at[number]] == 'n' &&
         put_is_word(put_token(put, number), "null");
}

/* What becomes of a value that was not put: NULL (true), or a failure. */
__attribute__((noinline)) static bool field_put_null(struct wr_json_put *put,
                                                     const struct wr_json_field *field,
                                                     struct wr_builder *builder, uint32_t number)
{
  bool is_null = number == 0 ? !put->fail_on_missing : put->forgive || put_is_null(put, number);
  if (is_null && !field->type->not_null) {
    wr_builder_put_null(builder);
    put->failed = NULL;
    put->reason = NULL;
    put->step_count = 0;
    return true;
  }
  if (!put->failed) { /* else a field of this one */
    put->failed = field;
    put->failed_number = number;
  }
  return false;
}

bool wr_json_field_put(struct wr_json_put *put, const struct wr_json_field *field,
                       struct wr_builder *builder, uint32_t number)
{
  return (number && field->put(put, field, builder, number)) ||
         field_put_null(put, field, builder, number);
}

bool wr_json_fields_put(struct wr_json_put *put, const struct wr_json_field *fields,
                        const struct wr_json_shape *shape, struct wr_builder *builders)
{
  for (uint32_t i = 0; i < shape->column_count; i++) {
    const struct wr_json_field *field = &fields[i];
    uint32_t number = wr_json_shape_find(shape, i);
    if ((number && field->put(put, field, &builders[i], number)) ||
        field_put_null(put, field, &builders[i], number))
      continue;
    while (i-- > 0)
      wr_builder_pop(&builders[i]);
    return false;
  }
  return true;
}

/* The way to put->failed as SQL would go it: bids[2].tags['x']. */
static const char *put_path(struct wr_json_put *put, struct wr_arena *arena)
{
  const char *path = "";
  while (put->step_count > 0) {
    const struct wr_json_step *step = &put->steps[--put->step_count];
    path = wr_arena_print(arena, "%s%s", path, step->collection->path);
    if (step->index) {
      path = wr_arena_print(arena, "%s[%u]", path, step->index);
    } else if (step->key_number) {
      struct put_token key = put_token(put, step->key_number);
      path = wr_arena_print(arena, "%s['%s']", path,
                            wr_excerpt_make(key.bytes + 1, key.length - 2).text);
    }
  }
  return wr_arena_print(arena, "%s%s", path, put->failed->path);
}

const char *wr_json_put_complain(struct wr_json_put *put, struct wr_arena *arena)
{
  const struct wr_json_field *field = put->failed;
  const char *path = put_path(put, arena), *reason = put->reason;
  put->reason = NULL;
  if (reason)
    return wr_arena_print(arena, "column %s %s", path, reason);
  if (put->failed_number == 0)
    return wr_arena_print(arena, "column %s is missing", path);
  if (put_is_null(put, put->failed_number))
    return wr_arena_print(arena, "column %s is null but declared NOT NULL", path);
  struct put_token token = put_whole_token(put, put->failed_number);
  struct wr_excerpt excerpt = wr_excerpt_make(token.bytes, token.length);
  bool quoted = token.length >= 2 && *token.bytes == '"';
  uint32_t length = quoted ? token.length - 2 : put_is_number(token) ? token.length : 0;
  char complaint[160];
  wr_value_complain(field->type, token.bytes + quoted, length, complaint, sizeof complaint);
  return wr_arena_print(arena, "column %s: %s %s", path, excerpt.text, complaint);
}
