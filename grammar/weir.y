/*
 * The grammar: LANGUAGE's statements and what Weir adds. Reentrant, pure, located; no conflicts (%expect 0), since words
 * that may also be names get a token of their own by context before they come here (lookahead.c). Actions are one builder
 * call (parser/build.h); nothing is looked up, so any text with the right shape is a statement.
 *
 * Two layers of expressions, as the dialect has them: `expr` with AND, OR, NOT and predicates, and `value` without. GROUP BY,
 * PARTITION BY and both sides of a predicate take values: a = b = c and GROUP BY a AND b are no SQL.
 */
%code requires {
#include "grammar/parse_cx.h"
}

%define api.pure full
%define api.prefix {wr_yy}
%define api.token.prefix {WR_T_}
%define api.location.type {wr_span}
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%param { wr_parse_cx *cx }

%code provides {
int wr_yylex(WR_YYSTYPE *value, WR_YYLTYPE *where, wr_parse_cx *cx);
/* For syntax.c, which says what was expected. */
const char *wr_yy_symbol(int symbol);
}

%code {
#define YYMAXDEPTH 20000
#define YYLLOC_DEFAULT(Current, Rhs, N)                                                            \
	do {                                                                                       \
		if (N)                                                                             \
			(Current) = wr_span_join(YYRHSLOC(Rhs, 1), YYRHSLOC(Rhs, N));              \
		else                                                                               \
			(Current) = (wr_span){ YYRHSLOC(Rhs, 0).at + YYRHSLOC(Rhs, 0).length, 0 }; \
	} while (0)
#define B (&cx->build)

static void wr_yyerror(const wr_span *where, wr_parse_cx *cx, const char *message)
{
	(void)message;	/* only "memory exhausted": the stack has its limit */
	wr_build_refuse(B, *where, "the statement is nested too deeply", "put parts of it into streams or tables of their own");
}
}

%union {
	wr_ident ident;
	wr_str text;
	wr_ast_expr *expr;
	wr_ast_exprs exprs;
	wr_ast_type *type;
	wr_ast_query *query;
	wr_ast_query parts;
	wr_ast_relation *relation;
	wr_ast_window *window;
	wr_select_item *item;
	wr_element *element;
	wr_stmt *stmt;
	wr_links links;
	struct { wr_links names, values; } pairs;
	wr_duration duration;
	wr_limit limit;
	wr_props props;
	wr_elements elements;
	wr_within within;
	wr_unit unit;
	wr_join_type join;
	wr_binary_op op;
	wr_object object;
	wr_show show;
	wr_stmt_print print;
	struct { wr_emit how; wr_span span; } emit;
	struct { wr_duration retention, grace; } rest;
	struct { bool replace, source; } create;
	wr_when *when;
	wr_cte *cte;
	wr_order_item *order;
	wr_prop *prop;
	bool flag;
}

/* What the text is to be: the first token, made up by syntax.c. */
%token START_STMT START_EXPR START_TYPE

%token <ident> NAME "a name"
%token <ident> TEXT "a string"
%token <text> INTEGER_NUMBER "a whole number"
%token <text> DECIMAL_NUMBER "a decimal number"
%token <text> DOUBLE_NUMBER "a floating-point number"
%token DEREF "->" ARROW "=>" ASSIGN ":=" CONCAT "||" NE "<>" LE "<=" GE ">="

/* Words by context: lookahead.c */
%token <ident> EMIT_CLAUSE "EMIT CHANGES" PARTITION_CLAUSE "PARTITION BY" ORDER_CLAUSE "ORDER BY"
%token <ident> OFFSET_CLAUSE "OFFSET n" ESCAPE_CLAUSE "ESCAPE 'c'" WITH_QUERIES "WITH name AS"
%token <ident> MAP_OPEN "MAP(" STRUCT_OPEN "STRUCT(" ARRAY_OPEN "ARRAY["
%token <ident> EXPLAIN_ID "EXPLAIN id" COLUMN_WORD "COLUMN name" IF_CLAUSE "IF [NOT] EXISTS"
%token LAMBDA_OPEN "(names) =>"

