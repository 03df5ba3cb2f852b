/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in sight: which column a dotted name means. Columns are found as `column`,
 * `relation.column`, and behind either
 * `.field` for fields of a ROW. Names compare exactly, as in Flink.
 */
#ifndef WEIR_PLANNER_SCOPE_H
#define WEIR_PLANNER_SCOPE_H

#include "functions/bind.h"
#include "parser/tree.h"

struct wr_scope_column {
  const char *relation; /* table, view or alias; NULL: none */
  const char *name;
  uint32_t column;  /* of the input row */
  bool hidden;      /* ROWTIME (planner/rowtime.h): * leaves it out */
  bool by_relation; /* ROWTIME of a side of a join: found behind the name of its table alone */
  bool shadowed;    /* of the name of a hidden one of its relation, which is meant instead */
};

struct wr_scope {
  struct wr_schema schema; /* of the input row */
  const struct wr_scope_column *columns;
  uint32_t column_count;
  const struct wr_scope *outer;     /* names that those here hide, over the same row; NULL: none */
  const struct wr_scope *enclosing; /* names around the subquery, for messages only; NULL: none */
  const struct wr_tree_items *aliases;       /* select list, for hints only; NULL: none */
  const struct wr_expression *const *values; /* what the columns stand for: arguments of a function;
                                                NULL: columns of the input */
};

/* All columns of a schema under one relation name, or none. */
struct wr_scope wr_scope_over(struct wr_arena *arena, const struct wr_schema *schema,
                              const char *relation);

enum wr_code wr_scope_resolve(const struct wr_scope *scope, const struct wr_binding *binding,
                              const struct wr_tree_name *name, const struct wr_expression **out,
                              struct wr_error *err);

/* Whether some column belongs to a relation of this name. */
bool wr_scope_has_relation(const struct wr_scope *scope, const char *relation);
/* "there is no table or alias 'x'" with the nearest one. */
enum wr_code wr_scope_fail_relation(const struct wr_scope *scope,
                                    const struct wr_tree_identifier *relation,
                                    struct wr_error *err);

#endif
