/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_view.h"

#include <stdlib.h>

#include "cli/top_job.h"
#include "core/batch.h"
#include "text/datetime.h"

static const char *const sort_names[] = {"by name or place", "by rows in", "by load"};

/* ---- the table of jobs */

struct row {
  const struct json_object *job;
  const char *name;
  double in, out, rank;
};

static int row_compare(const void *left, const void *right)
{
  const struct row *a = left, *b = right;
  if (a->rank != b->rank)
    return a->rank > b->rank ? -1 : 1;
  return strcmp(a->name, b->name);
}

/* How much a job needs somebody to look: those that are not well come first. */
static double row_load(const struct json_object *job)
{
  return !wr_top_number(job, "healthy") ? 1 : 0;
}

static struct row *rows_of(const struct wr_top_view *view, uint32_t *count)
{
  *count = (uint32_t)json_object_array_length(view->now->jobs);
  struct row *rows = wr_memory_get_zero((*count + 1) * sizeof *rows);
  for (uint32_t i = 0; i < *count; i++) {
    struct row *row = &rows[i];
    row->job = json_object_array_get_idx(view->now->jobs, i);
    row->name = wr_top_text(row->job, "name");
    const struct json_object *before = wr_top_find(view->before->jobs, "name", row->name);
    double seconds = (double)(view->now->clock_us - view->before->clock_us) / 1e6;
    row->in = wr_top_rate(before, row->job, "rows_in", seconds);
    row->out = wr_top_rate(before, row->job, "rows_out", seconds);
    row->rank = view->sort == WR_TOP_BY_RATE   ? row->in
                : view->sort == WR_TOP_BY_LOAD ? row_load(row->job)
                                               : 0;
  }
  qsort(rows, *count, sizeof *rows, row_compare);
  return rows;
}

const char **wr_top_order(const struct wr_top_view *view, uint32_t *count)
{
  struct row *rows = rows_of(view, count);
  const char **names = wr_memory_get((*count + 1) * sizeof *names);
  for (uint32_t i = 0; i < *count; i++)
    names[i] = rows[i].name;
  free(rows);
  return names;
}

static void draw_head(const struct wr_top_view *view, struct wr_canvas *canvas)
{
  char time[WR_TIMESTAMP_CHARS + 1];
  time[wr_format_timestamp_ltz(view->now->now_us, 0, WR_DATETIME_ISO, time)] = 0;
  wr_canvas_print(canvas, WR_STYLE_BOLD, 0, "weir top  %s  %s  %s", view->address, time,
                  view->sort ? sort_names[view->sort] : "");
  wr_canvas_end_line(canvas);
  if (view->trouble) {
    wr_canvas_print(canvas, WR_STYLE_BAD, 0, "%s; trying again", view->trouble);
    wr_canvas_end_line(canvas);
  }
}

static void draw_row(const struct wr_top_view *view, const struct row *row, uint32_t name_width,
                     struct wr_canvas *canvas)
{
  char text[32];
  bool is_chosen = view->chosen && strcmp(view->chosen, row->name) == 0;
  bool healthy = wr_top_number(row->job, "healthy") != 0;
  const char *status = wr_top_text(row->job, "status");
  wr_canvas_put(canvas, is_chosen ? WR_STYLE_CHOSEN : WR_STYLE_PLAIN, 2, is_chosen ? "> " : "  ");
  wr_canvas_put(canvas, is_chosen ? WR_STYLE_CHOSEN : WR_STYLE_PLAIN, (int)name_width, row->name);
  wr_canvas_put(canvas, WR_STYLE_PLAIN, 1, "");
  wr_canvas_put(canvas, wr_top_status_style(status, healthy), 10, status);
  wr_canvas_put(canvas, WR_STYLE_PLAIN, -7,
                wr_top_age(text, sizeof text, wr_top_text(row->job, "since"), view->now->now_us));
  wr_canvas_put(canvas, WR_STYLE_PLAIN, -10, wr_top_rate_print(text, sizeof text, row->in));
  wr_canvas_put(canvas, WR_STYLE_PLAIN, -10, wr_top_rate_print(text, sizeof text, row->out));
  double late = wr_top_number(row->job, "late"), bad = wr_top_number(row->job, "bad");
  wr_canvas_put(canvas, late > 0 ? WR_STYLE_WARN : WR_STYLE_PLAIN, -8,
                wr_top_count_print(text, sizeof text, late));
  wr_canvas_put(canvas, bad > 0 ? WR_STYLE_WARN : WR_STYLE_PLAIN, -8,
                wr_top_count_print(text, sizeof text, bad));
  wr_canvas_put(canvas, WR_STYLE_PLAIN, -6,
                wr_top_count_print(text, sizeof text, wr_top_number(row->job, "restarts")));
  wr_canvas_end_line(canvas);
}

static void draw_reasons(const struct row *row, struct wr_canvas *canvas)
{
  const char *reload = wr_top_text(row->job, "reload_error");
  for (uint32_t i = 0; i < wr_top_count(row->job, "reasons"); i++) {
    const char *reason =
        json_object_get_string((struct json_object *)wr_top_item(row->job, "reasons", i));
    wr_canvas_print(canvas, WR_STYLE_WARN, 0, "      %s", reason ? reason : "");
    wr_canvas_end_line(canvas);
  }
  if (*reload) {
    wr_canvas_print(canvas, WR_STYLE_WARN, 0, "      its file does not run: %s", reload);
    wr_canvas_end_line(canvas);
  }
}

static void draw_table(const struct wr_top_view *view, struct wr_canvas *canvas)
{
  uint32_t count, first = 0;
  uint32_t name_width = canvas->width > 80 ? 18 + (canvas->width - 80) / 2 : 18;
  struct row *rows = rows_of(view, &count);
  wr_canvas_print(canvas, WR_STYLE_BOLD, 0, "  %-*.*s %-10s%7s%10s%10s%8s%8s%6s", (int)name_width,
                  (int)name_width, "JOB", "STATUS", "FOR", "ROWS IN/S", "OUT/S", "LATE", "BAD",
                  "AGAIN");
  wr_canvas_end_line(canvas);
  if (count == 0)
    wr_canvas_put(canvas, WR_STYLE_DIM, 0, "  there is no job");
  uint32_t room = wr_canvas_rows_left(canvas);
  for (uint32_t i = 0; i < count && view->chosen; i++) /* the chosen one is in sight */
    if (strcmp(rows[i].name, view->chosen) == 0 && room && i >= room)
      first = i - room + 1;
  for (uint32_t i = first; i < count; i++) {
    draw_row(view, &rows[i], name_width, canvas);
    if (count - first <= room / 2)
      draw_reasons(&rows[i], canvas);
  }
  if (count == 0)
    wr_canvas_end_line(canvas);
  free(rows);
}

/* Where there is room for it below all else. */
static void draw_keys(const struct wr_top_view *view, struct wr_canvas *canvas)
{
  if (!canvas->terminal || wr_canvas_rows_left(canvas) < 2)
    return;
  wr_canvas_end_line(canvas);
  wr_canvas_put(canvas, WR_STYLE_DIM, 0,
                view->job
                    ? "Esc all jobs, space looks at once, q quits"
                    : "up, down choose; Enter opens it, s sorts, space looks at once, q quits");
  wr_canvas_end_line(canvas);
}

void wr_top_draw(const struct wr_top_view *view, struct wr_canvas *canvas)
{
  draw_head(view, canvas);
  if (view->job)
    wr_top_draw_job(view, canvas);
  else
    draw_table(view, canvas);
  draw_keys(view, canvas);
}
