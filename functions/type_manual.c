/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the manual are here; which casts there are is asked of the table that binding uses.
 */
#include "functions/type_manual.h"

#include <assert.h>
#include <strings.h>

static const struct wr_type_row type_rows[] = {
    {WR_BOOLEAN, "BOOLEAN", "BOOLEAN", "1 byte", "TRUE, FALSE", "true, false"},
    {WR_TINYINT, "TINYINT", "TINYINT", "1 byte", "-128 to 127", "number"},
    {WR_SMALLINT, "SMALLINT", "SMALLINT", "2 bytes", "-32768 to 32767", "number"},
    {WR_INT, "INT", "INT, INTEGER", "4 bytes", "-2147483648 to 2147483647", "number"},
    {WR_BIGINT, "BIGINT", "BIGINT", "8 bytes", "-9223372036854775808 to 9223372036854775807",
     "number, all digits"},
    {WR_FLOAT, "FLOAT", "FLOAT, REAL", "4 bytes", "IEEE 754, about 7 digits",
     "the shortest number that reads back the same"},
    {WR_DOUBLE, "DOUBLE", "DOUBLE, DOUBLE PRECISION", "8 bytes", "IEEE 754, about 16 digits",
     "the shortest number that reads back the same"},
    {WR_DECIMAL, "DECIMAL", "DECIMAL(p, s), DEC, NUMERIC", "8 bytes up to 18 digits, 16 above",
     "p digits from 1 to 38, s of them behind the point; (10, 0) if not said",
     "number, all digits"},
    {WR_CHAR, "CHAR", "CHAR(n)", "16 bytes and what goes beyond 12", "n characters of UTF-8",
     "text"},
    {WR_VARCHAR, "VARCHAR", "VARCHAR(n), STRING", "16 bytes and what goes beyond 12",
     "at most n characters of UTF-8", "text"},
    {WR_BINARY, "BINARY", "BINARY(n)", "16 bytes and what goes beyond 12", "n bytes", "Base64"},
    {WR_VARBINARY, "VARBINARY", "VARBINARY(n), BYTES", "16 bytes and what goes beyond 12",
     "at most n bytes", "Base64"},
    {WR_DATE, "DATE", "DATE", "4 bytes", "0001-01-01 to 9999-12-31", "\"2026-01-02\""},
    {WR_TIME, "TIME", "TIME(p)", "8 bytes", "00:00:00 to 23:59:59.999999", "\"03:04:05\""},
    {WR_TIMESTAMP, "TIMESTAMP", "TIMESTAMP(p)", "8 bytes",
     "date and time of day without a zone, in microseconds: digits 7 to 9 are zeros",
     "\"2026-01-02 03:04:05.678\""},
    {WR_TIMESTAMP_LTZ, "TIMESTAMP_LTZ", "TIMESTAMP_LTZ(p)", "8 bytes",
     "a moment, shown in the time zone of the session, in microseconds: digits 7 to 9 are zeros",
     "\"2026-01-02 03:04:05.678Z\""},
    {WR_INTERVAL_MONTH, "INTERVAL YEAR TO MONTH", "INTERVAL YEAR TO MONTH", "4 bytes", "months",
     "number of months"},
    {WR_INTERVAL_SECOND, "INTERVAL DAY TO SECOND", "INTERVAL DAY TO SECOND", "8 bytes",
     "microseconds", "number of milliseconds"},
    {WR_ARRAY, "ARRAY", "ARRAY<type>", "packed bytes", "items of one type, counted from 1",
     "array"},
    {WR_MAP, "MAP", "MAP<key type, value type>", "packed bytes", "each key once", "object"},
    {WR_MULTISET, "MULTISET", "MULTISET<type>", "packed bytes", "each element with its count",
     "object of counts"},
    {WR_ROW, "ROW", "ROW<name type, ...>", "its fields side by side", "fields with names",
     "object"},
};
#define TYPE_ROW_COUNT (sizeof type_rows / sizeof *type_rows)
static_assert(TYPE_ROW_COUNT == WR_KIND_COUNT - 1, "a row for every kind but NULL");

const struct wr_type_row *wr_type_row_find(const char *name)
{
  static const struct {
    const char *name;
    enum wr_kind kind;
  } others[] = {{"STRING", WR_VARCHAR},
                {"BYTES", WR_VARBINARY},
                {"INTEGER", WR_INT},
                {"REAL", WR_FLOAT},
                {"DEC", WR_DECIMAL},
                {"NUMERIC", WR_DECIMAL},
                {"DOUBLE PRECISION", WR_DOUBLE}};
  for (uint32_t i = 0; i < TYPE_ROW_COUNT; i++) {
    if (strcasecmp(type_rows[i].name, name) == 0)
      return &type_rows[i];
  }
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    if (strcasecmp(others[i].name, name) == 0)
      return &type_rows[others[i].kind - WR_BOOLEAN];
  }
  return NULL;
}

