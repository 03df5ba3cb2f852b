/* SPDX-License-Identifier: Apache-2.0 */
/* Files exactly once, the small parts: what files are called, the list of them that an epoch keeps,
 * and the mark in their folder. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "connectors/filesystem_mark.h"
#include "connectors/filesystem_outbox.h"
#include "tests/unit/check.h"

#define JOB   "0123456789abcdef"
#define OTHER "fedcba9876543210"

/* ---- names */

static void names_belong_to_one_sink(void)
{
  static const struct {
    const char *sink, *name;
    bool is_hidden;
    int64_t epoch; /* -1: it is no visible name of the sink */
  } rows[] = {
      {"t", ".weir-" JOB "-t-0-5f3-1.json.part", true, -1},
      {"t", ".weir-" JOB "-t-12-5f3-123.part", true, -1},
      {"t", ".weir-" JOB "-t-2-0-5f3-1.json.part", false, -1}, /* of t-2 */
      {"t-2", ".weir-" JOB "-t-2-0-5f3-1.json.part", true, -1},
      {"t", ".weir-" OTHER "-t-0-5f3-1.json.part", false, -1},
      {"t", ".weir-" JOB "-t-0-5f3-1.json", false, -1},
      {"t", ".weir-" JOB "-t-0--1.json.part", false, -1},
      {"t", ".weir-" JOB "-t.published", false, -1},
      {"t", ".part-5f3-77-0-1.json.part", false, -1},
      {"t", "part-01234567-t-0-17-1.json", false, 17},
      {"t", "part-01234567-t-0-17-1", false, 17},
      {"t", "part-01234567-t-2-0-17-1.json", false, -1},
      {"t-2", "part-01234567-t-2-0-17-1.json", false, 17},
      {"t", "part-fedcba98-t-0-17-1.json", false, -1},
      {"t", "part-01234567-t-0-ab-1.json", false, -1},
      {"a/b c", "part-01234567-a%2Fb%20c-0-3-1.json", false, 3},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_arena arena = {0};
    struct wr_file_names names;
    uint64_t epoch = 0;
    const struct wr_table_spec spec = {.job = JOB, .sink = rows[i].sink};
    wr_file_names_make(&spec, &arena, &names);
    WR_CHECK(wr_file_names_is_hidden(&names, rows[i].name) == rows[i].is_hidden, "%s",
             rows[i].name);
    bool is_shown = wr_file_names_is_shown(&names, rows[i].name, &epoch);
    WR_CHECK(is_shown == (rows[i].epoch >= 0), "%s", rows[i].name);
    WR_CHECK(!is_shown || (int64_t)epoch == rows[i].epoch, "%s: %llu", rows[i].name,
             (unsigned long long)epoch);
    wr_arena_free(&arena);
  }
}

/* A name of hundreds of bytes is cut, and stays another one than its neighbour's. */
static void long_sinks_have_short_names(void)
{
  char sinks[2][301];
  struct wr_arena arena = {0};
  struct wr_file_names names[2];
  for (int i = 0; i < 2; i++) {
    for (int c = 0; c < 300; c += 2)
      memcpy(&sinks[i][c], "\xc3\xa4", 2);
    sinks[i][300] = '\0';
    sinks[i][299] = (char)(0xa4 + i);
    const struct wr_table_spec spec = {.job = JOB, .sink = sinks[i]};
    wr_file_names_make(&spec, &arena, &names[i]);
    CU_ASSERT(strlen(names[i].hidden) < 150);
    CU_ASSERT(strlen(names[i].shown) < 150);
  }
  CU_ASSERT(strcmp(names[0].hidden, names[1].hidden) != 0);
  CU_ASSERT(strstr(names[0].shown, "\xc3~") == NULL);
  wr_arena_free(&arena);
}

/* ---- the list */

static void put_list(struct wr_buffer *bytes)
{
  wr_file_outbox_begin(bytes, 7, 2);
  wr_file_outbox_put(bytes, &(struct wr_file_entry){.folder = "day=1/h=2",
                                                    .hidden = ".a.part",
                                                    .shown = "a",
                                                    .length = UINT64_C(1) << 40,
                                                    .done = true});
  wr_file_outbox_put(
      bytes, &(struct wr_file_entry){.folder = "", .hidden = ".b.part", .shown = "b", .length = 1});
}

