/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/over_reference.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/packed.h"
#include "tests/unit/check.h"
#include "tests/unit/random.h"

static const struct wr_field pair_fields[] = {{"a", &wr_type_bigint}, {"b", &wr_type_string}};
static const struct wr_type pair_type = {
    .kind = WR_ROW, .physical = WR_NESTED, .field_count = 2, .fields = pair_fields};
static const struct wr_field list_fields[] = {{"element", &wr_type_bigint}};
static const struct wr_type list_type = {
    .kind = WR_ARRAY, .physical = WR_TEXT, .field_count = 1, .fields = list_fields};
static const struct wr_field over_fields[COLUMNS] = {
    {"id", &wr_type_bigint}, {"ts", &wr_type_timestamp3}, {"k", &wr_type_bigint},
    {"v", &wr_type_bigint},  {"name", &wr_type_string},   {"flag", &wr_type_boolean},
    {"pair", &pair_type},    {"list", &list_type},
};
const struct wr_schema over_schema = {COLUMNS, over_fields};

/* ---- values as text: what results are compared by */

void over_line_add(struct over_line *line, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  int length = vsnprintf(line->text + line->length, LINE - line->length, format, args);
  va_end(args);
  line->length += (size_t)length;
  if (line->length >= LINE) /* not an assertion of CUnit, which would count millions */
    abort();
}

const char *over_name(const struct over_row *row, char out[64])
{
  snprintf(out, 64, row->name % 2 ? "n%u" : "a name that does not fit inside %u", row->name);
  return out;
}

static void line_add_name(struct over_line *line, const struct over_row *row)
{
  char name[64];
  if (!row || row->null_name)
    over_line_add(line, " -");
  else
    over_line_add(line, " %s", over_name(row, name));
}

static void line_add_v(struct over_line *line, const struct over_row *row)
{
  if (!row || row->null_v)
    over_line_add(line, " -");
  else
    over_line_add(line, " %lld", (long long)row->v);
}

void over_line_column(struct over_line *line, const struct wr_column *column, uint32_t row)
{
  if (wr_column_is_null(column, row)) {
    over_line_add(line, " -");
  } else if (column->type->kind == WR_ROW) {
    over_line_column(line, &column->children[0], row);
    over_line_column(line, &column->children[1], row);
  } else if (column->type->kind == WR_ARRAY) {
    struct wr_list list;
    wr_list_open(&list, column->type, wr_column_text(column, row));
    for (uint32_t i = 0; i < list.count; i++) {
      int64_t value;
      memcpy(&value, wr_list_item(&list, i).bytes, sizeof value);
      over_line_add(line, "%s%lld", i ? "," : " ", (long long)value);
    }
  } else if (column->type->physical == WR_TEXT) {
    const struct wr_text *text = wr_column_text(column, row);
    over_line_add(line, " %.*s", (int)text->length, wr_text_bytes(text));
  } else {
    over_line_add(line, " %lld", (long long)wr_column_i64(column, row));
  }
}

/* ---- which queries */

static bool counts(const struct over_call *call, const struct over_row *row)
{
  return (!call->filter || (row->flag && !row->null_flag)) && (call->column != V || !row->null_v) &&
         (call->column != NAME || !row->null_name);
}

static void expect_count(struct over_line *line, const struct over_row *const *rows, uint32_t count,
                         int64_t at, const struct over_call *call)
{
  uint32_t result = 0;
  uint64_t seen = 0; /* there are fewer different values than bits */
  (void)at;
  for (uint32_t i = 0; i < count; i++) {
    uint64_t bit = UINT64_C(1) << (call->column == V ? rows[i]->v + 20 : rows[i]->name);
    result += counts(call, rows[i]) && !(call->distinct && seen & bit);
    seen |= counts(call, rows[i]) ? bit : 0;
  }
  over_line_add(line, " %u", result);
}

static void expect_sum(struct over_line *line, const struct over_row *const *rows, uint32_t count,
                       int64_t at, const struct over_call *call)
{
  int64_t sum = 0;
  bool has = false;
  (void)at;
  for (uint32_t i = 0; i < count; i++) {
    if (!counts(call, rows[i]))
      continue;
    sum += rows[i]->v;
    has = true;
  }
  if (has)
    over_line_add(line, " %lld", (long long)sum);
  else
    over_line_add(line, " -");
}

