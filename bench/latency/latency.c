/* SPDX-License-Identifier: Apache-2.0 */
/*
 * latency BROKERS|- WEIR [RATE [SECONDS [WINDOW_MS [PARTITIONS]]]]: how long a result takes from
 * Kafka to Kafka, or with - through a pipe in and a pipe out, with the defaults of everything. Rows
 * with the time at which they are sent go out at a fixed rate, in ticks of half a millisecond; WEIR
 * counts them in tumbling windows. The time of a result is from the moment the row was handed to
 * the producer (or written to the pipe) that moves the watermark past the end of its window (of all
 * partitions the last one) to the moment the result is consumed. Topics are made anew and named
 * after the process. Default: 50,000 rows a second for 60 s, windows of 1 s, one partition.
 */
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LATENCY_WINDOWS_MAX    1000000
#define LATENCY_PARTITIONS_MAX 64
#define LATENCY_WARM_UP_S      5 /* windows that do not count: connections, first pages */
#define LATENCY_KEYS           10
#define LATENCY_ERROR_BYTES    512
#define LATENCY_TICK_US        500

struct latency {
  const char *brokers, *weir;
  char in[64], out[64], script[64];
  long rate, seconds, window_ms, partitions;
  int pipe_in, pipe_out;      /* of WEIR's standard input and output; -1: Kafka */
  rd_kafka_topic_t *topic;    /* NULL: a pipe */
  int64_t first_ms;           /* start of the first window */
  _Atomic int64_t *passed_us; /* per window: when the last partition's row behind it was sent */
  int64_t *samples;
  long sample_count;
  _Atomic bool done;
};

static int64_t clock_us(void)
{
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void fail(const char *what, const char *why)
{
  fprintf(stderr, "latency: %s: %s\n", what, why);
  exit(1);
}

static rd_kafka_t *client_new(const struct latency *self, rd_kafka_type_t type, const char *key,
                              const char *value)
{
  char why[LATENCY_ERROR_BYTES];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  if (rd_kafka_conf_set(conf, "bootstrap.servers", self->brokers, why, sizeof why) ||
      rd_kafka_conf_set(conf, key, value, why, sizeof why) ||
      (type == RD_KAFKA_PRODUCER &&
       rd_kafka_conf_set(conf, "enable.idempotence", "true", why, sizeof why)))
    fail("a setting", why);
  rd_kafka_t *client = rd_kafka_new(type, conf, why, sizeof why);
  if (!client)
    fail("a client", why);
  return client;
}

static void topics_make(const struct latency *self, rd_kafka_t *client)
{
  char why[LATENCY_ERROR_BYTES];
  rd_kafka_NewTopic_t *topics[2] = {
      rd_kafka_NewTopic_new(self->in, (int)self->partitions, 1, why, sizeof why),
      rd_kafka_NewTopic_new(self->out, 1, 1, why, sizeof why)};
  rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
  rd_kafka_CreateTopics(client, topics, 2, NULL, queue);
  rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 30000);
  if (!event || rd_kafka_event_error(event))
    fail("making topics", event ? rd_kafka_event_error_string(event) : "no answer");
  rd_kafka_event_destroy(event);
  rd_kafka_queue_destroy(queue);
  rd_kafka_NewTopic_destroy_array(topics, 2);
}

static void table_write(const struct latency *self, FILE *file, const char *topic,
                        const char *options, const char *other)
{
  if (self->brokers)
    fprintf(file,
            "WITH ('connector' = 'kafka', 'topic' = '%s', 'properties.bootstrap.servers' = '%s',\n"
            "  'format' = 'json'%s);\n",
            topic, self->brokers, options);
  else
    fprintf(file, "WITH (%s);\n", other);
}

static void script_write(struct latency *self)
{
  FILE *file = fopen(self->script, "w");
  if (!file)
    fail(self->script, "cannot be written");
  fprintf(file, "CREATE TABLE clicks (k INT, ts BIGINT, t AS TO_TIMESTAMP_LTZ(ts, 3),\n"
                "  WATERMARK FOR t AS t - INTERVAL '0.001' SECOND)\n");
  table_write(self, file, self->in, ", 'scan.startup.mode' = 'earliest-offset'",
              "'connector' = 'stdin', 'format' = 'json'");
  fprintf(file, "CREATE TABLE counts (e TIMESTAMP_LTZ(3), k INT, c BIGINT)\n");
  table_write(self, file, self->out, "", "'connector' = 'print'");
  fprintf(file,
          "INSERT INTO counts SELECT window_end, k, COUNT(*) FROM TABLE(TUMBLE(TABLE clicks,\n"
          "  DESCRIPTOR(t), INTERVAL '%ld.%03ld' SECOND)) GROUP BY window_start, window_end, k;\n",
          self->window_ms / 1000, self->window_ms % 1000);
  fclose(file);
}

