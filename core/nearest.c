/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nearest known name to one that is unknown. Distance counts changed, missing, surplus and
 * swapped neighbouring characters (restricted Damerau-Levenshtein); case and the difference between
 * '-', '_' and '.' count nothing.
 */
#include "core/options.h"

#include <ctype.h>
#include <string.h>

#define NEAREST_LENGTH_MAX 64

static char nearest_fold(char c)
{
  return c == '_' || c == '.' ? '-' : (char)tolower((unsigned char)c);
}

static unsigned unsigned_min(unsigned a, unsigned b)
{
  return a < b ? a : b;
}

/* Three rows of the usual table suffice: swapping looks two rows back. */
static unsigned nearest_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
  unsigned rows[3][NEAREST_LENGTH_MAX + 1];
  unsigned *two_back = rows[0], *back = rows[1], *row = rows[2];
  for (size_t j = 0; j <= b_length; j++)
    back[j] = (unsigned)j;
  for (size_t i = 1; i <= a_length; i++) {
    row[0] = (unsigned)i;
    for (size_t j = 1; j <= b_length; j++) {
      char left = nearest_fold(a[i - 1]), right = nearest_fold(b[j - 1]);
      unsigned best = unsigned_min(back[j], row[j - 1]) + 1;
      best = unsigned_min(best, back[j - 1] + (left != right));
      if (i > 1 && j > 1 && left == nearest_fold(b[j - 2]) && nearest_fold(a[i - 2]) == right)
        best = unsigned_min(best, two_back[j - 2] + 1);
      row[j] = best;
    }
    unsigned *freed = two_back;
    two_back = back;
    back = row;
    row = freed;
  }
  return back[b_length];
}

/* As many typing errors as one may make in a name: one in a short one, where two would lead to any
 * other. */
static unsigned nearest_errors(size_t length)
{
  return length <= 4 ? 1 : length <= 8 ? 2 : (unsigned)length / 4 + 1;
}

const char *wr_nearest(const char *name, const char *const *names, uint32_t count)
{
  size_t length = strlen(name);
  if (length == 0 || length > NEAREST_LENGTH_MAX)
    return NULL;
  const char *best = NULL;
  unsigned best_distance = nearest_errors(length) + 1;
  for (uint32_t i = 0; i < count; i++) {
    size_t other = strlen(names[i]);
    if (other == 0 || other > NEAREST_LENGTH_MAX)
      continue;
    unsigned distance = nearest_distance(name, length, names[i], other);
    if (distance < best_distance && distance < other) {
      best_distance = distance;
      best = names[i];
    }
  }
  return best;
}
