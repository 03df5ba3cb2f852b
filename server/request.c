/* SPDX-License-Identifier: Apache-2.0 */
/* What handlers ask of a request: headers, parameters, the JSON body. */
#include <inttypes.h>
#include <stdio.h>

#include "core/options.h"
#include "server/inner.h"
#include "text/datetime.h"
#include "text/json_scan.h"
#include "text/number.h"
#include "text/utf8.h"

#define SHOWN_BYTES_MAX 64 /* of a value, in a message */

static int shown(const char *text)
{
  return wr_utf8_shown(text, strlen(text), SHOWN_BYTES_MAX);
}

const char *wr_web_part(const struct wr_web_request *request, const char *name)
{
  for (uint32_t i = 0; i < request->part_count; i++)
    if (!strcmp(request->parts[i].name, name))
      return request->parts[i].value;
  assert(!"the pattern has that part");
  return "";
}

const char *wr_web_header(const struct wr_web_request *request, const char *name)
{
  return MHD_lookup_connection_value(request->connection->mhd, MHD_HEADER_KIND, name);
}

const char *wr_web_query(const struct wr_web_request *request, const char *name)
{
  for (uint32_t i = request->query_count; i-- > 0;)
    if (!strcmp(request->query[i].name, name))
      return request->query[i].value;
  return NULL;
}

enum wr_code wr_web_query_integer(const struct wr_web_request *request, const char *name,
                                  int64_t least, int64_t most, int64_t *out, struct wr_error *err)
{
  const char *text = wr_web_query(request, name);
  int64_t value;
  if (!text)
    return WR_OK;
  if (!wr_parse_i64(text, strlen(text), &value) || value < least || value > most)
    return wr_fail(err, WR_SEMANTIC,
                   "%s must be a whole number from %" PRId64 " to %" PRId64 ", not '%.*s'", name,
                   least, most, shown(text), text);
  *out = value;
  return WR_OK;
}

enum wr_code wr_web_query_duration(const struct wr_web_request *request, const char *name,
                                   int64_t least_us, int64_t most_us, int64_t *out_us,
                                   struct wr_error *err)
{
  const char *text = wr_web_query(request, name);
  int64_t value_us;
  if (!text)
    return WR_OK;
  if (!wr_option_parse_duration(text, &value_us))
    return wr_fail(err, WR_SEMANTIC, "%s must be a duration such as 500ms or 5s, not '%.*s'", name,
                   shown(text), text);
  if (value_us < least_us || value_us > most_us) {
    char least[WR_INTERVAL_CHARS], most[WR_INTERVAL_CHARS];
    int least_length = (int)wr_format_duration(least_us, least);
    int most_length = (int)wr_format_duration(most_us, most);
    return wr_fail(err, WR_SEMANTIC, "%s must be from %.*s to %.*s, not '%.*s'", name, least_length,
                   least, most_length, most, shown(text), text);
  }
  *out_us = value_us;
  return WR_OK;
}

static uint32_t names_count(const char *const *names)
{
  uint32_t count = 0;
  while (names[count])
    count++;
  return count;
}

static enum wr_code name_fail(const char *what, const char *name, const char *const *names,
                              struct wr_error *err)
{
  const char *nearest = wr_nearest(name, names, names_count(names));
  wr_fail(err, WR_SEMANTIC, "there is no %s '%.*s' here", what, shown(name), name);
  return nearest ? wr_hint(err, "did you mean '%s'?", nearest) : err->code;
}

enum wr_code wr_web_query_check(const struct wr_web_request *request, const char *const *names,
                                struct wr_error *err)
{
  for (uint32_t i = 0; i < request->query_count; i++) {
    uint32_t known = 0;
    while (names[known] && strcmp(names[known], request->query[i].name) != 0)
      known++;
    if (!names[known])
      return name_fail("parameter", request->query[i].name, names, err);
  }
  return WR_OK;
}

/* ---- bodies */

/* The tape has the body as an object, or no nodes if it is empty. */
static enum wr_code body_scan(const struct wr_web_request *request, struct wr_json_tape *tape,
                              struct wr_error *err)
{
  *tape = (struct wr_json_tape){0};
  if (request->body_length == 0)
    return WR_OK;
  if (!wr_json_scan(tape, request->body, request->body_length)) {
    wr_fail(err, WR_SEMANTIC, "the body of the request is not JSON: %s at byte %" PRIu32,
            tape->problem, tape->problem_at);
    wr_json_tape_free(tape);
    return err->code;
  }
  if (tape->nodes[0].kind != WR_JSON_OBJECT) {
    wr_json_tape_free(tape);
    return wr_fail(err, WR_SEMANTIC, "the body of the request must be a JSON object");
  }
  return WR_OK;
}

static enum wr_code body_flag(const struct wr_web_request *request, const struct wr_json_tape *tape,
                              uint32_t node, const char *const *names, bool *values,
                              struct wr_error *err)
{
  struct wr_buffer buffer = {0};
  wr_json_put_string(tape, node, &buffer);
  const char *name = wr_arena_copy(request->arena, wr_buffer_string(&buffer), buffer.length);
  wr_buffer_free(&buffer);
  uint32_t i = 0;
  while (names[i] && strcmp(names[i], name) != 0)
    i++;
  if (!names[i])
    return name_fail("field", name, names, err);
  uint8_t kind = tape->nodes[tape->nodes[node].next].kind;
  if (kind != WR_JSON_TRUE && kind != WR_JSON_FALSE)
    return wr_fail(err, WR_SEMANTIC, "%s must be true or false", name);
  values[i] = kind == WR_JSON_TRUE;
  return WR_OK;
}

enum wr_code wr_web_body_flags(const struct wr_web_request *request, const char *const *names,
                               bool *values, struct wr_error *err)
{
  struct wr_json_tape tape;
  enum wr_code code = body_scan(request, &tape, err);
  uint32_t members = code == WR_OK && tape.count ? tape.nodes[0].length : 0;
  for (uint32_t node = wr_json_first(0); code == WR_OK && members-- > 0;) {
    code = body_flag(request, &tape, node, names, values, err);
    node = tape.nodes[tape.nodes[node].next].next;
  }
  wr_json_tape_free(&tape);
  return code;
}

enum wr_code wr_web_body_text(const struct wr_web_request *request, const char *name,
                              const char **out, struct wr_error *err)
{
  struct wr_json_tape tape;
  enum wr_code code = body_scan(request, &tape, err);
  if (code != WR_OK)
    return code;
  uint32_t node = tape.count ? wr_json_member(&tape, 0, name, strlen(name)) : 0;
  if (node && tape.nodes[node].kind == WR_JSON_STRING) {
    struct wr_buffer text = {0};
    wr_json_put_string(&tape, node, &text);
    *out = wr_arena_copy(request->arena, wr_buffer_string(&text), text.length);
    wr_buffer_free(&text);
  } else {
    code = wr_fail(err, WR_SEMANTIC, "the body of the request must be {\"%s\":\"...\"}", name);
  }
  wr_json_tape_free(&tape);
  return code;
}
