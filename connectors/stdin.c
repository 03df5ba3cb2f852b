/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standard input as a stream of bytes with one split. A pipe cannot be read twice: a job that is
 * restored goes on only where standard input is a file. It is bounded in the sense that it ends
 * when the other side closes it.
 */
#include "connectors/connector.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text/number.h"

struct stdin_reader {
  struct wr_reader reader;
  enum wr_split_state state;
};

static const struct wr_reader_class stdin_reader_class;

static enum wr_code stdin_discover(const struct wr_table_spec *spec, struct wr_arena *arena,
                                   struct wr_split **splits, uint32_t *split_count,
                                   struct wr_error *err)
{
  (void)spec, (void)err;
  *splits = WR_NEW(arena, struct wr_split);
  (*splits)->name = "stdin";
  *split_count = 1;
  return WR_OK;
}

/* Goes to where an earlier run had come. */
static enum wr_code stdin_seek(const struct wr_table_spec *spec, const char *position,
                               struct wr_error *err)
{
  int64_t offset;
  if (!wr_parse_i64(position, strlen(position), &offset) || offset < 0)
    return wr_fail(err, WR_INTERNAL, "table %s: '%s' is no position of standard input", spec->table,
                   position);
  if (offset == 0 || lseek(STDIN_FILENO, offset, SEEK_SET) >= 0)
    return WR_OK;
  wr_fail(err, WR_IO, "table %s: standard input cannot be read again from byte %" PRId64 ": %m",
          spec->table, offset);
  return wr_hint(err, "only a file can (weir run ... < FILE); --from none starts anew");
}

static enum wr_code stdin_open(const struct wr_table_spec *spec, const struct wr_split *splits,
                               uint32_t split_count, struct wr_reader **out, struct wr_error *err)
{
  assert(split_count == 1);
  enum wr_code code = splits[0].position ? stdin_seek(spec, splits[0].position, err) : WR_OK;
  if (code != WR_OK)
    return code;
  struct stdin_reader *self = wr_memory_get_zero(sizeof *self);
  struct stat status;
  self->reader = (struct wr_reader){
      .class = &stdin_reader_class, .states = &self->state, .split_count = split_count};
  if (fstat(STDIN_FILENO, &status) == 0 && S_ISREG(status.st_mode))
    self->reader.progress_total = (uint64_t)status.st_size;
  self->state = WR_SPLIT_READING;
  *out = &self->reader;
  return WR_OK;
}

static uint32_t stdin_next_split(struct wr_reader *reader)
{
  return reader->states[0] == WR_SPLIT_DONE ? UINT32_MAX : 0;
}

static enum wr_code stdin_poll(struct wr_reader *reader, int wait_ms, struct wr_chunk *chunk,
                               struct wr_error *err)
{
  struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};
  assert(chunk->space_bytes > 0 && reader->states[0] != WR_SPLIT_DONE);
  if (poll(&ready, 1, wait_ms) == 0) {
    reader->states[0] = WR_SPLIT_CAUGHT_UP;
    return WR_OK;
  }
  ssize_t length = read(STDIN_FILENO, chunk->space, chunk->space_bytes);
  if (length < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
    return WR_OK;
  if (length < 0)
    return wr_fail(err, WR_IO, "cannot read standard input: %m");
  reader->states[0] = length == 0 ? WR_SPLIT_DONE : WR_SPLIT_READING;
  reader->progress_done += (uint64_t)length;
  chunk->split = 0;
  chunk->length = (size_t)length;
  return WR_OK;
}

static void stdin_close(struct wr_reader *reader)
{
  free(reader);
}

static bool stdin_is_bounded(const struct wr_table_spec *spec)
{
  (void)spec;
  return true;
}

static const struct wr_reader_class stdin_reader_class = {
    .discover = stdin_discover,
    .open = stdin_open,
    .close = stdin_close,
    .next_split = stdin_next_split,
    .poll = stdin_poll,
};

static const struct wr_option stdin_options[] = {{.name = NULL}};

const struct wr_connector wr_connector_stdin = {
    .name = "stdin",
    .help = "Reads standard input until it ends.",
    .options = stdin_options,
    .reader = &stdin_reader_class,
    .takes_format = true,
    .is_bounded = stdin_is_bounded,
};
