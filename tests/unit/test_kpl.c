/* SPDX-License-Identifier: Apache-2.0 */
/* Aggregated records: written and read back, read as another library wrote them, and what only
 * looks like one. */
#include <openssl/evp.h>
#include <stdlib.h>

#include "connectors/kpl.h"
#include "tests/unit/check.h"

static struct wr_slice slice(const char *text)
{
  return (struct wr_slice){text, text ? (uint32_t)strlen(text) : 0};
}

static bool is_equal(struct wr_slice a, struct wr_slice b)
{
  return !a.bytes == !b.bytes && a.length == b.length &&
         (!a.length || memcmp(a.bytes, b.bytes, a.length) == 0);
}

static void test_hash_keys(void)
{
  static const struct {
    const char *text;
    bool parses;
    uint64_t high, low;
  } rows[] = {
      {"0", true, 0, 0},
      {"18446744073709551616", true, 1, 0},
      {"340282366920938463463374607431768211455", true, UINT64_MAX, UINT64_MAX},
      {"340282366920938463463374607431768211456", false, 0, 0},
      {"3402823669209384634633746074317682114550", false, 0, 0},
      {"", false, 0, 0},
      {"-1", false, 0, 0},
      {"1 ", false, 0, 0},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    wr_hash_key key = 0;
    bool parses = wr_hash_key_parse(rows[i].text, strlen(rows[i].text), &key);
    WR_CHECK(parses == rows[i].parses, "%s", rows[i].text);
    if (parses)
      WR_CHECK(key == ((wr_hash_key)rows[i].high << 64 | rows[i].low), "%s", rows[i].text);
  }
  /* md5("a") = 0cc175b9c0f1b6a831c399e269772661 */
  wr_hash_key a = (wr_hash_key)UINT64_C(0x0cc175b9c0f1b6a8) << 64 | UINT64_C(0x31c399e269772661);
  CU_ASSERT_TRUE(wr_hash_key_of("a", 1) == a);
}

#define MANY 1000

static void make_record(uint32_t i, char key[32], char hash_key[32], char data[64])
{
  snprintf(key, 32, "key-%u", i % 37);
  snprintf(hash_key, 32, "%u", i % 5);
  snprintf(data, 64, "record %u %.*s", i, (int)(i % 40),
           "........................................");
}

static void test_round_trip(void)
{
  struct wr_kpl_writer writer = {0};
  struct wr_kpl_reader reader = {0};
  struct wr_buffer bytes = {0};
  struct wr_kpl_record record;
  char key[32], hash_key[32], data[64];
  for (int round = 0; round < 2; round++) { /* the second one begins anew */
    wr_buffer_clear(&bytes);
    for (uint32_t i = 0; i < MANY; i++) {
      make_record(i, key, hash_key, data);
      struct wr_slice hash = i % 3 ? slice(NULL) : slice(hash_key);
      size_t expected = wr_kpl_bytes_with(&writer, slice(key), hash, strlen(data));
      wr_kpl_put(&writer, slice(key), hash, data, (uint32_t)strlen(data));
      if (i == MANY - 1 || i == 0) {
        CU_ASSERT_EQUAL(expected, 4 + writer.keys.length + writer.hash_keys.length +
                                      writer.records.length + 16);
      }
    }
    wr_kpl_take(&writer, &bytes);
    CU_ASSERT_TRUE_FATAL(wr_kpl_open(&reader, bytes.bytes, bytes.length));
    CU_ASSERT_EQUAL(reader.record_count, MANY);
    CU_ASSERT_EQUAL(reader.key_count, 37);
    for (uint32_t i = 0; i < MANY; i++) {
      make_record(i, key, hash_key, data);
      CU_ASSERT_TRUE_FATAL(wr_kpl_next(&reader, &record));
      wr_hash_key hash = i % 3 ? wr_hash_key_of(key, strlen(key)) : (wr_hash_key)(i % 5);
      WR_CHECK(is_equal(record.key, slice(key)) && is_equal(record.data, slice(data)) &&
                   is_equal(record.hash_key, i % 3 ? slice(NULL) : slice(hash_key)) &&
                   record.hash == hash,
               "record %u", i);
    }
    CU_ASSERT_FALSE(wr_kpl_next(&reader, &record));
  }
  wr_buffer_free(&bytes);
  wr_kpl_writer_free(&writer);
  wr_kpl_reader_free(&reader);
}

