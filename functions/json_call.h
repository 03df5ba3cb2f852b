/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernels of SQL/JSON functions share: one text scanned and one path followed per row. */
#ifndef WEIR_FUNCTIONS_JSON_CALL_H
#define WEIR_FUNCTIONS_JSON_CALL_H

#include "functions/bind_site.h"
#include "functions/json_functions.h"
#include "functions/json_path.h"
#include "functions/kernel.h"

/* What binding knows about a call: its prepared. */
struct wr_json_plan {
  const struct wr_json_path *path; /* NULL: not constant */
  struct wr_json_clauses clauses;
  uint32_t empty_arg, error_arg; /* where the values of DEFAULT stand */
};

/* Memory of one kernel call, for all its rows. Zero-initialised is valid. */
struct wr_json_work {
  struct wr_json_tape tape;
  struct wr_json_matches matches;
  struct wr_buffer buffer;
  const char *state;          /* SQLSTATE of the error in buffer */
  struct wr_arena path_arena; /* paths that are not constant */
};
void wr_json_work_free(struct wr_json_work *work);

enum wr_json_outcome {
  WR_JSON_IS_NULL,  /* the text or the path is NULL */
  WR_JSON_IS_FOUND, /* definite: a node; else a list of nodes */
  WR_JSON_IS_EMPTY,
  WR_JSON_IS_ERROR, /* why: work->buffer */
  WR_JSON_IS_FAILED /* a limit: the row has been failed */
};
/* Scans argument 0 of the row and follows the path of argument 1. */
enum wr_json_outcome wr_json_open(const struct wr_call *call, uint32_t row,
                                  struct wr_json_work *work, const struct wr_json_path **path);
/* The error as a sentence fragment for work->buffer; returns WR_JSON_IS_ERROR. */
enum wr_json_outcome wr_json_error(struct wr_json_work *work, const char *state, const char *format,
                                   ...) __attribute__((format(printf, 3, 4)));

/* JSON_OBJECT, JSON_ARRAY: fills the site (functions/json_construct.c). */
enum wr_code wr_bind_json_constructor(struct wr_bind_site *site,
                                      const struct wr_json_clauses *clauses, struct wr_error *err);

/* What the buffer holds as the text result of a row; fails the row if it is too long. */
void wr_json_put_buffer(const struct wr_call *call, uint32_t row, const struct wr_buffer *buffer);

#endif
