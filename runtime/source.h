/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The beginning of a path: drives a connector's reader and a format's decoder and emits batches. It
 * is the one place that glues bytes to rows. A source remembers the position behind the last record
 * it has emitted, per split; the runtime looks at stops and barriers between two steps, so a step
 * emits at most one batch.
 *
 *   bytes:     poll -> buffer of the split -> frame -> decode -> batch
 *   messages:  poll -> messages -> decode -> batch
 *   rows:      poll_rows -> batch
 *
 * A position of bytes is how many there are from the split's beginning, others are the connector's
 * text.
 */
#ifndef WEIR_RUNTIME_SOURCE_H
#define WEIR_RUNTIME_SOURCE_H

#include "connectors/connector.h"
#include "operators/plan.h"

struct wr_decode_pool; /* runtime/decode_pool.h */
struct wr_source;

struct wr_source_settings {
  uint32_t batch_rows;         /* records per batch at most */
  struct wr_decode_pool *pool; /* of all copies of the source; NULL: nobody helps */
  bool resumed;                /* as in wr_table_spec */
  bool grows;   /* splits may come later: a reader is opened although there are none yet */
  void *shared; /* as in wr_table_spec */
  /* Splits that others had and that are there no more: their positions are saved on. Lent for as
   * long as the source lives. */
  const struct wr_split *gone;
  uint32_t gone_count;
  /* The splits have become more; names is lent until the next call, or the close. */
  void (*grown)(void *self, const char *const *names, uint32_t count);
  void *grown_self;
  void (*note)(void *self, const char *message);
  void *note_self;
};

/* Opens a reader over these splits (may be none). The splits' texts are copied. The operator's
 * targets are set by the caller. */
enum wr_code wr_source_open(const struct wr_plan_source *plan, const struct wr_schema *schema,
                            const struct wr_split *splits, uint32_t split_count,
                            const struct wr_operator_context *context,
                            const struct wr_source_settings *settings, struct wr_source **out,
                            struct wr_error *err);
void wr_source_close(struct wr_source *source);
struct wr_operator *wr_source_operator(struct wr_source *source);

/* Emits the next batch, polling the reader for at most wait_ms if nothing is at hand. *moved:
 * something was read. */
enum wr_code wr_source_step(struct wr_source *source, int wait_ms, int64_t now_us, bool *moved,
                            struct wr_error *err);
/* No step comes for a while, or again: meanwhile splits count as held, so that they do not become
 * idle. */
enum wr_code wr_source_hold(struct wr_source *source, bool hold, int64_t now_us,
                            struct wr_error *err);
/* Every split has ended and everything was emitted. */
bool wr_source_is_done(const struct wr_source *source);
/* No further step will come: it holds no other source back, and helpers have done what they can. */
void wr_source_leave(struct wr_source *source);
/* Of a thread that has nothing more to do: decodes for the other copies of the source until all of
 * them have left. */
void wr_source_help(struct wr_source *source);
/* The remembered positions are exactly behind what was emitted: a barrier may come now. */
bool wr_source_is_at_boundary(const struct wr_source *source);
/* Records emitted or rejected so far. */
uint64_t wr_source_record_count(const struct wr_source *source);

/* Writes the positions of all splits into a part, ended and gone ones too: count, then name and
 * position of each; an empty position: at its start. */
void wr_source_save(const struct wr_source *source, struct wr_part_writer *part);
/* Tells the outside world that positions of an earlier save are final. */
enum wr_code wr_source_committed(struct wr_source *source, struct wr_part_reader *part,
                                 struct wr_error *err);

#endif
