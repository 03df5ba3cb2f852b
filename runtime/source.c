/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a source, and its steps. */
#include "runtime/source_inner.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "core/time.h"
#include "formats/keyed.h"

#define SOURCE_HELD_WAIT_MS 2 /* how soon those who are held ask again */

static const struct wr_operator_class source_class = {.name = "source"};

struct wr_operator *wr_source_operator(struct wr_source *source)
{
  return &source->op;
}
uint64_t wr_source_record_count(const struct wr_source *source)
{
  return source->record_count;
}

/* ---- opening and closing ---- */

enum wr_code wr_source_new_decoder(const struct wr_source *source, struct wr_decoder **out,
                                   struct wr_error *err)
{
  const struct wr_plan_table *table = &source->plan->table;
  const struct wr_format_spec format = {.schema = source->plan->made,
                                        .wanted = source->plan->wanted,
                                        .wanted_count = source->plan->wanted_count,
                                        .options = table->options,
                                        .time_zone = table->time_zone};
  return wr_keyed_is_read(table->keyed) ? wr_keyed_decoder_new(table->keyed, &format, out, err)
                                        : table->format->decoder_new(&format, out, err);
}

static enum wr_code source_open_reader(struct wr_source *source, const struct wr_split *splits,
                                       uint32_t split_count, struct wr_error *err)
{
  const struct wr_plan_table *table = &source->plan->table;
  struct wr_table_spec spec = {.table = table->name,
                               .options = table->options,
                               .schema = source->plan->made,
                               .partitions = table->partitions,
                               .partition_count = table->partition_count,
                               .wanted = source->plan->wanted,
                               .wanted_count = source->plan->wanted_count,
                               .task = source->op.context->task,
                               .task_count = source->op.context->task_count,
                               .resumed = source->settings.resumed,
                               .shared = source->settings.shared,
                               .note = source->settings.note,
                               .note_self = source->settings.note_self};
  if (table->format) {
    source->unwrap = wr_source_unwrap_new(table->options);
    enum wr_code code = wr_source_new_decoder(source, &source->decoder, err);
    if (code != WR_OK)
      return code;
  }
  return table->connector->reader->open(&spec, splits, split_count, &source->reader, err);
}

/* ROWs of which some fields are not made: these are NULL for good. */
static void source_allocate_rows(struct wr_source *source)
{
  const struct wr_plan_source *plan = source->plan;
  source->rows_made = WR_NEW_ARRAY(&source->arena, struct wr_column *, plan->wanted_count + 1);
  for (uint32_t c = 0; c < plan->wanted_count; c++) {
    const struct wr_type *type = source->schema->fields[c].type;
    if (!plan->fields[c])
      continue;
    source->rows_made[c] = WR_NEW_ARRAY(&source->arena, struct wr_column, type->field_count);
    for (uint32_t f = 0; f < type->field_count; f++)
      source->rows_made[c][f] = wr_column_null(&source->arena, type->fields[f].type);
  }
}

static void source_allocate(struct wr_source *source)
{
  uint32_t rows = source->settings.batch_rows;
  source_allocate_rows(source);
  source->frames = wr_memory_get_zero(rows * sizeof *source->frames);
  source->frame_message = wr_memory_get_zero(rows * sizeof *source->frame_message);
  source->frame_messages = wr_memory_get_zero(rows * sizeof *source->frame_messages);
  source->columns =
      wr_memory_get_zero((source->schema->column_count + 1) * sizeof *source->columns);
  source->runs = wr_memory_get_zero(rows * sizeof *source->runs);
  source->row_picks = wr_memory_get_zero(rows * sizeof *source->row_picks);
  source->metadata =
      wr_memory_get_zero((source->plan->metadata_count + 1) * sizeof *source->metadata);
  for (uint32_t i = 0; i < source->plan->metadata_count; i++)
    wr_builder_open(&source->metadata[i],
                    source->schema->fields[source->plan->wanted_count + i].type);
}

