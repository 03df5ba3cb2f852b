/* SPDX-License-Identifier: Apache-2.0 */
/* All connectors, from the build list (connectors/local.mk). */
#include "connectors/connector.h"

#include <assert.h>
#include <string.h>

#define WR_ENTRY(name) extern const struct wr_connector wr_connector_##name;
#include "connectors/table.inc"
#undef WR_ENTRY

#define WR_ENTRY(name) &wr_connector_##name,
static const struct wr_connector *const connectors[] = {
#include "connectors/table.inc"
};
#undef WR_ENTRY

const struct wr_connector *wr_connector_find(const char *name)
{
  assert(name);
  for (size_t i = 0; i < sizeof connectors / sizeof *connectors; i++)
    if (strcmp(connectors[i]->name, name) == 0)
      return connectors[i];
  return NULL;
}

const struct wr_connector *const *wr_connector_all(uint32_t *count)
{
  *count = sizeof connectors / sizeof *connectors;
  return connectors;
}
