/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading tables of reference (operators/reference.h): a table is read from its first split to the
 * last before the job begins, and, if it says so, again every so often by a thread of its own. What
 * was loaded takes the place of what was there before. If it cannot be loaded, the job does not
 * begin; if it cannot be loaded anew, the rows of before stay and the user is told.
 */
#ifndef WEIR_RUNTIME_REFERENCE_H
#define WEIR_RUNTIME_REFERENCE_H

#include "operators/plan.h"
#include "operators/reference.h"

struct wr_build;             /* runtime/build.h */
struct wr_execution_options; /* runtime/execution.h */
struct wr_reference_loader;

struct wr_reference_settings {
  uint32_t batch_rows;
  uint64_t hash_seed;
  uint64_t memory_bytes;        /* of the job; tables are a part of its state */
  uint64_t loaded_bytes;        /* of tables that were loaded before this one */
  const struct wr_build *build; /* whose state counts when it is loaded anew */
  void (*note)(void *self, const char *message);
  void *note_self;
  bool (*loads)(void *self, bool loading); /* as in struct wr_execution_options, the first time */
  void *loads_self;
};

/* Loads the table; the plan is lent for as long as the loader lives. */
enum wr_code wr_reference_open(const struct wr_plan_reference *plan,
                               const struct wr_reference_settings *settings,
                               struct wr_reference_loader **out, struct wr_error *err);
/* What operators look rows up in, as long as the loader lives. */
struct wr_reference *wr_reference_of(struct wr_reference_loader *loader);
uint64_t wr_reference_bytes(struct wr_reference_loader *loader);
/* Nothing is loaded any more. Any thread. */
void wr_reference_stop(struct wr_reference_loader *loader);
/* When no operator has its rows any more. */
void wr_reference_close(struct wr_reference_loader *loader);

/* ---- all tables of a plan: build->references, per node */

enum wr_code wr_references_open(const struct wr_plan *plan,
                                const struct wr_execution_options *options, uint64_t hash_seed,
                                struct wr_build *build, struct wr_error *err);
/* Stops all; wait: until their threads have ended. */
void wr_references_stop(struct wr_build *build, bool wait);
void wr_references_close(struct wr_build *build);

#endif
