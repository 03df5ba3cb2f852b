/* SPDX-License-Identifier: Apache-2.0 */
/* Kinesis without a server: positions, times, base64, answers, and which shards may be read. */
#include <stdlib.h>

#include "connectors/kinesis_records.h"
#include "connectors/kinesis_time.h"
#include "core/time.h"
#include "tests/unit/check.h"
#include "text/json_write.h"

/* ---- positions and times ---- */

static void test_positions(void)
{
  static const struct {
    const char *text;
    bool parses;
    enum wr_kinesis_place place;
  } rows[] = {
      {"first", true, WR_KINESIS_FIRST},
      {"end", true, WR_KINESIS_END},
      {"at:1700000000123", true, WR_KINESIS_AT_TIME},
      {"49600000000000000000000000000000000000000000000000000002", true, WR_KINESIS_AFTER},
      {"49600000000000000000000000000000000000000000000000000002:7", true, WR_KINESIS_INSIDE},
      {"4:4294967295", true, WR_KINESIS_INSIDE},
      {"4:4294967296", false, 0},
      {"4:-1", false, 0},
      {"4:", false, 0},
      {"", false, 0},
      {"at:", false, 0},
      {"at:-5", false, 0},
      {"x12", false, 0},
      {"12x", false, 0},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_kinesis_position position;
    char text[WR_KINESIS_POSITION_BYTES];
    bool parses = wr_kinesis_position_parse(rows[i].text, &position);
    WR_CHECK(parses == rows[i].parses, "%s", rows[i].text);
    if (!parses)
      continue;
    wr_kinesis_position_print(&position, text, sizeof text);
    WR_CHECK(position.place == rows[i].place && strcmp(text, rows[i].text) == 0, "%s", text);
  }
  char digits[WR_KINESIS_SEQUENCE_DIGITS + 2];
  struct wr_kinesis_position position;
  memset(digits, '9', sizeof digits);
  digits[WR_KINESIS_SEQUENCE_DIGITS + 1] = '\0';
  CU_ASSERT_FALSE(wr_kinesis_position_parse(digits, &position));
  digits[WR_KINESIS_SEQUENCE_DIGITS] = '\0';
  CU_ASSERT_TRUE(wr_kinesis_position_parse(digits, &position));
}

static void test_times(void)
{
  static const char *const usual = "yyyy-MM-dd'T'HH:mm:ss.SSSXXX";
  static const struct {
    const char *pattern, *text;
    int64_t time_ms; /* -1: does not fit */
  } rows[] = {
      {NULL, "2023-11-14T22:13:20.123Z", 1700000000123},
      {NULL, "2023-11-14T23:13:20.123+01:00", 1700000000123},
      {NULL, "2023-11-14T17:43:20.123-04:30", 1700000000123},
      {NULL, "2023-11-14T22:13:20Z", -1},
      {NULL, "2023-02-29T00:00:00.000Z", -1},
      {NULL, "2023-11-14T24:13:20.123Z", -1},
      {NULL, "2023-11-14T22:13:20.123Zx", -1},
      {"yyyyMMddHHmmssZ", "20231114221320+0000", 1700000000000},
      {"yyyy-MM-dd", "2023-11-14", 1699920000000},
      {"dd.MM.yy''HH 'o''clock'", "14.11.2023'22 o'clock", 1699999200000},
      {"yyyy-MM-dd", "2023-11", -1},
      {"yyyy", "1969", -1},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    int64_t time_ms = -1;
    bool fits =
        wr_kinesis_time_parse(rows[i].text, rows[i].pattern ? rows[i].pattern : usual, &time_ms);
    WR_CHECK(fits == (rows[i].time_ms >= 0) && (!fits || time_ms == rows[i].time_ms), "%s: %lld",
             rows[i].text, (long long)time_ms);
  }
  char letter;
  CU_ASSERT_TRUE(wr_kinesis_time_check(usual, &letter));
  CU_ASSERT_FALSE(wr_kinesis_time_check("yyyy G", &letter));
  CU_ASSERT_EQUAL(letter, 'G');
  CU_ASSERT_FALSE(wr_kinesis_time_check("yyyy'T", &letter));
  CU_ASSERT_EQUAL(letter, '\'');
}