static void expect_min(struct over_line *line, const struct over_row *const *rows, uint32_t count,
                       int64_t at, const struct over_call *call)
{
  const struct over_row *best = NULL;
  (void)at;
  for (uint32_t i = 0; i < count; i++)
    if (counts(call, rows[i]) && (!best || rows[i]->v < best->v))
      best = rows[i];
  line_add_v(line, best);
}

static void expect_max_name(struct over_line *line, const struct over_row *const *rows,
                            uint32_t count, int64_t at, const struct over_call *call)
{
  const struct over_row *best = NULL;
  char a[64], b[64];
  (void)at;
  for (uint32_t i = 0; i < count; i++)
    if (counts(call, rows[i]) && (!best || strcmp(over_name(rows[i], a), over_name(best, b)) > 0))
      best = rows[i];
  line_add_name(line, best);
}

/* NULLs are passed over. */
static void expect_first(struct over_line *line, const struct over_row *const *rows, uint32_t count,
                         int64_t at, const struct over_call *call)
{
  const struct over_row *first = NULL;
  (void)at;
  for (uint32_t i = 0; i < count && !first; i++)
    first = counts(call, rows[i]) ? rows[i] : NULL;
  line_add_v(line, first);
}

static void expect_last_name(struct over_line *line, const struct over_row *const *rows,
                             uint32_t count, int64_t at, const struct over_call *call)
{
  const struct over_row *last = NULL;
  (void)at;
  for (uint32_t i = 0; i < count; i++)
    last = counts(call, rows[i]) ? rows[i] : last;
  line_add_name(line, last);
}

/* rows[at] is the row itself; rows[0] the first of its partition for those that follow. */
static void expect_row_number(struct over_line *line, const struct over_row *const *rows,
                              uint32_t count, int64_t at, const struct over_call *call)
{
  (void)rows, (void)count, (void)call;
  over_line_add(line, " %lld", (long long)at + 1);
}

static void expect_rank(struct over_line *line, const struct over_row *const *rows, uint32_t count,
                        int64_t at, const struct over_call *call)
{
  int64_t rank = at, dense = 1;
  (void)count;
  while (rank > 0 && rows[rank - 1]->time == rows[at]->time)
    rank--;
  for (int64_t i = 1; i <= at; i++)
    dense += rows[i]->time != rows[i - 1]->time;
  over_line_add(line, " %lld", (long long)(call->function == WR_OVER_RANK ? rank + 1 : dense));
}

static void line_add_pair(struct over_line *line, const struct over_row *row)
{
  int64_t id = row ? row->id : 0;
  if (!row || id % 11 == 0)
    over_line_add(line, " -");
  else
    over_line_add(line, " %lld pair number %lld", (long long)id * 2, (long long)id);
}

static void line_add_list(struct over_line *line, const struct over_row *row)
{
  int64_t id = row ? row->id : 0;
  if (!row)
    over_line_add(line, " -");
  for (int64_t i = 0; row && i < id % 4; i++)
    over_line_add(line, "%s%lld", i ? "," : " ", (long long)(id + i));
}

static void line_add_cell(struct over_line *line, const struct over_row *row, uint32_t column)
{
  if (column == V)
    line_add_v(line, row);
  else if (column == NAME)
    line_add_name(line, row);
  else if (column == PAIR)
    line_add_pair(line, row);
  else
    line_add_list(line, row);
}

static void expect_lag(struct over_line *line, const struct over_row *const *rows, uint32_t count,
                       int64_t at, const struct over_call *call)
{
  (void)count;
  if (at >= call->offset)
    line_add_cell(line, rows[at - call->offset], call->column);
  else
    line_add_cell(line, call->default_column == UINT32_MAX ? NULL : rows[at], call->default_column);
}

static void expect_nth(struct over_line *line, const struct over_row *const *rows, uint32_t count,
                       int64_t at, const struct over_call *call)
{
  (void)at;
  line_add_cell(line, call->offset <= count ? rows[call->offset - 1] : NULL, call->column);
}

