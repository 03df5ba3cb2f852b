/* SPDX-License-Identifier: Apache-2.0 */
/* One call while it is being bound: what the hooks of function tables read and fill in. */
#ifndef WEIR_FUNCTIONS_BIND_SITE_H
#define WEIR_FUNCTIONS_BIND_SITE_H

#include "functions/bind.h"
#include "functions/function.h"

struct wr_bind_site {
  const struct wr_binding *binding;
  const struct wr_function *function;
  const struct wr_expression **args; /* a hook replaces them to cast them */
  uint32_t arg_count;
  struct wr_span span;
  /* results: either the first two, or instead */
  const struct wr_type *type;
  const struct wr_kernel *kernel;
  const void *prepared;
  const struct wr_expression *instead; /* the call means this other expression */
};

/* "there is no MOD(STRING, INT)", with the usages that there are as the hint. */
enum wr_code wr_bind_no_match(const struct wr_bind_site *site, struct wr_error *err);
/* Of rows that only explain what the grammar or the planner makes of a word: they cannot be called.
 */
enum wr_code wr_bind_never(struct wr_bind_site *site, struct wr_error *err);
/* Casts argument i to the type; fails like wr_bind_no_match if there is no implicit cast. */
enum wr_code wr_bind_arg(struct wr_bind_site *site, uint32_t i, const struct wr_type *type,
                         struct wr_error *err);
/* "the arguments of IF have no common type: INT and STRING"; an operator: wr_bind_no_match. */
enum wr_code wr_bind_no_common(const struct wr_bind_site *site, uint32_t first,
                               struct wr_error *err);
/* All arguments from `first` on cast to their common type, which is returned in *type. */
enum wr_code wr_bind_args_common(struct wr_bind_site *site, uint32_t first,
                                 const struct wr_type **type, struct wr_error *err);
/* The call as it is filled in, folded if it is constant. */
const struct wr_expression *wr_bind_site_call(const struct wr_bind_site *site);

#endif
