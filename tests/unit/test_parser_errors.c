/* SPDX-License-Identifier: Apache-2.0 */
/* What the parser says when it cannot read a text: the code, the place, the sentence and the hint;
 * and its limits. */
#include "parser/parser.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "parser/keyword.h"
#include "tests/unit/check.h"

struct error_case {
  const char *sql, *place; /* line:column+width */
  const char *message;     /* the sentence */
  const char *hint;        /* or "" */
};

static const struct error_case found_and_expected[] = {
    {"SELECT a FROM t WHERE", "1:22+1", "the text ends here, expected an expression", ""},
    {"SELECT a FROM\n t GROUP a", "2:10+1", "found \"a\", expected BY", ""},
    {"SELECT (1 + 2 FROM t", "1:15+4", "found \"FROM\", expected \",\", \")\" or an operator",
     "the bracket in column 8 is not closed"},
    {"SELECT CASE WHEN a THEN b", "1:26+1",
     "the text ends here, expected ELSE, END, WHEN or an operator", ""},
    {"SELECT INTERVAL '5' FOO", "1:21+3", "found \"FOO\", expected a unit such as DAY or SECOND",
     ""},
    {"INSERT t SELECT 1", "1:8+1", "found \"t\", expected INTO or OVERWRITE", ""},
    {"INSERT INTO t", "1:14+1", "the text ends here, expected a query or PARTITION", ""},
    {"CREATE TABLE t (a, b INT)", "1:18+1", "found \",\", expected a type or AS", ""},
    {"CREATE TABLE t (a INT) WITH ('k' 'v')", "1:34+3", "found 'v', expected \"=\"", ""},
    {"SELECT a WHERE b = 1 WHERE c = 2", "1:22+5",
     "found \"WHERE\", expected GROUP, HAVING, ORDER, LIMIT, EXCEPT, FETCH ...",
     "clauses come once, in the order SELECT, FROM, WHERE, GROUP BY, HAVING, WINDOW, QUALIFY, "
     "EMIT, ORDER BY, LIMIT"},
    {"FROM t SELECT a", "1:1+4",
     "found \"FROM\", expected a statement such as SELECT, INSERT or CREATE TABLE",
     "clauses come once, in the order SELECT, FROM, WHERE, GROUP BY, HAVING, WINDOW, QUALIFY, "
     "EMIT, ORDER BY, LIMIT"},
    {"SELECT a, COUNT(*) FROM t GROUP BY a EMIT ON WINDOW CLOSE", "1:46+6",
     "found \"WINDOW\", expected CHANGE", ""},
    {"SELECT a FROM (SELECT 1) t)", "1:27+1",
     "found \")\", expected \",\", JOIN, WHERE, GROUP, HAVING, ORDER ...",
     "no bracket is open here"},
    {"SELECT 1 /*+ X */", "1:10+3",
     "found \"/*+\", expected a name, \",\", AS, FROM, WHERE, GROUP ...",
     "a hint stands right behind the name of a table or behind SELECT"},
    {"SELECT f(a FROM b)", "1:12+4", "found \"FROM\", expected \",\" or \")\"",
     "f takes its arguments separated by commas"},
    {"CREATE TABLE t LIKE s (INCLUDING PONIES)", "1:34+6",
     "found \"PONIES\", expected ALL, CONSTRAINTS, DISTRIBUTION, GENERATED, METADATA, OPTIONS, "
     "PARTITIONS or WATERMARKS",
     ""},
    {"SELECT INTERVAL '1' SECOND TO DAY", "1:21+13",
     "an interval goes from YEAR TO MONTH, or from DAY, HOUR or MINUTE to a finer unit down to "
     "SECOND",
     ""},
    {"SELECT MAP['a', 1, 'b']", "1:8+16", "MAP[key, value, ...] needs pairs, but has 3 entries",
     ""},
    {"SELECT CAST(a AS CHAR(99999999999))", "1:23+11",
     "the number 99999999999 is too large here; at most 2147483647", ""},
};

static const struct error_case guesses[] = {
    {"SELECT * FORM t", "1:10+4",
     "found \"FORM\", expected \",\", FROM, WHERE, GROUP, HAVING, ORDER ...", "did you mean FROM?"},
    {"SELECT a FORM t", "1:15+1",
     "found \"t\", expected \",\", FROM, WHERE, GROUP, HAVING, ORDER ...",
     "did you mean FROM where \"FORM\" stands?"},
    {"SELECT a FROM t WHER x = 1", "1:22+1",
     "found \"x\", expected \",\", JOIN, WHERE, GROUP, HAVING, ORDER ...",
     "did you mean WHERE where \"WHER\" stands?"},
    {"SELCT 1", "1:1+5",
     "found \"SELCT\", expected a statement such as SELECT, INSERT or CREATE TABLE",
     "did you mean SELECT?"},
    {"CREATE TABL t (a INT)", "1:8+4",
     "found \"TABL\", expected OR, TABLE, FUNCTION, TEMPORARY, VIEW, PUMP or STREAM",
     "did you mean TABLE?"},
    {"INSERT INTO t VALUE (1)", "1:15+5", "found \"VALUE\", expected a query or PARTITION",
     "did you mean VALUES?"},
    {"SELECT a, FROM t", "1:11+4", "found \"FROM\", expected an expression or \"*\"",
     "is there a comma too many before it?"},
    {"CREATE TABLE t (a INT,)", "1:23+1", "found \")\", expected a name, CONSTRAINT or PRIMARY",
     "is there a comma too many before it?"},
    {"CREATE TABLE t (a INT) WITH (\"k\" = 'v')", "1:30+3",
     "found \"k\", expected \")\" or a string",
     "a string stands in '...'; other quotes make a name"},
    {"SELECT a AS 'b'", "1:13+3", "found 'b', expected a name",
     "a name stands in `...`; '...' makes a string"},
    {"SELECT INTERVAL 5 DAY", "1:17+1", "found \"5\", expected a string, \"-\" or \"+\"",
     "the value stands in quotes: INTERVAL '5'"},
};

