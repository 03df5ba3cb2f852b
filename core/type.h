/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL types. A type is plain data in some arena (usually the job's) and is compared by
 * wr_type_equal, never by address; the parameterless ones are shared constants. Every SQL kind has
 * one physical kind: what its values look like in a column.
 *
 *   DECIMAL(p,s)     I64 up to 18 digits, I128 above; the value times 10^s
 *   DATE             I32 days since 1970-01-01        TIME   I64 microseconds of the day
 *   TIMESTAMP(_LTZ)  I64 microseconds since 1970-01-01 00:00:00 (LTZ: of UTC)
 *   INTERVAL         I32 months, or I64 microseconds
 *   ARRAY, MAP, MULTISET   TEXT: packed bytes (core/packed.h)
 *   ROW              NESTED: one column per field
 */
#ifndef WEIR_CORE_TYPE_H
#define WEIR_CORE_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"

enum wr_kind {
  WR_NULL, /* the type of a bare NULL */
  WR_BOOLEAN,
  WR_TINYINT,
  WR_SMALLINT,
  WR_INT,
  WR_BIGINT,
  WR_FLOAT,
  WR_DOUBLE,
  WR_DECIMAL,
  WR_CHAR,
  WR_VARCHAR, /* STRING is VARCHAR(WR_LENGTH_MAX) */
  WR_BINARY,
  WR_VARBINARY,
  WR_DATE,
  WR_TIME,
  WR_TIMESTAMP,
  WR_TIMESTAMP_LTZ,
  WR_INTERVAL_MONTH,
  WR_INTERVAL_SECOND,
  WR_ARRAY,
  WR_MAP,
  WR_MULTISET,
  WR_ROW,
  WR_KIND_COUNT
};

enum wr_physical {
  WR_U8,
  WR_I8,
  WR_I16,
  WR_I32,
  WR_I64,
  WR_F32,
  WR_F64,
  WR_I128,
  WR_TEXT,
  WR_NESTED,
  WR_PHYSICAL_COUNT
};

typedef __int128 wr_i128; /* the one typedef: the compiler's own name is not a word */

#define WR_LENGTH_MAX           2147483647u
#define WR_DECIMAL_DIGITS_MAX   38
#define WR_DECIMAL_SHORT_DIGITS 18 /* up to here a DECIMAL is an I64 */

struct wr_field {
  const char *name;
  const struct wr_type *type;
};

struct wr_type {
  enum wr_kind kind;
  enum wr_physical physical;
  bool not_null;
  /* DECIMAL digits; TIME, TIMESTAMP: fraction digits 0-9; INTERVAL: functions/interval.h */
  uint8_t precision;
  uint8_t scale;   /* DECIMAL */
  uint32_t length; /* CHAR, VARCHAR, BINARY, VARBINARY */
  uint32_t field_count;
  /* ROW: its fields; ARRAY: "element"; MAP: "key", "value"; MULTISET: "element" and "count", an INT
   */
  const struct wr_field *fields;
};

extern const struct wr_type wr_type_null, wr_type_boolean, wr_type_tinyint, wr_type_smallint,
    wr_type_int, wr_type_bigint, wr_type_float, wr_type_double, wr_type_string, wr_type_bytes,
    wr_type_date, wr_type_time, wr_type_timestamp3, wr_type_timestamp6, wr_type_timestamp_ltz3,
    wr_type_timestamp_ltz6, wr_type_interval_month, wr_type_interval_second;

/* Types with parameters. precision 1-38, scale 0-precision; kind TIME, TIMESTAMP or TIMESTAMP_LTZ
 * with fraction 0-9; length from 1. Fields are copied, their names and types are lent for the life
 * of the arena. */
const struct wr_type *wr_type_decimal(struct wr_arena *arena, unsigned precision, unsigned scale);
const struct wr_type *wr_type_timestamp(struct wr_arena *arena, enum wr_kind kind,
                                        unsigned fraction);
const struct wr_type *wr_type_text(struct wr_arena *arena, enum wr_kind kind, uint32_t length);
const struct wr_type *wr_type_row(struct wr_arena *arena, const struct wr_field *fields,
                                  uint32_t field_count);
const struct wr_type *wr_type_array(struct wr_arena *arena, const struct wr_type *element);
const struct wr_type *wr_type_map(struct wr_arena *arena, const struct wr_type *key,
                                  const struct wr_type *value);
const struct wr_type *wr_type_multiset(struct wr_arena *arena, const struct wr_type *element);
const struct wr_type *wr_type_with_not_null(struct wr_arena *arena, const struct wr_type *type,
                                            bool not_null);

/* Equal apart from NOT NULL. */
bool wr_type_equal(const struct wr_type *a, const struct wr_type *b);

/* As SQL, without NOT NULL: DECIMAL(10, 2), TIMESTAMP(3), ROW<a INT, b STRING>. Returns the length
 * it would need, like snprintf. */
size_t wr_type_print(const struct wr_type *type, char *buffer, size_t size);
/* The same with NOT NULL, also of what is inside: ARRAY<INT NOT NULL> NOT NULL. */
size_t wr_type_print_complete(const struct wr_type *type, char *buffer, size_t size);

/* Bytes of one value in a column; NESTED: 0. */
extern const uint8_t wr_physical_bytes[WR_PHYSICAL_COUNT];

static inline bool wr_kind_is_integer(enum wr_kind kind)
{
  return kind >= WR_TINYINT && kind <= WR_BIGINT;
}
static inline bool wr_kind_is_number(enum wr_kind kind)
{
  return kind >= WR_TINYINT && kind <= WR_DECIMAL;
}
static inline bool wr_kind_is_text(enum wr_kind kind)
{
  return kind == WR_CHAR || kind == WR_VARCHAR;
}
static inline bool wr_kind_is_timestamp(enum wr_kind kind)
{
  return kind == WR_TIMESTAMP || kind == WR_TIMESTAMP_LTZ;
}
static inline bool wr_kind_is_interval(enum wr_kind kind)
{
  return kind == WR_INTERVAL_MONTH || kind == WR_INTERVAL_SECOND;
}

#endif