/* LAG and NTH_VALUE with their clauses. */
static void expect_own(struct over_line *line, const struct over_row *const *rows, uint32_t count,
                       int64_t at, const struct over_call *call)
{
  bool is_lag = call->function == WR_OVER_LAG, back = is_lag || call->from_last;
  int64_t step = back ? -1 : 1, found = 0;
  for (int64_t i = is_lag ? at - 1
                   : back ? (int64_t)count - 1
                          : 0;
       i >= 0 && i < count; i += step) {
    bool is_null = call->column == V ? rows[i]->null_v : rows[i]->null_name;
    if ((call->ignore_nulls && is_null) || ++found < call->offset)
      continue;
    line_add_cell(line, rows[i], call->column);
    return;
  }
  bool has_default = is_lag && call->default_column != UINT32_MAX;
  line_add_cell(line, has_default ? rows[at] : NULL, has_default ? call->default_column : V);
}

#define AGGREGATE WR_OVER_AGGREGATE
static const struct over_call framed_calls[] = {
    {"COUNT", AGGREGATE, COLUMNS, .expect = expect_count},
    {"COUNT", AGGREGATE, V, .expect = expect_count},
    {"SUM", AGGREGATE, V, .expect = expect_sum},
    {"SUM", AGGREGATE, V, .filter = true, .expect = expect_sum},
    {"MIN", AGGREGATE, V, .expect = expect_min},
    {"FIRST_VALUE", AGGREGATE, V, .expect = expect_first},
    {0},
};
static const struct over_call exact_calls[] = {
    {"SUM", AGGREGATE, V, .expect = expect_sum},
    {"COUNT", AGGREGATE, V, .filter = true, .expect = expect_count},
    {0},
};
static const struct over_call text_calls[] = {
    {"MAX", AGGREGATE, NAME, .expect = expect_max_name},
    {"COUNT", AGGREGATE, V, .distinct = true, .expect = expect_count},
    {"COUNT", AGGREGATE, NAME, .filter = true, .distinct = true, .expect = expect_count},
    {"SUM", AGGREGATE, V, .expect = expect_sum},
    {"LAST_VALUE", AGGREGATE, NAME, .filter = true, .expect = expect_last_name},
    {0},
};
static const struct over_call row_calls[] = {
    {NULL, WR_OVER_ROW_NUMBER, COLUMNS, .expect = expect_row_number},
    {NULL, WR_OVER_LAG, V, .offset = 1, .default_column = UINT32_MAX, .expect = expect_lag},
    {NULL, WR_OVER_RANK, COLUMNS, .expect = expect_rank},
    {NULL, WR_OVER_LAG, NAME, .offset = 3, .default_column = NAME, .expect = expect_lag},
    {NULL, WR_OVER_DENSE_RANK, COLUMNS, .expect = expect_rank},
    {NULL, WR_OVER_LAG, PAIR, .offset = 2, .default_column = PAIR, .expect = expect_lag},
    {NULL, WR_OVER_LAG, LIST, .offset = 0, .default_column = UINT32_MAX, .expect = expect_lag},
    {"MIN", AGGREGATE, V, .expect = expect_min},
    {0},
};
static const struct over_call nth_calls[] = {
    {NULL, WR_OVER_NTH_VALUE, NAME, .offset = 2, .expect = expect_nth},
    {NULL, WR_OVER_NTH_VALUE, PAIR, .offset = 1, .expect = expect_nth},
    {NULL, WR_OVER_NTH_VALUE, LIST, .offset = 3, .expect = expect_nth},
    {"MAX", AGGREGATE, NAME, .expect = expect_max_name},
    {0},
};

