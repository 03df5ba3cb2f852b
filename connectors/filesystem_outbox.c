/* SPDX-License-Identifier: Apache-2.0 */
/* An entry of the list: done u8  length u64  folder\0  hidden\0  shown\0 */
#include "connectors/filesystem_outbox.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "connectors/filesystem.h"
#include "core/hash.h"
#include "core/limits.h"

#define NAMES_SINK_BYTES_MAX 100 /* of an escaped sink; what is longer ends with a hash */

#define OUTBOX_FOLDER_BYTES_MAX ((WR_PARTITION_NAME_BYTES_MAX + 1) * WR_PARTITION_COLUMNS_MAX)
#define OUTBOX_NAME_BYTES_MAX   255

static const struct wr_outbox_list_kind outbox_kind = {
    "WRFILES1",
    "files",
    {1, 8},
    0,
    {OUTBOX_FOLDER_BYTES_MAX, OUTBOX_NAME_BYTES_MAX, OUTBOX_NAME_BYTES_MAX}};

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

/* ---- the outbox */

void wr_file_outbox_begin(struct wr_buffer *bytes, uint64_t epoch, uint64_t entry_count)
{
  wr_outbox_list_begin(bytes, &outbox_kind, epoch, entry_count);
}

void wr_file_outbox_put(struct wr_buffer *bytes, const struct wr_file_entry *entry)
{
  const struct wr_outbox_list_entry plain = {.numbers = {entry->done, entry->length},
                                             .texts = {entry->folder, entry->hidden, entry->shown}};
  wr_outbox_list_put(bytes, &outbox_kind, &plain);
}

enum wr_code wr_file_outbox_open(struct wr_outbox_list *outbox, struct wr_slice bytes,
                                 struct wr_error *err)
{
  return wr_outbox_list_open(outbox, &outbox_kind, bytes, err);
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

enum wr_code wr_file_outbox_next(struct wr_outbox_list *outbox, struct wr_file_entry *entry,
                                 struct wr_error *err)
{
  struct wr_outbox_list_entry plain;
  enum wr_code code = wr_outbox_list_next(outbox, &plain, err);
  if (code != WR_OK)
    return code;
  *entry = (struct wr_file_entry){.folder = plain.texts[0],
                                  .hidden = plain.texts[1],
                                  .shown = plain.texts[2],
                                  .length = plain.numbers[1],
                                  .done = plain.numbers[0]};
  if (plain.numbers[0] > 1 || entry->length > INT64_MAX)
    return wr_outbox_list_fail(outbox, "it has an entry that is none", err);
  if (!outbox_is_folder(entry->folder) || !outbox_is_name(entry->hidden) ||
      !outbox_is_name(entry->shown))
    return wr_outbox_list_fail(outbox, "it names a file that is elsewhere", err);
  return WR_OK;
}
