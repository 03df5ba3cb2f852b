/* SPDX-License-Identifier: Apache-2.0 */
/* Working out at binding time what does not depend on rows. Inside of functions/bind*.c. */
#ifndef WEIR_FUNCTIONS_BIND_FOLD_H
#define WEIR_FUNCTIONS_BIND_FOLD_H

#include "functions/bind.h"

/* A literal; value points at a value of the type's physical kind, NULL: NULL. Text bytes are
 * copied. */
const struct wr_expression *wr_bind_literal(const struct wr_binding *binding,
                                            const struct wr_type *type, const void *value,
                                            struct wr_span span);
uint32_t wr_text_characters(const char *bytes, uint32_t length);

/* A call whose arguments are all literals becomes its result, unless it depends on the clock or
 * fails. */
const struct wr_expression *wr_fold_call(const struct wr_binding *binding,
                                         const struct wr_expression *call);
/* AND, OR, CASE without the arguments that constants decide. */
const struct wr_expression *wr_fold_branches(const struct wr_binding *binding,
                                             const struct wr_expression *expression);

/* The type that all can be cast to implicitly; constant texts count as dates and times where the
 * others are. */
const struct wr_type *wr_bind_common_type(const struct wr_binding *binding,
                                          const struct wr_expression *const *values,
                                          uint32_t count);
/* Where that failed: the first value that does not go with those before it. */
uint32_t wr_bind_common_conflict(const struct wr_binding *binding,
                                 const struct wr_expression *const *values, uint32_t count);

#endif
