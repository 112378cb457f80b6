/* Errors as JSON, with ksqlDB's codes. */
#include <stdarg.h>
#include <stdio.h>

#include "parser/render.h"
#include "server/internal.h"

void wr_answer_error(wr_answer *a, unsigned status, int code, const char *format, ...)
{
	char text[2048];
	va_list args;
	wr_json_out w = { .out = &a->body };

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	a->status = status;
	wr_buf_reset(&a->body);
	wr_json_open(&w, '{');
	wr_json_key(&w, "@type");
	wr_json_put_z(&w, "generic_error");
	wr_json_key(&w, "error_code");
	wr_json_put_int(&w, code);
	wr_json_key(&w, "message");
	wr_json_put_z(&w, text);
	wr_json_close(&w, '}');
}

static bool of_the_world(const wr_err *err)
{
	return err->cls == WR_ERR_CONNECT || err->cls == WR_ERR_IO;
}

/* The message as the shell shows it: with line, caret and hint. */
static void put_message(wr_json_out *w, wr_str text, const wr_err *err)
{
	wr_buf b = { 0 };

	wr_render_error(&b, text, err);
	while (b.n && b.p[b.n - 1] == '\n')
		b.n--;
	wr_json_key(w, "message");
	wr_json_put_str(w, wr_buf_view(&b));
	wr_buf_free(&b);
}

void wr_error_object(wr_buf *out, int code, const wr_err *err, wr_str text)
{
	wr_json_out w = { .out = out };

	wr_json_open(&w, '{');
	wr_json_key(&w, "@type");
	wr_json_put_z(&w, text.n ? "statement_error" : "generic_error");
	wr_json_key(&w, "error_code");
	wr_json_put_int(&w, code);
	put_message(&w, text, err);
	if (text.n) {
		wr_json_key(&w, "statementText");
		wr_json_put_str(&w, text);
		wr_json_key(&w, "entities");
		wr_json_put_raw(&w, WR_STR_LIT("[]"));
	}
	wr_json_close(&w, '}');
}

void wr_answer_statement_error(wr_answer *a, wr_str text, const wr_err *err, wr_str entities)
{
	wr_json_out w = { .out = &a->body };

	a->status = of_the_world(err) ? MHD_HTTP_INTERNAL_SERVER_ERROR : MHD_HTTP_BAD_REQUEST;
	wr_buf_reset(&a->body);
	wr_json_open(&w, '{');
	wr_json_key(&w, "@type");
	wr_json_put_z(&w, "statement_error");
	wr_json_key(&w, "error_code");
	wr_json_put_int(&w, of_the_world(err) ? 50000 : 40001);
	put_message(&w, text, err);
	wr_json_key(&w, "statementText");
	wr_json_put_str(&w, text);
	wr_json_key(&w, "entities");
	wr_json_put_raw(&w, entities.n ? entities : WR_STR_LIT("[]"));
	wr_json_close(&w, '}');
}
