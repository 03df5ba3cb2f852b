/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue: the tables, views and functions that the script has declared so far, and the
 * built-in stream of rejects. Names of tables and views keep their case, those of functions compare
 * without it, as in Flink. A name may be written with Flink's default catalogue and database in
 * front.
 */
#ifndef WEIR_PLANNER_CATALOGUE_H
#define WEIR_PLANNER_CATALOGUE_H

#include "connectors/connector.h"
#include "formats/format.h"
#include "functions/bind.h"
#include "operators/plan.h"
#include "parser/tree.h"

/* A column as it was declared, types bound. */
struct wr_column_definition {
  enum wr_tree_column_kind kind;
  struct wr_span span, name_span;
  const char *name;
  const struct wr_type *type;              /* PHYSICAL, METADATA; else NULL */
  const struct wr_tree_expression *value;  /* COMPUTED; else NULL */
  const struct wr_tree_text *metadata_key; /* METADATA FROM 'key'; NULL: the column's name */
  bool is_virtual;
  const char *comment; /* or NULL */
};

/* A table as it was declared, LIKE and AS already worked in: what SHOW CREATE TABLE prints and what
 * other tables are made from. */
struct wr_table_definition {
  const char *name;
  struct wr_span span, options_span; /* where messages about it as a whole point */
  bool temporary;
  const struct wr_column_definition *columns;
  uint32_t column_count;
  const struct wr_tree_watermark *watermark; /* or NULL */
  const struct wr_tree_key *key;             /* or NULL */
  const char *comment;                       /* or NULL */
  struct wr_tree_identifiers partitioned_by;
  struct wr_options options;
  uint32_t inherited_count; /* of these options, the first ones: they come from the table of LIKE */
  const char *like_name;    /* of that table; NULL: no LIKE */
  struct wr_span like_span;
  const struct wr_binding *binding; /* as the settings were when it was made; so is this: */
  int64_t idle_timeout_us;
};

/*
 * A table has three row shapes:
 *
 *   physical  what the format reads and writes: all that are declared but those of PARTITIONED BY
 *   raw       what a scan brings: the physical columns, the partition columns as texts, then the
 *             metadata columns with the connector's types
 *   row       what SQL sees: all declared columns in order, computed ones too
 *
 * and one for INSERT:
 *
 *   written   the physical columns, the partition columns as texts, then the metadata columns
 *             without VIRTUAL, with the connector's types
 */
struct wr_keyed; /* formats/keyed.h */

struct wr_table {
  const char *name;
  const struct wr_table_definition *definition; /* NULL: made by the planner (console) */
  const char *shown; /* the console: of which stream of an application it shows the rows, or NULL */
  struct wr_table_variant **variants; /* made for hints so far */
  const struct wr_connector *connector;
  const struct wr_format *format;     /* NULL: rows */
  const struct wr_format *key_format; /* 'key.format'; or NULL */
  const struct wr_keyed *keyed;       /* formats/keyed.h; NULL: records have no key of columns */
  const struct wr_options *options;   /* the definition's, and what follows from them */
  struct wr_schema physical, raw, row, written;
  const uint32_t *written_columns;  /* of row, one per written column */
  const uint32_t *written_metadata; /* rows of the connector's metadata table, one per written
                                       column behind the physical ones */
  const uint32_t *metadata; /* rows of the connector's metadata table, one per raw column behind the
                               physical ones */
  uint32_t metadata_count;
  const char *const *partitions; /* PARTITIONED BY: names; first among the metadata of raw and
                                    written, as STRING */
  uint32_t partition_count;
  const struct wr_expression *const *expressions; /* over raw: one per column of row */
  bool is_plain;                                  /* row is raw: nothing has to be computed */
  const char *first_metadata; /* a metadata column without VIRTUAL that the connector cannot write,
                                 or NULL */
  const uint32_t *keys;       /* PRIMARY KEY: columns of row */
  uint32_t key_count;
  uint32_t time_column;                  /* of row; UINT32_MAX: no watermark */
  const struct wr_expression *watermark; /* over row */
  enum wr_on_error on_error;
  int64_t idle_timeout_us, max_ahead_us; /* max_ahead_us -1: the default */
  bool idle_advance;
  int64_t idle_advance_delay_us;
  struct wr_plan_alignment alignment;
  int64_t reload_us;         /* how often it is loaded anew if rows are looked up in it; 0: never */
  bool reload_fixed_rate;    /* counted from when a loading was due */
  uint32_t scan_parallelism; /* 0: the job's */
  bool single_writer;        /* asked for, or all that the connector can do */
  uint32_t sink_parallelism; /* writers, if there are to be several; 0: as many as before them */
  const char *time_zone;
};

/* The same table with other options: OPTIONS('k' = 'v') behind its name. */
struct wr_table_variant {
  const struct wr_table *table;
  struct wr_table_variant *next;
};

/* Kept as written: it is bound in every job that uses it, once per job. */
struct wr_view {
  const char *name;
  const struct wr_tree_query *query;
  const struct wr_tree_identifiers *columns; /* count 0: those of the query */
  const struct wr_binding *binding;          /* as the settings were when it was made */
  const char *comment;                       /* or NULL */
  struct wr_schema schema; /* of its rows, as found when it was made: for DESCRIBE */
  bool temporary;
};

