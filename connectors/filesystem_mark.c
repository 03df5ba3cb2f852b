/* SPDX-License-Identifier: Apache-2.0 */
#include "connectors/filesystem_mark.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "connectors/filesystem.h"
#include "core/hash.h"

#define MARK_SLOT_BYTES 512 /* a sector: written as a whole by most disks */
#define MARK_TEXT_BYTES 96

static uint64_t mark_hash(const char *text, size_t length)
{
  return wr_hash_bytes(text, length, 0);
}

/* "weir files 1 <sequence> <epoch> <state> <checksum>\n" in one line that people can read. */
static void mark_print(const struct wr_file_mark *mark, char *slot)
{
  memset(slot, '\n', MARK_SLOT_BYTES);
  char text[MARK_TEXT_BYTES];
  int length = snprintf(text, sizeof text, "weir files 1 %" PRIu64 " %" PRIu64 " %d ",
                        mark->sequence, mark->epoch, (int)mark->state);
  assert(length > 0 && (size_t)length < sizeof text - 20);
  uint64_t hash = mark_hash(text, (size_t)length);
  length += snprintf(text + length, sizeof text - (size_t)length, "%016" PRIx64, hash);
  memcpy(slot, text, (size_t)length);
}

/* slot: its text, ended by a NUL. False: it says nothing. */
static bool mark_scan(const char *slot, struct wr_file_mark *out)
{
  int state = 0, hashed = 0, end = 0;
  uint64_t hash = 0;
  if (sscanf(slot, "weir files 1 %20" SCNu64 " %20" SCNu64 " %1d %n%16" SCNx64 "%n", &out->sequence,
             &out->epoch, &state, &hashed, &hash, &end) != 4 ||
      end == 0 || hash != mark_hash(slot, (size_t)hashed))
    return false;
  out->state = (enum wr_file_mark_state)state;
  return state >= WR_FILE_MARK_BEGUN && state <= WR_FILE_MARK_COMPLETED;
}

static bool mark_read(struct wr_file_mark *mark)
{
  for (int slot = 0; slot < 2; slot++) {
    char text[MARK_TEXT_BYTES + 1];
    struct wr_file_mark found;
    ssize_t got = pread(mark->fd, text, MARK_TEXT_BYTES, slot * MARK_SLOT_BYTES);
    if (got < 0)
      return false;
    text[got] = '\0';
    if (!mark_scan(text, &found) || (mark->is_known && found.sequence < mark->sequence))
      continue;
    mark->is_known = true;
    mark->sequence = found.sequence;
    mark->epoch = found.epoch;
    mark->state = found.state;
  }
  return true;
}

enum wr_code wr_file_mark_open(struct wr_file_mark *mark, const char *table, const char *path,
                               struct wr_error *err)
{
  *mark = (struct wr_file_mark){.table = table,
                                .path = path,
                                .fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666)};
  if (mark->fd < 0)
    return wr_filesystem_fail(table, "open", path, err);
  enum wr_code code = WR_OK;
  if (flock(mark->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    wr_fail(err, WR_IO, "table %s: another process of the same job holds %s", table, path);
    code = wr_hint(err, "a savepoint, or a copy of a state directory, is the same job: stop the "
                        "other one first");
  } else if (!mark_read(mark)) {
    code = wr_filesystem_fail(table, "read", path, err);
  }
  if (code != WR_OK)
    wr_file_mark_close(mark);
  return code;
}

enum wr_code wr_file_mark_write(struct wr_file_mark *mark, uint64_t epoch,
                                enum wr_file_mark_state state, struct wr_error *err)
{
  char slot[MARK_SLOT_BYTES];
  struct wr_file_mark next = {.sequence = mark->sequence + 1, .epoch = epoch, .state = state};
  assert(mark->fd >= 0);
  mark_print(&next, slot);
  mark->sequence = next.sequence;
  ssize_t written = pwrite(mark->fd, slot, sizeof slot, (next.sequence & 1) * MARK_SLOT_BYTES);
  if (written != sizeof slot || fdatasync(mark->fd) != 0) {
    mark->sequence++; /* the next one goes to the same slot: the other one is whole */
    errno = written >= 0 && written < (ssize_t)sizeof slot ? ENOSPC : errno;
    return wr_filesystem_fail(mark->table, "write to", mark->path, err);
  }
  mark->is_known = true;
  mark->epoch = epoch;
  mark->state = state;
  return WR_OK;
}

void wr_file_mark_close(struct wr_file_mark *mark)
{
  if (mark->fd >= 0)
    close(mark->fd);
  mark->fd = -1;
}
