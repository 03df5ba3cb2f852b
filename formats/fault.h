/* SPDX-License-Identifier: Apache-2.0 */
/* The list of records that one call of a decoder could not decode, with one sentence each. */
#ifndef WEIR_FORMATS_FAULT_H
#define WEIR_FORMATS_FAULT_H

#include "core/arena.h"
#include "formats/format.h"

#define WR_FAULT_EXCERPT_BYTES 64 /* of a value, shown in a message */

/* Zero-initialised is a valid empty list. */
struct wr_faults {
  struct wr_fault *list;
  uint32_t count, capacity;
  struct wr_arena messages;
};

void wr_faults_reset(struct wr_faults *faults);
void wr_faults_free(struct wr_faults *faults);
/* Frames come in ascending order. */
void wr_faults_add(struct wr_faults *faults, uint32_t frame, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The beginning of a value as it may be shown: cut between characters, without control characters.
 * NUL-terminated. */
struct wr_excerpt {
  char text[WR_FAULT_EXCERPT_BYTES + 8];
};
struct wr_excerpt wr_excerpt_make(const char *bytes, size_t length);

#endif
