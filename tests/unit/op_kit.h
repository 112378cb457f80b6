/*
 * For the operators' tests: rows in as text, rows out as text.
 *
 *	kit_schema(k, "ID STRING KEY, V BIGINT")
 *	kit_rows(k, "NEW a 5 @100\n"		kind, values, row time
 *	            "NEW b null @120 p1\n"	of source partition 1
 *	            "right NEW a x @5\n"	to input 1 of the first operator
 *	            "absent 1 NEW a null @6\n"	column 1 was not in the event
 *	            "time 200\n"		a watermark; "end" is the last one
 *	            "barrier\n")		flush, snapshot, commit
 *
 * Out comes a line a row: `NEW 'a', 5 @100`, windows as ` [0,10)`. A scenario runs in several worlds: batches cut to 1, 2 and
 * 1,024 rows, and with everything closed, committed and opened anew after each line; all must give the same text.
 */
#ifndef TESTS_UNIT_OP_KIT_H
#define TESTS_UNIT_OP_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "functions/families.h"
#include "functions/registry.h"
#include "operators/op_list.h"
#include "operators/spec.h"

enum { KIT_OPS = 8, KIT_PARTS = 4 };

typedef struct kit kit;
struct kit {
	wr_arena *plan; /* schemas, specs */
	wr_arena *task, *batch;
	wr_db *db;
	wr_state *state;
	wr_op_cx cx;
	wr_op *ops[KIT_OPS];
	const wr_op_spec *specs[KIT_OPS];
	uint32_t nops;
	const wr_schema *right; /* schema of the rows for input 1 */
	wr_op sink;
	wr_buf out;
	/* the world */
	uint32_t cut;
	bool reopen;
	size_t cache_bytes, memory;
	bool local_time;
	int64_t ptime[KIT_PARTS], offset;
	wr_err err;
};

/* Makes the specs and adds them with kit_add. */
typedef void (*kit_build)(kit *k);

/* ---------------------------------------------------------------- plan: schemas, expressions */

static inline const wr_schema *kit_schema(kit *k, const char *text)
{
	wr_schema *s = WR_NEW(k->plan, wr_schema);
	wr_column *cols = WR_NEW_ARRAY(k->plan, wr_column, 16);
	char *copy = wr_arena_strdup(k->plan, text), *save = NULL;

	for (char *c = strtok_r(copy, ",", &save); c; c = strtok_r(NULL, ",", &save)) {
		char *key, *type;

		c += strspn(c, " ");
		type = strchr(c, ' ');
		*type++ = 0;
		key = strstr(type, " KEY");
		if (key) {
			*key = 0;
			s->nkeys++;
		}
		for (char *p = type; *p; p++)
			if (*p == ';')
				*p = ','; /* DECIMAL(4;2) */
		cols[s->n].name = wr_str_of(c);
		cols[s->n].type = wr_type_read(k->plan, wr_str_of(type));
		assert_non_null(cols[s->n].type);
		s->n++;
	}
	s->cols = cols;
	return s;
}

static inline const wr_expr *kit_col(kit *k, const wr_schema *s, const char *name)
{
	wr_expr *e = WR_NEW(k->plan, wr_expr);
	int c = wr_schema_find(s, wr_str_of(name));

	assert_true(c >= 0);
	*e = (wr_expr){ .kind = WR_EXPR_COL, .type = s->cols[c].type, .col = c };
	return e;
}

static inline const wr_expr *kit_pseudo(kit *k, int32_t col, wr_tag tag)
{
	wr_expr *e = WR_NEW(k->plan, wr_expr);

	*e = (wr_expr){ .kind = WR_EXPR_COL, .type = wr_type_of(tag), .col = col };
	return e;
}

static inline const wr_expr *kit_int(kit *k, int64_t v)
{
	wr_expr *e = WR_NEW(k->plan, wr_expr);
	wr_vec *c = WR_NEW(k->plan, wr_vec);

	wr_vec_init(c, k->plan, wr_type_of(WR_BIGINT), 1);
	wr_vec_resize(c, k->plan, 1);
	wr_vec_BIGINT(c)[0] = v;
	c->kind = WR_CONST;
	*e = (wr_expr){ .kind = WR_EXPR_CONST, .type = c->type, .value = c };
	return e;
}

