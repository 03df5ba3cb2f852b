/* SPDX-License-Identifier: Apache-2.0 */
/* weir state: what a state directory keeps, for people and as JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/resume.h"
#include "core/time.h"
#include "state/store_directory.h"
#include "text/buffer.h"
#include "text/json_write.h"

#define STATE_SPLITS_SHOWN 20

struct state_arguments {
  const char *path;
  uint64_t epoch; /* 0: the newest */
  bool json;
};

/* What is shown. */
struct state_view {
  const char *path;
  struct wr_arena arena;
  struct wr_store *store;
  const struct wr_store_epoch *epochs; /* newest first */
  uint32_t epoch_count;
  const struct wr_store_epoch *shown; /* NULL: there is none */
  struct wr_snapshot snapshot;
  struct wr_inventory inventory;
  struct wr_store_part *parts;
  uint32_t part_count;
};

static int state_usage(const char *message, const char *what)
{
  fprintf(stderr, "weir state: %s%s%s\n", message, what ? ": " : "", what ? what : "");
  wr_help_hint("state");
  return WR_EXIT_USAGE;
}

static bool parse_epoch(const char *text, uint64_t *epoch)
{
  char *end;
  if (!text || *text < '0' || *text > '9')
    return text && strcmp(text, "latest") == 0;
  *epoch = strtoull(text, &end, 10);
  return *end == 0 && *epoch > 0;
}

static int state_parse(int argc, char **argv, struct state_arguments *out)
{
  *out = (struct state_arguments){0};
  for (int i = 0; i < argc; i++) {
    if (strcmp(argv[i], "--json") == 0) {
      out->json = true;
    } else if (strncmp(argv[i], "--from", 6) == 0 && (argv[i][6] == 0 || argv[i][6] == '=')) {
      const char *value = argv[i][6] ? argv[i] + 7 : i + 1 < argc ? argv[++i] : NULL;
      if (!parse_epoch(value, &out->epoch))
        return state_usage("--from is latest or the number of an epoch", value);
    } else if (argv[i][0] == '-' && argv[i][1]) {
      return state_usage("unknown option", argv[i]);
    } else if (out->path) {
      return state_usage("one directory at a time", argv[i]);
    } else {
      out->path = argv[i];
    }
  }
  return out->path ? WR_EXIT_DONE : state_usage("which directory?", NULL);
}

/* ---- sizes */

static const char *state_bytes(struct wr_arena *arena, uint64_t bytes)
{
  static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double size = (double)bytes;
  size_t unit = 0;
  while (size >= 1024 && unit + 1 < sizeof units / sizeof *units) {
    size /= 1024;
    unit++;
  }
  return wr_arena_print(arena, unit ? "%.1f %s" : "%.0f %s", size, units[unit]);
}

/* Of all copies of a step in the epoch that is shown. */
static uint64_t node_bytes(const struct state_view *view, const char *key, uint32_t *copies)
{
  uint64_t bytes = 0;
  *copies = 0;
  for (uint32_t i = 0; i < view->snapshot.part_count; i++) {
    if (strcmp(view->snapshot.parts[i].node_key, key) != 0)
      continue;
    ++*copies;
    for (uint32_t p = 0; p < view->part_count; p++)
      if (strcmp(view->parts[p].name, view->snapshot.parts[i].name) == 0)
        bytes += view->parts[p].bytes;
  }
  return bytes;
}

/* ---- for people */

static void show_epochs(struct state_view *view)
{
  int64_t now_us = wr_now_us();
  for (uint32_t i = 0; i < view->epoch_count; i++) {
    const struct wr_store_epoch *epoch = &view->epochs[i];
    if (epoch->damage) {
      printf("epoch %" PRIu64 "  damaged: %s\n", epoch->epoch, epoch->damage);
      continue;
    }
    char time[32];
    time_t seconds = (time_t)(epoch->sealed_us / WR_US_PER_SECOND);
    struct tm utc;
    strftime(time, sizeof time, "%Y-%m-%d %H:%M:%S", gmtime_r(&seconds, &utc));
    printf("epoch %" PRIu64 "  %s UTC, %s ago  %s in %u part%s (%s written)  weir %s\n",
           epoch->epoch, time, wr_age_print(&view->arena, now_us - epoch->sealed_us),
           state_bytes(&view->arena, epoch->bytes), epoch->part_count,
           epoch->part_count == 1 ? "" : "s", state_bytes(&view->arena, epoch->own_bytes),
           epoch->version);
  }
}

