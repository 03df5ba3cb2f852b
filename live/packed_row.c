/* SPDX-License-Identifier: Apache-2.0 */
#include "live/packed_row.h"

#include "core/packed.h"

void wr_row_packer_open(struct wr_row_packer *packer, const struct wr_schema *schema,
                        const uint32_t *key, uint32_t key_count)
{
  *packer = (struct wr_row_packer){.schema = schema, .key = key, .key_count = key_count};
  struct wr_field *fields = WR_NEW_ARRAY(&packer->arena, struct wr_field, key_count);
  for (uint32_t i = 0; i < key_count; i++)
    fields[i] = schema->fields[key[i]];
  packer->row_type = wr_type_row(&packer->arena, schema->fields, schema->column_count);
  if (key_count) /* a row has at least one field */
    packer->key_type = wr_type_row(&packer->arena, fields, key_count);
  packer->key_columns = WR_NEW_ARRAY(&packer->arena, struct wr_column, key_count);
  wr_builder_open(&packer->builder, packer->row_type);
}

void wr_row_packer_close(struct wr_row_packer *packer)
{
  wr_builder_close(&packer->builder);
  wr_buffer_free(&packer->row);
  wr_buffer_free(&packer->key_bytes);
  wr_arena_free(&packer->arena);
}

static struct wr_slice columns_pack(struct wr_buffer *out, const struct wr_type *type,
                                    const struct wr_column *columns, uint32_t row)
{
  const struct wr_column whole = {.type = type, .children = columns};
  size_t length = wr_pack_item_bytes(&whole, row);
  wr_buffer_clear(out);
  wr_pack_item(wr_buffer_reserve(out, length), &whole, row);
  wr_buffer_added(out, length);
  return (struct wr_slice){out->bytes, (uint32_t)length};
}

struct wr_slice wr_row_pack(struct wr_row_packer *packer, const struct wr_batch *batch,
                            uint32_t row)
{
  return columns_pack(&packer->row, packer->row_type, batch->columns, row);
}

struct wr_slice wr_row_pack_key(struct wr_row_packer *packer, const struct wr_batch *batch,
                                uint32_t row)
{
  for (uint32_t i = 0; i < packer->key_count; i++)
    packer->key_columns[i] = batch->columns[packer->key[i]];
  return columns_pack(&packer->key_bytes, packer->key_type, packer->key_columns, row);
}

void wr_row_unpack_begin(struct wr_row_packer *packer)
{
  wr_builder_reset(&packer->builder);
}

void wr_row_unpack_add(struct wr_row_packer *packer, struct wr_slice row)
{
  wr_builder_reserve(&packer->builder, 1);
  wr_packed_put(packer->row_type, row, &packer->builder);
}

struct wr_batch wr_row_unpack_view(struct wr_row_packer *packer)
{
  struct wr_column whole = wr_builder_view(&packer->builder);
  return (struct wr_batch){.schema = packer->schema,
                           .columns = whole.children,
                           .row_count = packer->builder.row_count,
                           .picked_count = packer->builder.row_count,
                           .others_us = WR_TIME_END};
}