/* The words: keywords.h */
%token <ident> ADD           "ADD"
%token <ident> ADVANCE       "ADVANCE"
%token <ident> ALL           "ALL"
%token <ident> ALTER         "ALTER"
%token <ident> ANALYZE       "ANALYZE"
%token <ident> AND           "AND"
%token <ident> ARRAY         "ARRAY"
%token <ident> AS            "AS"
%token <ident> ASC           "ASC"
%token <ident> ASSERT        "ASSERT"
%token <ident> AT            "AT"
%token <ident> BACKUP        "BACKUP"
%token <ident> BEGINNING     "BEGINNING"
%token <ident> BETWEEN       "BETWEEN"
%token <ident> BY            "BY"
%token <ident> CASE          "CASE"
%token <ident> CAST          "CAST"
%token <ident> CATALOG       "CATALOG"
%token <ident> CHANGES       "CHANGES"
%token <ident> COLUMN        "COLUMN"
%token <ident> COLUMNS       "COLUMNS"
%token <ident> CONNECTOR     "CONNECTOR"
%token <ident> CONNECTORS    "CONNECTORS"
%token <ident> CREATE        "CREATE"
%token <ident> DATE          "DATE"
%token <ident> DAY           "DAY"
%token <ident> DAYS          "DAYS"
%token <ident> DECIMAL       "DECIMAL"
%token <ident> DEFINE        "DEFINE"
%token <ident> DELETE        "DELETE"
%token <ident> DESC          "DESC"
%token <ident> DESCRIBE      "DESCRIBE"
%token <ident> DISTINCT      "DISTINCT"
%token <ident> DROP          "DROP"
%token <ident> ELSE          "ELSE"
%token <ident> EMIT          "EMIT"
%token <ident> END           "END"
%token <ident> ERRORS        "ERRORS"
%token <ident> ESCAPE        "ESCAPE"
%token <ident> EXISTS        "EXISTS"
%token <ident> EXPLAIN       "EXPLAIN"
%token <ident> EXPORT        "EXPORT"
%token <ident> EXTENDED      "EXTENDED"
%token <ident> FALSE         "FALSE"
%token <ident> FINAL         "FINAL"
%token <ident> FROM          "FROM"
%token <ident> FULL          "FULL"
%token <ident> FUNCTION      "FUNCTION"
%token <ident> FUNCTIONS     "FUNCTIONS"
%token <ident> GRACE         "GRACE"
%token <ident> GROUP         "GROUP"
%token <ident> HAVING        "HAVING"
%token <ident> HEADER        "HEADER"
%token <ident> HEADERS       "HEADERS"
%token <ident> HOPPING       "HOPPING"
%token <ident> HOUR          "HOUR"
%token <ident> HOURS         "HOURS"
%token <ident> ID            "ID"
%token <ident> IF            "IF"
%token <ident> IN            "IN"
%token <ident> INNER         "INNER"
%token <ident> INSERT        "INSERT"
%token <ident> INTEGER       "INTEGER"
%token <ident> INTERVAL      "INTERVAL"
%token <ident> INTO          "INTO"
%token <ident> IS            "IS"
%token <ident> JOIN          "JOIN"
%token <ident> KEY           "KEY"
%token <ident> LEFT          "LEFT"
%token <ident> LIKE          "LIKE"
%token <ident> LIMIT         "LIMIT"
%token <ident> LIST          "LIST"
%token <ident> LOAD          "LOAD"
%token <ident> MAP           "MAP"
%token <ident> MATERIALIZED  "MATERIALIZED"
%token <ident> MILLISECOND   "MILLISECOND"
%token <ident> MILLISECONDS  "MILLISECONDS"
%token <ident> MINUTE        "MINUTE"
%token <ident> MINUTES       "MINUTES"
%token <ident> MONTH         "MONTH"
%token <ident> MONTHS        "MONTHS"
%token <ident> NAMESPACE     "NAMESPACE"
%token <ident> NOT           "NOT"
%token <ident> NULL          "NULL"
%token <ident> OFFSET        "OFFSET"
%token <ident> ON            "ON"
%token <ident> OR            "OR"
%token <ident> ORDER         "ORDER"
%token <ident> OUTAGES       "OUTAGES"
%token <ident> OUTER         "OUTER"
%token <ident> PARTITION     "PARTITION"
%token <ident> PARTITIONS    "PARTITIONS"
%token <ident> PAUSE         "PAUSE"
%token <ident> PERIOD        "PERIOD"
%token <ident> PLUGINS       "PLUGINS"
%token <ident> PRIMARY       "PRIMARY"
%token <ident> PRINT         "PRINT"
%token <ident> PROPERTIES    "PROPERTIES"
%token <ident> QUERIES       "QUERIES"
%token <ident> RENAME        "RENAME"
%token <ident> REPLACE       "REPLACE"
%token <ident> RESET         "RESET"
%token <ident> RESUME        "RESUME"
%token <ident> RETENTION     "RETENTION"
%token <ident> RIGHT         "RIGHT"
%token <ident> RUN           "RUN"
%token <ident> SAMPLE        "SAMPLE"
%token <ident> SCHEMA        "SCHEMA"
%token <ident> SCRIPT        "SCRIPT"
%token <ident> SECOND        "SECOND"
%token <ident> SECONDS       "SECONDS"
%token <ident> SELECT        "SELECT"
%token <ident> SESSION       "SESSION"
%token <ident> SET           "SET"
%token <ident> SHOW          "SHOW"
%token <ident> SINK          "SINK"
%token <ident> SINKS         "SINKS"
%token <ident> SIZE          "SIZE"
%token <ident> SOURCE        "SOURCE"
%token <ident> STREAM        "STREAM"
%token <ident> STREAMS       "STREAMS"
%token <ident> STRING        "STRING"
%token <ident> STRUCT        "STRUCT"
%token <ident> SUBJECT       "SUBJECT"
%token <ident> SYSTEM        "SYSTEM"
%token <ident> TABLE         "TABLE"
%token <ident> TABLES        "TABLES"
%token <ident> TERMINATE     "TERMINATE"
%token <ident> THEN          "THEN"
%token <ident> TIME          "TIME"
%token <ident> TIMEOUT       "TIMEOUT"
%token <ident> TIMESTAMP     "TIMESTAMP"
%token <ident> TO            "TO"
%token <ident> TOPIC         "TOPIC"
%token <ident> TOPICS        "TOPICS"
%token <ident> TRUE          "TRUE"
%token <ident> TUMBLING      "TUMBLING"
%token <ident> TYPE          "TYPE"
%token <ident> TYPES         "TYPES"
%token <ident> UNDEFINE      "UNDEFINE"
%token <ident> UNSET         "UNSET"
%token <ident> VALUES        "VALUES"
%token <ident> VARIABLES     "VARIABLES"
%token <ident> VIEW          "VIEW"
%token <ident> WHEN          "WHEN"
%token <ident> WHERE         "WHERE"
%token <ident> WINDOW        "WINDOW"
%token <ident> WITH          "WITH"
%token <ident> WITHIN        "WITHIN"
%token <ident> YEAR          "YEAR"
%token <ident> YEARS         "YEARS"
%token <ident> ZONE          "ZONE"
%type <ident> name free_word source_name alias alias_opt window_name topic_name query_id prop_name id_or_all
%type <expr> expr or_expr and_expr not_expr predicate value sum product unary zoned primary literal arg escape_opt
%type <expr> else_opt where_opt having_opt prop_value
%type <type> type
%type <links> expr_list value_list arg_list_opt arg_list name_list names_opt when_list pair_list pair_list_opt ctes_opt cte_list
%type <links> item_list order_list prop_list element_list rows add_list
%type <pairs> field_list field_list_opt type_fields
%type <exprs> group_opt partition_opt row in_items grouping
%type <query> query
%type <parts> query_body tail_opt end_opt bounds
%type <relation> relation from_item join_tail
%type <window> window_opt window
%type <rest> window_rest
%type <within> within_opt within_bounds
%type <duration> duration grace_opt timeout_opt
%type <unit> unit
%type <item> item
%type <element> element element_kind added
%type <elements> elements elements_opt
%type <props> props props_opt
%type <prop> prop
%type <limit> limit_opt limit offset print_every id_opt
%type <emit> emit
%type <join> join_words
%type <op> comparison sum_op product_op
%type <object> source_kind drop_kind
%type <show> show_what show_extended
%type <stmt> statement create insert drop show describe print setting explain assertion alter
%type <create> create_words
%type <flag> not_opt if_not_exists if_exists distinct_opt delete_topic extended_opt direction
%type <flag> from_beginning not_exists
%type <when> when
%type <cte> cte
%type <order> order_item

%%

start:
	START_STMT statement ';'	{ cx->stmt = $2; cx->stmt->span = wr_span_join(@2, @3); }
	| START_EXPR expr		{ cx->expr = $2; }
	| START_TYPE type		{ cx->type = $2; }
	;

