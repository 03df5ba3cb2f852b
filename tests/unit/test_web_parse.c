/* SPDX-License-Identifier: Apache-2.0 */
/* What the server reads of a request by itself: addresses, hosts, origins, cookies, lists. */
#include "server/parse.h"

#include <string.h>

#include "server/route.h"
#include "tests/unit/check.h"

/* ---- targets */

/* Parts joined by |, then fields as name=value, each behind a blank. */
static void target_print(const struct wr_web_target *target, struct wr_buffer *out)
{
  for (uint32_t i = 0; i < target->part_count; i++)
    wr_buffer_print(out, "%s%s", i ? "|" : "", target->parts[i]);
  for (uint32_t i = 0; i < target->field_count; i++)
    wr_buffer_print(out, " %s=%s", target->fields[i].name, target->fields[i].value);
}

static const struct {
  const char *text, *parts; /* NULL: refused */
} targets[] = {
    {"/", ""},
    {"/v1/jobs", "v1|jobs"},
    {"/v1/jobs/", "v1|jobs|"},
    {"//v1", "|v1"},
    {"/a%20b/%C3%A9", "a b|\xC3\xA9"},
    {"/a%2Fb", "a/b"},
    {"/a+b", "a+b"},
    {"/x?where=n+%3E+3&every=500ms", "x where=n > 3 every=500ms"},
    {"/x?a", "x a="},
    {"/x?a=b=c", "x a=b=c"},
    {"/x?&&a=1&", "x a=1"},
    {"/x?=1", "x =1"},
    {"/x?", "x"},
    {"/x?a=1?2", "x a=1?2"},
    {"/x?a=%0A", "x a=\n"},
    {"/...", "..."},
    {"/..x/x..", "..x|x.."},
    {"", NULL},
    {"*", NULL},
    {"x", NULL},
    {"http://elsewhere/x", NULL},
    {"/..", NULL},
    {"/a/../b", NULL},
    {"/a/%2e%2E/b", NULL},
    {"/.", NULL},
    {"/a/%2e", NULL},
    {"/%", NULL},
    {"/%4", NULL},
    {"/%4g", NULL},
    {"/%00", NULL},
    {"/%0a", NULL},
    {"/%7F", NULL},
    {"/%FF", NULL},
    {"/%C0%AF", NULL},
    {"/x?a=%00", NULL},
    {"/x?a=%FF", NULL},
    {"/x?%=1", NULL},
    {"/x#y", NULL},
    {"/x y", NULL},
    {"/x\\..\\y", NULL},
    {"/\xC3\xA9", NULL},
    {"/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p", "a|b|c|d|e|f|g|h|i|j|k|l|m|n|o|p"},
    {"/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q", NULL},
};

static void test_targets(void)
{
  for (size_t i = 0; i < WR_COUNT(targets); i++) {
    struct wr_arena arena = {0};
    struct wr_web_target target;
    struct wr_error err;
    struct wr_buffer out = {0};
    wr_error_clear(&err);
    bool good = wr_web_target_parse(targets[i].text, strlen(targets[i].text), &arena, &target,
                                    &err) == WR_OK;
    WR_CHECK(good == (targets[i].parts != NULL), "%s", targets[i].text);
    if (good && targets[i].parts) {
      target_print(&target, &out);
      WR_CHECK(!strcmp(wr_buffer_string(&out), targets[i].parts), "%s: %s", targets[i].text,
               wr_buffer_string(&out));
    }
    WR_CHECK(good || *err.message, "%s says why", targets[i].text);
    wr_buffer_free(&out);
    wr_arena_free(&arena);
  }
}

static void test_fields_are_bounded(void)
{
  struct wr_buffer text = {0};
  wr_buffer_put_string(&text, "/x?");
  for (int i = 0; i <= WR_TARGET_FIELDS_MAX; i++) {
    struct wr_arena arena = {0};
    struct wr_web_target target;
    struct wr_error err;
    enum wr_code code = wr_web_target_parse(text.bytes, text.length, &arena, &target, &err);
    WR_CHECK(code == WR_OK, "%d fields", i);
    wr_buffer_print(&text, "&a%d=%d", i, i);
    code = wr_web_target_parse(text.bytes, text.length, &arena, &target, &err);
    WR_CHECK((code == WR_OK) == (i < WR_TARGET_FIELDS_MAX), "%d fields and one more", i);
    wr_arena_free(&arena);
  }
  wr_buffer_free(&text);
}