static const struct error_case reserved_words[] = {
    {"CREATE TABLE t (a INT, timestamp TIMESTAMP(3))", "1:24+9",
     "TIMESTAMP is a reserved word; write it as `timestamp`", ""},
    {"CREATE TABLE t (from INT)", "1:17+4", "FROM is a reserved word; write it as `from`", ""},
    {"SELECT a AS order FROM t", "1:13+5", "ORDER is a reserved word; write it as `order`", ""},
    {"SELECT 1 FROM user.table", "1:20+5", "TABLE is a reserved word; write it as `table`", ""},
    {"SELECT partition FROM t", "1:8+9",
     "found \"partition\", expected an expression, ALL, DISTINCT or \"*\"",
     "PARTITION is a reserved word; as a name write it as `partition`"},
    {"SELECT date FROM t", "1:13+4", "found \"FROM\", expected a string",
     "DATE is a reserved word; as a name write it as `date`"},
    {"SELECT a timestamp FROM t", "1:10+9",
     "found \"timestamp\", expected a name, \",\", AS, FROM, WHERE, GROUP ...",
     "TIMESTAMP is a reserved word; as a name write it as `timestamp`"},
};

static const struct error_case bad_tokens[] = {
    {"SELECT 'abc", "1:8+1", "a string begins here and does not end; expected '", ""},
    {"SELECT\n `abc", "2:2+1", "a quoted name begins here and does not end; expected `", ""},
    {"SELECT /* abc", "1:8+2", "a comment begins here and does not end; expected */", ""},
    {"SELECT ``", "1:8+2", "a quoted name is empty", ""},
    {"SELECT X'abc'", "1:8+6", "X'...' needs an even number of hex digits", ""},
    {"SELECT U&'\\D800'", "1:8+9",
     "the string has a wrong escape; U&'...' knows \\XXXX, \\+XXXXXX (hex digits of a Unicode "
     "character) and \\\\",
     ""},
    {"SELECT 1abc", "1:8+4", "a number runs into a name: \"1abc\"",
     "a name that begins with a digit stands in quotes: `1abc`"},
    {"SELECT a == b", "1:10+2", "the characters == have no meaning here", "to compare use ="},
    {"SELECT a ? b", "1:10+1", "the character ? has no meaning here",
     "parameters are not supported; write the value"},
    {"SELECT \x01", "1:8+1", "the control character 0x01 has no meaning here", ""},
    {"SELECT 'ä', “x”", "1:13+1", "the character “ (U+201C) has no meaning here",
     "these are typographic quotes; a string stands in '...', a name in `...`"},
    {"SELECT\xC2\xA0"
     "1",
     "1:7+1", "the character \xC2\xA0 (U+00A0) has no meaning here",
     "this is a no-break space; write a plain one"},
    {"SELECT 'a\xFF'", "1:10+1", "the SQL text is not UTF-8: byte 0xFF", "save the file as UTF-8"},
    {"SELECT '\xED\xA0\x80'", "1:9+1", "the SQL text is not UTF-8: byte 0xED",
     "save the file as UTF-8"},
    {"SELECT '\xC0\xAF'", "1:9+1", "the SQL text is not UTF-8: byte 0xC0",
     "save the file as UTF-8"},
};

