/*
 * Regular expressions, as Java's functions of them behave, on PCRE2. The only file that includes
 * it.
 *
 * Java and PCRE2 read nearly the same language; regexp_java.c rewrites what differs. Replacement
 * texts are Java's ($1, ${name}, \$), a search behind an empty match goes on one character further.
 *
 * A constant pattern is compiled once, when the call is bound, with PCRE2's machine code, and kept
 * in a table for ever: the same pattern in a hundred statements is one. Patterns that come out of
 * rows are compiled in the batch's arena without machine code, one after the other; a run of equal
 * ones counts as one.
 *
 * A compiled pattern is never written to, so threads share it; what a search needs to write is made
 * per batch.
 *
 *	REGEXP_REPLACE('2024-05', '(\d+)-(\d+)', '$2/$1')   '05/2024'
 */
#include "functions/families.h"
#include "functions/kernel.h"
#include "functions/regexp_java.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <pthread.h>

#define STR(k, row) WR_ARG(wr_str, k, row)

/* ---------------------------------------------------------------- compiling */

/* NULL: why and where (in bytes) it is no pattern. `memory` NULL: the heap. */
static pcre2_code *compile(wr_str pattern, pcre2_general_context *memory, char why[128], size_t *at)
{
	pcre2_compile_context *cx = pcre2_compile_context_create(memory);
	wr_buf text = { 0 };
	pcre2_code *code;
	int error;

	wr_regexp_translate(pattern, &text);
	pcre2_set_newline(cx, PCRE2_NEWLINE_ANYCRLF);
	code = pcre2_compile((PCRE2_SPTR)wr_buf_z(&text), text.n,
			     PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &error, at, cx);
	if (!code)
		pcre2_get_error_message(error, (PCRE2_UCHAR *)why, 128);
	pcre2_compile_context_free(cx);
	wr_buf_free(&text);
	return code;
}

typedef struct kept {
	struct kept *next;
	pcre2_code *code;
	uint32_t n;
	char text[];
} kept;

static struct {
	pthread_mutex_t lock;
	kept *first;
} constants = { .lock = PTHREAD_MUTEX_INITIALIZER };

static pcre2_code *keep(wr_str pattern, char why[128], size_t *at)
{
	pcre2_code *code = compile(pattern, NULL, why, at);
	kept *k;

	if (!code)
		return NULL;
	pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* where it cannot, the interpreter searches */
	k = wr_malloc(sizeof(*k) + pattern.n);
	*k = (kept){ .next = constants.first, .code = code, .n = pattern.n };
	if (pattern.n)
		memcpy(k->text, pattern.p, pattern.n);
	constants.first = k;
	return code;
}

static pcre2_code *constant(wr_str pattern, char why[128], size_t *at)
{
	pcre2_code *code = NULL;

	pthread_mutex_lock(&constants.lock);
	for (kept *k = constants.first; k && !code; k = k->next)
		if (wr_str_eq((wr_str){ k->text, k->n }, pattern))
			code = k->code;
	if (!code)
		code = keep(pattern, why, at);
	pthread_mutex_unlock(&constants.lock);
	return code;
}

/* The pattern's place among the arguments differs; what it is bound to does not. */
static const wr_type *bind_pattern(const wr_vec *v, const wr_type *t, const void **bound,
				   wr_err *err)
{
	char why[128];
	size_t at = 0;

	if (!v || wr_vec_is_null(v, 0))
		return t;
	*bound = constant(wr_vec_str(v, 0), why, &at);
	if (*bound)
		return t;
	wr_err_set(err, WR_ERR_STATEMENT, WR_NO_SPAN,
		   "the regular expression is wrong at byte %zu: %s", at, why);
	return NULL;
}

static const wr_type *bind_first(wr_arena *a, const wr_type *const *types,
				 const wr_vec *const *consts, uint32_t n, const void **bound,
				 wr_err *err)
{
	(void)a, (void)n;
	return bind_pattern(consts[0], types[0], bound, err);
}

