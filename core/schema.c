#include "core/schema.h"

int wr_schema_find(const wr_schema *s, wr_str name)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (wr_str_eq(s->cols[i].name, name))
			return (int)i;
	return -1;
}

void wr_schema_print(const wr_schema *s, bool table, wr_buf *out)
{
	for (uint32_t i = 0; i < s->n; i++) {
		if (i)
			wr_buf_puts(out, ", ");
		wr_buf_quote_name(out, s->cols[i].name);
		wr_buf_putc(out, ' ');
		wr_type_print(s->cols[i].type, out);
		if (i < s->nkeys)
			wr_buf_puts(out, table ? " PRIMARY KEY" : " KEY");
	}
}

bool wr_schema_eq(const wr_schema *a, const wr_schema *b)
{
	if (a->n != b->n || a->nkeys != b->nkeys)
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (!wr_str_eq(a->cols[i].name, b->cols[i].name) ||
		    !wr_type_eq(a->cols[i].type, b->cols[i].type))
			return false;
	return true;
}

const wr_schema *wr_schema_copy(wr_arena *a, const wr_schema *s)
{
	wr_schema *c = WR_NEW(a, wr_schema);
	wr_column *cols = WR_NEW_ARRAY(a, wr_column, s->n);

	for (uint32_t i = 0; i < s->n; i++) {
		cols[i].name = wr_arena_str(a, s->cols[i].name);
		cols[i].type = wr_type_copy(a, s->cols[i].type);
	}
	*c = (wr_schema){ s->n, s->nkeys, cols };
	return c;
}
