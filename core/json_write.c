/* JSON documents: making and writing. */
#include "core/json.h"

#include "core/number.h"
#include "core/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

wr_json *wr_json_new(wr_arena *a, wr_json_kind kind)
{
	wr_json *j = WR_NEW(a, wr_json);

	j->kind = kind;
	return j;
}

wr_json *wr_json_new_string(wr_arena *a, wr_str text)
{
	wr_json *j = wr_json_new(a, WR_JSON_STRING);

	j->text = text;
	return j;
}

wr_json *wr_json_new_int(wr_arena *a, int64_t v)
{
	wr_json *j = wr_json_new(a, WR_JSON_NUMBER);
	char text[WR_I64_TEXT];

	j->text = wr_arena_str(a, (wr_str){ text, wr_print_i64(v, text) });
	return j;
}

wr_json *wr_json_new_bool(wr_arena *a, bool v)
{
	return wr_json_new(a, v ? WR_JSON_TRUE : WR_JSON_FALSE);
}

wr_json *wr_json_add(wr_json *array, wr_json *item)
{
	item->next = NULL;
	if (array->last)
		array->last->next = item;
	else
		array->first = item;
	array->last = item;
	array->n++;
	return item;
}

wr_json *wr_json_put(wr_json *object, wr_str name, wr_json *member)
{
	member->name = name;
	return wr_json_add(object, member);
}

/* ---- quoting */

static bool plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static void put_escape(wr_buf *out, unsigned char c)
{
	static const char names[] = "btn\0fr"; /* from 8 on; 11 has none */

	if (c == '"' || c == '\\') {
		wr_buf_putc(out, '\\');
		wr_buf_putc(out, (char)c);
	} else if (c >= 8 && c <= 13 && names[c - 8]) {
		wr_buf_putc(out, '\\');
		wr_buf_putc(out, names[c - 8]);
	} else {
		wr_buf_printf(out, "\\u%04x", c);
	}
}

void wr_json_quote(wr_buf *out, wr_str s)
{
	const char *p = s.p, *end = p + s.n, *from;

	wr_buf_reserve(out, (size_t)s.n + 2);
	wr_buf_putc(out, '"');
	while (p < end) {
		for (from = p; p < end && plain((unsigned char)*p);)
			p++;
		wr_buf_put(out, from, (size_t)(p - from));
		if (p == end)
			break;
		if ((unsigned char)*p < 0x80) {
			put_escape(out, (unsigned char)*p++);
		} else {
			unsigned n = wr_utf8_get(p, end, NULL);

			wr_buf_put(out, n ? p : "\xEF\xBF\xBD", n ? n : 3);
			p += n ? n : 1;
		}
	}
	wr_buf_putc(out, '"');
}

/* ---- trees; level < 0: compact */

static void line(wr_buf *out, int level)
{
	if (level < 0)
		return;
	wr_buf_putc(out, '\n');
	for (int i = 0; i < level; i++)
		wr_buf_puts(out, "  ");
}

static void write_node(const wr_json *j, int level, wr_buf *out);

static void write_list(const wr_json *j, int level, wr_buf *out)
{
	bool object = j->kind == WR_JSON_OBJECT;
	int inside = level < 0 ? level : level + 1;

	wr_buf_putc(out, object ? '{' : '[');
	for (const wr_json *m = j->first; m; m = m->next) {
		if (m != j->first)
			wr_buf_putc(out, ',');
		line(out, inside);
		if (object) {
			wr_json_quote(out, m->name);
			wr_buf_puts(out, level < 0 ? ":" : ": ");
		}
		write_node(m, inside, out);
	}
	if (j->first)
		line(out, level);
	wr_buf_putc(out, object ? '}' : ']');
}

static void write_node(const wr_json *j, int level, wr_buf *out)
{
	switch (j->kind) {
	case WR_JSON_NULL: wr_buf_puts(out, "null"); break;
	case WR_JSON_FALSE: wr_buf_puts(out, "false"); break;
	case WR_JSON_TRUE: wr_buf_puts(out, "true"); break;
	case WR_JSON_NUMBER: wr_buf_str(out, j->text); break;
	case WR_JSON_STRING: wr_json_quote(out, j->text); break;
	case WR_JSON_ARRAY:
	case WR_JSON_OBJECT: write_list(j, level, out); break;
	}
}

void wr_json_write(const wr_json *j, wr_buf *out)
{
	write_node(j, -1, out);
}

void wr_json_write_pretty(const wr_json *j, wr_buf *out)
{
	write_node(j, 0, out);
}

/* ---- the streaming writer */

static wr_buf *before_value(wr_json_out *w)
{
	if (w->comma)
		wr_buf_putc(w->out, ',');
	w->comma = true;
	return w->out;
}

void wr_json_open(wr_json_out *w, char bracket)
{
	wr_buf_putc(before_value(w), bracket);
	w->comma = false;
}

void wr_json_close(wr_json_out *w, char bracket)
{
	wr_buf_putc(w->out, bracket);
	w->comma = true;
}

void wr_json_key_str(wr_json_out *w, wr_str name)
{
	wr_json_quote(before_value(w), name);
	wr_buf_putc(w->out, ':');
	w->comma = false;
}

void wr_json_key(wr_json_out *w, const char *name)
{
	wr_json_key_str(w, wr_str_of(name));
}

void wr_json_put_str(wr_json_out *w, wr_str text)
{
	wr_json_quote(before_value(w), text);
}

void wr_json_put_z(wr_json_out *w, const char *z)
{
	if (z)
		wr_json_put_str(w, wr_str_of(z));
	else
		wr_json_put_null(w);
}

void wr_json_put_int(wr_json_out *w, int64_t v)
{
	wr_buf_i64(before_value(w), v);
}

void wr_json_put_bool(wr_json_out *w, bool v)
{
	wr_buf_puts(before_value(w), v ? "true" : "false");
}

void wr_json_put_null(wr_json_out *w)
{
	wr_buf_puts(before_value(w), "null");
}

void wr_json_put_raw(wr_json_out *w, wr_str json)
{
	wr_buf_str(before_value(w), json);
}

void wr_json_put_printf(wr_json_out *w, const char *format, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	if (n < 0)
		wr_no_memory(0);
	wr_json_put_str(w, (wr_str){ text, (uint32_t)n });
	free(text);
}
