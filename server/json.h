/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON written piece by piece, with the commas. A name comes first inside an object and is NULL
 * inside an array:
 *
 *   wr_web_json_open(&json, '{');
 *   wr_web_json_name(&json, "jobs");
 *   wr_web_json_open(&json, '[');
 *   wr_web_json_number(&json, NULL, 1);
 *   wr_web_json_close(&json, ']');
 *   wr_web_json_close(&json, '}');
 *
 * Texts that are not UTF-8 get U+FFFD where they are not, so that what comes out always is JSON.
 */
#ifndef WEIR_SERVER_JSON_H
#define WEIR_SERVER_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "text/buffer.h"

struct wr_web_json {
  struct wr_buffer *out;
  bool needs_comma; /* written by json.c only */
};

/* '{' or '[', and their ends '}' and ']'. */
void wr_web_json_open(struct wr_web_json *json, char bracket);
void wr_web_json_close(struct wr_web_json *json, char bracket);
/* The name of what is opened or written next with a NULL name. */
void wr_web_json_name(struct wr_web_json *json, const char *name);

void wr_web_json_text(struct wr_web_json *json, const char *name,
                      const char *text); /* NULL: null */
void wr_web_json_bytes(struct wr_web_json *json, const char *name, const char *bytes,
                       size_t length);
void wr_web_json_number(struct wr_web_json *json, const char *name, int64_t number);
void wr_web_json_count(struct wr_web_json *json, const char *name, uint64_t count);
/* Negative: it is not known, null. */
void wr_web_json_known(struct wr_web_json *json, const char *name, int64_t number);
/* Seven significant digits; not finite: null. */
void wr_web_json_double(struct wr_web_json *json, const char *name, double number);
void wr_web_json_bool(struct wr_web_json *json, const char *name, bool value);
void wr_web_json_null(struct wr_web_json *json, const char *name);
/* A moment, "2026-05-01T00:00:00.000Z"; outside of the years 1 to 9999, like WR_TIME_NONE: null. */
void wr_web_json_time(struct wr_web_json *json, const char *name, int64_t time_us);
/* JSON that was written by somebody else, as it is. */
void wr_web_json_raw(struct wr_web_json *json, const char *name, const char *bytes, size_t length);

#endif
