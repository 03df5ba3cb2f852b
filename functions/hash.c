/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests (OpenSSL) of the bytes of a text or a BINARY, as lower-case hexadecimal text. Which
 * digest it is is decided when the call is bound, apart from SHA2 over a column of lengths; OpenSSL
 * looks it up once there.
 */
#include <assert.h>
#include <openssl/evp.h>

#include "core/arena_end.h"
#include "functions/bind_site.h"
#include "functions/text_call.h"

/* Function or, for SHA2, number of bits; OpenSSL's name. */
static const struct {
  const char *function;
  int32_t bits;
  const char *algorithm;
} digest_table[] = {
    {"MD5", 0, "MD5"},           {"SHA1", 0, "SHA1"},         {"SHA224", 224, "SHA2-224"},
    {"SHA256", 256, "SHA2-256"}, {"SHA384", 384, "SHA2-384"}, {"SHA512", 512, "SHA2-512"},
};
#define DIGEST_COUNT (sizeof digest_table / sizeof *digest_table)

/* What a call was prepared to: one digest, or all of SHA2. */
struct digests {
  EVP_MD *of[DIGEST_COUNT]; /* NULL: not wanted */
  EVP_MD *only;             /* or NULL: the second argument says */
};

static const EVP_MD *digest_of_bits(const struct digests *digests, int64_t bits)
{
  for (size_t i = 0; i < DIGEST_COUNT; i++)
    if (digest_table[i].bits == bits && digests->of[i])
      return digests->of[i];
  return NULL;
}

static bool digest_run(EVP_MD_CTX *context, const EVP_MD *digest, struct wr_slice bytes,
                       unsigned char *out, unsigned *length)
{
  return EVP_DigestInit_ex2(context, digest, NULL) == 1 &&
         EVP_DigestUpdate(context, bytes.bytes, bytes.length) == 1 &&
         EVP_DigestFinal_ex(context, out, length) == 1;
}

WR_TEXT_ROWS(digest)
{
  static const char hex[] = "0123456789abcdef";
  const struct digests *digests = call->prepared;
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  WR_EACH_ROW(row)
  {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    const EVP_MD *digest = digests->only;
    if (!digest)
      digest = digest_of_bits(digests, WR_ARG(call, 1, int64_t, row));
    if (!digest) {
      wr_call_fail_state(call, row, WR_STATE_INVALID_PARAMETER,
                         "SHA2 has 224, 256, 384 or 512 bits, not %lld",
                         (long long)WR_ARG(call, 1, int64_t, row));
      continue;
    }
    if (!context || !digest_run(context, digest, wr_text_arg(call, 0, row), bytes, &length)) {
      wr_call_fail(call, row, "OpenSSL could not work out %s", EVP_MD_get0_name(digest));
      continue;
    }
    char *room = wr_call_room(call, 2 * (size_t)length);
    for (unsigned i = 0; i < length; i++) {
      room[2 * i] = hex[bytes[i] >> 4];
      room[2 * i + 1] = hex[bytes[i] & 15];
    }
    wr_call_put_text(call, row, 2 * (size_t)length);
  }
  EVP_MD_CTX_free(context);
}
WR_TEXT_KERNEL(digest, WR_CAN_FAIL)

static void digest_drop(void *digest)
{
  EVP_MD_free(digest);
}

static enum wr_code digest_fetch(struct wr_bind_site *site, struct digests *digests, size_t i,
                                 struct wr_error *err)
{
  digests->of[i] = EVP_MD_fetch(NULL, digest_table[i].algorithm, NULL);
  if (!digests->of[i])
    return wr_fail_at(err, WR_UNSUPPORTED, site->span, "OpenSSL does not offer %s here",
                      digest_table[i].algorithm);
  wr_arena_at_end(site->binding->arena, digest_drop, digests->of[i]);
  return WR_OK;
}

static enum wr_code bind_digest(struct wr_bind_site *site, struct wr_error *err)
{
  struct digests *digests = WR_NEW(site->binding->arena, struct digests);
  site->prepared = digests;
  for (size_t i = 0; i < DIGEST_COUNT; i++) {
    if (strcmp(digest_table[i].function, site->function->name) != 0)
      continue;
    enum wr_code code = digest_fetch(site, digests, i, err);
    digests->only = digests->of[i];
    return code;
  }
  assert(!"a digest of the table");
  return WR_INTERNAL;
}

