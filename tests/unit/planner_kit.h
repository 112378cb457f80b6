/*
 * For tests of the planner: a catalog of what earlier statements made, and a way to plan a text.
 */
#ifndef TESTS_PLANNER_KIT_H
#define TESTS_PLANNER_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "parser/parse.h"
#include "planner/plan.h"

typedef struct kit {
	wr_catalog catalog;
	wr_arena *arena;
	wr_settings settings;
	const char *source_kind;
	uint32_t n;
	const wr_relation *relations[64];
	const char *text; /* of the last statement planned */
	wr_plan plan;
	wr_err err;
} kit;

static inline const wr_relation *kit_find(const wr_catalog *c, wr_str name)
{
	const kit *k = c->self;

	for (uint32_t i = k->n; i-- > 0;)
		if (wr_str_eq(k->relations[i]->name, name))
			return k->relations[i];
	return NULL;
}

static inline const wr_type *kit_find_type(const wr_catalog *c, wr_str name)
{
	(void)c;
	return wr_str_is(name, "POINT") ? wr_type_of(WR_DOUBLE) : NULL;
}

static inline uint32_t kit_names(const wr_catalog *c, const char **out, uint32_t max)
{
	const kit *k = c->self;

	for (uint32_t i = 0; i < k->n && i < max; i++)
		out[i] = wr_arena_str(k->arena, k->relations[i]->name).p;
	return k->n;
}

static inline int32_t kit_partitions(const wr_catalog *c, wr_str topic)
{
	const kit *k = c->self;

	for (uint32_t i = 0; i < k->n; i++)
		if (wr_str_eq(k->relations[i]->topic, topic))
			return k->relations[i]->partitions;
	return 0;
}

static inline kit *kit_new(void)
{
	wr_arena *a = wr_arena_new();
	kit *k = WR_NEW(a, kit);

	k->arena = a;
	k->catalog = (wr_catalog){ k, kit_find, kit_find_type, kit_names, kit_partitions };
	k->source_kind = "memory";
	wr_settings_init(&k->settings);
	return k;
}

static inline void kit_free(kit *k)
{
	wr_arena_free(k->arena);
}

static inline void kit_set(kit *k, const char *name, const char *value)
{
	wr_err err = WR_ERR_INIT;

	assert_int_equal(wr_settings_set(&k->settings, wr_str_of(name), wr_str_of(value), &err),
			 WR_OK);
}

/* Plans every statement of the text; relations go to the catalog. Ends at the first error, which is in k->err. */
static inline wr_status kit_plan(kit *k, const char *text)
{
	uint32_t at = 0;

	for (;;) {
		wr_plan_cx cx = { .arena = k->arena,
				  .catalog = &k->catalog,
				  .settings = &k->settings,
				  .source_kind = k->source_kind,
				  .text = wr_str_of(text) };
		wr_stmt *s;

		wr_err_clear(&k->err);
		k->text = text;
		if (wr_parse_next(k->arena, wr_str_of(text), &at, &s, &k->err))
			return WR_FAIL;
		if (!s)
			return WR_OK;
		if (wr_plan_statement(&cx, s, &k->plan, &k->err))
			return WR_FAIL;
		if (k->plan.kind == WR_PLAN_CREATE_SOURCE || k->plan.kind == WR_PLAN_CREATE_AS)
			k->relations[k->n++] = k->plan.relation;
	}
}

static inline void kit_ok(kit *k, const char *text)
{
	if (kit_plan(k, text))
		fail_msg("%s\n%s (%s)", text, k->err.message, k->err.hint);
}

/* The schema of a relation as text. */
static inline const char *kit_schema(kit *k, const char *name)
{
	const wr_relation *r = kit_find(&k->catalog, wr_str_of(name));
	wr_buf b = { 0 };
	const char *out;

	assert_non_null(r);
	wr_schema_print(r->schema, r->table, &b);
	out = wr_arena_str(k->arena, wr_buf_view(&b)).p;
	wr_buf_free(&b);
	return out;
}

static inline const char *kit_explain(kit *k)
{
	wr_buf b = { 0 };
	const char *out;

	wr_plan_explain(&k->plan, &b);
	out = wr_arena_str(k->arena, wr_buf_view(&b)).p;
	wr_buf_free(&b);
	return out;
}

#endif
