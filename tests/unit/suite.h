/* SPDX-License-Identifier: Apache-2.0 */
/* A CUnit suite as a table row: one per module, found through the build list (tests/unit/local.mk).
 */
#ifndef WEIR_TESTS_UNIT_SUITE_H
#define WEIR_TESTS_UNIT_SUITE_H

#include <CUnit/CUnit.h>

struct wr_test {
  const char *name;
  void (*run)(void);
};

struct wr_suite {
  const char *name;
  const struct wr_test *tests; /* ends with a row whose name is NULL */
};

#endif
