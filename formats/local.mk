# SPDX-License-Identifier: Apache-2.0
# formats_table: one file per format; formats/registry.c reads formats/table.inc made from it.
formats_table = formats/json.c formats/csv.c formats/raw.c formats/debezium.c formats/canal.c \
	formats/maxwell.c formats/ogg.c formats/kinesis_json.c formats/kinesis_csv.c

libweir_a_SOURCES += $(formats_table) formats/format.h formats/registry.c \
	formats/csv.h formats/csv_decode.c formats/csv_encode.c formats/csv_scan.c formats/csv_scan.h \
	formats/fault.c formats/fault.h formats/keyed.c formats/keyed.h formats/json_change.c formats/json_change.h \
	formats/json_change_format.c formats/json_change_format.h formats/json_decode.c formats/json_decode.h \
	formats/json_collect.c formats/json_put.c formats/json_put.h formats/json_simdjson.cc formats/json_simdjson.h \
	formats/json_walk.c formats/json_walk.h formats/lines.c formats/lines.h formats/unwrap.c formats/unwrap.h \
	formats/value.c formats/value.h \
	formats/coerce.c formats/coerce.h formats/json_coerce.c formats/json_coerce.h formats/json_mapping.c \
	formats/json_mapping.h formats/mapping_path.c formats/mapping_path.h formats/kinesis_csv_scan.c \
	formats/kinesis_csv_scan.h formats/kinesis_encode.c formats/kinesis_encode.h
