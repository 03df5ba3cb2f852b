/* SPDX-License-Identifier: Apache-2.0 */
/* Generated rows: in range, the same at every parallelism and after a restart, and no faster than
 * asked for. */
#include "core/packed.h"
#include "core/time.h"
#include "functions/item.h"
#include "tests/unit/connect.h"
#include "text/json_write.h"

static const struct wr_field fields[] = {
    {"id", &wr_type_bigint},   {"small", &wr_type_tinyint}, {"word", &wr_type_string},
    {"page", &wr_type_string}, {"ts", &wr_type_timestamp3}, {"d", &wr_type_double},
    {"day", &wr_type_date},
};
static const struct wr_schema schema = {WR_COUNT(fields), fields};

/* Reads `polls` batches of the splits from `first` on, every `step`-th, from their positions on;
 * appends rows as JSON. Returns how many. */
static uint32_t make_rows(struct connect_table *table, struct wr_split *splits,
                          uint32_t split_count, int polls, struct wr_buffer *out)
{
  struct wr_reader *reader;
  uint32_t row_count = 0;
  struct wr_json_style style = {0};
  struct wr_json_row_writer *json = wr_json_row_writer_new(&schema, &style);
  const struct wr_reader_class *class = table->connector->reader;
  CU_ASSERT_EQUAL(class->open(&table->spec, splits, split_count, &reader, &table->err), WR_OK);
  for (int p = 0; p < polls; p++) {
    struct wr_batch batch = {.schema = &schema};
    CU_ASSERT_EQUAL(class->poll_rows(reader, 0, &batch, &table->err), WR_OK);
    for (uint32_t r = 0; r < batch.row_count; r++) {
      wr_json_row_write(json, batch.columns, r, out);
      wr_buffer_put_char(out, '\n');
    }
    row_count += batch.row_count;
    for (uint32_t r = 0; r < batch.run_count; r++) {
      CU_ASSERT_EQUAL(batch.runs[r].count, batch.row_count);
      splits[batch.runs[r].split].position =
          wr_arena_copy(&table->arena, batch.runs[r].after.bytes, batch.runs[r].after.length);
    }
  }
  class->close(reader);
  wr_json_row_writer_free(json);
  return row_count;
}

#define COMMON                                                                            \
  "rows-per-second", "0", "fields.id.kind", "sequence", "fields.id.start", "0",           \
      "fields.small.min", "3", "fields.small.max", "5", "fields.small.null-rate", "0.25", \
      "fields.word.length", "20", "fields.page.values", "/home|/cart", "fields.ts.kind",  \
      "sequence", "fields.ts.start", "2026-01-02 00:00:00", "fields.ts.step", "250 ms",   \
      "fields.day.min", "2026-01-01", "fields.day.max", "2026-01-03"

