/*
 * For the tests of sinks: a sink with a state in memory and one task, driven as the engine drives it.
 *
 *	sink_kit_open(k, &wr_sink_csv, "ID STRING KEY, V BIGINT", (const char *const[]){ "PATH", path, NULL })
 *	sink_kit_rows(k, "NEW a|5 @100\n"	kind, values parted by |, row time; ~ is NULL
 *	                 "NEW b| @120 [0,10)\n")
 *	sink_kit_epoch(k, final)		snapshot, mark, commit, committed
 *	sink_kit_crash(k)			closed as it stands, opened with the last mark
 */
#ifndef TESTS_UNIT_SINK_KIT_H
#define TESTS_UNIT_SINK_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/time_text.h"
#include "sinks/sink_list.h"

typedef struct sink_kit {
	wr_arena *plan, *rows;
	wr_db *db;
	wr_state *state;
	wr_sink_spec spec;
	wr_settings settings;
	wr_sink_cx cx;
	const wr_sink_def *def;
	wr_sink *sink;
	wr_sink_writer *writer;
	wr_buf mark;
	bool marked;
	uint64_t epoch;
	wr_err err;
	wr_buf refused; /* "id|reason|body", a line each: what the sink gave up */
} sink_kit;

static inline void sink_kit_refused(void *arg, const wr_refused *r)
{
	wr_buf_printf(&((sink_kit *)arg)->refused, "%s|%s|%.*s\n", r->id, r->reason,
		      WR_STR_ARG(r->body));
}

static inline const wr_schema *sink_kit_schema(wr_arena *a, const char *text)
{
	wr_schema *s = WR_NEW(a, wr_schema);
	wr_column *cols = WR_NEW_ARRAY(a, wr_column, 16);
	char *copy = wr_arena_strdup(a, text), *save = NULL;

	for (char *c = strtok_r(copy, ";", &save); c; c = strtok_r(NULL, ";", &save)) {
		c += strspn(c, " ");
		char *type = strchr(c, ' '), *key;

		*type++ = 0;
		key = strstr(type, " KEY");
		if (key) {
			*key = 0;
			s->nkeys++;
		}
		cols[s->n].name = wr_str_of(c);
		cols[s->n].type = wr_type_read(a, wr_str_of(type));
		assert_non_null(cols[s->n++].type);
	}
	s->cols = cols;
	return s;
}

/* The spec alone, for check. Properties: name, value, …, NULL; their spans begin at 10, 20, … */
static inline void sink_kit_spec(sink_kit *k, const wr_sink_def *def, const char *schema,
				 const char *const *props)
{
	wr_sink_prop *p;

	k->plan = wr_arena_new();
	k->rows = wr_arena_new();
	k->err = WR_ERR_INIT;
	k->def = def;
	p = WR_NEW_ARRAY(k->plan, wr_sink_prop, 32);
	k->spec.type = def->type;
	k->spec.name = WR_STR_LIT("OUT");
	k->spec.schema = sink_kit_schema(k->plan, schema);
	k->spec.props = p;
	k->spec.op = 7;
	for (; props && props[0]; props += 2, k->spec.nprops++)
		p[k->spec.nprops] = (wr_sink_prop){ wr_arena_str(k->plan, wr_str_of(props[0])),
						    wr_arena_str(k->plan, wr_str_of(props[1])),
						    { 10 * (k->spec.nprops + 1), 5 } };
}

static inline void sink_kit_start(sink_kit *k)
{
	wr_str mark =
	    k->marked ? (wr_str){ k->mark.p ? k->mark.p : "", (uint32_t)k->mark.n } : (wr_str){ 0 };

	assert_int_equal(wr_state_open(k->db, "test", &k->state, &k->err), WR_OK);
	k->cx.state = k->state;
	if (k->def->open(&k->spec, &k->cx, mark, &k->sink, &k->err) ||
	    k->sink->def->writer(k->sink, 0, &k->writer, &k->err))
		fail_msg("open: %s", k->err.message);
}

static inline void sink_kit_stop(sink_kit *k)
{
	k->sink->def->close(k->sink);
	wr_state_close(k->state);
	k->sink = NULL;
}

static inline void sink_kit_open(sink_kit *k, const wr_sink_def *def, const char *schema,
				 const char *const *props)
{
	sink_kit_spec(k, def, schema, props);
	if (def->check(&k->spec, &k->err))
		fail_msg("check: %s", k->err.message);
	wr_settings_init(&k->settings);
	assert_int_equal(wr_db_open(NULL, &(wr_db_options){ .memory = true }, &k->db, &k->err),
			 WR_OK);
	k->cx = (wr_sink_cx){ .settings = &k->settings,
			      .ntasks = 1,
			      .incarnation = "inc",
			      .keep_refused = sink_kit_refused,
			      .run = k };
	sink_kit_start(k);
}

static inline void sink_kit_crash(sink_kit *k)
{
	sink_kit_stop(k);
	sink_kit_start(k);
}

