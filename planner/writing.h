/* SPDX-License-Identifier: Apache-2.0 */
/* A text that grows in an arena: for plans that people read. */
#ifndef WEIR_PLANNER_WRITING_H
#define WEIR_PLANNER_WRITING_H

#include "core/column.h"

struct wr_writing {
  struct wr_arena *arena;
  char *bytes; /* ends in a NUL; NULL while empty */
  size_t length, room;
};

void wr_write(struct wr_writing *writing, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void wr_write_spaces(struct wr_writing *writing, size_t count);
/* A JSON string with its quotes; NULL: null. */
void wr_write_json(struct wr_writing *writing, const char *text);
/* 90 s as "1 min 30 s", 1500000 us as "1.5 s". */
void wr_write_duration(struct wr_writing *writing, int64_t us);
/* Names of a schema's columns between commas. */
void wr_write_columns(struct wr_writing *writing, const struct wr_schema *schema);
const char *wr_written(const struct wr_writing *writing);

#endif
