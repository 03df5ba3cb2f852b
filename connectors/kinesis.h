/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the Kinesis connector share. kinesis.c is the table of options, kinesis_api.c
 * questions to the service and short answers, kinesis_records.c answers with records,
 * kinesis_shards.c which shards there are and which may be read, kinesis_splits.c where reading
 * them begins, kinesis_consumer.c the registered consumer of enhanced fan-out, kinesis_reader.c the
 * reader with its two ways of fetching (kinesis_poll.c, kinesis_fanout.c), kinesis_metadata.c the
 * columns that come from Kinesis itself.
 */
#ifndef WEIR_CONNECTORS_KINESIS_H
#define WEIR_CONNECTORS_KINESIS_H

#include "connectors/connector.h"
#include "connectors/kinesis_shards.h"
#include "net/aws.h"

extern const struct wr_option wr_kinesis_options[];
extern const struct wr_metadata wr_kinesis_metadata[];
extern const struct wr_reader_class wr_kinesis_reader;
extern const struct wr_writer_class wr_kinesis_writer;

/* ---- options (kinesis.c) */

#define WR_KINESIS_RENEWAL "source.efo.subscription.renewal.interval"

/* An option with its fallback. */
const char *wr_kinesis_text(const struct wr_table_spec *spec, const char *name);

struct wr_kinesis_stream {
  const char *name;   /* lent from the arena */
  const char *arn;    /* NULL: not given */
  const char *region; /* of the ARN; NULL: as the options and the environment say */
};
/* The stream of a table whose options were checked. */
struct wr_kinesis_stream wr_kinesis_stream_of(const struct wr_table_spec *spec,
                                              struct wr_arena *arena);
/* A client for it. */
enum wr_code wr_kinesis_open_client(const struct wr_table_spec *spec,
                                    const struct wr_kinesis_stream *stream, struct wr_aws **out,
                                    struct wr_error *err);
bool wr_kinesis_uses_fanout(const struct wr_table_spec *spec);
/* The option source.init.timestamp in ms since 1970. */
enum wr_code wr_kinesis_init_time(const struct wr_table_spec *spec, int64_t *time_ms,
                                  struct wr_error *err);

/* Refuses options of a sink that do not go together (kinesis_writer.c). */
enum wr_code wr_kinesis_check_writing(const struct wr_table_spec *spec, struct wr_error *err);

/* ---- positions (kinesis_position.c) */

#define WR_KINESIS_SEQUENCE_DIGITS 129
#define WR_KINESIS_POSITION_BYTES  152

/*
 *   first    before its first record           at:1700000000000   before the first record of that
 *   end      it was read to its end                               time (ms since 1970) or later
 *   4960..   behind this record                4960..:7           behind sub record 7 of it
 */
enum wr_kinesis_place {
  WR_KINESIS_FIRST,
  WR_KINESIS_AT_TIME,
  WR_KINESIS_AFTER,
  WR_KINESIS_INSIDE,
  WR_KINESIS_END
};
struct wr_kinesis_position {
  enum wr_kinesis_place place;
  int64_t time_ms;                               /* AT_TIME */
  char sequence[WR_KINESIS_SEQUENCE_DIGITS + 1]; /* AFTER, INSIDE */
  uint32_t sub;                                  /* INSIDE: the last sub record handed over */
};
bool wr_kinesis_position_parse(const char *text, struct wr_kinesis_position *position);
void wr_kinesis_position_print(const struct wr_kinesis_position *position, char *text, size_t size);
/* A number of digits as the service writes it. */
bool wr_kinesis_is_sequence(const char *text, size_t length);

/* ---- discovery (kinesis_splits.c) */

enum wr_code wr_kinesis_discover(const struct wr_table_spec *spec, struct wr_arena *arena,
                                 struct wr_split **splits, uint32_t *split_count,
                                 struct wr_error *err);
enum wr_code wr_kinesis_share(const struct wr_table_spec *spec, const struct wr_split *splits,
                              uint32_t split_count, const struct wr_split *gone,
                              uint32_t gone_count, void **out, struct wr_error *err);
void wr_kinesis_unshare(void *shared);
bool wr_kinesis_forgets(const struct wr_table_spec *spec, const struct wr_split *gone);

/* What all readers of a source have together. */
struct wr_kinesis_shared {
  struct wr_kinesis_ledger *ledger;
  struct wr_kinesis_consumer *consumer; /* NULL: polling */
};

/* ---- the registered consumer (kinesis_consumer.c) */

struct wr_kinesis_consumer {
  struct wr_arena arena;
  const char *table;
  struct wr_kinesis_stream stream;
  const char *arn;    /* of the consumer */
  struct wr_aws *aws; /* used when it is opened and closed only */
  bool is_ours;       /* it is deregistered at the end */
  int64_t deregister_us;
  void (*note)(void *self, const char *message);
  void *note_self;
};
/* Registers or finds it, and waits until it is active. */
enum wr_code wr_kinesis_consumer_open(const struct wr_table_spec *spec,
                                      struct wr_kinesis_consumer **out, struct wr_error *err);
void wr_kinesis_consumer_close(struct wr_kinesis_consumer *consumer);

/* ---- records (kinesis_metadata.c) */

/* What a message points to as its `extra`. */
struct wr_kinesis_record {
  struct wr_slice sequence;
  struct wr_slice hash_key; /* bytes NULL: none, or not known */
  uint32_t sub;             /* number of the sub record; 0 if it is not part of an aggregate */
  bool is_part;             /* of an aggregated record ... */
  bool is_last;             /* ... and the last one that is handed over */
};
void wr_kinesis_fill_metadata(uint32_t which, const char *shard, const struct wr_message *message,
                              struct wr_builder *out);

#endif
