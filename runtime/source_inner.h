/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a source share: source.c (opening, steps, positions), source_batch.c (from
 * decoded records to a batch), source_bytes.c and source_messages.c (the three kinds of source). */
#ifndef WEIR_RUNTIME_SOURCE_INNER_H
#define WEIR_RUNTIME_SOURCE_INNER_H

#include "formats/format.h"
#include "runtime/source.h"
#include "windows/alignment.h"

#define WR_SOURCE_POSITION_BYTES 160

/* Bytes of one split that were read and not yet emitted: | done | leftover | free | padding |. */
struct wr_source_split {
  const char *name;
  char position[WR_SOURCE_POSITION_BYTES]; /* behind what was emitted; empty: at the start */
  int state;                               /* last told to the operators */
  char *bytes;
  size_t capacity, at, length;
  int64_t offset; /* byte sources: position of bytes[at] */
  bool begun;     /* byte sources: the first record, or header, is behind us */
  bool skipping;  /* inside a record that was too long: up to the next line end */
  bool paused;    /* byte sources: held while whole records were still in the buffer */
};

struct wr_source {
  struct wr_operator op;
  struct wr_arena arena; /* names of splits */
  const struct wr_plan_source *plan;
  const struct wr_schema *schema;
  struct wr_source_settings settings;
  struct wr_reader *reader; /* NULL: no splits */
  struct wr_decoder *decoder;
  struct wr_source_split *splits;
  uint32_t split_count;
  struct wr_split *opened; /* what the reader was opened with */
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
};

/* Whether rows of a split are to wait, because it is ahead of others. */
static inline bool wr_source_is_held(const struct wr_source *source, uint32_t s)
{
  const struct wr_alignment *alignment = source->op.context->alignment;
  return alignment && alignment->held[s];
}

/* source_batch.c */

/* A record of split s that cannot be decoded: counted and told as the table's 'on-error' says;
 * WR_DATA if it is to stop the job. */
enum wr_code wr_source_reject(struct wr_source *source, uint32_t s, int64_t offset,
                              const struct wr_frame *frame, int64_t now_us, const char *message,
                              struct wr_error *err);
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

/* One step of each kind of source; see wr_source_step. */
enum wr_code wr_source_step_bytes(struct wr_source *source, int wait_ms, int64_t now_us,
                                  bool *moved, struct wr_error *err);
enum wr_code wr_source_step_messages(struct wr_source *source, int wait_ms, int64_t now_us,
                                     bool *moved, struct wr_error *err);
enum wr_code wr_source_step_rows(struct wr_source *source, int wait_ms, int64_t now_us, bool *moved,
                                 struct wr_error *err);

#endif