static pid_t weir_start(struct latency *self)
{
  int in[2] = {-1, -1}, out[2] = {-1, -1};
  if (!self->brokers && (pipe(in) || pipe(out)))
    fail("a pipe", "cannot be made");
  pid_t pid = fork();
  if (pid == 0) {
    if (!self->brokers && (dup2(in[0], STDIN_FILENO) < 0 || dup2(out[1], STDOUT_FILENO) < 0))
      _exit(127);
    for (int i = 0; i < 2 && !self->brokers; i++) {
      close(in[i]);
      close(out[i]);
    }
    execl(self->weir, self->weir, "run", "-q", self->script, (char *)NULL);
    perror(self->weir);
    _exit(127);
  }
  if (!self->brokers) {
    close(in[0]);
    close(out[1]);
  }
  self->pipe_in = in[1];
  self->pipe_out = out[0];
  return pid;
}

/* ---- results */

/* {"e":"2026-01-02 03:04:05.678Z",... or +I[2026-01-02 03:04:05.678Z, ..., in milliseconds. */
static bool result_end(const char *bytes, size_t length, int64_t *end_ms)
{
  char text[256];
  struct tm at = {0};
  int ms = 0;
  snprintf(text, sizeof text, "%.*s", (int)length, bytes);
  size_t begin = strcspn(text, "0123456789");
  if (sscanf(text + begin, "%d-%d-%d%*c%d:%d:%d.%3d", &at.tm_year, &at.tm_mon, &at.tm_mday,
             &at.tm_hour, &at.tm_min, &at.tm_sec, &ms) < 6)
    return false;
  at.tm_year -= 1900;
  at.tm_mon -= 1;
  *end_ms = (int64_t)timegm(&at) * 1000 + ms;
  return true;
}

static void result_take(struct latency *self, const char *bytes, size_t length, int64_t now_us)
{
  int64_t end_ms;
  if (!result_end(bytes, length, &end_ms))
    return;
  int64_t window = (end_ms - self->first_ms) / self->window_ms - 1;
  if (window < LATENCY_WARM_UP_S * 1000 / self->window_ms || window >= LATENCY_WINDOWS_MAX)
    return;
  int64_t passed_us = atomic_load(&self->passed_us[window]);
  if (passed_us && self->sample_count < (long)LATENCY_WINDOWS_MAX * LATENCY_KEYS)
    self->samples[self->sample_count++] = now_us - passed_us;
}

static void *results_consume(void *argument)
{
  struct latency *self = argument;
  rd_kafka_t *client = client_new(self, RD_KAFKA_CONSUMER, "fetch.wait.max.ms", "10");
  rd_kafka_topic_t *topic = rd_kafka_topic_new(client, self->out, NULL);
  rd_kafka_consume_start(topic, 0, RD_KAFKA_OFFSET_BEGINNING);
  while (!atomic_load(&self->done)) {
    rd_kafka_message_t *message = rd_kafka_consume(topic, 0, 100);
    if (!message)
      continue;
    if (!message->err)
      result_take(self, message->payload, message->len, clock_us());
    rd_kafka_message_destroy(message);
  }
  rd_kafka_consume_stop(topic, 0);
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(client);
  return NULL;
}

static void *results_read(void *argument)
{
  struct latency *self = argument;
  FILE *file = fdopen(self->pipe_out, "r");
  char *text = NULL;
  size_t room = 0;
  for (ssize_t length; file && (length = getline(&text, &room, file)) > 0;)
    result_take(self, text, (size_t)length, clock_us());
  free(text);
  if (file)
    fclose(file);
  return NULL;
}

/* ---- rows */

/* Until the tick in which a row is due. Who looks at the clock until every single row is due takes
 * a processor away from what is measured. */
static void rows_wait(rd_kafka_t *client, int64_t due_us)
{
  int64_t tick_us = (due_us + LATENCY_TICK_US - 1) / LATENCY_TICK_US * LATENCY_TICK_US;
  const struct timespec tick = {tick_us / 1000000, tick_us % 1000000 * 1000};
  if (clock_us() >= tick_us)
    return;
  if (client)
    rd_kafka_poll(client, 0);
  clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &tick, NULL);
}

static void row_send(struct latency *self, rd_kafka_t *client, int partition, char *row,
                     size_t length)
{
  while (self->topic &&
         rd_kafka_produce(self->topic, partition, RD_KAFKA_MSG_F_COPY, row, length, NULL, 0, NULL))
    rd_kafka_poll(client, 1);
  if (self->topic)
    return;
  row[length] = '\n';
  for (size_t sent = 0; sent <= length;) {
    ssize_t some = write(self->pipe_in, row + sent, length + 1 - sent);
    if (some < 0)
      fail("writing a row", "the pipe is closed");
    sent += (size_t)some;
  }
}

