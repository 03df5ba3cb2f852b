/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/job_facts.h"

#include <string.h>
#include <unistd.h>

#include "connectors/connector.h"
#include "runtime/publisher.h"

#define JOB_NAME_BYTES 48 /* leaves room for a number behind it */

bool wr_job_has_source(const struct wr_job *job)
{
  for (uint32_t n = 0; n < job->plan->node_count; n++)
    if (job->plan->nodes[n].source)
      return true;
  return false;
}

bool wr_job_reads_stdin(const struct wr_job *job)
{
  for (uint32_t n = 0; n < job->plan->node_count; n++) {
    const struct wr_plan_source *source = job->plan->nodes[n].source;
    if (source && strcmp(source->table.connector->name, "stdin") == 0)
      return true;
  }
  return false;
}

bool wr_job_runs(const struct wr_job *job)
{
  return !job->is_explain || job->is_analyze;
}

bool wr_job_keeps_state(const struct wr_job *job)
{
  return !job->is_explain && (wr_job_has_source(job) || wr_publishers_are_asked(job->plan));
}

bool wr_job_is_endless(const struct wr_job *job)
{
  return wr_plan_is_endless(job->plan);
}

bool wr_job_tells_changes(const struct wr_job *job)
{
  if (!job->is_select || job->is_explain || !job->plan->bounded)
    return false;
  for (uint32_t n = 0; n < job->plan->node_count; n++)
    if (job->plan->nodes[n].sink && job->plan->nodes[n].sink->changes)
      return true;
  return false;
}

bool wr_job_writes_terminal(const struct wr_job *job)
{
  if (job->is_analyze && job->is_select)
    return false;
  if (job->is_select)
    return isatty(STDOUT_FILENO);
  for (uint32_t n = 0; n < job->plan->node_count; n++) {
    const struct wr_plan_sink *sink = job->plan->nodes[n].sink;
    if (sink && (strcmp(sink->table.connector->name, "print") == 0 ||
                 strcmp(sink->table.connector->name, "console") == 0))
      return isatty(STDOUT_FILENO);
  }
  return false;
}

enum wr_code wr_job_check_sinks(const struct wr_job *job, bool durable, struct wr_error *err)
{
  durable = durable && !job->is_analyze;
  if (!wr_job_runs(job) || wr_publishers_check(job->plan, durable, err) == WR_OK)
    return WR_OK;
  if (job->is_analyze)
    wr_hint(err, "EXPLAIN ANALYZE keeps no state; weir run --profile with --state-dir shows the "
                 "same figures");
  return err->code;
}

/* ---- names */

static bool is_of_names(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

const char *wr_job_name(struct wr_arena *arena, const char *text)
{
  char *name = wr_arena_copy(arena, text, strlen(text));
  size_t length = 0;
  for (const char *at = text; *at && length < JOB_NAME_BYTES; at++)
    if (is_of_names(*at))
      name[length++] = *at;
    else if (length && name[length - 1] != '-')
      name[length++] = '-';
  while (length && name[length - 1] == '-')
    length--;
  name[length] = 0;
  return length ? name : "query";
}

const char *wr_job_name_of_file(struct wr_arena *arena, const char *path)
{
  const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
  size_t length = strlen(base);
  if (length > 4 && strcmp(base + length - 4, ".sql") == 0)
    length -= 4;
  return wr_job_name(arena, wr_arena_copy(arena, base, length));
}