static const struct error_case advices[] = {
    {"SELECT f(a b)", "1:12+1", "found \"b\", expected \",\", \")\" or an operator",
     "is a comma missing before it?"},
    {"SELECT f(a, b", "1:14+1", "the text ends here, expected \",\", \")\" or an operator",
     "the bracket in column 9 is not closed"},
    {"CREATE TABLE t (a INT b STRING)", "1:23+1",
     "found \"b\", expected \",\", \")\", CONSTRAINT, NOT, NULL, PRIMARY ...",
     "is a comma missing before it?"},
    {"CREATE TABLE t (a INT, b STRING WITH ('a'='b'))", "1:33+4",
     "found \"WITH\", expected \",\", \")\", CONSTRAINT, NOT, NULL, PRIMARY ...",
     "the bracket in column 16 is not closed"},
    {"CREATE TABLE t (a INT,\n  b STRING;", "2:11+1",
     "found \";\", expected \",\", \")\", CONSTRAINT, NOT, NULL, PRIMARY ...",
     "the bracket in line 1, column 16 is not closed"},
    {"CREATE TABLE t (a INT)) WITH ('a'='b')", "1:23+1",
     "found \")\", expected AS, LIKE, WITH, COMMENT, PARTITIONED or the end of the statement",
     "no bracket is open here"},
    {"SELECT a[1 FROM t", "1:12+4", "found \"FROM\", expected \"]\" or an operator",
     "the bracket in column 9 is not closed"},
    {"SELECT 'it's here', b FROM t", "1:14+4",
     "found \"here\", expected \",\", FROM, WHERE, GROUP, HAVING, ORDER ...",
     "is a closing ' missing before s? Inside of quotes it is written twice: ''"},
    {"CREATE TABLE t (a INT) WITH ('a' = 'kafka, 'topic' = 'x')", "1:45+5",
     "found \"topic\", expected \",\" or \")\"",
     "is a closing ' missing before topic? Inside of quotes it is written twice: ''"},
    {"SET table.exec = 5", "1:5+5",
     "found \"table\", expected a string or the end of the statement",
     "write it in quotes: 'table'"},
    {"CREATE TABLE t (a INT) WITH (connector = 'kafka')", "1:30+9",
     "found \"connector\", expected \")\" or a string", "write it in quotes: 'connector'"},
    {"CREATE TABLE t (a INT) WITH ('a' = 'b' 'c' = 'd')", "1:40+3",
     "found 'c', expected \",\" or \")\"", "is a comma missing before it?"},
    {"CREATE TABLE t (a INT) WITH ('n' = 5)", "1:36+1", "found \"5\", expected a string",
     "write it in quotes: '5'"},
    {"CREATE TABLE t (a INT) PARTITION BY (a)", "1:24+9",
     "found \"PARTITION\", expected AS, LIKE, WITH, COMMENT, PARTITIONED or the end of the "
     "statement",
     "did you mean PARTITIONED BY?"},
    {"CREATE FUNCTION f(a INT) RETURN INT AS a + 1", "1:26+6", "found \"RETURN\", expected RETURNS",
     "did you mean RETURNS?"},
    {"SELECT a FROM t LIMIT 10 WHERE b", "1:26+5",
     "found \"WHERE\", expected OFFSET, an operator or the end of the statement",
     "clauses come once, in the order SELECT, FROM, WHERE, GROUP BY, HAVING, WINDOW, QUALIFY, "
     "EMIT, ORDER BY, LIMIT"},
    {"SELECT a FROM t JOIN u WHERE x = y", "1:24+5",
     "found \"WHERE\", expected a name, AS, ON, FOR, USING or \"(\"",
     "a join needs ON condition or USING (columns)"},
    {"SELECT a FROM t JOIN u AS v FOR SYSTEM_TIME AS OF b ON a = c", "1:29+3",
     "found \"FOR\", expected ON, USING or \"(\"",
     "FOR SYSTEM_TIME AS OF stands before the alias: t FOR SYSTEM_TIME AS OF time AS a"},
    {"SELECT a FROM t JOIN (SELECT 1) FOR SYSTEM_TIME AS OF b ON a = c", "1:33+3",
     "found \"FOR\", expected a name, AS, ON or USING",
     "FOR SYSTEM_TIME AS OF takes the name of a table or view before it"},
    {"SELECT * FROM t MATCH_RECOGNIZE (ORDER BY a PARTITION BY b PATTERN (A))", "1:45+9",
     "found \"PARTITION\", expected \",\", AFTER, ASC, DESC, MEASURES, NULLS ...",
     "PARTITION BY stands before ORDER BY"},
    {"SELECT * FROM t MATCH_RECOGNIZE (ORDER BY a PATTERN (A) AFTER MATCH SKIP TO NEXT ROW)",
     "1:57+5", "found \"AFTER\", expected \")\", WITHIN or DEFINE",
     "AFTER MATCH stands before PATTERN"},
    {"SELECT * FROM t MATCH_RECOGNIZE (ORDER BY a PATTERN (A) WITHIN 5 SECOND)", "1:66+6",
     "found \"SECOND\", expected \")\", DEFINE or an operator",
     "a length of time begins with the word INTERVAL: WITHIN INTERVAL '5' SECOND"},
    {"SELECT * FROM t MATCH_RECOGNIZE (ORDER BY a ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW "
     "PATERN (A))",
     "1:94+6", "found \"PATERN\", expected PATTERN", "did you mean PATTERN?"},
    {"SELECT a FROM t WHERE b => c", "1:25+2",
     "found \"=>\", expected GROUP, HAVING, ORDER, LIMIT, EXCEPT, FETCH ...",
     "to compare write >=; => stands behind the name of an argument"},
    {"SELECT a FROM t WHERE b =< c", "1:26+1", "found \"<\", expected an expression",
     "the operator is written <="},
    {"SELECT SUM(a) OVER ORDER BY b", "1:20+5", "found \"ORDER\", expected a name or \"(\"",
     "a window stands in brackets: OVER (ORDER BY ...)"},
    {"SELECT * FROM TABLE(TUMBLE(TABLE t DESCRIPTOR(ts), INTERVAL '1' DAY))", "1:36+10",
     "found \"DESCRIPTOR\", expected \",\", \")\", IGNORE or RESPECT",
     "is a comma missing before it?"},
    {"INSERT INTO t (a, b) (1, 2)", "1:23+1", "found \"1\", expected a query",
     "rows stand behind VALUES: VALUES (1, 'a')"},
    {"INSERT INTO TABLE t SELECT 1", "1:13+5", "found \"TABLE\", expected a name",
     "leave the word TABLE out"},
    {"DROP TABLE IF EXIST t", "1:15+5",
     "found \"EXIST\", expected EXISTS or the end of the statement", "did you mean EXISTS?"},
    {"SELECT ARRAY(1, 2)", "1:13+1", "found \"(\", expected \"[\"",
     "an array is written ARRAY[a, b]"},
    {"SELECT DATE(a)", "1:12+1", "found \"(\", expected a string",
     "to convert write CAST(value AS DATE); a literal is written DATE '2026-01-31'"},
    {"SELECT a FROM t\nINSERT INTO u SELECT 1", "2:1+6",
     "found \"INSERT\", expected a name, \",\", AS, JOIN, WHERE, GROUP ...",
     "is a semicolon missing before it?"},
    {"SELECT 1 SELECT 2", "1:10+6",
     "found \"SELECT\", expected a name, \",\", AS, FROM, WHERE, GROUP ...",
     "is a semicolon missing before it?"},
    {"SELECT UPPER('a' VALUE 1)", "1:18+5", "found \"VALUE\", expected \",\" or \")\"",
     "UPPER takes its arguments separated by commas"},
    {"EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1;\nCREATE VIEW v AS SELECT 1", "2:1+6",
     "found \"CREATE\", expected END or INSERT", "is an END; missing before it?"},
};

