/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table rows behind everything that can be called in SQL, and the contract between a row's
 * kernel and the evaluator. A function is one row in the table at the foot of its family file;
 * overloads are neighbouring rows of the same name, of which the first carries the help. A new
 * family is a file in functions/local.mk that ends with `const struct wr_function
 * wr_functions_<file>[]`.
 *
 * A kernel has one or both of two halves:
 *
 *   total  dense over all rows of a batch, defined for any bits (also under NULLs and in rows that
 * do not count), so that the compiler vectorises it. Never looks behind the pointer of a long text.
 * Returns false if the result is wrong somewhere, which may be in a row that nobody asked for: then
 * `rows` decides. rows   only over the listed rows: those that count and, unless WR_SEES_NULL, have
 * no NULL argument. May fail rows.
 */
#ifndef WEIR_FUNCTIONS_FUNCTION_H
#define WEIR_FUNCTIONS_FUNCTION_H

#include "core/arena.h"
#include "functions/expression.h"

#define WR_FUNCTION_ARGS_MAX                                          \
  5 /* with a type of their own in a table row; hooks take any number \
     */

struct wr_failure_list; /* functions/failure.h */

/* Bytes for text results, forgotten with every run: one arena piece serves many rows. */
struct wr_text_room {
  struct wr_arena arena;
  char *at, *end;
};

/* One call at work on one batch: what a kernel sees. */
struct wr_call {
  const struct wr_expression *expression;
  const struct wr_column *const *args; /* any of them may be constant */
  uint32_t arg_count;
  const void *prepared; /* expression->prepared */
  /* Of the result, physical kind of expression->type. For a ROW: a struct wr_text per row over the
   * bytes that wr_pack_item writes (core/packed.h); the evaluator makes columns of them. */
  void *values;
  uint64_t *valid; /* for WR_MAKES_NULL, and for rows of WR_CAN_FAIL: bits to clear, set where no
                      argument is NULL */
  int64_t now_us;  /* the batch's */
  const int64_t *arrived_us; /* the batch's; NULL: it has none */
  uint64_t *chance;          /* for WR_RANDOM: two words that stay from run to run, 0 at first */
  struct wr_text_room *room; /* of this run, for the bytes of text results */
  struct wr_failure_list *failures;
};

enum wr_kernel_trait {
  WR_CAN_FAIL = 1,   /* rows may call wr_call_fail */
  WR_SEES_NULL = 2,  /* NULL arguments come through, and no result is NULL; with WR_MAKES_NULL: all
                        bits start out set */
  WR_MAKES_NULL = 4, /* clears valid bits also where no argument is NULL */
  /* The values of the first argument under another type of the same physical kind: there is no
   * code but, perhaps, `rows` to find the rows that fail; it sees NULLs and writes nothing. */
  WR_SAME_VALUES = 8,
  WR_GIVES_FIELDS = 16, /* no code: the arguments are the fields of a ROW, the result */
  WR_FIRST_IS_ROW = 32  /* with WR_GIVES_FIELDS: the first argument is no field but a ROW that is
                           NULL where the result is */
};

struct wr_kernel {
  bool (*total)(const struct wr_call *call, uint32_t row_count);
  void (*rows)(const struct wr_call *call, const uint32_t *rows, uint32_t row_count);
  unsigned traits; /* of enum wr_kernel_trait */
};

struct wr_bind_site; /* functions/bind_site.h */

enum wr_function_trait {
  WR_OPERATOR = 1, /* printed between, before or behind its arguments */
  WR_CLOCK = 2,    /* depends on the time of the batch: not folded */
  WR_RANDOM = 4,   /* another value at each call: not folded, not shared */
  WR_QUIET = 8,    /* a failure gives NULL */
  WR_ARRIVED = 16, /* reads arrived_us: depends on the row, not only on its values */
  WR_GROUPED = 32, /* means something only where there is GROUP BY: made by the planner */
  WR_KINESIS = 64  /* the row is about the kinesis dialect, and so is its example */
};

struct wr_function {
  const char *name; /* upper case */
  /* Of overloads only the first row has these four. */
  const char *usage;   /* how it is written: "ABS(number)" */
  const char *help;    /* one sentence */
  const char *example; /* an SQL expression without columns */
  const char *result;  /* what that gives, cast to STRING; NULL: is NULL */
  /* What arguments are cast to; a text kind takes CHAR and VARCHAR as they are. */
  enum wr_kind takes[WR_FUNCTION_ARGS_MAX];
  uint8_t least, most; /* number of arguments */
  const struct wr_type *gives;
  const struct wr_kernel *kernel;
  /*
   * With a kernel: works out `prepared` from the arguments that are constant. Without: does all
   * binding, for any types; takes and gives are unused.
   */
  enum wr_code (*bind)(struct wr_bind_site *site, struct wr_error *err);
  unsigned traits; /* of enum wr_function_trait */
};

#define WR_ARGS_ANY 255 /* for most */

/* ---- for kernels ---- */

/* Fails a row that counts: it becomes NULL, and is reported unless the function is WR_QUIET. */
void wr_call_fail(const struct wr_call *call, uint32_t row, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with a more exact SQLSTATE (core/sqlstate.h) than that of any data. */
void wr_call_fail_state(const struct wr_call *call, uint32_t row, const char *state,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));
static inline void wr_call_set_null(const struct wr_call *call, uint32_t row)
{
  wr_bit_clear(call->valid, row);
}

/* A text result over bytes that live as long as the run: those of an argument, or constant ones. */
static inline void wr_call_lend_text(const struct wr_call *call, uint32_t row, const char *bytes,
                                     size_t length)
{
  ((struct wr_text *)call->values)[row] = wr_text_make(bytes, (uint32_t)length);
}

void wr_text_room_grow(struct wr_text_room *room, size_t bytes); /* the slow half of wr_call_room */

/* Room for one text of at most so many bytes; wr_call_put_text takes of it what was needed. */
static inline char *wr_call_room(const struct wr_call *call, size_t bytes)
{
  if ((size_t)(call->room->end - call->room->at) < bytes || !call->room->at)
    wr_text_room_grow(call->room, bytes);
  return call->room->at;
}
/* The first length bytes of the room become the result of a row. */
static inline void wr_call_put_text(const struct wr_call *call, uint32_t row, size_t length)
{
  ((struct wr_text *)call->values)[row] = wr_text_make(call->room->at, (uint32_t)length);
  if (length > WR_TEXT_INLINE)
    call->room->at += length;
}

/* ---- the registry ---- */

/* The first row of this name in any case, or NULL; rows of one name follow each other. */
const struct wr_function *wr_function_find(const char *name);
/* All rows of all families, in order: index from 0 until NULL comes back. */
const struct wr_function *wr_function_at(uint32_t index);

#endif
