/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that print credentials: their command lines, how they end, and clients that use them. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/time.h"
#include "net/aws.h"
#include "net/credential_process.h"
#include "net/profile.h"
#include "tests/unit/aws_environment.h"
#include "tests/unit/check.h"
#include "tests/unit/http_server.h"

static void test_words(void)
{
  static const struct {
    const char *command, *words; /* each in brackets; NULL: none */
  } rows[] = {
      {"a", "[a]"},
      {" /bin/x\t-y  z\n", "[/bin/x][-y][z]"},
      {"a 'b c' \"d e\"", "[a][b c][d e]"},
      {"a'b'\"c\"d", "[abcd]"},
      {"a '' \"\"", "[a][][]"},
      {"a b\\ c\\\\ \\'", "[a][b c\\][']"},
      {"a 'b\\c'", "[a][b\\c]"},
      {"a \"\\\"b\\\\c\\d$e\"", "[a][\"b\\c\\d$e]"},
      {"a '\"' \"'\"", "[a][\"][']"},
      {"a $(b) ; c | d > e * # f", "[a][$(b)][;][c][|][d][>][e][*][#][f]"},
      {"a \"b\nc\"", "[a][b\nc]"},
      {"", NULL},
      {" \t", NULL},
      {"a 'b", NULL},
      {"a \"b\\\"", NULL},
      {"a b\\", NULL},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_arena arena = {0};
    char text[128] = "";
    size_t used = 0;
    char **words = wr_command_split(rows[i].command, &arena);
    for (char **word = words; word && *word; word++)
      used += (size_t)snprintf(text + used, sizeof text - used, "[%s]", *word);
    WR_CHECK(!words == !rows[i].words && (!words || strcmp(text, rows[i].words) == 0), "%s: %s",
             rows[i].command, text);
    wr_arena_free(&arena);
  }
}

static void pause_a_little(void)
{
  nanosleep(&(struct timespec){0, 1000000}, NULL);
}

