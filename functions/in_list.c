/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value IN (list). A list of constants becomes a set when the call is bound: integers and short
 * texts are compared with each of a few members in vectorised passes, larger sets are hash tables.
 * A few constants of other types, and what is not constant, is value = a OR value = b ...
 */
#include <assert.h>

#include "core/hash.h"
#include "functions/bind_site.h"
#include "functions/item.h"
#include "functions/kernel.h"

#define IN_PASSES_MAX 8 /* members up to which passes beat hashing */

struct in_set {
  uint32_t count, mask; /* slots - 1 */
  const int64_t *integers;
  const struct wr_text *texts;
  const uint32_t *slots; /* hash table: member number + 1, 0 is free */
};

static inline uint64_t in_hash_integer(int64_t value)
{
  uint64_t x = (uint64_t)value * UINT64_C(0x9E3779B97F4A7C15);
  return x ^ (x >> 32);
}

static inline bool in_has_integer(const struct in_set *set, int64_t value)
{
  for (uint64_t at = in_hash_integer(value) & set->mask; set->slots[at];
       at = (at + 1) & set->mask) {
    if (set->integers[set->slots[at] - 1] == value)
      return true;
  }
  return false;
}

static bool in_has_text(const struct in_set *set, const struct wr_text *value)
{
  uint64_t hash = wr_hash_bytes(wr_text_bytes(value), value->length, 0);
  for (uint64_t at = hash & set->mask; set->slots[at]; at = (at + 1) & set->mask) {
    if (wr_text_equal(&set->texts[set->slots[at] - 1], value))
      return true;
  }
  return false;
}

/* ---- kernels ---- */

#define IN_INTEGERS(name, c_type)                                       \
  static void in_##name(const struct wr_call *call, uint32_t row_count) \
  {                                                                     \
    const struct in_set *set = call->prepared;                          \
    const c_type *values = call->args[0]->values;                       \
    uint8_t *restrict out = call->values;                               \
    if (set->count > IN_PASSES_MAX) {                                   \
      for (uint32_t r = 0; r < row_count; r++)                          \
        out[r] = in_has_integer(set, values[r]);                        \
      return;                                                           \
    }                                                                   \
    memset(out, 0, row_count);                                          \
    for (uint32_t i = 0; i < set->count; i++) {                         \
      const c_type member = (c_type)set->integers[i];                   \
      for (uint32_t r = 0; r < row_count; r++)                          \
        out[r] |= values[r] == member;                                  \
    }                                                                   \
  }
IN_INTEGERS(i8, int8_t)
IN_INTEGERS(i16, int16_t)
IN_INTEGERS(i32, int32_t)
IN_INTEGERS(i64, int64_t)

/* A few short texts: two words each, see compare_short_text. */
static void in_short_texts(const struct wr_call *call, uint32_t row_count)
{
  const struct in_set *set = call->prepared;
  const struct wr_text *texts = call->args[0]->values;
  uint8_t *restrict out = call->values;
  memset(out, 0, row_count);
  for (uint32_t i = 0; i < set->count; i++) {
    uint64_t wanted[2];
    memcpy(wanted, &set->texts[i], sizeof wanted);
    for (uint32_t r = 0; r < row_count; r++) {
      uint64_t words[2];
      memcpy(words, texts + r, sizeof words);
      out[r] |= ((words[0] ^ wanted[0]) | (words[1] ^ wanted[1])) == 0;
    }
  }
}

#define IN_KERNEL(name)                                                       \
  static bool in_total_##name(const struct wr_call *call, uint32_t row_count) \
  {                                                                           \
    in_##name(call, row_count);                                               \
    return true;                                                              \
  }                                                                           \
  static const struct wr_kernel kernel_##name = {.total = in_total_##name};
IN_KERNEL(i8)
IN_KERNEL(i16)
IN_KERNEL(i32)
IN_KERNEL(i64)
IN_KERNEL(short_texts)

/* Floating numbers, wide decimals and collections: by what they mean. */
static void in_items(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  const struct wr_item_set *set = call->prepared;
  const struct wr_type *type = call->args[0]->type;
  uint8_t *out = call->values;
  WR_EACH_ROW(row)
  out[row] = wr_item_set_find(set, type, wr_item_of(call->args[0], row, NULL)) != UINT32_MAX;
}
static const struct wr_kernel kernel_items = {.rows = in_items};

static void in_texts(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  const struct in_set *set = call->prepared;
  uint8_t *out = call->values;
  WR_EACH_ROW(row)
  out[row] = in_has_text(set, wr_column_text(call->args[0], row));
}
static const struct wr_kernel kernel_texts = {.rows = in_texts};

/* ---- binding ---- */

static void in_set_hash(struct wr_arena *arena, struct in_set *set)
{
  uint32_t slot_count = 16;
  while (slot_count < set->count * 2)
    slot_count *= 2;
  uint32_t *slots = WR_NEW_ARRAY(arena, uint32_t, slot_count);
  set->mask = slot_count - 1;
  set->slots = slots;
  for (uint32_t i = 0; i < set->count; i++) {
    const struct wr_text *text = set->texts ? &set->texts[i] : NULL;
    uint64_t hash = text ? wr_hash_bytes(wr_text_bytes(text), text->length, 0)
                         : in_hash_integer(set->integers[i]);
    uint64_t at = hash & set->mask;
    while (slots[at])
      at = (at + 1) & set->mask;
    slots[at] = i + 1;
  }
}

/* The kernel for a set of the members: all arguments behind the first, which are literals and not
 * NULL. */
