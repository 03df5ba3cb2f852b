/* SPDX-License-Identifier: Apache-2.0 */
/* Files: which are read and in what order, what positions mean, and that written ones appear
 * whole. */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <zlib.h>

#include "core/limits.h"
#include "core/time.h"
#include "tests/unit/connect.h"
#include "text/buffer.h"

struct folder {
  char path[64];
};

static void folder_open(struct folder *folder)
{
  snprintf(folder->path, sizeof folder->path, "/tmp/weir-unit-XXXXXX");
  CU_ASSERT(mkdtemp(folder->path) != NULL);
}

static const char *folder_name(struct folder *folder, const char *name, char *path, size_t size)
{
  snprintf(path, size, "%s/%s", folder->path, name);
  return path;
}

static void folder_put(struct folder *folder, const char *name, const char *text)
{
  char path[256];
  FILE *file = fopen(folder_name(folder, name, path, sizeof path), "w");
  fputs(text, file);
  fclose(file);
}

static void folder_put_gzip(struct folder *folder, const char *name, const char *text, bool more)
{
  char path[256];
  gzFile file = gzopen(folder_name(folder, name, path, sizeof path), more ? "ab" : "wb");
  gzwrite(file, text, (unsigned)strlen(text));
  gzclose(file);
}

/* Reads all splits of a table to their ends, `space` bytes at a time. from: position of the first.
 */
static enum wr_code read_all(struct connect_table *table, size_t space, const char *from,
                             struct wr_buffer *text)
{
  struct wr_split *splits;
  uint32_t split_count;
  struct wr_reader *reader;
  const struct wr_reader_class *class = table->connector->reader;
  enum wr_code code =
      class->discover(&table->spec, &table->arena, &splits, &split_count, &table->err);
  if (code != WR_OK || split_count == 0)
    return code;
  splits[0].position = from;
  code = class->open(&table->spec, splits, split_count, &reader, &table->err);
  if (code != WR_OK)
    return code;
  char *bytes = malloc(space);
  for (uint32_t s; code == WR_OK && (s = class->next_split(reader)) != UINT32_MAX;) {
    struct wr_chunk chunk = {.space = bytes, .space_bytes = space};
    code = class->poll(reader, 0, &chunk, &table->err);
    CU_ASSERT(chunk.length <= space);
    CU_ASSERT(chunk.length == 0 || chunk.split == s);
    wr_buffer_put(text, bytes, chunk.length);
  }
  for (uint32_t s = 0; s < split_count && code == WR_OK; s++)
    CU_ASSERT_EQUAL(reader->states[s], WR_SPLIT_DONE);
  if (code == WR_OK)
    CU_ASSERT_EQUAL(reader->progress_done, reader->progress_total);
  class->close(reader);
  free(bytes);
  return code;
}

static void check_read(const char *path, const char *from, const char *expected)
{
  static const size_t spaces[] = {3, 4096};
  for (size_t i = 0; i < WR_COUNT(spaces); i++) {
    struct connect_table table;
    struct wr_buffer text = {0};
    connect_open(&table, "filesystem", NULL, (const char *[]){"path", path, NULL});
    CU_ASSERT_EQUAL(connect_check(&table, false), WR_OK);
    enum wr_code code = read_all(&table, spaces[i], from, &text);
    WR_CHECK(code == WR_OK, "%s: %s", path, table.err.message);
    WR_CHECK(strcmp(wr_buffer_string(&text), expected) == 0, "%s: %s", path, text.bytes);
    wr_buffer_free(&text);
    connect_close(&table);
  }
}

static void check_read_fails(const char *path, const char *from, enum wr_code code,
                             const char *part)
{
  struct connect_table table;
  struct wr_buffer text = {0};
  connect_open(&table, "filesystem", NULL, (const char *[]){"path", path, NULL});
  CU_ASSERT_EQUAL(read_all(&table, 4096, from, &text), code);
  WR_CHECK(strstr(table.err.message, part) != NULL, "%s", table.err.message);
  wr_buffer_free(&text);
  connect_close(&table);
}

