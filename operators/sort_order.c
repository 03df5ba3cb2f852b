/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Most comparisons are settled by the prefix: the first key as a number whose order is that of the
 * values, turned round for DESC. Equal prefixes are looked at properly. Texts often begin alike
 * ("https://www."): what all of them have in common is found before sorting and left out.
 */
#include "operators/sort_order.h"

#include <assert.h>
#include <math.h>

/* ---- values */

static int compare_i64(int64_t a, int64_t b)
{
  return (a > b) - (a < b);
}

static int compare_f64(double a, double b)
{
  if (isnan(a) || isnan(b))
    return (isnan(a) != 0) - (isnan(b) != 0);
  return (a > b) - (a < b);
}

static int compare_i128(wr_i128 a, wr_i128 b)
{
  return (a > b) - (a < b);
}

static int compare_text(const struct wr_text *a, const struct wr_text *b)
{
  uint32_t length = a->length < b->length ? a->length : b->length;
  int order = memcmp(wr_text_bytes(a), wr_text_bytes(b), length);
  return order ? (order > 0) - (order < 0) : compare_i64(a->length, b->length);
}

static double value_f64(const struct wr_column *column, uint32_t row)
{
  uint32_t at = wr_column_row(column, row);
  return column->type->physical == WR_F32 ? ((const float *)column->values)[at]
                                          : ((const double *)column->values)[at];
}

static wr_i128 value_i128(const struct wr_column *column, uint32_t row)
{
  return ((const wr_i128 *)column->values)[wr_column_row(column, row)];
}

/* Both not NULL. */
static int compare_values(const struct wr_column *a, uint32_t a_row, const struct wr_column *b,
                          uint32_t b_row)
{
  switch (a->type->physical) {
  case WR_F32:
  case WR_F64: return compare_f64(value_f64(a, a_row), value_f64(b, b_row));
  case WR_I128: return compare_i128(value_i128(a, a_row), value_i128(b, b_row));
  case WR_TEXT: return compare_text(wr_column_text(a, a_row), wr_column_text(b, b_row));
  default: assert(a->type->physical != WR_NESTED);
  }
  return compare_i64(wr_column_i64(a, a_row), wr_column_i64(b, b_row));
}

/* ---- prefixes */

#define PREFIX_SIGN UINT64_C(0x8000000000000000)

static uint64_t prefix_f64(double value)
{
  if (isnan(value))
    return UINT64_MAX;
  value += 0.0; /* -0 becomes 0 */
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits & PREFIX_SIGN ? ~bits : bits | PREFIX_SIGN;
}

/* Values that 64 bits cannot hold are those at the ends of what they can: most are small. */
static uint64_t prefix_i128(wr_i128 value)
{
  int64_t near = value < INT64_MIN ? INT64_MIN : value > INT64_MAX ? INT64_MAX : (int64_t)value;
  return (uint64_t)near ^ PREFIX_SIGN;
}

static uint64_t prefix_text(const struct wr_text *text, uint32_t skip)
{
  uint64_t prefix = 0;
  const unsigned char *bytes = (const unsigned char *)wr_text_bytes(text);
  for (uint32_t i = skip; i < skip + sizeof prefix; i++)
    prefix = prefix << 8 | (i < text->length ? bytes[i] : 0);
  return prefix;
}

static uint64_t prefix_value(const struct wr_column *column, uint32_t row, uint32_t skip)
{
  switch (column->type->physical) {
  case WR_F32:
  case WR_F64: return prefix_f64(value_f64(column, row));
  case WR_I128: return prefix_i128(value_i128(column, row));
  case WR_TEXT: return prefix_text(wr_column_text(column, row), skip);
  default: return (uint64_t)wr_column_i64(column, row) ^ PREFIX_SIGN;
  }
}

static uint64_t prefix_row(const struct wr_sort_order *order, const struct wr_column *column,
                           uint32_t row)
{
  const struct wr_sort_key *key = &order->keys[0];
  if (wr_column_is_null(column, row))
    return key->nulls_last ? UINT64_MAX : 0;
  uint64_t prefix = prefix_value(column, row, order->skip);
  return key->descending ? ~prefix : prefix;
}

void wr_sort_prefixes(const struct wr_sort_order *order, const struct wr_batch *batch,
                      const uint32_t *rows, uint32_t row_count, uint64_t *prefixes)
{
  const struct wr_sort_key *key = &order->keys[0];
  const struct wr_column *column = &batch->columns[key->column];
  if (column->type->physical != WR_I64 || column->valid || column->constant) {
    for (uint32_t i = 0; i < row_count; i++)
      prefixes[i] = prefix_row(order, column, rows[i]);
    return;
  }
  const uint64_t *values = column->values, flip = key->descending ? ~PREFIX_SIGN : PREFIX_SIGN;
  for (uint32_t i = 0; i < row_count; i++)
    prefixes[i] = values[rows[i]] ^ flip;
}