static void reads_what_was_written(void)
{
  struct wr_buffer bytes = {0};
  struct wr_outbox_list outbox;
  struct wr_file_entry entry;
  struct wr_error err;
  put_list(&bytes);
  const struct wr_slice slice = {bytes.bytes, (uint32_t)bytes.length};
  CU_ASSERT_EQUAL_FATAL(wr_file_outbox_open(&outbox, slice, &err), WR_OK);
  CU_ASSERT_EQUAL(outbox.epoch, 7);
  CU_ASSERT_EQUAL(outbox.left, 2);
  CU_ASSERT_EQUAL_FATAL(wr_file_outbox_next(&outbox, &entry, &err), WR_OK);
  CU_ASSERT_STRING_EQUAL(entry.folder, "day=1/h=2");
  CU_ASSERT_EQUAL(entry.length, UINT64_C(1) << 40);
  CU_ASSERT(entry.done);
  CU_ASSERT_EQUAL_FATAL(wr_file_outbox_next(&outbox, &entry, &err), WR_OK);
  CU_ASSERT_STRING_EQUAL(entry.hidden, ".b.part");
  CU_ASSERT_STRING_EQUAL(entry.shown, "b");
  CU_ASSERT(!entry.done && outbox.left == 0);
  wr_buffer_free(&bytes);
}

static enum wr_code read_list(const char *bytes, size_t length)
{
  struct wr_outbox_list outbox;
  struct wr_file_entry entry;
  struct wr_error err;
  enum wr_code code =
      wr_file_outbox_open(&outbox, (struct wr_slice){bytes, (uint32_t)length}, &err);
  while (code == WR_OK && outbox.left)
    code = wr_file_outbox_next(&outbox, &entry, &err);
  return code;
}

/* Cut anywhere, with a byte more, or with a wrong one where it matters. */
static void damaged_lists_are_refused(void)
{
  struct wr_buffer bytes = {0};
  put_list(&bytes);
  CU_ASSERT_EQUAL(read_list(bytes.bytes, bytes.length), WR_OK);
  CU_ASSERT_EQUAL(read_list(NULL, 0), WR_OK); /* nothing was written */
  for (size_t length = 1; length < bytes.length; length++) {
    char *exact = malloc(length + 1); /* so that a read behind it is found */
    memcpy(exact, bytes.bytes, length);
    WR_CHECK(read_list(exact, length) == WR_DATA, "%zu bytes", length);
    free(exact);
  }
  wr_buffer_put_char(&bytes, 0);
  CU_ASSERT_EQUAL(read_list(bytes.bytes, bytes.length), WR_DATA);
  bytes.length--;
  bytes.bytes[0] = 'X';
  CU_ASSERT_EQUAL(read_list(bytes.bytes, bytes.length), WR_DATA);
  wr_buffer_free(&bytes);
}

static void names_that_lead_away_are_refused(void)
{
  static const struct {
    const char *folder, *hidden, *shown;
    bool good;
  } rows[] = {
      {"k=1", ".a", "a", true},    {"k=1/..", ".a", "a", false}, {"..", ".a", "a", false},
      {"/etc", ".a", "a", false},  {"k=1/", ".a", "a", false},   {"k=1//l=2", ".a", "a", false},
      {"k=..", ".a", "a", true},   {".", ".a", "a", false},      {"", "../a", "a", false},
      {"", ".a", "x/../a", false}, {"", "", "a", false},         {"", ".a", "", false},
      {"", ".a", "..", false},     {"", "..", "a", false},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_buffer bytes = {0};
    wr_file_outbox_begin(&bytes, 1, 1);
    wr_file_outbox_put(&bytes, &(struct wr_file_entry){.folder = rows[i].folder,
                                                       .hidden = rows[i].hidden,
                                                       .shown = rows[i].shown});
    WR_CHECK((read_list(bytes.bytes, bytes.length) == WR_OK) == rows[i].good, "row %zu", i);
    wr_buffer_free(&bytes);
  }
}

/* ---- the mark */

