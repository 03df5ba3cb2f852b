/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known by name and not read: other engines' statements and clauses. The grammar knows
 * nothing of them; it stops at some word, and this table recognises the place by the words around
 * it. So a refusal is a row, and the sentence says what to do instead.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "parser/complaint.h"
#include "parser/grammar.h"
#include "parser/keyword.h"

/* Words must be as written here, in any case; NULL: any. */
struct refusal {
  const char *first;             /* the first word of the statement, "": the word found is it */
  const char *before, *previous; /* the words before the word found; before: second last */
  const char *found, *next;
  uint32_t tokens_max; /* the word found is at most so far from the beginning; 0: anywhere */
  uint32_t back;       /* the error is at the word so many before the one found */
  bool in_call;        /* only among the arguments of a function */
  const char *within;  /* the word before the bracket that the word found stands in; NULL: any */
  const char *sentence, *hint;
};

#define CHANGES_IN_PLACE                                                                          \
  "rows are only written by INSERT INTO; those of a table with a key, such as upsert-kafka, are " \
  "replaced and deleted by it when the query's results change"
#define NO_SEMI_JOIN "write WHERE EXISTS (SELECT * FROM u WHERE u.a = t.a), or NOT EXISTS"
#define NO_QUANTIFIER                                                                             \
  "compare with each value, or for = write IN (values) and for <> NOT IN (values); a query that " \
  "reads a table cannot be compared with yet"
#define ONE_CATALOG \
  "leave the statement out; all tables of a script live in one database of one catalog"
#define DROP_AND_CREATE "drop the table and create it again as it shall be"
#define NO_JVM          "functions are written in SQL: CREATE FUNCTION f(a INT) RETURNS INT AS a + 1"
#define PUMPS_RUN       "leave the statement out: all pumps of a script run as long as its job does"
#define ONE_SCHEMA      "leave the statement out; all streams and pumps of a script live in one schema"
#define FOREIGN \
  "a stream with a connector is CREATE STREAM s (...) WITH ('connector' = ...), which needs no server"
#define RUN_AGAIN   "nothing to do: the plan is made from the SQL whenever it is started"
#define CLIENT_WORD "this is a command of an interactive client; leave it out"
#define ONE_VARIABLE                                                                                \
  "a pattern is a row of variables, each with a quantifier: A B+ C{2,3}; other shapes are several " \
  "queries, joined by UNION ALL"
#define FINAL_MEASURES \
  "leave the word out: measures look at the whole match, conditions at it so far"
#define EMIT_HINT                                                                                \
  "EMIT EVERY INTERVAL '1' SECOND and EMIT ON CHANGE give early results as updates; without it " \
  "a window is emitted once, when the watermark passes its end"

#define EMIT_CHANGES_HINT                                                                             \
  "leave it out: results without a window change as rows come anyway; behind GROUP BY with a window " \
  "EMIT ON CHANGE and EMIT EVERY INTERVAL '1' SECOND give early results as updates"

