/* SPDX-License-Identifier: Apache-2.0 */
#include "server/auth.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/time.h"

#define TOKEN_CHARS_MIN 16
#define TOKEN_CHARS_MAX 512
#define DIGEST_BYTES    32 /* SHA-256 */

/* Of one address: so many wrong tokens at once, then one more every so often. */
#define TRIES       10
#define TRY_US      (6 * WR_US_PER_SECOND)
#define GUESSERS    1024 /* addresses that are remembered; the one longest ago goes first */
#define ADDRESS_KEY 16   /* IPv4 as mapped into IPv6; of IPv6 the first half, a network */

struct auth_guesser {
  unsigned char address[ADDRESS_KEY];
  int64_t free_us; /* when all of its tries are forgotten; 0: nobody */
};

struct wr_auth {
  unsigned char digest[DIGEST_BYTES]; /* of the token */
  char cookie[WR_AUTH_COOKIE_CHARS + 1];
  unsigned char cookie_digest[DIGEST_BYTES];
  struct auth_guesser guessers[GUESSERS];
};

/* ---- the file */

static enum wr_code token_read(const char *file, char *token, size_t *length, struct wr_error *err)
{
  struct stat facts;
  int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return wr_fail(err, WR_IO, "cannot open the token file %s: %m", file);
  ssize_t got = -1;
  bool is_file = fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode);
  if (is_file)
    got = read(fd, token, TOKEN_CHARS_MAX + 2);
  close(fd);
  if (!is_file || got < 0)
    return wr_fail(err, WR_IO, "the token file %s cannot be read", file);
  if (facts.st_mode & S_IRWXO) {
    wr_fail(err, WR_SEMANTIC, "the token file %s may be read or written by everybody", file);
    return wr_hint(err, "chmod 600 %s", file);
  }
  while (got > 0 && (token[got - 1] == '\n' || token[got - 1] == '\r'))
    got--;
  *length = (size_t)got;
  return WR_OK;
}

static enum wr_code token_check(const char *file, const char *token, size_t length,
                                struct wr_error *err)
{
  for (size_t i = 0; i < length; i++)
    if (token[i] <= ' ' || token[i] > '~' || token[i] == ',' || token[i] == ';' || token[i] == '"')
      return wr_fail(err, WR_SEMANTIC,
                     "the token file %s must be one line of visible ASCII characters without "
                     "comma, semicolon and quote",
                     file);
  if (length < TOKEN_CHARS_MIN || length > TOKEN_CHARS_MAX) {
    wr_fail(err, WR_SEMANTIC, "the token in %s must have %d to %d characters", file,
            TOKEN_CHARS_MIN, TOKEN_CHARS_MAX);
    return wr_hint(err, "openssl rand -hex 32 > %s; chmod 600 %s", file, file);
  }
  return WR_OK;
}

static void digest_make(const char *bytes, size_t length, unsigned char *out)
{
  unsigned digest_length = 0;
  int made = EVP_Digest(bytes, length, out, &digest_length, EVP_sha256(), NULL);
  assert(made == 1 && digest_length == DIGEST_BYTES);
  (void)made;
}

static void cookie_make(struct wr_auth *auth, const char *token, size_t length)
{
  static const unsigned char purpose[] = "weir cookie 1";
  static const char hex[] = "0123456789abcdef";
  unsigned char mac[DIGEST_BYTES];
  unsigned mac_length = 0;
  HMAC(EVP_sha256(), token, (int)length, purpose, sizeof purpose - 1, mac, &mac_length);
  assert(mac_length == DIGEST_BYTES);
  for (unsigned i = 0; i < DIGEST_BYTES; i++) {
    auth->cookie[2 * i] = hex[mac[i] >> 4];
    auth->cookie[2 * i + 1] = hex[mac[i] & 15];
  }
  digest_make(auth->cookie, WR_AUTH_COOKIE_CHARS, auth->cookie_digest);
}

enum wr_code wr_auth_new(const char *file, struct wr_auth **out, struct wr_error *err)
{
  char token[TOKEN_CHARS_MAX + 2];
  size_t length = 0;
  enum wr_code code = token_read(file, token, &length, err);
  if (code == WR_OK)
    code = token_check(file, token, length, err);
  if (code == WR_OK) {
    *out = wr_memory_get_zero(sizeof **out);
    digest_make(token, length, (*out)->digest);
    cookie_make(*out, token, length);
  }
  OPENSSL_cleanse(token, sizeof token);
  return code;
}

void wr_auth_free(struct wr_auth *auth)
{
  if (auth)
    OPENSSL_cleanse(auth, sizeof *auth);
  free(auth);
}

/* ---- guessing */

static void guesser_key(const struct sockaddr *from, unsigned char *key)
{
  memset(key, 0, ADDRESS_KEY);
  if (from && from->sa_family == AF_INET) {
    key[10] = key[11] = 0xFF;
    memcpy(key + 12, &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
  } else if (from && from->sa_family == AF_INET6) {
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;
    memcpy(key, v6, IN6_IS_ADDR_V4MAPPED(v6) ? 16 : 8);
  }
}

/* The one with that key, else the one to be forgotten first. */
static struct auth_guesser *guesser_find(struct wr_auth *auth, const unsigned char *key)
{
  struct auth_guesser *oldest = auth->guessers;
  for (uint32_t i = 0; i < GUESSERS; i++) {
    struct auth_guesser *guesser = &auth->guessers[i];
    if (guesser->free_us && !memcmp(guesser->address, key, ADDRESS_KEY))
      return guesser;
    if (guesser->free_us < oldest->free_us)
      oldest = guesser;
  }
  return oldest;
}

static bool digest_is(const char *text, size_t length, const unsigned char *digest)
{
  unsigned char own[DIGEST_BYTES];
  digest_make(text, length, own);
  return CRYPTO_memcmp(own, digest, DIGEST_BYTES) == 0;
}

enum wr_auth_answer wr_auth_token(struct wr_auth *auth, const char *token, size_t length,
                                  const struct sockaddr *from, int64_t now_us)
{
  unsigned char key[ADDRESS_KEY];
  guesser_key(from, key);
  struct auth_guesser *guesser = guesser_find(auth, key);
  bool is_known = guesser->free_us && !memcmp(guesser->address, key, ADDRESS_KEY);
  int64_t free_us = is_known && guesser->free_us > now_us ? guesser->free_us : now_us;
  if (free_us - now_us > (TRIES - 1) * TRY_US)
    return WR_AUTH_LATER;
  if (digest_is(token, length, auth->digest))
    return WR_AUTH_RIGHT;
  memcpy(guesser->address, key, ADDRESS_KEY);
  guesser->free_us = free_us + TRY_US;
  return WR_AUTH_WRONG;
}

uint32_t wr_auth_wait_s(struct wr_auth *auth, const struct sockaddr *from, int64_t now_us)
{
  unsigned char key[ADDRESS_KEY];
  guesser_key(from, key);
  const struct auth_guesser *guesser = guesser_find(auth, key);
  bool is_known = guesser->free_us && !memcmp(guesser->address, key, ADDRESS_KEY);
  int64_t wait_us = is_known ? guesser->free_us - now_us - (TRIES - 1) * TRY_US : 0;
  return wait_us <= WR_US_PER_SECOND
             ? 1
             : (uint32_t)((wait_us + WR_US_PER_SECOND - 1) / WR_US_PER_SECOND);
}

bool wr_auth_cookie(const struct wr_auth *auth, const char *value, size_t length)
{
  return digest_is(value, length, auth->cookie_digest);
}

const char *wr_auth_cookie_value(const struct wr_auth *auth)
{
  return auth->cookie;
}
