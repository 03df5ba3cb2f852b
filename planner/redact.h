/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL text as it may be shown to those who only look. Of 'key' = 'value' the value is ****** unless
 * the key is known and not secret; where a row of options is for many keys, unless it does not
 * sound secret either. The same holds in comments. The text need not be correct SQL.
 */
#ifndef WEIR_PLANNER_REDACT_H
#define WEIR_PLANNER_REDACT_H

#include <stddef.h>

#include "core/arena.h"

/* Ends in NUL; memory comes from the arena. */
const char *wr_sql_redact(struct wr_arena *arena, const char *text, size_t length);

#endif