static const struct refusal refusals[] = {
    /* statements */
    {.first = "",
     .found = "ADD",
     .sentence = "ADD JAR is not supported: nothing here runs on the JVM",
     .hint = NO_JVM},
    {.first = "",
     .found = "ANALYZE",
     .sentence = "ANALYZE is not supported: plans use no statistics",
     .hint = "leave the statement out"},
    {.first = "", .found = "CALL", .sentence = "CALL is not supported: there are no procedures"},
    {.first = "",
     .found = "COMMIT",
     .sentence = "COMMIT is not supported: a script has no transactions",
     .hint = "leave the statement out"},
    {.first = "",
     .found = "COMPILE",
     .sentence = "COMPILE PLAN is not supported",
     .hint = RUN_AGAIN},
    {.first = "",
     .found = "DELETE",
     .sentence = "DELETE is not supported: rows of a stream cannot be taken out of it",
     .hint = CHANGES_IN_PLACE},
    {.first = "", .found = "EXIT", .sentence = "EXIT is not supported", .hint = CLIENT_WORD},
    {.first = "", .found = "HELP", .sentence = "HELP is not supported", .hint = CLIENT_WORD},
    {.first = "",
     .found = "LOAD",
     .sentence = "LOAD MODULE is not supported: all functions are always there",
     .hint = "leave the statement out"},
    {.first = "",
     .found = "MERGE",
     .sentence = "MERGE is not supported: rows of a stream cannot be changed in place",
     .hint = CHANGES_IN_PLACE},
    {.first = "", .found = "QUIT", .sentence = "QUIT is not supported", .hint = CLIENT_WORD},
    {.first = "",
     .found = "REMOVE",
     .sentence = "REMOVE JAR is not supported: nothing here runs on the JVM",
     .hint = NO_JVM},
    {.first = "",
     .found = "REPLACE",
     .next = "TABLE",
     .sentence = "REPLACE TABLE is not supported",
     .hint = "write CREATE OR REPLACE TABLE"},
    {.first = "",
     .found = "ROLLBACK",
     .sentence = "ROLLBACK is not supported: a script has no transactions",
     .hint = "leave the statement out"},
    {.first = "",
     .found = "STOP",
     .sentence = "STOP JOB is not supported: a job is stopped from outside",
     .hint = "end its process with SIGTERM, or with Ctrl-C"},
    {.first = "",
     .found = "TRUNCATE",
     .sentence = "TRUNCATE is not supported: rows of a stream cannot be taken out of it",
     .hint = CHANGES_IN_PLACE},
    {.first = "",
     .found = "UNLOAD",
     .sentence = "UNLOAD MODULE is not supported: all functions are always there",
     .hint = "leave the statement out"},
    {.first = "",
     .found = "UPDATE",
     .sentence = "UPDATE is not supported: rows of a stream cannot be changed in place",
     .hint = CHANGES_IN_PLACE},
    {.first = "",
     .found = "UPSERT",
     .sentence = "UPSERT is not supported",
     .hint = CHANGES_IN_PLACE},
    {.first = "EXECUTE",
     .found = "PLAN",
     .tokens_max = 2,
     .sentence = "EXECUTE PLAN is not supported",
     .hint = RUN_AGAIN},
    {.first = "EXECUTE",
     .found = "IMMEDIATE",
     .tokens_max = 2,
     .sentence = "EXECUTE is supported only as EXECUTE STATEMENT SET",
     .hint = "write the statement itself"},

    /* CREATE */
    {.first = "CREATE",
     .found = "CATALOG",
     .tokens_max = 4,
     .sentence = "CREATE CATALOG is not supported",
     .hint = ONE_CATALOG},
    {.first = "CREATE",
     .found = "CONNECTION",
     .tokens_max = 5,
     .sentence = "CREATE CONNECTION is not supported",
     .hint = "give the options to each table: CREATE TABLE ... WITH (...)"},
    {.first = "CREATE",
     .found = "DATABASE",
     .tokens_max = 4,
     .sentence = "CREATE DATABASE is not supported",
     .hint = ONE_CATALOG},
    {.first = "CREATE",
     .found = "MATERIALIZED",
     .tokens_max = 4,
     .sentence = "CREATE MATERIALIZED TABLE is not supported",
     .hint = "write CREATE TABLE, and an INSERT INTO that keeps it up to date"},
    {.first = "CREATE",
     .found = "MODEL",
     .tokens_max = 5,
     .sentence = "CREATE MODEL is not supported: there are no functions that call models"},
    {.first = "CREATE",
     .found = "FOREIGN",
     .tokens_max = 4,
     .sentence = "CREATE FOREIGN STREAM is not supported",
     .hint = FOREIGN},
    {.first = "CREATE",
     .before = "STREAM",
     .found = "AS",
     .sentence = "CREATE STREAM ... AS is not supported",
     .hint = "write CREATE STREAM s (...), and CREATE PUMP p AS INSERT INTO s SELECT ..."},
    {.first = "CREATE",
     .before = "STREAM",
     .previous = "IF",
     .found = "NOT",
     .back = 1,
     .sentence = "CREATE STREAM IF NOT EXISTS is not supported",
     .hint = "write CREATE OR REPLACE STREAM"},
    {.first = "CREATE",
     .previous = "LANGUAGE",
     .found = "JAVA",
     .sentence = "a function in another language than SQL is not supported",
     .hint = "write it in SQL: CREATE FUNCTION f (a INTEGER) RETURNS INTEGER CONTAINS SQL "
             "RETURN a + 1"},
    {.first = "CREATE",
     .found = "SCHEMA",
     .tokens_max = 4,
     .sentence = "CREATE SCHEMA is not supported",
     .hint = ONE_CATALOG},
    {.first = "CREATE",
     .found = "DISTRIBUTED",
     .sentence = "DISTRIBUTED BY is not supported: no connector has buckets",
     .hint = "leave the clause out, or use PARTITIONED BY"},
    {.first = "CREATE",
     .previous = "UNIQUE",
     .found = "(",
     .back = 1,
     .sentence = "UNIQUE is not supported",
     .hint = "a key is written PRIMARY KEY (...) NOT ENFORCED"},
    {.first = "CREATE",
     .found = "UNIQUE",
     .sentence = "UNIQUE is not supported",
     .hint = "a key is written PRIMARY KEY (...) NOT ENFORCED"},
    {.first = "CREATE",
     .found = "DEFAULT",
     .sentence = "DEFAULT is not supported",
     .hint = "write the value in the query of the INSERT, as in COALESCE(x, 0)"},
    {.first = "CREATE",
     .found = "GENERATED",
     .sentence = "GENERATED is not supported",
     .hint = "a computed column is written: name AS expression"},

    /* ALTER, DROP */
    {.first = "ALTER",
     .found = "ADD",
     .sentence = "ALTER TABLE ... ADD is not supported",
     .hint = DROP_AND_CREATE},
    {.first = "ALTER",
     .found = "DROP",
     .sentence = "ALTER TABLE ... DROP is not supported",
     .hint = DROP_AND_CREATE},
    {.first = "ALTER",
     .found = "MODIFY",
     .sentence = "ALTER TABLE ... MODIFY is not supported",
     .hint = DROP_AND_CREATE},
    {.first = "ALTER",
     .found = "PARTITION",
     .sentence = "ALTER TABLE ... PARTITION is not supported",
     .hint = DROP_AND_CREATE},
    {.first = "ALTER",
     .found = "COMPACT",
     .sentence = "ALTER TABLE ... COMPACT is not supported",
     .hint = "leave the statement out"},
    {.first = "ALTER",
     .previous = "RENAME",
     .next = "TO",
     .back = 1,
     .sentence = "columns cannot be renamed",
     .hint = DROP_AND_CREATE},
    {.first = "ALTER",
     .found = "CATALOG",
     .tokens_max = 2,
     .sentence = "ALTER CATALOG is not supported",
     .hint = ONE_CATALOG},
    {.first = "ALTER",
     .found = "DATABASE",
     .tokens_max = 2,
     .sentence = "ALTER DATABASE is not supported",
     .hint = ONE_CATALOG},
    {.first = "ALTER",
     .found = "FUNCTION",
     .tokens_max = 3,
     .sentence = "ALTER FUNCTION is not supported",
     .hint = "write CREATE OR REPLACE FUNCTION"},
    {.first = "ALTER",
     .found = "TEMPORARY",
     .tokens_max = 2,
     .sentence = "ALTER FUNCTION is not supported",
     .hint = "write CREATE OR REPLACE FUNCTION"},
    {.first = "ALTER",
     .found = "MATERIALIZED",
     .tokens_max = 2,
     .sentence = "ALTER MATERIALIZED TABLE is not supported: there are no materialized tables"},
    {.first = "ALTER",
     .found = "MODEL",
     .tokens_max = 2,
     .sentence = "ALTER MODEL is not supported: there are no models"},
    {.first = "ALTER",
     .found = "PUMP",
     .tokens_max = 2,
     .sentence = "ALTER PUMP is not supported",
     .hint = PUMPS_RUN},
    {.first = "ALTER",
     .found = "STREAM",
     .tokens_max = 2,
     .sentence = "ALTER STREAM is not supported",
     .hint = "write CREATE OR REPLACE STREAM"},
    {.first = "DROP",
     .found = "CATALOG",
     .tokens_max = 3,
     .sentence = "DROP CATALOG is not supported",
     .hint = ONE_CATALOG},
    {.first = "DROP",
     .found = "DATABASE",
     .tokens_max = 3,
     .sentence = "DROP DATABASE is not supported",
     .hint = ONE_CATALOG},
    {.first = "DROP",
     .found = "MATERIALIZED",
     .tokens_max = 3,
     .sentence = "DROP MATERIALIZED TABLE is not supported: there are no materialized tables"},
    {.first = "DROP",
     .found = "MODEL",
     .tokens_max = 3,
     .sentence = "DROP MODEL is not supported: there are no models"},
    {.first = "DROP",
     .found = "PUMP",
     .tokens_max = 3,
     .sentence = "DROP PUMP is not supported",
     .hint = "leave out its CREATE PUMP, or write CREATE OR REPLACE PUMP"},
    {.first = "DROP",
     .found = "STREAM",
     .tokens_max = 3,
     .sentence = "DROP STREAM is not supported",
     .hint = "leave out its CREATE STREAM, or write CREATE OR REPLACE STREAM"},
    {.first = "DROP",
     .found = "SCHEMA",
     .tokens_max = 3,
     .sentence = "DROP SCHEMA is not supported",
     .hint = ONE_SCHEMA},

    {.first = "SET",
     .found = "SCHEMA",
     .tokens_max = 2,
     .sentence = "SET SCHEMA is not supported",
     .hint = ONE_SCHEMA},

    /* SHOW, DESCRIBE, USE */
    {.first = "SHOW",
     .previous = "CREATE",
     .found = "CATALOG",
     .sentence = "SHOW CREATE CATALOG is not supported",
     .hint = "SHOW CREATE TABLE and SHOW CREATE VIEW are"},
    {.first = "SHOW",
     .previous = "CREATE",
     .found = "FUNCTION",
     .sentence = "SHOW CREATE FUNCTION is not supported",
     .hint = "SHOW CREATE TABLE and SHOW CREATE VIEW are"},
    {.first = "SHOW",
     .previous = "CREATE",
     .found = "MODEL",
     .sentence = "SHOW CREATE MODEL is not supported: there are no models"},
    {.first = "SHOW",
     .found = "CONNECTIONS",
     .tokens_max = 2,
     .sentence = "SHOW CONNECTIONS is not supported: a table has its options to itself",
     .hint = "SHOW CREATE TABLE tells them"},
    {.first = "SHOW",
     .found = "FULL",
     .tokens_max = 2,
     .sentence = "SHOW FULL MODULES is not supported: there are no modules",
     .hint = "SHOW FUNCTIONS lists all functions"},
    {.first = "SHOW",
     .found = "JARS",
     .tokens_max = 2,
     .sentence = "SHOW JARS is not supported: nothing here runs on the JVM"},
    {.first = "SHOW",
     .found = "JOBS",
     .tokens_max = 2,
     .sentence = "SHOW JOBS is not supported: a process runs the one job of its script"},
    {.first = "SHOW",
     .found = "MATERIALIZED",
     .tokens_max = 2,
     .sentence = "SHOW MATERIALIZED TABLES is not supported: there are no materialized tables"},
    {.first = "SHOW",
     .found = "MODELS",
     .tokens_max = 2,
     .sentence = "SHOW MODELS is not supported: there are no models"},
    {.first = "SHOW",
     .found = "MODULES",
     .tokens_max = 2,
     .sentence = "SHOW MODULES is not supported: there are no modules",
     .hint = "SHOW FUNCTIONS lists all functions"},
    {.first = "SHOW",
     .found = "PARTITIONS",
     .tokens_max = 2,
     .sentence = "SHOW PARTITIONS is not supported",
     .hint = "SELECT DISTINCT lists the values of the columns of PARTITIONED BY"},
    {.first = "SHOW",
     .found = "PROCEDURES",
     .tokens_max = 2,
     .sentence = "SHOW PROCEDURES is not supported: there are no procedures"},
    {.first = "SHOW",
     .found = "SCHEMAS",
     .tokens_max = 2,
     .sentence = "SHOW SCHEMAS is not supported",
     .hint = "SHOW DATABASES is"},
    {.first = "DESCRIBE",
     .previous = "CATALOG",
     .back = 1,
     .sentence = "DESCRIBE CATALOG is not supported",
     .hint = "DESCRIBE describes a table or a view"},
    {.first = "DESC",
     .previous = "CATALOG",
     .back = 1,
     .sentence = "DESC CATALOG is not supported",
     .hint = "DESC describes a table or a view"},
    {.first = "DESCRIBE",
     .previous = "DATABASE",
     .back = 1,
     .sentence = "DESCRIBE DATABASE is not supported",
     .hint = "DESCRIBE describes a table or a view"},
    {.first = "DESC",
     .previous = "DATABASE",
     .back = 1,
     .sentence = "DESC DATABASE is not supported",
     .hint = "DESC describes a table or a view"},
    {.first = "DESCRIBE",
     .previous = "FUNCTION",
     .back = 1,
     .sentence = "DESCRIBE FUNCTION is not supported",
     .hint = "`weir functions NAME` describes a function"},
    {.first = "DESC",
     .previous = "FUNCTION",
     .back = 1,
     .sentence = "DESC FUNCTION is not supported",
     .hint = "`weir functions NAME` describes a function"},
    {.first = "DESCRIBE",
     .previous = "JOB",
     .back = 1,
     .sentence = "DESCRIBE JOB is not supported: a process runs the one job of its script"},
    {.first = "DESC",
     .previous = "JOB",
     .back = 1,
     .sentence = "DESC JOB is not supported: a process runs the one job of its script"},
    {.first = "DESCRIBE",
     .previous = "MODEL",
     .back = 1,
     .sentence = "DESCRIBE MODEL is not supported: there are no models"},
    {.first = "USE",
     .previous = "MODULES",
     .back = 1,
     .sentence = "USE MODULES is not supported: all functions are always there",
     .hint = "leave the statement out"},

    /* clauses */
    {.within = "PATTERN",
     .previous = "PERMUTE",
     .found = "(",
     .back = 1,
     .sentence = "PERMUTE is not supported",
     .hint = ONE_VARIABLE},
    {.within = "PATTERN",
     .found = "(",
     .sentence = "groups in PATTERN are not supported",
     .hint = ONE_VARIABLE},
    {.within = "PATTERN",
     .found = "{",
     .next = "-",
     .sentence = "exclusion, {- -}, is not supported",
     .hint = "measures of the other variables leave the rows of this one out"},
    {.within = "PATTERN",
     .previous = "{",
     .found = "-",
     .back = 1,
     .sentence = "exclusion, {- -}, is not supported",
     .hint = "measures of the other variables leave the rows of this one out"},
    {.within = "MATCH_RECOGNIZE",
     .found = "ALL",
     .next = "ROWS",
     .sentence = "ALL ROWS PER MATCH is not supported: a match gives one row",
     .hint = "MEASURES say what it tells: FIRST(A.x), LAST(A.x), COUNT(*) ..."},
    {.within = "MATCH_RECOGNIZE",
     .found = "SUBSET",
     .sentence = "SUBSET is not supported",
     .hint = "name each variable, or none: columns without a variable mean the rows of all"},
    {.within = "MATCH_RECOGNIZE",
     .previous = "FINAL",
     .back = 1,
     .sentence = "FINAL is not supported",
     .hint = FINAL_MEASURES},
    {.within = "MATCH_RECOGNIZE",
     .previous = "RUNNING",
     .back = 1,
     .sentence = "RUNNING is not supported",
     .hint = FINAL_MEASURES},
    {.previous = "WINDOWED",
     .found = "BY",
     .back = 1,
     .sentence = "WINDOWED BY is only supported with STAGGER",
     .hint = "a tumbling window is GROUP BY STEP(s.ROWTIME BY INTERVAL '1' MINUTE), a sliding one "
             "OVER (RANGE INTERVAL '1' MINUTE PRECEDING)"},
    {.found = "PIVOT",
     .sentence = "PIVOT is not supported",
     .hint = "write an aggregate for each new column: SUM(x) FILTER (WHERE y = 'a') AS a"},
    {.found = "UNPIVOT",
     .sentence = "UNPIVOT is not supported",
     .hint = "write CROSS JOIN UNNEST(MAP['a', a, 'b', b]) AS t(name, value)"},
    {.found = "TABLESAMPLE",
     .sentence = "TABLESAMPLE is not supported",
     .hint = "WHERE RAND() < 0.01 keeps about one row in a hundred"},
    {.previous = "EMIT",
     .found = "CHANGES",
     .back = 1,
     .sentence = "EMIT CHANGES is not needed here",
     .hint = EMIT_CHANGES_HINT},
    {.previous = "EMIT",
     .found = "FINAL",
     .back = 1,
     .sentence = "EMIT is written in another way here",
     .hint = EMIT_HINT},
    {.previous = "EMIT",
     .found = "AFTER",
     .back = 1,
     .sentence = "EMIT is written in another way here",
     .hint = EMIT_HINT},
    {.previous = "EMIT",
     .found = "STREAM",
     .back = 1,
     .sentence = "EMIT is written in another way here",
     .hint = EMIT_HINT},
    {.previous = "EMIT",
     .found = "WITH",
     .back = 1,
     .sentence = "EMIT is written in another way here",
     .hint = EMIT_HINT},
    {.previous = "EMIT",
     .found = "WITHOUT",
     .back = 1,
     .sentence = "EMIT is written in another way here",
     .hint = EMIT_HINT},
    {.found = "EMIT",
     .sentence = "EMIT cannot stand here",
     .hint = "it stands behind GROUP BY, HAVING and QUALIFY, and before ORDER BY"},
    {.first = "INSERT",
     .found = "ON",
     .next = "CONFLICT",
     .sentence = "ON CONFLICT is not supported",
     .hint = CHANGES_IN_PLACE},
    {.found = "RETURNING",
     .first = "INSERT",
     .sentence = "RETURNING is not supported: an INSERT has no result"},
    {.previous = "RECURSIVE",
     .before = "WITH",
     .back = 1,
     .sentence = "WITH RECURSIVE is not supported",
     .hint = "a query of WITH can only read those before it"},
    {.previous = "CROSS",
     .found = "APPLY",
     .sentence = "CROSS APPLY is not supported",
     .hint = "write CROSS JOIN LATERAL"},
    {.previous = "OUTER",
     .found = "APPLY",
     .sentence = "OUTER APPLY is not supported",
     .hint = "write LEFT JOIN LATERAL ... ON TRUE"},
    {.found = "SEMI",
     .next = "JOIN",
     .sentence = "SEMI JOIN is not supported",
     .hint = NO_SEMI_JOIN},
    {.found = "ANTI",
     .next = "JOIN",
     .sentence = "ANTI JOIN is not supported",
     .hint = NO_SEMI_JOIN},
    {.before = "EXCEPT",
     .previous = "(",
     .back = 2,
     .sentence = "* EXCEPT (columns) is not supported",
     .hint = "name the columns that are wanted"},
    {.before = "*",
     .previous = "REPLACE",
     .found = "(",
     .back = 1,
     .sentence = "* REPLACE (columns) is not supported",
     .hint = "name the columns that are wanted"},
    {.before = "ANY",
     .previous = "(",
     .found = "SELECT",
     .back = 2,
     .sentence = "ANY (query) is not supported",
     .hint = NO_QUANTIFIER},
    {.before = "SOME",
     .previous = "(",
     .found = "SELECT",
     .back = 2,
     .sentence = "SOME (query) is not supported",
     .hint = NO_QUANTIFIER},
    {.found = "ALL",
     .next = "(",
     .sentence = "ALL (query) is not supported",
     .hint = NO_QUANTIFIER},
    {.found = "ORDER",
     .next = "BY",
     .in_call = true,
     .sentence = "ORDER BY among the arguments of a function is not supported",
     .hint = "the function takes the rows as they come"},
    {.found = "RLIKE",
     .sentence = "RLIKE is not supported as an operator",
     .hint = "write REGEXP(text, pattern)"},
    {.found = "REGEXP",
     .sentence = "REGEXP is not supported as an operator",
     .hint = "write REGEXP(text, pattern)"},
    {.found = "ILIKE",
     .sentence = "ILIKE is not supported as an operator",
     .hint = "write LOWER(text) LIKE LOWER(pattern)"},
    {.previous = "MINUS",
     .found = "SELECT",
     .back = 1,
     .sentence = "MINUS is not supported",
     .hint = "its other name is EXCEPT"},
    {.previous = "BY",
     .found = "DISTINCT",
     .sentence = "GROUP BY DISTINCT is not supported",
     .hint = "leave out the grouping sets that are there twice"},
    {.previous = "IN",
     .found = "UNNEST",
     .sentence = "IN UNNEST is not supported",
     .hint = "write ARRAY_CONTAINS(array, value)"},
    {.found = "FORMAT", .next = "JSON", .sentence = "FORMAT JSON is not supported"},
    {.previous = "UESCAPE",
     .back = 1,
     .sentence = "UESCAPE cannot stand here",
     .hint = "it stands behind U&'...', and names one character: U&'!0041' UESCAPE '!'"},
    {.found = "MULTISET",
     .next = "[",
     .sentence = "MULTISET[...] is not supported",
     .hint = "the aggregate COLLECT makes a multiset"},
    {.before = "SELECT",
     .previous = "TOP",
     .back = 1,
     .sentence = "TOP is not supported",
     .hint = "write LIMIT at the end of the query"},
    {.found = "CONNECT", .next = "BY", .sentence = "CONNECT BY is not supported"},
    {.before = "LIMIT",
     .found = ",",
     .back = 2,
     .sentence = "LIMIT offset, count is not supported",
     .hint = "write LIMIT count OFFSET offset"},
};

