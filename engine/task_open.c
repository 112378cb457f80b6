/*
 * Making a task: its operators, how they are linked, what feeds them.
 *
 * With one task all stages are fused: a stage's end is simply the operator of the next stage that
 * takes its rows, and there are no queues. With several, each (stage, index) is a task of its own,
 * made from the last stage to the first, so that the queues a task writes to exist when it is made.
 */
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "engine/exchange.h"
#include "engine/reader.h"
#include "engine/sink_op.h"
#include "engine/task.h"

static bool fused(const wr_run *run)
{
	return run->spec->ntasks == 1;
}

static uint32_t first_stage(const wr_task *t)
{
	return fused(t->run) ? 0 : t->stage;
}

static wr_op *new_op(wr_task *t, const wr_op_spec *spec)
{
	wr_op *op = wr_arena_zalloc(t->arena, spec->def->size);

	op->def = spec->def;
	op->spec = spec;
	op->cx = &t->cx;
	return op;
}

static void fill_cx(wr_task *t)
{
	const wr_run_spec *s = t->run->spec;
	int64_t memory = wr_setting_int(s->settings, WR_SET_MEMORY);

	t->cx = (wr_op_cx){
		.arena = t->arena,
		.batch_arena = t->batch_arena,
		.state = t->run->state,
		.task = t->index,
		.ntasks = s->ntasks,
		.settings = s->settings,
		.cache_bytes =
		    s->transient || s->by_hand
			? 0
			: (size_t)wr_setting_int(s->settings, WR_SET_CACHE_BYTES) / s->ntasks,
		.memory = (size_t)memory / 8 * 3 / s->ntasks,
		.local_time =
		    s->by_hand && wr_str_is(wr_setting_text(s->settings, WR_SET_DIALECT), "ksql"),
	};
}

/* The stage and input that take the rows of stage `from`. */
static const wr_stage_input *consumer(const wr_graph *g, uint32_t from, uint32_t *stage,
				      uint32_t *input)
{
	for (*stage = from + 1; *stage < g->nstages; ++*stage)
		for (*input = 0; *input < g->stages[*stage].ninputs; ++*input)
			if (g->stages[*stage].inputs[*input].stage == (int32_t)from)
				return &g->stages[*stage].inputs[*input];
	WR_BUG("stage %u has no consumer", from);
}

/*
 * Our number among the producers of a task of stage `to`: inputs count in order, ntasks for each
 * exchange.
 */
static uint32_t producer_number(const wr_run *run, uint32_t to, uint32_t input, uint16_t index)
{
	const wr_stage *s = &run->spec->graph->stages[to];
	uint32_t n = 0;

	for (uint32_t i = 0; i < input; i++)
		n += s->inputs[i].stage >= 0 ? run->spec->ntasks : 0;
	return n + index;
}

static wr_op *make_exchange(wr_task *t)
{
	wr_run *run = t->run;
	const wr_graph *g = run->spec->graph;
	uint32_t to, input;
	const wr_stage *s = &g->stages[t->stage];

	(void)consumer(g, t->stage, &to, &input);
	wr_queue **targets = WR_NEW_ARRAY(t->arena, wr_queue *, run->spec->ntasks);
	wr_exchange_spec *x = WR_NEW(t->arena, wr_exchange_spec);
	uint32_t n = 0;

	for (uint32_t i = 0; i < run->ntasks; i++)
		if (run->tasks[i] && run->tasks[i]->stage == to)
			targets[run->tasks[i]->index] = run->tasks[i]->in, n++;
	WR_ASSERT(n == run->spec->ntasks);
	const wr_schema *out =
	    s->nops ? s->ops[s->nops - 1].spec->out : g->scans[s->inputs[0].scan].decode->schema;

	*x = (wr_exchange_spec){
		.base = { .def = &wr_exchange_def, .in = out, .out = out },
		.ntargets = n,
		.targets = targets,
		.producer = producer_number(run, to, input, t->index),
		.input = input,
		.hash_cols = s->hash_cols,
	};
	return new_op(t, &x->base);
}

static wr_op *make_sink(wr_task *t)
{
	wr_sink_op_spec *s = WR_NEW(t->arena, wr_sink_op_spec);

	*s = (wr_sink_op_spec){ .base = { .def = &wr_sink_op_def,
					  .in = t->run->spec->graph->out,
					  .out = t->run->spec->graph->out },
				.run = t->run };
	return new_op(t, &s->base);
}

/* Operators of stage s, at ops[base] and on. */
static void make_ops(wr_task *t, const wr_stage *s, uint32_t base)
{
	for (uint32_t i = 0; i < s->nops; i++) {
		t->ops[base + i] = new_op(t, s->ops[i].spec);
		t->watches |= s->ops[i].spec->def->watermark != NULL;
	}
}

/* Links the operators of stage s: inside the stage, and its ends to `end` at end_input. */
static void link_ops(wr_task *t, const wr_stage *s, uint32_t base, wr_out end)
{
	for (uint32_t i = 0; i < s->nops; i++)
		t->ops[base + i]->out =
		    s->ops[i].next < 0
			? end
			: (wr_out){ t->ops[base + (uint32_t)s->ops[i].next], s->ops[i].next_input };
}

/* Where the rows of an input enter; a stage without operators passes them to its end. */
static wr_entry entry(const wr_task *t, const wr_stage *s, uint32_t base, const wr_stage_input *in,
		      wr_out end)
{
	return s->nops ? (wr_entry){ t->ops[base + in->op], in->input }
		       : (wr_entry){ end.op, end.input };
}