static const struct error_case clauses_of_calls[] = {
    {"SELECT JSON_VALUE(a, 'x' RETURNING)", "1:35+1", "found \")\", expected a type", ""},
    {"SELECT JSON_VALUE(a, 'x' NULL ON NULL)", "1:26+12", "JSON_VALUE takes no ON NULL", ""},
    {"SELECT JSON_VALUE(a, 'x' EMPTY ARRAY ON EMPTY)", "1:26+20",
     "before ON EMPTY JSON_VALUE knows NULL, ERROR, DEFAULT value", ""},
    {"SELECT JSON_VALUE(a, 'x' NULL ON EMPTY ERROR ON EMPTY)", "1:40+14", "ON EMPTY is given twice",
     ""},
    {"SELECT JSON_EXISTS(a, 'x' TRUE ON EMPTY)", "1:27+13", "JSON_EXISTS takes no ON EMPTY", ""},
    {"SELECT JSON_QUERY(a, 'x' WITH WRAPPER RETURNING INT WITHOUT WRAPPER)", "1:53+15",
     "WRAPPER is given twice", ""},
    {"SELECT JSON_ARRAY(a ERROR ON NULL)", "1:21+13", "ON NULL follows NULL or ABSENT", ""},
    {"SELECT UPPER(a RETURNING INT)", "1:26+3", "UPPER takes no RETURNING", ""},
    {"SELECT COUNT(a) FILTER (WHERE b) FILTER (WHERE c)", "1:34+6", "FILTER is given twice", ""},
    {"SELECT LAG(a IGNORE NULLS) IGNORE NULLS OVER w", "1:28+12",
     "IGNORE or RESPECT NULLS is given twice", ""},
    {"INSERT INTO t PARTITION (a = NULL) SELECT 1", "1:30+4",
     "the value of a partition is a string, a number, a time or a boolean", ""},
};

