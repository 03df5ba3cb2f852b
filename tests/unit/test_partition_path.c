/* SPDX-License-Identifier: Apache-2.0 */
/* Folders of partitions: what their names look like, and that they are read as they were written.
 */
#include "connectors/partition_path.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/limits.h"
#include "tests/unit/check.h"
#include "tests/unit/suite.h"

static struct wr_text text_of(const char *bytes, size_t length)
{
  return wr_text_make(bytes, (uint32_t)length);
}

static void test_escapes(void)
{
  static const struct {
    const char *column, *value; /* NULL: NULL */
    const char *folder;
  } rows[] = {
      {"day", "2026-01-02", "day=2026-01-02"},
      {"h", "3", "h=3"},
      {"h", "-3.5", "h=-3.5"},
      {"at", "2026-01-02 10:00:00", "at=2026-01-02 10%3A00%3A00"},
      {"k", NULL, "k=none"},
      {"k", "", "k=none"},
      {"k", "a/b", "k=a%2Fb"},
      {"k", "..", "k=.."},
      {"k", "50%", "k=50%25"},
      {"k", "%41", "k=%2541"},
      {"k", "\"#'*:=?\\{[]^", "k=%22%23%27%2A%3A%3D%3F%5C%7B%5B%5D%5E"},
      {"k", "\x01\n\x1f\x7f", "k=%01%0A%1F%7F"},
      {"k", "}!$&()+,;<>@`|~", "k=}!$&()+,;<>@`|~"},
      {"k", "Zürich 東京", "k=Zürich 東京"},
      {"a=b/c", "x", "a%3Db%2Fc=x"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_buffer folder = {0}, path = {0}, value = {0};
    struct wr_text text =
        text_of(rows[i].value ? rows[i].value : "", rows[i].value ? strlen(rows[i].value) : 0);
    CU_ASSERT(wr_partition_put(&folder, rows[i].column, rows[i].value ? &text : NULL, "none"));
    WR_CHECK(strcmp(wr_buffer_string(&folder), rows[i].folder) == 0, "%s", folder.bytes);
    CU_ASSERT(wr_partition_is_folder(wr_buffer_string(&folder), rows[i].column));
    struct wr_buffer column = {0};
    CU_ASSERT(wr_partition_column(folder.bytes, folder.bytes + folder.length, &column));
    CU_ASSERT_STRING_EQUAL(wr_buffer_string(&column), rows[i].column);
    wr_buffer_free(&column);
    wr_buffer_print(&path, "/out/%s/part-1.json", wr_buffer_string(&folder));
    CU_ASSERT(wr_partition_find(wr_buffer_string(&path), rows[i].column, &value));
    const char *back = rows[i].value && *rows[i].value ? rows[i].value : "none";
    WR_CHECK(strcmp(wr_buffer_string(&value), back) == 0, "%s", value.bytes);
    wr_buffer_free(&folder);
    wr_buffer_free(&path);
    wr_buffer_free(&value);
  }
}

static void test_zero_byte(void)
{
  struct wr_buffer folder = {0}, value = {0};
  struct wr_text text = text_of("a\0b", 3);
  CU_ASSERT(wr_partition_put(&folder, "k", &text, "none"));
  CU_ASSERT_STRING_EQUAL(wr_buffer_string(&folder), "k=a%00b");
  wr_buffer_put_char(&folder, '/');
  CU_ASSERT(wr_partition_find(wr_buffer_string(&folder), "k", &value));
  CU_ASSERT(value.length == 3 && memcmp(value.bytes, "a\0b", 3) == 0);
  wr_buffer_free(&folder);
  wr_buffer_free(&value);
}

/* The name counts as it is written, escapes and column too. */
static void test_limit(void)
{
  static const struct {
    char c;
    size_t count;
    bool fits;
  } rows[] = {
      {'a', WR_PARTITION_NAME_BYTES_MAX - 2, true},
      {'a', WR_PARTITION_NAME_BYTES_MAX - 1, false},
      {'a', 100000, false},
      {'/', (WR_PARTITION_NAME_BYTES_MAX - 2) / 3, true},
      {'/', (WR_PARTITION_NAME_BYTES_MAX - 2) / 3 + 1, false},
  };
  char *bytes = wr_memory_get(100000);
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_buffer folder = {0};
    memset(bytes, rows[i].c, rows[i].count);
    struct wr_text text = text_of(bytes, rows[i].count);
    wr_buffer_put_string(&folder, "x/");
    WR_CHECK(wr_partition_put(&folder, "k", &text, "none") == rows[i].fits, "row %zu", i);
    CU_ASSERT((folder.length == 2) == !rows[i].fits);
    wr_buffer_free(&folder);
  }
  free(bytes);
}

static void test_finds(void)
{
  static const struct {
    const char *path, *column, *value; /* value NULL: there is none */
  } rows[] = {
      {"out/day=1/h=2/f", "day", "1"},
      {"out/day=1/h=2/f", "h", "2"},
      {"out/day=1/h=2/f", "d", NULL},
      {"out/day=1/h=2/f", "days", NULL},
      {"day=1/f", "day", "1"},
      {"out/day=1", "day", NULL}, /* a file of that name, no folder */
      {"out/day=1/day=2/f", "day", "2"},
      {"out/day=/f", "day", NULL},
      {"out/day/f", "day", NULL},
      {"out/Day=1/f", "day", NULL},
      {"out/day=a=b/f", "day", "a=b"},
      {"out/day=%2f%2F/f", "day", "//"},
      {"out/day=50%/f", "day", "50%"},
      {"out/day=%4/f", "day", "%4"},
      {"out/day=%zz%4g/f", "day", "%zz%4g"},
      {"out/%64ay=1/f", "day", "1"},
      {"out/a%3Db=1/f", "a=b", "1"},
      {"out/a=b=1/f", "a=b", NULL},
      {"", "day", NULL},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_buffer value = {0};
    bool found = wr_partition_find(rows[i].path, rows[i].column, &value);
    WR_CHECK(found == (rows[i].value != NULL), "%s", rows[i].path);
    if (found && rows[i].value)
      WR_CHECK(strcmp(wr_buffer_string(&value), rows[i].value) == 0, "%s: %s", rows[i].path,
               value.bytes);
    wr_buffer_free(&value);
  }
}

static const struct wr_test tests[] = {
    {"escapes", test_escapes},
    {"zero-byte", test_zero_byte},
    {"limit", test_limit},
    {"finds", test_finds},
    {NULL, NULL},
};

const struct wr_suite wr_suite_partition_path = {"partition_path", tests};
