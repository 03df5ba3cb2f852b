/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a job keeps, node by node: sources with the positions of their splits, operators with state.
 * It is written into every epoch (as the description that runtime/epochs.h takes) and compared with
 * the plan when a job goes on from one, because the SQL may have changed in between.
 */
#ifndef WEIR_RUNTIME_INVENTORY_H
#define WEIR_RUNTIME_INVENTORY_H

#include "operators/plan.h"
#include "runtime/snapshot.h"

struct wr_inventory_node {
  const char *key;  /* identity: what its parts are called */
  const char *name; /* "TumbleAggregate", "Source(clicks)" */
  const char *kind; /* class of the operator, or connector of the source */
  /* What its state is made of, as struct wr_plan_state has it. Epochs of before there were members
   * only have all the words: fits is NULL. */
  const char *state, *fits;
  const struct wr_plan_member *members; /* of an epoch: columns have no words */
  uint32_t member_count;
  const char *conditions, *sinks; /* what tells it from others alike; "" in such epochs */
  bool is_source;
  uint32_t copies;
};

struct wr_inventory {
  const struct wr_inventory_node *nodes;
  uint32_t node_count;
};

/* What the parts of a node are called; memory comes from the arena. */
const char *wr_inventory_key(struct wr_arena *arena, const struct wr_plan_node *node);

/* Of a plan; texts are the plan's and the arena's. */
void wr_inventory_of_plan(const struct wr_plan *plan, struct wr_arena *arena,
                          struct wr_inventory *out);
void wr_inventory_write(const struct wr_inventory *inventory, struct wr_part_writer *part);
/* Of a snapshot's description; texts are copied into the arena. */
enum wr_code wr_inventory_read(const struct wr_snapshot *snapshot, struct wr_arena *arena,
                               struct wr_inventory *out, struct wr_error *err);

/* NULL: there is none. */
const struct wr_inventory_node *wr_inventory_find(const struct wr_inventory *inventory,
                                                  const char *key);

enum wr_inventory_verdict {
  WR_INVENTORY_KEPT,    /* in both; but some members may be new, and others gone */
  WR_INVENTORY_NEW,     /* in the plan only: it begins without state */
  WR_INVENTORY_DROPPED, /* in the snapshot only */
  WR_INVENTORY_CHANGED  /* in both, but what was saved cannot be read as what is wanted */
};

struct wr_inventory_change {
  enum wr_inventory_verdict verdict;
  const struct wr_inventory_node *before, *after; /* NULL where there is none */
  /* Members that only the plan has: KEPT: aggregates that start empty; CHANGED: columns without
   * which the rows that are kept are of no use. */
  const struct wr_plan_member *const *added;
  uint32_t added_count;
  const struct wr_plan_member *const
      *lost; /* KEPT: aggregates that the plan does not have any more */
  uint32_t lost_count;
};

/*
 * Steps with the same identity are told apart by their order, which may have changed: those of the
 * snapshot get the keys of those of the plan that they are most like, by conditions, what their
 * state is made of, where their rows go, and only then by their order.
 */
void wr_inventory_match(struct wr_inventory *before, const struct wr_inventory *after,
                        struct wr_snapshot *snapshot, struct wr_arena *arena);

/* All nodes of the plan, in its order, then those that it does not have any more. */
struct wr_inventory_change *wr_inventory_compare(const struct wr_inventory *before,
                                                 const struct wr_inventory *after,
                                                 struct wr_arena *arena, uint32_t *count);

/* Where a source had come: of all its splits, by name. */
struct wr_inventory_position {
  const char *split, *position; /* position "": at its start */
};
enum wr_code wr_inventory_positions(const struct wr_snapshot *snapshot, const char *key,
                                    struct wr_arena *arena,
                                    struct wr_inventory_position **positions, uint32_t *count,
                                    struct wr_error *err);

#endif
