# SPDX-License-Identifier: Apache-2.0
windows_table =
libweir_a_SOURCES += windows/local_time.c windows/local_time.h windows/alignment.c windows/alignment.h windows/split_watermark.c windows/split_watermark.h windows/window.c \
	windows/window.h
