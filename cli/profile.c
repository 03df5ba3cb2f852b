/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Figures of a job. Times are sums over the copies of a step, so they can be longer than the job
 * took. Shares are parts of all the time in which tasks were busy; what belongs to no step (sending
 * rows to other tasks, copying state, everything in between) has lines of its own, so that shares
 * add up to 100 %.
 */
#include "cli/profile.h"

#include <inttypes.h>

#include "cli/grid.h"
#include "cli/profile_inner.h"
#include "cli/units.h"
#include "planner/writing.h"

/* ---- adding up */

void wr_profile_open(struct wr_profile *profile, const struct wr_plan *plan)
{
  *profile = (struct wr_profile){.plan = plan};
}

void wr_profile_close(struct wr_profile *profile)
{
  wr_arena_free(&profile->arena);
}

static void profile_add_step(struct wr_execution_step *to, const struct wr_execution_step *from)
{
  to->rows_in += from->rows_in;
  to->rows_out += from->rows_out;
  to->batches_in += from->batches_in;
  to->bytes_in += from->bytes_in;
  to->bytes_out += from->bytes_out;
  to->own_ns += from->own_ns;
  to->format_ns += from->format_ns;
  to->helping_ns += from->helping_ns;
  to->connector_ns += from->connector_ns;
  to->busiest_ns += from->busiest_ns;
  to->state_bytes = from->state_bytes;
  to->state_keys = from->state_keys;
  if (from->state_bytes_most > to->state_bytes_most)
    to->state_bytes_most = from->state_bytes_most;
  if (from->state_keys_most > to->state_keys_most)
    to->state_keys_most = from->state_keys_most;
  for (int kind = 0; kind < WR_REJECT_KIND_COUNT; kind++)
    to->rejected[kind] += from->rejected[kind];
}

static struct wr_execution_task *profile_task(struct wr_profile *profile,
                                              const struct wr_execution_task *like)
{
  for (uint32_t t = 0; t < profile->task_count; t++)
    if (profile->tasks[t].first_step == like->first_step && profile->tasks[t].copy == like->copy)
      return &profile->tasks[t];
  if (profile->task_count == profile->task_room) {
    uint32_t room = profile->task_room ? 2 * profile->task_room : 16;
    struct wr_execution_task *tasks = WR_NEW_ARRAY(&profile->arena, struct wr_execution_task, room);
    for (uint32_t t = 0; t < profile->task_count; t++)
      tasks[t] = profile->tasks[t];
    profile->tasks = tasks;
    profile->task_room = room;
  }
  struct wr_execution_task *task = &profile->tasks[profile->task_count++];
  *task = (struct wr_execution_task){
      .first_step = like->first_step, .copy = like->copy, .step_count = like->step_count};
  return task;
}

void wr_profile_add(struct wr_profile *profile, const struct wr_execution *execution)
{
  struct wr_arena arena = {0};
  struct wr_execution_summary summary;
  uint32_t step_count, task_count, node_count = profile->plan->node_count;
  const struct wr_execution_step *steps = wr_execution_steps(execution, &arena, &step_count);
  const struct wr_execution_task *tasks = wr_execution_tasks(execution, &arena, &task_count);
  if (!profile->steps) {
    profile->steps = WR_NEW_ARRAY(&profile->arena, struct wr_execution_step, node_count);
    for (uint32_t i = 0; i < node_count; i++)
      profile->steps[i].name = profile->plan->nodes[i].name;
  }
  for (uint32_t i = 0; i < step_count && i < node_count; i++)
    profile_add_step(&profile->steps[i], &steps[i]);
  for (uint32_t t = 0; t < task_count; t++) {
    struct wr_execution_task *task = profile_task(profile, &tasks[t]);
    task->steps_ns += tasks[t].steps_ns;
    task->helping_ns += tasks[t].helping_ns;
    task->sending_ns += tasks[t].sending_ns;
    task->cpu_ns += tasks[t].cpu_ns;
    for (int spent = 0; spent < WR_SPENT_COUNT; spent++)
      task->spent_ns[spent] += tasks[t].spent_ns[spent];
  }
  wr_execution_summarize(execution, &summary);
  profile->duration_us += summary.duration_us;
  profile->executions++;
  wr_arena_free(&arena);
}

