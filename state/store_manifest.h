/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a manifest of a directory of snapshots says, as numbers and byte strings of state/part.h:
 *
 *   version of the program | epoch | wall clock us | hash seed | manifest of the runtime |
 *   file count | (epoch, number, length, checksum)... |
 *   part count | (name, file, offset, length)... sorted by name | id
 *
 * The id is that of the directory, in case its own file is lost; manifests of earlier versions end
 * before it.
 */
#ifndef WEIR_STATE_STORE_MANIFEST_H
#define WEIR_STATE_STORE_MANIFEST_H

#include "state/store.h"
#include "state/store_file.h"

/* parts/EPOCH-N.part, and what its bytes have to be. */
struct wr_store_parts_file {
  uint64_t epoch, number;
  struct wr_store_bytes bytes;
};

/* A part: which bytes of which file. */
struct wr_store_entry {
  const char *name;
  uint64_t file; /* an index */
  uint64_t offset, length;
};

struct wr_store_manifest {
  const char *version;
  uint64_t epoch;
  int64_t sealed_us;
  uint64_t hash_seed;
  const char *runtime;
  size_t runtime_length;
  const struct wr_store_parts_file *files;
  uint32_t file_count;
  const struct wr_store_entry *entries;
  uint32_t entry_count;
  const char *id; /* 16 digits, or "" */
};

/* Sixteen hexadecimal digits, all small. */
bool wr_store_id_is_sound(const char *id, size_t length);

void wr_store_manifest_write(const struct wr_store_manifest *manifest, struct wr_part_writer *out);

/* Texts and entries are copied into the arena. Whatever the bytes are, what comes out keeps the
 * promises above: names ascend, no file is newer than the epoch, parts lie within their files. */
enum wr_code wr_store_manifest_read(const char *bytes, size_t length, struct wr_arena *arena,
                                    struct wr_store_manifest *out, struct wr_error *err);

/* NULL: the epoch has no such part. */
const struct wr_store_entry *wr_store_manifest_find(const struct wr_store_manifest *manifest,
                                                    const char *name);

#endif
