/* SPDX-License-Identifier: Apache-2.0 */
/* A listening thread, and one per connection. Stopping shuts all sockets down, at which every read
 * and write of the threads returns. */
#include "tests/unit/http_server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256
#define REQUEST_BYTES   (8 << 20)

struct connection {
  struct http_server *server;
  pthread_t thread;
  int socket;
};

struct http_server {
  http_handler handler;
  void *self;
  int listener;
  uint16_t port;
  char url[64];
  pthread_t thread;
  pthread_mutex_t lock; /* of what is below */
  struct connection connections[CONNECTIONS_MAX];
  uint32_t connection_count, request_count;
  bool stops;
};

static bool send_all(int socket, const char *bytes, size_t length)
{
  while (length > 0) {
    ssize_t sent = send(socket, bytes, length, MSG_NOSIGNAL);
    if (sent <= 0)
      return false;
    bytes += sent;
    length -= (size_t)sent;
  }
  return true;
}

bool http_send(const struct http_request *request, const char *bytes, size_t length)
{
  return send_all(request->socket, bytes, length);
}

bool http_answer(const struct http_request *request, int status, const char *headers,
                 const char *body)
{
  char head[4096];
  int length = snprintf(head, sizeof head, "HTTP/1.1 %d Status\r\nContent-Length: %zu\r\n%s\r\n",
                        status, strlen(body), headers);
  return send_all(request->socket, head, (size_t)length) &&
         send_all(request->socket, body, strlen(body));
}

bool http_wait(const struct http_request *request)
{
  struct pollfd wait = {.fd = request->socket, .events = POLLRDHUP};
  poll(&wait, 1, -1);
  return false;
}

const char *http_header(const struct http_request *request, const char *name, char *out,
                        size_t size)
{
  size_t length = strlen(name);
  out[0] = '\0';
  for (const char *line = request->head; line && *line; line = strstr(line, "\r\n")) {
    line += *line == '\r' ? 2 : 0;
    if (strncasecmp(line, name, length) != 0 || line[length] != ':')
      continue;
    const char *value = line + length + 1;
    value += strspn(value, " ");
    snprintf(out, size, "%.*s", (int)strcspn(value, "\r"), value);
    break;
  }
  return out;
}

/* Reads one request into the buffer and answers it; false: the connection ends. */
static bool connection_serve(struct connection *connection, char *buffer, size_t *used)
{
  struct http_server *server = connection->server;
  char *end;
  while (!(end = *used > 0 ? memmem(buffer, *used, "\r\n\r\n", 4) : NULL)) {
    ssize_t more = recv(connection->socket, buffer + *used, REQUEST_BYTES - *used - 1, 0);
    if (more <= 0)
      return false;
    *used += (size_t)more;
  }
  *end = '\0';
  char *path = strchr(buffer, ' ');
  char *line_end = path ? strstr(path, "\r\n") : NULL;
  if (!path || !line_end)
    return false;
  *path++ = '\0';
  *line_end = '\0';
  path[strcspn(path, " ")] = '\0';
  struct http_request request = {.server = server,
                                 .socket = connection->socket,
                                 .method = buffer,
                                 .path = path,
                                 .head = line_end + 2,
                                 .body = end + 4};
  char text[32];
  request.body_length =
      strtoul(http_header(&request, "content-length", text, sizeof text), NULL, 10);
  size_t whole = (size_t)(request.body - buffer) + request.body_length;
  while (*used < whole) {
    ssize_t more = recv(connection->socket, buffer + *used, REQUEST_BYTES - *used - 1, 0);
    if (more <= 0)
      return false;
    *used += (size_t)more;
  }
  pthread_mutex_lock(&server->lock);
  request.number = server->request_count++;
  pthread_mutex_unlock(&server->lock);
  bool goes_on = server->handler(server->self, &request);
  memmove(buffer, buffer + whole, *used - whole);
  *used -= whole;
  return goes_on;
}

static void *connection_run(void *self)
{
  struct connection *connection = self;
  char *buffer = calloc(1, REQUEST_BYTES);
  size_t used = 0;
  while (connection_serve(connection, buffer, &used))
    ;
  shutdown(connection->socket, SHUT_RDWR);
  free(buffer);
  return NULL;
}

static void *server_run(void *self)
{
  struct http_server *server = self;
  for (int socket; (socket = accept(server->listener, NULL, NULL)) >= 0;) {
    int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    pthread_mutex_lock(&server->lock);
    bool takes = !server->stops && server->connection_count < CONNECTIONS_MAX;
    if (takes) {
      struct connection *connection = &server->connections[server->connection_count++];
      *connection = (struct connection){.server = server, .socket = socket};
      pthread_create(&connection->thread, NULL, connection_run, connection);
    }
    pthread_mutex_unlock(&server->lock);
    if (!takes)
      close(socket);
  }
  return NULL;
}

struct http_server *http_server_start(http_handler handler, void *self)
{
  struct http_server *server = calloc(1, sizeof *server);
  server->handler = handler;
  server->self = self;
  pthread_mutex_init(&server->lock, NULL);
  server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  if (bind(server->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
      listen(server->listener, 64) != 0 ||
      getsockname(server->listener, (struct sockaddr *)&address, &length) != 0)
    abort();
  server->port = ntohs(address.sin_port);
  snprintf(server->url, sizeof server->url, "http://127.0.0.1:%u", server->port);
  pthread_create(&server->thread, NULL, server_run, server);
  return server;
}

void http_server_stop(struct http_server *server)
{
  pthread_mutex_lock(&server->lock);
  server->stops = true;
  for (uint32_t i = 0; i < server->connection_count; i++)
    shutdown(server->connections[i].socket, SHUT_RDWR);
  pthread_mutex_unlock(&server->lock);
  shutdown(server->listener, SHUT_RDWR);
  pthread_join(server->thread, NULL);
  for (uint32_t i = 0; i < server->connection_count; i++) {
    pthread_join(server->connections[i].thread, NULL);
    close(server->connections[i].socket);
  }
  close(server->listener);
  pthread_mutex_destroy(&server->lock);
  free(server);
}

uint16_t http_server_port(const struct http_server *server)
{
  return server->port;
}

const char *http_server_url(const struct http_server *server)
{
  return server->url;
}

uint32_t http_server_connections(struct http_server *server)
{
  pthread_mutex_lock(&server->lock);
  uint32_t count = server->connection_count;
  pthread_mutex_unlock(&server->lock);
  return count;
}

uint32_t http_server_requests(struct http_server *server)
{
  pthread_mutex_lock(&server->lock);
  uint32_t count = server->request_count;
  pthread_mutex_unlock(&server->lock);
  return count;
}