/* A name whose declaration failed: that it is unknown has been told already. */
struct wr_failed_name {
  const char *name;
  struct wr_failed_name *next;
};

/* CREATE FUNCTION: its body takes the place of a call (planner/bind_function.c). */
struct wr_user_function {
  const char *name;
  const struct wr_tree_create_function *tree;
  struct wr_schema parameters;
  const struct wr_type *returns;
  const struct wr_binding *binding;    /* as the settings were when it was made */
  const struct wr_user_function *seen; /* those that its body may call: the list of that time */
  struct wr_failed_name *failed;       /* and those that could not be made */
  const struct wr_user_function *next;
  uint32_t calls; /* of functions of the script that one call of it comes to, itself too */
};

/* CREATE STREAM: the rows of all pumps that insert into it, or those of its own connector. */
struct wr_app_stream {
  const char *name;
  const struct wr_tree_create_stream *tree;
  const struct wr_table *table; /* WITH (...): where its rows come from or go to; or NULL */
  /* What pumps fill; it has no connector. `row` are its columns, `written` these and ROWTIME. */
  const struct wr_table *shape;
};

/* CREATE PUMP, and INSERT INTO a stream. Kept as written, as views are. */
struct wr_pump {
  const char *name; /* NULL: an INSERT */
  const struct wr_tree_insert *insert;
  struct wr_span span, place;       /* of the whole statement, of its name */
  const char *statement;            /* its text */
  const struct wr_binding *binding; /* as the settings were when it was made */
  struct wr_pump *next;
};

enum wr_object_kind { WR_OBJECT_TABLE, WR_OBJECT_VIEW, WR_OBJECT_REJECTS, WR_OBJECT_STREAM };

struct wr_object {
  enum wr_object_kind kind;
  const char *name;
  const struct wr_table *table; /* TABLE; STREAM: that of its connector, else its shape */
  const struct wr_view *view;
  const struct wr_app_stream *stream;
  struct wr_object *next;
};

struct wr_catalogue {
  struct wr_arena *arena;
  struct wr_object *first;                  /* the youngest first */
  const struct wr_user_function *functions; /* the youngest first; never changed, only replaced */
  struct wr_failed_name *failed;
  struct wr_pump *pumps; /* the youngest first; their names are not those of tables and streams */
  bool kinesis;          /* the dialect of the script at the end: for messages */
  uint32_t *calls;       /* while the body of a function is bound: calls in it; else NULL */
};

/* The state of an error that only follows from another one and is not shown (program.c). */
#define WR_STATE_FOLLOWS "WR000"

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
void wr_catalogue_add_stream(struct wr_catalogue *catalogue, const struct wr_app_stream *stream);
/* Columns of error_stream in applications. */
extern const struct wr_schema wr_app_rejects_schema;
/* "table", "view", "stream", "built-in stream of rejected rows", for messages. */
const char *wr_object_what(const struct wr_object *object);
/* The columns that people see. */
const struct wr_schema *wr_object_schema(const struct wr_object *object, bool kinesis);
/* Tables and views. */
enum wr_code wr_catalogue_drop(struct wr_catalogue *catalogue, const struct wr_tree_drop *drop,
                               struct wr_error *err);
void wr_catalogue_remove(struct wr_catalogue *catalogue, const struct wr_object *object);
/* Puts another table or view in the place of one that is there; name: its new name. */
void wr_catalogue_replace(struct wr_catalogue *catalogue, const struct wr_object *old,
                          const char *name, const struct wr_table *table,
                          const struct wr_view *view);

/* The last part of a name, behind the default catalogue and database; others are refused. */
enum wr_code wr_catalogue_plain_name(const struct wr_tree_name *name, const char **plain,
                                     struct wr_error *err);

/* By plain name without case, or NULL. */
const struct wr_user_function *wr_catalogue_find_function(const struct wr_catalogue *catalogue,
                                                          const char *name);
/* In the place of an older one that must not be beside it: NULL, there is none. */
void wr_catalogue_put_function(struct wr_catalogue *catalogue, struct wr_user_function *function,
                               const struct wr_user_function *old);
void wr_catalogue_drop_function(struct wr_catalogue *catalogue,
                                const struct wr_user_function *function);
/* The nearest name among the functions of the script and the built-in ones, or NULL. */
const char *wr_catalogue_nearest_function(const struct wr_catalogue *catalogue, const char *name);

/* Names of declarations that failed; has: without case. */
void wr_catalogue_note_failed(struct wr_catalogue *catalogue, const char *name);
bool wr_catalogue_has_failed(const struct wr_catalogue *catalogue, const char *name);

/* Whether the table can be read, or written; what its connector and format say about it as a whole.
 */
enum wr_code wr_table_check_use(const struct wr_table *table, bool writing, struct wr_span span,
                                struct wr_error *err);
/* What connectors are told about a table. */
struct wr_table_spec wr_table_spec_of(const struct wr_table *table);

#endif
