/* SPDX-License-Identifier: Apache-2.0 */
/* Which memory a job takes for granted: machines and control groups as folders of files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "runtime/memory.h"
#include "tests/unit/check.h"

#define MIB (UINT64_C(1) << 20)

enum { FILES = 5, PATH_BYTES = 256 };

struct machine {
  const char *what;
  struct {
    const char *path, *text;
  } files[FILES];
  uint64_t whole; /* three quarters of it are expected */
};

static const struct machine machines[] = {
    {"no group", {{"proc/meminfo", "MemFree: 1 kB\nMemTotal:    8388608 kB\n"}}, 8192 * MIB},
    {"version 2, no limit",
     {{"proc/meminfo", "MemTotal: 8388608 kB\n"},
      {"proc/self/cgroup", "0::/a/b\n"},
      {"sys/fs/cgroup/a/b/memory.max", "max\n"}},
     8192 * MIB},
    {"version 2",
     {{"proc/meminfo", "MemTotal: 8388608 kB\n"},
      {"proc/self/cgroup", "0::/a/b\n"},
      {"sys/fs/cgroup/a/b/memory.max", "1073741824\n"}},
     1024 * MIB},
    {"version 2, a parent has less",
     {{"proc/meminfo", "MemTotal: 8388608 kB\n"},
      {"proc/self/cgroup", "0::/a/b\n"},
      {"sys/fs/cgroup/a/b/memory.max", "1073741824\n"},
      {"sys/fs/cgroup/a/memory.max", "536870912\n"}},
     512 * MIB},
    {"version 2, inside a container that sees its own folder alone",
     {{"proc/meminfo", "MemTotal: 8388608 kB\n"},
      {"proc/self/cgroup", "0::/docker/0123\n"},
      {"sys/fs/cgroup/memory.max", "268435456\n"}},
     256 * MIB},
    {"version 2, more than there is",
     {{"proc/meminfo", "MemTotal: 1048576 kB\n"},
      {"proc/self/cgroup", "0::/\n"},
      {"sys/fs/cgroup/memory.max", "1099511627776\n"}},
     1024 * MIB},
    {"version 1",
     {{"proc/meminfo", "MemTotal: 8388608 kB\n"},
      {"proc/self/cgroup", "5:cpu,cpuacct:/a\n4:hugetlb,memory:/a\n1:name=systemd:/a\n"},
      {"sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1073741824\n"},
      {"sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"}},
     1024 * MIB},
    {"version 1, a controller whose name only begins so",
     {{"proc/meminfo", "MemTotal: 8388608 kB\n"},
      {"proc/self/cgroup", "4:memory_of_others:/a\n"},
      {"sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1073741824\n"}},
     8192 * MIB},
    {"damaged lines",
     {{"proc/meminfo", "MemTotal: 8388608 kB\n"},
      {"proc/self/cgroup", "\n:\n::\n0::\nmemory\n"},
      {"sys/fs/cgroup/memory.max", "\n"}},
     8192 * MIB},
    {"nothing to read", {{NULL, NULL}}, 1024 * MIB},
    {"only a group",
     {{"proc/self/cgroup", "0::/\n"}, {"sys/fs/cgroup/memory.max", "536870912\n"}},
     512 * MIB},
};

/* All files lie in a folder of their own; folders are made on the way. */
static void file_write(const char *root, const char *path, const char *text)
{
  char name[PATH_BYTES];
  snprintf(name, sizeof name, "%s/%s", root, path);
  for (char *at = name + strlen(root) + 1; (at = strchr(at, '/')) != NULL; at++) {
    *at = 0;
    mkdir(name, 0700);
    *at = '/';
  }
  FILE *file = fopen(name, "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  fputs(text, file);
  fclose(file);
}

static void file_remove(const char *root, const char *path)
{
  char name[PATH_BYTES];
  snprintf(name, sizeof name, "%s/%s", root, path);
  unlink(name);
  for (char *slash; (slash = strrchr(name, '/')) != NULL && slash > name + strlen(root);) {
    *slash = 0;
    rmdir(name);
  }
}

static void test_machines(void)
{
  char root[] = "/tmp/weir-memory-XXXXXX";
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(root));
  for (size_t i = 0; i < WR_COUNT(machines); i++) {
    const struct machine *machine = &machines[i];
    for (int f = 0; f < FILES && machine->files[f].path; f++)
      file_write(root, machine->files[f].path, machine->files[f].text);
    uint64_t found = wr_memory_default(root);
    WR_CHECK(found == machine->whole / 4 * 3, "%s: %llu MiB", machine->what,
             (unsigned long long)(found / MIB));
    for (int f = 0; f < FILES && machine->files[f].path; f++)
      file_remove(root, machine->files[f].path);
  }
  rmdir(root);
}

/* Also where almost nothing is left: the least that --memory takes. */
static void test_least(void)
{
  char root[] = "/tmp/weir-memory-XXXXXX";
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(root));
  file_write(root, "proc/meminfo", "MemTotal: 1024 kB\n");
  CU_ASSERT_EQUAL(wr_memory_default(root), WR_MEMORY_BYTES_MIN);
  file_remove(root, "proc/meminfo");
  rmdir(root);
  CU_ASSERT(wr_memory_default("") >= WR_MEMORY_BYTES_MIN); /* this very machine */
}

static void test_shares(void)
{
  uint32_t percent = 0;
  for (int use = 0; use < WR_MEMORY_USES; use++) {
    percent += wr_memory_shares[use].percent;
    CU_ASSERT(wr_memory_share(1000 * MIB, use) == wr_memory_shares[use].percent * 10 * MIB);
  }
  CU_ASSERT_EQUAL(percent, 100);
  CU_ASSERT_EQUAL(wr_memory_share(UINT64_MAX, WR_MEMORY_OUTBOX), WR_OUTBOX_BYTES_MAX);
  CU_ASSERT(wr_memory_share(UINT64_MAX, WR_MEMORY_STATE) > UINT64_MAX / 2);
}

static const struct wr_test tests[] = {{"machines and their groups", test_machines},
                                       {"the least", test_least},
                                       {"shares", test_shares},
                                       {NULL, NULL}};
const struct wr_suite wr_suite_memory = {"memory", tests};
