/*
 * Making a graph fit several tasks: a stage that has a scan beside other inputs gets that scan
 * through an exchange of its own, because the partitions of a topic and the tasks of a shuffle need
 * not agree on who owns a key.
 */
#ifndef ENGINE_GRAPH_H
#define ENGINE_GRAPH_H

#include "operators/spec.h"

/* A graph for ntasks tasks, in the arena; g itself when nothing has to change. */
const wr_graph *wr_graph_for_tasks(wr_arena *a, const wr_graph *g, uint16_t ntasks);

#endif
