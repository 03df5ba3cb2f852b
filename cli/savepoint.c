/* SPDX-License-Identifier: Apache-2.0 */
/* weir savepoint: asks the job that runs over a directory for an epoch now; copies an epoch into a
 * directory of its own. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/control.h"
#include "cli/folders.h"
#include "cli/resume.h"
#include "cli/units.h"
#include "core/time.h"
#include "runtime/request.h"
#include "state/store_directory.h"
#include "state/store_directory_copy.h"

#define SAVEPOINT_TIMEOUT_US (10 * WR_US_PER_MINUTE)
#define SAVEPOINT_START_US   (10 * WR_US_PER_SECOND) /* how long a process may take to listen */
#define SAVEPOINT_LEAVE_MS   10 /* how often it is looked whether a process has gone */

struct savepoint {
  const char *path, *to; /* to NULL: no copy */
  uint64_t from_epoch;   /* 0: the newest one that is sound */
  bool stop, drain;
  int64_t timeout_us, deadline_us;
  const char *timeout;   /* as it was written */
  struct wr_reply reply; /* of the running job: how it went */
  struct wr_arena arena;
};

static int savepoint_usage(const char *message, const char *what)
{
  fprintf(stderr, "weir savepoint: %s%s%s\n", message, what ? ": " : "", what ? what : "");
  wr_help_hint("savepoint");
  return WR_EXIT_USAGE;
}

static int savepoint_fail(const struct wr_error *err)
{
  fprintf(stderr, "weir savepoint: %s\n", err->message);
  if (err->hint[0])
    fprintf(stderr, "hint: %s\n", err->hint);
  return WR_EXIT_FAILED;
}

/* ---- command line */

/* The value of an option --name VALUE or --name=VALUE if argv[*at] is it. */
static bool option_is(int argc, char **argv, int *at, const char *name, const char **value)
{
  size_t length = strlen(name);
  const char *argument = argv[*at];
  if (strncmp(argument, name, length) != 0 || (argument[length] && argument[length] != '='))
    return false;
  *value = argument[length] ? argument + length + 1 : *at + 1 < argc ? argv[++*at] : NULL;
  return true;
}

static int savepoint_option(int argc, char **argv, int *at, struct savepoint *out)
{
  const char *value;
  if (strcmp(argv[*at], "--stop") == 0) {
    out->stop = true;
  } else if (strcmp(argv[*at], "--drain") == 0) {
    out->drain = true;
  } else if (option_is(argc, argv, at, "--to", &value)) {
    if (!value || !*value)
      return savepoint_usage("--to wants a directory", NULL);
    out->to = value;
  } else if (option_is(argc, argv, at, "--from", &value)) {
    if (!wr_epoch_parse(value, &out->from_epoch))
      return savepoint_usage("--from is latest or the number of an epoch", value);
  } else if (option_is(argc, argv, at, "--timeout", &value)) {
    if (!value || !wr_option_parse_duration(value, &out->timeout_us) || out->timeout_us <= 0)
      return savepoint_usage("--timeout wants a duration such as 30 s or 10 min", value);
    out->timeout = value;
  } else {
    return savepoint_usage("unknown option", argv[*at]);
  }
  return WR_EXIT_DONE;
}

static int savepoint_parse(int argc, char **argv, struct savepoint *out)
{
  *out = (struct savepoint){.timeout_us = SAVEPOINT_TIMEOUT_US, .timeout = "10 min"};
  for (int i = 0; i < argc; i++) {
    if (argv[i][0] == '-' && argv[i][1]) {
      int code = savepoint_option(argc, argv, &i, out);
      if (code != WR_EXIT_DONE)
        return code;
    } else if (out->path) {
      return savepoint_usage("one directory at a time", argv[i]);
    } else {
      out->path = argv[i];
    }
  }
  if (!out->path)
    return savepoint_usage("of which state directory?", NULL);
  if (out->drain && !out->stop)
    return savepoint_usage("--drain says how to stop; it goes with --stop", NULL);
  if (out->from_epoch && (out->stop || !out->to))
    return savepoint_usage("--from says which epoch --to copies", NULL);
  return WR_EXIT_DONE;
}

/* ---- the running job */