static void show_positions(struct state_view *view, const char *key)
{
  struct wr_inventory_position *positions;
  struct wr_error err;
  uint32_t count;
  if (wr_inventory_positions(&view->snapshot, key, &view->arena, &positions, &count, &err) !=
      WR_OK) {
    printf("    %s\n", err.message);
    return;
  }
  for (uint32_t i = 0; i < count && i < STATE_SPLITS_SHOWN; i++) {
    const char *position = positions[i].position;
    printf("    %s  at %.*s\n", positions[i].split,
           *position ? wr_position_length(position) : (int)strlen("the start"),
           *position ? position : "the start");
  }
  if (count > STATE_SPLITS_SHOWN)
    printf("    and %u more (--json shows all)\n", count - STATE_SPLITS_SHOWN);
}

static void show_steps(struct state_view *view)
{
  printf("\nsteps of epoch %" PRIu64 "%s\n", view->shown->epoch,
         view->snapshot.ended ? ", with which the job came to its end" : "");
  for (uint32_t i = 0; i < view->inventory.node_count; i++) {
    const struct wr_inventory_node *node = &view->inventory.nodes[i];
    uint32_t copies;
    uint64_t bytes = node_bytes(view, node->key, &copies);
    printf("  %s  x%u  %s\n", node->name, copies, state_bytes(&view->arena, bytes));
    printf("    %s\n", node->key);
    if (*node->state)
      printf("    %s\n", node->state);
    if (node->is_source)
      show_positions(view, node->key);
  }
}

static void state_show(struct state_view *view)
{
  int64_t writer = wr_store_directory_writer(view->path);
  if (writer)
    printf("in use by process %" PRId64 "\n", writer);
  if (view->epoch_count == 0)
    printf("no epochs\n");
  show_epochs(view);
  if (view->shown)
    show_steps(view);
}

/* ---- as JSON */

static void json_text(struct wr_buffer *out, const char *name, const char *text)
{
  wr_buffer_print(out, ",\"%s\":", name);
  wr_json_write_string(out, text, strlen(text));
}

static void json_epochs(struct wr_buffer *out, const struct state_view *view)
{
  wr_buffer_put_string(out, ",\"epochs\":[");
  for (uint32_t i = 0; i < view->epoch_count; i++) {
    const struct wr_store_epoch *epoch = &view->epochs[i];
    wr_buffer_print(out, "%s{\"epoch\":%" PRIu64, i ? "," : "", epoch->epoch);
    if (epoch->damage)
      json_text(out, "damage", epoch->damage);
    else
      wr_buffer_print(
          out,
          ",\"sealed_ms\":%" PRId64 ",\"bytes\":%" PRIu64 ",\"own_bytes\":%" PRIu64 ",\"parts\":%u",
          epoch->sealed_us / WR_US_PER_MS, epoch->bytes, epoch->own_bytes, epoch->part_count);
    if (epoch->version)
      json_text(out, "version", epoch->version);
    wr_buffer_put_char(out, '}');
  }
  wr_buffer_put_char(out, ']');
}

static void json_positions(struct wr_buffer *out, struct state_view *view, const char *key)
{
  struct wr_inventory_position *positions;
  struct wr_error err;
  uint32_t count;
  enum wr_code code =
      wr_inventory_positions(&view->snapshot, key, &view->arena, &positions, &count, &err);
  wr_buffer_put_string(out, ",\"positions\":[");
  for (uint32_t i = 0; code == WR_OK && i < count; i++) {
    wr_buffer_put_string(out, i ? ",{\"split\":" : "{\"split\":");
    wr_json_write_string(out, positions[i].split, strlen(positions[i].split));
    json_text(out, "position", positions[i].position);
    wr_buffer_put_char(out, '}');
  }
  wr_buffer_put_char(out, ']');
}

