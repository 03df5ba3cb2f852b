/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses: their parts, and the form of text that stands in them
 * (application/x-www-form-urlencoded). PARSE_URL takes any scheme and gives the path as it is
 * written; what is no address gives NULL.
 */
#include "functions/bind_site.h"
#include "functions/text_call.h"
#include "text/number.h"
#include "text/utf8.h"

#define URL_DECODE_DEPTH 10 /* rounds of URL_DECODE_RECURSIVE unless said otherwise */

static bool slice_is(struct wr_slice slice, const char *word)
{
  return strlen(word) == slice.length && memcmp(word, slice.bytes, slice.length) == 0;
}

/* ---- parts */

enum url_part {
  URL_PROTOCOL,
  URL_AUTHORITY,
  URL_USERINFO,
  URL_HOST,
  URL_PATH,
  URL_QUERY,
  URL_REF,
  URL_FILE,
  URL_PARTS
};
static const char *const url_part_names[URL_PARTS] = {"PROTOCOL", "AUTHORITY", "USERINFO", "HOST",
                                                      "PATH",     "QUERY",     "REF",      "FILE"};

/* Pieces of a text; bytes NULL: it has none. */
struct url {
  struct wr_slice parts[URL_PARTS];
};

static struct wr_slice url_piece(const char *begin, const char *end)
{
  return (struct wr_slice){begin, (uint32_t)(end - begin)};
}

static const char *url_find(const char *begin, const char *end, const char *any)
{
  while (begin < end && !(*begin && strchr(any, *begin)))
    begin++;
  return begin;
}

/* name:..., a name being a letter and letters, digits, + - . */
static bool url_scheme(struct url *url, const char **at, const char *end)
{
  const char *begin = *at, *c = begin;
  if (c == end || (*c | 0x20) < 'a' || (*c | 0x20) > 'z')
    return false;
  while (c < end && (((*c | 0x20) >= 'a' && (*c | 0x20) <= 'z') || (*c >= '0' && *c <= '9') ||
                     (*c && strchr("+-.", *c))))
    c++;
  if (c == end || *c != ':')
    return false;
  url->parts[URL_PROTOCOL] = url_piece(begin, c);
  *at = c + 1;
  return true;
}

/* [userinfo@]host[:port], the host perhaps an IPv6 address in brackets. */
static bool url_authority(struct url *url, const char *begin, const char *end)
{
  url->parts[URL_AUTHORITY] = url_piece(begin, end);
  url->parts[URL_HOST] = url_piece(begin, begin);
  const char *sign = memchr(begin, '@', (size_t)(end - begin));
  if (sign && memchr(sign + 1, '@', (size_t)(end - sign - 1)))
    return true; /* no telling which part is the host */
  if (sign) {
    url->parts[URL_USERINFO] = url_piece(begin, sign);
    begin = sign + 1;
  }
  const char *host_end = begin;
  if (begin < end && *begin == '[') {
    host_end = memchr(begin, ']', (size_t)(end - begin));
    if (!host_end)
      return false;
    host_end++;
  }
  host_end = url_find(host_end, end, ":");
  url->parts[URL_HOST] = url_piece(begin, host_end);
  for (const char *c = host_end + 1; c < end; c++)
    if (*c < '0' || *c > '9')
      return false;
  return true;
}

static bool url_read(struct url *url, struct wr_slice text)
{
  *url = (struct url){0};
  const char *at = text.bytes, *end = at + text.length;
  while (at < end && (unsigned char)*at <= ' ')
    at++;
  while (at < end && (unsigned char)end[-1] <= ' ')
    end--;
  if (!url_scheme(url, &at, end))
    return false;
  const char *ref = url_find(at, end, "#");
  if (ref < end)
    url->parts[URL_REF] = url_piece(ref + 1, end);
  end = ref;
  const char *query = url_find(at, end, "?");
  if (query < end)
    url->parts[URL_QUERY] = url_piece(query + 1, end);
  url->parts[URL_HOST] = url_piece(at, at);
  if (query - at >= 2 && at[0] == '/' && at[1] == '/') {
    const char *path = url_find(at + 2, query, "/");
    if (!url_authority(url, at + 2, path))
      return false;
    at = path;
  }
  url->parts[URL_PATH] = url_piece(at, query);
  url->parts[URL_FILE] = url_piece(at, end);
  return true;
}

/* The value behind key= in a query; bytes NULL: it is not there. */
static struct wr_slice url_query_value(struct wr_slice query, struct wr_slice key)
{
  const char *at = query.bytes, *end = at + query.length;
  while (at && at <= end) {
    const char *stop = url_find(at, end, "&");
    if ((size_t)(stop - at) > key.length && memcmp(at, key.bytes, key.length) == 0 &&
        at[key.length] == '=')
      return url_piece(at + key.length + 1, stop);
    at = stop + 1;
  }
  return (struct wr_slice){NULL, 0};
}

static struct wr_slice url_part(struct wr_slice text, struct wr_slice name)
{
  struct url url;
  for (int part = 0; part < URL_PARTS; part++)
    if (slice_is(name, url_part_names[part]))
      return url_read(&url, text) ? url.parts[part] : (struct wr_slice){NULL, 0};
  return (struct wr_slice){NULL, 0};
}

