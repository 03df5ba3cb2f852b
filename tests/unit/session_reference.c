/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/session_reference.h"

#include <inttypes.h>
#include <stdlib.h>

#include "core/batch.h"
#include "tests/unit/check.h"
#include "tests/unit/random.h"

const double session_numbers[SESSION_NUMBERS] = {0.0, -0.0, 1.5, __builtin_nan(""),
                                                 -__builtin_nan("1")};

const char *session_name(uint32_t number, char out[64])
{
  snprintf(out, 64, number % 2 ? "n%u" : "a name that does not fit inside %u", number);
  return out;
}

struct row *session_rows_make(uint64_t seed, int64_t delay)
{
  struct row *rows = wr_memory_get_zero(ROWS * sizeof *rows);
  int64_t greatest = WR_TIME_NONE;
  for (uint32_t i = 0; i < ROWS; i++) {
    struct row *row = &rows[i];
    int64_t back =
        random_next(&seed) % 10 == 0 ? random_next(&seed) % 300 : random_next(&seed) % 30;
    row->time = ((int64_t)i * 5 - 7000 - back) * MS;
    row->arrived = greatest == WR_TIME_NONE ? WR_TIME_NONE : greatest - delay;
    greatest = row->time > greatest ? row->time : greatest;
    row->k = random_next(&seed) % 9;
    row->null_k = row->k == 8;
    row->v = (int64_t)(random_next(&seed) % 10) - 5;
    row->name = random_next(&seed) % 7;
    row->passes = random_next(&seed) % 3 != 0;
    row->d = random_next(&seed) % (NULL_D + 1);
    row->number = i;
  }
  return rows;
}

/* ---- lines */

void session_lines_add(struct lines *lines, const char *line)
{
  if (lines->count == lines->capacity) {
    lines->capacity = 2 * lines->capacity + 64;
    lines->lines = wr_memory_resize(lines->lines, lines->capacity * sizeof *lines->lines);
  }
  size_t length = strlen(line) + 1;
  lines->lines[lines->count] = wr_memory_get(length);
  memcpy(lines->lines[lines->count++], line, length);
}

void session_lines_cut(struct lines *lines, uint32_t count)
{
  while (lines->count > count)
    free(lines->lines[--lines->count]);
}

void session_lines_free(struct lines *lines)
{
  session_lines_cut(lines, 0);
  free(lines->lines);
  *lines = (struct lines){0};
}

