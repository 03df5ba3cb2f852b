/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. */
#include "formats/kinesis_encode.h"

#include "formats/value.h"

struct wr_kinesis_columns wr_kinesis_columns_make(struct wr_arena *arena,
                                                  const struct wr_schema *schema)
{
  uint32_t count = schema->column_count;
  struct wr_schema *written = WR_NEW(arena, struct wr_schema);
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, count + 1);
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_type *type = schema->fields[i].type;
    fields[i].name = wr_arena_copy(arena, schema->fields[i].name, strlen(schema->fields[i].name));
    fields[i].type = type->kind == WR_TIMESTAMP       ? &wr_type_timestamp3
                     : type->kind == WR_TIMESTAMP_LTZ ? &wr_type_timestamp_ltz3
                                                      : type;
  }
  *written = (struct wr_schema){.column_count = count, .fields = fields};
  return (struct wr_kinesis_columns){.schema = written,
                                     .columns = WR_NEW_ARRAY(arena, struct wr_column, count + 1)};
}

const struct wr_column *wr_kinesis_columns_view(struct wr_kinesis_columns *self,
                                                const struct wr_batch *batch)
{
  for (uint32_t i = 0; i < self->schema->column_count; i++) {
    self->columns[i] = batch->columns[i];
    if (wr_kind_is_timestamp(self->schema->fields[i].type->kind))
      self->columns[i].type = self->schema->fields[i].type;
  }
  return self->columns;
}

enum wr_code wr_kinesis_check_types(const char *format, const struct wr_format_spec *spec,
                                    bool reading, struct wr_error *err)
{
  if (!reading && spec->changes) {
    wr_fail(err, WR_UNSUPPORTED, "the format '%s' cannot say that a row is taken back", format);
    return wr_hint(err,
                   "the query updates rows it has sent; write it to a sink that takes updates");
  }
  bool some = reading && spec->wanted;
  uint32_t count = some ? spec->wanted_count : spec->schema->column_count;
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; i < count && code == WR_OK; i++) {
    const struct wr_field *field = &spec->schema->fields[some ? spec->wanted[i] : i];
    code = reading ? wr_value_check_readable(format, field, false, err)
                   : wr_value_check_writable(format, field, false, err);
  }
  return code;
}