WR_TEXT_ROWS(parse_url)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice name = wr_text_arg(call, 1, row);
    struct wr_slice found = url_part(wr_text_arg(call, 0, row), name);
    if (call->arg_count > 2)
      found = found.bytes && slice_is(name, "QUERY")
                  ? url_query_value(found, wr_text_arg(call, 2, row))
                  : (struct wr_slice){NULL, 0};
    if (found.bytes)
      wr_call_lend_text(call, row, found.bytes, found.length);
    else
      wr_call_set_null(call, row);
  }
}
WR_TEXT_KERNEL(parse_url, WR_MAKES_NULL)

/* ---- %41 */

static bool url_is_plain(unsigned char c)
{
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '.' ||
         c == '-' || c == '*' || c == '_';
}

WR_TEXT_ROWS(url_encode)
{
  static const char hex[] = "0123456789ABCDEF";
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row);
    size_t total = 0;
    for (uint32_t i = 0; i < text.length; i++)
      total += url_is_plain((unsigned char)text.bytes[i]) || text.bytes[i] == ' ' ? 1 : 3;
    if (!wr_call_text_fits(call, row, total))
      continue;
    char *at = wr_call_room(call, total);
    for (uint32_t i = 0; i < text.length; i++) {
      unsigned char c = (unsigned char)text.bytes[i];
      if (url_is_plain(c) || c == ' ') {
        *at++ = c == ' ' ? '+' : (char)c;
        continue;
      }
      *at++ = '%';
      *at++ = hex[c >> 4];
      *at++ = hex[c & 15];
    }
    wr_call_put_text(call, row, total);
  }
}
WR_TEXT_KERNEL(url_encode, WR_CAN_FAIL)

/* Decodes into `out`, which has room for as many bytes; false: a % without two digits. */
static bool url_decode(const char *text, size_t length, char *out, size_t *out_length)
{
  char *end = out;
  for (size_t i = 0; i < length; i++) {
    char c = text[i];
    if (c == '%') {
      int high = i + 2 < length ? wr_hex_digit(text[i + 1]) : -1;
      int low = i + 2 < length ? wr_hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return false;
      c = (char)(high << 4 | low);
      i += 2;
    } else if (c == '+') {
      c = ' ';
    }
    *end++ = c;
  }
  *out_length = (size_t)(end - out);
  return true;
}

/* One round of a row: NULL, or failed if what comes out is not UTF-8. */
static void url_decode_row(const struct wr_call *call, uint32_t row, int32_t depth)
{
  struct wr_slice text = wr_text_arg(call, 0, row);
  char *room = wr_call_room(call, 2 * (size_t)text.length), *next = room + text.length;
  size_t length = text.length, decoded;
  memcpy(room, text.bytes, length);
  for (int32_t round = 0; round < depth; round++) {
    bool fits = url_decode(room, length, next, &decoded) && wr_utf8_valid(next, decoded);
    if (!fits && round == 0) {
      wr_call_set_null(call, row);
      return;
    }
    if (!fits || (decoded == length && memcmp(room, next, length) == 0))
      break;
    memcpy(room, next, decoded);
    length = decoded;
  }
  wr_call_put_text(call, row, length);
}

WR_TEXT_ROWS(url_decode)
{
  WR_EACH_ROW(row)
  url_decode_row(call, row, 1);
}
WR_TEXT_KERNEL(url_decode, WR_MAKES_NULL)

WR_TEXT_ROWS(url_decode_recursive)
{
  WR_EACH_ROW(row)
  {
    int32_t depth = call->arg_count > 1 ? wr_int_arg(call, 1, row) : URL_DECODE_DEPTH;
    if (depth < 1)
      wr_call_fail_state(call, row, WR_STATE_INVALID_PARAMETER,
                         "URL_DECODE_RECURSIVE needs at least one round, not %d", depth);
    else
      url_decode_row(call, row, depth);
  }
}
WR_TEXT_KERNEL(url_decode_recursive, WR_MAKES_NULL | WR_CAN_FAIL)

#define T WR_VARCHAR
#define N WR_INT

const struct wr_function wr_functions_url[] = {
    WR_TEXT_ROW("PARSE_URL", "url, part [, key]", WR_KINDS(T, T, T), 2, 3, string, parse_url,
                "HOST, PATH, QUERY, REF, PROTOCOL, FILE, AUTHORITY or USERINFO of an address; of a "
                "QUERY the value of a key",
                "PARSE_URL('http://weir.io/p?a=1&b=2#x', 'QUERY', 'b')", "2"),
    WR_TEXT_ROW("URL_ENCODE", "text", WR_KINDS(T), 1, 1, string, url_encode,
                "As application/x-www-form-urlencoded", "URL_ENCODE('a b&c')", "a+b%26c"),
    WR_TEXT_ROW("URL_DECODE", "text", WR_KINDS(T), 1, 1, string, url_decode,
                "What URL_ENCODE has encoded; NULL if it cannot be decoded",
                "URL_DECODE('a+b%26c')", "a b&c"),
    WR_TEXT_ROW(
        "URL_DECODE_RECURSIVE", "text [, rounds]", WR_KINDS(T, N), 1, 2, string,
        url_decode_recursive,
        "Decoded again and again until nothing changes, at most 10 times unless said otherwise",
        "URL_DECODE_RECURSIVE('Hello%2520World')", "Hello World"),
    {0},
};
