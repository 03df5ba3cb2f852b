/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that prints credentials (credential_process of a profile). It runs beside us: whoever
 * waits for it looks now and then. Its command line is cut into words as the AWS CLI does it, by
 * quotes and backslashes alone; no shell sees it. What it says on standard error is not read: there
 * may be secrets in it.
 */
#ifndef WEIR_NET_CREDENTIAL_PROCESS_H
#define WEIR_NET_CREDENTIAL_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/batch.h"
#include "core/error.h"

struct wr_credential_process;

/* The words of a command line, NULL at the end, of the arena; NULL: there is none, or a quote does
 * not end. */
char **wr_command_split(const char *command, struct wr_arena *arena);

/* Starts it, without input and without our files; after limit_us it is killed. */
enum wr_code wr_credential_process_start(const char *command, int64_t limit_us,
                                         struct wr_credential_process **out, struct wr_error *err);
/* False: it still runs. True: it has ended, *code says how (then err, too), and *answer is what it
 * has printed, lent until it is freed. Does not wait. */
bool wr_credential_process_look(struct wr_credential_process *process, struct wr_slice *answer,
                                enum wr_code *code, struct wr_error *err);
/* Kills it if it still runs. NULL: nothing. */
void wr_credential_process_free(struct wr_credential_process *process);

#endif
