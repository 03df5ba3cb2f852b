/* SPDX-License-Identifier: Apache-2.0 */
/* weir check and weir explain: compile only, nothing is connected to. */
#include <stdio.h>

#include "cli/command.h"

static const char *plural(uint32_t count)
{
  return count == 1 ? "" : "s";
}

static void print_summary(const struct wr_arguments *arguments, const struct wr_program *program)
{
  wr_report_warnings(arguments, program);
  printf("%s: ok, %u statement%s: %u table%s, %u view%s, %u function%s, %u job%s\n",
         arguments->name, program->statement_count, plural(program->statement_count),
         program->table_count, plural(program->table_count), program->view_count,
         plural(program->view_count), program->function_count, plural(program->function_count),
         program->job_count, plural(program->job_count));
}

int wr_command_check(int argc, char **argv)
{
  struct wr_arena arena = {0};
  struct wr_arguments arguments;
  struct wr_program program;
  int exit_code = WR_EXIT_USAGE;
  if (wr_arguments_parse(argc, argv, "check", WR_TAKES_JSON | WR_TAKES_APPLICATION, &arena,
                         &arguments)) {
    exit_code = WR_EXIT_SQL;
    arguments.check_only = true;
    if (wr_program_load(&arguments, arguments.parallelism, &arena, &program)) {
      exit_code = WR_EXIT_DONE;
      if (arguments.json)
        wr_report_json(&arguments, &(struct wr_error_list){0}, &program);
      else
        print_summary(&arguments, &program);
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
  if (wr_arguments_parse(argc, argv, "explain", WR_TAKES_JSON | WR_TAKES_APPLICATION, &arena,
                         &arguments)) {
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