static void test_reads_file(void)
{
  struct folder folder;
  char path[256];
  folder_open(&folder);
  folder_put(&folder, "a.json", "one\ntwo\n");
  folder_name(&folder, "a.json", path, sizeof path);
  check_read(path, NULL, "one\ntwo\n");
  check_read(path, "4", "two\n");
  check_read(path, "8", "");
  check_read_fails(path, "9", WR_IO, "now has only 8");
  connect_remove_folder(folder.path);
}

static void test_reads_folder_in_order(void)
{
  struct folder folder;
  char path[256];
  folder_open(&folder);
  folder_put(&folder, "b", "B");
  folder_put(&folder, "a", "A");
  folder_put(&folder, ".hidden", "X");
  folder_put(&folder, "_private", "X");
  folder_put(&folder, "c.part", "X");
  mkdir(folder_name(&folder, "aa", path, sizeof path), 0777);
  folder_put(&folder, "aa/z", "Z");
  check_read(folder.path, NULL, "AZB");
  check_read(folder_name(&folder, "?", path, sizeof path), NULL, "AB");
  check_read(folder_name(&folder, "a*", path, sizeof path), NULL, "AZ");
  check_read(folder_name(&folder, "_private", path, sizeof path), NULL, "X");
  check_read_fails(folder_name(&folder, "x*", path, sizeof path), NULL, WR_IO, "no file matches");
  check_read_fails(folder_name(&folder, "x", path, sizeof path), NULL, WR_IO, "does not exist");
  connect_remove_folder(folder.path);
}

/* More files than may be open at a time. */
static void test_reads_many_files(void)
{
  struct folder folder;
  char expected[41] = "";
  folder_open(&folder);
  for (int i = 0; i < 40; i++) {
    char name[16];
    snprintf(name, sizeof name, "f%02d", i);
    expected[i] = (char)('0' + i % 10);
    folder_put(&folder, name, (char[]){expected[i], '\0'});
  }
  check_read(folder.path, NULL, expected);
  connect_remove_folder(folder.path);
}

static void test_reads_gzip(void)
{
  struct folder folder;
  char path[256];
  folder_open(&folder);
  folder_put_gzip(&folder, "a.json.gz", "one\n", false);
  folder_put_gzip(&folder, "a.json.gz", "two\n", true); /* a second member */
  folder_name(&folder, "a.json.gz", path, sizeof path);
  check_read(path, NULL, "one\ntwo\n");
  check_read(path, "6", "o\n");
  check_read(path, "8", "");
  struct stat status;
  CU_ASSERT(stat(path, &status) == 0 && truncate(path, status.st_size - 12) == 0);
  check_read_fails(path, NULL, WR_IO, "in the middle of its gzip data");
  connect_remove_folder(folder.path);
}

/* ---- writing */

static void write_text(struct connect_table *table, struct wr_writer *writer, const char *text)
{
  struct wr_outgoing record = {.bytes = text, .length = (uint32_t)strlen(text)};
  CU_ASSERT_EQUAL(writer->class->write(writer, &record, 1, &table->err), WR_OK);
}

/* Names in a folder, hidden ones counted apart. */
static void count_files(const char *path, int *shown, int *hidden)
{
  DIR *folder = opendir(path);
  *shown = *hidden = 0;
  for (struct dirent *entry; folder && (entry = readdir(folder));)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      ++*(entry->d_name[0] == '.' ? hidden : shown);
  if (folder)
    closedir(folder);
}

static void check_files(const char *path, int shown, int hidden)
{
  int found_shown, found_hidden;
  count_files(path, &found_shown, &found_hidden);
  WR_CHECK(found_shown == shown && found_hidden == hidden, "%d shown, %d hidden", found_shown,
           found_hidden);
}

static struct wr_writer *open_writer(struct connect_table *table, const char *const *options)
{
  struct wr_writer *writer = NULL;
  connect_open(table, "filesystem", NULL, options);
  table->spec.separator = "\n";
  CU_ASSERT_EQUAL(connect_check(table, true), WR_OK);
  enum wr_code code = table->connector->writer->open(&table->spec, &writer, &table->err);
  WR_CHECK(code == WR_OK, "%s", table->err.message);
  return writer;
}

