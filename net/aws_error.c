/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors of AWS. JSON protocols say {"__type": "namespace#Code", "message": ...}, REST and Query
 * protocols <Error><Code>..</Code><Message>..</Message>; the header x-amzn-errortype may say the
 * code too, and an answer to HEAD has nothing but its status.
 */
#include "net/aws_error.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "net/json_object.h"

#define XML_NAME_BYTES 256

/* What a code means beyond its status. */
struct code_row {
  const char *code;
  bool throttled, passes, expired, skewed;
};

static const struct code_row code_rows[] = {
    {"BandwidthLimitExceeded", .throttled = true},
    {"EC2ThrottledException", .throttled = true},
    {"KMSThrottlingException", .throttled = true},
    {"LimitExceededException", .throttled = true},
    {"PriorRequestNotComplete", .throttled = true},
    {"ProvisionedThroughputExceededException", .throttled = true},
    {"RequestLimitExceeded", .throttled = true},
    {"RequestThrottled", .throttled = true},
    {"RequestThrottledException", .throttled = true},
    {"SlowDown", .throttled = true},
    {"ThrottledException", .throttled = true},
    {"Throttling", .throttled = true},
    {"ThrottlingException", .throttled = true},
    {"TooManyRequestsException", .throttled = true},
    {"TransactionInProgressException", .throttled = true},
    {"IDPCommunicationError", .passes = true},
    {"InternalError", .passes = true},
    {"InternalFailure", .passes = true},
    {"InternalFailureException", .passes = true},
    {"InternalServerError", .passes = true},
    {"RequestTimeout", .passes = true},
    {"RequestTimeoutException", .passes = true},
    {"ServiceUnavailable", .passes = true},
    {"ServiceUnavailableException", .passes = true},
    {"ExpiredToken", .expired = true},
    {"ExpiredTokenException", .expired = true},
    {"RequestExpired", .expired = true, .skewed = true},
    {"AuthFailure", .skewed = true},
    {"InvalidSignatureException", .skewed = true},
    {"RequestInTheFuture", .skewed = true},
    {"RequestTimeTooSkewed", .skewed = true},
    {"SignatureDoesNotMatch", .skewed = true},
};

const char *wr_http_header_find(const struct wr_http_header *headers, uint32_t count,
                                const char *name)
{
  for (uint32_t i = 0; i < count; i++)
    if (strcmp(headers[i].name, name) == 0)
      return headers[i].value;
  return NULL;
}

/* ---- texts */

/* At most size - 1 bytes on one line, whole UTF-8 characters. */
static void text_copy(char *out, size_t size, const char *text, size_t length)
{
  size_t used = length < size ? length : size - 1;
  if (used < length)
    while (used > 0 && ((unsigned char)text[used] & 0xC0) == 0x80)
      used--;
  for (size_t i = 0; i < used; i++)
    out[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7F ? ' ' : text[i];
  out[used] = '\0';
}

/* "namespace#Code" and "Code:where to read more" are said of Code. */
static void problem_set_code(struct wr_aws_problem *out, const char *text)
{
  const char *hash = strchr(text, '#');
  const char *code = hash ? hash + 1 : text;
  text_copy(out->code, sizeof out->code, code, strcspn(code, ": \r\n\t"));
}

void wr_aws_problem_hide(struct wr_aws_problem *problem, const char *secret)
{
  static const char veil[] = "(secret)";
  enum { BEGIN_BYTES = 16 }; /* its end may have been cut off: the beginning is looked for */
  if (!secret || strlen(secret) < BEGIN_BYTES)
    return;
  char begin[BEGIN_BYTES + 1];
  memcpy(begin, secret, BEGIN_BYTES);
  begin[BEGIN_BYTES] = '\0';
  for (char *found; (found = strstr(problem->message, begin));) {
    size_t same = 0;
    while (found[same] && found[same] == secret[same])
      same++;
    memcpy(found, veil, sizeof veil - 1);
    memmove(found + sizeof veil - 1, found + same, strlen(found + same) + 1);
  }
}

/* ---- XML */

/* The index behind a tag that begins at `at`, or behind what is no element. */
static size_t xml_skip(const char *xml, size_t length, size_t at)
{
  static const struct {
    const char *begin, *end;
  } rows[] = {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}, {"<", ">"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    size_t begin = strlen(rows[i].begin), end = strlen(rows[i].end);
    if (length - at < begin || memcmp(xml + at, rows[i].begin, begin) != 0)
      continue;
    const char *found = memmem(xml + at + begin, length - at - begin, rows[i].end, end);
    return found ? (size_t)(found - xml) + end : length;
  }
  return at + 1;
}

/* Whether an opening tag that begins at `at` has this name. */
static bool xml_is_named(const char *xml, size_t length, size_t at, const char *name)
{
  size_t begin = at + 1, end = begin;
  for (; end < length && !strchr(" \t\r\n/>", xml[end]); end++)
    if (xml[end] == ':')
      begin = end + 1;
  size_t name_length = strlen(name);
  return end - begin == name_length && memcmp(xml + begin, name, name_length) == 0;
}

static const char *xml_plain(struct wr_arena *arena, const char *text, size_t length)
{
  static const struct {
    const char *entity;
    char c;
  } rows[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}};
  char *out = wr_arena_get(arena, length + 1);
  size_t used = 0;
  for (size_t i = 0; i < length; i++) {
    char c = text[i];
    for (size_t r = 0; c == '&' && r < sizeof rows / sizeof *rows; r++) {
      size_t entity = strlen(rows[r].entity);
      if (length - i >= entity && memcmp(text + i, rows[r].entity, entity) == 0) {
        out[used++] = rows[r].c;
        i += entity - 1;
        c = '\0';
      }
    }
    if (c)
      out[used++] = c;
  }
  out[used] = '\0';
  return out;
}

