/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can become what. One table in functions/cast.c says for every pair of kinds how freely a
 * value is converted; it is the only place that decides, and the manual is made from it. The
 * kernels are in the functions/cast_*.c files.
 */
#ifndef WEIR_FUNCTIONS_CAST_H
#define WEIR_FUNCTIONS_CAST_H

#include "functions/bind_site.h"

enum wr_cast_rule {
  WR_CAST_NEVER,
  WR_CAST_EXPLICIT, /* CAST has to be written */
  WR_CAST_ASSIGN,   /* also what INSERT does by itself */
  WR_CAST_IMPLICIT  /* wherever a value of the other type is wanted */
};

/* NEVER to IMPLICIT; the types' parameters (lengths, digits) play no part. */
enum wr_cast_rule wr_cast_rule(enum wr_kind from, enum wr_kind to);

/*
 * The value as `type`: itself if it has that type, a call of CAST or TRY_CAST otherwise, folded if
 * constant. The rule must not be NEVER.
 */
enum wr_code wr_cast_make(const struct wr_binding *binding, const struct wr_expression *value,
                          const struct wr_type *type, bool try_cast, struct wr_span span,
                          const struct wr_expression **out, struct wr_error *err);

/*
 * Kernels by family: set site->kernel and site->prepared for args[0]->type to site->type. One that
 * is not theirs they leave with a NULL kernel.
 */
enum wr_code wr_cast_number(struct wr_bind_site *site,
                            struct wr_error *err); /* numbers and BOOLEAN among each other */
enum wr_code wr_cast_time(struct wr_bind_site *site,
                          struct wr_error *err); /* DATE to TIMESTAMP_LTZ among each other */
enum wr_code wr_cast_text(struct wr_bind_site *site,
                          struct wr_error *err); /* from and to text and BINARY */

/* Digits a number type can have before and behind the point, as a DECIMAL: INT is (10, 0). */
void wr_number_digits(const struct wr_type *type, unsigned *precision, unsigned *scale);

#endif
