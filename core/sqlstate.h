/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLSTATE codes: five characters, as ISO 9075 and PostgreSQL (Appendix A) assign them, so that a
 * program can tell errors apart without reading sentences. wr_fail sets the general one of its
 * code; wr_state sets a better one.
 */
#ifndef WEIR_CORE_SQLSTATE_H
#define WEIR_CORE_SQLSTATE_H

#define WR_STATE_SYNTAX_ERROR             "42601"
#define WR_STATE_SEMANTIC_ERROR           "42000" /* what has no code of its own */
#define WR_STATE_UNDEFINED_TABLE          "42P01"
#define WR_STATE_UNDEFINED_COLUMN         "42703"
#define WR_STATE_UNDEFINED_FUNCTION       "42883" /* no such name, or not for these arguments */
#define WR_STATE_UNDEFINED_OBJECT         "42704" /* type, window, catalogue, connector, format */
#define WR_STATE_DUPLICATE_TABLE          "42P07"
#define WR_STATE_DUPLICATE_COLUMN         "42701"
#define WR_STATE_DUPLICATE_FUNCTION       "42723"
#define WR_STATE_DUPLICATE_ALIAS          "42712"
#define WR_STATE_AMBIGUOUS_COLUMN         "42702"
#define WR_STATE_DATATYPE_MISMATCH        "42804"
#define WR_STATE_CANNOT_COERCE            "42846"
#define WR_STATE_GROUPING_ERROR           "42803"
#define WR_STATE_WINDOWING_ERROR          "42P20"
#define WR_STATE_WRONG_OBJECT_TYPE        "42809"
#define WR_STATE_INVALID_TABLE_DEFINITION "42P16"
#define WR_STATE_INVALID_COLUMN_REFERENCE "42P10"
#define WR_STATE_RESERVED_NAME            "42939"
#define WR_STATE_INVALID_RECURSION        "42P19"
#define WR_STATE_WRONG_COLUMN_COUNT       "42601"
#define WR_STATE_INVALID_OPTION_NAME      "HV00D"
#define WR_STATE_INVALID_OPTION_VALUE     "22023"
#define WR_STATE_FEATURE_NOT_SUPPORTED    "0A000"
#define WR_STATE_LIMIT_EXCEEDED           "54000"
#define WR_STATE_TOO_COMPLEX              "54001"
#define WR_STATE_TOO_MANY_COLUMNS         "54011"
#define WR_STATE_DATA_EXCEPTION           "22000"
#define WR_STATE_TEXT_TOO_LONG            "22001"
#define WR_STATE_NUMBER_OUT_OF_RANGE      "22003"
#define WR_STATE_INVALID_DATETIME         "22007" /* also: a pattern of dates */
#define WR_STATE_DATETIME_OVERFLOW        "22008"
#define WR_STATE_DIVISION_BY_ZERO         "22012"
#define WR_STATE_INTERVAL_OVERFLOW        "22015"
#define WR_STATE_INVALID_ESCAPE           "22019"
#define WR_STATE_INVALID_CHARACTERS       "22021"
#define WR_STATE_INVALID_PARAMETER        "22023" /* an argument that has to be another */
#define WR_STATE_INVALID_TEXT             "22P02" /* a text that is no number, no BOOLEAN, no ... */
#define WR_STATE_ARRAY_ELEMENT_ERROR      "2202E"
#define WR_STATE_INVALID_JSON             "22032"
#define WR_STATE_NO_JSON_ITEM             "22035" /* a path that leads nowhere */
#define WR_STATE_WRONG_JSON_ITEM          "2203F" /* what the path names is not of the kind asked */
#define WR_STATE_INVALID_PATTERN          "2201B" /* regular expression, JSON path, LIKE */
#define WR_STATE_NOT_NULL_VIOLATION       "23502"
#define WR_STATE_CARDINALITY_VIOLATION    "21000" /* a scalar subquery with several rows */
#define WR_STATE_IO_ERROR                 "58030"
#define WR_STATE_CONNECTION_FAILURE       "08006"
#define WR_STATE_QUERY_CANCELLED          "57014"
#define WR_STATE_INTERNAL_ERROR           "XX000"

#endif
