/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the Kafka connector share. kafka.c is the table of options, kafka_client.c the
 * connection, kafka_splits.c the partitions and kafka_offsets.c where reading them begins and ends,
 * kafka_reader.c and kafka_writer.c the two halves, kafka_metadata.c the columns that come from
 * Kafka itself. Exactly once: kafka_collector.c in place of the writer, kafka_outbox.c its bytes,
 * kafka_publisher.c which epoch has to be published, kafka_transaction.c how.
 */
#ifndef WEIR_CONNECTORS_KAFKA_H
#define WEIR_CONNECTORS_KAFKA_H

#include <librdkafka/rdkafka.h>

#include "connectors/publisher.h"

extern const struct wr_option wr_kafka_options[];
extern const struct wr_metadata wr_kafka_metadata[];
extern const struct wr_reader_class wr_kafka_reader;
extern const struct wr_writer_class wr_kafka_writer;
extern const struct wr_publisher_class wr_kafka_publisher;

/* ---- options (kafka.c) */

#define WR_KAFKA_SECRET(property)                                           \
  {                                                                         \
    .name = "properties." property, .kind = WR_OPTION_TEXT, .secret = true, \
    .help = "As in librdkafka; never shown."                                \
  }
/* Rows of a table of options: properties that are never shown. */
#define WR_KAFKA_SECRETS                                                                      \
  WR_KAFKA_SECRET("sasl.password"), WR_KAFKA_SECRET("sasl.jaas.config"),                      \
      WR_KAFKA_SECRET("sasl.oauthbearer.config"),                                             \
      WR_KAFKA_SECRET("sasl.oauthbearer.client.secret"), WR_KAFKA_SECRET("ssl.key.password"), \
      WR_KAFKA_SECRET("ssl.key.pem"), WR_KAFKA_SECRET("ssl.keystore.password")

/* Refuses options that do not go together. */
enum wr_code wr_kafka_check(const struct wr_table_spec *spec, bool writing, struct wr_error *err);
/* An option with its fallback. */
const char *wr_kafka_text(const struct wr_table_spec *spec, const char *name);
bool wr_kafka_wants_exactly_once(const struct wr_table_spec *spec);
/* Where partitions begin that the group never read: "earliest", "latest"; NULL: it is not said. */
const char *wr_kafka_reset(const struct wr_table_spec *spec);
/* The names of the option 'topic', which are joined by semicolons. */
const char *const *wr_kafka_topics(const struct wr_table_spec *spec, struct wr_arena *arena,
                                   uint32_t *topic_count);

struct wr_kafka_offset {
  int32_t partition;
  int64_t offset;
};
/* 'partition:0,offset:42;partition:1,offset:300' as the value of an option. */
enum wr_code wr_kafka_parse_offsets(const struct wr_table_spec *spec, const char *option,
                                    struct wr_arena *arena, struct wr_kafka_offset **offsets,
                                    uint32_t *offset_count, struct wr_error *err);

/* ---- a connection (kafka_client.c) */

/* A property that Weir sets unless the user did. */
struct wr_kafka_property {
  const char *name, *value;
};

struct wr_kafka_client {
  rd_kafka_t *rk;
  struct wr_arena arena;
  const char *table, *servers;
  void (*note)(void *self, const char *message);
  void *note_self;
  char reason[256];            /* the last thing librdkafka said about a connection */
  bool is_troubled;            /* it said something; whoever looks into it takes this back */
  bool is_away;                /* the user was told that no broker answers */
  bool is_fatal;               /* no call will succeed any more */
  const char *user, *password; /* lent by the options; empty if not used */
  int64_t next_nudge_us;       /* INT64_MAX: not needed */
  uint64_t taken_records, taken_bytes; /* out of its queues, since these were last empty */
  uint64_t full_records, full_bytes;   /* so many may be one that was full */
  /* writing: set before opening */
  void (*on_delivery)(rd_kafka_t *rk, const rd_kafka_message_t *record, void *client);
  void *owner;
};

/* properties end with a row whose name is NULL. The client is zeroed but for what its struct says,
 * and must stay where it is until closed. */
enum wr_code wr_kafka_client_open(struct wr_kafka_client *client, const struct wr_table_spec *spec,
                                  rd_kafka_type_t type, const struct wr_kafka_property *properties,
                                  struct wr_error *err);
void wr_kafka_client_close(struct wr_kafka_client *client);
/* The number of partitions of a topic; waits for a broker until the deadline (monotonic). */
enum wr_code wr_kafka_client_partitions(struct wr_kafka_client *client, const char *topic,
                                        int64_t deadline_us, uint32_t *partition_count,
                                        struct wr_error *err);
/* What a topic takes, as far as the broker tells. */
struct wr_kafka_limits {
  uint64_t record_bytes; /* UINT64_MAX: not told */
  bool needs_keys;       /* it is compacted */
};
void wr_kafka_client_limits(struct wr_kafka_client *client, const char *topic,
                            struct wr_kafka_limits *limits);
