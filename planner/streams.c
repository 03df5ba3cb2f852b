/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/streams.h"

#include <assert.h>
#include <string.h>

/* ---- before rules */

/* The columns of a view without which nobody would understand its rows. They cost next to nothing:
 * keys and windows are there anyway. */
static void streams_choose(struct wr_arena *arena, const struct wr_logical *node,
                           const struct wr_stream_facts *facts, struct wr_logical_stream *stream)
{
  uint32_t *columns = WR_NEW_ARRAY(arena, uint32_t, facts->key_count + 1);
  uint32_t time_column = wr_stream_time_column(node, facts->has_window);
  if (stream->kind != WR_PLAN_STREAM_VIEW)
    return;
  for (uint32_t k = 0; k < facts->key_count; k++)
    columns[stream->column_count++] = facts->key[k];
  if (time_column != UINT32_MAX)
    columns[stream->column_count++] = time_column;
  stream->columns = columns;
}

/* The stream nodes above a node, as many as it has names: a view may be a table and nothing else.
 */
static struct wr_logical *streams_above(struct wr_arena *arena, const struct wr_memo *memo,
                                        bool names, bool views, struct wr_logical *node,
                                        const struct wr_stream_facts *facts)
{
  struct wr_logical *top = node;
  for (; memo; memo = memo->next) {
    struct wr_logical_stream stream = {.name = memo->stream,
                                       .kind = memo->stream_kind,
                                       .is_app = memo->is_app,
                                       .statement = memo->statement};
    bool is_wanted = names && memo->stream && (views || stream.kind != WR_PLAN_STREAM_VIEW);
    if (memo->node != node || (!is_wanted && !memo->is_app))
      continue;
    stream.names = wr_schema_names(arena, &node->schema);
    if (names && memo->stream)
      streams_choose(arena, node, facts, &stream);
    top = wr_logical_stream(arena, top, &stream);
  }
  return top;
}

void wr_streams_mark(struct wr_arena *arena, const struct wr_memo *memo, bool names, bool views,
                     struct wr_logical *const *roots, uint32_t root_count)
{
  struct wr_logical_order order = wr_logical_order(arena, roots, root_count);
  const struct wr_stream_facts *facts = wr_stream_facts(arena, &order);
  struct wr_logical **above = WR_NEW_ARRAY(arena, struct wr_logical *, order.count);
  for (uint32_t i = 0; i < order.count; i++)
    above[i] = order.nodes[i];
  for (const struct wr_memo *known = memo; known; known = known->next) {
    uint32_t number = known->node ? known->node->number : UINT32_MAX;
    if (number < order.count && order.nodes[number] == known->node && above[number] == known->node)
      above[number] = streams_above(arena, memo, names, views, known->node, &facts[number]);
  }
  for (uint32_t i = 0; i < order.count; i++)
    for (uint32_t k = 0; k < order.nodes[i]->input_count; k++)
      order.nodes[i]->inputs[k] = above[order.nodes[i]->inputs[k]->number];
}

/* ---- behind them */

/* A projection that hands on everything, to carry a name that only some readers use. */
static struct wr_logical *streams_copy(const struct wr_rewrite *rewrite, struct wr_logical *node,
                                       const char *const *names)
{
  return wr_logical_project(rewrite->arena, node, wr_column_references(rewrite, &node->schema),
                            names, node->schema.column_count);
}

static struct wr_stream_mark *streams_mark(struct wr_arena *arena, struct wr_logical *node)
{
  if (!node->mark)
    node->mark = WR_NEW(arena, struct wr_stream_mark);
  return node->mark;
}

/* What stands in the place of a Stream node; below: what does in that of its input. */
static struct wr_logical *streams_settled(const struct wr_rewrite *rewrite,
                                          const struct wr_logical *node, struct wr_logical *below)
{
  const struct wr_logical_stream *stream = &node->stream;
  bool is_own = wr_logical_input(node)->reader_count == 1 && below->reader_count == 1;
  if (!stream->is_app)
    return below;
  if (!stream->name) {
    /* a projection made below has no readers yet */
    is_own = wr_logical_input(node)->reader_count == 1 && below->reader_count <= 1;
    if (!streams_mark(rewrite->arena, below)->is_of_pump) {
      below->mark->statement = is_own ? stream->statement : NULL;
      below->mark->is_of_pump = true;
    }
    return below;
  }
  if (below->schema.column_count == 0)
    return below;
  if (!is_own || streams_mark(rewrite->arena, below)->called ||
      (below->kind != WR_LOGICAL_PROJECT && below->kind != WR_LOGICAL_UNION))
    below = streams_copy(rewrite, below, stream->names);
  streams_mark(rewrite->arena, below)->called = stream->name;
  below->mark->names = stream->names;
  return below;
}

