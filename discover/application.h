/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Applications of Kinesis Data Analytics for SQL, as their descriptions in JSON tell them, and as
 * scripts that run them. Understood are answers of DescribeApplication, requests of
 * CreateApplication (both in version 1 and 2), templates of CloudFormation with one application,
 * and states of Terraform.
 *
 *   JSON -> struct wr_application -> SET, CREATE STREAM per input, CREATE TABLE per reference, the
 *           code as it is, CREATE TABLE ... AS SELECT per output
 */
#ifndef WEIR_DISCOVER_APPLICATION_H
#define WEIR_DISCOVER_APPLICATION_H

#include "core/arena.h"
#include "core/error.h"
#include "text/buffer.h"

#define WR_APPLICATION_INPUTS_MAX   64 /* in-application input streams, as the service had it */
#define WR_APPLICATION_OUTPUTS_MAX  64
#define WR_APPLICATION_WARNINGS_MAX 16

struct wr_application_column {
  const char *name, *type;
  const char *path; /* NULL: none */
};

struct wr_application_schema {
  bool is_csv;
  const char *row_path;                         /* JSON; NULL: $ */
  const char *row_delimiter, *column_delimiter; /* CSV; NULL: the usual ones */
  struct wr_application_column *columns;
  uint32_t column_count;
};

enum wr_application_place {
  WR_PLACE_KINESIS,
  WR_PLACE_FIREHOSE,
  WR_PLACE_LAMBDA,
  WR_PLACE_S3,
  WR_PLACE_FILE, /* what the caller puts in its place; "-": standard input or output */
};

/* Where rows come from or go. */
struct wr_application_end {
  enum wr_application_place place;
  const char
      *arn; /* parts that a template leaves open are empty; S3: of the bucket; a file's path */
  const char *key; /* S3 */
};

struct wr_application_input {
  const char *prefix;
  struct wr_application_end from;
  uint32_t count;       /* streams that share its shards */
  const char *position; /* NOW, TRIM_HORIZON, LAST_STOPPED_POINT; NULL: NOW */
  bool has_lambda;      /* in front of it */
  struct wr_application_schema schema;
};

struct wr_application_reference {
  const char *table;
  struct wr_application_end from;
  struct wr_application_schema schema;
};

struct wr_application_output {
  const char *stream;
  struct wr_application_end to;
  bool is_csv;
};

struct wr_application {
  const char *name; /* NULL: it has none */
  const char *code; /* NULL: the description has none */
  struct wr_application_input *inputs;
  struct wr_application_reference *references;
  struct wr_application_output *outputs;
  uint32_t input_count, reference_count, output_count;
  const char *warnings[WR_APPLICATION_WARNINGS_MAX]; /* what is left out, sentences */
  uint32_t warning_count;
};

/* True if a text is taken for a description: its first character is a brace. */
bool wr_application_is(const char *text, size_t length);

/* Reads a description; all of it lives in the arena. err->span is only set where the text is no
 * JSON. */
enum wr_code wr_application_read(const char *text, size_t length, struct wr_arena *arena,
                                 struct wr_application *out, struct wr_error *err);

/* Puts something else in the place of an input (its prefix, or the name of its only stream), of a
 * reference table or of an output: a path, - or the ARN of a stream. WR_SEMANTIC: there is none of
 * that name. */
enum wr_code wr_application_replace(struct wr_application *application, struct wr_arena *arena,
                                    bool input, const char *name, const char *with,
                                    struct wr_error *err);

/* What a piece of the script was made of, such as "column A of input S". */
struct wr_application_piece {
  size_t begin, end; /* bytes of the script */
  const char *what;
  bool is_output;
};

/* Where in the script the code stands, byte for byte; and what the rest of it is. */
struct wr_application_code {
  size_t offset, length;
  const struct wr_application_piece *pieces; /* in the arena; they may lie in each other */
  uint32_t piece_count;
};

/* Appends the script, and to the application warnings of what it shows. Fails if something of it
 * cannot run. */
enum wr_code wr_application_print(struct wr_application *application, struct wr_arena *arena,
                                  struct wr_buffer *out, struct wr_application_code *code,
                                  struct wr_error *err);

/* The smallest piece that has this place; NULL: none. */
const struct wr_application_piece *wr_application_piece_at(
    const struct wr_application_piece *pieces, uint32_t count, size_t offset);

#endif
