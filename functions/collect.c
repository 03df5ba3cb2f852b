/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ARRAY_AGG, COLLECT and LISTAGG: aggregates whose state is all values in the order in which they
 * come, in a growing buffer.
 *
 *   ARRAY_AGG   u32 length (NO_VALUE: NULL) | the value as the bytes of an item (core/packed.h) ...
 *   COLLECT     u32 length | u32 how often | bytes ...
 *   LISTAGG     bytes | separator | bytes ...
 *
 * COLLECT makes equal values one when its buffer is full, before it asks for more room, and again
 * for the result. LISTAGG keeps its texts apart where rows are taken back (functions/value_list.h).
 */
#include "core/packed.h"

#include <assert.h>
#include <stdlib.h>

#include "functions/value_list.h"
#include "text/buffer.h"

#define NO_VALUE UINT32_MAX

static uint32_t get_u32(const char *bytes)
{
  uint32_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

static char *put_u32(char *bytes, uint32_t value)
{
  memcpy(bytes, &value, sizeof value);
  return bytes + sizeof value;
}

/* ---- ARRAY_AGG */

struct collect_prepared {
  bool with_null;
};

static void array_add(const struct wr_aggregate_rows *in)
{
  const struct collect_prepared *prepared = in->prepared;
  const struct wr_column *arg = in->args[0];
  for (uint32_t i = 0; i < in->row_count; i++) {
    uint32_t row = wr_column_row(arg, in->rows[i]);
    bool is_null = wr_column_is_null(arg, row);
    if (is_null && !prepared->with_null)
      continue;
    size_t bytes = is_null ? 0 : wr_pack_item_bytes(arg, row);
    char *at = wr_aggregate_buffer_append(in, i, sizeof(uint32_t) + bytes);
    if (!at)
      continue;
    at = put_u32(at, is_null ? NO_VALUE : (uint32_t)bytes);
    if (!is_null)
      wr_pack_item(at, arg, row);
  }
}

static void array_retract(const struct wr_aggregate_rows *in)
{
  const struct collect_prepared *prepared = in->prepared;
  struct wr_list_scratch scratch = {0};
  for (uint32_t i = 0; i < in->row_count; i++) {
    struct wr_slice value = wr_list_pack(&scratch, in->args[0], in->rows[i]);
    if (value.bytes || prepared->with_null)
      wr_list_remove(in, i, value);
  }
  wr_list_scratch_free(&scratch);
}

static void array_result(const struct wr_aggregate_results *results)
{
  struct wr_builder *items = &results->out->children[0];
  const struct wr_type *type = results->type->fields[0].type;
  for (uint32_t i = 0; i < results->count; i++) {
    const struct wr_aggregate_buffer *state =
        wr_aggregate_buffer_of(results->entries[i], results->offset);
    const char *at = wr_aggregate_buffer_bytes(state), *end = at + state->used;
    if (state->broken) {
      wr_aggregate_buffer_fail(results, i);
      continue;
    }
    if (at == end) {
      wr_builder_put_null(results->out);
      continue;
    }
    while (at < end) {
      uint32_t length = get_u32(at);
      at += sizeof length;
      wr_builder_reserve(items, 1);
      if (length == NO_VALUE) {
        wr_builder_put_null(items);
        continue;
      }
      wr_packed_put(type, (struct wr_slice){at, length}, items);
      at += length;
    }
    wr_builder_put_collected(results->out);
  }
}

static const struct wr_aggregate_code array_code = {.state_bytes =
                                                        sizeof(struct wr_aggregate_buffer),
                                                    .state_align = 8,
                                                    .has_text = true,
                                                    .ordered = true,
                                                    .add = array_add,
                                                    .retract = array_retract,
                                                    .merge = wr_aggregate_buffer_merge,
                                                    .result = array_result,
                                                    .failure = WR_AGGREGATE_BUFFER_FAILURE};

static enum wr_code array_bind(struct wr_aggregate_site *site, struct wr_error *err)
{
  (void)err;
  struct collect_prepared *prepared = WR_NEW(site->binding->arena, struct collect_prepared);
  prepared->with_null = site->call->nulls != WR_NULLS_IGNORE;
  site->out->type = wr_type_array(site->binding->arena, site->args[0]->type);
  site->out->code = &array_code;
  site->out->prepared = prepared;
  site->out->words = prepared->with_null ? "" : " IGNORE NULLS";
  return WR_OK;
}

/* ---- COLLECT */

struct collected {
  const char *bytes;
  uint32_t length, count, place; /* place: which came first */
};

static int collected_compare(const void *left, const void *right)
{
  const struct collected *a = left, *b = right;
  if (a->length != b->length)
    return a->length < b->length ? -1 : 1;
  int order = memcmp(a->bytes, b->bytes, a->length);
  return order ? order : (a->place > b->place) - (a->place < b->place);
}

static int collected_compare_place(const void *left, const void *right)
{
  const struct collected *a = left, *b = right;
  return (a->place > b->place) - (a->place < b->place);
}

/* The different values of a buffer in order of their first appearance; caller frees. */
static struct collected *collected_read(const struct wr_aggregate_buffer *state, uint32_t *count)
{
  const char *first = wr_aggregate_buffer_bytes(state), *end = first + state->used;
  uint32_t all = 0, kept = 0;
  for (const char *at = first; at < end; at += 8 + get_u32(at))
    all++;
  struct collected *items = wr_memory_get((all + 1) * sizeof *items);
  all = 0;
  for (const char *at = first; at < end; at += 8 + get_u32(at), all++)
    items[all] = (struct collected){at + 8, get_u32(at), get_u32(at + 4), all};
  qsort(items, all, sizeof *items, collected_compare);
  for (uint32_t i = 0; i < all; i++) {
    struct collected *last = kept ? &items[kept - 1] : NULL;
    if (last && last->length == items[i].length &&
        memcmp(last->bytes, items[i].bytes, last->length) == 0)
      last->count += items[i].count;
    else
      items[kept++] = items[i];
  }
  qsort(items, kept, sizeof *items, collected_compare_place);
  *count = kept;
  return items;
}

/* Makes equal values one. */
static void collected_compact(struct wr_aggregate_buffer *state)
{
  uint32_t count, used = 0;
  struct collected *items = collected_read(state, &count);
  char *bytes = wr_memory_get(state->used + 1);
  for (uint32_t i = 0; i < count; i++) {
    put_u32(bytes + used, items[i].length);
    put_u32(bytes + used + 4, items[i].count);
    memcpy(bytes + used + 8, items[i].bytes, items[i].length);
    used += 8 + items[i].length;
  }
  memcpy(wr_aggregate_buffer_bytes(state), bytes, used);
  state->used = used;
  free(bytes);
  free(items);
}

/* Room for one more item. A full buffer is compacted; if that gains little it grows all the same,
 * or breaks where it cannot: the next time must not come soon. */
static char *collected_append(const struct wr_aggregate_rows *in, uint32_t i, size_t bytes)
{
  struct wr_aggregate_buffer *state = wr_aggregate_buffer_at(in, i);
  if (wr_aggregate_buffer_fits(state, bytes) || state->used == 0)
    return wr_aggregate_buffer_append(in, i, bytes);
  collected_compact(state);
  uint32_t used = state->used, length = state->bytes.length;
  if (length == WR_AGGREGATE_BYTES_MAX && used > length - length / 16) {
    wr_aggregate_buffer_break(in, i);
    return NULL;
  }
  if (used <= length / 2 || bytes > WR_AGGREGATE_BYTES_MAX - length)
    return wr_aggregate_buffer_append(in, i, bytes);
  char *at = wr_aggregate_buffer_append(in, i, length - used + bytes);
  assert(at); /* it fits below the limit */
  wr_aggregate_buffer_at(in, i)->used = used + (uint32_t)bytes;
  return at;
}

static void collect_add(const struct wr_aggregate_rows *in)
{
  WR_EACH_ENTRY(in, i, row)
  {
    size_t bytes = wr_pack_item_bytes(in->args[0], row);
    char *at = collected_append(in, i, 8 + bytes);
    if (!at)
      continue;
    at = put_u32(put_u32(at, (uint32_t)bytes), 1);
    wr_pack_item(at, in->args[0], row);
  }
}

/* Of the first that is equal there is one less. */
static void collected_remove(struct wr_aggregate_buffer *state, struct wr_slice value)
{
  char *first = wr_aggregate_buffer_bytes(state);
  for (uint32_t at = 0; at < state->used; at += 8 + get_u32(first + at)) {
    uint32_t length = get_u32(first + at), count = get_u32(first + at + 4);
    if (length != value.length || memcmp(first + at + 8, value.bytes, length) != 0)
      continue;
    if (count > 1)
      put_u32(first + at + 4, count - 1);
    else
      wr_list_cut(state, at, 8 + length);
    return;
  }
}

static void collect_retract(const struct wr_aggregate_rows *in)
{
  struct wr_list_scratch scratch = {0};
  WR_EACH_ENTRY(in, i, row)
  collected_remove(wr_aggregate_buffer_at(in, i), wr_list_pack(&scratch, in->args[0], row));
  wr_list_scratch_free(&scratch);
}

static void collect_result(const struct wr_aggregate_results *results)
{
  struct wr_builder *children = results->out->children;
  const struct wr_type *type = results->type->fields[0].type;
  for (uint32_t i = 0; i < results->count; i++) {
    const struct wr_aggregate_buffer *state =
        wr_aggregate_buffer_of(results->entries[i], results->offset);
    if (state->broken) {
      wr_aggregate_buffer_fail(results, i);
      continue;
    }
    uint32_t count;
    struct collected *items = collected_read(state, &count);
    wr_builder_reserve(&children[0], count);
    wr_builder_reserve(&children[1], count);
    for (uint32_t c = 0; c < count; c++) {
      wr_packed_put(type, (struct wr_slice){items[c].bytes, items[c].length}, &children[0]);
      wr_builder_put_integer(&children[1], items[c].count);
    }
    wr_builder_put_collected(results->out);
    free(items);
  }
}

static const struct wr_aggregate_code collect_code = {.state_bytes =
                                                          sizeof(struct wr_aggregate_buffer),
                                                      .state_align = 8,
                                                      .has_text = true,
                                                      .ordered = true,
                                                      .add = collect_add,
                                                      .retract = collect_retract,
                                                      .merge = wr_aggregate_buffer_merge,
                                                      .result = collect_result,
                                                      .failure = WR_AGGREGATE_BUFFER_FAILURE};

static enum wr_code collect_bind(struct wr_aggregate_site *site, struct wr_error *err)
{
  (void)err;
  site->out->type = wr_type_multiset(site->binding->arena, site->args[0]->type);
  site->out->code = &collect_code;
  return WR_OK;
}

/* ---- LISTAGG */

struct list_state {
  struct wr_aggregate_buffer buffer;
  uint64_t has; /* a value, perhaps an empty one */
};

static struct list_state *list_at(const struct wr_aggregate_rows *in, uint32_t i)
{
  return (struct list_state *)(void *)(in->entries[i] + in->offset);
}

static void list_append(const struct wr_aggregate_rows *in, uint32_t i, const char *bytes,
                        uint32_t length)
{
  const struct wr_slice *separator = in->prepared;
  bool is_first = !list_at(in, i)->has;
  list_at(in, i)->has = true;
  size_t before = is_first ? 0 : separator->length;
  if (before + length == 0)
    return;
  char *at = wr_aggregate_buffer_append(in, i, before + length);
  if (!at)
    return;
  memcpy(at, separator->bytes, before);
  memcpy(at + before, bytes, length);
}

static void list_add(const struct wr_aggregate_rows *in)
{
  WR_EACH_ENTRY(in, i, row)
  {
    const struct wr_text *text = wr_column_text(in->args[0], row);
    list_append(in, i, wr_text_bytes(text), text->length);
  }
}

static void list_merge(const struct wr_aggregate_rows *in, const char *const *sources)
{
  for (uint32_t i = 0; i < in->row_count; i++) {
    const struct list_state *source = (const void *)(sources[i] + in->offset);
    if (source->buffer.broken)
      wr_aggregate_buffer_break(in, i);
    else if (source->has)
      list_append(in, i, wr_aggregate_buffer_bytes(&source->buffer), source->buffer.used);
  }
}

static void list_result(const struct wr_aggregate_results *results)
{
  for (uint32_t i = 0; i < results->count; i++) {
    const struct list_state *state = (const void *)(results->entries[i] + results->offset);
    if (state->buffer.broken)
      wr_aggregate_buffer_fail(results, i);
    else if (!state->has)
      wr_builder_put_null(results->out);
    else
      wr_builder_put_text(results->out, wr_text_make(wr_aggregate_buffer_bytes(&state->buffer),
                                                     state->buffer.used));
  }
}

/* ---- LISTAGG where rows are taken back */

static void texts_add(const struct wr_aggregate_rows *in)
{
  WR_EACH_ENTRY(in, i, row)
  {
    const struct wr_text *text = wr_column_text(in->args[0], row);
    wr_list_add(in, i, (struct wr_slice){wr_text_bytes(text), text->length});
  }
}

static void texts_retract(const struct wr_aggregate_rows *in)
{
  WR_EACH_ENTRY(in, i, row)
  {
    const struct wr_text *text = wr_column_text(in->args[0], row);
    wr_list_remove(in, i, (struct wr_slice){wr_text_bytes(text), text->length});
  }
}

static void texts_result(const struct wr_aggregate_results *results)
{
  const struct wr_slice *separator = results->prepared;
  struct wr_buffer out = {0};
  for (uint32_t i = 0; i < results->count; i++) {
    const struct wr_aggregate_buffer *state =
        wr_aggregate_buffer_of(results->entries[i], results->offset);
    struct wr_slice text;
    if (state->broken) {
      wr_aggregate_buffer_fail(results, i);
      continue;
    }
    if (state->used == 0) {
      wr_builder_put_null(results->out);
      continue;
    }
    wr_buffer_clear(&out);
    for (uint32_t at = 0, first = true; wr_list_next(state, &at, &text); first = false) {
      if (!first)
        wr_buffer_put(&out, separator->bytes, separator->length);
      wr_buffer_put(&out, text.bytes, text.length);
    }
    wr_builder_put_copy(results->out, out.length ? out.bytes : "", (uint32_t)out.length);
  }
  wr_buffer_free(&out);
}

static const struct wr_aggregate_code texts_code = {.state_bytes =
                                                        sizeof(struct wr_aggregate_buffer),
                                                    .state_align = 8,
                                                    .has_text = true,
                                                    .ordered = true,
                                                    .add = texts_add,
                                                    .retract = texts_retract,
                                                    .result = texts_result,
                                                    .failure = WR_AGGREGATE_BUFFER_FAILURE};

static const struct wr_aggregate_code list_code = {.state_bytes = sizeof(struct list_state),
                                                   .state_align = 8,
                                                   .has_text = true,
                                                   .ordered = true,
                                                   .add = list_add,
                                                   .merge = list_merge,
                                                   .result = list_result,
                                                   .changing = &texts_code,
                                                   .failure = WR_AGGREGATE_BUFFER_FAILURE};

static enum wr_code list_bind(struct wr_aggregate_site *site, struct wr_error *err)
{
  struct wr_slice *separator = WR_NEW(site->binding->arena, struct wr_slice);
  *separator = (struct wr_slice){",", 1};
  for (uint32_t i = 0; i < site->arg_count; i++)
    if (!wr_kind_is_text(site->args[i]->type->kind))
      return wr_aggregate_no_match(site, i, err);
  if (site->arg_count == 2) {
    enum wr_code code = wr_aggregate_constant(site, 1, "separator", err);
    if (code)
      return code;
    const struct wr_text *text = wr_column_text(site->args[1]->literal, 0);
    *separator = (struct wr_slice){wr_text_bytes(text), text->length};
    const struct wr_schema none = {0};
    site->out->words =
        wr_arena_print(site->binding->arena, ", %s",
                       wr_expression_print(site->binding->arena, site->args[1], &none));
  }
  site->arg_count = 1;
  site->out->type = &wr_type_string;
  site->out->code = &list_code;
  site->out->prepared = separator;
  return WR_OK;
}

const struct wr_aggregate_function wr_aggregates_collect[] = {
    {"ARRAY_AGG", "ARRAY_AGG([DISTINCT] value) [RESPECT NULLS | IGNORE NULLS]",
     "An ARRAY of the values in the order in which they arrive, NULLs among them unless IGNORE "
     "NULLS is said; NULL of none",
     "ARRAY_AGG(x) IGNORE NULLS", "(3), (1), (NULL), (3)", "[3, 1, 3]", 1, 1, array_bind,
     WR_TAKES_NULLS_CLAUSE | WR_TAKES_ROW},
    {"COLLECT", "COLLECT([DISTINCT] value)",
     "A MULTISET of the values that are not NULL: each with how often it is there", "COLLECT(x)",
     "('a'), ('b'), ('a')", "{a=2, b=1}", 1, 1, collect_bind, WR_TAKES_ROW},
    {"LISTAGG", "LISTAGG([DISTINCT] text [, separator])",
     "The texts that are not NULL one behind the other in the order in which they arrive, with the "
     "separator (a constant, else a comma) between them; NULL of none",
     "LISTAGG(x, ' + ')", "('a'), (NULL), ('b')", "a + b", 1, 2, list_bind, 0},
    {0},
};
