/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints: those that are kept, what became of others, asking for one. */
#include <inttypes.h>

#include "core/time.h"
#include "server/api.h"
#include "text/number.h"

/* ---- the list */

static void put_statistics(struct wr_web_json *json, const struct wr_api_look *look,
                           const struct wr_figures *figures)
{
  const struct wr_epochs_statistics *epochs = &figures->epochs;
  wr_web_json_bool(json, "kept", look->facts->state_dir);
  int64_t interval_us = look->facts->epoch_interval_us;
  wr_web_json_known(json, "interval_ms", interval_us ? interval_us / WR_US_PER_MS : -1);
  wr_web_json_count(json, "completed", figures->epochs_sealed);
  wr_web_json_count(json, "failed", figures->epochs_failed);
  wr_web_json_count(json, "skipped", figures->epochs_skipped);
  wr_web_json_count(json, "failed_in_row", epochs->failures_in_row);
  wr_web_json_name(json, "in_progress");
  if (epochs->is_under_way) {
    wr_web_json_open(json, '{');
    wr_web_json_number(json, "for_ms", epochs->under_way_us / WR_US_PER_MS);
    wr_web_json_close(json, '}');
  } else {
    wr_web_json_null(json, NULL);
  }
  wr_web_json_text(json, "last_failure", epochs->failure[0] ? epochs->failure : NULL);
}

static void put_epoch(struct wr_web_json *json, const struct wr_listed_epoch *epoch)
{
  wr_web_json_open(json, '{');
  wr_web_json_count(json, "epoch", epoch->epoch);
  wr_web_json_time(json, "sealed", epoch->sealed_us ? epoch->sealed_us : WR_TIME_NONE);
  wr_web_json_known(json, "took_ms", epoch->took_us ? epoch->took_us / WR_US_PER_MS : -1);
  wr_web_json_count(json, "bytes", epoch->bytes);
  wr_web_json_count(json, "own_bytes", epoch->own_bytes);
  wr_web_json_bool(json, "delta", epoch->is_delta);
  wr_web_json_text(json, "damage", epoch->damage);
  wr_web_json_close(json, '}');
}

/* The list is read a moment later than epochs are sealed: the newest may be known already. */
static void put_newest(struct wr_web_json *json, const struct wr_epochs_statistics *epochs,
                       const struct wr_epoch_list *list)
{
  if (!epochs->sealed_us || (list->count && list->epochs[0].epoch >= epochs->complete))
    return;
  put_epoch(json, &(struct wr_listed_epoch){.epoch = epochs->complete,
                                            .sealed_us = epochs->sealed_us,
                                            .took_us = epochs->collect_us + epochs->write_us,
                                            .bytes = epochs->bytes,
                                            .own_bytes = epochs->own_bytes,
                                            .is_delta = epochs->delta_bytes > 0});
}

static void put_epochs(struct wr_web_json *json, const struct wr_web_request *request,
                       const struct wr_api_look *look, const struct wr_figures *figures)
{
  struct wr_epoch_list list = {0};
  if (look->facts->state_dir)
    wr_watch_epochs(request->context->watch, look->facts->name, request->arena, &list);
  wr_web_json_name(json, "checkpoints");
  wr_web_json_open(json, '[');
  if (look->facts->state_dir)
    put_newest(json, &figures->epochs, &list);
  for (uint32_t i = 0; i < list.count; i++)
    put_epoch(json, &list.epochs[i]);
  wr_web_json_close(json, ']');
  wr_web_json_count(json, "left_out", list.left_out);
}

static void put_checkpoints(struct wr_web_json *json, const struct wr_web_request *request,
                            const struct wr_api_look *look)
{
  struct wr_figures figures;
  wr_served_job_figures(look->job, 0, request->arena, &figures);
  put_statistics(json, look, &figures);
  put_epochs(json, request, look, &figures);
}

enum wr_code wr_api_checkpoints(const struct wr_web_request *request, struct wr_web_reply *reply,
                                struct wr_error *err)
{
  return wr_api_answer(request, reply, put_checkpoints, err);
}

/* ---- asking for one */

static enum wr_code check_keeps(const struct wr_web_request *request,
                                const struct wr_api_look *look, struct wr_web_reply *reply,
                                struct wr_error *err)
{
  if (look->facts->state_dir)
    return WR_OK;
  if (look->look.status == WR_JOB_FAILED && look->plan->node_count == 0)
    return wr_web_fail(reply, 409, err, WR_SEMANTIC, "job %s has failed: %s", look->facts->name,
                       look->look.failure);
  wr_web_fail(reply, 409, err, WR_SEMANTIC, "job %s keeps no state, so there are no checkpoints",
              look->facts->name);
  return request->context->reload ? err->code : wr_hint(err, "start it with --state-dir DIR");
}

