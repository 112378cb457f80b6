/*
 * What a row costs in the operators alone, in time of this thread: no source, no sink, batches made beforehand.
 *
 *	gcc -std=gnu11 -O2 -DNDEBUG -I. -D_GNU_SOURCE tests/perf/op_bench.c -Wl,--start-group build/release/lib*.a …
 *	[DIR=empty folder: the state goes there, not to memory] build/release/perf/op_bench [name]
 *
 * tumble    20 regions, windows of 10 s, COUNT(*) and SUM(DECIMAL(12,2)); changes merged (cached) or each out at once (direct)
 * many      a million groups
 * min       MIN over a table of a million rows
 * retract   5 groups from updates of a table
 * table     1.2 million rows, BEFORE='STATE': loaded, then updated at random
 * join      a stream meets 10,000 customers
 * sessions  of 10,000 users
 * streams   orders meet payments
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "functions/registry.h"
#include "operators/op_list.h"
#include "operators/spec.h"

enum { ROWS = 1024, BATCHES = 64 };

static wr_arena *plan, *task, *batch;
static wr_db *db;
static wr_state *state;
static wr_op_cx cx;
static uint64_t sunk;

static wr_status sink_push(wr_op *op, int input, const wr_batch *b, uint32_t at, uint32_t n,
			   wr_err *err)
{
	(void)op, (void)input, (void)b, (void)at, (void)err;
	sunk += n;
	return WR_OK;
}

static const wr_op_def sink_def = { .name = "sink", .ninputs = 1, .push = sink_push };
static wr_op sink = { .def = &sink_def };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint32_t rnd(void)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 32);
}

static void check(wr_status s, const wr_err *err)
{
	if (s == WR_OK)
		return;
	fprintf(stderr, "%s\n", err->message);
	exit(1);
}

/* ---------------------------------------------------------------- a small world */

static const wr_schema *schema(uint32_t n, uint32_t nkeys, const char *names,
			       const wr_type *const *types)
{
	wr_schema *s = WR_NEW(plan, wr_schema);
	wr_column *cols = WR_NEW_ARRAY(plan, wr_column, n);

	for (uint32_t i = 0; i < n; i++)
		cols[i] = (wr_column){ { names + i, 1 }, types[i] };
	*s = (wr_schema){ n, nkeys, cols };
	return s;
}

static const wr_expr *col(const wr_schema *s, int32_t c)
{
	wr_expr *e = WR_NEW(plan, wr_expr);

	*e = (wr_expr){ .kind = WR_EXPR_COL, .type = s->cols[c].type, .col = c };
	return e;
}

static wr_agg_spec agg(const char *name, const wr_expr *arg)
{
	const wr_expr **args = WR_NEW_ARRAY(plan, const wr_expr *, 1);
	const wr_type **types = WR_NEW_ARRAY(plan, const wr_type *, 1);
	wr_fn_arg in = { 0 };
	wr_fn_match m = { 0 };
	wr_err err = WR_ERR_INIT;

	if (arg)
		args[0] = arg, in.type = types[0] = arg->type;
	check(wr_fn_resolve(plan, wr_str_of(name), &in, arg != NULL, WR_NO_SPAN, NULL, NULL, &m,
			    &err),
	      &err);
	return (wr_agg_spec){ .agg = m.agg,
			      .nargs = arg != NULL,
			      .args = args,
			      .types = types,
			      .consts = WR_NEW_ARRAY(plan, const wr_vec *, 1),
			      .result = m.result };
}

static wr_op *open_op(const wr_op_spec *spec, size_t cache_bytes)
{
	wr_err err = WR_ERR_INIT;
	wr_op *op = wr_arena_zalloc(task, spec->def->size);

	cx = (wr_op_cx){ .arena = task,
			 .batch_arena = batch,
			 .state = state,
			 .ntasks = 1,
			 .cache_bytes = cache_bytes,
			 .memory = 512 << 20 };
	op->def = spec->def;
	op->spec = spec;
	op->cx = &cx;
	op->out = (wr_out){ &sink, 0 };
	if (spec->def->open)
		check(spec->def->open(op, &err), &err);
	return op;
}

