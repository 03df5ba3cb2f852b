/* SPDX-License-Identifier: Apache-2.0 */
/*
 * W3C_LOG_PARSE: lines as web servers write them. A format of Apache's specifiers becomes a regular
 * expression with a group for each of them; the formats that have a name are such lists. Numbers
 * are BIGINT, and NULL where the server wrote a dash. The size %b counts as one, %B does not.
 */
#include <string.h>
#include <strings.h>

#include "core/limits.h"
#include "functions/log_regex.h"
#include "functions/text_call.h"
#include "text/utf8.h"

static const struct {
  const char *name, *format; /* format NULL: nobody says what it is */
} w3c_formats[] = {
    {"COMMON", "%h %l %u %t \"%r\" %>s %b"},
    {"COMMON WITH VHOST", "%v %h %l %u %t \"%r\" %>s %b"},
    {"NCSA EXTENDED", "%h %l %u %t \"%r\" %>s %b \"%[Referer]i\" \"%[User-agent]i\""},
    {"REFERER", "%[Referer]i ---> %U"},
    {"AGENT", "%[User-agent]i"},
    {"IIS", NULL},
};

/* How a field looks like. */
enum w3c_shape { W3C_WORD, W3C_NUMBER, W3C_TIME, W3C_ANYTHING };

static const struct {
  char letter;
  enum w3c_shape shape;
} w3c_specifiers[] = {
    {'a', W3C_WORD},     {'A', W3C_WORD},     {'B', W3C_WORD},
    {'b', W3C_NUMBER},   {'C', W3C_ANYTHING}, {'D', W3C_NUMBER},
    {'e', W3C_ANYTHING}, {'f', W3C_ANYTHING}, {'h', W3C_WORD},
    {'H', W3C_WORD},     {'i', W3C_ANYTHING}, {'I', W3C_NUMBER},
    {'l', W3C_WORD},     {'m', W3C_WORD},     {'n', W3C_ANYTHING},
    {'o', W3C_ANYTHING}, {'O', W3C_NUMBER},   {'p', W3C_NUMBER},
    {'P', W3C_NUMBER},   {'q', W3C_WORD},     {'r', W3C_ANYTHING},
    {'s', W3C_WORD},     {'t', W3C_TIME},     {'T', W3C_NUMBER},
    {'u', W3C_WORD},     {'U', W3C_WORD},     {'v', W3C_WORD},
    {'V', W3C_WORD},     {'X', W3C_WORD},     {0},
};

struct w3c_builder {
  struct wr_buffer regex;
  struct wr_log_columns columns;
  struct wr_arena *arena;
  bool quoted; /* the field stands between quotes */
};

/* One specifier behind the %, with conditions, < or > and [name]; false: there is no such one. */
static bool w3c_specifier(struct w3c_builder *builder, const char *format, size_t length,
                          size_t *at)
{
  bool has_name = false;
  while (*at < length && format[*at] && strchr("!<>,0123456789", format[*at]))
    ++*at;
  if (*at < length && (format[*at] == '[' || format[*at] == '{')) {
    const char *end = memchr(format + *at, format[*at] == '[' ? ']' : '}', length - *at);
    if (!end)
      return false;
    has_name = true;
    *at = (size_t)(end - format) + 1;
  }
  size_t i = 0;
  while (*at < length && w3c_specifiers[i].letter && w3c_specifiers[i].letter != format[*at])
    i++;
  if (*at == length || !w3c_specifiers[i].letter)
    return false;
  ++*at;
  enum w3c_shape shape = w3c_specifiers[i].shape;
  if (shape == W3C_TIME && has_name)
    shape = W3C_ANYTHING; /* written by a format of strftime */
  if (builder->quoted && shape != W3C_NUMBER)
    wr_buffer_put_string(&builder->regex, "((?:[^\"\\\\]|\\\\.)*+)");
  else
    wr_buffer_put_string(&builder->regex, shape == W3C_NUMBER ? "(?:([0-9]+)|-)"
                                          : shape == W3C_TIME ? "(\\[[^\\]]*\\])"
                                          : shape == W3C_WORD ? "(\\S*)"
                                                              : "(.*?)");
  uint32_t number = builder->columns.count++;
  builder->columns.items[number] = (struct wr_log_column){
      .name = wr_arena_print(builder->arena, "COLUMN%u", number + 1),
      .type = shape == W3C_NUMBER ? &wr_type_bigint
                                  : wr_type_text(builder->arena, WR_VARCHAR, WR_LOG_TEXT_CHARS)};
  return true;
}

