/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/memory.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/limits.h"

#define MEMORY_UNKNOWN    (UINT64_C(1) << 30) /* of a machine that tells nothing */
#define MEMORY_LINE_BYTES 4096
#define MEMORY_PATH_BYTES (2 * MEMORY_LINE_BYTES)

const struct wr_memory_share wr_memory_shares[WR_MEMORY_USES] = {
    [WR_MEMORY_STATE] = {"state", 60,
                         "what windows and other steps keep; above it the job ends, after a last "
                         "epoch if it has a state directory"},
    [WR_MEMORY_SAVING] = {"saving", 15,
                          "what an epoch has copied of the state and the disk has not taken yet; "
                          "above it sources wait"},
    [WR_MEMORY_OUTBOX] = {"outbox", 10,
                          "what exactly-once sinks hold until it is published, above half of it an "
                          "epoch begins early, above it sources wait; what sinks of S3 gather for "
                          "objects, which are stored early above half of it"},
    [WR_MEMORY_REST] = {"rest", 15,
                        "rows on their way through the job, buffers of connectors, the program; "
                        "bounded by limits of their own"},
};

uint64_t wr_memory_share(uint64_t memory_bytes, enum wr_memory_use use)
{
  uint64_t bytes = memory_bytes / 100 * wr_memory_shares[use].percent;
  return use == WR_MEMORY_OUTBOX && bytes > WR_OUTBOX_BYTES_MAX ? WR_OUTBOX_BYTES_MAX : bytes;
}

/* ---- the machine */

static FILE *memory_open(const char *root, const char *path)
{
  char name[MEMORY_PATH_BYTES + 64];
  int length = snprintf(name, sizeof name, "%s%s", root, path);
  return length < (int)sizeof name ? fopen(name, "re") : NULL;
}

/* The number that a file consists of; false: there is none, or "max". */
static bool memory_read_number(const char *root, const char *path, uint64_t *value)
{
  FILE *file = memory_open(root, path);
  if (!file)
    return false;
  bool found = fscanf(file, "%" SCNu64, value) == 1;
  fclose(file);
  return found;
}

/* "MemTotal:  8123456 kB" */
static uint64_t memory_of_machine(const char *root)
{
  FILE *file = memory_open(root, "/proc/meminfo");
  char line[256];
  uint64_t kilobytes = 0;
  while (file && !kilobytes && fgets(line, sizeof line, file))
    if (sscanf(line, "MemTotal: %" SCNu64 " kB", &kilobytes) != 1)
      kilobytes = 0;
  if (file)
    fclose(file);
  return kilobytes <= UINT64_MAX / 1024 ? kilobytes * 1024 : 0;
}

/* The least limit of a group and its parents. The path of a group is that seen by whoever made it;
 * inside a container the limit often is that of the topmost folder. */
static uint64_t group_limit(const char *root, const char *mount, const char *file,
                            const char *group)
{
  char folder[MEMORY_LINE_BYTES], path[MEMORY_PATH_BYTES];
  uint64_t least = UINT64_MAX, value;
  snprintf(folder, sizeof folder, "%s", strcmp(group, "/") == 0 ? "" : group);
  for (;;) {
    snprintf(path, sizeof path, "%s%s/%s", mount, folder, file);
    if (memory_read_number(root, path, &value) && value < least)
      least = value;
    char *slash = strrchr(folder, '/');
    if (!slash)
      return least;
    *slash = 0;
  }
}

/* Whether "cpu,memory" has memory among its names. */
static bool controllers_have_memory(const char *controllers)
{
  static const char name[] = "memory";
  for (const char *at = controllers; *at; at += strcspn(at, ","), at += *at == ',')
    if (strcspn(at, ",") == strlen(name) && strncmp(at, name, strlen(name)) == 0)
      return true;
  return false;
}

/* Lines "0::/group" of version 2, "9:cpu,memory:/group" of version 1. */
static uint64_t memory_of_groups(const char *root)
{
  FILE *file = memory_open(root, "/proc/self/cgroup");
  char line[MEMORY_LINE_BYTES];
  uint64_t least = UINT64_MAX;
  while (file && fgets(line, sizeof line, file)) {
    char *controllers = strchr(line, ':');
    char *group = controllers ? strchr(++controllers, ':') : NULL;
    uint64_t limit = UINT64_MAX;
    if (!group)
      continue;
    *group++ = 0;
    group[strcspn(group, "\n")] = 0;
    if (!*controllers)
      limit = group_limit(root, "/sys/fs/cgroup", "memory.max", group);
    else if (controllers_have_memory(controllers))
      limit = group_limit(root, "/sys/fs/cgroup/memory", "memory.limit_in_bytes", group);
    least = limit < least ? limit : least;
  }
  if (file)
    fclose(file);
  return least;
}

uint64_t wr_memory_default(const char *root)
{
  uint64_t machine = memory_of_machine(root), groups = memory_of_groups(root);
  assert(root);
  if (machine == 0)
    machine = groups == UINT64_MAX ? MEMORY_UNKNOWN : groups;
  uint64_t bytes = (groups < machine ? groups : machine) / 4 * 3;
  return bytes < WR_MEMORY_BYTES_MIN ? WR_MEMORY_BYTES_MIN : bytes;
}
