/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How each call of an OVER is worked out, and what a partition keeps for all of them:
 *
 *   key      times and numbers (struct wr_over_key)
 *   frame    bounded: the panes of the aggregates without texts and DISTINCT; unbounded: one pane
 *   queue    rows of the frame, for the other aggregates and NTH_VALUE
 *   lag      the last rows, for LAG
 *   own      the last rows, or the first, that have a value: a queue per call
 *   states   unbounded: of aggregates with texts
 *
 * Unbounded DISTINCT has a set beside it: a table of partition and values.
 */
#include <assert.h>
#include <stdlib.h>

#include "operators/over_state.h"
#include "windows/window.h"

/* Pieces of state in their order; those that are not needed are left out. */
struct plan_pieces {
  struct wr_state_piece *pieces;
  uint32_t **offsets; /* where each one's place is written */
  uint32_t count;
};

static void pieces_add(struct plan_pieces *pieces, struct wr_state_piece piece, uint32_t *offset)
{
  pieces->offsets[pieces->count] = offset;
  pieces->pieces[pieces->count++] = piece;
}

/* DISTINCT makes a difference. */
static bool call_is_distinct(const struct wr_over_call *call)
{
  return call->aggregate.distinct && !call->aggregate.code->once;
}

static enum wr_over_way plan_way(const struct wr_over *self, const struct wr_over_call *call)
{
  switch (call->function) {
  case WR_OVER_ROW_NUMBER:
  case WR_OVER_RANK:
  case WR_OVER_DENSE_RANK: return WR_OVER_BY_NUMBER;
  case WR_OVER_LAG: return call->ignore_nulls && call->offset > 0 ? WR_OVER_BY_OWN : WR_OVER_BY_LAG;
  case WR_OVER_NTH_VALUE:
    return call->ignore_nulls || call->from_last ? WR_OVER_BY_OWN : WR_OVER_BY_NTH;
  default: break;
  }
  assert(call->function == WR_OVER_AGGREGATE);
  bool fits = wr_frame_fits(&call->aggregate, 1);
  if (self->spec->frame.unbounded)
    return call->aggregate.code->has_text ? WR_OVER_BY_TEXT : WR_OVER_BY_FRAME;
  return fits && !call_is_distinct(call) ? WR_OVER_BY_FRAME : WR_OVER_BY_ANEW;
}

/* ---- what rows are looked back at */

static void plan_queues(struct wr_over *self)
{
  const struct wr_over_spec *spec = self->spec;
  wr_over_shape_open(&self->queue_shape, spec->input_schema);
  wr_over_shape_open(&self->lag_shape, spec->input_schema);
  for (uint32_t c = 0; c < spec->call_count; c++) {
    const struct wr_over_call *call = &spec->calls[c];
    struct wr_over_plan *plan = &self->plans[c];
    if (plan->way == WR_OVER_BY_LAG) {
      assert(call->offset >= 0 && call->offset < UINT32_MAX);
      plan->at = wr_over_shape_add(&self->lag_shape, spec->input_schema, call->value_column);
      if (call->offset > self->lag_rows)
        self->lag_rows = (uint32_t)call->offset;
      self->lag_expires = call->in_frame && !spec->frame.unbounded;
    } else if (plan->way == WR_OVER_BY_OWN) {
      assert(call->offset > 0 && call->offset < UINT32_MAX);
      struct wr_over_own *own = &self->owns[self->own_count];
      own->call = c;
      wr_over_shape_open(&own->shape, spec->input_schema);
      wr_over_shape_add(&own->shape, spec->input_schema, call->value_column);
      plan->at = self->own_count++;
    } else if (plan->way == WR_OVER_BY_NTH) {
      assert(call->offset > 0 && call->offset < UINT32_MAX);
      plan->at = wr_over_shape_add(&self->queue_shape, spec->input_schema, call->value_column);
      if (call->offset > self->nth_rows)
        self->nth_rows = (uint32_t)call->offset;
    } else if (plan->way == WR_OVER_BY_ANEW) {
      plan->at = self->anew.count;
      self->anew.calls[self->anew.count++] = c;
    }
  }
}

/* ---- sets of unbounded DISTINCT */

static int64_t plan_ttl_us(const struct wr_over *self)
{
  return self->forgets ? 0 : self->spec->ttl_us;
}

