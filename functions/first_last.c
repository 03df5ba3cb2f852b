/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FIRST_VALUE and LAST_VALUE, in the order in which rows arrive, or of a time that the call brings
 * along: then rows of one time as they arrive. NULLs are passed over unless RESPECT NULLS is said;
 * in the kinesis dialect they count unless IGNORE NULLS is. A value is kept as it lies in a column;
 * texts and packed collections through the store. Where rows are taken back all values are kept
 * (functions/value_list.h).
 */
#include <assert.h>
#include <stdlib.h>

#include "core/packed.h"
#include "functions/value_list.h"

#define VALUE_BYTES_MAX 16

struct kept_value {
  char value[VALUE_BYTES_MAX]; /* or a struct wr_text in stored form */
  bool has, is_null;
};

struct timed_value {
  struct kept_value kept;
  int64_t time;
};

struct kept_prepared {
  bool last, with_null;
};

static inline struct kept_value *kept_at(const struct wr_aggregate_rows *in, uint32_t i)
{
  return (struct kept_value *)(void *)(in->entries[i] + in->offset);
}

static bool kept_wants(const struct kept_prepared *prepared, const struct kept_value *state,
                       bool is_null)
{
  return (prepared->last || !state->has) && (prepared->with_null || !is_null);
}

static void kept_add(const struct wr_aggregate_rows *in)
{
  const struct kept_prepared *prepared = in->prepared;
  const struct wr_column *arg = in->args[0];
  uint32_t bytes = wr_physical_bytes[arg->type->physical];
  for (uint32_t i = 0; i < in->row_count; i++) {
    struct kept_value *state = kept_at(in, i);
    uint32_t row = wr_column_row(arg, in->rows[i]);
    bool is_null = wr_column_is_null(arg, row);
    if (!kept_wants(prepared, state, is_null))
      continue;
    if (!is_null)
      memcpy(state->value, (const char *)arg->values + (size_t)row * bytes, bytes);
    state->has = true;
    state->is_null = is_null;
  }
}

static void kept_merge(const struct wr_aggregate_rows *in, const char *const *sources)
{
  for (uint32_t i = 0; i < in->row_count; i++) {
    const struct kept_value *source = (const void *)(sources[i] + in->offset);
    if (source->has && kept_wants(in->prepared, kept_at(in, i), source->is_null))
      *kept_at(in, i) = *source;
  }
}

static void kept_put_text(const struct wr_aggregate_rows *in, uint32_t i, const char *bytes,
                          uint32_t length, bool is_null)
{
  in->store->put(in->store, i, in->offset, bytes, length);
  struct kept_value *state = kept_at(in, i);
  state->has = true;
  state->is_null = is_null;
}

static void kept_add_text(const struct wr_aggregate_rows *in)
{
  const struct wr_column *arg = in->args[0];
  for (uint32_t i = 0; i < in->row_count; i++) {
    bool is_null = wr_column_is_null(arg, in->rows[i]);
    if (!kept_wants(in->prepared, kept_at(in, i), is_null))
      continue;
    const struct wr_text none = {0}, *text = is_null ? &none : wr_column_text(arg, in->rows[i]);
    kept_put_text(in, i, wr_text_bytes(text), text->length, is_null);
  }
}

/* Sources are entries of another table: making room here does not move them, but `put` wants bytes
 * that lie in no entry. */
static void kept_merge_text(const struct wr_aggregate_rows *in, const char *const *sources)
{
  char *copy = NULL;
  for (uint32_t i = 0; i < in->row_count; i++) {
    const struct kept_value *source = (const void *)(sources[i] + in->offset);
    if (!source->has || !kept_wants(in->prepared, kept_at(in, i), source->is_null))
      continue;
    const struct wr_text *text = (const void *)source->value;
    copy = wr_memory_resize(copy, text->length + 1);
    memcpy(copy, wr_text_stored_bytes(text), text->length);
    kept_put_text(in, i, copy, text->length, source->is_null);
  }
  free(copy);
}

/* ---- by a time, the second argument */

static struct timed_value *timed_at(const struct wr_aggregate_rows *in, uint32_t i)
{
  return (struct timed_value *)(void *)(in->entries[i] + in->offset);
}

static bool timed_wants(const struct kept_prepared *prepared, const struct timed_value *state,
                        bool is_null, int64_t time)
{
  if (is_null && !prepared->with_null)
    return false;
  return !state->kept.has || (prepared->last ? time >= state->time : time < state->time);
}