/* ---- figures that are worked out */

uint64_t wr_profile_step_ns(const struct wr_execution_step *step)
{
  return step->own_ns + step->format_ns + step->connector_ns;
}

uint64_t wr_profile_task_busy_ns(const struct wr_execution_task *task)
{
  return task->steps_ns + task->sending_ns + task->spent_ns[WR_SPENT_BUSY];
}

uint64_t wr_profile_task_ns(const struct wr_execution_task *task)
{
  return wr_profile_task_busy_ns(task) + task->spent_ns[WR_SPENT_INPUT] +
         task->spent_ns[WR_SPENT_OUTPUT] + task->spent_ns[WR_SPENT_BARRIER] +
         task->spent_ns[WR_SPENT_SAVING];
}

struct wr_profile_sums wr_profile_sums(const struct wr_profile *profile)
{
  struct wr_profile_sums sums = {0};
  for (uint32_t t = 0; t < profile->task_count; t++) {
    const struct wr_execution_task *task = &profile->tasks[t];
    sums.all_ns += wr_profile_task_ns(task);
    sums.cpu_ns += task->cpu_ns;
    sums.sending_ns += task->sending_ns;
    sums.saving_ns += task->spent_ns[WR_SPENT_SAVING];
    sums.between_ns += task->spent_ns[WR_SPENT_BUSY];
    sums.busy_ns += wr_profile_task_busy_ns(task) + task->spent_ns[WR_SPENT_SAVING];
  }
  return sums;
}

uint64_t wr_profile_bad(const struct wr_execution_step *step)
{
  uint64_t bad = 0;
  for (int kind = 0; kind < WR_REJECT_KIND_COUNT; kind++)
    bad += kind == WR_REJECT_LATE ? 0 : step->rejected[kind];
  return bad;
}

static const char *print_share(struct wr_arena *arena, uint64_t part, uint64_t all)
{
  return wr_arena_print(arena, "%.1f %%", all ? 100 * (double)part / (double)all : 0);
}

/* "" for 0: most steps have none. */
static const char *print_some(struct wr_arena *arena, uint64_t count)
{
  return count ? wr_count_print(arena, count) : "";
}

/* "620 ms (1.4x)": of the copy that was busiest, and how many times the mean that is. */
static const char *print_busiest(struct wr_arena *arena, uint64_t busiest_ns, uint64_t all_ns,
                                 uint32_t copies)
{
  if (copies < 2 || all_ns == 0)
    return "";
  return wr_arena_print(arena, "%s (%.1fx)", wr_time_print(arena, busiest_ns),
                        (double)busiest_ns * copies / (double)all_ns);
}

/* ---- the table */

static void text_add_step(struct wr_profile *profile, struct wr_grid *grid, uint32_t i,
                          const struct wr_profile_sums *sums)
{
  struct wr_arena *arena = &profile->arena;
  const struct wr_execution_step *step = &profile->steps[i];
  const struct wr_plan_node *node = &profile->plan->nodes[i];
  uint64_t busy_ns = wr_profile_step_ns(step);
  const char *inputs = wr_explain_inputs(arena, profile->plan, node);
  wr_grid_add(grid, (const char *[]){
                        wr_arena_print(arena, "#%u %s", i, step->name),
                        wr_arena_print(arena, "x%u", node->parallelism),
                        wr_count_print(arena, step->rows_in), wr_count_print(arena, step->rows_out),
                        wr_count_print(arena, step->batches_in), wr_time_print(arena, busy_ns),
                        print_share(arena, busy_ns, sums->busy_ns),
                        print_busiest(arena, step->busiest_ns, busy_ns, node->parallelism),
                        step->state_bytes_most ? wr_bytes_print(arena, step->state_bytes_most) : "",
                        print_some(arena, step->state_keys_most),
                        print_some(arena, step->rejected[WR_REJECT_LATE]),
                        print_some(arena, wr_profile_bad(step)),
                        *inputs ? wr_arena_print(arena, "<- %s", inputs) : ""});
}