/* Long texts are read many characters at a time: any character at any place of one counts as it
 * does in a text of four. */
static void test_base64_long(void)
{
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  enum { LENGTH = 132 };
  for (size_t at = 0; at < LENGTH; at++) {
    for (int c = 0; c < 256; c++) {
      char text[LENGTH + 1], *out = wr_memory_get(LENGTH / 4 * 3), quad[3];
      size_t length, quad_length;
      for (size_t i = 0; i < LENGTH; i++)
        text[i] = letters[(i * 11 + at) % 64];
      text[at] = (char)c;
      bool good = c && strchr(letters, c);
      bool reads = wr_kinesis_base64(text, LENGTH, out, &length);
      bool ends = c == '=' && at == LENGTH - 1;
      WR_CHECK(reads == (good || ends), "character %d at %zu", c, at);
      if (good && reads) {
        wr_kinesis_base64(text + at / 4 * 4, 4, quad, &quad_length);
        WR_CHECK(length == LENGTH / 4 * 3 && memcmp(out + at / 4 * 3, quad, 3) == 0,
                 "character %d at %zu", c, at);
      }
      free(out);
    }
  }
}

static void test_base64(void)
{
  char text[1200], out[1200], bytes[800];
  size_t length;
  for (size_t i = 0; i < sizeof bytes; i++)
    bytes[i] = (char)(i * 37 + i / 256);
  for (size_t n = 0; n < sizeof bytes; n++) {
    wr_base64_put(bytes, n, text);
    bool reads = wr_kinesis_base64(text, wr_base64_chars(n), out, &length);
    WR_CHECK(reads && length == n && memcmp(out, bytes, n) == 0, "%zu bytes", n);
  }
  static const char *const bad[] = {"a",
                                    "ab",
                                    "abc",
                                    "ab=c",
                                    "a===",
                                    "====",
                                    "ab c",
                                    "ab-_",
                                    "abcd=abc",
                                    "ab\x80"
                                    "c"};
  for (size_t i = 0; i < WR_COUNT(bad); i++)
    WR_CHECK(!wr_kinesis_base64(bad[i], strlen(bad[i]), out, &length), "'%s'", bad[i]);
}

/* ---- answers ---- */

static const struct wr_kinesis_position from_first = {.place = WR_KINESIS_FIRST};

static enum wr_code read_block(struct wr_kinesis_block *block, const char *body,
                               const struct wr_kinesis_position *from, wr_hash_key first,
                               wr_hash_key last, bool is_event, struct wr_error *err)
{
  struct wr_kinesis_unpacker unpacker = {0};
  const struct wr_kinesis_wanted wanted = {first, last, from, is_event};
  enum wr_code code = wr_kinesis_block_read(block, &unpacker, &wanted, body, strlen(body), err);
  wr_kinesis_unpacker_free(&unpacker);
  return code;
}

static struct wr_kinesis_block *block_new(void)
{
  return wr_memory_get_zero(sizeof(struct wr_kinesis_block));
}

static bool is_text(struct wr_slice slice, const char *text)
{
  return slice.length == strlen(text) && memcmp(slice.bytes, text, slice.length) == 0;
}