static void test_writes_whole_files(void)
{
  struct folder folder;
  struct connect_table table;
  char path[256];
  folder_open(&folder);
  folder_name(&folder, "deep/er", path, sizeof path);
  for (int round = 0; round < 2; round++) {
    struct wr_writer *writer = open_writer(
        &table, (const char *[]){"path", path, "sink.rolling-policy.file-size", "8", NULL});
    write_text(&table, writer, "abc");
    check_files(path, 3 * round, 1);
    write_text(&table, writer, "def"); /* 8 bytes: full */
    write_text(&table, writer, "ghi");
    check_files(path, 3 * round + 1, 1);
    write_text(&table, writer, "jkl");
    write_text(&table, writer, "mno");
    CU_ASSERT_EQUAL(writer->class->finish(writer, &table.err), WR_OK);
    check_files(path, 3 * round + 3, 0);
    writer->class->close(writer);
    connect_close(&table);
  }
  connect_remove_folder(folder.path);
}

static void test_rolls_by_age(void)
{
  struct folder folder;
  struct connect_table table;
  folder_open(&folder);
  struct wr_writer *writer =
      open_writer(&table, (const char *[]){"path", folder.path, "compression", "gzip",
                                           "sink.rolling-policy.rollover-interval", "10 s",
                                           "sink.rolling-policy.check-interval", "1 s", NULL});
  write_text(&table, writer, "a");
  int64_t now_us = 1000 * WR_US_PER_SECOND;
  for (int second = 0; second < 10; second++) {
    CU_ASSERT_EQUAL(writer->class->tick(writer, now_us + second * WR_US_PER_SECOND, &table.err),
                    WR_OK);
    check_files(folder.path, 0, 1);
  }
  CU_ASSERT_EQUAL(writer->class->tick(writer, now_us + 10 * WR_US_PER_SECOND, &table.err), WR_OK);
  check_files(folder.path, 1, 0);
  write_text(&table, writer, "b");
  CU_ASSERT_EQUAL(writer->class->barrier(writer, 1, &table.err), WR_OK);
  check_files(folder.path, 2, 0); /* compressed: at every epoch */
  writer->class->close(writer);
  connect_close(&table);
  check_read(folder.path, NULL, "a\nb\n");
  connect_remove_folder(folder.path);
}

/* What a killed process left is completed by the next writer, up to its last whole record; what
 * somebody still writes is not touched. */
static void test_completes_orphans(void)
{
  struct folder folder;
  struct connect_table table;
  char path[256];
  folder_open(&folder);
  folder_put(&folder, ".part-1-0-1.json.part", "one\ntwo\nthr");
  folder_put(&folder, ".part-1-1-1.json.part", "locked\n");
  int fd = open(folder_name(&folder, ".part-1-1-1.json.part", path, sizeof path), O_RDWR);
  flock(fd, LOCK_EX);
  struct wr_writer *writer = open_writer(&table, (const char *[]){"path", folder.path, NULL});
  CU_ASSERT(strstr(table.notes, "completed") != NULL);
  CU_ASSERT_EQUAL(writer->class->finish(writer, &table.err), WR_OK);
  writer->class->close(writer);
  connect_close(&table);
  close(fd);
  check_files(folder.path, 1, 1);
  check_read(folder.path, NULL, "one\ntwo\n");
  connect_remove_folder(folder.path);
}

/* ---- partitions */

static const char *const partition_names[] = {"k"};

static struct wr_writer *open_partitions(struct connect_table *table, const char *path)
{
  struct wr_writer *writer = NULL;
  connect_open(table, "filesystem", NULL, (const char *[]){"path", path, NULL});
  table->spec.separator = "\n";
  table->spec.partitions = partition_names;
  table->spec.partition_count = 1;
  enum wr_code code = table->connector->writer->open(&table->spec, &writer, &table->err);
  WR_CHECK(code == WR_OK, "%s", table->err.message);
  return writer;
}

static void write_partition(struct connect_table *table, struct wr_writer *writer, int number,
                            const char *text)
{
  char partition[32];
  snprintf(partition, sizeof partition, "k=%d", number);
  struct wr_outgoing record = {.bytes = text,
                               .length = (uint32_t)strlen(text),
                               .partition = partition,
                               .partition_length = (uint32_t)strlen(partition)};
  CU_ASSERT_EQUAL(writer->class->write(writer, &record, 1, &table->err), WR_OK);
}

