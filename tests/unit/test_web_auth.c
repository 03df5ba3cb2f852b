/* SPDX-License-Identifier: Apache-2.0 */
/* Token files, tokens and cookies, and who guesses. */
#include "server/auth.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/time.h"
#include "tests/unit/check.h"

#define TOKEN "0123456789abcdef-TOKEN"

/* Writes a file of its own with that content and mode; the name is to be unlinked. */
static void file_make(char *name, const char *content, mode_t mode)
{
  snprintf(name, 64, "/tmp/weir-token-XXXXXX");
  int fd = mkstemp(name);
  size_t length = strlen(content);
  CU_ASSERT_FATAL(fd >= 0 && write(fd, content, length) == (ssize_t)length);
  fchmod(fd, mode);
  close(fd);
}

static struct wr_auth *auth_of(const char *content, mode_t mode, struct wr_error *err)
{
  char name[64];
  struct wr_auth *auth = NULL;
  file_make(name, content, mode);
  wr_error_clear(err);
  enum wr_code code = wr_auth_new(name, &auth, err);
  unlink(name);
  return code == WR_OK ? auth : NULL;
}

static const struct {
  const char *content;
  mode_t mode;
  const char *problem; /* NULL: taken */
} files[] = {
    {TOKEN, 0600, NULL},
    {TOKEN "\n", 0400, NULL},
    {TOKEN "\r\n", 0640, NULL},
    {TOKEN, 0604, "everybody"},
    {TOKEN, 0602, "everybody"},
    {"", 0600, "16 to 512"},
    {"short", 0600, "16 to 512"},
    {"0123456789 abcdef", 0600, "visible"},
    {"0123456789abcdef\n0123456789abcdef", 0600, "visible"},
    {"0123456789abcdef;", 0600, "visible"},
    {"0123456789abcdef\xC3\xA9", 0600, "visible"},
};

static void test_files(void)
{
  struct wr_error err;
  for (size_t i = 0; i < WR_COUNT(files); i++) {
    struct wr_auth *auth = auth_of(files[i].content, files[i].mode, &err);
    WR_CHECK((auth != NULL) == (files[i].problem == NULL), "file %zu: %s", i, err.message);
    WR_CHECK(auth || (files[i].problem && strstr(err.message, files[i].problem)), "file %zu: %s", i,
             err.message);
    WR_CHECK(auth || !strstr(err.message, files[i].content) || !*files[i].content,
             "file %zu: the token is in the message", i);
    wr_auth_free(auth);
  }
  struct wr_auth *auth;
  CU_ASSERT_NOT_EQUAL(wr_auth_new("/nowhere/token", &auth, &err), WR_OK);
  CU_ASSERT_NOT_EQUAL(wr_auth_new("/dev/zero", &auth, &err), WR_OK);
  CU_ASSERT_NOT_EQUAL(wr_auth_new("/tmp", &auth, &err), WR_OK);
}

static enum wr_auth_answer try_from(struct wr_auth *auth, const char *token, const char *address,
                                    int64_t now_us)
{
  struct sockaddr_in v4 = {.sin_family = AF_INET};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
  if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
    return wr_auth_token(auth, token, strlen(token), (const struct sockaddr *)&v4, now_us);
  CU_ASSERT_EQUAL_FATAL(inet_pton(AF_INET6, address, &v6.sin6_addr), 1);
  return wr_auth_token(auth, token, strlen(token), (const struct sockaddr *)&v6, now_us);
}

static uint32_t wait_from(struct wr_auth *auth, const char *address, int64_t now_us)
{
  struct sockaddr_in v4 = {.sin_family = AF_INET};
  CU_ASSERT_EQUAL_FATAL(inet_pton(AF_INET, address, &v4.sin_addr), 1);
  return wr_auth_wait_s(auth, (const struct sockaddr *)&v4, now_us);
}

static void test_tokens(void)
{
  static const char *const wrong[] = {"", "0", TOKEN "x", "0123456789abcdef-TOKEM", "1" TOKEN};
  struct wr_error err;
  struct wr_auth *auth = auth_of(TOKEN "\n", 0600, &err);
  CU_ASSERT_PTR_NOT_NULL_FATAL(auth);
  CU_ASSERT_EQUAL(try_from(auth, TOKEN, "10.0.0.1", 1), WR_AUTH_RIGHT);
  for (size_t i = 0; i < WR_COUNT(wrong); i++)
    WR_CHECK(try_from(auth, wrong[i], "10.0.0.1", 1) == WR_AUTH_WRONG, "%s", wrong[i]);
  CU_ASSERT_EQUAL(wr_auth_token(auth, TOKEN, strlen(TOKEN), NULL, 1), WR_AUTH_RIGHT);
  wr_auth_free(auth);
}

