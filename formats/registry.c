/* SPDX-License-Identifier: Apache-2.0 */
/* The formats of the build list (formats_table in formats/local.mk), found by name. */
#include "formats/format.h"

#define WR_ENTRY(name) extern const struct wr_format wr_format_##name;
#include "formats/table.inc"
#undef WR_ENTRY

#define WR_ENTRY(name) &wr_format_##name,
static const struct wr_format *const registry[] = {
#include "formats/table.inc"
    NULL,
};
#undef WR_ENTRY

const struct wr_format *wr_format_find(const char *name)
{
  for (uint32_t i = 0; registry[i]; i++)
    if (strcmp(registry[i]->name, name) == 0)
      return registry[i];
  return NULL;
}

const struct wr_format *const *wr_format_all(uint32_t *count)
{
  *count = (uint32_t)(sizeof registry / sizeof *registry - 1);
  return registry;
}
