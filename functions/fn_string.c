/*
 * Strings as ksqlDB's functions see them. Positions and lengths count UTF-16 units, as Java does;
 * for texts in the Basic Multilingual Plane those are characters. A position that would cut a pair
 * in two moves behind it.
 *
 * Results that are parts of an argument share its bytes; others are made in the arena.
 */
#include "core/text_case.h"
#include "functions/families.h"
#include "functions/kernel.h"

/* ---------------------------------------------------------------- UTF-16 positions */

/*
 * UTF-16 units that the character beginning with this byte takes; 0 for bytes inside a character.
 */
static uint32_t units_at(const char *p)
{
	unsigned char c = (unsigned char)*p;

	return (c & 0xc0) == 0x80 ? 0 : c >= 0xf0 ? 2 : 1;
}

static uint32_t length16(wr_str s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s.n; i++)
		n += units_at(s.p + i);
	return n;
}

/* The byte where unit `unit` (from 0) begins; s.n when the text is shorter. */
static uint32_t byte_of(wr_str s, int64_t unit)
{
	uint32_t i = 0;
	int64_t n = 0;

	while (i < s.n && n < unit) {
		n += units_at(s.p + i);
		do
			i++;
		while (i < s.n && units_at(s.p + i) == 0);
	}
	return i;
}

static wr_str cut(wr_str s, int64_t from, int64_t to)
{
	uint32_t a = byte_of(s, from), b = to <= from ? a : byte_of(s, to);

	return (wr_str){ s.p + a, b - a };
}

/* ---------------------------------------------------------------- results */

static wr_str *results(wr_vec *out)
{
	return (wr_str *)out->data;
}

static wr_str fresh(wr_fn_cx *cx, const wr_buf *b)
{
	return wr_arena_str(cx->arena, wr_buf_view(b));
}

#define STR(k, row) WR_ARG(wr_str, k, row)

/* r[i] = body, for functions of strings that need the whole context */
#define EACH_ROW(body)                                                                             \
	do {                                                                                       \
		(void)nargs;                                                                       \
		for (uint32_t i = 0; i < cx->rows; i++) {                                          \
			if (wr_fn_null(cx, i))                                                     \
				continue;                                                          \
			results(out)[i] = (body);                                                  \
		}                                                                                  \
	} while (0)

/* ---------------------------------------------------------------- case */

static wr_str map_case(wr_fn_cx *cx, wr_str s, bool upper)
{
	return wr_utf8_case(cx->arena, s, upper);
}

static void ucase(WR_KERNEL)
{
	EACH_ROW(map_case(cx, STR(0, i), true));
}

static void lcase(WR_KERNEL)
{
	EACH_ROW(map_case(cx, STR(0, i), false));
}

