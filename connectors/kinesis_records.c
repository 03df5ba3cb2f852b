/* SPDX-License-Identifier: Apache-2.0 */
/* From JSON to messages. Every text of an answer becomes shorter here, or stays as it is: so one
 * buffer as long as the answer takes all of them, and never moves. */
#include "connectors/kinesis_records.h"

#include <assert.h>
#include <endian.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/time.h"
#include "text/number.h"

void wr_kinesis_unpacker_free(struct wr_kinesis_unpacker *unpacker)
{
  wr_json_tape_free(&unpacker->tape);
  wr_kpl_reader_free(&unpacker->kpl);
  wr_buffer_free(&unpacker->scratch);
}

void wr_kinesis_block_free(struct wr_kinesis_block *block)
{
  free(block->bytes);
  free(block->messages);
  free(block->records);
  wr_arena_free(&block->arena);
  free(block);
}

/* ---- base64 ---- */

/* clang-format off: a table of 256 values; N: none of the characters */
#define N 0xFF
static const uint8_t base64_values[256] = {
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  62, N,  N,  N,  63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, N,  N,  N,  N,  N,  N,  N,  0,  1,  2,  3,  4,  5,  6,
    7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, N,  N,  N,  N,  N,
    N,  26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48,
    49, 50, 51, N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
    N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
};
#undef N
/* clang-format on */

#if defined(__x86_64__)
/* Which of 32 characters are among `count` ones from `first` on, and how far behind it they are
 * (plus `value`); else 0. */
__attribute__((target("avx2"))) static inline __m256i base64_range(__m256i in, char first,
                                                                   char count, char value,
                                                                   __m256i *known)
{
  __m256i behind = _mm256_sub_epi8(in, _mm256_set1_epi8(first));
  __m256i is =
      _mm256_cmpeq_epi8(_mm256_min_epu8(behind, _mm256_set1_epi8((char)(count - 1))), behind);
  *known = _mm256_or_si256(*known, is);
  return _mm256_and_si256(is, _mm256_add_epi8(behind, _mm256_set1_epi8(value)));
}

/* 32 characters at a time in one store of 32 bytes of which 24 count, as far as there is room for
 * it; returns how many characters that were. */
