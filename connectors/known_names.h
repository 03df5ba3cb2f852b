/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of files or objects that a reader has taken, shared by all readers of a table that follow
 * new ones: whoever lists a new one first has it, so that nobody has to deal them out.
 */
#ifndef WEIR_CONNECTORS_KNOWN_NAMES_H
#define WEIR_CONNECTORS_KNOWN_NAMES_H

#include <stdbool.h>

struct wr_known_names;
struct wr_known_names *wr_known_names_new(void);
void wr_known_names_free(struct wr_known_names *known); /* may be NULL */
/* Any thread. False: somebody has it already. */
bool wr_known_names_claim(struct wr_known_names *known, const char *name);

#endif
