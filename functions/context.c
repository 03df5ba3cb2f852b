/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions that depend on where they are called. The database of a script has one name. What
 * GROUPING and its like say depends on the grouping set of a row: the planner makes them of GROUP
 * BY, and here they are only explained.
 */
#include "functions/bind_fold.h"
#include "functions/bind_site.h"

static enum wr_code bind_current_database(struct wr_bind_site *site, struct wr_error *err)
{
  static const char name[] = "default_database";
  const struct wr_text text = wr_text_make(name, sizeof name - 1);
  (void)err;
  site->instead = wr_bind_literal(site->binding, &wr_type_string, &text, site->span);
  return WR_OK;
}

#define CONTEXT_GROUPED(word, writes, says, count)                                                \
  {                                                                                               \
    .name = word, .usage = writes, .help = says, .least = count, .most = count ? WR_ARGS_ANY : 0, \
    .bind = wr_bind_never, .traits = WR_GROUPED                                                   \
  }

const struct wr_function wr_functions_context[] = {
    {.name = "CURRENT_DATABASE",
     .usage = "CURRENT_DATABASE()",
     .help = "The name of the database in which all tables of a script are",
     .example = "CURRENT_DATABASE()",
     .result = "default_database",
     .bind = bind_current_database},
    CONTEXT_GROUPED("GROUPING", "GROUPING(a, b, ...)",
                    "Of expressions of GROUP BY, a bit for each, the last one lowest: 1 if the "
                    "grouping set of the row leaves it out; BIGINT",
                    1),
    CONTEXT_GROUPED("GROUPING_ID", "GROUPING_ID(a, b, ...)", "The same as GROUPING", 1),
    CONTEXT_GROUPED("GROUP_ID", "GROUP_ID()",
                    "Which of several equal grouping sets the row belongs to, from 0; BIGINT", 0),
    {0},
};
