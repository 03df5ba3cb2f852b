/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weir serve: every *.sql of a folder is a job, as long as it is there. One thread looks at the
 * folder (when it is told by the kernel, by SIGHUP or over HTTP) and at signals; each job has a
 * thread of its own (cli/serve_job.h). The service goes on whatever becomes of its jobs.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/folders.h"
#include "cli/job_facts.h"
#include "cli/log.h"
#include "cli/serve_job.h"
#include "core/limits.h"
#include "core/time.h"
#include "planner/settings.h"
#include "runtime/memory.h"

#define SERVE_ADDRESS         "127.0.0.1:8080"
#define SERVE_SETTLE_US       (500 * WR_US_PER_MS) /* a change is looked at when nothing follows it */
#define SERVE_SETTLE_MAX_US   (5 * WR_US_PER_SECOND)  /* or it has been there for so long */
#define SERVE_STOPPING_MAX_US (65 * WR_US_PER_SECOND) /* for last epochs of all jobs */

struct serve {
  struct wr_arguments arguments;
  const char *folder, *root;
  FILE *log;
  int lock_fd, signal_fd, wake_fd, notify_fd; /* notify_fd -1: the kernel does not tell */
  struct wr_watchers watchers;
  struct wr_serve_house house;
  uint64_t memory_bytes; /* for all jobs */
  uint32_t slots;        /* parts it is cut into; a power of two */
  struct wr_serve_job *jobs[WR_SERVED_JOBS_MAX];
  uint32_t job_count;
  int64_t changed_us,
      settles_us;      /* the first change that was not looked at, and when it is; 0: none */
  _Atomic bool reload; /* somebody has asked over HTTP */
  int64_t stopping_us; /* since when; 0: it is not */
};

/* ---- the folder */

static struct wr_serve_job *serve_find(struct serve *serve, const char *name)
{
  for (uint32_t i = 0; i < serve->job_count; i++)
    if (strcmp(serve->jobs[i]->name, name) == 0)
      return serve->jobs[i];
  return NULL;
}

/* The job of a file, made if need be; NULL: it cannot be one, which is told. */
static struct wr_serve_job *serve_job_of(struct serve *serve, const char *file)
{
  struct wr_arena arena = {0};
  const char *name = wr_job_name_of_file(&arena, file);
  const char *path = wr_arena_print(&arena, "%s/%s", serve->folder, file);
  struct wr_serve_job *job = NULL;
  if (strlen(file) != strlen(name) + 4 || strncmp(file, name, strlen(name)) != 0) {
    fprintf(serve->log,
            "error: %s cannot be a job: names have letters, digits, - and _, at most 48 of them\n",
            path);
  } else if ((job = serve_find(serve, name)) == NULL) {
    if (serve->job_count == WR_SERVED_JOBS_MAX)
      fprintf(serve->log, "error: %s is left out: one service has at most %d jobs\n", path,
              WR_SERVED_JOBS_MAX);
    else if ((job = wr_serve_job_new(&serve->house, name, path)) != NULL)
      serve->jobs[serve->job_count++] = job;
  }
  wr_arena_free(&arena);
  return job;
}

/* The text of a file, to be freed; NULL: *why says so. */
static char *text_read(const char *path, size_t *length, char *why, size_t why_size)
{
  struct stat status;
  char *text = NULL;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  *length = 0;
  if (fd < 0 || fstat(fd, &status) != 0) {
    snprintf(why, why_size, "%s cannot be read: %s", path, strerror(errno));
  } else if (!S_ISREG(status.st_mode)) {
    snprintf(why, why_size, "%s is not a file", path);
  } else {
    text = wr_memory_get(WR_SQL_BYTES_MAX + 1);
    ssize_t got = 0;
    while (*length <= WR_SQL_BYTES_MAX &&
           (got = read(fd, text + *length, WR_SQL_BYTES_MAX + 1 - *length)) > 0)
      *length += (size_t)got;
    if (got < 0) {
      snprintf(why, why_size, "%s cannot be read: %s", path, strerror(errno));
      free(text);
      text = NULL;
    }
  }
  if (fd >= 0)
    close(fd);
  return text;
}

