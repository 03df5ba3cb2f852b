/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of the dump lend each other. Lists begin with a blank, and print nothing if
 * they are empty. */
#ifndef WEIR_PARSER_DUMP_PART_H
#define WEIR_PARSER_DUMP_PART_H

#include <stdio.h>

#include "parser/tree.h"

void wr_dump_query(FILE *file, const struct wr_tree_query *query);
void wr_dump_expression(FILE *file, const struct wr_tree_expression *expression);
void wr_dump_window(FILE *file, const struct wr_tree_window *window);
void wr_dump_type(FILE *file, const struct wr_tree_type *type);
void wr_dump_identifier(FILE *file, const struct wr_tree_identifier *identifier);
void wr_dump_name(FILE *file, const struct wr_tree_name *name);
void wr_dump_text(FILE *file, const struct wr_tree_text *text);
void wr_dump_options(FILE *file, const struct wr_tree_options *options);

/* (word item item); word NULL: only the items. */
void wr_dump_expressions(FILE *file, const char *word, const struct wr_tree_expressions *list);
void wr_dump_orders(FILE *file, const char *word, const struct wr_tree_orders *list);
void wr_dump_identifiers(FILE *file, const char *word, const struct wr_tree_identifiers *list);

#endif
