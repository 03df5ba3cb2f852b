/* SPDX-License-Identifier: Apache-2.0 */
/* The rows that a result has at the moment, made from what its rows add and take back. */
#ifndef WEIR_CLI_SHELL_KEPT_H
#define WEIR_CLI_SHELL_KEPT_H

#include <stddef.h>
#include <stdint.h>

struct wr_shell_kept;

/* What a row does. */
enum wr_shell_op { WR_SHELL_ADDS, WR_SHELL_TAKES_BACK, WR_SHELL_UPDATES, WR_SHELL_UPDATED };

struct wr_shell_kept *wr_shell_kept_new(void);
void wr_shell_kept_free(struct wr_shell_kept *kept);
/* The row is its bytes. UPDATES: the new row of a pair; it stands where the old one (UPDATED)
 * stood. */
void wr_shell_kept_change(struct wr_shell_kept *kept, enum wr_shell_op op, const char *bytes,
                          size_t length);
uint64_t wr_shell_kept_count(const struct wr_shell_kept *kept);
/* Of these so many are not there any more because there were too many; the oldest have gone. */
uint64_t wr_shell_kept_left_out(const struct wr_shell_kept *kept);
/* Calls show for the newest `count` rows, in their order. */
void wr_shell_kept_show(const struct wr_shell_kept *kept, uint64_t count,
                        void (*show)(void *self, const char *bytes, size_t length), void *self);

#endif
