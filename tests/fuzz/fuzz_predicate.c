/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions by themselves, as somebody who follows a stream sends them. A text that is refused
 * must give a sentence with a place inside the text; one that is bound must pick rows out of those
 * that it was given, and the same ones again.
 */
#include "planner/predicate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/builder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COLUMNS = 5, ROWS = 3 };

static void check_pick(struct wr_predicate *predicate, const struct wr_batch *batch)
{
  const uint32_t rows[ROWS] = {2, 0, 1};
  uint32_t once[ROWS], again[ROWS];
  uint32_t count = wr_predicate_pick(predicate, batch, rows, ROWS, once);
  assert(count <= ROWS);
  for (uint32_t i = 0; i < count; i++)
    assert(once[i] < ROWS);
  (void)wr_predicate_pick(predicate, batch, rows, ROWS, again); /* RAND() may give others */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char *const texts[ROWS] = {"/cart", "a longer text than 12", "\xC3\x84pfel"};
  const struct wr_field fields[COLUMNS] = {{"b", &wr_type_boolean},
                                           {"n", &wr_type_bigint},
                                           {"d", &wr_type_double},
                                           {"page", &wr_type_string},
                                           {"ts", &wr_type_timestamp3}};
  const struct wr_schema schema = {COLUMNS, fields};
  struct wr_builder builders[COLUMNS] = {0};
  struct wr_column columns[COLUMNS];
  for (uint32_t c = 0; c < COLUMNS; c++) {
    wr_builder_open(&builders[c], fields[c].type);
    wr_builder_reserve(&builders[c], ROWS);
  }
  for (uint32_t r = 0; r < ROWS; r++) {
    wr_builder_put_u8(&builders[0], r == 1);
    wr_builder_put_i64(&builders[1], r == 2 ? INT64_MIN : (int64_t)r);
    wr_builder_put_f64(&builders[2], (double)r / 2);
    wr_builder_put_copy(&builders[3], texts[r], (uint32_t)strlen(texts[r]));
    if (r == 0)
      wr_builder_put_null(&builders[4]);
    else
      wr_builder_put_i64(&builders[4], INT64_C(1700000000000000) * r);
  }
  for (uint32_t c = 0; c < COLUMNS; c++)
    columns[c] = wr_builder_view(&builders[c]);
  const struct wr_batch batch = {
      .schema = &schema, .columns = columns, .row_count = ROWS, .picked_count = ROWS};
  char *text = malloc(size > 0 ? size : 1); /* of its own, so that reading behind the end is seen */
  assert(text);
  if (size > 0)
    memcpy(text, data, size);
  struct wr_predicate *predicate;
  struct wr_error err;
  wr_error_clear(&err);
  if (wr_predicate_new(text, size, &schema, "Europe/Berlin", &predicate, &err) == WR_OK) {
    check_pick(predicate, &batch);
    wr_predicate_free(predicate);
  } else {
    assert(err.message[0] != '\0');
    assert(err.span.offset == WR_NO_POSITION || err.span.offset + (size_t)err.span.length <= size);
  }
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_close(&builders[c]);
  free(text);
  return 0;
}
