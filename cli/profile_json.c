/* SPDX-License-Identifier: Apache-2.0 */
/* A profile for programs. Times are nanoseconds; names stay as they are once they are there. */
#include <inttypes.h>

#include "cli/profile_inner.h"
#include "planner/writing.h"

static void json_number(struct wr_writing *out, const char *name, uint64_t number)
{
  wr_write(out, ",\"%s\":%" PRIu64, name, number);
}

/* Members of an object, each behind a comma. */
static void json_figures(struct wr_writing *out, const struct wr_execution_step *step)
{
  json_number(out, "rows_out", step->rows_out);
  json_number(out, "batches", step->batches_in);
  json_number(out, "bytes_in", step->bytes_in);
  json_number(out, "bytes_out", step->bytes_out);
  json_number(out, "busy_ns", wr_profile_step_ns(step));
  json_number(out, "connector_ns", step->connector_ns);
  json_number(out, "format_ns", step->format_ns);
  json_number(out, "helping_ns", step->helping_ns);
  json_number(out, "busiest_copy_ns", step->busiest_ns);
  json_number(out, "state_bytes_most", step->state_bytes_most);
  json_number(out, "state_keys_most", step->state_keys_most);
  for (int kind = 0; kind < WR_REJECT_KIND_COUNT; kind++)
    json_number(out, wr_reject_names[kind], step->rejected[kind]);
}

const char *wr_profile_json_step(struct wr_profile *profile, uint32_t i)
{
  struct wr_writing out = {.arena = &profile->arena};
  wr_write(&out, "\"measured\":{\"rows_in\":%" PRIu64, profile->steps[i].rows_in);
  json_figures(&out, &profile->steps[i]);
  wr_write(&out, "}");
  return wr_written(&out);
}

static void json_tasks(struct wr_writing *out, const struct wr_profile *profile)
{
  wr_write(out, ",\"tasks\":[");
  for (uint32_t t = 0; t < profile->task_count; t++) {
    const struct wr_execution_task *task = &profile->tasks[t];
    wr_write(out, "%s{\"first_step\":%u,\"steps\":%u,\"copy\":%u", t ? "," : "", task->first_step,
             task->step_count, task->copy);
    json_number(out, "time_ns", wr_profile_task_ns(task));
    json_number(out, "cpu_ns", task->cpu_ns);
    json_number(out, "busy_ns", wr_profile_task_busy_ns(task));
    json_number(out, "helping_ns", task->helping_ns);
    json_number(out, "sending_ns", task->sending_ns);
    json_number(out, "between_ns", task->spent_ns[WR_SPENT_BUSY]);
    json_number(out, "input_wait_ns", task->spent_ns[WR_SPENT_INPUT]);
    json_number(out, "output_wait_ns", task->spent_ns[WR_SPENT_OUTPUT]);
    json_number(out, "barrier_wait_ns", task->spent_ns[WR_SPENT_BARRIER]);
    json_number(out, "saving_ns", task->spent_ns[WR_SPENT_SAVING]);
    wr_write(out, "}");
  }
  wr_write(out, "]");
}

static void json_head(struct wr_writing *out, const struct wr_profile *profile)
{
  wr_write(out, "\"duration_us\":%" PRId64 ",\"executions\":%u", profile->duration_us,
           profile->executions);
}

const char *wr_profile_json_job(struct wr_profile *profile)
{
  struct wr_writing out = {.arena = &profile->arena};
  wr_write(&out, "\"measured\":{");
  json_head(&out, profile);
  json_tasks(&out, profile);
  wr_write(&out, "}");
  return wr_written(&out);
}

const char *wr_profile_json(struct wr_profile *profile)
{
  struct wr_writing out = {.arena = &profile->arena};
  const struct wr_plan *plan = profile->plan;
  wr_write(&out, "{");
  json_head(&out, profile);
  wr_write(&out, ",\"steps\":[");
  for (uint32_t i = 0; i < plan->node_count; i++) {
    const struct wr_plan_node *node = &plan->nodes[i];
    wr_write(&out, "%s{\"id\":%u,\"name\":", i ? "," : "", i);
    wr_write_json(&out, node->name);
    wr_write(&out, ",\"parallelism\":%u,\"inputs\":[", node->parallelism);
    for (uint32_t n = 0; n < node->input_count; n++)
      wr_write(&out, "%s%u", n ? "," : "", node->inputs[n].node);
    wr_write(&out, "]");
    json_number(&out, "rows_in", profile->steps[i].rows_in);
    json_figures(&out, &profile->steps[i]);
    wr_write(&out, "}");
  }
  wr_write(&out, "]");
  json_tasks(&out, profile);
  wr_write(&out, "}");
  return wr_written(&out);
}
