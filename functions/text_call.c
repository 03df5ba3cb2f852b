/* SPDX-License-Identifier: Apache-2.0 */
/* What the families of text functions share. */
#include "functions/text_call.h"

#include "core/limits.h"

bool wr_call_text_fits(const struct wr_call *call, uint32_t row, size_t bytes)
{
  if (bytes <= WR_TEXT_BYTES_MAX && call->room->arena.used <= WR_BATCH_TEXT_BYTES_MAX)
    return true;
  const char *name = call->expression->function->name;
  if (bytes > WR_TEXT_BYTES_MAX)
    wr_call_fail_state(call, row, WR_STATE_LIMIT_EXCEEDED,
                       "%s would give a text of %zu bytes; WR_TEXT_BYTES_MAX is %d", name, bytes,
                       WR_TEXT_BYTES_MAX);
  else
    wr_call_fail_state(call, row, WR_STATE_LIMIT_EXCEEDED,
                       "%s: the texts of one batch reach WR_BATCH_TEXT_BYTES_MAX (%d)", name,
                       WR_BATCH_TEXT_BYTES_MAX);
  return false;
}
