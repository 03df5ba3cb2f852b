/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Casts of ROW, ARRAY, MAP and MULTISET: part by part, with the casts that there are for the parts.
 * A ROW is cast field by field, by position, as expressions over its columns. The items of
 * collections of many rows are unpacked into one column, cast as a column by an evaluator of their
 * own, and packed again; a row one of whose items fails fails as a whole. Text of them: [1, 2],
 * {a=1, b=NULL}, (1, x).
 */
#include <assert.h>
#include <stdlib.h>

#include "core/limits.h"
#include "functions/bind_fold.h"
#include "functions/cast.h"
#include "functions/collection.h"
#include "functions/evaluator.h"
#include "functions/item.h"
#include "text/buffer.h"

#define NESTED_ITEMS_CHUNK 65536 /* items that are cast together, if one row has no more */
#define MESSAGE_SHOWN      500

/* ---- rules ---- */

enum wr_cast_rule wr_cast_rule_of(const struct wr_type *from, const struct wr_type *to)
{
  enum wr_cast_rule rule = wr_cast_rule(from->kind, to->kind);
  if (from->kind != to->kind || from->kind < WR_ARRAY)
    return rule;
  if (from->field_count != to->field_count)
    return WR_CAST_NEVER;
  for (uint32_t i = 0; i < from->field_count; i++) {
    enum wr_cast_rule part = wr_cast_rule_of(from->fields[i].type, to->fields[i].type);
    rule = part < rule ? part : rule;
  }
  return rule;
}

/* ---- items of many rows as one column ---- */

struct flat {
  const struct wr_expression *cast; /* over column 0, an item; NULL: items stay as they are */
  struct wr_builder items;
  struct wr_evaluator *evaluator;
  struct wr_column column; /* cast */
  struct wr_evaluation evaluation;
  uint32_t next_failure;
};

static void flat_open(struct flat *flat, const struct wr_type *type,
                      const struct wr_expression *cast)
{
  *flat = (struct flat){.cast = cast};
  wr_builder_open(&flat->items, type);
  if (cast)
    flat->evaluator = wr_evaluator_new(&cast, 1);
}

static void flat_close(struct flat *flat)
{
  wr_builder_close(&flat->items);
  wr_evaluator_free(flat->evaluator);
}

static void flat_add(struct flat *flat, const struct wr_list *list)
{
  wr_builder_reserve(&flat->items, list->count);
  for (uint32_t i = 0; i < list->count; i++)
    wr_list_put(list, i, &flat->items);
}

static void flat_run(struct flat *flat, int64_t now_us)
{
  flat->column = wr_builder_view(&flat->items);
  flat->evaluation.failure_count = 0;
  flat->next_failure = 0;
  if (!flat->cast || flat->items.row_count == 0)
    return;
  const struct wr_field field = {"item", flat->items.type};
  const struct wr_schema schema = {1, &field};
  const struct wr_column items = flat->column;
  const struct wr_batch batch = {.schema = &schema,
                                 .columns = &items,
                                 .row_count = flat->items.row_count,
                                 .picked_count = flat->items.row_count,
                                 .now_us = now_us};
  wr_evaluator_run(flat->evaluator, &batch, &flat->evaluation);
  flat->column = flat->evaluation.columns[0];
}

/* Why one of the items first .. first+count-1 failed, or NULL. Asked for in ascending order. */
static const struct wr_failure *flat_failure(struct flat *flat, uint32_t first, uint32_t count)
{
  const struct wr_evaluation *evaluation = &flat->evaluation;
  const struct wr_failure *first_failure = NULL;
  for (; flat->next_failure < evaluation->failure_count; flat->next_failure++) {
    const struct wr_failure *failure = &evaluation->failures[flat->next_failure];
    if (failure->row >= first + count)
      break;
    first_failure = first_failure ? first_failure : failure;
  }
  return first_failure;
}

/* ---- collections ---- */

struct nested_plan {
  const struct wr_expression *casts[2]; /* of elements; or of keys and values */
};

