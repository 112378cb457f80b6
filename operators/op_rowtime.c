/*
 * TIMESTAMP='column' of CREATE … AS: the row time becomes that column's value: milliseconds
 * (BIGINT), TIMESTAMP, or text read by a pattern. Rows without a good, non-negative time are
 * dropped and counted, or fail the query when `strict`. Rows that take something out of a table,
 * and records without a value, keep their time.
 */
#include "core/time_text.h"
#include "operators/op_list.h"
#include "operators/rows.h"
#include "operators/util.h"

#include <stdio.h>

typedef struct op_rowtime {
	wr_op op;
	const wr_time_pattern *pattern;
} op_rowtime;

static wr_status open_rowtime(wr_op *op, wr_err *err)
{
	const wr_spec_rowtime *spec = (const wr_spec_rowtime *)op->spec;

	if (!spec->format)
		return WR_OK;
	((op_rowtime *)op)->pattern =
	    wr_time_pattern_new(op->cx->arena, wr_str_of(spec->format), err);
	return ((op_rowtime *)op)->pattern ? WR_OK : WR_FAIL;
}

static bool time_of(const op_rowtime *self, const wr_vec *v, uint32_t row, int64_t *t)
{
	if (wr_vec_is_null(v, row))
		return false;
	if (v->type->tag == WR_STRING) {
		wr_str s = wr_vec_str(v, row);

		if (self->pattern ? !wr_time_pattern_parse(self->pattern, s, wr_zone_utc(), t)
				  : !wr_parse_timestamp(s, t))
			return false;
	} else {
		*t = ((const int64_t *)v->data)[wr_vec_at(v, row)];
	}
	return *t >= 0;
}

static wr_status refuse(op_rowtime *self, const wr_vec *v, uint32_t row, wr_err *err)
{
	const wr_spec_rowtime *spec = (const wr_spec_rowtime *)self->op.spec;
	wr_buf text = { 0 };

	wr_vec_print(v, row, &text);
	snprintf(self->op.stats.last_failure, sizeof(self->op.stats.last_failure),
		 "%s is no row time", wr_buf_z(&text));
	wr_buf_free(&text);
	self->op.stats.no_time++;
	if (!spec->strict)
		return WR_OK;
	return wr_err_set(err, WR_ERR_RUNTIME, WR_NO_SPAN,
			  "column %.*s gives a row no usable time: %s",
			  WR_STR_ARG(self->op.spec->in->cols[spec->col].name),
			  self->op.stats.last_failure);
}

static bool keeps_time(uint8_t change)
{
	return change == WR_ROW_INSERT_NULL || wr_change_removes(change);
}

static wr_status push_rowtime(wr_op *op, int input, const wr_batch *b, uint32_t at, uint32_t n,
			      wr_err *err)
{
	op_rowtime *self = (op_rowtime *)op;
	const wr_vec *v = &b->cols[((const wr_spec_rowtime *)op->spec)->col];
	uint32_t *rows = wr_arena_alloc(b->arena, n * sizeof(*rows)), m = 0;
	int64_t *times = wr_arena_alloc(b->arena, n * sizeof(*times));
	wr_batch out;

	(void)input;
	for (uint32_t i = at; i < at + n; i++) {
		times[m] = b->rowtime[i];
		if (keeps_time(b->change[i]) || time_of(self, v, i, &times[m]))
			rows[m++] = i;
		else if (refuse(self, v, i, err) != WR_OK)
			return WR_FAIL;
		else if (b->change[i] == WR_ROW_AFTER)
			m--; /* the update as a whole is dropped */
	}
	wr_batch_select(&out, b, rows, m);
	out.rowtime = times;
	return wr_out_push(op, &out, 0, m, err);
}

static void explain_rowtime(const wr_op_spec *spec, wr_buf *out)
{
	const wr_spec_rowtime *s = (const wr_spec_rowtime *)spec;

	wr_buf_puts(out, "ROWTIME ");
	wr_buf_quote_name(out, spec->in->cols[s->col].name);
	if (s->format) {
		wr_buf_puts(out, " FORMAT ");
		wr_buf_quote_text(out, wr_str_of(s->format));
	}
}

const wr_op_def wr_op_rowtime_def = {
	.name = "rowtime",
	.size = sizeof(op_rowtime),
	.ninputs = 1,
	.open = open_rowtime,
	.push = push_rowtime,
	.explain = explain_rowtime,
};
