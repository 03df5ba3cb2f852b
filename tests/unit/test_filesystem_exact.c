/* SPDX-License-Identifier: Apache-2.0 */
/* Files exactly once: what publishing and going on make of a folder, whatever has happened to it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <zlib.h>

#include "connectors/filesystem_outbox.h"
#include "connectors/publisher.h"
#include "core/limits.h"
#include "core/time.h"
#include "tests/unit/connect.h"

#define JOB   "0123456789abcdef"
#define OTHER "fedcba9876543210"

/* ---- a job */

/* A sink of a job, with one writer and its publisher; several may be in one folder. */
struct job {
  char path[64];
  const char *sink, *job, *compression;
  bool has_partitions;
  bool allow_duplicates, allow_gap;
  void (*note)(void *self, const char *message); /* NULL: into table.notes */
  void *note_self;
  uint64_t epoch; /* of the last outbox */
  struct wr_buffer outbox;
  struct connect_table table; /* of the life now */
  struct wr_publisher *publisher;
  struct wr_writer *writer;
};

static const char *const job_partitions[] = {"k"};

static void job_open_table(struct job *job)
{
  connect_open(&job->table, "filesystem", NULL,
               (const char *[]){"path", job->path, "compression",
                                job->compression ? job->compression : "none",
                                "sink.rolling-policy.file-size", "100", "format", "json", NULL});
  job->table.spec.separator = "\n";
  job->table.spec.job = job->job ? job->job : JOB;
  job->table.spec.sink = job->sink ? job->sink : "t";
  if (job->note) {
    job->table.spec.note = job->note;
    job->table.spec.note_self = job->note_self;
  }
  if (job->has_partitions) {
    job->table.spec.partitions = job_partitions;
    job->table.spec.partition_count = 1;
  }
}

static enum wr_code job_recover(struct job *job, uint64_t epoch, const struct wr_buffer *outbox)
{
  const struct wr_slice slice = {outbox ? outbox->bytes : NULL,
                                 outbox ? (uint32_t)outbox->length : 0};
  const struct wr_recovery recovery = {.epoch = epoch,
                                       .previous = epoch ? epoch - 1 : 0,
                                       .outboxes = &slice,
                                       .outbox_count = outbox ? 1 : 0,
                                       .allow_duplicates = job->allow_duplicates,
                                       .allow_gap = job->allow_gap,
                                       .state_dir = "state"};
  return job->publisher->class->recover(job->publisher, &recovery, &job->table.err);
}

static void job_close(struct job *job)
{
  if (job->writer)
    job->writer->class->close(job->writer);
  if (job->publisher)
    job->publisher->class->close(job->publisher);
  job->writer = NULL;
  job->publisher = NULL;
  connect_close(&job->table);
}

/* Another life, from an epoch; a failure leaves no writer. */
static enum wr_code job_open(struct job *job, uint64_t epoch, const struct wr_buffer *outbox)
{
  job_open_table(job);
  const struct wr_publisher_class *class = job->table.connector->publisher;
  enum wr_code code = class->open(&job->table.spec, &job->publisher, &job->table.err);
  if (code == WR_OK)
    code = job_recover(job, epoch, outbox);
  if (code == WR_OK)
    code = job->table.connector->writer->open(&job->table.spec, &job->writer, &job->table.err);
  return code;
}

static void job_start(struct job *job)
{
  snprintf(job->path, sizeof job->path, "/tmp/weir-unit-XXXXXX");
  CU_ASSERT_FATAL(mkdtemp(job->path) != NULL);
  CU_ASSERT_EQUAL_FATAL(job_open(job, 0, NULL), WR_OK);
}

static void job_end(struct job *job)
{
  job_close(job);
  wr_buffer_free(&job->outbox);
  connect_remove_folder(job->path);
}

static void job_write(struct job *job, const char *text, const char *partition)
{
  struct wr_outgoing record = {.bytes = text,
                               .length = (uint32_t)strlen(text),
                               .partition = partition,
                               .partition_length = partition ? (uint32_t)strlen(partition) : 0};
  enum wr_code code = job->writer->class->write(job->writer, &record, 1, &job->table.err);
  WR_CHECK(code == WR_OK, "%s", job->table.err.message);
}