static const struct over_call own_calls[] = {
    {NULL, WR_OVER_LAG, V, false, false, 2, UINT32_MAX, true, false, true, expect_own},
    {NULL, WR_OVER_LAG, NAME, false, false, 1, NAME, true, false, true, expect_own},
    {NULL, WR_OVER_LAG, V, false, false, 3, V, false, false, true, expect_own},
    {NULL, WR_OVER_NTH_VALUE, V, false, false, 2, UINT32_MAX, true, false, false, expect_own},
    {NULL, WR_OVER_NTH_VALUE, NAME, false, false, 2, UINT32_MAX, false, true, false, expect_own},
    {NULL, WR_OVER_NTH_VALUE, V, false, false, 1, UINT32_MAX, true, true, false, expect_own},
    {"SUM", AGGREGATE, V, .expect = expect_sum},
    {0},
};
static const struct over_call back_calls[] = {
    {NULL, WR_OVER_LAG, V, false, false, 2, V, true, false, false, expect_own},
    {NULL, WR_OVER_LAG, NAME, false, false, 5, UINT32_MAX, true, false, false, expect_own},
    {NULL, WR_OVER_NTH_VALUE, NAME, false, false, 3, UINT32_MAX, true, true, false, expect_own},
    {0},
};

const struct over_call_set over_call_sets[OVER_SETS] = {
    [OVER_FRAMED] = {"framed", framed_calls}, [OVER_EXACT] = {"exact", exact_calls},
    [OVER_TEXTS] = {"texts", text_calls},     [OVER_ROWS] = {"rows", row_calls},
    [OVER_NTH] = {"nth", nth_calls},          [OVER_OWN] = {"own", own_calls},
    [OVER_BACK] = {"back", back_calls}};

/* ---- rows */

/* spread: how far rows are out of order. Some keys fall silent for long. */
struct over_row *over_rows_make(uint64_t seed, uint32_t spread, int64_t delay)
{
  struct over_row *rows = wr_memory_get_zero(ROWS * sizeof *rows);
  int64_t greatest = WR_TIME_NONE;
  for (uint32_t i = 0; i < ROWS; i++) {
    struct over_row *row = &rows[i];
    int64_t back = spread == 0                   ? 0
                   : random_next(&seed) % 8 == 0 ? random_next(&seed) % (5 * spread)
                                                 : random_next(&seed) % spread;
    row->id = i;
    row->time = ((int64_t)i / 4 - 300 - back) * MS;
    row->arrived = greatest == WR_TIME_NONE ? WR_TIME_NONE : greatest - delay * MS;
    greatest = row->time > greatest ? row->time : greatest;
    row->k = i % 700 < 300 ? random_next(&seed) % 9 : random_next(&seed) % 4;
    row->null_k = row->k == 3;
    row->v = (int64_t)(random_next(&seed) % 40) - 20;
    row->null_v = random_next(&seed) % 9 == 0;
    row->name = random_next(&seed) % 7;
    row->null_name = random_next(&seed) % 12 == 0;
    row->flag = random_next(&seed) % 3 != 0;
    row->null_flag = random_next(&seed) % 10 == 0;
  }
  return rows;
}

/* ---- outcomes */

int over_line_compare(const void *a, const void *b)
{
  return strcmp(((const struct over_line *)a)->text, ((const struct over_line *)b)->text);
}

struct over_outcome over_outcome_new(void)
{
  return (struct over_outcome){.lines = wr_memory_get_zero(ROWS * sizeof(struct over_line))};
}

/* ---- the reference */

struct partition {
  const struct over_row **rows, **waiting; /* those that have left, in order; those that have not */
  uint32_t count, waiting_count;
  int64_t
      last; /* time of the last that has left; WR_TIME_NONE: it is forgotten, or there is none */
  uint32_t since; /* rows before this one are forgotten */
};

struct reference {
  const struct over_call *calls;
  const struct wr_over_frame *frame;
  bool forgets;
  struct partition partitions[10];
  int64_t watermark;
  struct over_outcome outcome;
};

static bool in_frame(const struct reference *reference, const struct partition *partition,
                     uint32_t row, uint32_t at)
{
  if (reference->frame->unbounded)
    return true;
  if (reference->frame->rows)
    return (int64_t)row >= (int64_t)at - reference->frame->preceding;
  return partition->rows[row]->time >= partition->rows[at]->time - reference->frame->preceding;
}

