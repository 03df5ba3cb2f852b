/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of a script: a list of statements. Queries are in parser/tree_query.h, names, types and
 * expressions in parser/tree_expression.h; the rules about memory stand there.
 */
#ifndef WEIR_PARSER_TREE_H
#define WEIR_PARSER_TREE_H

#include "parser/tree_expression.h"
#include "parser/tree_match.h"

struct wr_tree_statement;
WR_TREE_LIST(wr_tree_statements, struct wr_tree_statement);

/* ---- CREATE TABLE ---- */

enum wr_tree_column_kind {
  WR_TREE_PHYSICAL, /* name type */
  WR_TREE_METADATA, /* name type METADATA [FROM 'key'] [VIRTUAL] */
  WR_TREE_COMPUTED  /* name AS expression */
};

struct wr_tree_column_definition {
  enum wr_tree_column_kind kind;
  struct wr_span span;
  struct wr_tree_identifier *name;
  struct wr_tree_type *type;         /* PHYSICAL, METADATA; else NULL */
  struct wr_tree_expression *value;  /* COMPUTED; else NULL */
  struct wr_tree_text *metadata_key; /* METADATA FROM 'key'; NULL: the column's name */
  bool is_virtual;                   /* METADATA ... VIRTUAL */
  struct wr_tree_text *comment;      /* or NULL */
};
WR_TREE_LIST(wr_tree_column_definitions, struct wr_tree_column_definition);

struct wr_tree_watermark { /* WATERMARK FOR column AS value */
  struct wr_span span;
  struct wr_tree_name column;
  struct wr_tree_expression *value;
};
WR_TREE_LIST(wr_tree_watermarks, struct wr_tree_watermark);

struct wr_tree_key { /* [CONSTRAINT name] PRIMARY KEY (columns) NOT ENFORCED, or on a column */
  struct wr_span span;
  struct wr_tree_identifier *name; /* of the constraint, or NULL */
  struct wr_tree_identifiers columns;
  bool not_enforced; /* the words were there */
};
WR_TREE_LIST(wr_tree_keys, struct wr_tree_key);

enum wr_tree_like_action { WR_TREE_INCLUDING, WR_TREE_EXCLUDING, WR_TREE_OVERWRITING };

struct wr_tree_like_option { /* INCLUDING ALL, EXCLUDING OPTIONS ... */
  struct wr_span span;
  enum wr_tree_like_action action;
  struct wr_tree_text feature; /* upper case: ALL CONSTRAINTS DISTRIBUTION GENERATED METADATA
                                  OPTIONS PARTITIONS WATERMARKS */
};
WR_TREE_LIST(wr_tree_like_options, struct wr_tree_like_option);

struct wr_tree_create_table {
  struct wr_tree_name name;
  bool temporary, if_not_exists, or_replace;
  struct wr_tree_column_definitions columns;
  struct wr_tree_watermarks
      watermarks; /* more than one is for the binder to refuse; so with keys */
  struct wr_tree_keys keys;
  struct wr_tree_text *comment; /* or NULL */
  struct wr_tree_identifiers partitioned_by;
  struct wr_span partition_span; /* the words PARTITIONED BY; length 0: there is none */
  struct wr_tree_options options;
  struct wr_span options_span; /* WITH (...); length 0: there is none */
  struct wr_tree_name *like;   /* or NULL */
  struct wr_tree_like_options like_options;
  struct wr_tree_query *query; /* AS SELECT, or NULL */
};

/* ---- the other statements ---- */

struct wr_tree_create_view {
  struct wr_tree_name name;
  bool temporary, if_not_exists, or_replace;
  struct wr_tree_identifiers columns;
  struct wr_tree_text *comment; /* or NULL */
  struct wr_tree_query *query;
};

struct wr_tree_parameter {
  struct wr_span span;
  struct wr_tree_identifier *name;
  struct wr_tree_type *type;
};
WR_TREE_LIST(wr_tree_parameters, struct wr_tree_parameter);

/* CREATE FUNCTION f(a INT, b STRING) RETURNS INT AS expression; or AS 'class', which only the JVM
 * understands: then value is NULL. */
struct wr_tree_create_function {
  struct wr_tree_name name;
  bool temporary, system, if_not_exists, or_replace;
  struct wr_tree_parameters parameters;
  struct wr_tree_type *returns;
  struct wr_tree_expression *value;
  struct wr_tree_text *class_name; /* or NULL */
  /* CREATE FUNCTION f(...) RETURNS t ... RETURNS NULL ON NULL INPUT ... RETURN expression */
  bool is_routine, null_on_null;
};

/* CREATE [OR REPLACE] STREAM s (a INT, b VARCHAR(4) NOT NULL) [DESCRIPTION '...'] [WITH (...)] */
struct wr_tree_create_stream {
  struct wr_tree_create_table
      table; /* name, or_replace, columns, watermarks, options, their spans */
  struct wr_tree_text *description; /* or NULL */
};

/* CREATE [OR REPLACE] PUMP p [STOPPED] [DESCRIPTION '...'] AS INSERT INTO s ... */
struct wr_tree_create_pump {
  struct wr_tree_name name;
  bool or_replace;
  struct wr_span stopped_span;      /* the word STOPPED; length 0: it is not there */
  struct wr_tree_text *description; /* or NULL */
  struct wr_tree_insert *insert;
  struct wr_span insert_span; /* from INSERT on */
};

