/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table's source is that of any other table (runtime/source.h), with one copy that has all
 * splits; behind it stand the filter and projection of the plan, and an operator that keeps what
 * comes.
 *
 *   source -> [filter] -> project -> keep
 *
 * Rows are counted by those who hold them: the loader for the newest, and every copy of an operator
 * for those that it looks at, which may be older ones for a while.
 */
#include "runtime/reference.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/limits.h"
#include "core/time.h"
#include "operators/specs.h"
#include "runtime/budget.h"
#include "runtime/execution.h"
#include "runtime/memory.h"
#include "runtime/source.h"
#include "runtime/split_find.h"

#define REFERENCE_WAIT_MS  100                     /* for a connector that has nothing now */
#define REFERENCE_QUIET_US (3 * WR_US_PER_SECOND)  /* before anybody is told that a table loads */
#define REFERENCE_TELL_US  (10 * WR_US_PER_SECOND) /* and how often */
#define REFERENCE_MIB      1048576.0

/* Rows and who looks at them. */
struct held_rows {
  struct wr_reference_rows *rows;
  uint32_t holders;
  struct held_rows *next; /* older ones */
};

struct wr_reference_loader {
  struct wr_reference reference; /* first: its address is ours */
  const struct wr_plan_reference *plan;
  struct wr_reference_settings settings;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  struct held_rows *newest;
  _Atomic bool stops;
  int64_t loaded_us; /* of the clock that never goes back */
  pthread_t thread;
  bool started;
};

/* ---- one loading */

struct loading {
  struct wr_reject_sink rejects; /* first: the sink's address is ours */
  struct wr_reference_loader *loader;
  struct wr_reference_rows *rows;
  struct wr_arena arena; /* of splits */
  struct wr_found_splits found;
  struct wr_metrics metrics; /* nobody looks at them */
  struct wr_operator_context context;
  struct wr_source *source;
  struct wr_operator *filter, *project;
  struct wr_operator keep;
  struct wr_target targets[3]; /* of source, filter, project */
  struct wr_filter_spec filter_spec;
  struct wr_project_spec project_spec;
};

static enum wr_code keep_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  struct loading *loading = (struct loading *)(void *)((char *)op - offsetof(struct loading, keep));
  (void)input;
  return wr_reference_rows_add(loading->rows, batch, err);
}

static const struct wr_operator_class keep_class = {.name = "keep", .on_batch = keep_on_batch};

static void loading_reject(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  wr_reference_rows_reject(((struct loading *)sink)->rows, reject);
}

static void loading_open_context(struct loading *loading)
{
  const struct wr_plan_reference *plan = loading->loader->plan;
  loading->rejects = (struct wr_reject_sink){.put = loading_reject};
  loading->context = (struct wr_operator_context){.task_count = 1,
                                                  .hash_seed = loading->loader->settings.hash_seed,
                                                  .name = plan->source.table.name,
                                                  .time_zone = plan->source.table.time_zone,
                                                  .rejects = &loading->rejects,
                                                  .metrics = &loading->metrics};
  atomic_init(&loading->metrics.watermark_us, WR_TIME_NONE);
  loading->keep = wr_operator_head(&keep_class, &loading->context);
}

static enum wr_code loading_open_operators(struct loading *loading, struct wr_error *err)
{
  const struct wr_plan_reference *plan = loading->loader->plan;
  enum wr_code code = WR_OK;
  loading->filter_spec = (struct wr_filter_spec){.schema = plan->made, .condition = plan->filter};
  loading->project_spec = (struct wr_project_spec){.schema = plan->schema,
                                                   .expressions = plan->expressions,
                                                   .expression_count = plan->schema->column_count};
  if (plan->filter)
    code = wr_operator_class_filter.open(&loading->filter_spec, &loading->context, &loading->filter,
                                         err);
  if (code == WR_OK)
    code = wr_operator_class_project.open(&loading->project_spec, &loading->context,
                                          &loading->project, err);
  return code;
}

static void operator_connect(struct wr_operator *op, struct wr_target *target,
                             struct wr_operator *to)
{
  *target = (struct wr_target){.op = to};
  op->targets = target;
  op->target_count = 1;
}

