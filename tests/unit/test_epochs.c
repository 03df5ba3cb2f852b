/* SPDX-License-Identifier: Apache-2.0 */
/* How epochs are collected, written and given up; over a store in memory that can be told to fail,
 * or to wait. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "runtime/epochs.h"
#include "tests/unit/check.h"

/* ---- a store that fails and waits as told, and counts */

struct gate {
  struct wr_store store;
  struct wr_store *inner;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool is_shut; /* seal waits until it is opened */
  bool is_waiting;
  _Atomic uint32_t failures_left, append_failures_left;
  _Atomic uint32_t appends, puts, keeps, aborts;
};

static enum wr_code gate_append(struct wr_store *store, uint64_t epoch, const char *name,
                                const void *bytes, size_t length, struct wr_error *err)
{
  struct gate *gate = (struct gate *)store;
  atomic_fetch_add(&gate->appends, 1);
  if (atomic_load(&gate->append_failures_left)) {
    atomic_fetch_sub(&gate->append_failures_left, 1);
    return wr_fail(err, WR_IO, "cannot write a piece: the disk is full");
  }
  return gate->inner->class->append(gate->inner, epoch, name, bytes, length, err);
}

static enum wr_code gate_put(struct wr_store *store, uint64_t epoch, const char *name,
                             const void *bytes, size_t length, struct wr_error *err)
{
  struct gate *gate = (struct gate *)store;
  atomic_fetch_add(&gate->puts, 1);
  return gate->inner->class->put(gate->inner, epoch, name, bytes, length, err);
}

static enum wr_code gate_keep(struct wr_store *store, uint64_t epoch, const char *name,
                              uint64_t from_epoch, struct wr_error *err)
{
  struct gate *gate = (struct gate *)store;
  atomic_fetch_add(&gate->keeps, 1);
  return gate->inner->class->keep(gate->inner, epoch, name, from_epoch, err);
}

static enum wr_code gate_seal(struct wr_store *store, uint64_t epoch, const void *manifest,
                              size_t length, struct wr_error *err)
{
  struct gate *gate = (struct gate *)store;
  pthread_mutex_lock(&gate->lock);
  gate->is_waiting = true;
  pthread_cond_broadcast(&gate->changed);
  while (gate->is_shut)
    pthread_cond_wait(&gate->changed, &gate->lock);
  gate->is_waiting = false;
  pthread_mutex_unlock(&gate->lock);
  if (atomic_load(&gate->failures_left)) {
    atomic_fetch_sub(&gate->failures_left, 1);
    return wr_fail(err, WR_IO, "cannot write there: the disk is full");
  }
  return gate->inner->class->seal(gate->inner, epoch, manifest, length, err);
}

static void gate_abort(struct wr_store *store, uint64_t epoch)
{
  struct gate *gate = (struct gate *)store;
  atomic_fetch_add(&gate->aborts, 1);
  gate->inner->class->abort(gate->inner, epoch);
}

static const struct wr_store_class gate_class = {.append = gate_append,
                                                 .put = gate_put,
                                                 .keep = gate_keep,
                                                 .seal = gate_seal,
                                                 .abort = gate_abort};

static void gate_open(struct gate *gate)
{
  memset(gate, 0, sizeof *gate);
  gate->store.class = &gate_class;
  gate->inner = wr_store_memory_new();
  pthread_mutex_init(&gate->lock, NULL);
  pthread_cond_init(&gate->changed, NULL);
}

static void gate_close(struct gate *gate)
{
  gate->inner->class->close(gate->inner);
  pthread_cond_destroy(&gate->changed);
  pthread_mutex_destroy(&gate->lock);
}

static void gate_shut(struct gate *gate, bool is_shut)
{
  pthread_mutex_lock(&gate->lock);
  gate->is_shut = is_shut;
  pthread_cond_broadcast(&gate->changed);
  pthread_mutex_unlock(&gate->lock);
}

