/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NOT and the IS tests. AND and OR are not functions: they decide what is evaluated
 * (functions/evaluate_branch.c).
 */
#include <assert.h>

#include "functions/bind_site.h"
#include "functions/kernel.h"

/* ---- kernels ---- */

static bool logic_not(const struct wr_call *call, uint32_t row_count)
{
  WR_DENSE_1(call, row_count, uint8_t, uint8_t, (x ^ 1) & 1);
  return true;
}

/* Bits of rows that are not NULL, word w; a constant argument is asked for row 0 only. */
static inline uint64_t logic_valid_word(const struct wr_column *column, uint32_t w)
{
  return column->valid ? column->valid[w] : UINT64_MAX;
}

/* out[r] = (value of r or NULL) matches. when_null: result under NULL; test_value: NULL aside,
 * compare with `wanted`. */
static bool logic_is(const struct wr_call *call, uint32_t row_count, bool when_null,
                     bool test_value, uint8_t wanted, bool when_known)
{
  const struct wr_column *column = call->args[0];
  const uint8_t *values = column->values;
  uint8_t *restrict out = call->values;
  if (test_value) {
    for (uint32_t r = 0; r < row_count; r++)
      out[r] = ((values[r] & 1) == wanted) == when_known;
  } else {
    memset(out, when_known, row_count);
  }
  if (!column->valid)
    return true;
  for (uint32_t base = 0; base < row_count; base += 64) {
    uint64_t nulls = ~logic_valid_word(column, base / 64);
    if (row_count - base < 64)
      nulls &= (UINT64_C(1) << (row_count - base)) - 1;
    for (; nulls; nulls &= nulls - 1)
      out[base + (uint32_t)__builtin_ctzll(nulls)] = when_null;
  }
  return true;
}

/*      name            NULL   compares  with  if it does */
#define LOGIC_IS(name, when_null, test_value, wanted, when_known)                \
  static bool logic_##name(const struct wr_call *call, uint32_t row_count)       \
  {                                                                              \
    return logic_is(call, row_count, when_null, test_value, wanted, when_known); \
  }                                                                              \
  static const struct wr_kernel kernel_##name = {.total = logic_##name, .traits = WR_SEES_NULL};

LOGIC_IS(is_null, true, false, 0, false)
LOGIC_IS(is_not_null, false, false, 0, true)
LOGIC_IS(is_true, false, true, 1, true)
LOGIC_IS(is_not_true, true, true, 1, false)
LOGIC_IS(is_false, false, true, 0, true)
LOGIC_IS(is_not_false, true, true, 0, false)
static const struct wr_kernel kernel_not = {.total = logic_not};

/* ---- binding ---- */

static enum wr_code bind_null_test(struct wr_bind_site *site, const struct wr_kernel *kernel)
{
  site->type = &wr_type_boolean;
  site->kernel = kernel;
  return WR_OK;
}
static enum wr_code bind_is_null(struct wr_bind_site *site, struct wr_error *err)
{
  (void)err;
  return bind_null_test(site, &kernel_is_null);
}
static enum wr_code bind_is_not_null(struct wr_bind_site *site, struct wr_error *err)
{
  (void)err;
  return bind_null_test(site, &kernel_is_not_null);
}

#define LOGIC_BEHIND(symbol, takes_kind, code, hook, says, shows, gives_text)                   \
  {                                                                                             \
    .name = symbol, .usage = "a " symbol, .help = says, .example = shows, .result = gives_text, \
    .takes = {takes_kind}, .least = 1, .most = 1, .gives = &wr_type_boolean, .kernel = code,    \
    .bind = hook, .traits = WR_OPERATOR                                                         \
  }

/* What the planner makes of these words is made of other rows: here they are only explained. */
#define LOGIC_WORD(symbol, writes, says, shows, gives_text)                                \
  {                                                                                        \
    .name = symbol, .usage = writes, .help = says, .example = shows, .result = gives_text, \
    .most = WR_ARGS_ANY, .bind = wr_bind_never, .traits = WR_OPERATOR                      \
  }

const struct wr_function wr_functions_logic[] = {
    LOGIC_WORD("AND", "a AND b", "TRUE if both are, FALSE if one is FALSE, else NULL",
               "1 < 2 AND NULLIF(1, 1) IS NULL", "TRUE"),
    LOGIC_WORD("OR", "a OR b", "TRUE if one of them is, FALSE if both are FALSE, else NULL",
               "1 > 2 OR 'a' < 'b'", "TRUE"),
    {.name = "NOT",
     .usage = "NOT condition",
     .help = "TRUE for FALSE, FALSE for TRUE, NULL for NULL",
     .example = "NOT (1 > 2)",
     .result = "TRUE",
     .takes = {WR_BOOLEAN},
     .least = 1,
     .most = 1,
     .gives = &wr_type_boolean,
     .kernel = &kernel_not,
     .traits = WR_OPERATOR},
    LOGIC_BEHIND("IS NULL", WR_NULL, NULL, bind_is_null, "TRUE if there is no value",
                 "NULLIF(1, 1) IS NULL", "TRUE"),
    LOGIC_BEHIND("IS NOT NULL", WR_NULL, NULL, bind_is_not_null, "TRUE if there is a value",
                 "'' IS NOT NULL", "TRUE"),
    LOGIC_BEHIND("IS TRUE", WR_BOOLEAN, &kernel_is_true, NULL, "TRUE for TRUE, else FALSE",
                 "(1 = NULL) IS TRUE", "FALSE"),
    LOGIC_BEHIND("IS NOT TRUE", WR_BOOLEAN, &kernel_is_not_true, NULL, "FALSE for TRUE, else TRUE",
                 "(1 = NULL) IS NOT TRUE", "TRUE"),
    LOGIC_BEHIND("IS FALSE", WR_BOOLEAN, &kernel_is_false, NULL, "TRUE for FALSE, else FALSE",
                 "(1 = 2) IS FALSE", "TRUE"),
    LOGIC_BEHIND("IS NOT FALSE", WR_BOOLEAN, &kernel_is_not_false, NULL,
                 "FALSE for FALSE, else TRUE", "(1 = 2) IS NOT FALSE", "FALSE"),
    LOGIC_BEHIND("IS UNKNOWN", WR_BOOLEAN, &kernel_is_null, NULL, "TRUE if a condition is NULL",
                 "(1 = NULL) IS UNKNOWN", "TRUE"),
    LOGIC_BEHIND("IS NOT UNKNOWN", WR_BOOLEAN, &kernel_is_not_null, NULL,
                 "TRUE if a condition is TRUE or FALSE", "(1 = NULL) IS NOT UNKNOWN", "FALSE"),
    LOGIC_WORD("BETWEEN", "a BETWEEN [SYMMETRIC] b AND c",
               "TRUE from b to c, both included; SYMMETRIC: also if c is the lower one",
               "2 BETWEEN 1 AND 2", "TRUE"),
    LOGIC_WORD("NOT BETWEEN", "a NOT BETWEEN [SYMMETRIC] b AND c", "TRUE outside of b to c",
               "2 NOT BETWEEN 3 AND 1", "TRUE"),
    LOGIC_WORD("NOT IN", "value NOT IN (a, b, ...)",
               "TRUE if the value is none of the list; NULL if that has a NULL", "3 NOT IN (1, 2)",
               "TRUE"),
    LOGIC_WORD("EXISTS", "EXISTS (query)", "TRUE if the query, which reads no table, has a row",
               "EXISTS (SELECT 1 WHERE 1 > 2)", "FALSE"),
    {0},
};