statement:
	create | insert | drop | show | describe | print | setting | explain | assertion | alter
	| query				{ $$ = wr_build_stmt(B, @$, WR_STMT_QUERY); $$->query = $1; }
	| TERMINATE id_or_all		{ $$ = wr_build_query_id(B, @$, WR_STMT_TERMINATE, $2); }
	| PAUSE id_or_all		{ $$ = wr_build_query_id(B, @$, WR_STMT_PAUSE, $2); }
	| RESUME id_or_all		{ $$ = wr_build_query_id(B, @$, WR_STMT_RESUME, $2); }
	| SAMPLE topic_name limit_opt	{ $$ = wr_build_text(B, @$, WR_STMT_SAMPLE, $2.text, @2); $$->text.limit = $3; }
	| BACKUP TO TEXT		{ $$ = wr_build_text(B, @$, WR_STMT_BACKUP, $3.text, @3); }
	| RUN SCRIPT TEXT		{ $$ = wr_build_text(B, @$, WR_STMT_RUN_SCRIPT, $3.text, @3); }
	;

id_or_all:
	query_id
	| ALL				{ $$ = (wr_ident){ 0 }; }
	;

query_id: name | TEXT ;
topic_name: name | TEXT ;

/* ---------------------------------------------------------------- names */

name:
	NAME | free_word | ARRAY | MAP | STRUCT
	;

/* Where a ( may follow a name: INSERT INTO map (a, b) … */
source_name:
	name | MAP_OPEN | STRUCT_OPEN
	;

name_list:
	name				{ $$ = wr_build_add(B, (wr_links){ 0 }, wr_build_part(B, &$1, sizeof($1))); }
	| name_list ',' name		{ $$ = wr_build_add(B, $1, wr_build_part(B, &$3, sizeof($3))); }
	;

names_opt:
	%empty				{ $$ = (wr_links){ 0 }; }
	| '(' name_list ')'		{ $$ = $2; }
	;

/* ---------------------------------------------------------------- CREATE, DROP, ALTER */

source_kind:
	STREAM				{ $$ = WR_OBJ_STREAM; }
	| TABLE				{ $$ = WR_OBJ_TABLE; }
	;

create:
	create_words source_kind if_not_exists source_name elements_opt props_opt
		{ $$ = wr_build_create(B, @$, &(wr_stmt_create_source){ .is_table = $2 == WR_OBJ_TABLE,
			.or_replace = $1.replace, .is_source = $1.source, .if_not_exists = $3, .name = $4,
			.elements = $5, .props = $6 }); }
	| create_words source_kind if_not_exists source_name elements_opt props_opt AS query
		{ $$ = wr_build_create(B, @$, &(wr_stmt_create_source){ .is_table = $2 == WR_OBJ_TABLE,
			.or_replace = $1.replace, .is_source = $1.source, .if_not_exists = $3, .name = $4,
			.elements = $5, .props = $6, .query = $8 }); }
	| CREATE SINK if_not_exists name props AS query
		{ $$ = wr_build_sink(B, @$, false, $3, $4, $5, $7); }
	| CREATE OR REPLACE SINK if_not_exists name props AS query
		{ $$ = wr_build_sink(B, @$, true, $5, $6, $7, $9); }
	| CREATE SINK CONNECTOR if_not_exists name props
		{ $$ = wr_build_connector(B, @$, false, $4, $5, $6); }
	| CREATE SOURCE CONNECTOR if_not_exists name props
		{ $$ = wr_build_connector(B, @$, true, $4, $5, $6); }
	| CREATE TYPE if_not_exists name AS type
		{ $$ = wr_build_stmt(B, @$, WR_STMT_CREATE_TYPE);
		  $$->create_type = (wr_stmt_create_type){ $3, $4, $6 }; }
	;

create_words:
	CREATE				{ $$.replace = false; $$.source = false; }
	| CREATE SOURCE			{ $$.replace = false; $$.source = true; }
	| CREATE OR REPLACE		{ $$.replace = true; $$.source = false; }
	| CREATE OR REPLACE SOURCE	{ $$.replace = true; $$.source = true; }
	;

if_not_exists:
	%empty				{ $$ = false; }
	| IF_CLAUSE NOT EXISTS			{ $$ = true; }
	;

if_exists:
	%empty				{ $$ = false; }
	| IF_CLAUSE EXISTS			{ $$ = true; }
	;

not_exists:
	%empty				{ $$ = false; }
	| NOT EXISTS			{ $$ = true; }
	;

elements_opt:
	%empty				{ $$ = (wr_elements){ 0 }; }
	| elements
	;

elements:
	'(' element_list ')'		{ $$ = wr_build_elements(B, @$, $2); }
	;

element_list:
	element				{ $$ = wr_build_add(B, (wr_links){ 0 }, $1); }
	| element_list ',' element	{ $$ = wr_build_add(B, $1, $3); }
	;

element:
	name type			{ $$ = wr_build_element(B, @$, $1, $2); }
	| name type element_kind	{ $$ = wr_build_element(B, @$, $1, $2); $$->kind = $3->kind;
					  $$->header = $3->header; $$->kind_span = @3; }
	;

element_kind:
	KEY				{ $$ = WR_NEW(B->arena, wr_element); $$->kind = WR_ELEMENT_KEY; }
	| PRIMARY KEY			{ $$ = WR_NEW(B->arena, wr_element); $$->kind = WR_ELEMENT_PRIMARY_KEY; }
	| HEADERS			{ $$ = WR_NEW(B->arena, wr_element); $$->kind = WR_ELEMENT_HEADERS; }
	| HEADER '(' TEXT ')'		{ $$ = WR_NEW(B->arena, wr_element); $$->kind = WR_ELEMENT_HEADER;
					  $$->header = $3.text; }
	;

props_opt:
	%empty				{ $$ = (wr_props){ 0 }; }
	| props
	;

props:
	WITH '(' prop_list ')'		{ $$ = wr_build_props(B, @$, $3); }
	| WITH '(' ')'			{ $$ = wr_build_props(B, @$, (wr_links){ 0 }); }
	;

prop_list:
	prop				{ $$ = wr_build_add(B, (wr_links){ 0 }, $1); }
	| prop_list ',' prop		{ $$ = wr_build_add(B, $1, $3); }
	;

prop:
	prop_name '=' prop_value	{ $$ = wr_build_prop(B, $1, $3); }
	;

/* Properties of sinks are called like words that are reserved elsewhere. */
prop_name: name | TEXT | TOPIC | TABLE | FROM | TO ;

