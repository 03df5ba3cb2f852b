/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options: parsing by kind, checking against tables of rows, and reading with fallbacks. Values are
 * parsed twice, once to check and once when they are read: they are few, and nothing has to be
 * kept.
 */
#include "core/options.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/limits.h"
#include "core/time.h"

/* ---- values by kind */

struct unit {
  const char *name;
  int64_t factor;
};

static const struct unit duration_units[] = {
    {"", WR_US_PER_MS},
    {"us", 1},
    {"micros", 1},
    {"microsecond", 1},
    {"microseconds", 1},
    {"ms", WR_US_PER_MS},
    {"millis", WR_US_PER_MS},
    {"millisecond", WR_US_PER_MS},
    {"milliseconds", WR_US_PER_MS},
    {"s", WR_US_PER_SECOND},
    {"sec", WR_US_PER_SECOND},
    {"secs", WR_US_PER_SECOND},
    {"second", WR_US_PER_SECOND},
    {"seconds", WR_US_PER_SECOND},
    {"m", WR_US_PER_MINUTE},
    {"min", WR_US_PER_MINUTE},
    {"minute", WR_US_PER_MINUTE},
    {"minutes", WR_US_PER_MINUTE},
    {"h", WR_US_PER_HOUR},
    {"hour", WR_US_PER_HOUR},
    {"hours", WR_US_PER_HOUR},
    {"d", WR_US_PER_DAY},
    {"day", WR_US_PER_DAY},
    {"days", WR_US_PER_DAY},
    {NULL, 0},
};

static const struct unit byte_units[] = {
    {"", 1},
    {"b", 1},
    {"byte", 1},
    {"bytes", 1},
    {"k", INT64_C(1) << 10},
    {"kb", INT64_C(1) << 10},
    {"kib", INT64_C(1) << 10},
    {"m", INT64_C(1) << 20},
    {"mb", INT64_C(1) << 20},
    {"mib", INT64_C(1) << 20},
    {"g", INT64_C(1) << 30},
    {"gb", INT64_C(1) << 30},
    {"gib", INT64_C(1) << 30},
    {"t", INT64_C(1) << 40},
    {"tb", INT64_C(1) << 40},
    {"tib", INT64_C(1) << 40},
    {NULL, 0},
};

/* A whole number without sign, blanks, and a unit in any case. */
static bool unit_parse(const char *text, const struct unit *units, int64_t *value)
{
  while (*text == ' ')
    text++;
  if (*text < '0' || *text > '9')
    return false;
  int64_t number = 0;
  for (; *text >= '0' && *text <= '9'; text++)
    if (__builtin_mul_overflow(number, 10, &number) ||
        __builtin_add_overflow(number, *text - '0', &number))
      return false;
  while (*text == ' ')
    text++;
  for (const struct unit *unit = units; unit->name; unit++)
    if (strcasecmp(unit->name, text) == 0)
      return !__builtin_mul_overflow(number, unit->factor, value);
  return false;
}

bool wr_option_parse_duration(const char *text, int64_t *duration_us)
{
  return unit_parse(text, duration_units, duration_us);
}

bool wr_option_parse_bytes(const char *text, int64_t *bytes)
{
  return unit_parse(text, byte_units, bytes);
}

static bool option_parse_bool(const char *text, bool *value)
{
  *value = strcasecmp(text, "true") == 0;
  return *value || strcasecmp(text, "false") == 0;
}

static bool option_parse_integer(const char *text, int64_t *value)
{
  char *end;
  errno = 0;
  *value = strtoll(text, &end, 10);
  return errno == 0 && end != text && *end == '\0' && *text != ' ';
}

static bool option_parse_number(const char *text, double *value)
{
  char *end;
  *value = strtod(text, &end); /* Weir leaves LC_NUMERIC at "C" */
  return end != text && *end == '\0' && *value - *value == 0.0;
}

