/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last rejects, for those who look at a job: of all its tasks. Of many at once it takes a
 * share, so that a flood of them does not slow the job down: what is counted is exact, what is
 * shown are examples.
 */
#ifndef WEIR_RUNTIME_REJECT_RING_H
#define WEIR_RUNTIME_REJECT_RING_H

#include "core/arena.h"
#include "core/reject.h"

struct wr_reject_ring;
struct wr_execution_reject; /* runtime/look.h */

struct wr_reject_ring *wr_reject_ring_new(void);
void wr_reject_ring_free(struct wr_reject_ring *ring);

/* Whether one that comes now would be taken. Any thread. */
bool wr_reject_ring_wants(struct wr_reject_ring *ring);
/* statement: of the step it was noticed in; NULL: not known. Any thread. */
void wr_reject_ring_put(struct wr_reject_ring *ring, const struct wr_reject *reject,
                        const char *statement);
/* The newest first, at most limit; everything is copied. Any thread. */
struct wr_execution_reject *wr_reject_ring_copy(struct wr_reject_ring *ring, uint32_t limit,
                                                struct wr_arena *arena, uint32_t *count);

#endif