/* Tells the user, once, that brokers do not answer, and once that they do again. */
void wr_kafka_client_away(struct wr_kafka_client *client, const char *effect);
void wr_kafka_client_back(struct wr_kafka_client *client);
/* Records were taken out of the queues; none: these are empty now. If one of them may have been
 * full, makes librdkafka look again at partitions that it stopped fetching because of that. */
void wr_kafka_client_taken(struct wr_kafka_client *client, uint32_t records, size_t bytes);
/* The error of a client for which librdkafka gave up. */
enum wr_code wr_kafka_client_fail_fatal(struct wr_kafka_client *client, struct wr_error *err);

/* Does a property of the user pass through? Fills err if not. */
enum wr_code wr_kafka_check_properties(const struct wr_table_spec *spec, bool writing,
                                       struct wr_error *err);

/* ---- splits (kafka_splits.c) */

/* A client for reading so many partitions, which share the memory for prefetching. */
enum wr_code wr_kafka_open_consumer(struct wr_kafka_client *client,
                                    const struct wr_table_spec *spec, uint32_t partition_count,
                                    struct wr_error *err);
int64_t wr_kafka_scan_deadline_us(const struct wr_table_spec *spec);
bool wr_kafka_is_bounded(const struct wr_table_spec *spec);
enum wr_code wr_kafka_discover(const struct wr_table_spec *spec, struct wr_arena *arena,
                               struct wr_split **splits, uint32_t *split_count,
                               struct wr_error *err);

struct wr_kafka_partition;

/* What the readers of a table know together. */
struct wr_kafka_shared {
  struct wr_arena arena;
  const char *const *topics;
  uint32_t topic_count;
  uint32_t *known;  /* per topic: partitions when the job began */
  bool has_stopped; /* goes on from an epoch that said where reading ends */
};
enum wr_code wr_kafka_share(const struct wr_table_spec *spec, const struct wr_split *splits,
                            uint32_t split_count, const struct wr_split *gone, uint32_t gone_count,
                            void **out, struct wr_error *err);
void wr_kafka_unshare(void *shared);
bool wr_kafka_grows(const struct wr_table_spec *spec);

/* Looks for partitions that topics get while they are read. Every reader looks by itself, and
 * whose a partition is follows from its number, so that readers need not agree on anything. */
struct wr_kafka_watch {
  const struct wr_kafka_shared *shared;
  uint32_t *known; /* per topic: partitions that were looked at */
  uint32_t task, task_count;
  int64_t interval_us; /* 0: never */
  int64_t next_us;     /* monotonic */
};
void wr_kafka_watch_open(struct wr_kafka_watch *watch, const struct wr_table_spec *spec,
                         struct wr_arena *arena);
/* When it is time: partitions that are this reader's, with the offset of their first record. *count
 * 0: none, or the brokers do not answer, which is tried again soon. */
void wr_kafka_watch_look(struct wr_kafka_watch *watch, struct wr_kafka_client *client,
                         struct wr_arena *arena, struct wr_kafka_partition **found,
                         uint32_t *count);

/* ---- where reading begins and ends (kafka_offsets.c) */

#define WR_KAFKA_UNKNOWN (-1)      /* offset: still to be found */
#define WR_KAFKA_NO_STOP INT64_MAX /* stop: never */

struct wr_kafka_partition {
  const char *topic;
  int32_t partition;
  int64_t next; /* offset of the first record that was not handed over */
  int64_t stop; /* offset of the first record that is not wanted */
};

/* Fills next and stop where next is unknown, from the startup and bounded options. */
enum wr_code wr_kafka_resolve(struct wr_kafka_client *client, const struct wr_table_spec *spec,
                              struct wr_kafka_partition *partitions, uint32_t partition_count,
                              int64_t deadline_us, struct wr_error *err);
/* Fills next where it is unknown: of the first record there is. */
enum wr_code wr_kafka_resolve_first(struct wr_kafka_client *client,
                                    const struct wr_table_spec *spec,
                                    struct wr_kafka_partition *partitions, uint32_t partition_count,
                                    int64_t deadline_us, struct wr_error *err);
/* The offsets of the first record of each partition. False: not all of them were told in time. */
bool wr_kafka_ask_firsts(struct wr_kafka_client *client,
                         const struct wr_kafka_partition *partitions, uint32_t partition_count,
                         int wait_ms, int64_t *firsts);
/* The offsets behind the last record of each partition. False: not all of them were told in time.
 */
bool wr_kafka_ask_ends(struct wr_kafka_client *client, const struct wr_kafka_partition *partitions,
                       uint32_t partition_count, int wait_ms, int64_t *ends);

/* A position as text: "42", or "42..100" where reading stops before 100. */
void wr_kafka_print_position(int64_t next, int64_t stop, char *text, size_t size);
bool wr_kafka_parse_position(const char *text, int64_t *next, int64_t *stop);

/* ---- columns that come from Kafka (kafka_metadata.c) */

void wr_kafka_fill_metadata(uint32_t which, const struct wr_kafka_partition *partition,
                            const struct wr_message *message, struct wr_builder *out);

#endif
