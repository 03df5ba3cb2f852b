/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a shard is asked for records, and for how many. It answers five questions and gives 2 MiB a
 * second, to all who read it together. So one that has nothing to give is asked every 205 ms; after
 * an answer it is left alone for as long as its bytes take, and a little longer, because a question
 * that comes a moment early is refused; and no more records are asked for than half a second has
 * room for: a large answer would stand in memory, and then block the shard for seconds.
 *
 * A refusal means that others read, too: a reader gives up half of its share, and takes back a
 * twentieth of the shard every second. (As with TCP: what falls by parts and rises by amounts makes
 * shares equal; what rises by parts as well keeps them as unequal as they are.) A reader that had
 * the whole shard for ten seconds takes it for chance, and gives up an eighth.
 *
 * Nothing here looks at a clock.
 */
#ifndef WEIR_CONNECTORS_KINESIS_PACE_H
#define WEIR_CONNECTORS_KINESIS_PACE_H

#include <stdint.h>

#define WR_KINESIS_PACE_WHOLE 1000000 /* the whole shard */

/* Zero-initialised is a shard of which nothing is known. */
struct wr_kinesis_pace {
  uint32_t given_up;     /* to others, in parts of WR_KINESIS_PACE_WHOLE */
  uint32_t record_bytes; /* of a record, about; 0: not known */
  int64_t calm_us;       /* since nothing is given up */
};

/* How many records to ask for, of at most so many. */
uint32_t wr_kinesis_pace_records(const struct wr_kinesis_pace *pace, uint32_t most);
/* A question was answered by so many bytes in so many records: how long after it was sent the next
 * one may be. */
int64_t wr_kinesis_pace_answered(struct wr_kinesis_pace *pace, uint64_t bytes, uint32_t records);
/* A question was refused: how long to wait from now on. chance: any number, another one for every
 * reader. */
int64_t wr_kinesis_pace_refused(struct wr_kinesis_pace *pace, uint64_t chance);

#endif