/* Changes to a table or view that a script can use. */
enum wr_tree_alter_kind {
  WR_TREE_ALTER_RENAME,        /* ALTER TABLE|VIEW t RENAME TO u */
  WR_TREE_ALTER_SET_OPTIONS,   /* ALTER TABLE t SET ('k' = 'v', ...) */
  WR_TREE_ALTER_RESET_OPTIONS, /* ALTER TABLE t RESET ('k', ...) */
  WR_TREE_ALTER_AS             /* ALTER VIEW v AS query */
};

enum wr_tree_object { WR_TREE_OBJECT_TABLE, WR_TREE_OBJECT_VIEW, WR_TREE_OBJECT_FUNCTION };

struct wr_tree_alter {
  enum wr_tree_object object; /* TABLE or VIEW */
  struct wr_tree_name name;
  bool if_exists;
  enum wr_tree_alter_kind kind;
  struct wr_tree_name *new_name;  /* RENAME */
  struct wr_tree_options options; /* SET_OPTIONS */
  struct wr_tree_texts keys;      /* RESET_OPTIONS */
  struct wr_tree_query *query;    /* AS */
};

enum wr_tree_show_kind {
  WR_TREE_SHOW_TABLES,
  WR_TREE_SHOW_VIEWS,
  WR_TREE_SHOW_COLUMNS,   /* SHOW COLUMNS FROM|IN t */
  WR_TREE_SHOW_FUNCTIONS, /* SHOW [USER] FUNCTIONS */
  WR_TREE_SHOW_CREATE_TABLE,
  WR_TREE_SHOW_CREATE_VIEW,
  WR_TREE_SHOW_CATALOGS,
  WR_TREE_SHOW_CURRENT_CATALOG,
  WR_TREE_SHOW_DATABASES,
  WR_TREE_SHOW_CURRENT_DATABASE
};

struct wr_tree_show {
  enum wr_tree_show_kind kind;
  bool user;                  /* FUNCTIONS: only those of the script */
  struct wr_tree_name *name;  /* COLUMNS, CREATE; TABLES, VIEWS, FUNCTIONS FROM database; or NULL */
  struct wr_tree_text *like;  /* or NULL */
  bool not_like, ignore_case; /* NOT LIKE, ILIKE */
};

struct wr_tree_use {
  bool catalog; /* USE CATALOG c; else USE d or USE c.d */
  struct wr_tree_name name;
};

struct wr_tree_drop {
  enum wr_tree_object object;
  struct wr_tree_name name;
  bool temporary, if_exists;
  bool system; /* FUNCTION */
};

struct wr_tree_insert {
  struct wr_tree_name table;
  struct wr_tree_hints hints;
  struct wr_tree_options partition;   /* PARTITION (a = 'x', b = 1): keys are column names, values
                                         the digits or what stands in the quotes */
  struct wr_span partition_span;      /* the word PARTITION; length 0: there is none */
  struct wr_tree_identifiers columns; /* INSERT INTO t (a, b); empty: all */
  struct wr_tree_query *query;
  bool overwrite;
  struct wr_span overwrite_span; /* the word INTO or OVERWRITE */
  struct wr_span expedited_span; /* the word EXPEDITED; length 0: it is not there */
};

struct wr_tree_explain {
  bool analyze, changelog_mode, json, estimated_cost, plan_advice;
  struct wr_tree_statement *statement; /* QUERY, INSERT or STATEMENT_SET */
};

enum wr_tree_statement_kind {
  WR_TREE_CREATE_TABLE,
  WR_TREE_CREATE_VIEW,
  WR_TREE_DROP,
  WR_TREE_INSERT,
  WR_TREE_QUERY,         /* a bare query */
  WR_TREE_STATEMENT_SET, /* EXECUTE STATEMENT SET BEGIN ... END: one job */
  WR_TREE_EXPLAIN,
  WR_TREE_SET,           /* SET 'key' = 'value' */
  WR_TREE_SHOW_SETTINGS, /* SET alone: lists the settings */
  WR_TREE_RESET,         /* RESET ['key'] */
  WR_TREE_CREATE_FUNCTION,
  WR_TREE_ALTER,
  WR_TREE_SHOW,
  WR_TREE_DESCRIBE, /* DESCRIBE | DESC [EXTENDED] t */
  WR_TREE_USE,
  WR_TREE_CREATE_STREAM,
  WR_TREE_CREATE_PUMP
};

struct wr_tree_statement {
  enum wr_tree_statement_kind kind;
  struct wr_span span; /* without the final semicolon */
  union {
    struct wr_tree_create_table *create_table;
    struct wr_tree_create_view *create_view;
    struct wr_tree_drop drop;
    struct wr_tree_insert *insert;
    struct wr_tree_query *query;
    struct wr_tree_statements statements; /* STATEMENT_SET; all of kind INSERT */
    struct wr_tree_explain explain;
    struct wr_tree_option set;
    struct wr_tree_text *reset; /* NULL: everything */
    struct wr_tree_create_function *create_function;
    struct wr_tree_alter *alter;
    struct wr_tree_show show;
    struct wr_tree_name describe;
    struct wr_tree_use use;
    struct wr_tree_create_stream *create_stream;
    struct wr_tree_create_pump *create_pump;
  };
};

struct wr_script {
  struct wr_tree_statements statements; /* may be empty */
  /* Of wr_parse_all: the last parts of the names that statements with errors would have created.
   * Whoever finds one of them missing later need not say so. */
  struct wr_tree_identifiers lost;
  /* Every name of the script in the order of the text, for dialects that fold their case. */
  struct wr_tree_identifiers names;
};

#endif