/* $add, $gt … on two BIGINTs. */
static inline const wr_expr *kit_call(kit *k, const char *name, const wr_expr *x, const wr_expr *y)
{
	const wr_fn *families[] = { wr_fns_arith, wr_fns_compare };
	wr_expr *e = WR_NEW(k->plan, wr_expr);
	const wr_expr **args = WR_NEW_ARRAY(k->plan, const wr_expr *, 2);

	args[0] = x;
	args[1] = y;
	*e = (wr_expr){ .kind = WR_EXPR_CALL, .nargs = 2, .args = args };
	for (int i = 0; i < 2; i++)
		for (const wr_fn *fn = families[i]; fn->name; fn++)
			if (!strcmp(fn->name, name) &&
			    (!strcmp(fn->args, "BIGINT, BIGINT") || !strcmp(fn->args, "ANY, ANY")))
				e->fn = fn;
	assert_non_null(e->fn);
	e->type = wr_type_read(k->plan, wr_str_of(e->fn->result));
	return e;
}

/* AGG(arg), or COUNT(*) when arg is NULL. */
static inline wr_agg_spec kit_agg(kit *k, const char *name, const wr_expr *arg)
{
	const wr_expr **args = WR_NEW_ARRAY(k->plan, const wr_expr *, 1);
	const wr_type **types = WR_NEW_ARRAY(k->plan, const wr_type *, 1);
	wr_fn_arg in = { 0 };
	wr_fn_match m = { 0 };
	wr_err err = WR_ERR_INIT;

	if (arg) {
		args[0] = arg;
		in.type = types[0] = arg->type;
	}
	if (wr_fn_resolve(k->plan, wr_str_of(name), &in, arg != NULL, WR_NO_SPAN, NULL, NULL, &m,
			  &err) != WR_OK)
		fail_msg("%s: %s", name, err.message);
	return (wr_agg_spec){ .agg = m.agg,
			      .nargs = arg != NULL,
			      .args = args,
			      .consts = WR_NEW_ARRAY(k->plan, const wr_vec *, 1),
			      .types = types,
			      .result = m.result };
}

static inline void kit_add(kit *k, const wr_op_spec *spec)
{
	k->specs[k->nops++] = spec;
}

/* ---------------------------------------------------------------- rows out */

static inline void kit_print(kit *k, const wr_batch *b, uint32_t i)
{
	static const char *const kinds[] = { "INSERT", "INSERT_NULL", "NEW",  "OLD",
					     "BEFORE", "AFTER",	      "GONE", "TRUNCATE" };

	wr_buf_puts(&k->out, kinds[b->change[i]]);
	for (uint32_t c = 0; c < b->schema->n; c++) {
		wr_buf_puts(&k->out, c ? ", " : " ");
		wr_vec_print(&b->cols[c], i, &k->out);
	}
	wr_buf_printf(&k->out, " @%lld", (long long)b->rowtime[i]);
	if (b->wstart)
		wr_buf_printf(&k->out, " [%lld,%lld)", (long long)b->wstart[i],
			      (long long)b->wend[i]);
	wr_buf_putc(&k->out, '\n');
}

static wr_status kit_sink_push(wr_op *op, int input, const wr_batch *b, uint32_t at, uint32_t n,
			       wr_err *err)
{
	kit *k = (kit *)((char *)op - offsetof(kit, sink));

	(void)input;
	(void)err;
	for (uint32_t c = 0; c < b->schema->n; c++)
		assert_true(b->cols[c].kind == WR_CONST || b->cols[c].n == b->n);
	for (uint32_t i = at; i < at + n; i++) {
		if (b->change[i] == WR_ROW_BEFORE)
			assert_true(i + 1 < at + n && b->change[i + 1] == WR_ROW_AFTER);
		kit_print(k, b, i);
	}
	return WR_OK;
}

static const wr_op_def kit_sink_def = { .name = "sink", .ninputs = 1, .push = kit_sink_push };

/* ---------------------------------------------------------------- life */

static inline void kit_open(kit *k)
{
	assert_int_equal(wr_state_open(k->db, "test", &k->state, &k->err), WR_OK);
	k->task = wr_arena_new();
	k->batch = wr_arena_new();
	k->cx = (wr_op_cx){ .arena = k->task,
			    .batch_arena = k->batch,
			    .state = k->state,
			    .ntasks = 1,
			    .cache_bytes = k->cache_bytes,
			    .memory = k->memory,
			    .local_time = k->local_time };
	k->sink = (wr_op){ .def = &kit_sink_def };
	for (uint32_t i = 0; i < k->nops; i++) {
		wr_op *op = wr_arena_zalloc(k->task, k->specs[i]->def->size);

		op->def = k->specs[i]->def;
		op->spec = k->specs[i];
		op->cx = &k->cx;
		k->ops[i] = op;
		if (i)
			k->ops[i - 1]->out = (wr_out){ op, 0 };
	}
	k->ops[k->nops - 1]->out = (wr_out){ &k->sink, 0 };
	for (uint32_t i = 0; i < k->nops; i++)
		if (k->ops[i]->def->open && k->ops[i]->def->open(k->ops[i], &k->err) != WR_OK)
			fail_msg("open: %s", k->err.message);
}

