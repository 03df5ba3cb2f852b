/* SPDX-License-Identifier: Apache-2.0 */
/* What the control socket is asked and answers. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/control_inner.h"
#include "cli/progress.h"
#include "config.h"
#include "core/time.h"
#include "runtime/epochs.h"
#include "text/json_write.h"

#define ANSWER_BYTES_MAX 1024

/* ---- replies */

void wr_control_reply(struct wr_control_visitor *visitor, const struct wr_reply *reply)
{
  char line[ANSWER_BYTES_MAX];
  wr_buffer_put(&visitor->out, line, wr_reply_print(reply, line, sizeof line));
  wr_buffer_put_char(&visitor->out, '\n');
  visitor->waits = visitor->waits && reply->kind == WR_REPLY_BEGUN;
}

void wr_control_reply_failure(struct wr_control_visitor *visitor, const char *failure)
{
  wr_control_reply(
      visitor,
      &(struct wr_reply){.kind = WR_REPLY_FAILED, .text = failure, .text_length = strlen(failure)});
}

/* ---- savepoints */

/* A job that is just starting is waited for, and the end of one that is just ending is told. */
static void answer_savepoint(struct wr_control *control, struct wr_control_visitor *visitor,
                             const struct wr_request *request)
{
  if (control->is_paused) {
    wr_control_reply_failure(visitor, control->why_not);
    return;
  }
  visitor->request = *request;
  visitor->epoch = 0;
  visitor->waits = true;
  visitor->stopping = false;
}

static void follow_from_now(struct wr_control *control, struct wr_control_visitor *visitor)
{
  visitor->epoch = wr_execution_savepoint(control->execution);
  if (visitor->request.hold) {
    visitor->held = visitor->epoch;
    visitor->held_us = wr_monotonic_us();
  }
  wr_control_reply(visitor, &(struct wr_reply){.kind = WR_REPLY_BEGUN, .epoch = visitor->epoch});
}

void wr_control_follow(struct wr_control *control, struct wr_control_visitor *visitor)
{
  struct wr_epochs_statistics statistics;
  struct wr_error err;
  if (!control->execution || visitor->stopping)
    return; /* the end of the execution is told */
  if (visitor->epoch == 0)
    follow_from_now(control, visitor);
  switch (wr_execution_savepoint_look(control->execution, &visitor->epoch, &err)) {
  case WR_SAVEPOINT_WAITS: return;
  case WR_SAVEPOINT_FAILED: wr_control_reply_failure(visitor, err.message); return;
  case WR_SAVEPOINT_SEALED: break;
  }
  if (visitor->request.stop) { /* an epoch can be kept: so the last one will be */
    visitor->stopping = true;
    wr_stopper_stop(control->stopper, visitor->request.drain);
    return;
  }
  wr_execution_epochs(control->execution, &statistics);
  wr_control_reply(visitor, &(struct wr_reply){
                                .kind = WR_REPLY_SEALED,
                                .epoch = visitor->epoch,
                                .bytes = statistics.bytes,
                                .own_bytes = statistics.own_bytes,
                                .micros = (uint64_t)(statistics.collect_us + statistics.write_us)});
}

/* ---- status */

static void status_text(struct wr_buffer *out, const char *name, const char *text)
{
  wr_buffer_print(out, ",\"%s\":", name);
  wr_json_write_string(out, text, strlen(text));
}

static void status_number(struct wr_buffer *out, const char *name, uint64_t value)
{
  wr_buffer_print(out, ",\"%s\":%" PRIu64, name, value);
}

static void status_step(struct wr_buffer *out, const struct wr_execution_step *step)
{
  wr_buffer_print(out, "{\"copies\":%u", step->plan->parallelism);
  status_text(out, "name", step->name);
  if (step->plan->identity)
    status_text(out, "identity", step->plan->identity);
  status_number(out, "rows_in", step->rows_in);
  status_number(out, "rows_out", step->rows_out);
  status_number(out, "late", wr_progress_rejected(step, true));
  status_number(out, "bad", wr_progress_rejected(step, false));
  status_number(out, "state_bytes", step->state_bytes);
  status_number(out, "keys", step->state_keys);
  wr_buffer_put_char(out, '}');
}