/* Row `at` of the partition leaves; rows before `end` may be in its frame. */
static void reference_put(struct reference *reference, const struct partition *partition,
                          uint32_t at, uint32_t end)
{
  struct over_line *line = &reference->outcome.lines[reference->outcome.count++];
  const struct over_row *row = partition->rows[at];
  uint32_t first = partition->since;
  while (!in_frame(reference, partition, first, at))
    first++;
  over_line_add(line, "%lld %lld", (long long)row->id, (long long)row->time);
  line_add_v(line, row);
  line_add_name(line, row);
  line_add_pair(line, row);
  line_add_list(line, row);
  over_line_add(line, " |");
  for (const struct over_call *call = reference->calls; call->expect; call++) {
    bool looks_back =
        call->function != AGGREGATE && call->function != WR_OVER_NTH_VALUE && !call->in_frame;
    uint32_t from = looks_back ? 0 : first;
    call->expect(line, partition->rows + from, end - from, (int64_t)at - from, call);
  }
}

static int waiting_compare(const void *a, const void *b)
{
  const struct over_row *x = *(const struct over_row *const *)a,
                        *y = *(const struct over_row *const *)b;
  if (x->time != y->time)
    return x->time < y->time ? -1 : 1;
  return (x > y) - (x < y);
}

static void partition_release(struct reference *reference, struct partition *partition)
{
  qsort(partition->waiting, partition->waiting_count, sizeof *partition->waiting, waiting_compare);
  uint32_t ready = 0;
  while (ready < partition->waiting_count &&
         partition->waiting[ready]->time <= reference->watermark)
    ready++;
  for (uint32_t i = 0, end; i < ready; i = end) {
    end = i + 1;
    while (end < ready && !reference->frame->rows && !reference->frame->by_row &&
           partition->waiting[end]->time == partition->waiting[i]->time)
      end++;
    uint32_t at = partition->count;
    for (uint32_t p = i; p < end; p++)
      partition->rows[partition->count++] = partition->waiting[p];
    for (; at < partition->count; at++)
      reference_put(reference, partition, at, partition->count);
    partition->last = partition->waiting[i]->time;
  }
  memmove(partition->waiting, partition->waiting + ready,
          (partition->waiting_count - ready) * sizeof *partition->waiting);
  partition->waiting_count -= ready;
  if (reference->forgets && partition->last != WR_TIME_NONE &&
      partition->last + reference->frame->preceding < reference->watermark) {
    partition->last = WR_TIME_NONE;
    partition->since = partition->count;
  }
}

static void reference_advance(struct reference *reference, int64_t watermark)
{
  if (watermark <= reference->watermark)
    return;
  reference->watermark = watermark;
  for (size_t p = 0; p < WR_COUNT(reference->partitions); p++)
    partition_release(reference, &reference->partitions[p]);
}

struct over_outcome over_expected(const struct over_row *rows, const struct over_call *calls,
                                  const struct wr_over_frame *frame)
{
  struct reference reference = {
      .calls = calls, .frame = frame, .watermark = WR_TIME_NONE, .outcome = over_outcome_new()};
  reference.forgets = !frame->rows && !frame->unbounded;
  for (const struct over_call *call = calls; call->expect; call++)
    reference.forgets &=
        call->function == AGGREGATE || call->function == WR_OVER_NTH_VALUE || call->in_frame;
  for (size_t p = 0; p < WR_COUNT(reference.partitions); p++)
    reference.partitions[p] =
        (struct partition){.rows = wr_memory_get(ROWS * sizeof(struct over_row *)),
                           .waiting = wr_memory_get(ROWS * sizeof(struct over_row *)),
                           .last = WR_TIME_NONE};
  for (uint32_t i = 0; i < ROWS; i++) {
    struct partition *partition = &reference.partitions[rows[i].null_k ? 9 : rows[i].k];
    reference_advance(&reference, rows[i].arrived);
    if (rows[i].time < partition->last + !frame->by_row)
      reference.outcome.late++;
    else
      partition->waiting[partition->waiting_count++] = &rows[i];
  }
  reference.forgets = false;
  reference_advance(&reference, WR_TIME_END);
  for (size_t p = 0; p < WR_COUNT(reference.partitions); p++) {
    free(reference.partitions[p].rows);
    free(reference.partitions[p].waiting);
  }
  qsort(reference.outcome.lines, reference.outcome.count, sizeof(struct over_line),
        over_line_compare);
  return reference.outcome;
}
