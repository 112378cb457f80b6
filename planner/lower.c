/*
 * Typed plan to graph: columns that nobody reads fall away, and the tree is cut into stages.
 *
 * One walk from the root down and back. Downward goes which columns of a node its parent reads;
 * back comes where they are now (flow.map) and who delivers them (flow.from). So a scan decodes
 * only what the query uses, and every expression is moved to the pruned columns on the way up. Key
 * columns of tables and of what a stage hashes on are always kept.
 *
 * A node emits its operators into the stage that its parent stands in; a node that moves rows
 * (REKEY with exchange, EXCHANGE) opens a stage of its own for everything below it, ends it, and is
 * to its parent an input like a scan:
 *
 *   PROJECT                      stage 1:  scan S ▸ filter ▸ rekey            ─▶ hashed on G
 *    AGGREGATE            ═▶     stage 2:  stage 1 ▸ aggregate ▸ project      ─▶ sink
 *     REKEY G (exchange)
 *      FILTER
 *       SCAN S
 *
 * A projection that only passes on its input's columns (the sides of joins) makes no operator.
 * Operators are numbered at the end, in the order of the stages; the same statement gives the same
 * numbers.
 */
#include "core/time_text.h"
#include "operators/op_list.h"
#include "planner/impl.h"

typedef struct stage {
	uint32_t ninputs, nops, inputs_room, ops_room;
	wr_stage_input *inputs;
	wr_stage_op *ops;
} stage;

typedef struct lowering {
	wr_planner *p;
	bool ends; /* the query reads what is there and ends */
	uint32_t nscans, nstages, scans_room, stages_room;
	wr_scan *scans;
	wr_stage *stages;
} lowering;

/* Who delivers a node's rows, and where its columns are. */
typedef struct flow {
	bool input; /* stage input `at`, else operator `at` */
	uint32_t at;
	const wr_schema *out;
	int32_t *map; /* node's column -> pruned column, or -1 */
} flow;

static void *more(wr_arena *a, void *old, uint32_t n, uint32_t *room, size_t size)
{
	void *p;

	if (n < *room)
		return old;
	*room = n * 2 + 8;
	p = wr_arena_zalloc(a, *room * size);
	if (n)
		memcpy(p, old, n * size);
	return p;
}

static uint32_t add_input(lowering *l, stage *s, wr_stage_input in)
{
	s->inputs = more(l->p->a, s->inputs, s->ninputs, &s->inputs_room, sizeof(in));
	s->inputs[s->ninputs] = in;
	return s->ninputs++;
}

static void connect(stage *s, const flow *f, uint32_t op, uint8_t input)
{
	if (f->input) {
		s->inputs[f->at].op = (uint16_t)op;
		s->inputs[f->at].input = input;
	} else {
		s->ops[f->at].next = (int32_t)op;
		s->ops[f->at].next_input = input;
	}
}

/* Appends an operator that takes the rows of f; its spec's base is filled in here. */
static uint32_t add_op(lowering *l, stage *s, wr_op_spec *spec, const wr_op_def *def,
		       const wr_node *n)
{
	spec->def = def;
	spec->table = n->table;
	s->ops = more(l->p->a, s->ops, s->nops, &s->ops_room, sizeof(*s->ops));
	s->ops[s->nops] = (wr_stage_op){ .spec = spec, .next = -1 };
	return s->nops++;
}

static void end_stage(lowering *l, const stage *s, bool last, uint32_t hash_cols)
{
	l->stages = more(l->p->a, l->stages, l->nstages, &l->stages_room, sizeof(*l->stages));
	l->stages[l->nstages++] = (wr_stage){ .ninputs = s->ninputs,
					      .nops = s->nops,
					      .inputs = s->inputs,
					      .ops = s->ops,
					      .last = last,
					      .hash_cols = hash_cols };
}

/* The schema of the used columns; map tells where each went. */
static const wr_schema *prune(wr_arena *a, const wr_schema *s, const bool *used, int32_t **map)
{
	wr_schema *out = wr_schema_new(a, s->n, 0);
	wr_column *cols = wr_schema_cols(out);

	*map = WR_NEW_ARRAY(a, int32_t, s->n);
	out->n = 0;
	for (uint32_t i = 0; i < s->n; i++) {
		(*map)[i] = used[i] ? (int32_t)out->n : -1;
		if (!used[i])
			continue;
		cols[out->n++] = s->cols[i];
		out->nkeys += i < s->nkeys;
	}
	return out;
}

