# SPDX-License-Identifier: Apache-2.0
libweir_a_SOURCES += text/buffer.c text/buffer.h text/charset.c text/charset.h text/datetime.c text/datetime.h \
	text/decimal.c text/decimal.h text/decompress.c text/decompress.h text/json_scan.c text/json_scan.h text/json_write.c text/json_write.h text/number.c text/number.h \
	text/pattern.c text/pattern.h text/regex.c text/regex.h text/regex_java.c text/regex_java.h \
	text/utf8.c text/utf8.h text/utf8_case.c \
	text/value_write.c text/value_write.h