static void check_partition(struct folder *folder, int number, int shown, int hidden)
{
  char name[32], path[256];
  snprintf(name, sizeof name, "k=%d", number);
  check_files(folder_name(folder, name, path, sizeof path), shown, hidden);
}

/* One more partition than files may be open: the one that waited longest is completed, and goes on
 * in a second file. */
static void test_closes_oldest_partition(void)
{
  struct folder folder;
  struct connect_table table;
  folder_open(&folder);
  struct wr_writer *writer = open_partitions(&table, folder.path);
  for (int i = 0; i < WR_PARTITION_FILES_MAX; i++)
    write_partition(&table, writer, i, "a");
  write_partition(&table, writer, 0, "b"); /* now 1 is the oldest */
  check_partition(&folder, 1, 0, 1);
  write_partition(&table, writer, WR_PARTITION_FILES_MAX, "a");
  CU_ASSERT(strstr(table.notes, "more than 64 partitions in turn") != NULL);
  check_partition(&folder, 0, 0, 1);
  check_partition(&folder, 1, 1, 0);
  check_partition(&folder, 2, 0, 1);
  write_partition(&table, writer, 1, "b");
  check_partition(&folder, 1, 1, 1);
  check_partition(&folder, 2, 1, 0);
  CU_ASSERT_EQUAL(writer->class->barrier(writer, 1, &table.err), WR_OK);
  check_partition(&folder, 1, 1, 1);
  CU_ASSERT_EQUAL(writer->class->finish(writer, &table.err), WR_OK);
  check_partition(&folder, 0, 1, 0);
  check_partition(&folder, 1, 2, 0);
  writer->class->close(writer);
  connect_close(&table);
  char path[256];
  check_read(folder_name(&folder, "k=0", path, sizeof path), NULL, "a\nb\n");
  connect_remove_folder(folder.path);
}

static void test_completes_orphans_of_partitions(void)
{
  struct folder folder;
  struct connect_table table;
  char path[256];
  folder_open(&folder);
  mkdir(folder_name(&folder, "k=1", path, sizeof path), 0777);
  mkdir(folder_name(&folder, "other", path, sizeof path), 0777);
  folder_put(&folder, "k=1/.part-1-0-1.json.part", "one\ntw");
  folder_put(&folder, "other/.part-1-0-1.json.part", "one\n");
  struct wr_writer *writer = open_partitions(&table, folder.path);
  CU_ASSERT_EQUAL(writer->class->finish(writer, &table.err), WR_OK);
  writer->class->close(writer);
  connect_close(&table);
  check_partition(&folder, 1, 1, 0);
  check_files(folder_name(&folder, "other", path, sizeof path), 0, 1);
  check_read(folder.path, NULL, "one\n");
  connect_remove_folder(folder.path);
}

