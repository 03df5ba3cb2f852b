/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinesis_fake [OPTION=NUMBER]...: as much of Kinesis Data Streams as a reader that polls needs,
 * fast enough not to be what is measured. The records of an answer are made once, at the start; an
 * answer is a head and a part of them. All shards hold the same records, over and over, so their
 * times begin again after log-mib of data.
 *
 *   shards=1            of the stream
 *   record-bytes=230    data of a record: one bid as JSON
 *   log-mib=64          data that are made
 *   limits=0            1: five answers and 2 MiB a second per shard, at most one second saved up,
 *                       and an answer may run into debt: 10 MiB block a shard for four seconds or
 *                       five; 2: nothing is saved up, so what comes a moment early is refused
 *   written=0           bytes a second that come into a shard; 0: there is always more
 *   backlog-mib=0       that a shard holds at the start, if it is written to
 *
 * Prints its port, then a line "shard answers bytes refused" per shard, and an empty one, for each
 * line on its standard input. Ends with it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_BYTES 16384 /* of one request, with its head */
#define SMALL_BYTES   1024  /* of what an answer has but records, and of a shard's description */
#define ANSWER_DATA   (10u << 20)
#define ANSWER_COUNT  10000u
#define RATE_BYTES    (2u << 20)
#define RATE_CALLS    5
#define KEY           "key-000"

enum { SHARDS, RECORD_BYTES, LOG_MIB, LIMITS, WRITTEN, BACKLOG_MIB, OPTIONS };
static const char *const option_names[OPTIONS] = {"shards", "record-bytes", "log-mib",
                                                  "limits", "written",      "backlog-mib"};

struct shard {
  double tokens; /* bytes; below 0: debt */
  double at, calls[RATE_CALLS];
  unsigned next_call;
  uint64_t answers, bytes, refused;
};

struct fake {
  uint64_t options[OPTIONS];
  struct shard *shards;
  char *log; /* records as they stand in an answer, each with a comma behind it */
  size_t record_length;
  uint64_t record_count, counted; /* counted: bytes of one record as the limits have it */
  double began;
  int poll;
};

struct connection {
  int socket;
  size_t request_length, request_end; /* request_end: of the one that is being answered */
  char request[REQUEST_BYTES + 1];
  char *text; /* head, and the body but for records */
  struct iovec parts[5];
  int part_at, part_count;
  bool waits; /* for room */
};

static double now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void *checked(void *memory)
{
  if (!memory) {
    perror("kinesis_fake");
    exit(1);
  }
  return memory;
}

/* ---- records ---- */

static size_t put_base64(char *out, const char *in, size_t length)
{
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char *to = out;
  for (size_t i = 0; i < length; i += 3) {
    uint32_t left = (uint32_t)(length - i), word = 0;
    for (size_t j = 0; j < 3; j++)
      word = word << 8 | (j < left ? (unsigned char)in[i + j] : 0u);
    for (unsigned j = 0; j < 4; j++)
      *to++ = j <= left ? digits[word >> (18 - 6 * j) & 63] : '=';
  }
  return (size_t)(to - out);
}

/* A bid of the given length; a shard is written 2 MiB a second of event time. */
static void make_bid(char *out, size_t size, uint64_t number)
{
  uint64_t ms = number * size * 1000 / RATE_BYTES;
  time_t second = (time_t)(1767225600 + ms / 1000);
  struct tm at;
  gmtime_r(&second, &at);
  int length =
      snprintf(out, size + 1,
               "{\"auction\":%" PRIu64 ",\"price\":%" PRIu64 ",\"dateTime\":"
               "\"%04d-%02d-%02d %02d:%02d:%02d.%03d\",\"extra\":\"",
               1000 + number * 7919 % 9000, 100000 + number * 104729 % 900000, at.tm_year + 1900,
               at.tm_mon + 1, at.tm_mday, at.tm_hour, at.tm_min, at.tm_sec, (int)(ms % 1000));
  for (size_t i = (size_t)length; i < size - 2; i++)
    out[i] = (char)('a' + (i * 7 + number) % 26);
  memcpy(out + size - 2, "\"}", 2);
}

