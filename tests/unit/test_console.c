/* SPDX-License-Identifier: Apache-2.0 */
/* What rows look like on standard output, for SELECT and for the print connector. */
#include <fcntl.h>
#include <signal.h>

#include "tests/unit/connect.h"

static const struct wr_field fields[] = {{"id", &wr_type_int}, {"name", &wr_type_string}};
static const struct wr_schema schema = {2, fields};

struct rows {
  struct wr_builder builders[2];
  struct wr_column columns[2];
  uint8_t change[3];
  struct wr_batch batch;
};

/* (7, ab), (NULL, "a,b<tab>c<quote>") and (123456789, NULL) */
static void rows_open(struct rows *rows, bool changes)
{
  *rows = (struct rows){.change = {WR_INSERT, WR_UPDATE_BEFORE, WR_UPDATE_AFTER}};
  for (int c = 0; c < 2; c++) {
    wr_builder_open(&rows->builders[c], fields[c].type);
    wr_builder_reserve(&rows->builders[c], 3);
  }
  wr_builder_put_i32(&rows->builders[0], 7);
  wr_builder_put_null(&rows->builders[0]);
  wr_builder_put_i32(&rows->builders[0], 123456789);
  wr_builder_put_copy(&rows->builders[1], "ab", 2);
  wr_builder_put_copy(&rows->builders[1], "a,b\tc\"", 6);
  wr_builder_put_null(&rows->builders[1]);
  for (int c = 0; c < 2; c++)
    rows->columns[c] = wr_builder_view(&rows->builders[c]);
  rows->batch = (struct wr_batch){.schema = &schema,
                                  .columns = rows->columns,
                                  .row_count = 3,
                                  .picked_count = 3,
                                  .change = changes ? rows->change : NULL};
}

static void rows_close(struct rows *rows)
{
  for (int c = 0; c < 2; c++)
    wr_builder_close(&rows->builders[c]);
}

/* Runs a writer whose standard output is a file; batch NULL: no rows at all. */
static void capture(struct connect_table *table, const struct wr_batch *batch, char *text,
                    size_t size)
{
  struct wr_writer *writer;
  FILE *file = tmpfile();
  fflush(NULL);
  int saved = dup(STDOUT_FILENO);
  dup2(fileno(file), STDOUT_FILENO);
  enum wr_code code = table->connector->writer->open(&table->spec, &writer, &table->err);
  if (code == WR_OK && batch)
    code = writer->class->write_rows(writer, batch, &table->err);
  if (code == WR_OK)
    code = writer->class->finish(writer, &table->err);
  writer->class->close(writer);
  dup2(saved, STDOUT_FILENO);
  close(saved);
  CU_ASSERT_EQUAL(code, WR_OK);
  rewind(file);
  size_t length = fread(text, 1, size - 1, file);
  text[length] = '\0';
  fclose(file);
}

static void check(const char *connector, const char *const *options, bool changes, bool has_rows,
                  const char *expected)
{
  struct connect_table table;
  struct rows rows;
  char text[2048];
  rows_open(&rows, changes);
  connect_open(&table, connector, &schema, options);
  CU_ASSERT_EQUAL(connect_check(&table, true), WR_OK);
  capture(&table, has_rows ? &rows.batch : NULL, text, sizeof text);
  WR_CHECK(strcmp(text, expected) == 0, "%s:\n%s", connector, text);
  connect_close(&table);
  rows_close(&rows);
}

static void test_table(void)
{
  check("console", (const char *[]){"format", "table", NULL}, false, true,
        "        id | name\n"
        "-----------+-----------\n"
        "         7 | ab\n"
        "      NULL | a,b\\tc\"\n"
        " 123456789 | NULL\n"
        "(3 rows)\n");
  check("console", (const char *[]){"format", "table", "changes", "true", NULL}, true, true,
        " op |        id | name\n"
        "----+-----------+-----------\n"
        " +I |         7 | ab\n"
        " -U |      NULL | a,b\\tc\"\n"
        " +U | 123456789 | NULL\n"
        "(3 rows)\n");
  check("console", (const char *[]){"format", "table", NULL}, false, false,
        "     id | name\n"
        "--------+-----------\n"
        "(0 rows)\n");
}

static void test_json(void)
{
  check("console", (const char *[]){"format", "auto", NULL}, false, true,
        "{\"id\":7,\"name\":\"ab\"}\n"
        "{\"id\":null,\"name\":\"a,b\\tc\\\"\"}\n"
        "{\"id\":123456789,\"name\":null}\n");
  check("console", (const char *[]){"format", "json", "changes", "true", NULL}, true, true,
        "{\"op\":\"+I\",\"row\":{\"id\":7,\"name\":\"ab\"}}\n"
        "{\"op\":\"-U\",\"row\":{\"id\":null,\"name\":\"a,b\\tc\\\"\"}}\n"
        "{\"op\":\"+U\",\"row\":{\"id\":123456789,\"name\":null}}\n");
}

