/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The id of a directory of snapshots: a part of the names of what its job writes exactly once, so
 * it must never become another one. It has a file, and every manifest says it, too. Beside it: how
 * far that job has published.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "state/store_directory_inner.h"

#define ID_NAME        "id"
#define ID_BYTES       16
#define PUBLISHED_NAME "published"

/* What the file says; false: it does not say anything that can be one. */
static enum wr_code id_read(struct wr_directory *self, bool *is_sound, struct wr_error *err)
{
  char text[ID_BYTES + 3];
  int fd = openat(self->root.fd, ID_NAME, O_RDONLY | O_CLOEXEC);
  *is_sound = false;
  if (fd < 0)
    return errno == ENOENT ? WR_OK
                           : wr_fail(err, WR_IO, "cannot open %s/%s: %m", self->path, ID_NAME);
  ssize_t length = read(fd, text, sizeof text - 1);
  enum wr_code code =
      length < 0 ? wr_fail(err, WR_IO, "cannot read %s/%s: %m", self->path, ID_NAME) : WR_OK;
  close(fd);
  if (code != WR_OK)
    return code;
  size_t used = (size_t)length;
  if (used == ID_BYTES + 1 && text[ID_BYTES] == '\n')
    used--;
  text[used] = 0;
  *is_sound = wr_store_id_is_sound(text, used);
  if (*is_sound)
    memcpy(self->store.id, text, ID_BYTES);
  return WR_OK;
}

/* Writes the file anew, so that it has the old or the new bytes. */
static enum wr_code id_write(struct wr_directory *self, const char *id, struct wr_error *err)
{
  static const char temporary[] = ID_NAME WR_DIRECTORY_TEMPORARY;
  char text[ID_BYTES + 2];
  int fd;
  snprintf(text, sizeof text, "%s\n", id);
  enum wr_code code =
      wr_store_file_write_plain(&self->root, temporary, text, strlen(text), &fd, err);
  if (code == WR_OK)
    code = wr_store_file_finish(&self->root, temporary, fd, err);
  if (code != WR_OK)
    return code;
  if (self->system->rename(self->system, self->root.fd, temporary, ID_NAME) != 0)
    return wr_fail(err, WR_IO, "cannot rename %s/%s to %s: %m", self->path, temporary, ID_NAME);
  return wr_store_folder_sync(&self->root, err);
}

enum wr_code wr_directory_find_id(struct wr_directory *self, bool *is_written, struct wr_error *err)
{
  enum wr_code code = id_read(self, is_written, err);
  for (uint32_t e = self->epoch_count; e-- > 0 && !self->store.id[0];)
    if (self->epochs[e]->damage.code == WR_OK && self->epochs[e]->manifest.id[0])
      memcpy(self->store.id, self->epochs[e]->manifest.id, ID_BYTES);
  return code;
}

/* A hint that nobody waits for: what a power failure leaves of it is read as nothing. */
void wr_directory_set_published(struct wr_store *store, uint64_t epoch)
{
  static const char temporary[] = PUBLISHED_NAME WR_DIRECTORY_TEMPORARY;
  struct wr_directory *self = wr_directory_self(store);
  struct wr_error err;
  char text[32];
  int fd, length = snprintf(text, sizeof text, "%llu\n", (unsigned long long)epoch);
  if (wr_store_file_write_plain(&self->root, temporary, text, (size_t)length, &fd, &err) != WR_OK)
    return;
  self->system->close(self->system, fd);
  self->system->rename(self->system, self->root.fd, temporary, PUBLISHED_NAME);
}

uint64_t wr_directory_published(struct wr_store *store)
{
  struct wr_directory *self = wr_directory_self(store);
  char text[32];
  const char *at = text;
  uint64_t epoch;
  int fd = openat(self->root.fd, PUBLISHED_NAME, O_RDONLY | O_CLOEXEC);
  ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  if (fd >= 0)
    close(fd);
  text[length > 0 ? length : 0] = 0;
  return wr_directory_number(&at, &epoch) && strcmp(at, "\n") == 0 ? epoch : 0;
}

/* For writing: of a new directory, or one of an earlier version, it is drawn, and on the disk
 * before anything is done with it. */
enum wr_code wr_directory_make_id(struct wr_directory *self, struct wr_error *err)
{
  uint64_t number;
  char id[ID_BYTES + 1];
  bool is_written;
  enum wr_code code = wr_directory_find_id(self, &is_written, err);
  if (code != WR_OK || is_written)
    return code;
  memcpy(id, self->store.id, sizeof id);
  while (!self->store.id[0] && getrandom(&number, sizeof number, 0) < 0)
    if (errno != EINTR)
      return wr_fail(err, WR_IO, "the system gives no random number: %m");
  bool is_new = !self->store.id[0];
  if (is_new)
    snprintf(id, sizeof id, "%016llx", (unsigned long long)number);
  code = id_write(self, id, err);
  if (code == WR_OK) {
    memcpy(self->store.id, id, sizeof id);
    self->store.id_is_new = is_new;
  }
  return code;
}
