# SPDX-License-Identifier: Apache-2.0
libweir_a_SOURCES += runtime/execution.c runtime/execution.h runtime/build.c runtime/build.h \
	runtime/task.c runtime/task.h runtime/source.c runtime/source.h \
	runtime/source_inner.h runtime/source_batch.c runtime/source_bytes.c runtime/source_messages.c \
	runtime/sink.c runtime/sink.h \
	runtime/exchange.c runtime/exchange.h runtime/channel.c runtime/channel.h \
	runtime/rejects.c runtime/rejects.h runtime/epochs.c runtime/epochs.h runtime/inventory.c \
	runtime/inventory.h runtime/snapshot.c \
	runtime/snapshot.h runtime/snapshot_format.h
