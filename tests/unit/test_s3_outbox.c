/* SPDX-License-Identifier: Apache-2.0 */
/* Objects that are written exactly once: their names, the outbox of their uploads, and what S3
 * answers to those. */
#include "connectors/s3_outbox.h"

#include <string.h>

#include "tests/unit/check.h"

#define JOB "0123456789abcdef"
#define RUN "-0-fedcba9876543210-"

static void make_names(const char *path, const char *sink, struct wr_arena *arena,
                       struct wr_s3_names *names)
{
  const struct wr_table_spec spec = {.table = "t", .job = JOB, .sink = sink};
  struct wr_s3_place place;
  CU_ASSERT_FATAL(wr_s3_place_parse(path, arena, &place));
  wr_s3_names_make(&spec, &place, arena, names);
}

static void names(void)
{
  static const struct {
    const char *path, *sink, *base, *key;
    bool has;
  } rows[] = {
      {"s3://bucket", "t", "", "part-" JOB "-t" RUN "000001.json", true},
      {"s3://bucket", "t", "", "a/b/part-" JOB "-t" RUN "000001.json.gz", true},
      {"s3://bucket/out", "t", "out/", "out/part-" JOB "-t" RUN "1", true},
      {"s3://bucket/out/", "t", "out/", "out/day=1/part-" JOB "-t" RUN "1.csv", true},
      {"s3://bucket/out", "t", "out/", "in/part-" JOB "-t" RUN "1.csv", false},
      {"s3://bucket/out", "t", "out/", "out2/part-" JOB "-t" RUN "1.csv", false},
      {"s3://bucket/a/b-!{timestamp:yyyy}/c", "t", "a/", "a/b-1/c/part-" JOB "-t" RUN "1.csv",
       true},
      {"s3://bucket/!{timestamp:yyyy}", "t", "", "1/part-" JOB "-t" RUN "1.csv", true},
      {"s3://bucket", "t", "", "part-0123456789abcdee-t" RUN "1.csv", false},
      {"s3://bucket", "t", "", "part-" JOB "-t-2" RUN "1.csv", false},
      {"s3://bucket", "t-2", "", "part-" JOB "-t-2" RUN "1.csv", true},
      {"s3://bucket", "t-2", "", "part-" JOB "-t" RUN "1.csv", false},
      {"s3://bucket", "a/b", "", "part-" JOB "-a%2Fb" RUN "1.csv", true},
      {"s3://bucket", "t", "", "part-" JOB "-t-0-fedcba987654321-1.csv", false},
      {"s3://bucket", "t", "", "part-" JOB "-t" RUN, false},
      {"s3://bucket", "t", "", "part-" JOB "-t" RUN "1-2.csv", false},
      {"s3://bucket", "t", "", "part-" JOB "-t" RUN "1.csv/", false},
      {"s3://bucket", "t", "", ".weir-" JOB "-t.published", false},
      {"s3://bucket", "t", "", "", false},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_arena arena = {0};
    struct wr_s3_names made;
    make_names(rows[i].path, rows[i].sink, &arena, &made);
    WR_CHECK(strcmp(made.base, rows[i].base) == 0, "%s begins with %s", rows[i].path, made.base);
    WR_CHECK(wr_s3_names_has(&made, rows[i].key) == rows[i].has, "row %zu: %s", i, rows[i].key);
    struct wr_s3_place place;
    wr_s3_place_parse(wr_arena_print(&arena, "s3://bucket/%s", made.base), &arena, &place);
    WR_CHECK(!wr_s3_place_has(&place, made.mark), "%s is read as an object", made.mark);
    wr_arena_free(&arena);
  }
}