static const struct error_case later[] = {
    {"ADD JAR 'x'", "1:1+3", "ADD JAR is not supported: nothing here runs on the JVM",
     "functions are written in SQL: CREATE FUNCTION f(a INT) RETURNS INT AS a + 1"},
    {"UPDATE t SET a = 1", "1:1+6",
     "UPDATE is not supported: rows of a stream cannot be changed in place",
     "rows are only written by INSERT INTO; those of a table with a key, such as upsert-kafka, are "
     "replaced and deleted by it when the query's results change"},
    {"DELETE FROM t WHERE a = 1", "1:1+6",
     "DELETE is not supported: rows of a stream cannot be taken out of it",
     "rows are only written by INSERT INTO; those of a table with a key, such as upsert-kafka, are "
     "replaced and deleted by it when the query's results change"},
    {"TRUNCATE TABLE t", "1:1+8",
     "TRUNCATE is not supported: rows of a stream cannot be taken out of it",
     "rows are only written by INSERT INTO; those of a table with a key, such as upsert-kafka, are "
     "replaced and deleted by it when the query's results change"},
    {"MERGE INTO t USING s ON a = b", "1:1+5",
     "MERGE is not supported: rows of a stream cannot be changed in place",
     "rows are only written by INSERT INTO; those of a table with a key, such as upsert-kafka, are "
     "replaced and deleted by it when the query's results change"},
    {"CALL sys.f(1)", "1:1+4", "CALL is not supported: there are no procedures", ""},
    {"LOAD MODULE hive", "1:1+4", "LOAD MODULE is not supported: all functions are always there",
     "leave the statement out"},
    {"STOP JOB 'x'", "1:1+4", "STOP JOB is not supported: a job is stopped from outside",
     "end its process with SIGTERM, or with Ctrl-C"},
    {"EXECUTE PLAN 'x'", "1:9+4", "EXECUTE PLAN is not supported",
     "nothing to do: the plan is made from the SQL whenever it is started"},
    {"EXECUTE IMMEDIATE 'x'", "1:9+9", "EXECUTE is supported only as EXECUTE STATEMENT SET",
     "write the statement itself"},
    {"COMPILE PLAN 'x' FOR INSERT INTO a SELECT 1", "1:1+7", "COMPILE PLAN is not supported",
     "nothing to do: the plan is made from the SQL whenever it is started"},
    {"CREATE CATALOG c WITH ('a'='b')", "1:8+7", "CREATE CATALOG is not supported",
     "leave the statement out; all tables of a script live in one database of one catalog"},
    {"CREATE DATABASE IF NOT EXISTS d", "1:8+8", "CREATE DATABASE is not supported",
     "leave the statement out; all tables of a script live in one database of one catalog"},
    {"CREATE MODEL m", "1:8+5",
     "CREATE MODEL is not supported: there are no functions that call models", ""},
    {"CREATE MATERIALIZED TABLE t AS SELECT 1", "1:8+12",
     "CREATE MATERIALIZED TABLE is not supported",
     "write CREATE TABLE, and an INSERT INTO that keeps it up to date"},
    {"CREATE OR REPLACE FOREIGN STREAM s (a INT) SERVER x", "1:19+7",
     "CREATE FOREIGN STREAM is not supported",
     "a stream with a connector is CREATE STREAM s (...) WITH ('connector' = ...), which needs no "
     "server"},
    {"CREATE SCHEMA s", "1:8+6", "CREATE SCHEMA is not supported",
     "leave the statement out; all tables of a script live in one database of one catalog"},
    {"SET SCHEMA 's'", "1:5+6", "SET SCHEMA is not supported",
     "leave the statement out; all streams and pumps of a script live in one schema"},
    {"ALTER PUMP p START", "1:7+4", "ALTER PUMP is not supported",
     "leave the statement out: all pumps of a script run as long as its job does"},
    {"ALTER STREAM s", "1:7+6", "ALTER STREAM is not supported", "write CREATE OR REPLACE STREAM"},
    {"DROP PUMP p", "1:6+4", "DROP PUMP is not supported",
     "leave out its CREATE PUMP, or write CREATE OR REPLACE PUMP"},
    {"DROP STREAM IF EXISTS s", "1:6+6", "DROP STREAM is not supported",
     "leave out its CREATE STREAM, or write CREATE OR REPLACE STREAM"},
    {"DROP SCHEMA s", "1:6+6", "DROP SCHEMA is not supported",
     "leave the statement out; all streams and pumps of a script live in one schema"},
    {"CREATE OR REPLACE STREAM s AS SELECT 1", "1:28+2", "CREATE STREAM ... AS is not supported",
     "write CREATE STREAM s (...), and CREATE PUMP p AS INSERT INTO s SELECT ..."},
    {"CREATE STREAM IF NOT EXISTS s (a INT)", "1:15+2",
     "CREATE STREAM IF NOT EXISTS is not supported", "write CREATE OR REPLACE STREAM"},
    {"CREATE FUNCTION f() RETURNS INT LANGUAGE JAVA RETURN 1", "1:42+4",
     "a function in another language than SQL is not supported",
     "write it in SQL: CREATE FUNCTION f (a INTEGER) RETURNS INTEGER CONTAINS SQL RETURN a + 1"},
    {"SELECT 1 FROM t WINDOWED BY TUMBLING (RANGE INTERVAL '1' MINUTE)", "1:17+8",
     "WINDOWED BY is only supported with STAGGER",
     "a tumbling window is GROUP BY STEP(s.ROWTIME BY INTERVAL '1' MINUTE), a sliding one OVER "
     "(RANGE INTERVAL '1' MINUTE PRECEDING)"},
    {"SELECT (a, b) STRICTLY LEADS (c, d)", "1:15+14",
     "the predicate STRICTLY LEADS is not supported",
     "compare the bounds of the periods: a.start < b.start AND ..."},
    {"SELECT 'a' UESCAPE '!'", "1:12+7", "UESCAPE cannot stand here",
     "it stands behind U&'...', and names one character: U&'!0041' UESCAPE '!'"},
    {"CREATE TABLE t (a INT) DISTRIBUTED BY (a) INTO 4 BUCKETS", "1:24+11",
     "DISTRIBUTED BY is not supported: no connector has buckets",
     "leave the clause out, or use PARTITIONED BY"},
    {"CREATE TABLE t (a INT, UNIQUE (a))", "1:24+6", "UNIQUE is not supported",
     "a key is written PRIMARY KEY (...) NOT ENFORCED"},
    {"ALTER TABLE t ADD b INT", "1:15+3", "ALTER TABLE ... ADD is not supported",
     "drop the table and create it again as it shall be"},
    {"ALTER TABLE t DROP b", "1:15+4", "ALTER TABLE ... DROP is not supported",
     "drop the table and create it again as it shall be"},
    {"ALTER TABLE t MODIFY (a INT)", "1:15+6", "ALTER TABLE ... MODIFY is not supported",
     "drop the table and create it again as it shall be"},
    {"ALTER TABLE t RENAME a TO b", "1:15+6", "columns cannot be renamed",
     "drop the table and create it again as it shall be"},
    {"ALTER DATABASE d SET ('a'='b')", "1:7+8", "ALTER DATABASE is not supported",
     "leave the statement out; all tables of a script live in one database of one catalog"},
    {"ALTER FUNCTION f AS 'x'", "1:7+8", "ALTER FUNCTION is not supported",
     "write CREATE OR REPLACE FUNCTION"},
    {"DROP DATABASE d", "1:6+8", "DROP DATABASE is not supported",
     "leave the statement out; all tables of a script live in one database of one catalog"},
    {"DROP CATALOG c", "1:6+7", "DROP CATALOG is not supported",
     "leave the statement out; all tables of a script live in one database of one catalog"},
    {"SHOW JOBS", "1:6+4", "SHOW JOBS is not supported: a process runs the one job of its script",
     ""},
    {"SHOW MODULES", "1:6+7", "SHOW MODULES is not supported: there are no modules",
     "SHOW FUNCTIONS lists all functions"},
    {"SHOW FULL MODULES", "1:6+4", "SHOW FULL MODULES is not supported: there are no modules",
     "SHOW FUNCTIONS lists all functions"},
    {"SHOW JARS", "1:6+4", "SHOW JARS is not supported: nothing here runs on the JVM", ""},
    {"SHOW PARTITIONS t", "1:6+10", "SHOW PARTITIONS is not supported",
     "SELECT DISTINCT lists the values of the columns of PARTITIONED BY"},
    {"SHOW PROCEDURES", "1:6+10", "SHOW PROCEDURES is not supported: there are no procedures", ""},
    {"SHOW CREATE CATALOG c", "1:13+7", "SHOW CREATE CATALOG is not supported",
     "SHOW CREATE TABLE and SHOW CREATE VIEW are"},
    {"DESCRIBE DATABASE d", "1:10+8", "DESCRIBE DATABASE is not supported",
     "DESCRIBE describes a table or a view"},
    {"DESC JOB 'x'", "1:6+3", "DESC JOB is not supported: a process runs the one job of its script",
     ""},
    {"USE MODULES a, b", "1:5+7", "USE MODULES is not supported: all functions are always there",
     "leave the statement out"},
    {"SELECT * FROM t PIVOT (SUM(a) FOR b IN ('x'))", "1:17+5", "PIVOT is not supported",
     "write an aggregate for each new column: SUM(x) FILTER (WHERE y = 'a') AS a"},
    {"SELECT * FROM t TABLESAMPLE SYSTEM(5)", "1:17+11", "TABLESAMPLE is not supported",
     "WHERE RAND() < 0.01 keeps about one row in a hundred"},
    {"SELECT a FROM t EMIT CHANGES", "1:17+4", "EMIT CHANGES is not needed here",
     "leave it out: results without a window change as rows come anyway; behind GROUP BY with a "
     "window EMIT ON CHANGE and EMIT EVERY INTERVAL '1' SECOND give early results as updates"},
    {"SELECT a FROM t ORDER BY a EMIT ON CHANGE", "1:28+4", "EMIT cannot stand here",
     "it stands behind GROUP BY, HAVING and QUALIFY, and before ORDER BY"},
    {"INSERT INTO t SELECT a FROM s ON CONFLICT DO NOTHING", "1:31+2",
     "ON CONFLICT is not supported",
     "rows are only written by INSERT INTO; those of a table with a key, such as upsert-kafka, are "
     "replaced and deleted by it when the query's results change"},
    {"INSERT INTO t VALUES (1) ON CONFLICT DO DEDUPLICATE", "1:26+2",
     "ON CONFLICT is not supported",
     "rows are only written by INSERT INTO; those of a table with a key, such as upsert-kafka, are "
     "replaced and deleted by it when the query's results change"},
    {"WITH RECURSIVE a AS (SELECT 1) SELECT 1", "1:6+9", "WITH RECURSIVE is not supported",
     "a query of WITH can only read those before it"},
    {"SELECT * FROM a CROSS APPLY f(x)", "1:23+5", "CROSS APPLY is not supported",
     "write CROSS JOIN LATERAL"},
    {"SELECT * FROM a LEFT SEMI JOIN b ON x = y", "1:22+4", "SEMI JOIN is not supported",
     "write WHERE EXISTS (SELECT * FROM u WHERE u.a = t.a), or NOT EXISTS"},
    {"SELECT * EXCEPT (a) FROM t", "1:10+6", "* EXCEPT (columns) is not supported",
     "name the columns that are wanted"},
    {"SELECT a FROM t WHERE a = ANY (SELECT 1)", "1:27+3", "ANY (query) is not supported",
     "compare with each value, or for = write IN (values) and for <> NOT IN (values); a query that "
     "reads a table cannot be compared with yet"},
    {"SELECT a FROM t WHERE a > ALL (SELECT 1)", "1:27+3", "ALL (query) is not supported",
     "compare with each value, or for = write IN (values) and for <> NOT IN (values); a query that "
     "reads a table cannot be compared with yet"},
    {"SELECT a FROM t WHERE a RLIKE 'x'", "1:25+5", "RLIKE is not supported as an operator",
     "write REGEXP(text, pattern)"},
    {"SELECT a FROM t WHERE a ILIKE 'x'", "1:25+5", "ILIKE is not supported as an operator",
     "write LOWER(text) LIKE LOWER(pattern)"},
    {"SELECT 1 MINUS SELECT 2", "1:10+5", "MINUS is not supported", "its other name is EXCEPT"},
    {"SELECT a FROM t GROUP BY DISTINCT a, b", "1:26+8", "GROUP BY DISTINCT is not supported",
     "leave out the grouping sets that are there twice"},
    {"SELECT a FROM t WHERE a IN UNNEST(b)", "1:28+6", "IN UNNEST is not supported",
     "write ARRAY_CONTAINS(array, value)"},
    {"SELECT TOP 10 a FROM t", "1:8+3", "TOP is not supported",
     "write LIMIT at the end of the query"},
    {"SELECT a FROM t LIMIT 5, 10", "1:17+5", "LIMIT offset, count is not supported",
     "write LIMIT count OFFSET offset"},
    {"COMMIT", "1:1+6", "COMMIT is not supported: a script has no transactions",
     "leave the statement out"},
    {"SELECT JSON_OBJECT('a' VALUE b FORMAT JSON)", "1:32+6", "FORMAT JSON is not supported", ""},
    {"HELP", "1:1+4", "HELP is not supported",
     "this is a command of an interactive client; leave it out"},
    {"EXIT", "1:1+4", "EXIT is not supported",
     "this is a command of an interactive client; leave it out"},
};