static bool *new_used(wr_arena *a, const wr_schema *s, const bool *parent, bool keys)
{
	bool *used = WR_NEW_ARRAY(a, bool, s->n + 1);

	if (parent)
		memcpy(used, parent, s->n * sizeof(bool));
	for (uint32_t i = 0; keys && i < s->nkeys; i++)
		used[i] = true;
	return used;
}

static const wr_expr **moved(wr_arena *a, const wr_expr *const *exprs, const bool *used, uint32_t n,
			     const flow *in)
{
	const wr_expr **out = WR_NEW_ARRAY(a, const wr_expr *, n);
	uint32_t k = 0;

	for (uint32_t i = 0; i < n; i++)
		if (!used || used[i])
			out[k++] = wr_expr_move(a, exprs[i], in->map);
	return out;
}

static wr_status lower(lowering *l, wr_node *n, const bool *parent, bool old, stage *s, flow *out,
		       wr_err *err);

/* ---------------------------------------------------------------- one function per node */

static wr_status lower_scan(lowering *l, wr_node *n, const bool *used_by, stage *s, flow *out)
{
	wr_arena *a = l->p->a;
	bool *used = new_used(a, n->out, used_by, n->table);

	if (n->rel->time_column.p)
		used[wr_schema_find(n->rel->schema, n->rel->time_column)] = true;
	out->out = prune(a, n->out, used, &out->map);
	l->scans = more(a, l->scans, l->nscans, &l->scans_room, sizeof(*l->scans));
	l->scans[l->nscans] = wr_scan_of(l->p, n->rel, out->out, out->map);
	out->input = true;
	out->at = add_input(l, s, (wr_stage_input){ .scan = (int32_t)l->nscans++, .stage = -1 });
	return WR_OK;
}

static void one_op(lowering *l, stage *s, wr_op_spec *spec, const wr_op_def *def, const wr_node *n,
		   const flow *in, flow *out)
{
	spec->in = in->out;
	spec->out = out->out;
	out->input = false;
	out->at = add_op(l, s, spec, def, n);
	connect(s, in, out->at, 0);
}

static wr_status lower_table(lowering *l, wr_node *n, const bool *parent, bool old, stage *s,
			     flow *out, wr_err *err)
{
	wr_spec_table *spec = WR_NEW(l->p->a, wr_spec_table);
	const wr_relation *r = n->in[0]->rel;
	flow in;

	if (lower(l, n->in[0], parent, false, s, &in, err))
		return WR_FAIL;
	spec->windowed = r->window_kind != WR_WINDOW_NONE;
	spec->hold = l->ends;
	spec->materialise = l->ends || ((old || wr_is_debezium(r)) && !r->before_event);
	*out = in;
	one_op(l, s, &spec->base, &wr_op_table_def, n, &in, out);
	return WR_OK;
}

static wr_status lower_filter(lowering *l, wr_node *n, const bool *parent, stage *s, flow *out,
			      wr_err *err)
{
	wr_spec_filter *spec = WR_NEW(l->p->a, wr_spec_filter);
	bool *used = new_used(l->p->a, n->out, parent, n->table);
	flow in;

	wr_expr_columns(n->pred, used, n->out->n);
	if (lower(l, n->in[0], used, n->table, s, &in, err))
		return WR_FAIL;
	spec->pred = wr_expr_move(l->p->a, n->pred, in.map);
	*out = in;
	one_op(l, s, &spec->base, &wr_op_filter_def, n, &in, out);
	return WR_OK;
}

/* A projection that changes nothing but which columns there are: its input stands for it. */
static bool passes(const wr_node *n, const bool *used)
{
	const wr_schema *in = n->in[0]->out;

	if (n->drop_window || n->out->nkeys != in->nkeys)
		return false;
	for (uint32_t i = 0; i < n->out->n; i++) {
		const wr_expr *e = n->exprs[i];

		if (used[i] && (e->kind != WR_EXPR_COL || e->col < 0))
			return false;
		if (i < n->out->nkeys && e->col != (int32_t)i)
			return false;
	}
	return true;
}