static bool refuse_is(const struct wr_parser *parser, struct wr_token token, const char *word)
{
  return !word || (token.span.length == strlen(word) &&
                   strncasecmp(parser->text + token.span.offset, word, token.span.length) == 0);
}

/* The word before an open bracket, the innermost one or one further out; length 0: none. */
static struct wr_span refuse_bracket_word(const struct wr_parser *parser, uint32_t further_out)
{
  const struct wr_track *track = &parser->track;
  if (track->bracket_count <= further_out || track->bracket_count > WR_TRACK_BRACKETS)
    return (struct wr_span){0};
  uint32_t end = track->brackets[track->bracket_count - 1 - further_out];
  if (parser->text[end] != '(')
    return (struct wr_span){0};
  while (end > 0 && strchr(" \t\r\n\f\v", parser->text[end - 1]))
    end--;
  uint32_t begin = end;
  while (begin > 0 && (isalnum((unsigned char)parser->text[begin - 1]) ||
                       parser->text[begin - 1] == '_' || parser->text[begin - 1] == '`'))
    begin--;
  return (struct wr_span){begin, end - begin};
}

/* Among the arguments of what is called by a name. */
static bool refuse_is_in_call(const struct wr_parser *parser)
{
  struct wr_span word = refuse_bracket_word(parser, 0);
  return word.length > 0 && !wr_keyword_find(parser->text + word.offset, word.length);
}

