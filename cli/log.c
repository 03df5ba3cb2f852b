/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/batch.h"
#include "core/time.h"
#include "text/datetime.h"

#define LOG_LINE_BYTES 4096 /* what is longer becomes several */

struct log {
  pthread_mutex_t lock; /* of the line; the stream has one of its own, which tools do not know */
  const char *name;
  FILE *to;
  char line[LOG_LINE_BYTES];
  size_t length;
};

static void log_print(struct log *log)
{
  static const char prefix[] = "weir: ";
  char time[WR_TIMESTAMP_CHARS + 1];
  size_t skipped =
      log->length >= sizeof prefix - 1 && memcmp(log->line, prefix, sizeof prefix - 1) == 0
          ? sizeof prefix - 1
          : 0;
  time[wr_format_timestamp_ltz(wr_now_us(), 3, WR_DATETIME_ISO, time)] = 0;
  fprintf(log->to, "%s %s: %.*s\n", time, log->name, (int)(log->length - skipped),
          log->line + skipped);
  fflush(log->to);
  log->length = 0;
}

static ssize_t log_write(void *cookie, const char *bytes, size_t count)
{
  struct log *log = cookie;
  pthread_mutex_lock(&log->lock);
  for (size_t i = 0; i < count; i++) {
    if (bytes[i] == '\n' || log->length == sizeof log->line)
      log_print(log);
    if (bytes[i] != '\n')
      log->line[log->length++] = bytes[i];
  }
  pthread_mutex_unlock(&log->lock);
  return (ssize_t)count;
}

static int log_close(void *cookie)
{
  struct log *log = cookie;
  if (log->length)
    log_print(log);
  pthread_mutex_destroy(&log->lock);
  free(log);
  return 0;
}

FILE *wr_log_open(const char *name, FILE *to)
{
  struct log *log = wr_memory_get_zero(sizeof *log);
  log->name = name;
  log->to = to;
  pthread_mutex_init(&log->lock, NULL);
  FILE *file =
      fopencookie(log, "w", (cookie_io_functions_t){.write = log_write, .close = log_close});
  if (!file) {
    pthread_mutex_destroy(&log->lock);
    free(log);
    return NULL;
  }
  setvbuf(file, NULL, _IOLBF, 0);
  return file;
}

void wr_log_close(FILE *log)
{
  fclose(log);
}