static enum wr_code ask(const struct wr_web_request *request, struct wr_web_reply *reply, bool stop,
                        bool drain, struct wr_error *err)
{
  struct wr_api_look look;
  uint64_t epoch = 0;
  enum wr_code code = wr_api_hold(request, reply, &look, err);
  if (code != WR_OK)
    return code;
  code = check_keeps(request, &look, reply, err);
  if (code == WR_OK)
    code = wr_api_check_runs(&look, reply, err);
  if (code == WR_OK)
    code = wr_watch_savepoint(request->context->watch, look.job, stop, drain, &epoch, err);
  if (code == WR_OK) {
    struct wr_web_json json = wr_web_reply_json(reply);
    reply->status = 202;
    wr_web_reply_header(request, reply, "Location", "/v1/jobs/%s/checkpoints/%" PRIu64,
                        look.facts->name, epoch);
    wr_web_json_open(&json, '{');
    wr_web_json_count(&json, "epoch", epoch);
    wr_web_json_close(&json, '}');
  }
  wr_served_job_release(look.job);
  return code;
}

enum wr_code wr_api_take_checkpoint(const struct wr_web_request *request,
                                    struct wr_web_reply *reply, struct wr_error *err)
{
  static const char *const none[] = {NULL};
  enum wr_code code = wr_web_body_flags(request, none, NULL, err);
  return code == WR_OK ? ask(request, reply, false, false, err) : code;
}

enum wr_code wr_api_savepoint(const struct wr_web_request *request, struct wr_web_reply *reply,
                              struct wr_error *err)
{
  static const char *const fields[] = {"stop", "drain", NULL};
  bool values[] = {false, false};
  enum wr_code code = wr_web_body_flags(request, fields, values, err);
  if (code != WR_OK)
    return code;
  if (values[1] && !values[0]) {
    wr_fail(err, WR_SEMANTIC, "drain is only possible together with stop");
    return wr_hint(err, "send {\"stop\": true, \"drain\": true}");
  }
  return ask(request, reply, values[0], values[1], err);
}

/* ---- what has become of one */

/* One that nobody has asked for here, or long ago, but may be there all the same. Newer than those
 * on the list, which is a moment old: it or a later one is there. */
static bool look_among_kept(const struct wr_web_request *request, const struct wr_api_look *look,
                            uint64_t epoch, struct wr_watched_savepoint *out)
{
  struct wr_execution *execution = wr_served_job_execution(look->job);
  struct wr_epoch_list list = {0};
  struct wr_epochs_statistics statistics = {.complete = look->look.newest_epoch};
  if (!look->facts->state_dir)
    return false;
  if (execution)
    wr_execution_epochs(execution, &statistics);
  wr_watch_epochs(request->context->watch, look->facts->name, request->arena, &list);
  bool is_new = epoch <= statistics.complete && (!list.count || epoch > list.epochs[0].epoch);
  bool is_kept = is_new;
  for (uint32_t i = 0; i < list.count; i++)
    is_kept = is_kept || (list.epochs[i].epoch == epoch && !list.epochs[i].damage);
  *out = (struct wr_watched_savepoint){.epoch = is_new ? statistics.complete : epoch,
                                       .status = WR_SAVEPOINT_SEALED};
  return is_kept;
}

enum wr_code wr_api_checkpoint(const struct wr_web_request *request, struct wr_web_reply *reply,
                               struct wr_error *err)
{
  static const char *const names[] = {[WR_SAVEPOINT_WAITS] = "waits",
                                      [WR_SAVEPOINT_SEALED] = "sealed",
                                      [WR_SAVEPOINT_FAILED] = "failed"};
  const char *text = wr_web_part(request, "epoch");
  struct wr_api_look look;
  struct wr_watched_savepoint savepoint;
  int64_t epoch;
  enum wr_code code = wr_api_hold(request, reply, &look, err);
  if (code != WR_OK)
    return code;
  if (!wr_parse_i64(text, strlen(text), &epoch) || epoch < 1)
    code = wr_fail(err, WR_SEMANTIC, "'%.40s' is no number of an epoch", text);
  else if (!wr_watch_savepoint_look(request->context->watch, look.facts->name, (uint64_t)epoch,
                                    &savepoint) &&
           !look_among_kept(request, &look, (uint64_t)epoch, &savepoint))
    code = wr_web_fail(reply, 404, err, WR_SEMANTIC,
                       "nobody has asked for epoch %" PRId64 " of job %s, and it is not kept",
                       epoch, look.facts->name);
  if (code == WR_OK) {
    struct wr_web_json json = wr_web_reply_json(reply);
    wr_web_json_open(&json, '{');
    wr_web_json_count(&json, "epoch", savepoint.epoch);
    wr_web_json_text(&json, "status", names[savepoint.status]);
    wr_web_json_text(&json, "failure",
                     savepoint.status == WR_SAVEPOINT_FAILED ? savepoint.failure : NULL);
    wr_web_json_close(&json, '}');
  }
  wr_served_job_release(look.job);
  return code;
}
