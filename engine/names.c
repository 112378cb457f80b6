/*
 * The catalog in memory: names of relations, sinks and types, and the planner's read-only face of
 * it.
 */
#include "engine/internal.h"
#include "engine/journal.h"
#include "io/kafka_admin.h"

static wr_engine *engine_of(const wr_catalog *c)
{
	return c->self;
}

wr_named *wr_names_find(wr_engine *e, wr_str name)
{
	for (wr_named *n = e->names.first; n; n = n->next)
		if (wr_str_eq(n->name, name))
			return n;
	return NULL;
}

static const wr_relation *find(const wr_catalog *c, wr_str name)
{
	wr_named *n = wr_names_find(engine_of(c), name);

	if (n)
		n->looked_up = true;
	return n ? n->relation : NULL;
}

const wr_type *wr_names_type(wr_engine *e, wr_str name)
{
	for (wr_named_type *t = e->names.types; t; t = t->next)
		if (wr_str_eq(t->name, name)) {
			t->looked_up = true;
			return t->type;
		}
	return NULL;
}

static const wr_type *find_type(const wr_catalog *c, wr_str name)
{
	return wr_names_type(engine_of(c), name);
}

static uint32_t names(const wr_catalog *c, const char **out, uint32_t max)
{
	uint32_t n = 0;

	for (wr_named *it = engine_of(c)->names.first; it; it = it->next) {
		if (!it->relation)
			continue;
		if (n < max)
			out[n] = it->name.p;
		n++;
	}
	return n;
}

static int32_t partitions(const wr_catalog *c, wr_str topic)
{
	wr_engine *e = engine_of(c);
	wr_err err = WR_ERR_INIT;
	int32_t n;

	if (e->topics)
		return wr_topics_partitions(e->topics, topic);
	n = wr_journal_partitions(e, topic);
	if (n > 0)
		return n;
	return wr_kafka_topic_partitions(e->config.broker, e->io.kafka_conf, topic, &n, &err) ==
		       WR_OK
		   ? n
		   : -1;
}

void wr_names_init(wr_engine *e)
{
	e->names.catalog = (wr_catalog){ .self = e,
					 .find = find,
					 .find_type = find_type,
					 .names = names,
					 .partitions = partitions };
}

wr_named *wr_names_add(wr_engine *e, const wr_relation *r, wr_str sink_name, wr_str text)
{
	wr_named *n = WR_NEW(e->arena, wr_named), **last = &e->names.first;

	n->relation = r;
	n->name = wr_arena_str(e->arena, r ? r->name : sink_name);
	n->text = wr_arena_str(e->arena, text);
	while (*last)
		last = &(*last)->next;
	*last = n;
	return n;
}

void wr_names_remove(wr_engine *e, wr_named *n)
{
	for (wr_named **at = &e->names.first; *at; at = &(*at)->next)
		if (*at == n) {
			*at = n->next;
			return;
		}
}
