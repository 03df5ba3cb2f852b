/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RAND, RAND_INTEGER, UUID. With a constant seed a call gives the sequence of java.util.Random, one
 * number a row, as in Flink; every task begins it anew. A seed that differs from row to row gives
 * the first number of its sequence, so that the result follows from the row. Without a seed the
 * kernel asks the system for one. The generator: D. Knuth, TAOCP vol. 2, 3.2.1, 48 bits.
 */
#include <assert.h>
#include <errno.h>
#include <sys/random.h>

#include "functions/bind_site.h"
#include "functions/kernel.h"

#define GENERATOR_FACTOR UINT64_C(0x5DEECE66D)
#define GENERATOR_MASK   ((UINT64_C(1) << 48) - 1)
#define UUID_BYTES       16
#define UUID_CHARS       36
#define UUID_CHUNK       64 /* that ask the system for bytes together */

/* ---- the generator */

static uint64_t generator_begin(int64_t seed)
{
  return ((uint64_t)seed ^ GENERATOR_FACTOR) & GENERATOR_MASK;
}

static uint32_t generator_bits(uint64_t *state, unsigned bits)
{
  *state = (*state * GENERATOR_FACTOR + 0xB) & GENERATOR_MASK;
  return (uint32_t)(*state >> (48 - bits));
}

/* In [0, 1), 53 bits. */
static double generator_double(uint64_t *state)
{
  uint64_t high = (uint64_t)generator_bits(state, 26) << 27;
  return (double)(high + generator_bits(state, 27)) * 0x1p-53;
}

/* In [0, bound); bound above 0. */
static int32_t generator_integer(uint64_t *state, int32_t bound)
{
  if ((bound & (bound - 1)) == 0)
    return (int32_t)((uint64_t)bound * generator_bits(state, 31) >> 31);
  for (;;) { /* what lies behind the last multiple of the bound would favour small numbers */
    int64_t bits = generator_bits(state, 31), value = bits % bound;
    if (bits - value + (bound - 1) <= INT32_MAX)
      return (int32_t)value;
  }
}

static void chance_bytes(void *out, size_t length)
{
  for (char *at = out; length > 0;) {
    ssize_t got = getrandom(at, length, 0);
    if (got < 0 && errno == EINTR)
      continue;
    assert(got > 0);
    at += got;
    length -= (size_t)got;
  }
}

/* ---- kernels */

/* The sequence of this call, which goes on from batch to batch: call->chance is { state, begun }.
 */
static uint64_t *sequence(const struct wr_call *call, bool seeded)
{
  if (!call->chance[1]) {
    int64_t seed;
    if (seeded)
      seed = wr_column_i64(call->args[0], 0);
    else
      chance_bytes(&seed, sizeof seed);
    call->chance[0] = generator_begin(seed);
    call->chance[1] = 1;
  }
  return &call->chance[0];
}

static void rand_rows(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  bool seeded = call->arg_count > 0, varies = seeded && !call->args[0]->constant;
  uint64_t own, *state = varies ? &own : sequence(call, seeded);
  WR_EACH_ROW(row)
  {
    if (varies)
      own = generator_begin(wr_column_i64(call->args[0], row));
    ((double *)call->values)[row] = generator_double(state);
  }
}
static const struct wr_kernel kernel_rand = {.rows = rand_rows};

static void rand_integer_rows(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  bool seeded = call->arg_count > 1, varies = seeded && !call->args[0]->constant;
  uint64_t own, *state = varies ? &own : sequence(call, seeded);
  WR_EACH_ROW(row)
  {
    int32_t bound = WR_ARG(call, call->arg_count - 1, int32_t, row);
    if (varies)
      own = generator_begin(wr_column_i64(call->args[0], row));
    if (bound > 0)
      ((int32_t *)call->values)[row] = generator_integer(state, bound);
    else
      wr_call_fail_state(call, row, WR_STATE_INVALID_PARAMETER,
                         "RAND_INTEGER takes a bound above 0, not %d", bound);
  }
}
static const struct wr_kernel kernel_rand_integer = {.rows = rand_integer_rows,
                                                     .traits = WR_CAN_FAIL};

/* RFC 9562: version 4, variant 10. */
static void uuid_write(uint8_t *bytes, char *at)
{
  static const char hex[] = "0123456789abcdef";
  bytes[6] = (uint8_t)(0x40 | (bytes[6] & 0x0F));
  bytes[8] = (uint8_t)(0x80 | (bytes[8] & 0x3F));
  for (int i = 0; i < UUID_BYTES; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10)
      *at++ = '-';
    *at++ = hex[bytes[i] >> 4];
    *at++ = hex[bytes[i] & 15];
  }
}

static void uuid_rows(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  uint8_t bytes[UUID_CHUNK][UUID_BYTES];
  uint32_t next = UUID_CHUNK;
  WR_EACH_ROW(row)
  {
    if (next == UUID_CHUNK) {
      chance_bytes(bytes, sizeof bytes);
      next = 0;
    }
    uuid_write(bytes[next++], wr_call_room(call, UUID_CHARS));
    wr_call_put_text(call, row, UUID_CHARS);
  }
}
static const struct wr_kernel kernel_uuid = {.rows = uuid_rows};

const struct wr_function wr_functions_chance[] = {
    {.name = "RAND",
     .usage = "RAND([seed])",
     .help = "A number of chance from 0 up to below 1; a constant seed gives the same sequence in "
             "every run of a task",
     .example = "RAND() >= 0 AND RAND() < 1",
     .result = "TRUE",
     .takes = {WR_INT},
     .least = 0,
     .most = 1,
     .gives = &wr_type_double,
     .kernel = &kernel_rand,
     .traits = WR_RANDOM},
    {.name = "RAND_INTEGER",
     .usage = "RAND_INTEGER([seed,] bound)",
     .help = "A whole number of chance from 0 up to below the bound",
     .example = "RAND_INTEGER(5) BETWEEN 0 AND 4",
     .result = "TRUE",
     .takes = {WR_INT},
     .least = 1,
     .most = 1,
     .gives = &wr_type_int,
     .kernel = &kernel_rand_integer,
     .traits = WR_RANDOM},
    {.name = "RAND_INTEGER",
     .takes = {WR_INT, WR_INT},
     .least = 2,
     .most = 2,
     .gives = &wr_type_int,
     .kernel = &kernel_rand_integer,
     .traits = WR_RANDOM},
    {.name = "UUID",
     .usage = "UUID()",
     .help = "A text of chance that nobody else has: a UUID of version 4",
     .example = "CHAR_LENGTH(UUID())",
     .result = "36",
     .gives = &wr_type_string,
     .kernel = &kernel_uuid,
     .traits = WR_RANDOM},
    {0},
};
