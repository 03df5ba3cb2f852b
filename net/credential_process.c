/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program gets a group of its own, so that whatever it starts is killed with it, an empty
 * standard input, and our end of a pipe as its standard output. It has ended when the program
 * itself has: something that it leaves behind and that holds the pipe is not waited for.
 */
#include "net/credential_process.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "core/limits.h"
#include "core/time.h"

extern char **environ;

struct wr_credential_process {
  struct wr_arena arena; /* of the words */
  char **words;
  pid_t pid;
  int output;     /* non-blocking */
  bool has_ended; /* and was waited for */
  int status;     /* of waitpid */
  int64_t due_us, limit_us;
  size_t length;
  char bytes[WR_AWS_PROCESS_BYTES_MAX + 1]; /* one more: it has printed too much */
};

/* ---- words */

static bool is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One word from *at on into out, which has room for all that follows. False: it does not end. */
static bool word_read(const char **at, char **out)
{
  const char *c = *at;
  char quote = '\0';
  for (; *c && (quote || !is_blank(*c)); c++) {
    if (*c == '\\' && quote != '\'') {
      bool escapes = !quote || c[1] == '"' || c[1] == '\\';
      c += escapes;
      if (!*c)
        return false;
      *(*out)++ = *c;
    } else if (quote ? *c == quote : *c == '\'' || *c == '"') {
      quote = quote ? '\0' : *c;
    } else {
      *(*out)++ = *c;
    }
  }
  *(*out)++ = '\0';
  *at = c;
  return quote == '\0';
}

char **wr_command_split(const char *command, struct wr_arena *arena)
{
  size_t length = strlen(command);
  char **words = WR_NEW_ARRAY(arena, char *, length / 2 + 2),
       *out = wr_arena_get(arena, length + 1);
  size_t count = 0;
  for (;;) {
    while (is_blank(*command))
      command++;
    if (!*command)
      break;
    words[count++] = out;
    if (!word_read(&command, &out))
      return NULL;
  }
  words[count] = NULL;
  return count ? words : NULL;
}

/* ---- running */

static bool process_spawn(struct wr_credential_process *process, int output)
{
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none, usual;
  sigemptyset(&none);
  sigfillset(&usual);
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &usual);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  int failed = posix_spawnp(&process->pid, process->words[0], &actions, &attributes, process->words,
                            environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  errno = failed;
  return !failed;
}

enum wr_code wr_credential_process_start(const char *command, int64_t limit_us,
                                         struct wr_credential_process **out, struct wr_error *err)
{
  struct wr_credential_process *process = wr_memory_get_zero(sizeof *process);
  int ends[2] = {-1, -1};
  enum wr_code code = WR_OK;
  process->output = -1;
  process->has_ended = true;
  process->due_us = wr_monotonic_us() + limit_us;
  process->limit_us = limit_us;
  process->words = wr_command_split(command, &process->arena);
  if (!process->words)
    code = wr_fail(err, WR_SEMANTIC, "its command line is empty, or a quote in it does not end");
  else if (pipe2(ends, O_CLOEXEC) != 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0 ||
           !process_spawn(process, ends[1]))
    code = wr_fail(err, WR_IO, "'%s' cannot be started: %m", process->words[0]);
  else
    process->has_ended = false;
  if (ends[1] >= 0)
    close(ends[1]);
  process->output = ends[0];
  if (code)
    wr_credential_process_free(process);
  else
    *out = process;
  return code;
}

/* Takes what it has printed so far. */
static void process_read(struct wr_credential_process *process)
{
  for (;;) {
    size_t room = sizeof process->bytes - process->length;
    ssize_t more = room ? read(process->output, process->bytes + process->length, room) : 0;
    if (more < 0 && errno == EINTR)
      continue;
    if (more <= 0)
      return;
    process->length += (size_t)more;
  }
}

static void process_kill(struct wr_credential_process *process)
{
  kill(-process->pid, SIGKILL);
  while (waitpid(process->pid, &process->status, 0) < 0 && errno == EINTR)
    ;
  process->has_ended = true;
}

static enum wr_code process_judge(const struct wr_credential_process *process, struct wr_error *err)
{
  const char *name = process->words[0];
  int status = process->status;
  if (process->length > WR_AWS_PROCESS_BYTES_MAX)
    return wr_fail(err, WR_LIMIT, "'%s' has printed more than WR_AWS_PROCESS_BYTES_MAX (%d) bytes",
                   name, WR_AWS_PROCESS_BYTES_MAX);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
    return WR_OK;
  if (WIFEXITED(status))
    wr_fail(err, WR_IO, "'%s' has ended with exit code %d", name, WEXITSTATUS(status));
  else
    wr_fail(err, WR_IO, "'%s' was ended by signal %d", name, WTERMSIG(status));
  return wr_hint(err, "run it by hand to see what it says");
}

bool wr_credential_process_look(struct wr_credential_process *process, struct wr_slice *answer,
                                enum wr_code *code, struct wr_error *err)
{
  assert(!process->has_ended);
  pid_t ended = waitpid(process->pid, &process->status, WNOHANG);
  if (ended < 0) /* whoever started us ignores SIGCHLD: nobody knows how it has ended */
    process->status = 0;
  process->has_ended = ended != 0;
  process_read(process); /* after the end nothing more of it comes */
  bool is_late = !process->has_ended && wr_monotonic_us() >= process->due_us;
  if (!process->has_ended && !is_late && process->length <= WR_AWS_PROCESS_BYTES_MAX)
    return false;
  if (!process->has_ended)
    process_kill(process);
  *code = is_late ? wr_fail(err, WR_IO, "'%s' has not ended within %d s", process->words[0],
                            (int)(process->limit_us / WR_US_PER_SECOND))
                  : process_judge(process, err);
  *answer = (struct wr_slice){process->bytes, (uint32_t)process->length};
  return true;
}

void wr_credential_process_free(struct wr_credential_process *process)
{
  if (!process)
    return;
  if (!process->has_ended)
    process_kill(process);
  if (process->output >= 0)
    close(process->output);
  OPENSSL_cleanse(process->bytes, sizeof process->bytes);
  struct wr_arena arena = process->arena;
  free(process);
  wr_arena_free(&arena);
}
