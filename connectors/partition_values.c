/* SPDX-License-Identifier: Apache-2.0 */
/* Values of partition columns: the last folder of each column on the way to the file counts. */
#include "connectors/partition_values.h"

#include <string.h>

#include "connectors/partition_path.h"
#include "text/utf8.h"

/* What Hive, and who writes for it, calls the folder of NULL. */
#define PARTITION_HIVE_NULL "__HIVE_DEFAULT_PARTITION__"

static bool partition_is(const struct wr_buffer *value, const char *name)
{
  return value->length == strlen(name) && memcmp(value->bytes, name, value->length) == 0;
}

/* The value of one column; NULL: that of NULL. */
static enum wr_code partition_read(const struct wr_table_spec *spec, const char *column,
                                   const char *fallback, const char *what, const char *path,
                                   struct wr_arena *arena, const struct wr_text **out,
                                   struct wr_error *err)
{
  struct wr_buffer value = {0};
  enum wr_code code = WR_OK;
  *out = NULL;
  if (!wr_partition_find(path, column, &value)) {
    wr_fail(err, WR_IO,
            "table %s: the %s %s is in no folder %s=..., so it has no value for the partition "
            "column '%s'",
            spec->table, what, path, column, column);
    code = wr_hint(err, "%ss of the table are in folders such as %s=value", what, column);
  } else if (!wr_utf8_valid(value.bytes, value.length)) {
    code = wr_fail(err, WR_IO, "table %s: the partition column '%s' is not UTF-8 in the path %s",
                   spec->table, column, path);
  } else if (!partition_is(&value, fallback) && !partition_is(&value, PARTITION_HIVE_NULL)) {
    struct wr_text *text = WR_NEW(arena, struct wr_text);
    *text = wr_text_make(wr_arena_copy(arena, value.bytes, value.length), (uint32_t)value.length);
    *out = text;
  }
  wr_buffer_free(&value);
  return code;
}

enum wr_code wr_partition_values_read(const struct wr_table_spec *spec, const char *fallback,
                                      const char *what, const char *path, struct wr_arena *arena,
                                      const struct wr_text *const **out, struct wr_error *err)
{
  const struct wr_text **values =
      WR_NEW_ARRAY(arena, const struct wr_text *, spec->partition_count + 1);
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < spec->partition_count; i++)
    code = partition_read(spec, spec->partitions[i], fallback, what, path, arena, &values[i], err);
  *out = values;
  return code;
}
