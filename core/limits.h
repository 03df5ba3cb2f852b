/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The maxima of what outside input can make grow, as far as several rooms or users care; those of
 * one file alone stand in it. Reaching one is an error (WR_LIMIT) or a reject whose message names
 * the limit, so that nobody has to guess why something was refused. A limit is a promise about
 * memory: raise one only after asking what the worst input then costs. State has none of its own:
 * its bytes are counted, and bounded by --memory (runtime/memory.h).
 */
#ifndef WEIR_CORE_LIMITS_H
#define WEIR_CORE_LIMITS_H

/* ---- SQL text */
#define WR_SQL_BYTES_MAX         (4 << 20) /* bytes of one SQL file */
#define WR_SQL_NESTING_MAX       200       /* parentheses, subqueries, CASE: bounds recursion */
#define WR_QUERY_NESTING_MAX     500       /* queries inside each other, views among them */
#define WR_SQL_NAME_BYTES_MAX    256       /* one identifier */
#define WR_SQL_LITERAL_BYTES_MAX 65536     /* one literal, quotes not counted */
#define WR_SQL_TOKENS_MAX        500000    /* tokens of one file: bounds the tree */
#define WR_ERRORS_MAX            20        /* errors that are told of one file */
#define WR_FUNCTION_NODES_MAX    20000     /* parts of the expression that a SQL function becomes */
#define WR_FUNCTION_CALLS_MAX    1000      /* calls of SQL functions that one call comes to */
#define WR_PARAMETERS_MAX        100       /* parameters of a SQL function */

/* ---- tables and types */
#define WR_COLUMNS_MAX      2000 /* columns of a table or a result; fields of one ROW */
#define WR_UNION_INPUTS_MAX 1000 /* branches of one UNION */
#define WR_PUMPS_MAX        1000 /* of one script */
#define WR_TYPE_NESTING_MAX 32   /* ROW, ARRAY, MAP, MULTISET inside one another */
#define WR_OPTIONS_MAX      500  /* options of one WITH clause */

/* ---- data */
#define WR_RECORD_BYTES_MAX     (16 << 20)          /* one record as it comes or leaves */
#define WR_TEXT_BYTES_MAX       WR_RECORD_BYTES_MAX /* one text value that a function makes */
#define WR_BATCH_TEXT_BYTES_MAX (256 << 20)         /* texts that functions make for one batch */
#define WR_FOLDED_BYTES_MAX     65536 /* a constant worked out while planning; longer: when it runs */
#define WR_PATTERN_BYTES_MAX    65536      /* one LIKE pattern, one regular expression */
#define WR_REGEX_STEPS_MAX      2000000    /* ways that one search may try */
#define WR_REGEX_STACK_BYTES    (4 << 20)  /* memory of ways to come back to, in one search */
#define WR_JSON_NESTING_MAX     1000       /* levels of a JSON text that functions read */
#define WR_JSON_NODES_MAX       (1 << 20)  /* values and names of one such text */
#define WR_JSON_PATH_BYTES_MAX  4096       /* one SQL/JSON path */
#define WR_JSON_PATH_STEPS_MAX  100        /* steps of one SQL/JSON path */
#define WR_JSON_ITEMS_MAX       100000     /* values that one SQL/JSON path finds */
#define WR_JSON_VISITS_MAX      (16 << 20) /* values that one SQL/JSON path looks at */
#define WR_MAPPED_VALUES_MAX    4194304    /* columns times rows that one JSON record gives */
#define WR_MESSAGE_BYTES_MAX    767        /* one error sentence */
#define WR_ZSTD_WINDOW_LOG_MAX  27         /* window of a zstd frame: 2^27 bytes, 128 MiB */

/* ---- models over rows (RANDOM_CUT_FOREST, HOTSPOTS) */
#define WR_FOREST_SAMPLE_MAX 1000                /* points in a tree */
#define WR_FOREST_BYTES_MAX  (UINT64_C(1) << 30) /* all trees of one forest */
#define WR_MODEL_COLUMNS_MAX 30                  /* numbers of a row that it looks at */

