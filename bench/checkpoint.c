/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checkpoint DIR [MEGABYTES [SECONDS [INTERVAL_MS [ROUNDS]]]]: what epochs cost a job while it
 * runs. A job of one thread (rows from datagen, COUNT and SUM by a key in one long window) gets so
 * many megabytes of state, and then changes either all of its keys or one of a hundred for some
 * seconds; without epochs, and with one every interval in the state directory DIR/state, in turn.
 * Told are
 *
 * - M rows/s: after the state was there, and how much of those without epochs that is;
 * - pause: the longest time from batch to batch, growth of tables included, of each epoch (from
 *   barrier to barrier): in the middle, at the 99th percentile, and at worst; once by the clock,
 * and once in CPU time of the thread, which others on the machine do not lengthen;
 * - save, step: the longest call of the operator at a barrier, and of the steps behind it, in CPU
 * time;
 * - epochs: how many there were;
 * - MB, own MB: all bytes of an epoch, and those that it has written itself, in the middle of the
 *   newest ones.
 *
 * DIR must not exist, or be empty; it is removed at the end.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/time.h"
#include "operators/specs.h"
#include "planner/planner.h"
#include "runtime/execution.h"
#include "state/store_directory.h"

#define BYTES_PER_KEY 68 /* about; what it came to is told */
#define EPOCHS_MAX    4096
#define EPOCHS_KEPT   6
#define ROUNDS_MAX    16
#define CLOSED_MS     60000 /* how long a job may take to stop */

static const char script[] =
    "CREATE TABLE t (n BIGINT, v INT, k AS CASE WHEN n < %llu THEN n ELSE MOD(n * 7919, %llu) END,"
    " ts AS TO_TIMESTAMP_LTZ(n / 1000000, 3), WATERMARK FOR ts AS ts) WITH ('connector' = 'datagen',"
    " 'rows-per-second' = '0', 'fields.n.kind' = 'sequence', 'fields.n.start' = '0');"
    "CREATE TABLE o (k BIGINT, c BIGINT, s BIGINT) WITH ('connector' = 'blackhole');"
    "INSERT INTO o SELECT k, COUNT(*), SUM(v) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1'"
    " DAY)) GROUP BY window_start, window_end, k;";

struct stopwatch {
  int64_t clock_ns, cpu_ns;
};

static struct stopwatch stopwatch_now(void)
{
  struct timespec clock, cpu;
  clock_gettime(CLOCK_MONOTONIC, &clock);
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
  return (struct stopwatch){(int64_t)clock.tv_sec * 1000000000 + clock.tv_nsec,
                            (int64_t)cpu.tv_sec * 1000000000 + cpu.tv_nsec};
}

static void keep_most(int64_t *most, int64_t value)
{
  *most = value > *most ? value : *most;
}

/* ---- the measured operator: a window aggregate that is watched from outside */

struct recording {
  const void *spec; /* of the operator itself */
  struct stopwatch last;
  struct stopwatch pause; /* the longest since the last barrier */
  int64_t clock_ns[EPOCHS_MAX], cpu_ns[EPOCHS_MAX];
  uint32_t count;
  int64_t save_ns, step_ns;
};

/* Its class comes first, so that an operator leads to the rest. */
struct watch {
  struct wr_operator_class class;
  struct recording *recording;
};

static struct recording *watch_recording(const struct wr_operator *op)
{
  return ((const struct watch *)op->class)->recording;
}

static enum wr_code watch_batch(struct wr_operator *op, uint32_t input,
                                const struct wr_batch *batch, struct wr_error *err)
{
  struct recording *recording = watch_recording(op);
  enum wr_code code = wr_operator_class_window_aggregate.on_batch(op, input, batch, err);
  struct stopwatch now = stopwatch_now();
  if (recording->last.clock_ns) {
    keep_most(&recording->pause.clock_ns, now.clock_ns - recording->last.clock_ns);
    keep_most(&recording->pause.cpu_ns, now.cpu_ns - recording->last.cpu_ns);
  }
  recording->last = now;
  return code;
}

