/*
 * New keys: PARTITION BY, GROUP BY, join keys. The result's columns are the key expressions and
 * then columns carried over.
 *
 * Streams: a null or failed key part drops the row (GROUP BY, inner joins) or goes on as a null key
 * (PARTITION BY). A record without a value has a key only where the expression needs the old key
 * alone.
 *
 * Tables: each image of a row has its own new key, and an update whose key moves is two changes:
 *
 *	BEFORE (id 1, city 'Oslo')   AFTER (id 1, city 'Rome')      by city →
 *	OLD    ('Oslo', id 1)        NEW   ('Rome', id 1)
 *
 * Of a deletion of which only the old key is known (GONE) no image was ever counted downstream, so
 * it ends here. Halves may go to different tasks; all changes of one row come from one task and
 * queues keep their order, so each new key sees its halves in theirs.
 */
#include "operators/op_list.h"
#include "operators/rows.h"
#include "operators/util.h"

typedef struct op_rekey {
	wr_op op;
	wr_prog *prog;
	bool *value_key; /* key i reads value columns */
} op_rekey;

static const wr_spec_rekey *spec_of(const op_rekey *self)
{
	return (const wr_spec_rekey *)self->op.spec;
}

static bool reads_values(wr_arena *a, const wr_expr *e, const wr_schema *in)
{
	bool *used = WR_NEW_ARRAY(a, bool, in->n + 1);

	wr_expr_columns(e, used, in->n);
	for (uint32_t c = in->nkeys; c < in->n; c++)
		if (used[c])
			return true;
	return false;
}

static wr_status open_rekey(wr_op *op, wr_err *err)
{
	op_rekey *self = (op_rekey *)op;
	const wr_spec_rekey *spec = spec_of(self);
	const wr_schema *out = op->spec->out;
	const wr_expr **exprs = WR_NEW_ARRAY(op->cx->arena, const wr_expr *, out->n);

	(void)err;
	self->value_key = WR_NEW_ARRAY(op->cx->arena, bool, spec->nkeys + 1);
	for (uint32_t i = 0; i < out->n; i++) {
		if (i < spec->nkeys) {
			exprs[i] = spec->keys[i];
			self->value_key[i] = reads_values(op->cx->arena, exprs[i], op->spec->in);
		} else {
			exprs[i] = wr_op_column(op->cx->arena, spec->carried[i - spec->nkeys],
						out->cols[i].type);
		}
	}
	self->prog = wr_prog_new(op->cx->arena, exprs, out->n);
	return WR_OK;
}

/* Null records: keys that would read the missing value are null. */
static void mask_keys(op_rekey *self, wr_batch *out, const wr_batch *b, uint32_t at, uint32_t n)
{
	uint8_t *mask;

	if (!wr_op_mask(b, at, n, WR_ROW_INSERT_NULL, WR_ROW_INSERT_NULL, &mask))
		return;
	for (uint32_t i = 0; i < spec_of(self)->nkeys; i++)
		if (self->value_key[i])
			wr_vec_mask(&out->cols[i], b->arena, mask, n);
}

/* Updates whose key moved are parted, and carry who they are. */
static void part_pairs(op_rekey *self, wr_batch *out)
{
	uint32_t nkeys = spec_of(self)->nkeys;

	for (uint32_t i = 0; i + 1 < out->n; i++) {
		if (out->change[i] != WR_ROW_BEFORE)
			continue;
		for (uint32_t k = 0; k < nkeys; k++) {
			if (wr_vec_eq(&out->cols[k], i, &out->cols[k], i + 1))
				continue;
			out->change[i] = WR_ROW_OLD;
			out->change[i + 1] = WR_ROW_NEW;
			break;
		}
	}
}

static bool has_null_key(const wr_batch *out, uint32_t nkeys, uint32_t i)
{
	for (uint32_t k = 0; k < nkeys; k++)
		if (wr_vec_is_null(&out->cols[k], i))
			return true;
	return false;
}

/* The rows of `out` that go on. */
static uint32_t keep(op_rekey *self, const wr_batch *out, uint32_t *rows)
{
	const wr_spec_rekey *spec = spec_of(self);
	uint32_t m = 0;

	for (uint32_t i = 0; i < out->n; i++) {
		uint8_t change = out->change[i];

		if (change == WR_ROW_GONE || (spec->drop_null && change == WR_ROW_INSERT_NULL)) {
			self->op.stats.null_value += change != WR_ROW_GONE;
			continue;
		}
		if (spec->drop_null && has_null_key(out, spec->nkeys, i)) {
			self->op.stats.null_key += !wr_change_removes(change);
			continue;
		}
		rows[m++] = i;
	}
	return m;
}

static wr_status push_rekey(wr_op *op, int input, const wr_batch *b, uint32_t at, uint32_t n,
			    wr_err *err)
{
	op_rekey *self = (op_rekey *)op;
	uint32_t *rows = wr_arena_alloc(b->arena, n * sizeof(*rows)), m;
	wr_prog_stats ps = { 0 };
	wr_batch out, kept;

	(void)input;
	wr_batch_over(&out, b, at, n, op->spec->out);
	wr_prog_eval(self->prog, b, at, n, out.cols, &ps);
	wr_op_failures(op, &ps);
	mask_keys(self, &out, b, at, n);
	if (spec_of(self)->drop_window)
		out.wstart = out.wend = NULL;
	m = keep(self, &out, rows);
	if (m == n) {
		kept = out;
	} else if (m == 0) {
		return WR_OK;
	} else {
		wr_batch_select(&kept, &out, rows, m);
	}
	if (op->spec->table)
		part_pairs(self, &kept);
	return wr_out_push(op, &kept, 0, m, err);
}

static void explain_rekey(const wr_op_spec *spec, wr_buf *out)
{
	const wr_spec_rekey *s = (const wr_spec_rekey *)spec;

	wr_buf_puts(out, "KEY BY ");
	if (s->nkeys == 0)
		wr_buf_puts(out, "NULL");
	wr_op_explain_list(s->keys, spec->in, spec->out, s->nkeys, out);
}

const wr_op_def wr_op_rekey_def = {
	.name = "rekey",
	.size = sizeof(op_rekey),
	.ninputs = 1,
	.open = open_rekey,
	.push = push_rekey,
	.explain = explain_rekey,
};
