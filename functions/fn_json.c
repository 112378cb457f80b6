/*
 * JSON held in texts: taking fields out, asking about arrays and objects, joining documents.
 *
 * Documents are read by core/json.h, whole, into the batch's arena; numbers keep the text they were
 * written with. What stands behind the first value is not looked at (IS_JSON_STRING alone wants the
 * whole text to be one). A text that is no JSON fails the row; an empty one has no value and gives
 * null.
 *
 * A path is $ and steps: .name, [3], ['name'], ["name"]. Constant ones are read once, when the call
 * is bound.
 *
 *	EXTRACTJSONFIELD('{"a": [{"b": 1}]}', '$.a[0].b')   '1'
 */
#include "core/json.h"
#include "core/number.h"
#include "functions/cast.h"
#include "functions/families.h"
#include "functions/kernel.h"

#define STR(k, row) WR_ARG(wr_str, k, row)

/* ---------------------------------------------------------------- reading and writing */

static bool blank(wr_str s)
{
	for (uint32_t i = 0; i < s.n; i++)
		if (!s.p[i] || !strchr(" \t\r\n", s.p[i]))
			return false;
	return true;
}

/* NULL: there is no value (the row is null now), or it failed. */
static wr_json *read_row(wr_fn_cx *cx, wr_vec *out, uint32_t row, wr_str s)
{
	wr_err err = WR_ERR_INIT;
	wr_json *j;
	wr_str rest;

	if (blank(s)) {
		if (row < out->n)
			wr_vec_set_null(out, cx->arena, row);
		else
			wr_vec_push_null(out, cx->arena);
		return NULL;
	}
	j = wr_json_parse_prefix(cx->arena, s, &rest, &err);
	if (!j)
		wr_fn_fail(cx, out, row, "the text is no JSON: %s", err.message);
	return j;
}

static wr_str written(wr_fn_cx *cx, const wr_json *j, wr_buf *text)
{
	wr_buf_reset(text);
	wr_json_write(j, text);
	return wr_arena_str(cx->arena, wr_buf_view(text));
}

/* ---------------------------------------------------------------- EXTRACTJSONFIELD */

typedef struct path_step {
	wr_str name; /* p == NULL: an index */
	int64_t index;
} path_step;

typedef struct path {
	uint32_t n;
	path_step *steps;
} path;

static bool read_bracket(const char **p, const char *end, path_step *step)
{
	const char *begin = ++*p, *close;
	char quote;

	if (begin < end && (*begin == '\'' || *begin == '"')) {
		quote = *begin++;
		close = memchr(begin, quote, (size_t)(end - begin));
		if (!close || close + 1 >= end || close[1] != ']')
			return false;
		step->name = (wr_str){ begin, (uint32_t)(close - begin) };
		*p = close + 2;
		return true;
	}
	close = memchr(begin, ']', (size_t)(end - begin));
	if (!close)
		return false;
	*p = close + 1;
	return wr_parse_i64((wr_str){ begin, (uint32_t)(close - begin) }, &step->index) &&
	       step->index >= 0;
}

static bool read_name(const char **p, const char *end, path_step *step)
{
	const char *begin = ++*p;

	while (*p < end && **p != '.' && **p != '[')
		++*p;
	step->name = (wr_str){ begin, (uint32_t)(*p - begin) };
	return step->name.n > 0;
}

static bool read_path(wr_arena *a, wr_str text, path *out)
{
	const char *p = text.p, *end = p + text.n;

	*out = (path){ 0, wr_arena_alloc(a, (text.n + 1) * sizeof(path_step)) };
	if (text.n == 0 || *p++ != '$')
		return false;
	while (p < end) {
		path_step *s = &out->steps[out->n++];

		*s = (path_step){ { NULL, 0 }, 0 };
		if (*p == '.' ? !read_name(&p, end, s) : *p != '[' || !read_bracket(&p, end, s))
			return false;
	}
	return true;
}

