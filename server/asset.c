/* SPDX-License-Identifier: Apache-2.0 */
#include "server/asset.h"

#include <stdio.h>

#include "server/inner.h"
#include "text/decompress.h"

#define ASSET_BYTES_MAX (4 << 20) /* unpacked */

const struct wr_asset *wr_asset_find(const char *path)
{
  for (uint32_t i = 0; i < wr_asset_count; i++)
    if (!strcmp(wr_assets[i].path, path))
      return &wr_assets[i];
  return NULL;
}

/* For who does not take gzip, which is rare. */
static enum wr_code asset_unpack(const struct wr_asset *asset, struct wr_buffer *out,
                                 struct wr_error *err)
{
  struct wr_decompress *stream;
  const char *in = (const char *)asset->bytes;
  size_t left = asset->length, taken, made;
  enum wr_code code = wr_decompress_new(WR_COMPRESSION_GZIP, &stream, err);
  if (code != WR_OK)
    return code;
  do {
    size_t room = 64 << 10;
    code =
        wr_decompress_run(stream, in, left, &taken, wr_buffer_reserve(out, room), room, &made, err);
    if (code != WR_OK)
      break;
    wr_buffer_added(out, made);
    in += taken;
    left -= taken;
    assert(out->length <= ASSET_BYTES_MAX);
  } while (made > 0 || left > 0);
  wr_decompress_free(stream);
  return code;
}

enum wr_code wr_asset_reply(const struct wr_web_request *request, struct wr_web_reply *reply,
                            struct wr_error *err)
{
  const struct wr_asset *asset = wr_asset_find(request->path);
  const char *known = wr_web_header(request, "If-None-Match");
  const char *accept = wr_web_header(request, "Accept-Encoding");
  assert(asset);
  reply->type = asset->type;
  wr_web_reply_header(request, reply, "ETag", "W/\"%s\"", asset->etag);
  wr_web_reply_header(request, reply, "Cache-Control", "no-cache");
  wr_web_reply_header(request, reply, "Vary", "Accept-Encoding");
  if (known && wr_web_tag_matches(known, asset->etag)) {
    reply->status = 304;
    return WR_OK;
  }
  if (asset->gzip && !(accept && wr_web_accepts_gzip(accept)))
    return asset_unpack(asset, &reply->body, err);
  if (asset->gzip)
    wr_web_reply_header(request, reply, "Content-Encoding", "gzip");
  wr_buffer_put(&reply->body, (const char *)asset->bytes, asset->length);
  return WR_OK;
}
