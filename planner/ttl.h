/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long state without a window is kept after its last write: SET 'table.exec.state.ttl' for the
 * statements behind, and for the join or the groups of one SELECT the hint STATE_TTL('t' = '1 d').
 */
#ifndef WEIR_PLANNER_TTL_H
#define WEIR_PLANNER_TTL_H

#include "planner/binder.h"
#include "planner/writing.h"

/* The SELECT whose hints count for what is being bound. */
struct wr_ttl_select {
  const struct wr_tree_select *tree;
  bool is_used; /* something has asked for its hints */
};

/* What is set; 0: for ever. */
int64_t wr_ttl_set_us(const struct wr_binder *binder);
/* The same for rows of a relation, after the hints of the SELECT at hand. A relation that is a
 * join has no name. relation NULL: what is set. */
int64_t wr_ttl_of_us(const struct wr_binder *binder, const struct wr_tree_relation *relation);
/* Whether a hint says that of a relation, be it that its rows are kept for ever. */
bool wr_ttl_is_hinted(const struct wr_binder *binder, const struct wr_tree_relation *relation);
/* What the hints of a SELECT say can be understood, and speaks of relations that it has. */
enum wr_code wr_check_ttl_hints(const struct wr_tree_select *tree, struct wr_error *err);
/* Once the SELECT is bound: warns of hints that nothing has asked for. */
void wr_warn_ttl_unused(const struct wr_binder *binder, const struct wr_ttl_select *select);

/* "; ttl: 1 d" behind what EXPLAIN says of a step; `otherwise` if that is for ever. */
void wr_describe_ttl(struct wr_writing *out, int64_t ttl_us, const char *otherwise);
/* The same of both sides of a join. */
void wr_describe_ttls(struct wr_writing *out, const int64_t ttl_us[2]);

#endif
