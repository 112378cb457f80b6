/* Small things that several operators need. */
#include "operators/util.h"

#include <stdio.h>

void wr_op_failures(wr_op *op, const wr_prog_stats *ps)
{
	if (!ps->failures)
		return;
	op->stats.failed_values += ps->failures;
	if (ps->last)
		snprintf(op->stats.last_failure, sizeof(op->stats.last_failure), "%s", ps->last);
}

const wr_expr *wr_op_column(wr_arena *a, int32_t col, const wr_type *type)
{
	wr_expr *e = WR_NEW(a, wr_expr);

	*e = (wr_expr){ .kind = WR_EXPR_COL, .type = type, .col = col };
	return e;
}

bool wr_op_mask(const wr_batch *b, uint32_t at, uint32_t n, uint8_t kind1, uint8_t kind2,
		uint8_t **mask)
{
	if (!memchr(b->change + at, kind1, n) && !memchr(b->change + at, kind2, n))
		return false;
	*mask = wr_arena_alloc(b->arena, n);
	for (uint32_t i = 0; i < n; i++)
		(*mask)[i] = b->change[at + i] == kind1 || b->change[at + i] == kind2;
	return true;
}

void wr_op_trim(wr_cache *c, size_t bytes, bool *tight)
{
	bytes = wr_cache_room(c, bytes);
	if (*tight || wr_cache_bytes(c) <= bytes)
		return;
	wr_cache_trim(c, bytes);
	*tight = wr_cache_bytes(c) > bytes;
}

wr_status wr_op_damaged(const wr_op *op, wr_err *err)
{
	return wr_err_set(err, WR_ERR_IO, WR_NO_SPAN,
			  "the stored state of operator %u (%s) cannot be read: it is damaged",
			  (unsigned)op->spec->id, op->spec->def->name);
}

void wr_op_explain_list(const wr_expr *const *exprs, const wr_schema *in, const wr_schema *out,
			uint32_t n, wr_buf *buf)
{
	for (uint32_t i = 0; i < n; i++) {
		wr_buf_puts(buf, i ? ", " : "");
		wr_expr_print(exprs[i], in, buf);
		if (exprs[i]->kind == WR_EXPR_COL && exprs[i]->col >= 0 &&
		    wr_str_eq(in->cols[exprs[i]->col].name, out->cols[i].name))
			continue;
		wr_buf_puts(buf, " AS ");
		wr_buf_quote_name(buf, out->cols[i].name);
	}
}