static void gate_await(struct gate *gate)
{
  pthread_mutex_lock(&gate->lock);
  while (!gate->is_waiting)
    pthread_cond_wait(&gate->changed, &gate->lock);
  pthread_mutex_unlock(&gate->lock);
}

/* ---- jobs */

static struct wr_epochs *open_epochs(struct wr_epochs_options options)
{
  struct wr_error err;
  struct wr_epochs *epochs = NULL;
  if (!options.first_epoch)
    options.first_epoch = 1;
  CU_ASSERT_EQUAL_FATAL(wr_epochs_new(&options, &epochs, &err), WR_OK);
  return epochs;
}

static void put_text(struct wr_epochs *epochs, uint64_t epoch, uint32_t copy, const char *text)
{
  struct wr_part_writer part = {0};
  wr_part_put_bytes(&part, text, strlen(text));
  wr_epochs_put(epochs, epoch, "node", copy, &part); /* which takes the bytes */
}

static void save(struct wr_epochs *epochs, uint64_t epoch, uint32_t copy, const char *text)
{
  put_text(epochs, epoch, copy, text);
  wr_epochs_answer(epochs, epoch, WR_ANSWER_SAVED);
}

/* epoch: the first one that was not answered. */
static void end(struct wr_epochs *epochs, uint64_t epoch, uint32_t copy, const char *text)
{
  put_text(epochs, epoch, copy, text);
  wr_epochs_answer(epochs, epoch, WR_ANSWER_ENDED);
}

static bool await(struct wr_epochs *epochs)
{
  return wr_epochs_wait(epochs, wr_monotonic_us() + WR_US_PER_MINUTE);
}

/* Gathers the texts of all parts, sorted by copy. */
static enum wr_code gather(void *self, struct wr_part_reader *part, struct wr_error *err)
{
  const char *bytes;
  size_t length, used = strlen(self);
  enum wr_code code = wr_part_get_bytes(part, &bytes, &length, err);
  CU_ASSERT_FATAL(code == WR_OK && used + length < 64);
  memcpy((char *)self + used, bytes, length);
  ((char *)self)[used + length] = 0;
  return code;
}

/* The newest epoch of a store, and what its parts contain. */
static void check_kept(struct gate *gate, uint64_t epoch, bool ended, const char *expected)
{
  struct wr_error err;
  struct wr_arena arena = {0};
  struct wr_snapshot snapshot;
  char texts[64] = "";
  uint64_t latest = 0;
  if (!gate->inner->class->latest(gate->inner, &latest))
    latest = 0;
  WR_CHECK(latest == epoch, "epoch %u is there instead of %u", (unsigned)latest, (unsigned)epoch);
  if (latest) {
    CU_ASSERT_EQUAL_FATAL(wr_snapshot_read(gate->inner, latest, &arena, &snapshot, &err), WR_OK);
    CU_ASSERT_EQUAL(snapshot.ended, ended);
    CU_ASSERT_EQUAL(wr_snapshot_restore(&snapshot, "node", gather, texts, &err), WR_OK);
    WR_CHECK(strcmp(texts, expected) == 0, "epoch %u: %s instead of %s", (unsigned)latest, texts,
             expected);
    CU_ASSERT_EQUAL(wr_snapshot_restore(&snapshot, "nod", gather, texts, &err), WR_OK);
    WR_CHECK(strcmp(texts, expected) == 0, "another node gets %s", texts);
  }
  wr_arena_free(&arena);
}

/* ---- tests */

