/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connectors bring bytes (or ready rows) in and out. A source is cut into splits (partition, shard,
 * file) which have names and positions; the runtime discovers them, gives each to one reader, and
 * remembers how far it came. A connector knows no formats: sources of bytes hand over a byte stream
 * per split, which the runtime frames, or messages that are already records. All calls to one
 * reader or writer come from one thread; library callbacks only enqueue.
 *
 *   discover -> splits -> open(reader, some splits) -> poll, poll, ... -> close
 *                         open(writer) -> write ... barrier(epoch) ... settled(epoch) -> finish ->
 * close
 */
#ifndef WEIR_CONNECTORS_CONNECTOR_H
#define WEIR_CONNECTORS_CONNECTOR_H

#include "core/batch.h"
#include "core/builder.h"
#include "core/error.h"
#include "core/options.h"

struct wr_buffer; /* text/buffer.h */

/* What open and discover know of the table. */
struct wr_table_spec {
  const char *table;                /* its name, for messages */
  const struct wr_options *options; /* checked */
  const struct wr_schema *schema;   /* physical columns (a source of rows makes wanted ones only) */
  const uint32_t *wanted;           /* source of rows: numbers of the columns to make, ascending */
  uint32_t wanted_count;
  const char *const *partitions; /* PARTITIONED BY: names, none of them in schema */
  uint32_t partition_count;
  const char *separator; /* sink of bytes: what the format puts between records in a file */
  /* Sinks that deliver exactly once: they collect in an outbox, see wr_writer_class. NULL: no. */
  const char *job;  /* 16 hex digits that no other job has, and the same for all its lives */
  const char *sink; /* which of its sinks: the table's name, for the second one into it with "-2" */
  uint32_t task, task_count; /* which of the parallel readers or writers this is */
  void (*note)(void *self, const char *message); /* tells the user something, e.g. "broker x:9092 is
                                                    away, trying again" */
  void *note_self;
};

/* READING: rows may come at any time. CAUGHT_UP: the source says there is nothing more now. AWAY:
 * cannot be reached. WAITS: not begun yet, or held. DONE: its end was reached and every byte handed
 * over. */
enum wr_split_state {
  WR_SPLIT_READING,
  WR_SPLIT_CAUGHT_UP,
  WR_SPLIT_AWAY,
  WR_SPLIT_WAITS,
  WR_SPLIT_DONE
};

struct wr_split {
  const char *name;     /* unique in the table: "clicks-3", "/data/a.json" */
  const char *position; /* where to go on, as handed out before; NULL: as the startup options say */
};

/* One record of a message source. key NULL: none. Bytes are followed by WR_PADDING readable ones.
 */
struct wr_message {
  const char *bytes; /* NULL: a record without a value (tombstone) */
  uint32_t length, key_length;
  const char *key;
  uint32_t split;
  int64_t offset;    /* its own position, for messages about it */
  int64_t time_us;   /* WR_TIME_NONE: unknown */
  const void *extra; /* the connector's own, for metadata columns */
};

/*
 * What a poll brought. Exactly one of: nothing (all zero), messages, bytes of one split.
 * Byte sources write into the space the runtime gives: they append `length` bytes of `split` at
 * space.
 */
struct wr_chunk {
  /* given by the runtime for byte sources: where a split's bytes go, chosen by
   * wr_reader_class.next_split */
  char *space;
  size_t space_bytes;
  /* result, byte sources */
  uint32_t split;
  size_t length;
  /* result, message sources; lent until the next poll */
  const struct wr_message *messages;
  uint32_t message_count;
};

struct wr_reader {
  const struct wr_reader_class *class;
  enum wr_split_state *states; /* one per split, kept up to date by poll */
  uint32_t split_count;
  uint64_t progress_done, progress_total; /* in bytes or records; total 0: unknown */
  /* Per split: it is held, so no poll may bring anything of it; its state stays as it is. Set by
   * the runtime before a poll; NULL: none is. With a single split the runtime does not poll. */
  const bool *held;
};

struct wr_reader_class {
  /* The splits there are now, in a stable order. Names live in the arena. A server that cannot be
   * reached is a retryable error after the connector's own time limit. */
  enum wr_code (*discover)(const struct wr_table_spec *spec, struct wr_arena *arena,
                           struct wr_split **splits, uint32_t *split_count, struct wr_error *err);
  enum wr_code (*open)(const struct wr_table_spec *spec, const struct wr_split *splits,
                       uint32_t split_count, struct wr_reader **out, struct wr_error *err);
  void (*close)(struct wr_reader *reader);

  /* Byte sources only: which split the next poll will read (the runtime finds space behind that
   * split's leftover); UINT32_MAX: none is left. */
  uint32_t (*next_split)(struct wr_reader *reader);
  /* Byte and message sources: waits at most wait_ms for something. At least one of messages,
   * length, a change of states, or nothing after the time. */
  enum wr_code (*poll)(struct wr_reader *reader, int wait_ms, struct wr_chunk *chunk,
                       struct wr_error *err);
  /* Sources of rows instead: columns in the order of wanted, with runs; row_count 0: nothing yet.
   * NULL for the others. */
  enum wr_code (*poll_rows)(struct wr_reader *reader, int wait_ms, struct wr_batch *batch,
                            struct wr_error *err);

