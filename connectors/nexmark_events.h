/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events of the Nexmark benchmark (P. Tucker, K. Tufte, V. Papadimos, D. Maier: NEXMark, a
 * benchmark for queries over data streams, 2002; as Apache Beam and the Flink implementation have
 * it): people who register, auctions that they open, and bids on these. Event number n is a
 * function of the seed and n alone, column by column, so a column that nobody reads costs nothing,
 * and tasks may deal the numbers among themselves.
 *
 * Texts come from stocks that are made once per reader: their lengths and characters are drawn as
 * the benchmark wants it, but only some thousands of each kind are different.
 */
#ifndef WEIR_CONNECTORS_NEXMARK_EVENTS_H
#define WEIR_CONNECTORS_NEXMARK_EVENTS_H

#include "core/arena.h"
#include "core/column.h"
#include "core/text.h"

enum wr_nexmark_kind { WR_NEXMARK_PERSON, WR_NEXMARK_AUCTION, WR_NEXMARK_BID, WR_NEXMARK_KINDS };

/* What events are like; filled in by whoever opens. */
struct wr_nexmark_shape {
  uint64_t seed;
  int64_t base_us;  /* time of event 0 */
  int64_t rate;     /* events per second of event time, over all splits */
  int64_t disorder; /* numbers are shuffled within groups of so many; 1: in order */
  int64_t proportions[WR_NEXMARK_KINDS];
  bool numbers_only;               /* no text is asked for, so none are thought out beforehand */
  int64_t sizes[WR_NEXMARK_KINDS]; /* bytes of an event on average, which `extra` fills up */
  int64_t hot_sellers, hot_auctions, hot_bidders; /* one draw of so many is not a hot one */
  int64_t active_people, open_auctions;
};

struct wr_nexmark;

struct wr_nexmark *wr_nexmark_new(const struct wr_nexmark_shape *shape);
void wr_nexmark_free(struct wr_nexmark *nexmark);

/* Of the event with this number, after shuffling. */
static inline int64_t wr_nexmark_shuffled(const struct wr_nexmark_shape *shape, int64_t number)
{
  if (shape->disorder <= 1)
    return number;
  int64_t first = number / shape->disorder * shape->disorder;
  return first + number * 953 % shape->disorder;
}
enum wr_nexmark_kind wr_nexmark_kind(const struct wr_nexmark_shape *shape, int64_t number);
/* Event time in microseconds, whole milliseconds. */
int64_t wr_nexmark_time_us(const struct wr_nexmark_shape *shape, int64_t number);

/* A field of one kind of event. */
struct wr_nexmark_field {
  const char *name;
  const struct wr_type *type; /* BIGINT, STRING or TIMESTAMP(3) */
  /* Values of the events `numbers` (shuffled, all of that kind) at out[rows[i]] (rows NULL:
   * out[i]): int64_t or struct wr_text, whose bytes the generator lends for as long as it lives. */
  void (*fill)(const struct wr_nexmark *nexmark, const int64_t *numbers, const uint32_t *rows,
               uint32_t count, void *out);
};

/* The fields of a kind in their order; ends with a row whose name is NULL. */
const struct wr_nexmark_field *wr_nexmark_fields(enum wr_nexmark_kind kind);
/* "person", "auction", "bid" */
const char *wr_nexmark_kind_name(enum wr_nexmark_kind kind);

#endif
