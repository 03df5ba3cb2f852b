/* SPDX-License-Identifier: Apache-2.0 */
/* weir top: what the REST interface of a running program answers. */
#ifndef WEIR_CLI_TOP_FETCH_H
#define WEIR_CLI_TOP_FETCH_H

#include <json-c/json.h>
#include <stdint.h>

#include "core/error.h"
#include "net/http.h"

struct wr_top_target {
  struct wr_http *http;
  const char *base;  /* "http://host:port", without a slash at its end */
  const char *token; /* NULL: none */
};

/* What was seen at one moment. */
struct wr_top_seen {
  int64_t clock_us;                                      /* of this process, wr_monotonic_us */
  int64_t now_us;                                        /* clock of the machine here */
  struct json_object *jobs;                              /* an array, or NULL: nothing was seen */
  struct json_object *job, *plan, *checkpoints, *errors; /* of the job that is looked at, or NULL */
};

/* job: its name, NULL: none is looked at. One that is not there leaves those four NULL. */
enum wr_code wr_top_fetch(const struct wr_top_target *target, const char *job,
                          struct wr_top_seen *out, struct wr_error *err);
void wr_top_forget(struct wr_top_seen *seen);

/* Members of an object; what is missing, null or of another type is "", 0, or NULL. */
const char *wr_top_text(const struct json_object *object, const char *name);
double wr_top_number(const struct json_object *object, const char *name);
bool wr_top_has(const struct json_object *object, const char *name); /* there, and not null */
const struct json_object *wr_top_member(const struct json_object *object, const char *name);
/* Items of an array that is a member; 0 if there is none. */
uint32_t wr_top_count(const struct json_object *object, const char *name);
const struct json_object *wr_top_item(const struct json_object *object, const char *name,
                                      uint32_t number);
/* The item of an array of objects whose `key` is this text; NULL: there is none. */
const struct json_object *wr_top_find(const struct json_object *array, const char *key,
                                      const char *value);

#endif
