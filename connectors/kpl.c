/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protobuf by hand: six fields are not worth a compiler. Opening walks the whole message once, so
 * that taking records cannot fail; keys are hashed when the first record asks for them.
 */
#include "connectors/kpl.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "core/arena.h"
#include "core/hash.h"

#define KPL_DIGEST 16
static const char kpl_magic[4] = {(char)0xF3, (char)0x89, (char)0x9A, (char)0xC2};

static void kpl_md5(const char *bytes, size_t length, unsigned char digest[KPL_DIGEST])
{
  unsigned int digest_length = 0;
  int done = EVP_Digest(bytes, length, digest, &digest_length, EVP_md5(), NULL);
  assert(done == 1 && digest_length == KPL_DIGEST);
  (void)done;
}

/* ---- hash keys ---- */

bool wr_hash_key_parse(const char *text, size_t length, wr_hash_key *key)
{
  wr_hash_key value = 0;
  for (size_t i = 0; i < length; i++) {
    if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(value, (wr_hash_key)10, &value) ||
        __builtin_add_overflow(value, (wr_hash_key)(text[i] - '0'), &value))
      return false;
  }
  *key = value;
  return length > 0;
}

wr_hash_key wr_hash_key_of(const char *partition_key, size_t length)
{
  unsigned char digest[KPL_DIGEST];
  wr_hash_key value = 0;
  kpl_md5(partition_key, length, digest);
  for (int i = 0; i < KPL_DIGEST; i++)
    value = value << 8 | digest[i];
  return value;
}

/* ---- protobuf ---- */

enum wire { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

struct field {
  uint32_t number;
  enum wire wire;
  uint64_t value;        /* WIRE_VARINT */
  struct wr_slice bytes; /* WIRE_BYTES */
};

static bool varint_read(const char **at, const char *end, uint64_t *value)
{
  *value = 0;
  for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
    unsigned char byte = (unsigned char)*(*at)++;
    *value |= (uint64_t)(byte & 0x7F) << shift;
    if (byte < 0x80)
      return shift < 63 || byte <= 1;
  }
  return false;
}

static bool field_read(const char **at, const char *end, struct field *field)
{
  uint64_t head, length = 0;
  if (!varint_read(at, end, &head) || head >> 3 == 0 || head >> 3 > UINT32_MAX)
    return false;
  field->number = (uint32_t)(head >> 3);
  field->wire = (enum wire)(head & 7);
  switch (head & 7) {
  case WIRE_VARINT: return varint_read(at, end, &field->value);
  case WIRE_FIXED64: length = 8; break;
  case WIRE_FIXED32: length = 4; break;
  case WIRE_BYTES:
    if (!varint_read(at, end, &length))
      return false;
    break;
  default: return false;
  }
  if (length > (uint64_t)(end - *at))
    return false;
  field->bytes = (struct wr_slice){*at, (uint32_t)length};
  *at += length;
  return true;
}

/* A Record's fields; of a field that stands twice the last one counts. */
struct entry {
  uint64_t key, hash_key;
  bool has_key, has_hash_key, has_data;
  struct wr_slice data;
};

static bool entry_read(struct wr_slice bytes, struct entry *entry)
{
  const char *at = bytes.bytes, *end = at + bytes.length;
  struct field field;
  *entry = (struct entry){0};
  while (at < end) {
    if (!field_read(&at, end, &field))
      return false;
    if (field.number == 1 && field.wire == WIRE_VARINT) {
      entry->key = field.value;
      entry->has_key = true;
    } else if (field.number == 2 && field.wire == WIRE_VARINT) {
      entry->hash_key = field.value;
      entry->has_hash_key = true;
    } else if (field.number == 3 && field.wire == WIRE_BYTES) {
      entry->data = field.bytes;
      entry->has_data = true;
    } else if (field.number <= 3) {
      return false;
    }
  }
  return entry->has_key && entry->has_data;
}

/* ---- reading ---- */

static void keys_add(struct wr_kpl_key **keys, uint32_t *count, uint32_t *room,
                     struct wr_slice text)
{
  if (*count == *room) {
    *room = *room ? 2 * *room : 16;
    *keys = wr_memory_resize(*keys, *room * sizeof **keys);
  }
  (*keys)[(*count)++] = (struct wr_kpl_key){.text = text};
}

/* The tables, which may stand behind the records that need them. */
static bool reader_find_keys(struct wr_kpl_reader *reader, const char *at, const char *end)
{
  struct field field;
  reader->key_count = reader->hash_key_count = 0;
  while (at < end) {
    if (!field_read(&at, end, &field) || (field.number <= 3 && field.wire != WIRE_BYTES))
      return false;
    if (field.number == 1)
      keys_add(&reader->keys, &reader->key_count, &reader->key_room, field.bytes);
    else if (field.number == 2)
      keys_add(&reader->hash_keys, &reader->hash_key_count, &reader->hash_key_room, field.bytes);
  }
  for (uint32_t i = 0; i < reader->hash_key_count; i++) {
    struct wr_kpl_key *key = &reader->hash_keys[i];
    key->is_hashed = true;
    if (!wr_hash_key_parse(key->text.bytes, key->text.length, &key->hash))
      return false;
  }
  return true;
}