const char *wr_cast_rule_word(enum wr_cast_rule rule)
{
  static const char *const words[] = {[WR_CAST_NEVER] = "",
                                      [WR_CAST_EXPLICIT] = "cast",
                                      [WR_CAST_ASSIGN] = "insert",
                                      [WR_CAST_IMPLICIT] = "itself"};
  return words[rule];
}

static const char type_notes[] =
    "* **itself**: wherever a value of the other type is wanted. **insert**: also by INSERT.\n"
    "  **cast**: only when CAST is written. Nothing: not at all.\n"
    "* A value that does not fit rejects the row; TRY_CAST gives NULL instead.\n"
    "* Towards an integer fractions are cut off, towards DECIMAL they are rounded half up, digits\n"
    "  behind the second are cut off.\n"
    "* Text is read without the blanks around it; towards an integer, what stands behind a decimal\n"
    "  point is cut off: `1.9` is 1. Towards VARCHAR(n) it is cut, towards CHAR(n) also filled up\n"
    "  with blanks; BINARY(n) is filled up with zero bytes. VARCHAR and VARBINARY without a length\n"
    "  are STRING and BYTES; CHAR and BINARY have 1. Bytes that become text have to be UTF-8.\n"
    "* Two numbers meet in the wider type; FLOAT and an integer in FLOAT, FLOAT and DECIMAL in\n"
    "  DOUBLE.\n"
    "* A TIME becomes a TIMESTAMP of 1970-01-01. An INTERVAL YEAR TO MONTH is a number of months,\n"
    "  an INTERVAL DAY TO SECOND one of milliseconds.\n"
    "* ARRAY, MAP, MULTISET and ROW are cast part by part, ROW by position, each part by its own\n"
    "  rule; the strictest decides. Text of them is `[1, 2]`, `{a=1, b=NULL}`, `(1, x)`.\n";

void wr_type_manual_markdown(struct wr_buffer *out)
{
  wr_buffer_put_string(out, "| type | in memory | values | in JSON |\n|---|---|---|---|\n");
  for (uint32_t i = 0; i < TYPE_ROW_COUNT; i++)
    wr_buffer_print(out, "| `%s` | %s | %s | %s |\n", type_rows[i].written, type_rows[i].storage,
                    type_rows[i].range, type_rows[i].json);
  wr_buffer_put_string(out, "\n## Casts\n\nFrom (rows) to (columns):\n\n| |");
  for (uint32_t i = 0; i < TYPE_ROW_COUNT; i++)
    wr_buffer_print(out, " %s |", type_rows[i].name);
  wr_buffer_put_string(out, "\n|---|");
  for (uint32_t i = 0; i < TYPE_ROW_COUNT; i++)
    wr_buffer_put_string(out, "---|");
  for (uint32_t i = 0; i < TYPE_ROW_COUNT; i++) {
    wr_buffer_print(out, "\n| %s |", type_rows[i].name);
    for (uint32_t k = 0; k < TYPE_ROW_COUNT; k++)
      wr_buffer_print(out, " %s |",
                      wr_cast_rule_word(wr_cast_rule(type_rows[i].kind, type_rows[k].kind)));
  }
  wr_buffer_put_string(out, "\n\n");
  wr_buffer_put_string(out, type_notes);
}

void wr_type_manual_list(struct wr_buffer *out)
{
  for (uint32_t i = 0; i < TYPE_ROW_COUNT; i++)
    wr_buffer_print(out, "  %-28s %s\n", type_rows[i].written, type_rows[i].range);
}

/* The names of those it is cast from or to by a rule, on a line. */
static void manual_casts(const struct wr_type_row *row, bool from, enum wr_cast_rule rule,
                         struct wr_buffer *out)
{
  uint32_t count = 0;
  for (uint32_t i = 0; i < TYPE_ROW_COUNT; i++) {
    const struct wr_type_row *other = &type_rows[i];
    if (other == row ||
        wr_cast_rule(from ? other->kind : row->kind, from ? row->kind : other->kind) != rule)
      continue;
    if (count++ == 0)
      wr_buffer_print(out, "  %s, %s: ", from ? "from" : "to", wr_cast_rule_word(rule));
    else
      wr_buffer_put_string(out, ", ");
    wr_buffer_put_string(out, other->name);
  }
  if (count)
    wr_buffer_put_char(out, '\n');
}

void wr_type_manual_show(const struct wr_type_row *row, struct wr_buffer *out)
{
  wr_buffer_print(out, "%s\n  values:    %s\n  in memory: %s\n  in JSON:   %s\n", row->written,
                  row->range, row->storage, row->json);
  for (uint32_t from = 0; from < 2; from++) {
    for (int rule = WR_CAST_IMPLICIT; rule > WR_CAST_NEVER; rule--)
      manual_casts(row, from, (enum wr_cast_rule)rule, out);
  }
}
