/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and views as statements that can be run again. text is the whole SQL text: expressions are
 * shown as they were written. Results live in the arena. */
#ifndef WEIR_PLANNER_SHOW_CREATE_H
#define WEIR_PLANNER_SHOW_CREATE_H

#include "planner/catalogue.h"

const char *wr_show_create_table(const char *text, struct wr_arena *arena,
                                 const struct wr_table_definition *table);
const char *wr_show_create_view(const char *text, struct wr_arena *arena,
                                const struct wr_view *view);
/* Whether the value of this option is secret. */
bool wr_show_hides(const struct wr_table_definition *table, const char *key);
/* What a column is besides its type: "METADATA FROM 'offset' VIRTUAL", "AS a + 1"; NULL: nothing.
 */
const char *wr_show_extras(const char *text, struct wr_arena *arena,
                           const struct wr_column_definition *column);

#endif
