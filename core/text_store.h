/* SPDX-License-Identifier: Apache-2.0 */
/* How code that fills state entries keeps a text in them, without knowing the table that owns the
 * entries. */
#ifndef WEIR_CORE_TEXT_STORE_H
#define WEIR_CORE_TEXT_STORE_H

#include <stdint.h>

struct wr_text_store {
  /*
   * Makes the struct wr_text at byte `offset` of entries[i] hold these bytes (the stored form of
   * core/text.h). Room for long texts may have to be made by moving entries: every pointer of the
   * entries array that was handed out is corrected, so callers read entries[i] afresh after each
   * call. `bytes` may not point into an entry.
   */
  void (*put)(struct wr_text_store *store, uint32_t i, uint32_t offset, const char *bytes,
              uint32_t length);
  /*
   * Lengthens that text: it keeps its bytes, and zeros follow. For texts that serve as buffers,
   * which their owner fills in place.
   */
  void (*grow)(struct wr_text_store *store, uint32_t i, uint32_t offset, uint32_t length);
};

#endif
