/* Counting dropped rows: operators and readers count in plain numbers of their run; here they are
 * added up, stored and told. */
#include "engine/drops.h"

#include "engine/exchange.h"
#include "engine/task.h"

static const char *const TEXTS[] = {
#define X(tag, text, lost) text,
	WR_DROPS(X)
#undef X
};

static const bool LOST[] = {
#define X(tag, text, lost) lost,
	WR_DROPS(X)
#undef X
};

void wr_drops_print(const uint64_t *n, const uint64_t *before, bool lost_only, wr_buf *out)
{
	bool any = false;

	for (int i = 0; i < WR_DROP_COUNT; i++) {
		uint64_t more = n[i] - (before ? before[i] : 0);

		if (more == 0 || (lost_only && !LOST[i]))
			continue;
		wr_buf_printf(out, "%s%llu %s", any ? ", " : "", (unsigned long long)more,
			      TEXTS[i]);
		any = true;
	}
}

static bool is_join(const char *name)
{
	return strncmp(name, "join", 4) == 0;
}

/* The name of the operator that takes the rows of op, also through an exchange. */
static const char *taker(const wr_task *t, const wr_op *op)
{
	const wr_graph *g = t->run->spec->graph;
	const wr_op *to = op->out.op;

	if (!to || to->def != &wr_exchange_def)
		return to ? to->def->name : "";
	for (uint32_t s = t->stage + 1; s < g->nstages; s++)
		for (uint32_t i = 0; i < g->stages[s].ninputs; i++)
			if (g->stages[s].inputs[i].stage == (int32_t)t->stage)
				return g->stages[s].ops[g->stages[s].inputs[i].op].spec->def->name;
	return "";
}

static void add_op(const wr_task *t, const wr_op *op, uint64_t *n)
{
	bool join = is_join(op->def->name) || (op->stats.null_key && is_join(taker(t, op)));

	n[join ? WR_DROP_NULL_JOIN_KEY : WR_DROP_NULL_KEY] += op->stats.null_key;
	n[WR_DROP_LATE] += op->stats.late;
	n[WR_DROP_NULL_VALUE] += op->stats.null_value;
	n[WR_DROP_NO_TIME] += op->stats.no_time;
	if (!strcmp(op->def->name, "join_table")) /* the others' may still come */
		n[WR_DROP_UNMATCHED] += op->stats.unmatched;
	n[WR_DROP_FAILED] += op->stats.failed_values;
}

/* What was stored before this run, and what this run has counted. */
static void add_up(const wr_run *run, uint64_t n[WR_DROP_COUNT])
{
	for (int i = 0; i < WR_DROP_COUNT; i++)
		n[i] = run->dropped_before[i] + run->dropped[i];
	for (uint32_t t = 0; t < run->ntasks; t++)
		for (uint32_t i = 0; run->tasks[t] && i < run->tasks[t]->nops; i++)
			add_op(run->tasks[t], run->tasks[t]->ops[i], n);
}

/* Meta store: "d" -> the counts, eight bytes each; "n" -> how many bad records are kept. */
void wr_drops_restore(wr_run *run)
{
	wr_buf value = { 0 };
	wr_drops *d = run->spec->drops;

	if (wr_store_get(run->meta, WR_STR_LIT("d"), &value))
		memcpy(run->dropped_before, value.p,
		       value.n < sizeof run->dropped_before ? value.n : sizeof run->dropped_before);
	if (wr_store_get(run->meta, WR_STR_LIT("n"), &value) && value.n == sizeof run->nerrors)
		memcpy(&run->nerrors, value.p, sizeof run->nerrors);
	wr_buf_free(&value);
	if (!d)
		return;
	for (int i = 0; i < WR_DROP_COUNT; i++) {
		d->n[i] = run->dropped_before[i];
		if (!d->known)
			d->before[i] = run->dropped_before[i];
	}
	d->known = true;
}

void wr_drops_put(wr_run *run)
{
	uint64_t n[WR_DROP_COUNT];
	wr_buf old = { 0 };

	add_up(run, n);
	wr_store_get(run->meta, WR_STR_LIT("d"), &old);
	if (old.n != sizeof n || memcmp(old.p, n, sizeof n) != 0)
		wr_store_put(run->meta, WR_STR_LIT("d"), (wr_str){ (const char *)n, sizeof n });
	if (run->nerrors_changed)
		wr_store_put(run->meta, WR_STR_LIT("n"),
			     (wr_str){ (const char *)&run->nerrors, sizeof run->nerrors });
	run->nerrors_changed = false;
	wr_buf_free(&old);
}

void wr_drops_tell(wr_run *run)
{
	uint64_t n[WR_DROP_COUNT];

	if (!run->spec->drops)
		return;
	add_up(run, n);
	for (int i = 0; i < WR_DROP_COUNT; i++)
		run->spec->drops->n[i] = n[i];
}
