/*
 * TO_JSON_STRING: any value as JSON, with a form that does not depend on how the value came about:
 * members of structs and entries of maps are sorted by their names. Everything inside is written by
 * core/value_json.h.
 */
#include "core/json.h"
#include "core/value_json.h"
#include "functions/families.h"
#include "functions/kernel.h"

#include <stdlib.h>

static void print(wr_arena *a, const wr_vec *v, uint32_t at, wr_buf *out);

static void print_array(wr_arena *a, const wr_vec *v, wr_list l, wr_buf *out)
{
	wr_buf_putc(out, '[');
	for (uint32_t i = 0; i < l.n; i++) {
		if (i)
			wr_buf_putc(out, ',');
		print(a, &v->kids[0], l.at + i, out);
	}
	wr_buf_putc(out, ']');
}

typedef struct member {
	wr_str name;
	const wr_vec *v;
	uint32_t at;
} member;

static int by_name(const void *x, const void *y)
{
	return wr_str_cmp(((const member *)x)->name, ((const member *)y)->name);
}

static void print_members(wr_arena *a, member *members, uint32_t n, wr_buf *out)
{
	qsort(members, n, sizeof(*members), by_name);
	wr_buf_putc(out, '{');
	for (uint32_t i = 0; i < n; i++) {
		if (i)
			wr_buf_putc(out, ',');
		wr_json_quote(out, members[i].name);
		wr_buf_putc(out, ':');
		print(a, members[i].v, members[i].at, out);
	}
	wr_buf_putc(out, '}');
}

static void print_map(wr_arena *a, const wr_vec *v, wr_list l, wr_buf *out)
{
	member *members = WR_NEW_ARRAY(a, member, l.n);
	wr_buf name = { 0 };

	for (uint32_t i = 0; i < l.n; i++) {
		wr_buf_reset(&name);
		wr_value_cell(&v->kids[0], l.at + i, &name);
		members[i] = (member){ wr_arena_str(a, wr_buf_view(&name)), &v->kids[1], l.at + i };
	}
	wr_buf_free(&name);
	print_members(a, members, l.n, out);
}

static void print_struct(wr_arena *a, const wr_vec *v, uint32_t at, wr_buf *out)
{
	member *members = WR_NEW_ARRAY(a, member, v->type->nkids);

	for (uint32_t i = 0; i < v->type->nkids; i++)
		members[i] = (member){ v->type->names[i], &v->kids[i], at };
	print_members(a, members, v->type->nkids, out);
}

static void print(wr_arena *a, const wr_vec *v, uint32_t row, wr_buf *out)
{
	uint32_t at = wr_vec_at(v, row);

	if (wr_vec_is_null(v, row))
		wr_buf_puts(out, "null");
	else if (v->type->tag == WR_ARRAY)
		print_array(a, v, wr_vec_ARRAY(v)[at], out);
	else if (v->type->tag == WR_MAP)
		print_map(a, v, wr_vec_MAP(v)[at], out);
	else if (v->type->tag == WR_STRUCT)
		print_struct(a, v, at, out);
	else
		wr_value_json(v, row, out);
}

static void eval_to_json(WR_KERNEL)
{
	wr_buf text = { 0 };

	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++) {
		wr_buf_reset(&text);
		print(cx->arena, args[0], i, &text);
		wr_out_str(out, i, wr_arena_str(cx->arena, wr_buf_view(&text)));
	}
	wr_buf_free(&text);
}

const wr_fn wr_fns_tojson[] = {
	{ "TO_JSON_STRING", "ANY", "STRING", WR_FN_PURE, eval_to_json, NULL,
	  "The value as JSON; members and entries sorted by name, times as ISO texts, bytes in "
	  "base64.",
	  "TO_JSON_STRING(STRUCT(B := 1, A := ARRAY['x', NULL])) => "
	  "'{\"A\":[\"x\",null],\"B\":1}'" },
	{ 0 },
};
