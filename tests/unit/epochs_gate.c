/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/epochs_gate.h"

#include <string.h>

#include "core/time.h"
#include "tests/unit/check.h"

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

void gate_open(struct gate *gate)
{
  memset(gate, 0, sizeof *gate);
  gate->store.class = &gate_class;
  gate->inner = wr_store_memory_new();
  pthread_mutex_init(&gate->lock, NULL);
  pthread_cond_init(&gate->changed, NULL);
}

void gate_close(struct gate *gate)
{
  gate->inner->class->close(gate->inner);
  pthread_cond_destroy(&gate->changed);
  pthread_mutex_destroy(&gate->lock);
}

void gate_shut(struct gate *gate, bool is_shut)
{
  pthread_mutex_lock(&gate->lock);
  gate->is_shut = is_shut;
  pthread_cond_broadcast(&gate->changed);
  pthread_mutex_unlock(&gate->lock);
}

void gate_await(struct gate *gate)
{
  pthread_mutex_lock(&gate->lock);
  while (!gate->is_waiting)
    pthread_cond_wait(&gate->changed, &gate->lock);
  pthread_mutex_unlock(&gate->lock);
}

/* ---- jobs */

struct wr_epochs *epochs_open(struct wr_epochs_options options)
{
  struct wr_error err;
  struct wr_epochs *epochs = NULL;
  if (!options.first_epoch)
    options.first_epoch = 1;
  CU_ASSERT_EQUAL_FATAL(wr_epochs_new(&options, &epochs, &err), WR_OK);
  return epochs;
}

void epoch_put(struct wr_epochs *epochs, uint64_t epoch, uint32_t copy, const char *text)
{
  struct wr_part_writer part = {0};
  wr_part_put_bytes(&part, text, strlen(text));
  wr_epochs_put(epochs, epoch, "node", copy, &part); /* which takes the bytes */
}

void epoch_save(struct wr_epochs *epochs, uint64_t epoch, uint32_t copy, const char *text)
{
  epoch_put(epochs, epoch, copy, text);
  wr_epochs_answer(epochs, epoch, WR_ANSWER_SAVED);
}

void epoch_end(struct wr_epochs *epochs, uint64_t epoch, uint32_t copy, const char *text)
{
  epoch_put(epochs, epoch, copy, text);
  wr_epochs_answer(epochs, epoch, WR_ANSWER_ENDED);
}

bool epochs_await(struct wr_epochs *epochs)
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

void epoch_check_kept(struct gate *gate, uint64_t epoch, bool ended, const char *expected)
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

void notes_put(void *self, const char *message)
{
  struct notes *notes = self;
  pthread_mutex_lock(&notes->lock);
  notes->count++;
  snprintf(notes->last, sizeof notes->last, "%s", message);
  pthread_mutex_unlock(&notes->lock);
}