static void timed_add(const struct wr_aggregate_rows *in)
{
  const struct wr_column *arg = in->args[0], *times = in->args[1];
  bool is_text = arg->type->physical == WR_TEXT;
  uint32_t bytes = wr_physical_bytes[arg->type->physical];
  for (uint32_t i = 0; i < in->row_count; i++) {
    uint32_t row = wr_column_row(arg, in->rows[i]);
    bool is_null = wr_column_is_null(arg, row);
    int64_t time =
        wr_column_is_null(times, in->rows[i]) ? INT64_MIN : wr_column_i64(times, in->rows[i]);
    if (!timed_wants(in->prepared, timed_at(in, i), is_null, time))
      continue;
    const struct wr_text none = {0}, *text = &none;
    if (is_text && !is_null)
      text = wr_column_text(arg, in->rows[i]);
    if (is_text)
      kept_put_text(in, i, wr_text_bytes(text), text->length, is_null);
    else if (!is_null)
      memcpy(timed_at(in, i)->kept.value, (const char *)arg->values + (size_t)row * bytes, bytes);
    struct timed_value *state = timed_at(in, i);
    state->kept.has = true;
    state->kept.is_null = is_null;
    state->time = time;
  }
}

static void timed_merge(const struct wr_aggregate_rows *in, const char *const *sources)
{
  for (uint32_t i = 0; i < in->row_count; i++) {
    const struct timed_value *source = (const void *)(sources[i] + in->offset);
    if (source->kept.has &&
        timed_wants(in->prepared, timed_at(in, i), source->kept.is_null, source->time))
      *timed_at(in, i) = *source;
  }
}

static void timed_merge_text(const struct wr_aggregate_rows *in, const char *const *sources)
{
  char *copy = NULL;
  for (uint32_t i = 0; i < in->row_count; i++) {
    const struct timed_value *source = (const void *)(sources[i] + in->offset);
    if (!source->kept.has ||
        !timed_wants(in->prepared, timed_at(in, i), source->kept.is_null, source->time))
      continue;
    const struct wr_text *text = (const void *)source->kept.value;
    copy = wr_memory_resize(copy, text->length + 1);
    memcpy(copy, wr_text_stored_bytes(text), text->length);
    kept_put_text(in, i, copy, text->length, source->kept.is_null);
    timed_at(in, i)->time = source->time;
  }
  free(copy);
}

/* ---- results */

static void kept_result(const struct wr_aggregate_results *results)
{
  struct wr_builder *out = results->out;
  uint32_t bytes = wr_physical_bytes[results->type->physical];
  for (uint32_t i = 0; i < results->count; i++) {
    const struct kept_value *state = (const void *)(results->entries[i] + results->offset);
    if (!state->has || state->is_null) {
      wr_builder_put_null(out);
      continue;
    }
    memcpy((char *)out->values + (size_t)out->row_count * bytes, state->value, bytes);
    wr_builder_put_valid(out);
  }
}

static void kept_result_text(const struct wr_aggregate_results *results)
{
  for (uint32_t i = 0; i < results->count; i++) {
    const struct kept_value *state = (const void *)(results->entries[i] + results->offset);
    const struct wr_text *text = (const void *)state->value;
    if (!state->has || state->is_null)
      wr_builder_put_null(results->out);
    else
      wr_builder_put_text(results->out, wr_text_make(wr_text_stored_bytes(text), text->length));
  }
}

/* ---- where rows are taken back */

static void values_move(const struct wr_aggregate_rows *in,
                        void (*move)(const struct wr_aggregate_rows *in, uint32_t i,
                                     struct wr_slice value))
{
  const struct kept_prepared *prepared = in->prepared;
  struct wr_list_scratch scratch = {0};
  for (uint32_t i = 0; i < in->row_count; i++) {
    struct wr_slice value = wr_list_pack(&scratch, in->args[0], in->rows[i]);
    if (value.bytes || prepared->with_null)
      move(in, i, value);
  }
  wr_list_scratch_free(&scratch);
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
  const struct kept_prepared *prepared = results->prepared;
  for (uint32_t i = 0; i < results->count; i++) {
    const struct wr_aggregate_buffer *state =
        wr_aggregate_buffer_of(results->entries[i], results->offset);
    struct wr_slice value = {NULL, WR_LIST_NULL};
    if (state->broken) {
      wr_aggregate_buffer_fail(results, i);
      continue;
    }
    for (uint32_t at = 0; wr_list_next(state, &at, &value) && prepared->last;)
      continue;
    if (value.bytes)
      wr_packed_put(results->type, value, results->out);
    else
      wr_builder_put_null(results->out);
  }
}