static void test_csv(void)
{
  check("console", (const char *[]){"format", "csv", NULL}, false, true,
        "id,name\n7,ab\n,\"a,b\tc\"\"\"\n123456789,\n");
  check("console", (const char *[]){"format", "csv", "changes", "true", NULL}, true, true,
        "op,id,name\n+I,7,ab\n-U,,\"a,b\tc\"\"\"\n+U,123456789,\n");
}

/* One of several results of a job: every line says whose it is. */
static void test_streams(void)
{
  check("console", (const char *[]){"format", "table", "stream", "A", NULL}, false, true,
        " stream |        id | name\n"
        "--------+-----------+-----------\n"
        " A      |         7 | ab\n"
        " A      |      NULL | a,b\\tc\"\n"
        " A      | 123456789 | NULL\n"
        "(3 rows of A)\n");
  check("console", (const char *[]){"format", "table", "changes", "true", "stream", "SUMS_1", NULL},
        true, true,
        " stream | op |        id | name\n"
        "--------+----+-----------+-----------\n"
        " SUMS_1 | +I |         7 | ab\n"
        " SUMS_1 | -U |      NULL | a,b\\tc\"\n"
        " SUMS_1 | +U | 123456789 | NULL\n"
        "(3 rows of SUMS_1)\n");
  check("console", (const char *[]){"format", "json", "changes", "true", "stream", "a\"b", NULL},
        true, true,
        "{\"stream\":\"a\\\"b\",\"op\":\"+I\",\"row\":{\"id\":7,\"name\":\"ab\"}}\n"
        "{\"stream\":\"a\\\"b\",\"op\":\"-U\",\"row\":{\"id\":null,\"name\":\"a,b\\tc\\\"\"}}\n"
        "{\"stream\":\"a\\\"b\",\"op\":\"+U\",\"row\":{\"id\":123456789,\"name\":null}}\n");
  check("console", (const char *[]){"format", "csv", "stream", "a,b", NULL}, false, true,
        "stream,id,name\n\"a,b\",7,ab\n\"a,b\",,\"a,b\tc\"\"\"\n\"a,b\",123456789,\n");
}

static void test_print(void)
{
  check("print", NULL, true, true, "+I[7, ab]\n-U[NULL, a,b\tc\"]\n+U[123456789, NULL]\n");
  check("print", (const char *[]){"print-style", "json", NULL}, false, true,
        "{\"id\":7,\"name\":\"ab\"}\n"
        "{\"id\":null,\"name\":\"a,b\\tc\\\"\"}\n"
        "{\"id\":123456789,\"name\":null}\n");
  check("print", (const char *[]){"print-style", "json", "print-identifier", "a\"b", NULL}, false,
        true,
        "{\"stream\":\"a\\\"b\",\"row\":{\"id\":7,\"name\":\"ab\"}}\n"
        "{\"stream\":\"a\\\"b\",\"row\":{\"id\":null,\"name\":\"a,b\\tc\\\"\"}}\n"
        "{\"stream\":\"a\\\"b\",\"row\":{\"id\":123456789,\"name\":null}}\n");
  check("print", (const char *[]){"print-identifier", "x", NULL}, false, true,
        "x> +I[7, ab]\nx> +I[NULL, a,b\tc\"]\nx> +I[123456789, NULL]\n");
}

/* `weir run ... | head`: the end of the reader is the end of the job. */
static void test_reader_went_away(void)
{
  struct connect_table table;
  struct rows rows;
  struct wr_writer *writer;
  int ends[2];
  rows_open(&rows, false);
  connect_open(&table, "console", &schema, NULL);
  CU_ASSERT_EQUAL(pipe(ends), 0);
  close(ends[0]);
  fflush(NULL);
  int saved = dup(STDOUT_FILENO);
  void (*handler)(int) = signal(SIGPIPE, SIG_IGN);
  dup2(ends[1], STDOUT_FILENO);
  close(ends[1]);
  enum wr_code opened = table.connector->writer->open(&table.spec, &writer, &table.err);
  enum wr_code written = writer->class->write_rows(writer, &rows.batch, &table.err);
  writer->class->close(writer);
  dup2(saved, STDOUT_FILENO);
  close(saved);
  signal(SIGPIPE, handler);
  CU_ASSERT_EQUAL(opened, WR_OK);
  CU_ASSERT_EQUAL(written, WR_STOPPED);
  connect_close(&table);
  rows_close(&rows);
}

static const struct wr_test tests[] = {
    {"table", test_table}, {"json", test_json},
    {"csv", test_csv},     {"streams", test_streams},
    {"print", test_print}, {"reader-went-away", test_reader_went_away},
    {NULL, NULL},
};

const struct wr_suite wr_suite_console = {"console", tests};
