/*
 * LIMIT of a transient query: after n rows the driver is told, by cx->done, that no more are
 * wanted. An update counts once.
 */
#include "operators/op_list.h"
#include "operators/spec.h"

typedef struct op_limit {
	wr_op op;
	uint64_t left;
} op_limit;

static wr_status open_limit(wr_op *op, wr_err *err)
{
	(void)err;
	((op_limit *)op)->left = ((const wr_spec_limit *)op->spec)->n;
	if (((op_limit *)op)->left == 0)
		op->cx->done = true;
	return WR_OK;
}

static wr_status push_limit(wr_op *op, int input, const wr_batch *b, uint32_t at, uint32_t n,
			    wr_err *err)
{
	op_limit *self = (op_limit *)op;
	uint32_t m = 0;

	(void)input;
	while (m < n && (self->left > 0 || b->change[at + m] == WR_ROW_AFTER)) {
		if (b->change[at + m] != WR_ROW_AFTER)
			self->left--;
		m++;
	}
	if (self->left == 0)
		op->cx->done = true;
	return wr_out_push(op, b, at, m, err);
}

static void explain_limit(const wr_op_spec *spec, wr_buf *out)
{
	wr_buf_printf(out, "LIMIT %llu", (unsigned long long)((const wr_spec_limit *)spec)->n);
}

const wr_op_def wr_op_limit_def = {
	.name = "limit",
	.size = sizeof(op_limit),
	.ninputs = 1,
	.open = open_limit,
	.push = push_limit,
	.explain = explain_limit,
};
