/*
 * EXPLODE and its kind: columns that hold arrays become rows. Several are zipped, the shorter ones
 * padded with nulls, the other columns repeated; a row whose arrays are all empty or null gives
 * nothing.
 *
 *	(k, [1, 2], ['x'])  →  (k, 1, 'x')
 *	                       (k, 2, NULL)
 */
#include "operators/op_list.h"
#include "operators/rows.h"
#include "operators/util.h"

typedef struct op_flatmap {
	wr_op op;
	wr_prog *prog;
	wr_vec *vecs;
} op_flatmap;

static wr_status open_flatmap(wr_op *op, wr_err *err)
{
	op_flatmap *self = (op_flatmap *)op;
	const wr_spec_flatmap *spec = (const wr_spec_flatmap *)op->spec;

	(void)err;
	self->prog = wr_prog_new(op->cx->arena, spec->exprs, op->spec->out->n);
	self->vecs = WR_NEW_ARRAY(op->cx->arena, wr_vec, op->spec->out->n);
	return WR_OK;
}

static wr_list list_at(const wr_vec *v, uint32_t row)
{
	if (wr_vec_is_null(v, row))
		return (wr_list){ 0, 0 };
	return wr_vec_ARRAY(v)[wr_vec_at(v, row)];
}

/* How many rows row i becomes. */
static uint32_t width(const op_flatmap *self, uint32_t i)
{
	const wr_spec_flatmap *spec = (const wr_spec_flatmap *)self->op.spec;
	uint32_t most = 0;

	for (uint32_t c = 0; c < self->op.spec->out->n; c++) {
		uint32_t n = spec->unrolled[c] ? list_at(&self->vecs[c], i).n : 0;

		if (n > most)
			most = n;
	}
	return most;
}

/*
 * Column c unrolled; from[j] is the row of the batch that out row j came from, all rows of one
 * standing together.
 */
static void unroll(wr_vec *out, wr_arena *a, const wr_vec *v, const uint32_t *from, uint32_t m)
{
	wr_vec_init(out, a, v->type->kids[0], m);
	for (uint32_t j = 0, nth = 0; j < m; j++) {
		wr_list l = list_at(v, from[j]);

		nth = j > 0 && from[j] == from[j - 1] ? nth + 1 : 0;
		if (nth < l.n)
			wr_vec_push(out, a, &v->kids[0], l.at + nth, false);
		else
			wr_vec_push_null(out, a);
	}
}

static wr_status push_flatmap(wr_op *op, int input, const wr_batch *b, uint32_t at, uint32_t n,
			      wr_err *err)
{
	op_flatmap *self = (op_flatmap *)op;
	const wr_spec_flatmap *spec = (const wr_spec_flatmap *)op->spec;
	uint32_t m = 0, *from, *rows, *widths = WR_NEW_ARRAY(b->arena, uint32_t, n);
	wr_prog_stats ps = { 0 };
	wr_batch out;

	(void)input;
	wr_prog_eval(self->prog, b, at, n, self->vecs, &ps);
	wr_op_failures(op, &ps);
	for (uint32_t i = 0; i < n; i++)
		if (b->change[at + i] != WR_ROW_INSERT_NULL)
			m += widths[i] = width(self, i);
		else
			op->stats.null_value++;
	from = wr_arena_alloc(b->arena, m * sizeof(*from));
	rows = wr_arena_alloc(b->arena, m * sizeof(*rows));
	for (uint32_t i = 0, j = 0; i < n; i++)
		for (uint32_t k = 0; k < widths[i]; k++, j++) {
			from[j] = i;
			rows[j] = at + i;
		}
	wr_batch_rows(&out, b, rows, m, op->spec->out);
	for (uint32_t j = 0; j < m; j++)
		out.change[j] = b->change[rows[j]];
	for (uint32_t c = 0; c < out.schema->n; c++) {
		if (spec->unrolled[c])
			unroll(&out.cols[c], b->arena, &self->vecs[c], from, m);
		else
			wr_vec_gather(&out.cols[c], b->arena, &self->vecs[c], from, m);
	}
	return wr_out_push(op, &out, 0, m, err);
}

static void explain_flatmap(const wr_op_spec *spec, wr_buf *out)
{
	wr_buf_puts(out, "UNROLL ");
	wr_op_explain_list(((const wr_spec_flatmap *)spec)->exprs, spec->in, spec->out,
			   spec->out->n, out);
}

const wr_op_def wr_op_flatmap_def = {
	.name = "flatmap",
	.size = sizeof(op_flatmap),
	.ninputs = 1,
	.open = open_flatmap,
	.push = push_flatmap,
	.explain = explain_flatmap,
};
