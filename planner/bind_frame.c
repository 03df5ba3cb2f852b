/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames of OVER: ROWS and RANGE from some distance, or from the beginning, to the current row.
 * Others would have to wait for rows that have not come.
 */
#include "core/limits.h"
#include "planner/bind_over.h"

static enum wr_code frame_windowing(struct wr_span span, const char *message, struct wr_error *err)
{
  return wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, span, "%s", message);
}

/* The distance of one end of a frame: rows as a constant number, ranges as a constant interval or
 * number. */
static enum wr_code frame_distance(const struct wr_expression_context *context, bool is_rows,
                                   const struct wr_tree_bound *bound,
                                   const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_scope none = {0};
  struct wr_expression_context inner = *context;
  inner.scope = &none;
  inner.aggregates = NULL;
  inner.overs = NULL;
  inner.place = "a frame";
  enum wr_code code = wr_bind_expression(&inner, bound->distance, out, err);
  if (code)
    return code;
  struct wr_span span = bound->distance->span;
  enum wr_kind kind = (*out)->type->kind;
  if (!wr_expression_is_known(*out))
    return frame_windowing(span, "the distance of a frame must be constant", err);
  if (is_rows && !wr_kind_is_integer(kind))
    return frame_windowing(span, "ROWS are counted by a whole number", err);
  if (!is_rows && !wr_kind_is_number(kind) && !wr_kind_is_interval(kind))
    return frame_windowing(span, "RANGE is measured by an interval or a number", err);
  bool is_whole = wr_kind_is_integer(kind) || wr_kind_is_interval(kind);
  if (is_whole && wr_column_i64((*out)->literal, 0) < 0)
    return frame_windowing(span, "the distance of a frame cannot be negative", err);
  return WR_OK;
}

static enum wr_code frame_check_shape(const struct wr_tree_window *window, uint32_t order_count,
                                      struct wr_error *err)
{
  if (window->from.kind == WR_TREE_UNBOUNDED_FOLLOWING)
    return frame_windowing(window->from.span, "a frame cannot begin at UNBOUNDED FOLLOWING", err);
  if (window->to.kind == WR_TREE_UNBOUNDED_PRECEDING)
    return frame_windowing(window->to.span, "a frame cannot end at UNBOUNDED PRECEDING", err);
  if (window->from.kind == WR_TREE_FOLLOWING && window->to.kind == WR_TREE_CURRENT_ROW) {
    frame_windowing(window->from.span, "a frame cannot begin behind the current row", err);
    return wr_hint(err, "frames end at the current row: %s PRECEDING",
                   window->frame == WR_TREE_FRAME_RANGE ? "RANGE INTERVAL '1' MINUTE" : "ROWS 10");
  }
  if (window->from.kind > window->to.kind)
    return frame_windowing(window->from.span, "a frame cannot end before it begins", err);
  bool has_distance = window->from.distance || window->to.distance;
  if (window->frame == WR_TREE_FRAME_RANGE && has_distance && order_count != 1)
    return frame_windowing(window->from.span,
                           "a RANGE with a distance needs exactly one ORDER BY expression", err);
  return WR_OK;
}

/* What is right SQL, but not for a stream. */
static enum wr_code frame_check_end(const struct wr_tree_window *window, struct wr_error *err)
{
  if (window->to.kind == WR_TREE_CURRENT_ROW)
    return WR_OK;
  if (window->to.kind == WR_TREE_PRECEDING) {
    wr_fail_at(err, WR_UNSUPPORTED, window->to.span,
               "a frame that ends before the current row is not supported");
    return wr_hint(err, "it can end with CURRENT ROW; LAG looks at single rows before");
  }
  wr_fail_at(err, WR_UNSUPPORTED, window->to.span,
             "a frame that ends behind the current row would wait for rows that have not come");
  return wr_hint(err, "let it end with CURRENT ROW");
}

static enum wr_code frame_take(const struct wr_tree_window *window,
                               const struct wr_expression *distance, struct wr_over_frame *frame,
                               struct wr_error *err)
{
  struct wr_span span = window->from.distance->span;
  enum wr_kind kind = distance->type->kind;
  if (!frame->rows && kind == WR_INTERVAL_MONTH) {
    wr_fail_at(err, WR_UNSUPPORTED, span, "a RANGE cannot be measured in months or years");
    return wr_hint(err, "months differ in length: use days, as in INTERVAL '30' DAY PRECEDING");
  }
  if (!frame->rows && kind != WR_INTERVAL_SECOND) {
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, span,
                  "a RANGE over the time of the stream is measured by an INTERVAL");
    return wr_hint(err, "for example RANGE BETWEEN INTERVAL '1' MINUTE PRECEDING AND CURRENT ROW");
  }
  frame->preceding = wr_column_i64(distance->literal, 0);
  if (frame->rows && frame->preceding > WR_OVER_DISTANCE_MAX)
    return wr_fail_at(err, WR_LIMIT, span,
                      "the frame has %lld rows; the limit WR_OVER_DISTANCE_MAX is %d",
                      (long long)frame->preceding, WR_OVER_DISTANCE_MAX);
  return WR_OK;
}

enum wr_code wr_bind_frame(const struct wr_expression_context *context,
                           const struct wr_tree_window *window, uint32_t order_count,
                           struct wr_over_frame *frame, struct wr_error *err)
{
  *frame = (struct wr_over_frame){.unbounded = true}; /* RANGE UNBOUNDED PRECEDING */
  if (window->frame == WR_TREE_FRAME_NONE)
    return WR_OK;
  const struct wr_expression *from = NULL, *to = NULL;
  frame->rows = window->frame == WR_TREE_FRAME_ROWS;
  frame->unbounded = window->from.kind == WR_TREE_UNBOUNDED_PRECEDING;
  enum wr_code code = frame_check_shape(window, order_count, err);
  if (code == WR_OK && window->from.distance)
    code = frame_distance(context, frame->rows, &window->from, &from, err);
  if (code == WR_OK && window->to.distance)
    code = frame_distance(context, frame->rows, &window->to, &to, err);
  if (code == WR_OK)
    code = frame_check_end(window, err);
  return code || !from ? code : frame_take(window, from, frame, err);
}
