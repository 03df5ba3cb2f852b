/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the filesystem connector share: its option table, its metadata columns, and
 * the two halves. */
#ifndef WEIR_CONNECTORS_FILESYSTEM_H
#define WEIR_CONNECTORS_FILESYSTEM_H

#include "connectors/publisher.h"

extern const struct wr_option wr_filesystem_options[];
extern const struct wr_connector wr_connector_filesystem;
extern const struct wr_reader_class wr_filesystem_reader;
extern const struct wr_writer_class wr_filesystem_writer;
extern const struct wr_publisher_class wr_filesystem_publisher;

enum wr_filesystem_metadata { WR_FILE_PATH, WR_FILE_NAME, WR_FILE_SIZE, WR_FILE_MODIFICATION_TIME };

#define WR_FILES_SUFFIX ".part" /* of files that are being written: .part-<run>-<task>-<n>.part */

/* The option 'path' without a leading file:// */
const char *wr_filesystem_path(const struct wr_table_spec *spec);

/* Where files are written: the path without '/' at its end. The folder and all above it are made.
 */
enum wr_code wr_filesystem_open_folder(const struct wr_table_spec *spec, struct wr_arena *arena,
                                       const char **folder, struct wr_error *err);
/* Makes a folder and all above it; the path is changed in between. */
enum wr_code wr_filesystem_make_folder(const char *table, char *path, struct wr_error *err);
/* "table t cannot <what> <path>: " and the reason, errno. It may pass if it is want of room. */
enum wr_code wr_filesystem_fail(const char *table, const char *what, const char *path,
                                struct wr_error *err);

/* How often files are listed anew; 0: once, at the start. */
int64_t wr_filesystem_monitor_us(const struct wr_table_spec *spec);

/* All files that the option 'path' means, by name, without doubles; paths live in the arena. Not
 * finding it is an error, an empty folder is not. */
enum wr_code wr_filesystem_list(const struct wr_table_spec *spec, struct wr_arena *arena,
                                const char ***paths, uint32_t *path_count, struct wr_error *err);

/* Completes what killed writers of the table left in a folder and the partitions below it. */
enum wr_code wr_filesystem_adopt(const struct wr_table_spec *spec, const char *folder,
                                 struct wr_error *err);

#endif