static void json_steps(struct wr_buffer *out, struct state_view *view)
{
  wr_buffer_print(out, ",\"shown\":%" PRIu64 ",\"ended\":%s,\"steps\":[", view->shown->epoch,
                  view->snapshot.ended ? "true" : "false");
  for (uint32_t i = 0; i < view->inventory.node_count; i++) {
    const struct wr_inventory_node *node = &view->inventory.nodes[i];
    uint32_t copies;
    uint64_t bytes = node_bytes(view, node->key, &copies);
    wr_buffer_print(out, "%s{\"copies\":%u,\"bytes\":%" PRIu64, i ? "," : "", copies, bytes);
    json_text(out, "name", node->name);
    json_text(out, "identity", node->key);
    json_text(out, "kind", node->kind);
    json_text(out, "state", node->state);
    if (node->is_source)
      json_positions(out, view, node->key);
    wr_buffer_put_char(out, '}');
  }
  wr_buffer_put_char(out, ']');
}

static void state_show_json(struct state_view *view)
{
  struct wr_buffer out = {0};
  wr_buffer_print(&out, "{\"process\":%" PRId64, wr_store_directory_writer(view->path));
  json_text(&out, "directory", view->path);
  json_epochs(&out, view);
  if (view->shown)
    json_steps(&out, view);
  wr_buffer_put_string(&out, "}\n");
  fwrite(out.bytes, 1, out.length, stdout);
  wr_buffer_free(&out);
}

/* ---- reading */

/* The epoch whose steps are shown: the one asked for, or the newest that can be read. */
static enum wr_code view_choose(struct state_view *view, uint64_t wanted, struct wr_error *err)
{
  for (uint32_t i = 0; i < view->epoch_count && !view->shown; i++) {
    const struct wr_store_epoch *epoch = &view->epochs[i];
    if (wanted ? epoch->epoch == wanted : !epoch->damage)
      view->shown = epoch;
  }
  if (wanted && !view->shown)
    return wr_fail(err, WR_IO, "there is no epoch %" PRIu64 " in %s", wanted, view->path);
  if (view->shown && view->shown->damage)
    return wr_fail(err, WR_DATA, "epoch %" PRIu64 " is damaged: %s", wanted, view->shown->damage);
  return WR_OK;
}

static enum wr_code view_read(struct state_view *view, uint64_t wanted, struct wr_error *err)
{
  enum wr_code code = wr_store_directory_open_reading(view->path, &view->store, err);
  if (code != WR_OK)
    return code;
  const struct wr_store_class *class = view->store->class;
  view->epochs = class->list(view->store, &view->arena, &view->epoch_count);
  code = view_choose(view, wanted, err);
  if (code != WR_OK || !view->shown)
    return code;
  uint64_t epoch = view->shown->epoch;
  code = wr_snapshot_read(view->store, epoch, &view->arena, &view->snapshot, err);
  if (code == WR_OK)
    code = wr_inventory_read(&view->snapshot, &view->arena, &view->inventory, err);
  if (code == WR_OK)
    code = class->parts(view->store, epoch, &view->arena, &view->parts, &view->part_count, err);
  return code;
}

int wr_command_state(int argc, char **argv)
{
  struct state_arguments arguments;
  struct wr_error err;
  int exit_code = state_parse(argc, argv, &arguments);
  if (exit_code != WR_EXIT_DONE)
    return exit_code;
  struct state_view view = {.path = arguments.path};
  if (view_read(&view, arguments.epoch, &err) != WR_OK) {
    fprintf(stderr, "weir state: %s\n", err.message);
    if (err.hint[0])
      fprintf(stderr, "hint: %s\n", err.hint);
    exit_code = WR_EXIT_FAILED;
  } else if (arguments.json) {
    state_show_json(&view);
  } else {
    state_show(&view);
  }
  if (view.store)
    view.store->class->close(view.store);
  wr_arena_free(&view.arena);
  return exit_code;
}
