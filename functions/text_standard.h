/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SUBSTRING, OVERLAY and INITCAP as the SQL standard has them, which is what the kinesis dialect
 * means by these names: hooks of their rows, which do nothing in the other dialect.
 */
#ifndef WEIR_FUNCTIONS_TEXT_STANDARD_H
#define WEIR_FUNCTIONS_TEXT_STANDARD_H

#include "functions/bind_site.h"

enum wr_code wr_bind_standard_substring(struct wr_bind_site *site, struct wr_error *err);
/* SUBSTRING(s FROM 'regex') and SUBSTRING(s SIMILAR pattern ESCAPE escape): two and three texts. */
enum wr_code wr_bind_pattern_substring(struct wr_bind_site *site, struct wr_error *err);
enum wr_code wr_bind_standard_overlay(struct wr_bind_site *site, struct wr_error *err);
enum wr_code wr_bind_standard_initcap(struct wr_bind_site *site, struct wr_error *err);

#endif