static void pass(lowering *l, const wr_node *n, const bool *used, const flow *in, flow *out)
{
	*out = *in;
	out->map = WR_NEW_ARRAY(l->p->a, int32_t, n->out->n);
	for (uint32_t i = 0; i < n->out->n; i++)
		out->map[i] = used[i] ? in->map[n->exprs[i]->col] : -1;
}

static wr_status lower_project(lowering *l, wr_node *n, const bool *parent, bool old, stage *s,
			       flow *out, wr_err *err)
{
	wr_spec_project *spec = WR_NEW(l->p->a, wr_spec_project);
	bool *used = new_used(l->p->a, n->out, parent, true), *below;
	bool root = !parent;
	flow in;

	for (uint32_t i = 0; root && i < n->out->n; i++)
		used[i] = true;
	below = new_used(l->p->a, n->in[0]->out, NULL, n->table);
	for (uint32_t i = 0; i < n->out->n; i++)
		if (used[i])
			wr_expr_columns(n->exprs[i], below, n->in[0]->out->n);
	if (lower(l, n->in[0], below, old, s, &in, err))
		return WR_FAIL;
	if (!root && passes(n, used)) {
		pass(l, n, used, &in, out);
		return WR_OK;
	}
	out->out = prune(l->p->a, n->out, used, &out->map);
	spec->exprs = moved(l->p->a, n->exprs, used, n->out->n, &in);
	spec->drop_window = n->drop_window;
	one_op(l, s, &spec->base, &wr_op_project_def, n, &in, out);
	return WR_OK;
}

static wr_status lower_flatmap(lowering *l, wr_node *n, const bool *parent, stage *s, flow *out,
			       wr_err *err)
{
	wr_arena *a = l->p->a;
	wr_spec_flatmap *spec = WR_NEW(a, wr_spec_flatmap);
	bool *used = new_used(a, n->out, parent, false),
	     *below = new_used(a, n->in[0]->out, NULL, false);
	bool *unrolled = WR_NEW_ARRAY(a, bool, n->out->n);
	uint32_t k = 0;
	flow in;

	for (uint32_t i = 0; i < n->out->n; i++) {
		used[i] |= n->unrolled[i];
		if (used[i]) {
			wr_expr_columns(n->exprs[i], below, n->in[0]->out->n);
			unrolled[k++] = n->unrolled[i];
		}
	}
	if (lower(l, n->in[0], below, false, s, &in, err))
		return WR_FAIL;
	out->out = prune(a, n->out, used, &out->map);
	spec->exprs = moved(a, n->exprs, used, n->out->n, &in);
	spec->unrolled = unrolled;
	one_op(l, s, &spec->base, &wr_op_flatmap_def, n, &in, out);
	return WR_OK;
}

static wr_status lower_rekey(lowering *l, wr_node *n, const bool *parent, stage *up, flow *out,
			     wr_err *err)
{
	wr_arena *a = l->p->a;
	wr_spec_rekey *spec = WR_NEW(a, wr_spec_rekey);
	uint32_t nkeys = n->out->nkeys, ncarried = 0;
	bool *used = new_used(a, n->out, parent, true),
	     *below = new_used(a, n->in[0]->out, NULL, n->table);
	int32_t *carried = WR_NEW_ARRAY(a, int32_t, n->out->n);
	stage own = { 0 }, *s = n->exchange ? &own : up;
	flow in;

	for (uint32_t i = 0; i < nkeys; i++)
		wr_expr_columns(n->exprs[i], below, n->in[0]->out->n);
	for (uint32_t i = nkeys; i < n->out->n; i++)
		if (used[i] && n->carried[i - nkeys] >= 0)
			below[n->carried[i - nkeys]] = true;
	if (lower(l, n->in[0], below, n->table, s, &in, err))
		return WR_FAIL;
	for (uint32_t i = nkeys; i < n->out->n; i++)
		if (used[i]) {
			int32_t c = n->carried[i - nkeys];

			carried[ncarried++] = c >= 0 ? in.map[c] : c;
		}
	out->out = prune(a, n->out, used, &out->map);
	spec->nkeys = nkeys;
	spec->keys = moved(a, n->exprs, NULL, nkeys, &in);
	spec->carried = carried;
	spec->drop_null = n->drop_null;
	spec->drop_window = n->drop_window;
	one_op(l, s, &spec->base, &wr_op_rekey_def, n, &in, out);
	if (!n->exchange)
		return WR_OK;
	end_stage(l, s, false, nkeys);
	out->input = true;
	out->at =
	    add_input(l, up, (wr_stage_input){ .scan = -1, .stage = (int32_t)l->nstages - 1 });
	return WR_OK;
}

