/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The maxima of what outside input can make grow, as far as several rooms or users care; those of
 * one file alone stand in it. Reaching one is an error (WR_LIMIT) or a reject whose message names
 * the limit, so that nobody has to guess why something was refused. A limit is a promise about
 * memory: raise one only after asking what the worst input then costs. Window state has none yet:
 * its bytes are counted, and bounded by the machine.
 */
#ifndef WEIR_CORE_LIMITS_H
#define WEIR_CORE_LIMITS_H

/* ---- SQL text */
#define WR_SQL_BYTES_MAX         (4 << 20) /* bytes of one SQL file */
#define WR_SQL_NESTING_MAX       200       /* parentheses, subqueries, CASE: bounds recursion */
#define WR_SQL_NAME_BYTES_MAX    256       /* one identifier */
#define WR_SQL_LITERAL_BYTES_MAX 65536     /* one literal, quotes not counted */
#define WR_SQL_TOKENS_MAX        500000    /* tokens of one file: bounds the tree */

/* ---- tables and types */
#define WR_COLUMNS_MAX      2000 /* columns of a table or a result; fields of one ROW */
#define WR_TYPE_NESTING_MAX 32   /* ROW inside ROW */
#define WR_OPTIONS_MAX      500  /* options of one WITH clause */

/* ---- data */
#define WR_RECORD_BYTES_MAX     (16 << 20)          /* one record as it comes or leaves */
#define WR_TEXT_BYTES_MAX       WR_RECORD_BYTES_MAX /* one text value that a function makes */
#define WR_BATCH_TEXT_BYTES_MAX (256 << 20)         /* texts that functions make for one batch */
#define WR_PATTERN_BYTES_MAX    65536               /* one LIKE pattern */
#define WR_MESSAGE_BYTES_MAX    767                 /* one error sentence */

/* ---- connectors */
#define WR_FILES_MAX 100000 /* files of one table */

/* ---- windows */
#define WR_WINDOWS_PER_ROW_MAX 100000 /* windows of HOP that one row may belong to */

#endif
