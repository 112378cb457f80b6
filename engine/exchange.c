/*
 * The exchange collects rows per target task and sends them as messages: when a message is full,
 * and when the driver says that there is nothing more to do for now. Rows are copied, the planned
 * columns only: the messages they were read from die with the batch.
 *
 * The target is a hash of the key columns, the same for all versions of the program: state is
 * stored by task.
 */
#include "engine/exchange.h"

enum { FULL = 4096 }; /* rows a message takes before it is sent */

typedef struct exchange {
	wr_op op;
	wr_msg **open;	  /* per target: rows collected; NULL: none */
	uint32_t *rows;	  /* scratch: rows of one target */
	uint32_t *target; /* scratch: the target of each row */
	uint32_t room;
} exchange;

static const wr_exchange_spec *spec_of(const exchange *x)
{
	return (const wr_exchange_spec *)x->op.spec;
}

static wr_status open(wr_op *op, wr_err *err)
{
	exchange *x = (exchange *)op;

	(void)err;
	x->open = WR_NEW_ARRAY(op->cx->arena, wr_msg *, spec_of(x)->ntargets);
	return WR_OK;
}

static void make_room(exchange *x, uint32_t n)
{
	if (n <= x->room)
		return;
	x->room = n * 2;
	x->rows = WR_NEW_ARRAY(x->op.cx->arena, uint32_t, x->room);
	x->target = WR_NEW_ARRAY(x->op.cx->arena, uint32_t, x->room);
}

/* x->target[i] for the rows at .. at+n-1 */
static void choose(exchange *x, const wr_batch *b, uint32_t at, uint32_t n)
{
	const wr_exchange_spec *s = spec_of(x);

	for (uint32_t i = 0; i < n; i++) {
		uint64_t hash = 0;

		for (uint32_t k = 0; k < s->hash_cols; k++)
			hash = wr_vec_hash(&b->cols[k], at + i, hash);
		hash ^= hash >> 32;
		x->target[i] = (uint32_t)(hash % s->ntargets);
	}
}

static wr_msg *message(exchange *x, uint32_t to)
{
	wr_msg *m = x->open[to];

	if (!m) {
		m = wr_queue_blank(spec_of(x)->targets[to]);
		m->kind = WR_MSG_ROWS;
		m->from = spec_of(x)->producer;
		m->input = spec_of(x)->input;
		wr_batch_init(&m->batch, m->arena, x->op.spec->in, WR_BATCH_ROWS);
		x->open[to] = m;
	}
	return m;
}

static wr_status shut(wr_err *err)
{
	return wr_err_set(err, WR_ERR_INTERRUPTED, WR_NO_SPAN, "the query is stopping");
}

static wr_status send(exchange *x, uint32_t to, const int64_t *times, wr_err *err)
{
	wr_msg *m = x->open[to];
	wr_queue *q = spec_of(x)->targets[to];

	x->open[to] = NULL;
	m->has_times = times != NULL;
	if (times)
		memcpy(m->times, times, m->ntimes * sizeof *times);
	return wr_queue_put(q, m) ? WR_OK : shut(err);
}

static wr_status push(wr_op *op, int input, const wr_batch *b, uint32_t at, uint32_t n, wr_err *err)
{
	exchange *x = (exchange *)op;
	uint32_t ntargets = spec_of(x)->ntargets;

	(void)input;
	make_room(x, n);
	choose(x, b, at, n);
	for (uint32_t to = 0; to < ntargets; to++) {
		uint32_t count = 0;

		for (uint32_t i = 0; i < n; i++)
			if (x->target[i] == to)
				x->rows[count++] = at + i;
		if (count == 0)
			continue;
		wr_batch_append(&message(x, to)->batch, b, x->rows, count);
		if (x->open[to]->batch.n >= FULL && send(x, to, NULL, err))
			return WR_FAIL;
	}
	return WR_OK;
}

wr_status wr_exchange_send(wr_op *op, const int64_t *times, bool times_changed, wr_err *err)
{
	exchange *x = (exchange *)op;

	for (uint32_t to = 0; to < spec_of(x)->ntargets; to++) {
		if (!x->open[to] && !times_changed)
			continue;
		if (!x->open[to])
			message(x, to)->kind = WR_MSG_TIMES;
		if (send(x, to, times, err))
			return WR_FAIL;
	}
	return WR_OK;
}

wr_status wr_exchange_barrier(wr_op *op, bool final, wr_err *err)
{
	exchange *x = (exchange *)op;

	for (uint32_t to = 0; to < spec_of(x)->ntargets; to++) {
		wr_msg *m = wr_queue_blank(spec_of(x)->targets[to]);

		m->kind = WR_MSG_BARRIER;
		m->from = spec_of(x)->producer;
		m->final = final;
		if (!wr_queue_put(spec_of(x)->targets[to], m))
			return shut(err);
	}
	return WR_OK;
}

static void close_op(wr_op *op)
{
	exchange *x = (exchange *)op;

	for (uint32_t to = 0; x->open && to < spec_of(x)->ntargets; to++)
		if (x->open[to])
			wr_queue_recycle(spec_of(x)->targets[to], x->open[to]);
}

static void explain(const wr_op_spec *spec, wr_buf *out)
{
	(void)spec;
	wr_buf_puts(out, "exchange");
}

const wr_op_def wr_exchange_def = {
	.name = "exchange",
	.size = sizeof(exchange),
	.ninputs = 1,
	.open = open,
	.push = push,
	.close = close_op,
	.explain = explain,
};
