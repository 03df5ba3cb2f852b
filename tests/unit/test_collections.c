/* SPDX-License-Identifier: Apache-2.0 */
/* ROW, ARRAY, MAP: making them, reaching into them, comparing and casting them, and their functions
 * at the edges: NULLs, NaN, nothing at all. */
#include <string.h>

#include "tests/unit/express.h"

static void values_are_made(void)
{
  static const struct express_row rows[] = {
      {"ARRAY[i, 2]", "[1, 2]|[0, 2]|[NULL, 2]|[2147483647, 2]|[-7, 2]"},
      {"ARRAY[i, l]", "[1, 10]|[0, 0]|[NULL, NULL]|[2147483647, 9223372036854775807]|[-7, -7]"},
      {"ARRAY[t, 'x']", "[weir, x]|[, x]|[NULL, x]|[a longer text than 12, x]|[\xC3\x84pfel, x]"},
      {"ARRAY[ROW(i, t), ROW(0, 'x')]",
       "[(1, weir), (0, x)]|[(0, ), (0, x)]|[(NULL, NULL), (0, x)]|[(2147483647, a longer text "
       "than 12), (0, x)]|[(-7, \xC3\x84pfel), (0, x)]"},
      {"ARRAY[ARRAY[i], ARRAY[1, NULL]]",
       "[[1], [1, NULL]]|[[0], [1, NULL]]|[[NULL], [1, NULL]]|[[2147483647], [1, NULL]]|[[-7], "
       "[1, NULL]]"},
      {"MAP[i, t, 1, 'one']",
       "{1=one}|{0=, 1=one}|{1=one, NULL=NULL}|{2147483647=a longer text than 12, 1=one}|"
       "{-7=\xC3\x84pfel, 1=one}"},
      {"MAP[ROW(1, 'a'), 1, ROW(1, 'a'), 2]", "{(1, a)=2}"},
      {"ROW(i, ROW(b, t))",
       "(1, (TRUE, weir))|(0, (FALSE, ))|(NULL, (NULL, NULL))|(2147483647, (TRUE, a longer text "
       "than 12))|(-7, (FALSE, \xC3\x84pfel))"},
      {"ROW(1)", "(1)"},
      {"ARRAY[1, 'a']", "! the arguments of ARRAY have no common type: INT and CHAR(1)"},
      {"CAST(ARRAY[] AS ARRAY<INT>)", "[]"},
      {"CARDINALITY(CAST(MAP[] AS MAP<STRING, INT>))", "0"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static void items_are_reached(void)
{
  static const struct express_row rows[] = {
      {"ARRAY[10, 20, 30][i]", "10|NULL|NULL|NULL|NULL"},
      {"ARRAY[t, 'x'][1]", "weir||NULL|a longer text than 12|\xC3\x84pfel"},
      {"ARRAY[t, NULL][2]", "NULL|NULL|NULL|NULL|NULL"},
      {"TYPEOF(CAST(ARRAY[i] AS ARRAY<INT NOT NULL>)[i])", "INT"},
      {"TYPEOF(ELEMENT(CAST(ARRAY[i] AS ARRAY<INT NOT NULL>)))", "INT"},
      {"TYPEOF(ARRAY_MAX(CAST(ARRAY[i] AS ARRAY<INT NOT NULL>)))", "INT"},
      {"ARRAY[m, 1][1]", "1.25|0.00|NULL|99999999.99|-0.05"},
      {"MAP[1, 'one', 0, 'none'][i]", "one|none|NULL|NULL|NULL"},
      {"MAP[1.0, 'one', 0, 'none'][i]", "one|none|NULL|NULL|NULL"},
      {"MAP[t, i]['weir']", "1|NULL|NULL|NULL|NULL"},
      {"ARRAY[ROW(i, t)][1].EXPR$1", "weir||NULL|a longer text than 12|\xC3\x84pfel"},
      {"ARRAY[ROW(i, t)][2].EXPR$1", "NULL|NULL|NULL|NULL|NULL"},
      {"ARRAY[ROW(i, ROW(t, 1))][1].EXPR$1.EXPR$1 + 1", "2|2|2|2|2"},
      {"(ROW(i, t)).EXPR$0", "1|0|NULL|2147483647|-7"},
      {"ARRAY[ROW(1, 'a'), ROW(2, 'b')][2].EXPR$1", "b"},
      {"ARRAY[ARRAY[1, 2], ARRAY[3]][1][2]", "2"},
      {"ARRAY[1][0]", "! the items of an ARRAY count from 1, not 0"},
      {"ARRAY[1]['a']", "! [] cannot be applied to ARRAY<INT>, CHAR(1)"},
      {"i[1]", "! [] cannot be applied to INT, INT"},
      {"(ROW(i)).nothing", "! ROW<`EXPR$0` INT> has no field nothing"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static void branches_give_them(void)
{
  static const struct express_row rows[] = {
      {"CASE WHEN b THEN ROW(i, t) ELSE ROW(0, 'no') END",
       "(1, weir)|(0, no)|(0, no)|(2147483647, a longer text than 12)|(0, no)"},
      {"CASE WHEN b THEN ROW(i, t) END",
       "(1, weir)|NULL|NULL|(2147483647, a longer text than 12)|NULL"},
      {"(CASE WHEN b THEN ROW(i, t) END).EXPR$0", "1|NULL|NULL|2147483647|NULL"},
      {"(CASE WHEN b THEN ROW(7, t) END).EXPR$0", "7|NULL|NULL|7|NULL"},
      {"(CASE WHEN b THEN ROW(7, ROW(8, t)) END).EXPR$1.EXPR$0", "8|NULL|NULL|8|NULL"},
      {"(CASE WHEN b THEN ROW(10 / (i - 1), t) END).EXPR$1",
       "! division by zero: 10 / 0|NULL|NULL|a longer text than 12|NULL"},
      {"COALESCE(CASE WHEN b THEN ROW(i, 1) END, ROW(5, 5))",
       "(1, 1)|(5, 5)|(5, 5)|(2147483647, 1)|(5, 5)"},
      {"IF(b, ARRAY[i], ARRAY[0, 0])", "[1]|[0, 0]|[0, 0]|[2147483647]|[0, 0]"},
      {"CASE WHEN i > 0 THEN MAP['k', i] END", "{k=1}|NULL|NULL|{k=2147483647}|NULL"},
      {"CASE WHEN b THEN ROW(i, 'a') ELSE ROW(1.5, 'bc') END",
       "(1.0, a)|(1.5, bc)|(1.5, bc)|(2147483647.0, a)|(1.5, bc)"},
      {"IF(b, ARRAY[ROW(i, t)], ARRAY[ROW(0, 'n')])[1].EXPR$0", "1|0|0|2147483647|0"},
      {"CASE WHEN b THEN ROW(1) ELSE ROW(1, 2) END",
       "! the branches of CASE have no common type: ROW<`EXPR$0` INT> and ROW<`EXPR$0` INT, "
       "`EXPR$1` INT>"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static void equality_looks_inside(void)
{
  static const struct express_row rows[] = {
      {"ARRAY[i, 1] = ARRAY[1, 1]", "TRUE|FALSE|FALSE|FALSE|FALSE"},
      {"ARRAY[d] = ARRAY[d]", "TRUE|TRUE|TRUE|TRUE|TRUE"},
      {"ARRAY[d] = ARRAY[-0e0]", "FALSE|TRUE|FALSE|FALSE|FALSE"},
      {"ARRAY[1, 2] = ARRAY[1.0, 2.00]", "TRUE"},
      {"ARRAY[1] <> ARRAY[1, 2]", "TRUE"},
      {"ARRAY[ARRAY[0e0]] = ARRAY[ARRAY[-0e0]]", "TRUE"},
      {"MAP['a', 1, 'b', i] = MAP['b', 1, 'a', 1]", "TRUE|FALSE|FALSE|FALSE|FALSE"},
      {"ARRAY[MAP['a', 1, 'b', 2]] = ARRAY[MAP['b', 2, 'a', 1]]", "TRUE"},
      {"MAP[1,1,2,2,3,3,4,4,5,5,6,6,7,7,8,8,9,9,10,10] = "
       "MAP[10,10,2,2,3,3,4,4,5,5,6,6,7,7,8,8,9,9,1,i]",
       "TRUE|FALSE|FALSE|FALSE|FALSE"},
      {"ARRAY[i] = NULL", "NULL|NULL|NULL|NULL|NULL"},
      {"ARRAY[i] IS DISTINCT FROM NULL", "TRUE|TRUE|TRUE|TRUE|TRUE"},
      {"ARRAY[i] IS NOT DISTINCT FROM ARRAY[1]", "TRUE|FALSE|FALSE|FALSE|FALSE"},
      {"ROW(i, t) = ROW(1, 'weir')", "TRUE|FALSE|NULL|FALSE|FALSE"},
      {"ROW(i, 1) = ROW(0, NULL)", "FALSE|NULL|NULL|FALSE|FALSE"},
      {"ROW(i, t) <> ROW(1, 'weir')", "FALSE|TRUE|NULL|TRUE|TRUE"},
      {"ROW(i, 1) IS NOT DISTINCT FROM ROW(NULL, 1)", "FALSE|FALSE|TRUE|FALSE|FALSE"},
      {"CASE WHEN b THEN ROW(i) END IS DISTINCT FROM ROW(NULL)", "TRUE|TRUE|TRUE|TRUE|TRUE"},
      {"ROW(i, ROW(t)) IN (ROW(1, ROW('weir')), ROW(0, ROW('x')))", "TRUE|FALSE|NULL|FALSE|FALSE"},
      {"ARRAY[i] IN (ARRAY[1], ARRAY[0])", "TRUE|TRUE|FALSE|FALSE|FALSE"},
      {"ARRAY[1] < ARRAY[2]", "! < cannot be applied to ARRAY<INT>, ARRAY<INT>"},
      {"ROW(1, 2) >= ROW(1, 2)",
       "! >= cannot be applied to ROW<`EXPR$0` INT, `EXPR$1` INT>, ROW<`EXPR$0` INT, "
       "`EXPR$1` INT>"},
      {"GREATEST(MAP[1, 2], MAP[1, 3])", "! there is no GREATEST(MAP<INT, INT>, MAP<INT, INT>)"},
      {"ARRAY['a'] || 'b'", "! || cannot be applied to ARRAY<CHAR(1)>, CHAR(1)"},
      {"ARRAY['a'] LIKE 'a%'", "! LIKE cannot be applied to ARRAY<CHAR(1)>, CHAR(2)"},
      {"ARRAY['a'] = 'a'", "! = cannot be applied to ARRAY<CHAR(1)>, CHAR(1)"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static void casts_go_part_by_part(void)
{
  static const struct express_row rows[] = {
      {"CAST(ARRAY[i, 1] AS ARRAY<STRING>)", "[1, 1]|[0, 1]|[NULL, 1]|[2147483647, 1]|[-7, 1]"},
      {"CAST(ARRAY[l, 1] AS ARRAY<INT>)",
       "[10, 1]|[0, 1]|[NULL, 1]|! 9223372036854775807 does not fit into INT|[-7, 1]"},
      {"TRY_CAST(ARRAY[l, 1] AS ARRAY<INT>)", "[10, 1]|[0, 1]|[NULL, 1]|NULL|[-7, 1]"},
      {"CAST(ROW(i, t) AS ROW<x BIGINT, y VARCHAR(2)>)",
       "(1, we)|(0, )|(NULL, NULL)|(2147483647, a )|(-7, \xC3\x84p)"},
      {"(CAST(ROW(i, t) AS ROW<x BIGINT, y STRING>)).x + 1", "2|1|NULL|2147483648|-6"},
      {"CAST(ROW(l, t) AS ROW<x INT, y STRING>)",
       "(10, weir)|(0, )|(NULL, NULL)|! 9223372036854775807 does not fit into "
       "INT|(-7, \xC3\x84pfel)"},
      {"TRY_CAST(ROW(l, t) AS ROW<x INT, y STRING>)",
       "(10, weir)|(0, )|(NULL, NULL)|NULL|(-7, \xC3\x84pfel)"},
      {"(TRY_CAST(ROW(l, t) AS ROW<x INT, y STRING>)).y", "weir||NULL|NULL|\xC3\x84pfel"},
      {"TRY_CAST(ROW(1, ROW(l)) AS ROW<x INT, y ROW<z INT>>)",
       "(1, (10))|(1, (0))|(1, (NULL))|NULL|(1, (-7))"},
      {"CAST(ARRAY[ROW(i, t)] AS ARRAY<ROW<x DOUBLE, y CHAR(2)>>)",
       "[(1.0, we)]|[(0.0,   )]|[(NULL, NULL)]|[(2.147483647E9, a )]|[(-7.0, \xC3\x84p)]"},
      {"CAST(MAP['1', t, '01', 'x'] AS MAP<INT, STRING>)", "{1=x}|{1=x}|{1=x}|{1=x}|{1=x}"},
      {"CAST(MAP[1, b] AS MAP<STRING, INT>)", "{1=1}|{1=0}|{1=NULL}|{1=1}|{1=0}"},
      {"CAST(ARRAY[ts, NULL] AS ARRAY<DATE>)[1]",
       "2026-01-31|1970-01-01|NULL|2024-02-29|1969-12-31"},
      {"CAST(ARRAY[b] AS STRING) || '!'", "[TRUE]!|[FALSE]!|[NULL]!|[TRUE]!|[FALSE]!"},
      {"CAST(ROW(i, 'abc') AS VARCHAR(5))", "(1, a|(0, a|(NULL|(2147|(-7, "},
      {"CAST(CASE WHEN b THEN ROW(i) END AS STRING)", "(1)|NULL|NULL|(2147483647)|NULL"},
      {"CAST('[1]' AS ARRAY<INT>)", "! CHAR(3) cannot be cast to ARRAY<INT>"},
      {"CAST(ROW(1) AS ROW<a INT, b INT>)",
       "! ROW<`EXPR$0` INT> cannot be cast to ROW<a INT, b INT>"},
      {"CAST(ARRAY[1] AS ARRAY<DATE>)", "! ARRAY<INT> cannot be cast to ARRAY<DATE>"},
      {"CAST(ARRAY[1] AS INT)", "! ARRAY<INT> cannot be cast to INT"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
  static const struct express_row zoned[] = {
      {"CAST(ARRAY[TO_TIMESTAMP_LTZ(0, 3)] AS STRING)", "[1970-01-01 01:00:00.000]"},
  };
  express_check(zoned, WR_COUNT(zoned), "Europe/Berlin");
}

static void functions_of_arrays(void)
{
  static const struct express_row rows[] = {
      {"CARDINALITY(ARRAY[i, 1])", "2|2|2|2|2"},
      {"CARDINALITY(CAST(NULL AS ARRAY<INT>))", "NULL"},
      {"CARDINALITY(i)", "! there is no CARDINALITY(INT)"},
      {"ELEMENT(ARRAY[t])", "weir||NULL|a longer text than 12|\xC3\x84pfel"},
      {"ELEMENT(ARRAY_REMOVE(ARRAY[1], i))", "NULL|1|1|1|1"},
      {"ELEMENT(ARRAY[i, 1])", "! ELEMENT of an ARRAY of 2 elements; it has to be one|! ELEMENT of "
                               "an ARRAY of 2 elements; it has to be one|! ELEMENT of an ARRAY of "
                               "2 elements; it has to be one|! ELEMENT of an ARRAY of 2 elements; "
                               "it has to be one|! ELEMENT of an ARRAY of 2 elements; it has to "
                               "be one"},
      {"ARRAY_APPEND(ARRAY[i], 1.5)",
       "[1.0, 1.5]|[0.0, 1.5]|[NULL, 1.5]|[2147483647.0, 1.5]|[-7.0, 1.5]"},
      {"ARRAY_APPEND(CAST(NULL AS ARRAY<INT>), i)", "NULL|NULL|NULL|NULL|NULL"},
      {"ARRAY_PREPEND(ARRAY['x'], t)",
       "[weir, x]|[, x]|[NULL, x]|[a longer text than 12, x]|[\xC3\x84pfel, x]"},
      {"ARRAY_CONCAT(ARRAY[i], ARRAY[1], ARRAY[2])[3]", "2|2|2|2|2"},
      {"ARRAY_CONCAT(ARRAY[1], CASE WHEN b THEN ARRAY[i] END)",
       "[1, 1]|NULL|NULL|[1, 2147483647]|NULL"},
      {"ARRAY_CONTAINS(ARRAY[1, NULL, 0], i)", "TRUE|TRUE|TRUE|FALSE|FALSE"},
      {"ARRAY_CONTAINS(ARRAY[SQRT(-1), 1], d)", "FALSE|FALSE|FALSE|TRUE|FALSE"},
      {"ARRAY_CONTAINS(CASE WHEN b THEN ARRAY[i] END, 1)", "TRUE|NULL|NULL|FALSE|NULL"},
      {"ARRAY_POSITION(ARRAY[0, 1, 1], i)", "2|1|NULL|0|0"},
      {"ARRAY_REMOVE(ARRAY[1, NULL, 0], i)", "[NULL, 0]|[1, NULL]|[1, 0]|[1, NULL, 0]|[1, NULL, "
                                             "0]"},
      {"ARRAY_REVERSE(ARRAY[ROW(1, 'a'), ROW(2, 'b')])", "[(2, b), (1, a)]"},
      {"ARRAY_SLICE(ARRAY[1, 2, 3], i)", "[1, 2, 3]|[1, 2, 3]|NULL|[]|[1, 2, 3]"},
      {"ARRAY_SLICE(ARRAY[1, 2, 3], -2, -1)", "[2, 3]"},
      {"ARRAY_SLICE(ARRAY[1, 2, 3], 1, 0)", "[1]"},
      {"ARRAY_SLICE(ARRAY[1, 2, 3], 3, 2)", "[]"},
      {"ARRAY_SLICE(ARRAY[1, 2, 3], 2, 9223372036854775807)", "[2, 3]"},
      {"ARRAY_SLICE(ARRAY[1, 2, 3], -9223372036854775808, 2)", "[1, 2]"},
      {"ARRAY_JOIN(ARRAY[t, 'x'], ', ')", "weir, x|, x|x|a longer text than 12, x|\xC3\x84pfel, x"},
      {"ARRAY_JOIN(ARRAY[t, 'x'], ', ', CAST(NULL AS STRING))", "NULL|NULL|NULL|NULL|NULL"},
      {"ARRAY_JOIN(ARRAY[1], ',')", "! there is no ARRAY_JOIN(ARRAY<INT>, CHAR(1))"},
      {"ARRAY_MAX(ARRAY[i, 5])", "5|5|5|2147483647|5"},
      {"ARRAY_MIN(ARRAY[i, NULL])", "1|0|NULL|2147483647|-7"},
      {"ARRAY_MAX(ARRAY[d, 1e0])", "1.5|1.0|1.0|NaN|1.0"},
      {"ARRAY_MAX(ARRAY[ARRAY[1]])", "! there is no ARRAY_MAX(ARRAY<ARRAY<INT>>)"},
      {"ARRAY_SORT(ARRAY[i, 0, NULL])",
       "[NULL, 0, 1]|[NULL, 0, 0]|[NULL, NULL, 0]|[NULL, 0, 2147483647]|[NULL, -7, 0]"},
      {"ARRAY_SORT(ARRAY['b', NULL, 'a'], FALSE)", "[b, a, NULL]"},
      {"ARRAY_SORT(ARRAY['b', NULL, 'a'], TRUE, FALSE)", "[a, b, NULL]"},
      {"ARRAY_SORT(ARRAY['b', NULL, 'a'], FALSE, TRUE)", "[NULL, b, a]"},
      {"ARRAY_SORT(ARRAY[1], NULL)", "NULL"},
      {"ARRAY_DISTINCT(ARRAY[0e0, -0e0, SQRT(-1), SQRT(-1)])", "[0.0, NaN]"},
      {"ARRAY_DISTINCT(ARRAY[MAP[1, 2, 3, 4], MAP[3, 4, 1, 2]])", "[{1=2, 3=4}]"},
      {"ARRAY_UNION(ARRAY[i, 1], ARRAY[NULL, 2])",
       "[1, NULL, 2]|[0, 1, NULL, 2]|[NULL, 1, 2]|[2147483647, 1, NULL, 2]|[-7, 1, NULL, 2]"},
      {"ARRAY_EXCEPT(ARRAY[i, 1, 1, NULL], ARRAY[1])",
       "[NULL]|[0, NULL]|[NULL]|[2147483647, NULL]|[-7, NULL]"},
      {"ARRAY_INTERSECT(ARRAY[1, 2], ARRAY[3])", "[]"},
      {"ARRAY_INTERSECT(ARRAY[1], CAST(NULL AS ARRAY<INT>))", "NULL"},
      {"ARRAY_APPEND(ARRAY[1], 'a')", "! there is no ARRAY_APPEND(ARRAY<INT>, CHAR(1))"},
      {"ARRAY_CONCAT(ARRAY[1], 2)", "! there is no ARRAY_CONCAT(ARRAY<INT>, INT)"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static void functions_of_maps(void)
{
  static const struct express_row rows[] = {
      {"MAP_KEYS(MAP[t, i])", "[weir]|[]|[NULL]|[a longer text than 12]|[\xC3\x84pfel]"},
      {"MAP_VALUES(MAP[t, i, 'x', 2])", "[1, 2]|[0, 2]|[2, NULL]|[2147483647, 2]|[-7, 2]"},
      {"MAP_KEYS(CAST(MAP[] AS MAP<INT, INT>))", "[]"},
      {"MAP_VALUES(CAST(MAP[] AS MAP<INT, INT>))", "[]"},
      {"MAP_ENTRIES(MAP[t, i])[1].`value`", "1|0|NULL|2147483647|-7"},
      {"MAP_UNION(MAP[i, 'a'], MAP[1, 'b'], MAP[0, 'c'])",
       "{1=b, 0=c}|{0=c, 1=b}|{NULL=a, 1=b, 0=c}|{2147483647=a, 1=b, 0=c}|{-7=a, 1=b, 0=c}"},
      {"MAP_UNION(MAP[1, 'a'], CAST(NULL AS MAP<INT, STRING>))", "NULL"},
      {"MAP_FROM_ARRAYS(ARRAY['a', 'b', 'a'], ARRAY[1, 2, 3])", "{a=3, b=2}"},
      {"MAP_FROM_ARRAYS(ARRAY['a', t], ARRAY[i, 1])['a']", "1|0|NULL|2147483647|-7"},
      {"MAP_FROM_ARRAYS(ARRAY[i], ARRAY[1, 2])",
       "! MAP_FROM_ARRAYS of 1 keys and 2 values|! MAP_FROM_ARRAYS of 1 keys and 2 values|! "
       "MAP_FROM_ARRAYS of 1 keys and 2 values|! MAP_FROM_ARRAYS of 1 keys and 2 values|! "
       "MAP_FROM_ARRAYS of 1 keys and 2 values"},
      {"MAP_KEYS(ARRAY[1])", "! there is no MAP_KEYS(ARRAY<INT>)"},
      {"MAP_UNION(ARRAY[1])", "! there is no MAP_UNION(ARRAY<INT>)"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static void long_lists_of_any_type(void)
{
  static const struct express_row rows[] = {
      {"d IN (0, 2, 3e0, 4, 5, 6, 7, 8, SQRT(-1), 9, 10)", "FALSE|TRUE|NULL|TRUE|FALSE"},
      {"-d IN (-0e0, 2, 3e0, 4, 5, 6, 7, 8, 9, 10)", "FALSE|TRUE|NULL|FALSE|FALSE"},
      {"CAST(m AS DECIMAL(30, 5)) IN (1, 1.25, 2, 3, 4, 5, 6, 7, 8, 9, NULL)",
       "TRUE|NULL|NULL|NULL|NULL"},
      {"ARRAY[i] IN (ARRAY[1], ARRAY[2], ARRAY[3], ARRAY[4], ARRAY[5], ARRAY[6], ARRAY[7], "
       "ARRAY[8], ARRAY[0])",
       "TRUE|TRUE|FALSE|FALSE|FALSE"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static void they_print_as_sql(void)
{
  static const struct express_row rows[] = {
      {"ARRAY[i, 1]", "ARRAY[i, 1]"},
      {"ARRAY[1, NULL]", "ARRAY[1, NULL]"},
      {"MAP[t, ARRAY[1]]", "MAP[t, ARRAY[1]]"},
      {"MAP['a', ROW(1, 'b')]", "MAP['a', ROW(1, 'b')]"},
      {"ARRAY[i, 1][l]", "ARRAY[i, 1][l]"},
      {"CAST(ROW(i, t) AS ROW<x BIGINT, y STRING>)", "CAST(ROW(i, t) AS ROW<x BIGINT, y STRING>)"},
      {"CAST(ARRAY[l] AS ARRAY<INT>)", "CAST(ARRAY[l] AS ARRAY<INT>)"},
      {"CAST(ROW(i, 1) AS STRING)", "CAST(ROW(i, 1) AS STRING)"},
      {"CARDINALITY(ARRAY[1, 2])", "2"},
      {"MAP[1, 2][1]", "2"},
  };
  struct express express;
  express_open(&express, "UTC");
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    const struct wr_expression *expression = express_bind(&express, rows[i].sql);
    const char *found = expression
                            ? wr_expression_print(&express.arena, expression, &express_schema)
                            : express.err.message;
    WR_CHECK(strcmp(found, rows[i].expected) == 0, "%s\n  found %s", rows[i].sql, found);
  }
  express_close(&express);
}

static const struct wr_test tests[] = {
    {"values are made", values_are_made},
    {"items are reached", items_are_reached},
    {"branches give them", branches_give_them},
    {"equality looks inside", equality_looks_inside},
    {"casts go part by part", casts_go_part_by_part},
    {"functions of arrays", functions_of_arrays},
    {"functions of maps", functions_of_maps},
    {"long lists of any type", long_lists_of_any_type},
    {"they print as SQL", they_print_as_sql},
    {NULL, NULL},
};

const struct wr_suite wr_suite_collections = {"collections", tests};
