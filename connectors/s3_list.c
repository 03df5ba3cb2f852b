/* SPDX-License-Identifier: Apache-2.0 */
/* Which objects a path means: pages of ListObjectsV2, of which those are kept that belong to it. */
#include <stdlib.h>
#include <string.h>

#include "connectors/s3.h"
#include "core/limits.h"

#define S3_QUERY_BYTES 6144 /* a prefix and a token, escaped; keys have at most 1,024 bytes */

void wr_s3_list_request(const struct wr_s3_list *list, const struct wr_aws *aws,
                        struct wr_arena *arena, struct wr_aws_request *out)
{
  char prefix[S3_QUERY_BYTES], token[S3_QUERY_BYTES] = "";
  const char *literal = list->place->literal;
  wr_http_escape(literal, strlen(literal), false, prefix, sizeof prefix);
  if (list->next)
    wr_http_escape(list->next, strlen(list->next), false, token, sizeof token);
  wr_s3_request(aws, arena, "GET", list->place->bucket, NULL, out);
  out->query =
      wr_arena_print(arena, "%s%s%slist-type=2&prefix=%s", list->next ? "continuation-token=" : "",
                     token, list->next ? "&" : "", prefix);
}

enum wr_code wr_s3_list_take(struct wr_s3_list *list, const char *table, struct wr_slice body,
                             struct wr_error *err)
{
  struct wr_arena scratch = {0};
  struct wr_s3_page page;
  enum wr_code code = WR_OK;
  if (!wr_s3_page_parse(body.bytes, body.length, &scratch, &page))
    code = wr_fail(err, WR_IO, "table %s: the list of objects in s3://%s/%s makes no sense", table,
                   list->place->bucket, list->place->literal);
  for (uint32_t i = 0; code == WR_OK && i < page.object_count; i++) {
    const char *key = page.objects[i].key;
    if (!wr_s3_place_has(list->place, key))
      continue;
    if (list->key_count == WR_FILES_MAX) {
      code =
          wr_fail(err, WR_LIMIT, "table %s has more than %d objects (WR_FILES_MAX) in s3://%s/%s",
                  table, WR_FILES_MAX, list->place->bucket, list->place->key);
      break;
    }
    if (list->key_count == list->key_capacity) {
      list->key_capacity = list->key_capacity ? 2 * list->key_capacity : 64;
      list->keys = wr_memory_resize(list->keys, list->key_capacity * sizeof *list->keys);
    }
    list->keys[list->key_count++] = wr_arena_copy(list->arena, key, strlen(key));
  }
  list->next = NULL;
  if (code == WR_OK && page.next)
    list->next = wr_arena_copy(list->arena, page.next, strlen(page.next));
  list->is_complete = !list->next;
  wr_arena_free(&scratch);
  return code;
}

static int list_compare(const void *a, const void *b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void wr_s3_list_sort(struct wr_s3_list *list)
{
  if (list->key_count)
    qsort(list->keys, list->key_count, sizeof *list->keys, list_compare);
}

void wr_s3_list_free(struct wr_s3_list *list)
{
  free(list->keys);
  list->keys = NULL;
  list->key_count = list->key_capacity = 0;
}
