# SPDX-License-Identifier: Apache-2.0
libweir_a_SOURCES += state/layout.c state/layout.h state/page_chunk.c state/page_chunk.h \
	state/part.c state/part.h state/store.c state/store.h \
	state/store_directory.c state/store_directory.h state/store_directory_copy.c state/store_directory_copy.h state/store_directory_inner.h \
	state/store_directory_clean.c state/store_directory_id.c state/store_directory_write.c state/store_file.c state/store_file.h \
	state/store_manifest.c state/store_manifest.h state/store_memory.c \
	state/table.c state/table.h state/table_image.c state/table_inner.h state/table_load.c state/table_load.h state/table_mark.c state/table_merge.c state/table_section.c state/table_page.c state/table_page.h state/table_pages.c state/table_probe.c state/table_save.c \
	state/table_scan.c state/table_sweep.c state/timers.c state/timers.h