static enum wr_code loading_open(struct loading *loading, struct wr_error *err)
{
  const struct wr_reference_settings *settings = &loading->loader->settings;
  const struct wr_plan_reference *plan = loading->loader->plan;
  const struct wr_split_find find = {.plan = &plan->source,
                                     .key = "",
                                     .task_count = 1,
                                     .note = settings->note,
                                     .note_self = settings->note_self};
  enum wr_code code = wr_splits_find(&find, &loading->arena, &loading->found, err);
  const struct wr_source_settings source = {.batch_rows = settings->batch_rows,
                                            .shared = loading->found.shared,
                                            .note = settings->note,
                                            .note_self = settings->note_self};
  if (code == WR_OK)
    code = loading_open_operators(loading, err);
  if (code == WR_OK)
    code =
        wr_source_open(&plan->source, plan->made, loading->found.splits, loading->found.split_count,
                       &loading->context, &source, &loading->source, err);
  if (code != WR_OK)
    return code;
  struct wr_operator *first = loading->filter ? loading->filter : loading->project;
  operator_connect(wr_source_operator(loading->source), &loading->targets[0], first);
  if (loading->filter)
    operator_connect(loading->filter, &loading->targets[1], loading->project);
  operator_connect(loading->project, &loading->targets[2], &loading->keep);
  return WR_OK;
}

static void loading_close(struct loading *loading)
{
  if (loading->source)
    wr_source_close(loading->source);
  if (loading->filter)
    loading->filter->class->close(loading->filter);
  if (loading->project)
    loading->project->class->close(loading->project);
  wr_splits_forget(&loading->found);
  wr_arena_free(&loading->arena);
}

/* others: bytes of state that the job has beside these rows. */
static enum wr_code loading_check_memory(const struct loading *loading, uint64_t others,
                                         struct wr_error *err)
{
  const struct wr_reference_loader *loader = loading->loader;
  uint64_t memory_bytes = loader->settings.memory_bytes;
  uint64_t share = wr_memory_share(memory_bytes, WR_MEMORY_STATE);
  uint64_t left = share > others ? share - others : 0;
  if (wr_reference_rows_bytes(loading->rows) <= left)
    return WR_OK;
  wr_fail(err, WR_LIMIT,
          "it takes more than the %.1f MiB that are left of the %.1f MiB that --memory %.0fMiB has "
          "for state",
          (double)left / REFERENCE_MIB, (double)share / REFERENCE_MIB,
          (double)memory_bytes / REFERENCE_MIB);
  return wr_hint(err,
                 "give it more, for example --memory %.0fMiB; only columns that the query "
                 "reads are kept",
                 2 * (double)memory_bytes / REFERENCE_MIB);
}

/* The job waits for the first loading: says so, and hears whether somebody has had enough of it. */
static enum wr_code loading_tell(const struct loading *loading, int64_t *due_us,
                                 struct wr_error *err)
{
  const struct wr_reference_loader *loader = loading->loader;
  const struct wr_reference_settings *settings = &loader->settings;
  const char *table = loader->plan->source.table.name;
  uint64_t count = wr_reference_rows_count(loading->rows);
  char message[WR_MESSAGE_BYTES_MAX];
  int64_t now_us = wr_monotonic_us();
  if (loader->newest)
    return WR_OK;
  if (settings->loads && !settings->loads(settings->loads_self, true))
    return wr_fail(
        err, WR_STOPPED,
        "stopped before the job began, while table %s was being loaded: %llu rows so far", table,
        (unsigned long long)count);
  if (now_us < *due_us || !settings->note)
    return WR_OK;
  *due_us = now_us + REFERENCE_TELL_US;
  snprintf(
      message, sizeof message,
      "table %s, in which rows are looked up, is being loaded before the job begins: %llu rows "
      "so far",
      table, (unsigned long long)count);
  settings->note(settings->note_self, message);
  return WR_OK;
}

static enum wr_code loading_run(struct loading *loading, uint64_t others, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  int64_t due_us = wr_monotonic_us() + REFERENCE_QUIET_US;
  bool moved = true;
  while (code == WR_OK && !wr_source_is_done(loading->source)) {
    if ((code = loading_tell(loading, &due_us, err)) != WR_OK)
      return code;
    if (atomic_load(&loading->loader->stops))
      return wr_fail(err, WR_STOPPED, "the job has ended");
    code = wr_source_step(loading->source, moved ? 0 : REFERENCE_WAIT_MS, wr_now_us(), &moved, err);
    if (code == WR_OK)
      code = loading_check_memory(loading, others, err);
  }
  return code;
}

/* The same error, with the name of the table in front. */
static enum wr_code loading_fail(const struct wr_reference_loader *loader, struct wr_error *err)
{
  struct wr_error cause = *err;
  if (cause.code == WR_STOPPED)
    return cause.code;
  const char *table = loader->plan->source.table.name;
  wr_fail(err, cause.code, "table %s, in which rows are looked up, cannot be loaded: %s", table,
          cause.message);
  if (*cause.hint)
    wr_hint(err, "%s", cause.hint);
  return cause.code;
}