static bool white(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Blanks before the first word are left out, as the dialect does. */
static wr_str initcap(wr_fn_cx *cx, wr_str s)
{
	wr_buf b = { 0 };

	for (uint32_t i = 0; i < s.n;) {
		if (white(s.p[i])) {
			if (b.n)
				wr_buf_putc(&b, s.p[i]);
			i++;
			continue;
		}
		uint32_t first = i + 1;

		while (first < s.n && units_at(s.p + first) == 0)
			first++;
		uint32_t end = first;

		while (end < s.n && !white(s.p[end]))
			end++;
		wr_buf_str(&b, map_case(cx, (wr_str){ s.p + i, first - i }, true));
		wr_buf_str(&b, map_case(cx, (wr_str){ s.p + first, end - first }, false));
		i = end;
	}
	wr_str r = fresh(cx, &b);

	wr_buf_free(&b);
	return r;
}

static void eval_initcap(WR_KERNEL)
{
	EACH_ROW(initcap(cx, STR(0, i)));
}

static wr_str trim(wr_str s)
{
	while (s.n && (unsigned char)s.p[0] <= ' ') {
		s.p++;
		s.n--;
	}
	while (s.n && (unsigned char)s.p[s.n - 1] <= ' ')
		s.n--;
	return s;
}

static void eval_trim(WR_KERNEL)
{
	EACH_ROW(trim(STR(0, i)));
}

/* ---------------------------------------------------------------- LEN, CONCAT */

static void len(WR_KERNEL)
{
	WR_EACH1(wr_str, int32_t, length16(x));
}

static void len_bytes(WR_KERNEL)
{
	WR_EACH1(wr_str, int32_t, x.n);
}

/* Not strict: nulls are left out. */
static void concat(WR_KERNEL)
{
	wr_buf b = { 0 };

	for (uint32_t i = 0; i < cx->rows; i++) {
		wr_buf_reset(&b);
		for (uint32_t k = 0; k < nargs; k++)
			if (!wr_vec_is_null(args[k], i))
				wr_buf_str(&b, STR(k, i));
		results(out)[i] = fresh(cx, &b);
	}
	wr_buf_free(&b);
}

static void concat_ws(WR_KERNEL)
{
	wr_buf b = { 0 };

	for (uint32_t i = 0; i < cx->rows; i++) {
		bool any = false;

		wr_buf_reset(&b);
		if (nargs < 2) {
			wr_fn_fail(cx, out, i, "CONCAT_WS needs something behind the separator");
			continue;
		}
		if (wr_vec_is_null(args[0], i)) {
			wr_vec_set_null(out, cx->arena, i);
			continue;
		}
		for (uint32_t k = 1; k < nargs; k++) {
			if (wr_vec_is_null(args[k], i))
				continue;
			if (any)
				wr_buf_str(&b, STR(0, i));
			wr_buf_str(&b, STR(k, i));
			any = true;
		}
		results(out)[i] = fresh(cx, &b);
	}
	wr_buf_free(&b);
}

/* ---------------------------------------------------------------- SUBSTRING, INSTR, REPLACE */

/* From position pos (1-based; 0 is 1; negative counts from the end), at most `count` units of n. */
static void range_of(int64_t n, int64_t pos, int64_t count, int64_t *from, int64_t *to)
{
	*from = pos > 0 ? pos - 1 : pos == 0 ? 0 : n + pos;
	if (*from < 0)
		*from = 0;
	if (*from > n)
		*from = n;
	*to = count < 0 ? *from : count > n - *from ? n : *from + count;
}

static void substring(WR_KERNEL)
{
	for (uint32_t i = 0; i < cx->rows; i++) {
		if (wr_fn_null(cx, i))
			continue;
		wr_str s = STR(0, i);
		int64_t from, to;

		range_of(length16(s), WR_ARG(int32_t, 1, i),
			 nargs > 2 ? WR_ARG(int32_t, 2, i) : INT32_MAX, &from, &to);
		results(out)[i] = cut(s, from, to);
	}
}

static void substring_bytes(WR_KERNEL)
{
	for (uint32_t i = 0; i < cx->rows; i++) {
		if (wr_fn_null(cx, i))
			continue;
		wr_str s = STR(0, i);
		int64_t from, to;

		range_of(s.n, WR_ARG(int32_t, 1, i), nargs > 2 ? WR_ARG(int32_t, 2, i) : INT32_MAX,
			 &from, &to);
		results(out)[i] = (wr_str){ s.p + from, (uint32_t)(to - from) };
	}
}

static bool at(wr_str s, uint32_t i, wr_str sub)
{
	return i + sub.n <= s.n && memcmp(s.p + i, sub.p, sub.n) == 0;
}

/*
 * The byte of the occ-th occurrence at or behind byte `from` (backwards: at or before it); -1:
 * none.
 */
static int64_t find(wr_str s, wr_str sub, int64_t from, int64_t occ, bool backwards)
{
	for (int64_t i = from; i >= 0 && i + sub.n <= s.n; i += backwards ? -1 : 1)
		if (units_at(s.p + i) && at(s, (uint32_t)i, sub) && --occ == 0)
			return i;
	return -1;
}

static int32_t instr(wr_str s, wr_str sub, int64_t pos, int64_t occ)
{
	int64_t n = length16(s), found;

	if (pos == 0 || occ < 1 || sub.n > s.n || pos > n || pos < -n)
		return 0;
	/* nothing stands right where the search begins; from behind: behind that character */
	if (sub.n == 0)
		return (int32_t)(pos > 0 ? pos : n + pos + 2);
	if (pos > 0)
		found = find(s, sub, byte_of(s, pos - 1), occ, false);
	else {
		int64_t last = byte_of(s, n + pos), most = (int64_t)s.n - sub.n;

		found = find(s, sub, last < most ? last : most, occ, true);
	}
	return found < 0 ? 0 : (int32_t)length16((wr_str){ s.p, (uint32_t)found }) + 1;
}

/* Not strict: 0 for nulls. */
static void eval_instr(WR_KERNEL)
{
	int32_t *r = out->data;

	for (uint32_t i = 0; i < cx->rows; i++) {
		bool null = false;

		for (uint32_t k = 0; k < nargs; k++)
			null |= wr_vec_is_null(args[k], i);
		r[i] = null ? 0
			    : instr(STR(0, i), STR(1, i), nargs > 2 ? WR_ARG(int32_t, 2, i) : 1,
				    nargs > 3 ? WR_ARG(int32_t, 3, i) : 1);
	}
}

static wr_str replace(wr_fn_cx *cx, wr_str s, wr_str from, wr_str to)
{
	wr_buf b = { 0 };

	for (uint32_t i = 0; i < s.n || (i == 0 && from.n == 0);) {
		if (from.n == 0) { /* Java puts the new text around every character */
			wr_buf_str(&b, to);
			if (i < s.n)
				wr_buf_putc(&b, s.p[i]);
			if (++i >= s.n) {
				if (s.n)
					wr_buf_str(&b, to);
				break;
			}
		} else if (at(s, i, from)) {
			wr_buf_str(&b, to);
			i += from.n;
		} else {
			wr_buf_putc(&b, s.p[i++]);
		}
	}
	wr_str r = fresh(cx, &b);

	wr_buf_free(&b);
	return r;
}

static void eval_replace(WR_KERNEL)
{
	EACH_ROW(replace(cx, STR(0, i), STR(1, i), STR(2, i)));
}

/* ---------------------------------------------------------------- LPAD, RPAD */

static wr_str pad(wr_fn_cx *cx, wr_str s, int64_t n, wr_str with, bool left)
{
	wr_buf b = { 0 };
	int64_t have = length16(s), missing = n - have;

	if (missing <= 0)
		return cut(s, 0, n);
	if (!left)
		wr_buf_str(&b, s);
	for (int64_t unit = length16(with); missing > 0; missing -= unit)
		wr_buf_str(&b, missing >= unit ? with : cut(with, 0, missing));
	if (left)
		wr_buf_str(&b, s);
	wr_str r = fresh(cx, &b);

	wr_buf_free(&b);
	return r;
}

static void eval_pad(wr_fn_cx *cx, const wr_vec *const *args, wr_vec *out, bool left)
{
	for (uint32_t i = 0; i < cx->rows; i++) {
		if (wr_fn_null(cx, i))
			continue;
		int32_t n = WR_ARG(int32_t, 1, i);

		if (n < 0 || STR(2, i).n == 0)
			wr_vec_set_null(out, cx->arena, i);
		else
			results(out)[i] = pad(cx, STR(0, i), n, STR(2, i), left);
	}
}

static void lpad(WR_KERNEL)
{
	(void)nargs;
	eval_pad(cx, args, out, true);
}

static void rpad(WR_KERNEL)
{
	(void)nargs;
	eval_pad(cx, args, out, false);
}

/* The same for bytes. */
static wr_str pad_bytes(wr_fn_cx *cx, wr_str s, uint32_t n, wr_str with, bool left)
{
	uint32_t missing, at;
	char *to;

	if (n <= s.n)
		return (wr_str){ s.p, n };
	to = wr_arena_alloc(cx->arena, n);
	missing = n - s.n;
	at = left ? 0 : s.n;
	if (s.n)
		memcpy(to + (left ? missing : 0), s.p, s.n);
	for (uint32_t i = 0; i < missing; i++)
		to[at + i] = with.p[i % with.n];
	return (wr_str){ to, n };
}

static void eval_pad_bytes(wr_fn_cx *cx, const wr_vec *const *args, wr_vec *out, bool left)
{
	for (uint32_t i = 0; i < cx->rows; i++) {
		if (wr_fn_null(cx, i))
			continue;
		int32_t n = WR_ARG(int32_t, 1, i);

		if (n < 0 || STR(2, i).n == 0)
			wr_vec_set_null(out, cx->arena, i);
		else
			results(out)[i] = pad_bytes(cx, STR(0, i), (uint32_t)n, STR(2, i), left);
	}
}

static void lpad_bytes(WR_KERNEL)
{
	(void)nargs;
	eval_pad_bytes(cx, args, out, true);
}

static void rpad_bytes(WR_KERNEL)
{
	(void)nargs;
	eval_pad_bytes(cx, args, out, false);
}

/* ---------------------------------------------------------------- SPLIT */

static void push_part(wr_fn_cx *cx, wr_vec *list, const char *p, size_t n)
{
	wr_vec *kid = &list->kids[0];

	wr_vec_resize(kid, cx->arena, kid->n + 1);
	((wr_str *)kid->data)[kid->n - 1] = (wr_str){ p, (uint32_t)n };
}

static void split_row(wr_fn_cx *cx, wr_vec *out, wr_str s, wr_str by, bool bytes)
{
	uint32_t begin = wr_vec_list_begin(out), from = 0, i = 0;

	if (by.n == 0 && s.n) {
		while (i < s.n) {
			from = i++;
			while (!bytes && i < s.n && units_at(s.p + i) == 0)
				i++;
			push_part(cx, out, s.p + from, i - from);
		}
	} else {
		while (by.n && i < s.n) {
			if (!at(s, i, by)) {
				i++;
				continue;
			}
			push_part(cx, out, s.p + from, i - from);
			i += by.n;
			from = i;
		}
		push_part(cx, out, s.p + from, s.n - from);
	}
	wr_vec_list_end(out, cx->arena, begin);
}

static void split(WR_KERNEL)
{
	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++)
		if (!wr_fn_push_null(cx, out, i))
			split_row(cx, out, STR(0, i), STR(1, i), cx->types[0]->tag == WR_BYTES);
}