enum wr_code wr_source_open(const struct wr_plan_source *plan, const struct wr_schema *schema,
                            const struct wr_split *splits, uint32_t split_count,
                            const struct wr_operator_context *context,
                            const struct wr_source_settings *settings, struct wr_source **out,
                            struct wr_error *err)
{
  struct wr_source *source = wr_memory_get_zero(sizeof *source);
  source->op = wr_operator_head(&source_class, context);
  source->plan = plan;
  source->schema = schema;
  source->settings = *settings;
  source->current = UINT32_MAX;
  source->opened_count = split_count;
  source_allocate(source);
  wr_source_look_open(source);
  enum wr_code code = wr_source_add_splits(source, splits, split_count, err);
  struct wr_split *opened = WR_NEW_ARRAY(&source->arena, struct wr_split, split_count + 1);
  for (uint32_t s = 0; code == WR_OK && s < split_count; s++)
    opened[s] = (struct wr_split){source->names[s],
                                  splits[s].position && *splits[s].position
                                      ? wr_arena_print(&source->arena, "%s", splits[s].position)
                                      : NULL};
  if (code == WR_OK && (split_count || settings->grows))
    code = source_open_reader(source, opened, split_count, err);
  if (code != WR_OK) {
    wr_source_close(source);
    return code;
  }
  wr_source_ahead_open(source);
  wr_source_look(source, true, wr_now_us());
  *out = source;
  return WR_OK;
}

void wr_source_close(struct wr_source *source)
{
  wr_source_ahead_close(source);
  wr_source_look_close(source);
  if (source->reader)
    source->reader->class->close(source->reader);
  wr_source_unwrap_free(source->unwrap);
  if (source->decoder)
    source->decoder->format->decoder_free(source->decoder);
  for (uint32_t s = 0; s < source->split_count; s++)
    free(source->splits[s].bytes);
  for (uint32_t i = 0; i < source->plan->metadata_count; i++)
    wr_builder_close(&source->metadata[i]);
  free(source->splits);
  free(source->names);
  free(source->frames);
  free(source->frame_message);
  free(source->frame_messages);
  free(source->row_messages);
  free(source->columns);
  free(source->metadata);
  free(source->runs);
  free(source->row_picks);
  free(source->readable);
  wr_arena_free(&source->arena);
  free(source);
}

/* ---- steps ---- */

/* Which splits are ahead of others and have to wait; false: none of those that can be read may be.
 */
static bool source_align(struct wr_source *source, int64_t now_us)
{
  struct wr_alignment *alignment = source->op.context->alignment;
  uint32_t readable_count = 0;
  for (uint32_t s = 0; s < source->split_count; s++) {
    source->readable[s] =
        source->reader->states[s] != WR_SPLIT_WAITS && source->splits[s].state != WR_SPLIT_DONE;
    readable_count += source->readable[s];
  }
  wr_alignment_update(alignment, source->readable, now_us);
  source->reader->held = alignment->held_count ? alignment->held : NULL;
  return readable_count == 0 || alignment->held_count < readable_count;
}

void wr_source_leave(struct wr_source *source)
{
  wr_source_ahead_leave(source);
  if (source->op.context->alignment)
    wr_alignment_leave(source->op.context->alignment);
}

enum wr_code wr_source_step(struct wr_source *source, int wait_ms, int64_t now_us, bool *moved,
                            struct wr_error *err)
{
  *moved = false;
  if (!source->reader)
    return WR_OK;
  enum wr_code code;
  struct wr_alignment *alignment = source->op.context->alignment;
  if (source->settings.pool && source->reader->may_grow)
    wait_ms = wr_source_ahead_lend_hand(source, wait_ms);
  if (alignment && !source_align(source, now_us) && !wr_source_has_rows(source)) {
    const struct timespec pause = {0, SOURCE_HELD_WAIT_MS * 1000000};
    _Atomic uint64_t *before = wr_stopwatch_spend(source->op.context->watch, WR_SPENT_INPUT);
    if (wait_ms)
      nanosleep(&pause, NULL);
    wr_source_turn_back(source, before);
    return wr_source_tell_states(source, now_us, err);
  }
  if (alignment && alignment->held_count && wait_ms > SOURCE_HELD_WAIT_MS)
    wait_ms = SOURCE_HELD_WAIT_MS;
  if (source->reader->class->poll_rows)
    code = wr_source_step_rows(source, wait_ms, now_us, moved, err);
  else if (source->reader->class->next_split)
    code = wr_source_step_bytes(source, wait_ms, now_us, moved, err);
  else
    code = wr_source_step_messages(source, wait_ms, now_us, moved, err);
  return code == WR_OK ? wr_source_tell_states(source, now_us, err) : code;
}

bool wr_source_is_at_boundary(const struct wr_source *source)
{
  return source->row_at == source->rows.row_count;
}

bool wr_source_is_done(const struct wr_source *source)
{
  if (source->reader && source->reader->may_grow)
    return false;
  if (wr_source_has_rows(source))
    return false;
  for (uint32_t s = source->first_open; s < source->split_count; s++)
    if (source->splits[s].state != WR_SPLIT_DONE || source->splits[s].at < source->splits[s].length)
      return false;
  return true;
}