static void sealed_when_all_have_answered(void)
{
  struct gate gate;
  gate_open(&gate);
  struct wr_epochs *epochs =
      open_epochs((struct wr_epochs_options){.store = &gate.store, .task_count = 2});
  CU_ASSERT_EQUAL(wr_epochs_wanted(epochs), 0);
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 1);
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 0);
  CU_ASSERT_EQUAL(wr_epochs_wanted(epochs), 1);
  save(epochs, 1, 0, "a");
  CU_ASSERT_EQUAL(wr_epochs_complete(epochs), 0);
  CU_ASSERT_FALSE(wr_epochs_wait(epochs, wr_monotonic_us()));
  save(epochs, 1, 1, "b");
  CU_ASSERT_TRUE(await(epochs));
  CU_ASSERT_EQUAL(wr_epochs_complete(epochs), 1);
  check_kept(&gate, 1, false, "ab");
  struct wr_epochs_statistics statistics;
  wr_epochs_statistics(epochs, &statistics);
  CU_ASSERT_EQUAL(statistics.complete, 1);
  CU_ASSERT_EQUAL(statistics.sealed, 1);
  CU_ASSERT_EQUAL(statistics.skipped, 1);
  CU_ASSERT_EQUAL(statistics.bytes, 18);
  CU_ASSERT_EQUAL(statistics.own_bytes, 18);
  CU_ASSERT(statistics.sealed_us > 0 && statistics.under_way_us == 0);
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
      open_epochs((struct wr_epochs_options){.store = &gate.store, .task_count = 2});
  wr_epochs_begin(epochs);
  save(epochs, 1, 0, "a1");
  end(epochs, 2, 0, "a2");
  CU_ASSERT_EQUAL(wr_epochs_complete(epochs), 0);
  save(epochs, 1, 1, "b1");
  CU_ASSERT_TRUE(await(epochs));
  check_kept(&gate, 1, false, "a1b1");
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 2);
  save(epochs, 2, 1, "b2");
  CU_ASSERT_TRUE(await(epochs));
  check_kept(&gate, 2, false, "a2b2");
  CU_ASSERT_EQUAL(atomic_load(&gate.puts), 4);
  for (uint64_t epoch = 3; epoch <= 5; epoch++) {
    CU_ASSERT_EQUAL(wr_epochs_begin(epochs), epoch);
    save(epochs, epoch, 1, "b");
    CU_ASSERT_TRUE(await(epochs));
    check_kept(&gate, epoch, false, "a2b");
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
      open_epochs((struct wr_epochs_options){.store = &gate.store, .task_count = 2});
  wr_epochs_begin(epochs);
  save(epochs, 1, 1, "b");
  end(epochs, 1, 0, "a");
  CU_ASSERT_TRUE(await(epochs));
  check_kept(&gate, 1, false, "ab");
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 2);
  end(epochs, 2, 1, "c");
  CU_ASSERT_TRUE(await(epochs));
  check_kept(&gate, 2, false, "ac");
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 0); /* nobody is left */
  wr_epochs_free(epochs);
  gate_close(&gate);
}

static void the_end_is_sealed(void)
{
  for (uint32_t kind = 0; kind < 3; kind++) {
    struct gate gate;
    gate_open(&gate);
    struct wr_epochs *epochs = open_epochs(
        (struct wr_epochs_options){.store = &gate.store, .task_count = 2, .seal_end = true});
    wr_epochs_begin(epochs);
    save(epochs, 1, 0, "a");
    save(epochs, 1, 1, "b");
    if (kind == 0)
      CU_ASSERT_TRUE(await(epochs));
    if (kind == 2) { /* another epoch is under way when the first task ends */
      CU_ASSERT_TRUE(await(epochs));
      wr_epochs_begin(epochs);
      save(epochs, 2, 1, "c");
      end(epochs, 2, 0, "A");
      end(epochs, 3, 1, "B");
    } else {
      end(epochs, 2, 0, "A");
      end(epochs, 2, 1, "B");
    }
    CU_ASSERT_TRUE(await(epochs));
    check_kept(&gate, kind == 2 ? 3 : 2, true, "AB");
    CU_ASSERT_EQUAL(wr_epochs_complete(epochs), kind == 2 ? 3 : 2);
    wr_epochs_free(epochs);
    gate_close(&gate);
  }
}

