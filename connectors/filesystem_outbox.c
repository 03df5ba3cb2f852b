/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of an outbox, numbers little-endian, texts ended by a NUL:
 *
 *   "WRFILES1"  epoch u64  entries u64  { done u8  length u64  folder\0  hidden\0  shown\0 }
 */
#include "connectors/filesystem_outbox.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "connectors/filesystem.h"
#include "core/hash.h"
#include "core/limits.h"

#define NAMES_SINK_BYTES_MAX 100 /* of an escaped sink; what is longer ends with a hash */

#define OUTBOX_MAGIC             "WRFILES1"
#define OUTBOX_MAGIC_BYTES       8
#define OUTBOX_ENTRY_BYTES_LEAST 12
#define OUTBOX_FOLDER_BYTES_MAX  ((WR_PARTITION_NAME_BYTES_MAX + 1) * WR_PARTITION_COLUMNS_MAX)
#define OUTBOX_NAME_BYTES_MAX    255

/* ---- names */

static bool names_is_plain(unsigned char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c >= 0x80;
}

static const char *names_escape(struct wr_arena *arena, const char *sink)
{
  struct wr_buffer out = {0};
  for (const char *c = sink; *c; c++)
    if (names_is_plain((unsigned char)*c))
      wr_buffer_put_char(&out, *c);
    else
      wr_buffer_print(&out, "%%%02X", (unsigned)(unsigned char)*c);
  if (out.length > NAMES_SINK_BYTES_MAX) {
    out.length = NAMES_SINK_BYTES_MAX - 17;
    while (out.length && ((unsigned char)out.bytes[out.length] & 0xc0) == 0x80)
      out.length--; /* no half letters */
    wr_buffer_print(&out, "~%016" PRIx64, wr_hash_bytes(sink, strlen(sink), 0));
  }
  const char *escaped = wr_arena_copy(arena, out.bytes, out.length);
  wr_buffer_free(&out);
  return escaped;
}

void wr_file_names_make(const struct wr_table_spec *spec, struct wr_arena *arena,
                        struct wr_file_names *names)
{
  assert(spec->job && strlen(spec->job) >= 8 && spec->sink && *spec->sink);
  const char *sink = names_escape(arena, spec->sink);
  names->hidden = wr_arena_print(arena, ".weir-%s-%s-", spec->job, sink);
  names->shown = wr_arena_print(arena, "part-%.8s-%s-", spec->job, sink);
  names->mark = wr_arena_print(arena, ".weir-%s-%s.published", spec->job, sink);
}

/* The three fields behind what names begin with; each ends at a '-', the last one at a '.' or the
 * end. */
static bool names_match(const char *start, const char *name, const char *fields[3])
{
  static const char digits[] = "0123456789abcdef";
  size_t length = strlen(start);
  if (strncmp(name, start, length) != 0)
    return false;
  name += length;
  for (int i = 0; i < 3; i++) {
    fields[i] = name;
    size_t count = strspn(name, digits);
    if (count == 0 || count > 20 || (i < 2 && name[count] != '-'))
      return false;
    name += count + (i < 2);
  }
  return *name == '.' || *name == '\0';
}

bool wr_file_names_is_hidden(const struct wr_file_names *names, const char *name)
{
  const char *fields[3];
  size_t length = strlen(name), suffix = strlen(WR_FILES_SUFFIX);
  return names_match(names->hidden, name, fields) && length > suffix &&
         strcmp(name + length - suffix, WR_FILES_SUFFIX) == 0;
}

bool wr_file_names_is_shown(const struct wr_file_names *names, const char *name, uint64_t *epoch)
{
  const char *fields[3];
  char *end;
  if (!names_match(names->shown, name, fields))
    return false;
  *epoch = strtoull(fields[1], &end, 10);
  return *end == '-';
}

/* ---- writing */

static void outbox_put_u64(struct wr_buffer *bytes, uint64_t value)
{
  char *end = wr_buffer_reserve(bytes, 8);
  for (int i = 0; i < 8; i++)
    end[i] = (char)(value >> 8 * i);
  wr_buffer_added(bytes, 8);
}

void wr_file_outbox_begin(struct wr_buffer *bytes, uint64_t epoch, uint64_t entry_count)
{
  wr_buffer_put(bytes, OUTBOX_MAGIC, OUTBOX_MAGIC_BYTES);
  outbox_put_u64(bytes, epoch);
  outbox_put_u64(bytes, entry_count);
}