static void text_add_rest(struct wr_profile *profile, struct wr_grid *grid, const char *name,
                          uint64_t ns, const struct wr_profile_sums *sums)
{
  struct wr_arena *arena = &profile->arena;
  if (ns)
    wr_grid_add(grid,
                (const char *[]){name, "", "", "", "", wr_time_print(arena, ns),
                                 print_share(arena, ns, sums->busy_ns), "", "", "", "", "", ""});
}

static const char *text_steps(struct wr_profile *profile, const struct wr_profile_sums *sums)
{
  uint64_t copies = 0, state = 0, keys = 0, late = 0, bad = 0;
  for (uint32_t i = 0; i < profile->plan->node_count; i++) {
    const struct wr_execution_step *step = &profile->steps[i];
    copies =
        profile->plan->nodes[i].parallelism > copies ? profile->plan->nodes[i].parallelism : copies;
    state += step->state_bytes_most;
    keys += step->state_keys_most;
    late += step->rejected[WR_REJECT_LATE];
    bad += wr_profile_bad(step);
  }
  struct wr_grid grid = {.arena = &profile->arena, .indent = "  ", .sides = "lrrrrrrrrrrrl"};
  wr_grid_add(&grid,
              (const char *[]){"step", "", "rows in", "rows out", "batches", "busy", "share",
                               copies > 1 ? "busiest copy" : "", state ? "state" : "",
                               keys ? "keys" : "", late ? "late" : "", bad ? "bad" : "", ""});
  for (uint32_t i = 0; i < profile->plan->node_count; i++)
    text_add_step(profile, &grid, i, sums);
  text_add_rest(profile, &grid, "sending to other tasks", sums->sending_ns, sums);
  text_add_rest(profile, &grid, "copying state for epochs", sums->saving_ns, sums);
  text_add_rest(profile, &grid, "between steps", sums->between_ns, sums);
  return wr_grid_text(&grid);
}

/* A line for all copies of a task; sums and what the busiest of them has. */
static void text_add_task(struct wr_profile *profile, struct wr_grid *grid, uint32_t first_step)
{
  struct wr_arena *arena = &profile->arena;
  struct wr_execution_task all = {0};
  uint32_t copies = 0;
  uint64_t busiest_ns = 0;
  for (uint32_t t = 0; t < profile->task_count; t++) {
    const struct wr_execution_task *task = &profile->tasks[t];
    uint64_t busy_ns = wr_profile_task_busy_ns(task);
    if (task->first_step != first_step)
      continue;
    busiest_ns = busy_ns > busiest_ns ? busy_ns : busiest_ns;
    copies++;
    all.step_count = task->step_count;
    all.steps_ns += task->steps_ns;
    all.helping_ns += task->helping_ns;
    all.sending_ns += task->sending_ns;
    all.cpu_ns += task->cpu_ns;
    for (int spent = 0; spent < WR_SPENT_COUNT; spent++)
      all.spent_ns[spent] += task->spent_ns[spent];
  }
  if (copies == 0)
    return;
  const char *more = all.step_count > 1 ? wr_arena_print(arena, " ... (%u)", all.step_count) : "";
  uint64_t ns = wr_profile_task_ns(&all), busy_ns = wr_profile_task_busy_ns(&all);
  wr_grid_add(grid,
              (const char *[]){wr_arena_print(arena, "#%u %s%s", first_step,
                                              profile->steps[first_step].name, more),
                               wr_arena_print(arena, "x%u", copies), wr_time_print(arena, ns),
                               print_share(arena, busy_ns, ns), print_share(arena, all.cpu_ns, ns),
                               all.helping_ns ? print_share(arena, all.helping_ns, ns) : "",
                               print_share(arena, all.spent_ns[WR_SPENT_INPUT], ns),
                               print_share(arena, all.spent_ns[WR_SPENT_OUTPUT], ns),
                               print_share(arena, all.spent_ns[WR_SPENT_BARRIER], ns),
                               print_share(arena, all.spent_ns[WR_SPENT_SAVING], ns),
                               print_busiest(arena, busiest_ns, busy_ns, copies)});
}