/* asked: by somebody, so that also jobs that have failed or were stopped run again. */
static void serve_look_at(struct wr_serve_job *job, bool asked)
{
  char why[512];
  size_t length;
  char *text = text_read(job->path, &length, why, sizeof why);
  if (asked)
    wr_serve_job_settle(job);
  if (!text) {
    fprintf(job->log, "error: %s\n", why);
    free(job->seen);
    job->seen = NULL;
    wr_serve_job_refuse(job, why);
    return;
  }
  bool is_known = job->seen && job->seen_length == length && memcmp(job->seen, text, length) == 0;
  if (!is_known || (asked && (job->refused || (!job->runs && job->was_stopped))))
    wr_serve_job_offer(job, text, length);
  free(text);
}

static int is_job_file(const struct dirent *entry)
{
  size_t length = strlen(entry->d_name);
  return entry->d_name[0] != '.' && length > 4 && strcmp(entry->d_name + length - 4, ".sql") == 0;
}

/* Every job that has a text to run gets an equal part of the memory. If there are more than parts,
 * those are halved, and jobs that run start again with their smaller one. */
static void serve_share(struct serve *serve)
{
  uint32_t count = 0;
  for (uint32_t i = 0; i < serve->job_count; i++)
    count += serve->jobs[i]->is_found && wr_serve_job_counts(serve->jobs[i]);
  uint32_t slots = serve->slots ? serve->slots : 1;
  while (slots < count)
    slots *= 2;
  if (slots == serve->slots)
    return;
  bool first = serve->slots == 0;
  serve->slots = slots;
  serve->house.share_bytes = serve->memory_bytes / slots;
  if (serve->house.share_bytes < WR_MEMORY_BYTES_MIN) {
    fprintf(serve->log,
            "warning: %" PRIu32 " jobs need --memory of at least %" PRIu64
            " MiB; each gets 64 MiB\n",
            count, (slots * WR_MEMORY_BYTES_MIN) >> 20);
    serve->house.share_bytes = WR_MEMORY_BYTES_MIN;
  }
  for (uint32_t i = 0; !first && i < serve->job_count; i++)
    wr_serve_job_again(serve->jobs[i]);
}

static void serve_scan(struct serve *serve, bool asked)
{
  struct dirent **entries;
  int count = scandir(serve->folder, &entries, is_job_file, alphasort);
  serve->changed_us = serve->settles_us = 0;
  if (count < 0) {
    fprintf(serve->log, "error: the folder %s cannot be read: %s; its jobs go on\n", serve->folder,
            strerror(errno));
    return;
  }
  for (uint32_t i = 0; i < serve->job_count; i++)
    serve->jobs[i]->is_found = false;
  for (int i = 0; i < count; i++) {
    struct wr_serve_job *job = serve_job_of(serve, entries[i]->d_name);
    if (job) {
      job->is_found = true;
      if (!job->leaves) /* else it comes back when it has gone */
        serve_look_at(job, asked);
    }
    free(entries[i]);
  }
  free(entries);
  serve_share(serve);
  for (uint32_t i = 0; i < serve->job_count; i++) {
    struct wr_serve_job *job = serve->jobs[i];
    if (job->is_found && !job->leaves)
      wr_serve_job_begin(job);
    if (job->is_found || job->leaves)
      continue;
    fprintf(job->log, "%s has gone%s\n", job->path, job->runs ? ": stopping" : "");
    job->leaves = true;
    wr_serve_job_stop(job);
  }
}

/* ---- what happens */