  /* Message sources: the position to remember behind a message, as text into the buffer
   * (zero-terminated). For byte sources it is the number of bytes from the split's beginning
   * (uncompressed), which the runtime counts itself. */
  void (*position_after)(struct wr_reader *reader, const struct wr_message *message, char *text,
                         size_t size);
  /* Fills metadata column `which` (index in the connector's metadata table, or
   * WR_METADATA_PARTITION and more): one row per entry of messages. */
  void (*metadata)(struct wr_reader *reader, uint32_t which,
                   const struct wr_message *const *messages, uint32_t count,
                   struct wr_builder *out);
  /* Tells the outside world how far splits have been read for good (Kafka: commits group offsets);
   * may be NULL. */
  void (*committed)(struct wr_reader *reader, uint32_t split, const char *position);
};

/* One encoded record on its way out. */
struct wr_outgoing {
  const char *bytes; /* NULL: a tombstone */
  uint32_t length, key_length;
  const char *key; /* NULL: none */
  bool has_time;
  int64_t time_us;       /* the record's own time, from 1 ms after 1970; else the sink's clock */
  const char *partition; /* of a table with partitions: "day=2026-01-02/h=3", partition_path.h */
  uint32_t partition_length;
};

struct wr_writer {
  const struct wr_writer_class *class;
};

struct wr_writer_class {
  enum wr_code (*open)(const struct wr_table_spec *spec, struct wr_writer **out,
                       struct wr_error *err);
  /* Exactly one of the two is there. May wait while the other side is slow; bytes are copied or
   * handed on before it returns. */
  enum wr_code (*write)(struct wr_writer *writer, const struct wr_outgoing *records, uint32_t count,
                        struct wr_error *err);
  enum wr_code (*write_rows)(struct wr_writer *writer, const struct wr_batch *batch,
                             struct wr_error *err);
  /* An epoch ends here; never waits. May be NULL. */
  enum wr_code (*barrier)(struct wr_writer *writer, uint64_t epoch, struct wr_error *err);
  /* Exactly once, in place of barrier: appends what is to be published with this epoch; the rest of
   * the outbox may lie elsewhere (files), safe when the epoch has settled. last: no row follows;
   * also called at the end, after finish. Never waits. NULL: the sink has no outbox. */
  enum wr_code (*outbox)(struct wr_writer *writer, uint64_t epoch, bool last,
                         struct wr_buffer *bytes, struct wr_error *err);
  /* Bytes in memory that wait for the next epoch; NULL: few. */
  uint64_t (*outbox_bytes)(const struct wr_writer *writer);
  /* True when everything before that barrier is safe at the other side. NULL: at once. */
  enum wr_code (*settled)(struct wr_writer *writer, uint64_t epoch, bool *settled,
                          struct wr_error *err);
  /* Called about every 100 ms while the task is idle or busy: lets time-driven work happen
   * (rolling, delivery reports). */
  enum wr_code (*tick)(struct wr_writer *writer, int64_t now_us, struct wr_error *err);
  /* Waits until everything written is safe at the other side, closes files. Called once, at the end
   * of the job. */
  enum wr_code (*finish)(struct wr_writer *writer, struct wr_error *err);
  void (*close)(struct wr_writer *writer);
};

struct wr_publisher_class; /* connectors/publisher.h */

/* What of an outgoing record a metadata column without VIRTUAL sets: a STRING the key, a
 * TIMESTAMP_LTZ(3) the time. */
enum wr_metadata_part { WR_METADATA_READ_ONLY, WR_METADATA_KEY, WR_METADATA_TIME };

/* Metadata of this number plus n is the n-th partition column, as a STRING. */
#define WR_METADATA_PARTITION 0x10000u

/* A column that the connector knows about each record: METADATA FROM 'name'. */
struct wr_metadata {
  const char *name;
  const struct wr_type *type;
  const char *help;
  enum wr_metadata_part part;
};

struct wr_connector {
  const char *name, *help;
  const struct wr_option *options;      /* ends with a row whose name is NULL */
  const struct wr_metadata *metadata;   /* ends with a row whose name is NULL; or NULL */
  const struct wr_reader_class *reader; /* NULL: cannot be read */
  const struct wr_writer_class *writer; /* NULL: cannot be written */
  bool takes_format;                    /* bytes in and out: the table needs 'format' */
  bool single_writer;                   /* all rows must go through one writer (a terminal) */
  bool takes_changes;                   /* the writer understands rows that take back */
  bool rows_by_name; /* a source of rows makes the fields of a ROW by their names: some may be left
                        out */
  bool hidden;       /* made by the planner only, no connector of a CREATE TABLE */
  /* PARTITIONED BY: the option that names the partition of NULL; NULL: it is not supported */
  const char *partition_option;
  /* Refuses option values that do not go together; may be NULL. writing: as a sink. */
  enum wr_code (*check)(const struct wr_table_spec *spec, bool writing, struct wr_error *err);
  /* True if reading comes to an end by itself with these options. */
  bool (*is_bounded)(const struct wr_table_spec *spec);
  /* One line for EXPLAIN: guarantee of the sink, what a source does at the start; may be NULL. */
  const char *delivery; /* "at-least-once", "none" ... */
  /* Exactly once, where there is a state directory. NULL: never. */
  const struct wr_publisher_class *publisher;
  /* Whether these options want it; NULL: always. */
  bool (*wants_exactly_once)(const struct wr_table_spec *spec);
};

const struct wr_connector *wr_connector_find(const char *name);
const struct wr_connector *const *wr_connector_all(uint32_t *count);

#endif
