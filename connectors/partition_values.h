/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the path of a file or an object says of the columns of PARTITIONED BY. Sources of files find
 * it out once per split and repeat it for every row.
 */
#ifndef WEIR_CONNECTORS_PARTITION_VALUES_H
#define WEIR_CONNECTORS_PARTITION_VALUES_H

#include "connectors/connector.h"

/* One text per spec->partitions, NULL for NULL, of the arena. fallback: what the table calls NULL;
 * Hive's name for it is taken as well. what: "file", for messages. A path that lacks one of the
 * columns is an error that names both. */
enum wr_code wr_partition_values_read(const struct wr_table_spec *spec, const char *fallback,
                                      const char *what, const char *path, struct wr_arena *arena,
                                      const struct wr_text *const **out, struct wr_error *err);

#endif
