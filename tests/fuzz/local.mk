# SPDX-License-Identifier: Apache-2.0
# fuzz_table: tests/fuzz/fuzz_<name>.c defines LLVMFuzzerTestOneInput; seeds in tests/fuzz/seeds/<name>/.
# One line per file.
fuzz_table =
fuzz_table += tests/fuzz/fuzz_sql.c
fuzz_table += tests/fuzz/fuzz_planner.c tests/fuzz/fuzz_predicate.c
fuzz_table += tests/fuzz/fuzz_text.c tests/fuzz/fuzz_decompress.c tests/fuzz/fuzz_discover.c tests/fuzz/fuzz_s3_answer.c tests/fuzz/fuzz_s3_outbox.c
fuzz_table += tests/fuzz/fuzz_file_outbox.c tests/fuzz/fuzz_manifest.c tests/fuzz/fuzz_model.c tests/fuzz/fuzz_part.c
fuzz_table += tests/fuzz/fuzz_kafka_outbox.c
fuzz_table += tests/fuzz/fuzz_csv.c tests/fuzz/fuzz_csv_nested.c tests/fuzz/fuzz_json.c tests/fuzz/fuzz_json_change.c
fuzz_table += tests/fuzz/fuzz_json_text.c tests/fuzz/fuzz_raw.c tests/fuzz/fuzz_request.c
fuzz_table += tests/fuzz/fuzz_aws.c tests/fuzz/fuzz_http.c
fuzz_table += tests/fuzz/fuzz_application.c tests/fuzz/fuzz_kinesis_format.c tests/fuzz/fuzz_log.c
fuzz_table += tests/fuzz/fuzz_event_stream.c tests/fuzz/fuzz_kinesis.c tests/fuzz/fuzz_kpl.c tests/fuzz/fuzz_put_answer.c
EXTRA_DIST += tests/fuzz/decode.h tests/fuzz/outbox.h
# The storm of SQL texts is a program of its own, for any build: make sql_storm
check_PROGRAMS += sql_storm
sql_storm_SOURCES = tests/fuzz/sql_storm.c tests/unit/planner.h
nodist_EXTRA_sql_storm_SOURCES = cli/none.cc
sql_storm_LDADD = $(weir_libs)
if FUZZING
all-local: sql_storm$(EXEEXT)
endif
