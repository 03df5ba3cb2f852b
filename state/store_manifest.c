/* SPDX-License-Identifier: Apache-2.0 */
#include "state/store_manifest.h"

#include <assert.h>

#define MANIFEST_ID_BYTES        16
#define MANIFEST_FILE_BYTES      32 /* four numbers */
#define MANIFEST_ENTRY_BYTES_MIN 32 /* an empty name's length and three numbers */

bool wr_store_id_is_sound(const char *id, size_t length)
{
  return length == MANIFEST_ID_BYTES && strspn(id, "0123456789abcdef") >= length;
}

void wr_store_manifest_write(const struct wr_store_manifest *manifest, struct wr_part_writer *out)
{
  wr_part_put_bytes(out, manifest->version, strlen(manifest->version));
  wr_part_put_u64(out, manifest->epoch);
  wr_part_put_i64(out, manifest->sealed_us);
  wr_part_put_u64(out, manifest->hash_seed);
  wr_part_put_bytes(out, manifest->runtime, manifest->runtime_length);
  wr_part_put_u64(out, manifest->file_count);
  for (uint32_t i = 0; i < manifest->file_count; i++) {
    const struct wr_store_parts_file *file = &manifest->files[i];
    assert(file->epoch <= manifest->epoch);
    wr_part_put_u64(out, file->epoch);
    wr_part_put_u64(out, file->number);
    wr_part_put_u64(out, file->bytes.length);
    wr_part_put_u64(out, file->bytes.checksum);
  }
  wr_part_put_u64(out, manifest->entry_count);
  for (uint32_t i = 0; i < manifest->entry_count; i++) {
    const struct wr_store_entry *entry = &manifest->entries[i];
    assert(i == 0 || strcmp(entry[-1].name, entry->name) < 0);
    assert(entry->file < manifest->file_count);
    wr_part_put_bytes(out, entry->name, strlen(entry->name));
    wr_part_put_u64(out, entry->file);
    wr_part_put_u64(out, entry->offset);
    wr_part_put_u64(out, entry->length);
  }
  if (manifest->id[0])
    wr_part_put_bytes(out, manifest->id, strlen(manifest->id));
}

static enum wr_code manifest_read_text(struct wr_part_reader *part, struct wr_arena *arena,
                                       const char **out, struct wr_error *err)
{
  const char *bytes;
  size_t length;
  enum wr_code code = wr_part_get_bytes(part, &bytes, &length, err);
  if (code == WR_OK && memchr(bytes, 0, length))
    code = wr_fail(err, WR_DATA, "a text of it contains the character NUL");
  if (code == WR_OK)
    *out = wr_arena_copy(arena, bytes, length);
  return code;
}

static enum wr_code manifest_read_numbers(struct wr_part_reader *part, uint64_t *const *numbers,
                                          size_t count, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  for (size_t i = 0; code == WR_OK && i < count; i++)
    code = wr_part_get_u64(part, numbers[i], err);
  return code;
}

/* How many of something follow; what cannot fit is refused before memory is taken for it. */
static enum wr_code manifest_read_count(struct wr_part_reader *part, size_t bytes_min,
                                        uint32_t *count, struct wr_error *err)
{
  uint64_t wanted;
  enum wr_code code = wr_part_get_u64(part, &wanted, err);
  if (code == WR_OK && (wanted > (part->length - part->at) / bytes_min || wanted > UINT32_MAX))
    return wr_fail(err, WR_DATA, "it is too short for %llu entries", (unsigned long long)wanted);
  *count = code == WR_OK ? (uint32_t)wanted : 0;
  return code;
}

static enum wr_code manifest_read_files(struct wr_part_reader *part, struct wr_arena *arena,
                                        struct wr_store_manifest *out, struct wr_error *err)
{
  enum wr_code code = manifest_read_count(part, MANIFEST_FILE_BYTES, &out->file_count, err);
  if (code != WR_OK)
    return code;
  struct wr_store_parts_file *files =
      WR_NEW_ARRAY(arena, struct wr_store_parts_file, out->file_count);
  for (uint32_t i = 0; code == WR_OK && i < out->file_count; i++) {
    struct wr_store_parts_file *file = &files[i];
    uint64_t *const numbers[] = {&file->epoch, &file->number, &file->bytes.length,
                                 &file->bytes.checksum};
    code = manifest_read_numbers(part, numbers, sizeof numbers / sizeof *numbers, err);
    if (code == WR_OK && file->epoch > out->epoch)
      code = wr_fail(err, WR_DATA, "a file of it is of epoch %llu, a later one",
                     (unsigned long long)file->epoch);
  }
  out->files = files;
  return code;
}