/* The whole format; returns where it goes wrong, or its length. */
static size_t w3c_build(struct w3c_builder *builder, const char *format, size_t length)
{
  for (size_t at = 0; at < length;) {
    char c = format[at];
    size_t begin = at;
    if (c == '%' && !(at + 1 < length && format[at + 1] == '%')) {
      at++;
      if (!w3c_specifier(builder, format, length, &at))
        return begin;
      continue;
    }
    at += c == '%' || (c == '\\' && at + 1 < length && format[at + 1] == '"') ? 2 : 1;
    c = format[at - 1];
    if (c == '"')
      builder->quoted = at < length && format[at] == '%';
    if (c == ' ')
      wr_buffer_put_string(&builder->regex, "\\s+");
    else if ((unsigned char)c < 0x80 && strchr("\\^$.|?*+()[]{}-#", c))
      wr_buffer_print(&builder->regex, "\\%c", c);
    else
      wr_buffer_put_char(&builder->regex, c);
  }
  return length;
}

static const struct wr_kernel kernel_w3c = {.rows = wr_log_rows_by_regex,
                                            .traits = WR_CAN_FAIL | WR_MAKES_NULL};

static enum wr_code w3c_bind_format(struct wr_bind_site *site, const char *format, size_t length,
                                    struct wr_error *err)
{
  struct w3c_builder builder = {.arena = site->binding->arena};
  struct wr_span span = site->args[1]->span;
  builder.columns.items = WR_NEW_ARRAY(builder.arena, struct wr_log_column, length + 1);
  size_t end = w3c_build(&builder, format, length);
  enum wr_code code = WR_OK;
  const struct wr_regex *regex = NULL;
  if (end < length)
    code = wr_fail_at(err, WR_SEMANTIC, span, "W3C_LOG_PARSE: '%.*s' is no specifier of Apache's",
                      wr_utf8_shown(format + end, length - end, 20), format + end);
  else if (builder.columns.count == 0 || builder.columns.count > WR_COLUMNS_MAX)
    code = wr_fail_at(err, WR_SEMANTIC, span,
                      "W3C_LOG_PARSE: a format has 1 to %d specifiers (WR_COLUMNS_MAX), not %u",
                      WR_COLUMNS_MAX, builder.columns.count);
  else
    code = wr_log_regex(site, builder.regex.bytes, builder.regex.length, span, &regex, err);
  wr_buffer_free(&builder.regex);
  if (code)
    return code;
  site->prepared = regex;
  site->kernel = &kernel_w3c;
  return wr_log_bind(site, &builder.columns, err);
}

static enum wr_code bind_w3c(struct wr_bind_site *site, struct wr_error *err)
{
  struct wr_slice format;
  if (!wr_kind_is_text(site->args[0]->type->kind)) {
    enum wr_code code = wr_bind_arg(site, 0, &wr_type_string, err);
    if (code)
      return code;
  }
  if (!wr_log_constant(site->args[1], &format))
    return wr_fail_at(err, WR_UNSUPPORTED, site->args[1]->span,
                      "the format of W3C_LOG_PARSE must be a constant text");
  for (size_t i = 0; i < sizeof w3c_formats / sizeof *w3c_formats; i++) {
    if (strlen(w3c_formats[i].name) != format.length ||
        strncasecmp(w3c_formats[i].name, format.bytes, format.length) != 0)
      continue;
    if (w3c_formats[i].format)
      return w3c_bind_format(site, w3c_formats[i].format, strlen(w3c_formats[i].format), err);
    wr_fail_at(err, WR_UNSUPPORTED, site->args[1]->span,
               "W3C_LOG_PARSE: nothing says which fields the format %s has", w3c_formats[i].name);
    return wr_hint(err, "write it as a list of specifiers, as '%%h %%l %%u %%t'");
  }
  return w3c_bind_format(site, format.bytes, format.length, err);
}

const struct wr_function wr_functions_log_w3c[] = {
    {.name = "W3C_LOG_PARSE",
     .usage = "W3C_LOG_PARSE(text, 'COMMON' or specifiers)",
     .help = "A ROW of the fields of a line of a web server's log, COLUMN1, COLUMN2 ...; NULL for "
             "other lines. Formats: COMMON, COMMON WITH VHOST, NCSA EXTENDED, REFERER, AGENT, or "
             "Apache's specifiers with names in square brackets",
     .example = "W3C_LOG_PARSE('192.168.254.30 - John [24/May/2004:22:01:02 -0700] \"GET /a.gif "
                "HTTP/1.1\" 304 0', 'COMMON')",
     .result = "(192.168.254.30, -, John, [24/May/2004:22:01:02 -0700], GET /a.gif HTTP/1.1, 304, "
               "0)",
     .least = 2,
     .most = 2,
     .bind = bind_w3c,
     .traits = WR_KINESIS},
    {0},
};
