/*
 * INSERT … VALUES: the rows go to the relation's topic through the same sink as a query's rows.
 * With a data directory the statement and its rows stand or fall together: the rows are written
 * under an identity of their own (the statement's), undecided, the statement is recorded, and only
 * then the rows count. At the next start, rows of a statement that was not recorded are aborted.
 */
#include <stdio.h>

#include "core/clock.h"
#include "core/fault.h"
#include "engine/internal.h"
#include "engine/journal.h"
#include "engine/notice.h"

static void set_times(const wr_batch *b)
{
	for (uint32_t i = 0; i < b->n; i++)
		if (b->rowtime[i] == WR_TIME_NONE)
			b->rowtime[i] = wr_clock_ms();
}

static wr_status write_rows(wr_exec *x, const wr_plan *plan, wr_sink *sink, wr_err *err)
{
	wr_sink_writer *w;
	wr_buf mark = { 0 };

	wr_status status = WR_FAIL;

	if (sink->def->writer(sink, 0, &w, err) || sink->def->write(w, plan->rows, 0, plan->rows->n, err) ||
	    (sink->def->snapshot && sink->def->snapshot(w, err)) || WR_FAULT_FAIL("insert.written", err) ||
	    sink->def->mark(sink, 1, &mark, err) || WR_FAULT_FAIL("insert.before_record", err) || wr_journal_live(x, err) ||
	    WR_FAULT_FAIL("insert.recorded", err))
		goto out;
	status = sink->def->committed ? sink->def->committed(sink, 1, true, err) : WR_OK;
out:
	wr_buf_free(&mark);
	return status;
}

static wr_status insert(wr_exec *x, const wr_plan *plan, wr_err *err)
{
	const wr_relation *r = plan->relation;
	char incarnation[40];
	wr_state *state = NULL;
	wr_sink *sink = NULL;
	wr_sink_spec spec = { .name = r->name, .topic = r->topic, .partitions = r->partitions,
			      .key = plan->key, .value = plan->value, .schema = plan->rows->schema,
			      .table = r->table };

	spec.type = x->e->config.broker ? "kafka" : x->e->config.dir ? "log" : "memory";
	snprintf(incarnation, sizeof incarnation, "insert-%lld", (long long)x->seq);
	if (wr_state_open(x->e->scratch, incarnation, &state, err))
		return WR_FAIL;
	wr_sink_cx cx = { .io = &x->e->io, .settings = &x->s->settings, .state = state, .ntasks = 1,
			  .incarnation = incarnation };
	const wr_sink_def *def = wr_sink_find(wr_str_of(spec.type));
	wr_status status = def->open(&spec, &cx, (wr_str){ 0 }, &sink, err);

	if (status == WR_OK) {
		status = write_rows(x, plan, sink, err);
		def->close(sink);
	}
	wr_err ignored = WR_ERR_INIT;

	if (x->e->topics && status == WR_OK)	/* if not now, then at the next start: the rows count */
		(void)!wr_topics_forget(x->e->topics, incarnation, &ignored);
	wr_state_close(state);
	(void)!wr_state_drop(x->e->scratch, incarnation, &ignored);
	return status;
}

/*
 * Recorded as undone first: a crash between the two, or rows that cannot be taken back now, are mended at the next start. Where even the record
 * fails, nobody knows whether the statement is live; its rows stay undecided, and the next start, which can read the journal, decides.
 */
static void take_back(wr_exec *x)
{
	wr_err ignored = WR_ERR_INIT;
	char writer[40];

	snprintf(writer, sizeof writer, "insert-%lld", (long long)x->seq);
	if (!wr_journal_undo(x, NULL))
		wr_notice(x->e, "the data directory cannot be written: whether these rows count is known after a restart");
	else if (x->e->topics)
		(void)!wr_topics_take_back(x->e->topics, writer, &ignored);
}

wr_status wr_exec_insert_values(wr_exec *x, wr_err *err)
{
	wr_plan plan;

	if (wr_exec_plan(x, x->arena, x->stmt, &plan, err))
		return WR_FAIL;
	if (plan.relation->file.p)
		return wr_err_set(err, WR_ERR_STATEMENT, x->stmt->values.name.span,
				  "%.*s reads a file: rows cannot be inserted into it",
				  WR_STR_ARG(plan.relation->name));
	set_times(plan.rows);
	if (wr_journal_number(x, err))
		return WR_FAIL;
	if (insert(x, &plan, err)) {
		take_back(x);
		return WR_FAIL;
	}
	return WR_OK;
}
