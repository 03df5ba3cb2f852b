/* SPDX-License-Identifier: Apache-2.0 */
/* weir state: what a state directory keeps, for people and as JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "cli/grid.h"
#include "cli/resume.h"
#include "cli/state_running.h"
#include "cli/units.h"
#include "config.h"
#include "core/time.h"
#include "runtime/epoch_list.h"
#include "state/store_directory.h"
#include "text/buffer.h"
#include "text/json_write.h"

#define STATE_SPLITS_SHOWN 20
#define STATE_SMALL_BYTES  4096 /* of a step: not worth being told apart */
#define STATE_TRIES        3    /* while another process takes epochs away */

struct state_arguments {
  const char *path;
  uint64_t epoch; /* 0: the newest */
  bool json;
};

/* One of the epochs in the directory. */
struct state_epoch {
  const struct wr_store_epoch *epoch;
  int64_t took_us; /* from its beginning to its seal; 0: not known */
  bool is_delta;   /* some of its parts only say what has changed */
};

/* Where a source had come. */
struct state_source {
  struct wr_inventory_position *positions;
  uint32_t count;
  const char *problem; /* why it cannot be read; NULL: it can */
};

/* What is shown. */
struct state_view {
  const char *path;
  struct wr_arena arena;
  struct wr_running running;
  struct wr_store *store;
  struct state_epoch *epochs; /* newest first */
  uint32_t epoch_count;
  const struct wr_store_epoch *shown; /* NULL: there is none */
  struct wr_snapshot snapshot;
  struct wr_inventory inventory;
  struct state_source *sources; /* one per node of the inventory */
  bool has_problem;             /* some of them cannot be read */
  struct wr_store_part *parts;
  uint32_t part_count;
};

static int state_usage(const char *message, const char *what)
{
  fprintf(stderr, "weir state: %s%s%s\n", message, what ? ": " : "", what ? what : "");
  wr_help_hint("state");
  return WR_EXIT_USAGE;
}