static void make_log(struct fake *self)
{
  size_t size = self->options[RECORD_BYTES], base64 = (size + 2) / 3 * 4;
  char *bid = checked(malloc(size + 1)), *record = checked(malloc(base64 + 512));
  self->counted = size + strlen(KEY);
  self->record_count = (self->options[LOG_MIB] << 20) / size;
  for (uint64_t i = 0; i < self->record_count; i++) {
    uint64_t ms = i * size * 1000 / RATE_BYTES;
    make_bid(bid, size, i);
    size_t length =
        (size_t)sprintf(record, "{\"ApproximateArrivalTimestamp\":%" PRIu64 ".%03d,\"Data\":\"",
                        1767225600 + ms / 1000, (int)(ms % 1000));
    length += put_base64(record + length, bid, size);
    length += (size_t)sprintf(
        record + length,
        "\",\"EncryptionType\":\"NONE\",\"PartitionKey\":\"key-%03d\","
        "\"SequenceNumber\":\"49680434361671395386916866068186236800641%015" PRIu64 "\"},",
        (int)(i % 1000), i);
    if (!self->log) {
      self->record_length = length;
      self->log = checked(malloc(length * self->record_count));
    }
    memcpy(self->log + i * length, record, length);
  }
  free(bid);
  free(record);
}

/* ---- answers ---- */

static void answer_text(struct connection *c, int status, size_t more, const char *format, ...)
{
  char *body;
  va_list values;
  va_start(values, format);
  int length = vasprintf(&body, format, values);
  va_end(values);
  if (length < 0 ||
      asprintf(&c->text,
               "HTTP/1.1 %d %s\r\nContent-Type: application/x-amz-json-1.1\r\n"
               "Content-Length: %zu\r\n\r\n%s",
               status, status == 200 ? "OK" : "Bad Request", (size_t)length + more, body) < 0)
    checked(NULL);
  free(body);
  c->parts[0] = (struct iovec){c->text, strlen(c->text)};
  c->part_at = 0;
  c->part_count = 1;
}

static void answer_shards(const struct fake *self, struct connection *c)
{
  uint64_t count = self->options[SHARDS];
  char *list = checked(malloc(count * SMALL_BYTES)), *at = list;
  unsigned __int128 step = count > 1 ? ~(unsigned __int128)0 / count : ~(unsigned __int128)0;
  for (uint64_t i = 0; i < count; i++) {
    unsigned __int128 ends[2] = {step * i,
                                 i + 1 < count ? step * (i + 1) - 1 : ~(unsigned __int128)0};
    char texts[2][48];
    for (int j = 0; j < 2; j++) {
      char *to = texts[j] + 47;
      *to = '\0';
      do
        *--to = (char)('0' + (int)(ends[j] % 10));
      while ((ends[j] /= 10) > 0);
      memmove(texts[j], to, strlen(to) + 1);
    }
    at += sprintf(at,
                  "%s{\"ShardId\":\"shardId-%012" PRIu64 "\",\"HashKeyRange\":{\"StartingHashKey\":"
                  "\"%s\",\"EndingHashKey\":\"%s\"},\"SequenceNumberRange\":"
                  "{\"StartingSequenceNumber\":\"1\"}}",
                  i ? "," : "", i, texts[0], texts[1]);
  }
  answer_text(c, 200, 0, "{\"Shards\":[%s]}", list);
  free(list);
}

/* Whether the limits of a shard let it answer. */
static bool shard_may(struct fake *self, struct shard *shard)
{
  double time = now(), saved = self->options[LIMITS] == 2 ? 0 : RATE_BYTES;
  shard->tokens += (time - shard->at) * RATE_BYTES;
  shard->tokens = shard->tokens < saved ? shard->tokens : saved;
  shard->at = time;
  if (self->options[LIMITS] == 0)
    return true;
  if (shard->tokens < 0 || shard->calls[shard->next_call] > time - 1)
    return false;
  shard->calls[shard->next_call] = time;
  shard->next_call = (shard->next_call + 1) % RATE_CALLS;
  return true;
}

/* How many records a shard holds by now. */
static uint64_t shard_end(const struct fake *self)
{
  double bytes = (double)(self->options[BACKLOG_MIB] << 20) +
                 (double)self->options[WRITTEN] * (now() - self->began);
  return self->options[WRITTEN] ? (uint64_t)bytes / self->counted : UINT64_MAX;
}

