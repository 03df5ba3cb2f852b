/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The requests of s3_publisher.c: one after the other, and those for the uploads of an epoch, many
 * at a time.
 */
#ifndef WEIR_CONNECTORS_S3_COMPLETE_H
#define WEIR_CONNECTORS_S3_COMPLETE_H

#include <stdatomic.h>

#include "connectors/s3_outbox.h"

struct wr_s3_completer {
  struct wr_aws *aws;
  const char *table, *job, *bucket;
  bool is_patient; /* waits while S3 is away, however long; else it tries as often as is usual */
  _Atomic bool is_cancelled; /* requests end soon, with WR_STOPPED */
};

/* ---- one request */

/* Texts live in the arena. */
struct wr_s3_answer {
  enum wr_code code; /* WR_OK: status 2xx; else the request was refused */
  int status;
  const char *error; /* S3's code; "" if none */
  const char *body;
  size_t length;
  const char *job;       /* of the object: WR_S3_META_JOB; "" if none */
  struct wr_error cause; /* code is not WR_OK */
};

/* Fails if there is no answer; that S3 refuses is one. */
enum wr_code wr_s3_ask(struct wr_s3_completer *completer, struct wr_aws_request *request,
                       struct wr_arena *arena, struct wr_s3_answer *out, struct wr_error *err);
/* "table t cannot <what> s3://bucket/<key>: ..." */
enum wr_code wr_s3_ask_fail(const struct wr_s3_completer *completer,
                            const struct wr_s3_answer *answer, const char *what, const char *key,
                            struct wr_error *err);
/* For a query. */
const char *wr_s3_escape(struct wr_arena *arena, const char *text);

/* ---- uploads */

enum wr_s3_item_state {
  WR_S3_ITEM_LOOK,     /* which parts are stored is to be asked */
  WR_S3_ITEM_FIND,     /* the upload is gone: whether its object is there is to be asked */
  WR_S3_ITEM_READY,    /* all parts are there */
  WR_S3_ITEM_COMPLETE, /* is to be completed */
  WR_S3_ITEM_DONE,     /* the object is there */
  WR_S3_ITEM_MISSING,  /* neither upload nor object */
  WR_S3_ITEM_SHORT     /* parts are missing, or others than were sent */
};

/* Zero-initialised but for entry and arena. */
struct wr_s3_item {
  struct wr_s3_entry entry; /* lent from the outboxes */
  struct wr_arena *arena;   /* of what is learned */
  enum wr_s3_item_state state;
  const char **etags; /* of the parts */
  uint32_t part_count;
  uint64_t bytes;
  bool is_tried;     /* to complete it */
  uint32_t refusals; /* that came with status 200 */
  int64_t rests_until_us;
};

struct wr_s3_items {
  struct wr_s3_item *items;
  size_t count;
};

/* Brings all items to READY, DONE, MISSING or SHORT; changes nothing in S3. */
enum wr_code wr_s3_complete_look(struct wr_s3_completer *completer, struct wr_s3_items *items,
                                 struct wr_error *err);
/* Brings those that are READY to DONE or MISSING. */
enum wr_code wr_s3_complete(struct wr_s3_completer *completer, struct wr_s3_items *items,
                            struct wr_error *err);

#endif
