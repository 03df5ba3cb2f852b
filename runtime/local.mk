# SPDX-License-Identifier: Apache-2.0
libweir_a_SOURCES += runtime/execution.c runtime/execution.h runtime/build.c runtime/build.h \
	runtime/task.c runtime/task.h runtime/task_inner.h runtime/task_source.c runtime/task_channel.c runtime/source.c runtime/source.h \
	runtime/source_inner.h runtime/source_batch.c runtime/source_bytes.c runtime/source_messages.c runtime/source_unwrap.c \
	runtime/source_splits.c runtime/source_ahead.c runtime/source_ahead_inner.h runtime/source_ahead_messages.c runtime/decode_pool.c runtime/decode_pool.h runtime/deal.c runtime/deal.h runtime/split_find.c runtime/split_find.h \
	runtime/sink.c runtime/sink_upsert.c runtime/sink_upsert.h runtime/sink.h \
	runtime/exchange.c runtime/exchange.h runtime/channel.c runtime/channel.h \
	runtime/rejects.c runtime/rejects.h runtime/epochs.c runtime/epochs.h runtime/epochs_inner.h runtime/epochs_parts.c runtime/epochs_write.c runtime/saving.c runtime/saving.h runtime/inventory.c \
	runtime/inventory.h runtime/snapshot.c runtime/budget.c runtime/budget.h runtime/memory.c runtime/memory.h runtime/publisher.c \
	runtime/publisher.h \
	runtime/tap.c runtime/tap.h runtime/look.c runtime/look.h runtime/source_look.c runtime/source_look.h runtime/reject_ring.c runtime/reject_ring.h runtime/execution_inner.h \
	runtime/request.c runtime/request.h runtime/snapshot.h runtime/snapshot_format.h
libweir_a_SOURCES += runtime/epoch_list.c runtime/epoch_list.h
libweir_a_SOURCES += runtime/reference.c runtime/reference.h