static const struct {
  const char *path, *pattern, *values; /* NULL: it does not fit */
} patterns[] = {
    {"/", "/", ""},
    {"/v1", "/", NULL},
    {"/", "/v1", NULL},
    {"/v1/jobs", "/v1/jobs", ""},
    {"/v1/jobs/", "/v1/jobs", NULL},
    {"/v1/jobsx", "/v1/jobs", NULL},
    {"/v1/job", "/v1/jobs", NULL},
    {"/v1/jobs/a", "/v1/jobs/{job}", "job=a;"},
    {"/v1/jobs/", "/v1/jobs/{job}", NULL},
    {"/v1/jobs/a/b", "/v1/jobs/{job}", NULL},
    {"/v1/jobs/a%2Fb/plan", "/v1/jobs/{job}/plan", "job=a/b;"},
    {"/v1/jobs/a/streams/s/rows", "/v1/jobs/{job}/streams/{stream}/rows", "job=a;stream=s;"},
    {"/v1/jobs/a/streams/s", "/v1/jobs/{job}/streams/{stream}/rows", NULL},
};

static void test_patterns(void)
{
  for (size_t i = 0; i < WR_COUNT(patterns); i++) {
    struct wr_arena arena = {0};
    struct wr_web_target target;
    struct wr_web_field parts[WR_WEB_PARTS_MAX];
    struct wr_error err;
    struct wr_buffer out = {0};
    uint32_t count;
    CU_ASSERT_EQUAL(
        wr_web_target_parse(patterns[i].path, strlen(patterns[i].path), &arena, &target, &err),
        WR_OK);
    bool fits = wr_web_target_matches(&target, patterns[i].pattern, parts, WR_WEB_PARTS_MAX, &arena,
                                      &count);
    WR_CHECK(fits == (patterns[i].values != NULL), "%s %s", patterns[i].path, patterns[i].pattern);
    for (uint32_t part = 0; fits && part < count; part++)
      wr_buffer_print(&out, "%s=%s;", parts[part].name, parts[part].value);
    WR_CHECK(!fits || !strcmp(wr_buffer_string(&out), patterns[i].values), "%s %s: %s",
             patterns[i].path, patterns[i].pattern, wr_buffer_string(&out));
    wr_buffer_free(&out);
    wr_arena_free(&arena);
  }
}

/* Every path of the table can be reached: no row stands behind one that takes its requests. */
static void test_routes_are_reachable(void)
{
  for (const struct wr_route *route = wr_routes; route->method; route++) {
    struct wr_arena arena = {0};
    struct wr_buffer path = {0};
    struct wr_web_target target;
    struct wr_web_field parts[WR_WEB_PARTS_MAX];
    struct wr_error err;
    uint32_t count;
    for (const char *at = route->pattern; *at; at++)
      if (*at == '{')
        at = strchr(at, '}'), wr_buffer_put_char(&path, 'x');
      else
        wr_buffer_put_char(&path, *at);
    CU_ASSERT_EQUAL(wr_web_target_parse(path.bytes, path.length, &arena, &target, &err), WR_OK);
    const struct wr_route *first = wr_routes;
    while (first < route && (strcmp(first->method, route->method) != 0 ||
                             !wr_web_target_matches(&target, first->pattern, parts,
                                                    WR_WEB_PARTS_MAX, &arena, &count)))
      first++;
    WR_CHECK(first == route, "%s is taken by %s", route->pattern, first->pattern);
    WR_CHECK(
        wr_web_target_matches(&target, route->pattern, parts, WR_WEB_PARTS_MAX, &arena, &count),
        "%s", route->pattern);
    WR_CHECK(route->handler && route->help && *route->help, "%s", route->pattern);
    wr_buffer_free(&path);
    wr_arena_free(&arena);
  }
}

/* ---- hosts */

