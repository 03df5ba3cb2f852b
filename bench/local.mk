# SPDX-License-Identifier: Apache-2.0
# Measuring programs that are linked with the engine: `make bench/decode bench/expressions bench/sessions bench/table bench/windows`; see
# bench/README.md. bench/run compiles bids.c, measure.c and iterate_many.c by itself, because they
# need nothing of the engine. The yardstick is compiled for the machine at hand.
EXTRA_PROGRAMS = bench/decode bench/delta bench/expressions bench/group bench/over bench/sessions bench/table bench/windows bench/rank bench/checkpoint bench/store bench/join bench/window_join bench/kinesis bench/followers bench/followers_http
EXTRA_LIBRARIES = bench/libyardstick.a
bench_decode_SOURCES = bench/decode.c bench/decode_simdjson.h
bench_decode_LDADD = bench/libyardstick.a $(weir_libs)
nodist_EXTRA_bench_decode_SOURCES = cli/none.cc
bench_libyardstick_a_SOURCES = bench/decode_simdjson.cc
bench_libyardstick_a_CXXFLAGS = $(AM_CXXFLAGS) -O3 -march=native
bench_kinesis_SOURCES = bench/kinesis.c
bench_kinesis_LDADD = $(weir_libs)
nodist_EXTRA_bench_kinesis_SOURCES = cli/none.cc
bench_followers_http_SOURCES = bench/followers_http.c
nodist_EXTRA_bench_followers_http_SOURCES = cli/none.cc
bench_followers_SOURCES = bench/followers.c
bench_followers_LDADD = $(weir_libs)
nodist_EXTRA_bench_followers_SOURCES = cli/none.cc
bench_sessions_SOURCES = bench/sessions.c
bench_sessions_LDADD = $(weir_libs)
nodist_EXTRA_bench_sessions_SOURCES = cli/none.cc
bench_delta_SOURCES = bench/delta.c
bench_delta_LDADD = $(weir_libs)
nodist_EXTRA_bench_delta_SOURCES = cli/none.cc
bench_over_SOURCES = bench/over.c
bench_over_LDADD = $(weir_libs)
nodist_EXTRA_bench_over_SOURCES = cli/none.cc
bench_table_SOURCES = bench/table.c
bench_table_LDADD = $(weir_libs)
nodist_EXTRA_bench_table_SOURCES = cli/none.cc
bench_expressions_SOURCES = bench/expressions.c
bench_expressions_LDADD = $(weir_libs)
nodist_EXTRA_bench_expressions_SOURCES = cli/none.cc
bench_windows_SOURCES = bench/windows.c
bench_windows_LDADD = $(weir_libs)
nodist_EXTRA_bench_windows_SOURCES = cli/none.cc
bench_group_SOURCES = bench/group.c
bench_group_LDADD = $(weir_libs)
nodist_EXTRA_bench_group_SOURCES = cli/none.cc
bench_rank_SOURCES = bench/rank.c
bench_rank_LDADD = $(weir_libs)
nodist_EXTRA_bench_rank_SOURCES = cli/none.cc
bench_store_SOURCES = bench/store.c
bench_store_LDADD = $(weir_libs)
nodist_EXTRA_bench_store_SOURCES = cli/none.cc
bench_join_SOURCES = bench/join.c
bench_join_LDADD = $(weir_libs)
nodist_EXTRA_bench_join_SOURCES = cli/none.cc
bench_window_join_SOURCES = bench/window_join.c
bench_window_join_LDADD = $(weir_libs)
nodist_EXTRA_bench_window_join_SOURCES = cli/none.cc
bench_checkpoint_SOURCES = bench/checkpoint.c
bench_checkpoint_LDADD = $(weir_libs)
nodist_EXTRA_bench_checkpoint_SOURCES = cli/none.cc
