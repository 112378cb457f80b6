/*
 * Pull queries over what running queries keep: a SELECT without EMIT whose tables are all filled by
 * queries that run here reads their state, as of their last commits, instead of their topics.
 */
#ifndef ENGINE_PULL_H
#define ENGINE_PULL_H

#include "engine/push_query.h"

/* Whether a query can be answered so, as things stand. Takes the engine's lock. */
bool wr_pull_possible(wr_push_query *p);
/* Starts its thread; when things have changed meanwhile that goes the way by the topics. */
void wr_pull_start(wr_push_query *p);

#endif
