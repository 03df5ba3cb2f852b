/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. */
#include "formats/mapping_path.h"

#include <assert.h>
#include <string.h>

#define LIST_HINT \
  "one array of a record may give rows, as in $.list[0:].x; a whole array is $.list[0:], a text"

struct path_reader {
  const char *text, *at;
  struct wr_arena *arena;
  struct wr_mapping_path *out;
  struct wr_error *err;
};

static enum wr_code path_fail(const struct path_reader *reader)
{
  wr_fail(reader->err, WR_SEMANTIC, "'%s' is no path of a JSON value: character %zu is wrong",
          reader->text, (size_t)(reader->at - reader->text) + 1);
  return wr_hint(reader->err, "paths look like $.a.b, $['a b'], $.list[0:] and $.list[0:].x");
}

static enum wr_code path_add(struct path_reader *reader, const char *name, size_t length)
{
  struct wr_mapping_path *out = reader->out;
  if (out->is_list) {
    if (out->list != UINT32_MAX) {
      wr_fail(reader->err, WR_UNSUPPORTED, "the path '%s' goes through two arrays", reader->text);
      return wr_hint(reader->err, LIST_HINT);
    }
    out->list = out->count;
    out->is_list = false;
  }
  if (out->count == WR_MAPPING_STEPS_MAX)
    return wr_fail(reader->err, WR_LIMIT,
                   "the path '%s' has more names than the limit WR_MAPPING_STEPS_MAX, which is %d",
                   reader->text, WR_MAPPING_STEPS_MAX);
  out->names[out->count++] = wr_arena_copy(reader->arena, name, length);
  return WR_OK;
}

/* .name */
static enum wr_code path_read_name(struct path_reader *reader)
{
  const char *name = ++reader->at;
  size_t length = strcspn(name, ".[");
  if (length == 0)
    return path_fail(reader);
  reader->at += length;
  return path_add(reader, name, length);
}

/* ['name'], ["name"], [0:], [*] */
static enum wr_code path_read_bracket(struct path_reader *reader)
{
  static const char *const lists[] = {"[0:]", "[*]"};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    size_t length = strlen(lists[i]);
    if (strncmp(reader->at, lists[i], length) != 0)
      continue;
    if (reader->out->is_list)
      return path_fail(reader);
    reader->out->is_list = true;
    reader->at += length;
    return WR_OK;
  }
  char quote = reader->at[1];
  if (quote >= '0' && quote <= '9') {
    wr_fail(reader->err, WR_UNSUPPORTED, "the path '%s' takes one item of an array", reader->text);
    return wr_hint(reader->err, LIST_HINT);
  }
  if (quote != '\'' && quote != '"')
    return path_fail(reader);
  const char *name = reader->at + 2, *end = strchr(name, quote);
  if (!end || end[1] != ']')
    return path_fail(reader);
  reader->at = end + 2;
  return path_add(reader, name, (size_t)(end - name));
}

enum wr_code wr_mapping_path_parse(const char *text, struct wr_arena *arena,
                                   struct wr_mapping_path *out, struct wr_error *err)
{
  struct path_reader reader = {text, text, arena, out, err};
  *out = (struct wr_mapping_path){.list = UINT32_MAX};
  if (*reader.at != '$')
    return path_fail(&reader);
  reader.at++;
  enum wr_code code = WR_OK;
  while (code == WR_OK && *reader.at) {
    if (*reader.at != '.' && *reader.at != '[')
      return path_fail(&reader);
    code = *reader.at == '.' ? path_read_name(&reader) : path_read_bracket(&reader);
  }
  if (out->list == 0) /* a record that is an array gives a row for each of its objects anyway */
    out->list = UINT32_MAX;
  if (out->count == 0)
    out->is_list = false;
  return code;
}

bool wr_mapping_path_equal(const struct wr_mapping_path *a, const struct wr_mapping_path *b,
                           uint32_t count)
{
  if (a->count < count || b->count < count)
    return false;
  for (uint32_t i = 0; i < count; i++)
    if (strcmp(a->names[i], b->names[i]) != 0)
      return false;
  return true;
}

enum wr_code wr_mapping_path_join(const struct wr_mapping_path *rows,
                                  const struct wr_mapping_path *column, const char *text,
                                  struct wr_mapping_path *out, struct wr_error *err)
{
  bool is_whole = wr_mapping_path_equal(rows, column, rows->count);
  uint32_t before = is_whole ? 0 : rows->count;
  *out = *rows;
  if (before + column->count > WR_MAPPING_STEPS_MAX)
    return wr_fail(err, WR_LIMIT,
                   "the path '%s' and that of the rows have more names than the limit "
                   "WR_MAPPING_STEPS_MAX, which is %d",
                   text, WR_MAPPING_STEPS_MAX);
  memcpy(out->names + before, column->names, sizeof *column->names * column->count);
  out->count = before + column->count;
  out->is_list = column->is_list;
  out->list = column->list == UINT32_MAX ? UINT32_MAX : before + column->list;
  assert(rows->list == UINT32_MAX);
  if (rows->is_list && out->list != UINT32_MAX && out->list != rows->count) {
    wr_fail(err, WR_UNSUPPORTED, "the path '%s' goes through an array inside of that of the rows",
            text);
    return wr_hint(err, LIST_HINT);
  }
  return WR_OK;
}
