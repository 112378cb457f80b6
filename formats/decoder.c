/*
 * Records to rows: joins the two sides of a record, and adds what is in neither: change, time,
 * place, headers, windows.
 *
 *	record	key K, value {"A":1}		stream	INSERT K 1		table	NEW K 1
 *		key K, null			stream	INSERT_NULL K null	table	GONE K
 *		null, {"A":1}			stream	INSERT null 1		table	bad: no key
 *		key K, {"A":			bad: the value cannot be read
 *
 * A row is built at place b->n and counts only when all of it is there; a record that turns out bad
 * leaves nothing behind. DEBEZIUM reads both sides together and may give two rows or none; the rest
 * is the same (formats/debezium.h).
 *
 * Room for all rows of a run is made before it, so that vectors do not move while the sides hold
 * pointers into them.
 */
#include "core/time_text.h"
#include "formats/debezium.h"
#include "formats/json_read.h"

#include <endian.h>

struct wr_decoder {
	wr_decode_spec spec;
	wr_side *key, *value; /* NULL: read by debezium, or there are no columns */
	wr_debezium *debezium;
	const wr_time_pattern *pattern;
	uint32_t nuncovered; /* columns that no side brings */
	uint32_t *uncovered;
	wr_bad_record_fn bad;
	void *self;
};

/* ---- opening */

static wr_status open_side(wr_arena *a, const wr_side_spec *spec, wr_side **out, wr_err *err)
{
	const wr_format_row *f = wr_format_row_find(wr_str_of(spec->format));

	if (!f)
		return wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "Unknown format: %s",
				  spec->format);
	if (!f->open) {
		wr_err_set(err, WR_ERR_NOT_IMPLEMENTED, WR_NO_SPAN, "Format %s cannot be read",
			   f->def.name);
		return wr_err_hint(err, "this version reads JSON, DEBEZIUM, DELIMITED and KAFKA");
	}
	if (f->def.check && f->def.check(spec, spec->is_key, err))
		return WR_FAIL;
	*out = f->open(a, spec);
	return WR_OK;
}

static bool is_joined(const wr_side_spec *spec)
{
	const wr_format_row *f = spec->format ? wr_format_row_find(wr_str_of(spec->format)) : NULL;

	return f && f->joined;
}

static void cover(bool *covered, const wr_side_spec *spec)
{
	for (uint32_t i = 0; i < spec->n; i++)
		if (spec->to[i] >= 0)
			covered[spec->to[i]] = true;
}

static void find_uncovered(wr_arena *a, wr_decoder *d)
{
	const wr_decode_spec *s = &d->spec;
	bool *covered = WR_NEW_ARRAY(a, bool, s->schema->n);

	cover(covered, &s->key);
	cover(covered, &s->value);
	for (uint32_t i = 0; i < WR_CDC_COUNT && d->debezium; i++)
		if (s->cdc_to[i] >= 0)
			covered[s->cdc_to[i]] = true;
	for (uint32_t i = 0; i < s->nheaders; i++)
		if (s->headers[i].to >= 0)
			covered[s->headers[i].to] = true;
	d->uncovered = WR_NEW_ARRAY(a, uint32_t, s->schema->n);
	for (uint32_t i = 0; i < s->schema->n; i++)
		if (!covered[i])
			d->uncovered[d->nuncovered++] = i;
}

static wr_status open_time(wr_arena *a, wr_decoder *d, wr_err *err)
{
	const wr_decode_spec *s = &d->spec;
	wr_tag tag;

	if (s->time_col < 0)
		return WR_OK;
	tag = s->schema->cols[s->time_col].type->tag;
	if (tag == WR_BIGINT || tag == WR_TIMESTAMP)
		return WR_OK;
	if (tag != WR_STRING)
		return wr_err_set(
		    err, WR_ERR_STATEMENT, WR_NO_SPAN,
		    "The timestamp column %.*s is %s; it must be BIGINT, TIMESTAMP or STRING",
		    WR_STR_ARG(s->schema->cols[s->time_col].name), wr_tag_name(tag));
	if (!s->time_format)
		return WR_OK;
	d->pattern = wr_time_pattern_new(a, wr_str_of(s->time_format), err);
	return d->pattern ? WR_OK : WR_FAIL;
}

