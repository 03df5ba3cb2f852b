/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of the program and what they share. */
#ifndef WEIR_CLI_COMMAND_H
#define WEIR_CLI_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/profile.h"
#include "core/arena.h"
#include "core/error.h"
#include "planner/planner.h"
#include "server/server.h"

/* Exit codes. */
enum { WR_EXIT_DONE = 0, WR_EXIT_SQL = 1, WR_EXIT_USAGE = 2, WR_EXIT_FAILED = 3 };

#define WR_SETTINGS_MAX     64
#define WR_HTTP_ORIGINS_MAX 16
#define WR_REPLACED_MAX     64

/* --from: which epoch of the state directory a job goes on from. */
enum wr_from { WR_FROM_LATEST, WR_FROM_NONE, WR_FROM_EPOCH };

struct wr_application_piece;

/* A command line after the command's name, as parsed by wr_arguments_parse. */
struct wr_arguments {
  const char *name; /* of the SQL text, for messages: its path, "-e" or "stdin" */
  const char *text; /* the SQL text */
  size_t length;
  /* Applications of Kinesis Data Analytics (cli/import.c): what of the text is their code. */
  const char *code_name; /* for messages; NULL: the text is what the user wrote */
  size_t code_offset, code_length;
  const char *script_name;                   /* of the rest, which is made */
  const struct wr_application_piece *pieces; /* of it */
  uint32_t piece_count;
  const char *code_file;                 /* --code; NULL: not given */
  const char *replaced[WR_REPLACED_MAX]; /* NAME=PATH of --input and --output */
  bool replaced_input[WR_REPLACED_MAX];
  uint32_t replaced_count;
  struct wr_option_value settings[WR_SETTINGS_MAX];
  uint32_t setting_count;
  uint32_t parallelism; /* 0: not given */
  const char *format;   /* of the console; "auto" unless given */
  bool json, quiet;
  const char *state_dir; /* NULL: none */
  enum wr_from from;
  bool has_from;
  uint64_t from_epoch;      /* FROM_EPOCH */
  bool allow_dropped_state; /* steps that are gone, or other ones now, may lose their state */
  bool allow_duplicates;    /* exactly-once sinks: where it is not known what was published */
  bool allow_gap;
  uint64_t memory_bytes; /* of the job; 0: not given */
  bool drain;            /* at a signal windows fire */
  enum wr_profile_format profile;
  const char *profile_file;      /* NULL: standard error */
  bool check_only;               /* weir check */
  FILE *messages;                /* where people read notes and errors; NULL: standard error */
  struct wr_server_options http; /* address NULL: nobody can watch */
  const char *origins[WR_HTTP_ORIGINS_MAX]; /* http.origins */
  bool http_wait;                           /* goes on serving when all jobs are over */
  const char *state_root;                   /* weir serve; NULL: not given */
  /* --test, for the project's own tests; see tests/README.md */
  uint32_t test_batch_rows;
  uint64_t test_cut; /* records after which an epoch is taken and the job starts again from it */
  uint32_t test_cut_parallelism; /* of the second half */
  uint32_t test_cut_epochs;      /* further epochs before that one */
  bool test_rules_off;
  bool test_endless;
};

/* Which options a command takes. */
enum {
  WR_TAKES_FORMAT = 1,
  WR_TAKES_JSON = 2,
  WR_TAKES_QUIET = 4,
  WR_TAKES_STATE = 8,
  WR_TAKES_HTTP = 16,
  WR_TAKES_FOLDER = 32,     /* instead of SQL; what belongs to all of its jobs */
  WR_TAKES_APPLICATION = 64 /* SQL, or the description of an application */
};

/* Reads arguments and the SQL text; false: it has complained on standard error (exit code 2). */
bool wr_arguments_parse(int argc, char **argv, const char *command, unsigned takes,
                        struct wr_arena *arena, struct wr_arguments *out);

/* If the text describes an application, makes the script that runs it; elsewhere does nothing.
 * required: it must. False: it has complained. */
bool wr_arguments_import(struct wr_arguments *arguments, const char *command, bool required,
                         struct wr_arena *arena);

/* What a sentence about a job is printed to. */
static inline FILE *wr_messages(const struct wr_arguments *arguments)
{
  return arguments->messages ? arguments->messages : stderr;
}

/* Errors in SQL where people read them: place, state, sentence, line, caret, hint. Without a
 * position: one sentence. */
void wr_report_errors(const struct wr_arguments *arguments, const struct wr_error_list *errors);
/* Warnings, in the same place. */
void wr_report_warnings(const struct wr_arguments *arguments, const struct wr_program *program);
/* The same, and warnings, as one JSON object on standard output; program NULL: it was not built. */
void wr_report_json(const struct wr_arguments *arguments, const struct wr_error_list *errors,
                    const struct wr_program *program);

/* Builds the program as the arguments say; errors are the caller's to report. */
bool wr_program_plan(const struct wr_arguments *arguments, uint32_t parallelism,
                     struct wr_arena *arena, struct wr_program *out, struct wr_error_list *errors);
/* The same; on failure reports it and returns false. */
bool wr_program_load(const struct wr_arguments *arguments, uint32_t parallelism,
                     struct wr_arena *arena, struct wr_program *out);

int wr_command_run(int argc, char **argv);
int wr_command_check(int argc, char **argv);
int wr_command_explain(int argc, char **argv);
int wr_command_connectors(int argc, char **argv);
int wr_command_formats(int argc, char **argv);
int wr_command_functions(int argc, char **argv);
int wr_command_types(int argc, char **argv);
int wr_command_state(int argc, char **argv);
int wr_command_savepoint(int argc, char **argv);
int wr_command_discover(int argc, char **argv);
int wr_command_import(int argc, char **argv);
int wr_command_shell(int argc, char **argv);
int wr_command_serve(int argc, char **argv);
int wr_command_top(int argc, char **argv);

/* The help text of a command on standard output; false: there is none of that name. */
bool wr_help_print(const char *command);
/* Where to find help, on standard error. */
void wr_help_hint(const char *command);

#endif
