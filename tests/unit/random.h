/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers at random, the same in every run: a linear congruential generator (D. Knuth's MMIX). */
#ifndef WEIR_TESTS_UNIT_RANDOM_H
#define WEIR_TESTS_UNIT_RANDOM_H

#include <stdint.h>

/* The next number, below 2^31; *seed goes on. */
static inline uint32_t random_next(uint64_t *seed)
{
  *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(*seed >> 33);
}

#endif
