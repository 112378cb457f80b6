/*
 * NOT, IS NULL, LIKE. AND and OR are no functions: they must not evaluate both sides (expr/expr.h).
 *
 * LIKE: % is any text, _ one character, ESCAPE makes the next one plain; a line break matches
 * neither. The pattern is matched as it stands, with one step back: on a mismatch behind a % the
 * text moves on by one character. This is linear for all patterns with one %, and never worse than
 * text times pattern.
 */
#include "functions/families.h"
#include "functions/kernel.h"

static void eval_not(WR_KERNEL)
{
	const uint8_t *x = args[0]->data;
	uint32_t step = args[0]->kind == WR_FLAT;
	uint8_t *r = out->data;

	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++)
		r[i] = wr_vec_is_null(args[0], i) || !x[i * step];
}

static void eval_is_null(WR_KERNEL)
{
	uint8_t *r = out->data;

	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++)
		r[i] = wr_vec_is_null(args[0], i);
}

static void eval_is_not_null(WR_KERNEL)
{
	uint8_t *r = out->data;

	(void)nargs;
	for (uint32_t i = 0; i < cx->rows; i++)
		r[i] = !wr_vec_is_null(args[0], i);
}

/* ---- LIKE */

static uint32_t char_length(const char *p, const char *end)
{
	unsigned char c = (unsigned char)*p;
	uint32_t n = c < 0xC0 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;

	return n <= (uint32_t)(end - p) ? n : (uint32_t)(end - p);
}

/* Whether one element of the pattern at *p matches the character at s; moves *p behind it. */
static bool match_one(const char **p, const char *pend, const char *s, uint32_t n, wr_str escape)
{
	uint32_t m = char_length(*p, pend);

	if (**p == '_') {
		*p += 1;
		return *s != '\n' && *s != '\r';
	}
	if (escape.n && m == escape.n && memcmp(*p, escape.p, m) == 0 && *p + m < pend) {
		*p += m;
		m = char_length(*p, pend);
	}
	if (m != n || memcmp(*p, s, n) != 0)
		return false;
	*p += m;
	return true;
}

static bool is_any(const char *p, const char *end, wr_str escape)
{
	return p < end && *p == '%' && !(escape.n == 1 && escape.p[0] == '%');
}

static bool like(wr_str text, wr_str pattern, wr_str escape)
{
	const char *s = text.p, *send = s + text.n, *p = pattern.p, *pend = p + pattern.n;
	const char *back_p = NULL, *back_s = NULL;

	while (s < send) {
		uint32_t n = char_length(s, send);
		const char *q = p;

		if (is_any(p, pend, escape)) {
			back_p = ++p;
			back_s = s;
			continue;
		}
		if (p < pend && match_one(&q, pend, s, n, escape)) {
			p = q;
			s += n;
			continue;
		}
		if (!back_p || *back_s == '\n' || *back_s == '\r')
			return false;
		back_s += char_length(back_s, send);
		s = back_s;
		p = back_p;
	}
	while (is_any(p, pend, escape))
		p++;
	return p == pend;
}

static void eval_like(WR_KERNEL)
{
	wr_str escape = nargs > 2 ? wr_vec_str(args[2], 0) : (wr_str){ NULL, 0 };
	uint8_t *r = out->data;

	for (uint32_t i = 0; i < cx->rows; i++)
		r[i] = !wr_vec_is_null(args[0], i) && !wr_vec_is_null(args[1], i) &&
		       like(wr_vec_str(args[0], i), wr_vec_str(args[1], i), escape);
}

enum { FLAGS = WR_FN_PURE | WR_FN_HIDDEN | WR_FN_TOTAL };

const wr_fn wr_fns_logic[] = {
	{ "$not", "BOOLEAN", "BOOLEAN", FLAGS, eval_not, NULL, NULL, NULL },
	{ "$is_null", "ANY", "BOOLEAN", FLAGS, eval_is_null, NULL, NULL, NULL },
	{ "$is_not_null", "ANY", "BOOLEAN", FLAGS, eval_is_not_null, NULL, NULL, NULL },
	{ "$like", "STRING, STRING", "BOOLEAN", FLAGS, eval_like, NULL, NULL, NULL },
	{ "$like", "STRING, STRING, STRING", "BOOLEAN", FLAGS, eval_like, NULL, NULL, NULL },
	{ 0 },
};
