/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a source share: source.c (opening, steps), source_splits.c (states, positions),
 * source_batch.c (from decoded records to a batch), source_bytes.c and source_messages.c (the three
 * kinds of source). */
#ifndef WEIR_RUNTIME_SOURCE_INNER_H
#define WEIR_RUNTIME_SOURCE_INNER_H

#include "formats/format.h"
#include "runtime/source.h"
#include "runtime/source_look.h"
#include "windows/alignment.h"

#define WR_SOURCE_POSITION_BYTES WR_LOOK_POSITION_BYTES
#define WR_SOURCE_READ_BYTES     (256u << 10) /* what is read at once, unless a record is longer */

struct wr_source_ahead; /* source_ahead.c */
struct wr_source_look;  /* source_look.c */

/* Bytes of one split that were read and not yet emitted: | done | leftover | free | padding |. */
struct wr_source_split {
  char position[WR_SOURCE_POSITION_BYTES]; /* behind what was emitted; empty: at the start */
  int state;                               /* last told to the operators */
  char *bytes;
  size_t capacity, at, length;
  int64_t offset; /* byte sources: position of bytes[at] */
  bool begun;     /* byte sources: the first record, or header, is behind us */
  bool skipping;  /* inside a record that was too long: up to the next line end */
  bool paused;    /* byte sources: held while whole records were still in the buffer */
  uint32_t ahead; /* chunks of it, or messages, that wait to be emitted (source_ahead.c) */
  /* what is shown of it (source_look.c) */
  uint64_t rows, read_bytes; /* emitted or rejected */
  int64_t time_us;           /* of the last message; WR_TIME_NONE: not known */
  enum wr_split_state shown;
  int64_t since_us; /* when it came to be in the state that is shown; 0: nothing was shown yet */
};

/* Records that were framed off the front of a split's buffer. */
struct wr_source_framed {
  uint32_t split, frame_count;
  struct wr_frame *frames;
  const char *start; /* of the first of them, or of what stands before it */
  int64_t offset;    /* of start */
  size_t consumed;   /* up to behind the last */
};

/* Messages that become one batch, and the way from them to what is decoded. */
struct wr_source_records {
  const struct wr_message *messages; /* lent */
  uint32_t message_count; /* unwrapping may take fewer of them, so that the batch does not grow too
                             large; the others are left */
  struct wr_frame *frames;
  uint32_t *frame_message; /* the message of a frame */
  uint32_t frame_count;
  struct wr_source_unwrap *unwrap; /* NULL: records are decoded as they come */
  bool keyed;                      /* records without a value count, too */
};

struct wr_source {
  struct wr_operator op;
  struct wr_arena arena; /* of splits' names, and the first positions */
  const struct wr_plan_source *plan;
  const struct wr_schema *schema;
  struct wr_source_settings settings;
  struct wr_reader *reader; /* NULL: no splits */
  struct wr_decoder *decoder;
  struct wr_source_unwrap *unwrap; /* NULL: records are decoded as they come */
  bool helps;                      /* has joined the helpers of the other copies */
  uint64_t helps_seen;             /* of wr_decode_pool_help_for */
  struct wr_source_split *splits;
  const char **names;               /* per split */
  uint32_t split_count, split_room; /* known, those that polls have added among them */
  uint32_t opened_count;            /* of them: with which the reader was opened */
  uint32_t first_open;              /* all before it have ended, and operators know */
  uint64_t record_count;
  /* the batch being built */
  struct wr_frame *frames;
  uint32_t *frame_message;           /* message sources: the message of a frame */
  struct wr_message *frame_messages; /* byte sources with metadata: one stand-in per frame */
  const struct wr_message **row_messages;
  uint32_t row_message_capacity;
  struct wr_column *columns;
  struct wr_column **rows_made; /* per wanted column: the fields of a ROW of which some are not
                                   made; NULL for others */
  struct wr_builder *metadata;
  struct wr_run *runs;
  uint32_t run_count;
  /* message sources: what the last poll brought and how far it was emitted */
  const struct wr_message *messages;
  uint32_t message_count, message_at;
  /* row sources: the same */
  struct wr_batch rows;
  uint32_t row_at;
  uint32_t *row_picks;
  uint32_t current; /* byte sources: the split whose buffer is being emitted; UINT32_MAX: none */
  bool *readable;   /* per split, for the alignment */
  struct wr_source_ahead *ahead; /* what helpers decode; NULL: there never are any */
  struct wr_source_look *look;
};