static void a_stopped_task_prevents_later_epochs(void)
{
  struct gate gate;
  gate_open(&gate);
  struct wr_epochs *epochs = open_epochs(
      (struct wr_epochs_options){.store = &gate.store, .task_count = 2, .seal_end = true});
  wr_epochs_begin(epochs);
  save(epochs, 1, 0, "a");
  wr_epochs_answer(epochs, 1, WR_ANSWER_STOPPED);
  CU_ASSERT_TRUE(await(epochs));
  CU_ASSERT_EQUAL(wr_epochs_complete(epochs), 0);
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 0);
  end(epochs, 2, 0, "A");
  CU_ASSERT_TRUE(await(epochs));
  check_kept(&gate, 0, false, "");
  wr_epochs_free(epochs);
  gate_close(&gate);
}

/* Tasks that stop right behind a barrier leave the epoch of it whole. */
static void stopped_behind_the_last_epoch(void)
{
  struct gate gate;
  gate_open(&gate);
  struct wr_epochs *epochs =
      open_epochs((struct wr_epochs_options){.store = &gate.store, .task_count = 2});
  wr_epochs_begin(epochs);
  save(epochs, 1, 0, "a");
  wr_epochs_answer(epochs, 2, WR_ANSWER_STOPPED);
  save(epochs, 1, 1, "b");
  wr_epochs_free(epochs); /* which waits */
  check_kept(&gate, 1, false, "ab");
  gate_close(&gate);
  gate_open(&gate);
  epochs = open_epochs((struct wr_epochs_options){.store = &gate.store, .task_count = 2});
  wr_epochs_answer(epochs, 1, WR_ANSWER_STOPPED); /* between two epochs */
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 0);
  CU_ASSERT_EQUAL(wr_epochs_wanted(epochs), 0);
  wr_epochs_answer(epochs, 1, WR_ANSWER_STOPPED);
  wr_epochs_free(epochs);
  check_kept(&gate, 0, false, "");
  gate_close(&gate);
}

static void given_up(void)
{
  struct gate gate;
  gate_open(&gate);
  struct wr_epochs *epochs =
      open_epochs((struct wr_epochs_options){.store = &gate.store, .task_count = 2});
  wr_epochs_begin(epochs);
  save(epochs, 1, 0, "a");
  wr_epochs_give_up(epochs);
  CU_ASSERT_TRUE(await(epochs));
  save(epochs, 1, 1, "b"); /* a task that has not heard of it yet */
  CU_ASSERT_TRUE(await(epochs));
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 0);
  wr_epochs_free(epochs);
  check_kept(&gate, 0, false, "");
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
      open_epochs((struct wr_epochs_options){.store = &gate.store, .task_count = 2});
  wr_epochs_begin(epochs);
  save(epochs, 1, 0, "a");
  save(epochs, 1, 1, "b");
  gate_await(&gate);
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 0);
  CU_ASSERT_EQUAL(wr_epochs_complete(epochs), 0);
  CU_ASSERT_FALSE(wr_epochs_wait(epochs, wr_monotonic_us()));
  end(epochs, 2, 1, "B");
  struct wr_epochs_statistics statistics;
  wr_epochs_statistics(epochs, &statistics);
  CU_ASSERT(statistics.under_way_us > 0);
  CU_ASSERT_EQUAL(statistics.skipped, 1);
  gate_shut(&gate, false);
  CU_ASSERT_TRUE(await(epochs));
  CU_ASSERT_EQUAL(wr_epochs_complete(epochs), 1);
  check_kept(&gate, 1, false, "ab");
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 2);
  save(epochs, 2, 0, "a");
  CU_ASSERT_TRUE(await(epochs));
  check_kept(&gate, 2, false, "aB");
  wr_epochs_free(epochs);
  gate_close(&gate);
}

struct notes {
  pthread_mutex_t lock;
  uint32_t count;
  char last[1024];
};

static void note(void *self, const char *message)
{
  struct notes *notes = self;
  pthread_mutex_lock(&notes->lock);
  notes->count++;
  snprintf(notes->last, sizeof notes->last, "%s", message);
  pthread_mutex_unlock(&notes->lock);
}

