/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_job.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/batch.h"
#include "core/time.h"
#include "text/datetime.h"

#define TOP_BAR_COLUMNS       6
#define TOP_SPLITS_SHOWN      5
#define TOP_CHECKPOINTS_SHOWN 3
#define TOP_ERRORS_SHOWN      5

/* ---- figures */

double wr_top_rate(const struct json_object *before, const struct json_object *now,
                   const char *counter, double seconds)
{
  double more = wr_top_number(now, counter) - wr_top_number(before, counter);
  return before && seconds > 0 && more >= 0 ? more / seconds : -1;
}

/* At most eight columns. */
static const char *print_short(char *text, size_t size, double value)
{
  static const char *const units[] = {"", "k", "M", "G", "T", "P"};
  size_t unit = 0;
  while (value >= 99999.5 && unit + 1 < sizeof units / sizeof *units) {
    value /= 1000;
    unit++;
  }
  if (unit)
    snprintf(text, size, "%.1f %s", value, units[unit]);
  else if (value >= 9.95 || value == (double)(int64_t)value)
    snprintf(text, size, "%.0f", value);
  else
    snprintf(text, size, "%.1f", value);
  return text;
}

const char *wr_top_rate_print(char *text, size_t size, double rate)
{
  return rate < 0 ? "-" : print_short(text, size, rate);
}

const char *wr_top_count_print(char *text, size_t size, double count)
{
  return print_short(text, size, count);
}

