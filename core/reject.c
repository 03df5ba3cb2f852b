/* SPDX-License-Identifier: Apache-2.0 */
/* The names and the schema under which rejected rows and records appear. */
#include "core/reject.h"

const char *const wr_reject_names[WR_REJECT_KIND_COUNT] = {
    [WR_REJECT_RECORD] = "bad_record",
    [WR_REJECT_LATE] = "late_row",
    [WR_REJECT_TIME] = "bad_time",
    [WR_REJECT_VALUE] = "bad_value",
};

static const struct wr_field error_stream_fields[] = {
    {"error_time", &wr_type_timestamp3}, {"error_level", &wr_type_string},
    {"error_name", &wr_type_string},     {"message", &wr_type_string},
    {"source", &wr_type_string},         {"split", &wr_type_string},
    {"position", &wr_type_string},       {"raw_record", &wr_type_string},
    {"statement", &wr_type_string},      {"pump", &wr_type_string},
};
enum { REJECT_COLUMNS = sizeof error_stream_fields / sizeof *error_stream_fields };

const struct wr_schema wr_error_stream_schema = {
    .column_count = REJECT_COLUMNS - 1,
    .fields = error_stream_fields,
};

const struct wr_schema wr_pump_rejects_schema = {
    .column_count = REJECT_COLUMNS,
    .fields = error_stream_fields,
};