static void failures_are_told_and_tolerated(void)
{
  struct gate gate;
  struct wr_error err;
  struct notes notes = {.lock = PTHREAD_MUTEX_INITIALIZER};
  gate_open(&gate);
  struct wr_epochs *epochs = open_epochs((struct wr_epochs_options){.store = &gate.store,
                                                                    .task_count = 2,
                                                                    .failures_tolerated = 2,
                                                                    .note = note,
                                                                    .note_self = &notes});
  end(epochs, 1, 0, "ended"); /* must be written by the first epoch that succeeds */
  atomic_store(&gate.failures_left, 2);
  for (uint64_t epoch = 1; epoch <= 5; epoch++) {
    CU_ASSERT_EQUAL(wr_epochs_begin(epochs), epoch);
    save(epochs, epoch, 1, "x");
    CU_ASSERT_TRUE(await(epochs));
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
  check_kept(&gate, 5, false, "endedx");
  atomic_store(&gate.failures_left, 3);
  for (uint64_t epoch = 6; epoch <= 8; epoch++) {
    CU_ASSERT_EQUAL(wr_epochs_check(epochs, &err), WR_OK);
    CU_ASSERT_EQUAL(wr_epochs_begin(epochs), epoch);
    save(epochs, epoch, 1, "y");
    CU_ASSERT_TRUE(await(epochs));
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
  check_kept(&gate, 5, false, "endedx");
  gate_close(&gate);
}

/* There is no next epoch after the end: its failure is the job's. */
static void the_end_that_cannot_be_kept_fails(void)
{
  struct gate gate;
  struct wr_error err;
  gate_open(&gate);
  atomic_store(&gate.failures_left, 1);
  struct wr_epochs *epochs = open_epochs((struct wr_epochs_options){
      .store = &gate.store, .task_count = 1, .failures_tolerated = 10, .seal_end = true});
  end(epochs, 1, 0, "a");
  CU_ASSERT_TRUE(await(epochs));
  CU_ASSERT_EQUAL(wr_epochs_check(epochs, &err), WR_IO);
  CU_ASSERT_STRING_EQUAL(
      err.message, "the end of the job could not be kept: cannot write there: the disk is full");
  wr_epochs_free(epochs);
  gate_close(&gate);
}

static void without_a_store(void)
{
  struct wr_epochs *epochs = open_epochs((struct wr_epochs_options){.task_count = 2});
  for (uint64_t epoch = 1; epoch <= 3; epoch++) {
    CU_ASSERT_EQUAL(wr_epochs_begin(epochs), epoch);
    save(epochs, epoch, 0, "a");
    save(epochs, epoch, 1, "b");
    CU_ASSERT_EQUAL(wr_epochs_complete(epochs), epoch);
  }
  end(epochs, 4, 0, "a");
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 4);
  save(epochs, 4, 1, "b");
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
  struct wr_epochs *epochs = open_epochs((struct wr_epochs_options){.store = &gate.store,
                                                                    .task_count = 1,
                                                                    .first_epoch = 40,
                                                                    .description = "a\0b",
                                                                    .description_length = 3});
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 40);
  save(epochs, 40, 7, "x");
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

/* ---- pieces */

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
      open_epochs((struct wr_epochs_options){.store = &gate.store, .task_count = 2});
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
  CU_ASSERT_TRUE(await(epochs));
  wr_epochs_free(epochs);
  check_kept(&gate, 0, false, "");
  CU_ASSERT_EQUAL(atomic_load(&gate.aborts), 1);
  gate_close(&gate);
  gate_open(&gate);
  epochs = open_epochs((struct wr_epochs_options){.store = &gate.store, .task_count = 1});
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
    CU_ASSERT_TRUE(await(epochs));
    check_kept(&gate, epoch, false, "abc");
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
  struct wr_epochs *epochs = open_epochs((struct wr_epochs_options){.store = &gate.store,
                                                                    .task_count = 2,
                                                                    .failures_tolerated = 2,
                                                                    .note = note,
                                                                    .note_self = &notes});
  wr_epochs_begin(epochs);
  append_text(epochs, 1, 0, "lost");
  await_no_pieces(epochs);
  append_text(epochs, 1, 0, "not even tried");
  put_last(epochs, 1, 0, 18, "");
  wr_epochs_answer(epochs, 1, WR_ANSWER_SAVED);
  CU_ASSERT_EQUAL(wr_epochs_check(epochs, &err), WR_OK);
  end(epochs, 1, 1, "ended");
  CU_ASSERT_TRUE(await(epochs));
  CU_ASSERT_EQUAL(atomic_load(&gate.appends), 1);
  CU_ASSERT_EQUAL(atomic_load(&gate.aborts), 1);
  CU_ASSERT_EQUAL(wr_epochs_waiting_bytes(epochs), 0);
  CU_ASSERT_STRING_EQUAL(notes.last,
                         "epoch 1 could not be kept: cannot write a piece: the disk is full; the "
                         "job goes on, and tries again with the next one (failure 1 in a row, 2 "
                         "are tolerated)");
  CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 2);
  save(epochs, 2, 0, "found, ");
  CU_ASSERT_TRUE(await(epochs));
  check_kept(&gate, 2, false, "found, ended");
  wr_epochs_free(epochs);
  gate_close(&gate);
}

