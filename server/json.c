/* SPDX-License-Identifier: Apache-2.0 */
#include "server/json.h"

#include <math.h>

#include "text/datetime.h"
#include "text/json_write.h"
#include "text/number.h"
#include "text/utf8.h"

#define TIME_LEAST_US INT64_C(-62135596800000000) /* 0001-01-01 */
#define TIME_END_US   INT64_C(253402300800000000) /* 10000-01-01 */

static void json_begin(struct wr_web_json *json, const char *name)
{
  if (json->needs_comma)
    wr_buffer_put_char(json->out, ',');
  if (name) {
    wr_json_write_string(json->out, name, strlen(name));
    wr_buffer_put_char(json->out, ':');
  }
  json->needs_comma = true;
}

void wr_web_json_open(struct wr_web_json *json, char bracket)
{
  assert(bracket == '{' || bracket == '[');
  json_begin(json, NULL);
  wr_buffer_put_char(json->out, bracket);
  json->needs_comma = false;
}

void wr_web_json_close(struct wr_web_json *json, char bracket)
{
  assert(bracket == '}' || bracket == ']');
  wr_buffer_put_char(json->out, bracket);
  json->needs_comma = true;
}

void wr_web_json_name(struct wr_web_json *json, const char *name)
{
  json_begin(json, name);
  json->needs_comma = false;
}

void wr_web_json_text(struct wr_web_json *json, const char *name, const char *text)
{
  if (text)
    wr_web_json_bytes(json, name, text, strlen(text));
  else
    wr_web_json_null(json, name);
}

void wr_web_json_bytes(struct wr_web_json *json, const char *name, const char *bytes, size_t length)
{
  json_begin(json, name);
  if (wr_utf8_valid(bytes, length)) {
    wr_json_write_string(json->out, bytes, length);
    return;
  }
  struct wr_buffer repaired = {0};
  for (size_t at = 0; at < length;) {
    char *end = wr_buffer_reserve(&repaired, WR_UTF8_BYTES_MAX);
    wr_buffer_added(&repaired, wr_utf8_put(wr_utf8_next(bytes, length, &at), end));
  }
  wr_json_write_string(json->out, repaired.bytes, repaired.length);
  wr_buffer_free(&repaired);
}

void wr_web_json_number(struct wr_web_json *json, const char *name, int64_t number)
{
  json_begin(json, name);
  wr_buffer_added(json->out, wr_format_i64(number, wr_buffer_reserve(json->out, 24)));
}

void wr_web_json_count(struct wr_web_json *json, const char *name, uint64_t count)
{
  json_begin(json, name);
  wr_buffer_added(json->out, wr_format_u64(count, wr_buffer_reserve(json->out, 24)));
}

void wr_web_json_known(struct wr_web_json *json, const char *name, int64_t number)
{
  if (number >= 0)
    wr_web_json_number(json, name, number);
  else
    wr_web_json_null(json, name);
}

void wr_web_json_double(struct wr_web_json *json, const char *name, double number)
{
  json_begin(json, name);
  if (isfinite(number))
    wr_buffer_print(json->out, "%.7g", number);
  else
    wr_buffer_put_string(json->out, "null");
}

void wr_web_json_bool(struct wr_web_json *json, const char *name, bool value)
{
  json_begin(json, name);
  wr_buffer_put_string(json->out, value ? "true" : "false");
}

void wr_web_json_null(struct wr_web_json *json, const char *name)
{
  json_begin(json, name);
  wr_buffer_put_string(json->out, "null");
}

void wr_web_json_time(struct wr_web_json *json, const char *name, int64_t time_us)
{
  if (time_us < TIME_LEAST_US || time_us >= TIME_END_US) {
    wr_web_json_null(json, name);
    return;
  }
  char text[WR_TIMESTAMP_CHARS];
  size_t length = wr_format_timestamp_ltz(time_us, 3, WR_DATETIME_ISO, text);
  json_begin(json, name);
  wr_json_write_string(json->out, text, length);
}

void wr_web_json_raw(struct wr_web_json *json, const char *name, const char *bytes, size_t length)
{
  json_begin(json, name);
  wr_buffer_put(json->out, bytes, length);
}
