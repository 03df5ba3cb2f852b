/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/rank_reference.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/random.h"

static const struct wr_type wide = {
    .kind = WR_DECIMAL, .physical = WR_I128, .precision = 38, .scale = 2};
static const struct wr_field fields[COLUMNS + 1] = {{"wstart", &wr_type_timestamp3},
                                                    {"wend", &wr_type_timestamp3},
                                                    {"k", &wr_type_bigint},
                                                    {"name", &wr_type_string},
                                                    {"o", &wr_type_bigint},
                                                    {"t", &wr_type_string},
                                                    {"d", &wide},
                                                    {"f", &wr_type_double},
                                                    {"id", &wr_type_bigint},
                                                    {"rank", &wr_type_bigint}};
const struct wr_schema rank_input_schema = {COLUMNS, fields};
const struct wr_schema rank_ranked_schema = {COLUMNS + 1, fields};

uint32_t rank_name_make(uint32_t number, char *out)
{
  return (uint32_t)snprintf(out, 64, number % 2 ? "n%u" : "a name that does not fit inside %u",
                            number);
}

struct row *rank_rows_make(uint64_t seed)
{
  static const double doubles[] = {0.0, -0.0, 1.5, -3, 1e300};
  struct row *rows = wr_memory_get_zero(ROWS * sizeof *rows);
  int64_t greatest = WR_TIME_NONE;
  for (uint32_t i = 0; i < ROWS; i++) {
    struct row *row = &rows[i];
    int64_t back =
        random_next(&seed) % 10 == 0 ? random_next(&seed) % 250 : random_next(&seed) % 30;
    int64_t time = ((int64_t)i / 2 - 300 - back) * MS;
    row->arrived = greatest == WR_TIME_NONE ? WR_TIME_NONE : greatest - 40 * MS;
    greatest = time > greatest ? time : greatest;
    row->id = i;
    row->k = random_next(&seed) % 9;
    row->null_k = row->k == 8;
    row->o = random_next(&seed) % 20;
    row->null_o = row->o == 19;
    if (row->o == 18)
      row->o = INT64_MIN; /* beside NULL */
    if (row->o == 17)
      row->o = INT64_MAX;
    row->name = random_next(&seed) % 5;
    row->t = random_next(&seed) % 12;
    row->d =
        ((wr_i128)(random_next(&seed) % 7) - 3) * ((wr_i128)1 << (random_next(&seed) % 2 ? 80 : 3));
    row->f = random_next(&seed) % 9 == 0 ? __builtin_nan("") : doubles[random_next(&seed) % 5];
    row->end = wr_floor_div(time, 50 * MS) * 50 * MS + 50 * MS;
    row->start = row->end - (random_next(&seed) % 2 ? 50 : 100) * MS;
    row->null_window = random_next(&seed) % 200 == 0;
  }
  return rows;
}

/* ---- the order */

static int order_values(const struct row *a, const struct row *b, const struct wr_sort_key *key)
{
  int found = 0;
  if (key->column == O) {
    if (a->null_o || b->null_o) {
      found = b->null_o - a->null_o; /* NULL is lowest */
      return key->nulls_last ? -found : found;
    }
    found = (a->o > b->o) - (a->o < b->o);
  } else if (key->column == T) {
    char a_name[64], b_name[64];
    rank_name_make(a->t, a_name);
    rank_name_make(b->t, b_name);
    found = strcmp(a_name, b_name);
  } else if (key->column == D) {
    found = (a->d > b->d) - (a->d < b->d);
  } else if (a->f != a->f || b->f != b->f) {
    found = (a->f != a->f) - (b->f != b->f);
  } else {
    found = (a->f > b->f) - (a->f < b->f);
  }
  return key->descending ? -found : found;
}

static int order_rows(const struct question *question, const struct row *a, const struct row *b)
{
  int found = 0;
  for (uint32_t k = 0; k < question->order_count && !found; k++)
    found = order_values(a, b, &question->order[k]);
  return found;
}

static int order_i64(int64_t a, int64_t b)
{
  return (a > b) - (a < b);
}

static int order_names(uint32_t a, uint32_t b)
{
  char a_name[64], b_name[64];
  rank_name_make(a, a_name);
  rank_name_make(b, b_name);
  return strcmp(a_name, b_name);
}

/* All columns, from left to right, ascending. */
static int order_contents(const struct row *a, const struct row *b)
{
  const int steps[] = {
      order_i64(a->start, b->start),
      order_i64(!a->null_window, !b->null_window),
      a->null_window ? 0 : order_i64(a->end, b->end),
      order_i64(!a->null_k, !b->null_k),
      a->null_k ? 0 : order_i64(a->k, b->k),
      order_names(a->name, b->name),
      order_i64(!a->null_o, !b->null_o),
      a->null_o ? 0 : order_i64(a->o, b->o),
      order_names(a->t, b->t),
      (a->d > b->d) - (a->d < b->d),
      (a->f != a->f) - (b->f != b->f),
      a->f < b->f   ? -1
      : a->f > b->f ? 1
                    : memcmp(&a->f, &b->f, sizeof a->f),
      order_i64(a->id, b->id),
  };
  for (unsigned i = 0; i < sizeof steps / sizeof *steps; i++)
    if (steps[i])
      return steps[i];
  return 0;
}

