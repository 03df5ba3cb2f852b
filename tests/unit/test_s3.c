/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of S3, which keys they mean, and lists of objects in XML. */
#include "connectors/s3.h"

#include <string.h>

#include "connectors/known_names.h"
#include "tests/unit/check.h"
#include "tests/unit/connect.h"

static void places(void)
{
  static const struct {
    const char *path, *key;
    bool has;
  } rows[] = {
      {"s3://bucket", "a", true},
      {"s3://bucket/", "a/b", true},
      {"s3://bucket/", "_a", false},
      {"s3://bucket/a", "a", true},
      {"s3://bucket/a", "a/b", true},
      {"s3://bucket/a", "ab", false},
      {"s3://bucket/a/", "a/b", true},
      {"s3://bucket/a/", "a", false},
      {"s3://bucket/a/", "a/", false},
      {"s3://bucket/a/", "a/b/", false},
      {"s3://bucket/a", "a/.b", false},
      {"s3://bucket/a", "a/b/_c/d", false},
      {"s3://bucket/_a/", "_a/b", true},
      {"s3://bucket/_a", "_a", true},
      {"s3a://bucket/a/*.gz", "a/b.gz", true},
      {"s3n://bucket/a/*.gz", "a/b/c.gz", false},
      {"s3://bucket/a/*.gz", "a/_b.gz", false},
      {"s3://bucket/a/*/c", "a/b/c", true},
      {"s3://bucket/a[12]/x?", "a2/xy", true},
      {"s3://bucket/a[12]/x?", "a3/xy", false},
      {"s3://bucket/a//b", "a//b", true},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_arena arena = {0};
    struct wr_s3_place place;
    bool parsed = wr_s3_place_parse(rows[i].path, &arena, &place);
    WR_CHECK(parsed && strcmp(place.bucket, "bucket") == 0 &&
                 wr_s3_place_has(&place, rows[i].key) == rows[i].has,
             "%s and %s", rows[i].path, rows[i].key);
    WR_CHECK(!rows[i].has || strncmp(rows[i].key, place.literal, strlen(place.literal)) == 0,
             "%s is listed by '%s'", rows[i].key, place.literal);
    wr_arena_free(&arena);
  }
  static const char *const wrong[] = {"",          "/bucket/a",     "s3:/bucket", "s3://",
                                      "s3://ab/c", "gs://bucket/a", "bucket/a"};
  for (size_t i = 0; i < WR_COUNT(wrong); i++) {
    struct wr_arena arena = {0};
    struct wr_s3_place place;
    WR_CHECK(!wr_s3_place_parse(wrong[i], &arena, &place), "%s", wrong[i]);
    wr_arena_free(&arena);
  }
}

/* Folders of partitions are nobody's private business, whatever their names. */
static void partitioned_places(void)
{
  static const char *const partitions[] = {"_day", "k"};
  static const struct {
    const char *path, *key;
    bool has;
  } rows[] = {
      {"s3://bucket/a", "a/_day=1/k=2/x", true},  {"s3://bucket/a", "a/_day=1/_x", false},
      {"s3://bucket/a", "a/_night=1/k=x", false}, {"s3://bucket/a", "a/_day=/x", false},
      {"s3://bucket/a", "a/_day=1", false},       {"s3://bucket/a", "a/k=_/x", true},
      {"s3://bucket/a/*", "a/_day=1", false},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_arena arena = {0};
    struct wr_s3_place place;
    CU_ASSERT_FATAL(wr_s3_place_parse(rows[i].path, &arena, &place));
    place.partitions = partitions;
    place.partition_count = WR_COUNT(partitions);
    WR_CHECK(wr_s3_place_has(&place, rows[i].key) == rows[i].has, "%s", rows[i].key);
    wr_arena_free(&arena);
  }
}

static void pages(void)
{
  static const char text[] =
      "<?xml version=\"1.0\"?>\n<!-- x --><ListBucketResult xmlns=\"http://s3\"><Name>b</Name>"
      "<Prefix/><IsTruncated>true</IsTruncated><NextContinuationToken>a/b&amp;c=</"
      "NextContinuationToken><Contents><Key>x&lt;&#233;&#xE9;&amp;&quot;&apos;&#xZ;&unknown; "
      "y</Key><LastModified>2026</LastModified><Size>17</Size><Owner><ID>o</ID></Owner></Contents>"
      "<Contents><Size>nonsense</Size><Key>z</Key></Contents><Contents><Key></Key></Contents>"
      "<CommonPrefixes><Prefix>p</Prefix></CommonPrefixes></ListBucketResult>";
  struct wr_arena arena = {0};
  struct wr_s3_page page;
  CU_ASSERT_FATAL(wr_s3_page_parse(text, sizeof text - 1, &arena, &page));
  CU_ASSERT_EQUAL_FATAL(page.object_count, 2);
  CU_ASSERT_STRING_EQUAL(page.objects[0].key, "x<\xC3\xA9\xC3\xA9&\"'&#xZ;&unknown; y");
  CU_ASSERT_EQUAL(page.objects[0].size, 17);
  CU_ASSERT_STRING_EQUAL(page.objects[1].key, "z");
  CU_ASSERT_EQUAL(page.objects[1].size, -1);
  CU_ASSERT_STRING_EQUAL(page.next, "a/b&c=");
  for (size_t length = 0; length < 40; length++) /* not even the name of the list */
    CU_ASSERT_FALSE(wr_s3_page_parse(text, length, &arena, &page));
  static const char *const wrong[] = {
      "",
      "<",
      "<Error><Code>x</Code></Error>",
      "<ListBucketResult",
      "{\"a\":1}",
      "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"};
  for (size_t i = 0; i < WR_COUNT(wrong); i++)
    WR_CHECK(!wr_s3_page_parse(wrong[i], strlen(wrong[i]), &arena, &page), "%s", wrong[i]);
  static const char last[] = "<ListBucketResult><NextContinuationToken>x</NextContinuationToken>"
                             "<IsTruncated>false</IsTruncated></ListBucketResult>";
  CU_ASSERT(wr_s3_page_parse(last, sizeof last - 1, &arena, &page) && !page.next);
  wr_arena_free(&arena);
}

