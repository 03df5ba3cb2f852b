/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Aggregates over the rows of express.h: results, NULLs, merging two halves, taking rows back, and
 * ranges. Long texts are kept behind the entry by a small store of the test's own.
 */
#include "functions/aggregate.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/express.h"

#define ENTRY_BYTES 64
#define OFFSET      8 /* where the state lies in an entry */

/* Texts behind entries of one fixed size: the distance of the stored form leads there. */
struct store {
  struct wr_text_store base;
  char *const *entries;
};

static void store_put(struct wr_text_store *base, uint32_t i, uint32_t offset, const char *bytes,
                      uint32_t length)
{
  struct store *store = (struct store *)base;
  struct wr_text text = wr_text_make(bytes, length);
  if (length > WR_TEXT_INLINE) {
    text.distance = ENTRY_BYTES - offset;
    memcpy(store->entries[i] + ENTRY_BYTES, bytes, length);
  }
  memcpy(store->entries[i] + offset, &text, sizeof text);
}

struct trial {
  struct express express;
  struct wr_aggregate aggregate;
  struct wr_column column;
  struct wr_evaluator *evaluator;
  char *entry[2];
  struct store store;
};

static bool trial_open(struct trial *trial, const char *name, const char *sql)
{
  express_open(&trial->express, "UTC");
  const struct wr_expression *arg = sql ? express_bind(&trial->express, sql) : NULL;
  const struct wr_span span = {0};
  trial->evaluator = NULL;
  for (int i = 0; i < 2; i++)
    trial->entry[i] = calloc(1, 256);
  trial->store = (struct store){{store_put}, trial->entry};
  if (wr_bind_aggregate(&trial->express.binding, name, &arg, sql ? 1 : 0, span, &trial->aggregate,
                        &trial->express.err))
    return false;
  if (!trial->aggregate.arg)
    return true;
  struct wr_evaluation evaluation;
  trial->evaluator = wr_evaluator_new(&trial->aggregate.arg, 1);
  wr_evaluator_run(trial->evaluator, &trial->express.batch, &evaluation);
  trial->column = evaluation.columns[0];
  return true;
}

static void trial_close(struct trial *trial)
{
  wr_evaluator_free(trial->evaluator);
  for (int i = 0; i < 2; i++)
    free(trial->entry[i]);
  express_close(&trial->express);
}

static struct wr_aggregate_rows trial_rows(struct trial *trial, char *const *entries,
                                           const uint32_t *rows, uint32_t count)
{
  return (struct wr_aggregate_rows){.entries = entries,
                                    .offset = OFFSET,
                                    .arg = trial->aggregate.arg ? &trial->column : NULL,
                                    .rows = rows,
                                    .row_count = count,
                                    .store = &trial->store.base};
}

/* Rows first .. last into an entry, or out of it. */
static void trial_move(struct trial *trial, int entry, uint32_t first, uint32_t last, bool back)
{
  for (uint32_t row = first; row <= last; row++) {
    struct wr_aggregate_rows rows = trial_rows(trial, &trial->entry[entry], &row, 1);
    trial->store.entries = &trial->entry[entry];
    if (back)
      trial->aggregate.code->retract(&rows);
    else
      trial->aggregate.code->add(&rows);
  }
}

static void trial_merge(struct trial *trial)
{
  struct wr_aggregate_rows rows = trial_rows(trial, &trial->entry[0], NULL, 1);
  const char *source = trial->entry[1];
  trial->store.entries = &trial->entry[0];
  trial->aggregate.code->merge(&rows, &source);
}

static const char *trial_result(struct trial *trial)
{
  struct wr_builder builder;
  uint64_t failed = 0;
  const char *entry = trial->entry[0];
  wr_builder_open(&builder, trial->aggregate.type);
  trial->aggregate.code->result(&entry, OFFSET, 1, trial->aggregate.type, &builder, &failed);
  struct wr_column column = wr_builder_view(&builder);
  CU_ASSERT_EQUAL(builder.row_count, 1);
  wr_buffer_clear(&trial->express.out);
  if (failed)
    wr_buffer_put_string(&trial->express.out, "overflow");
  else if (!wr_value_write(&trial->express.out, &column, 0))
    wr_buffer_put_string(&trial->express.out, "NULL");
  wr_builder_close(&builder);
  return wr_buffer_string(&trial->express.out);
}

