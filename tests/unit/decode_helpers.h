/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that help a source with decoding, for its tests. */
#ifndef WEIR_TESTS_UNIT_DECODE_HELPERS_H
#define WEIR_TESTS_UNIT_DECODE_HELPERS_H

#include <pthread.h>
#include <sched.h>

#include "runtime/decode_pool.h"
#include "tests/unit/check.h"

enum { HELPERS_MAX = 3 };

struct helpers {
  struct wr_decode_pool *pool;
  pthread_t threads[HELPERS_MAX];
  uint32_t count;
};

static inline void *helper_run(void *pool)
{
  wr_decode_pool_help(pool, NULL, NULL);
  return NULL;
}

/* They are there when it returns. */
static inline void helpers_start(struct helpers *helpers, uint32_t sources, uint32_t count)
{
  *helpers = (struct helpers){.pool = wr_decode_pool_new(sources), .count = count};
  for (uint32_t i = 0; i < count; i++)
    CU_ASSERT_EQUAL(pthread_create(&helpers->threads[i], NULL, helper_run, helpers->pool), 0);
  while (wr_decode_pool_helpers(helpers->pool) < count)
    sched_yield();
}

static inline void helpers_end(struct helpers *helpers)
{
  for (uint32_t i = 0; i < helpers->count; i++)
    pthread_join(helpers->threads[i], NULL);
  CU_ASSERT_EQUAL(wr_decode_pool_helpers(helpers->pool), 0);
  wr_decode_pool_free(helpers->pool);
}

#endif
