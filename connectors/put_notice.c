/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. */
#include "connectors/put_notice.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/time.h"

#define NOTICE_PATIENCE_US (5 * WR_US_PER_SECOND)  /* of refusals before the user hears of it */
#define NOTICE_SLOW_US     (30 * WR_US_PER_SECOND) /* a record that waits so long is told */
#define NOTICE_AGAIN_US    (60 * WR_US_PER_SECOND) /* and told again if it is so */
#define NOTICE_LOOK_US     (5 * WR_US_PER_SECOND)  /* how often it is looked for them */
#define NOTICE_END_US      (2 * WR_US_PER_SECOND)  /* the same at the end */
#define NOTICE_END_AGAIN   (10 * WR_US_PER_SECOND)

static void notice_say(const struct wr_put_notice *notice, const char *message)
{
  if (notice->note)
    notice->note(notice->note_self, message);
}

void wr_put_notice_fill(struct wr_put_notice *notice, int64_t now_us)
{
  notice->empty_us = now_us;
}

void wr_put_notice_hurry(struct wr_put_notice *notice, int64_t now_us)
{
  if (!notice->hurries)
    notice->look_us = notice->remind_us = now_us + NOTICE_END_US;
  notice->hurries = true;
}

/* ---- refusals */

static bool notice_is_calm(const struct wr_put_notice *notice, int64_t now_us)
{
  return !notice->refused_us || now_us - notice->refused_us > NOTICE_PATIENCE_US;
}

void wr_put_notice_refuse(struct wr_put_notice *notice, const char *error, size_t length,
                          int64_t now_us)
{
  if (notice_is_calm(notice, now_us))
    notice->calm_us = now_us;
  notice->refused_us = now_us;
  snprintf(notice->refusal, sizeof notice->refusal, "%.*s", length > 60 ? 60 : (int)length, error);
}

void wr_put_notice_tell(struct wr_put_notice *notice, uint64_t waiting, int64_t now_us)
{
  char message[400];
  bool is_calm = notice_is_calm(notice, now_us);
  if (is_calm)
    notice->calm_us = now_us;
  bool tell = now_us - notice->calm_us > NOTICE_PATIENCE_US;
  if (tell == notice->is_told || (!tell && !is_calm))
    return;
  notice->is_told = tell;
  if (tell)
    snprintf(message, sizeof message,
             "table %s: %s refuses records (%s), %" PRIu64 " wait and are tried again",
             notice->table, notice->service, notice->refusal, waiting);
  else
    snprintf(message, sizeof message, "table %s: %s takes all records again", notice->table,
             notice->service);
  notice_say(notice, message);
}

/* ---- records that wait long */

bool wr_put_notice_is_due(struct wr_put_notice *notice, uint64_t waiting, int64_t now_us)
{
  if (waiting == 0 || now_us < notice->look_us || now_us < notice->remind_us)
    return false;
  notice->look_us = now_us + (notice->hurries ? WR_US_PER_SECOND : NOTICE_LOOK_US);
  return notice->hurries || now_us - notice->empty_us >= NOTICE_SLOW_US;
}

void wr_put_notice_remind(struct wr_put_notice *notice, uint64_t waiting, int64_t oldest_us,
                          const char *trouble, int64_t now_us)
{
  char message[1400];
  int64_t since_us = now_us - oldest_us;
  if (!notice->hurries && since_us < NOTICE_SLOW_US)
    return;
  notice->remind_us = now_us + (notice->hurries ? NOTICE_END_AGAIN : NOTICE_AGAIN_US);
  const char *cause = !*trouble && notice->is_told ? notice->refusal : trouble;
  const char *open = *cause ? " (" : "", *close = *cause ? ")" : "";
  if (notice->hurries)
    snprintf(message, sizeof message, "table %s: %" PRIu64 " records wait to be taken by %s%s%s%s",
             notice->table, waiting, notice->service, open, cause, close);
  else
    snprintf(message, sizeof message,
             "table %s: %s takes long: %" PRIu64 " records wait since %" PRId64 " s%s%s%s",
             notice->table, notice->service, waiting, since_us / WR_US_PER_SECOND, open, cause,
             close);
  notice_say(notice, message);
}
