/* SPDX-License-Identifier: Apache-2.0 */
/* The part of weir state that only a running job can tell. */
#ifndef WEIR_CLI_STATE_RUNNING_H
#define WEIR_CLI_STATE_RUNNING_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"

struct wr_running {
  int64_t process;    /* 0: none runs over the directory */
  const char *json;   /* what it says of itself, one object; NULL: it cannot be asked */
  const char *silent; /* ... because */
};

/* Asks, and waits for some seconds at most. Texts come from the arena. */
void wr_running_ask(const char *state_dir, struct wr_arena *arena, struct wr_running *out);
/* On standard output, for people. */
void wr_running_print(const struct wr_running *running, struct wr_arena *arena);

#endif
