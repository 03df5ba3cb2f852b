/* SPDX-License-Identifier: Apache-2.0 */
/* The program: finds the command and runs it. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "config.h"

static const struct {
  const char *name;
  int (*run)(int argc, char **argv);
} commands[] = {
    {"run", wr_command_run},
    {"check", wr_command_check},
    {"explain", wr_command_explain},
    {"connectors", wr_command_connectors},
    {"formats", wr_command_formats},
    {"functions", wr_command_functions},
    {"types", wr_command_types},
    {"state", wr_command_state},
    {"savepoint", wr_command_savepoint},
    {"discover", wr_command_discover},
    {"import", wr_command_import},
    {"shell", wr_command_shell},
    {"serve", wr_command_serve},
    {"top", wr_command_top},
};
enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

static bool is_help(const char *argument)
{
  return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

static int unknown_command(const char *name)
{
  const char *names[COMMAND_COUNT];
  for (int i = 0; i < COMMAND_COUNT; i++)
    names[i] = commands[i].name;
  const char *nearest = wr_nearest(name, names, COMMAND_COUNT);
  fprintf(stderr, "weir: there is no command %s%s%s%s\n", name, nearest ? "; did you mean " : "",
          nearest ? nearest : "", nearest ? "?" : "");
  wr_help_hint("");
  return WR_EXIT_USAGE;
}

int main(int argc, char **argv)
{
  const char *name = argc > 1 ? argv[1] : NULL;
  if (!name) {
    wr_help_print("");
    return WR_EXIT_USAGE;
  }
  if (is_help(name) || strcmp(name, "help") == 0) {
    const char *topic = argc > 2 && !is_help(argv[2]) ? argv[2] : "";
    return wr_help_print(topic) ? WR_EXIT_DONE : unknown_command(topic);
  }
  if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0) {
    puts(PACKAGE_STRING);
    return WR_EXIT_DONE;
  }
  for (int i = 0; i < COMMAND_COUNT; i++) {
    if (strcmp(name, commands[i].name) != 0)
      continue;
    for (int a = 2; a < argc; a++)
      if (is_help(argv[a])) {
        wr_help_print(name);
        return WR_EXIT_DONE;
      }
    return commands[i].run(argc - 2, argv + 2);
  }
  return unknown_command(name);
}