static void test_cookie(void)
{
  struct wr_error err;
  struct wr_auth *auth = auth_of(TOKEN, 0600, &err), *again = auth_of(TOKEN "\n", 0600, &err),
                 *other = auth_of(TOKEN "2", 0600, &err);
  CU_ASSERT_FATAL(auth && again && other);
  const char *value = wr_auth_cookie_value(auth);
  CU_ASSERT_EQUAL(strlen(value), WR_AUTH_COOKIE_CHARS);
  CU_ASSERT(wr_auth_cookie(again, value, strlen(value)));
  CU_ASSERT(!wr_auth_cookie(other, value, strlen(value)));
  CU_ASSERT(!wr_auth_cookie(auth, value, strlen(value) - 1));
  CU_ASSERT(!wr_auth_cookie(auth, TOKEN, strlen(TOKEN)));
  CU_ASSERT(!wr_auth_cookie(auth, "", 0));
  CU_ASSERT_EQUAL(try_from(auth, value, "10.0.0.1", 1), WR_AUTH_WRONG);
  wr_auth_free(auth);
  wr_auth_free(again);
  wr_auth_free(other);
}

/* Ten wrong ones, then also the right one has to wait; others do not. */
static void test_guessing(void)
{
  struct wr_error err;
  struct wr_auth *auth = auth_of(TOKEN, 0600, &err);
  int64_t now_us = 1000 * WR_US_PER_SECOND;
  CU_ASSERT_PTR_NOT_NULL_FATAL(auth);
  for (int i = 0; i < 10; i++)
    WR_CHECK(try_from(auth, "guess", "10.0.0.1", now_us) == WR_AUTH_WRONG, "guess %d", i);
  CU_ASSERT_EQUAL(try_from(auth, "guess", "10.0.0.1", now_us), WR_AUTH_LATER);
  CU_ASSERT_EQUAL(try_from(auth, TOKEN, "10.0.0.1", now_us), WR_AUTH_LATER);
  CU_ASSERT_EQUAL(try_from(auth, TOKEN, "::ffff:10.0.0.1", now_us), WR_AUTH_LATER);
  CU_ASSERT_EQUAL(try_from(auth, TOKEN, "10.0.0.2", now_us), WR_AUTH_RIGHT);
  CU_ASSERT_EQUAL(wait_from(auth, "10.0.0.1", now_us), 6);
  CU_ASSERT_EQUAL(wait_from(auth, "10.0.0.1", now_us + 2500000), 4);
  CU_ASSERT_EQUAL(try_from(auth, TOKEN, "10.0.0.1", now_us + 5999999), WR_AUTH_LATER);
  CU_ASSERT_EQUAL(wait_from(auth, "10.0.0.1", now_us + 5999999), 1);
  now_us += 6 * WR_US_PER_SECOND;
  CU_ASSERT_EQUAL(try_from(auth, "guess", "10.0.0.1", now_us), WR_AUTH_WRONG);
  CU_ASSERT_EQUAL(try_from(auth, "guess", "10.0.0.1", now_us), WR_AUTH_LATER);
  now_us += 60 * WR_US_PER_SECOND;
  CU_ASSERT_EQUAL(try_from(auth, TOKEN, "10.0.0.1", now_us), WR_AUTH_RIGHT);
  for (int i = 0; i < 10; i++)
    WR_CHECK(try_from(auth, "guess", "10.0.0.1", now_us) == WR_AUTH_WRONG, "guess %d again", i);
  CU_ASSERT_EQUAL(try_from(auth, "guess", "10.0.0.1", now_us), WR_AUTH_LATER);
  wr_auth_free(auth);
}

/* A network of IPv6 is one guesser, and many addresses cost no memory. */
static void test_many_addresses(void)
{
  struct wr_error err;
  struct wr_auth *auth = auth_of(TOKEN, 0600, &err);
  char address[64];
  CU_ASSERT_PTR_NOT_NULL_FATAL(auth);
  for (int i = 0; i < 10; i++) {
    snprintf(address, sizeof address, "2001:db8::%x", i + 1);
    CU_ASSERT_EQUAL(try_from(auth, "guess", address, 1), WR_AUTH_WRONG);
  }
  CU_ASSERT_EQUAL(try_from(auth, TOKEN, "2001:db8::abcd:1", 1), WR_AUTH_LATER);
  CU_ASSERT_EQUAL(try_from(auth, TOKEN, "2001:db8:0:1::1", 1), WR_AUTH_RIGHT);
  for (int i = 0; i < 5000; i++) {
    snprintf(address, sizeof address, "10.1.%d.%d", i >> 8, i & 255);
    WR_CHECK(try_from(auth, "guess", address, 2 + i) == WR_AUTH_WRONG, "%s", address);
  }
  CU_ASSERT_EQUAL(try_from(auth, TOKEN, "10.9.9.9", 6000), WR_AUTH_RIGHT);
  /* who guessed most is remembered longest */
  CU_ASSERT_EQUAL(try_from(auth, TOKEN, "2001:db8::1", 6000), WR_AUTH_LATER);
  wr_auth_free(auth);
}

static const struct wr_test tests[] = {{"files", test_files},
                                       {"tokens", test_tokens},
                                       {"cookie", test_cookie},
                                       {"guessing", test_guessing},
                                       {"many addresses", test_many_addresses},
                                       {0}};
const struct wr_suite wr_suite_web_auth = {"web_auth", tests};
