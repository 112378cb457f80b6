#include "core/near.h"
#include "planner/impl.h"

const wr_relation *wr_find_relation(wr_planner *p, const wr_ident *name, wr_err *err)
{
	const wr_relation *r = p->catalog->find(p->catalog, name->name);
	const char *names[256];
	const char *near;
	uint32_t n;

	if (r)
		return r;
	n = p->catalog->names(p->catalog, names, 256);
	if (n > 256)
		n = 256;
	WR_REFUSE(err, name->span, "there is no stream or table %.*s", WR_STR_ARG(name->name));
	near = wr_near_of(name->name, names, n);
	if (near && wr_str_ieq(wr_str_of(near), name->name))
		wr_err_hint(err, "there is one named \"%s\": write it %s", near,
			    name->quoted ? "without the quotes"
					 : "in double quotes to keep its case");
	else if (near)
		wr_err_hint(err, "did you mean %s?", near);
	else
		wr_err_hint(err, "SHOW STREAMS and SHOW TABLES list what there is");
	return NULL;
}

bool wr_reserved_name(wr_str name)
{
	static const int32_t pseudo[] = { WR_COL_ROWTIME, WR_COL_ROWPARTITION, WR_COL_ROWOFFSET,
					  WR_COL_WINDOWSTART, WR_COL_WINDOWEND };

	for (size_t i = 0; i < sizeof(pseudo) / sizeof(*pseudo); i++)
		if (wr_str_eq(name, wr_bind_pseudo_name(pseudo[i])))
			return true;
	return false;
}

void wr_namer_take(wr_namer *n, wr_str name)
{
	if (n->ntaken == n->room) {
		wr_str *more = WR_NEW_ARRAY(n->a, wr_str, n->room * 2 + 16);

		if (n->ntaken)
			memcpy(more, n->taken, n->ntaken * sizeof(wr_str));
		n->taken = more;
		n->room = n->room * 2 + 16;
	}
	n->taken[n->ntaken++] = name;
}

static bool taken(const wr_namer *n, wr_str name)
{
	for (uint32_t i = 0; i < n->ntaken; i++)
		if (wr_str_eq(n->taken[i], name))
			return true;
	return false;
}

wr_str wr_namer_column(wr_namer *n)
{
	wr_str s;

	do
		s = wr_arena_printf(n->a, "KSQL_COL_%u", n->next++);
	while (taken(n, s));
	return s;
}

wr_str wr_namer_field(wr_namer *n, wr_str field)
{
	wr_str s = field;

	for (uint32_t i = 1; taken(n, s); i++)
		s = wr_arena_printf(n->a, "%.*s_%u", WR_STR_ARG(field), i);
	wr_namer_take(n, s);
	return s;
}
