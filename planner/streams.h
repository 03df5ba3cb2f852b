/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rows of a job people can follow, and under which names: those of every table that it reads,
 * of every view that it uses, and of every sink. So that rules leave the rows of a view as they
 * are, a node stands above it while they run; it does nothing and is taken away again before nodes
 * are placed.
 *
 *   bound:   Sink(Project(Filter(Stream v(Project(Filter(Scan))))))
 *   placed:  Sink(Project(Filter(Project(Filter(Scan)))))       v: the rows of the second Project
 *                                |
 *                                v
 */
#ifndef WEIR_PLANNER_STREAMS_H
#define WEIR_PLANNER_STREAMS_H

#include "planner/binder.h"
#include "planner/rule.h"

/* Left on a node once rules have run. A stream of an application: what is above calls its rows by
 * its name, whatever fills it. The last node of a pump: the statement that it and those beneath
 * work for; NULL if it is not the pump's alone. */
struct wr_stream_mark {
  const char *called;       /* or NULL */
  const char *const *names; /* then: of its columns */
  bool is_of_pump;
  const char *statement; /* then */
};

struct wr_stream {
  const char *name;
  enum wr_plan_stream_kind kind;
  const struct wr_logical *node;  /* whose rows they are; SINK: the input of the sink */
  const struct wr_logical *sink;  /* or NULL */
  const struct wr_schema *schema; /* columns of the node under their names in SQL */
  bool is_app;                    /* of an application */
};

struct wr_streams {
  struct wr_stream *items;
  uint32_t count;
};

/* Before rules: puts Stream nodes above all that the memo knows by a name, if that is wanted, and
 * above streams and pumps of applications anyway: what state is called depends on them. */
void wr_streams_mark(struct wr_arena *arena, const struct wr_memo *memo, bool names, bool views,
                     struct wr_logical *const *roots, uint32_t root_count);
/* Behind them: takes these nodes away, and says what they stood for. */
void wr_streams_take(const struct wr_rewrite *rewrite, struct wr_streams *out);
/* As they stand in a plan; order: of its nodes. */
const struct wr_plan_stream *wr_streams_plan(struct wr_arena *arena,
                                             const struct wr_streams *streams,
                                             const struct wr_logical_order *order);

/* What makes rows of a node differ from each other; planner/stream_keys.c. */
struct wr_stream_facts {
  const uint32_t *key; /* no two rows that count at a time have equal values in these */
  uint32_t key_count;  /* 0: nothing is known */
  bool has_window;     /* its rows come when a window closes */
};
/* Of every node of an order. */
const struct wr_stream_facts *wr_stream_facts(struct wr_arena *arena,
                                              const struct wr_logical_order *order);
/* The column that says when: the start of its window, or event time; UINT32_MAX: none. */
uint32_t wr_stream_time_column(const struct wr_logical *node, bool has_window);

#endif
