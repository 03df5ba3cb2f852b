/* SPDX-License-Identifier: Apache-2.0 */
/* Which splits a table of objects has, at its start and of what was read before. */
#include <stdlib.h>
#include <string.h>

#include "connectors/known_names.h"
#include "connectors/partition_values.h"
#include "connectors/s3.h"

const char *wr_s3_name(struct wr_arena *arena, const char *bucket, const char *key)
{
  return wr_arena_print(arena, "s3://%s/%s", bucket, key);
}

enum wr_code wr_s3_partitions(const struct wr_table_spec *spec, const char *name,
                              struct wr_arena *arena, const struct wr_text *const **out,
                              struct wr_error *err)
{
  const char *fallback =
      wr_options_text(spec->options, wr_s3_options, wr_connector_s3.partition_option);
  return wr_partition_values_read(spec, fallback, "object", name, arena, out, err);
}

static enum wr_code s3_list_all(const struct wr_table_spec *spec, struct wr_s3_list *list,
                                struct wr_error *err)
{
  struct wr_aws *aws;
  enum wr_code code = wr_s3_open_client(spec, &aws, err);
  if (code != WR_OK)
    return code;
  while (code == WR_OK && !list->is_complete) {
    struct wr_aws_request request;
    char *body = NULL;
    size_t length = 0;
    wr_s3_list_request(list, aws, list->arena, &request);
    code = wr_aws_do(aws, &request, &body, &length, NULL, err);
    if (code == WR_OK)
      code = wr_s3_list_take(list, spec->table, (struct wr_slice){body, (uint32_t)length}, err);
    else
      wr_hint(err, "table %s lists s3://%s/%s", spec->table, list->place->bucket,
              list->place->literal);
    free(body);
  }
  wr_aws_close(aws);
  return code;
}

enum wr_code wr_s3_discover(const struct wr_table_spec *spec, struct wr_arena *arena,
                            struct wr_split **splits, uint32_t *split_count, struct wr_error *err)
{
  struct wr_s3_place place;
  wr_s3_place_of(spec, arena, &place);
  struct wr_s3_list list = {.place = &place, .arena = arena};
  enum wr_code code = s3_list_all(spec, &list, err);
  if (code == WR_OK && list.key_count == 0 && !wr_s3_monitor_us(spec))
    code = wr_fail(err, WR_IO, "table %s: there is no object under s3://%s/%s", spec->table,
                   place.bucket, place.key);
  wr_s3_list_sort(&list);
  *splits = WR_NEW_ARRAY(arena, struct wr_split, list.key_count + 1);
  *split_count = list.key_count;
  for (uint32_t i = 0; code == WR_OK && i < list.key_count; i++) {
    const struct wr_text *const *values;
    (*splits)[i].name = wr_s3_name(arena, place.bucket, list.keys[i]);
    if (spec->partition_count)
      code = wr_s3_partitions(spec, (*splits)[i].name, arena, &values, err);
  }
  wr_s3_list_free(&list);
  return code;
}

bool wr_s3_grows(const struct wr_table_spec *spec)
{
  return wr_s3_monitor_us(spec) > 0;
}

/* What was read to its end and is no more is of no interest. */
bool wr_s3_forgets(const struct wr_table_spec *spec, const struct wr_split *gone)
{
  (void)spec;
  return gone->position && strcmp(gone->position, WR_S3_END) == 0;
}

enum wr_code wr_s3_share(const struct wr_table_spec *spec, const struct wr_split *splits,
                         uint32_t split_count, const struct wr_split *gone, uint32_t gone_count,
                         void **out, struct wr_error *err)
{
  (void)err;
  struct wr_known_names *known = NULL;
  if (wr_s3_grows(spec)) {
    known = wr_known_names_new();
    for (uint32_t i = 0; i < split_count; i++)
      wr_known_names_claim(known, splits[i].name);
    for (uint32_t i = 0; i < gone_count; i++)
      if (!wr_s3_forgets(spec, &gone[i]))
        wr_known_names_claim(known, gone[i].name);
  }
  *out = known;
  return WR_OK;
}

void wr_s3_unshare(void *shared)
{
  wr_known_names_free(shared);
}
