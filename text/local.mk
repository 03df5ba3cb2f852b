# SPDX-License-Identifier: Apache-2.0
libweir_a_SOURCES += text/buffer.c text/buffer.h text/datetime.c text/datetime.h \
	text/decimal.c text/decimal.h text/json_write.c text/json_write.h text/number.c text/number.h \
	text/pattern.c text/pattern.h text/unicode.c text/unicode.h text/utf8.c text/utf8.h \
	text/value_write.c text/value_write.h
