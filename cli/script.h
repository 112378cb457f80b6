/* Running one .test file: see script.c for what it may say. */
#ifndef CLI_SCRIPT_H
#define CLI_SCRIPT_H

#include "cli/test.h"

/* How far a topic's output was looked at. */
typedef struct wr_seen {
	char topic[128];
	int64_t next[64];
} wr_seen;

typedef struct wr_script {
	wr_arena *arena;
	wr_engine *engine;
	wr_session *session;
	wr_settings settings;
	const wr_world *world;
	wr_case_result *result;
	const char *dir; /* data directory of this file alone */
	bool by_hand;
	unsigned line, block_line;
	const char *explained;
	wr_seen seen[32];
	unsigned nseen, rollbacks;
} wr_script;

/* The part behind the line ----; *body is cut before it. p NULL when there is none. */
wr_str wr_script_behind_rule(wr_str *body);
/* script_records.c */
void wr_script_input(wr_script *s, wr_str topic, wr_str lines);
void wr_script_output(wr_script *s, bool table, wr_str topic, wr_str lines);
void wr_script_query(wr_script *s, wr_str body);
/* A number that stays the same while no query does anything. */
uint64_t wr_script_activity(wr_script *s);

#endif