static void mark_survives_a_torn_write(void)
{
  char path[] = "/tmp/weir-unit-XXXXXX";
  struct wr_file_mark mark, second;
  struct wr_error err;
  int fd = mkstemp(path);
  CU_ASSERT_EQUAL_FATAL(wr_file_mark_open(&mark, "t", path, &err), WR_OK);
  CU_ASSERT(!mark.is_known);
  CU_ASSERT_EQUAL(wr_file_mark_open(&second, "t", path, &err), WR_IO);
  CU_ASSERT(strstr(err.message, "another process of the same job") != NULL);
  CU_ASSERT_EQUAL(wr_file_mark_write(&mark, 3, WR_FILE_MARK_BEGUN, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_file_mark_write(&mark, 3, WR_FILE_MARK_PUBLISHED, &err), WR_OK);
  for (uint64_t epoch = 4; epoch < 30; epoch++) {
    CU_ASSERT_EQUAL(wr_file_mark_write(&mark, epoch, WR_FILE_MARK_BEGUN, &err), WR_OK);
    wr_file_mark_close(&mark);
    CU_ASSERT_EQUAL_FATAL(wr_file_mark_open(&mark, "t", path, &err), WR_OK);
    CU_ASSERT(mark.is_known && mark.epoch == epoch && mark.state == WR_FILE_MARK_BEGUN);
  }
  CU_ASSERT_EQUAL(wr_file_mark_write(&mark, 30, WR_FILE_MARK_COMPLETED, &err), WR_OK);
  off_t slot = (off_t)(mark.sequence & 1) * 512;
  wr_file_mark_close(&mark);
  CU_ASSERT_EQUAL(pwrite(fd, "weir files 1 99 31 1 ", 21, slot), 21);
  CU_ASSERT_EQUAL_FATAL(wr_file_mark_open(&mark, "t", path, &err), WR_OK);
  CU_ASSERT(mark.is_known && mark.epoch == 29 && mark.state == WR_FILE_MARK_BEGUN);
  wr_file_mark_close(&mark);
  close(fd);
  unlink(path);
}

/* A write that fails may have left half a slot; the one after it must not touch the other one. */
static void mark_keeps_the_last_good_slot(void)
{
  char path[] = "/tmp/weir-unit-XXXXXX", text[1025] = "";
  struct wr_file_mark mark;
  struct wr_error err;
  int file = mkstemp(path), full = open("/dev/full", O_RDWR | O_CLOEXEC);
  CU_ASSERT_EQUAL_FATAL(wr_file_mark_open(&mark, "t", path, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_file_mark_write(&mark, 40, WR_FILE_MARK_PUBLISHED, &err), WR_OK);
  int real = dup(mark.fd);
  dup2(full, mark.fd);
  CU_ASSERT_EQUAL(wr_file_mark_write(&mark, 41, WR_FILE_MARK_BEGUN, &err), WR_IO);
  CU_ASSERT(err.retry && mark.epoch == 40 && mark.state == WR_FILE_MARK_PUBLISHED);
  dup2(real, mark.fd);
  CU_ASSERT_EQUAL(wr_file_mark_write(&mark, 41, WR_FILE_MARK_BEGUN, &err), WR_OK);
  CU_ASSERT(pread(file, text, 1024, 0) > 600);
  CU_ASSERT(strstr(text, " 40 1 ") != NULL || strstr(text + 512, " 40 1 ") != NULL);
  CU_ASSERT(strstr(text, " 41 0 ") != NULL || strstr(text + 512, " 41 0 ") != NULL);
  wr_file_mark_close(&mark);
  close(real);
  close(full);
  close(file);
  unlink(path);
}

static const struct wr_test tests[] = {
    {"names belong to one sink", names_belong_to_one_sink},
    {"long sinks have short names", long_sinks_have_short_names},
    {"reads what was written", reads_what_was_written},
    {"damaged lists are refused", damaged_lists_are_refused},
    {"names that lead away are refused", names_that_lead_away_are_refused},
    {"mark survives a torn write", mark_survives_a_torn_write},
    {"mark keeps the last good slot", mark_keeps_the_last_good_slot},
    {0},
};
const struct wr_suite wr_suite_filesystem_outbox = {"filesystem_outbox", tests};