wr_status wr_decoder_open(wr_arena *arena, const wr_decode_spec *spec, wr_decoder **out,
			  wr_err *err)
{
	wr_decoder *d = WR_NEW(arena, wr_decoder);

	d->spec = *spec;
	d->spec.key.is_key = true;
	spec = &d->spec;
	if (is_joined(&spec->key) && !is_joined(&spec->value)) {
		wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN,
			   "KEY_FORMAT='DEBEZIUM' needs VALUE_FORMAT='DEBEZIUM'");
		return wr_err_hint(err, "for a plain JSON key write KEY_FORMAT='JSON'");
	}
	if (spec->key.n && !is_joined(&spec->key) && open_side(arena, &spec->key, &d->key, err))
		return WR_FAIL;
	if (is_joined(&spec->value)) {
		if (wr_debezium_open(arena, spec, d->key, &d->debezium, err))
			return WR_FAIL;
	} else if (spec->value.n && open_side(arena, &spec->value, &d->value, err)) {
		return WR_FAIL;
	}
	find_uncovered(arena, d);
	if (open_time(arena, d, err))
		return WR_FAIL;
	*out = d;
	return WR_OK;
}

/* ---- a record */

static void report(wr_decoder *d, const wr_record *rec, const char *side, const wr_defect *why)
{
	wr_err err = WR_ERR_INIT;

	if (why->at >= 0)
		wr_err_set(&err, WR_ERR_DATA, WR_NO_SPAN, "%s cannot be read at byte %lld: %s",
			   side, (long long)why->at, why->reason);
	else
		wr_err_set(&err, WR_ERR_DATA, WR_NO_SPAN, "%s cannot be read: %s", side,
			   why->reason);
	err.partition = rec->partition;
	err.offset = rec->offset;
	d->bad(d->self, rec, &err);
}

static int64_t get_i64(const char *p)
{
	uint64_t x;

	memcpy(&x, p, sizeof(x));
	return (int64_t)be64toh(x);
}

/* Takes the window off the end of a key. */
static bool split_window(wr_decoder *d, wr_batch *b, wr_str *key, uint32_t row, wr_defect *why)
{
	bool session = d->spec.key.window == WR_WINDOW_SESSION;
	uint32_t n = session ? 16 : 8;
	const char *end = key->p + key->n;

	if (key->n < n) {
		wr_defect_set(why, -1,
			      "a windowed key ends in %u bytes of window, and it has %u in all", n,
			      key->n);
		return false;
	}
	b->wstart[row] = get_i64(end - 8);
	b->wend[row] = session ? get_i64(end - 16) : b->wstart[row] + d->spec.key.window_size;
	key->n -= n;
	return true;
}

static bool read_key(wr_decoder *d, wr_batch *b, const wr_record *rec, uint32_t row)
{
	wr_side_result got = WR_SIDE_NULL;
	wr_str key = rec->key;
	wr_defect why;

	if (d->spec.key.window != WR_WINDOW_NONE) {
		b->wstart[row] = b->wend[row] = 0;
		if (key.p && !split_window(d, b, &key, row, &why)) {
			report(d, rec, "the key", &why);
			return false;
		}
	}
	if (!d->key)
		return true;
	if (key.p)
		got = d->key->read(d->key, key, row, &why);
	if (got == WR_SIDE_NULL) {
		if (d->spec.table) {
			wr_defect_set(&why, -1, "it is null, and a table's row needs one");
			got = WR_SIDE_BAD;
		} else {
			wr_side_nulls(&d->spec.key, b, row);
		}
	}
	if (got == WR_SIDE_BAD)
		report(d, rec, "the key", &why);
	return got != WR_SIDE_BAD;
}

