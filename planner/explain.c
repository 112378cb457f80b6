/*
 * EXPLAIN: the graph as an indented tree, the sink first, each line with what is below it behind
 * two more blanks:
 *
 *   kafka sink topic T (JSON)
 *     project …
 *       aggregate …
 *         exchange by G
 *           rekey …
 *             scan S: kafka topic s (JSON, key KAFKA) reads A, B
 */
#include "planner/impl.h"

typedef struct printer {
	const wr_graph *g;
	wr_buf *out;
} printer;

static void indent(printer *x, uint32_t depth)
{
	for (uint32_t i = 0; i < depth; i++)
		wr_buf_puts(x->out, "  ");
}

static void put_columns(wr_buf *out, const wr_schema *s, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		wr_buf_puts(out, i ? ", " : "");
		wr_buf_str(out, s->cols[i].name);
	}
}

static void put_scan(printer *x, const wr_scan *s, uint32_t depth)
{
	const wr_source_spec *src = s->source;

	indent(x, depth);
	wr_buf_printf(x->out, "scan %s %.*s: ", s->table ? "table" : "stream",
		      WR_STR_ARG(s->relation));
	if (src->file.p)
		wr_buf_printf(x->out, "file '%.*s'%s", WR_STR_ARG(src->file),
			      src->file_records ? " of records" : "");
	else
		wr_buf_printf(x->out, "topic '%.*s'", WR_STR_ARG(src->topic));
	wr_buf_printf(x->out, " (%s, key %s), reads ", s->decode->value.format,
		      s->decode->key.format);
	if (s->decode->schema->n)
		put_columns(x->out, s->decode->schema, s->decode->schema->n);
	else
		wr_buf_puts(x->out, "no column");
	wr_buf_putc(x->out, '\n');
}

/* What a thing keeps grows with … */
static const char *growth(const wr_op_spec *spec)
{
	if (strcmp(spec->def->name, "aggregate") == 0) {
		const wr_spec_aggregate *a = (const wr_spec_aggregate *)spec;

		return a->window.kind ? "state: per key and window" : "state: per key";
	}
	if (strcmp(spec->def->name, "table") == 0)
		return ((const wr_spec_table *)spec)->materialise ? "state: per key" : NULL;
	if (strcmp(spec->def->name, "join_table") == 0)
		return "state: per key of the table";
	if (strcmp(spec->def->name, "join_tables") == 0 ||
	    strcmp(spec->def->name, "join_foreign") == 0)
		return "state: per key of both tables";
	if (strcmp(spec->def->name, "distinct") == 0)
		return "state: per combination";
	if (strcmp(spec->def->name, "top") == 0)
		return ((const wr_spec_top *)spec)->stream ? "state: the places" : "state: per key";
	if (strcmp(spec->def->name, "join_streams") == 0)
		return "state: rows of the last WITHIN";
	return NULL;
}

static void put_stage(printer *x, uint32_t stage, uint32_t depth);

static void put_op(printer *x, const wr_stage *s, uint32_t op, uint32_t depth)
{
	const wr_op_spec *spec = s->ops[op].spec;
	const char *state = growth(spec);
	uint8_t ninputs = spec->def->ninputs ? spec->def->ninputs : 1;

	indent(x, depth);
	wr_buf_printf(x->out, "%u ", spec->id);
	if (spec->def->explain)
		spec->def->explain(spec, x->out);
	else
		wr_buf_puts(x->out, spec->def->name);
	if (state)
		wr_buf_printf(x->out, " [%s]", state);
	wr_buf_putc(x->out, '\n');
	for (uint8_t input = 0; input < ninputs; input++) {
		for (uint32_t i = 0; i < s->nops; i++)
			if (s->ops[i].next == (int32_t)op && s->ops[i].next_input == input)
				put_op(x, s, i, depth + 1);
		for (uint32_t i = 0; i < s->ninputs; i++) {
			const wr_stage_input *in = &s->inputs[i];

			if (in->op != op || in->input != input)
				continue;
			if (in->scan >= 0)
				put_scan(x, &x->g->scans[in->scan], depth + 1);
			else
				put_stage(x, (uint32_t)in->stage, depth + 1);
		}
	}
}

static void put_stage(printer *x, uint32_t stage, uint32_t depth)
{
	const wr_stage *s = &x->g->stages[stage];

	for (uint32_t i = 0; i < s->nops; i++) {
		if (s->ops[i].next >= 0)
			continue;
		if (!s->last) {
			indent(x, depth++);
			wr_buf_puts(x->out, s->hash_cols ? "exchange by " : "exchange to one task");
			put_columns(x->out, s->ops[i].spec->out, s->hash_cols);
			wr_buf_putc(x->out, '\n');
		}
		put_op(x, s, i, depth);
	}
}

static void put_sink(const wr_graph *g, wr_buf *out)
{
	const wr_sink_spec *s = g->sink;

	if (!s) {
		wr_buf_printf(out, "%s to the client\n", g->table ? "table" : "stream");
		return;
	}
	wr_buf_printf(out, "%s %.*s: ", g->table ? "table" : "stream", WR_STR_ARG(s->name));
	if (s->topic.p)
		wr_buf_printf(out, "topic '%.*s' (%s, key %s)\n", WR_STR_ARG(s->topic),
			      s->value.format, s->key.format);
	else
		wr_buf_printf(out, "%s\n", s->type);
}

void wr_plan_explain(const wr_plan *plan, wr_buf *out)
{
	printer x = { plan->graph, out };

	if (plan->graph) {
		put_sink(plan->graph, out);
		put_stage(&x, plan->graph->nstages - 1, 1);
		return;
	}
	if (plan->kind == WR_PLAN_INSERT_VALUES) {
		wr_buf_printf(out, "%u rows into %.*s\n", plan->rows->n, WR_STR_ARG(plan->name));
		return;
	}
	wr_buf_printf(out, "%s %.*s: ", plan->relation->table ? "table" : "stream",
		      WR_STR_ARG(plan->name));
	wr_schema_print(plan->relation->schema, plan->relation->table, out);
	wr_buf_putc(out, '\n');
}
