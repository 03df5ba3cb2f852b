/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects of Amazon S3 and of what speaks like it, read as files: a key, everything below it, or a
 * pattern; one split per object. Which there are is listed once, or again and again (s3_list.c);
 * s3_reader.c reads them in ranges. s3_writer.c writes them, s3_prefix.c makes dates of their
 * names.
 */
#include "connectors/s3.h"

#include <fnmatch.h>
#include <string.h>

#include "connectors/partition_path.h"
#include "core/limits.h"

#define S3_PARTITION        "partition.default-name"
#define S3_OBJECT_BYTES_MAX (INT64_C(64) << 30) /* 10,000 parts of 8 MiB are 78 GiB */

/* ---- places */

bool wr_s3_place_parse(const char *path, struct wr_arena *arena, struct wr_s3_place *out)
{
  static const char *const schemes[] = {"s3://", "s3a://", "s3n://"};
  const char *rest = NULL;
  for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
    if (strncmp(path, schemes[i], strlen(schemes[i])) == 0)
      rest = path + strlen(schemes[i]);
  if (!rest)
    return false;
  size_t bucket = strcspn(rest, "/");
  const char *key = rest[bucket] ? rest + bucket + 1 : "";
  if (bucket < 3 || bucket > 63 || strlen(key) > 1024)
    return false;
  size_t literal = strcspn(key, "*?[");
  *out = (struct wr_s3_place){.bucket = wr_arena_copy(arena, rest, bucket),
                              .key = wr_arena_copy(arena, key, strlen(key)),
                              .literal = wr_arena_copy(arena, key, literal),
                              .is_pattern = key[literal] != '\0'};
  return true;
}

void wr_s3_place_of(const struct wr_table_spec *spec, struct wr_arena *arena,
                    struct wr_s3_place *out)
{
  wr_s3_place_parse(wr_options_find(spec->options, "path"), arena, out);
  out->partitions = spec->partitions;
  out->partition_count = spec->partition_count;
}

/* Whether a part of the path begins with '.' or '_' and is no folder of a partition. */
static bool place_hides(const struct wr_s3_place *place, const char *rest)
{
  for (const char *part = rest; part; part = strchr(part, '/')) {
    part += *part == '/';
    bool is_hidden = *part == '.' || *part == '_';
    for (uint32_t i = 0; is_hidden && strchr(part, '/') && i < place->partition_count; i++)
      is_hidden = !wr_partition_is_folder(part, place->partitions[i]);
    if (is_hidden)
      return true;
  }
  return false;
}

bool wr_s3_place_has(const struct wr_s3_place *place, const char *key)
{
  size_t length = strlen(place->key), key_length = strlen(key);
  if (key_length == 0 || key[key_length - 1] == '/') /* stands for an empty folder */
    return false;
  if (strcmp(key, place->key) == 0)
    return true;
  if (place->is_pattern) {
    const char *name = strrchr(key, '/');
    return fnmatch(place->key, key, FNM_PATHNAME) == 0 &&
           !place_hides(place, name ? name + 1 : key);
  }
  if (strncmp(key, place->key, length) != 0)
    return false;
  bool is_below = length == 0 || place->key[length - 1] == '/' || key[length] == '/';
  return is_below && !place_hides(place, key + length + (key[length] == '/'));
}

/* ---- requests */

/* With an endpoint of its own a bucket is part of the path: its name need not be one of a host. */
void wr_s3_request(const struct wr_aws *aws, struct wr_arena *arena, const char *method,
                   const char *bucket, const char *key, struct wr_aws_request *out)
{
  const char *endpoint = wr_aws_endpoint(aws);
  bool is_host = strstr(endpoint, ".amazonaws.com") && !strchr(bucket, '.');
  *out = (struct wr_aws_request){.method = method};
  out->host_prefix = is_host ? bucket : NULL;
  out->path = is_host ? wr_arena_print(arena, "/%s", key ? key : "")
                      : wr_arena_print(arena, "/%s%s%s", bucket, key ? "/" : "", key ? key : "");
}

enum wr_code wr_s3_open_client(const struct wr_table_spec *spec, struct wr_aws **out,
                               struct wr_error *err)
{
  const struct wr_aws_settings settings = {
      .service = "s3", .options = spec->options, .note = spec->note, .note_self = spec->note_self};
  return wr_aws_open(&settings, out, err);
}

/* ---- options */

int64_t wr_s3_monitor_us(const struct wr_table_spec *spec)
{
  return wr_options_find(spec->options, "source.monitor-interval")
             ? wr_options_duration_us(spec->options, wr_s3_options, "source.monitor-interval")
             : 0;
}

/* Only a table that is written has date parts in its path, and no pattern. */
static enum wr_code s3_check_key(const struct wr_table_spec *spec, const struct wr_s3_place *place,
                                 const struct wr_option_value *path, bool writing,
                                 struct wr_error *err)
{
  struct wr_buffer key = {0};
  bool is_good = wr_s3_prefix_put(place->key, 0, &key);
  wr_buffer_free(&key);
  if (writing && place->is_pattern)
    return wr_fail_at(err, WR_SEMANTIC, path->value_span,
                      "the path '%s' of table %s is a pattern; writing takes a folder", path->value,
                      spec->table);
  if (!writing && strstr(place->key, "!{"))
    return wr_fail_at(err, WR_SEMANTIC, path->value_span,
                      "the path '%s' of table %s has date parts, which only writing knows",
                      path->value, spec->table);
  if (is_good)
    return WR_OK;
  wr_fail_at(err, WR_SEMANTIC, path->value_span,
             "the path '%s' of table %s has something in !{} that is no date", path->value,
             spec->table);
  return wr_hint(err, "it looks like !{timestamp:yyyy/MM/dd/HH}, of yyyy MM dd HH mm");
}