static enum wr_code savepoint_late(const struct savepoint *savepoint, uint64_t epoch,
                                   struct wr_error *err)
{
  wr_fail(err, WR_CONNECTION,
          "epoch %" PRIu64
          " of %s is not complete after %s, probably because a sink or the disk is "
          "slow; it may still become so",
          epoch, savepoint->path, savepoint->timeout);
  return wr_hint(err, "weir state %s shows what the job is doing; --timeout says how long to wait",
                 savepoint->path);
}

/* Hears until the savepoint is there or has failed. */
static enum wr_code savepoint_hear(struct savepoint *savepoint, struct wr_control_client *client,
                                   struct wr_error *err)
{
  uint64_t begun = 0;
  for (;;) {
    const char *line;
    size_t length;
    enum wr_code code = wr_control_hear(client, savepoint->deadline_us, &line, &length, err);
    if (code == WR_CONNECTION && begun)
      return savepoint_late(savepoint, begun, err);
    if (code == WR_OK)
      code = wr_reply_parse(line, length, &savepoint->reply, err);
    if (code != WR_OK)
      return code;
    if (savepoint->reply.kind == WR_REPLY_FAILED)
      return wr_fail(err, WR_IO, "%.*s", (int)savepoint->reply.text_length, savepoint->reply.text);
    if (savepoint->reply.kind != WR_REPLY_BEGUN)
      return WR_OK;
    begun = savepoint->reply.epoch;
  }
}

/* A job that has said that it is over still has to close its directory. */
static enum wr_code savepoint_wait_for_end(const struct savepoint *savepoint, struct wr_error *err)
{
  int64_t process;
  while ((process = wr_store_directory_writer(savepoint->path)) != 0) {
    if (wr_monotonic_us() > savepoint->deadline_us)
      return wr_fail(err, WR_CONNECTION, "process %" PRId64 " has not left %s after %s", process,
                     savepoint->path, savepoint->timeout);
    poll(NULL, 0, SAVEPOINT_LEAVE_MS);
  }
  return WR_OK;
}

/* ---- copying */

static void savepoint_tell_damage(void *self, uint64_t epoch, const struct wr_error *damage)
{
  const struct savepoint *savepoint = self;
  fprintf(stderr, "weir savepoint: warning: epoch %" PRIu64 " of %s cannot be used: %s\n", epoch,
          savepoint->path, damage->message);
}

static enum wr_code savepoint_choose(struct savepoint *savepoint, struct wr_store *store,
                                     uint64_t *epoch, struct wr_error *err)
{
  if (savepoint->reply.epoch || savepoint->from_epoch) {
    *epoch = savepoint->reply.epoch ? savepoint->reply.epoch : savepoint->from_epoch;
    return WR_OK;
  }
  if (!store->class->latest(store, epoch))
    return wr_fail(err, WR_IO, "there is no epoch in %s", savepoint->path);
  if (!wr_store_find_sound(store, epoch, savepoint_tell_damage, savepoint))
    return wr_fail(err, WR_DATA, "no epoch in %s can be used", savepoint->path);
  return WR_OK;
}

static enum wr_code savepoint_copy(struct savepoint *savepoint, uint64_t *epoch,
                                   struct wr_store_copied *copied, struct wr_error *err)
{
  struct wr_store *store;
  enum wr_code code = wr_store_directory_open_reading(savepoint->path, &store, err);
  if (code != WR_OK)
    return code;
  code = savepoint_choose(savepoint, store, epoch, err);
  if (code == WR_OK)
    code = wr_store_directory_copy(store, *epoch, savepoint->to, copied, err);
  store->class->close(store);
  return code;
}

/* ---- both */