/* ---- what is published */

struct board {
  pthread_mutex_t lock;
  char text[256]; /* what was published, in order */
  uint32_t failures_left;
  bool retry;
};

static enum wr_code publish(void *self, uint64_t epoch, const struct wr_outbox *outboxes,
                            uint32_t count, struct wr_error *err)
{
  struct board *board = self;
  enum wr_code code = WR_OK;
  pthread_mutex_lock(&board->lock);
  if (board->failures_left) {
    board->failures_left--;
    code = wr_fail(err, WR_CONNECTION, "the brokers do not answer");
    err->retry = board->retry;
  }
  char *at = board->text + strlen(board->text), *end = board->text + sizeof board->text;
  at += snprintf(at, (size_t)(end - at), "%u:", (unsigned)epoch);
  for (uint32_t i = 0; i < count; i++)
    at += snprintf(at, (size_t)(end - at), " %s/%u=%.*s", outboxes[i].node_key, outboxes[i].copy,
                   (int)outboxes[i].part.length, outboxes[i].part.bytes);
  snprintf(at, (size_t)(end - at), "\n");
  pthread_mutex_unlock(&board->lock);
  return code;
}

static void put_outbox(struct wr_epochs *epochs, uint64_t epoch, const char *key, uint32_t copy,
                       const char *text)
{
  struct wr_part_writer part = {.bytes = wr_memory_get(strlen(text) + 1), .length = strlen(text)};
  memcpy(part.bytes, text, strlen(text));
  wr_epochs_put_outbox(epochs, epoch, key, copy, &part);
}

/* "sink/copy=text" of an epoch, as the next life of the job reads it. */
static void check_outboxes(struct gate *gate, uint64_t epoch, const char *key, const char *expected)
{
  struct wr_error err;
  struct wr_arena arena = {0};
  struct wr_snapshot snapshot;
  struct wr_outbox *outboxes;
  uint32_t count;
  char text[128] = "";
  CU_ASSERT_EQUAL_FATAL(wr_snapshot_read(gate->inner, epoch, &arena, &snapshot, &err), WR_OK);
  CU_ASSERT_EQUAL_FATAL(wr_snapshot_outboxes(&snapshot, key, &arena, &outboxes, &count, &err),
                        WR_OK);
  for (uint32_t i = 0; i < count; i++)
    snprintf(text + strlen(text), sizeof text - strlen(text), "%s%u=%.*s", i ? " " : "",
             outboxes[i].copy, (int)outboxes[i].part.length, outboxes[i].part.bytes);
  WR_CHECK(strcmp(text, expected) == 0, "epoch %u, %s: %s", (unsigned)epoch, key, text);
  wr_arena_free(&arena);
}

/* Each outbox once, with the epoch that it was for; of one that could not be written with the next;
 * of a task that has ended never again. */
