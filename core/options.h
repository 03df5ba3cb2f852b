/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options: what stands in WITH ('key' = 'value') and in SET. One table row per option drives
 * parsing, checking, the secrets that are never shown, and the manual. Keys are compared exactly; a
 * row whose name ends in '*' takes every key that begins so ("properties.*").
 */
#ifndef WEIR_CORE_OPTIONS_H
#define WEIR_CORE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

enum wr_option_kind {
  WR_OPTION_TEXT,
  WR_OPTION_BOOL, /* true, false */
  WR_OPTION_INTEGER,
  WR_OPTION_NUMBER,
  WR_OPTION_DURATION, /* 500 ms, 5 s, 1 min, 2 h, 1 d; a bare number is milliseconds */
  WR_OPTION_BYTES,    /* 64kb, 1 mb, 128MB (powers of 1024), bare: bytes */
  WR_OPTION_CHOICE    /* one of `choices` */
};

struct wr_option {
  const char *name;
  enum wr_option_kind kind;
  bool required, secret;
  const char *fallback; /* value when it is not given; NULL: none */
  const char *choices;  /* CHOICE: "a|b|c" */
  const char *help;     /* one sentence */
};

struct wr_option_value {
  const char *key, *value;
  struct wr_span key_span, value_span;
};

struct wr_options {
  const struct wr_option_value *values;
  uint32_t value_count;
};

/* The value of a key as it was written, or NULL. */
const char *wr_options_find(const struct wr_options *options, const char *key);
const struct wr_option_value *wr_options_find_value(const struct wr_options *options,
                                                    const char *key);

/*
 * Checks every given option against the tables (each ends with a row whose name is NULL): unknown
 * keys (with the nearest known name as a hint), doubles, values that do not parse, required ones
 * that are missing. `what` names the owner in messages ("table clicks").
 */
enum wr_code wr_options_check(const struct wr_options *options,
                              const struct wr_option *const *tables, uint32_t table_count,
                              const char *what, struct wr_span span, struct wr_error *err);

/* Values with the table's fallback applied; the options must have been checked. Absent without
 * fallback: NULL, 0, false. */
const char *wr_options_text(const struct wr_options *options, const struct wr_option *table,
                            const char *name);
bool wr_options_bool(const struct wr_options *options, const struct wr_option *table,
                     const char *name);
int64_t wr_options_integer(const struct wr_options *options, const struct wr_option *table,
                           const char *name);
double wr_options_number(const struct wr_options *options, const struct wr_option *table,
                         const char *name);
int64_t wr_options_duration_us(const struct wr_options *options, const struct wr_option *table,
                               const char *name);
int64_t wr_options_bytes(const struct wr_options *options, const struct wr_option *table,
                         const char *name);

/* One value by kind; false if it does not parse. */
bool wr_option_parse_duration(const char *text, int64_t *duration_us);
bool wr_option_parse_bytes(const char *text, int64_t *bytes);

/* The name among `names` (count entries) nearest to `name` if it is near enough to be a typing
 * error, else NULL. */
const char *wr_nearest(const char *name, const char *const *names, uint32_t count);

#endif
