/* SPDX-License-Identifier: Apache-2.0 */
#include "parser/tree.h"

#include <assert.h>
#include <stddef.h>

/* Plain and negated; what cannot be negated has no second form. */
static const struct {
  const char *plain, *negated;
} tree_operators[] = {
    [WR_TREE_NEGATE] = {"-", NULL},
    [WR_TREE_PLUS] = {"+", NULL},
    [WR_TREE_NOT] = {"NOT", NULL},
    [WR_TREE_ADD] = {"+", NULL},
    [WR_TREE_SUBTRACT] = {"-", NULL},
    [WR_TREE_MULTIPLY] = {"*", NULL},
    [WR_TREE_DIVIDE] = {"/", NULL},
    [WR_TREE_MODULO] = {"%", NULL},
    [WR_TREE_CONCATENATE] = {"||", NULL},
    [WR_TREE_EQUAL] = {"=", NULL},
    [WR_TREE_NOT_EQUAL] = {"<>", NULL},
    [WR_TREE_LESS] = {"<", NULL},
    [WR_TREE_LESS_EQUAL] = {"<=", NULL},
    [WR_TREE_GREATER] = {">", NULL},
    [WR_TREE_GREATER_EQUAL] = {">=", NULL},
    [WR_TREE_AND] = {"AND", NULL},
    [WR_TREE_OR] = {"OR", NULL},
    [WR_TREE_IS_NULL] = {"IS NULL", "IS NOT NULL"},
    [WR_TREE_IS_TRUE] = {"IS TRUE", "IS NOT TRUE"},
    [WR_TREE_IS_FALSE] = {"IS FALSE", "IS NOT FALSE"},
    [WR_TREE_IS_UNKNOWN] = {"IS UNKNOWN", "IS NOT UNKNOWN"},
    [WR_TREE_IS_JSON] = {"IS JSON", "IS NOT JSON"},
    [WR_TREE_IS_JSON_SCALAR] = {"IS JSON SCALAR", "IS NOT JSON SCALAR"},
    [WR_TREE_IS_JSON_ARRAY] = {"IS JSON ARRAY", "IS NOT JSON ARRAY"},
    [WR_TREE_IS_JSON_OBJECT] = {"IS JSON OBJECT", "IS NOT JSON OBJECT"},
    [WR_TREE_IS_DISTINCT] = {"IS DISTINCT FROM", "IS NOT DISTINCT FROM"},
    [WR_TREE_BETWEEN] = {"BETWEEN", "NOT BETWEEN"},
    [WR_TREE_BETWEEN_SYMMETRIC] = {"BETWEEN SYMMETRIC", "NOT BETWEEN SYMMETRIC"},
    [WR_TREE_LIKE] = {"LIKE", "NOT LIKE"},
    [WR_TREE_SIMILAR] = {"SIMILAR TO", "NOT SIMILAR TO"},
    [WR_TREE_SUBSCRIPT] = {"[]", NULL},
    [WR_TREE_OVERLAPS] = {"OVERLAPS", NULL},
};
_Static_assert(sizeof tree_operators / sizeof *tree_operators == WR_TREE_OPERATOR_COUNT,
               "one row per operator");

const char *wr_tree_operator_name(enum wr_tree_operator operator, bool negated)
{
  assert(operator < WR_TREE_OPERATOR_COUNT && (!negated || tree_operators[operator].negated));
  return negated ? tree_operators[operator].negated : tree_operators[operator].plain;
}

bool wr_tree_is_union(const struct wr_tree_query *query, bool all)
{
  return query->kind == WR_TREE_SET_OPERATION &&
         query->set.operator== WR_TREE_UNION &&(query->set.all || !all) && query->with.count == 0 &&
         query->order_by.count == 0 && !query->limit && !query->offset;
}
