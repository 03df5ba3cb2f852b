/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small parts of every tree: lists, texts, names and types as they were written. Nothing is
 * looked up or folded.
 *
 * All nodes live in the arena given to wr_parse and never change afterwards. Lists are arrays of
 * pointers with a count. Texts end in a NUL that their length does not count, and contain no other.
 * A pointer is NULL only where its comment says so.
 */
#ifndef WEIR_PARSER_TREE_TYPE_H
#define WEIR_PARSER_TREE_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

/* A list of pointers to nodes; room is for the parser only. An absent list has count 0. */
#define WR_TREE_LIST(list, item) \
  struct list {                  \
    item **items;                \
    uint32_t count, room;        \
  }

/* A text with its place; bytes is the meaning (quotes off, doubled quotes single), span the source
 * including quotes. */
struct wr_tree_text {
  struct wr_span span;
  const char *bytes;
  uint32_t length;
};
WR_TREE_LIST(wr_tree_texts, struct wr_tree_text);

/* One name as written; case is folded by the binder, and not at all if quoted (`a` or "a"). */
struct wr_tree_identifier {
  struct wr_span span;
  const char *text;
  uint32_t length;
  bool quoted;
};
WR_TREE_LIST(wr_tree_identifiers, struct wr_tree_identifier);

/* A dotted name: a, a.b, a.b.c ...; at least one part. */
struct wr_tree_name {
  struct wr_span span;
  struct wr_tree_identifiers parts;
};

/* 'key' = 'value' in WITH (...), in a hint, in SET. */
struct wr_tree_option {
  struct wr_span span;
  struct wr_tree_text key, value;
};
WR_TREE_LIST(wr_tree_options, struct wr_tree_option);

enum wr_tree_unit { /* coarse to fine; WEEK and QUARTER are accepted by intervals as 7 days and 3
                       months */
                    WR_TREE_YEAR,
                    WR_TREE_QUARTER,
                    WR_TREE_MONTH,
                    WR_TREE_WEEK,
                    WR_TREE_DAY,
                    WR_TREE_HOUR,
                    WR_TREE_MINUTE,
                    WR_TREE_SECOND
};

#define WR_TREE_NO_PRECISION (-1)

/* YEAR(4) TO MONTH, DAY(2) TO SECOND(3), SECOND(2, 3) ... from == to if there is no TO. */
struct wr_tree_interval {
  struct wr_span span;
  enum wr_tree_unit from, to;
  int32_t precision, fraction; /* WR_TREE_NO_PRECISION: not given */
};

enum wr_tree_type_kind {
  WR_TREE_TYPE_NAMED,    /* name [(arguments)] [zone]: INT, DECIMAL(10, 2), TIMESTAMP(3) WITH LOCAL
                            TIME ZONE */
  WR_TREE_TYPE_INTERVAL, /* INTERVAL DAY TO SECOND(3) */
  WR_TREE_TYPE_ARRAY,    /* ARRAY<element>, also written `element ARRAY` */
  WR_TREE_TYPE_MULTISET, /* MULTISET<element>, also written `element MULTISET` */
  WR_TREE_TYPE_MAP,      /* MAP<key, element> */
  WR_TREE_TYPE_ROW       /* ROW<name type ['comment'], ...>, also written ROW(...) */
};

enum wr_tree_zone {
  WR_TREE_ZONE_NONE,
  WR_TREE_ZONE_WITHOUT,
  WR_TREE_ZONE_WITH,
  WR_TREE_ZONE_LOCAL
};

struct wr_tree_type_field {
  struct wr_span span;
  struct wr_tree_identifier *name;
  struct wr_tree_type *type;
  struct wr_tree_text *comment; /* or NULL */
};
WR_TREE_LIST(wr_tree_type_fields, struct wr_tree_type_field);

struct wr_tree_type {
  enum wr_tree_type_kind kind;
  struct wr_span span;
  uint32_t height; /* levels of types beneath and including this one */
  bool not_null;   /* NOT NULL was written */
  /* NAMED: as written; two-word types are one part of two words with one space: `DOUBLE PRECISION`,
   * `CHAR VARYING`. */
  struct wr_tree_name name;
  uint32_t arguments[2], argument_count;
  enum wr_tree_zone zone;            /* WITHOUT and WITH TIME ZONE, WITH LOCAL TIME ZONE */
  struct wr_tree_interval interval;  /* INTERVAL */
  struct wr_tree_type *key;          /* MAP */
  struct wr_tree_type *element;      /* ARRAY, MULTISET, MAP (the value) */
  struct wr_tree_type_fields fields; /* ROW; may be empty */
};

#endif
