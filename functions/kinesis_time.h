/* SPDX-License-Identifier: Apache-2.0 */
/* What UNIX_TIMESTAMP(timestamp) and TO_TIMESTAMP(number) mean in the kinesis dialect: hooks of
 * overloads that the other dialect does not have. */
#ifndef WEIR_FUNCTIONS_KINESIS_TIME_H
#define WEIR_FUNCTIONS_KINESIS_TIME_H

#include "functions/bind_site.h"

enum wr_code wr_bind_kinesis_unix_timestamp(struct wr_bind_site *site, struct wr_error *err);
enum wr_code wr_bind_kinesis_to_timestamp(struct wr_bind_site *site, struct wr_error *err);

#endif
