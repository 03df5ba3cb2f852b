/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joins of streams where a side has a number of rows: s OVER (ROWS 5 PRECEDING). When a row of the
 * other side comes it meets the last six rows of s, however old they are, so no range of times says
 * when a row is of no more use. What there is already can say it, so it is put together as SQL:
 *
 *   L2    rows of the left, each with an ARRAY of those in its window: ARRAY_AGG(ROW(...)) OVER
 * (...) v     rows of both sides along ROWTIME, each with the latest array of either side out each
 * row beside the items of the other side's array
 *
 * Names are made up: l0, l1 ... are the columns of the left with its ROWTIME behind them, r0, r1
 * ... those of the right. The state is the windows and one array a side; so it is for short
 * windows.
 */
#include <assert.h>
#include <string.h>

#include "core/time.h"
#include "parser/parser.h"
#include "planner/rowtime.h"
#include "planner/stream_join.h"
#include "planner/writing.h"

static const struct wr_span nowhere = {WR_NO_POSITION, 0};

struct rows_side {
  char letter;
  struct wr_logical *node; /* columns, then ROWTIME */
  uint32_t count;          /* of its columns, with that */
  struct wr_over_frame frame;
};

/* l0, l1, l2 */
static void rows_names(struct wr_writing *out, const char *prefix, const struct rows_side *side)
{
  for (uint32_t c = 0; c < side->count; c++)
    wr_write(out, "%s%s%c%u", c ? ", " : "", prefix, side->letter, c);
}

static void rows_frame(struct wr_writing *out, const struct wr_over_frame *frame)
{
  if (frame->preceding == 0)
    wr_write(out, "%s CURRENT ROW", frame->rows ? "ROWS" : "RANGE");
  else if (frame->rows)
    wr_write(out, "ROWS %lld PRECEDING", (long long)frame->preceding);
  else
    wr_write(out, "RANGE INTERVAL '%lld.%06lld' SECOND PRECEDING",
             (long long)(frame->preceding / WR_US_PER_SECOND),
             (long long)(frame->preceding % WR_US_PER_SECOND));
}

/* A node as a WITH query in sight of the text that names it. */
static void rows_name_node(struct wr_binder *binder, const char *name, struct wr_logical *node)
{
  struct wr_tree_identifier *part = WR_NEW(binder->arena, struct wr_tree_identifier);
  struct wr_tree_common *tree = WR_NEW(binder->arena, struct wr_tree_common);
  struct wr_common *common = WR_NEW(binder->arena, struct wr_common);
  struct wr_memo *memo = WR_NEW(binder->arena, struct wr_memo);
  *part = (struct wr_tree_identifier){.span = nowhere, .text = name, .length = strlen(name)};
  *tree = (struct wr_tree_common){.span = nowhere, .name = part};
  *common = (struct wr_common){.tree = tree, .outer = binder->commons};
  *memo = (struct wr_memo){
      .next = binder->memo, .object = tree, .told = binder->told, .is_plain = true, .node = node};
  binder->commons = common;
  binder->memo = memo;
}

static enum wr_code rows_bind(struct wr_binder *binder, const char *text, struct wr_logical **out,
                              struct wr_error *err)
{
  struct wr_script *script;
  enum wr_code code = wr_parse(text, strlen(text), binder->arena, &script, err);
  if (code)
    return code;
  assert(script->statements.count == 1);
  return wr_bind_inner_query(binder, script->statements.items[0]->query, out, err);
}

/* The side with its made-up names, its ROWTIME a column as well. */
static struct wr_logical *rows_rename(const struct wr_binder *binder, const struct rows_side *side)
{
  const struct wr_schema *schema = &side->node->schema;
  uint32_t count = side->count;
  const struct wr_expression **items =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, (size_t)count + 1);
  const char **names = WR_NEW_ARRAY(binder->arena, const char *, (size_t)count + 1);
  for (uint32_t c = 0; c < count; c++) {
    names[c] = wr_arena_print(binder->arena, "%c%u", side->letter, c);
    items[c] = wr_bind_column(binder->binding, c, schema->fields[c].type, nowhere);
  }
  names[count] = WR_ROWTIME;
  items[count] = items[count - 1];
  return wr_logical_project(binder->arena, side->node, items, names, count + 1);
}

