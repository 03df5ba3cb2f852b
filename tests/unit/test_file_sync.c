/* SPDX-License-Identifier: Apache-2.0 */
/* Files on their way to the disk: what settles when, and what is no failure. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connectors/file_sync.h"
#include "core/time.h"
#include "tests/unit/check.h"

static bool wait_for_epoch(struct wr_file_sync *sync, uint64_t epoch, struct wr_error *err)
{
  int64_t deadline_us = wr_monotonic_us() + 60 * WR_US_PER_SECOND;
  bool settled = false;
  while (!settled && wr_monotonic_us() < deadline_us) {
    if (wr_file_sync_settled(sync, epoch, &settled, err) != WR_OK)
      return false;
    usleep(100);
  }
  return settled;
}

static void epochs_settle_in_order(void)
{
  char path[] = "/tmp/weir-unit-XXXXXX", file[64];
  struct wr_error err;
  CU_ASSERT_FATAL(mkdtemp(path) != NULL);
  snprintf(file, sizeof file, "%s/a", path);
  int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  struct wr_file_sync *sync = wr_file_sync_new("t");
  CU_ASSERT(wait_for_epoch(sync, 1, &err)); /* nothing was given */
  for (uint64_t epoch = 1; epoch <= 20; epoch++) {
    CU_ASSERT_EQUAL(write(fd, "x", 1), 1);
    CU_ASSERT_EQUAL(wr_file_sync_file(sync, dup(fd), epoch, &err), WR_OK);
    CU_ASSERT_EQUAL(wr_file_sync_folder(sync, path, 1, epoch, &err), WR_OK);
  }
  CU_ASSERT(wait_for_epoch(sync, 7, &err));
  CU_ASSERT_EQUAL(wr_file_sync_make_room(sync, 2, &err), WR_OK);
  CU_ASSERT(wait_for_epoch(sync, 18, &err)); /* two things are left, at most */
  CU_ASSERT_EQUAL(wr_file_sync_wait(sync, &err), WR_OK);
  CU_ASSERT(wait_for_epoch(sync, 20, &err));
  wr_file_sync_free(sync);
  CU_ASSERT_EQUAL(fcntl(fd, F_GETFD), FD_CLOEXEC); /* ours is still open */
  close(fd);
  unlink(file);
  rmdir(path);
}

/* A folder that is gone, a pipe, more folders above than there are: nothing to wait for. */
static void what_cannot_be_kept_is_no_failure(void)
{
  struct wr_error err;
  int ends[2];
  struct wr_file_sync *sync = wr_file_sync_new("t");
  CU_ASSERT_FATAL(pipe(ends) == 0);
  CU_ASSERT_EQUAL(wr_file_sync_file(sync, ends[0], 1, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_file_sync_folder(sync, "/tmp/weir-unit-that-is-not-there/a", 1, 1, &err),
                  WR_OK);
  CU_ASSERT_EQUAL(wr_file_sync_folder(sync, "/tmp", 5, 1, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_file_sync_folder(sync, "somewhere", 5, 1, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_file_sync_wait(sync, &err), WR_OK);
  wr_file_sync_free(sync);
  close(ends[1]);
}

static void a_failure_stays(void)
{
  struct wr_error err;
  struct wr_file_sync *sync = wr_file_sync_new("t");
  int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  close(fd); /* nobody has it any more: EBADF */
  CU_ASSERT_EQUAL(wr_file_sync_file(sync, fd, 1, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_file_sync_wait(sync, &err), WR_IO);
  CU_ASSERT(strstr(err.message, "cannot be brought to the disk") != NULL);
  CU_ASSERT(!wait_for_epoch(sync, 1, &err));
  wr_file_sync_free(sync);
  CU_ASSERT_EQUAL(wr_file_sync_file(sync = wr_file_sync_new("t"), -1, 1, &err), WR_IO);
  wr_file_sync_free(sync);
}

static const struct wr_test tests[] = {
    {"epochs settle in order", epochs_settle_in_order},
    {"what cannot be kept is no failure", what_cannot_be_kept_is_no_failure},
    {"a failure stays", a_failure_stays},
    {0},
};
const struct wr_suite wr_suite_file_sync = {"file_sync", tests};
