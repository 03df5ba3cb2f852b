/* SPDX-License-Identifier: Apache-2.0 */
/* What a request for a live feed says. */
#ifndef WEIR_SERVER_FOLLOW_H
#define WEIR_SERVER_FOLLOW_H

#include "live/hub.h"
#include "server/route.h"

/* The processor time that all conditions may take; lives until the last one has let go. */
struct wr_follow_budget;
struct wr_follow_budget *wr_follow_budget_new(int64_t now_us);
/* Whether something is left. What is owed is never more than the burst. Any thread. */
bool wr_follow_budget_take(struct wr_follow_budget *budget, int64_t taken_us, int64_t now_us);
void wr_follow_budget_let_go(struct wr_follow_budget *budget); /* NULL: nothing happens */

/* ?where= as a filter of the hub, over the columns of the stream; NULL text: none. Errors are about
 * the condition, or there is no such stream. */
enum wr_code wr_feed_filter_new(const struct wr_web_context *context, const char *job,
                                const char *stream, const char *where, struct wr_feed_filter **out,
                                struct wr_error *err);

#endif
