/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An arena is a chain of blocks from malloc, each twice as large as the one before up to a bound.
 * `current` is the block that allocations are cut from; the blocks behind it are left over from the
 * rounds before the last reset and are used again before the system is asked.
 *
 *   first -> [full] -> [current: used | free] -> [kept] -> [kept]
 *
 * Under AddressSanitizer everything that is not handed out is poisoned: a batch that is read after
 * its producer has reset the arena is reported at once instead of showing the next batch's values.
 */
#include "core/arena.h"
#include "core/arena_end.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define ARENA_SHUT(address, size) ASAN_POISON_MEMORY_REGION((address), (size))
#define ARENA_OPEN(address, size) ASAN_UNPOISON_MEMORY_REGION((address), (size))
#else
#define ARENA_SHUT(address, size) ((void)(address), (void)(size))
#define ARENA_OPEN(address, size) ((void)(address), (void)(size))
#endif

#define ARENA_ALIGNMENT   16
#define ARENA_BLOCK_FIRST 4096
#define ARENA_BLOCK_LAST  (1u << 20)

/* What is to be done when the arena ends; lies in the arena itself. */
struct arena_duty {
  struct arena_duty *next;
  void (*action)(void *what);
  void *what;
};

struct wr_arena_block {
  struct wr_arena_block *next;
  struct arena_duty *duties; /* of the whole arena: in its first block only, the last added first */
  size_t size, used;         /* of bytes; used counts only up to `current` */
  _Alignas(ARENA_ALIGNMENT) char bytes[];
};

static void memory_is_out(size_t size)
{
  fprintf(stderr, "weir: out of memory: the system refused %zu bytes\n", size);
  abort();
}

void *wr_memory_get(size_t size)
{
  void *memory = malloc(size ? size : 1);
  if (!memory)
    memory_is_out(size);
  return memory;
}

void *wr_memory_get_aligned(size_t size, size_t alignment)
{
  void *memory = aligned_alloc(alignment, size);
  if (!memory)
    memory_is_out(size);
  return memory;
}

void *wr_memory_get_zero(size_t size)
{
  void *memory = calloc(1, size ? size : 1);
  if (!memory)
    memory_is_out(size);
  return memory;
}

void *wr_memory_resize(void *old, size_t size)
{
  void *memory = realloc(old, size ? size : 1);
  if (!memory)
    memory_is_out(size);
  return memory;
}

static struct wr_arena_block *arena_block_new(struct wr_arena *arena, size_t size_min)
{
  size_t size = ARENA_BLOCK_FIRST - sizeof(struct wr_arena_block);
  if (arena->current && arena->current->size >= size)
    size = arena->current->size * 2 + sizeof(struct wr_arena_block);
  if (size > ARENA_BLOCK_LAST - sizeof(struct wr_arena_block))
    size = ARENA_BLOCK_LAST - sizeof(struct wr_arena_block);
  if (size < size_min)
    size = size_min;
  struct wr_arena_block *block = wr_memory_get(sizeof *block + size);
  block->next = NULL;
  block->duties = NULL;
  block->size = size;
  block->used = 0;
  ARENA_SHUT(block->bytes, size);
  arena->held += sizeof *block + size;
  return block;
}

/* Makes a block with room for size bytes current: one that is kept from an earlier round if any is
 * large enough. */
static void arena_advance(struct wr_arena *arena, size_t size)
{
  if (!arena->current) {
    arena->first = arena->current = arena_block_new(arena, size);
    return;
  }
  struct wr_arena_block *before = arena->current;
  while (before->next && before->next->size < size)
    before = before->next;
  struct wr_arena_block *block = before->next;
  if (block)
    before->next = block->next;
  else
    block = arena_block_new(arena, size);
  block->used = 0;
  block->next = arena->current->next;
  arena->current->next = block;
  arena->current = block;
}

void *wr_arena_get(struct wr_arena *arena, size_t size)
{
  assert(size <= SIZE_MAX / 4);
  size_t rounded = (size + ARENA_ALIGNMENT - 1) & ~(size_t)(ARENA_ALIGNMENT - 1);
  struct wr_arena_block *block = arena->current;
  if (!block || block->size - block->used < rounded) {
    arena_advance(arena, rounded);
    block = arena->current;
  }
  char *address = block->bytes + block->used;
  block->used += rounded;
  arena->used += rounded;
  ARENA_OPEN(address, size);
  assert(block->used <= block->size);
  return address;
}

void *wr_arena_get_zero(struct wr_arena *arena, size_t size)
{
  return memset(wr_arena_get(arena, size), 0, size);
}

char *wr_arena_copy(struct wr_arena *arena, const char *bytes, size_t length)
{
  char *copy = wr_arena_get(arena, length + 1);
  if (length)
    memcpy(copy, bytes, length);
  copy[length] = '\0';
  return copy;
}

char *wr_arena_print_va(struct wr_arena *arena, const char *format, va_list args)
{
  va_list again;
  va_copy(again, args);
  int length = vsnprintf(NULL, 0, format, again);
  va_end(again);
  assert(length >= 0);
  char *text = wr_arena_get(arena, (size_t)length + 1);
  vsnprintf(text, (size_t)length + 1, format, args);
  return text;
}

char *wr_arena_print(struct wr_arena *arena, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  char *text = wr_arena_print_va(arena, format, args);
  va_end(args);
  return text;
}

void wr_arena_at_end(struct wr_arena *arena, void (*action)(void *what), void *what)
{
  assert(action);
  struct arena_duty *duty = wr_arena_get(arena, sizeof *duty);
  *duty = (struct arena_duty){.next = arena->first->duties, .action = action, .what = what};
  arena->first->duties = duty;
}

static void arena_do_duties(struct wr_arena *arena)
{
  if (!arena->first)
    return;
  for (struct arena_duty *duty = arena->first->duties; duty; duty = duty->next)
    duty->action(duty->what);
  arena->first->duties = NULL;
}

void wr_arena_reset(struct wr_arena *arena)
{
  if (!arena->used)
    return;
  arena_do_duties(arena);
  for (struct wr_arena_block *block = arena->first;; block = block->next) {
    ARENA_SHUT(block->bytes, block->size);
    block->used = 0;
    if (block == arena->current)
      break;
  }
  arena->current = arena->first;
  arena->used = 0;
}

void wr_arena_free(struct wr_arena *arena)
{
  arena_do_duties(arena);
  for (struct wr_arena_block *block = arena->first, *next; block; block = next) {
    next = block->next;
    ARENA_OPEN(block->bytes, block->size);
    free(block);
  }
  *arena = (struct wr_arena){0};
}
