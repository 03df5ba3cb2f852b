/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A discovery as the input schema of Kinesis Data Analytics for SQL: flat columns with the paths of
 * their values. Members of objects become columns of their own, arrays one of text. Types are wider
 * than its own discovery chose them, which narrowed numbers to what the sample had.
 */
#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#include "discover/discover.h"
#include "text/json_write.h"

#define SCHEMA_NAME_MAX   100
#define SCHEMA_COLUMNS    1000
#define SCHEMA_LENGTH_MIN 4
#define SCHEMA_LENGTH_MAX 65535

/* Its reserved words: no column has such a name. A blank on both sides of each. */
static const char schema_reserved[] =
    " ABS ALL ALLOCATE ALLOW ALTER ANALYZE AND ANY APPROXIMATE_ARRIVAL_TIME ARE ARRAY AS "
    "ASENSITIVE ASYMMETRIC AT ATOMIC AUTHORIZATION AVG BEGIN BETWEEN BIGINT BINARY BIT BLOB "
    "BOOLEAN BOTH BY CALL CALLED CARDINALITY CASCADED CASE CAST CEIL CEILING CHAR CHARACTER "
    "CHARACTER_LENGTH CHAR_LENGTH CHECK CHECKPOINT CLOB CLOSE CLUSTERED COALESCE COLLATE "
    "COLLECT COLUMN COMMIT CONDITION CONNECT CONSTRAINT CONVERT CORR CORRESPONDING COUNT "
    "COVAR_POP COVAR_SAMP CREATE CROSS CUBE CUME_DIST CURRENT CURRENT_CATALOG CURRENT_DATE "
    "CURRENT_DEFAULT_TRANSFORM_GROUP CURRENT_PATH CURRENT_ROLE CURRENT_SCHEMA CURRENT_TIME "
    "CURRENT_TIMESTAMP CURRENT_TRANSFORM_GROUP_FOR_TYPE CURRENT_USER CURSOR CYCLE DATE DAY "
    "DEALLOCATE DEC DECIMAL DECLARE DEFAULT DELETE DENSE_RANK DEREF DESCRIBE DETERMINISTIC "
    "DISALLOW DISCONNECT DISTINCT DOUBLE DROP DYNAMIC EACH ELEMENT ELSE END END-EXEC ESCAPE "
    "EVERY EXCEPT EXEC EXECUTE EXISTS EXP EXPLAIN EXP_AVG EXTERNAL EXTRACT FALSE FETCH "
    "FILTER FIRST_VALUE FLOAT FLOOR FOR FOREIGN FREE FROM FULL FUNCTION FUSION GET GLOBAL "
    "GRANT GROUP GROUPING HAVING HOLD HOUR IDENTITY IGNORE IMPORT IN INDICATOR INITCAP INNER "
    "INOUT INSENSITIVE INSERT INT INTEGER INTERSECT INTERSECTION INTERVAL INTO IS JOIN "
    "LANGUAGE LARGE LAST_VALUE LATERAL LEADING LEFT LIKE LIMIT LN LOCAL LOCALTIME "
    "LOCALTIMESTAMP LOWER MATCH MAX MEMBER MERGE METHOD MIN MINUTE MOD MODIFIES MODULE MONTH "
    "MULTISET NATIONAL NATURAL NCHAR NCLOB NEW NO NODE NONE NORMALIZE NOT NTH_VALUE NULL "
    "NULLIF NUMERIC OCTET_LENGTH OF OLD ON ONLY OPEN OR ORDER OUT OUTER OVER OVERLAPS "
    "OVERLAY PARAMETER PARTITION PARTITION_ID PARTITION_KEY PERCENTILE_CONT PERCENTILE_DISC "
    "PERCENT_RANK POSITION POWER PRECISION PREPARE PRIMARY PROCEDURE RANGE RANK READS REAL "
    "RECURSIVE REF REFERENCES REFERENCING REGR_AVGX REGR_AVGY REGR_COUNT REGR_INTERCEPT "
    "REGR_R REGR_SLOPE REGR_SXX REGR_SXY RELEASE RESPECT RESULT RETURN RETURNS REVOKE RIGHT "
    "ROLLBACK ROLLUP ROW ROWS ROWTIME ROW_NUMBER SAVEPOINT SCOPE SCROLL SEARCH SECOND SELECT "
    "SENSITIVE SEQUENCE_NUMBER SESSION_USER SET SHARD_ID SIMILAR SMALLINT SOME SORT SPECIFIC "
    "SQL SQLEXCEPTION SQLSTATE SQLWARNING SQRT START STATIC STDDEV STDDEV_POP STDDEV_SAMP "
    "STOP STREAM SUBMULTISET SUBSTRING SUM SYMMETRIC SYSTEM SYSTEM_USER TABLE TABLESAMPLE "
    "THEN TIME TIMESTAMP TIMEZONE_HOUR TIMEZONE_MINUTE TINYINT TO TRAILING TRANSLATE "
    "TRANSLATION TREAT TRIGGER TRIM TRUE TRUNCATE UESCAPE UNION UNIQUE UNKNOWN UNNEST UPDATE "
    "UPPER USER USING VALUE VALUES VARBINARY VARCHAR VARYING VAR_POP VAR_SAMP WHEN WHENEVER "
    "WHERE WIDTH_BUCKET WINDOW WITH WITHIN WITHOUT YEAR ";

