# SPDX-License-Identifier: Apache-2.0
# fuzz_table: tests/fuzz/fuzz_<name>.c defines LLVMFuzzerTestOneInput; seeds in tests/fuzz/seeds/<name>/.
# One line per file.
fuzz_table =
fuzz_table += tests/fuzz/fuzz_sql.c
fuzz_table += tests/fuzz/fuzz_planner.c
fuzz_table += tests/fuzz/fuzz_text.c
fuzz_table += tests/fuzz/fuzz_csv.c tests/fuzz/fuzz_json.c
EXTRA_DIST += tests/fuzz/decode.h