static wr_status lower_exchange(lowering *l, wr_node *n, const bool *parent, bool old, stage *up,
				flow *out, wr_err *err)
{
	stage s = { 0 };

	if (lower(l, n->in[0], new_used(l->p->a, n->out, parent, true), old, &s, out, err))
		return WR_FAIL;
	end_stage(l, &s, false, n->single ? 0 : n->out->nkeys);
	out->input = true;
	out->at =
	    add_input(l, up, (wr_stage_input){ .scan = -1, .stage = (int32_t)l->nstages - 1 });
	return WR_OK;
}

static wr_agg_spec *moved_aggs(lowering *l, const wr_node *n, const flow *in)
{
	wr_agg_spec *aggs = WR_NEW_ARRAY(l->p->a, wr_agg_spec, n->naggs);

	for (uint32_t i = 0; i < n->naggs; i++) {
		aggs[i] = n->aggs[i];
		aggs[i].args = moved(l->p->a, n->aggs[i].args, NULL, n->aggs[i].nargs, in);
	}
	return aggs;
}

static wr_status lower_aggregate(lowering *l, wr_node *n, bool old, stage *s, flow *out,
				 wr_err *err)
{
	wr_arena *a = l->p->a;
	wr_spec_aggregate *spec = WR_NEW(a, wr_spec_aggregate);
	bool *below = new_used(a, n->in[0]->out, NULL, true),
	     *all = WR_NEW_ARRAY(a, bool, n->out->n);
	int32_t *pk = WR_NEW_ARRAY(a, int32_t, n->npk);
	flow in;

	for (uint32_t i = 0; i < n->naggs; i++)
		for (uint32_t k = 0; k < n->aggs[i].nargs; k++)
			wr_expr_columns(n->aggs[i].args[k], below, n->in[0]->out->n);
	for (uint32_t i = 0; i < n->npk; i++)
		below[n->pk[i]] = true;
	if (lower(l, n->in[0], below, n->in[0]->table, s, &in, err))
		return WR_FAIL;
	for (uint32_t i = 0; i < n->npk; i++)
		pk[i] = in.map[n->pk[i]];
	memset(all, 1, n->out->n * sizeof(bool));
	out->out = prune(a, n->out, all, &out->map);
	spec->from_table = n->in[0]->table;
	spec->npk = n->npk;
	spec->pk = pk;
	spec->window = n->window;
	spec->naggs = n->naggs;
	spec->aggs = moved_aggs(l, n, &in);
	spec->emit_final = n->emit_final;
	spec->no_before = !old;
	spec->lose_late_finals = wr_dialect_loses_finals(l->p);
	one_op(l, s, &spec->base, &wr_op_aggregate_def, n, &in, out);
	return WR_OK;
}

static wr_status lower_rowtime(lowering *l, wr_node *n, bool old, stage *s, flow *out, wr_err *err)
{
	wr_spec_rowtime *spec = WR_NEW(l->p->a, wr_spec_rowtime);
	flow in;

	if (lower(l, n->in[0], NULL, old, s, &in, err))
		return WR_FAIL;
	*out = in;
	spec->col = in.map[n->col];
	spec->format = n->time_format;
	spec->strict = wr_setting_bool(l->p->set, WR_SET_TIMESTAMP_THROW);
	one_op(l, s, &spec->base, &wr_op_rowtime_def, n, &in, out);
	return WR_OK;
}

