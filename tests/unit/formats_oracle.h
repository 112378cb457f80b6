/*
 * The JSON reader against jansson: whatever jansson accepts, the reader accepts with the same values, numbers compared as text; both
 * ways of looking at bytes agree on everything. Used by the property test and by the fuzzer.
 */
#ifndef TESTS_UNIT_FORMATS_ORACLE_H
#define TESTS_UNIT_FORMATS_ORACLE_H

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "formats/json_read.h"

#define ORACLE_CHECK(cond, ...)                                                                    \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #cond);                 \
			fprintf(stderr, __VA_ARGS__);                                              \
			fputc('\n', stderr);                                                       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

enum { ORACLE_NAMES = 4 };

/* A plan that keeps members A, B, C and "a long …" as they stand. */
static inline wr_jread_object *oracle_plan(wr_arena *a)
{
	static const char *const names[ORACLE_NAMES] = { "A", "B", "C",
							 "A LONG NAME WITH MORE THAN 32 BYTES" };
	wr_jread_object *o = wr_jread_object_new(a, ORACLE_NAMES);

	for (int i = 0; i < ORACLE_NAMES; i++)
		o->slots[i] = (wr_jread_slot){ .kind = WR_JREAD_RAW,
					       .name = wr_str_of(names[i]),
					       .column = -1 };
	wr_jread_object_ready(o);
	return o;
}

/* The member as the dialect finds it: spelt exactly so, else in lower case (mixed case is left out of the comparison). */
static inline json_t *oracle_member(json_t *doc, wr_str name, bool *skip)
{
	const char *key;
	json_t *value, *exact = NULL, *loose = NULL;
	int nloose = 0;

	json_object_foreach(doc, key, value)
	{
		if (wr_str_is(name, key)) {
			exact = value;
		} else if (wr_str_ieq(name, wr_str_of(key))) {
			loose = value;
			nloose++;
		}
	}
	*skip = !exact && nloose > 1;
	return exact ? exact : loose;
}

/* An object that was kept is compared by reading it again. */
static inline void oracle_nested(const wr_jread_token *t, const json_t *want)
{
	json_error_t err;
	json_t *again = json_loadb(t->p, t->n, JSON_ALLOW_NUL, &err);

	ORACLE_CHECK(again, "%s", err.text);
	ORACLE_CHECK(json_equal(again, want), "nested values differ");
	json_decref(again);
}

static inline void oracle_value(wr_jread *r, const wr_jread_token *t, const json_t *want)
{
	wr_str s;
	char text[512];
	int64_t i;

	switch (json_typeof(want)) {
	case JSON_STRING:
		ORACLE_CHECK(t->kind == '"', "not a string");
		ORACLE_CHECK(wr_jread_string(r, t, &s), "%s", r->reason);
		ORACLE_CHECK(s.n == json_string_length(want) &&
				 !memcmp(s.p, json_string_value(want), s.n),
			     "strings differ");
		break;
	case JSON_INTEGER:
		ORACLE_CHECK(t->kind == '0' && wr_jread_integer(t, &i), "not an integer");
		ORACLE_CHECK(i == json_integer_value(want), "integers differ");
		break;
	case JSON_REAL:
		ORACLE_CHECK(t->kind == '0', "not a number");
		if (t->n < sizeof(text)) {
			memcpy(text, t->p, t->n);
			text[t->n] = 0;
			ORACLE_CHECK(strtod(text, NULL) == json_real_value(want), "numbers differ");
		}
		break;
	case JSON_TRUE:
	case JSON_FALSE:
	case JSON_NULL:
		ORACLE_CHECK(t->kind == "tfn"[json_typeof(want) - JSON_TRUE], "constants differ");
		break;
	default: oracle_nested(t, want);
	}
}

/* Reads an exact copy, so that a step beyond the end shows. */
static inline bool oracle_read(const wr_jread_walker *w, wr_jread *r, wr_jread_object *o,
			       const char *p, size_t n, char **copy)
{
	*copy = wr_malloc(n ? n : 1);
	memcpy(*copy, p, n);
	return w->object(r, (wr_str){ *copy, (uint32_t)n }, o, 0);
}

static inline bool oracle_same_token(const wr_jread_token *x, const char *fx,
				     const wr_jread_token *y, const char *fy)
{
	return x->kind == y->kind && x->n == y->n && x->escaped == y->escaped &&
	       x->high == y->high && x->p - fx == y->p - fy;
}

/* A plan for each way of looking at bytes, the portable one first. */
typedef struct oracle {
	uint32_t n;
	const wr_jread_walker *walkers[3];
	wr_jread_object *plans[3];
} oracle;

static inline oracle oracle_new(wr_arena *a)
{
	const wr_jread_walker *all[3] = { &wr_jread_portable, wr_jread_avx2(), wr_jread_avx512() };
	oracle o = { 0 };

	for (int i = 0; i < 3; i++) {
		if (!all[i])
			continue;
		o.walkers[o.n] = all[i];
		o.plans[o.n++] = oracle_plan(a);
	}
	return o;
}

/* Reading by walker i gives what reading by the first gave (from `copy`). */
static inline void oracle_agree(const oracle *o, uint32_t i, const char *p, size_t n, bool ok,
				const char *copy)
{
	wr_arena *a = wr_arena_new();
	wr_jread q = { .arena = a, .placeholder = UINT32_MAX };
	const wr_jread_object *x = o->plans[0], *y = o->plans[i];
	char *other;
	bool same = oracle_read(o->walkers[i], &q, o->plans[i], p, n, &other);

	ORACLE_CHECK(ok == same, "%s accepts %d: %s: %.*s", o->walkers[i]->name, same, q.reason,
		     (int)n, p);
	for (uint32_t k = 0; ok && k < ORACLE_NAMES; k++) {
		bool met = x->slots[k].seen == x->gen;

		ORACLE_CHECK(met == (y->slots[k].seen == y->gen), "%s: slot %u",
			     o->walkers[i]->name, k);
		ORACLE_CHECK(!met ||
				 oracle_same_token(&x->slots[k].raw, copy, &y->slots[k].raw, other),
			     "%s: slot %u", o->walkers[i]->name, k);
	}
	free(other);
	wr_arena_free(a);
}

/* Returns whether the reader accepts the text. Plans may be used again and again: what they learnt must not matter. */
static inline bool oracle_check(wr_arena *a, const oracle *o, const char *p, size_t n)
{
	wr_jread_object *fast = o->plans[0];
	wr_jread r = { .arena = a, .placeholder = UINT32_MAX };
	char *copy;
	bool ok = oracle_read(o->walkers[0], &r, fast, p, n, &copy), skip;
	/* jansson loses a zero byte behind a number */
	json_t *doc = memchr(p, 0, n) ? NULL : json_loadb(p, n, JSON_ALLOW_NUL, NULL);

	for (uint32_t i = 1; i < o->n; i++)
		oracle_agree(o, i, p, n, ok, copy);
	if (json_is_object(doc)) {
		ORACLE_CHECK(ok, "refused: %s at %ld", r.reason, (long)(r.at - r.start));
		for (uint32_t i = 0; i < ORACLE_NAMES; i++) {
			json_t *want = oracle_member(doc, fast->slots[i].name, &skip);

			if (skip)
				continue;
			ORACLE_CHECK((want != NULL) == (fast->slots[i].seen == fast->gen),
				     "member %u", i);
			if (want)
				oracle_value(&r, &fast->slots[i].raw, want);
		}
	}
	json_decref(doc);
	free(copy);
	return ok;
}

#endif
