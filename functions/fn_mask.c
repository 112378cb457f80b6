/*
 * MASK and its kin: every upper-case letter, lower-case letter, digit and other character of a text
 * becomes X, x, n and -, or what the call says; NULL leaves that kind as it is. A character beyond
 * the Basic Multilingual Plane counts as two, as in Java.
 *
 *	MASK_KEEP_RIGHT('Abc-123', 3)   'Xxx-123'
 */
#include "core/utf8.h"
#include "core/text_case.h"
#include "functions/families.h"
#include "functions/kernel.h"

enum { KINDS = WR_CHAR_OTHER + 1 };

typedef struct masks {
	wr_str with[KINDS]; /* by wr_char_kind; n == 0: leave it */
} masks;

static uint32_t first_char(wr_str s)
{
	unsigned n = s.n ? wr_utf8_get(s.p, s.p + s.n, NULL) : 0;

	return n ? n : 1;
}

/*
 * The masks of a row; null leaves its kind, missing arguments have defaults. false: one is no
 * single character.
 */
static bool masks_of(const wr_vec *const *args, uint32_t nargs, uint32_t row, masks *m)
{
	uint32_t first = nargs - KINDS;

	*m = (masks){ { WR_STR_LIT("X"), WR_STR_LIT("x"), WR_STR_LIT("n"), WR_STR_LIT("-") } };
	if (nargs <= KINDS)
		return true;
	for (uint32_t k = 0; k < KINDS; k++) {
		bool null = wr_vec_is_null(args[first + k], row);
		wr_str s = null ? (wr_str){ NULL, 0 } : WR_ARG(wr_str, first + k, row);

		if (!null && (s.n == 0 || first_char(s) != s.n))
			return false;
		m->with[k] = s;
	}
	return true;
}

static uint32_t units(wr_str s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80 ? 1 + ((unsigned char)s.p[i] >= 0xf0)
							    : 0;
	return n;
}

/* Masks what stands at units from .. to - 1. */
static void mask_part(wr_str s, const masks *m, const int64_t range[2], wr_buf *out)
{
	int64_t unit = 0;

	for (uint32_t i = 0; i < s.n;) {
		wr_str c = { s.p + i, first_char((wr_str){ s.p + i, s.n - i }) };
		uint32_t wide = (unsigned char)*c.p >= 0xf0 ? 2 : 1;
		uint32_t code = 0;

		(void)wr_utf8_get(c.p, c.p + c.n, &code);
		const wr_str *with = &m->with[wr_char_kind_of(code)];

		if (unit < range[0] || unit >= range[1] || with->n == 0)
			wr_buf_str(out, c);
		else
			wr_buf_str(out, *with);
		if (wide == 2 && with->n && unit >= range[0] && unit < range[1])
			wr_buf_str(out, m->with[WR_CHAR_OTHER]); /* its second unit */
		unit += wide;
		i += c.n;
	}
}

typedef enum side { ALL, LEFT, RIGHT, KEEP_LEFT, KEEP_RIGHT } side;

static void range_of(side which, int64_t length, int64_t n, int64_t range[2])
{
	if (n > length)
		n = length;
	range[0] = which == RIGHT ? length - n : which == KEEP_LEFT ? n : 0;
	range[1] = which == LEFT ? n : which == KEEP_RIGHT ? length - n : length;
}

static void mask(wr_fn_cx *cx, const wr_vec *const *args, uint32_t nargs, wr_vec *out, side which)
{
	wr_buf text = { 0 };

	for (uint32_t i = 0; i < cx->rows; i++) {
		wr_str s;
		masks m;
		int64_t range[2], n = 0;

		if (wr_vec_is_null(args[0], i) || (which != ALL && wr_vec_is_null(args[1], i))) {
			wr_vec_set_null(out, cx->arena, i);
			continue;
		}
		s = WR_ARG(wr_str, 0, i);
		if (!masks_of(args, nargs, i, &m)) {
			wr_fn_fail(cx, out, i, "a mask must be one character");
			continue;
		}
		if (which != ALL)
			n = WR_ARG(int32_t, 1, i);
		if (n < 0) {
			wr_fn_fail(cx, out, i, "a number of characters cannot be negative: %lld",
				   (long long)n);
			continue;
		}
		range_of(which, units(s), n, range);
		wr_buf_reset(&text);
		mask_part(s, &m, range, &text);
		wr_out_str(out, i, wr_arena_str(cx->arena, wr_buf_view(&text)));
	}
	wr_buf_free(&text);
}