static inline void kit_close(kit *k)
{
	for (uint32_t i = 0; i < k->nops; i++)
		if (k->ops[i]->def->close)
			k->ops[i]->def->close(k->ops[i]);
	wr_state_close(k->state);
	wr_arena_free(k->task);
	wr_arena_free(k->batch);
}

static inline void kit_barrier(kit *k)
{
	for (uint32_t i = 0; i < k->nops; i++)
		if (k->ops[i]->def->flush)
			assert_int_equal(k->ops[i]->def->flush(k->ops[i], &k->err), WR_OK);
	for (uint32_t i = 0; i < k->nops; i++)
		if (k->ops[i]->def->snapshot)
			assert_int_equal(k->ops[i]->def->snapshot(k->ops[i], &k->err), WR_OK);
	assert_int_equal(wr_state_health(k->state, &k->err), WR_OK);
	assert_int_equal(wr_state_commit(k->state, &k->err), WR_OK);
	wr_arena_reset(k->batch);
}

static inline wr_status kit_time(kit *k, int64_t t)
{
	for (uint32_t i = 0; i < k->nops; i++)
		if (k->ops[i]->def->watermark &&
		    k->ops[i]->def->watermark(k->ops[i], t, &k->err) != WR_OK)
			return WR_FAIL;
	wr_arena_reset(k->batch);
	return WR_OK;
}

/* ---------------------------------------------------------------- rows in */

static inline void kit_value(wr_vec *v, wr_arena *a, const char *text)
{
	void *data;

	if (strcmp(text, "null") == 0) {
		wr_vec_push_null(v, a);
		return;
	}
	if (v->type->tag == WR_ARRAY) { /* 1;2;3 and - for an empty one */
		char *copy = wr_arena_strdup(a, text), *save = NULL;
		uint32_t begin = wr_vec_list_begin(v);

		for (char *e = strtok_r(copy, ";-", &save); e; e = strtok_r(NULL, ";-", &save))
			kit_value(&v->kids[0], a, e);
		wr_vec_list_end(v, a, begin);
		return;
	}
	wr_vec_resize(v, a, v->n + 1);
	data = (char *)v->data + (v->n - 1) * wr_tag_size(v->type->tag);
	switch (v->type->tag) {
	case WR_STRING: *(wr_str *)data = wr_arena_str(a, wr_str_of(text)); break;
	case WR_INTEGER: *(int32_t *)data = atoi(text); break;
	case WR_BIGINT:
	case WR_TIMESTAMP: *(int64_t *)data = atoll(text); break;
	case WR_DOUBLE: *(double *)data = atof(text); break;
	case WR_DECIMAL: assert_true(wr_dec_parse(a, wr_str_of(text), v->type, true, data)); break;
	default: fail_msg("no text for this type");
	}
}

static inline uint8_t kit_kind(const char *word)
{
	static const char *const kinds[] = { "INSERT", "INSERT_NULL", "NEW",  "OLD",
					     "BEFORE", "AFTER",	      "GONE", "TRUNCATE" };

	for (uint8_t i = 0; i < 8; i++)
		if (strcmp(word, kinds[i]) == 0)
			return i;
	fail_msg("no kind: %s", word);
	return 0;
}

