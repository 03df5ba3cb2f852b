/* SPDX-License-Identifier: Apache-2.0 */
/* For table-driven tests: an assertion that says which row of the table failed. */
#ifndef WEIR_TESTS_UNIT_CHECK_H
#define WEIR_TESTS_UNIT_CHECK_H

#include <stdbool.h>
#include <stdio.h>

#include "tests/unit/suite.h"

/* WR_CHECK(condition, format, ...): on failure prints the words before CUnit notes the line. */
#define WR_CHECK(condition, ...)                                                        \
  do {                                                                                  \
    bool check_holds = (condition);                                                     \
    if (!check_holds) {                                                                 \
      printf("  at " __VA_ARGS__);                                                      \
      printf("\n");                                                                     \
    }                                                                                   \
    CU_assertImplementation(check_holds, __LINE__, #condition, __FILE__, "", CU_FALSE); \
  } while (0)

#define WR_COUNT(table) (sizeof(table) / sizeof *(table))

#endif