/* ---- connectors */
#define WR_SPLITS_MAX               250000 /* splits of a table that one task knows, ended ones too */
#define WR_FILES_MAX                100000 /* files of one table */
#define WR_FILES_READY_MAX          100000 /* complete files of a writer that wait for an epoch */
#define WR_PARTITION_COLUMNS_MAX    16     /* columns of one PARTITIONED BY */
#define WR_PARTITION_FILES_MAX      64     /* files that a writer of partitions has open */
#define WR_PARTITION_NAME_BYTES_MAX 255    /* one folder of a partition: as much as systems take */
#define WR_PUT_WAITING_BYTES_MAX \
  (64u << 20) /* records that wait for Kinesis or Firehose, per writer */
#define WR_KAFKA_OUTBOX_BYTES_MAX \
  (UINT64_C(4000) << 20) /* records that one writer collects for one epoch */

/* ---- HTTP and AWS */
#define WR_HTTP_ANSWER_BYTES_MAX (64 << 20) /* one answer that is collected before it is read */
#define WR_HTTP_HEADER_BYTES_MAX (64 << 10) /* the headers of one answer */
#define WR_AWS_FILE_BYTES_MAX    (1 << 20)  /* a shared config or credentials file, a token file */
#define WR_AWS_ROLES_MAX         16         /* roles that are assumed one after the other */
#define WR_AWS_PROCESS_BYTES_MAX (64 << 10) /* what a program prints that gives credentials */

#define WR_KINESIS_SHARDS_MAX 20000 /* shards of one stream, those that have ended included */
#define WR_KINESIS_PREFETCH_BYTES_MAX                                                  \
  (64 << 20)                          /* records that a reader has and not handed over \
                                       */
#define WR_EVENT_BYTES_MAX (24 << 20) /* one frame of an event stream */

/* ---- sorting */
#define WR_SORT_ROWS_MAX  UINT64_C(1000000000) /* rows that an ORDER BY keeps */
#define WR_SORT_BYTES_MAX (UINT64_C(16) << 30) /* bytes of them */

/* ---- windows and aggregates */
#define WR_AGGREGATE_BYTES_MAX    16777216 /* the state of one aggregate of one group: 16 MiB */
#define WR_VALUES_BYTES_MAX       268435456 /* MIN or MAX that can take back, of one group: 256 MiB */
#define WR_GROUPING_SETS_MAX      1024      /* of one GROUP BY: how often each row counts */
#define WR_GROUPING_KEYS_MAX      40        /* columns of one GROUP BY with grouping sets */
#define WR_WINDOWS_PER_ROW_MAX    100000    /* windows of HOP that one row may belong to */
#define WR_FRAME_BYTES_MAX        268435456  /* the panes of a moving window of one key: 256 MiB */
#define WR_JOIN_ROWS_MAX          1000000000 /* rows of one side of one window of a join */
#define WR_RANK_ROWS_MAX          100000     /* first rows that a Top-N gives per key */
#define WR_RANK_KEPT_MAX          1000000000 /* rows that it keeps per key where more may be needed */
#define WR_SESSION_ROWS_BYTES_MAX (256u << 20) /* rows of one session that nobody aggregates */
#define WR_SESSION_WAITING_BYTES_MAX \
  (UINT64_C(16) << 30) /* rows of several branches of a source that wait before a SESSION */
#define WR_OVER_DISTANCE_MAX 1000000000 /* rows before the current one that an OVER looks at */
#define WR_OVER_PARTITION_BYTES_MAX \
  (256u << 20) /* rows, or parts of a frame, that an OVER keeps of one partition */
#define WR_OVER_WAITING_BYTES_MAX (UINT64_C(16) << 30) /* rows that wait before an OVER */
#define WR_TEMPORAL_WAITING_BYTES_MAX \
  (UINT64_C(16) << 30) /* rows of the left that wait before a temporal join */
#define WR_TEMPORAL_VERSIONS_MAX \
  10000000 /* versions of one key that the watermark has not passed */
#define WR_MATCH_REPEAT_MAX          10000 /* rows that the steps of one PATTERN count, all together */
#define WR_MATCH_ROWS_MAX            1000000 /* rows of one partition that one match may be made of */
#define WR_MATCH_PARTITION_BYTES_MAX (256u << 20) /* the same rows in bytes */
#define WR_MATCH_BRANCHES_MAX        10000 /* ways to go on of matches that begin with one row */

