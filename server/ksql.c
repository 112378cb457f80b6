/*
 * POST /ksql: statements checked as a whole, then carried out one after the other; an entity for
 * each that has something to say.
 */
#include "server/internal.h"

/* SELECT and PRINT belong to /query; scripts are not run for others. */
static bool for_query_endpoint(const wr_request *r, wr_answer *a)
{
	uint32_t at = 0;
	bool found = true;

	while (found) {
		wr_err err = WR_ERR_INIT;
		wr_stmt *stmt;
		wr_str shown;

		if (wr_engine_parse(r->session, r->arena, r->text, &at, &found, &stmt, &shown,
				    &err))
			return false; /* checked again, and told, later */
		if (found && (stmt->kind == WR_STMT_QUERY || stmt->kind == WR_STMT_PRINT)) {
			wr_answer_error(a, MHD_HTTP_BAD_REQUEST, 40002,
					"send SELECT and PRINT to the /query endpoint");
			return true;
		}
		if (found && stmt->kind == WR_STMT_RUN_SCRIPT) {
			wr_answer_error(
			    a, MHD_HTTP_BAD_REQUEST, 40001,
			    "RUN SCRIPT reads a file of the server's machine: send its statements instead");
			return true;
		}
	}
	return false;
}

static bool carry_out(wr_server *s, const wr_request *r, wr_json_out *w, wr_answer *a)
{
	uint32_t at = 0;
	bool found = true;

	while (found) {
		wr_err err = WR_ERR_INIT;
		wr_outcome out = { 0 };
		wr_str shown;

		if (wr_engine_next(s->engine, r->session, r->arena, r->text, &at, &found, &out,
				   &shown, &err)) {
			wr_buf done = { 0 };

			wr_buf_str(&done, wr_buf_view(w->out));
			wr_buf_putc(&done, ']');
			wr_answer_statement_error(a, shown, &err, wr_buf_view(&done));
			wr_buf_free(&done);
			return false;
		}
		if (found)
			(void)wr_entity(s, &out, w);
	}
	return true;
}

void wr_post_ksql(wr_server *s, wr_str body, wr_answer *a)
{
	wr_request r;
	wr_err err = WR_ERR_INIT;
	wr_buf entities = { 0 };
	wr_json_out w = { .out = &entities };

	if (!wr_request_read(s, body, false, &r, a) || for_query_endpoint(&r, a)) {
		wr_request_free(&r);
		return;
	}
	wr_json_open(&w, '[');
	if (wr_engine_validate(s->engine, r.session, r.text, &err)) {
		wr_answer_statement_error(a, r.text, &err, (wr_str){ 0 });
	} else if (carry_out(s, &r, &w, a)) {
		wr_json_close(&w, ']');
		wr_buf_str(&a->body, wr_buf_view(&entities));
	}
	wr_buf_free(&entities);
	wr_request_free(&r);
}
