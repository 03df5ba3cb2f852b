/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials that a program of the profile prints: it runs beside us and is looked after with
 * every look at the credentials. */
#include "net/credential_fetch.h"

#define PROGRAM_LIMIT_US (60 * WR_US_PER_SECOND)

/* A program that has worked before may do so again. */
static void program_fail(struct wr_credential_source *source, const struct wr_error *cause)
{
  wr_fail(&source->err, cause->code, "no credentials for AWS from %s: %s", source->plan.from,
          cause->message);
  if (cause->hint[0])
    wr_hint(&source->err, "%s", cause->hint);
  wr_fetch_fail(source, source->number > 0);
}

void wr_fetch_start_process(struct wr_credential_source *source)
{
  struct wr_error cause;
  source->step = WR_FETCH_STEP_PROCESS;
  if (wr_credential_process_start(source->plan.command, PROGRAM_LIMIT_US, &source->process, &cause))
    program_fail(source, &cause);
}

void wr_fetch_look_process(struct wr_credential_source *source)
{
  struct wr_slice answer;
  struct wr_error cause;
  enum wr_code code;
  const char *problem = "";
  if (!wr_credential_process_look(source->process, &answer, &code, &cause))
    return;
  if (!code && !wr_credential_answer_process(&source->fetch, &answer, &source->next, &problem))
    code = wr_fail(&cause, WR_DATA, "%s", problem);
  wr_credential_process_free(source->process);
  source->process = NULL;
  if (code)
    program_fail(source, &cause);
  else
    wr_fetch_go_on(source);
}