/* ---- people who watch */
#define WR_LIVE_BYTES           (UINT64_C(64) << 20) /* what all feeds keep and queue */
#define WR_LIVE_ROWS            1000                 /* newest rows that a feed shows first */
#define WR_LIVE_ROWS_PER_SECOND 20000                /* of a feed that may leave out rows */
#define WR_LIVE_FOLLOWERS_MAX   10000                /* of all feeds */
#define WR_LIVE_WAYS_MAX        64    /* filters, intervals and framings of one feed */
#define WR_PREDICATE_BYTES_MAX  8192  /* a condition of somebody who follows, as SQL */
#define WR_LOOK_SPLITS_MAX      10000 /* of all sources of a job, that are shown */
#define WR_LOOK_REJECTS         1000  /* the last ones, that are kept to be shown */
#define WR_LOOK_RAW_BYTES       2048  /* of each */
#define WR_SERVED_JOBS_MAX      256   /* of one process, finished ones too */

/* What a condition of somebody who follows may take. */
#define WR_PREDICATE_STEPS_MAX 20000  /* ways that one search of a pattern in it may try */
#define WR_PREDICATE_BURST_US  100000 /* processor time at once, and behind that ... */
#define WR_PREDICATE_SHARE     20     /* ... one part in so many of all time */

/* All of them together; behind that each may take little until it has been made up for. */
#define WR_PREDICATES_BURST_US 200000
#define WR_PREDICATES_SHARE    4
#define WR_PREDICATE_LITTLE_US 5000

/* ---- HTTP */
#define WR_HTTP_CONNECTIONS_MAX         4096  /* at a time */
#define WR_HTTP_REQUEST_BYTES_MAX       65536 /* of a request's body; its head has half of that */
#define WR_HTTP_ADDRESS_CONNECTIONS_MAX 2048  /* of one address */
#define WR_HTTP_REPLY_BYTES_MAX         (64 << 20)            /* of one reply */
#define WR_HTTP_REPLIES_BYTES_MAX       (UINT64_C(256) << 20) /* of all that are on their way */
#define WR_HTTP_MESSAGE_BYTES_MAX       4096              /* that a client of a WebSocket sends */
#define WR_HTTP_HEAD_US                 INT64_C(10000000) /* a request's first byte to its head's end */
#define WR_HTTP_BODY_US                 INT64_C(30000000) /* from there to its body's end */
#define WR_HTTP_STALL_US                INT64_C(30000000) /* that a follower's socket takes nothing */
#define WR_HTTP_IDLE_S                  60                /* between two requests of a connection */
#define WR_HTTP_BEAT_US                 INT64_C(15000000) /* a quiet event stream shows that it is alive */

/* ---- the shell */
#define WR_SHELL_ROWS_MAX     10000 /* of a result that is shown as a table; the newest are kept */
#define WR_SHELL_JOBS_MAX     64    /* that run at a time, and that are remembered */
#define WR_SHELL_INCLUDES_MAX 16    /* files that read files */

/* ---- tables of reference */
#define WR_REFERENCE_ROWS_MAX 1000000000u /* rows of a table that is looked up */
#define WR_REFERENCE_REJECTS_MAX                                   \
  1000 /* bad records of one loading that are told, others counted \
        */

/* ---- memory of a job */
#define WR_MEMORY_BYTES_MIN (UINT64_C(64) << 20) /* least of --memory */
#define WR_OUTBOX_BYTES_MAX \
  (UINT64_C(2) << 30) /* what exactly-once sinks hold until it is published */

/* ---- saved state */
#define WR_STATE_MANIFEST_BYTES_MAX (256 << 20) /* what says which parts make an epoch */
#define WR_STATE_EPOCHS_KEPT_MAX    1000        /* epochs that a state directory keeps */

/* ---- collections */
#define WR_COLLECTION_VALUES_MAX (1 << 20)  /* of one that is read; a ROW is one per field */
#define WR_UNNEST_ROWS_MAX       (16 << 20) /* rows that UNNEST makes of one MULTISET */

#endif