static void check_error(const char *sql, size_t length, enum wr_code expected_code,
                        const struct error_case *row)
{
  struct wr_arena arena = {0};
  struct wr_error err;
  struct wr_script *script;
  struct wr_source_place place;
  char shown[64];
  wr_error_clear(&err);
  enum wr_code code = wr_parse(sql, length, &arena, &script, &err);
  WR_CHECK(code == expected_code && err.code == code && !script, "%.80s: code %d", sql, code);
  const char *state = code == WR_SYNTAX ? WR_STATE_SYNTAX_ERROR : WR_STATE_FEATURE_NOT_SUPPORTED;
  WR_CHECK(strcmp(err.state, state) == 0, "%.80s: SQLSTATE %s", sql, err.state);
  wr_source_locate(sql, length, err.span, &place);
  snprintf(shown, sizeof shown, "%u:%u+%u", place.line, place.column, place.width);
  WR_CHECK(strcmp(shown, row->place) == 0, "%.80s: at %s", sql, shown);
  WR_CHECK(strcmp(err.message, row->message) == 0, "%.80s: %s", sql, err.message);
  WR_CHECK(strcmp(err.hint, row->hint) == 0, "%.80s: hint %s", sql, err.hint);
  wr_arena_free(&arena);
}

static void check_errors(const struct error_case *cases, size_t count, enum wr_code code)
{
  for (size_t i = 0; i < count; i++) {
    check_error(cases[i].sql, strlen(cases[i].sql), code, &cases[i]);
  }
}

static void errors_say_what_was_expected(void)
{
  check_errors(found_and_expected, WR_COUNT(found_and_expected), WR_SYNTAX);
}

static void errors_guess_what_was_meant(void)
{
  check_errors(guesses, WR_COUNT(guesses), WR_SYNTAX);
}

static void reserved_words_ask_for_quotes(void)
{
  check_errors(reserved_words, WR_COUNT(reserved_words), WR_SYNTAX);
}

static void bad_tokens_are_placed(void)
{
  check_errors(bad_tokens, WR_COUNT(bad_tokens), WR_SYNTAX);
}

static void hints_say_what_is_missing(void)
{
  check_errors(advices, WR_COUNT(advices), WR_SYNTAX);
}

static void clauses_belong_to_their_functions(void)
{
  check_errors(clauses_of_calls, WR_COUNT(clauses_of_calls), WR_SYNTAX);
}

static void later_constructs_are_named(void)
{
  check_errors(later, WR_COUNT(later), WR_UNSUPPORTED);
}

static void nul_bytes_are_refused(void)
{
  static const struct error_case row = {"", "1:8+1", "the SQL text contains a NUL byte", ""};
  check_error("SELECT \0 1", 10, WR_SYNTAX, &row);
}

/* ---- limits */

