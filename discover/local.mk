# SPDX-License-Identifier: Apache-2.0
libweir_a_SOURCES += discover/discover.c discover/discover.h discover/header.c discover/header.h \
	discover/schema.c discover/shape.c discover/shape.h discover/table.c discover/time.c discover/type.c \
	discover/application.h discover/application_json.c discover/application_json.h discover/application_print.c \
	discover/application_read.c
