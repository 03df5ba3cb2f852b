/* SPDX-License-Identifier: Apache-2.0 */
/* Prometheus' text: what is written of families, labels and values; and of a job made by hand, so
 * that each family is there once and sums over splits hold. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connectors/connector.h"
#include "server/metrics.h"
#include "tests/unit/check.h"

static const struct wr_metric_family family = {"weir_x_total", "counter", "A \\ \"b\"\nc."};

static void labels_are_escaped(void)
{
  static const struct {
    const char *value, *written;
  } rows[] = {{"plain", "plain"},
              {"", ""},
              {"a\\b", "a\\\\b"},
              {"say \"x\"", "say \\\"x\\\""},
              {"two\nlines", "two\\nlines"},
              {"caf\xc3\xa9", "caf\xc3\xa9"},
              {"cut \xc3", "cut \xef\xbf\xbd"},
              {"{a=\"b\"} 1\n", "{a=\\\"b\\\"} 1\\n"}};
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_buffer out = {0};
    struct wr_metrics_writer writer = {.out = &out};
    char expected[512];
    wr_metrics_begin(&writer, &family);
    wr_metrics_count(&writer, (struct wr_metric_label[]){{"l", rows[i].value}, {0}}, i);
    snprintf(expected, sizeof expected,
             "# HELP weir_x_total A \\\\ \"b\"\\nc.\n# TYPE weir_x_total counter\n"
             "weir_x_total{l=\"%s\"} %zu\n",
             rows[i].written, i);
    WR_CHECK(strcmp(wr_buffer_string(&out), expected) == 0, "%s", wr_buffer_string(&out));
    wr_buffer_free(&out);
  }
}

static void values_have_all_digits(void)
{
  static const struct {
    double value;
    const char *written;
  } rows[] = {{0, "0"},        {0.5, "0.5"}, {-3, "-3"},         {1795292955.471, "1795292955.471"},
              {1e21, "1e+21"}, {NAN, "NaN"}, {INFINITY, "+Inf"}, {-INFINITY, "-Inf"}};
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_buffer out = {0};
    struct wr_metrics_writer writer = {.out = &out, .has_samples = true};
    char expected[64];
    writer.family = &family;
    wr_metrics_value(&writer, NULL, rows[i].value);
    snprintf(expected, sizeof expected, "weir_x_total %s\n", rows[i].written);
    WR_CHECK(strcmp(wr_buffer_string(&out), expected) == 0, "%s", wr_buffer_string(&out));
    wr_buffer_free(&out);
  }
}

static void families_without_samples_are_not_there(void)
{
  struct wr_buffer out = {0};
  struct wr_metrics_writer writer = {.out = &out};
  wr_metrics_begin(&writer, &family);
  wr_metrics_begin(&writer, &family);
  wr_metrics_count(&writer, (struct wr_metric_label[]){{"a", NULL}, {"b", "1"}, {0}}, 7);
  wr_metrics_count(&writer, (struct wr_metric_label[]){{"a", NULL}, {0}}, UINT64_MAX);
  CU_ASSERT_STRING_EQUAL(wr_buffer_string(&out), "# HELP weir_x_total A \\\\ \"b\"\\nc.\n"
                                                 "# TYPE weir_x_total counter\n"
                                                 "weir_x_total{b=\"1\"} 7\n"
                                                 "weir_x_total 18446744073709551615\n");
  wr_buffer_free(&out);
}

/* ---- a job of one source with many splits */

#define SPLITS (WR_METRICS_SPLITS + 2)

struct made_job {
  struct wr_plan_source source;
  struct wr_plan_node node;
  struct wr_plan plan;
  struct wr_job_facts facts;
  struct wr_execution_step step;
  struct wr_figures_rest rest;
  struct wr_execution_split splits[SPLITS];
  char names[SPLITS][16];
  struct wr_metrics_job job;
};

/* Each split has 1 row and 10 waiting; number 3 is done; the rest has 1,000 rows. */
static struct made_job *job_new(uint32_t split_count)
{
  struct made_job *made = wr_memory_get_zero(sizeof *made);
  made->source.table.name = "clicks";
  made->node = (struct wr_plan_node){
      .kind = WR_PLAN_SOURCE, .name = "Source(clicks)", .parallelism = 1, .source = &made->source};
  made->plan = (struct wr_plan){.nodes = &made->node, .node_count = 1};
  made->facts = (struct wr_job_facts){.name = "app"};
  made->step = (struct wr_execution_step){
      .name = made->node.name, .plan = &made->node, .watermark_us = WR_TIME_NONE};
  made->rest.rows = 1000;
  for (uint32_t i = 0; i < SPLITS; i++) {
    snprintf(made->names[i], sizeof made->names[i], "clicks-%u", i);
    made->splits[i] =
        (struct wr_execution_split){.name = made->names[i],
                                    .position = "",
                                    .state = i == 3 ? WR_SPLIT_DONE : WR_SPLIT_READING,
                                    .watermark_us = WR_TIME_NONE,
                                    .behind_records = 10,
                                    .behind_ms = -1,
                                    .rows = 1};
  }
  made->job = (struct wr_metrics_job){
      .name = "app",
      .facts = &made->facts,
      .look = {.status = WR_JOB_RUNNING},
      .figures = {.runs = true,
                  .plan = &made->plan,
                  .steps = &made->step,
                  .splits = made->splits,
                  .split_count = split_count,
                  .rests = &made->rest},
  };
  return made;
}