static enum wr_code loader_load(struct wr_reference_loader *loader, uint64_t others,
                                struct wr_reference_rows **out, struct wr_error *err)
{
  const struct wr_plan_reference *plan = loader->plan;
  struct loading *loading = wr_memory_get_zero(sizeof *loading);
  loading->loader = loader;
  loading->rows =
      wr_reference_rows_new(plan->schema, plan->keys, plan->key_count, loader->settings.hash_seed);
  loading_open_context(loading);
  enum wr_code code = loading_open(loading, err);
  if (code == WR_OK)
    code = loading_run(loading, others, err);
  loading_close(loading);
  if (code == WR_OK)
    wr_reference_rows_seal(loading->rows, wr_now_us());
  else
    wr_reference_rows_free(loading->rows);
  *out = code == WR_OK ? loading->rows : NULL;
  free(loading);
  return code == WR_OK ? WR_OK : loading_fail(loader, err);
}

/* ---- who holds which rows */

/* The lock is held. */
static void held_rows_drop(struct wr_reference_loader *loader, const struct wr_reference_rows *rows)
{
  struct held_rows **at = &loader->newest;
  while ((*at)->rows != rows)
    at = &(*at)->next;
  struct held_rows *held = *at;
  assert(held->holders > 0);
  if (--held->holders)
    return;
  *at = held->next;
  wr_reference_rows_free(held->rows);
  free(held);
}

static const struct wr_reference_rows *loader_take(struct wr_reference *self)
{
  struct wr_reference_loader *loader = (struct wr_reference_loader *)self;
  pthread_mutex_lock(&loader->lock);
  const struct wr_reference_rows *rows = loader->newest->rows;
  loader->newest->holders++;
  pthread_mutex_unlock(&loader->lock);
  return rows;
}

static void loader_give_back(struct wr_reference *self, const struct wr_reference_rows *rows)
{
  struct wr_reference_loader *loader = (struct wr_reference_loader *)self;
  pthread_mutex_lock(&loader->lock);
  held_rows_drop(loader, rows);
  pthread_mutex_unlock(&loader->lock);
}

/* Rows that are new take the place of those that were. */
static void loader_put(struct wr_reference_loader *loader, struct wr_reference_rows *rows)
{
  struct held_rows *held = wr_memory_get(sizeof *held);
  pthread_mutex_lock(&loader->lock);
  const struct wr_reference_rows *before = loader->newest ? loader->newest->rows : NULL;
  *held = (struct held_rows){.rows = rows, .holders = 1, .next = loader->newest};
  loader->newest = held;
  loader->loaded_us = wr_monotonic_us();
  if (before)
    held_rows_drop(loader, before);
  atomic_fetch_add_explicit(&loader->reference.version, 1, memory_order_release);
  pthread_mutex_unlock(&loader->lock);
}

/* ---- loading anew */

static bool loader_wait(struct wr_reference_loader *loader, int64_t due_us)
{
  const struct timespec due = {due_us / WR_US_PER_SECOND, due_us % WR_US_PER_SECOND * 1000};
  pthread_mutex_lock(&loader->lock);
  while (!atomic_load(&loader->stops) && wr_monotonic_us() < due_us)
    pthread_cond_timedwait(&loader->changed, &loader->lock, &due);
  pthread_mutex_unlock(&loader->lock);
  return !atomic_load(&loader->stops);
}

static void loader_reload(struct wr_reference_loader *loader)
{
  const struct wr_reference_settings *settings = &loader->settings;
  struct wr_reference_rows *rows;
  struct wr_error err;
  char message[WR_MESSAGE_BYTES_MAX + 128];
  enum wr_code code = loader_load(loader, wr_budget_state_bytes(settings->build), &rows, &err);
  if (code == WR_OK)
    loader_put(loader, rows);
  if (code == WR_OK || atomic_load(&loader->stops) || !settings->note)
    return;
  snprintf(message, sizeof message, "%s; it stays as it was loaded %lld s ago", err.message,
           (long long)((wr_monotonic_us() - loader->loaded_us) / WR_US_PER_SECOND));
  settings->note(settings->note_self, message);
}

static void *loader_run(void *argument)
{
  struct wr_reference_loader *loader = argument;
  int64_t reload_us = loader->plan->reload_us, due_us = loader->loaded_us + reload_us;
  while (loader_wait(loader, due_us)) {
    loader_reload(loader);
    int64_t now_us = wr_monotonic_us();
    due_us = loader->plan->fixed_rate ? due_us + reload_us : now_us + reload_us;
    if (due_us < now_us)
      due_us = now_us;
  }
  return NULL;
}

