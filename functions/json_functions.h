/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL/JSON functions with their clauses, for whoever reads these clauses from SQL
 * (planner/bind_json.c). In the bound call they are kept as further arguments behind the visible
 * ones, so that calls with different clauses differ: their words as a text, then the values of
 * DEFAULT; functions/print.c shows the words as they would be written.
 */
#ifndef WEIR_FUNCTIONS_JSON_FUNCTIONS_H
#define WEIR_FUNCTIONS_JSON_FUNCTIONS_H

#include "functions/bind.h"

enum wr_json_action {                       /* ON EMPTY, ON ERROR */
                      WR_JSON_GIVE_DEFAULT, /* nothing was written: NULL; JSON_EXISTS: FALSE */
                      WR_JSON_GIVE_NULL,    /* JSON_EXISTS: UNKNOWN */
                      WR_JSON_GIVE_ERROR,
                      WR_JSON_GIVE_VALUE,
                      WR_JSON_GIVE_EMPTY_ARRAY,
                      WR_JSON_GIVE_EMPTY_OBJECT,
                      WR_JSON_GIVE_TRUE,
                      WR_JSON_GIVE_FALSE
};

enum wr_json_wrapper { WR_JSON_NO_WRAPPER, WR_JSON_WRAP_UNLESS_ARRAY, WR_JSON_WRAP };

struct wr_json_behaviour {
  enum wr_json_action action;
  const struct wr_expression *value; /* VALUE */
};

struct wr_json_clauses {
  const struct wr_type *returning; /* JSON_VALUE, JSON_QUERY; NULL: STRING */
  struct wr_json_behaviour on_empty, on_error;
  enum wr_json_wrapper wrapper; /* JSON_QUERY */
  bool nulls_absent;            /* JSON_OBJECT, JSON_ARRAY */
  const bool *is_json; /* JSON_OBJECT, JSON_ARRAY: per argument, it goes in as JSON; or NULL */
  const char *words;   /* all of it in SQL, "" if nothing was written */
};

/* JSON_EXISTS, JSON_VALUE, JSON_QUERY (json, path), JSON_OBJECT (name, value, ...), JSON_ARRAY
 * (value, ...). Which actions a function has is the caller's to check. */
enum wr_code wr_bind_json(const struct wr_binding *binding, const char *name,
                          const struct wr_json_clauses *clauses,
                          const struct wr_expression *const *args, uint32_t arg_count,
                          struct wr_span span, const struct wr_expression **out,
                          struct wr_error *err);

#endif
