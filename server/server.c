/* SPDX-License-Identifier: Apache-2.0 */
/* Starting and stopping, and the way of a request through libmicrohttpd: address, head, body,
 * reply. */
#include "server/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/time.h"
#include "server/follow.h"
#include "server/inner.h"
#include "server/watch.h"
#include "server/websocket.h"

#define CONNECTION_MEMORY  (40 << 10)  /* the head of a request and its reply's */
#define THROWN_BYTES_MAX   (1 << 20)   /* of a body that is refused, before the connection ends */
#define SEND_BUFFER_BYTES  (128 << 10) /* the kernel's, per connection: else it grows to MiBs */
#define DESCRIPTORS_OTHERS 512         /* for all that is not a connection */
#define PEM_FILE_BYTES_MAX (1 << 20)
#define KEEPALIVE_STEP_S   15 /* lines of JSON say nothing while no row comes */
#define KEEPALIVE_STEPS    4
#define GOODBYE_US         (3 * WR_US_PER_SECOND)
#define GOODBYE_STEP_NS    5000000
#define TLS_PRIORITIES     "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1"

/* ---- the way of a request */

/* The request line has come; con_cls of the request. */
static void *server_on_target(void *self, const char *target, struct MHD_Connection *mhd)
{
  struct wr_web_exchange *exchange = wr_memory_get_zero(sizeof *exchange);
  struct wr_web_request *request = &exchange->request;
  exchange->server = self;
  exchange->mhd = mhd;
  request->context = &exchange->server->context;
  request->arena = &exchange->arena;
  request->connection =
      MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
  request->path = "/";
  if (wr_web_target_parse(target, strlen(target), &exchange->arena, &exchange->target,
                          &exchange->err) == WR_OK) {
    request->path = exchange->target.path;
    request->query = exchange->target.fields;
    request->query_count = exchange->target.field_count;
  }
  return exchange;
}

static enum MHD_Result exchange_answer(struct wr_web_exchange *exchange)
{
  struct wr_web_request *request = &exchange->request;
  enum wr_code code = exchange->err.code;
  wr_connection_enter(request->connection, WR_CONNECTION_REPLY);
  if (code == WR_OK && !exchange->is_refused) {
    request->body = wr_buffer_string(&exchange->body);
    request->body_length = exchange->body.length;
    code = request->route ? request->route->handler(request, &exchange->reply, &exchange->err)
                          : wr_asset_reply(request, &exchange->reply, &exchange->err);
    assert(code == WR_OK || !exchange->reply.taken);
  }
  return wr_reply_queue(exchange, code);
}

/* A body comes whose length can be relied on, without being asked for, and it is not too long. */
static bool exchange_has_body(const struct wr_web_exchange *exchange)
{
  const char *length = wr_web_header(&exchange->request, "Content-Length");
  uint32_t status = exchange->reply.status;
  return length && strtoull(length, NULL, 10) <= THROWN_BYTES_MAX && status != 400 &&
         status != 431 && !wr_web_header(&exchange->request, "Expect") &&
         !wr_web_header(&exchange->request, "Transfer-Encoding");
}

/* The head is complete. Refusals wait for a body that is not too long, since many clients do not
 * read before they have written. */
static enum MHD_Result exchange_begin(struct wr_web_exchange *exchange, const char *method)
{
  struct wr_web_request *request = &exchange->request;
  bool is_done;
  exchange->has_begun = true;
  request->is_head = !strcmp(method, "HEAD");
  request->method =
      request->is_head ? "GET" : wr_arena_copy(request->arena, method, strlen(method));
  wr_connection_enter(request->connection, WR_CONNECTION_BODY);
  exchange->is_refused = wr_guard_check(exchange, &is_done) != WR_OK || is_done;
  if (exchange->is_refused && !exchange_has_body(exchange))
    return exchange_answer(exchange);
  return MHD_YES;
}

static enum MHD_Result exchange_body(struct wr_web_exchange *exchange, const char *bytes,
                                     size_t length)
{
  if (!exchange->is_refused && exchange->body.length + length > WR_HTTP_REQUEST_BYTES_MAX) {
    wr_web_fail(&exchange->reply, 413, &exchange->err, WR_LIMIT,
                "the body of the request has more than %d bytes", WR_HTTP_REQUEST_BYTES_MAX);
    exchange->is_refused = true;
  }
  if (!exchange->is_refused) {
    wr_buffer_put(&exchange->body, bytes, length);
    return MHD_YES;
  }
  exchange->thrown += length;
  return exchange->thrown > THROWN_BYTES_MAX ? MHD_NO : MHD_YES;
}