static void in_bind_set(struct wr_bind_site *site, const struct wr_type *type)
{
  struct wr_arena *arena = site->binding->arena;
  struct in_set *set = WR_NEW(arena, struct in_set);
  int64_t *integers = WR_NEW_ARRAY(arena, int64_t, site->arg_count);
  struct wr_text *texts = WR_NEW_ARRAY(arena, struct wr_text, site->arg_count);
  bool is_text = type->physical == WR_TEXT, all_short = true;
  for (uint32_t i = 1; i < site->arg_count; i++, set->count++) {
    const struct wr_column *member = site->args[i]->literal;
    if (is_text)
      texts[set->count] = *wr_column_text(member, 0);
    else
      integers[set->count] = wr_column_i64(member, 0);
    all_short = all_short && texts[set->count].length <= WR_TEXT_INLINE;
  }
  set->texts = is_text ? texts : NULL;
  set->integers = is_text ? NULL : integers;
  in_set_hash(arena, set);
  site->prepared = set;
  site->type = &wr_type_boolean;
  static const struct wr_kernel *const by_width[] = {
      [WR_I8] = &kernel_i8, [WR_I16] = &kernel_i16, [WR_I32] = &kernel_i32, [WR_I64] = &kernel_i64};
  if (is_text)
    site->kernel = all_short && set->count <= IN_PASSES_MAX ? &kernel_short_texts : &kernel_texts;
  else
    site->kernel = by_width[type->physical];
}

/* The same for types without loops of their own; the set is copied to where bound calls live. */
static void in_bind_items(struct wr_bind_site *site, const struct wr_type *type)
{
  struct wr_arena *arena = site->binding->arena;
  struct wr_item_set *set = WR_NEW(arena, struct wr_item_set), made = {0};
  for (uint32_t i = 1; i < site->arg_count; i++) {
    bool is_new;
    wr_item_set_add(&made, type, wr_item_of(site->args[i]->literal, 0, arena), &is_new);
  }
  *set = made;
  set->items = wr_arena_get(arena, sizeof *made.items * made.count);
  set->hashes = wr_arena_get(arena, sizeof *made.hashes * made.count);
  set->slots = wr_arena_get(arena, sizeof *made.slots * made.slot_count);
  memcpy(set->items, made.items, sizeof *made.items * made.count);
  memcpy(set->hashes, made.hashes, sizeof *made.hashes * made.count);
  memcpy(set->slots, made.slots, sizeof *made.slots * made.slot_count);
  wr_item_set_free(&made);
  site->prepared = set;
  site->type = &wr_type_boolean;
  site->kernel = &kernel_items;
}

static enum wr_code in_bind_as_or(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_expression **tests =
      WR_NEW_ARRAY(site->binding->arena, const struct wr_expression *, site->arg_count - 1);
  for (uint32_t i = 1; i < site->arg_count; i++) {
    const struct wr_expression *sides[2] = {site->args[0], site->args[i]};
    enum wr_code code = wr_bind_call(site->binding, "=", sides, 2, site->span, &tests[i - 1], err);
    if (code)
      return code;
  }
  return wr_bind_logic(site->binding, WR_EXPRESSION_OR, tests, site->arg_count - 1, site->span,
                       &site->instead, err);
}

/* x IN (a, b, NULL) is x IN (a, b) OR NULL. */
static enum wr_code in_bind_without_null(struct wr_bind_site *site, uint32_t kept_count,
                                         struct wr_error *err)
{
  const struct wr_expression *tests[2] = {
      NULL, wr_bind_null(site->binding, &wr_type_boolean, site->span)};
  if (kept_count < 2) {
    site->instead = tests[1];
    return WR_OK;
  }
  enum wr_code code =
      wr_bind_call(site->binding, "IN", site->args, kept_count, site->span, &tests[0], err);
  return code ? code
              : wr_bind_logic(site->binding, WR_EXPRESSION_OR, tests, 2, site->span, &site->instead,
                              err);
}

static enum wr_code in_bind(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_type *type;
  enum wr_code code = wr_bind_args_common(site, 0, &type, err);
  if (code)
    return code;
  bool all_literals = true;
  uint32_t kept_count = 1;
  for (uint32_t i = 1; i < site->arg_count; i++) {
    all_literals = all_literals && site->args[i]->kind == WR_EXPRESSION_LITERAL;
    if (!wr_expression_is_null_literal(site->args[i]))
      site->args[kept_count++] = site->args[i];
  }
  if (kept_count < site->arg_count)
    return in_bind_without_null(site, kept_count, err);
  bool has_set = (type->physical >= WR_I8 && type->physical <= WR_I64) ||
                 (type->physical == WR_TEXT && !wr_kind_is_packed(type->kind));
  bool has_items = type->kind != WR_ROW && site->arg_count > IN_PASSES_MAX;
  if (!all_literals || !(has_set || has_items) || site->arg_count == 2)
    return in_bind_as_or(site, err);
  if (!has_set) {
    in_bind_items(site, type);
    return WR_OK;
  }
  in_bind_set(site, type);
  return WR_OK;
}

const struct wr_function wr_functions_in_list[] = {
    {.name = "IN",
     .usage = "value IN (a, b, ...)",
     .help =
         "TRUE if the value equals one of the list; NULL if it does not and one of them is NULL",
     .example = "3 IN (1, 2, 3)",
     .result = "TRUE",
     .least = 2,
     .most = WR_ARGS_ANY,
     .bind = in_bind,
     .traits = WR_OPERATOR},
    {0},
};
