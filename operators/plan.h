/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan: a DAG of nodes as plain data, where planner and runtime meet. The planner makes it,
 * EXPLAIN prints it, the runtime cuts it into tasks. It lives in the planner's arena and never
 * changes.
 *
 * Nodes stand in topological order (inputs before their readers). A node runs in `parallelism`
 * copies. FORWARD inputs are fused with their producer (same parallelism); the others go through
 * channels.
 */
#ifndef WEIR_OPERATORS_PLAN_H
#define WEIR_OPERATORS_PLAN_H

#include "core/options.h"
#include "operators/operator.h"

struct wr_connector;  /* connectors/connector.h */
struct wr_expression; /* functions/expression.h */
struct wr_format;     /* formats/format.h */
struct wr_keyed;      /* formats/keyed.h */

enum wr_plan_kind { WR_PLAN_SOURCE, WR_PLAN_OPERATOR, WR_PLAN_SINK };

enum wr_exchange {
  WR_EXCHANGE_FORWARD, /* same task */
  WR_EXCHANGE_HASH,    /* by key: wr_hash_keys over the key columns, then by key group */
  WR_EXCHANGE_GATHER,  /* everything to copy 0 */
  WR_EXCHANGE_SPREAD   /* each copy to its share of the readers, batch by batch */
};

struct wr_plan_input {
  uint32_t node;
  enum wr_exchange exchange;
  const uint32_t *keys; /* HASH: column numbers of the producer's schema */
  uint32_t key_count;
  bool settled; /* its rows have met those of other tasks before: what they know of the watermark
                   does not depend on how far the tasks they come from have got */
  /* The reader judges lateness by windows without a zone in which time_column lies, so a row whose
   * time is ahead of what it knows of the watermark is in time, whatever that is. */
  bool by_window;
  uint32_t time_column;
};

/* Sources of one group do not run ahead of each other by more than the drift. */
struct wr_plan_alignment {
  const char *group; /* NULL: none */
  int64_t max_drift_us;
  int64_t interval_us; /* how often a task looks at the others; 0: with every batch */
};

enum wr_on_error { WR_ON_ERROR_STREAM, WR_ON_ERROR_FAIL, WR_ON_ERROR_SKIP };

/* A column that a source makes: a physical column of the table, or metadata of the connector. */
struct wr_plan_table {
  const char *name;
  const struct wr_connector *connector;
  const struct wr_format *format;   /* NULL: rows */
  const struct wr_keyed *keyed;     /* formats/keyed.h: format is that of the value; or NULL */
  const struct wr_options *options; /* checked */
  const struct wr_schema
      *physical;                 /* physical columns, in order: what the format reads and writes */
  const char *const *partitions; /* names of the partition columns, which are metadata here */
  uint32_t partition_count;
  const char *time_zone;
};

struct wr_plan_source {
  struct wr_plan_table table;
  const uint32_t *wanted; /* physical columns to decode, ascending */
  uint32_t wanted_count;
  /* The physical columns as they are made: ROWs without the fields that nobody reads. fields: per
   * wanted column the numbers of the fields that are left, NULL if all are. */
  const struct wr_schema *made;
  const uint32_t *const *fields;
  const uint32_t *metadata; /* then these rows of the connector's metadata table, or partition
                               columns (WR_METADATA_PARTITION) */
  uint32_t metadata_count;
  enum wr_on_error on_error; /* undecodable records */
  bool bounded;
  struct wr_plan_alignment alignment;
};
/* The schema of a SOURCE node: wanted columns, then metadata columns. The rejects of the whole job
 * are a source node too: source is NULL and the schema is wr_error_stream_schema
 * or wr_pump_rejects_schema. */

/* A table of reference: read to its end before the job begins, and anew every so often. Rows that
 * its source makes go through a filter and become the columns that are kept. */
struct wr_plan_reference {
  struct wr_plan_source source;
  const struct wr_schema *made;                   /* of the source's rows */
  const struct wr_expression *filter;             /* over these; NULL: all are kept */
  const struct wr_schema *schema;                 /* of those that are kept */
  const struct wr_expression *const *expressions; /* over made: one per column of schema */
  const uint32_t *keys;                           /* columns of schema */
  uint32_t key_count;
  int64_t reload_us; /* how often it is loaded anew; 0: never */
  bool fixed_rate;   /* counted from when a loading was due, else from its end */
};