/* Whether rows of a split are to wait, because it is ahead of others. */
static inline bool wr_source_is_held(const struct wr_source *source, uint32_t s)
{
  const struct wr_alignment *alignment = source->op.context->alignment;
  return alignment && alignment->held[s];
}

/* Whether rows of the last poll wait to be handed on (message and row sources). */
static inline bool wr_source_has_rows(const struct wr_source *source)
{
  return source->message_at < source->message_count || source->row_at < source->rows.row_count;
}

/* source.c: another decoder of its records, for one thread. */
enum wr_code wr_source_new_decoder(const struct wr_source *source, struct wr_decoder **out,
                                   struct wr_error *err);

/* source_splits.c */

/* Splits that are new: those of open, or those that a poll has added. WR_LIMIT: too many. */
enum wr_code wr_source_add_splits(struct wr_source *source, const struct wr_split *splits,
                                  uint32_t count, struct wr_error *err);
/* Behind every poll, before rows of it are taken: operators hear of splits that it has added before
 * they hear of others that have ended, so that the watermark cannot pass in between. */
enum wr_code wr_source_grow(struct wr_source *source, int64_t now_us, struct wr_error *err);
enum wr_code wr_source_tell_states(struct wr_source *source, int64_t now_us, struct wr_error *err);

/* From here on time is spent waiting for the connector, or in it, or in the format; gives back what
 * it was spent on, which goes to turn_back. */
static inline _Atomic uint64_t *wr_source_turn_to_connector(const struct wr_source *source,
                                                            int wait_ms)
{
  const struct wr_operator_context *context = source->op.context;
  if (wait_ms)
    return wr_stopwatch_spend(context->watch, WR_SPENT_INPUT);
  return context->timed ? wr_stopwatch_turn(context->watch, &context->metrics->connector_ns) : NULL;
}
static inline _Atomic uint64_t *wr_source_turn_to_format(const struct wr_source *source)
{
  const struct wr_operator_context *context = source->op.context;
  return context->timed ? wr_stopwatch_turn(context->watch, &context->metrics->format_ns) : NULL;
}
static inline void wr_source_turn_back(const struct wr_source *source, _Atomic uint64_t *before)
{
  if (before)
    wr_stopwatch_turn(source->op.context->watch, before);
}

/* source_batch.c */

/* A record of split s that cannot be decoded: counted and told as the table's 'on-error' says;
 * WR_DATA if it is to stop the job. */
enum wr_code wr_source_reject(struct wr_source *source, uint32_t s, int64_t offset,
                              const struct wr_frame *frame, int64_t now_us, const char *message,
                              struct wr_error *err);
/* The same of a message, which the connector may have a name for. */
enum wr_code wr_source_reject_message(struct wr_source *source, const struct wr_message *record,
                                      const struct wr_frame *frame, int64_t now_us,
                                      const char *message, struct wr_error *err);
/* Fills the metadata columns of the batch being built; frame i came from message
 * frame_message[i], or i if that is NULL. */
void wr_source_add_metadata(struct wr_source *source, const struct wr_decoded *decoded,
                            const struct wr_message *messages, const uint32_t *frame_message);
/* The wanted columns as made, into source->columns: with all fields of their ROWs, those that
 * nobody reads being NULL. */
void wr_source_take_columns(struct wr_source *source, const struct wr_column *made);
/* Hands the decoded rows on, with the source's runs. */
enum wr_code wr_source_emit(struct wr_source *source, const struct wr_decoded *decoded,
                            int64_t now_us, struct wr_error *err);
