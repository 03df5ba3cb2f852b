/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators: one file per step of a running query. An operator sees rows, watermarks, timers and
 * barriers; never SQL, threads, Kafka or files. Operators fused into one task call each other
 * directly, through the wrappers below, which keep the counters and check the promises. All calls
 * to one operator come from the thread that owns its task.
 *
 * In order with the data: on_batch, on_watermark, flush + save (a barrier), close. The class
 * functions that an operator does not need stay NULL.
 */
#ifndef WEIR_OPERATORS_OPERATOR_H
#define WEIR_OPERATORS_OPERATOR_H

#include "core/batch.h"
#include "core/error.h"
#include "core/metrics.h"
#include "core/reject.h"
#include "core/stopwatch.h"
#include "state/part.h"

struct wr_alignment;
struct wr_operator;
struct wr_reference; /* operators/reference.h */
struct wr_split_watermarks;

/* How rows are brought to an operator whose changes somebody wants to see one by one: a batch,
 * every row of it by itself, or the same but the halves of an update together. */
enum wr_portion { WR_PORTION_BATCH, WR_PORTION_ROW, WR_PORTION_UPDATE };

/* What an operator knows of where it runs; outlives it. */
struct wr_operator_context {
  uint32_t task, task_count; /* which of the copies; it owns key groups by wr_key_group_task */
  uint64_t hash_seed;
  const char *name;      /* for messages: "TumbleAggregate(page)" */
  const char *statement; /* the SQL statement it came from */
  const char *pump;      /* the name of the pump that this is; NULL: none */
  const char *time_zone;
  struct wr_reject_sink *rejects;
  struct wr_metrics *metrics;
  struct wr_stopwatch *watch;     /* of the task; NULL: nobody looks */
  bool timed;                     /* steps are measured one by one */
  enum wr_portion portion;        /* seen to by wr_operator_batch */
  const char *const *split_names; /* source tasks: by split number of runs; NULL elsewhere */
  uint32_t split_count;           /* both change when the source finds further splits */
  bool splits_grow;               /* it may find some although there are none now */
  struct wr_alignment *alignment; /* source tasks: of their splits, windows/alignment.h; or NULL */
  /* Source tasks: where a watermark operator says what it knows of their splits; or NULL. */
  const struct wr_split_watermarks **watermarks;
  struct wr_reference *reference; /* the table that it looks rows up in; NULL: none */
};

struct wr_operator_class {
  const char *name;
  /* Makes an operator; spec is the class's own struct from the plan and outlives it. *out begins
   * with struct wr_operator. */
  enum wr_code (*open)(const void *spec, const struct wr_operator_context *context,
                       struct wr_operator **out, struct wr_error *err);
  enum wr_code (*on_batch)(struct wr_operator *op, uint32_t input, const struct wr_batch *batch,
                           struct wr_error *err);
  /* The least watermark over all inputs has risen to op->watermark_us. NULL: it is passed on
   * unchanged. An operator that sets this calls wr_emit_watermark itself. */
  enum wr_code (*on_watermark)(struct wr_operator *op, int64_t watermark_us, struct wr_error *err);
  /* The clock has reached op->timer_us, which is WR_TIME_END again before the call. */
  enum wr_code (*on_timer)(struct wr_operator *op, int64_t now_us, struct wr_error *err);
  /* Source tasks: a split's source state changed (an enum wr_split_state of connectors/connector.h
   * as int). */
  enum wr_code (*on_split)(struct wr_operator *op, uint32_t split, int state, int64_t now_us,
                           struct wr_error *err);
  /* Input `input` has fallen idle, or is active again (see wr_emit_idle). NULL: passed on. */
  enum wr_code (*on_idle)(struct wr_operator *op, uint32_t input, bool idle, struct wr_error *err);
  /* Input `input` gives no more rows, as it has come to its end. NULL: nobody asks. */
  enum wr_code (*on_input_end)(struct wr_operator *op, uint32_t input, struct wr_error *err);
  /* Before a barrier: hand on what is held back only for efficiency. */
  enum wr_code (*flush)(struct wr_operator *op, struct wr_error *err);
  /* At the barrier: writes small state into the part at once and starts copying tables
   * (copy-on-touch). */
  void (*save)(struct wr_operator *op, struct wr_part_writer *part);
  /* Copies a few pages more; true when the part is complete. NULL: it was complete after save. */
  bool (*save_step)(struct wr_operator *op, struct wr_part_writer *part);
  /* Before the first row; once per old part of this operator (there may be several, of another
   * parallelism): takes what belongs to this task. */
  enum wr_code (*load)(struct wr_operator *op, struct wr_part_reader *part, struct wr_error *err);
  /* All inputs have ended. Called once, only when the job runs to its end (not on a stop).
   * on_watermark(WR_TIME_END) came before. */
  enum wr_code (*finish)(struct wr_operator *op, struct wr_error *err);
  /* Rows that sit in windows that have not fired: for the message on a stop. NULL: 0. */
  uint64_t (*held_rows)(const struct wr_operator *op);
  void (*close)(struct wr_operator *op);
};