static void outboxes_are_published_once(void)
{
  struct gate gate;
  struct board board = {.lock = PTHREAD_MUTEX_INITIALIZER};
  gate_open(&gate);
  struct wr_epochs *epochs = open_epochs((struct wr_epochs_options){.store = &gate.store,
                                                                    .task_count = 2,
                                                                    .failures_tolerated = 9,
                                                                    .publish = publish,
                                                                    .publish_self = &board});
  for (uint64_t epoch = 1; epoch <= 5; epoch++) {
    char text[2] = {(char)('a' + epoch), 0};
    wr_epochs_begin(epochs);
    if (epoch == 2)
      atomic_store(&gate.failures_left, 1);
    if (epoch < 4) {
      put_outbox(epochs, epoch, "sink b", 1, text);
      save(epochs, epoch, 1, "x");
    }
    if (epoch == 3) { /* ends behind it */
      put_outbox(epochs, 4, "sink b", 1, "last");
      end(epochs, 4, 1, "x");
    }
    put_outbox(epochs, epoch, "sink b", 0, text);
    put_outbox(epochs, epoch, "sink a", 0, "");
    save(epochs, epoch, 0, "y");
    CU_ASSERT_TRUE(await(epochs));
    CU_ASSERT_EQUAL(wr_epochs_complete(epochs), epoch == 2 ? 1 : epoch);
    if (epoch == 2)
      CU_ASSERT_EQUAL(wr_epochs_outbox_bytes(epochs), 2);
    if (epoch == 3) {
      check_outboxes(&gate, 3, "sink b", "0=c 0=d 1=c 1=d");
      CU_ASSERT_EQUAL(wr_epochs_outbox_bytes(epochs), 4);
    }
  }
  CU_ASSERT_STRING_EQUAL(board.text, "1: sink a/0= sink b/0=b sink b/1=b\n"
                                     "3: sink a/0= sink a/0= sink b/0=c sink b/0=d sink b/1=c "
                                     "sink b/1=d\n"
                                     "4: sink a/0= sink b/0=e sink b/1=last\n"
                                     "5: sink a/0= sink b/0=f\n");
  check_outboxes(&gate, 5, "sink b", "0=f");
  check_outboxes(&gate, 5, "sink a", "0=");
  check_outboxes(&gate, 5, "node", "");
  check_kept(&gate, 5, false, "yx");
  struct wr_epochs_statistics statistics;
  wr_epochs_statistics(epochs, &statistics);
  CU_ASSERT_EQUAL(statistics.outbox_bytes, 1);
  CU_ASSERT_EQUAL(statistics.own_bytes, 10);
  CU_ASSERT_EQUAL(statistics.kept_bytes, 9);
  CU_ASSERT_EQUAL(statistics.bytes, 19);
  CU_ASSERT_EQUAL(wr_epochs_outbox_bytes(epochs), 0);
  wr_epochs_free(epochs);
  gate_close(&gate);
}

/* It is sealed, so the next life publishes it; nothing goes on in this one, and it is told why. */
static void publishing_that_fails_is_final(void)
{
  for (int retry = 0; retry <= 1; retry++) {
    struct gate gate;
    struct wr_error err;
    struct wr_arena arena = {0};
    struct wr_snapshot snapshot;
    struct board board = {
        .lock = PTHREAD_MUTEX_INITIALIZER, .failures_left = 1, .retry = retry != 0};
    gate_open(&gate);
    struct wr_epochs *epochs = open_epochs((struct wr_epochs_options){.store = &gate.store,
                                                                      .task_count = 1,
                                                                      .first_epoch = 8,
                                                                      .failures_tolerated = 9,
                                                                      .previous = 5,
                                                                      .publish = publish,
                                                                      .publish_self = &board});
    wr_epochs_begin(epochs);
    put_outbox(epochs, 8, "sink", 0, "rows");
    save(epochs, 8, 0, "x");
    CU_ASSERT_TRUE(await(epochs));
    CU_ASSERT_EQUAL(wr_epochs_check(epochs, &err), WR_CONNECTION);
    CU_ASSERT_STRING_EQUAL(err.message, "the brokers do not answer");
    CU_ASSERT_EQUAL(err.retry, retry != 0);
    CU_ASSERT_EQUAL(wr_epochs_complete(epochs), 0);
    CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 0);
    end(epochs, 9, 0, "x");
    CU_ASSERT_TRUE(await(epochs));
    CU_ASSERT_EQUAL(wr_epochs_check(epochs, &err), WR_CONNECTION);
    wr_epochs_free(epochs);
    CU_ASSERT_STRING_EQUAL(board.text, "8: sink/0=rows\n");
    check_kept(&gate, 8, false, "x");
    check_outboxes(&gate, 8, "sink", "0=rows");
    CU_ASSERT_EQUAL(wr_snapshot_read(gate.inner, 8, &arena, &snapshot, &err), WR_OK);
    CU_ASSERT_EQUAL(snapshot.previous, 5);
    wr_arena_free(&arena);
    gate_close(&gate);
  }
}

