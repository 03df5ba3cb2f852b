/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON_OBJECTAGG and JSON_ARRAYAGG. Values are written as JSON when they come, into a growing
 * buffer:
 *
 *   JSON_ARRAYAGG    value , value , ...
 *   JSON_OBJECTAGG   u32 length of the name | u32 length of the value | name | value ...
 *
 * Of several values under one name the last counts; names are sorted, as JSON_OBJECT does. Where
 * rows are taken back the values of JSON_ARRAYAGG stand apart (functions/value_list.h).
 */
#include <assert.h>
#include <stdlib.h>

#include "functions/value_list.h"
#include "text/json_write.h"

#define HEAD 8 /* the two lengths */

struct json_prepared {
  bool absent;  /* NULLs are left out */
  bool is_json; /* the value is JSON already */
};

static const struct wr_json_style json_style = {.datetime = WR_DATETIME_ISO};

static uint32_t get_u32(const char *bytes)
{
  uint32_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

static void put_u32(char *bytes, uint32_t value)
{
  memcpy(bytes, &value, sizeof value);
}

static void json_write(struct wr_buffer *out, const struct wr_column *column, uint32_t row,
                       bool is_json)
{
  const struct wr_text *text =
      is_json && !wr_column_is_null(column, row) ? wr_column_text(column, row) : NULL;
  if (text)
    wr_buffer_put(out, wr_text_bytes(text), text->length);
  else
    wr_json_write_value(out, column, row, &json_style);
}

/* ---- JSON_ARRAYAGG */

static void array_add(const struct wr_aggregate_rows *in)
{
  const struct json_prepared *prepared = in->prepared;
  struct wr_buffer out = {0};
  for (uint32_t i = 0; i < in->row_count; i++) {
    uint32_t row = in->rows[i];
    if (prepared->absent && wr_column_is_null(in->args[0], row))
      continue;
    wr_buffer_clear(&out);
    json_write(&out, in->args[0], row, prepared->is_json);
    char *at = wr_aggregate_buffer_append(in, i, out.length + 1);
    if (!at)
      continue;
    memcpy(at, out.bytes, out.length);
    at[out.length] = ',';
  }
  wr_buffer_free(&out);
}

static void array_result(const struct wr_aggregate_results *results)
{
  struct wr_buffer out = {0};
  for (uint32_t i = 0; i < results->count; i++) {
    const struct wr_aggregate_buffer *state =
        wr_aggregate_buffer_of(results->entries[i], results->offset);
    if (state->broken) {
      wr_aggregate_buffer_fail(results, i);
      continue;
    }
    wr_buffer_clear(&out);
    wr_buffer_put_char(&out, '[');
    if (state->used)
      wr_buffer_put(&out, wr_aggregate_buffer_bytes(state), state->used - 1);
    wr_buffer_put_char(&out, ']');
    wr_builder_put_copy(results->out, out.bytes, (uint32_t)out.length);
  }
  wr_buffer_free(&out);
}

/* ---- JSON_ARRAYAGG where rows are taken back */

static void values_move(const struct wr_aggregate_rows *in,
                        void (*move)(const struct wr_aggregate_rows *in, uint32_t i,
                                     struct wr_slice value))
{
  const struct json_prepared *prepared = in->prepared;
  struct wr_buffer out = {0};
  for (uint32_t i = 0; i < in->row_count; i++) {
    uint32_t row = in->rows[i];
    if (prepared->absent && wr_column_is_null(in->args[0], row))
      continue;
    wr_buffer_clear(&out);
    json_write(&out, in->args[0], row, prepared->is_json);
    move(in, i, (struct wr_slice){out.bytes, (uint32_t)out.length});
  }
  wr_buffer_free(&out);
}

static void values_add(const struct wr_aggregate_rows *in)
{
  values_move(in, wr_list_add);
}
static void values_retract(const struct wr_aggregate_rows *in)
{
  values_move(in, wr_list_remove);
}

static void values_result(const struct wr_aggregate_results *results)
{
  struct wr_buffer out = {0};
  for (uint32_t i = 0; i < results->count; i++) {
    const struct wr_aggregate_buffer *state =
        wr_aggregate_buffer_of(results->entries[i], results->offset);
    struct wr_slice value;
    if (state->broken) {
      wr_aggregate_buffer_fail(results, i);
      continue;
    }
    wr_buffer_clear(&out);
    wr_buffer_put_char(&out, '[');
    for (uint32_t at = 0; wr_list_next(state, &at, &value);) {
      if (out.length > 1)
        wr_buffer_put_char(&out, ',');
      wr_buffer_put(&out, value.bytes, value.length);
    }
    wr_buffer_put_char(&out, ']');
    wr_builder_put_copy(results->out, out.bytes, (uint32_t)out.length);
  }
  wr_buffer_free(&out);
}

/* ---- JSON_OBJECTAGG */

/* A member with its head, in place of what was there. */
static void member_write(const struct wr_aggregate_rows *in, uint32_t row, struct wr_buffer *out)
{
  const struct json_prepared *prepared = in->prepared;
  const struct wr_text *name = wr_column_text(in->args[0], row);
  char head[HEAD] = {0};
  wr_buffer_clear(out);
  wr_buffer_put(out, head, HEAD);
  wr_json_write_string(out, wr_text_bytes(name), name->length);
  uint32_t name_length = (uint32_t)out->length - HEAD;
  json_write(out, in->args[1], row, prepared->is_json);
  put_u32(out->bytes, name_length);
  put_u32(out->bytes + 4, (uint32_t)out->length - HEAD - name_length);
}

static void object_add(const struct wr_aggregate_rows *in)
{
  const struct json_prepared *prepared = in->prepared;
  struct wr_buffer out = {0};
  for (uint32_t i = 0; i < in->row_count; i++) {
    uint32_t row = in->rows[i];
    if (wr_column_is_null(in->args[0], row)) {
      wr_aggregate_buffer_break(in, i);
      continue;
    }
    if (prepared->absent && wr_column_is_null(in->args[1], row))
      continue;
    member_write(in, row, &out);
    char *at = wr_aggregate_buffer_append(in, i, out.length);
    if (at)
      memcpy(at, out.bytes, out.length);
  }
  wr_buffer_free(&out);
}

struct member {
  const char *name, *value;
  uint32_t name_length, value_length, place;
};

/* The closing quote must not be compared with what other names have in its place. */
static int member_compare(const void *left, const void *right)
{
  const struct member *a = left, *b = right;
  uint32_t a_length = a->name_length - 1, b_length = b->name_length - 1;
  int order = memcmp(a->name, b->name, a_length < b_length ? a_length : b_length);
  if (order == 0)
    order = (a_length > b_length) - (a_length < b_length);
  return order ? order : (a->place > b->place) - (a->place < b->place);
}

static uint32_t member_bytes(const char *at)
{
  return HEAD + get_u32(at) + get_u32(at + 4);
}

/* Takes out the first member that is the same. A key that is NULL has broken the object for good.
 */
static void object_retract(const struct wr_aggregate_rows *in)
{
  const struct json_prepared *prepared = in->prepared;
  struct wr_buffer out = {0};
  for (uint32_t i = 0; i < in->row_count; i++) {
    uint32_t row = in->rows[i];
    struct wr_aggregate_buffer *state = wr_aggregate_buffer_at(in, i);
    if (wr_column_is_null(in->args[0], row) ||
        (prepared->absent && wr_column_is_null(in->args[1], row)))
      continue;
    member_write(in, row, &out);
    const char *first = wr_aggregate_buffer_bytes(state);
    uint32_t at = 0;
    while (at < state->used && (member_bytes(first + at) != out.length ||
                                memcmp(first + at, out.bytes, out.length) != 0))
      at += member_bytes(first + at);
    if (at < state->used)
      wr_list_cut(state, at, (uint32_t)out.length);
  }
  wr_buffer_free(&out);
}

/* The members of an object in order, each name once; caller frees. */
static struct member *members_read(const struct wr_aggregate_buffer *state, uint32_t *count)
{
  const char *first = wr_aggregate_buffer_bytes(state), *end = first + state->used;
  uint32_t all = 0, kept = 0;
  for (const char *at = first; at < end; at += member_bytes(at))
    all++;
  struct member *members = wr_memory_get((all + 1) * sizeof *members);
  all = 0;
  for (const char *at = first; at < end; at += member_bytes(at), all++)
    members[all] =
        (struct member){at + HEAD, at + HEAD + get_u32(at), get_u32(at), get_u32(at + 4), all};
  qsort(members, all, sizeof *members, member_compare);
  for (uint32_t i = 0; i < all; i++) {
    struct member *last = kept ? &members[kept - 1] : NULL;
    if (last && last->name_length == members[i].name_length &&
        memcmp(last->name, members[i].name, last->name_length) == 0) {
      last->value = members[i].value;
      last->value_length = members[i].value_length;
    } else {
      members[kept++] = members[i];
    }
  }
  *count = kept;
  return members;
}

static void object_result(const struct wr_aggregate_results *results)
{
  struct wr_buffer out = {0};
  for (uint32_t i = 0; i < results->count; i++) {
    const struct wr_aggregate_buffer *state =
        wr_aggregate_buffer_of(results->entries[i], results->offset);
    if (state->broken) {
      wr_aggregate_buffer_fail(results, i);
      continue;
    }
    uint32_t count;
    struct member *members = members_read(state, &count);
    wr_buffer_clear(&out);
    wr_buffer_put_char(&out, '{');
    for (uint32_t m = 0; m < count; m++) {
      if (m)
        wr_buffer_put_char(&out, ',');
      wr_buffer_put(&out, members[m].name, members[m].name_length);
      wr_buffer_put_char(&out, ':');
      wr_buffer_put(&out, members[m].value, members[m].value_length);
    }
    wr_buffer_put_char(&out, '}');
    wr_builder_put_copy(results->out, out.bytes, (uint32_t)out.length);
    free(members);
  }
  wr_buffer_free(&out);
}

/* ---- binding */

#define JSON_CODE(name, back, other, why)                                                  \
  {                                                                                        \
    .state_bytes = sizeof(struct wr_aggregate_buffer), .state_align = 8, .has_text = true, \
    .ordered = true, .add = name##_add, .merge = wr_aggregate_buffer_merge,                \
    .result = name##_result, .retract = back, .changing = other, .failure = why            \
  }
static const struct wr_aggregate_code values_code = {.state_bytes =
                                                         sizeof(struct wr_aggregate_buffer),
                                                     .state_align = 8,
                                                     .has_text = true,
                                                     .ordered = true,
                                                     .add = values_add,
                                                     .retract = values_retract,
                                                     .result = values_result,
                                                     .failure = WR_AGGREGATE_BUFFER_FAILURE};
static const struct wr_aggregate_code array_code =
    JSON_CODE(array, NULL, &values_code, WR_AGGREGATE_BUFFER_FAILURE);
static const struct wr_aggregate_code object_code = JSON_CODE(
    object, object_retract, NULL, "has a key that is NULL, or " WR_AGGREGATE_BUFFER_FAILURE);

static enum wr_code json_bind(struct wr_aggregate_site *site, const struct wr_aggregate_code *code,
                              bool absent)
{
  const struct wr_aggregate_call *call = site->call;
  struct json_prepared *prepared = WR_NEW(site->binding->arena, struct json_prepared);
  if (call->json_nulls != WR_JSON_NULLS_DEFAULT)
    absent = call->json_nulls == WR_JSON_NULLS_ABSENT;
  *prepared = (struct json_prepared){absent, call->last_is_json};
  site->out->type = &wr_type_string;
  site->out->code = code;
  site->out->prepared = prepared;
  site->out->words =
      wr_arena_print(site->binding->arena, "%s%s", call->last_is_json ? " FORMAT JSON" : "",
                     absent ? " ABSENT ON NULL" : " NULL ON NULL");
  return WR_OK;
}

static enum wr_code array_bind(struct wr_aggregate_site *site, struct wr_error *err)
{
  (void)err;
  return json_bind(site, &array_code, true);
}

static enum wr_code object_bind(struct wr_aggregate_site *site, struct wr_error *err)
{
  if (!wr_kind_is_text(site->args[0]->type->kind))
    return wr_aggregate_no_match(site, 0, err);
  return json_bind(site, &object_code, false);
}

const struct wr_aggregate_function wr_aggregates_json_aggregate[] = {
    {"JSON_ARRAYAGG", "JSON_ARRAYAGG(value [NULL ON NULL | ABSENT ON NULL])",
     "A JSON array of the values in the order in which they arrive; NULLs are left out unless NULL "
     "ON NULL is said",
     "JSON_ARRAYAGG(x NULL ON NULL)", "('a'), (NULL), ('b')", "[\"a\",null,\"b\"]", 1, 1,
     array_bind, WR_TAKES_JSON_CLAUSE | WR_TAKES_ROW | WR_REFUSES_DISTINCT},
    {"JSON_OBJECTAGG", "JSON_OBJECTAGG(KEY text VALUE value [NULL ON NULL | ABSENT ON NULL])",
     "A JSON object of keys and values; of several values of one key the last counts; NULL values "
     "are left out if ABSENT ON NULL is said, NULL keys fail",
     "JSON_OBJECTAGG(KEY x VALUE y)", "('a', 1), ('b', NULL), ('a', 3)", "{\"a\":3,\"b\":null}", 2,
     2, object_bind, WR_TAKES_JSON_CLAUSE | WR_TAKES_ROW | WR_REFUSES_DISTINCT},
    {0},
};
