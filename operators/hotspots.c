/* SPDX-License-Identifier: Apache-2.0 */
#include "operators/hotspots.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"

#define SAVE_VERSION 1

struct wr_hotspots {
  struct wr_hotspots_shape shape;
  uint64_t rows;    /* so far: row r lies in place r % window */
  uint32_t words;   /* of bits per place */
  double *points;   /* per place */
  uint64_t *near;   /* per place: the places within the radius, its own among them */
  uint32_t *counts; /* of these */
  /* of one search */
  uint64_t *met;
  uint32_t *waiting;
  struct wr_hotspot *items;
  uint32_t item_count, item_room;
  double *boxes;
};

uint64_t wr_hotspots_bytes(const struct wr_hotspots_shape *shape)
{
  uint64_t words = (shape->window + 63) / 64;
  return shape->window *
         (words * sizeof(uint64_t) + 2 * sizeof(uint32_t) + shape->columns * sizeof(double));
}

struct wr_hotspots *wr_hotspots_new(const struct wr_hotspots_shape *shape)
{
  assert(shape->window > 0 && shape->least > 0 && shape->columns > 0 && shape->radius > 0);
  struct wr_hotspots *self = wr_memory_get_zero(sizeof *self);
  size_t window = shape->window;
  self->shape = *shape;
  self->words = (shape->window + 63) / 64;
  self->points = wr_memory_get_zero(window * shape->columns * sizeof *self->points);
  self->near = wr_memory_get_zero(window * self->words * sizeof *self->near);
  self->counts = wr_memory_get_zero(window * sizeof *self->counts);
  self->met = wr_memory_get_zero(self->words * sizeof *self->met);
  self->waiting = wr_memory_get(window * sizeof *self->waiting);
  return self;
}

void wr_hotspots_free(struct wr_hotspots *self)
{
  if (!self)
    return;
  free(self->points);
  free(self->near);
  free(self->counts);
  free(self->met);
  free(self->waiting);
  free(self->items);
  free(self->boxes);
  free(self);
}

static uint32_t hotspots_filled(const struct wr_hotspots *self)
{
  return self->rows < self->shape.window ? (uint32_t)self->rows : self->shape.window;
}

static uint64_t *hotspots_near(const struct wr_hotspots *self, uint32_t place)
{
  return self->near + (size_t)place * self->words;
}

/* ---- rows coming and going */

static void hotspots_remove(struct wr_hotspots *self, uint32_t place)
{
  uint64_t *near = hotspots_near(self, place), bit = UINT64_C(1) << (place % 64);
  for (uint32_t w = 0; w < self->words; w++)
    for (uint64_t left = near[w]; left; left &= left - 1) {
      uint32_t other = w * 64 + (uint32_t)__builtin_ctzll(left);
      hotspots_near(self, other)[place / 64] &= ~bit;
      self->counts[other]--;
    }
  memset(near, 0, self->words * sizeof *near);
  self->counts[place] = 0;
}

/* Distances are told in radiuses, so that no square of a large one overflows. */
static bool hotspots_is_near(const double *a, const double *b, uint32_t columns, double radius)
{
  double sum = 0;
  for (uint32_t c = 0; c < columns; c++) {
    double side = (a[c] - b[c]) / radius;
    sum += side * side;
  }
  return sum <= 1;
}

static void hotspots_join(struct wr_hotspots *self, uint32_t a, uint32_t b)
{
  hotspots_near(self, a)[b / 64] |= UINT64_C(1) << (b % 64);
  self->counts[a]++;
}

void wr_hotspots_add(struct wr_hotspots *self, const double *row)
{
  uint32_t columns = self->shape.columns, filled = hotspots_filled(self);
  uint32_t place = (uint32_t)(self->rows % self->shape.window);
  if (filled == self->shape.window)
    hotspots_remove(self, place);
  double *point = self->points + (size_t)place * columns;
  memcpy(point, row, columns * sizeof *row);
  for (uint32_t other = 0; other < filled; other++)
    if (other != place && hotspots_is_near(point, self->points + (size_t)other * columns, columns,
                                           self->shape.radius)) {
      hotspots_join(self, place, other);
      hotspots_join(self, other, place);
    }
  hotspots_join(self, place, place);
  self->rows++;
}

/* ---- hotspots */

static struct wr_hotspot *find_begin(struct wr_hotspots *self)
{
  uint32_t columns = self->shape.columns;
  if (self->item_count == self->item_room) {
    self->item_room = self->item_room ? 2 * self->item_room : 16;
    self->items = wr_memory_resize(self->items, self->item_room * sizeof *self->items);
    self->boxes =
        wr_memory_resize(self->boxes, 2 * (size_t)self->item_room * columns * sizeof(double));
  }
  double *box = self->boxes + 2 * (size_t)self->item_count * columns;
  for (uint32_t c = 0; c < columns; c++) {
    box[c] = INFINITY;
    box[columns + c] = -INFINITY;
  }
  struct wr_hotspot *item = &self->items[self->item_count++];
  *item = (struct wr_hotspot){0};
  return item;
}