static void test_records(void)
{
  struct wr_kinesis_block *block = block_new();
  struct wr_error err = {0};
  static const char body[] =
      "{\"Records\":[{\"SequenceNumber\":\"101\",\"ApproximateArrivalTimestamp\":1.700000000123E9,"
      "\"Data\":\"eyJEYXRhIjoiMSJ9\",\"PartitionKey\":\"1\\u00e41\",\"EncryptionType\":null},"
      "{\"Data\":\"\",\"PartitionKey\":\"k\",\"SequenceNumber\":\"102\"}],"
      "\"NextShardIterator\":\"AAA\",\"MillisBehindLatest\":5000,\"ChildShards\":null}";
  CU_ASSERT_EQUAL_FATAL(read_block(block, body, &from_first, 0, WR_HASH_KEY_MAX, false, &err),
                        WR_OK);
  CU_ASSERT_EQUAL_FATAL(block->count, 2);
  CU_ASSERT_EQUAL(block->messages[0].length, 12);
  CU_ASSERT_EQUAL(memcmp(block->messages[0].bytes, "{\"Data\":\"1\"}", 12), 0);
  CU_ASSERT_EQUAL(memcmp(block->messages[0].key,
                         "1\xc3\xa4"
                         "1",
                         4),
                  0);
  CU_ASSERT_EQUAL(block->messages[0].time_us, INT64_C(1700000000123000));
  CU_ASSERT_TRUE(is_text(block->records[0].sequence, "101"));
  CU_ASSERT_TRUE(block->records[0].is_last && !block->records[0].is_part);
  CU_ASSERT_EQUAL(block->messages[1].length, 0);
  CU_ASSERT_PTR_NOT_NULL(block->messages[1].bytes); /* empty, not absent */
  CU_ASSERT_EQUAL(block->messages[1].time_us, WR_TIME_NONE);
  CU_ASSERT_STRING_EQUAL(block->next_place, "AAA");
  CU_ASSERT_EQUAL(block->behind_ms, 5000);
  CU_ASSERT_EQUAL(block->data_count, 2);
  CU_ASSERT_TRUE(is_text(block->last, "102"));
  wr_kinesis_block_free(block);
}

static void test_last_answer(void)
{
  struct wr_kinesis_block *block = block_new();
  struct wr_error err = {0};
  static const char body[] =
      "{\"Records\":[],\"MillisBehindLatest\":0,\"ChildShards\":[{\"ShardId\":\"b\","
      "\"ParentShards\":[\"a\",\"z\"],\"HashKeyRange\":{\"StartingHashKey\":\"0\","
      "\"EndingHashKey\":\"18446744073709551616\"}}]}";
  CU_ASSERT_EQUAL_FATAL(read_block(block, body, &from_first, 0, WR_HASH_KEY_MAX, false, &err),
                        WR_OK);
  CU_ASSERT_PTR_NULL(block->next_place);
  CU_ASSERT_EQUAL_FATAL(block->child_count, 1);
  CU_ASSERT_STRING_EQUAL(block->children[0].name, "b");
  CU_ASSERT_STRING_EQUAL(block->children[0].parents[0], "a");
  CU_ASSERT_STRING_EQUAL(block->children[0].parents[1], "z");
  CU_ASSERT_TRUE(block->children[0].last == (wr_hash_key)1 << 64);
  wr_kinesis_block_free(block);
}

static void test_bad_answers(void)
{
  static const char *const bodies[] = {
      "",
      "[]",
      "{}",
      "{\"Records\":{}}",
      "{\"Records\":[1]}",
      "{\"Records\":[{\"Data\":\"\",\"PartitionKey\":\"k\"}]}",
      "{\"Records\":[{\"Data\":\"\",\"PartitionKey\":\"k\",\"SequenceNumber\":\"x\"}]}",
      "{\"Records\":[{\"Data\":\"\",\"SequenceNumber\":\"1\"}]}",
      "{\"Records\":[{\"PartitionKey\":\"k\",\"SequenceNumber\":\"1\"}]}",
      "{\"Records\":[{\"Data\":\"a\",\"PartitionKey\":\"k\",\"SequenceNumber\":\"1\"}]}",
      "{\"Records\":[],\"MillisBehindLatest\":\"x\"}",
      "{\"Records\":[],\"NextShardIterator\":1}",
      "{\"Records\":[],\"ChildShards\":{}}",
      "{\"Records\":[],\"ChildShards\":[{}]}",
  };
  struct wr_kinesis_block *block = block_new();
  for (size_t i = 0; i < WR_COUNT(bodies); i++) {
    struct wr_error err = {0};
    WR_CHECK(read_block(block, bodies[i], &from_first, 0, WR_HASH_KEY_MAX, false, &err) ==
                     WR_CONNECTION &&
                 strstr(err.message, "GetRecords"),
             "%s: %s", bodies[i], err.message);
  }
  struct wr_error err = {0};
  CU_ASSERT_EQUAL(read_block(block, "{\"Records\":[],\"ContinuationSequenceNumber\":\"x\"}",
                             &from_first, 0, WR_HASH_KEY_MAX, true, &err),
                  WR_CONNECTION);
  wr_kinesis_block_free(block);
}

