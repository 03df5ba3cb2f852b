/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that the script has declared: planner/bind_function.c. */
#ifndef WEIR_PLANNER_USER_FUNCTION_H
#define WEIR_PLANNER_USER_FUNCTION_H

#include "planner/binder.h"

/*
 * A call of a function that the script has declared: *taken false if it is not one (built-in names
 * win unless the function is TEMPORARY SYSTEM).
 */
enum wr_code wr_bind_user_call(const struct wr_expression_context *context,
                               const struct wr_tree_expression *tree, bool *taken,
                               const struct wr_expression **out, struct wr_error *err);
/* Whether one takes the place of the other: they have one name, and are no routines with different
 * parameters. */
bool wr_user_functions_collide(const struct wr_user_function *a, const struct wr_user_function *b);
/* CREATE FUNCTION, checked; not yet in the catalogue. */
enum wr_code wr_bind_user_function(const struct wr_catalogue *catalogue,
                                   const struct wr_binding *binding,
                                   const struct wr_tree_create_function *tree, const char *name,
                                   struct wr_user_function **out, struct wr_error *err);

#endif