struct nested_work {
  const struct wr_call *call;
  struct flat flats[2];
  uint32_t flat_count; /* 2: MAP, MULTISET */
  struct wr_item_set keys;
  struct wr_arena arena; /* packed ROWs that are keys */
  struct wr_builder merged[2];
  struct wr_buffer text;
};

enum merge_outcome { MERGE_NOTHING, MERGE_DONE, MERGE_TOO_MANY };

/* Keys that became equal when they were cast: of a MAP the last value stays, counts of a MULTISET
 * are added, which may be too many for an INT. */
static enum merge_outcome nested_merge(struct nested_work *work, uint32_t first, uint32_t count)
{
  const struct wr_column *keys = &work->flats[0].column, *values = &work->flats[1].column;
  const struct wr_type *to = work->call->expression->type;
  wr_arena_reset(&work->arena);
  wr_item_set_clear(&work->keys);
  uint32_t *last = wr_arena_get(&work->arena, sizeof *last * ((size_t)count + 1));
  int32_t *counts = wr_arena_get(&work->arena, sizeof *counts * ((size_t)count + 1));
  uint32_t known = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (wr_column_is_null(keys, first + i))
      continue; /* NULL was one key before and is one still */
    known++;
    bool is_new;
    uint32_t at = wr_item_set_add(&work->keys, keys->type,
                                  wr_item_of(keys, first + i, &work->arena), &is_new);
    int32_t more = to->kind == WR_MULTISET ? (int32_t)wr_column_i64(values, first + i) : 0;
    last[at] = first + i;
    if (is_new)
      counts[at] = 0;
    if (__builtin_add_overflow(counts[at], more, &counts[at]))
      return MERGE_TOO_MANY;
  }
  if (work->keys.count == known)
    return MERGE_NOTHING;
  for (uint32_t k = 0; k < 2; k++) {
    wr_builder_reset(&work->merged[k]);
    wr_builder_reserve(&work->merged[k], count);
  }
  for (uint32_t at = 0; at < work->keys.count; at++) {
    wr_builder_put_row(&work->merged[0], keys, last[at], false);
    if (to->kind == WR_MULTISET)
      wr_builder_put_i32(&work->merged[1], counts[at]);
    else
      wr_builder_put_row(&work->merged[1], values, last[at], false);
  }
  for (uint32_t i = 0; i < count; i++) {
    if (wr_column_is_null(keys, first + i)) {
      wr_builder_put_row(&work->merged[0], keys, first + i, false);
      wr_builder_put_row(&work->merged[1], values, first + i, false);
    }
  }
  return MERGE_DONE;
}

static void nested_put_text(struct wr_buffer *out, const struct wr_column *texts, uint32_t row)
{
  if (wr_column_is_null(texts, row)) {
    wr_buffer_put_string(out, "NULL");
    return;
  }
  const struct wr_text *text = wr_column_text(texts, row);
  wr_buffer_put(out, wr_text_bytes(text), text->length);
}

/* [a, b] or {k=v, k=v} of items that are texts already. */
static void nested_emit_text(struct nested_work *work, uint32_t row, uint32_t first, uint32_t count)
{
  bool is_map = work->flat_count == 2;
  struct wr_buffer *out = &work->text;
  wr_buffer_clear(out);
  wr_buffer_put_char(out, is_map ? '{' : '[');
  for (uint32_t i = first; i < first + count && out->length <= WR_TEXT_BYTES_MAX; i++) {
    if (i > first)
      wr_buffer_put_string(out, ", ");
    nested_put_text(out, &work->flats[0].column, i);
    if (is_map) {
      wr_buffer_put_char(out, '=');
      nested_put_text(out, &work->flats[1].column, i);
    }
  }
  wr_buffer_put_char(out, is_map ? '}' : ']');
  wr_cast_put_text(work->call, row, out->bytes, out->length);
}

