/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of the page, embedded into the program. The table is made at build time from
 * server/page (see there). Nothing here is secret: assets need no token.
 *
 * The core serves GET and HEAD of `path` exactly, with the ETag (If-None-Match gives 304) and
 * Cache-Control: no-cache. An asset may be stored compressed: it goes out as it is to who accepts
 * gzip, and is unpacked for who does not.
 */
#ifndef WEIR_SERVER_ASSET_H
#define WEIR_SERVER_ASSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wr_asset {
  const char *path; /* "/" for the page itself, "/page/main.js": the whole path of the address */
  const char *type; /* "text/html; charset=utf-8" */
  const char *etag; /* without quotes: a digest of the content that is unpacked */
  const unsigned char *bytes;
  size_t length;
  bool gzip; /* bytes are a gzip file */
};

extern const struct wr_asset wr_assets[];
extern const uint32_t wr_asset_count;

#endif