static const wr_type *bind_path(wr_arena *a, const wr_type *const *types,
				const wr_vec *const *consts, uint32_t n, const void **bound,
				wr_err *err)
{
	path *p;

	(void)n;
	if (!consts[1] || wr_vec_is_null(consts[1], 0))
		return types[0];
	p = WR_NEW(a, path);
	*bound = p;
	if (read_path(a, wr_arena_str(a, wr_vec_str(consts[1], 0)), p))
		return types[0];
	wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN, "'%.*s' is no path into a JSON document",
		   WR_STR_ARG(wr_vec_str(consts[1], 0)));
	wr_err_hint(err, "a path is $, then .name or [index] for each level: $.items[0].price");
	return NULL;
}

static const wr_json *follow(const wr_json *j, const path *p)
{
	for (uint32_t i = 0; i < p->n && j; i++) {
		const path_step *s = &p->steps[i];

		if (s->name.p)
			j = wr_json_get_str(j, s->name);
		else if (!wr_json_is(j, WR_JSON_ARRAY) || s->index >= j->n)
			j = NULL;
		else
			j = wr_json_at(j, (uint32_t)s->index);
	}
	return j;
}

static void extract_row(wr_fn_cx *cx, wr_vec *out, uint32_t row, const wr_json *j, wr_buf *text)
{
	if (!j || j->kind == WR_JSON_NULL)
		wr_vec_set_null(out, cx->arena, row);
	else if (j->kind == WR_JSON_STRING || j->kind == WR_JSON_NUMBER)
		wr_out_str(out, row, wr_arena_str(cx->arena, j->text));
	else
		wr_out_str(out, row, written(cx, j, text));
}

static void eval_extract(WR_KERNEL)
{
	wr_buf text = { 0 };

	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		path own;
		const path *p = cx->bound;
		const wr_json *j;

		if (wr_fn_null(cx, i))
			continue;
		if (!p && !read_path(cx->arena, STR(1, i), &own)) {
			wr_fn_fail(cx, out, i, "%.*s is no path into a JSON document",
				   WR_STR_ARG(STR(1, i)));
			continue;
		}
		j = read_row(cx, out, i, STR(0, i));
		if (j)
			extract_row(cx, out, i, follow(j, p ? p : &own), &text);
	}
	wr_buf_free(&text);
}

/* ---------------------------------------------------------------- questions */

static void eval_is_json(WR_KERNEL)
{
	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		wr_err err = WR_ERR_INIT;

		((uint8_t *)out->data)[i] = !wr_vec_is_null(args[0], i) &&
					    wr_json_parse(cx->arena, STR(0, i), &err) != NULL;
	}
}

static bool whole(const wr_json *j)
{
	return strcspn(j->text.p, ".eE") >= j->text.n;
}

/*
 * Whether a number's text is the value's; whole numbers are INTEGER and BIGINT, others DOUBLE and
 * DECIMAL.
 */
static bool number_is(wr_arena *a, const wr_json *j, const wr_vec *v, uint32_t at)
{
	wr_vec text;
	const wr_vec *number;
	bool integral = v->type->tag == WR_INTEGER || v->type->tag == WR_BIGINT;
	wr_str s = wr_arena_str(a, j->text);

	if (whole(&(wr_json){ .text = s }) != integral)
		return false;
	wr_vec_init(&text, a, wr_type_of(WR_STRING), 1);
	wr_push_str(&text, a, s);
	text.kind = WR_CONST;
	number = wr_cast_constant(a, &text, v->type);
	return number && !wr_vec_is_null(number, 0) && wr_vec_eq(number, 0, v, at);
}

static bool is_value(wr_arena *a, const wr_json *j, const wr_vec *v, uint32_t row)
{
	uint32_t at = wr_vec_at(v, row);

	if (wr_vec_is_null(v, row))
		return j->kind == WR_JSON_NULL;
	switch (j->kind) {
	case WR_JSON_FALSE:
	case WR_JSON_TRUE:
		return v->type->tag == WR_BOOLEAN &&
		       wr_vec_BOOLEAN(v)[at] == (j->kind == WR_JSON_TRUE);
	case WR_JSON_NUMBER: return wr_type_numeric(v->type) && number_is(a, j, v, at);
	case WR_JSON_STRING:
		return v->type->tag == WR_STRING && wr_str_eq(wr_vec_STRING(v)[at], j->text);
	default: return false;
	}
}