static void dates(void)
{
  static const struct {
    const char *key, *want; /* NULL: refused */
  } rows[] = {
      {"logs/", "logs/"},
      {"a/!{timestamp:yyyy/MM/dd/HH}/b", "a/2026/01/02/03/b"},
      {"!{timestamp:yyyy-MM-dd}!{timestamp:HHmm}", "2026-01-020304"},
      {"year=!{timestamp:yyyy}/month=!{timestamp:MM}/", "year=2026/month=01/"},
      {"{timestamp:yyyy}!", "{timestamp:yyyy}!"},
      {"!{timestamp:yyyy", NULL},
      {"!{timestamp:}", NULL},
      {"!{timestamp:yy}", NULL},
      {"!{timestamp:yyyyy}", NULL},
      {"!{firehose:random-string}", NULL},
      {"!{}", NULL},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_buffer out = {0};
    bool done = wr_s3_prefix_put(rows[i].key, INT64_C(1767323045000000), &out);
    WR_CHECK(rows[i].want ? done && strcmp(wr_buffer_string(&out), rows[i].want) == 0 : !done,
             "%s: %s", rows[i].key, wr_buffer_string(&out));
    wr_buffer_free(&out);
  }
}

static void known_objects(void)
{
  struct wr_known_names *known = wr_known_names_new();
  char name[32];
  for (int round = 0; round < 2; round++)
    for (int i = 0; i < 5000; i++) {
      snprintf(name, sizeof name, "s3://bucket/%d", i);
      WR_CHECK(wr_known_names_claim(known, name) == (round == 0), "%s", name);
    }
  wr_known_names_free(known);
}

static void refuses(void)
{
  static const struct {
    const char *path, *key, *value;
    bool writing;
    const char *message; /* NULL: it is right */
  } rows[] = {
      {"in/a.json", NULL, NULL, false, "names no bucket and key of S3"},
      {"s3://bucket/a", "source.monitor-interval", "0 s", false, "must be longer than 0"},
      {"s3://bucket/a", "source.monitor-interval", "1 s", false, NULL},
      {"s3://bucket/a*", NULL, NULL, false, NULL},
      {"s3://bucket/a*", NULL, NULL, true, "writing takes a folder"},
      {"s3://bucket/!{timestamp:yyyy}", NULL, NULL, true, NULL},
      {"s3://bucket/!{timestamp:yyyy}", NULL, NULL, false, "which only writing knows"},
      {"s3://bucket/!{x}", NULL, NULL, true, "that is no date"},
      {"s3://bucket/a", "sink.rolling-policy.file-size", "0", true, "from 1 byte to 64 GB"},
      {"s3://bucket/a", "sink.rolling-policy.file-size", "65GB", true, "from 1 byte to 64 GB"},
      {"s3://bucket/a", "sink.rolling-policy.file-size", "64GB", true, NULL},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct connect_table table;
    const char *options[] = {"path", rows[i].path, rows[i].key, rows[i].value, NULL};
    connect_open(&table, "s3", NULL, options);
    enum wr_code code = connect_check(&table, rows[i].writing);
    WR_CHECK(rows[i].message ? code == WR_SEMANTIC && strstr(table.err.message, rows[i].message)
                             : code == WR_OK,
             "row %zu: %s", i, table.err.message);
    connect_close(&table);
  }
}

static void is_bounded_unless_followed(void)
{
  for (int follows = 0; follows < 2; follows++) {
    struct connect_table table;
    const char *options[] = {"path", "s3://bucket/a", follows ? "source.monitor-interval" : NULL,
                             "1 s", NULL};
    connect_open(&table, "s3", NULL, options);
    CU_ASSERT_EQUAL(table.connector->is_bounded(&table.spec), !follows);
    CU_ASSERT_EQUAL(table.connector->reader->grows(&table.spec), follows);
    connect_close(&table);
  }
}

static const struct wr_test tests[] = {
    {"places", places},
    {"partitioned places", partitioned_places},
    {"pages", pages},
    {"dates", dates},
    {"known-objects", known_objects},
    {"refuses", refuses},
    {"is-bounded-unless-followed", is_bounded_unless_followed},
    {NULL, NULL},
};

const struct wr_suite wr_suite_s3 = {"s3", tests};
