/* SPDX-License-Identifier: Apache-2.0 */
/* From a plan to tasks that are ready to run: groups, copies, channels, operators with their
 * targets, restored state. */
#ifndef WEIR_RUNTIME_BUILD_H
#define WEIR_RUNTIME_BUILD_H

#include "runtime/split_find.h"
#include "runtime/tap.h"
#include "runtime/task.h"

struct wr_build {
  struct wr_arena arena; /* of the job: names of splits and parts */
  struct wr_task **tasks;
  uint32_t task_count;
  struct wr_page_layout **layouts; /* per plan node; NULL where no channel carries its rows */
  uint32_t layout_count;
  struct wr_alignment_group **alignments;  /* per plan node, shared by the nodes of a group; the
                                              first of them owns it */
  struct wr_decode_pool **pools;           /* per plan node: of sources that can be helped */
  struct wr_found_splits *found;           /* per plan node: of sources, what their readers share */
  struct wr_reference_loader **references; /* per plan node: tables that are looked up */
  uint32_t reference_count;
  struct wr_channel ***edges; /* arrays of channels that exchanges hold */
  uint32_t edge_count;
};

/* shared is what the tasks will point at; its options are used already. */
enum wr_code wr_build_tasks(const struct wr_plan *plan, struct wr_task_shared *shared,
                            struct wr_rejects_shown *shown, const struct wr_taps *taps,
                            struct wr_build *build, struct wr_error *err);
void wr_build_free(struct wr_build *build);

#endif