prop_value:
	literal
	| '-' literal			{ $$ = wr_build_unary(B, @$, WR_UN_MINUS, $2); }
	;

drop:
	DROP drop_kind if_exists name	{ $$ = wr_build_drop(B, @$, $2, $3, $4); }
	| DROP source_kind if_exists name delete_topic
		{ $$ = wr_build_drop(B, @$, $2, $3, $4); $$->drop.delete_topic = $5; }
	;

drop_kind:
	SINK				{ $$ = WR_OBJ_SINK; }
	| CONNECTOR			{ $$ = WR_OBJ_CONNECTOR; }
	| TYPE				{ $$ = WR_OBJ_TYPE; }
	;

delete_topic:
	%empty				{ $$ = false; }
	| DELETE TOPIC			{ $$ = true; }
	;

alter:
	ALTER source_kind name add_list	{ $$ = wr_build_stmt(B, @$, WR_STMT_ALTER);
					  $$->alter = (wr_stmt_alter){ $2 == WR_OBJ_TABLE, $3, wr_build_elements(B, @4, $4) }; }
	;

add_list:
	added				{ $$ = wr_build_add(B, (wr_links){ 0 }, $1); }
	| add_list ',' added		{ $$ = wr_build_add(B, $1, $3); }
	;

added:
	ADD name type			{ $$ = wr_build_element(B, @$, $2, $3); }
	| ADD COLUMN_WORD name type	{ $$ = wr_build_element(B, @$, $3, $4); }
	;

/* ---------------------------------------------------------------- INSERT */

insert:
	INSERT INTO source_name names_opt VALUES rows
		{ $$ = wr_build_values(B, @$, WR_STMT_INSERT_VALUES, $3, $4, $6); }
	| INSERT INTO name props_opt query
		{ $$ = wr_build_stmt(B, @$, WR_STMT_INSERT_QUERY);
		  $$->insert_query = (wr_stmt_insert_query){ $3, $4, $5 }; }
	;

rows:
	row				{ $$ = wr_build_add(B, (wr_links){ 0 }, wr_build_part(B, &$1, sizeof($1))); }
	| rows ',' row			{ $$ = wr_build_add(B, $1, wr_build_part(B, &$3, sizeof($3))); }
	;

row:
	'(' expr_list ')'		{ $$ = wr_build_exprs(B, $2, @$); }
	;

/* ---------------------------------------------------------------- SHOW, DESCRIBE, PRINT, SET */

show:
	show_or_list show_what		{ $$ = wr_build_show(B, @$, $2, false); }
	| show_or_list show_extended extended_opt
					{ $$ = wr_build_show(B, @$, $2, $3); }
	| show_or_list ALL TOPICS extended_opt
					{ $$ = wr_build_show(B, @$, WR_SHOW_TOPICS, $4); $$->show.all = true; }
	| show_or_list ERRORS limit_opt	{ $$ = wr_build_show(B, @$, WR_SHOW_ERRORS, false); $$->show.limit = $3; }
	;

show_or_list: SHOW | LIST ;

show_what:
	PROPERTIES			{ $$ = WR_SHOW_PROPERTIES; }
	| FUNCTIONS			{ $$ = WR_SHOW_FUNCTIONS; }
	| CONNECTORS			{ $$ = WR_SHOW_CONNECTORS; }
	| SOURCE CONNECTORS		{ $$ = WR_SHOW_SOURCE_CONNECTORS; }
	| SINK CONNECTORS		{ $$ = WR_SHOW_SINK_CONNECTORS; }
	| CONNECTOR PLUGINS		{ $$ = WR_SHOW_CONNECTOR_PLUGINS; }
	| TYPES				{ $$ = WR_SHOW_TYPES; }
	| VARIABLES			{ $$ = WR_SHOW_VARIABLES; }
	| SINKS				{ $$ = WR_SHOW_SINKS; }
	| OUTAGES			{ $$ = WR_SHOW_OUTAGES; }
	;

show_extended:
	TOPICS				{ $$ = WR_SHOW_TOPICS; }
	| STREAMS			{ $$ = WR_SHOW_STREAMS; }
	| TABLES			{ $$ = WR_SHOW_TABLES; }
	| QUERIES			{ $$ = WR_SHOW_QUERIES; }
	;

extended_opt:
	%empty				{ $$ = false; }
	| EXTENDED			{ $$ = true; }
	;

describe:
	DESCRIBE name extended_opt	{ $$ = wr_build_describe(B, @$, WR_OBJ_SOURCE, $2, $3); }
	| DESCRIBE STREAMS extended_opt	{ $$ = wr_build_describe(B, @$, WR_OBJ_STREAM, (wr_ident){ 0 }, $3); }
	| DESCRIBE FUNCTION name	{ $$ = wr_build_describe(B, @$, WR_OBJ_FUNCTION, $3, false); }
	| DESCRIBE CONNECTOR name	{ $$ = wr_build_describe(B, @$, WR_OBJ_CONNECTOR, $3, false); }
	| DESCRIBE SINK name		{ $$ = wr_build_describe(B, @$, WR_OBJ_SINK, $3, false); }
	;

print:
	PRINT topic_name from_beginning print_every limit_opt
		{ $$ = wr_build_stmt(B, @$, WR_STMT_PRINT);
		  $$->print = (wr_stmt_print){ $2, $3, $4, $5 }; }
	;

from_beginning:
	%empty				{ $$ = false; }
	| FROM BEGINNING		{ $$ = true; }
	;

print_every:
	%empty				{ $$ = (wr_limit){ 0 }; }
	| INTERVAL INTEGER_NUMBER	{ $$ = wr_build_limit(B, @$, $2); }
	| SAMPLE INTEGER_NUMBER		{ $$ = wr_build_limit(B, @$, $2); }
	;

setting:
	SET TEXT '=' TEXT		{ $$ = wr_build_setting(B, @$, WR_STMT_SET, $2, $4.text); }
	| UNSET TEXT			{ $$ = wr_build_setting(B, @$, WR_STMT_UNSET, $2, (wr_str){ 0 }); }
	| ALTER SYSTEM TEXT '=' TEXT	{ $$ = wr_build_setting(B, @$, WR_STMT_ALTER_SYSTEM, $3, $5.text); }
	| DEFINE name '=' TEXT		{ $$ = wr_build_setting(B, @$, WR_STMT_DEFINE, $2, $4.text); }
	| UNDEFINE name			{ $$ = wr_build_setting(B, @$, WR_STMT_UNDEFINE, $2, (wr_str){ 0 }); }
	;

