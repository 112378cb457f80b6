/*
 * INSERT … VALUES: the rows go to the relation's topic through the same sink as a query's rows.
 * With a data directory the statement and its rows stand or fall together: the rows are written
 * under an identity of their own (the statement's), undecided, the statement is recorded, and only
 * then the rows count. At the next start, rows of a statement that was not recorded are aborted.
 *
 * Into a Kafka topic the rows are a transaction, whose witness is the statement's number; all
 * INSERTs of a data directory are one transactional id. The transaction decides: it is committed
 * before the statement is recorded, and a start that finds a statement half recorded asks for the
 * witness.
 */
#include <stdio.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/settings_kafka.h"
#include "engine/internal.h"
#include "engine/journal.h"
#include "engine/notice.h"
#include "sinks/sink_list.h"

static void set_times(const wr_batch *b)
{
	for (uint32_t i = 0; i < b->n; i++)
		if (b->rowtime[i] == WR_TIME_NONE)
			b->rowtime[i] = wr_clock_ms();
}

static wr_status record(wr_exec *x, wr_err *err)
{
	return WR_FAULT_FAIL("insert.before_record", err) || wr_journal_live(x, err)
		   ? WR_FAIL
		   : WR_FAULT_FAIL("insert.recorded", err);
}

/* *unknown: whether the rows count is known after the next start. */
static wr_status decide(wr_exec *x, wr_sink *sink, wr_buf *mark, bool *unknown, wr_err *err)
{
	bool open;

	if (sink->def->prepare(sink, (uint64_t)x->seq, mark, &open, err))
		return WR_FAIL;
	*unknown = true;
	if (sink->def->commit(sink, (uint64_t)x->seq, err) || record(x, err))
		return WR_FAIL;
	*unknown = false;
	return WR_OK;
}

static wr_status follow(wr_exec *x, wr_sink *sink, wr_buf *mark, wr_err *err)
{
	if (sink->def->mark(sink, 1, mark, err) || record(x, err))
		return WR_FAIL;
	return sink->def->committed ? sink->def->committed(sink, 1, true, err) : WR_OK;
}

static wr_status write_rows(wr_exec *x, const wr_plan *plan, wr_sink *sink, bool *unknown,
			    wr_err *err)
{
	wr_sink_writer *w;
	wr_buf mark = { 0 };

	if (sink->def->writer(sink, 0, &w, err) ||
	    sink->def->write(w, plan->rows, 0, plan->rows->n, err) ||
	    (sink->def->snapshot && sink->def->snapshot(w, err)) ||
	    WR_FAULT_FAIL("insert.written", err))
		return WR_FAIL;
	wr_status status =
	    sink->cx->decides ? decide(x, sink, &mark, unknown, err) : follow(x, sink, &mark, err);

	wr_buf_free(&mark);
	return status;
}

/* Whose rows they are: the statement's, or, in Kafka, the data directory's. */
static wr_status name_writer(wr_exec *x, bool decides, char out[WR_INSERT_ID], wr_err *err)
{
	snprintf(out, WR_INSERT_ID, "insert-%lld", (long long)x->seq);
	return decides ? wr_journal_insert_id(x->e, true, out, err) : WR_OK;
}

static bool decides(const wr_exec *x)
{
	return !x->e->topics && x->e->journal && wr_settings_exactly_once(&x->s->settings);
}

wr_status wr_insert_decided(wr_engine *e, const wr_relation *r, int64_t seq, bool *committed,
			    wr_err *err)
{
	wr_arena *a = wr_arena_new();
	wr_io io = e->io;
	wr_sink_spec spec = { .type = "kafka", .name = r->name, .topic = r->topic };
	char incarnation[WR_INSERT_ID];
	uint64_t pending = (uint64_t)seq;
	wr_sink *sink = NULL;
	wr_sink_cx cx = { .io = &io,
			  .settings = &e->settings,
			  .ntasks = 1,
			  .incarnation = incarnation,
			  .decides = true };

	*committed = false;
	io.kafka_conf = wr_settings_kafka(&e->settings, a);
	wr_status status = wr_journal_insert_id(e, false, incarnation, err);

	if (status == WR_OK && incarnation[0])
		status = wr_sink_kafka.open(&spec, &cx, (wr_str){ 0 }, &sink, err);
	if (sink) {
		status = wr_sink_kafka.decided(sink, &pending, committed, err);
		wr_sink_kafka.close(sink);
	}
	wr_arena_free(a);
	return status;
}

static wr_status insert(wr_exec *x, const wr_plan *plan, bool *unknown, wr_err *err)
{
	const wr_relation *r = plan->relation;
	char incarnation[WR_INSERT_ID];
	wr_state *state = NULL;
	wr_sink *sink = NULL;
	wr_sink_spec spec = { .name = r->name,
			      .topic = r->topic,
			      .partitions = r->partitions,
			      .key = plan->key,
			      .value = plan->value,
			      .schema = plan->rows->schema,
			      .table = r->table };

	spec.type = x->e->config.broker ? "kafka" : x->e->config.dir ? "log" : "memory";
	if (name_writer(x, decides(x), incarnation, err) ||
	    wr_state_open(x->e->scratch, incarnation, &state, err))
		return WR_FAIL;
	wr_sink_cx cx = { .io = &x->e->io,
			  .settings = &x->s->settings,
			  .state = state,
			  .ntasks = 1,
			  .incarnation = incarnation,
			  .decides = decides(x) };
	const wr_sink_def *def = wr_sink_find(wr_str_of(spec.type));
	wr_status status = def->open(&spec, &cx, (wr_str){ 0 }, &sink, err);

	if (status == WR_OK) {
		status = write_rows(x, plan, sink, unknown, err);
		def->close(sink);
	}
	wr_err ignored = WR_ERR_INIT;

	/* if not now, then at the next start: the rows count */
	if (x->e->topics && status == WR_OK)
		(void)!wr_topics_forget(x->e->topics, incarnation, &ignored);
	wr_state_close(state);
	(void)!wr_state_drop(x->e->scratch, incarnation, &ignored);
	return status;
}

/*
 * Recorded as undone first: a crash between the two, or rows that cannot be taken back now, are
 * mended at the next start. Where even the record fails, nobody knows whether the statement is
 * live; its rows stay undecided, and the next start, which can read the journal, decides.
 */
static void take_back(wr_exec *x)
{
	wr_err ignored = WR_ERR_INIT;
	char writer[40];

	snprintf(writer, sizeof writer, "insert-%lld", (long long)x->seq);
	if (!wr_journal_undo(x, NULL))
		wr_notice(
		    x->e,
		    "the data directory cannot be written: whether these rows count is known after a restart");
	else if (x->e->topics)
		(void)!wr_topics_take_back(x->e->topics, writer, &ignored);
}

wr_status wr_exec_insert_values(wr_exec *x, wr_err *err)
{
	wr_plan plan;
	bool unknown = false;

	if (wr_exec_plan(x, x->arena, x->stmt, &plan, err))
		return WR_FAIL;
	if (plan.relation->file.p)
		return wr_err_set(err, WR_ERR_STATEMENT, x->stmt->values.name.span,
				  "%.*s reads a file: rows cannot be inserted into it",
				  WR_STR_ARG(plan.relation->name));
	set_times(plan.rows);
	if (wr_journal_number(x, err))
		return WR_FAIL;
	if (insert(x, &plan, &unknown, err)) {
		if (!unknown)
			take_back(x);
		return unknown
			   ? wr_err_hint(err,
					 "whether these rows count is known after the next start")
			   : WR_FAIL;
	}
	return WR_OK;
}
