#include "core/near.h"
#include "core/value_json.h"
#include "io/http.h"
#include "sinks/http.h"

static int32_t find_field(const wr_fields *fields, wr_str name, wr_near *near)
{
	for (uint32_t i = 0; i < fields->n; i++) {
		if (wr_str_ieq(fields->items[i].name, name))
			return (int32_t)i;
		wr_near_offer(near, fields->items[i].name);
	}
	return -1;
}

static wr_status unknown(const wr_sink_spec *spec, wr_str name, const wr_near *near, wr_err *err)
{
	wr_err_set(err, WR_ERR_STATEMENT, wr_sink_prop_span(spec, "URL"), "URL speaks of ${%.*s}, and no column has that name",
		   WR_STR_ARG(name));
	return near->best.p ? wr_err_hint(err, "did you mean ${%.*s}?", WR_STR_ARG(near->best)) : WR_FAIL;
}

/* A URL made with x for every value must be one. */
static wr_status check_whole(const wr_sink_spec *spec, const wr_url *u, wr_str text, wr_err *err)
{
	wr_buf sample = { 0 };

	for (uint32_t i = 0; i < u->n; i++) {
		wr_buf_str(&sample, u->parts[i].text);
		if (u->parts[i].field >= 0)
			wr_buf_putc(&sample, 'x');
	}
	bool valid = wr_http_url_valid(wr_buf_z(&sample));

	wr_buf_free(&sample);
	if (valid)
		return WR_OK;
	wr_err_set(err, WR_ERR_STATEMENT, wr_sink_prop_span(spec, "URL"), "'%.*s' is no URL that rows can be sent to",
		   WR_STR_ARG(text));
	return wr_err_hint(err, "write it as http://host:port/path or https://…");
}

wr_status wr_url_read(const wr_sink_spec *spec, wr_str text, const wr_fields *fields, wr_url *u, wr_err *err)
{
	const char *p = text.p, *end = text.p + text.n, *from = p;

	u->n = 0;
	for (; p < end; p++) {
		const char *close = p + 1 < end && p[0] == '$' && p[1] == '{' ? memchr(p, '}', (size_t)(end - p)) : NULL;

		if (!close)
			continue;
		wr_str name = { p + 2, (uint32_t)(close - p - 2) };
		wr_near near = wr_near_begin(name);
		int32_t field = find_field(fields, name, &near);

		if (field < 0)
			return unknown(spec, name, &near, err);
		if (u->n + 1 == sizeof u->parts / sizeof *u->parts)
			return wr_err_set(err, WR_ERR_STATEMENT, wr_sink_prop_span(spec, "URL"),
					  "URL speaks of more than 31 columns");
		u->parts[u->n++] = (wr_url_part){ { from, (uint32_t)(p - from) }, field };
		from = close + 1;
		p = close;
	}
	u->parts[u->n++] = (wr_url_part){ { from, (uint32_t)(end - from) }, -1 };
	return check_whole(spec, u, text, err);
}

static void put_encoded(wr_str text, wr_buf *out)
{
	static const char hex[] = "0123456789ABCDEF";

	for (uint32_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    c == '-' || c == '_' || c == '.' || c == '~') {
			wr_buf_putc(out, (char)c);
			continue;
		}
		wr_buf_putc(out, '%');
		wr_buf_putc(out, hex[c >> 4]);
		wr_buf_putc(out, hex[c & 15]);
	}
}

void wr_url_put(const wr_url *u, const wr_fields *fields, const wr_batch *b, uint32_t row, wr_buf *out)
{
	for (uint32_t i = 0; i < u->n; i++) {
		wr_buf value = { 0 };

		wr_buf_str(out, u->parts[i].text);
		if (u->parts[i].field < 0)
			continue;
		const wr_field *f = &fields->items[u->parts[i].field];

		if (f->col < 0)
			wr_buf_printf(&value, "%lld", (long long)wr_field_bound(f, b, row));
		else
			wr_value_cell(&b->cols[f->col], row, &value);
		put_encoded(wr_buf_view(&value), out);
		wr_buf_free(&value);
	}
}
