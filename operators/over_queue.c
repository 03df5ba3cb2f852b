/* SPDX-License-Identifier: Apache-2.0 */
#include "operators/over_queue.h"

#include <assert.h>
#include <stdlib.h>

#include "core/limits.h"

#define QUEUE_ROOM_MIN 64                                    /* bytes */
#define QUEUE_ROOM_MAX (WR_OVER_PARTITION_BYTES_MAX / 4 * 5) /* spare, so that rows seldom move */
#define QUEUE_SPARE    8 /* a buffer so many times as large as what is in it is made smaller */

struct queue_head {
  int64_t until;
  uint32_t length;
} __attribute__((packed));

void wr_over_shape_open(struct wr_over_shape *shape, const struct wr_schema *schema)
{
  uint32_t room = schema->column_count + 1;
  *shape = (struct wr_over_shape){
      .type = {.kind = WR_ROW, .physical = WR_NESTED},
      .columns = wr_memory_get_zero(room * sizeof *shape->columns),
      .fields = wr_memory_get_zero(room * sizeof *shape->fields),
  };
  shape->type.fields = wr_memory_get_zero(room * sizeof *shape->type.fields);
  shape->row = (struct wr_column){.children = shape->fields};
}

void wr_over_shape_close(struct wr_over_shape *shape)
{
  free(shape->columns);
  free(shape->fields);
  free((void *)shape->type.fields);
}

uint32_t wr_over_shape_add(struct wr_over_shape *shape, const struct wr_schema *schema,
                           uint32_t column)
{
  for (uint32_t f = 0; f < shape->type.field_count; f++)
    if (shape->columns[f] == column)
      return f;
  uint32_t field = shape->type.field_count++;
  shape->columns[field] = column;
  ((struct wr_field *)shape->type.fields)[field] = schema->fields[column];
  return field;
}

void wr_over_shape_set(struct wr_over_shape *shape, const struct wr_batch *batch)
{
  for (uint32_t f = 0; f < shape->type.field_count; f++)
    shape->fields[f] = batch->columns[shape->columns[f]];
  shape->row.type = &shape->type;
}

static char *queue_bytes(const struct wr_over_queue *queue)
{
  return (char *)wr_text_stored_bytes(&queue->bytes);
}

static struct wr_over_queue *queue_at(const struct wr_over_queue_place *place)
{
  return (struct wr_over_queue *)(void *)(place->entries[place->index] + place->offset);
}

/* Makes room for so many bytes at the end: moves what there is to the front, or to a buffer of
 * another size. */
static struct wr_over_queue *queue_reserve(const struct wr_over_queue_place *place, uint32_t need)
{
  struct wr_over_queue *queue = queue_at(place);
  uint32_t room = queue->bytes.length, live = queue->end - queue->begin;
  if (room - queue->end >= need)
    return queue;
  memmove(queue_bytes(queue), queue_bytes(queue) + queue->begin, live);
  queue->begin = 0;
  queue->end = live;
  uint32_t wanted = 2 * (live + need) < QUEUE_ROOM_MIN ? QUEUE_ROOM_MIN : 2 * (live + need);
  wanted = wanted < QUEUE_ROOM_MAX ? wanted : QUEUE_ROOM_MAX;
  if (live + need > room / 2) {
    if (wanted > room)
      place->store->grow(place->store, place->index, place->offset, wanted);
  } else if (room / QUEUE_SPARE > wanted) {
    char *copy = wr_memory_get(wanted);
    memcpy(copy, queue_bytes(queue), live);
    memset(copy + live, 0, wanted - live);
    place->store->put(place->store, place->index, place->offset, copy, wanted);
    free(copy);
  }
  return queue_at(place);
}

enum wr_code wr_over_queue_push(const struct wr_over_shape *shape,
                                const struct wr_over_queue_place *place, int64_t until,
                                uint32_t row, struct wr_error *err)
{
  struct wr_over_queue *queue = queue_at(place);
  size_t length = wr_pack_item_bytes(&shape->row, row), need = sizeof(struct queue_head) + length;
  if (queue->end - queue->begin + need > WR_OVER_PARTITION_BYTES_MAX)
    return wr_fail(err, WR_LIMIT,
                   "OVER has more bytes to keep for one partition than the limit "
                   "WR_OVER_PARTITION_BYTES_MAX, %u",
                   WR_OVER_PARTITION_BYTES_MAX);
  queue = queue_reserve(place, (uint32_t)need);
  const struct queue_head head = {until, (uint32_t)length};
  char *out = queue_bytes(queue) + queue->end;
  memcpy(out, &head, sizeof head);
  wr_pack_item(out + sizeof head, &shape->row, row);
  queue->end += (uint32_t)need;
  queue->count++;
  return WR_OK;
}

static struct queue_head queue_first(const struct wr_over_queue *queue)
{
  struct queue_head head;
  assert(queue->count > 0 && queue->end - queue->begin >= sizeof head);
  memcpy(&head, queue_bytes(queue) + queue->begin, sizeof head);
  return head;
}

static void queue_pop(struct wr_over_queue *queue, struct queue_head head)
{
  queue->begin += (uint32_t)sizeof head + head.length;
  if (--queue->count == 0)
    queue->begin = queue->end = 0;
}

void wr_over_queue_expire(struct wr_over_queue *queue, int64_t passed)
{
  while (queue->count > 0) {
    struct queue_head head = queue_first(queue);
    if (head.until > passed)
      return;
    queue_pop(queue, head);
  }
}

void wr_over_queue_trim(struct wr_over_queue *queue, uint32_t count)
{
  while (queue->count > count)
    queue_pop(queue, queue_first(queue));
}

bool wr_over_queue_next(const struct wr_over_queue *queue, uint32_t *at, struct wr_slice *row)
{
  if (queue->begin + *at == queue->end)
    return false;
  struct queue_head head;
  const char *bytes = queue_bytes(queue) + queue->begin + *at;
  memcpy(&head, bytes, sizeof head);
  *row = (struct wr_slice){bytes + sizeof head, head.length};
  *at += (uint32_t)sizeof head + head.length;
  assert(queue->begin + *at <= queue->end);
  return true;
}

bool wr_over_shape_field(const struct wr_over_shape *shape, struct wr_slice row, uint32_t field,
                         struct wr_slice *out)
{
  struct wr_packed_row packed;
  bool has = false;
  wr_packed_row_open(&packed, &shape->type, row);
  for (uint32_t f = 0; f <= field; f++)
    has = wr_packed_row_next(&packed, out);
  return has;
}
