/* SPDX-License-Identifier: Apache-2.0 */
/* Lines to a file descriptor that belongs to somebody else; see the header. */
#include "connectors/output.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/batch.h"
#include "core/time.h"

#define OUTPUT_PATIENT_BYTES (64u << 10)
#define OUTPUT_SMALL_BYTES   (4u << 10) /* of batches that come one behind the other */
#define OUTPUT_SMALL_US      1000

const char *const wr_output_changes[4] = {
    [WR_INSERT] = "+I", [WR_DELETE] = "-D", [WR_UPDATE_AFTER] = "+U", [WR_UPDATE_BEFORE] = "-U"};

void wr_output_open(struct wr_output *output, int fd, bool shared)
{
  struct stat status;
  *output = (struct wr_output){.fd = fd, .shared = shared};
  output->patient = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

/* How much of bytes[0..length-1] one system call may take. */
static size_t output_piece(const struct wr_output *output, const char *bytes, size_t length)
{
  if (!output->shared || length <= PIPE_BUF)
    return length;
  const char *end = memrchr(bytes, '\n', PIPE_BUF);
  if (!end)
    end = memchr(bytes + PIPE_BUF, '\n', length - PIPE_BUF); /* one long line */
  return end ? (size_t)(end - bytes) + 1 : length;
}

static enum wr_code output_fail(const struct wr_output *output, struct wr_error *err)
{
  const char *name = output->fd == STDERR_FILENO ? "standard error" : "standard output";
  if (errno == EPIPE)
    return wr_fail(err, WR_STOPPED, "nobody reads %s any more", name);
  return wr_fail(err, WR_IO, "cannot write to %s: %m", name);
}

enum wr_code wr_output_flush(struct wr_output *output, struct wr_error *err)
{
  const char *bytes = output->buffer.bytes;
  size_t length = output->buffer.length;
  while (length) {
    ssize_t written = write(output->fd, bytes, output_piece(output, bytes, length));
    if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      /* Somebody made it non-blocking, for instance a terminal shared with another program. */
      struct pollfd ready = {.fd = output->fd, .events = POLLOUT};
      poll(&ready, 1, -1);
      continue;
    }
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return output_fail(output, err);
    assert((size_t)written <= length);
    bytes += written;
    length -= (size_t)written;
  }
  wr_buffer_clear(&output->buffer);
  output->left_us = wr_monotonic_us();
  return WR_OK;
}

enum wr_code wr_output_after_batch(struct wr_output *output, struct wr_error *err)
{
  size_t length = output->buffer.length;
  if (output->patient
          ? length < OUTPUT_PATIENT_BYTES
          : length < OUTPUT_SMALL_BYTES && wr_monotonic_us() - output->left_us < OUTPUT_SMALL_US)
    return WR_OK;
  return wr_output_flush(output, err);
}

void wr_output_close(struct wr_output *output)
{
  wr_buffer_free(&output->buffer);
}
