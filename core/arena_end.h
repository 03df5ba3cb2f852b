/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Things of libraries that live as long as an arena: a compiled regular expression, a digest. They
 * have memory of their own, which is given back when the arena is reset or freed.
 */
#ifndef WEIR_CORE_ARENA_END_H
#define WEIR_CORE_ARENA_END_H

#include "core/arena.h"

/* Calls action(what) when the arena is next reset or freed, before its memory goes; the last that
 * was added comes first. */
void wr_arena_at_end(struct wr_arena *arena, void (*action)(void *what), void *what);

#endif