static wr_status add_reader(wr_task *t, const wr_stage_input *in, wr_entry to, wr_err *err)
{
	wr_scan_reader **r = &t->readers[t->nreaders];

	if (wr_scan_reader_open(t, (uint32_t)in->scan, to, r, err)) {
		t->nreaders += *r != NULL;
		return WR_FAIL;
	}
	t->nreaders++;
	return WR_OK;
}

static wr_status open_ops(wr_task *t, wr_err *err)
{
	for (uint32_t i = 0; i < t->nops; i++)
		if (t->ops[i]->def->open && t->ops[i]->def->open(t->ops[i], err))
			return WR_FAIL;
	return t->end->def->open(t->end, err);
}

/* The first operator of stage s in t->ops. */
static uint32_t base_of(const wr_task *t, uint32_t s)
{
	uint32_t base = 0;

	for (uint32_t i = first_stage(t); i < s; i++)
		base += t->run->spec->graph->stages[i].nops;
	return base;
}

static wr_out end_of(const wr_task *t, uint32_t s)
{
	const wr_graph *g = t->run->spec->graph;
	uint32_t to, input;

	if (!fused(t->run) || g->stages[s].last)
		return (wr_out){ t->end, 0 };
	const wr_stage_input *in = consumer(g, s, &to, &input);
	wr_entry e = entry(t, &g->stages[to], base_of(t, to), in,
			   g->stages[to].last ? (wr_out){ t->end, 0 } : (wr_out){ NULL, 0 });

	return (wr_out){ e.op, e.input };
}

static void connect_queue(wr_task *t)
{
	const wr_stage *s = &t->run->spec->graph->stages[t->stage];

	t->inputs = WR_NEW_ARRAY(t->arena, wr_entry, s->ninputs);
	for (uint32_t i = 0; i < s->ninputs; i++) {
		if (fused(t->run) || s->inputs[i].stage < 0)
			continue;
		t->inputs[i] = entry(t, s, 0, &s->inputs[i], (wr_out){ t->end, 0 });
		t->nproducers += t->run->spec->ntasks;
	}
	if (t->nproducers)
		t->in =
		    wr_queue_new((size_t)wr_setting_int(t->run->spec->settings, WR_SET_QUEUE_BYTES),
				 t->run->nparts);
}

static void make_times(wr_task *t)
{
	t->own_times = WR_NEW_ARRAY(t->arena, int64_t, t->run->nparts + 1);
	t->merged = WR_NEW_ARRAY(t->arena, int64_t, t->run->nparts + 1);
	for (uint32_t p = 0; p < t->run->nparts; p++)
		t->own_times[p] = WR_TIME_SILENT; /* until a reader of ours speaks for it */
	wr_times_init(&t->times, t->arena, t->nproducers + 1, t->run->nparts);
	wr_times_tell(&t->times, t->nproducers, t->own_times);
	t->watermark = WR_TIME_NONE;
	/* who has no reader says so: nobody is to wait for its times */
	t->times_changed = true;
}

wr_status wr_task_open(wr_run *run, uint32_t stage, uint16_t index, wr_task **out, wr_err *err)
{
	wr_arena *arena = wr_arena_new();
	wr_task *t = WR_NEW(arena, wr_task);
	const wr_graph *g = run->spec->graph;
	uint32_t scans = 0;

	*out = t;
	*t = (wr_task){ .run = run,
			.stage = stage,
			.index = index,
			.arena = arena,
			.batch_arena = wr_arena_new(),
			.wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC) };
	fill_cx(t);
	for (uint32_t s = first_stage(t); s <= stage; s++) {
		t->nops += g->stages[s].nops;
		scans += g->stages[s].ninputs;
	}
	t->ops = WR_NEW_ARRAY(arena, wr_op *, t->nops + 1);
	t->readers = WR_NEW_ARRAY(arena, wr_scan_reader *, scans + 1);
	t->end = g->stages[stage].last ? make_sink(t) : make_exchange(t);
	for (uint32_t s = first_stage(t); s <= stage; s++)
		make_ops(t, &g->stages[s], base_of(t, s));
	for (uint32_t s = first_stage(t); s <= stage; s++)
		link_ops(t, &g->stages[s], base_of(t, s), end_of(t, s));
	connect_queue(t);
	make_times(t);
	return open_ops(t, err);
}

wr_status wr_task_open_readers(wr_task *t, wr_err *err)
{
	const wr_graph *g = t->run->spec->graph;

	for (uint32_t s = first_stage(t); s <= t->stage; s++)
		for (uint32_t i = 0; i < g->stages[s].ninputs; i++) {
			const wr_stage_input *in = &g->stages[s].inputs[i];

			if (in->scan >= 0 &&
			    add_reader(t, in,
				       entry(t, &g->stages[s], base_of(t, s), in, end_of(t, s)),
				       err))
				return WR_FAIL;
		}
	for (uint32_t i = 0; i < t->nreaders; i++)
		wr_scan_reader_times(t->readers[i], t->own_times);
	wr_times_tell(&t->times, t->nproducers, t->own_times);
	/* whoever reads nothing says so once: else he holds back all behind him */
	t->times_changed = true;
	return WR_OK;
}

void wr_task_close(wr_task *t)
{
	if (!t)
		return;
	for (uint32_t i = 0; i < t->nreaders; i++)
		wr_scan_reader_close(t->readers[i]);
	for (uint32_t i = 0; i < t->nops; i++)
		if (t->ops[i] && t->ops[i]->def->close)
			t->ops[i]->def->close(t->ops[i]);
	if (t->end && t->end->def->close)
		t->end->def->close(t->end);
	wr_queue_free(t->in);
	close(t->wake);
	wr_arena_free(t->batch_arena);
	wr_arena_free(t->arena);
}
