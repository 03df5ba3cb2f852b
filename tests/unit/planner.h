/* SPDX-License-Identifier: Apache-2.0 */
/* The tables and views that the planner's tests speak about. */
#ifndef WEIR_TESTS_UNIT_PLANNER_H
#define WEIR_TESTS_UNIT_PLANNER_H

#define PLANNER_TABLES                                                                           \
  "CREATE TABLE clicks (user_id BIGINT, page STRING, ms INT, ts TIMESTAMP(3), info ROW<ip "      \
  "STRING, port INT>,   WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = "      \
  "'filesystem', 'path' = 'x', 'format' = 'json');\n"                                            \
  "CREATE TABLE plain (a INT, b STRING, t TIMESTAMP(3)) WITH ('connector' = 'filesystem', "      \
  "'path' = 'x', 'format' = 'json');\n"                                                          \
  "CREATE TABLE pairs (a BIGINT, b STRING) WITH ('connector' = 'blackhole');\n"                  \
  "CREATE VIEW slow AS SELECT page AS p, ms + 1 AS m, ts FROM clicks WHERE ms > 100;\n"          \
  "CREATE TABLE plain_time (ts TIMESTAMP_LTZ(6), x INT, WATERMARK FOR ts AS ts) WITH "           \
  "('connector' = 'filesystem', 'path' = 'x', 'format' = 'json');\n"                             \
  "CREATE VIEW minutes AS SELECT window_time AS rt, page, COUNT(*) AS n FROM "                   \
  "TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, "     \
  "window_end, window_time, page;\n"                                                             \
  "CREATE TABLE computed (a INT, ms2 AS a * 2, at STRING, ts AS CAST(at AS TIMESTAMP(3)), "      \
  "WATERMARK FOR ts AS ts) WITH ('connector' = 'filesystem', 'path' = 'x', 'format' = "          \
  "'json');\n"                                                                                   \
  "CREATE TABLE meta (a INT, o BIGINT METADATA FROM 'offset' VIRTUAL, b STRING) WITH "           \
  "('connector' = 'kafka', 'topic' = 'x', 'properties.bootstrap.servers' = 'localhost:1', "      \
  "'properties.group.id' = 'g', 'format' = 'json');\n"                                           \
  "CREATE TABLE writable (a INT, k STRING METADATA FROM 'key') WITH ('connector' = 'kafka', "    \
  "'topic' = 'x', 'properties.bootstrap.servers' = 'localhost:1', 'properties.group.id' = 'g', " \
  "'format' = 'json');\n"                                                                        \
  "CREATE VIEW late AS SELECT ts + INTERVAL '1' HOUR AS ts FROM clicks;\n"                       \
  "CREATE TABLE live (page STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH "               \
  "('connector' = 'datagen');\n"

#endif
