/* SPDX-License-Identifier: Apache-2.0 */
/* Hotspots beside those that are found by looking at all pairs of the last rows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "operators/hotspots.h"
#include "tests/unit/check.h"
#include "tests/unit/random.h"

enum { WINDOW = 130, ROWS = 700, COLUMNS = 2 };

static double uniform(uint64_t *seed)
{
  return (double)(random_next(seed) % 1000003) / 1000003;
}

/* Half of the points lie about one of three places. */
static void points_make(double *points, uint32_t count)
{
  uint64_t seed = 21;
  for (uint32_t i = 0; i < count; i++) {
    double place = 2 + 3 * (double)(random_next(&seed) % 3);
    bool is_hot = random_next(&seed) % 2 == 0;
    for (int c = 0; c < COLUMNS; c++)
      points[i * COLUMNS + c] = is_hot ? place + uniform(&seed) / 2 : 10 * uniform(&seed);
  }
}

struct reference {
  double points[WINDOW][COLUMNS]; /* oldest first */
  uint32_t count;
  int owners[WINDOW]; /* -1: none so far */
};

static bool reference_near(const struct reference *self, uint32_t a, uint32_t b, double radius)
{
  double sum = 0;
  for (int c = 0; c < COLUMNS; c++)
    sum += pow(self->points[a][c] - self->points[b][c], 2);
  return sqrt(sum) <= radius;
}

static bool reference_inner(const struct reference *self, uint32_t a,
                            const struct wr_hotspots_shape *shape)
{
  uint32_t near = 0;
  for (uint32_t b = 0; b < self->count; b++)
    near += reference_near(self, a, b, shape->radius);
  return near >= shape->least;
}

static void reference_spread(struct reference *self, uint32_t a, int owner,
                             const struct wr_hotspots_shape *shape)
{
  self->owners[a] = owner;
  for (uint32_t b = 0; b < self->count && reference_inner(self, a, shape); b++)
    if (self->owners[b] < 0 && reference_near(self, a, b, shape->radius))
      reference_spread(self, b, owner, shape);
}

/* How many hotspots there are. */
static int reference_find(struct reference *self, const struct wr_hotspots_shape *shape)
{
  int count = 0;
  for (uint32_t a = 0; a < self->count; a++)
    self->owners[a] = -1;
  for (uint32_t a = 0; a < self->count; a++)
    if (self->owners[a] < 0 && reference_inner(self, a, shape))
      reference_spread(self, a, count++, shape);
  return count;
}

static void check_against(const struct reference *reference, int owner,
                          const struct wr_hotspot *items, uint32_t count)
{
  double least[COLUMNS] = {INFINITY, INFINITY}, greatest[COLUMNS] = {-INFINITY, -INFINITY};
  uint32_t members = 0, found = 0;
  for (uint32_t a = 0; a < reference->count; a++) {
    if (reference->owners[a] != owner)
      continue;
    members++;
    for (int c = 0; c < COLUMNS; c++) {
      least[c] = fmin(least[c], reference->points[a][c]);
      greatest[c] = fmax(greatest[c], reference->points[a][c]);
    }
  }
  double density = members / ((greatest[0] - least[0]) * (greatest[1] - least[1]));
  for (uint32_t i = 0; i < count; i++)
    found += items[i].count == members && memcmp(items[i].least, least, sizeof least) == 0 &&
             memcmp(items[i].greatest, greatest, sizeof greatest) == 0 &&
             fabs(items[i].density / density - 1) < 1e-9;
  CU_ASSERT_EQUAL(found, 1);
}

