/* SPDX-License-Identifier: Apache-2.0 */
/* How epochs are collected, written and given up; over a store in memory that can be told to fail,
 * or to wait. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "tests/unit/check.h"
#include "tests/unit/epochs_gate.h"

static void sealed_when_all_have_answered(void)
{
  struct gate gate;
  gate_open(&gate);
  struct wr_epochs *epochs =
      epochs_open((struct wr_epochs_options){.store = &gate.store, .task_count = 2});
  CU_ASSERT_EQUAL(wr_epochs_wanted(epochs), 0);
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 1);
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 0);
  CU_ASSERT_EQUAL(wr_epochs_wanted(epochs), 1);
  epoch_save(epochs, 1, 0, "a");
  CU_ASSERT_EQUAL(wr_epochs_complete(epochs), 0);
  CU_ASSERT_FALSE(wr_epochs_wait(epochs, wr_monotonic_us()));
  epoch_save(epochs, 1, 1, "b");
  CU_ASSERT_TRUE(epochs_await(epochs));
  CU_ASSERT_EQUAL(wr_epochs_complete(epochs), 1);
  epoch_check_kept(&gate, 1, false, "ab");
  struct wr_epochs_statistics statistics;
  wr_epochs_statistics(epochs, &statistics);
  CU_ASSERT_EQUAL(statistics.complete, 1);
  CU_ASSERT_EQUAL(statistics.sealed, 1);
  CU_ASSERT_EQUAL(statistics.skipped, 1);
  CU_ASSERT_EQUAL(statistics.bytes, 18);
  CU_ASSERT_EQUAL(statistics.own_bytes, 18);
  CU_ASSERT(statistics.sealed_us > 0 && !statistics.is_under_way);
  wr_epochs_free(epochs);
  gate_close(&gate);
}

/* A task that has answered and then comes to its end leaves a newer part, which is not for the
 * epoch under way; later it is written once. */
static void newer_parts_stay_out(void)
{
  struct gate gate;
  gate_open(&gate);
  struct wr_epochs *epochs =
      epochs_open((struct wr_epochs_options){.store = &gate.store, .task_count = 2});
  wr_epochs_begin(epochs);
  epoch_save(epochs, 1, 0, "a1");
  epoch_end(epochs, 2, 0, "a2");
  CU_ASSERT_EQUAL(wr_epochs_complete(epochs), 0);
  epoch_save(epochs, 1, 1, "b1");
  CU_ASSERT_TRUE(epochs_await(epochs));
  epoch_check_kept(&gate, 1, false, "a1b1");
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 2);
  epoch_save(epochs, 2, 1, "b2");
  CU_ASSERT_TRUE(epochs_await(epochs));
  epoch_check_kept(&gate, 2, false, "a2b2");
  CU_ASSERT_EQUAL(atomic_load(&gate.puts), 4);
  for (uint64_t epoch = 3; epoch <= 5; epoch++) {
    CU_ASSERT_EQUAL(wr_epochs_begin(epochs), epoch);
    epoch_save(epochs, epoch, 1, "b");
    CU_ASSERT_TRUE(epochs_await(epochs));
    epoch_check_kept(&gate, epoch, false, "a2b");
  }
  CU_ASSERT_EQUAL(atomic_load(&gate.puts), 7);
  CU_ASSERT_EQUAL(atomic_load(&gate.keeps), 3);
  struct wr_epochs_statistics statistics;
  wr_epochs_statistics(epochs, &statistics);
  CU_ASSERT_EQUAL(statistics.bytes, 19);
  CU_ASSERT_EQUAL(statistics.own_bytes, 9);
  wr_epochs_free(epochs);
  gate_close(&gate);
}

/* The task ends instead of answering: its last parts are for the epoch under way. */
static void an_end_is_an_answer(void)
{
  struct gate gate;
  gate_open(&gate);
  struct wr_epochs *epochs =
      epochs_open((struct wr_epochs_options){.store = &gate.store, .task_count = 2});
  wr_epochs_begin(epochs);
  epoch_save(epochs, 1, 1, "b");
  epoch_end(epochs, 1, 0, "a");
  CU_ASSERT_TRUE(epochs_await(epochs));
  epoch_check_kept(&gate, 1, false, "ab");
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 2);
  epoch_end(epochs, 2, 1, "c");
  CU_ASSERT_TRUE(epochs_await(epochs));
  epoch_check_kept(&gate, 2, false, "ac");
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 0); /* nobody is left */
  wr_epochs_free(epochs);
  gate_close(&gate);
}