static const struct aggregate_case {
  const char *name, *sql, *all, *none; /* results over all rows, and over row 2, which is NULL */
} cases[] = {
    {"COUNT", NULL, "5", "1"},
    {"COUNT", "i", "4", "0"},
    {"SUM", "i", "2147483641", "NULL"},
    {"SUM", "l", "overflow", "NULL"},
    {"SUM", "m", "100000001.19", "NULL"},
    {"SUM", "d", "NaN", "NULL"},
    {"SUM", "CASE WHEN i < 10 THEN 0.1e0 END", "0.30000000000000004", "NULL"},
    {"AVG", "i", "536870910", "NULL"},
    {"AVG", "l", "2305843009213693952", "NULL"},
    {"AVG", "m", "25000000.297500", "NULL"},
    {"AVG", "CAST(m AS DECIMAL(30, 8))", "25000000.29750000", "NULL"},
    {"AVG", "CASE WHEN i < 10 THEN d * 2 END", "-Infinity", "NULL"},
    {"MIN", "i", "-7", "NULL"},
    {"MAX", "l", "9223372036854775807", "NULL"},
    {"MIN", "d", "-Infinity", "NULL"},
    {"MAX", "d", "NaN", "NULL"},
    {"MIN", "t", "", "NULL"},
    {"MAX", "t", "\xC3\x84pfel", "NULL"},
    {"MAX", "t || ' and more text'", "\xC3\x84pfel and more text", "NULL"},
    {"MIN", "t || ' and more text'", " and more text", "NULL"},
    {"MIN", "ts", "1969-12-31 23:59:59.000", "NULL"},
    {"MAX", "CAST(ts AS DATE)", "2026-01-31", "NULL"},
    {"MAX", "b", "true", "NULL"},
    {"MIN", "CAST(m AS DECIMAL(38, 2))", "-0.05", "NULL"},
    {"COUNT", "1", "5", "1"},
    {"SUM", "3", "15", "3"},
};

static void results(void)
{
  for (size_t i = 0; i < WR_COUNT(cases); i++) {
    struct trial trial;
    bool bound = trial_open(&trial, cases[i].name, cases[i].sql);
    WR_CHECK(bound, "%s(%s): %s", cases[i].name, cases[i].sql, trial.express.err.message);
    if (bound) {
      trial_move(&trial, 0, 2, 2, false);
      const char *none = trial_result(&trial);
      WR_CHECK(strcmp(none, cases[i].none) == 0, "%s(%s) of NULL: %s", cases[i].name, cases[i].sql,
               none);
      trial_move(&trial, 0, 0, 1, false);
      trial_move(&trial, 0, 3, 4, false);
      const char *all = trial_result(&trial);
      WR_CHECK(strcmp(all, cases[i].all) == 0, "%s(%s): %s", cases[i].name, cases[i].sql, all);
    }
    trial_close(&trial);
  }
}

static void two_halves_merge(void)
{
  for (size_t i = 0; i < WR_COUNT(cases); i++) {
    struct trial trial;
    if (trial_open(&trial, cases[i].name, cases[i].sql)) {
      trial_move(&trial, 1, 2, 4, false);
      trial_move(&trial, 0, 0, 1, false);
      trial_merge(&trial);
      const char *all = trial_result(&trial);
      WR_CHECK(strcmp(all, cases[i].all) == 0, "%s(%s): %s", cases[i].name, cases[i].sql, all);
    }
    trial_close(&trial);
  }
}

static void rows_are_taken_back(void)
{
  for (size_t i = 0; i < WR_COUNT(cases); i++) {
    struct trial trial;
    if (trial_open(&trial, cases[i].name, cases[i].sql) && trial.aggregate.code->retract &&
        (!cases[i].sql ||
         (cases[i].sql[0] != 'd' && !strchr(cases[i].sql, '+') && !strchr(cases[i].sql, '*')))) {
      trial_move(&trial, 0, 0, 4, false);
      trial_move(&trial, 0, 0, 1, true);
      trial_move(&trial, 0, 3, 4, true);
      const char *none = trial_result(&trial);
      WR_CHECK(strcmp(none, cases[i].none) == 0, "%s(%s): %s", cases[i].name, cases[i].sql, none);
    }
    trial_close(&trial);
  }
}

static void small_terms_are_not_lost(void)
{
  struct trial trial;
  CU_ASSERT_FATAL(trial_open(&trial, "SUM",
                             "CASE i WHEN 0 THEN 1e100 WHEN 1 THEN 1e0 WHEN -7 "
                             "THEN -1e100 ELSE 1e0 END"));
  trial_move(&trial, 0, 0, 4, false);
  CU_ASSERT_STRING_EQUAL(trial_result(&trial), "3.0");
  trial_close(&trial);
}

static void wrong_types_are_refused(void)
{
  static const struct {
    const char *name, *sql, *expected;
  } rows[] = {
      {"SUM", "t", "there is no SUM of STRING"},
      {"AVG", "ts", "there is no AVG of TIMESTAMP(3)"},
      {"SUM", NULL, "SUM cannot take 0 arguments"},
      {"MEDIAN", "i", "there is no aggregate function MEDIAN"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct trial trial;
    bool bound = trial_open(&trial, rows[i].name, rows[i].sql);
    WR_CHECK(!bound && strcmp(trial.express.err.message, rows[i].expected) == 0, "%s(%s): %s",
             rows[i].name, rows[i].sql, trial.express.err.message);
    trial_close(&trial);
  }
}

static const struct wr_test tests[] = {
    {"results", results},
    {"two halves merge", two_halves_merge},
    {"rows are taken back", rows_are_taken_back},
    {"small terms are not lost", small_terms_are_not_lost},
    {"wrong types are refused", wrong_types_are_refused},
    {NULL, NULL},
};

const struct wr_suite wr_suite_aggregates = {"aggregates", tests};
