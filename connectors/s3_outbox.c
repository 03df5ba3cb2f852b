/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. */
#include "connectors/s3_outbox.h"

#include <assert.h>
#include <string.h>

#include "connectors/filesystem_outbox.h"

#define OUTBOX_MAGIC             "WRUPLDS1"
#define OUTBOX_MAGIC_BYTES       8
#define OUTBOX_ENTRY_BYTES_LEAST (4 + 8 + 3 * 2)
#define OUTBOX_BUCKET_BYTES_MAX  63
#define OUTBOX_KEY_BYTES_MAX     1024
#define OUTBOX_UPLOAD_BYTES_MAX  WR_S3_UPLOAD_BYTES_MAX

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

/* ---- writing */

static void outbox_put_number(struct wr_buffer *bytes, uint64_t value, int width)
{
  char *end = wr_buffer_reserve(bytes, 8);
  for (int i = 0; i < width; i++)
    end[i] = (char)(value >> 8 * i);
  wr_buffer_added(bytes, (size_t)width);
}

void wr_s3_outbox_begin(struct wr_buffer *bytes, uint64_t epoch, uint64_t entry_count)
{
  wr_buffer_put(bytes, OUTBOX_MAGIC, OUTBOX_MAGIC_BYTES);
  outbox_put_number(bytes, epoch, 8);
  outbox_put_number(bytes, entry_count, 8);
}

void wr_s3_outbox_put(struct wr_buffer *bytes, const struct wr_s3_entry *entry)
{
  outbox_put_number(bytes, entry->part_count, 4);
  outbox_put_number(bytes, entry->bytes, 8);
  wr_buffer_put(bytes, entry->bucket, strlen(entry->bucket) + 1);
  wr_buffer_put(bytes, entry->key, strlen(entry->key) + 1);
  wr_buffer_put(bytes, entry->upload, strlen(entry->upload) + 1);
}

/* ---- reading */

static enum wr_code outbox_fail(const char *what, struct wr_error *err)
{
  return wr_fail(err, WR_DATA, "a list of uploads in the epoch is damaged: %s", what);
}

static uint64_t outbox_get_number(struct wr_s3_outbox *outbox, int width)
{
  uint64_t value = 0;
  assert(outbox->end - outbox->at >= width);
  for (int i = 0; i < width; i++)
    value |= (uint64_t)(unsigned char)*outbox->at++ << 8 * i;
  return value;
}

enum wr_code wr_s3_outbox_open(struct wr_s3_outbox *outbox, struct wr_slice bytes,
                               struct wr_error *err)
{
  *outbox = (struct wr_s3_outbox){.at = bytes.bytes,
                                  .end = bytes.bytes ? bytes.bytes + bytes.length : NULL};
  if (bytes.length == 0)
    return WR_OK;
  if (bytes.length < OUTBOX_MAGIC_BYTES + 16 ||
      memcmp(bytes.bytes, OUTBOX_MAGIC, OUTBOX_MAGIC_BYTES) != 0)
    return outbox_fail("it has no beginning", err);
  outbox->at += OUTBOX_MAGIC_BYTES;
  outbox->epoch = outbox_get_number(outbox, 8);
  outbox->left = outbox_get_number(outbox, 8);
  if (outbox->left > (uint64_t)(outbox->end - outbox->at) / OUTBOX_ENTRY_BYTES_LEAST)
    return outbox_fail("it is too short", err);
  if (outbox->left == 0 && outbox->at != outbox->end)
    return outbox_fail("it is too long", err);
  return WR_OK;
}

/* A text of 1 to so many bytes; NULL: there is none. */
static const char *outbox_get_text(struct wr_s3_outbox *outbox, size_t most)
{
  const char *text = outbox->at;
  size_t room = (size_t)(outbox->end - text);
  const char *end = memchr(text, 0, room < most + 1 ? room : most + 1);
  if (!end || end == text)
    return NULL;
  outbox->at = end + 1;
  return text;
}

enum wr_code wr_s3_outbox_next(struct wr_s3_outbox *outbox, struct wr_s3_entry *entry,
                               struct wr_error *err)
{
  assert(outbox->left > 0);
  if (outbox->end - outbox->at < OUTBOX_ENTRY_BYTES_LEAST)
    return outbox_fail("it ends early", err);
  entry->part_count = (uint32_t)outbox_get_number(outbox, 4);
  entry->bytes = outbox_get_number(outbox, 8);
  entry->bucket = outbox_get_text(outbox, OUTBOX_BUCKET_BYTES_MAX);
  entry->key = entry->bucket ? outbox_get_text(outbox, OUTBOX_KEY_BYTES_MAX) : NULL;
  entry->upload = entry->key ? outbox_get_text(outbox, OUTBOX_UPLOAD_BYTES_MAX) : NULL;
  if (!entry->upload || entry->part_count == 0 || entry->part_count > WR_S3_PARTS_MAX ||
      entry->bytes > INT64_MAX)
    return outbox_fail("it has an entry that is none", err);
  if (strchr(entry->bucket, '/'))
    return outbox_fail("it names a bucket that is none", err);
  if (--outbox->left == 0 && outbox->at != outbox->end)
    return outbox_fail("it is too long", err);
  return WR_OK;
}