/* Everything that a program can do. */
static void test_ends(void)
{
  static const struct {
    const char *command;
    int64_t limit_us;
    const char *expected; /* what it has printed, or a part of the error behind "!" */
  } rows[] = {
      {"sh -c 'printf \"%s\" \"$1\"; echo hidden >&2' - \"a  b\"", 60 * WR_US_PER_SECOND, "a  b"},
      {"cat", 60 * WR_US_PER_SECOND, ""},
      {"sh -c 'echo a; exit 3'", 60 * WR_US_PER_SECOND, "!'sh' has ended with exit code 3"},
      {"sh -c 'kill -TERM $$'", 60 * WR_US_PER_SECOND, "!'sh' was ended by signal 15"},
      {"sleep 1000", 20 * WR_US_PER_MS, "!'sleep' has not ended within 0 s"},
      {"sh -c 'exec >&-; sleep 1000'", 20 * WR_US_PER_MS, "!'sh' has not ended within 0 s"},
      {"sh -c 'sleep 1000 & echo left behind'", 60 * WR_US_PER_SECOND, "left behind\n"},
      {"cat /dev/zero", 60 * WR_US_PER_SECOND, "!WR_AWS_PROCESS_BYTES_MAX"},
      {"/nowhere/x secret", 60 * WR_US_PER_SECOND, "!'/nowhere/x' cannot be started: No such file"},
      {"x '", 60 * WR_US_PER_SECOND, "!a quote in it does not end"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_credential_process *process = NULL;
    struct wr_slice answer = {"", 0};
    struct wr_error err;
    enum wr_code code =
        wr_credential_process_start(rows[i].command, rows[i].limit_us, &process, &err);
    if (!code)
      while (!wr_credential_process_look(process, &answer, &code, &err))
        pause_a_little();
    const char *expected = rows[i].expected;
    WR_CHECK(code ? *expected == '!' && strstr(err.message, expected + 1) &&
                        !strstr(err.message, "secret")
                  : answer.length == strlen(expected) &&
                        memcmp(answer.bytes, expected, answer.length) == 0,
             "%s: %s", rows[i].command, code ? err.message : answer.bytes);
    wr_credential_process_free(process);
  }
}

/* Whether there is such a process that has not ended. */
static bool is_running(pid_t pid)
{
  char path[64], text[256] = "";
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  FILE *file = fopen(path, "r");
  if (!file)
    return false;
  char *line = fgets(text, sizeof text, file);
  fclose(file);
  const char *state = line ? strrchr(line, ')') : NULL;
  return state && state[2] != 'Z' && state[2] != 'X';
}

/* Who is freed takes along what it has started. */
static void test_killed(void)
{
  struct wr_credential_process *process = NULL;
  struct wr_error err;
  int ends[2];
  char command[160], byte;
  CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
  CU_ASSERT_EQUAL_FATAL(
      wr_credential_process_start("sleep 1000", 60 * WR_US_PER_SECOND, &process, &err), WR_OK);
  close(ends[1]); /* the program has none of our files: the pipe is at its end now */
  CU_ASSERT_EQUAL(read(ends[0], &byte, 1), 0);
  close(ends[0]);
  wr_credential_process_free(process);
  aws_environment_begin();
  const char *path = aws_environment_file("pid", "");
  struct wr_arena arena = {0};
  const char *text = "";
  size_t length = 0;
  snprintf(command, sizeof command, "sh -c 'sleep 1000 & echo $! >%s; wait'", path);
  CU_ASSERT_EQUAL_FATAL(wr_credential_process_start(command, 60 * WR_US_PER_SECOND, &process, &err),
                        WR_OK);
  while (length == 0) {
    pause_a_little();
    CU_ASSERT_EQUAL_FATAL(wr_small_file_read(path, false, &arena, &text, &length, &err), WR_OK);
  }
  wr_credential_process_free(process);
  pid_t child = (pid_t)strtol(text, NULL, 10);
  CU_ASSERT_TRUE_FATAL(child > 0);
  while (is_running(child)) /* killed, but perhaps not gone yet */
    pause_a_little();
  wr_arena_free(&arena);
  aws_environment_end();
}

/* ---- clients */

struct calls {
  char log[256]; /* the keys that calls were signed with */
};

static bool calls_answer(void *self, const struct http_request *request)
{
  struct calls *calls = self;
  char text[512];
  const char *key = strstr(http_header(request, "authorization", text, sizeof text), "Credential=");
  size_t used = strlen(calls->log);
  snprintf(calls->log + used, sizeof calls->log - used, "%.*s ", (int)strcspn(key + 11, "/"),
           key + 11);
  bool has_ended = strncmp(key + 11, "OLD", 3) == 0;
  return http_answer(request, has_ended ? 400 : 200, "",
                     has_ended ? "{\"__type\":\"ExpiredTokenException\"}" : "{}");
}

/* The script of a program whose calls are counted in the file `count` beside it. */
static const char script[] = "#!/bin/sh\n"
                             "echo x >>\"$HOME/.aws/count\"\n"
                             "key=NEW; [ \"$(wc -l <\"$HOME/.aws/count\")\" -gt 1 ] || key=OLD\n"
                             "echo SECRETSECRETSECRET >&2\n"
                             "printf '{\"Version\":1,\"AccessKeyId\":\"%s-%s\",' \"$key\" \"$#\"\n"
                             "printf '\"SecretAccessKey\":\"SECRETSECRETSECRET\"}'\n";

/* A profile's program is run when it is needed, and again when the service says that its
 * credentials have ended. */
static void test_client(void)
{
  struct calls calls = {0};
  struct wr_aws *aws = NULL;
  struct wr_error err;
  char text[256];
  aws_environment_begin();
  struct http_server *server = http_server_start(calls_answer, &calls);
  const char *program = aws_environment_file("print", script);
  snprintf(text, sizeof text, "[profile p]\ncredential_process = sh %s \"a b\"\n", program);
  aws_environment_file("config", text);
  snprintf(text, sizeof text, "AWS_ENDPOINT_URL=%s", http_server_url(server));
  aws_environment_set((const char *const[]){text, "AWS_REGION=eu-west-1", "AWS_PROFILE=p", NULL});
  const struct wr_aws_settings settings = {.service = "kinesis"};
  CU_ASSERT_EQUAL_FATAL(wr_aws_open(&settings, &aws, &err), WR_OK);
  for (int i = 0; i < 2; i++) {
    const struct wr_aws_request request = {.target = "x", .attempts_max = 1};
    CU_ASSERT_EQUAL(wr_aws_do(aws, &request, NULL, NULL, NULL, &err), WR_OK);
  }
  CU_ASSERT_STRING_EQUAL(calls.log, "OLD-1 NEW-1 NEW-1 ");
  wr_aws_close(aws);
  http_server_stop(server);
  aws_environment_end();
}

/* What a program does wrong is told without its arguments and without what it has printed. */
static void test_client_refused(void)
{
  static const struct {
    const char *command, *message;
  } rows[] = {
      {"sh -c 'echo hidden; exit 1'", "the program of the profile 'default': 'sh' has ended with"},
      {"echo hidden", "the program of the profile 'default': the answer is no JSON object"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_aws *aws = NULL;
    struct wr_error err;
    char text[256];
    aws_environment_begin();
    snprintf(text, sizeof text, "[default]\ncredential_process = %s\n", rows[i].command);
    aws_environment_file("config", text);
    aws_environment_set(
        (const char *const[]){"AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_REGION=eu-west-1", NULL});
    const struct wr_aws_settings settings = {.service = "kinesis"};
    CU_ASSERT_EQUAL_FATAL(wr_aws_open(&settings, &aws, &err), WR_OK);
    const struct wr_aws_request request = {.target = "x"};
    CU_ASSERT_NOT_EQUAL(wr_aws_do(aws, &request, NULL, NULL, NULL, &err), WR_OK);
    WR_CHECK(strstr(err.message, rows[i].message) && !strstr(err.message, "hidden") && !err.retry,
             "%s", err.message);
    wr_aws_close(aws);
    aws_environment_end();
  }
}

static const struct wr_test tests[] = {
    {"words", test_words},
    {"ends", test_ends},
    {"killed", test_killed},
    {"client", test_client},
    {"client refused", test_client_refused},
    {NULL, NULL},
};

const struct wr_suite wr_suite_credential_process = {"credential_process", tests};
