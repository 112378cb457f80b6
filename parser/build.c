#include "parser/build.h"

void wr_build_refuse(wr_build *cx, wr_span span, const char *message, const char *hint)
{
	if (cx->failed)
		return;
	cx->failed = true;
	wr_err_set(cx->err, WR_ERR_SYNTAX, span, "%s", message);
	wr_err_hint(cx->err, "%s", hint);
}

void wr_build_refuse_empty(wr_build *cx, wr_span span)
{
	if (cx->failed)
		return;
	cx->failed = true;
	wr_err_set(cx->err, WR_ERR_STATEMENT, span, "there is nothing between the parentheses");
	wr_err_hint(cx->err, "write at least one expression");
}

void wr_build_finish(wr_build *cx)
{
	if (cx->lone)
		wr_build_refuse(
		    cx, cx->lone->span, "the number does not fit BIGINT",
		    "the largest is 9223372036854775807; write a point behind it for a DECIMAL");
}

static wr_link *link_to(wr_build *cx, void *part)
{
	wr_link *l = WR_NEW(cx->arena, wr_link);

	l->part = part;
	return l;
}

wr_links wr_build_add(wr_build *cx, wr_links list, void *part)
{
	wr_link *l = link_to(cx, part);

	if (list.last)
		list.last->next = l;
	else
		list.first = l;
	list.last = l;
	list.n++;
	return list;
}

wr_links wr_build_prepend(wr_build *cx, void *part, wr_links list)
{
	wr_link *l = link_to(cx, part);

	l->next = list.first;
	list.first = l;
	if (!list.last)
		list.last = l;
	list.n++;
	return list;
}

void *wr_build_array(wr_build *cx, wr_links list, size_t size)
{
	char *to, *array;

	if (list.n == 0)
		return NULL;
	to = array = wr_arena_alloc(cx->arena, list.n * size);
	for (const wr_link *l = list.first; l; l = l->next, to += size)
		memcpy(to, l->part, size);
	return array;
}

void *wr_build_pointers(wr_build *cx, wr_links list)
{
	void **array = list.n ? WR_NEW_ARRAY(cx->arena, void *, list.n) : NULL;
	uint32_t i = 0;

	for (const wr_link *l = list.first; l; l = l->next)
		array[i++] = l->part;
	return array;
}

void *wr_build_part(wr_build *cx, const void *part, size_t size)
{
	return memcpy(wr_arena_alloc(cx->arena, size), part, size);
}

wr_ident_list wr_build_idents(wr_build *cx, wr_links list)
{
	return (wr_ident_list){ list.n, wr_build_array(cx, list, sizeof(wr_ident)) };
}

wr_ast_exprs wr_build_exprs(wr_build *cx, wr_links list, wr_span span)
{
	return (wr_ast_exprs){ list.n, wr_build_pointers(cx, list), span };
}
