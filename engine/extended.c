/* What SHOW … EXTENDED, DESCRIBE … EXTENDED and EXPLAIN ANALYZE say beyond the short forms. */
#include "engine/extended.h"

#include <stdio.h>

/* ---------------------------------------------------------------- who reads and writes */

static bool reads(const wr_query *q, wr_str name)
{
	for (uint32_t i = 0; i < q->plan->nreads; i++)
		if (wr_str_eq(q->plan->reads[i], name))
			return true;
	return false;
}

static bool writes(const wr_query *q, const wr_named *n)
{
	return q == n->query || (q->plan->kind == WR_PLAN_INSERT_QUERY && q->plan->relation &&
				 wr_str_eq(q->plan->relation->name, n->name));
}

static const char *users(wr_exec *x, const wr_named *n, bool of_writing)
{
	wr_buf b = { 0 };

	for (const wr_query *q = x->e->queries; q; q = q->next)
		if (of_writing ? writes(q, n) : reads(q, n->name))
			wr_buf_printf(&b, "%s%s", b.n ? ", " : "", q->id);
	const char *text = wr_arena_strdup(x->arena, wr_buf_z(&b));

	wr_buf_free(&b);
	return text;
}

const char *wr_readers_of(wr_exec *x, const wr_named *n)
{
	return users(x, n, false);
}

const char *wr_writers_of(wr_exec *x, const wr_named *n)
{
	return users(x, n, true);
}

const char *wr_row_time_of(wr_exec *x, const wr_relation *r)
{
	if (!r->time_column.p)
		return "the record's timestamp";
	if (!r->time_format.p)
		return wr_z(x->arena, r->time_column);
	return wr_z(x->arena,
		    wr_arena_printf(x->arena, "%.*s, as '%.*s'", WR_STR_ARG(r->time_column),
				    WR_STR_ARG(r->time_format)));
}

/* ---------------------------------------------------------------- DESCRIBE … EXTENDED */

enum { MOST = 16 };

typedef struct details {
	const char *cells[2 * MOST];
	uint32_t n;
} details;

static void say(details *d, const char *what, const char *value)
{
	if (!value || !*value || d->n == MOST)
		return;
	d->cells[2 * d->n] = what;
	d->cells[2 * d->n++ + 1] = value;
}

static const char *window_of(wr_exec *x, const wr_relation *r)
{
	static const char *const words[] = { "", "TUMBLING", "HOPPING", "SESSION" };

	if (r->window_kind == WR_WINDOW_NONE || r->window_kind == WR_WINDOW_SESSION)
		return words[r->window_kind];
	return wr_z(x->arena, wr_arena_printf(x->arena, "%s, %lld ms", words[r->window_kind],
					      (long long)r->window_size));
}

void wr_describe_extended(wr_exec *x, const wr_named *n)
{
	static const char *const names[] = { "property", "value" };
	const wr_relation *r = n->relation;
	details d = { .n = 0 };

	say(&d, "kind",
	    r->table	     ? r->source_only ? "SOURCE TABLE" : "TABLE"
	    : r->source_only ? "SOURCE STREAM"
			     : "STREAM");
	say(&d, "topic", wr_z(x->arena, r->topic));
	say(&d, "partitions", wr_z(x->arena, wr_arena_printf(x->arena, "%d", r->partitions)));
	say(&d, "file", r->file.p ? wr_z(x->arena, r->file) : "");
	say(&d, "key format", r->key_format);
	say(&d, "value format", r->value_format);
	say(&d, "row time", wr_row_time_of(x, r));
	say(&d, "window", window_of(x, r));
	say(&d, "written by", wr_writers_of(x, n));
	say(&d, "read by", wr_readers_of(x, n));
	say(&d, "statement", wr_z(x->arena, n->text));
	const char **cells = wr_arena_alloc(x->arena, 2 * d.n * sizeof *cells);

	memcpy(cells, d.cells, 2 * d.n * sizeof *cells);
	x->out->details = (wr_listing){ 2, d.n, names, cells };
}

/* ---------------------------------------------------------------- EXPLAIN ANALYZE */

typedef struct figures {
	const char *id;
	wr_buf *out;
} figures;

static void put_figures(void *self, const wr_query_info *q)
{
	figures *f = self;
	if (strcmp(q->id, f->id) == 0)
		wr_buf_printf(f->out, "\nstate: %s%s%s\nrows in: %llu\ncommits: %llu\n",
			      wr_query_state_text(q->state), q->trouble[0] ? ", " : "", q->trouble,
			      (unsigned long long)q->rows_in, (unsigned long long)q->epoch);
}

void wr_explain_figures(wr_exec *x, const wr_query *q, wr_buf *out)
{
	figures f = { q->id, out };

	wr_engine_queries(x->e, put_figures, &f);
}
