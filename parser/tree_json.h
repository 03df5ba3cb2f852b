/* SPDX-License-Identifier: Apache-2.0 */
/* What the SQL/JSON functions have behind their arguments, as it was written. */
#ifndef WEIR_PARSER_TREE_JSON_H
#define WEIR_PARSER_TREE_JSON_H

#include "parser/tree_type.h"

struct wr_tree_expression;

/* ... ON EMPTY, ... ON ERROR */
enum wr_tree_json_action {
  WR_TREE_JSON_DEFAULT, /* nothing was written */
  WR_TREE_JSON_NULL,
  WR_TREE_JSON_ERROR,
  WR_TREE_JSON_VALUE, /* DEFAULT expression */
  WR_TREE_JSON_EMPTY_ARRAY,
  WR_TREE_JSON_EMPTY_OBJECT,
  WR_TREE_JSON_TRUE,
  WR_TREE_JSON_FALSE,
  WR_TREE_JSON_UNKNOWN
};

struct wr_tree_json_behaviour {
  struct wr_span span;
  enum wr_tree_json_action action;
  struct wr_tree_expression *value; /* VALUE */
};

enum wr_tree_json_wrapper {
  WR_TREE_JSON_WRAPPER_DEFAULT,
  WR_TREE_JSON_WRAPPER_WITHOUT,      /* WITHOUT [ARRAY] WRAPPER */
  WR_TREE_JSON_WRAPPER_CONDITIONAL,  /* WITH CONDITIONAL [ARRAY] WRAPPER */
  WR_TREE_JSON_WRAPPER_UNCONDITIONAL /* WITH [UNCONDITIONAL] [ARRAY] WRAPPER */
};

enum wr_tree_json_nulls {
  WR_TREE_JSON_NULLS_DEFAULT,
  WR_TREE_JSON_NULL_ON_NULL,
  WR_TREE_JSON_ABSENT_ON_NULL
};

/*
 * What only the SQL/JSON functions have behind their arguments. Their arguments are ordinary:
 * JSON_VALUE(json, path ...), JSON_OBJECT(key, value, key, value ...), JSON_OBJECTAGG(key, value
 * ...), however they were written (KEY k VALUE v, k VALUE v, k : v).
 */
struct wr_tree_json {
  struct wr_tree_type *returning; /* or NULL */
  struct wr_tree_json_behaviour on_empty, on_error;
  enum wr_tree_json_wrapper wrapper;
  enum wr_tree_json_nulls nulls;
  struct wr_span wrapper_span, nulls_span; /* their words; length 0: they are not there */
};

#endif
