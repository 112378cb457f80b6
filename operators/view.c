/* Reading what tables and aggregates keep; see the header. */
#include "operators/view.h"

#include "operators/agg.h"
#include "operators/op_list.h"

struct wr_op_view {
	const wr_op_spec *spec;
	wr_row_shape shape; /* of a table */
	op_aggregate *agg;  /* of an aggregate: no stores, only what reads states */
	wr_op_cx cx;
};

wr_status wr_op_view_open(wr_arena *a, const wr_op_spec *spec, const wr_settings *settings,
			  wr_op_view **out, wr_err *err)
{
	wr_op_view *v = WR_NEW(a, wr_op_view);

	*out = v;
	v->spec = spec;
	v->cx = (wr_op_cx){ .arena = a, .batch_arena = a, .settings = settings };
	if (spec->def == &wr_op_table_def && ((const wr_spec_table *)spec)->materialise) {
		wr_row_shape_range(&v->shape, a, spec->in, spec->in->nkeys, spec->in->n);
		return WR_OK;
	}
	if (spec->def == &wr_op_aggregate_def) {
		v->agg = WR_NEW(a, op_aggregate);
		v->agg->op = (wr_op){ .def = spec->def, .spec = spec, .cx = &v->cx };
		v->agg->spec = (const wr_spec_aggregate *)spec;
		return agg_layout(v->agg, err);
	}
	return wr_err_set(err, WR_ERR_NOT_IMPLEMENTED, WR_NO_SPAN,
			  "what %s keeps cannot be read from outside", spec->def->name);
}

/* A new row at the end of b: everything but its columns. */
static uint32_t new_row(wr_batch *b, int64_t rowtime, bool windowed, int64_t start, int64_t end)
{
	uint32_t row = b->n;

	wr_batch_reserve(b, row + 1);
	b->n++;
	if (windowed && !b->wstart) {
		b->wstart = wr_arena_zalloc(b->arena, b->room * sizeof(*b->wstart));
		b->wend = wr_arena_zalloc(b->arena, b->room * sizeof(*b->wend));
	}
	b->change[row] = WR_ROW_NEW;
	b->rowtime[row] = b->ptime[row] = rowtime;
	b->part[row] = 0;
	b->offset[row] = 0;
	if (windowed) {
		b->wstart[row] = start;
		b->wend[row] = end;
	}
	return row;
}

static bool add_key(wr_batch *b, wr_str key)
{
	const char *p = key.p, *end = key.p + key.n;

	for (uint32_t c = 0; c < b->schema->nkeys; c++)
		if (!wr_key_get(&b->cols[c], b->arena, &p, end))
			return false;
	return p == end;
}

static bool add_table_row(wr_op_view *v, wr_str key, wr_str value, wr_batch *b)
{
	int64_t rowtime;

	if (value.n < WR_TABLE_HEAD || !add_key(b, key))
		return false;
	memcpy(&rowtime, value.p, sizeof(rowtime));
	new_row(b, rowtime, false, 0, 0);
	value =
	    wr_arena_str(b->arena, (wr_str){ value.p + WR_TABLE_HEAD, value.n - WR_TABLE_HEAD });
	return wr_row_load(&v->shape, b->cols + b->schema->nkeys, b->arena, value);
}

static bool add_group(wr_op_view *v, wr_str key, const char **p, const char *end,
		      const int64_t *window, wr_batch *b)
{
	agg_group *g = wr_arena_alloc(b->arena, v->agg->group_size);

	if (!agg_group_load(v->agg, g, p, end))
		return false;
	if (add_key(b, key)) {
		agg_group_finals(v->agg, g, b->cols + b->schema->nkeys, b->arena);
		new_row(b, g->rowtime, window != NULL, window ? window[0] : 0,
			window ? window[1] : 0);
	} else {
		*p = NULL;
	}
	agg_group_drop(v->agg, g);
	return *p != NULL;
}

static bool add_sessions(wr_op_view *v, wr_str key, wr_str value, wr_batch *b)
{
	const char *p = value.p + 12, *end = value.p + value.n;
	int64_t window[2];
	uint32_t n;

	if (value.n < 12)
		return false;
	memcpy(&n, value.p + 8, 4);
	for (uint32_t i = 0; i < n; i++) {
		if (end - p < 16)
			return false;
		memcpy(window, p, 16);
		p += 16;
		if (!add_group(v, key, &p, end, window, b))
			return false;
	}
	return p == end;
}

bool wr_op_view_add(wr_op_view *v, wr_str key, wr_str value, wr_batch *b)
{
	const char *p = value.p, *end = value.p + value.n, *k = key.p;
	int64_t window[2];

	if (!v->agg)
		return add_table_row(v, key, value, b);
	if (v->agg->spec->window.kind == WR_WINDOW_SESSION)
		return add_sessions(v, key, value, b);
	if (!agg_windowed(v->agg))
		return add_group(v, key, &p, end, NULL, b) && p == end;
	if (!wr_key_get_i64(&window[0], &k, key.p + key.n))
		return false;
	window[1] = window[0] + v->agg->spec->window.size;
	key = (wr_str){ k, (uint32_t)(key.p + key.n - k) };
	return add_group(v, key, &p, end, window, b) && p == end;
}

void wr_op_view_range(const wr_op_view *v, const wr_vec *keys, uint32_t row, int64_t start,
		      wr_buf *from, wr_buf *to)
{
	wr_buf_reset(from);
	wr_buf_reset(to);
	if (v->agg && agg_windowed(v->agg)) {
		if (start == WR_TIME_NONE) {
			wr_op_view_starts(INT64_MIN, INT64_MAX, from, to);
			return;
		}
		wr_key_put_i64(from, start);
	}
	wr_key_put_row(from, keys, v->spec->out->nkeys, row);
	wr_buf_put(to, from->p, from->n);
	wr_buf_putc(to, 0);
}

void wr_op_view_starts(int64_t first, int64_t last, wr_buf *from, wr_buf *to)
{
	wr_buf_reset(from);
	wr_buf_reset(to);
	wr_key_put_i64(from, first);
	if (last < INT64_MAX) {
		wr_key_put_i64(to, last + 1);
		return;
	}
	/* behind every start: nothing that we write is so large */
	wr_key_put_i64(to, INT64_MAX);
	wr_key_put_i64(to, INT64_MAX);
}
