/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the S3 connector share: where a table's objects are, and how S3 is asked. */
#ifndef WEIR_CONNECTORS_S3_H
#define WEIR_CONNECTORS_S3_H

#include "connectors/publisher.h"
#include "connectors/s3_answer.h"
#include "net/aws.h"

extern const struct wr_option wr_s3_options[];
extern const struct wr_connector wr_connector_s3;
extern const struct wr_reader_class wr_s3_reader;
extern const struct wr_writer_class wr_s3_writer;
extern const struct wr_publisher_class wr_s3_publisher;

enum wr_s3_metadata { WR_S3_PATH, WR_S3_NAME, WR_S3_SIZE, WR_S3_MODIFICATION_TIME };

#define WR_S3_END "end" /* the position of an object that was read to its end */

/* The option 'path': s3://bucket/key. */
struct wr_s3_place {
  const char *bucket;
  const char *key;     /* without the slash before it; empty: the whole bucket */
  const char *literal; /* what all keys begin with: up to the first of * ? [ */
  bool is_pattern;
  const char *const *partitions; /* folders of these columns are taken whatever their names */
  uint32_t partition_count;
};
/* False: it is no such path. */
bool wr_s3_place_parse(const char *path, struct wr_arena *arena, struct wr_s3_place *out);
/* The place that a table reads. */
void wr_s3_place_of(const struct wr_table_spec *spec, struct wr_arena *arena,
                    struct wr_s3_place *out);
/* Whether an object belongs to the table: it has the key itself, lies below it, or fits the
 * pattern; what begins with '.' or '_' behind that is left out, as in folders of files. */
bool wr_s3_place_has(const struct wr_s3_place *place, const char *key);

/* Appends a key whose date parts, !{timestamp:yyyy/MM/dd/HH}, are those of a time; false: what is
 * in the braces is something else (s3_prefix.c). */
bool wr_s3_prefix_put(const char *key, int64_t time_us, struct wr_buffer *out);

/* 0: objects are listed once. */
int64_t wr_s3_monitor_us(const struct wr_table_spec *spec);

enum wr_code wr_s3_open_client(const struct wr_table_spec *spec, struct wr_aws **out,
                               struct wr_error *err);
/* Fills the method, the path and host of a bucket's object (key NULL: of the bucket itself). */
void wr_s3_request(const struct wr_aws *aws, struct wr_arena *arena, const char *method,
                   const char *bucket, const char *key, struct wr_aws_request *out);

/* ---- s3_list.c: which objects there are, page by page */

struct wr_s3_list {
  const struct wr_s3_place *place;
  struct wr_arena *arena; /* of keys */
  const char **keys;      /* of objects that belong to the table */
  uint32_t key_count, key_capacity;
  const char *next; /* continuation token; NULL: the beginning, or the end */
  bool is_complete;
};

/* Asks for the next page; its answer goes to wr_s3_list_take. */
void wr_s3_list_request(const struct wr_s3_list *list, const struct wr_aws *aws,
                        struct wr_arena *arena, struct wr_aws_request *out);
enum wr_code wr_s3_list_take(struct wr_s3_list *list, const char *table, struct wr_slice body,
                             struct wr_error *err);
/* By the bytes of keys. */
void wr_s3_list_sort(struct wr_s3_list *list);
void wr_s3_list_free(struct wr_s3_list *list);

/* ---- s3_splits.c: as wr_reader_class has them */

/* s3://bucket/key */
const char *wr_s3_name(struct wr_arena *arena, const char *bucket, const char *key);
/* The values of the table's partition columns in the name of an object. */
enum wr_code wr_s3_partitions(const struct wr_table_spec *spec, const char *name,
                              struct wr_arena *arena, const struct wr_text *const **out,
                              struct wr_error *err);
enum wr_code wr_s3_discover(const struct wr_table_spec *spec, struct wr_arena *arena,
                            struct wr_split **splits, uint32_t *split_count, struct wr_error *err);
enum wr_code wr_s3_share(const struct wr_table_spec *spec, const struct wr_split *splits,
                         uint32_t split_count, const struct wr_split *gone, uint32_t gone_count,
                         void **out, struct wr_error *err);
void wr_s3_unshare(void *shared);
bool wr_s3_grows(const struct wr_table_spec *spec);
bool wr_s3_forgets(const struct wr_table_spec *spec, const struct wr_split *gone);

#endif
