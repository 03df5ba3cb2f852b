/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels over patterns: where a constant one is compiled, and where others are kept. */
#ifndef WEIR_FUNCTIONS_REGEX_RUN_H
#define WEIR_FUNCTIONS_REGEX_RUN_H

#include "core/batch.h"
#include "functions/bind_site.h"
#include "text/pattern.h"
#include "text/regex.h"

struct wr_regex_slot;

/* One call at work on one batch. */
struct wr_regex_run {
  const struct wr_call *call;
  struct wr_regex_search search;
  struct wr_regex_slot *slots; /* NULL until a pattern that is not constant comes */
};

void wr_regex_run_close(struct wr_regex_run *run);

/* A pattern that is not constant, compiled; NULL: it is none. Lent until another is asked for. */
const struct wr_regex *wr_regex_run_find(struct wr_regex_run *run, struct wr_slice pattern);
/* The same for SIMILAR TO; escape as in wr_regex_similar_new. */
const struct wr_regex *wr_regex_run_similar(struct wr_regex_run *run, struct wr_slice pattern,
                                            uint32_t escape);

/* Compiles an argument that is constant, else *regex is NULL. The error stands at the character at
 * fault. */
enum wr_code wr_regex_bind(struct wr_bind_site *site, const struct wr_expression *pattern,
                           const struct wr_regex **regex, struct wr_error *err);
enum wr_code wr_regex_bind_similar(struct wr_bind_site *site, const struct wr_expression *pattern,
                                   uint32_t escape, const struct wr_regex **regex,
                                   struct wr_error *err);

#endif