__attribute__((target("avx2"))) static size_t base64_wide(const unsigned char *in, size_t length,
                                                          unsigned char *to, uint64_t *bad)
{
  const __m256i order = _mm256_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1, 2,
                                         1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
  __m256i all = _mm256_set1_epi8(-1);
  size_t at = 0;
  for (; length - at >= 48; at += 32, to += 24) {
    __m256i text = _mm256_loadu_si256((const __m256i *)(const void *)(in + at));
    __m256i known = _mm256_setzero_si256();
    __m256i value = base64_range(text, 'A', 26, 0, &known);
    value = _mm256_or_si256(value, base64_range(text, 'a', 26, 26, &known));
    value = _mm256_or_si256(value, base64_range(text, '0', 10, 52, &known));
    value = _mm256_or_si256(value, base64_range(text, '+', 1, 62, &known));
    value = _mm256_or_si256(value, base64_range(text, '/', 1, 63, &known));
    all = _mm256_and_si256(all, known);
    /* pairs of six bits, pairs of those, three bytes of four */
    value = _mm256_maddubs_epi16(value, _mm256_set1_epi16(0x0140));
    value = _mm256_madd_epi16(value, _mm256_set1_epi32(0x00011000));
    value = _mm256_shuffle_epi8(value, order);
    value = _mm256_permutevar8x32_epi32(value, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
    _mm256_storeu_si256((__m256i *)(void *)to, value);
  }
  *bad |= _mm256_movemask_epi8(all) == -1 ? 0 : 0xFF;
  return at;
}
#endif

/* Eight characters at a time, in one store of eight bytes of which six count; then four. */
bool wr_kinesis_base64(const char *text, size_t length, char *out, size_t *out_length)
{
  const unsigned char *in = (const unsigned char *)text;
  const uint8_t *value = base64_values;
  unsigned char *to = (unsigned char *)out;
  *out_length = 0;
  if (length % 4)
    return false;
  if (length == 0)
    return true;
  size_t padding = in[length - 1] != '=' ? 0 : in[length - 2] != '=' ? 1 : 2;
  const unsigned char *end = in + length - (padding ? 4 : 0);
  uint64_t bad = 0; /* no value has one of the two top bits */
#if defined(__x86_64__)
  if (length >= 64 && __builtin_cpu_supports("avx2")) {
    size_t done = base64_wide(in, (size_t)(end - in), to, &bad);
    in += done;
    to += done / 4 * 3;
  }
#endif
  for (; end - in >= 16; in += 8, to += 6) {
    uint64_t a = value[in[0]], b = value[in[1]], c = value[in[2]], d = value[in[3]];
    uint64_t e = value[in[4]], f = value[in[5]], g = value[in[6]], h = value[in[7]];
    bad |= a | b | c | d | e | f | g | h;
    uint64_t word = a << 58 | b << 52 | c << 46 | d << 40 | e << 34 | f << 28 | g << 22 | h << 16;
    word = htobe64(word);
    memcpy(to, &word, sizeof word);
  }
  for (; in < end; in += 4, to += 3) {
    uint32_t a = value[in[0]], b = value[in[1]], c = value[in[2]], d = value[in[3]];
    bad |= a | b | c | d;
    uint32_t word = a << 18 | b << 12 | c << 6 | d;
    to[0] = (unsigned char)(word >> 16);
    to[1] = (unsigned char)(word >> 8);
    to[2] = (unsigned char)word;
  }
  if (padding) {
    uint32_t a = value[in[0]], b = value[in[1]], c = padding == 1 ? value[in[2]] : 0;
    bad |= a | b | c;
    *to++ = (unsigned char)(a << 2 | b >> 4);
    if (padding == 1)
      *to++ = (unsigned char)(b << 4 | c >> 2);
  }
  *out_length = (size_t)((char *)to - out);
  return bad < 0x40;
}

/* ---- one block ---- */

struct unpacking {
  struct wr_kinesis_block *block;
  struct wr_kinesis_unpacker *unpacker;
  const struct wr_kinesis_wanted *wanted;
  const char *action;
  struct wr_error *err;
};

static enum wr_code unpack_fail(const struct unpacking *self, const char *what)
{
  return wr_fail(self->err, WR_CONNECTION, "the answer to %s cannot be read: %s", self->action,
                 what);
}

/* The bytes of a text as they stand, or unescaped in the scratch buffer. */
static struct wr_slice unpack_raw(const struct unpacking *self, uint32_t node)
{
  const struct wr_json_tape *tape = &self->unpacker->tape;
  const struct wr_json_node *text = &tape->nodes[node];
  if (!text->escaped)
    return (struct wr_slice){tape->bytes + text->first, text->end - text->first};
  wr_buffer_clear(&self->unpacker->scratch);
  wr_json_put_string(tape, node, &self->unpacker->scratch);
  return (struct wr_slice){self->unpacker->scratch.bytes, (uint32_t)self->unpacker->scratch.length};
}

/* A text, copied into the block. */
static bool unpack_text(const struct unpacking *self, uint32_t node, struct wr_slice *text)
{
  struct wr_kinesis_block *block = self->block;
  if (!node || self->unpacker->tape.nodes[node].kind != WR_JSON_STRING)
    return false;
  struct wr_slice raw = unpack_raw(self, node);
  assert(block->capacity - block->length >= raw.length);
  memcpy(block->bytes + block->length, raw.bytes, raw.length);
  *text = (struct wr_slice){block->bytes + block->length, raw.length};
  block->length += raw.length;
  return true;
}

static bool unpack_data(const struct unpacking *self, uint32_t node, struct wr_slice *data)
{
  struct wr_kinesis_block *block = self->block;
  size_t length;
  if (!node || self->unpacker->tape.nodes[node].kind != WR_JSON_STRING)
    return false;
  struct wr_slice raw = unpack_raw(self, node);
  assert(block->capacity - block->length >= raw.length);
  if (!wr_kinesis_base64(raw.bytes, raw.length, block->bytes + block->length, &length))
    return false;
  *data = (struct wr_slice){block->bytes + block->length, (uint32_t)length};
  block->length += length;
  return true;
}

/* Seconds since 1970 with a fraction, sometimes with an exponent. */
static int64_t unpack_time_us(const struct unpacking *self, uint32_t node)
{
  const struct wr_json_tape *tape = &self->unpacker->tape;
  const struct wr_json_node *number = &tape->nodes[node];
  double seconds;
  if (!node || number->kind != WR_JSON_NUMBER ||
      !wr_parse_f64(tape->bytes + number->first, number->end - number->first, &seconds) ||
      !(seconds >= 0 && seconds < 253402300800.0)) /* the year 10000 */
    return WR_TIME_NONE;
  return llround(seconds * 1000) * WR_US_PER_MS;
}

/* ---- records ---- */

static void block_add(struct wr_kinesis_block *block, const struct wr_message *message,
                      const struct wr_kinesis_record *record)
{
  if (block->count == block->room) {
    block->room = block->room ? 2 * block->room : 64;
    block->messages = wr_memory_resize(block->messages, block->room * sizeof *block->messages);
    block->records = wr_memory_resize(block->records, block->room * sizeof *block->records);
  }
  block->messages[block->count] = *message;
  block->records[block->count++] = *record;
}

/* The records inside an aggregated one: those of this shard, behind the position. */
static void unpack_parts(const struct unpacking *self, const struct wr_message *whole,
                         const struct wr_kinesis_record *of)
{
  struct wr_kinesis_block *block = self->block;
  const struct wr_kinesis_wanted *wanted = self->wanted;
  const struct wr_kinesis_position *from = wanted->from;
  bool inside = from->place == WR_KINESIS_INSIDE && strlen(from->sequence) == of->sequence.length &&
                memcmp(from->sequence, of->sequence.bytes, of->sequence.length) == 0;
  struct wr_kpl_record part;
  uint32_t first = block->count;
  for (uint32_t sub = 0; wr_kpl_next(&self->unpacker->kpl, &part); sub++) {
    if (part.hash < wanted->first || part.hash > wanted->last) {
      block->skipped++;
      continue;
    }
    if (inside && sub <= from->sub)
      continue;
    struct wr_message message = *whole;
    message.bytes = part.data.bytes;
    message.length = part.data.length;
    message.key = part.key.bytes;
    message.key_length = part.key.length;
    struct wr_kinesis_record record = {of->sequence, part.hash_key, sub, true, false};
    block_add(block, &message, &record);
  }
  if (block->count > first)
    block->records[block->count - 1].is_last = true;
}

/* What a record has; 0: it is missing, or null. */
struct record_nodes {
  uint32_t sequence, key, data, time;
};

/* In one pass, as wr_kinesis_member would find them. */
static struct record_nodes unpack_find(const struct wr_json_tape *tape, uint32_t record)
{
  static const struct {
    const char *name;
    size_t length, at;
  } members[] = {{"ApproximateArrivalTimestamp", 27, offsetof(struct record_nodes, time)},
                 {"Data", 4, offsetof(struct record_nodes, data)},
                 {"PartitionKey", 12, offsetof(struct record_nodes, key)},
                 {"SequenceNumber", 14, offsetof(struct record_nodes, sequence)}};
  struct record_nodes found = {0};
  if (tape->nodes[record].kind != WR_JSON_OBJECT)
    return found;
  uint32_t at = wr_json_first(record);
  for (uint32_t i = 0; i < tape->nodes[record].length; i++) {
    const struct wr_json_node *name = &tape->nodes[at];
    uint32_t value = name->next;
    for (size_t m = 0; m < sizeof members / sizeof *members; m++)
      if ((name->escaped || name->end - name->first == members[m].length) &&
          wr_json_string_is(tape, at, members[m].name, members[m].length)) {
        uint32_t node = tape->nodes[value].kind == WR_JSON_NULL ? 0 : value;
        memcpy((char *)&found + members[m].at, &node, sizeof node);
      }
    at = tape->nodes[value].next;
  }
  return found;
}

static enum wr_code unpack_record(const struct unpacking *self, uint32_t node)
{
  struct wr_kinesis_block *block = self->block;
  const struct wr_kinesis_position *from = self->wanted->from;
  struct wr_message message = {0};
  struct wr_kinesis_record record = {.is_last = true};
  struct wr_slice data, key;
  const struct record_nodes found = unpack_find(&self->unpacker->tape, node);
  if (!unpack_text(self, found.sequence, &record.sequence) ||
      !wr_kinesis_is_sequence(record.sequence.bytes, record.sequence.length))
    return unpack_fail(self, "a record lacks its sequence number");
  if (!unpack_text(self, found.key, &key))
    return unpack_fail(self, "a record lacks its partition key");
  if (!unpack_data(self, found.data, &data))
    return unpack_fail(self, "the data of a record are not in base64");
  message.time_us = unpack_time_us(self, found.time);
  message.bytes = data.bytes;
  message.length = data.length;
  message.key = key.bytes;
  message.key_length = key.length;
  block->last = record.sequence;
  block->data_bytes += data.length + key.length;
  block->data_count++;
  if (wr_kpl_open(&self->unpacker->kpl, data.bytes, data.length)) {
    unpack_parts(self, &message, &record);
    return WR_OK;
  }
  if (from->place == WR_KINESIS_INSIDE && strlen(from->sequence) == record.sequence.length &&
      memcmp(from->sequence, record.sequence.bytes, record.sequence.length) == 0)
    return WR_OK;
  block_add(block, &message, &record);
  return WR_OK;
}

static enum wr_code unpack_records(const struct unpacking *self)
{
  const struct wr_json_tape *tape = &self->unpacker->tape;
  uint32_t list = wr_kinesis_member(tape, 0, "Records");
  if (!list || tape->nodes[list].kind != WR_JSON_ARRAY)
    return unpack_fail(self, "it has no list of records");
  uint32_t at = wr_json_first(list);
  for (uint32_t i = 0; i < tape->nodes[list].length; i++, at = tape->nodes[at].next) {
    enum wr_code code = unpack_record(self, at);
    if (code != WR_OK)
      return code;
  }
  for (uint32_t i = 0; i < self->block->count; i++)
    self->block->messages[i].extra = &self->block->records[i];
  memset(self->block->bytes + self->block->length, 0, WR_PADDING);
  return WR_OK;
}

/* ---- what else an answer says ---- */

static enum wr_code unpack_children(const struct unpacking *self)
{
  const struct wr_json_tape *tape = &self->unpacker->tape;
  struct wr_kinesis_block *block = self->block;
  uint32_t list = wr_kinesis_member(tape, 0, "ChildShards");
  if (!list)
    return WR_OK;
  if (tape->nodes[list].kind != WR_JSON_ARRAY)
    return unpack_fail(self, "its children are no list");
  block->child_count = tape->nodes[list].length;
  block->children = WR_NEW_ARRAY(&block->arena, struct wr_kinesis_shard, block->child_count);
  uint32_t at = wr_json_first(list);
  for (uint32_t i = 0; i < block->child_count; i++, at = tape->nodes[at].next)
    if (!wr_kinesis_read_child(tape, at, &block->arena, &block->children[i]))
      return unpack_fail(self, "a child shard lacks its name, its parents or its hash keys");
  return WR_OK;
}

static enum wr_code unpack_rest(const struct unpacking *self)
{
  const struct wr_json_tape *tape = &self->unpacker->tape;
  struct wr_kinesis_block *block = self->block;
  uint32_t next = wr_kinesis_member(
      tape, 0, self->wanted->is_event ? "ContinuationSequenceNumber" : "NextShardIterator");
  uint32_t behind = wr_kinesis_member(tape, 0, "MillisBehindLatest");
  const struct wr_json_node *number = &tape->nodes[behind];
  struct wr_slice text;
  if (behind &&
      !wr_parse_i64(tape->bytes + number->first, number->end - number->first, &block->behind_ms))
    return unpack_fail(self, "its MillisBehindLatest is no number");
  if (next) {
    if (tape->nodes[next].kind != WR_JSON_STRING)
      return unpack_fail(self, "the place where it goes on is no text");
    text = unpack_raw(self, next);
    if (self->wanted->is_event && !wr_kinesis_is_sequence(text.bytes, text.length))
      return unpack_fail(self, "its ContinuationSequenceNumber is none");
    block->next_place = wr_arena_copy(&block->arena, text.bytes, text.length);
  }
  return unpack_children(self);
}

enum wr_code wr_kinesis_block_read(struct wr_kinesis_block *block,
                                   struct wr_kinesis_unpacker *unpacker,
                                   const struct wr_kinesis_wanted *wanted, const char *body,
                                   size_t length, struct wr_error *err)
{
  struct unpacking self = {block, unpacker, wanted,
                           wanted->is_event ? "SubscribeToShard" : "GetRecords", err};
  wr_arena_reset(&block->arena);
  block->count = block->at = block->child_count = block->skipped = block->data_count = 0;
  block->length = 0;
  block->data_bytes = 0;
  block->behind_ms = 0;
  block->next_place = NULL;
  block->last = (struct wr_slice){NULL, 0};
  if (block->capacity < length + WR_PADDING) {
    free(block->bytes);
    block->capacity = length + WR_PADDING;
    block->bytes = wr_memory_get(block->capacity);
  }
  enum wr_code code = wr_kinesis_scan(&unpacker->tape, body, length, self.action, err);
  if (code == WR_OK)
    code = unpack_records(&self);
  return code == WR_OK ? unpack_rest(&self) : code;
}