#define VALUES_CODE(long_values)                                                             \
  {                                                                                          \
    .state_bytes = sizeof(struct wr_aggregate_buffer), .state_align = 8, .has_text = true,   \
    .ordered = true, .narrow = !(long_values), .add = values_add, .retract = values_retract, \
    .result = values_result, .failure = WR_AGGREGATE_BUFFER_FAILURE                          \
  }
static const struct wr_aggregate_code values_code = VALUES_CODE(false);
static const struct wr_aggregate_code texts_code = VALUES_CODE(true);

static const struct wr_aggregate_code kept_code = {.state_bytes = sizeof(struct kept_value),
                                                   .state_align = 8,
                                                   .ordered = true,
                                                   .add = kept_add,
                                                   .merge = kept_merge,
                                                   .result = kept_result,
                                                   .changing = &values_code};
static const struct wr_aggregate_code kept_text_code = {.state_bytes = sizeof(struct kept_value),
                                                        .state_align = 8,
                                                        .has_text = true,
                                                        .ordered = true,
                                                        .add = kept_add_text,
                                                        .merge = kept_merge_text,
                                                        .result = kept_result_text,
                                                        .changing = &texts_code};

static const struct wr_aggregate_code timed_code = {.state_bytes = sizeof(struct timed_value),
                                                    .state_align = 8,
                                                    .ordered = true,
                                                    .add = timed_add,
                                                    .merge = timed_merge,
                                                    .result = kept_result,
                                                    .changing = &values_code};
static const struct wr_aggregate_code timed_text_code = {.state_bytes = sizeof(struct timed_value),
                                                         .state_align = 8,
                                                         .has_text = true,
                                                         .ordered = true,
                                                         .add = timed_add,
                                                         .merge = timed_merge_text,
                                                         .result = kept_result_text,
                                                         .changing = &texts_code};

static enum wr_code kept_bind(struct wr_aggregate_site *site, bool last, struct wr_error *err)
{
  (void)err;
  struct kept_prepared *prepared = WR_NEW(site->binding->arena, struct kept_prepared);
  enum wr_aggregate_nulls nulls = site->call->nulls;
  bool with_null = nulls == WR_NULLS_RESPECT || (!nulls && site->binding->kinesis);
  *prepared = (struct kept_prepared){last, with_null};
  const struct wr_type *type = site->args[0]->type;
  site->out->type = type;
  site->out->prepared = prepared;
  site->out->words = prepared->with_null ? " RESPECT NULLS" : "";
  site->out->code = type->physical == WR_TEXT ? &kept_text_code : &kept_code;
  if (site->call->time) {
    site->args[site->arg_count++] = site->call->time;
    site->out->code = type->physical == WR_TEXT ? &timed_text_code : &timed_code;
  }
  return WR_OK;
}
static enum wr_code first_bind(struct wr_aggregate_site *site, struct wr_error *err)
{
  return kept_bind(site, false, err);
}
static enum wr_code last_bind(struct wr_aggregate_site *site, struct wr_error *err)
{
  return kept_bind(site, true, err);
}

const struct wr_aggregate_function wr_aggregates_first_last[] = {
    {"FIRST_VALUE", "FIRST_VALUE(value) [IGNORE NULLS | RESPECT NULLS]",
     "The value of the row that came first; NULLs are passed over unless RESPECT NULLS is said",
     "FIRST_VALUE(x)", "(NULL), ('b'), ('a')", "b", 1, 1, first_bind,
     WR_TAKES_NULLS_CLAUSE | WR_REFUSES_DISTINCT},
    {"LAST_VALUE", "LAST_VALUE(value) [IGNORE NULLS | RESPECT NULLS]",
     "The value of the row that came last; NULLs are passed over unless RESPECT NULLS is said",
     "LAST_VALUE(x) RESPECT NULLS", "(1), (2), (NULL)", NULL, 1, 1, last_bind,
     WR_TAKES_NULLS_CLAUSE | WR_REFUSES_DISTINCT},
    {0},
};