const char *wr_xml_text(struct wr_arena *arena, const char *xml, size_t length, const char *name)
{
  assert(strlen(name) < XML_NAME_BYTES);
  for (size_t at = 0; at < length;) {
    if (xml[at] != '<') {
      at++;
      continue;
    }
    size_t behind = xml_skip(xml, length, at);
    if (xml_is_named(xml, length, at, name)) {
      if (xml[behind - 1] == '>' && xml[behind - 2] == '/')
        return "";
      static const char begin[] = "<![CDATA[";
      if (length - behind >= sizeof begin - 1 &&
          memcmp(xml + behind, begin, sizeof begin - 1) == 0) {
        const char *text = xml + behind + sizeof begin - 1;
        const char *last = memmem(text, (size_t)(xml + length - text), "]]>", 3);
        return last ? wr_arena_copy(arena, text, (size_t)(last - text)) : NULL;
      }
      const char *end = memchr(xml + behind, '<', length - behind);
      return end ? xml_plain(arena, xml + behind, (size_t)(end - xml) - behind) : NULL;
    }
    at = behind;
  }
  return NULL;
}

/* ---- the protocols */

static bool problem_read_json(const struct wr_slice *body, struct wr_aws_problem *out)
{
  struct json_object *root = wr_json_object_parse(*body);
  bool is_object = root != NULL;
  static const char *const code_keys[] = {"__type", "code", "Code", "error"};
  static const char *const message_keys[] = {"message", "Message", "errorMessage",
                                             "error_description"};
  struct json_object *value;
  for (size_t i = 0; is_object && i < sizeof code_keys / sizeof *code_keys; i++)
    if (!out->code[0] && json_object_object_get_ex(root, code_keys[i], &value) &&
        json_object_is_type(value, json_type_string))
      problem_set_code(out, json_object_get_string(value));
  for (size_t i = 0; is_object && i < sizeof message_keys / sizeof *message_keys; i++)
    if (!out->message[0] && json_object_object_get_ex(root, message_keys[i], &value) &&
        json_object_is_type(value, json_type_string))
      text_copy(out->message, sizeof out->message, json_object_get_string(value),
                (size_t)json_object_get_string_len(value));
  json_object_put(root);
  return is_object;
}

static void problem_read_xml(const struct wr_slice *body, struct wr_aws_problem *out)
{
  struct wr_arena arena = {0};
  const char *code = wr_xml_text(&arena, body->bytes, body->length, "Code");
  const char *message = wr_xml_text(&arena, body->bytes, body->length, "Message");
  if (code && !out->code[0])
    problem_set_code(out, code);
  if (message)
    text_copy(out->message, sizeof out->message, message, strlen(message));
  wr_arena_free(&arena);
}

/* A signature that does not match is explained with the whole request, the session token in it. */
static void problem_cut_request(struct wr_aws_problem *out)
{
  static const char *const words[] = {"The Canonical String", "The String-to-Sign"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    char *found = strstr(out->message, words[i]);
    if (found)
      *found = '\0';
  }
  size_t length = strlen(out->message);
  while (length > 0 && out->message[length - 1] == ' ')
    out->message[--length] = '\0';
}

void wr_aws_problem_read(const struct wr_http_result *answer, struct wr_aws_problem *out)
{
  *out = (struct wr_aws_problem){.code = ""};
  const char *type = wr_http_header_find(answer->headers, answer->header_count, "x-amzn-errortype");
  if (type)
    problem_set_code(out, type);
  const struct wr_slice *body = &answer->body;
  uint32_t first = 0;
  while (first < body->length && strchr(" \t\r\n", body->bytes[first]))
    first++;
  if (first < body->length && body->bytes[first] == '{')
    problem_read_json(body, out);
  else if (first < body->length && body->bytes[first] == '<')
    problem_read_xml(body, out);
  problem_cut_request(out);
  for (size_t i = 0; i < sizeof code_rows / sizeof *code_rows; i++) {
    const struct code_row *row = &code_rows[i];
    if (strcmp(row->code, out->code) != 0)
      continue;
    out->throttled = row->throttled;
    out->passes = row->passes || row->throttled;
    out->expired = row->expired;
    out->skewed = row->skewed;
  }
  int status = answer->status;
  out->throttled = out->throttled || status == 429;
  out->passes = out->passes || out->throttled || status == 408 || status == 500 || status == 502 ||
                status == 503 || status == 504 || status == 509;
  out->skewed = out->skewed || (status == 403 && !out->code[0]); /* an answer to HEAD */
}
