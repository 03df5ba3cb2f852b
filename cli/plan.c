/* SPDX-License-Identifier: Apache-2.0 */
/* weir check and weir explain: compile only, nothing is connected to. */
#include <stdio.h>

#include "cli/command.h"

int wr_command_check(int argc, char **argv)
{
  struct wr_arena arena = {0};
  struct wr_arguments arguments;
  struct wr_program program;
  int exit_code = WR_EXIT_USAGE;
  if (wr_arguments_parse(argc, argv, "check", 0, &arena, &arguments)) {
    exit_code = WR_EXIT_SQL;
    if (wr_program_load(&arguments, arguments.parallelism, &arena, &program)) {
      exit_code = WR_EXIT_DONE;
      for (uint32_t i = 0; i < program.warning_count; i++)
        fprintf(stderr, "weir: warning: %s\n", program.warnings[i]);
      printf("%s: ok, %u %s\n", arguments.name, program.job_count,
             program.job_count == 1 ? "job" : "jobs");
    }
  }
  wr_arena_free(&arena);
  return exit_code;
}

int wr_command_explain(int argc, char **argv)
{
  struct wr_arena arena = {0};
  struct wr_arguments arguments;
  struct wr_program program;
  int exit_code = WR_EXIT_USAGE;
  if (wr_arguments_parse(argc, argv, "explain", WR_TAKES_JSON, &arena, &arguments)) {
    exit_code = WR_EXIT_SQL;
    if (wr_program_load(&arguments, arguments.parallelism, &arena, &program)) {
      exit_code = WR_EXIT_DONE;
      for (uint32_t i = 0; i < program.job_count; i++) {
        if (arguments.json)
          printf("%s%s", i ? ",\n" : "[\n", wr_explain_json(&arena, &program.jobs[i]));
        else
          printf("%s%s", i ? "\n" : "", wr_explain_text(&arena, &program.jobs[i]));
      }
      if (arguments.json)
        puts(program.job_count ? "]" : "[]");
      if (program.job_count == 0)
        fprintf(stderr, "weir: nothing to explain: %s has no INSERT and no SELECT\n",
                arguments.name);
    }
  }
  wr_arena_free(&arena);
  return exit_code;
}