/* A row is of the hotspot. */
static void find_take(const struct wr_hotspots *self, struct wr_hotspot *item, double *box,
                      uint32_t place)
{
  uint32_t columns = self->shape.columns;
  const double *point = self->points + (size_t)place * columns;
  item->count++;
  for (uint32_t c = 0; c < columns; c++) {
    box[c] = point[c] < box[c] ? point[c] : box[c];
    box[columns + c] = point[c] > box[columns + c] ? point[c] : box[columns + c];
  }
}

static double find_density(const struct wr_hotspots *self, const struct wr_hotspot *item,
                           const double *box)
{
  uint32_t columns = self->shape.columns;
  double volume = 1;
  for (uint32_t c = 0; c < columns; c++) {
    double side = box[columns + c] - box[c];
    volume *= side > 0 ? side : self->shape.radius;
  }
  double density = item->count / volume;
  return density <= DBL_MAX ? density : DBL_MAX;
}

/* All that hangs together with an inner row. */
static void find_spread(struct wr_hotspots *self, uint32_t place)
{
  struct wr_hotspot *item = find_begin(self);
  double *box = self->boxes + 2 * (size_t)(self->item_count - 1) * self->shape.columns;
  uint32_t waiting = 0;
  self->waiting[waiting++] = place;
  self->met[place / 64] |= UINT64_C(1) << (place % 64);
  find_take(self, item, box, place);
  while (waiting > 0) {
    const uint64_t *near = hotspots_near(self, self->waiting[--waiting]);
    for (uint32_t w = 0; w < self->words; w++) {
      uint64_t left = near[w] & ~self->met[w];
      self->met[w] |= left;
      for (; left; left &= left - 1) {
        uint32_t other = w * 64 + (uint32_t)__builtin_ctzll(left);
        find_take(self, item, box, other);
        if (self->counts[other] >= self->shape.least)
          self->waiting[waiting++] = other;
      }
    }
  }
  item->density = find_density(self, item, box);
}

uint32_t wr_hotspots_find(struct wr_hotspots *self, const struct wr_hotspot **out)
{
  uint32_t filled = hotspots_filled(self), columns = self->shape.columns;
  uint32_t first = (uint32_t)((self->rows - filled) % self->shape.window);
  self->item_count = 0;
  memset(self->met, 0, self->words * sizeof *self->met);
  for (uint32_t i = 0; i < filled; i++) {
    uint32_t place = (first + i) % self->shape.window;
    if (self->counts[place] >= self->shape.least && !(self->met[place / 64] >> (place % 64) & 1))
      find_spread(self, place);
  }
  for (uint32_t i = 0; i < self->item_count; i++) {
    self->items[i].least = self->boxes + 2 * (size_t)i * columns;
    self->items[i].greatest = self->items[i].least + columns;
  }
  for (uint32_t i = 1; i < self->item_count; i++) { /* they are few */
    struct wr_hotspot item = self->items[i];
    uint32_t at = i;
    for (; at > 0 && self->items[at - 1].density < item.density; at--)
      self->items[at] = self->items[at - 1];
    self->items[at] = item;
  }
  *out = self->items;
  return self->item_count;
}

/* ---- snapshots: the rows, oldest first */

void wr_hotspots_save(const struct wr_hotspots *self, struct wr_part_writer *part)
{
  uint32_t filled = hotspots_filled(self), window = self->shape.window;
  size_t width = self->shape.columns;
  uint32_t first = (uint32_t)((self->rows - filled) % window);
  double *rows = wr_memory_get((filled * width + 1) * sizeof *rows);
  for (uint32_t i = 0; i < filled; i++)
    memcpy(rows + i * width, self->points + (first + i) % window * width, width * sizeof *rows);
  wr_part_put_u64(part, SAVE_VERSION);
  wr_part_put_u64(part, window);
  wr_part_put_u64(part, self->shape.columns);
  wr_part_put_u64(part, filled);
  wr_part_put_bytes(part, rows, filled * width * sizeof *rows);
  free(rows);
}

enum wr_code wr_hotspots_load(struct wr_hotspots *self, struct wr_part_reader *part,
                              struct wr_error *err)
{
  size_t width = self->shape.columns, length;
  const char *bytes;
  uint64_t head[4];
  assert(self->rows == 0);
  for (uint32_t i = 0; i < 4; i++) {
    enum wr_code code = wr_part_get_u64(part, &head[i], err);
    if (code != WR_OK)
      return code;
  }
  enum wr_code code = wr_part_get_bytes(part, &bytes, &length, err);
  if (code != WR_OK)
    return code;
  if (head[0] != SAVE_VERSION || head[1] != self->shape.window || head[2] != width)
    return wr_fail(err, WR_DATA, "the saved rows of HOTSPOTS are of another version or shape");
  if (head[3] > self->shape.window || length != head[3] * width * sizeof(double))
    return wr_fail(err, WR_DATA, "the saved rows of HOTSPOTS are damaged");
  double *row = wr_memory_get(width * sizeof *row);
  for (uint64_t i = 0; i < head[3]; i++) {
    memcpy(row, bytes + i * width * sizeof *row, width * sizeof *row);
    wr_hotspots_add(self, row);
  }
  free(row);
  return WR_OK;
}
