/* Rows of joins on their way out; see the header. */
#include "operators/join_out.h"

#include "state/keyenc.h"

static void shape_side(wr_join_shape *s, wr_arena *a, int side, const wr_schema *schema)
{
	bool *used = WR_NEW_ARRAY(a, bool, schema->n + 1);

	for (uint32_t c = s->out->nkeys; c < s->out->n; c++)
		if ((s->from[c] < 0) == side)
			used[side ? ~s->from[c] : s->from[c]] = true;
	wr_row_shape_of(&s->side[side], a, schema, used);
	s->place[side] = WR_NEW_ARRAY(a, uint32_t, schema->n + 1);
	for (uint32_t k = 0; k < s->side[side].n; k++)
		s->place[side][s->side[side].cols[k]] = k;
}

void wr_join_shape_init(wr_join_shape *s, wr_arena *a, const wr_schema *left,
			const wr_schema *right, const wr_schema *out, const int32_t *from)
{
	s->out = out;
	s->from = from;
	shape_side(s, a, 0, left);
	shape_side(s, a, 1, right);
}

void wr_join_out_give_keys(wr_join_out *o)
{
	const wr_schema *s = o->shape->out;

	o->keys = WR_NEW_ARRAY(o->arena, wr_vec, s->nkeys + 1);
	for (uint32_t c = 0; c < s->nkeys; c++)
		wr_vec_init(&o->keys[c], o->arena, s->cols[c].type, o->room);
}

void wr_join_out_begin(wr_join_out *o, const wr_join_shape *shape, wr_arena *a, const wr_batch *src,
		       uint32_t room)
{
	*o = (wr_join_out){ .shape = shape, .arena = a, .src = src, .room = room ? room : 1 };
	o->side[0] = wr_row_vecs(&shape->side[0], a, o->room);
	o->side[1] = wr_row_vecs(&shape->side[1], a, o->room);
	o->lines = wr_arena_alloc(a, o->room * sizeof(*o->lines));
	if (!src)
		wr_join_out_give_keys(o);
}

static bool load_side(wr_join_out *o, int side, const wr_str *bytes)
{
	if (!bytes) {
		wr_row_load_nulls(&o->shape->side[side], o->side[side], o->arena);
		return true;
	}
	return wr_row_load(&o->shape->side[side], o->side[side], o->arena,
			   wr_arena_str(o->arena, *bytes));
}

bool wr_join_out_row(wr_join_out *o, wr_join_line line, const wr_str *left, const wr_str *right)
{
	if (o->n == o->room) {
		wr_join_line *more = wr_arena_alloc(o->arena, 2 * o->room * sizeof(*more));

		memcpy(more, o->lines, o->n * sizeof(*more));
		o->lines = more;
		o->room *= 2;
	}
	o->lines[o->n++] = line;
	return load_side(o, 0, left) && load_side(o, 1, right);
}

bool wr_join_out_key_row(wr_join_out *o, wr_join_line line, wr_str key, const wr_str *left,
			 const wr_str *right)
{
	const char *p = key.p, *end = key.p + key.n;

	for (uint32_t c = 0; c < o->shape->out->nkeys; c++)
		if (!wr_key_get(&o->keys[c], o->arena, &p, end))
			return false;
	return p == end && wr_join_out_row(o, line, left, right);
}

static void own_metadata(const wr_join_out *o, wr_batch *b)
{
	*b = (wr_batch){ .schema = o->shape->out, .arena = o->arena, .n = o->n, .room = o->n };
	b->cols = WR_NEW_ARRAY(o->arena, wr_vec, b->schema->n);
	b->change = wr_arena_alloc(o->arena, o->n);
	b->rowtime = wr_arena_alloc(o->arena, o->n * sizeof(*b->rowtime));
	b->part = wr_arena_alloc(o->arena, o->n * sizeof(*b->part));
	b->ptime = wr_arena_alloc(o->arena, o->n * sizeof(*b->ptime));
	b->offset = wr_arena_alloc(o->arena, o->n * sizeof(*b->offset));
	for (uint32_t i = 0; i < o->n; i++) {
		b->part[i] = o->lines[i].part;
		b->offset[i] = o->lines[i].offset;
		b->ptime[i] = o->lines[i].rowtime;
	}
}

static void source_metadata(const wr_join_out *o, wr_batch *b)
{
	uint32_t *rows = wr_arena_alloc(o->arena, o->n * sizeof(*rows));

	for (uint32_t i = 0; i < o->n; i++)
		rows[i] = o->lines[i].from;
	wr_batch_rows(b, o->src, rows, o->n, o->shape->out);
	b->pk = NULL;
	b->version = NULL;
	for (uint32_t c = 0; !o->keys && c < b->schema->nkeys; c++)
		wr_vec_gather(&b->cols[c], o->arena, &o->src->cols[c], rows, o->n);
}

static void put_windows(const wr_join_out *o, wr_batch *b)
{
	b->wstart = wr_arena_alloc(o->arena, o->n * sizeof(*b->wstart));
	b->wend = wr_arena_alloc(o->arena, o->n * sizeof(*b->wend));
	for (uint32_t i = 0; i < o->n; i++) {
		b->wstart[i] = o->lines[i].wstart;
		b->wend[i] = o->lines[i].wend;
	}
}

wr_status wr_join_out_end(wr_op *op, wr_join_out *o, wr_err *err)
{
	const wr_join_shape *s = o->shape;
	wr_batch b;

	if (o->n == 0)
		return WR_OK;
	if (o->src)
		source_metadata(o, &b);
	else
		own_metadata(o, &b);
	for (uint32_t c = 0; o->keys && c < s->out->nkeys; c++)
		b.cols[c] = o->keys[c];
	for (uint32_t i = 0; i < o->n; i++) {
		b.change[i] = o->lines[i].change;
		b.rowtime[i] = o->lines[i].rowtime;
	}
	if (s->windowed)
		put_windows(o, &b);
	for (uint32_t c = s->out->nkeys; c < s->out->n; c++) {
		int side = s->from[c] < 0;

		b.cols[c] = o->side[side][s->place[side][side ? ~s->from[c] : s->from[c]]];
	}
	return wr_out_push(op, &b, 0, b.n, err);
}
