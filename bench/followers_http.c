/* SPDX-License-Identifier: Apache-2.0 */
/*
 * followers_http HOST:PORT PATH READERS SECONDS [PID]: so many readers of one live stream, as
 * Server-Sent Events, on one thread. The rows must have a column "t" with the time when they were
 * made: microseconds since 1970, or a TIMESTAMP_LTZ as text; delivery is from there to the moment
 * when a reader has the row. The ids of each reader must count up by one. With PID the memory of
 * that process is shown before and with the readers.
 */
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048
#define STEP_US        100 /* of the histogram */
#define STEPS          100000

enum chunk_state { CHUNK_HEAD, CHUNK_SIZE, CHUNK_DATA, CHUNK_END };

struct reader {
  int fd;
  enum chunk_state state;
  uint64_t left; /* bytes of the chunk */
  char line[LINE_MAX_BYTES];
  size_t length;
  uint64_t id; /* the last one; 0: none */
};

struct figures {
  uint64_t rows, gaps, bytes, late[STEPS], measured;
  int64_t max_us, from_us, sum_us;
  uint32_t ended;
};

static int64_t now_us(void)
{
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* "2026-05-01T00:00:00.123Z" */
static int64_t time_read(const char *text)
{
  struct tm fields = {0};
  const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &fields);
  int64_t us = rest ? timegm(&fields) * INT64_C(1000000) : 0, unit = 100000;
  if (rest && *rest == '.')
    for (rest++; *rest >= '0' && *rest <= '9'; rest++, unit /= 10)
      us += (*rest - '0') * unit;
  return us;
}

static void line_take(struct reader *reader, struct figures *figures, int64_t moment_us)
{
  char *line = reader->line;
  line[reader->length] = 0;
  if (!strncmp(line, "id: ", 4)) {
    const char *number = strchr(line, '-');
    char *end;
    uint64_t id = number ? strtoull(number + 1, &end, 10) : 0;
    if (number && *end)
      return; /* of a snapshot */
    figures->gaps += reader->id && id != reader->id + 1 && id != reader->id;
    reader->id = id;
  } else if (!strncmp(line, "data: {\"op\"", 11)) {
    const char *made = strstr(line, "\"t\":");
    figures->rows++;
    if (!made || !figures->from_us)
      return;
    int64_t made_us = made[4] == '"' ? time_read(made + 5) : strtoll(made + 4, NULL, 10);
    if (made_us < figures->from_us)
      return; /* from before the measurement */
    int64_t late_us = moment_us - made_us;
    int64_t step = late_us < 0 ? 0 : late_us / STEP_US;
    figures->late[step < STEPS ? step : STEPS - 1]++;
    figures->max_us = late_us > figures->max_us ? late_us : figures->max_us;
    figures->sum_us += late_us;
    figures->measured++;
  }
}

static void data_take(struct reader *reader, struct figures *figures, const char *bytes,
                      size_t length, int64_t moment_us)
{
  while (length > 0) {
    const char *end = memchr(bytes, '\n', length);
    size_t piece = end ? (size_t)(end - bytes) : length;
    size_t kept = LINE_MAX_BYTES - 1 - reader->length;
    kept = piece < kept ? piece : kept;
    memcpy(reader->line + reader->length, bytes, kept);
    reader->length += kept;
    if (end) {
      line_take(reader, figures, moment_us);
      reader->length = 0;
      piece++;
    }
    bytes += piece;
    length -= piece;
  }
}

/* Lines of the head and of chunk sizes are put together in `line`, too: data lines are never open
 * then, or they are kept behind a mark. */
static void bytes_take(struct reader *reader, struct figures *figures, const char *bytes,
                       size_t length, int64_t moment_us)
{
  static const char head_end[] = "\r\n\r\n";
  for (size_t i = 0; i < length;) {
    char c = bytes[i];
    switch (reader->state) {
    case CHUNK_HEAD: /* left counts how much of the blank line was seen */
      reader->left = c == head_end[reader->left] ? reader->left + 1 : c == '\r';
      if (reader->left == 4) {
        reader->state = CHUNK_SIZE;
        reader->left = 0;
      }
      i++;
      break;
    case CHUNK_SIZE:
      if (c == '\n')
        reader->state = reader->left ? CHUNK_DATA : CHUNK_END;
      else if (c != '\r')
        reader->left = reader->left * 16 + (uint64_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
      i++;
      break;
    case CHUNK_DATA: {
      size_t piece = length - i < reader->left ? length - i : (size_t)reader->left;
      data_take(reader, figures, bytes + i, piece, moment_us);
      reader->left -= piece;
      i += piece;
      if (reader->left == 0)
        reader->state = CHUNK_END;
      break;
    }
    case CHUNK_END:
      if (c == '\n')
        reader->state = CHUNK_SIZE;
      i++;
      break;
    }
  }
}

static void reader_open(struct reader *reader, const struct addrinfo *address, const char *host,
                        const char *path, int epoll_fd)
{
  char request[1024];
  int length =
      snprintf(request, sizeof request,
               "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n\r\n", path, host);
  reader->fd = socket(address->ai_family, SOCK_STREAM, 0);
  if (reader->fd < 0 || connect(reader->fd, address->ai_addr, address->ai_addrlen) != 0 ||
      send(reader->fd, request, (size_t)length, MSG_NOSIGNAL) != length) {
    fprintf(stderr, "cannot connect: %s\n", strerror(errno));
    exit(1);
  }
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = reader};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, reader->fd, &event);
}