static bool reader_check_records(struct wr_kpl_reader *reader, const char *at, const char *end)
{
  struct field field;
  struct entry entry;
  reader->record_count = 0;
  while (at < end) {
    bool reads = field_read(&at, end, &field);
    assert(reads);
    (void)reads;
    if (field.number != 3)
      continue;
    if (!entry_read(field.bytes, &entry) || entry.key >= reader->key_count ||
        (entry.has_hash_key && entry.hash_key >= reader->hash_key_count))
      return false;
    reader->record_count++;
  }
  return true;
}

bool wr_kpl_open(struct wr_kpl_reader *reader, const char *bytes, size_t length)
{
  unsigned char digest[KPL_DIGEST];
  if (length <= sizeof kpl_magic + KPL_DIGEST || length > UINT32_MAX ||
      memcmp(bytes, kpl_magic, sizeof kpl_magic) != 0)
    return false;
  const char *begin = bytes + sizeof kpl_magic, *end = bytes + length - KPL_DIGEST;
  kpl_md5(begin, (size_t)(end - begin), digest);
  if (memcmp(digest, end, KPL_DIGEST) != 0)
    return false;
  if (!reader_find_keys(reader, begin, end) || !reader_check_records(reader, begin, end))
    return false;
  reader->at = begin;
  reader->end = end;
  return true;
}

bool wr_kpl_next(struct wr_kpl_reader *reader, struct wr_kpl_record *record)
{
  struct field field = {0};
  struct entry entry;
  while (reader->at < reader->end && field.number != 3)
    field_read(&reader->at, reader->end, &field);
  if (field.number != 3)
    return false;
  entry_read(field.bytes, &entry);
  struct wr_kpl_key *key = &reader->keys[entry.key], *source = key;
  record->key = key->text;
  record->hash_key = (struct wr_slice){NULL, 0};
  record->data = entry.data;
  if (entry.has_hash_key) {
    source = &reader->hash_keys[entry.hash_key];
    record->hash_key = source->text;
  }
  if (!source->is_hashed) {
    source->hash = wr_hash_key_of(source->text.bytes, source->text.length);
    source->is_hashed = true;
  }
  record->hash = source->hash;
  return true;
}

void wr_kpl_reader_free(struct wr_kpl_reader *reader)
{
  free(reader->keys);
  free(reader->hash_keys);
  *reader = (struct wr_kpl_reader){0};
}

/* ---- writing ---- */

/* A key of either table: where its text stands in the table's buffer, and its number there. */
struct wr_kpl_entry {
  uint64_t hash;
  size_t at;
  uint32_t length, number;
  bool is_hash_key;
};

static size_t varint_bytes(uint64_t value)
{
  size_t bytes = 1;
  while (value >>= 7)
    bytes++;
  return bytes;
}

static void varint_put(struct wr_buffer *out, uint64_t value)
{
  for (; value >= 0x80; value >>= 7)
    wr_buffer_put_char(out, (char)(value | 0x80));
  wr_buffer_put_char(out, (char)value);
}

static size_t bytes_field_bytes(size_t length)
{
  return 1 + varint_bytes(length) + length;
}

static void bytes_field_put(struct wr_buffer *out, unsigned number, const char *bytes,
                            size_t length)
{
  varint_put(out, number << 3 | WIRE_BYTES);
  varint_put(out, length);
  wr_buffer_put(out, bytes, length);
}

/* The slot of a key, or a free one where it belongs. */
static uint32_t writer_slot(const struct wr_kpl_writer *writer, struct wr_slice text,
                            bool is_hash_key, uint64_t hash)
{
  uint32_t slot = (uint32_t)hash & writer->slot_mask;
  for (; writer->slots[slot]; slot = (slot + 1) & writer->slot_mask) {
    const struct wr_kpl_entry *entry = &writer->entries[writer->slots[slot] - 1];
    const struct wr_buffer *table = is_hash_key ? &writer->hash_keys : &writer->keys;
    if (entry->hash == hash && entry->is_hash_key == is_hash_key && entry->length == text.length &&
        memcmp(table->bytes + entry->at, text.bytes, text.length) == 0)
      break;
  }
  return slot;
}

static uint64_t writer_hash(const struct wr_kpl_writer *writer, struct wr_slice text,
                            bool is_hash_key)
{
  return wr_hash_bytes(text.bytes, text.length, (uint64_t)(uintptr_t)writer + is_hash_key);
}

/* Its number in its table; UINT32_MAX: it is not there yet. */
static uint32_t writer_find(const struct wr_kpl_writer *writer, struct wr_slice text,
                            bool is_hash_key)
{
  if (!writer->slots)
    return UINT32_MAX;
  uint32_t slot = writer_slot(writer, text, is_hash_key, writer_hash(writer, text, is_hash_key));
  return writer->slots[slot] ? writer->entries[writer->slots[slot] - 1].number : UINT32_MAX;
}