explain:
	EXPLAIN statement		{ $$ = wr_build_stmt(B, @$, WR_STMT_EXPLAIN);
					  $$->explain = (wr_stmt_explain){ .statement = $2 }; }
	| EXPLAIN ANALYZE statement	{ $$ = wr_build_stmt(B, @$, WR_STMT_EXPLAIN);
					  $$->explain = (wr_stmt_explain){ .analyze = true, .statement = $3 }; }
	| EXPLAIN_ID name		{ $$ = wr_build_stmt(B, @$, WR_STMT_EXPLAIN);
					  $$->explain = (wr_stmt_explain){ .id = $2 }; }
	| EXPLAIN_ID ANALYZE name	{ $$ = wr_build_stmt(B, @$, WR_STMT_EXPLAIN);
					  $$->explain = (wr_stmt_explain){ .analyze = true, .id = $3 }; }
	;

/* ---------------------------------------------------------------- ASSERT */

assertion:
	ASSERT not_exists TOPIC topic_name props_opt timeout_opt
		{ $$ = wr_build_assert(B, @$, WR_STMT_ASSERT_TOPIC, &(wr_stmt_assert){ .not_exists = $2,
			.name = $4, .props = $5, .timeout = $6 }); }
	| ASSERT not_exists SCHEMA id_opt timeout_opt
		{ $$ = wr_build_assert(B, @$, WR_STMT_ASSERT_SCHEMA, &(wr_stmt_assert){ .not_exists = $2,
			.id = $4, .timeout = $5 }); }
	| ASSERT not_exists SCHEMA SUBJECT topic_name id_opt timeout_opt
		{ $$ = wr_build_assert(B, @$, WR_STMT_ASSERT_SCHEMA, &(wr_stmt_assert){ .not_exists = $2,
			.name = $5, .id = $6, .timeout = $7 }); }
	| ASSERT VALUES source_name names_opt VALUES row
		{ $$ = wr_build_values(B, @$, WR_STMT_ASSERT_VALUES, $3, $4,
			wr_build_add(B, (wr_links){ 0 }, wr_build_part(B, &$6, sizeof($6)))); }
	| ASSERT NULL VALUES source_name names_opt KEY row
		{ $$ = wr_build_values(B, @$, WR_STMT_ASSERT_NULL_VALUES, $4, $5,
			wr_build_add(B, (wr_links){ 0 }, wr_build_part(B, &$7, sizeof($7)))); }
	| ASSERT source_kind source_name elements_opt props_opt
		{ $$ = wr_build_create(B, @$, &(wr_stmt_create_source){ .is_table = $2 == WR_OBJ_TABLE,
			.name = $3, .elements = $4, .props = $5 });
		  $$->kind = WR_STMT_ASSERT_SOURCE; }
	;

id_opt:
	%empty				{ $$ = (wr_limit){ 0 }; }
	| ID INTEGER_NUMBER		{ $$ = wr_build_limit(B, @$, $2); }
	;

timeout_opt:
	%empty				{ $$ = (wr_duration){ 0 }; }
	| TIMEOUT duration		{ $$ = $2; }
	;

/* ---------------------------------------------------------------- queries */

query:
	ctes_opt query_body		{ $2.nctes = $1.n; $2.ctes = wr_build_array(B, $1, sizeof(wr_cte));
					  $$ = wr_build_query(B, $1.n ? @$ : @2, &$2); }
	;

ctes_opt:
	%empty				{ $$ = (wr_links){ 0 }; }
	| WITH_QUERIES cte_list		{ $$ = $2; }
	;

cte_list:
	cte				{ $$ = wr_build_add(B, (wr_links){ 0 }, $1); }
	| cte_list ',' cte		{ $$ = wr_build_add(B, $1, $3); }
	;

cte:
	source_name names_opt AS '(' query ')'
					{ $$ = wr_build_cte(B, $1, $2, $5); }
	;

query_body:
	SELECT distinct_opt item_list FROM relation window_opt where_opt group_opt partition_opt having_opt tail_opt
		{ $$ = $11; $$.distinct = $2; $$.nitems = $3.n;
		  $$.items = wr_build_array(B, $3, sizeof(wr_select_item)); $$.from = $5; $$.window = $6;
		  $$.where = $7; $$.group_by = $8; $$.partition_by = $9; $$.having = $10; }
	;

tail_opt:
	end_opt				{ $$ = $1; }
	| ORDER_CLAUSE BY order_list end_opt
		{ $$ = $4; $$.norder = $3.n; $$.order_by = wr_build_array(B, $3, sizeof(wr_order_item));
		  $$.order_span = wr_span_join(@1, @3); }
	;

/* EMIT may stand before LIMIT and OFFSET or behind them. */
end_opt:
	%empty				{ $$ = (wr_ast_query){ 0 }; }
	| bounds			{ $$ = $1; }
	| emit				{ $$ = (wr_ast_query){ .emit = $1.how, .emit_span = $1.span }; }
	| emit bounds			{ $$ = $2; $$.emit = $1.how; $$.emit_span = $1.span; }
	| bounds emit			{ $$ = $1; $$.emit = $2.how; $$.emit_span = $2.span; }
	;

bounds:
	limit				{ $$ = (wr_ast_query){ .limit = $1 }; }
	| offset			{ $$ = (wr_ast_query){ .offset = $1 }; }
	| limit offset			{ $$ = (wr_ast_query){ .limit = $1, .offset = $2 }; }
	;

distinct_opt:
	%empty				{ $$ = false; }
	| DISTINCT			{ $$ = true; }
	;

item_list:
	item				{ $$ = wr_build_add(B, (wr_links){ 0 }, $1); }
	| item_list ',' item		{ $$ = wr_build_add(B, $1, $3); }
	;

item:
	'*'				{ $$ = wr_build_item(B, @$, WR_ITEM_STAR, NULL); }
	| name '.' '*'			{ $$ = wr_build_item(B, @$, WR_ITEM_SOURCE_STAR, NULL); $$->source = $1; }
	| primary DEREF '*'		{ $$ = wr_build_item(B, @$, WR_ITEM_STRUCT_STAR, $1); }
	| expr alias_opt		{ $$ = wr_build_item(B, @$, WR_ITEM_EXPR, $1); $$->alias = $2; }
	;

alias_opt:
	%empty				{ $$ = (wr_ident){ 0 }; }
	| alias
	;

alias:
	name
	| AS name			{ $$ = $2; }
	;

