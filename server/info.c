/* The small routes: /info, /healthcheck, /close-query. */
#include "server/internal.h"

void wr_get_info(wr_server *s, wr_answer *a)
{
	(void)s;
	wr_buf_puts(&a->body,
		    "{\"KsqlServerInfo\":{\"version\":\"8.5.0-0\",\"kafkaClusterId\":\"weir\","
		    "\"ksqlServiceId\":\"default_\",\"serverStatus\":\"RUNNING\"}}");
}

typedef struct health {
	bool well;
} health;

static void look(void *self, const wr_query_info *q)
{
	health *h = self;

	h->well &= q->state != WR_QUERY_FAILED;
}

void wr_get_health(wr_server *s, wr_answer *a)
{
	health h = { true };
	const char *word;

	wr_engine_queries(s->engine, look, &h);
	word = h.well ? "true" : "false";
	a->status = h.well ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
	wr_buf_printf(
	    &a->body,
	    "{\"isHealthy\":%s,\"details\":{\"metastore\":{\"isHealthy\":true},\"kafka\":{\"isHealthy\":true},"
	    "\"commandRunner\":{\"isHealthy\":%s}},\"serverState\":\"READY\"}",
	    word, word);
}

void wr_post_close(wr_server *s, wr_str body, wr_answer *a)
{
	wr_arena *arena = wr_arena_new();
	wr_err err = WR_ERR_INIT;
	const wr_json *j = wr_json_parse(arena, body, &err);
	wr_str id = wr_json_string(wr_json_get(j, "queryId"), WR_STR_LIT(""));

	if (!wr_engine_cancel(s->engine, wr_arena_str(arena, id).p))
		wr_answer_error(a, MHD_HTTP_BAD_REQUEST, 40000, "No query with id %.*s",
				WR_STR_ARG(id));
	wr_arena_free(arena);
}