void wr_source_count(struct wr_source *source, uint32_t records, size_t bytes);

/* source_unwrap.c; NULL: 'value.compression' asks for nothing. */
struct wr_source_unwrap *wr_source_unwrap_new(const struct wr_options *options);
void wr_source_unwrap_free(struct wr_source_unwrap *unwrap);
/* Decompresses the records in place of frames and frame_message. May take fewer messages. Touches
 * nothing else, so that any thread may do it. */
void wr_source_unwrap(struct wr_source_records *records);
/* How much it has made of them. */
size_t wr_source_unwrapped_bytes(const struct wr_source_unwrap *unwrap);
/* Tells of those of messages before this one that cannot be decompressed. */
enum wr_code wr_source_reject_wrapped(struct wr_source *source,
                                      const struct wr_source_records *records, uint32_t before,
                                      int64_t now_us, struct wr_error *err);

/* source_messages.c */

/* From messages to frames. Touches nothing else, so that any thread may do it. */
void wr_source_frame_messages(struct wr_source_records *records);
/* Hands on what they were decoded to: rejects, rows, the positions behind them. */
enum wr_code wr_source_emit_messages(struct wr_source *source,
                                     const struct wr_source_records *records,
                                     const struct wr_decoded *decoded, int64_t now_us,
                                     struct wr_error *err);
/* The next messages of the last poll, at most a batch. */
void wr_source_take_messages(struct wr_source *source, struct wr_source_records *records);
/* Polls for messages, when those of the last poll are all taken. */
enum wr_code wr_source_poll_messages(struct wr_source *source, int wait_ms, int64_t now_us,
                                     struct wr_error *err);

/* source_bytes.c */

/* The next records off the front of a split's buffer, at most a batch; false: no whole one. */
bool wr_source_frame(struct wr_source *source, uint32_t s, struct wr_frame *frames,
                     struct wr_source_framed *framed);
/* Hands on what they were decoded to: rejects, rows, the position behind them. */
enum wr_code wr_source_emit_framed(struct wr_source *source, const struct wr_source_framed *framed,
                                   const struct wr_decoded *decoded, int64_t now_us,
                                   struct wr_error *err);
/* Reads on into the buffer of the split whose turn it is, which becomes the current one. */
enum wr_code wr_source_read(struct wr_source *source, int wait_ms, int64_t now_us, bool *moved,
                            struct wr_error *err);

/* source_ahead.c: chunks that are framed before their turn, so that helpers can decode them;
 * source_ahead_inner.h. */

void wr_source_ahead_open(struct wr_source *source);
void wr_source_ahead_close(struct wr_source *source);
/* Nothing more is read; what helpers have in hand is waited for. */
void wr_source_ahead_leave(struct wr_source *source);
/* Whether the next step is one of these: there are helpers, or something is left of them. */
bool wr_source_ahead_helps(const struct wr_source *source);
/* Before the current split is read on: its buffer becomes one in which nobody reads. false: it has
 * to wait until what was framed is emitted. */
bool wr_source_ahead_may_read(struct wr_source *source);
enum wr_code wr_source_step_ahead(struct wr_source *source, int wait_ms, int64_t now_us,
                                  bool *moved, struct wr_error *err);
/* A copy of the source that has no split now decodes for the others for so long, if there is
 * anything to do; returns how long it is still to wait for its own sake. */
int wr_source_ahead_lend_hand(struct wr_source *source, int wait_ms);

/* One step of each kind of source; see wr_source_step. */
enum wr_code wr_source_step_bytes(struct wr_source *source, int wait_ms, int64_t now_us,
                                  bool *moved, struct wr_error *err);
enum wr_code wr_source_step_messages(struct wr_source *source, int wait_ms, int64_t now_us,
                                     bool *moved, struct wr_error *err);
enum wr_code wr_source_step_rows(struct wr_source *source, int wait_ms, int64_t now_us, bool *moved,
                                 struct wr_error *err);

#endif
