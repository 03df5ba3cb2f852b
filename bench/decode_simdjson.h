/* SPDX-License-Identifier: Apache-2.0 */
/* The yardstick of bench/decode: simdjson's own loop over many records. */
#ifndef WEIR_BENCH_DECODE_SIMDJSON_H
#define WEIR_BENCH_DECODE_SIMDJSON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Reads 3 fields of each bid (auction, price, dateTime) or all 7 and returns the number of records;
 * 64 bytes behind the last are readable. */
uint64_t wr_bench_iterate_many(const char *bytes, size_t length, int fields);

#ifdef __cplusplus
}
#endif

#endif