static struct wr_layout *set_layout(const struct wr_over *self, const struct wr_over_call *call)
{
  const struct wr_over_spec *spec = self->spec;
  uint32_t count = spec->key_count + call->aggregate.arg_count;
  const struct wr_type **keys = wr_memory_get((count + 1) * sizeof *keys);
  for (uint32_t k = 0; k < count; k++) {
    uint32_t column = k < spec->key_count ? spec->keys[k] : call->columns.args[k - spec->key_count];
    keys[k] = spec->input_schema->fields[column].type;
  }
  const struct wr_state_piece written = wr_ttl_piece();
  bool expires = plan_ttl_us(self) > 0;
  struct wr_layout *layout = wr_layout_new(keys, count, &written, expires);
  if (expires)
    wr_layout_name(layout, 0, WR_TTL_NAME, 0);
  free(keys);
  return layout;
}

static bool calls_share_set(const struct wr_over_call *a, const struct wr_over_call *b)
{
  return a->columns.filter == b->columns.filter &&
         a->aggregate.arg_count == b->aggregate.arg_count &&
         memcmp(a->columns.args, b->columns.args,
                a->aggregate.arg_count * sizeof *a->columns.args) == 0;
}

static void plan_sets(struct wr_over *self)
{
  const struct wr_over_spec *spec = self->spec;
  self->set_calls = wr_memory_get_zero((spec->call_count + 1) * sizeof *self->set_calls);
  for (uint32_t c = 0; c < spec->call_count; c++) {
    const struct wr_over_call *call = &spec->calls[c];
    struct wr_over_plan *plan = &self->plans[c];
    bool runs = plan->way == WR_OVER_BY_TEXT || plan->way == WR_OVER_BY_FRAME;
    if (!spec->frame.unbounded || !runs || !call_is_distinct(call))
      continue;
    uint32_t set = 0;
    while (set < self->set_count && !calls_share_set(&spec->calls[self->set_calls[set]], call))
      set++;
    if (set == self->set_count)
      self->set_calls[self->set_count++] = c;
    plan->set = set;
  }
}

/* ---- the frame */

static void plan_frame(struct wr_over *self)
{
  const struct wr_over_spec *spec = self->spec;
  self->framed = wr_memory_get_zero((spec->call_count + 1) * sizeof *self->framed);
  self->framed_calls = wr_memory_get_zero((spec->call_count + 1) * sizeof *self->framed_calls);
  for (uint32_t c = 0; c < spec->call_count; c++) {
    if (self->plans[c].way != WR_OVER_BY_FRAME)
      continue;
    self->plans[c].at = self->framed_count;
    self->framed_calls[self->framed_count] = c;
    self->framed[self->framed_count++] = spec->calls[c].aggregate;
  }
  if (self->framed_count == 0)
    return;
  self->frame = wr_frame_new(self->framed, self->framed_count, 0);
  self->empty_pane = wr_memory_get(wr_frame_pane_bytes(self->frame));
  wr_frame_pane_init(self->frame, self->empty_pane);
  self->fetch_bytes =
      spec->frame.unbounded ? wr_frame_pane_bytes(self->frame) : wr_frame_piece(self->frame).bytes;
}

/* ---- the entry of a partition */

static struct wr_layout *plan_layout(struct wr_over *self)
{
  const struct wr_over_spec *spec = self->spec;
  uint32_t room = 2 * spec->call_count + 5;
  struct plan_pieces pieces = {.pieces = wr_memory_get_zero(room * sizeof *pieces.pieces),
                               .offsets = wr_memory_get_zero(room * sizeof *pieces.offsets)};
  const struct wr_state_piece queue = {sizeof(struct wr_over_queue), _Alignof(struct wr_over_queue),
                                       true};
  self->frame_at = self->queue_at = self->lag_at = WR_OVER_NONE;
  pieces_add(&pieces,
             (struct wr_state_piece){sizeof(struct wr_over_key), _Alignof(struct wr_over_key), 0},
             &self->key_at);
  if (self->frame && !spec->frame.unbounded)
    pieces_add(&pieces, wr_frame_piece(self->frame), &self->frame_at);
  else if (self->frame)
    pieces_add(&pieces, (struct wr_state_piece){wr_frame_pane_bytes(self->frame), 16, false},
               &self->frame_at);
  if (self->queue_shape.type.field_count || self->anew.count)
    pieces_add(&pieces, queue, &self->queue_at);
  if (self->lag_rows)
    pieces_add(&pieces, queue, &self->lag_at);
  for (uint32_t o = 0; o < self->own_count; o++)
    pieces_add(&pieces, queue, &self->owns[o].queue_at);
  for (uint32_t c = 0; c < spec->call_count; c++) {
    const struct wr_aggregate_code *code = spec->calls[c].aggregate.code;
    if (self->plans[c].way == WR_OVER_BY_TEXT)
      pieces_add(&pieces,
                 (struct wr_state_piece){code->state_bytes, code->state_align, code->has_text},
                 &self->plans[c].at);
  }
  const struct wr_type **keys = wr_memory_get_zero((spec->key_count + 1) * sizeof *keys);
  for (uint32_t k = 0; k < spec->key_count; k++)
    keys[k] = spec->input_schema->fields[spec->keys[k]].type;
  bool expires = plan_ttl_us(self) > 0;
  pieces.pieces[pieces.count] = wr_ttl_piece();
  struct wr_layout *layout =
      wr_layout_new(keys, spec->key_count, pieces.pieces, pieces.count + expires);
  if (expires)
    wr_layout_name(layout, pieces.count, WR_TTL_NAME, 0);
  for (uint32_t p = 0; p < pieces.count; p++)
    *pieces.offsets[p] = wr_layout_state(layout, p);
  free(keys);
  free(pieces.pieces);
  free(pieces.offsets);
  return layout;
}

