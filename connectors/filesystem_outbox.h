/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the two halves of exactly-once files share: how files are called while nobody sees them and
 * afterwards, and the outbox, which tells the publisher which files an epoch counts on.
 *
 *   .weir-<job>-<sink>-<task>-<run>-<n>.json.part      hidden, as long as rows may be taken back
 *   part-<job, 8 digits>-<sink>-<task>-<epoch>-<n>.json   visible since that epoch
 *
 * A sink's name is escaped as in a URL, so no name leaves its folder. It may contain '-', but as
 * the three fields behind it never do, the names of one sink are never taken for another's.
 */
#ifndef WEIR_CONNECTORS_FILESYSTEM_OUTBOX_H
#define WEIR_CONNECTORS_FILESYSTEM_OUTBOX_H

#include "connectors/connector.h"
#include "connectors/outbox_list.h"

/* ---- names */

struct wr_file_names {
  const char *hidden, *shown; /* what they begin with */
  const char *mark;           /* of the sink's own file, filesystem_mark.h */
};

/* Of the sink spec->sink of the job spec->job. Memory comes from the arena. */
void wr_file_names_make(const struct wr_table_spec *spec, struct wr_arena *arena,
                        struct wr_file_names *names);
/* Whether a file is one of this sink's. */
bool wr_file_names_is_hidden(const struct wr_file_names *names, const char *name);
bool wr_file_names_is_shown(const struct wr_file_names *names, const char *name, uint64_t *epoch);

/* ---- the outbox */

struct wr_file_entry {
  const char *folder; /* below the table's: "day=2026-01-02", or "" */
  const char *hidden, *shown;
  uint64_t length; /* bytes that count; there may be more behind them */
  bool done;       /* nothing more will come: it becomes visible with the epoch */
};

/* Appends the head of an outbox, and then each of its entries. */
void wr_file_outbox_begin(struct wr_buffer *bytes, uint64_t epoch, uint64_t entry_count);
void wr_file_outbox_put(struct wr_buffer *bytes, const struct wr_file_entry *entry);

/* Over lent bytes; both fail with WR_DATA. Texts of an entry are lent from the bytes; folders and
 * names that lead anywhere else are refused. */
enum wr_code wr_file_outbox_open(struct wr_outbox_list *outbox, struct wr_slice bytes,
                                 struct wr_error *err);
enum wr_code wr_file_outbox_next(struct wr_outbox_list *outbox, struct wr_file_entry *entry,
                                 struct wr_error *err);

#endif
