/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gzip (RFC 1952) and zstd (RFC 8878) as streams: bytes go in as they come, bytes come out as far
 * as there is room, so that memory does not depend on how much a few bytes become. Members (frames)
 * behind one another are one text, as with the command line tools; zeros behind the last member of
 * gzip are padding, anything else there is an error. Over zlib and libzstd.
 */
#ifndef WEIR_TEXT_DECOMPRESS_H
#define WEIR_TEXT_DECOMPRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

enum wr_compression { WR_COMPRESSION_NONE, WR_COMPRESSION_GZIP, WR_COMPRESSION_ZSTD };

#define WR_COMPRESSION_HEAD_BYTES 4 /* as many first bytes tell what it is */

extern const char *const wr_compression_names[]; /* "none", "gzip", "zstd" */

/* By the first bytes; fewer than WR_COMPRESSION_HEAD_BYTES are all there are. */
enum wr_compression wr_compression_of_bytes(const char *bytes, size_t length);
/* By the end of a name: .gz, .zst. */
enum wr_compression wr_compression_of_name(const char *name);

struct wr_decompress;

/* compression is not NONE. WR_LIMIT: there is no memory for the library's own state. */
enum wr_code wr_decompress_new(enum wr_compression compression, struct wr_decompress **out,
                               struct wr_error *err);
void wr_decompress_free(struct wr_decompress *stream);
/* Before the first byte again. */
void wr_decompress_reset(struct wr_decompress *stream);
enum wr_compression wr_decompress_kind(const struct wr_decompress *stream);

/*
 * Takes what it can of in and writes what it can to out; *taken and *made say how much. It has come
 * to a stop when out is full or in is used up and nothing more is ready (*made < out_size).
 * WR_DATA: a clause about the data, "is damaged gzip data: invalid block type"; no further call.
 */
enum wr_code wr_decompress_run(struct wr_decompress *stream, const char *in, size_t in_length,
                               size_t *taken, char *out, size_t out_size, size_t *made,
                               struct wr_error *err);
/* The text may end here: a member is complete, and none was begun behind it. */
bool wr_decompress_is_whole(const struct wr_decompress *stream);

#endif
