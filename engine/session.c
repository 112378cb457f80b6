/*
 * Sessions: settings and variables of one connection. Names of variables match without regard to
 * case.
 */
#include <stdlib.h>

#include "engine/internal.h"

wr_session *wr_session_new(wr_engine *e)
{
	wr_session *s = wr_calloc(1, sizeof *s);

	s->engine = e;
	s->settings = e->settings;
	s->arena = wr_arena_new();
	return s;
}

void wr_session_free(wr_session *s)
{
	if (!s)
		return;
	wr_arena_free(s->arena);
	free(s->vars);
	free(s);
}

wr_settings *wr_session_settings(wr_session *s)
{
	return &s->settings;
}

void wr_session_define(wr_session *s, wr_str name, wr_str value)
{
	uint32_t i = 0;

	while (i < s->nvars && !wr_str_ieq(s->vars[i][0], name))
		i++;
	if (i == s->room) {
		s->room = s->room ? s->room * 2 : 8;
		s->vars = wr_realloc(s->vars, s->room * sizeof *s->vars);
	}
	if (i == s->nvars)
		s->vars[s->nvars++][0] = wr_arena_str(s->arena, name);
	s->vars[i][1] = wr_arena_str(s->arena, value);
}

void wr_session_keep_defined(wr_session *s)
{
	s->given = s->nvars;
}

void wr_session_define_here(wr_session *s, wr_str name, wr_str value)
{
	for (uint32_t i = 0; i < s->given; i++)
		if (wr_str_ieq(s->vars[i][0], name))
			return;
	wr_session_define(s, name, value);
}

wr_str wr_session_lookup(void *self, wr_str name)
{
	wr_session *s = self;

	for (uint32_t i = 0; i < s->nvars; i++)
		if (wr_str_ieq(s->vars[i][0], name))
			return s->vars[i][1];
	return (wr_str){ 0 };
}

bool wr_session_undefine(wr_session *s, wr_str name)
{
	for (uint32_t i = 0; i < s->nvars; i++)
		if (wr_str_ieq(s->vars[i][0], name)) {
			memmove(s->vars[i], s->vars[i + 1], (s->nvars - i - 1) * sizeof *s->vars);
			s->nvars--;
			s->given -= i < s->given;
			return true;
		}
	return false;
}