void wr_file_outbox_put(struct wr_buffer *bytes, const struct wr_file_entry *entry)
{
  wr_buffer_put_char(bytes, entry->done);
  outbox_put_u64(bytes, entry->length);
  wr_buffer_put(bytes, entry->folder, strlen(entry->folder) + 1);
  wr_buffer_put(bytes, entry->hidden, strlen(entry->hidden) + 1);
  wr_buffer_put(bytes, entry->shown, strlen(entry->shown) + 1);
}

/* ---- reading */

static enum wr_code outbox_fail(const char *what, struct wr_error *err)
{
  return wr_fail(err, WR_DATA, "a list of files in the epoch is damaged: %s", what);
}

static uint64_t outbox_get_u64(struct wr_file_outbox *outbox)
{
  uint64_t value = 0;
  assert(outbox->end - outbox->at >= 8);
  for (int i = 0; i < 8; i++)
    value |= (uint64_t)(unsigned char)*outbox->at++ << 8 * i;
  return value;
}

enum wr_code wr_file_outbox_open(struct wr_file_outbox *outbox, struct wr_slice bytes,
                                 struct wr_error *err)
{
  *outbox = (struct wr_file_outbox){.at = bytes.bytes,
                                    .end = bytes.bytes ? bytes.bytes + bytes.length : NULL};
  if (bytes.length == 0)
    return WR_OK;
  if (bytes.length < OUTBOX_MAGIC_BYTES + 16 ||
      memcmp(bytes.bytes, OUTBOX_MAGIC, OUTBOX_MAGIC_BYTES) != 0)
    return outbox_fail("it has no beginning", err);
  outbox->at += OUTBOX_MAGIC_BYTES;
  outbox->epoch = outbox_get_u64(outbox);
  outbox->left = outbox_get_u64(outbox);
  if (outbox->left > (uint64_t)(outbox->end - outbox->at) / OUTBOX_ENTRY_BYTES_LEAST)
    return outbox_fail("it is too short", err);
  if (outbox->left == 0 && outbox->at != outbox->end)
    return outbox_fail("it is too long", err);
  return WR_OK;
}

/* A text of at most so many bytes; NULL: there is none. */
static const char *outbox_get_text(struct wr_file_outbox *outbox, size_t most)
{
  const char *text = outbox->at;
  size_t room = (size_t)(outbox->end - text);
  const char *end = memchr(text, 0, room < most + 1 ? room : most + 1);
  if (!end)
    return NULL;
  outbox->at = end + 1;
  return text;
}

/* Names one below the other, none of which leads up. */
static bool outbox_is_folder(const char *folder)
{
  while (*folder) {
    size_t length = strcspn(folder, "/");
    if (length == 0 || length > OUTBOX_NAME_BYTES_MAX || strncmp(folder, ".", length) == 0 ||
        strncmp(folder, "..", length) == 0)
      return false;
    folder += length;
    if (*folder == '/' && *++folder == '\0')
      return false;
  }
  return true;
}

static bool outbox_is_name(const char *name)
{
  return *name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

enum wr_code wr_file_outbox_next(struct wr_file_outbox *outbox, struct wr_file_entry *entry,
                                 struct wr_error *err)
{
  assert(outbox->left > 0);
  if (outbox->end - outbox->at < OUTBOX_ENTRY_BYTES_LEAST)
    return outbox_fail("it ends early", err);
  unsigned char done = (unsigned char)*outbox->at++;
  entry->length = outbox_get_u64(outbox);
  entry->folder = outbox_get_text(outbox, OUTBOX_FOLDER_BYTES_MAX);
  entry->hidden = entry->folder ? outbox_get_text(outbox, OUTBOX_NAME_BYTES_MAX) : NULL;
  entry->shown = entry->hidden ? outbox_get_text(outbox, OUTBOX_NAME_BYTES_MAX) : NULL;
  if (!entry->shown || done > 1 || entry->length > INT64_MAX)
    return outbox_fail("it has an entry that is none", err);
  if (!outbox_is_folder(entry->folder) || !outbox_is_name(entry->hidden) ||
      !outbox_is_name(entry->shown))
    return outbox_fail("it names a file that is elsewhere", err);
  entry->done = done;
  if (--outbox->left == 0 && outbox->at != outbox->end)
    return outbox_fail("it is too long", err);
  return WR_OK;
}
