/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log of several jobs: what is printed to the stream of one comes out on standard error line by
 * line, each with the time and the name of the job before it, never mixed with those of others.
 *
 *   2026-11-21T19:03:09.123Z clicks: going on from epoch 8 of .weir/clicks, 5 s old
 */
#ifndef WEIR_CLI_LOG_H
#define WEIR_CLI_LOG_H

#include <stdio.h>

/* A stream for any thread. name: of the job, lent; "weir: " at the beginning of a line, which the
 * sentences of a single job have, is taken away. to: where the lines go. */
FILE *wr_log_open(const char *name, FILE *to);
/* Prints what has no line end yet. */
void wr_log_close(FILE *log);

#endif
