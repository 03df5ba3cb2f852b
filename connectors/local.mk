# SPDX-License-Identifier: Apache-2.0
# connectors_table: each file exports `const struct wr_connector wr_connector_<name>`.
connectors_table = connectors/blackhole.c connectors/console.c connectors/datagen.c \
	connectors/filesystem.c connectors/kafka.c connectors/nexmark.c connectors/print.c connectors/stdin.c
libweir_a_SOURCES += $(connectors_table)
libweir_a_SOURCES += connectors/connector.h connectors/publisher.h connectors/registry.c
libweir_a_SOURCES += connectors/output.c connectors/output.h
libweir_a_SOURCES += connectors/datagen_field.c connectors/datagen_field.h \
	connectors/datagen_settings.c
libweir_a_SOURCES += connectors/file_sync.c connectors/file_sync.h
libweir_a_SOURCES += connectors/filesystem.h connectors/filesystem_adopt.c \
	connectors/filesystem_list.c connectors/filesystem_mark.c connectors/filesystem_mark.h \
	connectors/filesystem_outbox.c connectors/filesystem_outbox.h connectors/filesystem_publisher.c \
	connectors/filesystem_reader.c connectors/filesystem_ready.c connectors/filesystem_ready.h \
	connectors/filesystem_writer.c
libweir_a_SOURCES += connectors/partition_path.c connectors/partition_path.h
libweir_a_SOURCES += connectors/kafka.h connectors/kafka_client.c connectors/kafka_metadata.c \
	connectors/kafka_offsets.c connectors/kafka_reader.c connectors/kafka_splits.c \
	connectors/kafka_writer.c
libweir_a_SOURCES += connectors/kafka_collector.c connectors/kafka_collector.h \
	connectors/kafka_outbox.c connectors/kafka_outbox.h connectors/kafka_publisher.c \
	connectors/kafka_refusal.c connectors/kafka_transaction.c connectors/kafka_transaction.h
libweir_a_SOURCES += connectors/nexmark_events.c connectors/nexmark_events.h