static bool streams_has(const struct wr_streams *streams, const char *name)
{
  for (uint32_t i = 0; i < streams->count; i++)
    if (strcmp(streams->items[i].name, name) == 0)
      return true;
  return false;
}

/* What the rows of a query without a sink are called: "result", "result_2". */
static const char *streams_result(struct wr_arena *arena, const struct wr_streams *streams)
{
  const char *name = "result";
  for (uint32_t n = 2; streams_has(streams, name); n++)
    name = wr_arena_print(arena, "result_%u", n);
  return name;
}

/* The columns of a node under other names. */
static const struct wr_schema *streams_schema(struct wr_arena *arena, const struct wr_logical *node,
                                              const char *const *names)
{
  struct wr_schema *schema = WR_NEW(arena, struct wr_schema);
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, node->schema.column_count + 1);
  for (uint32_t c = 0; c < node->schema.column_count; c++)
    fields[c] = (struct wr_field){.name = names[c], .type = node->schema.fields[c].type};
  *schema = (struct wr_schema){node->schema.column_count, fields};
  return schema;
}

/* The input of a sink with the columns' names in the table. */
static void streams_add_sink(struct wr_arena *arena, struct wr_streams *streams,
                             const struct wr_logical *sink)
{
  const struct wr_table *table = sink->sink.table;
  const struct wr_logical *input = wr_logical_input(sink);
  assert(table->written.column_count == input->schema.column_count);
  const char *name = table->definition ? table->name
                     : table->shown    ? table->shown
                                       : streams_result(arena, streams);
  const char **names = wr_schema_names(arena, &table->written);
  streams->items[streams->count++] =
      (struct wr_stream){.name = name,
                         .kind = WR_PLAN_STREAM_SINK,
                         .node = input,
                         .sink = sink,
                         .schema = streams_schema(arena, input, names)};
}

/* The projection that this one is over, if a stream was between them, or filters and a stream. */
static const struct wr_logical *streams_project_below(const struct wr_rewrite *rewrite,
                                                      const struct wr_logical *node,
                                                      const bool *is_shown)
{
  const struct wr_logical *below = wr_logical_input(node);
  while (below->kind == WR_LOGICAL_FILTER && below->reader_count == 1)
    below = wr_logical_input(below);
  if (below->kind != WR_LOGICAL_PROJECT || !is_shown[below->number])
    return NULL;
  const struct wr_logical *lower = below->otherwise ? below->otherwise : below;
  for (const struct wr_logical *filter = wr_logical_input(node); filter != below;
       filter = wr_logical_input(filter))
    if (!wr_filter_passes(rewrite, filter, lower))
      return NULL;
  return wr_projects_merge(rewrite, node, lower) ? lower : NULL;
}

/* What rules would have made of projections, had they not met streams: for identities. */
static void streams_note_merges(const struct wr_rewrite *rewrite, const struct wr_streams *streams)
{
  struct wr_logical_order order =
      wr_logical_order(rewrite->arena, rewrite->roots, rewrite->root_count);
  bool *is_shown = WR_NEW_ARRAY(rewrite->arena, bool, order.count + 1);
  for (uint32_t i = 0; i < streams->count; i++)
    is_shown[streams->items[i].node->number] =
        streams->items[i].kind != WR_PLAN_STREAM_SINK && !streams->items[i].is_app;
  for (uint32_t i = 0; i < order.count; i++) {
    struct wr_logical *node = order.nodes[i];
    const struct wr_logical *below =
        node->kind == WR_LOGICAL_PROJECT ? streams_project_below(rewrite, node, is_shown) : NULL;
    if (below) {
      struct wr_logical *merged = wr_projects_merged(rewrite, node, below);
      merged->reader_count = node->reader_count;
      node->otherwise = merged;
    }
  }
}

