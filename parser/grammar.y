/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of the SQL that Weir reads. Actions only build nodes (build.h); what they mean is for
 * the binder. From top to bottom: tokens, script and statements, CREATE, queries, windows, FROM,
 * expressions, calls, types, names.
 *
 * SQL is ambiguous at four places. They are settled by precedence, which is used for nothing else:
 * in `((SELECT 1))` the inner brackets could belong to the query or make it a value, or a relation;
 * the query keeps them as long as it can. And in `FLOOR(t - INTERVAL '1' DAY TO HOUR)` the interval
 * takes the TO. And in `f(g(a) IGNORE NULLS)` the words could belong to f or to g: g gets them, and
 * build_call.c hands them on to f if g has no use for them.
 *
 * Words that may be names without quotes stand in the rules free_word and column_word, and in the
 * same class in keyword.c; a test compares them. Where one more word decides what a word is, the lexer
 * finds out (context.c), and the grammar has no conflict.
 */
%code requires {
#include "parser/build_call.h"
#include "parser/build_kinesis.h"
#include "parser/state.h"
}

%code {
#include <assert.h>
#include <string.h>

#include "core/limits.h"
#include "parser/complaint.h"
#include "parser/lexeme.h"

/* A level of nesting takes at most some 16 places on the stack of the generated code. Deeper texts
 * end in wr_grammar_error. */
#define YYMAXDEPTH (WR_SQL_NESTING_MAX * 16)

/* Empty parts have no place, so they do not count. */
#define YYLLOC_DEFAULT(result, parts, count) ((result) = grammar_span((parts), (count)))

static struct wr_span grammar_span(const struct wr_span *parts, int count);

static void wr_grammar_error(const struct wr_span *span, struct wr_parser *parser,
                             const char *message);

#define ADD(list, item) WR_LIST_ADD(parser, (list), (item))
#define NEW(type)       WR_NEW(parser->arena, type)
#define AT(first, last) wr_span_join((first), (last))
#define UNARY(span, at, operator, negated, a) TERNARY(span, at, operator, negated, a, NULL, NULL)
#define BINARY(span, at, operator, negated, a, b) TERNARY(span, at, operator, negated, a, b, NULL)
#define TERNARY(span, at, operator, negated, a, b, c) \
  wr_build_operation(parser, (span), (at), (operator), (negated), (a), (b), (c))
#define NO_CLAUSE ((struct wr_build_clause){0})
#define CLAUSE(span, what) ((struct wr_build_clause){.words = (span), what})
#define WITH_ORDER(query, span, list) ((query)->order_span = (span), (query)->order_by = (list))
#define NO_LIST        ((struct wr_tree_expressions){0})
#define NO_COUNT       WR_TREE_NO_PRECISION
#define NO_ZONE        WR_TREE_ZONE_NONE
#define JSON_ACTION(action, value) \
  ((struct wr_tree_json_behaviour){{0}, WR_TREE_JSON_##action, (value)})
#define QUANTIFIER(least, most) \
  wr_build_match_step(parser, (struct wr_span){0}, NULL, \
                      &(struct wr_tree_match_step){{0}, NULL, {0}, (uint32_t)(least), \
                                                   (uint32_t)(most), false})
#define INTERVAL_PART(span, unit, precision, fraction) \
  ((struct wr_tree_interval){(span), (unit), (unit), (precision), (fraction)})
}

%define api.pure full
%define api.prefix {wr_grammar_}
%define api.token.prefix {WR_TOKEN_}
%define api.symbol.prefix {WR_SYMBOL_}
%define api.location.type {struct wr_span}
%define parse.error custom
%define parse.lac full
%define lr.type ielr
%locations
%param {struct wr_parser *parser}
%expect 0
%start text

%union {
  bool flag;
  int32_t number;
  struct wr_tree_text *text;
  struct wr_tree_texts texts;
  struct wr_tree_identifier *identifier;
  struct wr_tree_identifiers identifiers;
  struct wr_tree_name name;
  struct wr_tree_option *option;
  struct wr_tree_options options;
  struct wr_tree_type *type;
  struct wr_tree_type_field *field;
  struct wr_tree_type_fields fields;
  struct wr_tree_interval interval;
  struct wr_tree_expression *expression;
  struct wr_tree_expressions expressions;
  struct wr_tree_branches branches;
  struct wr_tree_arguments arguments;
  struct wr_build_body body;
  struct wr_build_clause clause;
  struct wr_tree_call *tail;
  struct wr_tree_order *order;
  struct wr_tree_orders orders;
  struct wr_tree_window *window;
  struct wr_tree_windows windows;
  struct wr_tree_bound bound;
  struct wr_tree_hint *hint;
  struct wr_tree_hints hints;
  struct wr_tree_relation *relation;
  struct wr_tree_item *item;
  struct wr_tree_items items;
  struct wr_tree_group *group;
  struct wr_tree_groups groups;
  struct wr_tree_common *common;
  struct wr_tree_commons commons;
  struct wr_tree_query *query;
  struct wr_tree_statement *statement;
  struct wr_tree_statements statements;
  struct wr_build_target target;
  struct wr_build_element element;
  struct wr_build_source source;
  struct wr_tree_create_table *table;
  struct wr_tree_like_option *like_option;
  struct wr_tree_like_options like_options;
  struct wr_tree_explain explain;
  struct wr_tree_create_function *function;
  struct wr_tree_parameter *parameter;
  struct wr_tree_parameters parameters;
  struct wr_tree_show show;
  struct wr_tree_alter *alter;
  struct wr_tree_json_behaviour behaviour;
  struct wr_tree_json *json;
  struct wr_tree_match *match;
  struct wr_tree_match_step *step;
  struct wr_tree_match_steps steps;
  struct wr_tree_definition *definition;
  struct wr_tree_definitions definitions;
  struct wr_build_routine routine;
  enum wr_build_routine_clause routine_clause;
  struct wr_build_periods periods;
}

/* ---- Tokens. The texts are what error messages say. */
%token END_OF_TEXT 0 "the end of the text"
%token <identifier> NAME "a name"
%token <text> STRING "a string" BINARY "a binary string"
%token INTEGER "a whole number" DECIMAL "a decimal number" APPROXIMATE "a floating-point number"
%token NOT_EQUAL "<>" LESS_EQUAL "<=" GREATER_EQUAL ">=" CONCATENATE "||" ARROW "=>"
%token HINT_BEGIN "/*+" HINT_END "*/"
%token SELECT_STREAM FROM_END WITHIN_GROUP /* STREAM, FROM, WITHIN at certain places: context.c */
%token PERIOD_WORD /* PRECEDES, STRICTLY ... between two periods */
%token LATER /* reserved for what is not read yet */
%token WRONG /* the lexer has failed */
%token REST_OF_SET /* a statement set goes on after an error; made by parser.c */
%token LONE_CONDITION /* the text is an expression by itself; made by parser.c */

/* Reserved: names only in quotes. */
%token ALL AND ARRAY AS ASYMMETRIC BETWEEN BOTH BY CASE CAST CONSTRAINT CREATE CROSS CUBE
       CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP DATE DAY DESCRIPTOR DISTINCT DROP
       ELSE END ESCAPE EXCEPT EXISTS FALSE FETCH FILTER FOR FROM FULL GROUP HAVING HOUR IN
       INNER INSERT INTERSECT INTERVAL INTO IS JOIN LATERAL LEADING LEFT LIKE LIMIT LOCALTIME
       LOCALTIMESTAMP MAP MATCH_RECOGNIZE MINUTE MONTH MULTISET NATURAL NOT NULL ON OR ORDER OUTER OVER
       OVERLAPS PARTITION PLACING PRIMARY QUALIFY RANGE RIGHT ROLLUP ROW ROWS SECOND SELECT SET
       SIMILAR SYMMETRIC TABLE THEN TIME TIMESTAMP TO TRAILING TRUE TRY_CAST UNBOUNDED UNION
       UNNEST USING VALUES WHEN WHERE WINDOW WITH WITHIN YEAR

/* Names, but an alias only behind AS. */
%token EMIT IGNORE OBJECT OFFSET RESPECT SCALAR VALUE

/* Names everywhere. */
%token ABSENT AFTER ALTER ANALYZE ASC BEGIN CALLED CATALOG CATALOGS CHANGE CHANGELOG_MODE COLUMNS
       COMMENT CONDITIONAL CONTAINS DATA DATABASE DATABASES DAYS DEFAULT DEFINE DESC DESCRIBE
       DESCRIPTION DETERMINISTIC EMPTY ENFORCED ERROR ESTIMATED_COST EVERY EXCLUDING EXECUTE
       EXPLAIN EXTENDED FIRST FOLLOWING FUNCTION FUNCTIONS GROUPING HOURS IF ILIKE INCLUDING INPUT
       JAR JSON JSON_EXECUTION_PLAN KEY LANGUAGE LAST LOCAL MATCH MEASURES METADATA MINUTES
       MODIFIES MONTHS NEXT NULLS OF ONE ONLY ORDINALITY OVERWRITE OVERWRITING PARTITIONED PAST
       PATTERN PER PLAN PLAN_ADVICE PRECEDING PRECISION QUARTER QUARTERS READS RENAME REPLACE
       RESET RETURN RETURNING RETURNS SECONDS SETS SHOW SKIP SPECIFIC SQL STATEMENT STOPPED SYSTEM
       SYSTEM_TIME TABLES TEMPORARY UNCONDITIONAL UNKNOWN USE USER VARYING VIEW VIEWS VIRTUAL
       WATERMARK WEEK WEEKS WITHOUT WRAPPER YEARS ZONE

/* Names, but at certain places: context.c. */
%token CURSOR EXPEDITED PUMP STAGGER STREAM WINDOWED

/* See the head of this file. */
%precedence SHORTER
%precedence ')' TO IGNORE RESPECT

%type <flag> or_replace temporary overwrite not_enforced virtual not minus all
%type <number> direction nulls_order nulls_treatment zone count unit comparator json_kind join
%type <number> show_kind json_event wrapper
%type <number> frame_unit like_action symmetric
%type <text> comment metadata_key hint_word
%type <texts> hint_words option_keys
%type <identifier> identifier alias bare_alias relation_alias base
%type <identifiers> identifiers columns alias_columns
%type <name> path reserved_function key_path
%type <option> option partition_value
%type <options> options option_list partition_values
%type <target> new_name old_name
%type <element> table_element
%type <table> table_body table_elements
%type <source> table_source
%type <like_option> like_option
%type <like_options> like_options like_list
%type <statement> statement create_table create_view create_function drop insert explainable
%type <statement> statement_set setting alter show inspect
%type <parameters> parameters parameter_list
%type <function> function_body
%type <parameter> parameter
%type <show> show_like
%type <alter> alter_table alter_view
%type <clause> distinct partitioned_by partition where group_by stagger having qualify windows emit
%type <statements> inserts
%type <explain> explain_details detail_list detail
%type <query> query query_in_brackets query_open union union_open term term_open operand simple
%type <query> select tail limit
%type <commons> with
%type <common> common
%type <hints> hints hint_list
%type <hint> hint
%type <items> items
%type <item> item
%type <groups> groups
%type <group> group
%type <windows> window_list
%type <window> window window_body frame over
%type <bound> bound
%type <orders> order_by order_list
%type <order> order table_order
%type <relation> from relations relation single_relation relation_body table_function matched
%type <match> match after_match
%type <steps> steps
%type <step> step quantifier
%type <items> measures measure_list
%type <item> measure
%type <orders> match_order
%type <definitions> define definition_list
%type <definition> definition
%type <flag> reluctant
%type <statement> create_stream create_pump
%type <text> description
%type <routine> routine clauses
%type <routine_clause> routine_clause
%type <window> over_window
%type <relation> rows windowed
%type <interval> closed_interval closed_interval_part
%type <number> closed_unit
%type <periods> periods
%type <identifier> any_last
%type <expressions> partition_by expressions disjuncts conjuncts
%type <expression> as_of
%type <clause> limit_count offset_count fetch_count
%type <expression> expression conjunction negation comparison range sum product sign value
%type <expression> complex bracketed atom literal special_value unbracketed call escape
%type <expression> argument_value unit_symbol any_unit side else table_keys json_key
%type <expression> partition_literal match_within
%type <branches> branches
%type <arguments> arguments argument
%type <body> call_body call_end json_pairs json_pair
%type <tail> call_tail tail_parts tail_part
%type <json> json_clauses
%type <behaviour> json_action
%type <type> type plain_type closed_type
%type <field> field
%type <fields> fields
%type <interval> interval interval_part

%%

/* ---- The script. */

text
  : script
  | LONE_CONDITION expression { parser->expression = $2; }
  ;

script
  : statement_or_none
  | script ';' statement_or_none
  ;

statement_or_none
  : %empty
  | statement { wr_build_into_script(parser, $1); }
  | REST_OF_SET END
  ;

statement
  : create_table
  | create_view
  | create_function
  | create_stream
  | create_pump
  | alter
  | drop
  | setting
  | show
  | inspect
  | explainable
  | REST_OF_SET inserts END {
      $$ = wr_build_statement(parser, @$, WR_TREE_STATEMENT_SET);
      $$->statements = $2;
    }
  | EXECUTE statement_set {
      $$ = $2;
      $$->span = @$;
    }
  | EXECUTE explainable {
      $$ = $2;
      $$->span = @$;
    }
  | BEGIN STATEMENT SET ';' inserts END {
      $$ = wr_build_statement(parser, @$, WR_TREE_STATEMENT_SET);
      $$->statements = $5;
    }
  | EXPLAIN explain_details explainable {
      $$ = wr_build_statement(parser, @$, WR_TREE_EXPLAIN);
      $$->explain = $2;
      $$->explain.statement = $3;
    }
  | EXPLAIN explain_details statement_set {
      $$ = wr_build_statement(parser, @$, WR_TREE_EXPLAIN);
      $$->explain = $2;
      $$->explain.statement = $3;
    }
  ;

explainable
  : query {
      $$ = wr_build_statement(parser, @$, WR_TREE_QUERY);
      $$->query = $1;
    }
  | insert
  ;

explain_details
  : %empty   { $$ = (struct wr_tree_explain){0}; }
  | PLAN FOR { $$ = (struct wr_tree_explain){0}; }
  | ANALYZE  { $$ = (struct wr_tree_explain){.analyze = true}; }
  | detail_list
  | ANALYZE detail_list {
      $$ = $2;
      $$.analyze = true;
    }
  ;

detail_list
  : detail
  | detail_list ',' detail {
      $$ = $1;
      $$.changelog_mode |= $3.changelog_mode;
      $$.json |= $3.json;
      $$.estimated_cost |= $3.estimated_cost;
      $$.plan_advice |= $3.plan_advice;
    }
  ;

detail
  : CHANGELOG_MODE      { $$ = (struct wr_tree_explain){.changelog_mode = true}; }
  | JSON_EXECUTION_PLAN { $$ = (struct wr_tree_explain){.json = true}; }
  | ESTIMATED_COST      { $$ = (struct wr_tree_explain){.estimated_cost = true}; }
  | PLAN_ADVICE         { $$ = (struct wr_tree_explain){.plan_advice = true}; }
  ;

statement_set
  : STATEMENT SET BEGIN inserts END {
      $$ = wr_build_statement(parser, @$, WR_TREE_STATEMENT_SET);
      $$->statements = $4;
    }
  ;

inserts
  : insert ';'         { $$ = (struct wr_tree_statements){0}; ADD(&$$, $1); }
  | inserts insert ';' { $$ = $1; ADD(&$$, $2); }
  ;

setting
  : SET { $$ = wr_build_statement(parser, @$, WR_TREE_SHOW_SETTINGS); }
  | SET option {
      $$ = wr_build_statement(parser, @$, WR_TREE_SET);
      $$->set = *$2;
    }
  | RESET { $$ = wr_build_statement(parser, @$, WR_TREE_RESET); }
  | RESET STRING {
      $$ = wr_build_statement(parser, @$, WR_TREE_RESET);
      $$->reset = $2;
    }
  ;

drop
  : DROP temporary TABLE old_name {
      $$ = wr_build_drop(parser, @$, WR_TREE_OBJECT_TABLE, $2, &$4);
    }
  | DROP temporary VIEW old_name {
      $$ = wr_build_drop(parser, @$, WR_TREE_OBJECT_VIEW, $2, &$4);
    }
  | DROP temporary FUNCTION old_name {
      $$ = wr_build_drop(parser, @$, WR_TREE_OBJECT_FUNCTION, $2, &$4);
    }
  | DROP TEMPORARY SYSTEM FUNCTION old_name {
      $$ = wr_build_drop(parser, @$, WR_TREE_OBJECT_FUNCTION, true, &$5);
      $$->drop.system = true;
    }
  ;

alter
  : ALTER TABLE old_name alter_table {
      $$ = wr_build_alter(parser, @$, WR_TREE_OBJECT_TABLE, &$3, $4);
    }
  | ALTER VIEW old_name alter_view {
      $$ = wr_build_alter(parser, @$, WR_TREE_OBJECT_VIEW, &$3, $4);
    }
  ;

alter_table
  : RENAME TO path { $$ = wr_build_rename(parser, &$3); }
  | SET '(' option_list ')' {
      $$ = NEW(struct wr_tree_alter);
      $$->kind = WR_TREE_ALTER_SET_OPTIONS;
      $$->options = $3;
    }
  | RESET '(' option_keys ')' {
      $$ = NEW(struct wr_tree_alter);
      $$->kind = WR_TREE_ALTER_RESET_OPTIONS;
      $$->keys = $3;
    }
  ;

option_keys
  : STRING                 { $$ = (struct wr_tree_texts){0}; ADD(&$$, $1); }
  | option_keys ',' STRING { $$ = $1; ADD(&$$, $3); }
  ;

alter_view
  : RENAME TO path { $$ = wr_build_rename(parser, &$3); }
  | AS query {
      $$ = NEW(struct wr_tree_alter);
      $$->kind = WR_TREE_ALTER_AS;
      $$->query = $2;
    }
  ;

/* SHOW, DESCRIBE, USE. */
show
  : SHOW show_kind show_like              { $$ = wr_build_show(parser, @$, $2, NULL, &$3); }
  | SHOW show_kind from_or_in path show_like { $$ = wr_build_show(parser, @$, $2, &$4, &$5); }
  | SHOW USER FUNCTIONS show_like {
      $$ = wr_build_show(parser, @$, WR_TREE_SHOW_FUNCTIONS, NULL, &$4);
      $$->show.user = true;
    }
  | SHOW USER FUNCTIONS from_or_in path show_like {
      $$ = wr_build_show(parser, @$, WR_TREE_SHOW_FUNCTIONS, &$5, &$6);
      $$->show.user = true;
    }
  | SHOW COLUMNS from_or_in path show_like {
      $$ = wr_build_show(parser, @$, WR_TREE_SHOW_COLUMNS, &$4, &$5);
    }
  | SHOW CATALOGS show_like {
      $$ = wr_build_show(parser, @$, WR_TREE_SHOW_CATALOGS, NULL, &$3);
    }
  | SHOW CREATE TABLE path {
      $$ = wr_build_show(parser, @$, WR_TREE_SHOW_CREATE_TABLE, &$4, NULL);
    }
  | SHOW CREATE VIEW path {
      $$ = wr_build_show(parser, @$, WR_TREE_SHOW_CREATE_VIEW, &$4, NULL);
    }
  | SHOW CURRENT CATALOG {
      $$ = wr_build_show(parser, @$, WR_TREE_SHOW_CURRENT_CATALOG, NULL, NULL);
    }
  | SHOW CURRENT DATABASE {
      $$ = wr_build_show(parser, @$, WR_TREE_SHOW_CURRENT_DATABASE, NULL, NULL);
    }
  ;

show_kind
  : TABLES    { $$ = WR_TREE_SHOW_TABLES; }
  | VIEWS     { $$ = WR_TREE_SHOW_VIEWS; }
  | FUNCTIONS { $$ = WR_TREE_SHOW_FUNCTIONS; }
  | DATABASES { $$ = WR_TREE_SHOW_DATABASES; }
  ;

from_or_in
  : FROM
  | IN
  ;

show_like
  : %empty           { $$ = (struct wr_tree_show){0}; }
  | not LIKE STRING  { $$ = (struct wr_tree_show){.not_like = $1, .like = $3}; }
  | not ILIKE STRING {
      $$ = (struct wr_tree_show){.not_like = $1, .like = $3, .ignore_case = true};
    }
  ;

inspect
  : describe path {
      $$ = wr_build_statement(parser, @$, WR_TREE_DESCRIBE);
      $$->describe = $2;
    }
  | describe EXTENDED path {
      $$ = wr_build_statement(parser, @$, WR_TREE_DESCRIBE);
      $$->describe = $3;
    }
  | USE path {
      $$ = wr_build_statement(parser, @$, WR_TREE_USE);
      $$->use.name = $2;
    }
  | USE CATALOG path {
      $$ = wr_build_statement(parser, @$, WR_TREE_USE);
      $$->use = (struct wr_tree_use){true, $3};
    }
  ;

describe
  : DESCRIBE
  | DESC
  ;

insert
  : INSERT overwrite path hints partition query {
      $$ = wr_build_insert(parser, @$, &(struct wr_tree_insert){
          .table = $3, .hints = $4, .partition = $5.options, .partition_span = $5.words,
          .query = $6, .overwrite = $2, .overwrite_span = @2});
    }
  | INSERT overwrite path hints partition '(' identifiers ')' query {
      $$ = wr_build_insert(parser, @$, &(struct wr_tree_insert){
          .table = $3, .hints = $4, .partition = $5.options, .partition_span = $5.words,
          .columns = $7, .query = $9, .overwrite = $2, .overwrite_span = @2});
    }
  | INSERT EXPEDITED INTO path query {
      $$ = wr_build_insert(parser, @$, &(struct wr_tree_insert){
          .table = $4, .query = $5, .overwrite_span = @3, .expedited_span = @2});
    }
  | INSERT EXPEDITED INTO path '(' identifiers ')' query {
      $$ = wr_build_insert(parser, @$, &(struct wr_tree_insert){
          .table = $4, .columns = $6, .query = $8, .overwrite_span = @3, .expedited_span = @2});
    }
  ;

overwrite
  : INTO      { $$ = false; }
  | OVERWRITE { $$ = true; }
  ;

partition
  : %empty { $$ = (struct wr_build_clause){0}; }
  | PARTITION '(' partition_values ')' {
      $$ = (struct wr_build_clause){.words = @1, .options = $3};
    }
  ;

partition_values
  : partition_value                      { $$ = (struct wr_tree_options){0}; ADD(&$$, $1); }
  | partition_values ',' partition_value { $$ = $1; ADD(&$$, $3); }
  ;

partition_value
  : identifier '=' partition_literal { $$ = wr_build_partition_value(parser, @$, $1, $3); }
  ;

partition_literal
  : literal
  | '-' literal { $$ = UNARY(@$, @1, WR_TREE_NEGATE, false, $2); }
  ;

/* ---- CREATE. */

create_view
  : CREATE or_replace temporary VIEW new_name columns comment AS query {
      $$ = wr_build_statement(parser, @$, WR_TREE_CREATE_VIEW);
      $$->create_view = NEW(struct wr_tree_create_view);
      *$$->create_view = (struct wr_tree_create_view){
          .name = $5.name, .temporary = $3, .if_not_exists = $5.conditional, .or_replace = $2,
          .columns = $6, .comment = $7, .query = $9};
    }
  ;

create_function
  : CREATE or_replace temporary FUNCTION new_name function_body {
      $$ = wr_build_function(parser, @$, $2, $3, &$5, $6);
    }
  | CREATE or_replace TEMPORARY SYSTEM FUNCTION new_name function_body {
      $$ = wr_build_function(parser, @$, $2, true, &$6, $7);
      $$->create_function->system = true;
    }
  ;

create_stream
  : CREATE or_replace STREAM path '(' table_elements ')' description options {
      $$ = wr_build_stream(parser, @$, $2, $4, $6, $8);
      $$->create_stream->table.options = $9;
      $$->create_stream->table.options_span = @9;
    }
  ;

create_pump
  : CREATE or_replace PUMP path description AS insert {
      $$ = wr_build_pump(parser, @$, $2, $4, (struct wr_span){0, 0}, $5, $7);
    }
  | CREATE or_replace PUMP path STOPPED description AS insert {
      $$ = wr_build_pump(parser, @$, $2, $4, @5, $6, $8);
    }
  ;

description
  : %empty             { $$ = NULL; }
  | DESCRIPTION STRING { $$ = $2; }
  ;

function_body
  : parameters RETURNS type AS expression {
      $$ = NEW(struct wr_tree_create_function);
      $$->parameters = $1;
      $$->returns = $3;
      $$->value = $5;
    }
  | parameters RETURNS type routine RETURN expression {
      $$ = wr_build_routine(parser, $1, $3, $4, $6);
    }
  | parameters RETURNS plain_type NOT DETERMINISTIC routine RETURN expression {
      $6 = wr_build_routine_clause(parser, AT(@4, @5), $6, WR_BUILD_DETERMINISTIC);
      $$ = wr_build_routine(parser, $1, $3, $6, $8);
    }
  | AS STRING language jars {
      $$ = NEW(struct wr_tree_create_function);
      $$->class_name = $2;
    }
  ;

parameters
  : '(' ')'                { $$ = (struct wr_tree_parameters){0}; }
  | '(' parameter_list ')' { $$ = $2; }
  ;

parameter_list
  : parameter                    { $$ = (struct wr_tree_parameters){0}; ADD(&$$, $1); }
  | parameter_list ',' parameter { $$ = $1; ADD(&$$, $3); }
  ;

parameter
  : identifier type {
      $$ = NEW(struct wr_tree_parameter);
      *$$ = (struct wr_tree_parameter){@$, $1, $2};
    }
  ;

/* What may stand before RETURN; only that about NULL means anything here. Right behind a type NOT
 * could also be that of NOT NULL. */
routine
  : %empty { $$ = (struct wr_build_routine){0}; }
  | clauses
  ;

clauses
  : routine_clause { $$ = wr_build_routine_clause(parser, @1, (struct wr_build_routine){0}, $1); }
  | clauses routine_clause { $$ = wr_build_routine_clause(parser, @2, $1, $2); }
  | clauses NOT DETERMINISTIC {
      $$ = wr_build_routine_clause(parser, AT(@2, @3), $1, WR_BUILD_DETERMINISTIC);
    }
  ;

routine_clause
  : LANGUAGE SQL               { $$ = WR_BUILD_LANGUAGE; }
  | SPECIFIC path              { $$ = WR_BUILD_SPECIFIC; }
  | DETERMINISTIC              { $$ = WR_BUILD_DETERMINISTIC; }
  | CONTAINS SQL               { $$ = WR_BUILD_CONTAINS_SQL; }
  | READS SQL DATA             { $$ = WR_BUILD_READS_SQL; }
  | MODIFIES SQL DATA          { $$ = WR_BUILD_MODIFIES_SQL; }
  | CALLED ON NULL INPUT       { $$ = WR_BUILD_CALLED_ON_NULL; }
  | RETURNS NULL ON NULL INPUT { $$ = WR_BUILD_NULL_ON_NULL; }
  ;

/* Of functions that only the JVM can run. */
language
  : %empty
  | LANGUAGE identifier
  ;

jars
  : %empty
  | USING JAR STRING
  | jars ',' JAR STRING
  ;

create_table
  : CREATE or_replace temporary TABLE new_name table_body comment partitioned_by options
    table_source {
      $$ = wr_build_statement(parser, @$, WR_TREE_CREATE_TABLE);
      struct wr_tree_create_table *table = $6;
      table->name = $5.name;
      table->temporary = $3;
      table->if_not_exists = $5.conditional;
      table->or_replace = $2;
      table->comment = $7;
      table->partitioned_by = $8.identifiers;
      table->partition_span = $8.words;
      table->options = $9;
      table->options_span = @9;
      table->like = $10.like;
      table->like_options = $10.options;
      table->query = $10.query;
      $$->create_table = table;
    }
  ;

or_replace
  : %empty     { $$ = false; }
  | OR REPLACE { $$ = true; }
  ;

temporary
  : %empty    { $$ = false; }
  | TEMPORARY { $$ = true; }
  ;

new_name
  : path               { $$ = (struct wr_build_target){$1, false}; }
  | IF NOT EXISTS path { $$ = (struct wr_build_target){$4, true}; }
  ;

old_name
  : path           { $$ = (struct wr_build_target){$1, false}; }
  | IF EXISTS path { $$ = (struct wr_build_target){$3, true}; }
  ;

table_body
  : %empty                 { $$ = NEW(struct wr_tree_create_table); }
  | '(' table_elements ')' { $$ = $2; }
  ;

table_elements
  : table_element {
      $$ = NEW(struct wr_tree_create_table);
      wr_build_element(parser, $$, $1);
    }
  | table_elements ',' table_element {
      $$ = $1;
      wr_build_element(parser, $$, $3);
    }
  ;

table_element
  : identifier type comment {
      $$ = wr_build_column_element(parser, @$, &(struct wr_tree_column_definition){
          .kind = WR_TREE_PHYSICAL, .name = $1, .type = $2, .comment = $3});
    }
  | identifier type PRIMARY KEY not_enforced comment {
      $$ = wr_build_column_element(parser, @$, &(struct wr_tree_column_definition){
          .kind = WR_TREE_PHYSICAL, .name = $1, .type = $2, .comment = $6});
      struct wr_tree_identifiers columns = {0};
      ADD(&columns, $1);
      $$.key = wr_build_key(parser, AT(@3, @5), NULL, columns, $5);
    }
  | identifier type CONSTRAINT identifier PRIMARY KEY not_enforced comment {
      $$ = wr_build_column_element(parser, @$, &(struct wr_tree_column_definition){
          .kind = WR_TREE_PHYSICAL, .name = $1, .type = $2, .comment = $8});
      struct wr_tree_identifiers columns = {0};
      ADD(&columns, $1);
      $$.key = wr_build_key(parser, AT(@3, @7), $4, columns, $7);
    }
  | identifier type METADATA metadata_key virtual comment {
      $$ = wr_build_column_element(parser, @$, &(struct wr_tree_column_definition){
          .kind = WR_TREE_METADATA, .name = $1, .type = $2, .metadata_key = $4, .is_virtual = $5,
          .comment = $6});
    }
  | identifier AS expression comment {
      $$ = wr_build_column_element(parser, @$, &(struct wr_tree_column_definition){
          .kind = WR_TREE_COMPUTED, .name = $1, .value = $3, .comment = $4});
    }
  | WATERMARK FOR path AS expression {
      $$ = (struct wr_build_element){.watermark = NEW(struct wr_tree_watermark)};
      *$$.watermark = (struct wr_tree_watermark){@$, $3, $5};
    }
  | PRIMARY KEY '(' identifiers ')' not_enforced {
      $$ = (struct wr_build_element){.key = wr_build_key(parser, @$, NULL, $4, $6)};
    }
  | CONSTRAINT identifier PRIMARY KEY '(' identifiers ')' not_enforced {
      $$ = (struct wr_build_element){.key = wr_build_key(parser, @$, $2, $6, $8)};
    }
  ;

metadata_key
  : %empty      { $$ = NULL; }
  | FROM STRING { $$ = $2; }
  ;

virtual
  : %empty  { $$ = false; }
  | VIRTUAL { $$ = true; }
  ;

not_enforced
  : %empty       { $$ = false; }
  | NOT ENFORCED { $$ = true; }
  ;

comment
  : %empty         { $$ = NULL; }
  | COMMENT STRING { $$ = $2; }
  ;

partitioned_by
  : %empty { $$ = (struct wr_build_clause){0}; }
  | PARTITIONED BY '(' identifiers ')' {
      $$ = (struct wr_build_clause){.words = AT(@1, @2), .identifiers = $4};
    }
  ;

options
  : %empty                   { $$ = (struct wr_tree_options){0}; }
  | WITH '(' ')'             { $$ = (struct wr_tree_options){0}; }
  | WITH '(' option_list ')' { $$ = $3; }
  ;

option_list
  : option                 { $$ = (struct wr_tree_options){0}; ADD(&$$, $1); }
  | option_list ',' option { $$ = $1; ADD(&$$, $3); }
  ;

option
  : STRING '=' STRING {
      $$ = NEW(struct wr_tree_option);
      *$$ = (struct wr_tree_option){@$, *$1, *$3};
    }
  ;

table_source
  : %empty                 { $$ = (struct wr_build_source){0}; }
  | AS query               { $$ = (struct wr_build_source){.query = $2}; }
  | LIKE path like_options {
      $$ = (struct wr_build_source){.like = NEW(struct wr_tree_name), .options = $3};
      *$$.like = $2;
    }
  ;

like_options
  : %empty            { $$ = (struct wr_tree_like_options){0}; }
  | '(' like_list ')' { $$ = $2; }
  ;

like_list
  : like_option           { $$ = (struct wr_tree_like_options){0}; ADD(&$$, $1); }
  | like_list like_option { $$ = $1; ADD(&$$, $2); }
  ;

like_option
  : like_action ALL        { $$ = wr_build_like_option(parser, @$, $1, @2); }
  | like_action identifier { $$ = wr_build_like_option(parser, @$, $1, @2); }
  ;

like_action
  : INCLUDING   { $$ = WR_TREE_INCLUDING; }
  | EXCLUDING   { $$ = WR_TREE_EXCLUDING; }
  | OVERWRITING { $$ = WR_TREE_OVERWRITING; }
  ;

/* ---- Queries. "open" ones are not just a query in brackets. */

query
  : query_open
  | query_in_brackets
  ;

query_in_brackets
  : '(' query_open ')'        { $$ = wr_build_query_in_brackets(parser, @$, $2); }
  | '(' query_in_brackets ')' { $$ = wr_build_query_in_brackets(parser, @$, $2); }
  ;

query_open
  : union_open
  | union tail      { $$ = wr_build_around(parser, @$, NULL, $1, $2); }
  | with union      { $$ = wr_build_around(parser, @$, &$1, $2, NULL); }
  | with union tail { $$ = wr_build_around(parser, @$, &$1, $2, $3); }
  ;

with
  : WITH common     { $$ = (struct wr_tree_commons){0}; ADD(&$$, $2); }
  | with ',' common { $$ = $1; ADD(&$$, $3); }
  ;

common
  : identifier columns AS query_in_brackets {
      $$ = NEW(struct wr_tree_common);
      *$$ = (struct wr_tree_common){@$, $1, $2, $4};
    }
  ;

union
  : union_open
  | query_in_brackets
  ;

union_open
  : term_open
  | union UNION all term {
      $$ = wr_build_set(parser, @$, AT(@2, @3), WR_TREE_UNION, $3, $1, $4);
    }
  | union EXCEPT all term {
      $$ = wr_build_set(parser, @$, AT(@2, @3), WR_TREE_EXCEPT, $3, $1, $4);
    }
  ;

term
  : term_open
  | query_in_brackets
  ;

term_open
  : simple
  | term INTERSECT all operand {
      $$ = wr_build_set(parser, @$, AT(@2, @3), WR_TREE_INTERSECT, $3, $1, $4);
    }
  ;

operand
  : simple
  | query_in_brackets
  ;

all
  : %empty   { $$ = false; }
  | ALL      { $$ = true; }
  | DISTINCT { $$ = false; }
  ;

simple
  : select
  | VALUES expressions { $$ = wr_build_values(parser, @$, $2); }
  | TABLE path {
      $$ = wr_build_query(parser, @$, WR_TREE_TABLE_QUERY);
      $$->table = $2;
    }
  ;

/* What comes behind a query travels as a query that has only these parts. */
tail
  : order_words order_list { $$ = wr_build_tail(parser, NULL, NULL); WITH_ORDER($$, @1, $2); }
  | order_words order_list WITHIN sum {
      $$ = wr_build_tail(parser, NULL, NULL);
      WITH_ORDER($$, @1, $2);
      $$->within = $4;
    }
  | limit
  | order_words order_list limit { $$ = $3; WITH_ORDER($$, @1, $2); }
  ;

limit
  : limit_count              { $$ = wr_build_tail(parser, &$1, NULL); }
  | offset_count             { $$ = wr_build_tail(parser, NULL, &$1); }
  | fetch_count              { $$ = wr_build_tail(parser, &$1, NULL); }
  | limit_count offset_count { $$ = wr_build_tail(parser, &$1, &$2); }
  | offset_count limit_count { $$ = wr_build_tail(parser, &$2, &$1); }
  | offset_count fetch_count { $$ = wr_build_tail(parser, &$2, &$1); }
  ;

limit_count
  : LIMIT sum { $$ = CLAUSE(@1, .condition = $2); }
  | LIMIT ALL { $$ = CLAUSE(@1, .condition = NULL); }
  ;

offset_count
  : OFFSET sum      { $$ = CLAUSE(@1, .condition = $2); }
  | OFFSET sum ROW  { $$ = CLAUSE(@1, .condition = $2); }
  | OFFSET sum ROWS { $$ = CLAUSE(@1, .condition = $2); }
  ;

fetch_count
  : FETCH first_or_next sum row_or_rows ONLY { $$ = CLAUSE(@1, .condition = $3); }
  ;

first_or_next
  : FIRST
  | NEXT
  ;

row_or_rows
  : ROW
  | ROWS
  ;

select
  : SELECT streaming hints distinct items from where group_by stagger having windows qualify emit {
      $$ = wr_build_select(parser, &(struct wr_tree_select){
          .span = @$, .stream_span = @2, .hints = $3, .distinct = $4.words.length > 0,
          .distinct_span = $4.words, .items = $5, .from = $6, .where = $7.condition,
          .where_span = $7.words, .group_by = $8.groups, .group_span = $8.words,
          .stagger = $9.stagger, .having = $10.condition, .having_span = $10.words,
          .windows = $11.windows, .window_span = $11.words, .qualify = $12.condition,
          .qualify_span = $12.words, .emit_every = $13.condition, .emit_span = $13.words});
    }
  ;

streaming
  : %empty
  | SELECT_STREAM
  ;

distinct
  : %empty   { $$ = NO_CLAUSE; }
  | ALL      { $$ = NO_CLAUSE; }
  | DISTINCT { $$ = CLAUSE(@1, .condition = NULL); }
  ;

items
  : item           { $$ = (struct wr_tree_items){0}; ADD(&$$, $1); }
  | items ',' item { $$ = $1; ADD(&$$, $3); }
  ;

item
  : expression       { $$ = wr_build_item(parser, @$, $1, NULL); }
  | expression alias { $$ = wr_build_item(parser, @$, $1, $2); }
  | '*'              { $$ = wr_build_item(parser, @$, wr_build_star(parser, @$, NULL), NULL); }
  | path '.' '*'     { $$ = wr_build_item(parser, @$, wr_build_star(parser, @$, &$1), NULL); }
  ;

where
  : %empty           { $$ = NO_CLAUSE; }
  | WHERE expression { $$ = CLAUSE(@1, .condition = $2); }
  ;

having
  : %empty            { $$ = NO_CLAUSE; }
  | HAVING expression { $$ = CLAUSE(@1, .condition = $2); }
  ;

qualify
  : %empty             { $$ = NO_CLAUSE; }
  | QUALIFY expression { $$ = CLAUSE(@1, .condition = $2); }
  ;

emit
  : %empty                { $$ = NO_CLAUSE; }
  | EMIT EVERY expression { $$ = CLAUSE(AT(@1, @2), .condition = $3); }
  | EMIT ON CHANGE        { $$ = CLAUSE(AT(@1, @3), .condition = NULL); }
  ;

group_by
  : %empty              { $$ = NO_CLAUSE; }
  | GROUP BY groups     { $$ = CLAUSE(AT(@1, @2), .groups = $3); }
  | GROUP BY ALL groups { $$ = CLAUSE(AT(@1, @2), .groups = $4); }
  ;

stagger
  : %empty { $$ = NO_CLAUSE; }
  | WINDOWED BY STAGGER '(' partition_by RANGE sum ')' {
      $$ = CLAUSE(AT(@1, @3), .stagger = wr_build_stagger(parser, @$, $5, $7));
    }
  ;

groups
  : group            { $$ = (struct wr_tree_groups){0}; ADD(&$$, $1); }
  | groups ',' group { $$ = $1; ADD(&$$, $3); }
  ;

group
  : expression                   { $$ = wr_build_group(parser, @$, $1); }
  | '(' ')'                      { $$ = wr_build_group(parser, @$, NULL); }
  | GROUPING SETS '(' groups ')' {
      $$ = wr_build_groups(parser, @$, WR_TREE_GROUPING_SETS, $4);
    }
  | ROLLUP '(' groups ')'        { $$ = wr_build_groups(parser, @$, WR_TREE_ROLLUP, $3); }
  | CUBE '(' groups ')'          { $$ = wr_build_groups(parser, @$, WR_TREE_CUBE, $3); }
  ;

order_words
  : ORDER BY
  ;

order_by
  : order_words order_list { $$ = $2; }
  ;

order_list
  : order                { $$ = (struct wr_tree_orders){0}; ADD(&$$, $1); }
  | order_list ',' order { $$ = $1; ADD(&$$, $3); }
  ;

order
  : expression direction nulls_order {
      $$ = NEW(struct wr_tree_order);
      *$$ = (struct wr_tree_order){@$, $1, $2, $3};
    }
  ;

direction
  : %empty { $$ = false; }
  | ASC    { $$ = false; }
  | DESC   { $$ = true; }
  ;

nulls_order
  : %empty      { $$ = WR_TREE_NULLS_DEFAULT; }
  | NULLS FIRST { $$ = WR_TREE_NULLS_FIRST; }
  | NULLS LAST  { $$ = WR_TREE_NULLS_LAST; }
  ;

/* ---- Windows of OVER. */

windows
  : %empty             { $$ = NO_CLAUSE; }
  | WINDOW window_list { $$ = CLAUSE(@1, .windows = $2); }
  ;

window_list
  : window                 { $$ = (struct wr_tree_windows){0}; ADD(&$$, $1); }
  | window_list ',' window { $$ = $1; ADD(&$$, $3); }
  ;

window
  : identifier AS '(' window_body ')' {
      $$ = $4;
      $$->span = @$;
      $$->name = $1;
    }
  ;

window_body
  : base partition_by frame {
      $$ = $3;
      $$->span = @$;
      $$->base = $1;
      $$->partition_by = $2;
    }
  | base partition_by order_words order_list frame {
      $$ = $5;
      $$->span = @$;
      $$->base = $1;
      $$->partition_by = $2;
      $$->order_by = $4;
      $$->order_span = @3;
    }
  ;

base
  : %empty { $$ = NULL; }
  | identifier
  ;

partition_by
  : %empty                   { $$ = (struct wr_tree_expressions){0}; }
  | PARTITION BY expressions { $$ = $3; }
  ;

frame
  : %empty { $$ = NEW(struct wr_tree_window); }
  | frame_unit bound {
      $$ = NEW(struct wr_tree_window);
      $$->frame = $1;
      $$->frame_span = @1;
      $$->from = $2;
      $$->to = (struct wr_tree_bound){@2, WR_TREE_CURRENT_ROW, NULL};
    }
  | frame_unit BETWEEN bound AND bound {
      $$ = NEW(struct wr_tree_window);
      $$->frame = $1;
      $$->frame_span = @1;
      $$->from = $3;
      $$->to = $5;
    }
  ;

frame_unit
  : ROWS  { $$ = WR_TREE_FRAME_ROWS; }
  | RANGE { $$ = WR_TREE_FRAME_RANGE; }
  ;

bound
  : UNBOUNDED PRECEDING { $$ = (struct wr_tree_bound){@$, WR_TREE_UNBOUNDED_PRECEDING, NULL}; }
  | UNBOUNDED FOLLOWING { $$ = (struct wr_tree_bound){@$, WR_TREE_UNBOUNDED_FOLLOWING, NULL}; }
  | CURRENT ROW         { $$ = (struct wr_tree_bound){@$, WR_TREE_CURRENT_ROW, NULL}; }
  | sum PRECEDING       { $$ = (struct wr_tree_bound){@$, WR_TREE_PRECEDING, $1}; }
  | sum FOLLOWING       { $$ = (struct wr_tree_bound){@$, WR_TREE_FOLLOWING, $1}; }
  ;

/* ---- FROM. */

from
  : %empty         { $$ = NULL; }
  | FROM relations { $$ = $2; }
  ;

relations
  : relation
  | relations ',' relation { $$ = wr_build_join(parser, @$, @2, WR_TREE_COMMA, $1, $3, NULL); }
  ;

relation
  : single_relation
  | relation CROSS JOIN single_relation {
      $$ = wr_build_join(parser, @$, AT(@2, @3), WR_TREE_CROSS, $1, $4, NULL);
    }
  | relation NATURAL join JOIN single_relation {
      $$ = wr_build_join(parser, @$, AT(@2, @4), $3, $1, $5, NULL);
      $$->join.natural = true;
    }
  | relation join JOIN single_relation ON expression {
      $$ = wr_build_join(parser, @$, @2.length > 0 ? AT(@2, @3) : @3, $2, $1, $4, $6);
    }
  | relation join JOIN single_relation USING '(' identifiers ')' {
      $$ = wr_build_join(parser, @$, @2.length > 0 ? AT(@2, @3) : @3, $2, $1, $4, NULL);
      $$->join.using = $7;
    }
  ;

join
  : %empty      { $$ = WR_TREE_INNER; }
  | INNER       { $$ = WR_TREE_INNER; }
  | LEFT outer  { $$ = WR_TREE_LEFT; }
  | RIGHT outer { $$ = WR_TREE_RIGHT; }
  | FULL outer  { $$ = WR_TREE_FULL; }
  | OUTER       { $$ = WR_TREE_FULL; }
  ;

outer
  : %empty
  | OUTER
  ;

single_relation
  : relation_body
  | relation_body relation_alias alias_columns {
      $$ = $1;
      $$->span = @$;
      $$->alias = $2;
      $$->alias_columns = $3;
    }
  | windowed
  | windowed relation_alias alias_columns {
      $$ = $1;
      $$->span = @$;
      $$->alias = $2;
      $$->alias_columns = $3;
    }
  | relation_body relation_alias alias_columns over_window {
      $$ = wr_build_relation_over(parser, @$, @4, $1, $4);
      $$->alias = $2;
      $$->alias_columns = $3;
    }
  | matched
  | matched relation_alias alias_columns {
      $$ = $1;
      $$->span = @$;
      $$->alias = $2;
      $$->alias_columns = $3;
    }
  | '(' relation ')' { $$ = $2; }
  ;

windowed
  : rows over_window { $$ = wr_build_relation_over(parser, @$, @2, $1, $2); }
  ;

matched
  : relation_body match { $$ = wr_build_match(parser, @$, $1, $2); }
  | relation_body relation_alias alias_columns match {
      $1->span = AT(@1, @3.length > 0 ? @3 : @2);
      $1->alias = $2;
      $1->alias_columns = $3;
      $$ = wr_build_match(parser, @$, $1, $4);
    }
  ;

relation_body
  : rows
  | path hints system_time as_of {
      $$ = wr_build_table(parser, @$, $1, $2, $4);
      $$->table.as_of_span = @3;
    }
  | LATERAL query_in_brackets { $$ = wr_build_derived(parser, @$, $2, true); }
  | LATERAL table_function {
      $$ = $2;
      $$->span = @$;
      $$->function.lateral = true;
    }
  | UNNEST '(' expressions ')'                 { $$ = wr_build_unnest(parser, @$, $3, false); }
  | UNNEST '(' expressions ')' WITH ORDINALITY {
      $$ = wr_build_unnest(parser, @$, $3, true);
      $$->unnest.ordinality_span = AT(@5, @6);
    }
  ;

/* What a window may stand behind. */
rows
  : path hints                      { $$ = wr_build_table(parser, @$, $1, $2, NULL); }
  | query_in_brackets %prec SHORTER { $$ = wr_build_derived(parser, @$, $1, false); }
  | table_function
  ;

table_function
  : TABLE '(' path call_body ')' {
      struct wr_tree_expression *call = wr_build_call(parser, AT(@3, @4), $3, $4);
      $$ = wr_build_table_function(parser, @$, call);
    }
  | path call_body {
      $$ = wr_build_table_function(parser, @$, wr_build_call(parser, @$, $1, $2));
    }
  ;

system_time
  : FOR SYSTEM_TIME AS OF
  ;

as_of
  : sum
  ;

/* Which rows stand side by side. What else SQL has here is refused by name, refuse.c. */
match
  : MATCH_RECOGNIZE '(' partition_by match_order measures row_per_match after_match
    PATTERN '(' steps ')' match_within define ')' {
      $$ = $7;
      $$->span = @1;
      $$->partition_by = $3;
      $$->order_by = $4;
      $$->measures = $5;
      $$->pattern_span = @8;
      $$->steps = $10;
      $$->within = $12;
      $$->definitions = $13;
    }
  ;

match_order
  : %empty { $$ = (struct wr_tree_orders){0}; }
  | order_by
  ;

measures
  : %empty                { $$ = (struct wr_tree_items){0}; }
  | MEASURES measure_list { $$ = $2; }
  ;

measure_list
  : measure                  { $$ = (struct wr_tree_items){0}; ADD(&$$, $1); }
  | measure_list ',' measure { $$ = $1; ADD(&$$, $3); }
  ;

measure
  : expression AS identifier { $$ = wr_build_item(parser, @$, $1, $3); }
  ;

row_per_match
  : %empty
  | ONE ROW PER MATCH
  ;

after_match
  : %empty { $$ = NEW(struct wr_tree_match); }
  | AFTER MATCH SKIP TO NEXT ROW { $$ = NEW(struct wr_tree_match); }
  | AFTER MATCH SKIP PAST LAST ROW {
      $$ = NEW(struct wr_tree_match);
      $$->skip = WR_TREE_SKIP_PAST_LAST_ROW;
    }
  | AFTER MATCH SKIP TO FIRST identifier {
      $$ = NEW(struct wr_tree_match);
      $$->skip = WR_TREE_SKIP_TO_FIRST;
      $$->skip_variable = $6;
    }
  | AFTER MATCH SKIP TO any_last {
      $$ = NEW(struct wr_tree_match);
      $$->skip = WR_TREE_SKIP_TO_LAST;
      $$->skip_variable = $5;
    }
  ;

any_last
  : LAST identifier { $$ = $2; }
  | NAME
  ;

steps
  : step       { $$ = (struct wr_tree_match_steps){0}; ADD(&$$, $1); }
  | steps step { $$ = $1; ADD(&$$, $2); }
  ;

step
  : identifier {
      $$ = wr_build_match_step(parser, @$, $1,
                               &(struct wr_tree_match_step){.least = 1, .most = 1});
    }
  | identifier quantifier reluctant {
      $2->quantifier = @3.length > 0 ? AT(@2, @3) : @2;
      $2->reluctant = $3;
      $$ = wr_build_match_step(parser, @$, $1, $2);
    }
  ;

quantifier
  : '*'                             { $$ = QUANTIFIER(0, WR_TREE_NO_MOST); }
  | '+'                             { $$ = QUANTIFIER(1, WR_TREE_NO_MOST); }
  | '?'                             { $$ = QUANTIFIER(0, 1); }
  | '{' count '}'                   { $$ = QUANTIFIER($2, $2); }
  | '{' count ',' '}'               { $$ = QUANTIFIER($2, WR_TREE_NO_MOST); }
  | '{' count ',' count '}'         { $$ = QUANTIFIER($2, $4); }
  | '{' ',' count '}'               { $$ = QUANTIFIER(0, $3); }
  ;

reluctant
  : %empty { $$ = false; }
  | '?'    { $$ = true; }
  ;

match_within
  : %empty            { $$ = NULL; }
  | WITHIN expression { $$ = $2; }
  ;

define
  : %empty                 { $$ = (struct wr_tree_definitions){0}; }
  | DEFINE definition_list { $$ = $2; }
  ;

definition_list
  : definition                     { $$ = (struct wr_tree_definitions){0}; ADD(&$$, $1); }
  | definition_list ',' definition { $$ = $1; ADD(&$$, $3); }
  ;

definition
  : identifier AS expression {
      $$ = NEW(struct wr_tree_definition);
      *$$ = (struct wr_tree_definition){@$, $1, $3};
    }
  ;

relation_alias
  : alias
  | PERIOD_WORD { $$ = wr_build_word(parser, @$); }
  ;

alias
  : AS identifier { $$ = $2; }
  | bare_alias
  ;

alias_columns
  : %empty              { $$ = (struct wr_tree_identifiers){0}; }
  | '(' identifiers ')' { $$ = $2; }
  ;

hints
  : %empty                        { $$ = (struct wr_tree_hints){0}; }
  | HINT_BEGIN hint_list HINT_END { $$ = $2; }
  ;

hint_list
  : hint               { $$ = (struct wr_tree_hints){0}; ADD(&$$, $1); }
  | hint_list ',' hint { $$ = $1; ADD(&$$, $3); }
  ;

hint
  : identifier {
      $$ = NEW(struct wr_tree_hint);
      *$$ = (struct wr_tree_hint){.span = @$, .name = $1};
    }
  | identifier '(' option_list ')' {
      $$ = NEW(struct wr_tree_hint);
      *$$ = (struct wr_tree_hint){.span = @$, .name = $1, .options = $3};
    }
  | identifier '(' hint_words ')' {
      $$ = NEW(struct wr_tree_hint);
      *$$ = (struct wr_tree_hint){.span = @$, .name = $1, .words = $3};
    }
  ;

hint_words
  : hint_word                { $$ = (struct wr_tree_texts){0}; ADD(&$$, $1); }
  | hint_words ',' hint_word { $$ = $1; ADD(&$$, $3); }
  ;

hint_word
  : STRING
  | identifier {
      $$ = NEW(struct wr_tree_text);
      *$$ = (struct wr_tree_text){$1->span, $1->text, $1->length};
    }
  ;

/* ---- Expressions, from the loosest operator to the tightest. */

expressions
  : expression                 { $$ = (struct wr_tree_expressions){0}; ADD(&$$, $1); }
  | expressions ',' expression { $$ = $1; ADD(&$$, $3); }
  ;

expression
  : conjunction
  | disjuncts { $$ = wr_build_chain(parser, WR_TREE_OR, &$1); }
  ;

disjuncts
  : conjunction OR conjunction { $$ = (struct wr_tree_expressions){0}; ADD(&$$, $1); ADD(&$$, $3); }
  | disjuncts OR conjunction   { $$ = $1; ADD(&$$, $3); }
  ;

conjunction
  : negation
  | conjuncts { $$ = wr_build_chain(parser, WR_TREE_AND, &$1); }
  ;

conjuncts
  : negation AND negation  { $$ = (struct wr_tree_expressions){0}; ADD(&$$, $1); ADD(&$$, $3); }
  | conjuncts AND negation { $$ = $1; ADD(&$$, $3); }
  ;

negation
  : comparison
  | NOT negation { $$ = UNARY(@$, @1, WR_TREE_NOT, false, $2); }
  ;

comparison
  : range
  | periods { $$ = $1.value; }
  | comparison comparator range { $$ = BINARY(@$, @2, $2, false, $1, $3); }
  | comparison OVERLAPS range   { $$ = wr_build_overlaps(parser, @$, @2, $1, $3); }
  | comparison IS not NULL      { $$ = UNARY(@$, AT(@2, @4), WR_TREE_IS_NULL, $3, $1); }
  | comparison IS not TRUE      { $$ = UNARY(@$, AT(@2, @4), WR_TREE_IS_TRUE, $3, $1); }
  | comparison IS not FALSE     { $$ = UNARY(@$, AT(@2, @4), WR_TREE_IS_FALSE, $3, $1); }
  | comparison IS not UNKNOWN   { $$ = UNARY(@$, AT(@2, @4), WR_TREE_IS_UNKNOWN, $3, $1); }
  | comparison IS not JSON json_kind {
      $$ = UNARY(@$, AT(@2, @4), $5, $3, $1);
    }
  | comparison IS not DISTINCT FROM range {
      $$ = BINARY(@$, AT(@2, @5), WR_TREE_IS_DISTINCT, $3, $1, $6);
    }
  ;

/* (a, b) PRECEDES (c, d) PRECEDES (e, f) */
periods
  : range period_words range   { $$ = wr_build_periods(parser, @$, @2, NULL, $1, $3); }
  | periods period_words range { $$ = wr_build_periods(parser, @$, @2, &$1, $1.last, $3); }
  ;

period_words
  : PERIOD_WORD
  | PERIOD_WORD PERIOD_WORD
  | PERIOD_WORD OVERLAPS
  ;

comparator
  : '='           { $$ = WR_TREE_EQUAL; }
  | NOT_EQUAL     { $$ = WR_TREE_NOT_EQUAL; }
  | '<'           { $$ = WR_TREE_LESS; }
  | LESS_EQUAL    { $$ = WR_TREE_LESS_EQUAL; }
  | '>'           { $$ = WR_TREE_GREATER; }
  | GREATER_EQUAL { $$ = WR_TREE_GREATER_EQUAL; }
  ;

not
  : %empty { $$ = false; }
  | NOT    { $$ = true; }
  ;

json_kind
  : %empty { $$ = WR_TREE_IS_JSON; }
  | VALUE  { $$ = WR_TREE_IS_JSON; }
  | SCALAR { $$ = WR_TREE_IS_JSON_SCALAR; }
  | ARRAY  { $$ = WR_TREE_IS_JSON_ARRAY; }
  | OBJECT { $$ = WR_TREE_IS_JSON_OBJECT; }
  ;

range
  : sum
  | range BETWEEN symmetric sum AND sum {
      $$ = TERNARY(@$, @2, $3, false, $1, $4, $6);
    }
  | range NOT BETWEEN symmetric sum AND sum {
      $$ = TERNARY(@$, AT(@2, @3), $4, true, $1, $5, $7);
    }
  | range LIKE sum escape       { $$ = TERNARY(@$, @2, WR_TREE_LIKE, false, $1, $3, $4); }
  | range NOT LIKE sum escape   { $$ = TERNARY(@$, AT(@2, @3), WR_TREE_LIKE, true, $1, $4, $5); }
  | range SIMILAR TO sum escape {
      $$ = TERNARY(@$, AT(@2, @3), WR_TREE_SIMILAR, false, $1, $4, $5);
    }
  | range NOT SIMILAR TO sum escape {
      $$ = TERNARY(@$, AT(@2, @4), WR_TREE_SIMILAR, true, $1, $5, $6);
    }
  | range IN '(' expressions ')'     { $$ = wr_build_in(parser, @$, false, $1, $4, NULL); }
  | range NOT IN '(' expressions ')' { $$ = wr_build_in(parser, @$, true, $1, $5, NULL); }
  | range IN query_in_brackets       { $$ = wr_build_in(parser, @$, false, $1, NO_LIST, $3); }
  | range NOT IN query_in_brackets   { $$ = wr_build_in(parser, @$, true, $1, NO_LIST, $4); }
  ;

symmetric
  : %empty     { $$ = WR_TREE_BETWEEN; }
  | ASYMMETRIC { $$ = WR_TREE_BETWEEN; }
  | SYMMETRIC  { $$ = WR_TREE_BETWEEN_SYMMETRIC; }
  ;

escape
  : %empty     { $$ = NULL; }
  | ESCAPE sum { $$ = $2; }
  ;

sum
  : product
  | sum '+' product { $$ = BINARY(@$, @2, WR_TREE_ADD, false, $1, $3); }
  | sum '-' product { $$ = BINARY(@$, @2, WR_TREE_SUBTRACT, false, $1, $3); }
  ;

product
  : sign
  | product '*' sign         { $$ = BINARY(@$, @2, WR_TREE_MULTIPLY, false, $1, $3); }
  | product '/' sign         { $$ = BINARY(@$, @2, WR_TREE_DIVIDE, false, $1, $3); }
  | product '%' sign         { $$ = BINARY(@$, @2, WR_TREE_MODULO, false, $1, $3); }
  | product CONCATENATE sign { $$ = BINARY(@$, @2, WR_TREE_CONCATENATE, false, $1, $3); }
  ;

sign
  : value
  | '-' sign { $$ = UNARY(@$, @1, WR_TREE_NEGATE, false, $2); }
  | '+' sign { $$ = UNARY(@$, @1, WR_TREE_PLUS, false, $2); }
  ;

value
  : path { $$ = wr_build_column(parser, $1); }
  | complex
  ;

complex
  : bracketed
  | atom
  | '(' expression ')' closed_interval { $$ = wr_build_difference(parser, @$, $2, $4); }
  | complex '.' identifier     { $$ = wr_build_field(parser, @$, $1, $3); }
  | complex '[' expression ']' { $$ = BINARY(@$, AT(@2, @4), WR_TREE_SUBSCRIPT, false, $1, $3); }
  | path '[' expression ']'    {
      $$ = BINARY(@$, AT(@2, @4), WR_TREE_SUBSCRIPT, false, wr_build_column(parser, $1), $3);
    }
  ;

bracketed
  : '(' expression ')' { $$ = wr_build_bracketed(parser, @$, $2); }
  | '(' expressions ',' expression ')' {
      struct wr_tree_expressions items = $2;
      ADD(&items, $4);
      $$ = wr_build_items(parser, @$, WR_TREE_ROW, &items);
      $$->bracketed = true;
    }
  | query_in_brackets %prec SHORTER { $$ = wr_build_query_value(parser, @$, WR_TREE_SUBQUERY, $1); }
  ;

atom
  : literal
  | call
  | special_value
  | EXISTS query_in_brackets { $$ = wr_build_query_value(parser, @$, WR_TREE_EXISTS, $2); }
  | CASE branches else END { $$ = wr_build_case(parser, @$, NULL, $2, $3); }
  | CASE expression branches else END { $$ = wr_build_case(parser, @$, $2, $3, $4); }
  | CAST '(' expression AS type ')' { $$ = wr_build_cast(parser, @$, false, $3, $5); }
  | TRY_CAST '(' expression AS type ')' { $$ = wr_build_cast(parser, @$, true, $3, $5); }
  | ROW '(' ')' { $$ = wr_build_items(parser, @$, WR_TREE_ROW, NULL); }
  | ROW '(' expressions ')' { $$ = wr_build_items(parser, @$, WR_TREE_ROW, &$3); }
  | ARRAY '[' ']' { $$ = wr_build_items(parser, @$, WR_TREE_ARRAY, NULL); }
  | ARRAY '[' expressions ']' { $$ = wr_build_items(parser, @$, WR_TREE_ARRAY, &$3); }
  | MAP '[' ']' { $$ = wr_build_items(parser, @$, WR_TREE_MAP, NULL); }
  | MAP '[' expressions ']' { $$ = wr_build_items(parser, @$, WR_TREE_MAP, &$3); }
  ;

literal
  : INTEGER          { $$ = wr_build_number(parser, @$, WR_TREE_INTEGER); }
  | DECIMAL          { $$ = wr_build_number(parser, @$, WR_TREE_DECIMAL); }
  | APPROXIMATE      { $$ = wr_build_number(parser, @$, WR_TREE_APPROXIMATE); }
  | STRING           { $$ = wr_build_literal(parser, @$, WR_TREE_STRING, $1); }
  | BINARY           { $$ = wr_build_literal(parser, @$, WR_TREE_BINARY, $1); }
  | TRUE             { $$ = wr_build_literal(parser, @$, WR_TREE_TRUE, NULL); }
  | FALSE            { $$ = wr_build_literal(parser, @$, WR_TREE_FALSE, NULL); }
  | NULL             { $$ = wr_build_literal(parser, @$, WR_TREE_NULL, NULL); }
  | DATE STRING      { $$ = wr_build_literal(parser, @$, WR_TREE_DATE, $2); }
  | TIME STRING      { $$ = wr_build_literal(parser, @$, WR_TREE_TIME, $2); }
  | TIMESTAMP STRING { $$ = wr_build_literal(parser, @$, WR_TREE_TIMESTAMP, $2); }
  | INTERVAL minus STRING interval {
      $$ = wr_build_literal(parser, @$, WR_TREE_INTERVAL_TEXT, $3);
      $$->literal.negative = $2;
      $$->literal.interval = $4;
    }
  ;

minus
  : %empty { $$ = false; }
  | '+'    { $$ = false; }
  | '-'    { $$ = true; }
  ;

branches
  : WHEN expressions THEN expression {
      $$ = (struct wr_tree_branches){0};
      wr_build_branch(parser, &$$, $2, $4);
    }
  | branches WHEN expressions THEN expression {
      $$ = $1;
      wr_build_branch(parser, &$$, $3, $5);
    }
  ;

else
  : %empty          { $$ = NULL; }
  | ELSE expression { $$ = $2; }
  ;

/* ---- Calls. Which functions take words inside their brackets is in the table of build_call.c. */

call
  : path call_body call_tail {
      $$ = wr_build_call(parser, @$, $1, $2);
      wr_build_call_tail(parser, $$, $3);
    }
  | reserved_function call_body { $$ = wr_build_call(parser, @$, $1, $2); }
  ;

reserved_function
  : LEFT   { $$ = wr_build_name(parser, wr_build_word(parser, @1)); }
  | RIGHT  { $$ = wr_build_name(parser, wr_build_word(parser, @1)); }
  | YEAR   { $$ = wr_build_name(parser, wr_build_word(parser, @1)); }
  | MONTH  { $$ = wr_build_name(parser, wr_build_word(parser, @1)); }
  | DAY    { $$ = wr_build_name(parser, wr_build_word(parser, @1)); }
  | HOUR   { $$ = wr_build_name(parser, wr_build_word(parser, @1)); }
  | MINUTE { $$ = wr_build_name(parser, wr_build_word(parser, @1)); }
  | SECOND { $$ = wr_build_name(parser, wr_build_word(parser, @1)); }
  ;

special_value
  : CURRENT_DATE      { $$ = wr_build_special_value(parser, @$); }
  | CURRENT_TIME      { $$ = wr_build_special_value(parser, @$); }
  | CURRENT_TIMESTAMP { $$ = wr_build_special_value(parser, @$); }
  | LOCALTIME         { $$ = wr_build_special_value(parser, @$); }
  | LOCALTIMESTAMP    { $$ = wr_build_special_value(parser, @$); }
  ;

call_body
  : '(' ')' { $$ = (struct wr_build_body){0}; }
  | '(' '*' ')' {
      $$ = (struct wr_build_body){0};
      wr_build_argument(parser, &$$.arguments, NULL, wr_build_star(parser, @2, NULL));
    }
  | '(' path '.' '*' ')' {
      $$ = (struct wr_build_body){0};
      wr_build_argument(parser, &$$.arguments, NULL, wr_build_star(parser, AT(@2, @4), &$2));
    }
  | '(' arguments call_end ')' { $$ = $3; $$.arguments = $2; }
  | '(' ALL arguments call_end ')' { $$ = $4; $$.arguments = $3; }
  | '(' DISTINCT arguments call_end ')' {
      $$ = $4;
      $$.distinct_span = @2;
      $$.arguments = $3;
    }
  | '(' json_pairs ')' { $$ = $2; }
  | '(' json_pairs json_clauses ')' { $$ = $2; $$.json = $3; }
  | '(' NULL ON NULL ')' {
      $$ = (struct wr_build_body){.json = wr_build_json_nulls(parser, AT(@2, @4), NULL, false)};
    }
  | '(' ABSENT ON NULL ')' {
      $$ = (struct wr_build_body){.json = wr_build_json_nulls(parser, AT(@2, @4), NULL, true)};
    }
  | '(' expression FROM expression ')' {
      $$ = wr_build_form(parser, WR_FORM_FROM, @3, $2, $4, NULL, NULL);
    }
  | '(' unit_symbol FROM expression ')' {
      $$ = wr_build_form(parser, WR_FORM_FROM, @3, $2, $4, NULL, NULL);
    }
  | '(' expression FROM expression FOR expression ')' {
      $$ = wr_build_form(parser, WR_FORM_FROM_FOR, @3, $2, $4, $6, NULL);
    }
  | '(' side FROM expression ')' {
      $$ = wr_build_form(parser, WR_FORM_SIDE, @2, $2, $4, NULL, NULL);
    }
  | '(' side expression FROM expression ')' {
      $$ = wr_build_form(parser, WR_FORM_SIDE, @2, $2, $3, $5, NULL);
    }
  | '(' expression TO any_unit ')' {
      $$ = wr_build_form(parser, WR_FORM_TO, @3, $2, $4, NULL, NULL);
    }
  | '(' expression BY expression ')' {
      $$ = wr_build_form(parser, WR_FORM_BY, @3, $2, $4, NULL, NULL);
    }
  | '(' range SIMILAR sum ESCAPE sum ')' {
      $$ = wr_build_form(parser, WR_FORM_SIMILAR, @3, $2, $4, $6, NULL);
    }
  | '(' expression PLACING expression FROM expression ')' {
      $$ = wr_build_form(parser, WR_FORM_PLACING, @3, $2, $4, $6, NULL);
    }
  | '(' expression PLACING expression FROM expression FOR expression ')' {
      $$ = wr_build_form(parser, WR_FORM_PLACING, @3, $2, $4, $6, $8);
    }
  | '(' range IN unbracketed ')' {
      $$ = wr_build_form(parser, WR_FORM_IN, @3, $2, $4, NULL, NULL);
    }
  ;

call_end
  : %empty { $$ = (struct wr_build_body){0}; }
  | nulls_treatment { $$ = (struct wr_build_body){.nulls = $1, .nulls_span = @1}; }
  | json_clauses { $$ = (struct wr_build_body){.json = $1}; }
  ;

/* What stands behind and between the arguments of SQL/JSON functions; build_json.c knows which of
 * them takes what. KEY may be a column, so only few things can stand behind it. */
json_pairs
  : json_pair
  | json_pairs ',' json_pair {
      $$ = $1;
      $$.arguments = wr_build_append(parser, $1.arguments, &$3.arguments);
    }
  ;

json_pair
  : sum VALUE expression { $$ = wr_build_form(parser, WR_FORM_PAIRS, @2, $1, $3, NULL, NULL); }
  | sum ':' expression { $$ = wr_build_form(parser, WR_FORM_PAIRS, @2, $1, $3, NULL, NULL); }
  | KEY json_key VALUE expression {
      $$ = wr_build_form(parser, WR_FORM_PAIRS, @3, $2, $4, NULL, NULL);
    }
  ;

json_key
  : STRING { $$ = wr_build_literal(parser, @$, WR_TREE_STRING, $1); }
  | key_path { $$ = wr_build_column(parser, $1); }
  | key_path call_body { $$ = wr_build_call(parser, @$, $1, $2); }
  | CAST '(' expression AS type ')' { $$ = wr_build_cast(parser, @$, false, $3, $5); }
  ;

key_path
  : NAME                    { $$ = wr_build_name(parser, $1); }
  | KEY                     { $$ = wr_build_name(parser, wr_build_word(parser, @1)); }
  | key_path '.' identifier { $$ = $1; ADD(&$$.parts, $3); $$.span = @$; }
  ;

json_clauses
  : RETURNING closed_type { $$ = wr_build_json_returning(parser, AT(@1, @2), NULL, $2); }
  | wrapper WRAPPER { $$ = wr_build_json_wrapper(parser, @$, NULL, $1); }
  | ABSENT ON NULL { $$ = wr_build_json_nulls(parser, @$, NULL, true); }
  | json_action ON json_event { $$ = wr_build_json_behaviour(parser, @$, NULL, $1, $3); }
  | json_clauses RETURNING closed_type {
      $$ = wr_build_json_returning(parser, AT(@2, @3), $1, $3);
    }
  | json_clauses wrapper WRAPPER { $$ = wr_build_json_wrapper(parser, AT(@2, @3), $1, $2); }
  | json_clauses ABSENT ON NULL { $$ = wr_build_json_nulls(parser, AT(@2, @4), $1, true); }
  | json_clauses json_action ON json_event {
      $$ = wr_build_json_behaviour(parser, AT(@2, @4), $1, $2, $4);
    }
  ;

wrapper
  : WITHOUT                  { $$ = WR_TREE_JSON_WRAPPER_WITHOUT; }
  | WITHOUT ARRAY            { $$ = WR_TREE_JSON_WRAPPER_WITHOUT; }
  | WITH condition           { $$ = WR_TREE_JSON_WRAPPER_UNCONDITIONAL; }
  | WITH condition ARRAY     { $$ = WR_TREE_JSON_WRAPPER_UNCONDITIONAL; }
  | WITH CONDITIONAL         { $$ = WR_TREE_JSON_WRAPPER_CONDITIONAL; }
  | WITH CONDITIONAL ARRAY   { $$ = WR_TREE_JSON_WRAPPER_CONDITIONAL; }
  ;

condition
  : %empty
  | UNCONDITIONAL
  ;

json_action
  : NULL               { $$ = JSON_ACTION(NULL, NULL); }
  | ERROR              { $$ = JSON_ACTION(ERROR, NULL); }
  | TRUE               { $$ = JSON_ACTION(TRUE, NULL); }
  | FALSE              { $$ = JSON_ACTION(FALSE, NULL); }
  | UNKNOWN            { $$ = JSON_ACTION(UNKNOWN, NULL); }
  | EMPTY              { $$ = JSON_ACTION(EMPTY_ARRAY, NULL); }
  | EMPTY ARRAY        { $$ = JSON_ACTION(EMPTY_ARRAY, NULL); }
  | EMPTY OBJECT       { $$ = JSON_ACTION(EMPTY_OBJECT, NULL); }
  | DEFAULT expression { $$ = JSON_ACTION(VALUE, $2); }
  ;

json_event
  : EMPTY { $$ = WR_BUILD_ON_EMPTY; }
  | ERROR { $$ = WR_BUILD_ON_ERROR; }
  | NULL  { $$ = WR_BUILD_ON_NULL; }
  ;

unbracketed
  : path { $$ = wr_build_column(parser, $1); }
  | atom
  ;

side
  : BOTH     { $$ = wr_build_symbol(parser, @$); }
  | LEADING  { $$ = wr_build_symbol(parser, @$); }
  | TRAILING { $$ = wr_build_symbol(parser, @$); }
  ;

unit_symbol
  : YEAR   { $$ = wr_build_symbol(parser, @$); }
  | MONTH  { $$ = wr_build_symbol(parser, @$); }
  | DAY    { $$ = wr_build_symbol(parser, @$); }
  | HOUR   { $$ = wr_build_symbol(parser, @$); }
  | MINUTE { $$ = wr_build_symbol(parser, @$); }
  | SECOND { $$ = wr_build_symbol(parser, @$); }
  ;

any_unit
  : unit_symbol
  | identifier { $$ = wr_build_symbol(parser, @$); }
  ;

arguments
  : argument
  | arguments ',' argument { $$ = wr_build_append(parser, $1, &$3); }
  ;

argument
  : argument_value {
      $$ = (struct wr_tree_arguments){0};
      wr_build_argument(parser, &$$, NULL, $1);
    }
  | identifier ARROW argument_value {
      $$ = (struct wr_tree_arguments){0};
      wr_build_argument(parser, &$$, $1, $3);
    }
  ;

argument_value
  : expression
  | unit_symbol
  | CURSOR query_in_brackets {
      $$ = wr_build_query_value(parser, @$, WR_TREE_CURSOR, $2);
    }
  | DESCRIPTOR '(' identifiers ')' { $$ = wr_build_descriptor(parser, @$, $3); }
  | TABLE path table_keys table_order {
      $$ = wr_build_table_argument(parser, @$, &$2, NULL, $3, $4);
    }
  | TABLE query_in_brackets table_keys table_order {
      $$ = wr_build_table_argument(parser, @$, NULL, $2, $3, $4);
    }
  ;

/* Several keys stand in brackets: a comma ends the argument. */
table_keys
  : %empty           { $$ = NULL; }
  | PARTITION BY sum { $$ = $3; }
  ;

table_order
  : %empty         { $$ = NULL; }
  | ORDER BY order { $$ = $3; }
  ;

call_tail
  : tail_parts over { $$ = wr_build_tail_over(parser, $1, $2); }
  ;

tail_parts
  : %empty { $$ = NULL; }
  | tail_parts tail_part { $$ = wr_build_tail_parts(parser, $1, $2); }
  ;

tail_part
  : WITHIN_GROUP GROUP '(' order_by ')' {
      $$ = NEW(struct wr_tree_call);
      $$->within_group = $4;
      $$->within_span = AT(@1, @2);
    }
  | FILTER '(' WHERE expression ')' {
      $$ = NEW(struct wr_tree_call);
      $$->filter = $4;
      $$->filter_span = @1;
    }
  | nulls_treatment {
      $$ = NEW(struct wr_tree_call);
      $$->nulls = $1;
      $$->nulls_span = @1;
    }
  | FROM_END FIRST {
      $$ = NEW(struct wr_tree_call);
      $$->from_span = @$;
    }
  | FROM_END LAST {
      $$ = NEW(struct wr_tree_call);
      $$->from_span = @$;
      $$->from_last = true;
    }
  ;

nulls_treatment
  : RESPECT NULLS { $$ = WR_TREE_RESPECT_NULLS; }
  | IGNORE NULLS  { $$ = WR_TREE_IGNORE_NULLS; }
  ;

over
  : %empty %prec SHORTER { $$ = NULL; }
  | over_window
  ;

over_window
  : OVER identifier {
      $$ = NEW(struct wr_tree_window);
      $$->span = @2;
      $$->base = $2;
    }
  | OVER '(' window_body ')' {
      $$ = $3;
      $$->span = AT(@2, @4);
    }
  ;

/* ---- Types. */

type
  : plain_type
  | plain_type NULL { $$ = $1; $$->span = @$; }
  | plain_type NOT NULL {
      $$ = $1;
      $$->span = @$;
      $$->not_null = true;
    }
  ;

plain_type
  : closed_type
  | TIME zone                    { $$ = wr_build_time_type(parser, @$, @1, NO_COUNT, $2); }
  | TIME '(' count ')' zone      { $$ = wr_build_time_type(parser, @$, @1, $3, $5); }
  | TIMESTAMP zone               { $$ = wr_build_time_type(parser, @$, @1, NO_COUNT, $2); }
  | TIMESTAMP '(' count ')' zone { $$ = wr_build_time_type(parser, @$, @1, $3, $5); }
  | INTERVAL interval {
      $$ = wr_build_type(parser, @$, WR_TREE_TYPE_INTERVAL, NULL, NULL);
      $$->interval = $2;
    }
  | plain_type ARRAY             { $$ = wr_build_type(parser, @$, WR_TREE_TYPE_ARRAY, NULL, $1); }
  | plain_type MULTISET {
      $$ = wr_build_type(parser, @$, WR_TREE_TYPE_MULTISET, NULL, $1);
    }
  ;

/* Those that no WITH, NULL or ARRAY behind them can belong to. */
closed_type
  : path                         { $$ = wr_build_named_type(parser, @$, $1, NO_COUNT, NO_COUNT); }
  | path '(' count ')'           { $$ = wr_build_named_type(parser, @$, $1, $3, NO_COUNT); }
  | path '(' count ',' count ')' { $$ = wr_build_named_type(parser, @$, $1, $3, $5); }
  | path '(' STRING ',' STRING ')' { $$ = wr_build_class_type(parser, @$, $1, @3); }
  | path PRECISION               { $$ = wr_build_two_word_type(parser, @$, $1, @2, NO_COUNT); }
  | path VARYING                 { $$ = wr_build_two_word_type(parser, @$, $1, @2, NO_COUNT); }
  | path VARYING '(' count ')'   { $$ = wr_build_two_word_type(parser, @$, $1, @2, $4); }
  | DATE                         { $$ = wr_build_time_type(parser, @$, @1, NO_COUNT, NO_ZONE); }
  | ARRAY '<' type '>'        { $$ = wr_build_type(parser, @$, WR_TREE_TYPE_ARRAY, NULL, $3); }
  | MULTISET '<' type '>'     { $$ = wr_build_type(parser, @$, WR_TREE_TYPE_MULTISET, NULL, $3); }
  | MAP '<' type ',' type '>' { $$ = wr_build_type(parser, @$, WR_TREE_TYPE_MAP, $3, $5); }
  | ROW NOT_EQUAL             { $$ = wr_build_row_type(parser, @$, NULL); }
  | ROW '<' fields '>'        { $$ = wr_build_row_type(parser, @$, &$3); }
  | ROW '(' fields ')'        { $$ = wr_build_row_type(parser, @$, &$3); }
  ;

zone
  : %empty               { $$ = NO_ZONE; }
  | WITHOUT TIME ZONE    { $$ = WR_TREE_ZONE_WITHOUT; }
  | WITH TIME ZONE       { $$ = WR_TREE_ZONE_WITH; }
  | WITH LOCAL TIME ZONE { $$ = WR_TREE_ZONE_LOCAL; }
  ;

fields
  : field            { $$ = (struct wr_tree_type_fields){0}; ADD(&$$, $1); }
  | fields ',' field { $$ = $1; ADD(&$$, $3); }
  ;

field
  : identifier type {
      $$ = NEW(struct wr_tree_type_field);
      *$$ = (struct wr_tree_type_field){@$, $1, $2, NULL};
    }
  | identifier type STRING {
      $$ = NEW(struct wr_tree_type_field);
      *$$ = (struct wr_tree_type_field){@$, $1, $2, $3};
    }
  ;

interval
  : interval_part %prec SHORTER
  | interval_part TO interval_part { $$ = wr_build_interval(parser, @$, &$1, &$3); }
  ;

interval_part
  : unit                         { $$ = INTERVAL_PART(@$, $1, NO_COUNT, NO_COUNT); }
  | unit '(' count ')'           { $$ = INTERVAL_PART(@$, $1, $3, NO_COUNT); }
  | unit '(' count ',' count ')' { $$ = INTERVAL_PART(@$, $1, $3, $5); }
  ;

/* Behind an expression only the units that cannot be an alias. */
closed_interval
  : closed_interval_part %prec SHORTER
  | closed_interval_part TO interval_part { $$ = wr_build_interval(parser, @$, &$1, &$3); }
  ;

closed_interval_part
  : closed_unit                         { $$ = INTERVAL_PART(@$, $1, NO_COUNT, NO_COUNT); }
  | closed_unit '(' count ')'           { $$ = INTERVAL_PART(@$, $1, $3, NO_COUNT); }
  | closed_unit '(' count ',' count ')' { $$ = INTERVAL_PART(@$, $1, $3, $5); }
  ;

closed_unit
  : YEAR   { $$ = WR_TREE_YEAR; }
  | MONTH  { $$ = WR_TREE_MONTH; }
  | DAY    { $$ = WR_TREE_DAY; }
  | HOUR   { $$ = WR_TREE_HOUR; }
  | MINUTE { $$ = WR_TREE_MINUTE; }
  | SECOND { $$ = WR_TREE_SECOND; }
  ;

unit
  : YEAR     { $$ = WR_TREE_YEAR; }
  | YEARS    { $$ = WR_TREE_YEAR; }
  | QUARTER  { $$ = WR_TREE_QUARTER; }
  | QUARTERS { $$ = WR_TREE_QUARTER; }
  | MONTH    { $$ = WR_TREE_MONTH; }
  | MONTHS   { $$ = WR_TREE_MONTH; }
  | WEEK     { $$ = WR_TREE_WEEK; }
  | WEEKS    { $$ = WR_TREE_WEEK; }
  | DAY      { $$ = WR_TREE_DAY; }
  | DAYS     { $$ = WR_TREE_DAY; }
  | HOUR     { $$ = WR_TREE_HOUR; }
  | HOURS    { $$ = WR_TREE_HOUR; }
  | MINUTE   { $$ = WR_TREE_MINUTE; }
  | MINUTES  { $$ = WR_TREE_MINUTE; }
  | SECOND   { $$ = WR_TREE_SECOND; }
  | SECONDS  { $$ = WR_TREE_SECOND; }
  ;

count
  : INTEGER { $$ = wr_build_count(parser, @$); }
  ;

/* ---- Names. */

path
  : identifier          { $$ = wr_build_name(parser, $1); }
  | path '.' identifier { $$ = $1; ADD(&$$.parts, $3); $$.span = @$; }
  ;

columns
  : %empty              { $$ = (struct wr_tree_identifiers){0}; }
  | '(' identifiers ')' { $$ = $2; }
  ;

identifiers
  : identifier                 { $$ = (struct wr_tree_identifiers){0}; ADD(&$$, $1); }
  | identifiers ',' identifier { $$ = $1; ADD(&$$, $3); }
  ;

identifier
  : NAME
  | free_word   { $$ = wr_build_word(parser, @$); }
  | column_word { $$ = wr_build_word(parser, @$); }
  ;

bare_alias
  : NAME
  | free_word { $$ = wr_build_word(parser, @$); }
  ;

column_word
  : EMIT | IGNORE | OBJECT | OFFSET | RESPECT | SCALAR | VALUE
  ;

free_word
  : ABSENT | AFTER | ALTER | ANALYZE | ASC | BEGIN | CALLED | CATALOG | CATALOGS | CHANGE
  | CHANGELOG_MODE | COLUMNS | COMMENT | CONDITIONAL | CONTAINS | DATA | DATABASE | DATABASES
  | DAYS | DEFAULT | DEFINE | DESC | DESCRIBE | DESCRIPTION | DETERMINISTIC | EMPTY | ENFORCED
  | ERROR | ESTIMATED_COST | EVERY | EXCLUDING | EXECUTE | EXPLAIN | EXTENDED | FIRST | FOLLOWING
  | FUNCTION | FUNCTIONS | GROUPING | HOURS | IF | ILIKE | INCLUDING | INPUT | JAR | JSON
  | JSON_EXECUTION_PLAN | KEY | LANGUAGE | LAST | LOCAL | MATCH | MEASURES | METADATA | MINUTES
  | MODIFIES | MONTHS | NEXT | NULLS | OF | ONE | ONLY | ORDINALITY | OVERWRITE | OVERWRITING
  | PARTITIONED | PAST | PATTERN | PER | PLAN | PLAN_ADVICE | PRECEDING | PRECISION | QUARTER
  | QUARTERS | READS | RENAME | REPLACE | RESET | RETURN | RETURNING | RETURNS | SECONDS | SETS
  | SHOW | SKIP | SPECIFIC | SQL | STATEMENT | STOPPED | SYSTEM | SYSTEM_TIME | TABLES | TEMPORARY
  | UNCONDITIONAL | UNKNOWN | USE | USER | VARYING | VIEW | VIEWS | VIRTUAL | WATERMARK | WEEK
  | WEEKS | WITHOUT | WRAPPER | YEARS | ZONE
  ;

%%

/* From the first part that has a length to the last; if there is no part, the empty place behind
 * what came before. */
static struct wr_span grammar_span(const struct wr_span *parts, int count)
{
  int first = 1, last = count;
  if (count == 0) {
    return (struct wr_span){parts[0].offset + parts[0].length, 0};
  }
  while (first < last && parts[first].length == 0) {
    first++;
  }
  while (last > first && parts[last].length == 0) {
    last--;
  }
  return wr_span_join(parts[first], parts[last]);
}

/* Only for a full stack; syntax errors come through yyreport_syntax_error. */
static void wr_grammar_error(const struct wr_span *span, struct wr_parser *parser,
                             const char *message)
{
  (void)message;
  wr_parser_fail(parser, WR_LIMIT, *span,
                 "the statement is nested too deeply; at most %d levels (WR_SQL_NESTING_MAX)",
                 WR_SQL_NESTING_MAX);
  wr_parser_state(parser, *span, WR_STATE_TOO_COMPLEX);
}

static int yyreport_syntax_error(const yypcontext_t *context, struct wr_parser *parser)
{
  yysymbol_kind_t kinds[YYNTOKENS];
  const char *names[YYNTOKENS];
  bool is_told = parser->code == WR_OK && !parser->has_no_reader;
  int count = is_told ? yypcontext_expected_tokens(context, kinds, YYNTOKENS) : 0;
  for (int i = 0; i < count; i++) {
    names[i] = yysymbol_name(kinds[i]);
  }
  wr_complain(parser, names, count > 0 ? (size_t)count : 0);
  return 0;
}
