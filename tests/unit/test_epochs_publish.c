/* SPDX-License-Identifier: Apache-2.0 */
/* Outboxes: part of an epoch, published once it is kept. */
#include <string.h>

#include "tests/unit/check.h"
#include "tests/unit/epochs_gate.h"

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
  struct wr_epochs *epochs = epochs_open((struct wr_epochs_options){.store = &gate.store,
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
      epoch_save(epochs, epoch, 1, "x");
    }
    if (epoch == 3) { /* ends behind it */
      put_outbox(epochs, 4, "sink b", 1, "last");
      epoch_end(epochs, 4, 1, "x");
    }
    put_outbox(epochs, epoch, "sink b", 0, text);
    put_outbox(epochs, epoch, "sink a", 0, "");
    epoch_save(epochs, epoch, 0, "y");
    CU_ASSERT_TRUE(epochs_await(epochs));
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
  epoch_check_kept(&gate, 5, false, "yx");
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
    struct wr_epochs *epochs = epochs_open((struct wr_epochs_options){.store = &gate.store,
                                                                      .task_count = 1,
                                                                      .first_epoch = 8,
                                                                      .failures_tolerated = 9,
                                                                      .previous = 5,
                                                                      .publish = publish,
                                                                      .publish_self = &board});
    wr_epochs_begin(epochs);
    put_outbox(epochs, 8, "sink", 0, "rows");
    epoch_save(epochs, 8, 0, "x");
    CU_ASSERT_TRUE(epochs_await(epochs));
    CU_ASSERT_EQUAL(wr_epochs_check(epochs, &err), WR_CONNECTION);
    CU_ASSERT_STRING_EQUAL(err.message, "the brokers do not answer");
    CU_ASSERT_EQUAL(err.retry, retry != 0);
    CU_ASSERT_EQUAL(wr_epochs_complete(epochs), 0);
    CU_ASSERT_EQUAL(wr_epochs_begin(epochs), 0);
    epoch_end(epochs, 9, 0, "x");
    CU_ASSERT_TRUE(epochs_await(epochs));
    CU_ASSERT_EQUAL(wr_epochs_check(epochs, &err), WR_CONNECTION);
    wr_epochs_free(epochs);
    CU_ASSERT_STRING_EQUAL(board.text, "8: sink/0=rows\n");
    epoch_check_kept(&gate, 8, false, "x");
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
  struct wr_epochs *epochs = epochs_open((struct wr_epochs_options){.store = &gate.store,
                                                                    .task_count = 1,
                                                                    .seal_end = true,
                                                                    .publish = publish,
                                                                    .publish_self = &board});
  put_outbox(epochs, 1, "sink", 0, "all");
  epoch_end(epochs, 1, 0, "x");
  CU_ASSERT_TRUE(epochs_await(epochs));
  CU_ASSERT_EQUAL(wr_epochs_complete(epochs), 1);
  CU_ASSERT_STRING_EQUAL(board.text, "1: sink/0=all\n");
  wr_epochs_free(epochs);
  gate_close(&gate);
}

static const struct wr_test tests[] = {
    {"outboxes are published once", outboxes_are_published_once},
    {"publishing that fails is final", publishing_that_fails_is_final},
    {"the end is published", the_end_is_published},
    {NULL, NULL},
};
const struct wr_suite wr_suite_epochs_publish = {"epochs_publish", tests};