relation:
	from_item
	| relation join_tail		{ $$ = wr_build_join(B, @$, $1, $2); }
	;

from_item:
	name alias_opt			{ $$ = wr_build_source(B, @$, $1, $2); }
	| '(' query ')' alias_opt	{ $$ = wr_build_derived(B, @$, $2, $4); }
	;

join_tail:
	join_words from_item within_opt ON expr
		{ $$ = WR_NEW(B->arena, wr_ast_relation); $$->kind = WR_REL_JOIN; $$->join.type = $1;
		  $$->join.right = $2; $$->join.within = $3; $$->join.on = $5; $$->join.words = @1; }
	;

join_words:
	JOIN				{ $$ = WR_JOIN_INNER; }
	| INNER JOIN			{ $$ = WR_JOIN_INNER; }
	| LEFT outer_opt JOIN		{ $$ = WR_JOIN_LEFT; }
	| RIGHT outer_opt JOIN		{ $$ = WR_JOIN_RIGHT; }
	| FULL outer_opt JOIN		{ $$ = WR_JOIN_FULL; }
	;

outer_opt: %empty | OUTER ;

within_opt:
	%empty				{ $$ = (wr_within){ 0 }; }
	| WITHIN within_bounds grace_opt
					{ $$ = $2; $$.grace = $3; $$.span = @$; }
	;

within_bounds:
	duration			{ $$ = (wr_within){ .given = true, .before = $1, .after = $1 }; }
	| '(' duration ',' duration ')'	{ $$ = (wr_within){ .given = true, .pair = true, .before = $2, .after = $4 }; }
	;

grace_opt:
	%empty				{ $$ = (wr_duration){ 0 }; }
	| GRACE PERIOD duration		{ $$ = $3; }
	;

window_opt:
	%empty				{ $$ = NULL; }
	| WINDOW window_name window	{ $$ = $3; $$->name = $2; $$->span = @$; }
	| WINDOW window			{ $$ = $2; $$->span = @$; }
	;

window_name: name ;

window:
	TUMBLING '(' SIZE duration window_rest ')'
		{ $$ = WR_NEW(B->arena, wr_ast_window);
		  *$$ = (wr_ast_window){ .kind = WR_AST_TUMBLING, .size = $4, .retention = $5.retention, .grace = $5.grace }; }
	| HOPPING '(' SIZE duration ',' ADVANCE BY duration window_rest ')'
		{ $$ = WR_NEW(B->arena, wr_ast_window);
		  *$$ = (wr_ast_window){ .kind = WR_AST_HOPPING, .size = $4, .advance = $8, .retention = $9.retention,
			.grace = $9.grace }; }
	| SESSION '(' duration window_rest ')'
		{ $$ = WR_NEW(B->arena, wr_ast_window);
		  *$$ = (wr_ast_window){ .kind = WR_AST_SESSION, .size = $3, .retention = $4.retention, .grace = $4.grace }; }
	;

window_rest:
	%empty					{ $$.retention = $$.grace = (wr_duration){ 0 }; }
	| ',' RETENTION duration		{ $$.retention = $3; $$.grace = (wr_duration){ 0 }; }
	| ',' GRACE PERIOD duration		{ $$.retention = (wr_duration){ 0 }; $$.grace = $4; }
	| ',' RETENTION duration ',' GRACE PERIOD duration	{ $$.retention = $3; $$.grace = $7; }
	;

where_opt:
	%empty				{ $$ = NULL; }
	| WHERE expr			{ $$ = $2; }
	;

group_opt:
	%empty				{ $$ = (wr_ast_exprs){ 0 }; }
	| GROUP BY grouping		{ $$ = $3; }
	;

partition_opt:
	%empty				{ $$ = (wr_ast_exprs){ 0 }; }
	| PARTITION_CLAUSE BY grouping	{ $$ = $3; }
	;

grouping:
	value_list			{ $$ = wr_build_exprs(B, $1, @$); }
	| '(' ')'			{ $$ = wr_build_exprs(B, (wr_links){ 0 }, @$); wr_build_refuse_empty(B, @$); }
	| '(' expr ',' expr_list ')'	{ $$ = wr_build_exprs(B, wr_build_prepend(B, $2, $4), @$); }
	;

having_opt:
	%empty				{ $$ = NULL; }
	| HAVING expr			{ $$ = $2; }
	;

emit:
	EMIT_CLAUSE CHANGES		{ $$.how = WR_EMIT_CHANGES; $$.span = @$; }
	| EMIT_CLAUSE FINAL		{ $$.how = WR_EMIT_FINAL; $$.span = @$; }
	;

order_list:
	order_item			{ $$ = wr_build_add(B, (wr_links){ 0 }, $1); }
	| order_list ',' order_item	{ $$ = wr_build_add(B, $1, $3); }
	;

order_item:
	expr direction			{ $$ = wr_build_order(B, @$, $1, $2); }
	;

direction:
	%empty				{ $$ = false; }
	| ASC				{ $$ = false; }
	| DESC				{ $$ = true; }
	;

limit_opt:
	%empty				{ $$ = (wr_limit){ 0 }; }
	| limit				{ $$ = $1; }
	;

limit:
	LIMIT INTEGER_NUMBER		{ $$ = wr_build_limit(B, @$, $2); }
	;

offset:
	OFFSET_CLAUSE INTEGER_NUMBER	{ $$ = wr_build_limit(B, @$, $2); }
	;

duration:
	INTEGER_NUMBER unit		{ $$ = wr_build_duration(B, @$, $1, $2); }
	;

unit:
	MILLISECOND			{ $$ = WR_UNIT_MILLISECONDS; }
	| MILLISECONDS			{ $$ = WR_UNIT_MILLISECONDS; }
	| SECOND			{ $$ = WR_UNIT_SECONDS; }
	| SECONDS			{ $$ = WR_UNIT_SECONDS; }
	| MINUTE			{ $$ = WR_UNIT_MINUTES; }
	| MINUTES			{ $$ = WR_UNIT_MINUTES; }
	| HOUR				{ $$ = WR_UNIT_HOURS; }
	| HOURS				{ $$ = WR_UNIT_HOURS; }
	| DAY				{ $$ = WR_UNIT_DAYS; }
	| DAYS				{ $$ = WR_UNIT_DAYS; }
	;

/* ---------------------------------------------------------------- expressions */

expr: or_expr ;

or_expr:
	and_expr
	| or_expr OR and_expr		{ $$ = wr_build_binary(B, WR_BIN_OR, $1, $3); }
	;

