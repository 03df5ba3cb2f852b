# SPDX-License-Identifier: Apache-2.0
libweir_a_SOURCES += core/arena.c core/arena.h core/arena_end.h core/grow.h core/batch.c core/batch.h core/builder.c \
	core/builder.h core/code.h core/column.c core/column.h core/error.c core/error.h core/hash.c \
	core/hash.h core/limits.h core/metrics.h core/nearest.c core/options.c core/options.h \
	core/packed.c core/packed.h core/page.c core/page.h core/reject.c core/reject.h core/sqlstate.h core/stopwatch.c core/stopwatch.h core/text.h core/text_store.h core/time.c \
	core/time.h core/type.c core/type.h
