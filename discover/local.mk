# SPDX-License-Identifier: Apache-2.0
libweir_a_SOURCES += discover/discover.c discover/discover.h discover/header.c discover/header.h \
	discover/schema.c discover/shape.c discover/shape.h discover/table.c discover/time.c discover/type.c