static bool array_has(wr_arena *a, const wr_json *array, const wr_vec *v, uint32_t row)
{
	WR_JSON_EACH(item, array)
	if (is_value(a, item, v, row))
		return true;
	return false;
}

static void eval_array_contains(WR_KERNEL)
{
	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		wr_err err = WR_ERR_INIT;
		wr_json *j = NULL;
		wr_str rest;

		if (!wr_vec_is_null(args[0], i))
			j = wr_json_parse_prefix(cx->arena, STR(0, i), &rest, &err);
		((uint8_t *)out->data)[i] =
		    wr_json_is(j, WR_JSON_ARRAY) && array_has(cx->arena, j, args[1], i);
	}
}

static void eval_array_length(WR_KERNEL)
{
	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		wr_json *j = wr_fn_null(cx, i) ? NULL : read_row(cx, out, i, STR(0, i));

		if (wr_json_is(j, WR_JSON_ARRAY))
			((int32_t *)out->data)[i] = (int32_t)j->n;
		else if (j)
			wr_vec_set_null(out, cx->arena, i);
	}
}

/* ---------------------------------------------------------------- JSON_KEYS, JSON_RECORDS,
 * JSON_ITEMS */

/*
 * The row's document, of the wanted kind; for anything else a null (or a failure) is pushed and
 * NULL returned.
 */
static wr_json *container(wr_fn_cx *cx, wr_vec *out, uint32_t row, wr_str s, wr_json_kind kind)
{
	wr_json *j;

	if (wr_fn_push_null(cx, out, row))
		return NULL;
	j = read_row(cx, out, row, s);
	if (!j || j->kind == kind)
		return j;
	wr_vec_push_null(out, cx->arena);
	return NULL;
}

/* Whether the member's name comes again: then this one gives way. */
static bool repeated(const wr_json *member)
{
	for (const wr_json *m = member->next; m; m = m->next)
		if (wr_str_eq(m->name, member->name))
			return true;
	return false;
}

static void eval_keys(WR_KERNEL)
{
	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		uint32_t begin = wr_vec_list_begin(out);
		wr_json *j = container(cx, out, i, STR(0, i), WR_JSON_OBJECT);

		if (!j)
			continue;
		WR_JSON_EACH(member, j)
		if (!repeated(member))
			wr_push_str(&out->kids[0], cx->arena,
				    wr_arena_str(cx->arena, member->name));
		wr_vec_list_end(out, cx->arena, begin);
	}
}

static void eval_records(WR_KERNEL)
{
	wr_buf text = { 0 };

	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		uint32_t begin = wr_vec_list_begin(out);
		wr_json *j = container(cx, out, i, STR(0, i), WR_JSON_OBJECT);

		if (!j)
			continue;
		WR_JSON_EACH(member, j)
		{
			if (repeated(member))
				continue;
			wr_push_str(&out->kids[0], cx->arena,
				    wr_arena_str(cx->arena, member->name));
			wr_push_str(&out->kids[1], cx->arena, written(cx, member, &text));
		}
		wr_vec_list_end(out, cx->arena, begin);
	}
	wr_buf_free(&text);
}

static void eval_items(WR_KERNEL)
{
	wr_buf text = { 0 };

	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		uint32_t begin = wr_vec_list_begin(out);
		wr_json *j = container(cx, out, i, STR(0, i), WR_JSON_ARRAY);

		if (!j)
			continue;
		WR_JSON_EACH(item, j)
		wr_push_str(&out->kids[0], cx->arena, written(cx, item, &text));
		wr_vec_list_end(out, cx->arena, begin);
	}
	wr_buf_free(&text);
}

/* ---------------------------------------------------------------- JSON_CONCAT */

static void put_member(wr_json *object, wr_json *member)
{
	wr_json *old = wr_json_get_str(object, member->name), *next;

	if (!old) {
		wr_json_put(object, member->name, member);
		return;
	}
	next = old->next;
	*old = *member;
	old->next = next;
}

