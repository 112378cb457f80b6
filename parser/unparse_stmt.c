/* Statements to text. */
#include "parser/unparse.h"

/* A topic, subject, id or key that may be written as a string. */
static void name_or_string(const wr_ident *id, wr_buf *out)
{
	if (id->quoted)
		wr_unparse_string(id->text, out);
	else
		wr_unparse_ident(id, out);
}

static void flag(bool on, const char *words, wr_buf *out)
{
	if (on)
		wr_buf_puts(out, words);
}

static void number(const char *word, const wr_limit *l, wr_buf *out)
{
	if (l->given)
		wr_buf_printf(out, " %s %lld", word, (long long)l->n);
}

static void props(const wr_props *p, wr_buf *out)
{
	if (!p->given)
		return;
	wr_buf_puts(out, " WITH (");
	for (uint32_t i = 0; i < p->n; i++) {
		wr_buf_puts(out, i ? ", " : "");
		name_or_string(&p->items[i].name, out);
		wr_buf_puts(out, " = ");
		wr_unparse_expr(p->items[i].value, out);
	}
	wr_buf_putc(out, ')');
}

static void element(const wr_element *e, wr_buf *out)
{
	static const char *const words[] = { "", " KEY", " PRIMARY KEY", " HEADERS", " HEADER(" };

	wr_unparse_ident(&e->name, out);
	wr_buf_putc(out, ' ');
	wr_unparse_type(e->type, out);
	wr_buf_puts(out, words[e->kind]);
	if (e->kind == WR_ELEMENT_HEADER) {
		wr_unparse_string(e->header, out);
		wr_buf_putc(out, ')');
	}
}

static void elements(const wr_elements *l, wr_buf *out)
{
	if (!l->given)
		return;
	for (uint32_t i = 0; i < l->n; i++) {
		wr_buf_puts(out, i ? ", " : " (");
		element(&l->items[i], out);
	}
	wr_buf_putc(out, ')');
}

static void as_query(const wr_ast_query *q, wr_buf *out)
{
	if (!q)
		return;
	wr_buf_puts(out, " AS ");
	wr_unparse_query(q, out);
}

static void create_source(const wr_stmt *s, wr_buf *out)
{
	const wr_stmt_create_source *c = &s->create_source;

	wr_buf_puts(out, s->kind == WR_STMT_ASSERT_SOURCE ? "ASSERT " : "CREATE ");
	flag(c->or_replace, "OR REPLACE ", out);
	flag(c->is_source, "SOURCE ", out);
	wr_buf_puts(out, c->is_table ? "TABLE " : "STREAM ");
	flag(c->if_not_exists, "IF NOT EXISTS ", out);
	wr_unparse_ident(&c->name, out);
	elements(&c->elements, out);
	props(&c->props, out);
	as_query(c->query, out);
}

static void create_sink(const wr_stmt_create_sink *c, wr_buf *out)
{
	wr_buf_puts(out, "CREATE ");
	flag(c->or_replace, "OR REPLACE ", out);
	wr_buf_puts(out, "SINK ");
	flag(c->if_not_exists, "IF NOT EXISTS ", out);
	wr_unparse_ident(&c->name, out);
	props(&c->props, out);
	as_query(c->query, out);
}

static void create_connector(const wr_stmt_create_connector *c, wr_buf *out)
{
	wr_buf_printf(out, "CREATE %s CONNECTOR ", c->is_source ? "SOURCE" : "SINK");
	flag(c->if_not_exists, "IF NOT EXISTS ", out);
	wr_unparse_ident(&c->name, out);
	props(&c->props, out);
}

static void create_type(const wr_stmt_create_type *c, wr_buf *out)
{
	wr_buf_puts(out, "CREATE TYPE ");
	flag(c->if_not_exists, "IF NOT EXISTS ", out);
	wr_unparse_ident(&c->name, out);
	wr_buf_puts(out, " AS ");
	wr_unparse_type(c->type, out);
}