/* An answer with one aggregated record of four parts, number 7, between two ordinary ones. */
static void make_aggregate(struct wr_buffer *out)
{
  static const struct wr_slice keys[] = {{"a", 1}, {"b", 1}}, none = {NULL, 0};
  struct wr_kpl_writer writer = {0};
  struct wr_buffer record = {0};
  for (int i = 0; i < 4; i++) {
    char data[2] = {'d', (char)('0' + i)};
    wr_kpl_put(&writer, keys[i % 2], none, data, 2);
  }
  wr_kpl_take(&writer, &record);
  wr_buffer_put_string(out, "{\"Records\":[{\"Data\":\"eA==\",\"PartitionKey\":\"x\","
                            "\"SequenceNumber\":\"6\"},{\"Data\":\"");
  wr_base64_write(out, record.bytes, record.length);
  wr_buffer_put_string(out,
                       "\",\"PartitionKey\":\"p\",\"SequenceNumber\":\"7\"},{\"Data\":\"eA==\","
                       "\"PartitionKey\":\"x\",\"SequenceNumber\":\"8\"}]}");
  wr_kpl_writer_free(&writer);
  wr_buffer_free(&record);
}

static void test_aggregate(void)
{
  struct wr_hash_row {
    const char *from;
    bool only_b; /* the shard's keys are those of b */
    uint32_t count, subs[4], sub_count, skipped;
  } rows[] = {
      {"first", false, 6, {0, 1, 2, 3}, 4, 0},
      {"7:1", false, 4, {2, 3}, 2, 0},
      {"7:3", false, 2, {0}, 0, 0},
      {"first", true, 4, {1, 3}, 2, 2},
      {"7:1", true, 3, {3}, 1, 2},
      {"6:0", false, 5, {0, 1, 2, 3}, 4, 0},
  };
  struct wr_buffer body = {0};
  struct wr_error err = {0};
  make_aggregate(&body);
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_kinesis_block *block = block_new();
    struct wr_kinesis_position from;
    wr_hash_key b = wr_hash_key_of("b", 1);
    wr_kinesis_position_parse(rows[i].from, &from);
    enum wr_code code = read_block(block, wr_buffer_string(&body), &from, rows[i].only_b ? b : 0,
                                   rows[i].only_b ? b : WR_HASH_KEY_MAX, false, &err);
    WR_CHECK(code == WR_OK && block->count == rows[i].count && block->skipped == rows[i].skipped,
             "row %zu: %u records, %u left out", i, block->count, block->skipped);
    uint32_t part = 0;
    for (uint32_t r = 0; r < block->count; r++) {
      if (!block->records[r].is_part)
        continue;
      WR_CHECK(part < rows[i].sub_count && block->records[r].sub == rows[i].subs[part] &&
                   block->messages[r].bytes[1] == (char)('0' + rows[i].subs[part]) &&
                   block->records[r].is_last == (part + 1 == rows[i].sub_count) &&
                   block->messages[r].key[0] == (rows[i].subs[part] % 2 ? 'b' : 'a'),
               "row %zu, part %u", i, part);
      part++;
    }
    WR_CHECK(part == rows[i].sub_count, "row %zu: %u parts", i, part);
    wr_kinesis_block_free(block);
  }
  wr_buffer_free(&body);
}