static wr_status lower_distinct(lowering *l, wr_node *n, const bool *parent, stage *s, flow *out,
				wr_err *err)
{
	wr_arena *a = l->p->a;
	wr_spec_distinct *spec = WR_NEW(a, wr_spec_distinct);
	bool *used = new_used(a, n->out, parent, true);
	int32_t *cols = WR_NEW_ARRAY(a, int32_t, n->npk);
	flow in;

	for (uint32_t i = 0; i < n->npk; i++)
		used[n->pk[i]] = true;
	if (lower(l, n->in[0], used, n->in[0]->table, s, &in, err))
		return WR_FAIL;
	for (uint32_t i = 0; i < n->npk; i++)
		cols[i] = in.map[n->pk[i]];
	spec->ncols = n->npk;
	spec->cols = cols;
	spec->stream = !n->in[0]->table;
	*out = in;
	one_op(l, s, &spec->base, &wr_op_distinct_def, n, &in, out);
	return WR_OK;
}

static void put_rank_in_front(wr_arena *a, const wr_node *n, const flow *in, flow *out)
{
	wr_schema *s = wr_schema_new(a, in->out->n + 1, 1);

	wr_schema_cols(s)[0] = n->out->cols[0];
	memcpy(wr_schema_cols(s) + 1, in->out->cols, in->out->n * sizeof(wr_column));
	out->out = s;
	out->map = WR_NEW_ARRAY(a, int32_t, n->out->n);
	for (uint32_t i = 1; i < n->out->n; i++)
		out->map[i] = in->map[i - 1] < 0 ? -1 : in->map[i - 1] + 1;
}

/* The order's columns, and what the parent reads; a rank stands in front of them. */
static wr_status lower_top(lowering *l, wr_node *n, const bool *parent, stage *s, flow *out,
			   wr_err *err)
{
	wr_arena *a = l->p->a;
	wr_spec_top *spec = WR_NEW(a, wr_spec_top);
	bool *used = new_used(a, n->out, parent, true);
	wr_order *order = WR_NEW_ARRAY(a, wr_order, n->norder);
	flow in;

	for (uint32_t i = 0; i < n->norder; i++)
		used[n->order[i].col + n->ranked] = true;
	if (lower(l, n->in[0], used + n->ranked, n->in[0]->table, s, &in, err))
		return WR_FAIL;
	for (uint32_t i = 0; i < n->norder; i++)
		order[i] = (wr_order){ in.map[n->order[i].col], n->order[i].descending };
	*out = in;
	if (n->ranked)
		put_rank_in_front(a, n, &in, out);
	spec->norder = n->norder;
	spec->order = order;
	spec->limit = (uint64_t)n->limit;
	spec->offset = (uint64_t)n->offset;
	spec->stream = !n->in[0]->table;
	spec->ranked = n->ranked;
	one_op(l, s, &spec->base, &wr_op_top_def, n, &in, out);
	return WR_OK;
}

/* ---------------------------------------------------------------- joins */

typedef struct sides {
	flow l, r;
	const int32_t *from;
} sides;

/*
 * Both inputs in the same stage; a table on the right is read to its end of the start before the
 * left begins.
 */
static wr_status lower_sides(lowering *l, wr_node *n, const bool *used, bool table_first, stage *s,
			     sides *out, wr_err *err)
{
	wr_arena *a = l->p->a;
	bool *left = new_used(a, n->in[0]->out, NULL, true),
	     *right = new_used(a, n->in[1]->out, NULL, true);
	uint32_t first;

	for (uint32_t i = 0; n->reads && i < n->in[0]->out->n; i++)
		left[i] |= n->reads[i];
	for (uint32_t i = 0; i < n->out->n; i++)
		if (used[i] && n->from[i] >= 0)
			left[n->from[i]] = true;
		else if (used[i])
			right[~n->from[i]] = true;
	if (lower(l, n->in[0], left, false, s, &out->l, err))
		return WR_FAIL;
	first = s->ninputs;
	if (lower(l, n->in[1], right, false, s, &out->r, err))
		return WR_FAIL;
	for (uint32_t i = first; table_first && i < s->ninputs; i++)
		s->inputs[i].first = true;
	return WR_OK;
}

static const int32_t *moved_from(lowering *l, const wr_node *n, const bool *used, const sides *in)
{
	int32_t *from = WR_NEW_ARRAY(l->p->a, int32_t, n->out->n);
	uint32_t k = 0;

	for (uint32_t i = 0; i < n->out->n; i++)
		if (used[i])
			from[k++] =
			    n->from[i] >= 0 ? in->l.map[n->from[i]] : ~in->r.map[~n->from[i]];
	return from;
}

