/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the two halves of exactly-once objects share: how objects are called, and the outbox, which
 * tells the publisher which uploads an epoch counts on.
 *
 *   part-<job>-<sink>-<task>-<run, 16 digits>-<n>.json
 *   .weir-<job>-<sink>.published
 *
 * The second one is the sink's mark, a number of an epoch. The run is drawn by each life of a
 * writer: two lives never make the same name, so what is written again after a kill never lies upon
 * what others see.
 */
#ifndef WEIR_CONNECTORS_S3_OUTBOX_H
#define WEIR_CONNECTORS_S3_OUTBOX_H

#include "connectors/outbox_list.h"
#include "connectors/s3.h"

#define WR_S3_META_JOB "x-amz-meta-weir-job" /* of all objects that are written exactly once */

/* ---- names */

struct wr_s3_names {
  const char *base;  /* what all keys begin with: the path up to the slash before its dates */
  const char *start; /* of a name, behind the last slash */
  const char *mark;  /* key of the sink's mark */
};

/* Of the sink spec->sink of the job spec->job. Memory comes from the arena. */
void wr_s3_names_make(const struct wr_table_spec *spec, const struct wr_s3_place *place,
                      struct wr_arena *arena, struct wr_s3_names *names);
/* Whether a key is one of this sink's objects. */
bool wr_s3_names_has(const struct wr_s3_names *names, const char *key);

/* ---- the outbox */

/* An upload whose parts, 1 to part_count, are all stored when the epoch has settled. */
struct wr_s3_entry {
  const char *bucket, *key, *upload;
  uint32_t part_count;
  uint64_t bytes; /* of all parts */
};

/* Appends the head of an outbox, and each of its entries. */
void wr_s3_outbox_begin(struct wr_buffer *bytes, uint64_t epoch, uint64_t entry_count);
void wr_s3_outbox_put(struct wr_buffer *bytes, const struct wr_s3_entry *entry);

/* Over lent bytes; both fail with WR_DATA. Texts of an entry are lent from the bytes. */
enum wr_code wr_s3_outbox_open(struct wr_outbox_list *outbox, struct wr_slice bytes,
                               struct wr_error *err);
enum wr_code wr_s3_outbox_next(struct wr_outbox_list *outbox, struct wr_s3_entry *entry,
                               struct wr_error *err);

#endif