static void outbox(void)
{
  static const struct wr_s3_entry entries[] = {
      {.bucket = "b", .key = "k", .upload = "u", .part_count = 1, .bytes = 1},
      {.bucket = "a.b",
       .key = "x/\xC3\xA9",
       .upload = "u+/=",
       .part_count = 10000,
       .bytes = 1 << 30},
  };
  struct wr_buffer bytes = {0};
  struct wr_outbox_list read;
  struct wr_s3_entry entry;
  struct wr_error err;
  wr_s3_outbox_begin(&bytes, 17, WR_COUNT(entries));
  for (size_t i = 0; i < WR_COUNT(entries); i++)
    wr_s3_outbox_put(&bytes, &entries[i]);
  const struct wr_slice all = {bytes.bytes, (uint32_t)bytes.length};
  CU_ASSERT_EQUAL_FATAL(wr_s3_outbox_open(&read, all, &err), WR_OK);
  CU_ASSERT_EQUAL(read.epoch, 17);
  for (size_t i = 0; i < WR_COUNT(entries); i++) {
    CU_ASSERT_EQUAL_FATAL(wr_s3_outbox_next(&read, &entry, &err), WR_OK);
    WR_CHECK(strcmp(entry.bucket, entries[i].bucket) == 0 &&
                 strcmp(entry.key, entries[i].key) == 0 &&
                 strcmp(entry.upload, entries[i].upload) == 0 &&
                 entry.part_count == entries[i].part_count && entry.bytes == entries[i].bytes,
             "entry %zu", i);
  }
  CU_ASSERT_EQUAL(read.left, 0);
  for (uint32_t length = 1; length < all.length; length++) { /* cut anywhere */
    enum wr_code code = wr_s3_outbox_open(&read, (struct wr_slice){all.bytes, length}, &err);
    while (code == WR_OK && read.left)
      code = wr_s3_outbox_next(&read, &entry, &err);
    WR_CHECK(code == WR_DATA, "%u bytes", length);
  }
  CU_ASSERT_EQUAL(wr_s3_outbox_open(&read, (struct wr_slice){NULL, 0}, &err), WR_OK);
  CU_ASSERT_EQUAL(read.left, 0);
  wr_buffer_free(&bytes);
}

static void outbox_is_refused(void)
{
  static const struct wr_s3_entry wrong[] = {
      {.bucket = "", .key = "k", .upload = "u", .part_count = 1},
      {.bucket = "b/c", .key = "k", .upload = "u", .part_count = 1},
      {.bucket = "b", .key = "", .upload = "u", .part_count = 1},
      {.bucket = "b", .key = "k", .upload = "", .part_count = 1},
      {.bucket = "b", .key = "k", .upload = "u", .part_count = 0},
      {.bucket = "b", .key = "k", .upload = "u", .part_count = 10001},
      {.bucket = "b", .key = "k", .upload = "u", .part_count = 1, .bytes = UINT64_MAX},
  };
  for (size_t i = 0; i < WR_COUNT(wrong); i++) {
    struct wr_buffer bytes = {0};
    struct wr_outbox_list read;
    struct wr_s3_entry entry;
    struct wr_error err;
    wr_s3_outbox_begin(&bytes, 1, 1);
    wr_s3_outbox_put(&bytes, &wrong[i]);
    const struct wr_slice all = {bytes.bytes, (uint32_t)bytes.length};
    enum wr_code code = wr_s3_outbox_open(&read, all, &err);
    code = code == WR_OK ? wr_s3_outbox_next(&read, &entry, &err) : code;
    WR_CHECK(code == WR_DATA, "row %zu", i);
    wr_buffer_free(&bytes);
  }
}

static void upload_answers(void)
{
  struct wr_arena arena = {0};
  static const char begun[] = "<?xml?><InitiateMultipartUploadResult><Key>k</Key><UploadId>a&amp;b"
                              "</UploadId></InitiateMultipartUploadResult>";
  const char *id = wr_s3_begun_parse(begun, sizeof begun - 1, &arena);
  CU_ASSERT_PTR_NOT_NULL_FATAL(id);
  CU_ASSERT_STRING_EQUAL(id, "a&b");
  static const char *const no_begun[] = {
      "", "<UploadId>x</UploadId>", "<Error><Code>x</Code></Error>",
      "<InitiateMultipartUploadResult><UploadId></UploadId></InitiateMultipartUploadResult>"};
  for (size_t i = 0; i < WR_COUNT(no_begun); i++)
    WR_CHECK(!wr_s3_begun_parse(no_begun[i], strlen(no_begun[i]), &arena), "%s", no_begun[i]);
  static const struct {
    const char *text;
    bool is_completed;
  } ends[] = {
      {"<?xml?>\n \n<CompleteMultipartUploadResult><Key>k</Key></CompleteMultipartUploadResult>",
       true},
      {" <Error><Code>InternalError</Code></Error>", false},
      {"<Error><Message><CompleteMultipartUploadResult></Message></Error>", false},
      {"  ", false},
  };
  for (size_t i = 0; i < WR_COUNT(ends); i++)
    WR_CHECK(wr_s3_completed_parse(ends[i].text, strlen(ends[i].text)) == ends[i].is_completed,
             "%s", ends[i].text);
  wr_arena_free(&arena);
}

