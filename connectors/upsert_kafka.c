/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Topics of Apache Kafka that hold the newest state of rows: the PRIMARY KEY is the record's key, a
 * record takes the place of those before it, and one without a value takes its row away. Everything
 * else is as with the connector kafka, whose reader and writer these are; only what the options are
 * differs.
 */
#include "connectors/kafka.h"

/* Where reading begins is not for the user to choose: what came before is part of the state. */
static const struct wr_option_value upsert_implied[] = {
    {.key = "scan.startup.mode", .value = "earliest-offset"}, {0}};

static const struct wr_option upsert_options[] = {
    {.name = "topic", .kind = WR_OPTION_TEXT, .help = "The topic; it should be compacted."},
    {.name = "properties.bootstrap.servers",
     .kind = WR_OPTION_TEXT,
     .required = true,
     .help = "Brokers to begin with: 'host:9092,host:9092'."},
    {.name = "properties.group.id",
     .kind = WR_OPTION_TEXT,
     .help = "Consumer group: where progress is shown."},
    WR_KAFKA_SECRETS,
    {.name = "properties.*",
     .kind = WR_OPTION_TEXT,
     .help = "Any property of librdkafka: 'properties.security.protocol' = 'SSL'."},
    {.name = "key.format",
     .kind = WR_OPTION_TEXT,
     .help = "How keys are written: json, csv, raw. Its options have 'key.' in front."},
    {.name = "key.fields-prefix",
     .kind = WR_OPTION_TEXT,
     .help = "What the names of key columns begin with, but not those of the fields in keys."},
    {.name = "value.fields-include",
     .kind = WR_OPTION_CHOICE,
     .choices = "ALL|EXCEPT_KEY",
     .fallback = "ALL",
     .help = "Whether the columns of the key stand in the value, too."},
    {.name = "scan.bounded.mode",
     .kind = WR_OPTION_CHOICE,
     .choices = "unbounded|latest-offset|group-offsets|timestamp|specific-offsets",
     .fallback = "unbounded",
     .help = "Where reading ends, found out once at the start. It begins with the first record."},
    {.name = "scan.bounded.timestamp-millis",
     .kind = WR_OPTION_INTEGER,
     .help = "For 'timestamp': before the first record of that time or later."},
    {.name = "scan.bounded.specific-offsets",
     .kind = WR_OPTION_TEXT,
     .help = "For 'specific-offsets': before these. Other partitions are not read."},
    {.name = "scan.topic-partition-discovery.interval",
     .kind = WR_OPTION_DURATION,
     .fallback = "5 min",
     .help = "How often to look for partitions that the topic has got while it is read; 0: never."},
    {.name = "scan.connect.timeout",
     .kind = WR_OPTION_DURATION,
     .fallback = "30 s",
     .help = "Reading: how long to wait for a first broker before giving up."},
    {.name = "sink.connect.timeout",
     .kind = WR_OPTION_DURATION,
     .fallback = "30 s",
     .help = "Writing: how long to wait for a first broker before giving up."},
    {.name = "sink.buffer-flush.max-rows",
     .kind = WR_OPTION_INTEGER,
     .help = "Taken without effect: of the changes of a key in a batch only the last is written "
             "anyway."},
    {.name = "sink.buffer-flush.interval",
     .kind = WR_OPTION_DURATION,
     .help = "Taken without effect: no row waits for others."},
    {.name = "sink.delivery-guarantee",
     .kind = WR_OPTION_CHOICE,
     .choices = "none|at-least-once|exactly-once",
     .fallback = "at-least-once",
     .help = "As with the connector kafka."},
    {.name = "sink.transactional-id-prefix",
     .kind = WR_OPTION_TEXT,
     .help = "As with the connector kafka."},
    {.name = NULL},
};

const struct wr_connector wr_connector_upsert_kafka = {
    .name = "upsert-kafka",
    .help = "Reads and writes topics of Apache Kafka that hold the newest state of each key.",
    .options = upsert_options,
    .metadata = wr_kafka_metadata,
    .reader = &wr_kafka_reader,
    .writer = &wr_kafka_writer,
    .takes_format = true,
    .takes_changes = true,
    .upserts = true,
    .implied = upsert_implied,
    .check = wr_kafka_check,
    .is_bounded = wr_kafka_is_bounded,
    .delivery = "at-least-once: acknowledged by the brokers before an epoch counts",
    .publisher = &wr_kafka_publisher,
    .wants_exactly_once = wr_kafka_wants_exactly_once,
};