static bool option_is_choice(const char *choices, const char *text)
{
  size_t length = strlen(text);
  for (const char *choice = choices; choice; choice = strchr(choice, '|')) {
    choice += *choice == '|';
    if (strncmp(choice, text, length) == 0 && (choice[length] == '|' || choice[length] == '\0'))
      return length > 0;
  }
  return false;
}

static bool option_value_parses(const struct wr_option *option, const char *text)
{
  int64_t integer;
  double number;
  bool boolean;
  switch (option->kind) {
  case WR_OPTION_TEXT: return true;
  case WR_OPTION_BOOL: return option_parse_bool(text, &boolean);
  case WR_OPTION_INTEGER: return option_parse_integer(text, &integer);
  case WR_OPTION_NUMBER: return option_parse_number(text, &number);
  case WR_OPTION_DURATION: return wr_option_parse_duration(text, &integer);
  case WR_OPTION_BYTES: return wr_option_parse_bytes(text, &integer);
  case WR_OPTION_CHOICE: return option_is_choice(option->choices, text);
  }
  return false;
}

/* What a kind looks like, for messages. */
static const char *const option_kind_words[] = {
    [WR_OPTION_TEXT] = "a text",
    [WR_OPTION_BOOL] = "true or false",
    [WR_OPTION_INTEGER] = "a whole number",
    [WR_OPTION_NUMBER] = "a number",
    [WR_OPTION_DURATION] = "a duration such as 500 ms, 5 s, 1 min, 2 h or 1 d",
    [WR_OPTION_BYTES] = "a size such as 64 kb, 1 mb or 2 gb",
    [WR_OPTION_CHOICE] = "one of",
};

/* ---- finding and checking */

const struct wr_option_value *wr_options_find_value(const struct wr_options *options,
                                                    const char *key)
{
  for (uint32_t i = 0; i < options->value_count; i++)
    if (strcmp(options->values[i].key, key) == 0)
      return &options->values[i];
  return NULL;
}

const char *wr_options_find(const struct wr_options *options, const char *key)
{
  const struct wr_option_value *found = wr_options_find_value(options, key);
  return found ? found->value : NULL;
}

/* The row of a table that takes a key. */
static const struct wr_option *option_find(const struct wr_option *table, const char *key)
{
  for (const struct wr_option *option = table; option->name; option++) {
    size_t length = strlen(option->name);
    bool open = option->name[length - 1] == '*';
    if (open ? strncmp(option->name, key, length - 1) == 0 && key[length - 1]
             : strcmp(option->name, key) == 0)
      return option;
  }
  return NULL;
}

static enum wr_code option_fail_unknown(const struct wr_option_value *value,
                                        const struct wr_option *const *tables, uint32_t table_count,
                                        const char *what, struct wr_error *err)
{
  const char *names[WR_OPTIONS_MAX];
  uint32_t name_count = 0;
  for (uint32_t t = 0; t < table_count; t++)
    for (const struct wr_option *option = tables[t]; option->name && name_count < WR_OPTIONS_MAX;
         option++)
      if (!strchr(option->name, '*'))
        names[name_count++] = option->name;
  wr_fail_at(err, WR_SEMANTIC, value->key_span, "%s does not know the option '%s'", what,
             value->key);
  wr_state(err, WR_STATE_INVALID_OPTION_NAME);
  const char *near = wr_nearest(value->key, names, name_count);
  if (near)
    wr_hint(err, "did you mean '%s'?", near);
  return err->code;
}

static enum wr_code option_fail_value(const struct wr_option_value *value,
                                      const struct wr_option *option, const char *what,
                                      struct wr_error *err)
{
  char choices[256];
  size_t length = 0;
  choices[0] = '\0';
  if (option->kind == WR_OPTION_CHOICE)
    for (const char *c = option->choices; *c && length + 3 < sizeof choices; c++)
      length +=
          (size_t)snprintf(choices + length, sizeof choices - length, *c == '|' ? ", " : "%c", *c);
  wr_fail_at(err, WR_SEMANTIC, value->value_span,
             "the option '%s' of %s is '%s', but must be %s%s%s", value->key, what,
             option->secret ? "(secret)" : value->value, option_kind_words[option->kind],
             length ? " " : "", choices);
  return wr_state(err, WR_STATE_INVALID_OPTION_VALUE);
}