static inline void sink_kit_close(sink_kit *k)
{
	if (k->sink)
		sink_kit_stop(k);
	if (k->db)
		wr_db_close(k->db);
	wr_buf_free(&k->mark);
	wr_buf_free(&k->refused);
	wr_arena_free(k->plan);
	wr_arena_free(k->rows);
	memset(k, 0, sizeof *k);
}

static inline void sink_kit_value(wr_vec *v, wr_arena *a, const char *text)
{
	void *data;

	if (strcmp(text, "~") == 0) {
		wr_vec_push_null(v, a);
		return;
	}
	if (v->type->tag == WR_ARRAY) { /* 1+2+3 */
		char *copy = wr_arena_strdup(a, text), *save = NULL;
		uint32_t begin = wr_vec_list_begin(v);

		for (char *e = strtok_r(copy, "+", &save); e; e = strtok_r(NULL, "+", &save))
			sink_kit_value(&v->kids[0], a, e);
		wr_vec_list_end(v, a, begin);
		return;
	}
	wr_vec_resize(v, a, v->n + 1);
	data = (char *)v->data + (v->n - 1) * wr_tag_size(v->type->tag);
	switch (v->type->tag) {
	case WR_STRING:
	case WR_BYTES: *(wr_str *)data = wr_arena_str(a, wr_str_of(text)); break;
	case WR_BOOLEAN: *(uint8_t *)data = strcmp(text, "true") == 0; break;
	case WR_INTEGER:
	case WR_DATE:
	case WR_TIME: *(int32_t *)data = atoi(text); break;
	case WR_BIGINT:
	case WR_TIMESTAMP: *(int64_t *)data = atoll(text); break;
	case WR_DOUBLE: *(double *)data = atof(text); break;
	case WR_DECIMAL: assert_true(wr_dec_parse(a, wr_str_of(text), v->type, true, data)); break;
	default: fail_msg("no text for this type");
	}
}

static inline uint8_t sink_kit_kind(const char *word)
{
	static const char *const kinds[] = { "INSERT", "INSERT_NULL", "NEW", "OLD",
					     "BEFORE", "AFTER",	      "GONE" };

	for (uint8_t i = 0; i < 7; i++)
		if (strcmp(word, kinds[i]) == 0)
			return i;
	fail_msg("no kind: %s", word);
	return 0;
}

/* "KIND v|v|v @time [start,end)" */
static inline void sink_kit_row(sink_kit *k, wr_batch *b, char *line)
{
	char *values = strchr(line, ' '), *at = strrchr(line, '@');
	long long start, end;
	uint32_t row = b->n, c = 0;

	*values++ = 0;
	b->change[row] = sink_kit_kind(line);
	b->rowtime[row] = atoll(at + 1);
	if (strchr(at, '[')) {
		assert_int_equal(sscanf(strchr(at, '['), "[%lld,%lld)", &start, &end), 2);
		if (!b->wstart) {
			b->wstart = WR_NEW_ARRAY(k->rows, int64_t, b->room);
			b->wend = WR_NEW_ARRAY(k->rows, int64_t, b->room);
		}
		b->wstart[row] = start;
		b->wend[row] = end;
	}
	at[-1] = 0;
	for (char *v = values; v; c++) {
		char *bar = strchr(v, '|');

		if (bar)
			*bar++ = 0;
		sink_kit_value(&b->cols[c], k->rows, v);
		v = bar;
	}
	assert_int_equal(c, b->schema->n);
	b->n++;
}

static inline wr_status sink_kit_try_rows(sink_kit *k, const char *text)
{
	wr_batch b;
	char *copy = wr_arena_strdup(k->rows, text), *save = NULL;

	wr_batch_init(&b, k->rows, k->spec.schema, 64);
	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		sink_kit_row(k, &b, line);
	wr_status status = k->sink->def->write(k->writer, &b, 0, b.n, &k->err);

	wr_arena_reset(k->rows);
	return status;
}

static inline void sink_kit_rows(sink_kit *k, const char *text)
{
	if (sink_kit_try_rows(k, text))
		fail_msg("write: %s", k->err.message);
}

/* Up to the commit, or not so far: as an epoch that dies before it. */
static inline void sink_kit_prepare(sink_kit *k, wr_buf *mark)
{
	const wr_sink_def *d = k->sink->def;

	wr_buf_reset(mark);
	if ((d->snapshot && d->snapshot(k->writer, &k->err)) ||
	    d->mark(k->sink, k->epoch + 1, mark, &k->err))
		fail_msg("mark: %s", k->err.message);
}

static inline void sink_kit_epoch(sink_kit *k, bool final)
{
	const wr_sink_def *d = k->sink->def;

	sink_kit_prepare(k, &k->mark);
	assert_int_equal(wr_state_commit(k->state, &k->err), WR_OK);
	k->epoch++;
	k->marked = true;
	if (d->committed && d->committed(k->sink, k->epoch, final, &k->err))
		fail_msg("committed: %s", k->err.message);
}

#endif