static const wr_type *bind_second(wr_arena *a, const wr_type *const *types,
				  const wr_vec *const *consts, uint32_t n, const void **bound,
				  wr_err *err)
{
	(void)a, (void)n;
	return bind_pattern(consts[1], types[1], bound, err);
}

/* ---------------------------------------------------------------- searching */

typedef struct search {
	wr_fn_cx *cx;
	wr_vec *out;
	uint32_t row;
	pcre2_general_context *memory;
	pcre2_match_context *limits;
	pcre2_jit_stack *stack;
	const pcre2_code *code; /* of this row */
	pcre2_match_data *data; /* for code */
	wr_str pattern;		/* that code is of, when it is no constant */
	uint32_t groups;
	wr_str s;
	size_t from; /* where the next search begins; > s.n: nowhere */
	bool failed;
} search;

static void *arena_alloc(size_t size, void *arena)
{
	return wr_arena_alloc(arena, size);
}

static void arena_free(void *p, void *arena)
{
	(void)p, (void)arena;
}

static void use(search *x, const pcre2_code *code)
{
	x->code = code;
	x->data = pcre2_match_data_create_from_pattern(code, x->memory);
	pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &x->groups);
}

static void begin_batch(search *x, wr_fn_cx *cx, wr_vec *out)
{
	*x = (search){ .cx = cx, .out = out };
	x->memory = pcre2_general_context_create(arena_alloc, arena_free, cx->arena);
	x->limits = pcre2_match_context_create(x->memory);
	pcre2_set_match_limit(x->limits, 5000000);
	if (!cx->bound)
		return;
	use(x, cx->bound);
	x->stack = pcre2_jit_stack_create(32 * 1024, 1024 * 1024, NULL);
	if (x->stack)
		pcre2_jit_stack_assign(x->limits, NULL, x->stack);
}

static void end_batch(search *x)
{
	if (x->stack)
		pcre2_jit_stack_free(x->stack);
}

/* Searches of this row go over s. false: the row failed. */
static bool begin_row(search *x, uint32_t row, wr_str pattern, wr_str s)
{
	char why[128];
	size_t at = 0;

	x->row = row;
	x->s = s.p ? s : WR_STR_LIT("");
	x->from = 0;
	x->failed = false;
	if (x->cx->bound || (x->code && wr_str_eq(x->pattern, pattern)))
		return true;
	pcre2_code *code = compile(pattern, x->memory, why, &at);

	x->code = NULL;
	if (code) {
		x->pattern = pattern;
		use(x, code);
		return true;
	}
	wr_fn_fail(x->cx, x->out, row, "the regular expression is wrong at byte %zu: %s", at, why);
	return false;
}

/*
 * The next match, its ends in at[0] and at[1] (and at[2k] of group k). NULL: none, or the search
 * failed.
 */
static const PCRE2_SIZE *next_match(search *x)
{
	const PCRE2_SIZE *at;
	int n;

	if (x->from > x->s.n)
		return NULL;
	n = pcre2_match(x->code, (PCRE2_SPTR)x->s.p, x->s.n, x->from, 0, x->data, x->limits);
	if (n < 0) {
		x->failed = n != PCRE2_ERROR_NOMATCH;
		return NULL;
	}
	at = pcre2_get_ovector_pointer(x->data);
	x->from = at[1];
	if (at[0] >= at[1]) /* empty: on by one character */
		do
			x->from++;
		while (x->from < x->s.n && (x->s.p[x->from] & 0xc0) == 0x80);
	return at;
}

static void too_hard(search *x)
{
	wr_fn_fail(x->cx, x->out, x->row,
		   "the regular expression takes too many steps on this text");
}

static bool group_at(const search *x, const PCRE2_SIZE *at, uint32_t group, wr_str *part)
{
	if (at[2 * group] == PCRE2_UNSET)
		return false;
	*part = (wr_str){ x->s.p + at[2 * group], (uint32_t)(at[2 * group + 1] - at[2 * group]) };
	return true;
}

/* ---------------------------------------------------------------- REGEXP_EXTRACT,
 * REGEXP_EXTRACT_ALL */

