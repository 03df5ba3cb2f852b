/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/operate.h"

#include <stdlib.h>

#include "core/hash.h"
#include "tests/unit/check.h"

struct wr_operator operate_sink(struct operate *tasks, const struct wr_operator_class *class)
{
  tasks->sink_context =
      (struct wr_operator_context){.name = "sink", .metrics = &tasks->sink_metrics};
  return wr_operator_head(class, &tasks->sink_context);
}

void operate_open(struct operate *tasks, uint32_t count, void *sinks, size_t sink_bytes)
{
  struct wr_error err;
  CU_ASSERT(tasks->count == 0 && count > 0 && count <= OPERATE_TASKS_MAX);
  tasks->count = count;
  for (uint32_t t = 0; t < count; t++) {
    tasks->contexts[t] = (struct wr_operator_context){
        .task = t,
        .task_count = count,
        .hash_seed = OPERATE_SEED,
        .name = "tested",
        .rejects = tasks->rejects,
        .metrics = &tasks->metrics[t],
    };
    CU_ASSERT_EQUAL(tasks->class->open(tasks->spec, &tasks->contexts[t], &tasks->ops[t], &err),
                    WR_OK);
    tasks->targets[t] =
        (struct wr_target){(struct wr_operator *)((char *)sinks + t * sink_bytes), 0};
    tasks->ops[t]->targets = &tasks->targets[t];
    tasks->ops[t]->target_count = 1;
  }
}

void operate_close(struct operate *tasks)
{
  for (uint32_t t = 0; t < tasks->count; t++)
    tasks->class->close(tasks->ops[t]);
  tasks->count = 0;
}

uint64_t operate_held_rows(const struct operate *tasks)
{
  uint64_t held = 0;
  for (uint32_t t = 0; t < tasks->count; t++)
    held += tasks->class->held_rows(tasks->ops[t]);
  return held;
}

uint64_t operate_state_keys(const struct operate *tasks)
{
  uint64_t keys = 0;
  for (uint32_t t = 0; t < tasks->count; t++)
    keys += wr_metrics_get(&tasks->metrics[t].state_keys);
  return keys;
}

uint64_t operate_rejected(const struct operate *tasks, enum wr_reject_kind kind)
{
  uint64_t count = 0;
  for (uint32_t t = 0; t < tasks->count; t++)
    count += wr_metrics_get(&tasks->metrics[t].rejected[kind]);
  return count;
}

void operate_batch(struct operate *tasks, uint32_t input, const struct wr_batch *rows,
                   const struct wr_column *const *keys, uint32_t key_count, uint32_t *task_of)
{
  struct wr_error err;
  uint32_t count = rows->row_count;
  uint64_t *hashes = wr_memory_get((count + 1) * sizeof *hashes);
  uint32_t *picked = wr_memory_get((count + 1) * sizeof *picked);
  wr_hash_keys(keys, key_count, NULL, count, OPERATE_SEED, hashes);
  for (uint32_t t = 0; t < tasks->count; t++) {
    struct wr_batch batch = *rows;
    batch.now_us += t * tasks->apart_us;
    batch.picked = picked;
    batch.picked_count = 0;
    for (uint32_t i = 0; i < count; i++) {
      if (wr_key_group_task(wr_key_group(hashes[i]), tasks->count) != t)
        continue;
      picked[batch.picked_count++] = i;
      if (task_of)
        task_of[i] = t;
    }
    if (batch.picked_count == count)
      batch.picked = NULL;
    CU_ASSERT_EQUAL(wr_operator_batch(tasks->ops[t], input, &batch, &err), WR_OK);
  }
  free(hashes);
  free(picked);
}

void operate_watermark(struct operate *tasks, int64_t watermark_us)
{
  struct wr_error err;
  for (uint32_t t = 0; t < tasks->count; t++)
    CU_ASSERT_EQUAL(wr_operator_watermark(tasks->ops[t], watermark_us, &err), WR_OK);
}

/* ---- snapshots */

void operate_save(struct operate *tasks, struct operate_snapshot *snapshot)
{
  *snapshot = (struct operate_snapshot){.count = tasks->count};
  for (uint32_t t = 0; t < tasks->count; t++)
    tasks->class->save(tasks->ops[t], &snapshot->parts[t]);
}

bool operate_save_step(struct operate *tasks, struct operate_snapshot *snapshot)
{
  bool is_complete = true;
  for (uint32_t t = 0; t < snapshot->count; t++) {
    if (!snapshot->is_complete[t])
      snapshot->is_complete[t] = tasks->class->save_step(tasks->ops[t], &snapshot->parts[t]);
    is_complete &= snapshot->is_complete[t];
  }
  return is_complete;
}

void operate_save_all(struct operate *tasks, struct operate_snapshot *snapshot)
{
  operate_save(tasks, snapshot);
  while (!operate_save_step(tasks, snapshot))
    ;
}

void operate_load(struct operate *tasks, const struct operate_snapshot *snapshot)
{
  struct wr_error err;
  for (uint32_t t = 0; t < tasks->count; t++)
    for (uint32_t p = 0; p < snapshot->count; p++) {
      struct wr_part_reader reader = {.bytes = snapshot->parts[p].bytes,
                                      .length = snapshot->parts[p].length};
      CU_ASSERT_EQUAL(tasks->class->load(tasks->ops[t], &reader, &err), WR_OK);
      CU_ASSERT(wr_part_at_end(&reader));
    }
}

enum wr_code operate_load_part(struct operate *tasks, const struct operate_snapshot *snapshot,
                               size_t length, struct wr_error *err)
{
  struct wr_part_reader reader = {.bytes = snapshot->parts[0].bytes, .length = length};
  CU_ASSERT(length <= snapshot->parts[0].length);
  return tasks->class->load(tasks->ops[0], &reader, err);
}

void operate_snapshot_free(struct operate_snapshot *snapshot)
{
  for (uint32_t p = 0; p < snapshot->count; p++)
    wr_part_writer_free(&snapshot->parts[p]);
}
