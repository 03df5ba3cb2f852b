/* SPDX-License-Identifier: Apache-2.0 */
/* What comes over the control socket, from both sides: lines, requests, replies. */
#include <stdlib.h>
#include <string.h>

#include "runtime/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
  if (!holds)
    abort();
}

static void fuzz_request(const char *line, size_t length)
{
  struct wr_request request;
  struct wr_error err;
  if (wr_request_parse(line, length, &request, &err) == WR_OK) {
    demand(length <= WR_REQUEST_BYTES_MAX && (request.stop || !request.drain));
    demand(request.kind == WR_REQUEST_SAVEPOINT || !(request.hold || request.stop));
  } else {
    demand(err.message[0] && !strpbrk(err.message, "\r\n"));
  }
}

/* What is understood is printed as the same line. */
static void fuzz_reply(const char *line, size_t length)
{
  struct wr_reply reply;
  struct wr_error err;
  if (wr_reply_parse(line, length, &reply, &err) != WR_OK) {
    demand(err.message[0] && !strpbrk(err.message, "\r\n"));
    return;
  }
  char *again = malloc(length + 16);
  demand(wr_reply_print(&reply, again, length + 16) == length);
  demand(memcmp(again, line, length) == 0);
  free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const char *at = (const char *)data;
  size_t line, used;
  while (wr_line_find(at, size, &line, &used)) {
    demand(line < used && used <= size && at[line] == '\n' && !memchr(at, '\n', line));
    fuzz_request(at, line);
    fuzz_reply(at, line);
    at += used;
    size -= used;
  }
  fuzz_request(at, size);
  return 0;
}
