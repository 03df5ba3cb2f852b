/* SPDX-License-Identifier: Apache-2.0 */
#include "connectors/kinesis_pace.h"

#include "core/time.h"

#define PACE_STEP_US       (205 * WR_US_PER_MS) /* between two questions */
#define PACE_BYTES         (2u << 20)           /* of a shard in a second */
#define PACE_ANSWER_BYTES  (PACE_BYTES / 2)
#define PACE_ANSWER_US     (WR_US_PER_SECOND / 2)
#define PACE_MARGIN        64 /* of what bytes take, so many parts longer */
#define PACE_FIRST_RECORDS 10 /* when nobody knows how long they are */
#define PACE_SHARE_MIN     (WR_KINESIS_PACE_WHOLE / 16)
#define PACE_RISE_US       (20 * WR_US_PER_SECOND) /* from nothing to the whole shard */
#define PACE_CALM_US       (10 * WR_US_PER_SECOND) /* at the whole shard: a refusal is chance */

uint32_t wr_kinesis_pace_records(const struct wr_kinesis_pace *pace, uint32_t most)
{
  uint32_t fit = pace->record_bytes ? PACE_ANSWER_BYTES / pace->record_bytes : PACE_FIRST_RECORDS;
  fit = fit > 0 ? fit : 1;
  return fit < most ? fit : most;
}

/* Shorter records count for more: too few of them would be asked for otherwise, for many answers.
 * Too many do little harm, as their bytes are waited for. */
static void pace_learn(struct wr_kinesis_pace *pace, uint64_t bytes, uint32_t records)
{
  if (records == 0)
    return;
  uint64_t now = bytes / records + 1, was = pace->record_bytes ? pace->record_bytes : now;
  pace->record_bytes = (uint32_t)(now < was ? (was + 3 * now) / 4 : (was + now) / 2);
}

static int64_t pace_share(const struct wr_kinesis_pace *pace)
{
  return WR_KINESIS_PACE_WHOLE - pace->given_up;
}

int64_t wr_kinesis_pace_answered(struct wr_kinesis_pace *pace, uint64_t bytes, uint32_t records)
{
  pace_learn(pace, bytes, records);
  int64_t wait_us = (int64_t)(bytes * WR_US_PER_SECOND / PACE_BYTES);
  wait_us += wait_us / PACE_MARGIN;
  if (wait_us < PACE_STEP_US)
    wait_us = PACE_STEP_US;
  wait_us = wait_us * WR_KINESIS_PACE_WHOLE / pace_share(pace);
  pace->calm_us = pace->given_up ? 0 : pace->calm_us + wait_us;
  int64_t rise = wait_us * WR_KINESIS_PACE_WHOLE / PACE_RISE_US;
  pace->given_up -= rise < pace->given_up ? (uint32_t)rise : pace->given_up;
  return wait_us;
}

int64_t wr_kinesis_pace_refused(struct wr_kinesis_pace *pace, uint64_t chance)
{
  int64_t share = pace_share(pace);
  share -= pace->calm_us >= PACE_CALM_US ? share / 8 : share / 2;
  pace->calm_us = 0;
  share = share > PACE_SHARE_MIN ? share : PACE_SHARE_MIN;
  pace->given_up = (uint32_t)(WR_KINESIS_PACE_WHOLE - share);
  /* much by chance, so that readers that met do not meet again */
  int64_t wait_us = PACE_ANSWER_US * WR_KINESIS_PACE_WHOLE / share;
  return wait_us / 8 + (int64_t)(chance % (uint64_t)(wait_us * 7 / 8));
}
