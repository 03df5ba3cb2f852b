/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arenas: memory that is taken piece by piece and given back all at once. Every allocation names a
 * lifetime by naming its arena (process, job, task, batch, call). Running out of memory ends the
 * process with a message: on Linux it is not a condition that a caller could handle, and budgets
 * are kept by counting (see core/limits.h), not by failing malloc.
 */
#ifndef WEIR_CORE_ARENA_H
#define WEIR_CORE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

struct wr_arena_block;

/* Zero-initialised is a valid empty arena. */
struct wr_arena {
  struct wr_arena_block *first, *current; /* written by arena.c only */
  size_t used, held; /* bytes handed out since the last reset; bytes held from the system */
};

/* Bytes aligned to 16, not cleared; size 0 gives a valid address. */
void *wr_arena_get(struct wr_arena *arena, size_t size);
void *wr_arena_get_zero(struct wr_arena *arena, size_t size);
char *wr_arena_copy(struct wr_arena *arena, const char *bytes,
                    size_t length); /* adds a final NUL */
char *wr_arena_print(struct wr_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *wr_arena_print_va(struct wr_arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Forgets all allocations but keeps the memory for the next round. */
void wr_arena_reset(struct wr_arena *arena);
/* Gives the memory back; the arena is empty and usable again. */
void wr_arena_free(struct wr_arena *arena);

#define WR_NEW(arena, type) ((type *)wr_arena_get_zero((arena), sizeof(type)))
#define WR_NEW_ARRAY(arena, type, count) \
  ((type *)wr_arena_get_zero((arena), sizeof(type) * (size_t)(count)))

/* malloc family that never returns NULL (see above). */
void *wr_memory_get(size_t size);
void *wr_memory_get_zero(size_t size);
void *wr_memory_get_aligned(size_t size, size_t alignment); /* size: a multiple of the alignment */
void *wr_memory_resize(void *old, size_t size);

#endif