/* A message around any body, with a right digest. */
static struct wr_buffer wrap(const char *body, size_t length)
{
  struct wr_buffer bytes = {0};
  unsigned char digest[16];
  wr_buffer_put(&bytes, "\xF3\x89\x9A\xC2", 4);
  wr_buffer_put(&bytes, body, length);
  EVP_Digest(body, length, digest, NULL, EVP_md5(), NULL);
  wr_buffer_put(&bytes, (const char *)digest, 16);
  return bytes;
}

static bool opens(struct wr_buffer bytes)
{
  struct wr_kpl_reader reader = {0};
  struct wr_kpl_record record;
  /* of exactly this size, so that a sanitizer sees reading on */
  char *copy = malloc(bytes.length);
  memcpy(copy, bytes.bytes, bytes.length);
  bool is_open = wr_kpl_open(&reader, copy, bytes.length);
  uint32_t count = 0;
  while (is_open && wr_kpl_next(&reader, &record))
    count++;
  CU_ASSERT_TRUE(!is_open || count == reader.record_count);
  wr_kpl_reader_free(&reader);
  free(copy);
  wr_buffer_free(&bytes);
  return is_open;
}

#define ROW(what, opens, body)         \
  {                                    \
    what, opens, body, sizeof body - 1 \
  }
static const struct {
  const char *what;
  bool opens;
  const char *body;
  size_t length;
} bodies[] = {
    ROW("one record", true, "\12\1k\32\6\10\0\32\2hi"),
    ROW("no record", true, "\12\1k"),
    ROW("tables behind the records", true, "\32\6\10\0\32\2hi\12\1k"),
    ROW("fields that are not known", true, "\12\1k\32\11\10\0\32\2hi\42\1t\42\1x\50\1"),
    ROW("fixed numbers that are not known", true, "\12\1k\115abcd\121abcdefgh"),
    ROW("a hash key", true, "\12\1k\22\0012\32\10\10\0\20\0\32\2hi"),
    ROW("a hash key that is no number", false, "\12\1k\22\1x\32\10\10\0\20\0\32\2hi"),
    ROW("a hash key that is not there", false, "\12\1k\32\10\10\0\20\0\32\2hi"),
    ROW("a key that is not there", false, "\12\1k\32\6\10\1\32\2hi"),
    ROW("no key at all", false, "\12\1k\32\4\32\2hi"),
    ROW("no data", false, "\12\1k\32\2\10\0"),
    ROW("a length beyond the end", false, "\12\5k"),
    ROW("a record's length beyond the end", false, "\12\1k\32\6\10\0\32\3hi"),
    ROW("a number without end", false, "\12\1k\32\3\10\377\377"),
    ROW("a number of 65 bits", false, "\12\1k\50\377\377\377\377\377\377\377\377\377\2"),
    ROW("field 0", false, "\12\1k\2\1x"),
    ROW("a group", false, "\12\1k\53"),
    ROW("a key of another type", false, "\10\1"),
};

static void test_bodies(void)
{
  for (size_t i = 0; i < WR_COUNT(bodies); i++)
    WR_CHECK(opens(wrap(bodies[i].body, bodies[i].length)) == bodies[i].opens, "%s",
             bodies[i].what);
}

static void test_damage(void)
{
  const char *body = bodies[0].body;
  for (size_t at = 0; at < bodies[0].length + 20; at++) {
    struct wr_buffer bytes = wrap(body, bodies[0].length);
    bytes.bytes[at] ^= 1;
    WR_CHECK(!opens(bytes), "byte %zu", at);
  }
  for (size_t length = 0; length < bodies[0].length + 20; length++) {
    struct wr_buffer bytes = wrap(body, bodies[0].length);
    bytes.length = length;
    WR_CHECK(!opens(bytes), "length %zu", length);
  }
}

static const struct wr_test tests[] = {
    {"hash keys of 128 bits", test_hash_keys},
    {"what is written is read", test_round_trip},
    {"messages as others may write them", test_bodies},
    {"what only looks like one", test_damage},
    {NULL, NULL},
};
const struct wr_suite wr_suite_kpl = {"kpl", tests};