static void read_for(int epoll_fd, struct figures *figures, int64_t seconds)
{
  static char bytes[256 << 10];
  struct epoll_event events[256];
  int64_t until_us = now_us() + seconds * 1000000;
  while (now_us() < until_us) {
    int count = epoll_wait(epoll_fd, events, 256, 100);
    for (int i = 0; i < count; i++) {
      struct reader *reader = events[i].data.ptr;
      ssize_t got = recv(reader->fd, bytes, sizeof bytes, MSG_DONTWAIT);
      if (got > 0) {
        figures->bytes += (uint64_t)got;
        bytes_take(reader, figures, bytes, (size_t)got, now_us());
      } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        epoll_ctl(epoll_fd, EPOLL_CTL_DEL, reader->fd, NULL);
        figures->ended++;
      }
    }
  }
}

static int64_t share_us(const struct figures *figures, double share)
{
  uint64_t count = 0, wanted = (uint64_t)((double)figures->measured * share);
  for (int64_t step = 0; step < STEPS; step++) {
    count += figures->late[step];
    if (count > wanted)
      return (step + 1) * STEP_US;
  }
  return figures->max_us;
}

static long memory_kib(const char *pid)
{
  char name[64], line[256];
  long kib = 0;
  snprintf(name, sizeof name, "/proc/%s/status", pid);
  FILE *file = fopen(name, "r");
  while (file && fgets(line, sizeof line, file))
    if (sscanf(line, "VmRSS: %ld", &kib) == 1)
      break;
  if (file)
    fclose(file);
  return kib;
}

int main(int argc, char **argv)
{
  if (argc < 5) {
    fprintf(stderr, "usage: followers_http HOST:PORT PATH READERS SECONDS [PID]\n");
    return 2;
  }
  char host[256];
  snprintf(host, sizeof host, "%s", argv[1]);
  char *colon = strrchr(host, ':');
  int count = atoi(argv[3]), seconds = atoi(argv[4]);
  const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
  struct addrinfo *address;
  if (!colon || count < 1 || seconds < 1)
    return 2;
  *colon = 0;
  if (getaddrinfo(host, colon + 1, &wanted, &address) != 0)
    return 1;
  struct rlimit files = {(rlim_t)count + 100, (rlim_t)count + 100};
  setrlimit(RLIMIT_NOFILE, &files);
  int epoll_fd = epoll_create1(0);
  struct reader *readers = calloc((size_t)count, sizeof *readers);
  static struct figures figures;
  long before_kib = argc > 5 ? memory_kib(argv[5]) : 0;
  int64_t began_us = now_us();
  for (int i = 0; i < count; i++)
    reader_open(&readers[i], address, argv[1], argv[2], epoll_fd);
  printf("%d readers connected in %.1f s\n", count, (double)(now_us() - began_us) / 1e6);
  read_for(epoll_fd, &figures, 2);
  figures = (struct figures){.ended = figures.ended, .gaps = figures.gaps, .from_us = now_us()};
  read_for(epoll_fd, &figures, seconds);
  printf("%.0f rows/s to all readers together, %.1f MB/s; %llu gaps, %u readers ended\n",
         (double)figures.rows / seconds, (double)figures.bytes / 1e6 / seconds,
         (unsigned long long)figures.gaps, figures.ended);
  if (figures.measured)
    printf("delivery: mean %.1f ms, p50 %.1f ms, p99 %.1f ms, p99.9 %.1f ms, max %.1f ms\n",
           (double)figures.sum_us / (double)figures.measured / 1e3,
           (double)share_us(&figures, .5) / 1e3, (double)share_us(&figures, .99) / 1e3,
           (double)share_us(&figures, .999) / 1e3, (double)figures.max_us / 1e3);
  if (argc > 5) {
    long with_kib = memory_kib(argv[5]);
    printf("memory: %ld MiB before, %ld MiB with the readers: %.1f KiB each\n", before_kib / 1024,
           with_kib / 1024, (double)(with_kib - before_kib) / count);
  }
  return 0;
}