static void lists_of_uploads(void)
{
  struct wr_arena arena = {0};
  struct wr_s3_uploads uploads;
  static const char text[] =
      "<ListMultipartUploadsResult><NextKeyMarker>z&lt;</NextKeyMarker><NextUploadIdMarker>9"
      "</NextUploadIdMarker><IsTruncated>true</IsTruncated><Upload><Key>a</Key><UploadId>1"
      "</UploadId></Upload><Upload><Key>b</Key></Upload><Upload><UploadId>2</UploadId><Key>c"
      "</Key></Upload></ListMultipartUploadsResult>";
  CU_ASSERT_FATAL(wr_s3_uploads_parse(text, sizeof text - 1, &arena, &uploads));
  CU_ASSERT_EQUAL_FATAL(uploads.upload_count, 2);
  CU_ASSERT_STRING_EQUAL(uploads.uploads[1].key, "c");
  CU_ASSERT_STRING_EQUAL(uploads.uploads[1].id, "2");
  CU_ASSERT_STRING_EQUAL(uploads.next_key, "z<");
  CU_ASSERT_STRING_EQUAL(uploads.next_id, "9");
  static const char *const wrong[] = {
      "", "<ListBucketResult/>",
      "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated></ListMultipartUploadsResult>"};
  for (size_t i = 0; i < WR_COUNT(wrong); i++)
    WR_CHECK(!wr_s3_uploads_parse(wrong[i], strlen(wrong[i]), &arena, &uploads), "%s", wrong[i]);
  struct wr_buffer many = {0};
  wr_buffer_put_string(&many, "<ListMultipartUploadsResult>");
  for (int i = 0; i < 1000; i++)
    wr_buffer_print(&many, "<Upload><Key>%d</Key><UploadId>u%d</UploadId></Upload>", i, i);
  wr_buffer_put_string(&many, "</ListMultipartUploadsResult>");
  CU_ASSERT_FATAL(wr_s3_uploads_parse(many.bytes, many.length, &arena, &uploads));
  CU_ASSERT_EQUAL_FATAL(uploads.upload_count, 1000);
  CU_ASSERT_PTR_NULL(uploads.next_key);
  for (int i = 0; i < 1000; i++)
    WR_CHECK(strcmp(uploads.uploads[i].id, wr_arena_print(&arena, "u%d", i)) == 0, "upload %d", i);
  wr_buffer_free(&many);
  wr_arena_free(&arena);
}

static void lists_of_parts(void)
{
  struct wr_arena arena = {0};
  struct wr_s3_parts parts;
  static const char text[] =
      "<ListPartsResult><NextPartNumberMarker>2</NextPartNumberMarker><IsTruncated>true"
      "</IsTruncated><Part><PartNumber>1</PartNumber><ETag>&quot;a&quot;</ETag><Size>5</Size></Part>"
      "<Part><ETag>b</ETag><Size>0</Size><PartNumber>2</PartNumber></Part></ListPartsResult>";
  CU_ASSERT_FATAL(wr_s3_parts_parse(text, sizeof text - 1, &arena, &parts));
  CU_ASSERT_EQUAL_FATAL(parts.part_count, 2);
  CU_ASSERT_STRING_EQUAL(parts.parts[0].etag, "\"a\"");
  CU_ASSERT_EQUAL(parts.parts[0].size, 5);
  CU_ASSERT_EQUAL(parts.parts[1].number, 2);
  CU_ASSERT_EQUAL(parts.next, 2);
  static const char *const wrong[] = {
      "",
      "<Error/>",
      "<ListPartsResult><IsTruncated>true</IsTruncated></ListPartsResult>",
      "<ListPartsResult><Part><PartNumber>0</PartNumber><ETag>b</ETag><Size>0</Size></Part>"
      "</ListPartsResult>",
      "<ListPartsResult><Part><PartNumber>1</PartNumber><ETag>b</ETag><Size>-1</Size></Part>"
      "</ListPartsResult>",
      "<ListPartsResult><Part><PartNumber>1</PartNumber><Size>1</Size></Part></ListPartsResult>"};
  for (size_t i = 0; i < WR_COUNT(wrong); i++)
    WR_CHECK(!wr_s3_parts_parse(wrong[i], strlen(wrong[i]), &arena, &parts), "%s", wrong[i]);
  wr_arena_free(&arena);
}

static const struct wr_test tests[] = {
    {"names", names},
    {"outbox", outbox},
    {"outbox-is-refused", outbox_is_refused},
    {"upload-answers", upload_answers},
    {"lists-of-uploads", lists_of_uploads},
    {"lists-of-parts", lists_of_parts},
    {NULL, NULL},
};

const struct wr_suite wr_suite_s3_outbox = {"s3-outbox", tests};
