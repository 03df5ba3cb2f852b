/* SPDX-License-Identifier: Apache-2.0 */
/* Collecting failed rows: rare, so the list costs nothing until the first row fails. */
#include "functions/failure.h"

#include <assert.h>
#include <stdlib.h>

#include "core/sqlstate.h"
#include "functions/function.h"

void wr_failure_list_reset(struct wr_failure_list *list, uint32_t row_count)
{
  uint32_t words = wr_bit_words(row_count);
  if (list->count && list->failed)
    memset(list->failed, 0, sizeof(uint64_t) * list->failed_words);
  if (words > list->failed_words) {
    free(list->failed);
    list->failed = NULL;
    list->failed_words = words;
  }
  list->count = 0;
  list->stand_in = NULL;
  wr_arena_reset(&list->messages);
}

void wr_failure_list_free(struct wr_failure_list *list)
{
  free(list->items);
  free(list->failed);
  wr_arena_free(&list->messages);
}

static int failure_compare(const void *a, const void *b)
{
  const struct wr_failure *x = a, *y = b;
  return (x->row > y->row) - (x->row < y->row);
}

void wr_failure_list_sort(struct wr_failure_list *list)
{
  if (list->count > 1)
    qsort(list->items, list->count, sizeof *list->items, failure_compare);
}

static void failure_list_add(struct wr_failure_list *list, uint32_t row, const char *state,
                             const char *message)
{
  if (!list->failed)
    list->failed = wr_memory_get_zero(sizeof(uint64_t) * list->failed_words);
  assert(row < list->failed_words * 64);
  if (wr_bit_get(list->failed, row))
    return;
  wr_bit_set(list->failed, row);
  if (list->count == list->capacity) {
    list->capacity = list->capacity ? list->capacity * 2 : 64;
    list->items = wr_memory_resize(list->items, sizeof *list->items * list->capacity);
  }
  struct wr_failure *failure = &list->items[list->count++];
  *failure = (struct wr_failure){.row = row, .expression = list->expression, .message = message};
  assert(strlen(state) == sizeof failure->state - 1);
  memcpy(failure->state, state, sizeof failure->state);
}

static void failure_note(const struct wr_call *call, uint32_t row, const char *state,
                         const char *format, va_list args) __attribute__((format(printf, 4, 0)));
static void failure_note(const struct wr_call *call, uint32_t row, const char *state,
                         const char *format, va_list args)
{
  assert(call->valid);
  wr_call_set_null(call, row);
  if (call->expression->function->traits & WR_QUIET)
    return;
  struct wr_failure_list *list = call->failures;
  const char *message = wr_arena_print_va(&list->messages, format, args);
  if (!list->stand_in) {
    failure_list_add(list, row, state, message);
    return;
  }
  for (uint32_t i = 0; i < list->stand_in_count; i++)
    failure_list_add(list, list->stand_in[i], state, message);
}

void wr_call_fail(const struct wr_call *call, uint32_t row, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  failure_note(call, row, WR_STATE_DATA_EXCEPTION, format, args);
  va_end(args);
}

void wr_call_fail_state(const struct wr_call *call, uint32_t row, const char *state,
                        const char *format, ...)
{
  va_list args;
  va_start(args, format);
  failure_note(call, row, state, format, args);
  va_end(args);
}
