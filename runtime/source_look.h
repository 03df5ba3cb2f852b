/* SPDX-License-Identifier: Apache-2.0 */
/* What others see of the splits of a source while its task runs. */
#ifndef WEIR_RUNTIME_SOURCE_LOOK_H
#define WEIR_RUNTIME_SOURCE_LOOK_H

#include "runtime/source.h"

#define WR_LOOK_POSITION_BYTES 160 /* as long as positions are */

struct wr_look_split {
  const char *name;
  char position[WR_LOOK_POSITION_BYTES]; /* "": at its start */
  enum wr_split_state state;
  int64_t state_since_us, watermark_us;
  bool has_watermark, counts; /* its rows move one; which now waits for it */
  bool held;
  int64_t behind_records, behind_ms; /* -1: not known */
  uint64_t rows, bytes, throttles;
};

void wr_source_look_open(struct wr_source *source);
void wr_source_look_close(struct wr_source *source);
/* By the source's own thread: writes down how its splits are, if that is due, or at once. */
void wr_source_look(struct wr_source *source, bool at_once, int64_t now_us);
/* By any thread: as it was written down last. */
struct wr_look_split *wr_source_look_copy(const struct wr_source *source, struct wr_arena *arena,
                                          uint32_t *count, uint32_t *left_out);

#endif
