/* SPDX-License-Identifier: Apache-2.0 */
/* What runtime/epochs_write.c writes and runtime/snapshot.c reads. */
#ifndef WEIR_RUNTIME_SNAPSHOT_FORMAT_H
#define WEIR_RUNTIME_SNAPSHOT_FORMAT_H

#define WR_SNAPSHOT_FORMAT         2
#define WR_SNAPSHOT_FORMAT_FIRST   1       /* without chains and outboxes */
#define WR_SNAPSHOT_PART_NAME      "%s/%u" /* node key, copy; of the first format */
#define WR_SNAPSHOT_PART_BYTES_MIN 16      /* of one in the manifest: an empty key and its copy */

/* What a part is. */
enum {
  WR_SNAPSHOT_DELTA = 1, /* its tables only say what has changed: the next part of the same copy of
                            the node is needed as well */
  WR_SNAPSHOT_OUTBOX = 2
};

/* node key, copy, epoch. Both end in different ways, so that no part is called as an outbox is. */
#define WR_SNAPSHOT_PART_OF_EPOCH   "%s/%u@%llu"
#define WR_SNAPSHOT_OUTBOX_OF_EPOCH "%s/%u@%llu outbox"

#endif