static enum MHD_Result server_on_request(void *self, struct MHD_Connection *mhd, const char *url,
                                         const char *method, const char *version,
                                         const char *upload, size_t *upload_length,
                                         void **request_self)
{
  struct wr_web_exchange *exchange = *request_self;
  (void)self, (void)mhd, (void)url, (void)version;
  if (!exchange->has_begun)
    return exchange_begin(exchange, method);
  if (*upload_length) {
    enum MHD_Result result = exchange_body(exchange, upload, *upload_length);
    *upload_length = 0;
    return result;
  }
  return exchange->is_answered ? MHD_YES : exchange_answer(exchange);
}

static void server_on_completed(void *self, struct MHD_Connection *mhd, void **request_self,
                                enum MHD_RequestTerminationCode how)
{
  struct wr_web_exchange *exchange = *request_self;
  (void)self, (void)mhd, (void)how;
  if (!exchange)
    return;
  *request_self = NULL;
  atomic_fetch_sub(&exchange->server->reply_bytes, exchange->reply_bytes);
  wr_websocket_abandon(exchange->reply.websocket);
  wr_connection_enter(exchange->request.connection, WR_CONNECTION_HEAD);
  wr_buffer_free(&exchange->body);
  wr_buffer_free(&exchange->reply.body);
  wr_arena_free(&exchange->arena);
  free(exchange);
}

static void server_on_connection(void *self, struct MHD_Connection *mhd, void **connection_self,
                                 enum MHD_ConnectionNotificationCode what)
{
  struct wr_server *server = self;
  if (what == MHD_CONNECTION_NOTIFY_STARTED) {
    int fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    const int on = 1, send_bytes = SEND_BUFFER_BYTES;
    const int idle_s = WR_HTTP_IDLE_S, step_s = KEEPALIVE_STEP_S, steps = KEEPALIVE_STEPS;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &step_s, sizeof step_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &steps, sizeof steps);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof send_bytes);
    *connection_self = wr_connections_add(server->connections, mhd, fd);
  } else {
    wr_connections_remove(server->connections, *connection_self);
    *connection_self = NULL;
  }
}

/* Paths are decoded by wr_web_target_parse: what libmicrohttpd makes of them is not used. */
static size_t server_unescape(void *self, struct MHD_Connection *mhd, char *text)
{
  (void)self, (void)mhd;
  return strlen(text);
}

/* ---- TLS */

static enum wr_code pem_read(const char *file, bool is_secret, struct wr_arena *arena,
                             const char **out, struct wr_error *err)
{
  struct stat facts;
  FILE *stream = fopen(file, "re");
  if (!stream || fstat(fileno(stream), &facts) != 0 || !S_ISREG(facts.st_mode) ||
      facts.st_size > PEM_FILE_BYTES_MAX) {
    if (!stream)
      return wr_fail(err, WR_IO, "cannot open %s: %m", file);
    fclose(stream);
    return wr_fail(err, WR_IO, "%s is no file of at most %d bytes", file, PEM_FILE_BYTES_MAX);
  }
  if (is_secret && facts.st_mode & S_IRWXO) {
    fclose(stream);
    wr_fail(err, WR_SEMANTIC, "the TLS key %s may be read or written by everybody", file);
    return wr_hint(err, "chmod 600 %s", file);
  }
  char *text = wr_arena_get_zero(arena, (size_t)facts.st_size + 1);
  size_t got = fread(text, 1, (size_t)facts.st_size, stream);
  text[got] = 0;
  fclose(stream);
  *out = text;
  return WR_OK;
}

