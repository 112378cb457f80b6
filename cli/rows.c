#include "cli/rows.h"

#include <stdlib.h>

#include "core/json.h"
#include "core/value_json.h"

/* ---------------------------------------------------------------- JSON lines */

static void put_member(wr_buf *line, wr_str name, bool first)
{
	wr_buf_putc(line, first ? '{' : ',');
	wr_json_quote(line, name);
	wr_buf_putc(line, ':');
}

void wr_row_json(const wr_push_query *q, const wr_batch *b, uint32_t row, wr_buf *out)
{
	const wr_str *names = wr_push_query_names(q);

	for (uint32_t c = 0; c < b->schema->n; c++) {
		put_member(out, names ? names[c] : b->schema->cols[c].name, c == 0);
		wr_value_json(&b->cols[c], row, out);
	}
	if (wr_change_removes(b->change[row])) {
		put_member(out, WR_STR_LIT("__deleted"), b->schema->n == 0);
		wr_buf_puts(out, "true");
	} else if (b->schema->n == 0) {
		wr_buf_putc(out, '{');
	}
	wr_buf_puts(out, "}\n");
}

static bool on_rows(void *self, const wr_batch *b, uint32_t at, uint32_t n)
{
	wr_row_printer *p = self;

	wr_buf_reset(&p->line);
	for (uint32_t i = at; i < at + n; i++)
		if (b->change[i] != WR_ROW_BEFORE)
			wr_row_json(p->query, b, i, &p->line);
	if (fwrite(p->line.p, 1, p->line.n, p->to) != p->line.n)
		return false;
	return fflush(p->to) == 0;
}

static void on_ended(void *self, bool limit_reached, const wr_err *err)
{
	wr_row_printer *p = self;

	p->limit_reached = limit_reached;
	p->err = *err;
	wr_buf_free(&p->line);
	p->over = true;
}

void wr_row_printer_init(wr_row_printer *p, FILE *to, wr_push_query *q)
{
	*p = (wr_row_printer){ .def = { .rows = on_rows, .ended = on_ended, .self = p },
			       .to = to,
			       .query = q };
}

/* ---------------------------------------------------------------- tables */

/* Characters on the screen, as far as UTF-8 tells. */
static uint32_t width_of(const char *z)
{
	uint32_t n = 0;

	for (; *z; z++)
		n += ((unsigned char)*z & 0xc0) != 0x80;
	return n;
}

static const char *cell(const wr_listing *l, uint32_t row, uint32_t col)
{
	const char *z = l->cells[(size_t)row * l->ncols + col];

	return z ? z : "";
}

static void put_cell(FILE *to, const char *z, uint32_t width, bool last)
{
	for (const char *p = z; *p; p++)
		fputc(*p == '\n' || *p == '\t' ? ' ' : *p, to);
	if (!last)
		fprintf(to, "%*s", (int)(width - width_of(z) + 2), "");
}

void wr_print_listing(FILE *to, const wr_listing *l)
{
	uint32_t *width = wr_calloc(l->ncols + 1, sizeof *width);

	for (uint32_t c = 0; c < l->ncols; c++) {
		width[c] = width_of(l->names[c]);
		for (uint32_t r = 0; r < l->nrows; r++)
			width[c] =
			    width_of(cell(l, r, c)) > width[c] ? width_of(cell(l, r, c)) : width[c];
	}
	for (uint32_t c = 0; c < l->ncols; c++)
		put_cell(to, l->names[c], width[c], c + 1 == l->ncols);
	fputc('\n', to);
	for (uint32_t r = 0; r < l->nrows; r++) {
		for (uint32_t c = 0; c < l->ncols; c++)
			put_cell(to, cell(l, r, c), width[c], c + 1 == l->ncols);
		fputc('\n', to);
	}
	free(width);
}
