/* SPDX-License-Identifier: Apache-2.0 */
/* What can be said of a job before it runs: its plan is looked at, nothing else. */
#ifndef WEIR_CLI_JOB_FACTS_H
#define WEIR_CLI_JOB_FACTS_H

#include "cli/command.h"

bool wr_job_has_source(const struct wr_job *job);
bool wr_job_reads_stdin(const struct wr_job *job);
/* EXPLAIN is only printed. */
bool wr_job_runs(const struct wr_job *job);
/* There is something to keep in a state directory. */
bool wr_job_keeps_state(const struct wr_job *job);
/* A query that ends, whose every change is printed. */
bool wr_job_tells_changes(const struct wr_job *job);
/* Neither does its input end, nor has it enough at some time (LIMIT). */
bool wr_job_is_endless(const struct wr_job *job);
/* Rows are printed to a terminal: no progress line there. */
bool wr_job_writes_terminal(const struct wr_job *job);
/* Its sinks can keep what they promise; durable: it has a state directory. */
enum wr_code wr_job_check_sinks(const struct wr_job *job, bool durable, struct wr_error *err);

/* A name for addresses: letters, digits, - and _ of the text, others become -; "query" if nothing
 * is left. Memory comes from the arena. */
const char *wr_job_name(struct wr_arena *arena, const char *text);
/* The same of a file: its last part without .sql. */
const char *wr_job_name_of_file(struct wr_arena *arena, const char *path);

#endif
