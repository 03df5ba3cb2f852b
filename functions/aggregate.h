/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Aggregates. The state of one is relocatable bytes inside a state entry, without pointers; it may
 * begin with one text in the stored form of core/text.h, kept through the table's wr_text_store: a
 * value, or a buffer that grows (functions/aggregate_buffer.h). All zeros is the state of no rows
 * at all: so an aggregate that is new to a query begins within entries that are there. All
 * functions work on a batch of entries. A NULL function means "cannot": the planner chooses another
 * plan or refuses. Integer and DECIMAL sums accumulate in 128 bits and are range-checked in result
 * only; floating sums are compensated (A. Neumaier, 1974).
 */
#ifndef WEIR_FUNCTIONS_AGGREGATE_H
#define WEIR_FUNCTIONS_AGGREGATE_H

#include "core/builder.h"
#include "core/text_store.h"
#include "functions/bind.h"

#define WR_AGGREGATE_ARGS_MAX 32 /* arguments of one call: COUNT(a, b, ...) */

/* entries[i] belongs to row rows[i] of the arguments. The state is at entries[i] + offset, aligned
 * to state_align. */
struct wr_aggregate_rows {
  char *const *entries;
  uint32_t offset;
  const struct wr_column *const *args; /* as many as the call has; none for COUNT(*) */
  const void *prepared;                /* that of the call */
  const uint32_t *rows;
  uint32_t row_count;
  struct wr_text_store *store;
};

/* What `result` works on. */
struct wr_aggregate_results {
  const char *const *entries;
  uint32_t offset, count;
  const struct wr_type *type;
  const void *prepared;
  struct wr_builder *out; /* with room for one value per entry */
  uint64_t *failed;       /* a bitmap over the entries, cleared by the caller */
};

struct wr_aggregate_code {
  uint32_t state_bytes, state_align; /* align at most 16 */
  bool has_text; /* the state begins with a struct wr_text in stored form, kept through the store */
  bool ordered;  /* the result depends on the order in which rows come */
  bool once;     /* a value that comes again changes nothing: DISTINCT need not be watched */
  bool narrow;   /* has_text: the result is much shorter than the state may be */
  void (*add)(const struct wr_aggregate_rows *rows);
  void (*retract)(const struct wr_aggregate_rows *rows); /* NULL: cannot */
  /* merges the state at sources[i] + offset into entries[i] + offset; rows->args and rows->rows are
   * unused */
  void (*merge)(const struct wr_aggregate_rows *rows, const char *const *sources);
  /* takes a state that was merged into entries[i] out of it again, exactly; NULL: cannot */
  void (*unmerge)(const struct wr_aggregate_rows *rows, const char *const *sources);
  /* appends one value per entry to out; a bit of failed marks one that there is none for: such an
   * entry gets a NULL and the operator reports it. Texts stay lent from the entries. */
  void (*result)(const struct wr_aggregate_results *results);
  /* The code to take where rows are taken back, with another state, for the same calls; NULL: this
   * one, if it has retract */
  const struct wr_aggregate_code *changing;
  const char
      *failure; /* what failed means, behind "the result of F"; NULL: does not fit its type */
};

/* A bound aggregate call. */
struct wr_aggregate {
  const char *name;           /* "COUNT" */
  const struct wr_type *type; /* of the result */
  const struct wr_expression *const
      *args; /* evaluated per row, with implicit casts; none: COUNT(*) */
  uint32_t arg_count;
  const void *prepared; /* what was worked out from constant arguments and clauses; or NULL */
  const char *words;    /* the same as SQL, behind the arguments: ", '; '"; never NULL */
  const struct wr_expression *filter; /* BOOLEAN; other rows never come to the code; NULL: none */
  bool distinct; /* rows whose argument values the group has had never come to the code */
  const struct wr_aggregate_code *code;
};

/* From which columns of an operator's input an aggregate gets what it works on. */
struct wr_aggregate_columns {
  const uint32_t *args; /* arg_count of them */
  uint32_t filter;      /* UINT32_MAX: none */
};

bool wr_aggregate_exists(const char *name);

enum wr_aggregate_nulls { WR_NULLS_DEFAULT, WR_NULLS_RESPECT, WR_NULLS_IGNORE };
enum wr_json_nulls { WR_JSON_NULLS_DEFAULT, WR_JSON_NULLS_SHOWN, WR_JSON_NULLS_ABSENT };

/* A call as it was written. Zero: no clause. */
struct wr_aggregate_call {
  const char *name;
  const struct wr_expression *const *args;
  uint32_t arg_count;
  const struct wr_expression *filter;
  const struct wr_expression *time; /* by which rows are in order where that counts, a TIMESTAMP;
                                       NULL: as they come */
  bool distinct;
  enum wr_aggregate_nulls nulls; /* RESPECT NULLS, IGNORE NULLS */
  enum wr_json_nulls json_nulls; /* NULL ON NULL, ABSENT ON NULL */
  bool last_is_json;             /* the last argument goes into JSON as it is */
  struct wr_span span, distinct_span, nulls_span, json_span;
};

/* Binds COUNT(*) (arg_count 0) and everything else by name. Result types as docs/architecture.md
 * section 4.10. */
enum wr_code wr_bind_aggregate(const struct wr_binding *binding,
                               const struct wr_aggregate_call *call, struct wr_aggregate *out,
                               struct wr_error *err);

/* Same code over the same arguments, rows and clauses: computed once. */
bool wr_aggregate_equal(const struct wr_aggregate *a, const struct wr_aggregate *b);

#endif