static int state_parse(int argc, char **argv, struct state_arguments *out)
{
  *out = (struct state_arguments){0};
  for (int i = 0; i < argc; i++) {
    if (strcmp(argv[i], "--json") == 0) {
      out->json = true;
    } else if (strncmp(argv[i], "--from", 6) == 0 && (argv[i][6] == 0 || argv[i][6] == '=')) {
      const char *value = argv[i][6] ? argv[i] + 7 : i + 1 < argc ? argv[++i] : NULL;
      if (!wr_epoch_parse(value, &out->epoch))
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

/* Of all copies of a step in the epoch that is shown. */
struct state_size {
  uint32_t copies;
  uint64_t keys, bytes, own_bytes; /* own: written with this epoch */
};

static int part_compare(const void *name, const void *part)
{
  return strcmp(name, ((const struct wr_store_part *)part)->name);
}

/* Also those of a chain whose parts all the newest one needs. */
static void size_add(const struct state_view *view, const struct wr_snapshot_part *part,
                     struct state_size *size)
{
  size->copies++;
  size->keys += part->keys;
  for (; part; part = part->older) {
    const struct wr_store_part *found =
        bsearch(part->name, view->parts, view->part_count, sizeof *view->parts, part_compare);
    if (!found)
      continue;
    size->bytes += found->bytes;
    size->own_bytes += found->from_epoch == view->shown->epoch ? found->bytes : 0;
  }
}

static struct state_size state_size(const struct state_view *view, const char *key, bool outbox)
{
  struct state_size size = {0};
  for (uint32_t i = 0; i < view->snapshot.part_count; i++) {
    const struct wr_snapshot_part *part = &view->snapshot.parts[i];
    if (part->outbox == outbox && strcmp(part->node_key, key) == 0)
      size_add(view, part, &size);
  }
  return size;
}

/* The first part of each sink's outboxes; parts are sorted by node key. */
static bool part_begins_outbox(const struct state_view *view, uint32_t i)
{
  const struct wr_snapshot_part *parts = view->snapshot.parts;
  if (!parts[i].outbox)
    return false;
  for (uint32_t before = i; before-- > 0 && strcmp(parts[before].node_key, parts[i].node_key) == 0;)
    if (parts[before].outbox)
      return false;
  return true;
}

/* ---- for people */

static void show_epochs(struct state_view *view)
{
  struct wr_arena *arena = &view->arena;
  struct wr_grid grid = {.arena = arena, .indent = "", .sides = "rlrrrlrl"};
  int64_t now_us = wr_now_us();
  if (view->epoch_count == 0)
    printf("no epochs\n");
  else
    wr_grid_add(&grid, (const char *[]){"epoch", "sealed (UTC)", "age", "total", "own", "kind",
                                        "took", ""});
  for (uint32_t i = 0; i < view->epoch_count; i++) {
    const struct state_epoch *at = &view->epochs[i];
    const struct wr_store_epoch *epoch = at->epoch;
    if (epoch->damage) {
      wr_grid_add_line(
          &grid, wr_arena_print(arena, "%5" PRIu64 "  damaged: %s", epoch->epoch, epoch->damage));
      continue;
    }
    char time[32];
    time_t seconds = (time_t)(epoch->sealed_us / WR_US_PER_SECOND);
    struct tm utc;
    strftime(time, sizeof time, "%Y-%m-%d %H:%M:%S", gmtime_r(&seconds, &utc));
    bool is_other = strcmp(epoch->version, PACKAGE_VERSION) != 0;
    wr_grid_add(&grid, (const char *[]){
                           wr_arena_print(arena, "%" PRIu64, epoch->epoch),
                           wr_arena_print(arena, "%s", time),
                           wr_age_print(arena, now_us - epoch->sealed_us),
                           wr_bytes_print(arena, epoch->bytes),
                           wr_bytes_print(arena, epoch->own_bytes), at->is_delta ? "delta" : "full",
                           at->took_us ? wr_duration_print(arena, at->took_us) : "",
                           is_other ? wr_arena_print(arena, "by weir %s", epoch->version) : ""});
  }
  wr_grid_print(&grid);
}

static void show_positions(const struct state_source *source)
{
  if (source->problem)
    printf("    %s\n", source->problem);
  for (uint32_t i = 0; i < source->count && i < STATE_SPLITS_SHOWN; i++) {
    const char *position = source->positions[i].position;
    printf("    %s  at %.*s\n", source->positions[i].split,
           *position ? wr_position_length(position) : (int)strlen("the start"),
           *position ? position : "the start");
  }
  if (source->count > STATE_SPLITS_SHOWN)
    printf("    and %u more (--json shows all)\n", source->count - STATE_SPLITS_SHOWN);
}

static void show_size(struct state_view *view, const char *name, const struct state_size *size)
{
  struct wr_arena *arena = &view->arena;
  printf("  %s  x%u", name, size->copies);
  if (size->keys)
    printf("  %s key%s", wr_count_print(arena, size->keys), size->keys == 1 ? "" : "s");
  printf("  %s", wr_bytes_print(arena, size->bytes));
  if (size->bytes > STATE_SMALL_BYTES && size->own_bytes < size->bytes)
    printf(", %s of it new", wr_bytes_print(arena, size->own_bytes));
  putchar('\n');
}

static void show_steps(struct state_view *view)
{
  printf("\nsteps of epoch %" PRIu64 "%s\n", view->shown->epoch,
         view->snapshot.ended ? ", with which the job came to its end" : "");
  for (uint32_t i = 0; i < view->inventory.node_count; i++) {
    const struct wr_inventory_node *node = &view->inventory.nodes[i];
    struct state_size size = state_size(view, node->key, false);
    show_size(view, node->name, &size);
    printf("    %s\n", node->key);
    if (*node->state)
      printf("    %s\n", node->state);
    show_positions(&view->sources[i]);
  }
}

static void show_outboxes(struct state_view *view)
{
  bool any = false;
  for (uint32_t i = 0; i < view->snapshot.part_count; i++) {
    const char *key = view->snapshot.parts[i].node_key;
    if (!part_begins_outbox(view, i))
      continue;
    if (!any)
      printf("\noutboxes of epoch %" PRIu64 ", which are published with it\n", view->shown->epoch);
    any = true;
    struct state_size size = state_size(view, key, true);
    show_size(view, key, &size);
  }
}

static void state_show(struct state_view *view)
{
  wr_running_print(&view->running, &view->arena);
  show_epochs(view);
  if (!view->shown)
    return;
  show_steps(view);
  show_outboxes(view);
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
    const struct state_epoch *at = &view->epochs[i];
    const struct wr_store_epoch *epoch = at->epoch;
    wr_buffer_print(out, "%s{\"epoch\":%" PRIu64, i ? "," : "", epoch->epoch);
    if (epoch->damage)
      json_text(out, "damage", epoch->damage);
    else
      wr_buffer_print(out,
                      ",\"sealed_ms\":%" PRId64 ",\"bytes\":%" PRIu64 ",\"own_bytes\":%" PRIu64
                      ",\"parts\":%u,\"delta\":%s",
                      epoch->sealed_us / WR_US_PER_MS, epoch->bytes, epoch->own_bytes,
                      epoch->part_count, at->is_delta ? "true" : "false");
    if (at->took_us)
      wr_buffer_print(out, ",\"took_us\":%" PRId64, at->took_us);
    if (epoch->version)
      json_text(out, "version", epoch->version);
    wr_buffer_put_char(out, '}');
  }
  wr_buffer_put_char(out, ']');
}

static void json_positions(struct wr_buffer *out, const struct state_source *source)
{
  if (source->problem)
    json_text(out, "damage", source->problem);
  wr_buffer_put_string(out, ",\"positions\":[");
  for (uint32_t i = 0; i < source->count; i++) {
    wr_buffer_put_string(out, i ? ",{\"split\":" : "{\"split\":");
    wr_json_write_string(out, source->positions[i].split, strlen(source->positions[i].split));
    json_text(out, "position", source->positions[i].position);
    wr_buffer_put_char(out, '}');
  }
  wr_buffer_put_char(out, ']');
}

static void json_size(struct wr_buffer *out, const struct state_size *size)
{
  wr_buffer_print(
      out, "{\"copies\":%u,\"keys\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"own_bytes\":%" PRIu64,
      size->copies, size->keys, size->bytes, size->own_bytes);
}

static void json_steps(struct wr_buffer *out, const struct state_view *view)
{
  wr_buffer_print(out, ",\"shown\":%" PRIu64 ",\"ended\":%s,\"steps\":[", view->shown->epoch,
                  view->snapshot.ended ? "true" : "false");
  for (uint32_t i = 0; i < view->inventory.node_count; i++) {
    const struct wr_inventory_node *node = &view->inventory.nodes[i];
    struct state_size size = state_size(view, node->key, false);
    wr_buffer_put_string(out, i ? "," : "");
    json_size(out, &size);
    json_text(out, "name", node->name);
    json_text(out, "identity", node->key);
    json_text(out, "kind", node->kind);
    json_text(out, "state", node->state);
    if (node->is_source)
      json_positions(out, &view->sources[i]);
    wr_buffer_put_char(out, '}');
  }
  wr_buffer_put_char(out, ']');
}

static void json_outboxes(struct wr_buffer *out, const struct state_view *view)
{
  bool any = false;
  wr_buffer_put_string(out, ",\"outboxes\":[");
  for (uint32_t i = 0; i < view->snapshot.part_count; i++) {
    const char *key = view->snapshot.parts[i].node_key;
    if (!part_begins_outbox(view, i))
      continue;
    struct state_size size = state_size(view, key, true);
    wr_buffer_put_string(out, any ? "," : "");
    json_size(out, &size);
    json_text(out, "sink", key);
    wr_buffer_put_char(out, '}');
    any = true;
  }
  wr_buffer_put_char(out, ']');
}

static void state_show_json(struct state_view *view)
{
  struct wr_buffer out = {0};
  wr_buffer_print(&out, "{\"process\":%" PRId64, view->running.process);
  json_text(&out, "directory", view->path);
  if (view->store->id[0])
    json_text(&out, "job", view->store->id);
  if (view->running.json)
    wr_buffer_print(&out, ",\"running\":%s", view->running.json);
  else if (view->running.process)
    json_text(&out, "silent", view->running.silent);
  json_epochs(&out, view);
  if (view->shown) {
    json_steps(&out, view);
    json_outboxes(&out, view);
  }
  wr_buffer_put_string(&out, "}\n");
  fwrite(out.bytes, 1, out.length, stdout);
  wr_buffer_free(&out);
}

/* ---- reading */

/* The epoch whose steps are shown: the one asked for, or the newest that can be read. */
static enum wr_code view_choose(struct state_view *view, uint64_t wanted, struct wr_error *err)
{
  for (uint32_t i = 0; i < view->epoch_count && !view->shown; i++) {
    const struct wr_store_epoch *epoch = view->epochs[i].epoch;
    if (wanted ? epoch->epoch == wanted : !epoch->damage)
      view->shown = epoch;
  }
  if (wanted && !view->shown)
    return wr_fail(err, WR_IO, "there is no epoch %" PRIu64 " in %s", wanted, view->path);
  if (view->shown && view->shown->damage)
    return wr_fail(err, WR_DATA, "epoch %" PRIu64 " is damaged: %s", wanted, view->shown->damage);
  return WR_OK;
}

/* What only the runtime's manifest says of an epoch; nothing if it cannot be read. */
static void view_look_into(struct state_view *view, struct state_epoch *at)
{
  struct wr_listed_epoch look;
  wr_epoch_list_look(view->store, at->epoch, &look);
  at->took_us = look.took_us;
  at->is_delta = look.is_delta;
}

static void view_list(struct state_view *view)
{
  const struct wr_store_epoch *epochs =
      view->store->class->list(view->store, &view->arena, &view->epoch_count);
  view->epochs = WR_NEW_ARRAY(&view->arena, struct state_epoch, view->epoch_count);
  for (uint32_t i = 0; i < view->epoch_count; i++) {
    view->epochs[i].epoch = &epochs[i];
    view_look_into(view, &view->epochs[i]);
  }
}

static void view_read_sources(struct state_view *view)
{
  struct wr_arena *arena = &view->arena;
  struct wr_error err;
  view->sources = WR_NEW_ARRAY(arena, struct state_source, view->inventory.node_count);
  for (uint32_t i = 0; i < view->inventory.node_count; i++) {
    struct state_source *source = &view->sources[i];
    if (!view->inventory.nodes[i].is_source ||
        wr_inventory_positions(&view->snapshot, view->inventory.nodes[i].key, arena,
                               &source->positions, &source->count, &err) == WR_OK)
      continue;
    source->count = 0;
    source->problem = wr_arena_print(arena, "%s", err.message);
    view->has_problem = true;
  }
}

static enum wr_code view_read(struct state_view *view, uint64_t wanted, struct wr_error *err)
{
  enum wr_code code = wr_store_directory_open_reading(view->path, &view->store, err);
  if (code != WR_OK)
    return code;
  const struct wr_store_class *class = view->store->class;
  view_list(view);
  code = view_choose(view, wanted, err);
  if (code != WR_OK || !view->shown)
    return code;
  uint64_t epoch = view->shown->epoch;
  code = wr_snapshot_read(view->store, epoch, &view->arena, &view->snapshot, err);
  if (code == WR_OK)
    code = wr_inventory_read(&view->snapshot, &view->arena, &view->inventory, err);
  if (code == WR_OK)
    code = class->parts(view->store, epoch, &view->arena, &view->parts, &view->part_count, err);
  if (code == WR_OK)
    view_read_sources(view);
  return code;
}

static void view_close(struct state_view *view)
{
  if (view->store)
    view->store->class->close(view->store);
  wr_arena_free(&view->arena);
}

/* The job may take away what is just being read: then what is newer is read. */
static enum wr_code view_open(struct state_view *view, const struct state_arguments *arguments,
                              struct wr_error *err)
{
  enum wr_code code = WR_INTERNAL;
  for (int tries = 0; (code != WR_OK || view->has_problem) && tries < STATE_TRIES; tries++) {
    view_close(view);
    *view = (struct state_view){.path = arguments->path};
    wr_running_ask(view->path, &view->arena, &view->running);
    code = view_read(view, arguments->epoch, err);
    if (!view->running.process)
      break;
  }
  return code;
}

int wr_command_state(int argc, char **argv)
{
  struct state_arguments arguments;
  struct wr_error err;
  int exit_code = state_parse(argc, argv, &arguments);
  if (exit_code != WR_EXIT_DONE)
    return exit_code;
  struct state_view view = {0};
  if (view_open(&view, &arguments, &err) != WR_OK) {
    fprintf(stderr, "weir state: %s\n", err.message);
    if (err.hint[0])
      fprintf(stderr, "hint: %s\n", err.hint);
    exit_code = WR_EXIT_FAILED;
  } else if (arguments.json) {
    state_show_json(&view);
  } else {
    state_show(&view);
  }
  view_close(&view);
  return exit_code;
}