/* The sum of the samples of a family, and how many there are. */
static double family_sum(const char *text, const char *name, uint32_t *count)
{
  double sum = 0;
  size_t length = strlen(name);
  *count = 0;
  for (const char *line = text; line && *line;
       line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
    if (strncmp(line, name, length) != 0 || line[length] != '{')
      continue;
    const char *end = strchr(line, '\n');
    const char *value = end;
    while (value[-1] != ' ')
      value--;
    sum += strtod(value, NULL);
    (*count)++;
  }
  return sum;
}

static const char *job_text(struct made_job *made, struct wr_buffer *out)
{
  struct wr_metrics_writer writer = {.out = out};
  struct wr_arena arena = {0};
  wr_buffer_clear(out);
  wr_metrics_choose_splits(&made->job, &arena);
  wr_metrics_put_jobs(&writer, wr_metrics_source_rows, &made->job, 1);
  wr_arena_free(&arena);
  return wr_buffer_string(out);
}

/* One of them is done. */
static void splits_beyond_the_bound_are_summed(void)
{
  for (uint32_t more = 1; more <= 2; more++) {
    uint32_t splits = WR_METRICS_SPLITS + more, count;
    bool alone = more == 1;
    struct made_job *made = job_new(splits);
    struct wr_buffer out = {0};
    const char *text = job_text(made, &out);
    CU_ASSERT_EQUAL(family_sum(text, "weir_source_records_total", &count), splits + 1000);
    CU_ASSERT_EQUAL(count, alone ? splits : 1);
    CU_ASSERT_EQUAL(family_sum(text, "weir_source_lag_records", &count), 10 * (splits - 1));
    CU_ASSERT_EQUAL(count, alone ? splits - 1 : 1);
    CU_ASSERT_EQUAL(family_sum(text, "weir_source_splits", &count), splits);
    CU_ASSERT_EQUAL(count, 5);
    family_sum(text, "weir_source_lag_seconds", &count);
    CU_ASSERT_EQUAL(count, 0);
    CU_ASSERT_PTR_NULL(strstr(text, "split=\"clicks-3\""));
    if (alone)
      CU_ASSERT_PTR_NOT_NULL(strstr(text, "weir_source_records_total{job=\"app\",id=\"0\",table="
                                          "\"clicks\",split=\"(others)\"} 1001\n"));
    wr_buffer_free(&out);
    free(made);
  }
}

/* While the job does not run, and when it runs again: split 3 was read to its end before. */
static void splits_keep_their_series(void)
{
  struct made_job *made = job_new(5);
  struct wr_buffer out = {0};
  const bool ended[5] = {[3] = true};
  uint32_t count;
  struct wr_figures *figures = &made->job.figures;
  made->rest.rows = 5;
  figures->gone = figures->splits;
  figures->gone_count = 5;
  figures->split_count = 0;
  figures->runs = false;
  const char *text = job_text(made, &out);
  CU_ASSERT_EQUAL(family_sum(text, "weir_source_records_total", &count), 5);
  CU_ASSERT_EQUAL(count, 5);
  CU_ASSERT_PTR_NULL(strstr(text, "split=\"clicks-3\""));
  family_sum(text, "weir_source_lag_records", &count);
  CU_ASSERT_EQUAL(count, 0);

  made->rest.rows = 0;
  made->splits[3].state = WR_SPLIT_READING;
  figures->split_count = 5;
  figures->gone_count = 0;
  figures->split_ended = ended;
  figures->runs = true;
  text = job_text(made, &out);
  CU_ASSERT_EQUAL(family_sum(text, "weir_source_records_total", &count), 5);
  CU_ASSERT_PTR_NULL(strstr(text, "weir_source_records_total{job=\"app\",id=\"0\",table=\"clicks\","
                                  "split=\"clicks-3\""));
  wr_buffer_free(&out);
  free(made);
}

static void each_family_is_there_once(void)
{
  const struct wr_metrics_row *const tables[] = {wr_metrics_job_rows, wr_metrics_source_rows};
  for (size_t t = 0; t < WR_COUNT(tables); t++)
    for (const struct wr_metrics_row *row = tables[t]; row->put; row++) {
      const char *name = row->family.name;
      size_t length = strlen(name);
      bool is_total = length > 6 && strcmp(name + length - 6, "_total") == 0;
      WR_CHECK(is_total == (strcmp(row->family.type, "counter") == 0), "%s", name);
      WR_CHECK(row->family.help[strlen(row->family.help) - 1] == '.', "%s", name);
      for (size_t u = 0; u < WR_COUNT(tables); u++)
        for (const struct wr_metrics_row *other = tables[u]; other->put; other++)
          WR_CHECK(other == row || strcmp(other->family.name, name) != 0, "%s", name);
    }
}

static const struct wr_test tests[] = {
    {"labels_are_escaped", labels_are_escaped},
    {"values_have_all_digits", values_have_all_digits},
    {"families_without_samples_are_not_there", families_without_samples_are_not_there},
    {"splits_beyond_the_bound_are_summed", splits_beyond_the_bound_are_summed},
    {"splits_keep_their_series", splits_keep_their_series},
    {"each_family_is_there_once", each_family_is_there_once},
    {NULL, NULL},
};

const struct wr_suite wr_suite_metrics = {"metrics", tests};
