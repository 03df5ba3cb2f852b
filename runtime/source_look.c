/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is shown of the splits of a source. The task writes it down now and then, at most every
 * 100 ms and less often if there are many splits, so that whoever looks need not touch what belongs
 * to the task; if somebody is just copying it, the task leaves it for the next time.
 */
#include "runtime/source_look.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/time.h"
#include "runtime/source_inner.h"
#include "windows/split_watermark.h"

#define LOOK_SPLIT_US 20 /* for every split so much between two times: less than 1 % of a task */

struct wr_source_look {
  pthread_mutex_t lock;
  struct wr_look_split *splits; /* of splits that are DONE only as many as there is room for */
  uint32_t count, room, left_out;
  int64_t due_us;
};

void wr_source_look_open(struct wr_source *source)
{
  source->look = wr_memory_get_zero(sizeof *source->look);
  pthread_mutex_init(&source->look->lock, NULL);
  source->look->due_us = INT64_MIN;
}

void wr_source_look_close(struct wr_source *source)
{
  if (!source->look)
    return;
  pthread_mutex_destroy(&source->look->lock);
  free(source->look->splits);
  free(source->look);
}

static int64_t look_behind_ms(const struct wr_source *source, uint32_t s, int64_t behind_records,
                              int64_t now_us)
{
  const struct wr_reader *reader = source->reader;
  const struct wr_source_split *split = &source->splits[s];
  const struct wr_split_metrics *metrics =
      reader->class->split_metrics ? reader->class->split_metrics(reader, s) : NULL;
  if (metrics)
    return atomic_load_explicit(&metrics->behind_ms, memory_order_relaxed);
  if (behind_records <= 0)
    return behind_records; /* 0, or not known */
  if (split->time_us == WR_TIME_NONE)
    return -1;
  return now_us > split->time_us ? (now_us - split->time_us) / WR_US_PER_MS : 0;
}

/* As far as nobody has to be asked. */
static void look_lag(const struct wr_source *source, uint32_t s, int64_t now_us,
                     struct wr_look_split *out)
{
  const struct wr_reader *reader = source->reader;
  out->behind_records = out->behind_ms = 0;
  if (out->state == WR_SPLIT_DONE || out->state == WR_SPLIT_CAUGHT_UP)
    return;
  out->behind_records = reader->class->behind ? reader->class->behind(reader, s) : -1;
  out->behind_ms = look_behind_ms(source, s, out->behind_records, now_us);
}

static void look_split(struct wr_source *source, uint32_t s, int64_t now_us,
                       struct wr_look_split *out)
{
  const struct wr_operator_context *context = source->op.context;
  const struct wr_split_watermarks *watermarks = context->watermarks ? *context->watermarks : NULL;
  struct wr_source_split *split = &source->splits[s];
  enum wr_split_state state =
      split->state < 0 ? WR_SPLIT_READING : (enum wr_split_state)split->state;
  if (state != split->shown || !split->since_us)
    split->since_us = now_us;
  split->shown = state;
  *out = (struct wr_look_split){.name = source->names[s],
                                .state = state,
                                .state_since_us = split->since_us,
                                .watermark_us = WR_TIME_NONE,
                                .held = wr_source_is_held(source, s),
                                .rows = split->rows,
                                .bytes = split->read_bytes};
  memcpy(out->position, split->position, sizeof out->position);
  if (watermarks && s < watermarks->split_count) {
    out->watermark_us = watermarks->splits[s].greatest_us;
    out->has_watermark = true;
    out->counts = wr_split_watermarks_is_active(watermarks, s);
  }
  look_lag(source, s, now_us, out);
  if (source->reader->class->split_metrics) {
    const struct wr_split_metrics *metrics =
        source->reader->class->split_metrics(source->reader, s);
    out->throttles = metrics ? wr_metrics_get(&metrics->throttles) : 0;
  }
}

/* All splits that are not DONE, and of the others those that there is room for. */
static void look_write(struct wr_source *source, int64_t now_us)
{
  struct wr_source_look *look = source->look;
  uint32_t most =
      source->split_count < WR_LOOK_SPLITS_MAX ? source->split_count : WR_LOOK_SPLITS_MAX;
  if (look->room < most) {
    look->splits = wr_memory_resize(look->splits, most * sizeof *look->splits);
    look->room = most;
  }
  look->count = 0;
  for (int done = 0; done < 2; done++)
    for (uint32_t s = done ? 0 : source->first_open; s < source->split_count && look->count < most;
         s++)
      if ((source->splits[s].state == WR_SPLIT_DONE) == done)
        look_split(source, s, now_us, &look->splits[look->count++]);
  look->left_out = source->split_count - look->count;
}

void wr_source_look(struct wr_source *source, bool at_once, int64_t now_us)
{
  struct wr_source_look *look = source->look;
  if (!source->reader || (!at_once && now_us < look->due_us))
    return;
  if (at_once)
    pthread_mutex_lock(&look->lock);
  else if (pthread_mutex_trylock(&look->lock) != 0)
    return;
  look_write(source, now_us);
  look->due_us = now_us + (int64_t)source->split_count * LOOK_SPLIT_US;
  pthread_mutex_unlock(&look->lock);
}

struct wr_look_split *wr_source_look_copy(const struct wr_source *source, struct wr_arena *arena,
                                          uint32_t *count, uint32_t *left_out)
{
  struct wr_source_look *look = source->look;
  pthread_mutex_lock(&look->lock);
  struct wr_look_split *splits = WR_NEW_ARRAY(arena, struct wr_look_split, look->count + 1);
  if (look->count)
    memcpy(splits, look->splits, look->count * sizeof *splits);
  for (uint32_t i = 0; i < look->count; i++)
    splits[i].name = wr_arena_print(arena, "%s", splits[i].name);
  *count = look->count;
  *left_out = look->left_out;
  pthread_mutex_unlock(&look->lock);
  return splits;
}
