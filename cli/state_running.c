/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/state_running.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/control.h"
#include "cli/grid.h"
#include "cli/units.h"
#include "core/time.h"
#include "runtime/memory.h"
#include "runtime/request.h"
#include "text/json_scan.h"

#define RUNNING_WAIT_US (3 * WR_US_PER_SECOND)

/* ---- asking */

static enum wr_code running_hear(struct wr_control_client *client, struct wr_arena *arena,
                                 const char **json, struct wr_error *err)
{
  const char *line;
  size_t length;
  struct wr_reply reply;
  enum wr_json_kind kind;
  enum wr_code code = wr_control_ask(client, "status", err);
  if (code == WR_OK)
    code = wr_control_hear(client, wr_monotonic_us() + RUNNING_WAIT_US, &line, &length, err);
  if (code == WR_OK)
    code = wr_reply_parse(line, length, &reply, err);
  if (code != WR_OK)
    return code;
  if (reply.kind == WR_REPLY_FAILED)
    return wr_fail(err, WR_IO, "%.*s", (int)reply.text_length, reply.text);
  if (reply.kind != WR_REPLY_STATUS || !wr_json_check(reply.text, reply.text_length, &kind) ||
      kind != WR_JSON_OBJECT)
    return wr_fail(err, WR_DATA, "its answer cannot be read");
  *json = wr_arena_copy(arena, reply.text, reply.text_length);
  return WR_OK;
}

void wr_running_ask(const char *state_dir, struct wr_arena *arena, struct wr_running *out)
{
  struct wr_control_client client;
  struct wr_error err;
  *out = (struct wr_running){0};
  enum wr_code code = wr_control_connect(state_dir, 0, &client, &out->process, &err);
  if (code == WR_OK)
    code = running_hear(&client, arena, &out->json, &err);
  wr_control_disconnect(&client);
  if (code != WR_OK)
    out->silent = wr_arena_print(arena, "%s", err.message);
}

/* ---- reading the answer: what another version does not say is 0 or "" */

struct answer {
  struct wr_json_tape tape;
  struct wr_arena *arena;
};

static uint32_t answer_member(const struct answer *answer, uint32_t object, const char *name,
                              enum wr_json_kind kind)
{
  if (answer->tape.nodes[object].kind != WR_JSON_OBJECT)
    return 0;
  uint32_t member = wr_json_member(&answer->tape, object, name, strlen(name));
  return member && answer->tape.nodes[member].kind == kind ? member : 0;
}

static uint64_t answer_number(const struct answer *answer, uint32_t object, const char *name)
{
  uint32_t member = answer_member(answer, object, name, WR_JSON_NUMBER);
  if (!member)
    return 0;
  const struct wr_json_node *node = &answer->tape.nodes[member];
  return strtoull(
      wr_arena_copy(answer->arena, answer->tape.bytes + node->first, node->end - node->first), NULL,
      10);
}

static const char *answer_text(const struct answer *answer, uint32_t object, const char *name)
{
  struct wr_buffer text = {0};
  uint32_t member = answer_member(answer, object, name, WR_JSON_STRING);
  if (!member)
    return "";
  wr_json_put_string(&answer->tape, member, &text);
  const char *copy = wr_arena_copy(answer->arena, text.length ? text.bytes : "", text.length);
  wr_buffer_free(&text);
  return copy;
}

static const char *answer_count(const struct answer *answer, uint32_t object, const char *name)
{
  return wr_count_print(answer->arena, answer_number(answer, object, name));
}

static const char *answer_duration(const struct answer *answer, const char *name)
{
  return wr_duration_print(answer->arena, (int64_t)answer_number(answer, 0, name));
}

/* ---- for people */

static void print_process(const struct answer *answer, const struct wr_running *running)
{
  uint64_t restarts = answer_number(answer, 0, "restarts");
  printf(
      "in use by process %" PRId64 ": up %s", running->process,
      wr_age_print(answer->arena, (int64_t)answer_number(answer, 0, "uptime_ms") * WR_US_PER_MS));
  if (restarts)
    printf(", started again %" PRIu64 " time%s after failures", restarts, restarts == 1 ? "" : "s");
  putchar('\n');
  if (!*answer_text(answer, 0, "why_not"))
    return;
  printf("  now       %s\n", answer_text(answer, 0, "why_not"));
}

