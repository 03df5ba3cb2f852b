/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows as JSON for those who watch: an object per row, as the json format writes it, but made for
 * JavaScript: times are ISO-8601 ("2026-05-01T00:00:00Z" for TIMESTAMP_LTZ, without zone for
 * TIMESTAMP), DECIMALs and 64-bit integers are numbers with all their digits, BINARY is base64, and
 * floating numbers that JSON does not have are null. INTERVALs are numbers of months, or of
 * milliseconds.
 */
#ifndef WEIR_LIVE_ROW_JSON_H
#define WEIR_LIVE_ROW_JSON_H

#include "live/hub.h"

/* Nothing of the schema is kept. The caller's, until a feed gets it. */
struct wr_feed_encoder *wr_row_json_encoder(const struct wr_schema *schema);

#endif