struct schema_printer {
  const struct wr_discovery *found;
  struct wr_arena *arena;
  struct wr_buffer *out;
  const char *names[SCHEMA_COLUMNS];
  uint32_t count;
};

static bool schema_is_reserved(const char *name)
{
  char word[SCHEMA_NAME_MAX + 3] = " ";
  size_t length = 1;
  for (; *name && length < sizeof word - 2; name++)
    word[length++] = (char)toupper((unsigned char)*name);
  word[length++] = ' ';
  word[length] = '\0';
  return strstr(schema_reserved, word) != NULL;
}

static bool schema_has(const struct schema_printer *self, const char *name)
{
  for (uint32_t i = 0; i < self->count; i++)
    if (strcasecmp(self->names[i], name) == 0)
      return true;
  return false;
}

/* Letters, digits and underlines, not a word of the language; else COL_ and what is left of it. */
static const char *schema_name(struct schema_printer *self, struct wr_slice name)
{
  char legal[SCHEMA_NAME_MAX + 1];
  uint32_t length = 0;
  for (uint32_t i = 0; i < name.length && length < SCHEMA_NAME_MAX - 8; i++)
    if (isalnum((unsigned char)name.bytes[i]) || name.bytes[i] == '_')
      legal[length++] = name.bytes[i];
  legal[length] = '\0';
  bool is_same = length == name.length && length && !isdigit((unsigned char)*legal) &&
                 !schema_is_reserved(legal);
  const char *base = is_same  ? wr_arena_print(self->arena, "%s", legal)
                     : length ? wr_arena_print(self->arena, "COL_%s", legal)
                              : wr_arena_print(self->arena, "COL_%u", self->count);
  const char *made = base;
  for (unsigned n = 2; schema_has(self, made); n++)
    made = wr_arena_print(self->arena, "%s_%u", base, n);
  return self->names[self->count++] = made;
}

/* The power of two that has room for twice the longest. */
static unsigned schema_length(const struct wr_shape *shape)
{
  uint64_t length = SCHEMA_LENGTH_MIN;
  while (length < 2 * (uint64_t)shape->length_max)
    length *= 2;
  return length > SCHEMA_LENGTH_MAX ? SCHEMA_LENGTH_MAX : (unsigned)length;
}

static void schema_put_type(const struct schema_printer *self, const struct wr_shape *shape)
{
  enum wr_look look = wr_shape_look(shape);
  const char *type = NULL;
  switch (self->found->format == WR_DISCOVERED_LINES ? WR_LOOK_TEXT : look) {
  case WR_LOOK_BOOLEAN: type = "BOOLEAN"; break;
  case WR_LOOK_INTEGER: type = shape->is_beyond_bigint ? NULL : "BIGINT"; break;
  case WR_LOOK_NUMBER: type = "DOUBLE"; break;
  case WR_LOOK_DATE: type = "DATE"; break;
  case WR_LOOK_TIME: type = "TIME"; break;
  case WR_LOOK_TIMESTAMP:
  case WR_LOOK_ZONED: type = "TIMESTAMP"; break;
  default: break;
  }
  if (type)
    wr_buffer_put_string(self->out, type);
  else
    wr_buffer_print(self->out, "VARCHAR(%u)", schema_length(shape));
}