/* The outbox of the next epoch, once it has settled. */
static void job_take(struct job *job, bool last)
{
  bool settled = false;
  struct wr_error *err = &job->table.err;
  wr_buffer_clear(&job->outbox);
  job->epoch++;
  enum wr_code code = job->writer->class->outbox(job->writer, job->epoch, last, &job->outbox, err);
  WR_CHECK(code == WR_OK, "%s", err->message);
  while (code == WR_OK && !settled) {
    code = job->writer->class->settled(job->writer, job->epoch, &settled, err);
    usleep(100);
  }
}

static enum wr_code job_publish(struct job *job)
{
  const struct wr_slice slice = {job->outbox.bytes, (uint32_t)job->outbox.length};
  return job->publisher->class->publish(job->publisher, job->epoch, &slice, 1, &job->table.err);
}

static void job_copy_outbox(const struct job *job, struct wr_buffer *copy)
{
  wr_buffer_clear(copy);
  wr_buffer_put(copy, job->outbox.bytes, job->outbox.length);
}

/* A row of 60 bytes: two fill a file. */
static const char *long_row(char *text, int number)
{
  snprintf(text, 64, "%058d", number);
  return text;
}

/* ---- what is in a folder */

static int name_compare(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Appends what is in the visible files below a folder, by name; *hidden counts the others, without
 * the marks. */
static void look_into(const char *path, struct wr_buffer *text, int *hidden)
{
  char *names[300];
  int count = 0;
  DIR *folder = opendir(path);
  for (struct dirent *entry; folder && (entry = readdir(folder)) && count < 300;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
      continue;
    if (entry->d_name[0] == '.')
      *hidden += strstr(entry->d_name, ".published") == NULL;
    else
      names[count++] = strdup(entry->d_name);
  }
  if (folder)
    closedir(folder);
  qsort(names, (size_t)count, sizeof *names, name_compare);
  for (int i = 0; i < count; i++) {
    char below[600], bytes[4096];
    struct stat status;
    snprintf(below, sizeof below, "%.300s/%.255s", path, names[i]);
    free(names[i]);
    if (stat(below, &status) == 0 && S_ISDIR(status.st_mode)) {
      look_into(below, text, hidden);
      continue;
    }
    gzFile file = gzopen(below, "rb"); /* reads plain ones as they are */
    for (int got; (got = gzread(file, bytes, sizeof bytes)) > 0;)
      wr_buffer_put(text, bytes, (size_t)got);
    WR_CHECK(gzclose(file) == Z_OK, "%s is damaged", below);
  }
}

static void check_folder(const struct job *job, const char *expected, int hidden)
{
  struct wr_buffer text = {0};
  int found = 0;
  look_into(job->path, &text, &found);
  WR_CHECK(strcmp(wr_buffer_string(&text), expected) == 0, "'%s' instead of '%s'", text.bytes,
           expected);
  WR_CHECK(found == hidden, "%d hidden files instead of %d", found, hidden);
  wr_buffer_free(&text);
}

/* The first file whose name has this part, below the job's folder; kind: its first letter. */
static bool find_file(const struct job *job, const char *part, char kind, char *path, size_t size)
{
  DIR *folder = opendir(job->path);
  bool found = false;
  for (struct dirent *entry; !found && (entry = readdir(folder));) {
    found = entry->d_name[0] == kind && strstr(entry->d_name, part);
    snprintf(path, size, "%.63s/%.180s", job->path, entry->d_name);
  }
  closedir(folder);
  return found;
}

/* ---- the usual course */

static void appear_when_published(void)
{
  static const char *const compressions[] = {"none", "gzip"};
  for (size_t i = 0; i < WR_COUNT(compressions); i++) {
    struct job job = {.compression = compressions[i]};
    char row[64], want[256], path[256];
    job_start(&job);
    job_write(&job, long_row(row, 1), NULL);
    job_write(&job, long_row(row, 2), NULL);
    job_write(&job, "three", NULL);
    check_folder(&job, "", 2);
    job_take(&job, false);
    check_folder(&job, "", 2);
    CU_ASSERT(job.writer->class->outbox_bytes(job.writer) > 0);
    CU_ASSERT_EQUAL(job_publish(&job), WR_OK);
    snprintf(want, sizeof want, "%058d\n%058d\n", 1, 2);
    check_folder(&job, want, 1);
    CU_ASSERT(find_file(&job, i ? "-t-0-1-1.json.gz" : "-t-0-1-1.json", 'p', path, sizeof path));
    CU_ASSERT_EQUAL(job_publish(&job), WR_OK); /* again: nothing changes */
    check_folder(&job, want, 1);
    job_write(&job, "four", NULL); /* goes on in the same file */
    job_take(&job, false);
    CU_ASSERT_EQUAL(job_publish(&job), WR_OK);
    CU_ASSERT_EQUAL(job.writer->class->outbox_bytes(job.writer), 0);
    check_folder(&job, want, 1);
    CU_ASSERT_EQUAL(job.writer->class->finish(job.writer, &job.table.err), WR_OK);
    check_folder(&job, want, 1);
    job_take(&job, true);
    check_folder(&job, want, 1);
    CU_ASSERT_EQUAL(job_publish(&job), WR_OK);
    snprintf(want, sizeof want, "%058d\n%058d\nthree\nfour\n", 1, 2);
    check_folder(&job, want, 0);
    job_end(&job);
  }
}

/* Killed with rows behind the epoch: they are cut off, what was not complete is completed, and
 * other files are gone. */
static void go_on_from_an_epoch(void)
{
  static const char *const compressions[] = {"none", "gzip"};
  for (size_t i = 0; i < WR_COUNT(compressions); i++) {
    struct job job = {.compression = compressions[i]};
    char row[64], want[256];
    struct wr_buffer kept = {0};
    job_start(&job);
    job_write(&job, long_row(row, 1), NULL);
    job_take(&job, false);
    job_copy_outbox(&job, &kept);
    job_write(&job, long_row(row, 2), NULL);
    job_write(&job, long_row(row, 3), NULL); /* in a second file */
    job_take(&job, false);                   /* an epoch that is never sealed */
    job_close(&job);
    check_folder(&job, "", 2);
    snprintf(want, sizeof want, "%058d\n", 1);
    for (int again = 0; again < 2; again++) { /* killed before its next epoch */
      CU_ASSERT_EQUAL_FATAL(job_open(&job, 1, &kept), WR_OK);
      check_folder(&job, want, 0);
      if (again == 0)
        job_close(&job);
    }
    job.epoch = 1;
    job_write(&job, "two", NULL);
    job_take(&job, true);
    CU_ASSERT_EQUAL(job_publish(&job), WR_OK);
    snprintf(want, sizeof want, "%058d\ntwo\n", 1);
    check_folder(&job, want, 0);
    wr_buffer_free(&kept);
    job_end(&job);
  }
}

/* Killed between seal and publish. */
static void publish_what_was_sealed(void)
{
  struct job job = {0};
  char row[64], want[256];
  job_start(&job);
  job_write(&job, long_row(row, 1), NULL);
  job_write(&job, long_row(row, 2), NULL);
  job_write(&job, "three", NULL);
  job_take(&job, false);
  job_write(&job, "four", NULL);
  job_close(&job);
  CU_ASSERT_EQUAL_FATAL(job_open(&job, 1, &job.outbox), WR_OK);
  snprintf(want, sizeof want, "%058d\n%058d\nthree\n", 1, 2);
  check_folder(&job, want, 0);
  job_end(&job);
}

/* An epoch that could not be kept: its files come with the next one, each once; also if its own
 * outbox comes again. */
static void failed_epochs_are_told_again(void)
{
  for (uint32_t first = 0; first < 2; first++) {
    struct job job = {0};
    char row[64], want[256];
    struct wr_buffer failed = {0};
    job_start(&job);
    job_write(&job, long_row(row, 1), NULL);
    job_write(&job, long_row(row, 2), NULL);
    job_write(&job, "three", NULL);
    job_take(&job, false);
    job_copy_outbox(&job, &failed);
    job_write(&job, "four", NULL);
    job_take(&job, true);
    const struct wr_slice slices[] = {{failed.bytes, (uint32_t)failed.length},
                                      {job.outbox.bytes, (uint32_t)job.outbox.length}};
    CU_ASSERT_EQUAL(job.publisher->class->publish(job.publisher, job.epoch, slices + first,
                                                  2 - first, &job.table.err),
                    WR_OK);
    snprintf(want, sizeof want, "%058d\n%058d\nthree\nfour\n", 1, 2);
    check_folder(&job, want, 0);
    wr_buffer_free(&failed);
    job_end(&job);
  }
}

/* ---- what stays apart */

static void put_file(const struct job *job, const char *name, const char *text)
{
  char path[400];
  snprintf(path, sizeof path, "%s/%s", job->path, name);
  FILE *file = fopen(path, "w");
  CU_ASSERT_FATAL(file != NULL);
  fputs(text, file);
  fclose(file);
}

/* Two sinks of a job, another job and an at-least-once one in one folder. */
static void others_are_not_touched(void)
{
  struct job a = {.sink = "t"}, b = {.sink = "t-2"}, c = {.job = OTHER};
  job_start(&a);
  memcpy(b.path, a.path, sizeof b.path);
  memcpy(c.path, a.path, sizeof c.path);
  CU_ASSERT_EQUAL_FATAL(job_open(&b, 0, NULL), WR_OK);
  CU_ASSERT_EQUAL_FATAL(job_open(&c, 0, NULL), WR_OK);
  job_write(&a, "a", NULL);
  job_write(&b, "b", NULL);
  job_write(&c, "c", NULL);
  job_take(&a, false);
  job_take(&b, true);
  job_take(&c, false);
  job_close(&a);
  CU_ASSERT_EQUAL_FATAL(job_open(&a, 0, NULL), WR_OK); /* anew: only its own are gone */
  check_folder(&a, "", 2);
  CU_ASSERT_EQUAL(job_publish(&b), WR_OK);
  check_folder(&a, "b\n", 1);
  job_close(&c);
  put_file(&a, ".part-5f3-77-0-1.json.part", "left\n"); /* of an at-least-once run */
  CU_ASSERT_EQUAL_FATAL(job_open(&c, 1, &c.outbox), WR_OK);
  check_folder(&a, "b\nleft\nc\n", 0);
  job_close(&b);
  job_close(&c);
  wr_buffer_free(&b.outbox);
  wr_buffer_free(&c.outbox);
  job_end(&a);
}

/* An at-least-once writer completes what its like has left, and nothing of a job. */
static void adopting_leaves_jobs_alone(void)
{
  struct job job = {0};
  struct connect_table table;
  struct wr_writer *writer = NULL;
  job_start(&job);
  job_write(&job, "a", NULL);
  job_take(&job, false);
  connect_open(&table, "filesystem", NULL, (const char *[]){"path", job.path, NULL});
  table.spec.separator = "\n";
  CU_ASSERT_EQUAL(table.connector->writer->open(&table.spec, &writer, &table.err), WR_OK);
  check_folder(&job, "", 1);
  writer->class->close(writer);
  connect_close(&table);
  job_end(&job);
}

static void partitions_have_folders(void)
{
  struct job job = {.has_partitions = true};
  char name[32];
  struct wr_buffer want = {0}, kept = {0};
  job_start(&job);
  job_write(&job, "a", "k=1");
  job_write(&job, "b", "k=2");
  job_take(&job, false);
  CU_ASSERT_EQUAL(job_publish(&job), WR_OK);
  job_copy_outbox(&job, &kept);
  job_write(&job, "lost", "k=2");
  job_write(&job, "lost", "k=3");
  job_take(&job, false);
  job_close(&job);
  check_folder(&job, "", 3);
  CU_ASSERT_EQUAL_FATAL(job_open(&job, 1, &kept), WR_OK);
  check_folder(&job, "a\nb\n", 0);
  wr_buffer_free(&kept);
  job_close(&job);
  wr_buffer_free(&job.outbox);
  connect_remove_folder(job.path);
  /* Many more partitions than files may be open, most of them done. */
  job = (struct job){.has_partitions = true};
  job_start(&job);
  for (int i = 100; i < 100 + 2 * WR_PARTITION_FILES_MAX; i++) {
    snprintf(name, sizeof name, "k=%d", i);
    job_write(&job, "x", name);
    wr_buffer_put_string(&want, "x\n");
  }
  job_take(&job, true);
  CU_ASSERT_EQUAL(job_publish(&job), WR_OK);
  check_folder(&job, wr_buffer_string(&want), 0);
  wr_buffer_free(&want);
  job_end(&job);
}

/* ---- refusals */

static void check_refused(struct job *job, enum wr_code code, const char *part, const char *hint)
{
  WR_CHECK(code == WR_DATA, "code %d", (int)code);
  WR_CHECK(strstr(job->table.err.message, part) != NULL, "%s", job->table.err.message);
  WR_CHECK(strstr(job->table.err.hint, hint) != NULL, "%s", job->table.err.hint);
  job_close(job);
}

/* Going on from before what others have seen would show it twice; with or without the mark. */
static void older_epochs_are_refused(void)
{
  for (int has_mark = 1; has_mark >= 0; has_mark--) {
    struct job job = {0};
    struct wr_buffer old = {0};
    char row[64], path[256], want[512];
    job_start(&job);
    job_write(&job, long_row(row, 1), NULL);
    job_take(&job, false);
    CU_ASSERT_EQUAL(job_publish(&job), WR_OK);
    job_copy_outbox(&job, &old);
    job_write(&job, long_row(row, 2), NULL);
    job_write(&job, long_row(row, 3), NULL);
    job_take(&job, false);
    CU_ASSERT_EQUAL(job_publish(&job), WR_OK); /* rows 1 and 2 */
    job_close(&job);
    if (!has_mark && find_file(&job, ".published", '.', path, sizeof path))
      unlink(path);
    check_refused(&job, job_open(&job, 1, &old), "files of epoch 2 have appeared",
                  "--allow-duplicates");
    snprintf(want, sizeof want, "%058d\n%058d\n", 1, 2);
    check_folder(&job, want, 1); /* nothing has changed */
    job.allow_duplicates = true;
    CU_ASSERT_EQUAL_FATAL(job_open(&job, 1, &old), WR_OK);
    check_folder(&job, want, 0);
    job.epoch = 1;
    job_write(&job, long_row(row, 2), NULL); /* again, with a number that was there */
    job_take(&job, true);
    CU_ASSERT_EQUAL(job_publish(&job), WR_OK);
    snprintf(want, sizeof want, "%058d\n%058d\n%058d\n", 1, 2, 2);
    check_folder(&job, want, 0);
    job_close(&job);
    job.allow_duplicates = false; /* accepted once */
    CU_ASSERT_EQUAL(job_open(&job, 2, &job.outbox), WR_OK);
    check_folder(&job, want, 0);
    wr_buffer_free(&old);
    job_end(&job);
  }
}

/* A file that the epoch counts on is gone, or too short, whose rows nobody has seen. */
static void missing_files_are_refused(void)
{
  for (int is_short = 0; is_short < 2; is_short++) {
    struct job job = {0};
    char row[64], path[256];
    job_start(&job);
    job_write(&job, long_row(row, 1), NULL);
    job_take(&job, false);
    job_close(&job);
    CU_ASSERT_FATAL(find_file(&job, ".part", '.', path, sizeof path));
    CU_ASSERT_EQUAL(is_short ? truncate(path, 10) : unlink(path), 0);
    check_refused(&job, job_open(&job, 1, &job.outbox),
                  is_short ? "has only 10 bytes of the 59 that epoch 1 counts on"
                           : "which epoch 1 counts on, is not there",
                  "--allow-gap");
    check_folder(&job, "", is_short);
    job.allow_gap = true;
    CU_ASSERT_EQUAL_FATAL(job_open(&job, 1, &job.outbox), WR_OK);
    CU_ASSERT(strstr(job.table.notes, "going on with a gap") != NULL);
    check_folder(&job, "", 0);
    job_end(&job);
  }
}

/* Whoever the files are for may take them away as soon as they are visible. */
static void taken_files_are_not_missing(void)
{
  for (int life = 0; life < 2; life++) { /* published by its own life, completed by the next */
    struct job job = {0};
    char row[64], path[256];
    job_start(&job);
    job_write(&job, long_row(row, 1), NULL);
    job_write(&job, long_row(row, 2), NULL);
    job_take(&job, life == 0);
    CU_ASSERT_EQUAL(job_publish(&job), WR_OK);
    if (life == 1) {
      job_close(&job);
      CU_ASSERT_EQUAL_FATAL(job_open(&job, 1, &job.outbox), WR_OK);
    }
    job_close(&job);
    CU_ASSERT_FATAL(find_file(&job, "part-", 'p', path, sizeof path) && unlink(path) == 0);
    CU_ASSERT_EQUAL_FATAL(job_open(&job, 1, &job.outbox), WR_OK);
    check_folder(&job, "", 0);
    job_end(&job);
  }
}

/* Somebody removes a hidden file while the job runs: its rows must not be missed silently. */
static void publishing_misses_files(void)
{
  struct job job = {0};
  char path[256];
  job_start(&job);
  job_write(&job, "a", NULL);
  job_take(&job, true);
  CU_ASSERT_FATAL(find_file(&job, ".part", '.', path, sizeof path) && unlink(path) == 0);
  CU_ASSERT_EQUAL(job_publish(&job), WR_DATA);
  CU_ASSERT(strstr(job.table.err.message, "is not there") != NULL);
  job_end(&job);
}

/* Nothing is ever written over. */
static void names_that_are_taken(void)
{
  struct job job = {0};
  job_start(&job);
  put_file(&job, "part-01234567-t-0-1-1.json", "mine\n");
  job_write(&job, "a", NULL);
  job_take(&job, true); /* takes another name */
  put_file(&job, "part-01234567-t-0-1-2.json", "too late\n");
  CU_ASSERT_EQUAL(job_publish(&job), WR_IO);
  CU_ASSERT(strstr(job.table.err.message, "File exists") != NULL);
  check_folder(&job, "mine\ntoo late\n", 1);
  job_end(&job);
}

/* Stopped in the middle: one of two files has appeared, so going on from before is refused, and the
 * next life of the epoch completes it. */
static void half_published_counts(void)
{
  struct job job = {0};
  struct wr_buffer old = {0};
  char row[64], want[256], path[256];
  job_start(&job);
  job_take(&job, false);
  job_copy_outbox(&job, &old);
  for (int i = 1; i <= 4; i++)
    job_write(&job, long_row(row, i), NULL);
  job_take(&job, true);
  put_file(&job, "part-01234567-t-0-2-2.json", "taken\n");
  CU_ASSERT_EQUAL(job_publish(&job), WR_IO);
  job_close(&job);
  snprintf(want, sizeof want, "%058d\n%058d\ntaken\n", 1, 2);
  check_folder(&job, want, 1);
  check_refused(&job, job_open(&job, 1, &old), "files of epoch 2 have appeared",
                "--allow-duplicates");
  snprintf(path, sizeof path, "%s/part-01234567-t-0-2-2.json", job.path);
  CU_ASSERT_EQUAL(unlink(path), 0);
  CU_ASSERT_EQUAL_FATAL(job_open(&job, 2, &job.outbox), WR_OK);
  snprintf(want, sizeof want, "%058d\n%058d\n%058d\n%058d\n", 1, 2, 3, 4);
  check_folder(&job, want, 0);
  wr_buffer_free(&old);
  job_end(&job);
}

/* The mark of a job whose disk is full: what it is written to, and what it was. */
struct full_disk {
  struct job *job;
  int fd, real;
  bool cancels;
  uint32_t told;
};

/* Told that there is no room: makes some, or stops. */
static void full_disk_note(void *self, const char *message)
{
  struct full_disk *disk = self;
  disk->told++;
  bool is_full = strstr(message, "No space left on device; waiting for room") != NULL;
  CU_ASSERT(is_full || strstr(message, "there is room again") != NULL);
  if (is_full && disk->cancels)
    disk->job->publisher->class->cancel(disk->job->publisher);
  else if (is_full)
    dup2(disk->real, disk->fd);
}

static int find_mark(void)
{
  for (int fd = 3; fd < 100; fd++) {
    char link[64], path[300];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = '\0';
    if (length > 0 && strstr(path, ".published"))
      return fd;
  }
  return -1;
}

static void full_disks_are_waited_for(void)
{
  for (int cancels = 0; cancels < 2; cancels++) {
    struct job job = {0};
    struct full_disk disk = {.job = &job, .cancels = cancels};
    job.note = full_disk_note;
    job.note_self = &disk;
    job_start(&job);
    job_write(&job, "a", NULL);
    job_take(&job, true);
    int full = open("/dev/full", O_RDWR | O_CLOEXEC);
    disk.fd = find_mark();
    CU_ASSERT_FATAL(full >= 0 && disk.fd >= 0);
    disk.real = dup(disk.fd);
    dup2(full, disk.fd);
    CU_ASSERT_EQUAL(job_publish(&job), cancels ? WR_STOPPED : WR_OK);
    CU_ASSERT_EQUAL(disk.told, cancels ? 1 : 2);
    check_folder(&job, cancels ? "" : "a\n", cancels);
    close(full);
    close(disk.real);
    job_end(&job);
  }
}

static void folders_that_cannot_be_used(void)
{
  struct job job = {0}, second = {0};
  char path[80];
  job_start(&job);
  memcpy(second.path, job.path, sizeof second.path);
  CU_ASSERT_EQUAL(job_open(&second, 0, NULL), WR_IO);
  CU_ASSERT(strstr(second.table.err.message, "another process of the same job") != NULL);
  CU_ASSERT(strstr(second.table.err.hint, "copy of a state directory") != NULL);
  job_close(&second);
  put_file(&job, "file", "");
  snprintf(path, sizeof path, "%.63s/file", job.path);
  snprintf(second.path, sizeof second.path, "%.60s", path);
  CU_ASSERT_EQUAL(job_open(&second, 0, NULL), WR_IO);
  CU_ASSERT(strstr(second.table.err.message, "is a file; writing takes a folder") != NULL);
  job_close(&second);
  job_end(&job);
}

static void damaged_epochs_are_refused(void)
{
  struct job job = {0};
  struct wr_buffer bytes = {0};
  job_start(&job);
  wr_file_outbox_begin(&bytes, 1, 1);
  wr_file_outbox_put(&bytes, &(struct wr_file_entry){.folder = "",
                                                     .hidden = ".profile",
                                                     .shown = "part-01234567-t-0-1-1",
                                                     .length = 1});
  CU_ASSERT_EQUAL(job_recover(&job, 1, &bytes), WR_DATA);
  CU_ASSERT(strstr(job.table.err.message, ".profile is no file of t") != NULL);
  bytes.length--;
  CU_ASSERT_EQUAL(job_recover(&job, 1, &bytes), WR_DATA);
  wr_buffer_free(&bytes);
  job_end(&job);
}

static const struct wr_test tests[] = {
    {"appear when published", appear_when_published},
    {"go on from an epoch", go_on_from_an_epoch},
    {"publish what was sealed", publish_what_was_sealed},
    {"failed epochs are told again", failed_epochs_are_told_again},
    {"others are not touched", others_are_not_touched},
    {"adopting leaves jobs alone", adopting_leaves_jobs_alone},
    {"partitions have folders", partitions_have_folders},
    {"older epochs are refused", older_epochs_are_refused},
    {"missing files are refused", missing_files_are_refused},
    {"taken files are not missing", taken_files_are_not_missing},
    {"publishing misses files", publishing_misses_files},
    {"names that are taken", names_that_are_taken},
    {"half published counts", half_published_counts},
    {"full disks are waited for", full_disks_are_waited_for},
    {"folders that cannot be used", folders_that_cannot_be_used},
    {"damaged epochs are refused", damaged_epochs_are_refused},
    {0},
};
const struct wr_suite wr_suite_filesystem_exact = {"filesystem_exact", tests};
