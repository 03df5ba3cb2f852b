/* SPDX-License-Identifier: Apache-2.0 */
/* Error sentences: they stay on one line and are cut at a character. */
#include "core/error.h"

#include <string.h>

#include "tests/unit/check.h"

static void code_and_sentence_are_kept(void)
{
  struct wr_error err;
  CU_ASSERT_EQUAL(wr_fail(&err, WR_IO, "cannot open %s", "x.csv"), WR_IO);
  CU_ASSERT_STRING_EQUAL(err.message, "cannot open x.csv");
  CU_ASSERT_EQUAL(err.span.offset, WR_NO_POSITION);
  CU_ASSERT_EQUAL(err.hint[0], 0);
  CU_ASSERT_EQUAL(wr_hint(&err, "create %s", "it"), WR_IO);
  CU_ASSERT_STRING_EQUAL(err.hint, "create it");
}

static void position_is_kept(void)
{
  struct wr_error err;
  wr_fail_at(&err, WR_SYNTAX, (struct wr_span){7, 3}, "unexpected %d", 1);
  CU_ASSERT_EQUAL(err.span.offset, 7);
  CU_ASSERT_EQUAL(err.span.length, 3);
}

static void line_breaks_become_blanks(void)
{
  struct wr_error err;
  wr_fail(&err, WR_DATA, "a\nb\tc\x1b[0m");
  CU_ASSERT_STRING_EQUAL(err.message, "a b c [0m");
}

static void long_sentences_are_cut_at_a_character(void)
{
  struct wr_error err;
  for (int lead = 0; lead < 3; lead++) {
    char text[2000] = "xyz";
    size_t length = (size_t)lead;
    while (length + 2 < sizeof text) {
      memcpy(text + length, "\xC3\xA4", 3); /* a umlaut */
      length += 2;
    }
    wr_fail(&err, WR_DATA, "%s", text);
    size_t cut = strlen(err.message);
    CU_ASSERT(cut < sizeof err.message && cut > sizeof err.message - 8);
    CU_ASSERT_STRING_EQUAL(err.message + cut - 3, "...");
    CU_ASSERT_EQUAL((unsigned char)err.message[cut - 4], 0xA4);
  }
}

static const struct wr_test tests[] = {
    {"code_and_sentence_are_kept", code_and_sentence_are_kept},
    {"position_is_kept", position_is_kept},
    {"line_breaks_become_blanks", line_breaks_become_blanks},
    {"long_sentences_are_cut_at_a_character", long_sentences_are_cut_at_a_character},
    {NULL, NULL},
};

const struct wr_suite wr_suite_error = {"error", tests};
