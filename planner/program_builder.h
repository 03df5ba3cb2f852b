/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A script on its way to jobs: what the files of the statements share. program.c takes the
 * statements in order and makes the jobs; declare.c answers CREATE, DROP, ALTER and USE; show.c
 * SHOW, DESCRIBE and SET alone; app_streams.h says who does CREATE STREAM and CREATE PUMP.
 */
#ifndef WEIR_PLANNER_PROGRAM_BUILDER_H
#define WEIR_PLANNER_PROGRAM_BUILDER_H

#include "planner/bind_insert.h"
#include "planner/planner.h"

/* Sinks that run together: a job in the making. */
struct wr_draft {
  struct wr_binder binder;
  struct wr_logical **roots;
  uint32_t root_count, root_room;
  struct wr_span span; /* of its first statement */
  bool is_select, is_explain, is_analyze, explain_changelog, explain_json;
  bool has_results; /* some of its rows go to the console */
};

/* In the kinesis dialect statements that run something wait until all declarations are known. */
struct wr_waiting {
  const struct wr_tree_statement *statement;
  const struct wr_binding *binding; /* as the settings were */
};

struct wr_program_builder {
  struct wr_arena *arena;
  const char *text;
  size_t length;
  const struct wr_planner_options *options;
  struct wr_error_list *errors;
  struct wr_settings settings;
  struct wr_catalogue catalogue;
  struct wr_draft **drafts; /* room for one per statement */
  uint32_t draft_count;
  struct wr_draft *inserts; /* the common job, once there is one */
  struct wr_waiting *waiting;
  uint32_t waiting_count;
};

/* A job of its own, in its place among the others. */
struct wr_draft *wr_program_add_draft(struct wr_program_builder *builder, struct wr_span span);
/* The common job of all INSERTs, made if there is none yet. */
struct wr_draft *wr_program_inserts(struct wr_program_builder *builder, struct wr_span span);
void wr_draft_add_root(struct wr_draft *draft, struct wr_logical *root);
/* Each error once, and none that only follows from another. */
void wr_program_add_error(struct wr_program_builder *builder, const struct wr_error *err);
/* The words of a statement or a part of one. */
const char *wr_program_text(const struct wr_program_builder *builder, struct wr_span span);

/* CREATE TABLE, VIEW, FUNCTION; DROP; ALTER; USE. */
enum wr_code wr_program_create_table(struct wr_program_builder *builder,
                                     const struct wr_tree_statement *statement,
                                     struct wr_error *err);
enum wr_code wr_program_create_view(struct wr_program_builder *builder,
                                    const struct wr_tree_create_view *tree, struct wr_error *err);
enum wr_code wr_program_create_function(struct wr_program_builder *builder,
                                        const struct wr_tree_create_function *tree,
                                        struct wr_error *err);
enum wr_code wr_program_drop(struct wr_program_builder *builder, const struct wr_tree_drop *tree,
                             struct wr_error *err);
enum wr_code wr_program_alter(struct wr_program_builder *builder, const struct wr_tree_alter *tree,
                              struct wr_error *err);
enum wr_code wr_program_use(struct wr_program_builder *builder, const struct wr_tree_use *tree,
                            struct wr_error *err);

/* Statements whose rows go to the console: SHOW, DESCRIBE, SET alone. */
enum wr_code wr_program_show(struct wr_program_builder *builder,
                             const struct wr_tree_statement *statement, struct wr_error *err);

#endif