static void nested_emit(struct nested_work *work, uint32_t row, uint32_t first, uint32_t count)
{
  const struct wr_call *call = work->call;
  const struct wr_failure *failure = NULL;
  enum merge_outcome merge = MERGE_NOTHING;
  for (uint32_t k = 0; k < work->flat_count; k++) {
    const struct wr_failure *own = flat_failure(&work->flats[k], first, count);
    failure = failure ? failure : own;
  }
  if (failure)
    wr_call_fail_state(call, row, failure->state, "%.*s", MESSAGE_SHOWN, failure->message);
  else if (wr_kind_is_text(call->expression->type->kind))
    nested_emit_text(work, row, first, count);
  else if (work->flat_count == 1)
    wr_call_put_list(call, row, &work->flats[0].column, first, count);
  else {
    struct wr_column keys = work->flats[0].column, values = work->flats[1].column;
    if (work->flats[0].cast)
      merge = nested_merge(work, first, count);
    if (merge == MERGE_DONE) {
      keys = wr_builder_view(&work->merged[0]);
      values = wr_builder_view(&work->merged[1]);
      first = 0;
      count = work->merged[0].row_count;
    }
    if (merge == MERGE_TOO_MANY)
      wr_call_fail_state(call, row, WR_STATE_NUMBER_OUT_OF_RANGE,
                         "an element of the MULTISET is there more often than %d times", INT32_MAX);
    else
      wr_call_put_map(call, row, &keys, &values, first, count);
  }
}

/* Adds the items of a row; returns how many. */
static uint32_t nested_add(struct nested_work *work, uint32_t row)
{
  struct wr_list lists[2];
  if (work->flat_count == 1)
    wr_call_list(work->call, 0, row, &lists[0]);
  else
    wr_call_map(work->call, 0, row, &lists[0], &lists[1]);
  for (uint32_t k = 0; k < work->flat_count; k++)
    flat_add(&work->flats[k], &lists[k]);
  return lists[0].count;
}

static void nested_open(struct nested_work *work, const struct wr_call *call)
{
  const struct nested_plan *plan = call->prepared;
  const struct wr_type *from = call->args[0]->type, *to = call->expression->type;
  *work = (struct nested_work){.call = call, .flat_count = from->field_count};
  for (uint32_t k = 0; k < work->flat_count; k++) {
    flat_open(&work->flats[k], from->fields[k].type, plan->casts[k]);
    if (work->flat_count == 2 && to->kind == from->kind)
      wr_builder_open(&work->merged[k], to->fields[k].type);
  }
}

static void nested_close(struct nested_work *work)
{
  for (uint32_t k = 0; k < work->flat_count; k++) {
    flat_close(&work->flats[k]);
    if (work->merged[k].type)
      wr_builder_close(&work->merged[k]);
  }
  wr_item_set_free(&work->keys);
  wr_arena_free(&work->arena);
  wr_buffer_free(&work->text);
}

static void rows_nested(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  struct nested_work work;
  nested_open(&work, call);
  uint32_t *counts = wr_memory_get(sizeof *counts * row_count);
  for (uint32_t begin = 0, end = 0; begin < row_count; begin = end) {
    for (uint32_t k = 0; k < work.flat_count; k++)
      wr_builder_reset(&work.flats[k].items);
    do {
      counts[end] = nested_add(&work, rows[end]);
      end++;
    } while (end < row_count && work.flats[0].items.row_count < NESTED_ITEMS_CHUNK);
    for (uint32_t k = 0; k < work.flat_count; k++)
      flat_run(&work.flats[k], call->now_us);
    for (uint32_t i = begin, first = 0; i < end; first += counts[i], i++)
      nested_emit(&work, rows[i], first, counts[i]);
  }
  free(counts);
  nested_close(&work);
}
static const struct wr_kernel kernel_nested = {.rows = rows_nested, .traits = WR_CAN_FAIL};

/* ---- ROW ---- */

static const struct wr_kernel kernel_row = {.traits =
                                                WR_GIVES_FIELDS | WR_FIRST_IS_ROW | WR_SEES_NULL};

bool wr_cast_has_fields(const struct wr_expression *expression)
{
  return expression->kind == WR_EXPRESSION_CALL && expression->kernel == &kernel_row &&
         !(expression->function->traits & WR_QUIET);
}

