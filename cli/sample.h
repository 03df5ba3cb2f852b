/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the beginning of a source through its connector, as a job would: so whatever can be read
 * can be looked at. Formats are not known here; files are pieces of bytes, messages are records.
 */
#ifndef WEIR_CLI_SAMPLE_H
#define WEIR_CLI_SAMPLE_H

#include "connectors/connector.h"
#include "core/limits.h"
#include "discover/discover.h"

struct wr_sample_source {
  const struct wr_connector *connector;
  struct wr_options options;
  const char *table;    /* for messages */
  uint32_t records_max; /* so many are enough */
  int64_t wait_us;      /* messages: no longer than that */
};

/* Folders column=value on the way to every file. */
struct wr_sample_folders {
  struct wr_discovered_folder at[WR_PARTITION_COLUMNS_MAX];
  uint32_t count;
};

/* Pieces and their bytes live in the arena, and folders, too; only pieces, piece_count and
 * is_messages are set. */
enum wr_code wr_sample_read(const struct wr_sample_source *source, struct wr_arena *arena,
                            struct wr_sample *out, struct wr_sample_folders *folders,
                            struct wr_error *err);

#endif
