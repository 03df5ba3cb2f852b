/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which dialect a script is written in, and what that means for its names. In the kinesis dialect
 * names without quotes are in upper case before anybody looks at them; those that Weir gives itself
 * (window_start, error_stream ...) stay as they are, however they are written.
 */
#ifndef WEIR_PLANNER_DIALECT_H
#define WEIR_PLANNER_DIALECT_H

#include "planner/settings.h"

/* Decides for scripts that do not say it, then folds the names of all statements. */
void wr_dialect_settle(struct wr_settings *settings, struct wr_arena *arena,
                       struct wr_script *script);

#endif
