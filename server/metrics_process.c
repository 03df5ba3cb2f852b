/* SPDX-License-Identifier: Apache-2.0 */
/* Families of the process, under the names that all clients of Prometheus use, of the server and of
 * the hub. What /proc does not tell is left out. */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "config.h"
#include "server/metrics.h"

static void put(struct wr_metrics_writer *writer, const char *name, const char *type,
                const char *help, double value)
{
  const struct wr_metric_family family = {name, type, help};
  wr_metrics_begin(writer, &family);
  wr_metrics_value(writer, NULL, value);
}

static bool read_line(const char *path, char *line, size_t size)
{
  FILE *file = fopen(path, "re");
  bool is_read = file && fgets(line, (int)size, file);
  if (file)
    fclose(file);
  return is_read;
}

/* The fields of /proc/self/stat behind the name of the program, from the third on; 0: not known. */
static double stat_field(const char *stat, int field)
{
  const char *at = strrchr(stat, ')');
  double value = 0;
  for (int i = 2; at && i < field; i++)
    at = strchr(at + 1, ' ');
  return at && sscanf(at, "%lf", &value) == 1 ? value : 0;
}

/* When the machine started; 0: not known. */
static double boot_seconds(void)
{
  char line[256];
  unsigned long long seconds = 0;
  FILE *file = fopen("/proc/stat", "re");
  while (file && fgets(line, sizeof line, file))
    if (sscanf(line, "btime %llu", &seconds) == 1)
      break;
  if (file)
    fclose(file);
  return (double)seconds;
}

static double count_descriptors(void)
{
  DIR *folder = opendir("/proc/self/fd");
  double count = -3; /* ".", "..", and the folder itself */
  if (!folder)
    return 0;
  while (readdir(folder))
    count++;
  closedir(folder);
  return count;
}

static void put_standard(struct wr_metrics_writer *writer)
{
  char stat[1024];
  struct rlimit limit;
  double ticks = (double)sysconf(_SC_CLK_TCK), page = (double)sysconf(_SC_PAGESIZE);
  if (read_line("/proc/self/stat", stat, sizeof stat)) {
    put(writer, "process_cpu_seconds_total", "counter",
        "Total user and system CPU time spent in seconds.",
        (stat_field(stat, 14) + stat_field(stat, 15)) / ticks);
    put(writer, "process_start_time_seconds", "gauge",
        "Start time of the process since unix epoch in seconds.",
        boot_seconds() + stat_field(stat, 22) / ticks);
    put(writer, "process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes.",
        stat_field(stat, 23));
    put(writer, "process_resident_memory_bytes", "gauge", "Resident memory size in bytes.",
        stat_field(stat, 24) * page);
    put(writer, "process_threads", "gauge", "Threads of the process.", stat_field(stat, 20));
  }
  put(writer, "process_open_fds", "gauge", "Number of open file descriptors.", count_descriptors());
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
    put(writer, "process_max_fds", "gauge", "Maximum number of open file descriptors.",
        (double)limit.rlim_cur);
}

static void put_build(struct wr_metrics_writer *writer)
{
  static const struct wr_metric_family family = {"weir_build_info", "gauge",
                                                 "Always 1; the version is a label."};
  wr_metrics_begin(writer, &family);
  wr_metrics_count(writer, (struct wr_metric_label[]){{"version", PACKAGE_VERSION}, {0}}, 1);
}

static void put_followers(struct wr_metrics_writer *writer, const struct wr_web_figures *figures)
{
  static const struct wr_metric_family family = {
      "weir_http_followers", "gauge", "Who follow streams, by how they are told of rows."};
  wr_metrics_begin(writer, &family);
  wr_metrics_count(writer, (struct wr_metric_label[]){{"protocol", "sse"}, {0}}, figures->events);
  wr_metrics_count(writer, (struct wr_metric_label[]){{"protocol", "ndjson"}, {0}}, figures->lines);
  wr_metrics_count(writer, (struct wr_metric_label[]){{"protocol", "websocket"}, {0}},
                   figures->websockets);
}

static void put_requests(struct wr_metrics_writer *writer, const struct wr_web_figures *figures)
{
  static const struct wr_metric_family family = {"weir_http_requests_total", "counter",
                                                 "Requests that were answered, by status."};
  wr_metrics_begin(writer, &family);
  for (int digit = 1; digit < 6; digit++) {
    char code[] = {(char)('0' + digit), 'x', 'x', 0};
    wr_metrics_count(writer, (struct wr_metric_label[]){{"code", code}, {0}},
                     figures->requests_total[digit]);
  }
}

static void put_server(struct wr_metrics_writer *writer, const struct wr_web_figures *figures)
{
  put(writer, "weir_http_connections", "gauge", "Connections to the HTTP server.",
      figures->connections);
  put(writer, "weir_http_connections_total", "counter", "Connections so far.",
      (double)figures->connections_total);
  put_requests(writer, figures);
  put_followers(writer, figures);
  put(writer, "weir_http_slow_followers_total", "counter",
      "Followers that were left behind because they took nothing, or too little.",
      (double)figures->followers_slow_total);
  put(writer, "weir_http_slow_connections_total", "counter",
      "Connections that were closed because their request did not come to an end.",
      (double)figures->connections_slow_total);
  put(writer, "weir_http_wrong_tokens_total", "counter", "Requests with a wrong token.",
      (double)figures->tokens_wrong_total);
}

void wr_metrics_put_process(struct wr_metrics_writer *writer, const struct wr_web_figures *figures,
                            uint64_t hub_bytes)
{
  put_build(writer);
  put(writer, "weir_live_bytes", "gauge", "Memory of all streams that can be followed.",
      (double)hub_bytes);
  if (figures)
    put_server(writer, figures);
  put_standard(writer);
}