static void writer_grow(struct wr_kpl_writer *writer)
{
  if (writer->entry_count < writer->entry_room)
    return;
  writer->entry_room = writer->entry_room ? 2 * writer->entry_room : 32;
  writer->entries = wr_memory_resize(writer->entries, writer->entry_room * sizeof *writer->entries);
  free(writer->slots);
  writer->slot_mask = 4 * writer->entry_room - 1;
  writer->slots = wr_memory_get_zero((writer->slot_mask + 1) * sizeof *writer->slots);
  for (uint32_t i = 0; i < writer->entry_count; i++) {
    uint32_t slot = (uint32_t)writer->entries[i].hash & writer->slot_mask;
    while (writer->slots[slot])
      slot = (slot + 1) & writer->slot_mask;
    writer->slots[slot] = i + 1;
  }
}

static uint32_t writer_get_key(struct wr_kpl_writer *writer, struct wr_slice text, bool is_hash_key)
{
  writer_grow(writer);
  uint64_t hash = writer_hash(writer, text, is_hash_key);
  uint32_t slot = writer_slot(writer, text, is_hash_key, hash);
  if (writer->slots[slot])
    return writer->entries[writer->slots[slot] - 1].number;
  struct wr_buffer *table = is_hash_key ? &writer->hash_keys : &writer->keys;
  uint32_t number = is_hash_key ? writer->hash_key_count++ : writer->key_count++;
  bytes_field_put(table, is_hash_key ? 2 : 1, text.bytes, text.length);
  writer->entries[writer->entry_count++] =
      (struct wr_kpl_entry){hash, table->length - text.length, text.length, number, is_hash_key};
  writer->slots[slot] = writer->entry_count;
  return number;
}

/* A Record without its tag and length. */
static size_t record_bytes(uint32_t key, bool has_hash_key, uint32_t hash_key, size_t data_length)
{
  return 1 + varint_bytes(key) + (has_hash_key ? 1 + varint_bytes(hash_key) : 0) +
         bytes_field_bytes(data_length);
}

size_t wr_kpl_bytes_with(const struct wr_kpl_writer *writer, struct wr_slice key,
                         struct wr_slice hash_key, size_t data_length)
{
  uint32_t number = writer_find(writer, key, false), hash_number = 0;
  size_t bytes = sizeof kpl_magic + writer->keys.length + writer->hash_keys.length +
                 writer->records.length + KPL_DIGEST;
  if (number == UINT32_MAX) {
    number = writer->key_count;
    bytes += bytes_field_bytes(key.length);
  }
  if (hash_key.bytes) {
    hash_number = writer_find(writer, hash_key, true);
    if (hash_number == UINT32_MAX) {
      hash_number = writer->hash_key_count;
      bytes += bytes_field_bytes(hash_key.length);
    }
  }
  return bytes + bytes_field_bytes(record_bytes(number, hash_key.bytes, hash_number, data_length));
}

void wr_kpl_put(struct wr_kpl_writer *writer, struct wr_slice key, struct wr_slice hash_key,
                const char *data, uint32_t data_length)
{
  struct wr_buffer *out = &writer->records;
  uint32_t number = writer_get_key(writer, key, false), hash_number = 0;
  if (hash_key.bytes)
    hash_number = writer_get_key(writer, hash_key, true);
  varint_put(out, 3 << 3 | WIRE_BYTES);
  varint_put(out, record_bytes(number, hash_key.bytes, hash_number, data_length));
  varint_put(out, 1 << 3 | WIRE_VARINT);
  varint_put(out, number);
  if (hash_key.bytes) {
    varint_put(out, 2 << 3 | WIRE_VARINT);
    varint_put(out, hash_number);
  }
  bytes_field_put(out, 3, data, data_length);
  writer->record_count++;
}

void wr_kpl_take(struct wr_kpl_writer *writer, struct wr_buffer *out)
{
  unsigned char digest[KPL_DIGEST];
  wr_buffer_put(out, kpl_magic, sizeof kpl_magic);
  size_t begin = out->length;
  wr_buffer_put(out, writer->keys.bytes, writer->keys.length);
  wr_buffer_put(out, writer->hash_keys.bytes, writer->hash_keys.length);
  wr_buffer_put(out, writer->records.bytes, writer->records.length);
  kpl_md5(out->bytes + begin, out->length - begin, digest);
  wr_buffer_put(out, (const char *)digest, KPL_DIGEST);
  wr_buffer_clear(&writer->keys);
  wr_buffer_clear(&writer->hash_keys);
  wr_buffer_clear(&writer->records);
  if (writer->slots)
    memset(writer->slots, 0, (writer->slot_mask + 1) * sizeof *writer->slots);
  writer->entry_count = writer->key_count = writer->hash_key_count = writer->record_count = 0;
}

void wr_kpl_writer_free(struct wr_kpl_writer *writer)
{
  wr_buffer_free(&writer->keys);
  wr_buffer_free(&writer->hash_keys);
  wr_buffer_free(&writer->records);
  free(writer->slots);
  free(writer->entries);
  *writer = (struct wr_kpl_writer){0};
}
