/* SPDX-License-Identifier: Apache-2.0 */
/* SQL as it may be shown: what is secret never gets through, whatever surrounds it. */
#include <string.h>

#include "planner/redact.h"
#include "tests/unit/check.h"

static const struct {
  const char *text, *shown; /* shown NULL: as it is */
} rows[] = {
    {"", NULL},
    {"SELECT page FROM clicks WHERE page = '/cart'", NULL},
    {"WITH ('connector' = 'kafka', 'format'='json')", NULL},
    {"'properties.bootstrap.servers' = 'a:1'", NULL},
    {"'fields.page.length' = '3', 'rows-per-second' = '5'", NULL},
    {"SET 'parallelism.default' = '4';", NULL},
    {"'properties.sasl.password' = 'x'", "'properties.sasl.password' = '******'"},
    {"'properties.sasl.password'='x''y', 'format' = 'json'",
     "'properties.sasl.password'='******', 'format' = 'json'"},
    {"'properties.sasl.password'\n =\t'x'", "'properties.sasl.password'\n =\t'******'"},
    {"'properties.security.protocol' = 'SSL'", NULL},
    {"'properties.sasl.jaas.config' = 'x'", "'properties.sasl.jaas.config' = '******'"},
    {"'properties.ssl.key.password' = ''", "'properties.ssl.key.password' = '******'"},
    {"'nobody.knows' = 'x'", "'nobody.knows' = '******'"},
    {"SET 'my.secret' = 'x';", "SET 'my.secret' = '******';"},
    {"-- 'properties.sasl.password' = 'x'\nSELECT 1",
     "-- 'properties.sasl.password' = '******'\nSELECT 1"},
    {"-- don't\n'properties.sasl.password' = 'x'",
     "-- don't\n'properties.sasl.password' = '******'"},
    {"/* isn't */ 'properties.sasl.password' = 'x'",
     "/* isn't */ 'properties.sasl.password' = '******'"},
    {"/* 'properties.sasl.password' = 'x' */ SELECT 'it''s'",
     "/* 'properties.sasl.password' = '******' */ SELECT 'it''s'"},
    {"// don't\n'properties.sasl.password' = 'x'",
     "// don't\n'properties.sasl.password' = '******'"},
    {"SELECT 1;\n  // 'properties.sasl.password' = 'x'\n'my.secret' = 'y'",
     "SELECT 1;\n  // 'properties.sasl.password' = '******'\n'my.secret' = '******'"},
    {"'path' = 'http://x', 'my.secret' = 'y'", "'path' = 'http://x', 'my.secret' = '******'"},
    {"\"it's\" INT) WITH ('properties.sasl.password' = 'x')",
     "\"it's\" INT) WITH ('properties.sasl.password' = '******')"},
    {"/*+ OPTIONS('properties.sasl.password' = 'x') */",
     "/*+ OPTIONS('properties.sasl.password' = '******') */"},
    {"`it's` 'properties.sasl.password' = 'x'", "`it's` 'properties.sasl.password' = '******'"},
    {"SELECT 'a', 'properties.sasl.password' = 'x'",
     "SELECT 'a', 'properties.sasl.password' = '******'"},
    {"'properties.sasl.password' = 'never ends", "'properties.sasl.password' = '******'"},
    {"'never ends = 'x", NULL},
    {"'properties.sasl.password' =", NULL},
    {"'properties.sasl.password' = -- here\n 'x'",
     "'properties.sasl.password' = -- here\n '******'"},
    {"'properties.sasl.password' /* of */ = 'x'", "'properties.sasl.password' /* of */ = '******'"},
};

static void secrets_are_hidden(void)
{
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_arena arena = {0};
    const char *shown = wr_sql_redact(&arena, rows[i].text, strlen(rows[i].text));
    const char *expected = rows[i].shown ? rows[i].shown : rows[i].text;
    WR_CHECK(strcmp(shown, expected) == 0, "%s\n  is  %s", rows[i].text, shown);
    wr_arena_free(&arena);
  }
}

static void long_keys_are_hidden(void)
{
  struct wr_arena arena = {0};
  char text[600] = "'";
  memset(text + 1, 'k', 400);
  strncat(text, "' = 'x'", sizeof text - strlen(text) - 1);
  CU_ASSERT_PTR_NOT_NULL(strstr(wr_sql_redact(&arena, text, strlen(text)), "kk' = '******'"));
  wr_arena_free(&arena);
}

static const struct wr_test tests[] = {
    {"secrets", secrets_are_hidden},
    {"long_keys", long_keys_are_hidden},
    {NULL, NULL},
};

const struct wr_suite wr_suite_redact = {"redact", tests};
