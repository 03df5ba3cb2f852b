/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams and pumps of applications (CREATE STREAM, CREATE PUMP). A stream is the rows of all pumps
 * that insert into it, wherever in the script they stand, fitted to its columns; so it is bound
 * when somebody reads it, once per job, as views are. A stream WITH a connector that no pump
 * inserts into is a table that is read; with pumps its rows go there too. Of a stream that nobody
 * reads and that goes nowhere the rows are shown, as those of a SELECT are.
 *
 *   CREATE PUMP p AS INSERT INTO s SELECT ...    query -> columns of s, ROWTIME  \
 *   CREATE PUMP q AS INSERT INTO s SELECT ...    query -> columns of s, ROWTIME   > UNION: s
 */
#ifndef WEIR_PLANNER_APP_STREAMS_H
#define WEIR_PLANNER_APP_STREAMS_H

#include "planner/binder.h"
#include "planner/program_builder.h"

/* A stream that is being bound; the outermost last. */
struct wr_app_way {
  const struct wr_app_stream *stream;
  const struct wr_app_way *outer;
};

/* ---- declarations (declare_stream.c) */

enum wr_code wr_program_create_stream(struct wr_program_builder *builder,
                                      const struct wr_tree_statement *statement,
                                      struct wr_error *err);
enum wr_code wr_program_create_pump(struct wr_program_builder *builder,
                                    const struct wr_tree_statement *statement,
                                    struct wr_error *err);
/* INSERT INTO a stream is a pump without a name; false: it inserts into something else. */
bool wr_program_add_pump(struct wr_program_builder *builder,
                         const struct wr_tree_statement *statement);

/* ---- jobs (app_jobs.c) */

/* Behind all declarations: the sinks of pumps that insert into tables and into streams with a
 * connector. */
void wr_app_add_sinks(struct wr_program_builder *builder);
/* Behind all statements: results of streams that nobody reads. */
void wr_app_add_results(struct wr_program_builder *builder);

/* ---- binding */

bool wr_app_is_target(const struct wr_pump *pump, const struct wr_app_stream *stream);
bool wr_app_has_pumps(const struct wr_catalogue *catalogue, const struct wr_app_stream *stream);
/* Rows of a stream that pumps fill; the last column is ROWTIME. */
enum wr_code wr_bind_app_stream(struct wr_binder *binder, const struct wr_app_stream *stream,
                                struct wr_span span, struct wr_logical **node,
                                struct wr_error *err);
/* Those of one of its pumps alone. */
enum wr_code wr_bind_app_pump(struct wr_binder *binder, const struct wr_pump *pump,
                              const struct wr_app_stream *stream, struct wr_logical **node,
                              struct wr_error *err);
/* error_stream with the columns that it has in applications; rejects: with pumps. */
struct wr_logical *wr_bind_app_rejects(const struct wr_binder *binder, struct wr_logical *rejects,
                                       struct wr_span span);

#endif