/* Rows of a side with NULLs for the columns of the other: side, l0 ..., r0 ..., la, ra, ROWTIME. */
static struct wr_logical *rows_widen(const struct wr_binder *binder, struct wr_logical *const *both,
                                     const struct rows_side *sides, unsigned own)
{
  struct wr_arena *arena = binder->arena;
  const struct wr_binding *binding = binder->binding;
  uint32_t count = sides[0].count + sides[1].count + 4, next = 0;
  const struct wr_expression **items = WR_NEW_ARRAY(arena, const struct wr_expression *, count);
  const char **names = WR_NEW_ARRAY(arena, const char *, count);
  names[next] = "side";
  items[next++] = wr_bind_i64(binding, &wr_type_int, own, nowhere);
  for (unsigned arrays = 0; arrays < 2; arrays++)
    for (unsigned s = 0; s < 2; s++) {
      uint32_t first = arrays ? sides[s].count : 0, end = sides[s].count + arrays;
      for (uint32_t c = first; c < end; c++) {
        const struct wr_field *field = &both[s]->schema.fields[c];
        names[next] = field->name;
        items[next++] = s == own ? wr_bind_column(binding, c, field->type, nowhere)
                                 : wr_bind_null(binding, field->type, nowhere);
      }
    }
  names[next] = WR_ROWTIME;
  items[next++] = wr_bind_column(binding, sides[own].count + 1,
                                 both[own]->schema.fields[sides[own].count + 1].type, nowhere);
  assert(next == count);
  return wr_logical_project(arena, both[own], items, names, count);
}

/* Rows of a side beside the items of the other's array, in the order of the sides. */
static void rows_beside(struct wr_writing *out, const struct rows_side *sides, unsigned own)
{
  const struct rows_side *other = &sides[!own];
  wr_write(out, "SELECT ");
  rows_names(out, own == 0 ? "v." : "x.", &sides[0]);
  wr_write(out, ", ");
  rows_names(out, own == 1 ? "v." : "x.", &sides[1]);
  wr_write(out, " FROM v CROSS JOIN UNNEST(v.%ca) AS x (", other->letter);
  rows_names(out, "", other);
  wr_write(out, ") WHERE v.side = %u", own);
  if (!other->frame.rows)
    wr_write(out, " AND x.%c%u >= v.%c%u - INTERVAL '%lld.%06lld' SECOND", other->letter,
             other->count - 1, sides[own].letter, sides[own].count - 1,
             (long long)(other->frame.preceding / WR_US_PER_SECOND),
             (long long)(other->frame.preceding % WR_US_PER_SECOND));
}

enum wr_code wr_bind_rows_join(struct wr_binder *binder, struct wr_logical *left,
                               struct wr_logical *right, const struct wr_over_frame frames[2],
                               struct wr_logical **out, struct wr_error *err)
{
  struct rows_side sides[] = {{'l', left, left->schema.column_count, frames[0]},
                              {'r', right, right->schema.column_count, frames[1]}};
  struct wr_binder inner = *binder;
  struct wr_logical *both[2];
  enum wr_code code = WR_OK;
  inner.windows = NULL;
  inner.commons = NULL;
  inner.enclosing = NULL;
  for (unsigned s = 0; s < 2 && code == WR_OK; s++) {
    struct wr_writing text = {.arena = binder->arena};
    rows_name_node(&inner, s ? "right_rows" : "left_rows", rows_rename(&inner, &sides[s]));
    wr_write(&text, "SELECT ");
    rows_names(&text, "", &sides[s]);
    wr_write(&text, ", ARRAY_AGG(ROW(");
    rows_names(&text, "", &sides[s]);
    wr_write(&text, ")) OVER (");
    rows_frame(&text, &sides[s].frame);
    wr_write(&text, ") AS %ca FROM %s", sides[s].letter, s ? "right_rows" : "left_rows");
    code = rows_bind(&inner, wr_written(&text), &both[s], err);
  }
  if (code)
    return code;
  rows_name_node(&inner, "left_wide", rows_widen(&inner, both, sides, 0));
  rows_name_node(&inner, "right_wide", rows_widen(&inner, both, sides, 1));
  struct wr_writing text = {.arena = binder->arena};
  wr_write(&text, "WITH v AS (SELECT side, ");
  rows_names(&text, "", &sides[0]);
  wr_write(&text, ", ");
  rows_names(&text, "", &sides[1]);
  wr_write(&text,
           ", LAST_VALUE(la) IGNORE NULLS OVER () AS la, LAST_VALUE(ra) IGNORE NULLS OVER () "
           "AS ra FROM (SELECT * FROM left_wide UNION ALL SELECT * FROM right_wide)) ");
  rows_beside(&text, sides, 0);
  wr_write(&text, " UNION ALL ");
  rows_beside(&text, sides, 1);
  code = rows_bind(&inner, wr_written(&text), out, err);
  binder->memo = inner.memo;
  return code;
}
