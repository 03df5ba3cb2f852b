/* SPDX-License-Identifier: Apache-2.0 */
/* Folders that a command makes on its way. */
#ifndef WEIR_CLI_FOLDERS_H
#define WEIR_CLI_FOLDERS_H

#include "core/error.h"

/* Makes the folders above a path that are not there yet, and brings their names to the disk. */
enum wr_code wr_folders_make_above(const char *path, struct wr_error *err);

#endif