static void watch_save(struct wr_operator *op, struct wr_part_writer *part)
{
  struct recording *recording = watch_recording(op);
  struct stopwatch before = stopwatch_now();
  if (recording->pause.clock_ns && recording->count < EPOCHS_MAX) {
    recording->clock_ns[recording->count] = recording->pause.clock_ns;
    recording->cpu_ns[recording->count++] = recording->pause.cpu_ns;
  }
  recording->pause = (struct stopwatch){0};
  wr_operator_class_window_aggregate.save(op, part);
  keep_most(&recording->save_ns, stopwatch_now().cpu_ns - before.cpu_ns);
}

static bool watch_save_step(struct wr_operator *op, struct wr_part_writer *part)
{
  struct stopwatch before = stopwatch_now();
  bool done = wr_operator_class_window_aggregate.save_step(op, part);
  keep_most(&watch_recording(op)->step_ns, stopwatch_now().cpu_ns - before.cpu_ns);
  return done;
}

static void watch_close(struct wr_operator *op)
{
  struct watch *watch = (struct watch *)op->class;
  op->class = &wr_operator_class_window_aggregate;
  op->class->close(op);
  free(watch);
}

static enum wr_code watch_open(const void *spec, const struct wr_operator_context *context,
                               struct wr_operator **out, struct wr_error *err)
{
  struct recording *recording = *(struct recording *const *)spec;
  enum wr_code code = wr_operator_class_window_aggregate.open(recording->spec, context, out, err);
  if (code != WR_OK)
    return code;
  struct watch *watch = wr_memory_get_zero(sizeof *watch);
  watch->class = wr_operator_class_window_aggregate;
  watch->class.on_batch = watch_batch;
  watch->class.save = watch_save;
  watch->class.save_step = watch_save_step;
  watch->class.close = watch_close;
  watch->recording = recording;
  (*out)->class = &watch->class;
  return WR_OK;
}

/* The same plan with the aggregate watched. */
static void watch_plan(const struct wr_plan *plan, const struct wr_operator_class *class,
                       struct recording **recording, struct wr_arena *arena, struct wr_plan *out)
{
  struct wr_plan_node *nodes = WR_NEW_ARRAY(arena, struct wr_plan_node, plan->node_count);
  memcpy(nodes, plan->nodes, plan->node_count * sizeof *nodes);
  *out = *plan;
  out->nodes = nodes;
  for (uint32_t n = 0; n < plan->node_count; n++) {
    if (nodes[n].operator_class != &wr_operator_class_window_aggregate)
      continue;
    (*recording)->spec = nodes[n].spec;
    nodes[n].operator_class = class;
    nodes[n].spec = recording;
  }
}

/* ---- runs */

struct setup {
  const char *dir;
  uint64_t keys;
  int64_t seconds, interval_us;
};

struct result {
  double rows_per_second;
  struct recording *recording;
  uint64_t bytes, own_bytes; /* of epochs: of the newest one; in the middle of those kept */
  uint32_t epochs;
};

static void must(enum wr_code code, const struct wr_error *err)
{
  if (code == WR_OK)
    return;
  fprintf(stderr, "checkpoint: %s\n", err->message);
  exit(1);
}

static int compare_numbers(const void *a, const void *b)
{
  int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
  return left < right ? -1 : left > right;
}

static void remove_folder(const char *path)
{
  DIR *folder = opendir(path);
  char name[4096];
  for (struct dirent *entry; folder && (entry = readdir(folder));) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
      continue;
    snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
    if (unlink(name) != 0)
      remove_folder(name);
  }
  if (folder)
    closedir(folder);
  rmdir(path);
}