static void barrier(wr_op *op)
{
	wr_err err = WR_ERR_INIT;

	if (op->def->flush)
		check(op->def->flush(op, &err), &err);
	if (op->def->snapshot)
		check(op->def->snapshot(op, &err), &err);
	check(wr_state_commit(state, &err), &err);
}

static void push(wr_op *op, int input, wr_batch *b)
{
	wr_err err = WR_ERR_INIT;

	b->arena = batch;
	check(op->def->push(op, input, b, 0, b->n, &err), &err);
	wr_arena_reset(batch);
}

static void begin(void)
{
	const char *dir = getenv("DIR");
	wr_db_options opt = { .memory = !dir };
	static int n;
	char name[16];
	wr_err err = WR_ERR_INIT;

	snprintf(name, sizeof(name), "bench%d", n++);
	plan = wr_arena_new();
	task = wr_arena_new();
	batch = wr_arena_new();
	check(wr_db_open(dir, &opt, &db, &err), &err);
	check(wr_state_open(db, name, &state, &err), &err);
}

static void end(wr_op *op)
{
	op->def->close(op);
	wr_state_close(state);
	wr_db_close(db);
	wr_arena_free(plan);
	wr_arena_free(task);
	wr_arena_free(batch);
}

static wr_batch *new_batch(const wr_schema *s, uint32_t rows)
{
	wr_batch *b = WR_NEW(plan, wr_batch);

	wr_batch_init(b, plan, s, rows);
	for (uint32_t c = 0; c < s->n; c++)
		wr_vec_resize(&b->cols[c], plan, rows);
	b->n = rows;
	return b;
}

static void report(const char *name, double ns, double rows)
{
	printf("%-28s %8.1f ns/row  (%.0f rows, %llu out)\n", name, ns / rows, rows,
	       (unsigned long long)sunk);
	sunk = 0;
}

/* ---------------------------------------------------------------- the four */

static wr_spec_aggregate *agg_spec(const wr_type *dec)
{
	const wr_type *in[] = { wr_type_of(WR_STRING), dec };
	const wr_type *out[] = { wr_type_of(WR_STRING), wr_type_of(WR_BIGINT), dec };
	wr_spec_aggregate *s = WR_NEW(plan, wr_spec_aggregate);
	wr_agg_spec *aggs = WR_NEW_ARRAY(plan, wr_agg_spec, 2);

	s->base = (wr_op_spec){ .def = &wr_op_aggregate_def,
				.id = 1,
				.table = true,
				.in = schema(2, 1, "GV", in),
				.out = schema(3, 1, "GNS", out) };
	aggs[0] = agg("COUNT", NULL);
	aggs[1] = agg("SUM", col(s->base.in, 1));
	s->naggs = 2;
	s->aggs = aggs;
	s->no_before = true;
	return s;
}

static void set_group(wr_batch *b, uint32_t i, uint32_t group)
{
	char *name = wr_arena_alloc(plan, 16);

	((wr_str *)b->cols[0].data)[i] =
	    (wr_str){ name, (uint32_t)sprintf(name, "region-%02u", group) };
	wr_vec_DECIMAL(&b->cols[1])[i].i = rnd() % 100000;
}

static void tumble(size_t cache_bytes, const char *name)
{
	wr_batch *b[BATCHES];
	wr_spec_aggregate *s;
	int64_t t = 0;
	wr_op *op;
	double from;

	begin();
	s = agg_spec(wr_type_decimal(plan, 12, 2));
	s->window = (wr_window_spec){
		.kind = WR_WINDOW_TUMBLING, .size = 10000, .advance = 10000, .grace = 1000
	};
	for (int k = 0; k < BATCHES; k++) {
		b[k] = new_batch(s->base.in, ROWS);
		for (uint32_t i = 0; i < ROWS; i++)
			set_group(b[k], i, rnd() % 20);
	}
	op = open_op(&s->base, cache_bytes);
	from = now();
	for (int k = 0; k < 2000; k++) {
		wr_batch *x = b[k % BATCHES];

		for (uint32_t i = 0; i < ROWS; i++, t++)
			x->rowtime[i] = x->ptime[i] = t;
		push(op, 0, x);
		if (k % 200 == 199)
			barrier(op);
	}
	report(name, now() - from, 2000.0 * ROWS);
	end(op);
}

