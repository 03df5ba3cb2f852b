/* SPDX-License-Identifier: Apache-2.0 */
/* What a request for a live feed says. */
#ifndef WEIR_SERVER_FOLLOW_H
#define WEIR_SERVER_FOLLOW_H

#include "live/hub.h"
#include "server/route.h"

/* ?where= as a filter of the hub, over the columns of the stream; NULL text: none. Errors are about
 * the condition, or there is no such stream. */
enum wr_code wr_feed_filter_new(const struct wr_web_context *context, const char *job,
                                const char *stream, const char *where, struct wr_feed_filter **out,
                                struct wr_error *err);

#endif
