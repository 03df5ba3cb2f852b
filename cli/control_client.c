/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket from outside: weir savepoint and weir state ask, a line at a time. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/control_inner.h"
#include "core/time.h"
#include "state/store_directory.h"

#define CLIENT_PIECE_BYTES (16 << 10)
#define CLIENT_STEP_MS     10

void wr_control_address(int folder_fd, struct sockaddr_un *address)
{
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/" WR_CONTROL_NAME,
           folder_fd);
}

static enum wr_code client_try(const char *state_dir, int folder_fd,
                               struct wr_control_client *client, int64_t process, bool *is_early,
                               struct wr_error *err)
{
  struct sockaddr_un address;
  wr_control_address(folder_fd, &address);
  *is_early = false;
  client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (client->fd < 0)
    return wr_fail(err, WR_IO, "cannot make a socket: %m");
  if (connect(client->fd, (struct sockaddr *)&address, sizeof address) == 0)
    return WR_OK;
  *is_early = errno == ENOENT || errno == ECONNREFUSED;
  wr_fail(err, WR_IO,
          "process %lld, which runs over %s, cannot be reached at %s/" WR_CONTROL_NAME ": %m",
          (long long)process, state_dir, state_dir);
  wr_control_disconnect(client);
  return err->code;
}

enum wr_code wr_control_connect(const char *state_dir, int64_t wait_us,
                                struct wr_control_client *client, int64_t *process,
                                struct wr_error *err)
{
  int64_t end_us = wr_monotonic_us() + wait_us;
  *client = (struct wr_control_client){.fd = -1};
  *process = 0;
  int folder_fd = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_fd < 0)
    return wr_fail(err, WR_IO, "cannot open the folder %s: %m", state_dir);
  enum wr_code code = WR_OK;
  for (bool is_early = true; is_early;) {
    *process = wr_store_directory_writer(state_dir);
    if (*process == 0) {
      code = wr_fail(err, WR_CONNECTION, "no process runs over %s", state_dir);
      break;
    }
    code = client_try(state_dir, folder_fd, client, *process, &is_early, err);
    is_early = is_early && wr_monotonic_us() < end_us;
    if (is_early)
      poll(NULL, 0, CLIENT_STEP_MS);
  }
  close(folder_fd);
  return code;
}

enum wr_code wr_control_ask(struct wr_control_client *client, const char *request,
                            struct wr_error *err)
{
  char line[WR_REQUEST_BYTES_MAX + 2];
  int length = snprintf(line, sizeof line, "%s\n", request);
  if (send(client->fd, line, (size_t)length, MSG_NOSIGNAL) != length)
    return wr_fail(err, WR_IO, "the running job does not listen: %m");
  return WR_OK;
}

/* Waits for more bytes. */
static enum wr_code client_receive(struct wr_control_client *client, int64_t deadline_us,
                                   struct wr_error *err)
{
  struct pollfd polls = {client->fd, POLLIN, 0};
  int64_t left_us = deadline_us - wr_monotonic_us();
  int64_t left_ms = left_us > 0 ? left_us / WR_US_PER_MS + 1 : 0;
  int ready = poll(&polls, 1, left_ms > INT32_MAX ? INT32_MAX : (int)left_ms);
  if (ready == 0)
    return wr_fail(err, WR_CONNECTION, "the running job has not answered in time");
  if (ready < 0)
    return errno == EINTR ? WR_OK : wr_fail(err, WR_IO, "cannot wait for the running job: %m");
  if (client->capacity - client->length < CLIENT_PIECE_BYTES) {
    client->capacity += CLIENT_PIECE_BYTES;
    client->bytes = wr_memory_resize(client->bytes, client->capacity);
  }
  ssize_t got = recv(client->fd, client->bytes + client->length, CLIENT_PIECE_BYTES, 0);
  if (got < 0 && errno == EINTR)
    return WR_OK;
  if (got <= 0)
    return wr_fail(err, WR_IO, "the process has gone without an answer");
  client->length += (size_t)got;
  return WR_OK;
}

enum wr_code wr_control_hear(struct wr_control_client *client, int64_t deadline_us,
                             const char **line, size_t *length, struct wr_error *err)
{
  size_t used;
  enum wr_code code = WR_OK;
  if (client->used) {
    client->length -= client->used;
    memmove(client->bytes, client->bytes + client->used, client->length);
    client->used = 0;
  }
  while (code == WR_OK && !wr_line_find(client->bytes, client->length, length, &used)) {
    if (client->length > 2 * WR_CONTROL_STATUS_BYTES_MAX)
      code = wr_fail(err, WR_DATA, "the running job answers without an end");
    else
      code = client_receive(client, deadline_us, err);
  }
  if (code != WR_OK)
    return code;
  client->used = used;
  client->bytes[*length] = 0;
  *line = client->bytes;
  return WR_OK;
}

void wr_control_disconnect(struct wr_control_client *client)
{
  if (client->fd >= 0)
    close(client->fd);
  free(client->bytes);
  *client = (struct wr_control_client){.fd = -1};
}