struct wr_plan_sink {
  struct wr_plan_table table;
  const uint32_t *metadata; /* of its rows, the columns behind the physical ones: all partition
                               columns, then rows of the connector's metadata table */
  uint32_t metadata_count;
  bool changes; /* rows may take back */
};

/* A part of a node's state that is kept, comes or goes by itself: an aggregate, or a column of rows
 * that are kept. */
struct wr_plan_member {
  const char *words; /* "SUM(clicks.ms INT)" */
  uint64_t id;       /* a hash of them, by which a snapshot has it; not 0, different in a node */
  bool is_column;
  bool is_needed; /* column: rows that come without it are of no use */
};

/* What the state of a node is made of, in words. Another plan's can be taken over if what has to
 * fit is the same. */
struct wr_plan_state {
  const char *words; /* all of it, members included; "": there is nothing to compare */
  const char *fits;
  const struct wr_plan_member *members;
  uint32_t member_count;
  /* What tells it from others with the same identity, if there are any: the conditions beneath it,
   * the tables that its rows go to. */
  const char *conditions, *sinks;
};

/* Kinds of rows that a node may give. */
enum wr_change_kind {
  WR_KIND_INSERT = 1,
  WR_KIND_BEFORE = 2, /* an update: what was */
  WR_KIND_AFTER = 4,  /* an update: what is */
  WR_KIND_DELETE = 8
};

struct wr_plan_node {
  uint32_t id; /* its index */
  enum wr_plan_kind kind;
  const char *name;     /* "Source(clicks)", "TumbleAggregate", "Sink(page_minute)" */
  const char *detail;   /* for EXPLAIN, one line: "page <> '/health'"; may be NULL */
  const char *identity; /* of its state, docs/architecture.md 4.12; NULL: stateless */
  const struct wr_plan_state *state;
  const char *statement;          /* SQL text of the statement it came from; NULL: several */
  const char *pump;               /* the name of the pump that this is; NULL: none */
  const struct wr_schema *schema; /* of its rows */
  uint32_t parallelism;
  const struct wr_plan_input *inputs;
  uint32_t input_count;
  const struct wr_plan_source *source;            /* SOURCE */
  const struct wr_operator_class *operator_class; /* OPERATOR */
  const void *spec;                               /* OPERATOR: the class's own struct */
  const struct wr_plan_reference *reference;      /* OPERATOR: the table that it looks rows up in */
  const struct wr_plan_sink *sink;                /* SINK */
  bool arrived;                                   /* some operator below reads arrived_us */
  bool changes;                                   /* its rows may take back */
  /* All inputs have their event time from one watermark node: a row is late by the watermark that
   * its own source task had before it, however far the other inputs have got. */
  bool one_time;
  enum wr_portion portion; /* how rows are brought to it */
  unsigned kinds;          /* of its rows: bits of enum wr_change_kind, for EXPLAIN */
};

enum wr_plan_stream_kind { WR_PLAN_STREAM_TABLE, WR_PLAN_STREAM_VIEW, WR_PLAN_STREAM_SINK };

/* The rows of a node under a name that people know, so that they can be followed while the job runs
 * (live/hub.h). A table and a view have the columns that the job reads. Several sinks may write one
 * table: then there are several streams of that name, alike but for their nodes. */
struct wr_plan_stream {
  const char *name;
  enum wr_plan_stream_kind kind;
  uint32_t node;                  /* SINK: its input */
  const struct wr_schema *schema; /* the columns of the node under the names that people know */
  const uint32_t *key;            /* columns of the node: rows with equal ones replace each other */
  uint32_t key_count;             /* 0: there is none */
  uint32_t time_column;           /* event time, or the start of its window; UINT32_MAX: none */
  bool has_window;                /* rows come when a window closes */
};

struct wr_plan {
  const struct wr_plan_node *nodes;
  uint32_t node_count;
  const struct wr_plan_stream *streams;
  uint32_t stream_count;
  bool bounded;          /* every source ends by itself */
  uint32_t error_stream; /* node number of the rejects' source; UINT32_MAX: nobody reads it */
  const char *time_zone;
  enum wr_on_error on_error; /* SET 'table.exec.on-error': rejects of operators */
};

#endif
