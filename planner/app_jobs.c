/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The job of all pumps. What pumps insert into tables, and into streams with a connector, goes
 * there; streams that no query reads are shown. With several of those every row says whose it is.
 *
 * In a shell only what was written last begins to run, and a stream is shown to those who ask.
 */
#include <assert.h>
#include <string.h>

#include "planner/app_streams.h"
#include "planner/bind_over.h"
#include "planner/rowtime.h"

/* What a failed binding has left half done is forgotten. */
static void jobs_take(struct wr_program_builder *builder, struct wr_draft *draft,
                      const struct wr_binder *before, struct wr_logical *root, enum wr_code code,
                      struct wr_error *err)
{
  if (code == WR_OK)
    code = wr_check_over(builder->arena, &root, 1, err);
  if (code == WR_OK) {
    wr_draft_add_root(draft, root);
    return;
  }
  draft->binder = *before;
  wr_program_add_error(builder, err);
}

static const struct wr_pump *jobs_first_pump(const struct wr_program_builder *builder,
                                             const struct wr_app_stream *stream)
{
  const struct wr_pump *first = NULL;
  for (const struct wr_pump *pump = builder->catalogue.pumps; pump; pump = pump->next)
    first = wr_app_is_target(pump, stream) ? pump : first;
  return first;
}

/* ---- sinks */

/* All pumps, in the order of the script; returns how many. */
static uint32_t jobs_pumps(const struct wr_program_builder *builder, const struct wr_pump ***out)
{
  uint32_t count = 0, at = 0;
  for (const struct wr_pump *pump = builder->catalogue.pumps; pump; pump = pump->next)
    count++;
  *out = WR_NEW_ARRAY(builder->arena, const struct wr_pump *, (size_t)count + 1);
  for (const struct wr_pump *pump = builder->catalogue.pumps; pump; pump = pump->next)
    (*out)[count - ++at] = pump;
  return count;
}

/* The columns of a stream that pumps fill are those that they insert. */
static enum wr_code jobs_check_stream(const struct wr_app_stream *stream, struct wr_error *err)
{
  const struct wr_table_definition *definition = stream->table->definition;
  struct wr_span span = {0};
  const char *what = NULL;
  if (definition->watermark) {
    what = "a WATERMARK";
    span = definition->watermark->span;
  }
  for (uint32_t c = 0; c < definition->column_count && !what; c++)
    if (definition->columns[c].kind == WR_TREE_COMPUTED || definition->columns[c].is_virtual) {
      what = definition->columns[c].kind == WR_TREE_COMPUTED ? "a computed column"
                                                             : "a VIRTUAL column";
      span = definition->columns[c].span;
    }
  if (!what)
    return WR_OK;
  wr_fail_at(err, WR_SEMANTIC, span,
             "%s belongs to streams that are read from their connector, "
             "and pumps insert into '%s'",
             what, stream->name);
  return wr_state(err, WR_STATE_INVALID_TABLE_DEFINITION);
}

static void jobs_add_stream(struct wr_program_builder *builder, struct wr_draft *draft,
                            const struct wr_app_stream *stream, const struct wr_pump *pump,
                            bool alone)
{
  struct wr_error err;
  struct wr_logical *node = NULL, *root = NULL;
  const struct wr_binder before = draft->binder;
  wr_error_clear(&err);
  draft->binder.binding = pump->binding;
  enum wr_code code = jobs_check_stream(stream, &err);
  if (code == WR_OK && alone)
    code = wr_bind_app_pump(&draft->binder, pump, stream, &node, &err);
  else if (code == WR_OK)
    code = wr_bind_app_stream(&draft->binder, stream, pump->place, &node, &err);
  if (code == WR_OK)
    code = wr_bind_insert_node(&draft->binder, pump->insert, stream->table, node, pump->statement,
                               &root, &err);
  jobs_take(builder, draft, &before, root, code, &err);
}

/* In a shell what a pump reads may only be filled by one that is still to be written. */
static void jobs_check_pump(struct wr_program_builder *builder, const struct wr_pump *pump,
                            const struct wr_app_stream *stream)
{
  struct wr_binder trial = {.arena = builder->arena,
                            .catalogue = &builder->catalogue,
                            .binding = pump->binding,
                            .settings = &builder->settings,
                            .trial = true};
  struct wr_logical *node;
  struct wr_error err;
  wr_error_clear(&err);
  if (wr_bind_app_pump(&trial, pump, stream, &node, &err))
    wr_program_add_error(builder, &err);
}