static void rows_send(struct latency *self, rd_kafka_t *client)
{
  int64_t begun_us = clock_us(), window[LATENCY_PARTITIONS_MAX] = {0}, least = 0;
  self->first_ms = begun_us / 1000 / self->window_ms * self->window_ms;
  for (int64_t n = 0; n < self->rate * self->seconds; n++) {
    char row[64];
    rows_wait(client, begun_us + n * 1000000 / self->rate);
    int partition = (int)(n % self->partitions);
    int64_t now_us = clock_us(), ms = now_us / 1000;
    int length =
        snprintf(row, sizeof row, "{\"k\":%d,\"ts\":%" PRId64 "}", (int)(n % LATENCY_KEYS), ms);
    /* Windows that end before it are complete where all partitions have come so far. */
    window[partition] = (ms - self->first_ms) / self->window_ms;
    int64_t reached = window[partition];
    for (long p = 0; p < self->partitions; p++)
      reached = window[p] < reached ? window[p] : reached;
    for (; least < reached && least < LATENCY_WINDOWS_MAX; least++)
      atomic_store(&self->passed_us[least], now_us);
    row_send(self, client, partition, row, (size_t)length);
  }
}

static int compare(const void *a, const void *b)
{
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static void tell(struct latency *self)
{
  static const struct share {
    double percent;
    const char *name;
  } shares[] = {{50, "p50"},     {90, "p90"},       {99, "p99"},
                {99.9, "p99.9"}, {99.99, "p99.99"}, {100, "max"}};
  long count = self->sample_count;
  qsort(self->samples, (size_t)count, sizeof *self->samples, compare);
  printf("%s: %ld results of windows of %ld ms, %ld rows/s, %ld partitions\n",
         self->brokers ? "Kafka to Kafka" : "pipe to pipe", count, self->window_ms, self->rate,
         self->partitions);
  for (size_t i = 0; count && i < sizeof shares / sizeof *shares; i++) {
    long at = (long)((double)count * shares[i].percent / 100);
    printf("  %-6s %8.2f ms\n", shares[i].name,
           (double)self->samples[at < count ? at : count - 1] / 1000);
  }
}

static void measure(struct latency *self)
{
  rd_kafka_t *producer = NULL;
  if (self->brokers) {
    producer = client_new(self, RD_KAFKA_PRODUCER, "linger.ms", "0");
    topics_make(self, producer);
    self->topic = rd_kafka_topic_new(producer, self->in, NULL);
  }
  script_write(self);
  pid_t weir = weir_start(self);
  pthread_t reader;
  if (pthread_create(&reader, NULL, self->brokers ? results_consume : results_read, self) != 0)
    fail("a thread", "cannot be started");
  sleep(2); /* the program connects */
  rows_send(self, producer);
  if (producer)
    rd_kafka_flush(producer, 30000);
  sleep(2);
  atomic_store(&self->done, true);
  kill(weir, SIGTERM);
  waitpid(weir, NULL, 0);
  pthread_join(reader, NULL);
  unlink(self->script);
  if (producer) {
    rd_kafka_topic_destroy(self->topic);
    rd_kafka_destroy(producer);
  }
}

int main(int argc, char **argv)
{
  struct latency self = {.rate = 50000, .seconds = 60, .window_ms = 1000, .partitions = 1};
  long *const numbers[] = {&self.rate, &self.seconds, &self.window_ms, &self.partitions};
  if (argc < 3) {
    fprintf(stderr, "usage: latency BROKERS|- WEIR [RATE [SECONDS [WINDOW_MS [PARTITIONS]]]]\n");
    return 2;
  }
  self.brokers = strcmp(argv[1], "-") ? argv[1] : NULL;
  self.weir = argv[2];
  for (int i = 3; i < argc && i < 7; i++)
    *numbers[i - 3] = strtol(argv[i], NULL, 10);
  if (self.rate < 1 || self.seconds < 1 || self.window_ms < 10 || self.partitions < 1 ||
      self.partitions > (self.brokers ? LATENCY_PARTITIONS_MAX : 1))
    fail("an argument", "out of range");
  signal(SIGPIPE, SIG_IGN);
  snprintf(self.in, sizeof self.in, "latency-in-%ld", (long)getpid());
  snprintf(self.out, sizeof self.out, "latency-out-%ld", (long)getpid());
  snprintf(self.script, sizeof self.script, "/tmp/latency-%ld.sql", (long)getpid());
  self.passed_us = calloc(LATENCY_WINDOWS_MAX, sizeof *self.passed_us);
  self.samples = calloc((size_t)LATENCY_WINDOWS_MAX * LATENCY_KEYS, sizeof *self.samples);
  if (!self.passed_us || !self.samples)
    fail("memory", "not enough");
  measure(&self);
  tell(&self);
  free(self.samples);
  free((void *)self.passed_us);
  return 0;
}