static void extract_row(search *x, int32_t group)
{
	const PCRE2_SIZE *at = next_match(x);
	wr_str part;

	if (x->failed)
		too_hard(x);
	else if (at && group >= 0 && (uint32_t)group <= x->groups &&
		 group_at(x, at, (uint32_t)group, &part))
		wr_out_str(x->out, x->row, part);
	else
		wr_vec_set_null(x->out, x->cx->arena, x->row);
}

static void eval_extract(WR_KERNEL)
{
	search x;

	begin_batch(&x, cx, out);
	for (uint32_t i = 0; i < cx->rows; i++)
		if (!wr_fn_null(cx, i) && begin_row(&x, i, STR(0, i), STR(1, i)))
			extract_row(&x, nargs > 2 ? WR_ARG(int32_t, 2, i) : 0);
	end_batch(&x);
}

static void extract_all_row(search *x, int32_t group)
{
	uint32_t begin = wr_vec_list_begin(x->out);
	wr_vec *kid = &x->out->kids[0];
	const PCRE2_SIZE *at;
	wr_str part;

	if (group < 0 || (uint32_t)group > x->groups) {
		wr_vec_push_null(x->out, x->cx->arena);
		return;
	}
	while ((at = next_match(x)))
		if (group_at(x, at, (uint32_t)group, &part))
			wr_push_str(kid, x->cx->arena, part);
		else
			wr_vec_push_null(kid, x->cx->arena);
	if (x->failed)
		too_hard(x);
	else
		wr_vec_list_end(x->out, x->cx->arena, begin);
}

static void eval_extract_all(WR_KERNEL)
{
	search x;

	begin_batch(&x, cx, out);
	for (uint32_t i = 0; i < cx->rows; i++)
		if (!wr_fn_push_null(cx, out, i) && begin_row(&x, i, STR(0, i), STR(1, i)))
			extract_all_row(&x, nargs > 2 ? WR_ARG(int32_t, 2, i) : 0);
	end_batch(&x);
}

/* ---------------------------------------------------------------- REGEXP_REPLACE */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * The group behind a $ at *p, which moves behind it; -1: there is none. As many digits as still
 * name a group.
 */
static int64_t named_group(const search *x, const char **p, const char *end)
{
	char name[64];
	const char *close;
	int64_t group;

	if (*p < end && **p == '{') {
		close = memchr(*p, '}', (size_t)(end - *p));
		if (!close || close - *p > 63)
			return -1;
		memcpy(name, *p + 1, (size_t)(close - *p - 1));
		name[close - *p - 1] = 0;
		*p = close + 1;
		group = pcre2_substring_number_from_name(x->code, (PCRE2_SPTR)name);
		return group > 0 ? group : -1;
	}
	if (*p >= end || !is_digit(**p))
		return -1;
	group = *(*p)++ - '0';
	while (*p < end && is_digit(**p) && group * 10 + (**p - '0') <= x->groups)
		group = group * 10 + (*(*p)++ - '0');
	return group <= x->groups ? group : -1;
}

/* The replacement of one match; false: it names no group, or ends in a backslash. */
static bool put_replacement(const search *x, const PCRE2_SIZE *at, wr_str with, wr_buf *out)
{
	const char *p = with.p, *end = p + with.n;

	while (p < end) {
		char c = *p++;
		int64_t group;
		wr_str part;

		if (c == '\\') {
			if (p == end)
				return false;
			wr_buf_putc(out, *p++);
		} else if (c == '$') {
			group = named_group(x, &p, end);
			if (group < 0)
				return false;
			if (group_at(x, at, (uint32_t)group, &part))
				wr_buf_str(out, part);
		} else {
			wr_buf_putc(out, c);
		}
	}
	return true;
}

