/* SPDX-License-Identifier: Apache-2.0 */
/* What runtime/epochs.c writes and runtime/snapshot.c reads. */
#ifndef WEIR_RUNTIME_SNAPSHOT_FORMAT_H
#define WEIR_RUNTIME_SNAPSHOT_FORMAT_H

#define WR_SNAPSHOT_FORMAT         1
#define WR_SNAPSHOT_PART_NAME      "%s/%u" /* node key, copy */
#define WR_SNAPSHOT_PART_BYTES_MIN 16      /* of one in the manifest: an empty key and its copy */

#endif