static void the_end_is_sealed(void)
{
  for (uint32_t kind = 0; kind < 3; kind++) {
    struct gate gate;
    gate_open(&gate);
    struct wr_epochs *epochs = epochs_open(
        (struct wr_epochs_options){.store = &gate.store, .task_count = 2, .seal_end = true});
    wr_epochs_begin(epochs);
    epoch_save(epochs, 1, 0, "a");
    epoch_save(epochs, 1, 1, "b");
    if (kind == 0)
      CU_ASSERT_TRUE(epochs_await(epochs));
    if (kind == 2) { /* another epoch is under way when the first task ends */
      CU_ASSERT_TRUE(epochs_await(epochs));
      wr_epochs_begin(epochs);
      epoch_save(epochs, 2, 1, "c");
      epoch_end(epochs, 2, 0, "A");
      epoch_end(epochs, 3, 1, "B");
    } else {
      epoch_end(epochs, 2, 0, "A");
      epoch_end(epochs, 2, 1, "B");
    }
    CU_ASSERT_TRUE(epochs_await(epochs));
    epoch_check_kept(&gate, kind == 2 ? 3 : 2, true, "AB");
    CU_ASSERT_EQUAL(wr_epochs_complete(epochs), kind == 2 ? 3 : 2);
    wr_epochs_free(epochs);
    gate_close(&gate);
  }
}

static void a_stopped_task_prevents_later_epochs(void)
{
  struct gate gate;
  gate_open(&gate);
  struct wr_epochs *epochs = epochs_open(
      (struct wr_epochs_options){.store = &gate.store, .task_count = 2, .seal_end = true});
  wr_epochs_begin(epochs);
  epoch_save(epochs, 1, 0, "a");
  wr_epochs_answer(epochs, 1, WR_ANSWER_STOPPED);
  CU_ASSERT_TRUE(epochs_await(epochs));
  CU_ASSERT_EQUAL(wr_epochs_complete(epochs), 0);
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 0);
  epoch_end(epochs, 2, 0, "A");
  CU_ASSERT_TRUE(epochs_await(epochs));
  epoch_check_kept(&gate, 0, false, "");
  wr_epochs_free(epochs);
  gate_close(&gate);
}

/* Tasks that stop right behind a barrier leave the epoch of it whole. */
static void stopped_behind_the_last_epoch(void)
{
  struct gate gate;
  gate_open(&gate);
  struct wr_epochs *epochs =
      epochs_open((struct wr_epochs_options){.store = &gate.store, .task_count = 2});
  wr_epochs_begin(epochs);
  epoch_save(epochs, 1, 0, "a");
  wr_epochs_answer(epochs, 2, WR_ANSWER_STOPPED);
  epoch_save(epochs, 1, 1, "b");
  wr_epochs_free(epochs); /* which waits */
  epoch_check_kept(&gate, 1, false, "ab");
  gate_close(&gate);
  gate_open(&gate);
  epochs = epochs_open((struct wr_epochs_options){.store = &gate.store, .task_count = 2});
  wr_epochs_answer(epochs, 1, WR_ANSWER_STOPPED); /* between two epochs */
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 0);
  CU_ASSERT_EQUAL(wr_epochs_wanted(epochs), 0);
  wr_epochs_answer(epochs, 1, WR_ANSWER_STOPPED);
  wr_epochs_free(epochs);
  epoch_check_kept(&gate, 0, false, "");
  gate_close(&gate);
}

static void given_up(void)
{
  struct gate gate;
  gate_open(&gate);
  struct wr_epochs *epochs =
      epochs_open((struct wr_epochs_options){.store = &gate.store, .task_count = 2});
  wr_epochs_begin(epochs);
  epoch_save(epochs, 1, 0, "a");
  wr_epochs_give_up(epochs);
  CU_ASSERT_TRUE(epochs_await(epochs));
  epoch_save(epochs, 1, 1, "b"); /* a task that has not heard of it yet */
  CU_ASSERT_TRUE(epochs_await(epochs));
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 0);
  wr_epochs_free(epochs);
  epoch_check_kept(&gate, 0, false, "");
  gate_close(&gate);
}

/* While an epoch is being written, tasks go on, the next epoch is skipped, and it is not complete.
 */
