/* SPDX-License-Identifier: Apache-2.0 */
/* weir shell: what its files share. The order of reading is that of the parts below. */
#ifndef WEIR_CLI_SHELL_H
#define WEIR_CLI_SHELL_H

#include <stdio.h>

#include "cli/command.h"
#include "cli/shell_scan.h"
#include "core/limits.h"
#include "text/buffer.h"

struct wr_shell_edit;
struct wr_shell_job;

/* What comes of a line, a command or a statement. */
enum wr_shell_verdict {
  WR_SHELL_GO,
  WR_SHELL_WRONG,   /* it was told what; a script goes no further */
  WR_SHELL_FAILED,  /* the same of a job that failed while it ran */
  WR_SHELL_STOPPED, /* by Ctrl-C */
  WR_SHELL_LEAVE
};

enum wr_shell_result_mode { WR_SHELL_MODE_TABLE, WR_SHELL_MODE_CHANGELOG, WR_SHELL_MODE_TABLEAU };

struct wr_shell {
  /* What has been declared and set: the text of these statements, and its catalogue. */
  struct wr_buffer script;
  struct wr_arena arena; /* of the program */
  struct wr_program program;
  struct wr_arena options;                       /* as long as the shell */
  struct wr_option_value given[WR_SETTINGS_MAX]; /* --set */
  uint32_t given_count, parallelism;
  uint64_t memory_bytes;

  /* How results are shown. */
  const char *format; /* auto, table, json, csv */
  bool expanded, timing;
  bool said_nothing; /* of the statement so far */
  enum wr_shell_result_mode mode;
  FILE *out;      /* stdout, or the file of \o */
  char *out_path; /* NULL: standard output */

  /* Jobs in the background: INSERT does not wait for their end unless dml_sync. */
  bool dml_sync;
  struct wr_shell_job *jobs[WR_SHELL_JOBS_MAX];
  uint32_t job_count, last_job;
  bool leaving; /* \q was said once, with jobs running */

  /* What is typed. */
  struct wr_shell_edit *edit; /* NULL: not at a terminal */
  struct wr_buffer statement; /* as far as it has been typed */
  struct wr_buffer last;      /* the statement before, for \e */
  uint32_t include_depth;
  bool reads_stdin; /* statements come from standard input */
};

/* ---- shell.c: lines in, statements and commands out */
/* Reads a file of statements and commands until its end or the first mistake. */
enum wr_shell_verdict wr_shell_include(struct wr_shell *shell, const char *path);
/* The same of a text that was typed. */
enum wr_shell_verdict wr_shell_take_text(struct wr_shell *shell, const char *text, size_t length);
/* A sentence about something that is wrong, on standard error. */
enum wr_shell_verdict wr_shell_complain(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* ---- shell_statement.c: a statement, planned behind all that has been declared */
/* name, line, column: where it begins, for messages. */
struct wr_shell_statement {
  const char *text;
  size_t length;
  const char *name;
  uint32_t line, column; /* from 1 */
};
enum wr_shell_verdict wr_shell_run_statement(struct wr_shell *shell,
                                             const struct wr_shell_statement *statement);
/* Plans the script alone; what it has declared is then in shell->program. */
bool wr_shell_open_script(struct wr_shell *shell);
/* The settings of the shell itself: names, value, and changing one. NULL: there is none. */
const char *wr_shell_setting_name(uint32_t number);
const char *wr_shell_setting(const struct wr_shell *shell, const char *key);

/* ---- shell_job.c: running a job, in front of people or behind them */
struct wr_shell_plan {
  const struct wr_job *job;
  const struct wr_program *program;
  struct wr_arena *arena; /* of both */
  const char *text;       /* of the statement */
};
enum wr_shell_verdict wr_shell_run_job(struct wr_shell *shell, const struct wr_shell_plan *plan);
/* In the background. The job takes the arena, which is then empty. */
enum wr_shell_verdict wr_shell_begin_job(struct wr_shell *shell, const struct wr_shell_plan *plan);
/* Jobs that have ended since they were last looked at. */
void wr_shell_tell_jobs(struct wr_shell *shell);
void wr_shell_show_jobs(struct wr_shell *shell);
enum wr_shell_verdict wr_shell_stop_job(struct wr_shell *shell, const char *id, bool drain);
/* That nobody has told to stop. */
uint32_t wr_shell_running_jobs(const struct wr_shell *shell);
/* The id of a job, or NULL: there are no more. */
const char *wr_shell_job_id(const struct wr_shell *shell, uint32_t number);
/* Waits until all jobs have ended; stop: tells them to, first. False: one of them has failed. Those
 * that remain cannot be waited for: the process ends around them. */
bool wr_shell_end_jobs(struct wr_shell *shell, bool stop);

/* ---- shell_command.c: \d and the others */
enum wr_shell_verdict wr_shell_run_command(struct wr_shell *shell, const char *line);
const char *wr_shell_command_name(uint32_t number); /* "\\d"; NULL: there are no more */
/* \q, QUIT and EXIT: jobs that run have to be let go twice. */
enum wr_shell_verdict wr_shell_leave(struct wr_shell *shell);

/* ---- shell_help.c */
void wr_shell_print_help(FILE *file);
enum wr_shell_verdict wr_shell_print_statement_help(FILE *file, const char *statement);
const char *wr_shell_help_topic(uint32_t number); /* "CREATE TABLE"; NULL: there are no more */

/* ---- shell_edit.c: a line from a terminal */
struct wr_shell_edit *wr_shell_edit_new(struct wr_shell *shell);
void wr_shell_edit_free(struct wr_shell_edit *edit);
/* The line with its line end, lent until the next one. NULL: the end (Ctrl-D). *interrupted:
 * Ctrl-C, what was typed is void. */
const char *wr_shell_edit_line(struct wr_shell_edit *edit, const char *prompt, bool *interrupted);
/* For the arrow keys of this shell and of later ones. */
void wr_shell_edit_remember(struct wr_shell_edit *edit, const char *text, size_t length);

/* ---- shell_complete.c: how what was typed may go on */
struct wr_shell_matches {
  struct wr_arena *arena;
  size_t begin; /* of the text: what a match takes the place of */
  const char **texts;
  uint32_t count, room;
  const char *behind; /* what follows if there is one match: " ", "'", "" */
};
/* text: everything before the cursor, the lines before as well. Sorted, each one once. */
void wr_shell_complete(const struct wr_shell *shell, const char *text, size_t length,
                       struct wr_shell_matches *out);

#endif