static void retract(size_t cache_bytes, const char *name)
{
	wr_batch *b[BATCHES];
	wr_spec_aggregate *s;
	wr_op *op;
	double from;

	begin();
	s = agg_spec(wr_type_decimal(plan, 12, 2));
	s->from_table = true;
	for (int k = 0; k < BATCHES; k++) {
		b[k] = new_batch(s->base.in, 2 * ROWS);
		for (uint32_t i = 0; i < 2 * ROWS; i++) {
			uint32_t group = rnd() % 5;

			b[k]->change[i] = i % 4 < 2 ? (i % 2 ? WR_ROW_AFTER : WR_ROW_BEFORE)
						    : (i % 2 ? WR_ROW_NEW : WR_ROW_OLD);
			set_group(b[k], i, group);
			if (b[k]->change[i] == WR_ROW_AFTER)
				b[k]->cols[0] = b[k]->cols[0],
				((wr_str *)b[k]->cols[0].data)[i] =
				    ((wr_str *)b[k]->cols[0].data)[i - 1];
		}
	}
	op = open_op(&s->base, cache_bytes);
	from = now();
	for (int k = 0; k < 1000; k++) {
		push(op, 0, b[k % BATCHES]);
		if (k % 200 == 199)
			barrier(op);
	}
	report(name, now() - from, 1000.0 * 2 * ROWS);
	end(op);
}

/* MIN of a group of a million rows whose minimum goes again and again. */
static void minimum(void)
{
	enum { N = 1000000 };
	const wr_type *in[] = { wr_type_of(WR_STRING), wr_type_of(WR_BIGINT),
				wr_type_of(WR_BIGINT) };
	static const int32_t pk = 2;
	wr_spec_aggregate *s;
	wr_agg_spec *aggs;
	wr_batch *b;
	wr_op *op;
	double from;

	begin();
	s = agg_spec(wr_type_decimal(plan, 12, 2));
	s->base.in = schema(3, 1, "GVI", in);
	s->base.out = schema(2, 1, "GM", in);
	aggs = WR_NEW_ARRAY(plan, wr_agg_spec, 1);
	aggs[0] = agg("MIN", col(s->base.in, 1));
	s->naggs = 1;
	s->aggs = aggs;
	s->from_table = true;
	s->npk = 1;
	s->pk = &pk;
	b = new_batch(s->base.in, ROWS);
	op = open_op(&s->base, 10 << 20);
	for (int round = 0; round < 2; round++) {
		uint32_t rows = round ? N / 2 / ROWS * ROWS : N / ROWS * ROWS;

		from = now();
		for (uint32_t k = 0; k < rows; k += ROWS) {
			for (uint32_t i = 0; i < ROWS; i++) {
				((wr_str *)b->cols[0].data)[i] = WR_STR_LIT("all");
				wr_vec_BIGINT(&b->cols[1])[i] = k + i;
				wr_vec_BIGINT(&b->cols[2])[i] = k + i;
				b->change[i] = round ? WR_ROW_OLD : WR_ROW_NEW;
			}
			push(op, 0, b);
			if (k % (100 * ROWS) == 0)
				barrier(op);
		}
		report(round ? "MIN, minimum removed" : "MIN, a million added", now() - from, rows);
	}
	end(op);
}

/* A million groups: what a look-up costs when it must wait for memory. */
static void many(void)
{
	enum { N = 1000000 };
	const wr_type *in[] = { wr_type_of(WR_BIGINT), NULL };
	const wr_type *out[] = { in[0], in[0], NULL };
	wr_spec_aggregate *s;
	wr_batch *b;
	wr_op *op;
	double from;

	begin();
	in[1] = out[2] = wr_type_decimal(plan, 12, 2);
	s = agg_spec(in[1]);
	s->base.in = schema(2, 1, "GV", in);
	s->base.out = schema(3, 1, "GNS", out);
	b = new_batch(s->base.in, ROWS);
	op = open_op(&s->base, 1 << 30);
	for (int round = 0; round < 2; round++) {
		from = now();
		for (int k = 0; k < 2000; k++) {
			for (uint32_t i = 0; i < ROWS; i++) {
				wr_vec_BIGINT(&b->cols[0])[i] = rnd() % N;
				wr_vec_DECIMAL(&b->cols[1])[i].i = rnd() % 100000;
			}
			push(op, 0, b);
		}
		report(round ? "a million groups" : "a million groups, new", now() - from,
		       2000.0 * ROWS);
	}
	end(op);
}