static void nobody_waits_for_the_disk(void)
{
  struct gate gate;
  gate_open(&gate);
  gate.is_shut = true;
  struct wr_epochs *epochs =
      epochs_open((struct wr_epochs_options){.store = &gate.store, .task_count = 2});
  wr_epochs_begin(epochs);
  epoch_save(epochs, 1, 0, "a");
  epoch_save(epochs, 1, 1, "b");
  gate_await(&gate);
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 0);
  CU_ASSERT_EQUAL(wr_epochs_complete(epochs), 0);
  CU_ASSERT_FALSE(wr_epochs_wait(epochs, wr_monotonic_us()));
  epoch_end(epochs, 2, 1, "B");
  struct wr_epochs_statistics statistics;
  wr_epochs_statistics(epochs, &statistics);
  CU_ASSERT(statistics.is_under_way && statistics.under_way_us >= 0);
  CU_ASSERT_EQUAL(statistics.skipped, 1);
  gate_shut(&gate, false);
  CU_ASSERT_TRUE(epochs_await(epochs));
  CU_ASSERT_EQUAL(wr_epochs_complete(epochs), 1);
  epoch_check_kept(&gate, 1, false, "ab");
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 2);
  epoch_save(epochs, 2, 0, "a");
  CU_ASSERT_TRUE(epochs_await(epochs));
  epoch_check_kept(&gate, 2, false, "aB");
  wr_epochs_free(epochs);
  gate_close(&gate);
}

static void failures_are_told_and_tolerated(void)
{
  struct gate gate;
  struct wr_error err;
  struct notes notes = {.lock = PTHREAD_MUTEX_INITIALIZER};
  gate_open(&gate);
  struct wr_epochs *epochs = epochs_open((struct wr_epochs_options){.store = &gate.store,
                                                                    .task_count = 2,
                                                                    .failures_tolerated = 2,
                                                                    .note = notes_put,
                                                                    .note_self = &notes});
  epoch_end(epochs, 1, 0, "ended"); /* must be written by the first epoch that succeeds */
  atomic_store(&gate.failures_left, 2);
  for (uint64_t epoch = 1; epoch <= 5; epoch++) {
    CU_ASSERT_EQUAL(wr_epochs_begin(epochs), epoch);
    epoch_save(epochs, epoch, 1, "x");
    CU_ASSERT_TRUE(epochs_await(epochs));
    CU_ASSERT_EQUAL(wr_epochs_check(epochs, &err), WR_OK);
    CU_ASSERT_EQUAL(wr_epochs_complete(epochs), epoch < 3 ? 0 : epoch);
    if (epoch == 2)
      CU_ASSERT_STRING_EQUAL(notes.last,
                             "epoch 2 could not be kept: cannot write there: the disk is full; the "
                             "job goes on, and tries again with the next one (failure 2 in a row, "
                             "2 are tolerated)");
  }
  CU_ASSERT_EQUAL(notes.count, 3);
  CU_ASSERT_STRING_EQUAL(notes.last, "epoch 3 is kept, after 2 that could not be");
  CU_ASSERT_EQUAL(atomic_load(&gate.aborts), 2);
  CU_ASSERT_EQUAL(atomic_load(&gate.keeps), 2);
  epoch_check_kept(&gate, 5, false, "endedx");
  atomic_store(&gate.failures_left, 3);
  for (uint64_t epoch = 6; epoch <= 8; epoch++) {
    CU_ASSERT_EQUAL(wr_epochs_check(epochs, &err), WR_OK);
    CU_ASSERT_EQUAL(wr_epochs_begin(epochs), epoch);
    epoch_save(epochs, epoch, 1, "y");
    CU_ASSERT_TRUE(epochs_await(epochs));
  }
  CU_ASSERT_EQUAL(wr_epochs_check(epochs, &err), WR_IO);
  CU_ASSERT_STRING_EQUAL(err.message, "3 epochs in a row could not be kept: cannot write there: "
                                      "the disk is full");
  struct wr_epochs_statistics statistics;
  wr_epochs_statistics(epochs, &statistics);
  CU_ASSERT_EQUAL(statistics.failed, 5);
  CU_ASSERT_EQUAL(statistics.failures_in_row, 3);
  CU_ASSERT_STRING_EQUAL(statistics.failure, "cannot write there: the disk is full");
  wr_epochs_free(epochs);
  epoch_check_kept(&gate, 5, false, "endedx");
  gate_close(&gate);
}