static void status_rows(struct wr_buffer *out, const struct wr_control *control,
                        const struct wr_execution_step *steps, uint32_t count)
{
  uint64_t rows_in = control->past.rows_in, rows_out = control->past.rows_out, late = 0, bad = 0;
  for (uint32_t i = 0; i < count; i++) {
    rows_in += steps[i].plan->source ? steps[i].rows_in : 0;
    rows_out += steps[i].plan->sink ? steps[i].rows_out : 0;
    late += wr_progress_rejected(&steps[i], true);
    bad += wr_progress_rejected(&steps[i], false);
  }
  status_number(out, "rows_in", rows_in);
  status_number(out, "rows_out", rows_out);
  status_number(out, "late", late);
  status_number(out, "bad", bad);
}

static void status_epochs(struct wr_buffer *out, const struct wr_control *control)
{
  struct wr_epochs_statistics statistics;
  wr_execution_epochs(control->execution, &statistics);
  status_number(out, "newest_epoch", statistics.complete);
  status_number(out, "epochs_sealed", statistics.sealed);
  status_number(out, "epochs_skipped", statistics.skipped);
  status_number(out, "epochs_failed", statistics.failed);
  status_number(out, "epochs_failed_in_row", statistics.failures_in_row);
  if (statistics.failure[0])
    status_text(out, "epoch_failure", statistics.failure);
  status_number(out, "epoch_collect_us", (uint64_t)statistics.collect_us);
  status_number(out, "epoch_write_us", (uint64_t)statistics.write_us);
  if (statistics.publish_us)
    status_number(out, "epoch_publish_us", (uint64_t)statistics.publish_us);
  if (statistics.is_under_way)
    status_number(out, "epoch_under_way_us", (uint64_t)statistics.under_way_us);
}

static void status_memory(struct wr_buffer *out, const struct wr_control *control)
{
  uint64_t limit, used[WR_MEMORY_REST];
  wr_execution_memory(control->execution, &limit, used);
  wr_buffer_print(out, ",\"memory\":{\"limit\":%" PRIu64, limit);
  for (int use = 0; use < WR_MEMORY_REST; use++) {
    wr_buffer_print(out, ",\"%s\":{\"bytes\":%" PRIu64, wr_memory_shares[use].name, used[use]);
    status_number(out, "share", wr_memory_share(limit, (enum wr_memory_use)use));
    wr_buffer_put_char(out, '}');
  }
  wr_buffer_put_char(out, '}');
}

static void status_steps(struct wr_buffer *out, const struct wr_execution_step *steps,
                         uint32_t count)
{
  uint32_t shown = 0;
  wr_buffer_put_string(out, ",\"steps\":[");
  for (; shown < count && out->length < WR_CONTROL_STATUS_BYTES_MAX; shown++) {
    wr_buffer_put_string(out, shown ? "," : "");
    status_step(out, &steps[shown]);
  }
  wr_buffer_put_char(out, ']');
  if (shown < count)
    status_number(out, "steps_left_out", count - shown);
}

void wr_control_status(const struct wr_control *control, struct wr_buffer *out)
{
  struct wr_arena arena = {0};
  uint32_t count = 0;
  wr_buffer_print(out, "{\"process\":%lld", (long long)getpid());
  status_text(out, "version", PACKAGE_VERSION);
  status_number(out, "uptime_ms",
                (uint64_t)(wr_monotonic_us() - control->started_us) / (uint64_t)WR_US_PER_MS);
  wr_buffer_print(out, ",\"runs\":%s", control->execution ? "true" : "false");
  if (!control->execution)
    status_text(out, "why_not",
                control->is_paused ? control->why_not : "the job is just starting or ending");
  status_number(out, "restarts", control->past.restarts);
  if (control->failure[0]) {
    status_text(out, "last_failure", control->failure);
    status_number(out, "failed_ms", (uint64_t)(control->failed_us / WR_US_PER_MS));
  }
  if (control->execution) {
    const struct wr_execution_step *steps = wr_execution_steps(control->execution, &arena, &count);
    status_rows(out, control, steps, count);
    status_epochs(out, control);
    status_memory(out, control);
    status_steps(out, steps, count);
  }
  wr_buffer_put_char(out, '}');
  wr_arena_free(&arena);
}

/* ---- requests */

void wr_control_answer(struct wr_control *control, struct wr_control_visitor *visitor,
                       const char *line, size_t length)
{
  struct wr_request request;
  struct wr_error err;
  if (wr_request_parse(line, length, &request, &err) != WR_OK) {
    wr_control_reply_failure(visitor, err.message);
    return;
  }
  switch (request.kind) {
  case WR_REQUEST_SAVEPOINT: answer_savepoint(control, visitor, &request); break;
  case WR_REQUEST_STATUS:
    wr_buffer_put_string(&visitor->out, "status ");
    wr_control_status(control, &visitor->out);
    wr_buffer_put_char(&visitor->out, '\n');
    break;
  }
}