static const char *text_tasks(struct wr_profile *profile)
{
  struct wr_grid grid = {.arena = &profile->arena, .indent = "  ", .sides = "lrrrrrrrrrr"};
  bool several = false, helps = false;
  for (uint32_t t = 0; t < profile->task_count; t++) {
    several = several || profile->tasks[t].copy > 0;
    helps = helps || profile->tasks[t].helping_ns > 0;
  }
  wr_grid_add(&grid, (const char *[]){"task", "", "time", "busy", "cpu", helps ? "helps" : "",
                                      "waits for input", "for output", "for barriers",
                                      "copies state", several ? "busiest copy" : ""});
  for (uint32_t i = 0; i < profile->plan->node_count; i++)
    text_add_task(profile, &grid, i);
  return wr_grid_text(&grid);
}

static void text_add_edge(struct wr_profile *profile, struct wr_grid *grid, uint32_t i)
{
  struct wr_arena *arena = &profile->arena;
  const struct wr_execution_step *step = &profile->steps[i];
  bool is_source = profile->plan->nodes[i].kind == WR_PLAN_SOURCE;
  uint64_t records = is_source ? step->rows_in : step->rows_out;
  uint64_t bytes = is_source ? step->bytes_in : step->bytes_out;
  double seconds = (double)profile->duration_us / 1e6;
  double per_second = seconds > 0 ? (double)bytes / seconds : 0;
  wr_grid_add(
      grid,
      (const char *[]){
          wr_arena_print(arena, "#%u %s", i, step->name), wr_count_print(arena, records),
          bytes ? wr_bytes_print(arena, bytes) : "",
          bytes ? wr_arena_print(arena, "%s/s", wr_bytes_print(arena, (uint64_t)per_second)) : "",
          wr_time_print(arena, step->connector_ns),
          step->format_ns ? wr_time_print(arena, step->format_ns) : "",
          step->helping_ns ? print_share(arena, step->helping_ns, step->format_ns) : ""});
}

static const char *text_edges(struct wr_profile *profile)
{
  const struct wr_plan *plan = profile->plan;
  struct wr_grid grid = {.arena = &profile->arena, .indent = "  ", .sides = "lrrrrrr"};
  bool some = false, helped = false;
  for (uint32_t i = 0; i < plan->node_count; i++)
    helped = helped || profile->steps[i].helping_ns > 0;
  for (uint32_t i = 0; i < plan->node_count; i++) {
    if (!plan->nodes[i].source)
      continue;
    if (!some)
      wr_grid_add(&grid, (const char *[]){"source", "records", "bytes", "", "reading", "decoding",
                                          helped ? "by helpers" : ""});
    some = true;
    text_add_edge(profile, &grid, i);
  }
  some = false;
  for (uint32_t i = 0; i < plan->node_count; i++) {
    if (plan->nodes[i].kind != WR_PLAN_SINK)
      continue;
    if (!some)
      wr_grid_add(&grid,
                  (const char *[]){"sink", "records", "bytes", "", "writing", "encoding", ""});
    some = true;
    text_add_edge(profile, &grid, i);
  }
  return wr_grid_text(&grid);
}

static const char *text_head(struct wr_profile *profile, const struct wr_profile_sums *sums)
{
  struct wr_arena *arena = &profile->arena;
  const char *again = profile->executions > 1 ? wr_arena_print(arena, ", started %u times",
                                                               (unsigned)profile->executions)
                                              : "";
  return wr_arena_print(
      arena, "%s%s; %u task%s, busy %s (%s), cpu %s\n",
      wr_time_print(arena, (uint64_t)profile->duration_us * 1000), again, profile->task_count,
      profile->task_count == 1 ? "" : "s", wr_time_print(arena, sums->busy_ns),
      print_share(arena, sums->busy_ns, sums->all_ns), wr_time_print(arena, sums->cpu_ns));
}

