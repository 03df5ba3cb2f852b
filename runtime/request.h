/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said over the control socket of a running job: lines of words with single blanks between
 * them, each ended by a line feed. Requests:
 *
 *   savepoint [hold] [stop [drain]]   hold: epochs from this one on are kept until the connection
 *                                     ends; stop: the job stops behind it; drain: as if its input
 *                                     had come to its end
 *   status
 *
 * Replies, in the order of the requests; a savepoint has BEGUN and then one of the others:
 *
 *   begun EPOCH                       the epoch that is going to be sealed, as far as is known now
 *   sealed EPOCH BYTES OWN MICROS     it is sealed and published; the job goes on
 *   stopped EPOCH                     the job has stopped behind it
 *   ended EPOCH                       the job has come to its end with it
 *   status JSON                       one object
 *   failed SENTENCE
 */
#ifndef WEIR_RUNTIME_REQUEST_H
#define WEIR_RUNTIME_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

#define WR_REQUEST_BYTES_MAX 128 /* of a request, without its line feed */

enum wr_request_kind { WR_REQUEST_SAVEPOINT, WR_REQUEST_STATUS };

struct wr_request {
  enum wr_request_kind kind;
  bool hold, stop, drain;
};

/* Of a line without its line feed. */
enum wr_code wr_request_parse(const char *line, size_t length, struct wr_request *out,
                              struct wr_error *err);

enum wr_reply_kind {
  WR_REPLY_BEGUN,
  WR_REPLY_SEALED,
  WR_REPLY_STOPPED,
  WR_REPLY_ENDED,
  WR_REPLY_STATUS,
  WR_REPLY_FAILED
};

struct wr_reply {
  enum wr_reply_kind kind;
  uint64_t epoch;
  uint64_t bytes, own_bytes, micros; /* SEALED */
  const char *text; /* STATUS, FAILED: the rest of the line; lent, not ended by NUL */
  size_t text_length;
};

enum wr_code wr_reply_parse(const char *line, size_t length, struct wr_reply *out,
                            struct wr_error *err);
/* Without the line feed; returns its length, or 0: it would not fit. */
size_t wr_reply_print(const struct wr_reply *reply, char *line, size_t room);

/* The first line of some bytes; false: it is not complete yet. *used: its bytes with the line feed.
 */
bool wr_line_find(const char *bytes, size_t length, size_t *line_length, size_t *used);

#endif