static void serve_wake(void *self)
{
  struct serve *serve = self;
  const uint64_t one = 1;
  atomic_store(&serve->reload, true);
  ssize_t written = write(serve->wake_fd, &one, sizeof one);
  (void)written; /* full: it is awake already */
}

/* Not of a job that has never run. */
static bool serve_has_state(const struct serve *serve, const char *name)
{
  struct stat about;
  char path[PATH_MAX];
  int length = snprintf(path, sizeof path, "%s/%s", serve->root, name);
  return length > 0 && (size_t)length < sizeof path && stat(path, &about) == 0;
}

/* Jobs that have ended: what follows them, or their leave. */
static void serve_look(struct serve *serve)
{
  bool gone = false;
  for (uint32_t i = serve->job_count; i-- > 0;) {
    struct wr_serve_job *job = serve->jobs[i];
    wr_serve_job_look(job, serve->stopping_us != 0);
    if (!job->leaves || job->runs || serve->stopping_us)
      continue;
    if (serve_has_state(serve, job->name))
      fprintf(job->log, "the job is removed; its state stays in %s/%s\n", serve->root, job->name);
    else
      fprintf(job->log, "the job is removed\n");
    wr_serve_job_free(job);
    serve->jobs[i] = serve->jobs[--serve->job_count];
    gone = true;
  }
  if (gone) /* a file of that name may be there again */
    serve->settles_us = wr_monotonic_us();
}

static void serve_stop(struct serve *serve, int signal_number)
{
  uint32_t running = 0;
  if (serve->stopping_us) {
    fprintf(serve->log, "leaving at once\n");
    _exit(128 + signal_number);
  }
  serve->stopping_us = wr_monotonic_us();
  for (uint32_t i = 0; i < serve->job_count; i++) {
    running += serve->jobs[i]->runs;
    wr_serve_job_stop(serve->jobs[i]);
  }
  fprintf(serve->log, "stopping %" PRIu32 " job%s; once more to leave at once\n", running,
          running == 1 ? "" : "s");
}

static void serve_hear_signal(struct serve *serve)
{
  struct signalfd_siginfo info;
  if (read(serve->signal_fd, &info, sizeof info) != sizeof info)
    return;
  if (info.ssi_signo != SIGHUP) {
    serve_stop(serve, (int)info.ssi_signo);
  } else if (!serve->stopping_us) {
    fprintf(serve->log, "SIGHUP: looking at %s again\n", serve->folder);
    serve_scan(serve, true);
  }
}