static wr_status lower_join_table(lowering *l, wr_node *n, const bool *parent, stage *s, flow *out,
				  wr_err *err)
{
	wr_spec_join_table *spec = WR_NEW(l->p->a, wr_spec_join_table);
	bool *used = new_used(l->p->a, n->out, parent, true);
	bool *keyed = new_used(l->p->a, n->in[0]->out, NULL, false);
	sides in;

	if (n->key)
		wr_expr_columns(n->key, keyed, n->in[0]->out->n);
	n->reads = keyed;
	if (lower_sides(l, n, used, true, s, &in, err))
		return WR_FAIL;
	out->out = prune(l->p->a, n->out, used, &out->map);
	spec->right = in.r.out;
	if (n->key)
		spec->key = wr_expr_move(l->p->a, n->key, in.l.map);
	spec->left_outer = n->join == WR_JOINS_LEFT;
	spec->from = moved_from(l, n, used, &in);
	one_op(l, s, &spec->base, &wr_op_join_table_def, n, &in.l, out);
	connect(s, &in.r, out->at, 1);
	return WR_OK;
}

static wr_status lower_join_streams(lowering *l, wr_node *n, const bool *parent, stage *s,
				    flow *out, wr_err *err)
{
	wr_spec_join_streams *spec = WR_NEW(l->p->a, wr_spec_join_streams);
	bool *used = new_used(l->p->a, n->out, parent, true);
	sides in;

	if (lower_sides(l, n, used, false, s, &in, err))
		return WR_FAIL;
	out->out = prune(l->p->a, n->out, used, &out->map);
	spec->right = in.r.out;
	spec->kind = n->join;
	spec->window = n->window;
	spec->before = n->before;
	spec->after = n->after;
	spec->grace = n->grace;
	if (l->ends && n->grace < 0)
		spec->grace = WR_MS_DAY; /* what is left: no row that a partner still takes back */
	spec->from = moved_from(l, n, used, &in);
	one_op(l, s, &spec->base, &wr_op_join_streams_def, n, &in.l, out);
	connect(s, &in.r, out->at, 1);
	return WR_OK;
}

static wr_status lower_join_tables(lowering *l, wr_node *n, const bool *parent, stage *s, flow *out,
				   wr_err *err)
{
	wr_spec_join_tables *spec = WR_NEW(l->p->a, wr_spec_join_tables);
	bool *used = new_used(l->p->a, n->out, parent, true);
	sides in;

	if (lower_sides(l, n, used, false, s, &in, err))
		return WR_FAIL;
	out->out = prune(l->p->a, n->out, used, &out->map);
	spec->right = in.r.out;
	spec->kind = n->join;
	spec->from = moved_from(l, n, used, &in);
	one_op(l, s, &spec->base, &wr_op_join_tables_def, n, &in.l, out);
	connect(s, &in.r, out->at, 1);
	return WR_OK;
}

/*
 * Rows of both sides find each other by two keys, so one task has them all: the exchanges below are
 * `single`.
 */
static wr_status lower_join_foreign(lowering *l, wr_node *n, const bool *parent, stage *s,
				    flow *out, wr_err *err)
{
	wr_arena *a = l->p->a;
	wr_spec_join_foreign *spec = WR_NEW(a, wr_spec_join_foreign);
	bool *used = new_used(a, n->out, parent, true),
	     *keyed = new_used(a, n->in[0]->out, NULL, false);
	wr_node *left = n->in[0];
	sides in;

	for (uint32_t i = 0; i < n->nforeign; i++)
		wr_expr_columns(n->foreign[i], keyed, left->out->n);
	n->reads = keyed;
	if (lower_sides(l, n, used, false, s, &in, err))
		return WR_FAIL;
	out->out = prune(a, n->out, used, &out->map);
	spec->right = in.r.out;
	spec->nforeign = n->nforeign;
	spec->foreign = moved(a, n->foreign, NULL, n->nforeign, &in.l);
	spec->kind = n->join;
	spec->from = moved_from(l, n, used, &in);
	one_op(l, s, &spec->base, &wr_op_join_foreign_def, n, &in.l, out);
	connect(s, &in.r, out->at, 1);
	return WR_OK;
}

