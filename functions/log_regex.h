/* SPDX-License-Identifier: Apache-2.0 */
/* Lines whose fields are the groups of one regular expression, whatever that was made from. */
#ifndef WEIR_FUNCTIONS_LOG_REGEX_H
#define WEIR_FUNCTIONS_LOG_REGEX_H

#include "functions/log_row.h"
#include "text/regex.h"

/* Compiles a pattern that has to match the whole line; where it was written, for errors. */
enum wr_code wr_log_regex(struct wr_bind_site *site, const char *bytes, size_t length,
                          struct wr_span span, const struct wr_regex **regex, struct wr_error *err);
/* The kernel: prepared is the expression, and its groups are the fields of the call's type. */
void wr_log_rows_by_regex(const struct wr_call *call, const uint32_t *rows, uint32_t row_count);

#endif
