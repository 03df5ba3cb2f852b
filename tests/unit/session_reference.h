/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions the plain way, to hold the operator against: one row at a time, the rows of every open
 * session in a list, what is asked for worked out of the list when the session closes. Results are
 * lines of text: every column with a bar behind it.
 */
#ifndef WEIR_TESTS_UNIT_SESSION_REFERENCE_H
#define WEIR_TESTS_UNIT_SESSION_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

/* Columns of the input. */
enum { TS, K, NAME, V, PASSES, D, NUMBER, COLUMNS };
enum {
  ROWS = 3000,
  LINE_MAX_BYTES = 4096,
  CALLS_MAX = 8,
  LIST_BYTES = 1900, /* of a list of names that are looked at */
  SESSION_NUMBERS = 5
};
#define MS INT64_C(1000)

struct row {
  int64_t time, arrived, k, v;
  uint32_t name, number, d; /* name, d: which of a few */
  const char *long_name;    /* instead of a name; NULL: the name */
  bool null_k, passes, null_time;
};

/* Values of d: the first two are equal, the last two not numbers; NULL_D is NULL. */
extern const double session_numbers[SESSION_NUMBERS];
#define NULL_D SESSION_NUMBERS

/* Name `number`, some of them long. */
const char *session_name(uint32_t number, char out[64]);
/* ROWS rows around 1970 (some before), mostly forward, some far behind. */
struct row *session_rows_make(uint64_t seed, int64_t delay);

struct key_case {
  const char *name;
  uint32_t keys[2], count;
};

/* What is worked out of the rows of a session. */
enum measure { COUNT_ALL, SUM_V, MAX_NAME, FIRST_V, LAST_NAME, LIST_NAMES, COUNT_D };
struct call_case {
  const char *function;
  uint32_t column; /* UINT32_MAX: none */
  enum measure measure;
  bool distinct, filtered;
};
struct query_case {
  const char *name;
  bool rows;
  uint32_t count;
  struct call_case calls[CALLS_MAX];
};

struct lines {
  char **lines;
  uint32_t count, capacity;
};

struct line {
  char bytes[LINE_MAX_BYTES];
  size_t length;
};

void session_lines_add(struct lines *lines, const char *line);
void session_lines_cut(struct lines *lines, uint32_t count); /* to so many */
void session_lines_free(struct lines *lines);
void session_lines_sort(struct lines *lines);
/* In any order: sorts both. */
bool session_lines_equal(struct lines *a, struct lines *b);
void session_line_put(struct line *line, const char *text);
void session_line_put_i64(struct line *line, int64_t value);
void session_line_put_d(struct line *line, double value);

struct open_session {
  const struct row *key;
  const struct row **rows;
  uint32_t count;
  int64_t start, last;
};

struct reference {
  const struct query_case *query;
  const struct key_case *keys;
  int64_t gap, tick;
  struct open_session *open; /* of all keys, by start */
  uint32_t open_count, late;
  struct lines lines;
};

/* What comes of ROWS rows. */
struct reference session_expected(const struct row *rows, const struct query_case *query,
                                  const struct key_case *keys, int64_t gap);
/* The same of STAGGER windows as long as the gap: rows go by time. */
struct reference session_expected_stagger(const struct row *rows, const struct query_case *query,
                                          const struct key_case *keys, int64_t gap);

#endif