void wr_profile_print(struct wr_profile *profile, enum wr_profile_format format, FILE *file)
{
  if (!profile->steps || format == WR_PROFILE_NONE)
    return;
  if (format == WR_PROFILE_JSON) {
    fprintf(file, "%s\n", wr_profile_json(profile));
  } else {
    const struct wr_profile_sums sums = wr_profile_sums(profile);
    fprintf(file, "weir: profile: %s%s\n%s\n%s", text_head(profile, &sums),
            text_steps(profile, &sums), text_tasks(profile), text_edges(profile));
  }
  fflush(file);
}

/* ---- EXPLAIN ANALYZE */

static const char *figures_of_step(struct wr_profile *profile, uint32_t i,
                                   const struct wr_profile_sums *sums)
{
  struct wr_arena *arena = &profile->arena;
  struct wr_writing out = {.arena = arena};
  const struct wr_execution_step *step = &profile->steps[i];
  const struct wr_plan_node *node = &profile->plan->nodes[i];
  bool is_source = node->kind == WR_PLAN_SOURCE;
  uint64_t busy_ns = wr_profile_step_ns(step), bad = wr_profile_bad(step);
  uint64_t bytes = is_source ? step->bytes_in : step->bytes_out;
  wr_write(&out, "       = rows %s -> %s in %s batch%s", wr_count_print(arena, step->rows_in),
           wr_count_print(arena, step->rows_out), wr_count_print(arena, step->batches_in),
           step->batches_in == 1 ? "" : "es");
  if (bytes)
    wr_write(&out, ", %s", wr_bytes_print(arena, bytes));
  wr_write(&out, "; busy %s, %s", wr_time_print(arena, busy_ns),
           print_share(arena, busy_ns, sums->busy_ns));
  if (node->parallelism > 1 && busy_ns)
    wr_write(&out, ", busiest copy %s",
             print_busiest(arena, step->busiest_ns, busy_ns, node->parallelism));
  if (step->format_ns)
    wr_write(&out, "; %s %s, %s %s", is_source ? "reading" : "writing",
             wr_time_print(arena, step->connector_ns), is_source ? "decoding" : "encoding",
             wr_time_print(arena, step->format_ns));
  if (step->helping_ns)
    wr_write(&out, ", %s by helpers", print_share(arena, step->helping_ns, step->format_ns));
  if (step->state_bytes_most)
    wr_write(&out, "; state %s, %s key%s", wr_bytes_print(arena, step->state_bytes_most),
             wr_count_print(arena, step->state_keys_most), step->state_keys_most == 1 ? "" : "s");
  if (step->rejected[WR_REJECT_LATE])
    wr_write(&out, "; %s late", wr_count_print(arena, step->rejected[WR_REJECT_LATE]));
  if (bad)
    wr_write(&out, "; %s bad", wr_count_print(arena, bad));
  wr_write(&out, "\n");
  return wr_written(&out);
}

struct wr_explain_figures wr_profile_figures(struct wr_profile *profile,
                                             enum wr_profile_format format)
{
  const struct wr_profile_sums sums = wr_profile_sums(profile);
  const char **steps = WR_NEW_ARRAY(&profile->arena, const char *, profile->plan->node_count);
  for (uint32_t i = 0; i < profile->plan->node_count; i++)
    steps[i] = format == WR_PROFILE_JSON ? wr_profile_json_step(profile, i)
                                         : figures_of_step(profile, i, &sums);
  const char *job = format == WR_PROFILE_JSON
                        ? wr_profile_json_job(profile)
                        : wr_arena_print(&profile->arena, "Run in %s%s", text_head(profile, &sums),
                                         text_tasks(profile));
  return (struct wr_explain_figures){.steps = steps, .job = job};
}
