/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iterate_many FILE FIELDS: the yardstick as a program. Reads the whole file into memory first and
 * prints the seconds of the best of five passes of simdjson's own loop over it: no reading, no SQL,
 * no rows made.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/decode_simdjson.h"

#define PASSES 5

static double now(void)
{
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
  FILE *file = argc == 3 ? fopen(argv[1], "rb") : NULL;
  if (!file) {
    fprintf(stderr, "usage: iterate_many FILE 3|7\n");
    return 2;
  }
  fseek(file, 0, SEEK_END);
  size_t length = (size_t)ftell(file);
  rewind(file);
  char *bytes = malloc(length + 64);
  if (!bytes || fread(bytes, 1, length, file) != length) {
    perror(argv[1]);
    return 1;
  }
  memset(bytes + length, 0, 64);
  double best = 1e9;
  unsigned long long rows = 0;
  for (int pass = 0; pass < PASSES; pass++) {
    double started = now();
    rows = wr_bench_iterate_many(bytes, length, atoi(argv[2]));
    double seconds = now() - started;
    best = seconds < best ? seconds : best;
  }
  printf("%.6f %llu\n", best, rows);
  return 0;
}
