/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The half of a connector that writes: handed rows, or records that a format has encoded, it says
 * when those of an epoch are safe at the other side. A part of connector.h.
 */
#ifndef WEIR_CONNECTORS_WRITER_H
#define WEIR_CONNECTORS_WRITER_H

#include "core/batch.h"
#include "core/error.h"

struct wr_buffer;     /* text/buffer.h */
struct wr_table_spec; /* connectors/connector.h */

/* One encoded record on its way out. */
struct wr_outgoing {
  const char *bytes; /* NULL: a tombstone */
  uint32_t length, key_length;
  const char *key;      /* NULL: none */
  const char *hash_key; /* metadata WR_METADATA_HASH_KEY; NULL: none */
  uint32_t hash_key_length;
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
  /* Why a record cannot be written; NULL: it can. Its row is then a reject with this text, lent
   * until the next call. NULL: all can. */
  const char *(*refuse)(struct wr_writer *writer, const struct wr_outgoing *record);
  /* Exactly one of the two is there. May wait while the other side is slow; bytes are copied or
   * handed on before it returns. */
  enum wr_code (*write)(struct wr_writer *writer, const struct wr_outgoing *records, uint32_t count,
                        struct wr_error *err);
  enum wr_code (*write_rows)(struct wr_writer *writer, const struct wr_batch *batch,
                             struct wr_error *err);
  /* An epoch ends here; never waits. May be NULL. */
  enum wr_code (*barrier)(struct wr_writer *writer, uint64_t epoch, struct wr_error *err);
  /* After the last barrier of a job that is stopped: no row follows. May be NULL. */
  void (*hurry)(struct wr_writer *writer);
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

#endif