const char *wr_top_bytes_print(char *text, size_t size, double bytes)
{
  static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  while (bytes >= 1000 && unit + 1 < sizeof units / sizeof *units) {
    bytes /= 1024;
    unit++;
  }
  snprintf(text, size, unit && bytes < 9.95 ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
  return text;
}

static const char *print_span(char *text, size_t size, int64_t us)
{
  static const struct {
    int64_t us;
    const char *name;
  } units[] = {{86400 * WR_US_PER_SECOND, "d"},
               {WR_US_PER_HOUR, "h"},
               {60 * WR_US_PER_SECOND, "min"},
               {WR_US_PER_SECOND, "s"},
               {WR_US_PER_MS, "ms"}};
  const char *sign = us < 0 ? "-" : "";
  us = us < 0 ? -us : us;
  size_t unit = 0;
  while (unit + 1 < sizeof units / sizeof *units && us < 2 * units[unit].us)
    unit++;
  snprintf(text, size, "%s%" PRId64 " %s", sign, us / units[unit].us, units[unit].name);
  return text;
}

static bool parse_time(const char *time, int64_t *us)
{
  return *time && wr_parse_timestamp_ltz(time, strlen(time), 0, us);
}

const char *wr_top_age(char *text, size_t size, const char *time, int64_t now_us)
{
  int64_t us;
  return parse_time(time, &us) ? print_span(text, size, now_us > us ? now_us - us : 0) : "-";
}

enum wr_style wr_top_status_style(const char *status, bool healthy)
{
  return strcmp(status, "failed") == 0    ? WR_STYLE_BAD
         : !healthy                       ? WR_STYLE_WARN
         : strcmp(status, "running") == 0 ? WR_STYLE_GOOD
                                          : WR_STYLE_PLAIN;
}

/* ---- steps */

/* Of one step over all its copies; shares of 1 of their time, negative: not known. */
struct step {
  const struct json_object *node, *before;
  double in, out, busy, held_back, rank;
  bool is_head; /* of its task: those behind it share its time */
  uint32_t place;
};

static const struct json_object *node_of(const struct json_object *plan, uint32_t id)
{
  for (uint32_t i = 0; i < wr_top_count(plan, "nodes"); i++) {
    const struct json_object *node = wr_top_item(plan, "nodes", i);
    if ((uint32_t)wr_top_number(node, "id") == id)
      return node;
  }
  return NULL;
}

static const struct json_object *task_of(const struct json_object *plan, double head, double copy)
{
  for (uint32_t i = 0; i < wr_top_count(plan, "tasks"); i++) {
    const struct json_object *task = wr_top_item(plan, "tasks", i);
    if (wr_top_number(task, "head") == head && wr_top_number(task, "copy") == copy)
      return task;
  }
  return NULL;
}

/* The copy that is busiest, and the one that is held back most, are what limits a step. */
static void step_measure(struct step *step, const struct wr_top_view *view, double span_ms)
{
  const struct json_object *now = view->now->plan, *before = view->before->plan;
  double id = wr_top_number(step->node, "id");
  step->busy = step->held_back = -1;
  for (uint32_t i = 0; i < wr_top_count(now, "tasks"); i++) {
    const struct json_object *task = wr_top_item(now, "tasks", i);
    if (wr_top_number(task, "head") != id)
      continue;
    step->is_head = true;
    const struct json_object *was = task_of(before, id, wr_top_number(task, "copy"));
    double busy = wr_top_rate(was, task, "busy_ms", span_ms);
    double held_back = wr_top_rate(was, task, "backpressured_ms", span_ms);
    step->busy = busy > step->busy ? busy : step->busy;
    step->held_back = held_back > step->held_back ? held_back : step->held_back;
  }
}

static int step_compare(const void *left, const void *right)
{
  const struct step *a = left, *b = right;
  if (a->rank != b->rank)
    return a->rank > b->rank ? -1 : 1;
  return a->place < b->place ? -1 : a->place > b->place;
}

static struct step *steps_of(const struct wr_top_view *view, uint32_t *count)
{
  const struct json_object *now = view->now->plan, *before = view->before->plan;
  double span_ms = wr_top_number(now, "clock_ms") - wr_top_number(before, "clock_ms");
  *count = wr_top_count(now, "nodes");
  struct step *steps = wr_memory_get_zero((*count + 1) * sizeof *steps);
  for (uint32_t i = 0; i < *count; i++) {
    struct step *step = &steps[i];
    step->place = i;
    step->node = wr_top_item(now, "nodes", i);
    step->before = before ? node_of(before, (uint32_t)wr_top_number(step->node, "id")) : NULL;
    const struct json_object *was = wr_top_member(step->before, "figures");
    const struct json_object *is = wr_top_member(step->node, "figures");
    step->in = wr_top_rate(was, is, "rows_in", span_ms / 1e3);
    step->out = wr_top_rate(was, is, "rows_out", span_ms / 1e3);
    step_measure(step, view, span_ms);
    step->rank = view->sort == WR_TOP_BY_RATE   ? step->in
                 : view->sort == WR_TOP_BY_LOAD ? step->busy
                                                : 0;
  }
  qsort(steps, *count, sizeof *steps, step_compare);
  return steps;
}

static void draw_share(struct wr_canvas *canvas, double share, bool is_load)
{
  enum wr_style style = !is_load || share < 0.5 ? WR_STYLE_GOOD
                        : share < 0.9           ? WR_STYLE_WARN
                                                : WR_STYLE_BAD;
  wr_canvas_put(canvas, WR_STYLE_PLAIN, 1, "");
  if (share < 0) {
    wr_canvas_put(canvas, WR_STYLE_PLAIN, TOP_BAR_COLUMNS + 5, "");
    return;
  }
  wr_canvas_bar(canvas, style, TOP_BAR_COLUMNS, share);
  wr_canvas_print(canvas, WR_STYLE_PLAIN, -5, "%.0f %%", share > 1 ? 100 : 100 * share);
}

static void draw_step(const struct wr_top_view *view, const struct step *step, uint32_t name_width,
                      struct wr_canvas *canvas)
{
  char text[32];
  const struct json_object *figures = wr_top_member(step->node, "figures");
  int64_t watermark_us;
  bool has_watermark = parse_time(wr_top_text(figures, "watermark"), &watermark_us);
  wr_canvas_print(canvas, WR_STYLE_PLAIN, (int)name_width, "#%-2.0f%s %s",
                  wr_top_number(step->node, "id"), step->is_head ? "" : "  ",
                  wr_top_text(step->node, "name"));
  wr_canvas_print(canvas, WR_STYLE_PLAIN, -4, "x%.0f", wr_top_number(step->node, "parallelism"));
  wr_canvas_put(canvas, WR_STYLE_PLAIN, -9, wr_top_rate_print(text, sizeof text, step->in));
  wr_canvas_put(canvas, WR_STYLE_PLAIN, -9, wr_top_rate_print(text, sizeof text, step->out));
  draw_share(canvas, step->busy, true);
  draw_share(canvas, step->held_back, true);
  wr_canvas_put(canvas, WR_STYLE_PLAIN, -9,
                has_watermark ? print_span(text, sizeof text, view->now->now_us - watermark_us)
                              : "");
  if (canvas->width >= 92)
    wr_canvas_put(canvas, WR_STYLE_PLAIN, -11,
                  wr_top_bytes_print(text, sizeof text, wr_top_number(figures, "state_bytes")));
  wr_canvas_end_line(canvas);
}

static void draw_steps(const struct wr_top_view *view, struct wr_canvas *canvas, uint32_t rows)
{
  uint32_t count,
      fixed = 4 + 9 + 9 + 2 * (TOP_BAR_COLUMNS + 6) + 9 + (canvas->width >= 92 ? 11 : 0);
  struct step *steps = steps_of(view, &count);
  uint32_t name_width = canvas->width > fixed + 20 ? canvas->width - fixed : 20;
  name_width = name_width > 48 ? 48 : name_width;
  wr_canvas_print(canvas, WR_STYLE_BOLD, 0, "%-*s%4s%9s%9s %-*s %-*s%9s%s", (int)name_width, "STEP",
                  "", "IN/S", "OUT/S", TOP_BAR_COLUMNS + 5, "BUSY", TOP_BAR_COLUMNS + 5,
                  "HELD BACK", "EVENT LAG", canvas->width >= 92 ? "      STATE" : "");
  wr_canvas_end_line(canvas);
  for (uint32_t i = 0; i < count && i < rows; i++)
    draw_step(view, &steps[i], name_width, canvas);
  if (count > rows) {
    wr_canvas_print(canvas, WR_STYLE_DIM, 0, "    and %" PRIu32 " more steps", count - rows);
    wr_canvas_end_line(canvas);
  }
  free(steps);
}

/* ---- splits, checkpoints, errors */

/* How much a split wants to be looked at. */
static double split_rank(const struct json_object *split)
{
  double behind = wr_top_number(split, "behind_records");
  return (wr_top_number(split, "holds") != 0 ? 1e18 : 0) +
         (strcmp(wr_top_text(split, "state"), "away") == 0 ? 1e17 : 0) + behind;
}

struct ranked {
  const struct json_object *split;
  double rank;
};

static int ranked_compare(const void *left, const void *right)
{
  const struct ranked *a = left, *b = right;
  return a->rank > b->rank ? -1 : a->rank < b->rank;
}

static void draw_split(const struct json_object *split, const struct wr_top_view *view,
                       struct wr_canvas *canvas)
{
  char records[32], time[32], lag[32];
  int64_t watermark_us;
  const char *state = wr_top_text(split, "state");
  wr_canvas_print(canvas, WR_STYLE_PLAIN, 26, "  %s", wr_top_text(split, "split"));
  wr_canvas_put(canvas, strcmp(state, "away") == 0 ? WR_STYLE_BAD : WR_STYLE_PLAIN, 10, state);
  if (wr_top_has(split, "behind_records"))
    wr_canvas_print(
        canvas, WR_STYLE_PLAIN, 18, "behind %s",
        wr_top_count_print(records, sizeof records, wr_top_number(split, "behind_records")));
  else if (wr_top_has(split, "behind_ms"))
    wr_canvas_print(
        canvas, WR_STYLE_PLAIN, 18, "behind %s",
        print_span(time, sizeof time, (int64_t)wr_top_number(split, "behind_ms") * WR_US_PER_MS));
  else
    wr_canvas_put(canvas, WR_STYLE_PLAIN, 18, "");
  if (parse_time(wr_top_text(split, "watermark"), &watermark_us))
    wr_canvas_print(canvas, WR_STYLE_PLAIN, 14, "lag %s",
                    print_span(lag, sizeof lag, view->now->now_us - watermark_us));
  wr_canvas_put(canvas, WR_STYLE_WARN, 0,
                wr_top_number(split, "holds") != 0  ? "holds the watermark"
                : wr_top_number(split, "held") != 0 ? "held: ahead of others"
                : wr_top_number(split, "idle") != 0 ? "idle"
                                                    : "");
  wr_canvas_end_line(canvas);
}

static void draw_splits(const struct wr_top_view *view, struct wr_canvas *canvas)
{
  const struct json_object *plan = view->now->plan;
  uint32_t count = wr_top_count(plan, "splits");
  uint32_t all = count + (uint32_t)wr_top_number(plan, "splits_left_out");
  if (count == 0)
    return;
  struct ranked *ranked = wr_memory_get(count * sizeof *ranked);
  for (uint32_t i = 0; i < count; i++) {
    ranked[i].split = wr_top_item(plan, "splits", i);
    ranked[i].rank = split_rank(ranked[i].split);
  }
  qsort(ranked, count, sizeof *ranked, ranked_compare);
  wr_canvas_print(canvas, WR_STYLE_BOLD, 0, "SPLITS  %" PRIu32 "%s", all,
                  all > TOP_SPLITS_SHOWN ? ", those furthest behind" : "");
  wr_canvas_end_line(canvas);
  for (uint32_t i = 0; i < count && i < TOP_SPLITS_SHOWN; i++)
    draw_split(ranked[i].split, view, canvas);
  free(ranked);
}

static void draw_checkpoints(const struct wr_top_view *view, struct wr_canvas *canvas)
{
  const struct json_object *all = view->now->checkpoints;
  const char *failure = wr_top_text(all, "last_failure");
  char text[32], own[32], age[32], took[32];
  if (!all || wr_top_number(view->now->checkpoints, "interval_ms") <= 0)
    return;
  if (wr_top_number(all, "kept") == 0) {
    wr_canvas_put(canvas, WR_STYLE_BOLD, 0, "CHECKPOINTS  none: there is no state directory");
    wr_canvas_end_line(canvas);
    return;
  }
  wr_canvas_print(
      canvas, WR_STYLE_BOLD, 0, "CHECKPOINTS  every %s, %.0f completed, %.0f failed%s",
      print_span(text, sizeof text, (int64_t)wr_top_number(all, "interval_ms") * WR_US_PER_MS),
      wr_top_number(all, "completed"), wr_top_number(all, "failed"),
      wr_top_has(all, "in_progress") ? ", one is under way" : "");
  wr_canvas_end_line(canvas);
  if (*failure) {
    wr_canvas_print(canvas, WR_STYLE_WARN, 0, "  the last failure: %s", failure);
    wr_canvas_end_line(canvas);
  }
  for (uint32_t i = 0; i < wr_top_count(all, "checkpoints") && i < TOP_CHECKPOINTS_SHOWN; i++) {
    const struct json_object *one = wr_top_item(all, "checkpoints", i);
    wr_canvas_print(
        canvas, WR_STYLE_PLAIN, 0, "  epoch %.0f  %s ago  took %s  %s, %s its own%s",
        wr_top_number(one, "epoch"),
        wr_top_age(age, sizeof age, wr_top_text(one, "sealed"), view->now->now_us),
        print_span(took, sizeof took, (int64_t)wr_top_number(one, "took_ms") * WR_US_PER_MS),
        wr_top_bytes_print(text, sizeof text, wr_top_number(one, "bytes")),
        wr_top_bytes_print(own, sizeof own, wr_top_number(one, "own_bytes")),
        wr_top_number(one, "delta") != 0 ? "  delta" : "");
    wr_canvas_end_line(canvas);
  }
}

static void draw_errors(const struct wr_top_view *view, struct wr_canvas *canvas)
{
  const struct json_object *errors = view->now->errors;
  char age[32];
  uint32_t count = wr_top_count(errors, "errors");
  if (count == 0)
    return;
  wr_canvas_put(canvas, WR_STYLE_BOLD, 0, "ROWS THAT COULD NOT BE USED  the last ones");
  wr_canvas_end_line(canvas);
  for (uint32_t i = 0; i < count && i < TOP_ERRORS_SHOWN; i++) {
    const struct json_object *one = wr_top_item(errors, "errors", i);
    wr_canvas_print(canvas, WR_STYLE_PLAIN, 0, "  %s ago  %s  %s%s%s",
                    wr_top_age(age, sizeof age, wr_top_text(one, "time"), view->now->now_us),
                    wr_top_text(one, "name"), wr_top_text(one, "source"),
                    *wr_top_text(one, "source") ? ": " : "", wr_top_text(one, "message"));
    wr_canvas_end_line(canvas);
  }
}

/* ---- the job */

static void draw_summary(const struct wr_top_view *view, struct wr_canvas *canvas)
{
  const struct json_object *job = view->now->job, *memory = wr_top_member(job, "memory");
  const struct json_object *used = wr_top_member(memory, "used");
  double seconds = (double)(view->now->clock_us - view->before->clock_us) / 1e6, sum = 0;
  char age[32], in[32], out[32], late[32], bad[32], bytes[32], limit[32];
  const char *status = wr_top_text(job, "status");
  bool healthy = wr_top_number(job, "healthy") != 0;
  if (used) {
    json_object_object_foreach((struct json_object *)used, name, value)
    {
      (void)value;
      sum += wr_top_number(used, name);
    }
  }
  wr_canvas_print(canvas, WR_STYLE_BOLD, 0, "%s  ", wr_top_text(job, "name"));
  wr_canvas_put(canvas, wr_top_status_style(status, healthy), 0, status);
  wr_canvas_print(canvas, WR_STYLE_PLAIN, 0, " for %s, %.0f restarts, %s",
                  wr_top_age(age, sizeof age, wr_top_text(job, "since"), view->now->now_us),
                  wr_top_number(job, "restarts"), wr_top_text(job, "file"));
  wr_canvas_end_line(canvas);
  wr_canvas_print(
      canvas, WR_STYLE_PLAIN, 0, "%s rows/s in, %s out, %s late, %s bad",
      wr_top_rate_print(in, sizeof in, wr_top_rate(view->before->job, job, "rows_in", seconds)),
      wr_top_rate_print(out, sizeof out, wr_top_rate(view->before->job, job, "rows_out", seconds)),
      wr_top_count_print(late, sizeof late, wr_top_number(job, "late")),
      wr_top_count_print(bad, sizeof bad, wr_top_number(job, "bad")));
  if (wr_top_number(memory, "limit") > 0)
    wr_canvas_print(canvas, WR_STYLE_PLAIN, 0, "; memory %s of %s",
                    wr_top_bytes_print(bytes, sizeof bytes, sum),
                    wr_top_bytes_print(limit, sizeof limit, wr_top_number(memory, "limit")));
  wr_canvas_end_line(canvas);
}

static void draw_worries(const struct json_object *job, struct wr_canvas *canvas)
{
  const char *failure = wr_top_text(job, "failure"), *reload = wr_top_text(job, "reload_error");
  for (uint32_t i = 0; i < wr_top_count(job, "reasons"); i++) {
    const char *reason =
        json_object_get_string((struct json_object *)wr_top_item(job, "reasons", i));
    wr_canvas_print(canvas, WR_STYLE_WARN, 0, "not well: %s", reason ? reason : "");
    wr_canvas_end_line(canvas);
  }
  if (*failure) {
    wr_canvas_print(canvas, WR_STYLE_BAD, 0, "the last failure: %s", failure);
    wr_canvas_end_line(canvas);
  }
  if (*reload) {
    wr_canvas_print(canvas, WR_STYLE_WARN, 0, "its file does not run: %s", reload);
    wr_canvas_end_line(canvas);
  }
}

void wr_top_draw_job(const struct wr_top_view *view, struct wr_canvas *canvas)
{
  if (!view->now->job) {
    wr_canvas_print(canvas, WR_STYLE_WARN, 0, "there is no job %s", view->job);
    wr_canvas_end_line(canvas);
    return;
  }
  draw_summary(view, canvas);
  draw_worries(view->now->job, canvas);
  uint32_t left = wr_canvas_rows_left(canvas), others = 10;
  wr_canvas_end_line(canvas);
  draw_steps(view, canvas, left > others + 5 ? left - others : 5);
  draw_splits(view, canvas);
  draw_checkpoints(view, canvas);
  draw_errors(view, canvas);
}
