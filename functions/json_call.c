/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row of an SQL/JSON function up to what its path finds. As in Flink a text that is no JSON,
 * and a path that leads nowhere, are errors of a strict path and an empty result of a lax one.
 */
#include "functions/json_call.h"

#include "core/limits.h"
#include "functions/text_call.h"

void wr_json_work_free(struct wr_json_work *work)
{
  wr_json_tape_free(&work->tape);
  wr_json_matches_free(&work->matches);
  wr_buffer_free(&work->buffer);
  wr_arena_free(&work->path_arena);
}

enum wr_json_outcome wr_json_error(struct wr_json_work *work, const char *state, const char *format,
                                   ...)
{
  work->state = state;
  va_list args;
  va_start(args, format);
  wr_buffer_clear(&work->buffer);
  wr_buffer_print_va(&work->buffer, format, args);
  va_end(args);
  return WR_JSON_IS_ERROR;
}

/* The row's own path, or NULL after failing the row. */
static const struct wr_json_path *open_path(const struct wr_call *call, uint32_t row,
                                            struct wr_json_work *work)
{
  const struct wr_json_plan *plan = call->prepared;
  if (plan->path)
    return plan->path;
  const struct wr_text *text = wr_column_text(call->args[1], row);
  const struct wr_json_path *path;
  struct wr_error err;
  uint32_t at;
  wr_arena_reset(&work->path_arena);
  if (!wr_json_path_new(&work->path_arena, wr_text_bytes(text), text->length, &path, &at, &err))
    return path;
  wr_call_fail_state(call, row, err.state, "%s", err.message);
  return NULL;
}

enum wr_json_outcome wr_json_open(const struct wr_call *call, uint32_t row,
                                  struct wr_json_work *work, const struct wr_json_path **path)
{
  const char *name = call->expression->function->name;
  if (wr_column_is_null(call->args[0], row) || wr_column_is_null(call->args[1], row))
    return WR_JSON_IS_NULL;
  *path = open_path(call, row, work);
  if (!*path)
    return WR_JSON_IS_FAILED;
  bool strict = wr_json_path_is_strict(*path);
  const struct wr_text *text = wr_column_text(call->args[0], row);
  if (!wr_json_scan(&work->tape, wr_text_bytes(text), text->length)) {
    if (work->tape.too_large) {
      wr_call_fail_state(call, row, WR_STATE_LIMIT_EXCEEDED, "%s: the JSON has %s", name,
                         work->tape.problem);
      return WR_JSON_IS_FAILED;
    }
    return strict ? wr_json_error(work, WR_STATE_INVALID_JSON, "%s: this is no JSON: %s at byte %u",
                                  name, work->tape.problem, work->tape.problem_at + 1)
                  : WR_JSON_IS_EMPTY;
  }
  switch (wr_json_path_find(*path, &work->tape, &work->matches)) {
  case WR_JSON_FOUND: return WR_JSON_IS_FOUND;
  case WR_JSON_MISSING:
    return strict ? wr_json_error(
                        work, WR_STATE_NO_JSON_ITEM,
                        "%s: the path leads nowhere (it is strict unless it begins with lax)", name)
                  : WR_JSON_IS_EMPTY;
  default:
    wr_call_fail_state(
        call, row, WR_STATE_LIMIT_EXCEEDED,
        "%s: the path finds more values than WR_JSON_ITEMS_MAX (%d), or looks at more "
        "than WR_JSON_VISITS_MAX (%d)",
        name, WR_JSON_ITEMS_MAX, WR_JSON_VISITS_MAX);
    return WR_JSON_IS_FAILED;
  }
}

void wr_json_put_buffer(const struct wr_call *call, uint32_t row, const struct wr_buffer *buffer)
{
  if (!wr_call_text_fits(call, row, buffer->length))
    return;
  char *room = wr_call_room(call, buffer->length);
  if (buffer->length)
    memcpy(room, buffer->bytes, buffer->length);
  wr_call_put_text(call, row, buffer->length);
}
