/* SPDX-License-Identifier: Apache-2.0 */
/* What the families of text functions share: arguments as bytes, loops, the bound of a result. */
#ifndef WEIR_FUNCTIONS_TEXT_CALL_H
#define WEIR_FUNCTIONS_TEXT_CALL_H

#include "core/batch.h"
#include "functions/kernel.h"

/* The bytes of a text or BINARY argument, lent from the column. */
static inline struct wr_slice wr_text_arg(const struct wr_call *call, uint32_t i, uint32_t row)
{
  const struct wr_text *text = wr_column_text(call->args[i], row);
  return (struct wr_slice){wr_text_bytes(text), text->length};
}

static inline int32_t wr_int_arg(const struct wr_call *call, uint32_t i, uint32_t row)
{
  return WR_ARG(call, i, int32_t, row);
}

static inline void wr_call_put_int(const struct wr_call *call, uint32_t row, size_t value)
{
  ((int32_t *)call->values)[row] = (int32_t)value;
}

/* Where `wanted` begins at or behind byte `from`, or NULL. */
static inline const char *wr_slice_find(struct wr_slice text, struct wr_slice wanted, size_t from)
{
  if (wanted.length == 0)
    return text.bytes + from;
  return memmem(text.bytes + from, text.length - from, wanted.bytes, wanted.length);
}

/* False, and the row has failed, if a result of so many bytes would be longer than any value may
 * be, or too much for one batch. */
bool wr_call_text_fits(const struct wr_call *call, uint32_t row, size_t bytes);

/* static void text_<name>(call, rows, row_count), and its kernel kernel_<name>. */
#define WR_TEXT_ROWS(name) \
  static void text_##name(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
#define WR_TEXT_KERNEL(name, kernel_traits) \
  static const struct wr_kernel kernel_##name = {.rows = text_##name, .traits = kernel_traits};

/* Rows of tables; `kinds` in brackets, T a text, N an INT, B a BINARY. */
#define WR_KINDS(...) \
  {                   \
    __VA_ARGS__       \
  }
#define WR_TEXT_ROW(upper, arguments, kinds, fewest, greatest, type, code, says, shows, \
                    gives_text)                                                         \
  {                                                                                     \
    .name = upper, .usage = upper "(" arguments ")", .help = says, .example = shows,    \
    .result = gives_text, .takes = kinds, .least = fewest, .most = greatest,            \
    .gives = &wr_type_##type, .kernel = &kernel_##code                                  \
  }
/* A further overload of the row above. */
#define WR_TEXT_ALSO(upper, kinds, fewest, greatest, type, code)                                \
  {                                                                                             \
    .name = upper, .takes = kinds, .least = fewest, .most = greatest, .gives = &wr_type_##type, \
    .kernel = &kernel_##code                                                                    \
  }

#endif
