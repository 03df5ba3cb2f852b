/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of group share: rows going in (group.c), chosen by FILTER and DISTINCT
 * (group_rows.c), results going out (group_output.c). */
#ifndef WEIR_OPERATORS_GROUP_STATE_H
#define WEIR_OPERATORS_GROUP_STATE_H

#include "operators/specs.h"
#include "operators/ttl.h"
#include "operators/window_rows.h"

/* Bits of the byte behind the states of an entry. They are 0 between batches. */
enum {
  WR_GROUP_TOUCHED = 1, /* by the batch at hand */
  WR_GROUP_FRESH = 2    /* made by it */
};

/* Rows that go into an aggregate, or are taken out of it: places in struct wr_group_batch. */
struct wr_group_list {
  uint32_t *at;
  uint32_t count;
};
enum { WR_GROUP_ADD, WR_GROUP_RETRACT, WR_GROUP_SIGNS };

/* Rows of a batch that go in together. */
struct wr_group_batch {
  const struct wr_batch *batch;
  const uint32_t *numbers; /* of rows of the batch */
  const uint64_t *hashes;  /* of their keys */
  uint32_t count;
  const struct wr_column **keys;
  struct wr_probe probe;                      /* of all of them */
  struct wr_group_list lists[WR_GROUP_SIGNS]; /* those that count */
  struct wr_group_list touched;               /* one per group, in order of appearance */
  bool is_probed_again; /* entries of the probe may have moved since it was made */
};

/* Results on their way out: those before, of the groups that were shown, then those after. */
struct wr_group_output {
  struct wr_builder *builders; /* one per column */
  struct wr_column *columns;
  uint32_t *failed[2]; /* before, after: number of the aggregate without a result, plus one */
  uint32_t *before_of; /* per touched group: its row among those before; UINT32_MAX: none */
  uint32_t before_count;
  uint64_t *failed_bits;
  uint8_t *change;
  uint32_t *picked;
  char **entries;
  struct wr_compactor compactor;
};

struct wr_group {
  struct wr_operator op;
  const struct wr_group_spec *spec;
  const struct wr_window_aggregate_spec *base; /* of the spec */
  struct wr_window_rows rows;                  /* which rows reach which aggregate */
  struct wr_table_space **spaces;              /* that of the groups, then one per set of values */
  uint32_t space_count;
  struct wr_table **tables; /* one per space */
  struct wr_table_space *space;
  uint32_t mark_at;  /* of the byte of marks in an entry */
  uint32_t count_at; /* of the number of rows; only if the input changes */
  bool has_texts;    /* some aggregate keeps texts: entries may move while rows go in */
  bool has_wide;     /* some result may be long */
  int64_t now_us;
  bool has_ended;
  bool has_expired;  /* a group went without a word, and no row has come since that made one */
  struct wr_ttl ttl; /* of the tables, in their order */
  struct wr_group_output output;
  struct wr_arena arena; /* one batch */
};

static inline int64_t *wr_group_count(const struct wr_group *self, char *entry)
{
  return (int64_t *)(void *)(entry + self->count_at);
}

/* Hands the rows of both lists to the aggregates, after FILTER and DISTINCT. */
void wr_group_add_rows(struct wr_group *self, struct wr_group_batch *rows);
/* Layout of a set of values: how often each is there, per choice, if the input changes; and when
 * one came last, if they are forgotten. */
struct wr_layout *wr_group_set_layout(const struct wr_group *self, uint32_t set);

void wr_group_output_open(struct wr_group *self);
void wr_group_output_close(struct wr_group *self);
/* Bytes of results that may be long, of the groups that are touched. */
uint64_t wr_group_output_bytes(const struct wr_group *self, const struct wr_group_batch *rows);
/* Before the rows go in: what was shown of the groups that they touch. */
void wr_group_output_before(struct wr_group *self, const struct wr_group_batch *rows);
/* Afterwards: what is different leaves. entries: of the touched groups, as they are now. */
enum wr_code wr_group_output_after(struct wr_group *self, char *const *entries, uint32_t count,
                                   struct wr_error *err);
/* The input has ended: a row per group. */
enum wr_code wr_group_output_all(struct wr_group *self, struct wr_error *err);

#endif