/* There is no next epoch after the end: its failure is the job's. */
static void the_end_that_cannot_be_kept_fails(void)
{
  struct gate gate;
  struct wr_error err;
  gate_open(&gate);
  atomic_store(&gate.failures_left, 1);
  struct wr_epochs *epochs = epochs_open((struct wr_epochs_options){
      .store = &gate.store, .task_count = 1, .failures_tolerated = 10, .seal_end = true});
  epoch_end(epochs, 1, 0, "a");
  CU_ASSERT_TRUE(epochs_await(epochs));
  CU_ASSERT_EQUAL(wr_epochs_check(epochs, &err), WR_IO);
  CU_ASSERT_STRING_EQUAL(
      err.message, "the end of the job could not be kept: cannot write there: the disk is full");
  wr_epochs_free(epochs);
  gate_close(&gate);
}

static void without_a_store(void)
{
  struct wr_epochs *epochs = epochs_open((struct wr_epochs_options){.task_count = 2});
  for (uint64_t epoch = 1; epoch <= 3; epoch++) {
    CU_ASSERT_EQUAL(wr_epochs_begin(epochs), epoch);
    epoch_save(epochs, epoch, 0, "a");
    epoch_save(epochs, epoch, 1, "b");
    CU_ASSERT_EQUAL(wr_epochs_complete(epochs), epoch);
  }
  epoch_end(epochs, 4, 0, "a");
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 4);
  epoch_save(epochs, 4, 1, "b");
  CU_ASSERT_EQUAL(wr_epochs_complete(epochs), 4);
  wr_epochs_free(epochs);
}

static void the_description_travels(void)
{
  struct gate gate;
  struct wr_error err;
  struct wr_arena arena = {0};
  struct wr_snapshot snapshot;
  gate_open(&gate);
  struct wr_epochs *epochs = epochs_open((struct wr_epochs_options){.store = &gate.store,
                                                                    .task_count = 1,
                                                                    .first_epoch = 40,
                                                                    .description = "a\0b",
                                                                    .description_length = 3});
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 40);
  epoch_save(epochs, 40, 7, "x");
  wr_epochs_free(epochs);
  CU_ASSERT_EQUAL_FATAL(wr_snapshot_read(gate.inner, 40, &arena, &snapshot, &err), WR_OK);
  CU_ASSERT_EQUAL_FATAL(snapshot.description_length, 3);
  CU_ASSERT_EQUAL(memcmp(snapshot.description, "a\0b", 3), 0);
  CU_ASSERT_EQUAL_FATAL(snapshot.part_count, 1);
  CU_ASSERT_STRING_EQUAL(snapshot.parts[0].node_key, "node");
  CU_ASSERT_STRING_EQUAL(snapshot.parts[0].name, "node/7@40");
  CU_ASSERT_EQUAL(snapshot.parts[0].epoch, 40);
  CU_ASSERT_EQUAL(snapshot.parts[0].copy, 7);
  wr_arena_free(&arena);
  gate_close(&gate);
}

/* ---- epochs that take too long */

static void late_epochs_are_failures(void)
{
  struct gate gate;
  struct wr_error err;
  struct notes notes = {.lock = PTHREAD_MUTEX_INITIALIZER};
  struct wr_epochs_statistics statistics;
  gate_open(&gate);
  struct wr_epochs *epochs = epochs_open((struct wr_epochs_options){.store = &gate.store,
                                                                    .task_count = 3,
                                                                    .failures_tolerated = 2,
                                                                    .timeout_us = 1,
                                                                    .note = notes_put,
                                                                    .note_self = &notes});
  CU_ASSERT_EQUAL(wr_epochs_check(epochs, &err), WR_OK); /* none has begun */
  epoch_end(epochs, 1, 0, "a");
  wr_epochs_begin(epochs);
  epoch_save(epochs, 1, 1, "b");
  enum wr_code code;
  while ((code = wr_epochs_check(epochs, &err)) == WR_OK)
    sched_yield();
  CU_ASSERT_EQUAL(code, WR_IO);
  CU_ASSERT_TRUE(err.retry);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "epochs have failed 3 times in a row: epoch 1 is not "
                                             "complete after "));
  CU_ASSERT_PTR_NOT_NULL(strstr(err.message, ": 1 of 3 tasks has not answered"));
  CU_ASSERT_EQUAL(notes.count, 1);
  CU_ASSERT_PTR_NOT_NULL(strstr(notes.last, "it is waited for (failure 1 in a row, 2 are "
                                            "tolerated)"));
  wr_epochs_statistics(epochs, &statistics);
  CU_ASSERT_EQUAL(statistics.failed, 1);
  CU_ASSERT_EQUAL(statistics.failed_epoch, 0);
  epoch_save(epochs, 1, 2, "c");
  CU_ASSERT_TRUE(epochs_await(epochs));
  CU_ASSERT_EQUAL(wr_epochs_check(epochs, &err), WR_OK);
  CU_ASSERT_EQUAL(notes.count, 2);
  CU_ASSERT_PTR_NOT_NULL(strstr(notes.last, "epoch 1 is kept after all, "));
  epoch_check_kept(&gate, 1, false, "abc");
  wr_epochs_statistics(epochs, &statistics);
  CU_ASSERT_EQUAL(statistics.failures_in_row, 0);
  wr_epochs_free(epochs);
  gate_close(&gate);
}

