/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a source, its steps, and the positions it remembers. */
#include "runtime/source_inner.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "windows/split_watermark.h"

/* windows/ counts splits by the same states under names of its own. */
_Static_assert((int)WR_SPLIT_READING == (int)WR_SPLIT_PHASE_READING &&
                   (int)WR_SPLIT_CAUGHT_UP == (int)WR_SPLIT_PHASE_CAUGHT_UP &&
                   (int)WR_SPLIT_AWAY == (int)WR_SPLIT_PHASE_AWAY &&
                   (int)WR_SPLIT_WAITS == (int)WR_SPLIT_PHASE_WAITS &&
                   (int)WR_SPLIT_DONE == (int)WR_SPLIT_PHASE_DONE,
               "the states of a split");

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

static enum wr_code source_open_reader(struct wr_source *source, struct wr_error *err)
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
                               .note = source->settings.note,
                               .note_self = source->settings.note_self};
  if (table->format) {
    struct wr_format_spec format = {.schema = source->plan->made,
                                    .wanted = source->plan->wanted,
                                    .wanted_count = source->plan->wanted_count,
                                    .options = table->options,
                                    .time_zone = table->time_zone};
    enum wr_code code = table->format->decoder_new(&format, &source->decoder, err);
    if (code != WR_OK)
      return code;
  }
  return table->connector->reader->open(&spec, source->opened, source->split_count, &source->reader,
                                        err);
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
  source->split_count = split_count;
  source->splits = wr_memory_get_zero((split_count + 1) * sizeof *source->splits);
  source->opened = wr_memory_get_zero((split_count + 1) * sizeof *source->opened);
  for (uint32_t s = 0; s < split_count; s++) {
    struct wr_source_split *split = &source->splits[s];
    split->name = wr_arena_print(&source->arena, "%s", splits[s].name);
    split->state = -1;
    if (splits[s].position && *splits[s].position) {
      snprintf(split->position, sizeof split->position, "%s", splits[s].position);
      split->offset = strtoll(split->position, NULL, 10); /* meant for byte sources only */
      split->begun = split->offset > 0;
    }
    source->opened[s] = (struct wr_split){split->name, *split->position ? split->position : NULL};
  }
  source_allocate(source);
  if (context->alignment)
    source->readable = wr_memory_get_zero((split_count + 1) * sizeof *source->readable);
  enum wr_code code = split_count ? source_open_reader(source, err) : WR_OK;
  if (code != WR_OK) {
    wr_source_close(source);
    return code;
  }
  *out = source;
  return WR_OK;
}

void wr_source_close(struct wr_source *source)
{
  if (source->reader)
    source->reader->class->close(source->reader);
  if (source->decoder)
    source->decoder->format->decoder_free(source->decoder);
  for (uint32_t s = 0; s < source->split_count; s++)
    free(source->splits[s].bytes);
  for (uint32_t i = 0; i < source->plan->metadata_count; i++)
    wr_builder_close(&source->metadata[i]);
  free(source->splits);
  free(source->opened);
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

/* Operators that do not care about splits (a computed column's projection) stand between. */
static enum wr_code source_tell_state(const struct wr_operator *op, uint32_t split, int state,
                                      int64_t now_us, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < op->target_count; i++) {
    struct wr_operator *target = op->targets[i].op;
    if (target->class->on_split)
      code = target->class->on_split(target, split, state, now_us, err);
    else
      code = source_tell_state(target, split, state, now_us, err);
  }
  return code;
}

/* A table may have thousands of files: what was read to its end needs no buffer. */
static void split_release(struct wr_source_split *split)
{
  free(split->bytes);
  split->bytes = NULL;
  split->capacity = split->at = split->length = 0;
  split->skipping = false;
}

