/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folders of a table that is PARTITIONED BY columns: one level each, named column=value, as
 * Hive names and escapes them. NULL and the empty text share a folder, which has a name of its own.
 *
 *   out/day=2026-01-02/h=3/part-...
 */
#ifndef WEIR_CONNECTORS_PARTITION_PATH_H
#define WEIR_CONNECTORS_PARTITION_PATH_H

#include "core/text.h"
#include "text/buffer.h"

/* Appends the folder of a value; value NULL: NULL. fallback: what NULL and '' are called. False,
 * nothing appended: its name is longer than WR_PARTITION_NAME_BYTES_MAX. */
bool wr_partition_put(struct wr_buffer *out, const char *column, const struct wr_text *value,
                      const char *fallback);

/* The value in the last folder on the way to a file that is one of the column, unescaped, into an
 * empty buffer. False: there is none. */
bool wr_partition_find(const char *path, const char *column, struct wr_buffer *value);

/* Appends the column, unescaped, of a folder's name, which ends at `end`. False: it is of none. */
bool wr_partition_column(const char *name, const char *end, struct wr_buffer *column);

/* Whether a folder's name, up to its end or a slash, is one of the column. */
bool wr_partition_is_folder(const char *name, const char *column);

#endif
