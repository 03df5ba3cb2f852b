/* SPDX-License-Identifier: Apache-2.0 */
/* What a server of S3 may answer, lists of objects, uploads and parts: what is taken has keys and
 * numbers, and texts are no longer than the answer. */
#include <stdlib.h>
#include <string.h>

#include "connectors/s3_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand_text(const char *text, size_t size)
{
  if (!text || !*text || strlen(text) > size)
    abort();
}

static void check_uploads(const char *bytes, size_t size, struct wr_arena *arena)
{
  struct wr_s3_uploads uploads;
  struct wr_s3_parts parts;
  const char *begun = wr_s3_begun_parse(bytes, size, arena);
  if (begun)
    demand_text(begun, size);
  wr_s3_completed_parse(bytes, size);
  if (wr_s3_uploads_parse(bytes, size, arena, &uploads))
    for (uint32_t i = 0; i < uploads.upload_count; i++) {
      demand_text(uploads.uploads[i].key, size);
      demand_text(uploads.uploads[i].id, size);
    }
  if (wr_s3_parts_parse(bytes, size, arena, &parts))
    for (uint32_t i = 0; i < parts.part_count; i++) {
      demand_text(parts.parts[i].etag, size);
      if (parts.parts[i].number < 1 || parts.parts[i].number > WR_S3_PARTS_MAX ||
          parts.parts[i].size < 0)
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct wr_arena arena = {0};
  struct wr_s3_page page;
  char *bytes = malloc(size + 1); /* without a byte behind it */
  memcpy(bytes, data, size);
  char *exact = realloc(bytes, size ? size : 1);
  if (wr_s3_page_parse(exact, size, &arena, &page)) {
    for (uint32_t i = 0; i < page.object_count; i++)
      if (page.objects[i].key[0] == '\0' || strlen(page.objects[i].key) > size)
        abort();
    if (page.next && strlen(page.next) > size)
      abort();
  }
  check_uploads(exact, size, &arena);
  free(exact);
  wr_arena_free(&arena);
  return 0;
}
