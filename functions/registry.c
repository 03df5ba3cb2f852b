/* SPDX-License-Identifier: Apache-2.0 */
/* All function tables, in the order of the build list. */
#include <assert.h>
#include <strings.h>

#include "core/options.h"
#include "functions/aggregate_table.h"
#include "functions/function.h"

#define NAMES_MAX 1024 /* different names to search for the nearest */

#define WR_ENTRY(name) extern const struct wr_function wr_functions_##name[];
#include "functions/table.inc"
#undef WR_ENTRY

#define WR_ENTRY(name) wr_functions_##name,
static const struct wr_function *const families[] = {
#include "functions/table.inc"
    NULL,
};
#undef WR_ENTRY

const struct wr_function *wr_function_find(const char *name)
{
  for (uint32_t f = 0; families[f]; f++) {
    for (const struct wr_function *row = families[f]; row->name; row++) {
      if (strcasecmp(row->name, name) == 0)
        return row;
    }
  }
  return NULL;
}

const struct wr_function *wr_function_at(uint32_t index)
{
  for (uint32_t f = 0; families[f]; f++) {
    for (const struct wr_function *row = families[f]; row->name; row++) {
      if (index-- == 0)
        return row;
    }
  }
  return NULL;
}

bool wr_function_exists(const char *name)
{
  return wr_function_find(name) || wr_aggregate_exists(name);
}

const char *wr_function_nearest(const char *name)
{
  const char *names[NAMES_MAX];
  uint32_t count = 0;
  for (uint32_t f = 0; families[f]; f++) {
    for (const struct wr_function *row = families[f]; row->name && count < NAMES_MAX; row++) {
      if (row->help && !(row->traits & WR_OPERATOR))
        names[count++] = row->name;
    }
  }
  for (uint32_t i = 0; count < NAMES_MAX && wr_aggregate_at(i); i++)
    names[count++] = wr_aggregate_at(i)->name;
  char upper[128];
  size_t length = strlen(name);
  if (length >= sizeof upper)
    return NULL;
  for (size_t i = 0; i <= length; i++)
    upper[i] = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 32) : name[i];
  return wr_nearest(upper, names, count);
}