/* ---------------------------------------------------------------- ELT, FIELD */

static void elt(WR_KERNEL)
{
	for (uint32_t i = 0; i < cx->rows; i++) {
		int32_t n = wr_vec_is_null(args[0], i) ? 0 : WR_ARG(int32_t, 0, i);

		if (n < 1 || (uint32_t)n >= nargs || wr_vec_is_null(args[n], i))
			wr_vec_set_null(out, cx->arena, i);
		else
			results(out)[i] = STR(n, i);
	}
}

static void field(WR_KERNEL)
{
	int32_t *r = out->data;

	for (uint32_t i = 0; i < cx->rows; i++) {
		r[i] = 0;
		for (uint32_t k = 1; k < nargs && r[i] == 0 && !wr_vec_is_null(args[0], i); k++)
			if (!wr_vec_is_null(args[k], i) && wr_str_eq(STR(0, i), STR(k, i)))
				r[i] = (int32_t)k;
	}
}

#define STRICT WR_FN_STRICT | WR_FN_PURE

const wr_fn wr_fns_string[] = {
	{ "UCASE", "STRING", "STRING", STRICT, ucase, NULL, "The text in upper case.",
	  "UCASE('Forlì') => 'FORLÌ'" },
	{ "LCASE", "STRING", "STRING", STRICT, lcase, NULL, "The text in lower case.",
	  "LCASE('ABC') => 'abc'" },
	{ "INITCAP", "STRING", "STRING", STRICT, eval_initcap, NULL,
	  "The first letter of each word in upper case, the others in lower case.",
	  "INITCAP('the SOUND of music') => 'The Sound Of Music'" },
	{ "TRIM", "STRING", "STRING", STRICT, eval_trim, NULL,
	  "The text without blanks at its ends.", "TRIM('  a b ') => 'a b'" },
	{ "LEN", "STRING", "INTEGER", STRICT, len, NULL, "The length of a text, in UTF-16 units.",
	  "LEN('Forlì') => 5" },
	{ "LEN", "BYTES", "INTEGER", STRICT, len_bytes, NULL, "The number of bytes.",
	  "LEN(TO_BYTES('abc', 'utf8')) => 3" },
	{ "CONCAT", "STRING...", "STRING", WR_FN_PURE, concat, NULL,
	  "The texts one after the other; nulls are left out.", "CONCAT('a', NULL, 'b') => 'ab'" },
	{ "CONCAT", "BYTES...", "BYTES", WR_FN_PURE, concat, NULL,
	  "The bytes one after the other; nulls are left out.",
	  "FROM_BYTES(CONCAT(TO_BYTES('a', 'utf8'), TO_BYTES('b', 'utf8')), 'utf8') => 'ab'" },
	{ "CONCAT_WS", "STRING, STRING...", "STRING", WR_FN_PURE, concat_ws, NULL,
	  "The texts behind the first, with the first between them; nulls are left out.",
	  "CONCAT_WS(', ', 'a', NULL, 'b') => 'a, b'" },
	{ "CONCAT_WS", "BYTES, BYTES...", "BYTES", WR_FN_PURE, concat_ws, NULL,
	  "The bytes behind the first, with the first between them; nulls are left out.",
	  "FROM_BYTES(CONCAT_WS(TO_BYTES('-', 'utf8'), TO_BYTES('a', 'utf8'), TO_BYTES('b', 'utf8')), 'utf8') => 'a-b'" },
	{ "SUBSTRING", "STRING, INTEGER, INTEGER?", "STRING", STRICT, substring, NULL,
	  "The part from a position on (1 is the first; negative counts from the end), at most so long.",
	  "SUBSTRING('stream', 2, 3) => 'tre'" },
	{ "SUBSTRING", "BYTES, INTEGER, INTEGER?", "BYTES", STRICT, substring_bytes, NULL,
	  "The bytes from a position on, at most so many.",
	  "FROM_BYTES(SUBSTRING(TO_BYTES('stream', 'utf8'), -3), 'utf8') => 'eam'" },
	{ "INSTR", "STRING, STRING, INTEGER?, INTEGER?", "INTEGER", WR_FN_PURE, eval_instr, NULL,
	  "Where a text stands in another (1 is the first), looking from a position on for the n-th time; 0: nowhere.",
	  "INSTR('corporate floor', 'or', 3, 2) => 14" },
	{ "REPLACE", "STRING, STRING, STRING", "STRING", STRICT, eval_replace, NULL,
	  "The text with every occurrence of the second replaced by the third.",
	  "REPLACE('a.b.c', '.', '-') => 'a-b-c'" },
	{ "LPAD", "STRING, INTEGER, STRING", "STRING", STRICT, lpad, NULL,
	  "Filled on the left, or cut, to a length.", "LPAD('7', 3, '0') => '007'" },
	{ "RPAD", "STRING, INTEGER, STRING", "STRING", STRICT, rpad, NULL,
	  "Filled on the right, or cut, to a length.", "RPAD('ab', 5, 'xy') => 'abxyx'" },
	{ "LPAD", "BYTES, INTEGER, BYTES", "BYTES", STRICT, lpad_bytes, NULL,
	  "Bytes filled on the left, or cut, to a length.",
	  "FROM_BYTES(LPAD(TO_BYTES('7', 'utf8'), 3, TO_BYTES('0', 'utf8')), 'utf8') => '007'" },
	{ "RPAD", "BYTES, INTEGER, BYTES", "BYTES", STRICT, rpad_bytes, NULL,
	  "Bytes filled on the right, or cut, to a length.",
	  "FROM_BYTES(RPAD(TO_BYTES('7', 'utf8'), 3, TO_BYTES('0', 'utf8')), 'utf8') => '700'" },
	{ "SPLIT", "STRING, STRING", "ARRAY<STRING>", STRICT, split, NULL,
	  "The parts between occurrences of a delimiter; an empty one parts the characters.",
	  "SPLIT('a,,b', ',') => ARRAY['a', '', 'b']" },
	{ "SPLIT", "BYTES, BYTES", "ARRAY<BYTES>", STRICT, split, NULL,
	  "The parts of bytes between occurrences of a delimiter; an empty one parts all bytes.",
	  "FROM_BYTES(SPLIT(TO_BYTES('a,b', 'utf8'), TO_BYTES(',', 'utf8'))[2], 'utf8') => 'b'" },
	{ "ELT", "INTEGER, STRING...", "STRING", WR_FN_PURE, elt, NULL, "The n-th of the texts.",
	  "ELT(2, 'a', 'b') => 'b'" },
	{ "FIELD", "STRING, STRING...", "INTEGER", WR_FN_PURE, field, NULL,
	  "Which of the texts behind the first equals it; 0: none.", "FIELD('b', 'a', 'b') => 2" },
	{ 0 },
};