/* Whether results depend on rows that came before the frame. */
static bool plan_looks_back(const struct wr_over *self)
{
  for (uint32_t c = 0; c < self->spec->call_count; c++)
    if (self->plans[c].way == WR_OVER_BY_NUMBER ||
        (self->spec->calls[c].function == WR_OVER_LAG && !self->spec->calls[c].in_frame))
      return true;
  return self->spec->frame.rows || self->spec->frame.unbounded;
}

static bool plan_has_peers(const struct wr_over *self)
{
  const struct wr_over_spec *spec = self->spec;
  for (uint32_t c = 0; c < spec->call_count && !spec->frame.rows && !spec->frame.by_row; c++)
    if (self->plans[c].way != WR_OVER_BY_NUMBER && spec->calls[c].function != WR_OVER_LAG)
      return true;
  return false;
}

void wr_over_plan_open(struct wr_over *self)
{
  const struct wr_over_spec *spec = self->spec;
  self->preceding = spec->frame.preceding;
  if (!spec->frame.rows && self->preceding > WR_WINDOW_BOUND_MAX)
    self->preceding = WR_WINDOW_BOUND_MAX; /* no two times are further apart */
  assert(self->preceding >= 0);
  self->plans = wr_memory_get_zero((spec->call_count + 1) * sizeof *self->plans);
  self->owns = wr_memory_get_zero((spec->call_count + 1) * sizeof *self->owns);
  self->anew.calls = wr_memory_get_zero((spec->call_count + 1) * sizeof *self->anew.calls);
  for (uint32_t c = 0; c < spec->call_count; c++)
    self->plans[c] =
        (struct wr_over_plan){.way = plan_way(self, &spec->calls[c]), .set = WR_OVER_NONE};
  self->forgets = !plan_looks_back(self);
  self->has_peers = plan_has_peers(self);
  plan_queues(self);
  plan_sets(self);
  plan_frame(self);
  wr_over_anew_open(self); /* adds to the columns of the queue */
  self->spaces = wr_memory_get((1 + self->set_count) * sizeof *self->spaces);
  self->tables = wr_memory_get((1 + self->set_count) * sizeof *self->tables);
  self->spaces[0] = wr_table_space_new(plan_layout(self));
  for (uint32_t s = 0; s < self->set_count; s++)
    self->spaces[1 + s] = wr_table_space_new(set_layout(self, &spec->calls[self->set_calls[s]]));
  wr_ttl_open(&self->ttl, plan_ttl_us(self), 1 + self->set_count);
  for (uint32_t s = 0; s <= self->set_count; s++) {
    const struct wr_layout *layout = wr_table_space_layout(self->spaces[s]);
    self->tables[s] = wr_table_new(self->spaces[s], 0, false);
    if (self->ttl.ttl_us) /* it is the last piece */
      self->ttl.tables[s] =
          (struct wr_ttl_table){self->tables[s], layout->fields[layout->field_count - 1].offset};
  }
}

void wr_over_plan_close(struct wr_over *self)
{
  wr_over_anew_close(self);
  for (uint32_t s = 0; s <= self->set_count; s++)
    wr_table_space_free(self->spaces[s]);
  wr_timers_free(&self->timers);
  wr_ttl_close(&self->ttl);
  wr_over_shape_close(&self->queue_shape);
  wr_over_shape_close(&self->lag_shape);
  for (uint32_t o = 0; o < self->own_count; o++)
    wr_over_shape_close(&self->owns[o].shape);
  free(self->owns);
  wr_frame_free(self->frame);
  free(self->empty_pane);
  free(self->framed);
  free(self->framed_calls);
  free(self->spaces);
  free(self->tables);
  free(self->set_calls);
  free(self->plans);
}
