/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger of a stream: its shards, whose children they are, which reader has them, and which
 * have been read to their end. All readers of a source share one, whatever thread they are in, and
 * keep by it the order of rows with the same key: a shard that was split or merged ends, its
 * children take over its keys, and they are read only when the parents are drained.
 *
 *   known -> owned by a reader -> begun when all known parents are drained -> drained
 *
 * A child belongs to the reader of its first parent. A parent that was never known counts as
 * drained: its records have left the stream, or lie before the place where reading began.
 */
#ifndef WEIR_CONNECTORS_KINESIS_SHARDS_H
#define WEIR_CONNECTORS_KINESIS_SHARDS_H

#include "connectors/kpl.h"
#include "core/error.h"

#define WR_KINESIS_NOBODY UINT32_MAX

struct wr_kinesis_shard {
  const char *name;
  const char *parents[2];  /* NULL: none */
  wr_hash_key first, last; /* its hash keys, both included */
  bool is_closed;          /* a list says that it takes no more records */
};

struct wr_kinesis_ledger;

struct wr_kinesis_ledger *wr_kinesis_ledger_new(void);
void wr_kinesis_ledger_free(struct wr_kinesis_ledger *ledger);

/* Makes a shard known; copies. Nothing if it already is. WR_LIMIT: WR_KINESIS_SHARDS_MAX. */
enum wr_code wr_kinesis_ledger_know(struct wr_kinesis_ledger *ledger,
                                    const struct wr_kinesis_shard *shard, struct wr_error *err);
/* NULL if it is not known; texts live as long as the ledger. */
const struct wr_kinesis_shard *wr_kinesis_ledger_find(struct wr_kinesis_ledger *ledger,
                                                      const char *name);
/* A known shard is of this reader from now on. */
void wr_kinesis_ledger_own(struct wr_kinesis_ledger *ledger, const char *name, uint32_t reader);
/* A known shard has been read to its end, and all its rows are handed over. */
void wr_kinesis_ledger_drain(struct wr_kinesis_ledger *ledger, const char *name, int64_t now_us);
/* All steps of the job are behind the rows of a shard that has been drained. */
void wr_kinesis_ledger_settle(struct wr_kinesis_ledger *ledger, const char *name);
/* Whether a list has said that a shard takes no more records. */
bool wr_kinesis_ledger_is_closed(struct wr_kinesis_ledger *ledger, const char *name);
/* Whether a shard is known that has this one as a parent. */
bool wr_kinesis_ledger_has_child(struct wr_kinesis_ledger *ledger, const char *name);

/* A shard that nobody has and whose place is this reader: that of its first known parent, once it
 * is drained; anybody's if there is none. It is owned then. NULL: there is none. */
const struct wr_kinesis_shard *wr_kinesis_ledger_take(struct wr_kinesis_ledger *ledger,
                                                      uint32_t reader);
/* Whether a shard of this reader may be read. A parent in another reader must have settled, or have
 * been drained for settle_us. */
bool wr_kinesis_ledger_may_begin(struct wr_kinesis_ledger *ledger, const char *name,
                                 uint32_t reader, int64_t settle_us, int64_t now_us);

/* Whether the caller is to list the shards now: one of all readers in an interval. */
bool wr_kinesis_ledger_is_due(struct wr_kinesis_ledger *ledger, int64_t interval_us,
                              int64_t now_us);
/* Changes with every shard that becomes known or drained; cheap. */
uint64_t wr_kinesis_ledger_version(const struct wr_kinesis_ledger *ledger);

#endif
