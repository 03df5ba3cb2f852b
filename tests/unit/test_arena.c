/* SPDX-License-Identifier: Apache-2.0 */
/* Arenas: alignment, clearing, and that resetting keeps the memory. */
#include "core/arena_end.h"

#include <stdbool.h>
#include <stdint.h>

#include "tests/unit/check.h"

static void sizes_are_aligned_and_apart(void)
{
  struct wr_arena arena = {0};
  char *before = NULL;
  for (size_t size = 1; size < 300; size += 7) {
    char *address = wr_arena_get(&arena, size);
    CU_ASSERT_EQUAL((uintptr_t)address % 16, 0);
    memset(address, 0xEE, size);
    CU_ASSERT_PTR_NOT_EQUAL(address, before);
    before = address;
  }
  CU_ASSERT_PTR_NOT_NULL(wr_arena_get(&arena, 0));
  wr_arena_free(&arena);
  CU_ASSERT_EQUAL(arena.held, 0);
}

static void zeroed_memory_is_zero_after_reuse(void)
{
  struct wr_arena arena = {0};
  memset(wr_arena_get(&arena, 5000), 0xFF, 5000);
  wr_arena_reset(&arena);
  const char *bytes = wr_arena_get_zero(&arena, 5000);
  bool zero = true;
  for (int i = 0; i < 5000; i++)
    zero = zero && bytes[i] == 0;
  CU_ASSERT(zero);
  wr_arena_free(&arena);
}

static void reset_keeps_memory(void)
{
  struct wr_arena arena = {0};
  size_t held = 0;
  for (int round = 0; round < 5; round++) {
    for (int i = 0; i < 1000; i++)
      wr_arena_get(&arena, 100);
    wr_arena_get(&arena, 3000000); /* more than any block */
    if (round == 0)
      held = arena.held;
    CU_ASSERT_EQUAL(arena.held, held);
    wr_arena_reset(&arena);
    CU_ASSERT_EQUAL(arena.used, 0);
  }
  wr_arena_free(&arena);
}

static void texts_end_in_nul(void)
{
  struct wr_arena arena = {0};
  CU_ASSERT_STRING_EQUAL(wr_arena_copy(&arena, "abcdef", 3), "abc");
  CU_ASSERT_STRING_EQUAL(wr_arena_copy(&arena, NULL, 0), "");
  CU_ASSERT_STRING_EQUAL(wr_arena_print(&arena, "%s-%d", "x", 42), "x-42");
  wr_arena_free(&arena);
}

static void note_end(void *what)
{
  ++*(int *)what;
}

static void things_end_with_the_arena(void)
{
  struct wr_arena arena = {0};
  int ends = 0, others = 0;
  wr_arena_at_end(&arena, note_end, &ends);
  wr_arena_get(&arena, 3000000);
  wr_arena_at_end(&arena, note_end, &others);
  CU_ASSERT_EQUAL(ends + others, 0);
  wr_arena_reset(&arena);
  CU_ASSERT(ends == 1 && others == 1);
  wr_arena_at_end(&arena, note_end, &ends);
  wr_arena_free(&arena);
  CU_ASSERT(ends == 2 && others == 1);
  wr_arena_free(&arena);
  CU_ASSERT_EQUAL(ends, 2);
}

static const struct wr_test tests[] = {
    {"sizes_are_aligned_and_apart", sizes_are_aligned_and_apart},
    {"zeroed_memory_is_zero_after_reuse", zeroed_memory_is_zero_after_reuse},
    {"reset_keeps_memory", reset_keeps_memory},
    {"texts_end_in_nul", texts_end_in_nul},
    {"things_end_with_the_arena", things_end_with_the_arena},
    {NULL, NULL},
};

const struct wr_suite wr_suite_arena = {"arena", tests};