static void serve_hear_folder(struct serve *serve)
{
  char events[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
  while (read(serve->notify_fd, events, sizeof events) > 0) {
    /* whatever it was, the folder is read as a whole */
  }
  int64_t now_us = wr_monotonic_us();
  if (!serve->changed_us)
    serve->changed_us = now_us;
  serve->settles_us = now_us + SERVE_SETTLE_US;
  if (serve->settles_us > serve->changed_us + SERVE_SETTLE_MAX_US)
    serve->settles_us = serve->changed_us + SERVE_SETTLE_MAX_US;
}

static bool serve_is_over(const struct serve *serve)
{
  if (!serve->stopping_us)
    return false;
  for (uint32_t i = 0; i < serve->job_count; i++)
    if (serve->jobs[i]->runs)
      return false;
  return true;
}

/* Milliseconds until something is to be done without being told; -1: there is nothing. */
static int serve_wait_ms(const struct serve *serve)
{
  int64_t due_us =
      serve->stopping_us ? serve->stopping_us + SERVE_STOPPING_MAX_US : serve->settles_us;
  if (!due_us)
    return -1;
  int64_t wait_us = due_us - wr_monotonic_us();
  return wait_us <= 0 ? 0 : (int)(wait_us / 1000 + 1);
}

static int serve_loop(struct serve *serve)
{
  while (!serve_is_over(serve)) {
    struct pollfd polls[] = {{serve->signal_fd, POLLIN, 0},
                             {serve->wake_fd, POLLIN, 0},
                             {serve->stopping_us ? -1 : serve->notify_fd, POLLIN, 0}};
    uint64_t wakes;
    if (poll(polls, 3, serve_wait_ms(serve)) < 0 && errno != EINTR)
      return WR_EXIT_FAILED;
    if (polls[0].revents)
      serve_hear_signal(serve);
    if (polls[1].revents && read(serve->wake_fd, &wakes, sizeof wakes) == sizeof wakes)
      serve_look(serve);
    if (polls[2].revents)
      serve_hear_folder(serve);
    if (!serve->stopping_us && atomic_exchange(&serve->reload, false)) {
      fprintf(serve->log, "asked over HTTP: looking at %s again\n", serve->folder);
      serve_scan(serve, true);
    }
    if (!serve->stopping_us && serve->settles_us && serve->settles_us <= wr_monotonic_us())
      serve_scan(serve, false);
    serve_look(serve);
    if (serve->stopping_us && wr_monotonic_us() >= serve->stopping_us + SERVE_STOPPING_MAX_US) {
      fprintf(serve->log,
              "failed: last epochs are not complete after %d s; leaving without them: "
              "the next start goes on from the newest ones that are kept\n",
              (int)(SERVE_STOPPING_MAX_US / WR_US_PER_SECOND));
      _exit(WR_EXIT_FAILED);
    }
  }
  return WR_EXIT_DONE;
}

/* ---- beginning and end */

/* Only one process serves over a root. */
static bool serve_lock(struct serve *serve, struct wr_error *err)
{
  struct wr_arena arena = {0};
  const char *path = wr_arena_print(&arena, "%s/.lock", serve->root);
  char text[32] = "";
  bool locked = false;
  if (wr_folders_make_above(path, err) == WR_OK) {
    serve->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (serve->lock_fd < 0) {
      wr_fail(err, WR_IO, "%s cannot be written: %s", path, strerror(errno));
    } else if (flock(serve->lock_fd, LOCK_EX | LOCK_NB) != 0) {
      ssize_t got = pread(serve->lock_fd, text, sizeof text - 1, 0);
      text[got > 0 ? got : 0] = 0;
      wr_fail(err, WR_IO, "process %s keeps its jobs in %s already", text, serve->root);
      wr_hint(err, "give each its own --state-root, or end the other one");
    } else {
      int length = snprintf(text, sizeof text, "%ld", (long)getpid());
      locked = ftruncate(serve->lock_fd, 0) == 0 &&
               pwrite(serve->lock_fd, text, (size_t)length, 0) == length;
      if (!locked)
        wr_fail(err, WR_IO, "%s cannot be written: %s", path, strerror(errno));
    }
  }
  if (!locked && !err->hint[0])
    wr_hint(err, "--state-root ROOT keeps the state of jobs elsewhere");
  wr_arena_free(&arena);
  return locked;
}

static bool serve_listen(struct serve *serve, struct wr_error *err)
{
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, NULL); /* for this thread and all that it starts */
  signal(SIGPIPE, SIG_IGN);
  serve->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
  serve->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  serve->notify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (serve->signal_fd < 0 || serve->wake_fd < 0) {
    wr_fail(err, WR_IO, "the system has no room: %s", strerror(errno));
    return false;
  }
  if (serve->notify_fd < 0 ||
      inotify_add_watch(serve->notify_fd, serve->folder,
                        IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE) < 0) {
    fprintf(serve->log, "warning: changes of %s are only seen after SIGHUP: %s\n", serve->folder,
            strerror(errno));
    if (serve->notify_fd >= 0)
      close(serve->notify_fd);
    serve->notify_fd = -1;
  }
  return true;
}