static void print_epochs(const struct answer *answer)
{
  bool has_published = answer_number(answer, 0, "epoch_publish_us") >= (uint64_t)WR_US_PER_MS;
  printf("  epochs    ");
  if (answer_number(answer, 0, "newest_epoch"))
    printf("newest %" PRIu64 ", collected in %s, written in %s%s%s; ",
           answer_number(answer, 0, "newest_epoch"), answer_duration(answer, "epoch_collect_us"),
           answer_duration(answer, "epoch_write_us"), has_published ? ", published in " : "",
           has_published ? answer_duration(answer, "epoch_publish_us") : "");
  printf("%s sealed, %s failed", answer_count(answer, 0, "epochs_sealed"),
         answer_count(answer, 0, "epochs_failed"));
  if (answer_number(answer, 0, "epochs_skipped"))
    printf(", %s left out because the one before took longer",
           answer_count(answer, 0, "epochs_skipped"));
  if (answer_member(answer, 0, "epoch_under_way_us", WR_JSON_NUMBER))
    printf("; one is under way for %s", answer_duration(answer, "epoch_under_way_us"));
  putchar('\n');
  if (answer_number(answer, 0, "epochs_failed_in_row"))
    printf("            the last %s could not be kept: %s\n",
           answer_count(answer, 0, "epochs_failed_in_row"),
           answer_text(answer, 0, "epoch_failure"));
}

static void print_memory(const struct answer *answer)
{
  uint32_t memory = answer_member(answer, 0, "memory", WR_JSON_OBJECT);
  if (!memory)
    return;
  printf("  memory    %s:", wr_bytes_print(answer->arena, answer_number(answer, memory, "limit")));
  for (int use = 0; use < WR_MEMORY_REST; use++) {
    const char *name = wr_memory_shares[use].name;
    uint32_t share = answer_member(answer, memory, name, WR_JSON_OBJECT);
    if (share)
      printf("%s %s %s of %s", use ? "," : "", name,
             wr_bytes_print(answer->arena, answer_number(answer, share, "bytes")),
             wr_bytes_print(answer->arena, answer_number(answer, share, "share")));
  }
  putchar('\n');
}

static void print_failure(const struct answer *answer)
{
  int64_t failed_us = (int64_t)answer_number(answer, 0, "failed_ms") * WR_US_PER_MS;
  if (failed_us)
    printf("  failure   %s ago: %s\n", wr_age_print(answer->arena, wr_now_us() - failed_us),
           answer_text(answer, 0, "last_failure"));
}

static void print_steps(const struct answer *answer)
{
  struct wr_grid grid = {.arena = answer->arena, .indent = "  ", .sides = "lrrrrrrr"};
  uint32_t steps = answer_member(answer, 0, "steps", WR_JSON_ARRAY);
  uint32_t count = steps ? answer->tape.nodes[steps].length : 0;
  if (count == 0)
    return;
  wr_grid_add(&grid, (const char *[]){"step", "copies", "rows in", "rows out", "late", "bad",
                                      "keys", "state"});
  for (uint32_t i = 0, step = wr_json_first(steps); i < count;
       i++, step = answer->tape.nodes[step].next) {
    uint64_t bytes = answer_number(answer, step, "state_bytes");
    wr_grid_add(&grid,
                (const char *[]){
                    answer_text(answer, step, "name"), answer_count(answer, step, "copies"),
                    answer_count(answer, step, "rows_in"), answer_count(answer, step, "rows_out"),
                    answer_count(answer, step, "late"), answer_count(answer, step, "bad"),
                    bytes ? answer_count(answer, step, "keys") : "",
                    bytes ? wr_bytes_print(answer->arena, bytes) : ""});
  }
  putchar('\n');
  wr_grid_print(&grid);
  if (answer_number(answer, 0, "steps_left_out"))
    printf("  and %s more\n", answer_count(answer, 0, "steps_left_out"));
}

void wr_running_print(const struct wr_running *running, struct wr_arena *arena)
{
  struct answer answer = {.arena = arena};
  if (!running->process)
    return;
  if (!running->json || !wr_json_scan(&answer.tape, running->json, strlen(running->json))) {
    printf("in use by process %" PRId64 ", which does not tell more: %s\n\n", running->process,
           running->silent ? running->silent : "its answer cannot be read");
    wr_json_tape_free(&answer.tape);
    return;
  }
  print_process(&answer, running);
  if (answer_member(&answer, 0, "steps", WR_JSON_ARRAY)) {
    printf("  rows      %s in, %s out, %s late, %s bad\n", answer_count(&answer, 0, "rows_in"),
           answer_count(&answer, 0, "rows_out"), answer_count(&answer, 0, "late"),
           answer_count(&answer, 0, "bad"));
    print_epochs(&answer);
    print_memory(&answer);
  }
  print_failure(&answer);
  print_steps(&answer);
  putchar('\n');
  wr_json_tape_free(&answer.tape);
}