/* ---- many tasks at once */

#define TASKS 6

struct crowd_task {
  struct wr_epochs *epochs;
  uint32_t copy;
  uint64_t ends_after; /* epochs; 0: with the others */
  _Atomic bool *stop;
  _Atomic uint32_t *wrong; /* what must not be seen; CUnit counts in one thread only */
};

/* As a task does: answers what is wanted, sees what is complete, ends at some time. */
static void *crowd_run(void *argument)
{
  struct crowd_task *task = argument;
  uint64_t answered = 0, seen = 0;
  while (!atomic_load(task->stop) && (!task->ends_after || answered < task->ends_after)) {
    uint64_t wanted = wr_epochs_wanted(task->epochs), complete = wr_epochs_complete(task->epochs);
    if (complete < seen || complete > wanted)
      atomic_fetch_add(task->wrong, 1);
    seen = complete;
    if (wanted > answered) {
      char text[24];
      snprintf(text, sizeof text, "%llu", (unsigned long long)wanted);
      epoch_save(task->epochs, wanted, task->copy, text);
      answered = wanted;
    }
  }
  epoch_end(task->epochs, answered + 1, task->copy, "end");
  return NULL;
}

static void many_tasks(void)
{
  struct gate gate;
  pthread_t threads[TASKS];
  struct crowd_task tasks[TASKS];
  _Atomic bool stop = false;
  _Atomic uint32_t wrong = 0;
  gate_open(&gate);
  atomic_store(&gate.failures_left, 5);
  struct wr_epochs *epochs = epochs_open((struct wr_epochs_options){
      .store = &gate.store, .task_count = TASKS, .failures_tolerated = 100, .seal_end = true});
  for (uint32_t t = 0; t < TASKS; t++) {
    tasks[t] = (struct crowd_task){epochs, t, t < 2 ? 20 + t * 7 : 0, &stop, &wrong};
    CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[t], NULL, crowd_run, &tasks[t]), 0);
  }
  while (wr_epochs_complete(epochs) < 60)
    wr_epochs_begin(epochs);
  atomic_store(&stop, true);
  for (uint32_t t = 0; t < TASKS; t++)
    pthread_join(threads[t], NULL);
  CU_ASSERT_TRUE(epochs_await(epochs));
  CU_ASSERT_EQUAL(atomic_load(&wrong), 0);
  struct wr_epochs_statistics statistics;
  wr_epochs_statistics(epochs, &statistics);
  CU_ASSERT_EQUAL(statistics.failed, 5);
  epoch_check_kept(&gate, statistics.complete, true, "endendendendendend");
  wr_epochs_free(epochs);
  gate_close(&gate);
}

static const struct wr_test tests[] = {
    {"sealed when all have answered", sealed_when_all_have_answered},
    {"newer parts stay out", newer_parts_stay_out},
    {"an end is an answer", an_end_is_an_answer},
    {"the end is sealed", the_end_is_sealed},
    {"a stopped task prevents later epochs", a_stopped_task_prevents_later_epochs},
    {"stopped behind the last epoch", stopped_behind_the_last_epoch},
    {"given up", given_up},
    {"nobody waits for the disk", nobody_waits_for_the_disk},
    {"failures are told and tolerated", failures_are_told_and_tolerated},
    {"the end that cannot be kept fails", the_end_that_cannot_be_kept_fails},
    {"without a store", without_a_store},
    {"the description travels", the_description_travels},
    {"late epochs are failures", late_epochs_are_failures},
    {"many tasks", many_tasks},
    {NULL, NULL},
};
const struct wr_suite wr_suite_epochs = {"epochs", tests};