/* The last epoch is published as well, with what tasks have left at their end. */
static void the_end_is_published(void)
{
  struct gate gate;
  struct board board = {.lock = PTHREAD_MUTEX_INITIALIZER};
  gate_open(&gate);
  struct wr_epochs *epochs = open_epochs((struct wr_epochs_options){.store = &gate.store,
                                                                    .task_count = 1,
                                                                    .seal_end = true,
                                                                    .publish = publish,
                                                                    .publish_self = &board});
  put_outbox(epochs, 1, "sink", 0, "all");
  end(epochs, 1, 0, "x");
  CU_ASSERT_TRUE(await(epochs));
  CU_ASSERT_EQUAL(wr_epochs_complete(epochs), 1);
  CU_ASSERT_STRING_EQUAL(board.text, "1: sink/0=all\n");
  wr_epochs_free(epochs);
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
  struct wr_epochs *epochs = open_epochs((struct wr_epochs_options){.store = &gate.store,
                                                                    .task_count = 3,
                                                                    .failures_tolerated = 2,
                                                                    .timeout_us = 1,
                                                                    .note = note,
                                                                    .note_self = &notes});
  CU_ASSERT_EQUAL(wr_epochs_check(epochs, &err), WR_OK); /* none has begun */
  end(epochs, 1, 0, "a");
  wr_epochs_begin(epochs);
  save(epochs, 1, 1, "b");
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
  save(epochs, 1, 2, "c");
  CU_ASSERT_TRUE(await(epochs));
  CU_ASSERT_EQUAL(wr_epochs_check(epochs, &err), WR_OK);
  CU_ASSERT_EQUAL(notes.count, 2);
  CU_ASSERT_PTR_NOT_NULL(strstr(notes.last, "epoch 1 is kept after all, "));
  check_kept(&gate, 1, false, "abc");
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
      save(task->epochs, wanted, task->copy, text);
      answered = wanted;
    }
  }
  end(task->epochs, answered + 1, task->copy, "end");
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
  struct wr_epochs *epochs = open_epochs((struct wr_epochs_options){
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
  CU_ASSERT_TRUE(await(epochs));
  CU_ASSERT_EQUAL(atomic_load(&wrong), 0);
  struct wr_epochs_statistics statistics;
  wr_epochs_statistics(epochs, &statistics);
  CU_ASSERT_EQUAL(statistics.failed, 5);
  check_kept(&gate, statistics.complete, true, "endendendendendend");
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
    {"pieces go first", pieces_go_first},
    {"pieces that cannot be written", pieces_that_cannot_be_written},
    {"outboxes are published once", outboxes_are_published_once},
    {"publishing that fails is final", publishing_that_fails_is_final},
    {"the end is published", the_end_is_published},
    {"late epochs are failures", late_epochs_are_failures},
    {"many tasks", many_tasks},
    {NULL, NULL},
};
const struct wr_suite wr_suite_epochs = {"epochs", tests};
