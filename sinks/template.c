#include "sinks/template.h"

#include "core/near.h"
#include "core/value_json.h"

static int32_t find_field(const wr_fields *fields, wr_str name, wr_near *near)
{
	for (uint32_t i = 0; i < fields->n; i++) {
		if (wr_str_ieq(fields->items[i].name, name))
			return (int32_t)i;
		wr_near_offer(near, fields->items[i].name);
	}
	return -1;
}

static wr_status unknown(const wr_sink_spec *spec, const char *prop, wr_str name,
			 const wr_near *near, wr_err *err)
{
	wr_err_set(err, WR_ERR_STATEMENT, wr_sink_prop_span(spec, prop),
		   "%s speaks of ${%.*s}, and no column has that name", prop, WR_STR_ARG(name));
	return near->best.p ? wr_err_hint(err, "did you mean ${%.*s}?", WR_STR_ARG(near->best))
			    : WR_FAIL;
}

wr_status wr_template_read(const wr_sink_spec *spec, const char *prop, wr_str text,
			   const wr_fields *fields, wr_template *t, wr_err *err)
{
	const char *p = text.p, *end = text.p + text.n, *from = p;

	t->n = 0;
	for (; p < end; p++) {
		bool opens = p + 1 < end && p[0] == '$' && p[1] == '{';
		const char *close = opens ? memchr(p, '}', (size_t)(end - p)) : NULL;

		if (!close)
			continue;
		wr_str name = { p + 2, (uint32_t)(close - p - 2) };
		wr_near near = wr_near_begin(name);
		int32_t field = find_field(fields, name, &near);

		if (field < 0)
			return unknown(spec, prop, name, &near, err);
		if (t->n + 1 == sizeof t->parts / sizeof *t->parts)
			return wr_err_set(err, WR_ERR_STATEMENT, wr_sink_prop_span(spec, prop),
					  "%s speaks of more than 31 columns", prop);
		t->parts[t->n++] = (wr_template_part){ { from, (uint32_t)(p - from) }, field };
		from = close + 1;
		p = close;
	}
	t->parts[t->n++] = (wr_template_part){ { from, (uint32_t)(end - from) }, -1 };
	return WR_OK;
}

static bool plain_in_url(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.' || c == '~';
}

static void put_value(wr_str text, wr_template_kind kind, wr_buf *out)
{
	static const char hex[] = "0123456789ABCDEF";

	for (uint32_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (kind == WR_TEMPLATE_URL && !plain_in_url(c)) {
			wr_buf_putc(out, '%');
			wr_buf_putc(out, hex[c >> 4]);
			wr_buf_putc(out, hex[c & 15]);
		} else {
			wr_buf_putc(out, kind == WR_TEMPLATE_LINE && (c < ' ' || c == 127)
					     ? ' '
					     : (char)c);
		}
	}
}

void wr_template_put(const wr_template *t, wr_template_kind kind, const wr_fields *fields,
		     const wr_batch *b, uint32_t row, wr_buf *out)
{
	wr_buf value = { 0 };

	for (uint32_t i = 0; i < t->n; i++) {
		wr_buf_str(out, t->parts[i].text);
		if (t->parts[i].field < 0)
			continue;
		const wr_field *f = &fields->items[t->parts[i].field];

		wr_buf_reset(&value);
		if (f->col < 0)
			wr_buf_printf(&value, "%lld", (long long)wr_field_bound(f, b, row));
		else
			wr_value_cell(&b->cols[f->col], row, &value);
		put_value(wr_buf_view(&value), kind, out);
	}
	wr_buf_free(&value);
}