static enum wr_code bind_sha2(struct wr_bind_site *site, struct wr_error *err)
{
  struct digests *digests = WR_NEW(site->binding->arena, struct digests);
  site->prepared = digests;
  enum wr_code code = WR_OK;
  for (size_t i = 0; i < DIGEST_COUNT && !code; i++)
    if (digest_table[i].bits)
      code = digest_fetch(site, digests, i, err);
  if (code || !wr_expression_is_known(site->args[1]))
    return code;
  int64_t bits = wr_column_i64(site->args[1]->literal, 0);
  if (!digest_of_bits(digests, bits))
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_INVALID_PARAMETER, site->args[1]->span,
                         "SHA2 has 224, 256, 384 or 512 bits, not %lld", (long long)bits);
  return WR_OK;
}

#define DIGEST_ROWS(upper, says, shows, gives_text)                                          \
  {.name = upper,                                                                            \
   .usage = upper "(text)",                                                                  \
   .help = says,                                                                             \
   .example = shows,                                                                         \
   .result = gives_text,                                                                     \
   .takes = {WR_VARCHAR},                                                                    \
   .least = 1,                                                                               \
   .most = 1,                                                                                \
   .gives = &wr_type_string,                                                                 \
   .kernel = &kernel_digest,                                                                 \
   .bind = bind_digest},                                                                     \
  {                                                                                          \
    .name = upper, .takes = {WR_VARBINARY}, .least = 1, .most = 1, .gives = &wr_type_string, \
    .kernel = &kernel_digest, .bind = bind_digest                                            \
  }

const struct wr_function wr_functions_hash[] = {
    DIGEST_ROWS("MD5", "The MD5 digest in hexadecimal digits", "MD5('weir')",
                "57c6838eabf401f73f6dd50093408e33"),
    DIGEST_ROWS("SHA1", "The SHA-1 digest in hexadecimal digits", "SHA1('weir')",
                "73359e52b959cf85f75158a9bf78501ee2c9f529"),
    DIGEST_ROWS("SHA224", "The SHA-224 digest in hexadecimal digits", "SHA224('weir')",
                "53d24f46f7e89becb4b88303bcc754472c4e2b62e6d7ba144fa7744d"),
    DIGEST_ROWS("SHA256", "The SHA-256 digest in hexadecimal digits", "SHA256('weir')",
                "9e1bd4e58bdc27cb9abf4c558b21963a3f3fb6b08c715e8e2bb6c795162994bc"),
    DIGEST_ROWS("SHA384", "The SHA-384 digest in hexadecimal digits", "SHA384('weir')",
                "4280a353c5e16a22987b9c7955301f3eeef972b4bf445d276b987896295a0068"
                "2ca975a5df98e735da8e227daed49b39"),
    DIGEST_ROWS("SHA512", "The SHA-512 digest in hexadecimal digits", "SHA512('weir')",
                "f11512542fedc33dd3b3ba0c1a320447339703cc2f886818cad20b470a5646df"
                "9a178b5994fd506cf264d404046281f1875f7d2317eb344e79896a71a0ccd7aa"),
    {.name = "SHA2",
     .usage = "SHA2(text, bits)",
     .help = "The SHA-2 digest of 224, 256, 384 or 512 bits in hexadecimal digits",
     .example = "SHA2('weir', 256)",
     .result = "9e1bd4e58bdc27cb9abf4c558b21963a3f3fb6b08c715e8e2bb6c795162994bc",
     .takes = {WR_VARCHAR, WR_BIGINT},
     .least = 2,
     .most = 2,
     .gives = &wr_type_string,
     .kernel = &kernel_digest,
     .bind = bind_sha2},
    {.name = "SHA2",
     .takes = {WR_VARBINARY, WR_BIGINT},
     .least = 2,
     .most = 2,
     .gives = &wr_type_string,
     .kernel = &kernel_digest,
     .bind = bind_sha2},
    {0},
};
