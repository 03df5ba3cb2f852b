/* SPDX-License-Identifier: Apache-2.0 */
/* What a sealed epoch says when it is read: chains of parts, outboxes, the format before, damage.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "runtime/epochs.h"
#include "tests/unit/check.h"

/* ---- manifests by hand */

static void put_text(struct wr_part_writer *part, const char *text)
{
  wr_part_put_bytes(part, text, strlen(text));
}

static void store_part(struct wr_store *store, uint64_t epoch, const char *name, const char *text)
{
  struct wr_error err;
  struct wr_part_writer part = {0};
  put_text(&part, text);
  CU_ASSERT_EQUAL(store->class->put(store, epoch, name, part.bytes, part.length, &err), WR_OK);
  wr_part_writer_free(&part);
}

static void seal(struct wr_store *store, uint64_t epoch, struct wr_part_writer *manifest)
{
  struct wr_error err;
  CU_ASSERT_EQUAL(store->class->seal(store, epoch, manifest->bytes, manifest->length, &err), WR_OK);
  wr_part_writer_free(manifest);
}

/* The texts of a part and of those that it builds upon, newest first: "c<b<a". Each is a head, and
 * then its tables, where the older ones are to stand. */
static enum wr_code gather(void *self, struct wr_part_reader *part, struct wr_error *err)
{
  char *text = self;
  const struct wr_part_reader *at = part;
  struct wr_part_reader copy = *part;
  const char *bytes;
  size_t length;
  if (wr_part_get_bytes(&copy, &bytes, &length, err) != WR_OK)
    return err->code;
  for (bool first = true; at; at = at->older, first = false) {
    if (!first) {
      copy = *at;
      if (wr_part_get_bytes(&copy, &bytes, &length, err) != WR_OK)
        return err->code;
    }
    snprintf(text + strlen(text), 128 - strlen(text), "%s%.*s", first ? " " : "<", (int)length,
             bytes);
  }
  return WR_OK;
}

static void check_restored(const struct wr_snapshot *snapshot, const char *key,
                           const char *expected)
{
  struct wr_error err;
  char text[128] = "";
  wr_error_clear(&err);
  enum wr_code code = wr_snapshot_restore(snapshot, key, gather, text, &err);
  WR_CHECK(code == WR_OK && strcmp(text, expected) == 0, "%s:%s instead of%s; %s", key, text,
           expected, err.message);
}

/* As the version before has written it. */
static void the_first_format(void)
{
  struct wr_store *store = wr_store_memory_new();
  struct wr_part_writer manifest = {0};
  struct wr_arena arena = {0};
  struct wr_snapshot snapshot;
  struct wr_outbox *outboxes;
  struct wr_error err;
  uint32_t count;
  store_part(store, 7, "sum of a/0", "first");
  store_part(store, 7, "sum of a/1", "second");
  store_part(store, 7, "source b/0", "position");
  wr_part_put_u64(&manifest, 1);
  wr_part_put_u64(&manifest, 7);
  wr_part_put_u64(&manifest, 1);
  put_text(&manifest, "what the job is");
  wr_part_put_u64(&manifest, 3);
  for (uint64_t copy = 0; copy < 2; copy++) {
    put_text(&manifest, "sum of a");
    wr_part_put_u64(&manifest, copy);
  }
  put_text(&manifest, "source b");
  wr_part_put_u64(&manifest, 0);
  seal(store, 7, &manifest);
  CU_ASSERT_EQUAL_FATAL(wr_snapshot_read(store, 7, &arena, &snapshot, &err), WR_OK);
  CU_ASSERT_TRUE(snapshot.ended);
  CU_ASSERT_EQUAL(snapshot.previous, 0);
  CU_ASSERT_EQUAL(snapshot.description_length, strlen("what the job is"));
  CU_ASSERT_EQUAL(snapshot.part_count, 3);
  CU_ASSERT_STRING_EQUAL(snapshot.parts[1].name, "sum of a/1");
  CU_ASSERT_EQUAL(snapshot.parts[1].epoch, 7);
  check_restored(&snapshot, "sum of a", " first second");
  check_restored(&snapshot, "source b", " position");
  check_restored(&snapshot, "source", "");
  check_restored(NULL, "source b", "");
  CU_ASSERT_EQUAL(wr_snapshot_outboxes(&snapshot, "source b", &arena, &outboxes, &count, &err),
                  WR_OK);
  CU_ASSERT_EQUAL(count, 0);
  CU_ASSERT_EQUAL(wr_snapshot_outboxes(NULL, "source b", &arena, &outboxes, &count, &err), WR_OK);
  CU_ASSERT_EQUAL(count, 0);
  wr_arena_free(&arena);
  store->class->close(store);
}

