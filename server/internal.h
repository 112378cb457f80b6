/* What the server's files share. */
#ifndef SERVER_INTERNAL_H
#define SERVER_INTERNAL_H

#include <microhttpd.h>

#include "core/json.h"
#include "server/server.h"

struct wr_server {
	wr_engine *engine;
	struct MHD_Daemon *daemon;
	_Atomic bool stopping;
};

/* An answer that is known whole. */
typedef struct wr_answer {
	unsigned status;
	const char *type; /* content type */
	wr_buf body;	  /* freed by who sends it */
} wr_answer;

/* A request's body as ksqlDB's clients send it. */
typedef struct wr_request {
	wr_arena *arena;
	wr_str text;	     /* "ksql" or "sql" */
	wr_session *session; /* with the request's properties and variables */
} wr_request;

/*
 * request.c: reads a body. false: *a is the error answer. push: SELECTs begin at the end of their
 * topics unless told otherwise.
 */
bool wr_request_read(wr_server *s, wr_str body, bool push, wr_request *r, wr_answer *a);
void wr_request_free(wr_request *r);

/* errors.c: {"@type":…,"error_code":…,"message":…} */
void wr_answer_error(wr_answer *a, unsigned status, int code, const char *format, ...)
    WR_PRINTF(4, 5);
/*
 * An error of a statement (40001) or of the world (50000). entities: ready JSON of those done
 * before, may be empty.
 */
void wr_answer_statement_error(wr_answer *a, wr_str text, const wr_err *err, wr_str entities);
/* The object alone, for streams that have begun. */
void wr_error_object(wr_buf *out, int code, const wr_err *err, wr_str text);

/* ksql.c, info.c */
void wr_post_ksql(wr_server *s, wr_str body, wr_answer *a);
void wr_get_info(wr_server *s, wr_answer *a);
void wr_get_health(wr_server *s, wr_answer *a);
void wr_post_close(wr_server *s, wr_str body, wr_answer *a);

/* entities.c: one element of /ksql's answer; false: the statement has none. */
bool wr_entity(wr_server *s, const wr_outcome *out, wr_json_out *w);

/* stream.c: POST /query. Queues the answer itself. */
/* Whether the client has closed its end. */
bool wr_client_left(struct MHD_Connection *c);
/* print.c: queues the answer, which has the print from now on. */
enum MHD_Result wr_answer_print(wr_server *s, struct MHD_Connection *c, wr_print *p);
enum MHD_Result wr_post_query(wr_server *s, struct MHD_Connection *c, wr_str body);

#endif