static int compare_lines(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines of a buffer sorted, so that orders of splits do not matter. */
static void sort_lines(struct wr_buffer *text, struct wr_buffer *sorted)
{
  char *lines[20000];
  size_t count = 0;
  wr_buffer_string(text);
  for (char *at = text->bytes, *end; *at && count < WR_COUNT(lines); at = end + 1) {
    end = strchr(at, '\n');
    *end = '\0';
    lines[count++] = at;
  }
  qsort(lines, count, sizeof *lines, compare_lines);
  for (size_t i = 0; i < count; i++)
    wr_buffer_print(sorted, "%s\n", lines[i]);
}

static void make_sorted(const char *split_count, int batch_polls, struct wr_buffer *sorted)
{
  struct connect_table table;
  struct wr_buffer text = {0};
  struct wr_split *splits;
  uint32_t count, row_count = 0;
  connect_open(&table, "datagen", &schema,
               (const char *[]){COMMON, "number-of-rows", "10000", "splits", split_count, NULL});
  CU_ASSERT_EQUAL(connect_check(&table, false), WR_OK);
  CU_ASSERT(table.connector->is_bounded(&table.spec));
  CU_ASSERT_EQUAL(
      table.connector->reader->discover(&table.spec, &table.arena, &splits, &count, &table.err),
      WR_OK);
  for (int round = 0; row_count < 10000 && round < 100; round++)
    row_count += make_rows(&table, splits, count, batch_polls, &text);
  CU_ASSERT_EQUAL(row_count, 10000);
  sort_lines(&text, sorted);
  wr_buffer_free(&text);
  connect_close(&table);
}

static void test_same_rows_always(void)
{
  struct wr_buffer one = {0}, seven = {0}, restarted = {0};
  make_sorted("1", 100, &one);
  make_sorted("7", 100, &seven);
  make_sorted("3", 1, &restarted);
  CU_ASSERT(one.length > 0 && one.length == seven.length);
  CU_ASSERT(one.length == seven.length && memcmp(one.bytes, seven.bytes, one.length) == 0);
  CU_ASSERT(one.length == restarted.length && memcmp(one.bytes, restarted.bytes, one.length) == 0);
  CU_ASSERT(strstr(wr_buffer_string(&one), "{\"id\":9999,") != NULL);
  CU_ASSERT(strstr(wr_buffer_string(&one), "\"2026-01-02 00:00:00.250\"") != NULL);
  wr_buffer_free(&one);
  wr_buffer_free(&seven);
  wr_buffer_free(&restarted);
}

static void test_values_in_range(void)
{
  struct connect_table table;
  struct wr_split split = {.name = "rows-0"};
  struct wr_reader *reader;
  struct wr_batch batch = {.schema = &schema};
  connect_open(&table, "datagen", &schema, (const char *[]){COMMON, NULL});
  CU_ASSERT(!table.connector->is_bounded(&table.spec));
  const struct wr_reader_class *class = table.connector->reader;
  CU_ASSERT_EQUAL(class->open(&table.spec, &split, 1, &reader, &table.err), WR_OK);
  CU_ASSERT_EQUAL(class->poll_rows(reader, 0, &batch, &table.err), WR_OK);
  CU_ASSERT_EQUAL(batch.row_count, WR_BATCH_ROWS);
  uint32_t nulls = 0, homes = 0, seen = 0;
  for (uint32_t r = 0; r < batch.row_count; r++) {
    const struct wr_text *word = wr_column_text(&batch.columns[2], r);
    double number = wr_column_f64(&batch.columns[5], r);
    int64_t small = wr_column_i64(&batch.columns[1], r), day = wr_column_i64(&batch.columns[6], r);
    bool is_null = wr_column_is_null(&batch.columns[1], r);
    nulls += is_null;
    homes += wr_column_text(&batch.columns[3], r)->head[1] == 'h';
    seen |= is_null ? 0 : 1u << small;
    CU_ASSERT(is_null || (small >= 3 && small <= 5));
    CU_ASSERT_EQUAL(word->length, 20);
    for (uint32_t i = 0; i < word->length; i++)
      CU_ASSERT(strchr("0123456789abcdef", word->bytes[i]) != NULL);
    CU_ASSERT(number >= 0 && number < 1);
    CU_ASSERT(day >= 20454 && day <= 20456);
  }
  CU_ASSERT_EQUAL(seen, 0x38);
  CU_ASSERT(nulls > 850 && nulls < 1200);
  CU_ASSERT(homes > 1850 && homes < 2250);
  class->close(reader);
  connect_close(&table);
}

/* What was due by now, give or take nothing: no sleeping, the clock only moves on. */
static void test_keeps_rate(void)
{
  struct connect_table table;
  struct wr_split split = {.name = "rows-0"};
  struct wr_reader *reader;
  connect_open(&table, "datagen", &schema, (const char *[]){"rows-per-second", "1000000", NULL});
  const struct wr_reader_class *class = table.connector->reader;
  int64_t begin_us = wr_monotonic_us(), made = 0;
  CU_ASSERT_EQUAL(class->open(&table.spec, &split, 1, &reader, &table.err), WR_OK);
  while (wr_monotonic_us() - begin_us < 50000) {
    struct wr_batch batch = {.schema = &schema};
    CU_ASSERT_EQUAL(class->poll_rows(reader, 1, &batch, &table.err), WR_OK);
    made += batch.row_count;
    CU_ASSERT(made <= wr_monotonic_us() - begin_us + 1);
  }
  CU_ASSERT(made > 0);
  class->close(reader);
  connect_close(&table);
}

static void test_ends_with_sequence(void)
{
  struct connect_table table;
  struct wr_split split = {.name = "rows-0"};
  struct wr_buffer text = {0};
  connect_open(&table, "datagen", &schema,
               (const char *[]){"rows-per-second", "0", "fields.id.kind", "sequence",
                                "fields.id.start", "10", "fields.id.end", "12", NULL});
  CU_ASSERT(table.connector->is_bounded(&table.spec));
  CU_ASSERT_EQUAL(make_rows(&table, &split, 1, 2, &text), 3);
  wr_buffer_free(&text);
  connect_close(&table);
}

static void test_refuses(void)
{
  static const struct {
    const char *key, *value, *part;
  } rows[] = {
      {"rows-per-second", "-1", "between 0 and"},
      {"fields.nobody.kind", "random", "names no column"},
      {"fields.id.knd", "random", "names no column"},
      {"fields.id.kind", "often", "random or sequence"},
      {"fields.small.max", "128", "range of the column's type"},
      {"fields.small.min", "127", NULL},
      {"fields.d.min", "2", "min is above max"},
      {"fields.ts.min", "2026-01-01 00:00:00", "needs both"},
      {"fields.id.values", "a|b", "only texts"},
      {"fields.word.length", "many", "a number of bytes"},
      {"fields.word.null-rate", "1.5", "a share from 0 to 1"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct connect_table table;
    connect_open(&table, "datagen", &schema, (const char *[]){rows[i].key, rows[i].value, NULL});
    enum wr_code code = connect_check(&table, false);
    WR_CHECK((code == WR_OK) == (rows[i].part == NULL), "%s", rows[i].key);
    if (rows[i].part)
      WR_CHECK(strstr(table.err.message, rows[i].part) != NULL, "%s", table.err.message);
    connect_close(&table);
  }
}

/* ---- nested columns */

struct nested {
  struct wr_arena arena;
  struct wr_field row[2], fields[5];
  struct wr_schema schema;
};

static void nested_open(struct nested *nested)
{
  struct wr_arena *arena = &nested->arena;
  *nested = (struct nested){.schema = {5, nested->fields}};
  nested->row[0] = (struct wr_field){"n", &wr_type_int};
  nested->row[1] = (struct wr_field){"w", wr_type_array(arena, &wr_type_string)};
  const struct wr_type *booleans = wr_type_array(arena, &wr_type_boolean),
                       *row = wr_type_row(arena, nested->row, 2);
  const struct wr_field list[] = {{"a", wr_type_array(arena, &wr_type_int)},
                                  {"m", wr_type_map(arena, &wr_type_string, booleans)},
                                  {"s", wr_type_multiset(arena, &wr_type_string)},
                                  {"r", wr_type_array(arena, row)},
                                  {"q", wr_type_array(arena, &wr_type_bigint)}};
  memcpy(nested->fields, list, sizeof list);
}

static const char *show_value(const struct wr_batch *batch, uint32_t column, uint32_t row,
                              struct wr_buffer *text)
{
  wr_buffer_clear(text);
  wr_json_write_value(text, &batch->columns[column], row, NULL);
  return wr_buffer_string(text);
}

/* Items between 3 and 4, half of them NULL; keys apart, so fewer than asked for. */
static uint32_t check_collections(const struct nested *nested, const struct wr_batch *batch,
                                  uint32_t row)
{
  struct wr_list list, values;
  uint32_t nulls = 0;
  wr_list_open(&list, nested->fields[0].type, wr_column_text(&batch->columns[0], row));
  CU_ASSERT_EQUAL(list.count, 5);
  for (uint32_t i = 0; i < list.count; i++) {
    int32_t item;
    memcpy(&item, wr_list_item(&list, i).bytes, sizeof item);
    nulls += wr_list_is_null(&list, i);
    CU_ASSERT(wr_list_is_null(&list, i) || item == 3 || item == 4);
  }
  for (uint32_t c = 1; c <= 2; c++) {
    wr_map_open(&list, &values, nested->fields[c].type, wr_column_text(&batch->columns[c], row));
    CU_ASSERT(list.count > 0 && list.count <= 3);
    CU_ASSERT(list.count < 2 ||
              !wr_item_equal(list.type, wr_list_item(&list, 0), wr_list_item(&list, 1)));
  }
  return nulls;
}

/* Collections are as long as asked for, and their items made by settings of their own. */
static void test_nested(void)
{
  static const char *const options[] = {"rows-per-second",
                                        "0",
                                        "fields.a.length",
                                        "5",
                                        "fields.a.element.min",
                                        "3",
                                        "fields.a.element.max",
                                        "4",
                                        "fields.a.element.null-rate",
                                        "0.5",
                                        "fields.m.key.values",
                                        "x|y|z",
                                        "fields.m.length",
                                        "20",
                                        "fields.m.value.length",
                                        "1",
                                        "fields.m.value.null-rate",
                                        "0.5",
                                        "fields.s.element.length",
                                        "1",
                                        "fields.r.length",
                                        "1",
                                        "fields.r.element.n.min",
                                        "7",
                                        "fields.r.element.n.max",
                                        "7",
                                        "fields.r.element.w.length",
                                        "2",
                                        "fields.r.element.w.element.values",
                                        "u",
                                        "fields.q.element.kind",
                                        "sequence",
                                        "fields.q.element.end",
                                        "29",
                                        "fields.q.null-rate",
                                        "0.2",
                                        NULL};
  struct nested nested;
  struct connect_table table;
  struct wr_split split = {.name = "rows-0"};
  struct wr_reader *reader;
  struct wr_buffer text = {0};
  uint32_t nulls = 0;
  nested_open(&nested);
  struct wr_batch batch = {.schema = &nested.schema};
  connect_open(&table, "datagen", &nested.schema, options);
  CU_ASSERT_EQUAL_FATAL(connect_check(&table, false), WR_OK);
  CU_ASSERT(table.connector->is_bounded(&table.spec));
  const struct wr_reader_class *class = table.connector->reader;
  CU_ASSERT_EQUAL(class->open(&table.spec, &split, 1, &reader, &table.err), WR_OK);
  CU_ASSERT_EQUAL(class->poll_rows(reader, 0, &batch, &table.err), WR_OK);
  CU_ASSERT_EQUAL(batch.row_count, 10); /* a sequence of 30 items, 3 a row */
  for (uint32_t r = 0; r < batch.row_count; r++) {
    char sequence[64];
    nulls += check_collections(&nested, &batch, r);
    CU_ASSERT_STRING_EQUAL(show_value(&batch, 3, r, &text), "[{\"n\":7,\"w\":[\"u\",\"u\"]}]");
    snprintf(sequence, sizeof sequence, "[%u,%u,%u]", r * 3, r * 3 + 1, r * 3 + 2);
    if (!wr_column_is_null(&batch.columns[4], r))
      CU_ASSERT_STRING_EQUAL(show_value(&batch, 4, r, &text), sequence);
  }
  CU_ASSERT(nulls > 5 && nulls < 45);
  class->close(reader);
  connect_close(&table);
  wr_buffer_free(&text);
  wr_arena_free(&nested.arena);
}

static void test_refuses_nested(void)
{
  static const char *const bad[][3] = {
      {"fields.a.element.mn", "1", "names no column"},
      {"fields.s.count.min", "1", "names no column"},
      {"fields.a.length", "10001", "a number of items up to 10000"},
      {"fields.m.length", "1001", "a number of entries up to 1000"},
      {"fields.m.key.null-rate", "0.1", "cannot be NULL"},
      {"fields.a.kind", "sequence", "a nested column has no sequence"},
      {"fields.m.value.element.min", "1", NULL},
  };
  struct nested nested;
  nested_open(&nested);
  for (size_t i = 0; i < WR_COUNT(bad); i++) {
    struct connect_table table;
    connect_open(&table, "datagen", &nested.schema, (const char *[]){bad[i][0], bad[i][1], NULL});
    enum wr_code code = connect_check(&table, false);
    WR_CHECK((code == WR_OK) == (bad[i][2] == NULL), "%s", bad[i][0]);
    if (bad[i][2])
      WR_CHECK(strstr(table.err.message, bad[i][2]) != NULL, "%s", table.err.message);
    connect_close(&table);
  }
  wr_arena_free(&nested.arena);
}

static const struct wr_test tests[] = {
    {"same-rows-always", test_same_rows_always},
    {"values-in-range", test_values_in_range},
    {"keeps-rate", test_keeps_rate},
    {"ends-with-sequence", test_ends_with_sequence},
    {"refuses", test_refuses},
    {"nested", test_nested},
    {"refuses-nested", test_refuses_nested},
    {NULL, NULL},
};

const struct wr_suite wr_suite_datagen = {"datagen", tests};
