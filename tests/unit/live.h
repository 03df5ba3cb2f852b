/* SPDX-License-Identifier: Apache-2.0 */
/* What the suites of the live hub share: feeds of rows (k, v, s), pushing them, a clock that is
 * given, filters, and a reader of frames. */
#ifndef WEIR_TESTS_UNIT_LIVE_H
#define WEIR_TESTS_UNIT_LIVE_H

#include "live/inside.h"

enum { LIVE_BATCH_ROWS = 300 };

/* Rows to be pushed: k INT, v BIGINT, s STRING (NULL if s_length is 0). */
struct live_rows {
  uint32_t count;
  int32_t k[LIVE_BATCH_ROWS + 16]; /* readable behind the end, as columns are */
  int64_t v[LIVE_BATCH_ROWS + 8];
  struct wr_text s[LIVE_BATCH_ROWS + 4];
  uint64_t s_valid[LIVE_BATCH_ROWS / 64 + 9];
  uint8_t change[LIVE_BATCH_ROWS + 64];
};

extern const struct wr_schema live_schema;

void live_rows_add(struct live_rows *rows, enum wr_change change, int32_t k, int64_t v,
                   const char *s, uint32_t s_length);
/* Lent, with its columns. */
struct wr_batch live_rows_batch(const struct live_rows *rows, struct wr_column columns[3]);
/* Pushes them and empties. */
void live_rows_push(struct live_rows *rows, struct wr_feed *feed);

/* A hub without a thread whose clock is *now_us. */
struct wr_hub *live_hub(uint64_t memory_bytes, int64_t *now_us);
struct wr_feed *live_feed(struct wr_hub *hub, const char *name, bool keyed, bool changes,
                          uint64_t rows_max);

/* v is a multiple of the number in the text; counted in live_filters as long as it is there. */
extern _Atomic int live_filters;
struct wr_feed_filter *live_filter(const char *text);

struct live_frame {
  char kind[16]; /* "+I", ... or the name of an event */
  char id[48];   /* "" without */
  uint64_t number;
  bool of_snapshot;
  int32_t k;
  int64_t v;
  char fields[64]; /* of an event */
};
/* The first whole frame; its length, or 0: it is not whole. Fails the test if it is none. */
size_t live_frame_parse(enum wr_framing framing, const char *bytes, size_t length,
                        struct live_frame *frame);

#endif
