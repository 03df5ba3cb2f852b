/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the user hears of records on their way to a service: that some have been refused for a
 * while, and that this is over; that they wait long; and at the end that any wait. Each is told
 * once, and now and then again as long as it is so.
 */
#ifndef WEIR_CONNECTORS_PUT_NOTICE_H
#define WEIR_CONNECTORS_PUT_NOTICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wr_put_notice {
  const char *table, *service;
  void (*note)(void *self, const char *message); /* NULL: nobody is told */
  void *note_self;
  bool hurries; /* nothing more comes */
  /* ---- its own */
  char refusal[64];   /* the last one's error code */
  int64_t refused_us; /* when that was; 0: never */
  int64_t calm_us;    /* when nothing had been refused last */
  bool is_told;       /* the user knows of refusals */
  int64_t empty_us;   /* when nothing had waited last */
  int64_t look_us;    /* when it is looked for records that wait long */
  int64_t remind_us;  /* no word about them before */
};

/* A first record waits. */
void wr_put_notice_fill(struct wr_put_notice *notice, int64_t now_us);
void wr_put_notice_hurry(struct wr_put_notice *notice, int64_t now_us);
/* Records were refused; error: the service's code, for the message. */
void wr_put_notice_refuse(struct wr_put_notice *notice, const char *error, size_t length,
                          int64_t now_us);
/* Behind every answer. waiting: how many records do. */
void wr_put_notice_tell(struct wr_put_notice *notice, uint64_t waiting, int64_t now_us);

/* Whether it is time to look since when the oldest one waits, and to remind. */
bool wr_put_notice_is_due(struct wr_put_notice *notice, uint64_t waiting, int64_t now_us);
/* trouble: what keeps requests from being answered; "": nothing. */
void wr_put_notice_remind(struct wr_put_notice *notice, uint64_t waiting, int64_t oldest_us,
                          const char *trouble, int64_t now_us);

#endif
