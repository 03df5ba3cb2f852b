/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files: a file, all files of a folder, or all that match a pattern are read as streams of bytes,
 * one split per file; a folder is written as a growing set of files that appear when they are
 * complete. A table that is PARTITIONED BY columns has a folder for each of their values
 * (partition_path.h), and the columns are not in the records. The reading half is
 * filesystem_reader.c (what to read: filesystem_list.c), the writing half filesystem_writer.c. In a
 * job with durable state files appear with the epoch that counts on them (filesystem_publisher.c).
 */
#include "connectors/filesystem.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define FILESYSTEM_PARTITION "partition.default-name"

const char *wr_filesystem_path(const struct wr_table_spec *spec)
{
  const char *path = wr_options_find(spec->options, "path");
  return strncmp(path, "file://", 7) == 0 ? path + 7 : path;
}

enum wr_code wr_filesystem_fail(const char *table, const char *what, const char *path,
                                struct wr_error *err)
{
  bool may_pass = errno == ENOSPC || errno == EDQUOT || errno == EIO || errno == ESTALE;
  wr_fail(err, WR_IO, "table %s cannot %s %s: %m", table, what, path);
  err->retry = may_pass;
  return err->code;
}

enum wr_code wr_filesystem_make_folder(const char *table, char *path, struct wr_error *err)
{
  for (char *slash = path; (slash = strchr(slash + 1, '/'));) {
    *slash = '\0';
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
      return wr_filesystem_fail(table, "make the folder", path, err);
    *slash = '/';
  }
  struct stat status;
  if (mkdir(path, 0777) != 0 && errno != EEXIST)
    return wr_filesystem_fail(table, "make the folder", path, err);
  if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode))
    return wr_fail(err, WR_IO, "the path '%s' of table %s is a file; writing takes a folder", path,
                   table);
  return WR_OK;
}

enum wr_code wr_filesystem_open_folder(const struct wr_table_spec *spec, struct wr_arena *arena,
                                       const char **folder, struct wr_error *err)
{
  const char *path = wr_filesystem_path(spec);
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/')
    length--;
  *folder = wr_arena_copy(arena, path, length);
  return wr_filesystem_make_folder(spec->table, wr_arena_copy(arena, path, length), err);
}

static enum wr_code filesystem_check(const struct wr_table_spec *spec, bool writing,
                                     struct wr_error *err)
{
  const struct wr_option_value *path = wr_options_find_value(spec->options, "path");
  const struct wr_option_value *monitor =
      wr_options_find_value(spec->options, "source.monitor-interval");
  (void)writing;
  if (*wr_filesystem_path(spec) == '\0')
    return wr_fail_at(err, WR_SEMANTIC, path->value_span, "the path of table %s is empty",
                      spec->table);
  if (strncmp(path->value, "s3://", 5) == 0 || strncmp(path->value, "s3a://", 6) == 0) {
    wr_fail_at(err, WR_UNSUPPORTED, path->value_span,
               "the path '%s' of table %s is not in the local file system", path->value,
               spec->table);
    return wr_hint(err, "objects of S3 are read and written by the connector s3");
  }
  if (strstr(path->value, "://") && strncmp(path->value, "file://", 7) != 0) {
    wr_fail_at(err, WR_UNSUPPORTED, path->value_span,
               "the path '%s' of table %s is not in the local file system", path->value,
               spec->table);
    return wr_hint(err, "paths look like data/clicks.json, /data/*.csv or file:///data");
  }
  if (monitor && wr_filesystem_monitor_us(spec) <= 0)
    return wr_fail_at(err, WR_SEMANTIC, monitor->value_span,
                      "the 'source.monitor-interval' of table %s must be longer than 0",
                      spec->table);
  const struct wr_option_value *name = wr_options_find_value(spec->options, FILESYSTEM_PARTITION);
  if (name && *name->value == '\0')
    return wr_fail_at(err, WR_SEMANTIC, name->value_span,
                      "the '" FILESYSTEM_PARTITION "' of table %s is empty", spec->table);
  return WR_OK;
}

int64_t wr_filesystem_monitor_us(const struct wr_table_spec *spec)
{
  const char *name = "source.monitor-interval";
  return wr_options_find(spec->options, name)
             ? wr_options_duration_us(spec->options, wr_filesystem_options, name)
             : 0;
}

static bool filesystem_is_bounded(const struct wr_table_spec *spec)
{
  return wr_filesystem_monitor_us(spec) == 0;
}

const struct wr_option wr_filesystem_options[] = {
    {.name = "path",
     .kind = WR_OPTION_TEXT,
     .required = true,
     .help =
         "Reading: a file, a folder (with its subfolders) or a pattern with * ? [ ]. Writing: a "
         "folder, which is made. Relative paths start at the current directory."},
    {.name = "source.monitor-interval",
     .kind = WR_OPTION_DURATION,
     .help =
         "Reading: how often files are listed anew. Those that have come since, and have not been "
         "written to for so long, are read, and the table has no end. Without it files are "
         "listed once."},
    {.name = "compression",
     .kind = WR_OPTION_CHOICE,
     .choices = "none|gzip",
     .fallback = "none",
     .help = "Writing: how files are compressed. Reading recognises gzip and zstd by itself."},
    {.name = FILESYSTEM_PARTITION,
     .kind = WR_OPTION_TEXT,
     .fallback = "__DEFAULT_PARTITION__",
     .help = "PARTITIONED BY: what stands for NULL and empty text in the name of a folder "
             "(`day=__DEFAULT_PARTITION__`); it is read as NULL. A writer has files of 64 "
             "partitions open; for one more it completes the file that waited longest."},
    {.name = "sink.rolling-policy.file-size",
     .kind = WR_OPTION_BYTES,
     .fallback = "128MB",
     .help = "A file that has reached this size (before compression) is completed. With a state "
             "directory, complete files become visible with the next epoch."},
    {.name = "sink.rolling-policy.rollover-interval",
     .kind = WR_OPTION_DURATION,
     .fallback = "30 min",
     .help = "A file that was begun so long ago is completed."},
    {.name = "sink.rolling-policy.check-interval",
     .kind = WR_OPTION_DURATION,
     .fallback = "1 min",
     .help = "How often the age of files is looked at; at most their rollover interval counts."},
    {.name = NULL},
};

static const struct wr_metadata filesystem_metadata[] = {
    [WR_FILE_PATH] = {"file.path", &wr_type_string, "Path of the file.", WR_METADATA_READ_ONLY},
    [WR_FILE_NAME] = {"file.name", &wr_type_string, "Its name without folders.",
                      WR_METADATA_READ_ONLY},
    [WR_FILE_SIZE] = {"file.size", &wr_type_bigint, "Its size in bytes when it was opened.",
                      WR_METADATA_READ_ONLY},
    [WR_FILE_MODIFICATION_TIME] = {"file.modification-time", &wr_type_timestamp_ltz3,
                                   "When it was last changed.", WR_METADATA_READ_ONLY},
    {.name = NULL},
};

const struct wr_connector wr_connector_filesystem = {
    .name = "filesystem",
    .help = "Reads and writes files of the local file system.",
    .options = wr_filesystem_options,
    .metadata = filesystem_metadata,
    .reader = &wr_filesystem_reader,
    .writer = &wr_filesystem_writer,
    .takes_format = true,
    .partition_option = FILESYSTEM_PARTITION,
    .check = filesystem_check,
    .is_bounded = filesystem_is_bounded,
    .delivery = "at-least-once: on the disk before an epoch counts",
    .publisher = &wr_filesystem_publisher,
};
