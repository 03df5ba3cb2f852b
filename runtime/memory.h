/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a job may take of the memory, and how that is divided. Bytes are counted where they are, in
 * the operators, epochs and sinks, and compared with these shares about every 100 ms: a job whose
 * state grows by a gigabyte a second can be 100 MB above a share before anybody notices, for which
 * the part that is nobody's share leaves room.
 */
#ifndef WEIR_RUNTIME_MEMORY_H
#define WEIR_RUNTIME_MEMORY_H

#include <stdint.h>

enum wr_memory_use { WR_MEMORY_STATE, WR_MEMORY_SAVING, WR_MEMORY_OUTBOX, WR_MEMORY_REST };
enum { WR_MEMORY_USES = WR_MEMORY_REST + 1 };

struct wr_memory_share {
  const char *name;
  uint32_t percent;
  const char *use; /* what it is for, and what happens above it */
};
extern const struct wr_memory_share wr_memory_shares[WR_MEMORY_USES];

/* Bytes of a share of so much memory. */
uint64_t wr_memory_share(uint64_t memory_bytes, enum wr_memory_use use);

/* Three quarters of what the machine has, or of what the control groups of this process (version 2
 * or 1, the parents' too) leave it if that is less. root: "" or, for tests, a folder with proc/ and
 * sys/fs/cgroup/. What cannot be read does not count; if nothing can, 1 GiB is taken for granted.
 */
uint64_t wr_memory_default(const char *root);

#endif