static void row(const wr_ast_exprs *r, wr_buf *out)
{
	wr_buf_putc(out, '(');
	for (uint32_t i = 0; i < r->n; i++) {
		wr_buf_puts(out, i ? ", " : "");
		wr_unparse_expr(r->items[i], out);
	}
	wr_buf_putc(out, ')');
}

static void values(const char *words, const wr_stmt_values *v, const char *before_rows, wr_buf *out)
{
	wr_buf_puts(out, words);
	wr_unparse_ident(&v->name, out);
	for (uint32_t i = 0; i < v->columns.n; i++) {
		wr_buf_puts(out, i ? ", " : " (");
		wr_unparse_ident(&v->columns.items[i], out);
	}
	flag(v->columns.n > 0, ")", out);
	wr_buf_puts(out, before_rows);
	for (uint32_t i = 0; i < v->nrows; i++) {
		wr_buf_puts(out, i ? ", " : "");
		row(&v->rows[i], out);
	}
}

static void insert_query(const wr_stmt_insert_query *q, wr_buf *out)
{
	wr_buf_puts(out, "INSERT INTO ");
	wr_unparse_ident(&q->name, out);
	props(&q->props, out);
	wr_buf_putc(out, ' ');
	wr_unparse_query(q->query, out);
}

static const char *object_word(wr_object o)
{
	static const char *const words[] = { "STREAM", "TABLE",	   "SINK", "CONNECTOR",
					     "TYPE",   "FUNCTION", "" };

	return words[o];
}

static void drop(const wr_stmt_drop *d, wr_buf *out)
{
	wr_buf_printf(out, "DROP %s ", object_word(d->object));
	flag(d->if_exists, "IF EXISTS ", out);
	wr_unparse_ident(&d->name, out);
	flag(d->delete_topic, " DELETE TOPIC", out);
}

static void alter(const wr_stmt_alter *a, wr_buf *out)
{
	wr_buf_printf(out, "ALTER %s ", a->is_table ? "TABLE" : "STREAM");
	wr_unparse_ident(&a->name, out);
	for (uint32_t i = 0; i < a->added.n; i++) {
		wr_buf_puts(out, i ? ", ADD COLUMN " : " ADD COLUMN ");
		element(&a->added.items[i], out);
	}
}

static void setting(const wr_stmt *s, wr_buf *out)
{
	const wr_stmt_setting *v = &s->setting;

	wr_buf_printf(out, "%s ", wr_stmt_kind_text(s->kind));
	name_or_string(&v->name, out);
	if (!v->value.p)
		return;
	wr_buf_puts(out, " = ");
	wr_unparse_string(v->value, out);
}

/* DEFINE takes a name, not a string, before the = */
static void define(const wr_stmt *s, wr_buf *out)
{
	wr_buf_printf(out, "%s ", wr_stmt_kind_text(s->kind));
	wr_unparse_ident(&s->setting.name, out);
	if (!s->setting.value.p)
		return;
	wr_buf_puts(out, " = ");
	wr_unparse_string(s->setting.value, out);
}

static void show(const wr_stmt_show *s, wr_buf *out)
{
	static const char *const words[] = {
#define X(tag, text) text,
		WR_SHOWS(X)
#undef X
	};

	wr_buf_printf(out, "SHOW %s%s", s->all ? "ALL " : "", words[s->what]);
	flag(s->extended, " EXTENDED", out);
	number("LIMIT", &s->limit, out);
}

static void describe(const wr_stmt_describe *d, wr_buf *out)
{
	wr_buf_puts(out, "DESCRIBE ");
	if (d->every) {
		wr_buf_printf(out, "%sS", object_word(d->object));
	} else {
		wr_buf_puts(out, object_word(d->object));
		flag(d->object != WR_OBJ_SOURCE, " ", out);
		wr_unparse_ident(&d->name, out);
	}
	flag(d->extended, " EXTENDED", out);
}

static void print(const wr_stmt_print *p, wr_buf *out)
{
	wr_buf_puts(out, "PRINT ");
	name_or_string(&p->topic, out);
	flag(p->from_beginning, " FROM BEGINNING", out);
	number("INTERVAL", &p->interval, out);
	number("LIMIT", &p->limit, out);
}