static void fill_row(wr_batch *b, uint32_t i, int64_t key)
{
	static char text[] =
	    "a customer's name and the place where they live, some forty to sixty bytes long";

	wr_vec_BIGINT(&b->cols[0])[i] = key;
	((wr_str *)b->cols[1].data)[i] = (wr_str){ text, 20 + rnd() % 8 };
	wr_vec_DECIMAL(&b->cols[2])[i].i = rnd();
	wr_vec_BIGINT(&b->cols[3])[i] = rnd();
	b->change[i] = WR_ROW_NEW;
}

static const wr_schema *customers(void)
{
	const wr_type *types[] = { wr_type_of(WR_BIGINT), wr_type_of(WR_STRING),
				   wr_type_decimal(plan, 12, 2), wr_type_of(WR_BIGINT) };

	return schema(4, 1, "KSDB", types);
}

static void table(void)
{
	enum { N = 1200000 };
	wr_spec_table *s;
	wr_batch *b;
	wr_op *op;
	double from;

	begin();
	s = WR_NEW(plan, wr_spec_table);
	s->base =
	    (wr_op_spec){ .def = &wr_op_table_def, .id = 1, .table = true, .in = customers() };
	s->base.out = s->base.in;
	s->materialise = true;
	b = new_batch(s->base.in, ROWS);
	op = open_op(&s->base, 0);
	from = now();
	for (int64_t k = 0; k < N; k += ROWS) {
		for (uint32_t i = 0; i < ROWS; i++)
			fill_row(b, i, k + i);
		push(op, 0, b);
	}
	report("table load", now() - from, N);
	from = now();
	barrier(op);
	report("table barrier (all rows)", now() - from, N);
	from = now();
	for (int k = 0; k < 1000; k++) {
		for (uint32_t i = 0; i < ROWS; i++)
			fill_row(b, i, rnd() % N);
		push(op, 0, b);
	}
	report("table random updates", now() - from, 1000.0 * ROWS);
	end(op);
}

static void join(void)
{
	enum { N = 10240 };
	static const int32_t from_cols[] = { 0, 1, ~1, ~2 };
	const wr_type *in[2], *out[4];
	wr_spec_join_table *s;
	wr_batch *b, *right;
	wr_op *op;
	double from;

	begin();
	s = WR_NEW(plan, wr_spec_join_table);
	in[0] = in[1] = out[0] = out[1] = wr_type_of(WR_BIGINT);
	s->right = customers();
	out[2] = s->right->cols[1].type;
	out[3] = s->right->cols[2].type;
	s->base = (wr_op_spec){ .def = &wr_op_join_table_def,
				.id = 1,
				.in = schema(2, 1, "OC", in),
				.out = schema(4, 1, "OCSD", out) };
	s->key = col(s->base.in, 1);
	s->from = from_cols;
	right = new_batch(s->right, ROWS);
	b = new_batch(s->base.in, ROWS);
	op = open_op(&s->base, 0);
	for (int64_t k = 0; k < N; k += ROWS) {
		for (uint32_t i = 0; i < ROWS; i++)
			fill_row(right, i, k + i);
		push(op, 1, right);
	}
	from = now();
	for (int k = 0; k < 2000; k++) {
		for (uint32_t i = 0; i < ROWS; i++)
			wr_vec_BIGINT(&b->cols[1])[i] = rnd() % N;
		push(op, 0, b);
	}
	report("join with 10,240 rows", now() - from, 2000.0 * ROWS);
	end(op);
}