static enum wr_code option_check(const struct wr_options *options, uint32_t index,
                                 const struct wr_option *const *tables, uint32_t table_count,
                                 const char *what, struct wr_error *err)
{
  const struct wr_option_value *value = &options->values[index];
  for (uint32_t i = 0; i < index; i++)
    if (strcmp(options->values[i].key, value->key) == 0) {
      wr_fail_at(err, WR_SEMANTIC, value->key_span, "the option '%s' of %s is given twice",
                 value->key, what);
      return wr_state(err, WR_STATE_INVALID_OPTION_NAME);
    }
  const struct wr_option *option = NULL;
  for (uint32_t t = 0; t < table_count && !option; t++)
    option = option_find(tables[t], value->key);
  if (!option)
    return option_fail_unknown(value, tables, table_count, what, err);
  if (!option_value_parses(option, value->value))
    return option_fail_value(value, option, what, err);
  return WR_OK;
}

enum wr_code wr_options_check(const struct wr_options *options,
                              const struct wr_option *const *tables, uint32_t table_count,
                              const char *what, struct wr_span span, struct wr_error *err)
{
  assert(options && what && (tables || table_count == 0));
  if (options->value_count > WR_OPTIONS_MAX)
    return wr_fail_at(err, WR_LIMIT, span, "%s has %u options; the limit WR_OPTIONS_MAX is %d",
                      what, options->value_count, WR_OPTIONS_MAX);
  for (uint32_t i = 0; i < options->value_count; i++) {
    enum wr_code code = option_check(options, i, tables, table_count, what, err);
    if (code)
      return code;
  }
  for (uint32_t t = 0; t < table_count; t++) {
    for (const struct wr_option *option = tables[t]; option->name; option++) {
      if (!option->required || wr_options_find(options, option->name))
        continue;
      wr_fail_at(err, WR_SEMANTIC, span, "%s lacks the option '%s'", what, option->name);
      wr_state(err, WR_STATE_INVALID_TABLE_DEFINITION);
      return wr_hint(err, "%s", option->help ? option->help : option_kind_words[option->kind]);
    }
  }
  return WR_OK;
}

/* ---- reading */

const char *wr_options_text(const struct wr_options *options, const struct wr_option *table,
                            const char *name)
{
  const struct wr_option *option = option_find(table, name);
  assert(option && "the option stands in its table");
  const char *given = wr_options_find(options, name);
  return given ? given : option->fallback;
}

bool wr_options_bool(const struct wr_options *options, const struct wr_option *table,
                     const char *name)
{
  const char *text = wr_options_text(options, table, name);
  bool value = false;
  if (text && !option_parse_bool(text, &value))
    assert(!"options were checked");
  return value;
}

int64_t wr_options_integer(const struct wr_options *options, const struct wr_option *table,
                           const char *name)
{
  const char *text = wr_options_text(options, table, name);
  int64_t value = 0;
  if (text && !option_parse_integer(text, &value))
    assert(!"options were checked");
  return value;
}

double wr_options_number(const struct wr_options *options, const struct wr_option *table,
                         const char *name)
{
  const char *text = wr_options_text(options, table, name);
  double value = 0;
  if (text && !option_parse_number(text, &value))
    assert(!"options were checked");
  return value;
}

int64_t wr_options_duration_us(const struct wr_options *options, const struct wr_option *table,
                               const char *name)
{
  const char *text = wr_options_text(options, table, name);
  int64_t value = 0;
  if (text && !wr_option_parse_duration(text, &value))
    assert(!"options were checked");
  return value;
}

int64_t wr_options_bytes(const struct wr_options *options, const struct wr_option *table,
                         const char *name)
{
  const char *text = wr_options_text(options, table, name);
  int64_t value = 0;
  if (text && !wr_option_parse_bytes(text, &value))
    assert(!"options were checked");
  return value;
}