/* Appends the row that `line` tells to b; its words are separated by blanks. */
static inline void kit_row(kit *k, wr_batch *b, char *line)
{
	char *save = NULL, *word = strtok_r(line, " ", &save);
	uint32_t row = b->n, c = 0, part = 0;
	int absent = -1;
	int64_t t = 0;

	if (strcmp(word, "absent") == 0) {
		absent = atoi(strtok_r(NULL, " ", &save));
		word = strtok_r(NULL, " ", &save);
	}
	wr_batch_reserve(b, row + 1);
	b->change[row] = kit_kind(word);
	while ((word = strtok_r(NULL, " ", &save))) {
		if (word[0] == '@')
			t = atoll(word + 1);
		else if (word[0] == 'p' && word[1] >= '0' && word[1] <= '3' && !word[2])
			part = (uint32_t)(word[1] - '0');
		else
			kit_value(&b->cols[c++], b->arena, word);
	}
	assert_int_equal(c, b->schema->n);
	if (absent >= 0) {
		if (!b->absent)
			b->absent = WR_NEW_ARRAY(b->arena, uint64_t, WR_BATCH_ROWS);
		b->absent[row] |= (uint64_t)1 << absent;
	}
	b->rowtime[row] = t;
	b->part[row] = part;
	if (t > k->ptime[part])
		k->ptime[part] = t;
	b->ptime[row] = k->ptime[part];
	b->offset[row] = k->offset++;
	b->n++;
}

static inline wr_status kit_push(kit *k, wr_batch *b, int input)
{
	wr_status status = WR_OK;

	if (b->n)
		status = k->ops[0]->def->push(k->ops[0], input, b, 0, b->n, &k->err);
	wr_arena_reset(k->batch);
	return status;
}

static inline void kit_batch(kit *k, wr_batch *b, int input)
{
	wr_batch_init(b, k->batch, input ? k->right : k->specs[0]->in, WR_BATCH_ROWS);
}

/* Pushes the lines in batches of at most k->cut rows (an update's halves stay together). */
static inline wr_status kit_rows(kit *k, const char *text)
{
	char *copy = wr_strdup(text), *save = NULL;
	wr_status status = WR_OK;
	int input = 0;
	wr_batch b;

	kit_batch(k, &b, 0);
	for (char *line = strtok_r(copy, "\n", &save); line && status == WR_OK;
	     line = strtok_r(NULL, "\n", &save)) {
		bool right = strncmp(line, "right ", 6) == 0;
		bool word =
		    !strncmp(line, "time ", 5) || !strcmp(line, "barrier") || !strcmp(line, "end");
		bool pair = b.n && b.change[b.n - 1] == WR_ROW_BEFORE;

		if (word || right != (input == 1) || (b.n >= k->cut && !pair)) {
			status = kit_push(k, &b, input);
			input = right;
			if (k->reopen && status == WR_OK) {
				kit_barrier(k);
				kit_close(k);
				kit_open(k);
			}
			kit_batch(k, &b, input);
		}
		if (status != WR_OK)
			break;
		if (strcmp(line, "barrier") == 0)
			kit_barrier(k);
		else if (word)
			status = kit_time(k, line[0] == 'e' ? INT64_MAX : atoll(line + 5));
		else
			kit_row(k, &b, right ? line + 6 : line);
		if (word)
			kit_batch(k, &b, input);
	}
	if (status == WR_OK)
		status = kit_push(k, &b, input);
	free(copy);
	return status;
}

static inline void kit_begin(kit *k, kit_build build)
{
	wr_db_options opt = { .memory = true };

	k->plan = wr_arena_new();
	k->err = WR_ERR_INIT;
	for (int i = 0; i < KIT_PARTS; i++)
		k->ptime[i] = WR_TIME_NONE;
	if (!k->memory)
		k->memory = 1 << 20;
	if (!k->cut)
		k->cut = WR_BATCH_ROWS;
	assert_int_equal(wr_db_open(NULL, &opt, &k->db, &k->err), WR_OK);
	build(k);
	kit_open(k);
}

static inline void kit_end(kit *k)
{
	kit_close(k);
	wr_db_close(k->db);
	wr_arena_free(k->plan);
	wr_buf_free(&k->out);
}

/* One world: rows in, exactly `out` out. */
static inline void kit_world(kit world, kit_build build, const char *rows, const char *out)
{
	kit *k = &world;

	kit_begin(k, build);
	if (kit_rows(k, rows) != WR_OK)
		fail_msg("%s", k->err.message);
	assert_string_equal(wr_buf_z(&k->out), out);
	kit_end(k);
}

/* All worlds with every change out at once. */
static inline void kit_check(kit base, kit_build build, const char *rows, const char *out)
{
	static const uint32_t cuts[] = { 1024, 1, 2 };

	for (int i = 0; i < 3; i++) {
		base.cut = cuts[i];
		base.reopen = false;
		base.memory = 0;
		kit_world(base, build, rows, out);
		base.memory = 1; /* nothing clean stays in memory */
		kit_world(base, build, rows, out);
		base.reopen = true;
		kit_world(base, build, rows, out);
	}
}

#endif
