/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rejects: rows and records that could not be used, as plain data from wherever that was noticed.
 * The runtime counts them, shows the first few, and renders them into the built-in stream
 * error_stream when somebody reads it. Nothing else may drop a row.
 */
#ifndef WEIR_CORE_REJECT_H
#define WEIR_CORE_REJECT_H

#include "core/batch.h"

enum wr_reject_kind {
  WR_REJECT_RECORD, /* a record that cannot be decoded */
  WR_REJECT_LATE,   /* a row behind the windows it belongs to */
  WR_REJECT_TIME,   /* a row without a usable time: NULL, or too far ahead of the clock */
  WR_REJECT_VALUE,  /* overflow, failed cast, division by zero */
  WR_REJECT_KIND_COUNT
};

/* The names that error_stream and the summary show: "bad_record", "late_row", "bad_time",
 * "bad_value". */
extern const char *const wr_reject_names[WR_REJECT_KIND_COUNT];

struct wr_reject {
  enum wr_reject_kind kind;
  int64_t now_us;
  const char *message;      /* one sentence */
  const char *source;       /* table or operator it was noticed in */
  const char *split;        /* "clicks-3", a path; NULL: unknown */
  struct wr_slice position; /* where in the split: offset, line; empty: unknown */
  struct wr_slice raw;      /* the record as it came, or the row as JSON */
  const char *statement;    /* of the step it was noticed in; NULL: several */
  const char *pump;         /* the name of the pump that this is; NULL: none */
};

/*
 * Where rejects go; the runtime implements it. put copies what it keeps. wants says whether a
 * further reject of this kind would be looked at, so that a flood of them need not be rendered;
 * NULL: always.
 */
struct wr_reject_sink {
  bool (*wants)(const struct wr_reject_sink *sink, enum wr_reject_kind kind);
  void (*put)(struct wr_reject_sink *sink, const struct wr_reject *reject);
};

/* Columns of error_stream: error_time TIMESTAMP(3), error_level, error_name, message, source,
 * split, position, raw_record, statement (STRING each). */
extern const struct wr_schema wr_error_stream_schema;
/* These and pump STRING, for the error_stream of applications. */
extern const struct wr_schema wr_pump_rejects_schema;

#endif
