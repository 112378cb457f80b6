/*
 * SELECT list: column i of the result is expression i over the row. Records without a value (null
 * records, deletions of which only the key is known) keep none: their value columns stay null
 * whatever the expressions say.
 */
#include "operators/op_list.h"
#include "operators/rows.h"
#include "operators/util.h"

typedef struct op_project {
	wr_op op;
	wr_prog *prog;
} op_project;

static wr_status open_project(wr_op *op, wr_err *err)
{
	const wr_spec_project *spec = (const wr_spec_project *)op->spec;

	(void)err;
	((op_project *)op)->prog = wr_prog_new(op->cx->arena, spec->exprs, op->spec->out->n);
	return WR_OK;
}

static wr_status push_project(wr_op *op, int input, const wr_batch *b, uint32_t at, uint32_t n,
			      wr_err *err)
{
	const wr_spec_project *spec = (const wr_spec_project *)op->spec;
	const wr_schema *s = op->spec->out;
	wr_prog_stats ps = { 0 };
	uint8_t *mask;
	wr_batch out;

	(void)input;
	wr_batch_over(&out, b, at, n, s);
	wr_prog_eval(((op_project *)op)->prog, b, at, n, out.cols, &ps);
	wr_op_failures(op, &ps);
	if (wr_op_mask(b, at, n, WR_ROW_INSERT_NULL, WR_ROW_GONE, &mask))
		for (uint32_t c = s->nkeys; c < s->n; c++)
			wr_vec_mask(&out.cols[c], b->arena, mask, n);
	if (spec->drop_window)
		out.wstart = out.wend = NULL;
	return wr_out_push(op, &out, 0, n, err);
}

static void explain_project(const wr_op_spec *spec, wr_buf *out)
{
	wr_buf_puts(out, "PROJECT ");
	wr_op_explain_list(((const wr_spec_project *)spec)->exprs, spec->in, spec->out,
			   spec->out->n, out);
}

const wr_op_def wr_op_project_def = {
	.name = "project",
	.size = sizeof(op_project),
	.ninputs = 1,
	.open = open_project,
	.push = push_project,
	.explain = explain_project,
};