/* .name, or ['any name'] */
static const char *schema_path(struct schema_printer *self, const char *path, struct wr_slice name)
{
  bool is_plain = name.length > 0;
  for (uint32_t i = 0; i < name.length; i++)
    is_plain = is_plain && (isalnum((unsigned char)name.bytes[i]) || strchr("_-@", name.bytes[i]));
  return wr_arena_print(self->arena, is_plain ? "%s.%.*s" : "%s['%.*s']", path, (int)name.length,
                        name.bytes);
}

static void schema_put_column(struct schema_printer *self, const struct wr_shape *shape,
                              const char *path)
{
  wr_buffer_put_string(self->out, self->count ? ",\n" : "\n");
  wr_buffer_put_string(self->out, "    {\"Name\": \"");
  wr_buffer_put_string(self->out, schema_name(self, shape->name));
  wr_buffer_put_string(self->out, "\", \"SqlType\": \"");
  schema_put_type(self, shape);
  wr_buffer_put_char(self->out, '"');
  if (path) {
    wr_buffer_put_string(self->out, ", \"Mapping\": ");
    wr_json_write_string(self->out, path, strlen(path));
  }
  wr_buffer_put_char(self->out, '}');
}

static void schema_put_members(struct schema_printer *self, const struct wr_shape *shape,
                               const char *path)
{
  for (uint32_t i = 0; i < shape->member_count && self->count < SCHEMA_COLUMNS; i++) {
    const struct wr_shape *member = shape->members[i];
    enum wr_look look = wr_shape_look(member);
    const char *below = schema_path(self, path, member->name);
    if (look == WR_LOOK_OBJECT && !wr_shape_is_map(member)) {
      schema_put_members(self, member, below);
      continue;
    }
    if (look == WR_LOOK_ARRAY)
      below = wr_arena_print(self->arena, "%s[0:]", below);
    schema_put_column(self, member, below);
  }
}

static void schema_put_format(const struct schema_printer *self)
{
  const struct wr_discovery *found = self->found;
  const char *rows = found->has_crlf ? "\r\n" : "\n";
  if (found->format == WR_DISCOVERED_JSON) {
    wr_buffer_put_string(self->out, "  \"RecordFormat\": {\n"
                                    "    \"RecordFormatType\": \"JSON\",\n"
                                    "    \"MappingParameters\": {\"JSONMappingParameters\": "
                                    "{\"RecordRowPath\": \"$\"}}\n"
                                    "  },\n");
    return;
  }
  wr_buffer_put_string(
      self->out, "  \"RecordFormat\": {\n"
                 "    \"RecordFormatType\": \"CSV\",\n"
                 "    \"MappingParameters\": {\"CSVMappingParameters\": {\"RecordRowDelimiter\": ");
  wr_json_write_string(self->out, rows, strlen(rows));
  wr_buffer_put_string(self->out, ", \"RecordColumnDelimiter\": ");
  wr_json_write_string(self->out, &found->delimiter, 1);
  wr_buffer_put_string(self->out, "}}\n  },\n");
}

void wr_discover_put_schema(const struct wr_discovery *found, struct wr_arena *arena,
                            struct wr_buffer *out)
{
  struct schema_printer *self = wr_arena_get_zero(arena, sizeof *self);
  self->found = found;
  self->arena = arena;
  self->out = out;
  wr_buffer_put_string(out, "{\n");
  schema_put_format(self);
  wr_buffer_put_string(out, "  \"RecordEncoding\": \"UTF-8\",\n  \"RecordColumns\": [");
  if (found->format == WR_DISCOVERED_JSON)
    schema_put_members(self, found->columns, "$");
  for (uint32_t i = 0; found->format != WR_DISCOVERED_JSON && i < found->columns->member_count &&
                       self->count < SCHEMA_COLUMNS;
       i++)
    schema_put_column(self, found->columns->members[i], NULL);
  wr_buffer_put_string(out, "\n  ]\n}\n");
}
