/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a request that libmicrohttpd leaves as text: targets, hosts, cookies, lists. Pure
 * functions of bytes, strict: what has two meanings is refused, since a proxy in front may have
 * chosen the other one.
 */
#ifndef WEIR_SERVER_PARSE_H
#define WEIR_SERVER_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/error.h"

#define WR_TARGET_PARTS_MAX  16
#define WR_TARGET_FIELDS_MAX 32

/* name=value, decoded; no value: "". */
struct wr_web_field {
  const char *name, *value;
};

/* /v1/jobs/a%2Fb?where=n+%3E+3 */
struct wr_web_target {
  const char *path;                       /* "/v1/jobs/a/b" */
  const char *parts[WR_TARGET_PARTS_MAX]; /* "v1", "jobs", "a/b"; of "/" none */
  uint32_t part_count;
  struct wr_web_field fields[WR_TARGET_FIELDS_MAX]; /* in order */
  uint32_t field_count;
};

/* RFC 9112's origin-form. Into the arena. WR_SEMANTIC: not one, or with parts "." and "..", with
 * NUL or other control characters in the path, not UTF-8; WR_LIMIT: too many parts. */
enum wr_code wr_web_target_parse(const char *text, size_t length, struct wr_arena *arena,
                                 struct wr_web_target *out, struct wr_error *err);

/* Whether a pattern like "/v1/jobs/{job}/plan" is that path; values of {names} in their order. */
bool wr_web_target_matches(const struct wr_web_target *target, const char *pattern,
                           struct wr_web_field *parts, uint32_t parts_max, struct wr_arena *arena,
                           uint32_t *part_count);

/* example.org:8080, 127.0.0.1, [::1]:80, as in Host and behind the scheme of an Origin. */
struct wr_web_host {
  const char *name; /* inside the text; without brackets */
  size_t length;
  uint32_t port; /* 0: none is said */
  bool is_v6;    /* stood in brackets */
};
bool wr_web_host_parse(const char *text, size_t length, struct wr_web_host *out);
/* localhost, 127.0.0.0/8, ::1 */
bool wr_web_host_is_loopback(const struct wr_web_host *host);
/* Names compare without case. A port that is not said is that of the scheme. */
bool wr_web_host_equal(const struct wr_web_host *a, uint32_t port_a, const struct wr_web_host *b,
                       uint32_t port_b);

/* An Origin: "https://example.org:8443". False for "null" and whatever is none. */
struct wr_web_origin {
  bool is_tls;
  struct wr_web_host host;
};
bool wr_web_origin_parse(const char *text, size_t length, struct wr_web_origin *out);
/* The port, also where it is not said. */
uint32_t wr_web_origin_port(const struct wr_web_origin *origin);

/* The value of a cookie in a Cookie header; the first one of that name. */
bool wr_web_cookie_find(const char *header, const char *name, const char **value, size_t *length);
/* The token of "Bearer TOKEN". */
bool wr_web_bearer(const char *header, const char **token, size_t *length);

/* Whether an item of a list ("keep-alive, Upgrade") is that word, without case. */
bool wr_web_list_has(const char *header, const char *word);
/* Accept-Encoding takes gzip; Accept has a media type by its name, not by a wildcard. */
bool wr_web_accepts_gzip(const char *header);
bool wr_web_accepts(const char *header, const char *type);
/* If-None-Match against an entity tag without quotes, weakly. */
bool wr_web_tag_matches(const char *header, const char *tag);

#endif