static const struct {
  const char *text, *name; /* NULL: refused */
  uint32_t port;
  bool is_loopback;
} hosts[] = {
    {"localhost", "localhost", 0, true},
    {"LocalHost:8080", "LocalHost", 8080, true},
    {"127.0.0.1:1", "127.0.0.1", 1, true},
    {"127.255.0.9", "127.255.0.9", 0, true},
    {"[::1]", "::1", 0, true},
    {"[::1]:65535", "::1", 65535, true},
    {"example.org", "example.org", 0, false},
    {"127.0.0.1.evil.org", "127.0.0.1.evil.org", 0, false},
    {"127.evil.org", "127.evil.org", 0, false},
    {"localhost.evil.org", "localhost.evil.org", 0, false},
    {"127.1", "127.1", 0, false},
    {"127.0.0.256", "127.0.0.256", 0, false},
    {"127.0.0.", "127.0.0.", 0, false},
    {"127.0.0.1.", "127.0.0.1.", 0, false},
    {"0.0.0.0", "0.0.0.0", 0, false},
    {"128.0.0.1", "128.0.0.1", 0, false},
    {"[::ffff:127.0.0.1]", "::ffff:127.0.0.1", 0, false},
    {"a_b-c", "a_b-c", 0, false},
    {"", NULL, 0, false},
    {":80", NULL, 0, false},
    {"a:", NULL, 0, false},
    {"a:0", NULL, 0, false},
    {"a:65536", NULL, 0, false},
    {"a:+1", NULL, 0, false},
    {"a:-1", NULL, 0, false},
    {"a:1x", NULL, 0, false},
    {"a:000080", NULL, 0, false},
    {"a b", NULL, 0, false},
    {"a@b", NULL, 0, false},
    {"a/b", NULL, 0, false},
    {"[::1", NULL, 0, false},
    {"[::1]x", NULL, 0, false},
    {"[]", NULL, 0, false},
    {"[localhost]", NULL, 0, false},
    {"::1", NULL, 0, false},
    {"a,b", NULL, 0, false},
};

static void test_hosts(void)
{
  for (size_t i = 0; i < WR_COUNT(hosts); i++) {
    struct wr_web_host host;
    bool good = wr_web_host_parse(hosts[i].text, strlen(hosts[i].text), &host);
    WR_CHECK(good == (hosts[i].name != NULL), "%s", hosts[i].text);
    if (!good || !hosts[i].name)
      continue;
    WR_CHECK(host.length == strlen(hosts[i].name) &&
                 !memcmp(host.name, hosts[i].name, host.length) && host.port == hosts[i].port,
             "%s", hosts[i].text);
    WR_CHECK(wr_web_host_is_loopback(&host) == hosts[i].is_loopback, "%s", hosts[i].text);
  }
}

static const struct {
  const char *text;
  bool good, is_tls;
  uint32_t port;
} origins[] = {
    {"http://a", true, false, 80},   {"HTTPS://a.b:8443", true, true, 8443},
    {"https://a", true, true, 443},  {"https://[::1]:1", true, true, 1},
    {"null", false, false, 0},       {"", false, false, 0},
    {"http://", false, false, 0},    {"http://a/", false, false, 0},
    {"http://a b", false, false, 0}, {"http://user@a", false, false, 0},
    {"ftp://a", false, false, 0},    {"file://", false, false, 0},
    {"a", false, false, 0},
};

static void test_origins(void)
{
  for (size_t i = 0; i < WR_COUNT(origins); i++) {
    struct wr_web_origin origin;
    bool good = wr_web_origin_parse(origins[i].text, strlen(origins[i].text), &origin);
    WR_CHECK(good == origins[i].good, "%s", origins[i].text);
    WR_CHECK(!good || (origin.is_tls == origins[i].is_tls &&
                       wr_web_origin_port(&origin) == origins[i].port),
             "%s", origins[i].text);
  }
}

/* ---- headers */

static const struct {
  const char *header, *value; /* NULL: none */
} cookies[] = {
    {"weir_token=abc", "abc"},
    {"a=1; weir_token=abc; b=2", "abc"},
    {"a=1;weir_token=abc", "abc"},
    {"weir_token=", ""},
    {"weir_token=a=b", "a=b"},
    {"weir_token=1; weir_token=2", "1"},
    {"weir_token", NULL},
    {"xweir_token=abc", NULL},
    {"weir_tokenx=abc", NULL},
    {"Weir_Token=abc", NULL},
    {"", NULL},
    {";;; ;", NULL},
};

