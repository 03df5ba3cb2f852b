# SPDX-License-Identifier: Apache-2.0
libweir_a_SOURCES += state/layout.c state/layout.h state/part.c state/part.h state/store.h \
	state/store_memory.c state/table.c state/table.h state/table_inner.h state/table_page.c \
	state/table_page.h state/table_probe.c state/table_save.c state/timers.c state/timers.h
