/* Builders of statements. */
#include "parser/build.h"

wr_stmt *wr_build_stmt(wr_build *cx, wr_span span, wr_stmt_kind kind)
{
	wr_stmt *s = WR_NEW(cx->arena, wr_stmt);

	s->kind = kind;
	s->span = span;
	return s;
}

wr_stmt *wr_build_values(wr_build *cx, wr_span span, wr_stmt_kind kind, wr_ident name,
			 wr_links columns, wr_links rows)
{
	wr_stmt *s = wr_build_stmt(cx, span, kind);

	s->values.name = name;
	s->values.columns = wr_build_idents(cx, columns);
	s->values.nrows = rows.n;
	s->values.rows = wr_build_array(cx, rows, sizeof(wr_ast_exprs));
	return s;
}

wr_stmt *wr_build_setting(wr_build *cx, wr_span span, wr_stmt_kind kind, wr_ident name,
			  wr_str value)
{
	wr_stmt *s = wr_build_stmt(cx, span, kind);

	s->setting.name = name;
	s->setting.value = value;
	return s;
}

wr_stmt *wr_build_query_id(wr_build *cx, wr_span span, wr_stmt_kind kind, wr_ident id)
{
	wr_stmt *s = wr_build_stmt(cx, span, kind);

	s->query_id.id = id;
	s->query_id.all = !wr_ident_given(&id);
	return s;
}

wr_stmt *wr_build_show(wr_build *cx, wr_span span, wr_show what, bool extended)
{
	wr_stmt *s = wr_build_stmt(cx, span, WR_STMT_SHOW);

	s->show.what = what;
	s->show.extended = extended;
	return s;
}

/* TABLES may be a name, so DESCRIBE TABLES comes here as the source TABLES. */
wr_stmt *wr_build_describe(wr_build *cx, wr_span span, wr_object object, wr_ident name,
			   bool extended)
{
	wr_stmt *s = wr_build_stmt(cx, span, WR_STMT_DESCRIBE);

	s->describe.object = object;
	s->describe.extended = extended;
	s->describe.name = name;
	if (object == WR_OBJ_SOURCE && !name.quoted && wr_str_is(name.name, "TABLES")) {
		s->describe.object = WR_OBJ_TABLE;
		s->describe.name = (wr_ident){ 0 };
	}
	s->describe.every = !wr_ident_given(&s->describe.name);
	return s;
}

wr_stmt *wr_build_drop(wr_build *cx, wr_span span, wr_object object, bool if_exists, wr_ident name)
{
	wr_stmt *s = wr_build_stmt(cx, span, WR_STMT_DROP);

	s->drop.object = object;
	s->drop.if_exists = if_exists;
	s->drop.name = name;
	return s;
}

wr_stmt *wr_build_text(wr_build *cx, wr_span span, wr_stmt_kind kind, wr_str text,
		       wr_span text_span)
{
	wr_stmt *s = wr_build_stmt(cx, span, kind);

	s->text.text = text;
	s->text.text_span = text_span;
	return s;
}

static void check_key_words(wr_build *cx, const wr_stmt_create_source *c)
{
	for (uint32_t i = 0; i < c->elements.n; i++) {
		const wr_element *e = &c->elements.items[i];

		if (c->is_table && e->kind == WR_ELEMENT_KEY)
			wr_build_refuse(cx, e->kind_span, "the key of a table is a PRIMARY KEY",
					"write PRIMARY KEY in place of KEY");
		if (!c->is_table && e->kind == WR_ELEMENT_PRIMARY_KEY)
			wr_build_refuse(cx, e->kind_span, "a stream has no PRIMARY KEY",
					"write KEY, or create a table");
	}
}

wr_stmt *wr_build_create(wr_build *cx, wr_span span, const wr_stmt_create_source *parts)
{
	wr_stmt *s = wr_build_stmt(cx, span, WR_STMT_CREATE_SOURCE);

	s->create_source = *parts;
	check_key_words(cx, parts);
	return s;
}

wr_stmt *wr_build_sink(wr_build *cx, wr_span span, bool or_replace, bool if_not_exists,
		       wr_ident name, wr_props props, wr_ast_query *query)
{
	wr_stmt *s = wr_build_stmt(cx, span, WR_STMT_CREATE_SINK);

	s->create_sink = (wr_stmt_create_sink){ or_replace, if_not_exists, name, props, query };
	return s;
}

wr_stmt *wr_build_connector(wr_build *cx, wr_span span, bool is_source, bool if_not_exists,
			    wr_ident name, wr_props props)
{
	wr_stmt *s = wr_build_stmt(cx, span, WR_STMT_CREATE_CONNECTOR);

	s->create_connector = (wr_stmt_create_connector){ is_source, if_not_exists, name, props };
	return s;
}

wr_stmt *wr_build_assert(wr_build *cx, wr_span span, wr_stmt_kind kind, const wr_stmt_assert *parts)
{
	wr_stmt *s = wr_build_stmt(cx, span, kind);

	s->assertion = *parts;
	return s;
}