static void test_cookies(void)
{
  for (size_t i = 0; i < WR_COUNT(cookies); i++) {
    const char *value = NULL;
    size_t length = 0;
    bool found = wr_web_cookie_find(cookies[i].header, "weir_token", &value, &length);
    WR_CHECK(found == (cookies[i].value != NULL), "%s", cookies[i].header);
    WR_CHECK(!found ||
                 (length == strlen(cookies[i].value) && !memcmp(value, cookies[i].value, length)),
             "%s", cookies[i].header);
  }
}

static const struct {
  const char *header, *token;
} bearers[] = {
    {"Bearer abc", "abc"},   {"bearer   abc  ", "abc"},
    {"BEARER\tabc", "abc"},  {"Bearer", NULL},
    {"Bearer ", NULL},       {"Bearerabc", NULL},
    {"Bearer a b", NULL},    {"Bearer a,b", NULL},
    {"Basic abc", NULL},     {"", NULL},
    {"Bearer abc, x", NULL},
};

static void test_bearers(void)
{
  for (size_t i = 0; i < WR_COUNT(bearers); i++) {
    const char *token = NULL;
    size_t length = 0;
    bool good = wr_web_bearer(bearers[i].header, &token, &length);
    WR_CHECK(good == (bearers[i].token != NULL), "%s", bearers[i].header);
    WR_CHECK(!good ||
                 (length == strlen(bearers[i].token) && !memcmp(token, bearers[i].token, length)),
             "%s", bearers[i].header);
  }
}

static const struct {
  const char *header;
  bool gzip;
} encodings[] = {
    {"gzip", true},
    {"GZIP", true},
    {"br, gzip;q=0.5", true},
    {"x-gzip", true},
    {"gzip;q=0", false},
    {"gzip; q=0.0", false},
    {"gzip ;q=0.01", true},
    {"deflate", false},
    {"gzipped", false},
    {"", false},
    {"*", false},
    {",,gzip,", true},
    {"gzip;q", true},
    {"gzip;x=0;q=0", false},
    {"identity", false},
    {"gzip;q=1.0", true},
};

static void test_lists(void)
{
  for (size_t i = 0; i < WR_COUNT(encodings); i++)
    WR_CHECK(wr_web_accepts_gzip(encodings[i].header) == encodings[i].gzip, "%s",
             encodings[i].header);
  CU_ASSERT(wr_web_list_has("keep-alive, Upgrade", "upgrade"));
  CU_ASSERT(!wr_web_list_has("keep-alive, Upgraded", "upgrade"));
  CU_ASSERT(wr_web_accepts("text/event-stream", "text/event-stream"));
  CU_ASSERT(wr_web_accepts("a/b;q=1, text/event-stream;q=0.9", "text/event-stream"));
  CU_ASSERT(!wr_web_accepts("text/*, */*", "text/event-stream"));
}

static void test_tags(void)
{
  CU_ASSERT(wr_web_tag_matches("\"abc\"", "abc"));
  CU_ASSERT(wr_web_tag_matches("W/\"abc\"", "abc"));
  CU_ASSERT(wr_web_tag_matches("\"x\", W/\"abc\"", "abc"));
  CU_ASSERT(wr_web_tag_matches("*", "abc"));
  CU_ASSERT(!wr_web_tag_matches("abc", "abc"));
  CU_ASSERT(!wr_web_tag_matches("\"abcd\"", "abc"));
  CU_ASSERT(!wr_web_tag_matches("W/", "abc"));
  CU_ASSERT(!wr_web_tag_matches("", "abc"));
}

static const struct wr_test tests[] = {{"targets", test_targets},
                                       {"fields are bounded", test_fields_are_bounded},
                                       {"patterns", test_patterns},
                                       {"routes are reachable", test_routes_are_reachable},
                                       {"hosts", test_hosts},
                                       {"origins", test_origins},
                                       {"cookies", test_cookies},
                                       {"bearers", test_bearers},
                                       {"lists", test_lists},
                                       {"tags", test_tags},
                                       {0}};
const struct wr_suite wr_suite_web_parse = {"web_parse", tests};
