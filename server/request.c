/*
 * The body of a request: {"ksql":"…;","streamsProperties":{…},"sessionVariables":{…}}, members we
 * do not know are ignored.
 */
#include "server/internal.h"

static bool set_properties(wr_request *r, const wr_json *properties, wr_answer *a)
{
	WR_JSON_EACH(p, properties)
	{
		wr_err err = WR_ERR_INIT;
		wr_str value = p->kind == WR_JSON_TRUE	  ? WR_STR_LIT("true")
			       : p->kind == WR_JSON_FALSE ? WR_STR_LIT("false")
							  : p->text;

		if (wr_engine_set(wr_session_settings(r->session), p->name, value, &err)) {
			wr_answer_error(a, MHD_HTTP_BAD_REQUEST, 40000, "%s%s%s", err.message,
					err.hint[0] ? "; " : "", err.hint);
			return false;
		}
	}
	return true;
}

static bool read_members(wr_request *r, const wr_json *body, bool push, wr_answer *a)
{
	const wr_json *text = wr_json_get(body, "ksql"),
		      *properties = wr_json_get(body, "streamsProperties");
	wr_err ignored = WR_ERR_INIT;

	if (!text)
		text = wr_json_get(body, "sql");
	if (!properties)
		properties = wr_json_get(body, "properties");
	if (!wr_json_is(text, WR_JSON_STRING)) {
		wr_answer_error(
		    a, MHD_HTTP_BAD_REQUEST, 40000,
		    "the body has no text of statements: send {\"ksql\": \"SHOW STREAMS;\"}");
		return false;
	}
	r->text = text->text;
	if (push)
		(void)!wr_settings_set(wr_session_settings(r->session),
				       WR_STR_LIT("auto.offset.reset"), WR_STR_LIT("latest"),
				       &ignored);
	WR_JSON_EACH(v, wr_json_get(body, "sessionVariables"))
	wr_session_define(r->session, v->name, v->text);
	return set_properties(r, properties, a);
}

bool wr_request_read(wr_server *s, wr_str body, bool push, wr_request *r, wr_answer *a)
{
	wr_err err = WR_ERR_INIT;

	*r = (wr_request){ .arena = wr_arena_new(), .session = wr_session_new(s->engine) };
	const wr_json *j = wr_json_parse(r->arena, body, &err);

	if (!wr_json_is(j, WR_JSON_OBJECT)) {
		wr_answer_error(a, MHD_HTTP_BAD_REQUEST, 40000, "the body is not a JSON object%s%s",
				err.message[0] ? ": " : "", err.message);
		return false;
	}
	return read_members(r, j, push, a);
}

void wr_request_free(wr_request *r)
{
	wr_session_free(r->session);
	wr_arena_free(r->arena);
}
