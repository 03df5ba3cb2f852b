/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines on their way to standard output or standard error. They gather in a buffer and leave with
 * few system calls: at once after each batch where somebody may be watching (a terminal, a pipe),
 * unless the last has only just left (then others or the next tick take it along); in large pieces
 * where nobody can be (a file). Pieces end with a line and are, where lines allow,
 * not larger than what a pipe takes in one go, so that two writers never mix inside a line.
 */
#ifndef WEIR_CONNECTORS_OUTPUT_H
#define WEIR_CONNECTORS_OUTPUT_H

#include <stdbool.h>

#include "core/error.h"
#include "text/buffer.h"

struct wr_output {
  struct wr_buffer buffer; /* whoever renders appends to it */
  int fd;                  /* lent */
  bool patient;            /* a file: nobody sees a line before the end */
  bool shared;             /* others write lines to it too */
  int64_t left_us;         /* when something has left, by the clock that never goes back */
};

void wr_output_open(struct wr_output *output, int fd, bool shared);
/* Sends what has to leave now. A reader that went away is WR_STOPPED: an end, not a failure. */
enum wr_code wr_output_after_batch(struct wr_output *output, struct wr_error *err);
/* Sends everything. */
enum wr_code wr_output_flush(struct wr_output *output, struct wr_error *err);
void wr_output_close(struct wr_output *output);

/* "+I", "-D", "+U", "-U" by enum wr_change. */
extern const char *const wr_output_changes[4];

#endif
