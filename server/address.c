/* SPDX-License-Identifier: Apache-2.0 */
#include "server/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "text/number.h"

#define BACKLOG 1024

static bool sockaddr_is_loopback(const struct sockaddr *address)
{
  if (address->sa_family == AF_INET)
    return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 == 127;
  return address->sa_family == AF_INET6 &&
         IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

static uint32_t sockaddr_port(const struct sockaddr_storage *address)
{
  return ntohs(address->ss_family == AF_INET
                   ? ((const struct sockaddr_in *)(const void *)address)->sin_port
                   : ((const struct sockaddr_in6 *)(const void *)address)->sin6_port);
}

/* "host:port": both parts, the port may be 0. */
static enum wr_code address_split(const char *text, struct wr_arena *arena,
                                  struct wr_web_address *out, const char **port,
                                  struct wr_error *err)
{
  const char *colon = strrchr(text, ':');
  int64_t number;
  if (!colon || !wr_parse_i64(colon + 1, strlen(colon + 1), &number) || number < 0 ||
      number > 65535) {
    wr_fail(err, WR_SEMANTIC, "'%s' is no address to listen on", text);
    return wr_hint(err, "write it as 127.0.0.1:8080, [::1]:8080 or :8080 (all addresses)");
  }
  const char *host = wr_arena_copy(arena, text, (size_t)(colon - text));
  *port = colon + 1;
  if (*host && !wr_web_host_parse(host, strlen(host), &out->host)) {
    wr_fail(err, WR_SEMANTIC, "'%s' is no host to listen on", host);
    return wr_hint(err, "an IPv6 address stands in brackets: [::1]:8080");
  }
  return WR_OK;
}

static int address_open(const struct addrinfo *candidate, bool is_any)
{
  int fd = socket(candidate->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1, off = 0;
  if (fd < 0)
    return -1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (candidate->ai_family == AF_INET6)
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, is_any ? &off : &on, sizeof on);
  if (bind(fd, candidate->ai_addr, candidate->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
    return fd;
  int cause = errno;
  close(fd);
  errno = cause;
  return -1;
}

/* All addresses: IPv6 first, which then has IPv4 too. */
static const struct addrinfo *address_order(const struct addrinfo *list, int family)
{
  while (list && list->ai_family != family)
    list = list->ai_next;
  return list;
}

static enum wr_code address_bind(const char *text, const struct addrinfo *list,
                                 struct wr_web_address *out, struct wr_error *err)
{
  bool is_any = out->host.length == 0;
  static const int families[] = {AF_INET6, AF_INET};
  errno = EADDRNOTAVAIL;
  out->fd = -1;
  for (unsigned i = 0; i < 2 && out->fd < 0; i++) {
    /* A name is taken by its first address: that is what clients of this machine take, too. */
    const struct addrinfo *candidate = is_any ? address_order(list, families[i]) : list;
    if (candidate) {
      out->fd = address_open(candidate, is_any);
      out->is_loopback = !is_any && sockaddr_is_loopback(candidate->ai_addr);
      out->is_v6 = candidate->ai_family == AF_INET6;
    }
    if (!is_any)
      break;
  }
  if (out->fd < 0) {
    int cause = errno;
    wr_fail(err, WR_IO, "cannot listen on %s: %m", text);
    return cause == EADDRINUSE ? wr_hint(err, "another program listens there; port 0 takes any "
                                              "that is free")
                               : err->code;
  }
  struct sockaddr_storage bound;
  socklen_t length = sizeof bound;
  getsockname(out->fd, (struct sockaddr *)&bound, &length);
  out->port = sockaddr_port(&bound);
  return WR_OK;
}

enum wr_code wr_web_address_listen(const char *text, struct wr_arena *arena,
                                   struct wr_web_address *out, struct wr_error *err)
{
  const char *port = NULL;
  *out = (struct wr_web_address){.fd = -1};
  enum wr_code code = address_split(text, arena, out, &port, err);
  if (code != WR_OK)
    return code;
  const struct addrinfo wanted = {
      .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE, .ai_family = AF_UNSPEC};
  struct addrinfo *list = NULL;
  const char *host =
      out->host.length ? wr_arena_copy(arena, out->host.name, out->host.length) : NULL;
  int problem = getaddrinfo(host, port, &wanted, &list);
  if (problem)
    return wr_fail(err, WR_CONNECTION, "cannot find the address %s: %s", text,
                   gai_strerror(problem));
  code = address_bind(text, list, out, err);
  freeaddrinfo(list);
  return code;
}

char *wr_web_address_url(const struct wr_web_address *address, bool is_tls, struct wr_arena *arena)
{
  const struct wr_web_host *host = &address->host;
  const char *scheme = is_tls ? "https" : "http";
  if (host->length == 0)
    return wr_arena_print(arena, "%s://localhost:%u/", scheme, address->port);
  return wr_arena_print(arena, host->is_v6 ? "%s://[%.*s]:%u/" : "%s://%.*s:%u/", scheme,
                        (int)host->length, host->name, address->port);
}