/* 10,000 users, a row of each every 10 s on average, sessions of 30 s, kept for a day. */
static void sessions(bool final, const char *name)
{
	enum { USERS = 10000 };
	const wr_type *types[3] = { wr_type_of(WR_BIGINT) };
	wr_spec_aggregate *s;
	wr_err err = WR_ERR_INIT;
	int64_t t = 0;
	wr_batch *b;
	wr_op *op;
	double from;

	begin();
	types[1] = wr_type_decimal(plan, 12, 2);
	s = agg_spec(types[1]);
	s->base.in = schema(2, 1, "GV", types);
	types[2] = types[1];
	types[1] = types[0];
	s->base.out = schema(3, 1, "GNS", WR_NEW_ARRAY(plan, const wr_type *, 3));
	for (int i = 0; i < 3; i++)
		((wr_column *)(uintptr_t)s->base.out->cols)[i].type = types[i];
	s->window = (wr_window_spec){ .kind = WR_WINDOW_SESSION,
				      .size = 30000,
				      .grace = final ? 0 : 86400000 };
	s->emit_final = final;
	b = new_batch(s->base.in, ROWS);
	op = open_op(&s->base, 0);
	from = now();
	for (int k = 0; k < 2000; k++) {
		for (uint32_t i = 0; i < ROWS; i++, t++) {
			wr_vec_BIGINT(&b->cols[0])[i] = rnd() % USERS;
			wr_vec_DECIMAL(&b->cols[1])[i].i = rnd() % 100000;
			b->rowtime[i] = b->ptime[i] = t;
		}
		push(op, 0, b);
		check(op->def->watermark(op, t, &err), &err);
		wr_arena_reset(batch);
		if (k % 200 == 199)
			barrier(op);
	}
	report(name, now() - from, 2000.0 * ROWS);
	end(op);
}

/* Orders meet payments that come some seconds later. */
static void streams(void)
{
	static const int32_t from_cols[] = { 0, 1, ~1 };
	const wr_type *types[] = { wr_type_of(WR_BIGINT), wr_type_of(WR_BIGINT),
				   wr_type_of(WR_BIGINT) };
	wr_spec_join_streams *s;
	wr_err err = WR_ERR_INIT;
	wr_batch *l, *r;
	int64_t t = 0;
	wr_op *op;
	double from;

	begin();
	s = WR_NEW(plan, wr_spec_join_streams);
	s->base = (wr_op_spec){ .def = &wr_op_join_streams_def,
				.id = 1,
				.in = schema(2, 1, "OA", types),
				.out = schema(3, 1, "OAP", types) };
	s->right = schema(2, 1, "OP", types);
	s->kind = WR_JOINS_LEFT;
	s->before = 0;
	s->after = 60000;
	s->grace = 1000;
	s->from = from_cols;
	l = new_batch(s->base.in, ROWS);
	r = new_batch(s->right, ROWS);
	op = open_op(&s->base, 0);
	from = now();
	for (int k = 0; k < 500; k++) {
		for (uint32_t i = 0; i < ROWS; i++, t++) {
			wr_vec_BIGINT(&l->cols[0])[i] = t;
			wr_vec_BIGINT(&r->cols[0])[i] = t > 5000 ? t - 5000 + rnd() % 4000 : -1;
			l->rowtime[i] = l->ptime[i] = r->rowtime[i] = r->ptime[i] = t;
		}
		push(op, 0, l);
		push(op, 1, r);
		check(op->def->watermark(op, t, &err), &err);
		wr_arena_reset(batch);
		if (k % 100 == 99)
			barrier(op);
	}
	report("join of streams", now() - from, 500.0 * 2 * ROWS);
	end(op);
}

int main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : "";

	if (!*only || !strcmp(only, "tumble")) {
		tumble(10 << 20, "tumble, cached");
		tumble(0, "tumble, direct");
	}
	if (!*only || !strcmp(only, "retract")) {
		retract(10 << 20, "retract, cached");
		retract(0, "retract, direct");
	}
	if (!*only || !strcmp(only, "min"))
		minimum();
	if (!*only || !strcmp(only, "many"))
		many();
	if (!*only || !strcmp(only, "table"))
		table();
	if (!*only || !strcmp(only, "join"))
		join();
	if (!*only || !strcmp(only, "sessions")) {
		sessions(false, "sessions");
		sessions(true, "sessions, final");
	}
	if (!*only || !strcmp(only, "streams"))
		streams();
	return 0;
}
