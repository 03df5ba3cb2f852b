/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of message sources that their producers have compressed one by one: the value of a Kafka
 * message, the data of a Kinesis record. Each is made whole before it is decoded and never becomes
 * more than WR_RECORD_BYTES_MAX, however few bytes ask for it.
 */
#ifndef WEIR_FORMATS_UNWRAP_H
#define WEIR_FORMATS_UNWRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "text/buffer.h"

#define WR_UNWRAP_CHOICES "none|gzip|zstd|auto"

/* AUTO: by the first bytes of each record; one that begins as neither is taken as it is. */
enum wr_unwrap_kind { WR_UNWRAP_NONE, WR_UNWRAP_GZIP, WR_UNWRAP_ZSTD, WR_UNWRAP_AUTO };
enum wr_unwrap_kind wr_unwrap_kind_of(const char *text); /* one of the choices */

struct wr_unwrap;

/* NULL if there is nothing to do (NONE). */
struct wr_unwrap *wr_unwrap_new(enum wr_unwrap_kind kind);
void wr_unwrap_free(struct wr_unwrap *unwrap);

/* True if wr_unwrap_record changes the record; else it can be used where it is. */
bool wr_unwrap_wants(const struct wr_unwrap *unwrap, const char *bytes, size_t length);
/* Appends what the record becomes. False: it cannot be; err has a sentence for a reject, and the
 * buffer is as it was. */
bool wr_unwrap_record(struct wr_unwrap *unwrap, const char *bytes, size_t length,
                      struct wr_buffer *out, struct wr_error *err);

#endif