/* Threads leave signals to the one that started the job. */
static enum wr_code loader_start(struct wr_reference_loader *loader, struct wr_error *err)
{
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  loader->started = pthread_create(&loader->thread, NULL, loader_run, loader) == 0;
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return loader->started ? WR_OK
                         : wr_fail(err, WR_IO, "no thread can be started to load table %s anew",
                                   loader->plan->source.table.name);
}

/* ---- from outside */

enum wr_code wr_reference_open(const struct wr_plan_reference *plan,
                               const struct wr_reference_settings *settings,
                               struct wr_reference_loader **out, struct wr_error *err)
{
  struct wr_reference_loader *loader = wr_memory_get_zero(sizeof *loader);
  struct wr_reference_rows *rows;
  pthread_condattr_t attributes;
  loader->reference = (struct wr_reference){.take = loader_take, .give_back = loader_give_back};
  loader->plan = plan;
  loader->settings = *settings;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_mutex_init(&loader->lock, NULL);
  pthread_cond_init(&loader->changed, &attributes);
  pthread_condattr_destroy(&attributes);
  enum wr_code code = loader_load(loader, settings->loaded_bytes, &rows, err);
  if (code == WR_OK)
    loader_put(loader, rows);
  if (code == WR_OK && plan->reload_us)
    code = loader_start(loader, err);
  if (code != WR_OK) {
    wr_reference_close(loader);
    return code;
  }
  *out = loader;
  return WR_OK;
}

struct wr_reference *wr_reference_of(struct wr_reference_loader *loader)
{
  return &loader->reference;
}

uint64_t wr_reference_bytes(struct wr_reference_loader *loader)
{
  pthread_mutex_lock(&loader->lock);
  uint64_t bytes = wr_reference_rows_bytes(loader->newest->rows);
  pthread_mutex_unlock(&loader->lock);
  return bytes;
}

void wr_reference_stop(struct wr_reference_loader *loader)
{
  pthread_mutex_lock(&loader->lock);
  atomic_store(&loader->stops, true);
  pthread_cond_broadcast(&loader->changed);
  pthread_mutex_unlock(&loader->lock);
}

static void loader_join(struct wr_reference_loader *loader)
{
  wr_reference_stop(loader);
  if (loader->started)
    pthread_join(loader->thread, NULL);
  loader->started = false;
}

void wr_reference_close(struct wr_reference_loader *loader)
{
  if (!loader)
    return;
  loader_join(loader);
  if (loader->newest) {
    assert(!loader->newest->next && "operators have given their rows back");
    held_rows_drop(loader, loader->newest->rows);
  }
  pthread_cond_destroy(&loader->changed);
  pthread_mutex_destroy(&loader->lock);
  free(loader);
}

/* ---- all tables of a plan */

enum wr_code wr_references_open(const struct wr_plan *plan,
                                const struct wr_execution_options *options, uint64_t hash_seed,
                                struct wr_build *build, struct wr_error *err)
{
  struct wr_reference_settings settings = {.batch_rows = options->batch_rows ? options->batch_rows
                                                                             : WR_BATCH_ROWS,
                                           .hash_seed = hash_seed,
                                           .memory_bytes = options->memory_bytes,
                                           .build = build,
                                           .note = options->note,
                                           .note_self = options->note_self,
                                           .loads = options->loads,
                                           .loads_self = options->begins_self};
  enum wr_code code = WR_OK;
  build->references =
      wr_memory_get_zero((plan->node_count + 1) * sizeof(struct wr_reference_loader *));
  build->reference_count = plan->node_count;
  bool told = false;
  for (uint32_t n = 0; n < plan->node_count && code == WR_OK; n++) {
    if (!plan->nodes[n].reference)
      continue;
    told = true;
    code = wr_reference_open(plan->nodes[n].reference, &settings, &build->references[n], err);
    if (code == WR_OK)
      settings.loaded_bytes += wr_reference_bytes(build->references[n]);
  }
  if (told && settings.loads)
    settings.loads(settings.loads_self, false);
  return code;
}

void wr_references_stop(struct wr_build *build, bool wait)
{
  for (int round = 0; round < 1 + wait; round++) /* all hear of it before one is waited for */
    for (uint32_t n = 0; n < build->reference_count; n++) {
      if (build->references[n] && round == 0)
        wr_reference_stop(build->references[n]);
      else if (build->references[n])
        loader_join(build->references[n]);
    }
}

void wr_references_close(struct wr_build *build)
{
  for (uint32_t n = 0; n < build->reference_count; n++)
    wr_reference_close(build->references[n]);
  free(build->references);
  build->references = NULL;
  build->reference_count = 0;
}
