/* SPDX-License-Identifier: Apache-2.0 */
/* A tree as one line of brackets per statement, for tests and for looking at what the grammar makes
 * of a text. */
#ifndef WEIR_PARSER_DUMP_H
#define WEIR_PARSER_DUMP_H

#include <stdio.h>

#include "parser/tree.h"

/*
 * (select (items a (as b (+ b 1))) (from (table t)) (where (> a 0)))
 * Operators and lists come first in their brackets; names keep their spelling, quoted ones stand in
 * backquotes; symbols begin with a colon; parts that are absent are left out.
 */
void wr_tree_dump(FILE *file, const struct wr_script *script);

#endif
