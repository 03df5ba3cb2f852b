/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures, compared with the published examples: AWS's "Signature Version 4 Test Suite" (all
 * with the same key, date and region), the examples of the S3 API Reference ("Examples: signature
 * calculations"), and the walk-through of the IAM User Guide.
 */
#include <string.h>

#include "net/sigv4.h"
#include "tests/unit/check.h"

#define SUITE_DATE "20150830T123600Z"
#define EMPTY      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define UNRESERVED "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define PARAMETER  "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"
#define SESSION                                                                             \
  "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXm" \
  "xfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburED"  \
  "y0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL6"  \
  "4lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="

struct example {
  const char *name, *method, *path, *query;
  struct wr_http_header more[5]; /* besides host and x-amz-date */
  const char *hash, *names, *signature;
};

static const struct example suite_rows[] = {
    {"get-header-key-duplicate",
     "GET",
     "/",
     NULL,
     {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}},
     EMPTY,
     "host;my-header1;x-amz-date",
     "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
    {"get-header-value-order",
     "GET",
     "/",
     NULL,
     {{"My-Header1", "value4"},
      {"My-Header1", "value1"},
      {"My-Header1", "value3"},
      {"My-Header1", "value2"}},
     EMPTY,
     "host;my-header1;x-amz-date",
     "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
    {"get-header-value-trim",
     "GET",
     "/",
     NULL,
     {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
     EMPTY,
     "host;my-header1;my-header2;x-amz-date",
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {"get-unreserved",
     "GET",
     "/" UNRESERVED,
     NULL,
     {{0}},
     EMPTY,
     "host;x-amz-date",
     "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
    {"get-vanilla",
     "GET",
     "/",
     NULL,
     {{0}},
     EMPTY,
     "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-vanilla-empty-query-key",
     "GET",
     "/",
     "Param1=value1",
     {{0}},
     EMPTY,
     "host;x-amz-date",
     "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
    {"get-vanilla-query",
     "GET",
     "/",
     "",
     {{0}},
     EMPTY,
     "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-vanilla-query-order-key",
     "GET",
     "/",
     "Param1=value2&Param1=Value1",
     {{0}},
     EMPTY,
     "host;x-amz-date",
     "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1"},
    {"get-vanilla-query-order-key-case",
     "GET",
     "/",
     "Param2=value2&Param1=value1",
     {{0}},
     EMPTY,
     "host;x-amz-date",
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"get-vanilla-query-order-value",
     "GET",
     "/",
     "Param1=value2&Param1=value1",
     {{0}},
     EMPTY,
     "host;x-amz-date",
     "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"},
    {"get-vanilla-query-unreserved",
     "GET",
     "/",
     UNRESERVED "=" UNRESERVED,
     {{0}},
     EMPTY,
     "host;x-amz-date",
     "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
    {"get-vanilla-utf8-query",
     "GET",
     "/",
     "\xE1\x88\xB4=bar",
     {{0}},
     EMPTY,
     "host;x-amz-date",
     "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
    {"the same, escaped",
     "GET",
     "/",
     "%e1%88%B4=bar",
     {{0}},
     EMPTY,
     "host;x-amz-date",
     "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
    {"get-relative",
     "GET",
     "/example/..",
     NULL,
     {{0}},
     EMPTY,
     "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-relative-relative",
     "GET",
     "/example1/example2/../..",
     NULL,
     {{0}},
     EMPTY,
     "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-slash",
     "GET",
     "//",
     NULL,
     {{0}},
     EMPTY,
     "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-slash-dot-slash",
     "GET",
     "/./",
     NULL,
     {{0}},
     EMPTY,
     "host;x-amz-date",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-slash-pointless-dot",
     "GET",
     "/./example",
     NULL,
     {{0}},
     EMPTY,
     "host;x-amz-date",
     "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
    {"get-slashes",
     "GET",
     "//example//",
     NULL,
     {{0}},
     EMPTY,
     "host;x-amz-date",
     "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
    {"get-space",
     "GET",
     "/example space/",
     NULL,
     {{0}},
     EMPTY,
     "host;x-amz-date",
     "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
    {"post-header-key-case",
     "POST",
     "/",
     NULL,
     {{0}},
     EMPTY,
     "host;x-amz-date",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"post-header-key-sort",
     "POST",
     "/",
     NULL,
     {{"My-Header1", "value1"}},
     EMPTY,
     "host;my-header1;x-amz-date",
     "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
    {"post-header-value-case",
     "POST",
     "/",
     NULL,
     {{"My-Header1", "VALUE1"}},
     EMPTY,
     "host;my-header1;x-amz-date",
     "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
    {"post-vanilla-query",
     "POST",
     "/",
     "Param1=value1",
     {{0}},
     EMPTY,
     "host;x-amz-date",
     "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
    {"post-x-www-form-urlencoded",
     "POST",
     "/",
     NULL,
     {{"Content-Type", "application/x-www-form-urlencoded"}},
     PARAMETER,
     "content-type;host;x-amz-date",
     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
    {"post-x-www-form-urlencoded-parameters",
     "POST",
     "/",
     NULL,
     {{"Content-Type", "application/x-www-form-urlencoded; charset=utf8"}},
     PARAMETER,
     "content-type;host;x-amz-date",
     "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe"},
    {"post-sts-header-before",
     "POST",
     "/",
     NULL,
     {{"X-Amz-Security-Token", SESSION}},
     EMPTY,
     "host;x-amz-date;x-amz-security-token",
     "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
};

static const struct example s3_rows[] = {
    {"GET Object",
     "GET",
     "/test.txt",
     NULL,
     {{"range", "bytes=0-9"}, {"x-amz-content-sha256", EMPTY}},
     EMPTY,
     "host;range;x-amz-content-sha256;x-amz-date",
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
    {"PUT Object",
     "PUT",
     "/test$file.text",
     NULL,
     {{"date", "Fri, 24 May 2013 00:00:00 GMT"},
      {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
      {"x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"}},
     "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
     "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
    {"GET Bucket Lifecycle",
     "GET",
     "/",
     "lifecycle",
     {{"x-amz-content-sha256", EMPTY}},
     EMPTY,
     "host;x-amz-content-sha256;x-amz-date",
     "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
    {"Get Bucket (List Objects)",
     "GET",
     "/",
     "max-keys=2&prefix=J",
     {{"x-amz-content-sha256", EMPTY}},
     EMPTY,
     "host;x-amz-content-sha256;x-amz-date",
     "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
};

static void check_example(const struct example *row, const char *host, bool normalize,
                          const struct wr_sigv4_scope *scope)
{
  struct wr_arena arena = {0};
  struct wr_http_header headers[7] = {{"Host", host}, {"X-Amz-Date", scope->date}};
  uint32_t count = 2;
  for (size_t i = 0; i < WR_COUNT(row->more) && row->more[i].name; i++)
    headers[count++] = row->more[i];
  struct wr_sigv4_request request = {.method = row->method,
                                     .path = row->path,
                                     .normalize = normalize,
                                     .query = row->query,
                                     .headers = headers,
                                     .header_count = count,
                                     .payload_hash = row->hash};
  struct wr_sigv4 out;
  wr_sigv4_sign(&arena, &request, scope, &out);
  const char *expected = wr_arena_print(
      &arena,
      "AWS4-HMAC-SHA256 Credential=%s/%.8s/%s/%s/aws4_request, SignedHeaders=%s, Signature=%s",
      scope->access_key, scope->date, scope->region, scope->service, row->names, row->signature);
  WR_CHECK(strcmp(out.authorization, expected) == 0, "%s:\n%s\n%s\nof\n%s", row->name,
           out.authorization, expected, out.canonical);
  wr_arena_free(&arena);
}

static void test_suite(void)
{
  const struct wr_sigv4_scope scope = {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                                       "us-east-1", "service", SUITE_DATE};
  for (size_t i = 0; i < WR_COUNT(suite_rows); i++)
    check_example(&suite_rows[i], "example.amazonaws.com", true, &scope);
}

static void test_s3(void)
{
  const struct wr_sigv4_scope scope = {"AKIAIOSFODNN7EXAMPLE",
                                       "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1",
                                       "s3", "20130524T000000Z"};
  for (size_t i = 0; i < WR_COUNT(s3_rows); i++)
    check_example(&s3_rows[i], "examplebucket.s3.amazonaws.com", false, &scope);
}

/* What is between the request and the signature, so that a difference can be found. */
static void test_steps(void)
{
  struct wr_arena arena = {0};
  const struct wr_http_header headers[] = {
      {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
      {"Host", "iam.amazonaws.com"},
      {"X-Amz-Date", SUITE_DATE}};
  struct wr_sigv4_request request = {.method = "GET",
                                     .path = "/",
                                     .normalize = true,
                                     .query = "Action=ListUsers&Version=2010-05-08",
                                     .headers = headers,
                                     .header_count = WR_COUNT(headers),
                                     .payload_hash = EMPTY};
  const struct wr_sigv4_scope scope = {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                                       "us-east-1", "iam", SUITE_DATE};
  struct wr_sigv4 out;
  wr_sigv4_sign(&arena, &request, &scope, &out);
  CU_ASSERT_STRING_EQUAL(out.canonical,
                         "GET\n/\nAction=ListUsers&Version=2010-05-08\n"
                         "content-type:application/x-www-form-urlencoded; charset=utf-8\n"
                         "host:iam.amazonaws.com\nx-amz-date:20150830T123600Z\n\n"
                         "content-type;host;x-amz-date\n" EMPTY);
  CU_ASSERT_STRING_EQUAL(out.text,
                         "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n"
                         "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59");
  CU_ASSERT_PTR_NOT_NULL(
      strstr(out.authorization,
             "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"));
  wr_arena_free(&arena);
}

/* Queries as callers write them. */
static void test_queries(void)
{
  static const struct {
    const char *query, *canonical;
  } rows[] = {
      {"", ""},
      {"a", "a="},
      {"a=", "a="},
      {"&&a=1&", "a=1"},
      {"b=2&a=1", "a=1&b=2"},
      {"a-b=1&a=2", "a=2&a-b=1"},
      {"a=b=c", "a=b%3Dc"},
      {"a=%2f%2F", "a=%2F%2F"},
      {"a=x+y z", "a=x%2By%20z"},
      {"a=%", "a=%25"},
      {"a=%4", "a=%254"},
      {"a=%zz", "a=%25zz"},
      {"a=%41", "a=A"},
  };
  const struct wr_sigv4_scope scope = {"id", "key", "r", "s", SUITE_DATE};
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_arena arena = {0};
    const struct wr_http_header host = {"host", "h"};
    struct wr_sigv4_request request = {.method = "GET",
                                       .path = "",
                                       .query = rows[i].query,
                                       .headers = &host,
                                       .header_count = 1,
                                       .payload_hash = WR_SIGV4_UNSIGNED};
    struct wr_sigv4 out;
    wr_sigv4_sign(&arena, &request, &scope, &out);
    const char *expected =
        wr_arena_print(&arena, "GET\n/\n%s\nhost:h\n\nhost\nUNSIGNED-PAYLOAD", rows[i].canonical);
    WR_CHECK(strcmp(out.canonical, expected) == 0, "%s: %s", rows[i].query, out.canonical);
    wr_arena_free(&arena);
  }
}

static void test_dates(void)
{
  static const struct {
    int64_t time_us;
    const char *text;
  } rows[] = {
      {0, "19700101T000000Z"},
      {INT64_C(1440938160) * 1000000, SUITE_DATE},
      {INT64_C(1440938160) * 1000000 + 999999, SUITE_DATE},
      {-1, "19691231T235959Z"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    char text[WR_SIGV4_DATE];
    wr_sigv4_date(rows[i].time_us, text);
    WR_CHECK(strcmp(text, rows[i].text) == 0, "%s", text);
  }
}

static const struct wr_test tests[] = {
    {"suite", test_suite},     {"s3", test_s3},       {"steps", test_steps},
    {"queries", test_queries}, {"dates", test_dates}, {NULL, NULL},
};

const struct wr_suite wr_suite_sigv4 = {"sigv4", tests};
