/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue: the tables and views that the script has declared so far, and the built-in stream
 * of rejects. Names keep their case. A name may be written with Flink's default catalogue and
 * database in front.
 */
#ifndef WEIR_PLANNER_CATALOGUE_H
#define WEIR_PLANNER_CATALOGUE_H

#include "connectors/connector.h"
#include "formats/format.h"
#include "functions/bind.h"
#include "operators/plan.h"
#include "parser/tree.h"

/*
 * A table has three row shapes:
 *
 *   physical  what the format reads and writes
 *   raw       what a scan brings: the physical columns, then the metadata columns with the
 * connector's types row       what SQL sees: all declared columns in order, computed ones too
 */
struct wr_table {
  const char *name;
  const struct wr_connector *connector;
  const struct wr_format *format; /* NULL: rows */
  const struct wr_options *options;
  struct wr_schema physical, raw, row;
  const uint32_t *metadata; /* rows of the connector's metadata table, one per raw column behind the
                               physical ones */
  uint32_t metadata_count;
  const struct wr_expression *const *expressions; /* over raw: one per column of row */
  bool is_plain;                                  /* row is raw: nothing has to be computed */
  const char *first_metadata; /* name of a metadata column that is not VIRTUAL, or NULL */
  uint32_t time_column;       /* of row; UINT32_MAX: no watermark */
  const struct wr_expression *watermark; /* over row */
  enum wr_on_error on_error;
  int64_t idle_timeout_us, max_ahead_us; /* max_ahead_us -1: the default */
  bool idle_advance;
  int64_t idle_advance_delay_us;
  uint32_t scan_parallelism; /* 0: the job's */
  bool single_writer;        /* asked for, or all that the connector can do */
  const char *time_zone;
};

/* Kept as written: it is bound in every job that uses it, once per job. */
struct wr_view {
  const char *name;
  const struct wr_tree_query *query;
  const struct wr_tree_identifiers *columns; /* count 0: those of the query */
  const struct wr_binding *binding;          /* as the settings were when it was made */
};

enum wr_object_kind { WR_OBJECT_TABLE, WR_OBJECT_VIEW, WR_OBJECT_REJECTS };

struct wr_object {
  enum wr_object_kind kind;
  const char *name;
  const struct wr_table *table;
  const struct wr_view *view;
  struct wr_object *next;
};

struct wr_catalogue {
  struct wr_arena *arena;
  struct wr_object *first; /* the youngest first */
};

void wr_catalogue_open(struct wr_catalogue *catalogue, struct wr_arena *arena);

/* By plain name, or NULL. */
const struct wr_object *wr_catalogue_find(const struct wr_catalogue *catalogue, const char *name);

/* As written in SQL; fails with the nearest name if there is no such table or view. */
enum wr_code wr_catalogue_get(const struct wr_catalogue *catalogue, const struct wr_tree_name *name,
                              const struct wr_object **out, struct wr_error *err);

/*
 * Whether a CREATE may go on: *create false means IF NOT EXISTS and it does. Takes what OR REPLACE
 * replaces away. *plain is the name without catalogue and database.
 */
enum wr_code wr_catalogue_may_create(struct wr_catalogue *catalogue,
                                     const struct wr_tree_name *name, bool if_not_exists,
                                     bool or_replace, bool *create, const char **plain,
                                     struct wr_error *err);
void wr_catalogue_add_table(struct wr_catalogue *catalogue, const struct wr_table *table);
void wr_catalogue_add_view(struct wr_catalogue *catalogue, const struct wr_view *view);
enum wr_code wr_catalogue_drop(struct wr_catalogue *catalogue, const struct wr_tree_drop *drop,
                               struct wr_error *err);

/* Whether the table can be read, or written; what its connector and format say about it as a whole.
 */
enum wr_code wr_table_check_use(const struct wr_table *table, bool writing, struct wr_span span,
                                struct wr_error *err);
/* What connectors are told about a table. */
struct wr_table_spec wr_table_spec_of(const struct wr_table *table);

#endif
