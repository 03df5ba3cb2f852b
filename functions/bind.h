/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From names and argument expressions to bound calls: overloads, implicit casts, constant folding.
 * Errors say which signatures exist. All results live in the given arena. Constant expressions
 * without failure are folded to literals; a constant that fails (1/0) stays as it is, since it may
 * sit in a branch that is never taken: see wr_bind_check.
 */
#ifndef WEIR_FUNCTIONS_BIND_H
#define WEIR_FUNCTIONS_BIND_H

#include "functions/expression.h"

/* What binding depends on besides the arguments; kept as long as anything bound with it. */
struct wr_binding {
  struct wr_arena *arena;
  const char *time_zone; /* table.local-time-zone, "UTC" */
  bool kinesis;          /* functions whose meaning differs follow the kinesis dialect */
  int64_t frozen_now_us; /* kinesis: what CURRENT_TIMESTAMP always is; 0: it follows the clock */
  uint32_t regex_steps;  /* of one search; 0: WR_REGEX_STEPS_MAX. If set, patterns are constant */
};

const struct wr_expression *wr_bind_column(const struct wr_binding *binding, uint32_t column,
                                           const struct wr_type *type, struct wr_span span);

/* Literals. Integers: INT if it fits, BIGINT, else DECIMAL; 1.50 is DECIMAL(3, 2); 1e3 is DOUBLE;
 * 'abc' is CHAR(3). */
enum wr_code wr_bind_number(const struct wr_binding *binding, const char *digits,
                            struct wr_span span, const struct wr_expression **out,
                            struct wr_error *err);
const struct wr_expression *wr_bind_text(const struct wr_binding *binding, const char *bytes,
                                         uint32_t length, struct wr_span span);
/* BINARY(length). */
const struct wr_expression *wr_bind_bytes(const struct wr_binding *binding, const char *bytes,
                                          uint32_t length, struct wr_span span);
const struct wr_expression *wr_bind_boolean(const struct wr_binding *binding, bool value,
                                            struct wr_span span);
const struct wr_expression *wr_bind_null(const struct wr_binding *binding,
                                         const struct wr_type *type, struct wr_span span);
const struct wr_expression *wr_bind_i64(
    const struct wr_binding *binding, const struct wr_type *type, int64_t value,
    struct wr_span span); /* any integer, date, time, timestamp or interval type */
/* DATE '...', TIME '...', TIMESTAMP '...' by kind; precision as written (at least 0 fraction
 * digits, at most 6 kept). */
enum wr_code wr_bind_datetime(const struct wr_binding *binding, enum wr_kind kind, const char *text,
                              struct wr_span span, const struct wr_expression **out,
                              struct wr_error *err);

/*
 * A call by name; operators have their symbols as names: + - * / % || = <> < <= > >= NOT "IS NULL"
 * "IS NOT NULL" "IS TRUE" "IS NOT TRUE" "IS FALSE" "IS NOT FALSE" "IS UNKNOWN" "IS NOT UNKNOWN" "IS
 * DISTINCT FROM" "IS NOT DISTINCT FROM" LIKE (value, pattern[, escape]) "NEGATE" "IN" (value,
 * list...). BETWEEN, NOT IN, NOT LIKE are written by the caller with AND, NOT. Function names
 * compare without case.
 */
enum wr_code wr_bind_call(const struct wr_binding *binding, const char *name,
                          const struct wr_expression *const *args, uint32_t arg_count,
                          struct wr_span span, const struct wr_expression **out,
                          struct wr_error *err);
enum wr_code wr_bind_logic(const struct wr_binding *binding, enum wr_expression_kind and_or,
                           const struct wr_expression *const *args, uint32_t arg_count,
                           struct wr_span span, const struct wr_expression **out,
                           struct wr_error *err);
/* (left - right) first [TO last], the distance of two times as an INTERVAL; the units are YEAR,
 * MONTH, DAY, HOUR, MINUTE or SECOND, and first is last where only one was written. */
enum wr_code wr_bind_difference(const struct wr_binding *binding, const struct wr_expression *left,
                                const struct wr_expression *right, const char *first,
                                const char *last, struct wr_span span,
                                const struct wr_expression **out, struct wr_error *err);
/* args as in WR_EXPRESSION_CASE; conditions must be BOOLEAN, results get a common type. */
enum wr_code wr_bind_case(const struct wr_binding *binding, const struct wr_expression *const *args,
                          uint32_t arg_count, struct wr_span span, const struct wr_expression **out,
                          struct wr_error *err);
/* CAST or TRY_CAST (a failure gives NULL). */
enum wr_code wr_bind_cast(const struct wr_binding *binding, const struct wr_expression *value,
                          const struct wr_type *type, bool try_cast, struct wr_span span,
                          const struct wr_expression **out, struct wr_error *err);
/* What INSERT does to fit a column: implicit casts, numbers narrowed with a range check; refuses
 * what needs an explicit cast. */
enum wr_code wr_bind_assign(const struct wr_binding *binding, const struct wr_expression *value,
                            const struct wr_type *type, const char *column_name,
                            const struct wr_expression **out, struct wr_error *err);
enum wr_code wr_bind_field(const struct wr_binding *binding, const struct wr_expression *row,
                           const char *field, struct wr_span span, const struct wr_expression **out,
                           struct wr_error *err);

/* The same by number, from 0. */
const struct wr_expression *wr_bind_field_at(const struct wr_binding *binding,
                                             const struct wr_expression *row, uint32_t field,
                                             struct wr_span span);

/* ---- what INSERT enforces on a column; functions/enforce.c ---- */

/* The value, where a row with NULL fails: "column x is NOT NULL and cannot take NULL". A value that
 * is known not to be NULL comes back as it is. */
const struct wr_expression *wr_bind_not_null(const struct wr_binding *binding,
                                             const struct wr_expression *value,
                                             const char *column_name, bool is_key);

enum wr_length_mode { /* table.exec.sink.type-length-enforcer */
                      WR_LENGTH_IGNORE,
                      WR_LENGTH_TRIM_PAD, /* longer values are cut, CHAR and BINARY filled up */
                      WR_LENGTH_ERROR     /* rows with another length than declared fail */
};
/* The value with the declared length of CHAR, VARCHAR, BINARY or VARBINARY `type`; other types and
 * lengths that cannot differ: the value as it is. After wr_bind_assign. */
const struct wr_expression *wr_bind_length(const struct wr_binding *binding,
                                           const struct wr_expression *value,
                                           const struct wr_type *type, enum wr_length_mode mode,
                                           const char *column_name);

/*
 * Refuses an expression in which a constant part fails for every row: 1 / 0, CAST('x' AS INT).
 * Parts that only some rows reach (operands of AND and OR, branches of CASE) are left to them. For
 * whole expressions, once they are bound.
 */
enum wr_code wr_bind_check(const struct wr_binding *binding, const struct wr_expression *expression,
                           struct wr_error *err);

/* The same expression with all that has become constant worked out: for one into which constants
 * were put (wr_expression_replace). */
const struct wr_expression *wr_bind_refold(const struct wr_binding *binding,
                                           const struct wr_expression *expression);

/* The type both can be cast to without loss of meaning, or NULL: for CASE, IN, comparison, UNION.
 */
const struct wr_type *wr_type_common(struct wr_arena *arena, const struct wr_type *a,
                                     const struct wr_type *b);

/* True if a scalar function, or an aggregate, of this name exists; nearest known name for hints (or
 * NULL). */
bool wr_function_exists(const char *name);
const char *wr_function_nearest(const char *name);

#endif