/* One part of a manifest of the second format. */
struct row {
  const char *key;
  uint64_t copy, epoch, kind, tables_at;
};
enum { FULL = 0, DELTA = 1, OUTBOX = 2 };

/* Epoch 9 with up to three parts, each of which contains its own key. */
static enum wr_code read_rows(uint64_t format, uint64_t previous, const struct row *rows,
                              uint32_t count, char *restored, struct wr_error *err)
{
  struct wr_store *store = wr_store_memory_new();
  struct wr_part_writer manifest = {0};
  struct wr_arena arena = {0};
  struct wr_snapshot snapshot;
  char name[64];
  wr_part_put_u64(&manifest, format);
  wr_part_put_u64(&manifest, 9);
  wr_part_put_u64(&manifest, previous);
  wr_part_put_i64(&manifest, 1234567); /* when it began */
  wr_part_put_u64(&manifest, 0);
  put_text(&manifest, "");
  wr_part_put_u64(&manifest, count);
  for (uint32_t i = 0; i < count; i++) {
    put_text(&manifest, rows[i].key);
    wr_part_put_u64(&manifest, rows[i].copy);
    wr_part_put_u64(&manifest, rows[i].epoch);
    wr_part_put_u64(&manifest, rows[i].kind);
    wr_part_put_u64(&manifest, rows[i].tables_at);
    wr_part_put_u64(&manifest, 5); /* keys */
    snprintf(name, sizeof name, rows[i].kind == OUTBOX ? "%s/%u@%u outbox" : "%s/%u@%u",
             rows[i].key, (unsigned)rows[i].copy, (unsigned)rows[i].epoch);
    store_part(store, 9, name, name);
  }
  seal(store, 9, &manifest);
  restored[0] = 0;
  enum wr_code code = wr_snapshot_read(store, 9, &arena, &snapshot, err);
  if (code == WR_OK)
    code = wr_snapshot_restore(&snapshot, "k", gather, restored, err);
  wr_arena_free(&arena);
  store->class->close(store);
  return code;
}

static void damage_is_found(void)
{
  static const struct {
    uint64_t format, previous;
    struct row rows[3];
    const char *restored, *message;
  } cases[] = {
      {2, 8, {{"k", 0, 9, DELTA, 0}, {"k", 0, 5, FULL, 0}}, " k/0@9<k/0@5", NULL},
      {2,
       8,
       {{"k", 0, 9, DELTA, 99}, {"k", 0, 7, DELTA, 0}, {"k", 0, 5, FULL, 0}},
       " k/0@9<k/0@7<k/0@5",
       NULL},
      {2,
       0,
       {{"k", 0, 9, FULL, 99}, {"k", 0, 9, OUTBOX, 0}, {"k", 1, 3, FULL, 0}},
       " k/0@9 k/1@3",
       NULL},
      {3, 8, {{"k", 0, 9, FULL, 0}}, NULL, "this version reads formats 1 to 2"},
      {0, 8, {{"k", 0, 9, FULL, 0}}, NULL, "this version reads formats 1 to 2"},
      {2, 9, {{"k", 0, 9, FULL, 0}}, NULL, "says that epoch 9 was before it"},
      {2, 8, {{"k", 0, 9, DELTA, 0}}, NULL, "since one that is not there"},
      {2, 8, {{"k", 0, 9, DELTA, 0}, {"k", 0, 7, DELTA, 0}}, NULL, "since one that is not there"},
      {2, 8, {{"k", 0, 9, DELTA, 0}, {"k", 1, 7, FULL, 0}}, NULL, "since one that is not there"},
      {2, 8, {{"k", 0, 9, DELTA, 0}, {"l", 0, 7, FULL, 0}}, NULL, "since one that is not there"},
      {2, 8, {{"k", 0, 9, DELTA, 0}, {"k", 0, 7, OUTBOX, 0}}, NULL, "since one that is not there"},
      {2, 8, {{"k", 0, 7, DELTA, 0}, {"k", 0, 9, FULL, 0}}, NULL, "since one that is not there"},
      {2, 8, {{"k", 0, 10, FULL, 0}}, NULL, "is of epoch 10"},
      {2, 8, {{"k", 0, 9, 3, 0}}, NULL, "the saved state is damaged"},
      {2, 8, {{"k", UINT64_C(1) << 32, 9, FULL, 0}}, NULL, "copy 4294967296"},
      {2, 8, {{"k", 0, 9, DELTA, 0}, {"k", 0, 5, FULL, 14}}, NULL, "begin behind its end"},
      {2, 8, {{"k", 0, 9, DELTA, 0}, {"k", 0, 5, FULL, UINT64_MAX}}, NULL, "begin behind its end"},
  };
  for (uint32_t i = 0; i < WR_COUNT(cases); i++) {
    struct wr_error err;
    char restored[128];
    uint32_t count = 0;
    while (count < 3 && cases[i].rows[count].key)
      count++;
    wr_error_clear(&err);
    enum wr_code code =
        read_rows(cases[i].format, cases[i].previous, cases[i].rows, count, restored, &err);
    if (cases[i].restored)
      WR_CHECK(code == WR_OK && strcmp(restored, cases[i].restored) == 0, "case %u:%s %s", i,
               restored, err.message);
    else
      WR_CHECK(code == WR_DATA && strstr(err.message, cases[i].message), "case %u: %s", i,
               err.message);
  }
}