static bool read_value(wr_decoder *d, wr_batch *b, const wr_record *rec, uint32_t row)
{
	wr_side_result got = WR_SIDE_NULL;
	wr_defect why;

	if (rec->value.p)
		got = d->value ? d->value->read(d->value, rec->value, row, &why) : WR_SIDE_ROW;
	if (got == WR_SIDE_BAD) {
		report(d, rec, "the value", &why);
		return false;
	}
	if (got == WR_SIDE_NULL)
		wr_side_nulls(&d->spec.value, b, row);
	if (d->spec.table)
		b->change[row] = got == WR_SIDE_NULL ? WR_ROW_GONE : WR_ROW_NEW;
	else
		b->change[row] = got == WR_SIDE_NULL ? WR_ROW_INSERT_NULL : WR_ROW_INSERT;
	return true;
}

/* All headers as a list, or the last of a name. */
static void put_headers(wr_decoder *d, wr_batch *b, const wr_record *rec, uint32_t row)
{
	uint32_t n = rec->headers ? rec->headers->n : 0;

	for (uint32_t i = 0; i < d->spec.nheaders; i++) {
		const wr_header_column *h = &d->spec.headers[i];
		wr_vec *v;

		if (h->to < 0)
			continue;
		v = &b->cols[h->to];
		if (!h->header.p) {
			wr_vec *pair = &v->kids[0];
			uint32_t at = pair->n;

			for (uint32_t k = 0; k < n; k++) {
				const wr_header *x = &rec->headers->items[k];

				wr_vec_reserve(pair, b->arena, at + k + 1);
				((wr_str *)pair->kids[0].data)[at + k] = x->key;
				((wr_str *)pair->kids[1].data)[at + k] = x->value;
				if (!x->value.p)
					wr_vec_set_null(&pair->kids[1], b->arena, at + k);
				wr_jread_set_rows(pair, at + k + 1);
			}
			((wr_list *)v->data)[row] = (wr_list){ at, n };
			continue;
		}
		wr_vec_set_null(v, b->arena, row);
		for (uint32_t k = n; k-- > 0;) {
			const wr_header *x = &rec->headers->items[k];

			if (!wr_str_eq(x->key, h->header))
				continue;
			((wr_str *)v->data)[row] = x->value;
			v->null[row] = x->value.p == NULL;
			break;
		}
	}
}

/* The time in the row's own column. A row without a value keeps the record's time. false: none. */
static bool column_time(wr_decoder *d, const wr_batch *b, uint32_t row, int64_t *time)
{
	uint32_t col = (uint32_t)d->spec.time_col;
	const wr_vec *v = &b->cols[col];
	bool gone = b->change[row] == WR_ROW_INSERT_NULL || b->change[row] == WR_ROW_GONE;

	if ((gone && col >= d->spec.schema->nkeys) || b->change[row] == WR_ROW_TRUNCATE)
		return true;
	if (wr_vec_is_null(v, row))
		return false;
	if (v->type->tag != WR_STRING)
		*time = ((const int64_t *)v->data)[row];
	else if (d->pattern
		     ? !wr_time_pattern_parse(d->pattern, wr_vec_str(v, row), wr_zone_utc(), time)
		     : !wr_parse_timestamp(wr_vec_str(v, row), time))
		return false;
	return *time >= 0;
}

/* Sets what stands beside the columns. false: the row has no time. */
static bool complete(wr_decoder *d, wr_batch *b, const wr_record *rec, uint32_t row, int64_t time)
{
	b->offset[row] = rec->offset;
	if (b->headers || rec->headers) {
		if (!b->headers)
			b->headers = wr_arena_zalloc(b->arena, b->room * sizeof(*b->headers));
		b->headers[row] = rec->headers;
	}
	if (d->spec.nheaders)
		put_headers(d, b, rec, row);
	for (uint32_t i = 0; i < d->nuncovered; i++)
		wr_vec_set_null(&b->cols[d->uncovered[i]], b->arena, row);
	b->rowtime[row] = time;
	return d->spec.time_col < 0 || column_time(d, b, row, &b->rowtime[row]);
}