static int line_compare(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

void session_lines_sort(struct lines *lines)
{
  qsort(lines->lines, lines->count, sizeof *lines->lines, line_compare);
}

bool session_lines_equal(struct lines *a, struct lines *b)
{
  session_lines_sort(a);
  session_lines_sort(b);
  bool equal = a->count == b->count;
  for (uint32_t i = 0; equal && i < a->count; i++)
    equal = strcmp(a->lines[i], b->lines[i]) == 0;
  return equal;
}

void session_line_put(struct line *line, const char *text)
{
  line->length +=
      (size_t)snprintf(line->bytes + line->length, LINE_MAX_BYTES - line->length, "%s|", text);
  CU_ASSERT_FATAL(line->length < LINE_MAX_BYTES);
}

void session_line_put_i64(struct line *line, int64_t value)
{
  char text[32];
  snprintf(text, sizeof text, "%" PRId64, value);
  session_line_put(line, text);
}

void session_line_put_d(struct line *line, double value)
{
  char text[32];
  snprintf(text, sizeof text, "%g", value);
  session_line_put(line, value != value ? "NaN" : text);
}

/* ---- the reference */

static bool same_key(const struct key_case *keys, const struct row *a, const struct row *b)
{
  for (uint32_t i = 0; i < keys->count; i++) {
    if (keys->keys[i] == NAME ? a->name != b->name
                              : a->null_k != b->null_k || (!a->null_k && a->k != b->k))
      return false;
  }
  return true;
}

static bool call_takes(const struct call_case *call, const struct open_session *session, uint32_t i)
{
  const struct row *row = session->rows[i];
  if (call->filtered && !row->passes)
    return false;
  for (uint32_t j = 0; call->distinct && j < i; j++)
    if (call_takes(&(struct call_case){.filtered = call->filtered}, session, j) &&
        (call->column == V ? session->rows[j]->v == row->v : session->rows[j]->name == row->name))
      return false;
  return true;
}

static int64_t count_different_d(const struct open_session *session)
{
  bool seen[NULL_D + 1] = {false};
  for (uint32_t i = 0; i < session->count; i++)
    seen[session->rows[i]->d] = true;
  return (seen[0] || seen[1]) + seen[2] + (seen[3] || seen[4]);
}

static void reference_put_call(const struct call_case *call, const struct open_session *session,
                               struct line *line)
{
  int64_t count = 0, sum = 0, first = 0;
  char max[64] = "", last[64] = "", list[2048] = "", name[64];
  for (uint32_t i = 0; i < session->count; i++) {
    const struct row *row = session->rows[i];
    if (!call_takes(call, session, i))
      continue;
    session_name(row->name, name);
    first = count ? first : row->v;
    sum += row->v;
    memcpy(last, name, sizeof name);
    if (strcmp(name, max) > 0)
      memcpy(max, name, sizeof name);
    size_t length = strlen(list);
    if (length < LIST_BYTES)
      snprintf(list + length, sizeof list - length, "%s%s", count ? "," : "", name);
    count++;
  }
  list[LIST_BYTES] = 0;
  const char *const texts[] = {[MAX_NAME] = max, [LAST_NAME] = last, [LIST_NAMES] = list};
  if (call->measure == COUNT_ALL || call->measure == COUNT_D)
    session_line_put_i64(line, call->measure == COUNT_D ? count_different_d(session) : count);
  else if (!count)
    session_line_put(line, "NULL");
  else if (call->measure == SUM_V || call->measure == FIRST_V)
    session_line_put_i64(line, call->measure == SUM_V ? sum : first);
  else
    session_line_put(line, texts[call->measure]);
}

static void put_bounds(struct line *line, int64_t start, int64_t end, int64_t tick)
{
  session_line_put_i64(line, start);
  session_line_put_i64(line, end);
  session_line_put_i64(line, end - tick);
}

static void put_key(struct line *line, uint32_t column, const struct row *row)
{
  char name[64];
  if (column == NAME)
    session_line_put(line, session_name(row->name, name));
  else if (row->null_k)
    session_line_put(line, "NULL");
  else
    session_line_put_i64(line, row->k);
}

static void reference_close(struct reference *self, uint32_t at)
{
  struct open_session *session = &self->open[at];
  if (self->query->rows) {
    for (uint32_t i = 0; i < session->count; i++) {
      const struct row *row = session->rows[i];
      struct line line = {.length = 0};
      session_line_put_i64(&line, row->time);
      put_key(&line, K, row);
      put_key(&line, NAME, row);
      session_line_put_i64(&line, row->v);
      session_line_put_i64(&line, row->passes);
      if (row->d == NULL_D)
        session_line_put(&line, "NULL");
      else
        session_line_put_d(&line, session_numbers[row->d]);
      session_line_put_i64(&line, row->number);
      put_bounds(&line, session->start, session->last + self->gap, self->tick);
      session_lines_add(&self->lines, line.bytes);
    }
  } else {
    struct line line = {.length = 0};
    for (uint32_t k = 0; k < self->keys->count; k++)
      put_key(&line, self->keys->keys[k], session->key);
    for (uint32_t c = 0; c < self->query->count; c++)
      reference_put_call(&self->query->calls[c], session, &line);
    put_bounds(&line, session->start, session->last + self->gap, self->tick);
    session_lines_add(&self->lines, line.bytes);
  }
  free(session->rows);
  memmove(session, session + 1, (--self->open_count - at) * sizeof *session);
}

static void session_put(struct open_session *session, const struct row *row, bool moves)
{
  session->rows = wr_memory_resize(session->rows, (session->count + 1) * sizeof *session->rows);
  session->rows[session->count++] = row;
  session->start = row->time < session->start ? row->time : session->start;
  session->last = moves && row->time > session->last ? row->time : session->last;
}

static void reference_row(struct reference *self, const struct row *row)
{
  for (uint32_t i = 0; i < self->open_count;) {
    if (self->open[i].last + self->gap - self->tick <= row->arrived)
      reference_close(self, i);
    else
      i++;
  }
  struct open_session *found = NULL;
  for (uint32_t i = 0; i < self->open_count;) {
    struct open_session *session = &self->open[i];
    if (!same_key(self->keys, session->key, row) || row->time < session->start - self->gap ||
        row->time > session->last + self->gap) {
      i++;
      continue;
    }
    if (!found) {
      found = session;
      i++;
      continue;
    }
    for (uint32_t r = 0; r < session->count; r++) /* a later one: its rows go behind */
      session_put(found, session->rows[r], true);
    free(session->rows);
    memmove(session, session + 1, (--self->open_count - i) * sizeof *session);
  }
  if (!found && row->time + self->gap - self->tick <= row->arrived) {
    self->late++;
    return;
  }
  if (!found) {
    uint32_t at = self->open_count++;
    self->open = wr_memory_resize(self->open, self->open_count * sizeof *self->open);
    for (; at > 0 && self->open[at - 1].start > row->time; at--)
      self->open[at] = self->open[at - 1];
    found = &self->open[at];
    *found = (struct open_session){.key = row, .start = row->time, .last = row->time};
  }
  session_put(found, row, true);
}

struct reference session_expected(const struct row *rows, const struct query_case *query,
                                  const struct key_case *keys, int64_t gap)
{
  struct reference self = {.query = query, .keys = keys, .gap = gap, .tick = MS};
  for (uint32_t i = 0; i < ROWS; i++)
    reference_row(&self, &rows[i]);
  while (self.open_count)
    reference_close(&self, 0);
  free(self.open);
  return self;
}

static int row_compare(const void *left, const void *right)
{
  const struct row *a = *(const struct row *const *)left, *b = *(const struct row *const *)right;
  if (a->time != b->time)
    return a->time < b->time ? -1 : 1;
  return (a->number > b->number) - (a->number < b->number);
}

static void reference_stagger_row(struct reference *self, const struct row *row)
{
  uint32_t i = 0;
  while (i < self->open_count && !same_key(self->keys, self->open[i].key, row))
    i++;
  if (i < self->open_count && row->time >= self->open[i].start + self->gap) {
    reference_close(self, i);
    i = self->open_count;
  }
  if (i == self->open_count) {
    self->open = wr_memory_resize(self->open, ++self->open_count * sizeof *self->open);
    self->open[i] = (struct open_session){.key = row, .start = row->time, .last = row->time};
  }
  session_put(&self->open[i], row, false);
}

struct reference session_expected_stagger(const struct row *rows, const struct query_case *query,
                                          const struct key_case *keys, int64_t gap)
{
  struct reference self = {.query = query, .keys = keys, .gap = gap, .tick = MS};
  const struct row **sorted = wr_memory_get(ROWS * sizeof *sorted);
  uint32_t count = 0;
  for (uint32_t i = 0; i < ROWS; i++)
    if (rows[i].time >= rows[i].arrived)
      sorted[count++] = &rows[i];
  self.late = ROWS - count;
  qsort(sorted, count, sizeof *sorted, row_compare);
  for (uint32_t i = 0; i < count; i++)
    reference_stagger_row(&self, sorted[i]);
  while (self.open_count)
    reference_close(&self, 0);
  free(self.open);
  free(sorted);
  return self;
}
