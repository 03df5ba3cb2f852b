# SPDX-License-Identifier: Apache-2.0
# connectors_table: each file exports `const struct wr_connector wr_connector_<name>`.
connectors_table = connectors/blackhole.c connectors/console.c connectors/datagen.c \
	connectors/filesystem.c connectors/firehose.c connectors/kafka.c connectors/kinesis.c connectors/live.c connectors/nexmark.c connectors/print.c connectors/s3.c connectors/stdin.c \
	connectors/upsert_kafka.c
libweir_a_SOURCES += $(connectors_table)
libweir_a_SOURCES += connectors/connector.h connectors/writer.h connectors/publisher.h connectors/registry.c
libweir_a_SOURCES += connectors/output.c connectors/output.h
libweir_a_SOURCES += connectors/datagen_field.c connectors/datagen_field.h \
	connectors/datagen_settings.c
libweir_a_SOURCES += connectors/file_sync.c connectors/file_sync.h
libweir_a_SOURCES += connectors/filesystem.h connectors/filesystem_adopt.c \
	connectors/filesystem_list.c connectors/filesystem_mark.c connectors/filesystem_mark.h \
	connectors/filesystem_outbox.c connectors/filesystem_outbox.h connectors/filesystem_publisher.c \
	connectors/filesystem_reader.c connectors/filesystem_ready.c connectors/filesystem_ready.h \
	connectors/filesystem_writer.c
libweir_a_SOURCES += connectors/partition_path.c connectors/partition_path.h \
	connectors/partition_values.c connectors/partition_values.h
libweir_a_SOURCES += connectors/kafka.h connectors/kafka_client.c connectors/kafka_java.c \
	connectors/kafka_java.h connectors/kafka_metadata.c \
	connectors/kafka_offsets.c connectors/kafka_reader.c connectors/kafka_reader.h \
	connectors/kafka_records.c connectors/kafka_splits.c \
	connectors/kafka_writer.c
libweir_a_SOURCES += connectors/kafka_aside.c connectors/kafka_aside.h connectors/kafka_collector.c connectors/kafka_collector.h \
	connectors/kafka_outbox.c connectors/kafka_outbox.h connectors/kafka_publisher.c \
	connectors/kafka_refusal.c connectors/kafka_transaction.c connectors/kafka_transaction.h
libweir_a_SOURCES += connectors/nexmark_events.c connectors/nexmark_events.h
libweir_a_SOURCES += connectors/outbox_list.c connectors/outbox_list.h
libweir_a_SOURCES += connectors/pace.c connectors/pace.h
libweir_a_SOURCES += connectors/put_notice.c connectors/put_notice.h connectors/put_pace.c connectors/put_pace.h connectors/put_queue.c \
	connectors/put_queue.h connectors/put_writer.c connectors/put_writer.h \
	connectors/kinesis_writer.c
libweir_a_SOURCES += connectors/event_stream.c connectors/event_stream.h connectors/kpl.c connectors/kpl.h
libweir_a_SOURCES += connectors/kinesis.h connectors/kinesis_api.c connectors/kinesis_api.h \
	connectors/kinesis_consumer.c connectors/kinesis_fanout.c connectors/kinesis_lane.c connectors/kinesis_metadata.c \
	connectors/kinesis_pace.c connectors/kinesis_pace.h \
	connectors/kinesis_poll.c connectors/kinesis_position.c connectors/kinesis_reader.c \
	connectors/kinesis_reader.h connectors/kinesis_records.c connectors/kinesis_records.h \
	connectors/kinesis_shards.c connectors/kinesis_shards.h connectors/kinesis_splits.c \
	connectors/kinesis_time.c connectors/kinesis_time.h
libweir_a_SOURCES += connectors/s3.h connectors/s3_answer.c connectors/s3_answer.h connectors/known_names.c connectors/known_names.h \
	connectors/s3_complete.c connectors/s3_complete.h connectors/s3_list.c connectors/s3_outbox.c connectors/s3_outbox.h \
	connectors/s3_prefix.c connectors/s3_publisher.c connectors/s3_reader.c connectors/s3_splits.c connectors/s3_writer.c