/* Rows of one partition: whether a is numbered before b. */
static bool stands_before(const struct question *question, const struct row *a, const struct row *b,
                          bool is_earlier)
{
  int found = order_rows(question, a, b);
  if (!found && question->changes)
    found = order_contents(a, b);
  if (found)
    return found < 0;
  return question->newest_first ? !is_earlier : is_earlier;
}

static bool same_key(const struct question *question, const struct row *a, const struct row *b)
{
  for (uint32_t k = 0; k < question->key_count; k++) {
    if (question->keys[k] == NAME ? a->name != b->name
                                  : a->null_k != b->null_k || (!a->null_k && a->k != b->k))
      return false;
  }
  return true;
}

/* ---- results */

int rank_result_compare(const void *a, const void *b)
{
  const struct result *x = a, *y = b;
  if (x->id != y->id)
    return x->id < y->id ? -1 : 1;
  return (x->rank > y->rank) - (x->rank < y->rank);
}

void rank_outcome_sort(struct outcome *outcome)
{
  qsort(outcome->results, outcome->count, sizeof *outcome->results, rank_result_compare);
}

bool rank_outcome_is(struct outcome *got, const struct outcome *wanted)
{
  rank_outcome_sort(got);
  return got->count == wanted->count &&
         memcmp(got->results, wanted->results, wanted->count * sizeof *wanted->results) == 0;
}

bool rank_is_late(const struct row *row, int64_t ahead_us)
{
  return row->arrived != WR_TIME_NONE && row->end - MS <= row->arrived + ahead_us;
}

/* ---- the rows that are there, and their numbers */

struct there {
  const struct question *question;
  const struct row **rows; /* as they came */
  bool *is_first;          /* no row before it in the same partition is equal in the order */
  uint32_t count;
  bool windows;
};

static bool is_left_out(const struct question *question, const struct row *row)
{
  for (uint32_t k = 0; question->no_nulls && k < question->key_count; k++)
    if (question->keys[k] == K && row->null_k)
      return true;
  for (uint32_t k = 0; question->no_nulls && k < question->order_count; k++)
    if (question->order[k].column == O && row->null_o)
      return true;
  return false;
}

static void there_take_back(struct there *there, const struct row *row)
{
  uint32_t i = 0;
  while (i < there->count && order_contents(there->rows[i], row) != 0)
    i++;
  if (i == there->count)
    return;
  there->count--;
  memmove(there->rows + i, there->rows + i + 1, (there->count - i) * sizeof *there->rows);
}

static bool there_together(const struct there *there, uint32_t a, uint32_t b)
{
  const struct row *x = there->rows[a], *y = there->rows[b];
  return same_key(there->question, x, y) &&
         (!there->windows || (x->start == y->start && x->end == y->end));
}

static uint64_t there_number(const struct there *there, uint32_t i)
{
  const struct question *question = there->question;
  uint64_t number = 1;
  for (uint32_t j = 0; j < there->count; j++) {
    if (j == i || !there_together(there, i, j))
      continue;
    if (question->number == WR_RANK_ROW_NUMBER)
      number += stands_before(question, there->rows[j], there->rows[i], j < i);
    else if (question->number == WR_RANK_GAPS || there->is_first[j])
      number += order_rows(question, there->rows[j], there->rows[i]) < 0;
  }
  return number;
}

static void there_find_first(struct there *there)
{
  for (uint32_t i = 0; i < there->count; i++) {
    there->is_first[i] = true;
    for (uint32_t j = 0; there->question->number == WR_RANK_DENSE && j < i; j++)
      if (there_together(there, i, j) &&
          order_rows(there->question, there->rows[i], there->rows[j]) == 0)
        there->is_first[i] = false;
  }
}

struct outcome rank_expected(const struct row *rows, uint32_t count,
                             const struct question *question, bool windows, int64_t ahead_us)
{
  struct outcome outcome = {.results = wr_memory_get((count + 1) * sizeof *outcome.results)};
  struct there there = {.question = question,
                        .rows = wr_memory_get((count + 1) * sizeof *there.rows),
                        .is_first = wr_memory_get((count + 1) * sizeof *there.is_first),
                        .windows = windows};
  for (uint32_t i = 0; i < count; i++) {
    if (windows && (rows[i].null_window || rank_is_late(&rows[i], ahead_us)))
      continue;
    if (rows[i].back)
      there_take_back(&there, &rows[i]);
    else if (!is_left_out(question, &rows[i]))
      there.rows[there.count++] = &rows[i];
  }
  there_find_first(&there);
  for (uint32_t i = 0; i < there.count; i++) {
    uint64_t number = there_number(&there, i);
    if (number >= question->first && number <= question->last)
      outcome.results[outcome.count++] =
          (struct result){there.rows[i]->id, question->with_rank ? (int64_t)number : 0};
  }
  free(there.rows);
  free(there.is_first);
  rank_outcome_sort(&outcome);
  return outcome;
}