static bool serve_open(struct serve *serve)
{
  struct wr_error err;
  struct stat status;
  wr_error_clear(&err);
  if (stat(serve->folder, &status) != 0 || !S_ISDIR(status.st_mode)) {
    wr_fail(&err, WR_IO, "%s is not a folder", serve->folder);
    if (stat(serve->folder, &status) == 0 && S_ISREG(status.st_mode))
      wr_hint(&err, "weir run %s --http ADDRESS serves one file", serve->folder);
  } else if (serve_lock(serve, &err) && serve_listen(serve, &err)) {
    serve->house = (struct wr_serve_house){.arguments = &serve->arguments,
                                           .state_root = serve->root,
                                           .watchers = &serve->watchers,
                                           .wake_fd = serve->wake_fd};
    serve->memory_bytes =
        serve->arguments.memory_bytes ? serve->arguments.memory_bytes : wr_memory_default("");
    serve->arguments.http.reload = serve_wake;
    serve->arguments.http.reload_self = serve;
    return wr_watchers_open(&serve->watchers, &serve->arguments);
  }
  fprintf(stderr, "weir: error: %s\n", err.message);
  if (err.hint[0])
    fprintf(stderr, "hint: %s\n", err.hint);
  return false;
}

static void serve_close(struct serve *serve)
{
  const int fds[] = {serve->lock_fd, serve->signal_fd, serve->wake_fd, serve->notify_fd};
  while (serve->job_count)
    wr_serve_job_free(serve->jobs[--serve->job_count]);
  if (serve->watchers.server)
    wr_watchers_close(&serve->watchers);
  for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
    if (fds[i] >= 0)
      close(fds[i]);
}

/* --set is for every job: what none of them could take is refused at once. */
static bool settings_check(const struct wr_arguments *arguments, struct wr_arena *arena)
{
  struct wr_settings settings;
  struct wr_error err;
  wr_error_clear(&err);
  if (wr_settings_open(&settings, arena, arguments->settings, arguments->setting_count, &err) ==
      WR_OK)
    return true;
  fprintf(stderr, "weir: error: %s\n", err.message);
  if (err.hint[0])
    fprintf(stderr, "hint: %s\n", err.hint);
  return false;
}

/* Without slashes at its end. */
static const char *folder_name(struct wr_arena *arena, const char *path)
{
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/')
    length--;
  return wr_arena_copy(arena, path, length);
}

int wr_command_serve(int argc, char **argv)
{
  struct wr_arena arena = {0};
  struct serve *serve = wr_memory_get_zero(sizeof *serve);
  int exit_code = WR_EXIT_USAGE;
  serve->lock_fd = serve->signal_fd = serve->wake_fd = serve->notify_fd = -1;
  if (wr_arguments_parse(argc, argv, "serve",
                         WR_TAKES_QUIET | WR_TAKES_STATE | WR_TAKES_HTTP | WR_TAKES_FOLDER, &arena,
                         &serve->arguments)) {
    if (!serve->arguments.http.address)
      serve->arguments.http.address = SERVE_ADDRESS;
    serve->folder = folder_name(&arena, serve->arguments.name);
    serve->root = serve->arguments.state_root ? serve->arguments.state_root
                                              : wr_arena_print(&arena, "%s/.weir", serve->folder);
    serve->log = wr_log_open("serve", stderr);
    exit_code = WR_EXIT_SQL;
    bool is_possible = settings_check(&serve->arguments, &arena);
    if (is_possible)
      exit_code = WR_EXIT_FAILED;
    if (is_possible && serve_open(serve)) {
      serve_scan(serve, false);
      wr_watchers_tell(&serve->watchers, &serve->arguments);
      if (serve->job_count == 0)
        fprintf(serve->log, "there is no *.sql in %s yet\n", serve->folder);
      exit_code = serve_loop(serve);
      if (exit_code == WR_EXIT_DONE)
        fprintf(serve->log, "stopped\n");
    }
    serve_close(serve);
    wr_log_close(serve->log);
  }
  free(serve);
  wr_arena_free(&arena);
  return exit_code;
}