and_expr:
	not_expr
	| and_expr AND not_expr		{ $$ = wr_build_binary(B, WR_BIN_AND, $1, $3); }
	;

not_expr:
	predicate
	| NOT not_expr			{ $$ = wr_build_unary(B, @$, WR_UN_NOT, $2); }
	;

predicate:
	value
	| value comparison value	{ $$ = wr_build_binary(B, $2, $1, $3); }
	| value not_opt BETWEEN value AND value
					{ $$ = wr_build_between(B, $1, $2, $4, $6); }
	| value not_opt IN '(' in_items ')'
					{ $$ = wr_build_in_list(B, @$, $1, $2, $5); }
	| value not_opt IN '(' query ')'
					{ $$ = wr_build_in_query(B, @$, $1, $2, $5); }
	| value not_opt LIKE value escape_opt
					{ $$ = wr_build_like(B, $1, $2, $4, $5); }
	| value IS not_opt NULL		{ $$ = wr_build_is_null(B, @$, $1, $3); }
	| value IS not_opt DISTINCT FROM value
					{ $$ = wr_build_binary(B, $3 ? WR_BIN_NOT_DISTINCT : WR_BIN_DISTINCT, $1, $6); }
	;

comparison:
	'='				{ $$ = WR_BIN_EQ; }
	| NE				{ $$ = WR_BIN_NE; }
	| '<'				{ $$ = WR_BIN_LT; }
	| LE				{ $$ = WR_BIN_LE; }
	| '>'				{ $$ = WR_BIN_GT; }
	| GE				{ $$ = WR_BIN_GE; }
	;

not_opt:
	%empty				{ $$ = false; }
	| NOT				{ $$ = true; }
	;

escape_opt:
	%empty				{ $$ = NULL; }
	| ESCAPE_CLAUSE TEXT		{ $$ = wr_build_string(B, @2, $2.text); }
	;

in_items:
	expr_list			{ $$ = wr_build_exprs(B, $1, @$); }
	;

value:
	sum
	| value CONCAT sum		{ $$ = wr_build_binary(B, WR_BIN_CONCAT, $1, $3); }
	;

sum:
	product
	| sum sum_op product		{ $$ = wr_build_binary(B, $2, $1, $3); }
	;

sum_op:
	'+'				{ $$ = WR_BIN_ADD; }
	| '-'				{ $$ = WR_BIN_SUB; }
	;

product:
	unary
	| product product_op unary	{ $$ = wr_build_binary(B, $2, $1, $3); }
	;

product_op:
	'*'				{ $$ = WR_BIN_MUL; }
	| '/'				{ $$ = WR_BIN_DIV; }
	| '%'				{ $$ = WR_BIN_MOD; }
	;

unary:
	zoned
	| '-' unary			{ $$ = wr_build_unary(B, @$, WR_UN_MINUS, $2); }
	| '+' unary			{ $$ = wr_build_unary(B, @$, WR_UN_PLUS, $2); }
	;

zoned:
	primary
	| zoned AT TIME ZONE TEXT	{ $$ = wr_build_at_zone(B, @$, $1, $5.text); }
	;

primary:
	literal
	| DATE TEXT			{ $$ = wr_build_typed(B, @$, $1, $2.text); }
	| TIME TEXT			{ $$ = wr_build_typed(B, @$, $1, $2.text); }
	| TIMESTAMP TEXT		{ $$ = wr_build_typed(B, @$, $1, $2.text); }
	| name				{ $$ = wr_build_column(B, @$, NULL, $1); }
	| name '.' name			{ $$ = wr_build_column(B, @$, &$1, $3); }
	| name '(' '*' ')'		{ $$ = wr_build_call_star(B, @$, $1); }
	| name '(' arg_list_opt ')'	{ $$ = wr_build_call(B, @$, $1, $3, false); }
	| name '(' DISTINCT arg_list ')'
					{ $$ = wr_build_call(B, @$, $1, $4, true); }
	| primary '[' value ']'		{ $$ = wr_build_subscript(B, @$, $1, $3); }
	| primary DEREF name		{ $$ = wr_build_deref(B, @$, $1, $3); }
	| ARRAY_OPEN '[' ']'		{ $$ = wr_build_array_expr(B, @$, (wr_links){ 0 }); }
	| ARRAY_OPEN '[' expr_list ']'	{ $$ = wr_build_array_expr(B, @$, $3); }
	| MAP_OPEN '(' pair_list_opt ')'
					{ $$ = wr_build_map_expr(B, @$, $3); }
	| STRUCT_OPEN '(' field_list_opt ')'
					{ $$ = wr_build_struct_expr(B, @$, $3.names, $3.values); }
	| CASE when_list else_opt END	{ $$ = wr_build_case(B, @$, NULL, $2, $3); }
	| CASE value when_list else_opt END
					{ $$ = wr_build_case(B, @$, $2, $3, $4); }
	| CAST '(' expr AS type ')'	{ $$ = wr_build_cast(B, @$, $3, $5); }
	| '(' expr ')'			{ $$ = $2; }
	| '(' query ')'			{ $$ = wr_build_subquery(B, @$, false, $2); }
	| EXISTS '(' query ')'		{ $$ = wr_build_subquery(B, @$, true, $3); }
	;

literal:
	NULL				{ $$ = wr_build_null(B, @$); }
	| TRUE				{ $$ = wr_build_bool(B, @$, true); }
	| FALSE				{ $$ = wr_build_bool(B, @$, false); }
	| INTEGER_NUMBER		{ $$ = wr_build_integer(B, @$, $1); }
	| DECIMAL_NUMBER		{ $$ = wr_build_decimal(B, @$, $1); }
	| DOUBLE_NUMBER			{ $$ = wr_build_double(B, @$, $1); }
	| TEXT				{ $$ = wr_build_string(B, @$, $1.text); }
	;

expr_list:
	expr				{ $$ = wr_build_add(B, (wr_links){ 0 }, $1); }
	| expr_list ',' expr		{ $$ = wr_build_add(B, $1, $3); }
	;

value_list:
	value				{ $$ = wr_build_add(B, (wr_links){ 0 }, $1); }
	| value_list ',' value		{ $$ = wr_build_add(B, $1, $3); }
	;

arg_list_opt:
	%empty				{ $$ = (wr_links){ 0 }; }
	| arg_list
	;

arg_list:
	arg				{ $$ = wr_build_add(B, (wr_links){ 0 }, $1); }
	| arg_list ',' arg		{ $$ = wr_build_add(B, $1, $3); }
	;

