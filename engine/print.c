/*
 * PRINT: a topic's records as lines of text, as they come. Nothing in the catalog is needed: bytes
 * are shown as the text that they are, else as hexadecimal digits. Where a relation is declared
 * over the topic, KAFKA's binary numbers are shown as numbers.
 *
 *	rowtime: 2026-05-01T08:00:01.000Z, key: anna, value: {"amount":12.5}, partition: 0
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/number.h"
#include "core/time_text.h"
#include "core/utf8.h"
#include "engine/look.h"

enum { RECORDS = 256 };

struct wr_print {
	wr_topic_look look;
	bool to_the_end;      /* the engine runs its queries to an end */
	int64_t limit, every; /* -1: none; every n-th record, from the first */
	int64_t seen, given;
	/* the single KAFKA column of a side, where one is declared */
	const wr_type *key, *value;
	wr_record records[RECORDS];
	uint32_t n, at;
	bool ended;
	wr_buf line;
};

/* ---------------------------------------------------------------- one record */

static bool put_number(wr_buf *out, wr_str s, const wr_type *type)
{
	uint64_t bits = 0;
	double d;
	uint32_t width = !type						    ? 0
			 : type->tag == WR_INTEGER			    ? 4
			 : type->tag == WR_BIGINT || type->tag == WR_DOUBLE ? 8
									    : 0;

	if (width == 0 || s.n != width)
		return false;
	for (uint32_t i = 0; i < width; i++)
		bits = bits << 8 | (unsigned char)s.p[i];
	if (type->tag == WR_DOUBLE) {
		memcpy(&d, &bits, sizeof d);
		wr_print_double(d, out);
	} else {
		wr_buf_printf(out, "%lld", width == 4 ? (long long)(int32_t)bits : (long long)bits);
	}
	return true;
}

static bool is_text(wr_str s)
{
	for (uint32_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' && s.p[i] != '\t' && s.p[i] != '\n' &&
		    s.p[i] != '\r')
			return false;
	return wr_utf8_valid(s);
}

static void put_bytes(wr_buf *out, wr_str s, const wr_type *type)
{
	if (!s.p)
		wr_buf_puts(out, "<null>");
	else if (put_number(out, s, type))
		return;
	else if (is_text(s))
		wr_buf_str(out, s);
	else
		for (uint32_t i = 0; i < s.n; i++)
			wr_buf_printf(out, "%s%02x", i ? "" : "0x", (unsigned char)s.p[i]);
}

static void put_line(wr_print *p, const wr_record *r)
{
	wr_buf_reset(&p->line);
	wr_buf_puts(&p->line, "rowtime: ");
	if (r->timestamp == WR_TIME_NONE) {
		wr_buf_puts(&p->line, "<null>");
	} else {
		wr_print_timestamp(r->timestamp, &p->line);
		wr_buf_putc(&p->line, 'Z');
	}
	wr_buf_puts(&p->line, ", key: ");
	put_bytes(&p->line, r->key, p->key);
	wr_buf_puts(&p->line, ", value: ");
	put_bytes(&p->line, r->value, p->value);
	wr_buf_printf(&p->line, ", partition: %d", r->partition);
}

/* ---------------------------------------------------------------- reading */

wr_status wr_print_next(wr_print *p, int timeout_ms, wr_str *line, wr_err *err)
{
	*line = (wr_str){ 0 };
	while (!wr_print_over(p)) {
		if (p->at == p->n) {
			p->at = 0;
			if (wr_look_read(&p->look, p->records, RECORDS, timeout_ms, &p->n, err))
				return WR_FAIL;
			p->ended = p->n == 0 && p->to_the_end && wr_look_at_end(&p->look);
			if (p->n == 0)
				return WR_OK;
		}
		const wr_record *r = &p->records[p->at++];

		if (p->seen++ % p->every)
			continue;
		p->given++;
		put_line(p, r);
		*line = wr_buf_view(&p->line);
		return WR_OK;
	}
	return WR_OK;
}

bool wr_print_over(const wr_print *p)
{
	return p->ended || (p->limit >= 0 && p->given >= p->limit);
}

void wr_print_free(wr_print *p)
{
	if (!p)
		return;
	wr_look_close(&p->look);
	wr_buf_free(&p->line);
	free(p);
}

/* ---------------------------------------------------------------- the statement */

static const wr_type *kafka_type(const wr_schema *s, const char *format, bool key)
{
	uint32_t n = key ? s->nkeys : s->n - s->nkeys;

	return n == 1 && format && strcmp(format, "KAFKA") == 0 ? s->cols[key ? 0 : s->nkeys].type
								: NULL;
}

static void find_types(wr_exec *x, wr_str topic, wr_print *p)
{
	for (const wr_named *n = x->e->names.first; n; n = n->next) {
		const wr_relation *r = n->relation;

		if (!r || r->file.p || r->window_kind || !wr_str_eq(r->topic, topic))
			continue;
		p->key = kafka_type(r->schema, r->key_format, true);
		p->value = kafka_type(r->schema, r->value_format, false);
	}
}

wr_status wr_exec_print(wr_exec *x, wr_err *err)
{
	const wr_stmt_print *s = &x->stmt->print;
	wr_print *p = wr_calloc(1, sizeof *p);
	wr_source_spec spec = { .kind = wr_engine_topic_kind(x->e),
				.topic = s->topic.text,
				.start = s->from_beginning ? WR_START_EARLIEST : WR_START_LATEST };

	p->to_the_end = x->e->config.until != WR_RUN_FOREVER;
	p->limit = s->limit.given ? s->limit.n : -1;
	p->every = s->interval.given && s->interval.n > 0 ? s->interval.n : 1;
	find_types(x, s->topic.text, p);
	if (wr_look_open(x->e, &spec, &p->look, err)) {
		if (!err->span.length)
			err->span = s->topic.span;
		wr_print_free(p);
		return WR_FAIL;
	}
	x->out->kind = WR_OUTCOME_PRINT;
	x->out->print = p;
	return WR_OK;
}