static void test_shard_lists(void)
{
  static const char body[] =
      "{\"NextToken\":null,\"Shards\":[{\"ShardId\":\"a\",\"HashKeyRange\":{\"StartingHashKey\":"
      "\"0\",\"EndingHashKey\":\"9\"},\"SequenceNumberRange\":{\"StartingSequenceNumber\":\"1\","
      "\"EndingSequenceNumber\":\"2\"}},{\"ShardId\":\"b\",\"ParentShardId\":\"a\","
      "\"AdjacentParentShardId\":null,\"HashKeyRange\":{\"StartingHashKey\":\"0\","
      "\"EndingHashKey\":\"9\"},\"SequenceNumberRange\":{\"StartingSequenceNumber\":\"1\","
      "\"EndingSequenceNumber\":null}}]}";
  struct wr_arena arena = {0};
  struct wr_error err = {0};
  struct wr_kinesis_shard *shards;
  uint32_t count;
  const char *next = "";
  CU_ASSERT_EQUAL_FATAL(
      wr_kinesis_read_shards(body, strlen(body), &arena, &shards, &count, &next, &err), WR_OK);
  CU_ASSERT_EQUAL_FATAL(count, 2);
  CU_ASSERT_PTR_NULL(next);
  CU_ASSERT_TRUE(shards[0].is_closed && !shards[1].is_closed);
  CU_ASSERT_STRING_EQUAL(shards[1].parents[0], "a");
  CU_ASSERT_PTR_NULL(shards[1].parents[1]);
  CU_ASSERT_TRUE(shards[1].last == 9);
  static const char *const bad[] = {"{}", "{\"Shards\":[{}]}", "{\"Shards\":[{\"ShardId\":\"\"}]}",
                                    "{\"Shards\":[{\"ShardId\":\"a\"}]}",
                                    "{\"Shards\":[],\"NextToken\":5}"};
  for (size_t i = 0; i < WR_COUNT(bad); i++)
    WR_CHECK(wr_kinesis_read_shards(bad[i], strlen(bad[i]), &arena, &shards, &count, &next, &err) ==
                 WR_CONNECTION,
             "%s", bad[i]);
  wr_arena_free(&arena);
}

/* ---- the ledger ---- */

static void know(struct wr_kinesis_ledger *ledger, const char *name, const char *a, const char *b)
{
  struct wr_error err;
  const struct wr_kinesis_shard shard = {.name = name, .parents = {a, b}};
  CU_ASSERT_EQUAL(wr_kinesis_ledger_know(ledger, &shard, &err), WR_OK);
}

static const char *take(struct wr_kinesis_ledger *ledger, uint32_t reader)
{
  const struct wr_kinesis_shard *shard = wr_kinesis_ledger_take(ledger, reader);
  return shard ? shard->name : "none";
}

static void test_split(void)
{
  struct wr_kinesis_ledger *ledger = wr_kinesis_ledger_new();
  know(ledger, "a", NULL, NULL);
  wr_kinesis_ledger_own(ledger, "a", 1);
  CU_ASSERT_FALSE(wr_kinesis_ledger_has_child(ledger, "a"));
  know(ledger, "b", "a", NULL);
  know(ledger, "c", "a", NULL);
  CU_ASSERT_TRUE(wr_kinesis_ledger_has_child(ledger, "a"));
  CU_ASSERT_STRING_EQUAL(take(ledger, 1), "none"); /* the parent is being read */
  CU_ASSERT_FALSE(wr_kinesis_ledger_may_begin(ledger, "b", 1, 0, 10));
  wr_kinesis_ledger_drain(ledger, "a", 100);
  CU_ASSERT_STRING_EQUAL(take(ledger, 0), "none"); /* its children stay with reader 1 */
  CU_ASSERT_STRING_EQUAL(take(ledger, 1), "b");
  CU_ASSERT_STRING_EQUAL(take(ledger, 1), "c");
  CU_ASSERT_STRING_EQUAL(take(ledger, 1), "none");
  CU_ASSERT_TRUE(wr_kinesis_ledger_may_begin(ledger, "b", 1, 1000, 100));
  wr_kinesis_ledger_free(ledger);
}

