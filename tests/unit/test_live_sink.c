/* SPDX-License-Identifier: Apache-2.0 */
/* The connector live: what it writes is what the hub shows. */
#include "tests/unit/live.h"

#include <string.h>

#include "tests/unit/connect.h"

static void sink_write(struct connect_table *table, struct live_rows *rows)
{
  const struct wr_writer_class *class = table->connector->writer;
  struct wr_writer *writer = NULL;
  struct wr_column columns[3];
  struct wr_batch batch = live_rows_batch(rows, columns);
  CU_ASSERT_EQUAL_FATAL(class->open(&table->spec, &writer, &table->err), WR_OK);
  CU_ASSERT_EQUAL(class->write_rows(writer, &batch, &table->err), WR_OK);
  CU_ASSERT_EQUAL(class->finish(writer, &table->err), WR_OK);
  class->close(writer);
}

static void test_watched(void)
{
  static const char *const options[] = {"retention.rows", "2", "retention.time", "1 s", NULL};
  static const uint32_t key[] = {0};
  int64_t now_us = 0;
  struct live_rows rows = {0};
  struct connect_table table;
  struct wr_buffer out = {0};
  struct wr_hub *hub = live_hub(0, &now_us);
  connect_open(&table, "live", &live_schema, options);
  CU_ASSERT_EQUAL(connect_check(&table, true), WR_OK);
  table.spec.hub = hub;
  table.spec.job_name = "job";
  table.spec.key = key;
  table.spec.key_count = 1;
  table.spec.time_column = UINT32_MAX;
  table.spec.changes = true;
  for (int i = 0; i < 6; i++)
    live_rows_add(&rows, WR_INSERT, i % 3, i, NULL, 0);
  live_rows_add(&rows, WR_DELETE, 2, 5, NULL, 0);
  sink_write(&table, &rows);
  CU_ASSERT_EQUAL(wr_hub_rows(hub, "job", "t", NULL, 10, &out, &table.err), WR_OK);
  CU_ASSERT_STRING_EQUAL(wr_buffer_string(&out), "[{\"k\":1,\"v\":4,\"s\":null}]");
  now_us = 1000001;
  wr_hub_pass(hub);
  wr_buffer_clear(&out);
  CU_ASSERT_EQUAL(wr_hub_rows(hub, "job", "t", NULL, 10, &out, &table.err), WR_OK);
  CU_ASSERT_STRING_EQUAL(wr_buffer_string(&out), "[]");
  CU_ASSERT_STRING_EQUAL(table.notes, "");
  wr_buffer_free(&out);
  connect_close(&table);
  wr_hub_free(hub);
}

static void test_alone(void)
{
  struct live_rows rows = {0};
  struct connect_table table;
  connect_open(&table, "live", &live_schema, NULL);
  live_rows_add(&rows, WR_INSERT, 1, 1, NULL, 0);
  sink_write(&table, &rows);
  CU_ASSERT_STRING_EQUAL(
      table.notes,
      "nobody can watch table t: the job runs without --http (weir run FILE --http ADDRESS)\n");
  connect_close(&table);
}

static void test_options(void)
{
  static const char *const refused[][3] = {{"retention.rows", "0", NULL},
                                           {"retention.rows", "-1", NULL},
                                           {"retention.time", "0 s", NULL}};
  for (size_t i = 0; i < WR_COUNT(refused); i++) {
    struct connect_table table;
    connect_open(&table, "live", &live_schema, refused[i]);
    WR_CHECK(connect_check(&table, true) == WR_SEMANTIC, "%s %s", refused[i][0], refused[i][1]);
    CU_ASSERT_PTR_NOT_NULL(strstr(table.err.message, "must be above 0"));
    connect_close(&table);
  }
}

static const struct wr_test tests[] = {
    {"what is written is seen", test_watched},
    {"nobody can watch", test_alone},
    {"options", test_options},
    {NULL, NULL},
};

const struct wr_suite wr_suite_live_sink = {"live_sink", tests};
