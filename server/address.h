/* SPDX-License-Identifier: Apache-2.0 */
/* Where the server listens: "127.0.0.1:8080", "[::1]:8080", "localhost:0", ":8080". */
#ifndef WEIR_SERVER_ADDRESS_H
#define WEIR_SERVER_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/error.h"
#include "server/parse.h"

struct wr_web_address {
  struct wr_web_host host; /* as it was given; no length: all addresses of the machine */
  uint32_t port;           /* that was chosen */
  bool is_loopback;        /* all that is listened on */
  bool is_v6;
  int fd;
};

/* Opens, binds and listens; does not block. The host is a copy in the arena. WR_SEMANTIC: no
 * address; WR_IO, WR_CONNECTION: it is not ours or in use. */
enum wr_code wr_web_address_listen(const char *text, struct wr_arena *arena,
                                   struct wr_web_address *out, struct wr_error *err);
/* A text for people: the address as a URL. */
char *wr_web_address_url(const struct wr_web_address *address, bool is_tls, struct wr_arena *arena);

#endif
