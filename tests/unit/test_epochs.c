/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "runtime/epochs.h"
#include "tests/unit/suite.h"

static void put_text(struct wr_epochs *epochs, uint64_t epoch, uint32_t copy, const char *text)
{
  struct wr_part_writer part = {0};
  wr_part_put_bytes(&part, text, strlen(text));
  wr_epochs_put(epochs, epoch, "node", copy, &part);
  wr_part_writer_free(&part);
}

/* Gathers the texts of all parts, sorted by how they come. */
static enum wr_code gather(void *self, struct wr_part_reader *part, struct wr_error *err)
{
  const char *bytes;
  size_t length;
  enum wr_code code = wr_part_get_bytes(part, &bytes, &length, err);
  strncat(self, bytes, length);
  return code;
}

static void sealed_when_all_have_answered(void)
{
  struct wr_error err;
  char texts[64] = "";
  struct wr_store *store = wr_store_memory_new();
  struct wr_epochs *epochs = wr_epochs_new(store, 2, 1);
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 1);
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 0);
  put_text(epochs, 1, 0, "a");
  CU_ASSERT_EQUAL(wr_epochs_answer(epochs, 1, WR_ANSWER_SAVED, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_epochs_complete(epochs), 0);
  put_text(epochs, 1, 1, "b");
  CU_ASSERT_EQUAL(wr_epochs_answer(epochs, 1, WR_ANSWER_SAVED, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_epochs_complete(epochs), 1);
  CU_ASSERT_EQUAL(wr_epochs_restore(store, "node", gather, texts, &err), WR_OK);
  CU_ASSERT_TRUE(strcmp(texts, "ab") == 0 || strcmp(texts, "ba") == 0);
  wr_epochs_free(epochs);
  store->class->close(store);
}

/* A task that has answered and then comes to its end leaves a newer part, which is not for the
 * epoch under way. */
static void newer_parts_stay_out(void)
{
  struct wr_error err;
  char texts[64] = "";
  struct wr_store *store = wr_store_memory_new();
  struct wr_epochs *epochs = wr_epochs_new(store, 2, 1);
  wr_epochs_begin(epochs);
  put_text(epochs, 1, 0, "a1");
  wr_epochs_answer(epochs, 1, WR_ANSWER_SAVED, &err);
  put_text(epochs, 2, 0, "a2");
  wr_epochs_answer(epochs, 2, WR_ANSWER_ENDED, &err);
  CU_ASSERT_EQUAL(wr_epochs_complete(epochs), 0);
  wr_epochs_answer(epochs, 1, WR_ANSWER_SAVED, &err);
  CU_ASSERT_EQUAL(wr_epochs_complete(epochs), 1);
  wr_epochs_restore(store, "node", gather, texts, &err);
  CU_ASSERT_STRING_EQUAL(texts, "a1");
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 2);
  wr_epochs_answer(epochs, 2, WR_ANSWER_SAVED, &err);
  texts[0] = 0;
  wr_epochs_restore(store, "node", gather, texts, &err);
  CU_ASSERT_STRING_EQUAL(texts, "a2");
  wr_epochs_free(epochs);
  store->class->close(store);
}

static void a_stopped_task_prevents_later_epochs(void)
{
  struct wr_error err;
  uint64_t epoch;
  struct wr_store *store = wr_store_memory_new();
  struct wr_epochs *epochs = wr_epochs_new(store, 2, 1);
  wr_epochs_begin(epochs);
  wr_epochs_answer(epochs, 1, WR_ANSWER_SAVED, &err);
  wr_epochs_answer(epochs, 1, WR_ANSWER_STOPPED, &err);
  CU_ASSERT_EQUAL(wr_epochs_complete(epochs), 0);
  CU_ASSERT_FALSE(store->class->latest(store, &epoch));
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 0);
  wr_epochs_free(epochs);
  store->class->close(store);
}

static const struct wr_test tests[] = {
    {"sealed when all have answered", sealed_when_all_have_answered},
    {"newer parts stay out", newer_parts_stay_out},
    {"a stopped task prevents later epochs", a_stopped_task_prevents_later_epochs},
    {NULL, NULL},
};
const struct wr_suite wr_suite_epochs = {"epochs", tests};
