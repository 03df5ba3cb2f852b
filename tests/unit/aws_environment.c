/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/aws_environment.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATHS_MAX 16

extern char **environ;

/* One test runs at a time. */
static char folder[64], home[512];
static char paths[PATHS_MAX][128];
static unsigned path_count;

static void forget_all(void)
{
  char name[256];
  for (char **variable = environ; *variable;) {
    if (strncmp(*variable, "AWS_", 4) != 0 || strcspn(*variable, "=") >= sizeof name) {
      variable++;
      continue;
    }
    snprintf(name, sizeof name, "%.*s", (int)strcspn(*variable, "="), *variable);
    unsetenv(name);
    variable = environ;
  }
}

void aws_environment_begin(void)
{
  const char *old = getenv("HOME");
  snprintf(home, sizeof home, "%s", old ? old : "");
  snprintf(folder, sizeof folder, "/tmp/weir-aws-XXXXXX");
  if (!mkdtemp(folder))
    abort();
  path_count = 0;
  forget_all();
  setenv("HOME", folder, 1);
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *place)
{
  (void)about;
  (void)kind;
  (void)place;
  return remove(path);
}

void aws_environment_end(void)
{
  forget_all();
  setenv("HOME", home, 1);
  nftw(folder, remove_one, 4, FTW_DEPTH | FTW_PHYS);
}

void aws_environment_set(const char *const *variables)
{
  for (; variables && *variables; variables++) {
    char name[256];
    size_t length = strcspn(*variables, "=");
    snprintf(name, sizeof name, "%.*s", (int)length, *variables);
    setenv(name, *variables + length + 1, 1);
  }
}

const char *aws_environment_file(const char *name, const char *text)
{
  if (path_count == PATHS_MAX)
    abort();
  char *path = paths[path_count++];
  snprintf(path, sizeof paths[0], "%s/.aws/%s", folder, name);
  for (char *slash = path + strlen(folder) + 1; (slash = strchr(slash, '/')); slash++) {
    *slash = '\0';
    mkdir(path, 0700);
    *slash = '/';
  }
  FILE *file = fopen(path, "w");
  if (!file || fputs(text, file) < 0 || fclose(file) != 0)
    abort();
  return path;
}

uint32_t aws_environment_options(const char *const *pairs, struct wr_option_value *values)
{
  uint32_t count = 0;
  for (; pairs[2 * count]; count++)
    values[count] =
        (struct wr_option_value){.key = pairs[2 * count], .value = pairs[2 * count + 1]};
  return count;
}
