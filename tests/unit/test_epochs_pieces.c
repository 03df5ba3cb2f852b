/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of which pieces go to the store before the epoch is collected. */
#include <sched.h>
#include <string.h>

#include "tests/unit/check.h"
#include "tests/unit/epochs_gate.h"

static void append_text(struct wr_epochs *epochs, uint64_t epoch, uint32_t copy, const char *text)
{
  char *bytes = wr_memory_get(strlen(text) + 1);
  memcpy(bytes, text, strlen(text));
  wr_epochs_append(epochs, epoch, "node", copy, bytes, strlen(text));
}

/* A part whose first bytes have gone as pieces: drained says how many. */
static void put_last(struct wr_epochs *epochs, uint64_t epoch, uint32_t copy, uint64_t drained,
                     const char *text)
{
  struct wr_part_writer part = {.drained = drained};
  part.bytes = wr_memory_get(strlen(text) + 1);
  memcpy(part.bytes, text, strlen(text));
  part.length = strlen(text);
  wr_epochs_put(epochs, epoch, "node", copy, &part);
}

static void await_no_pieces(const struct wr_epochs *epochs)
{
  while (wr_epochs_waiting_bytes(epochs))
    sched_yield();
}

/* They are in the store before the epoch is collected; what comes last makes them a part. */
static void pieces_go_first(void)
{
  struct gate gate;
  gate_open(&gate);
  struct wr_epochs *epochs =
      epochs_open((struct wr_epochs_options){.store = &gate.store, .task_count = 2});
  wr_epochs_begin(epochs);
  append_text(epochs, 1, 0, "\5\0\0");
  append_text(epochs, 1, 1, "\1\0\0\0");
  await_no_pieces(epochs);
  CU_ASSERT_EQUAL(atomic_load(&gate.appends), 2);
  CU_ASSERT_EQUAL(atomic_load(&gate.puts), 0);
  struct wr_part_writer part = {0};
  wr_part_put_bytes(&part, "many ", 5);
  for (uint32_t i = 0; i < part.length; i++) { /* byte by byte: a part of 13 bytes */
    char *byte = wr_memory_get(1);
    *byte = part.bytes[i];
    wr_epochs_append(epochs, 1, "other", 0, byte, 1);
  }
  wr_part_writer_free(&part);
  part.drained = 13;
  wr_epochs_put(epochs, 1, "other", 0, &part);
  wr_epochs_give_up(epochs);
  CU_ASSERT_TRUE(epochs_await(epochs));
  wr_epochs_free(epochs);
  epoch_check_kept(&gate, 0, false, "");
  CU_ASSERT_EQUAL(atomic_load(&gate.aborts), 1);
  gate_close(&gate);
  gate_open(&gate);
  epochs = epochs_open((struct wr_epochs_options){.store = &gate.store, .task_count = 1});
  for (uint64_t epoch = 1; epoch <= 3; epoch++) {
    char text[] = "\3\0\0\0\0\0\0\0abc";
    CU_ASSERT_EQUAL(wr_epochs_begin(epochs), epoch);
    for (uint32_t i = 0; i < 10; i += 2) {
      char *bytes = wr_memory_get(2);
      memcpy(bytes, text + i, 2);
      wr_epochs_append(epochs, epoch, "node", 0, bytes, 2);
    }
    put_last(epochs, epoch, 0, 10, "c");
    wr_epochs_answer(epochs, epoch, WR_ANSWER_SAVED);
    CU_ASSERT_TRUE(epochs_await(epochs));
    epoch_check_kept(&gate, epoch, false, "abc");
  }
  struct wr_epochs_statistics statistics;
  wr_epochs_statistics(epochs, &statistics);
  CU_ASSERT_EQUAL(statistics.full_bytes, 11);
  CU_ASSERT_EQUAL(statistics.waiting_bytes, 0);
  wr_epochs_free(epochs);
  gate_close(&gate);
}

/* The epoch is lost, its tasks go on as if nothing were; what a task has left at its end is still
 * there for the next one. */
static void pieces_that_cannot_be_written(void)
{
  struct gate gate;
  struct wr_error err;
  struct notes notes = {.lock = PTHREAD_MUTEX_INITIALIZER};
  gate_open(&gate);
  atomic_store(&gate.append_failures_left, 1);
  struct wr_epochs *epochs = epochs_open((struct wr_epochs_options){.store = &gate.store,
                                                                    .task_count = 2,
                                                                    .failures_tolerated = 2,
                                                                    .note = notes_put,
                                                                    .note_self = &notes});
  wr_epochs_begin(epochs);
  append_text(epochs, 1, 0, "lost");
  await_no_pieces(epochs);
  append_text(epochs, 1, 0, "not even tried");
  put_last(epochs, 1, 0, 18, "");
  wr_epochs_answer(epochs, 1, WR_ANSWER_SAVED);
  CU_ASSERT_EQUAL(wr_epochs_check(epochs, &err), WR_OK);
  epoch_end(epochs, 1, 1, "ended");
  CU_ASSERT_TRUE(epochs_await(epochs));
  CU_ASSERT_EQUAL(atomic_load(&gate.appends), 1);
  CU_ASSERT_EQUAL(atomic_load(&gate.aborts), 1);
  CU_ASSERT_EQUAL(wr_epochs_waiting_bytes(epochs), 0);
  CU_ASSERT_STRING_EQUAL(notes.last,
                         "epoch 1 could not be kept: cannot write a piece: the disk is full; the "
                         "job goes on, and tries again with the next one (failure 1 in a row, 2 "
                         "are tolerated)");
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 2);
  epoch_save(epochs, 2, 0, "found, ");
  CU_ASSERT_TRUE(epochs_await(epochs));
  epoch_check_kept(&gate, 2, false, "found, ended");
  wr_epochs_free(epochs);
  gate_close(&gate);
}

static const struct wr_test tests[] = {
    {"pieces go first", pieces_go_first},
    {"pieces that cannot be written", pieces_that_cannot_be_written},
    {NULL, NULL},
};
const struct wr_suite wr_suite_epochs_pieces = {"epochs_pieces", tests};
