/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of + - * / %, between the files that share them. */
#ifndef WEIR_FUNCTIONS_ARITHMETIC_H
#define WEIR_FUNCTIONS_ARITHMETIC_H

#include "functions/bind_site.h"

enum wr_arithmetic { WR_ADD, WR_SUBTRACT, WR_MULTIPLY, WR_DIVIDE, WR_MODULO, WR_ARITHMETIC_COUNT };

/* "+", "-", ... */
extern const char *const wr_arithmetic_symbols[WR_ARITHMETIC_COUNT];

/* Checked, for integers of both sides' common physical kind; also for intervals and timestamps,
 * which are integers. */
const struct wr_kernel *wr_arithmetic_integer_kernel(enum wr_arithmetic operation,
                                                     enum wr_physical physical);

/* Both sides DECIMAL or integer: sets type, kernel and prepared (functions/arithmetic_decimal.c).
 */
void wr_arithmetic_bind_decimal(struct wr_bind_site *site, enum wr_arithmetic operation);

/* One side is an interval (functions/arithmetic_time.c). */
enum wr_code wr_arithmetic_bind_time(struct wr_bind_site *site, enum wr_arithmetic operation,
                                     struct wr_error *err);

#endif