static bool refuse_is_bracket_of(const struct wr_parser *parser, uint32_t further_out,
                                 const char *word)
{
  struct wr_span before = refuse_bracket_word(parser, further_out);
  return before.length > 0 && refuse_is(parser, (struct wr_token){0, before}, word);
}

/* In the brackets of MATCH_RECOGNIZE, or of PATTERN in them. */
static bool refuse_is_within(const struct wr_parser *parser, uint32_t further_out, const char *word)
{
  return refuse_is_bracket_of(parser, further_out, word) &&
         (strcmp(word, "PATTERN") != 0 ||
          refuse_is_bracket_of(parser, further_out + 1, "MATCH_RECOGNIZE"));
}

bool wr_refuse_sign(struct wr_parser *parser, struct wr_span sign)
{
  char first = parser->text[sign.offset];
  if (sign.length != 1 || !refuse_is_within(parser, 0, "PATTERN"))
    return false;
  if (first == '|')
    wr_parser_fail(parser, WR_UNSUPPORTED, sign,
                   "alternatives in PATTERN, A | B, are not supported");
  else if (first == '^' || first == '$')
    wr_parser_fail(parser, WR_UNSUPPORTED, sign,
                   "the anchors of a partition, ^ and $, are not supported: a stream has no end");
  else
    return false;
  if (first == '|')
    wr_parser_hint(parser, sign, "let one variable take the rows of both: DEFINE A AS a OR b");
  else
    wr_parser_hint(parser, sign, "leave them out: a match may begin with any row");
  return true;
}

