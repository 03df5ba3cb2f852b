/* SPDX-License-Identifier: Apache-2.0 */
/* \? and \h: what can be typed. Of each statement its forms, one per line. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "cli/shell.h"

static const char help_commands[] =
    "statements end with ; and may go over several lines; TAB completes, Ctrl-R searches backwards\n"
    "\n"
    "  \\d [NAME]          tables and views, or one of them with columns, key, watermark, options\n"
    "  \\dc [NAME]         connectors, or the options of one\n"
    "  \\df [NAME]         functions, or one of them\n"
    "  \\h [STATEMENT]     how a statement is written\n"
    "  \\i FILE            runs the statements of a file\n"
    "  \\e                 edits the statement before with $VISUAL or $EDITOR, and runs it\n"
    "  \\w FILE            writes all that was declared and set here, as a script for weir run\n"
    "  \\o [FILE]          results go to a file; without one: here again\n"
    "  \\x [on|off]        a line per column instead of a line per row\n"
    "  \\timing [on|off]   how long each statement takes\n"
    "  \\set [NAME VALUE]  format (auto, table, json, csv), expanded, output, timing\n"
    "  \\q                 leaves; so do QUIT; EXIT; and Ctrl-D\n"
    "\n"
    "  SELECT ...;         runs until its input ends or Ctrl-C; the shell goes on\n"
    "  INSERT INTO ...;    the same; after SET 'table.dml-sync' = 'false' in the background:\n"
    "  SHOW JOBS;          and STOP JOB 'id' [WITH DRAIN];\n"
    "  SET;                all settings. 'sql-client.execution.result-mode' is\n"
    "                      table (as it is now), changelog (each change) or tableau\n";

static const struct help_topic {
  const char *name, *help;
} topics[] = {
    {"ALTER TABLE", "ALTER TABLE [IF EXISTS] name RENAME TO new_name\n"
                    "ALTER TABLE [IF EXISTS] name SET ('key' = 'value', ...)\n"
                    "ALTER TABLE [IF EXISTS] name RESET ('key', ...)\n"},
    {"ALTER VIEW", "ALTER VIEW name RENAME TO new_name\n"
                   "ALTER VIEW name AS query\n"},
    {"CLEAR", "CLEAR                 clears the terminal\n"},
    {"CREATE FUNCTION",
     "CREATE [OR REPLACE] [TEMPORARY] FUNCTION [IF NOT EXISTS] name (argument type, ...)\n"
     "  RETURNS type AS expression\n"},
    {"CREATE TABLE",
     "CREATE [TEMPORARY] TABLE [IF NOT EXISTS] name (\n"
     "  column type [NOT NULL] [PRIMARY KEY NOT ENFORCED] [COMMENT 'text'],\n"
     "  column type METADATA [FROM 'key'] [VIRTUAL],\n"
     "  column AS expression,\n"
     "  WATERMARK FOR time_column AS time_column - INTERVAL '5' SECOND,\n"
     "  PRIMARY KEY (column, ...) NOT ENFORCED\n"
     ") [COMMENT 'text'] [PARTITIONED BY (column, ...)]\n"
     "WITH ('connector' = '...', 'format' = '...', 'key' = 'value', ...)\n"
     "[LIKE table [(INCLUDING ALL | EXCLUDING OPTIONS ...)]] [AS query]\n"
     "\n"
     "\\dc lists the connectors; weir discover prints one for a file, topic or stream\n"},
    {"CREATE VIEW", "CREATE [OR REPLACE] [TEMPORARY] VIEW [IF NOT EXISTS] name [(column, ...)] AS "
                    "query\n"},
    {"DESCRIBE", "DESCRIBE name\nDESC name\n"},
    {"DROP", "DROP [TEMPORARY] TABLE | VIEW | FUNCTION [IF EXISTS] name\n"},
    {"EXECUTE STATEMENT SET",
     "EXECUTE STATEMENT SET BEGIN\n  INSERT INTO ...;\n  INSERT INTO ...;\nEND\n"
     "\n"
     "all of them are one job, which reads each of its tables once\n"},
    {"EXPLAIN", "EXPLAIN [CHANGELOG_MODE | JSON_EXECUTION_PLAN] query | INSERT ... | STATEMENT SET "
                "BEGIN ... END\n"
                "EXPLAIN ANALYZE query        runs it, and shows where rows and time went\n"},
    {"INSERT", "INSERT INTO name [(column, ...)] query\n"
               "INSERT INTO name [(column, ...)] VALUES (value, ...), ...\n"},
    {"QUIT", "QUIT                  leaves the shell; so does EXIT\n"},
    {"RESET", "RESET                 forgets all settings of this shell\nRESET 'key'\n"},
    {"SELECT",
     "SELECT [DISTINCT] expression [AS name], ... | *\n"
     "FROM table | view | (query) | TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE))\n"
     "  [[LEFT | RIGHT | FULL] JOIN table [FOR SYSTEM_TIME AS OF time] [AS name] ON condition]\n"
     "  [MATCH_RECOGNIZE (PARTITION BY ... ORDER BY time MEASURES ... PATTERN (A B+ C) DEFINE ...)]\n"
     "[WHERE condition]\n"
     "[GROUP BY window_start, window_end, column, ...] [HAVING condition]\n"
     "[QUALIFY condition] [ORDER BY column [ASC | DESC], ...] [LIMIT count]\n"
     "query UNION [ALL] | EXCEPT | INTERSECT query\n"
     "\n"
     "windows: TUMBLE, HOP, CUMULATE, SESSION; WITH name AS (query), ... may stand in front\n"},
    {"SET", "SET                   shows all settings\nSET 'key' = 'value'\n"},
    {"SHOW", "SHOW TABLES | VIEWS | [USER] FUNCTIONS [[NOT] LIKE 'pattern']\n"
             "SHOW COLUMNS FROM name [[NOT] LIKE 'pattern']\n"
             "SHOW CREATE TABLE | VIEW name\n"
             "SHOW JOBS\n"},
    {"STOP JOB", "STOP JOB 'id' [WITH DRAIN]   DRAIN: open windows give their results first\n"},
    {"USE", "USE default_database  there is one catalogue with one database\n"},
};
enum { TOPIC_COUNT = sizeof topics / sizeof *topics };

const char *wr_shell_help_topic(uint32_t number)
{
  return number < TOPIC_COUNT ? topics[number].name : NULL;
}

void wr_shell_print_help(FILE *file)
{
  fputs(help_commands, file);
  fflush(file);
}

/* Statements whose name begins so. */
enum wr_shell_verdict wr_shell_print_statement_help(FILE *file, const char *statement)
{
  const char *names[TOPIC_COUNT];
  size_t length = strlen(statement);
  int found = 0;
  for (int t = 0; t < TOPIC_COUNT; t++) {
    names[t] = topics[t].name;
    if (length == 0)
      fprintf(file, "  \\h %s\n", topics[t].name);
    else if (strncasecmp(topics[t].name, statement, length) == 0)
      fprintf(file, "%s%s", found++ ? "\n" : "", topics[t].help);
  }
  fflush(file);
  if (found || length == 0)
    return WR_SHELL_GO;
  char upper[32];
  for (length = 0; statement[length] && length < sizeof upper - 1; length++)
    upper[length] = (char)toupper((unsigned char)statement[length]);
  upper[length] = '\0';
  const char *nearest = wr_nearest(upper, names, TOPIC_COUNT);
  return nearest
             ? wr_shell_complain("there is no statement %s; did you mean %s?", statement, nearest)
             : wr_shell_complain("there is no statement %s; \\h lists them", statement);
}