static void read_epochs(const char *path, struct result *result)
{
  struct wr_arena arena = {0};
  struct wr_store *store;
  struct wr_error err;
  int64_t own[EPOCHS_KEPT];
  uint32_t count;
  must(wr_store_directory_open_reading(path, &store, &err), &err);
  const struct wr_store_epoch *epochs = store->class->list(store, &arena, &count);
  for (uint32_t i = 0; i < count && i < EPOCHS_KEPT; i++)
    own[i] = (int64_t)epochs[i].own_bytes;
  count = count < EPOCHS_KEPT ? count : EPOCHS_KEPT;
  result->bytes = count ? epochs[0].bytes : 0;
  qsort(own, count, sizeof *own, compare_numbers);
  result->own_bytes = count ? (uint64_t)own[count / 2] : 0;
  store->class->close(store);
  wr_arena_free(&arena);
}

static uint64_t rows_read(struct wr_execution *execution)
{
  struct wr_execution_summary summary;
  wr_execution_wait(execution, 5);
  wr_execution_summarize(execution, &summary);
  return summary.rows_in;
}

/* Lets the job get its state, then counts the rows of some seconds, then stops it. */
static double run_measured(struct wr_execution *execution, const struct setup *setup)
{
  uint64_t before = 0, after = 0;
  while (before < setup->keys)
    before = rows_read(execution);
  int64_t begin_us = wr_monotonic_us(), now_us = begin_us;
  while (now_us < begin_us + setup->seconds * WR_US_PER_SECOND) {
    after = rows_read(execution);
    now_us = wr_monotonic_us();
  }
  wr_execution_stop(execution, false);
  while (!wr_execution_wait(execution, CLOSED_MS))
    ;
  return (double)(after - before) * 1e6 / (double)(now_us - begin_us);
}

/* hot_keys: how many of them change. epochs: with a state directory. */
static void run(const struct setup *setup, uint64_t hot_keys, bool epochs, struct result *result)
{
  static const struct wr_operator_class class = {.name = "watched", .open = watch_open};
  const struct wr_planner_options planning = {.parallelism = 1};
  struct wr_execution_options options = {.hash_seed = 1};
  struct wr_error_list errors = {0};
  struct wr_arena arena = {0};
  struct wr_execution *execution;
  struct wr_program program;
  struct wr_plan plan;
  struct wr_error err;
  char text[1024], path[4096];
  int length = snprintf(text, sizeof text, script, (unsigned long long)setup->keys,
                        (unsigned long long)hot_keys);
  *result = (struct result){.recording = wr_memory_get_zero(sizeof *result->recording)};
  if (wr_program_build(text, (size_t)length, &planning, &arena, &program, &errors) != WR_OK) {
    fprintf(stderr, "checkpoint: the script of the measurement is wrong\n");
    exit(1);
  }
  watch_plan(program.jobs[0].plan, &class, &result->recording, &arena, &plan);
  snprintf(path, sizeof path, "%s/state", setup->dir);
  if (epochs) {
    const struct wr_store_directory_options store = {.epochs_kept = EPOCHS_KEPT, .hash_seed = 1};
    must(wr_store_directory_open(path, &store, &options.store, &err), &err);
    options.durable = true;
    options.failures_tolerated = 10;
    options.epoch_interval_us = setup->interval_us;
  }
  must(wr_execution_start(&plan, &options, &execution, &err), &err);
  result->rows_per_second = run_measured(execution, setup);
  must(wr_execution_result(execution, &err), &err);
  wr_execution_free(execution);
  if (epochs) {
    options.store->class->close(options.store);
    read_epochs(path, result);
    remove_folder(path);
  } else if (result->recording->count == 0) { /* the whole run is one stretch */
    result->recording->clock_ns[0] = result->recording->pause.clock_ns;
    result->recording->cpu_ns[0] = result->recording->pause.cpu_ns;
    result->recording->count = 1;
  }
  wr_arena_free(&arena);
}

/* ---- telling */

static double milliseconds(int64_t *sorted, uint32_t count, double share)
{
  if (count == 0)
    return 0;
  uint32_t at = (uint32_t)(share * (double)count);
  return (double)sorted[at < count ? at : count - 1] / 1e6;
}