#define EVAL(name, which)                                                                          \
	static void eval_##name(WR_KERNEL)                                                         \
	{                                                                                          \
		mask(cx, args, nargs, out, which);                                                 \
	}
EVAL(all, ALL)
EVAL(left, LEFT)
EVAL(right, RIGHT)
EVAL(keep_left, KEEP_LEFT)
EVAL(keep_right, KEEP_RIGHT)

#define KINDS_DOC                                                                                  \
	" With four more texts: the masks of upper-case letters, lower-case ones, digits and "     \
	"others; NULL leaves them."

const wr_fn wr_fns_mask[] = {
	{ "MASK", "STRING", "STRING", WR_FN_PURE, eval_all, NULL,
	  "The text with letters, digits and other characters masked as X, x, n and -.",
	  "MASK('My Test $123') => 'Xx-Xxxx--nnn'" },
	{ "MASK", "STRING, STRING, STRING, STRING, STRING", "STRING", WR_FN_PURE, eval_all, NULL,
	  "The text masked." KINDS_DOC,
	  "MASK('My Test $123', '*', 'x', NULL, '1') => '*x1*xxx11123'" },
	{ "MASK_LEFT", "STRING, INTEGER", "STRING", WR_FN_PURE, eval_left, NULL,
	  "The text with so many characters on the left masked.",
	  "MASK_LEFT('Test 12', 4) => 'Xxxx 12'" },
	{ "MASK_LEFT", "STRING, INTEGER, STRING, STRING, STRING, STRING", "STRING", WR_FN_PURE,
	  eval_left, NULL, "The left masked." KINDS_DOC,
	  "MASK_LEFT('Test 12', 4, '*', '*', '*', '*') => '**** 12'" },
	{ "MASK_RIGHT", "STRING, INTEGER", "STRING", WR_FN_PURE, eval_right, NULL,
	  "The text with so many characters on the right masked.",
	  "MASK_RIGHT('Test 12', 2) => 'Test nn'" },
	{ "MASK_RIGHT", "STRING, INTEGER, STRING, STRING, STRING, STRING", "STRING", WR_FN_PURE,
	  eval_right, NULL, "The right masked." KINDS_DOC,
	  "MASK_RIGHT('Test 12', 2, '*', '*', '*', '*') => 'Test **'" },
	{ "MASK_KEEP_LEFT", "STRING, INTEGER", "STRING", WR_FN_PURE, eval_keep_left, NULL,
	  "The text with all but so many characters on the left masked.",
	  "MASK_KEEP_LEFT('Test 12', 4) => 'Test-nn'" },
	{ "MASK_KEEP_LEFT", "STRING, INTEGER, STRING, STRING, STRING, STRING", "STRING", WR_FN_PURE,
	  eval_keep_left, NULL, "All but the left masked." KINDS_DOC,
	  "MASK_KEEP_LEFT('Test 12', 4, '*', '*', '*', '*') => 'Test***'" },
	{ "MASK_KEEP_RIGHT", "STRING, INTEGER", "STRING", WR_FN_PURE, eval_keep_right, NULL,
	  "The text with all but so many characters on the right masked.",
	  "MASK_KEEP_RIGHT('Abc-123', 3) => 'Xxx-123'" },
	{ "MASK_KEEP_RIGHT", "STRING, INTEGER, STRING, STRING, STRING, STRING", "STRING",
	  WR_FN_PURE, eval_keep_right, NULL, "All but the right masked." KINDS_DOC,
	  "MASK_KEEP_RIGHT('Abc-123', 3, '*', '*', '*', '*') => '****123'" },
	{ 0 },
};