/* Objects become one; anything else becomes an array. The nodes of both are used up. */
static wr_json *joined(wr_arena *a, wr_json *x, wr_json *y)
{
	wr_json *parts[2] = { x, y }, *array, *next;

	if (x->kind == WR_JSON_OBJECT && y->kind == WR_JSON_OBJECT) {
		for (wr_json *m = y->first; m; m = next) {
			next = m->next;
			m->next = NULL;
			put_member(x, m);
		}
		return x;
	}
	array = wr_json_new(a, WR_JSON_ARRAY);
	for (int k = 0; k < 2; k++) {
		if (parts[k]->kind != WR_JSON_ARRAY) {
			wr_json_add(array, parts[k]);
			continue;
		}
		for (wr_json *item = parts[k]->first; item; item = next) {
			next = item->next;
			item->next = NULL;
			wr_json_add(array, item);
		}
	}
	return array;
}

static void eval_concat(WR_KERNEL)
{
	wr_buf text = { 0 };

	for (uint32_t i = 0; i < cx->rows; i++) {
		wr_json *all = NULL;

		if (wr_fn_null(cx, i))
			continue;
		for (uint32_t k = 0; k < nargs; k++) {
			wr_json *j = read_row(cx, out, i, STR(k, i));

			if (!j) {
				all = NULL;
				break;
			}
			all = all ? joined(cx->arena, all, j) : j;
		}
		if (all)
			wr_out_str(out, i, written(cx, all, &text));
	}
	wr_buf_free(&text);
}

#define STRICT WR_FN_STRICT | WR_FN_PURE

const wr_fn wr_fns_json[] = {
	{ "EXTRACTJSONFIELD", "STRING, STRING", "STRING", STRICT, eval_extract, bind_path,
	  "The value at a path of a JSON document: a text without its quotes, objects and arrays "
	  "as JSON.",
	  "EXTRACTJSONFIELD('{\"a\": [{\"b\": 1}]}', '$.a[0].b') => '1'" },
	{ "IS_JSON_STRING", "STRING", "BOOLEAN", WR_FN_PURE, eval_is_json, NULL,
	  "Whether the text is a JSON value.", "IS_JSON_STRING('[1, 2') => false" },
	{ "JSON_ARRAY_CONTAINS", "STRING, T", "BOOLEAN", WR_FN_PURE, eval_array_contains, NULL,
	  "Whether the JSON array in the text has the value among its items; the types must agree.",
	  "JSON_ARRAY_CONTAINS('[1, 2, 3]', 3) => true" },
	{ "JSON_ARRAY_LENGTH", "STRING", "INTEGER", STRICT, eval_array_length, NULL,
	  "The number of items of the JSON array in the text.",
	  "JSON_ARRAY_LENGTH('[1, [2, 3]]') => 2" },
	{ "JSON_CONCAT", "STRING, STRING...", "STRING", STRICT, eval_concat, NULL,
	  "JSON documents as one: objects with all their members (the later ones win), anything "
	  "else as an array.",
	  "JSON_CONCAT('{\"a\": 1}', '{\"b\": 2}') => '{\"a\":1,\"b\":2}'" },
	{ "JSON_ITEMS", "STRING", "ARRAY<STRING>", STRICT, eval_items, NULL,
	  "The items of the JSON array in the text, each as JSON.",
	  "JSON_ITEMS('[1, {\"a\": 2}]') => ARRAY['1', '{\"a\":2}']" },
	{ "JSON_KEYS", "STRING", "ARRAY<STRING>", STRICT, eval_keys, NULL,
	  "The names of the members of the JSON object in the text.",
	  "JSON_KEYS('{\"a\": 1, \"b\": 2}') => ARRAY['a', 'b']" },
	{ "JSON_RECORDS", "STRING", "MAP<STRING, STRING>", STRICT, eval_records, NULL,
	  "The members of the JSON object in the text, each as JSON.",
	  "JSON_RECORDS('{\"a\": [1, 2]}') => MAP('a' := '[1,2]')" },
	{ 0 },
};