/* libmicrohttpd would only say that it cannot start. */
static enum wr_code tls_check(const struct wr_server_options *options, const char *certificate,
                              const char *key, struct wr_error *err)
{
  BIO *certificate_bio = BIO_new_mem_buf(certificate, -1), *key_bio = BIO_new_mem_buf(key, -1);
  X509 *x509 = PEM_read_bio_X509(certificate_bio, NULL, NULL, NULL);
  const char *no_password = "";
  EVP_PKEY *private_key =
      PEM_read_bio_PrivateKey(key_bio, NULL, NULL, (void *)(uintptr_t)no_password);
  enum wr_code code = WR_OK;
  if (!x509)
    code = wr_fail(err, WR_SEMANTIC, "%s has no certificate in PEM form", options->tls_certificate);
  else if (!private_key)
    code = wr_fail(err, WR_SEMANTIC, "%s has no private key in PEM form without a password",
                   options->tls_key);
  else if (X509_check_private_key(x509, private_key) != 1)
    code = wr_fail(err, WR_SEMANTIC, "the key in %s is not that of the certificate in %s",
                   options->tls_key, options->tls_certificate);
  ERR_clear_error();
  X509_free(x509);
  EVP_PKEY_free(private_key);
  BIO_free(certificate_bio);
  BIO_free(key_bio);
  return code;
}

static enum wr_code tls_read(const struct wr_server_options *options, struct wr_arena *arena,
                             const char **certificate, const char **key, struct wr_error *err)
{
  if (!options->tls_certificate != !options->tls_key)
    return wr_fail(err, WR_SEMANTIC, "TLS needs both a certificate and its key");
  if (!options->tls_certificate)
    return WR_OK;
  enum wr_code code = pem_read(options->tls_certificate, false, arena, certificate, err);
  if (code == WR_OK)
    code = pem_read(options->tls_key, true, arena, key, err);
  return code == WR_OK ? tls_check(options, *certificate, *key, err) : code;
}

/* ---- options */

static enum wr_code server_origins(struct wr_server *server,
                                   const struct wr_server_options *options, struct wr_error *err)
{
  server->origins = WR_NEW_ARRAY(&server->arena, const char *, options->origin_count + 1);
  for (uint32_t i = 0; i < options->origin_count; i++) {
    const char *text = options->origins[i];
    struct wr_web_origin origin;
    if (!strcmp(text, "*")) {
      server->any_origin = true;
    } else if (!wr_web_origin_parse(text, strlen(text), &origin)) {
      wr_fail(err, WR_SEMANTIC, "'%s' is no origin of pages", text);
      return wr_hint(err, "write it as https://dashboards.example.org, without a path");
    } else {
      server->origins[server->origin_count++] = wr_arena_copy(&server->arena, text, strlen(text));
    }
  }
  return WR_OK;
}

static enum wr_code server_options(struct wr_server *server,
                                   const struct wr_server_options *options, struct wr_error *err)
{
  enum wr_code code =
      wr_web_address_listen(options->address, &server->arena, &server->address, err);
  if (code == WR_OK && !server->address.is_loopback && !options->token_file) {
    wr_fail(err, WR_SEMANTIC, "%s can be reached from other machines, which needs a token",
            options->address);
    return wr_hint(err, "give a file with one by --http-token-file, or listen on 127.0.0.1");
  }
  if (code == WR_OK && options->token_file)
    code = wr_auth_new(options->token_file, &server->auth, err);
  if (code == WR_OK)
    code = server_origins(server, options, err);
  return code;
}

/* Each connection is a descriptor: as many as the system lets us have. */
static unsigned server_connections_max(void)
{
  struct rlimit limit;
  const rlim_t wanted = WR_HTTP_CONNECTIONS_MAX + DESCRIPTORS_OTHERS;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return WR_HTTP_CONNECTIONS_MAX;
  if (limit.rlim_cur < wanted) {
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur >= wanted)
    return WR_HTTP_CONNECTIONS_MAX;
  return limit.rlim_cur > 2 * DESCRIPTORS_OTHERS ? (unsigned)limit.rlim_cur - DESCRIPTORS_OTHERS
                                                 : (unsigned)limit.rlim_cur / 2;
}

