/* SPDX-License-Identifier: Apache-2.0 */
/* What is allowed, but hardly meant: one sentence and, where it is about SQL text, a place. */
#ifndef WEIR_PLANNER_WARNING_H
#define WEIR_PLANNER_WARNING_H

#include "core/error.h"

struct wr_warning {
  struct wr_span span; /* offset WR_NO_POSITION: nowhere */
  const char *message;
};

#endif
