/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the unit suites of the build list under CUnit.
 *
 *   unit                 all suites
 *   unit NAME...         only these; NAME is a suite, or suite/test
 *   unit --list          the names
 *
 * A failed assertion is shown as file:line: condition. The last line counts tests, not assertions,
 * and has the form that all test programs of the house share.
 */
#include "tests/unit/suite.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WR_ENTRY(name) extern const struct wr_suite wr_suite_##name;
#include "tests/unit/table.inc"
#undef WR_ENTRY

#define WR_ENTRY(name) &wr_suite_##name,
static const struct wr_suite *const suites[] = {
#include "tests/unit/table.inc"
    NULL,
};
#undef WR_ENTRY

/* CUnit's callbacks take no context, so the counts cannot live anywhere else. */
static unsigned passed_count, failed_count;

static void test_on_complete(const CU_pTest test, const CU_pSuite suite,
                             const CU_pFailureRecord failure)
{
  if (failure == NULL) {
    passed_count++;
    return;
  }
  failed_count++;
  printf("FAIL %s/%s\n", suite->pName, test->pName);
  for (const CU_FailureRecord *row = failure; row != NULL; row = row->pNext) {
    printf("  %s:%u: %s\n", row->strFileName, row->uiLineNumber, row->strCondition);
  }
}

static bool name_is_picked(const char *suite, const char *test, int count, char **names)
{
  size_t suite_length = strlen(suite);
  if (count == 0) {
    return true;
  }
  for (int i = 0; i < count; i++) {
    if (strncmp(names[i], suite, suite_length) != 0) {
      continue;
    }
    const char *rest = names[i] + suite_length;
    if (*rest == '\0' || (*rest == '/' && strcmp(rest + 1, test) == 0)) {
      return true;
    }
  }
  return false;
}

static bool suite_add(const struct wr_suite *suite, int count, char **names)
{
  CU_pSuite added = NULL;
  for (const struct wr_test *test = suite->tests; test->name != NULL; test++) {
    if (!name_is_picked(suite->name, test->name, count, names)) {
      continue;
    }
    if (added == NULL) {
      added = CU_add_suite(suite->name, NULL, NULL);
    }
    if (added == NULL || CU_add_test(added, test->name, test->run) == NULL) {
      fprintf(stderr, "unit: cannot add %s/%s: %s\n", suite->name, test->name, CU_get_error_msg());
      return false;
    }
  }
  return true;
}

static void suites_list(void)
{
  for (size_t i = 0; suites[i] != NULL; i++) {
    for (const struct wr_test *test = suites[i]->tests; test->name != NULL; test++) {
      printf("%s/%s\n", suites[i]->name, test->name);
    }
  }
}

int main(int argc, char **argv)
{
  if (argc == 2 && strcmp(argv[1], "--list") == 0) {
    suites_list();
    return EXIT_SUCCESS;
  }
  setvbuf(stdout, NULL, _IOLBF, 0); /* what was printed before a crash must not be lost */
  if (CU_initialize_registry() != CUE_SUCCESS) {
    fprintf(stderr, "unit: cannot initialise CUnit: %s\n", CU_get_error_msg());
    return EXIT_FAILURE;
  }
  for (size_t i = 0; suites[i] != NULL; i++) {
    if (!suite_add(suites[i], argc - 1, argv + 1)) {
      CU_cleanup_registry();
      return EXIT_FAILURE;
    }
  }
  CU_set_test_complete_handler(test_on_complete);
  CU_ErrorCode code = CU_run_all_tests();
  CU_cleanup_registry();
  bool nothing_matched = argc > 1 && passed_count + failed_count == 0;
  if (nothing_matched) {
    fprintf(stderr, "unit: no suite or test has such a name; see unit --list\n");
  }
  printf("%u passed, %u failed, 0 skipped\n", passed_count, failed_count);
  return code == CUE_SUCCESS && failed_count == 0 && !nothing_matched ? EXIT_SUCCESS : EXIT_FAILURE;
}