static struct MHD_Daemon *server_daemon(struct wr_server *server, const char *certificate,
                                        const char *key)
{
  const struct MHD_OptionItem tls[] = {
      {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)certificate},
      {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key},
      {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES},
      {MHD_OPTION_END, 0, NULL}};
  unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE |
                   MHD_USE_TURBO | (server->address.is_v6 ? MHD_USE_IPv6 : 0);
  if (certificate)
    flags |= MHD_USE_TLS;
  const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  struct MHD_Daemon *daemon = MHD_start_daemon(
      flags, 0, NULL, NULL, server_on_request, server, MHD_OPTION_LISTEN_SOCKET, server->address.fd,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_LIMIT,
      server_connections_max(), MHD_OPTION_PER_IP_CONNECTION_LIMIT,
      (unsigned)WR_HTTP_ADDRESS_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
      (unsigned)WR_HTTP_IDLE_S, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK,
      server_on_target, server, MHD_OPTION_NOTIFY_COMPLETED, server_on_completed, server,
      MHD_OPTION_NOTIFY_CONNECTION, server_on_connection, server, MHD_OPTION_UNESCAPE_CALLBACK,
      server_unescape, server, MHD_OPTION_ARRAY, certificate ? tls : none, MHD_OPTION_END);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return daemon;
}

static enum wr_code server_run(struct wr_server *server, const struct wr_server_options *options,
                               struct wr_error *err)
{
  const char *certificate = NULL, *key = NULL;
  enum wr_code code = server_options(server, options, err);
  if (code == WR_OK)
    code = tls_read(options, &server->arena, &certificate, &key, err);
  server->is_tls = certificate != NULL;
  if (code == WR_OK)
    code = wr_connections_new(&server->connections, err);
  if (code == WR_OK)
    code = wr_websockets_new(server, &server->websockets, err);
  if (code != WR_OK)
    return code;
  server->url = wr_web_address_url(&server->address, server->is_tls, &server->arena);
  server->daemon = server_daemon(server, certificate, key);
  if (!server->daemon)
    return wr_fail(err, WR_IO, "cannot start the HTTP server on %s", options->address);
  server->address.fd = -1; /* the daemon's now */
  return WR_OK;
}

enum wr_code wr_server_start(const struct wr_server_options *options, struct wr_jobs *jobs,
                             struct wr_hub *hub, struct wr_server **out, struct wr_error *err)
{
  struct wr_server *server = wr_memory_get_zero(sizeof *server);
  wr_error_clear(err);
  server->address.fd = -1;
  server->budget = wr_follow_budget_new(wr_monotonic_us());
  server->context = (struct wr_web_context){.jobs = jobs,
                                            .hub = hub,
                                            .away_us = options->away_us ? options->away_us
                                                                        : 30 * WR_US_PER_SECOND,
                                            .reload = options->reload,
                                            .reload_self = options->reload_self,
                                            .began_us = wr_now_us(),
                                            .server = server};
  enum wr_code code = wr_watch_new(jobs, &server->context.watch, err);
  if (code == WR_OK)
    code = server_run(server, options, err);
  if (code != WR_OK) {
    wr_server_stop(server);
    return code;
  }
  *out = server;
  return WR_OK;
}

const char *wr_server_address(const struct wr_server *server)
{
  return server->url;
}

/* Event streams end by themselves once they have sent what they have; who does not take it in a
 * moment is cut off. libmicrohttpd must not stop while one of them is suspended. */
static void server_say_goodbye(struct wr_server *server)
{
  int64_t until_us = wr_monotonic_us() + GOODBYE_US;
  bool is_shut = false;
  while (atomic_load(&server->events) + atomic_load(&server->lines) > 0) {
    wr_connections_beat(server->connections);
    if (!is_shut && wr_monotonic_us() > until_us) {
      wr_connections_shut(server->connections, WR_CONNECTION_FOLLOW);
      is_shut = true;
    }
    nanosleep(&(struct timespec){.tv_nsec = GOODBYE_STEP_NS}, NULL);
  }
}

void wr_server_stop(struct wr_server *server)
{
  if (!server)
    return;
  atomic_store(&server->stopping, true);
  if (server->daemon) {
    int fd = MHD_quiesce_daemon(server->daemon);
    if (fd >= 0)
      close(fd);
    server_say_goodbye(server);
  }
  wr_websockets_stop(server->websockets);
  if (server->daemon)
    MHD_stop_daemon(server->daemon);
  wr_websockets_free(server->websockets);
  wr_connections_free(server->connections);
  wr_watch_free(server->context.watch);
  if (server->address.fd >= 0)
    close(server->address.fd);
  wr_follow_budget_let_go(server->budget);
  wr_auth_free(server->auth);
  wr_arena_free(&server->arena);
  free(server);
}