static wr_status lower(lowering *l, wr_node *n, const bool *parent, bool old, stage *s, flow *out,
		       wr_err *err)
{
	switch (n->kind) {
	case WR_NODE_SCAN: return lower_scan(l, n, parent, s, out);
	case WR_NODE_TABLE: return lower_table(l, n, parent, old, s, out, err);
	case WR_NODE_FILTER: return lower_filter(l, n, parent, s, out, err);
	case WR_NODE_PROJECT: return lower_project(l, n, parent, old, s, out, err);
	case WR_NODE_REKEY: return lower_rekey(l, n, parent, s, out, err);
	case WR_NODE_FLATMAP: return lower_flatmap(l, n, parent, s, out, err);
	case WR_NODE_AGGREGATE: return lower_aggregate(l, n, old, s, out, err);
	case WR_NODE_ROWTIME: return lower_rowtime(l, n, old, s, out, err);
	case WR_NODE_EXCHANGE: return lower_exchange(l, n, parent, old, s, out, err);
	case WR_NODE_DISTINCT: return lower_distinct(l, n, parent, s, out, err);
	case WR_NODE_TOP: return lower_top(l, n, parent, s, out, err);
	case WR_NODE_JOIN_TABLE: return lower_join_table(l, n, parent, s, out, err);
	case WR_NODE_JOIN_STREAMS: return lower_join_streams(l, n, parent, s, out, err);
	case WR_NODE_JOIN_TABLES: return lower_join_tables(l, n, parent, s, out, err);
	case WR_NODE_JOIN_FOREIGN: return lower_join_foreign(l, n, parent, s, out, err);
	}
	WR_BUG("node %d", (int)n->kind);
}

static flow add_limit(lowering *l, const wr_node *root, stage *s, const flow *in, int64_t limit)
{
	wr_spec_limit *spec = WR_NEW(l->p->a, wr_spec_limit);
	flow out = *in;

	spec->n = (uint64_t)limit;
	one_op(l, s, &spec->base, &wr_op_limit_def, root, in, &out);
	return out;
}

/*
 * Numbers name stores, so operators with state come first, then the sink, then the others: a filter
 * more or a projection less leaves the stores their names. Returns the sink's.
 */
static uint16_t number(const lowering *l)
{
	uint16_t next = 0, sink = 0;

	for (int stateless = 0; stateless < 2; stateless++) {
		if (stateless)
			sink = next++;
		for (uint32_t i = 0; i < l->nstages; i++)
			for (uint32_t k = 0; k < l->stages[i].nops; k++) {
				wr_op_spec *spec = (wr_op_spec *)l->stages[i].ops[k].spec;

				if ((spec->def->snapshot == NULL) == (stateless == 1))
					spec->id = next++;
			}
	}
	return sink;
}

wr_status wr_lower(wr_planner *p, wr_node *root, const wr_sink_spec *sink, const wr_result *r,
		   int64_t limit, const wr_graph **out, wr_err *err)
{
	lowering l = { .p = p, .ends = r->ends };
	wr_graph *g = WR_NEW(p->a, wr_graph);
	bool old = r->old_images || (sink && sink->fields && strcmp(sink->type, "kafka") != 0);
	stage s = { 0 };
	uint16_t sink_id;
	flow f;

	if (lower(&l, root, NULL, old, &s, &f, err))
		return WR_FAIL;
	if (limit >= 0)
		f = add_limit(&l, root, &s, &f, limit);
	end_stage(&l, &s, true, 0);
	sink_id = number(&l);
	g->nscans = l.nscans;
	g->scans = l.scans;
	g->nstages = l.nstages;
	g->stages = l.stages;
	g->out = f.out;
	g->table = root->table;
	g->window = root->window;
	g->one_by_one = r->one_by_one;
	if (sink) {
		wr_sink_spec *copy = WR_NEW(p->a, wr_sink_spec);

		*copy = *sink;
		copy->schema = g->out;
		copy->op = sink_id;
		copy->key.is_key = wr_node_keeps_keys(root);
		g->sink = copy;
	}
	*out = g;
	return WR_OK;
}