/* ---- chains, as epochs make them */

static void save(struct wr_epochs *epochs, uint64_t epoch, uint32_t copy, const char *text,
                 bool is_delta)
{
  struct wr_part_writer part = {0};
  put_text(&part, is_delta ? "head" : text);
  part.delta = is_delta;
  part.tables_at = is_delta ? part.length : 0;
  if (is_delta)
    put_text(&part, text);
  wr_epochs_put(epochs, epoch, "node", copy, &part);
}

/* The newest epoch of a store: what is restored, and how many parts it needs. */
static void check_newest(struct wr_store *store, uint64_t epoch, const char *expected,
                         uint32_t parts_needed)
{
  struct wr_arena arena = {0};
  struct wr_snapshot snapshot;
  struct wr_store_part *parts;
  struct wr_error err;
  uint64_t latest = 0;
  uint32_t count = 0;
  CU_ASSERT_TRUE(store->class->latest(store, &latest));
  CU_ASSERT_EQUAL_FATAL(latest, epoch);
  CU_ASSERT_EQUAL_FATAL(wr_snapshot_read(store, epoch, &arena, &snapshot, &err), WR_OK);
  CU_ASSERT_EQUAL(snapshot.previous, epoch - 1);
  check_restored(&snapshot, "node", expected);
  CU_ASSERT_EQUAL(store->class->parts(store, epoch, &arena, &parts, &count, &err), WR_OK);
  WR_CHECK(count == parts_needed, "epoch %u: %u parts", (unsigned)epoch, count);
  wr_arena_free(&arena);
}

/* A complete part ends the chain before it; what no chain needs is not kept. A task that has ended
 * with a delta keeps its chain for ever. */
static void chains(void)
{
  static const struct {
    const char *expected;
    bool is_delta; /* of copy 0 */
    uint32_t parts;
  } rows[] = {{" a p", false, 2},         {" head<a p", true, 3},      {" head<b<a p", true, 4},
              {" d p", false, 2},         {" head<d head<p", true, 4}, {" f head<p", false, 3},
              {" head<f head<p", true, 4}};
  struct wr_store *store = wr_store_memory_new();
  struct wr_epochs *epochs = NULL;
  struct wr_error err;
  const struct wr_epochs_options options = {.store = store, .task_count = 2, .first_epoch = 1};
  CU_ASSERT_EQUAL_FATAL(wr_epochs_new(&options, &epochs, &err), WR_OK);
  for (uint64_t epoch = 1; epoch <= WR_COUNT(rows); epoch++) {
    char text[] = {(char)('a' + epoch - 1), 0};
    CU_ASSERT_EQUAL(wr_epochs_begin(epochs), epoch);
    save(epochs, epoch, 0, text, rows[epoch - 1].is_delta);
    if (epoch <= 4) {
      save(epochs, epoch, 1, "p", false);
      wr_epochs_answer(epochs, epoch, WR_ANSWER_SAVED);
    } else if (epoch == 5) {
      save(epochs, epoch, 1, "at the end", true);
      wr_epochs_answer(epochs, epoch, WR_ANSWER_ENDED);
    }
    wr_epochs_answer(epochs, epoch, WR_ANSWER_SAVED);
    CU_ASSERT_TRUE(wr_epochs_wait(epochs, wr_monotonic_us() + WR_US_PER_MINUTE));
    check_newest(store, epoch, rows[epoch - 1].expected, rows[epoch - 1].parts);
  }
  struct wr_epochs_statistics statistics;
  wr_epochs_statistics(epochs, &statistics);
  CU_ASSERT_EQUAL(statistics.full_bytes, 0);
  CU_ASSERT_EQUAL(statistics.delta_bytes, 21);
  CU_ASSERT_EQUAL(statistics.kept_bytes, 9 + 30 + 9);
  wr_epochs_free(epochs);
  store->class->close(store);
}

static const struct wr_test tests[] = {
    {"the first format", the_first_format},
    {"damage is found", damage_is_found},
    {"chains", chains},
    {NULL, NULL},
};
const struct wr_suite wr_suite_snapshot = {"snapshot", tests};