static void check_limit(const char *sql, size_t length, const char *limit)
{
  struct wr_arena arena = {0};
  struct wr_error err;
  struct wr_script *script;
  wr_error_clear(&err);
  WR_CHECK(wr_parse(sql, length, &arena, &script, &err) == WR_LIMIT, "%.40s", sql);
  WR_CHECK(strstr(err.message, limit) != NULL, "%.40s: %s", sql, err.message);
  WR_CHECK(strcmp(err.state,
                  strstr(limit, "NESTING") ? WR_STATE_TOO_COMPLEX : WR_STATE_LIMIT_EXCEEDED) == 0,
           "%.40s: SQLSTATE %s", sql, err.state);
  wr_arena_free(&arena);
}

/* `head`, then `piece` over and over, then `tail`. */
static char *text_repeat(const char *head, const char *piece, size_t count, const char *tail,
                         size_t *length)
{
  size_t head_length = strlen(head), piece_length = strlen(piece);
  *length = head_length + piece_length * count + strlen(tail);
  char *text = malloc(*length + 1), *end = text + head_length;
  memcpy(text, head, head_length);
  for (size_t i = 0; i < count; i++, end += piece_length) {
    memcpy(end, piece, piece_length);
  }
  strcpy(end, tail);
  return text;
}

static void check_bomb(const char *head, const char *piece, size_t count, const char *tail,
                       const char *limit)
{
  size_t length;
  char *text = text_repeat(head, piece, count, tail, &length);
  check_limit(text, length, limit);
  free(text);
}