/* (a, b): the first argument is the ROW, the others are its fields as texts. */
static void rows_row_to_text(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  const struct wr_column *value = call->args[0];
  bool quiet = call->expression->function->traits & WR_QUIET;
  struct wr_buffer text = {0};
  WR_EACH_ROW(row)
  {
    uint32_t from = wr_column_row(value, row);
    bool is_null = wr_column_is_null(value, row);
    wr_buffer_clear(&text);
    for (uint32_t f = 1; f < call->arg_count && !is_null && text.length <= WR_TEXT_BYTES_MAX; f++) {
      wr_buffer_put_string(&text, f == 1 ? "(" : ", ");
      is_null = quiet && wr_column_is_null(call->args[f], row) &&
                !wr_column_is_null(&value->children[f - 1], from);
      nested_put_text(&text, call->args[f], row);
    }
    wr_buffer_put_char(&text, ')');
    if (is_null)
      wr_call_set_null(call, row);
    else
      wr_cast_put_text(call, row, text.bytes, text.length);
  }
  wr_buffer_free(&text);
}
static const struct wr_kernel kernel_row_to_text = {
    .rows = rows_row_to_text, .traits = WR_SEES_NULL | WR_MAKES_NULL | WR_CAN_FAIL};

/* ---- binding ---- */

/* Behind the ROW its fields, each cast to what `to` says, or to STRING. */
static enum wr_code bind_row(struct wr_bind_site *site, const struct wr_type *to,
                             struct wr_error *err)
{
  const struct wr_binding *binding = site->binding;
  const struct wr_expression *value = site->args[0];
  uint32_t count = value->type->field_count;
  bool try_cast = site->function->traits & WR_QUIET;
  site->args = WR_NEW_ARRAY(binding->arena, const struct wr_expression *, count + 1);
  site->args[0] = value;
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_expression *field = wr_bind_field_at(binding, value, i, site->span);
    const struct wr_type *type = to->kind == WR_ROW ? to->fields[i].type : &wr_type_string;
    enum wr_code code =
        wr_cast_make(binding, field, type, try_cast, site->span, &site->args[1 + i], err);
    if (code)
      return code;
  }
  site->arg_count = count + 1;
  site->kernel = to->kind == WR_ROW ? &kernel_row : &kernel_row_to_text;
  return WR_OK;
}

const struct wr_expression *wr_cast_row_of(const struct wr_binding *binding,
                                           const struct wr_expression *row,
                                           const struct wr_type *type,
                                           const struct wr_expression *const *fields,
                                           struct wr_span span)
{
  struct wr_bind_site site = {.binding = binding,
                              .function = wr_function_find("CAST"),
                              .arg_count = type->field_count + 1,
                              .span = span,
                              .type = type,
                              .kernel = &kernel_row};
  assert(type->kind == WR_ROW && row->type->kind == WR_ROW);
  site.args = WR_NEW_ARRAY(binding->arena, const struct wr_expression *, site.arg_count);
  site.args[0] = row;
  for (uint32_t i = 0; i < type->field_count; i++)
    site.args[1 + i] = fields[i];
  return wr_bind_site_call(&site);
}

enum wr_code wr_cast_nested(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_binding *binding = site->binding;
  const struct wr_type *from = site->args[0]->type, *to = site->type;
  bool to_text = wr_kind_is_text(to->kind);
  if (from->kind < WR_ARRAY || (from->kind != to->kind && !to_text) ||
      (!to_text && from->field_count != to->field_count))
    return WR_OK;
  if (from->kind == WR_ROW)
    return bind_row(site, to, err);
  struct nested_plan *plan = WR_NEW(binding->arena, struct nested_plan);
  for (uint32_t k = 0; k < from->field_count; k++) {
    const struct wr_type *item = from->fields[k].type,
                         *wanted = to_text ? &wr_type_string : to->fields[k].type;
    const struct wr_expression *column = wr_bind_column(binding, 0, item, site->span);
    enum wr_code code =
        wr_cast_make(binding, column, wanted, false, site->span, &plan->casts[k], err);
    if (code)
      return code;
    if (plan->casts[k] == column)
      plan->casts[k] = NULL;
  }
  site->prepared = plan;
  site->kernel = &kernel_nested;
  return WR_OK;
}