static void test_merge(void)
{
  struct wr_kinesis_ledger *ledger = wr_kinesis_ledger_new();
  know(ledger, "a", NULL, NULL);
  know(ledger, "b", NULL, NULL);
  know(ledger, "c", "a", "b");
  wr_kinesis_ledger_own(ledger, "a", 0);
  wr_kinesis_ledger_own(ledger, "b", 1);
  wr_kinesis_ledger_drain(ledger, "b", 50);
  CU_ASSERT_STRING_EQUAL(take(ledger, 1), "none");
  wr_kinesis_ledger_drain(ledger, "a", 100);
  CU_ASSERT_STRING_EQUAL(take(ledger, 1), "none");
  CU_ASSERT_STRING_EQUAL(take(ledger, 0), "c");
  CU_ASSERT_FALSE(wr_kinesis_ledger_may_begin(ledger, "c", 0, 1000, 1049)); /* b's rows settle */
  CU_ASSERT_TRUE(wr_kinesis_ledger_may_begin(ledger, "c", 0, 1000, 1050));
  wr_kinesis_ledger_settle(ledger, "b");
  CU_ASSERT_TRUE(wr_kinesis_ledger_may_begin(ledger, "c", 0, 1000, 100));
  wr_kinesis_ledger_free(ledger);
}

static void test_orphans(void)
{
  struct wr_kinesis_ledger *ledger = wr_kinesis_ledger_new();
  know(ledger, "a", "gone", "gone too");
  CU_ASSERT_STRING_EQUAL(take(ledger, 3), "a");
  CU_ASSERT_TRUE(wr_kinesis_ledger_may_begin(ledger, "a", 3, 1000, 0));
  CU_ASSERT_PTR_NULL(wr_kinesis_ledger_find(ledger, "gone"));
  /* the parent is of an earlier life, drained then, and nobody's now */
  know(ledger, "old", NULL, NULL);
  wr_kinesis_ledger_drain(ledger, "old", 0);
  know(ledger, "new", "old", NULL);
  CU_ASSERT_STRING_EQUAL(take(ledger, 2), "new");
  wr_kinesis_ledger_free(ledger);
}

static void test_many(void)
{
  struct wr_kinesis_ledger *ledger = wr_kinesis_ledger_new();
  char name[32], parent[32];
  for (int i = 0; i < 2000; i++) {
    snprintf(name, sizeof name, "shardId-%012d", i);
    snprintf(parent, sizeof parent, "shardId-%012d", i - 1);
    know(ledger, name, i ? parent : NULL, NULL);
    know(ledger, name, NULL, NULL); /* nothing new */
  }
  for (int i = 0; i < 2000; i++) {
    snprintf(name, sizeof name, "shardId-%012d", i);
    const char *taken = take(ledger, 0);
    WR_CHECK(strcmp(taken, name) == 0, "%s instead of %s", taken, name);
    wr_kinesis_ledger_drain(ledger, name, i);
  }
  CU_ASSERT_EQUAL(wr_kinesis_ledger_version(ledger), 4000);
  wr_kinesis_ledger_free(ledger);
}

static void test_listing(void)
{
  struct wr_kinesis_ledger *ledger = wr_kinesis_ledger_new();
  CU_ASSERT_FALSE(wr_kinesis_ledger_is_due(ledger, 100, 1000)); /* they have just been listed */
  CU_ASSERT_FALSE(wr_kinesis_ledger_is_due(ledger, 100, 1099));
  CU_ASSERT_TRUE(wr_kinesis_ledger_is_due(ledger, 100, 1100));
  CU_ASSERT_FALSE(wr_kinesis_ledger_is_due(ledger, 100, 1100)); /* one of all readers does it */
  wr_kinesis_ledger_free(ledger);
}

static const struct wr_test tests[] = {
    {"positions as text", test_positions},
    {"times by a pattern", test_times},
    {"base64", test_base64},
    {"base64, any character at any place", test_base64_long},
    {"records of an answer", test_records},
    {"the last answer of a shard", test_last_answer},
    {"answers that cannot be read", test_bad_answers},
    {"aggregated records, from their middle and of a part of the keys", test_aggregate},
    {"lists of shards", test_shard_lists},
    {"the children of a split wait for their parent", test_split},
    {"the child of a merge waits for both", test_merge},
    {"shards whose parents nobody knows", test_orphans},
    {"thousands of shards, each the child of the one before", test_many},
    {"one of all readers lists shards", test_listing},
    {NULL, NULL},
};
const struct wr_suite wr_suite_kinesis = {"kinesis", tests};