static void savepoint_say(struct savepoint *savepoint, uint64_t epoch,
                          const struct wr_store_copied *copied)
{
  const struct wr_reply *reply = &savepoint->reply;
  struct wr_arena *arena = &savepoint->arena;
  bool is_ended = reply->epoch && reply->kind == WR_REPLY_ENDED;
  const char *before = "";
  if (is_ended)
    before = wr_arena_print(arena, "the job has come to its end; ");
  else if (reply->epoch && reply->kind == WR_REPLY_STOPPED)
    before = wr_arena_print(arena, "the job has stopped; ");
  if (savepoint->to)
    printf("%sepoch %" PRIu64 " of %s is copied to %s: %s in %u file%s\n", before, epoch,
           savepoint->path, savepoint->to, wr_bytes_print(arena, copied->bytes), copied->file_count,
           copied->file_count == 1 ? "" : "s");
  else if (reply->kind == WR_REPLY_SEALED)
    printf("epoch %" PRIu64 " of %s is sealed: %s, of which %s are new, in %s\n", epoch,
           savepoint->path, wr_bytes_print(arena, reply->bytes),
           wr_bytes_print(arena, reply->own_bytes),
           wr_duration_print(arena, (int64_t)reply->micros));
  else
    printf("%sepoch %" PRIu64 " of %s is sealed\n", before, epoch, savepoint->path);
}

static enum wr_code savepoint_without_job(const struct savepoint *savepoint, struct wr_error *err)
{
  if (savepoint->stop)
    return wr_hint(err, "there is nothing to stop%s",
                   savepoint->to ? "; without --stop, --to copies its newest epoch" : "");
  return wr_hint(err, "its newest epoch is its state: weir state %s shows it, --to OUT copies it",
                 savepoint->path);
}

/* Before anything is asked of the job: it would stop in vain. */
static enum wr_code savepoint_prepare(const struct savepoint *savepoint, struct wr_error *err)
{
  if (!savepoint->to)
    return WR_OK;
  enum wr_code code = wr_store_directory_copy_check(savepoint->to, err);
  return code == WR_OK ? wr_folders_make_above(savepoint->to, err) : code;
}

/* Asks the job, and waits for its answer. */
static enum wr_code savepoint_ask(struct savepoint *savepoint, struct wr_control_client *client,
                                  struct wr_error *err)
{
  enum wr_code code = wr_control_ask(
      client,
      wr_arena_print(&savepoint->arena, "savepoint%s%s%s", savepoint->to ? " hold" : "",
                     savepoint->stop ? " stop" : "", savepoint->drain ? " drain" : ""),
      err);
  if (code == WR_OK)
    code = savepoint_hear(savepoint, client, err);
  if (code == WR_OK && savepoint->reply.kind != WR_REPLY_SEALED)
    code = savepoint_wait_for_end(savepoint, err);
  return code;
}

static int savepoint_run(struct savepoint *savepoint)
{
  struct wr_control_client client;
  struct wr_store_copied copied = {0};
  struct wr_error err;
  int64_t process;
  uint64_t epoch = 0;
  savepoint->deadline_us = wr_monotonic_us() + savepoint->timeout_us;
  enum wr_code code = wr_control_connect(
      savepoint->path,
      savepoint->timeout_us < SAVEPOINT_START_US ? savepoint->timeout_us : SAVEPOINT_START_US,
      &client, &process, &err);
  bool runs = code == WR_OK, is_copy = code == WR_CONNECTION && savepoint->to && !savepoint->stop;
  if (!runs && !is_copy) {
    if (code == WR_CONNECTION)
      savepoint_without_job(savepoint, &err);
    return savepoint_fail(&err);
  }
  code = savepoint_prepare(savepoint, &err);
  if (code == WR_OK && runs && savepoint->from_epoch) {
    code = wr_fail(&err, WR_IO, "process %" PRId64 " runs over %s, and its epochs come and go",
                   process, savepoint->path);
    wr_hint(&err, "without --from, --to copies an epoch that begins now");
  } else if (code == WR_OK && runs) {
    code = savepoint_ask(savepoint, &client, &err);
    epoch = savepoint->reply.epoch;
  }
  if (code == WR_OK && savepoint->to)
    code = savepoint_copy(savepoint, &epoch, &copied, &err);
  wr_control_disconnect(&client);
  if (code != WR_OK)
    return savepoint_fail(&err);
  savepoint_say(savepoint, epoch, &copied);
  return WR_EXIT_DONE;
}

int wr_command_savepoint(int argc, char **argv)
{
  struct savepoint savepoint;
  int exit_code = savepoint_parse(argc, argv, &savepoint);
  if (exit_code == WR_EXIT_DONE)
    exit_code = savepoint_run(&savepoint);
  wr_arena_free(&savepoint.arena);
  return exit_code;
}