/* DAY, HOUR … without S may be columns: wr_build_call looks at the function. */
arg:
	expr
	| MILLISECOND			{ $$ = wr_build_unit(B, @$, WR_UNIT_MILLISECONDS); }
	| MILLISECONDS			{ $$ = wr_build_unit(B, @$, WR_UNIT_MILLISECONDS); }
	| SECONDS			{ $$ = wr_build_unit(B, @$, WR_UNIT_SECONDS); }
	| MINUTES			{ $$ = wr_build_unit(B, @$, WR_UNIT_MINUTES); }
	| HOURS				{ $$ = wr_build_unit(B, @$, WR_UNIT_HOURS); }
	| DAYS				{ $$ = wr_build_unit(B, @$, WR_UNIT_DAYS); }
	| MONTHS			{ $$ = wr_build_unit(B, @$, WR_UNIT_MONTHS); }
	| YEARS				{ $$ = wr_build_unit(B, @$, WR_UNIT_YEARS); }
	| name ARROW expr		{ $$ = wr_build_lambda(B, @$, wr_build_add(B, (wr_links){ 0 },
						wr_build_part(B, &$1, sizeof($1))), $3); }
	| LAMBDA_OPEN name_list ')' ARROW expr
					{ $$ = wr_build_lambda(B, @$, $2, $5); }
	;

pair_list_opt:
	%empty				{ $$ = (wr_links){ 0 }; }
	| pair_list
	;

pair_list:
	expr ASSIGN expr		{ $$ = wr_build_add(B, wr_build_add(B, (wr_links){ 0 }, $1), $3); }
	| pair_list ',' expr ASSIGN expr
					{ $$ = wr_build_add(B, wr_build_add(B, $1, $3), $5); }
	;

field_list_opt:
	%empty				{ $$.names = $$.values = (wr_links){ 0 }; }
	| field_list
	;

field_list:
	name ASSIGN expr		{ $$.names = wr_build_add(B, (wr_links){ 0 }, wr_build_part(B, &$1, sizeof($1)));
					  $$.values = wr_build_add(B, (wr_links){ 0 }, $3); }
	| field_list ',' name ASSIGN expr
					{ $$.names = wr_build_add(B, $1.names, wr_build_part(B, &$3, sizeof($3)));
					  $$.values = wr_build_add(B, $1.values, $5); }
	;

when_list:
	when				{ $$ = wr_build_add(B, (wr_links){ 0 }, $1); }
	| when_list when		{ $$ = wr_build_add(B, $1, $2); }
	;

when:
	WHEN expr THEN expr		{ $$ = wr_build_when(B, $2, $4); }
	;

else_opt:
	%empty				{ $$ = NULL; }
	| ELSE expr			{ $$ = $2; }
	;

/* ---------------------------------------------------------------- types */

type:
	type ARRAY			{ $$ = wr_build_type_array(B, @$, $1); }
	| ARRAY '<' type '>'		{ $$ = wr_build_type_array(B, @$, $3); }
	| MAP '<' type ',' type '>'	{ $$ = wr_build_type_map(B, @$, $3, $5); }
	| STRUCT '<' type_fields '>'	{ $$ = wr_build_type_struct(B, @$, $3.names, $3.values); }
	| STRUCT '<' '>'		{ $$ = wr_build_type_struct(B, @$, (wr_links){ 0 }, (wr_links){ 0 }); }
	| STRUCT NE			{ $$ = wr_build_type_struct(B, @$, (wr_links){ 0 }, (wr_links){ 0 }); }
	| DECIMAL '(' INTEGER_NUMBER ',' INTEGER_NUMBER ')'
					{ $$ = wr_build_type_decimal(B, @$, $3, $5); }
	| NAME				{ $$ = wr_build_type_named(B, @$, $1, false); }
	| free_word			{ $$ = wr_build_type_named(B, @$, $1, false); }
	| NAME '(' type_size ')'	{ $$ = wr_build_type_named(B, @$, $1, true); }
	| free_word '(' type_size ')'	{ $$ = wr_build_type_named(B, @$, $1, true); }
	;

type_size: INTEGER_NUMBER | STRING ;

type_fields:
	name type			{ $$.names = wr_build_add(B, (wr_links){ 0 }, wr_build_part(B, &$1, sizeof($1)));
					  $$.values = wr_build_add(B, (wr_links){ 0 }, $2); }
	| type_fields ',' name type	{ $$.names = wr_build_add(B, $1.names, wr_build_part(B, &$3, sizeof($3)));
					  $$.values = wr_build_add(B, $1.values, $4); }
	;

/* ---------------------------------------------------------------- FREE words of keywords.h, less ARRAY, MAP and STRUCT */

free_word:
	ADD
	| ALTER
	| ANALYZE
	| ASC
	| ASSERT
	| BACKUP
	| CHANGES
	| COLUMN
	| COLUMNS
	| DATE
	| DAY
	| DEFINE
	| DESC
	| EMIT
	| ERRORS
	| ESCAPE
	| EXPLAIN
	| FINAL
	| FUNCTION
	| FUNCTIONS
	| GRACE
	| HEADER
	| HEADERS
	| HOUR
	| ID
	| IF
	| INTEGER
	| INTERVAL
	| KEY
	| MINUTE
	| MONTH
	| OFFSET
	| ORDER
	| OUTAGES
	| PARTITION
	| PARTITIONS
	| PERIOD
	| PLUGINS
	| PRIMARY
	| REPLACE
	| RESET
	| SCHEMA
	| SECOND
	| SESSION
	| SET
	| SHOW
	| SINK
	| SINKS
	| SOURCE
	| STRING
	| SUBJECT
	| SYSTEM
	| TABLES
	| TIME
	| TIMEOUT
	| TIMESTAMP
	| TYPE
	| TYPES
	| UNDEFINE
	| VARIABLES
	| YEAR
	| ZONE
	;

%%

const char *wr_yy_symbol(int symbol)
{
	return yysymbol_name((yysymbol_kind_t)symbol);
}

static int yyreport_syntax_error(const yypcontext_t *at, wr_parse_cx *cx)
{
	yysymbol_kind_t found = yypcontext_token(at);
	int n = yypcontext_expected_tokens(at, (yysymbol_kind_t *)cx->expected, WR_EXPECTED_MAX);

	cx->nexpected = n < 0 ? 0 : (uint32_t)n;
	wr_parse_syntax_error(cx, found == YYSYMBOL_YYEMPTY ? WR_NO_SPAN : *yypcontext_location(at));
	return 0;
}