/* Where an operator's rows go: input `input` of another operator of the same task. */
struct wr_target {
  struct wr_operator *op;
  uint32_t input;
};

/* The head of every operator; written by the wrappers and the runtime, read by anybody. */
struct wr_operator {
  const struct wr_operator_class *class;
  const struct wr_operator_context *context;
  const struct wr_target *targets;
  uint32_t target_count;
  int64_t watermark_us; /* WR_TIME_NONE until the first */
  int64_t timer_us;     /* set by the operator: when on_timer is wanted; WR_TIME_END: not */
  bool has_enough;      /* set by the operator: further rows would change nothing */
};

/* The head as open leaves it: no targets, watermark or timer yet. */
static inline struct wr_operator wr_operator_head(const struct wr_operator_class *class,
                                                  const struct wr_operator_context *context)
{
  return (struct wr_operator){
      .class = class, .context = context, .watermark_us = WR_TIME_NONE, .timer_us = WR_TIME_END};
}

/* An operator says that it needs no more rows, whatever they are. A task whose rows all lead to
 * such operators tells those that send to it; a source that nobody needs comes to its end. */
static inline void wr_operator_set_enough(struct wr_operator *op)
{
  op->has_enough = true;
}
/* Whether rows that this operator hands on would still change anything. */
bool wr_operator_needs_rows(const struct wr_operator *op);

/* Calls from outside (runtime) into an operator. */
enum wr_code wr_operator_batch(struct wr_operator *op, uint32_t input, const struct wr_batch *batch,
                               struct wr_error *err);
enum wr_code wr_operator_watermark(struct wr_operator *op, int64_t watermark_us,
                                   struct wr_error *err);
enum wr_code wr_operator_idle(struct wr_operator *op, uint32_t input, bool idle,
                              struct wr_error *err);
enum wr_code wr_operator_input_end(struct wr_operator *op, uint32_t input, struct wr_error *err);
enum wr_code wr_operator_timer(struct wr_operator *op, int64_t now_us, struct wr_error *err);
enum wr_code wr_operator_flush(struct wr_operator *op, struct wr_error *err);
enum wr_code wr_operator_finish(struct wr_operator *op, struct wr_error *err);

/* For what the runtime does with an operator otherwise: from here on time is spent in it, if steps
 * are measured; what it was spent on before goes to wr_operator_leave. */
_Atomic uint64_t *wr_operator_enter(const struct wr_operator *op);
void wr_operator_leave(const struct wr_operator *op, _Atomic uint64_t *before);

/* Calls from an operator to those behind it. A batch without picked rows is not handed on. */
enum wr_code wr_emit_batch(struct wr_operator *op, const struct wr_batch *batch,
                           struct wr_error *err);
enum wr_code wr_emit_watermark(struct wr_operator *op, int64_t watermark_us, struct wr_error *err);
/* Nothing is expected on this path for now: whoever merges it with others leaves its watermark out
 * of the least, until rows come again (of which `false` is told first). */
enum wr_code wr_emit_idle(struct wr_operator *op, bool idle, struct wr_error *err);

/* The name, known by its address, of columns that nobody wrote: they are not shown. */
extern const char wr_operator_own_column[];

/*
 * Reports row `row` of a batch as a reject, with the row as JSON. Counts it in the operator's
 * metrics. Rows that take back are not reported.
 */
void wr_operator_reject(struct wr_operator *op, const struct wr_batch *batch, uint32_t row,
                        enum wr_reject_kind kind, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