/* Everything that can stand in itself, or that makes a tree higher when it is repeated. */
static void nesting_is_bounded(void)
{
  static const struct {
    const char *head, *piece;
  } rows[] = {
      {"SELECT ", "("},
      {"SELECT ", "f("},
      {"SELECT ", "f(a => "},
      {"SELECT ", "- "},
      {"SELECT ", "NOT "},
      {"SELECT ", "CASE WHEN "},
      {"SELECT ", "CASE a WHEN 1 THEN "},
      {"SELECT ", "CASE WHEN a THEN b ELSE "},
      {"SELECT ", "a + ("},
      {"SELECT ", "a OR a AND NOT a = a + a * ("},
      {"SELECT ", "ARRAY["},
      {"SELECT ", "MAP['a', "},
      {"SELECT ", "ROW("},
      {"SELECT ", "a["},
      {"SELECT ", "(SELECT "},
      {"SELECT ", "CAST("},
      {"SELECT ", "a IN ("},
      {"SELECT ", "a BETWEEN ("},
      {"SELECT ", "EXISTS (SELECT * FROM (SELECT "},
      {"SELECT ", "SUM(a) FILTER (WHERE "},
      {"SELECT ", "SUM(a) OVER (ORDER BY "},
      {"SELECT ", "LISTAGG(a) WITHIN GROUP (ORDER BY "},
      {"SELECT ", "JSON_OBJECT('a' VALUE "},
      {"SELECT ", "JSON_VALUE(a, 'b' DEFAULT "},
      {"SELECT ", "EXTRACT(YEAR FROM "},
      {"SELECT ", "POSITION(a IN b("},
      {"", "("},
      {"", "(SELECT 1 UNION "},
      {"", "WITH a AS ("},
      {"VALUES ", "("},
      {"SELECT * FROM ", "("},
      {"SELECT * FROM ", "(SELECT * FROM "},
      {"SELECT * FROM ", "a JOIN ("},
      {"SELECT * FROM ", "TABLE(f(TABLE (SELECT * FROM "},
      {"SELECT * FROM t GROUP BY ", "GROUPING SETS ("},
      {"SELECT * FROM t GROUP BY ", "ROLLUP("},
      {"CREATE TABLE t (a AS ", "("},
      {"CREATE FUNCTION f() RETURNS INT AS ", "("},
  };
  static const struct {
    const char *head, *piece, *tail, *limit;
  } chains[] = {
      {"SELECT 1", " + 1", "", "WR_SQL_NESTING_MAX"},
      {"SELECT a", " || a", "", "WR_SQL_NESTING_MAX"},
      {"SELECT a", " = a", "", "WR_SQL_NESTING_MAX"},
      {"SELECT a", " IS NULL", "", "WR_SQL_NESTING_MAX"},
      {"SELECT a", " LIKE a", "", "WR_SQL_NESTING_MAX"},
      {"SELECT a", "[1]", "", "WR_SQL_NESTING_MAX"},
      {"SELECT f(a)", ".a", "", "WR_SQL_NESTING_MAX"},
      {"SELECT 1", " EXCEPT SELECT 1", "", "WR_SQL_NESTING_MAX"},
      {"SELECT 1", " INTERSECT SELECT 1", "", "WR_SQL_NESTING_MAX"},
      {"SELECT 1 FROM a", ", a", "", "WR_SQL_NESTING_MAX"},
      {"SELECT 1 FROM a", " JOIN a ON TRUE", "", "WR_SQL_NESTING_MAX"},
      {"SELECT CAST(a AS INT", " ARRAY", ")", "WR_TYPE_NESTING_MAX"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    check_bomb(rows[i].head, rows[i].piece, 50000, "", "WR_SQL_NESTING_MAX");
    check_bomb(rows[i].head, rows[i].piece, WR_SQL_NESTING_MAX * 20, "", "WR_SQL_NESTING_MAX");
  }
  for (size_t i = 0; i < WR_COUNT(chains); i++) {
    check_bomb(chains[i].head, chains[i].piece, WR_SQL_NESTING_MAX, chains[i].tail,
               chains[i].limit);
    check_bomb(chains[i].head, chains[i].piece, 20000, chains[i].tail, chains[i].limit);
  }
  check_bomb("SELECT CAST(a AS ", "ARRAY<", 50000, "", "WR_SQL_NESTING_MAX");
  check_bomb("CREATE TABLE t (a ", "ROW<x ", 50000, "", "WR_SQL_NESTING_MAX");
  check_bomb("CREATE TABLE t (a ", "MAP<INT, ", 50000, "", "WR_SQL_NESTING_MAX");
}

static void nesting_below_the_limit_is_read(void)
{
  size_t length;
  char *sql = text_repeat("SELECT ", "(", WR_SQL_NESTING_MAX - 20, "1", &length);
  size_t open = WR_SQL_NESTING_MAX - 20;
  sql = realloc(sql, length + open + 1);
  memset(sql + length, ')', open);
  struct wr_arena arena = {0};
  struct wr_error err;
  struct wr_script *script;
  WR_CHECK(wr_parse(sql, length + open, &arena, &script, &err) == WR_OK, "%s", err.message);
  wr_arena_free(&arena);
  free(sql);
}

static void sizes_are_bounded(void)
{
  check_bomb("SELECT '", "x", 1 << 20, "'", "WR_SQL_LITERAL_BYTES_MAX");
  check_bomb("SELECT ", "1", 1 << 20, "", "WR_SQL_LITERAL_BYTES_MAX");
  check_bomb("SELECT X'", "00", 1 << 20, "'", "WR_SQL_LITERAL_BYTES_MAX");
  check_bomb("SELECT ", "x", 1 << 20, "", "WR_SQL_NAME_BYTES_MAX");
  check_bomb("SELECT `", "x", WR_SQL_NAME_BYTES_MAX + 1, "`", "WR_SQL_NAME_BYTES_MAX");
  check_bomb("SELECT 1", ",1", WR_SQL_TOKENS_MAX / 2, "", "WR_SQL_TOKENS_MAX");
  check_bomb("--", " ", WR_SQL_BYTES_MAX, "", "WR_SQL_BYTES_MAX");
}

/* ---- places and words */

static void places_count_characters(void)
{
  static const char text[] = "a\r\n\xC3\xA4\xC3\xB6x\n";
  static const struct {
    struct wr_span span;
    uint32_t line, column, width;
    const char *line_text;
  } rows[] = {
      {{0, 1}, 1, 1, 1, "a"},
      {{3, 2}, 2, 1, 1, "\xC3\xA4\xC3\xB6x"},
      {{7, 1}, 2, 3, 1, "\xC3\xA4\xC3\xB6x"},
      {{3, 100}, 2, 1, 3, "\xC3\xA4\xC3\xB6x"},
      {{9, 0}, 3, 1, 1, ""},
      {{1000, 5}, 3, 1, 1, ""},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_source_place place;
    wr_source_locate(text, sizeof text - 1, rows[i].span, &place);
    WR_CHECK(place.line == rows[i].line && place.column == rows[i].column &&
                 place.width == rows[i].width,
             "row %zu: %u:%u+%u", i, place.line, place.column, place.width);
    WR_CHECK(place.line_length == strlen(rows[i].line_text) &&
                 memcmp(place.line_text, rows[i].line_text, place.line_length) == 0,
             "row %zu: %.*s", i, (int)place.line_length, place.line_text);
  }
}

static bool parses(const char *format, const char *word)
{
  char sql[100];
  struct wr_arena arena = {0};
  struct wr_error err;
  struct wr_script *script;
  snprintf(sql, sizeof sql, format, word);
  enum wr_code code = wr_parse(sql, strlen(sql), &arena, &script, &err);
  wr_arena_free(&arena);
  return code == WR_OK;
}

/* The table of keyword.c and the rules free_word and column_word of grammar.y say the same. */
static void keywords_are_names_as_their_kind_says(void)
{
  size_t count;
  const struct wr_keyword *keywords = wr_keyword_list(&count);
  for (size_t i = 0; i < count; i++) {
    const struct wr_keyword *keyword = &keywords[i];
    bool is_free = keyword->kind == WR_KEYWORD_FREE || keyword->kind == WR_KEYWORD_CONTEXT;
    bool is_name = is_free || keyword->kind == WR_KEYWORD_COLUMN;
    WR_CHECK(i == 0 || strcmp(keywords[i - 1].text, keyword->text) < 0, "%s: order", keyword->text);
    WR_CHECK(wr_keyword_find(keyword->text, strlen(keyword->text)) == keyword, "%s", keyword->text);
    WR_CHECK(parses("SELECT 1 AS %s", keyword->text) == is_name, "%s as a name", keyword->text);
    WR_CHECK(parses("CREATE TABLE t (%s INT)", keyword->text) == is_name, "%s as a column",
             keyword->text);
    WR_CHECK(!is_name || parses("SELECT %s + 1 FROM t", keyword->text), "%s as a value",
             keyword->text);
    WR_CHECK(parses("SELECT 1 %s", keyword->text) == is_free, "%s as an alias", keyword->text);
    WR_CHECK(parses("SELECT 1 FROM t %s", keyword->text) == is_free, "%s as a table's alias",
             keyword->text);
    WR_CHECK(parses("SELECT `%s`", keyword->text), "%s in quotes", keyword->text);
  }
  CU_ASSERT_PTR_NULL(wr_keyword_find("SELEC", 5));
  CU_ASSERT_PTR_NOT_NULL(wr_keyword_find("sElEcT", 6));
}

static const struct wr_test tests[] = {
    {"errors_say_what_was_expected", errors_say_what_was_expected},
    {"errors_guess_what_was_meant", errors_guess_what_was_meant},
    {"reserved_words_ask_for_quotes", reserved_words_ask_for_quotes},
    {"bad_tokens_are_placed", bad_tokens_are_placed},
    {"hints_say_what_is_missing", hints_say_what_is_missing},
    {"clauses_belong_to_their_functions", clauses_belong_to_their_functions},
    {"later_constructs_are_named", later_constructs_are_named},
    {"nul_bytes_are_refused", nul_bytes_are_refused},
    {"nesting_is_bounded", nesting_is_bounded},
    {"nesting_below_the_limit_is_read", nesting_below_the_limit_is_read},
    {"sizes_are_bounded", sizes_are_bounded},
    {"places_count_characters", places_count_characters},
    {"keywords_are_names_as_their_kind_says", keywords_are_names_as_their_kind_says},
    {NULL, NULL},
};

const struct wr_suite wr_suite_parser_errors = {"parser_errors", tests};