struct wr_sort_item wr_sort_item(const struct wr_sort_order *order, uint64_t address)
{
  uint32_t row;
  const struct wr_batch *rows = wr_kept_row(order->kept, address, &row);
  return (struct wr_sort_item){prefix_row(order, &rows->columns[order->keys[0].column], row),
                               address};
}

/* ---- rows */

int wr_sort_compare(const struct wr_sort_order *order, const struct wr_batch *a, uint32_t a_row,
                    const struct wr_batch *b, uint32_t b_row)
{
  for (uint32_t k = 0; k < order->key_count; k++) {
    const struct wr_sort_key *key = &order->keys[k];
    const struct wr_column *a_column = &a->columns[key->column];
    const struct wr_column *b_column = &b->columns[key->column];
    bool a_null = wr_column_is_null(a_column, a_row), b_null = wr_column_is_null(b_column, b_row);
    if (a_null != b_null)
      return a_null != key->nulls_last ? -1 : 1;
    if (a_null)
      continue;
    int found = compare_values(a_column, a_row, b_column, b_row);
    if (found)
      return key->descending ? -found : found;
  }
  return 0;
}

bool wr_sort_before(const struct wr_sort_order *order, const struct wr_sort_item *a,
                    const struct wr_sort_item *b)
{
  if (a->prefix != b->prefix)
    return a->prefix < b->prefix;
  uint32_t a_row, b_row;
  const struct wr_batch *a_rows = wr_kept_row(order->kept, a->address, &a_row);
  const struct wr_batch *b_rows = wr_kept_row(order->kept, b->address, &b_row);
  int found = wr_sort_compare(order, a_rows, a_row, b_rows, b_row);
  return found ? found < 0 : a->address < b->address;
}

/* Merges neighbouring runs of `run` items from one array into the other. */
static void sort_merge(const struct wr_sort_order *order, const struct wr_sort_item *from,
                       struct wr_sort_item *to, uint64_t count, uint64_t run)
{
  for (uint64_t first = 0; first < count; first += 2 * run) {
    uint64_t middle = first + run < count ? first + run : count;
    uint64_t end = middle + run < count ? middle + run : count;
    uint64_t left = first, right = middle;
    for (uint64_t i = first; i < end; i++) {
      bool take_right =
          left == middle || (right < end && wr_sort_before(order, &from[right], &from[left]));
      to[i] = take_right ? from[right++] : from[left++];
    }
  }
}

/* How many bytes all texts of the first key begin with alike. */
static uint32_t sort_common_bytes(const struct wr_sort_order *order,
                                  const struct wr_sort_item *items, uint64_t count)
{
  const struct wr_text *first = NULL;
  uint32_t common = 0;
  for (uint64_t i = 0; i < count; i++) {
    uint32_t row;
    const struct wr_batch *rows = wr_kept_row(order->kept, items[i].address, &row);
    const struct wr_column *column = &rows->columns[order->keys[0].column];
    if (column->type->physical != WR_TEXT)
      return 0;
    if (wr_column_is_null(column, row))
      continue;
    const struct wr_text *text = wr_column_text(column, row);
    if (!first) {
      first = text;
      common = text->length;
    }
    uint32_t length = common < text->length ? common : text->length;
    const char *a = wr_text_bytes(first), *b = wr_text_bytes(text);
    for (common = 0; common < length && a[common] == b[common]; common++)
      continue;
  }
  return common;
}

void wr_sort_items(struct wr_sort_order *order, struct wr_sort_item *items, uint64_t count,
                   struct wr_sort_item *scratch)
{
  uint32_t before = order->skip;
  order->skip = sort_common_bytes(order, items, count);
  for (uint64_t i = 0; i < count && order->skip != before; i++)
    items[i] = wr_sort_item(order, items[i].address);
  struct wr_sort_item *from = items, *to = scratch;
  for (uint64_t run = 1; run < count; run *= 2) {
    sort_merge(order, from, to, count, run);
    struct wr_sort_item *merged = to;
    to = from;
    from = merged;
  }
  if (from != items)
    memcpy(items, from, count * sizeof *items);
}

/* ---- the heap */

void wr_sort_push(const struct wr_sort_order *order, struct wr_sort_item *items, uint64_t count,
                  struct wr_sort_item item)
{
  uint64_t at = count;
  while (at && wr_sort_before(order, &item, &items[(at - 1) / 2])) {
    items[at] = items[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  items[at] = item;
}

void wr_sort_pop(const struct wr_sort_order *order, struct wr_sort_item *items, uint64_t count)
{
  assert(count > 0);
  struct wr_sort_item item = items[--count];
  uint64_t at = 0;
  for (;;) {
    uint64_t child = 2 * at + 1;
    if (child >= count)
      break;
    if (child + 1 < count && wr_sort_before(order, &items[child + 1], &items[child]))
      child++;
    if (!wr_sort_before(order, &items[child], &item))
      break;
    items[at] = items[child];
    at = child;
  }
  items[at] = item;
}