static void test_reference(void)
{
  static double points[ROWS * COLUMNS];
  static struct reference reference;
  const struct wr_hotspots_shape shape = {
      .window = WINDOW, .least = 5, .columns = COLUMNS, .radius = 0.3};
  uint32_t most = 0;
  points_make(points, ROWS);
  struct wr_hotspots *hotspots = wr_hotspots_new(&shape);
  for (uint32_t i = 0; i < ROWS; i++) {
    const struct wr_hotspot *items;
    if (reference.count == WINDOW)
      memmove(reference.points, reference.points + 1,
              sizeof reference.points[0] * --reference.count);
    memcpy(reference.points[reference.count++], points + i * COLUMNS, sizeof reference.points[0]);
    wr_hotspots_add(hotspots, points + i * COLUMNS);
    if (i % 7 && i != ROWS - 1)
      continue;
    uint32_t count = wr_hotspots_find(hotspots, &items);
    CU_ASSERT_EQUAL(count, reference_find(&reference, &shape));
    for (uint32_t owner = 0; owner < count; owner++)
      check_against(&reference, (int)owner, items, count);
    for (uint32_t k = 1; k < count; k++)
      CU_ASSERT(items[k].density <= items[k - 1].density);
    most = count > most ? count : most;
  }
  CU_ASSERT(most >= 3);
  wr_hotspots_free(hotspots);
}

/* A snapshot between any two rows changes nothing. */
static void test_snapshots(void)
{
  static double points[ROWS * COLUMNS];
  const struct wr_hotspots_shape shape = {
      .window = 100, .least = 4, .columns = COLUMNS, .radius = 0.2};
  points_make(points, ROWS);
  struct wr_hotspots *plain = wr_hotspots_new(&shape), *saved = wr_hotspots_new(&shape);
  for (uint32_t i = 0; i < 300; i++) {
    const struct wr_hotspot *wanted, *items;
    struct wr_part_writer writer = {0};
    struct wr_error err;
    wr_hotspots_add(plain, points + i * COLUMNS);
    wr_hotspots_add(saved, points + i * COLUMNS);
    wr_hotspots_save(saved, &writer);
    wr_hotspots_free(saved);
    saved = wr_hotspots_new(&shape);
    struct wr_part_reader reader = {.bytes = writer.bytes, .length = writer.length};
    CU_ASSERT_EQUAL(wr_hotspots_load(saved, &reader, &err), WR_OK);
    CU_ASSERT(wr_part_at_end(&reader));
    uint32_t count = wr_hotspots_find(plain, &wanted);
    CU_ASSERT_EQUAL_FATAL(wr_hotspots_find(saved, &items), count);
    for (uint32_t k = 0; k < count; k++) {
      CU_ASSERT(items[k].count == wanted[k].count && items[k].density == wanted[k].density);
      CU_ASSERT_EQUAL(memcmp(items[k].least, wanted[k].least, 2 * COLUMNS * sizeof(double)), 0);
    }
    reader.length = i % writer.length;
    reader.at = 0;
    struct wr_hotspots *cut = wr_hotspots_new(&shape);
    CU_ASSERT_EQUAL(wr_hotspots_load(cut, &reader, &err), WR_DATA);
    wr_hotspots_free(cut);
    wr_part_writer_free(&writer);
  }
  wr_hotspots_free(plain);
  wr_hotspots_free(saved);
}

/* Equal points have a box without extent, whose sides count as the radius. */
static void test_equal_points(void)
{
  const struct wr_hotspots_shape shape = {
      .window = 100, .least = 3, .columns = COLUMNS, .radius = 0.5};
  const double here[COLUMNS] = {1, 2}, far[COLUMNS] = {1e290, -1e290};
  const struct wr_hotspot *items;
  struct wr_hotspots *hotspots = wr_hotspots_new(&shape);
  wr_hotspots_add(hotspots, here);
  wr_hotspots_add(hotspots, far);
  wr_hotspots_add(hotspots, here);
  CU_ASSERT_EQUAL(wr_hotspots_find(hotspots, &items), 0);
  wr_hotspots_add(hotspots, here);
  CU_ASSERT_EQUAL_FATAL(wr_hotspots_find(hotspots, &items), 1);
  CU_ASSERT_EQUAL(items[0].count, 3);
  CU_ASSERT_EQUAL(items[0].density, 12);
  wr_hotspots_free(hotspots);
}

static const struct wr_test tests[] = {
    {"as by all pairs", test_reference},
    {"snapshots", test_snapshots},
    {"equal points", test_equal_points},
    {0},
};

const struct wr_suite wr_suite_hotspots = {"hotspots", tests};