static void print_pauses(struct recording *recording)
{
  int64_t *lists[] = {recording->clock_ns, recording->cpu_ns};
  for (int i = 0; i < 2; i++) {
    qsort(lists[i], recording->count, sizeof **lists, compare_numbers);
    printf(" %7.1f %7.1f %7.1f |", milliseconds(lists[i], recording->count, 0.5),
           milliseconds(lists[i], recording->count, 0.99),
           milliseconds(lists[i], recording->count, 1));
  }
}

static void print_result(const char *name, struct result *result, double without)
{
  printf("%-22s %8.2f", name, result->rows_per_second / 1e6);
  if (without > 0)
    printf(" %5.0f %% |", 100 * result->rows_per_second / without);
  else
    printf("         |");
  print_pauses(result->recording);
  if (without > 0)
    printf(" %6.1f %6.1f | %5u %8.1f %8.1f %6.2f %%", (double)result->recording->save_ns / 1e6,
           (double)result->recording->step_ns / 1e6, result->recording->count,
           (double)result->bytes / 1e6, (double)result->own_bytes / 1e6,
           100 * (double)result->own_bytes / (double)result->bytes);
  printf("\n");
  fflush(stdout);
}

static void measure(const struct setup *setup, const char *name, uint64_t hot_keys, uint32_t rounds)
{
  int64_t shares[ROUNDS_MAX]; /* in millionths */
  for (uint32_t i = 0; i < rounds; i++) {
    struct result without, with;
    char label[64];
    run(setup, hot_keys, false, &without);
    snprintf(label, sizeof label, "%s, none", name);
    print_result(label, &without, 0);
    run(setup, hot_keys, true, &with);
    snprintf(label, sizeof label, "%s, epochs", name);
    print_result(label, &with, without.rows_per_second);
    shares[i] = (int64_t)(1e6 * with.rows_per_second / without.rows_per_second);
    free(without.recording);
    free(with.recording);
  }
  qsort(shares, rounds, sizeof *shares, compare_numbers);
  printf("%-22s in the middle %.1f %% of the rows a second without epochs\n", name,
         (double)shares[rounds / 2] / 1e4);
}

int main(int argc, char **argv)
{
  if (argc < 2 || argc > 6) {
    fprintf(stderr, "usage: checkpoint DIR [MEGABYTES [SECONDS [INTERVAL_MS [ROUNDS]]]]\n");
    return 2;
  }
  uint64_t megabytes = argc > 2 ? strtoull(argv[2], NULL, 10) : 100;
  uint64_t rounds = argc > 5 ? strtoull(argv[5], NULL, 10) : 3;
  const struct setup setup = {.dir = argv[1],
                              .keys = megabytes * 1000000 / BYTES_PER_KEY,
                              .seconds = argc > 3 ? atoll(argv[3]) : 25,
                              .interval_us = (argc > 4 ? atoll(argv[4]) : 10000) * WR_US_PER_MS};
  rmdir(setup.dir); /* an empty one will do */
  if (mkdir(setup.dir, 0777) != 0) {
    fprintf(stderr, "%s: %m; DIR must not exist, or be empty: it is removed at the end\n",
            setup.dir);
    return 1;
  }
  printf("%llu MB of state, %llu keys, an epoch every %.1f s\n", (unsigned long long)megabytes,
         (unsigned long long)setup.keys, (double)setup.interval_us / 1e6);
  printf("%-22s %8s %7s |%24s |%24s |%14s | %5s %8s %8s\n", "keys that change", "M rows/s", "",
         " pause, ms: 50 % 99 %  worst", " in CPU time", "save, ms: step", "epochs", "MB",
         "own MB");
  rounds = rounds < 1 ? 1 : rounds > ROUNDS_MAX ? ROUNDS_MAX : rounds;
  measure(&setup, "all", setup.keys, (uint32_t)rounds);
  measure(&setup, "1 %", setup.keys / 100 + 1, (uint32_t)rounds);
  remove_folder(setup.dir);
  return 0;
}