static void answer_records(struct fake *self, struct connection *c, uint64_t number,
                           uint64_t position, uint64_t most)
{
  struct shard *shard = &self->shards[number];
  if (!shard_may(self, shard)) {
    shard->refused++;
    answer_text(c, 400, 0,
                "{\"__type\":\"ProvisionedThroughputExceededException\",\"message\":"
                "\"Rate exceeded for shard shardId-%012" PRIu64 "\"}",
                number);
    return;
  }
  uint64_t end = shard_end(self), count = ANSWER_DATA / self->options[RECORD_BYTES];
  count = count < ANSWER_COUNT ? count : ANSWER_COUNT;
  count = count < most ? count : most;
  count = count < end - position ? count : end - position;
  uint64_t behind_ms = self->options[WRITTEN] ? (end - position - count) * self->counted * 1000 /
                                                    self->options[WRITTEN]
                                              : 60000;
  size_t length = count * self->record_length;
  answer_text(c, 200, length - (count > 0) + 2,
              "{\"MillisBehindLatest\":%" PRIu64 ",\"NextShardIterator\":\"%" PRIu64 ":%" PRIu64
              "\",\"Records\":[",
              behind_ms, number, position + count);
  uint64_t from = position % self->record_count;
  uint64_t first = count < self->record_count - from ? count : self->record_count - from;
  c->parts[1] = (struct iovec){self->log + from * self->record_length, first * self->record_length};
  c->parts[2] = (struct iovec){self->log, (count - first) * self->record_length};
  c->parts[3] = (struct iovec){"]}", 2};
  c->part_count = 4;
  if (count)
    c->parts[first < count ? 2 : 1].iov_len--; /* the comma */
  shard->tokens -= (double)(count * self->counted);
  shard->bytes += count * self->counted;
  shard->answers++;
}

static const char *value_of(const char *body, const char *name)
{
  const char *at = strstr(body, name);
  return at ? at + strlen(name) : "";
}

/* The request is whole and ends with a zero. */
static void answer(struct fake *self, struct connection *c, const char *action, const char *body)
{
  uint64_t position = 0, number = 0;
  if (strncmp(action, "ListShards\r", 11) == 0) {
    answer_shards(self, c);
  } else if (strncmp(action, "DescribeStreamSummary\r", 22) == 0) {
    answer_text(
        c, 200, 0,
        "{\"StreamDescriptionSummary\":{\"StreamName\":\"s\",\"StreamARN\":\"arn:aws:kinesis:"
        "us-east-1:000000000000:stream/s\",\"StreamStatus\":\"ACTIVE\",\"OpenShardCount\":%" PRIu64
        "}}",
        self->options[SHARDS]);
  } else if (strncmp(action, "GetShardIterator\r", 17) == 0) {
    number = strtoull(value_of(body, "\"shardId-"), NULL, 10);
    answer_text(c, 200, 0, "{\"ShardIterator\":\"%" PRIu64 ":0\"}", number);
  } else if (strncmp(action, "GetRecords\r", 11) == 0 &&
             sscanf(value_of(body, "\"ShardIterator\":\""), "%" SCNu64 ":%" SCNu64, &number,
                    &position) == 2 &&
             number < self->options[SHARDS]) {
    uint64_t most = strtoull(value_of(body, "\"Limit\":"), NULL, 10);
    answer_records(self, c, number, position, most ? most : ANSWER_COUNT);
  } else {
    answer_text(c, 400, 0, "{\"__type\":\"InvalidArgumentException\",\"message\":\"not here\"}");
  }
}

/* ---- connections ---- */

static void connection_watch(struct fake *self, struct connection *c, bool waits)
{
  struct epoll_event event = {.events = waits ? EPOLLOUT : EPOLLIN, .data.ptr = c};
  if (waits != c->waits)
    epoll_ctl(self->poll, EPOLL_CTL_MOD, c->socket, &event);
  c->waits = waits;
}

/* Sends what is left. False: the connection is gone. */
static bool connection_send(struct fake *self, struct connection *c)
{
  while (c->part_at < c->part_count) {
    ssize_t sent = writev(c->socket, c->parts + c->part_at, c->part_count - c->part_at);
    if (sent < 0 && errno == EAGAIN) {
      connection_watch(self, c, true);
      return true;
    }
    if (sent < 0)
      return false;
    for (size_t left = (size_t)sent; c->part_at < c->part_count; c->part_at++) {
      struct iovec *part = &c->parts[c->part_at];
      size_t taken = left < part->iov_len ? left : part->iov_len;
      part->iov_base = (char *)part->iov_base + taken;
      part->iov_len -= taken;
      left -= taken;
      if (part->iov_len)
        break;
    }
  }
  if (c->text) {
    free(c->text);
    c->text = NULL;
    c->request_length -= c->request_end;
    memmove(c->request, c->request + c->request_end, c->request_length + 1);
    connection_watch(self, c, false);
  }
  return true;
}