static void query_id(const wr_stmt *s, wr_buf *out)
{
	wr_buf_printf(out, "%s ", wr_stmt_kind_text(s->kind));
	if (s->query_id.all)
		wr_buf_puts(out, "ALL");
	else
		name_or_string(&s->query_id.id, out);
}

static void body(const wr_stmt *s, wr_buf *out);

static void explain(const wr_stmt_explain *e, wr_buf *out)
{
	wr_buf_puts(out, e->analyze ? "EXPLAIN ANALYZE " : "EXPLAIN ");
	if (e->statement)
		body(e->statement, out);
	else
		wr_unparse_ident(&e->id, out);
}

static void assertion(const wr_stmt *s, wr_buf *out)
{
	const wr_stmt_assert *a = &s->assertion;
	bool topic = s->kind == WR_STMT_ASSERT_TOPIC;

	wr_buf_printf(out, "ASSERT %s%s", a->not_exists ? "NOT EXISTS " : "",
		      topic ? "TOPIC " : "SCHEMA");
	if (wr_ident_given(&a->name)) {
		flag(!topic, " SUBJECT ", out);
		name_or_string(&a->name, out);
	}
	number("ID", &a->id, out);
	props(&a->props, out);
	if (a->timeout.given) {
		wr_buf_puts(out, " TIMEOUT ");
		wr_unparse_duration(&a->timeout, out);
	}
}

static void text(const wr_stmt *s, wr_buf *out)
{
	wr_buf_puts(out, wr_stmt_kind_text(s->kind));
	wr_buf_puts(out, s->kind == WR_STMT_BACKUP ? " TO " : " ");
	wr_unparse_string(s->text.text, out);
	number("LIMIT", &s->text.limit, out);
}

static void body(const wr_stmt *s, wr_buf *out)
{
	switch (s->kind) {
	case WR_STMT_CREATE_SOURCE:
	case WR_STMT_ASSERT_SOURCE: create_source(s, out); break;
	case WR_STMT_CREATE_SINK: create_sink(&s->create_sink, out); break;
	case WR_STMT_CREATE_CONNECTOR: create_connector(&s->create_connector, out); break;
	case WR_STMT_CREATE_TYPE: create_type(&s->create_type, out); break;
	case WR_STMT_INSERT_VALUES: values("INSERT INTO ", &s->values, " VALUES ", out); break;
	case WR_STMT_ASSERT_VALUES: values("ASSERT VALUES ", &s->values, " VALUES ", out); break;
	case WR_STMT_ASSERT_NULL_VALUES:
		values("ASSERT NULL VALUES ", &s->values, " KEY ", out);
		break;
	case WR_STMT_INSERT_QUERY: insert_query(&s->insert_query, out); break;
	case WR_STMT_QUERY: wr_unparse_query(s->query, out); break;
	case WR_STMT_DROP: drop(&s->drop, out); break;
	case WR_STMT_ALTER: alter(&s->alter, out); break;
	case WR_STMT_ALTER_SYSTEM:
	case WR_STMT_SET:
	case WR_STMT_UNSET: setting(s, out); break;
	case WR_STMT_DEFINE:
	case WR_STMT_UNDEFINE: define(s, out); break;
	case WR_STMT_SHOW: show(&s->show, out); break;
	case WR_STMT_DESCRIBE: describe(&s->describe, out); break;
	case WR_STMT_PRINT: print(&s->print, out); break;
	case WR_STMT_TERMINATE:
	case WR_STMT_PAUSE:
	case WR_STMT_RESUME: query_id(s, out); break;
	case WR_STMT_EXPLAIN: explain(&s->explain, out); break;
	case WR_STMT_ASSERT_TOPIC:
	case WR_STMT_ASSERT_SCHEMA: assertion(s, out); break;
	case WR_STMT_SAMPLE:
	case WR_STMT_BACKUP:
	case WR_STMT_RUN_SCRIPT: text(s, out); break;
	}
}

void wr_unparse_stmt(const wr_stmt *s, wr_buf *out)
{
	body(s, out);
	wr_buf_putc(out, ';');
}
