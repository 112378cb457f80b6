#include "engine/sink_op.h"
#include "core/fault.h"

typedef struct sink_op {
	wr_op op;
	wr_run *run;
	wr_sink_writer *writer;
} sink_op;

static wr_status open(wr_op *op, wr_err *err)
{
	sink_op *s = (sink_op *)op;

	s->run = ((const wr_sink_op_spec *)op->spec)->run;
	return s->run->sink->def->writer(s->run->sink, op->cx->task, &s->writer, err);
}

static void lock(sink_op *s)
{
	if (!s->run->sink->def->parallel)
		pthread_mutex_lock(&s->run->sink_lock);
}

static void unlock(sink_op *s)
{
	if (!s->run->sink->def->parallel)
		pthread_mutex_unlock(&s->run->sink_lock);
}

static wr_status push(wr_op *op, int input, const wr_batch *b, uint32_t at, uint32_t n, wr_err *err)
{
	sink_op *s = (sink_op *)op;

	(void)input;
	lock(s);
	wr_status status = WR_FAULT_FAIL("sink.rows", err)
			       ? WR_FAIL
			       : s->run->sink->def->write(s->writer, b, at, n, err);

	unlock(s);
	atomic_fetch_add_explicit(&s->run->written, 1, memory_order_relaxed);
	return status;
}

wr_status wr_sink_op_snapshot(wr_op *op, wr_err *err)
{
	sink_op *s = (sink_op *)op;

	if (!s->run->sink->def->snapshot)
		return WR_OK;
	lock(s);
	wr_status status = WR_FAULT_FAIL("sink.snapshot", err)
			       ? WR_FAIL
			       : s->run->sink->def->snapshot(s->writer, err);

	unlock(s);
	return status;
}

static void explain(const wr_op_spec *spec, wr_buf *out)
{
	(void)spec;
	wr_buf_puts(out, "sink");
}

const wr_op_def wr_sink_op_def = {
	.name = "sink",
	.size = sizeof(sink_op),
	.ninputs = 1,
	.open = open,
	.push = push,
	.explain = explain,
};