/* Answers requests that are whole. False: the connection is gone, or talks something else. */
static bool connection_serve(struct fake *self, struct connection *c)
{
  while (!c->text) {
    char *body = strstr(c->request, "\r\n\r\n");
    if (!body)
      return c->request_length < REQUEST_BYTES;
    *body = '\0';
    const char *length = strcasestr(c->request, "\r\nContent-Length:");
    const char *target = strcasestr(c->request, "\r\nX-Amz-Target: Kinesis_20131202.");
    *body = '\r';
    body += 4;
    size_t size = length ? strtoull(length + 17, NULL, 10) : 0;
    if (!target || size > REQUEST_BYTES)
      return false;
    c->request_end = (size_t)(body - c->request) + size;
    if (c->request_end > c->request_length)
      return c->request_end <= REQUEST_BYTES;
    char after = c->request[c->request_end];
    c->request[c->request_end] = '\0';
    answer(self, c, target + 33, body);
    c->request[c->request_end] = after;
    if (!connection_send(self, c))
      return false;
  }
  return true;
}

static bool connection_step(struct fake *self, struct connection *c)
{
  if (c->waits)
    return connection_send(self, c) && (c->waits || connection_serve(self, c));
  ssize_t got = read(c->socket, c->request + c->request_length, REQUEST_BYTES - c->request_length);
  if (got <= 0)
    return got < 0 && errno == EAGAIN;
  c->request_length += (size_t)got;
  c->request[c->request_length] = '\0';
  return connection_serve(self, c);
}

static void connection_close(struct connection *c)
{
  close(c->socket);
  free(c->text);
  free(c);
}

static void connection_accept(struct fake *self, int listener)
{
  int one = 1, socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
  if (socket < 0)
    return;
  struct connection *c = checked(calloc(1, sizeof *c));
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  c->socket = socket;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  epoll_ctl(self->poll, EPOLL_CTL_ADD, socket, &event);
}

/* ---- */

static bool report(const struct fake *self)
{
  char line[256];
  if (read(0, line, sizeof line) <= 0)
    return false;
  for (uint64_t i = 0; i < self->options[SHARDS]; i++) {
    const struct shard *shard = &self->shards[i];
    printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", i, shard->answers, shard->bytes,
           shard->refused);
  }
  printf("\n");
  return fflush(stdout) == 0;
}

static int start_listening(void)
{
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) || listen(listener, 1024) ||
      getsockname(listener, (struct sockaddr *)&address, &size))
    checked(NULL);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return listener;
}

static void set_options(struct fake *self, int argc, char **argv)
{
  const uint64_t fallback[OPTIONS] = {1, 230, 64, 0, 0, 0};
  memcpy(self->options, fallback, sizeof fallback);
  for (int i = 1; i < argc; i++) {
    size_t length = strcspn(argv[i], "=");
    int which = 0;
    while (which < OPTIONS && (strlen(option_names[which]) != length ||
                               memcmp(option_names[which], argv[i], length) != 0))
      which++;
    if (which == OPTIONS || argv[i][length] != '=') {
      fprintf(stderr, "kinesis_fake: '%s' is no option\n", argv[i]);
      exit(2);
    }
    self->options[which] = strtoull(argv[i] + length + 1, NULL, 10);
  }
  if (self->options[SHARDS] == 0 || self->options[SHARDS] > 10000 || self->options[LOG_MIB] < 10 ||
      self->options[RECORD_BYTES] < 120 || self->options[RECORD_BYTES] > (1 << 20)) {
    fprintf(
        stderr,
        "kinesis_fake: shards are 1 to 10000, record-bytes 120 to 1048576, log-mib is 10 or more\n");
    exit(2);
  }
}

int main(int argc, char **argv)
{
  struct fake self = {.poll = epoll_create1(0)};
  set_options(&self, argc, argv);
  signal(SIGPIPE, SIG_IGN);
  make_log(&self);
  self.shards = checked(calloc(self.options[SHARDS], sizeof *self.shards));
  self.began = now();
  for (uint64_t i = 0; i < self.options[SHARDS]; i++)
    self.shards[i] = (struct shard){.at = self.began};
  int listener = start_listening();
  struct epoll_event events[64] = {{.events = EPOLLIN, .data.ptr = &listener}};
  epoll_ctl(self.poll, EPOLL_CTL_ADD, listener, &events[0]);
  events[0].data.ptr = NULL;
  epoll_ctl(self.poll, EPOLL_CTL_ADD, 0, &events[0]);
  for (;;) {
    int count = epoll_wait(self.poll, events, 64, -1);
    for (int i = 0; i < count; i++) {
      struct connection *c = events[i].data.ptr;
      if (!c && !report(&self))
        return 0;
      if ((void *)c == &listener)
        connection_accept(&self, listener);
      else if (c && !connection_step(&self, c))
        connection_close(c);
    }
  }
}