static void jobs_add_pump(struct wr_program_builder *builder, struct wr_draft *draft,
                          const struct wr_pump *pump)
{
  const struct wr_object *object;
  struct wr_error err;
  wr_error_clear(&err);
  if (wr_catalogue_get(&builder->catalogue, &pump->insert->table, &object, &err)) {
    wr_program_add_error(builder, &err);
    return;
  }
  if (object->kind != WR_OBJECT_STREAM) {
    struct wr_logical *root = NULL;
    const struct wr_binder before = draft->binder;
    draft->binder.binding = pump->binding;
    enum wr_code code = wr_bind_insert(&draft->binder, pump->insert, pump->statement, &root, &err);
    jobs_take(builder, draft, &before, root, code, &err);
    return;
  }
  const struct wr_app_stream *stream = object->stream;
  bool alone = builder->options->interactive;
  if (alone && !stream->table)
    jobs_check_pump(builder, pump, stream);
  if (stream->table && (alone || jobs_first_pump(builder, stream) == pump))
    jobs_add_stream(builder, draft, stream, pump, alone);
}

void wr_app_add_sinks(struct wr_program_builder *builder)
{
  const struct wr_pump **pumps;
  uint32_t count = jobs_pumps(builder, &pumps);
  for (uint32_t i = 0; i < count; i++)
    if (pumps[i]->span.offset >= builder->options->declared_bytes)
      jobs_add_pump(builder, wr_program_inserts(builder, pumps[i]->span), pumps[i]);
}

/* ---- results */

/* Binds what pumps insert into streams in the common job, each by itself, so that it is known who
 * reads what, and all mistakes. */
static void jobs_bind_pumps(struct wr_program_builder *builder)
{
  const struct wr_pump **pumps;
  uint32_t count = jobs_pumps(builder, &pumps);
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_tree_identifiers *parts = &pumps[i]->insert->table.parts;
    const struct wr_object *object =
        wr_catalogue_find(&builder->catalogue, parts->items[parts->count - 1]->text);
    if (!object || !object->stream)
      continue;
    struct wr_draft *draft = wr_program_inserts(builder, pumps[i]->span);
    const struct wr_binder before = draft->binder;
    struct wr_logical *node;
    struct wr_error err;
    wr_error_clear(&err);
    draft->binder.binding = pumps[i]->binding;
    if (wr_bind_app_pump(&draft->binder, pumps[i], object->stream, &node, &err) == WR_OK)
      continue;
    draft->binder = before;
    wr_program_add_error(builder, &err);
  }
}

static bool jobs_is_read(const struct wr_program_builder *builder,
                         const struct wr_app_stream *stream)
{
  for (uint32_t d = 0; d < builder->draft_count; d++) {
    const struct wr_draft *draft = builder->drafts[d];
    const struct wr_memo *memo = draft->is_explain ? NULL : draft->binder.memo;
    for (; memo; memo = memo->next)
      if (memo->object == stream && memo->is_read)
        return true;
  }
  return false;
}

/* In the order of the script; returns how many. */
static uint32_t jobs_unread(const struct wr_program_builder *builder,
                            const struct wr_app_stream **streams)
{
  uint32_t count = 0, at = 0;
  for (int pass = 0; pass < 2; pass++)
    for (const struct wr_object *object = builder->catalogue.first; object; object = object->next) {
      const struct wr_app_stream *stream = object->stream;
      if (!stream || stream->table || !wr_app_has_pumps(&builder->catalogue, stream) ||
          jobs_is_read(builder, stream))
        continue;
      if (pass == 0)
        count++;
      else
        streams[count - ++at] = stream;
    }
  return count;
}

static void jobs_add_result(struct wr_program_builder *builder, struct wr_draft *draft,
                            const struct wr_app_stream *stream, bool named)
{
  const struct wr_pump *pump = jobs_first_pump(builder, stream);
  struct wr_error err;
  struct wr_logical *node = NULL, *root = NULL;
  const struct wr_binder before = draft->binder;
  wr_error_clear(&err);
  draft->binder.binding = pump->binding;
  enum wr_code code = wr_bind_app_stream(&draft->binder, stream, pump->place, &node, &err);
  if (code == WR_OK) {
    const struct wr_console console = {.format = builder->options->result_format,
                                       .statement = pump->statement,
                                       .stream = stream->name,
                                       .named = named,
                                       .span = pump->insert->query->span};
    code = wr_bind_console_node(&draft->binder, wr_rowtime_drop(&draft->binder, node), &console,
                                &root, &err);
  }
  jobs_take(builder, draft, &before, root, code, &err);
}

void wr_app_add_results(struct wr_program_builder *builder)
{
  if (builder->options->interactive || !builder->catalogue.pumps)
    return;
  jobs_bind_pumps(builder);
  uint32_t room = 1;
  for (const struct wr_object *object = builder->catalogue.first; object; object = object->next)
    room++;
  const struct wr_app_stream **streams =
      WR_NEW_ARRAY(builder->arena, const struct wr_app_stream *, room);
  uint32_t count = jobs_unread(builder, streams);
  if (count == 0)
    return;
  struct wr_draft *draft = wr_program_inserts(builder, jobs_first_pump(builder, streams[0])->span);
  bool is_shown = draft->has_results;
  for (uint32_t i = 0; i < count; i++)
    jobs_add_result(builder, draft, streams[i], count > 1 || is_shown);
  draft->has_results = true;
}
