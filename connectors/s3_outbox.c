/* SPDX-License-Identifier: Apache-2.0 */
/* An entry of the list: parts u32  bytes u64  bucket\0  key\0  upload\0, no text of which is empty
 */
#include "connectors/s3_outbox.h"

#include <assert.h>
#include <string.h>

#include "connectors/filesystem_outbox.h"

#define OUTBOX_BUCKET_BYTES_MAX 63
#define OUTBOX_KEY_BYTES_MAX    1024

static const struct wr_outbox_list_kind outbox_kind = {
    "WRUPLDS1",
    "uploads",
    {4, 8},
    1,
    {OUTBOX_BUCKET_BYTES_MAX, OUTBOX_KEY_BYTES_MAX, WR_S3_UPLOAD_BYTES_MAX}};

/* ---- names */

void wr_s3_names_make(const struct wr_table_spec *spec, const struct wr_s3_place *place,
                      struct wr_arena *arena, struct wr_s3_names *names)
{
  struct wr_file_names files;
  wr_file_names_make(spec, arena, &files); /* escapes the sink's name */
  const char *dates = strstr(place->key, "!{");
  size_t length = dates ? (size_t)(dates - place->key) : strlen(place->key);
  while (dates && length && place->key[length - 1] != '/')
    length--;
  bool has_slash = length == 0 || place->key[length - 1] == '/';
  names->base = wr_arena_print(arena, "%.*s%s", (int)length, place->key, has_slash ? "" : "/");
  names->start = wr_arena_print(arena, "part-%s", files.hidden + strlen(".weir-"));
  names->mark = wr_arena_print(arena, "%s%s", names->base, files.mark);
}

bool wr_s3_names_has(const struct wr_s3_names *names, const char *key)
{
  const char *slash = strrchr(key, '/'), *name = slash ? slash + 1 : key;
  size_t length = strlen(names->start);
  if (strncmp(key, names->base, strlen(names->base)) != 0 ||
      strncmp(name, names->start, length) != 0)
    return false;
  name += length;
  size_t task = strspn(name, "0123456789");
  if (task == 0 || name[task] != '-')
    return false;
  name += task + 1;
  if (strspn(name, "0123456789abcdef") != 16 || name[16] != '-')
    return false;
  name += 17;
  size_t number = strspn(name, "0123456789");
  return number > 0 && (name[number] == '.' || name[number] == '\0');
}

/* ---- the outbox */

void wr_s3_outbox_begin(struct wr_buffer *bytes, uint64_t epoch, uint64_t entry_count)
{
  wr_outbox_list_begin(bytes, &outbox_kind, epoch, entry_count);
}

void wr_s3_outbox_put(struct wr_buffer *bytes, const struct wr_s3_entry *entry)
{
  const struct wr_outbox_list_entry plain = {.numbers = {entry->part_count, entry->bytes},
                                             .texts = {entry->bucket, entry->key, entry->upload}};
  wr_outbox_list_put(bytes, &outbox_kind, &plain);
}

enum wr_code wr_s3_outbox_open(struct wr_outbox_list *outbox, struct wr_slice bytes,
                               struct wr_error *err)
{
  return wr_outbox_list_open(outbox, &outbox_kind, bytes, err);
}

enum wr_code wr_s3_outbox_next(struct wr_outbox_list *outbox, struct wr_s3_entry *entry,
                               struct wr_error *err)
{
  struct wr_outbox_list_entry plain;
  enum wr_code code = wr_outbox_list_next(outbox, &plain, err);
  if (code != WR_OK)
    return code;
  *entry = (struct wr_s3_entry){.bucket = plain.texts[0],
                                .key = plain.texts[1],
                                .upload = plain.texts[2],
                                .part_count = (uint32_t)plain.numbers[0],
                                .bytes = plain.numbers[1]};
  if (entry->part_count == 0 || entry->part_count > WR_S3_PARTS_MAX || entry->bytes > INT64_MAX)
    return wr_outbox_list_fail(outbox, "it has an entry that is none", err);
  if (strchr(entry->bucket, '/'))
    return wr_outbox_list_fail(outbox, "it names a bucket that is none", err);
  return WR_OK;
}
