/*
 * WHERE and HAVING: rows for which the predicate is true go on; where one half of an update does,
 * it goes on alone.
 */
#include "operators/op_list.h"
#include "operators/util.h"

typedef struct op_filter {
	wr_op op;
	wr_prog *prog;
} op_filter;

static wr_status open_filter(wr_op *op, wr_err *err)
{
	const wr_spec_filter *spec = (const wr_spec_filter *)op->spec;

	(void)err;
	((op_filter *)op)->prog = wr_prog_new(op->cx->arena, &spec->pred, 1);
	return WR_OK;
}

static bool any_of(const wr_batch *b, uint32_t at, uint32_t n, uint8_t change)
{
	return memchr(b->change + at, change, n) != NULL;
}

/* A stream's null records never pass. */
static uint32_t without(const wr_batch *b, uint32_t *rows, uint32_t n, uint8_t change)
{
	uint32_t m = 0;

	for (uint32_t i = 0; i < n; i++)
		if (b->change[rows[i]] != change)
			rows[m++] = rows[i];
	return m;
}

/* A table's deletions always do: rows[0 .. m) and the GONE rows of the run, in order. */
static uint32_t with_gone(const wr_batch *b, uint32_t at, uint32_t n, uint32_t **rows, uint32_t m)
{
	uint32_t *all = WR_NEW_ARRAY(b->arena, uint32_t, n), k = 0, r = 0;

	for (uint32_t i = at; i < at + n; i++) {
		bool passes = r < m && (*rows)[r] == i;

		r += passes;
		if (passes || b->change[i] == WR_ROW_GONE)
			all[k++] = i;
	}
	*rows = all;
	return k;
}

static wr_status push_filter(wr_op *op, int input, const wr_batch *b, uint32_t at, uint32_t n,
			     wr_err *err)
{
	op_filter *self = (op_filter *)op;
	wr_prog_stats ps = { 0 };
	uint32_t *rows = wr_arena_alloc(b->arena, n * sizeof(*rows));
	uint32_t m = wr_prog_filter(self->prog, b, at, n, rows, &ps);
	wr_batch out;

	(void)input;
	wr_op_failures(op, &ps);
	if (op->spec->table) {
		if (any_of(b, at, n, WR_ROW_GONE))
			m = with_gone(b, at, n, &rows, m);
	} else if (any_of(b, at, n, WR_ROW_INSERT_NULL)) {
		uint32_t before = m;

		m = without(b, rows, m, WR_ROW_INSERT_NULL);
		op->stats.null_value += before - m;
	}
	if (m == n)
		return wr_out_push(op, b, at, n, err);
	if (m == 0)
		return WR_OK;
	wr_batch_select(&out, b, rows, m);
	return wr_out_push(op, &out, 0, m, err);
}

static void explain_filter(const wr_op_spec *spec, wr_buf *out)
{
	wr_buf_puts(out, "FILTER ");
	wr_expr_print(((const wr_spec_filter *)spec)->pred, spec->in, out);
}

const wr_op_def wr_op_filter_def = {
	.name = "filter",
	.size = sizeof(op_filter),
	.ninputs = 1,
	.open = open_filter,
	.push = push_filter,
	.explain = explain_filter,
};