static void replace_row(search *x, wr_str with, wr_buf *text)
{
	const PCRE2_SIZE *at;
	size_t done = 0;

	wr_buf_reset(text);
	while ((at = next_match(x))) {
		wr_buf_put(text, x->s.p + done, at[0] - done);
		done = at[1];
		if (!put_replacement(x, at, with, text)) {
			wr_fn_fail(x->cx, x->out, x->row,
				   "the replacement %.*s names a group that the pattern lacks",
				   WR_STR_ARG(with));
			return;
		}
	}
	if (x->failed) {
		too_hard(x);
		return;
	}
	wr_buf_put(text, x->s.p + done, x->s.n - done);
	wr_out_str(x->out, x->row, wr_arena_str(x->cx->arena, wr_buf_view(text)));
}

static void eval_replace(WR_KERNEL)
{
	wr_buf text = { 0 };
	search x;

	(void)nargs;
	begin_batch(&x, cx, out);
	for (uint32_t i = 0; i < cx->rows; i++)
		if (!wr_fn_null(cx, i) && begin_row(&x, i, STR(1, i), STR(0, i)))
			replace_row(&x, STR(2, i), &text);
	end_batch(&x);
	wr_buf_free(&text);
}

/* ---------------------------------------------------------------- REGEXP_SPLIT_TO_ARRAY */

/*
 * Whether the pattern matches the empty text: then every character is parted, and empty parts at
 * both ends are none.
 */
static bool matches_empty(search *x)
{
	return pcre2_match(x->code, (PCRE2_SPTR) "", 0, 0, 0, x->data, x->limits) >= 0;
}

static void split_row(search *x)
{
	uint32_t begin = wr_vec_list_begin(x->out);
	wr_vec *kid = &x->out->kids[0];
	bool empty = matches_empty(x), any = false;
	const PCRE2_SIZE *at;
	size_t done = 0;

	while ((at = next_match(x))) {
		if (empty && at[1] == 0)
			continue;
		wr_push_str(kid, x->cx->arena, (wr_str){ x->s.p + done, (uint32_t)(at[0] - done) });
		done = at[1];
		any = true;
	}
	wr_push_str(kid, x->cx->arena, (wr_str){ x->s.p + done, (uint32_t)(x->s.n - done) });
	while (empty && any && kid->n > begin && wr_vec_str(kid, kid->n - 1).n == 0)
		kid->n--;
	if (x->failed)
		too_hard(x);
	else
		wr_vec_list_end(x->out, x->cx->arena, begin);
}

static void eval_split(WR_KERNEL)
{
	search x;

	(void)nargs;
	begin_batch(&x, cx, out);
	for (uint32_t i = 0; i < cx->rows; i++)
		if (!wr_fn_push_null(cx, out, i) && begin_row(&x, i, STR(1, i), STR(0, i)))
			split_row(&x);
	end_batch(&x);
}

#define STRICT WR_FN_STRICT | WR_FN_PURE

const wr_fn wr_fns_regexp[] = {
	{ "REGEXP_EXTRACT", "STRING, STRING, INTEGER?", "STRING", STRICT, eval_extract, bind_first,
	  "The first part of the text that matches the pattern, or a group of it.",
	  "REGEXP_EXTRACT('(.*) (.*)', 'hello there', 2) => 'there'" },
	{ "REGEXP_EXTRACT_ALL", "STRING, STRING, INTEGER?", "ARRAY<STRING>", STRICT,
	  eval_extract_all, bind_first,
	  "All parts of the text that match the pattern, or a group of each.",
	  "REGEXP_EXTRACT_ALL('[a-z](\\d)', 'a1 b2', 1) => ARRAY['1', '2']" },
	{ "REGEXP_REPLACE", "STRING, STRING, STRING", "STRING", STRICT, eval_replace, bind_second,
	  "The text with every match of the pattern replaced; $1 stands for the first group.",
	  "REGEXP_REPLACE('2024-05', '(\\d+)-(\\d+)', '$2/$1') => '05/2024'" },
	{ "REGEXP_SPLIT_TO_ARRAY", "STRING, STRING", "ARRAY<STRING>", STRICT, eval_split,
	  bind_second, "The parts of the text between matches of the pattern.",
	  "REGEXP_SPLIT_TO_ARRAY('a1b22c', '[0-9]+') => ARRAY['a', 'b', 'c']" },
	{ 0 },
};
