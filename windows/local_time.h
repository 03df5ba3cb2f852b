/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows of local time. Bounds of a window with a zone are what the clock on the wall shows. Three
 * maps lead from moments (UTC) there and back, so that everything between works as if there were no
 * zones:
 *
 *   time of a row  -> what the clock shows
 *   watermark w    -> the local time that no row behind w can show any more: all moments after w
 *                     show more. Where the clock goes back in autumn it stays behind until the hour
 *                     has passed twice; it never goes back.
 *   end of a window, less the tick -> the last moment that shows it: window_time
 *
 * Without a zone all of them are the identity.
 */
#ifndef WEIR_WINDOWS_LOCAL_TIME_H
#define WEIR_WINDOWS_LOCAL_TIME_H

#include "windows/window.h"

int64_t wr_window_local(const struct wr_window *window, int64_t moment_us);
/* out may be in; count values, NULLs' places too. */
void wr_window_locals(const struct wr_window *window, const int64_t *moments_us, uint32_t count,
                      int64_t *out);
/* The least local time of any moment after the watermark, less the tick: a window closes as soon as
 * no later moment shows a time before its end. WR_TIME_NONE and WR_TIME_END stay. */
int64_t wr_window_watermark(const struct wr_window *window, int64_t watermark_us);
/* out may be in. */
void wr_window_watermarks(const struct wr_window *window, const int64_t *watermarks_us,
                          uint32_t count, int64_t *out);
/* The last moment that shows a local time (in a gap: the last before it), and so the least
 * watermark that closes a window of which it is the last tick. WR_TIME_NONE and WR_TIME_END stay.
 */
int64_t wr_window_moment(const struct wr_window *window, int64_t local_us);
/* by_clock: the watermark (local) that the clock stands for, as no row can come with an earlier
 * time; and the moment at which the clock stands for a window that ends at local end_us. */
int64_t wr_window_clock_watermark(const struct wr_window *window, int64_t now_us);
int64_t wr_window_clock_due(const struct wr_window *window, int64_t end_us);

#endif