static enum wr_code manifest_read_entry(struct wr_part_reader *part, struct wr_arena *arena,
                                        const struct wr_store_manifest *manifest,
                                        struct wr_store_entry *out, struct wr_error *err)
{
  uint64_t *const numbers[] = {&out->file, &out->offset, &out->length}, end;
  enum wr_code code = manifest_read_text(part, arena, &out->name, err);
  if (code == WR_OK)
    code = manifest_read_numbers(part, numbers, sizeof numbers / sizeof *numbers, err);
  if (code == WR_OK && (out->file >= manifest->file_count ||
                        __builtin_add_overflow(out->offset, out->length, &end) ||
                        end > manifest->files[out->file].bytes.length))
    code = wr_fail(err, WR_DATA, "its part %s lies outside of its files", out->name);
  return code;
}

static enum wr_code manifest_read_entries(struct wr_part_reader *part, struct wr_arena *arena,
                                          struct wr_store_manifest *out, struct wr_error *err)
{
  enum wr_code code = manifest_read_count(part, MANIFEST_ENTRY_BYTES_MIN, &out->entry_count, err);
  if (code != WR_OK)
    return code;
  struct wr_store_entry *entries = WR_NEW_ARRAY(arena, struct wr_store_entry, out->entry_count);
  for (uint32_t i = 0; code == WR_OK && i < out->entry_count; i++) {
    code = manifest_read_entry(part, arena, out, &entries[i], err);
    if (code == WR_OK && i > 0 && strcmp(entries[i - 1].name, entries[i].name) >= 0)
      code = wr_fail(err, WR_DATA, "its parts are not sorted at %s", entries[i].name);
  }
  out->entries = entries;
  return code;
}

static enum wr_code manifest_read_id(struct wr_part_reader *part, struct wr_arena *arena,
                                     struct wr_store_manifest *out, struct wr_error *err)
{
  out->id = "";
  if (wr_part_at_end(part))
    return WR_OK;
  enum wr_code code = manifest_read_text(part, arena, &out->id, err);
  if (code == WR_OK && !wr_store_id_is_sound(out->id, strlen(out->id)))
    code = wr_fail(err, WR_DATA, "its id is not 16 hexadecimal digits");
  return code;
}

enum wr_code wr_store_manifest_read(const char *bytes, size_t length, struct wr_arena *arena,
                                    struct wr_store_manifest *out, struct wr_error *err)
{
  struct wr_part_reader part = {.bytes = bytes, .length = length};
  const char *runtime;
  *out = (struct wr_store_manifest){0};
  enum wr_code code = manifest_read_text(&part, arena, &out->version, err);
  if (code == WR_OK)
    code = wr_part_get_u64(&part, &out->epoch, err);
  if (code == WR_OK)
    code = wr_part_get_i64(&part, &out->sealed_us, err);
  if (code == WR_OK)
    code = wr_part_get_u64(&part, &out->hash_seed, err);
  if (code == WR_OK)
    code = wr_part_get_bytes(&part, &runtime, &out->runtime_length, err);
  if (code == WR_OK)
    out->runtime = wr_arena_copy(arena, runtime, out->runtime_length);
  if (code == WR_OK)
    code = manifest_read_files(&part, arena, out, err);
  if (code == WR_OK)
    code = manifest_read_entries(&part, arena, out, err);
  if (code == WR_OK)
    code = manifest_read_id(&part, arena, out, err);
  if (code == WR_OK && !wr_part_at_end(&part))
    code = wr_fail(err, WR_DATA, "there is more behind its parts");
  return code;
}

const struct wr_store_entry *wr_store_manifest_find(const struct wr_store_manifest *manifest,
                                                    const char *name)
{
  uint32_t low = 0, high = manifest->entry_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    int order = strcmp(manifest->entries[middle].name, name);
    if (order == 0)
      return &manifest->entries[middle];
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}