/* A row without a time is dropped, or ends the query. */
static wr_status no_time(wr_decoder *d, const wr_record *rec, wr_err *err)
{
	wr_str name = d->spec.schema->cols[d->spec.time_col].name;
	wr_err why = WR_ERR_INIT;

	wr_err_set(&why, WR_ERR_DATA, WR_NO_SPAN, "column %.*s gives the record no valid time",
		   WR_STR_ARG(name));
	wr_err_hint(&why, "it must be a time after 1970%s",
		    d->pattern ? " in the form of TIMESTAMP_FORMAT" : "");
	why.partition = rec->partition;
	why.offset = rec->offset;
	if (!d->spec.strict_time) {
		d->bad(d->self, rec, &why);
		return WR_OK;
	}
	why.cls = WR_ERR_RUNTIME;
	*err = why;
	return WR_FAIL;
}

/* Sets *n to the rows that the record gave, at b->n and after. */
static wr_status read_record(wr_decoder *d, wr_batch *b, const wr_record *rec, uint32_t part,
			     uint32_t *n, wr_err *err)
{
	uint32_t row = b->n;
	int64_t time = rec->timestamp;
	const char *side = "the value";
	wr_defect why;
	int rows = 1;

	*n = 0;
	if (d->debezium) {
		rows = wr_debezium_read(d->debezium, rec, part, &time, &side, &why);
		if (rows < 0)
			report(d, rec, side, &why);
	} else if (!read_key(d, b, rec, row) || !read_value(d, b, rec, row)) {
		return WR_OK;
	}
	for (int i = 0; i < rows; i++) {
		b->part[row + i] = part;
		if (!complete(d, b, rec, row + i, time))
			return no_time(d, rec, err);
	}
	*n = rows > 0 ? (uint32_t)rows : 0;
	return WR_OK;
}

static void prepare(wr_decoder *d, wr_batch *b, uint32_t n)
{
	uint32_t room = b->room;

	/* DEBEZIUM may use some places beyond the rows that stay. */
	wr_batch_reserve(b, b->n + (d->debezium ? wr_debezium_room(d->debezium, n) : n));
	if (b->absent && b->room != room) {
		size_t words = WR_ABSENT_WORDS(b->schema);
		uint64_t *more = wr_arena_zalloc(b->arena, b->room * words * sizeof(*more));

		memcpy(more, b->absent, b->n * words * sizeof(*more));
		b->absent = more;
	}
	if (d->spec.key.window != WR_WINDOW_NONE && !b->wstart) {
		b->wstart = wr_arena_zalloc(b->arena, b->room * sizeof(*b->wstart));
		b->wend = wr_arena_zalloc(b->arena, b->room * sizeof(*b->wend));
	}
	if (d->key)
		d->key->bind(d->key, b);
	if (d->value)
		d->value->bind(d->value, b);
	if (d->debezium)
		wr_debezium_bind(d->debezium, b);
}

/* Asks for the next record's bytes while this one is read: they were written by another thread. */
static inline void fetch_ahead(const wr_record *rec)
{
	uint32_t n = rec->value.n < 2048 ? rec->value.n : 2048;

	for (uint32_t i = 0; i < n; i += 64)
		__builtin_prefetch(rec->value.p + i);
}

wr_status wr_decoder_run(wr_decoder *d, const wr_record *recs, uint32_t n, const uint32_t *parts,
			 wr_batch *b, wr_bad_record_fn bad, void *self, wr_err *err)
{
	wr_status status = WR_OK;
	uint32_t got;

	d->bad = bad;
	d->self = self;
	prepare(d, b, n);
	for (uint32_t i = 0; i < n && !status; i++) {
		if (i + 1 < n)
			fetch_ahead(&recs[i + 1]);
		status = read_record(d, b, &recs[i], parts[recs[i].partition], &got, err);
		b->n += got;
	}
	for (uint32_t c = 0; c < d->spec.schema->n; c++)
		wr_jread_set_rows(&b->cols[c], b->n);
	return status;
}
