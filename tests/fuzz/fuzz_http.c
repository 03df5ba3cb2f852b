/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the HTTP server reads by itself: addresses against all routes, hosts, origins, cookies,
 * lists, keys and frames of WebSockets. The first byte chooses the reader, the rest is what it
 * reads.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "server/parse.h"
#include "server/route.h"
#include "server/websocket_frame.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken is text that cannot leave its part of the path. */
static void read_target(struct wr_arena *arena, const char *text, size_t length)
{
  struct wr_web_target target;
  struct wr_error err;
  if (wr_web_target_parse(text, length, arena, &target, &err)) {
    assert(*err.message);
    return;
  }
  assert(text[0] == '/' && target.path[0] == '/');
  assert(target.part_count <= WR_TARGET_PARTS_MAX && target.field_count <= WR_TARGET_FIELDS_MAX);
  for (uint32_t i = 0; i < target.part_count; i++) {
    assert(strcmp(target.parts[i], "..") != 0 && strcmp(target.parts[i], ".") != 0);
    assert(wr_utf8_valid(target.parts[i], strlen(target.parts[i])));
    for (const char *c = target.parts[i]; *c; c++)
      assert((unsigned char)*c >= 0x20 && *c != 0x7F);
  }
  for (uint32_t i = 0; i < target.field_count; i++)
    assert(wr_utf8_valid(target.fields[i].name, strlen(target.fields[i].name)) &&
           wr_utf8_valid(target.fields[i].value, strlen(target.fields[i].value)));
  for (const struct wr_route *route = wr_routes; route->method; route++) {
    struct wr_web_field parts[WR_WEB_PARTS_MAX];
    uint32_t count;
    if (wr_web_target_matches(&target, route->pattern, parts, WR_WEB_PARTS_MAX, arena, &count))
      for (uint32_t i = 0; i < count; i++)
        assert(*parts[i].name && *parts[i].value && strchr(route->pattern, '{'));
  }
}

static void read_host(const char *text, size_t length)
{
  struct wr_web_host host;
  struct wr_web_origin origin;
  if (wr_web_host_parse(text, length, &host)) {
    assert(host.length > 0 && host.length <= length && host.port <= 65535);
    assert(!memchr(host.name, '/', host.length) && !memchr(host.name, '@', host.length));
    if (wr_web_host_is_loopback(&host) && !host.is_v6)
      assert((host.name[0] | 32) == 'l' || host.name[0] == '1');
    assert(wr_web_host_equal(&host, host.port, &host, host.port));
  }
  if (wr_web_origin_parse(text, length, &origin))
    assert(wr_web_origin_port(&origin) > 0 && origin.host.length > 0);
}

static void read_headers(const char *text)
{
  const char *value, *end = text + strlen(text);
  size_t length;
  if (wr_web_cookie_find(text, "weir_token", &value, &length))
    assert(value > text && value + length <= end && !memchr(value, ';', length));
  if (wr_web_bearer(text, &value, &length))
    assert(length > 0 && value + length <= end && !memchr(value, ' ', length));
  if (wr_web_accepts_gzip(text))
    assert(strlen(text) >= 4);
  if (wr_web_list_has(text, "websocket"))
    assert(strlen(text) >= 9);
  wr_web_accepts(text, "text/event-stream");
  wr_web_tag_matches(text, "0123abcd");
}

/* Heads that are taken say what a server may act on, and are found again. */
static void read_frames(char *bytes, size_t length)
{
  char accept[WR_WEBSOCKET_ACCEPT_CHARS + 1];
  for (size_t at = 0; at < length;) {
    struct wr_websocket_head head;
    int taken = wr_websocket_head_read(bytes + at, length - at, &head);
    if (taken <= 0)
      break;
    assert((size_t)taken <= length - at && taken <= WR_WEBSOCKET_HEAD_BYTES_MAX);
    assert(head.opcode <= 2 || (head.opcode >= 8 && head.opcode <= 10));
    assert(head.opcode < 8 || (head.is_final && head.length <= WR_WEBSOCKET_CONTROL_MAX));
    assert(head.length < UINT64_C(1) << 63);
    at += (size_t)taken;
    if (head.length > length - at)
      break;
    wr_websocket_unmask(bytes + at, (size_t)head.length, head.mask);
    if (head.opcode == WR_WEBSOCKET_CLOSE)
      wr_websocket_close_valid(bytes + at, (size_t)head.length);
    at += (size_t)head.length;
  }
  bytes[length] = 0;
  if (wr_websocket_accept(bytes, accept))
    assert(strlen(accept) == WR_WEBSOCKET_ACCEPT_CHARS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct wr_arena arena = {0};
  if (size == 0)
    return 0;
  char *text = malloc(size); /* exactly as long as it is, with a NUL behind it */
  memcpy(text, data + 1, size - 1);
  text[size - 1] = 0;
  switch (data[0] & 3) {
  case 0: read_target(&arena, text, size - 1); break;
  case 1: read_host(text, size - 1); break;
  case 2: read_headers(text); break;
  case 3: read_frames(text, size - 1); break;
  }
  free(text);
  wr_arena_free(&arena);
  return 0;
}
