/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors. A function that can fail returns enum wr_code and takes `struct wr_error *err` last. It
 * fills err once, where the cause is known, with one sentence that names the thing and its value;
 * callers only pass it up. Positions in SQL are byte offsets into the statement text: only the
 * outermost layer turns them into file, line, column and a caret.
 */
#ifndef WEIR_CORE_ERROR_H
#define WEIR_CORE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/code.h"
#include "core/sqlstate.h"

#define WR_NO_POSITION UINT32_MAX

/* A piece of the SQL text: where it begins and how many bytes it has. offset WR_NO_POSITION:
 * nowhere. */
struct wr_span {
  uint32_t offset, length;
};

struct wr_error {
  enum wr_code code;
  char state[6];       /* SQLSTATE (core/sqlstate.h) */
  bool retry;          /* the same call may succeed later without anybody changing anything */
  struct wr_span span; /* where in the SQL text; offset WR_NO_POSITION if nowhere */
  char message[768];   /* one sentence, no final full stop, no line break */
  char hint[512];      /* what to do about it, or empty */
};

/* An empty error. */
void wr_error_clear(struct wr_error *err);

/* Fills err (no position, no hint) and returns code, so that callers can write `return
 * wr_fail(...)`. Long texts are cut. */
enum wr_code wr_fail(struct wr_error *err, enum wr_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
enum wr_code wr_fail_va(struct wr_error *err, enum wr_code code, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* The same with a place in the SQL text. */
enum wr_code wr_fail_at(struct wr_error *err, enum wr_code code, struct wr_span span,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same with a more exact SQLSTATE (core/sqlstate.h) than that of the code. */
enum wr_code wr_fail_state(struct wr_error *err, enum wr_code code, const char *state,
                           struct wr_span span, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Adds a hint to an error that has just been filled; returns its code. */
enum wr_code wr_hint(struct wr_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Gives an error that has just been filled a more exact SQLSTATE; returns its code. */
enum wr_code wr_state(struct wr_error *err, const char *state);

/* Several errors, in the order in which they were found; the first WR_ERRORS_MAX are kept. */
struct wr_arena;
struct wr_error_list {
  struct wr_error *items;
  uint32_t count, room;
  uint32_t left_out; /* found, but not kept */
};
/* Copies the error; memory comes from the arena. */
void wr_error_list_add(struct wr_error_list *list, struct wr_arena *arena,
                       const struct wr_error *err);

#endif
