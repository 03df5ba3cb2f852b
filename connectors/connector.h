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

#include "connectors/writer.h"
#include "core/batch.h"
#include "core/builder.h"
#include "core/error.h"
#include "core/options.h"

struct wr_split_metrics; /* core/metrics.h */
struct wr_hub;           /* live/hub.h */

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
  bool resumed; /* source: the job goes on from an epoch; splits that have no position in it began
                   later and are read from their first row */
  void *shared; /* source: what wr_reader_class.share has made; NULL without */
  void (*note)(void *self, const char *message); /* tells the user something, e.g. "broker x:9092 is
                                                    away, trying again" */
  void *note_self;
  struct wr_hub *hub;   /* live/hub.h; NULL: nobody can watch this job */
  const char *job_name; /* as it is called there */
  const uint32_t *key;  /* sink that can be watched: columns of schema; rows with equal ones
                           replace each other. As in struct wr_plan_stream */
  uint32_t key_count, time_column;
  bool changes;                 /* sink: rows may take back */
  uint64_t memory_bytes;        /* sink: what this writer may gather before it must write, about;
                                   0: nothing is said */
  const _Atomic bool *aborting; /* sink: the job has failed elsewhere; whoever waits for the other
                                   side then gives up with WR_STOPPED. NULL: it cannot */
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
  /* result, message sources; lent until the next poll, or kept */
  const struct wr_message *messages;
  uint32_t message_count;
};

#define WR_POLLS_KEPT_MAX 9

struct wr_reader {
  const struct wr_reader_class *class;
  enum wr_split_state *states; /* one per split, kept up to date by poll; a poll that adds splits
                                  may move it */
  uint32_t split_count;        /* those of open, then those that polls have added; only grows */
  /* Splits that were found while reading (the children of a shard, a new partition, a new file):
   * added[i] has the number (split_count of open) + i. A poll may move the array, names live until
   * close. The runtime knows a split before it takes rows of it, so one poll may bring both. */
  const struct wr_split *added;
  bool may_grow; /* polls may still add splits: it is not at its end when all it has are DONE */
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
  /* What all readers of one source know together, for example how far each split came, so that one
   * may wait for a split that another reader has. Made before they open, from everything that
   * discover found, with the positions it goes on from, and from what the epoch knows of splits
   * that discover does not find any more (gone). Both NULL: nothing. Readers are in threads of
   * their own. */
  enum wr_code (*share)(const struct wr_table_spec *spec, const struct wr_split *splits,
                        uint32_t split_count, const struct wr_split *gone, uint32_t gone_count,
                        void **out, struct wr_error *err);
  void (*unshare)(void *shared); /* behind the close of the last reader */
  enum wr_code (*open)(const struct wr_table_spec *spec, const struct wr_split *splits,
                       uint32_t split_count, struct wr_reader **out, struct wr_error *err);
  void (*close)(struct wr_reader *reader);

  /* Whether polls may add splits with these options: then readers that get none are opened, too,
   * and those that set may_grow are polled although they have none. NULL: never. */
  bool (*grows)(const struct wr_table_spec *spec);
  /* What is remembered of a split that is DONE; NULL: the position behind its last record. */
  const char *end_position;
  /* Positions of splits that are gone are kept in every epoch, in case they matter again; true:
   * this one cannot. NULL: all are kept. */
  bool (*forgets)(const struct wr_table_spec *spec, const struct wr_split *gone);

  /* Byte sources only: which split the next poll will read (the runtime finds space behind that
   * split's leftover); UINT32_MAX: none is left (a reader that may grow is polled without space).
   */
  uint32_t (*next_split)(struct wr_reader *reader);
  /* Byte and message sources: waits at most wait_ms for something. At least one of messages,
   * length, a change of states, or nothing after the time. */
  enum wr_code (*poll)(struct wr_reader *reader, int wait_ms, struct wr_chunk *chunk,
                       struct wr_error *err);
  /* Sources of rows instead: columns in the order of wanted, with runs; row_count 0: nothing yet.
   * NULL for the others. */
  enum wr_code (*poll_rows)(struct wr_reader *reader, int wait_ms, struct wr_batch *batch,
                            struct wr_error *err);

  /* Message sources: takes what the last poll has brought out of the reader's hands, so that it
   * outlives the polls that follow, until it is given back. Not again before the next poll; given
   * back in order, before close. At most WR_POLLS_KEPT_MAX are kept at a time. NULL: cannot. */
  void *(*keep)(struct wr_reader *reader);
  void (*release)(struct wr_reader *reader, void *kept);
  /* Message sources: the position to remember behind a message, as text into the buffer
   * (zero-terminated). For byte sources it is the number of bytes from the split's beginning
   * (uncompressed), which the runtime counts itself. */
  void (*position_after)(struct wr_reader *reader, const struct wr_message *message, char *text,
                         size_t size);
  /* Message sources: what a record is called in messages about it. NULL: its offset. */
  void (*place)(struct wr_reader *reader, const struct wr_message *message, char *text,
                size_t size);
  /* What is counted of a split, good until close and for any thread; NULL: nothing is. */
  const struct wr_split_metrics *(*split_metrics)(const struct wr_reader *reader, uint32_t split);
  /* How many records there are between what was read of a split and its end, as far as that is
   * known without asking anybody; -1: it is not. NULL: it never is. */
  int64_t (*behind)(const struct wr_reader *reader, uint32_t split);
  /* Fills metadata column `which` (index in the connector's metadata table, or
   * WR_METADATA_PARTITION and more): one row per entry of messages. */
  void (*metadata)(struct wr_reader *reader, uint32_t which,
                   const struct wr_message *const *messages, uint32_t count,
                   struct wr_builder *out);
  /* Tells the outside world how far splits have been read for good (Kafka: commits group offsets).
   * All steps of the job are behind the rows before these positions, so whoever waits for rows of
   * another reader for the sake of their order may begin now. May be NULL. */
  void (*committed)(struct wr_reader *reader, uint32_t split, const char *position);
};

struct wr_publisher_class; /* connectors/publisher.h */

/* What of an outgoing record a metadata column without VIRTUAL sets: a STRING the key, a
 * TIMESTAMP_LTZ(3) the time. */
enum wr_metadata_part {
  WR_METADATA_READ_ONLY,
  WR_METADATA_KEY,
  WR_METADATA_TIME,
  WR_METADATA_HASH_KEY
};

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
  /* A record is the newest state of the row with its key, and one without a value takes the row
   * away: tables need a PRIMARY KEY, which makes the key, 'key.format' and 'value.format'. */
  bool upserts;
  const struct wr_option_value *implied; /* options that nobody gives; ends with NULL; or NULL */
  bool rows_by_name; /* a source of rows makes the fields of a ROW by their names: some may be left
                        out */
  bool hidden;       /* made by the planner only, no connector of a CREATE TABLE */
  /* PARTITIONED BY: the option that names the partition of NULL; NULL: it is not supported */
  const char *partition_option;
  /* Sinks whose records have a key: PARTITIONED BY says which columns make it, and these stay in
   * the record. The option with what stands between them; NULL: the columns are no part of the
   * record. */
  const char *key_option;
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