/* Every file must say the value of every partition column. */
static void test_needs_partitions(void)
{
  static const struct {
    const char *folder;
    const char *part; /* of the message; NULL: it is read */
  } rows[] = {
      {"k=1", NULL},
      {"k=_x.part", NULL},
      {"kk=1", "is in no folder k=..., so it has no value for the partition column 'k'"},
      {"k=%FF", "is not UTF-8"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct folder folder;
    struct connect_table table;
    struct wr_buffer text = {0};
    char path[256], file[64];
    folder_open(&folder);
    mkdir(folder_name(&folder, rows[i].folder, path, sizeof path), 0777);
    snprintf(file, sizeof file, "%s/f", rows[i].folder);
    folder_put(&folder, file, "one");
    connect_open(&table, "filesystem", NULL, (const char *[]){"path", folder.path, NULL});
    table.spec.partitions = partition_names;
    table.spec.partition_count = 1;
    enum wr_code code = read_all(&table, 4096, NULL, &text);
    WR_CHECK(rows[i].part ? code == WR_IO && strstr(table.err.message, rows[i].part)
                          : code == WR_OK && text.length == 3,
             "%s: %s", rows[i].folder, table.err.message);
    wr_buffer_free(&text);
    connect_close(&table);
    connect_remove_folder(folder.path);
  }
}

static void test_refuses(void)
{
  static const struct {
    const char *options[5];
    bool writing;
    enum wr_code code;
  } rows[] = {
      {{NULL}, false, WR_SEMANTIC},
      {{"path", "", NULL}, false, WR_SEMANTIC},
      {{"path", "s3://bucket/x", NULL}, false, WR_UNSUPPORTED},
      {{"path", "x", "source.monitor-interval", "0 s", NULL}, false, WR_SEMANTIC},
      {{"path", "x", "compression", "lz4", NULL}, true, WR_SEMANTIC},
      {{"path", "x", "partition.default-name", "", NULL}, true, WR_SEMANTIC},
      {{"path", "file:///x", NULL}, false, WR_OK},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct connect_table table;
    connect_open(&table, "filesystem", NULL, rows[i].options);
    WR_CHECK(connect_check(&table, rows[i].writing) == rows[i].code, "row %zu", i);
    connect_close(&table);
  }
}

/* A table that follows new files is done with a file at its end: it is not opened again, and its
 * name is forgotten when it is gone. One that is read once goes on behind it. */
static void test_forgets_what_was_read(void)
{
  static const struct {
    const char *position;
    bool forgotten;
  } gone[] = {{"end", true}, {"0", false}, {"5", false}, {NULL, false}};
  struct folder folder;
  struct connect_table table;
  struct wr_split *splits;
  uint32_t count;
  struct wr_reader *reader;
  struct wr_chunk chunk = {0};
  folder_open(&folder);
  folder_put(&folder, "a", "aaaaa");
  folder_put(&folder, "b", "bbb");
  connect_open(&table, "filesystem", NULL,
               (const char *[]){"path", folder.path, "source.monitor-interval", "1 h", NULL});
  const struct wr_reader_class *class = table.connector->reader;
  for (size_t i = 0; i < WR_COUNT(gone); i++)
    CU_ASSERT_EQUAL(class->forgets(&table.spec, &(struct wr_split){"x", gone[i].position}),
                    gone[i].forgotten);
  CU_ASSERT_PTR_NULL(class->end_position);
  CU_ASSERT_EQUAL(class->discover(&table.spec, &table.arena, &splits, &count, &table.err), WR_OK);
  CU_ASSERT_EQUAL_FATAL(count, 2);
  CU_ASSERT_EQUAL(class->share(&table.spec, splits, count, NULL, 0, &table.spec.shared, &table.err),
                  WR_OK);
  splits[0].position = "end";
  splits[1].position = "2";
  CU_ASSERT_EQUAL_FATAL(class->open(&table.spec, splits, count, &reader, &table.err), WR_OK);
  CU_ASSERT_STRING_EQUAL(reader->class->end_position, "end");
  CU_ASSERT_EQUAL(reader->states[0], WR_SPLIT_DONE);
  CU_ASSERT_EQUAL(class->next_split(reader), 1);
  char bytes[8];
  chunk.space = bytes, chunk.space_bytes = sizeof bytes;
  CU_ASSERT_EQUAL(class->poll(reader, 0, &chunk, &table.err), WR_OK);
  CU_ASSERT(chunk.split == 1 && chunk.length == 1 && bytes[0] == 'b');
  CU_ASSERT_EQUAL(class->poll(reader, 0, &chunk, &table.err), WR_OK);
  CU_ASSERT_EQUAL(reader->states[1], WR_SPLIT_DONE);
  CU_ASSERT_EQUAL(reader->progress_done, reader->progress_total);
  class->close(reader);
  class->unshare(table.spec.shared);
  connect_close(&table);
  connect_remove_folder(folder.path);
}

static const struct wr_test tests[] = {
    {"reads-file", test_reads_file},
    {"reads-folder-in-order", test_reads_folder_in_order},
    {"reads-many-files", test_reads_many_files},
    {"reads-gzip", test_reads_gzip},
    {"writes-whole-files", test_writes_whole_files},
    {"rolls-by-age", test_rolls_by_age},
    {"completes-orphans", test_completes_orphans},
    {"closes-oldest-partition", test_closes_oldest_partition},
    {"completes-orphans-of-partitions", test_completes_orphans_of_partitions},
    {"needs-partitions", test_needs_partitions},
    {"forgets-what-was-read", test_forgets_what_was_read},
    {"refuses", test_refuses},
    {NULL, NULL},
};

const struct wr_suite wr_suite_filesystem = {"filesystem", tests};
