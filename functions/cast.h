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
/* The same of types: ROWs and collections are cast as freely as their strictest part. */
enum wr_cast_rule wr_cast_rule_of(const struct wr_type *from, const struct wr_type *to);

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
enum wr_code wr_cast_nested(struct wr_bind_site *site,
                            struct wr_error *err); /* ROW and collections, also to text */

/* True for CAST of a ROW to a ROW: its arguments are the ROW, then the fields cast. Not for
 * TRY_CAST, where a field that fails takes the whole ROW with it. */
bool wr_cast_has_fields(const struct wr_expression *expression);

/* A ROW of this type whose fields are these expressions over another ROW, and that is NULL where
 * that one is. */
const struct wr_expression *wr_cast_row_of(const struct wr_binding *binding,
                                           const struct wr_expression *row,
                                           const struct wr_type *type,
                                           const struct wr_expression *const *fields,
                                           struct wr_span span);

/* A text result cut to the length of the result's type, and filled up if that is CHAR. */
void wr_cast_put_text(const struct wr_call *call, uint32_t row, const char *bytes, size_t length);

/* Text or BINARY cut to the length of the result's type, CHAR and BINARY filled up. */
extern const struct wr_kernel wr_kernel_fit_text;

/* Digits a number type can have before and behind the point, as a DECIMAL: INT is (10, 0). */
void wr_number_digits(const struct wr_type *type, unsigned *precision, unsigned *scale);

#endif
