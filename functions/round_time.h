/* SPDX-License-Identifier: Apache-2.0 */
/* FLOOR(time TO unit) and CEIL(time TO unit), which share their names with functions of numbers. */
#ifndef WEIR_FUNCTIONS_ROUND_TIME_H
#define WEIR_FUNCTIONS_ROUND_TIME_H

#include "functions/bind_site.h"

/* args: a DATE, TIME, TIMESTAMP or TIMESTAMP_LTZ, and the unit's name as a constant. */
enum wr_code wr_bind_round_time(struct wr_bind_site *site, bool up, struct wr_error *err);

#endif
