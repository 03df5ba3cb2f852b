/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a sample of a source to its table: which format the records have, which columns, and which
 * of them is the event time. Pure: whoever calls has read the sample.
 *
 *   pieces -> records -> JSON, CSV or lines -> shapes of columns -> CREATE TABLE, or an input
 * schema
 */
#ifndef WEIR_DISCOVER_DISCOVER_H
#define WEIR_DISCOVER_DISCOVER_H

#include "core/error.h"
#include "discover/shape.h"

/* A record of a source of messages, or the beginning of a file. Lent for the call. */
struct wr_sample_piece {
  const char *bytes;
  size_t length;
  uint32_t split;
  bool is_whole;    /* nothing follows in the split; of records always */
  const char *name; /* of the file, for errors; NULL: none */
};

struct wr_sample {
  const struct wr_sample_piece *pieces; /* of one split beside one another */
  uint32_t piece_count;
  bool is_messages;  /* each piece is a record */
  bool is_named_csv; /* the name says so: one column is enough, and a majority that divides alike */
  const char *source; /* for errors; NULL: none */
  const char *format; /* NULL: guessed; json, csv or raw */
  uint32_t records_max;
  int header; /* CSV: 1 there is one, 0 there is none, -1: guessed */
};

enum wr_discovered_format { WR_DISCOVERED_JSON, WR_DISCOVERED_CSV, WR_DISCOVERED_LINES };

/* How a column says when a row happened. */
enum wr_time_unit {
  WR_TIME_UNIT_NONE, /* no column does */
  WR_TIME_UNIT_ITSELF,
  WR_TIME_UNIT_SECONDS,
  WR_TIME_UNIT_FRACTIONS, /* seconds with a fraction */
  WR_TIME_UNIT_MS,
  WR_TIME_UNIT_US,
  WR_TIME_UNIT_NS
};

struct wr_discovered_time {
  enum wr_time_unit unit;
  const struct wr_shape *outer; /* the ROW that it is a field of; NULL: it is a column */
  const struct wr_shape *column;
  int64_t behind_us; /* how far rows came behind earlier ones of their split */
  int64_t delay_us;  /* a round duration that is not less */
};

struct wr_discovery {
  enum wr_discovered_format format;
  const char *compression; /* of records: gzip, zstd, auto; NULL: none */
  char delimiter;          /* CSV */
  bool has_header;
  bool is_header_sure;      /* or a guess */
  struct wr_shape *columns; /* an object whose members they are */
  struct wr_discovered_time time;
  uint64_t record_count, bad_count; /* bad ones are no part of the columns */
  uint64_t byte_count;              /* of records, line ends not counted */
  uint64_t left_out_names;
  const char *left_out_name; /* one of them, fit for a comment */
  bool has_crlf;
};

/* Everything in *out lives in the arena. WR_DATA: nothing to go by (no records, binary data, one
 * JSON array) with a hint what to do. */
enum wr_code wr_discover(const struct wr_sample *sample, struct wr_arena *arena,
                         struct wr_discovery *out, struct wr_error *err);

/* The event time of columns whose shapes are complete (time.c). */
struct wr_discovered_time wr_discover_time(const struct wr_shape *columns);

/* Folders column=value that all files lie in. */
struct wr_discovered_folder {
  const char *column;
  const char *value; /* that of one file */
};

struct wr_discovered_table {
  const char *name;
  const char *const *options; /* key, value ... of the connector, NULL at the end */
  const char *const *secrets; /* keys that are to be filled in, NULL at the end */
  const char *source;         /* for the first comment */
  const char *record_time;    /* metadata column to take where no column is the time; NULL: none */
  const struct wr_discovered_folder *folders;
  uint32_t folder_count;
};

/* Appends a CREATE TABLE. */
void wr_discover_put_table(const struct wr_discovery *found,
                           const struct wr_discovered_table *table, struct wr_buffer *out);
/* Appends the input schema of Kinesis Data Analytics for SQL as JSON. */
void wr_discover_put_schema(const struct wr_discovery *found, struct wr_arena *arena,
                            struct wr_buffer *out);

#endif