static enum wr_code source_tell_states(struct wr_source *source, int64_t now_us,
                                       struct wr_error *err)
{
  enum wr_code code = WR_OK;
  for (uint32_t s = 0; code == WR_OK && s < source->split_count; s++) {
    int state = (int)source->reader->states[s];
    if (state != WR_SPLIT_DONE && wr_source_is_held(source, s))
      state = WR_SPLIT_WAITS;
    if (state == source->splits[s].state)
      continue;
    if (state == WR_SPLIT_DONE && source->splits[s].at < source->splits[s].length)
      continue; /* not before its last record is emitted */
    source->splits[s].state = state;
    if (state == WR_SPLIT_DONE)
      split_release(&source->splits[s]);
    code = source_tell_state(&source->op, s, state, now_us, err);
  }
  return code;
}

enum wr_code wr_source_hold(struct wr_source *source, bool hold, int64_t now_us,
                            struct wr_error *err)
{
  enum wr_code code = WR_OK;
  for (uint32_t s = 0; hold && source->reader && code == WR_OK && s < source->split_count; s++) {
    if (source->splits[s].state == WR_SPLIT_DONE)
      continue;
    source->splits[s].state = WR_SPLIT_WAITS;
    code = source_tell_state(&source->op, s, WR_SPLIT_WAITS, now_us, err);
  }
  return hold || !source->reader ? code : source_tell_states(source, now_us, err);
}

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

/* What the last poll brought is handed on whoever is held. */
static bool source_has_rows(const struct wr_source *source)
{
  return source->message_at < source->message_count || source->row_at < source->rows.row_count;
}

void wr_source_leave(struct wr_source *source)
{
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
  if (alignment && !source_align(source, now_us) && !source_has_rows(source)) {
    const struct timespec pause = {0, SOURCE_HELD_WAIT_MS * 1000000};
    if (wait_ms)
      nanosleep(&pause, NULL);
    return source_tell_states(source, now_us, err);
  }
  if (alignment && alignment->held_count && wait_ms > SOURCE_HELD_WAIT_MS)
    wait_ms = SOURCE_HELD_WAIT_MS;
  if (source->reader->class->poll_rows)
    code = wr_source_step_rows(source, wait_ms, now_us, moved, err);
  else if (source->reader->class->next_split)
    code = wr_source_step_bytes(source, wait_ms, now_us, moved, err);
  else
    code = wr_source_step_messages(source, wait_ms, now_us, moved, err);
  return code == WR_OK ? source_tell_states(source, now_us, err) : code;
}

bool wr_source_is_at_boundary(const struct wr_source *source)
{
  return source->row_at == source->rows.row_count;
}

bool wr_source_is_done(const struct wr_source *source)
{
  if (source->message_at < source->message_count || source->row_at < source->rows.row_count)
    return false;
  for (uint32_t s = 0; s < source->split_count; s++)
    if (source->splits[s].state != WR_SPLIT_DONE || source->splits[s].at < source->splits[s].length)
      return false;
  return true;
}

void wr_source_save(const struct wr_source *source, struct wr_part_writer *part)
{
  wr_part_put_u64(part, source->split_count);
  for (uint32_t s = 0; s < source->split_count; s++) {
    const struct wr_source_split *split = &source->splits[s];
    wr_part_put_bytes(part, split->name, strlen(split->name));
    wr_part_put_bytes(part, split->position, strlen(split->position));
  }
}

enum wr_code wr_source_committed(struct wr_source *source, struct wr_part_reader *part,
                                 struct wr_error *err)
{
  uint64_t count;
  if (!source->reader || !source->reader->class->committed)
    return WR_OK;
  enum wr_code code = wr_part_get_u64(part, &count, err);
  for (uint32_t s = 0; code == WR_OK && s < count; s++) {
    const char *name, *position;
    size_t name_length, position_length;
    code = wr_part_get_bytes(part, &name, &name_length, err);
    if (code == WR_OK)
      code = wr_part_get_bytes(part, &position, &position_length, err);
    if (code != WR_OK || position_length == 0)
      continue;
    char text[WR_SOURCE_POSITION_BYTES];
    snprintf(text, sizeof text, "%.*s", (int)position_length, position);
    source->reader->class->committed(source->reader, s, text);
  }
  return code;
}
