/*
 * The HTTP server: ksqlDB's REST interface over an engine. HTTP/1.1; a thread per connection.
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "engine/engine.h"

typedef struct wr_server wr_server;

/*
 * Listens on "ADDRESS:PORT", ":PORT" or "PORT" (0: any free port). The engine must outlive the
 * server. Errors: USAGE (an address that is none), IO (port taken, no permission).
 */
WR_CHECKED wr_status wr_server_start(wr_engine *e, const char *listen, wr_server **out,
				     wr_err *err);
/* The port it listens on. */
int wr_server_port(const wr_server *s);
/* Ends push queries, closes connections. */
void wr_server_stop(wr_server *s);

#endif
