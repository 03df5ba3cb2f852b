/* SPDX-License-Identifier: Apache-2.0 */
/* weir top: one job, and figures as they are shown. */
#ifndef WEIR_CLI_TOP_JOB_H
#define WEIR_CLI_TOP_JOB_H

#include "cli/top_view.h"

void wr_top_draw_job(const struct wr_top_view *view, struct wr_canvas *canvas);

/* By how much a counter has grown per second; negative: not known. */
double wr_top_rate(const struct json_object *before, const struct json_object *now,
                   const char *counter, double seconds);
/* All return text. "1,234", "12.3 k", "-" */
const char *wr_top_rate_print(char *text, size_t size, double rate);
const char *wr_top_count_print(char *text, size_t size, double count);
const char *wr_top_bytes_print(char *text, size_t size, double bytes);
/* "12 min": since a time of an answer. */
const char *wr_top_age(char *text, size_t size, const char *time, int64_t now_us);
enum wr_style wr_top_status_style(const char *status, bool healthy);

#endif