static bool refuse_matches(const struct wr_parser *parser, const struct refusal *row)
{
  uint32_t position = wr_track_position(parser);
  if (row->tokens_max > 0 && position > row->tokens_max)
    return false;
  if (row->first && row->first[0] == '\0' && position != 1)
    return false;
  if (row->first && row->first[0] != '\0' && !refuse_is(parser, parser->track.first, row->first))
    return false;
  if (row->in_call && !refuse_is_in_call(parser))
    return false;
  /* a bracket that was found is the innermost one itself */
  if (row->within && !refuse_is_within(parser, parser->last.kind == '(', row->within))
    return false;
  return refuse_is(parser, parser->last, row->found) &&
         refuse_is(parser, parser->previous, row->previous) &&
         refuse_is(parser, parser->before, row->before) &&
         wr_complaint_follows(parser, parser->last.span, row->next);
}

bool wr_refuse(struct wr_parser *parser)
{
  for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
    const struct refusal *row = &refusals[i];
    if (!refuse_matches(parser, row))
      continue;
    struct wr_token at = row->back == 0   ? parser->last
                         : row->back == 1 ? parser->previous
                                          : parser->before;
    wr_parser_fail(parser, WR_UNSUPPORTED, at.span, "%s", row->sentence);
    if (row->hint)
      wr_parser_hint(parser, at.span, "%s", row->hint);
    return true;
  }
  return false;
}