void wr_streams_take(const struct wr_rewrite *rewrite, struct wr_streams *out)
{
  struct wr_arena *arena = rewrite->arena;
  struct wr_logical_order order = wr_logical_order(arena, rewrite->roots, rewrite->root_count);
  *out = (struct wr_streams){.items = WR_NEW_ARRAY(arena, struct wr_stream, order.count)};
  struct wr_logical **now = WR_NEW_ARRAY(arena, struct wr_logical *, order.count);
  for (uint32_t i = 0; i < order.count; i++) {
    struct wr_logical *node = order.nodes[i];
    for (uint32_t k = 0; k < node->input_count; k++)
      node->inputs[k] = now[node->inputs[k]->number];
    now[i] =
        node->kind == WR_LOGICAL_STREAM ? streams_settled(rewrite, node, node->inputs[0]) : node;
  }
  for (uint32_t i = 0; i < order.count; i++)
    if (order.nodes[i]->kind == WR_LOGICAL_SINK &&
        wr_logical_input(order.nodes[i])->schema.column_count)
      streams_add_sink(arena, out, order.nodes[i]);
  for (uint32_t i = 0; i < order.count; i++) {
    struct wr_logical *node = order.nodes[i];
    if (node->kind == WR_LOGICAL_STREAM && node->schema.column_count && node->stream.name &&
        !streams_has(out, node->stream.name))
      out->items[out->count++] =
          (struct wr_stream){.name = node->stream.name,
                             .kind = node->stream.kind,
                             .node = now[i],
                             .schema = streams_schema(arena, node, node->stream.names),
                             .is_app = node->stream.is_app};
  }
  streams_note_merges(rewrite, out);
}

/* ---- in the plan */

/* PRIMARY KEY as columns of what is written. */
static bool streams_primary_key(struct wr_arena *arena, const struct wr_table *table,
                                struct wr_plan_stream *out)
{
  uint32_t *key = WR_NEW_ARRAY(arena, uint32_t, table->key_count + 1), count = 0;
  for (uint32_t k = 0; k < table->key_count; k++)
    for (uint32_t c = 0; c < table->written.column_count; c++)
      if (table->written_columns[c] == table->keys[k]) {
        key[count++] = c;
        break;
      }
  if (count == 0 || count < table->key_count)
    return false;
  out->key = key;
  out->key_count = count;
  return true;
}

static bool streams_alike(const struct wr_plan_stream *a, const struct wr_plan_stream *b)
{
  return a->key_count == b->key_count && a->time_column == b->time_column &&
         a->has_window == b->has_window &&
         (a->key_count == 0 || memcmp(a->key, b->key, a->key_count * sizeof *a->key) == 0);
}

/* Sinks that write one table are one stream: what is not so for all of them is not known. */
static void streams_join(struct wr_plan_stream *items, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++)
    for (uint32_t j = i + 1; j < count; j++) {
      struct wr_plan_stream *a = &items[i], *b = &items[j];
      if (strcmp(a->name, b->name) != 0 || streams_alike(a, b))
        continue;
      a->key_count = b->key_count = 0;
      a->has_window = b->has_window = false;
      a->time_column = b->time_column =
          a->time_column == b->time_column ? a->time_column : UINT32_MAX;
      b->schema = a->schema;
    }
}

const struct wr_plan_stream *wr_streams_plan(struct wr_arena *arena,
                                             const struct wr_streams *streams,
                                             const struct wr_logical_order *order)
{
  const struct wr_stream_facts *facts = wr_stream_facts(arena, order);
  struct wr_plan_stream *items = WR_NEW_ARRAY(arena, struct wr_plan_stream, streams->count + 1);
  for (uint32_t i = 0; i < streams->count; i++) {
    const struct wr_stream *stream = &streams->items[i];
    const struct wr_stream_facts *fact = &facts[stream->node->number];
    assert(order->nodes[stream->node->number] == stream->node);
    items[i] = (struct wr_plan_stream){.name = stream->name,
                                       .kind = stream->kind,
                                       .node = stream->node->number,
                                       .schema = stream->schema,
                                       .key = fact->key,
                                       .key_count = fact->key_count,
                                       .time_column =
                                           wr_stream_time_column(stream->node, fact->has_window),
                                       .has_window = fact->has_window};
    if (stream->sink)
      streams_primary_key(arena, stream->sink->sink.table, &items[i]);
  }
  streams_join(items, streams->count);
  return items;
}