static enum wr_code s3_check_sizes(const struct wr_table_spec *spec, struct wr_error *err)
{
  static const char name[] = "sink.rolling-policy.file-size";
  int64_t size = wr_options_bytes(spec->options, wr_s3_options, name);
  const struct wr_option_value *given = wr_options_find_value(spec->options, name);
  if (size >= 1 && size <= S3_OBJECT_BYTES_MAX)
    return WR_OK;
  return wr_fail_at(err, WR_SEMANTIC, given->value_span,
                    "'%s' of table %s must be from 1 byte to %d GB", name, spec->table,
                    (int)(S3_OBJECT_BYTES_MAX >> 30));
}

static enum wr_code s3_check(const struct wr_table_spec *spec, bool writing, struct wr_error *err)
{
  const struct wr_option_value *path = wr_options_find_value(spec->options, "path");
  const struct wr_option_value *monitor =
      wr_options_find_value(spec->options, "source.monitor-interval");
  struct wr_arena arena = {0};
  struct wr_s3_place place;
  enum wr_code code = WR_OK;
  if (!wr_s3_place_parse(path->value, &arena, &place)) {
    wr_fail_at(err, WR_SEMANTIC, path->value_span,
               "the path '%s' of table %s names no bucket and key of S3", path->value, spec->table);
    code = wr_hint(err, "paths look like s3://bucket/folder/, s3://bucket/key.json or "
                        "s3://bucket/logs/*.gz");
  } else {
    code = s3_check_key(spec, &place, path, writing, err);
  }
  wr_arena_free(&arena);
  if (code == WR_OK && monitor && wr_s3_monitor_us(spec) <= 0)
    code = wr_fail_at(err, WR_SEMANTIC, monitor->value_span,
                      "'source.monitor-interval' must be longer than 0");
  if (code == WR_OK)
    code = s3_check_sizes(spec, err);
  return code == WR_OK ? wr_aws_check(spec->options, err) : code;
}

static bool s3_is_bounded(const struct wr_table_spec *spec)
{
  return wr_s3_monitor_us(spec) == 0;
}

const struct wr_option wr_s3_options[] = {
    {.name = "path",
     .kind = WR_OPTION_TEXT,
     .required = true,
     .help =
         "Reading, s3://bucket/key: an object, all objects below it, or a pattern with * ? [ ]. "
         "Names below it that begin with '.' or '_' are left out. Writing: what the names of "
         "objects begin with; !{timestamp:yyyy/MM/dd/HH} is when the object was begun, in UTC."},
    {.name = "source.monitor-interval",
     .kind = WR_OPTION_DURATION,
     .help = "How often objects are listed anew; those that have come since are read, and the "
             "table has no end. Without it they are listed once."},
    {.name = "compression",
     .kind = WR_OPTION_CHOICE,
     .choices = "none|gzip",
     .fallback = "none",
     .help = "Writing: how objects are compressed. Reading recognises gzip and zstd by itself."},
    {.name = S3_PARTITION,
     .kind = WR_OPTION_TEXT,
     .fallback = "__DEFAULT_PARTITION__",
     .help = "PARTITIONED BY: what stands for NULL and empty text in the name of a folder "
             "(`day=__DEFAULT_PARTITION__`); it is read as NULL."},
    {.name = "sink.rolling-policy.file-size",
     .kind = WR_OPTION_BYTES,
     .fallback = "64MB",
     .help =
         "An object that has reached this size (before compression) is stored; at most 64GB. "
         "Without a state directory it is stored in one request. Objects are stored early when a "
         "writer has gathered 128MB, or its share of --memory."},
    {.name = "sink.rolling-policy.rollover-interval",
     .kind = WR_OPTION_DURATION,
     .fallback = "5 min",
     .help = "An object that was begun so long ago is stored. With a state directory, every epoch "
             "stores all there is."},
    WR_AWS_OPTIONS,
    {.name = NULL},
};

static const struct wr_metadata s3_metadata[] = {
    [WR_S3_PATH] = {"file.path", &wr_type_string, "Path of the object: s3://bucket/key.",
                    WR_METADATA_READ_ONLY},
    [WR_S3_NAME] = {"file.name", &wr_type_string, "What stands behind the last slash of its key.",
                    WR_METADATA_READ_ONLY},
    [WR_S3_SIZE] = {"file.size", &wr_type_bigint, "Its size in bytes, as it is stored.",
                    WR_METADATA_READ_ONLY},
    [WR_S3_MODIFICATION_TIME] = {"file.modification-time", &wr_type_timestamp_ltz3,
                                 "When it was stored.", WR_METADATA_READ_ONLY},
    {.name = NULL},
};

const struct wr_connector wr_connector_s3 = {
    .name = "s3",
    .help = "Reads and writes objects of Amazon S3.",
    .options = wr_s3_options,
    .metadata = s3_metadata,
    .reader = &wr_s3_reader,
    .writer = &wr_s3_writer,
    .takes_format = true,
    .partition_option = S3_PARTITION,
    .publisher = &wr_s3_publisher,
    .delivery = "at-least-once: stored before an epoch counts",
    .check = s3_check,
    .is_bounded = s3_is_bounded,
};
